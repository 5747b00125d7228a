/* Exchanges: redirects, repeats, ranges, proxies, time limits, the trace. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "http_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HEAD_END "\r\n\r\n"
#define NEXT RIG_ACT(BERTH_MEM_NEXT)
#define ANSWER(text) RIG_AWAIT(HEAD_END), RIG_BYTES(text)
#define DONE "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"

static struct rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_open(&rig, 2048);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(rig.mem.broken_rules, 0);
    rig_close(&rig);
    return 0;
}

static void assert_reason(const char *part)
{
    if (berth_text_find(rig.http.result.reason, berth_text_of(part)) == SIZE_MAX)
        fail_msg("the reason is: %.*s", (int)rig.http.result.reason.len, rig.http.result.reason.ptr);
}

static void assert_done(enum berth_status status)
{
    if (status != BERTH_OK)
        fail_msg("%s: %.*s", berth_status_name(status), (int)rig.http.result.reason.len,
                 rig.http.result.reason.ptr);
    assert_int_equal(rig.http.result.http_status, 200);
    if (!berth_text_ends(berth_text_of(rig_events(&rig)), BERTH_TEXT("head 200 OK, length 4\nbody done\n")))
        fail_msg("%s", rig_events(&rig));
}

/* ---- Redirects ---- */

/* Plays a redirect from FROM by STATUS to LOCATION, on a new connection when the origins differ. */
static enum berth_status redirect(const char *from, int status, const char *location, bool same_connection,
                                  const struct berth_http_request *request)
{
    static char answer[600];
    struct berth_writer w;
    struct berth_http_request r = *request;
    berth_writer_init(&w, answer, sizeof answer);
    berth_put_string(&w, "HTTP/1.1 ");
    berth_put_i64(&w, status);
    berth_put_string(&w, " Go\r\nLocation: ");
    berth_put_string(&w, location);
    berth_put_string(&w, "\r\nContent-Length: 5\r\n\r\nthere");
    struct berth_mem_step steps[] = {
        RIG_AWAIT(HEAD_END),
        {BERTH_MEM_BYTES, berth_writer_text(&w), 0},
        RIG_ACT(BERTH_MEM_NEXT),
        ANSWER(DONE),
    };
    if (same_connection)
        steps[2] = (struct berth_mem_step)RIG_BYTES("");
    r.url = berth_text_of(from);
    return rig_play(&rig, steps, COUNT(steps), &r);
}

static void redirects_that_are_followed(void **state)
{
    static const struct {
        const char *from;
        int status;
        const char *location;
        bool same;
        const char *sent; /* second request's begin */
    } table[] = {
        {"http://h/a/b?q", 301, "/c", true, "GET /c HTTP/1.1\r\nHost: h\r\n"},
        {"http://h/a/b?q", 302, "c?d", true, "GET /a/c?d HTTP/1.1\r\nHost: h\r\n"},
        {"http://h/a/b?q", 303, "?e", true, "GET /a/b?e HTTP/1.1\r\nHost: h\r\n"},
        {"http://h/a/b?q", 307, "http://h:80/x#f", true, "GET /x HTTP/1.1\r\nHost: h\r\n"},
        {"http://h/a/b?q", 308, "//i/x", false, "GET /x HTTP/1.1\r\nHost: i\r\n"},
        {"http://h/a/b?q", 300, "http://h:81/", false, "GET / HTTP/1.1\r\nHost: h:81\r\n"},
        {"http://h/a/b?q", 307, "https://h/a/b?q", false, "GET /a/b?q HTTP/1.1\r\nHost: h\r\n"},
        {"https://h/a", 307, "https://h/gr\xc3\xbc", true, "GET /gr%C3%BC HTTP/1.1\r\nHost: h\r\n"},
    };
    struct berth_http_request request = rig_request("GET", "");
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_done(redirect(table[i].from, table[i].status, table[i].location, table[i].same, &request));
        if (!rig_was_sent(&rig, table[i].sent))
            fail_msg("%s", table[i].location);
        assert_int_equal(rig.mem.connects, table[i].same ? 1 : 2);
        assert_int_equal(rig.http.result.tries, 1);
    }
}

static void redirects_that_are_refused(void **state)
{
    static const struct {
        const char *from, *location, *reason;
    } table[] = {
        {"https://h/", "http://h/", "from https to http"},
        {"http://h/", "", "no http"},
        {"http://h/", "ftp://h/", "no http"},
        {"http://h/", "http://u:p@h/", "no http"},
        {"http://h/", "http://h:0/", "no http"},
        {"http://h/", "http://h/%zz", "no http"},
        {"http://h/", "javascript:x", "no http"},
        {"http://h/", "http://h/a b", "no http"},
    };
    struct berth_http_request request = rig_request("GET", "");
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(redirect(table[i].from, 307, table[i].location, true, &request), BERTH_E_REDIRECT);
        assert_reason(table[i].reason);
        assert_int_equal(rig.http.result.http_status, 307);
        assert_string_equal(rig_events(&rig), "");
    }
}

