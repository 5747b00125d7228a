/* What every store has to do: rows, moves, names, documents, two writers. */
#include "store_suite.h"

#include <string.h>

#include "must.h"

#include "seed.h"

#define WAIT_MS 50

struct berth_record store_record(unsigned number, char text[16])
{
    struct berth_writer w;
    berth_writer_init(&w, text, 16);
    berth_put_char(&w, 'u');
    berth_put_u64(&w, number);
    return (struct berth_record){.start_s = INT64_C(1900000000) / 3600 * 3600 + number * INT64_C(3600),
                                 .end_s = INT64_C(1900000000) / 3600 * 3600 + number * INT64_C(3600) + 1800,
                                 .cpus_nano = INT64_C(1500000000),
                                 .memory_gb = number,
                                 .gpus = number % 16,
                                 .user_id = berth_writer_text(&w),
                                 .port = 10001};
}

struct show {
    struct berth_writer *w;
};

static enum berth_status show_row(void *ctx, const struct berth_store_row *row)
{
    static const char *const STAGES[] = {"booking ", "using ", "used "};
    struct show *show = ctx;
    berth_put_string(show->w, STAGES[row->stage]);
    if (row->fault != BERTH_ROW_GOOD) {
        MUST(row->record == NULL);
        berth_put_char(show->w, '!');
        berth_put_text(show->w, row->bytes);
    } else {
        berth_put_text(show->w, row->record->user_id);
        berth_put_char(show->w, ' ');
        MUST_EQUAL(berth_put_civil(show->w, row->record->start_s), BERTH_OK);
    }
    berth_put_char(show->w, '\n');
    return BERTH_OK;
}

enum berth_status store_show(const struct berth_store *store, unsigned stages, struct berth_writer *w)
{
    struct show show = {w};
    return store->rows(store->ctx, stages, show_row, &show);
}

static void assert_shows(const struct berth_store *store, unsigned stages, const char *expected)
{
    char text[2048];
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text - 1);
    MUST_EQUAL(store_show(store, stages, &w), BERTH_OK);
    text[w.len] = 0;
    MUST_READ(text, expected);
}

static enum berth_status begin(const struct berth_store *store)
{
    return store->begin(store->ctx, WAIT_MS);
}

static enum berth_status add(const struct berth_store *store, unsigned number)
{
    char text[16];
    const struct berth_record record = store_record(number, text);
    return store->add(store->ctx, &record);
}

static enum berth_status move(const struct berth_store *store, unsigned number, enum berth_stage from,
                              enum berth_stage to)
{
    char text[16];
    const struct berth_record record = store_record(number, text);
    return store->move(store->ctx, record.user_id, record.start_s, from, to);
}

static enum berth_status compare_row(void *ctx, const struct berth_store_row *row)
{
    const struct berth_record *want = ctx;
    const struct berth_record *got = row->record;
    MUST(got->start_s == want->start_s && got->end_s == want->end_s && got->cpus_nano == want->cpus_nano &&
         got->memory_gb == want->memory_gb && got->gpus == want->gpus && got->port == want->port);
    MUST(berth_text_equal(got->user_id, want->user_id));
    MUST(berth_text_equal(got->image, want->image));
    MUST(berth_text_equal(got->extra_command, want->extra_command));
    return BERTH_E_CANCELLED;
}

