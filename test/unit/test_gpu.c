/* Choosing GPUs: sets, links, every policy against trying all sets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/gpu.h"
#include "guard.h"
#include "seed.h"

static unsigned bits(uint64_t set)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 64; i++)
        n += (unsigned)(set >> i & 1);
    return n;
}

static void test_sets(void **state)
{
    (void)state;
    uint8_t ids[64];
    assert_true(berth_gpu_mask(0) == 0 && berth_gpu_mask(1) == 1 && berth_gpu_mask(63) == UINT64_MAX >> 1);
    assert_true(berth_gpu_mask(64) == UINT64_MAX && berth_gpu_mask(65) == UINT64_MAX);
    assert_int_equal(berth_gpu_ids(UINT64_C(0x8000000000000005), ids), 3);
    assert_true(ids[0] == 0 && ids[1] == 2 && ids[2] == 63);
    uint64_t random = seed_start("gpu sets");
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t set = seed_next(&random) & seed_next(&random);
        assert_int_equal(berth_gpu_count(set), bits(set));
        assert_int_equal(berth_gpu_ids(set, ids), bits(set));
    }
    assert_int_equal(berth_gpu_count(UINT64_MAX), 64);
}

static void test_links(void **state)
{
    (void)state;
    struct berth_gpu_links links;
    uint16_t *scores = guard_new(BERTH_GPU_PAIRS(64) * sizeof *scores);
    assert_int_equal(berth_gpu_links_init(&links, scores, 65), BERTH_E_ARGUMENT);
    assert_int_equal(berth_gpu_links_init(&links, NULL, 2), BERTH_E_ARGUMENT);
    assert_int_equal(berth_gpu_links_init(&links, NULL, 0), BERTH_OK);
    assert_int_equal(berth_gpu_groups(&links, 1, (uint64_t[64]){0}), 0);
    assert_int_equal(berth_gpu_links_init(&links, NULL, 1), BERTH_OK);
    assert_int_equal(berth_gpu_links_init(&links, scores, 64), BERTH_OK);
    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = 0; b < 64; b++)
            assert_int_equal(berth_gpu_links_set(&links, a, b, BERTH_GPU_PATH_SYS, (a + b) % 7),
                             a == b ? BERTH_E_ARGUMENT : BERTH_OK);
    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = 0; b < 64; b++)
            assert_int_equal(berth_gpu_pair_score(&links, a, b), a == b ? 0 : 10 + (a + b) % 7 * 100);
    static const struct {
        unsigned a, b, nvlinks;
        int path;
    } bad[] = {{0, 64, 0, 10}, {64, 0, 0, 10}, {3, 3, 0, 10}, {0, 1, 256, 10},
               {0, 1, 0, 11},  {0, 1, 0, -1},  {0, 1, 0, 70}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(
            berth_gpu_links_set(&links, bad[i].a, bad[i].b, (enum berth_gpu_path)bad[i].path, bad[i].nvlinks),
            BERTH_E_ARGUMENT);
    assert_int_equal(berth_gpu_links_init(&links, scores, 4), BERTH_OK);
    assert_int_equal(berth_gpu_links_set(&links, 0, 1, BERTH_GPU_PATH_PIX, 4), BERTH_OK);
    assert_int_equal(berth_gpu_links_set(&links, 1, 0, BERTH_GPU_PATH_PXB, 2), BERTH_OK);
    assert_int_equal(berth_gpu_pair_score(&links, 0, 1), 240); /* the weaker of both statements */
    assert_int_equal(berth_gpu_links_set(&links, 0, 1, BERTH_GPU_PATH_NONE, 0), BERTH_OK);
    assert_int_equal(berth_gpu_pair_score(&links, 1, 0), 240);
    assert_int_equal(berth_gpu_links_set(&links, 2, 3, BERTH_GPU_PATH_PSB, 255), BERTH_OK);
    assert_int_equal(berth_gpu_set_score(&links, 0xF), 240 + 25560);
    assert_int_equal(berth_gpu_set_score(&links, 0x5), 0);
    assert_int_equal(berth_gpu_pair_score(NULL, 0, 1), 0);
    assert_int_equal(berth_gpu_pair_score(&links, 0, 4), 0);
    uint64_t groups[64];
    assert_int_equal(berth_gpu_groups(&links, 10, groups), 2);
    assert_true(groups[0] == 0x3 && groups[1] == 0xC);
    assert_int_equal(berth_gpu_groups(&links, 241, groups), 3);
    assert_true(groups[0] == 0x1 && groups[1] == 0x2 && groups[2] == 0xC);
    assert_int_equal(berth_gpu_links_set(&links, 3, 0, BERTH_GPU_PATH_SYS, 0), BERTH_OK);
    assert_int_equal(berth_gpu_groups(&links, 10, groups), 1); /* reached by way of others */
    assert_true(groups[0] == 0xF);
    guard_free(scores);
}

