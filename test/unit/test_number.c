/* Integers, decimals and doubles in text, against the host's own conversions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/number.h"
#include "guard.h"
#include "seed.h"

#define T(literal) BERTH_TEXT(literal)

static void integers(void **state)
{
    (void)state;
    uint64_t u = 7;
    int64_t i = 7;
    int32_t n = 7;
    assert_int_equal(berth_parse_u64(T("18446744073709551615"), &u), BERTH_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(berth_parse_u64(T("000000000000000000000000012"), &u), BERTH_OK);
    assert_true(u == 12);
    assert_int_equal(berth_parse_u64(T("18446744073709551616"), &u), BERTH_E_RANGE);
    assert_int_equal(berth_parse_u64(T("99999999999999999999999x"), &u), BERTH_E_SYNTAX);
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "0x1", "1.0", "-1"};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        assert_int_equal(berth_parse_u64(berth_text_of(bad[k]), &u), BERTH_E_SYNTAX);
    assert_true(u == 12);
    assert_int_equal(berth_parse_i64(T("-9223372036854775808"), &i), BERTH_OK);
    assert_true(i == INT64_MIN);
    assert_int_equal(berth_parse_i64(T("9223372036854775807"), &i), BERTH_OK);
    assert_true(i == INT64_MAX);
    assert_int_equal(berth_parse_i64(T("9223372036854775808"), &i), BERTH_E_RANGE);
    assert_int_equal(berth_parse_i64(T("-9223372036854775809"), &i), BERTH_E_RANGE);
    assert_int_equal(berth_parse_i64(T("-0"), &i), BERTH_OK);
    assert_true(i == 0);
    assert_int_equal(berth_parse_i64(T("--1"), &i), BERTH_E_SYNTAX);
    assert_int_equal(berth_parse_i32(T("-2147483648"), &n), BERTH_OK);
    assert_int_equal(n, INT32_MIN);
    assert_int_equal(berth_parse_i32(T("2147483648"), &n), BERTH_E_RANGE);
    assert_int_equal(berth_parse_hex_u64(T("00000000000000000DeadBeef01234567"), &u), BERTH_OK);
    assert_true(u == UINT64_C(0xDEADBEEF01234567));
    assert_int_equal(berth_parse_hex_u64(T("10000000000000000"), &u), BERTH_E_RANGE);
    assert_int_equal(berth_parse_hex_u64(T(""), &u), BERTH_E_SYNTAX);
    assert_int_equal(berth_parse_hex_u64(T("g"), &u), BERTH_E_SYNTAX);
}

static void decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned scale;
        enum berth_status status;
        int64_t value;
        const char *back;
    } cases[] = {
        {"24.5", 9, BERTH_OK, INT64_C(24500000000), "24.5"},
        {"-0.000000001", 9, BERTH_OK, -1, "-0.000000001"},
        {"+3", 0, BERTH_OK, 3, "3"},
        {"3.000", 0, BERTH_OK, 3, "3"},
        {"0.10", 2, BERTH_OK, 10, "0.1"},
        {"-0", 3, BERTH_OK, 0, "0"},
        {"9223372036854775807", 0, BERTH_OK, INT64_MAX, "9223372036854775807"},
        {"-9.223372036854775808", 18, BERTH_OK, INT64_MIN, "-9.223372036854775808"},
        {"9.223372036854775808", 18, BERTH_E_RANGE, 0, NULL},
        {"3.5", 0, BERTH_E_RANGE, 0, NULL},
        {"0.0000000001", 9, BERTH_E_RANGE, 0, NULL},
        {"10000000000", 9, BERTH_E_RANGE, 0, NULL},
        {"1", 19, BERTH_E_ARGUMENT, 0, NULL},
        {"", 2, BERTH_E_SYNTAX, 0, NULL},
        {"-", 2, BERTH_E_SYNTAX, 0, NULL},
        {".5", 2, BERTH_E_SYNTAX, 0, NULL},
        {"5.", 2, BERTH_E_SYNTAX, 0, NULL},
        {"1.2.3", 2, BERTH_E_SYNTAX, 0, NULL},
        {"1e3", 2, BERTH_E_SYNTAX, 0, NULL},
        {"--1", 2, BERTH_E_SYNTAX, 0, NULL},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        int64_t value = 99;
        size_t len = strlen(cases[k].text);
        char *copy = guard_copy(cases[k].text, len);
        assert_int_equal(berth_parse_decimal(berth_text_make(copy, len), cases[k].scale, &value),
                         cases[k].status);
        guard_free(copy);
        assert_true(value == (cases[k].status == BERTH_OK ? cases[k].value : 99));
        if (cases[k].back != NULL) {
            char buf[32];
            struct berth_writer w;
            berth_writer_init(&w, buf, sizeof buf);
            berth_put_decimal(&w, value, cases[k].scale);
            assert_true(berth_text_equal(berth_writer_text(&w), berth_text_of(cases[k].back)));
        }
    }
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Our answer is the host's, bit for bit. */
static void same_as_host(const char *text)
{
    double ours = 7, hosts = strtod(text, NULL);
    size_t len = strlen(text);
    enum berth_status status = berth_parse_double(berth_text_make(text, len), &ours);
    if (isinf(hosts)) {
        if (status != BERTH_E_RANGE)
            fail_msg("%s: status %d, overflow is due", text, status);
    } else if (status != BERTH_OK || bits_of(ours) != bits_of(hosts)) {
        fail_msg("%s: status %d, %a is not %a", text, status, ours, hosts);
    }
}

