/* Base64 (RFC 4648). */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void berth_put_base64(struct berth_writer *w, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)p[i] << 16;
        if (left > 1)
            group |= (uint32_t)p[i + 1] << 8;
        if (left > 2)
            group |= p[i + 2];
        char quad[4] = {digits[group >> 18], digits[group >> 12 & 63], digits[group >> 6 & 63],
                        digits[group & 63]};
        if (left < 3)
            quad[3] = '=';
        if (left < 2)
            quad[2] = '=';
        berth_put_bytes(w, quad, sizeof quad);
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

enum berth_status berth_put_base64_decoded(struct berth_writer *w, struct berth_text text)
{
    uint32_t group = 0;
    unsigned bits = 0;
    for (unsigned padding = 0; padding < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; padding++)
        text.len--;
    if (text.len % 4 == 1)
        return BERTH_E_SYNTAX;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);
        if (value < 0)
            return BERTH_E_SYNTAX;
        group = group << 6 | (uint32_t)value;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        berth_put_char(w, (char)(unsigned char)(group >> bits & 0xff));
        group &= (UINT32_C(1) << bits) - 1;
    }
    return BERTH_OK;
}
