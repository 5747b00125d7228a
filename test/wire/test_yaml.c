/* Each document of test/wire/yaml: NAME.yaml is NAME.json, or is refused as NAME.error says. NAME.last.yaml
 * is read with last_key_wins, NAME.text.yaml with every scalar as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/yaml.h"
#include "fixture.h"
#include "guard.h"

#define FOLDER "test/wire/yaml"

static struct guard in_guard;
static struct guard out_guard;
static char room[1 << 16];

struct expected {
    char *text;
    bool refused;
    struct berth_yaml_options options;
};

static struct expected expected_of(const char *path)
{
    struct expected e = {NULL, false, {BERTH_YAML_CORE, false, NULL, 0}};
    char name[256];
    size_t stem = strlen(path) - strlen(".yaml");
    const char *base = strrchr(path, '/') + 1;
    e.refused = strncmp(base, "bad-", 4) == 0;
    e.options.last_key_wins = strstr(base, ".last.yaml") != NULL;
    e.options.types = strstr(base, ".text.yaml") != NULL ? BERTH_YAML_ALL_TEXT : BERTH_YAML_CORE;
    assert_true(stem + 16 < sizeof name);
    memcpy(name, path, stem);
    strcpy(name + stem, e.refused ? ".error" : ".json");
    size_t len;
    e.text = (char *)fixture_load(name, &len);
    assert_true(len > 0 && e.text[len - 1] == '\n');
    e.text[len - 1] = '\0';
    return e;
}

/* "line:column reason", or the JSON, as the fixture has it. */
static const char *answer(struct berth_text document, const struct berth_yaml_options *options)
{
    struct berth_writer w;
    struct berth_yaml_error error;
    berth_writer_init(&w, room, sizeof room - 1);
    if (berth_yaml_to_json(document, options, &w, &error) == BERTH_OK)
        room[w.len] = '\0';
    else
        snprintf(room, sizeof room, "%u:%u %s", (unsigned)error.line, (unsigned)error.column, error.reason);
    return room;
}

static size_t each(void (*test)(void *, const char *, const uint8_t *, size_t))
{
    return fixture_each(FOLDER, ".yaml", test, NULL);
}

/* ---- What comes out ---- */

static void check_output(const struct berth_yaml_options *options, struct berth_text document,
                         const char *json)
{
    size_t need = strlen(json);
    struct berth_writer w;
    struct berth_json_error where;
    assert_int_equal(berth_json_check(berth_text_of(json), &where), BERTH_OK);
    berth_writer_init(&w, guard_place(&out_guard, need), need);
    assert_int_equal(berth_yaml_to_json(document, options, &w, NULL), BERTH_OK);
    assert_memory_equal(w.buf, json, need);
    berth_writer_init(&w, guard_place(&out_guard, need - 1), need - 1);
    assert_int_equal(berth_yaml_to_json(document, options, &w, NULL), BERTH_E_SPACE);
    assert_int_equal(w.len, need);
    berth_writer_init(&w, NULL, 0);
    assert_int_equal(berth_yaml_to_json(document, options, &w, NULL), BERTH_E_SPACE);
    assert_int_equal(w.len, need);
}

static void whole(void *ctx, const char *path, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    struct expected e = expected_of(path);
    struct berth_text document = berth_text_make((const char *)guard_put(&in_guard, bytes, len), len);
    const char *got = answer(document, &e.options);
    if (strcmp(got, e.text) != 0)
        fail_msg("%s\nwant %s\n got %s", path, e.text, got);
    if (!e.refused)
        check_output(&e.options, document, e.text);
    free(e.text);
}

static void test_whole(void **state)
{
    (void)state;
    assert_true(each(whole) >= 200);
}

/* ---- The same document with the other line ends ---- */

static void other_ends(void *ctx, const char *path, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    if (memchr(bytes, '\r', len) != NULL)
        return;
    struct expected e = expected_of(path);
    char *crlf = malloc(2 * len + 1);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n')
            crlf[used++] = '\r';
        crlf[used++] = (char)bytes[i];
    }
    struct berth_text document = berth_text_make((const char *)guard_put(&in_guard, crlf, used), used);
    const char *got = answer(document, &e.options);
    if (strcmp(got, e.text) != 0)
        fail_msg("%s with CRLF\nwant %s\n got %s", path, e.text, got);
    free(crlf);
    free(e.text);
}

static void test_crlf(void **state)
{
    (void)state;
    each(other_ends);
}

