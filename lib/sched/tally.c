/* The tally of a schedule: sums over slots of time, so that a neighbourhood need not be added up row by row.
 */
#include <string.h>

#include "sched/tally.h"
#include "sched/tree.h"

/* A slot in which more is booked than 32 bits hold says nothing any more. */
#define UNKNOWN UINT32_MAX

static void count(uint32_t *entry, int64_t seconds, bool in)
{
    if (*entry == UNKNOWN)
        return;
    if (!in)
        *entry -= (uint32_t)seconds;
    else
        *entry = seconds >= (int64_t)(UNKNOWN - *entry) ? UNKNOWN : *entry + (uint32_t)seconds;
}

void berth_tally_row(const struct berth_schedule_tally *t, const struct berth_booking *row, bool in)
{
    uint64_t held = t != NULL ? row->gpus & berth_gpu_mask(t->gpus) : 0;
    if (held == 0)
        return;
    int64_t end_s = t->first_s + (int64_t)t->slots * t->slot_s;
    int64_t from_s = row->start_s > t->first_s ? row->start_s : t->first_s;
    int64_t to_s = row->end_s < end_s ? row->end_s : end_s;
    while (from_s < to_s) {
        size_t slot = (size_t)((from_s - t->first_s) / t->slot_s);
        int64_t next_s = t->first_s + ((int64_t)slot + 1) * t->slot_s;
        int64_t until_s = next_s < to_s ? next_s : to_s;
        for (uint64_t left = held; left != 0; left &= left - 1)
            count(&t->booked_s[slot * t->gpus + BERTH_LOWEST_ID(left)], until_s - from_s, in);
        from_s = until_s;
    }
}

enum berth_status berth_schedule_keep_tally(struct berth_schedule *schedule,
                                            const struct berth_schedule_tally *tally)
{
    schedule->tally = NULL;
    if (tally == NULL)
        return BERTH_OK;
    if (tally->booked_s == NULL || tally->gpus == 0 || tally->gpus > BERTH_GPU_MAX || tally->slot_s <= 0 ||
        tally->slot_s > BERTH_SCHEDULE_HORIZON_S || tally->slots == 0 ||
        !berth_row_time_is_good(tally->first_s) ||
        tally->slots > (uint64_t)(BERTH_SCHEDULE_TIME_MAX - tally->first_s) / (uint64_t)tally->slot_s)
        return BERTH_E_ARGUMENT;
    memset(tally->booked_s, 0, BERTH_SCHEDULE_TALLY(tally->slots, tally->gpus) * sizeof *tally->booked_s);
    for (size_t i = 0; i < schedule->count; i++)
        berth_tally_row(tally, &schedule->rows[i], true);
    schedule->tally = tally;
    return BERTH_OK;
}

bool berth_tally_sum(const struct berth_schedule_tally *t, uint64_t gpus, int64_t *from_s, int64_t *to_s,
                     uint64_t use_s[BERTH_GPU_MAX])
{
    uint64_t sums[BERTH_GPU_MAX] = {0};
    if (t == NULL || (gpus & ~berth_gpu_mask(t->gpus)) != 0 || *to_s <= t->first_s)
        return false;
    /* The first slot that begins at or after from_s, the first that does not end by to_s. */
    uint64_t slot_s = (uint64_t)t->slot_s;
    uint64_t first = *from_s <= t->first_s ? 0 : ((uint64_t)(*from_s - t->first_s) + slot_s - 1) / slot_s;
    uint64_t end = (uint64_t)(*to_s - t->first_s) / slot_s;
    end = end < t->slots ? end : t->slots;
    if (first >= end)
        return false;
    bool unknown = false;
    const uint32_t *entry = t->booked_s + first * t->gpus;
    for (uint64_t slot = first; slot < end; slot++)
        for (unsigned g = 0; g < t->gpus; g++, entry++) {
            sums[g] += *entry;
            unknown = unknown || *entry == UNKNOWN;
        }
    if (unknown)
        return false;
    for (uint64_t left = gpus; left != 0; left &= left - 1)
        use_s[BERTH_LOWEST_ID(left)] += sums[BERTH_LOWEST_ID(left)];
    *from_s = t->first_s + (int64_t)(first * slot_s);
    *to_s = t->first_s + (int64_t)(end * slot_s);
    return true;
}
