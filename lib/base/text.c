/* Text views. */
#include "berth/text.h"

#include <string.h>

struct berth_text berth_text_of(const char *string)
{
    return berth_text_make(string, string == NULL ? 0 : strlen(string));
}

struct berth_text berth_text_make(const char *ptr, size_t len)
{
    struct berth_text text = {ptr, len};
    return text;
}

struct berth_text berth_text_slice(struct berth_text text, size_t from, size_t to)
{
    if (to > text.len)
        to = text.len;
    if (from > to)
        from = to;
    return berth_text_make(text.ptr == NULL ? NULL : text.ptr + from, to - from);
}

bool berth_text_equal(struct berth_text a, struct berth_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool berth_text_equal_nocase(struct berth_text a, struct berth_text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

int berth_text_compare(struct berth_text a, struct berth_text b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

bool berth_text_starts(struct berth_text text, struct berth_text prefix)
{
    return text.len >= prefix.len && berth_text_equal(berth_text_slice(text, 0, prefix.len), prefix);
}

bool berth_text_ends(struct berth_text text, struct berth_text suffix)
{
    return text.len >= suffix.len &&
           berth_text_equal(berth_text_slice(text, text.len - suffix.len, text.len), suffix);
}

size_t berth_text_find_byte(struct berth_text text, char byte)
{
    const char *found = text.len == 0 ? NULL : memchr(text.ptr, (unsigned char)byte, text.len);
    return found == NULL ? SIZE_MAX : (size_t)(found - text.ptr);
}

size_t berth_text_find(struct berth_text text, struct berth_text needle)
{
    if (needle.len == 0)
        return 0;
    size_t from = 0;
    while (text.len - from >= needle.len) {
        size_t last = text.len - needle.len + 1;
        size_t at = berth_text_find_byte(berth_text_slice(text, from, last), needle.ptr[0]);
        if (at == SIZE_MAX)
            return SIZE_MAX;
        from += at;
        if (memcmp(text.ptr + from, needle.ptr, needle.len) == 0)
            return from;
        from++;
    }
    return SIZE_MAX;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct berth_text berth_text_trim(struct berth_text text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

bool berth_text_split(struct berth_text *rest, char separator, struct berth_text *out_part)
{
    if (rest->ptr == NULL)
        return false;
    size_t at = berth_text_find_byte(*rest, separator);
    if (at == SIZE_MAX) {
        *out_part = *rest;
        *rest = berth_text_make(NULL, 0);
    } else {
        *out_part = berth_text_slice(*rest, 0, at);
        *rest = berth_text_slice(*rest, at + 1, rest->len);
    }
    return true;
}

/* The length of the well-formed sequence at P (at most LEFT bytes), or 0. RFC 3629 section 4. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned lead = p[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (len <= 1)
        return len;
    if (left < len)
        return 0;
    unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

bool berth_text_is_utf8(struct berth_text text, size_t *out_offset)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t i = 0;
    while (i < text.len) {
        uint64_t eight;
        if (text.len - i >= sizeof eight) {
            memcpy(&eight, p + i, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        size_t len = utf8_sequence(p + i, text.len - i);
        if (len == 0) {
            if (out_offset != NULL)
                *out_offset = i;
            return false;
        }
        i += len;
    }
    return true;
}

size_t berth_text_character(struct berth_text text, uint32_t *out_code)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t len = text.len > 0 ? utf8_sequence(p, text.len) : 0;
    uint32_t code = len > 0 ? p[0] & lead_bits[len] : 0;
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (p[i] & 0x3Fu);
    *out_code = code;
    return len;
}

bool berth_text_equal_secret(struct berth_text a, struct berth_text b)
{
    if (a.len != b.len)
        return false;
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference = (unsigned char)(difference | ((unsigned char)a.ptr[i] ^ (unsigned char)b.ptr[i]));
    return difference == 0;
}

void berth_wipe(void *ptr, size_t len)
{
    /* Volatile stores may not be removed, also when the memory is never read again. */
    volatile unsigned char *p = ptr;
    while (len-- > 0)
        *p++ = 0;
}
