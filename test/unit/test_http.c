/* Exchanges: what is sent, early answers, connections kept and stale. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "http_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HEAD_END "\r\n\r\n"
#define OK_EMPTY RIG_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

static struct rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig, 1024);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(rig.mem.broken_rules, 0);
    rig_close(&rig);
    return 0;
}

static void assert_sent(const char *expected)
{
    struct berth_text sent = rig_sent(&rig);
    if (sent.len != strlen(expected) || memcmp(sent.ptr, expected, sent.len) != 0)
        fail_msg("sent:\n%.*s\ninstead of:\n%s", (int)sent.len, sent.ptr, expected);
}

static void assert_reason(const char *part)
{
    if (berth_text_find(rig.http.result.reason, berth_text_of(part)) == SIZE_MAX)
        fail_msg("the reason is: %.*s", (int)rig.http.result.reason.len, rig.http.result.reason.ptr);
}

/* ---- What is sent ---- */

static void r1_exactly(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"), OK_EMPTY};
    struct berth_http_request request = rig_request(
        "POST", "https://ml.example:5001/api/scheduler/6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10/step/0/claim");
    (void)state;
    request.content_type = BERTH_TEXT("application/json"); /* no body: not sent */
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_sent("POST /api/scheduler/6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10/step/0/claim HTTP/1.1\r\n"
                "Host: ml.example:5001\r\n"
                "Accept: */*\r\n"
                "Accept-Encoding: identity\r\n"
                "Content-Length: 0\r\n"
                "\r\n");
    assert_string_equal(rig.mem.secure_name, "ml.example");
    assert_string_equal(rig.mem.host, "ml.example");
    assert_int_equal(rig.mem.last.port, 5001);
    assert_int_equal(rig.http.result.http_status, 200);
    assert_true(rig.http.result.maybe_reached);
    assert_int_equal(rig.http.result.tries, 1);
}

static void heads_of_every_kind(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"), OK_EMPTY};
    static const struct berth_http_header headers[] = {
        {BERTH_TEXT_INIT("accept"), BERTH_TEXT_INIT("text/plain"), false},
        {BERTH_TEXT_INIT("X-Empty"), BERTH_TEXT_INIT(""), false},
        {BERTH_TEXT_INIT("Authorization"), BERTH_TEXT_INIT("Bearer abc"), true},
        {BERTH_TEXT_INIT("accept-encoding"), BERTH_TEXT_INIT("gzip"), false},
    };
    struct berth_http_request request = rig_request("GET", "http://[2001:DB8::1]?a=b#c");
    (void)state;
    rig.config.user_agent = BERTH_TEXT("berth/1");
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_sent("GET /?a=b HTTP/1.1\r\nHost: [2001:DB8::1]\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
                "User-Agent: berth/1\r\n\r\n");
    assert_string_equal(rig.mem.host, "2001:DB8::1");
    assert_int_equal(rig.mem.last.port, 80);
    assert_int_equal(rig.mem.secures, 0);

    request = rig_request("DELETE", "http://192.0.2.7:80/x");
    request.headers = headers;
    request.header_count = COUNT(headers);
    rig.config.user_agent = BERTH_TEXT("");
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_sent("DELETE /x HTTP/1.1\r\nHost: 192.0.2.7\r\naccept: text/plain\r\nX-Empty: \r\n"
                "Authorization: Bearer abc\r\naccept-encoding: gzip\r\n\r\n");
}

/* A head much longer than the buffer goes out in pieces. */
static void a_head_longer_than_the_buffer(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"), OK_EMPTY};
    static char url[BERTH_URL_MAX + 1] = "http://h/", value[3001];
    struct berth_http_header headers[1] = {{BERTH_TEXT("X"), {value, 3000}, false}};
    static char expected[8000];
    struct berth_http_request request;
    (void)state;
    for (size_t i = 9; i < BERTH_URL_MAX; i++)
        url[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < 3000; i++)
        value[i] = (char)('A' + i % 26);
    request = rig_request("GET", url);
    request.headers = headers;
    request.header_count = 1;
    strcat(strcat(strcpy(expected, "GET "), url + 8), " HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n");
    strcat(strcat(strcat(expected, "Accept-Encoding: identity\r\nX: "), value), "\r\n\r\n");
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_sent(expected);
    rig.mem.send_piece = 1;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_sent(expected);
}

