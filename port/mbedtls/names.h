/* What a connection's name is: a DNS name or an address literal. */
#ifndef BERTH_MBEDTLS_NAMES_H
#define BERTH_MBEDTLS_NAMES_H

#include "berth/text.h"

#define BERTH_MBEDTLS_NAME_MAX 253

/* 0 to 15, or -1. */
int berth_mbedtls_hex_digit(char c);
/* The 4 or 16 bytes of an IPv4 or IPv6 literal (RFC 4291 section 2.2, no zone, no brackets): their number, or
 * 0 when TEXT is none. */
size_t berth_mbedtls_parse_address(struct berth_text text, uint8_t out_bytes[16]);
/* Whether TEXT can be a host's DNS name: 1 to 253 bytes, labels of 1 to 63 letters, digits, '-' and '_'; a
 * dot at the end is allowed. */
bool berth_mbedtls_is_dns_name(struct berth_text text);
/* Puts an address of 4 or 16 bytes as text (IPv6 in eight groups). */
void berth_mbedtls_put_address(struct berth_writer *w, const uint8_t *bytes, size_t len);
/* Puts TEXT with what is not printable ASCII replaced by '?', at most LIMIT bytes of it. */
void berth_mbedtls_put_printable(struct berth_writer *w, struct berth_text text, size_t limit);

#endif
