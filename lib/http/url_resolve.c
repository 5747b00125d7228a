/* References made absolute (RFC 3986 section 5). */
#include "berth/url.h"

#include "http/chars.h"

/* The five components of a reference (RFC 3986 appendix B); absent ones have ptr NULL. */
struct reference {
    struct berth_text scheme, authority, path, query, fragment;
};

/* A path in two pieces: what is kept of the base (ending with its last '/'), and the reference's own. */
struct joined_path {
    struct berth_text pieces[2];
};

static struct berth_text tail(struct berth_text text, size_t from)
{
    return berth_text_slice(text, from, text.len);
}

static size_t scheme_len(struct berth_text text)
{
    size_t i = 0;
    if (text.len == 0 || !berth_is_alpha(text.ptr[0]))
        return 0;
    while (i < text.len && (berth_is_alpha(text.ptr[i]) || berth_is_digit(text.ptr[i]) ||
                            text.ptr[i] == '+' || text.ptr[i] == '-' || text.ptr[i] == '.'))
        i++;
    return i < text.len && text.ptr[i] == ':' ? i : 0;
}

static struct reference split_reference(struct berth_text text)
{
    struct reference r = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    size_t at = berth_text_find_byte(text, '#');
    if (at != SIZE_MAX)
        r.fragment = tail(text, at + 1);
    text = berth_text_slice(text, 0, at);
    at = berth_text_find_byte(text, '?');
    if (at != SIZE_MAX)
        r.query = tail(text, at + 1);
    text = berth_text_slice(text, 0, at);
    at = scheme_len(text);
    if (at > 0) {
        r.scheme = berth_text_slice(text, 0, at);
        text = tail(text, at + 1);
    }
    if (berth_text_starts(text, BERTH_TEXT("//"))) {
        text = tail(text, 2);
        at = berth_text_find_byte(text, '/');
        r.authority = berth_text_slice(text, 0, at);
        text = at == SIZE_MAX ? berth_text_slice(text, text.len, text.len) : tail(text, at);
    }
    r.path = text;
    return r;
}

/* Raw bytes outside ASCII, which some servers send, become escapes; everything else stays as it is. */
static void put_escaped(struct berth_writer *w, struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x80)
            berth_put_char(w, text.ptr[i]);
        else
            berth_put_percent(w, berth_text_slice(text, i, i + 1));
    }
}

/* A place between two segments: which piece, and the offset of the segment's first byte in it. */
struct place {
    unsigned piece;
    size_t offset;
};

/* The segment at PLACE, which moves behind it. False at the end. A piece that ends with '/' and is followed
 * by another has no empty last segment. */
static bool next_segment(const struct joined_path *path, struct place *place, struct berth_text *out_segment,
                         bool *out_last)
{
    while (place->piece < 2) {
        struct berth_text piece = path->pieces[place->piece];
        bool more = place->piece == 0 && path->pieces[1].ptr != NULL;
        if (piece.ptr == NULL || place->offset > piece.len || (more && place->offset == piece.len)) {
            place->piece++;
            place->offset = 0;
            continue;
        }
        struct berth_text rest = tail(piece, place->offset);
        size_t slash = berth_text_find_byte(rest, '/');
        *out_segment = berth_text_slice(rest, 0, slash);
        *out_last = slash == SIZE_MAX;
        place->offset += out_segment->len + 1;
        return true;
    }
    return false;
}

static bool is_dots(struct berth_text segment, size_t count)
{
    return segment.len == count && segment.ptr[0] == '.' && segment.ptr[count - 1] == '.';
}

/* Whether a later ".." takes back the segment that ends at PLACE. */
static bool taken_back(const struct joined_path *path, struct place place)
{
    struct berth_text segment;
    bool last;
    unsigned depth = 1;
    while (next_segment(path, &place, &segment, &last)) {
        if (is_dots(segment, 2)) {
            if (--depth == 0)
                return true;
        } else if (!is_dots(segment, 1)) {
            depth++;
        }
    }
    return false;
}

/* Section 5.2.4 without memory for the result: a segment is put when nothing behind it takes it back. */
static void put_without_dots(struct berth_writer *w, const struct joined_path *path)
{
    struct place place = {0, 0};
    struct berth_text segment;
    bool last;
    while (next_segment(path, &place, &segment, &last)) {
        bool dots = is_dots(segment, 1) || is_dots(segment, 2);
        if (dots ? last : !taken_back(path, place)) {
            berth_put_char(w, '/');
            put_escaped(w, dots ? berth_text_make(NULL, 0) : segment);
        }
    }
}

/* A path that starts with '/' without that, ready for joining. */
static struct berth_text behind_slash(struct berth_text path)
{
    return path.len > 0 && path.ptr[0] == '/' ? tail(path, 1) : path;
}

static void put_path(struct berth_writer *w, const struct berth_url *base, const struct reference *r)
{
    struct joined_path joined = {{{NULL, 0}, {NULL, 0}}};
    if (r->authority.ptr != NULL && r->path.len == 0)
        return;
    if (r->authority.ptr != NULL || (r->path.len > 0 && r->path.ptr[0] == '/')) {
        joined.pieces[0] = behind_slash(r->path);
    } else if (r->path.len == 0) {
        put_escaped(w, base->path); /* as it is */
        return;
    } else {
        size_t end = base->path.len;
        while (end > 0 && base->path.ptr[end - 1] != '/')
            end--;
        joined.pieces[0] = behind_slash(berth_text_slice(base->path, 0, end));
        if (joined.pieces[0].ptr == NULL)
            joined.pieces[0] = BERTH_TEXT("");
        joined.pieces[1] = r->path;
    }
    put_without_dots(w, &joined);
}

enum berth_status berth_url_resolve(const struct berth_url *base, struct berth_text reference,
                                    struct berth_writer *out)
{
    if (reference.len > BERTH_URL_MAX)
        return BERTH_E_SYNTAX;
    for (size_t i = 0; i < reference.len; i++)
        if (!berth_is_visible(reference.ptr[i]) && (unsigned char)reference.ptr[i] < 0x80)
            return BERTH_E_SYNTAX;
    struct reference r = split_reference(reference);
    if (r.scheme.ptr != NULL) {
        berth_put_text(out, r.scheme);
        berth_put_char(out, ':');
    }
    if (r.authority.ptr != NULL) {
        if (r.scheme.ptr == NULL)
            berth_put_string(out, base->https ? "https:" : "http:");
        berth_put_string(out, "//");
        put_escaped(out, r.authority);
    } else if (r.scheme.ptr == NULL) {
        berth_put_url_origin(out, base);
    }
    if (r.scheme.ptr != NULL && r.authority.ptr == NULL)
        put_escaped(out, r.path); /* "mailto:x": nothing to resolve, and no URL for us */
    else
        put_path(out, base, &r);
    bool inherits = r.scheme.ptr == NULL && r.authority.ptr == NULL && r.path.len == 0;
    struct berth_text query = r.query.ptr == NULL && inherits ? base->query : r.query;
    if (query.ptr != NULL) {
        berth_put_char(out, '?');
        put_escaped(out, query);
    }
    if (r.fragment.ptr != NULL) {
        berth_put_char(out, '#');
        put_escaped(out, r.fragment);
    }
    return berth_writer_status(out);
}
