/* Civil time, RFC 3339, HTTP dates, intervals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "berth/time.h"
#include "guard.h"
#include "seed.h"

/* The wire page's vectors (mlcycle.md 6.3), and our own. */
static const struct {
    const char *text;
    int64_t seconds;
    uint32_t nanos;
    const char *back; /* NULL = the text itself */
} good_dates[] = {
    {"2021-03-04T05:06:07Z", 1614834367, 0, NULL},
    {"2021-03-04T05:06:07.5Z", 1614834367, 500000000, NULL},
    {"2021-03-04T05:06:07.08Z", 1614834367, 80000000, NULL},
    {"2021-03-04T05:06:07.089Z", 1614834367, 89000000, NULL},
    {"2021-03-04T05:06:07.0891234Z", 1614834367, 89123400, NULL},
    {"2021-03-04T05:06:07.0891234+00:00", 1614834367, 89123400, "2021-03-04T05:06:07.0891234Z"},
    {"2021-03-04T07:06:07.0891234+02:00", 1614834367, 89123400, "2021-03-04T05:06:07.0891234Z"},
    {"2021-03-03T23:36:07.0891234-05:30", 1614834367, 89123400, "2021-03-04T05:06:07.0891234Z"},
    {"2021-03-04T05:06:07.0891234", 1614834367, 89123400, "2021-03-04T05:06:07.0891234Z"},
    {"2024-02-29T23:59:59.999Z", 1709251199, 999000000, NULL},
    {"0001-01-01T00:00:00", INT64_C(-62135596800), 0, "0001-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59.9999999Z", INT64_C(253402300799), 999999900, NULL},
    {"1969-12-31T23:59:59.000000001Z", -1, 1, NULL},
    {"2000-02-29T00:00:00Z", 951782400, 0, NULL},
    {"2021-03-04T05:06:07.100000000-00:00", 1614834367, 100000000, "2021-03-04T05:06:07.1Z"},
};

static const struct {
    const char *text;
    enum berth_status status;
} bad_dates[] = {
    {"2021-02-29T00:00:00Z", BERTH_E_RANGE},
    {"2021-3-4T05:06:07Z", BERTH_E_SYNTAX},
    {"2021-03-04 05:06:07Z", BERTH_E_SYNTAX},
    {"2021-03-04T24:00:00Z", BERTH_E_RANGE},
    {"2021-03-04T05:06:07.Z", BERTH_E_SYNTAX},
    {"2021-03-04T05:06:07+0200x", BERTH_E_SYNTAX},
    {"", BERTH_E_SYNTAX},
    {"2021-03-04T05:06:07+0200", BERTH_E_SYNTAX},
    {"2021-03-04T05:06:07.0123456789Z", BERTH_E_SYNTAX},
    {"2021-03-04T05:06:07z", BERTH_E_SYNTAX},
    {"2021-03-04t05:06:07Z", BERTH_E_SYNTAX},
    {"2021-03-04T05:06Z", BERTH_E_SYNTAX},
    {"2021-03-04", BERTH_E_SYNTAX},
    {"2021-03-04T05:06:07ZZ", BERTH_E_SYNTAX},
    {" 2021-03-04T05:06:07Z", BERTH_E_SYNTAX},
    {"2021-03-04T05:06:07+24:00", BERTH_E_RANGE},
    {"2021-03-04T05:06:07+02:60", BERTH_E_RANGE},
    {"2021-03-04T05:06:60Z", BERTH_E_RANGE},
    {"2021-03-04T05:60:00Z", BERTH_E_RANGE},
    {"2021-13-04T05:06:07Z", BERTH_E_RANGE},
    {"2021-00-04T05:06:07Z", BERTH_E_RANGE},
    {"2021-04-31T05:06:07Z", BERTH_E_RANGE},
    {"2021-04-00T05:06:07Z", BERTH_E_RANGE},
    {"0000-01-01T00:00:00Z", BERTH_E_RANGE},
    {"1900-02-29T00:00:00Z", BERTH_E_RANGE},
    {"12021-04-01T05:06:07Z", BERTH_E_SYNTAX},
    {"2021-03-04T05:06:07,5Z", BERTH_E_SYNTAX},
};

