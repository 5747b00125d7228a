/* A step's log in files of bounded size: a head, and two parts that take turns in holding the end. */
#define _DEFAULT_SOURCE
#include "worker_log.h"

#include "berth/port_posix.h"
#include "worker_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* declares rename() */
#include <string.h>
#include <unistd.h>

/* Followed by the count of bytes that were cut before it. */
#define OLDER_NAME "console.older."

static uint64_t part_limit(const struct step_log *log, unsigned part)
{
    return part == LOG_HEAD ? log->limit / 2 : log->limit / 4;
}

/* The path of a part, in PATH of LOG_PATH_MAX bytes. Of the older one the name says how much was cut before
 * it: so a crash at any moment loses no count. */
static const char *part_path(const struct step_log *log, unsigned part, uint64_t cut, char *path)
{
    static const char *const names[LOG_PARTS] = {"console.log", OLDER_NAME, "console.newer"};
    struct berth_writer w;
    berth_writer_init(&w, path, LOG_PATH_MAX);
    berth_put_string(&w, log->folder);
    berth_put_char(&w, '/');
    berth_put_string(&w, names[part]);
    if (part == LOG_OLDER)
        berth_put_u64(&w, cut);
    (void)!berth_writer_terminate(&w); /* log_open() left room */
    return path;
}

static int open_part(const struct step_log *log, unsigned part, int flags)
{
    char path[LOG_PATH_MAX];
    return plain_open(part_path(log, part, log->cut, path), flags);
}

static void write_to(struct step_log *log, unsigned part)
{
    log->part = part;
    log->file = open_part(log, part, O_WRONLY | O_CREAT | O_APPEND);
    if (log->file < 0)
        log->error = errno;
}

/* What a previous life had cut: the newest older part's name says it; one that it did not get to remove goes.
 */
static void find_cut(struct step_log *log)
{
    struct berth_posix_folder folder;
    char path[LOG_PATH_MAX];
    const char *name;
    if (berth_posix_folder_open(&folder, log->folder) != BERTH_OK)
        return;
    while ((name = berth_posix_folder_next(&folder, NULL)) != NULL) {
        uint64_t cut = 0;
        struct berth_text text = berth_text_of(name);
        if (!berth_text_starts(text, BERTH_TEXT(OLDER_NAME)) ||
            berth_parse_u64(berth_text_slice(text, strlen(OLDER_NAME), text.len), &cut) != BERTH_OK ||
            cut == 0)
            continue;
        uint64_t stale = cut > log->cut ? log->cut : cut;
        log->cut = cut > log->cut ? cut : log->cut;
        (void)unlink(part_path(log, LOG_OLDER, stale, path));
    }
    berth_posix_folder_close(&folder);
}

void log_open(struct step_log *log, const char *folder, uint64_t limit)
{
    struct berth_writer w;
    memset(log, 0, sizeof *log);
    log->limit = limit < LOG_LIMIT_MIN ? LOG_LIMIT_MIN : limit;
    log->file = log->reading = -1;
    berth_writer_init(&w, log->folder, sizeof log->folder - 64);
    berth_put_string(&w, folder);
    if (berth_writer_terminate(&w) != BERTH_OK) {
        log->error = ENAMETOOLONG;
        return;
    }
    find_cut(log);
    for (unsigned i = 0; i < LOG_PARTS; i++) {
        int fd = open_part(log, i, O_RDONLY);
        log->size[i] = plain_size(fd);
        if (fd >= 0)
            close(fd);
    }
    write_to(log, log->size[LOG_NEWER] > 0 ? LOG_NEWER : log->size[LOG_OLDER] > 0 ? LOG_OLDER : LOG_HEAD);
}

/* The next part; when both of the end are full, the older one makes room. */
static void next_part(struct step_log *log)
{
    char newer[LOG_PATH_MAX], older[LOG_PATH_MAX], stale[LOG_PATH_MAX];
    unsigned full = log->part;
    close(log->file);
    log->file = -1;
    if (full != LOG_NEWER) {
        write_to(log, full + 1);
        return;
    }
    uint64_t cut = log->cut + log->size[LOG_OLDER];
    if (rename(part_path(log, LOG_NEWER, 0, newer), part_path(log, LOG_OLDER, cut, older)) != 0) {
        log->error = errno;
        return;
    }
    (void)unlink(part_path(log, LOG_OLDER, log->cut, stale));
    log->cut = cut;
    log->size[LOG_OLDER] = log->size[LOG_NEWER];
    log->size[LOG_NEWER] = 0;
    write_to(log, LOG_NEWER);
}

