/* Uploads: look, write under a temporary name, measure, rename, check. A truncated upload looks like a whole
 * file to everybody (wire W2), so the name comes last. */
#include "platform/webhdfs_transfer.h"

#include <string.h>

#define RENAMES_MAX 3
#define DIRECTORY_MODE BERTH_WEBHDFS_DEFAULT_PERMISSION

static struct berth_text remote_of(const struct berth_webhdfs_transfer *t)
{
    return berth_text_of(t->remote);
}

static const struct berth_webhdfs_entry *entry_of(const struct berth_webhdfs_transfer *t)
{
    return &t->config.fs->answer.entry;
}

static enum berth_status look(struct berth_webhdfs_transfer *t, const char *path,
                              enum berth_webhdfs_transfer_phase phase)
{
    return berth_webhdfs_begin(t, berth_webhdfs_stat(&t->call, t->config.fs, berth_text_of(path)), phase);
}

/* ---- The data --------------------------------------------------------------------------------- */

static ptrdiff_t read_data(void *ctx, void *buf, size_t cap)
{
    struct berth_webhdfs_transfer *t = ctx;
    const struct berth_files *files = t->config.files;
    ptrdiff_t count =
        t->file >= 0 ? files->read(files->ctx, t->file, buf, cap) : t->source.read(t->source.ctx, buf, cap);
    if (count > 0) {
        t->done += (uint64_t)count;
        berth_webhdfs_tell(t, BERTH_WEBHDFS_DATA, t->done, t->length);
    }
    return count;
}

static enum berth_status rewind_data(void *ctx)
{
    struct berth_webhdfs_transfer *t = ctx;
    const struct berth_files *files = t->config.files;
    t->done = 0;
    berth_webhdfs_tell(t, BERTH_WEBHDFS_AGAIN, 0, t->length);
    return t->file >= 0 ? files->seek(files->ctx, t->file, 0) : t->source.rewind(t->source.ctx);
}

/* Beside the target: its name, cut where a temporary one would be too long, and 64 random bits. */
static enum berth_status put_temporary(struct berth_webhdfs_transfer *t)
{
    static const struct berth_text mark = BERTH_TEXT_INIT(".tmp-");
    const struct berth_rand *rand = t->config.fs->config.http->config.rand;
    struct berth_text name = berth_webhdfs_last_name(remote_of(t));
    struct berth_text folder = berth_text_make(t->remote, (size_t)(name.ptr - t->remote));
    uint8_t random[8];
    struct berth_writer w;
    size_t most = BERTH_WEBHDFS_NAME_MAX - mark.len - 2 * sizeof random;
    BERTH_TRY(rand->fill(rand->ctx, random, sizeof random));
    if (name.len > most) {
        name.len = most;
        while (name.len > 0 && !berth_text_is_utf8(name, NULL))
            name.len--;
    }
    berth_writer_init(&w, t->leftover, sizeof t->leftover);
    berth_put_text(&w, folder);
    berth_put_text(&w, name);
    berth_put_text(&w, mark);
    berth_put_hex(&w, random, sizeof random);
    return berth_writer_terminate(&w);
}

static enum berth_status open_local(struct berth_webhdfs_transfer *t)
{
    const struct berth_files *files = t->config.files;
    t->file = files->open(files->ctx, t->local, BERTH_FILE_READ, 0);
    if (t->file < 0)
        return (enum berth_status)t->file;
    return files->size(files->ctx, t->file, &t->length);
}

