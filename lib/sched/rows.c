/* The rows of a schedule: taking them over, adding, removing, walking those that load a window. */
#include "sched/tally.h"
#include "sched/tree.h"

bool berth_row_time_is_good(int64_t seconds)
{
    return seconds >= -BERTH_SCHEDULE_TIME_MAX && seconds <= BERTH_SCHEDULE_TIME_MAX;
}

static bool row_is_good(const struct berth_booking *row)
{
    return row->start_s < row->end_s && berth_row_time_is_good(row->start_s) &&
           berth_row_time_is_good(row->end_s) && row->cpus_nano >= 0 && row->memory_gb >= 0;
}

enum berth_status berth_schedule_init(struct berth_schedule *s, struct berth_booking *rows, size_t count,
                                      size_t cap, struct berth_schedule_node *index, size_t *out_bad)
{
    if (out_bad != NULL)
        *out_bad = SIZE_MAX;
    if (count > cap || (rows == NULL && cap > 0) || (index != NULL && cap > BERTH_SCHEDULE_INDEX_ROWS))
        return BERTH_E_ARGUMENT;
    for (size_t i = 0; i < count; i++)
        if (!row_is_good(&rows[i])) {
            if (out_bad != NULL)
                *out_bad = i;
            return BERTH_E_RANGE;
        }
    *s = (struct berth_schedule){
        .rows = rows, .count = count, .cap = cap, .index = index, .root = BERTH_TREE_NONE};
    if (index != NULL)
        for (size_t i = 0; i < count; i++)
            berth_tree_link(s, (uint32_t)i);
    return BERTH_OK;
}

enum berth_status berth_schedule_insert(struct berth_schedule *s, const struct berth_booking *row)
{
    if (!row_is_good(row))
        return BERTH_E_RANGE;
    if (s->count == s->cap)
        return BERTH_E_SPACE;
    s->rows[s->count] = *row;
    if (s->index != NULL)
        berth_tree_link(s, (uint32_t)s->count);
    berth_tally_row(s->tally, row, true);
    s->count++;
    return BERTH_OK;
}

enum berth_status berth_schedule_remove(struct berth_schedule *s, size_t number)
{
    if (number >= s->count)
        return BERTH_E_ARGUMENT;
    size_t last = s->count - 1;
    berth_tally_row(s->tally, &s->rows[number], false);
    if (s->index != NULL) {
        berth_tree_unlink(s, (uint32_t)number);
        if (last != number)
            berth_tree_unlink(s, (uint32_t)last);
    }
    s->count = last;
    if (last != number) {
        s->rows[number] = s->rows[last];
        if (s->index != NULL)
            berth_tree_link(s, (uint32_t)number);
    }
    return BERTH_OK;
}

int64_t berth_schedule_floor(int64_t seconds)
{
    int64_t into = seconds % BERTH_SCHEDULE_UNIT_S;
    return seconds - into - (into < 0 ? BERTH_SCHEDULE_UNIT_S : 0);
}

int64_t berth_booking_effective_end(const struct berth_booking *row, int64_t now_s)
{
    if ((row->flags & BERTH_BOOKING_USING) == 0 || row->end_s > now_s)
        return row->end_s;
    return berth_schedule_floor(now_s) + BERTH_SCHEDULE_UNIT_S;
}

/* ---- walking
 * ------------------------------------------------------------------------------------------------- */

/* Follows the left edge down from N as far as something below can load the window; remembers what starts in
 * time. */
static void descend(struct berth_schedule_walk *walk, uint32_t n)
{
    const struct berth_schedule *s = walk->schedule;
    bool held = walk->hold_s > walk->from_s;
    while (n != BERTH_TREE_NONE) {
        const struct berth_schedule_node *node = &s->index[n];
        if (node->max_end_s <= walk->from_s && !(held && berth_tree_using(node)))
            return;
        if (s->rows[n].start_s < walk->to_s && walk->depth < BERTH_SCHEDULE_LEVELS)
            walk->path[walk->depth++] = n;
        n = berth_tree_left(node);
    }
}

void berth_schedule_walk_start(struct berth_schedule_walk *walk, const struct berth_schedule *schedule,
                               int64_t from_s, int64_t to_s, int64_t now_s)
{
    walk->schedule = schedule;
    walk->from_s = from_s;
    walk->to_s = to_s;
    walk->now_s = now_s;
    walk->hold_s =
        berth_row_time_is_good(now_s) ? berth_schedule_floor(now_s) + BERTH_SCHEDULE_UNIT_S : INT64_MIN;
    walk->next = 0;
    walk->depth = 0;
    if (schedule->index != NULL)
        descend(walk, schedule->root);
}

/* An overdue row's end lies before hold_s, so that the later of both is what it holds until. */
static bool loads(const struct berth_schedule_walk *walk, const struct berth_booking *row)
{
    if (row->start_s >= walk->to_s)
        return false;
    if (row->end_s > walk->from_s)
        return true;
    return (row->flags & BERTH_BOOKING_USING) != 0 && row->end_s <= walk->now_s &&
           walk->hold_s > walk->from_s;
}

size_t berth_schedule_walk_next(struct berth_schedule_walk *walk)
{
    const struct berth_schedule *s = walk->schedule;
    if (s->index == NULL) {
        while (walk->next < s->count)
            if (loads(walk, &s->rows[walk->next++]))
                return walk->next - 1;
        return SIZE_MAX;
    }
    while (walk->depth > 0) {
        uint32_t n = walk->path[--walk->depth];
        descend(walk, berth_tree_right(&s->index[n]));
        if (loads(walk, &s->rows[n]))
            return n;
    }
    return SIZE_MAX;
}
