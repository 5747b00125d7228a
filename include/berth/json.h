/* JSON (RFC 8259): check, cursor, writer, stream, field tables. */
#ifndef BERTH_JSON_H
#define BERTH_JSON_H

#include "berth/guid.h"
#include "berth/io.h"
#include "berth/number.h"
#include "berth/text.h"
#include "berth/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Deepest nesting that is accepted anywhere: one bit a level in a 64-bit word. Deeper is BERTH_E_DEPTH. */
#define BERTH_JSON_DEPTH_MAX 64

/* Where a document stopped being JSON, and why. reason is static text. */
struct berth_json_error {
    uint64_t offset;
    const char *reason;
};

/* ---- Check ------------------------------------------------------------------------------------ */

/* Whether DOCUMENT is one JSON value and nothing else but white space: exactly the grammar of RFC 8259, in
 * well-formed UTF-8, without a byte order mark. BERTH_E_SYNTAX, BERTH_E_UTF8, BERTH_E_DEPTH, or
 * BERTH_E_TRUNCATED when it is a proper beginning that ends too early; OUT_ERROR (may be NULL) then says
 * where and why. An escaped lone surrogate is grammatical and passes here; asking for such a text's
 * characters is BERTH_E_UTF8. */
enum berth_status berth_json_check(struct berth_text document,
                                   struct berth_json_error *out_error) BERTH_MUST_CHECK;

/* ---- Cursor ----------------------------------------------------------------------------------- */

/* Bytes that one token takes of the caller's token memory (five 32-bit numbers); a document needs one token a
 * value and one a member name. */
#define BERTH_JSON_TOKEN_SIZE 20

/* A tokenized document. Text and tokens belong to the caller and live as long as any cursor into them. */
struct berth_json {
    struct berth_text document;
    void *tokens;
    size_t token_cap;   /* tokens that fit */
    size_t token_count; /* tokens in use */
};

enum berth_json_type {
    BERTH_JSON_NONE = 0, /* no value here: not found, or past the end */
    BERTH_JSON_NULL,
    BERTH_JSON_BOOL,
    BERTH_JSON_NUMBER,
    BERTH_JSON_TEXT,
    BERTH_JSON_ARRAY,
    BERTH_JSON_OBJECT
};

/* A place in a document: a plain value, copied freely. Functions given a NONE cursor answer NONE or
 * BERTH_E_MISSING, so that look-ups can be chained. */
struct berth_json_cursor {
    const struct berth_json *json;
    uint32_t token;
};

/* Checks and tokenizes DOCUMENT. TOKENS is any memory of TOKENS_SIZE bytes, aligned for int64_t.
 * BERTH_E_SPACE when there are more tokens than fit (*out_needed, may be NULL: bytes that would do; it is
 * set on success too); BERTH_E_RANGE for a document of 2 GB or more, BERTH_E_ARGUMENT without token memory or
 * for one that is not aligned; otherwise as berth_json_check(). */
enum berth_status berth_json_parse(struct berth_json *out_json, struct berth_text document, void *tokens,
                                   size_t tokens_size, size_t *out_needed,
                                   struct berth_json_error *out_error) BERTH_MUST_CHECK;
struct berth_json_cursor berth_json_root(const struct berth_json *json);
enum berth_json_type berth_json_type_of(struct berth_json_cursor at);
/* The value's bytes in the document; a text's without its quotes, escapes as they stand. */
struct berth_text berth_json_raw(struct berth_json_cursor at);
/* Elements of an array or members of an object; 0 for everything else. */
size_t berth_json_count(struct berth_json_cursor at);
/* The first element, or the value of the first member. */
struct berth_json_cursor berth_json_enter(struct berth_json_cursor at);
/* The next element or member value of the same parent. */
struct berth_json_cursor berth_json_next(struct berth_json_cursor at);
/* The name of the member whose value AT is, escapes as they stand; absent when AT is no member's value. */
struct berth_text berth_json_name(struct berth_json_cursor at);
/* The value of member NAME (compared after unescaping); of several the last, as most readers do. */
struct berth_json_cursor berth_json_find(struct berth_json_cursor object, struct berth_text name);
struct berth_json_cursor berth_json_at(struct berth_json_cursor array, size_t index);
/* By a path: names and [index], joined by dots: "steps[2].docker.image". A name with other characters than
 * A-Z a-z 0-9 _ - $ stands in ["quotes"] as a JSON string. The empty path is AT itself. BERTH_E_ARGUMENT for
 * a malformed path, BERTH_E_MISSING when there is no such value. */
