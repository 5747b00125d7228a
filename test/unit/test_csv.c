/* CSV: rows and cells however the bytes arrive, what is malformed, bounds, writing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/csv.h"
#include "guard.h"
#include "seed.h"

#define CELLS 8

/* A source that hands out pieces, in between says that nothing is there yet, and may fail at its end. */
struct pieces {
    struct berth_text bytes;
    size_t at, most;
    uint64_t *seed;
    bool stalls, stalled;
    enum berth_status end;
};

static ptrdiff_t pieces_read(void *ctx, void *buf, size_t cap)
{
    struct pieces *p = ctx;
    size_t left = p->bytes.len - p->at;
    if (p->stalls && !p->stalled) {
        p->stalled = true;
        return BERTH_E_WOULD_BLOCK;
    }
    p->stalled = false;
    if (left == 0)
        return p->end;
    size_t most = p->seed != NULL ? 1 + seed_below(p->seed, p->most) : p->most;
    size_t len = left < cap ? left : cap;
    if (len > most)
        len = most;
    memcpy(buf, p->bytes.ptr + p->at, len);
    p->at += len;
    return (ptrdiff_t)len;
}

static struct berth_source source_of(struct pieces *p)
{
    return (struct berth_source){.ctx = p, .read = pieces_read, .length = BERTH_LENGTH_UNKNOWN};
}

/* Rows as text: "line@offset|cell|cell|;" with 'q' before a quoted cell and '!' before a malformed one. */
static enum berth_status show(struct pieces *pieces, char *window, size_t cap, struct berth_writer *w,
                              uint32_t *out_line)
{
    struct berth_csv_reader r;
    struct berth_csv_cell cells[CELLS];
    struct berth_csv_row row;
    enum berth_status status;
    berth_csv_reader_init(&r, source_of(pieces), window, cap);
    for (;;) {
        do
            status = berth_csv_next(&r, cells, CELLS, &row);
        while (status == BERTH_E_WOULD_BLOCK);
        *out_line = r.error_line;
        if (status != BERTH_OK) {
            assert_int_equal(berth_csv_next(&r, cells, CELLS, &row), status);
            return status;
        }
        if (row.cell_count == 0) {
            assert_int_equal(berth_csv_next(&r, cells, CELLS, &row), BERTH_OK);
            assert_int_equal(row.cell_count, 0);
            return BERTH_OK;
        }
        assert_memory_equal(row.bytes.ptr, pieces->bytes.ptr + row.offset, row.bytes.len);
        berth_put_u64(w, row.line);
        berth_put_char(w, '@');
        berth_put_u64(w, row.offset);
        for (size_t i = 0; i < row.cell_count && i < CELLS; i++) {
            berth_put_char(w, '|');
            if (cells[i].malformed)
                berth_put_char(w, '!');
            if (cells[i].quoted)
                berth_put_char(w, 'q');
            berth_csv_put_cell_text(w, &cells[i]);
        }
        if (row.cell_count > CELLS) {
            berth_put_char(w, '+');
            berth_put_u64(w, row.cell_count);
        }
        berth_put_char(w, ';');
    }
}

