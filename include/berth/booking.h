/* The rules of booking: what a person types, and what is accepted. Pure: no clock, no files. */
#ifndef BERTH_BOOKING_H
#define BERTH_BOOKING_H

#include "berth/booking_config.h"
#include "berth/booking_rows.h"
#include "berth/schedule.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Every refusal of wire page 2 has a code of its own. */
enum berth_refusal {
    BERTH_REFUSAL_NONE = 0,
    BERTH_REFUSAL_ID_FORM,         /* not [a-z0-9][a-z0-9_.-]{1,62} */
    BERTH_REFUSAL_ID_RESERVED,     /* "now" or "booking" */
    BERTH_REFUSAL_TIME_FORM,       /* neither flags nor five numbers */
    BERTH_REFUSAL_TIME_DATE,       /* no such date */
    BERTH_REFUSAL_TIME_UNIT,       /* minutes other than 00 and 30 */
    BERTH_REFUSAL_TIME_NOW,        /* "now" with others, or for an end */
    BERTH_REFUSAL_TIME_FLAGS,      /* days add up to 0 or more than 14, weeks to 0 or more than 2 */
    BERTH_REFUSAL_TIME_PAST,       /* a start not after the current unit, an end not after the start */
    BERTH_REFUSAL_TIME_FAR,        /* beyond 14 days */
    BERTH_REFUSAL_WANT_FORM,       /* not three numbers "cpus(float) memory(int) gpus(int)" */
    BERTH_REFUSAL_WANT_LOW,        /* below 1 CPU, 1 GB */
    BERTH_REFUSAL_WANT_HIGH,       /* above the user's limit */
    BERTH_REFUSAL_PORT_FORM,       /* not a number */
    BERTH_REFUSAL_PORT_RANGE,      /* not 10001 to 11000 */
    BERTH_REFUSAL_PORT_OWNED,      /* another user's configured port */
    BERTH_REFUSAL_PORT_NONE,       /* all are taken */
    BERTH_REFUSAL_IMAGE,           /* not in the host's list */
    BERTH_REFUSAL_COMMAND,         /* control characters, not UTF-8, or a word that files read as none */
    BERTH_REFUSAL_PASSWORD_SHORT,  /* fewer than 4 characters */
    BERTH_REFUSAL_PASSWORD_SIMPLE, /* one of the listed ones, or one character repeated */
    BERTH_REFUSAL_PASSWORD_FORM,   /* control characters, not UTF-8, or what would be taken for a hash */
    BERTH_REFUSAL_PASSWORD_UNEQUAL /* typed differently the second time */
};
#define BERTH_REFUSAL_COUNT 23
/* A sentence for people: what is wrong and what is accepted, lower case, no full stop. Static. */
const char *berth_refusal_text(enum berth_refusal refusal);
/* A short word for programs: "time-past". Static. */
const char *berth_refusal_name(enum berth_refusal refusal);

/* ---- Users ------------------------------------------------------------------------------------ */

#define BERTH_USER_ID_MAX 63
/* Lower-cases TEXT (trimmed) into OUT (room for BERTH_USER_ID_MAX) and judges it; *out_len its length. */
enum berth_refusal berth_booking_user_id(struct berth_text text, char *out, size_t *out_len) BERTH_MUST_CHECK;

/* ---- Times: wire page 2.1 --------------------------------------------------------------------- */

/* A start: "now", {n}-day and {n}-week flags, or "YYYY MM DD hh mm"; NOW_S is civil. *out_is_now tells the
 * word "now". */
enum berth_refusal berth_booking_start(struct berth_text entry, int64_t now_s, int64_t *out_start_s,
                                       bool *out_is_now) BERTH_MUST_CHECK;
/* An end: flags from START_S, or a date. */
enum berth_refusal berth_booking_end(struct berth_text entry, int64_t start_s,
                                     int64_t *out_end_s) BERTH_MUST_CHECK;
/* The same grammar for questions: no window is asked for. BASE_S is what flags count from. */
enum berth_refusal berth_booking_time(struct berth_text entry, int64_t now_s, int64_t base_s, int64_t *out_s,
                                      bool *out_is_now) BERTH_MUST_CHECK;

/* ---- What is asked for: 2.2 ------------------------------------------------------------------- */

/* One line of three values. */
enum berth_refusal berth_booking_want(struct berth_text line, const struct berth_capacity *limit,
                                      struct berth_capacity *out_want) BERTH_MUST_CHECK;
/* Single values: "digits[.digits]" with at most 9 fraction digits; digits. */
enum berth_refusal berth_booking_cpus(struct berth_text text, int64_t *out_nano) BERTH_MUST_CHECK;
enum berth_refusal berth_booking_count(struct berth_text text, int64_t *out_value) BERTH_MUST_CHECK;

/* ---- Ports: 2.3 ------------------------------------------------------------------------------- */

#define BERTH_PORT_FIRST 10001
#define BERTH_PORT_LAST 11000
/* TEXT as a port that USER may use: in range and not configured for another of OWNERS. */
enum berth_refusal berth_booking_port(struct berth_text text, uint32_t user,
                                      const struct berth_port_owner *owners, size_t owner_count,
                                      uint16_t *out_port) BERTH_MUST_CHECK;
/* A port that is nobody's: from one that RANDOM picks, once round. */
enum berth_refusal berth_booking_free_port(uint32_t random, const struct berth_port_owner *owners,
                                           size_t owner_count, uint16_t *out_port) BERTH_MUST_CHECK;

/* ---- Own bookings: 2.4 ------------------------------------------------------------------------ */

/* Whether USER holds a row that touches [START_S, END_S], ends included; *out_row (may be NULL) is the
 * earliest. */
bool berth_booking_own_overlap(const struct berth_schedule *schedule, uint32_t user, int64_t start_s,
                               int64_t end_s, size_t *out_row);

/* ---- Image, command, password: 2.5 ------------------------------------------------------------ */

/* What a missing image stands for. */
#define BERTH_DEFAULT_IMAGE "rober5566a/aivc-server:latest"
/* Empty: none. */
enum berth_refusal berth_booking_image(struct berth_text text,
                                       const struct berth_host_config *host) BERTH_MUST_CHECK;
enum berth_refusal berth_booking_command(struct berth_text text) BERTH_MUST_CHECK;
enum berth_refusal berth_booking_password(struct berth_text password,
                                          struct berth_text again) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
