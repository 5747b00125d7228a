/* Buffers whose last byte borders on a forbidden page: reading or writing one byte too far ends the test at
 * once. Under AddressSanitizer the bytes before the buffer are forbidden too. All of it aborts when memory is
 * refused. */
#ifndef TEST_GUARD_H
#define TEST_GUARD_H

#include <stddef.h>
#include <stdint.h>

/* One mapping, used again for many inputs of up to CAP bytes: quick enough for every split of a fixture. */
struct guard {
    uint8_t *base;     /* first byte of the mapping */
    uint8_t *end;      /* first forbidden byte */
    size_t mapped_len; /* with the forbidden page */
};

void guard_open(struct guard *guard, size_t cap);
/* LEN (0..cap) bytes to write to, ending at the forbidden page, filled with 0xA5. Valid until the next call.
 */
uint8_t *guard_place(struct guard *guard, size_t len);
/* The same, holding a copy of LEN bytes. */
const uint8_t *guard_put(struct guard *guard, const void *bytes, size_t len);
void guard_close(struct guard *guard);

/* A mapping of its own for one buffer, given back with guard_free (at most 64 at a time). */
void *guard_new(size_t len);
void *guard_copy(const void *bytes, size_t len);
void guard_free(void *buffer);

#endif