static const struct {
    const char *csv, *rows;
    enum berth_status status;
    uint32_t line;
} ROWS[] = {
    {"", "", 0, 0},
    {"a", "1@0|a;", 0, 0},
    {"a,b\n", "1@0|a|b;", 0, 0},
    {"a,b\r\nc\r\n", "1@0|a|b;2@5|c;", 0, 0},
    {"\xEF\xBB\xBF"
     "a,b\n",
     "1@3|a|b;", 0, 0},
    {"\xEF\xBB\xBF", "", 0, 0},
    {"\xEF\xBB", "1@0|\xEF\xBB;", 0, 0},
    {"\n\n \t\na\n\n", "4@5|a;", 0, 0},
    {",\n,,", "1@0||;2@2|||;", 0, 0},
    {"\"\"\n", "1@0|q;", 0, 0},
    {"\"a,b\",c\n", "1@0|qa,b|c;", 0, 0},
    {"\"a\nb\r\nc\",d\ne", "1@0|qa\nb\r\nc|d;4@11|e;", 0, 0},
    {"\"say \"\"hi\"\"\",\"\"\"\"\n", "1@0|qsay \"hi\"|q\";", 0, 0},
    {"a\"b,c\n", "1@0|!a\"b|c;", 0, 0},
    {"\"a\"b,c\n", "1@0|!q\"a\"b|c;", 0, 0},
    {"\"a\"b\"c\",d\n", "1@0|!q\"a\"b\"c\"|d;", 0, 0},
    {"\"a\" ,c\n", "1@0|!q\"a\" |c;", 0, 0},
    {"a\rb\n", "1@0|!a\rb;", 0, 0},
    {"a\r\r\n", "1@0|!a\r;", 0, 0},
    {"a\r", "1@0|!a\r;", 0, 0},
    {"\"a\"\r\nb", "1@0|qa;2@5|b;", 0, 0},
    {"1,2,3,4,5,6,7,8,9,10\n", "1@0|1|2|3|4|5|6|7|8+10;", 0, 0},
    {"a\n\"b\nc\n", "1@0|a;", BERTH_E_SYNTAX, 2},
    {"a\n\"b\nc\",\"d\n\n", "1@0|a;", BERTH_E_SYNTAX, 3},
    {"a,\"", "", BERTH_E_SYNTAX, 1},
    {"a,\"b\"\"", "", BERTH_E_SYNTAX, 1},
};

static struct guard in_guard, window_guard;

static void check_row(size_t i, struct pieces *pieces, size_t cap)
{
    char out[512];
    struct berth_writer w;
    uint32_t line = 0;
    berth_writer_init(&w, out, sizeof out - 1);
    enum berth_status status = show(pieces, (char *)guard_place(&window_guard, cap), cap, &w, &line);
    out[w.len] = 0;
    if (status != ROWS[i].status || strcmp(out, ROWS[i].rows) != 0 || line != ROWS[i].line)
        fail_msg("row %zu, pieces of %zu, window of %zu: %s (%d, line %u)", i, pieces->most, cap, out,
                 (int)status, (unsigned)line);
}

static void test_rows_whole_and_in_pieces(void **state)
{
    (void)state;
    uint64_t seed = seed_start("csv pieces");
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct berth_text text = berth_text_of(ROWS[i].csv);
        text.ptr = (const char *)guard_put(&in_guard, text.ptr, text.len);
        for (size_t most = 1; most <= text.len + 1; most++) {
            struct pieces pieces = {.bytes = text, .most = most, .stalls = most % 2 == 0};
            check_row(i, &pieces, 64);
        }
        for (unsigned run = 0; run < 20; run++) {
            struct pieces pieces = {.bytes = text, .most = 7, .seed = &seed, .stalls = run % 2};
            check_row(i, &pieces, 40);
        }
    }
}

/* A window that just holds the longest row with its line end is enough; one byte less is not. */
static void test_the_window_bounds_a_row(void **state)
{
    (void)state;
    static const char text[] = "ab,cd\n\"e\nf\",g\nlongest,row\nx\n";
    char window[12], out[128];
    struct berth_writer w;
    uint32_t line = 0;
    for (size_t most = 1; most < sizeof text; most++) {
        struct pieces pieces = {.bytes = BERTH_TEXT("ab,cd\n\"e\nf\",g\nlongest,row\nx\n"), .most = most};
        berth_writer_init(&w, out, sizeof out);
        assert_int_equal(show(&pieces, window, 12, &w, &line), BERTH_OK);
        pieces.at = 0;
        assert_int_equal(show(&pieces, window, 11, &w, &line), BERTH_E_SPACE);
        assert_int_equal(line, 4);
    }
}

static void test_a_failing_source(void **state)
{
    (void)state;
    char window[32], out[64];
    struct berth_writer w;
    uint32_t line = 0;
    struct pieces pieces = {.bytes = BERTH_TEXT("a,b\nc"), .most = 2, .end = BERTH_E_IO};
    berth_writer_init(&w, out, sizeof out - 1);
    assert_int_equal(show(&pieces, window, sizeof window, &w, &line), BERTH_E_IO);
    out[w.len] = 0;
    assert_string_equal(out, "1@0|a|b;"); /* and not half a row */
    assert_int_equal(line, 2);
}

