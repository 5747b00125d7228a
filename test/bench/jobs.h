/* What both contenders of the job bench take out of a job list, its checksum, and how they report. */
#ifndef BENCH_JOBS_H
#define BENCH_JOBS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "berth/text.h"
#include "berth/time.h"

/* Absent members are zero. */
struct bench_job {
    struct berth_text id, project_id, project_name, git_repository;
    struct berth_time created, finished;
    int32_t state, initiator;
};

struct bench_step {
    struct berth_text name, image, dockerfile, command;
    struct berth_time start, end;
    int32_t number, state;
    size_t metric_count;
};

struct bench_sums {
    uint64_t jobs, steps, hash;
};

static inline void bench_fold(struct bench_sums *sums, uint64_t value)
{
    sums->hash = (sums->hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    sums->hash ^= sums->hash >> 29;
}

static inline void bench_fold_text(struct bench_sums *sums, struct berth_text text)
{
    uint64_t word;
    size_t i = 0;
    bench_fold(sums, text.len);
    for (; text.len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, text.ptr + i, sizeof word);
        bench_fold(sums, word);
    }
    for (word = 0; i < text.len; i++)
        word = word << 8 | (uint8_t)text.ptr[i];
    bench_fold(sums, word);
}

static inline void bench_fold_time(struct bench_sums *sums, struct berth_time time)
{
    bench_fold(sums, (uint64_t)time.seconds << 32 ^ time.nanos);
}

static inline void bench_add_job(struct bench_sums *sums, const struct bench_job *job)
{
    sums->jobs++;
    bench_fold_text(sums, job->id);
    bench_fold_time(sums, job->created);
    bench_fold_time(sums, job->finished);
    bench_fold(sums, (uint64_t)(uint32_t)job->state << 32 | (uint32_t)job->initiator);
    bench_fold_text(sums, job->project_name);
    bench_fold_text(sums, job->project_id);
    bench_fold_text(sums, job->git_repository);
}

static inline void bench_add_step(struct bench_sums *sums, const struct bench_step *step)
{
    sums->steps++;
    bench_fold_text(sums, step->name);
    bench_fold(sums, (uint64_t)(uint32_t)step->number << 32 | (uint32_t)step->state);
    bench_fold_time(sums, step->start);
    bench_fold_time(sums, step->end);
    bench_fold_text(sums, step->image);
    bench_fold_text(sums, step->dockerfile);
    bench_fold_text(sums, step->command);
    bench_fold(sums, step->metric_count);
}

static inline _Noreturn void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

struct bench_watch {
    struct timespec wall, cpu;
};

static inline struct bench_watch bench_now(void)
{
    struct bench_watch now;
    clock_gettime(CLOCK_MONOTONIC, &now.wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now.cpu);
    return now;
}

static inline double bench_seconds(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* The most memory that was resident at once, in KB. Not getrusage's: that one begins with what the parent had
 * before exec. */
static inline long bench_peak_kb(void)
{
    char line[128];
    long peak = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (f != NULL)
        fclose(f);
    return peak;
}

/* One line for bench.py. */
static inline void bench_report(const struct bench_sums *sums, uint64_t bytes, struct bench_watch begin,
                                struct bench_watch end)
{
    printf("{\"jobs\":%llu,\"steps\":%llu,\"hash\":\"%016llx\",\"bytes\":%llu,\"wall_s\":%.6f,\"cpu_s\":%.6f,"
           "\"peak_kb\":%ld}\n",
           (unsigned long long)sums->jobs, (unsigned long long)sums->steps, (unsigned long long)sums->hash,
           (unsigned long long)bytes, bench_seconds(begin.wall, end.wall), bench_seconds(begin.cpu, end.cpu),
           bench_peak_kb());
}

#endif