enum berth_status berth_webhdfs_upload_file(struct berth_webhdfs_transfer *t)
{
    struct berth_webhdfs_create_options options = {.overwrite = true}; /* the name is nobody else's */
    struct berth_source source = {.ctx = t, .read = read_data, .rewind = rewind_data};
    t->done = 0;
    t->tries = 0;
    t->old_removed = false;
    if (t->kind == BERTH_WEBHDFS_UPLOADS) {
        enum berth_status status = open_local(t);
        if (status != BERTH_OK)
            return berth_webhdfs_fail_local(t, status);
    } else {
        t->length = t->source.length;
        if (t->source.rewind == NULL)
            source.rewind = NULL;
    }
    source.length = t->length;
    enum berth_status status = put_temporary(t);
    if (status != BERTH_OK) {
        t->leftover[0] = '\0';
        return berth_webhdfs_fail_at(t, status, t->remote, "no temporary name can be made");
    }
    berth_webhdfs_tell(t, BERTH_WEBHDFS_BEGIN, 0, t->length);
    return berth_webhdfs_begin(
        t, berth_webhdfs_create(&t->call, t->config.fs, berth_text_of(t->leftover), &options, &source),
        BERTH_WEBHDFS_UP_CREATES);
}

/* ---- From the temporary name to the right one ------------------------------------------------- */

static enum berth_status rename_temporary(struct berth_webhdfs_transfer *t, bool overwrite,
                                          enum berth_webhdfs_transfer_phase phase)
{
    return berth_webhdfs_begin(
        t, berth_webhdfs_rename(&t->call, t->config.fs, berth_text_of(t->leftover), remote_of(t), overwrite),
        phase);
}

/* Some releases decode a path twice on the DataNode: the data then lies under another name, with the
 * temporary mark in it, so that it can be removed. */
static enum berth_status stray(struct berth_webhdfs_transfer *t)
{
    char path[BERTH_WEBHDFS_PATH_CAP];
    struct berth_writer w;
    size_t len = berth_text_of(t->leftover).len;
    berth_writer_init(&w, path, sizeof path);
    bool decodes = berth_put_percent_decoded(&w, berth_text_of(t->leftover)) == BERTH_OK &&
                   berth_writer_terminate(&w) == BERTH_OK;
    if (decodes)
        memcpy(t->leftover, path, w.len + 1);
    for (size_t i = 0; i < len && t->leftover[i] != '\0'; i++)
        if (t->leftover[i] == '+')
            t->leftover[i] = ' ';
    return berth_webhdfs_fail_at(t, BERTH_E_PROTOCOL, t->remote,
                                 "the server stores names with % or + wrongly (HDFS-14423): choose another");
}

static enum berth_status measured(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    const struct berth_webhdfs_entry *entry = entry_of(t);
    struct berth_text name = berth_text_of(t->leftover);
    if (status == BERTH_E_NOT_FOUND &&
        (berth_text_find_byte(name, '%') != SIZE_MAX || berth_text_find_byte(name, '+') != SIZE_MAX))
        return stray(t);
    if (status != BERTH_OK)
        return berth_webhdfs_fail(t, status);
    if (entry->type.value != BERTH_WEBHDFS_FILE || (uint64_t)entry->length != t->done)
        return berth_webhdfs_fail_at(t, BERTH_E_PROTOCOL, t->remote,
                                     "the server stored another length than was sent");
    return rename_temporary(t, t->config.overwrite, BERTH_WEBHDFS_UP_RENAMES);
}

static enum berth_status renamed(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    bool plain = t->phase == BERTH_WEBHDFS_UP_RENAMES_PLAIN || !t->config.overwrite;
    /* A server that answers with a boolean has ignored the option to replace. */
    bool answers = (t->config.fs->answer.present & BERTH_WEBHDFS_ANSWER_BOOLEAN) != 0;
    if (status == BERTH_OK)
        return plain || answers ? look(t, t->remote, BERTH_WEBHDFS_UP_CHECKS) : berth_webhdfs_file_done(t);
    if (t->call.result.maybe_done) {
        t->failure = t->call.result;
        return look(t, t->leftover, BERTH_WEBHDFS_UP_LOOKS_FOR_TEMPORARY);
    }
    if (!plain && (status == BERTH_E_WRONG_STATE || status == BERTH_E_BAD_REQUEST))
        return berth_webhdfs_begin(t, berth_webhdfs_delete(&t->call, t->config.fs, remote_of(t), false),
                                   BERTH_WEBHDFS_UP_REMOVES_OLD);
    if (plain && status == BERTH_E_WRONG_STATE)
        return berth_webhdfs_fail_at(t, BERTH_E_CONFLICT, t->remote, "somebody took the name meanwhile");
    return berth_webhdfs_fail(t, status);
}