/* Groups of four: 0-3, 4-7, 8-11; a pair 12-13; 14 and 15 alone. */
static const uint64_t boards[] = {0x000F, 0x00F0, 0x0F00, 0x3000};

static void test_policies(void **state)
{
    (void)state;
    static const struct {
        enum berth_gpu_policy policy;
        uint64_t free, required, sick;
        unsigned count;
        uint64_t expected; /* UINT64_MAX = BERTH_E_MISSING */
    } cases[] = {
        {BERTH_GPU_FEWEST, 0xFFFF, 0, 0, 3, 0x0007},
        {BERTH_GPU_FEWEST, 0xFFF0, 0, 0x0010, 2, 0x0060},
        {BERTH_GPU_FEWEST, 0xFFFF, 0x8000, 0, 2, 0x8001},
        {BERTH_GPU_FEWEST, 0xFFFF, 0, 0, 0, 0},
        {BERTH_GPU_FEWEST, 0x000F, 0, 0x0001, 4, UINT64_MAX},
        {BERTH_GPU_FEWEST, 0x000F, 0x0010, 0, 4, UINT64_MAX},
        {BERTH_GPU_FEWEST, 0x000F, 0x0003, 0, 1, UINT64_MAX},
        {BERTH_GPU_FEWEST, 0x000F, 0x0001, 0x0001, 2, UINT64_MAX},
        {BERTH_GPU_FEWEST, 0, 0, 0, 1, UINT64_MAX},
        {BERTH_GPU_FEWEST, UINT64_MAX, 0, 0, 64, UINT64_MAX - 0},
        /* Packed: GPUs of boards in use first, then alone ones, then the pair, then a board of four. */
        {BERTH_GPU_PACKED, 0xFFFE, 0, 0, 2, 0x0006},
        {BERTH_GPU_PACKED, 0xFFFF, 0, 0, 1, 0x4000},
        {BERTH_GPU_PACKED, 0xFFFF, 0, 0, 2, 0xC000},
        {BERTH_GPU_PACKED, 0xFFFF, 0, 0, 3, 0x7000},
        {BERTH_GPU_PACKED, 0xFFFF, 0, 0, 4, 0xF000},
        {BERTH_GPU_PACKED, 0xFFFF, 0, 0, 5, 0x400F},
        {BERTH_GPU_PACKED, 0x0FF0, 0, 0, 4, 0x00F0},
        {BERTH_GPU_PACKED, 0x0FFE, 0, 0, 4, 0x001E},
        {BERTH_GPU_PACKED, 0xFFFF, 0x0100, 0, 3, 0x0700},
        {BERTH_GPU_PACKED, 0xFFFF, 0, 0x0010, 3, 0x00E0},
        {BERTH_GPU_PACKED, 0x0C80, 0, 0, 2, 0x0480}, /* the board with one left is filled first */
        /* Spread: the board with the fewest in use. */
        {BERTH_GPU_SPREAD, 0xFFFF, 0, 0, 1, 0x0001},
        {BERTH_GPU_SPREAD, 0xFFFF, 0, 0, 4, 0x1111},
        {BERTH_GPU_SPREAD, 0x0FFE, 0, 0, 3, 0x0112},
        {BERTH_GPU_SPREAD, 0x0FFE, 0x0100, 0, 2, 0x0110},
        {BERTH_GPU_SPREAD, 0x0FFE, 0, 0x0001, 1, 0x0002}, /* what is sick is not in use */
        {BERTH_GPU_SPREAD, 0x000F, 0, 0, 4, 0x000F},
        {BERTH_GPU_TOPOLOGY, 0x00F0, 0, 0, 2, 0x0030}, /* without links all sets are alike */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct berth_gpu_question q = {.free = cases[i].free,
                                       .required = cases[i].required,
                                       .sick = cases[i].sick,
                                       .count = cases[i].count,
                                       .policy = cases[i].policy,
                                       .groups = boards,
                                       .group_count = 4};
        struct berth_gpu_choice choice;
        enum berth_status status = berth_gpu_choose(&q, &choice);
        bool missing = cases[i].expected == UINT64_MAX && cases[i].free != UINT64_MAX;
        if (status != (missing ? BERTH_E_MISSING : BERTH_OK) ||
            (!missing && choice.gpus != cases[i].expected))
            fail_msg("case %zu: status %d, gpus %llx", i, (int)status, (unsigned long long)choice.gpus);
        assert_true(choice.skipped == (cases[i].free & cases[i].sick));
        assert_int_equal(choice.how, BERTH_GPU_EXACT);
    }
    struct berth_gpu_choice choice;
    assert_int_equal(
        berth_gpu_choose(&(struct berth_gpu_question){.policy = (enum berth_gpu_policy)4}, &choice),
        BERTH_E_ARGUMENT);
    uint64_t shared[] = {3, 6};
    assert_int_equal(
        berth_gpu_choose(&(struct berth_gpu_question){.groups = shared, .group_count = 2}, &choice),
        BERTH_E_ARGUMENT);
    uint64_t many[65] = {0};
    assert_int_equal(
        berth_gpu_choose(&(struct berth_gpu_question){.groups = many, .group_count = 65}, &choice),
        BERTH_E_ARGUMENT);
}

