/* CSV: the same rows however the bytes arrive, in order and inside the document; what is put comes back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/csv.h"

#define CELLS 12

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct pieces {
    struct berth_text bytes;
    size_t at, most;
};

static ptrdiff_t pieces_read(void *ctx, void *buf, size_t cap)
{
    struct pieces *p = ctx;
    size_t left = p->bytes.len - p->at, len = left < cap ? left : cap;
    if (len > p->most)
        len = p->most;
    if (len > 0)
        memcpy(buf, p->bytes.ptr + p->at, len);
    p->at += len;
    return (ptrdiff_t)len;
}

/* A cell's characters, put and read again. */
static void put_and_read(const struct berth_csv_cell *cell)
{
    static char text[8192], written[20000], back[40000];
    struct berth_writer w, out;
    struct berth_memory_source memory;
    struct berth_csv_reader r;
    struct berth_csv_cell got[2];
    struct berth_csv_row row;
    berth_writer_init(&w, text, sizeof text);
    berth_csv_put_cell_text(&w, cell);
    must(berth_writer_status(&w) == BERTH_OK && w.len <= cell->text.len);
    must(berth_csv_cell_equal(cell, berth_writer_text(&w)));
    berth_writer_init(&out, written, sizeof written);
    berth_put_string(&out, "x,");
    berth_csv_put_cell(&out, berth_writer_text(&w));
    berth_put_char(&out, '\n');
    berth_csv_reader_init(&r, berth_source_of_text(&memory, berth_writer_text(&out)), back, sizeof back);
    must(berth_csv_next(&r, got, 2, &row) == BERTH_OK && row.cell_count == 2 && !got[1].malformed);
    must(berth_csv_cell_equal(&got[1], berth_writer_text(&w)));
}

static uint64_t read_all(struct berth_text document, size_t most, char *window, size_t cap,
                         enum berth_status *out_status)
{
    struct pieces pieces = {document, 0, most};
    const struct berth_source source = {&pieces, pieces_read, NULL, BERTH_LENGTH_UNKNOWN};
    struct berth_csv_reader r;
    struct berth_csv_cell cells[CELLS];
    struct berth_csv_row row;
    uint64_t sum = 1, end = 0;
    uint32_t line = 0;
    berth_csv_reader_init(&r, source, window, cap);
    while ((*out_status = berth_csv_next(&r, cells, CELLS, &row)) == BERTH_OK && row.cell_count > 0) {
        must(row.offset >= end && row.offset + row.bytes.len <= document.len && row.line > line);
        must(memcmp(row.bytes.ptr, document.ptr + row.offset, row.bytes.len) == 0);
        end = row.offset + row.bytes.len;
        line = row.line;
        for (size_t i = 0; i < row.cell_count && i < CELLS; i++) {
            must(cells[i].text.ptr >= row.bytes.ptr &&
                 cells[i].text.ptr + cells[i].text.len <= row.bytes.ptr + row.bytes.len);
            if (!cells[i].malformed && most > 1)
                put_and_read(&cells[i]);
            sum = sum * 31 + cells[i].text.len * 4 + cells[i].malformed * 2 + cells[i].quoted;
        }
        sum = sum * 31 + row.cell_count * 7 + row.line;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char window[8192], small[64];
    enum berth_status whole, pieces, narrow;
    if (size > 8000)
        return 0;
    struct berth_text document = berth_text_make((const char *)data, size);
    uint64_t a = read_all(document, SIZE_MAX, window, sizeof window, &whole);
    uint64_t b = read_all(document, 1, window, sizeof window, &pieces);
    must(a == b && whole == pieces && (whole == BERTH_OK || whole == BERTH_E_SYNTAX));
    (void)read_all(document, 5, small, sizeof small, &narrow);
    must(narrow == whole || narrow == BERTH_E_SPACE);
    return 0;
}
