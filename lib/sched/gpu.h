/* The best-connected set, for berth_gpu_choose(). */
#ifndef SCHED_GPU_H
#define SCHED_GPU_H

#include "berth/gpu.h"

/* The set with the greatest score of REQUIRED and COUNT more out of FREE (which holds at least that many,
 * none of them required). */
uint64_t berth_gpu_best_set(const struct berth_gpu_links *links, uint64_t free, uint64_t required,
                            unsigned count, enum berth_gpu_how *out_how);
/* Of two sets with as many GPUs each, whether A's ascending ids come first. */
bool berth_gpu_comes_first(uint64_t a, uint64_t b);

#endif