static void test_cell_equal(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *text;
        bool equal;
    } CASES[] = {
        {"abc", "abc", true},           {"\"abc\"", "abc", true},
        {"\"a\"\"c\"", "a\"c", true},   {"\"a\"\"c\"", "a\"\"c", false},
        {"\"a\"\"\"", "a\"", true},     {"\"a\"\"\"", "a", false},
        {"\"a\"\"b\"", "a\"bc", false}, {"abc", "ab", false},
        {"x\"y", "x\"y", true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char window[32];
        struct berth_csv_reader r;
        struct berth_csv_cell cell;
        struct berth_csv_row row;
        struct pieces pieces = {.bytes = berth_text_of(CASES[i].csv), .most = 32};
        berth_csv_reader_init(&r, source_of(&pieces), window, sizeof window);
        assert_int_equal(berth_csv_next(&r, &cell, 1, &row), BERTH_OK);
        assert_int_equal(berth_csv_cell_equal(&cell, berth_text_of(CASES[i].text)), CASES[i].equal);
    }
}

static void test_put_cell(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"", ""},
        {"plain text", "plain text"},
        {" x ", " x "},
        {"a,b", "\"a,b\""},
        {"echo \"hi, there\"", "\"echo \"\"hi, there\"\"\""},
        {"\"", "\"\"\"\""},
        {"a\nb", "\"a\nb\""},
        {"a\rb", "\"a\rb\""},
        {"it's", "it's"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char out[64];
        struct berth_writer w;
        berth_writer_init(&w, out, sizeof out);
        berth_csv_put_cell(&w, berth_text_of(CASES[i][0]));
        out[w.len] = 0;
        assert_string_equal(out, CASES[i][1]);
    }
}

/* What was put comes back, whatever it holds. */
static void test_round_trip(void **state)
{
    (void)state;
    static const char LETTERS[] = "a\",\n\r \t'\\\xC3\xA9";
    uint64_t seed = seed_start("csv round trip");
    for (unsigned run = 0; run < 3000; run++) {
        char cells[CELLS][12], out[512], window[256], back[16];
        size_t lens[CELLS], count = 1 + seed_below(&seed, CELLS);
        struct berth_writer w;
        berth_writer_init(&w, out, sizeof out);
        berth_put_string(&w, "x,"); /* never blank as a whole */
        for (size_t i = 0; i < count; i++) {
            lens[i] = seed_below(&seed, 12);
            for (size_t k = 0; k < lens[i]; k++)
                cells[i][k] = LETTERS[seed_below(&seed, sizeof LETTERS - 1)];
            berth_csv_put_cell(&w, berth_text_make(cells[i], lens[i]));
            berth_put_char(&w, i + 1 < count ? ',' : '\n');
        }
        struct pieces pieces = {.bytes = berth_writer_text(&w), .most = 1 + seed_below(&seed, 40)};
        struct berth_csv_reader r;
        struct berth_csv_cell got[CELLS + 1];
        struct berth_csv_row row;
        berth_csv_reader_init(&r, source_of(&pieces), window, sizeof window);
        assert_int_equal(berth_csv_next(&r, got, CELLS + 1, &row), BERTH_OK);
        assert_int_equal(row.cell_count, count + 1);
        for (size_t i = 0; i < count; i++) {
            struct berth_writer text;
            berth_writer_init(&text, back, sizeof back);
            berth_csv_put_cell_text(&text, &got[i + 1]);
            assert_false(got[i + 1].malformed);
            assert_int_equal(text.len, lens[i]);
            assert_memory_equal(back, cells[i], lens[i]);
            assert_true(berth_csv_cell_equal(&got[i + 1], berth_text_make(cells[i], lens[i])));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_whole_and_in_pieces),
        cmocka_unit_test(test_the_window_bounds_a_row),
        cmocka_unit_test(test_a_failing_source),
        cmocka_unit_test(test_cell_equal),
        cmocka_unit_test(test_put_cell),
        cmocka_unit_test(test_round_trip),
    };
    guard_open(&in_guard, 256);
    guard_open(&window_guard, 256);
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    guard_close(&in_guard);
    guard_close(&window_guard);
    return failures;
}
