/* YAML: from lines and indentation to events, without recursion. */
#include "data/yaml.h"

#include <string.h>

/* What a level is. Flow collections come last. */
enum { BLOCK_SEQUENCE, BLOCK_MAPPING, FLOW_SEQUENCE, FLOW_MAPPING, FLOW_PAIR };

/* What is due in a level. */
enum {
    FIRST, /* FLOW: an item or key, or the closing bracket */
    ITEM,  /* an item or a key */
    VALUE, /* a key's value */
    NEXT   /* FLOW: a comma or the closing bracket */
};

enum { BEFORE_ROOT, BEHIND_ROOT, DONE };

#define TOP(r) (&(r)->levels[(r)->depth - 1])

bool berth_yaml_in_flow(const struct berth_yaml_reader *r)
{
    return r->depth > 0 && TOP(r)->kind >= FLOW_SEQUENCE;
}

enum berth_status berth_yaml_reader_init(struct berth_yaml_reader *r, struct berth_text document,
                                         struct berth_yaml_key *keys, size_t key_cap)
{
    memset(r, 0, sizeof *r);
    r->line = 1;
    if (document.len >= UINT32_MAX)
        return berth_yaml_fail(r, BERTH_E_RANGE, 0, "a document of 4 GiB or more");
    r->document = document;
    r->keys = keys;
    r->key_cap = keys == NULL ? 0 : key_cap > UINT16_MAX ? UINT16_MAX : (uint32_t)key_cap;
    if (berth_text_starts(document, BERTH_TEXT("\xEF\xBB\xBF")))
        r->first = 3;
    r->pos = r->line_start = r->column_pos = r->last_end = r->first;
    return berth_yaml_check_characters(r);
}

/* ---- Places ---- */

/* The column of OFFSET, on the current line; counted on from the last place that was asked for. */
static uint32_t column_of(struct berth_yaml_reader *r, uint32_t offset)
{
    if (r->column_pos < r->line_start) {
        r->column_pos = r->line_start;
        r->column = 0;
    }
    for (; r->column_pos < offset; r->column_pos++)
        r->column += ((unsigned char)r->document.ptr[r->column_pos] & 0xC0) != 0x80;
    return r->column + 1;
}

/* Begins an event at r->pos. */
static void begin(struct berth_yaml_reader *r, struct berth_yaml_event *ev, enum berth_yaml_event_type type)
{
    memset(ev, 0, sizeof *ev);
    ev->type = (uint8_t)type;
    ev->depth = r->depth;
    ev->line = r->line;
    ev->column = column_of(r, r->pos);
    ev->start = ev->end = r->pos;
}

static enum berth_status fail_here(struct berth_yaml_reader *r, const char *reason)
{
    return berth_yaml_fail(r, BERTH_E_SYNTAX, r->pos, reason);
}

/* Whether a dash that begins an item is at r->pos. */
static bool at_dash(const struct berth_yaml_reader *r)
{
    return berth_yaml_at(r->document, r->pos) == '-' && berth_yaml_gap_at(r->document, r->pos + 1);
}

/* The indentation of the token at r->pos; -1 at the end. */
static int32_t indent_of(const struct berth_yaml_reader *r)
{
    return r->at_end ? -1 : (int32_t)(r->pos - r->line_start);
}

/* Over blanks, comments and line breaks. */
static void pass_space(struct berth_yaml_reader *r)
{
    struct berth_text doc = r->document;
    for (;;) {
        r->pos = berth_yaml_skip_blanks(doc, r->pos);
        if (r->pos == doc.len)
            return;
        char c = doc.ptr[r->pos];
        if (c == '#' && (r->pos == r->line_start || berth_yaml_is_blank(doc.ptr[r->pos - 1]))) {
            while (!berth_yaml_is_break(berth_yaml_at(doc, r->pos)))
                r->pos++;
        } else if (berth_yaml_is_break(c)) {
            r->pos += c == '\r' ? 2 : 1;
            r->line++;
            r->line_start = r->pos;
            r->line_used = false;
        } else {
            return;
        }
    }
}

