/* YAML: characters, places and scalars: where each begins and ends. */
#include "data/yaml.h"

#include <string.h>

uint32_t berth_yaml_skip_blanks(struct berth_text document, uint32_t offset)
{
    while (offset < document.len && berth_yaml_is_blank(document.ptr[offset]))
        offset++;
    return offset;
}

bool berth_yaml_marker_at(struct berth_text document, uint32_t offset)
{
    if (document.len - offset < 3 || !berth_yaml_gap_at(document, offset + 3))
        return false;
    const char *p = document.ptr + offset;
    return (*p == '-' || *p == '.') && p[1] == *p && p[2] == *p;
}

enum berth_status berth_yaml_fail(struct berth_yaml_reader *r, enum berth_status status, uint32_t offset,
                                  const char *reason)
{
    uint32_t column = 1;
    r->error.line = 1;
    for (uint32_t i = r->first; i < offset && i < r->document.len; i++) {
        char c = r->document.ptr[i];
        if (c == '\n') {
            r->error.line++;
            column = 1;
        } else if (((unsigned char)c & 0xC0) != 0x80) {
            column++;
        }
    }
    r->error.column = column;
    r->error.reason = reason;
    r->status = status;
    return status;
}

/* Why the character at P (well-formed UTF-8) may not stand in a document, or NULL. */
static const char *bad_character(const unsigned char *p, const unsigned char *end)
{
    if (*p >= 0x20 && *p < 0x7F)
        return NULL;
    if (*p == '\r')
        return end - p > 1 && p[1] == '\n' ? NULL : "a carriage return without a line feed";
    if (*p == '\t' || *p == '\n')
        return NULL;
    if (*p < 0x20 || *p == 0x7F || (*p == 0xC2 && p[1] < 0xA0 && p[1] != 0x85))
        return "a control character";
    if (*p == 0xEF && p[1] == 0xBB && p[2] == 0xBF)
        return "a byte order mark inside the document";
    if (*p == 0xEF && p[1] == 0xBF && p[2] >= 0xBE)
        return "not a character (U+FFFE or U+FFFF)";
    return NULL;
}

enum berth_status berth_yaml_check_characters(struct berth_yaml_reader *r)
{
    size_t bad;
    if (!berth_text_is_utf8(r->document, &bad))
        return berth_yaml_fail(r, BERTH_E_UTF8, (uint32_t)bad, "not well-formed UTF-8");
    const unsigned char *p = (const unsigned char *)r->document.ptr;
    for (uint32_t i = r->first; i < r->document.len; i++) {
        const char *reason = bad_character(p + i, p + r->document.len);
        if (reason != NULL)
            return berth_yaml_fail(r, BERTH_E_SYNTAX, i, reason);
    }
    return BERTH_OK;
}

enum berth_status berth_yaml_next_line(struct berth_yaml_reader *r, int32_t parent)
{
    struct berth_text doc = r->document;
    uint32_t p = r->pos;
    while (p < doc.len) {
        uint32_t start = p + (doc.ptr[p] == '\r' ? 2 : 1);
        r->line++;
        r->line_start = start;
        p = start;
        while (p < doc.len && doc.ptr[p] == ' ')
            p++;
        uint32_t text = berth_yaml_skip_blanks(doc, p);
        r->pos = text;
        if (text < doc.len && berth_yaml_is_break(doc.ptr[text])) {
            p = text;
            continue;
        }
        if (text == doc.len)
            break;
        if (berth_yaml_marker_at(doc, start) || (int32_t)(p - start) <= parent) {
            r->pos = start;
            return text > p && (int32_t)(p - start) <= parent && doc.ptr[text] != '#'
                       ? berth_yaml_fail(r, BERTH_E_SYNTAX, p, "a tab in indentation")
                       : BERTH_E_MISSING;
        }
        return BERTH_OK;
    }
    r->pos = (uint32_t)doc.len;
    return BERTH_E_MISSING;
}

