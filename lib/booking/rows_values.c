/* The values of schedule cells: times, CPUs, whole numbers, GPU lists, the words for none. */
#include "booking/rows.h"

#include "berth/number.h"
#include "berth/time.h"

#include <string.h>

/* ---- Reading: one cell from the left ---------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(struct berth_text text)
{
    size_t count = 0;
    while (count < text.len && is_digit(text.ptr[count]))
        count++;
    return count;
}

static bool take_char(struct berth_text *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c)
        return false;
    *rest = berth_text_slice(*rest, 1, rest->len);
    return true;
}

/* Exactly COUNT digits. */
static bool take_digits(struct berth_text *rest, size_t count, uint32_t *out_value)
{
    uint64_t value;
    if (rest->len < count || digits_at(berth_text_slice(*rest, 0, count)) != count ||
        berth_parse_u64(berth_text_slice(*rest, 0, count), &value) != BERTH_OK)
        return false;
    *out_value = (uint32_t)value;
    *rest = berth_text_slice(*rest, count, rest->len);
    return true;
}

/* ":ss[.f{1,9}]"; *out_fraction: it is not zero. */
static bool take_seconds(struct berth_text *rest, uint32_t *out_second, bool *out_fraction)
{
    if (!take_char(rest, ':') || !take_digits(rest, 2, out_second))
        return false;
    if (!take_char(rest, '.'))
        return true;
    size_t digits = digits_at(*rest);
    if (digits < 1 || digits > 9)
        return false;
    for (size_t i = 0; i < digits; i++)
        *out_fraction = *out_fraction || rest->ptr[i] != '0';
    *rest = berth_text_slice(*rest, digits, rest->len);
    return true;
}

enum berth_status berth_parse_civil(struct berth_text text, bool up, int64_t *out_seconds)
{
    uint32_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    bool fraction = false;
    int64_t seconds;
    if (!take_digits(&text, 4, &year) || !take_char(&text, '-') || !take_digits(&text, 2, &month) ||
        !take_char(&text, '-') || !take_digits(&text, 2, &day))
        return BERTH_E_SYNTAX;
    if (text.len > 0) {
        if (!take_char(&text, ' ') && !take_char(&text, 'T'))
            return BERTH_E_SYNTAX;
        if (!take_digits(&text, 2, &hour) || !take_char(&text, ':') || !take_digits(&text, 2, &minute))
            return BERTH_E_SYNTAX;
        if (text.len > 0 && !take_seconds(&text, &second, &fraction))
            return BERTH_E_SYNTAX;
    }
    if (text.len > 0)
        return BERTH_E_SYNTAX;
    const struct berth_civil civil = {(int32_t)year, (uint8_t)month,  (uint8_t)day,
                                      (uint8_t)hour, (uint8_t)minute, (uint8_t)second};
    struct berth_civil back;
    BERTH_TRY(berth_civil_to_seconds(&civil, &seconds));
    seconds += up && fraction;
    BERTH_TRY(berth_seconds_to_civil(seconds, &back)); /* rounded up out of the last year */
    *out_seconds = seconds;
    return BERTH_OK;
}

/* "digits[.digits][(e|E)[+-]digits]" taken apart. An exponent of more than 6 digits becomes 10^6. */
struct decimal {
    struct berth_text whole, fraction;
    int32_t exponent;
};

static bool take_exponent(struct berth_text *rest, int32_t *out_exponent)
{
    bool negative = take_char(rest, '-');
    if (!negative)
        (void)take_char(rest, '+');
    size_t digits = digits_at(*rest);
    int32_t value = 0;
    for (size_t i = 0; i < digits; i++)
        value = value >= 100000 ? 1000000 : value * 10 + (rest->ptr[i] - '0');
    *rest = berth_text_slice(*rest, digits, rest->len);
    *out_exponent = negative ? -value : value;
    return digits > 0;
}

static bool split_decimal(struct berth_text text, struct decimal *d)
{
    memset(d, 0, sizeof *d);
    size_t digits = digits_at(text);
    d->whole = berth_text_slice(text, 0, digits);
    struct berth_text rest = berth_text_slice(text, digits, text.len);
    if (digits == 0)
        return false;
    if (take_char(&rest, '.')) {
        digits = digits_at(rest);
        d->fraction = berth_text_slice(rest, 0, digits);
        rest = berth_text_slice(rest, digits, rest.len);
        if (digits == 0)
            return false;
    }
    if ((take_char(&rest, 'e') || take_char(&rest, 'E')) && !take_exponent(&rest, &d->exponent))
        return false;
    return rest.len == 0;
}

/* Adds DIGIT * 10^POWER nano to *nano; what is below one nano sets *rest. */
static bool add_digit(char digit, int64_t power, uint64_t *nano, bool *rest)
{
    uint64_t value = (uint64_t)(digit - '0');
    if (value == 0)
        return true;
    if (power > 18)
        return false;
    if (power < 0) {
        *rest = true;
        return true;
    }
    while (power-- > 0)
        value *= 10;
    *nano += value; /* at most ten places of nine: below 2^64 */
    return value <= (uint64_t)BERTH_ROWS_CPUS_MAX;
}

