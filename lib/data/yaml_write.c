/* JSON to YAML: block collections, the simplest style in which a text reads back as itself everywhere. */
#include "data/yaml.h"

#include "data/json_run.h"
#include "data/json_text.h"

/* ---- Characters ------------------------------------------------------------------------------- */

/* Characters that JSON takes as they are, and YAML does not, or takes for a line's end. */
static bool is_unprintable(uint32_t code)
{
    return (code >= 0x7F && code <= 0x9F) || code == 0x2028 || code == 0x2029 || code == 0xFEFF ||
           code == 0xFFFE || code == 0xFFFF;
}

bool berth_yaml_is_printable(struct berth_text text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t code;
        size_t len = berth_text_character(berth_text_slice(text, at, text.len), &code);
        if (is_unprintable(code))
            return false;
        at += len > 0 ? len : 1;
    }
    return true;
}

static void put_escape(struct berth_writer *out, uint32_t code)
{
    const uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    berth_put_string(out, "\\u");
    berth_put_hex(out, bytes, sizeof bytes);
}

void berth_yaml_put_json(struct berth_writer *out, struct berth_text json, bool inside)
{
    const char *p = json.ptr, *end = p + json.len;
    while (p != end) {
        const char *from = p;
        uint32_t code = 0;
        size_t len = 1;
        while (p != end && *p >= ' ' && *p < 0x7F && (inside || *p != ' ')) {
            if (inside && *p == '\\' && end - p >= 2)
                p++;
            else
                inside = inside != (*p == '"');
            p++;
        }
        berth_put_bytes(out, from, (size_t)(p - from));
        if (p == end)
            return;
        if (inside)
            len = berth_text_character(berth_text_make(p, (size_t)(end - p)), &code);
        if (inside && is_unprintable(code))
            put_escape(out, code);
        else if (inside)
            berth_put_bytes(out, p, len > 0 ? len : 1);
        p += len > 0 ? len : 1;
    }
}

/* ---- Texts ------------------------------------------------------------------------------------ */

/* The next character of RAW, the inside of a checked JSON string, cut off its front; 0 bytes at the end or
 * for a lone surrogate. */
static size_t next_character(struct berth_text *raw, char bytes[BERTH_UTF8_MAX], uint32_t *out_code)
{
    size_t len = 1, used = 1;
    if (raw->len == 0)
        return 0;
    if (raw->ptr[0] == '\\') {
        if (berth_json_escape(raw->ptr, raw->ptr + raw->len, bytes, &len, &used) != BERTH_OK)
            return 0;
    } else {
        len = used = berth_text_character(*raw, out_code);
        for (size_t i = 0; i < len; i++)
            bytes[i] = raw->ptr[i];
    }
    (void)berth_text_character(berth_text_make(bytes, len), out_code);
    *raw = berth_text_slice(*raw, used, raw->len);
    return len;
}

