/* Stored passwords: the grammar of hashes, SHA-512 crypt against libcrypt's answers, comparing, new hashes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "berth/password.h"
#include "berth/port_mbedtls.h"
#include "berth/port_null.h"
#include "berth/port_posix.h"
#include "guard.h"
#include "seed.h"

static struct berth_crypt crypt;

static struct berth_text hash_of(struct berth_text password, const char *setting)
{
    static char out[BERTH_PASSWORD_HASH_MAX];
    struct berth_writer w;
    berth_writer_init(&w, out, sizeof out);
    enum berth_status status = crypt.hash(crypt.ctx, password, berth_text_of(setting), &w);
    return status == BERTH_OK ? berth_writer_text(&w) : berth_text_of(berth_status_name(status));
}

static void assert_text(struct berth_text text, const char *want)
{
    if (!berth_text_equal(text, berth_text_of(want)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.len, text.ptr, want);
}

/* ---- SHA-512 crypt ---- */

/* The specification's own, and libxcrypt 4.4.33's for what it leaves out. */
static void test_specification(void **state)
{
    (void)state;
    assert_text(
        hash_of(BERTH_TEXT("Hello world!"), "$6$saltstring"),
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS3"
        "5inz1");
    assert_text(
        hash_of(BERTH_TEXT("Hello world!"), "$6$rounds=10000$saltstringsaltst"),
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy"
        "/YTBmSK6H9qs/y3RnOaw5v.");
}

static void test_lengths(void **state)
{
    /* The password is so many letters: a, then each the seventh after the one before, round the alphabet. */
    static const struct {
        size_t len;
        const char *setting, *rest;
    } ROWS[] = {
        {0, "$6$abc",
         "$mJP3a6FyA8uCnzRtlnNypPwjnvpi5TP9qOrInzrfDmwxUQG38PkpCPdqfTb8JQfAngapMxeim4AZ..hSdRRzD."},
        {1, "$6$", "$ek/ucQg0IM8SQLyD2D66mpoW0vAF26eA0/pqoN95V.F0nZh1IFuENNo0OikacRkDBk5frNqziMYMdVVrQ0o.51"},
        {15, "$6$./0123456789ABCD",
         "$dz5S3bQEWwN0oxCNjkSKwwsu8DcMSu8DV8Q1mwssfB10Hd/QsRTIY10ncmrFfDbb8NmV2kuZW4MxuvcyIYvUJ1"},
        {16, "$6$x",
         "$Aej7RPjoIHrxkUOS0ov7Btut.DyrgfKfmerkubluR4Xd6lKEhOMNvN5XmSSqLgbP7qPVlAffgn6VTDaMrkG9Z."},
        {17, "$6$rounds=1000$ab",
         "$O9NqzqqcDQJFJAG9fojO6.zCBgsdn1wIlzkKi/WfD1W1CtX6Xyagb7MJblAauaIrFqvh7.TmKUnB9LR4A4qy51"},
        {63, "$6$salt",
         "$EunI5az.Mj0a7bWp3hOqLC1KK1MjE05jKteYzKoK3R.jxdiVwYSm7Io8082V633uxU/Ft0QipOBJFzJ4oV5D0."},
        {64, "$6$salt",
         "$bCr6jeMtA4OpF9QGZp64Ue.T2WFg9CGCCKGA8XEJW58AIPd.IscrbV8IopoWkRvtAgRNvAjjOrnE3aCdUFBn/1"},
        {65, "$6$salt",
         "$KY9Q3OrIoZFYJreVzpfJ13jIilwrMfugOOA8bUvvq0mu3/FmDkTZEJq94PQhDzAoUdaeZYAobscIH9FbWfiE00"},
        {127, "$6$rounds=1001$saltsalt",
         "$O9LAHLkfisIRjUdza5QXUUurrhd/x5dYVMKsSeK1cDN7VGgOARHuvbUwaTrSJ0NV1KQoHUsx0NwNT102nzFIT/"},
        {128, "$6$saltsalt",
         "$cZB1v8y25XDl/N78yIZ0rbBsPI1lXi/A1NEeZsyJde9aoPejVPAYKyIdiGHfTf.cTifxJvHM9gbsb2uSciYX3/"},
        {129, "$6$rounds=12345$saltsaltsaltsalt",
         "$dTyiDejP2dMkulHmGobw3tfRJT4feb2JVp25u7qO8t1hys9J0/aiV5k4dYCMUmtVa.7XDnsLs6QcgBPkrwjvC/"},
        {255, "$6$Zz",
         "$dL3PIj4lGv3eaugVqfEqJm.MaWSREDv5//Mjt4QiojaP2su14qzk7LK.oC8wMS5./kpLONdascf9QZnVMG0TU1"},
        {511, "$6$Zz",
         "$iPCjp7.9SlhFp9uBAXSvlI0.ezkUtWiuQgip84wpfkwBSZ22P2FSfvpWKMjv.M8T0lg0VNhGyEazTm/diLaoj0"},
    };
    char want[BERTH_PASSWORD_HASH_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char *password = guard_new(ROWS[i].len);
        for (size_t j = 0; j < ROWS[i].len; j++)
            password[j] = (char)('a' + j * 7 % 26);
        snprintf(want, sizeof want, "%s%s", ROWS[i].setting, ROWS[i].rest);
        assert_text(hash_of(berth_text_make(password, ROWS[i].len), ROWS[i].setting), want);
        guard_free(password);
    }
}

