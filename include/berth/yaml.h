/* YAML: the subset that configuration and pipeline files use; everything else is refused with line and
 * column. */
#ifndef BERTH_YAML_H
#define BERTH_YAML_H

#include "berth/json.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The subset: one document (a leading "---" line allowed), UTF-8, LF or CRLF, optional byte order mark; block
 * mappings and sequences (a sequence may stand at its parent key's indentation), flow [] and {}; plain,
 * 'single' and "double" quoted scalars also over several lines; literal | and folded > block text with
 * indentation and chomping indicators; comments. Refused: anchors, aliases, tags, directives, several
 * documents, complex keys ("? "), merge keys, tabs in indentation, duplicate keys (see last_key_wins). */
#define BERTH_YAML_DEPTH_MAX 32

struct berth_yaml_error {
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in characters */
    const char *reason;
};

/* How plain scalars become JSON. */
enum berth_yaml_types {
    BERTH_YAML_CORE =
        0, /* the YAML 1.2 core schema: null, true/false, integers, floats; .nan and .inf are refused */
    BERTH_YAML_ALL_TEXT = 1 /* each scalar is its literal text, except an empty plain one, which is null: a
                               field table decides */
};

/* One remembered key: memory for telling repeated keys apart. Its members are private. */
struct berth_yaml_key {
    uint32_t first;
    uint32_t last;
    uint32_t last_line;
    uint16_t tag;
    uint16_t next;
};

struct berth_yaml_options {
    enum berth_yaml_types types;
    bool last_key_wins; /* a repeated key replaces the earlier value (wire/aivc.md 1.1) instead of being an
                           error; the first place stays */
    /* Memory for the keys of all mappings that are open at one time (at most 65535 are used); finding one
     * takes time in proportion to key_cap / 64. NULL: BERTH_YAML_KEYS of them on the stack. More open keys
     * than fit are BERTH_E_RANGE: no document makes the reader quadratic. */
    struct berth_yaml_key *keys;
    size_t key_cap;
};
#define BERTH_YAML_KEYS 256

/* Writes DOCUMENT as JSON into OUT (compact, key order kept). An empty document is null. BERTH_E_SYNTAX,
 * BERTH_E_UTF8, BERTH_E_DEPTH, BERTH_E_RANGE (a hexadecimal or octal integer beyond 64 bits, too many keys,
 * 4 GiB and more) with OUT_ERROR (may be NULL) filled in, BERTH_E_SPACE (need in out->len). OPTIONS NULL =
 * all zero. Numbers keep their value exactly, whatever their size: 0x1F is written as 31, +.5 as 0.5, 010
 * as 10. */
enum berth_status berth_yaml_to_json(struct berth_text document, const struct berth_yaml_options *options,
                                     struct berth_writer *out,
                                     struct berth_yaml_error *out_error) BERTH_MUST_CHECK;

/* Writes JSON (one value) as a document for people: block mappings and sequences, indented by two, texts
 * without quotes where every reader of YAML 1.1 or 1.2 takes them as they are, several lines as a | text,
 * everything else in double quotes. It reads back as the same value, members in their order. BERTH_E_DEPTH:
 * deeper than BERTH_YAML_DEPTH_MAX; BERTH_E_RANGE: a name of a kilobyte or more; BERTH_E_UTF8: half of a
 * surrogate pair; BERTH_E_SPACE (need in out->len); otherwise as berth_json_check(). */
enum berth_status berth_yaml_from_json(struct berth_text json, struct berth_writer *out) BERTH_MUST_CHECK;

/* ---- Events ----------------------------------------------------------------------------------- */

/* The same reader, one event a call, for those who type scalars by their own fields or change a file in
 * place: every event says which bytes of the document it stands for. */
enum berth_yaml_event_type {
    BERTH_YAML_END = 0, /* the document is over, and stays so; an empty one has no other event */
    BERTH_YAML_MAPPING_START,
    BERTH_YAML_MAPPING_END,
    BERTH_YAML_SEQUENCE_START,
    BERTH_YAML_SEQUENCE_END,
    BERTH_YAML_KEY,
    BERTH_YAML_SCALAR
};

enum berth_yaml_style {
    BERTH_YAML_PLAIN = 0, /* no quotes; an empty one is a value that is not there: null */
    BERTH_YAML_SINGLE,    /* '...' */
    BERTH_YAML_DOUBLE,    /* "..." */
    BERTH_YAML_LITERAL,   /* | */
    BERTH_YAML_FOLDED,    /* > */
    BERTH_YAML_BLOCK,     /* a collection by indentation */
    BERTH_YAML_FLOW       /* a collection in brackets */
};

struct berth_yaml_event {
    uint8_t type;    /* enum berth_yaml_event_type */
    uint8_t style;   /* enum berth_yaml_style */
    uint8_t depth;   /* open collections around it; a collection's start and end have the same */
    bool repeated;   /* KEY: the same mapping had it already (only seen when key memory was given) */
    uint32_t line;   /* of its first byte, from 1; of an end event: where the end was seen */
    uint32_t column; /* from 1, in characters */
    /* Its bytes in the document, quotes and block headers included, from start to before end. A collection's
     * start event has start == end at its first byte (FLOW: the bracket), its end event start == end after
     * its last content, without the comments and blank lines that follow. A null that is not written is an
     * empty span. */
    size_t start;
    size_t end;
    /* KEY, SCALAR: the characters where the document has them as they are; absent (ptr NULL) when lines must
     * be joined or escapes resolved, which berth_yaml_put_text() does. */
    struct berth_text text;
    /* Private: what the characters are made of. */
    struct berth_text content;
    uint32_t indent;
    uint8_t chomp;
};

/* The caller's; initialised by berth_yaml_reader_init(); only status and error are for reading. */
struct berth_yaml_reader {
    struct berth_text document;
    struct berth_yaml_error error; /* when a call has failed */
    enum berth_status status;      /* the first failure; it sticks */
    struct berth_yaml_key *keys;
    uint32_t key_cap;
    uint32_t key_count;
    uint32_t first;
    uint32_t pos;
    uint32_t line;
    uint32_t line_start;
    uint32_t last_end;
    uint32_t column_pos;
    uint32_t column;
    uint8_t depth;
    uint8_t stage;
    bool line_used;
    bool at_end;
    bool keys_known;
    uint16_t key_heads[64];
    struct {
        uint32_t start;
        int32_t indent;
        uint16_t key_base;
        uint8_t kind;
        uint8_t state;
    } levels[BERTH_YAML_DEPTH_MAX];
};

/* Begins to read DOCUMENT, whose characters are all checked here: BERTH_E_UTF8, BERTH_E_SYNTAX for control
 * characters, BERTH_E_RANGE for 4 GiB and more. KEYS (may be NULL) lets the reader see repeated keys, as in
 * struct berth_yaml_options. The document, and KEYS, live as long as the reader; events point into the
 * document. */
enum berth_status berth_yaml_reader_init(struct berth_yaml_reader *r, struct berth_text document,
                                         struct berth_yaml_key *keys, size_t key_cap) BERTH_MUST_CHECK;
/* The next event. BERTH_E_SYNTAX, BERTH_E_UTF8 (an escaped lone surrogate), BERTH_E_DEPTH, BERTH_E_RANGE:
 * r->error says where and why. Repeated keys are only marked. */
enum berth_status berth_yaml_next(struct berth_yaml_reader *r,
                                  struct berth_yaml_event *out_event) BERTH_MUST_CHECK;
/* After a SCALAR nothing; after a KEY passes over its value; after a start event over the whole collection.
 * *out_last (may be NULL) is the last event passed, for its end. Errors as berth_yaml_next(). */
enum berth_status berth_yaml_skip(struct berth_yaml_reader *r, const struct berth_yaml_event *from,
                                  struct berth_yaml_event *out_last) BERTH_MUST_CHECK;
/* The characters of a KEY or SCALAR: lines joined, escapes resolved. */
void berth_yaml_put_text(struct berth_writer *w, const struct berth_yaml_event *scalar);
/* Whether the characters of a KEY or SCALAR are TEXT. */
bool berth_yaml_text_equal(const struct berth_yaml_event *scalar, struct berth_text text);
/* Whether a SCALAR is null: plain, and empty or one of ~ null Null NULL. */
bool berth_yaml_is_null(const struct berth_yaml_event *scalar);

#ifdef __cplusplus
}
#endif
#endif
