/* The schedule beside the Python system that it replaces, on thousands of random cases (wire page 3.6): the
 * same answer wherever upstream is right, a refusal wherever it books a GPU twice. */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/number.h"
#include "berth/schedule.h"
#include "seed.h"

enum { CASES = 6000, ROWS = 8 };

#define DAY_START INT64_C(1893974400) /* 2030-01-07 00:00 */
#define NANO INT64_C(1000000000)

struct upstream {
    uint64_t gpus, wanted, start, end;
    struct berth_booking rows[ROWS];
    size_t row_count;
    bool accepts;
    uint64_t ids; /* as a set */
};

static uint64_t number(struct berth_text *rest)
{
    struct berth_text part;
    uint64_t value;
    assert_true(berth_text_split(rest, ' ', &part));
    assert_int_equal(berth_parse_u64(part, &value), BERTH_OK);
    return value;
}

static uint64_t set_of(struct berth_text list)
{
    uint64_t set = 0, id;
    struct berth_text part;
    list = berth_text_trim(list);
    if (berth_text_equal(list, BERTH_TEXT("-")))
        return 0;
    while (berth_text_split(&list, ',', &part)) {
        assert_int_equal(berth_parse_u64(part, &id), BERTH_OK);
        set |= UINT64_C(1) << id;
    }
    return set;
}

static int64_t time_of(uint64_t unit)
{
    return DAY_START + (int64_t)unit * BERTH_SCHEDULE_UNIT_S;
}

/* "4 1 2 8 | 0 3 0,1 | 5 6 - = 1 2": see test/peers/upstream_schedule.py. */
static void read_case(struct berth_text line, struct upstream *u)
{
    struct berth_text question, answer = line, part;
    *u = (struct upstream){.gpus = 0};
    assert_true(berth_text_split(&answer, '=', &question));
    assert_true(berth_text_split(&question, '|', &part));
    part = berth_text_trim(part);
    u->gpus = number(&part);
    u->wanted = number(&part);
    u->start = number(&part);
    u->end = number(&part);
    while (berth_text_split(&question, '|', &part)) {
        struct berth_booking *row = &u->rows[u->row_count++];
        part = berth_text_trim(part);
        *row = (struct berth_booking){
            .cpus_nano = NANO, .memory_gb = 1, .user = (uint32_t)u->row_count, .port = 10900};
        row->start_s = time_of(number(&part));
        row->end_s = time_of(number(&part));
        row->gpus = set_of(part);
    }
    answer = berth_text_trim(answer);
    u->accepts = number(&answer) == 1;
    u->ids = set_of(answer);
}

/* GPUs that no row holds at any time of the window. */
static unsigned truly_free(const struct upstream *u)
{
    unsigned count = 0;
    for (unsigned g = 0; g < u->gpus; g++) {
        bool held = false;
        for (size_t i = 0; i < u->row_count; i++)
            held = held || ((u->rows[i].gpus >> g & 1) != 0 && u->rows[i].start_s < time_of(u->end) &&
                            u->rows[i].end_s > time_of(u->start));
        count += !held;
    }
    return count;
}

static void test_beside_upstream(void **state)
{
    (void)state;
    uint64_t random = seed_start("schedule beside upstream");
    char command[128], text[1024];
    unsigned same = 0, both_refuse = 0, booked_twice = 0;
    snprintf(command, sizeof command, "python3 test/peers/upstream_schedule.py %llu %d",
             (unsigned long long)(seed_next(&random) >> 16), CASES);
    FILE *cases = popen(command, "r");
    assert_non_null(cases);
    while (fgets(text, sizeof text, cases) != NULL) {
        struct upstream u;
        struct berth_schedule_node nodes[ROWS];
        struct berth_schedule s;
        struct berth_fit fit;
        read_case(berth_text_trim(berth_text_of(text)), &u);
        const struct berth_capacity plenty = {1000 * NANO, 100000, (int32_t)u.gpus};
        const struct berth_capacity no_limit = {1000 * NANO, 100000, BERTH_GPU_MAX};
        const struct berth_request q = {.start_s = time_of(u.start),
                                        .end_s = time_of(u.end),
                                        .now_s = DAY_START - 600, /* the unit before */
                                        .want = {NANO, 1, (int32_t)u.wanted},
                                        .host = plenty,
                                        .limit = no_limit,
                                        .user = 1000,
                                        .port = 10001};
        bool indexed = seed_next(&random) % 2 == 0;
        assert_int_equal(berth_schedule_init(&s, u.rows, u.row_count, ROWS, indexed ? nodes : NULL, NULL),
                         BERTH_OK);
        assert_int_equal(berth_schedule_check(&s, &q, &fit), BERTH_OK);
        bool enough = truly_free(&u) >= u.wanted, ok = fit.verdict == BERTH_VERDICT_OK;
        if (!ok)
            assert_int_equal(fit.verdict, BERTH_VERDICT_GPUS);
        if (ok != (u.accepts && enough) || (ok && fit.choice.gpus != u.ids) || (!u.accepts && enough))
            fail_msg("%s: berth says %s, %llx", text, berth_verdict_name(fit.verdict),
                     (unsigned long long)fit.choice.gpus);
        same += ok;
        both_refuse += !u.accepts;
        booked_twice += u.accepts && !ok;
    }
    assert_int_equal(pclose(cases), 0);
    printf("%u alike, %u refused by both, %u that upstream books twice\n", same, both_refuse, booked_twice);
    assert_int_equal(same + both_refuse + booked_twice, CASES);
    assert_true(same > CASES / 3 && both_refuse > CASES / 20 && booked_twice > CASES / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_beside_upstream)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
