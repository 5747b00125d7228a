/* A part of a text that is made anew for each part. */
#include "http/window.h"

#include <string.h>

void berth_window_put(struct berth_window *w, struct berth_text text)
{
    w->total += text.len;
    if (w->skip >= text.len) {
        w->skip -= text.len;
        return;
    }
    text = berth_text_slice(text, (size_t)w->skip, text.len);
    w->skip = 0;
    size_t count = text.len < w->cap - w->len ? text.len : w->cap - w->len;
    if (count > 0)
        memcpy(w->buf + w->len, text.ptr, count);
    w->len += count;
}
