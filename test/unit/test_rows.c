/* Schedule rows: every form of every cell, headers, what is a bad row, and back again byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/booking_rows.h"
#include "berth/time.h"
#include "seed.h"

#define NANO INT64_C(1000000000)
#define HEADER BERTH_ROWS_HEADER "\n"

static int64_t at(int32_t year, uint8_t month, uint8_t day, uint8_t hour, uint8_t minute, uint8_t second)
{
    const struct berth_civil civil = {year, month, day, hour, minute, second};
    int64_t seconds = 0;
    assert_int_equal(berth_civil_to_seconds(&civil, &seconds), BERTH_OK);
    return seconds;
}

/* One row behind the header. */
struct reading {
    struct berth_memory_source memory;
    struct berth_rows_reader reader;
    struct berth_record record;
    struct berth_csv_row row;
    enum berth_row_fault fault;
    char document[4096], window[8192];
};
static struct reading one;

static enum berth_status read_document(struct berth_text document)
{
    struct berth_source source = berth_source_of_text(&one.memory, document);
    berth_rows_reader_init(&one.reader, source, one.window, sizeof one.window);
    return berth_rows_next(&one.reader, &one.record, &one.row, &one.fault);
}

static enum berth_row_fault read_row(const char *row)
{
    struct berth_writer w;
    berth_writer_init(&w, one.document, sizeof one.document);
    berth_put_string(&w, HEADER);
    berth_put_string(&w, row);
    assert_int_equal(berth_writer_status(&w), BERTH_OK);
    assert_int_equal(read_document(berth_writer_text(&w)), BERTH_OK);
    assert_true(one.row.cell_count > 0);
    return one.fault;
}

static void assert_written(const char *line)
{
    char out[512];
    struct berth_writer w;
    berth_writer_init(&w, out, sizeof out);
    assert_int_equal(berth_put_record(&w, &one.record), BERTH_OK);
    out[w.len] = 0;
    assert_string_equal(out, line);
}

/* ---- The wire page's vectors ------------------------------------------------------------------ */

static void test_vector_1(void **state)
{
    (void)state;
    assert_int_equal(read_row("2030-01-09,2030-01-20 00:00:00,m1,8.0,32,\"[0, 1]\",10001,,\n"),
                     BERTH_ROW_GOOD);
    assert_int_equal(one.record.start_s, at(2030, 1, 9, 0, 0, 0));
    assert_int_equal(one.record.end_s, at(2030, 1, 20, 0, 0, 0));
    assert_int_equal(one.record.gpus, 3);
    assert_null(one.record.image.ptr);
    assert_null(one.record.extra_command.ptr);
    assert_written("2030-01-09 00:00:00,2030-01-20 00:00:00,m1,8.0,32,\"[0, 1]\",10001,,\n");
}

static void test_vector_2(void **state)
{
    (void)state;
    assert_int_equal(read_row("2031-02-03 13:30:00.000000,2031-02-06 13:30:00.000000,m2,12,48,"
                              "\"[0, 1, 2, 3]\",10007,null,null\n"),
                     BERTH_ROW_GOOD);
    assert_int_equal(one.record.cpus_nano, 12 * NANO);
    assert_null(one.record.image.ptr);
    assert_null(one.record.extra_command.ptr);
    assert_written("2031-02-03 13:30:00,2031-02-06 13:30:00,m2,12.0,48,\"[0, 1, 2, 3]\",10007,,\n");
}

static void test_vector_3(void **state)
{
    (void)state;
    static const char row[] =
        "2030-01-09 00:00:00,2030-01-20 00:00:00,m1,8.0,32,[0],10001,img:1,\"echo \"\"hi, there\"\"\"\n";
    assert_int_equal(read_row(row), BERTH_ROW_GOOD);
    assert_true(berth_text_equal(one.record.extra_command, BERTH_TEXT("echo \"hi, there\"")));
    assert_written(row);
}

