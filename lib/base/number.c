/* Exact integers and decimals in text. */
#include "berth/number.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum berth_status berth_parse_u64(struct berth_text text, uint64_t *out_value)
{
    if (text.len == 0)
        return BERTH_E_SYNTAX;
    uint64_t value = 0;
    bool fits = true;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return BERTH_E_SYNTAX;
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        fits = fits && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (!fits)
        return BERTH_E_RANGE;
    *out_value = value;
    return BERTH_OK;
}

/* MAGNITUDE with a sign as int64. */
static enum berth_status with_sign(uint64_t magnitude, bool negative, int64_t *out_value)
{
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return BERTH_E_RANGE;
    if (!negative)
        *out_value = (int64_t)magnitude;
    else
        *out_value = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    return BERTH_OK;
}

enum berth_status berth_parse_i64(struct berth_text text, int64_t *out_value)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t magnitude = 0;
    BERTH_TRY(berth_parse_u64(berth_text_slice(text, negative, text.len), &magnitude));
    return with_sign(magnitude, negative, out_value);
}

enum berth_status berth_parse_i32(struct berth_text text, int32_t *out_value)
{
    int64_t value = 0;
    BERTH_TRY(berth_parse_i64(text, &value));
    if (value < INT32_MIN || value > INT32_MAX)
        return BERTH_E_RANGE;
    *out_value = (int32_t)value;
    return BERTH_OK;
}

enum berth_status berth_parse_hex_u64(struct berth_text text, uint64_t *out_value)
{
    if (text.len == 0)
        return BERTH_E_SYNTAX;
    uint64_t value = 0;
    bool fits = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        unsigned digit;
        if (is_digit(c))
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return BERTH_E_SYNTAX;
        fits = fits && value <= UINT64_MAX >> 4;
        value = value << 4 | digit;
    }
    if (!fits)
        return BERTH_E_RANGE;
    *out_value = value;
    return BERTH_OK;
}

#define MAX_SCALE 18 /* 10^18 is the largest power of ten in an int64 */

/* Adds one digit to *VALUE; false when it does not fit. */
static bool add_digit(uint64_t *value, unsigned digit)
{
    if (*value > (UINT64_MAX - digit) / 10)
        return false;
    *value = *value * 10 + digit;
    return true;
}

enum berth_status berth_parse_decimal(struct berth_text text, unsigned scale, int64_t *out_scaled)
{
    if (scale > MAX_SCALE)
        return BERTH_E_ARGUMENT;
    size_t i = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    bool negative = i == 1 && text.ptr[0] == '-';
    bool fits = true, dot = false;
    uint64_t value = 0;
    size_t whole = 0, fraction = 0;
    for (; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.' && !dot && whole > 0) {
            dot = true;
            continue;
        }
        if (!is_digit(c))
            return BERTH_E_SYNTAX;
        if (!dot)
            whole++;
        else
            fraction++;
        if (dot && fraction > scale)
            fits = fits && c == '0';
        else
            fits = fits && add_digit(&value, (unsigned)(c - '0'));
    }
    if (whole == 0 || (dot && fraction == 0))
        return BERTH_E_SYNTAX;
    for (size_t digits = fraction; digits < scale && fits; digits++)
        fits = add_digit(&value, 0);
    return fits ? with_sign(value, negative, out_scaled) : BERTH_E_RANGE;
}

void berth_put_decimal(struct berth_writer *w, int64_t scaled, unsigned scale)
{
    uint64_t magnitude = scaled < 0 ? 0 - (uint64_t)scaled : (uint64_t)scaled;
    if (scaled < 0)
        berth_put_char(w, '-');
    while (scale > 0 && magnitude % 10 == 0) {
        magnitude /= 10;
        scale--;
    }
    uint64_t unit = 1;
    for (unsigned i = 0; i < scale; i++)
        unit *= 10;
    berth_put_u64(w, magnitude / unit);
    if (scale > 0) {
        berth_put_char(w, '.');
        berth_put_u64_padded(w, magnitude % unit, scale);
    }
}
