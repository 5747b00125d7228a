/* OpenPAI on the wire: each case of test/wire/openpai/ *.txt is what a server answers, and what must be sent
 * and delivered. Each is fed whole, byte by byte, at random splits, in steps, and (single answers) cut at
 * each byte.
 *
 * A case: "=== name", options ("call X", "server X", "account token|password|both|none", "work N", "now S"),
 * and for each answer "reply STATUS TYPE" ("-": no body), maybe "header X: Y" or "elsewhere" (another
 * connection), the body between "<<<" and "---" or ">>>"; after ">>>" the requests, the elements and the end.
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
#include "openpai_rig.h"
#include "seed.h"

#define REPLIES_MAX 8
#define BODY_MAX 16384
#define TEXT_MAX 32768

struct reply {
    int status;
    char type[80], header[300];
    bool elsewhere;
    char awaits[17]; /* the end of the request that it answers */
    char body[BODY_MAX];
    size_t body_len;
    char wire[2 * BODY_MAX];
    size_t wire_len;
};

static struct {
    char name[120], call[40];
    struct reply replies[REPLIES_MAX];
    size_t reply_count;
    char expected[TEXT_MAX];
} current;
static struct openpai_rig o;
static uint64_t seed;
static unsigned cases, runs, failures;

/* Bodies come chunked, in three chunks, as Node sends them through a gateway. */
static void make_wire(struct reply *reply)
{
    struct berth_writer w;
    berth_writer_init(&w, reply->wire, sizeof reply->wire);
    berth_put_string(&w, "HTTP/1.1 ");
    berth_put_i64(&w, reply->status);
    berth_put_string(&w, " X\r\n");
    berth_put_string(&w, reply->header);
    if (strcmp(reply->type, "-") == 0) {
        berth_put_string(&w, "Content-Length: 0\r\n\r\n");
    } else {
        size_t at = 0;
        berth_put_string(&w, "Content-Type: ");
        berth_put_string(&w, reply->type);
        berth_put_string(&w, "\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (size_t left = 3; left > 0; left--) {
            char size[24];
            size_t len = (reply->body_len - at) / left;
            if (len == 0)
                continue;
            (void)snprintf(size, sizeof size, "%zx\r\n", len);
            berth_put_string(&w, size);
            berth_put_bytes(&w, reply->body + at, len);
            berth_put_string(&w, "\r\n");
            at += len;
        }
        berth_put_string(&w, "0\r\n\r\n");
    }
    assert_int_equal(berth_writer_status(&w), BERTH_OK);
    reply->wire_len = w.len;
}

enum mode { WHOLE, BYTEWISE, RANDOM, STEPWISE };

static const char *run(enum mode mode, size_t cut, enum berth_status *out_status)
{
    struct berth_mem_step steps[3 * REPLIES_MAX];
    size_t count = 0;
    memset(steps, 0, sizeof steps);
    runs++;
    openpai_reset(&o);
    for (size_t i = 0; i < current.reply_count; i++) {
        struct reply *reply = &current.replies[i];
        if (reply->elsewhere)
            steps[count++].act = BERTH_MEM_NEXT;
        steps[count++] = (struct berth_mem_step){
            BERTH_MEM_AWAIT, reply->awaits[0] != '\0' ? berth_text_of(reply->awaits) : BERTH_TEXT("\r\n\r\n"),
            0};
        steps[count++] = (struct berth_mem_step){BERTH_MEM_BYTES, {reply->wire, reply->wire_len}, 0};
    }
    rig_script(&o.rig, steps, count);
    o.rig.mem.recv_piece = mode == BYTEWISE ? 1 : 0;
    o.rig.mem.split_seed = mode == RANDOM || mode == STEPWISE ? seed_next(&seed) | 1 : 0;
    o.rig.mem.block_between = mode == STEPWISE;
    o.rig.mem.cut = cut != SIZE_MAX;
    o.rig.mem.cut_after = cut;
    *out_status = openpai_find(current.call)->describe(&o);
    assert_int_equal(*out_status, BERTH_OK);
    *out_status = openpai_run(&o, 600000, mode == STEPWISE);
    assert_int_equal(o.rig.mem.broken_rules, 0);
    assert_true(*out_status == BERTH_OK || o.request.result.message[0] != '\0');
    assert_null(o.account.logging_in);
    return openpai_told(&o, *out_status);
}