static void requests_that_are_refused(void **state)
{
    static const struct {
        const char *method, *url, *name, *value, *type, *reason;
    } table[] = {
        {"", "http://h/", NULL, NULL, NULL, "method"},
        {"GET ", "http://h/", NULL, NULL, NULL, "method"},
        {"GET\r\nX: y", "http://h/", NULL, NULL, NULL, "method"},
        {"CONNECT", "http://h/", NULL, NULL, NULL, "CONNECT"},
        {"GET", "ftp://h/", NULL, NULL, NULL, "http"},
        {"GET", "http://h/ HTTP/1.1\r\nX: y", NULL, NULL, NULL, "blank"},
        {"GET", "http://h/\r\nX:y", NULL, NULL, NULL, "control"},
        {"GET", "http://u:p@h/", NULL, NULL, NULL, "password"},
        {"GET", "http://h/", "", "v", NULL, "token"},
        {"GET", "http://h/", "a b", "v", NULL, "token"},
        {"GET", "http://h/", "a:", "v", NULL, "token"},
        {"GET", "http://h/", "a\r\nb", "v", NULL, "token"},
        {"GET", "http://h/", "a", "v\r\nX: y", NULL, "control"},
        {"GET", "http://h/", "a", "v\n", NULL, "control"},
        {"GET", "http://h/", "a", "\x1b", NULL, "control"},
        {"GET", "http://h/", "a", "\x7f", NULL, "control"},
        {"GET", "http://h/", "host", "v", NULL, "itself"},
        {"GET", "http://h/", "Content-length", "0", NULL, "itself"},
        {"GET", "http://h/", "transfer-encoding", "chunked", NULL, "itself"},
        {"GET", "http://h/", "Connection", "close", NULL, "itself"},
        {"GET", "http://h/", "Expect", "100-continue", NULL, "itself"},
        {"POST", "http://h/", NULL, NULL, "text/plain\r\nX: y", "control"},
        {"POST", "http://h/", "content-type", "a/b", "text/plain", "twice"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_http_header header = {berth_text_of(table[i].name), berth_text_of(table[i].value),
                                           false};
        struct berth_http_request request = rig_request(table[i].method, table[i].url);
        request.headers = &header;
        request.header_count = table[i].name != NULL;
        request.content_type = berth_text_of(table[i].type);
        rig_script(&rig, NULL, 0);
        assert_int_equal(rig_run(&rig, &request, 0, false), BERTH_E_ARGUMENT);
        assert_reason(table[i].reason);
        assert_int_equal(rig.mem.connects, 0);
        assert_int_equal(berth_http_step(&rig.http, 0), BERTH_E_STATE);
    }
    /* A NUL hides nothing. */
    struct berth_http_header header = {BERTH_TEXT("a"), BERTH_TEXT("x\0y"), false};
    struct berth_http_request request = rig_request("GET", "http://h/");
    request.headers = &header;
    request.header_count = 1;
    assert_int_equal(rig_run(&rig, &request, 0, false), BERTH_E_ARGUMENT);
    struct berth_source body = {NULL, NULL, NULL, 0};
    request = rig_request("POST", "http://h/");
    request.body = &body;
    assert_int_equal(rig_run(&rig, &request, 0, false), BERTH_E_ARGUMENT);
    request.body = NULL;
    request.header_count = 1;
    assert_int_equal(rig_run(&rig, &request, 0, false), BERTH_E_ARGUMENT);
    request = rig_request("POST", "http://h/");
    request.range_from = 1;
    assert_int_equal(rig_run(&rig, &request, 0, false), BERTH_E_ARGUMENT);
}

static void configurations_that_are_refused(void **state)
{
    struct berth_http http;
    struct berth_http_config config = rig.config;
    (void)state;
    config.buffer_size = BERTH_HTTP_BUFFER_MIN - 1;
    assert_int_equal(berth_http_init(&http, &config), BERTH_E_ARGUMENT);
    config = rig.config;
    config.net = NULL;
    assert_int_equal(berth_http_init(&http, &config), BERTH_E_ARGUMENT);
    config = rig.config;
    config.clock = NULL;
    assert_int_equal(berth_http_init(&http, &config), BERTH_E_ARGUMENT);
    config = rig.config;
    config.rand = NULL;
    assert_int_equal(berth_http_init(&http, &config), BERTH_E_ARGUMENT);
    config = rig.config;
    config.buffer = NULL;
    assert_int_equal(berth_http_init(&http, &config), BERTH_E_ARGUMENT);
    config = rig.config;
    config.http_proxy = BERTH_TEXT("ftp://proxy:3128");
    assert_int_equal(berth_http_init(&http, &config), BERTH_E_ARGUMENT);
    config = rig.config;
    config.https_proxy = BERTH_TEXT("https://proxy:3128");
    assert_int_equal(berth_http_init(&http, &config), BERTH_E_ARGUMENT);
}

static void bodies(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"), OK_EMPTY};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, BERTH_TEXT("{\"loss\":0.0625,\"epoch\":3}"));
    struct berth_http_request request = rig_request("PUT", "http://h/x");
    (void)state;
    request.body = &body;
    request.content_type = BERTH_TEXT("application/json");
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_sent("PUT /x HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
                "Content-Type: application/json\r\nContent-Length: 25\r\n\r\n{\"loss\":0.0625,\"epoch\":3}");
    assert_int_equal(rig.http.result.sent, 25);
    body = berth_source_of_text(&memory, BERTH_TEXT(""));
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_sent("PUT /x HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
                "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n");
}