enum berth_status berth_json_find_path(struct berth_json_cursor at, struct berth_text path,
                                       struct berth_json_cursor *out_at) BERTH_MUST_CHECK;

/* An enum as it came: value is BERTH_ENUM_UNKNOWN for a text that has no name in the table, and text keeps
 * the wire's own word (absent for a number). Unknown numbers are kept as they are. */
#define BERTH_ENUM_UNKNOWN INT32_MIN
struct berth_enum {
    int32_t value;
    struct berth_text text;
};
struct berth_enum_name {
    struct berth_text name;
    int32_t value;
};

/* Getters: BERTH_E_MISSING at NONE, BERTH_E_TYPE for another type (null included), and the parser's own
 * errors. Integers are exact: 1.0 and 1e2 are integers, 1.5 is BERTH_E_TYPE, out of range is BERTH_E_RANGE.
 */
enum berth_status berth_json_get_i64(struct berth_json_cursor at, int64_t *out_value) BERTH_MUST_CHECK;
enum berth_status berth_json_get_u64(struct berth_json_cursor at, uint64_t *out_value) BERTH_MUST_CHECK;
enum berth_status berth_json_get_double(struct berth_json_cursor at, double *out_value) BERTH_MUST_CHECK;
enum berth_status berth_json_get_bool(struct berth_json_cursor at, bool *out_value) BERTH_MUST_CHECK;
enum berth_status berth_json_get_time(struct berth_json_cursor at,
                                      struct berth_time *out_time) BERTH_MUST_CHECK;
enum berth_status berth_json_get_guid(struct berth_json_cursor at,
                                      struct berth_guid *out_guid) BERTH_MUST_CHECK;
/* A number, or a text out of NAME_COUNT names; out_value->text views the document, escapes as they stand. */
enum berth_status berth_json_get_enum(struct berth_json_cursor at, const struct berth_enum_name *names,
                                      size_t name_count, struct berth_enum *out_value) BERTH_MUST_CHECK;
/* The characters, unescaped into W; also as berth_json_unescape(). */
enum berth_status berth_json_get_text(struct berth_json_cursor at, struct berth_writer *w) BERTH_MUST_CHECK;

/* Unescapes the inside of a JSON string into W: surrogate pairs joined, BERTH_E_UTF8 for a lone one,
 * BERTH_E_SYNTAX for a bad escape, BERTH_E_SPACE when W is full (the need is in w->len). */
enum berth_status berth_json_unescape(struct berth_text raw, struct berth_writer *w) BERTH_MUST_CHECK;
/* The same in place (the result is never longer); *out_text is a view of the beginning of PTR. After an error
 * the bytes are changed in part. */
enum berth_status berth_json_unescape_in_place(char *ptr, size_t len,
                                               struct berth_text *out_text) BERTH_MUST_CHECK;
/* Whether the inside of a JSON string, unescaped, is PLAIN. */
bool berth_json_raw_equal(struct berth_text raw, struct berth_text plain);

/* ---- Writer ----------------------------------------------------------------------------------- */

/* Writes one JSON value, compact. The first error (BERTH_E_STATE for wrong nesting, a value without a name or
 * a name without a value; BERTH_E_RANGE for NaN or infinity; BERTH_E_UTF8; BERTH_E_DEPTH) sticks and is what
 * berth_json_done() returns. */
struct berth_json_writer {
    struct berth_writer *out;
    uint64_t objects; /* one bit a level: 1 = object */
    enum berth_status status;
    uint8_t depth;
    bool need_comma;
    bool have_name;
    bool finished;
};

