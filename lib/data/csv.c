/* CSV: rows through a window of fixed size, cells with as few quotes as possible. */
#include "berth/csv.h"

#include <string.h>

/* Where in a row a byte stands. */
enum place { CELL_START, UNQUOTED, QUOTED, AFTER_QUOTE };

/* The place behind C, for a C that ends neither cell nor row. */
static enum place step(enum place place, char c)
{
    switch (place) {
    case CELL_START:
        return c == '"' ? QUOTED : UNQUOTED;
    case QUOTED:
        return c == '"' ? AFTER_QUOTE : QUOTED;
    case AFTER_QUOTE: /* a second quote was a doubled one; anything else is outside from here on */
        return c == '"' ? QUOTED : UNQUOTED;
    case UNQUOTED:
        break;
    }
    return UNQUOTED;
}

void berth_csv_reader_init(struct berth_csv_reader *r, struct berth_source source, char *window, size_t cap)
{
    memset(r, 0, sizeof *r);
    r->source = source;
    r->window = window;
    r->cap = cap;
    r->line = 1;
}

static enum berth_status broken(struct berth_csv_reader *r, enum berth_status status, uint32_t line)
{
    r->error_line = line;
    r->status = status;
    return status;
}

/* More bytes into the window; source_ended when there are none. */
static enum berth_status fill_window(struct berth_csv_reader *r)
{
    if (r->to == r->cap) {
        if (r->from == 0)
            return broken(r, BERTH_E_SPACE, r->line);
        memmove(r->window, r->window + r->from, r->to - r->from);
        r->to -= r->from;
        r->from = 0;
    }
    ptrdiff_t got = r->source.read(r->source.ctx, r->window + r->to, r->cap - r->to);
    if (got == BERTH_E_WOULD_BLOCK)
        return BERTH_E_WOULD_BLOCK; /* the row is begun again from its first byte */
    if (got < 0)
        return broken(r, (enum berth_status)got, r->line);
    r->to += (size_t)got;
    r->source_ended = got == 0;
    return BERTH_OK;
}

static void advance(struct berth_csv_reader *r, size_t bytes)
{
    r->from += bytes;
    r->offset += bytes;
}

static enum berth_status pass_mark(struct berth_csv_reader *r)
{
    while (r->to - r->from < 3 && !r->source_ended)
        BERTH_TRY(fill_window(r));
    if (berth_text_starts(berth_text_make(r->window + r->from, r->to - r->from), BERTH_TEXT("\xEF\xBB\xBF")))
        advance(r, 3);
    r->started = true;
    return BERTH_OK;
}

/* How far a row has been looked at. */
struct scan {
    enum place place;
    size_t len;
    uint32_t lines;      /* line ends in quotes so far */
    uint32_t quote_line; /* how many of them before the last opening quote */
};

/* Looks on, in the HAVE bytes at ROW; true at the LF that ends the row. */
static bool scan_row(struct scan *scan, const char *row, size_t have)
{
    enum place place = scan->place;
    size_t len = scan->len;
    for (; len < have; len++) {
        char c = row[len];
        if (place == QUOTED) {
            place = c == '"' ? AFTER_QUOTE : QUOTED;
            scan->lines += c == '\n';
        } else if (c == '\n') {
            break;
        } else if (c == ',') {
            place = CELL_START;
        } else {
            if (place == CELL_START && c == '"')
                scan->quote_line = scan->lines;
            place = step(place, c);
        }
    }
    scan->place = place;
    scan->len = len;
    return len < have;
}

/* Finds the end of the row that begins at `from`: *out_len bytes and the line end behind them, *out_lines
 * line ends altogether. */
static enum berth_status find_end(struct berth_csv_reader *r, size_t *out_len, size_t *out_end_len,
                                  uint32_t *out_lines)
{
    struct scan scan = {CELL_START, 0, 0, 0};
    while (!scan_row(&scan, r->window + r->from, r->to - r->from)) {
        if (!r->source_ended)
            BERTH_TRY(fill_window(r));
        if (!r->source_ended)
            continue;
        if (scan.place == QUOTED)
            return broken(r, BERTH_E_SYNTAX, r->line + scan.quote_line);
        *out_len = scan.len;
        *out_end_len = 0;
        *out_lines = scan.lines;
        return BERTH_OK;
    }
    *out_end_len = scan.len > 0 && r->window[r->from + scan.len - 1] == '\r' ? 2 : 1;
    *out_len = scan.len + 1 - *out_end_len;
    *out_lines = scan.lines + 1;
    return BERTH_OK;
}

static bool is_blank(struct berth_text bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] != ' ' && bytes.ptr[i] != '\t')
            return false;
    return true;
}

/* The length of the cell at the front of REST that is not quoted. */
static size_t unquoted_end(struct berth_text rest, bool *out_malformed)
{
    size_t end = 0;
    for (; end < rest.len && rest.ptr[end] != ','; end++)
        *out_malformed |= rest.ptr[end] == '"' || rest.ptr[end] == '\r';
    return end;
}

