/* Schedule rows: a header, then records, to values and back. */
#include "booking/rows.h"

#include <string.h>

static const struct berth_text COLUMNS[BERTH_ROWS_COLUMNS] = {
    [BERTH_COLUMN_START] = BERTH_TEXT_INIT("start"),
    [BERTH_COLUMN_END] = BERTH_TEXT_INIT("end"),
    [BERTH_COLUMN_USER] = BERTH_TEXT_INIT("user_id"),
    [BERTH_COLUMN_CPUS] = BERTH_TEXT_INIT("cpus"),
    [BERTH_COLUMN_MEMORY] = BERTH_TEXT_INIT("memory"),
    [BERTH_COLUMN_GPUS] = BERTH_TEXT_INIT("gpus"),
    [BERTH_COLUMN_PORT] = BERTH_TEXT_INIT("forward_port"),
    [BERTH_COLUMN_IMAGE] = BERTH_TEXT_INIT("image"),
    [BERTH_COLUMN_COMMAND] = BERTH_TEXT_INIT("extra_command"),
};

const uint8_t berth_rows_our_order[BERTH_ROWS_COLUMNS] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

/* The longest value but for texts: 64 GPUs. */
#define VALUE_CAP 320

const char *berth_row_fault_text(enum berth_row_fault fault)
{
    switch (fault) {
    case BERTH_ROW_GOOD:
        return "nothing is wrong";
    case BERTH_ROW_CELLS:
        return "more than 9 cells, or a quote that stands wrong";
    case BERTH_ROW_UTF8:
        return "not UTF-8, or a control character";
    case BERTH_ROW_START:
        return "start is no date and time (YYYY-MM-DD hh:mm:ss)";
    case BERTH_ROW_END:
        return "end is no date and time (YYYY-MM-DD hh:mm:ss)";
    case BERTH_ROW_ORDER:
        return "end is not after start";
    case BERTH_ROW_USER:
        return "user_id is empty";
    case BERTH_ROW_CPUS:
        return "cpus is no decimal from 0 to 9223372036";
    case BERTH_ROW_MEMORY:
        return "memory is no whole number from 0";
    case BERTH_ROW_GPUS:
        return "gpus is no list of ids from 0 to 63, as in [0, 1]";
    case BERTH_ROW_PORT:
        return "forward_port is no whole number from 0 to 65535";
    }
    return "unknown fault";
}

/* ---- Reading ---------------------------------------------------------------------------------- */

void berth_rows_reader_init(struct berth_rows_reader *r, struct berth_source source, char *window,
                            size_t window_cap)
{
    size_t half = window_cap / 2;
    memset(r, 0, sizeof *r);
    berth_csv_reader_init(&r->csv, source, window, half);
    berth_writer_init(&r->texts, window + half, window_cap - half);
    memcpy(r->column_of, berth_rows_our_order, sizeof r->column_of);
}

static enum berth_status refuse(struct berth_rows_reader *r, uint32_t line, const char *reason)
{
    r->csv.status = BERTH_E_SYNTAX; /* it stays so */
    r->csv.error_line = line;
    r->line = line;
    r->reason = reason;
    return BERTH_E_SYNTAX;
}

static enum berth_status next_csv(struct berth_rows_reader *r, struct berth_csv_row *row)
{
    enum berth_status status = berth_csv_next(&r->csv, r->cells, BERTH_ROWS_COLUMNS, row);
    if (status == BERTH_OK) {
        r->line = row->cell_count > 0 ? row->line : r->line;
        return BERTH_OK;
    }
    if (status == BERTH_E_WOULD_BLOCK)
        return status;
    r->line = r->csv.error_line;
    if (status == BERTH_E_SYNTAX && r->reason == NULL)
        r->reason = "a quote is never closed";
    else if (status == BERTH_E_SPACE)
        r->reason = "the row is too long";
    return status;
}

/* Which column the header's cell names; BERTH_ROWS_COLUMNS: none. */
static uint8_t find_column(const struct berth_csv_cell *cell)
{
    uint8_t column = 0;
    while (column < BERTH_ROWS_COLUMNS && !berth_csv_cell_equal(cell, COLUMNS[column]))
        column++;
    return cell->malformed ? BERTH_ROWS_COLUMNS : column;
}

