/* TLS: what init() accepts and refuses: roots, lists, keys, pins, in all their forms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "tls_client.h"
#include "tls_peer.h"

static char page[65536];

static void run_openssl(const char *words)
{
    char command[1024];

    snprintf(command, sizeof command, "cd '%s' && openssl %s >/dev/null 2>&1", tls_certs(), words);
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* init() with what CHANGE makes of the configuration. */
static void refuse(struct tls_client *c, enum berth_status status, const char *reason)
{
    enum berth_status got = berth_mbedtls_init(&c->tls, &c->config);

    if (got != status || strstr(tls_client_reason(c), reason) == NULL)
        fail_msg("%d \"%s\", not %d \"%s\"", got, tls_client_reason(c), status, reason);
    assert_int_equal(c->arena.used, 0);
}

static void open_client(struct tls_client *c)
{
    tls_client_open(c, BERTH_MBEDTLS_ARENA_CAP);
    c->config.roots = tls_text("ca.pem");
}

static void missing_parts(void **state)
{
    struct tls_client c;
    struct berth_mbedtls_config whole;

    (void)state;
    open_client(&c);
    whole = c.config;
    c.config.inner = NULL;
    refuse(&c, BERTH_E_ARGUMENT, "no inner net");
    c.config = whole;
    c.config.clock = NULL;
    refuse(&c, BERTH_E_ARGUMENT, "no clock");
    c.config = whole;
    c.config.rand = NULL;
    refuse(&c, BERTH_E_ARGUMENT, "no source of random numbers");
    c.config = whole;
    c.config.arena = NULL;
    assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_E_ARGUMENT);
    c.config = whole;
    c.config.max_fragment = 1000;
    refuse(&c, BERTH_E_ARGUMENT, "max_fragment");
    c.config = whole;
    c.config.client_cert = tls_text("client.pem");
    refuse(&c, BERTH_E_ARGUMENT, "needs its key");
    c.config = whole;
    c.config.client_key = tls_text("client.key");
    refuse(&c, BERTH_E_ARGUMENT, "a key its certificate");
    c.config = whole;
    c.config.pin_count = 1;
    refuse(&c, BERTH_E_ARGUMENT, "no pins");
    c.config = whole;
    refuse(&c, BERTH_OK, "");
    tls_client_close(&c);
}

static void broken_documents(void **state)
{
    struct tls_client c;

    (void)state;
    open_client(&c);
    c.config.roots = BERTH_TEXT("nothing here\n");
    refuse(&c, BERTH_E_SYNTAX, "there is no certificate in the given roots");
    c.config.roots = tls_text("ca.key");
    refuse(&c, BERTH_E_SYNTAX, "there is no certificate");
    c.config.roots = BERTH_TEXT("-----BEGIN CERTIFICATE-----\nMII!\n");
    refuse(&c, BERTH_E_SYNTAX, "root number 1, before byte 32: a byte that is not base64");
    c.config.roots = BERTH_TEXT("-----BEGIN CERTIFICATE-----\nMIIB\n");
    refuse(&c, BERTH_E_SYNTAX, "it ends inside a block");
    c.config.roots = tls_text("ca.pem");
    c.config.crls = tls_text("ca.pem");
    refuse(&c, BERTH_E_SYNTAX, "revocation list number 1, before byte ");
    c.config.crls = BERTH_TEXT("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n");
    refuse(&c, BERTH_E_SYNTAX, "mbedTLS cannot read it (-0x");
    c.config.crls = tls_text("");
    c.config.client_cert = tls_text("client.pem");
    c.config.client_key = tls_text("stranger.key");
    refuse(&c, BERTH_E_ARGUMENT, "does not belong to the client certificate");
    c.config.client_key = tls_text("client.pem");
    refuse(&c, BERTH_E_SYNTAX, "cannot read the client key (-0x");
    c.config.client_key = BERTH_TEXT("0");
    refuse(&c, BERTH_E_SYNTAX, "cannot read the client key (-0x");
    c.config.client_cert = tls_text("client.key");
    refuse(&c, BERTH_E_SYNTAX, "client certificate number 1, before byte ");
    tls_client_close(&c);
}