static enum berth_status text_behind(struct berth_yaml_reader *r)
{
    switch (berth_yaml_at(r->document, r->pos)) {
    case ':':
        if (!berth_yaml_gap_at(r->document, r->pos + 1))
            return fail_here(r, "a blank is due behind the colon");
        return fail_here(
            r, "a colon behind what cannot be a key: a key is one plain or quoted text on one line");
    case '#':
        return fail_here(r, "a comment needs a blank before its #");
    default:
        return fail_here(r, "text behind the end of a value");
    }
}

/* To the next token. The end of the document, and a marker, are r->at_end in block context. */
static enum berth_status skip(struct berth_yaml_reader *r)
{
    struct berth_text doc = r->document;
    bool flow = berth_yaml_in_flow(r);
    int32_t parent = r->depth > 0 ? TOP(r)->indent : -1;
    pass_space(r);
    r->at_end = r->pos == doc.len;
    if (r->at_end)
        return flow ? berth_yaml_fail(r, BERTH_E_SYNTAX, TOP(r)->start, "a bracket that is never closed")
                    : BERTH_OK;
    uint32_t spaces = r->line_start;
    while (berth_yaml_at(doc, spaces) == ' ')
        spaces++;
    bool first = berth_yaml_skip_blanks(doc, spaces) == r->pos;
    int32_t indent = (int32_t)(spaces - r->line_start);
    if (first && spaces < r->pos && (!flow || indent <= (parent < 0 ? 0 : parent)))
        return berth_yaml_fail(r, BERTH_E_SYNTAX, spaces, "a tab in indentation");
    if (r->pos == r->line_start && berth_yaml_marker_at(doc, r->pos)) {
        r->at_end = true;
        return flow ? fail_here(r, "a document marker inside brackets") : BERTH_OK;
    }
    if (!flow)
        return !first && r->line_used ? text_behind(r) : BERTH_OK;
    char c = doc.ptr[r->pos];
    if (first && indent <= parent && !(indent == parent && (c == ']' || c == '}')))
        return fail_here(
            r,
            "inside brackets lines are indented more than what holds them; or a closing bracket is missing");
    return BERTH_OK;
}

/* Whether nothing but blanks and a comment follows on the line; otherwise goes to what follows. */
static bool line_ends(struct berth_yaml_reader *r)
{
    uint32_t p = berth_yaml_skip_blanks(r->document, r->pos);
    char c = berth_yaml_at(r->document, p);
    if (berth_yaml_is_break(c) || (c == '#' && p > r->pos))
        return true;
    r->pos = p;
    return false;
}

/* ---- Levels ---- */

static enum berth_status open_level(struct berth_yaml_reader *r, struct berth_yaml_event *ev, uint8_t kind,
                                    int32_t indent)
{
    bool block = kind < FLOW_SEQUENCE;
    if (r->depth == BERTH_YAML_DEPTH_MAX)
        return berth_yaml_fail(r, BERTH_E_DEPTH, r->pos, "nested deeper than 32");
    const char *line = r->document.ptr + r->line_start;
    const char *tab = block && indent > 0 ? memchr(line, '\t', (size_t)indent) : NULL;
    if (tab != NULL)
        return berth_yaml_fail(r, BERTH_E_SYNTAX, (uint32_t)(tab - r->document.ptr), "a tab in indentation");
    begin(r, ev,
          kind == BLOCK_SEQUENCE || kind == FLOW_SEQUENCE ? BERTH_YAML_SEQUENCE_START
                                                          : BERTH_YAML_MAPPING_START);
    ev->style = block ? BERTH_YAML_BLOCK : BERTH_YAML_FLOW;
    r->depth++;
    TOP(r)->start = r->pos;
    TOP(r)->indent = indent;
    TOP(r)->key_base = (uint16_t)r->key_count;
    TOP(r)->kind = kind;
    TOP(r)->state = block || kind == FLOW_PAIR ? ITEM : FIRST;
    if (kind == FLOW_SEQUENCE || kind == FLOW_MAPPING)
        r->pos++;
    return BERTH_OK;
}

