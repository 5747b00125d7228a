/* Byte classes of URLs and HTTP messages (RFC 3986 section 2, RFC 9110 section 5.6.2). */
#ifndef BERTH_LIB_HTTP_CHARS_H
#define BERTH_LIB_HTTP_CHARS_H

#include <stdbool.h>

#include "berth/text.h"

static inline bool berth_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool berth_is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* 0 to 15, or -1. */
static inline int berth_hex_value(char c)
{
    if (berth_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Printable ASCII without the blank. */
static inline bool berth_is_visible(char c)
{
    return c > ' ' && c < 0x7f;
}

/* A byte that a field value or a reason phrase may hold: everything but control characters; tab is allowed.
 */
static inline bool berth_is_field_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= ' ' && u != 0x7f) || c == '\t';
}

/* tchar: what methods and field names are made of. */
static inline bool berth_is_token_char(char c)
{
    /* ! # $ % & ' * + - . ^ _ ` | ~ and alphanumerics, one bit for each of the 128 codes. */
    static const unsigned bits[4] = {0, 0x03ff6cfau, 0xc7fffffeu, 0x57ffffffu};
    unsigned char u = (unsigned char)c;
    return u < 128 && (bits[u >> 5] >> (u & 31) & 1) != 0;
}

static inline bool berth_is_token(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!berth_is_token_char(text.ptr[i]))
            return false;
    return text.len > 0;
}

#endif
