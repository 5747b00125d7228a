/* The folder of a shared GPU host, as all booking programs see it: configuration, users, bookings, time. */
#ifndef BERTH_PROGRAM_BOOKING_FOLDER_H
#define BERTH_PROGRAM_BOOKING_FOLDER_H

#include "app.h"

/* Bounds of one host. More is an error that says so. */
#define FOLDER_ROWS 16384  /* rows of booking.csv and using.csv together */
#define FOLDER_PEOPLE 4096 /* entries of users_config.yaml, ids in allow_userIDs, custom limits: each */
#define FOLDER_IDS (FOLDER_ROWS + FOLDER_PEOPLE) /* different ids altogether */
#define FOLDER_BAD_ROWS 64                       /* that are kept; bad_count counts on */
#define FOLDER_PATH 1024
#define FOLDER_LOCK_WAIT_MS 10000
/* The exit codes of book, monitor and run-container (wire page 5.1); 0 is done, 2 wrong usage. */
enum host_exit { HOST_REFUSED = 1, HOST_FILES = 3, HOST_DOCKER = 4 };
/* The number of nobody. */
#define FOLDER_NO_USER UINT32_MAX

/* A row of the schedule in full: rows[i] belongs to schedule.rows[i] for as long as only folder_load_rows()
 * and berth_schedule_insert() change the schedule. Texts live until the next folder_load_rows(). */
struct folder_row {
    enum berth_stage stage;
    uint32_t line;
    struct berth_text user_id;       /* lower case */
    struct berth_text image;         /* absent: the default */
    struct berth_text extra_command; /* absent: none */
};

/* A row that cannot be read; its bytes stay in the file. */
struct folder_bad_row {
    enum berth_stage stage;
    uint32_t line;
    enum berth_row_fault fault;
};

enum folder_level { FOLDER_WARNING, FOLDER_ERROR };
/* Takes a message: one line, without its end. */
typedef void (*folder_say_fn)(void *ctx, enum folder_level level, struct berth_text line);

struct folder_options {
    const char *path;    /* --config DIR; NULL: the current folder */
    const char *now;     /* --now T, "YYYY-MM-DD hh:mm[:ss]"; NULL: the clock, in local civil time */
    enum exit_code code; /* for files that cannot be used: 3 (wire page 5.1) or 5 (house plan) */
    folder_say_fn say;   /* NULL: "berth: COMMAND: ..." on standard error */
    void *say_ctx;
    bool users_optional; /* without leave to read the users' file there are no users, and no error */
};

/* One per program; what it points to is the program's own memory. */
struct folder_people;
struct folder {
    struct app *app;
    struct folder_people *people; /* ids and their numbers */
    struct folder_options options;
    char jobs[FOLDER_PATH]; /* DIR/jobs */
    char host_path[FOLDER_PATH], capability_path[FOLDER_PATH], users_path[FOLDER_PATH];
    struct berth_host_config host;
    struct berth_capability_config capability;
    struct berth_text users_document;
    struct berth_user *users; /* in the order of the file */
    size_t user_count;
    struct berth_port_owner *owners; /* configured ports, by number */
    size_t owner_count;
    struct berth_store store;
    struct berth_schedule schedule; /* booking.csv and using.csv, with an index */
    struct folder_row *rows;
    struct folder_bad_row bad[FOLDER_BAD_ROWS];
    size_t bad_count;
    bool locked;
    bool warned_mode, warned_gpus; /* said once a program */
    int64_t fixed_now_s;           /* of --now */
};

/* ---- Opening ---------------------------------------------------------------------------------- */

/* Reads cfg/host_deploy.yaml and the two files that it names, and opens the store; rows are not read yet. 0,
 * or an exit code (reported: "FILE:LINE:COLUMN: what, what to do"). */
int folder_open(struct folder *f, struct app *app, const struct folder_options *options);
/* Lets go of the lock and wipes what was read of passwords. */
void folder_close(struct folder *f);
/* Reads the three configuration files again; 0 or an exit code (reported). Afterwards everything taken from
 * them earlier (users, limits, images) is void, numbers of users stay. */
int folder_load_config(struct folder *f);
/* users_config.yaml alone again. Between folder_begin() and folder_end() for an answer that lasts. */
int folder_load_users(struct folder *f);
/* booking_folder_rows.c: booking.csv and using.csv into the schedule; bad rows are counted and the first ones
 * kept, GPUs that the host does not have are warned of. The same about begin and end; outside them a row that
 * is just being moved counts once, as running. */
int folder_load_rows(struct folder *f);
/* 0 when every row could be read; else reports the first bad one and how many there are: the exit code. For
 * programs that must not decide on half a schedule. */
int folder_refuse_bad_rows(struct folder *f);
/* "jobs/booking.csv line 3: user_id is empty", of a row of bad[]. */
void folder_put_bad_row(struct berth_writer *w, const struct folder *f, const struct folder_bad_row *bad);

/* ---- Changing --------------------------------------------------------------------------------- */

/* Refuses pipes and devices in place of the files in jobs/: to open one could take for ever, with the lock
 * held. 0, or an exit code (reported). Loading rows and folder_begin() ask it. */
int folder_look(struct folder *f);
/* Keeps other programs out, at most FOLDER_LOCK_WAIT_MS; 0 or an exit code (reported). */
int folder_begin(struct folder *f);
/* May be called twice. */
void folder_end(struct folder *f);
/* Writes USER's entry anew into users_config.yaml (mode 0600) and reads the file again. Between begin and
 * end. 0 or an exit code (reported). */
int folder_save_user(struct folder *f, const struct berth_user *user);
/* Reports what the store answered (anything but BERTH_OK) with its reason; an exit code. WHAT: what was being
 * done, "the booking was not made". */
int folder_fail(struct folder *f, enum berth_status status, const char *what);
/* A message of one line through options.say. */
void folder_say(struct folder *f, enum folder_level level, struct berth_text line);

/* ---- booking_people.c: ids and numbers -------------------------------------------------------- */

/* The number of an id (compared in lower case), FOLDER_NO_USER for one that no file has named. Numbers stay
 * the same until the program ends. */
uint32_t folder_user_number(const struct folder *f, struct berth_text id);
/* The same, numbering an id that is new. FOLDER_NO_USER when there is no room for more. */
uint32_t folder_user_add(struct folder *f, struct berth_text id);
/* The id, in lower case; absent for a number that is nobody's. */
struct berth_text folder_user_id(const struct folder *f, uint32_t number);

/* ---- Asking ----------------------------------------------------------------------------------- */

/* Civil seconds of local time now, or of --now. */
int64_t folder_now(const struct folder *f);
/* The entry of users_config.yaml, or NULL. */
const struct berth_user *folder_user_config(const struct folder *f, struct berth_text id);
/* A request with everything filled in that the files say: the host, the user's limits, now, owners of ports,
 * the default neighbourhood. Times, want, port and starts_now are the caller's. */
void folder_request(const struct folder *f, uint32_t user, struct berth_request *out_request);

#endif
