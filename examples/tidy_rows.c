/* Reads a schedule file (booking.csv, using.csv, used.csv) from standard input and writes its rows to
 * standard output in the form that all programs agree on. Rows that cannot be read are named on standard
 * error. */
#include <stdio.h>

#include "berth/booking_rows.h"

static ptrdiff_t read_input(void *ctx, void *buf, size_t cap)
{
    size_t got = fread(buf, 1, cap, ctx);
    return got == 0 && ferror((FILE *)ctx) ? BERTH_E_IO : (ptrdiff_t)got;
}

int main(void)
{
    static char window[65536], line[65536]; /* a row of half of that fits */
    const struct berth_source source = {stdin, read_input, NULL, BERTH_LENGTH_UNKNOWN};
    struct berth_rows_reader reader;
    struct berth_record record;
    struct berth_csv_row row;
    enum berth_row_fault fault;
    enum berth_status status;
    int code = 0;
    berth_rows_reader_init(&reader, source, window, sizeof window);
    puts(BERTH_ROWS_HEADER);
    while ((status = berth_rows_next(&reader, &record, &row, &fault)) == BERTH_OK && row.cell_count > 0) {
        struct berth_writer w;
        berth_writer_init(&w, line, sizeof line);
        if (fault != BERTH_ROW_GOOD) {
            fprintf(stderr, "line %u: %s\n", (unsigned)row.line, berth_row_fault_text(fault));
            code = 1;
        } else if (berth_put_record(&w, &record) != BERTH_OK || fwrite(line, 1, w.len, stdout) != w.len) {
            return 5;
        }
    }
    if (status == BERTH_OK)
        return code;
    fprintf(stderr, "line %u: %s\n", (unsigned)reader.line,
            reader.reason != NULL ? reader.reason : berth_status_name(status));
    return 5;
}
