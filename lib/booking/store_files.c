/* The store on files: the lock, changes, the users' document, lines for the monitor. */
#include "booking/store.h"

#include <string.h>

#define LOCK_NAME ".lock"
#define NOTICES_NAME "monitor_exec"
#define NOTICES_PERMISSIONS 0666U
#define USERS_PERMISSIONS 0600U /* it holds passwords */

/* Every call begins so. */
static struct berth_store_files *start(void *ctx)
{
    struct berth_store_files *s = ctx;
    s->reason.len = 0;
    return s;
}

static void files_end(void *ctx)
{
    struct berth_store_files *s = ctx;
    if (s->locked)
        s->config.files->unlock(s->config.files->ctx, s->lock);
    s->locked = false;
    memset(s->rows, 0, sizeof s->rows);
    memset(&s->users, 0, sizeof s->users);
}

static enum berth_status files_begin(void *ctx, uint32_t wait_ms)
{
    struct berth_store_files *s = start(ctx);
    const struct berth_files *files = s->config.files;
    if (s->locked)
        return BERTH_E_STATE;
    const char *path = berth_store_path(s, LOCK_NAME);
    if (path == NULL)
        return BERTH_E_SPACE;
    s->lock = files->lock(files->ctx, path, wait_ms);
    if (s->lock == BERTH_E_LOCKED)
        return berth_store_fail(s, BERTH_E_LOCKED, path, 0, "held by another program for too long");
    if (s->lock < 0)
        return berth_store_fail(s, (enum berth_status)s->lock, path, 0, "cannot be locked");
    s->locked = true;
    enum berth_status status = berth_store_recover(s);
    if (status != BERTH_OK)
        files_end(s);
    return status;
}

/* ---- Rows ------------------------------------------------------------------------------------- */

static enum berth_status walk(struct berth_store_files *s, enum berth_stage stage, berth_store_row_fn each,
                              void *each_ctx)
{
    struct berth_store_input in;
    enum berth_status status = berth_store_open(s, &in, stage, s->window);
    while (status == BERTH_OK && (status = berth_store_next(s, &in)) == BERTH_OK && in.row.cell_count > 0) {
        bool good = in.fault == BERTH_ROW_GOOD;
        const struct berth_store_row row = {stage, in.row.line, in.fault, good ? &in.record : NULL,
                                            in.row.bytes};
        status = each(each_ctx, &row);
    }
    berth_store_close(&in);
    return status == BERTH_OK && s->locked ? berth_store_unchanged(s, &in) : status;
}

static enum berth_status files_rows(void *ctx, unsigned stages, berth_store_row_fn each, void *each_ctx)
{
    struct berth_store_files *s = start(ctx);
    for (int stage = 0; stage < BERTH_STAGE_COUNT; stage++)
        if (stages & 1u << stage)
            BERTH_TRY(walk(s, (enum berth_stage)stage, each, each_ctx));
    return BERTH_OK;
}

static enum berth_status files_add(void *ctx, const struct berth_record *record)
{
    struct berth_store_files *s = start(ctx);
    const struct berth_edit edit = {BERTH_EDIT_ADD, record->user_id, record->start_s, record};
    struct berth_writer count = {NULL, 0, 0};
    if (!s->locked)
        return BERTH_E_STATE;
    enum berth_status status = berth_put_record(&count, record);
    if (status == BERTH_E_RANGE)
        return status;
    for (int stage = BERTH_STAGE_USING; stage < BERTH_STAGE_COUNT; stage++) {
        bool found;
        BERTH_TRY(berth_store_contains(s, (enum berth_stage)stage, record->user_id, record->start_s, &found));
        if (found)
            return berth_store_fail(s, BERTH_E_EXISTS, berth_store_stage_path(s, (enum berth_stage)stage), 0,
                                    "the user has a row of this start already");
    }
    return berth_store_edit(s, BERTH_STAGE_BOOKING, &edit);
}

static enum berth_status check_unchanged(struct berth_store_files *s, enum berth_stage stage)
{
    struct berth_store_input in;
    enum berth_status status = berth_store_open(s, &in, stage, s->window);
    do
        status = status == BERTH_OK ? berth_store_next(s, &in) : status;
    while (status == BERTH_OK && in.row.cell_count > 0);
    berth_store_close(&in);
    return status == BERTH_OK ? berth_store_unchanged(s, &in) : status;
}

