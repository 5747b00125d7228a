/* Civil time, RFC 3339, HTTP dates, intervals. */
#include "berth/time.h"

#define DAY_S 86400
#define MIN_SECONDS INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define MAX_SECONDS INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in_month(int32_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static bool civil_exists(const struct berth_civil *c)
{
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_in_month(c->year, c->month) && c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

/* Years are counted from March, so that the leap day is a year's last day; 400 years (an era) have 146097
 * days, and 1970-01-01 is day 719468 after 0000-03-01. */
enum berth_status berth_civil_to_seconds(const struct berth_civil *civil, int64_t *out_seconds)
{
    if (!civil_exists(civil))
        return BERTH_E_RANGE;
    int32_t year = civil->year - (civil->month <= 2);
    int32_t era = year / 400;
    int32_t year_of_era = year % 400;
    int32_t month = (civil->month + 9) % 12;
    int32_t day_of_year = (153 * month + 2) / 5 + civil->day - 1;
    int32_t days =
        era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
    *out_seconds = (int64_t)days * DAY_S + civil->hour * 3600 + civil->minute * 60 + civil->second;
    return BERTH_OK;
}

enum berth_status berth_seconds_to_civil(int64_t seconds, struct berth_civil *out_civil)
{
    if (seconds < MIN_SECONDS || seconds > MAX_SECONDS)
        return BERTH_E_RANGE;
    /* Both are positive from here: 0001-01-01 is day 306 after 0000-03-01. */
    uint64_t since = (uint64_t)(seconds - MIN_SECONDS);
    uint32_t days = (uint32_t)(since / DAY_S) + 306;
    uint32_t second_of_day = (uint32_t)(since % DAY_S);
    uint32_t era = days / 146097;
    uint32_t day_of_era = days % 146097;
    uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month = (5 * day_of_year + 2) / 153;
    out_civil->day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1);
    out_civil->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    out_civil->year = (int32_t)(era * 400 + year_of_era + (month >= 10));
    out_civil->hour = (uint8_t)(second_of_day / 3600);
    out_civil->minute = (uint8_t)(second_of_day / 60 % 60);
    out_civil->second = (uint8_t)(second_of_day % 60);
    return BERTH_OK;
}

unsigned berth_weekday(int64_t seconds)
{
    int64_t days = seconds / DAY_S - (seconds % DAY_S < 0);
    int64_t weekday = (days % 7 + 7 + 3) % 7; /* 1970-01-01 was a Thursday */
    return (unsigned)weekday;
}

/* A text that is read from the left. */
struct scan {
    const char *p, *end;
};