static void cut_at_each_byte(void **state)
{
    struct berth_text whole = tls_text("ca.pem");
    size_t end = berth_text_find(whole, BERTH_TEXT("-----END")) + 24, len;
    struct tls_client c;

    (void)state;
    open_client(&c);
    for (len = 0; len <= whole.len; len++) {
        char *copy = malloc(len + 1);
        enum berth_status status;

        assert_non_null(copy);
        memcpy(copy, whole.ptr, len);
        c.config.roots = berth_text_make(copy, len);
        status = berth_mbedtls_init(&c.tls, &c.config);
        assert_int_equal(status, len == 0 || len > end ? BERTH_OK : BERTH_E_SYNTAX);
        free(copy);
    }
    tls_client_close(&c);
}

/* ---- other forms ------------------------------------------------------------------------------ */

/* connect() and GET; the server wants a client certificate of the CA "clients". */
static void check_connects(struct tls_client *c)
{
    struct tls_peer peer =
        tls_serve("server", "-tls1_2 -Verify 2 -verify_return_error -CAfile @/clients.pem");

    refuse(c, BERTH_OK, "");
    if (tls_client_secure(c, peer.port, "localhost") != BERTH_OK)
        fail_msg("\"%s\"", tls_client_reason(c));
    assert_true(tls_client_get(c, "/", page, sizeof page) > 200);
    tls_client_close(c);
    tls_stop(&peer);
}

static struct berth_text binary(const char *name, uint8_t **out)
{
    size_t len;

    *out = fixture_load(tls_path(name), &len);
    return berth_text_make((const char *)*out, len);
}

static void forms_of_keys_and_roots(void **state)
{
    struct tls_client c;
    uint8_t *bytes[4];

    (void)state;
    run_openssl("x509 -in ca.pem -outform DER -out ca.der");
    run_openssl("x509 -in client.pem -outform DER -out client.der");
    run_openssl("pkey -in client.key -outform DER -out client.key.der");
    run_openssl("crl -in crl.pem -outform DER -out crl.der");
    run_openssl("pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in client.key -passout pass:secret -out "
                "client.p8");
    run_openssl("ec -in client.key -aes256 -passout pass:secret -out client.enc");
    open_client(&c);
    c.config.roots = binary("ca.der", &bytes[0]);
    c.config.crls = binary("crl.der", &bytes[1]);
    c.config.client_cert = binary("client.der", &bytes[2]);
    c.config.client_key = binary("client.key.der", &bytes[3]);
    check_connects(&c);
    free(bytes[0]);
    free(bytes[1]);
    free(bytes[2]);
    free(bytes[3]);

    open_client(&c);
    c.config.client_cert = tls_text("client.pem");
    c.config.client_key = tls_text("client.enc");
    refuse(&c, BERTH_E_SYNTAX, "encrypted and no password is given");
    c.config.key_password = BERTH_TEXT("wrong");
    refuse(&c, BERTH_E_SYNTAX, "password is wrong");
    c.config.key_password = BERTH_TEXT("secret");
    check_connects(&c);
    /* mbedTLS 2.28 knows no AES in PKCS#8 */
    open_client(&c);
    c.config.client_cert = tls_text("client.pem");
    c.config.client_key = tls_text("client.p8");
    c.config.key_password = BERTH_TEXT("secret");
    if (berth_mbedtls_init(&c.tls, &c.config) == BERTH_OK) {
        check_connects(&c);
    } else {
        refuse(&c, BERTH_E_SYNTAX, "openssl pkey -aes256 -traditional");
        tls_client_close(&c);
    }
    /* certificate and key in one file */
    open_client(&c);
    c.config.client_cert = tls_text("client.both.pem");
    c.config.client_key = tls_text("client.both.pem");
    check_connects(&c);
}

