/* What people type into a booking: ids, times, wants, ports, images, commands, passwords. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "berth/booking.h"
#include "guard.h"
#include "seed.h"

#define CPU INT64_C(1000000000)

/* A text that ends at a forbidden page. */
static struct berth_text placed(const char *text)
{
    static struct guard guard;
    if (guard.base == NULL)
        guard_open(&guard, 4096);
    size_t len = strlen(text);
    return berth_text_make((const char *)guard_put(&guard, text, len), len);
}

static int64_t at(const char *text)
{
    struct berth_civil c = {0};
    int64_t seconds = 0;
    unsigned year, month, day, hour, minute, second = 0;
    assert_true(sscanf(text, "%u-%u-%u %u:%u:%u", &year, &month, &day, &hour, &minute, &second) >= 5);
    c.year = (int32_t)year;
    c.month = (uint8_t)month;
    c.day = (uint8_t)day;
    c.hour = (uint8_t)hour;
    c.minute = (uint8_t)minute;
    c.second = (uint8_t)second;
    assert_int_equal(berth_civil_to_seconds(&c, &seconds), BERTH_OK);
    return seconds;
}

static void assert_refusal(const char *what, enum berth_refusal got, enum berth_refusal want)
{
    if (got != want)
        fail_msg("\"%s\": %s, not %s", what, berth_refusal_name(got), berth_refusal_name(want));
}

/* ---- Times: every vector of wire page 2.1 ---- */