static enum berth_status parse(const char *text, size_t len, struct berth_time *out)
{
    char *copy = guard_copy(text, len);
    enum berth_status status = berth_parse_rfc3339(berth_text_make(copy, len), out);
    guard_free(copy);
    return status;
}

static void rfc3339(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_dates / sizeof good_dates[0]; i++) {
        struct berth_time time;
        const char *text = good_dates[i].text;
        assert_int_equal(parse(text, strlen(text), &time), BERTH_OK);
        assert_true(time.seconds == good_dates[i].seconds && time.nanos == good_dates[i].nanos);
        char buf[40];
        struct berth_writer w;
        berth_writer_init(&w, buf, sizeof buf);
        assert_int_equal(berth_put_rfc3339(&w, time), BERTH_OK);
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_string_equal(buf, good_dates[i].back != NULL ? good_dates[i].back : text);
        /* Cut at every byte: nothing reads beyond the end. */
        for (size_t len = 0; len < 19; len++)
            assert_int_equal(parse(text, len, &time), BERTH_E_SYNTAX);
        for (size_t len = 19; len < strlen(text); len++)
            (void)parse(text, len, &time);
    }
    for (size_t i = 0; i < sizeof bad_dates / sizeof bad_dates[0]; i++) {
        struct berth_time time = {77, 77};
        assert_int_equal(parse(bad_dates[i].text, strlen(bad_dates[i].text), &time), bad_dates[i].status);
        assert_true(time.seconds == 77 && time.nanos == 77);
    }
    struct berth_writer w = {0};
    assert_int_equal(berth_put_rfc3339(&w, (struct berth_time){INT64_C(253402300800), 0}), BERTH_E_RANGE);
    assert_int_equal(berth_put_rfc3339(&w, (struct berth_time){INT64_C(-62135596801), 0}), BERTH_E_RANGE);
    assert_int_equal(berth_put_rfc3339(&w, (struct berth_time){0, 1000000000}), BERTH_E_RANGE);
    assert_int_equal(w.len, 0);
}

/* Every day of years 1 to 9999, against counting. */
static void calendar(void **state)
{
    (void)state;
    int64_t seconds = INT64_C(-62135596800);
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned weekday = 0; /* 0001-01-01 was a Monday */
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            int last =
                days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
            for (int day = 1; day <= last; day++, seconds += 86400, weekday = (weekday + 1) % 7) {
                struct berth_civil civil = {year, (uint8_t)month, (uint8_t)day, 23, 59, 58}, back;
                int64_t result;
                if (berth_civil_to_seconds(&civil, &result) != BERTH_OK || result != seconds + 86398)
                    fail_msg("%d-%d-%d", year, month, day);
                if (berth_seconds_to_civil(result, &back) != BERTH_OK || back.year != year ||
                    back.month != month || back.day != day || back.hour != 23 || back.minute != 59 ||
                    back.second != 58 || berth_weekday(result) != weekday)
                    fail_msg("back from %d-%d-%d", year, month, day);
            }
        }
    struct berth_civil civil;
    assert_int_equal(berth_seconds_to_civil(seconds, &civil), BERTH_E_RANGE);
    assert_int_equal(berth_seconds_to_civil(INT64_MAX, &civil), BERTH_E_RANGE);
    assert_int_equal(berth_seconds_to_civil(INT64_MIN, &civil), BERTH_E_RANGE);
    assert_int_equal(berth_weekday(-1), 2); /* Wednesday before the Thursday */
}