static void chunked_bodies(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n0\r\n\r\n"), OK_EMPTY};
    static const struct berth_mem_step empty[] = {RIG_AWAIT("\r\n\r\n0\r\n\r\n"), OK_EMPTY};
    static char data[5000], decoded[6000];
    struct berth_memory_source memory;
    struct berth_source body;
    struct berth_http_request request = rig_request("POST", "http://h/x");
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)('a' + i % 26);
    request.body = &body;
    for (size_t len = 0; len <= sizeof data; len = len * 3 + 1) {
        body = berth_source_of_text(&memory, berth_text_make(data, len));
        body.length = BERTH_LENGTH_UNKNOWN;
        assert_int_equal(rig_play(&rig, len > 0 ? steps : empty, 2, &request), BERTH_OK);
        assert_true(rig_was_sent(&rig, "\r\nTransfer-Encoding: chunked\r\n\r\n"));
        assert_false(rig_was_sent(&rig, "Content-Length"));
        assert_int_equal(rig.http.result.sent, len);
        size_t got = 0;
        const char *p = rig.out + berth_text_find(rig_sent(&rig), BERTH_TEXT("\r\n\r\n")) + 4;
        for (;;) {
            char *end;
            size_t size = strtoul(p, &end, 16);
            assert_true(end > p && (p[0] == '0') == (size == 0)); /* no leading zeros */
            assert_memory_equal(end, "\r\n", 2);
            if (size == 0) {
                assert_memory_equal(end + 2, "\r\n", 2);
                assert_ptr_equal(end + 4, rig.out + rig.mem.out_len);
                break;
            }
            memcpy(decoded + got, end + 2, size);
            got += size;
            assert_memory_equal(end + 2 + size, "\r\n", 2);
            p = end + 4 + size;
        }
        assert_int_equal(got, len);
        assert_memory_equal(decoded, data, len);
    }
}

/* A source that gives its answers one by one. */
struct odd_source {
    const ptrdiff_t *answers;
    size_t at, count;
};

static ptrdiff_t odd_read(void *ctx, void *buf, size_t cap)
{
    struct odd_source *odd = ctx;
    ptrdiff_t answer = odd->at < odd->count ? odd->answers[odd->at++] : 0;
    if (answer > 0 && (size_t)answer <= cap)
        memset(buf, 'x', (size_t)answer);
    return answer;
}

static enum berth_status odd_rewind(void *ctx)
{
    ((struct odd_source *)ctx)->at = 0;
    return BERTH_OK;
}

static void sources_that_do_not_keep_their_word(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\nxxxx"), OK_EMPTY};
    static const ptrdiff_t answers[][4] = {
        {3, 0},                         /* too few */
        {3, 2},                         /* too many */
        {5},                            /* too many at once */
        {9999},                         /* more than there was room */
        {1, BERTH_E_PERMISSION},        /* its own error */
        {BERTH_E_WOULD_BLOCK, 3, 0},    /* later, too few */
        {1, BERTH_E_WOULD_BLOCK, 1, 2}, /* fine */
    };
    struct odd_source odd = {NULL, 0, 4};
    struct berth_source body = {&odd, odd_read, odd_rewind, 4};
    struct berth_http_request request = rig_request("PUT", "http://h/x");
    (void)state;
    request.body = &body;
    for (size_t i = 0; i < COUNT(answers); i++) {
        odd.answers = answers[i];
        odd.at = 0;
        enum berth_status expected = i == 6 ? BERTH_OK : i == 4 ? BERTH_E_PERMISSION : BERTH_E_IO;
        assert_int_equal(rig_play(&rig, steps, 2, &request), expected);
        if (expected != BERTH_OK)
            assert_int_equal(rig.http.result.http_status, 0);
        assert_false(rig_was_sent(&rig, "xxxxx"));
        assert_int_equal(rig_was_sent(&rig, "xxxx"), i == 6);
    }
}

