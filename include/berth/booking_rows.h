/* The rows of schedule files (booking.csv, using.csv, used.csv): CSV cells to values and back, as
 * shared with the Python programs that used these files first. */
#ifndef BERTH_BOOKING_ROWS_H
#define BERTH_BOOKING_ROWS_H

#include "berth/csv.h"
#include "berth/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The header line, in the order in which we write. */
#define BERTH_ROWS_HEADER "start,end,user_id,cpus,memory,gpus,forward_port,image,extra_command"
#define BERTH_ROWS_COLUMNS 9

/* One row. Texts are the caller's (from a reader: in its window, valid until the next row). */
struct berth_record {
    int64_t start_s, end_s;
    int64_t cpus_nano;
    int64_t memory_gb;
    uint64_t gpus;
    struct berth_text user_id;
    struct berth_text image;         /* absent (ptr NULL): none */
    struct berth_text extra_command; /* absent: none */
    uint16_t port;
};

/* Why a row is bad, or a file. */
enum berth_row_fault {
    BERTH_ROW_GOOD = 0,
    BERTH_ROW_CELLS,  /* more cells than columns, or malformed quotes */
    BERTH_ROW_UTF8,   /* not UTF-8, or a control character in a text other than a line end or tab */
    BERTH_ROW_START,  /* not a date and time */
    BERTH_ROW_END,    /* the same */
    BERTH_ROW_ORDER,  /* end is not after start */
    BERTH_ROW_USER,   /* no user id */
    BERTH_ROW_CPUS,   /* not a decimal (or with an exponent) of 0 to 9,223,372,036 */
    BERTH_ROW_MEMORY, /* not a whole number of 0 or more */
    BERTH_ROW_GPUS,   /* not a list of ids 0 to 63 in brackets */
    BERTH_ROW_PORT    /* not a whole number of 0 to 65535 */
};
/* One sentence of what is wrong, lower case, without a full stop. Static. */
const char *berth_row_fault_text(enum berth_row_fault fault);

/* Whether a cell's characters stand for "none": what pandas reads as missing, in quotes or not (wire page
 * 1.5). */
bool berth_rows_is_none(struct berth_text text);

/* A reader of rows. The caller's; private but for the last two. */
struct berth_rows_reader {
    struct berth_csv_reader csv;
    struct berth_csv_cell cells[BERTH_ROWS_COLUMNS];
    uint8_t column_of[BERTH_ROWS_COLUMNS]; /* the file's order: the number in ours of each of its columns */
    bool header_read;
    struct berth_writer texts; /* cells whose doubled quotes had to be resolved */
    const char *reason;        /* of a failure: a sentence, static; NULL before one */
    uint32_t line;             /* of the failure, or of the last row */
};

/* Begins to read SOURCE. WINDOW takes a row's bytes and its resolved texts: rows of up to WINDOW_CAP / 2
 * bytes with their line end fit. Both are the caller's and outlive the reader. */
void berth_rows_reader_init(struct berth_rows_reader *r, struct berth_source source, char *window,
                            size_t window_cap);
/* The next row: *out_fault is BERTH_ROW_GOOD and OUT_RECORD filled in, or OUT_ROW->bytes are a bad row's.
 * OUT_ROW->cell_count is 0 at the end. An empty document is a header alone. Columns may stand in any order,
 * cells at a row's end may be missing (they are empty then).
 *
 * BERTH_E_SYNTAX for a header with a missing, unknown or repeated name and for an unclosed quote,
 * BERTH_E_SPACE for a row that is too long; then r->reason and r->line say what and where. Otherwise what the
 * source answers; after BERTH_E_WOULD_BLOCK the call may be made again. */
enum berth_status berth_rows_next(struct berth_rows_reader *r, struct berth_record *out_record,
                                  struct berth_csv_row *out_row,
                                  enum berth_row_fault *out_fault) BERTH_MUST_CHECK;

/* The record as a line with its LF: "YYYY-MM-DD hh:mm:ss" in both times, cpus with at least one fraction
 * digit, a list of GPUs. Reading it gives the same record; an image or command of length 0 becomes none.
 * BERTH_E_RANGE for values that no reader would take back (then nothing was put), BERTH_E_SPACE when W is
 * full. */
enum berth_status berth_put_record(struct berth_writer *w,
                                   const struct berth_record *record) BERTH_MUST_CHECK;
/* The parts of a line that are shown elsewhere too: "2030-01-09 00:00:00" (BERTH_E_RANGE outside the years 1
 * to 9999); "8.0", "0.333333334", below 0.0001 as Python writes it, "1e-05"; "[0, 1]". */
enum berth_status berth_put_civil(struct berth_writer *w, int64_t seconds) BERTH_MUST_CHECK;
void berth_put_cpus(struct berth_writer *w, int64_t cpus_nano);
void berth_put_gpu_list(struct berth_writer *w, uint64_t gpus);

/* "YYYY-MM-DD[( |T)hh:mm[:ss[.f{1,9}]]]", the whole of TEXT; a fraction that is not zero rounds down, or UP.
 * BERTH_E_SYNTAX for another form, BERTH_E_RANGE for a date or time of day that does not exist. */
enum berth_status berth_parse_civil(struct berth_text text, bool up, int64_t *out_seconds) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
