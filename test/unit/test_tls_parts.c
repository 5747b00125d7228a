/* The TLS port's own parts, without TLS: the arena, documents in PEM and DER, names, the handshake's watch.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "port/mbedtls/arena.h"
#include "port/mbedtls/blocks.h"
#include "port/mbedtls/names.h"
#include "port/mbedtls/watch.h"
#include "seed.h"

/* ---- arena ------------------------------------------------------------------------------------ */

#define LIVE 64

/* Random taking and giving against a model: blocks are aligned, apart, zeroed, keep their bytes, and are
 * wiped. */
static void arena_at_random(void **state)
{
    struct {
        uint8_t *bytes;
        size_t len;
        uint8_t fill;
    } live[LIVE];
    uint64_t seed = seed_start("TLS arena");
    struct berth_mbedtls_arena arena;
    uint8_t *memory = guard_new(20000);
    size_t round, i, k, highest = 0;

    (void)state;
    memset(live, 0, sizeof live);
    berth_mbedtls_arena_init(&arena, memory, 20000);
    for (round = 0; round < 60000; round++) {
        i = seed_below(&seed, LIVE);
        if (live[i].bytes == NULL) {
            size_t len = seed_below(&seed, seed_below(&seed, 8) == 0 ? 5000 : 300);

            live[i].bytes = berth_mbedtls_arena_take(&arena, len);
            if (live[i].bytes == NULL) {
                assert_int_equal(arena.refused, len);
                continue;
            }
            live[i].len = len;
            live[i].fill = (uint8_t)(1 + seed_below(&seed, 255));
            assert_int_equal((uintptr_t)live[i].bytes % (2 * sizeof(size_t)), 0);
            for (k = 0; k < len; k++)
                assert_int_equal(live[i].bytes[k], 0);
            memset(live[i].bytes, live[i].fill, len);
            if ((size_t)(live[i].bytes - arena.base) + len > highest)
                highest = (size_t)(live[i].bytes - arena.base) + len;
            assert_true(arena.high_water >= highest);
        } else {
            for (k = 0; k < live[i].len; k++)
                assert_int_equal(live[i].bytes[k], live[i].fill);
            berth_mbedtls_arena_give(&arena, live[i].bytes);
            for (k = 0; k < live[i].len; k++)
                assert_int_equal(live[i].bytes[k], 0);
            live[i].bytes = NULL;
        }
    }
    for (i = 0; i < LIVE; i++)
        berth_mbedtls_arena_give(&arena, live[i].bytes);
    assert_int_equal(arena.used, 0);
    assert_non_null(berth_mbedtls_arena_take(&arena, arena.cap - 64));
    guard_free(memory);
}

static void arena_at_its_edges(void **state)
{
    struct berth_mbedtls_arena arena;
    uint8_t *memory = guard_new(4096);
    size_t cap;
    void *block;

    (void)state;
    for (cap = 0; cap < 200; cap++) {
        size_t len;

        berth_mbedtls_arena_init(&arena, memory + 4096 - cap, cap);
        for (len = cap; (block = berth_mbedtls_arena_take(&arena, len)) == NULL && len > 0; len--)
            assert_int_equal(arena.refused, len);
        if (block != NULL) {
            memset(block, 1, len);
            berth_mbedtls_arena_give(&arena, block);
        }
        assert_true(cap < 100 || len > cap - 64);
        assert_null(berth_mbedtls_arena_take(&arena, SIZE_MAX));
        assert_null(berth_mbedtls_arena_take(&arena, SIZE_MAX - 8));
        assert_int_equal(arena.used, 0);
    }
    berth_mbedtls_arena_init(&arena, NULL, 100);
    assert_null(berth_mbedtls_arena_take(&arena, 1));
    berth_mbedtls_arena_give(&arena, NULL);
    guard_free(memory);
}

/* ---- documents -------------------------------------------------------------------------------- */

