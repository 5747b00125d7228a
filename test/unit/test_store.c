/* The store: one suite for the store on files and for one with versions; then what files alone have. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/port_mem.h"
#include "seed.h"
#include "store_mem.h"
#include "store_suite.h"

#define HEADER BERTH_ROWS_HEADER "\n"
#define KEYS 64

static struct berth_mem_files mem;
static struct berth_mem_clock clock_state;
static struct berth_files files;
static struct berth_store_files one_state, other_state;
static struct berth_store_key one_keys[KEYS], other_keys[KEYS];
static struct berth_store one, other;

static void reset_files(void *ctx)
{
    (void)ctx;
    memset(&mem, 0, sizeof mem);
    mem.clock = &clock_state;
    assert_int_equal(files.make_folder(files.ctx, "./jobs", 0755), BERTH_OK);
}

static int setup(void **state)
{
    (void)state;
    files = berth_mem_files_init(&mem);
    reset_files(NULL);
    struct berth_store_files_config config = {&files, "./jobs", "./users.yaml", one_keys, KEYS};
    one = berth_store_files_init(&one_state, &config);
    config.keys = other_keys;
    other = berth_store_files_init(&other_state, &config);
    return 0;
}

static void put(const char *path, const char *text)
{
    assert_int_equal(berth_mem_files_put(&mem, path, berth_text_of(text)), BERTH_OK);
}

static void assert_file(const char *path, const char *text)
{
    char buf[4096];
    struct berth_text got = berth_mem_files_text(&mem, path);
    assert_true(got.len < sizeof buf);
    if (got.len > 0)
        memcpy(buf, got.ptr, got.len);
    buf[got.len] = 0;
    assert_string_equal(buf, text);
}

static enum berth_status begin(void)
{
    return one.begin(one.ctx, 100);
}

static void assert_reason(const char *text)
{
    char buf[512];
    struct berth_text reason = one.reason(one.ctx);
    assert_true(reason.len < sizeof buf);
    memcpy(buf, reason.ptr, reason.len);
    buf[reason.len] = 0;
    assert_string_equal(buf, text);
}

static enum berth_status add(unsigned number)
{
    char text[16];
    const struct berth_record record = store_record(number, text);
    return one.add(one.ctx, &record);
}

static enum berth_status move(unsigned number, enum berth_stage from, enum berth_stage to)
{
    char text[16];
    const struct berth_record record = store_record(number, text);
    return one.move(one.ctx, record.user_id, record.start_s, from, to);
}

/* ---- The suite, twice ------------------------------------------------------------------------- */

static void test_suite_on_files(void **state)
{
    (void)state;
    const struct store_rig rig = {one, other, reset_files, NULL, true};
    store_suite(&rig);
    assert_int_equal(berth_mem_files_open_count(&mem), 0);
}

static void reset_mem(void *ctx)
{
    memset(ctx, 0, sizeof(struct store_mem));
}

static void test_suite_with_versions(void **state)
{
    (void)state;
    static struct store_mem shared;
    struct store_mem_handle handles[2];
    const struct store_rig rig = {store_mem_init(&handles[0], &shared), store_mem_init(&handles[1], &shared),
                                  reset_mem, &shared, false};
    store_suite(&rig);
}

/* ---- Bytes ------------------------------------------------------------------------------------ */

#define GOOD_1 "2030-01-09 00:00:00,2030-01-20 00:00:00,m1,8.0,32,\"[0, 1]\",10001,,\n"
#define GOOD_2 "2030-03-17 17:00:00,2030-03-17 17:30:00,u0,1.5,0,[],10001,,\n"