/* ---- Plain ---- */

static bool is_flow_mark(char c)
{
    return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

/* Whether the colon at OFFSET separates a key from its value. */
static bool colon_separates(struct berth_text document, uint32_t offset, bool flow)
{
    return berth_yaml_gap_at(document, offset + 1) ||
           (flow && is_flow_mark(berth_yaml_at(document, offset + 1)));
}

uint32_t berth_yaml_plain_end(struct berth_text document, uint32_t offset, bool flow,
                              enum berth_yaml_stop *out_stop)
{
    uint32_t end = offset;
    uint32_t p = offset;
    for (;;) {
        char c = berth_yaml_at(document, p);
        if (berth_yaml_is_break(c)) {
            *out_stop = BERTH_YAML_STOP_LINE;
            return end;
        }
        if (berth_yaml_is_blank(c)) {
            p++;
            continue;
        }
        if (c == '#' && p > offset && berth_yaml_is_blank(document.ptr[p - 1])) {
            *out_stop = BERTH_YAML_STOP_COMMENT;
            return end;
        }
        if (c == ':' && colon_separates(document, p, flow)) {
            *out_stop = BERTH_YAML_STOP_COLON;
            return end;
        }
        if (flow && is_flow_mark(c)) {
            *out_stop = BERTH_YAML_STOP_FLOW;
            return end;
        }
        end = ++p;
    }
}

/* Why no plain scalar can begin at OFFSET, or NULL. */
static const char *bad_first(struct berth_text document, uint32_t offset, bool flow)
{
    static const struct {
        char mark;
        const char *reason;
    } REASONS[] = {
        {'&', "anchors (&) are not supported"},
        {'*', "aliases (*) are not supported"},
        {'!', "tags (!) are not supported"},
        {'%', "directives, and plain text that begins with %, are not supported"},
        {'@', "plain text cannot begin with @ (reserved): quote it"},
        {'`', "plain text cannot begin with ` (reserved): quote it"},
        {',', "a comma without a value before it"},
        {']', "a closing bracket ] that nothing opened"},
        {'}', "a closing brace } that nothing opened"},
        {'|', "block text (|) cannot stand here"},
        {'>', "block text (>) cannot stand here"},
        {'#', "a comment needs a blank before its #"},
    };
    char c = berth_yaml_at(document, offset);
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (REASONS[i].mark == c)
            return REASONS[i].reason;
    if (c != '-' && c != '?' && c != ':')
        return NULL;
    char next = berth_yaml_at(document, offset + 1);
    if (!berth_yaml_gap_at(document, offset + 1) && !(flow && is_flow_mark(next)))
        return NULL;
    return c == '-'   ? "a block sequence cannot stand here"
           : c == '?' ? "complex keys (? ) are not supported"
                      : "a key is missing before the colon";
}

static void set_span(struct berth_yaml_event *out, struct berth_text document, uint32_t start, uint32_t end)
{
    out->start = start;
    out->end = end;
    out->content = berth_text_make(document.ptr + start, end - start);
}

enum berth_status berth_yaml_scan_plain(struct berth_yaml_reader *r, int32_t parent, bool flow,
                                        struct berth_yaml_event *out)
{
    struct berth_text doc = r->document;
    const char *reason = bad_first(doc, r->pos, flow);
    if (reason != NULL)
        return berth_yaml_fail(r, BERTH_E_SYNTAX, r->pos, reason);
    uint32_t start = r->pos;
    uint32_t line = r->line;
    uint32_t line_start = r->line_start;
    enum berth_yaml_stop stop;
    uint32_t end = berth_yaml_plain_end(doc, start, flow, &stop);
    uint32_t colon = berth_yaml_skip_blanks(doc, end);
    bool joined = false;
    r->pos = end;
    while (stop == BERTH_YAML_STOP_LINE && end < doc.len) {
        r->pos = berth_yaml_skip_blanks(doc, end);
        line = r->line;
        line_start = r->line_start;
        enum berth_status status = berth_yaml_next_line(r, parent);
        if (r->status != BERTH_OK)
            return status;
        uint32_t next = r->pos;
        if (status != BERTH_OK || berth_yaml_at(doc, next) == '#')
            break;
        uint32_t next_end = berth_yaml_plain_end(doc, next, flow, &stop);
        if (stop == BERTH_YAML_STOP_COLON)
            colon = berth_yaml_skip_blanks(doc, next_end);
        if (next_end == next)
            break;
        end = next_end;
        line = r->line;
        line_start = r->line_start;
        joined = true;
    }
    r->pos = end;
    r->line = line;
    r->line_start = line_start;
    if (stop == BERTH_YAML_STOP_COLON && !flow)
        return berth_yaml_fail(r, BERTH_E_SYNTAX, colon, "a colon and blank inside plain text: quote it");
    out->style = BERTH_YAML_PLAIN;
    set_span(out, doc, start, end);
    out->text = joined ? berth_text_make(NULL, 0) : out->content;
    return BERTH_OK;
}

/* ---- Quoted ---- */

/* Past the quoted scalar at OFFSET when it ends on its line, else NOT_FOUND. */
static uint32_t quoted_end_on_line(struct berth_text document, uint32_t offset)
{
    char quote = document.ptr[offset];
    for (uint32_t p = offset + 1; p < document.len && !berth_yaml_is_break(document.ptr[p]); p++) {
        char c = document.ptr[p];
        if (c == '\\' && quote == '"')
            p++;
        else if (c == quote && quote == '\'' && berth_yaml_at(document, p + 1) == '\'')
            p++;
        else if (c == quote)
            return p + 1;
    }
    return BERTH_YAML_NOT_FOUND;
}

static void set_quoted(struct berth_yaml_event *out, struct berth_text document, uint32_t start, uint32_t end,
                       bool as_is)
{
    out->style = document.ptr[start] == '"' ? BERTH_YAML_DOUBLE : BERTH_YAML_SINGLE;
    out->start = start;
    out->end = end;
    out->content = berth_text_make(document.ptr + start + 1, end - start - 2);
    out->text = as_is ? out->content : berth_text_make(NULL, 0);
}

/* Passes the escape at *P, a backslash. */
static enum berth_status check_escape(struct berth_yaml_reader *r, uint32_t *p)
{
    struct berth_text doc = r->document;
    uint32_t code = 0;
    if (*p + 1 < doc.len && berth_yaml_is_break(doc.ptr[*p + 1])) {
        *p += 1;
        return BERTH_OK;
    }
    size_t len = berth_yaml_escape(doc.ptr + *p + 1, doc.ptr + doc.len, &code);
    if (len == 0)
        return berth_yaml_fail(r, BERTH_E_SYNTAX, *p, "an unknown or incomplete escape");
    if (code > 0x10FFFF)
        return berth_yaml_fail(r, BERTH_E_SYNTAX, *p, "an escape beyond U+10FFFF");
    if (code >= 0xD800 && code < 0xE000)
        return berth_yaml_fail(r, BERTH_E_UTF8, *p, "an escaped lone surrogate");
    *p += 1 + (uint32_t)len;
    return BERTH_OK;
}

/* Goes on to the next line of the quoted scalar that begins at START. */
static enum berth_status next_quoted_line(struct berth_yaml_reader *r, int32_t parent, uint32_t start,
                                          uint32_t *p)
{
    r->pos = *p;
    enum berth_status status = berth_yaml_next_line(r, parent);
    *p = r->pos;
    if (status == BERTH_OK || r->status != BERTH_OK)
        return status;
    if (r->pos == r->document.len)
        return berth_yaml_fail(r, BERTH_E_SYNTAX, start, "a quote that is never closed");
    return berth_yaml_fail(r, BERTH_E_SYNTAX, r->pos,
                           berth_yaml_marker_at(r->document, r->pos)
                               ? "a document marker inside quotes"
                               : "quoted text must be indented more than what holds it");
}

enum berth_status berth_yaml_scan_quoted(struct berth_yaml_reader *r, int32_t parent,
                                         struct berth_yaml_event *out)
{
    struct berth_text doc = r->document;
    uint32_t start = r->pos;
    char quote = doc.ptr[start];
    bool as_is = true;
    uint32_t p = start + 1;
    while (p < doc.len) {
        char c = doc.ptr[p];
        if (berth_yaml_is_break(c)) {
            as_is = false;
            BERTH_TRY(next_quoted_line(r, parent, start, &p));
        } else if (c == '\\' && quote == '"') {
            as_is = false;
            BERTH_TRY(check_escape(r, &p));
        } else if (c == quote && quote == '\'' && berth_yaml_at(doc, p + 1) == '\'') {
            as_is = false;
            p += 2;
        } else if (c == quote) {
            r->pos = p + 1;
            set_quoted(out, doc, start, r->pos, as_is);
            return BERTH_OK;
        } else {
            p++;
        }
    }
    return berth_yaml_fail(r, BERTH_E_SYNTAX, start, "a quote that is never closed");
}

/* ---- Keys ---- */

bool berth_yaml_key_at(struct berth_text document, uint32_t offset, bool flow)
{
    char c = berth_yaml_at(document, offset);
    if (c == '"' || c == '\'') {
        uint32_t end = quoted_end_on_line(document, offset);
        if (end == BERTH_YAML_NOT_FOUND)
            return false;
        end = berth_yaml_skip_blanks(document, end);
        return berth_yaml_at(document, end) == ':' && (flow || berth_yaml_gap_at(document, end + 1));
    }
    enum berth_yaml_stop stop;
    return bad_first(document, offset, flow) == NULL &&
           berth_yaml_plain_end(document, offset, flow, &stop) > offset && stop == BERTH_YAML_STOP_COLON;
}

void berth_yaml_key_read(struct berth_text document, uint32_t offset, bool flow,
                         struct berth_yaml_event *out_key)
{
    enum berth_yaml_stop stop;
    char c = document.ptr[offset];
    if (c == '"' || c == '\'') {
        uint32_t end = quoted_end_on_line(document, offset);
        char special = c == '"' ? '\\' : '\'';
        set_quoted(out_key, document, offset, end,
                   memchr(document.ptr + offset + 1, special, end - offset - 2) == NULL);
        return;
    }
    out_key->style = BERTH_YAML_PLAIN;
    set_span(out_key, document, offset, berth_yaml_plain_end(document, offset, flow, &stop));
    out_key->text = out_key->content;
}

/* ---- Block text ---- */

struct block_head {
    uint32_t explicit_indent; /* 0 = none */
    uint8_t chomp;
};

/* Reads "|", "|2-", ">+ # comment"; afterwards r->pos is at the line's end. */
static enum berth_status scan_block_head(struct berth_yaml_reader *r, struct block_head *out)
{
    struct berth_text doc = r->document;
    uint32_t p = r->pos + 1;
    out->explicit_indent = 0;
    out->chomp = BERTH_YAML_CLIP;
    for (;; p++) {
        char c = berth_yaml_at(doc, p);
        if ((c == '+' || c == '-') && out->chomp == BERTH_YAML_CLIP)
            out->chomp = c == '+' ? BERTH_YAML_KEEP : BERTH_YAML_STRIP;
        else if (c >= '1' && c <= '9' && out->explicit_indent == 0)
            out->explicit_indent = (uint32_t)(c - '0');
        else
            break;
    }
    uint32_t end = berth_yaml_skip_blanks(doc, p);
    if (berth_yaml_at(doc, end) == '#' && end > p)
        while (!berth_yaml_is_break(berth_yaml_at(doc, end)))
            end++;
    if (!berth_yaml_is_break(berth_yaml_at(doc, end)))
        return berth_yaml_fail(r, BERTH_E_SYNTAX, end,
                               "after | or > only 1 to 9, + or -, and a comment can stand");
    r->pos = end;
    return BERTH_OK;
}

/* One line of block text. */
struct block_line {
    uint32_t spaces;
    uint32_t text; /* behind the spaces */
    bool empty;    /* nothing but spaces */
};

static struct block_line block_line_at(struct berth_text doc, uint32_t start)
{
    struct block_line line = {0, start, false};
    while (line.text < doc.len && doc.ptr[line.text] == ' ')
        line.text++;
    line.spaces = line.text - start;
    line.empty = berth_yaml_is_break(berth_yaml_at(doc, line.text));
    return line;
}

static uint32_t next_line_start(struct berth_text doc, uint32_t p)
{
    const char *feed = p >= doc.len ? NULL : memchr(doc.ptr + p, '\n', doc.len - p);
    return feed == NULL ? (uint32_t)doc.len : (uint32_t)(feed - doc.ptr) + 1;
}

/* Moves r->pos to the next line. */
static void pass_line(struct berth_yaml_reader *r)
{
    r->pos = next_line_start(r->document, r->pos);
    if (r->document.ptr[r->pos - 1] == '\n') {
        r->line++;
        r->line_start = r->pos;
    }
}

/* The indentation of block text that begins at START: that of its first line with text. */
static enum berth_status detect_indent(struct berth_yaml_reader *r, uint32_t start, int32_t parent,
                                       uint32_t *out_indent)
{
    struct berth_text doc = r->document;
    uint32_t least = (uint32_t)(parent + 1);
    uint32_t widest = 0;
    uint32_t widest_at = 0;
    for (uint32_t p = start; p < doc.len; p = next_line_start(doc, p)) {
        struct block_line line = block_line_at(doc, p);
        if (line.empty) {
            if (line.spaces > widest) {
                widest = line.spaces;
                widest_at = p;
            }
            continue;
        }
        if (line.spaces < least || berth_yaml_marker_at(doc, p))
            break;
        if (line.spaces < widest)
            return berth_yaml_fail(r, BERTH_E_SYNTAX, widest_at + line.spaces,
                                   "an empty first line of block text with more blanks than its text");
        *out_indent = line.spaces;
        return BERTH_OK;
    }
    *out_indent = widest > least ? widest : least;
    return BERTH_OK;
}

enum berth_status berth_yaml_scan_block(struct berth_yaml_reader *r, int32_t parent,
                                        struct berth_yaml_event *out)
{
    struct berth_text doc = r->document;
    struct block_head head;
    uint32_t indent = 0;
    uint32_t start = r->pos;
    out->style = doc.ptr[start] == '|' ? BERTH_YAML_LITERAL : BERTH_YAML_FOLDED;
    BERTH_TRY(scan_block_head(r, &head));
    pass_line(r);
    uint32_t first = r->pos;
    if (head.explicit_indent != 0)
        indent = (uint32_t)(parent < 0 ? 0 : parent) + head.explicit_indent;
    else
        BERTH_TRY(detect_indent(r, first, parent, &indent));
    while (r->pos < doc.len) {
        struct block_line line = block_line_at(doc, r->pos);
        if (!line.empty && (line.spaces < indent || berth_yaml_marker_at(doc, r->pos))) {
            if (doc.ptr[line.text] == '\t')
                return berth_yaml_fail(r, BERTH_E_SYNTAX, line.text, "a tab in indentation");
            break;
        }
        pass_line(r);
    }
    out->start = start;
    out->end = r->pos;
    out->content = berth_text_make(doc.ptr + first, r->pos - first);
    out->text = berth_text_make(NULL, 0);
    out->indent = indent;
    out->chomp = head.chomp;
    return BERTH_OK;
}