static void test_vector_4(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        enum berth_row_fault fault;
    } CASES[] = {
        {"[ 0 , 1 ]", BERTH_ROW_CELLS}, {"[01]", BERTH_ROW_GPUS}, {"[-1]", BERTH_ROW_GPUS},
        {"\"(0, 1)\"", BERTH_ROW_GPUS}, {"", BERTH_ROW_GPUS},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char row[128];
        struct berth_writer w;
        berth_writer_init(&w, row, sizeof row);
        berth_put_string(&w, "2030-01-09,2030-01-20,m1,8.0,32,");
        berth_put_string(&w, CASES[i].cell);
        berth_put_string(&w, ",10001,,");
        row[w.len] = 0;
        assert_int_equal(read_row(row), CASES[i].fault);
        assert_true(berth_text_equal(one.row.bytes, berth_text_of(row)));
        assert_int_equal(one.row.line, 2);
    }
}

/* ---- Cell by cell ----------------------------------------------------------------------------- */

/* A row with one cell replaced. */
static enum berth_row_fault read_cell(size_t column, const char *cell)
{
    static const char *const PLAIN[] = {"2030-01-09", "2030-01-20", "m1", "8.0", "32",
                                        "[0]",        "10001",      "",   ""};
    char row[512];
    struct berth_writer w;
    berth_writer_init(&w, row, sizeof row);
    for (size_t i = 0; i < BERTH_ROWS_COLUMNS; i++) {
        if (i > 0)
            berth_put_char(&w, ',');
        berth_put_string(&w, i == column ? cell : PLAIN[i]);
    }
    assert_true(w.len < sizeof row);
    row[w.len] = 0;
    return read_row(row);
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum berth_status status;
        int fraction; /* 1: START is rounded down from it, END up */
    } CASES[] = {
        {"2030-01-07 13:30:00", 0, 0},
        {"2030-01-07T13:30:00", 0, 0},
        {"2030-01-07 13:30", 0, 0},
        {"2030-01-07T13:30", 0, 0},
        {"2030-01-07 13:30:00.0", 0, 0},
        {"2030-01-07 13:30:00.000", 0, 0},
        {"2030-01-07 13:30:00.000000000", 0, 0},
        {"2030-01-07 13:30:00.000000001", 0, 1},
        {"2030-01-07 13:30:00.9", 0, 1},
        {"2030-01-07 13:30:00.123456", 0, 1},
        {"2030-01-07 13:30:00.", BERTH_E_SYNTAX, 0},
        {"2030-01-07 13:30:00.0000000001", BERTH_E_SYNTAX, 0},
        {"2030-01-07 13:30:0", BERTH_E_SYNTAX, 0},
        {"2030-01-07 13:30:", BERTH_E_SYNTAX, 0},
        {"2030-01-07 13", BERTH_E_SYNTAX, 0},
        {"2030-01-07 ", BERTH_E_SYNTAX, 0},
        {"2030-01-07  13:30", BERTH_E_SYNTAX, 0},
        {"2030-01-07t13:30", BERTH_E_SYNTAX, 0},
        {"2030-01-07 13:30:00Z", BERTH_E_SYNTAX, 0},
        {"2030-01-07 13:30:00+08:00", BERTH_E_SYNTAX, 0},
        {" 2030-01-07 13:30:00", BERTH_E_SYNTAX, 0},
        {"2030-01-07 13:30:00 ", BERTH_E_SYNTAX, 0},
        {"2030-1-07", BERTH_E_SYNTAX, 0},
        {"30-01-07", BERTH_E_SYNTAX, 0},
        {"+030-01-07", BERTH_E_SYNTAX, 0},
        {"2030/01/07", BERTH_E_SYNTAX, 0},
        {"20300107", BERTH_E_SYNTAX, 0},
        {"NaT", BERTH_E_SYNTAX, 0},
        {"", BERTH_E_SYNTAX, 0},
        {"2030-02-30", BERTH_E_RANGE, 0},
        {"2030-13-01", BERTH_E_RANGE, 0},
        {"0000-01-01", BERTH_E_RANGE, 0},
        {"2030-01-07 24:00:00", BERTH_E_RANGE, 0},
        {"2030-01-07 13:60", BERTH_E_RANGE, 0},
        {"2030-01-07 23:59:60", BERTH_E_RANGE, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        int64_t down = -1, up = -1;
        struct berth_text text = berth_text_of(CASES[i].text);
        if (berth_parse_civil(text, false, &down) != CASES[i].status ||
            berth_parse_civil(text, true, &up) != CASES[i].status)
            fail_msg("%s", CASES[i].text);
        if (CASES[i].status != BERTH_OK)
            continue;
        assert_int_equal(down, at(2030, 1, 7, 13, 30, 0));
        assert_int_equal(up, down + CASES[i].fraction);
    }
    int64_t seconds;
    assert_int_equal(berth_parse_civil(BERTH_TEXT("9999-12-31 23:59:59.5"), true, &seconds), BERTH_E_RANGE);
    assert_int_equal(berth_parse_civil(BERTH_TEXT("9999-12-31 23:59:59.5"), false, &seconds), BERTH_OK);
    assert_int_equal(read_cell(0, "nonsense"), BERTH_ROW_START);
    assert_int_equal(read_cell(1, "nonsense"), BERTH_ROW_END);
    assert_int_equal(read_cell(1, "2030-01-09"), BERTH_ROW_ORDER);
    assert_int_equal(read_cell(1, "2030-01-08"), BERTH_ROW_ORDER);
    assert_int_equal(read_cell(1, "2030-01-09 00:00:00.5"), BERTH_ROW_GOOD); /* up: one second */
    assert_int_equal(one.record.end_s - one.record.start_s, 1);
}

