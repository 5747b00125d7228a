/* What is JSON and what is not, and where it stops being it: the case files of test/wire/json. Every case is
 * read whole, byte by byte, in random pieces, and cut at every byte, at a forbidden page. */
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

#define QUADRATIC_MAX 400 /* bytes up to which every cut is tried */

static struct guard page;
static uint64_t seed;
static char buffer[JSON_CASE_MAX];

struct seen {
    const char *document;
    size_t len;
    unsigned count;
};

static enum berth_status one_element(void *ctx, const struct berth_json_element *element)
{
    struct seen *seen = ctx;
    seen->count++;
    assert_int_equal(element->level, 1);
    assert_non_null(element->json);
    assert_true(berth_json_check(berth_text_make(element->json, element->len), NULL) == BERTH_OK);
    return BERTH_OK;
}

/* Feeds the document in pieces of 1 ... LIMIT bytes. */
static enum berth_status stream(const char *document, size_t len, size_t limit,
                                struct berth_json_error *error)
{
    struct seen seen = {document, len, 0};
    struct berth_json_stream s;
    struct berth_json_stream_config config = {BERTH_TEXT(""), buffer, sizeof buffer, one_element, &seen};
    enum berth_status status = berth_json_stream_init(&s, &config);
    for (size_t at = 0; at < len && status == BERTH_OK;) {
        size_t piece = 1 + seed_below(&seed, limit);
        piece = piece < len - at ? piece : len - at;
        status = berth_json_stream_feed(&s, guard_put(&page, document + at, piece), piece);
        at += piece;
    }
    if (status == BERTH_OK)
        status = berth_json_stream_end(&s);
    assert_true(status != BERTH_OK || seen.count == 1);
    *error = s.error;
    return status;
}

/* The pieces do not matter. */
static void same_in_pieces(const char *document, size_t len, enum berth_status status, uint64_t offset)
{
    static const size_t limits[] = {1, 40, 3, 9, 1000, 1000000};
    size_t count = len < 40 ? 2 : sizeof limits / sizeof limits[0];
    for (size_t i = 0; i < count; i++) {
        struct berth_json_error error = {0, NULL};
        enum berth_status streamed = stream(document, len, limits[i], &error);
        if (streamed != status || (status != BERTH_OK && (error.offset != offset || error.reason == NULL)))
            fail_msg("in pieces of %zu: %s at %llu", limits[i], berth_status_name(streamed),
                     (unsigned long long)error.offset);
    }
}

static void cut(const char *document, size_t len)
{
    for (size_t end = 0; end < len; end++) {
        struct berth_json_error error = {0, NULL};
        struct berth_text part = {(const char *)guard_put(&page, document, end), end};
        enum berth_status status = berth_json_check(part, &error);
        assert_true(status == BERTH_OK || (status == BERTH_E_TRUNCATED && error.offset == end));
        same_in_pieces(document, end, status, end);
    }
}

static void has_tokens(const char *document, size_t len)
{
    size_t needed = 0;
    struct berth_json json;
    struct berth_text text = {(const char *)guard_put(&page, document, len), len};
    int64_t dummy;
    enum berth_status status = berth_json_parse(&json, text, &dummy, 0, &needed, NULL);
    assert_int_equal(status, BERTH_E_SPACE);
    void *tokens = malloc(needed);
    assert_int_equal(berth_json_parse(&json, text, tokens, needed - 1, NULL, NULL), BERTH_E_SPACE);
    assert_int_equal(berth_json_parse(&json, text, tokens, needed, &needed, NULL), BERTH_OK);
    assert_int_equal(json.token_count * BERTH_JSON_TOKEN_SIZE, needed);
    free(tokens);
}

/* Inside an array and a member: where nobody watches, the reader has a faster way, which must agree. */
static void same_inside(const struct json_case *one)
{
    static char wrapped[JSON_CASE_MAX + 64];
    for (int object = 0; object < 2; object++) {
        struct berth_writer w;
        struct berth_json_error error = {0, NULL};
        berth_writer_init(&w, wrapped, sizeof wrapped);
        berth_put_string(&w, object ? "{\"k\":" : "[");
        berth_put_bytes(&w, one->document, one->len);
        berth_put_string(&w, object ? ", \"l\":0}" : " ,1 ]");
        if (w.len > JSON_CASE_MAX)
            return;
        struct berth_text text = {(const char *)guard_put(&page, wrapped, w.len), w.len};
        enum berth_status status = berth_json_check(text, &error);
        assert_true(!one->valid || status == BERTH_OK || status == BERTH_E_DEPTH);
        same_in_pieces(wrapped, w.len, status, error.offset);
    }
}

static void try_case(void *ctx, const struct json_case *one)
{
    (void)ctx;
    struct berth_json_error error = {0, NULL};
    struct berth_text text = {(const char *)guard_put(&page, one->document, one->len), one->len};
    enum berth_status status = berth_json_check(text, &error);
    const char *due = one->valid ? "ok" : one->status;
    if (strcmp(berth_status_name(status), due) != 0 || (!one->valid && error.offset != one->offset))
        fail_msg("%s:%u: %s at %llu (%s)", one->file, one->line, berth_status_name(status),
                 (unsigned long long)error.offset, error.reason != NULL ? error.reason : "");
    assert_true(one->valid == (error.reason == NULL));
    same_in_pieces(one->document, one->len, status, error.offset);
    same_inside(one);
    if (one->valid)
        has_tokens(one->document, one->len);
    if (one->valid && one->len <= QUADRATIC_MAX)
        cut(one->document, one->len);
}

static void cases(void **state)
{
    (void)state;
    seed = seed_start("json cases");
    size_t count = json_cases_each(try_case, NULL);
    assert_true(count >= 400);
}

/* Random documents are accepted; with one byte changed, all readings still agree. */
static void random_documents(void **state)
{
    (void)state;
    static char document[60000];
    seed = seed_start("random documents");
    for (int round = 0; round < 1000; round++) {
        size_t len = json_random_text(&seed, document, sizeof document, 1 + (unsigned)seed_below(&seed, 60));
        struct berth_json_error error = {0, NULL};
        assert_int_equal(berth_json_check(berth_text_make(document, len), &error), BERTH_OK);
        same_in_pieces(document, len, BERTH_OK, 0);
        has_tokens(document, len);
        static const char bytes[] = "\0\"\\[]{},:0-.eE tnu\x80\xC3\xE2\xF0";
        document[seed_below(&seed, len)] = bytes[seed_below(&seed, sizeof bytes - 1)];
        enum berth_status status = berth_json_check(berth_text_make(document, len), &error);
        same_in_pieces(document, len, status, error.offset);
    }
}

static int open_page(void **state)
{
    (void)state;
    guard_open(&page, JSON_CASE_MAX);
    return 0;
}

static int close_page(void **state)
{
    (void)state;
    guard_close(&page);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases), cmocka_unit_test(random_documents)};
    return cmocka_run_group_tests(tests, open_page, close_page);
}
