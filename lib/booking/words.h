/* Words of what was typed: parts between blanks. */
#ifndef BERTH_BOOKING_WORDS_H
#define BERTH_BOOKING_WORDS_H

#include "berth/text.h"

/* Cuts the next word off the front of REST; false when there is none. */
bool berth_words_next(struct berth_text *rest, struct berth_text *out_word);

#endif
