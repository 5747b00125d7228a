/* JSON to YAML: styles to the byte, limits, and random documents that come back as they were. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "berth/yaml.h"
#include "guard.h"
#include "json_random.h"
#include "seed.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char yaml[400000], back[400000];

static struct berth_text to_yaml(struct berth_text json)
{
    struct berth_writer count = {0}, w;
    enum berth_status status = berth_yaml_from_json(json, &count);
    if (status != BERTH_E_SPACE)
        fail_msg("%.*s: %s", (int)json.len, json.ptr, berth_status_name(status));
    berth_writer_init(&w, yaml, sizeof yaml);
    assert_int_equal(berth_yaml_from_json(json, &w), BERTH_OK);
    assert_int_equal(w.len, count.len);
    return berth_writer_text(&w);
}

static struct berth_text to_json(struct berth_text text)
{
    static struct berth_yaml_key keys[20000];
    const struct berth_yaml_options options = {.keys = keys, .key_cap = COUNT(keys)};
    struct berth_yaml_error error;
    struct berth_writer w;
    berth_writer_init(&w, back, sizeof back);
    if (berth_yaml_to_json(text, &options, &w, &error) != BERTH_OK)
        fail_msg("%u:%u: %s in\n%.*s", (unsigned)error.line, (unsigned)error.column, error.reason,
                 (int)text.len, text.ptr);
    return berth_writer_text(&w);
}

static void styles(void **state)
{
    static const struct {
        const char *json;
        const char *yaml;
    } table[] = {
        {"null", "null\n"},
        {" -0.5e+3 ", "-0.5e+3\n"},
        {"{}", "{}\n"},
        {"[ ]", "[]\n"},
        {"\"a\\nb\"", "|-\n  a\n  b\n"},
        {"{\"a\":1,\"b\":[],\"c\":{},\"d\":[true,null],\"e\":{\"f\":\"g\"}}",
         "a: 1\nb: []\nc: {}\nd:\n  - true\n  - null\ne:\n  f: g\n"},
        {"[[1,[2]],[{\"a\":1,\"b\":[3]},{}]]", "- - 1\n  - - 2\n- - a: 1\n    b:\n      - 3\n  - {}\n"},
        /* texts that every reader takes as they are */
        {"[\"word\",\"two words\",\"example/torch:2\",\"/a/b.c\",\"a - b\",\"x=1,y=2\",\"k8s-1\"]",
         "- word\n- two words\n- example/torch:2\n- /a/b.c\n- a - b\n- x=1,y=2\n- k8s-1\n"},
        /* and those that need quotes */
        {"[\"\",\"1\",\"1.0\",\"010\",\"true\",\"Yes\",\"NULL\",\"n\",\"~\",\"a: b\",\"a #b\",\"a:\",\" "
         "a\",\"a "
         "\",\"- a\",\"{a}\",\"a'b\",\"\\\"\",\"\\\\\",\"\\t\",\"2020-01-01\",\"1:30\",\"*a\",\"!a\",\"%a\","
         "\"a  b\",\"\xc3\xa9\",\"\\u007f\",\".5\",\"-1\"]",
         "- \"\"\n- \"1\"\n- \"1.0\"\n- \"010\"\n- \"true\"\n- \"Yes\"\n- \"NULL\"\n- \"n\"\n- \"~\"\n- \"a: "
         "b\"\n- \"a #b\"\n- \"a:\"\n- \" a\"\n- \"a \"\n- \"- a\"\n- \"{a}\"\n- \"a'b\"\n- \"\\\"\"\n- "
         "\"\\\\\"\n- \"\\t\"\n- \"2020-01-01\"\n- \"1:30\"\n- \"*a\"\n- \"!a\"\n- \"%a\"\n- \"a  b\"\n- "
         "\"\xc3\xa9\"\n- \"\\u007f\"\n- \".5\"\n- \"-1\"\n"},
        /* names */
        {"{\"a b\":1,\"c:d\":2,\"\":3,\"no\":4,\"1\":5,\"a.b/c\":6,\"\\u0061x\":7,\"l\\n\":8}",
         "\"a b\": 1\n\"c:d\": 2\n\"\": 3\n\"no\": 4\n\"1\": 5\na.b/c: 6\nax: 7\n\"l\\n\": 8\n"},
        /* lines */
        {"{\"a\":\"x\\ny\",\"b\":\"x\\ny\\n\",\"c\":\"x\\n\\n\",\"d\":\"x\\n\\n  \\\"y\\\" # z: "
         "\\\\\",\"e\":1}",
         "a: |-\n  x\n  y\nb: |\n  x\n  y\nc: |+\n  x\n\nd: \"x\\n\\n  \\\"y\\\" # z: \\\\\"\ne: 1\n"},
        {"[[\"x: 1\\n# y\"]]", "- - |-\n    x: 1\n    # y\n"},
        {"[\" x\\ny\",\"\\nx\",\"x\\r\\ny\",\"x\\ty\\n\",\"\\n\"]",
         "- \" x\\ny\"\n- \"\\nx\"\n- \"x\\r\\ny\"\n- \"x\\ty\\n\"\n- \"\\n\"\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        size_t len = strlen(table[i].json);
        char *json = guard_copy(table[i].json, len);
        struct berth_text text = to_yaml(berth_text_make(json, len));
        if (!berth_text_equal(text, berth_text_of(table[i].yaml)))
            fail_msg("%s became\n%.*s\ninstead of\n%s", table[i].json, (int)text.len, text.ptr,
                     table[i].yaml);
        to_json(text);
        guard_free(json);
    }
}

