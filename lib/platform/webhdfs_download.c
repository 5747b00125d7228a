/* Downloads: look, read, and after a break look again and read on; the local name comes last. */
#include "platform/webhdfs_transfer.h"

#include <string.h>

/* So much of a file between two breaks, and the tries count anew. */
#define PROGRESS (UINT64_C(1) << 20)

static const struct berth_webhdfs_entry *entry_of(const struct berth_webhdfs_transfer *t)
{
    return &t->config.fs->answer.entry;
}

static bool has_file(const struct berth_webhdfs_transfer *t)
{
    return t->kind == BERTH_WEBHDFS_DOWNLOADS;
}

/* ---- The data --------------------------------------------------------------------------------- */

static enum berth_status write_data(void *ctx, const void *bytes, size_t len)
{
    struct berth_webhdfs_transfer *t = ctx;
    const struct berth_files *files = t->config.files;
    t->excess = len > t->length - t->done;
    if (t->excess)
        return BERTH_E_PROTOCOL;
    enum berth_status status =
        has_file(t) ? files->write(files->ctx, t->file, bytes, len) : t->sink.write(t->sink.ctx, bytes, len);
    t->unwritten = status != BERTH_OK;
    if (t->unwritten)
        return status;
    t->done += len;
    berth_webhdfs_tell(t, BERTH_WEBHDFS_DATA, t->done, t->length);
    return BERTH_OK;
}

static enum berth_status finish(struct berth_webhdfs_transfer *t)
{
    const struct berth_files *files = t->config.files;
    if (has_file(t)) {
        berth_file file = t->file;
        t->file = -1;
        enum berth_status status = files->commit(files->ctx, file);
        if (status != BERTH_OK)
            return berth_webhdfs_fail_local(t, status);
    }
    return berth_webhdfs_file_done(t);
}

/* The rest of the file, from another DataNode than the one that broke off. */
static enum berth_status read_on(struct berth_webhdfs_transfer *t)
{
    struct berth_sink sink = {t, write_data, NULL};
    struct berth_webhdfs *fs = t->config.fs;
    if (t->done == t->length)
        return finish(t);
    t->mark = t->done;
    enum berth_status status = berth_webhdfs_open(&t->call, fs, berth_text_of(t->remote), t->offset + t->done,
                                                  t->length - t->done, &sink);
    if (status == BERTH_OK && t->datanode[0] != '\0') {
        memcpy(fs->run.excluded, t->datanode, sizeof t->datanode);
        status = berth_webhdfs_ask(&t->call);
    }
    return berth_webhdfs_begin(t, status, BERTH_WEBHDFS_DOWN_OPENS);
}

static bool is_break(const struct berth_webhdfs_transfer *t, enum berth_status status)
{
    switch (status) {
    case BERTH_OK: /* fewer bytes than asked for */
    case BERTH_E_CONNECT:
    case BERTH_E_TIMEOUT:
    case BERTH_E_CLOSED:
    case BERTH_E_RESET:
    case BERTH_E_TLS:
    case BERTH_E_TRUNCATED:
        return t->done > t->mark;
    default:
        return false;
    }
}

/* The call itself tries again until the first byte comes; after that it is for us. */
static enum berth_status opened(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    const struct berth_webhdfs *fs = t->config.fs;
    const struct berth_clock *clock = fs->config.http->config.clock;
    uint32_t pause_ms = 0;
    if (status == BERTH_OK && t->done == t->length)
        return finish(t);
    if (t->done - t->mark >= PROGRESS)
        t->tries = 0;
    if (!is_break(t, status) || !berth_webhdfs_may_try(fs, ++t->tries, &pause_ms)) {
        if (status == BERTH_OK)
            return berth_webhdfs_fail_at(t, BERTH_E_TRUNCATED, t->remote, "the server sent less than it has");
        if (t->unwritten && has_file(t))
            return berth_webhdfs_fail_local(t, status);
        if (status == BERTH_E_PROTOCOL && t->excess)
            return berth_webhdfs_fail_at(t, status, t->remote, "the server sent more than was asked for");
        return berth_webhdfs_fail(t, status);
    }
    berth_webhdfs_tell(t, BERTH_WEBHDFS_AGAIN, t->done, t->length);
    memcpy(t->datanode, fs->run.datanode, sizeof t->datanode);
    t->pause_end_ms = clock->monotonic_ms(clock->ctx) + pause_ms;
    if (t->pause_end_ms >= t->end_ms)
        return berth_webhdfs_fail(t, status == BERTH_OK ? BERTH_E_TRUNCATED : status);
    t->phase = BERTH_WEBHDFS_DOWN_PAUSES;
    return BERTH_E_WOULD_BLOCK;
}

