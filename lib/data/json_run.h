/* The part of a JSON string that needs no look at each byte. */
#ifndef BERTH_DATA_JSON_RUN_H
#define BERTH_DATA_JSON_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BERTH_BYTES_(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Bits 7 of the bytes that are BYTE. What stands above the lowest such byte may be wrong. */
static inline uint64_t berth_bytes_equal_(uint64_t word, uint8_t byte)
{
    uint64_t x = word ^ BERTH_BYTES_(byte);
    return (x - BERTH_BYTES_(1)) & ~x;
}

/* The first of P ... END that is a quote, a backslash, a control character or not ASCII; END without one. */
static inline const char *berth_json_plain_end(const char *p, const char *end)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        uint64_t special = (berth_bytes_equal_(word, '"') | berth_bytes_equal_(word, '\\') |
                            (word - BERTH_BYTES_(0x20)) | word) &
                           BERTH_BYTES_(0x80);
        if (special != 0)
            return p + (__builtin_ctzll(special) >> 3);
        p += sizeof word;
    }
#endif
    for (; p != end; p++) {
        uint8_t c = (uint8_t)*p;
        if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80)
            break;
    }
    return p;
}

/* The same, but only a quote or a backslash counts: for text that was checked. */
static inline const char *berth_json_quote_end(const char *p, const char *end)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        uint64_t special =
            (berth_bytes_equal_(word, '"') | berth_bytes_equal_(word, '\\')) & BERTH_BYTES_(0x80);
        if (special != 0)
            return p + (__builtin_ctzll(special) >> 3);
        p += sizeof word;
    }
#endif
    while (p != end && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* memcmp(a, b, len) == 0 for short texts, in line. */
static inline bool berth_json_same(const char *a, const char *b, size_t len)
{
    uint64_t x, y;
    uint32_t u, v;
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            memcpy(&x, a + i, sizeof x);
            memcpy(&y, b + i, sizeof y);
            if (x != y)
                return false;
        }
        memcpy(&x, a + len - 8, sizeof x);
        memcpy(&y, b + len - 8, sizeof y);
        return x == y;
    }
    if (len >= 4) {
        memcpy(&u, a, sizeof u);
        memcpy(&v, b, sizeof v);
        if (u != v)
            return false;
        memcpy(&u, a + len - 4, sizeof u);
        memcpy(&v, b + len - 4, sizeof v);
        return u == v;
    }
    return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}

static inline bool berth_json_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool berth_json_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

#endif
