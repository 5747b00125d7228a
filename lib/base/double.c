/* Doubles in text: correctly rounded both ways, by integer arithmetic. */
#include "berth/number.h"

#include <string.h>

#include "base/bigint.h"

/* A halfway case between two doubles has at most 767 significant digits; what comes after that many can only
 * say "a little more". */
#define MAX_DIGITS 770
/* value < 10^-330 is 0 and value >= 10^310 is too large, whatever the digits are. */
#define MIN_MAGNITUDE (-330)
#define MAX_MAGNITUDE 310
/* Exponents are held within this; a text can hold as many zeros, but no memory this many. */
#define EXPONENT_LIMIT INT64_C(100000000000000000)

/* A number as it stands in the text: the digits with their dot, and the exponent. */
struct number {
    const char *first, *end; /* of integer part, dot and fraction, from the first digit that is not 0 */
    bool negative;
    uint64_t value;   /* the first significant digits, at most 19 */
    unsigned count;   /* how many those are */
    bool more;        /* whether digits other than 0 follow them */
    int64_t exponent; /* of ten, for VALUE */
};

static bool is_digit(const char *p, const char *end)
{
    return p != end && *p >= '0' && *p <= '9';
}

#define VALUE_DIGITS 19 /* that always fit an uint64_t */

static void scan_digit(struct number *n, unsigned digit, bool fraction)
{
    if (n->count < VALUE_DIGITS) {
        n->value = n->value * 10 + digit;
        n->count += n->value != 0;
        n->exponent -= fraction;
    } else {
        n->more = n->more || digit != 0;
        n->exponent += !fraction;
    }
}

/* [-+]digits after the E. */
static bool scan_exponent(const char **pp, const char *end, int64_t *exponent)
{
    const char *p = *pp;
    bool minus = p != end && *p == '-';
    if (p != end && (*p == '-' || *p == '+'))
        p++;
    if (!is_digit(p, end))
        return false;
    int64_t value = 0;
    for (; is_digit(p, end); p++)
        if (value < EXPONENT_LIMIT)
            value = value * 10 + (*p - '0');
    *exponent += minus ? -value : value;
    *pp = p;
    return true;
}

/* RFC 8259 section 6. */
static bool scan_number(struct berth_text text, struct number *n)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    memset(n, 0, sizeof *n);
    n->negative = p != end && *p == '-';
    p += n->negative;
    if (!is_digit(p, end) || (*p == '0' && is_digit(p + 1, end)))
        return false;
    n->first = p;
    for (; is_digit(p, end); p++)
        scan_digit(n, (unsigned)(*p - '0'), false);
    if (p != end && *p == '.') {
        if (!is_digit(++p, end))
            return false;
        for (; is_digit(p, end); p++)
            scan_digit(n, (unsigned)(*p - '0'), true);
    }
    n->end = p;
    if (p != end && (*p == 'e' || *p == 'E')) {
        p++;
        if (!scan_exponent(&p, end, &n->exponent))
            return false;
    }
    return p == end;
}

/* All significant digits, as far as they matter, as an integer; *EXPONENT becomes that integer's. */
static void collect_digits(const struct number *n, struct berth_bigint *out_digits, int64_t *exponent)
{
    unsigned count = 0;
    bool sticky = false;
    berth_bigint_set(out_digits, 0);
    *exponent = n->exponent + n->count;
    for (const char *p = n->first; p != n->end; p++) {
        if (*p == '.' || (count == 0 && *p == '0'))
            continue;
        if (count == MAX_DIGITS) {
            sticky = sticky || *p != '0';
            continue;
        }
        berth_bigint_mul(out_digits, 10, (uint32_t)(*p - '0'));
        count++;
    }
    if (sticky) {
        berth_bigint_mul(out_digits, 10, 1);
        count++;
    }
    *exponent -= count;
}