static void expect_continue(void **state)
{
    static const struct berth_mem_step says_yes[] = {RIG_AWAIT("\r\nExpect: 100-continue\r\n\r\n"),
                                                     RIG_BYTES("HTTP/1.1 100 Continue\r\n\r\n"),
                                                     RIG_AWAIT("body"), OK_EMPTY};
    static const struct berth_mem_step says_nothing[] = {RIG_AWAIT("\r\n\r\nbody"), OK_EMPTY};
    static const struct berth_mem_step says_no[] = {
        RIG_AWAIT("\r\n\r\n"), RIG_BYTES("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, BERTH_TEXT("body"));
    struct berth_http_request request = rig_request("PUT", "http://h/x");
    (void)state;
    request.body = &body;
    request.expect_continue = true;
    uint64_t start = rig.mem_clock.now_ms;
    assert_int_equal(rig_play(&rig, says_yes, COUNT(says_yes), &request), BERTH_OK);
    assert_true(rig.mem_clock.now_ms - start < 100);
    start = rig.mem_clock.now_ms;
    assert_int_equal(rig_play(&rig, says_nothing, COUNT(says_nothing), &request), BERTH_OK);
    assert_in_range(rig.mem_clock.now_ms - start, 1000, 1100);
    assert_int_equal(rig_play(&rig, says_no, COUNT(says_no), &request), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 403);
    assert_false(rig_was_sent(&rig, "body"));
    assert_false(rig.mem.open);
    assert_int_equal(rig.http.result.sent, 0);
}

/* ---- Early answers ---- */

static char megabyte[1 << 20];

static void an_early_refusal_ends_the_sending(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT("xxxxxxxxxxxxxxxx"),
        RIG_BYTES("HTTP/1.1 413 Too Large\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\ntoo big")};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, berth_text_make(megabyte, sizeof megabyte));
    struct berth_http_request request = rig_request("POST", "http://h/x");
    (void)state;
    memset(megabyte, 'x', sizeof megabyte);
    request.body = &body;
    for (int unknown = 0; unknown < 2; unknown++) {
        body.length = unknown ? BERTH_LENGTH_UNKNOWN : sizeof megabyte;
        assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
        assert_int_equal(rig.http.result.http_status, 413);
        assert_true(berth_text_equal(rig.http.result.error_body, BERTH_TEXT("too big")));
        assert_true(berth_text_equal(rig.http.result.content_type, BERTH_TEXT("text/html")));
        assert_true(rig.mem.out_len < 40000);
        assert_true(rig.http.result.sent < 40000);
        assert_false(rig.mem.open);
    }
}

static void a_refusal_behind_a_broken_connection(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_BYTES("HTTP/1.1 413 Too Large\r\nContent-Length: 100\r\n\r\ntoo big"), RIG_ACT(BERTH_MEM_RESET)};
    static const struct berth_mem_step nothing[] = {RIG_ACT(BERTH_MEM_RESET)};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, berth_text_make(megabyte, sizeof megabyte));
    struct berth_http_request request = rig_request("POST", "http://h/x");
    (void)state;
    request.body = &body;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 413);
    assert_true(berth_text_equal(rig.http.result.error_body, BERTH_TEXT("too big")));
    assert_int_equal(rig_play(&rig, nothing, COUNT(nothing), &request), BERTH_E_RESET);
    assert_int_equal(rig.http.result.http_status, 0);
}

/* 100 Continue without having been asked, as WebHDFS data nodes send it, and an early success: the body goes
 * on. */
static void an_early_success_lets_the_body_go_on(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT("xxxxxxxxxxxxxxxx"), RIG_BYTES("HTTP/1.1 100 Continue\r\n\r\n"),
        RIG_BYTES("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, berth_text_make(megabyte, 100000));
    struct berth_http_request request = rig_request("PUT", "http://h/x");
    (void)state;
    request.body = &body;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 201);
    assert_int_equal(rig.http.result.sent, 100000);
    assert_int_equal(rig_times_sent(&rig, "xxxxxxxxxx"), 100000 - 9);
    assert_string_equal(rig_events(&rig), "head 201 Created, length 2\nbody ok\n");
    assert_true(rig.mem.open);
}

