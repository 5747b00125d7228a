/* The YAML reader's own interface: events, spans, key memory, bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/yaml.h"
#include "guard.h"
#include "seed.h"

static char room[1 << 20];
static struct guard in_guard;

static void must_be(const char *document, const struct berth_yaml_options *options, const char *json)
{
    struct berth_writer w;
    struct berth_yaml_error error;
    berth_writer_init(&w, room, sizeof room - 1);
    if (berth_yaml_to_json(berth_text_of(document), options, &w, &error) != BERTH_OK)
        fail_msg("%s: %u:%u %s", document, (unsigned)error.line, (unsigned)error.column, error.reason);
    room[w.len] = '\0';
    assert_string_equal(room, json);
}

/* ---- Scalars, one a row: as JSON, by the core schema and as text ---- */

static void test_scalars(void **state)
{
    static const struct {
        const char *yaml, *core, *text;
    } ROWS[] = {
        {"", "null", "null"},
        {"~", "null", "\"~\""},
        {"null", "null", "\"null\""},
        {"nul", "\"nul\"", "\"nul\""},
        {"True", "true", "\"True\""},
        {"FALSE", "false", "\"FALSE\""},
        {"truE", "\"truE\"", "\"truE\""},
        {"+1", "1", "\"+1\""},
        {"0x1F", "31", "\"0x1F\""},
        {"0X1F", "\"0X1F\"", "\"0X1F\""},
        {"1.", "1.0", "\"1.\""},
        {".5", "0.5", "\".5\""},
        {"010", "10", "\"010\""},
        {"-007.50", "-7.50", "\"-007.50\""},
        {"0o10", "8", "\"0o10\""},
        {"1e3", "1e3", "\"1e3\""},
        {"1e", "\"1e\"", "\"1e\""},
        {"+", "\"+\"", "\"+\""},
        {"0", "0", "\"0\""},
        {"-0", "-0", "\"-0\""},
        {"0x", "\"0x\"", "\"0x\""},
        {"12e03", "12e03", "\"12e03\""},
        {"'1'", "\"1\"", "\"1\""},
        {"\"\"", "\"\"", "\"\""},
    };
    static const struct berth_yaml_options TEXT = {BERTH_YAML_ALL_TEXT, false, NULL, 0};
    char line[64];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char want[64];
        snprintf(line, sizeof line, "k: %s\n", ROWS[i].yaml);
        snprintf(want, sizeof want, "{\"k\":%s}", ROWS[i].core);
        must_be(line, NULL, want);
        snprintf(want, sizeof want, "{\"k\":%s}", ROWS[i].text);
        must_be(line, &TEXT, want);
    }
    must_be("k: .inf\nl: .NaN", &TEXT, "{\"k\":\".inf\",\"l\":\".NaN\"}");
}

/* ---- Events ---- */

static const char *const TYPES[] = {"end", "{", "}", "[", "]", "key", "is"};
static const char STYLES[] = "p'\"|>bf";

/* All events as one text: type, style, place, span and characters of each. */
static void write_events(struct berth_text document, struct berth_writer *w)
{
    struct berth_yaml_reader r;
    struct berth_yaml_event ev;
    char head[80];
    assert_int_equal(berth_yaml_reader_init(&r, document, NULL, 0), BERTH_OK);
    do {
        assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
        snprintf(head, sizeof head, "%u:%u %s%c%zu-%zu", (unsigned)ev.line, (unsigned)ev.column,
                 TYPES[ev.type], STYLES[ev.style], ev.start, ev.end);
        berth_put_string(w, head);
        if (ev.type == BERTH_YAML_KEY || ev.type == BERTH_YAML_SCALAR) {
            berth_put_char(w, '=');
            berth_yaml_put_text(w, &ev);
        }
        berth_put_char(w, '\n');
    } while (ev.type != BERTH_YAML_END);
    berth_put_char(w, '\0');
}

static void test_events(void **state)
{
    static const char DOCUMENT[] = "# é\n"
                                   "'a': [x, \"\\x79\"] # c\n"
                                   "b:\n"
                                   "- {k: }\n"
                                   "- |\n"
                                   "  t\n"
                                   "\n"
                                   "é: ~\n";
    struct berth_writer w;
    (void)state;
    berth_writer_init(&w, room, sizeof room);
    write_events(berth_text_of(DOCUMENT), &w);
    assert_string_equal(room, "2:1 {b5-5\n"
                              "2:1 key'5-8=a\n"
                              "2:6 [f10-10\n"
                              "2:7 isp11-12=x\n"
                              "2:10 is\"14-20=y\n"
                              "2:17 ]f21-21\n"
                              "3:1 keyp26-27=b\n"
                              "4:1 [b29-29\n"
                              "4:3 {f31-31\n"
                              "4:4 keyp32-33=k\n"
                              "4:6 isp34-34=\n"
                              "4:8 }f36-36\n"
                              "5:3 is|39-46=t\n\n"
                              "8:1 ]b46-46\n"
                              "8:1 keyp46-48=é\n"
                              "8:4 isp50-51=~\n"
                              "9:1 }b51-51\n"
                              "9:1 endp52-52\n");
}

