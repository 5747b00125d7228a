/* TLS: which servers are accepted, which are refused, and what is said of each. Against openssl s_server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_client.h"
#include "tls_peer.h"

#define DAY 86400

struct row {
    const char *cert;   /* the server's */
    const char *server; /* its words; "echo": the echo server, which takes weak certificates */
    const char *roots;
    const char *crls;
    const char *client; /* certificate and key */
    const char *pin;    /* of this certificate */
    const char *name;
    int64_t shift_s;
    enum berth_status status;
    const char *reason; /* part of it */
};

static const struct row rows[] = {
    /* good ones */
    {"server", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"server", "-tls1_2", "bundle.pem", "", "", "", "LOCALHOST.", 0, BERTH_OK, ""},
    {"server", "-tls1_2", "ca.pem", "", "", "", "127.0.0.1", 0, BERTH_OK, ""},
    {"server", "-tls1_2", "ca.pem", "", "", "", "::1", 0, BERTH_OK, ""},
    {"server", "", "ca.pem", "", "", "", "0:0::0:1", 0, BERTH_OK, ""},
    {"rsa", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"chain", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"wildcard", "-tls1_2", "ca.pem", "", "", "", "a.berth.example", 0, BERTH_OK, ""},
    {"server", "-tls1_2", "ca.pem", "crl.pem", "", "", "localhost", 0, BERTH_OK, ""},
    {"selfsigned", "-tls1_2", "selfsigned.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"server", "-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305", "ca.pem", "", "", "", "localhost", 0,
     BERTH_OK, ""},
    {"server", "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384", "ca.pem", "", "", "", "localhost", 0,
     BERTH_OK, ""},
    {"server", "-tls1_2 -curves P-384", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    /* names */
    {"wrongname", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "wrong name: the certificate is not for 'localhost' but for other.example, 192.0.2.1"},
    {"wrongname", "-tls1_2", "ca.pem", "", "", "", "127.0.0.1", 0, BERTH_E_TLS,
     "wrong name: the certificate is not for '127.0.0.1'"},
    {"nameonly", "-tls1_2", "ca.pem", "", "", "", "127.0.0.1", 0, BERTH_E_TLS,
     "not for '127.0.0.1' but for localhost"},
    {"server", "-tls1_2", "ca.pem", "", "", "", "127.0.0.2", 0, BERTH_E_TLS,
     "localhost, 127.0.0.1, 0:0:0:0:0:0:0:1"},
    {"server", "-tls1_2", "ca.pem", "", "", "", "::2", 0, BERTH_E_TLS, "wrong name"},
    {"wildcard", "-tls1_2", "ca.pem", "", "", "", "a.b.berth.example", 0, BERTH_E_TLS, "wrong name"},
    {"wildcard", "-tls1_2", "ca.pem", "", "", "", "berth.example", 0, BERTH_E_TLS, "wrong name"},
    {"wildcard", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "not for 'localhost' but for *.berth.example, *"},
    {"cnonly", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "not for 'localhost' but for no host (the subject 'localhost' does not count"},
    {"server", "-tls1_2", "ca.pem", "", "", "", "local host", 0, BERTH_E_TLS, "not a name"},
    {"server", "-tls1_2", "ca.pem", "", "", "", "", 0, BERTH_E_TLS, "not a name"},
    /* dates */
    {"expired", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "the server's certificate expired 20"},
    {"future", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "the server's certificate is not valid before 20"},
    {"server", "-tls1_2", "ca.pem", "", "", "", "localhost", 60 * DAY, BERTH_E_TLS, "expired"},
    {"server", "-tls1_2", "ca.pem", "", "", "", "localhost", -20 * DAY, BERTH_E_TLS, "clock"},
    {"server", "-tls1_2", "ca.pem", "", "", "", "localhost", 500 * DAY, BERTH_E_TLS, "expired"},
    {"expired", "-tls1_2", "ca.pem", "", "", "", "localhost", -10 * DAY, BERTH_OK, ""},
    /* issuers */
    {"otherca", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "unknown issuer: no trusted root has signed for 'berth other CA'"},
    {"chain", "-tls1_2", "other.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "unknown issuer: no trusted root has signed for 'berth test CA'"},
    {"selfsigned", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "self-signed"},
    {"notca", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "not among the trusted roots"},
    {"server", "-tls1_2", "", "", "", "", "localhost", 0, BERTH_E_TLS, "no trusted roots and no pins"},
    {"clientuse", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "extended key usage"},
    {"expired", "-tls1_2", "other.pem", "", "", "", "elsewhere.example", 0, BERTH_E_TLS,
     "; also: unknown issuer: no trusted root has signed for 'berth test CA'; also: wrong name"},
    /* long chains: the length is the server's choice */
    {"chain5", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"chain7", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"chain8", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"chain9", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "too long"},
    {"chain10", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "too long"},
    {"chain9", "-tls1_2", "other.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "too long"},
    {"chain8", "-tls1_2", "other.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "trusted root"},
    /* lists */
    {"revoked", "-tls1_2", "ca.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"revoked", "-tls1_2", "ca.pem", "crl.pem", "", "", "localhost", 0, BERTH_E_TLS,
     "the server's certificate is revoked by the given list"},
    {"revoked", "-tls1_2", "ca.pem", "crl-empty.pem", "", "", "localhost", 0, BERTH_OK, ""},
    {"otherca", "-tls1_2", "other.pem", "crl.pem", "", "", "localhost", 0, BERTH_E_TLS,
     "no given revocation list is from the certificate's issuer 'berth other CA'"},
    {"server", "-tls1_2", "ca.pem", "crl-old.pem", "", "", "localhost", 0, BERTH_E_TLS,
     "the given revocation list has expired"},
    {"server", "-tls1_2", "ca.pem", "crl-new.pem", "", "", "localhost", 0, BERTH_E_TLS,
     "the given revocation list is not valid yet"},
    {"server", "-tls1_2", "ca.pem", "crl-forged.pem", "", "", "localhost", 0, BERTH_E_TLS,
     "the given revocation list is not signed by the issuer"},
    {"chain", "-tls1_2", "ca.pem", "crl.pem", "", "", "localhost", 0, BERTH_E_TLS,
     "no given revocation list is from the certificate's issuer 'berth intermediate CA'"},
    /* strength */
    {"weakkey", "echo", "weakkey.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "key is too weak"},
    {"weakhash", "echo", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "weak hash"},
    {"twin", "-tls1_2", "twin.pem", "", "", "", "localhost", 0, BERTH_OK, ""},
    {"selfsigned", "-tls1_2", "twin.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "self-signed"},
    /* pins */
    {"server", "-tls1_2", "ca.pem", "", "", "server", "localhost", 0, BERTH_OK, ""},
    {"server", "-tls1_2", "ca.pem", "", "", "rsa", "localhost", 0, BERTH_E_TLS,
     "the certificate is not a pinned one, its SHA-256 is "},
    {"server", "-tls1_2", "other.pem", "", "", "server", "localhost", 0, BERTH_E_TLS, "unknown issuer"},
    {"selfsigned", "-tls1_2", "", "", "", "selfsigned", "any.example", 0, BERTH_OK, ""},
    {"selfsigned", "-tls1_2", "", "", "", "server", "localhost", 0, BERTH_E_TLS, "not a pinned one"},
    {"expired", "-tls1_2", "", "", "", "expired", "localhost", 0, BERTH_E_TLS, "expired"},
    /* protocol */
    {"server", "-tls1_1 -cipher ALL:@SECLEVEL=0", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "nothing newer than TLS 1.1"},
    {"server", "-tls1_3", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS, "may offer only TLS 1.3"},
    {"server", "-tls1_2 -cipher ECDHE+AES+SHA256:!AESGCM:!AESCCM", "ca.pem", "", "", "", "localhost", 0,
     BERTH_E_TLS, "or cipher suite in common"},
    {"rsa", "-tls1_2 -cipher AES128-GCM-SHA256", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "or cipher suite in common"},
    {"server", "-tls1_2 -alpn spdy/1", "ca.pem", "", "", "", "localhost", 0, BERTH_E_TLS,
     "does not speak http/1.1"},
    /* client certificates */
    {"server", "-tls1_2 -Verify 2 -verify_return_error -CAfile @/clients.pem", "ca.pem", "", "", "",
     "localhost", 0, BERTH_E_TLS, "the server requires a client certificate"},
    {"server", "-tls1_2 -Verify 2 -verify_return_error -CAfile @/clients.pem", "ca.pem", "", "client", "",
     "localhost", 0, BERTH_OK, ""},
    {"server", "-tls1_2 -Verify 2 -verify_return_error -CAfile @/clients.pem", "ca.pem", "", "stranger", "",
     "localhost", 0, BERTH_E_TLS, "the server refused the client certificate: unknown issuer"},
    {"server", "-tls1_2 -verify 2 -verify_return_error -CAfile @/clients.pem", "ca.pem", "", "", "",
     "localhost", 0, BERTH_OK, ""},
};

/* What certs.py does not make. "twin" has the names of "selfsigned" and another key; "forged" is a list with
 * the CA's name by another key. */
static int make_more(void **state)
{
    static const char script[] =
        "cd '%s' && exec >make_more.log 2>&1 && set -e\n"
        "SAN=subjectAltName=DNS:localhost\n"
        "openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=localhost -addext $SAN -days 9 -keyout "
        "weakkey.key "
        "-out weakkey.pem\n"
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext $SAN -days 9 -keyout twin.key "
        "-out twin.pem\n"
        "openssl req -x509 -newkey rsa:2048 -nodes -subj '/CN=berth test CA' -days 9 -keyout forger.key "
        "-out forger.pem\n"
        "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout weakhash.key -out weakhash.csr\n"
        "echo $SAN >san.cnf\n"
        "openssl x509 -req -in weakhash.csr -CA ca.pem -CAkey ca.key -set_serial 77 -sha1 -days 9 -extfile "
        "san.cnf "
        "-out weakhash.pem\n"
        "printf '[ca]\\ndefault_ca=x\\n[x]\\ndatabase=more.index\\ndefault_md=sha256\\n' >more.cnf; : "
        ">more.index\n"
        "G='openssl ca -gencrl -config more.cnf'\n"
        "$G -cert ca.pem -keyfile ca.key -crl_lastupdate 20200101000000Z -crl_nextupdate 20200202000000Z "
        "-out crl-old.pem\n"
        "$G -cert ca.pem -keyfile ca.key -crl_lastupdate 20980101000000Z -crl_nextupdate 20990202000000Z "
        "-out crl-new.pem\n"
        "printf 'basicConstraints=critical,CA:true\\n' >ca-ext.cnf; cp ca.pem long0.pem; cp ca.key "
        "long0.key; "
        ": >long-chain\n"
        "for i in 1 2 3 4 5 6 7 8 9 10; do j=$((i - 1))\n"
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=long$i -keyout long$i.key "
        "-out l.csr\n"
        "openssl x509 -req -in l.csr -CA long$j.pem -CAkey long$j.key -set_serial 5$i -sha256 -days 9 "
        "-extfile ca-ext.cnf "
        "-out long$i.pem\n"
        "openssl x509 -req -in l.csr -CA long$i.pem -CAkey long$i.key -set_serial 6$i -sha256 -days 9 "
        "-extfile san.cnf "
        "-out leaf$i.pem\n"
        "cat long$i.pem long-chain >l && mv l long-chain; cat leaf$i.pem long-chain >chain$i.pem; cp "
        "long$i.key chain$i.key\n"
        "done\n"
        "$G -cert forger.pem -keyfile forger.key -crldays 9 -out crl-forged.pem\n";
    static char command[4096];

    (void)state;
    snprintf(command, sizeof command, script, tls_certs());
    return system(command);
}

static void configure(struct tls_client *c, const struct row *row, struct berth_mbedtls_pin *pin)
{
    char file[64];

    c->shift_s = row->shift_s;
    c->config.roots = tls_text(row->roots);
    c->config.crls = tls_text(row->crls);
    if (row->client[0] != '\0') {
        snprintf(file, sizeof file, "%s.pem", row->client);
        c->config.client_cert = tls_text(file);
        snprintf(file, sizeof file, "%s.key", row->client);
        c->config.client_key = tls_text(file);
    }
    if (row->pin[0] != '\0') {
        assert_int_equal(berth_mbedtls_parse_pin(berth_text_of(tls_fingerprint(row->pin)), pin), BERTH_OK);
        c->config.pins = pin;
        c->config.pin_count = 1;
    }
}

static void check_row(const struct row *row)
{
    struct tls_peer peer =
        strcmp(row->server, "echo") == 0 ? tls_serve_echo(row->cert, 0) : tls_serve(row->cert, row->server);
    struct berth_mbedtls_pin pin;
    struct tls_client c;
    enum berth_status status;
    static char page[65536];

    tls_client_open(&c, BERTH_MBEDTLS_ARENA_CAP);
    configure(&c, row, &pin);
    assert_int_equal(berth_mbedtls_init(&c.tls, &c.config), BERTH_OK);
    assert_int_equal(c.arena.used, 0);
    status = tls_client_secure(&c, peer.port, row->name);
    if (status != row->status || strstr(tls_client_reason(&c), row->reason) == NULL)
        fail_msg("%s %s as %s: %d \"%s\", not %d \"%s\"", row->cert, row->server, row->name, status,
                 tls_client_reason(&c), row->status, row->reason);
    if (status == BERTH_OK) {
        assert_true(tls_client_get(&c, "/", page, sizeof page) > 200);
        assert_memory_equal(page, "HTTP/1.0 200", 12);
        assert_int_equal(tls_client_reason(&c)[0], '\0');
    } else {
        size_t longest;

        /* What the server got: a ClientHello, perhaps an alert; no data. */
        assert_int_equal(net_shim_records(c.shim.sent, c.shim.sent_len, 23, &longest), 0);
        assert_int_equal(c.net.send(c.net.ctx, "x", 1, 0), BERTH_E_TLS);
        assert_int_equal(c.net.recv(c.net.ctx, page, 1, 0), BERTH_E_TLS);
        assert_int_equal(c.net.secure(c.net.ctx, BERTH_TEXT("localhost"), 0), BERTH_E_TLS);
    }
    tls_client_close(&c);
    tls_stop(&peer);
}

static void accepts_and_refuses(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_refuses),
    };

    return cmocka_run_group_tests(tests, make_more, NULL);
}
