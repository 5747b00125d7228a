/* Every port call of a whole scenario fails in turn, once and then for good, until a run passes: no hang, no
 * false success, nothing done twice that must not be, and after one failure everything that may be repeated
 * succeeds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "http_rig.h"

/* A server: it reads whole requests and answers by path. */
struct server {
    bool open;
    bool secured;
    char in[8192]; /* the request under way */
    size_t in_len;
    char out[8192]; /* what waits to be received */
    size_t out_len, out_pos;
    unsigned connects, puts, posts;
    unsigned calls; /* of send and recv, to block every third */
};

static struct server server;
static struct rig rig;
static char upload[3000];

static void answer(const char *text)
{
    size_t len = strlen(text);
    assert_true(server.out_len + len < sizeof server.out);
    memcpy(server.out + server.out_len, text, len);
    server.out_len += len;
}

static bool starts(const char *text)
{
    return strncmp(server.in, text, strlen(text)) == 0;
}

static void serve(size_t head_len)
{
    if (starts("GET /1 "))
        answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
    else if (starts("PUT /2 ")) {
        assert_memory_equal(server.in + head_len, upload, sizeof upload);
        server.puts++;
        answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
    } else if (starts("GET /3 "))
        answer("HTTP/1.1 307 Go\r\nLocation: https://h/4\r\nContent-Length: 0\r\n\r\n");
    else if (starts("GET /4 ") && server.secured)
        answer(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfo\r\n2;x\r\nur\r\n0\r\nT: u\r\n\r\n");
    else if (starts("POST /5 ")) {
        server.posts++;
        answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfive");
    } else
        answer("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
}

/* Takes whole requests out of what arrived. */
static void look_at_input(void)
{
    for (;;) {
        server.in[server.in_len] = '\0';
        char *end = strstr(server.in, "\r\n\r\n");
        if (end == NULL)
            return;
        size_t head_len = (size_t)(end - server.in) + 4;
        const char *field = strstr(server.in, "Content-Length: ");
        size_t body_len = field != NULL && field < end ? strtoul(field + 16, NULL, 10) : 0;
        if (server.in_len < head_len + body_len)
            return;
        serve(head_len);
        server.in_len -= head_len + body_len;
        memmove(server.in, server.in + head_len + body_len, server.in_len);
    }
}

static enum berth_status blocked(uint32_t wait_ms)
{
    rig.mem_clock.now_ms += wait_ms;
    return BERTH_E_WOULD_BLOCK;
}

static enum berth_status server_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    (void)ctx;
    (void)wait_ms;
    assert_true(berth_text_equal(to->host, BERTH_TEXT("h")));
    assert_false(server.open);
    BERTH_TRY(berth_mem_fault(&rig.faults, BERTH_E_CONNECT));
    server.open = true;
    server.secured = false;
    server.in_len = server.out_len = server.out_pos = 0;
    server.connects++;
    return BERTH_OK;
}

static enum berth_status server_secure(void *ctx, struct berth_text name, uint32_t wait_ms)
{
    (void)ctx;
    (void)name;
    (void)wait_ms;
    assert_true(server.open);
    BERTH_TRY(berth_mem_fault(&rig.faults, BERTH_E_RESET));
    server.secured = true;
    return BERTH_OK;
}

static ptrdiff_t server_recv(void *ctx, void *buf, size_t cap, uint32_t wait_ms)
{
    (void)ctx;
    assert_true(server.open && cap > 0);
    BERTH_TRY(berth_mem_fault(&rig.faults, BERTH_E_RESET));
    size_t len = server.out_len - server.out_pos;
    if (len == 0 || server.calls++ % 3 == 0)
        return blocked(len == 0 ? wait_ms : 0);
    if (len > 20)
        len = 20;
    if (len > cap)
        len = cap;
    memcpy(buf, server.out + server.out_pos, len);
    server.out_pos += len;
    return (ptrdiff_t)len;
}

static ptrdiff_t server_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    (void)ctx;
    (void)wait_ms;
    assert_true(server.open && len > 0);
    BERTH_TRY(berth_mem_fault(&rig.faults, BERTH_E_RESET));
    if (server.calls++ % 3 == 0)
        return blocked(0);
    if (len > 200)
        len = 200;
    assert_true(server.in_len + len < sizeof server.in);
    memcpy(server.in + server.in_len, bytes, len);
    server.in_len += len;
    look_at_input();
    return (ptrdiff_t)len;
}