static void test_cpus(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        int64_t nano; /* -1: bad */
        const char *written;
    } CASES[] = {
        {"8.0", 8 * NANO, "8.0"},
        {"8", 8 * NANO, "8.0"},
        {"008.50", 8 * NANO + NANO / 2, "8.5"},
        {"24.5", 24 * NANO + NANO / 2, "24.5"},
        {"0", 0, "0.0"},
        {"0.0", 0, "0.0"},
        {"0.3333333333333333", 333333334, "0.333333334"},
        {"0.3333333330", 333333333, "0.333333333"},
        {"1.0000000000000000000001", NANO + 1, "1.000000001"},
        {"1e0", NANO, "1.0"},
        {"1E+1", 10 * NANO, "10.0"},
        {"1.5e-1", NANO * 3 / 20, "0.15"},
        {"1e-05", 10000, "1e-05"},
        {"1.5e-05", 15000, "1.5e-05"},
        {"9.9999e-05", 99999, "9.9999e-05"},
        {"0.0001", 100000, "0.0001"},
        {"1e-9", 1, "1e-09"},
        {"1.23e-7", 123, "1.23e-07"},
        {"1e-99999999", 1, "1e-09"}, /* above zero stays above zero */
        {"0e99999999", 0, "0.0"},
        {"0.000000000000000000000000000001e30", NANO, "1.0"},
        {"1000000000000e-12", NANO, "1.0"},
        {"9223372036", INT64_C(9223372036) * NANO, "9223372036.0"},
        {"9223372035.999999999", INT64_C(9223372036) * NANO - 1, "9223372035.999999999"},
        {"9.223372036e9", INT64_C(9223372036) * NANO, "9223372036.0"},
        {"9223372036.000000001", -1, NULL},
        {"9223372036.0000000000001", -1, NULL},
        {"9223372037", -1, NULL},
        {"99999999999999999999", -1, NULL},
        {"1e10", -1, NULL},
        {"1e99999999", -1, NULL},
        {"", -1, NULL},
        {"nan", -1, NULL},
        {"inf", -1, NULL},
        {"-1", -1, NULL},
        {"+1", -1, NULL},
        {".5", -1, NULL},
        {"5.", -1, NULL},
        {"1e", -1, NULL},
        {"1e+", -1, NULL},
        {"1_0", -1, NULL},
        {"0x10", -1, NULL},
        {" 8", -1, NULL},
        {"8 ", -1, NULL},
        {"True", -1, NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        enum berth_row_fault fault = read_cell(3, CASES[i].cell);
        if (fault != (CASES[i].nano < 0 ? BERTH_ROW_CPUS : BERTH_ROW_GOOD))
            fail_msg("%s: %s", CASES[i].cell, berth_row_fault_text(fault));
        if (CASES[i].nano < 0)
            continue;
        char out[64];
        struct berth_writer w;
        assert_int_equal(one.record.cpus_nano, CASES[i].nano);
        berth_writer_init(&w, out, sizeof out);
        berth_put_cpus(&w, one.record.cpus_nano);
        out[w.len] = 0;
        assert_string_equal(out, CASES[i].written);
    }
}

