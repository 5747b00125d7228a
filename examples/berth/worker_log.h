/* A step's log: everything that it prints, in files of bounded size. When it grows too long the beginning and
 * the end are kept, with a mark between them. */
#ifndef BERTH_PROGRAM_WORKER_LOG_H
#define BERTH_PROGRAM_WORKER_LOG_H

#include "berth/berth.h"

#define LOG_LIMIT_DEFAULT (UINT64_C(64) << 20)
#define LOG_LIMIT_MIN UINT64_C(4096)
#define LOG_PATH_MAX 1024

enum { LOG_HEAD, LOG_OLDER, LOG_NEWER, LOG_PARTS };

struct step_log {
    char path[LOG_PARTS][LOG_PATH_MAX];
    uint64_t size[LOG_PARTS]; /* bytes in each part */
    uint64_t limit;
    uint64_t cut;    /* bytes that were dropped between head and older */
    berth_file file; /* the part that is being written, or -1 */
    unsigned part;
    enum berth_status status; /* the first failure to write: the log goes on without */
    /* reading it back */
    berth_file reading;
    unsigned piece;
    size_t mark_at;
    char mark[160];
    size_t mark_len;
};

/* Starts a log in FOLDER, or goes on with one that a previous life left there. BERTH_E_SPACE when the path is
 * too long. */
enum berth_status log_open(struct step_log *log, const char *folder, uint64_t limit) BERTH_MUST_CHECK;
void log_write(struct step_log *log, const void *bytes, size_t len);
/* A line of the worker's own: "berth: WHAT: DETAIL". */
void log_line(struct step_log *log, const char *what, struct berth_text detail);
void log_close(struct step_log *log);
/* All of it as a source of known length, for the upload; the log is closed for writing. */
enum berth_status log_source(struct step_log *log, struct berth_source *out_source) BERTH_MUST_CHECK;
void log_source_close(struct step_log *log);

#endif
