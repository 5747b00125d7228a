/* JSON: tokens, cursor, getters, paths, unescaping, the writer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "berth/json.h"
#include "guard.h"
#include "json_random.h"
#include "seed.h"

#define T(literal) BERTH_TEXT(literal)

static int64_t token_memory[40000];

static struct berth_json json;

static struct berth_json_cursor parse(const char *document)
{
    assert_int_equal(
        berth_json_parse(&json, berth_text_of(document), token_memory, sizeof token_memory, NULL, NULL),
        BERTH_OK);
    return berth_json_root(&json);
}

#define assert_raw(cursor, string)                                                                           \
    assert_true(berth_text_equal(berth_json_raw(cursor), berth_text_of(string)))

static void tokens(void **state)
{
    (void)state;
    size_t needed = 0;
    struct berth_json_error error = {0, NULL};
    assert_int_equal(
        berth_json_parse(&json, T("{\"a\":[1,2]}"), token_memory, 4 * BERTH_JSON_TOKEN_SIZE, &needed, NULL),
        BERTH_E_SPACE);
    assert_int_equal(needed, 5 * BERTH_JSON_TOKEN_SIZE);
    assert_int_equal(berth_json_parse(&json, T("[1,]"), token_memory, sizeof token_memory, NULL, &error),
                     BERTH_E_SYNTAX);
    assert_int_equal(error.offset, 3);
    assert_int_equal(berth_json_parse(&json, T("[1]"), NULL, 0, NULL, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_json_parse(&json, T("[1]"), (char *)token_memory + 1, 100, NULL, NULL),
                     BERTH_E_ARGUMENT);
    /* What jsmn alone would let through. */
    assert_int_equal(
        berth_json_parse(&json, T("{\"a\" \"b\"}"), token_memory, sizeof token_memory, NULL, NULL),
        BERTH_E_SYNTAX);
    /* What jsmn alone would refuse. */
    assert_int_equal(berth_json_type_of(parse(" 12 ")), BERTH_JSON_NUMBER);
    assert_raw(parse(" 12 "), "12");
    assert_raw(parse("null"), "null");
    assert_int_equal(berth_json_type_of(parse("\"\"")), BERTH_JSON_TEXT);
}

static void moving(void **state)
{
    (void)state;
    struct berth_json_cursor root = parse(
        "{\"id\":7,\"steps\":[{\"n\":[1,[2]]},{},\"x\",null,true],\"id\":8,\"e\":{},\"l\\u0061st\":false}");
    assert_int_equal(berth_json_type_of(root), BERTH_JSON_OBJECT);
    assert_int_equal(berth_json_count(root), 5);
    static const char *const names[] = {"id", "steps", "id", "e", "l\\u0061st"};
    size_t i = 0;
    struct berth_json_cursor at;
    for (at = berth_json_enter(root); berth_json_type_of(at) != BERTH_JSON_NONE; at = berth_json_next(at))
        assert_true(berth_text_equal(berth_json_name(at), berth_text_of(names[i++])));
    assert_int_equal(i, 5);
    assert_raw(berth_json_find(root, T("id")), "8"); /* the last of several */
    assert_raw(berth_json_find(root, T("last")), "false");
    assert_int_equal(berth_json_type_of(berth_json_find(root, T("nothing"))), BERTH_JSON_NONE);
    struct berth_json_cursor steps = berth_json_find(root, T("steps"));
    assert_int_equal(berth_json_count(steps), 5);
    assert_raw(berth_json_at(steps, 2), "x");
    assert_int_equal(berth_json_type_of(berth_json_at(steps, 3)), BERTH_JSON_NULL);
    assert_int_equal(berth_json_type_of(berth_json_at(steps, 4)), BERTH_JSON_BOOL);
    assert_int_equal(berth_json_type_of(berth_json_at(steps, 5)), BERTH_JSON_NONE);
    assert_int_equal(berth_json_type_of(berth_json_next(berth_json_at(steps, 4))), BERTH_JSON_NONE);
    assert_true(berth_json_name(berth_json_at(steps, 0)).ptr == NULL);
    assert_int_equal(berth_json_type_of(berth_json_enter(berth_json_at(steps, 1))), BERTH_JSON_NONE);
    assert_int_equal(berth_json_type_of(berth_json_next(root)), BERTH_JSON_NONE);
    /* NONE leads to NONE. */
    struct berth_json_cursor none =
        berth_json_find(berth_json_at(berth_json_enter(berth_json_find(root, T("q"))), 3), T("r"));
    assert_int_equal(berth_json_type_of(none), BERTH_JSON_NONE);
    assert_int_equal(berth_json_count(none), 0);
    assert_true(berth_json_raw(none).ptr == NULL && berth_json_name(none).ptr == NULL);
    int64_t number;
    assert_int_equal(berth_json_get_i64(none, &number), BERTH_E_MISSING);
}