/* "..." at the end of the expected text stands for anything. */
static bool matches(const char *text, const char *expected)
{
    size_t len = strlen(expected);
    if (len > 4 && strcmp(expected + len - 4, "...\n") == 0)
        return strncmp(text, expected, len - 4) == 0;
    return strcmp(text, expected) == 0;
}

/* Cut anywhere: never a success, and what was delivered is a beginning of the whole. */
static void check_cuts(void)
{
    enum berth_status status;
    const char *elements = current.expected;
    while (elements[0] == '>')
        elements = strchr(elements, '\n') + 1;
    for (size_t cut = 0; cut < current.replies[0].wire_len; cut++) {
        const char *told = run(cut % 2 ? WHOLE : RANDOM, cut, &status);
        const char *end = strstr(told, "end ");
        bool had_enough = strcmp(current.call, "jobs_list_limited") == 0 && strcmp(told, elements) == 0;
        if (status == BERTH_OK && !had_enough)
            fail_msg("%s, cut at %zu: success with\n%s", current.name, cut, told);
        if (strstr(told, "bytes ") == NULL && strncmp(told, elements, (size_t)(end - told)) != 0)
            fail_msg("%s, cut at %zu:\n%s", current.name, cut, told);
    }
}

static void finish_case(void)
{
    static const char *const names[] = {"whole", "byte by byte", "random splits", "in steps"};
    static char text[2 * TEXT_MAX];
    enum berth_status status;
    if (current.name[0] == '\0')
        return;
    cases++;
    for (size_t i = 0; i < current.reply_count; i++)
        make_wire(&current.replies[i]);
    (void)run(WHOLE, SIZE_MAX, &status);
    (void)openpai_requests(&o);
    for (size_t i = 0; i < current.reply_count && i < o.request_count; i++)
        memcpy(current.replies[i].awaits, o.rig.out + o.ends[i] - 16, 16);
    for (unsigned i = 0; i < 6; i++) {
        enum mode mode = i < 2 ? (enum mode)i : i < 4 ? RANDOM : STEPWISE;
        const char *told = run(mode, SIZE_MAX, &status);
        (void)snprintf(text, sizeof text, "%s%s", openpai_requests(&o), told);
        if (!matches(text, current.expected)) {
            failures++;
            fprintf(stderr, "%s, %s:\n--- expected\n%s--- but was\n%s---\n", current.name, names[mode],
                    current.expected, text);
            return;
        }
    }
    if (current.reply_count == 1)
        check_cuts();
}

static void append_body(struct reply *reply, const char *p, const char *end)
{
    for (; p < end; p++) {
        assert_true(reply->body_len < sizeof reply->body);
        reply->body[reply->body_len++] = *p;
    }
}

static struct reply *last_reply(void)
{
    assert_true(current.reply_count > 0);
    return &current.replies[current.reply_count - 1];
}

static void option_line(const char *line)
{
    static const char *const credentials[] = {"token", "password", "both", "none"};
    int used = 0, status = 0;
    if (sscanf(line, "reply %d %n", &status, &used) == 1) {
        struct reply *reply = &current.replies[current.reply_count++];
        assert_true(current.reply_count <= REPLIES_MAX);
        memset(reply, 0, sizeof *reply);
        reply->status = status;
        strcpy(reply->type, line + used);
    } else if (strncmp(line, "call ", 5) == 0) {
        strcpy(current.call, line + 5);
    } else if (strncmp(line, "server ", 7) == 0) {
        openpai_server(&o, line + 7);
    } else if (strncmp(line, "work ", 5) == 0) {
        o.work_size = strtoul(line + 5, NULL, 10);
    } else if (strcmp(line, "bits 64") == 0) {
        current.name[0] = sizeof(void *) == 8 ? current.name[0] : '\0'; /* its sizes are a 64-bit machine's */
    } else if (strncmp(line, "now ", 4) == 0) {
        o.rig.mem_clock.civil_start_s = strtol(line + 4, NULL, 10);
    } else if (strncmp(line, "header ", 7) == 0) {
        strcat(last_reply()->header, line + 7);
        strcat(last_reply()->header, "\r\n");
    } else if (strcmp(line, "elsewhere") == 0) {
        last_reply()->elsewhere = true;
    } else if (strncmp(line, "account ", 8) == 0) {
        for (size_t i = 0; i < 4; i++)
            if (strcmp(line + 8, credentials[i]) == 0)
                o.credentials = (enum openpai_credentials)i;
    } else {
        assert_true(line[0] == '#' || line[0] == '\0');
    }
}