static void refusals(void **state)
{
    static char json[3000];
    struct berth_writer w;
    (void)state;
    berth_writer_init(&w, yaml, sizeof yaml);
    assert_int_equal(berth_yaml_from_json(BERTH_TEXT("{\"a\":1"), &w), BERTH_E_TRUNCATED);
    assert_int_equal(berth_yaml_from_json(BERTH_TEXT("{a:1}"), &w), BERTH_E_SYNTAX);
    assert_int_equal(berth_yaml_from_json(BERTH_TEXT("[\"\\ud800\"]"), &w), BERTH_E_UTF8);
    assert_int_equal(berth_yaml_from_json(BERTH_TEXT("{\"\\ud800\":1}"), &w), BERTH_E_UTF8);
    for (size_t depth = 1; depth <= BERTH_YAML_DEPTH_MAX + 1; depth++) {
        memset(json, '[', depth);
        json[depth] = '1';
        memset(json + depth + 1, ']', depth);
        struct berth_text text = berth_text_make(json, 2 * depth + 1);
        berth_writer_init(&w, yaml, sizeof yaml);
        enum berth_status status = berth_yaml_from_json(text, &w);
        assert_int_equal(status, depth <= BERTH_YAML_DEPTH_MAX ? BERTH_OK : BERTH_E_DEPTH);
        if (status == BERTH_OK)
            assert_true(berth_text_equal(to_json(berth_writer_text(&w)), text));
    }
    for (size_t len = 1000; len <= 1100; len++) {
        size_t at = (size_t)snprintf(json, sizeof json, "{\"");
        memset(json + at, 'k', len);
        at += len;
        at += (size_t)snprintf(json + at, sizeof json - at, "\":1}");
        berth_writer_init(&w, yaml, sizeof yaml);
        enum berth_status status = berth_yaml_from_json(berth_text_make(json, at), &w);
        assert_int_equal(status, len + 2 <= 1024 ? BERTH_OK : BERTH_E_RANGE);
        if (status == BERTH_OK)
            to_json(berth_writer_text(&w));
    }
}

/* Pieces that are special somewhere. */
static size_t odd_text(uint64_t *seed, char *buf)
{
    static const char *const pieces[] = {
        "a",   "B",  "word", " ",    "  ",   ":", ": ", "#",    " #",       "-",           "- ", "\n", "\n\n",
        "\\",  "\"", "'",    "[",    "]",    "{", "}",  ",",    "&",        "*",           "!",  "|",  ">",
        "%",   "@",  "`",    "?",    "1",    "0", ".",  "true", "no",       "~",           "=",  "/",  "---",
        "...", "\t", "\r",   "\x01", "\x7f", "é", "日", "😀",    "\xc2\x85", "\xe2\x80\xa8"};
    size_t len = 0;
    for (size_t count = seed_below(seed, 8); count > 0; count--) {
        const char *piece = pieces[seed_below(seed, COUNT(pieces))];
        memcpy(buf + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return len;
}

static void odd_value(uint64_t *seed, struct berth_json_writer *w, unsigned depth)
{
    char text[100], name[120];
    size_t kind = seed_below(seed, depth > 0 ? 4 : 2);
    size_t count = seed_below(seed, 4);
    if (kind < 2) {
        berth_json_put_text(w, berth_text_make(text, odd_text(seed, text)));
    } else if (kind == 2) {
        berth_json_begin_array(w);
        for (size_t i = 0; i < count; i++)
            odd_value(seed, w, depth - 1);
        berth_json_end_array(w);
    } else {
        berth_json_begin_object(w);
        for (size_t i = 0; i < count; i++) {
            size_t len = odd_text(seed, name);
            name[len] = (char)('a' + i); /* no name twice */
            berth_json_put_name(w, berth_text_make(name, len + 1));
            odd_value(seed, w, depth - 1);
        }
        berth_json_end_object(w);
    }
}

static void comes_back(void **state)
{
    static char json[200000];
    uint64_t seed = seed_start("yaml_write");
    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct berth_writer w;
        struct berth_json_writer writer;
        berth_writer_init(&w, json, sizeof json);
        berth_json_writer_init(&writer, &w);
        if (i % 3 == 0)
            json_random_value(&seed, &writer, 40);
        else
            odd_value(&seed, &writer, 5);
        if (berth_json_done(&writer) != BERTH_OK)
            continue;
        struct berth_text text = berth_writer_text(&w);
        struct berth_writer out;
        berth_writer_init(&out, yaml, sizeof yaml);
        enum berth_status status = berth_yaml_from_json(text, &out);
        if (status == BERTH_E_DEPTH || status == BERTH_E_RANGE)
            continue;
        assert_int_equal(status, BERTH_OK);
        struct berth_yaml_options options = {.last_key_wins = true};
        struct berth_writer again;
        struct berth_yaml_error error;
        berth_writer_init(&again, back, sizeof back);
        status = berth_yaml_to_json(berth_writer_text(&out), &options, &again, &error);
        if (status != BERTH_OK)
            fail_msg("%u:%u: %s in\n%.*s", (unsigned)error.line, (unsigned)error.column, error.reason,
                     (int)out.len, yaml);
        if (i % 3 != 0 && !berth_text_equal(berth_writer_text(&again), text))
            fail_msg("%.*s\nbecame\n%.*s\nand\n%.*s", (int)text.len, text.ptr, (int)out.len, yaml,
                     (int)again.len, back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(styles),
        cmocka_unit_test(refusals),
        cmocka_unit_test(comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
