/* Exact numbers in text: integers, decimals with a fixed scale, doubles that survive a round trip. No locale.
 */
#ifndef BERTH_NUMBER_H
#define BERTH_NUMBER_H

#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The whole of TEXT as a decimal integer: digits, for the signed form with an optional leading '-'. No '+',
 * blanks or other bases; leading zeros are allowed. BERTH_E_SYNTAX when it is not one, BERTH_E_RANGE when it
 * does not fit; the output is written only on success. */
enum berth_status berth_parse_u64(struct berth_text text, uint64_t *out_value) BERTH_MUST_CHECK;
enum berth_status berth_parse_i64(struct berth_text text, int64_t *out_value) BERTH_MUST_CHECK;
enum berth_status berth_parse_i32(struct berth_text text, int32_t *out_value) BERTH_MUST_CHECK;
/* Hexadecimal digits of either case, at most 16 significant ones. Errors as above. */
enum berth_status berth_parse_hex_u64(struct berth_text text, uint64_t *out_value) BERTH_MUST_CHECK;

/* "[-+]digits[.digits]" as an integer scaled by 10^SCALE (SCALE 0 to 18), exactly: "24.5" at scale 9 is
 * 24500000000. BERTH_E_RANGE when it does not fit or has nonzero digits beyond the scale. */
enum berth_status berth_parse_decimal(struct berth_text text, unsigned scale,
                                      int64_t *out_scaled) BERTH_MUST_CHECK;
/* The shortest such text: no trailing zeros in the fraction, no dot without one. */
void berth_put_decimal(struct berth_writer *w, int64_t scaled, unsigned scale);

/* A JSON number (RFC 8259 grammar) as the nearest double, ties to even, correctly rounded for every input.
 * BERTH_E_SYNTAX for anything else, BERTH_E_RANGE when it overflows (a value that underflows is 0 or
 * subnormal). */
enum berth_status berth_parse_double(struct berth_text text, double *out_value) BERTH_MUST_CHECK;
/* The shortest digits (at most 17) that berth_parse_double reads back as the same double; of several the
 * nearest. Plain from 0.00001 up to 21 digits before the dot, otherwise with an exponent: 0.1, 2, 1.5e-7,
 * 1e21, -0. Always a JSON number. The caller refuses NaN and infinities first: for these it puts "null". */
void berth_put_double(struct berth_writer *w, double value);

#ifdef __cplusplus
}
#endif
#endif
