/* Cuts a document that arrives in pieces into its elements. The buffer is a stack: each open element lies
 * behind the one that encloses it. Positions go on counting beyond the buffer's end, so that an element that
 * does not fit ends with the size it needed. */
#include "data/json_run.h"
#include "data/json_scan.h"
#include "data/json_text.h"

/* ---- The path --------------------------------------------------------------------------------- */

/* Each has this length. */
static const struct berth_text stars_of[] = {BERTH_TEXT_INIT("[*]"), BERTH_TEXT_INIT("{*}"),
                                             BERTH_TEXT_INIT("(*)")};
#define STAR_LEN 3

static bool begins_star(struct berth_text path)
{
    return berth_text_starts(path, stars_of[0]) || berth_text_starts(path, stars_of[1]) ||
           berth_text_starts(path, stars_of[2]);
}

static bool ends_name(char c)
{
    return c == '.' || c == '[' || c == '{' || c == '(';
}

static enum berth_status compile_path(struct berth_json_stream *s, struct berth_text path)
{
    size_t i = 0, stars = 0;
    bool last_is_star = true;
    while (i < path.len) {
        struct berth_text rest = berth_text_slice(path, i, path.len);
        size_t from = i, to = i;
        last_is_star = begins_star(rest);
        if (last_is_star) {
            stars++;
            i += STAR_LEN;
        } else {
            from += i > 0 && path.ptr[i] == '.';
            if (i > 0 && from == i)
                return BERTH_E_ARGUMENT;
            for (to = from; to < path.len && !ends_name(path.ptr[to]); to++)
                continue;
            if (to == from)
                return BERTH_E_ARGUMENT;
            i = to;
        }
        if (s->segment_count == BERTH_JSON_STREAM_SEGMENTS || to > UINT16_MAX)
            return BERTH_E_ARGUMENT;
        s->segments[s->segment_count].from = (uint16_t)from;
        s->segments[s->segment_count++].len = (uint16_t)(to - from);
    }
    return last_is_star && stars <= BERTH_JSON_STREAM_LEVELS ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_json_stream_init(struct berth_json_stream *s,
                                         const struct berth_json_stream_config *config)
{
    memset(s, 0, sizeof *s);
    if (config->buf == NULL || config->cap == 0 || config->element == NULL)
        return BERTH_E_ARGUMENT;
    s->config = *config;
    berth_json_scan_init(&s->scan, 0, 0);
    return compile_path(s, config->path);
}

/* The containers that the path leads through are the outermost ones: scan.watch is how many of them are open,
 * and segment number watch - 1 says which of the innermost one's values is due. */
static bool segment_is_star(const struct berth_json_stream *s, int segment)
{
    return s->segments[segment].len == 0;
}

/* Whether the star takes a container that begins with BRACKET. */
static bool star_takes(const struct berth_json_stream *s, int segment, char bracket)
{
    char star = s->config.path.ptr[s->segments[segment].from];
    return star == '(' ? bracket == '[' || bracket == '{' : bracket == star;
}

/* From now on DEPTH containers of the path are open. */
static void watch(struct berth_json_stream *s, int depth)
{
    s->scan.watch = depth;
    s->scan.due = berth_text_make(NULL, 0);
    if (depth > 0 && !segment_is_star(s, depth - 1))
        s->scan.due =
            berth_text_make(s->config.path.ptr + s->segments[depth - 1].from, s->segments[depth - 1].len);
}

static size_t sum(size_t a, size_t b)
{
    return b > SIZE_MAX - a ? SIZE_MAX : a + b;
}

static void put_at(struct berth_json_stream *s, size_t at, const char *bytes, size_t len)
{
    if (at <= s->config.cap && len <= s->config.cap - at)
        memcpy(s->config.buf + at, bytes, len);
}

/* ---- Member names ----------------------------------------------------------------------------- */

/* Where the next element goes in the buffer: its name first, if it has one. */
static size_t next_start(const struct berth_json_stream *s)
{
    return s->level == 0 ? 0 : sum(s->levels[s->level - 1].start, s->levels[s->level - 1].outer_len);
}

static void name_begin(struct berth_json_stream *s)
{
    bool star = segment_is_star(s, s->scan.watch - 1);
    s->matching = !star;
    s->naming = star;
    s->name_len = 0;
    s->matched = s->matching;
    s->match_at = 0;
    s->pending = 0;
}

static void match_bytes(struct berth_json_stream *s, const char *bytes, size_t len)
{
    size_t segment = (size_t)s->scan.watch - 1;
    size_t left = (size_t)s->segments[segment].len - s->match_at;
    const char *due = s->config.path.ptr + s->segments[segment].from + s->match_at;
    s->matched = s->matched && len <= left && memcmp(bytes, due, len) == 0;
    if (s->matched)
        s->match_at = (uint16_t)(s->match_at + len);
}

/* Compares a piece of a name; an escape may be spread over pieces. */
static void name_bytes(struct berth_json_stream *s, const char *p, const char *end)
{
    for (; p != end && s->matched; p++) {
        char bytes[BERTH_UTF8_MAX];
        size_t len = 0, used = 0;
        if (s->pending == 0 && *p != '\\') {
            match_bytes(s, p, 1);
            continue;
        }
        s->escape[s->pending++] = *p;
        enum berth_status status = berth_json_escape(s->escape, s->escape + s->pending, bytes, &len, &used);
        if (status == BERTH_OK)
            match_bytes(s, bytes, len);
        else if (status != BERTH_E_TRUNCATED)
            s->matched = false;
        if (status == BERTH_OK)
            s->pending = 0;
    }
}

/* Keeps a piece of an element's name, escapes as they stand. */
static void keep_name(struct berth_json_stream *s, const char *p, const char *end)
{
    size_t len = (size_t)(end - p);
    put_at(s, sum(next_start(s), s->name_len), p, len);
    s->name_len = sum(s->name_len, len);
}

/* The name of the element of LEVEL: absent when it has none, or it does not fit. */
static struct berth_text name_of(const struct berth_json_stream *s, unsigned level)
{
    if (!s->levels[level].named || s->levels[level].start > s->config.cap)
        return berth_text_make(NULL, 0);
    return berth_text_make(s->config.buf + s->levels[level].start - s->levels[level].name_size,
                           s->levels[level].name_len);
}

/* Unescapes it; a name with half of a surrogate pair stays as it is. */
static void settle_name(struct berth_json_stream *s, unsigned level)
{
    struct berth_text raw = name_of(s, level), name;
    struct berth_writer count = {0};
    if (raw.ptr == NULL || berth_text_find_byte(raw, '\\') == SIZE_MAX ||
        berth_json_unescape(raw, &count) == BERTH_E_UTF8)
        return;
    char *at = s->config.buf + (raw.ptr - s->config.buf);
    if (berth_json_unescape_in_place(at, raw.len, &name) == BERTH_OK)
        s->levels[level].name_len = name.len;
}

static void name_end(struct berth_json_stream *s)
{
    if (s->naming) {
        s->naming = false;
        s->has_name = true;
        return;
    }
    s->matching = false;
    s->matched = s->matched && s->pending == 0 && s->match_at == s->segments[s->scan.watch - 1].len;
}

/* ---- The buffer ------------------------------------------------------------------------------- */

/* Adds to the innermost element. */
static void append(struct berth_json_stream *s, const char *bytes, size_t len)
{
    unsigned top = s->level - 1u;
    put_at(s, sum(s->levels[top].start, s->levels[top].len), bytes, len);
    s->levels[top].len = sum(s->levels[top].len, len);
}

/* Adds what was read of the innermost element since the last time, up to P. */
static void keep_up(struct berth_json_stream *s, const char *p)
{
    if (s->capture && p != s->kept)
        append(s, s->kept, (size_t)(p - s->kept));
    s->kept = p;
}

/* The innermost element is interrupted, at the bracket P, by a container of elements: what there is of it
 * is closed off. */
static void suspend(struct berth_json_stream *s, const char *p)
{
    unsigned top = s->level - 1u;
    keep_up(s, p);
    append(s, *p == '[' ? "[" : "{", 1);
    size_t len = s->levels[top].len;
    size_t at = sum(s->levels[top].start, len);
    put_at(s, at, *p == '[' ? "]" : "}", 1);
    len = sum(len, 1);
    for (unsigned depth = s->scan.depth; depth > s->levels[top].depth; depth--) {
        bool object = (s->scan.objects >> (depth - 1) & 1) != 0;
        put_at(s, sum(s->levels[top].start, len), object ? "}" : "]", 1);
        len = sum(len, 1);
    }
    s->levels[top].outer_len = len;
    s->capture = false;
}

/* The container, which stood at the depth that is open now, is over before P. */
static void resume(struct berth_json_stream *s, const char *p)
{
    bool object = (s->scan.objects >> s->scan.depth & 1) != 0;
    append(s, object ? "}" : "]", 1);
    s->capture = true;
    s->kept = p;
}

/* What the scan knows of a container ends with the bytes that it was given. */
static void forget_span(struct berth_json_stream *s)
{
    s->scan.span = berth_text_make(NULL, 0);
    s->scan.span_from = NULL;
}

static void element_begin(struct berth_json_stream *s, const char *p, uint64_t offset)
{
    size_t start = next_start(s);
    unsigned top = s->level++;
    s->levels[top].named = s->has_name;
    s->levels[top].name_size = s->has_name ? s->name_len : 0;
    s->levels[top].name_len = s->levels[top].name_size;
    s->levels[top].start = sum(start, s->levels[top].name_size);
    s->levels[top].len = 0;
    s->has_name = false;
    settle_name(s, top);
    s->levels[top].offset = offset;
    s->levels[top].depth = s->scan.depth;
    s->capture = true;
    s->kept = p;
    forget_span(s);
}

static enum berth_status element_end(struct berth_json_stream *s, const char *p)
{
    unsigned top = s->level - 1u;
    bool has_span = s->scan.span.ptr != NULL && s->scan.span.ptr >= s->kept;
    size_t span_at = has_span ? sum(s->levels[top].len, (size_t)(s->scan.span.ptr - s->kept)) : 0;
    keep_up(s, p);
    size_t start = s->levels[top].start, needed = sum(start, s->levels[top].len);
    struct berth_json_element element = {.level = s->level,
                                         .index = s->levels[top].index,
                                         .offset = s->levels[top].offset,
                                         .needed = needed,
                                         .name = name_of(s, top)};
    if (needed <= s->config.cap) {
        element.json = s->config.buf + start;
        element.len = s->levels[top].len;
        if (has_span)
            element.longest =
                (struct berth_json_list){element.json + span_at, s->scan.span.len, s->scan.span_count};
    }
    if (top > 0)
        element.outer_name = name_of(s, top - 1);
    if (top > 0 && start <= s->config.cap)
        element.outer =
            berth_text_make(s->config.buf + s->levels[top - 1].start, s->levels[top - 1].outer_len);
    s->level--;
    s->levels[top].index++;
    s->capture = false;
    return s->config.element(s->config.ctx, &element);
}

/* ---- Events ----------------------------------------------------------------------------------- */

static bool begins_value(char c)
{
    return c == '{' || c == '[' || c == '"' || c == '-' || c == 't' || c == 'f' || c == 'n' ||
           berth_json_is_digit(c);
}

/* The path leads through the value that begins at P: one segment further, if it is of the right kind.
 */
static enum berth_status follow(struct berth_json_stream *s, const char *p, bool is_element)
{
    int next = s->scan.watch;
    char first = *p;
    bool star = segment_is_star(s, next);
    if (star ? star_takes(s, next, first) : first == '{') {
        if (star) {
            if (s->level > 0)
                suspend(s, p);
            s->levels[s->level].index = 0;
            s->found = s->level < s->found ? s->found : (uint8_t)(s->level + 1u);
        }
        watch(s, s->scan.watch + 1);
        return BERTH_OK;
    }
    bool absent = first == 'n' && next > 0;
    if (absent || (is_element && !star) || !begins_value(first))
        return BERTH_OK;
    bool array = star && s->config.path.ptr[s->segments[next].from] == '[';
    bool either = star && s->config.path.ptr[s->segments[next].from] == '(';
    s->error.reason = either  ? "an array or an object is due"
                      : array ? "an array is due"
                              : "an object is due";
    return BERTH_E_TYPE;
}

static enum berth_status value_begins(struct berth_json_stream *s, const char *p, uint64_t offset)
{
    int depth = s->scan.watch;
    bool is_element = depth == 0 ? s->segment_count == 0 : segment_is_star(s, depth - 1);
    bool on_path = depth == 0 || is_element || s->matched;
    s->matched = false;
    if (is_element)
        element_begin(s, p, offset);
    return on_path && depth < s->segment_count ? follow(s, p, is_element) : BERTH_OK;
}

static enum berth_status value_ended(struct berth_json_stream *s, const char *p)
{
    if (s->scan.depth < s->scan.watch) {
        watch(s, s->scan.watch - 1);
        if (segment_is_star(s, s->scan.watch) && s->level > 0)
            resume(s, p);
    }
    int depth = s->scan.watch;
    bool is_element = depth == 0 ? s->segment_count == 0 : segment_is_star(s, depth - 1);
    return is_element ? element_end(s, p) : BERTH_OK;
}

static enum berth_status handle_event(struct berth_json_stream *s, const char *p, uint64_t offset)
{
    switch (s->scan.event) {
    case BERTH_JSON_EVENT_VALUE:
        return value_begins(s, p, offset);
    case BERTH_JSON_EVENT_END:
        return value_ended(s, p);
    case BERTH_JSON_EVENT_NAME:
        name_begin(s);
        return BERTH_OK;
    case BERTH_JSON_EVENT_NAME_END:
        name_end(s);
        return BERTH_OK;
    case BERTH_JSON_EVENT_ERROR:
        s->error.reason = s->scan.reason;
        return s->scan.status;
    default:
        return BERTH_OK;
    }
}

enum berth_status berth_json_stream_feed(struct berth_json_stream *s, const void *bytes, size_t len)
{
    if (len == 0)
        return s->status;
    const char *begin = bytes, *p = begin, *end = begin + len;
    s->kept = begin;
    forget_span(s);
    while (s->status == BERTH_OK && p != end) {
        const char *next = berth_json_scan(&s->scan, p, end);
        const char *name_end_at = s->scan.event == BERTH_JSON_EVENT_NAME_END ? next - 1 : next;
        if (s->matching)
            name_bytes(s, p, name_end_at);
        else if (s->naming)
            keep_name(s, p, name_end_at);
        p = next;
        s->error.offset = s->offset + (uint64_t)(p - begin);
        s->status = handle_event(s, p, s->error.offset);
    }
    keep_up(s, p);
    s->offset += (uint64_t)(p - begin);
    return s->status;
}

enum berth_status berth_json_stream_end(struct berth_json_stream *s)
{
    if (s->status != BERTH_OK)
        return s->status;
    s->error.offset = s->offset;
    s->status = berth_json_scan_end(&s->scan);
    s->error.reason = s->scan.reason;
    if (s->status == BERTH_OK && s->scan.event == BERTH_JSON_EVENT_END)
        s->status = value_ended(s, s->kept);
    if (s->status == BERTH_OK && s->segment_count > 0 && s->found == 0) {
        s->error.reason = "the array that is asked for is not there";
        s->status = BERTH_E_MISSING;
    }
    return s->status;
}
