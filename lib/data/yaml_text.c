/* YAML: the characters of a scalar, run by run: lines folded, escapes resolved. */
#include "data/yaml.h"

#include "data/json_text.h"

#include <string.h>

/* The one-letter escapes of YAML 1.2 (5.7) and what they stand for. */
static const struct {
    char letter;
    uint16_t code;
} ESCAPES[] = {
    {'0', 0},   {'a', 7},     {'b', 8},    {'t', 9},    {'\t', 9},     {'n', 10},
    {'v', 11},  {'f', 12},    {'r', 13},   {'e', 27},   {' ', ' '},    {'"', '"'},
    {'/', '/'}, {'\\', '\\'}, {'N', 0x85}, {'_', 0xA0}, {'L', 0x2028}, {'P', 0x2029},
};

static bool hex(const char *p, const char *end, size_t digits, uint32_t *out_value)
{
    uint64_t value;
    if ((size_t)(end - p) < digits || berth_parse_hex_u64(berth_text_make(p, digits), &value) != BERTH_OK)
        return false;
    *out_value = (uint32_t)value;
    return true;
}

size_t berth_yaml_escape(const char *p, const char *end, uint32_t *out_code)
{
    if (p == end)
        return 0;
    for (size_t i = 0; i < sizeof ESCAPES / sizeof ESCAPES[0]; i++)
        if (ESCAPES[i].letter == *p) {
            *out_code = ESCAPES[i].code;
            return 1;
        }
    size_t digits = *p == 'x' ? 2 : *p == 'u' ? 4 : *p == 'U' ? 8 : 0;
    if (digits == 0 || !hex(p + 1, end, digits, out_code))
        return 0;
    uint32_t low;
    /* JSON text is YAML too, and writes what is beyond U+FFFF as two surrogates. */
    if (digits == 4 && *out_code >= 0xD800 && *out_code < 0xDC00 && end - p >= 11 && p[5] == '\\' &&
        p[6] == 'u' && hex(p + 7, end, 4, &low) && low >= 0xDC00 && low < 0xE000) {
        *out_code = 0x10000 + ((*out_code - 0xD800) << 10) + (low - 0xDC00);
        return 11;
    }
    return 1 + digits;
}

void berth_yaml_decode(struct berth_yaml_decoder *d, const struct berth_yaml_event *scalar)
{
    memset(d, 0, sizeof *d);
    d->style = scalar->style;
    d->chomp = scalar->chomp;
    d->indent = scalar->indent;
    d->as_is = scalar->text.ptr != NULL;
    d->p = scalar->content.ptr;
    d->end = scalar->content.len == 0 ? d->p : d->p + scalar->content.len;
}

static const char *past_blanks(const char *p, const char *end)
{
    while (p < end && berth_yaml_is_blank(*p))
        p++;
    return p;
}

/* Past the line break at P. */
static const char *past_break(const char *p, const char *end)
{
    if (p < end && *p == '\r')
        p++;
    return p < end ? p + 1 : p;
}

/* Past blanks and line breaks, counting the breaks. */
static size_t pass_breaks(struct berth_yaml_decoder *d)
{
    size_t breaks = 0;
    for (;;) {
        d->p = past_blanks(d->p, d->end);
        if (d->p == d->end || !berth_yaml_is_break(*d->p))
            return breaks;
        d->p = past_break(d->p, d->end);
        breaks++;
    }
}

