/* mlcycle on the wire: the exact bytes of every operation, and every vector of the wire page in
 * test/wire/mlcycle/ *.txt, each reply fed whole, byte by byte, at random splits, in steps, and cut at each
 * byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "guard.h"
#include "mlcycle_rig.h"
#include "seed.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct mlcycle_rig m;
static uint64_t seed;

/* ---- Requests --------------------------------------------------------------------------------- */

static struct berth_text send_and_fail(const struct mlcycle_operation *operation)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT("\r\n\r\n"), RIG_BYTES("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")};
    mlcycle_reset(&m, 2000);
    rig_script(&m.rig, steps, COUNT(steps));
    assert_int_equal(operation->describe(&m), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_SERVER);
    return rig_sent(&m.rig);
}

static void requests(void **state)
{
    (void)state;
    mlcycle_open(&m, 2000);
    for (size_t i = 0; i < mlcycle_operation_count; i++) {
        const struct mlcycle_operation *operation = &mlcycle_operations[i];
        if (operation->request == NULL)
            continue;
        struct berth_text sent = send_and_fail(operation);
        if (!berth_text_equal(sent, berth_text_of(operation->request)))
            fail_msg("%s:\n%.*s\ninstead of\n%s", operation->name, (int)sent.len, sent.ptr,
                     operation->request);
    }
    assert_int_equal(mlcycle_operation_count, 25 + 6); /* with variants */
    mlcycle_close(&m);
}

/* R3: the multipart body, byte for byte but for the boundary. */
static void upload_request(void **state)
{
    static const char body[] =
        "--B\r\nContent-Disposition: form-data; name=\"Name\"\r\n\r\nConsole Log\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"Filename\"\r\n\r\n3_console.log\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"Type\"\r\n\r\n1\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"BinaryData\"; filename=\"3_console.log\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\nline one\nline two\n\r\n"
        "--B--\r\n";
    char expected[4000];
    struct berth_writer w;
    (void)state;
    mlcycle_open(&m, 2000);
    struct berth_text sent = send_and_fail(mlcycle_find("upload"));
    struct berth_text boundary = berth_text_of(m.upload.multipart.boundary);
    assert_true(boundary.len >= 32 && boundary.len <= 70);
    /* With a boundary as long as the wire page's the body has 492 bytes. */
    size_t length = 492 - 5 * 31 + 5 * boundary.len;
    berth_writer_init(&w, expected, sizeof expected);
    berth_put_string(&w, "POST /api/fragments/job/" MLCYCLE_J "/step/3 HTTP/1.1\r\n" MLCYCLE_HEAD
                         "Content-Type: multipart/form-data; boundary=");
    berth_put_text(&w, boundary);
    berth_put_string(&w, "\r\nContent-Length: ");
    berth_put_u64(&w, length);
    berth_put_string(&w, "\r\n\r\n");
    size_t head = w.len;
    for (const char *p = body; *p != '\0'; p++) {
        if (p[0] == 'B' && p[-1] == '-' && p[-2] == '-')
            berth_put_text(&w, boundary);
        else
            berth_put_char(&w, *p);
    }
    assert_int_equal(w.len - head, length);
    assert_int_equal(sent.len, w.len);
    assert_memory_equal(sent.ptr, expected, w.len);
    mlcycle_close(&m);
}

