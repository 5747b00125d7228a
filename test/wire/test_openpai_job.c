/* OpenPAI job documents: the wire page's examples, emission, and what a server's hiding of secrets leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/openpai_job.h"
#include "berth/openpai_job_fields.h"
#include "fixture.h"
#include "guard.h"
#include "json_random.h"
#include "seed.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define FOLDER "test/wire/openpai_job/"

static char memory[BERTH_OPENPAI_JOB_MEMORY];

static struct berth_openpai_document read_document(struct berth_text source)
{
    struct berth_openpai_document document;
    struct berth_yaml_error error;
    enum berth_status status =
        berth_openpai_document_read(&document, source, memory, sizeof memory, NULL, &error);
    if (status != BERTH_OK)
        fail_msg("%u:%u: %s in\n%.*s", (unsigned)error.line, (unsigned)error.column, error.reason,
                 (int)source.len, source.ptr);
    return document;
}

static enum berth_status show(void *ctx, const struct berth_openpai_finding *finding)
{
    (void)ctx;
    print_message("%.*s: %.*s\n", (int)finding->path.len, finding->path.ptr, (int)finding->text.len,
                  finding->text.ptr);
    return BERTH_OK;
}

/* Errors of SOURCE, and its warnings. */
static size_t errors_of(struct berth_text source, size_t *out_warnings)
{
    struct berth_openpai_document document = read_document(source);
    struct berth_openpai_check check = {.finding = NULL};
    struct berth_openpai_check shown = {.finding = show};
    (void)!berth_openpai_document_check(&document, &check);
    if (check.errors > 0)
        (void)!berth_openpai_document_check(&document, &shown);
    *out_warnings = check.warnings;
    return check.errors;
}

static struct berth_text load(const char *name)
{
    char path[200];
    size_t len;
    snprintf(path, sizeof path, FOLDER "%s", name);
    uint8_t *bytes = fixture_load(path, &len);
    return berth_text_make((char *)bytes, len);
}

static void drop(struct berth_text text)
{
    free((void *)(uintptr_t)text.ptr);
}

/* What is to be sent for SOURCE. */
static struct berth_text written(struct berth_text source, char *buf, size_t cap)
{
    struct berth_openpai_document document = read_document(source);
    struct berth_writer count = {0}, w;
    assert_int_equal(berth_openpai_document_write(&document, &count), BERTH_E_SPACE);
    berth_writer_init(&w, buf, cap);
    assert_int_equal(berth_openpai_document_write(&document, &w), BERTH_OK);
    assert_int_equal(w.len, count.len);
    return berth_writer_text(&w);
}

/* ---- The page's examples ---------------------------------------------------------------------- */

static void examples(void **state)
{
    static const struct {
        const char *name;
        enum berth_openpai_protocol protocol;
        bool safe;
        size_t errors;
    } table[] = {
        {"two_roles.yaml", BERTH_OPENPAI_V2, true, 0}, {"secrets.yaml", BERTH_OPENPAI_V2, true, 0},
        {"full.yaml", BERTH_OPENPAI_V2, true, 0},      {"demo_v1.json", BERTH_OPENPAI_V1, true, 0},
        {"full_v1.json", BERTH_OPENPAI_V1, true, 0},   {"as_returned.json", BERTH_OPENPAI_V2, false, 1},
    };
    static char first[100000], second[100000];
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_text source = load(table[i].name);
        size_t warnings;
        struct berth_openpai_document document = read_document(source);
        assert_int_equal(document.protocol, table[i].protocol);
        assert_int_equal(berth_openpai_document_is_safe(&document), table[i].safe);
        assert_int_equal(errors_of(source, &warnings), table[i].errors);
        if (table[i].errors == 0)
            assert_int_equal(warnings, 0);
        /* Written anew it is the same, and stays so. */
        struct berth_text once = written(source, first, sizeof first);
        if (table[i].errors == 0)
            assert_int_equal(errors_of(once, &warnings), 0);
        struct berth_text twice = written(once, second, sizeof second);
        assert_true(berth_text_equal(once, twice));
        document = read_document(once);
        if (table[i].errors == 0)
            assert_true(berth_openpai_document_is_safe(&document));
        drop(source);
    }
}

