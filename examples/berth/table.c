/* Tables for people. */
#include "table.h"

enum {
    GAP = 2,       /* blanks between columns */
    FLEX_MIN = 16, /* less room than this: the last column gets a line of its own */
    OWN_LINE_INDENT = 4,
    ROOM_MIN = 8, /* a line of wrapped text has at least this */
    TITLE_WIDTH = 14
};

void table_init(struct table *t, struct out *out, const struct column *columns, size_t count)
{
    t->out = out;
    t->columns = columns;
    t->count = count;
    t->rows = 0;
}

static unsigned fixed_width(const struct table *t)
{
    unsigned width = 0;
    for (size_t i = 0; i < t->count && t->columns[i].width > 0; i++)
        width += t->columns[i].width + GAP;
    return width;
}

/* TEXT, wrapped at the terminal's width, continued at column INDENT. */
static void wrap(struct out *o, struct berth_text text, unsigned indent)
{
    unsigned room = o->width > indent + ROOM_MIN ? o->width - indent : ROOM_MIN;
    if (o->width == 0 || text_columns(text) <= room) {
        out_safe(o, text);
        return;
    }
    while (text.len > 0) {
        struct berth_text part = text_fit(text, room);
        text = berth_text_slice(text, part.len, text.len);
        out_safe(o, berth_text_trim(part));
        while (text.len > 0 && text.ptr[0] == ' ')
            text = berth_text_slice(text, 1, text.len);
        if (text.len > 0) {
            out_string(o, "\n");
            out_repeat(o, ' ', indent);
        }
    }
}

/* A line of a table under way: blanks are put before the next cell, so that none end a line. */
struct line {
    struct out *out;
    unsigned at;      /* columns so far, blanks to come included */
    unsigned pending; /* of them, blanks to come */
};

static void line_cell(struct line *line, const struct column *column, struct berth_text text,
                      enum colour colour)
{
    struct out *o = line->out;
    unsigned used = text_columns(text);
    unsigned pad = used < column->width ? column->width - used : 0;
    if (text.len > 0) {
        out_repeat(o, ' ', line->pending + (column->right ? pad : 0));
        line->pending = 0;
        if (colour != COLOUR_NONE)
            out_colour(o, colour);
        out_safe(o, text);
        if (colour != COLOUR_NONE)
            out_colour(o, COLOUR_NONE);
    }
    line->pending += GAP + (column->right && text.len > 0 ? 0 : pad);
    line->at += used + pad + GAP;
}

/* The last column has no width of its own: it takes what is left of the line, or a line of its own. */
static void line_end(struct line *line, struct berth_text text)
{
    struct out *o = line->out;
    bool crowded = o->width > 0 && line->at + FLEX_MIN > o->width && text_columns(text) + line->at > o->width;
    if (crowded) {
        out_string(o, "\n");
        line->at = line->pending = OWN_LINE_INDENT;
    }
    if (text.len > 0) {
        out_repeat(o, ' ', line->pending);
        wrap(o, text, line->at);
    }
}

static void header(struct table *t)
{
    struct line line = {t->out, 0, 0};
    out_colour(t->out, COLOUR_BOLD);
    for (size_t i = 0; i < t->count; i++) {
        struct berth_text title = berth_text_of(t->columns[i].title);
        if (t->columns[i].width > 0)
            line_cell(&line, &t->columns[i], title, COLOUR_NONE);
        else
            line_end(&line, title);
    }
    out_colour(t->out, COLOUR_NONE);
    out_string(t->out, "\n");
}

static void as_record(struct table *t, const struct berth_text *cells)
{
    if (t->rows > 0)
        out_string(t->out, "\n");
    for (size_t i = 0; i < t->count; i++) {
        if (cells[i].len > 0)
            record_line(t->out, t->columns[i].title, cells[i]);
    }
}

void table_row_coloured(struct table *t, const struct berth_text *cells, size_t coloured, enum colour colour)
{
    struct line line = {t->out, 0, 0};
    if (t->out->width > 0 && t->out->width + GAP < fixed_width(t)) {
        as_record(t, cells);
        t->rows++;
        return;
    }
    if (t->rows++ == 0)
        header(t);
    for (size_t i = 0; i < t->count; i++) {
        if (t->columns[i].width > 0)
            line_cell(&line, &t->columns[i], cells[i], i == coloured ? colour : COLOUR_NONE);
        else
            line_end(&line, cells[i]);
    }
    out_string(t->out, "\n");
}

void table_row(struct table *t, const struct berth_text *cells)
{
    table_row_coloured(t, cells, t->count, COLOUR_NONE);
}

void record_line(struct out *o, const char *title, struct berth_text value)
{
    unsigned indent = TITLE_WIDTH + GAP;
    out_colour(o, COLOUR_DIM);
    out_string(o, title);
    out_colour(o, COLOUR_NONE);
    if (o->width > 0 && o->width < indent + FLEX_MIN) {
        indent = GAP;
        out_string(o, "\n");
        out_repeat(o, ' ', indent);
    } else {
        out_repeat(o, ' ', indent - text_columns(berth_text_of(title)));
    }
    wrap(o, value, indent);
    out_string(o, "\n");
}
