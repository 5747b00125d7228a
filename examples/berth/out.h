/* Output without stdio: a small buffer before a file descriptor, and the texts that go through it. */
#ifndef BERTH_PROGRAM_OUT_H
#define BERTH_PROGRAM_OUT_H

#include "berth/text.h"

struct out {
    int fd;
    bool failed; /* a write failed: everything later is dropped; error is the system's number */
    int error;
    bool terminal;
    bool colour;      /* a terminal, and NO_COLOR and TERM=dumb do not forbid it */
    bool utf8;        /* the locale's character set, by LC_ALL, LC_CTYPE, LANG */
    unsigned width;   /* of the terminal in columns; 0: not a terminal, no bound */
    unsigned columns; /* the same, but for what is no terminal what COLUMNS says; 0: nothing */
    size_t len;
    char buf[4096];
};

/* Asked when a write is interrupted: the number of a signal that ends the program, or 0. NULL: none does. */
extern int (*out_interrupted)(void);

void out_init(struct out *o, int fd);
void out_bytes(struct out *o, const void *bytes, size_t len);
void out_text(struct out *o, struct berth_text text);
void out_string(struct out *o, const char *string);
void out_u64(struct out *o, uint64_t value);
void out_repeat(struct out *o, char c, size_t count);
void out_flush(struct out *o);

/* Text from elsewhere, made safe for a terminal: control characters and bytes that are not UTF-8 become '?'.
 */
void out_safe(struct out *o, struct berth_text text);
/* Columns that TEXT takes on a terminal (wide characters two, combining ones none). */
unsigned text_columns(struct berth_text text);
/* The longest beginning of TEXT that takes at most COLUMNS, broken at a blank when there is one; at least one
 * character. */
struct berth_text text_fit(struct berth_text text, unsigned columns);
/* Line and column (both from 1, columns in characters) of the byte at OFFSET. */
void text_place(struct berth_text text, uint64_t offset, uint32_t *out_line, uint32_t *out_column);

/* Valid JSON on one line: white space between tokens is dropped. Writes at most LEN bytes to TO, which may be
 * JSON itself; returns their number. */
size_t json_compact(const char *json, size_t len, char *to);

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_DIM, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW };
/* Switches the colour, when this output has colours. */
void out_colour(struct out *o, enum colour colour);

#endif
