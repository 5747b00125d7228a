/* The rules of TZ: "CET-1CEST,M3.5.0,M10.5.0/3". */
#include "zone_rule.h"

#include <string.h>

#define DAY_S INT64_C(86400)
#define WEEK_HOURS 167 /* RFC 8536: the times of changes reach a week to either side */

struct cursor {
    struct berth_text text;
    size_t at;
};

static char peek(const struct cursor *c)
{
    return c->at < c->text.len ? c->text.ptr[c->at] : '\0';
}

static bool take(struct cursor *c, char ch)
{
    bool is = peek(c) == ch && c->at < c->text.len;
    c->at += is;
    return is;
}

/* 1 to 3 digits, at most HIGH. */
static bool take_number(struct cursor *c, int32_t high, int32_t *out)
{
    size_t digits = 0;
    *out = 0;
    for (; digits < 3 && peek(c) >= '0' && peek(c) <= '9'; digits++)
        *out = *out * 10 + (c->text.ptr[c->at++] - '0');
    return digits > 0 && *out <= high;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool take_time(struct cursor *c, int32_t high_hours, int32_t *out_s)
{
    bool negative = take(c, '-');
    if (!negative)
        (void)take(c, '+');
    int32_t hours, minutes = 0, seconds = 0;
    if (!take_number(c, high_hours, &hours))
        return false;
    if (take(c, ':') && (!take_number(c, 59, &minutes) || (take(c, ':') && !take_number(c, 59, &seconds))))
        return false;
    int32_t total = hours * 3600 + minutes * 60 + seconds;
    *out_s = negative ? -total : total;
    return true;
}

/* At least three letters, or anything of letters, digits and signs in <>. */
static bool take_name(struct cursor *c)
{
    bool quoted = take(c, '<');
    size_t start = c->at;
    for (;; c->at++) {
        char ch = peek(c);
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        if (!letter && !(quoted && ((ch >= '0' && ch <= '9') || ch == '+' || ch == '-')))
            break;
    }
    return c->at - start >= 3 && (!quoted || take(c, '>'));
}

/* "Mm.w.d", "Jn" or "n", and "/time". */
static bool take_change(struct cursor *c, struct berth_posix_zone_change *out)
{
    int32_t month = 0, week = 0, day = 0;
    bool ok;
    out->time_s = 2 * 3600;
    if (take(c, 'M')) {
        out->kind = 'M';
        ok = take_number(c, 12, &month) && take(c, '.') && take_number(c, 5, &week) && take(c, '.') &&
             take_number(c, 6, &day) && month > 0 && week > 0;
    } else if (take(c, 'J')) {
        out->kind = 'J';
        ok = take_number(c, 365, &day) && day > 0;
    } else {
        out->kind = 'n';
        ok = take_number(c, 365, &day);
    }
    out->month = (uint8_t)month;
    out->week = (uint8_t)week;
    out->day = (uint16_t)day;
    return ok && (!take(c, '/') || take_time(c, WEEK_HOURS, &out->time_s));
}

bool berth_posix_zone_rule_read(struct berth_text text, struct berth_posix_zone_rule *rule)
{
    /* What most systems take when TZ names daylight saving time without saying when. */
    static const struct berth_text UNSAID = BERTH_TEXT_INIT(",M3.2.0,M11.1.0");
    struct cursor c = {text, 0};
    struct berth_posix_zone_rule r;
    memset(&r, 0, sizeof r);
    r.set = true;
    if (!take_name(&c) || !take_time(&c, 24, &r.standard_s))
        return false;
    r.standard_s = -r.standard_s; /* TZ counts westwards */
    r.saves = c.at < text.len;
    if (r.saves) {
        if (!take_name(&c))
            return false;
        r.saving_s = r.standard_s + 3600;
        if (c.at < text.len && peek(&c) != ',') {
            if (!take_time(&c, 24, &r.saving_s))
                return false;
            r.saving_s = -r.saving_s;
        }
        if (c.at == c.text.len)
            c = (struct cursor){UNSAID, 0};
        if (!take(&c, ',') || !take_change(&c, &r.begin) || !take(&c, ',') || !take_change(&c, &r.end))
            return false;
    }
    if (c.at != c.text.len)
        return false;
    *rule = r;
    return true;
}

/* ---- When ---- */

/* A date as civil seconds; 0 outside the years that there are. */
static int64_t date(int32_t year, uint8_t month, uint8_t day)
{
    struct berth_civil civil = {year, month, day, 0, 0, 0};
    int64_t seconds = 0;
    return berth_civil_to_seconds(&civil, &seconds) == BERTH_OK ? seconds : 0;
}

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The change in YEAR, as civil seconds of the time that holds before it. */
static int64_t change_in(const struct berth_posix_zone_change *change, int32_t year)
{
    int64_t new_year = date(year, 1, 1);
    if (change->kind == 'n')
        return new_year + change->day * DAY_S + change->time_s;
    if (change->kind == 'J') /* 29 February is never counted */
        return new_year + (change->day - 1 + (is_leap(year) && change->day > 59)) * DAY_S + change->time_s;
    int64_t first = date(year, change->month, 1);
    int64_t next = change->month < 12 ? date(year, (uint8_t)(change->month + 1), 1)
                                      : new_year + (is_leap(year) ? 366 : 365) * DAY_S;
    unsigned weekday = (berth_weekday(first) + 1) % 7; /* 0 is Sunday here */
    int64_t day = first + ((change->day + 7u - weekday) % 7 + (change->week - 1u) * 7) * DAY_S;
    while (day >= next)
        day -= 7 * DAY_S;
    return day + change->time_s;
}

int32_t berth_posix_zone_rule_offset(const struct berth_posix_zone_rule *rule, int64_t utc_s)
{
    struct berth_civil civil;
    if (!rule->saves || utc_s < -(INT64_C(1) << 40) || utc_s > (INT64_C(1) << 40) ||
        berth_seconds_to_civil(utc_s + rule->standard_s, &civil) != BERTH_OK || civil.year < 3 ||
        civil.year > 9997)
        return rule->standard_s;
    /* The last change before it decides; times of a week either way reach into the years beside. Where both
     * fall together, all year is daylight saving time. */
    int64_t last = INT64_MIN;
    bool saving = false;
    for (int32_t year = civil.year - 1; year <= civil.year + 1; year++) {
        int64_t begin = change_in(&rule->begin, year) - rule->standard_s;
        int64_t end = change_in(&rule->end, year) - rule->saving_s;
        if (end <= utc_s && end > last) {
            last = end;
            saving = false;
        }
        if (begin <= utc_s && begin >= last) {
            last = begin;
            saving = true;
        }
    }
    return saving ? rule->saving_s : rule->standard_s;
}