static void http_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t now, seconds;
    } good[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0, 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 0, 784111777},
        {"Sun Nov  6 08:49:37 1994", 0, 784111777},
        {"Sun Nov 06 08:49:37 1994", 0, 784111777},
        {"Wednesday, 01-Jan-20 00:00:00 GMT", 0, 1577836800},
        {"Tuesday, 01-Jan-69 00:00:00 GMT", 0, INT64_C(3124224000)},           /* unknown now: 2069 */
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0, 0},                            /* unknown now: 1970 */
        {"Thursday, 01-Jan-70 00:00:00 GMT", 1614834367, INT64_C(3155760000)}, /* 2021: 49 years ahead */
        {"Friday, 01-Jan-71 00:00:00 GMT", 1614834367, INT64_C(3187296000)},   /* 50 years ahead */
        {"Saturday, 01-Jan-72 00:00:00 GMT", 1614834367, 63072000},            /* more: the past */
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t seconds = 0;
        size_t len = strlen(good[i].text);
        char *copy = guard_copy(good[i].text, len);
        assert_int_equal(berth_parse_http_date(berth_text_make(copy, len), good[i].now, &seconds), BERTH_OK);
        assert_true(seconds == good[i].seconds);
        guard_free(copy);
        for (size_t cut = 0; cut < len; cut++) {
            copy = guard_copy(good[i].text, cut);
            assert_int_equal(berth_parse_http_date(berth_text_make(copy, cut), 0, &seconds), BERTH_E_SYNTAX);
            guard_free(copy);
        }
    }
    static const char *const bad[] = {"Sun, 6 Nov 1994 08:49:37 GMT",
                                      "sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 CET",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      "Sun, 06 nov 1994 08:49:37 GMT",
                                      "Sun,day, 06-Nov-94 08:49:37 GMT",
                                      "Sunday, 06 Nov 1994 08:49:37 GMT",
                                      "Monsday, 06-Nov-94 08:49:37 GMT",
                                      "120"};
    int64_t seconds = 5;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(berth_parse_http_date(berth_text_of(bad[i]), 0, &seconds), BERTH_E_SYNTAX);
    assert_int_equal(berth_parse_http_date(BERTH_TEXT("Sun, 31 Nov 1994 08:49:37 GMT"), 0, &seconds),
                     BERTH_E_RANGE);
    assert_true(seconds == 5);
}

static void random_instants(void **state)
{
    (void)state;
    uint64_t seed = seed_start("random_instants");
    for (int round = 0; round < 50000; round++) {
        struct berth_time time = {INT64_C(-62135596800) +
                                      (int64_t)(seed_next(&seed) % UINT64_C(315537897600)),
                                  (uint32_t)seed_below(&seed, 1000000000)};
        struct berth_time back;
        char buf[40], host[40];
        struct berth_writer w;
        berth_writer_init(&w, buf, sizeof buf);
        assert_int_equal(berth_put_rfc3339(&w, time), BERTH_OK);
        assert_int_equal(berth_parse_rfc3339(berth_writer_text(&w), &back), BERTH_OK);
        assert_int_equal(berth_time_compare(time, back), 0);
        struct tm tm;
        time_t t = (time_t)time.seconds;
        assert_non_null(memcpy(&tm, gmtime(&t), sizeof tm));
        if (tm.tm_year + 1900 >= 1000) {
            strftime(host, sizeof host, "%Y-%m-%dT%H:%M:%S", &tm);
            assert_memory_equal(buf, host, 19);
        }
    }
}

static void order_and_intervals(void **state)
{
    (void)state;
    struct berth_time a = {5, 0}, b = {5, 1}, c = {-6, 999999999};
    assert_true(berth_time_compare(a, b) < 0 && berth_time_compare(b, a) > 0 && berth_time_compare(a, c) > 0);
    assert_int_equal(berth_time_compare(a, a), 0);
    struct berth_interval i = {10, 20}, before = {5, 10}, after = {20, 30}, into = {19, 21}, empty = {15, 15};
    assert_false(berth_interval_overlaps(i, before));
    assert_false(berth_interval_overlaps(after, i));
    assert_true(berth_interval_overlaps(i, into) && berth_interval_overlaps(into, i));
    assert_false(berth_interval_overlaps(i, empty));
    assert_true(berth_interval_contains(i, i) && berth_interval_contains(i, empty));
    assert_false(berth_interval_contains(i, into));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc3339),
        cmocka_unit_test(calendar),
        cmocka_unit_test(http_dates),
        cmocka_unit_test(random_instants),
        cmocka_unit_test(order_and_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
