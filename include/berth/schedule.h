/* A schedule of bookings over time: does a request fit, which GPUs does it get, when is there room. Exact at
 * every instant. Pure: no clock (the caller says what time it is), no files, no network. */
#ifndef BERTH_SCHEDULE_H
#define BERTH_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "berth/gpu.h"
#include "berth/status.h"
#include "berth/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All times are civil seconds (see berth/time.h) from -BERTH_SCHEDULE_TIME_MAX to BERTH_SCHEDULE_TIME_MAX,
 * some 34,000 years each way; so no difference or sum of a few of them can overflow. Windows are half-open:
 * [start, end). */
#define BERTH_SCHEDULE_TIME_MAX (INT64_C(1) << 40)
/* The unit of time of bookings: starts and ends lie on :00 and :30. */
#define BERTH_SCHEDULE_UNIT_S 1800
/* How far ahead a booking may begin, and how long it may last: 14 days. */
#define BERTH_SCHEDULE_HORIZON_S (14 * 86400)
/* The neighbourhood of wire page 3.4: 14 days in units. */
#define BERTH_SCHEDULE_NEIGHBOURHOOD 672

/* ---- The rows --------------------------------------------------------------------------------- */

/* One booking: 48 bytes; with the index 64 bytes a row. */
struct berth_booking {
    int64_t start_s, end_s; /* start_s < end_s */
    int64_t cpus_nano;      /* thousand-millionths of a CPU, 0 or more */
    int64_t memory_gb;      /* 0 or more */
    uint64_t gpus;          /* held GPUs; ids the host does not have block nothing */
    uint32_t user;          /* the caller's number for the user */
    uint16_t port;          /* 0 = none */
    uint8_t flags;
};
/* Its container runs: when its end has passed it still holds everything until the current unit is over. */
#define BERTH_BOOKING_USING 0x01

/* The index: a tree of 16 bytes a row (a height-balanced tree by start; each node knows the latest end below
 * it). Members are private. */
struct berth_schedule_node {
    uint32_t left, right;
    int64_t max_end_s;
};
/* Rows that an index can serve, and one more: what the links' 28 bits hold. */
#define BERTH_SCHEDULE_INDEX_ROWS 0x0FFFFFFFu
/* Levels of a tree of that many rows are at most 1.44 * 28 + 1. */
#define BERTH_SCHEDULE_LEVELS 42

/* A tally: how long each GPU is booked in each slot of time, in the caller's memory. Optional; it makes the
 * neighbourhood of a choice cheap, with and without an index: whole slots are read here, and only rows that
 * reach into what is left at both ends are looked at. Slots of a day suit bookings of hours and days: the 70
 * days around the present that bookings can be about are 2,240 bytes for 8 GPUs. Where it does not reach,
 * rows are looked at as without it. */
struct berth_schedule_tally {
    uint32_t *booked_s; /* BERTH_SCHEDULE_TALLY(slots, gpus) entries: slot by slot, in each GPU by GPU */
    size_t slots;
    unsigned gpus;   /* 1 to 64: ids below this are counted */
    int64_t first_s; /* where slot 0 begins */
    int64_t slot_s;  /* 1 to BERTH_SCHEDULE_HORIZON_S */
};
#define BERTH_SCHEDULE_TALLY(slots, gpus) ((size_t)(slots) * (size_t)(gpus))

/* The caller's; initialised by berth_schedule_init(). rows and count may be read, rows changed only by the
 * functions below. Nothing in it needs closing. Questions do not change it: any number of threads may ask at
 * a time. */
struct berth_schedule {
    struct berth_booking *rows;
    size_t count, cap;
    struct berth_schedule_node *index; /* NULL = none */
    uint32_t root;
    const struct berth_schedule_tally *tally; /* NULL = none */
};

/* Takes over ROWS (COUNT filled, room for CAP) and, unless NULL, INDEX (CAP nodes, uninitialised); both are
 * the caller's and outlive the schedule. Building the index costs O(n log n). Without an index every question
 * still works, looking at each row. BERTH_E_RANGE for a row with an empty or reversed window, a time out of
 * range, negative cpus or memory; *out_bad (may be NULL) is its number. BERTH_E_ARGUMENT for count above cap,
 * or an index for more than BERTH_SCHEDULE_INDEX_ROWS rows. */
enum berth_status berth_schedule_init(struct berth_schedule *schedule, struct berth_booking *rows,
                                      size_t count, size_t cap, struct berth_schedule_node *index,
                                      size_t *out_bad) BERTH_MUST_CHECK;
/* Adds a copy of ROW as row number count; O(log n). BERTH_E_SPACE when all CAP rows are taken, BERTH_E_RANGE
 * as above. It does not ask whether the row fits. */
