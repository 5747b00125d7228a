/* A main for fuzz targets without libFuzzer: feeds the kept corpus whole, then cut and mutated, from buffers
 * that end at a forbidden page. So each `make test` gives every parser a short run with any compiler. Usage:
 * PROGRAM CORPUS_FOLDER; BERTH_FUZZ_ROUNDS sets the mutations of each file. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "guard.h"
#include "seed.h"

#define INPUT_CAP 65536
#define SECONDS_CAP 4 /* for all files together: the long run is `make fuzz` */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct replay {
    struct guard guard;
    uint64_t seed;
    size_t rounds;
    size_t inputs;
    time_t end;
    uint8_t work[INPUT_CAP];
};

static void feed(struct replay *replay, const uint8_t *bytes, size_t len)
{
    LLVMFuzzerTestOneInput(guard_put(&replay->guard, bytes, len), len);
    replay->inputs++;
}

/* One small change: a byte set, a bit flipped, a piece cut out, doubled or overwritten. */
static size_t mutate(struct replay *replay, size_t len)
{
    static const char odd[] = "\0\r\n\t \"'\\{}[]:,;-+.0919eE%/#&?=\x7f\x80\xc0\xed\xf4\xff";
    uint8_t *work = replay->work;
    size_t at = len > 0 ? seed_below(&replay->seed, len) : 0;
    size_t run = len > 0 ? seed_below(&replay->seed, len - at) + 1 : 0;

    if (len == 0)
        return 0;
    switch (seed_below(&replay->seed, 5)) {
    case 0:
        work[at] = (uint8_t)odd[seed_below(&replay->seed, sizeof odd - 1)];
        return len;
    case 1:
        work[at] ^= (uint8_t)(1u << seed_below(&replay->seed, 8));
        return len;
    case 2:
        memmove(work + at, work + at + run, len - at - run);
        return len - run;
    case 3:
        if (len + run > INPUT_CAP)
            return len;
        memmove(work + at + run, work + at, len - at);
        return len + run;
    default:
        memmove(work + at, work + seed_below(&replay->seed, len - run + 1), run);
        return len;
    }
}

static void replay_file(void *ctx, const char *path, const uint8_t *bytes, size_t file_len)
{
    struct replay *replay = ctx;
    size_t whole = file_len < INPUT_CAP ? file_len : INPUT_CAP;

    (void)path;
    feed(replay, bytes, whole);
    for (size_t cut = 0; cut < whole && cut < 512 && time(NULL) < replay->end; cut++)
        feed(replay, bytes, cut);
    for (size_t round = 0; round < replay->rounds && time(NULL) < replay->end; round++) {
        size_t len = whole;
        memcpy(replay->work, bytes, len);
        for (size_t changes = 1 + seed_below(&replay->seed, 4); changes > 0; changes--)
            len = mutate(replay, len);
        feed(replay, replay->work, len);
    }
}

int main(int argc, char **argv)
{
    static struct replay replay;
    const char *rounds = getenv("BERTH_FUZZ_ROUNDS");
    size_t files = 0;
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;

    guard_open(&replay.guard, INPUT_CAP);
    replay.seed = seed_start(argv[0]);
    replay.rounds = rounds != NULL ? strtoul(rounds, NULL, 10) : 400;
    replay.end = time(NULL) + SECONDS_CAP;
    feed(&replay, (const uint8_t *)"", 0);
    if (folder != NULL) {
        closedir(folder);
        files = fixture_each(argv[1], "", replay_file, &replay);
    }
    printf("%zu inputs from %zu files\n[==========] 1 test(s) run.\n", replay.inputs, files);
    guard_close(&replay.guard);
    if (files == 0) {
        printf("[  FAILED  ] 1 test(s): no corpus in %s\n", argc > 1 ? argv[1] : "(no folder named)");
        return 1;
    }
    return 0;
}
