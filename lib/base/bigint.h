/* Non-negative integers of bounded size, for exact conversions between decimal text and doubles. */
#ifndef BERTH_BASE_BIGINT_H
#define BERTH_BASE_BIGINT_H

#include <stdint.h>

/* 32-bit limbs. The largest number is a numerator of berth_parse_double: 771 digits (2562 bits), or a
 * denominator 5^1096 (2545 bits) and 66 bits more; 84 limbs. */
#define BERTH_BIGINT_LIMBS 84

struct berth_bigint {
    unsigned count; /* limbs in use; the highest is not 0 */
    uint32_t limb[BERTH_BIGINT_LIMBS];
};

void berth_bigint_set(struct berth_bigint *a, uint64_t value);
/* a = a * factor + addend */
void berth_bigint_mul(struct berth_bigint *a, uint32_t factor, uint32_t addend);
/* a = a * 5^power */
void berth_bigint_mul_pow5(struct berth_bigint *a, unsigned power);
/* a = a * 2^bits */
void berth_bigint_shift(struct berth_bigint *a, unsigned bits);
/* a = a + b */
void berth_bigint_add(struct berth_bigint *a, const struct berth_bigint *b);
/* Negative, 0, positive. */
int berth_bigint_compare(const struct berth_bigint *a, const struct berth_bigint *b);
/* The number of bits; 0 for 0. */
unsigned berth_bigint_bits(const struct berth_bigint *a);
/* a = a mod b; returns the quotient, which must be below 2^32. */
uint32_t berth_bigint_divide(struct berth_bigint *a, const struct berth_bigint *b);

#endif
