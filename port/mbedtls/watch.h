/* Looks at the readable part of a handshake as it comes in. mbedTLS does not say which alert the server sent
 * nor which version it chose; a reason that helps needs both. */
#ifndef BERTH_MBEDTLS_WATCH_H
#define BERTH_MBEDTLS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct berth_mbedtls_watch {
    bool not_tls;     /* the first byte cannot begin a TLS record */
    uint8_t first[4]; /* the first bytes that came */
    size_t first_len;
    bool server_hello;      /* seen, with ... */
    uint16_t version;       /* ... 0x0303 for TLS 1.2 */
    bool wants_client_cert; /* CertificateRequest seen */
    bool alert;             /* a readable fatal alert came, with ... */
    uint8_t alert_code;     /* ... RFC 5246 section 7.2 */

    bool over; /* the rest is encrypted, or not TLS */
    uint8_t head[5];
    size_t head_len;
    size_t body_left;   /* of the record */
    uint8_t message[6]; /* type, length, first two bytes */
    size_t message_len;
    size_t message_left; /* of the handshake message after its 4-byte head */
    uint8_t alert_bytes[2];
    size_t alert_len;
};

/* LEN more bytes from the server. A zero-filled watch is at the start. */
void berth_mbedtls_watch_feed(struct berth_mbedtls_watch *w, const void *bytes, size_t len);

#endif
