/* Steps through JSON that was checked before. Every step stays inside the text also when it was not. */
#ifndef BERTH_DATA_JSON_WALK_H
#define BERTH_DATA_JSON_WALK_H

#include "berth/json.h"

#include "data/json_run.h"

/* Outside of texts nothing else is this low. */
static inline char *berth_json_skip_space(char *p, const char *end)
{
    while (p != end && (uint8_t)*p <= ' ')
        p++;
    return p;
}

/* P is behind the opening quote; returns the closing one, or END without one. Sets *OUT_ESCAPES. */
static inline char *berth_json_close_quote(char *p, const char *end, bool *out_escapes)
{
    *out_escapes = false;
    for (;;) {
        p += berth_json_quote_end(p, end) - p;
        if (p == end || *p == '"')
            return p;
        *out_escapes = true;
        p += end - p >= 2 ? 2 : 1;
    }
}

/* Behind the value that begins at P, or NULL when there is none. *OUT_COUNT: an array's elements or an
 * object's members. */
char *berth_json_skip(char *p, const char *end, size_t *out_count);

#endif
