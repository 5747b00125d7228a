/* A small host's files of rows, and whether a store still has each row exactly once. */
#ifndef TEST_STORE_STATE_H
#define TEST_STORE_STATE_H

#include "berth/store.h"

/* Rows 1 to 6 (store_record()) stand two at each stage, a bad row at each stage between them. */
#define STORE_STATE_ROWS 16
#define STORE_STATE_BAD "not,a,row \"\xFF"

/* What a store holds: the stage of each row by number, -1: not there. */
struct store_state {
    int stage[STORE_STATE_ROWS];
    unsigned bad[BERTH_STAGE_COUNT];
};

/* The files at the beginning, for the stage; DOCUMENT has 1024 bytes. */
void store_state_document(enum berth_stage stage, char *document);
/* Reads all rows; a row that is there twice, or that nobody wrote, ends the test. */
void store_state_read(const struct berth_store *store, struct store_state *out_state);

/* The changes that are cut short. */
enum store_change {
    STORE_ADD,         /* row 7 */
    STORE_BEGIN_USING, /* row 1 to USING */
    STORE_CLOSE,       /* row 3 to USED */
    STORE_EXPIRE,      /* row 2 to USED */
    STORE_USERS,       /* "m1:\n" becomes "m2:\n" */
    STORE_NOTIFY,      /* "now\n" gets "u1\n" */
    STORE_TAKE,        /* "now\n" is taken */
    STORE_CHANGES
};
/* begin(), the change, end(); the first failure. */
enum berth_status store_state_change(const struct berth_store *store, enum store_change change);
/* Whether the change has happened, and nothing else; half of it ends the test. USERS and NOTICES are the
 * files' contents. */
bool store_state_changed(const struct berth_store *store, enum store_change change, struct berth_text users,
                         struct berth_text notices);

#endif