static void test_settings(void **state)
{
    static const char *const BAD[] = {"",
                                      "$5$abc",
                                      "$6",
                                      "$6$rounds=999$a",
                                      "$6$rounds=$a",
                                      "$6$rounds=1000000000$a",
                                      "$6$rounds=5000",
                                      "$6$rounds=-1$a",
                                      "$6$abcdefghijklmnopq",
                                      "$6$a b",
                                      "$6$a:b",
                                      "$6$rounds=99999999999999999999$a"};
    struct berth_writer w;
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        assert_text(hash_of(BERTH_TEXT("x"), BAD[i]), "syntax");
    /* what stands behind the salt does not count; rounds of the default are kept when they are said */
    assert_text(
        hash_of(BERTH_TEXT("x"), "$6$abc$K4v3"),
        "$6$abc$K4v3HcZ8yAmpRfxML6S46NCcqy9r4/KdbQpFvqSWsBf4dgySOEOo1DHJTrmn2BsJK2aNmPN8Tfb826D2o9.z51");
    assert_int_equal(hash_of(BERTH_TEXT("x"), "$6$rounds=5000$abc").len, 3 + 12 + 4 + 86);
    berth_writer_init(&w, NULL, 0);
    assert_int_equal(crypt.hash(crypt.ctx, BERTH_TEXT("x"), BERTH_TEXT("$6$abc"), &w), BERTH_E_SPACE);
    assert_int_equal(w.len, 3 + 4 + 86);
}

/* ---- The grammar ---- */

#define HASH86 "K4v3HcZ8yAmpRfxML6S46NCcqy9r4/KdbQpFvqSWsBf4dgySOEOo1DHJTrmn2BsJK2aNmPN8Tfb826D2o9.z51"