static void test_starts(void **state)
{
    static const struct {
        const char *entry, *start;
        enum berth_refusal refusal;
    } ROWS[] = {
        {"now", "2030-01-07 07:00", BERTH_REFUSAL_NONE},
        {"now now", NULL, BERTH_REFUSAL_TIME_NOW},
        {"now 1-day", NULL, BERTH_REFUSAL_TIME_NOW},
        {"1-day now", NULL, BERTH_REFUSAL_TIME_NOW},
        {"2030 01 07 07 30", "2030-01-07 07:30", BERTH_REFUSAL_NONE},
        {"2030 1 7 7 30", "2030-01-07 07:30", BERTH_REFUSAL_NONE},
        {"  2030\t01 07  07 30 ", "2030-01-07 07:30", BERTH_REFUSAL_NONE},
        {"2030 01 07 07 00", NULL, BERTH_REFUSAL_TIME_PAST},
        {"2030 01 07 07 15", NULL, BERTH_REFUSAL_TIME_UNIT},
        {"2030 02 30 08 00", NULL, BERTH_REFUSAL_TIME_DATE},
        {"2030 01 07 24 00", NULL, BERTH_REFUSAL_TIME_DATE},
        {"2030 13 07 08 00", NULL, BERTH_REFUSAL_TIME_DATE},
        {"2030 01 07 08 60", NULL, BERTH_REFUSAL_TIME_DATE},
        {"0000 01 07 08 00", NULL, BERTH_REFUSAL_TIME_DATE},
        {"1-day", "2030-01-08 07:00", BERTH_REFUSAL_NONE},
        {"1-day 1-day", "2030-01-09 07:00", BERTH_REFUSAL_NONE},
        {"1-week 2-day", "2030-01-16 07:00", BERTH_REFUSAL_NONE},
        {"2-day 1-week", "2030-01-16 07:00", BERTH_REFUSAL_NONE},
        {"14-day", "2030-01-21 07:00", BERTH_REFUSAL_NONE},
        {"2-week", "2030-01-21 07:00", BERTH_REFUSAL_NONE},
        {"7-day 1-week", "2030-01-21 07:00", BERTH_REFUSAL_NONE},
        {"2-week 1-day", NULL, BERTH_REFUSAL_TIME_FAR},
        {"8-day 1-week", NULL, BERTH_REFUSAL_TIME_FAR},
        {"15-day", NULL, BERTH_REFUSAL_TIME_FLAGS},
        {"8-day 7-day", NULL, BERTH_REFUSAL_TIME_FLAGS},
        {"3-week", NULL, BERTH_REFUSAL_TIME_FLAGS},
        {"0-day", NULL, BERTH_REFUSAL_TIME_FLAGS},
        {"0-day 1-day", NULL, BERTH_REFUSAL_TIME_FLAGS},
        {"99999999999999999999-day", NULL, BERTH_REFUSAL_TIME_FLAGS},
        {"-1-day", NULL, BERTH_REFUSAL_TIME_FORM},
        {"1day", NULL, BERTH_REFUSAL_TIME_FORM},
        {"1-days", NULL, BERTH_REFUSAL_TIME_FORM},
        {"1-Day", NULL, BERTH_REFUSAL_TIME_FORM},
        {"-day", NULL, BERTH_REFUSAL_TIME_FORM},
        {"Now", NULL, BERTH_REFUSAL_TIME_FORM},
        {"", NULL, BERTH_REFUSAL_TIME_FORM},
        {"   ", NULL, BERTH_REFUSAL_TIME_FORM},
        {"3xday", NULL, BERTH_REFUSAL_TIME_FORM},
        {"1-day foo", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2-day -1-day", NULL, BERTH_REFUSAL_TIME_FORM},
        {"1-month", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 08 8 +30", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 08 8 -30", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 08 8 3_0", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 08 8 030", NULL, BERTH_REFUSAL_TIME_FORM},
        {"30 01 08 08 00", NULL, BERTH_REFUSAL_TIME_FORM},
        {"02030 01 08 08 00", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 08 08", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 08 08 00 00", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 08 08 00 1-day", NULL, BERTH_REFUSAL_TIME_FORM},
        {"1-day 2030 01 08 08 00", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030-01-08 08:00", NULL, BERTH_REFUSAL_TIME_FORM},
        {"\xd9\xa2\xd9\xa0\xd9\xa3\xd9\xa0 01 08 08 00", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2030 01 21 07 00", "2030-01-21 07:00", BERTH_REFUSAL_NONE},
        {"2030 01 21 07 30", NULL, BERTH_REFUSAL_TIME_FAR},
        {"99999999999999999999 1 1 1 0", NULL, BERTH_REFUSAL_TIME_FORM},
        {"2029 12 31 08 00", NULL, BERTH_REFUSAL_TIME_PAST},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        int64_t start = 77;
        bool is_now = false;
        enum berth_refusal refusal =
            berth_booking_start(placed(ROWS[i].entry), at("2030-01-07 07:10:30"), &start, &is_now);
        assert_refusal(ROWS[i].entry, refusal, ROWS[i].refusal);
        assert_int_equal(start, ROWS[i].start == NULL ? 77 : at(ROWS[i].start));
        assert_int_equal(is_now, strcmp(ROWS[i].entry, "now") == 0);
    }
}

static void test_ends(void **state)
{
    static const struct {
        const char *entry, *end;
        enum berth_refusal refusal;
    } ROWS[] = {
        {"now", NULL, BERTH_REFUSAL_TIME_NOW},
        {"2030 01 07 08 00", NULL, BERTH_REFUSAL_TIME_PAST},
        {"2030 01 07 07 30", NULL, BERTH_REFUSAL_TIME_PAST},
        {"2030 01 07 08 30", "2030-01-07 08:30", BERTH_REFUSAL_NONE},
        {"1-day", "2030-01-08 08:00", BERTH_REFUSAL_NONE},
        {"14-day", "2030-01-21 08:00", BERTH_REFUSAL_NONE},
        {"2-week", "2030-01-21 08:00", BERTH_REFUSAL_NONE},
        {"2030 01 21 08 00", "2030-01-21 08:00", BERTH_REFUSAL_NONE},
        {"2030 01 21 08 30", NULL, BERTH_REFUSAL_TIME_FAR},
        {"2-week 1-day", NULL, BERTH_REFUSAL_TIME_FAR},
        {"2030 01 07 08 45", NULL, BERTH_REFUSAL_TIME_UNIT},
        {"9999 12 31 23 30", NULL, BERTH_REFUSAL_TIME_FAR},
        {"", NULL, BERTH_REFUSAL_TIME_FORM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        int64_t end = 77;
        assert_refusal(ROWS[i].entry, berth_booking_end(placed(ROWS[i].entry), at("2030-01-07 08:00"), &end),
                       ROWS[i].refusal);
        assert_int_equal(end, ROWS[i].end == NULL ? 77 : at(ROWS[i].end));
    }
}

/* Any moment, any words: an accepted start or end lies in its window and on a half hour. */
static void test_times_random(void **state)
{
    static const char *const WORDS[] = {"now",  "1-day", "2-day", "1-week", "0-day", "2030", "01", "1",
                                        "2",    "7",     "07",    "00",     "30",    "2031", "x",  "",
                                        "9999", "-day",  "15",    "31",     "23",    "12",   "  ", "14-day"};
    uint64_t seed = seed_start("times");
    unsigned accepted = 0;
    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        char entry[128] = "";
        int64_t now = at("2030-12-30 00:00") + (int64_t)seed_below(&seed, 3 * 86400);
        for (size_t words = seed_below(&seed, 7); words > 0; words--) {
            strcat(entry, WORDS[seed_below(&seed, sizeof WORDS / sizeof WORDS[0])]);
            strcat(entry, " ");
        }
        int64_t s;
        bool is_now;
        struct berth_text text = berth_text_of(entry);
        if (berth_booking_start(text, now, &s, &is_now) == BERTH_REFUSAL_NONE) {
            int64_t unit = berth_schedule_floor(now);
            assert_true(s % 1800 == 0 && s <= unit + 14 * 86400 && (is_now ? s == unit : s > unit));
            accepted++;
        }
        if (berth_booking_end(text, now - now % 1800, &s) == BERTH_REFUSAL_NONE) {
            assert_true(s % 1800 == 0 && s > now - now % 1800 && s <= now - now % 1800 + 14 * 86400);
            accepted++;
        }
    }
    assert_true(accepted > 1000);
}

static void test_question_times(void **state)
{
    int64_t s = 0;
    bool is_now;
    (void)state;
    assert_refusal("", berth_booking_time(BERTH_TEXT("2001 01 01 00 00"), 0, 0, &s, &is_now),
                   BERTH_REFUSAL_NONE);
    assert_int_equal(s, at("2001-01-01 00:00"));
    assert_refusal("", berth_booking_time(BERTH_TEXT("1-day"), 0, 7200, &s, &is_now), BERTH_REFUSAL_NONE);
    assert_int_equal(s, 86400 + 7200);
    assert_refusal("", berth_booking_time(BERTH_TEXT("now"), 2000, 7200, &s, &is_now), BERTH_REFUSAL_NONE);
    assert_true(is_now);
    assert_int_equal(s, 1800);
}

/* ---- Ids ---- */

static void test_ids(void **state)
{
    static const struct {
        const char *text, *id;
        enum berth_refusal refusal;
    } ROWS[] = {
        {"m1", "m1", BERTH_REFUSAL_NONE},
        {" M1\n", "m1", BERTH_REFUSAL_NONE},
        {"0a", "0a", BERTH_REFUSAL_NONE},
        {"a_.-", "a_.-", BERTH_REFUSAL_NONE},
        {"NOWHERE", "nowhere", BERTH_REFUSAL_NONE},
        {"now", "", BERTH_REFUSAL_ID_RESERVED},
        {"NOW", "", BERTH_REFUSAL_ID_RESERVED},
        {"Booking", "", BERTH_REFUSAL_ID_RESERVED},
        {"", "", BERTH_REFUSAL_ID_FORM},
        {"a", "", BERTH_REFUSAL_ID_FORM},
        {"_a", "", BERTH_REFUSAL_ID_FORM},
        {".a", "", BERTH_REFUSAL_ID_FORM},
        {"-rm", "", BERTH_REFUSAL_ID_FORM},
        {"a b", "", BERTH_REFUSAL_ID_FORM},
        {"a/b", "", BERTH_REFUSAL_ID_FORM},
        {"../a", "", BERTH_REFUSAL_ID_FORM},
        {"a:b", "", BERTH_REFUSAL_ID_FORM},
        {"\xc3\xa9t\xc3\xa9", "", BERTH_REFUSAL_ID_FORM},
        {"a\x01", "", BERTH_REFUSAL_ID_FORM},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk",
         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk", BERTH_REFUSAL_NONE},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl", "", BERTH_REFUSAL_ID_FORM},
    };
    char id[BERTH_USER_ID_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        size_t len = 77;
        char *out = guard_new(BERTH_USER_ID_MAX);
        assert_refusal(ROWS[i].text, berth_booking_user_id(placed(ROWS[i].text), out, &len), ROWS[i].refusal);
        memcpy(id, out, len);
        id[len] = '\0';
        assert_string_equal(id, ROWS[i].id);
        guard_free(out);
    }
}

/* ---- What is asked for: 2.2 ---- */

static void test_wants(void **state)
{
    static const struct {
        const char *line;
        enum berth_refusal refusal;
        int64_t nano;
        int memory, gpus;
    } ROWS[] = {
        {"8 32 1", BERTH_REFUSAL_NONE, 8 * CPU, 32, 1},
        {" 8.0\t32  1 ", BERTH_REFUSAL_NONE, 8 * CPU, 32, 1},
        {"1 1 0", BERTH_REFUSAL_NONE, CPU, 1, 0},
        {"1.5 1 0", BERTH_REFUSAL_NONE, CPU + CPU / 2, 1, 0},
        {"7.999999999 40 4", BERTH_REFUSAL_NONE, 7999999999, 40, 4},
        {"08 032 01", BERTH_REFUSAL_NONE, 8 * CPU, 32, 1},
        {"8.000000001 32 1", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"9 32 1", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"8 41 1", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"8 40 5", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"8 40 99999999999999999999", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"8 18446744073709551615 1", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"99999999999999999999 40 1", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"0 99 0", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0}, /* one too low, one too high */
        {"99 0 0", BERTH_REFUSAL_WANT_HIGH, 0, 0, 0},
        {"0.999999999 32 1", BERTH_REFUSAL_WANT_LOW, 0, 0, 0},
        {"0 32 1", BERTH_REFUSAL_WANT_LOW, 0, 0, 0},
        {"8 0 1", BERTH_REFUSAL_WANT_LOW, 0, 0, 0},
        {"", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8 32", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8 32 1 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8,32,1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"nan 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"inf 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"1_0 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"1e0 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"+8 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"-8 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8. 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {".8 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8.0000000000 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8.0.0 32 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8 32.0 1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8 32 1.0", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8 32 -1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"99 32 x", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
        {"8 32 \xd9\xa1", BERTH_REFUSAL_WANT_FORM, 0, 0, 0},
    };
    const struct berth_capacity limit = {8 * CPU, 40, 4};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct berth_capacity want = {0, 0, 0};
        assert_refusal(ROWS[i].line, berth_booking_want(placed(ROWS[i].line), &limit, &want),
                       ROWS[i].refusal);
        assert_int_equal(want.cpus_nano, ROWS[i].nano);
        assert_int_equal(want.memory_gb, ROWS[i].memory);
        assert_int_equal(want.gpus, ROWS[i].gpus);
    }
}

/* ---- Ports: 2.3 ---- */

static void test_ports(void **state)
{
    static const struct berth_port_owner OWNERS[] = {{1, 10001}, {2, 10002}, {3, 10002}};
    static const struct {
        const char *text;
        uint16_t port;
        enum berth_refusal refusal;
    } ROWS[] = {
        {"10001", 10001, BERTH_REFUSAL_NONE}, /* one's own */
        {" 10003 ", 10003, BERTH_REFUSAL_NONE},  {"11000", 11000, BERTH_REFUSAL_NONE},
        {"10002", 0, BERTH_REFUSAL_PORT_OWNED},  {"10000", 0, BERTH_REFUSAL_PORT_RANGE},
        {"11001", 0, BERTH_REFUSAL_PORT_RANGE},  {"0", 0, BERTH_REFUSAL_PORT_RANGE},
        {"75537", 0, BERTH_REFUSAL_PORT_RANGE},  {"99999999999999999999999", 0, BERTH_REFUSAL_PORT_RANGE},
        {"", 0, BERTH_REFUSAL_PORT_FORM},        {"ssh", 0, BERTH_REFUSAL_PORT_FORM},
        {"-1", 0, BERTH_REFUSAL_PORT_FORM},      {"+10003", 0, BERTH_REFUSAL_PORT_FORM},
        {"10003.0", 0, BERTH_REFUSAL_PORT_FORM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        uint16_t port = 0;
        assert_refusal(ROWS[i].text, berth_booking_port(placed(ROWS[i].text), 1, OWNERS, 3, &port),
                       ROWS[i].refusal);
        assert_int_equal(port, ROWS[i].port);
    }
}

static void test_free_ports(void **state)
{
    static struct berth_port_owner owners[1003];
    uint16_t port = 0;
    (void)state;
    assert_int_equal(berth_booking_free_port(0, NULL, 0, &port), BERTH_REFUSAL_NONE);
    assert_int_equal(port, 10001);
    assert_int_equal(berth_booking_free_port(1999, NULL, 0, &port), BERTH_REFUSAL_NONE);
    assert_int_equal(port, 11000);
    assert_int_equal(berth_booking_free_port(UINT32_MAX, NULL, 0, &port), BERTH_REFUSAL_NONE);
    assert_int_equal(port, 10001 + UINT32_MAX % 1000);
    /* all but one are taken, then all; owners outside the range do not count */
    size_t count = 0;
    owners[count++] = (struct berth_port_owner){1, 0};
    owners[count++] = (struct berth_port_owner){1, 10000};
    owners[count++] = (struct berth_port_owner){1, 65535};
    for (unsigned p = 10001; p <= 11000; p++)
        if (p != 10500)
            owners[count++] = (struct berth_port_owner){p, (uint16_t)p};
    for (uint32_t random = 0; random < 1000; random++) {
        assert_int_equal(berth_booking_free_port(random, owners, count, &port), BERTH_REFUSAL_NONE);
        assert_int_equal(port, 10500);
    }
    owners[count++] = (struct berth_port_owner){1, 10500};
    assert_int_equal(berth_booking_free_port(7, owners, count, &port), BERTH_REFUSAL_PORT_NONE);
}

/* ---- Own bookings: 2.4 ---- */

static void test_own_overlap(void **state)
{
    struct berth_booking rows[4] = {{1000, 2000, 0, 0, 0, 7, 0, 0},
                                    {3000, 4000, 0, 0, 0, 7, 0, BERTH_BOOKING_USING},
                                    {0, 9000, 0, 0, 0, 8, 0, 0}};
    struct berth_schedule_node index[4];
    static const struct {
        int64_t start, end;
        size_t row;
    } ASKED[] = {{2001, 2999, SIZE_MAX}, {2000, 2000, 0},        {500, 999, SIZE_MAX}, {500, 1000, 0},
                 {4000, 5000, 1},        {4001, 5000, SIZE_MAX}, {0, 9000, 0},         {1500, 1600, 0}};
    (void)state;
    for (unsigned indexed = 0; indexed < 2; indexed++) {
        struct berth_schedule schedule;
        assert_int_equal(berth_schedule_init(&schedule, rows, 3, 4, indexed != 0 ? index : NULL, NULL),
                         BERTH_OK);
        for (size_t i = 0; i < sizeof ASKED / sizeof ASKED[0]; i++) {
            size_t row = 77;
            bool overlap = berth_booking_own_overlap(&schedule, 7, ASKED[i].start, ASKED[i].end, &row);
            assert_int_equal(overlap, ASKED[i].row != SIZE_MAX);
            assert_int_equal(row, ASKED[i].row);
        }
        assert_false(berth_booking_own_overlap(&schedule, 9, 0, 9000, NULL));
    }
}

/* ---- Image, command, password: 2.5 ---- */

static void test_images(void **state)
{
    static struct berth_host_config host;
    (void)state;
    host.images[0] = BERTH_TEXT("a/b:1");
    host.images[1] = BERTH_TEXT("c:2");
    host.image_count = 2;
    assert_int_equal(berth_booking_image(BERTH_TEXT(""), &host), BERTH_REFUSAL_NONE);
    assert_int_equal(berth_booking_image(BERTH_TEXT("c:2"), &host), BERTH_REFUSAL_NONE);
    assert_int_equal(berth_booking_image(BERTH_TEXT("c"), &host), BERTH_REFUSAL_IMAGE);
    assert_int_equal(berth_booking_image(BERTH_TEXT("C:2"), &host), BERTH_REFUSAL_IMAGE);
    assert_int_equal(berth_booking_image(BERTH_TEXT(BERTH_DEFAULT_IMAGE), &host), BERTH_REFUSAL_IMAGE);
}

static void test_commands(void **state)
{
    static const char *const GOOD[] = {"",     "echo \"hi, there\"", "none",
                                       "Null", "python x.py",        "\xe4\xb8\xad"};
    static const char *const BAD[] = {"None", "null",    "NaN",   "NA",       "#N/A", "-1.#IND", "a\tb",
                                      "a\nb", "\x1b[1m", "a\x7f", "\xc2\x85", "\xff", "<NA>"};
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++)
        assert_refusal(GOOD[i], berth_booking_command(placed(GOOD[i])), BERTH_REFUSAL_NONE);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_refusal(BAD[i], berth_booking_command(placed(BAD[i])), BERTH_REFUSAL_COMMAND);
}

static void test_new_passwords(void **state)
{
    static const struct {
        const char *password;
        enum berth_refusal refusal;
    } ROWS[] = {
        {"abcd", BERTH_REFUSAL_NONE},
        {"pass word", BERTH_REFUSAL_NONE},
        {"\xc3\xa9\xc3\xa8\xc3\xaa\xc3\xab", BERTH_REFUSAL_NONE},
        {"12345", BERTH_REFUSAL_NONE},
        {"x --privileged -v /:/host", BERTH_REFUSAL_NONE},
        {"", BERTH_REFUSAL_PASSWORD_SHORT},
        {"abc", BERTH_REFUSAL_PASSWORD_SHORT},
        {"\xc3\xa9\xc3\xa8\xc3\xaa", BERTH_REFUSAL_PASSWORD_SHORT},
        {"1234", BERTH_REFUSAL_PASSWORD_SIMPLE},
        {"4321", BERTH_REFUSAL_PASSWORD_SIMPLE},
        {"1qaz", BERTH_REFUSAL_PASSWORD_SIMPLE},
        {"=0-9", BERTH_REFUSAL_PASSWORD_SIMPLE},
        {"aaaa", BERTH_REFUSAL_PASSWORD_SIMPLE},
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", BERTH_REFUSAL_PASSWORD_SIMPLE},
        {"    ", BERTH_REFUSAL_PASSWORD_SIMPLE},
        {"abc\t", BERTH_REFUSAL_PASSWORD_FORM},
        {"abc\x7f", BERTH_REFUSAL_PASSWORD_FORM},
        {"abc\xff", BERTH_REFUSAL_PASSWORD_FORM},
    };
    char long_one[514];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct berth_text password = berth_text_of(ROWS[i].password);
        assert_refusal(ROWS[i].password, berth_booking_password(placed(ROWS[i].password), password),
                       ROWS[i].refusal);
    }
    assert_refusal("abcd", berth_booking_password(BERTH_TEXT("abcd"), BERTH_TEXT("abce")),
                   BERTH_REFUSAL_PASSWORD_UNEQUAL);
    assert_refusal("abcd", berth_booking_password(BERTH_TEXT("abcd"), BERTH_TEXT("abcd ")),
                   BERTH_REFUSAL_PASSWORD_UNEQUAL);
    memset(long_one, 'x', sizeof long_one);
    long_one[0] = 'y';
    long_one[513] = '\0';
    assert_refusal("513 bytes", berth_booking_password(berth_text_of(long_one), berth_text_of(long_one)),
                   BERTH_REFUSAL_PASSWORD_FORM);
    long_one[512] = '\0';
    assert_refusal("512 bytes", berth_booking_password(berth_text_of(long_one), berth_text_of(long_one)),
                   BERTH_REFUSAL_NONE);
}

static void test_words_of_refusals(void **state)
{
    (void)state;
    for (int i = 0; i < BERTH_REFUSAL_COUNT; i++) {
        assert_true(strlen(berth_refusal_text((enum berth_refusal)i)) > 5);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(berth_refusal_name((enum berth_refusal)i),
                                    berth_refusal_name((enum berth_refusal)j));
    }
    assert_string_equal(berth_refusal_name((enum berth_refusal)BERTH_REFUSAL_COUNT), "unknown");
    assert_string_equal(berth_refusal_name((enum berth_refusal) - 1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_times_random),
        cmocka_unit_test(test_question_times),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_wants),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_free_ports),
        cmocka_unit_test(test_own_overlap),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_new_passwords),
        cmocka_unit_test(test_words_of_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
