/* Containers of booked rows: the arguments of docker, what is read back from it, and what a monitor's tick
 * has to do. Pure: nothing is started here, no files, no clock. */
#ifndef BERTH_CONTAINER_H
#define BERTH_CONTAINER_H

#include "berth/booking_rows.h"
#include "berth/schedule.h"
#include "berth/store.h"
#include "berth/text.h"
#include "berth/yaml.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Argument lists --------------------------------------------------------------------------- */

/* Built element by element in the caller's memory: nothing is ever split or quoted, so no text can become
 * two arguments. Its members may be read. */
struct berth_argv {
    struct berth_writer text; /* the elements' characters, each with its NUL; len is the need */
    const char **items;       /* pointers into text, for struct berth_spawn */
    size_t cap;               /* of items, the NULL at their end included */
    size_t count;             /* elements so far; the need when there are more than fit */
    size_t element;           /* where in text the open element begins */
    bool has_nul;             /* an element held a NUL byte */
};

void berth_argv_init(struct berth_argv *argv, char *text, size_t text_cap, const char **items, size_t cap);
void berth_argv_add(struct berth_argv *argv, struct berth_text element);
/* Several; a NULL ends them. */
void berth_argv_add_all(struct berth_argv *argv, const char *const *elements);
/* An element in parts: what is put into the writer that open() returns, up to close(). */
struct berth_writer *berth_argv_open(struct berth_argv *argv);
void berth_argv_close(struct berth_argv *argv);
/* Ends the list with NULL. BERTH_E_SPACE when it does not fit: text.len bytes and count + 1 items are needed;
 * BERTH_E_RANGE when an element held a NUL byte. ITEMS is to be used only after BERTH_OK. */
enum berth_status berth_argv_finish(struct berth_argv *argv) BERTH_MUST_CHECK;
/* The list as one line that a POSIX shell would read back as the same arguments, control characters as '?':
 * for people to look at. */
void berth_argv_put_line(struct berth_writer *w, const char *const *items);

/* ---- Memory ----------------------------------------------------------------------------------- */

/* MEMORY_GB split into RAM and shared memory: ram = ceil(memory * num / den - 1e-9), computed exactly, but at
 * least 1 (docker takes 0 for "no limit"); shm = memory - ram. The rate is that of struct
 * berth_capability_config. BERTH_E_RANGE unless memory >= 1 and 0 < num <= den. */
enum berth_status berth_container_memory(int64_t memory_gb, int64_t rate_num, int64_t rate_den,
                                         int64_t *out_ram_gb, int64_t *out_shm_gb) BERTH_MUST_CHECK;

/* ---- Mounts of backup.yaml -------------------------------------------------------------------- */

/* A pair of backup.yaml. The file belongs to the user: everything in it is hostile until checked. */
struct berth_mount {
    struct berth_text relative;  /* below the backup folder */
    struct berth_text container; /* absolute, inside the container */
};

enum berth_mount_fault {
    BERTH_MOUNT_GOOD = 0,
    BERTH_MOUNT_PAIR,      /* not two texts */
    BERTH_MOUNT_EMPTY,     /* the backup side is empty, or names the folder itself */
    BERTH_MOUNT_ABSOLUTE,  /* the backup side begins with '/' */
    BERTH_MOUNT_CLIMBS,    /* ".." on the backup side */
    BERTH_MOUNT_COLON,     /* ':' on either side: docker would read on behind it */
    BERTH_MOUNT_CONTROL,   /* a control character on either side */
    BERTH_MOUNT_CONTAINER, /* the container side is not absolute, climbs, or is "/" */
    BERTH_MOUNT_TAKEN      /* the container side is mounted already */
};
/* What is wrong, lower case, without a full stop. Static. */
const char *berth_mount_fault_text(enum berth_mount_fault fault);
/* The rules for one pair, TAKEN apart. Links are for who knows the file system: the resolved backup side has
 * to lie below the folder too. */
enum berth_mount_fault berth_mount_check(const struct berth_mount *mount);

/* What a container can mount from its backup folder. */
#define BERTH_MOUNTS_MAX 64
struct berth_mounts {
    struct berth_mount items[BERTH_MOUNTS_MAX];
    size_t count;
};
/* Called for each pair that is left out; LINE from 1. */
typedef void (*berth_mount_bad_fn)(void *ctx, uint32_t line, enum berth_mount_fault fault);

/* Reads the pairs of Dir and File of backup.yaml (a missing key is an empty list, other keys are passed
 * over; of a repeated key the last one counts). Good pairs go to OUT, in the order of the file; bad ones to
 * BAD (may be NULL). Texts point into the document or MEMORY. BERTH_E_SYNTAX and others of berth/yaml.h with
 * OUT_ERROR (may be NULL) filled in: the file is unusable; BERTH_E_TYPE: the same, Dir or File is no list;
 * BERTH_E_SPACE: more pairs than fit, or MEMORY is full. OUT holds what was good up to there. */
enum berth_status berth_mounts_read(struct berth_text document, struct berth_writer *memory,
                                    struct berth_mounts *out, berth_mount_bad_fn bad, void *bad_ctx,
                                    struct berth_yaml_error *out_error) BERTH_MUST_CHECK;

/* ---- docker ----------------------------------------------------------------------------------- */

