/* Field tables: every type both ways, every refusal with its place, lists and maps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "berth/json.h"
#include "guard.h"
#include "json_cases.h"
#include "json_random.h"
#include "seed.h"

#define T(literal) BERTH_TEXT(literal)

struct inner {
    struct berth_text word;
    uint32_t present;
    int32_t count;
};

struct all {
    uint32_t present;
    struct berth_text text;
    bool flag;
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    double number;
    struct berth_time time;
    struct berth_guid id;
    struct berth_enum state, mode;
    struct inner inner;
    struct berth_json_list list, map;
    struct berth_text raw;
};

#define ROW(type_, name_, struct_, member_)                                                                  \
    .name = BERTH_TEXT_INIT(name_), .type = BERTH_FIELD_##type_, .offset = offsetof(struct struct_, member_)

static const struct berth_enum_name modes[] = {{BERTH_TEXT_INIT("auto"), 0}, {BERTH_TEXT_INIT("by hand"), 7}};
static const struct berth_field inner_fields[] = {
    {ROW(TEXT, "word", inner, word), .flags = BERTH_FIELD_REQUIRED}, {ROW(I32, "count", inner, count)}};
static const struct berth_shape inner_shape = {"inner", inner_fields, 2, sizeof(struct inner),
                                               offsetof(struct inner, present)};
static const struct berth_field all_fields[] = {
    {ROW(TEXT, "text", all, text)},
    {ROW(BOOL, "flag", all, flag)},
    {ROW(I32, "i32", all, i32)},
    {ROW(I64, "i64", all, i64)},
    {ROW(U64, "u64", all, u64)},
    {ROW(DOUBLE, "number", all, number)},
    {ROW(TIME, "time", all, time)},
    {ROW(GUID, "id", all, id)},
    {ROW(ENUM, "state", all, state)},
    {ROW(ENUM, "mode", all, mode), .flags = BERTH_FIELD_AS_TEXT, .names = modes, .name_count = 2},
    {ROW(OBJECT, "inner", all, inner), .shape = &inner_shape},
    {ROW(LIST, "list", all, list)},
    {ROW(MAP, "map", all, map)},
    {ROW(RAW, "raw", all, raw)},
    {ROW(GUID, "otherId", all, id)},
};
static const struct berth_shape all_shape = {"all", all_fields, sizeof all_fields / sizeof all_fields[0],
                                             sizeof(struct all), offsetof(struct all, present)};

static struct all all;
static struct berth_decode_error error;

/* A copy that may be changed, at a forbidden page, until the next call. */
static char *place(const char *json, size_t len)
{
    static struct guard page;
    if (page.base == NULL)
        guard_open(&page, JSON_CASE_MAX);
    uint8_t *bytes = guard_place(&page, len);
    memcpy(bytes, json, len);
    return (char *)bytes;
}

static enum berth_status decode(const char *json)
{
    memset(&error, 0, sizeof error);
    return berth_fields_decode(&all_shape, place(json, strlen(json)), strlen(json), &all, &error);
}

static struct berth_text encode(const struct berth_shape *shape, const void *in, enum berth_status due)
{
    static char buf[4000];
    struct berth_writer out;
    struct berth_json_writer w;
    berth_writer_init(&out, buf, sizeof buf);
    berth_json_writer_init(&w, &out);
    berth_fields_encode(shape, in, &w);
    assert_int_equal(berth_json_done(&w), due);
    return berth_writer_text(&out);
}

static const char full[] =
    "{\"text\":\"S\\u00fcd "
    "\\\"x\\\"\",\"flag\":true,\"i32\":-5,\"i64\":9223372036854775807,\"u64\":18446744073709551615,"
    "\"number\":1.5e-7,\"time\":\"2021-03-04T05:06:07.089Z\",\"id\":\"2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381\","
    "\"state\":42,\"mode\":\"by "
    "hand\",\"inner\":{\"word\":\"w\",\"count\":3},\"list\":[1,{\"a\":[2,3]},\"x,y\"],"
    "\"map\":{\"a\":1,\"b\":{}},\"raw\":[null]}";