static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *path, *raw; /* NULL: missing */
        enum berth_status status;
    } cases[] = {
        {"steps[1].docker.image", "py:3", BERTH_OK},
        {"steps[0].name", "a", BERTH_OK},
        {"[\"steps\"][1]", "{\"docker\":{\"image\":\"py:3\"}}", BERTH_OK},
        {"[\"a.b\"]", "1", BERTH_OK},
        {"[\"\\u0061.b\"]", "1", BERTH_OK},
        {"[\"q\\\"]\"]", "2", BERTH_OK},
        {"[\"\"]", "3", BERTH_OK},
        {"k-e_y$9", "4", BERTH_OK},
        {"steps[2]", NULL, BERTH_E_MISSING},
        {"steps.name", NULL, BERTH_E_MISSING},
        {"steps[99999999999999999999999]", NULL, BERTH_E_MISSING},
        {"nothing.at[0].all", NULL, BERTH_E_MISSING},
        {"steps[", NULL, BERTH_E_ARGUMENT},
        {"steps[]", NULL, BERTH_E_ARGUMENT},
        {"steps[-1]", NULL, BERTH_E_ARGUMENT},
        {"steps[1", NULL, BERTH_E_ARGUMENT},
        {"steps[1]x", NULL, BERTH_E_ARGUMENT},
        {"steps..x", NULL, BERTH_E_ARGUMENT},
        {".steps", NULL, BERTH_E_ARGUMENT},
        {"steps.", NULL, BERTH_E_ARGUMENT},
        {"[\"a", NULL, BERTH_E_ARGUMENT},
        {"[\"a\"", NULL, BERTH_E_ARGUMENT},
        {"[\"\\", NULL, BERTH_E_ARGUMENT},
        {"[\"\\x\"]", NULL, BERTH_E_ARGUMENT},
        {"sp ace", NULL, BERTH_E_ARGUMENT},
    };
    struct berth_json_cursor root =
        parse("{\"steps\":[{\"name\":\"a\"},{\"docker\":{\"image\":\"py:3\"}}],\"a.b\":1,"
              "\"q\\\"]\":2,\"\":3,\"k-e_y$9\":4}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct berth_json_cursor at;
        size_t len = strlen(cases[i].path);
        char *copy = guard_copy(cases[i].path, len);
        enum berth_status status = berth_json_find_path(root, berth_text_make(copy, len), &at);
        if (status != cases[i].status)
            fail_msg("%s: %s", cases[i].path, berth_status_name(status));
        if (status == BERTH_OK)
            assert_raw(at, cases[i].raw);
        guard_free(copy);
    }
    struct berth_json_cursor at;
    assert_int_equal(berth_json_find_path(root, T(""), &at), BERTH_OK);
    assert_int_equal(at.token, root.token);
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum berth_status status, unsigned_status;
        int64_t value;
    } cases[] = {
        {"0", BERTH_OK, BERTH_OK, 0},
        {"-0", BERTH_OK, BERTH_OK, 0},
        {"-0.0e7", BERTH_OK, BERTH_OK, 0},
        {"0e999999999999999999999999", BERTH_OK, BERTH_OK, 0},
        {"1.0", BERTH_OK, BERTH_OK, 1},
        {"1e2", BERTH_OK, BERTH_OK, 100},
        {"1.50E+3", BERTH_OK, BERTH_OK, 1500},
        {"1200e-2", BERTH_OK, BERTH_OK, 12},
        {"-12.00", BERTH_OK, BERTH_E_RANGE, -12},
        {"0.00012e5", BERTH_OK, BERTH_OK, 12},
        {"9223372036854775807", BERTH_OK, BERTH_OK, INT64_MAX},
        {"-9223372036854775808", BERTH_OK, BERTH_E_RANGE, INT64_MIN},
        {"-9.223372036854775808e18", BERTH_OK, BERTH_E_RANGE, INT64_MIN},
        {"9223372036854775807000e-3", BERTH_OK, BERTH_OK, INT64_MAX},
        {"9223372036854775808", BERTH_E_RANGE, BERTH_OK, 0},
        {"18446744073709551616", BERTH_E_RANGE, BERTH_E_RANGE, 0},
        {"1e19", BERTH_E_RANGE, BERTH_OK, 0},
        {"1e20", BERTH_E_RANGE, BERTH_E_RANGE, 0},
        {"1e99999999999999", BERTH_E_RANGE, BERTH_E_RANGE, 0},
        {"1.5", BERTH_E_TYPE, BERTH_E_TYPE, 0},
        {"15e-1", BERTH_E_TYPE, BERTH_E_TYPE, 0},
        {"1e-99999999999999", BERTH_E_TYPE, BERTH_E_TYPE, 0},
        {"1e-1", BERTH_E_TYPE, BERTH_E_TYPE, 0},
        {"\"1\"", BERTH_E_TYPE, BERTH_E_TYPE, 0},
        {"null", BERTH_E_TYPE, BERTH_E_TYPE, 0},
        {"[1]", BERTH_E_TYPE, BERTH_E_TYPE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 99;
        uint64_t magnitude = 99;
        struct berth_json_cursor at = parse(cases[i].text);
        enum berth_status status = berth_json_get_i64(at, &value);
        if (status != cases[i].status || (status == BERTH_OK && value != cases[i].value))
            fail_msg("%s: %s %lld", cases[i].text, berth_status_name(status), (long long)value);
        assert_int_equal(berth_json_get_u64(at, &magnitude), cases[i].unsigned_status);
        if (status == BERTH_OK && value >= 0)
            assert_true(magnitude == (uint64_t)value);
    }
    /* Digits beyond what fits, but zeros behind the dot: the range is what counts. */
    uint64_t magnitude;
    assert_int_equal(berth_json_get_u64(parse("18446744073709551615.000"), &magnitude), BERTH_OK);
    assert_true(magnitude == UINT64_MAX);
    assert_int_equal(berth_json_get_u64(parse("10000000000000000000000e-10"), &magnitude), BERTH_OK);
    assert_true(magnitude == UINT64_C(1000000000000));
}