static void test_a_first_booking(void **state)
{
    (void)state;
    reset_files(NULL);
    assert_int_equal(begin(), BERTH_OK);
    assert_int_equal(add(0), BERTH_OK);
    assert_file("./jobs/booking.csv", HEADER GOOD_2);
    assert_null(berth_mem_files_text(&mem, "./jobs/using.csv").ptr);
    assert_int_equal(move(0, BERTH_STAGE_BOOKING, BERTH_STAGE_USING), BERTH_OK);
    assert_file("./jobs/booking.csv", HEADER);
    assert_file("./jobs/using.csv", HEADER GOOD_2);
    one.end(one.ctx);
    put("./jobs/booking.csv", ""); /* 0 bytes: a header alone */
    assert_int_equal(begin(), BERTH_OK);
    assert_int_equal(add(1), BERTH_OK);
    one.end(one.ctx);
}

/* Good rows get our form, bad ones keep their bytes. */
static void test_what_a_rewrite_keeps(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } CASES[] = {
        {HEADER "2030-01-09,2030-01-20 00:00:00,m1,8.0,32,\"[0, 1]\",10001,,\n", HEADER GOOD_1 GOOD_2},
        {"\xEF\xBB\xBF" BERTH_ROWS_HEADER "\r\n\r\n2030-01-09,2030-01-20,m1,8,32.0,\"[1,0]\",10001,null,nan",
         HEADER GOOD_1 GOOD_2},
        {HEADER "bad,row\n", HEADER "bad,row\n" GOOD_2},
        {HEADER "bad,row\r\n  \n2030-01-09,2030-01-20,m1,8,32,\"[0,1]\",10001",
         HEADER "bad,row\n" GOOD_1 GOOD_2},
        {HEADER "\"bad\n row \"\"\",\xFF\n", HEADER "\"bad\n row \"\"\",\xFF\n" GOOD_2},
        {HEADER "bad\r\r\n", HEADER "bad\r\r\n" GOOD_2}, /* the first CR is the row's */
        {HEADER "bad\r", HEADER "bad\r\r\n" GOOD_2},
        {HEADER "1,2,3,4,5,6,7,8,9,10", HEADER "1,2,3,4,5,6,7,8,9,10\n" GOOD_2},
        /* another order of columns: ours, unless a bad row stands in it */
        {"end,start,user_id,cpus,memory,gpus,forward_port,image,extra_command\n"
         "2030-01-20,2030-01-09,m1,8,32,\"[0,1]\",10001,,\n",
         HEADER GOOD_1 GOOD_2},
        {"end,start,user_id,cpus,memory,gpus,forward_port,image,extra_command\n"
         "2030-01-20,2030-01-09,m1,8,32,\"[0,1]\",10001,,\n2030-01-20,nonsense,m1\n",
         "end,start,user_id,cpus,memory,gpus,forward_port,image,extra_command\n"
         "2030-01-20 00:00:00,2030-01-09 00:00:00,m1,8.0,32,\"[0, 1]\",10001,,\n2030-01-20,nonsense,m1\n"
         "2030-03-17 17:30:00,2030-03-17 17:00:00,u0,1.5,0,[],10001,,\n"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        reset_files(NULL);
        put("./jobs/booking.csv", CASES[i].before);
        assert_int_equal(begin(), BERTH_OK);
        assert_file("./jobs/booking.csv", CASES[i].before); /* not touched without need */
        assert_int_equal(add(0), BERTH_OK);
        assert_file("./jobs/booking.csv", CASES[i].after);
        assert_int_equal(move(0, BERTH_STAGE_BOOKING, BERTH_STAGE_USED), BERTH_OK);
        one.end(one.ctx);
        assert_int_equal(begin(), BERTH_OK);
        assert_int_equal(add(1), BERTH_OK);
        one.end(one.ctx);
    }
}

static void test_broken_files_are_left_alone(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"./jobs/booking.csv", "./jobs/using.csv", "./jobs/used.csv"};
    for (size_t i = 0; i < 3; i++) {
        reset_files(NULL);
        put("./jobs/booking.csv", HEADER GOOD_1);
        put(NAMES[i], HEADER GOOD_1 "\"open");
        assert_int_equal(begin(), BERTH_E_SYNTAX);
        assert_non_null(strstr(one_state.reason_text, " line 3: a quote is never closed"));
        assert_int_equal(add(0), BERTH_E_STATE);
        assert_int_equal(berth_mem_files_open_count(&mem), 0);
        put(NAMES[i], "start,end\n");
        assert_int_equal(begin(), BERTH_E_SYNTAX);
        assert_file(NAMES[i], "start,end\n");
    }
    assert_reason("./jobs/used.csv line 1: the header lacks a column; it must be " BERTH_ROWS_HEADER);
}

