/* DNS names and address literals. */
#include "names.h"

#include <string.h>

int berth_mbedtls_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four numbers of 0 to 255 without leading zeros. */
static bool parse_ipv4(struct berth_text text, uint8_t out[4])
{
    struct berth_text part;
    unsigned count = 0;

    while (berth_text_split(&text, '.', &part)) {
        unsigned value = 0;
        size_t i;

        if (count == 4 || part.len < 1 || part.len > 3 || (part.len > 1 && part.ptr[0] == '0'))
            return false;
        for (i = 0; i < part.len; i++) {
            if (part.ptr[i] < '0' || part.ptr[i] > '9')
                return false;
            value = value * 10 + (unsigned)(part.ptr[i] - '0');
        }
        if (value > 255)
            return false;
        out[count++] = (uint8_t)value;
    }
    return count == 4;
}

/* Groups of one side of "::": two bytes each to OUT; their number of bytes, or SIZE_MAX. */
static size_t parse_groups(struct berth_text text, uint8_t out[16], bool last_may_be_ipv4)
{
    struct berth_text part;
    size_t len = 0;

    if (text.len == 0)
        return 0;
    while (berth_text_split(&text, ':', &part)) {
        unsigned value = 0;
        size_t i;

        if (last_may_be_ipv4 && text.ptr == NULL && len <= 12 && parse_ipv4(part, out + len))
            return len + 4;
        if (len > 14 || part.len < 1 || part.len > 4)
            return SIZE_MAX;
        for (i = 0; i < part.len; i++) {
            if (berth_mbedtls_hex_digit(part.ptr[i]) < 0)
                return SIZE_MAX;
            value = value << 4 | (unsigned)berth_mbedtls_hex_digit(part.ptr[i]);
        }
        out[len++] = (uint8_t)(value >> 8);
        out[len++] = (uint8_t)(value & 0xff);
    }
    return len;
}

static bool parse_ipv6(struct berth_text text, uint8_t out[16])
{
    uint8_t tail[16];
    size_t gap = berth_text_find(text, BERTH_TEXT("::"));
    size_t head_len, tail_len;

    memset(out, 0, 16);
    if (gap == SIZE_MAX)
        return parse_groups(text, out, true) == 16;
    head_len = parse_groups(berth_text_slice(text, 0, gap), out, false);
    tail_len = parse_groups(berth_text_slice(text, gap + 2, text.len), tail, true);
    if (head_len == SIZE_MAX || tail_len == SIZE_MAX || head_len + tail_len > 14)
        return false;
    memset(out + head_len, 0, 16 - head_len);
    memcpy(out + 16 - tail_len, tail, tail_len);
    return true;
}

size_t berth_mbedtls_parse_address(struct berth_text text, uint8_t out_bytes[16])
{
    if (text.len == 0 || text.len > 45)
        return 0;
    if (berth_text_find_byte(text, ':') != SIZE_MAX)
        return parse_ipv6(text, out_bytes) ? 16 : 0;
    return parse_ipv4(text, out_bytes) ? 4 : 0;
}

bool berth_mbedtls_is_dns_name(struct berth_text text)
{
    struct berth_text label;

    if (text.len > 1 && text.ptr[text.len - 1] == '.')
        text.len--;
    if (text.len == 0 || text.len > BERTH_MBEDTLS_NAME_MAX)
        return false;
    while (berth_text_split(&text, '.', &label)) {
        size_t i;

        if (label.len < 1 || label.len > 63)
            return false;
        for (i = 0; i < label.len; i++) {
            char c = label.ptr[i];

            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_'))
                return false;
        }
    }
    return true;
}

void berth_mbedtls_put_address(struct berth_writer *w, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    if (len == 4) {
        for (i = 0; i < 4; i++) {
            if (i > 0)
                berth_put_char(w, '.');
            berth_put_u64(w, bytes[i]);
        }
        return;
    }
    for (i = 0; i + 1 < len; i += 2) {
        unsigned value = (unsigned)bytes[i] << 8 | bytes[i + 1];
        int shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0;

        if (i > 0)
            berth_put_char(w, ':');
        for (; shift >= 0; shift -= 4)
            berth_put_char(w, digits[value >> shift & 15]);
    }
}

void berth_mbedtls_put_printable(struct berth_writer *w, struct berth_text text, size_t limit)
{
    size_t i;

    for (i = 0; i < text.len && i < limit; i++)
        berth_put_char(w, text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f ? text.ptr[i] : '?');
    if (text.len > limit)
        berth_put_string(w, "...");
}