/* ---- Its local end ---------------------------------------------------------------------------- */

static enum berth_status open_new(struct berth_webhdfs_transfer *t)
{
    const struct berth_files *files = t->config.files;
    t->file = files->open(files->ctx, t->local, BERTH_FILE_REPLACE, 0644);
    return t->file < 0 ? (enum berth_status)t->file : BERTH_OK;
}

enum berth_status berth_webhdfs_download_file(struct berth_webhdfs_transfer *t)
{
    enum berth_webhdfs_local_kind kind = BERTH_WEBHDFS_LOCAL_NONE;
    enum berth_status status = berth_webhdfs_kind_of(t, false, &kind);
    bool is_device = kind == BERTH_WEBHDFS_LOCAL_OTHER;
    if (status == BERTH_OK && kind == BERTH_WEBHDFS_LOCAL_FOLDER)
        return berth_webhdfs_fail_at(t, BERTH_E_EXISTS, t->local, "is a folder");
    if (status == BERTH_OK && kind != BERTH_WEBHDFS_LOCAL_NONE && !is_device && !t->config.overwrite)
        status = BERTH_E_EXISTS;
    if (status == BERTH_OK)
        status = open_new(t);
    if (status != BERTH_OK)
        return berth_webhdfs_fail_local(t, status);
    t->direct = is_device;
    t->offset = 0;
    t->length = (uint64_t)t->size;
    t->done = 0;
    t->tries = 0;
    t->datanode[0] = '\0';
    berth_webhdfs_tell(t, BERTH_WEBHDFS_BEGIN, 0, t->length);
    return read_on(t);
}

enum berth_status berth_webhdfs_make_folder(struct berth_webhdfs_transfer *t)
{
    const struct berth_files *files = t->config.files;
    enum berth_webhdfs_local_kind kind = BERTH_WEBHDFS_LOCAL_NONE;
    enum berth_status status = files->make_folder(files->ctx, t->local, 0755);
    if (status == BERTH_E_EXISTS) {
        /* A link would lead out of the tree. */
        BERTH_TRY(berth_webhdfs_kind_of(t, false, &kind));
        bool merges = kind == BERTH_WEBHDFS_LOCAL_FOLDER && t->config.overwrite;
        status = merges ? BERTH_OK : BERTH_E_EXISTS;
    }
    if (status == BERTH_OK) {
        t->folder_count++;
        berth_webhdfs_tell(t, BERTH_WEBHDFS_FOLDER, 0, 0);
    }
    return status;
}

static enum berth_status begin_local(struct berth_webhdfs_transfer *t)
{
    enum berth_webhdfs_local_kind kind = BERTH_WEBHDFS_LOCAL_NONE;
    enum berth_status status = berth_webhdfs_kind_of(t, true, &kind);
    if (status == BERTH_OK && kind == BERTH_WEBHDFS_LOCAL_FOLDER) {
        struct berth_text name = berth_text_of(t->name);
        if (!berth_webhdfs_name_is_safe(name))
            return berth_webhdfs_fail_at(t, BERTH_E_ARGUMENT, t->local,
                                         "is a folder: name what is to be made in it");
        status = berth_webhdfs_join(t->local, berth_text_of(t->local).len, name);
    }
    if (status != BERTH_OK)
        return berth_webhdfs_fail_local(t, status);
    memcpy(t->target, t->local, sizeof t->target);
    if (!t->tree)
        return berth_webhdfs_download_file(t);
    status = berth_webhdfs_make_folder(t);
    return status == BERTH_OK ? berth_webhdfs_enter(t) : berth_webhdfs_fail_local(t, status);
}

