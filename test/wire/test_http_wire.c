/* Wire fixtures of HTTP responses: test/wire/http/ *.txt, each case fed whole, byte by byte, at random
 * splits, in steps without waiting, and cut at each byte.
 *
 * A case:   === name
 *           method HEAD            (optional; GET)
 *           buffer 2048            (optional; 1024)
 *           trailing               (optional) bytes follow that may arrive too late to be seen: "kept" or
 * "closed"
 *           <<<                    the peer's bytes; a line's own end does not count; \r \n \t \\ \xHH
 *           --- close|reset|tls    (optional) how the connection ends then; else the peer is silent
 *           >>>                    the events that must follow, the last one "end ..."
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "http_rig.h"
#include "seed.h"

#define CASE_BYTES 70000

struct wire_case {
    char name[120];
    char method[16];
    size_t buffer;
    bool trailing;
    char bytes[CASE_BYTES];
    size_t len;
    enum berth_mem_act end; /* BERTH_MEM_STALL: silent */
    char expected[CASE_BYTES];
};

static struct wire_case current;
static struct rig rig;
static uint64_t seed;
static unsigned cases, runs;

static void append_event_end(struct berth_writer *w, enum berth_status status)
{
    const struct berth_http_result *result = &rig.http.result;
    berth_put_string(w, "end ");
    berth_put_string(w, berth_status_name(status));
    if (status != BERTH_OK) {
        berth_put_string(w, ": ");
        berth_put_text(w, result->reason);
    } else {
        berth_put_char(w, ' ');
        berth_put_i64(w, result->http_status);
        if (result->error_body.len > 0) {
            berth_put_string(w, " \"");
            berth_put_text(w, berth_text_slice(result->error_body, 0, 60));
            berth_put_string(w, "\"");
        }
        berth_put_string(w, rig.mem.open ? ", kept" : ", closed");
    }
    berth_put_char(w, '\n');
}

enum mode { WHOLE, BYTEWISE, RANDOM, STEPWISE };

/* One run of the current case; CUT: the connection closes after so many bytes. */
static const char *run(enum mode mode, size_t cut, enum berth_status *out_status)
{
    struct berth_mem_step steps[3] = {
        RIG_AWAIT("\r\n\r\n"),
        {BERTH_MEM_BYTES, {current.bytes, current.len}, 0},
        RIG_AMOUNT(BERTH_MEM_STALL, 1 << 30),
    };
    struct berth_http_request request = {0};
    runs++;
    steps[2].act = current.end;
    request.method = berth_text_of(current.method);
    request.url = BERTH_TEXT("http://h/");
    rig_configure(&rig);
    rig_script(&rig, steps, 3);
    rig.mem.recv_piece = mode == BYTEWISE ? 1 : 0;
    rig.mem.split_seed = mode == RANDOM || mode == STEPWISE ? seed_next(&seed) | 1 : 0;
    rig.mem.block_between = mode == STEPWISE;
    rig.mem.cut = cut <= current.len;
    rig.mem.cut_after = cut;
    *out_status = rig_run(&rig, &request, 300000, mode == STEPWISE);
    append_event_end(&rig.written, *out_status);
    assert_int_equal(rig.mem.broken_rules, 0);
    if (*out_status != BERTH_OK)
        assert_false(rig.mem.open);
    return rig_events(&rig);
}

static void check_modes(void)
{
    static const char *const names[] = {"whole", "byte by byte", "random splits", "in steps"};
    enum berth_status status;
    for (unsigned i = 0; i < 8; i++) {
        enum mode mode = i < 2 ? (enum mode)i : i < 5 ? RANDOM : STEPWISE;
        const char *events = run(mode, SIZE_MAX, &status);
        const char *comma = strrchr(current.expected, ',');
        size_t len = current.trailing && mode != WHOLE ? (size_t)(comma - current.expected) : CASE_BYTES;
        if (strncmp(events, current.expected, len) != 0)
            fail_msg("%s, %s:\n--- expected\n%s--- but was\n%s", current.name, names[mode], current.expected,
                     events);
    }
}

