/* IP address literals (RFC 3986 section 3.2.2, RFC 4291 section 2.2). */
#include "http/address.h"

#include <string.h>

#include "http/chars.h"

bool berth_parse_ipv4(struct berth_text text, uint8_t out_bytes[4])
{
    struct berth_text rest = text;
    struct berth_text part;
    unsigned count = 0;
    while (berth_text_split(&rest, '.', &part)) {
        unsigned value = 0;
        if (count == 4 || part.len == 0 || part.len > 3 || (part.len > 1 && part.ptr[0] == '0'))
            return false;
        for (size_t i = 0; i < part.len; i++) {
            if (!berth_is_digit(part.ptr[i]))
                return false;
            value = value * 10 + (unsigned)(part.ptr[i] - '0');
        }
        if (value > 255)
            return false;
        out_bytes[count++] = (uint8_t)value;
    }
    return count == 4;
}

/* Where the groups of an IPv6 address go. */
struct ipv6_groups {
    uint8_t bytes[16];
    size_t len; /* bytes filled */
    size_t gap; /* where "::" stands, SIZE_MAX without one */
};

static bool put_group(struct ipv6_groups *groups, struct berth_text hex)
{
    unsigned value = 0;
    if (hex.len == 0 || hex.len > 4 || groups->len > 14)
        return false;
    for (size_t i = 0; i < hex.len; i++) {
        int digit = berth_hex_value(hex.ptr[i]);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    groups->bytes[groups->len++] = (uint8_t)(value >> 8);
    groups->bytes[groups->len++] = (uint8_t)(value & 255);
    return true;
}

/* The groups one after the other; the last may be an IPv4 address. */
static bool read_groups(struct berth_text text, struct ipv6_groups *groups)
{
    size_t at = 0;
    if (berth_text_starts(text, BERTH_TEXT("::"))) {
        groups->gap = 0;
        at = 2;
    }
    while (at < text.len) {
        struct berth_text rest = berth_text_slice(text, at, text.len);
        size_t colon = berth_text_find_byte(rest, ':');
        if (colon == SIZE_MAX && berth_text_find_byte(rest, '.') != SIZE_MAX) {
            if (groups->len > 12 || !berth_parse_ipv4(rest, groups->bytes + groups->len))
                return false;
            groups->len += 4;
            return true;
        }
        if (!put_group(groups, berth_text_slice(rest, 0, colon)))
            return false;
        if (colon == SIZE_MAX)
            return true;
        at += colon + 1;
        if (at == text.len)
            return false; /* a single colon at the end */
        if (text.ptr[at] == ':') {
            if (groups->gap != SIZE_MAX)
                return false;
            groups->gap = groups->len;
            at++;
        }
    }
    return groups->gap != SIZE_MAX;
}

bool berth_parse_ipv6(struct berth_text text, uint8_t out_bytes[16])
{
    struct ipv6_groups groups = {{0}, 0, SIZE_MAX};
    if (text.len < 2 || !read_groups(text, &groups))
        return false;
    if (groups.gap == SIZE_MAX ? groups.len != 16 : groups.len > 14)
        return false;
    size_t head = groups.gap == SIZE_MAX ? 16 : groups.gap;
    size_t tail = groups.len - head;
    memset(out_bytes, 0, 16);
    memcpy(out_bytes, groups.bytes, head);
    memcpy(out_bytes + 16 - tail, groups.bytes + head, tail);
    return true;
}

bool berth_parse_address(struct berth_text text, struct berth_address *out_address)
{
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = berth_text_slice(text, 1, text.len - 1);
    out_address->len = 4;
    if (berth_parse_ipv4(text, out_address->bytes))
        return true;
    out_address->len = 16;
    return berth_parse_ipv6(text, out_address->bytes);
}
