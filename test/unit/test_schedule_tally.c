/* The tally of a schedule: with it every figure and every choice is what it is without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/schedule.h"
#include "guard.h"
#include "seed.h"

#define DAY INT64_C(86400)
#define NANO INT64_C(1000000000)
#define ROWS 60

static struct berth_booking rows[2][ROWS];
static struct berth_schedule_node nodes[ROWS];
static struct berth_schedule plain, tallied;

static int64_t between(uint64_t *random, int64_t low, int64_t high)
{
    return low + (int64_t)(seed_next(random) % (uint64_t)(high - low + 1));
}

static struct berth_booking random_row(uint64_t *random)
{
    struct berth_booking row = {.start_s = between(random, -3 * DAY, 20 * DAY),
                                .cpus_nano = NANO,
                                .memory_gb = 1,
                                .gpus = seed_next(random) & seed_next(random),
                                .user = (uint32_t)between(random, 0, 9)};
    if (between(random, 0, 2) > 0) /* most on whole units */
        row.start_s = berth_schedule_floor(row.start_s);
    row.end_s = row.start_s + between(random, 1, between(random, 0, 9) == 0 ? 30 * DAY : DAY);
    return row;
}

static void begin(bool indexed)
{
    assert_int_equal(berth_schedule_init(&plain, rows[0], 0, ROWS, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_schedule_init(&tallied, rows[1], 0, ROWS, indexed ? nodes : NULL, NULL), BERTH_OK);
}

static void insert(const struct berth_booking *row)
{
    assert_int_equal(berth_schedule_insert(&plain, row), BERTH_OK);
    assert_int_equal(berth_schedule_insert(&tallied, row), BERTH_OK);
}

static void drop(size_t number)
{
    assert_int_equal(berth_schedule_remove(&plain, number), BERTH_OK);
    assert_int_equal(berth_schedule_remove(&tallied, number), BERTH_OK);
}

static void compare_use(uint64_t gpus, int64_t from_s, int64_t to_s)
{
    uint64_t a[BERTH_GPU_MAX], b[BERTH_GPU_MAX];
    berth_schedule_gpu_use(&plain, gpus, from_s, to_s, a);
    berth_schedule_gpu_use(&tallied, gpus, from_s, to_s, b);
    assert_memory_equal(a, b, sizeof a);
}

static void compare_choice(uint64_t *random, unsigned gpus)
{
    struct berth_fit a, b;
    struct berth_request q = {.want = {NANO, 1, (int32_t)between(random, 0, 3)},
                              .host = {1000 * NANO, 1000, (int32_t)gpus},
                              .limit = {1000 * NANO, 1000, BERTH_GPU_MAX},
                              .user = 77,
                              .neighbourhood = (uint32_t)between(random, 0, 700)};
    q.now_s = between(random, 0, 10 * DAY);
    q.start_s = berth_schedule_floor(q.now_s) + between(random, 1, 100) * BERTH_SCHEDULE_UNIT_S;
    q.end_s = q.start_s + between(random, 1, 20) * BERTH_SCHEDULE_UNIT_S;
    assert_int_equal(berth_schedule_check(&plain, &q, &a), BERTH_OK);
    assert_int_equal(berth_schedule_check(&tallied, &q, &b), BERTH_OK);
    assert_int_equal(a.verdict, b.verdict);
    assert_true(a.choice.gpus == b.choice.gpus);
}

static void test_like_without(void **state)
{
    (void)state;
    static const int64_t slot_lengths[] = {DAY, 6 * 3600, 1800, 5000, 1, BERTH_SCHEDULE_HORIZON_S};
    uint64_t random = seed_start("schedule tally");
    for (unsigned round = 0; round < 300; round++) {
        struct berth_schedule_tally tally = {.gpus = (unsigned)between(&random, 1, 64),
                                             .slots = (size_t)between(&random, 1, 40),
                                             .first_s = between(&random, -5 * DAY, 12 * DAY),
                                             .slot_s = slot_lengths[between(&random, 0, 5)]};
        uint32_t *entries = guard_new(BERTH_SCHEDULE_TALLY(tally.slots, tally.gpus) * sizeof *entries);
        tally.booked_s = entries;
        begin(round % 2 == 0);
        for (unsigned i = 0; i < 20; i++) {
            struct berth_booking row = random_row(&random);
            insert(&row);
        }
        assert_int_equal(berth_schedule_keep_tally(&tallied, &tally), BERTH_OK);
        for (unsigned i = 0; i < 60; i++) {
            struct berth_booking row = random_row(&random);
            if (plain.count < ROWS && (plain.count == 0 || between(&random, 0, 1) == 0))
                insert(&row);
            else
                drop((size_t)between(&random, 0, (int64_t)plain.count - 1));
            int64_t from_s = between(&random, -6 * DAY, 25 * DAY),
                    to_s = from_s + between(&random, -DAY, 30 * DAY);
            compare_use(seed_next(&random) & berth_gpu_mask(tally.gpus), from_s, to_s);
            compare_use(seed_next(&random), from_s, to_s);
            compare_use(UINT64_MAX, -BERTH_SCHEDULE_TIME_MAX, BERTH_SCHEDULE_TIME_MAX);
            compare_choice(&random, tally.gpus);
        }
        while (plain.count > 0)
            drop(0);
        for (size_t i = 0; i < BERTH_SCHEDULE_TALLY(tally.slots, tally.gpus); i++)
            assert_int_equal(entries[i], 0);
        guard_free(entries);
    }
}

/* More than 32 bits of seconds in a slot: the slot is not believed any more. */
static void test_slots_that_overflow(void **state)
{
    (void)state;
    enum { MANY = 4000 };
    static struct berth_booking many[2][MANY];
    uint32_t entries[4];
    uint64_t a[BERTH_GPU_MAX], b[BERTH_GPU_MAX];
    const struct berth_schedule_tally tally = {entries, 2, 2, 0, BERTH_SCHEDULE_HORIZON_S};
    assert_int_equal(berth_schedule_init(&plain, many[0], 0, MANY, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_schedule_init(&tallied, many[1], 0, MANY, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_schedule_keep_tally(&tallied, &tally), BERTH_OK);
    const struct berth_booking row = {.start_s = -5, .end_s = 40 * DAY, .gpus = 1};
    while (plain.count < MANY)
        insert(&row);
    assert_int_equal(entries[0], UINT32_MAX);
    assert_int_equal(entries[1], 0);
    for (unsigned i = 0; i < 3; i++) {
        berth_schedule_gpu_use(&plain, 3, -DAY, 60 * DAY, a);
        berth_schedule_gpu_use(&tallied, 3, -DAY, 60 * DAY, b);
        assert_memory_equal(a, b, sizeof a);
        while (plain.count > MANY / 4 * (3 - i))
            drop(plain.count - 1);
    }
    assert_int_equal(berth_schedule_keep_tally(&tallied, &tally), BERTH_OK); /* counts anew */
    assert_int_not_equal(entries[0], UINT32_MAX);
    assert_int_equal(berth_schedule_keep_tally(&tallied, NULL), BERTH_OK);
    assert_null(tallied.tally);
}

static void test_arguments(void **state)
{
    (void)state;
    uint32_t entries[4];
    const struct berth_schedule_tally good = {entries, 2, 2, 0, DAY};
    struct berth_schedule_tally bad[9];
    for (size_t i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].booked_s = NULL;
    bad[1].slots = 0;
    bad[2].gpus = 0;
    bad[3].gpus = 65;
    bad[4].slot_s = 0;
    bad[5].slot_s = BERTH_SCHEDULE_HORIZON_S + 1;
    bad[6].first_s = BERTH_SCHEDULE_TIME_MAX + 1;
    bad[7].first_s = BERTH_SCHEDULE_TIME_MAX - DAY;
    bad[8].slots = SIZE_MAX;
    begin(false);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(berth_schedule_keep_tally(&tallied, &bad[i]), BERTH_E_ARGUMENT);
        assert_null(tallied.tally);
    }
    assert_int_equal(berth_schedule_keep_tally(&tallied, &good), BERTH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_like_without),
                                       cmocka_unit_test(test_slots_that_overflow),
                                       cmocka_unit_test(test_arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
