/* Civil time: RFC 3339 and its relatives to int64 seconds and back; HTTP dates; intervals. No zone database,
 * no clock. */
#ifndef BERTH_TIME_H
#define BERTH_TIME_H

#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An instant: seconds since 1970-01-01T00:00:00Z (negative before) and 0 to 999,999,999 nanoseconds after
 * them. */
struct berth_time {
    int64_t seconds;
    uint32_t nanos;
};

/* A civil date and time of the proleptic Gregorian calendar; year 1 to 9999, month 1 to 12, day 1 to 31. */
struct berth_civil {
    int32_t year;
    uint8_t month, day, hour, minute, second;
};

/* A half-open interval [start, end) in civil seconds. */
struct berth_interval {
    int64_t start_s;
    int64_t end_s;
};

/* BERTH_E_RANGE for a date or time of day that does not exist (no leap seconds). */
enum berth_status berth_civil_to_seconds(const struct berth_civil *civil,
                                         int64_t *out_seconds) BERTH_MUST_CHECK;
/* BERTH_E_RANGE outside the years 1 to 9999. */
enum berth_status berth_seconds_to_civil(int64_t seconds, struct berth_civil *out_civil) BERTH_MUST_CHECK;
/* 0 = Monday ... 6 = Sunday. */
unsigned berth_weekday(int64_t seconds);

/* "YYYY-MM-DDThh:mm:ss[.f{1,9}][Z|+hh:mm|-hh:mm]": four-digit year, upper-case T and Z, seconds always
 * present, no zone = UTC (RFC 3339 and what the mlcycle backend emits). BERTH_E_SYNTAX for another form
 * (including "+hhmm", a dot without digits, more than nine digits), BERTH_E_RANGE for a date that does not
 * exist or hour 24. */
enum berth_status berth_parse_rfc3339(struct berth_text text, struct berth_time *out_time) BERTH_MUST_CHECK;
/* UTC with 'Z', the fraction with trailing zeros trimmed, no dot when it is zero. A time outside the years 1
 * to 9999 puts nothing and returns BERTH_E_RANGE. */
enum berth_status berth_put_rfc3339(struct berth_writer *w, struct berth_time time) BERTH_MUST_CHECK;

/* The three date forms of RFC 9110 section 5.6.7 (IMF-fixdate, RFC 850, asctime). A two-digit year more than
 * 50 years after NOW_S (civil seconds; 0 when unknown: then 1970..2069) means the past century.
 * BERTH_E_SYNTAX for another form, BERTH_E_RANGE for a date that does not exist. */
enum berth_status berth_parse_http_date(struct berth_text text, int64_t now_s,
                                        int64_t *out_seconds) BERTH_MUST_CHECK;

/* Order of instants: negative, 0, positive. */
int berth_time_compare(struct berth_time a, struct berth_time b);
bool berth_interval_overlaps(struct berth_interval a, struct berth_interval b);
bool berth_interval_contains(struct berth_interval outer, struct berth_interval inner);

#ifdef __cplusplus
}
#endif
#endif
