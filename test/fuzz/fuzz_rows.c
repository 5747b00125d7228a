/* Schedule rows and the store on them: whatever the files are, reading them gives good rows that can be
 * written and read again as they were, bad ones keep their bytes, and the store neither loses nor doubles a
 * row. The input is the three files of rows, cut apart at bytes of 0x01. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/port_mem.h"
#include "berth/store.h"

#define KEYS 1024

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct berth_record *a, const struct berth_record *b)
{
    return a->start_s == b->start_s && a->end_s == b->end_s && a->cpus_nano == b->cpus_nano &&
           a->memory_gb == b->memory_gb && a->gpus == b->gpus && a->port == b->port &&
           berth_text_equal(a->user_id, b->user_id) && berth_text_equal(a->image, b->image) &&
           berth_text_equal(a->extra_command, b->extra_command);
}

/* read(write(row)) = row, and written again it is the same to the byte. */
static void write_and_read(const struct berth_record *record)
{
    static char line[32768], again[32768], window[65536];
    struct berth_writer w, w2;
    struct berth_memory_source memory;
    struct berth_rows_reader r;
    struct berth_record back;
    struct berth_csv_row row;
    enum berth_row_fault fault;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, BERTH_ROWS_HEADER "\n");
    size_t header = w.len;
    must(berth_put_record(&w, record) == BERTH_OK);
    berth_rows_reader_init(&r, berth_source_of_text(&memory, berth_writer_text(&w)), window, sizeof window);
    must(berth_rows_next(&r, &back, &row, &fault) == BERTH_OK && row.cell_count == BERTH_ROWS_COLUMNS);
    must(fault == BERTH_ROW_GOOD && same(record, &back));
    berth_writer_init(&w2, again, sizeof again);
    must(berth_put_record(&w2, &back) == BERTH_OK && w2.len == w.len - header);
    must(memcmp(again, line + header, w2.len) == 0);
}

/* What a store holds, without regard to stages and forms. */
struct sum {
    uint64_t good, bad, rows;
};

static uint64_t hash(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static enum berth_status add_row(void *ctx, const struct berth_store_row *row)
{
    struct sum *sum = ctx;
    if (row->fault != BERTH_ROW_GOOD) {
        sum->bad += hash(row->stage + 1, row->bytes.ptr, row->bytes.len);
        return BERTH_OK;
    }
    write_and_read(row->record);
    sum->rows++;
    sum->good += hash((uint64_t)row->record->start_s, row->record->user_id.ptr, row->record->user_id.len);
    return BERTH_OK;
}

static struct sum sum_of(const struct berth_store *s)
{
    struct sum sum = {0, 0, 0};
    must(s->rows(s->ctx, 7, add_row, &sum) == BERTH_OK);
    return sum;
}

/* The first good row that is in BOOKING: its name. */
struct first {
    char id[16384];
    struct berth_text user_id;
    int64_t start_s;
    unsigned copies; /* rows of that name */
};

static enum berth_status find_first(void *ctx, const struct berth_store_row *row)
{
    struct first *first = ctx;
    if (row->fault != BERTH_ROW_GOOD)
        return BERTH_OK;
    if (first->copies == 0) {
        memcpy(first->id, row->record->user_id.ptr, row->record->user_id.len);
        first->user_id = berth_text_make(first->id, row->record->user_id.len);
        first->start_s = row->record->start_s;
    }
    first->copies += row->record->start_s == first->start_s &&
                     berth_text_equal_nocase(row->record->user_id, first->user_id);
    return BERTH_OK;
}

static void change(const struct berth_store *s)
{
    static struct first first;
    const struct berth_record record = {
        .start_s = 1800, .end_s = 3600, .user_id = BERTH_TEXT_INIT("fuzz"), .memory_gb = 1};
    if (s->begin(s->ctx, 0) != BERTH_OK)
        return;
    struct sum before = sum_of(s);
    enum berth_status status = s->add(s->ctx, &record);
    struct sum after = sum_of(s);
    must(status == BERTH_OK || status == BERTH_E_EXISTS || status == BERTH_E_DISK_FULL ||
         status == BERTH_E_SPACE);
    must(after.rows == before.rows + (status == BERTH_OK) && after.bad == before.bad);
    first.copies = 0;
    must(s->rows(s->ctx, 1, find_first, &first) == BERTH_OK);
    if (first.copies > 0) {
        status = s->move(s->ctx, first.user_id, first.start_s, BERTH_STAGE_BOOKING, BERTH_STAGE_USED);
        before = after;
        after = sum_of(s);
        must(status == BERTH_OK || status == BERTH_E_DISK_FULL || status == BERTH_E_SPACE);
        must(after.bad == before.bad);
        if (status == BERTH_OK)
            must(after.rows == before.rows - (first.copies - 1));
    }
    s->end(s->ctx);
    if (s->begin(s->ctx, 0) == BERTH_OK) { /* nothing was left half-done */
        struct sum again = sum_of(s);
        must(again.bad == after.bad && again.rows <= after.rows);
        s->end(s->ctx);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const NAMES[] = {"./jobs/booking.csv", "./jobs/using.csv", "./jobs/used.csv"};
    static struct berth_mem_files mem;
    static struct berth_store_files state;
    static struct berth_store_key keys[KEYS];
    struct berth_text rest = berth_text_make((const char *)data, size), part;
    for (size_t i = 0; i < BERTH_MEM_FILES; i++)
        mem.entries[i].path[0] = 0;
    memset(mem.open, 0, sizeof mem.open);
    const struct berth_files files = berth_mem_files_init(&mem);
    must(files.make_folder(files.ctx, "./jobs", 0755) == BERTH_OK);
    if (size == 0)
        return 0;
    for (size_t i = 0; i < 3 && berth_text_split(&rest, '\x01', &part); i++)
        if (berth_mem_files_put(&mem, NAMES[i], part) != BERTH_OK)
            return 0;
    const struct berth_store_files_config config = {&files, "./jobs", "./users", keys, KEYS};
    const struct berth_store store = berth_store_files_init(&state, &config);
    change(&store);
    must(berth_mem_files_open_count(&mem) == 0);
    return 0;
}
