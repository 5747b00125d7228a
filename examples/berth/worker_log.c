/* A step's log in files of bounded size: a head, and two parts that take turns in holding the end. */
#include "worker_log.h"

#include "files.h"

#include <string.h>

static uint64_t part_limit(const struct step_log *log, unsigned part)
{
    return part == LOG_HEAD ? log->limit / 2 : log->limit / 4;
}

static enum berth_status open_part(struct step_log *log, unsigned part)
{
    const struct berth_files *files = program_files();
    log->part = part;
    log->file = files->open(files->ctx, log->path[part], BERTH_FILE_APPEND, 0600);
    return log->file < 0 ? (enum berth_status)log->file : BERTH_OK;
}

/* The size of a part that exists; 0 otherwise. */
static uint64_t size_of(const char *path)
{
    const struct berth_files *files = program_files();
    uint64_t size = 0;
    berth_file file = files->open(files->ctx, path, BERTH_FILE_READ, 0);
    if (file < 0)
        return 0;
    if (files->size(files->ctx, file, &size) != BERTH_OK)
        size = 0;
    files->close(files->ctx, file);
    return size;
}

enum berth_status log_open(struct step_log *log, const char *folder, uint64_t limit)
{
    static const char *const names[LOG_PARTS] = {"/console.log", "/console.older", "/console.newer"};
    memset(log, 0, sizeof *log);
    log->limit = limit < LOG_LIMIT_MIN ? LOG_LIMIT_MIN : limit;
    log->file = log->reading = -1;
    for (unsigned i = 0; i < LOG_PARTS; i++) {
        struct berth_writer w;
        berth_writer_init(&w, log->path[i], sizeof log->path[i]);
        berth_put_string(&w, folder);
        berth_put_string(&w, names[i]);
        BERTH_TRY(berth_writer_terminate(&w));
        log->size[i] = size_of(log->path[i]);
    }
    unsigned part = log->size[LOG_NEWER] > 0 ? LOG_NEWER : log->size[LOG_OLDER] > 0 ? LOG_OLDER : LOG_HEAD;
    log->status = open_part(log, part);
    return log->status;
}

/* The next part; when both of the end are full, the older one makes room. */
static enum berth_status next_part(struct step_log *log)
{
    const struct berth_files *files = program_files();
    unsigned full = log->part;
    files->close(files->ctx, log->file);
    log->file = -1;
    if (full != LOG_NEWER)
        return open_part(log, full + 1);
    log->cut += log->size[LOG_OLDER];
    BERTH_TRY(files->rename(files->ctx, log->path[LOG_NEWER], log->path[LOG_OLDER]));
    log->size[LOG_OLDER] = log->size[LOG_NEWER];
    log->size[LOG_NEWER] = 0;
    return open_part(log, LOG_NEWER);
}

void log_write(struct step_log *log, const void *bytes, size_t len)
{
    const struct berth_files *files = program_files();
    const char *at = bytes;
    while (len > 0 && log->status == BERTH_OK && log->file >= 0) {
        uint64_t room = part_limit(log, log->part) - log->size[log->part];
        if (log->size[log->part] >= part_limit(log, log->part)) {
            log->status = next_part(log);
            continue;
        }
        size_t now = len < room ? len : (size_t)room;
        log->status = files->write(files->ctx, log->file, at, now);
        log->size[log->part] += now;
        at += now;
        len -= now;
    }
}

void log_line(struct step_log *log, const char *what, struct berth_text detail)
{
    log_write(log, "berth: ", 7);
    log_write(log, what, strlen(what));
    if (detail.len > 0) {
        log_write(log, ": ", 2);
        log_write(log, detail.ptr, detail.len);
    }
    log_write(log, "\n", 1);
}

void log_close(struct step_log *log)
{
    const struct berth_files *files = program_files();
    if (log->file >= 0)
        files->close(files->ctx, log->file);
    log->file = -1;
}

/* ---- reading it back -------------------------------------------------------------------------- */

/* The pieces in order: head, mark, older, newer. */
enum { PIECE_HEAD, PIECE_MARK, PIECE_OLDER, PIECE_NEWER, PIECE_END };

static ptrdiff_t read_part(struct step_log *log, unsigned part, void *buf, size_t cap)
{
    const struct berth_files *files = program_files();
    if (log->size[part] == 0)
        return 0;
    if (log->reading < 0)
        log->reading = files->open(files->ctx, log->path[part], BERTH_FILE_READ, 0);
    if (log->reading < 0)
        return log->reading;
    return files->read(files->ctx, log->reading, buf, cap);
}

static ptrdiff_t read_mark(struct step_log *log, void *buf, size_t cap)
{
    size_t len = log->mark_len - log->mark_at < cap ? log->mark_len - log->mark_at : cap;
    memcpy(buf, log->mark + log->mark_at, len);
    log->mark_at += len;
    return (ptrdiff_t)len;
}

static ptrdiff_t source_read(void *ctx, void *buf, size_t cap)
{
    static const unsigned part_of[] = {LOG_HEAD, 0, LOG_OLDER, LOG_NEWER};
    struct step_log *log = ctx;
    while (log->piece < PIECE_END) {
        ptrdiff_t n = log->piece == PIECE_MARK ? read_mark(log, buf, cap)
                                               : read_part(log, part_of[log->piece], buf, cap);
        if (n != 0)
            return n;
        log_source_close(log);
        log->piece++;
    }
    return 0;
}

static enum berth_status source_rewind(void *ctx)
{
    struct step_log *log = ctx;
    log_source_close(log);
    log->piece = PIECE_HEAD;
    log->mark_at = 0;
    return BERTH_OK;
}

static void write_mark(struct step_log *log)
{
    struct berth_writer w;
    log->mark_len = 0;
    if (log->cut == 0)
        return;
    berth_writer_init(&w, log->mark, sizeof log->mark);
    berth_put_string(&w, "\n--- berth: ");
    berth_put_u64(&w, log->cut);
    berth_put_string(&w, " bytes were cut out here; the limit is ");
    berth_put_u64(&w, log->limit);
    berth_put_string(&w, " bytes (--log-limit) ---\n");
    log->mark_len = berth_writer_text(&w).len;
}

enum berth_status log_source(struct step_log *log, struct berth_source *out_source)
{
    log_close(log);
    write_mark(log);
    memset(out_source, 0, sizeof *out_source);
    out_source->ctx = log;
    out_source->read = source_read;
    out_source->rewind = source_rewind;
    out_source->length = log->size[LOG_HEAD] + log->mark_len + log->size[LOG_OLDER] + log->size[LOG_NEWER];
    return source_rewind(log);
}

void log_source_close(struct step_log *log)
{
    if (log->reading >= 0)
        program_files()->close(program_files()->ctx, log->reading);
    log->reading = -1;
}