static void emission_to_the_byte(void **state)
{
    static const struct {
        const char *source;
        const char *written;
    } table[] = {
        {"protocolVersion: 2\nsecrets:\n  pw: a\n", "protocolVersion: 2\nsecrets: {\"pw\":\"a\"}\n"},
        {"{\"protocolVersion\":2,\"secrets\":{\"pw\":\"\\u0000\\u007f\\u0085\\u2028\\ufeff\\ud83d\\ude80/"
         "\\/\"}}",
         "protocolVersion: 2\nsecrets: {\"pw\":\"\\u0000\\u007f\\u0085\\u2028\\ufeff\xf0\x9f\x9a\x80//\"}\n"},
        {"protocolVersion: \"2\"\nn: [1.0, 1e3, 0x10, 'yes', yes, ~, \"\"]\n",
         "protocolVersion: \"2\"\nn: [1.0,1e3,16,\"yes\",\"yes\",null,\"\"]\n"},
        {"protocolVersion: 2\ntaskRoles: {a: {}, b: {gpu: 1}, c: {instances: 2}, d: 5}\n",
         "protocolVersion: 2\ntaskRoles: {\"a\":{\"instances\":1},\"b\":{\"instances\":1,\"gpu\":1},\"c\":{"
         "\"instances\":2},\"d\":5}\n"},
        {"protocolVersion: 2\ntaskRoles: {}\n", "protocolVersion: 2\ntaskRoles: {}\n"},
        {"protocolVersion: 2\ntext: |\n  secrets: no\n  \"quoted\"\n",
         "protocolVersion: 2\ntext: \"secrets: no\\n\\\"quoted\\\"\\n\"\n"},
        {" { \"image\" : \"a\" , \"taskRoles\" : [ ] } ", "{\"image\":\"a\",\"taskRoles\":[]}"},
        {"image: a\ntaskRoles: []\n", "{\"image\":\"a\",\"taskRoles\":[]}"},
    };
    char buf[1000];
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_text text = written(berth_text_of(table[i].source), buf, sizeof buf);
        if (!berth_text_equal(text, berth_text_of(table[i].written)))
            fail_msg("%s\nbecame\n%.*s\ninstead of\n%s", table[i].source, (int)text.len, text.ptr,
                     table[i].written);
    }
    struct berth_writer w;
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_emit_v2(BERTH_TEXT(" { \"a\" : 1,\n\"b\":[ 2 ]} "), &w), BERTH_OK);
    assert_true(berth_text_equal(berth_writer_text(&w), BERTH_TEXT("a: 1\nb: [2]\n")));
    assert_int_equal(berth_openpai_emit_v2(BERTH_TEXT("[]"), &w), BERTH_E_TYPE);
    assert_int_equal(berth_openpai_emit_v2(BERTH_TEXT("{\"a b\":1}"), &w), BERTH_E_ARGUMENT);
    assert_int_equal(berth_openpai_emit_v2(BERTH_TEXT("{\"a\":1"), &w), BERTH_E_TRUNCATED);
}

/* ---- Secrets ---------------------------------------------------------------------------------- */

static bool is_word_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* A line begins at I: JavaScript's idea of it, as the server's pattern has. */
static bool begins_line(struct berth_text text, size_t i)
{
    struct berth_text before = berth_text_slice(text, 0, i);
    return i == 0 || text.ptr[i - 1] == '\n' || text.ptr[i - 1] == '\r' ||
           berth_text_ends(before, BERTH_TEXT("\xe2\x80\xa8")) ||
           berth_text_ends(before, BERTH_TEXT("\xe2\x80\xa9"));
}

/* What the server stores: without an unquoted `secrets:` in the first column, up to the next line that begins
 * with a word. */
static size_t masked(struct berth_text text, char *out)
{
    size_t len = 0;
    bool inside = false;
    for (size_t i = 0; i < text.len; i++) {
        if (begins_line(text, i)) {
            struct berth_text rest = berth_text_slice(text, i, text.len);
            if (inside && is_word_byte(text.ptr[i]))
                inside = false;
            if (berth_text_starts(rest, BERTH_TEXT("secrets:")))
                inside = true;
        }
        if (!inside)
            out[len++] = text.ptr[i];
    }
    out[len] = '\0';
    return len;
}

/* Whether after the server's hiding no secret is left, and everything else is. */
static bool stays_hidden(struct berth_text text)
{
    static char left[100000];
    static char json[200000];
    masked(text, left);
    if (strstr(left, "SECRET") != NULL)
        return false;
    struct berth_writer w;
    berth_writer_init(&w, json, sizeof json);
    if (berth_yaml_to_json(berth_text_of(left), NULL, &w, NULL) != BERTH_OK)
        return false;
    struct berth_text rest = berth_writer_text(&w);
    return berth_text_find(rest, BERTH_TEXT("\"secrets\"")) == SIZE_MAX &&
           berth_text_find(rest, BERTH_TEXT("\"marker\"")) != SIZE_MAX;
}

