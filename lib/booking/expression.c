/* Expressions over ram and swap_size (wire page 1.3), as exact fractions. */
#include "berth/booking_config.h"

#include <stdint.h>

#include "berth/number.h"

/* Brackets inside one another. */
#define DEPTH 16

/* In lowest terms, den > 0. */
struct fraction {
    int64_t num, den;
};

/* What is under way between two brackets: SUM of the terms before, TERM of the factors before. */
struct level {
    struct fraction sum, term;
    char adds;       /* '+' or '-': how TERM joins SUM */
    char multiplies; /* '*', '/', 'f' (floor division), or 0: no factor of the term yet */
    bool negative;   /* signs before the factor that is due */
};

struct evaluation {
    struct berth_text text;
    size_t at;
    int64_t ram, swap_size;
    unsigned depth;
    struct level levels[DEPTH + 1];
};

/* ---- Fractions ---- */

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* A over B, reduced. False when it does not fit. INT64_MIN is no numerator, so that signs can be turned. */
static bool reduce(int64_t num, int64_t den, struct fraction *out)
{
    uint64_t a = magnitude(num), b = magnitude(den);
    bool negative = (num < 0) != (den < 0);
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    uint64_t n = magnitude(num) / a, d = magnitude(den) / a;
    if (n > INT64_MAX || d > INT64_MAX)
        return false;
    out->num = negative ? -(int64_t)n : (int64_t)n;
    out->den = (int64_t)d;
    return true;
}

static bool multiply(int64_t a, int64_t b, int64_t *out)
{
    uint64_t x = magnitude(a), y = magnitude(b);
    if (y != 0 && x > INT64_MAX / y)
        return false;
    *out = (a < 0) != (b < 0) ? -(int64_t)(x * y) : (int64_t)(x * y);
    return true;
}

static bool add(int64_t a, int64_t b, int64_t *out)
{
    if (b > 0 ? a > INT64_MAX - b : a < -INT64_MAX - b)
        return false;
    *out = a + b;
    return true;
}

static bool fraction_add(struct fraction a, struct fraction b, struct fraction *out)
{
    struct fraction dens; /* a.den : b.den without what they share */
    int64_t x, y, num, den;
    return reduce(a.den, b.den, &dens) && multiply(a.num, dens.den, &x) && multiply(b.num, dens.num, &y) &&
           add(x, y, &num) && multiply(a.den, dens.den, &den) && reduce(num, den, out);
}

static bool fraction_multiply(struct fraction a, struct fraction b, struct fraction *out)
{
    struct fraction x, y; /* crosswise reduced, so that nothing grows without need */
    int64_t num, den;
    return reduce(a.num, b.den, &x) && reduce(b.num, a.den, &y) && multiply(x.num, y.num, &num) &&
           multiply(x.den, y.den, &den) && reduce(num, den, out);
}

static struct fraction fraction_floor(struct fraction a)
{
    int64_t whole = a.num / a.den;
    if (a.num % a.den < 0)
        whole--;
    return (struct fraction){whole, 1};
}

/* ---- The text ---- */

