/* Base64 (RFC 4648): written in the usual alphabet, read in that for URLs too. */
#ifndef BERTH_BASE_BASE64_H
#define BERTH_BASE_BASE64_H

#include "berth/text.h"

/* With padding. */
void berth_put_base64(struct berth_writer *w, const void *bytes, size_t len);
/* The bytes of TEXT, in either alphabet, with or without padding. BERTH_E_SYNTAX for other characters and for
 * a length that no encoding has; whether all of it fitted is what berth_writer_status() says. */
enum berth_status berth_put_base64_decoded(struct berth_writer *w, struct berth_text text) BERTH_MUST_CHECK;

#endif
