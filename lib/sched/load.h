/* What loads a window: sums, instants, GPUs. */
#ifndef SCHED_LOAD_H
#define SCHED_LOAD_H

#include "berth/schedule.h"

/* As many loading rows are remembered while they are counted; more are looked up again when instants matter.
 */
#define BERTH_LOAD_KEPT 64

struct berth_load {
    const struct berth_schedule *schedule;
    const struct berth_request *request;
    size_t count;                 /* loading rows */
    size_t kept[BERTH_LOAD_KEPT]; /* the first of them */
    int64_t cpus_nano, memory_gb; /* of all of them together, whether at one instant or not */
    uint64_t gpus;
    size_t own_row;  /* the user's earliest row that touches the window, or SIZE_MAX */
    size_t port_row; /* the earliest loading row of another user with the port, or SIZE_MAX */
};

/* A + B, both 0 or more; what does not fit is INT64_MAX, which no host has. */
int64_t berth_load_add(int64_t a, int64_t b);
void berth_load_gather(struct berth_load *load, const struct berth_schedule *schedule,
                       const struct berth_request *request);
/* The first instants at which the request and the loading rows together need more than the host has, or
 * INT64_MAX. */
void berth_load_peaks(const struct berth_load *load, int64_t *out_cpus_s, int64_t *out_memory_s);
/* Whether the request itself may be asked: GPUs, capacities and times in range. */
bool berth_load_is_asked(const struct berth_request *request);
/* The tests of the window's capacity and the port, in order; fills verdict, at_s, row and free_gpus. */
void berth_load_judge(const struct berth_load *load, struct berth_fit *out_fit);

/* The same, and before them that the user holds nothing that touches the window. */
void berth_load_judge_user(const struct berth_load *load, struct berth_fit *out_fit);
/* What the request and the rows need together at an instant of the window. */
void berth_load_sum(const struct berth_load *load, int64_t at_s, int64_t *out_cpus_nano,
                    int64_t *out_memory_gb);
/* Wire page 2.2. */
bool berth_load_is_within_limits(const struct berth_request *request);
/* OK at the request's start, and nothing else. */
void berth_load_start_fit(const struct berth_request *request, struct berth_fit *fit);
/* Fills fit->choice out of fit->free_gpus. */
enum berth_status berth_load_choose(const struct berth_schedule *s, const struct berth_request *request,
                                    struct berth_fit *fit);

#endif