/* An early success, and a source that takes its time. */
static void an_early_success_and_a_slow_source(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT(HEAD_END), RIG_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")};
    static const ptrdiff_t answers[] = {
        BERTH_E_WOULD_BLOCK, BERTH_E_WOULD_BLOCK, 3, BERTH_E_WOULD_BLOCK, BERTH_E_WOULD_BLOCK, 4, 0};
    struct odd_source odd = {answers, 0, COUNT(answers)};
    struct berth_source body = {&odd, odd_read, odd_rewind, 7};
    struct berth_http_request request = rig_request("POST", "http://h/x");
    (void)state;
    request.body = &body;
    for (int unknown = 0; unknown < 2; unknown++) {
        body.length = unknown ? BERTH_LENGTH_UNKNOWN : 7;
        assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
        assert_string_equal(rig_events(&rig), "head 200 OK, length 2\nbody ok\n");
        assert_int_equal(rig.http.result.sent, 7);
        assert_true(rig.mem_clock.sleeps > 0);
        assert_true(rig_was_sent(&rig, unknown ? "3\r\nxxx\r\n4\r\nxxxx\r\n0\r\n\r\n" : "\r\n\r\nxxxxxxx"));
    }
}

/* Every call of the net blocks first. */
static void everything_blocks_first(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT(HEAD_END), OK_EMPTY};
    struct berth_http_request request = rig_request("POST", "https://h/x");
    (void)state;
    rig.mem.block_between = true;
    rig.config.trace = NULL;
    rig_configure(&rig);
    rig_script(&rig, steps, COUNT(steps));
    assert_int_equal(rig_run(&rig, &request, 60000, true), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 200);
}

static void run_is_start_and_steps(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT(HEAD_END), OK_EMPTY};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig_script(&rig, steps, COUNT(steps));
    assert_int_equal(berth_http_run(&rig.http, &request, NULL, 1000), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 200);
    assert_int_equal(berth_http_run(&rig.http, &request, NULL, 1000), BERTH_E_TIMEOUT);
    request.method = BERTH_TEXT("G T");
    assert_int_equal(berth_http_run(&rig.http, &request, NULL, 1000), BERTH_E_ARGUMENT);
}

/* A peer that takes nothing more once it has answered. */
static struct berth_net inner_net;
static size_t taken, takes_at_most;
static enum berth_status stubborn_says = BERTH_E_WOULD_BLOCK;

static ptrdiff_t stubborn_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    if (taken >= takes_at_most) {
        rig.mem_clock.now_ms += stubborn_says == BERTH_E_WOULD_BLOCK ? wait_ms : 0;
        rig.mem.want = BERTH_WANT_WRITE;
        return stubborn_says;
    }
    ptrdiff_t sent =
        inner_net.send(ctx, bytes, len < takes_at_most - taken ? len : takes_at_most - taken, wait_ms);
    taken += sent > 0 ? (size_t)sent : 0;
    return sent;
}

static void an_early_refusal_while_nothing_goes_out(void **state)
{
    static const char head[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n";
    static char long_head[1024];
    struct berth_mem_step steps[] = {RIG_AWAIT("xxxxxxxxxxxxxxxx"), {BERTH_MEM_BYTES, {long_head, 0}, 0}};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, berth_text_make(megabyte, sizeof megabyte));
    struct berth_http_request request = rig_request("POST", "http://h/x");
    (void)state;
    request.body = &body;
    inner_net = rig.net;
    rig.net.send = stubborn_send;
    /* A short head, and one that does not fit the first half of the buffer. */
    for (size_t pad = 0; pad <= 700; pad += 700) {
        size_t len = sizeof head - 1;
        memcpy(long_head, head, len);
        memcpy(long_head + len, "X: ", 3);
        memset(long_head + len + 3, 'p', pad);
        strcpy(long_head + len + 3 + pad, "\r\n\r\nbad");
        steps[1].bytes.len = strlen(long_head);
        rig_configure(&rig);
        rig_script(&rig, steps, 2);
        taken = 0;
        takes_at_most = 1500;
        memory.offset = 0;
        uint64_t start = rig.mem_clock.now_ms;
        assert_int_equal(rig_run(&rig, &request, 60000, false), BERTH_OK);
        assert_int_equal(rig.http.result.http_status, 400);
        assert_true(rig.mem_clock.now_ms - start < 1000);
        assert_true(berth_text_equal(rig.http.result.error_body, BERTH_TEXT("bad")));
        assert_false(rig.mem.open);
    }
    /* Nothing goes out and nothing comes in: both directions are wanted, and the deadline ends it. */
    rig_configure(&rig);
    rig_script(&rig, steps, 1);
    taken = 0;
    memory.offset = 0;
    assert_int_equal(berth_http_start(&rig.http, &request, NULL, 5000), BERTH_OK);
    assert_int_equal(berth_http_step(&rig.http, 0), BERTH_E_WOULD_BLOCK);
    uint32_t wait_ms = 0;
    assert_int_equal(berth_http_want(&rig.http, &wait_ms), BERTH_WANT_READ | BERTH_WANT_WRITE);
    assert_int_equal(wait_ms, 5000);
    assert_int_equal(berth_http_step(&rig.http, 4000), BERTH_E_WOULD_BLOCK);
    assert_int_equal(berth_http_step(&rig.http, 4000), BERTH_E_TIMEOUT);
    rig.config.idle_timeout_ms = 300;
    rig_configure(&rig);
    rig_script(&rig, steps, 1);
    taken = 0;
    memory.offset = 0;
    assert_int_equal(rig_run(&rig, &request, 60000, false), BERTH_E_TIMEOUT);
    assert_reason("silent");
    rig.net.send = inner_net.send;
}

