/* DNS messages (RFC 1035): a question to bytes, an answer's bytes to addresses. Pure. */
#ifndef BERTH_POSIX_DNS_MESSAGE_H
#define BERTH_POSIX_DNS_MESSAGE_H

#include "berth/port_posix.h"

enum { BERTH_DNS_A = 1, BERTH_DNS_AAAA = 28 };

/* A question: header, a name of 253 bytes, type and class. */
#define BERTH_DNS_QUERY_CAP (12 + 255 + 4)

/* A query with recursion desired for NAME (one that berth_posix_name_ok() accepts) at OUT, which has
 * BERTH_DNS_QUERY_CAP bytes; its length. */
size_t berth_dns_encode_query(uint16_t id, struct berth_text name, uint16_t type, uint8_t *out);

enum berth_dns_result {
    BERTH_DNS_ADDRESSES, /* at least one */
    BERTH_DNS_NO_DATA,   /* the name exists, not with this type */
    BERTH_DNS_NO_NAME,   /* NXDOMAIN */
    BERTH_DNS_CUT,       /* the answer was truncated: ask over TCP */
    BERTH_DNS_FAILED,    /* the server cannot or will not say */
    BERTH_DNS_BROKEN,    /* the answer to this question, malformed */
    BERTH_DNS_NOT_OURS   /* no answer to this question */
};

struct berth_dns_answer {
    struct berth_posix_address *addresses;
    size_t cap;
    size_t count; /* out; more than CAP are left out */
};

/* Looks for the addresses of NAME, also behind aliases (CNAME) in the same answer. With PARTIAL the message
 * may end in the middle of a record, and TC is not looked at: what is complete counts. */
enum berth_dns_result berth_dns_decode(const uint8_t *message, size_t len, uint16_t id,
                                       struct berth_text name, uint16_t type, bool partial,
                                       struct berth_dns_answer *answer);

#endif
