/* Questions to a schedule: the earliest start, what is free over a span, what is held now, who used how much.
 */
#include <string.h>

#include "sched/load.h"
#include "sched/tally.h"
#include "sched/tree.h"

/* The first :00 or :30 at or after SECONDS. */
static int64_t next_unit(int64_t seconds)
{
    int64_t unit = berth_schedule_floor(seconds);
    return unit == seconds ? unit : unit + BERTH_SCHEDULE_UNIT_S;
}

/* When the first of the rows that load [from, to) and hold one of GPUS (0 = any row) ends, or INT64_MAX. */
static int64_t first_end(const struct berth_schedule *s, int64_t from_s, int64_t to_s, int64_t now_s,
                         uint64_t gpus)
{
    int64_t least = INT64_MAX;
    struct berth_schedule_walk walk;
    berth_schedule_walk_start(&walk, s, from_s, to_s, now_s);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
        int64_t end_s = berth_booking_effective_end(&s->rows[i], now_s);
        if ((gpus == 0 || (s->rows[i].gpus & gpus) != 0) && end_s < least)
            least = end_s;
    }
    return least;
}

/* No start before this one can be better than the refused one: what stands in the way at the instant (or,
 * with GPUs, in the window) stays until its first row ends. INT64_MAX = it never goes away. */
static int64_t worth_trying(const struct berth_schedule *s, const struct berth_request *q,
                            const struct berth_fit *fit)
{
    switch (fit->verdict) {
    case BERTH_VERDICT_OVERLAP: /* own rows may not even touch */
        return s->rows[fit->row].end_s + 1;
    case BERTH_VERDICT_CPUS:
    case BERTH_VERDICT_MEMORY:
        return first_end(s, fit->at_s, fit->at_s + 1, q->now_s, 0);
    case BERTH_VERDICT_GPUS:
        if (q->host.gpus == 0)
            return INT64_MAX;
        return first_end(s, q->start_s, q->end_s, q->now_s, berth_gpu_mask((unsigned)q->host.gpus));
    case BERTH_VERDICT_PORT:
        return fit->row == SIZE_MAX ? INT64_MAX : berth_booking_effective_end(&s->rows[fit->row], q->now_s);
    default:
        return INT64_MAX;
    }
}

enum berth_status berth_schedule_next(const struct berth_schedule *schedule,
                                      const struct berth_request *request, int64_t latest_s,
                                      int64_t *out_start_s, struct berth_fit *out_fit)
{
    struct berth_request q = *request;
    berth_load_start_fit(request, out_fit);
    if (!berth_load_is_asked(request) || request->end_s <= request->start_s ||
        !berth_row_time_is_good(latest_s) || next_unit(request->start_s) > latest_s)
        out_fit->verdict = BERTH_VERDICT_ARG;
    else if (!berth_load_is_within_limits(request))
        out_fit->verdict = BERTH_VERDICT_USERCAP;
    if (out_fit->verdict != BERTH_VERDICT_OK)
        return BERTH_OK;
    for (int64_t start_s = next_unit(request->start_s), first_s = start_s; start_s <= latest_s;) {
        struct berth_fit fit;
        struct berth_load load;
        q.start_s = start_s;
        q.end_s = start_s + (request->end_s - request->start_s);
        berth_load_start_fit(&q, &fit);
        berth_load_gather(&load, schedule, &q);
        berth_load_judge_user(&load, &fit);
        if (start_s == first_s || fit.verdict == BERTH_VERDICT_OK)
            *out_fit = fit;
        if (fit.verdict == BERTH_VERDICT_OK) {
            *out_start_s = start_s;
            return berth_load_choose(schedule, &q, out_fit);
        }
        int64_t again_s = worth_trying(schedule, &q, &fit);
        if (again_s > latest_s)
            break;
        start_s = next_unit(again_s);
    }
    return BERTH_OK;
}

enum berth_status berth_schedule_free(const struct berth_schedule *schedule,
                                      const struct berth_capacity *host, int64_t from_s, int64_t to_s,
                                      int64_t now_s, struct berth_free *out_free)
{
    const struct berth_request span = {.start_s = from_s, .end_s = to_s, .now_s = now_s, .host = *host};
    if (!berth_load_is_asked(&span) || from_s >= to_s)
        return BERTH_E_ARGUMENT;
    struct berth_load load;
    berth_load_gather(&load, schedule, &span);
    int64_t most_cpus, most_memory;
    berth_load_sum(&load, from_s, &most_cpus, &most_memory);
    struct berth_schedule_walk walk;
    berth_schedule_walk_start(&walk, schedule, from_s, to_s, now_s);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
        int64_t cpus_nano, memory_gb;
        if (schedule->rows[i].start_s <= from_s)
            continue;
        berth_load_sum(&load, schedule->rows[i].start_s, &cpus_nano, &memory_gb);
        most_cpus = cpus_nano > most_cpus ? cpus_nano : most_cpus;
        most_memory = memory_gb > most_memory ? memory_gb : most_memory;
    }
    out_free->cpus_nano = most_cpus > host->cpus_nano ? 0 : host->cpus_nano - most_cpus;
    out_free->memory_gb = most_memory > host->memory_gb ? 0 : host->memory_gb - most_memory;
    out_free->gpus = berth_gpu_mask((unsigned)host->gpus) & ~load.gpus;
    return BERTH_OK;
}

static int64_t next_start(const struct berth_schedule *s, int64_t at_s)
{
    if (s->index != NULL)
        return berth_tree_next_start(s, at_s);
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < s->count; i++)
        if (s->rows[i].start_s > at_s && s->rows[i].start_s < least)
            least = s->rows[i].start_s;
    return least;
}

