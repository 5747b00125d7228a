/* Certificates and openssl servers for the TLS tests. */
#ifndef TEST_TLS_PEER_H
#define TEST_TLS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The folder with what test/peers/certs.py makes; made once per process and removed at its end. */
const char *tls_certs(void);
/* The bytes of a file in it, with a NUL after them; kept until the process ends. */
const char *tls_file(const char *name);
/* The SHA-256 fingerprint of NAME.pem as openssl prints it (95 characters), kept until the next call. */
const char *tls_fingerprint(const char *name);
/* A path in that folder; kept until the next call. */
const char *tls_path(const char *name);

/* A program under test's control whose output is read; it dies with the test. */
struct tls_peer {
    pid_t pid;
    int out_fd;
    int in_fd;
    uint16_t port;
};

/* `openssl s_server` on 127.0.0.1 with certificate CERT of the folder and the blank-separated words MORE ("@"
 * in them stands for the folder). It answers a GET with a status page, with "-WWW" among the words with the
 * file of that name in the folder. */
struct tls_peer tls_serve(const char *cert, const char *more);
/* test/peers/tls_echo.py with certificate CERT; CUT_AT bytes, 0 = all. */
struct tls_peer tls_serve_echo(const char *cert, unsigned cut_at);
/* A server that answers whatever comes with "HTTP/1.1 400 Bad Request", without TLS. */
struct tls_peer tls_serve_plain(void);
void tls_stop(struct tls_peer *peer);

#endif
