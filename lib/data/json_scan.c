/* JSON's grammar (RFC 8259), read byte by byte without recursion. */
#include "data/json_scan.h"

#include "data/json_run.h"

enum state {
    STATE_VALUE,        /* a value is due */
    STATE_VALUE_GO,     /* the same, and it was announced */
    STATE_ARRAY_FIRST,  /* a value or ] */
    STATE_OBJECT_FIRST, /* a name or } */
    STATE_NAME,         /* a name */
    STATE_COLON,
    STATE_AFTER, /* a comma or the container's end */
    STATE_DONE,  /* nothing but white space */
    STATE_STRING,
    STATE_ESCAPE, /* after the backslash */
    STATE_HEX,
    STATE_UTF8, /* inside a sequence */
    STATE_LITERAL,
    STATE_MINUS, /* a digit is due */
    STATE_ZERO,  /* after a leading zero */
    STATE_INTEGER,
    STATE_DOT, /* a digit is due */
    STATE_FRACTION,
    STATE_E,      /* a sign or a digit is due */
    STATE_E_SIGN, /* a digit is due */
    STATE_EXPONENT
};

void berth_json_scan_init(struct berth_json_scan *s, int watch, unsigned depth)
{
    memset(s, 0, sizeof *s);
    s->watch = watch;
    s->depth = (uint8_t)depth;
    s->floor = (uint8_t)depth;
    s->state = STATE_VALUE;
}

static void fail(struct berth_json_scan *s, enum berth_status status, const char *reason)
{
    s->event = BERTH_JSON_EVENT_ERROR;
    s->status = status;
    s->reason = reason;
}

static void syntax(struct berth_json_scan *s, const char *reason)
{
    fail(s, BERTH_E_SYNTAX, reason);
}

static bool in_object(const struct berth_json_scan *s)
{
    return (s->objects >> (s->depth - 1) & 1) != 0;
}

static const char *skip_space(const char *p, const char *end)
{
    while (p != end && berth_json_is_space(*p))
        p++;
    return p;
}

/* A value has ended, in the container that is open now. */
static void value_ended(struct berth_json_scan *s)
{
    s->state = s->depth == s->floor ? STATE_DONE : STATE_AFTER;
    if (s->depth <= s->watch)
        s->event = BERTH_JSON_EVENT_END;
}

/* Where the longest container among the members of an element lies: who decodes the element need not look for
 * its end again. */
static void span_begin(struct berth_json_scan *s, const char *p)
{
    if (s->depth == s->watch + 1) {
        s->span_from = p;
        s->span_commas = 0;
    }
}

static void span_comma(struct berth_json_scan *s)
{
    s->span_commas += s->depth == s->watch + 2;
}

/* A container has been closed at P. */
static void span_end(struct berth_json_scan *s, const char *p)
{
    if (s->depth != s->watch + 1 || s->span_from == NULL)
        return;
    size_t len = (size_t)(p - s->span_from) + 1;
    if (len > s->span.len) {
        s->span = berth_text_make(s->span_from, len);
        s->span_count = s->span_commas + 1;
    }
    s->span_from = NULL;
}

static void open_container(struct berth_json_scan *s, const char *p, bool object)
{
    if (s->depth == BERTH_JSON_DEPTH_MAX) {
        fail(s, BERTH_E_DEPTH, "nested too deep");
        return;
    }
    uint64_t bit = UINT64_C(1) << s->depth;
    s->objects = object ? s->objects | bit : s->objects & ~bit;
    span_begin(s, p);
    s->depth++;
    s->state = object ? STATE_OBJECT_FIRST : STATE_ARRAY_FIRST;
}

static void close_container(struct berth_json_scan *s, const char *p)
{
    s->depth--;
    span_end(s, p);
    value_ended(s);
}

static void begin_literal(struct berth_json_scan *s, const char *rest)
{
    s->literal = rest;
    s->state = STATE_LITERAL;
}

/* The first byte of a value, which is not a quote. */
static const char *begin_value(struct berth_json_scan *s, const char *p)
{
    switch (*p) {
    case '{':
        open_container(s, p, true);
        break;
    case '[':
        open_container(s, p, false);
        break;
    case '-':
        s->state = STATE_MINUS;
        break;
    case '0':
        s->state = STATE_ZERO;
        break;
    case 't':
        begin_literal(s, "rue");
        break;
    case 'f':
        begin_literal(s, "alse");
        break;
    case 'n':
        begin_literal(s, "ull");
        break;
    case '\xEF':
        syntax(s, s->depth == s->floor ? "a value is due, not a byte order mark" : "a value is due");
        break;
    default:
        if (berth_json_is_digit(*p))
            s->state = STATE_INTEGER;
        else
            syntax(s, "a value is due");
    }
    return s->event == BERTH_JSON_EVENT_ERROR ? p : p + 1;
}

