/* JSON: the check, the stream in any pieces, tokens with the cursor, and the field decoder agree on what
 * comes in. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/json.h"

static char buf[1 << 16];
static char copy[1 << 16];
static int64_t tokens[1 << 16];

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct item {
    uint32_t present;
    struct berth_text text;
    double number;
    struct berth_time time;
    struct berth_guid id;
    struct berth_enum state;
    struct berth_json_list list, map;
    int64_t integer;
};

#define ROW(type_, name_, member_)                                                                           \
    {                                                                                                        \
        .name = BERTH_TEXT_INIT(name_), .type = BERTH_FIELD_##type_,                                         \
        .offset = offsetof(struct item, member_)                                                             \
    }
static const struct berth_field fields[] = {
    ROW(TEXT, "a", text),  ROW(DOUBLE, "b", number), ROW(TIME, "c", time), ROW(GUID, "d", id),
    ROW(ENUM, "e", state), ROW(LIST, "steps", list), ROW(MAP, "map", map), ROW(I64, "id", integer)};
static const struct berth_shape shape = {"item", fields, sizeof fields / sizeof fields[0],
                                         sizeof(struct item), offsetof(struct item, present)};

static enum berth_status element(void *ctx, const struct berth_json_element *e)
{
    size_t *count = ctx;
    struct item item;
    ++*count;
    if (e->json == NULL) {
        must(e->needed > 0 && e->len == 0);
        return BERTH_OK;
    }
    must(berth_json_check(berth_text_make(e->json, e->len), NULL) == BERTH_OK);
    must(e->outer.ptr == NULL || berth_json_check(e->outer, NULL) == BERTH_OK);
    if (berth_json_element_decode(e, &shape, &item, NULL) == BERTH_OK) {
        struct berth_json_list one;
        size_t items = 0, due = item.list.count;
        while (berth_json_list_next(&item.list, NULL, &one) == BERTH_OK)
            items++;
        must(items == due);
    }
    return BERTH_OK;
}

/* STEP bytes at a time; 0 = all at once. */
static enum berth_status stream(const char *path, struct berth_text document, size_t cap, size_t step,
                                size_t *count, struct berth_json_error *error)
{
    struct berth_json_stream s;
    struct berth_json_stream_config config = {berth_text_of(path), buf, cap, element, count};
    must(berth_json_stream_init(&s, &config) == BERTH_OK);
    enum berth_status status = BERTH_OK;
    for (size_t at = 0; at < document.len && status == BERTH_OK;) {
        struct berth_text piece = berth_text_slice(document, at, step == 0 ? document.len : at + step);
        status = berth_json_stream_feed(&s, piece.ptr, piece.len);
        at += piece.len;
    }
    if (status == BERTH_OK)
        status = berth_json_stream_end(&s);
    *error = s.error;
    return status;
}

static void walk(struct berth_json_cursor at)
{
    unsigned steps = 0;
    while (berth_json_type_of(at) != BERTH_JSON_NONE && steps++ < 1000) {
        struct berth_writer w;
        struct berth_text raw = berth_json_raw(at);
        berth_writer_init(&w, buf, sizeof buf);
        if (berth_json_get_text(at, &w) == BERTH_OK)
            must(berth_json_raw_equal(raw, berth_writer_text(&w)) &&
                 berth_text_is_utf8(berth_writer_text(&w), NULL));
        int64_t integer;
        double number;
        if (berth_json_get_i64(at, &integer) == BERTH_OK)
            must(berth_json_get_double(at, &number) == BERTH_OK);
        struct berth_json_cursor inner = berth_json_enter(at);
        at = berth_json_type_of(inner) != BERTH_JSON_NONE ? inner : berth_json_next(at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"[*]", "[*].steps[*]", "steps[*]", "[*][*]", "[*].steps[*].map[*]"};
    if (size > sizeof copy)
        return 0;
    struct berth_text document = {(const char *)data, size};
    struct berth_json_error whole = {0, NULL}, piece = {0, NULL};
    struct berth_json json;
    struct item item;
    size_t step = size > 0 ? data[size / 2] % 7 + 1u : 1, count = 0;
    enum berth_status status = berth_json_check(document, &whole);
    must(stream("", document, sizeof buf, step, &count, &piece) == status);
    must(status != BERTH_OK ? piece.offset == whole.offset : count == 1);
    enum berth_status parsed = berth_json_parse(&json, document, tokens, sizeof tokens, NULL, NULL);
    must(parsed == status || (status == BERTH_OK && parsed == BERTH_E_SPACE));
    if (parsed == BERTH_OK)
        walk(berth_json_root(&json));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        size_t first = 0, second = 0, cap = i % 2 == 0 ? sizeof buf : 24;
        enum berth_status one = stream(paths[i], document, cap, 0, &first, &whole);
        must(stream(paths[i], document, cap, step, &second, &piece) == one);
        must(first == second && whole.offset == piece.offset);
    }
    memcpy(copy, data, size);
    (void)!berth_fields_decode_checked(&shape, copy, size, &item, NULL);
    return 0;
}