static void getters(void **state)
{
    (void)state;
    struct berth_json_cursor root =
        parse("{\"d\":1.5e-05,\"t\":true,\"f\":false,\"n\":null,\"s\":\"S\\u00fcd\\n\","
              "\"time\":\"2021-03-04T05:06:07\\u002e5Z\","
              "\"id\":\"2D9B7E14-8C03-4F6A-B1D2-57E0A4C9F381\",\"o\":1e999,"
              "\"lone\":\"\\ud800\",\"long\":\"2021-03-04T05:06:07.000000000000000000000000000000000000Z\"}");
    double number;
    bool flag = false;
    struct berth_time time;
    struct berth_guid guid;
    char buf[16];
    struct berth_writer w;
    assert_int_equal(berth_json_get_double(berth_json_find(root, T("d")), &number), BERTH_OK);
    assert_true(number == 1.5e-5);
    assert_int_equal(berth_json_get_double(berth_json_find(root, T("o")), &number), BERTH_E_RANGE);
    assert_int_equal(berth_json_get_double(berth_json_find(root, T("t")), &number), BERTH_E_TYPE);
    assert_int_equal(berth_json_get_bool(berth_json_find(root, T("t")), &flag), BERTH_OK);
    assert_true(flag);
    assert_int_equal(berth_json_get_bool(berth_json_find(root, T("f")), &flag), BERTH_OK);
    assert_false(flag);
    assert_int_equal(berth_json_get_bool(berth_json_find(root, T("n")), &flag), BERTH_E_TYPE);
    assert_int_equal(berth_json_get_time(berth_json_find(root, T("time")), &time), BERTH_OK);
    assert_true(time.seconds == 1614834367 && time.nanos == 500000000);
    assert_int_equal(berth_json_get_time(berth_json_find(root, T("s")), &time), BERTH_E_SYNTAX);
    assert_int_equal(berth_json_get_time(berth_json_find(root, T("long")), &time), BERTH_E_SYNTAX);
    assert_int_equal(berth_json_get_guid(berth_json_find(root, T("id")), &guid), BERTH_OK);
    assert_string_equal(guid.text, "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381");
    assert_int_equal(berth_json_get_guid(berth_json_find(root, T("long")), &guid), BERTH_E_SYNTAX);
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_json_get_text(berth_json_find(root, T("s")), &w), BERTH_OK);
    assert_true(berth_text_equal(berth_writer_text(&w), T("S\xC3\xBC"
                                                          "d\n")));
    berth_writer_init(&w, buf, 3);
    assert_int_equal(berth_json_get_text(berth_json_find(root, T("s")), &w), BERTH_E_SPACE);
    assert_int_equal(w.len, 5);
    assert_int_equal(berth_json_get_text(berth_json_find(root, T("lone")), &w), BERTH_E_UTF8);
    assert_int_equal(berth_json_get_text(berth_json_find(root, T("n")), &w), BERTH_E_TYPE);
}