bool berth_rows_parse_cpus(struct berth_text text, int64_t *out_nano)
{
    struct decimal d;
    uint64_t nano = 0;
    bool rest = false;
    if (!split_decimal(text, &d))
        return false;
    int64_t power = 9 + (int64_t)d.exponent + (int64_t)d.whole.len; /* of the digit before the first */
    for (size_t i = 0; i < d.whole.len; i++)
        if (!add_digit(d.whole.ptr[i], --power, &nano, &rest))
            return false;
    for (size_t i = 0; i < d.fraction.len; i++)
        if (!add_digit(d.fraction.ptr[i], --power, &nano, &rest))
            return false;
    nano += rest;
    if (nano > (uint64_t)BERTH_ROWS_CPUS_MAX)
        return false;
    *out_nano = (int64_t)nano;
    return true;
}

bool berth_rows_parse_whole(struct berth_text text, uint64_t max, uint64_t *out_value)
{
    size_t digits = digits_at(text);
    uint64_t value;
    struct berth_text rest = berth_text_slice(text, digits, text.len);
    if (take_char(&rest, '.')) { /* "128.0": a whole column becomes so when one cell of it was empty */
        if (rest.len == 0)
            return false;
        while (take_char(&rest, '0')) {
        }
    }
    if (rest.len > 0 || digits == 0 ||
        berth_parse_u64(berth_text_slice(text, 0, digits), &value) != BERTH_OK || value > max)
        return false;
    *out_value = value;
    return true;
}

static void pass_blanks(struct berth_text *rest)
{
    while (take_char(rest, ' ') || take_char(rest, '\t')) {
    }
}

bool berth_rows_parse_gpus(struct berth_text text, uint64_t *out_gpus)
{
    uint64_t gpus = 0;
    bool comma = true; /* a number may follow */
    pass_blanks(&text);
    if (!take_char(&text, '['))
        return false;
    pass_blanks(&text);
    while (!take_char(&text, ']')) {
        uint64_t id;
        size_t digits = digits_at(text);
        if (!comma || digits == 0 || digits > 2 || (digits == 2 && text.ptr[0] == '0') ||
            berth_parse_u64(berth_text_slice(text, 0, digits), &id) != BERTH_OK || id > 63)
            return false;
        gpus |= UINT64_C(1) << id;
        text = berth_text_slice(text, digits, text.len);
        pass_blanks(&text);
        comma = take_char(&text, ',');
        pass_blanks(&text);
    }
    pass_blanks(&text);
    *out_gpus = gpus;
    return text.len == 0;
}

bool berth_rows_is_none(struct berth_text text)
{
    static const char *const WORDS[] = {
        "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null",
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (berth_text_equal(text, berth_text_of(WORDS[i])))
            return true;
    return false;
}

bool berth_rows_is_clean(struct berth_text text, bool lines)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool allowed = lines && (c == '\t' || c == '\n' || c == '\r');
        if ((c < 0x20 && !allowed) || c == 0x7F)
            return false;
    }
    return berth_text_is_utf8(text, NULL);
}

/* ---- Writing ---------------------------------------------------------------------------------- */

enum berth_status berth_put_civil(struct berth_writer *w, int64_t seconds)
{
    struct berth_civil c;
    BERTH_TRY(berth_seconds_to_civil(seconds, &c));
    const struct {
        unsigned value;
        uint8_t width;
        char before;
    } PARTS[] = {
        {(unsigned)c.year, 4, 0}, {c.month, 2, '-'},  {c.day, 2, '-'},
        {c.hour, 2, ' '},         {c.minute, 2, ':'}, {c.second, 2, ':'},
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        if (PARTS[i].before)
            berth_put_char(w, PARTS[i].before);
        berth_put_u64_padded(w, PARTS[i].value, PARTS[i].width);
    }
    return BERTH_OK;
}

/* As Python writes small numbers: "1.5e-05". */
static void put_small(struct berth_writer *w, uint64_t nano)
{
    unsigned digits = 1, exponent = 9;
    while (nano % 10 == 0) {
        nano /= 10;
        exponent--;
    }
    uint64_t head = nano, scale = 1;
    while (head >= 10) {
        head /= 10;
        scale *= 10;
        digits++;
    }
    berth_put_u64(w, head);
    if (digits > 1) {
        berth_put_char(w, '.');
        berth_put_u64_padded(w, nano % scale, digits - 1);
    }
    berth_put_string(w, "e-");
    berth_put_u64_padded(w, exponent - (digits - 1), 2);
}

void berth_put_cpus(struct berth_writer *w, int64_t cpus_nano)
{
    if (cpus_nano > 0 && cpus_nano < 100000) {
        put_small(w, (uint64_t)cpus_nano);
        return;
    }
    berth_put_decimal(w, cpus_nano, 9);
    if (cpus_nano % 1000000000 == 0)
        berth_put_string(w, ".0");
}

void berth_put_gpu_list(struct berth_writer *w, uint64_t gpus)
{
    berth_put_char(w, '[');
    for (unsigned id = 0; gpus != 0; id++, gpus >>= 1) {
        if ((gpus & 1) == 0)
            continue;
        berth_put_u64(w, id);
        if (gpus > 1)
            berth_put_string(w, ", ");
    }
    berth_put_char(w, ']');
}
