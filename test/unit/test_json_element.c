/* A stream's element is decoded with what the stream knows of its lists' ends: the same comes out as without.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/json.h"

struct inner {
    uint32_t present;
    struct berth_json_list list;
};

struct item {
    uint32_t present;
    struct berth_text text;
    struct berth_json_list steps, map;
    struct berth_text raw;
    struct inner inner;
};

#define ROW(type_, name_, struct_, member_)                                                                  \
    {                                                                                                        \
        .name = BERTH_TEXT_INIT(name_), .type = BERTH_FIELD_##type_,                                         \
        .offset = offsetof(struct struct_, member_)                                                          \
    }
static const struct berth_field inner_fields[] = {ROW(LIST, "list", inner, list)};
static const struct berth_shape inner_shape = {"inner", inner_fields, 1, sizeof(struct inner),
                                               offsetof(struct inner, present)};
static const struct berth_field fields[] = {ROW(TEXT, "text", item, text),
                                            ROW(LIST, "steps", item, steps),
                                            ROW(MAP, "map", item, map),
                                            ROW(RAW, "raw", item, raw),
                                            {.name = BERTH_TEXT_INIT("inner"),
                                             .type = BERTH_FIELD_OBJECT,
                                             .offset = offsetof(struct item, inner),
                                             .shape = &inner_shape}};
static const struct berth_shape shape = {"item", fields, sizeof fields / sizeof fields[0],
                                         sizeof(struct item), offsetof(struct item, present)};

struct seen {
    size_t elements, known; /* known: the stream knew the longest list */
};

static void same_list(const struct berth_json_list *a, const char *a_base, const struct berth_json_list *b,
                      const char *b_base)
{
    assert_int_equal(a->len, b->len);
    assert_int_equal(a->count, b->count);
    if (a->ptr != NULL || b->ptr != NULL)
        assert_int_equal(a->ptr - a_base, b->ptr - b_base);
}

static enum berth_status compare(void *ctx, const struct berth_json_element *element)
{
    static char copy[4096];
    struct seen *seen = ctx;
    struct item plain, item;
    struct berth_decode_error plain_error = {{0, NULL}, {NULL, 0}, NULL}, error = plain_error;
    seen->elements++;
    if (element->json == NULL) {
        assert_int_equal(berth_json_element_decode(element, &shape, &item, NULL), BERTH_E_SPACE);
        return BERTH_OK;
    }
    seen->known += element->longest.ptr != NULL;
    memcpy(copy, element->json, element->len);
    enum berth_status due = berth_fields_decode_checked(&shape, copy, element->len, &plain, &plain_error);
    assert_int_equal(berth_json_element_decode(element, &shape, &item, &error), due);
    if (due != BERTH_OK) {
        assert_int_equal(error.at.offset, plain_error.at.offset);
        return BERTH_OK;
    }
    assert_int_equal(item.present, plain.present);
    assert_true(berth_text_equal(item.text, plain.text));
    assert_true(berth_text_equal(item.raw, plain.raw));
    same_list(&item.steps, element->json, &plain.steps, copy);
    same_list(&item.map, element->json, &plain.map, copy);
    same_list(&item.inner.list, element->json, &plain.inner.list, copy);
    return BERTH_OK;
}

/* In two pieces, cut at CUT, through a buffer of CAP bytes; what was seen is added to SEEN. */
static void stream(const char *path, const char *document, size_t cut, size_t cap, struct seen *seen)
{
    static char buf[4096];
    struct berth_json_stream s;
    struct berth_json_stream_config config = {berth_text_of(path), buf, cap, compare, seen};
    assert_int_equal(berth_json_stream_init(&s, &config), BERTH_OK);
    assert_int_equal(berth_json_stream_feed(&s, document, cut), BERTH_OK);
    assert_int_equal(berth_json_stream_feed(&s, document + cut, strlen(document) - cut), BERTH_OK);
    assert_int_equal(berth_json_stream_end(&s), BERTH_OK);
}

static const char *const documents[] = {
    "[{\"text\":\"a\",\"steps\":[1,2,[3,4],{\"a\":[5,6],\"b\":7}],\"raw\":[1,2]},{\"steps\":[8]}]",
    "[{\"steps\":[],\"map\":{},\"raw\":[ ],\"inner\":{}},{\"map\":{ },\"steps\":[ ]}]",
    "[ { \"steps\" : [ \"]\" , \"},{\" , \"\\\"]\" ] , \"map\" : { \"{\" : \"}\" , \"\\\\\" : [ ] } } ]",
    "[{\"map\":{\"a\":{\"b\":{\"c\":[1,2,3]}},\"d\":null},\"steps\":[true,false,null,1e5,-0.5,\"\xC3\xA9\"]}"
    "]",
    "[{\"unknown\":[1,2,3,4,5,6,7,8,9],\"steps\":[1],\"map\":{\"x\":1}},[1,[2,3]],{\"steps\":null},7]",
    "[{\"inner\":{\"list\":[1,2,3]},\"steps\":[[[],[]],{}],\"raw\":{\"a\":[{},{}]}}]",
    "[{\"text\":\"\\u0041\\n\\\"[{\",\"steps\":[{\"a\":\"\\ud83d\\ude00]\"},{\"b\":\"c\"}],\"text\":"
    "\"again\"}]",
    "[{\"steps\":{\"not\":[\"a\",\"list\"]}},{\"steps\":[1,2],\"map\":[3]},{\"steps\":[{\"steps\":[1,2]},[3]]"
    "}]",
};
static const char *const paths[] = {"[*]", "[*].steps[*]", "[*].map.a[*]", ""};

static void test_known_ends_change_nothing(void **state)
{
    static const size_t caps[] = {4096, 60, 20};
    (void)state;
    for (size_t d = 0; d < sizeof documents / sizeof documents[0]; d++)
        for (size_t p = 0; p < 4; p++) {
            struct berth_json_stream s;
            char buf[16];
            struct berth_json_stream_config config = {berth_text_of(paths[p]), buf, sizeof buf, compare,
                                                      &(struct seen){0, 0}};
            assert_int_equal(berth_json_stream_init(&s, &config), BERTH_OK);
            if (berth_json_stream_feed(&s, documents[d], strlen(documents[d])) != BERTH_OK)
                continue; /* the document is not what this path leads through */
            for (size_t c = 0; c < sizeof caps / sizeof caps[0]; c++)
                for (size_t cut = 0; cut <= strlen(documents[d]); cut++)
                    stream(paths[p], documents[d], cut, caps[c], &(struct seen){0, 0});
        }
}

/* An element that comes in one piece is decoded the quick way; one that is cut inside its list is not. */
static void test_which_ends_are_known(void **state)
{
    static const char document[] = "[{\"steps\":[1,2,3]}]";
    struct seen whole = {0, 0}, cut = {0, 0};
    (void)state;
    stream("[*]", document, 0, 4096, &whole);
    assert_int_equal(whole.elements, 1);
    assert_int_equal(whole.known, 1);
    stream("[*]", document, 14, 4096, &cut);
    assert_int_equal(cut.elements, 1);
    assert_int_equal(cut.known, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_ends_change_nothing),
        cmocka_unit_test(test_which_ends_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
