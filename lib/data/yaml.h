/* What the files of the YAML reader share. */
#ifndef BERTH_DATA_YAML_H
#define BERTH_DATA_YAML_H

#include "berth/yaml.h"

#define BERTH_YAML_KEY_MAX 1024 /* bytes of a key on one line (YAML 1.2, 7.4.2) */
#define BERTH_YAML_NOT_FOUND UINT32_MAX

/* Block text: what happens to the line ends at its end. */
enum { BERTH_YAML_CLIP = 0, BERTH_YAML_STRIP, BERTH_YAML_KEEP };

/* ---- Places (yaml_scan.c) ---- */

static inline bool berth_yaml_is_blank(char c)
{
    return c == ' ' || c == '\t';
}
static inline bool berth_yaml_is_break(char c)
{
    return c == '\n' || c == '\r';
}
/* The byte at OFFSET; a line feed beyond the end, so that the end of the document ends a line. */
static inline char berth_yaml_at(struct berth_text document, uint32_t offset)
{
    return offset < document.len ? document.ptr[offset] : '\n';
}
/* Whether a blank, a line's end or the document's end is at OFFSET. */
static inline bool berth_yaml_gap_at(struct berth_text document, uint32_t offset)
{
    char c = berth_yaml_at(document, offset);
    return berth_yaml_is_blank(c) || berth_yaml_is_break(c);
}
uint32_t berth_yaml_skip_blanks(struct berth_text document, uint32_t offset);
/* Whether a "---" or "..." line begins at OFFSET, the beginning of a line. */
bool berth_yaml_marker_at(struct berth_text document, uint32_t offset);

/* Keeps the first failure with the line and column of OFFSET; returns it. */
enum berth_status berth_yaml_fail(struct berth_yaml_reader *r, enum berth_status status, uint32_t offset,
                                  const char *reason);
/* UTF-8 and the characters that YAML allows. */
enum berth_status berth_yaml_check_characters(struct berth_yaml_reader *r);

/* ---- Scalars (yaml_scan.c): the byte at r->pos is the scalar's first; afterwards r->pos is behind it  */

/* How a plain scalar ended on its line. */
enum berth_yaml_stop {
    BERTH_YAML_STOP_LINE,
    BERTH_YAML_STOP_COMMENT,
    BERTH_YAML_STOP_COLON,
    BERTH_YAML_STOP_FLOW
};

/* Where the plain text that begins at OFFSET ends on its line, without trailing blanks. */
uint32_t berth_yaml_plain_end(struct berth_text document, uint32_t offset, bool flow,
                              enum berth_yaml_stop *out_stop);
/* Whether a key (plain or quoted, followed by a colon) begins at OFFSET. */
bool berth_yaml_key_at(struct berth_text document, uint32_t offset, bool flow);
/* Reads the key at OFFSET into OUT_KEY: its style, span and text. */
void berth_yaml_key_read(struct berth_text document, uint32_t offset, bool flow,
                         struct berth_yaml_event *out_key);
/* Continuation lines must be indented more than PARENT. */
enum berth_status berth_yaml_scan_plain(struct berth_yaml_reader *r, int32_t parent, bool flow,
                                        struct berth_yaml_event *out);
enum berth_status berth_yaml_scan_quoted(struct berth_yaml_reader *r, int32_t parent,
                                         struct berth_yaml_event *out);
enum berth_status berth_yaml_scan_block(struct berth_yaml_reader *r, int32_t parent,
                                        struct berth_yaml_event *out);
/* Goes from the line break at r->pos to the first character of the next line that is not empty, which must
 * be indented more than PARENT and be no marker; at the document's end r->pos is its length. */
enum berth_status berth_yaml_next_line(struct berth_yaml_reader *r, int32_t parent);

/* ---- Characters of a scalar, run by run (yaml_text.c) ---- */

struct berth_yaml_decoder {
    const char *p;
    const char *end;
    size_t newlines; /* to be given out */
    uint32_t indent;
    uint8_t style;
    uint8_t chomp;
    bool space; /* to be given out */
    bool begun;
    bool more_indented; /* the last line of block text was */
    bool line_due;
    bool as_is; /* all of it is one run */
    char small[4];
};
void berth_yaml_decode(struct berth_yaml_decoder *d, const struct berth_yaml_event *scalar);
/* False at the end. OUT_RUN is never empty and valid until the next call. */
bool berth_yaml_decode_next(struct berth_yaml_decoder *d, struct berth_text *out_run);
/* The escape behind a backslash at P: bytes that it takes (0 when it is none) and its code point. A
 * surrogate pair is one escape; *out_code of a lone surrogate is that surrogate. */
size_t berth_yaml_escape(const char *p, const char *end, uint32_t *out_code);

/* ---- Repeated keys (yaml_keys.c) ---- */

/* The remembered key of the innermost mapping with the characters of KEY, or NULL. */
struct berth_yaml_key *berth_yaml_keys_find(struct berth_yaml_reader *r, const struct berth_yaml_event *key);
/* Remembers KEY for the innermost mapping: BERTH_E_RANGE when the memory is full. */
enum berth_status berth_yaml_keys_push(struct berth_yaml_reader *r, const struct berth_yaml_event *key);
/* Forgets the keys from BASE on. */
void berth_yaml_keys_pop(struct berth_yaml_reader *r, uint32_t base);

/* ---- Writing (yaml_write.c) ---- */

/* Checked JSON without white space between its values, and with every character escaped that YAML calls
 * unprintable; INSIDE: the inside of a text. */
void berth_yaml_put_json(struct berth_writer *out, struct berth_text json, bool inside);
/* Whether TEXT has none of these characters. */
bool berth_yaml_is_printable(struct berth_text text);

/* ---- The reader (yaml_read.c) ---- */

/* Whether the innermost open collection is one in brackets. */
bool berth_yaml_in_flow(const struct berth_yaml_reader *r);

/* In the innermost mapping, with a key due: makes the key at OFFSET the next event. Columns are not right
 * afterwards. */
void berth_yaml_move(struct berth_yaml_reader *r, uint32_t offset, uint32_t line);

#endif
