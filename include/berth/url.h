/* URLs (RFC 3986) with http, https and unix addresses, and percent encoding. */
#ifndef BERTH_URL_H
#define BERTH_URL_H

#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Longest URL that is accepted: mlcycle's longest path (a 255-byte name, every byte percent-encoded) plus a
 * base. */
#define BERTH_URL_MAX 2048

/* The parts of an absolute URL, as views into the text that was parsed. */
struct berth_url {
    bool https;
    struct berth_text host; /* without the brackets of an IPv6 literal; never empty */
    bool host_is_ipv6;
    uint16_t port; /* 80 or 443 when it was not given */
    bool port_given;
    struct berth_text path;  /* starts with '/', or empty */
    struct berth_text query; /* without '?'; absent (ptr NULL) when there was none */
};

/* An absolute http:// or https:// URL. Refused with BERTH_E_SYNTAX and a static reason: another scheme, user
 * name or password in the URL (they would end up in logs), an empty or malformed host, port 0 or above 65535,
 * control characters, blanks, non-ASCII bytes, malformed percent escapes, longer than BERTH_URL_MAX. A
 * fragment is dropped. */
enum berth_status berth_url_parse(struct berth_text text, struct berth_url *out_url,
                                  const char **out_reason) BERTH_MUST_CHECK;
/* REFERENCE (as in a Location header) made absolute against BASE (RFC 3986 section 5), dot segments removed;
 * bytes beyond ASCII are percent-encoded. What comes out need not be a URL that berth_url_parse() takes.
 * BERTH_E_SYNTAX for blanks, control characters or more than BERTH_URL_MAX bytes, BERTH_E_SPACE. */
enum berth_status berth_url_resolve(const struct berth_url *base, struct berth_text reference,
                                    struct berth_writer *out) BERTH_MUST_CHECK;
/* Scheme, host and port together, as URL ("https://[::1]:8443"; a default port is left out). */
void berth_put_url_origin(struct berth_writer *w, const struct berth_url *url);
/* Host and port as the Host header has them. */
void berth_put_url_host(struct berth_writer *w, const struct berth_url *url);
bool berth_url_same_origin(const struct berth_url *a, const struct berth_url *b);

/* Percent-encodes every byte but A-Z a-z 0-9 - . _ ~ : right for one path segment or a query value. */
void berth_put_percent(struct berth_writer *w, struct berth_text text);
/* Undoes it; '+' stays. BERTH_E_SYNTAX for a malformed escape; whether all of it fitted is what
 * berth_writer_status() says. */
enum berth_status berth_put_percent_decoded(struct berth_writer *w, struct berth_text text) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