void berth_json_writer_init(struct berth_json_writer *w, struct berth_writer *out);
void berth_json_begin_object(struct berth_json_writer *w);
void berth_json_end_object(struct berth_json_writer *w);
void berth_json_begin_array(struct berth_json_writer *w);
void berth_json_end_array(struct berth_json_writer *w);
void berth_json_put_name(struct berth_json_writer *w, struct berth_text name);
void berth_json_put_text(struct berth_json_writer *w, struct berth_text text);
void berth_json_put_i64(struct berth_json_writer *w, int64_t value);
void berth_json_put_u64(struct berth_json_writer *w, uint64_t value);
void berth_json_put_double(struct berth_json_writer *w, double value);
void berth_json_put_bool(struct berth_json_writer *w, bool value);
void berth_json_put_null(struct berth_json_writer *w);
void berth_json_put_time(struct berth_json_writer *w, struct berth_time time);
void berth_json_put_guid(struct berth_json_writer *w, const struct berth_guid *guid);
/* One value that is JSON already; it is checked. */
void berth_json_put_raw(struct berth_json_writer *w, struct berth_text json);
/* BERTH_OK when exactly one whole value was written and it fitted; BERTH_E_SPACE (need in out->len), or the
 * first error. */
enum berth_status berth_json_done(const struct berth_json_writer *w) BERTH_MUST_CHECK;

/* ---- Field tables ----------------------------------------------------------------------------- */

/* What a struct member holds, and its C type. Texts are views into the document that was decoded, unescaped
 * in place. */
enum berth_field_type {
    BERTH_FIELD_TEXT,   /* struct berth_text: a JSON string */
    BERTH_FIELD_BOOL,   /* bool */
    BERTH_FIELD_I32,    /* int32_t */
    BERTH_FIELD_I64,    /* int64_t */
    BERTH_FIELD_U64,    /* uint64_t */
    BERTH_FIELD_DOUBLE, /* double */
    BERTH_FIELD_TIME,   /* struct berth_time: RFC 3339 text */
    BERTH_FIELD_GUID,   /* struct berth_guid: text */
    BERTH_FIELD_ENUM,   /* struct berth_enum: a number, or a text looked up in the field's names */
    BERTH_FIELD_OBJECT, /* the nested shape's struct, embedded */
    BERTH_FIELD_LIST,   /* struct berth_json_list: an array, walked later element by element */
    BERTH_FIELD_MAP,    /* struct berth_json_list: an object, walked later member by member */
    BERTH_FIELD_RAW     /* struct berth_text: any value, as JSON */
};

/* An array's or object's bytes inside the document, brackets included. A zeroed one is empty. */
struct berth_json_list {
    char *ptr;
    size_t len;
    size_t count; /* elements or members */
};

struct berth_shape;

struct berth_field {
    struct berth_text name;              /* JSON member name; case matters */
    uint8_t type;                        /* enum berth_field_type */
    uint8_t flags;                       /* BERTH_FIELD_REQUIRED ... */
    uint16_t offset;                     /* of the member in the struct */
    const struct berth_shape *shape;     /* OBJECT: its shape */
    const struct berth_enum_name *names; /* ENUM: its texts, or NULL for numbers only */
    uint8_t name_count;
};
/* Absent (or null) is BERTH_E_MISSING. Without it null is the same as absent. */
#define BERTH_FIELD_REQUIRED 0x01
/* ENUM: encoded as the wire's text instead of its number. */
#define BERTH_FIELD_AS_TEXT 0x02

/* At most 32 fields. The struct's member at present_offset is a uint32_t whose bit i says that fields[i] was
 * there (not null): decode sets it, encode writes exactly the fields whose bit is set. Two rows may share an
 * offset (a member with two names). */
struct berth_shape {
    const char *name; /* for messages: "job" */
    const struct berth_field *fields;
    uint8_t field_count;
    uint16_t size; /* of the struct */
    uint16_t present_offset;
};

/* Shapes nested in shapes (BERTH_FIELD_OBJECT), the outermost one counted; deeper is BERTH_E_ARGUMENT. */
#define BERTH_FIELDS_DEPTH_MAX 8

