/* Percent encoding (RFC 3986 section 2.1). */
#include "berth/url.h"

#include "http/chars.h"

static bool is_unreserved(char c)
{
    return berth_is_alpha(c) || berth_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void berth_put_percent(struct berth_writer *w, struct berth_text text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (is_unreserved(text.ptr[i]))
            berth_put_char(w, text.ptr[i]);
        else
            berth_put_bytes(w, escape, sizeof escape);
    }
}

enum berth_status berth_put_percent_decoded(struct berth_writer *w, struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            berth_put_char(w, text.ptr[i]);
            continue;
        }
        int high = text.len - i > 2 ? berth_hex_value(text.ptr[i + 1]) : -1;
        int low = text.len - i > 2 ? berth_hex_value(text.ptr[i + 2]) : -1;
        if (high < 0 || low < 0)
            return BERTH_E_SYNTAX;
        berth_put_char(w, (char)(high << 4 | low));
        i += 2;
    }
    return BERTH_OK;
}