static void rows_and_names(const struct store_rig *rig)
{
    const struct berth_store *s = &rig->one;
    char text[16];
    rig->reset(rig->ctx);
    MUST_EQUAL(add(s, 1), BERTH_E_STATE);
    MUST_EQUAL(begin(s), BERTH_OK);
    MUST_EQUAL(begin(s), BERTH_E_STATE);
    assert_shows(s, STORE_ALL_STAGES, "");
    struct berth_record full = store_record(3, text);
    full.image = BERTH_TEXT("repository:tag");
    full.extra_command = BERTH_TEXT("echo \"hi, there\"\nand more");
    MUST_EQUAL(s->add(s->ctx, &full), BERTH_OK);
    MUST_EQUAL(s->rows(s->ctx, 1, compare_row, &full), BERTH_E_CANCELLED);
    MUST_EQUAL(add(s, 3), BERTH_E_EXISTS);
    full.user_id = BERTH_TEXT("U3");
    MUST_EQUAL(s->add(s->ctx, &full), BERTH_E_EXISTS);
    full.end_s = full.start_s;
    full.user_id = BERTH_TEXT("u4");
    MUST_EQUAL(s->add(s->ctx, &full), BERTH_E_RANGE);
    MUST_EQUAL(add(s, 1), BERTH_OK);
    MUST_EQUAL(add(s, 2), BERTH_OK);
    assert_shows(s, STORE_ALL_STAGES,
                 "booking u3 2030-03-17 20:00:00\nbooking u1 2030-03-17 18:00:00\n"
                 "booking u2 2030-03-17 19:00:00\n");
    s->end(s->ctx);
    s->end(s->ctx);
    assert_shows(&rig->other, 1,
                 "booking u3 2030-03-17 20:00:00\nbooking u1 2030-03-17 18:00:00\n"
                 "booking u2 2030-03-17 19:00:00\n");
}

static void moves(const struct store_rig *rig)
{
    const struct berth_store *s = &rig->one;
    rig->reset(rig->ctx);
    MUST_EQUAL(move(s, 1, BERTH_STAGE_BOOKING, BERTH_STAGE_USING), BERTH_E_STATE);
    MUST_EQUAL(begin(s), BERTH_OK);
    for (unsigned i = 1; i <= 4; i++)
        MUST_EQUAL(add(s, i), BERTH_OK);
    MUST_EQUAL(move(s, 5, BERTH_STAGE_BOOKING, BERTH_STAGE_USING), BERTH_E_NOT_FOUND);
    MUST_EQUAL(move(s, 1, BERTH_STAGE_USING, BERTH_STAGE_USED), BERTH_E_NOT_FOUND);
    MUST_EQUAL(move(s, 1, BERTH_STAGE_USING, BERTH_STAGE_BOOKING), BERTH_E_ARGUMENT);
    MUST_EQUAL(move(s, 1, BERTH_STAGE_BOOKING, BERTH_STAGE_BOOKING), BERTH_E_ARGUMENT);
    MUST_EQUAL(move(s, 3, BERTH_STAGE_BOOKING, BERTH_STAGE_USING), BERTH_OK);
    MUST_EQUAL(move(s, 2, BERTH_STAGE_BOOKING, BERTH_STAGE_USING), BERTH_OK);
    MUST_EQUAL(move(s, 4, BERTH_STAGE_BOOKING, BERTH_STAGE_USED), BERTH_OK); /* never started */
    MUST_EQUAL(move(s, 3, BERTH_STAGE_BOOKING, BERTH_STAGE_USING), BERTH_E_NOT_FOUND);
    assert_shows(s, STORE_ALL_STAGES,
                 "booking u1 2030-03-17 18:00:00\nusing u3 2030-03-17 20:00:00\n"
                 "using u2 2030-03-17 19:00:00\nused u4 2030-03-17 21:00:00\n");
    MUST_EQUAL(s->move(s->ctx, BERTH_TEXT("U3"), store_record(3, (char[16]){0}).start_s, BERTH_STAGE_USING,
                       BERTH_STAGE_USED),
               BERTH_OK);
    MUST_EQUAL(add(s, 2), BERTH_E_EXISTS);
    MUST_EQUAL(add(s, 3), BERTH_E_EXISTS);
    assert_shows(s, 1u << BERTH_STAGE_USED, "used u4 2030-03-17 21:00:00\nused u3 2030-03-17 20:00:00\n");
    s->end(s->ctx);
}

