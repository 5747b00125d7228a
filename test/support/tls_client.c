/* A TLS client for tests. */
#include "tls_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "tls_peer.h"

#define WAIT_MS 10000

static int64_t shifted(void *ctx)
{
    const struct tls_client *c = ctx;
    struct berth_clock posix = berth_posix_clock(NULL);

    if (c->fixed_s != 0)
        return c->fixed_s;
    return c->no_calendar ? 0 : posix.civil_s(posix.ctx) + c->shift_s;
}

static uint64_t monotonic(void *ctx)
{
    struct berth_clock posix = berth_posix_clock(NULL);

    (void)ctx;
    return posix.monotonic_ms(posix.ctx);
}

static enum berth_status fill(void *ctx, void *buf, size_t len)
{
    struct tls_client *c = ctx;
    struct berth_rand posix = berth_posix_rand();

    if (++c->rand_calls == c->rand_fails_at)
        return BERTH_E_ENTROPY;
    if (c->rand_is_fixed) {
        uint8_t *p = buf;
        size_t i;

        for (i = 0; i < len; i++)
            p[i] = (uint8_t)(c->rand_calls * 37 + i * 101 + 11);
        return BERTH_OK;
    }
    return posix.fill(posix.ctx, buf, len);
}

void tls_client_open(struct tls_client *c, size_t arena_cap)
{
    memset(c, 0, sizeof *c);
    c->real = berth_posix_net_init(&c->posix, NULL);
    c->inner = net_shim_init(&c->shim, &c->real);
    c->clock.ctx = c;
    c->clock.monotonic_ms = monotonic;
    c->clock.civil_s = shifted;
    c->rand.ctx = c;
    c->rand.fill = fill;
    c->arena_bytes = guard_new(arena_cap);
    berth_mbedtls_arena_init(&c->arena, c->arena_bytes, arena_cap);
    c->config.inner = &c->inner;
    c->config.clock = &c->clock;
    c->config.rand = &c->rand;
    c->config.arena = &c->arena;
}

struct berth_text tls_text(const char *name)
{
    return name[0] == '\0' ? berth_text_make(NULL, 0) : berth_text_of(tls_file(name));
}

void tls_client_close(struct tls_client *c)
{
    if (c->net.close != NULL)
        c->net.close(c->net.ctx);
    if (c->arena.used != 0) {
        fprintf(stderr, "%zu bytes are left in the arena\n", c->arena.used);
        abort();
    }
    guard_free(c->arena_bytes);
}

enum berth_status tls_client_secure(struct tls_client *c, uint16_t port, const char *name)
{
    struct berth_endpoint to = {.host = BERTH_TEXT("127.0.0.1"), .port = port};
    enum berth_status status;

    c->net = berth_mbedtls_net(&c->tls);
    status = c->net.connect(c->net.ctx, &to, WAIT_MS);
    if (status != BERTH_OK)
        return status;
    return c->net.secure(c->net.ctx, berth_text_of(name), WAIT_MS);
}

enum berth_status tls_client_secure_by_steps(struct tls_client *c, uint16_t port, const char *name,
                                             size_t *out_steps)
{
    struct berth_endpoint to = {.host = BERTH_TEXT("127.0.0.1"), .port = port};
    struct berth_posix_poll_item items[BERTH_POSIX_NET_ITEMS];
    enum berth_status status;

    c->net = berth_mbedtls_net(&c->tls);
    status = c->net.connect(c->net.ctx, &to, WAIT_MS);
    for (*out_steps = 0; status == BERTH_OK; ++*out_steps) {
        uint32_t wait_ms = WAIT_MS;
        size_t count;

        status = c->net.secure(c->net.ctx, berth_text_of(name), 0);
        if (status != BERTH_E_WOULD_BLOCK)
            return status;
        count = berth_posix_net_items(&c->posix, items, &wait_ms);
        if (!c->shim.hesitated && berth_posix_poll(items, count, wait_ms, NULL) <= 0)
            return BERTH_E_TIMEOUT;
        status = BERTH_OK;
    }
    return status;
}

ptrdiff_t tls_client_get(struct tls_client *c, const char *path, char *buf, size_t cap)
{
    char request[128];
    size_t len = 0, request_len, sent = 0;
    ptrdiff_t n = 0;

    request_len = (size_t)snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    while (sent < request_len) {
        n = c->net.send(c->net.ctx, request + sent, request_len - sent, WAIT_MS);
        if (n < 0 && !(n == BERTH_E_WOULD_BLOCK && c->shim.hesitate))
            return n;
        sent += n > 0 ? (size_t)n : 0;
    }
    while (len < cap) {
        n = c->net.recv(c->net.ctx, buf + len, cap - len, WAIT_MS);
        if (n == 0 || (n < 0 && !(n == BERTH_E_WOULD_BLOCK && c->shim.hesitate)))
            break;
        len += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? n : (ptrdiff_t)len;
}

const char *tls_client_reason(const struct tls_client *c)
{
    static char line[BERTH_MBEDTLS_REASON_CAP + 1];
    struct berth_text reason = berth_mbedtls_reason(&c->tls);

    snprintf(line, sizeof line, "%.*s", (int)reason.len, reason.len > 0 ? reason.ptr : "");
    return line;
}
