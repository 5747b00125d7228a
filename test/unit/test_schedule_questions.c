/* Questions to a schedule, against looking at every ten minutes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/schedule.h"
#include "seed.h"

#define NANO INT64_C(1000000000)
#define UNIT 1800
#define STEP 600 /* every time in these tests is a multiple of it */
#define ROWS 120
#define BASE (INT64_C(1894000200) / UNIT * UNIT)

struct world {
    struct berth_booking rows[ROWS];
    struct berth_schedule_node nodes[ROWS];
    struct berth_schedule plain, indexed;
    struct berth_request request;
    struct berth_port_owner owner;
};

static void random_world(uint64_t *random, struct world *w)
{
    memset(w, 0, sizeof *w);
    size_t count = seed_below(random, 8) == 0 ? 70 + seed_below(random, 50) : seed_below(random, 40);
    struct berth_request *q = &w->request;
    q->now_s = BASE + (int64_t)seed_below(random, 3) * STEP;
    for (size_t i = 0; i < count; i++) {
        struct berth_booking *row = &w->rows[i];
        row->start_s = BASE + ((int64_t)seed_below(random, 200) - 40) * STEP;
        row->end_s = row->start_s + (1 + (int64_t)seed_below(random, count > 60 ? 100 : 20)) * STEP;
        row->cpus_nano = (int64_t)seed_below(random, 8) * NANO;
        row->memory_gb = (int64_t)seed_below(random, 24);
        row->gpus = seed_next(random) & seed_next(random) & 0x1F;
        row->user = (uint32_t)seed_below(random, 10);
        row->port = (uint16_t)(1 + seed_below(random, 6));
        row->flags = row->start_s <= q->now_s && seed_below(random, 2) == 0 ? BERTH_BOOKING_USING : 0;
    }
    q->host = q->limit = (struct berth_capacity){(8 + (int64_t)seed_below(random, 16)) * NANO,
                                                 32 + (int64_t)seed_below(random, 40), 4};
    q->want = (struct berth_capacity){(1 + (int64_t)seed_below(random, 8)) * NANO,
                                      1 + (int64_t)seed_below(random, 30), (int32_t)seed_below(random, 4)};
    q->user = (uint32_t)seed_below(random, 14);
    q->port = (uint16_t)seed_below(random, 9);
    q->start_s = BASE + (int64_t)seed_below(random, 120) * STEP;
    q->end_s = q->start_s + (1 + (int64_t)seed_below(random, 30)) * STEP;
    q->neighbourhood = (uint32_t)seed_below(random, 3) * 10;
    w->owner = (struct berth_port_owner){(uint32_t)seed_below(random, 14), 8};
    q->owners = &w->owner;
    q->owner_count = 1;
    assert_int_equal(berth_schedule_init(&w->plain, w->rows, count, ROWS, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_schedule_init(&w->indexed, w->rows, count, ROWS, w->nodes, NULL), BERTH_OK);
}

/* Held at the instant: by the row's own end, or to the end of this unit for a container that should be gone.
 */
static bool holds(const struct world *w, size_t i, int64_t t)
{
    const struct berth_booking *row = &w->rows[i];
    int64_t end = row->end_s;
    if ((row->flags & BERTH_BOOKING_USING) != 0 && end <= w->request.now_s)
        end = w->request.now_s / UNIT * UNIT + UNIT;
    return row->start_s <= t && t < end;
}

static void held_at(const struct world *w, int64_t t, int64_t *cpus, int64_t *memory, uint64_t *gpus,
                    size_t *rows)
{
    *cpus = *memory = 0;
    *gpus = *rows = 0;
    for (size_t i = 0; i < w->plain.count; i++)
        if (holds(w, i, t)) {
            *cpus += w->rows[i].cpus_nano;
            *memory += w->rows[i].memory_gb;
            *gpus |= w->rows[i].gpus;
            ++*rows;
        }
}

/* Whether the request fits when it starts at START, and its user holds nothing that touches it. */
static bool fits_at(const struct world *w, int64_t start, uint64_t *free)
{
    const struct berth_request *q = &w->request;
    int64_t end = start + (q->end_s - q->start_s);
    *free = 0xF;
    for (size_t i = 0; i < w->plain.count; i++)
        if (w->rows[i].user == q->user && w->rows[i].start_s <= end && w->rows[i].end_s >= start)
            return false;
    for (int64_t t = start; t < end; t += STEP) {
        int64_t cpus, memory;
        uint64_t gpus;
        size_t rows;
        held_at(w, t, &cpus, &memory, &gpus, &rows);
        *free &= ~gpus;
        if (cpus + q->want.cpus_nano > q->host.cpus_nano || memory + q->want.memory_gb > q->host.memory_gb)
            return false;
        for (size_t i = 0; i < w->plain.count; i++)
            if (holds(w, i, t) && w->rows[i].port == q->port && q->port != 0 && w->rows[i].user != q->user)
                return false;
    }
    int count = 0;
    for (unsigned g = 0; g < 4; g++)
        count += (int)(*free >> g & 1);
    return count >= q->want.gpus && (q->port != 8 || w->owner.user == q->user);
}

static void test_next(void **state)
{
    (void)state;
    uint64_t random = seed_start("earliest start");
    static struct world w;
    unsigned found = 0, later = 0, never = 0, over = 0;
    for (unsigned i = 0; i < 4000; i++) {
        random_world(&random, &w);
        struct berth_request *q = &w.request;
        int64_t from = (q->start_s + UNIT - 1) / UNIT * UNIT,
                latest = from + (int64_t)seed_below(&random, 90) * STEP;
        int64_t expected = from, starts[2] = {0, 0};
        uint64_t free = 0;
        while (expected <= latest && !fits_at(&w, expected, &free))
            expected += UNIT;
        struct berth_fit fit[2];
        assert_int_equal(berth_schedule_next(&w.plain, q, latest, &starts[0], &fit[0]), BERTH_OK);
        assert_int_equal(berth_schedule_next(&w.indexed, q, latest, &starts[1], &fit[1]), BERTH_OK);
        assert_int_equal(fit[0].verdict, fit[1].verdict);
        assert_true(starts[0] == starts[1] && fit[0].choice.gpus == fit[1].choice.gpus &&
                    fit[0].at_s == fit[1].at_s);
        bool asked = q->want.cpus_nano <= q->limit.cpus_nano && q->want.memory_gb <= q->limit.memory_gb;
        if (!asked) {
            assert_int_equal(fit[0].verdict, BERTH_VERDICT_USERCAP);
            over++;
        } else if (expected > latest) {
            assert_int_not_equal(fit[0].verdict, BERTH_VERDICT_OK);
            never++;
        } else {
            assert_int_equal(fit[0].verdict, BERTH_VERDICT_OK);
            assert_true(starts[0] == expected && fit[0].free_gpus == free);
            assert_int_equal(berth_gpu_count(fit[0].choice.gpus), q->want.gpus);
            assert_true((fit[0].choice.gpus & ~free) == 0);
            found++;
            later += expected > from;
        }
    }
    assert_true(found > 300 && later > 100 && never > 100 && over < 1000);
}

/* What cannot ever fit ends at once; what is not a question is ARG. */
static void test_next_ends(void **state)
{
    (void)state;
    struct berth_booking rows[] = {{.start_s = BASE, .end_s = BASE + UNIT, .gpus = 1, .user = 1, .port = 9}};
    struct berth_schedule s;
    assert_int_equal(berth_schedule_init(&s, rows, 1, 1, NULL, NULL), BERTH_OK);
    const struct berth_request good = {.start_s = BASE,
                                       .end_s = BASE + UNIT,
                                       .now_s = BASE - 5,
                                       .want = {NANO, 1, 1},
                                       .host = {NANO, 1, 1},
                                       .limit = {NANO, 1, 1},
                                       .user = 2};
    struct berth_fit fit;
    int64_t start = -1;
    assert_int_equal(berth_schedule_next(&s, &good, BASE + UNIT, &start, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_OK && start == BASE + UNIT && fit.choice.gpus == 1);
    start = -1;
    assert_int_equal(berth_schedule_next(&s, &good, BASE + UNIT - 1, &start, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_GPUS && fit.at_s == BASE && start == -1);
    /* One second too many of a row counts, and so does the second at which it goes away. */
    struct berth_booking odd[] = {{.start_s = BASE - UNIT, .end_s = BASE + 1, .gpus = 1, .user = 3},
                                  {.start_s = BASE, .end_s = BASE + 50 * UNIT, .gpus = 2, .user = 4}};
    struct berth_schedule second;
    assert_int_equal(berth_schedule_init(&second, odd, 2, 2, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_schedule_next(&second, &good, BASE + 90 * UNIT, &start, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_OK && start == BASE + UNIT);
    struct berth_request q = good;
    q.user = 1; /* one's own row may not be touched */
    assert_int_equal(berth_schedule_next(&s, &q, BASE + 9 * UNIT, &start, &fit), BERTH_OK);
    assert_true(fit.verdict == BERTH_VERDICT_OK && start == BASE + 2 * UNIT);
    q = good;
    q.host.cpus_nano = NANO / 2;
    q.limit = good.limit;
    assert_int_equal(berth_schedule_next(&s, &q, BERTH_SCHEDULE_TIME_MAX, &start, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_CPUS);
    q = good;
    struct berth_port_owner owner = {7, 9};
    q.port = 9;
    q.owners = &owner;
    q.owner_count = 1;
    q.want.gpus = 0;
    assert_int_equal(berth_schedule_next(&s, &q, BERTH_SCHEDULE_TIME_MAX, &start, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_PORT);
    q = good;
    struct berth_gpu_question sick = {.sick = 1};
    q.choose = &sick;
    assert_int_equal(berth_schedule_next(&s, &q, BERTH_SCHEDULE_TIME_MAX, &start, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_GPUS);
    q = good;
    q.end_s = q.start_s;
    assert_int_equal(berth_schedule_next(&s, &q, BASE + UNIT, &start, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_ARG);
    assert_int_equal(berth_schedule_next(&s, &good, INT64_MAX, &start, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_ARG);
    assert_int_equal(berth_schedule_next(&s, &good, BASE - 1, &start, &fit), BERTH_OK);
    assert_int_equal(fit.verdict, BERTH_VERDICT_ARG);
}

static void test_free_and_moment(void **state)
{
    (void)state;
    uint64_t random = seed_start("free capacity and moments");
    static struct world w;
    for (unsigned i = 0; i < 4000; i++) {
        random_world(&random, &w);
        const struct berth_request *q = &w.request;
        int64_t most_cpus = 0, most_memory = 0, cpus, memory;
        uint64_t taken = 0, gpus;
        size_t rows;
        for (int64_t t = q->start_s; t < q->end_s; t += STEP) {
            held_at(&w, t, &cpus, &memory, &gpus, &rows);
            most_cpus = cpus > most_cpus ? cpus : most_cpus;
            most_memory = memory > most_memory ? memory : most_memory;
            taken |= gpus;
        }
        held_at(&w, q->start_s, &cpus, &memory, &gpus, &rows);
        int64_t until = INT64_MAX;
        for (int64_t t = q->start_s + STEP; t < BASE + 400 * STEP && until == INT64_MAX; t += STEP)
            for (size_t k = 0; k < w.plain.count; k++)
                if (holds(&w, k, t) != holds(&w, k, t - STEP))
                    until = t;
        for (int way = 0; way < 2; way++) {
            const struct berth_schedule *s = way == 0 ? &w.plain : &w.indexed;
            struct berth_free free;
            struct berth_moment moment;
            assert_int_equal(berth_schedule_free(s, &q->host, q->start_s, q->end_s, q->now_s, &free),
                             BERTH_OK);
            assert_true(free.cpus_nano ==
                        (most_cpus > q->host.cpus_nano ? 0 : q->host.cpus_nano - most_cpus));
            assert_true(free.memory_gb ==
                        (most_memory > q->host.memory_gb ? 0 : q->host.memory_gb - most_memory));
            assert_true(free.gpus == (0xF & ~taken));
            assert_int_equal(berth_schedule_moment(s, q->start_s, q->now_s, &moment), BERTH_OK);
            assert_true(moment.cpus_nano == cpus && moment.memory_gb == memory && moment.gpus == gpus);
            assert_true(moment.rows == rows);
            /* Rows that begin while overdue, and are gone at once, change nothing that holds() can see. */
            assert_true(moment.until_s == until);
        }
    }
    struct berth_free free;
    struct berth_moment moment;
    const struct berth_capacity host = {NANO, 1, 65};
    assert_int_equal(berth_schedule_free(&w.plain, &w.request.host, 5, 5, 0, &free), BERTH_E_ARGUMENT);
    assert_int_equal(berth_schedule_free(&w.plain, &host, 5, 6, 0, &free), BERTH_E_ARGUMENT);
    assert_int_equal(berth_schedule_free(&w.plain, &w.request.host, 5, INT64_MAX, 0, &free),
                     BERTH_E_ARGUMENT);
    assert_int_equal(berth_schedule_moment(&w.plain, INT64_MAX, 0, &moment), BERTH_E_ARGUMENT);
    assert_int_equal(berth_schedule_moment(&w.plain, 0, INT64_MIN, &moment), BERTH_E_ARGUMENT);
}

static void test_use(void **state)
{
    (void)state;
    uint64_t random = seed_start("use per GPU and user");
    static struct world w;
    for (unsigned i = 0; i < 3000; i++) {
        random_world(&random, &w);
        int64_t from = w.request.start_s, to = w.request.end_s;
        uint64_t expected[64] = {0}, mask = seed_next(&random), held = 0, gpu_s = 0;
        size_t rows = 0;
        for (size_t k = 0; k < w.plain.count; k++) {
            const struct berth_booking *row = &w.rows[k];
            bool any = false;
            for (int64_t t = from; t < to; t += STEP) {
                if (t < row->start_s || t >= row->end_s)
                    continue;
                any = true;
                held += row->user == 3 ? STEP : 0;
                for (unsigned g = 0; g < 64; g++)
                    if ((row->gpus >> g & 1) != 0) {
                        expected[g] += (mask >> g & 1) != 0 ? STEP : 0;
                        gpu_s += row->user == 3 ? STEP : 0;
                    }
            }
            rows += any && row->user == 3;
        }
        for (int way = 0; way < 2; way++) {
            const struct berth_schedule *s = way == 0 ? &w.plain : &w.indexed;
            uint64_t use[64];
            struct berth_user_use user;
            memset(use, 0xA5, sizeof use);
            berth_schedule_gpu_use(s, mask, from, to, use);
            assert_memory_equal(use, expected, sizeof use);
            berth_schedule_user_use(s, 3, from, to, &user);
            assert_true(user.rows == rows && user.held_s == held && user.gpu_s == gpu_s);
            berth_schedule_gpu_use(s, UINT64_MAX, to, from, use);
            berth_schedule_user_use(s, 3, to, from, &user);
            for (unsigned g = 0; g < 64; g++)
                assert_true(use[g] == 0);
            assert_true(user.rows == 0 && user.held_s == 0 && user.gpu_s == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_next_ends),
        cmocka_unit_test(test_free_and_moment),
        cmocka_unit_test(test_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