static void test_whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        int64_t memory, port; /* -1: bad */
    } CASES[] = {
        {"0", 0, 0},
        {"128", 128, 128},
        {"128.0", 128, 128},
        {"128.000", 128, 128},
        {"0010", 10, 10},
        {"65535", 65535, 65535},
        {"65536", 65536, -1},
        {"9223372036854775807", INT64_MAX, -1},
        {"9223372036854775808", -1, -1},
        {"128.5", -1, -1},
        {"128.", -1, -1},
        {".0", -1, -1},
        {"-1", -1, -1},
        {"+1", -1, -1},
        {"1e2", -1, -1},
        {"", -1, -1},
        {"nan", -1, -1},
        {" 1", -1, -1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        assert_int_equal(read_cell(4, CASES[i].cell), CASES[i].memory < 0 ? BERTH_ROW_MEMORY : 0);
        if (CASES[i].memory >= 0)
            assert_int_equal(one.record.memory_gb, CASES[i].memory);
        assert_int_equal(read_cell(6, CASES[i].cell), CASES[i].port < 0 ? BERTH_ROW_PORT : 0);
        if (CASES[i].port >= 0)
            assert_int_equal(one.record.port, CASES[i].port);
    }
}

static void test_gpus(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        bool good;
        uint64_t gpus;
        const char *written;
    } CASES[] = {
        {"[]", true, 0, "[]"},
        {"[ ]", true, 0, "[]"},
        {"[0]", true, 1, "[0]"},
        {"[7]", true, 0x80, "[7]"},
        {"[63]", true, UINT64_C(1) << 63, "[63]"},
        {"\"[0, 1]\"", true, 3, "[0, 1]"},
        {"\"[ 0 , 1 ]\"", true, 3, "[0, 1]"},
        {"\" [0,1] \"", true, 3, "[0, 1]"},
        {"\"[1,0]\"", true, 3, "[0, 1]"},
        {"\"[1,1, 1]\"", true, 2, "[1]"},
        {"\"[0,]\"", true, 1, "[0]"},
        {"\"[0, 1,]\"", true, 3, "[0, 1]"},
        {"\"[0\t,\t1]\"", true, 3, "[0, 1]"},
        {"[64]", false, 0, NULL},
        {"[100]", false, 0, NULL},
        {"[00]", false, 0, NULL},
        {"\"[,]\"", false, 0, NULL},
        {"\"[0,,1]\"", false, 0, NULL},
        {"\"[,0]\"", false, 0, NULL},
        {"[0 1]", false, 0, NULL},
        {"[+1]", false, 0, NULL},
        {"[1.0]", false, 0, NULL},
        {"[True]", false, 0, NULL},
        {"{0}", false, 0, NULL},
        {"\"(0,)\"", false, 0, NULL},
        {"[", false, 0, NULL},
        {"[0", false, 0, NULL},
        {"]", false, 0, NULL},
        {"[0]]", false, 0, NULL},
        {"[[0]]", false, 0, NULL},
        {"0", false, 0, NULL},
        {"nan", false, 0, NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        enum berth_row_fault fault = read_cell(5, CASES[i].cell);
        if (fault != (CASES[i].good ? BERTH_ROW_GOOD : BERTH_ROW_GPUS))
            fail_msg("%s: %s", CASES[i].cell, berth_row_fault_text(fault));
        if (fault != BERTH_ROW_GOOD)
            continue;
        char out[512];
        struct berth_writer w;
        assert_int_equal(one.record.gpus, CASES[i].gpus);
        berth_writer_init(&w, out, sizeof out);
        berth_put_gpu_list(&w, one.record.gpus);
        out[w.len] = 0;
        assert_string_equal(out, CASES[i].written);
    }
}