/* What issue 3 does: changes one user's block and keeps all other bytes. */
static void test_replace_block(void **state)
{
    static const char DOCUMENT[] = "# users\n"
                                   "alice: # first\n"
                                   "  password: 'x'\n"
                                   "\n"
                                   "# about bob\n"
                                   "bob:\n"
                                   "  password: |\n"
                                   "    y\n"
                                   "  port: 22   # ssh\n"
                                   "\n"
                                   "carol: {password: z}\n";
    struct berth_yaml_reader r;
    struct berth_yaml_event ev, last;
    struct berth_text document = berth_text_of(DOCUMENT);
    struct berth_writer w;
    size_t start = 0, end = 0;
    (void)state;
    assert_int_equal(berth_yaml_reader_init(&r, document, NULL, 0), BERTH_OK);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
    assert_int_equal(ev.type, BERTH_YAML_MAPPING_START);
    for (;;) {
        assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
        if (ev.type != BERTH_YAML_KEY)
            break;
        bool found = berth_yaml_text_equal(&ev, BERTH_TEXT("bob"));
        start = found ? ev.start : start;
        assert_int_equal(berth_yaml_skip(&r, &ev, &last), BERTH_OK);
        end = found ? last.end : end;
    }
    assert_int_equal(ev.type, BERTH_YAML_MAPPING_END);
    berth_writer_init(&w, room, sizeof room);
    berth_put_text(&w, berth_text_slice(document, 0, start));
    berth_put_string(&w, "bob: null");
    berth_put_text(&w, berth_text_slice(document, end, document.len));
    berth_put_char(&w, '\0');
    assert_string_equal(room, "# users\n"
                              "alice: # first\n"
                              "  password: 'x'\n"
                              "\n"
                              "# about bob\n"
                              "bob: null   # ssh\n"
                              "\n"
                              "carol: {password: z}\n");
}

static void test_skip(void **state)
{
    struct berth_yaml_reader r;
    struct berth_yaml_event ev, last;
    (void)state;
    assert_int_equal(
        berth_yaml_reader_init(&r, BERTH_TEXT("- [a, [b], {c: d}]\n- e: {f: g}\n  h: i\n- j\n"), NULL, 0),
        BERTH_OK);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK); /* [ */
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK); /* [a */
    assert_int_equal(berth_yaml_skip(&r, &ev, &last), BERTH_OK);
    assert_int_equal(last.type, BERTH_YAML_SEQUENCE_END);
    assert_int_equal(last.depth, ev.depth);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK); /* { */
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK); /* e */
    assert_int_equal(ev.type, BERTH_YAML_KEY);
    assert_int_equal(berth_yaml_skip(&r, &ev, NULL), BERTH_OK);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK); /* h */
    assert_true(berth_yaml_text_equal(&ev, BERTH_TEXT("h")));
    assert_int_equal(berth_yaml_skip(&r, &ev, &last), BERTH_OK);
    assert_true(berth_yaml_text_equal(&last, BERTH_TEXT("i")));
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK); /* } */
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK); /* j */
    assert_int_equal(berth_yaml_skip(&r, &ev, &last), BERTH_OK);
    assert_true(berth_yaml_text_equal(&last, BERTH_TEXT("j")));
}

static void test_failure_sticks(void **state)
{
    struct berth_yaml_reader r;
    struct berth_yaml_event ev;
    (void)state;
    assert_int_equal(berth_yaml_reader_init(&r, BERTH_TEXT("[a, @]"), NULL, 0), BERTH_OK);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(berth_yaml_next(&r, &ev), BERTH_E_SYNTAX);
        assert_int_equal(r.error.line, 1);
        assert_int_equal(r.error.column, 5);
    }
    assert_int_equal(berth_yaml_reader_init(&r, BERTH_TEXT("a: \x01"), NULL, 0), BERTH_E_SYNTAX);
    assert_int_equal(berth_yaml_next(&r, &ev), BERTH_E_SYNTAX);
}

static void test_null_words(void **state)
{
    static const struct {
        const char *text;
        bool null;
    } ROWS[] = {{"~", true},     {"null", true}, {"Null", true},  {"NULL", true}, {"", true},
                {"nULL", false}, {"'~'", false}, {"\"\"", false}, {"0", false},   {"|\n", false}};
    struct berth_yaml_reader r;
    struct berth_yaml_event ev;
    char line[32];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        snprintf(line, sizeof line, "- %s", ROWS[i].text);
        assert_int_equal(berth_yaml_reader_init(&r, berth_text_of(line), NULL, 0), BERTH_OK);
        assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
        assert_false(berth_yaml_is_null(&ev));
        assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
        assert_int_equal(berth_yaml_is_null(&ev), ROWS[i].null);
    }
}