/* ---- Cut at each byte: an answer, or a refusal with a place in the document ---- */

static void check_place(struct berth_text document, const struct berth_yaml_error *error)
{
    size_t lines = 1;
    for (size_t i = 0; i < document.len; i++)
        lines += document.ptr[i] == '\n';
    assert_in_range(error->line, 1, lines);
    assert_in_range(error->column, 1, document.len + 1);
    assert_non_null(error->reason);
}

static void cuts(void *ctx, const char *path, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    (void)path;
    for (int wins = 0; wins < 2; wins++) {
        struct berth_yaml_options options = {BERTH_YAML_CORE, wins != 0, NULL, 0};
        for (size_t cut = 0; cut < len; cut++) {
            struct berth_text document = berth_text_make((const char *)guard_put(&in_guard, bytes, cut), cut);
            struct berth_writer w;
            struct berth_yaml_error error = {0, 0, NULL};
            berth_writer_init(&w, room, sizeof room);
            enum berth_status status = berth_yaml_to_json(document, &options, &w, &error);
            if (status == BERTH_OK)
                assert_int_equal(berth_json_check(berth_writer_text(&w), NULL), BERTH_OK);
            else
                check_place(document, &error);
        }
    }
}

static void test_cut(void **state)
{
    (void)state;
    each(cuts);
}

/* ---- Events: nesting, places and spans ---- */

struct place {
    size_t offset;
    unsigned line;
    unsigned column;
};

static void advance(struct place *at, struct berth_text document, size_t offset)
{
    for (; at->offset < offset; at->offset++) {
        if (document.ptr[at->offset] == '\n') {
            at->line++;
            at->column = 1;
        } else {
            at->column += ((unsigned char)document.ptr[at->offset] & 0xC0) != 0x80;
        }
    }
}

static void check_event(const struct berth_yaml_event *ev, struct berth_text document, struct place *at)
{
    struct berth_writer w;
    bool end = ev->type == BERTH_YAML_MAPPING_END || ev->type == BERTH_YAML_SEQUENCE_END;
    assert_true(ev->start <= ev->end && ev->end <= document.len);
    if (!end && ev->type != BERTH_YAML_END) {
        assert_true(ev->start >= at->offset);
        advance(at, document, ev->start);
        assert_int_equal(ev->line, at->line);
        assert_int_equal(ev->column, at->column);
    }
    if (ev->type != BERTH_YAML_KEY && ev->type != BERTH_YAML_SCALAR)
        return;
    berth_writer_init(&w, room, sizeof room);
    berth_yaml_put_text(&w, ev);
    assert_int_equal(berth_writer_status(&w), BERTH_OK);
    assert_true(berth_text_is_utf8(berth_writer_text(&w), NULL));
    assert_true(berth_yaml_text_equal(ev, berth_writer_text(&w)));
    assert_false(berth_yaml_text_equal(ev, berth_text_make(room, w.len + 1)));
    if (w.len > 0)
        assert_false(berth_yaml_text_equal(ev, berth_text_make(room, w.len - 1)));
    if (ev->text.ptr != NULL)
        assert_true(berth_text_equal(ev->text, berth_writer_text(&w)));
}

static void events(void *ctx, const char *path, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    struct berth_text document = berth_text_make((const char *)guard_put(&in_guard, bytes, len), len);
    struct berth_yaml_reader r;
    struct berth_yaml_event ev;
    struct place at = {len >= 3 && bytes[0] == 0xEF ? 3 : 0, 1, 1};
    int depth = 0;
    if (strstr(path, "/bad-") != NULL)
        return;
    assert_int_equal(berth_yaml_reader_init(&r, document, NULL, 0), BERTH_OK);
    do {
        assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
        depth -= ev.type == BERTH_YAML_MAPPING_END || ev.type == BERTH_YAML_SEQUENCE_END;
        assert_int_equal(ev.depth, depth);
        depth += ev.type == BERTH_YAML_MAPPING_START || ev.type == BERTH_YAML_SEQUENCE_START;
        check_event(&ev, document, &at);
    } while (ev.type != BERTH_YAML_END);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
    assert_int_equal(ev.type, BERTH_YAML_END);
}

static void test_events(void **state)
{
    (void)state;
    each(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_crlf),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_events),
    };
    guard_open(&in_guard, 1 << 16);
    guard_open(&out_guard, 1 << 16);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_close(&in_guard);
    guard_close(&out_guard);
    return failed;
}
