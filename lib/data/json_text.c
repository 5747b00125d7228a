/* Texts and numbers inside JSON: escapes, exact integers. */
#include "data/json_text.h"

#include "data/json_run.h"

/* Four hexadecimal digits after "\u" at P. */
static enum berth_status code_unit(const char *p, const char *end, uint32_t *out_unit)
{
    uint64_t unit = 0;
    if (end - p < 2)
        return BERTH_E_TRUNCATED;
    if (p[0] != '\\' || p[1] != 'u')
        return BERTH_E_SYNTAX;
    size_t have = (size_t)(end - p) - 2;
    if (have > 0 && berth_parse_hex_u64(berth_text_make(p + 2, have < 4 ? have : 4), &unit) != BERTH_OK)
        return BERTH_E_SYNTAX;
    if (have < 4)
        return BERTH_E_TRUNCATED;
    *out_unit = (uint32_t)unit;
    return BERTH_OK;
}

size_t berth_utf8_encode(uint32_t c, char out[BERTH_UTF8_MAX])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static enum berth_status unicode_escape(const char *p, const char *end, uint32_t *out_character,
                                        size_t *out_used)
{
    uint32_t unit = 0, low = 0;
    BERTH_TRY(code_unit(p, end, &unit));
    *out_character = unit;
    *out_used = 6;
    if (unit < 0xD800 || unit > 0xDFFF)
        return BERTH_OK;
    if (unit > 0xDBFF)
        return BERTH_E_UTF8;
    if (p + 6 != end && p[6] != '\\')
        return BERTH_E_UTF8;
    enum berth_status second = code_unit(p + 6, end, &low);
    if (second == BERTH_E_TRUNCATED)
        return second;
    if (second != BERTH_OK || low < 0xDC00 || low > 0xDFFF)
        return BERTH_E_UTF8;
    *out_character = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    *out_used = 12;
    return BERTH_OK;
}

enum berth_status berth_json_escape(const char *p, const char *end, char out[BERTH_UTF8_MAX], size_t *out_len,
                                    size_t *out_used)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (end - p < 2)
        return BERTH_E_TRUNCATED;
    if (p[1] == 'u') {
        uint32_t character = 0;
        BERTH_TRY(unicode_escape(p, end, &character, out_used));
        *out_len = berth_utf8_encode(character, out);
        return BERTH_OK;
    }
    const char *letter = memchr(letters, p[1], sizeof letters - 1);
    if (letter == NULL)
        return BERTH_E_SYNTAX;
    out[0] = meanings[letter - letters];
    *out_len = 1;
    *out_used = 2;
    return BERTH_OK;
}

/* An escape in a text that is all there: one that would go on is a lone surrogate or no escape. */
static enum berth_status whole_escape(const char *p, const char *end, char out[BERTH_UTF8_MAX],
                                      size_t *out_len, size_t *out_used)
{
    enum berth_status status = berth_json_escape(p, end, out, out_len, out_used);
    if (status != BERTH_E_TRUNCATED)
        return status;
    return end - p >= 6 && p[1] == 'u' ? BERTH_E_UTF8 : BERTH_E_SYNTAX;
}

enum berth_status berth_json_unescape(struct berth_text raw, struct berth_writer *w)
{
    size_t i = 0;
    while (i < raw.len) {
        struct berth_text rest = berth_text_slice(raw, i, raw.len);
        size_t run = berth_text_find_byte(rest, '\\');
        rest = berth_text_slice(rest, 0, run);
        berth_put_text(w, rest);
        i += rest.len;
        if (i == raw.len)
            break;
        char bytes[BERTH_UTF8_MAX];
        size_t len = 0, used = 0;
        BERTH_TRY(whole_escape(raw.ptr + i, raw.ptr + raw.len, bytes, &len, &used));
        berth_put_bytes(w, bytes, len);
        i += used;
    }
    return berth_writer_status(w);
}

enum berth_status berth_json_unescape_in_place(char *ptr, size_t len, struct berth_text *out_text)
{
    size_t from = 0, to = 0;
    while (from < len) {
        size_t run = berth_text_find_byte(berth_text_make(ptr + from, len - from), '\\');
        if (run == SIZE_MAX)
            run = len - from;
        if (to != from && run > 0)
            memmove(ptr + to, ptr + from, run);
        from += run;
        to += run;
        if (from == len)
            break;
        char bytes[BERTH_UTF8_MAX];
        size_t count = 0, used = 0;
        BERTH_TRY(whole_escape(ptr + from, ptr + len, bytes, &count, &used));
        memcpy(ptr + to, bytes, count); /* shorter than the escape */
        from += used;
        to += count;
    }
    *out_text = berth_text_make(ptr, to);
    return BERTH_OK;
}

/* A text that is read byte by byte, unescaped on the way. */
struct reader {
    struct berth_text rest;
    char bytes[BERTH_UTF8_MAX]; /* of the last escape */
    size_t len, at;             /* in bytes */
    bool escaped;
};

#define READER_END (-1)
#define READER_BAD (-2)

static int next_byte(struct reader *r)
{
    if (r->at == r->len) {
        size_t used = 1;
        if (r->rest.len == 0)
            return READER_END;
        r->bytes[0] = r->rest.ptr[0];
        r->len = 1;
        r->at = 0;
        if (r->escaped && r->bytes[0] == '\\' &&
            whole_escape(r->rest.ptr, r->rest.ptr + r->rest.len, r->bytes, &r->len, &used) != BERTH_OK)
            return READER_BAD;
        r->rest = berth_text_slice(r->rest, used, r->rest.len);
    }
    return (uint8_t)r->bytes[r->at++];
}