/* The length of the quoted cell at the front of REST; *out_close: where its quotes close. */
static size_t quoted_end(struct berth_text rest, size_t *out_close, bool *out_doubled)
{
    enum place place = QUOTED;
    size_t end = 1;
    for (; end < rest.len; end++) {
        char c = rest.ptr[end];
        if (c == ',' && place != QUOTED)
            break;
        if (c == '"' && place == QUOTED)
            *out_close = end;
        *out_doubled |= c == '"' && place == AFTER_QUOTE;
        place = step(place, c);
    }
    return end;
}

/* The cell at the front of REST; the comma behind it is cut off too. False: it was the last one. */
static bool cut_cell(struct berth_text *rest, struct berth_csv_cell *cell)
{
    bool quoted = rest->len > 0 && rest->ptr[0] == '"', malformed = false, doubled = false;
    size_t close = 0;
    size_t end = quoted ? quoted_end(*rest, &close, &doubled) : unquoted_end(*rest, &malformed);
    malformed = quoted ? close + 1 != end : malformed;
    bool inner = quoted && !malformed;
    *cell = (struct berth_csv_cell){berth_text_slice(*rest, inner ? 1 : 0, inner ? close : end), quoted,
                                    doubled, malformed};
    if (end == rest->len)
        return false;
    *rest = berth_text_slice(*rest, end + 1, rest->len);
    return true;
}

static void split(struct berth_csv_row *row, struct berth_csv_cell *cells, size_t cell_cap)
{
    struct berth_text rest = row->bytes;
    struct berth_csv_cell cell;
    bool more = true;
    row->cell_count = 0;
    while (more) {
        more = cut_cell(&rest, &cell);
        if (row->cell_count < cell_cap)
            cells[row->cell_count] = cell;
        row->cell_count++;
    }
}

enum berth_status berth_csv_next(struct berth_csv_reader *r, struct berth_csv_cell *cells, size_t cell_cap,
                                 struct berth_csv_row *out_row)
{
    memset(out_row, 0, sizeof *out_row);
    BERTH_TRY(r->status);
    if (!r->started)
        BERTH_TRY(pass_mark(r));
    for (;;) {
        size_t len = 0, end_len = 0;
        uint32_t lines = 0;
        BERTH_TRY(find_end(r, &len, &end_len, &lines));
        if (len + end_len == 0)
            return BERTH_OK;
        out_row->bytes = berth_text_make(r->window + r->from, len);
        out_row->offset = r->offset;
        out_row->line = r->line;
        advance(r, len + end_len);
        r->line += lines;
        if (!is_blank(out_row->bytes)) {
            split(out_row, cells, cell_cap);
            return BERTH_OK;
        }
    }
}

/* ---- Cells ------------------------------------------------------------------------------------ */

/* Puts TEXT without the second of each two quotes. */
static void put_single(struct berth_writer *w, struct berth_text text)
{
    size_t at;
    while ((at = berth_text_find_byte(text, '"')) != SIZE_MAX) {
        berth_put_text(w, berth_text_slice(text, 0, at + 1));
        text = berth_text_slice(text, at + 2, text.len);
    }
    berth_put_text(w, text);
}

void berth_csv_put_cell_text(struct berth_writer *w, const struct berth_csv_cell *cell)
{
    if (cell->doubled && !cell->malformed)
        put_single(w, cell->text);
    else
        berth_put_text(w, cell->text);
}

bool berth_csv_cell_equal(const struct berth_csv_cell *cell, struct berth_text text)
{
    struct berth_text rest = cell->text;
    size_t at;
    if (!cell->doubled || cell->malformed)
        return berth_text_equal(rest, text);
    while ((at = berth_text_find_byte(rest, '"')) != SIZE_MAX) {
        struct berth_text part = berth_text_slice(rest, 0, at + 1);
        if (!berth_text_starts(text, part))
            return false;
        text = berth_text_slice(text, part.len, text.len);
        rest = berth_text_slice(rest, at + 2, rest.len);
    }
    return berth_text_equal(rest, text);
}

static bool needs_quotes(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == ',' || text.ptr[i] == '"' || text.ptr[i] == '\r' || text.ptr[i] == '\n')
            return true;
    return false;
}

void berth_csv_put_cell(struct berth_writer *w, struct berth_text text)
{
    size_t at;
    if (!needs_quotes(text)) {
        berth_put_text(w, text);
        return;
    }
    berth_put_char(w, '"');
    while ((at = berth_text_find_byte(text, '"')) != SIZE_MAX) {
        berth_put_text(w, berth_text_slice(text, 0, at));
        berth_put_string(w, "\"\"");
        text = berth_text_slice(text, at + 1, text.len);
    }
    berth_put_text(w, text);
    berth_put_char(w, '"');
}
