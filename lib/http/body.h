/* Bodies without their framing, as a push machine: bytes in any pieces, data out as views into them. */
#ifndef BERTH_LIB_HTTP_BODY_H
#define BERTH_LIB_HTTP_BODY_H

#include "http/head.h"

struct berth_body {
    uint8_t framing; /* enum berth_framing */
    uint8_t state;
    uint16_t line_len; /* bytes of the chunk line or of the trailers, bounded */
    uint64_t left;     /* of the body or of the chunk */
    struct berth_head_scan trailers;
};

/* LENGTH counts for BERTH_FRAMING_LENGTH. */
void berth_body_init(struct berth_body *body, enum berth_framing framing, uint64_t length);
/* Reads from LEN bytes: *out_used of them were read, *out_data is the piece of the body found among them (may
 * be empty). BERTH_OK: the body has ended. BERTH_E_WOULD_BLOCK: call again with what follows the used bytes.
 * BERTH_E_PROTOCOL with a static reason. */
enum berth_status berth_body_read(struct berth_body *body, const char *bytes, size_t len, size_t *out_used,
                                  struct berth_text *out_data, const char **out_reason);
/* Whether an orderly close of the connection ends the body rightly here. */
bool berth_body_may_close(const struct berth_body *body);

#endif