static void every_type(void **state)
{
    (void)state;
    assert_int_equal(decode(full), BERTH_OK);
    assert_int_equal(all.present, 0x3FFF);
    assert_true(berth_text_equal(all.text, T("S\xC3\xBC"
                                             "d \"x\"")));
    assert_true(all.flag && all.i32 == -5 && all.i64 == INT64_MAX && all.u64 == UINT64_MAX &&
                all.number == 1.5e-7);
    assert_true(all.time.seconds == 1614834367 && all.time.nanos == 89000000);
    assert_string_equal(all.id.text, "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381");
    assert_true(all.state.value == 42 && all.state.text.ptr == NULL);
    assert_true(all.mode.value == 7 && berth_text_equal(all.mode.text, T("by hand")));
    assert_true(all.inner.present == 3 && all.inner.count == 3 && berth_text_equal(all.inner.word, T("w")));
    assert_int_equal(all.list.count, 3);
    assert_int_equal(all.map.count, 2);
    assert_true(berth_text_equal(all.raw, T("[null]")));
    struct berth_text again = encode(&all_shape, &all, BERTH_OK);
    const char *due = "{\"text\":\"S\xC3\xBC"
                      "d \\\"x\\\"\",";
    assert_true(berth_text_starts(again, berth_text_of(due)));
    assert_true(berth_text_ends(again, berth_text_of(strstr(full, "\"flag\""))));
}