static enum berth_status close_level(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    uint8_t kind = TOP(r)->kind;
    if (r->keys != NULL)
        berth_yaml_keys_pop(r, TOP(r)->key_base);
    if (kind == FLOW_SEQUENCE || kind == FLOW_MAPPING)
        r->last_end = ++r->pos;
    r->depth--;
    begin(r, ev,
          kind == BLOCK_SEQUENCE || kind == FLOW_SEQUENCE ? BERTH_YAML_SEQUENCE_END : BERTH_YAML_MAPPING_END);
    ev->style = kind < FLOW_SEQUENCE ? BERTH_YAML_BLOCK : BERTH_YAML_FLOW;
    ev->start = ev->end = r->last_end;
    if (kind >= FLOW_SEQUENCE && !berth_yaml_in_flow(r))
        r->line_used = true;
    return BERTH_OK;
}

/* ---- Nodes ---- */

/* A value that is not written; BEGUN is the event, begun where it would stand. */
static enum berth_status nothing(struct berth_yaml_reader *r, struct berth_yaml_event *begun)
{
    begun->content = begun->text = berth_text_make(r->document.ptr + begun->start, 0);
    if (r->last_end < begun->start)
        r->last_end = (uint32_t)begun->start;
    return BERTH_OK;
}

static enum berth_status scalar(struct berth_yaml_reader *r, struct berth_yaml_event *ev, int32_t parent)
{
    bool flow = berth_yaml_in_flow(r);
    char c = r->document.ptr[r->pos];
    begin(r, ev, BERTH_YAML_SCALAR);
    r->line_used = true;
    if (c == '"' || c == '\'') {
        BERTH_TRY(berth_yaml_scan_quoted(r, parent, ev));
    } else if (!flow && (c == '|' || c == '>')) {
        BERTH_TRY(berth_yaml_scan_block(r, parent, ev));
        r->line_used = false;
    } else {
        BERTH_TRY(berth_yaml_scan_plain(r, parent, flow, ev));
    }
    r->last_end = (uint32_t)ev->end;
    return BERTH_OK;
}

/* The node at r->pos. BLOCK_OK: a block collection may begin here. */
static enum berth_status node(struct berth_yaml_reader *r, struct berth_yaml_event *ev, int32_t parent,
                              bool block_ok)
{
    struct berth_text doc = r->document;
    char c = doc.ptr[r->pos];
    if (c == '[' || c == '{')
        return open_level(r, ev, c == '[' ? FLOW_SEQUENCE : FLOW_MAPPING, parent);
    bool sequence = at_dash(r);
    if (!berth_yaml_in_flow(r) && (sequence || berth_yaml_key_at(doc, r->pos, false))) {
        if (block_ok)
            return open_level(r, ev, sequence ? BLOCK_SEQUENCE : BLOCK_MAPPING, indent_of(r));
        if (sequence || r->depth == 0 || c == '"' || c == '\'')
            return fail_here(r, "a block collection must begin on a line of its own");
    }
    return scalar(r, ev, parent);
}

/* The key at r->pos, and past it. */
static enum berth_status key(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    struct berth_text doc = r->document;
    bool flow = berth_yaml_in_flow(r);
    char c = doc.ptr[r->pos];
    uint32_t line = r->line;
    begin(r, ev, BERTH_YAML_KEY);
    if (c == '[' || c == '{')
        return fail_here(r, "a collection as a key is not supported");
    if (!flow && c != '"' && c != '\'' && berth_yaml_key_at(doc, r->pos, false)) {
        berth_yaml_key_read(doc, r->pos, false, ev);
        r->pos = (uint32_t)ev->end;
    } else {
        BERTH_TRY(scalar(r, ev, TOP(r)->indent));
        ev->type = BERTH_YAML_KEY;
        if (r->line != line || ev->style >= BERTH_YAML_LITERAL)
            return berth_yaml_fail(r, BERTH_E_SYNTAX, (uint32_t)ev->start, "a key must stand on one line");
    }
    r->last_end = (uint32_t)ev->end;
    r->line_used = false;
    if (ev->end - ev->start > BERTH_YAML_KEY_MAX)
        return berth_yaml_fail(r, BERTH_E_SYNTAX, (uint32_t)ev->start, "a key longer than 1024 bytes");
    if (ev->style == BERTH_YAML_PLAIN && berth_text_equal(ev->text, BERTH_TEXT("<<")))
        return berth_yaml_fail(r, BERTH_E_SYNTAX, (uint32_t)ev->start, "merge keys (<<) are not supported");
    TOP(r)->state = VALUE;
    if (r->keys == NULL || r->keys_known)
        return BERTH_OK;
    ev->repeated = berth_yaml_keys_find(r, ev) != NULL;
    return ev->repeated ? BERTH_OK : berth_yaml_keys_push(r, ev);
}

