/* IP address literals. */
#ifndef BERTH_LIB_HTTP_ADDRESS_H
#define BERTH_LIB_HTTP_ADDRESS_H

#include "berth/text.h"

/* An IPv4 (len 4) or IPv6 (len 16) address in network order. */
struct berth_address {
    uint8_t bytes[16];
    uint8_t len;
};

/* "192.0.2.1": four decimal numbers without leading zeros. */
bool berth_parse_ipv4(struct berth_text text, uint8_t out_bytes[4]);
/* RFC 4291 section 2.2, without brackets and without a zone. */
bool berth_parse_ipv6(struct berth_text text, uint8_t out_bytes[16]);
/* Either form; IPv6 with or without brackets. */
bool berth_parse_address(struct berth_text text, struct berth_address *out_address);

#endif
