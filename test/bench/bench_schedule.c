/* Time per question to a schedule of 100, 10,000 and 1,000,000 rows, with and without the index.
 *
 *     bench_schedule                         the table
 *     bench_schedule ROWS QUESTIONS COUNT    COUNT rows, and questions with our answers, as files for
 *                                            bench_schedule.py */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "berth/schedule.h"

#define NANO INT64_C(1000000000)
#define DAY INT64_C(86400)
#define MAX_ROWS 1000000
#define ROWS_A_DAY 18
#define GPUS 8
#define FILE_QUESTIONS 200

static struct berth_booking rows[MAX_ROWS];
static struct berth_schedule_node nodes[MAX_ROWS];
static uint32_t booked_s[BERTH_SCHEDULE_TALLY(MAX_ROWS / ROWS_A_DAY + 2, GPUS)];

static uint64_t random_state;

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

/* A host of 8 GPUs, in which at any time some six rows of 2 to 14 hours hold a GPU each: 18 rows a day; in
 * the array in random order, or by start as they stand in a file that was written so. Port 11000 is nobody's.
 */
static int64_t fill(size_t count, bool by_start)
{
    int64_t span = (int64_t)(count / ROWS_A_DAY + 1) * DAY;
    random_state = 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        int64_t start = (int64_t)random_below((uint64_t)span / 1800) * 1800;
        if (by_start)
            start = (int64_t)((uint64_t)span / 1800 * i / count) * 1800;
        rows[i] = (struct berth_booking){.start_s = start,
                                         .end_s = start + (int64_t)(4 + random_below(25)) * 1800,
                                         .cpus_nano = (int64_t)(1 + random_below(8)) * NANO,
                                         .memory_gb = (int64_t)(1 + random_below(32)),
                                         .gpus = UINT64_C(1) << random_below(GPUS),
                                         .user = (uint32_t)random_below(200),
                                         .port = (uint16_t)(10001 + random_below(999))};
    }
    return span;
}

/* A question about a random time in the schedule. */
static struct berth_request question(int64_t span, uint32_t neighbourhood)
{
    struct berth_request q = {.want = {4 * NANO, 16, 1},
                              .host = {64 * NANO, 256, GPUS},
                              .limit = {64 * NANO, 256, GPUS},
                              .user = 1000,
                              .port = 11000,
                              .neighbourhood = neighbourhood};
    q.now_s = (int64_t)random_below((uint64_t)span / 1800) * 1800;
    q.start_s = q.now_s + (1 + (int64_t)random_below(48)) * 1800;
    q.end_s = q.start_s + (1 + (int64_t)random_below(8)) * 1800;
    return q;
}

/* Microseconds a question; the answers are counted so that none is left out. */
static double ask(const struct berth_schedule *s, int64_t span, uint32_t neighbourhood, size_t questions,
                  unsigned *ok)
{
    struct berth_fit fit;
    int64_t begin = now_ns();
    for (size_t i = 0; i < questions; i++) {
        struct berth_request q = question(span, neighbourhood);
        if (berth_schedule_check(s, &q, &fit) != BERTH_OK)
            exit(1);
        *ok += fit.verdict == BERTH_VERDICT_OK;
    }
    return (double)(now_ns() - begin) / (double)questions / 1000.0;
}

static double change(struct berth_schedule *s)
{
    int64_t begin = now_ns();
    for (unsigned k = 0; k < 100000; k++) {
        struct berth_booking row = rows[random_below(s->count)];
        if (berth_schedule_remove(s, random_below(s->count)) != BERTH_OK ||
            berth_schedule_insert(s, &row) != BERTH_OK)
            exit(1);
    }
    return (double)(now_ns() - begin) / 100000 / 1000.0;
}

static void take_over(struct berth_schedule *s, size_t count, struct berth_schedule_node *index)
{
    if (berth_schedule_init(s, rows, count, MAX_ROWS, index, NULL) != BERTH_OK)
        exit(1);
}

static void measure(size_t count, bool by_start)
{
    struct berth_schedule s;
    unsigned ok = 0, all = 0;
    size_t few = count < 100000 ? 2000000 / count : 100;
    int64_t span = fill(count, by_start);
    take_over(&s, count, NULL);
    double linear = ask(&s, span, 0, few, &all), linear_wide = ask(&s, span, 672, few, &all);
    take_over(&s, count, nodes);
    double indexed = ask(&s, span, 0, 1000000, &ok), indexed_wide = ask(&s, span, 672, 20000, &all);
    const struct berth_schedule_tally days = {booked_s, (size_t)(span / DAY) + 1, GPUS, 0, DAY};
    if (berth_schedule_keep_tally(&s, &days) != BERTH_OK)
        exit(1);
    double tallied = ask(&s, span, 672, 200000, &all);
    printf("%10zu %9s %11.3f %12.3f %12.3f %13.3f %14.3f %12.3f %7u%%\n", count,
           by_start ? "by start" : "random", indexed, indexed_wide, tallied, linear, linear_wide, change(&s),
           ok / 10000);
}

static int write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
        perror(path);
        return 1;
    }
    return 0;
}

/* What a question asked and what was answered, half of them with the usual neighbourhood. */
struct answered {
    int64_t start_s, end_s, neighbourhood_s;
    int64_t verdict;
    uint64_t gpus;
};

static int write_files(const char *rows_path, const char *questions_path, size_t count)
{
    static struct answered answers[FILE_QUESTIONS];
    struct berth_schedule s;
    int64_t span = fill(count, false);
    if (count > MAX_ROWS || write_file(rows_path, rows, count * sizeof *rows) != 0)
        return 1;
    take_over(&s, count, nodes);
    for (size_t i = 0; i < FILE_QUESTIONS; i++) {
        struct berth_request q = question(span, i % 2 == 0 ? 0 : BERTH_SCHEDULE_NEIGHBOURHOOD);
        struct berth_fit fit;
        if (berth_schedule_check(&s, &q, &fit) != BERTH_OK)
            return 1;
        answers[i] = (struct answered){q.start_s, q.end_s, (int64_t)q.neighbourhood * BERTH_SCHEDULE_UNIT_S,
                                       (int64_t)fit.verdict, fit.choice.gpus};
    }
    return write_file(questions_path, answers, sizeof answers);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {100, 10000, MAX_ROWS};
    if (argc == 4)
        return write_files(argv[1], argv[2], strtoul(argv[3], NULL, 10));
    printf("schedule: microseconds a question (check and choose), %zu bytes a row, %zu with the index\n",
           sizeof(struct berth_booking), sizeof(struct berth_booking) + sizeof(struct berth_schedule_node));
    printf("%10s %9s %11s %12s %12s %13s %14s %12s %8s\n", "rows", "order", "index R=0", "index R=672",
           "and tally", "no index R=0", "no index R=672", "insert+rem.", "fits");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (unsigned by_start = 0; by_start < 2; by_start++)
            measure(sizes[i], by_start != 0);
    return 0;
}