static bool take_char(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool take_digit(struct scan *s, uint32_t *value)
{
    if (s->p == s->end || *s->p < '0' || *s->p > '9')
        return false;
    *value = *value * 10 + (uint32_t)(*s->p++ - '0');
    return true;
}

/* Exactly COUNT digits. */
static bool take_number(struct scan *s, unsigned count, uint32_t *out_value)
{
    *out_value = 0;
    while (count-- > 0)
        if (!take_digit(s, out_value))
            return false;
    return true;
}

static bool take_2(struct scan *s, uint8_t *out_value)
{
    uint32_t value;
    if (!take_number(s, 2, &value))
        return false;
    *out_value = (uint8_t)value;
    return true;
}

static bool take_clock(struct scan *s, struct berth_civil *civil)
{
    return take_2(s, &civil->hour) && take_char(s, ':') && take_2(s, &civil->minute) && take_char(s, ':') &&
           take_2(s, &civil->second);
}

static bool take_year(struct scan *s, struct berth_civil *civil)
{
    uint32_t year;
    if (!take_number(s, 4, &year))
        return false;
    civil->year = (int32_t)year;
    return true;
}

/* "" or a dot and one to nine digits. */
static bool take_fraction(struct scan *s, uint32_t *out_nanos)
{
    static const uint32_t scale[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                     10000,      1000,      100,      10,      1};
    uint32_t value = 0;
    *out_nanos = 0;
    if (!take_char(s, '.'))
        return true;
    const char *p = s->p, *end = s->end - p > 9 ? p + 9 : s->end;
    while (p != end && *p >= '0' && *p <= '9')
        value = value * 10 + (uint32_t)(*p++ - '0');
    *out_nanos = value * scale[p - s->p];
    bool any = p != s->p;
    s->p = p;
    return any;
}

/* "", "Z" or an offset. Sets *OFFSET to seconds east of UTC. */
static enum berth_status take_zone(struct scan *s, int32_t *out_offset)
{
    *out_offset = 0;
    if (s->p == s->end || take_char(s, 'Z'))
        return BERTH_OK;
    bool west = *s->p == '-';
    uint8_t hour, minute;
    if (!west && *s->p != '+')
        return BERTH_E_SYNTAX;
    s->p++;
    if (!take_2(s, &hour) || !take_char(s, ':') || !take_2(s, &minute))
        return BERTH_E_SYNTAX;
    if (hour > 23 || minute > 59)
        return BERTH_E_RANGE;
    *out_offset = (hour * 60 + minute) * (west ? -60 : 60);
    return BERTH_OK;
}

/* Two digits at P; *BAD gets bits when they are none. */
static uint32_t two_digits(const char *p, uint32_t *bad)
{
    uint32_t tens = (uint8_t)p[0] - (uint32_t)'0', ones = (uint8_t)p[1] - (uint32_t)'0';
    *bad |= (tens > 9) | (ones > 9);
    return tens * 10 + ones;
}

#define STAMP_LEN 19 /* YYYY-MM-DDThh:mm:ss */

static bool take_stamp(struct scan *s, struct berth_civil *civil)
{
    const char *p = s->p;
    if (s->end - p < STAMP_LEN)
        return false;
    uint32_t bad = (p[4] != '-') | (p[7] != '-') | (p[10] != 'T') | (p[13] != ':') | (p[16] != ':');
    civil->year = (int32_t)(two_digits(p, &bad) * 100 + two_digits(p + 2, &bad));
    civil->month = (uint8_t)two_digits(p + 5, &bad);
    civil->day = (uint8_t)two_digits(p + 8, &bad);
    civil->hour = (uint8_t)two_digits(p + 11, &bad);
    civil->minute = (uint8_t)two_digits(p + 14, &bad);
    civil->second = (uint8_t)two_digits(p + 17, &bad);
    s->p += STAMP_LEN;
    return bad == 0;
}

enum berth_status berth_parse_rfc3339(struct berth_text text, struct berth_time *out_time)
{
    if (text.len == 0)
        return BERTH_E_SYNTAX;
    struct scan s = {text.ptr, text.ptr + text.len};
    struct berth_civil civil;
    struct berth_time time;
    int32_t offset = 0;
    if (!take_stamp(&s, &civil) || !take_fraction(&s, &time.nanos))
        return BERTH_E_SYNTAX;
    enum berth_status zone = take_zone(&s, &offset);
    if (zone == BERTH_E_SYNTAX || s.p != s.end)
        return BERTH_E_SYNTAX;
    BERTH_TRY(zone);
    BERTH_TRY(berth_civil_to_seconds(&civil, &time.seconds));
    time.seconds -= offset;
    *out_time = time;
    return BERTH_OK;
}

enum berth_status berth_put_rfc3339(struct berth_writer *w, struct berth_time time)
{
    struct berth_civil civil;
    if (time.nanos > 999999999)
        return BERTH_E_RANGE;
    BERTH_TRY(berth_seconds_to_civil(time.seconds, &civil));
    berth_put_u64_padded(w, (uint64_t)civil.year, 4);
    const struct {
        char before;
        uint8_t value;
    } parts[] = {
        {'-', civil.month}, {'-', civil.day}, {'T', civil.hour}, {':', civil.minute}, {':', civil.second}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        berth_put_char(w, parts[i].before);
        berth_put_u64_padded(w, parts[i].value, 2);
    }
    if (time.nanos != 0) {
        uint32_t nanos = time.nanos;
        unsigned digits = 9;
        for (; nanos % 10 == 0; digits--)
            nanos /= 10;
        berth_put_char(w, '.');
        berth_put_u64_padded(w, nanos, digits);
    }
    berth_put_char(w, 'Z');
    return BERTH_OK;
}

/* The index of the three-letter name at the front, out of NAMES in a row. */
static bool take_name3(struct scan *s, const char *names, unsigned count, unsigned *out_index)
{
    if (s->end - s->p < 3)
        return false;
    for (unsigned i = 0; i < count; i++, names += 3)
        if (names[0] == s->p[0] && names[1] == s->p[1] && names[2] == s->p[2]) {
            *out_index = i;
            s->p += 3;
            return true;
        }
    return false;
}

static bool take_month(struct scan *s, struct berth_civil *civil)
{
    unsigned month;
    if (!take_name3(s, "JanFebMarAprMayJunJulAugSepOctNovDec", 12, &month))
        return false;
    civil->month = (uint8_t)(month + 1);
    return true;
}

/* All of STRING or nothing. */
static bool take_string(struct scan *s, const char *string)
{
    struct scan ahead = *s;
    while (*string != '\0')
        if (!take_char(&ahead, *string++))
            return false;
    *s = ahead;
    return true;
}

/* "06 Nov 1994 08:49:37 GMT" after "Sun, ". */
static bool take_imf(struct scan *s, struct berth_civil *civil)
{
    return take_2(s, &civil->day) && take_char(s, ' ') && take_month(s, civil) && take_char(s, ' ') &&
           take_year(s, civil) && take_char(s, ' ') && take_clock(s, civil) && take_string(s, " GMT");
}

/* "06-Nov-94 08:49:37 GMT" after "Sunday, ". */
static bool take_rfc850(struct scan *s, struct berth_civil *civil, int64_t now_s)
{
    uint8_t year;
    if (!take_2(s, &civil->day) || !take_char(s, '-') || !take_month(s, civil) || !take_char(s, '-') ||
        !take_2(s, &year) || !take_char(s, ' ') || !take_clock(s, civil) || !take_string(s, " GMT"))
        return false;
    struct berth_civil now = {.year = 2019}; /* gives 1970 to 2069 */
    if (now_s != 0 && berth_seconds_to_civil(now_s, &now) != BERTH_OK)
        return false;
    civil->year = now.year - now.year % 100 + year;
    if (civil->year > now.year + 50)
        civil->year -= 100;
    else if (civil->year <= now.year - 50)
        civil->year += 100;
    return true;
}

/* "Nov  6 08:49:37 1994" after "Sun ". */
static bool take_asctime(struct scan *s, struct berth_civil *civil)
{
    uint32_t day;
    if (!take_month(s, civil) || !take_char(s, ' ') || !take_number(s, take_char(s, ' ') ? 1 : 2, &day))
        return false;
    civil->day = (uint8_t)day;
    return take_char(s, ' ') && take_clock(s, civil) && take_char(s, ' ') && take_year(s, civil);
}

/* What follows the three letters of a weekday's name in RFC 850's long form. */
static const char *const weekday_rest[] = {"day", "sday", "nesday", "rsday", "day", "urday", "day"};

enum berth_status berth_parse_http_date(struct berth_text text, int64_t now_s, int64_t *out_seconds)
{
    if (text.len == 0)
        return BERTH_E_SYNTAX;
    struct scan s = {text.ptr, text.ptr + text.len};
    struct berth_civil civil;
    unsigned weekday;
    bool good;
    if (!take_name3(&s, "MonTueWedThuFriSatSun", 7, &weekday))
        return BERTH_E_SYNTAX;
    if (take_string(&s, ", "))
        good = take_imf(&s, &civil);
    else if (take_char(&s, ' '))
        good = take_asctime(&s, &civil);
    else
        good =
            take_string(&s, weekday_rest[weekday]) && take_string(&s, ", ") && take_rfc850(&s, &civil, now_s);
    if (!good || s.p != s.end)
        return BERTH_E_SYNTAX;
    return berth_civil_to_seconds(&civil, out_seconds);
}

int berth_time_compare(struct berth_time a, struct berth_time b)
{
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;
    return (a.nanos > b.nanos) - (a.nanos < b.nanos);
}

static bool interval_is_empty(struct berth_interval i)
{
    return i.start_s >= i.end_s;
}

bool berth_interval_overlaps(struct berth_interval a, struct berth_interval b)
{
    return !interval_is_empty(a) && !interval_is_empty(b) && a.start_s < b.end_s && b.start_s < a.end_s;
}

bool berth_interval_contains(struct berth_interval outer, struct berth_interval inner)
{
    return outer.start_s <= inner.start_s && inner.end_s <= outer.end_s;
}
