/* Response heads: a push parser for their bytes, and what they say about the message. */
#ifndef BERTH_LIB_HTTP_HEAD_H
#define BERTH_LIB_HTTP_HEAD_H

#include "berth/http.h"

/* Checks the grammar of field lines byte by byte (RFC 9112 section 5): status line, fields, empty line. */
struct berth_head_scan {
    uint8_t state;
    bool trailer;  /* trailer fields of a chunked body: no status line, nothing is kept */
    uint16_t step; /* place in the status line */
    uint16_t fields;
};

void berth_head_scan_init(struct berth_head_scan *scan, bool trailer);
/* Reads LEN further bytes. BERTH_OK: the empty line was read, *out_used bytes of these belong to the head.
 * BERTH_E_WOULD_BLOCK: all of them do, and more must follow. BERTH_E_PROTOCOL with a static reason. */
enum berth_status berth_head_scan(struct berth_head_scan *scan, const char *bytes, size_t len,
                                  size_t *out_used, const char **out_reason);

/* How a body ends. */
enum berth_framing { BERTH_FRAMING_NONE, BERTH_FRAMING_LENGTH, BERTH_FRAMING_CHUNKED, BERTH_FRAMING_CLOSE };

/* What a head says about its message. */
struct berth_head_facts {
    enum berth_framing framing;
    bool keep_alive;            /* as far as the head goes */
    struct berth_text encoding; /* a content coding other than identity; else empty */
};

/* HEAD_BYTES: a whole head, scanned. HEAD_METHOD: the request was a HEAD. BERTH_E_PROTOCOL with a static
 * reason. */
enum berth_status berth_head_parse(struct berth_text head_bytes, bool head_method,
                                   struct berth_http_head *out_head, struct berth_head_facts *out_facts,
                                   const char **out_reason);

/* Cuts the first field line off the front of FIELDS. False at the end. */
bool berth_head_next_field(struct berth_text *fields, struct berth_text *out_name,
                           struct berth_text *out_value);

#endif
