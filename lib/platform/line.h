/* One line for people: cut to fit, control characters replaced. */
#ifndef BERTH_PLATFORM_LINE_H
#define BERTH_PLATFORM_LINE_H

#include "berth/text.h"

/* Puts as much of TEXT as leaves room for a NUL, never a part of a UTF-8 sequence; runs of blanks, line ends
 * and other control characters become one blank, bytes that are no UTF-8 a '?'. */
void berth_put_line(struct berth_writer *w, struct berth_text text);
void berth_put_line_string(struct berth_writer *w, const char *string);
void berth_put_line_u64(struct berth_writer *w, uint64_t number);

#endif