/* The newlines and spaces that earlier steps left to be given out. */
static bool pending(struct berth_yaml_decoder *d, struct berth_text *out_run)
{
    static const char NEWLINES[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
    if (d->newlines > 0) {
        size_t count = d->newlines < sizeof NEWLINES - 1 ? d->newlines : sizeof NEWLINES - 1;
        d->newlines -= count;
        *out_run = berth_text_make(NEWLINES, count);
        return true;
    }
    if (d->space) {
        d->space = false;
        *out_run = berth_text_make(" ", 1);
        return true;
    }
    return false;
}

/* The end of the bytes from P that stand for themselves: blanks before a line break do not. */
static const char *literal_end(const struct berth_yaml_decoder *d)
{
    const char *p = d->p;
    while (p < d->end) {
        char c = *p;
        if (berth_yaml_is_break(c) || (c == '\\' && d->style == BERTH_YAML_DOUBLE) ||
            (c == '\'' && d->style == BERTH_YAML_SINGLE))
            break;
        const char *next = berth_yaml_is_blank(c) ? past_blanks(p, d->end) : p + 1;
        if (berth_yaml_is_blank(c) && next < d->end && berth_yaml_is_break(*next))
            break;
        p = next;
    }
    return p;
}

/* The step at an escape; true when it gave a run. */
static bool escape_step(struct berth_yaml_decoder *d, struct berth_text *out_run)
{
    d->p++;
    if (d->p < d->end && berth_yaml_is_break(*d->p)) {
        d->p = past_break(d->p, d->end);
        d->newlines = pass_breaks(d); /* empty lines behind an escaped line break stay */
        return false;
    }
    uint32_t code = 0;
    d->p += berth_yaml_escape(d->p, d->end, &code);
    *out_run = berth_text_make(d->small, berth_utf8_encode(code, d->small));
    return true;
}

static bool next_flow(struct berth_yaml_decoder *d, struct berth_text *out_run)
{
    while (!pending(d, out_run)) {
        if (d->p == d->end)
            return false;
        const char *begin = d->p;
        d->p = literal_end(d);
        if (d->p > begin) {
            *out_run = berth_text_make(begin, (size_t)(d->p - begin));
            return true;
        }
        if (*d->p == '\'' && d->style == BERTH_YAML_SINGLE) {
            d->p += 2;
            *out_run = berth_text_make("'", 1);
            return true;
        }
        if (*d->p == '\\' && d->style == BERTH_YAML_DOUBLE) {
            if (escape_step(d, out_run))
                return true;
            continue;
        }
        size_t breaks = pass_breaks(d);
        d->space = breaks == 1;
        d->newlines = breaks - 1;
    }
    return true;
}

/* Past empty lines of block text, to the text of a line or to the end. */
static size_t pass_empty_lines(struct berth_yaml_decoder *d)
{
    size_t breaks = 0;
    while (d->p < d->end) {
        const char *p = d->p;
        for (uint32_t i = 0; i < d->indent && p < d->end && *p == ' '; i++)
            p++;
        d->p = p;
        if (p == d->end || !berth_yaml_is_break(*p))
            break;
        d->p = past_break(p, d->end);
        breaks++;
    }
    return breaks;
}

/* What stands before the next line of block text, or at its end: sets newlines, space and line_due. */
static void between_lines(struct berth_yaml_decoder *d)
{
    bool broken = d->p < d->end && d->begun; /* at the end of a line that has one */
    if (broken)
        d->p = past_break(d->p, d->end);
    size_t empty = pass_empty_lines(d);
    if (d->p == d->end) {
        if (d->chomp == BERTH_YAML_KEEP)
            d->newlines = empty + (broken ? 1 : 0);
        else
            d->newlines = d->chomp == BERTH_YAML_CLIP && broken ? 1 : 0;
        return;
    }
    bool more = berth_yaml_is_blank(*d->p);
    if (!d->begun)
        d->newlines = empty;
    else if (d->style == BERTH_YAML_FOLDED && !d->more_indented && !more) {
        d->newlines = empty;
        d->space = empty == 0;
    } else {
        d->newlines = empty + 1;
    }
    d->more_indented = more;
    d->begun = true;
    d->line_due = true;
}

static bool next_block(struct berth_yaml_decoder *d, struct berth_text *out_run)
{
    while (!pending(d, out_run)) {
        if (d->line_due) {
            const char *begin = d->p;
            while (d->p < d->end && !berth_yaml_is_break(*d->p))
                d->p++;
            d->line_due = false;
            *out_run = berth_text_make(begin, (size_t)(d->p - begin));
            return true;
        }
        if (d->p == d->end)
            return false;
        between_lines(d);
    }
    return true;
}

bool berth_yaml_decode_next(struct berth_yaml_decoder *d, struct berth_text *out_run)
{
    if (d->as_is) {
        *out_run = berth_text_make(d->p, (size_t)(d->end - d->p));
        d->p = d->end;
        return out_run->len > 0;
    }
    if (d->style == BERTH_YAML_LITERAL || d->style == BERTH_YAML_FOLDED)
        return next_block(d, out_run);
    return next_flow(d, out_run);
}

void berth_yaml_put_text(struct berth_writer *w, const struct berth_yaml_event *scalar)
{
    struct berth_yaml_decoder d;
    struct berth_text run;
    berth_yaml_decode(&d, scalar);
    while (berth_yaml_decode_next(&d, &run))
        berth_put_text(w, run);
}

bool berth_yaml_text_equal(const struct berth_yaml_event *scalar, struct berth_text text)
{
    struct berth_yaml_decoder d;
    struct berth_text run;
    size_t at = 0;
    berth_yaml_decode(&d, scalar);
    while (berth_yaml_decode_next(&d, &run)) {
        if (!berth_text_equal(berth_text_slice(text, at, at + run.len), run))
            return false;
        at += run.len;
    }
    return at == text.len;
}

bool berth_yaml_is_null(const struct berth_yaml_event *scalar)
{
    static const char *const WORDS[] = {"", "~", "null", "Null", "NULL"};
    if (scalar->type != BERTH_YAML_SCALAR || scalar->style != BERTH_YAML_PLAIN || scalar->text.ptr == NULL)
        return false;
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (berth_text_equal(scalar->text, berth_text_of(WORDS[i])))
            return true;
    return false;
}