/* ---- against every set
 * --------------------------------------------------------------------------------------- */

/* Whether A's ascending ids come before B's, by comparing lists. */
static bool comes_first(uint64_t a, uint64_t b)
{
    for (unsigned i = 0; i < 64; i++)
        if ((a >> i & 1) != (b >> i & 1))
            return (a >> i & 1) != 0;
    return false;
}

static uint64_t total_usage(const uint64_t *usage, uint64_t set)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 64; i++)
        sum += (set >> i & 1) != 0 ? usage[i] : 0;
    return sum;
}

static uint32_t total_score(const struct berth_gpu_links *links, uint64_t set)
{
    uint32_t sum = 0;
    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = a + 1; b < 64; b++)
            if ((set >> a & 1) != 0 && (set >> b & 1) != 0)
                sum += berth_gpu_pair_score(links, b, a);
    return sum;
}

/* The sizes of untouched groups as a number: greater when the list from the largest on is greater (at most 12
 * GPUs, so that no size occurs 13 times). */
static uint64_t whole_groups(const uint64_t *groups, size_t count, uint64_t left)
{
    uint64_t weight[13] = {0}, value = 0;
    for (size_t i = 0; i < count; i++)
        if (groups[i] != 0 && (groups[i] & ~left) == 0)
            weight[bits(groups[i])]++;
    for (unsigned size = 12; size > 0; size--)
        value = value * 13 + weight[size];
    return value;
}

struct machine {
    struct berth_gpu_links links;
    uint16_t scores[BERTH_GPU_PAIRS(64)];
    uint64_t usage[64];
    uint64_t groups[64];
    size_t group_count;
};

static void random_machine(uint64_t *random, struct machine *m, unsigned gpus)
{
    static const enum berth_gpu_path paths[] = {BERTH_GPU_PATH_SYS, BERTH_GPU_PATH_NODE, BERTH_GPU_PATH_PHB,
                                                BERTH_GPU_PATH_PXB, BERTH_GPU_PATH_PIX,  BERTH_GPU_PATH_PSB};
    assert_int_equal(berth_gpu_links_init(&m->links, m->scores, gpus), BERTH_OK);
    for (unsigned a = 0; a < gpus; a++)
        for (unsigned b = 0; b < a; b++)
            assert_int_equal(
                berth_gpu_links_set(&m->links, a, b, paths[seed_below(random, 6)],
                                    seed_below(random, 3) == 0 ? (unsigned)seed_below(random, 4) : 0),
                BERTH_OK);
    memset(m->groups, 0, sizeof m->groups);
    m->group_count = gpus > 4 ? gpus : 4;
    for (unsigned g = 0; g < gpus; g++) {
        m->usage[g] = seed_below(random, 4) * 1800;
        m->groups[seed_below(random, 4)] |= UINT64_C(1) << g;
    }
    for (unsigned g = 4; g < gpus; g++)
        m->groups[g] = 0;
}

