/* CSV as schedule files use it (RFC 4180 with LF): read row by row through a window of fixed size, written
 * with as few quotes as possible. */
#ifndef BERTH_CSV_H
#define BERTH_CSV_H

#include "berth/io.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One cell. text is what lies between the outer quotes, or the whole cell when there are none; in a quoted
 * cell each quote still stands doubled: berth_csv_put_cell_text() resolves that. */
struct berth_csv_cell {
    struct berth_text text;
    bool quoted;
    bool doubled;   /* text holds doubled quotes */
    bool malformed; /* a quote inside an unquoted cell, characters after the closing quote, or a CR outside
                       quotes; text is then the whole cell */
};

/* One row. Everything points into the reader's window and is valid until the next row is read. */
struct berth_csv_row {
    struct berth_text bytes; /* as they stand in the file, without the line's end */
    uint64_t offset;         /* of the first byte in the file */
    uint32_t line;           /* the one it begins on, from 1 */
    size_t cell_count;       /* cells of the row, also beyond the room for them; 0: the document is over */
};

/* The caller's; initialised by berth_csv_reader_init(). error_line is for reading, all else private. */
struct berth_csv_reader {
    struct berth_source source;
    char *window;
    size_t cap, from, to;
    uint64_t offset;
    uint32_t line, error_line;
    bool source_ended, started;
    enum berth_status status; /* the first failure; it sticks */
};

/* Begins to read SOURCE through WINDOW of CAP bytes, which must hold the longest row with its line end. A
 * byte order mark is passed over. All of it is the caller's and outlives the reader. */
void berth_csv_reader_init(struct berth_csv_reader *r, struct berth_source source, char *window, size_t cap);
/* The next row that holds more than blanks and tabs; up to CELL_CAP of its cells go to CELLS. At the end of
 * the document out_row->cell_count is 0 and the status BERTH_OK. Rows end with LF or CRLF, the last one may
 * end without; quoted cells may hold line ends. BERTH_E_SYNTAX for a quote that is never closed,
 * BERTH_E_SPACE for a row longer than the window (r->error_line says where), otherwise what the source
 * answers. Failures stay, but for BERTH_E_WOULD_BLOCK: then the call may be made again. */
enum berth_status berth_csv_next(struct berth_csv_reader *r, struct berth_csv_cell *cells, size_t cell_cap,
                                 struct berth_csv_row *out_row) BERTH_MUST_CHECK;

/* The cell's characters, doubled quotes resolved. */
void berth_csv_put_cell_text(struct berth_writer *w, const struct berth_csv_cell *cell);
/* Whether the cell's characters are TEXT. */
bool berth_csv_cell_equal(const struct berth_csv_cell *cell, struct berth_text text);
/* TEXT as a cell: in quotes, quotes doubled, when it holds a comma, a quote, CR or LF; else as it is. The
 * caller puts commas between cells and LF after a row. */
void berth_csv_put_cell(struct berth_writer *w, struct berth_text text);

#ifdef __cplusplus
}
#endif
#endif