/* A success cannot be believed when the connection broke before the request was out. */
static void a_success_behind_a_broken_connection(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                                                  RIG_ACT(BERTH_MEM_RESET)};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, berth_text_make(megabyte, sizeof megabyte));
    struct berth_http_request request = rig_request("POST", "http://h/x");
    (void)state;
    request.body = &body;
    inner_net = rig.net;
    rig.net.send = stubborn_send;
    stubborn_says = BERTH_E_RESET;
    /* The answer is seen after the connection broke, and before. */
    for (takes_at_most = 3000; takes_at_most <= 300000; takes_at_most *= 100) {
        rig_configure(&rig);
        rig_script(&rig, steps, COUNT(steps));
        taken = memory.offset = 0;
        assert_int_equal(rig_run(&rig, &request, 60000, false), BERTH_E_RESET);
        assert_string_equal(rig_events(&rig), "");
        assert_false(rig.mem.open);
    }
    stubborn_says = BERTH_E_WOULD_BLOCK;
    rig.net.send = inner_net.send;
}

/* ---- Connections ---- */

#define FIRST                                                                                                \
    RIG_AWAIT("/1 HTTP"), RIG_AWAIT(HEAD_END), RIG_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
#define SECOND                                                                                               \
    RIG_AWAIT("/2 HTTP"), RIG_AWAIT(HEAD_END), RIG_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")

/* Two requests one after the other on one client: how the second went; REQUESTS of it were sent. */
static enum berth_status second_after(const struct berth_mem_step *steps, size_t count, const char *first_url,
                                      const struct berth_http_request *second, uint32_t pause_ms)
{
    struct berth_http_request first = rig_request("GET", first_url);
    rig_configure(&rig);
    rig_script(&rig, steps, count);
    assert_int_equal(rig_run(&rig, &first, 60000, false), BERTH_OK);
    rig.mem_clock.now_ms += pause_ms;
    return rig_run(&rig, second, 60000, false);
}