static void tolerance(void **state)
{
    (void)state;
    assert_int_equal(decode(" { } "), BERTH_OK);
    assert_int_equal(all.present, 0);
    assert_true(berth_text_equal(encode(&all_shape, &all, BERTH_OK), T("{}")));
    /* Unknown members of every kind, null as absent, white space, any order, escaped names, the last of
     * several. */
    assert_int_equal(
        decode("{ \"x\" : [[{\"steps\":[1]}]] , \"i32\" : 1,\"y\":\"a\\\"}\",\"text\":null,\"z\":-1.5e3 "
               ",\"u\":true,"
               "\"v\":null,\"w\":{},\"i32\":2 ,\"fl\\u0061g\":false,\"inner\":{\"count\":9,\"word\":\"a\"},"
               "\"inner\":{\"word\":\"b\"},\"i64\":5,\"i64\":null,\"otherId\":\"2d9b7e14-8c03-4f6a-b1d2-"
               "57e0a4c9f381\","
               "\"id\":null,\"raw\":null}"),
        BERTH_OK);
    assert_int_equal(all.present, 1u << 1 | 1u << 2 | 1u << 10 | 1u << 14);
    assert_true(all.i32 == 2 && !all.flag && berth_guid_is_set(&all.id));
    assert_true(all.inner.present == 1 && all.inner.count == 0 && berth_text_equal(all.inner.word, T("b")));
    assert_true(berth_text_equal(encode(&all_shape, &all, BERTH_OK),
                                 T("{\"flag\":false,\"i32\":2,\"inner\":{\"word\":\"b\"},\"otherId\":"
                                   "\"2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381\"}")));
    /* Names that are not quite those of the table. */
    assert_int_equal(decode("{\"i3\":\"\",\"i322\":\"\",\"I32\":\"\",\"\":\"\",\"text \":1}"), BERTH_OK);
    assert_int_equal(all.present, 0);
    /* Enums: unknown texts are kept. */
    assert_int_equal(decode("{\"mode\":\"by \\u0066oot\"}"), BERTH_OK);
    assert_true(all.mode.value == BERTH_ENUM_UNKNOWN && berth_text_equal(all.mode.text, T("by foot")));
    assert_true(berth_text_equal(encode(&all_shape, &all, BERTH_OK), T("{\"mode\":\"by foot\"}")));
    assert_int_equal(decode("{\"mode\":0}"), BERTH_OK);
    assert_true(berth_text_equal(encode(&all_shape, &all, BERTH_OK), T("{\"mode\":\"auto\"}")));
    all.mode.value = 3;
    encode(&all_shape, &all, BERTH_E_RANGE);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum berth_status status;
        uint64_t offset;
        const char *member, *shape;
    } cases[] = {
        {"[]", BERTH_E_TYPE, 0, NULL, "all"},
        {" 5", BERTH_E_TYPE, 0, NULL, "all"},
        {"null", BERTH_E_TYPE, 0, NULL, "all"},
        {"\"x\"", BERTH_E_TYPE, 0, NULL, "all"},
        {"{\"text\":5}", BERTH_E_TYPE, 8, "text", "all"},
        {"{\"text\":[]}", BERTH_E_TYPE, 8, "text", "all"},
        {"{\"text\": \"\\udc00\"}", BERTH_E_UTF8, 9, "text", "all"},
        {"{\"flag\":1}", BERTH_E_TYPE, 8, "flag", "all"},
        {"{\"flag\":\"true\"}", BERTH_E_TYPE, 8, "flag", "all"},
        {"{\"i32\":\"0\"}", BERTH_E_TYPE, 7, "i32", "all"},
        {"{\"i32\":1.5}", BERTH_E_TYPE, 7, "i32", "all"},
        {"{\"i32\":2147483648}", BERTH_E_RANGE, 7, "i32", "all"},
        {"{\"i32\":-2147483649}", BERTH_E_RANGE, 7, "i32", "all"},
        {"{\"i64\":9223372036854775808}", BERTH_E_RANGE, 7, "i64", "all"},
        {"{\"i64\":true}", BERTH_E_TYPE, 7, "i64", "all"},
        {"{\"u64\":-1}", BERTH_E_RANGE, 7, "u64", "all"},
        {"{\"u64\":18446744073709551616}", BERTH_E_RANGE, 7, "u64", "all"},
        {"{\"number\":\"NaN\"}", BERTH_E_TYPE, 10, "number", "all"},
        {"{\"number\":1e999}", BERTH_E_RANGE, 10, "number", "all"},
        {"{\"time\":\"2021-02-29T00:00:00Z\"}", BERTH_E_RANGE, 8, "time", "all"},
        {"{\"time\":\"yesterday\"}", BERTH_E_SYNTAX, 8, "time", "all"},
        {"{\"time\":1614834367}", BERTH_E_TYPE, 8, "time", "all"},
        {"{\"id\":\"not-a-guid\"}", BERTH_E_SYNTAX, 6, "id", "all"},
        {"{\"state\":\"Done\"}", BERTH_E_TYPE, 9, "state", "all"},
        {"{\"state\":99999999999}", BERTH_E_RANGE, 9, "state", "all"},
        {"{\"mode\":[]}", BERTH_E_TYPE, 8, "mode", "all"},
        {"{\"inner\":[]}", BERTH_E_TYPE, 9, "inner", "all"},
        {"{\"inner\":{}}", BERTH_E_MISSING, 9, "word", "inner"},
        {"{\"inner\":{\"word\":null}}", BERTH_E_MISSING, 9, "word", "inner"},
        {"{\"inner\":{\"word\":5}}", BERTH_E_TYPE, 17, "word", "inner"},
        {"{\"list\":{}}", BERTH_E_TYPE, 8, "list", "all"},
        {"{\"map\":[]}", BERTH_E_TYPE, 7, "map", "all"},
        {"{\"map\":\"{}\"}", BERTH_E_TYPE, 7, "map", "all"},
        {"{\"i32\":1,}", BERTH_E_SYNTAX, 9, NULL, "all"},
        {"{\"i32\":01}", BERTH_E_SYNTAX, 8, NULL, "all"},
        {"{\"x\":\"\xFF\"}", BERTH_E_UTF8, 6, NULL, "all"},
        {"{\"i32\":1", BERTH_E_TRUNCATED, 8, NULL, "all"},
        {"", BERTH_E_TRUNCATED, 0, NULL, "all"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum berth_status status = decode(cases[i].json);
        struct berth_text member = berth_text_of(cases[i].member);
        if (status != cases[i].status || error.at.offset != cases[i].offset || error.at.reason == NULL ||
            !berth_text_equal(error.member, member) || strcmp(error.shape, cases[i].shape) != 0)
            fail_msg("%s: %s at %llu: %s, %.*s of %s", cases[i].json, berth_status_name(status),
                     (unsigned long long)error.at.offset, error.at.reason, (int)error.member.len,
                     error.member.ptr, error.shape);
        assert_int_equal(berth_fields_decode(&all_shape, place(cases[i].json, strlen(cases[i].json)),
                                             strlen(cases[i].json), &all, NULL),
                         cases[i].status);
    }
}

