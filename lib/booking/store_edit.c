/* Rewriting a file of rows in fixed memory: a new file row by row, then the old one's name. */
#include "booking/store.h"

#include <string.h>

/* For a new file, less the user's mask; an old one's are kept. */
#define PERMISSIONS 0666U

/* The new file. */
struct output {
    struct berth_store_files *s;
    berth_file file;
    struct berth_writer w; /* what is not yet in the file */
    uint64_t hash;
    const uint8_t *column_of;
    bool header;
};

static enum berth_status flush(struct output *out)
{
    const struct berth_files *files = out->s->config.files;
    struct berth_text text = berth_writer_text(&out->w);
    out->w.len = 0;
    if (text.len == 0)
        return BERTH_OK;
    out->hash = berth_store_hash(out->hash, text.ptr, text.len);
    return files->write(files->ctx, out->file, text.ptr, text.len);
}

/* Room for one more row: what is there goes to the file when half of the memory is used. */
static enum berth_status make_room(struct output *out)
{
    return out->w.len > BERTH_STORE_WINDOW / 2 ? flush(out) : BERTH_OK;
}

static void put_header(struct output *out)
{
    if (!out->header)
        berth_rows_put_header(&out->w, out->column_of);
    out->header = true;
}

/* What a reader's window does not hold is not written: BERTH_E_SPACE for a row that begins at BEFORE. */
static enum berth_status check_length(const struct output *out, size_t before)
{
    return out->w.len - before > BERTH_STORE_WINDOW / 2 ? BERTH_E_SPACE : berth_writer_status(&out->w);
}

static enum berth_status put_good(struct output *out, const struct berth_record *record)
{
    BERTH_TRY(make_room(out));
    size_t before = out->w.len;
    BERTH_TRY(berth_rows_put(&out->w, record, out->column_of));
    return check_length(out, before);
}

/* The bytes of a row that cannot be read. A CR at their end is theirs only when another one follows. */
static enum berth_status put_bad(struct output *out, struct berth_text bytes)
{
    BERTH_TRY(make_room(out));
    size_t before = out->w.len;
    berth_put_text(&out->w, bytes);
    berth_put_string(&out->w, berth_text_ends(bytes, BERTH_TEXT("\r")) ? "\r\n" : "\n");
    return check_length(out, before);
}

/* What becomes of a row. */
static enum berth_status judge(struct berth_store_files *s, const struct berth_store_input *in,
                               const struct berth_edit *edit, bool *out_drop, bool *out_there)
{
    *out_drop = false;
    if (edit->kind == BERTH_EDIT_RECOVER)
        return berth_store_superseded(s, in->stage, &in->record, out_drop);
    if (!berth_store_is_named(&in->record, edit->user_id, edit->start_s))
        return BERTH_OK;
    *out_there = true;
    *out_drop = edit->kind == BERTH_EDIT_LEAVE;
    return edit->kind == BERTH_EDIT_ADD ? BERTH_E_EXISTS : BERTH_OK;
}

static enum berth_status fail_row(const struct berth_store_input *in, struct output *out,
                                  enum berth_status status)
{
    const char *path = berth_store_stage_path(out->s, in->stage);
    const char *what = status == BERTH_E_EXISTS  ? "the user has a row of this start already"
                       : status == BERTH_E_SPACE ? "the row is too long"
                                                 : "the file cannot be written anew";
    if (path == NULL || status == BERTH_E_CONFLICT)
        return status;
    return berth_store_fail(out->s, status, path, status == BERTH_E_EXISTS ? in->row.line : 0, what);
}

/* The old file's rows as far as they stay, and the new one. */
static enum berth_status copy(struct berth_store_input *in, struct output *out, const struct berth_edit *edit)
{
    struct berth_store_seen *seen = &out->s->rows[in->stage];
    enum berth_status status = BERTH_OK;
    bool there = false;
    out->column_of = seen->bad_rows > 0 ? in->reader.column_of : berth_rows_our_order;
    for (;;) {
        bool drop = false;
        BERTH_TRY(berth_store_next(out->s, in));
        put_header(out); /* now the old one's order is known */
        if (in->row.cell_count == 0)
            break;
        if (in->fault != BERTH_ROW_GOOD) {
            status = put_bad(out, in->row.bytes);
        } else {
            status = judge(out->s, in, edit, &drop, &there);
            if (status == BERTH_OK && !drop)
                status = put_good(out, &in->record);
        }
        if (status != BERTH_OK)
            return fail_row(in, out, status);
    }
    status = berth_store_unchanged(out->s, in);
    if (status == BERTH_OK && edit->record != NULL && !there)
        status = put_good(out, edit->record);
    if (status == BERTH_OK)
        status = flush(out);
    return status == BERTH_OK ? BERTH_OK : fail_row(in, out, status);
}

enum berth_status berth_store_edit(struct berth_store_files *s, enum berth_stage stage,
                                   const struct berth_edit *edit)
{
    const struct berth_files *files = s->config.files;
    struct berth_store_input in;
    struct output out = {.s = s, .hash = BERTH_STORE_HASH_START};
    BERTH_TRY(berth_store_open(s, &in, stage, s->window));
    berth_writer_init(&out.w, s->out, sizeof s->out);
    /* s->path is the stage's */
    out.file = files->open(files->ctx, s->path, BERTH_FILE_REWRITE, PERMISSIONS);
    if (out.file < 0) {
        berth_store_close(&in);
        return berth_store_fail(s, (enum berth_status)out.file, s->path, 0, "cannot be written anew");
    }
    enum berth_status status = copy(&in, &out, edit);
    berth_store_close(&in);
    if (status != BERTH_OK) {
        files->close(files->ctx, out.file);
        return status;
    }
    s->rows[stage].known = false; /* until it is known how the commit went */
    status = files->commit(files->ctx, out.file);
    const char *path = berth_store_stage_path(s, stage);
    if (status != BERTH_OK)
        return berth_store_fail(s, status, path, 0, "could not be replaced");
    s->rows[stage].known = true;
    s->rows[stage].hash = out.hash;
    return BERTH_OK;
}