static void as_they_stand(void **state)
{
    static const struct {
        const char *source;
        bool safe;
    } table[] = {
        {"protocolVersion: 2\nsecrets:\n  pw: SECRET\nmarker: 1\n", true},
        {"protocolVersion: 2\nsecrets: {pw: SECRET}\nmarker: 1\n", true},
        {"protocolVersion: 2\nmarker: 1\nsecrets:\n  pw: SECRET\n", true},
        {"protocolVersion: 2\r\nsecrets:\r\n  pw: SECRET\r\nmarker: 1\r\n", true},
        {"protocolVersion: 2\nsecrets:\n# comment\n  pw: |\n    SECRET\n\n    more\nmarker: 1\n", true},
        {"---\nprotocolVersion: 2\nsecrets:\n  pw: SECRET\nmarker: 1\n", true},
        {"secrets:\n  pw: SECRET\nprotocolVersion: 2\nmarker: 1\n", true},
        {"\"protocolVersion\": 2\nsecrets:\n  pw: SECRET\nmarker: 1\n", true},
        {"protocolVersion: 2\n\"secrets\":\n  pw: SECRET\nmarker: 1\n", false},
        {"protocolVersion: 2\n'secrets': {pw: SECRET}\nmarker: 1\n", false},
        {"protocolVersion: 2\nsecrets :\n  pw: SECRET\nmarker: 1\n", false},
        {"  protocolVersion: 2\n  secrets:\n    pw: SECRET\n  marker: 1\n", false},
        {"{protocolVersion: 2, secrets: {pw: SECRET}, marker: 1}\n", false},
        {"{protocolVersion: 2,\nsecrets: {pw: SECRET},\nmarker: 1}\n", false},
        {"{\"protocolVersion\":2,\"secrets\":{\"pw\":\"SECRET\"},\"marker\":1}", false},
        {"protocolVersion: 2\nsecrets:\n  pw: SECRET\n\"marker\": 1\n", false},
        {"protocolVersion: 2\nsecrets:\n  pw: SECRET\n\"other\": 1\nmarker: 1\n", false},
        {"protocolVersion: 2\nsecrets:\n  pw: x\xe2\x80\xa8SECRET\nmarker: 1\n", false},
        {"protocolVersion: 2\nother: \"x\xe2\x80\xa9secrets: y\"\nsecrets: {pw: SECRET}\nmarker: 1\n", false},
        {"protocolVersion: 2\nsecrets: {pw: SECRET}\nmarker: 1\nsecrets:x: 1\n", false},
        {"\xef\xbb\xbfsecrets:\n  pw: SECRET\nprotocolVersion: 2\nmarker: 1\n", false},
    };
    static char buf[100000];
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_text source = berth_text_of(table[i].source);
        struct berth_openpai_document document = read_document(source);
        if (berth_openpai_document_is_safe(&document) != table[i].safe)
            fail_msg("%s", table[i].source);
        /* What is called safe is; what is written always is. */
        if (table[i].safe && !stays_hidden(source))
            fail_msg("shown: %s", table[i].source);
        if (strstr(table[i].source, "secrets:x") == NULL) /* that is no member, and cannot be written */
            assert_true(stays_hidden(written(source, buf, sizeof buf)));
    }
}

static void random_secrets(void **state)
{
    static char source[60000], buf[100000], text[20000];
    uint64_t seed = seed_start("openpai_job");
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct berth_writer w;
        struct berth_json_writer json;
        berth_writer_init(&w, source, sizeof source);
        berth_json_writer_init(&json, &w);
        berth_json_begin_object(&json);
        berth_json_put_name(&json, BERTH_TEXT("protocolVersion"));
        berth_json_put_i64(&json, 2);
        berth_json_put_name(&json, BERTH_TEXT("secrets"));
        berth_json_begin_object(&json);
        berth_json_put_name(&json, BERTH_TEXT("SECRET"));
        size_t len = json_random_string(&seed, text, 100);
        berth_json_put_text(&json, berth_text_make(text, len));
        berth_json_end_object(&json);
        berth_json_put_name(&json, BERTH_TEXT("marker"));
        json_random_value(&seed, &json, 30);
        berth_json_end_object(&json);
        struct berth_openpai_document document;
        if (berth_json_done(&json) != BERTH_OK)
            continue;
        /* Repeated names are refused, and so are deeper ones than YAML's. */
        if (berth_openpai_document_read(&document, berth_writer_text(&w), memory, sizeof memory, NULL,
                                        NULL) != BERTH_OK)
            continue;
        struct berth_text once = written(berth_writer_text(&w), buf, sizeof buf);
        assert_true(stays_hidden(once));
        document = read_document(once);
        assert_true(berth_openpai_document_is_safe(&document));
    }
}

/* ---- Cut -------------------------------------------------------------------------------------- */

