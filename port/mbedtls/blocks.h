/* Finds the DER documents in a stream of PEM text (blocks of one label; everything else is skipped) or of DER
 * documents one after the other. Also: the little of DER that is needed to choose among certificates. */
#ifndef BERTH_MBEDTLS_BLOCKS_H
#define BERTH_MBEDTLS_BLOCKS_H

#include "berth/io.h"

struct berth_mbedtls_blocks {
    struct berth_text label; /* "CERTIFICATE" */
    uint8_t *der;            /* where a document is put; NULL with der_cap 0: only lengths are wanted */
    size_t der_cap;
    size_t der_len;   /* of the document that next() has found, also when it did not fit */
    uint64_t offset;  /* bytes taken so far */
    const char *what; /* what is wrong, after BERTH_E_SYNTAX */

    int state;
    size_t matched;   /* of the marker that is being compared */
    size_t total;     /* DER: length of the document, 0 = not known yet */
    uint32_t quantum; /* base64 digits not yet put */
    unsigned digits;  /* their number */
    unsigned pads;    /* '=' seen */
    bool at_line_start;
};

void berth_mbedtls_blocks_init(struct berth_mbedtls_blocks *b, const char *label, uint8_t *der,
                               size_t der_cap);
/* Takes bytes off the front of INPUT. 1: a document is complete; 0: INPUT is used up; BERTH_E_SYNTAX. */
int berth_mbedtls_blocks_next(struct berth_mbedtls_blocks *b, struct berth_text *input);
/* BERTH_E_SYNTAX when the input ended inside a document. */
enum berth_status berth_mbedtls_blocks_end(struct berth_mbedtls_blocks *b);

/* The subject of a DER certificate, as the bytes of its Name; false when it is none. */
bool berth_mbedtls_cert_subject(const uint8_t *der, size_t der_len, struct berth_text *out_subject);
/* Whether two Names may be the same to mbedTLS, which takes letters alike in either case and the string types
 * UTF8String and PrintableString. A quick sieve: it may say yes where mbedTLS says no, never the reverse. */
bool berth_mbedtls_names_alike(struct berth_text a, struct berth_text b);

#endif