static void roots_from_a_source(void **state)
{
    struct berth_memory_source memory;
    struct berth_source source = berth_source_of_text(&memory, tls_text("bundle.pem"));
    struct tls_client c;

    (void)state;
    open_client(&c);
    c.config.roots = tls_text("");
    c.config.roots_source = &source;
    c.config.client_cert = tls_text("client.pem");
    c.config.client_key = tls_text("client.key");
    check_connects(&c);
    /* both at once: the text has the wrong one */
    open_client(&c);
    c.config.roots = tls_text("other.pem");
    c.config.roots_source = &source;
    c.config.client_cert = tls_text("client.pem");
    c.config.client_key = tls_text("client.key");
    check_connects(&c);
    source.rewind = NULL;
    open_client(&c);
    c.config.roots_source = &source;
    refuse(&c, BERTH_E_ARGUMENT, "cannot be rewound");
    tls_client_close(&c);
}

static void pins(void **state)
{
    static const char colons[] = "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef:"
                                 "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef";
    struct berth_mbedtls_pin pin;
    char text[96];
    size_t i;

    (void)state;
    assert_int_equal(berth_mbedtls_parse_pin(berth_text_of(colons), &pin), BERTH_OK);
    assert_int_equal(pin.sha256[0], 1);
    assert_int_equal(pin.sha256[31], 0xef);
    memset(text, 'f', 64);
    assert_int_equal(berth_mbedtls_parse_pin(berth_text_make(text, 64), &pin), BERTH_OK);
    assert_int_equal(pin.sha256[31], 0xff);
    for (i = 0; i < 95; i++) {
        assert_int_equal(berth_mbedtls_parse_pin(berth_text_make(colons, i), &pin), BERTH_E_SYNTAX);
        memcpy(text, colons, 95);
        text[i] = 'g';
        assert_int_equal(berth_mbedtls_parse_pin(berth_text_make(text, 95), &pin), BERTH_E_SYNTAX);
    }
}

/* Two connections at once out of one arena, each with its own object. */
static void two_share_an_arena(void **state)
{
    struct tls_peer peer = tls_serve_echo("server", 0);
    struct tls_client one, two;
    char byte;

    (void)state;
    tls_client_open(&one, 2 * BERTH_MBEDTLS_ARENA_CAP);
    tls_client_open(&two, 64);
    one.config.roots = two.config.roots = tls_text("ca.pem");
    two.config.arena = &one.arena;
    assert_int_equal(berth_mbedtls_init(&one.tls, &one.config), BERTH_OK);
    assert_int_equal(berth_mbedtls_init(&two.tls, &two.config), BERTH_OK);
    assert_int_equal(tls_client_secure(&one, peer.port, "localhost"), BERTH_OK);
    assert_int_equal(tls_client_secure(&two, peer.port, "127.0.0.1"), BERTH_OK);
    assert_int_equal(one.net.send(one.net.ctx, "1", 1, 5000), 1);
    assert_int_equal(two.net.send(two.net.ctx, "2", 1, 5000), 1);
    assert_int_equal(one.net.recv(one.net.ctx, &byte, 1, 5000), 1);
    assert_int_equal(byte, '1');
    one.net.close(one.net.ctx);
    assert_int_equal(two.net.recv(two.net.ctx, &byte, 1, 5000), 1);
    assert_int_equal(byte, '2');
    two.net.close(two.net.ctx);
    tls_client_close(&two);
    tls_client_close(&one);
    tls_stop(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_parts),       cmocka_unit_test(broken_documents),
        cmocka_unit_test(cut_at_each_byte),    cmocka_unit_test(forms_of_keys_and_roots),
        cmocka_unit_test(roots_from_a_source), cmocka_unit_test(pins),
        cmocka_unit_test(two_share_an_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