static void test_words_for_none(void **state)
{
    (void)state;
    static const char *const NONE[] = {"",     "#N/A",   "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN",
                                       "-nan", "1.#IND", "1.#QNAN",  "<NA>", "N/A",     "NA",       "NULL",
                                       "NaN",  "n/a",    "nan",      "null", "None"};
    static const char *const SOME[] = {"Null", "none", " ", "NONE", "na", "N/a", "nil", "~", "\"\"\"\""};
    for (size_t i = 0; i < sizeof NONE / sizeof NONE[0]; i++) {
        for (int quoted = 0; quoted < 2; quoted++) {
            char cell[32];
            struct berth_writer w;
            berth_writer_init(&w, cell, sizeof cell);
            berth_put_string(&w, quoted ? "\"" : "");
            berth_put_string(&w, NONE[i]);
            berth_put_string(&w, quoted ? "\"" : "");
            cell[w.len] = 0;
            assert_int_equal(read_cell(2, cell), BERTH_ROW_USER);
            assert_int_equal(read_cell(7, cell), BERTH_ROW_GOOD);
            assert_null(one.record.image.ptr);
            assert_int_equal(read_cell(8, cell), BERTH_ROW_GOOD);
            assert_null(one.record.extra_command.ptr);
        }
    }
    for (size_t i = 0; i < sizeof SOME / sizeof SOME[0]; i++) {
        assert_int_equal(read_cell(2, SOME[i]), BERTH_ROW_GOOD);
        assert_int_equal(read_cell(8, SOME[i]), BERTH_ROW_GOOD);
        assert_non_null(one.record.extra_command.ptr);
    }
}

static void test_texts(void **state)
{
    (void)state;
    assert_int_equal(read_cell(8, "\"two\nlines\r\nand\ta tab\""), BERTH_ROW_GOOD);
    assert_int_equal(read_cell(8, "bell\a"), BERTH_ROW_UTF8);
    assert_int_equal(read_cell(8, "delete\x7F"), BERTH_ROW_UTF8);
    assert_int_equal(read_cell(7, "latin \xE9"), BERTH_ROW_UTF8);
    assert_int_equal(read_cell(7, "utf-8 \xC3\xA9"), BERTH_ROW_GOOD);
    assert_int_equal(read_cell(2, "\"m1\nm2\""), BERTH_ROW_UTF8);
    assert_int_equal(read_cell(2, "m\"1"), BERTH_ROW_CELLS);
    assert_int_equal(read_cell(2, "\"m\"1"), BERTH_ROW_CELLS);
    assert_int_equal(read_cell(8, ","), BERTH_ROW_CELLS);
    assert_int_equal(read_row("2030-01-09,2030-01-20,m1,8.0,32,[0],10001"), BERTH_ROW_GOOD);
    assert_null(one.record.image.ptr);
    assert_int_equal(read_row("2030-01-09,2030-01-20,m1,8.0,32,[0]"), BERTH_ROW_PORT);
    assert_int_equal(read_row("2030-01-09"), BERTH_ROW_END);
    struct berth_writer w; /* a zero byte */
    berth_writer_init(&w, one.document, sizeof one.document);
    berth_put_string(&w, HEADER "2030-01-09,2030-01-20,m");
    berth_put_char(&w, 0);
    berth_put_string(&w, "1,8.0,32,[0],10001,,\n");
    assert_int_equal(read_document(berth_writer_text(&w)), BERTH_OK);
    assert_int_equal(one.fault, BERTH_ROW_UTF8);
}

/* ---- Headers ---------------------------------------------------------------------------------- */

