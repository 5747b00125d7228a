/* Absolute http and https URLs. */
#include "berth/url.h"

#include "berth/number.h"
#include "http/address.h"
#include "http/chars.h"

/* The longest DNS name with its final dot (RFC 1035 section 2.3.4). */
#define HOST_MAX 254

static const char *check_bytes(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if ((unsigned char)c >= 0x80)
            return "a byte outside ASCII; percent-encode it";
        if (c == ' ')
            return "a blank; write %20";
        if (!berth_is_visible(c))
            return "a control character";
        if (c == '%' && (text.len - i < 3 || berth_hex_value(text.ptr[i + 1]) < 0 ||
                         berth_hex_value(text.ptr[i + 2]) < 0))
            return "a malformed percent escape";
    }
    return NULL;
}

/* A name of letters, digits, '-', '_' and single dots. One whose last label is a number must be an IPv4
 * address, or resolvers would disagree on it. */
static const char *check_name(struct berth_text host)
{
    uint8_t address[4];
    char before = '.';
    size_t label = 0;
    if (host.len > HOST_MAX)
        return "a host name longer than 254 bytes";
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (c == '.' ? before == '.' : !(berth_is_alpha(c) || berth_is_digit(c) || c == '-' || c == '_'))
            return "a malformed host name";
        if (before == '.')
            label = i;
        before = c;
    }
    if (berth_is_digit(host.ptr[label])) {
        size_t digits = 0;
        while (label + digits < host.len && berth_is_digit(host.ptr[label + digits]))
            digits++;
        bool dot = host.ptr[host.len - 1] == '.';
        if (label + digits + dot == host.len && !berth_parse_ipv4(host, address))
            return "a malformed IPv4 address";
    }
    return NULL;
}

static const char *parse_port(struct berth_text digits, struct berth_url *url)
{
    uint64_t port = 0;
    if (digits.len == 0)
        return NULL; /* "host:" is the default port (RFC 3986 section 3.2.3) */
    if (berth_parse_u64(digits, &port) != BERTH_OK || port == 0 || port > 65535)
        return "a port that is not a number from 1 to 65535";
    url->port = (uint16_t)port;
    url->port_given = true;
    return NULL;
}

static const char *parse_authority(struct berth_text text, struct berth_url *url)
{
    uint8_t address[16];
    if (berth_text_find_byte(text, '@') != SIZE_MAX)
        return "a user name or password in the URL";
    if (text.len > 0 && text.ptr[0] == '[') {
        size_t end = berth_text_find_byte(text, ']');
        if (end == SIZE_MAX || (end + 1 < text.len && text.ptr[end + 1] != ':'))
            return "a malformed IPv6 address";
        url->host = berth_text_slice(text, 1, end);
        url->host_is_ipv6 = true;
        if (!berth_parse_ipv6(url->host, address))
            return "a malformed IPv6 address";
        return parse_port(berth_text_slice(text, end + 2, text.len), url);
    }
    size_t colon = berth_text_find_byte(text, ':');
    url->host = berth_text_slice(text, 0, colon);
    if (url->host.len == 0)
        return "no host";
    const char *reason = check_name(url->host);
    if (reason == NULL && colon != SIZE_MAX)
        reason = parse_port(berth_text_slice(text, colon + 1, text.len), url);
    return reason;
}

static size_t find_any(struct berth_text text, const char *stops)
{
    for (size_t i = 0; i < text.len; i++)
        if (berth_text_find_byte(berth_text_of(stops), text.ptr[i]) != SIZE_MAX)
            return i;
    return text.len;
}

static const char *parse(struct berth_text text, struct berth_url *url)
{
    static const struct berth_text schemes[2] = {BERTH_TEXT_INIT("http://"), BERTH_TEXT_INIT("https://")};
    if (text.len > BERTH_URL_MAX)
        return "longer than 2048 bytes";
    const char *reason = check_bytes(text);
    if (reason != NULL)
        return reason;
    url->https = berth_text_equal_nocase(berth_text_slice(text, 0, schemes[1].len), schemes[1]);
    if (!url->https && !berth_text_equal_nocase(berth_text_slice(text, 0, schemes[0].len), schemes[0]))
        return "neither http:// nor https://";
    url->port = url->https ? 443 : 80;
    text = berth_text_slice(text, schemes[url->https].len, text.len);
    text = berth_text_slice(text, 0, berth_text_find_byte(text, '#'));
    size_t end = find_any(text, "/?");
    reason = parse_authority(berth_text_slice(text, 0, end), url);
    text = berth_text_slice(text, end, text.len);
    size_t query = berth_text_find_byte(text, '?');
    url->path = berth_text_slice(text, 0, query);
    if (query != SIZE_MAX)
        url->query = berth_text_slice(text, query + 1, text.len);
    return reason;
}

enum berth_status berth_url_parse(struct berth_text text, struct berth_url *out_url, const char **out_reason)
{
    struct berth_url url = {0};
    const char *reason = parse(text, &url);
    if (out_reason != NULL)
        *out_reason = reason;
    if (reason != NULL)
        return BERTH_E_SYNTAX;
    *out_url = url;
    return BERTH_OK;
}

void berth_put_url_host(struct berth_writer *w, const struct berth_url *url)
{
    berth_put_string(w, url->host_is_ipv6 ? "[" : "");
    berth_put_text(w, url->host);
    berth_put_string(w, url->host_is_ipv6 ? "]" : "");
    if (url->port != (url->https ? 443 : 80)) {
        berth_put_char(w, ':');
        berth_put_u64(w, url->port);
    }
}

void berth_put_url_origin(struct berth_writer *w, const struct berth_url *url)
{
    berth_put_string(w, url->https ? "https://" : "http://");
    berth_put_url_host(w, url);
}

bool berth_url_same_origin(const struct berth_url *a, const struct berth_url *b)
{
    return a->https == b->https && a->port == b->port && a->host_is_ipv6 == b->host_is_ipv6 &&
           berth_text_equal_nocase(a->host, b->host);
}