/* The double nearest to (mantissa + less than 1 when STICKY) * 2^exponent; MANTISSA is not 0. */
static enum berth_status assemble(uint64_t mantissa, bool sticky, int exponent, bool negative,
                                  double *out_value)
{
    while (mantissa >> 63 == 0) {
        mantissa <<= 1;
        exponent--;
    }
    int top = exponent + 63; /* the value is in [2^top, 2^(top + 1)) */
    int keep = top >= -1022 ? 53 : 53 - (-1022 - top);
    uint64_t bits = 0;
    if (keep >= 0) {
        unsigned drop = 64u - (unsigned)keep; /* 11 to 64 */
        uint64_t half = UINT64_C(1) << (drop - 1);
        uint64_t rest = drop == 64 ? mantissa : mantissa & ((half << 1) - 1);
        bits = drop == 64 ? 0 : mantissa >> drop;
        if (rest > half || (rest == half && (sticky || (bits & 1) != 0)))
            bits++; /* may carry into the exponent, which is then right */
    }
    if (top >= -1022)
        bits += (uint64_t)(top + 1022) << 52; /* the leading bit adds one more */
    if (top > 1023 || bits >= UINT64_C(0x7FF) << 52)
        return BERTH_E_RANGE;
    bits |= (uint64_t)negative << 63;
    memcpy(out_value, &bits, sizeof bits);
    return BERTH_OK;
}

/* digits * 10^exponent, exactly divided, then rounded once. */
static enum berth_status convert(struct berth_bigint *digits, int exponent, bool negative, double *out_value)
{
    struct berth_bigint divisor;
    berth_bigint_set(&divisor, 1);
    if (exponent >= 0)
        berth_bigint_mul_pow5(digits, (unsigned)exponent);
    else
        berth_bigint_mul_pow5(&divisor, (unsigned)-exponent);

    /* Scale so that the quotient is in (2^30, 2^32), then take 32 bits more. */
    int shift = 31 + (int)berth_bigint_bits(&divisor) - (int)berth_bigint_bits(digits);
    /* A divisor with a full highest limb makes good estimates. */
    unsigned align = (32 - berth_bigint_bits(&divisor) % 32) % 32;
    berth_bigint_shift(&divisor, align + (shift < 0 ? (unsigned)-shift : 0));
    berth_bigint_shift(digits, align + (shift > 0 ? (unsigned)shift : 0));
    uint64_t mantissa = (uint64_t)berth_bigint_divide(digits, &divisor) << 32;
    berth_bigint_shift(digits, 32);
    mantissa |= berth_bigint_divide(digits, &divisor);
    return assemble(mantissa, digits->count != 0, exponent - shift - 32, negative, out_value);
}

#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 0
#define EXACT_POWERS 22 /* 10^22 is the largest power of ten that is a double */