/* Where decoding stopped: at.offset in the JSON, a static reason ("a number is due"), and for whom. */
struct berth_decode_error {
    struct berth_json_error at;
    struct berth_text member; /* the member's name in its table, or absent */
    const char *shape;        /* the shape's name, or NULL */
};
/* Reads the object at JSON (LEN bytes, one value) into the struct OUT, which is zeroed first. Unknown members
 * are skipped, of a repeated one the last counts. The document is changed in place (unescaping) and the
 * struct's texts and lists point into it: it can be decoded once. BERTH_E_TYPE, BERTH_E_RANGE,
 * BERTH_E_MISSING, BERTH_E_SYNTAX, BERTH_E_TRUNCATED, BERTH_E_UTF8, BERTH_E_DEPTH; OUT_ERROR (may be NULL)
 * says where and why. */
enum berth_status berth_fields_decode(const struct berth_shape *shape, char *json, size_t len, void *out,
                                      struct berth_decode_error *out_error) BERTH_MUST_CHECK;
/* The same for JSON that was checked before (a stream's element, a list's item): faster. With anything else
 * it stays inside the LEN bytes, but what it says about them means nothing. */
enum berth_status berth_fields_decode_checked(const struct berth_shape *shape, char *json, size_t len,
                                              void *out,
                                              struct berth_decode_error *out_error) BERTH_MUST_CHECK;
/* Writes the struct as one object, members in the table's order. An enum with BERTH_FIELD_AS_TEXT is written
 * as the name of its value, or as its own text when it has no name; with neither it is BERTH_E_RANGE. Without
 * the flag it is its number, or its text when the value is BERTH_ENUM_UNKNOWN. */
void berth_fields_encode(const struct berth_shape *shape, const void *in, struct berth_json_writer *w);

/* Walks a list or a map: *LIST shrinks from the front. On BERTH_OK the next element's bytes (and member name,
 * unescaped in place, empty for an array's) are in *out_item / *out_name (may be NULL); BERTH_E_MISSING at
 * the end; BERTH_E_UTF8 for a name that is no text (a lone surrogate), BERTH_E_SYNTAX when LIST is not what a
 * decoder left. An item that is an array or object can be walked in turn; berth_json_parse() (one token is
 * enough for a scalar) and berth_fields_decode_checked() read it. Names and texts with escapes are changed in
 * place, so that a list is walked once. */
enum berth_status berth_json_list_next(struct berth_json_list *list, struct berth_text *out_name,
                                       struct berth_json_list *out_item) BERTH_MUST_CHECK;
/* The same and decodes the element by SHAPE. */
enum berth_status berth_json_list_decode(struct berth_json_list *list, const struct berth_shape *shape,
                                         void *out, struct berth_decode_error *out_error) BERTH_MUST_CHECK;

/* ---- Stream ----------------------------------------------------------------------------------- */

/* A document that arrives in pieces and of which only elements are kept. The path says which: "[*]" each
 * element of the outermost array, "jobs[*]" of a member, "" the whole document as one element. Further stars
 * go deeper:
 * "[*].steps[*]" delivers each step (level 2) as soon as it is complete, and afterwards its job (level 1)
 * with "steps":[] left empty. So the buffer must hold one job without its steps plus one step. At most four
 * stars; a path ends in a star. Names are as they stand (no quotes, no escapes), without '.', '[', '{', '('.
 * A named member that is null counts as absent. An element that is no object although the path has a name
 * after its star is delivered as it is.
 * "{*}" is each member of an object instead, which the element's name tells apart; "(*)" takes an array or an
 * object. A name takes room in the buffer before its element. */
#define BERTH_JSON_STREAM_LEVELS 4

struct berth_json_element {
    unsigned level;  /* 1 = the first star of the path */
    size_t index;    /* place in its array, from 0 */
    uint64_t offset; /* of its first byte in the document */
    /* The element as checked JSON in the stream's buffer, to be changed at will (fields decode in place);
     * valid until the callback returns. NULL when it did not fit: needed says how many bytes of buffer it
     * would have taken. */
    char *json;
    size_t len;
    size_t needed;
    /* Level 2 and deeper: the enclosing element as far as it was read, closed off so that it is JSON ("id"
     * and whatever stood before); valid until the callback returns, not to be changed. Absent at level 1. */
    struct berth_text outer;
    /* The member's name, unescaped, of an element of "{*}", and that of the enclosing element; absent when it
     * has none or it did not fit. Valid until the callback returns. */
    struct berth_text name, outer_name;
    struct berth_json_list longest; /* private: an array or object among its members that need not be walked
                                       to find its end */
};
/* Decodes an element as berth_fields_decode_checked() does, and faster. BERTH_E_SPACE when it did not fit. */
enum berth_status berth_json_element_decode(const struct berth_json_element *element,
                                            const struct berth_shape *shape, void *out,
                                            struct berth_decode_error *out_error) BERTH_MUST_CHECK;

