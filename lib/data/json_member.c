/* One member of an object. */
#include "data/json_member.h"

#include "data/json_scan.h"

bool berth_json_find_member(struct berth_text object, struct berth_text name, struct berth_text *out_raw)
{
    struct berth_json_scan s;
    const char *p = object.ptr;
    const char *end = object.ptr + object.len;
    const char *begin = NULL; /* of a name, then of the value that is looked for */
    bool matches = false, open = false;
    berth_json_scan_init(&s, 1, 0);
    while (p != end) {
        p = berth_json_scan(&s, p, end);
        if (s.event == BERTH_JSON_EVENT_ERROR)
            break;
        if (s.event == BERTH_JSON_EVENT_NAME)
            begin = p;
        else if (s.event == BERTH_JSON_EVENT_NAME_END)
            matches = berth_json_raw_equal(berth_text_make(begin, (size_t)(p - 1 - begin)), name);
        else if (s.event == BERTH_JSON_EVENT_VALUE && matches) {
            begin = p;
            open = true;
        } else if (s.event == BERTH_JSON_EVENT_END && open) {
            *out_raw = berth_text_make(begin, (size_t)(p - begin));
            return true;
        }
    }
    if (open)
        *out_raw = berth_text_make(begin, (size_t)(end - begin));
    return open;
}