/* When the digits and the power of ten are both doubles, one operation rounds once (Clinger 1990). */
static bool convert_fast(const struct number *n, double *out_value)
{
    static const double powers[EXACT_POWERS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (n->more || n->value > UINT64_C(1) << 53 || n->exponent < -EXACT_POWERS || n->exponent > EXACT_POWERS)
        return false;
    double value = (double)n->value;
    if (n->exponent < 0)
        value /= powers[-n->exponent];
    else
        value *= powers[n->exponent];
    *out_value = n->negative ? -value : value;
    return true;
}
#else
/* Intermediate results have more bits than a double: they would be rounded twice. */
static bool convert_fast(const struct number *n, double *out_value)
{
    (void)n;
    (void)out_value;
    return false;
}
#endif

enum berth_status berth_parse_double(struct berth_text text, double *out_value)
{
    struct number n;
    if (text.len == 0 || !scan_number(text, &n))
        return BERTH_E_SYNTAX;
    if (n.value == 0 || n.exponent + n.count <= MIN_MAGNITUDE) {
        *out_value = n.negative ? -0.0 : 0.0;
        return BERTH_OK;
    }
    if (n.exponent + n.count > MAX_MAGNITUDE)
        return BERTH_E_RANGE;
    if (convert_fast(&n, out_value))
        return BERTH_OK;
    struct berth_bigint digits;
    int64_t exponent = n.exponent;
    if (n.more)
        collect_digits(&n, &digits, &exponent);
    else
        berth_bigint_set(&digits, n.value);
    return convert(&digits, (int)exponent, n.negative, out_value);
}

/* Shortest digits: Steele and White 1990, with the estimate of Burger and Dybvig 1996. The value is
 * rest / unit, its neighbours lie at 2 * low (or twice that above) and so on. */
struct shortest {
    struct berth_bigint rest, unit;
    struct berth_bigint low; /* half the distance to the next double below */
    bool uneven;             /* the distance above is twice that */
    bool even;               /* the bounds themselves read back as the value */
};

static void shortest_init(struct shortest *s, uint64_t mantissa, int exponent)
{
    unsigned up = exponent > 0 ? (unsigned)exponent : 0;
    unsigned down = exponent < 0 ? (unsigned)-exponent : 0;
    s->uneven = mantissa == UINT64_C(1) << 52 && exponent > -1074;
    s->even = (mantissa & 1) == 0;
    berth_bigint_set(&s->rest, mantissa);
    berth_bigint_shift(&s->rest, up + 1 + s->uneven);
    berth_bigint_set(&s->unit, 1);
    berth_bigint_shift(&s->unit, down + 1 + s->uneven);
    berth_bigint_set(&s->low, 1);
    berth_bigint_shift(&s->low, up);
}

/* Whether rest plus the upper half distance reaches the unit. */
static bool reaches_unit(const struct shortest *s)
{
    struct berth_bigint sum = s->low;
    berth_bigint_shift(&sum, s->uneven);
    berth_bigint_add(&sum, &s->rest);
    int order = berth_bigint_compare(&sum, &s->unit);
    return order > 0 || (order == 0 && s->even);
}

static void times_ten(struct berth_bigint *a, unsigned power)
{
    berth_bigint_mul_pow5(a, power);
    berth_bigint_shift(a, power);
}

/* Scales so that the first digit comes next; returns k with value = 0.ddd * 10^k. */
static int scale(struct shortest *s, uint64_t mantissa, int exponent)
{
    int top = exponent - 1; /* floor(log2(value)) */
    for (uint64_t m = mantissa; m != 0; m >>= 1)
        top++;
    /* floor(top * log10(2)) + 1: either the right one or one too small. */
    const int above_zero = 2048;
    int k = (int)(((int64_t)top * 1292913986 + ((int64_t)above_zero << 32)) >> 32) - above_zero + 1;
    if (k >= 0) {
        times_ten(&s->unit, (unsigned)k);
    } else {
        times_ten(&s->rest, (unsigned)-k);
        times_ten(&s->low, (unsigned)-k);
    }
    if (reaches_unit(s)) {
        berth_bigint_mul(&s->unit, 10, 0);
        k++;
    }
    return k;
}

#define MAX_SHORTEST 17

static unsigned generate(struct shortest *s, char digits[MAX_SHORTEST])
{
    for (unsigned count = 0;;) {
        berth_bigint_mul(&s->rest, 10, 0);
        berth_bigint_mul(&s->low, 10, 0);
        unsigned digit = berth_bigint_divide(&s->rest, &s->unit);
        int order = berth_bigint_compare(&s->rest, &s->low);
        bool below = order < 0 || (order == 0 && s->even);
        bool above = reaches_unit(s);
        if (below || above) {
            /* The end: this digit or the next one, whichever is nearer. */
            berth_bigint_shift(&s->rest, 1);
            digit += above && (!below || berth_bigint_compare(&s->rest, &s->unit) >= 0);
            digits[count] = (char)('0' + digit);
            return count + 1;
        }
        digits[count++] = (char)('0' + digit);
    }
}

/* 0.ddd * 10^k: plain within reason, otherwise with an exponent. */
static void put_digits(struct berth_writer *w, const char *digits, unsigned count, int k)
{
    if (k > 21 || k < -5) {
        berth_put_char(w, digits[0]);
        if (count > 1) {
            berth_put_char(w, '.');
            berth_put_bytes(w, digits + 1, count - 1);
        }
        berth_put_char(w, 'e');
        berth_put_i64(w, k - 1);
    } else if (k <= 0) {
        berth_put_string(w, "0.");
        berth_put_repeat(w, '0', (size_t)-k);
        berth_put_bytes(w, digits, count);
    } else if ((unsigned)k >= count) {
        berth_put_bytes(w, digits, count);
        berth_put_repeat(w, '0', (unsigned)k - count);
    } else {
        berth_put_bytes(w, digits, (unsigned)k);
        berth_put_char(w, '.');
        berth_put_bytes(w, digits + k, count - (unsigned)k);
    }
}

void berth_put_double(struct berth_writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7FF);
    if (exponent == 0x7FF) {
        berth_put_string(w, "null");
        return;
    }
    if (bits >> 63 != 0)
        berth_put_char(w, '-');
    if (exponent == 0 && mantissa == 0) {
        berth_put_char(w, '0');
        return;
    }
    if (exponent != 0)
        mantissa |= UINT64_C(1) << 52;
    exponent = exponent == 0 ? -1074 : exponent - 1075;
    struct shortest s;
    char digits[MAX_SHORTEST];
    shortest_init(&s, mantissa, exponent);
    int k = scale(&s, mantissa, exponent);
    unsigned count = generate(&s, digits);
    put_digits(w, digits, count, k);
}