enum berth_status berth_schedule_moment(const struct berth_schedule *schedule, int64_t at_s, int64_t now_s,
                                        struct berth_moment *out_moment)
{
    if (!berth_row_time_is_good(at_s) || !berth_row_time_is_good(now_s))
        return BERTH_E_ARGUMENT;
    *out_moment = (struct berth_moment){.until_s = next_start(schedule, at_s)};
    struct berth_schedule_walk walk;
    berth_schedule_walk_start(&walk, schedule, at_s, at_s + 1, now_s);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
        const struct berth_booking *row = &schedule->rows[i];
        int64_t end_s = berth_booking_effective_end(row, now_s);
        out_moment->cpus_nano = berth_load_add(out_moment->cpus_nano, row->cpus_nano);
        out_moment->memory_gb = berth_load_add(out_moment->memory_gb, row->memory_gb);
        out_moment->gpus |= row->gpus;
        out_moment->rows++;
        out_moment->until_s = end_s < out_moment->until_s ? end_s : out_moment->until_s;
    }
    return BERTH_OK;
}

/* ---- use
 * ----------------------------------------------------------------------------------------------------- */

static uint64_t add_use(uint64_t sum, uint64_t more)
{
    return sum > UINT64_MAX - more ? UINT64_MAX : sum + more;
}

/* The row's seconds within the span. */
static uint64_t seconds_within(const struct berth_booking *row, int64_t from_s, int64_t to_s)
{
    int64_t start_s = row->start_s > from_s ? row->start_s : from_s;
    int64_t end_s = row->end_s < to_s ? row->end_s : to_s;
    return (uint64_t)(end_s - start_s);
}

static void add_row(const struct berth_booking *row, uint64_t gpus, int64_t from_s, int64_t to_s,
                    uint64_t *use_s)
{
    uint64_t held = row->gpus & gpus, length_s = seconds_within(row, from_s, to_s);
    for (; held != 0; held &= held - 1) {
        unsigned g = BERTH_LOWEST_ID(held);
        use_s[g] = add_use(use_s[g], length_s);
    }
}

/* The order does not matter here, so the tree is not walked by start: both children of a node, and their
 * rows, are under way while other nodes are looked at. */
static void add_tree(const struct berth_schedule *s, uint64_t gpus, int64_t from_s, int64_t to_s,
                     uint64_t *use_s)
{
    uint32_t pending[BERTH_SCHEDULE_LEVELS + 1];
    unsigned count = 0;
    if (s->root != BERTH_TREE_NONE)
        pending[count++] = s->root;
    while (count > 0) {
        uint32_t n = pending[--count];
        const struct berth_schedule_node *node = &s->index[n];
        const struct berth_booking *row = &s->rows[n];
        if (node->max_end_s <= from_s)
            continue;
        uint32_t below[2] = {berth_tree_left(node), berth_tree_right(node)};
        for (unsigned i = 0; i < (row->start_s < to_s ? 2u : 1u); i++) {
            if (below[i] == BERTH_TREE_NONE)
                continue;
            BERTH_TREE_FETCH(&s->index[below[i]]);
            BERTH_TREE_FETCH(&s->rows[below[i]]);
            pending[count++] = below[i];
        }
        if (row->start_s < to_s && row->end_s > from_s)
            add_row(row, gpus, from_s, to_s, use_s);
    }
}

static void add_rows(const struct berth_schedule *s, uint64_t gpus, int64_t from_s, int64_t to_s,
                     uint64_t *use_s)
{
    if (from_s >= to_s)
        return;
    if (s->index != NULL) {
        add_tree(s, gpus, from_s, to_s, use_s);
        return;
    }
    for (size_t i = 0; i < s->count; i++)
        if (s->rows[i].start_s < to_s && s->rows[i].end_s > from_s)
            add_row(&s->rows[i], gpus, from_s, to_s, use_s);
}

void berth_schedule_gpu_use(const struct berth_schedule *schedule, uint64_t gpus, int64_t from_s,
                            int64_t to_s, uint64_t out_use_s[BERTH_GPU_MAX])
{
    int64_t known_from_s = from_s, known_to_s = to_s;
    memset(out_use_s, 0, BERTH_GPU_MAX * sizeof *out_use_s);
    if (berth_tally_sum(schedule->tally, gpus, &known_from_s, &known_to_s, out_use_s)) {
        add_rows(schedule, gpus, from_s, known_from_s, out_use_s);
        add_rows(schedule, gpus, known_to_s, to_s, out_use_s);
    } else {
        add_rows(schedule, gpus, from_s, to_s, out_use_s);
    }
}

void berth_schedule_user_use(const struct berth_schedule *schedule, uint32_t user, int64_t from_s,
                             int64_t to_s, struct berth_user_use *out_use)
{
    *out_use = (struct berth_user_use){0};
    if (from_s >= to_s)
        return;
    struct berth_schedule_walk walk;
    berth_schedule_walk_start(&walk, schedule, from_s, to_s, INT64_MIN);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
        const struct berth_booking *row = &schedule->rows[i];
        if (row->user != user)
            continue;
        uint64_t length_s = seconds_within(row, from_s, to_s);
        out_use->rows++;
        out_use->held_s = add_use(out_use->held_s, length_s);
        out_use->gpu_s = add_use(out_use->gpu_s, length_s * berth_gpu_count(row->gpus));
    }
}