/* ---- What is there ---------------------------------------------------------------------------- */

static enum berth_status begin_read(struct berth_webhdfs_transfer *t)
{
    uint64_t size = (uint64_t)t->size;
    if (t->from_end)
        t->offset = t->offset < size ? size - t->offset : 0;
    uint64_t rest = t->offset < size ? size - t->offset : 0;
    t->length = t->length < rest ? t->length : rest;
    berth_webhdfs_tell(t, BERTH_WEBHDFS_BEGIN, 0, t->length);
    return read_on(t);
}

static enum berth_status looked(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    const struct berth_webhdfs_entry *entry = entry_of(t);
    if (status != BERTH_OK)
        return berth_webhdfs_fail(t, status);
    t->size = entry->length;
    t->modified_ms = entry->modified_ms;
    bool is_directory = entry->type.value == BERTH_WEBHDFS_DIRECTORY;
    if (is_directory && !has_file(t))
        return berth_webhdfs_fail_at(t, BERTH_E_TYPE, t->remote, "is a directory");
    if (is_directory && !t->config.recursive)
        return berth_webhdfs_fail_at(t, BERTH_E_TYPE, t->remote, "is a directory: that takes recursion");
    if (!is_directory && entry->type.value != BERTH_WEBHDFS_FILE)
        return berth_webhdfs_fail_at(t, BERTH_E_TYPE, t->remote, "is neither file nor directory");
    t->tree = is_directory;
    return has_file(t) ? begin_local(t) : begin_read(t);
}

/* What was read so far counts only while the file is the same. */
static enum berth_status looked_again(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    const struct berth_webhdfs_entry *entry = entry_of(t);
    if (status != BERTH_OK)
        return berth_webhdfs_fail(t, status);
    if (entry->type.value == BERTH_WEBHDFS_FILE && entry->length == t->size &&
        entry->modified_ms == t->modified_ms)
        return read_on(t);
    t->size = entry->length;
    t->modified_ms = entry->modified_ms;
    bool whole_sink = !has_file(t) && t->sink.restart != NULL && t->offset == 0 && !t->from_end;
    if (entry->type.value != BERTH_WEBHDFS_FILE || (has_file(t) ? t->direct : !whole_sink))
        return berth_webhdfs_fail_at(t, BERTH_E_WRONG_STATE, t->remote, "it changed while it was read");
    if (has_file(t)) {
        berth_webhdfs_close_file(t);
        status = open_new(t);
        if (status != BERTH_OK)
            return berth_webhdfs_fail_local(t, status);
    } else {
        status = t->sink.restart(t->sink.ctx);
        if (status != BERTH_OK)
            return berth_webhdfs_fail_at(t, status, t->remote, "what was read cannot be taken back");
    }
    t->length = (uint64_t)t->size;
    t->done = 0;
    berth_webhdfs_tell(t, BERTH_WEBHDFS_BEGIN, 0, t->length);
    return read_on(t);
}

enum berth_status berth_webhdfs_download_on(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    switch ((enum berth_webhdfs_transfer_phase)t->phase) {
    case BERTH_WEBHDFS_DOWN_LOOKS:
        return looked(t, status);
    case BERTH_WEBHDFS_DOWN_OPENS:
        return opened(t, status);
    case BERTH_WEBHDFS_DOWN_PAUSES:
        return berth_webhdfs_begin(t, berth_webhdfs_stat(&t->call, t->config.fs, berth_text_of(t->remote)),
                                   BERTH_WEBHDFS_DOWN_LOOKS_AGAIN);
    default:
        return looked_again(t, status);
    }
}