static void test_rows_that_are_too_long(void **state)
{
    (void)state;
    static char command[BERTH_STORE_WINDOW];
    char text[16];
    struct berth_record record = store_record(0, text);
    reset_files(NULL);
    memset(command, 'x', sizeof command);
    for (size_t len = BERTH_STORE_WINDOW / 2 - 80; len < BERTH_STORE_WINDOW / 2 - 40; len++) {
        assert_int_equal(begin(), BERTH_OK);
        record.extra_command = berth_text_make(command, len);
        record.start_s -= 1800;
        enum berth_status status = one.add(one.ctx, &record);
        one.end(one.ctx);
        assert_int_equal(begin(), BERTH_OK); /* what was accepted can be read again */
        if (status == BERTH_OK)
            assert_int_equal(
                one.move(one.ctx, record.user_id, record.start_s, BERTH_STAGE_BOOKING, BERTH_STAGE_USED),
                BERTH_OK);
        else
            assert_int_equal(status, BERTH_E_SPACE);
        one.end(one.ctx);
        put("./jobs/used.csv", "");
        put("./jobs/booking.csv", "");
    }
    for (size_t len = BERTH_STORE_WINDOW / 2 - 3; len <= BERTH_STORE_WINDOW / 2;
         len++) { /* bad rows as well */
        static char document[BERTH_STORE_WINDOW];
        struct berth_writer w;
        berth_writer_init(&w, document, sizeof document);
        berth_put_string(&w, HEADER);
        berth_put_text(&w, berth_text_make(command, len - 1));
        berth_put_char(&w, '\r'); /* the end of the file: it gets a line end */
        assert_int_equal(berth_mem_files_put(&mem, "./jobs/booking.csv", berth_writer_text(&w)), BERTH_OK);
        enum berth_status status = begin();
        if (status == BERTH_OK) {
            status = add(0);
            one.end(one.ctx);
            assert_int_equal(begin(), BERTH_OK);
            one.end(one.ctx);
        }
        assert_int_equal(status, len + 2 <= BERTH_STORE_WINDOW / 2 ? BERTH_OK : BERTH_E_SPACE);
    }
    put("./jobs/booking.csv", "");
    assert_int_equal(begin(), BERTH_OK);
    record.extra_command = berth_text_make(command, sizeof command);
    assert_int_equal(one.add(one.ctx, &record), BERTH_E_SPACE);
    assert_reason("./jobs/booking.csv: the row is too long");
    one.end(one.ctx);
}

/* ---- Interrupted moves ------------------------------------------------------------------------ */

#define ROW(user, start) start ",2030-01-20 00:00:00," user ",1.0,1,[],0,,\n"
#define A ROW("a1", "2030-01-01 00:00:00")
#define B ROW("b1", "2030-01-01 00:00:00")
#define A2 ROW("a1", "2030-01-02 00:00:00")
#define UPPER_A ROW("A1", "2030-01-01 00:00:00")

