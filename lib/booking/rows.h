/* What the store needs of schedule rows beyond the public header. */
#ifndef BERTH_LIB_BOOKING_ROWS_H
#define BERTH_LIB_BOOKING_ROWS_H

#include "berth/booking_rows.h"

/* Columns in our order. */
enum {
    BERTH_COLUMN_START,
    BERTH_COLUMN_END,
    BERTH_COLUMN_USER,
    BERTH_COLUMN_CPUS,
    BERTH_COLUMN_MEMORY,
    BERTH_COLUMN_GPUS,
    BERTH_COLUMN_PORT,
    BERTH_COLUMN_IMAGE,
    BERTH_COLUMN_COMMAND
};

/* The header line with its LF, and a record, in a file's own order (COLUMN_OF as in the reader). */
void berth_rows_put_header(struct berth_writer *w, const uint8_t column_of[BERTH_ROWS_COLUMNS]);
enum berth_status berth_rows_put(struct berth_writer *w, const struct berth_record *record,
                                 const uint8_t column_of[BERTH_ROWS_COLUMNS]) BERTH_MUST_CHECK;
/* Our order. */
extern const uint8_t berth_rows_our_order[BERTH_ROWS_COLUMNS];
/* A cell of the kind: the value goes to RECORD. */
bool berth_rows_parse_cpus(struct berth_text text, int64_t *out_nano);
bool berth_rows_parse_whole(struct berth_text text, uint64_t max, uint64_t *out_value);
bool berth_rows_parse_gpus(struct berth_text text, uint64_t *out_gpus);
/* UTF-8 without control characters; LINES: line ends and tabs are allowed. */
bool berth_rows_is_clean(struct berth_text text, bool lines);

/* The greatest number of CPUs, in nano. */
#define BERTH_ROWS_CPUS_MAX (INT64_C(9223372036) * 1000000000)

#endif