static char peek(struct evaluation *e)
{
    while (e->at < e->text.len && (e->text.ptr[e->at] == ' ' || e->text.ptr[e->at] == '\t'))
        e->at++;
    return e->at < e->text.len ? e->text.ptr[e->at] : '\0';
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static bool is_word(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || is_digit(ch);
}

/* digits[.digits] */
static enum berth_status read_number(struct evaluation *e, struct fraction *out)
{
    size_t start = e->at;
    size_t fraction_len = 0;
    bool dot = false;
    while (e->at < e->text.len && (is_digit(e->text.ptr[e->at]) || (!dot && e->text.ptr[e->at] == '.'))) {
        dot = dot || e->text.ptr[e->at] == '.';
        e->at++;
    }
    struct berth_text digits = berth_text_slice(e->text, start, e->at);
    if (dot)
        fraction_len = digits.len - berth_text_find_byte(digits, '.') - 1;
    unsigned scale = fraction_len > 18 ? 18 : (unsigned)fraction_len;
    int64_t scaled, unit = 1;
    enum berth_status status = berth_parse_decimal(digits, scale, &scaled);
    if (status != BERTH_OK) {
        e->at = start;
        return status;
    }
    for (unsigned i = 0; i < scale; i++)
        unit *= 10;
    return reduce(scaled, unit, out) ? BERTH_OK : BERTH_E_RANGE;
}

static enum berth_status read_word(struct evaluation *e, struct fraction *out)
{
    size_t start = e->at;
    while (e->at < e->text.len && is_word(e->text.ptr[e->at]))
        e->at++;
    struct berth_text word = berth_text_slice(e->text, start, e->at);
    out->den = 1;
    if (berth_text_equal(word, BERTH_TEXT("ram"))) {
        out->num = e->ram;
    } else if (berth_text_equal(word, BERTH_TEXT("swap_size"))) {
        out->num = e->swap_size;
    } else {
        e->at = start;
        return BERTH_E_SYNTAX;
    }
    return out->num < -INT64_MAX ? BERTH_E_RANGE : BERTH_OK;
}

/* ---- Levels ---- */

static void open_level(struct level *level)
{
    *level = (struct level){{0, 1}, {1, 1}, '+', 0, false};
}

/* Joins a factor to the term. */
static enum berth_status take_factor(struct level *level, struct fraction factor)
{
    if (level->negative)
        factor.num = -factor.num;
    level->negative = false;
    bool ok = true;
    if (level->multiplies == 0) {
        level->term = factor;
    } else if (level->multiplies == '*') {
        ok = fraction_multiply(level->term, factor, &level->term);
    } else {
        struct fraction inverse;
        ok = factor.num != 0 && reduce(factor.den, factor.num, &inverse) &&
             fraction_multiply(level->term, inverse, &level->term);
        if (ok && level->multiplies == 'f')
            level->term = fraction_floor(level->term);
    }
    return ok ? BERTH_OK : BERTH_E_RANGE;
}

/* Joins the term to the sum. */
static bool take_term(struct level *level)
{
    if (level->adds == '-')
        level->term.num = -level->term.num;
    return fraction_add(level->sum, level->term, &level->sum);
}

/* Where a factor is due: past signs and opening brackets, and the factor itself. */
static enum berth_status read_factor(struct evaluation *e)
{
    for (;;) {
        struct fraction factor = {0, 1};
        char ch = peek(e);
        if (ch == '+' || ch == '-') {
            e->levels[e->depth].negative ^= ch == '-';
            e->at++;
        } else if (ch == '(') {
            if (e->depth == DEPTH)
                return BERTH_E_DEPTH;
            open_level(&e->levels[++e->depth]);
            e->at++;
        } else if (is_digit(ch)) {
            BERTH_TRY(read_number(e, &factor));
            return take_factor(&e->levels[e->depth], factor);
        } else {
            BERTH_TRY(read_word(e, &factor));
            return take_factor(&e->levels[e->depth], factor);
        }
    }
}

/* What stands behind a factor: closing brackets, then an operator, or the end. */
static enum berth_status read_operator(struct evaluation *e, bool *out_end)
{
    char ch;
    while ((ch = peek(e)) == ')' && e->depth > 0) {
        struct level *inner = &e->levels[e->depth];
        if (!take_term(inner))
            return BERTH_E_RANGE;
        e->depth--;
        BERTH_TRY(take_factor(&e->levels[e->depth], inner->sum));
        e->at++;
    }
    struct level *level = &e->levels[e->depth];
    *out_end = e->at == e->text.len;
    if (*out_end)
        return e->depth > 0 ? BERTH_E_SYNTAX : take_term(level) ? BERTH_OK : BERTH_E_RANGE;
    if (ch != '+' && ch != '-' && ch != '*' && ch != '/')
        return BERTH_E_SYNTAX;
    e->at++;
    if (ch == '+' || ch == '-') {
        if (!take_term(level))
            return BERTH_E_RANGE;
        level->adds = ch;
        level->multiplies = 0;
        return BERTH_OK;
    }
    bool floors = ch == '/' && e->at < e->text.len && e->text.ptr[e->at] == '/';
    level->multiplies = floors ? 'f' : ch;
    e->at += floors;
    return BERTH_OK;
}

enum berth_status berth_capability_expression(struct berth_text expression, int64_t ram, int64_t swap_size,
                                              int64_t *out_num, int64_t *out_den, size_t *out_offset)
{
    struct evaluation e;
    bool end = false;
    enum berth_status status = BERTH_OK;
    e.text = expression;
    e.at = 0;
    e.ram = ram;
    e.swap_size = swap_size;
    e.depth = 0;
    open_level(&e.levels[0]);
    while (status == BERTH_OK && !end) {
        status = read_factor(&e);
        if (status == BERTH_OK)
            status = read_operator(&e, &end);
    }
    if (out_offset != NULL)
        *out_offset = e.at;
    if (status != BERTH_OK)
        return status;
    *out_num = e.levels[0].sum.num;
    *out_den = e.levels[0].sum.den;
    return BERTH_OK;
}
