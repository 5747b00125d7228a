/* Proxies: their addresses and credentials, and which hosts are reached without one. */
#include "base/base64.h"
#include "http/address.h"
#include "http/exchange.h"

#include "berth/number.h"

#include <string.h>

/* "user:password", percent-decoded. */
#define USER_MAX 120
/* "http://", host, port */
#define PROXY_TEXT_MAX (BERTH_HOST_MAX + 32)

static const struct berth_text nothing = {NULL, 0};
static const struct berth_text scheme = BERTH_TEXT_INIT("http://");

/* Parses "http://" and HOST_PORT; the views are into HOST_PORT. */
static bool parse_host(struct berth_text host_port, struct berth_url *out_proxy)
{
    char copy[PROXY_TEXT_MAX];
    struct berth_writer w;
    berth_writer_init(&w, copy, sizeof copy);
    berth_put_text(&w, scheme);
    berth_put_text(&w, host_port);
    if (berth_url_parse(berth_writer_text(&w), out_proxy, NULL) != BERTH_OK)
        return false;
    if (out_proxy->path.len > 1 || out_proxy->query.ptr != NULL)
        return false; /* another scheme, or something that a proxy has no use for */
    size_t host = (size_t)(out_proxy->host.ptr - copy) - scheme.len;
    out_proxy->host = berth_text_slice(host_port, host, host + out_proxy->host.len);
    out_proxy->path = out_proxy->query = nothing;
    return true;
}

bool berth_proxy_parse(struct berth_text text, struct berth_url *out_proxy, struct berth_text *out_user)
{
    char decoded[USER_MAX];
    struct berth_writer w;
    *out_user = nothing;
    if (berth_text_equal_nocase(berth_text_slice(text, 0, scheme.len), scheme))
        text = berth_text_slice(text, scheme.len, text.len);
    else if (berth_text_find(text, BERTH_TEXT("://")) != SIZE_MAX)
        return false;
    size_t at = berth_text_find_byte(text, '@');
    if (at == SIZE_MAX)
        return parse_host(text, out_proxy);
    *out_user = berth_text_slice(text, 0, at);
    berth_writer_init(&w, decoded, sizeof decoded);
    bool decodes =
        berth_put_percent_decoded(&w, *out_user) == BERTH_OK && berth_writer_status(&w) == BERTH_OK;
    berth_wipe(decoded, sizeof decoded);
    return decodes && parse_host(berth_text_slice(text, at + 1, text.len), out_proxy);
}

void berth_put_proxy_credentials(struct berth_writer *w, struct berth_text user)
{
    char plain[USER_MAX];
    struct berth_writer decoded;
    berth_writer_init(&decoded, plain, sizeof plain);
    if (berth_put_percent_decoded(&decoded, user) == BERTH_OK && berth_writer_status(&decoded) == BERTH_OK) {
        berth_put_string(w, "Basic ");
        berth_put_base64(w, plain, decoded.len);
    }
    berth_wipe(plain, sizeof plain);
}

static bool same_bits(const struct berth_address *a, const struct berth_address *b, uint64_t bits)
{
    size_t whole = (size_t)(bits / 8);
    unsigned rest = (unsigned)(bits % 8);
    for (size_t i = 0; i < whole; i++)
        if (a->bytes[i] != b->bytes[i])
            return false;
    return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

/* "address" or "address/bits". */
static bool address_matches(struct berth_text entry, const struct berth_address *host)
{
    struct berth_address net;
    size_t slash = berth_text_find_byte(entry, '/');
    if (!berth_parse_address(berth_text_slice(entry, 0, slash), &net) || net.len != host->len)
        return false;
    uint64_t bits = (uint64_t)net.len * 8;
    if (slash != SIZE_MAX &&
        (berth_parse_u64(berth_text_slice(entry, slash + 1, entry.len), &bits) != BERTH_OK ||
         bits > (uint64_t)net.len * 8))
        return false;
    return same_bits(&net, host, bits);
}

static struct berth_text without_last_dot(struct berth_text name)
{
    return berth_text_slice(name, 0, name.len - (name.len > 1 && name.ptr[name.len - 1] == '.'));
}

/* The name itself or one below it; a leading dot makes no difference, as in most programs. */
static bool name_matches(struct berth_text entry, struct berth_text host)
{
    entry = without_last_dot(entry);
    host = without_last_dot(host);
    if (entry.len > 1 && entry.ptr[0] == '.')
        entry = berth_text_slice(entry, 1, entry.len);
    if (entry.len == 0 || host.len < entry.len)
        return false;
    size_t start = host.len - entry.len;
    return berth_text_equal_nocase(berth_text_slice(host, start, host.len), entry) &&
           (start == 0 || host.ptr[start - 1] == '.');
}

static bool entry_matches(struct berth_text entry, const struct berth_url *url)
{
    struct berth_address address;
    uint64_t port = url->port;
    bool is_address = berth_parse_address(url->host, &address);
    if (berth_text_equal(entry, BERTH_TEXT("*")) || (is_address && address_matches(entry, &address)))
        return true;
    /* With a port, unless it is an IPv6 address. */
    size_t colon = berth_text_find_byte(entry, ':');
    struct berth_text rest =
        colon == SIZE_MAX ? berth_text_make(NULL, 0) : berth_text_slice(entry, colon + 1, entry.len);
    if (colon != SIZE_MAX && (berth_parse_u64(rest, &port) != BERTH_OK || port != url->port))
        return false;
    entry = berth_text_slice(entry, 0, colon);
    return is_address ? address_matches(entry, &address) : name_matches(entry, url->host);
}

bool berth_proxy_excluded(struct berth_text no_proxy, const struct berth_url *url)
{
    struct berth_text entry;
    while (berth_text_split(&no_proxy, ',', &entry)) {
        entry = berth_text_trim(entry);
        if (entry.len > 0 && entry_matches(entry, url))
            return true;
    }
    return false;
}