static void documents(const struct store_rig *rig)
{
    const struct berth_store *s = &rig->one;
    char buf[64];
    struct berth_writer w;
    rig->reset(rig->ctx);
    berth_writer_init(&w, buf, sizeof buf);
    MUST_EQUAL(s->read_users(s->ctx, &w), BERTH_E_NO_FILE);
    MUST_EQUAL(s->write_users(s->ctx, BERTH_TEXT("x")), BERTH_E_STATE);
    MUST_EQUAL(begin(s), BERTH_OK);
    MUST_EQUAL(s->read_users(s->ctx, &w), BERTH_E_NO_FILE);
    MUST_EQUAL(s->write_users(s->ctx, BERTH_TEXT("m1:\n")), BERTH_OK);
    MUST_EQUAL(s->read_users(s->ctx, &w), BERTH_OK);
    MUST(berth_text_equal(berth_writer_text(&w), BERTH_TEXT("m1:\n")));
    MUST_EQUAL(s->write_users(s->ctx, BERTH_TEXT("{}\n")), BERTH_OK);
    s->end(s->ctx);
    berth_writer_init(&w, buf, 2);
    MUST_EQUAL(rig->other.read_users(rig->other.ctx, &w), BERTH_E_SPACE);
    MUST_EQUAL(w.len, 3);
    berth_writer_init(&w, buf, 3);
    MUST_EQUAL(rig->other.read_users(rig->other.ctx, &w), BERTH_OK);
    MUST(berth_text_equal(berth_writer_text(&w), BERTH_TEXT("{}\n")));
}

static void notices(const struct store_rig *rig)
{
    const struct berth_store *s = &rig->one;
    char buf[64];
    struct berth_writer w;
    rig->reset(rig->ctx);
    MUST_EQUAL(s->notify(s->ctx, BERTH_TEXT("now")), BERTH_E_STATE);
    berth_writer_init(&w, buf, sizeof buf);
    MUST_EQUAL(s->take_notices(s->ctx, &w), BERTH_E_STATE);
    MUST_EQUAL(begin(s), BERTH_OK);
    MUST_EQUAL(s->take_notices(s->ctx, &w), BERTH_OK);
    MUST_EQUAL(w.len, 0);
    MUST_EQUAL(s->notify(s->ctx, BERTH_TEXT("")), BERTH_E_ARGUMENT);
    MUST_EQUAL(s->notify(s->ctx, BERTH_TEXT("m1\nnow")), BERTH_E_ARGUMENT);
    MUST_EQUAL(s->notify(s->ctx, BERTH_TEXT("now")), BERTH_OK);
    s->end(s->ctx);
    s = &rig->other;
    MUST_EQUAL(begin(s), BERTH_OK);
    MUST_EQUAL(s->notify(s->ctx, BERTH_TEXT("m1")), BERTH_OK);
    berth_writer_init(&w, buf, 6);
    MUST_EQUAL(s->take_notices(s->ctx, &w), BERTH_E_SPACE);
    MUST_EQUAL(w.len, 7);
    berth_writer_init(&w, buf, 7);
    MUST_EQUAL(s->take_notices(s->ctx, &w), BERTH_OK);
    MUST(berth_text_equal(berth_writer_text(&w), BERTH_TEXT("now\nm1\n")));
    berth_writer_init(&w, buf, sizeof buf);
    MUST_EQUAL(s->take_notices(s->ctx, &w), BERTH_OK);
    MUST_EQUAL(w.len, 0);
    s->end(s->ctx);
}

/* ---- Two writers ------------------------------------------------------------------------------ */

/* A program that books while there are fewer than LIMIT rows: it reads, decides, adds. One step each call. */
#define LIMIT 12
struct booker {
    const struct berth_store *store;
    int step;
    size_t seen;
    unsigned number, conflicts, refused;
};

static enum berth_status count_row(void *ctx, const struct berth_store_row *row)
{
    size_t *count = ctx;
    (void)row;
    ++*count;
    return BERTH_OK;
}