static void lists(void **state)
{
    (void)state;
    char json[] = " {\"list\": [ {\"word\":\"\\u0041\"} , {\"word\":\"b\",\"count\":2},{ \"word\":\"c\" } ] ,"
                  "\"map\":{ \"k\\n1\" : [1,[2]] ,\"k2\":\"[\",\"\":null, \"k4\":-1.5e3 , "
                  "\"k5\":{\"a\":[]},\"k6\":true } } ";
    assert_int_equal(berth_fields_decode(&all_shape, json, strlen(json), &all, NULL), BERTH_OK);
    assert_int_equal(all.list.count, 3);
    struct inner inner;
    static const char *const words[] = {"A", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(berth_json_list_decode(&all.list, &inner_shape, &inner, NULL), BERTH_OK);
        assert_true(berth_text_equal(inner.word, berth_text_of(words[i])));
        assert_int_equal(all.list.count, 2 - i);
    }
    assert_int_equal(berth_json_list_decode(&all.list, &inner_shape, &inner, &error), BERTH_E_MISSING);
    assert_true(error.at.reason == NULL);

    static const struct {
        const char *name, *item;
        size_t count;
    } items[] = {{"k\n1", "[1,[2]]", 2}, {"k2", "\"[\"", 0},      {"", "null", 0},
                 {"k4", "-1.5e3", 0},    {"k5", "{\"a\":[]}", 1}, {"k6", "true", 0}};
    assert_int_equal(all.map.count, 6);
    struct berth_text name;
    struct berth_json_list item;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(berth_json_list_next(&all.map, &name, &item), BERTH_OK);
        assert_true(berth_text_equal(name, berth_text_of(items[i].name)));
        assert_true(berth_text_equal(berth_text_make(item.ptr, item.len), berth_text_of(items[i].item)));
        assert_int_equal(item.count, items[i].count);
    }
    assert_int_equal(berth_json_list_next(&all.map, &name, &item), BERTH_E_MISSING);
    assert_int_equal(berth_json_list_next(&all.map, NULL, &item), BERTH_E_MISSING);

    struct berth_json_list zero = {NULL, 0, 0};
    assert_int_equal(berth_json_list_next(&zero, NULL, &item), BERTH_E_MISSING);
    char texts[] = "[\"a\", \"b:\" ,[\"c\"]]", empty[] = "[ ]", lone[] = "{\"\\ud800\":1}";
    struct berth_json_list list = {texts, strlen(texts), 3};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(berth_json_list_next(&list, &name, &item), BERTH_OK);
        assert_true(name.ptr == NULL && item.ptr[0] == (i < 2 ? '"' : '['));
    }
    assert_int_equal(berth_json_list_next(&item, NULL, &item), BERTH_OK);
    assert_int_equal(berth_json_list_next(&list, NULL, &item), BERTH_E_MISSING);
    list = (struct berth_json_list){empty, strlen(empty), 0};
    assert_int_equal(berth_json_list_next(&list, NULL, &item), BERTH_E_MISSING);
    list = (struct berth_json_list){lone, strlen(lone), 1};
    assert_int_equal(berth_json_list_next(&list, NULL, &item), BERTH_E_UTF8);

    char wrong[] = "[{\"word\":\"a\"},5,{\"word\":\"b\"}]";
    list = (struct berth_json_list){wrong, strlen(wrong), 3};
    assert_int_equal(berth_json_list_decode(&list, &inner_shape, &inner, &error), BERTH_OK);
    assert_int_equal(berth_json_list_decode(&list, &inner_shape, &inner, &error), BERTH_E_TYPE);
    assert_int_equal(berth_json_list_decode(&list, &inner_shape, &inner, &error), BERTH_E_MISSING);
}

/* Shapes that are nested up to the bound and beyond. */
struct link {
    uint32_t present;
};
static const struct berth_shape links[BERTH_FIELDS_DEPTH_MAX + 1];
#define LINK(n_)                                                                                             \
    {                                                                                                        \
        ROW(OBJECT, "l", link, present), .shape = &links[(n_) + 1]                                           \
    }
