/* Texts and numbers inside JSON: shared by the cursor, the stream and the field tables. */
#ifndef BERTH_DATA_JSON_TEXT_H
#define BERTH_DATA_JSON_TEXT_H

#include "berth/json.h"

/* Longest UTF-8 sequence. */
#define BERTH_UTF8_MAX 4

/* C (at most U+10FFFF) as UTF-8: how many bytes. */
size_t berth_utf8_encode(uint32_t c, char out[BERTH_UTF8_MAX]);

/* The inside of a JSON string that says TEXT, which is well-formed UTF-8 or a part of it. */
void berth_json_put_escaped(struct berth_writer *w, struct berth_text text);

/* Reads the escape at P (a backslash) and puts its character as UTF-8: *OUT_LEN bytes, *OUT_USED bytes of
 * input. BERTH_E_TRUNCATED when the escape may go on beyond END, BERTH_E_UTF8 for a lone surrogate,
 * BERTH_E_SYNTAX for no escape. */
enum berth_status berth_json_escape(const char *p, const char *end, char out[BERTH_UTF8_MAX], size_t *out_len,
                                    size_t *out_used);

/* Whether the insides of two JSON strings say the same. */
bool berth_json_raw_same(struct berth_text a, struct berth_text b);

/* The integer that a JSON number is, exactly: BERTH_E_TYPE when it has a fraction, BERTH_E_RANGE when it is
 * beyond the type. */
enum berth_status berth_json_number_i64(struct berth_text number, int64_t *out_value);
enum berth_status berth_json_number_u64(struct berth_text number, uint64_t *out_value);

#endif
