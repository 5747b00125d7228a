/* Random JSON documents. */
#ifndef TEST_JSON_RANDOM_H
#define TEST_JSON_RANDOM_H

#include "berth/json.h"

/* Writes a random value of at most BUDGET values or so through the writer. */
void json_random_value(uint64_t *seed, struct berth_json_writer *w, unsigned budget);
/* A random document as text, with random white space and escapes that the writer would not make; its length.
 * BUF must hold CAP bytes; a document that does not fit is "null". */
size_t json_random_text(uint64_t *seed, char *buf, size_t cap, unsigned budget);
/* A random text of valid UTF-8: its length (at most CAP). */
size_t json_random_string(uint64_t *seed, char *buf, size_t cap);

#endif
