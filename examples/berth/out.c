/* Output without stdio. */
#define _DEFAULT_SOURCE
#include "out.h"

#include "berth/number.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool env_is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        if (!env_is_set(names[i]))
            continue;
        struct berth_text value = berth_text_of(getenv(names[i]));
        return berth_text_find(value, BERTH_TEXT("UTF-8")) != SIZE_MAX ||
               berth_text_find(value, BERTH_TEXT("utf8")) != SIZE_MAX ||
               berth_text_find(value, BERTH_TEXT("utf-8")) != SIZE_MAX;
    }
    return false;
}

static unsigned screen_columns(int fd)
{
    uint64_t columns = 0;
    if (env_is_set("COLUMNS") && berth_parse_u64(berth_text_of(getenv("COLUMNS")), &columns) == BERTH_OK &&
        columns > 0 && columns < 10000)
        return (unsigned)columns;
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return isatty(fd) == 1 ? 80 : 0;
}

void out_init(struct out *o, int fd)
{
    memset(o, 0, sizeof *o);
    o->fd = fd;
    o->terminal = isatty(fd) == 1;
    o->columns = screen_columns(fd);
    o->width = o->terminal ? o->columns : 0;
    struct berth_text term = berth_text_of(getenv("TERM"));
    o->colour =
        o->terminal && !env_is_set("NO_COLOR") && term.len > 0 && !berth_text_equal(term, BERTH_TEXT("dumb"));
    o->utf8 = locale_is_utf8();
}

int (*out_interrupted)(void);

/* After a write that did nothing: whether to try again. */
static bool go_on(const struct out *o)
{
    if (errno == EAGAIN) { /* somebody made it non-blocking */
        struct pollfd wait = {o->fd, POLLOUT, 0};
        if (poll(&wait, 1, -1) > 0)
            return true;
    }
    return errno == EINTR && (out_interrupted == NULL || out_interrupted() == 0);
}

static void write_all(struct out *o, const char *bytes, size_t len)
{
    while (len > 0 && !o->failed) {
        ssize_t n = write(o->fd, bytes, len);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (n < 0 && !go_on(o)) {
            o->failed = true;
            o->error = errno;
        }
    }
}

void out_flush(struct out *o)
{
    write_all(o, o->buf, o->len);
    o->len = 0;
}

void out_bytes(struct out *o, const void *bytes, size_t len)
{
    if (len > sizeof o->buf - o->len)
        out_flush(o);
    if (len > sizeof o->buf) {
        write_all(o, bytes, len);
        return;
    }
    if (len > 0)
        memcpy(o->buf + o->len, bytes, len);
    o->len += len;
}

void out_text(struct out *o, struct berth_text text)
{
    out_bytes(o, text.ptr, text.len);
}

void out_string(struct out *o, const char *string)
{
    out_text(o, berth_text_of(string));
}

void out_u64(struct out *o, uint64_t value)
{
    char digits[24];
    struct berth_writer w;
    berth_writer_init(&w, digits, sizeof digits);
    berth_put_u64(&w, value);
    out_text(o, berth_writer_text(&w));
}

void out_repeat(struct out *o, char c, size_t count)
{
    while (count-- > 0)
        out_bytes(o, &c, 1);
}

/* ---- characters ------------------------------------------------------------------------------- */

/* The character at the front of TEXT; a byte that is not UTF-8 is one, without a code point. */
static size_t next_character(struct berth_text text, uint32_t *out_code)
{
    size_t len = berth_text_character(text, out_code);
    if (len > 0)
        return len;
    *out_code = UINT32_MAX;
    return 1;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == UINT32_MAX;
}

/* Ranges of Unicode 15 (EastAsianWidth W and F; Mn), the blocks that matter for names. */
static unsigned character_columns(uint32_t code)
{
    static const struct {
        uint32_t from, to;
        unsigned columns;
    } ranges[] = {{0x0300, 0x036F, 0},  {0x1AB0, 0x1AFF, 0}, {0x200B, 0x200F, 0},   {0x20D0, 0x20FF, 0},
                  {0x1100, 0x115F, 2},  {0x2E80, 0x303E, 2}, {0x3041, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},
                  {0xF900, 0xFAFF, 2},  {0xFE00, 0xFE0F, 0}, {0xFE20, 0xFE2F, 0},   {0xFE30, 0xFE4F, 2},
                  {0xFF00, 0xFF60, 2},  {0xFFE0, 0xFFE6, 2}, {0x1F300, 0x1F64F, 2}, {0x1F900, 0x1F9FF, 2},
                  {0x20000, 0x3FFFD, 2}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code >= ranges[i].from && code <= ranges[i].to)
            return ranges[i].columns;
    }
    return 1;
}

void out_safe(struct out *o, struct berth_text text)
{
    while (text.len > 0) {
        uint32_t code;
        size_t len = next_character(text, &code);
        if (is_control(code))
            out_string(o, "?");
        else
            out_bytes(o, text.ptr, len);
        text = berth_text_slice(text, len, text.len);
    }
}

unsigned text_columns(struct berth_text text)
{
    unsigned columns = 0;
    while (text.len > 0) {
        uint32_t code;
        size_t len = next_character(text, &code);
        columns += is_control(code) ? 1 : character_columns(code);
        text = berth_text_slice(text, len, text.len);
    }
    return columns;
}

struct berth_text text_fit(struct berth_text text, unsigned columns)
{
    size_t at = 0, blank = 0;
    unsigned used = 0;
    while (at < text.len) {
        uint32_t code;
        size_t len = next_character(berth_text_slice(text, at, text.len), &code);
        unsigned wide = is_control(code) ? 1 : character_columns(code);
        if (used + wide > columns && at > 0)
            return berth_text_slice(text, 0, blank > 0 ? blank : at);
        used += wide;
        at += len;
        if (code == ' ')
            blank = at;
    }
    return text;
}

void text_place(struct berth_text text, uint64_t offset, uint32_t *out_line, uint32_t *out_column)
{
    *out_line = *out_column = 1;
    for (size_t i = 0; i < text.len && i < offset; i++) {
        if (text.ptr[i] == '\n') {
            ++*out_line;
            *out_column = 1;
        } else if (((unsigned char)text.ptr[i] & 0xC0) != 0x80) {
            ++*out_column;
        }
    }
}

size_t json_compact(const char *json, size_t len, char *to)
{
    size_t n = 0;
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        char c = json[i];
        if (!inside && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
            continue;
        to[n++] = c;
        if (inside && c == '\\' && i + 1 < len)
            to[n++] = json[++i];
        else if (c == '"')
            inside = !inside;
    }
    return n;
}

void out_colour(struct out *o, enum colour colour)
{
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"};
    if (o->colour)
        out_string(o, codes[colour]);
}