static const char *scan_literal(struct berth_json_scan *s, const char *p, const char *end)
{
    while (p != end && *s->literal != '\0') {
        if (*p != *s->literal) {
            syntax(s, "neither true, false nor null");
            return p;
        }
        p++;
        s->literal++;
    }
    if (*s->literal == '\0')
        value_ended(s);
    return p;
}

/* What a digit, a dot, an E, a sign or anything else leads to in each state of a number. 0 = a digit is due,
 * 1 = the number is over. */
enum { DIGIT_DUE = 0, OVER = 1 };
static const uint8_t number_steps[][5] = {
    [STATE_MINUS - STATE_MINUS] = {STATE_INTEGER, DIGIT_DUE, DIGIT_DUE, DIGIT_DUE, DIGIT_DUE},
    [STATE_ZERO - STATE_MINUS] = {OVER, STATE_DOT, STATE_E, OVER, OVER},
    [STATE_INTEGER - STATE_MINUS] = {STATE_INTEGER, STATE_DOT, STATE_E, OVER, OVER},
    [STATE_DOT - STATE_MINUS] = {STATE_FRACTION, DIGIT_DUE, DIGIT_DUE, DIGIT_DUE, DIGIT_DUE},
    [STATE_FRACTION - STATE_MINUS] = {STATE_FRACTION, OVER, STATE_E, OVER, OVER},
    [STATE_E - STATE_MINUS] = {STATE_EXPONENT, DIGIT_DUE, DIGIT_DUE, STATE_E_SIGN, DIGIT_DUE},
    [STATE_E_SIGN - STATE_MINUS] = {STATE_EXPONENT, DIGIT_DUE, DIGIT_DUE, DIGIT_DUE, DIGIT_DUE},
    [STATE_EXPONENT - STATE_MINUS] = {STATE_EXPONENT, OVER, OVER, OVER, OVER},
};

static const char *scan_number(struct berth_json_scan *s, const char *p, const char *end)
{
    for (; p != end; p++) {
        bool digit = berth_json_is_digit(*p);
        unsigned kind = digit                    ? 0
                        : *p == '.'              ? 1
                        : *p == 'e' || *p == 'E' ? 2
                        : *p == '-' || *p == '+' ? 3
                                                 : 4;
        unsigned next = number_steps[s->state - STATE_MINUS][kind];
        if (next == OVER) {
            value_ended(s);
            break;
        }
        if (next == DIGIT_DUE) {
            syntax(s, "a digit is due");
            break;
        }
        s->state = (uint8_t)(s->state == STATE_MINUS && *p == '0' ? STATE_ZERO : next);
    }
    return p;
}

/* Inside a string, at a byte that is neither plain nor a quote. RFC 3629 section 4. */
static const char *leave_plain(struct berth_json_scan *s, const char *p)
{
    uint8_t c = (uint8_t)*p;
    s->low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    s->high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    s->left = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    if (c == '\\') {
        s->state = STATE_ESCAPE;
    } else if (c < 0x20) {
        syntax(s, "a control character in a text must be escaped");
        return p;
    } else if (c < 0xC2 || c > 0xF4) {
        fail(s, BERTH_E_UTF8, "invalid UTF-8");
        return p;
    } else {
        s->state = STATE_UTF8;
    }
    return p + 1;
}

static const char *scan_utf8(struct berth_json_scan *s, const char *p, const char *end)
{
    while (p != end && s->left > 0) {
        uint8_t c = (uint8_t)*p;
        if (c < s->low || c > s->high) {
            fail(s, BERTH_E_UTF8, "invalid UTF-8");
            return p;
        }
        s->low = 0x80;
        s->high = 0xBF;
        s->left--;
        p++;
    }
    if (s->left == 0)
        s->state = STATE_STRING;
    return p;
}

static const char *scan_escape(struct berth_json_scan *s, const char *p)
{
    s->left = 4;
    if (*p == 'u')
        s->state = STATE_HEX;
    else if (memchr("\"\\/bfnrt", *p, 8) != NULL)
        s->state = STATE_STRING;
    else {
        syntax(s, "invalid escape");
        return p;
    }
    return p + 1;
}