static void test_headers(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        enum berth_status status;
        const char *reason;
        uint32_t line;
    } CASES[] = {
        {"", 0, NULL, 0},
        {"\n\n", 0, NULL, 0},
        {"\xEF\xBB\xBF", 0, NULL, 0},
        {BERTH_ROWS_HEADER, 0, NULL, 1},
        {HEADER, 0, NULL, 1},
        {"\xEF\xBB\xBF" BERTH_ROWS_HEADER "\r\n\r\n", 0, NULL, 1},
        {"\n\"start\",end,user_id,cpus,memory,gpus,forward_port,image,\"extra_command\"\n", 0, NULL, 2},
        {"start,end,user_id,cpus,memory,gpus,forward_port,image\n", BERTH_E_SYNTAX, "lacks a column", 1},
        {"start\n", BERTH_E_SYNTAX, "lacks a column", 1},
        {HEADER "\"", BERTH_E_SYNTAX, "a quote is never closed", 2},
        {"\n\"start", BERTH_E_SYNTAX, "a quote is never closed", 2},
        {",start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command\n", BERTH_E_SYNTAX,
         "unknown column", 1},
        {"Start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command\n", BERTH_E_SYNTAX,
         "unknown column", 1},
        {" start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command\n", BERTH_E_SYNTAX,
         "unknown column", 1},
        {BERTH_ROWS_HEADER ",more\n", BERTH_E_SYNTAX, "more columns", 1},
        {"start,end,user_id,cpus,memory,gpus,start,image,extra_command\n", BERTH_E_SYNTAX, "twice", 1},
        {"2030-01-09,2030-01-20,m1,8.0,32,[0],10001,,\n", BERTH_E_SYNTAX, "unknown column", 1},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        enum berth_status status = read_document(berth_text_of(CASES[i].document));
        assert_int_equal(status, CASES[i].status);
        assert_int_equal(one.row.cell_count, 0);
        assert_int_equal(one.reader.line, CASES[i].line);
        if (CASES[i].reason == NULL) {
            assert_null(one.reader.reason);
            continue;
        }
        assert_non_null(strstr(one.reader.reason, CASES[i].reason));
        assert_int_equal(berth_rows_next(&one.reader, &one.record, &one.row, &one.fault), status);
    }
}

static void test_any_column_order(void **state)
{
    (void)state;
    static const char document[] = "gpus,user_id,extra_command,end,start,image,forward_port,memory,cpus\n"
                                   "\"[0, 2]\",m1,,2030-01-20,2030-01-09,img,10001,32,8\n";
    assert_int_equal(read_document(berth_text_of(document)), BERTH_OK);
    assert_int_equal(one.fault, BERTH_ROW_GOOD);
    assert_written("2030-01-09 00:00:00,2030-01-20 00:00:00,m1,8.0,32,\"[0, 2]\",10001,img,\n");
}

static void test_a_row_too_long(void **state)
{
    (void)state;
    struct berth_memory_source memory;
    char window[2 * 100], document[512];
    for (size_t extra = 0; extra < 40; extra++) {
        struct berth_writer w;
        struct berth_rows_reader r;
        berth_writer_init(&w, document, sizeof document);
        berth_put_string(&w, HEADER "2030-01-09,2030-01-20,m1,8.0,32,[0],10001,,\"");
        size_t row = w.len - sizeof(HEADER) + 1;
        berth_put_repeat(&w, '"', 2 * extra); /* doubled quotes: the cell's text is built anew */
        berth_put_string(&w, "x\"\n");
        row += 2 * extra + 3;
        berth_rows_reader_init(&r, berth_source_of_text(&memory, berth_writer_text(&w)), window,
                               sizeof window);
        enum berth_status status = berth_rows_next(&r, &one.record, &one.row, &one.fault);
        assert_int_equal(status, row <= 100 ? BERTH_OK : BERTH_E_SPACE);
        assert_int_equal(r.line, 2);
        if (status == BERTH_OK)
            assert_int_equal(one.record.extra_command.len, extra + 1);
        else
            assert_string_equal(r.reason, "the row is too long");
    }
}

/* ---- Writing ---------------------------------------------------------------------------------- */

