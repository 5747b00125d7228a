/* TLS when something under it goes wrong: each call of the net, the random numbers, the arena at every size.
 * Against openssl s_server; also prints how much of the arena was used. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seed.h"
#include "tls_client.h"
#include "tls_peer.h"

static char page[65536];

static void init_client(struct tls_client *c, size_t arena_cap)
{
    tls_client_open(c, arena_cap);
    c->config.roots = tls_text("ca.pem");
    assert_int_equal(berth_mbedtls_init(&c->tls, &c->config), BERTH_OK);
}

/* One connection and one GET: the number of bytes, or the first status that is not good. */
static ptrdiff_t run(struct tls_client *c, uint16_t port)
{
    enum berth_status status = tls_client_secure(c, port, "localhost");

    return status == BERTH_OK ? tls_client_get(c, "/", page, sizeof page) : status;
}

/* Every call of the inner net goes wrong in turn, once or from then on, until a run passes untouched. */
static void each_net_call_fails(void **state)
{
    static const struct {
        enum berth_status failure;
        bool once;
    } ways[] = {
        {BERTH_E_RESET, false}, {BERTH_OK, false}, {BERTH_E_CANCELLED, false}, {BERTH_E_WOULD_BLOCK, true}};
    struct tls_peer peer = tls_serve("chain", "-tls1_2");
    size_t i, at;

    (void)state;
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        for (at = 1;; at++) {
            struct tls_client c;
            ptrdiff_t result;
            size_t calls;

            init_client(&c, BERTH_MBEDTLS_ARENA_CAP);
            c.shim.fail_at = at;
            c.shim.failure = ways[i].failure;
            c.shim.once = ways[i].once;
            result = run(&c, peer.port);
            calls = c.shim.calls;
            if (calls >= at && result >= 0)
                fail_msg("call %zu of the net went wrong (%d), and the answer was %td", at, ways[i].failure,
                         result);
            if (calls >= at && ways[i].failure == BERTH_E_RESET)
                assert_int_equal(result, BERTH_E_RESET);
            if (calls >= at && ways[i].failure == BERTH_E_WOULD_BLOCK)
                assert_int_equal(result, BERTH_E_WOULD_BLOCK);
            if (calls >= at && ways[i].failure == BERTH_OK)
                assert_true(result == BERTH_E_RESET || result == BERTH_E_CLOSED || result == BERTH_E_TLS);
            if (calls < at)
                assert_true(result > 0);
            else if (result != BERTH_E_WOULD_BLOCK && result != BERTH_E_CANCELLED)
                assert_true(tls_client_reason(&c)[0] != '\0');
            tls_client_close(&c);
            if (calls < at)
                break;
        }
        assert_true(at > 10);
    }
    tls_stop(&peer);
}

static void each_random_number_fails(void **state)
{
    struct tls_peer peer = tls_serve("server", "-tls1_2");
    size_t at;

    (void)state;
    for (at = 1;; at++) {
        struct tls_client c;
        ptrdiff_t result;
        size_t calls;

        init_client(&c, BERTH_MBEDTLS_ARENA_CAP);
        c.rand_fails_at = at;
        result = run(&c, peer.port);
        calls = c.rand_calls;
        if (calls >= at && result != BERTH_E_ENTROPY)
            fail_msg("random number %zu: %td \"%s\"", at, result, tls_client_reason(&c));
        tls_client_close(&c);
        if (calls < at) {
            assert_true(result > 0);
            break;
        }
    }
    assert_true(at > 2);
    tls_stop(&peer);
}

/* Two handshakes differ by some bytes: their random numbers may be a limb longer, their signatures a byte. */
enum { HANDSHAKES_DIFFER = 256 };