/* Two documents of 5 and 4 bytes, with what bundles have around them. */
static const char bundle[] = "text -----BEGIN CERTIFICATE-----\n"
                             "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
                             "-----BEGIN CERTIFICATE-----\r\nAQID\r\nBAU=\r\n-----END CERTIFICATE-----\r\n"
                             "# more\n----------\n"
                             "-----BEGIN CERTIFICATE-----\n /+8A AQ==\n-----END CERTIFICATE-----";
static const uint8_t first[] = {1, 2, 3, 4, 5};
static const uint8_t second[] = {0xff, 0xef, 0x00, 0x01};

/* Feeds TEXT in pieces of random length up to MOST; how many documents, or the error. */
static int walk(const char *text, size_t len, size_t most, uint64_t *seed, size_t der_cap, size_t *out_lens)
{
    struct berth_mbedtls_blocks b;
    uint8_t *der = guard_new(der_cap);
    size_t at = 0;
    int count = 0, found = 0;

    berth_mbedtls_blocks_init(&b, "CERTIFICATE", der, der_cap);
    while (at < len && found >= 0) {
        size_t piece = 1 + seed_below(seed, most);
        struct berth_text input;
        const uint8_t *copy;

        if (piece > len - at)
            piece = len - at;
        copy = guard_copy(text + at, piece);
        input = berth_text_make((const char *)copy, piece);
        while ((found = berth_mbedtls_blocks_next(&b, &input)) > 0) {
            out_lens[count++] = b.der_len;
            if (count == 1 && der_cap >= sizeof first && b.der_len == sizeof first)
                assert_memory_equal(der, first, sizeof first);
            if (count == 2 && der_cap >= sizeof second && b.der_len == sizeof second)
                assert_memory_equal(der, second, sizeof second);
        }
        at += piece;
        assert_true(found < 0 || b.offset == at);
        guard_free((void *)(uintptr_t)copy);
    }
    if (found >= 0 && berth_mbedtls_blocks_end(&b) != BERTH_OK)
        found = BERTH_E_SYNTAX;
    if (found < 0)
        assert_true(b.what[0] != '\0');
    guard_free(der);
    return found < 0 ? found : count;
}

static void documents_in_pem(void **state)
{
    static const struct {
        const char *text;
        int count; /* or status */
    } rows[] = {
        {"", 0},
        {"0", BERTH_E_SYNTAX},
        {"0\n", 0},
        {"-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----", 1},
        {"\n-----BEGIN CERTIFICATE-----AQ==\n-----END CERTIFICATE-----x", 1},
        {"-----BEGIN CERTIFICATE----\nAQ==\n-----END CERTIFICATE-----", 0},
        {"-----BEGIN CERTIFICATES-----\nAQ==\n", 0},
        {"-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQ=\n-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQ===\n-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nA===\n-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQ==AQ==\n-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQIDA\n-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQI!\n-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQID-----END CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQID\n-----END X509 CRL-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQID\n-----BEGIN CERTIFICATE-----", BERTH_E_SYNTAX},
        {"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE----", BERTH_E_SYNTAX},
    };
    uint64_t seed = seed_start("PEM documents");
    size_t lens[8], i, round;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (round = 0; round < 3; round++) {
            int got = walk(rows[i].text, strlen(rows[i].text), round == 0 ? 1 : 99, &seed,
                           round == 2 ? 0 : 16, lens);

            if (got != rows[i].count)
                fail_msg("%s: %d", rows[i].text, got);
        }
    for (round = 0; round < 300; round++) {
        assert_int_equal(walk(bundle, sizeof bundle - 1, 1 + round % 40, &seed, round % 7, lens), 2);
        assert_int_equal(lens[0], 5);
        assert_int_equal(lens[1], 4);
    }
    for (i = 0; i < sizeof bundle; i++)
        (void)walk(bundle, i, 8, &seed, 8, lens);
}