/* The answer to the rename was lost. */
static enum berth_status looked_for_temporary(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    if (status == BERTH_E_NOT_FOUND)
        return look(t, t->remote, BERTH_WEBHDFS_UP_CHECKS);
    if (status == BERTH_OK && ++t->tries < RENAMES_MAX)
        return rename_temporary(t, t->config.overwrite, BERTH_WEBHDFS_UP_RENAMES);
    return berth_webhdfs_fail(t, status == BERTH_OK ? BERTH_E_UNAVAILABLE : status);
}

/* An answer that was lost may have been yes: from then on the new file may be the only one. */
static enum berth_status removed_old(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    t->old_removed = t->old_removed || status == BERTH_OK || t->call.result.maybe_done;
    if (status != BERTH_OK && status != BERTH_E_NO_FILE && !t->call.result.maybe_done)
        return berth_webhdfs_fail(t, status);
    return rename_temporary(t, false, BERTH_WEBHDFS_UP_RENAMES_PLAIN);
}

/* A plain rename onto a directory that appeared meanwhile went inside it. */
static enum berth_status checked(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    const struct berth_webhdfs_entry *entry = entry_of(t);
    char path[BERTH_WEBHDFS_PATH_CAP];
    if (status != BERTH_OK) {
        t->old_removed = false; /* the temporary name is no more: that is not where the file is */
        return berth_webhdfs_fail(t, status);
    }
    if (entry->type.value == BERTH_WEBHDFS_DIRECTORY) {
        size_t len = berth_text_of(t->remote).len;
        memcpy(path, t->remote, len + 1);
        if (berth_webhdfs_join(path, len, berth_webhdfs_last_name(berth_text_of(t->leftover))) == BERTH_OK)
            memcpy(t->leftover, path, berth_text_of(path).len + 1);
        return berth_webhdfs_fail_at(t, BERTH_E_CONFLICT, t->remote,
                                     "somebody made it a directory meanwhile");
    }
    if ((uint64_t)entry->length != t->done)
        return berth_webhdfs_fail_at(t, BERTH_E_PROTOCOL, t->remote,
                                     "the server stored another length than was sent");
    return berth_webhdfs_file_done(t);
}

/* ---- Where it goes ---------------------------------------------------------------------------- */

static enum berth_status make_directory(struct berth_webhdfs_transfer *t)
{
    return berth_webhdfs_begin(t, berth_webhdfs_mkdirs(&t->call, t->config.fs, remote_of(t), DIRECTORY_MODE),
                               BERTH_WEBHDFS_UP_MAKES_FOLDER);
}

static enum berth_status keep_target(struct berth_webhdfs_transfer *t)
{
    memcpy(t->target, t->remote, sizeof t->target);
    return t->tree ? make_directory(t) : berth_webhdfs_upload_file(t);
}

/* Into the directory, under the local name. */
static enum berth_status look_inside(struct berth_webhdfs_transfer *t)
{
    struct berth_text name = berth_text_of(t->name);
    if (name.len == 0 || berth_text_equal(name, BERTH_TEXT(".")) || berth_text_equal(name, BERTH_TEXT("..")))
        return berth_webhdfs_fail_at(t, BERTH_E_ARGUMENT, t->remote,
                                     "is a directory: name what is to be made in it");
    enum berth_status status = berth_webhdfs_join(t->remote, remote_of(t).len, name);
    if (status == BERTH_OK)
        status = berth_webhdfs_check_path(remote_of(t), NULL);
    if (status != BERTH_OK)
        return berth_webhdfs_fail_at(t, status, t->name, "HDFS takes no such name");
    return look(t, t->remote, BERTH_WEBHDFS_UP_LOOKS_INSIDE);
}