static void connections_are_kept_for_their_origin(void **state)
{
    static const struct berth_mem_step one[] = {FIRST, SECOND};
    static const struct berth_mem_step two[] = {FIRST, RIG_ACT(BERTH_MEM_NEXT), SECOND};
    static const struct {
        const char *first, *second;
        bool kept;
    } table[] = {
        {"http://h/1", "http://h/2", true},       {"http://h/1", "http://H:80/2", true},
        {"https://h/1", "https://h:443/2", true}, {"http://h/1", "http://i/2", false},
        {"http://h/1", "http://h:81/2", false},   {"http://h/1", "https://h/2", false},
        {"http://h:443/1", "https://h/2", false}, {"https://h/1", "http://h/2", false},
        {"http://h/1", "http://hh/2", false},     {"http://[::1]/1", "http://[::1]/2", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_http_request second = rig_request("GET", table[i].second);
        bool kept = table[i].kept;
        assert_int_equal(
            second_after(kept ? one : two, kept ? COUNT(one) : COUNT(two), table[i].first, &second, 0),
            BERTH_OK);
        assert_int_equal(rig.mem.connects, kept ? 1 : 2);
        assert_string_equal(rig_events(&rig), "head 200 OK, length 1\nbody b\n");
    }
}

static void stale_connections(void **state)
{
    /* Closed in the pause: noticed before anything is sent, safe for every method. */
    static const struct berth_mem_step closed[] = {FIRST, RIG_ACT(BERTH_MEM_CLOSE), RIG_ACT(BERTH_MEM_NEXT),
                                                   SECOND};
    /* Closed and reset while the request was on its way. */
    static const struct berth_mem_step late_close[] = {FIRST, RIG_AWAIT("/2 HTTP"), RIG_ACT(BERTH_MEM_CLOSE),
                                                       RIG_ACT(BERTH_MEM_NEXT), SECOND};
    static const struct berth_mem_step late_reset[] = {FIRST, RIG_AWAIT("/2 HTTP"), RIG_ACT(BERTH_MEM_RESET),
                                                       RIG_ACT(BERTH_MEM_NEXT), SECOND};
    static const struct berth_mem_step late_twice[] = {FIRST,
                                                       RIG_AWAIT("/2 HTTP"),
                                                       RIG_ACT(BERTH_MEM_CLOSE),
                                                       RIG_ACT(BERTH_MEM_NEXT),
                                                       RIG_AWAIT("/2 HTTP"),
                                                       RIG_ACT(BERTH_MEM_CLOSE),
                                                       RIG_ACT(BERTH_MEM_NEXT),
                                                       SECOND};
    static const struct berth_mem_step half_answer[] = {FIRST,
                                                        RIG_AWAIT("/2 HTTP"),
                                                        RIG_BYTES("HTTP/1.1 2"),
                                                        RIG_ACT(BERTH_MEM_CLOSE),
                                                        RIG_ACT(BERTH_MEM_NEXT),
                                                        SECOND};
    static const struct berth_mem_step garbage[] = {FIRST, RIG_BYTES("HTTP/1.1 408 x\r\n\r\n"),
                                                    RIG_ACT(BERTH_MEM_NEXT), SECOND};
    struct berth_http_request get = rig_request("GET", "http://h/2");
    struct berth_http_request post = rig_request("POST", "http://h/2");
    struct berth_http_request always = post;
    struct berth_http_request never = get;
    (void)state;
    always.repeat = BERTH_HTTP_REPEAT_ALWAYS;
    never.repeat = BERTH_HTTP_REPEAT_NEVER;
    assert_int_equal(second_after(closed, COUNT(closed), "http://h/1", &post, 0), BERTH_OK);
    assert_int_equal(rig_times_sent(&rig, "/2 HTTP"), 1);
    assert_int_equal(second_after(garbage, COUNT(garbage), "http://h/1", &post, 0), BERTH_OK);
    assert_int_equal(rig_times_sent(&rig, "/2 HTTP"), 1);
    assert_int_equal(second_after(late_close, COUNT(late_close), "http://h/1", &get, 0), BERTH_OK);
    assert_int_equal(rig_times_sent(&rig, "/2 HTTP"), 2);
    assert_int_equal(rig.http.result.tries, 1); /* at once, and not one of the tries */
    assert_int_equal(rig.mem_clock.sleeps, 0);
    assert_int_equal(second_after(late_reset, COUNT(late_reset), "http://h/1", &get, 0), BERTH_OK);
    assert_int_equal(second_after(late_reset, COUNT(late_reset), "http://h/1", &always, 0), BERTH_OK);
    assert_int_equal(second_after(late_close, COUNT(late_close), "http://h/1", &post, 0), BERTH_E_CLOSED);
    assert_true(rig.http.result.maybe_reached);
    assert_int_equal(second_after(late_close, COUNT(late_close), "http://h/1", &never, 0), BERTH_E_CLOSED);
    assert_int_equal(second_after(late_twice, COUNT(late_twice), "http://h/1", &get, 0), BERTH_E_CLOSED);
    assert_int_equal(second_after(half_answer, COUNT(half_answer), "http://h/1", &get, 0), BERTH_E_TRUNCATED);
}

/* What must not be sent twice is not sent on a connection that was idle for long. */
static void careful_requests_want_a_young_connection(void **state)
{
    static const struct berth_mem_step one[] = {FIRST, SECOND};
    static const struct berth_mem_step two[] = {FIRST, RIG_ACT(BERTH_MEM_NEXT), SECOND};
    struct berth_http_request post = rig_request("POST", "http://h/2");
    struct berth_http_request get = rig_request("GET", "http://h/2");
    (void)state;
    assert_int_equal(second_after(one, COUNT(one), "http://h/1", &post, 3000), BERTH_OK);
    assert_int_equal(rig.mem.connects, 1);
    assert_int_equal(second_after(two, COUNT(two), "http://h/1", &post, 5000), BERTH_OK);
    assert_int_equal(rig.mem.connects, 2);
    assert_int_equal(second_after(one, COUNT(one), "http://h/1", &get, 60000), BERTH_OK);
    assert_int_equal(rig.mem.connects, 1);
}

static void a_stale_connection_and_a_body_that_cannot_be_sent_again(void **state)
{
    static const struct berth_mem_step steps[] = {FIRST, RIG_AWAIT("/2 HTTP"), RIG_ACT(BERTH_MEM_CLOSE),
                                                  RIG_ACT(BERTH_MEM_NEXT), SECOND};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, BERTH_TEXT("xyz"));
    struct berth_http_request put = rig_request("PUT", "http://h/2");
    (void)state;
    put.body = &body;
    assert_int_equal(second_after(steps, COUNT(steps), "http://h/1", &put, 0), BERTH_OK);
    assert_int_equal(rig_times_sent(&rig, "xyz"), 2);
    assert_int_equal(rig.http.result.sent, 3);
    body = berth_source_of_text(&memory, BERTH_TEXT("xyz"));
    body.rewind = NULL;
    assert_int_equal(second_after(steps, COUNT(steps), "http://h/1", &put, 0), BERTH_E_CLOSED);
    assert_int_equal(rig_times_sent(&rig, "xyz"), 1);
}