static enum berth_status files_move(void *ctx, struct berth_text user_id, int64_t start_s,
                                    enum berth_stage from, enum berth_stage to)
{
    struct berth_store_files *s = start(ctx);
    struct berth_store_input in;
    bool found = false;
    if (!s->locked)
        return BERTH_E_STATE;
    if ((unsigned)to >= BERTH_STAGE_COUNT || (unsigned)from >= (unsigned)to)
        return BERTH_E_ARGUMENT;
    /* The record stays in the second window while the later stage is written. */
    enum berth_status status = berth_store_open(s, &in, from, s->second_window);
    while (status == BERTH_OK && !found && (status = berth_store_next(s, &in)) == BERTH_OK &&
           in.row.cell_count > 0)
        found = in.fault == BERTH_ROW_GOOD && berth_store_is_named(&in.record, user_id, start_s);
    if (status == BERTH_OK && !found)
        status = BERTH_E_NOT_FOUND;
    if (status == BERTH_OK)
        status = check_unchanged(s, from); /* or the row could arrive and not leave */
    if (status == BERTH_OK) {
        const struct berth_edit arrive = {BERTH_EDIT_ARRIVE, user_id, start_s, &in.record};
        status = berth_store_edit(s, to, &arrive);
    }
    berth_store_close(&in);
    if (status != BERTH_OK)
        return status;
    const struct berth_edit leave = {BERTH_EDIT_LEAVE, user_id, start_s, NULL};
    return berth_store_edit(s, from, &leave);
}

/* ---- Whole documents -------------------------------------------------------------------------- */

/* Reads PATH into OUT (NULL: only the hash); BERTH_E_SPACE with the need in out->len. */
static enum berth_status read_document(struct berth_store_files *s, const char *path,
                                       struct berth_writer *out, uint64_t *out_hash)
{
    const struct berth_files *files = s->config.files;
    ptrdiff_t got;
    *out_hash = BERTH_STORE_HASH_START;
    berth_file file = files->open(files->ctx, path, BERTH_FILE_READ, 0);
    if (file < 0)
        return berth_store_fail(s, (enum berth_status)file, path, 0, "cannot be opened");
    while ((got = files->read(files->ctx, file, s->window, sizeof s->window)) > 0) {
        *out_hash = berth_store_hash(*out_hash, s->window, (size_t)got);
        if (out != NULL)
            berth_put_bytes(out, s->window, (size_t)got);
    }
    files->close(files->ctx, file);
    berth_wipe(s->window, sizeof s->window); /* passwords */
    if (got < 0)
        return berth_store_fail(s, (enum berth_status)got, path, 0, "cannot be read");
    if (out != NULL && berth_writer_status(out) != BERTH_OK)
        return berth_store_fail(s, BERTH_E_SPACE, path, 0, "larger than this program reads");
    return BERTH_OK;
}

static enum berth_status write_document(struct berth_store_files *s, const char *path, unsigned permissions,
                                        struct berth_text document)
{
    const struct berth_files *files = s->config.files;
    berth_file file = files->open(files->ctx, path, BERTH_FILE_REWRITE, permissions);
    if (file < 0)
        return berth_store_fail(s, (enum berth_status)file, path, 0, "cannot be written anew");
    enum berth_status status = BERTH_OK;
    if (document.len > 0)
        status = files->write(files->ctx, file, document.ptr, document.len);
    if (status == BERTH_OK)
        status = files->commit(files->ctx, file);
    else
        files->close(files->ctx, file);
    return status == BERTH_OK ? BERTH_OK : berth_store_fail(s, status, path, 0, "could not be replaced");
}

static enum berth_status files_read_users(void *ctx, struct berth_writer *out)
{
    struct berth_store_files *s = start(ctx);
    uint64_t hash;
    enum berth_status status = read_document(s, s->config.users, out, &hash);
    if (!s->locked || (status != BERTH_OK && status != BERTH_E_NO_FILE))
        return status;
    if (s->users.known && s->users.hash != hash)
        return berth_store_fail(s, BERTH_E_CONFLICT, s->config.users, 0,
                                "was changed by somebody who does not keep to the lock");
    s->users.known = true;
    s->users.hash = hash;
    return status;
}