static const char *scan_hex(struct berth_json_scan *s, const char *p, const char *end)
{
    for (; p != end && s->left > 0; p++, s->left--)
        if (!berth_json_is_digit(*p) && !((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')) {
            syntax(s, "four hexadecimal digits are due");
            return p;
        }
    if (s->left == 0)
        s->state = STATE_STRING;
    return p;
}

static const char *scan_string(struct berth_json_scan *s, const char *p, const char *end)
{
    p = berth_json_plain_end(p, end);
    if (p == end)
        return p;
    if (*p != '"')
        return leave_plain(s, p);
    if (!s->in_name) {
        value_ended(s);
    } else {
        s->in_name = false;
        s->state = STATE_COLON;
        if (s->depth == s->watch)
            s->event = BERTH_JSON_EVENT_NAME_END;
    }
    return p + 1;
}

/* At a quote: a value's, or a name's. */
static const char *begin_string(struct berth_json_scan *s, const char *p, bool name)
{
    s->state = STATE_STRING;
    s->in_name = name;
    if (name && s->depth == s->watch)
        s->event = BERTH_JSON_EVENT_NAME;
    return p + 1;
}

/* After a value inside a container. */
static const char *scan_after(struct berth_json_scan *s, const char *p)
{
    bool object = in_object(s);
    if (*p == ',') {
        s->state = object ? STATE_NAME : STATE_VALUE;
        span_comma(s);
    } else if (*p == (object ? '}' : ']')) {
        close_container(s, p);
    } else {
        syntax(s, object ? "a comma or } is due" : "a comma or ] is due");
        return p;
    }
    return p + 1;
}

/* Where a value, a name or punctuation is due; P is no white space. */
static const char *scan_due(struct berth_json_scan *s, const char *p)
{
    switch (s->state) {
    case STATE_ARRAY_FIRST:
        if (*p == ']') {
            s->span_from = NULL;
            close_container(s, p);
            return p + 1;
        }
        s->state = STATE_VALUE;
        /* fall through */
    case STATE_VALUE:
        if (s->depth == s->watch) {
            s->state = STATE_VALUE_GO;
            s->event = BERTH_JSON_EVENT_VALUE;
            return p;
        }
        /* fall through */
    case STATE_VALUE_GO:
        return *p == '"' ? begin_string(s, p, false) : begin_value(s, p);
    case STATE_OBJECT_FIRST:
        if (*p == '}') {
            s->span_from = NULL;
            close_container(s, p);
            return p + 1;
        }
        /* fall through */
    case STATE_NAME:
        if (*p == '"')
            return begin_string(s, p, true);
        syntax(s, s->state == STATE_NAME ? "a member's name is due" : "a member's name or } is due");
        return p;
    case STATE_COLON:
        s->state = STATE_VALUE;
        if (*p == ':')
            return p + 1;
        syntax(s, "a colon is due");
        return p;
    case STATE_AFTER:
        return scan_after(s, p);
    default:
        syntax(s, "only white space may follow the value");
        return p;
    }
}

/* Behind a number without exponent that does not reach END, or NULL: then the slow lane reads it. */
static const char *whole_number(const char *p, const char *end)
{
    p += *p == '-';
    const char *first = p;
    while (p != end && berth_json_is_digit(*p))
        p++;
    if (p == first || (*first == '0' && p - first > 1))
        return NULL;
    if (p != end && *p == '.') {
        const char *dot = p++;
        while (p != end && berth_json_is_digit(*p))
            p++;
        if (p - dot == 1)
            return NULL;
    }
    return p == end || *p == '.' || *p == 'e' || *p == 'E' ? NULL : p;
}

/* Behind the whole text whose quote is at P, or NULL when not all of it is there and plain. */
static const char *whole_string(const char *p, const char *end)
{
    p = berth_json_plain_end(p + 1, end);
    return p != end && *p == '"' ? p + 1 : NULL;
}

/* To the next byte that is no white space; to the slow lane, in STATE, when there is none. */
#define PASS_SPACE(state_)                                                                                   \
    do {                                                                                                     \
        if (p != end && (uint8_t)*p <= ' ')                                                                  \
            p = skip_space(p, end);                                                                          \
        s->state = (state_);                                                                                 \
        if (p == end)                                                                                        \
            return p;                                                                                        \
    } while (0)

/* Whether somebody waits for the member whose name is in the quotes at P ... BEHIND. */
static bool is_due(const struct berth_json_scan *s, const char *p, const char *behind)
{
    size_t len = (size_t)(behind - p) - 2;
    return s->depth == s->watch && len == s->due.len && memcmp(p + 1, s->due.ptr, len) == 0;
}

/* The fast lane: what nobody watches, as far as it is the ordinary case. It begins and stops in the states of
 * the slow lane, which does everything else: what this one does not know is never wrong, only slower. */
static const char *fast_lane(struct berth_json_scan *s, const char *p, const char *end)
{
    /* Where a container's end is somebody's business. */
    const int watched = s->due.ptr != NULL ? s->watch - 1 : s->watch;
    const int lowest = watched > s->floor ? watched : s->floor;
    const char *behind; /* what is read in one go */
    if (s->state == STATE_AFTER)
        goto after;
    if (s->state == STATE_NAME)
        goto name;
    if (s->state == STATE_OBJECT_FIRST) {
        PASS_SPACE(STATE_OBJECT_FIRST);
        if (*p == '"')
            goto name;
        return p;
    }

value:
    PASS_SPACE(STATE_VALUE);
    if (*p == '"') {
        behind = whole_string(p, end);
    } else if (*p == '{' || *p == '[') {
        bool object = *p == '{';
        open_container(s, p, object);
        if (s->event != BERTH_JSON_EVENT_NONE || ++p == end || *p != (object ? '"' : '{'))
            return p;
        if (object)
            goto name;
        goto value;
    } else {
        behind = whole_number(p, end);
    }
    if (behind == NULL)
        return p;
    p = behind;

after:
    PASS_SPACE(STATE_AFTER);
    if (*p == ',') {
        p++;
        span_comma(s);
        if (in_object(s))
            goto name;
        goto value;
    }
    if (*p != (in_object(s) ? '}' : ']') || s->depth - 1 <= lowest)
        return p;
    s->depth--;
    span_end(s, p);
    p++;
    goto after;

name:
    PASS_SPACE(STATE_NAME);
    behind = *p == '"' ? whole_string(p, end) : NULL;
    if (behind == NULL || is_due(s, p, behind))
        return p;
    p = behind;
    PASS_SPACE(STATE_COLON);
    if (*p != ':')
        return p;
    p++;
    goto value;
}

/* Deeper than anybody watches; or among the members of a watched object, whose names are compared here. */
static bool has_fast_lane(const struct berth_json_scan *s)
{
    if (s->depth <= s->floor)
        return false;
    if (s->state == STATE_AFTER || s->state == STATE_NAME || s->state == STATE_OBJECT_FIRST)
        return s->depth > s->watch || (s->depth == s->watch && s->due.ptr != NULL);
    return s->state == STATE_VALUE && s->depth > s->watch;
}

const char *berth_json_scan(struct berth_json_scan *s, const char *p, const char *end)
{
    s->event = BERTH_JSON_EVENT_NONE;
    while (s->event == BERTH_JSON_EVENT_NONE && p != end) {
        switch (s->state) {
        case STATE_STRING:
            p = scan_string(s, p, end);
            break;
        case STATE_ESCAPE:
            p = scan_escape(s, p);
            break;
        case STATE_HEX:
            p = scan_hex(s, p, end);
            break;
        case STATE_UTF8:
            p = scan_utf8(s, p, end);
            break;
        case STATE_LITERAL:
            p = scan_literal(s, p, end);
            break;
        default:
            if (s->state >= STATE_MINUS) {
                p = scan_number(s, p, end);
                break;
            }
            if (has_fast_lane(s))
                p = fast_lane(s, p, end);
            if (s->state > STATE_DONE || s->event != BERTH_JSON_EVENT_NONE)
                break;
            p = skip_space(p, end);
            if (p != end)
                p = scan_due(s, p);
        }
    }
    return p;
}

enum berth_status berth_json_scan_end(struct berth_json_scan *s)
{
    bool number = s->state == STATE_ZERO || s->state == STATE_INTEGER || s->state == STATE_FRACTION ||
                  s->state == STATE_EXPONENT;
    s->event = BERTH_JSON_EVENT_NONE;
    if (number && s->depth == s->floor)
        value_ended(s);
    if (s->state == STATE_DONE)
        return BERTH_OK;
    fail(s, BERTH_E_TRUNCATED, "the document ends too early");
    return BERTH_E_TRUNCATED;
}

enum berth_status berth_json_check_at(struct berth_text json, unsigned depth,
                                      struct berth_json_error *out_error)
{
    struct berth_json_scan s;
    berth_json_scan_init(&s, BERTH_JSON_WATCH_NONE, depth);
    const char *p = json.ptr;
    if (json.len > 0)
        p = berth_json_scan(&s, p, p + json.len);
    enum berth_status status = s.event == BERTH_JSON_EVENT_ERROR ? s.status : berth_json_scan_end(&s);
    if (status != BERTH_OK && out_error != NULL) {
        out_error->offset = (uint64_t)(p - json.ptr);
        out_error->reason = s.reason;
    }
    return status;
}

enum berth_status berth_json_check(struct berth_text document, struct berth_json_error *out_error)
{
    return berth_json_check_at(document, 0, out_error);
}