static bool same_characters(struct reader a, struct reader b)
{
    for (;;) {
        int byte = next_byte(&a);
        if (byte == READER_BAD || byte != next_byte(&b))
            return false;
        if (byte == READER_END)
            return true;
    }
}

bool berth_json_raw_equal(struct berth_text raw, struct berth_text plain)
{
    if (raw.len == plain.len)
        return berth_text_equal(raw, plain) && berth_text_find_byte(raw, '\\') == SIZE_MAX;
    struct reader a = {.rest = raw, .escaped = true}, b = {.rest = plain};
    return raw.len > plain.len && same_characters(a, b); /* an escape is longer than what it says */
}

bool berth_json_raw_same(struct berth_text a, struct berth_text b)
{
    struct reader one = {.rest = a, .escaped = true}, other = {.rest = b, .escaped = true};
    return same_characters(one, other);
}

/* A number's parts: sign, digits without the dot's place in them, exponent of ten of the last digit. */
struct parts {
    struct berth_text digits; /* may hold a dot */
    bool negative;
    int64_t exponent;
};

#define EXPONENT_LIMIT INT64_C(1000000000)

static struct parts take_apart(struct berth_text number)
{
    struct parts parts = {.negative = number.len > 0 && number.ptr[0] == '-'};
    size_t end = 0, fraction = 0;
    bool dot = false;
    for (end = parts.negative; end < number.len && (number.ptr[end] | 0x20) != 'e'; end++) {
        fraction += dot;
        dot = dot || number.ptr[end] == '.';
    }
    parts.digits = berth_text_slice(number, parts.negative, end);
    size_t i = end + 1;
    bool minus = i < number.len && number.ptr[i] == '-';
    i += minus || (i < number.len && number.ptr[i] == '+');
    for (; i < number.len; i++)
        if (parts.exponent < EXPONENT_LIMIT)
            parts.exponent = parts.exponent * 10 + (number.ptr[i] - '0');
    if (minus)
        parts.exponent = -parts.exponent;
    parts.exponent -= (int64_t)fraction;
    return parts;
}

/* |number|, when it is an integer. */
static enum berth_status magnitude_of(const struct parts *parts, uint64_t *out_value)
{
    /* The digits before the last PARTS->exponent ones (when negative) make the integer, the others must be
     * zeros. */
    size_t digits = parts->digits.len - (berth_text_find_byte(parts->digits, '.') != SIZE_MAX);
    int64_t keep = (int64_t)digits + (parts->exponent < 0 ? parts->exponent : 0);
    uint64_t value = 0;
    bool fits = true;
    for (size_t i = 0; i < parts->digits.len; i++) {
        if (parts->digits.ptr[i] == '.')
            continue;
        unsigned digit = (unsigned)(parts->digits.ptr[i] - '0') & 15;
        if (keep-- <= 0) {
            if (digit != 0)
                return BERTH_E_TYPE;
            continue;
        }
        fits = fits && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    for (int64_t zeros = parts->exponent; zeros > 0 && fits && value != 0; zeros--) {
        fits = value <= UINT64_MAX / 10;
        value *= 10;
    }
    *out_value = value;
    return fits ? BERTH_OK : BERTH_E_RANGE;
}

enum berth_status berth_json_number_u64(struct berth_text number, uint64_t *out_value)
{
    if (berth_parse_u64(number, out_value) == BERTH_OK)
        return BERTH_OK;
    struct parts parts = take_apart(number);
    uint64_t value = 0;
    BERTH_TRY(magnitude_of(&parts, &value));
    if (parts.negative && value != 0)
        return BERTH_E_RANGE;
    *out_value = value;
    return BERTH_OK;
}

enum berth_status berth_json_number_i64(struct berth_text number, int64_t *out_value)
{
    if (berth_parse_i64(number, out_value) == BERTH_OK)
        return BERTH_OK;
    struct parts parts = take_apart(number);
    uint64_t value = 0;
    BERTH_TRY(magnitude_of(&parts, &value));
    if (value > (uint64_t)INT64_MAX + parts.negative)
        return BERTH_E_RANGE;
    *out_value = parts.negative && value != 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return BERTH_OK;
}

/* RFC 8259 section 7: the quote, the backslash and control characters are escaped, nothing else. */
void berth_json_put_escaped(struct berth_writer *w, struct berth_text text)
{
    static const char letters[] = "btn\0fr"; /* for 8 to 13; 11 has none */
    const char *end = text.len == 0 ? text.ptr : text.ptr + text.len;
    for (const char *p = text.ptr; p != end;) {
        const char *run = berth_json_plain_end(p, end);
        while (run != end && (uint8_t)*run >= 0x80)
            run = berth_json_plain_end(run + 1, end);
        berth_put_bytes(w, p, (size_t)(run - p));
        if (run == end)
            break;
        char c = *run;
        if (c == '"' || c == '\\') {
            berth_put_char(w, '\\');
            berth_put_char(w, c);
        } else if (c >= 8 && c <= 13 && letters[c - 8] != '\0') {
            berth_put_char(w, '\\');
            berth_put_char(w, letters[c - 8]);
        } else {
            berth_put_string(w, "\\u00");
            berth_put_hex(w, run, 1);
        }
        p = run + 1;
    }
}