/* Cut at each byte: never a hang, never a success that the whole did not have. */
static void check_cuts(void)
{
    enum berth_status whole;
    enum berth_status status;
    run(WHOLE, SIZE_MAX, &whole);
    bool interim = strncmp(current.bytes, "HTTP/1.1 1", 10) == 0; /* the end may come between two heads */
    bool by_close = strstr(current.expected, "length") == NULL && strstr(current.expected, "chunked") == NULL;
    for (size_t cut = 0; cut < current.len && cut < 3000; cut++) {
        const char *events = run(cut % 2 ? WHOLE : RANDOM, cut, &status);
        if (status == BERTH_OK && !by_close) {
            const char *kept = strrchr(events, ',');
            assert_int_equal(whole, BERTH_OK);
            if (strncmp(events, current.expected, (size_t)(kept - events)) != 0)
                fail_msg("%s, cut at %zu: success with\n%s", current.name, cut, events);
        }
        if (status != BERTH_OK && status != BERTH_E_TRUNCATED && status != whole &&
            !(status == BERTH_E_CLOSED && (cut == 0 || interim)))
            fail_msg("%s, cut at %zu: %s", current.name, cut, events);
    }
}

static size_t unescape(char *out, const char *p, const char *end)
{
    size_t len = 0;
    for (; p < end; p++) {
        if (*p != '\\') {
            out[len++] = *p;
            continue;
        }
        p++;
        if (*p == 'x') {
            char hex[3] = {p[1], p[2], 0};
            out[len++] = (char)strtoul(hex, NULL, 16);
            p += 2;
        } else {
            out[len++] = *p == 'r' ? '\r' : *p == 'n' ? '\n' : *p == 't' ? '\t' : '\\';
        }
    }
    return len;
}

static void finish_case(void)
{
    if (current.name[0] == '\0')
        return;
    cases++;
    rig_open(&rig, current.buffer);
    check_modes();
    check_cuts();
    rig_close(&rig);
}

static void option_line(const char *line, size_t len)
{
    if (len > 7 && memcmp(line, "method ", 7) == 0)
        memcpy(current.method, line + 7, len - 7), current.method[len - 7] = '\0';
    else if (len > 7 && memcmp(line, "buffer ", 7) == 0)
        current.buffer = strtoul(line + 7, NULL, 10);
    else if (len == 8 && memcmp(line, "trailing", 8) == 0)
        current.trailing = true;
    else
        assert_true(len == 0 || line[0] == '#');
}

static void end_line(const char *line)
{
    current.end = strncmp(line, "--- close", 9) == 0   ? BERTH_MEM_CLOSE
                  : strncmp(line, "--- reset", 9) == 0 ? BERTH_MEM_RESET
                                                       : BERTH_MEM_TLS;
}

static void each_file(void *ctx, const char *path, const uint8_t *bytes, size_t size)
{
    const char *p = (const char *)bytes;
    const char *file_end = p + size;
    enum { OPTIONS, BYTES, EVENTS } part = OPTIONS;
    (void)ctx;
    print_message("%s\n", path);
    memset(&current, 0, sizeof current);
    while (p < file_end) {
        const char *end = memchr(p, '\n', (size_t)(file_end - p));
        assert_non_null(end);
        size_t len = (size_t)(end - p);
        if (strncmp(p, "=== ", 4) == 0) {
            finish_case();
            memset(&current, 0, sizeof current);
            assert_true(len - 4 < sizeof current.name);
            memcpy(current.name, p + 4, len - 4);
            strcpy(current.method, "GET");
            current.buffer = 1024;
            current.end = BERTH_MEM_STALL;
            part = OPTIONS;
        } else if (strncmp(p, "<<<\n", 4) == 0) {
            part = BYTES;
        } else if (strncmp(p, ">>>\n", 4) == 0) {
            part = EVENTS;
        } else if (part == OPTIONS) {
            option_line(p, len);
        } else if (part == BYTES && strncmp(p, "--- ", 4) == 0) {
            end_line(p);
        } else if (part == BYTES) {
            current.len += unescape(current.bytes + current.len, p, end);
        } else if (len > 0 && p[0] != '#') {
            strncat(current.expected, p, len + 1);
        }
        p = end + 1;
    }
    finish_case();
}

static void fixtures(void **state)
{
    (void)state;
    assert_true(fixture_each("test/wire/http", ".txt", each_file, NULL) >= 4);
    print_message("%u cases, %u runs\n", cases, runs);
    assert_true(cases >= 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fixtures)};
    seed = seed_start("http wire");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