static enum berth_status booker_step(struct booker *b)
{
    const struct berth_store *s = b->store;
    switch (b->step) {
    case 0: {
        enum berth_status status = s->begin(s->ctx, 0);
        b->step = status == BERTH_OK;
        return status == BERTH_E_LOCKED ? BERTH_OK : status;
    }
    case 1:
        b->seen = 0;
        b->step = 2;
        return s->rows(s->ctx, STORE_ALL_STAGES, count_row, &b->seen);
    case 2:
        b->step = 3;
        if (b->seen < LIMIT)
            return add(s, b->number++);
        b->refused++;
        return BERTH_OK;
    default:
        s->end(s->ctx);
        b->step = 0;
        return BERTH_OK;
    }
}

/* In any interleaving what is decided on is still true when it is written. */
static void two_writers(const struct store_rig *rig)
{
    uint64_t seed = seed_start("two writers");
    unsigned conflicts = 0;
    for (unsigned run = 0; run < 60; run++) {
        struct booker bookers[2] = {{&rig->one, 0, 0, 100, 0, 0}, {&rig->other, 0, 0, 200, 0, 0}};
        size_t count = 0;
        rig->reset(rig->ctx);
        while (bookers[0].refused == 0 || bookers[1].refused == 0) {
            struct booker *b = &bookers[seed_below(&seed, 2)];
            enum berth_status status = booker_step(b);
            if (status == BERTH_E_CONFLICT) {
                b->conflicts++;
                b->step = 3; /* end, and again */
                continue;
            }
            MUST_EQUAL(status, BERTH_OK);
        }
        rig->one.end(rig->one.ctx);
        rig->other.end(rig->other.ctx);
        MUST_EQUAL(rig->one.rows(rig->one.ctx, STORE_ALL_STAGES, count_row, &count), BERTH_OK);
        MUST_EQUAL(count, LIMIT);
        conflicts += bookers[0].conflicts + bookers[1].conflicts;
    }
    MUST(rig->locks ? conflicts == 0 : conflicts > 0);
}

/* ---- Against a model -------------------------------------------------------------------------- */

#define NAMES 8

static void against_a_model(const struct store_rig *rig)
{
    uint64_t seed = seed_start("store against a model");
    for (unsigned run = 0; run < 20; run++) {
        int model[NAMES]; /* -1: not there */
        memset(model, -1, sizeof model);
        rig->reset(rig->ctx);
        for (unsigned i = 0; i < 40; i++) {
            const struct berth_store *s = seed_below(&seed, 2) ? &rig->one : &rig->other;
            unsigned number = (unsigned)seed_below(&seed, NAMES);
            int from = (int)seed_below(&seed, 2), to = from + 1 + (int)seed_below(&seed, 2 - (size_t)from);
            MUST_EQUAL(begin(s), BERTH_OK);
            if (seed_below(&seed, 2)) {
                MUST_EQUAL(add(s, number), model[number] < 0 ? BERTH_OK : BERTH_E_EXISTS);
                model[number] = model[number] < 0 ? 0 : model[number];
            } else {
                bool there = model[number] == from;
                MUST_EQUAL(move(s, number, (enum berth_stage)from, (enum berth_stage)to),
                           there ? BERTH_OK : BERTH_E_NOT_FOUND);
                model[number] = there ? to : model[number];
            }
            s->end(s->ctx);
        }
        for (int stage = 0; stage < BERTH_STAGE_COUNT; stage++) {
            size_t want = 0, got = 0;
            for (unsigned i = 0; i < NAMES; i++)
                want += model[i] == stage;
            MUST_EQUAL(rig->one.rows(rig->one.ctx, 1u << stage, count_row, &got), BERTH_OK);
            MUST_EQUAL(got, want);
        }
    }
}

void store_suite(const struct store_rig *rig)
{
    rows_and_names(rig);
    moves(rig);
    documents(rig);
    notices(rig);
    two_writers(rig);
    against_a_model(rig);
}