enum berth_status berth_schedule_insert(struct berth_schedule *schedule,
                                        const struct berth_booking *row) BERTH_MUST_CHECK;
/* Removes row NUMBER; the last row takes its number; O(log n). BERTH_E_ARGUMENT when there is no such row. To
 * change a row, remove and insert it. */
enum berth_status berth_schedule_remove(struct berth_schedule *schedule, size_t number) BERTH_MUST_CHECK;

/* Counts all rows into TALLY, which the schedule keeps up to date from now on and which outlives it (its
 * entries need not be initialised); NULL: no tally any more. O(n), and for each row the slots that it reaches
 * into times its GPUs; inserting and removing cost the latter more. BERTH_E_ARGUMENT for a tally without
 * entries, GPUs or slots out of range, or times out of range. */
enum berth_status berth_schedule_keep_tally(struct berth_schedule *schedule,
                                            const struct berth_schedule_tally *tally) BERTH_MUST_CHECK;

/* The start of the unit that SECONDS lies in. */
int64_t berth_schedule_floor(int64_t seconds);
/* When the row stops holding its share: its end, or, for one in use whose end has passed, the end of the unit
 * that NOW_S lies in. */
int64_t berth_booking_effective_end(const struct berth_booking *row, int64_t now_s);

/* ---- Does it fit ------------------------------------------------------------------------------ */

/* What a host has, or what a user may ask for. */
struct berth_capacity {
    int64_t cpus_nano;
    int64_t memory_gb;
    int32_t gpus; /* 0 to 64 */
};

/* A port that is set for a user in the configuration: nobody else may take it. */
struct berth_port_owner {
    uint32_t user;
    uint16_t port;
};

/* Zero-filled optional members mean: no port asked for, no rules of ports, lowest free ids. */
struct berth_request {
    int64_t start_s, end_s;
    int64_t now_s;
    struct berth_capacity want;
    struct berth_capacity host;
    struct berth_capacity limit; /* of the user */
    uint32_t user;
    uint16_t port;          /* 0 = not asked */
    bool starts_now;        /* the start was given as "now": it is the current unit's */
    uint32_t neighbourhood; /* units of time on either side in which usage counts; 0 = the lowest free ids */
    const struct berth_port_owner *owners;
    size_t owner_count;
    /* How to choose; NULL = fewest usage. Its free, count and usage_s are filled in here; required and sick
     * GPUs decide over E_GPUS too. */
    const struct berth_gpu_question *choose;
};

/* In the order in which they are tested (wire page 3.3): the first that fails is the verdict. */
enum berth_verdict {
    BERTH_VERDICT_OK = 0,
    BERTH_VERDICT_ARG,    /* a negative number of GPUs, a host or limit that cannot be, a time out of range */
    BERTH_VERDICT_WINDOW, /* not on :00/:30, not ahead, too far ahead, empty or longer than 14 days */
    BERTH_VERDICT_USERCAP, /* below 1 CPU or 1 GB, or above the user's limits */
    BERTH_VERDICT_OVERLAP, /* the user holds a row then; windows that touch count */
    BERTH_VERDICT_CPUS,    /* not enough at some instant */
    BERTH_VERDICT_MEMORY,  /* the same */
    BERTH_VERDICT_GPUS,    /* fewer are free for the whole window */
    BERTH_VERDICT_PORT     /* another user's, by configuration or by a row in the window */
};
#define BERTH_VERDICT_COUNT 9
/* "OK", "E_ARG", "E_WINDOW" ... as the wire page spells them; "?" for another value. Static. */
const char *berth_verdict_name(enum berth_verdict verdict);

struct berth_fit {
    enum berth_verdict verdict;
    /* CPUS, MEMORY: the first instant at which the sum is too high; GPUS: the window's start; OVERLAP, PORT
     * by a row: where that row begins; otherwise the request's start. */
    int64_t at_s;
    size_t row; /* OVERLAP, PORT: the earliest such row's number; SIZE_MAX = none (PORT by configuration) */
    uint64_t free_gpus;             /* free for the whole window; from GPUS on, and with OK */
    struct berth_gpu_choice choice; /* OK: the GPUs; how they were chosen; sick ones that were skipped */
};

/* All of wire page 3.3, then 3.4. The answer is in OUT_FIT; the status is BERTH_OK for every verdict, and
 * BERTH_E_ARGUMENT when request->choose is not a valid question (see berth_gpu_choose()). Row order never
 * matters. Cost with an index, for k rows that intersect the window: O(log n + k) where those rows stand side
 * by side in order of start, as bookings of similar lengths do; never more than O((k + 1) log n). When the
 * shares of all k together exceed the host, each of their starts is looked at: O(k k) more. The neighbourhood
 * costs the same for the rows in it; it is not looked at when every free GPU is needed. */