static enum berth_status files_write_users(void *ctx, struct berth_text document)
{
    struct berth_store_files *s = start(ctx);
    uint64_t hash;
    if (!s->locked)
        return BERTH_E_STATE;
    if (s->users.known) {
        enum berth_status status = read_document(s, s->config.users, NULL, &hash);
        if (status != BERTH_OK && status != BERTH_E_NO_FILE)
            return status;
        if (hash != s->users.hash)
            return berth_store_fail(s, BERTH_E_CONFLICT, s->config.users, 0,
                                    "was changed by somebody who does not keep to the lock");
    }
    BERTH_TRY(write_document(s, s->config.users, USERS_PERMISSIONS, document));
    s->users.known = true;
    s->users.hash = berth_store_hash(BERTH_STORE_HASH_START, document.ptr, document.len);
    s->reason.len = 0;
    return BERTH_OK;
}

/* ---- Lines for the monitor -------------------------------------------------------------------- */

/* Copies what OLD holds (-1: nothing) to the new file, with the end that its last line may lack, and LINE. */
static enum berth_status copy_notices(struct berth_store_files *s, berth_file old, berth_file file,
                                      struct berth_text line)
{
    const struct berth_files *files = s->config.files;
    struct berth_writer w;
    char last = '\n';
    ptrdiff_t got = 0;
    while (old >= 0 && (got = files->read(files->ctx, old, s->window, sizeof s->window)) > 0) {
        last = s->window[got - 1];
        BERTH_TRY(files->write(files->ctx, file, s->window, (size_t)got));
    }
    BERTH_TRY(got < 0 ? (enum berth_status)got : BERTH_OK);
    berth_writer_init(&w, s->out, sizeof s->out);
    if (last != '\n') /* cut while it was written, or an editor's */
        berth_put_char(&w, '\n');
    berth_put_text(&w, line);
    berth_put_char(&w, '\n');
    return files->write(files->ctx, file, w.buf, w.len);
}

static enum berth_status files_notify(void *ctx, struct berth_text line)
{
    struct berth_store_files *s = start(ctx);
    const struct berth_files *files = s->config.files;
    if (!s->locked)
        return BERTH_E_STATE;
    if (line.len == 0 || line.len > sizeof s->out - 2 || !berth_rows_is_clean(line, false))
        return BERTH_E_ARGUMENT;
    const char *path = berth_store_path(s, NOTICES_NAME);
    if (path == NULL)
        return BERTH_E_SPACE;
    berth_file old = files->open(files->ctx, path, BERTH_FILE_READ, 0);
    if (old < 0 && old != BERTH_E_NO_FILE)
        return berth_store_fail(s, (enum berth_status)old, path, 0, "cannot be opened");
    berth_file file = files->open(files->ctx, path, BERTH_FILE_REWRITE, NOTICES_PERMISSIONS);
    enum berth_status status = file < 0 ? (enum berth_status)file : copy_notices(s, old, file, line);
    if (old >= 0)
        files->close(files->ctx, old);
    if (status == BERTH_OK)
        status = files->commit(files->ctx, file);
    else if (file >= 0)
        files->close(files->ctx, file);
    return status == BERTH_OK ? BERTH_OK : berth_store_fail(s, status, path, 0, "could not be written");
}

static enum berth_status files_take_notices(void *ctx, struct berth_writer *out)
{
    struct berth_store_files *s = start(ctx);
    size_t before = out->len;
    uint64_t hash;
    if (!s->locked)
        return BERTH_E_STATE;
    const char *path = berth_store_path(s, NOTICES_NAME);
    if (path == NULL)
        return BERTH_E_SPACE;
    enum berth_status status = read_document(s, path, out, &hash);
    if (status == BERTH_E_NO_FILE) {
        s->reason.len = 0;
        return BERTH_OK;
    }
    BERTH_TRY(status);
    if (out->len == before)
        return BERTH_OK;
    if (out->buf[out->len - 1] != '\n')
        berth_put_char(out, '\n');
    if (berth_writer_status(out) != BERTH_OK)
        return berth_store_fail(s, BERTH_E_SPACE, path, 0, "larger than this program reads");
    return write_document(s, path, NOTICES_PERMISSIONS, berth_text_make(NULL, 0));
}

static struct berth_text files_reason(void *ctx)
{
    const struct berth_store_files *s = ctx;
    return berth_writer_text(&s->reason);
}

struct berth_store berth_store_files_init(struct berth_store_files *s,
                                          const struct berth_store_files_config *config)
{
    memset(s, 0, sizeof *s);
    s->config = *config;
    s->lock = -1;
    return (struct berth_store){
        .ctx = s,
        .begin = files_begin,
        .rows = files_rows,
        .add = files_add,
        .move = files_move,
        .read_users = files_read_users,
        .write_users = files_write_users,
        .notify = files_notify,
        .take_notices = files_take_notices,
        .end = files_end,
        .reason = files_reason,
    };
}