static const struct berth_record PLAIN = {.start_s = 1800,
                                          .end_s = 3600,
                                          .cpus_nano = NANO,
                                          .memory_gb = 1,
                                          .user_id = BERTH_TEXT_INIT("m1"),
                                          .port = 10001};

static void test_what_is_not_written(void **state)
{
    (void)state;
    struct berth_record bad[10];
    for (size_t i = 0; i < 10; i++)
        bad[i] = PLAIN;
    bad[0].end_s = bad[0].start_s;
    bad[1].cpus_nano = -1;
    bad[2].cpus_nano = INT64_MAX;
    bad[3].memory_gb = -1;
    bad[4].user_id = BERTH_TEXT("nan");
    bad[5].user_id = BERTH_TEXT("a\nb");
    bad[6].extra_command = BERTH_TEXT("None");
    bad[7].image = BERTH_TEXT("\xFF");
    bad[8].end_s = INT64_MAX;
    bad[9].start_s = INT64_MIN;
    for (size_t i = 0; i < 10; i++) {
        struct berth_writer w = {NULL, 0, 0};
        assert_int_equal(berth_put_record(&w, &bad[i]), BERTH_E_RANGE);
        assert_int_equal(w.len, 0);
    }
    char out[128];
    struct berth_writer w;
    berth_writer_init(&w, out, 10);
    assert_int_equal(berth_put_record(&w, &PLAIN), BERTH_E_SPACE);
    size_t need = w.len;
    berth_writer_init(&w, out, need);
    assert_int_equal(berth_put_record(&w, &PLAIN), BERTH_OK);
    assert_int_equal(w.len, need);
}

static struct berth_text random_text(uint64_t *seed, char *buf, size_t cap, bool lines)
{
    static const char *const PARTS[] = {"a", "b",  "\"", ",", " ",  "'",  "\xC3\xA9", "\xF0\x9F\x98\x80",
                                        "0", "\\", "N",  "/", "\n", "\r", "\t"};
    struct berth_writer w;
    for (;;) {
        size_t parts = seed_below(seed, 8);
        berth_writer_init(&w, buf, cap);
        for (size_t i = 0; i < parts; i++)
            berth_put_string(&w, PARTS[seed_below(seed, lines ? 15 : 12)]);
        if (!berth_rows_is_none(berth_writer_text(&w)))
            return berth_writer_text(&w);
    }
}

static void random_record(uint64_t *seed, struct berth_record *record, char texts[3][64])
{
    memset(record, 0, sizeof *record);
    record->start_s = (int64_t)seed_below(seed, 1u << 31) - 100000000;
    record->end_s = record->start_s + 1 + (int64_t)seed_below(seed, 1u << (1 + seed_below(seed, 22)));
    record->cpus_nano = (int64_t)(seed_next(seed) >> (1 + seed_below(seed, 63)));
    if (record->cpus_nano > INT64_C(9223372036) * NANO)
        record->cpus_nano = 0;
    if (seed_below(seed, 2))
        record->cpus_nano = record->cpus_nano / NANO * NANO;
    record->memory_gb = (int64_t)(seed_next(seed) >> (1 + seed_below(seed, 63)));
    record->gpus =
        seed_below(seed, 3) ? seed_next(seed) & seed_next(seed) & seed_next(seed) : seed_below(seed, 16);
    record->port = (uint16_t)seed_next(seed);
    record->user_id = random_text(seed, texts[0], 64, false);
    if (seed_below(seed, 2))
        record->image = random_text(seed, texts[1], 64, true);
    if (seed_below(seed, 2))
        record->extra_command = random_text(seed, texts[2], 64, true);
}

static void assert_same(const struct berth_record *a, const struct berth_record *b)
{
    assert_true(a->start_s == b->start_s && a->end_s == b->end_s && a->cpus_nano == b->cpus_nano &&
                a->memory_gb == b->memory_gb && a->gpus == b->gpus && a->port == b->port);
    assert_true(berth_text_equal(a->user_id, b->user_id));
    assert_true(berth_text_equal(a->image, b->image));
    assert_true((a->image.len == 0) == (b->image.ptr == NULL));
    assert_true(berth_text_equal(a->extra_command, b->extra_command));
}

