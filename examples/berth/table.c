/* Tables for people. */
#include "table.h"

enum {
    GAP = 2,       /* blanks between columns */
    FLEX_MIN = 16, /* less room than this: the last column gets a line of its own */
    OWN_LINE_INDENT = 4,
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
    if (o->width <= indent + 1) {
        out_safe(o, text);
        return;
    }
    while (text.len > 0) {
        struct berth_text part = text_fit(text, o->width - indent);
        out_safe(o, part);
        text = berth_text_slice(text, part.len, text.len);
        if (text.len > 0) {
            out_string(o, "\n");
            out_repeat(o, ' ', indent);
        }
    }
}

/* LAST: nothing stands behind it in its line. */
static void cell(struct out *o, const struct column *column, struct berth_text text, bool last)
{
    unsigned used = text_columns(text);
    unsigned pad = used < column->width ? column->width - used : 0;
    if (column->right)
        out_repeat(o, ' ', pad);
    out_safe(o, text);
    if (!column->right && !last)
        out_repeat(o, ' ', pad);
    if (!last)
        out_repeat(o, ' ', GAP);
}

static void header(struct table *t)
{
    struct out *o = t->out;
    out_colour(o, COLOUR_BOLD);
    for (size_t i = 0; i < t->count; i++)
        cell(o, &t->columns[i], berth_text_of(t->columns[i].title), i + 1 == t->count);
    out_colour(o, COLOUR_NONE);
    out_string(o, "\n");
}

static void as_record(struct table *t, const struct berth_text *cells)
{
    if (t->rows > 0)
        out_string(t->out, "\n");
    for (size_t i = 0; i < t->count; i++)
        record_line(t->out, t->columns[i].title, cells[i]);
}

void table_row_coloured(struct table *t, const struct berth_text *cells, size_t coloured, enum colour colour)
{
    struct out *o = t->out;
    unsigned fixed = fixed_width(t);
    if (o->width > 0 && o->width + GAP < fixed) {
        as_record(t, cells);
        t->rows++;
        return;
    }
    if (t->rows++ == 0)
        header(t);
    unsigned at = 0;
    size_t count = t->count;
    while (count > 1 && cells[count - 1].len == 0)
        count--;
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &t->columns[i];
        if (i == coloured)
            out_colour(o, colour);
        if (column->width > 0) {
            cell(o, column, cells[i], i + 1 == count);
            unsigned used = text_columns(cells[i]);
            at += (used > column->width ? used : column->width) + GAP;
        } else if (o->width > 0 && at + FLEX_MIN > o->width && text_columns(cells[i]) + at > o->width) {
            out_string(o, "\n");
            out_repeat(o, ' ', OWN_LINE_INDENT);
            wrap(o, cells[i], OWN_LINE_INDENT);
        } else {
            wrap(o, cells[i], at);
        }
        if (i == coloured)
            out_colour(o, COLOUR_NONE);
    }
    out_string(o, "\n");
}

void table_row(struct table *t, const struct berth_text *cells)
{
    table_row_coloured(t, cells, t->count, COLOUR_NONE);
}

void record_line(struct out *o, const char *title, struct berth_text value)
{
    struct column column = {title, TITLE_WIDTH, false};
    out_colour(o, COLOUR_DIM);
    cell(o, &column, berth_text_of(title), false);
    out_colour(o, COLOUR_NONE);
    wrap(o, value, TITLE_WIDTH + GAP);
    out_string(o, "\n");
}
