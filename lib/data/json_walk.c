/* Steps through JSON that was checked before. */
#include "data/json_walk.h"

static char *skip_scalar(char *p, const char *end)
{
    char *begin = p;
    bool escapes;
    if (*p == '"') {
        p = berth_json_close_quote(p + 1, end, &escapes);
        return p == end ? NULL : p + 1;
    }
    while (p != end && (berth_json_is_digit(*p) || (*p >= 'a' && *p <= 'z') || *p == '-' || *p == '+' ||
                        *p == '.' || *p == 'E'))
        p++;
    return p == begin ? NULL : p;
}

char *berth_json_skip(char *p, const char *end, size_t *out_count)
{
    size_t depth = 0, commas = 0;
    bool escapes;
    *out_count = 0;
    if (p == end)
        return NULL;
    if (*p != '{' && *p != '[')
        return skip_scalar(p, end);
    const char *first = berth_json_skip_space(p + 1, end);
    bool empty = first != end && (*first == ']' || *first == '}');
    do {
        char c = *p++;
        if (c == '"') {
            p = berth_json_close_quote(p, end, &escapes);
            if (p == end)
                return NULL;
            p++;
        } else {
            /* Brackets and braces differ in one bit. Without branches: which byte comes is hard to guess. */
            depth += (c | 0x20) == '{';
            depth -= (c | 0x20) == '}';
            commas += c == ',' && depth == 1;
        }
    } while (depth > 0 && p != end);
    *out_count = empty ? 0 : commas + 1;
    return depth == 0 ? p : NULL;
}
