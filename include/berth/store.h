/* Where bookings are kept: an interface, and one implementation on files that several programs share. */
#ifndef BERTH_STORE_H
#define BERTH_STORE_H

#include "berth/booking_rows.h"
#include "berth/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum berth_stage {
    BERTH_STAGE_BOOKING = 0, /* to come */
    BERTH_STAGE_USING = 1,   /* its container runs */
    BERTH_STAGE_USED = 2     /* over */
};
#define BERTH_STAGE_COUNT 3

/* What a store hands out per row, in the order of the store. A bad row has fault other than GOOD, and no
 * record. RECORD and BYTES are valid during the call. Anything but BERTH_OK ends the walk with that status.
 * The function must not call the store. */
struct berth_store_row {
    enum berth_stage stage;
    uint32_t line; /* in its file; 0 where a store has no lines */
    enum berth_row_fault fault;
    const struct berth_record *record;
    struct berth_text
        bytes; /* as they stand in the file, without the line's end; empty where there is none */
};
typedef enum berth_status (*berth_store_row_fn)(void *ctx, const struct berth_store_row *row);

/* A store. All changes are made between begin() and end() (else BERTH_E_STATE), and each change is complete
 * and durable when its call returns BERTH_OK, or has not happened; only move() may stop half-way, see there.
 * A row is named by its user id (upper and lower case alike) and start; of rows that are bad nothing is
 * known, so no call changes them.
 *
 * Every change, and rows() and read_users() after begin(), may also answer BERTH_E_CONFLICT: somebody who
 * does not keep to the lock changed the store since begin(), or, in a store without locks, any other writer
 * did. Nothing has happened then: end(), begin(), read and decide again. What was read and decided between
 * begin() and a change that returned BERTH_OK was therefore true of the store when the change was made. */
struct berth_store {
    void *ctx;
    /* Keeps other writers out (or, in a store without locks, notes its version) and brings an interrupted
     * change to its end. BERTH_E_LOCKED when that takes longer than wait_ms. After an error nothing has
     * begun. */
    enum berth_status (*begin)(void *ctx, uint32_t wait_ms);
    /* Every row of the stages whose bits (1 << stage) are set, the earlier stage first. May be called without
     * begin(): what it sees is then complete rows, each stage's as of some moment, and a row that is being
     * moved may be seen at both stages, never at none. */
    enum berth_status (*rows)(void *ctx, unsigned stages, berth_store_row_fn each, void *each_ctx);
    /* A new row of stage BOOKING, after all others. BERTH_E_EXISTS when a row of that name is there, at any
     * stage; BERTH_E_RANGE as berth_put_record(); BERTH_E_SPACE for a row that is too long. */
    enum berth_status (*add)(void *ctx, const struct berth_record *record);
    /* Moves a row to a later stage, after all others. BERTH_E_NOT_FOUND when it is not at FROM,
     * BERTH_E_ARGUMENT when TO is not later. An error after the row has reached TO leaves a copy at FROM: the
     * row then counts as moved, and the next begin() drops the copy. */
    enum berth_status (*move)(void *ctx, struct berth_text user_id, int64_t start_s, enum berth_stage from,
                              enum berth_stage to);
    /* The users' configuration: the whole document, into OUT (BERTH_E_SPACE with the need in out->len), and
     * back. read_users() may be called without begin(); BERTH_E_NO_FILE when there is none. */
    enum berth_status (*read_users)(void *ctx, struct berth_writer *out);
    enum berth_status (*write_users)(void *ctx, struct berth_text document);
    /* A line for the monitor ("now", or a user id; BERTH_E_ARGUMENT when it is empty or holds a control
     * character), and all lines so far, each with LF, which are then gone (BERTH_E_SPACE: they stay, the need
     * is in out->len). */
    enum berth_status (*notify)(void *ctx, struct berth_text line);
    enum berth_status (*take_notices)(void *ctx, struct berth_writer *out);
    /* May be called twice. */
    void (*end)(void *ctx);
    /* One line on the last failure: what, where ("jobs/booking.csv line 3: ..."); an empty text when there is
     * nothing to add. Valid until the next call. */
    struct berth_text (*reason)(void *ctx);
};

/* ---- On files --------------------------------------------------------------------------------- */

/* The longest path of a store's file. */
#define BERTH_STORE_PATH 1024
/* A row of half of this many bytes, with its line end, fits. */
#define BERTH_STORE_WINDOW 16384

/* One row's name, remembered while an interrupted move is looked for. Private. */
struct berth_store_key {
    uint64_t hash;
    int64_t start_s;
    uint32_t stage;
    uint32_t suspect; /* a later stage has a row of this hash and start */
};

struct berth_store_files_config {
    const struct berth_files *files;
    const char *jobs;  /* the folder of booking.csv, using.csv, used.csv, monitor_exec and the lock */
    const char *users; /* path of users_config.yaml */
    /* Memory for looking an interrupted move up: one entry for each row of booking.csv and using.csv. With
     * more rows than fit, begin() is BERTH_E_SPACE. */
    struct berth_store_key *keys;
    size_t key_cap;
};

/* What a file held when it was last read or written under the lock. Private. */
struct berth_store_seen {
    uint64_t hash;
    uint64_t bad_rows;
    bool known;
};

/* The caller's; its fields are private. */
struct berth_store_files {
    struct berth_store_files_config config;
    berth_file lock;
    bool locked;
    struct berth_store_seen rows[BERTH_STAGE_COUNT], users;
    size_t key_count;
    char path[BERTH_STORE_PATH];
    char window[BERTH_STORE_WINDOW], second_window[BERTH_STORE_WINDOW], out[BERTH_STORE_WINDOW];
    char reason_text[BERTH_STORE_PATH + 256];
    struct berth_writer reason;
};

/* A store on the files of CONFIG (copied; what it points to outlives the store).
 *
 * The lock is jobs/.lock. A file that is absent is an empty one. A file is replaced as a whole
 * (BERTH_FILE_REWRITE): a temporary file, flushed, renamed over the old one, the folder flushed. A move
 * writes the later stage first; begin() drops the earlier copy of a row that stands in two files, as a crash
 * in between leaves it. Whenever a file is written its good rows are given the writer's form; rows that
 * cannot be read keep their bytes, and with them the file keeps its order of columns.
 *
 * begin() reads all three files of rows, so its time grows with used.csv. BERTH_E_SYNTAX for a file whose
 * header or quotes are broken; nothing is written then. Any status of struct berth_files. */
struct berth_store berth_store_files_init(struct berth_store_files *s,
                                          const struct berth_store_files_config *config);

#ifdef __cplusplus
}
#endif
#endif