enum berth_status berth_schedule_check(const struct berth_schedule *schedule,
                                       const struct berth_request *request,
                                       struct berth_fit *out_fit) BERTH_MUST_CHECK;
/* The same for any window, not only what may be booked: without WINDOW (a window that is empty is ARG),
 * USERCAP and OVERLAP. limit and user's rows play no part, except that ports of the user's own rows do not
 * collide. */
enum berth_status berth_schedule_fits(const struct berth_schedule *schedule,
                                      const struct berth_request *request,
                                      struct berth_fit *out_fit) BERTH_MUST_CHECK;

/* ---- Walking ---------------------------------------------------------------------------------- */

/* The rows that load a window, one after the other: with an index by start, without one as they stand. The
 * caller's, on the stack; the schedule must not change meanwhile. Members are private. */
struct berth_schedule_walk {
    const struct berth_schedule *schedule;
    int64_t from_s, to_s, hold_s;
    int64_t now_s;
    size_t next; /* without an index */
    uint32_t path[BERTH_SCHEDULE_LEVELS];
    uint8_t depth;
};
/* Rows with start before TO_S that hold something after FROM_S, as of NOW_S (see
 * berth_booking_effective_end()). */
void berth_schedule_walk_start(struct berth_schedule_walk *walk, const struct berth_schedule *schedule,
                               int64_t from_s, int64_t to_s, int64_t now_s);
/* The next row's number; SIZE_MAX after the last. */
size_t berth_schedule_walk_next(struct berth_schedule_walk *walk);

/* ---- When is there room, who uses what -------------------------------------------------------- */

/* The earliest start at or after request->start_s and not after LATEST_S, on :00 or :30, at which the request
 * fits for its length (end_s - start_s). All of berth_schedule_check() is asked except WINDOW: to stay within
 * what may be booked, give a start after the current unit and LATEST_S = berth_schedule_floor(now_s) +
 * BERTH_SCHEDULE_HORIZON_S. With OK, *out_start_s is the start and OUT_FIT the answer there; otherwise
 * out_fit is the answer at the first start that was tried (ARG also for a LATEST_S out of range, and when no
 * start is due before it). Each further start that is tried lies past the end of a row that stood in the way.
 * Status as berth_schedule_check(). */
enum berth_status berth_schedule_next(const struct berth_schedule *schedule,
                                      const struct berth_request *request, int64_t latest_s,
                                      int64_t *out_start_s, struct berth_fit *out_fit) BERTH_MUST_CHECK;

/* What is free of HOST in all of [FROM_S, TO_S): the least CPUs and memory of any instant (0 when more is
 * booked than the host has), and the GPUs that nobody holds at any time. BERTH_E_ARGUMENT for an empty span,
 * times or a host out of range. Cost as berth_schedule_check(). */
struct berth_free {
    int64_t cpus_nano;
    int64_t memory_gb;
    uint64_t gpus;
};
enum berth_status berth_schedule_free(const struct berth_schedule *schedule,
                                      const struct berth_capacity *host, int64_t from_s, int64_t to_s,
                                      int64_t now_s, struct berth_free *out_free) BERTH_MUST_CHECK;

/* What is held at an instant, all rows together, and until when nothing changes: the next start or end,
 * INT64_MAX when there is none. A walk over [AT_S, AT_S + 1) gives the rows. Sums that pass int64 are
 * INT64_MAX. BERTH_E_ARGUMENT for times out of range. */
struct berth_moment {
    int64_t cpus_nano;
    int64_t memory_gb;
    uint64_t gpus;
    size_t rows;
    int64_t until_s;
};
enum berth_status berth_schedule_moment(const struct berth_schedule *schedule, int64_t at_s, int64_t now_s,
                                        struct berth_moment *out_moment) BERTH_MUST_CHECK;

/* Seconds within [FROM_S, TO_S) that each GPU of the set GPUS is booked: out_use_s[g], 64 entries, 0 for GPUs
 * outside the set. Rows count from start to their own end, and each by itself, so that a GPU booked twice
 * counts twice; what passes uint64 is UINT64_MAX. */
void berth_schedule_gpu_use(const struct berth_schedule *schedule, uint64_t gpus, int64_t from_s,
                            int64_t to_s, uint64_t out_use_s[BERTH_GPU_MAX]);
/* The same for a user: rows that reach into the span, their seconds, and seconds times GPUs. */
struct berth_user_use {
    size_t rows;
    uint64_t held_s;
    uint64_t gpu_s;
};
void berth_schedule_user_use(const struct berth_schedule *schedule, uint32_t user, int64_t from_s,
                             int64_t to_s, struct berth_user_use *out_use);

#ifdef __cplusplus
}
#endif
#endif
