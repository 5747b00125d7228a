/* Time per question to a schedule of 100, 10,000 and 1,000,000 rows, with and without the index. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "berth/schedule.h"

#define NANO INT64_C(1000000000)
#define DAY INT64_C(86400)
#define MAX_ROWS 1000000

static struct berth_booking rows[MAX_ROWS];
static struct berth_schedule_node nodes[MAX_ROWS];

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A host of 8 GPUs, in which at any time some six rows of 2 to 14 hours hold a GPU each: 18 rows a day, in
 * random order in the array. */
static int64_t fill(size_t count)
{
    int64_t span = (int64_t)(count / 18 + 1) * DAY;
    for (size_t i = 0; i < count; i++) {
        int64_t start = (int64_t)random_below((uint64_t)span / 1800) * 1800;
        rows[i] = (struct berth_booking){.start_s = start,
                                         .end_s = start + (int64_t)(4 + random_below(25)) * 1800,
                                         .cpus_nano = (int64_t)(1 + random_below(8)) * NANO,
                                         .memory_gb = (int64_t)(1 + random_below(32)),
                                         .gpus = UINT64_C(1) << random_below(8),
                                         .user = (uint32_t)random_below(200),
                                         .port = (uint16_t)(10001 + random_below(1000))};
    }
    return span;
}

/* Questions about random times in the schedule; the answers are counted so that none is left out. */
static double ask(const struct berth_schedule *s, int64_t span, uint32_t neighbourhood, size_t questions,
                  unsigned *ok)
{
    struct berth_request q = {.want = {4 * NANO, 16, 1},
                              .host = {64 * NANO, 256, 8},
                              .limit = {64 * NANO, 256, 8},
                              .user = 1000,
                              .port = 11000,
                              .neighbourhood = neighbourhood};
    struct berth_fit fit;
    int64_t begin = now_ns();
    for (size_t i = 0; i < questions; i++) {
        q.now_s = (int64_t)random_below((uint64_t)span / 1800) * 1800;
        q.start_s = q.now_s + (1 + (int64_t)random_below(48)) * 1800;
        q.end_s = q.start_s + (1 + (int64_t)random_below(8)) * 1800;
        if (berth_schedule_check(s, &q, &fit) != BERTH_OK)
            exit(1);
        *ok += fit.verdict == BERTH_VERDICT_OK;
    }
    return (double)(now_ns() - begin) / (double)questions / 1000.0;
}

int main(void)
{
    static const size_t sizes[] = {100, 10000, MAX_ROWS};
    printf("schedule: microseconds a question (check and choose), %zu bytes a row, %zu with the index\n",
           sizeof(struct berth_booking), sizeof(struct berth_booking) + sizeof(struct berth_schedule_node));
    printf("%10s %12s %12s %14s %14s %12s %8s\n", "rows", "index R=0", "index R=672", "no index R=0",
           "no index R=672", "insert+rem.", "fits");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i], few = n < 100000 ? 2000000 / n : 100;
        int64_t span = fill(n);
        struct berth_schedule s;
        unsigned ok = 0, all = 0;
        if (berth_schedule_init(&s, rows, n, MAX_ROWS, NULL, NULL) != BERTH_OK)
            return 1;
        double linear = ask(&s, span, 0, few, &all), linear_wide = ask(&s, span, 672, few, &all);
        if (berth_schedule_init(&s, rows, n, MAX_ROWS, nodes, NULL) != BERTH_OK)
            return 1;
        double indexed = ask(&s, span, 0, 1000000, &ok), indexed_wide = ask(&s, span, 672, 20000, &all);
        int64_t begin = now_ns();
        for (unsigned k = 0; k < 100000; k++) {
            struct berth_booking row = rows[random_below(s.count)];
            if (berth_schedule_remove(&s, random_below(s.count)) != BERTH_OK ||
                berth_schedule_insert(&s, &row) != BERTH_OK)
                return 1;
        }
        double change = (double)(now_ns() - begin) / 100000 / 1000.0;
        printf("%10zu %12.3f %12.3f %14.3f %14.3f %12.3f %7u%%\n", n, indexed, indexed_wide, linear,
               linear_wide, change, ok / 10000);
    }
    return 0;
}