static void enums(void **state)
{
    (void)state;
    static const struct berth_enum_name names[] = {{BERTH_TEXT_INIT("auto"), 0},
                                                   {BERTH_TEXT_INIT("by hand"), 7}};
    static const struct {
        const char *json;
        enum berth_status status;
        int32_t value;
        const char *text;
    } cases[] = {
        {"\"auto\"", BERTH_OK, 0, "auto"},
        {"\"by\\u0020hand\"", BERTH_OK, 7, "by\\u0020hand"},
        {"\"other\"", BERTH_OK, BERTH_ENUM_UNKNOWN, "other"},
        {"42", BERTH_OK, 42, NULL},
        {"-1.0", BERTH_OK, -1, NULL},
        {"2147483648", BERTH_E_RANGE, 0, NULL},
        {"1.5", BERTH_E_TYPE, 0, NULL},
        {"null", BERTH_E_TYPE, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct berth_enum value = {0, {NULL, 0}};
        assert_int_equal(berth_json_get_enum(parse(cases[i].json), names, 2, &value), cases[i].status);
        assert_int_equal(value.value, cases[i].value);
        assert_true(berth_text_equal(value.text, berth_text_of(cases[i].text)));
    }
    struct berth_enum value;
    assert_int_equal(berth_json_get_enum(berth_json_at(parse("[]"), 0), names, 2, &value), BERTH_E_MISSING);
}

static void unescaping(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *plain; /* NULL: refused */
        enum berth_status status;
    } cases[] = {
        {"", "", BERTH_OK},
        {"plain", "plain", BERTH_OK},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", BERTH_OK},
        {"\\u0041\\u00e9\\u20ac", "A\xC3\xA9\xE2\x82\xAC", BERTH_OK},
        {"\\u007f\\u0080\\u07ff\\u0800\\uffff", "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF", BERTH_OK},
        {"\\ud800\\udc00\\uDBFF\\uDFFF", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", BERTH_OK},
        {"x\\uD83D\\uDE00y", "x\xF0\x9F\x98\x80y", BERTH_OK},
        {"a\\nb\\nc", "a\nb\nc", BERTH_OK},
        {"\\ud800", NULL, BERTH_E_UTF8},
        {"\\ud800x", NULL, BERTH_E_UTF8},
        {"\\ud800\\n", NULL, BERTH_E_UTF8},
        {"\\ud800\\u0041", NULL, BERTH_E_UTF8},
        {"\\ud800\\ud800\\udc00", NULL, BERTH_E_UTF8},
        {"\\udc00", NULL, BERTH_E_UTF8},
        {"\\udc00\\ud800", NULL, BERTH_E_UTF8},
        {"\\ud83d\\", NULL, BERTH_E_UTF8},
        {"\\ud83d\\ude0", NULL, BERTH_E_UTF8},
        {"\\", NULL, BERTH_E_SYNTAX},
        {"abc\\", NULL, BERTH_E_SYNTAX},
        {"\\x", NULL, BERTH_E_SYNTAX},
        {"\\u", NULL, BERTH_E_SYNTAX},
        {"\\u12", NULL, BERTH_E_SYNTAX},
        {"\\u12g4", NULL, BERTH_E_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].raw);
        char buf[64], *copy = guard_copy(cases[i].raw, len);
        struct berth_writer w;
        berth_writer_init(&w, buf, sizeof buf);
        assert_int_equal(berth_json_unescape(berth_text_make(copy, len), &w), cases[i].status);
        if (cases[i].plain != NULL) {
            struct berth_text plain = berth_text_of(cases[i].plain);
            assert_true(berth_text_equal(berth_writer_text(&w), plain));
            assert_true(berth_json_raw_equal(berth_text_make(copy, len), plain));
            assert_false(berth_json_raw_equal(berth_text_make(copy, len), T("q")));
            if (plain.len > 0)
                assert_false(berth_json_raw_equal(berth_text_make(copy, len),
                                                  berth_text_slice(plain, 0, plain.len - 1)));
        }
        struct berth_text text;
        assert_int_equal(berth_json_unescape_in_place(copy, len, &text), cases[i].status);
        if (cases[i].plain != NULL)
            assert_true(text.ptr == copy && berth_text_equal(text, berth_text_of(cases[i].plain)));
        guard_free(copy);
    }
    struct berth_text nul;
    char zero[] = "a\\u0000b";
    assert_int_equal(berth_json_unescape_in_place(zero, 8, &nul), BERTH_OK);
    assert_true(nul.len == 3 && memcmp(nul.ptr, "a\0b", 3) == 0);
    assert_true(berth_json_raw_equal(T("\\\\"), T("\\")));
    assert_false(berth_json_raw_equal(T("\\\\"), T("\\\\")));
    assert_false(berth_json_raw_equal(T("abc"), T("abcd")));
}

