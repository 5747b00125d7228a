/* The reader of JSON's grammar: takes bytes in any pieces, and stops where somebody wants to know. */
#ifndef BERTH_DATA_JSON_SCAN_H
#define BERTH_DATA_JSON_SCAN_H

#include "berth/json.h"

/* In a watched object with a due member the others go by unreported, as a rule. */
enum berth_json_event {
    BERTH_JSON_EVENT_NONE = 0, /* the bytes are used up */
    BERTH_JSON_EVENT_VALUE,    /* a value begins at this byte, in a container of the watched depth */
    BERTH_JSON_EVENT_END,      /* before this byte a value ended, in a container no deeper than watched */
    BERTH_JSON_EVENT_NAME,     /* a member's name begins at this byte (after the quote) */
    BERTH_JSON_EVENT_NAME_END, /* it ended before this byte (after the quote) */
    BERTH_JSON_EVENT_ERROR     /* status and reason say what is wrong with this byte */
};

/* Never stops at values. */
#define BERTH_JSON_WATCH_NONE (-1)

/* DEPTH is the nesting that the value will stand in. */
void berth_json_scan_init(struct berth_json_scan *s, int watch, unsigned depth);
/* Reads from P up to an event, which is then in s->event; returns the byte that it is about. */
const char *berth_json_scan(struct berth_json_scan *s, const char *p, const char *end);
/* The document ends here: BERTH_OK or BERTH_E_TRUNCATED. A number at its end ends with it. */
enum berth_status berth_json_scan_end(struct berth_json_scan *s);
/* Whether JSON is one value that may stand DEPTH levels deep. */
enum berth_status berth_json_check_at(struct berth_text json, unsigned depth,
                                      struct berth_json_error *out_error);

#endif