static enum berth_status read_header(struct berth_rows_reader *r)
{
    struct berth_csv_row row;
    unsigned seen = 0;
    BERTH_TRY(next_csv(r, &row));
    r->header_read = true;
    if (row.cell_count == 0)
        return BERTH_OK;
    for (size_t i = 0; i < row.cell_count && i < BERTH_ROWS_COLUMNS; i++) {
        uint8_t column = find_column(&r->cells[i]);
        if (column == BERTH_ROWS_COLUMNS)
            return refuse(r, row.line, "the header has an unknown column; it must be " BERTH_ROWS_HEADER);
        if (seen & 1u << column)
            return refuse(r, row.line, "the header has a column twice; it must be " BERTH_ROWS_HEADER);
        seen |= 1u << column;
        r->column_of[i] = column;
    }
    if (row.cell_count > BERTH_ROWS_COLUMNS)
        return refuse(r, row.line, "the header has more columns than 9; it must be " BERTH_ROWS_HEADER);
    if (row.cell_count < BERTH_ROWS_COLUMNS)
        return refuse(r, row.line, "the header lacks a column; it must be " BERTH_ROWS_HEADER);
    return BERTH_OK;
}

/* The characters of a cell: where they stand, or, when quotes were doubled, in the reader's texts. */
static struct berth_text text_of(struct berth_rows_reader *r, const struct berth_csv_cell *cell)
{
    if (!cell->doubled)
        return cell->text;
    size_t from = r->texts.len;
    berth_csv_put_cell_text(&r->texts, cell);
    return berth_text_make(r->texts.buf + from, r->texts.len - from);
}

static struct berth_text text_or_none(struct berth_text text)
{
    return berth_rows_is_none(text) ? berth_text_make(NULL, 0) : text;
}

static enum berth_row_fault read_values(const struct berth_text text[BERTH_ROWS_COLUMNS],
                                        struct berth_record *record)
{
    uint64_t memory = 0, port = 0;
    if (berth_parse_civil(text[BERTH_COLUMN_START], false, &record->start_s) != BERTH_OK)
        return BERTH_ROW_START;
    if (berth_parse_civil(text[BERTH_COLUMN_END], true, &record->end_s) != BERTH_OK)
        return BERTH_ROW_END;
    if (record->end_s <= record->start_s)
        return BERTH_ROW_ORDER;
    record->user_id = text_or_none(text[BERTH_COLUMN_USER]);
    if (record->user_id.ptr == NULL)
        return BERTH_ROW_USER;
    if (!berth_rows_parse_cpus(text[BERTH_COLUMN_CPUS], &record->cpus_nano))
        return BERTH_ROW_CPUS;
    if (!berth_rows_parse_whole(text[BERTH_COLUMN_MEMORY], INT64_MAX, &memory))
        return BERTH_ROW_MEMORY;
    if (!berth_rows_parse_gpus(text[BERTH_COLUMN_GPUS], &record->gpus))
        return BERTH_ROW_GPUS;
    if (!berth_rows_parse_whole(text[BERTH_COLUMN_PORT], UINT16_MAX, &port))
        return BERTH_ROW_PORT;
    record->memory_gb = (int64_t)memory;
    record->port = (uint16_t)port;
    record->image = text_or_none(text[BERTH_COLUMN_IMAGE]);
    record->extra_command = text_or_none(text[BERTH_COLUMN_COMMAND]);
    return BERTH_ROW_GOOD;
}

static enum berth_row_fault read_row(struct berth_rows_reader *r, const struct berth_csv_row *row,
                                     struct berth_record *record)
{
    struct berth_text text[BERTH_ROWS_COLUMNS];
    memset(text, 0, sizeof text);
    r->texts.len = 0;
    if (row->cell_count > BERTH_ROWS_COLUMNS)
        return BERTH_ROW_CELLS;
    for (size_t i = 0; i < row->cell_count; i++) {
        if (r->cells[i].malformed)
            return BERTH_ROW_CELLS;
        bool lines = r->column_of[i] != BERTH_COLUMN_USER;
        text[r->column_of[i]] = text_of(r, &r->cells[i]);
        if (!berth_rows_is_clean(text[r->column_of[i]], lines))
            return BERTH_ROW_UTF8;
    }
    return read_values(text, record);
}