static void writing(void **state)
{
    (void)state;
    char buf[600];
    struct berth_writer out;
    struct berth_json_writer w;
    struct berth_guid id;
    assert_int_equal(berth_guid_parse(T("2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"), &id), BERTH_OK);
    size_t cap = sizeof buf;
    for (int round = 0; round < 2; round++) {
        berth_writer_init(&out, buf, cap);
        berth_json_writer_init(&w, &out);
        berth_json_begin_object(&w);
        berth_json_put_name(&w, T("a\"\\\b\f\n\r\t\x01\x1f/\x7f\xC3\xA9\xE2\x80\xA8"));
        berth_json_begin_array(&w);
        berth_json_put_i64(&w, INT64_MIN);
        berth_json_put_u64(&w, UINT64_MAX);
        berth_json_put_double(&w, 0.0625);
        berth_json_put_bool(&w, true);
        berth_json_put_bool(&w, false);
        berth_json_put_null(&w);
        berth_json_begin_object(&w);
        berth_json_end_object(&w);
        berth_json_end_array(&w);
        berth_json_put_name(&w, T(""));
        berth_json_put_raw(&w, T(" {\"x\" : [ ] } "));
        berth_json_put_name(&w, T("t"));
        berth_json_put_time(&w, (struct berth_time){1614834367, 89000000});
        berth_json_put_name(&w, T("g"));
        berth_json_put_guid(&w, &id);
        assert_int_equal(berth_json_done(&w), BERTH_E_STATE);
        berth_json_end_object(&w);
        assert_int_equal(berth_json_done(&w), round == 0 ? BERTH_OK : BERTH_E_SPACE);
        if (round == 0) {
            const char *due =
                "{\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xC3\xA9\xE2\x80\xA8\":[-9223372036854775808,"
                "18446744073709551615,0.0625,true,false,null,{}],\"\": {\"x\" : [ ] } ,"
                "\"t\":\"2021-03-04T05:06:07.089Z\",\"g\":\"2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381\"}";
            assert_true(berth_text_equal(berth_writer_text(&out), berth_text_of(due)));
            cap = out.len - 1;
        } else {
            assert_int_equal(out.len, cap + 1);
        }
    }
}

enum deed {
    BEGIN_OBJECT,
    END_OBJECT,
    BEGIN_ARRAY,
    END_ARRAY,
    NAME,
    VALUE,
    RAW_BAD,
    NOT_A_NUMBER,
    BAD_UTF8,
    BAD_NAME,
    BAD_TIME,
    STOP
};

