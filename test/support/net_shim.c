/* A net that makes trouble on the way to the real one. */
#include "net_shim.h"

#include <string.h>

static bool goes_wrong(struct net_shim *s)
{
    s->calls++;
    return s->fail_at != 0 && (s->once ? s->calls == s->fail_at : s->calls >= s->fail_at);
}

static bool hesitates(struct net_shim *s, bool *was_late)
{
    s->hesitated = s->hesitate && !*was_late;
    *was_late = s->hesitated;
    return s->hesitated;
}

static void keep(uint8_t *kept, size_t *kept_len, const void *bytes, ptrdiff_t len)
{
    size_t room = NET_SHIM_KEPT - *kept_len;
    size_t take = len < 0 ? 0 : (size_t)len < room ? (size_t)len : room;

    memcpy(kept + *kept_len, bytes, take);
    *kept_len += take;
}

static enum berth_status shim_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    struct net_shim *s = ctx;

    if (s->script != NULL)
        return BERTH_OK;
    return s->real->connect(s->real->ctx, to, wait_ms);
}

static ptrdiff_t flood(struct net_shim *s, uint8_t *buf, size_t cap)
{
    static const uint8_t warning[] = {21, 3, 3, 0, 2, 1, 90};
    size_t i;

    for (i = 0; i < cap; i++)
        buf[i] = warning[s->got_len++ % sizeof warning];
    return (ptrdiff_t)cap;
}

static ptrdiff_t shim_recv(void *ctx, void *buf, size_t cap, uint32_t wait_ms)
{
    struct net_shim *s = ctx;
    ptrdiff_t got;

    if (hesitates(s, &s->was_late[0]))
        return BERTH_E_WOULD_BLOCK;
    if (goes_wrong(s))
        return s->failure;
    if (s->flood)
        return flood(s, buf, cap);
    if (s->recv_max != 0 && cap > s->recv_max)
        cap = s->recv_max;
    if (s->script != NULL) {
        got = (ptrdiff_t)(s->script_len - s->script_at < cap ? s->script_len - s->script_at : cap);
        memcpy(buf, s->script + s->script_at, (size_t)got);
        s->script_at += (size_t)got;
        return got;
    }
    got = s->real->recv(s->real->ctx, buf, cap, wait_ms);
    keep(s->got, &s->got_len, buf, got);
    return got;
}

static ptrdiff_t shim_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    struct net_shim *s = ctx;
    ptrdiff_t sent;

    if (hesitates(s, &s->was_late[1]))
        return BERTH_E_WOULD_BLOCK;
    if (goes_wrong(s))
        return s->failure == BERTH_OK ? BERTH_E_RESET : s->failure;
    if (s->send_max != 0 && len > s->send_max)
        len = s->send_max;
    sent = s->script != NULL ? (ptrdiff_t)len : s->real->send(s->real->ctx, bytes, len, wait_ms);
    keep(s->sent, &s->sent_len, bytes, sent);
    return sent;
}

static void shim_close(void *ctx)
{
    struct net_shim *s = ctx;

    s->real->close(s->real->ctx);
}

static unsigned shim_want(void *ctx)
{
    struct net_shim *s = ctx;

    return s->real->want(s->real->ctx);
}

static struct berth_text shim_reason(void *ctx)
{
    struct net_shim *s = ctx;

    return s->real->reason(s->real->ctx);
}

struct berth_net net_shim_init(struct net_shim *shim, struct berth_net *real)
{
    struct berth_net net = {shim,      shim_connect, NULL,      shim_recv,
                            shim_send, shim_close,   shim_want, shim_reason};

    memset(shim, 0, sizeof *shim);
    shim->real = real;
    return net;
}

size_t net_shim_records(const uint8_t *bytes, size_t len, uint8_t type, size_t *out_longest)
{
    size_t count = 0, at = 0;

    *out_longest = 0;
    while (at + 5 <= len) {
        size_t record = (size_t)bytes[at + 3] << 8 | bytes[at + 4];

        if (record > *out_longest)
            *out_longest = record;
        count += bytes[at] == type;
        at += 5 + record;
    }
    return count;
}