/* ---- Keys ---- */

static void test_repeated_mark(void **state)
{
    struct berth_yaml_key keys[8];
    struct berth_yaml_reader r;
    struct berth_yaml_event ev;
    unsigned repeated = 0;
    (void)state;
    assert_int_equal(berth_yaml_reader_init(
                         &r, BERTH_TEXT("a: {a: 1, b: 2}\nb: 1\n'b': 2\n\"\\x61\": 3\nA: 4\n"), keys, 8),
                     BERTH_OK);
    do {
        assert_int_equal(berth_yaml_next(&r, &ev), BERTH_OK);
        repeated += ev.repeated;
        assert_true(!ev.repeated || ev.line == 3 || ev.line == 4);
    } while (ev.type != BERTH_YAML_END);
    assert_int_equal(repeated, 2);
}

/* COUNT keys k0: 0 ... and, when AGAIN is not negative, that key once more; its length. */
static size_t many_keys(char *out, size_t cap, int count, int again)
{
    size_t len = 0;
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(out + len, cap - len, "k%d: %d\n", i, i);
    if (again >= 0)
        len += (size_t)snprintf(out + len, cap - len, "k%d: x\n", again);
    return len;
}

static enum berth_status convert(struct berth_text document, const struct berth_yaml_options *options,
                                 struct berth_yaml_error *error)
{
    struct berth_writer w;
    berth_writer_init(&w, room, sizeof room);
    return berth_yaml_to_json(document, options, &w, error);
}

static void test_key_memory(void **state)
{
    enum { CAP = 40000 };
    static struct berth_yaml_key keys[CAP];
    char *document = malloc(1 << 20);
    struct berth_yaml_error error;
    (void)state;
    for (int wins = 0; wins < 2; wins++) {
        struct berth_yaml_options options = {BERTH_YAML_CORE, wins != 0, NULL, 0};
        size_t len = many_keys(document, 1 << 20, BERTH_YAML_KEYS, -1);
        assert_int_equal(convert(berth_text_make(document, len), &options, &error), BERTH_OK);
        len = many_keys(document, 1 << 20, BERTH_YAML_KEYS, 7);
        assert_int_equal(convert(berth_text_make(document, len), &options, &error),
                         wins ? BERTH_OK : BERTH_E_SYNTAX);
        len = many_keys(document, 1 << 20, BERTH_YAML_KEYS + 1, -1);
        assert_int_equal(convert(berth_text_make(document, len), &options, &error), BERTH_E_RANGE);
        assert_int_equal(error.line, BERTH_YAML_KEYS + 1);
        options.keys = keys;
        options.key_cap = CAP;
        assert_int_equal(convert(berth_text_make(document, len), &options, &error), BERTH_OK);
        len = many_keys(document, 1 << 20, CAP, 39000);
        assert_int_equal(convert(berth_text_make(document, len), &options, &error),
                         wins ? BERTH_OK : BERTH_E_SYNTAX);
        if (!wins)
            assert_int_equal(error.line, CAP + 1);
        len = many_keys(document, 1 << 20, CAP + 1, -1);
        assert_int_equal(convert(berth_text_make(document, len), &options, &error), BERTH_E_RANGE);
    }
    free(document);
}

/* Keys of closed mappings are forgotten: any number of mappings passes. */
static void test_key_memory_is_given_back(void **state)
{
    char *document = malloc(1 << 20);
    size_t len = 0;
    (void)state;
    for (int i = 0; i < 20000; i++)
        len += (size_t)snprintf(document + len, (1 << 20) - len, "- {a: 1, b: {c: 2}}\n");
    for (int wins = 0; wins < 2; wins++) {
        struct berth_yaml_key keys[3];
        struct berth_yaml_options options = {BERTH_YAML_CORE, wins != 0, keys, 3};
        assert_int_equal(convert(berth_text_make(document, len), &options, NULL), BERTH_OK);
        options.key_cap = 2;
        assert_int_equal(convert(berth_text_make(document, len), &options, NULL), BERTH_E_RANGE);
    }
    free(document);
}