static void test_grammar(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } ROWS[] = {
        {"$6$abc$" HASH86, true},
        {"$6$$" HASH86, true},
        {"$6$0123456789abcdef$" HASH86, true},
        {"$6$0123456789abcdefg$" HASH86, false},
        {"$6$rounds=5000$abc$" HASH86, true},
        {"$6$rounds=5$abc$" HASH86, true},
        {"$6$rounds=$abc$" HASH86, false},
        {"$6$rounds=5000$" HASH86, false},
        {"$6$rounds=x$abc$" HASH86, false},
        {"$6$abc$" HASH86 "x", false},
        {"$6$abc$" HASH86 "$", false},
        {"$6$abc$x" HASH86, false},
        {"$6$abc$", false},
        {"$6$abc", false},
        {"$6$", false},
        {"$6", false},
        {"", false},
        {"$5$abc$" HASH86, false},
        {"$6$a:c$" HASH86, false},
        {" $6$abc$" HASH86, false},
        {"$6$abc$" HASH86 "\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (berth_password_is_hash(berth_text_of(ROWS[i].text)) != ROWS[i].is)
            fail_msg("%s", ROWS[i].text);
    struct berth_text absent = {NULL, 0};
    assert_false(berth_password_is_hash(absent));
    char long_rounds[256];
    snprintf(long_rounds, sizeof long_rounds, "$6$rounds=%0*d$abc$%s", 60, 5000, HASH86);
    assert_true(berth_password_is_hash(berth_text_of(long_rounds))); /* never plain text */
}

/* ---- Comparing ---- */

static bool opens(const char *stored, const char *password)
{
    bool right = true;
    assert_int_equal(berth_password_check(&crypt, berth_text_of(stored), berth_text_of(password), &right),
                     BERTH_OK);
    return right;
}

static void test_check(void **state)
{
    bool right;
    (void)state;
    assert_true(opens("$6$abc$" HASH86, "x"));
    assert_false(opens("$6$abc$" HASH86, "y"));
    assert_false(opens("$6$abc$" HASH86, ""));
    assert_false(opens("$6$abc$" HASH86, "$6$abc$" HASH86)); /* a hash is no password */
    assert_false(opens("$6$rounds=5$abc$" HASH86, "$6$rounds=5$abc$" HASH86));
    assert_false(opens("$6$rounds=5$abc$" HASH86, "x"));
    assert_true(opens("0000", "0000"));
    assert_false(opens("0000", "0"));
    assert_false(opens("0000", "00000"));
    assert_false(opens("", ""));
    assert_false(opens(NULL, ""));
    assert_true(opens("$6$abc", "$6$abc")); /* no hash: plain text */
    char long_one[BERTH_PASSWORD_MAX + 2];
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    assert_false(opens(long_one, long_one));
    assert_false(opens("$6$abc$" HASH86, long_one));
    assert_int_equal(berth_password_check(NULL, BERTH_TEXT("abcd"), BERTH_TEXT("abcd"), &right), BERTH_OK);
    assert_true(right);
    assert_int_equal(berth_password_check(NULL, BERTH_TEXT("$6$abc$" HASH86), BERTH_TEXT("x"), &right),
                     BERTH_E_NOT_PROVIDED);
    assert_false(right);
    struct berth_crypt none = berth_null_crypt();
    assert_int_equal(berth_password_check(&none, BERTH_TEXT("$6$abc$" HASH86), BERTH_TEXT("x"), &right),
                     BERTH_E_NOT_PROVIDED);
    assert_false(right);
}

/* ---- New hashes ---- */

static enum berth_status no_random(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    (void)buf;
    (void)len;
    return BERTH_E_ENTROPY;
}

static void test_hash(void **state)
{
    struct berth_rand rand = berth_posix_rand();
    char room[2][BERTH_PASSWORD_HASH_MAX];
    struct berth_writer w[2];
    bool right;
    uint64_t seed = seed_start("passwords");
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        char password[BERTH_PASSWORD_MAX];
        size_t len = seed_below(&seed, round == 0 ? 513 : 40);
        seed_bytes(&seed, password, len);
        for (size_t i = 0; i < 2; i++) {
            berth_writer_init(&w[i], room[i], sizeof room[i]);
            assert_int_equal(berth_password_hash(&crypt, &rand, berth_text_make(password, len), &w[i]),
                             BERTH_OK);
            assert_true(berth_password_is_hash(berth_writer_text(&w[i])));
            assert_int_equal(w[i].len, 3 + 16 + 1 + 86);
            assert_int_equal(berth_password_check(&crypt, berth_writer_text(&w[i]),
                                                  berth_text_make(password, len), &right),
                             BERTH_OK);
            assert_true(right);
        }
        assert_memory_not_equal(room[0], room[1], w[0].len); /* another salt each time */
    }
    char long_one[BERTH_PASSWORD_MAX + 1] = {0};
    struct berth_rand none = {NULL, no_random};
    assert_int_equal(berth_password_hash(&crypt, &rand, berth_text_make(long_one, sizeof long_one), &w[0]),
                     BERTH_E_RANGE);
    assert_int_equal(berth_password_hash(&crypt, &none, BERTH_TEXT("abcd"), &w[0]), BERTH_E_ENTROPY);
    assert_int_equal(berth_password_hash(NULL, &rand, BERTH_TEXT("abcd"), &w[0]), BERTH_E_NOT_PROVIDED);
    berth_writer_init(&w[0], room[0], 100);
    assert_int_equal(berth_password_hash(&crypt, &rand, BERTH_TEXT("abcd"), &w[0]), BERTH_E_SPACE);
    assert_int_equal(w[0].len, 106);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specification), cmocka_unit_test(test_lengths), cmocka_unit_test(test_settings),
        cmocka_unit_test(test_grammar),       cmocka_unit_test(test_check),   cmocka_unit_test(test_hash),
    };
    crypt = berth_mbedtls_crypt();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
