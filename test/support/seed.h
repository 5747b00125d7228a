/* Random numbers whose seed is printed, so that a failure can be repeated: BERTH_SEED=... in the environment.
 */
#ifndef TEST_SEED_H
#define TEST_SEED_H

#include <stddef.h>
#include <stdint.h>

/* Takes BERTH_SEED or a fresh seed, prints it with WHAT, and returns the state for the calls below. */
uint64_t seed_start(const char *what);
/* The next 64 bits (xorshift64*). */
uint64_t seed_next(uint64_t *state);
/* A number in 0 .. LIMIT-1; LIMIT is at least 1. */
size_t seed_below(uint64_t *state, size_t limit);
void seed_bytes(uint64_t *state, void *out, size_t len);

#endif