static void test_recovery(void **state)
{
    (void)state;
    static const struct {
        const char *booking, *using_, *used;                  /* before */
        const char *booking_after, *using_after, *used_after; /* after */
    } CASES[] = {
        {A B A2, B, "", A A2, B, ""},
        {A B, "", A, B, "", A},
        {"", A B, B, "", A, B},
        {A B A2, A B, A, A2, B, A},
        {A B A2, "", A B A2, "", "", A B A2},
        {A, UPPER_A, "", "", UPPER_A, ""},
        {A "2030-01-01,bad\n" B, B, "", A "2030-01-01,bad\n", B, ""},
        {A2, A, B, A2, A, B},
        {A A, A, "", "", A, ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[1024];
        const char *const before[] = {CASES[i].booking, CASES[i].using_, CASES[i].used};
        const char *const after[] = {CASES[i].booking_after, CASES[i].using_after, CASES[i].used_after};
        static const char *const NAMES[] = {"./jobs/booking.csv", "./jobs/using.csv", "./jobs/used.csv"};
        reset_files(NULL);
        for (size_t k = 0; k < 3; k++) {
            strcpy(text, HEADER);
            put(NAMES[k], strcat(text, before[k]));
        }
        for (int again = 0; again < 2; again++) {
            assert_int_equal(begin(), BERTH_OK);
            one.end(one.ctx);
            for (size_t k = 0; k < 3; k++) {
                strcpy(text, HEADER);
                assert_file(NAMES[k], strcat(text, after[k]));
            }
        }
    }
}

static void test_more_rows_than_keys(void **state)
{
    (void)state;
    reset_files(NULL);
    assert_int_equal(begin(), BERTH_OK);
    for (unsigned i = 0; i < KEYS; i++)
        assert_int_equal(add(i), BERTH_OK);
    assert_int_equal(add(KEYS), BERTH_OK);
    one.end(one.ctx);
    assert_int_equal(begin(), BERTH_E_SPACE);
    assert_reason("./jobs/booking.csv line 66: more rows than this program holds");
    assert_int_equal(berth_mem_files_open_count(&mem), 0);
}

/* ---- Others ----------------------------------------------------------------------------------- */

static void test_the_lock(void **state)
{
    (void)state;
    reset_files(NULL);
    uint64_t before = clock_state.now_ms;
    assert_int_equal(begin(), BERTH_OK);
    assert_int_equal(other.begin(other.ctx, 10000), BERTH_E_LOCKED);
    assert_int_equal(clock_state.now_ms - before, 10000);
    one.end(one.ctx);
    assert_int_equal(other.begin(other.ctx, 10000), BERTH_OK);
    assert_int_equal(begin(), BERTH_E_LOCKED);
    assert_reason("./jobs/.lock: held by another program for too long");
    other.end(other.ctx);
    memset(&mem, 0, sizeof mem); /* no folder */
    assert_int_equal(begin(), BERTH_E_NO_FILE);
    assert_reason("./jobs/.lock: cannot be locked");
}

static enum berth_status ignore_row(void *ctx, const struct berth_store_row *row)
{
    (void)ctx, (void)row;
    return BERTH_OK;
}

/* An editor, or the programs that were there before, write without the lock. */
static void test_a_file_replaced_under_us(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"./jobs/booking.csv", "./jobs/using.csv", "./jobs/used.csv"};
    for (size_t i = 0; i < 3; i++) {
        reset_files(NULL);
        put("./jobs/booking.csv", HEADER A B);
        assert_int_equal(begin(), BERTH_OK);
        put(NAMES[i], HEADER A2);
        assert_int_equal(one.rows(one.ctx, 1u << i, ignore_row, NULL), BERTH_E_CONFLICT);
        assert_int_equal(add(0), BERTH_E_CONFLICT);
        assert_file(NAMES[i], HEADER A2);
        enum berth_status status = one.move(one.ctx, BERTH_TEXT("b1"), INT64_C(1893456000),
                                            BERTH_STAGE_BOOKING, (enum berth_stage)(i == 0 ? 1 : i));
        assert_int_equal(status, i == 0 ? BERTH_E_NOT_FOUND : BERTH_E_CONFLICT);
        assert_file(NAMES[i], HEADER A2);
        one.end(one.ctx);
        assert_int_equal(begin(), BERTH_OK);
        assert_int_equal(add(0), BERTH_OK);
        one.end(one.ctx);
    }
    assert_int_equal(berth_mem_files_open_count(&mem), 0);
    reset_files(NULL); /* the row to be moved is still there, but the file is another: nothing moves */
    put("./jobs/booking.csv", HEADER A B);
    assert_int_equal(begin(), BERTH_OK);
    put("./jobs/booking.csv", HEADER B A);
    assert_int_equal(
        one.move(one.ctx, BERTH_TEXT("b1"), INT64_C(1893456000), BERTH_STAGE_BOOKING, BERTH_STAGE_USING),
        BERTH_E_CONFLICT);
    assert_null(berth_mem_files_text(&mem, "./jobs/using.csv").ptr);
    assert_reason("./jobs/booking.csv: was changed by somebody who does not keep to the lock");
    one.end(one.ctx);
}