static void wrong_writing(void **state)
{
    (void)state;
    static const struct {
        enum deed deeds[6];
        enum berth_status status;
    } cases[] = {
        {{VALUE, STOP}, BERTH_OK},
        {{BEGIN_ARRAY, END_ARRAY, STOP}, BERTH_OK},
        {{STOP}, BERTH_E_STATE},
        {{VALUE, VALUE, STOP}, BERTH_E_STATE},
        {{BEGIN_ARRAY, STOP}, BERTH_E_STATE},
        {{BEGIN_ARRAY, END_OBJECT, STOP}, BERTH_E_STATE},
        {{BEGIN_OBJECT, END_ARRAY, STOP}, BERTH_E_STATE},
        {{END_ARRAY, STOP}, BERTH_E_STATE},
        {{BEGIN_OBJECT, VALUE, STOP}, BERTH_E_STATE},
        {{BEGIN_OBJECT, NAME, END_OBJECT, STOP}, BERTH_E_STATE},
        {{BEGIN_OBJECT, NAME, NAME, STOP}, BERTH_E_STATE},
        {{BEGIN_ARRAY, NAME, STOP}, BERTH_E_STATE},
        {{NAME, STOP}, BERTH_E_STATE},
        {{BEGIN_ARRAY, END_ARRAY, BEGIN_ARRAY, STOP}, BERTH_E_STATE},
        {{BEGIN_ARRAY, END_ARRAY, END_ARRAY, STOP}, BERTH_E_STATE},
        {{RAW_BAD, STOP}, BERTH_E_TRUNCATED},
        {{NOT_A_NUMBER, STOP}, BERTH_E_RANGE},
        {{BEGIN_ARRAY, NOT_A_NUMBER, END_ARRAY, STOP}, BERTH_E_RANGE},
        {{BAD_UTF8, STOP}, BERTH_E_UTF8},
        {{BEGIN_OBJECT, BAD_NAME, VALUE, END_OBJECT, STOP}, BERTH_E_UTF8},
        {{BAD_TIME, STOP}, BERTH_E_RANGE},
        {{END_ARRAY, NOT_A_NUMBER, STOP}, BERTH_E_STATE}, /* the first error counts */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char buf[100];
        struct berth_writer out;
        struct berth_json_writer w;
        berth_writer_init(&out, buf, sizeof buf);
        berth_json_writer_init(&w, &out);
        for (const enum deed *deed = cases[i].deeds; *deed != STOP; deed++)
            switch (*deed) {
            case BEGIN_OBJECT:
                berth_json_begin_object(&w);
                break;
            case END_OBJECT:
                berth_json_end_object(&w);
                break;
            case BEGIN_ARRAY:
                berth_json_begin_array(&w);
                break;
            case END_ARRAY:
                berth_json_end_array(&w);
                break;
            case NAME:
                berth_json_put_name(&w, T("n"));
                break;
            case VALUE:
                berth_json_put_i64(&w, 1);
                break;
            case RAW_BAD:
                berth_json_put_raw(&w, T("[1"));
                break;
            case NOT_A_NUMBER:
                berth_json_put_double(&w, i % 2 ? NAN : -INFINITY);
                break;
            case BAD_UTF8:
                berth_json_put_text(&w, T("a\xFF"));
                break;
            case BAD_NAME:
                berth_json_put_name(&w, T("\xC3"));
                break;
            case BAD_TIME:
                berth_json_put_time(&w, (struct berth_time){INT64_MAX, 0});
                break;
            case STOP:
                break;
            }
        if (berth_json_done(&w) != cases[i].status)
            fail_msg("case %zu: %s", i, berth_status_name(berth_json_done(&w)));
    }
}

static void deep_writing(void **state)
{
    (void)state;
    for (unsigned depth = 63; depth <= 66; depth++) {
        char buf[200];
        struct berth_writer out;
        struct berth_json_writer w;
        berth_writer_init(&out, buf, sizeof buf);
        berth_json_writer_init(&w, &out);
        for (unsigned i = 0; i < depth; i++)
            berth_json_begin_array(&w);
        for (unsigned i = 0; i < depth; i++)
            berth_json_end_array(&w);
        assert_int_equal(berth_json_done(&w), depth <= 64 ? BERTH_OK : BERTH_E_DEPTH);
    }
    /* Raw JSON counts from where it stands. */
    for (unsigned depth = 62; depth <= 63; depth++) {
        char buf[200];
        struct berth_writer out;
        struct berth_json_writer w;
        berth_writer_init(&out, buf, sizeof buf);
        berth_json_writer_init(&w, &out);
        for (unsigned i = 0; i < depth; i++)
            berth_json_begin_array(&w);
        berth_json_put_raw(&w, T("[{}]"));
        for (unsigned i = 0; i < depth; i++)
            berth_json_end_array(&w);
        assert_int_equal(berth_json_done(&w), depth == 62 ? BERTH_OK : BERTH_E_DEPTH);
        if (depth == 62)
            assert_int_equal(berth_json_check(berth_writer_text(&out), NULL), BERTH_OK);
    }
}

