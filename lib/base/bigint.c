/* Non-negative integers of bounded size. */
#include "base/bigint.h"

#include <string.h>

void berth_bigint_set(struct berth_bigint *a, uint64_t value)
{
    a->count = 0;
    for (; value != 0; value >>= 32)
        a->limb[a->count++] = (uint32_t)value;
}

void berth_bigint_mul(struct berth_bigint *a, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (unsigned i = 0; i < a->count; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        a->limb[a->count++] = (uint32_t)carry;
}

void berth_bigint_mul_pow5(struct berth_bigint *a, unsigned power)
{
    static const uint32_t small[] = {1,     5,      25,      125,     625,      3125,     15625,
                                     78125, 390625, 1953125, 9765625, 48828125, 244140625};
    for (; power > 13; power -= 13)
        berth_bigint_mul(a, UINT32_C(1220703125), 0); /* 5^13, the largest in 32 bits */
    if (power == 13)
        berth_bigint_mul(a, UINT32_C(1220703125), 0);
    else
        berth_bigint_mul(a, small[power], 0);
}

void berth_bigint_shift(struct berth_bigint *a, unsigned bits)
{
    unsigned limbs = bits / 32;
    if (a->count == 0)
        return;
    memmove(a->limb + limbs, a->limb, a->count * sizeof a->limb[0]);
    memset(a->limb, 0, limbs * sizeof a->limb[0]);
    a->count += limbs;
    if (bits % 32 != 0)
        berth_bigint_mul(a, UINT32_C(1) << bits % 32, 0);
}

void berth_bigint_add(struct berth_bigint *a, const struct berth_bigint *b)
{
    uint64_t carry = 0;
    while (a->count < b->count)
        a->limb[a->count++] = 0;
    for (unsigned i = 0; i < a->count; i++) {
        carry += a->limb[i];
        carry += i < b->count ? b->limb[i] : 0;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        a->limb[a->count++] = (uint32_t)carry;
}

int berth_bigint_compare(const struct berth_bigint *a, const struct berth_bigint *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (unsigned i = a->count; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

unsigned berth_bigint_bits(const struct berth_bigint *a)
{
    if (a->count == 0)
        return 0;
    unsigned bits = (a->count - 1) * 32;
    for (uint32_t top = a->limb[a->count - 1]; top != 0; top >>= 1)
        bits++;
    return bits;
}

/* a -= b * factor, which must not be more than a. */
static void subtract(struct berth_bigint *a, const struct berth_bigint *b, uint32_t factor)
{
    uint64_t carry = 0, borrow = 0;
    for (unsigned i = 0; i < a->count; i++) {
        carry += i < b->count ? (uint64_t)b->limb[i] * factor : 0;
        uint64_t difference = (uint64_t)a->limb[i] - (uint32_t)carry - borrow;
        a->limb[i] = (uint32_t)difference;
        borrow = difference >> 63;
        carry >>= 32;
    }
    while (a->count > 0 && a->limb[a->count - 1] == 0)
        a->count--;
}

uint32_t berth_bigint_divide(struct berth_bigint *a, const struct berth_bigint *b)
{
    uint32_t quotient = 0;
    unsigned top = b->count - 1;
    /* Each round takes away an estimate from the highest limbs that is never too large. */
    while (a->count > top) {
        uint64_t high = a->limb[top];
        if (a->count > b->count)
            high |= (uint64_t)a->limb[top + 1] << 32;
        uint64_t estimate = high / ((uint64_t)b->limb[top] + 1);
        if (estimate == 0) {
            if (berth_bigint_compare(a, b) < 0)
                break;
            estimate = 1;
        }
        subtract(a, b, (uint32_t)estimate);
        quotient += (uint32_t)estimate;
    }
    return quotient;
}
