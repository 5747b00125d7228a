/* The index of a schedule: a height-balanced tree over the rows, by start. */
#ifndef SCHED_TREE_H
#define SCHED_TREE_H

#include "berth/schedule.h"

#define BERTH_TREE_NONE BERTH_SCHEDULE_INDEX_ROWS

/* Puts row NUMBER, which is in rows already, into the tree. */
void berth_tree_link(struct berth_schedule *schedule, uint32_t number);
/* Takes row NUMBER out of the tree. */
void berth_tree_unlink(struct berth_schedule *schedule, uint32_t number);
/* The least start after AT_S, or INT64_MAX; O(log n). */
int64_t berth_tree_next_start(const struct berth_schedule *schedule, int64_t at_s);
/* The links of a node. */
uint32_t berth_tree_left(const struct berth_schedule_node *node);
uint32_t berth_tree_right(const struct berth_schedule_node *node);
/* Whether a row in use is at the node or below. */
bool berth_tree_using(const struct berth_schedule_node *node);

/* What will be read soon; where the compiler can say so to the processor. */
#if defined(__GNUC__) || defined(__clang__)
#define BERTH_TREE_FETCH(address) __builtin_prefetch(address)
#else
#define BERTH_TREE_FETCH(address) (void)(address)
#endif
/* The lowest id of a set that is not empty. */
#if defined(__GNUC__) || defined(__clang__)
#define BERTH_LOWEST_ID(gpus) ((unsigned)__builtin_ctzll(gpus))
#else
#define BERTH_LOWEST_ID(gpus) berth_gpu_count(((gpus) & (~(gpus) + 1)) - 1)
#endif

/* Whether a time is one that a schedule takes. */
bool berth_row_time_is_good(int64_t seconds);

#endif