void log_write(struct step_log *log, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0 && log->error == 0 && log->file >= 0) {
        if (log->size[log->part] >= part_limit(log, log->part)) {
            next_part(log);
            continue;
        }
        uint64_t room = part_limit(log, log->part) - log->size[log->part];
        ssize_t n = write(log->file, at, len < room ? len : (size_t)room);
        if (n > 0) {
            log->size[log->part] += (size_t)n;
            at += n;
            len -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            log->error = n == 0 ? ENOSPC : errno;
        }
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
    if (log->file >= 0)
        close(log->file);
    log->file = -1;
}

/* ---- reading it back --------------------------------------------------------------------------- */

/* The pieces in order, and what each is made of. */
enum { PIECE_END = 5, MARK = LOG_PARTS };
static const unsigned pieces[PIECE_END] = {LOG_HEAD, MARK, LOG_OLDER, LOG_NEWER, MARK + 1};

static ptrdiff_t read_part(struct step_log *log, unsigned part, void *buf, size_t cap)
{
    ssize_t n;
    if (log->size[part] == 0)
        return 0;
    if (log->reading < 0)
        log->reading = open_part(log, part, O_RDONLY);
    if (log->reading < 0)
        return BERTH_E_IO;
    do
        n = read(log->reading, buf, cap);
    while (n < 0 && errno == EINTR);
    return n < 0 ? BERTH_E_IO : n;
}

static ptrdiff_t read_mark(struct step_log *log, struct berth_text mark, void *buf, size_t cap)
{
    size_t left = mark.len - log->mark_at;
    size_t len = left < cap ? left : cap;
    if (len > 0)
        memcpy(buf, mark.ptr + log->mark_at, len);
    log->mark_at += len;
    return (ptrdiff_t)len;
}

static ptrdiff_t source_read(void *ctx, void *buf, size_t cap)
{
    struct step_log *log = ctx;
    while (log->piece < PIECE_END) {
        unsigned piece = pieces[log->piece];
        ptrdiff_t n = piece >= MARK ? read_mark(log, log->marks[piece - MARK], buf, cap)
                                    : read_part(log, piece, buf, cap);
        if (n != 0)
            return n;
        log_source_close(log);
        log->piece++;
        log->mark_at = 0;
    }
    return 0;
}

static enum berth_status source_rewind(void *ctx)
{
    struct step_log *log = ctx;
    log_source_close(log);
    log->piece = 0;
    log->mark_at = 0;
    return BERTH_OK;
}

static void write_marks(struct step_log *log)
{
    struct berth_writer w;
    memset(log->marks, 0, sizeof log->marks);
    if (log->cut > 0) {
        berth_writer_init(&w, log->mark_texts[0], sizeof log->mark_texts[0]);
        berth_put_string(&w, "\n--- berth: ");
        berth_put_u64(&w, log->cut);
        berth_put_string(&w, " bytes were cut out here; the limit is ");
        berth_put_u64(&w, log->limit);
        berth_put_string(&w, " bytes (--log-limit) ---\n");
        log->marks[0] = berth_writer_text(&w);
    }
    if (log->error != 0) {
        berth_writer_init(&w, log->mark_texts[1], sizeof log->mark_texts[1]);
        berth_put_string(&w, "\n--- berth: the log could not be written from here on: ");
        berth_put_text(&w, berth_posix_error_text(log->error));
        berth_put_string(&w, " ---\n");
        log->marks[1] = berth_writer_text(&w);
    }
}

/* A part may have been removed or cut by the step: what is there now counts. */
static uint64_t measure(struct step_log *log, unsigned part)
{
    if (log->size[part] == 0)
        return 0;
    int fd = open_part(log, part, O_RDONLY);
    uint64_t size = plain_size(fd);
    if (size != log->size[part] && log->error == 0)
        log->error = fd < 0 ? ENOENT : EIO;
    if (fd >= 0)
        close(fd);
    log->size[part] = size;
    return size;
}

void log_source(struct step_log *log, struct berth_source *out_source)
{
    uint64_t length = 0;
    log_close(log);
    for (unsigned i = 0; i < LOG_PARTS; i++)
        length += measure(log, i);
    write_marks(log);
    memset(out_source, 0, sizeof *out_source);
    out_source->ctx = log;
    out_source->read = source_read;
    out_source->rewind = source_rewind;
    out_source->length = length + log->marks[0].len + log->marks[1].len;
    (void)!source_rewind(log);
}

void log_source_close(struct step_log *log)
{
    if (log->reading >= 0)
        close(log->reading);
    log->reading = -1;
}
