/* TLS: bytes, ends, steps, resumption, client keys and memory. Against openssl s_server and an echo server.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seed.h"
#include "tls_client.h"
#include "tls_peer.h"

static char page[400000];

static void open_client(struct tls_client *c)
{
    tls_client_open(c, BERTH_MBEDTLS_ARENA_CAP);
    c->config.roots = tls_text("ca.pem");
}

static void init_client(struct tls_client *c)
{
    open_client(c);
    assert_int_equal(berth_mbedtls_init(&c->tls, &c->config), BERTH_OK);
}

static void say_if_not(const struct tls_client *c, ptrdiff_t got, ptrdiff_t due)
{
    if (got != due)
        fail_msg("%td, not %td: \"%s\"", got, due, tls_client_reason(c));
}

static void check_get(struct tls_client *c)
{
    ptrdiff_t len = tls_client_get(c, "/", page, sizeof page);

    if (len < 200 || memcmp(page, "HTTP/1.0 200", 12) != 0)
        fail_msg("%td: \"%s\"", len, tls_client_reason(c));
}

/* A file of 300,000 bytes in the certificates' folder. */
static size_t make_big(char *out)
{
    FILE *f = fopen(tls_path("big.bin"), "wb");
    size_t i;

    assert_non_null(f);
    for (i = 0; i < 300000; i++)
        out[i] = (char)(i * 7919 >> 5);
    assert_int_equal(fwrite(out, 1, 300000, f), 300000);
    fclose(f);
    return 300000;
}

static void big_records_come_whole(void **state)
{
    static char due[300000];
    size_t due_len = make_big(due), longest;
    struct tls_peer peer = tls_serve("server", "-tls1_2 -WWW");
    struct tls_client c;
    ptrdiff_t len;

    (void)state;
    init_client(&c);
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    len = tls_client_get(&c, "/big.bin", page, sizeof page);
    assert_true(len > (ptrdiff_t)due_len);
    assert_memory_equal(page + len - (ptrdiff_t)due_len, due, due_len);
    net_shim_records(c.shim.got, c.shim.got_len, 23, &longest);
#if !defined(MBEDTLS_SSL_IN_CONTENT_LEN) /* not a build with small buffers, which asks for small records */
    assert_true(longest >= 16384);
#endif
    tls_client_close(&c);

    open_client(&c);
    c.config.max_fragment = 1024;
    assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    len = tls_client_get(&c, "/big.bin", page, sizeof page);
    assert_memory_equal(page + len - (ptrdiff_t)due_len, due, due_len);
    net_shim_records(c.shim.got, c.shim.got_len, 23, &longest);
    assert_true(longest < 1200);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* Small pieces, and a net that blocks before each call: the same bytes. */
static void pieces_change_nothing(void **state)
{
    static const struct {
        size_t recv_max, send_max;
        bool hesitate;
    } ways[] = {{1, 1, false}, {0, 0, true}, {3, 7, true}, {1, 1, true}};
    struct tls_peer peer = tls_serve("chain", "-tls1_2");
    size_t i, steps;

    (void)state;
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct tls_client c;

        init_client(&c);
        c.shim.recv_max = ways[i].recv_max;
        c.shim.send_max = ways[i].send_max;
        c.shim.hesitate = ways[i].hesitate;
        say_if_not(&c, tls_client_secure_by_steps(&c, peer.port, "localhost", &steps), BERTH_OK);
        assert_true(steps >= (ways[i].hesitate ? 10 : 1));
        check_get(&c);
        tls_client_close(&c);
    }
    tls_stop(&peer);
}