static void three_hundreds_that_are_answers(void **state)
{
    static const struct berth_mem_step no_location[] = {
        ANSWER("HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nhm")};
    static const struct berth_mem_step other[] = {
        ANSWER("HTTP/1.1 304 Not Modified\r\nLocation: /x\r\n\r\n")};
    static const struct berth_mem_step here[] = {
        ANSWER("HTTP/1.1 307 Go\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    assert_int_equal(rig_play(&rig, no_location, COUNT(no_location), &request), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 302);
    assert_true(berth_text_equal(rig.http.result.error_body, BERTH_TEXT("hm")));
    assert_int_equal(rig_play(&rig, other, COUNT(other), &request), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 304);
    rig.config.redirects_max = 255;
    assert_int_equal(rig_play(&rig, here, COUNT(here), &request), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 307);
    assert_string_equal(rig_events(&rig), "head 307 Go, length 0\n");
}

static void too_many_redirects(void **state)
{
    struct berth_mem_step steps[20];
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    for (size_t i = 0; i < COUNT(steps); i += 2) {
        steps[i] = (struct berth_mem_step)RIG_AWAIT(HEAD_END);
        steps[i + 1] =
            (struct berth_mem_step)RIG_BYTES("HTTP/1.1 307 Go\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
    }
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_E_REDIRECT);
    assert_int_equal(rig_times_sent(&rig, "GET "), 6);
    assert_reason("too many");
    rig.config.redirects_max = 1;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_E_REDIRECT);
    assert_int_equal(rig_times_sent(&rig, "GET "), 2);
}

/* From one long URL to the next, in a buffer that hardly holds the heads. */
static void long_redirects(void **state)
{
    static char first[1800], second[1900], third[2200];
    struct berth_mem_step steps[] = {ANSWER(""),    RIG_BYTES(""), ANSWER(""),
                                     RIG_BYTES(""), ANSWER(""),    ANSWER(DONE)};
    char *answers[] = {first, second, third};
    static const size_t lengths[][3] = {
        {1700, 900, 1}, {1000, 1000, 1000}, {10, 1700, 340}, {1700, 1500, 1}, {1, 1, 2010}};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        for (size_t k = 0; k < 3; k++) {
            strcpy(answers[k], "HTTP/1.1 307 Go\r\nContent-Length: 0\r\nLocation: /");
            size_t len = strlen(answers[k]);
            memset(answers[k] + len, (int)('a' + k), lengths[i][k]);
            strcpy(answers[k] + len + lengths[i][k], "\r\n\r\n");
        }
        steps[1].bytes = berth_text_of(first);
        steps[4].bytes = berth_text_of(second);
        steps[7].bytes = berth_text_of(third);
        enum berth_status status = rig_play(&rig, steps, COUNT(steps), &request);
        if (i < 3) {
            assert_done(status);
            assert_int_equal(rig_times_sent(&rig, "GET /"), 4);
        } else {
            assert_int_equal(status, i == 3 ? BERTH_E_REDIRECT : BERTH_E_SPACE);
        }
    }
}

/* mlcycle.md 0.1: once, http to https, the same host name, whatever the method. */
static void upgrades_only(void **state)
{
    static const struct {
        const char *from, *location;
        bool followed;
    } table[] = {
        {"http://h:5000/api/jobs?x=1", "https://h:5001/api/jobs?x=1", true},
        {"http://h/", "https://H/", true},
        {"http://h/", "https://i/", false},
        {"http://h/", "http://h/x", false},
        {"https://h/", "https://h/x", false},
        {"http://h/", "/x", false},
    };
    static const struct berth_mem_step twice[] = {
        ANSWER("HTTP/1.1 307 Go\r\nLocation: https://h/\r\nContent-Length: 0\r\n\r\n"), NEXT,
        ANSWER("HTTP/1.1 307 Go\r\nLocation: https://h:1/\r\nContent-Length: 0\r\n\r\n")};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, BERTH_TEXT("[1,2]"));
    struct berth_http_request request = rig_request("POST", "http://h/");
    (void)state;
    request.body = &body;
    rig.config.redirect_upgrade_only = true;
    for (size_t i = 0; i < COUNT(table); i++) {
        enum berth_status status = redirect(table[i].from, 307, table[i].location, false, &request);
        assert_int_equal(status, table[i].followed ? BERTH_OK : BERTH_E_REDIRECT);
        if (table[i].followed) {
            assert_int_equal(rig_times_sent(&rig, "POST "), 2);
            assert_int_equal(rig_times_sent(&rig, "[1,2]"), 2);
            assert_int_equal(rig.mem.secures, 1);
            assert_int_equal(rig.http.result.sent, 5);
        } else {
            assert_reason("from http to https on the same host");
        }
    }
    assert_int_equal(rig_play(&rig, twice, COUNT(twice), &request), BERTH_E_REDIRECT);
}

static void bodies_and_redirects(void **state)
{
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, BERTH_TEXT("xyz"));
    struct berth_http_request request = rig_request("PUT", "http://h/");
    (void)state;
    request.body = &body;
    for (int status = 301; status <= 308; status += status == 303 ? 4 : 1) {
        assert_done(redirect("http://h/", status, "/2", true, &request));
        assert_int_equal(rig_times_sent(&rig, "xyz"), status == 303 ? 1 : 2);
        assert_int_equal(rig_was_sent(&rig, "GET /2"), status == 303);
        assert_int_equal(rig_was_sent(&rig, "PUT /2"), status != 303);
        assert_int_equal(rig_times_sent(&rig, "Content-Length"), status == 303 ? 1 : 2);
    }
    /* A body that cannot be sent again, and one that had not been touched. */
    body.rewind = NULL;
    memory.offset = 0;
    static const struct berth_mem_step steps[] = {
        ANSWER("HTTP/1.1 307 Go\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n"), ANSWER(DONE)};
    rig_configure(&rig);
    rig_script(&rig, steps, COUNT(steps));
    assert_int_equal(rig_run(&rig, &request, 0, false), BERTH_E_REDIRECT);
    assert_reason("cannot be sent again");
    memory.offset = 0;
    request.expect_continue = true;
    static const struct berth_mem_step early[] = {
        ANSWER("HTTP/1.1 307 Go\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n"), NEXT, RIG_AWAIT("xyz"),
        RIG_BYTES(DONE)};
    rig_configure(&rig);
    rig_script(&rig, early, COUNT(early));
    assert_done(rig_run(&rig, &request, 0, false));
    assert_int_equal(rig_times_sent(&rig, "xyz"), 1);
    /* HEAD stays HEAD. */
    request = rig_request("HEAD", "");
    static const struct berth_mem_step head[] = {ANSWER("HTTP/1.1 303 Go\r\nLocation: /2\r\n\r\n"),
                                                 ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")};
    request.url = BERTH_TEXT("http://h/");
    assert_int_equal(rig_play(&rig, head, COUNT(head), &request), BERTH_OK);
    assert_true(rig_was_sent(&rig, "HEAD /2"));
}