static void documents_in_der(void **state)
{
    static const char one[] = "\x30\x81\x80"; /* and 128 bytes */
    static const char bad[][8] = {"\x30\x80\x01", "\x30\x85\x01\x01\x01\x01\x01", "\x30\x81\x7f",
                                  "\x30\x84\x7f\x01\x01\x01"};
    uint64_t seed = seed_start("DER documents");
    char text[2 * 131 + 1], mixed[267 + sizeof bundle];
    size_t lens[8], i, len;

    (void)state;
    memset(text, 7, sizeof text);
    memcpy(text, one, 3);
    memcpy(text + 131, one, 3);
    for (len = 1; len <= 262; len++) {
        int got = walk(text, len, 1 + len % 50, &seed, 131, lens);

        assert_int_equal(got, len == 131 ? 1 : len == 262 ? 2 : BERTH_E_SYNTAX);
        if (got > 0)
            assert_int_equal(lens[0], 131);
    }
    assert_int_equal(walk(text, 263, 300, &seed, 131, lens), BERTH_E_SYNTAX);
    /* blanks between, PEM behind */
    memcpy(mixed, text, 131);
    memcpy(mixed + 131, "\r\n", 2);
    memcpy(mixed + 133, text, 131);
    memcpy(mixed + 264, "\nx\n", 3);
    memcpy(mixed + 267, bundle, sizeof bundle - 1);
    for (i = 1; i < 60; i++)
        assert_int_equal(walk(mixed, 267 + sizeof bundle - 1, i, &seed, 131, lens), 4);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(walk(bad[i], 8, 1, &seed, 16, lens), BERTH_E_SYNTAX);
}

static void subjects(void **state)
{
    /* version, serial, algorithm, issuer, validity, subject, rest */
    static const uint8_t cert[] = {0x30, 0x1d, 0x30, 0x19, 0xa0, 0x03, 2,    1,    2,    0x02, 1,
                                   9,    0x30, 0x00, 0x30, 0x02, 0x05, 0x00, 0x30, 0x00, 0x30, 0x03,
                                   1,    1,    0xff, 0x30, 0x02, 5,    0,    0x05, 0x00};
    struct berth_text subject;
    size_t len;

    (void)state;
    assert_true(berth_mbedtls_cert_subject(cert, sizeof cert, &subject));
    assert_int_equal(subject.len, 5);
    assert_memory_equal(subject.ptr, "\x30\x03\x01\x01\xff", 5);
    for (len = 0; len < sizeof cert; len++) {
        const uint8_t *copy = guard_copy(cert, len);

        assert_false(berth_mbedtls_cert_subject(copy, len, &subject));
        guard_free((void *)(uintptr_t)copy);
    }
    assert_true(berth_mbedtls_names_alike(BERTH_TEXT("\x13\x02"
                                                     "Ab"),
                                          BERTH_TEXT("\x0c\x02"
                                                     "aB")));
    assert_false(berth_mbedtls_names_alike(BERTH_TEXT("\x13\x02"
                                                      "Ab"),
                                           BERTH_TEXT("\x13\x02"
                                                      "Ac")));
    assert_false(berth_mbedtls_names_alike(BERTH_TEXT("\x13\x02"
                                                      "Ab"),
                                           BERTH_TEXT("\x13\x02"
                                                      "A")));
}

/* ---- names ------------------------------------------------------------------------------------ */

