/* A part of a text that is made anew for each part, so that its length has no bound of its own. */
#ifndef BERTH_LIB_HTTP_WINDOW_H
#define BERTH_LIB_HTTP_WINDOW_H

#include "berth/text.h"

/* The bytes from SKIP on, as many as fit; TOTAL counts all of it. */
struct berth_window {
    char *buf;
    size_t cap;
    size_t len;
    uint64_t skip;
    uint64_t total;
};

void berth_window_put(struct berth_window *w, struct berth_text text);

#endif