/* ---- Block collections ---- */

/* What follows a dash, or a key's colon, at r->pos. */
static enum berth_status block_value(struct berth_yaml_reader *r, struct berth_yaml_event *ev, bool mapping)
{
    int32_t indent = TOP(r)->indent;
    begin(r, ev, BERTH_YAML_SCALAR);
    if (!line_ends(r))
        return node(r, ev, indent, !mapping);
    BERTH_TRY(skip(r));
    if (indent_of(r) > indent || (mapping && indent_of(r) == indent && at_dash(r)))
        return node(r, ev, indent, true);
    return nothing(r, ev);
}

static enum berth_status in_block_sequence(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    BERTH_TRY(skip(r));
    int32_t indent = TOP(r)->indent;
    int32_t found = indent_of(r);
    if (found > indent)
        return fail_here(r, "indented more than the items before it");
    if (found == indent && at_dash(r)) {
        r->last_end = ++r->pos;
        return block_value(r, ev, false);
    }
    bool level_with_key = r->depth > 1 && r->levels[r->depth - 2].kind == BLOCK_MAPPING &&
                          r->levels[r->depth - 2].indent == indent;
    if (found < indent || level_with_key)
        return close_level(r, ev);
    return fail_here(r, "an item (- ) is due here");
}

static enum berth_status in_block_mapping(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    int32_t indent = TOP(r)->indent;
    if (TOP(r)->state == VALUE) {
        TOP(r)->state = ITEM;
        r->last_end = ++r->pos; /* the colon, which key() saw */
        return block_value(r, ev, true);
    }
    BERTH_TRY(skip(r));
    int32_t found = indent_of(r);
    if (found < indent)
        return close_level(r, ev);
    if (found > indent)
        return fail_here(r, "indented more than the keys before it");
    if (at_dash(r))
        return fail_here(r, "an item (- ) where a key is due");
    BERTH_TRY(key(r, ev));
    r->pos = berth_yaml_skip_blanks(r->document, r->pos);
    if (berth_yaml_at(r->document, r->pos) != ':' || !berth_yaml_gap_at(r->document, r->pos + 1))
        return fail_here(r, "a colon and a blank are due behind the key");
    return BERTH_OK;
}

/* ---- Flow collections ---- */

/* A key's value: r->pos is behind the key. */
static enum berth_status flow_value(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    begin(r, ev, BERTH_YAML_SCALAR);
    BERTH_TRY(skip(r));
    char c = r->document.ptr[r->pos];
    if (c == ':') {
        r->last_end = ++r->pos;
        begin(r, ev, BERTH_YAML_SCALAR);
        BERTH_TRY(skip(r));
        c = r->document.ptr[r->pos];
    } else if (c != ',' && c != '}') {
        return fail_here(r, "a colon, a comma or } is due here");
    }
    TOP(r)->state = NEXT;
    if (c == ',' || c == '}' || c == ']')
        return nothing(r, ev);
    return node(r, ev, TOP(r)->indent, false);
}

/* In brackets: past a comma when one is due. True in OUT_CLOSED when the closing bracket is at r->pos. */
static enum berth_status flow_comma(struct berth_yaml_reader *r, char close, bool *out_closed)
{
    struct berth_text doc = r->document;
    BERTH_TRY(skip(r));
    if (TOP(r)->state == NEXT && doc.ptr[r->pos] != close) {
        if (doc.ptr[r->pos] != ',')
            return fail_here(r, close == ']' ? "a comma or ] is due here" : "a comma or } is due here");
        r->pos++;
        TOP(r)->state = ITEM;
        BERTH_TRY(skip(r));
    }
    *out_closed = doc.ptr[r->pos] == close;
    return BERTH_OK;
}

