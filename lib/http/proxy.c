/* Which hosts are reached without a proxy. */
#include "http/address.h"
#include "http/exchange.h"

#include "berth/number.h"

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