/* What stands at the target: may the upload take its place? */
static enum berth_status looked(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    if (status == BERTH_E_NOT_FOUND) {
        if (t->phase != BERTH_WEBHDFS_UP_LOOKS_CHILD)
            t->fresh = true;
        return t->phase == BERTH_WEBHDFS_UP_LOOKS_CHILD ? berth_webhdfs_upload_file(t) : keep_target(t);
    }
    if (status != BERTH_OK)
        return berth_webhdfs_fail(t, status);
    bool is_directory = entry_of(t)->type.value == BERTH_WEBHDFS_DIRECTORY;
    if (is_directory && t->phase == BERTH_WEBHDFS_UP_LOOKS)
        return look_inside(t);
    bool wants_directory = t->tree && t->phase != BERTH_WEBHDFS_UP_LOOKS_CHILD;
    if (is_directory != wants_directory)
        return berth_webhdfs_fail_at(t, BERTH_E_CONFLICT, t->remote,
                                     is_directory ? "is a directory" : "is taken by what is no directory");
    if (!t->config.overwrite)
        return berth_webhdfs_fail_at(t, BERTH_E_CONFLICT, t->remote, "it exists already");
    return t->phase == BERTH_WEBHDFS_UP_LOOKS_CHILD ? berth_webhdfs_upload_file(t) : keep_target(t);
}

enum berth_status berth_webhdfs_upload_start(struct berth_webhdfs_transfer *t)
{
    enum berth_webhdfs_local_kind kind = BERTH_WEBHDFS_LOCAL_FILE;
    enum berth_status status = BERTH_OK;
    if (t->kind == BERTH_WEBHDFS_UPLOADS)
        status = berth_webhdfs_kind_of(t, true, &kind);
    if (status == BERTH_OK && kind == BERTH_WEBHDFS_LOCAL_NONE)
        status = BERTH_E_NO_FILE;
    if (status != BERTH_OK)
        return berth_webhdfs_fail_local(t, status);
    t->tree = kind == BERTH_WEBHDFS_LOCAL_FOLDER;
    if (t->tree && !t->config.recursive)
        return berth_webhdfs_fail_at(t, BERTH_E_TYPE, t->local, "is a folder: that takes recursion");
    if (!t->tree && kind != BERTH_WEBHDFS_LOCAL_FILE)
        return berth_webhdfs_fail_at(t, BERTH_E_TYPE, t->local, "is neither file nor folder");
    return look(t, t->remote, BERTH_WEBHDFS_UP_LOOKS);
}

static enum berth_status created(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    if (status != BERTH_OK) {
        t->call.result.maybe_done = false; /* under a name that nobody knows, and that is removed */
        return berth_webhdfs_fail(t, status);
    }
    berth_webhdfs_close_file(t);
    return look(t, t->leftover, BERTH_WEBHDFS_UP_MEASURES);
}

enum berth_status berth_webhdfs_upload_on(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    switch ((enum berth_webhdfs_transfer_phase)t->phase) {
    case BERTH_WEBHDFS_UP_LOOKS:
    case BERTH_WEBHDFS_UP_LOOKS_INSIDE:
    case BERTH_WEBHDFS_UP_LOOKS_CHILD:
        return looked(t, status);
    case BERTH_WEBHDFS_UP_MAKES_FOLDER:
        if (status != BERTH_OK)
            return berth_webhdfs_fail(t, status);
        t->folder_count++;
        berth_webhdfs_tell(t, BERTH_WEBHDFS_FOLDER, 0, 0);
        return berth_webhdfs_enter(t);
    case BERTH_WEBHDFS_UP_CREATES:
        return created(t, status);
    case BERTH_WEBHDFS_UP_MEASURES:
        return measured(t, status);
    case BERTH_WEBHDFS_UP_LOOKS_FOR_TEMPORARY:
        return looked_for_temporary(t, status);
    case BERTH_WEBHDFS_UP_REMOVES_OLD:
        return removed_old(t, status);
    case BERTH_WEBHDFS_UP_CHECKS:
        return checked(t, status);
    default: /* UP_RENAMES, UP_RENAMES_PLAIN */
        return renamed(t, status);
    }
}
