/* The monitor of a shared GPU host: what its files share. */
#ifndef BERTH_PROGRAM_MONITOR_H
#define BERTH_PROGRAM_MONITOR_H

#include "container_job.h"

/* jobs/monitor.log, and a copy on standard output, coloured on a terminal. */
struct monitor_log {
    struct app *app;
    const struct folder *folder; /* for the time of day */
    char path[FOLDER_PATH + 16];
    bool failed; /* said once that it cannot be written */
};
void monitor_log_init(struct monitor_log *log, struct app *app, const struct folder *folder);
/* An event_fn. */
void monitor_log_say(void *ctx, enum event_level level, const char *sign, struct berth_text message);

struct monitor {
    struct app *app;
    struct folder *folder;
    struct monitor_log log;
    struct events events;
    struct docker docker;
    struct container_job job;
    bool dry_run;
    bool docker_failed, files_failed; /* in this tick */
    int64_t now_s;
    /* The rows of the last load: number i is row i of the folder's schedule. */
    struct berth_monitor_row rows[FOLDER_ROWS];
    size_t row_count;
    struct berth_monitor_step steps[FOLDER_ROWS];
    size_t step_count;
    bool applied[FOLDER_ROWS]; /* its password was set in this tick */
    /* What the watcher has seen (by the users' numbers), and its notices. */
    bool seen[FOLDER_IDS];
    char notices[1 << 18];
};

/* Reads configuration and rows under the data lock; 0 or an exit code (reported). Bad rows are reported and
 * left alone. */
int monitor_load(struct monitor *m);
/* One tick, under the instance lock. An exit code, or MONITOR_BUSY: another tick is under way. */
#define MONITOR_BUSY (-1)
int monitor_tick(struct monitor *m);
/* What is done for one row (monitor_row.c); failures are reported and noted in M. */
void monitor_close(struct monitor *m, size_t row);
void monitor_expire(struct monitor *m, size_t row);
void monitor_start(struct monitor *m, size_t row);
/* Sets the hashed password of the row's user in its container. */
void monitor_apply(struct monitor *m, size_t row);
/* Makes JOB the row's. False when its user has no entry in users_config.yaml. */
bool monitor_take_row(struct monitor *m, size_t row);
/* Whether the user's folders leave room for another container (monitor_space.c). */
bool monitor_has_space(struct monitor *m, size_t row);
/* Reads monitor_exec from time to time until a signal comes (monitor_watch.c); an exit code. */
int monitor_watch(struct monitor *m);

#endif
