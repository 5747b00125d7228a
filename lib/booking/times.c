/* Times as people type them: wire page 2.1. */
#include "berth/booking.h"

#include "berth/number.h"
#include "booking/words.h"

#define DAY_S 86400
#define DAYS_MAX 14
#define WEEKS_MAX 2

/* "{n}SUFFIX" with n digits, added to *SUM; a sum beyond any use stays there. */
static bool take_flag(struct berth_text word, struct berth_text suffix, uint64_t *sum, bool *out_zero)
{
    uint64_t n;
    if (!berth_text_ends(word, suffix))
        return false;
    enum berth_status status = berth_parse_u64(berth_text_slice(word, 0, word.len - suffix.len), &n);
    if (status == BERTH_E_SYNTAX)
        return false;
    if (status != BERTH_OK || n > 1000)
        n = 1000;
    *out_zero = *out_zero || n == 0;
    *sum += n;
    return true;
}

/* Days and weeks from BASE_S. */
static enum berth_refusal read_flags(struct berth_text entry, int64_t base_s, int64_t *out_s)
{
    struct berth_text word;
    uint64_t days = 0, weeks = 0;
    bool zero = false;
    while (berth_words_next(&entry, &word)) {
        if (berth_text_equal(word, BERTH_TEXT("now")))
            return BERTH_REFUSAL_TIME_NOW;
        if (!take_flag(word, BERTH_TEXT("-day"), &days, &zero) &&
            !take_flag(word, BERTH_TEXT("-week"), &weeks, &zero))
            return BERTH_REFUSAL_TIME_FORM;
    }
    if (zero || days > DAYS_MAX || weeks > WEEKS_MAX)
        return BERTH_REFUSAL_TIME_FLAGS;
    *out_s = base_s + (int64_t)(days + 7 * weeks) * DAY_S;
    return BERTH_REFUSAL_NONE;
}

/* "YYYY MM DD hh mm". */
static enum berth_refusal read_date(struct berth_text entry, int64_t *out_s)
{
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, PARTS };
    uint64_t part[PARTS];
    struct berth_text word;
    size_t count = 0;
    while (berth_words_next(&entry, &word)) {
        bool fits = count == YEAR ? word.len == 4 : word.len <= 2;
        if (count == PARTS || !fits || berth_parse_u64(word, &part[count]) != BERTH_OK)
            return BERTH_REFUSAL_TIME_FORM;
        count++;
    }
    if (count != PARTS)
        return BERTH_REFUSAL_TIME_FORM;
    struct berth_civil civil = {(int32_t)part[YEAR], (uint8_t)part[MONTH],  (uint8_t)part[DAY],
                                (uint8_t)part[HOUR], (uint8_t)part[MINUTE], 0};
    if (berth_civil_to_seconds(&civil, out_s) != BERTH_OK)
        return BERTH_REFUSAL_TIME_DATE;
    return civil.minute == 0 || civil.minute == 30 ? BERTH_REFUSAL_NONE : BERTH_REFUSAL_TIME_UNIT;
}

enum berth_refusal berth_booking_time(struct berth_text entry, int64_t now_s, int64_t base_s, int64_t *out_s,
                                      bool *out_is_now)
{
    struct berth_text rest = entry;
    struct berth_text word;
    *out_is_now = false;
    if (!berth_words_next(&rest, &word))
        return BERTH_REFUSAL_TIME_FORM;
    if (berth_text_equal(word, BERTH_TEXT("now"))) {
        if (berth_words_next(&rest, &word))
            return BERTH_REFUSAL_TIME_NOW;
        *out_is_now = true;
        *out_s = berth_schedule_floor(now_s);
        return BERTH_REFUSAL_NONE;
    }
    bool digits = true;
    for (size_t i = 0; i < word.len; i++)
        digits = digits && word.ptr[i] >= '0' && word.ptr[i] <= '9';
    return digits ? read_date(entry, out_s) : read_flags(entry, base_s, out_s);
}

enum berth_refusal berth_booking_start(struct berth_text entry, int64_t now_s, int64_t *out_start_s,
                                       bool *out_is_now)
{
    int64_t unit_s = berth_schedule_floor(now_s);
    int64_t start_s = 0;
    enum berth_refusal refusal = berth_booking_time(entry, now_s, unit_s, &start_s, out_is_now);
    if (refusal != BERTH_REFUSAL_NONE)
        return refusal;
    if (!*out_is_now && start_s <= unit_s)
        return BERTH_REFUSAL_TIME_PAST;
    if (start_s > unit_s + BERTH_SCHEDULE_HORIZON_S)
        return BERTH_REFUSAL_TIME_FAR;
    *out_start_s = start_s;
    return BERTH_REFUSAL_NONE;
}

enum berth_refusal berth_booking_end(struct berth_text entry, int64_t start_s, int64_t *out_end_s)
{
    bool is_now = false;
    int64_t end_s = 0;
    enum berth_refusal refusal = berth_booking_time(entry, start_s, start_s, &end_s, &is_now);
    if (refusal != BERTH_REFUSAL_NONE)
        return refusal;
    if (is_now)
        return BERTH_REFUSAL_TIME_NOW;
    if (end_s <= start_s)
        return BERTH_REFUSAL_TIME_PAST;
    if (end_s > start_s + BERTH_SCHEDULE_HORIZON_S)
        return BERTH_REFUSAL_TIME_FAR;
    *out_end_s = end_s;
    return BERTH_REFUSAL_NONE;
}
