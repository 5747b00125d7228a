/* Local time: every zone of the system against libc, rules, malformed files. */
#define _GNU_SOURCE 1
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "berth/port_posix.h"
#include "fixture.h"
#include "guard.h"
#include "seed.h"

static struct berth_posix_zone zone;
static uint64_t seed;

static int64_t by_libc(int64_t utc_s)
{
    time_t t = (time_t)utc_s;
    struct tm tm;
    assert_non_null(localtime_r(&t, &tm));
    return utc_s + tm.tm_gmtoff;
}

static void compare(const char *tz, int64_t utc_s)
{
    int64_t got = berth_posix_zone_civil(&zone, utc_s);
    if (got != by_libc(utc_s))
        fail_msg("%s at %lld: %lld s ahead, not %lld", tz, (long long)utc_s, (long long)(got - utc_s),
                 (long long)(by_libc(utc_s) - utc_s));
}

/* Random moments up to 2150 (libc does not follow a rule back beyond 1970), and each second around some
 * years' changes. */
static void compare_zone(const char *tz, unsigned rounds, bool file)
{
    setenv("TZ", tz, 1);
    tzset();
    if (berth_posix_zone_open(&zone, tz) != BERTH_OK)
        fail_msg("%s: %.*s", tz, (int)zone.reason_len, zone.reason);
    for (unsigned i = 0; i < rounds; i++)
        compare(tz, file ? (int64_t)seed_below(&seed, 9466848000u) - 3786912000
                         : (int64_t)seed_below(&seed, 5600000000u) + 86400 * 366);
    int64_t before = 0;
    for (int64_t t = INT64_C(1609459200); t < INT64_C(1609459200) + 3 * 366 * 86400; t += 6 * 3600) {
        int64_t ahead = by_libc(t) - t;
        if (t > INT64_C(1609459200) && ahead != before) { /* a change in the last six hours */
            int64_t low = t - 6 * 3600, high = t;
            while (high - low > 1) {
                int64_t middle = low + (high - low) / 2;
                *(by_libc(middle) - middle == before ? &low : &high) = middle;
            }
            for (int64_t s = high - 3; s < high + 3; s++)
                compare(tz, s);
        }
        before = ahead;
    }
}

static unsigned zones;

static void each_zone(const char *folder, const char *prefix)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[512], name[512];
        struct stat st;
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "right") == 0 ||
            strcmp(entry->d_name, "posix") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "/" : "", entry->d_name);
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            each_zone(path, name);
        } else if (strchr(entry->d_name, '.') == NULL && strcmp(name, "leapseconds") != 0 &&
                   strcmp(name, "localtime") != 0) {
            compare_zone(name, 60, true);
            zones++;
        }
    }
    if (dir != NULL)
        closedir(dir);
}

static void test_all_zones(void **state)
{
    (void)state;
    seed = seed_start("zones");
    each_zone("/usr/share/zoneinfo", "");
    if (zones == 0)
        skip(); /* a system without tzdata */
    print_message("%u zones\n", zones);
}

static void test_rules(void **state)
{
    static const char *const RULES[] = {
        "UTC0",
        "JST-9",
        "EST5EDT,M3.2.0,M11.1.0",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "<+0330>-3:30",
        "<-03>3",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "EST5EDT",
        "AAA3BBB,J60/0,J300/12:30:15",
        "AAA-13BBB-14:30,59,365",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "EET-2EEST,M3.5.0/3,M10.5.0/4",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "GMT+0:00:00",
    };
    (void)state;
    seed = seed_start("rules");
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
        compare_zone(RULES[i], 2000, false);
}

