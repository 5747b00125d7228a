/* Random numbers with a printed seed. */
#define _GNU_SOURCE
#include "seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t seed_start(const char *what)
{
    const char *given = getenv("BERTH_SEED");
    uint64_t seed;

    if (given != NULL && given[0] != '\0') {
        seed = strtoull(given, NULL, 0);
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_sec * 1000003u ^ (uint64_t)now.tv_nsec << 20 ^ (uint64_t)getpid();
    }
    printf("%s: BERTH_SEED=%" PRIu64 "\n", what, seed);
    fflush(stdout);
    return seed != 0 ? seed : 1;
}

uint64_t seed_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(2685821657736338717);
}

size_t seed_below(uint64_t *state, size_t limit)
{
    return (size_t)(seed_next(state) % limit);
}

void seed_bytes(uint64_t *state, void *out, size_t len)
{
    uint8_t *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(seed_next(state) >> 56);
}
