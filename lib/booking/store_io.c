/* The store's files of rows: paths, reasons, reading with a hash of what was read. */
#include "booking/store.h"

#include <string.h>

static const char *const NAMES[BERTH_STAGE_COUNT] = {
    [BERTH_STAGE_BOOKING] = "booking.csv",
    [BERTH_STAGE_USING] = "using.csv",
    [BERTH_STAGE_USED] = "used.csv",
};

enum berth_status berth_store_fail(struct berth_store_files *s, enum berth_status status, const char *path,
                                   uint32_t line, const char *what)
{
    berth_writer_init(&s->reason, s->reason_text, sizeof s->reason_text);
    berth_put_string(&s->reason, path);
    if (line > 0) {
        berth_put_string(&s->reason, " line ");
        berth_put_u64(&s->reason, line);
    }
    berth_put_string(&s->reason, ": ");
    berth_put_string(&s->reason, what);
    return status;
}

const char *berth_store_path(struct berth_store_files *s, const char *name)
{
    struct berth_writer w;
    berth_writer_init(&w, s->path, sizeof s->path);
    berth_put_string(&w, s->config.jobs);
    berth_put_char(&w, '/');
    berth_put_string(&w, name);
    if (berth_writer_terminate(&w) == BERTH_OK)
        return s->path;
    (void)berth_store_fail(s, BERTH_E_SPACE, name, 0, "the folder's path is too long");
    return NULL;
}

const char *berth_store_stage_path(struct berth_store_files *s, enum berth_stage stage)
{
    return berth_store_path(s, NAMES[stage]);
}

/* FNV-1a: it tells a file that was changed from one that was not, not friend from foe. */
uint64_t berth_store_hash(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static ptrdiff_t store_input_read(void *ctx, void *buf, size_t cap)
{
    struct berth_store_input *in = ctx;
    if (in->file < 0)
        return 0;
    ptrdiff_t got = in->files->read(in->files->ctx, in->file, buf, cap);
    if (got > 0)
        in->hash = berth_store_hash(in->hash, buf, (size_t)got);
    return got;
}

enum berth_status berth_store_open(struct berth_store_files *s, struct berth_store_input *in,
                                   enum berth_stage stage, char *window)
{
    const struct berth_files *files = s->config.files;
    const char *path = berth_store_stage_path(s, stage);
    memset(in, 0, sizeof *in);
    const struct berth_source source = {in, store_input_read, NULL, BERTH_LENGTH_UNKNOWN};
    in->files = files;
    in->stage = stage;
    in->file = -1;
    in->hash = BERTH_STORE_HASH_START;
    if (path == NULL)
        return BERTH_E_SPACE;
    berth_file file = files->open(files->ctx, path, BERTH_FILE_READ, 0);
    if (file < 0 && file != BERTH_E_NO_FILE)
        return berth_store_fail(s, (enum berth_status)file, path, 0, "cannot be opened");
    in->file = file < 0 ? -1 : file;
    berth_rows_reader_init(&in->reader, source, window, BERTH_STORE_WINDOW);
    return BERTH_OK;
}

enum berth_status berth_store_next(struct berth_store_files *s, struct berth_store_input *in)
{
    enum berth_status status = berth_rows_next(&in->reader, &in->record, &in->row, &in->fault);
    if (status == BERTH_OK)
        return BERTH_OK;
    const char *path = berth_store_stage_path(s, in->stage);
    const char *what = in->reader.reason != NULL ? in->reader.reason : "cannot be read";
    return path == NULL ? BERTH_E_SPACE : berth_store_fail(s, status, path, in->reader.line, what);
}

void berth_store_close(struct berth_store_input *in)
{
    if (in->file >= 0)
        in->files->close(in->files->ctx, in->file);
    in->file = -1;
}

enum berth_status berth_store_unchanged(struct berth_store_files *s, const struct berth_store_input *in)
{
    const struct berth_store_seen *seen = &s->rows[in->stage];
    if (seen->known && in->hash == seen->hash)
        return BERTH_OK;
    const char *path = berth_store_stage_path(s, in->stage);
    return path == NULL ? BERTH_E_SPACE
                        : berth_store_fail(s, BERTH_E_CONFLICT, path, 0,
                                           "was changed by somebody who does not keep to the lock");
}

enum berth_status berth_store_contains(struct berth_store_files *s, enum berth_stage stage,
                                       struct berth_text user_id, int64_t start_s, bool *out_found)
{
    struct berth_store_input in;
    enum berth_status status = berth_store_open(s, &in, stage, s->second_window);
    *out_found = false;
    while (status == BERTH_OK && !*out_found && (status = berth_store_next(s, &in)) == BERTH_OK &&
           in.row.cell_count > 0)
        *out_found = in.fault == BERTH_ROW_GOOD && berth_store_is_named(&in.record, user_id, start_s);
    berth_store_close(&in);
    return status == BERTH_OK && !*out_found ? berth_store_unchanged(s, &in) : status;
}

bool berth_store_is_named(const struct berth_record *record, struct berth_text user_id, int64_t start_s)
{
    return record->start_s == start_s && berth_text_equal_nocase(record->user_id, user_id);
}