static void test_last_key_wins(void **state)
{
    static const struct berth_yaml_options LAST = {BERTH_YAML_CORE, true, NULL, 0};
    struct berth_writer w;
    struct berth_yaml_error error;
    (void)state;
    must_be("a: 1\nb: 2\na: 3\n", &LAST, "{\"a\":3,\"b\":2}");
    must_be("{a: 1, a: 2, a: [3, {a: 4, a: 5}], b: 6}", &LAST, "{\"a\":[3,{\"a\":5}],\"b\":6}");
    must_be("a:\n  x: 1\n  x: 2\nb:\n- 1\na:\n- k: 1\n  k: 2\n- 3\n", &LAST,
            "{\"a\":[{\"k\":2},3],\"b\":[1]}");
    must_be("- a: 1\n  a: |\n    t\n- a:\n", &LAST, "[{\"a\":\"t\\n\"},{\"a\":null}]");
    berth_writer_init(&w, NULL, 0);
    assert_int_equal(berth_yaml_to_json(BERTH_TEXT("a: 100\nb: 2\na: 3\n"), &LAST, &w, NULL), BERTH_E_SPACE);
    assert_int_equal(w.len, strlen("{\"a\":3,\"b\":2}"));
    /* A value that is replaced is still read, and what is wrong with it said. */
    assert_int_equal(convert(BERTH_TEXT("a: 1\nb: 2\na: @\na: 1\n"), &LAST, &error), BERTH_E_SYNTAX);
    assert_int_equal(error.line, 3);
}

/* ---- Bounds ---- */

static void test_too_long(void **state)
{
    struct berth_yaml_error error;
    struct berth_yaml_reader r;
    (void)state;
    assert_int_equal(berth_yaml_reader_init(&r, berth_text_make("a", UINT32_MAX), NULL, 0), BERTH_E_RANGE);
    assert_int_equal(r.error.line, 1);
    assert_int_equal(convert(berth_text_make("a", UINT32_MAX), NULL, &error), BERTH_E_RANGE);
    assert_non_null(error.reason);
}

/* Inputs that are expensive for careless readers; the test runner's time limit is the assertion. */
static void test_expensive(void **state)
{
    static const char *const UNITS[] = {"[",
                                        "- ",
                                        "{a: ",
                                        "[a: ",
                                        "\"",
                                        "'",
                                        "a: ",
                                        "a:\n ",
                                        "? ",
                                        "\n ",
                                        "a b ",
                                        "- - - -",
                                        "{\"a\":1,a: 2},",
                                        "[1,2],",
                                        "\\",
                                        "#",
                                        " #",
                                        "|\n",
                                        "a\n\n\n",
                                        ": ",
                                        "\t"};
    enum { LEN = 200000 };
    char *document = malloc(LEN);
    (void)state;
    for (size_t u = 0; u < sizeof UNITS / sizeof UNITS[0]; u++) {
        size_t unit = strlen(UNITS[u]);
        for (int wins = 0; wins < 2; wins++)
            for (int begun = 0; begun < 3; begun++) {
                struct berth_yaml_options options = {BERTH_YAML_CORE, wins != 0, NULL, 0};
                for (size_t i = 0; i < LEN; i++)
                    document[i] = UNITS[u][i % unit];
                if (begun > 0)
                    document[0] = begun == 1 ? '[' : '"';
                (void)!convert(berth_text_make(document, LEN), &options, NULL);
            }
    }
    free(document);
}

/* Random texts of the characters that matter: an answer that is JSON, or a refusal. */
static void test_random(void **state)
{
    static const char *const PIECES[] = {"a",  "b", ": ",    ":",     "- ",  "\n",   "\n  ", "\n    ",
                                         " ",  "[", "]",     "{",     "}",   ", ",   "\"",   "'",
                                         "|",  ">", "\n- ",  "#",     " # ", "\\",   "~",    "1",
                                         "\t", "é", "---\n", "...\n", "a: ", "k:\n", "|-\n", "\r\n"};
    uint64_t seed = seed_start("yaml");
    (void)state;
    for (int round = 0; round < 30000; round++) {
        char text[256];
        size_t len = 0;
        for (size_t n = seed_below(&seed, 24); n > 0; n--) {
            const char *piece = PIECES[seed_below(&seed, sizeof PIECES / sizeof PIECES[0])];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        struct berth_yaml_options options = {round % 3 == 0 ? BERTH_YAML_ALL_TEXT : BERTH_YAML_CORE,
                                             round % 2 == 0, NULL, 0};
        struct berth_text document = berth_text_make((const char *)guard_put(&in_guard, text, len), len);
        struct berth_writer w;
        berth_writer_init(&w, room, sizeof room);
        if (berth_yaml_to_json(document, &options, &w, NULL) == BERTH_OK)
            assert_int_equal(berth_json_check(berth_writer_text(&w), NULL), BERTH_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_replace_block),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_failure_sticks),
        cmocka_unit_test(test_null_words),
        cmocka_unit_test(test_repeated_mark),
        cmocka_unit_test(test_key_memory),
        cmocka_unit_test(test_key_memory_is_given_back),
        cmocka_unit_test(test_last_key_wins),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_expensive),
        cmocka_unit_test(test_random),
    };
    guard_open(&in_guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_close(&in_guard);
    return failed;
}