static void addresses(void **state)
{
    static const struct {
        const char *text;
        const char *put; /* NULL: none */
    } rows[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"255.255.255.255", "255.255.255.255"},
        {"::", "0:0:0:0:0:0:0:0"},
        {"::1", "0:0:0:0:0:0:0:1"},
        {"2001:DB8::fF", "2001:db8:0:0:0:0:0:ff"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1::", "1:0:0:0:0:0:0:0"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::ffff:192.0.2.1", "0:0:0:0:0:ffff:c000:201"},
        {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"},
        {"", NULL},
        {"1", NULL},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"1.2.3.256", NULL},
        {"01.2.3.4", NULL},
        {"1.2.3.", NULL},
        {"1.2.3.4.", NULL},
        {"1.2.3.-4", NULL},
        {"0x7f.0.0.1", NULL},
        {":", NULL},
        {":::", NULL},
        {"1:::2", NULL},
        {"1::2::3", NULL},
        {"1:2:3:4:5:6:7", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1:2:3:4:5:6:7:8::", NULL},
        {"::1:2:3:4:5:6:7:8", NULL},
        {"12345::", NULL},
        {"g::", NULL},
        {"::1%eth0", NULL},
        {"[::1]", NULL},
        {"192.0.2.1::", NULL},
        {"1:2:3:4:5:6:7:192.0.2.1", NULL},
        {"::192.0.2.1:1", NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[64];
        struct berth_writer w;
        uint8_t bytes[16];
        size_t text_len = strlen(rows[i].text);
        const uint8_t *copy = guard_copy(rows[i].text, text_len);
        size_t len = berth_mbedtls_parse_address(berth_text_make((const char *)copy, text_len), bytes);

        if ((len == 0) != (rows[i].put == NULL))
            fail_msg("%s: %zu", rows[i].text, len);
        berth_writer_init(&w, line, sizeof line);
        if (len > 0) {
            berth_mbedtls_put_address(&w, bytes, len);
            assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
            assert_string_equal(line, rows[i].put);
        }
        guard_free((void *)(uintptr_t)copy);
    }
}

static void dns_names(void **state)
{
    static const char *const good[] = {"a", "localhost", "a.b", "a-b_c.D9", "a.", "1.2.3.x"};
    static const char *const bad[] = {"",    ".",    "a..b",     ".a",  "a b", "a/b",
                                      "*.a", "a\tb", "\xc3\xa4", "a..", "a:b"};
    char text[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(berth_mbedtls_is_dns_name(berth_text_of(good[i])));
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(berth_mbedtls_is_dns_name(berth_text_of(bad[i])));
    assert_false(berth_mbedtls_is_dns_name(berth_text_make("a\0b", 3)));
    memset(text, 'a', sizeof text);
    for (i = 63; i < sizeof text; i += 64)
        text[i] = '.';
    assert_true(berth_mbedtls_is_dns_name(berth_text_make(text, 253)));
    assert_true(berth_mbedtls_is_dns_name(berth_text_make(text, 63)));
    assert_false(berth_mbedtls_is_dns_name(berth_text_make(text, 254)));
    text[63] = 'a';
    assert_false(berth_mbedtls_is_dns_name(berth_text_make(text, 64)));
}

/* ---- watch ------------------------------------------------------------------------------------ */

static void watch_sees(void **state)
{
    /* ServerHello (TLS 1.1) over two records, a CertificateRequest, a warning, a fatal alert, then ciphers.
     */
    static const uint8_t flight[] = {22, 3,  2, 0, 3, 2,  0, 0,  22, 3, 2, 0, 8,  3, 3, 2,
                                     9,  13, 0, 0, 0, 21, 3, 2,  0,  2, 1, 0, 22, 3, 2, 0,
                                     0,  21, 3, 2, 0, 2,  2, 70, 20, 3, 2, 0, 1,  1, 99};
    size_t cut, i;

    (void)state;
    for (cut = 0; cut <= sizeof flight; cut++) {
        struct berth_mbedtls_watch w = {0};

        berth_mbedtls_watch_feed(&w, flight, cut);
        for (i = cut; i < sizeof flight; i++)
            berth_mbedtls_watch_feed(&w, flight + i, 1);
        assert_false(w.not_tls);
        assert_true(w.server_hello);
        assert_int_equal(w.version, 0x0302);
        assert_true(w.wants_client_cert);
        assert_true(w.alert);
        assert_int_equal(w.alert_code, 70);
        assert_true(w.over);
    }
    for (i = 0; i < 256; i++) {
        struct berth_mbedtls_watch w = {0};
        uint8_t text[4] = {(uint8_t)i, 'T', 'T', 'P'};

        berth_mbedtls_watch_feed(&w, text, 4);
        assert_int_equal(w.not_tls, i < 20 || i > 23);
        assert_memory_equal(w.first, text, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_at_random),  cmocka_unit_test(arena_at_its_edges),
        cmocka_unit_test(documents_in_pem), cmocka_unit_test(documents_in_der),
        cmocka_unit_test(subjects),         cmocka_unit_test(addresses),
        cmocka_unit_test(dns_names),        cmocka_unit_test(watch_sees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