static void unix_sockets(void **state)
{
    static const struct berth_mem_step one[] = {FIRST, SECOND};
    struct berth_http_request second = rig_request("GET", "http://localhost/2");
    (void)state;
    rig.config.unix_path = BERTH_TEXT("/run/berth.sock");
    rig.config.http_proxy = BERTH_TEXT("http://proxy:3128");
    assert_int_equal(second_after(one, COUNT(one), "http://localhost/1", &second, 0), BERTH_OK);
    assert_string_equal(rig.mem.path, "/run/berth.sock");
    assert_true(rig_was_sent(&rig, "GET /2 HTTP/1.1\r\nHost: localhost\r\n"));
}

static void https_without_tls(void **state)
{
    struct berth_http_request request = rig_request("GET", "https://h/");
    (void)state;
    rig.net.secure = NULL;
    rig_configure(&rig);
    rig_script(&rig, NULL, 0);
    assert_int_equal(rig_run(&rig, &request, 60000, false), BERTH_E_NOT_PROVIDED);
    assert_int_equal(rig.mem.connects, 0);
}

static void failures_to_connect(void **state)
{
    static const struct {
        int32_t status;
        unsigned tries;
    } table[] = {
        {BERTH_E_CONNECT, 3},  {BERTH_E_TIMEOUT, 3},   {BERTH_E_RESOLVE, 1},
        {BERTH_E_ARGUMENT, 1}, {BERTH_E_CANCELLED, 1},
    };
    struct berth_http_request request = rig_request("POST", "http://h/");
    (void)state;
    rig.config.retry.tries = 3;
    for (size_t i = 0; i < COUNT(table); i++) {
        rig_configure(&rig);
        rig.faults = (struct berth_mem_faults){
            .fail_at = 1, .for_good = true, .status = (enum berth_status)table[i].status};
        rig_script(&rig, NULL, 0);
        assert_int_equal(rig_run(&rig, &request, 600000, false), table[i].status);
        assert_int_equal(rig.http.result.tries, table[i].tries);
        assert_false(rig.http.result.maybe_reached);
        assert_int_equal(rig.http.result.http_status, 0);
        rig.faults = (struct berth_mem_faults){0};
    }
}

static void tls_refusals_are_not_tried_again(void **state)
{
    struct berth_http_request request = rig_request("GET", "https://h/");
    (void)state;
    rig.config.retry.tries = 3;
    rig.mem.secure_status = BERTH_E_TLS;
    assert_int_equal(rig_play(&rig, NULL, 0, &request), BERTH_E_TLS);
    assert_int_equal(rig.mem.connects, 1);
    assert_reason("scripted");
    rig.mem.secure_status = BERTH_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(r1_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(heads_of_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_longer_than_the_buffer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(configurations_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(chunked_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sources_that_do_not_keep_their_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expect_continue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_early_refusal_ends_the_sending, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_behind_a_broken_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_early_success_lets_the_body_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_early_refusal_while_nothing_goes_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_success_behind_a_broken_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_early_success_and_a_slow_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_blocks_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(run_is_start_and_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_are_kept_for_their_origin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stale_connections, set_up, tear_down),
        cmocka_unit_test_setup_teardown(careful_requests_want_a_young_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stale_connection_and_a_body_that_cannot_be_sent_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unix_sockets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(https_without_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_to_connect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tls_refusals_are_not_tried_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