static void cut_at_each_byte(void **state)
{
    static const char *const names[] = {"two_roles.yaml", "secrets.yaml", "demo_v1.json", "cache.json",
                                        "as_returned.json"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct berth_text source = load(names[i]);
        struct guard guard;
        guard_open(&guard, source.len);
        for (size_t len = 0; len <= source.len; len++) {
            struct berth_openpai_document document;
            struct berth_openpai_check check = {.finding = NULL};
            const char *cut = (const char *)guard_put(&guard, source.ptr, len);
            if (berth_openpai_document_read(&document, berth_text_make(cut, len), memory, sizeof memory, NULL,
                                            NULL) != BERTH_OK)
                continue;
            enum berth_status status = berth_openpai_document_check(&document, &check);
            assert_true(status == BERTH_OK || status == BERTH_E_BAD_REQUEST);
            (void)berth_openpai_document_is_safe(&document);
        }
        guard_close(&guard);
        drop(source);
    }
}

/* ---- Fields ----------------------------------------------------------------------------------- */

/* The fixture with every member becomes structs, and these become the same JSON again. */
static void every_field(void **state)
{
    static char buf[20000], again[20000];
    struct berth_text source = load("full.yaml");
    struct berth_openpai_document document = read_document(source);
    struct berth_text json = document.json.document;
    struct berth_openpai_v2_job job;
    struct berth_openpai_v2_role role;
    struct berth_json_list item;
    struct berth_text name;
    struct berth_decode_error error;
    (void)state;
    memcpy(buf, json.ptr, json.len);
    enum berth_status status = berth_fields_decode(&berth_openpai_v2_job_shape, buf, json.len, &job, &error);
    if (status != BERTH_OK)
        fail_msg("%.*s: %s", (int)error.member.len, error.member.ptr, error.at.reason);
    assert_int_equal(job.present, (1u << 14) - 1);
    assert_int_equal(job.extras.present, (1u << 7) - 1);
    assert_int_equal(job.extras.notification.present, (1u << 5) - 1);
    assert_int_equal(job.extras.hived.present, (1u << 5) - 1);
    assert_true(berth_text_equal(job.name, BERTH_TEXT("full_job-1")));
    assert_true(berth_text_equal(job.protocol_version, BERTH_TEXT("2")));
    assert_int_equal(job.prerequisites.count, 4);
    assert_int_equal(berth_json_list_next(&job.task_roles, &name, &item), BERTH_OK);
    assert_true(berth_text_equal(name, BERTH_TEXT("worker")));
    assert_int_equal(
        berth_fields_decode_checked(&berth_openpai_v2_role_shape, item.ptr, item.len, &role, &error),
        BERTH_OK);
    assert_int_equal(role.present, (1u << 11) - 1); /* all but protocolVersion */
    assert_int_equal(role.resource.memory_mb, 16384);
    assert_int_equal(role.completion.min_succeeded, -1);
    assert_int_equal(role.container.shm_mb, 2048);
    /* A role written from its struct says the same. */
    struct berth_writer w;
    struct berth_json_writer writer;
    berth_writer_init(&w, again, sizeof again);
    berth_json_writer_init(&writer, &w);
    berth_fields_encode(&berth_openpai_v2_role_shape, &role, &writer);
    assert_int_equal(berth_json_done(&writer), BERTH_OK);
    struct berth_openpai_v2_role copy;
    assert_int_equal(berth_fields_decode(&berth_openpai_v2_role_shape, again, w.len, &copy, &error),
                     BERTH_OK);
    assert_int_equal(copy.present, role.present);
    assert_int_equal(copy.commands.count, 2);
    drop(source);

    source = load("full_v1.json");
    struct berth_openpai_v1_job v1;
    struct berth_openpai_v1_role v1_role;
    struct berth_openpai_v1_port port;
    status = berth_fields_decode(&berth_openpai_v1_job_shape, (char *)(uintptr_t)source.ptr, source.len, &v1,
                                 &error);
    assert_int_equal(status, BERTH_OK);
    assert_int_equal(v1.present | BERTH_OPENPAI_V1_JOB_HAS_KILL_ALL_ON_COMPLETED_TASK_NUMBER, (1u << 13) - 1);
    assert_int_equal(berth_json_list_decode(&v1.task_roles, &berth_openpai_v1_role_shape, &v1_role, &error),
                     BERTH_OK);
    assert_int_equal(v1_role.present, (1u << 10) - 1);
    assert_int_equal(berth_json_list_decode(&v1_role.port_list, &berth_openpai_v1_port_shape, &port, &error),
                     BERTH_OK);
    assert_int_equal(port.port_number, 2);
    drop(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),         cmocka_unit_test(emission_to_the_byte),
        cmocka_unit_test(as_they_stand),    cmocka_unit_test(random_secrets),
        cmocka_unit_test(cut_at_each_byte), cmocka_unit_test(every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
