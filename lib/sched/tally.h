/* The tally of a schedule: how long each GPU is booked in each slot of time. */
#ifndef SCHED_TALLY_H
#define SCHED_TALLY_H

#include "berth/schedule.h"

/* Counts a row in, or out again. TALLY may be NULL. */
void berth_tally_row(const struct berth_schedule_tally *tally, const struct berth_booking *row, bool in);
/* Adds what whole slots within [*from_s, *to_s) say of GPUS to USE_S, and gives the span that they cover back
 * in *from_s and *to_s. False, and nothing is changed, when there are none, GPUS has more than the tally, or
 * a slot cannot tell. */
bool berth_tally_sum(const struct berth_schedule_tally *tally, uint64_t gpus, int64_t *from_s, int64_t *to_s,
                     uint64_t use_s[BERTH_GPU_MAX]);

#endif