enum berth_status berth_rows_next(struct berth_rows_reader *r, struct berth_record *out_record,
                                  struct berth_csv_row *out_row, enum berth_row_fault *out_fault)
{
    memset(out_record, 0, sizeof *out_record);
    *out_fault = BERTH_ROW_GOOD;
    out_row->cell_count = 0;
    if (!r->header_read)
        BERTH_TRY(read_header(r));
    BERTH_TRY(next_csv(r, out_row));
    if (out_row->cell_count > 0)
        *out_fault = read_row(r, out_row, out_record);
    return BERTH_OK;
}

/* ---- Writing ---------------------------------------------------------------------------------- */

static bool text_returns(struct berth_text text)
{
    return text.len == 0 || (!berth_rows_is_none(text) && berth_rows_is_clean(text, true));
}

/* Whether a reader would give the same record. */
static bool returns(const struct berth_record *record)
{
    return record->end_s > record->start_s && record->cpus_nano >= 0 &&
           record->cpus_nano <= BERTH_ROWS_CPUS_MAX && record->memory_gb >= 0 && record->user_id.len > 0 &&
           !berth_rows_is_none(record->user_id) && berth_rows_is_clean(record->user_id, false) &&
           text_returns(record->image) && text_returns(record->extra_command);
}

static enum berth_status put_cell(struct berth_writer *w, const struct berth_record *record, uint8_t column)
{
    char value[VALUE_CAP];
    struct berth_writer cell;
    berth_writer_init(&cell, value, sizeof value);
    switch (column) {
    case BERTH_COLUMN_START:
        return berth_put_civil(w, record->start_s);
    case BERTH_COLUMN_END:
        return berth_put_civil(w, record->end_s);
    case BERTH_COLUMN_USER:
        berth_csv_put_cell(w, record->user_id);
        return BERTH_OK;
    case BERTH_COLUMN_CPUS:
        berth_put_cpus(w, record->cpus_nano);
        return BERTH_OK;
    case BERTH_COLUMN_MEMORY:
        berth_put_i64(w, record->memory_gb);
        return BERTH_OK;
    case BERTH_COLUMN_GPUS:
        berth_put_gpu_list(&cell, record->gpus);
        berth_csv_put_cell(w, berth_writer_text(&cell));
        return BERTH_OK;
    case BERTH_COLUMN_PORT:
        berth_put_u64(w, record->port);
        return BERTH_OK;
    case BERTH_COLUMN_IMAGE:
        berth_csv_put_cell(w, record->image);
        return BERTH_OK;
    default:
        berth_csv_put_cell(w, record->extra_command);
        return BERTH_OK;
    }
}

void berth_rows_put_header(struct berth_writer *w, const uint8_t column_of[BERTH_ROWS_COLUMNS])
{
    for (size_t i = 0; i < BERTH_ROWS_COLUMNS; i++) {
        if (i > 0)
            berth_put_char(w, ',');
        berth_put_text(w, COLUMNS[column_of[i]]);
    }
    berth_put_char(w, '\n');
}

enum berth_status berth_rows_put(struct berth_writer *w, const struct berth_record *record,
                                 const uint8_t column_of[BERTH_ROWS_COLUMNS])
{
    struct berth_civil civil;
    if (!returns(record))
        return BERTH_E_RANGE;
    BERTH_TRY(berth_seconds_to_civil(record->start_s, &civil));
    BERTH_TRY(berth_seconds_to_civil(record->end_s, &civil));
    for (size_t i = 0; i < BERTH_ROWS_COLUMNS; i++) {
        if (i > 0)
            berth_put_char(w, ',');
        BERTH_TRY(put_cell(w, record, column_of[i]));
    }
    berth_put_char(w, '\n');
    return berth_writer_status(w);
}

enum berth_status berth_put_record(struct berth_writer *w, const struct berth_record *record)
{
    return berth_rows_put(w, record, berth_rows_our_order);
}
