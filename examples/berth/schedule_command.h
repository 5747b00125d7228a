/* What the commands of `berth schedule` share. */
#ifndef BERTH_PROGRAM_SCHEDULE_COMMAND_H
#define BERTH_PROGRAM_SCHEDULE_COMMAND_H

#include "booking_folder.h"

/* Reads the host's folder of --config, its schedule too; NEEDS_USERS: users_config.yaml must be readable,
 * which it is for one account. 0 or an exit code (reported). */
int schedule_open(struct app *app, bool needs_users, struct folder **out_folder);

/* A time of option ID: a date, or an entry as in bookings. Flags count from BASE_S. 0 or an exit code
 * (reported). *out_is_now (may be NULL: then the word is no more than a time) tells "now". */
int schedule_time(struct app *app, enum option_id id, int64_t now_s, int64_t base_s, int64_t *out_s,
                  bool *out_is_now);
/* --from and --to, with the defaults that are there already. 0 or an exit code (reported). */
int schedule_span(struct app *app, int64_t now_s, int64_t *from_s, int64_t *to_s);
/* --length in seconds. 0 or an exit code (reported). */
int schedule_length(struct app *app, int64_t *out_s);
/* The number of --user, new if need be; FOLDER_NO_USER without the option. 0 or an exit code (reported). */
int schedule_user(struct app *app, struct folder *f, uint32_t *out_user);

/* The numbers of the schedule's rows that reach into [from_s, to_s), by start, user id and number. */
struct schedule_order {
    uint32_t rows[FOLDER_ROWS];
    size_t count;
};
void schedule_sort(const struct folder *f, int64_t from_s, int64_t to_s, struct schedule_order *order);

/* Prints the rows that reach into [from_s, to_s), of one user or (FOLDER_NO_USER) of all, as a table or, with
 * --json, an object each. Returns how many. */
size_t schedule_print_rows(struct app *app, const struct folder *f, int64_t from_s, int64_t to_s,
                           uint32_t user);

/* ---- parts of what is shown ---- */

enum { SCHEDULE_TIME_CAP = 24 };
/* "2030-01-07 09:00", or with seconds when there are some, or when they must be. */
struct berth_text schedule_time_text(char buf[SCHEDULE_TIME_CAP], int64_t seconds, bool with_seconds);
/* A member of a JSON object. */
void schedule_put_time(struct berth_json_writer *w, const char *name, int64_t seconds);
void schedule_put_gpus(struct berth_json_writer *w, const char *name, uint64_t gpus);
void schedule_put_cpus(struct berth_json_writer *w, const char *name, int64_t nano);
/* Text of a file, which need not be UTF-8; absent: null. */
void schedule_put_text(struct berth_json_writer *w, const char *name, struct berth_text text);
/* "0,2" without blanks, each id; "none" for the empty set. */
void schedule_put_ids(struct berth_writer *w, uint64_t gpus);

/* The picture; 0 or an exit code (reported). */
int schedule_draw_svg(struct app *app, const struct folder *f, int64_t from_s, int64_t to_s,
                      const struct schedule_order *order);

#endif
