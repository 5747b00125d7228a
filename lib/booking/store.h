/* The parts of the store on files: reading, rewriting, recovering. */
#ifndef BERTH_LIB_BOOKING_STORE_H
#define BERTH_LIB_BOOKING_STORE_H

#include "berth/store.h"
#include "booking/rows.h"

/* ---- store_io.c: one file of rows, read and written ------------------------------------------- */

/* A file of rows that is being read; an absent one has no rows. */
struct berth_store_input {
    const struct berth_files *files;
    enum berth_stage stage;
    berth_file file; /* -1: absent, or closed */
    uint64_t hash;   /* of the bytes read so far */
    struct berth_rows_reader reader;
    struct berth_csv_row row;
    struct berth_record record;
    enum berth_row_fault fault;
};

/* WINDOW has BERTH_STORE_WINDOW bytes. A failure is in s->reason. */
enum berth_status berth_store_open(struct berth_store_files *s, struct berth_store_input *in,
                                   enum berth_stage stage, char *window);
/* The next row; in->row.cell_count is 0 at the end. */
enum berth_status berth_store_next(struct berth_store_files *s, struct berth_store_input *in);
void berth_store_close(struct berth_store_input *in);
/* After the last row: BERTH_OK when the file is as the holder of the lock saw or left it, else
 * BERTH_E_CONFLICT. */
enum berth_status berth_store_unchanged(struct berth_store_files *s, const struct berth_store_input *in);
/* Whether a stage has a row of that name; when not, that the file is unchanged. Uses second_window. */
enum berth_status berth_store_contains(struct berth_store_files *s, enum berth_stage stage,
                                       struct berth_text user_id, int64_t start_s, bool *out_found);

uint64_t berth_store_hash(uint64_t hash, const void *bytes, size_t len);
#define BERTH_STORE_HASH_START UINT64_C(0xCBF29CE484222325)

/* The path of a file: of the stage's rows, or of NAME in the folder of jobs. NULL (and s->reason) when it is
 * too long. */
const char *berth_store_stage_path(struct berth_store_files *s, enum berth_stage stage);
const char *berth_store_path(struct berth_store_files *s, const char *name);
/* Sets s->reason to "PATH: WHAT", or "PATH line LINE: WHAT", and returns STATUS. */
enum berth_status berth_store_fail(struct berth_store_files *s, enum berth_status status, const char *path,
                                   uint32_t line, const char *what);

/* Whether the record is named so. */
bool berth_store_is_named(const struct berth_record *record, struct berth_text user_id, int64_t start_s);

/* ---- store_edit.c: a file of rows, rewritten -------------------------------------------------- */

enum berth_edit_kind {
    BERTH_EDIT_ADD,    /* a row of that name must not be there; RECORD goes to the end */
    BERTH_EDIT_ARRIVE, /* RECORD goes to the end, unless a row of that name is there */
    BERTH_EDIT_LEAVE,  /* rows of that name go */
    BERTH_EDIT_RECOVER /* rows that a later stage has as well go */
};
struct berth_edit {
    enum berth_edit_kind kind;
    struct berth_text user_id;
    int64_t start_s;
    const struct berth_record *record;
};
enum berth_status berth_store_edit(struct berth_store_files *s, enum berth_stage stage,
                                   const struct berth_edit *edit);

/* ---- store_recover.c -------------------------------------------------------------------------- */

/* Reads all files of rows, notes what they hold, and drops the earlier copy of a row at two stages. */
enum berth_status berth_store_recover(struct berth_store_files *s);
/* Whether the row stands at a later stage too; for BERTH_EDIT_RECOVER. Uses second_window. */
enum berth_status berth_store_superseded(struct berth_store_files *s, enum berth_stage stage,
                                         const struct berth_record *record, bool *out_superseded);

#endif