/* An arena of each size: too small is said so, and the high-water mark is what is enough. */
static void arena_of_every_size(void **state)
{
    struct tls_peer peer = tls_serve("chain", "-tls1_2");
    struct tls_client c;
    size_t enough, cap, refusals = 0;

    (void)state;
    init_client(&c, BERTH_MBEDTLS_ARENA_CAP);
    assert_true(run(&c, peer.port) > 0);
    enough = berth_mbedtls_arena_high_water(&c.arena);
    tls_client_close(&c);
    for (cap = 0; cap + HANDSHAKES_DIFFER < enough;
         cap += cap + 600 < enough && cap > 20000 && cap < 34000 ? 2003 : 401) {
        enum berth_status status;
        ptrdiff_t result;

        tls_client_open(&c, cap == 0 ? 1 : cap);
        c.config.roots = tls_text("ca.pem");
        status = berth_mbedtls_init(&c.tls, &c.config);
        result = status == BERTH_OK ? run(&c, peer.port) : status;
        if (result != BERTH_E_SPACE)
            fail_msg("arena of %zu: %td \"%s\"", cap, result, tls_client_reason(&c));
        assert_non_null(strstr(tls_client_reason(&c), "the TLS arena is too small: "));
        refusals++;
        tls_client_close(&c);
    }
    assert_true(refusals > 40);
    init_client(&c, enough + HANDSHAKES_DIFFER);
    assert_true(run(&c, peer.port) > 0);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* ---- a session played again -------------------------------------------------------------------- */

struct recording {
    uint8_t bytes[NET_SHIM_KEPT];
    size_t len;
    int64_t time_s;
    char answer[65536];
    ptrdiff_t answer_len;
};

static void record(struct recording *r)
{
    struct tls_peer peer = tls_serve("chain", "-tls1_2");
    struct tls_client c;

    init_client(&c, BERTH_MBEDTLS_ARENA_CAP);
    r->time_s = c.clock.civil_s(c.clock.ctx);
    c.fixed_s = r->time_s;
    c.rand_is_fixed = true;
    assert_int_equal(tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    r->answer_len = tls_client_get(&c, "/", r->answer, sizeof r->answer);
    assert_true(r->answer_len > 0);
    r->len = c.shim.got_len;
    memcpy(r->bytes, c.shim.got, r->len);
    assert_true(r->len < sizeof r->bytes);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* What the client makes of LEN bytes from a server; data that the real server did not send is a failure. */
static ptrdiff_t play(const struct recording *r, const uint8_t *bytes, size_t len)
{
    struct tls_client c;
    ptrdiff_t got = 0, n = 0;

    init_client(&c, BERTH_MBEDTLS_ARENA_CAP);
    c.fixed_s = r->time_s;
    c.rand_is_fixed = true;
    c.shim.script = bytes;
    c.shim.script_len = len;
    n = tls_client_secure(&c, 1, "localhost");
    if (n == BERTH_OK)
        n = c.net.send(c.net.ctx, "GET / HTTP/1.0\r\n\r\n", 18, 0) > 0;
    while (n > 0 && (n = c.net.recv(c.net.ctx, page, sizeof page, 0)) > 0) {
        assert_true(n <= r->answer_len - got);
        assert_memory_equal(page, r->answer + got, (size_t)n);
        got += n;
    }
    assert_true(n == 0 || tls_client_reason(&c)[0] != '\0');
    tls_client_close(&c);
    return n < 0 ? n : got;
}

/* The server's half of a session, cut at every kind of place and with one bit changed: never other data,
 * never an orderly end that was none. */
static void cut_and_forged_sessions(void **state)
{
    static struct recording r;
    uint64_t seed = seed_start("forged TLS");
    size_t round;

    (void)state;
    record(&r);
    assert_int_equal(play(&r, r.bytes, r.len), r.answer_len);
    for (round = 0; round < 50; round++) {
        size_t cut = round < 20 ? round : seed_below(&seed, r.len);

        assert_true(play(&r, r.bytes, cut) < 0);
    }
    for (round = 0; round < 120; round++) {
        size_t at = seed_below(&seed, round % 2 == 0 ? r.len : 200);
        uint8_t bit = (uint8_t)(1u << seed_below(&seed, 8));
        ptrdiff_t got;

        r.bytes[at] ^= bit;
        got = play(&r, r.bytes, r.len);
        r.bytes[at] ^= bit;
        assert_true(got < 0 || got == r.answer_len);
    }
}

/* ---- how much --------------------------------------------------------------------------------- */

static void print_need(const char *cert, const char *roots, const char *crls, const char *client)
{
    struct tls_peer peer = tls_serve(cert, "-tls1_2 -verify 2 -CAfile @/clients.pem");
    char file[64];
    struct tls_client c;
    size_t held;

    tls_client_open(&c, BERTH_MBEDTLS_ARENA_CAP);
    c.config.roots = tls_text(roots);
    c.config.crls = tls_text(crls);
    if (client[0] != '\0') {
        snprintf(file, sizeof file, "%s.pem", client);
        c.config.client_cert = tls_text(file);
        snprintf(file, sizeof file, "%s.key", client);
        c.config.client_key = tls_text(file);
    }
    c.config.session = c.session;
    c.config.session_cap = sizeof c.session;
    assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
    if (tls_client_secure(&c, peer.port, "localhost") != BERTH_OK)
        fail_msg("%s: \"%s\"", cert, tls_client_reason(&c));
    held = c.arena.used;
    assert_true(tls_client_get(&c, "/", page, sizeof page) > 0);
    print_message(
        "TLS arena: server %-7s roots %-10s %-9s %-9s high water %6zu, held after the handshake %6zu bytes\n",
        cert, roots, crls, client[0] != '\0' ? "client" : "", c.arena.high_water, held);
    assert_true(c.arena.high_water <= BERTH_MBEDTLS_ARENA_CAP);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* The same root among 150 others. */
static void make_large_bundle(void)
{
    FILE *f = fopen(tls_path("large.pem"), "w");
    size_t i;

    assert_non_null(f);
    for (i = 0; i < 150; i++) {
        fputs("# a comment, as bundles have them\n", f);
        fputs(tls_file(i == 77 ? "ca.pem" : i % 2 == 0 ? "other.pem" : "rsa.pem"), f);
    }
    fclose(f);
}

static void needs_of_kinds(void **state)
{
    (void)state;
    make_large_bundle();
    print_need("server", "ca.pem", "", "");
    print_need("rsa", "ca.pem", "", "");
    print_need("chain", "ca.pem", "", "");
    print_need("server", "large.pem", "", "");
    print_need("server", "ca.pem", "crl.pem", "");
    print_need("chain", "large.pem", "", "client");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_net_call_fails), cmocka_unit_test(each_random_number_fails),
        cmocka_unit_test(arena_of_every_size), cmocka_unit_test(cut_and_forged_sessions),
        cmocka_unit_test(needs_of_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
