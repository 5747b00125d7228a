/* The port's inner side: its state, and every difference between mbedTLS 2.28 and 3.6. */
#ifndef BERTH_MBEDTLS_INNER_H
#define BERTH_MBEDTLS_INNER_H

#include "berth/port_mbedtls.h"

#include "names.h"
#include "watch.h"

#include <time.h>

#include <mbedtls/version.h>

#include <mbedtls/md.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#if MBEDTLS_VERSION_NUMBER < 0x021c0000 || MBEDTLS_VERSION_NUMBER >= 0x04000000
#error "berth's TLS port needs mbedTLS 2.28 or 3.6"
#endif
#if !defined(MBEDTLS_SSL_CLI_C) || !defined(MBEDTLS_SSL_PROTO_TLS1_2) || !defined(MBEDTLS_X509_CRT_PARSE_C)
#error "this mbedTLS was built without the TLS 1.2 client"
#endif
#if !defined(MBEDTLS_HAVE_TIME_DATE)
#error "this mbedTLS was built without MBEDTLS_HAVE_TIME_DATE: it would not look at certificates' dates"
#endif

enum berth_mbedtls_phase {
    BERTH_MBEDTLS_PLAIN = 0, /* no TLS: everything passes through */
    BERTH_MBEDTLS_HANDSHAKE,
    BERTH_MBEDTLS_OPEN,
    BERTH_MBEDTLS_ENDED, /* the peer closed in an orderly way */
    BERTH_MBEDTLS_FAILED
};

/* What lies in the arena from secure() to close(). */
struct berth_mbedtls_state {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt cert; /* the client's */
    mbedtls_pk_context key;
    const char *alpn[2];
    struct berth_mbedtls_watch watch;
    char name[BERTH_MBEDTLS_NAME_MAX + 1]; /* as given, without a dot at the end */
    uint8_t address[16];                   /* of an address literal ... */
    size_t address_len;                    /* ... 0 = NAME is a DNS name */
    bool checked;                          /* this handshake's certificate was looked at and is good */
    bool offered;                          /* a kept session was offered */
    bool resumed;
    enum berth_status blocked;       /* why the inner net did nothing: WOULD_BLOCK, CANCELLED, or BERTH_OK */
    bool no_entropy;                 /* the random source failed */
    enum berth_status inner_failure; /* of the inner net, or BERTH_OK */
    bool inner_closed;               /* the inner net ended */
    size_t budget;                   /* bytes that the server may still send for this */
    int64_t good_until_s;            /* the earliest end of a certificate in the chain */
};

/* ---- hooks.c: what mbedTLS calls instead of libc ---- */

/* Makes TLS the object that mbedTLS's memory and time come from; the one before, for leave(). */
struct berth_mbedtls *berth_mbedtls_enter(struct berth_mbedtls *tls);
void berth_mbedtls_leave(struct berth_mbedtls *before);
void *berth_mbedtls_calloc(size_t count, size_t len);
void berth_mbedtls_free(void *bytes);
time_t berth_mbedtls_time(time_t *out);
struct tm *berth_mbedtls_gmtime_r(const time_t *when, struct tm *out);
/* The random source in mbedTLS's form; CTX is the struct berth_mbedtls. */
int berth_mbedtls_random(void *ctx, unsigned char *out, size_t len);

/* ---- reason.c: the one line ---- */

/* Starts the line anew; put to the writer, then end it. What does not fit is cut. */
struct berth_writer berth_mbedtls_begin_reason(struct berth_mbedtls *tls);
void berth_mbedtls_end_reason(struct berth_mbedtls *tls, struct berth_writer *w);
/* A whole line, and STATUS back. */
enum berth_status berth_mbedtls_say(struct berth_mbedtls *tls, enum berth_status status, const char *line);
/* BERTH_E_SPACE with how much was wanted and what there is. */
enum berth_status berth_mbedtls_say_space(struct berth_mbedtls *tls);
/* The line for a handshake that ended with mbedTLS's CODE. */
enum berth_status berth_mbedtls_say_handshake(struct berth_mbedtls *tls, int code);
/* The line for a chain that mbedTLS gave up on with CODE. */
enum berth_status berth_mbedtls_say_unchecked(struct berth_mbedtls *tls, int code);
/* Puts mbedTLS's error number as it prints them: "-0x7780". */
void berth_mbedtls_put_code(struct berth_writer *w, int code);
void berth_mbedtls_put_fingerprint(struct berth_writer *w, const uint8_t sha256[32]);

/* ---- roots.c: trusted certificates and revocation lists ---- */

/* Looks through all given roots: BERTH_OK when they are well formed, else with a reason. */
enum berth_status berth_mbedtls_check_roots(struct berth_mbedtls *tls);
/* Appends to OUT the given roots that may have issued a certificate of CHAIN. */
enum berth_status berth_mbedtls_load_roots(struct berth_mbedtls *tls, const mbedtls_x509_crt *chain,
                                           mbedtls_x509_crt *out);
enum berth_status berth_mbedtls_load_crls(struct berth_mbedtls *tls, mbedtls_x509_crl *out);
/* The client's certificate and key; BERTH_OK and nothing when none are given. */
enum berth_status berth_mbedtls_load_client(struct berth_mbedtls *tls, mbedtls_x509_crt *out_cert,
                                            mbedtls_pk_context *out_key);

/* ---- verify.c: whether the server is who it should be ---- */

/* mbedTLS's verification callback; CTX is the struct berth_mbedtls. Only a certificate that is good in every
 * respect sets state->checked; all else ends the handshake. */
int berth_mbedtls_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);
/* The reason for what mbedTLS itself found wrong after verify() (key usage). */
enum berth_status berth_mbedtls_say_flags(struct berth_mbedtls *tls, uint32_t flags);

/* ---- session.c: the kept session ---- */

/* Offers the kept session when it is one of this name and still good. */
void berth_mbedtls_offer_session(struct berth_mbedtls *tls);
/* Keeps the session that was just agreed on. */
void berth_mbedtls_keep_session(struct berth_mbedtls *tls);

/* ---- versions ---- */

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#define BERTH_MBEDTLS_BAD_VERSION MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
#else
#define BERTH_MBEDTLS_BAD_VERSION MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION
#endif

#endif