static const struct berth_field link_fields[] = {LINK(0), LINK(1), LINK(2), LINK(3),
                                                 LINK(4), LINK(5), LINK(6), LINK(7)};
#define LINK_SHAPE(n_)                                                                                       \
    {                                                                                                        \
        "link", &link_fields[n_], 1, sizeof(struct link), 0                                                  \
    }
static const struct berth_shape links[BERTH_FIELDS_DEPTH_MAX + 1] = {
    LINK_SHAPE(0), LINK_SHAPE(1), LINK_SHAPE(2),
    LINK_SHAPE(3), LINK_SHAPE(4), LINK_SHAPE(5),
    LINK_SHAPE(6), LINK_SHAPE(7), {"end", link_fields, 0, sizeof(struct link), 0}};

static void nested_shapes(void **state)
{
    (void)state;
    struct link link;
    char good[] = "{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{}}}}}}}}",
         deep[] = "{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{}}}}}}}}}";
    assert_int_equal(berth_fields_decode(&links[0], good, strlen(good), &link, &error), BERTH_OK);
    assert_int_equal(berth_fields_decode(&links[0], deep, strlen(deep), &link, &error), BERTH_E_ARGUMENT);
    link.present = 1; /* all levels share it */
    encode(&links[0], &link, BERTH_E_ARGUMENT);
    assert_true(berth_text_equal(encode(&links[1], &link, BERTH_OK), berth_text_of(good)));
}

/* On anything at all, the decoder for checked JSON stays inside the bytes. */
static void try_anything(void *ctx, const struct json_case *one)
{
    (void)ctx;
    if (one->len > 5000)
        return;
    char wrapped[5100];
    static const char *const fronts[] = {"",        "{\"text\":",           "{\"raw\":", "{\"list\":[",
                                         "{\"x\":", "{\"inner\":{\"word\":"};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        struct berth_writer w;
        struct berth_json_list list, item;
        berth_writer_init(&w, wrapped, sizeof wrapped);
        berth_put_string(&w, fronts[i]);
        berth_put_bytes(&w, one->document, one->len);
        (void)!berth_fields_decode_checked(&all_shape, place(wrapped, w.len), w.len, &all, &error);
        (void)!berth_fields_decode(&all_shape, place(wrapped, w.len), w.len, &all, &error);
        list = (struct berth_json_list){place(wrapped, w.len), w.len, 1};
        while (berth_json_list_next(&list, NULL, &item) == BERTH_OK)
            continue;
        list = (struct berth_json_list){place(wrapped, w.len), w.len, 1};
        while (berth_json_list_decode(&list, &inner_shape, &all.inner, &error) == BERTH_OK)
            continue;
    }
}

static void unchecked_input(void **state)
{
    (void)state;
    assert_true(json_cases_each(try_anything, NULL) > 0);
    for (size_t len = 0; len < sizeof full - 1; len++) {
        assert_int_equal(berth_fields_decode(&all_shape, place(full, len), len, &all, &error),
                         BERTH_E_TRUNCATED);
        assert_int_not_equal(berth_fields_decode_checked(&all_shape, place(full, len), len, &all, &error),
                             BERTH_OK);
    }
    uint64_t seed = seed_start("unchecked_input");
    for (int round = 0; round < 20000; round++) {
        char damaged[sizeof full];
        memcpy(damaged, full, sizeof full);
        for (size_t i = seed_below(&seed, 3) + 1; i > 0; i--)
            damaged[seed_below(&seed, sizeof full - 1)] = "\"\\{}[]:,0e-ntf\x80 "[seed_below(&seed, 17)];
        enum berth_status status = berth_fields_decode_checked(&all_shape, place(damaged, sizeof full - 1),
                                                               sizeof full - 1, &all, &error);
        struct berth_json_error check;
        if (berth_json_check(berth_text_make(damaged, sizeof full - 1), &check) == BERTH_OK)
            assert_int_equal(status, berth_fields_decode(&all_shape, place(damaged, sizeof full - 1),
                                                         sizeof full - 1, &all, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_type),    cmocka_unit_test(tolerance),
                                       cmocka_unit_test(refusals),      cmocka_unit_test(lists),
                                       cmocka_unit_test(nested_shapes), cmocka_unit_test(unchecked_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