static void doubles_in_known_places(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "0e999999999999999999999",
        "1",
        "-1",
        "1.5E-05",
        "1.5E+20",
        "123456789012345678",
        "9007199254740993",
        "9007199254740992.5",
        "9007199254740993.0000000000000000000000000000000001",
        "9007199254740995",
        "1e22",
        "1e23",
        "8.5e22",
        "123456789e-30",
        "1e308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1.797693134862315807e308",
        "1e309",
        "1e400",
        "1e99999999999999999999999",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272e-324",
        "2.47032822920623273e-324",
        "1e-323",
        "1e-324",
        "1e-330",
        "1e-400",
        "1e-99999999999999999999999",
        "-1e-999",
        "6929495644600919.5",
        "3.518437208883201171875e13",
        "104110013277974872254e-225",
        "12345678901234567890123e-345",
        "0.000000000000000000000000000000000000000000000000000000000000000000000000001e75",
        "100000000000000000000000000000000000000000000000000000000000000000000000000000e-77",
        "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070"
        "96330286"
        "4166928879109465555478519404026306574886715058206819089020007083836762738548458177115317644757302700"
        "69855571"
        "366959622842914819860834936475292719074168444365510704342711559699508093042880",
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        same_as_host(cases[k]);
    static const char *const bad[] = {"",    "-",     "+1",    "01",    "-01",      "1.",        ".5", "1e",
                                      "1e+", "1.e1",  "0x1p3", "NaN",   "Infinity", "-Infinity", "1 ", " 1",
                                      "1,5", "1e1.5", "1..2",  "1.2.3", "--1",      "1e--1"};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        double value = 7;
        char *copy = guard_copy(bad[k], strlen(bad[k]));
        assert_int_equal(berth_parse_double(berth_text_make(copy, strlen(bad[k])), &value), BERTH_E_SYNTAX);
        guard_free(copy);
        assert_true(bits_of(value) == bits_of(7));
    }
}

/* The exact decimal expansion of the point halfway between a double and the next, and its neighbours in the
 * last digit: the hardest inputs there are (up to 767 digits). */
static void doubles_halfway(void **state)
{
    (void)state;
    uint64_t seed = seed_start("doubles_halfway");
    for (int round = 0; round < 2500; round++) {
        uint64_t bits = seed_next(&seed) & ~(UINT64_C(1) << 63);
        if (round % 8 == 0)
            bits &= (UINT64_C(1) << 52) - 1; /* subnormal */
        if ((bits >> 52) >= 0x7FE)
            continue;
        char text[1200];
        /* long double holds the halfway point exactly where it has more than 53 bits. */
        long double half = ((long double)double_of(bits) + (long double)double_of(bits + 1)) / 2;
        snprintf(text, sizeof text, "%.1100Le", half);
        char *e = strchr(text, 'e');
        char exponent[16];
        snprintf(exponent, sizeof exponent, "%s", e);
        while (e > text && e[-1] == '0')
            e--;
        if (e[-1] == '.')
            *e++ = '0';
        snprintf(e, 16, "%s", exponent);
        same_as_host(text);
        snprintf(e, 20, "1%s", exponent);
        same_as_host(text);
        snprintf(e, 120, "%0100d1%s", 0, exponent);
        same_as_host(text);
        if (e[-1] > '0') {
            e[-1]--;
            snprintf(e, 20, "9%s", exponent);
            same_as_host(text);
        }
    }
}