static void begin_case(const char *name)
{
    finish_case();
    memset(&current, 0, sizeof current);
    strcpy(current.name, name);
    openpai_server(&o, "g3");
    o.credentials = OPENPAI_WITH_TOKEN;
    o.work_size = 16384;
    o.rig.mem_clock.civil_start_s = 1700000000;
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
        char line[8000];
        const char *end = memchr(p, '\n', (size_t)(file_end - p));
        size_t len = (size_t)(end - p);
        assert_true(end != NULL && len < sizeof line);
        memcpy(line, p, len);
        line[len] = '\0';
        if (strncmp(line, "=== ", 4) == 0) {
            begin_case(line + 4);
            part = OPTIONS;
        } else if (strcmp(line, "<<<") == 0) {
            part = BODY;
        } else if (strcmp(line, "---") == 0) {
            part = OPTIONS;
        } else if (strcmp(line, ">>>") == 0) {
            part = EVENTS;
        } else if (part == OPTIONS) {
            option_line(line);
        } else if (part == BODY) {
            append_body(last_reply(), p, end);
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
    openpai_open(&o, 16384);
    assert_true(fixture_each("test/wire/openpai", ".txt", each_file, NULL) >= 3);
    print_message("%u cases, %u runs\n", cases, runs);
    assert_true(cases >= 60);
    assert_int_equal(failures, 0);
    openpai_close(&o);
}

/* Every operation on every kind of server: refused before anything is sent, or one request that this file's
 * cases know the shape of; never a wrong memory access. The answer is empty. */
static void every_operation_everywhere(void **state)
{
    static const char *const servers[] = {"g3", "1.2", "1.1", "1.0", "1.0-yarn", "g2-k8s", "g2-yarn", "g1"};
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"),
                                                  RIG_BYTES("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")};
    (void)state;
    openpai_open(&o, 4000);
    o.work_size = 4000;
    for (size_t s = 0; s < sizeof servers / sizeof servers[0]; s++)
        for (size_t i = 0; i < openpai_operation_count; i++) {
            openpai_server(&o, servers[s]);
            o.credentials = OPENPAI_WITH_TOKEN;
            openpai_reset(&o);
            rig_script(&o.rig, steps, 2);
            assert_int_equal(openpai_operations[i].describe(&o), BERTH_OK);
            enum berth_status status = openpai_run(&o, 0, false);
            bool sent = o.rig.mem.out_len > 0;
            if (status != BERTH_OK && o.request.result.message[0] == '\0')
                fail_msg("%s on %s: no message", openpai_operations[i].name, servers[s]);
            if (!sent && status != BERTH_OK && status != BERTH_E_NOT_PROVIDED &&
                status != BERTH_E_UNAUTHORIZED && status != BERTH_E_ARGUMENT)
                fail_msg("%s on %s: %s", openpai_operations[i].name, servers[s], berth_status_name(status));
            if (sent && status != BERTH_E_NOT_FOUND)
                fail_msg("%s on %s: %s", openpai_operations[i].name, servers[s], berth_status_name(status));
        }
    openpai_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fixtures),
                                       cmocka_unit_test(every_operation_everywhere)};
    seed = seed_start("openpai wire");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