static bool is_letter(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* How a text can be written. */
struct look {
    bool plain;      /* without quotes */
    bool literal;    /* as lines */
    size_t newlines; /* at its end */
};

/* Words that some reader takes for a truth value or for nothing. */
static bool is_word(struct berth_text raw)
{
    static const struct berth_text words[] = {
        BERTH_TEXT_INIT("true"), BERTH_TEXT_INIT("false"), BERTH_TEXT_INIT("null"),
        BERTH_TEXT_INIT("yes"),  BERTH_TEXT_INIT("no"),    BERTH_TEXT_INIT("on"),
        BERTH_TEXT_INIT("off"),  BERTH_TEXT_INIT("y"),     BERTH_TEXT_INIT("n")};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (berth_text_equal_nocase(raw, words[i]))
            return true;
    return false;
}

/* Whether a plain text may go on with CODE behind BEFORE. */
static bool is_plain(uint32_t code, uint32_t before, bool key)
{
    static const struct berth_text more = BERTH_TEXT_INIT("0123456789_./+@=-,");
    if (code == ' ' && !key)
        return before != ' ' && before != ':';
    if (code == ':')
        return !key;
    return is_letter(code) || (code < 0x80 && berth_text_find_byte(more, (char)code) != SIZE_MAX);
}

/* BERTH_E_UTF8 for a lone surrogate. */
static enum berth_status look_at(struct berth_text raw, bool key, struct look *out)
{
    char bytes[BERTH_UTF8_MAX];
    struct berth_text rest = raw;
    uint32_t code = 0, before = 0;
    bool lines = false;
    out->plain = !is_word(raw);
    out->literal = !key;
    out->newlines = 0;
    while (rest.len > 0) {
        if (next_character(&rest, bytes, &code) == 0)
            return BERTH_E_UTF8;
        bool first = before == 0;
        out->plain = out->plain && (first ? is_letter(code) || code == '/' : is_plain(code, before, key));
        lines = lines || code == '\n';
        if (is_unprintable(code) || (code < ' ' && code != '\n') ||
            ((first || before == '\n') && (code == ' ' || (first && code == '\n'))))
            out->literal = false;
        out->newlines = code == '\n' ? out->newlines + 1 : 0;
        before = code == 0 ? 1 : code;
    }
    out->plain = out->plain && before != 0 && before != ' ' && before != ':';
    out->literal = out->literal && lines;
    return BERTH_OK;
}

static void put_plain(struct berth_writer *out, struct berth_text raw)
{
    char bytes[BERTH_UTF8_MAX];
    uint32_t code;
    for (size_t len; (len = next_character(&raw, bytes, &code)) > 0;)
        berth_put_bytes(out, bytes, len);
}

/* Lines behind "|", COLUMN blanks in front of each that is not empty; it ends its last line. */
static void put_literal(struct berth_writer *out, struct berth_text raw, const struct look *look,
                        size_t column)
{
    char bytes[BERTH_UTF8_MAX];
    uint32_t code;
    bool begins = true;
    berth_put_string(out, look->newlines == 0 ? "|-\n" : look->newlines == 1 ? "|\n" : "|+\n");
    for (size_t len; (len = next_character(&raw, bytes, &code)) > 0;) {
        if (begins && code != '\n')
            berth_put_repeat(out, ' ', column);
        begins = code == '\n';
        berth_put_bytes(out, bytes, len);
    }
    if (!begins)
        berth_put_char(out, '\n');
}

/* Surrogate pairs are joined: to YAML each half would be a character. */
static void put_quoted(struct berth_writer *out, struct berth_text raw)
{
    char bytes[BERTH_UTF8_MAX];
    uint32_t code;
    berth_put_char(out, '"');
    for (size_t len; (len = next_character(&raw, bytes, &code)) > 0;) {
        if (is_unprintable(code))
            put_escape(out, code);
        else
            berth_json_put_escaped(out, berth_text_make(bytes, len));
    }
    berth_put_char(out, '"');
}

/* ---- Values ----------------------------------------------------------------------------------- */

struct writing {
    const char *p; /* the JSON that is left */
    const char *end;
    struct berth_writer *out;
    size_t depth;
    struct {
        bool map;
        bool on_line; /* its first child stands on the line of the dash before it */
    } levels[BERTH_YAML_DEPTH_MAX];
};

static void skip_space(struct writing *w)
{
    while (w->p != w->end && (uint8_t)*w->p <= ' ')
        w->p++;
}

/* The inside of the text that begins here. */
static struct berth_text take_text(struct writing *w)
{
    const char *from = w->p + 1, *to = berth_json_quote_end(from, w->end);
    while (to != w->end && *to == '\\')
        to = w->end - to >= 2 ? berth_json_quote_end(to + 2, w->end) : w->end;
    w->p = to != w->end ? to + 1 : to;
    return berth_text_make(from, (size_t)(to - from));
}

static enum berth_status put_text_value(struct writing *w)
{
    struct look look;
    struct berth_text raw = take_text(w);
    BERTH_TRY(look_at(raw, false, &look));
    if (look.literal) {
        put_literal(w->out, raw, &look, w->depth > 0 ? 2 * w->depth : 2);
        return BERTH_OK;
    }
    if (look.plain)
        put_plain(w->out, raw);
    else
        put_quoted(w->out, raw);
    berth_put_char(w->out, '\n');
    return BERTH_OK;
}

static void put_word(struct writing *w)
{
    const char *from = w->p;
    while (w->p != w->end && (uint8_t)*w->p > ' ' && *w->p != ',' && *w->p != ']' && *w->p != '}')
        w->p++;
    berth_put_bytes(w->out, from, (size_t)(w->p - from));
    berth_put_char(w->out, '\n');
}

/* The value at w->p; what stands before it is written, without a blank. A collection with something in it is
 * only begun. */
static enum berth_status put_value(struct writing *w, bool after_dash)
{
    bool map = *w->p == '{';
    if (!map && *w->p != '[') {
        berth_put_string(w->out, w->depth > 0 ? " " : "");
        if (*w->p == '"')
            return put_text_value(w);
        put_word(w);
        return BERTH_OK;
    }
    w->p++;
    skip_space(w);
    if (*w->p == '}' || *w->p == ']') {
        w->p++;
        berth_put_string(w->out, w->depth > 0 ? " " : "");
        berth_put_string(w->out, map ? "{}\n" : "[]\n");
        return BERTH_OK;
    }
    if (w->depth == BERTH_YAML_DEPTH_MAX)
        return BERTH_E_DEPTH;
    if (w->depth > 0)
        berth_put_char(w->out, after_dash ? ' ' : '\n');
    w->levels[w->depth].map = map;
    w->levels[w->depth++].on_line = after_dash;
    return BERTH_OK;
}

static enum berth_status put_key(struct writing *w)
{
    struct look look;
    struct berth_text raw = take_text(w);
    /* What a reader takes for a key at most, with its quotes and escapes. */
    struct berth_writer count = {0};
    put_quoted(&count, raw);
    if (count.len > BERTH_YAML_KEY_MAX)
        return BERTH_E_RANGE;
    BERTH_TRY(look_at(raw, true, &look));
    if (look.plain)
        put_plain(w->out, raw);
    else
        put_quoted(w->out, raw);
    skip_space(w);
    w->p++;
    skip_space(w);
    berth_put_char(w->out, ':');
    return BERTH_OK;
}

/* The next child of the innermost collection, or its end. */
static enum berth_status put_child(struct writing *w)
{
    size_t level = w->depth - 1;
    skip_space(w);
    if (*w->p == ',') {
        w->p++;
        skip_space(w);
    }
    if (*w->p == '}' || *w->p == ']') {
        w->p++;
        w->depth--;
        return BERTH_OK;
    }
    if (!w->levels[level].on_line)
        berth_put_repeat(w->out, ' ', 2 * level);
    w->levels[level].on_line = false;
    if (w->levels[level].map) {
        BERTH_TRY(put_key(w));
        return put_value(w, false);
    }
    berth_put_char(w->out, '-');
    return put_value(w, true);
}

enum berth_status berth_yaml_from_json(struct berth_text json, struct berth_writer *out)
{
    struct writing w = {.p = json.ptr, .out = out};
    BERTH_TRY(berth_json_check(json, NULL));
    w.end = json.ptr + json.len;
    skip_space(&w);
    BERTH_TRY(put_value(&w, false));
    while (w.depth > 0)
        BERTH_TRY(put_child(&w));
    return berth_writer_status(out);
}
