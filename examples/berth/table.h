/* Tables for people, written row by row: a list of any length needs no memory. */
#ifndef BERTH_PROGRAM_TABLE_H
#define BERTH_PROGRAM_TABLE_H

#include "out.h"

struct column {
    const char *title;
    unsigned width; /* columns on the screen; 0: takes what is left (the last one only) */
    bool right;     /* numbers */
};

struct table {
    struct out *out;
    const struct column *columns;
    size_t count;
    size_t rows;
};

/* Nothing is written before the first row, so that an empty list prints nothing. */
void table_init(struct table *t, struct out *out, const struct column *columns, size_t count);
/* One cell for each column. Longer cells of fixed columns push the row to the right rather than being cut; on
 * a terminal the last one wraps, goes to a line of its own when little room is left, and on a very narrow
 * terminal each row becomes "TITLE value" lines. */
void table_row(struct table *t, const struct berth_text *cells);
void table_row_coloured(struct table *t, const struct berth_text *cells, size_t coloured, enum colour colour);

/* One "title  value" line of a record; VALUE wraps on a terminal. */
void record_line(struct out *out, const char *title, struct berth_text value);

#endif
