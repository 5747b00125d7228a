/* RIME: a test case as a row of the result (wire 2.10). */
#include <string.h>

#include "platform/rime.h"

#define HEADER "test_name,feature(s),status\r\n"

/* Characters on their way to the sink, quoted where CSV wants it. */
struct cell {
    const struct berth_sink *sink;
    char buf[128];
    size_t len;
    enum berth_status status;
};

static void put(struct cell *cell, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (cell->len == sizeof cell->buf) {
            if (cell->status == BERTH_OK)
                cell->status = cell->sink->write(cell->sink->ctx, cell->buf, cell->len);
            cell->len = 0;
        }
        cell->buf[cell->len++] = bytes[i];
    }
}

/* The string at JSON unescaped into the same memory, which is never shorter; absent for another value. */
static struct berth_text resolve(struct berth_text json)
{
    char *begin = berth_rime_bytes(json);
    struct berth_writer w;
    if (json.len < 2 || json.ptr[0] != '"')
        return berth_text_make(NULL, 0);
    berth_writer_init(&w, begin, json.len);
    berth_rime_put_string(&w, json);
    return berth_writer_text(&w);
}

static bool needs_quotes(struct berth_text text)
{
    return berth_text_find_byte(text, ',') != SIZE_MAX || berth_text_find_byte(text, '"') != SIZE_MAX ||
           berth_text_find_byte(text, '\r') != SIZE_MAX || berth_text_find_byte(text, '\n') != SIZE_MAX;
}

static void put_inside(struct cell *cell, struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++)
        put(cell, text.ptr[i] == '"' ? "\"\"" : &text.ptr[i], text.ptr[i] == '"' ? 2 : 1);
}

static void put_cell(struct cell *cell, struct berth_text text)
{
    bool quotes = needs_quotes(text);
    put(cell, "\"", quotes);
    if (quotes)
        put_inside(cell, text);
    else
        put(cell, text.ptr, text.len);
    put(cell, "\"", quotes);
}

/* Features joined by commas, as one text in the list's own memory: it is never longer. */
static struct berth_text join(struct berth_text json)
{
    struct berth_json_list list = {berth_rime_bytes(json), json.len, 0}, item;
    char *out = list.ptr;
    size_t len = 0;
    bool later = false;
    if (json.len == 0 || json.ptr[0] != '[')
        return berth_text_make(NULL, 0);
    while (berth_json_list_next(&list, NULL, &item) == BERTH_OK) {
        struct berth_text text = resolve(berth_text_make(item.ptr, item.len));
        if (later)
            out[len++] = ',';
        later = true;
        if (text.len > 0)
            memmove(out + len, text.ptr, text.len);
        len += text.len;
    }
    return berth_text_make(out, len);
}

/* The server's word without its prefix, for those that the columns know. */
static struct berth_text status_of(struct berth_text json)
{
    static const struct berth_text prefix = BERTH_TEXT_INIT("TEST_CASE_STATUS_");
    static const struct berth_text known[] = {BERTH_TEXT_INIT("WARNING"), BERTH_TEXT_INIT("FAIL"),
                                              BERTH_TEXT_INIT("SKIP")};
    if (json.len == 0)
        return BERTH_TEXT("PASS");
    if (json.ptr[0] != '"')
        return json;
    struct berth_text text = resolve(json);
    if (berth_text_equal(text, BERTH_TEXT("TEST_CASE_STATUS_PASS_UNSPECIFIED")) || text.len == 0)
        return BERTH_TEXT("PASS");
    if (berth_text_starts(text, prefix))
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (berth_text_equal(berth_text_slice(text, prefix.len, text.len), known[i]))
                return known[i];
    return text;
}

enum berth_status berth_rime_put_header(struct berth_rime_request *request)
{
    return request->sink.write(request->sink.ctx, HEADER, sizeof HEADER - 1);
}

enum berth_status berth_rime_put_case(struct berth_rime_request *request,
                                      const struct berth_json_element *element)
{
    struct berth_rime_members m;
    struct cell cell = {.sink = &request->sink};
    berth_rime_members_of(&berth_rime_case_shape, berth_text_make(element->json, element->len), &m);
    put_cell(&cell, resolve(m.at[BERTH_RIME_CASE_TYPE]));
    put(&cell, ",", 1);
    put_cell(&cell, join(m.at[BERTH_RIME_CASE_FEATURES]));
    put(&cell, ",", 1);
    put_cell(&cell, status_of(m.at[BERTH_RIME_CASE_STATUS]));
    put(&cell, "\r\n", 2);
    if (cell.status == BERTH_OK)
        cell.status = cell.sink->write(cell.sink->ctx, cell.buf, cell.len);
    return cell.status;
}