static void unfinished_is_not_open(void **state)
{
    struct tls_peer peer = tls_serve("server", "-tls1_2");
    struct berth_endpoint to = {.host = BERTH_TEXT("127.0.0.1"), .port = peer.port};
    struct tls_client c;
    char byte;

    (void)state;
    init_client(&c);
    c.net = berth_mbedtls_net(&c.tls);
    assert_int_equal(c.net.connect(c.net.ctx, &to, 5000), BERTH_OK);
    c.shim.hesitate = true;
    assert_int_equal(c.net.secure(c.net.ctx, BERTH_TEXT("localhost"), 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(c.net.send(c.net.ctx, "x", 1, 0), BERTH_E_STATE);
    assert_int_equal(c.net.recv(c.net.ctx, &byte, 1, 0), BERTH_E_STATE);
    assert_true(c.arena.used > 0);
    c.net.close(c.net.ctx);
    assert_int_equal(c.arena.used, 0);
    c.net.close(c.net.ctx);
    /* and the same object again, blocking */
    c.shim.hesitate = false;
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    assert_int_equal(c.net.secure(c.net.ctx, BERTH_TEXT("localhost"), 0), BERTH_E_STATE);
    check_get(&c);
    /* connect() ends what is open */
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* Sends LEN bytes and reads as many back, both as they go. */
static void echo(struct tls_client *c, const uint8_t *bytes, size_t len)
{
    size_t sent = 0, got = 0;

    while (got < len) {
        ptrdiff_t n;

        if (sent < len) {
            n = c->net.send(c->net.ctx, bytes + sent, len - sent, 0);
            assert_true(n > 0 || n == BERTH_E_WOULD_BLOCK);
            sent += n > 0 ? (size_t)n : 0;
        }
        n = c->net.recv(c->net.ctx, page, sizeof page, sent < len ? 0 : 5000);
        if (n < 0 && n != BERTH_E_WOULD_BLOCK)
            fail_msg("%td: %s", n, tls_client_reason(c));
        if (n > 0) {
            assert_memory_equal(page, bytes + got, (size_t)n);
            got += (size_t)n;
        }
        assert_int_not_equal(n, 0);
    }
}

static void sends_much_both_ways(void **state)
{
    struct tls_peer peer = tls_serve_echo("server", 0);
    uint64_t seed = seed_start("tls echo");
    static uint8_t bytes[700000];
    struct tls_client c;

    (void)state;
    seed_bytes(&seed, bytes, sizeof bytes);
    init_client(&c);
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    echo(&c, bytes, sizeof bytes);
    c.shim.send_max = 1000;
    c.shim.hesitate = true;
    echo(&c, bytes, 100000);
    tls_client_close(&c);
    tls_stop(&peer);
}

static void ends_are_told_apart(void **state)
{
    struct tls_peer peer = tls_serve_echo("server", 0);
    struct tls_client c;

    (void)state;
    init_client(&c);
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    assert_int_equal(c.net.recv(c.net.ctx, page, 10, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(c.net.recv(c.net.ctx, page, 10, 30), BERTH_E_WOULD_BLOCK);
    assert_int_equal(c.net.want(c.net.ctx), BERTH_WANT_READ);
    assert_int_equal(c.net.send(c.net.ctx, "bye\n", 4, 5000), 4);
    say_if_not(&c, c.net.recv(c.net.ctx, page, 10, 5000), 0);
    say_if_not(&c, c.net.recv(c.net.ctx, page, 10, 0), 0);
    assert_int_equal(tls_client_reason(&c)[0], '\0');
    tls_client_close(&c);
    tls_stop(&peer);

    peer = tls_serve_echo("server", 5);
    init_client(&c);
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    assert_int_equal(c.net.send(c.net.ctx, "hello world", 11, 5000), 11);
    assert_int_equal(c.net.recv(c.net.ctx, page, 10, 5000), 5);
    assert_int_equal(c.net.recv(c.net.ctx, page, 10, 5000), BERTH_E_TLS);
    assert_non_null(strstr(tls_client_reason(&c), "without TLS's own close"));
    assert_int_equal(c.net.recv(c.net.ctx, page, 10, 5000), BERTH_E_TLS);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* The close that close() sends is an orderly one: the last record is an alert. */
static void close_says_goodbye(void **state)
{
    struct tls_peer peer = tls_serve_echo("server", 0);
    struct tls_client c;
    size_t longest;

    (void)state;
    init_client(&c);
    say_if_not(&c, tls_client_secure(&c, peer.port, "localhost"), BERTH_OK);
    assert_int_equal(net_shim_records(c.shim.sent, c.shim.sent_len, 21, &longest), 0);
    c.net.close(c.net.ctx);
    assert_int_equal(net_shim_records(c.shim.sent, c.shim.sent_len, 21, &longest), 1);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* ---- resumption ------------------------------------------------------------------------------- */

static void check_connection(struct tls_client *c, uint16_t port, const char *name, bool resumed)
{
    char line[128];
    struct berth_writer w;

    say_if_not(c, tls_client_secure(c, port, name), BERTH_OK);
    assert_int_equal(berth_mbedtls_resumed(&c->tls), resumed);
    berth_writer_init(&w, line, sizeof line);
    berth_mbedtls_put_session(&w, &c->tls);
    assert_true(berth_text_starts(berth_writer_text(&w), BERTH_TEXT("TLSv1.2 TLS-ECDHE-")));
    assert_int_equal(berth_text_ends(berth_writer_text(&w), BERTH_TEXT(", resumed")), resumed);
    check_get(c);
    assert_non_null(strstr(page, resumed ? "Reused, TLSv1.2" : "New, TLSv1.2"));
    c->net.close(c->net.ctx);
    berth_writer_init(&w, line, sizeof line);
    berth_mbedtls_put_session(&w, &c->tls);
    assert_int_equal(w.len, 0);
}

static void resumes(void **state)
{
    static const char *const servers[] = {"-tls1_2", "-tls1_2 -no_ticket"};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct tls_peer peer = tls_serve(i == 0 ? "chain" : "rsa", servers[i]);
        struct tls_client c;

        open_client(&c);
        c.config.session = c.session;
        c.config.session_cap = sizeof c.session;
        assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
        check_connection(&c, peer.port, "localhost", false);
        check_connection(&c, peer.port, "localhost", true);
        check_connection(&c, peer.port, "localhost", true);
        check_connection(&c, peer.port, "127.0.0.1", false); /* another name */
        check_connection(&c, peer.port, "127.0.0.1", true);
        berth_mbedtls_forget_session(&c.tls);
        check_connection(&c, peer.port, "127.0.0.1", false);
        /* a session never outlives the chain that was verified */
        c.shift_s = 40 * 86400;
        assert_int_equal(tls_client_secure(&c, peer.port, "127.0.0.1"), BERTH_E_TLS);
        assert_non_null(strstr(tls_client_reason(&c), "expired"));
        c.shift_s = 0;
        tls_client_close(&c);
        tls_stop(&peer);
    }
}

static void resumption_is_refused_without_harm(void **state)
{
    struct tls_peer peer = tls_serve("server", "-tls1_2"), other;
    struct tls_client c;
    size_t cap;

    (void)state;
    open_client(&c);
    c.config.session = c.session;
    c.config.session_cap = sizeof c.session;
    assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
    check_connection(&c, peer.port, "localhost", false);
    /* another server does not know the session: a full handshake, with all its checks */
    other = tls_serve("server", "-tls1_2");
    check_connection(&c, other.port, "localhost", false);
    tls_stop(&other);
    other = tls_serve("selfsigned", "-tls1_2");
    check_connection(&c, peer.port, "localhost", false);
    assert_int_equal(tls_client_secure(&c, other.port, "localhost"), BERTH_E_TLS);
    tls_client_close(&c);
    tls_stop(&other);
    /* a slot that is too small keeps nothing and hurts nobody */
    for (cap = 1; cap < 400; cap += 57) {
        open_client(&c);
        c.config.session = c.session;
        c.config.session_cap = cap;
        assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
        check_connection(&c, peer.port, "localhost", false);
        check_connection(&c, peer.port, "localhost", false);
        assert_int_equal(c.session[cap], 0);
        tls_client_close(&c);
    }
    /* what is in the slot is not trusted */
    open_client(&c);
    c.config.session = c.session;
    c.config.session_cap = sizeof c.session;
    assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
    check_connection(&c, peer.port, "localhost", false);
    memset(c.session + 280, 0x5a, 64);
    if (tls_client_secure(&c, peer.port, "localhost") != BERTH_OK)
        assert_int_equal(c.net.send(c.net.ctx, "x", 1, 0), BERTH_E_TLS);
    c.net.close(c.net.ctx);
    check_connection(&c, peer.port, "localhost", false);
    tls_client_close(&c);
    tls_stop(&peer);
}

/* ---- no verification -------------------------------------------------------------------------- */

static void skips_only_when_told(void **state)
{
    static const char *const certs[] = {"expired", "wrongname", "selfsigned", "otherca", "clientuse"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof certs / sizeof certs[0]; i++) {
        struct tls_peer peer = tls_serve(certs[i], "-tls1_2");
        struct tls_client c;

        open_client(&c);
        c.config.session = c.session;
        c.config.session_cap = sizeof c.session;
        assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
        berth_mbedtls_dangerously_skip_verification(&c.tls);
        check_connection(&c, peer.port, "localhost", false);
        check_connection(&c, peer.port, "localhost", false);
        assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
        assert_int_equal(tls_client_secure(&c, peer.port, "localhost"), BERTH_E_TLS);
        tls_client_close(&c);
        tls_stop(&peer);
    }
}

static void needs_the_time(void **state)
{
    struct tls_client c;

    (void)state;
    init_client(&c);
    c.no_calendar = true;
    c.net = berth_mbedtls_net(&c.tls);
    assert_int_equal(c.net.secure(c.net.ctx, BERTH_TEXT("localhost"), 0), BERTH_E_TLS);
    assert_non_null(strstr(tls_client_reason(&c), "time is not known"));
    tls_client_close(&c);
}

static void names_what_is_no_tls(void **state)
{
    struct tls_peer peer = tls_serve_plain();
    struct tls_client c;

    (void)state;
    init_client(&c);
    assert_int_equal(tls_client_secure(&c, peer.port, "localhost"), BERTH_E_TLS);
    assert_string_equal(tls_client_reason(&c),
                        "the server does not speak TLS on this port (its answer begins \"HTTP\")");
    tls_client_close(&c);
    tls_stop(&peer);
}

/* A server that never answers costs what was allowed, and one that talks without end is left. */
static void never_waits_without_end(void **state)
{
    struct tls_peer peer = tls_serve_plain();
    struct berth_endpoint to = {.host = BERTH_TEXT("127.0.0.1"), .port = peer.port};
    struct tls_client c;
    uint64_t start_ms, took_ms;
    int round;

    (void)state;
    kill(peer.pid, SIGSTOP);
    init_client(&c);
    c.net = berth_mbedtls_net(&c.tls);
    assert_int_equal(c.net.connect(c.net.ctx, &to, 5000), BERTH_OK);
    for (round = 0; round < 3; round++) {
        start_ms = c.clock.monotonic_ms(c.clock.ctx);
        assert_int_equal(c.net.secure(c.net.ctx, BERTH_TEXT("localhost"), 100), BERTH_E_WOULD_BLOCK);
        took_ms = c.clock.monotonic_ms(c.clock.ctx) - start_ms;
        assert_in_range(took_ms, 99, 2000);
        assert_int_equal(c.net.want(c.net.ctx), BERTH_WANT_READ);
    }
    c.shim.flood = true;
    assert_int_equal(c.net.secure(c.net.ctx, BERTH_TEXT("localhost"), 0), BERTH_E_TLS);
    assert_string_equal(tls_client_reason(&c), "the server sends TLS messages without end");
    tls_client_close(&c);
    tls_stop(&peer);
}

static void check_scripted(const uint8_t *bytes, size_t len, const char *reason)
{
    struct tls_client c;

    init_client(&c);
    c.shim.script = bytes;
    c.shim.script_len = len;
    assert_int_equal(tls_client_secure(&c, 1, "localhost"), BERTH_E_TLS);
    if (strstr(tls_client_reason(&c), reason) == NULL)
        fail_msg("\"%s\", not \"%s\"", tls_client_reason(&c), reason);
    tls_client_close(&c);
}

/* What openssl's server cannot be made to say. */
static void names_versions_and_alerts(void **state)
{
    static const struct {
        uint8_t code;
        const char *reason;
    } alerts[] = {{40, "nothing newer than TLS 1.1"}, {70, "may offer only TLS 1.3"},
                  {112, "does not know this name"},   {80, "the server failed"},
                  {116, "requires a client cert"},    {99, "with TLS alert 99"}};
    uint8_t hello[5 + 4 + 38] = {22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 2};
    size_t i;

    (void)state;
    hello[5 + 4 + 35] = 0xc0;
    hello[5 + 4 + 36] = 0x2b;
    check_scripted(hello, sizeof hello, "the server chose TLS 1.1; at least TLS 1.2 is required");
    hello[10] = 1;
    check_scripted(hello, sizeof hello, "the server chose TLS 1.0; at least TLS 1.2 is required");
    hello[10] = 0;
    check_scripted(hello, sizeof hello, "the server chose SSL 3.0; at least TLS 1.2 is required");
    for (i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        uint8_t alert[7] = {21, 3, 3, 0, 2, 2, alerts[i].code};

        check_scripted(alert, sizeof alert, alerts[i].reason);
    }
}

/* Two threads, each with its own object and arena, at once. */
static void *get_often(void *ctx)
{
    struct tls_client *c = ctx;
    char *answer = malloc(65536);
    size_t round, good = 0;

    for (round = 0; answer != NULL && round < 20; round++) {
        good += tls_client_secure(c, (uint16_t)c->shift_s, "localhost") == BERTH_OK &&
                tls_client_get(c, "/", answer, 65536) > 200;
        c->net.close(c->net.ctx);
    }
    free(answer);
    c->shift_s = (int64_t)good;
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    struct tls_peer peer[2];
    struct tls_client c[2];
    pthread_t threads[2];
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        peer[i] = tls_serve(i == 0 ? "chain" : "rsa", "-tls1_2");
        init_client(&c[i]);
        c[i].shift_s = peer[i].port; /* some hours; then the number of good answers */
        assert_int_equal(pthread_create(&threads[i], NULL, get_often, &c[i]), 0);
    }
    for (i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(c[i].shift_s, 20);
        tls_client_close(&c[i]);
        tls_stop(&peer[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(big_records_come_whole),
        cmocka_unit_test(pieces_change_nothing),
        cmocka_unit_test(unfinished_is_not_open),
        cmocka_unit_test(sends_much_both_ways),
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(close_says_goodbye),
        cmocka_unit_test(resumes),
        cmocka_unit_test(resumption_is_refused_without_harm),
        cmocka_unit_test(skips_only_when_told),
        cmocka_unit_test(needs_the_time),
        cmocka_unit_test(names_what_is_no_tls),
        cmocka_unit_test(never_waits_without_end),
        cmocka_unit_test(threads_do_not_meet),
        cmocka_unit_test(names_versions_and_alerts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