/* The label that tells whose row a container belongs to. */
#define BERTH_CONTAINER_LABEL "aivc.row"
/* What `docker container inspect --format` prints it with. */
#define BERTH_CONTAINER_FORMAT "{{index .Config.Labels \"" BERTH_CONTAINER_LABEL "\"}}"
/* The label's value: "USER|YYYY-MM-DD hh:mm:ss". BERTH_E_RANGE for a time outside the years 1 to 9999. */
enum berth_status berth_container_put_label(struct berth_writer *w, struct berth_text user_id,
                                            int64_t start_s) BERTH_MUST_CHECK;
/* The start of a container that belongs to no row. */
#define BERTH_CONTAINER_NO_ROW INT64_MIN

struct berth_container {
    const char *docker;        /* the program; NULL = "docker" */
    struct berth_text user_id; /* the container's name */
    int64_t start_s;           /* of the row, or BERTH_CONTAINER_NO_ROW */
    int64_t cpus_nano, memory_gb;
    int64_t shm_rate_num, shm_rate_den;
    uint64_t gpus;
    uint16_t port;                                       /* 1 to 65535 */
    struct berth_text work_dir, backup_dir, dataset_dir; /* on the host, absolute */
    const struct berth_mount *mounts;                    /* checked; relative as it is to be mounted */
    size_t mount_count;
    struct berth_text image;         /* absent or empty: BERTH_DEFAULT_IMAGE */
    struct berth_text extra_command; /* absent or empty: none */
    bool host_pids;                  /* --pid=host: the container sees all processes of the host */
    bool display;                    /* -e DISPLAY: the value comes from docker's own environment */
    bool plain_password;             /* -e PASSWORD: the same */
};

enum berth_container_fault {
    BERTH_CONTAINER_GOOD = 0,
    BERTH_CONTAINER_USER,   /* the id cannot name a container */
    BERTH_CONTAINER_CPUS,   /* not above 0, which docker takes for "no limit" */
    BERTH_CONTAINER_MEMORY, /* below 1 GB, the same; or the rate */
    BERTH_CONTAINER_PORT,   /* 0 */
    BERTH_CONTAINER_FOLDER, /* a host folder is missing, not absolute, or has ':' or a control character */
    BERTH_CONTAINER_IMAGE,  /* begins with '-', or has blanks or control characters */
    BERTH_CONTAINER_COMMAND /* NUL bytes */
};
/* Whether a user id may stand in docker's arguments: it is one that berth_booking_user_id() accepts, in lower
 * case. */
bool berth_container_is_name(struct berth_text id);
/* What is wrong, lower case, without a full stop. Static. */
const char *berth_container_fault_text(enum berth_container_fault fault);
enum berth_container_fault berth_container_check(const struct berth_container *container);
/* `docker run ...` for a container that was checked. Neither password nor hash is ever in it. Then finish the
 * list. */
void berth_container_run(struct berth_argv *argv, const struct berth_container *container);
/* Whether docker's complaint means that there is no such container. */
bool berth_container_is_absent(struct berth_text errors);

/* ---- Space ------------------------------------------------------------------------------------ */

/* The KiB that `du -sk` printed. BERTH_E_SYNTAX when it is no such output, BERTH_E_RANGE for a size above
 * 2^53 KiB. */
enum berth_status berth_space_parse(struct berth_text du, uint64_t *out_kib) BERTH_MUST_CHECK;
/* KiB / 2^20 rounded to two decimals (half to even), in thousandths of a GB, as the limits are. */
int64_t berth_space_used_mb(uint64_t kib);
/* How much that is above LIMIT_MB; 0 = it is within. */
int64_t berth_space_excess_mb(uint64_t kib, int64_t limit_mb);

/* ---- A monitor's tick ------------------------------------------------------------------------- */

/* What the plan has to know of a row. */
struct berth_monitor_row {
    enum berth_stage stage;
    struct berth_text user_id;
    int64_t start_s, end_s;
    uint64_t gpus;
};

enum berth_monitor_action {
    BERTH_MONITOR_CLOSE,  /* using, its end has come: backup, stop, remove, then used */
    BERTH_MONITOR_EXPIRE, /* booking, its end has come before it was started: used, unless its container runs
                           */
    BERTH_MONITOR_START   /* booking, its start has come */
};
struct berth_monitor_step {
    uint32_t row; /* its number in the rows */
    enum berth_monitor_action action;
};

/* What is due at NOW_S: first the rows to close by (end, user id), then expired and starting ones together by
 * (start, user id). STEPS has room for COUNT. Returns their number. Time in proportion to n log n. */
size_t berth_monitor_plan(const struct berth_monitor_row *rows, size_t count, int64_t now_s,
                          struct berth_monitor_step *steps);

/* Why a row is not to be started as things are; the row that is in the way is in *out_row. */
enum berth_monitor_hold {
    BERTH_MONITOR_FREE = 0,
    BERTH_MONITOR_HELD_USER, /* another row of the user is in use: one container at a time */
    BERTH_MONITOR_HELD_GPUS  /* another row in use holds one of its GPUs */
};
enum berth_monitor_hold berth_monitor_may_start(const struct berth_monitor_row *rows, size_t count,
                                                size_t row, size_t *out_row);
/* GPUs that two or more rows in use hold. */
uint64_t berth_monitor_shared_gpus(const struct berth_monitor_row *rows, size_t count);

#ifdef __cplusplus
}
#endif
#endif