static void test_users_replaced_under_us(void **state)
{
    (void)state;
    char buf[64];
    struct berth_writer w;
    reset_files(NULL);
    put("./users.yaml", "m1:\n");
    assert_int_equal(begin(), BERTH_OK);
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(one.read_users(one.ctx, &w), BERTH_OK);
    put("./users.yaml", "m2:\n");
    assert_int_equal(one.write_users(one.ctx, BERTH_TEXT("m1:\nm3:\n")), BERTH_E_CONFLICT);
    assert_reason("./users.yaml: was changed by somebody who does not keep to the lock");
    assert_file("./users.yaml", "m2:\n");
    one.end(one.ctx);
    assert_int_equal(begin(), BERTH_OK);
    w.len = 0;
    assert_int_equal(one.read_users(one.ctx, &w), BERTH_OK);
    assert_int_equal(one.write_users(one.ctx, BERTH_TEXT("m2:\nm3:\n")), BERTH_OK);
    assert_int_equal(one.write_users(one.ctx, BERTH_TEXT("m2:\nm3:\nm4:\n")), BERTH_OK);
    one.end(one.ctx);
    assert_file("./users.yaml", "m2:\nm3:\nm4:\n");
}

static void test_a_ragged_notice(void **state)
{
    (void)state;
    char buf[64];
    struct berth_writer w;
    reset_files(NULL);
    put("./jobs/monitor_exec", "now\nm"); /* cut while it was written */
    assert_int_equal(begin(), BERTH_OK);
    assert_int_equal(one.notify(one.ctx, BERTH_TEXT("m1")), BERTH_OK);
    assert_file("./jobs/monitor_exec", "now\nm\nm1\n");
    put("./jobs/monitor_exec", "m2");
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(one.take_notices(one.ctx, &w), BERTH_OK);
    assert_true(berth_text_equal(berth_writer_text(&w), BERTH_TEXT("m2\n")));
    assert_file("./jobs/monitor_exec", "");
    one.end(one.ctx);
}

static void test_paths_too_long(void **state)
{
    (void)state;
    static char jobs[BERTH_STORE_PATH + 1];
    struct berth_store_files s;
    memset(jobs, 'j', BERTH_STORE_PATH);
    const struct berth_store_files_config config = {&files, jobs, "u", one_keys, KEYS};
    struct berth_store store = berth_store_files_init(&s, &config);
    assert_int_equal(store.begin(store.ctx, 0), BERTH_E_SPACE);
    assert_int_equal(store.rows(store.ctx, 7, ignore_row, NULL), BERTH_E_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite_on_files),
        cmocka_unit_test(test_suite_with_versions),
        cmocka_unit_test(test_a_first_booking),
        cmocka_unit_test(test_what_a_rewrite_keeps),
        cmocka_unit_test(test_broken_files_are_left_alone),
        cmocka_unit_test(test_rows_that_are_too_long),
        cmocka_unit_test(test_recovery),
        cmocka_unit_test(test_more_rows_than_keys),
        cmocka_unit_test(test_the_lock),
        cmocka_unit_test(test_a_file_replaced_under_us),
        cmocka_unit_test(test_users_replaced_under_us),
        cmocka_unit_test(test_a_ragged_notice),
        cmocka_unit_test(test_paths_too_long),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