static void random_number_text(uint64_t *seed, char *text)
{
    size_t digits = 1 + seed_below(seed, seed_below(seed, 20) == 0 ? 800 : 25);
    size_t dot = 1 + seed_below(seed, digits);
    if (seed_below(seed, 2) == 0)
        *text++ = '-';
    for (size_t i = 0; i < digits; i++) {
        if (i == dot)
            *text++ = '.';
        *text++ = (char)('0' + (i == 0 && dot > 1 ? 1 + seed_below(seed, 9) : seed_below(seed, 10)));
    }
    *text = '\0';
    if (seed_below(seed, 3) != 0)
        sprintf(text, "%c%s%d", seed_below(seed, 2) ? 'e' : 'E', seed_below(seed, 2) ? "-" : "+",
                (int)seed_below(seed, seed_below(seed, 2) ? 30 : 345));
}

static void doubles_at_random(void **state)
{
    (void)state;
    uint64_t seed = seed_start("doubles_at_random");
    for (int round = 0; round < 150000; round++) {
        char text[1000];
        random_number_text(&seed, text);
        same_as_host(text);
        snprintf(text, sizeof text, "%.*g", 15 + round % 3, double_of(seed_next(&seed)));
        if (strchr(text, 'n') == NULL)
            same_as_host(text);
    }
}

static size_t significant_digits(const char *text)
{
    size_t count = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text == '0')
            zeros += count > 0;
        if (*text >= '1' && *text <= '9') {
            count += zeros + 1;
            zeros = 0;
        }
    }
    return count;
}

static void put_and_read_back(double value)
{
    char text[64], host[64];
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text);
    berth_put_double(&w, value);
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    double back = 0;
    assert_int_equal(berth_parse_double(berth_writer_text(&w), &back), BERTH_OK);
    if (bits_of(back) != bits_of(value) || bits_of(strtod(text, NULL)) != bits_of(value))
        fail_msg("%a became %s", value, text);
    int digits = 1;
    do
        snprintf(host, sizeof host, "%.*e", digits - 1, value);
    while (bits_of(strtod(host, NULL)) != bits_of(value) && digits++ < 17);
    if (significant_digits(text) > (size_t)digits)
        fail_msg("%s is longer than %s", text, host);
}

static void doubles_written(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-2.5, "-2.5"},
        {0.125, "0.125"},
        {0.1, "0.1"},
        {1e21, "1e21"},
        {1e20, "100000000000000000000"},
        {123456789, "123456789"},
        {1e-5, "0.00001"},
        {1.5e-7, "1.5e-7"},
        {1e-323, "1e-323"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {9007199254740993.0, "9007199254740992"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1e23, "1e23"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char text[64];
        struct berth_writer w;
        berth_writer_init(&w, text, sizeof text);
        berth_put_double(&w, cases[k].value);
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_string_equal(text, cases[k].text);
    }
    uint64_t seed = seed_start("doubles_written");
    for (int exponent = 0; exponent < 0x7FF; exponent++) {
        put_and_read_back(double_of((uint64_t)exponent << 52 | (exponent == 0)));
        put_and_read_back(double_of((uint64_t)exponent << 52 | ((UINT64_C(1) << 52) - 1)));
    }
    for (int round = 0; round < 30000; round++) {
        double value = double_of(seed_next(&seed));
        if (round % 3 == 1)
            value = (double)seed_below(&seed, 1000000) / 1000;
        if (round % 3 == 2)
            value = (double)seed_next(&seed);
        if (isfinite(value))
            put_and_read_back(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(decimals),
        cmocka_unit_test(doubles_in_known_places),
        cmocka_unit_test(doubles_halfway),
        cmocka_unit_test(doubles_at_random),
        cmocka_unit_test(doubles_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
