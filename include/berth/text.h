/* Text views (pointer and length travel together) and the bounded writer. */
#ifndef BERTH_TEXT_H
#define BERTH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "berth/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A view of bytes that somebody else owns, usually UTF-8; not NUL-terminated. ptr may be NULL only when len
 * is 0. A NULL ptr means "absent" where a comment says so; an empty text has len 0 and any ptr. */
struct berth_text {
    const char *ptr;
    size_t len;
};

/* A view of a string literal, usable in constant tables: BERTH_TEXT("jobs"). For run-time strings:
 * berth_text_of(). */
#define BERTH_TEXT_INIT(literal)                                                                             \
    {                                                                                                        \
        ("" literal), sizeof(literal) - 1                                                                    \
    }
#ifdef __cplusplus
#define BERTH_TEXT(literal) (berth_text{("" literal), sizeof(literal) - 1})
#else
#define BERTH_TEXT(literal) ((struct berth_text){("" literal), sizeof(literal) - 1})
#endif

/* A view of a NUL-terminated string, without the NUL; NULL gives {NULL, 0}. */
struct berth_text berth_text_of(const char *string);
/* A view of LEN bytes at PTR. */
struct berth_text berth_text_make(const char *ptr, size_t len);
/* The bytes [from, to) of TEXT; both are clamped to the text's length. */
struct berth_text berth_text_slice(struct berth_text text, size_t from, size_t to);
bool berth_text_equal(struct berth_text a, struct berth_text b);
/* As berth_text_equal, with A-Z and a-z alike; other bytes must be the same. No locale. */
bool berth_text_equal_nocase(struct berth_text a, struct berth_text b);
/* Byte order: negative, 0 or positive, as memcmp; a prefix sorts first. */
int berth_text_compare(struct berth_text a, struct berth_text b);
bool berth_text_starts(struct berth_text text, struct berth_text prefix);
bool berth_text_ends(struct berth_text text, struct berth_text suffix);
/* The offset of the first BYTE (or of NEEDLE), or SIZE_MAX when there is none. */
size_t berth_text_find_byte(struct berth_text text, char byte);
size_t berth_text_find(struct berth_text text, struct berth_text needle);
/* Without blanks, tabs, CR and LF at both ends. */
struct berth_text berth_text_trim(struct berth_text text);
/* Cuts the part before the first SEPARATOR off the front of REST into OUT_PART; without a separator the part
 * is all of it. False when REST is absent (ptr NULL), which is what it becomes after the last part. */
bool berth_text_split(struct berth_text *rest, char separator, struct berth_text *out_part);
/* Whether TEXT is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). When not,
 * *out_offset (may be NULL) is the offset of the first offending byte. */
bool berth_text_is_utf8(struct berth_text text, size_t *out_offset);
/* The character at the front of TEXT: its length in bytes (1 to 4) and its code point; 0 when TEXT is empty
 * or does not begin with well-formed UTF-8. */
size_t berth_text_character(struct berth_text text, uint32_t *out_code);
/* Same length and bytes, in time that depends on the lengths only. For secrets. */
bool berth_text_equal_secret(struct berth_text a, struct berth_text b);
/* Overwrites LEN bytes in a way the compiler may not remove. For secrets. */
void berth_wipe(void *ptr, size_t len);

/* The bounded writer. len counts everything that was put, also what did not fit, so that after a run that
 * failed with BERTH_E_SPACE len is the capacity that would have been enough. With buf NULL (cap 0) it only
 * counts. A zero-filled writer counts. One put is all or nothing: it never writes a part, and once a put did
 * not fit nothing more is written. The result is not NUL-terminated; berth_writer_terminate() adds a NUL
 * beyond len. */
struct berth_writer {
    char *buf;
    size_t cap;
    size_t len;
};

void berth_writer_init(struct berth_writer *w, void *buf, size_t cap);
void berth_put_bytes(struct berth_writer *w, const void *bytes, size_t len);
void berth_put_text(struct berth_writer *w, struct berth_text text);
void berth_put_string(struct berth_writer *w, const char *string);
void berth_put_char(struct berth_writer *w, char c);
void berth_put_repeat(struct berth_writer *w, char c, size_t count);
void berth_put_u64(struct berth_writer *w, uint64_t value);
void berth_put_i64(struct berth_writer *w, int64_t value);
/* At least WIDTH digits, zero-filled. */
void berth_put_u64_padded(struct berth_writer *w, uint64_t value, unsigned width);
/* Lower-case hexadecimal of LEN bytes. */
void berth_put_hex(struct berth_writer *w, const void *bytes, size_t len);
/* Whether everything that was put is in the buffer: BERTH_OK or BERTH_E_SPACE. */
enum berth_status berth_writer_status(const struct berth_writer *w);
/* What was written; empty when it did not fit. */
struct berth_text berth_writer_text(const struct berth_writer *w);
/* Puts a NUL after the last byte without counting it in len. BERTH_E_SPACE when it or anything before did not
 * fit (the need is then len + 1). */
enum berth_status berth_writer_terminate(struct berth_writer *w) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
