/* Splitting a command the way a shell would, without a shell. */
#ifndef BERTH_PROGRAM_WORDS_H
#define BERTH_PROGRAM_WORDS_H

#include "berth/text.h"

/* Splits TEXT at blanks into OUT_WORDS (NULL-terminated, at most CAP - 1 words), their characters in BUF.
 * 'single' and "double" quotes and backslashes work as in a POSIX shell; nothing is expanded. BERTH_E_SYNTAX
 * for an open quote or a NUL byte, BERTH_E_SPACE when it does not fit. */
enum berth_status split_words(struct berth_text text, char *buf, size_t size, const char **out_words,
                              size_t cap, size_t *out_count) BERTH_MUST_CHECK;

#endif