static enum berth_status in_flow_sequence(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    bool closed = false;
    BERTH_TRY(flow_comma(r, ']', &closed));
    if (closed)
        return close_level(r, ev);
    TOP(r)->state = NEXT;
    if (berth_yaml_key_at(r->document, r->pos, true))
        return open_level(r, ev, FLOW_PAIR, TOP(r)->indent);
    return node(r, ev, TOP(r)->indent, false);
}

static enum berth_status in_flow_mapping(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    bool closed = false;
    if (TOP(r)->state == VALUE)
        return flow_value(r, ev);
    BERTH_TRY(flow_comma(r, '}', &closed));
    return closed ? close_level(r, ev) : key(r, ev);
}

/* [a: b]: a mapping of one key that has no braces. */
static enum berth_status in_flow_pair(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    if (TOP(r)->state == VALUE)
        return flow_value(r, ev);
    return TOP(r)->state == NEXT ? close_level(r, ev) : key(r, ev);
}

/* ---- Document ---- */

static enum berth_status document_end(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    struct berth_text doc = r->document;
    if (r->pos < doc.len && doc.ptr[r->pos] == '.') {
        r->pos += 3;
        r->line_used = false;
        BERTH_TRY(skip(r));
    }
    if (r->pos < doc.len)
        return fail_here(r, "more than one document");
    r->stage = DONE;
    begin(r, ev, BERTH_YAML_END);
    return BERTH_OK;
}

static enum berth_status root(struct berth_yaml_reader *r, struct berth_yaml_event *ev)
{
    struct berth_text doc = r->document;
    BERTH_TRY(skip(r));
    if (r->stage == BEHIND_ROOT)
        return r->at_end ? document_end(r, ev)
                         : fail_here(r, "behind the document's value, or indented less than its first line");
    if (r->at_end && r->pos < doc.len && doc.ptr[r->pos] == '-') {
        r->pos += 3;
        r->stage = BEHIND_ROOT;
        if (!line_ends(r))
            return node(r, ev, -1, false);
        BERTH_TRY(skip(r));
    }
    if (r->at_end)
        return document_end(r, ev);
    if (r->pos == r->line_start && doc.ptr[r->pos] == '%')
        return fail_here(r, "directives (%) are not supported");
    r->stage = BEHIND_ROOT;
    return node(r, ev, -1, true);
}

enum berth_status berth_yaml_next(struct berth_yaml_reader *r, struct berth_yaml_event *out_event)
{
    static enum berth_status (*const STEPS[])(struct berth_yaml_reader *, struct berth_yaml_event *) = {
        in_block_sequence, in_block_mapping, in_flow_sequence, in_flow_mapping, in_flow_pair,
    };
    if (r->status != BERTH_OK)
        return r->status;
    if (r->depth > 0)
        return STEPS[TOP(r)->kind](r, out_event);
    if (r->stage == DONE) {
        begin(r, out_event, BERTH_YAML_END);
        return BERTH_OK;
    }
    return root(r, out_event);
}

enum berth_status berth_yaml_skip(struct berth_yaml_reader *r, const struct berth_yaml_event *from,
                                  struct berth_yaml_event *out_last)
{
    struct berth_yaml_event ev = *from;
    uint8_t depth = from->depth;
    if (from->type == BERTH_YAML_KEY)
        BERTH_TRY(berth_yaml_next(r, &ev));
    bool open = ev.type == BERTH_YAML_MAPPING_START || ev.type == BERTH_YAML_SEQUENCE_START;
    while (open) {
        BERTH_TRY(berth_yaml_next(r, &ev));
        open = ev.depth > depth || (ev.type != BERTH_YAML_MAPPING_END && ev.type != BERTH_YAML_SEQUENCE_END);
    }
    if (out_last != NULL)
        *out_last = ev;
    return BERTH_OK;
}

void berth_yaml_move(struct berth_yaml_reader *r, uint32_t offset, uint32_t line)
{
    if (line != r->line) {
        r->line_start = offset;
        while (r->line_start > r->first && r->document.ptr[r->line_start - 1] != '\n')
            r->line_start--;
    }
    r->line = line;
    r->pos = offset;
    r->column_pos = offset; /* counting from the line's beginning each time would take for ever */
    r->line_used = false;
    TOP(r)->state = ITEM;
}