/* What libc does not agree on with itself: all year daylight saving time. */
static void test_all_year(void **state)
{
    (void)state;
    assert_int_equal(berth_posix_zone_open(&zone, "XXX3EDT4,0/0,J365/23"), BERTH_OK);
    seed = seed_start("all year");
    for (unsigned i = 0; i < 1000; i++) {
        int64_t t = (int64_t)seed_below(&seed, 4000000000u);
        assert_int_equal(berth_posix_zone_civil(&zone, t), t - 4 * 3600);
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *tz;
        enum berth_status status;
    } ROWS[] = {
        {"", BERTH_OK},
        {":", BERTH_OK},
        {"Mars/Olympus", BERTH_E_NO_FILE},
        {":UTC0", BERTH_OK},
        {"/dev/null", BERTH_E_NO_FILE},
        {"/", BERTH_E_NO_FILE},
        {"CET-1CEST,M13.1.0,M10.5.0", BERTH_E_NO_FILE},
        {"CET-1CEST,M3.5.0", BERTH_E_NO_FILE},
        {"CET-1CEST,M3.5.0,M10.5.0x", BERTH_E_NO_FILE},
        {"CE-1", BERTH_E_NO_FILE},
        {"CET-25", BERTH_E_NO_FILE},
        {"CET-1:60", BERTH_E_NO_FILE},
        {"<CET-1", BERTH_E_NO_FILE},
        {"CET-1CEST,J0,J5", BERTH_E_NO_FILE},
        {"CET-1CEST,366,5", BERTH_E_NO_FILE},
        {"CET-1CEST,M3.6.0,M10.5.0", BERTH_E_NO_FILE},
        {"CET-1CEST,M3.5.7,M10.5.0", BERTH_E_NO_FILE},
        {"CET-1CEST,M3.5.0/168,M10.5.0", BERTH_E_NO_FILE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        enum berth_status status = berth_posix_zone_open(&zone, ROWS[i].tz);
        if (status != ROWS[i].status)
            fail_msg("\"%s\": %s", ROWS[i].tz, berth_status_name(status));
        assert_int_equal(berth_posix_zone_civil(&zone, 1700000000), 1700000000); /* UTC */
        assert_int_equal(berth_posix_zone_reason(&zone).len > 0, status != BERTH_OK);
    }
    char long_name[5000];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(berth_posix_zone_open(&zone, long_name), BERTH_E_NO_FILE);
    assert_true(berth_posix_zone_reason(&zone).len > 0);
    (void)!berth_posix_zone_open(&zone, NULL);
}

/* ---- Malformed files ---- */

/* A file of version 2 with two instants, two kinds and a rule. */
static size_t small_file(uint8_t *out)
{
    static const uint8_t ONE[] = {'T', 'Z', 'i', 'f', '2', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t DATA[] = {0,   0,   0,   0,  0, 0, 0, 10, 0,    0,    0, 0,
                                   0,   0,   0,   20,                                /* instants */
                                   1,   0,                                           /* kinds of both */
                                   0,   0,   0,   0,  0, 0, 0, 0,  0x0e, 0x10, 1, 0, /* 0 s; 3600 s */
                                   'A', 'B', 'C', 0};
    size_t len = 0;
    memcpy(out, ONE, sizeof ONE);
    len += sizeof ONE;
    memcpy(out + len, ONE, sizeof ONE);
    out[len + 20 + 4 * 3 + 3] = 2;
    out[len + 20 + 4 * 4 + 3] = 2;
    out[len + 20 + 4 * 5 + 3] = 4;
    len += sizeof ONE;
    memcpy(out + len, DATA, sizeof DATA);
    len += sizeof DATA;
    memcpy(out + len, "\nJST-9\n", 7);
    return len + 7;
}

static void test_small_file(void **state)
{
    uint8_t file[256];
    size_t len = small_file(file);
    (void)state;
    assert_int_equal(berth_posix_zone_read(&zone, file, len), BERTH_OK);
    assert_int_equal(berth_posix_zone_civil(&zone, -100), -100);
    assert_int_equal(berth_posix_zone_civil(&zone, 9), 9);
    assert_int_equal(berth_posix_zone_civil(&zone, 10), 3610);
    assert_int_equal(berth_posix_zone_civil(&zone, 19), 3619);
    assert_int_equal(berth_posix_zone_civil(&zone, 20), 20 + 9 * 3600);
    for (size_t cut = 0; cut < len; cut++) {
        void *copy = guard_copy(file, cut);
        assert_int_equal(berth_posix_zone_read(&zone, copy, cut), BERTH_E_SYNTAX);
        assert_int_equal(berth_posix_zone_civil(&zone, 15), 15);
        guard_free(copy);
    }
    for (size_t at = 0; at < len; at++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t was = file[at];
            file[at] = (uint8_t)value;
            if (berth_posix_zone_read(&zone, file, len) != BERTH_OK)
                assert_int_equal(berth_posix_zone_civil(&zone, 15), 15);
            (void)berth_posix_zone_civil(&zone, INT32_MAX);
            (void)berth_posix_zone_civil(&zone, INT64_MAX / 2);
            file[at] = was;
        }
    static uint8_t large[BERTH_POSIX_ZONE_CAP + 1];
    assert_int_equal(berth_posix_zone_read(&zone, large, sizeof large), BERTH_E_SPACE);
    file[88 + 17] = 2; /* a kind that is not there */
    assert_int_equal(berth_posix_zone_read(&zone, file, len), BERTH_E_SYNTAX);
    small_file(file);
    file[88 + 7] = 30; /* instants that go back */
    assert_int_equal(berth_posix_zone_read(&zone, file, len), BERTH_E_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_zones), cmocka_unit_test(test_rules),      cmocka_unit_test(test_all_year),
        cmocka_unit_test(test_names),     cmocka_unit_test(test_small_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