static void credentials_stay_with_their_origin(void **state)
{
    static const struct berth_http_header headers[] = {
        {BERTH_TEXT_INIT("X-Token"), BERTH_TEXT_INIT("secret1"), true},
        {BERTH_TEXT_INIT("Authorization"), BERTH_TEXT_INIT("secret2"), false},
        {BERTH_TEXT_INIT("cookie"), BERTH_TEXT_INIT("secret3"), false},
        {BERTH_TEXT_INIT("X-Other"), BERTH_TEXT_INIT("open"), false},
    };
    struct berth_http_request request = rig_request("GET", "");
    (void)state;
    request.headers = headers;
    request.header_count = COUNT(headers);
    assert_done(redirect("http://h/", 307, "/2", true, &request));
    assert_int_equal(rig_times_sent(&rig, "secret"), 6);
    static const char *const others[] = {"http://i/", "http://h:81/", "https://h/"};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_done(redirect("http://h/", 307, others[i], false, &request));
        assert_int_equal(rig_times_sent(&rig, "secret"), 3);
        assert_int_equal(rig_times_sent(&rig, "X-Other: open"), 2);
        assert_null(strstr(rig_trace(&rig), "secret"));
    }
    /* Not even when the other origin sends us back. */
    static const struct berth_mem_step back[] = {
        ANSWER("HTTP/1.1 307 Go\r\nLocation: http://i/\r\nContent-Length: 0\r\n\r\n"), NEXT,
        ANSWER("HTTP/1.1 307 Go\r\nLocation: http://h/\r\nContent-Length: 0\r\n\r\n"), NEXT, ANSWER(DONE)};
    request.url = BERTH_TEXT("http://h/");
    assert_done(rig_play(&rig, back, COUNT(back), &request));
    assert_int_equal(rig_times_sent(&rig, "secret"), 3);
}

/* webhdfs.md section 11: two steps, an unasked 100, a body of unknown length. */
static void webhdfs_create(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT(HEAD_END),
        RIG_BYTES("HTTP/1.1 307 Temporary Redirect\r\nLocation: "
                  "http://dn-07.cluster.test:9864/webhdfs/v1/user/lee/a%20b.bin?op=CREATE&user.name=lee&"
                  "namenoderpcaddress=nn.cluster.test:9000&overwrite=true\r\nContent-Length: 0\r\n\r\n"),
        NEXT,
        RIG_AWAIT(HEAD_END),
        RIG_BYTES("HTTP/1.1 100 Continue\r\n\r\n"),
        RIG_AWAIT("5\r\nhello\r\n0\r\n\r\n"),
        RIG_BYTES("HTTP/1.1 201 Created\r\nLocation: hdfs://nn.cluster.test:9000/user/lee/a%20b.bin\r\n"
                  "Content-Length: 0\r\nConnection: close\r\n\r\n"),
        RIG_ACT(BERTH_MEM_CLOSE),
    };
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, BERTH_TEXT("hello"));
    struct berth_http_request request = rig_request(
        "PUT",
        "http://nn.cluster.test:9870/webhdfs/v1/user/lee/a%20b.bin?op=CREATE&user.name=lee&overwrite=true");
    (void)state;
    body.length = BERTH_LENGTH_UNKNOWN;
    request.body = &body;
    request.content_type = BERTH_TEXT("application/octet-stream");
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 201);
    assert_true(rig_was_sent(&rig, "PUT /webhdfs/v1/user/lee/a%20b.bin?op=CREATE&user.name=lee&"
                                   "namenoderpcaddress=nn.cluster.test:9000&overwrite=true HTTP/1.1\r\n"
                                   "Host: dn-07.cluster.test:9864\r\n"));
}

/* ---- Repeats ---- */

#define BUSY(status) "HTTP/1.1 " status " Busy\r\nContent-Length: 4\r\n\r\nbusy"

