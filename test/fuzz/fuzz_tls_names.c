/* What the TLS port parses by itself: PEM and DER documents, a certificate's subject, addresses, names, pins,
 * and the readable part of a handshake. The first byte of an input says which, and into what pieces it is
 * cut. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/port_mbedtls.h"
#include "port/mbedtls/blocks.h"
#include "port/mbedtls/names.h"
#include "port/mbedtls/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool good)
{
    if (!good)
        abort();
}

/* The result must not depend on the pieces. */
static int walk(struct berth_text text, size_t piece, size_t *out_bytes)
{
    struct berth_mbedtls_blocks b;
    uint8_t der[512];
    int count = 0, found = 0;

    *out_bytes = 0;
    berth_mbedtls_blocks_init(&b, "CERTIFICATE", der, sizeof der);
    while (text.len > 0 && found >= 0) {
        struct berth_text input = berth_text_slice(text, 0, piece);

        text = berth_text_slice(text, piece, text.len);
        while ((found = berth_mbedtls_blocks_next(&b, &input)) > 0) {
            struct berth_text subject;
            size_t der_len = b.der_len < sizeof der ? b.der_len : sizeof der;

            count++;
            *out_bytes += b.der_len;
            if (berth_mbedtls_cert_subject(der, der_len, &subject)) {
                check(subject.len >= 2 && (const uint8_t *)subject.ptr >= der &&
                      (const uint8_t *)subject.ptr + subject.len <= der + der_len);
                check(berth_mbedtls_names_alike(subject, subject));
            }
        }
    }
    if (found < 0)
        check(b.what[0] != '\0');
    return found < 0 ? found : berth_mbedtls_blocks_end(&b) != BERTH_OK ? BERTH_E_SYNTAX : count;
}

static void documents(struct berth_text text, size_t piece)
{
    size_t bytes, same_bytes;
    int result = walk(text, SIZE_MAX / 2, &bytes);

    check(walk(text, piece, &same_bytes) == result && bytes == same_bytes);
}

static void names(struct berth_text text)
{
    struct berth_mbedtls_pin pin;
    uint8_t address[16], again[16];
    char line[64];
    struct berth_writer w;
    size_t len = berth_mbedtls_parse_address(text, address);

    check(len == 0 || len == 4 || len == 16);
    if (len > 0) {
        berth_writer_init(&w, line, sizeof line);
        berth_mbedtls_put_address(&w, address, len);
        check(berth_mbedtls_parse_address(berth_writer_text(&w), again) == len &&
              memcmp(address, again, len) == 0);
    }
    if (berth_mbedtls_is_dns_name(text))
        check(text.len > 0 && text.len <= BERTH_MBEDTLS_NAME_MAX + 1);
    check(berth_mbedtls_parse_pin(text, &pin) != BERTH_OK || text.len == 64 || text.len == 95);
}

static void handshake(const uint8_t *data, size_t len, size_t piece)
{
    struct berth_mbedtls_watch whole = {0}, pieces = {0};
    size_t at;

    berth_mbedtls_watch_feed(&whole, data, len);
    for (at = 0; at < len; at += piece)
        berth_mbedtls_watch_feed(&pieces, data + at, len - at < piece ? len - at : piece);
    check(whole.alert == pieces.alert && whole.alert_code == pieces.alert_code &&
          whole.version == pieces.version && whole.not_tls == pieces.not_tls &&
          whole.wants_client_cert == pieces.wants_client_cert && whole.over == pieces.over);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct berth_text text;
    size_t piece;

    if (len < 1)
        return 0;
    piece = 1 + data[0] / 4;
    text = berth_text_make((const char *)data + 1, len - 1);
    switch (data[0] % 4) {
    case 0:
        names(text);
        break;
    case 1:
        handshake(data + 1, len - 1, piece);
        break;
    default:
        documents(text, piece);
    }
    return 0;
}