struct berth_json_stream_config {
    struct berth_text path; /* lives as long as the stream */
    char *buf;
    size_t cap;
    /* Called for each element; another status than BERTH_OK ends the stream with it. */
    enum berth_status (*element)(void *ctx, const struct berth_json_element *element);
    void *ctx;
};

/* The reader of the grammar, byte by byte: private. */
struct berth_json_scan {
    uint64_t objects;       /* one bit a level: 1 = object */
    const char *reason;     /* of a failure */
    const char *literal;    /* the rest of true, false or null that is due */
    int watch;              /* containers this deep or less are reported */
    struct berth_text due;  /* the watched container is an object, and only this member counts; or absent */
    struct berth_text span; /* the longest array or object among the members of what is inside the watched
                               one; in the bytes that were given last, or absent */
    size_t span_count;      /* its elements or members */
    const char *span_from;  /* one that is open */
    size_t span_commas;
    uint8_t depth;
    uint8_t floor; /* the depth that the outermost value stands in */
    uint8_t state, event;
    uint8_t in_name;   /* the text that is read is a member's name */
    uint8_t left;      /* bytes that the UTF-8 sequence or escape still needs */
    uint8_t low, high; /* what the next byte of a UTF-8 sequence may be */
    enum berth_status status;
};

/* Names and stars in a path. */
#define BERTH_JSON_STREAM_SEGMENTS 12

/* The caller's; initialised by berth_json_stream_init(); its members are private, except for reading error.
 */
struct berth_json_stream {
    struct berth_json_stream_config config;
    struct berth_json_error error;
    uint64_t offset; /* bytes read */
    enum berth_status status;
    struct berth_json_scan scan;
    struct {
        uint16_t from, len; /* in the path; len 0 = a star */
    } segments[BERTH_JSON_STREAM_SEGMENTS];
    struct {
        size_t start, len; /* in the buffer; they go on counting where it ends */
        size_t index;      /* elements before this one */
        size_t outer_len;  /* len with the brackets that close it */
        size_t name_size;  /* bytes before start that are its name's */
        size_t name_len;   /* of the name, unescaped */
        uint64_t offset;
        uint8_t depth; /* of the element's container */
        bool named;
    } levels[BERTH_JSON_STREAM_LEVELS];
    const char *kept; /* bytes of the piece at hand up to here are in the buffer */
    uint8_t segment_count;
    uint8_t level;     /* open elements */
    bool capture;      /* bytes go to the innermost open element */
    uint8_t found;     /* stars of the path whose array was there, at least once */
    bool matching;     /* a member's name is being compared */
    bool matched;      /* the last member's name was the path's */
    bool naming;       /* a member's name that is an element's is being read */
    bool has_name;     /* it was */
    size_t name_len;   /* bytes of it */
    uint8_t pending;   /* bytes of an escape that is not whole yet */
    uint16_t match_at; /* bytes of the path's name that were seen */
    char escape[12];   /* the longest: a surrogate pair "\ud83d\ude00" */
};

/* BERTH_E_ARGUMENT for a malformed path or no buffer. */
enum berth_status berth_json_stream_init(struct berth_json_stream *s,
                                         const struct berth_json_stream_config *config) BERTH_MUST_CHECK;
/* Takes the next LEN bytes (any number, 0 too). Errors as berth_json_check() (they stick; s->error says
 * where), the callback's own, or BERTH_E_TYPE when the document does not have what the path asks for (an
 * object where an array is due). Members that the path does not name are checked and skipped, whatever their
 * size. */
enum berth_status berth_json_stream_feed(struct berth_json_stream *s, const void *bytes,
                                         size_t len) BERTH_MUST_CHECK;
/* The document ends here: BERTH_E_TRUNCATED when it is not complete, BERTH_E_MISSING when the path's array
 * was never there. */
enum berth_status berth_json_stream_end(struct berth_json_stream *s) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