static void not_now_answers(void **state)
{
    static const char *const retried[] = {BUSY("429"), BUSY("502"), BUSY("503"), BUSY("504")};
    static const char *const final[] = {BUSY("400"), BUSY("404"), BUSY("408"),
                                        BUSY("409"), BUSY("500"), BUSY("501")};
    struct berth_mem_step steps[] = {ANSWER(""), ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 0; /* three */
    for (size_t i = 0; i < COUNT(retried); i++) {
        steps[1].bytes = berth_text_of(retried[i]);
        assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
        assert_int_equal(rig.http.result.http_status, 200);
        assert_int_equal(rig.http.result.tries, 2);
        assert_int_equal(rig.http.result.error_body.len, 0);
        assert_int_equal(rig.mem.connects, 1);
        request.no_status_retry = true;
        assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
        assert_int_not_equal(rig.http.result.http_status, 200);
        assert_true(berth_text_equal(rig.http.result.error_body, BERTH_TEXT("busy")));
        request.no_status_retry = false;
    }
    for (size_t i = 0; i < COUNT(final); i++) {
        steps[1].bytes = berth_text_of(final[i]);
        assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
        assert_int_not_equal(rig.http.result.http_status, 200);
        assert_int_equal(rig.http.result.tries, 1);
    }
}

static void who_may_be_repeated(void **state)
{
    static const struct {
        const char *method;
        enum berth_http_repeat repeat;
        unsigned tries;
    } table[] = {
        {"GET", BERTH_HTTP_REPEAT_BY_METHOD, 3},     {"HEAD", BERTH_HTTP_REPEAT_BY_METHOD, 3},
        {"OPTIONS", BERTH_HTTP_REPEAT_BY_METHOD, 3}, {"PUT", BERTH_HTTP_REPEAT_BY_METHOD, 3},
        {"DELETE", BERTH_HTTP_REPEAT_BY_METHOD, 3},  {"POST", BERTH_HTTP_REPEAT_BY_METHOD, 1},
        {"PATCH", BERTH_HTTP_REPEAT_BY_METHOD, 1},   {"get", BERTH_HTTP_REPEAT_BY_METHOD, 1},
        {"POST", BERTH_HTTP_REPEAT_ALWAYS, 3},       {"GET", BERTH_HTTP_REPEAT_NEVER, 1},
        {"POST", BERTH_HTTP_REPEAT_NEVER, 1},
    };
    static const struct berth_mem_step busy[] = {ANSWER(BUSY("503")), ANSWER(BUSY("503")),
                                                 ANSWER(BUSY("503")), ANSWER(BUSY("503"))};
    static const struct berth_mem_step broken[] = {RIG_AWAIT(HEAD_END), RIG_ACT(BERTH_MEM_RESET), NEXT,
                                                   RIG_AWAIT(HEAD_END), RIG_ACT(BERTH_MEM_CLOSE), NEXT,
                                                   RIG_AWAIT(HEAD_END), RIG_ACT(BERTH_MEM_TLS),   NEXT,
                                                   ANSWER(DONE)};
    (void)state;
    rig.config.retry.tries = 3;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_http_request request = rig_request(table[i].method, "http://h/");
        request.repeat = table[i].repeat;
        if (strcmp(table[i].method, "HEAD") != 0) {
            assert_int_equal(rig_play(&rig, busy, COUNT(busy), &request), BERTH_OK);
            assert_int_equal(rig.http.result.http_status, 503);
            assert_int_equal(rig.http.result.tries, table[i].tries);
        }
        assert_int_equal(rig_play(&rig, broken, COUNT(broken), &request),
                         table[i].tries == 1 ? BERTH_E_RESET : BERTH_E_TLS);
        assert_int_equal(rig.http.result.tries, table[i].tries);
        assert_int_equal(rig_times_sent(&rig, "Host: h"), table[i].tries);
        assert_true(rig.http.result.maybe_reached);
    }
    rig.config.retry.tries = 4;
    struct berth_http_request request = rig_request("GET", "http://h/");
    assert_done(rig_play(&rig, broken, COUNT(broken), &request));
    assert_int_equal(rig.http.result.tries, 4);
}

static void malformed_answers_are_not_repeated(void **state)
{
    static const struct berth_mem_step steps[] = {ANSWER("HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n"), NEXT,
                                                  ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 3;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_E_PROTOCOL);
    assert_int_equal(rig.http.result.tries, 1);
}