static void random_question(uint64_t *random, const struct machine *m, unsigned gpus,
                            struct berth_gpu_question *q)
{
    uint64_t host = berth_gpu_mask(gpus);
    memset(q, 0, sizeof *q);
    q->free = (seed_next(random) | seed_next(random)) & host;
    q->sick = seed_next(random) & seed_next(random) & seed_next(random) & host;
    uint64_t healthy = q->free & ~q->sick;
    q->required = seed_next(random) & seed_next(random) & seed_next(random) & healthy;
    unsigned least = bits(q->required);
    q->count = least + (unsigned)seed_below(random, bits(healthy) - least + 1);
    q->usage_s = m->usage;
    q->links = &m->links;
    q->groups = m->groups;
    q->group_count = m->group_count;
}

/* What the policy values in a set: more is better. */
static uint64_t worth(const struct berth_gpu_question *q, uint64_t set)
{
    switch (q->policy) {
    case BERTH_GPU_FEWEST:
        return UINT64_MAX - total_usage(q->usage_s, set);
    case BERTH_GPU_PACKED:
        return whole_groups(q->groups, q->group_count, q->free & ~q->sick & ~set);
    default:
        return total_score(q->links, set);
    }
}

static void test_against_every_set(void **state)
{
    (void)state;
    uint64_t random = seed_start("gpu policies against every set");
    static struct machine m;
    for (unsigned i = 0; i < 2400; i++) {
        unsigned gpus = 1 + (unsigned)seed_below(&random, 9);
        random_machine(&random, &m, gpus);
        struct berth_gpu_question q;
        random_question(&random, &m, gpus, &q);
        static const enum berth_gpu_policy policies[] = {BERTH_GPU_FEWEST, BERTH_GPU_PACKED,
                                                         BERTH_GPU_TOPOLOGY};
        q.policy = policies[i % 3];
        uint64_t best = 0, best_worth = 0;
        bool any = false;
        for (uint64_t set = 0; set <= berth_gpu_mask(gpus); set++) {
            if (bits(set) != q.count || (set & ~(q.free & ~q.sick)) != 0 || (q.required & ~set) != 0)
                continue;
            uint64_t value = worth(&q, set);
            if (!any || value > best_worth || (value == best_worth && comes_first(set, best))) {
                best = set;
                best_worth = value;
            }
            any = true;
        }
        assert_true(any);
        struct berth_gpu_choice choice;
        assert_int_equal(berth_gpu_choose(&q, &choice), BERTH_OK);
        assert_int_equal(choice.how, BERTH_GPU_EXACT);
        assert_int_equal(choice.score, total_score(&m.links, choice.gpus));
        assert_int_equal(bits(choice.gpus), q.count);
        assert_true((choice.gpus & ~(q.free & ~q.sick)) == 0 && (q.required & ~choice.gpus) == 0);
        if (worth(&q, choice.gpus) != best_worth)
            fail_msg("policy %d, free %llx, sick %llx, required %llx, groups %llx %llx %llx %llx: chose "
                     "%llx, best %llx",
                     (int)q.policy, (unsigned long long)q.free, (unsigned long long)q.sick,
                     (unsigned long long)q.required, (unsigned long long)m.groups[0],
                     (unsigned long long)m.groups[1], (unsigned long long)m.groups[2],
                     (unsigned long long)m.groups[3], (unsigned long long)choice.gpus,
                     (unsigned long long)best);
        if (q.policy != BERTH_GPU_PACKED)
            assert_true(choice.gpus == best);
    }
}

/* Spread: nobody could have been put where less is in use, and groups differ by at most what was there
 * before. */
static void test_spread(void **state)
{
    (void)state;
    uint64_t random = seed_start("gpu spread");
    static struct machine m;
    for (unsigned i = 0; i < 3000; i++) {
        unsigned gpus = 1 + (unsigned)seed_below(&random, 64);
        random_machine(&random, &m, gpus);
        struct berth_gpu_question q;
        random_question(&random, &m, gpus, &q);
        q.policy = BERTH_GPU_SPREAD;
        struct berth_gpu_choice choice;
        assert_int_equal(berth_gpu_choose(&q, &choice), BERTH_OK);
        assert_int_equal(bits(choice.gpus), q.count);
        assert_true((choice.gpus & ~(q.free & ~q.sick)) == 0 && (q.required & ~choice.gpus) == 0);
        uint64_t left = q.free & ~q.sick & ~choice.gpus;
        for (unsigned a = 0; a < 4; a++)
            for (unsigned b = 0; b < 4; b++) {
                unsigned used_a = bits(m.groups[a] & ~q.sick & ~left),
                         used_b = bits(m.groups[b] & ~q.sick & ~left);
                bool moved_here = (choice.gpus & ~q.required & m.groups[a]) != 0;
                if (moved_here && (left & m.groups[b]) != 0)
                    assert_true(used_a <= used_b + 1);
            }
    }
}

