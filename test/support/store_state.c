/* A small host's files of rows, changes to them, and what they left. */
#include "store_state.h"

#include <string.h>

#include "must.h"

#include "store_suite.h"

void store_state_document(enum berth_stage stage, char *document)
{
    char text[16];
    struct berth_writer w;
    berth_writer_init(&w, document, 1024);
    berth_put_string(&w, BERTH_ROWS_HEADER "\n");
    for (unsigned i = 0; i < 2; i++) {
        const struct berth_record record = store_record(1 + 2 * (unsigned)stage + i, text);
        MUST_EQUAL(berth_put_record(&w, &record), BERTH_OK);
        if (i == 0)
            berth_put_string(&w, STORE_STATE_BAD "\n");
    }
    MUST_EQUAL(berth_writer_terminate(&w), BERTH_OK);
}

static enum berth_status read_row(void *ctx, const struct berth_store_row *row)
{
    struct store_state *state = ctx;
    char text[16];
    if (row->fault != BERTH_ROW_GOOD) {
        MUST(berth_text_equal(row->bytes, BERTH_TEXT(STORE_STATE_BAD)));
        state->bad[row->stage]++;
        return BERTH_OK;
    }
    bool known = false;
    for (unsigned i = 1; i < STORE_STATE_ROWS; i++) {
        const struct berth_record record = store_record(i, text);
        if (!berth_text_equal(row->record->user_id, record.user_id))
            continue;
        MUST_EQUAL(state->stage[i], -1); /* once */
        MUST(row->record->start_s == record.start_s && row->record->end_s == record.end_s);
        MUST(row->record->memory_gb == record.memory_gb && row->record->gpus == record.gpus);
        state->stage[i] = (int)row->stage;
        known = true;
    }
    MUST(known); /* nobody wrote it */
    return BERTH_OK;
}

void store_state_read(const struct berth_store *store, struct store_state *out_state)
{
    memset(out_state, 0, sizeof *out_state);
    memset(out_state->stage, -1, sizeof out_state->stage);
    MUST_EQUAL(store->rows(store->ctx, STORE_ALL_STAGES, read_row, out_state), BERTH_OK);
}

static enum berth_status move(const struct berth_store *s, unsigned number, enum berth_stage from,
                              enum berth_stage to)
{
    char text[16];
    const struct berth_record record = store_record(number, text);
    return s->move(s->ctx, record.user_id, record.start_s, from, to);
}

static enum berth_status make_change(const struct berth_store *s, enum store_change change)
{
    char text[16], buf[64];
    struct berth_writer w;
    const struct berth_record seven = store_record(7, text);
    berth_writer_init(&w, buf, sizeof buf);
    switch (change) {
    case STORE_ADD:
        return s->add(s->ctx, &seven);
    case STORE_BEGIN_USING:
        return move(s, 1, BERTH_STAGE_BOOKING, BERTH_STAGE_USING);
    case STORE_CLOSE:
        return move(s, 3, BERTH_STAGE_USING, BERTH_STAGE_USED);
    case STORE_EXPIRE:
        return move(s, 2, BERTH_STAGE_BOOKING, BERTH_STAGE_USED);
    case STORE_USERS:
        BERTH_TRY(s->read_users(s->ctx, &w));
        return s->write_users(s->ctx, BERTH_TEXT("m2:\n"));
    case STORE_NOTIFY:
        return s->notify(s->ctx, BERTH_TEXT("u1"));
    case STORE_TAKE:
    case STORE_CHANGES:
        break;
    }
    return s->take_notices(s->ctx, &w);
}

enum berth_status store_state_change(const struct berth_store *store, enum store_change change)
{
    enum berth_status status = store->begin(store->ctx, 1000);
    if (status != BERTH_OK)
        return status;
    status = make_change(store, change);
    store->end(store->ctx);
    return status;
}

/* Either BEFORE or AFTER; *out_changed which. */
static void one_of(struct berth_text got, struct berth_text before, struct berth_text after,
                   bool *out_changed)
{
    *out_changed = berth_text_equal(got, after);
    MUST(*out_changed || berth_text_equal(got, before));
}

bool store_state_changed(const struct berth_store *store, enum store_change change, struct berth_text users,
                         struct berth_text notices)
{
    static const struct {
        unsigned row;
        int before, after;
    } MOVES[] = {[STORE_ADD] = {7, -1, BERTH_STAGE_BOOKING},
                 [STORE_BEGIN_USING] = {1, BERTH_STAGE_BOOKING, BERTH_STAGE_USING},
                 [STORE_CLOSE] = {3, BERTH_STAGE_USING, BERTH_STAGE_USED},
                 [STORE_EXPIRE] = {2, BERTH_STAGE_BOOKING, BERTH_STAGE_USED}};
    struct store_state state;
    bool changed = false, users_changed, notices_changed;
    store_state_read(store, &state);
    for (int stage = 0; stage < BERTH_STAGE_COUNT; stage++)
        MUST_EQUAL(state.bad[stage], 1);
    for (unsigned i = 1; i < STORE_STATE_ROWS; i++) {
        int before = i <= 6 ? (int)(i - 1) / 2 : -1;
        if (change <= STORE_EXPIRE && MOVES[change].row == i && state.stage[i] == MOVES[change].after)
            changed = true;
        else
            MUST_EQUAL(state.stage[i], before);
    }
    one_of(users, BERTH_TEXT("m1:\n"), change == STORE_USERS ? BERTH_TEXT("m2:\n") : BERTH_TEXT("m1:\n"),
           &users_changed);
    struct berth_text after = change == STORE_NOTIFY ? BERTH_TEXT("now\nu1\n")
                              : change == STORE_TAKE ? BERTH_TEXT("")
                                                     : BERTH_TEXT("now\n");
    one_of(notices, BERTH_TEXT("now\n"), after, &notices_changed);
    return change <= STORE_EXPIRE ? changed : change == STORE_USERS ? users_changed : notices_changed;
}