static void server_close(void *ctx)
{
    (void)ctx;
    server.open = false;
}

static unsigned server_want(void *ctx)
{
    (void)ctx;
    return BERTH_WANT_READ;
}

static const struct {
    const char *method, *url;
    enum berth_http_repeat repeat;
    bool body;
    const char *events;
} requests[] = {
    {"GET", "http://h/1", BERTH_HTTP_REPEAT_BY_METHOD, false, "head 200 OK, length 3\nbody one\n"},
    {"PUT", "http://h/2", BERTH_HTTP_REPEAT_BY_METHOD, true, "head 200 OK, length 3\nbody two\n"},
    {"GET", "http://h/3", BERTH_HTTP_REPEAT_BY_METHOD, false, "head 200 OK, chunked\nbody four\n"},
    {"POST", "http://h/5", BERTH_HTTP_REPEAT_NEVER, false, "head 200 OK, length 4\nbody five\n"},
};

static void check_failure(size_t i, enum berth_status status, bool for_good)
{
    const struct berth_http_result *result = &rig.http.result;
    if (status != BERTH_E_CONNECT && status != BERTH_E_RESET)
        fail_msg("call %u, request %zu: %s, %.*s", rig.faults.fail_at, i, berth_status_name(status),
                 (int)result->reason.len, result->reason.ptr);
    assert_true(result->reason.len > 0);
    assert_false(server.open);
    /* One failure is survived by everything that may be repeated. */
    if (!for_good)
        assert_string_equal(requests[i].method, "POST");
    if (i == 3 && server.posts > 0)
        assert_true(result->maybe_reached);
}

static void scenario(bool for_good, bool stepwise)
{
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, berth_text_make(upload, sizeof upload));
    memset(&server, 0, sizeof server);
    rig_configure(&rig);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct berth_http_request request = rig_request(requests[i].method, requests[i].url);
        request.repeat = requests[i].repeat;
        memory.offset = 0;
        if (requests[i].body)
            request.body = &body;
        uint64_t start = rig.mem_clock.now_ms;
        enum berth_status status = rig_run(&rig, &request, 30000, stepwise);
        assert_true(rig.mem_clock.now_ms - start <= 30000);
        if (status != BERTH_OK) {
            check_failure(i, status, for_good);
            continue;
        }
        const char *events = rig_events(&rig);
        const char *last = strstr(events, "restart\n");
        if (strcmp(last != NULL ? last + 8 : events, requests[i].events) != 0)
            fail_msg("call %u: %s", rig.faults.fail_at, events);
        assert_int_equal(rig.http.result.http_status, 200);
    }
    assert_in_range(server.posts, 0, 1);
}

static void each_call_fails(bool for_good, bool stepwise)
{
    uint32_t at = 0;
    do {
        memset(&rig.faults, 0, sizeof rig.faults);
        rig.faults.fail_at = ++at;
        rig.faults.for_good = for_good;
        scenario(for_good, stepwise);
    } while (rig.faults.tripped);
    assert_in_range(server.puts, 1, 1);
    assert_int_equal(server.posts, 1);
    assert_int_equal(server.connects, 3); /* one for the plain ones, TLS, and the plain one after it */
    assert_true(at > 60);
    print_message("%s, %s: %u calls\n", for_good ? "for good" : "once", stepwise ? "in steps" : "blocking",
                  at - 1);
}

static void faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof upload; i++)
        upload[i] = (char)('a' + i % 26);
    rig_open(&rig, 1024);
    rig.net = (struct berth_net){NULL,        server_connect, server_secure, server_recv,
                                 server_send, server_close,   server_want,   NULL};
    rig.config.retry.tries = 3;
    for (int i = 0; i < 4; i++)
        each_call_fails(i & 1, i & 2);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(faults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