/* Above the bound the answer says so; it is whole, repeatable, and never worse than the best of 200 random
 * sets. */
static void test_heuristic(void **state)
{
    (void)state;
    uint64_t random = seed_start("gpu heuristic");
    static struct machine m;
    unsigned heuristic = 0;
    for (unsigned i = 0; i < 40; i++) {
        unsigned gpus = 17 + (unsigned)seed_below(&random, 48);
        random_machine(&random, &m, gpus);
        struct berth_gpu_question q;
        random_question(&random, &m, gpus, &q);
        q.policy = BERTH_GPU_TOPOLOGY;
        struct berth_gpu_choice choice, again;
        assert_int_equal(berth_gpu_choose(&q, &choice), BERTH_OK);
        assert_int_equal(berth_gpu_choose(&q, &again), BERTH_OK);
        assert_true(choice.gpus == again.gpus && choice.how == again.how);
        assert_int_equal(bits(choice.gpus), q.count);
        assert_true((choice.gpus & ~(q.free & ~q.sick)) == 0 && (q.required & ~choice.gpus) == 0);
        assert_int_equal(choice.score, total_score(&m.links, choice.gpus));
        heuristic += choice.how == BERTH_GPU_HEURISTIC;
        for (unsigned k = 0; k < 200; k++) {
            uint64_t set = q.required;
            while (bits(set) < q.count)
                set |= UINT64_C(1) << seed_below(&random, gpus) & q.free & ~q.sick;
            assert_true(total_score(&m.links, set) <= choice.score);
        }
    }
    assert_true(heuristic > 10);
}

/* Eight GPUs as in a common server: two boards of four, all of a board linked, one link across. 16 free GPUs
 * are always exact; two islands of sixteen are found whole by the heuristic. */
static void test_islands(void **state)
{
    (void)state;
    static struct machine m;
    assert_int_equal(berth_gpu_links_init(&m.links, m.scores, 64), BERTH_OK);
    for (unsigned a = 0; a < 64; a++)
        for (unsigned b = 0; b < a; b++)
            assert_int_equal(berth_gpu_links_set(&m.links, a, b,
                                                 a / 16 == b / 16 ? BERTH_GPU_PATH_PIX : BERTH_GPU_PATH_SYS,
                                                 a / 16 == b / 16 ? 2 : 0),
                             BERTH_OK);
    struct berth_gpu_question q = {
        .free = UINT64_MAX, .count = 16, .policy = BERTH_GPU_TOPOLOGY, .links = &m.links};
    struct berth_gpu_choice choice;
    assert_int_equal(berth_gpu_choose(&q, &choice), BERTH_OK);
    assert_int_equal(choice.how, BERTH_GPU_HEURISTIC);
    assert_true(choice.gpus == 0xFFFF && choice.score == 120 * 250);
    q.required = UINT64_C(1) << 40;
    assert_int_equal(berth_gpu_choose(&q, &choice), BERTH_OK);
    assert_true(choice.gpus == UINT64_C(0xFFFF) << 32);
    q.required = 0;
    q.free = UINT64_C(0xFFFE) << 16 | 1;
    for (q.count = 0; q.count <= 16; q.count++) {
        assert_int_equal(berth_gpu_choose(&q, &choice), BERTH_OK);
        assert_int_equal(choice.how, BERTH_GPU_EXACT);
        /* The one of the other island is taken only when the count needs it. */
        assert_true(((choice.gpus & 1) != 0) == (q.count == 16 || q.count == 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),     cmocka_unit_test(test_links),
        cmocka_unit_test(test_policies), cmocka_unit_test(test_against_every_set),
        cmocka_unit_test(test_spread),   cmocka_unit_test(test_heuristic),
        cmocka_unit_test(test_islands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
