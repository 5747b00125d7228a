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
    char folder[LOG_PATH_MAX];
    uint64_t size[LOG_PARTS]; /* bytes in each part */
    uint64_t limit;
    uint64_t
        cut;  /* bytes that were dropped between head and older; also in older's name, for the next life */
    int file; /* the part that is being written, or -1 */
    unsigned part;
    int error; /* errno of the first failure to write: the log ends there */
    /* reading it back */
    int reading;
    unsigned piece;
    size_t mark_at;
    struct berth_text marks[2]; /* between head and older, and at the end */
    char mark_texts[2][160];
};

/* Starts a log in FOLDER, or goes on with one that a previous life left there. A failure is kept and said at
 * the log's end. */
void log_open(struct step_log *log, const char *folder, uint64_t limit);
void log_write(struct step_log *log, const void *bytes, size_t len);
/* A line of the worker's own: "berth: WHAT: DETAIL". */
void log_line(struct step_log *log, const char *what, struct berth_text detail);
void log_close(struct step_log *log);
/* All of it as a source of known length, for the upload; the log is closed for writing. */
void log_source(struct step_log *log, struct berth_source *out_source);
void log_source_close(struct step_log *log);

#endif