/* Copies a document through cursor and writer: values, names and order survive. */
static void copy(struct berth_json_cursor at, struct berth_json_writer *w)
{
    char text[4000];
    struct berth_writer plain;
    struct berth_json_cursor open[BERTH_JSON_DEPTH_MAX];
    unsigned depth = 0;
    while (berth_json_type_of(at) != BERTH_JSON_NONE || depth > 0) {
        enum berth_json_type type = berth_json_type_of(at);
        if (type == BERTH_JSON_NONE) {
            at = open[--depth];
            if (berth_json_type_of(at) == BERTH_JSON_OBJECT)
                berth_json_end_object(w);
            else
                berth_json_end_array(w);
            at = berth_json_next(at);
            continue;
        }
        if (berth_json_name(at).ptr != NULL) {
            berth_writer_init(&plain, text, sizeof text);
            assert_int_equal(berth_json_unescape(berth_json_name(at), &plain), BERTH_OK);
            berth_json_put_name(w, berth_writer_text(&plain));
        }
        if (type == BERTH_JSON_OBJECT || type == BERTH_JSON_ARRAY) {
            if (type == BERTH_JSON_OBJECT)
                berth_json_begin_object(w);
            else
                berth_json_begin_array(w);
            open[depth++] = at;
            at = berth_json_enter(at);
            continue;
        }
        int64_t integer;
        double number;
        if (type == BERTH_JSON_TEXT) {
            berth_writer_init(&plain, text, sizeof text);
            assert_int_equal(berth_json_get_text(at, &plain), BERTH_OK);
            berth_json_put_text(w, berth_writer_text(&plain));
        } else if (type == BERTH_JSON_NUMBER && berth_text_find_byte(berth_json_raw(at), 'e') == SIZE_MAX &&
                   !berth_text_equal(berth_json_raw(at), T("-0")) &&
                   berth_json_get_i64(at, &integer) == BERTH_OK) {
            berth_json_put_i64(w, integer);
        } else if (type == BERTH_JSON_NUMBER) {
            assert_int_equal(berth_json_get_double(at, &number), BERTH_OK);
            berth_json_put_double(w, number);
        } else {
            berth_json_put_raw(w, berth_json_raw(at));
        }
        at = berth_json_next(at);
    }
}

static void random_round_trips(void **state)
{
    (void)state;
    uint64_t seed = seed_start("random_round_trips");
    static char first[60000], second[60000], loose[60000];
    for (int round = 0; round < 2000; round++) {
        struct berth_writer out;
        struct berth_json_writer w;
        berth_writer_init(&out, first, sizeof first);
        berth_json_writer_init(&w, &out);
        json_random_value(&seed, &w, 1 + (unsigned)seed_below(&seed, 80));
        assert_int_equal(berth_json_done(&w), BERTH_OK);
        struct berth_text document = berth_writer_text(&out);
        assert_int_equal(berth_json_parse(&json, document, token_memory, sizeof token_memory, NULL, NULL),
                         BERTH_OK);
        berth_writer_init(&out, second, sizeof second);
        berth_json_writer_init(&w, &out);
        copy(berth_json_root(&json), &w);
        assert_int_equal(berth_json_done(&w), BERTH_OK);
        assert_true(berth_text_equal(berth_writer_text(&out), document));
        /* Any spelling comes out the same from the second time on. */
        size_t len = json_random_text(&seed, loose, sizeof loose, 40);
        assert_int_equal(berth_json_parse(&json, berth_text_make(loose, len), token_memory,
                                          sizeof token_memory, NULL, NULL),
                         BERTH_OK);
        berth_writer_init(&out, first, sizeof first);
        berth_json_writer_init(&w, &out);
        copy(berth_json_root(&json), &w);
        assert_int_equal(berth_json_done(&w), BERTH_OK);
        document = berth_writer_text(&out);
        assert_int_equal(berth_json_parse(&json, document, token_memory, sizeof token_memory, NULL, NULL),
                         BERTH_OK);
        berth_writer_init(&out, second, sizeof second);
        berth_json_writer_init(&w, &out);
        copy(berth_json_root(&json), &w);
        assert_true(berth_text_equal(berth_writer_text(&out), document));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(moving),
        cmocka_unit_test(paths),
        cmocka_unit_test(integers),
        cmocka_unit_test(getters),
        cmocka_unit_test(enums),
        cmocka_unit_test(unescaping),
        cmocka_unit_test(writing),
        cmocka_unit_test(wrong_writing),
        cmocka_unit_test(deep_writing),
        cmocka_unit_test(random_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
