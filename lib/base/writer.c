/* The bounded writer. */
#include "berth/text.h"

#include <string.h>

void berth_writer_init(struct berth_writer *w, void *buf, size_t cap)
{
    w->buf = buf;
    w->cap = buf == NULL ? 0 : cap;
    w->len = 0;
}

/* Counts LEN bytes and says where they go, or NULL when they do not fit. */
static char *reserve(struct berth_writer *w, size_t len)
{
    char *place = w->buf != NULL && w->len <= w->cap && len <= w->cap - w->len ? w->buf + w->len : NULL;
    w->len = len > SIZE_MAX - w->len ? SIZE_MAX : w->len + len;
    return place;
}

void berth_put_bytes(struct berth_writer *w, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    char *place = reserve(w, len);
    if (place != NULL)
        memcpy(place, bytes, len);
}

void berth_put_text(struct berth_writer *w, struct berth_text text)
{
    berth_put_bytes(w, text.ptr, text.len);
}

void berth_put_string(struct berth_writer *w, const char *string)
{
    berth_put_text(w, berth_text_of(string));
}

void berth_put_char(struct berth_writer *w, char c)
{
    berth_put_bytes(w, &c, 1);
}

void berth_put_repeat(struct berth_writer *w, char c, size_t count)
{
    if (count == 0)
        return;
    char *place = reserve(w, count);
    if (place != NULL)
        memset(place, (unsigned char)c, count);
}

#define U64_DIGITS 20 /* of 18446744073709551615 */

/* The digits of VALUE at the end of DIGITS; returns how many. */
static size_t to_digits(uint64_t value, char digits[U64_DIGITS])
{
    size_t count = 0;
    do {
        digits[U64_DIGITS - ++count] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return count;
}

void berth_put_u64_padded(struct berth_writer *w, uint64_t value, unsigned width)
{
    char digits[U64_DIGITS];
    size_t count = to_digits(value, digits);
    if (width > count)
        berth_put_repeat(w, '0', width - count);
    berth_put_bytes(w, digits + U64_DIGITS - count, count);
}

void berth_put_u64(struct berth_writer *w, uint64_t value)
{
    berth_put_u64_padded(w, value, 0);
}

void berth_put_i64(struct berth_writer *w, int64_t value)
{
    if (value < 0)
        berth_put_char(w, '-');
    berth_put_u64(w, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void berth_put_hex(struct berth_writer *w, const void *bytes, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++) {
        char pair[2] = {hex[p[i] >> 4], hex[p[i] & 15]};
        berth_put_bytes(w, pair, sizeof pair);
    }
}

enum berth_status berth_writer_status(const struct berth_writer *w)
{
    return w->len <= w->cap ? BERTH_OK : BERTH_E_SPACE;
}

struct berth_text berth_writer_text(const struct berth_writer *w)
{
    return w->len <= w->cap ? berth_text_make(w->buf, w->len) : berth_text_make(NULL, 0);
}

enum berth_status berth_writer_terminate(struct berth_writer *w)
{
    if (w->len >= w->cap)
        return BERTH_E_SPACE;
    w->buf[w->len] = '\0';
    return BERTH_OK;
}