/* Property 11: read(write(rows)) = rows, and what is written from that is the same to the byte. */
static void test_round_trip(void **state)
{
    (void)state;
    enum { ROWS = 20 };
    static char document[ROWS * 1024], again[ROWS * 1024], window[4096];
    uint64_t seed = seed_start("rows round trip");
    for (unsigned run = 0; run < 400; run++) {
        struct berth_record records[ROWS], record;
        char texts[ROWS][3][64];
        struct berth_writer w, w2;
        berth_writer_init(&w, document, sizeof document);
        berth_writer_init(&w2, again, sizeof again);
        berth_put_string(&w, HEADER);
        berth_put_string(&w2, HEADER);
        for (size_t i = 0; i < ROWS; i++) {
            random_record(&seed, &records[i], texts[i]);
            assert_int_equal(berth_put_record(&w, &records[i]), BERTH_OK);
        }
        struct berth_memory_source memory;
        struct berth_rows_reader r;
        struct berth_csv_row row;
        enum berth_row_fault fault;
        berth_rows_reader_init(&r, berth_source_of_text(&memory, berth_writer_text(&w)), window,
                               sizeof window);
        for (size_t i = 0; i < ROWS; i++) {
            assert_int_equal(berth_rows_next(&r, &record, &row, &fault), BERTH_OK);
            assert_int_equal(fault, BERTH_ROW_GOOD);
            assert_same(&records[i], &record);
            assert_int_equal(berth_put_record(&w2, &record), BERTH_OK);
        }
        assert_int_equal(berth_rows_next(&r, &record, &row, &fault), BERTH_OK);
        assert_int_equal(row.cell_count, 0);
        assert_true(berth_text_equal(berth_writer_text(&w), berth_writer_text(&w2)));
    }
}

/* Property 13: whatever the bytes are, there is an answer, and a good row can be written. */
static void test_random_bytes(void **state)
{
    (void)state;
    static const char LETTERS[] = "0123456789-: ,,,,\"\"\n\r[]e.+aNT\xC3\xA9\xFF";
    uint64_t seed = seed_start("rows random bytes");
    for (unsigned run = 0; run < 20000; run++) {
        struct berth_writer w;
        berth_writer_init(&w, one.document, sizeof one.document);
        if (seed_below(&seed, 4))
            berth_put_string(&w, HEADER "2030-01-09,2030-01-20,m1,8.0,32,[0],10001,,\n");
        size_t from = seed_below(&seed, w.len + 1);
        for (size_t i = seed_below(&seed, 60); i > 0 && from < sizeof one.document; i--)
            one.document[from++] = LETTERS[seed_below(&seed, sizeof LETTERS - 1)];
        struct berth_text text = berth_text_make(one.document, w.len > from ? w.len : from);
        enum berth_status status = read_document(text);
        while (status == BERTH_OK && one.row.cell_count > 0) {
            if (one.fault == BERTH_ROW_GOOD) {
                char out[256];
                berth_writer_init(&w, out, sizeof out);
                assert_int_equal(berth_put_record(&w, &one.record), BERTH_OK);
            }
            status = berth_rows_next(&one.reader, &one.record, &one.row, &one.fault);
        }
        assert_true(status == BERTH_OK || (status == BERTH_E_SYNTAX && one.reader.reason != NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector_1),       cmocka_unit_test(test_vector_2),
        cmocka_unit_test(test_vector_3),       cmocka_unit_test(test_vector_4),
        cmocka_unit_test(test_times),          cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_whole_numbers),  cmocka_unit_test(test_gpus),
        cmocka_unit_test(test_words_for_none), cmocka_unit_test(test_texts),
        cmocka_unit_test(test_headers),        cmocka_unit_test(test_any_column_order),
        cmocka_unit_test(test_a_row_too_long), cmocka_unit_test(test_what_is_not_written),
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