static void pauses(void **state)
{
    static const struct berth_mem_step jitter[] = {ANSWER(BUSY("503")), ANSWER(BUSY("503")), ANSWER(DONE)};
    static const struct berth_mem_step seconds[] = {
        ANSWER("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"), ANSWER(DONE)};
    static const struct berth_mem_step date[] = {
        ANSWER(
            "HTTP/1.1 503 Busy\r\nRetry-After: Tue, 14 Nov 2023 22:14:20 GMT\r\nContent-Length: 0\r\n\r\n"),
        ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 3;
    rig.mem_rand.script = BERTH_TEXT("\0\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377");
    rig_configure(&rig);
    rig_script(&rig, jitter, COUNT(jitter));
    assert_done(rig_run(&rig, &request, 60000, false));
    assert_int_equal(rig.mem_clock.slept_ms, 0);
    rig_configure(&rig);
    rig_script(&rig, jitter, COUNT(jitter));
    assert_done(rig_run(&rig, &request, 60000, false));
    assert_int_equal(rig.mem_clock.slept_ms, 1500);
    rig.mem_clock.now_ms = rig.mem_clock.slept_ms = 0;
    rig_configure(&rig);
    rig_script(&rig, seconds, COUNT(seconds));
    assert_done(rig_run(&rig, &request, 60000, false));
    assert_int_equal(rig.mem_clock.slept_ms, 7000);
    rig.mem_clock.now_ms = rig.mem_clock.slept_ms = 0;
    rig_script(&rig, date, COUNT(date));
    rig_configure(&rig);
    assert_done(rig_run(&rig, &request, 100000, false));
    assert_int_equal(rig.mem_clock.slept_ms, 60000);
    /* A pause beyond the deadline is not begun: the answer that there is counts. */
    rig.mem_clock.now_ms = rig.mem_clock.slept_ms = 0;
    rig_script(&rig, seconds, COUNT(seconds));
    rig_configure(&rig);
    assert_int_equal(rig_run(&rig, &request, 7000, false), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 503);
    assert_true(rig.http.result.has_retry_after);
    assert_int_equal(rig.http.result.retry_after_ms, 7000);
    assert_int_equal(rig.mem_clock.slept_ms, 0);
}

static void a_pause_in_steps(void **state)
{
    static const struct berth_mem_step steps[] = {
        ANSWER("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"), ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    uint32_t wait_ms = 0;
    (void)state;
    rig.config.retry.tries = 3;
    rig_configure(&rig);
    rig_script(&rig, steps, COUNT(steps));
    assert_int_equal(berth_http_start(&rig.http, &request, NULL, 60000), BERTH_OK);
    assert_int_equal(berth_http_want(&rig.http, &wait_ms), BERTH_WANT_NOTHING);
    assert_int_equal(wait_ms, 0);
    assert_int_equal(berth_http_start(&rig.http, &request, NULL, 60000), BERTH_E_STATE);
    assert_int_equal(berth_http_step(&rig.http, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(berth_http_want(&rig.http, &wait_ms), BERTH_WANT_NOTHING);
    assert_int_equal(wait_ms, 7000);
    rig.mem_clock.now_ms += 6999;
    assert_int_equal(berth_http_step(&rig.http, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(berth_http_want(&rig.http, &wait_ms), BERTH_WANT_NOTHING);
    assert_int_equal(wait_ms, 1);
    rig.mem_clock.now_ms += 1;
    assert_int_equal(berth_http_step(&rig.http, 0), BERTH_OK);
    assert_int_equal(rig.mem_clock.sleeps, 0);
}

static void no_sleep(void *ctx, uint32_t ms)
{
    (void)ctx;
    (void)ms;
}

/* A signal ends every sleep: the exchange ends too, instead of turning in circles. */
static void an_interrupted_pause(void **state)
{
    static const struct berth_mem_step steps[] = {
        ANSWER("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"), ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 3;
    rig.clock.sleep_ms = no_sleep;
    rig_configure(&rig);
    rig_script(&rig, steps, COUNT(steps));
    assert_int_equal(rig_run(&rig, &request, 60000, false), BERTH_E_CANCELLED);
    assert_int_equal(rig.http.result.http_status, 503);
    assert_reason("interrupted");
}

static void bodies_and_repeats(void **state)
{
    static const struct berth_mem_step steps[] = {ANSWER(BUSY("503")), ANSWER(DONE)};
    struct berth_memory_source memory;
    struct berth_source body = berth_source_of_text(&memory, BERTH_TEXT("xyz"));
    struct berth_http_request request = rig_request("PUT", "http://h/");
    (void)state;
    rig.config.retry.tries = 3;
    request.body = &body;
    assert_done(rig_play(&rig, steps, COUNT(steps), &request));
    assert_int_equal(rig_times_sent(&rig, "xyz"), 2);
    assert_int_equal(rig.http.result.sent, 3);
    body.rewind = NULL;
    memory.offset = 0;
    rig_configure(&rig);
    rig_script(&rig, steps, COUNT(steps));
    assert_int_equal(rig_run(&rig, &request, 0, false), BERTH_OK);
    assert_int_equal(rig.http.result.http_status, 503);
    assert_int_equal(rig_times_sent(&rig, "xyz"), 1);
}

#define HALF "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf"
#define WHOLE "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalfrest"

static void broken_downloads_begin_again(void **state)
{
    static const struct berth_mem_step steps[] = {ANSWER(HALF), RIG_ACT(BERTH_MEM_CLOSE), NEXT,
                                                  ANSWER(WHOLE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 2;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_string_equal(rig_events(&rig), "head 200 OK, length 8\nbody half\nrestart\n"
                                          "head 200 OK, length 8\nbody halfrest\n");
    assert_int_equal(rig.http.result.received, 8);
    rig.no_restart = true;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_E_TRUNCATED);
    assert_int_equal(rig.http.result.received, 4);
    assert_int_equal(rig.http.result.http_status, 200);
    assert_string_equal(rig_events(&rig), "head 200 OK, length 8\nbody half\n");
}

/* With a strong validator and a server that knows ranges, the body goes on where it broke. */
static void broken_downloads_are_continued(void **state)
{
    static const struct berth_mem_step steps[] = {
        ANSWER("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nContent-Length: 8\r\n\r\nhalf"),
        RIG_ACT(BERTH_MEM_RESET),
        NEXT,
        RIG_AWAIT("\r\nRange: bytes=4-\r\nIf-Range: \"v1\"\r\n\r\n"),
        RIG_BYTES("HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 4-7/8\r\n"
                  "Content-Length: 4\r\n\r\nre"),
        RIG_ACT(BERTH_MEM_CLOSE),
        NEXT,
        RIG_AWAIT("\r\nRange: bytes=6-\r\nIf-Range: \"v1\"\r\n\r\n"),
        RIG_BYTES(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 6-7/8\r\nContent-Length: 2\r\n\r\nst"),
    };
    static const struct berth_mem_step changed[] = {
        ANSWER("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nContent-Length: 8\r\n\r\nhalf"),
        RIG_ACT(BERTH_MEM_RESET), NEXT,
        ANSWER("HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 3\r\n\r\nnew")};
    static const struct berth_mem_step at_the_end[] = {
        ANSWER("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nTransfer-Encoding: chunked\r\n\r\n"
               "4\r\nhalf\r\n"),
        RIG_ACT(BERTH_MEM_RESET),
        NEXT,
        ANSWER("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */4\r\nContent-Length: 0\r\n\r\n"),
        NEXT,
        ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf")};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 3;
    rig.no_restart = true;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
    assert_string_equal(rig_events(&rig),
                        "head 200 OK, length 8\nbody half\nhead 206 Partial Content, length 4\n"
                        "body re\nhead 206 Partial Content, length 2\nbody st\n");
    assert_int_equal(rig.http.result.received, 8);
    assert_int_equal(rig_play(&rig, changed, COUNT(changed), &request), BERTH_E_PROTOCOL);
    rig.no_restart = false;
    assert_int_equal(rig_play(&rig, changed, COUNT(changed), &request), BERTH_OK);
    assert_string_equal(rig_events(&rig),
                        "head 200 OK, length 8\nbody half\nrestart\nhead 200 OK, length 3\nbody new\n");
    assert_int_equal(rig.http.result.received, 3);
    assert_int_equal(rig_play(&rig, at_the_end, COUNT(at_the_end), &request), BERTH_OK);
    assert_string_equal(rig_events(&rig),
                        "head 200 OK, chunked\nbody half\nrestart\nhead 200 OK, length 4\nbody half\n");
}

static void weak_validators_do_not_continue(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\r\nETag: W/\"v1\"\r\nAccept-Ranges: bytes\r\nContent-Length: 8\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 8\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: 8\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nAccept-Ranges: none\r\nContent-Length: 8\r\n\r\nhalf",
    };
    struct berth_mem_step steps[] = {ANSWER(""), RIG_ACT(BERTH_MEM_CLOSE), NEXT, ANSWER(WHOLE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 2;
    for (size_t i = 0; i < COUNT(heads); i++) {
        steps[1].bytes = berth_text_of(heads[i]);
        assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
        assert_false(rig_was_sent(&rig, "Range"));
        assert_int_equal(rig.http.result.received, 8);
    }
}

/* The recipe of berth/http.h: a later exchange goes on at range_from. */
static void ranges(void **state)
{
    static const struct {
        const char *answer;
        enum berth_status status;
        const char *events;
    } table[] = {
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 4\r\n\r\nrest",
         BERTH_OK, "head 206 Partial Content, length 4\nbody rest\n"},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-7/*\r\nTransfer-Encoding: chunked\r\n\r\n"
         "4\r\nrest\r\n0\r\n\r\n",
         BERTH_OK, "head 206 Partial Content, chunked\nbody rest\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalfrest", BERTH_OK,
         "restart\nhead 200 OK, length 8\nbody halfrest\n"},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-7/8\r\nContent-Length: 5\r\n\r\nfrest",
         BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-7/8\r\nContent-Length: 3\r\n\r\nres",
         BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-8/8\r\nContent-Length: 5\r\n\r\nrests",
         BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-3/8\r\nContent-Length: 0\r\n\r\n",
         BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: lines 4-7/8\r\nContent-Length: 4\r\n\r\nrest",
         BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\n\r\nrest", BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4\r\nContent-Length: 4\r\n\r\nrest",
         BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Length: "
         "4\r\n"
         "\r\nrest",
         BERTH_E_PROTOCOL, ""},
        {"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */4\r\nContent-Length: 0\r\n\r\n",
         BERTH_OK, "head 416 Range Not Satisfiable, length 0\n"},
    };
    struct berth_mem_step steps[] = {RIG_AWAIT("\r\nRange: bytes=4-\r\n\r\n"), RIG_BYTES("")};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    request.range_from = 4;
    for (size_t i = 0; i < COUNT(table); i++) {
        steps[1].bytes = berth_text_of(table[i].answer);
        assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), table[i].status);
        assert_string_equal(rig_events(&rig), table[i].events);
    }
    rig.no_restart = true;
    steps[1].bytes = berth_text_of(table[2].answer);
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_E_PROTOCOL);
    /* A range of the caller's own is the caller's to check. */
    static const struct berth_http_header own = {BERTH_TEXT_INIT("Range"), BERTH_TEXT_INIT("bytes=-4"),
                                                 false};
    request.range_from = 0;
    request.headers = &own;
    request.header_count = 1;
    steps[0].bytes = BERTH_TEXT("\r\nRange: bytes=-4\r\n");
    steps[1].bytes = berth_text_of(table[0].answer);
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_OK);
}

/* ---- Proxies ---- */

static void plain_requests_through_a_proxy(void **state)
{
    static const struct berth_mem_step steps[] = {ANSWER(DONE), ANSWER(DONE), NEXT, ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h:8080/a?b");
    (void)state;
    rig.config.http_proxy = BERTH_TEXT("http://proxy:3128");
    rig.config.no_proxy = BERTH_TEXT("localhost,.inner");
    rig_configure(&rig);
    rig_script(&rig, steps, COUNT(steps));
    assert_done(rig_run(&rig, &request, 0, false));
    assert_string_equal(rig.mem.host, "proxy");
    assert_int_equal(rig.mem.last.port, 3128);
    assert_true(rig_was_sent(&rig, "GET http://h:8080/a?b HTTP/1.1\r\nHost: h:8080\r\n"));
    /* Another origin, the same connection. */
    request = rig_request("GET", "http://[::1]");
    assert_done(rig_run(&rig, &request, 0, false));
    assert_int_equal(rig.mem.connects, 1);
    assert_true(rig_was_sent(&rig, "GET http://[::1]/ HTTP/1.1\r\nHost: [::1]\r\n"));
    /* One that goes directly. */
    request = rig_request("GET", "http://x.inner/");
    assert_done(rig_run(&rig, &request, 0, false));
    assert_string_equal(rig.mem.host, "x.inner");
    assert_true(rig_was_sent(&rig, "GET / HTTP/1.1\r\nHost: x.inner\r\n"));
}

static void tunnels(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
        RIG_BYTES("HTTP/1.0 200 Connection established\r\nProxy-Agent: x\r\nContent-Length: 5\r\n\r\n"),
        RIG_AWAIT("GET /a HTTP/1.1\r\nHost: h\r\n"), ANSWER(DONE)};
    static const struct berth_mem_step refused[] = {
        ANSWER("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno")};
    static const struct berth_mem_step talkative[] = {ANSWER("HTTP/1.1 200 OK\r\n\r\nhello")};
    static const struct berth_mem_step closed[] = {RIG_AWAIT(HEAD_END), RIG_ACT(BERTH_MEM_CLOSE)};
    struct berth_http_request request = rig_request("GET", "https://h/a");
    (void)state;
    rig.config.https_proxy = BERTH_TEXT("http://proxy:3128/");
    assert_done(rig_play(&rig, steps, COUNT(steps), &request));
    assert_string_equal(rig.mem.host, "proxy");
    assert_string_equal(rig.mem.secure_name, "h");
    assert_int_equal(rig_play(&rig, refused, COUNT(refused), &request), BERTH_E_CONNECT);
    assert_reason("407");
    assert_int_equal(rig.http.result.http_status, 0);
    assert_false(rig.http.result.maybe_reached);
    assert_int_equal(rig_play(&rig, talkative, COUNT(talkative), &request), BERTH_E_PROTOCOL);
    assert_int_equal(rig_play(&rig, closed, COUNT(closed), &request), BERTH_E_CLOSED);
    assert_false(rig.http.result.maybe_reached);
    assert_int_equal(rig.mem.secures, 0);
}

/* The credentials of a proxy are for the proxy alone. */
static void proxies_with_credentials(void **state)
{
    static const struct berth_mem_step plain[] = {
        RIG_AWAIT("Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), ANSWER(DONE)};
    static const struct berth_mem_step tunnel[] = {
        RIG_AWAIT("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n"
                  "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"),
        RIG_BYTES("HTTP/1.1 200 OK\r\n\r\n"), ANSWER(DONE)};
    static const struct berth_mem_step direct[] = {ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.http_proxy = rig.config.https_proxy = BERTH_TEXT("http://Aladdin:open%20sesame@[::1]:3128/");
    rig.config.no_proxy = BERTH_TEXT("i");
    assert_done(rig_play(&rig, plain, COUNT(plain), &request));
    assert_string_equal(rig.mem.host, "::1");
    assert_int_equal(rig.mem.last.port, 3128);
    assert_null(strstr(rig_trace(&rig), "QWxh"));
    request = rig_request("GET", "https://h/");
    assert_done(rig_play(&rig, tunnel, COUNT(tunnel), &request));
    assert_int_equal(rig_times_sent(&rig, "Proxy-Authorization"), 1);
    assert_null(strstr(rig_trace(&rig), "QWxh"));
    request = rig_request("GET", "http://i/");
    assert_done(rig_play(&rig, direct, COUNT(direct), &request));
    assert_int_equal(rig_times_sent(&rig, "Proxy-Authorization"), 0);
    static const struct {
        const char *user, *field;
    } table[] = {{"a", "Basic YQ==\r\n"},       {"ab", "Basic YWI=\r\n"},           {"abc", "Basic YWJj\r\n"},
                 {"%ff%fe:", "Basic //46\r\n"}, {"u:%C3%A4", "Basic dTrDpA==\r\n"}, {"", NULL}};
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[100] = "http://";
        strcat(strcat(text, table[i].user), "@p");
        rig.config.http_proxy = berth_text_of(text);
        request = rig_request("GET", "http://h/");
        assert_done(rig_play(&rig, direct, COUNT(direct), &request));
        assert_int_equal(rig_was_sent(&rig, "Proxy-Authorization"), table[i].field != NULL);
        if (table[i].field != NULL)
            assert_true(rig_was_sent(&rig, table[i].field));
    }
    rig.config.http_proxy = BERTH_TEXT("b:c@proxy:3128");
    request = rig_request("GET", "http://h/");
    assert_done(rig_play(&rig, direct, COUNT(direct), &request));
    assert_true(rig_was_sent(&rig, "Basic Yjpj\r\n"));
    assert_string_equal(rig.mem.host, "proxy");
    assert_int_equal(rig.mem.last.port, 3128);
    static const char *const bad[] = {"http://a%zz@p", "http://a@", "http://a@b@p",
                                      "https://a@p",   "ftp://p",   "p:x",
                                      "http://a@p:0",  "http://",   "a b"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct berth_http http;
        rig.config.http_proxy = berth_text_of(bad[i]);
        assert_int_equal(berth_http_init(&http, &rig.config), BERTH_E_ARGUMENT);
    }
}

/* ---- Time ---- */

static void deadlines(void **state)
{
    static const struct berth_mem_step drip[] = {ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 400),
                                                 RIG_BYTES("x"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 400),
                                                 RIG_BYTES("x"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 400),
                                                 RIG_BYTES("x"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 400),
                                                 RIG_BYTES("x"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 10000),
                                                 RIG_BYTES("x")};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    for (int stepwise = 0; stepwise < 2; stepwise++) {
        rig.config.idle_timeout_ms = request.idle_timeout_ms = 0;
        rig_configure(&rig);
        rig_script(&rig, drip, COUNT(drip));
        uint64_t start = rig.mem_clock.now_ms;
        assert_int_equal(rig_run(&rig, &request, 1000, stepwise), BERTH_E_TIMEOUT);
        assert_int_equal(rig.mem_clock.now_ms - start, 1000);
        assert_reason("deadline");
        assert_int_equal(rig.http.result.received, 2);
        rig.config.idle_timeout_ms = stepwise ? 500 : 5000;
        request.idle_timeout_ms = stepwise ? 0 : 500;
        rig_configure(&rig);
        rig_script(&rig, drip, COUNT(drip));
        start = rig.mem_clock.now_ms;
        assert_int_equal(rig_run(&rig, &request, 100000, stepwise), BERTH_E_TIMEOUT);
        assert_in_range(rig.mem_clock.now_ms - start, 2100, 2130);
        assert_reason("silent");
        assert_int_equal(rig.http.result.received, 4);
    }
}

static enum berth_status slow_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    (void)ctx;
    (void)to;
    rig.mem_clock.now_ms += wait_ms;
    return BERTH_E_WOULD_BLOCK;
}

static void connecting_has_a_bound(void **state)
{
    struct berth_http_request request = rig_request("GET", "http://slow.example/");
    (void)state;
    rig.net.connect = slow_connect;
    for (int stepwise = 0; stepwise < 2; stepwise++) {
        rig.config.connect_timeout_ms = 0;
        rig_configure(&rig);
        rig_script(&rig, NULL, 0);
        uint64_t start = rig.mem_clock.now_ms;
        assert_int_equal(rig_run(&rig, &request, 0, stepwise), BERTH_E_TIMEOUT);
        assert_int_equal(rig.mem_clock.now_ms - start, 10000);
        assert_reason("connecting took too long: slow.example");
        rig.config.connect_timeout_ms = 300;
        rig.config.retry.tries = 2;
        rig.config.retry.base_ms = 1;
        rig_configure(&rig);
        start = rig.mem_clock.now_ms;
        assert_int_equal(rig_run(&rig, &request, 0, stepwise), BERTH_E_TIMEOUT);
        assert_in_range(rig.mem_clock.now_ms - start, 600, 620);
        assert_int_equal(rig.http.result.tries, 2);
        rig.config.retry.tries = 1;
    }
}

/* A step without time does a bounded amount of work. */
static void a_step_comes_back(void **state)
{
    static char body[200000];
    static const struct berth_mem_step steps[] = {ANSWER("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"),
                                                  {BERTH_MEM_BYTES, {body, sizeof body}, 0}};
    struct berth_http_request request = rig_request("GET", "http://h/");
    uint32_t wait_ms = 99;
    (void)state;
    memset(body, 'x', sizeof body);
    rig_configure(&rig);
    rig_script(&rig, steps, COUNT(steps));
    rig.mem.recv_piece = 100;
    assert_int_equal(berth_http_start(&rig.http, &request, NULL, 60000), BERTH_OK);
    assert_int_equal(berth_http_step(&rig.http, 0), BERTH_E_WOULD_BLOCK);
    assert_in_range(rig.http.result.received, 1, 10000);
    berth_http_want(&rig.http, &wait_ms);
    assert_int_equal(wait_ms, 0);
    assert_int_equal(berth_http_step(&rig.http, 1), BERTH_OK); /* the clock stands still: all of it */
    assert_int_equal(rig.http.result.received, 200000);
}

static void cancelling(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT(HEAD_END), RIG_AMOUNT(BERTH_MEM_STALL, 1000)};
    static const struct berth_mem_step more[] = {ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig_script(&rig, steps, COUNT(steps));
    berth_http_cancel(&rig.http);
    assert_int_equal(berth_http_start(&rig.http, &request, NULL, 60000), BERTH_OK);
    assert_int_equal(berth_http_step(&rig.http, 10), BERTH_E_WOULD_BLOCK);
    assert_true(rig.mem.open);
    berth_http_cancel(&rig.http);
    assert_false(rig.mem.open);
    assert_int_equal(berth_http_step(&rig.http, 10), BERTH_E_STATE);
    rig_configure(&rig);
    rig_script(&rig, more, COUNT(more));
    assert_done(rig_run(&rig, &request, 0, false));
}

static void sinks_and_callbacks_that_fail(void **state)
{
    static const struct berth_mem_step steps[] = {ANSWER(DONE), ANSWER(DONE)};
    struct berth_http_request request = rig_request("GET", "http://h/");
    (void)state;
    rig.config.retry.tries = 3;
    rig.sink_fails_at = 2;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_E_DISK_FULL);
    assert_false(rig.mem.open);
    rig.sink_fails_at = 0;
    rig.head_says = BERTH_E_CANCELLED;
    assert_int_equal(rig_play(&rig, steps, COUNT(steps), &request), BERTH_E_CANCELLED);
    assert_string_equal(rig_events(&rig), "head 200 OK, length 4\n");
    assert_int_equal(rig.http.result.http_status, 200);
}

/* ---- The trace ---- */

static void the_trace_hides_secrets(void **state)
{
    static const struct berth_http_header headers[] = {
        {BERTH_TEXT_INIT("X-Mine"), BERTH_TEXT_INIT("hush1"), true},
        {BERTH_TEXT_INIT("authorization"), BERTH_TEXT_INIT("Bearer hush2"), false},
        {BERTH_TEXT_INIT("Cookie"), BERTH_TEXT_INIT("hush3"), false},
    };
    static const struct berth_mem_step steps[] = {
        ANSWER("HTTP/1.1 307 Go\r\nLocation: /b?op=OPEN&Delegation=hush4&offset=1\r\nSet-Cookie: hush5\r\n"
               "Content-Length: 0\r\n\r\n"),
        ANSWER(DONE)};
    struct berth_http_request request =
        rig_request("GET", "http://h/a?token=hush6&x=y&X-Goog-Signature=hush7&sig=hush8");
    (void)state;
    request.headers = headers;
    request.header_count = COUNT(headers);
    assert_done(rig_play(&rig, steps, COUNT(steps), &request));
    assert_null(strstr(rig_trace(&rig), "hush"));
    assert_string_equal(rig_trace(&rig), "* connected to h\n"
                                         "> GET /a?token=***&x=y&X-Goog-Signature=***&sig=***\n"
                                         "> Host: h\n> Accept: */*\n> Accept-Encoding: identity\n"
                                         "> X-Mine: ***\n> authorization: ***\n> Cookie: ***\n"
                                         "< 307 Go\n< Location: /b?op=OPEN&Delegation=***&offset=1\n"
                                         "< Set-Cookie: ***\n< Content-Length: 0\n"
                                         "* redirected to http://h/b?op=OPEN&Delegation=***&offset=1\n"
                                         "> GET /b?op=OPEN&Delegation=***&offset=1\n"
                                         "> Host: h\n> Accept: */*\n> Accept-Encoding: identity\n"
                                         "> X-Mine: ***\n> authorization: ***\n> Cookie: ***\n"
                                         "< 200 OK\n< Content-Length: 4\n");
    /* The buffer held them too. */
    berth_http_close(&rig.http);
    for (size_t i = 0; i < rig.config.buffer_size; i++)
        assert_int_equal(rig.buffer[i], 0);
}

static void the_trace_is_cut(void **state)
{
    static const struct berth_mem_step steps[] = {ANSWER(DONE)};
    static char url[600] = "http://h/";
    (void)state;
    memset(url + 9, 'x', sizeof url - 10);
    struct berth_http_request request = rig_request("GET", url);
    assert_done(rig_play(&rig, steps, COUNT(steps), &request));
    assert_non_null(strstr(rig_trace(&rig), "xxx...\n> Host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(redirects_that_are_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(redirects_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(three_hundreds_that_are_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_redirects, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_redirects, set_up, tear_down),
        cmocka_unit_test_setup_teardown(upgrades_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_and_redirects, set_up, tear_down),
        cmocka_unit_test_setup_teardown(credentials_stay_with_their_origin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(webhdfs_create, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_now_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_may_be_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(malformed_answers_are_not_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pause_in_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interrupted_pause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_and_repeats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_downloads_begin_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broken_downloads_are_continued, set_up, tear_down),
        cmocka_unit_test_setup_teardown(weak_validators_do_not_continue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ranges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plain_requests_through_a_proxy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tunnels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proxies_with_credentials, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deadlines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connecting_has_a_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancelling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sinks_and_callbacks_that_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_trace_hides_secrets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_trace_is_cut, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
