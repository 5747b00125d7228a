/* What a tick of the monitor has to do, and in which order. */
#include "berth/container.h"

/* The order of wire page 4.2: closing before everything else, by end; the rest by start; then by user. */
static int compare(const struct berth_monitor_row *rows, struct berth_monitor_step a,
                   struct berth_monitor_step b)
{
    const struct berth_monitor_row *left = &rows[a.row], *right = &rows[b.row];
    bool closes = a.action == BERTH_MONITOR_CLOSE;
    if (closes != (b.action == BERTH_MONITOR_CLOSE))
        return closes ? -1 : 1;
    int64_t left_s = closes ? left->end_s : left->start_s;
    int64_t right_s = closes ? right->end_s : right->start_s;
    if (left_s != right_s)
        return left_s < right_s ? -1 : 1;
    int order = berth_text_compare(left->user_id, right->user_id);
    if (order != 0)
        return order;
    return a.row < b.row ? -1 : a.row > b.row;
}

/* Heap sort: no memory, no recursion, no bad case. */
static void sink(const struct berth_monitor_row *rows, struct berth_monitor_step *steps, size_t at,
                 size_t count)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            return;
        if (child + 1 < count && compare(rows, steps[child], steps[child + 1]) < 0)
            child++;
        if (compare(rows, steps[at], steps[child]) >= 0)
            return;
        struct berth_monitor_step step = steps[at];
        steps[at] = steps[child];
        steps[child] = step;
        at = child;
    }
}

static void sort(const struct berth_monitor_row *rows, struct berth_monitor_step *steps, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sink(rows, steps, i, count);
    for (size_t end = count; end-- > 1;) {
        struct berth_monitor_step step = steps[0];
        steps[0] = steps[end];
        steps[end] = step;
        sink(rows, steps, 0, end);
    }
}

size_t berth_monitor_plan(const struct berth_monitor_row *rows, size_t count, int64_t now_s,
                          struct berth_monitor_step *steps)
{
    size_t due = 0;
    for (size_t i = 0; i < count; i++) {
        const struct berth_monitor_row *row = &rows[i];
        struct berth_monitor_step step = {(uint32_t)i, BERTH_MONITOR_CLOSE};
        if (row->stage == BERTH_STAGE_USING && row->end_s <= now_s)
            steps[due++] = step;
        if (row->stage != BERTH_STAGE_BOOKING || row->start_s > now_s)
            continue;
        step.action = row->end_s <= now_s ? BERTH_MONITOR_EXPIRE : BERTH_MONITOR_START;
        steps[due++] = step;
    }
    sort(rows, steps, due);
    return due;
}

enum berth_monitor_hold berth_monitor_may_start(const struct berth_monitor_row *rows, size_t count,
                                                size_t row, size_t *out_row)
{
    enum berth_monitor_hold hold = BERTH_MONITOR_FREE;
    for (size_t i = 0; i < count; i++) {
        if (i == row || rows[i].stage != BERTH_STAGE_USING)
            continue;
        if (berth_text_equal(rows[i].user_id, rows[row].user_id)) {
            *out_row = i;
            return BERTH_MONITOR_HELD_USER;
        }
        if (hold == BERTH_MONITOR_FREE && (rows[i].gpus & rows[row].gpus) != 0) {
            *out_row = i;
            hold = BERTH_MONITOR_HELD_GPUS;
        }
    }
    return hold;
}

uint64_t berth_monitor_shared_gpus(const struct berth_monitor_row *rows, size_t count)
{
    uint64_t once = 0, twice = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].stage != BERTH_STAGE_USING)
            continue;
        twice |= once & rows[i].gpus;
        once |= rows[i].gpus;
    }
    return twice;
}