/* What is refused before anything is sent. */
static void refusals(void **state)
{
    static const struct berth_guid nil = {"00000000-0000-0000-0000-000000000000"};
    static const struct berth_guid unset = {""};
    static const struct berth_guid job = {MLCYCLE_J};
    static const struct berth_mlcycle_metric nan_metric = {
        .key = BERTH_TEXT_INIT("a"), .kind = BERTH_MLCYCLE_METRIC_DOUBLE, .number = (double)(0.0f / 0.0f)};
    struct berth_mlcycle_step step;
    struct berth_call *c = &m.call;
    struct berth_client *client;
    char long_name[256];
    (void)state;
    mlcycle_open(&m, 200);
    client = &m.client;
    memset(&step, 0, sizeof step);
    memset(long_name, 'x', sizeof long_name);
    assert_int_equal(berth_mlcycle_workers_get(c, client, &nil, NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_workers_get(c, client, &unset, NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_workers_get(c, client, NULL, NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_workers_add(c, client, BERTH_TEXT(" \t"), NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_projects_add(c, client, BERTH_TEXT("a"), BERTH_TEXT(""), NULL, NULL),
                     BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_workers_add(c, client, berth_text_make(long_name, 200), NULL, NULL),
                     BERTH_E_SPACE);
    assert_int_equal(berth_mlcycle_scheduler_claim(c, client, &job, -1), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_jobs_trigger(c, client, &job, 3, NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_jobs_add_steps(c, client, &job, &step, 0, NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_jobs_add_steps(c, client, &job, &step, 1, NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_mlcycle_jobs_add_metrics(c, client, &job, 0, &nan_metric, 0, NULL, NULL),
                     BERTH_E_MISSING);
    assert_int_equal(berth_mlcycle_jobs_add_metrics(c, client, &job, 0, &nan_metric, 1, NULL, NULL),
                     BERTH_E_RANGE);
    static const char *const names[] = {"", ".", "..", "a/b"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(
            berth_mlcycle_fragments_latest_by_job(c, client, &job, berth_text_of(names[i]), &m.sink),
            BERTH_E_ARGUMENT);
    const struct mlcycle_operation *upload = mlcycle_find("upload");
    assert_int_equal(upload->describe(&m), BERTH_OK);
    static const struct berth_text bad[] = {BERTH_TEXT_INIT(""), BERTH_TEXT_INIT("  "),
                                            BERTH_TEXT_INIT("a\nb"), BERTH_TEXT_INIT("a\0b"),
                                            BERTH_TEXT_INIT("\xff")};
    for (size_t i = 0; i <= COUNT(bad); i++) {
        m.upload.filename = i < COUNT(bad) ? bad[i] : berth_text_make(long_name, 256);
        assert_int_equal(berth_mlcycle_fragments_upload(c, client, &job, 0, &m.upload, NULL, NULL),
                         BERTH_E_ARGUMENT);
    }
    m.upload.filename = berth_text_make(long_name, 255);
    m.upload.type = 3;
    assert_int_equal(berth_mlcycle_fragments_upload(c, client, &job, 0, &m.upload, NULL, NULL),
                     BERTH_E_ARGUMENT);
    m.upload.type = 2;
    m.upload.name = BERTH_TEXT("");
    assert_int_equal(berth_mlcycle_fragments_upload(c, client, &job, 0, &m.upload, NULL, NULL),
                     BERTH_E_ARGUMENT);
    assert_int_equal(m.rig.mem.connects, 0);
    mlcycle_close(&m);
}

static void base_urls(void **state)
{
    static const struct {
        const char *base;
        enum berth_status status;
        size_t len;
    } table[] = {
        {"https://ml.example:5001/api", BERTH_OK, 27},
        {"https://ml.example:5001/api///", BERTH_OK, 27},
        {"http://[::1]/api/", BERTH_OK, 16},
        {"http://h", BERTH_OK, 8},
        {"ml.example/api", BERTH_E_SYNTAX, 0},
        {"https://u:p@ml.example/api", BERTH_E_SYNTAX, 0},
        {"https://ml.example/api?x=1", BERTH_E_SYNTAX, 0},
        {"https://ml.example/api#x", BERTH_E_SYNTAX, 0},
        {"", BERTH_E_SYNTAX, 0},
    };
    struct berth_http http;
    struct berth_client client;
    char work[10];
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *reason = "";
        assert_int_equal(
            berth_client_init(&client, &http, berth_text_of(table[i].base), work, sizeof work, &reason),
            table[i].status);
        if (table[i].status == BERTH_OK)
            assert_int_equal(client.base_url.len, table[i].len);
        else
            assert_non_null(reason);
    }
    assert_int_equal(berth_client_init(&client, NULL, BERTH_TEXT("http://h"), work, 10, NULL),
                     BERTH_E_ARGUMENT);
    assert_int_equal(berth_client_init(&client, &http, BERTH_TEXT("http://h"), NULL, 10, NULL),
                     BERTH_E_ARGUMENT);
}

/* ---- Fixtures --------------------------------------------------------------------------------- */

#define CASE_BYTES 8000

struct wire_case {
    char name[120], call[40], type[80], header[200];
    int http_status;
    size_t work;
    char body[CASE_BYTES];
    size_t body_len;
    char expected[CASE_BYTES];
    char reply[2 * CASE_BYTES];
    size_t reply_len;
};

static struct wire_case current;
static unsigned cases, runs, failures;

/* As Kestrel does: a body is chunked, here in three chunks; no body has a length of 0. */
static void make_reply(void)
{
    struct berth_writer w;
    berth_writer_init(&w, current.reply, sizeof current.reply);
    berth_put_string(&w, "HTTP/1.1 ");
    berth_put_i64(&w, current.http_status);
    berth_put_string(&w, " X\r\nServer: Kestrel\r\n");
    if (current.header[0] != '\0') {
        berth_put_string(&w, current.header);
        berth_put_string(&w, "\r\n");
    }
    if (strcmp(current.type, "-") == 0) {
        berth_put_string(&w, "Content-Length: 0\r\n\r\n");
    } else {
        size_t at = 0;
        berth_put_string(&w, "Content-Type: ");
        berth_put_string(&w, current.type);
        berth_put_string(&w, "\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (size_t left = 3; left > 0; left--) {
            char size[24];
            size_t len = (current.body_len - at) / left;
            if (len == 0)
                continue;
            (void)snprintf(size, sizeof size, "%zx\r\n", len);
            berth_put_string(&w, size);
            berth_put_bytes(&w, current.body + at, len);
            berth_put_string(&w, "\r\n");
            at += len;
        }
        berth_put_string(&w, "0\r\n\r\n");
    }
    assert_int_equal(berth_writer_status(&w), BERTH_OK);
    current.reply_len = w.len;
}

enum mode { WHOLE, BYTEWISE, RANDOM, STEPWISE };

static const char *run(enum mode mode, size_t cut, enum berth_status *out_status)
{
    bool is_upload = strcmp(current.call, "upload") == 0;
    struct berth_mem_step steps[2] = {
        {BERTH_MEM_AWAIT, is_upload ? BERTH_TEXT("--\r\n") : BERTH_TEXT("\r\n\r\n"), 0},
        {BERTH_MEM_BYTES, {current.reply, current.reply_len}, 0},
    };
    runs++;
    mlcycle_reset(&m, current.work);
    rig_script(&m.rig, steps, 2);
    m.rig.mem.recv_piece = mode == BYTEWISE ? 1 : 0;
    m.rig.mem.split_seed = mode == RANDOM || mode == STEPWISE ? seed_next(&seed) | 1 : 0;
    m.rig.mem.block_between = mode == STEPWISE;
    m.rig.mem.cut = cut <= current.reply_len;
    m.rig.mem.cut_after = cut;
    assert_int_equal(mlcycle_find(current.call)->describe(&m), BERTH_OK);
    *out_status = mlcycle_run(&m, 0, mode == STEPWISE);
    assert_int_equal(m.rig.mem.broken_rules, 0);
    assert_true(*out_status == BERTH_OK || m.call.result.message[0] != '\0');
    return mlcycle_told(&m, *out_status);
}

/* "NEEDED" and "REASON" in the expected text stand for anything. */
static bool matches(const char *text, const char *expected)
{
    const char *needed = strstr(expected, "NEEDED");
    const char *reason = strstr(expected, "REASON");
    if (reason != NULL)
        return strncmp(text, expected, (size_t)(reason - expected)) == 0;
    if (needed == NULL)
        return strcmp(text, expected) == 0;
    size_t len = (size_t)(needed - expected);
    return strncmp(text, expected, len) == 0 &&
           strcmp(text + len + strspn(text + len, "0123456789"), needed + 6) == 0;
}

/* Cut anywhere: never a success, what was delivered is a beginning of the whole, and a change may be done. */
static void check_cuts(void)
{
    enum berth_status status;
    for (size_t cut = 0; cut < current.reply_len; cut++) {
        const char *told = run(cut % 2 ? WHOLE : RANDOM, cut, &status);
        const char *end = strstr(told, "end ");
        const char *bytes = strstr(told, "bytes ");
        if (status == BERTH_OK)
            fail_msg("%s, cut at %zu: success with\n%s", current.name, cut, told);
        if (bytes == NULL && strncmp(told, current.expected, (size_t)(end - told)) != 0)
            fail_msg("%s, cut at %zu:\n%s", current.name, cut, told);
        bool is_get = berth_text_equal(m.call.method, BERTH_TEXT("GET"));
        if (!is_get && m.call.result.http_status / 100 == 2)
            assert_true(m.call.result.maybe_done);
        if (is_get)
            assert_false(m.call.result.maybe_done);
        bool cut_off = status == BERTH_E_TRUNCATED || status == BERTH_E_CLOSED;
        if (!cut_off && strstr(current.expected, berth_status_name(status)) == NULL)
            fail_msg("%s, cut at %zu: %s", current.name, cut, told);
    }
}

static void finish_case(void)
{
    static const char *const names[] = {"whole", "byte by byte", "random splits", "in steps"};
    enum berth_status status;
    if (current.name[0] == '\0')
        return;
    cases++;
    make_reply();
    for (unsigned i = 0; i < 8; i++) {
        enum mode mode = i < 2 ? (enum mode)i : i < 5 ? RANDOM : STEPWISE;
        const char *told = run(mode, SIZE_MAX, &status);
        if (!matches(told, current.expected)) {
            failures++;
            fprintf(stderr, "%s, %s:\n--- expected\n%s--- but was\n%s", current.name, names[mode],
                    current.expected, told);
            return;
        }
    }
    check_cuts();
}

static void append_body(const char *p, const char *end)
{
    for (; p < end; p++) {
        char c = *p;
        if (c == '\\') {
            p++;
            c = *p == 'n' ? '\n' : *p;
        }
        assert_true(current.body_len < sizeof current.body);
        current.body[current.body_len++] = c;
    }
}

static void option_line(const char *line)
{
    int used = 0;
    if (strncmp(line, "call ", 5) == 0)
        assert_int_equal(sscanf(line, "call %39s", current.call), 1);
    else if (strncmp(line, "work ", 5) == 0)
        current.work = strtoul(line + 5, NULL, 10);
    else if (strcmp(line, "bits 64") == 0)
        current.name[0] = sizeof(void *) == 8 ? current.name[0] : '\0'; /* its sizes are a 64-bit machine's */
    else if (strncmp(line, "header ", 7) == 0)
        strcpy(current.header, line + 7);
    else if (sscanf(line, "reply %d %n", &current.http_status, &used) == 1)
        strcpy(current.type, line + used);
    else
        assert_true(line[0] == '#' || line[0] == '\0');
}

static void each_file(void *ctx, const char *path, const uint8_t *bytes, size_t size)
{
    enum { OPTIONS, BODY, EVENTS } part = OPTIONS;
    const char *p = (const char *)bytes;
    const char *file_end = p + size;
    (void)ctx;
    print_message("%s\n", path);
    memset(&current, 0, sizeof current);
    while (p < file_end) {
        char line[1000];
        const char *end = memchr(p, '\n', (size_t)(file_end - p));
        size_t len = (size_t)(end - p);
        assert_true(end != NULL && len < sizeof line);
        memcpy(line, p, len);
        line[len] = '\0';
        if (strncmp(line, "=== ", 4) == 0) {
            finish_case();
            memset(&current, 0, sizeof current);
            strcpy(current.name, line + 4);
            current.work = 16384;
            part = OPTIONS;
        } else if (strcmp(line, "<<<") == 0) {
            part = BODY;
        } else if (strcmp(line, ">>>") == 0) {
            part = EVENTS;
        } else if (part == OPTIONS) {
            option_line(line);
        } else if (part == BODY) {
            append_body(p, end);
        } else if (len > 0) {
            strcat(current.expected, line);
            strcat(current.expected, "\n");
        }
        p = end + 1;
    }
    finish_case();
}

static void fixtures(void **state)
{
    (void)state;
    mlcycle_open(&m, 2000);
    assert_int_equal(fixture_each("test/wire/mlcycle", ".txt", each_file, NULL), 2);
    print_message("%u cases, %u runs\n", cases, runs);
    assert_true(cases >= 50);
    assert_int_equal(failures, 0);
    mlcycle_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),  cmocka_unit_test(upload_request), cmocka_unit_test(refusals),
        cmocka_unit_test(base_urls), cmocka_unit_test(fixtures),
    };
    seed = seed_start("mlcycle wire");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
