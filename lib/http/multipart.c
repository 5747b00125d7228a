/* multipart/form-data bodies (RFC 7578), made piece by piece. */
#include "http/multipart.h"

#include "http/window.h"

static const char boundary_prefix[] = "----berth-";
#define BOUNDARY_RANDOM 16 /* bytes: 128 bits */
_Static_assert(sizeof boundary_prefix + 2 * BOUNDARY_RANDOM <= BERTH_MULTIPART_BOUNDARY_SIZE, "boundary");

/* The pieces of a part. */
enum piece { PIECE_HEAD, PIECE_DATA, PIECE_END };

static struct berth_text boundary_text(const struct berth_multipart *m)
{
    return berth_text_of(m->boundary);
}

/* The value of a parameter: '"' as browsers write it. */
static void put_quoted(struct berth_window *w, struct berth_text text)
{
    size_t quote;
    berth_window_put(w, BERTH_TEXT("\""));
    while ((quote = berth_text_find_byte(text, '"')) != SIZE_MAX) {
        berth_window_put(w, berth_text_slice(text, 0, quote));
        berth_window_put(w, BERTH_TEXT("%22"));
        text = berth_text_slice(text, quote + 1, text.len);
    }
    berth_window_put(w, text);
    berth_window_put(w, BERTH_TEXT("\""));
}

static void put_part_head(struct berth_window *w, const struct berth_multipart *m,
                          const struct berth_multipart_part *part)
{
    berth_window_put(w, BERTH_TEXT("--"));
    berth_window_put(w, boundary_text(m));
    berth_window_put(w, BERTH_TEXT("\r\nContent-Disposition: form-data; name="));
    put_quoted(w, part->name);
    if (part->file != NULL) {
        berth_window_put(w, BERTH_TEXT("; filename="));
        put_quoted(w, part->file_name);
        berth_window_put(w, BERTH_TEXT("\r\nContent-Type: "));
        berth_window_put(w, part->content_type.len > 0 ? part->content_type
                                                       : BERTH_TEXT("application/octet-stream"));
    }
    berth_window_put(w, BERTH_TEXT("\r\n\r\n"));
}

static void put_closing(struct berth_window *w, const struct berth_multipart *m)
{
    berth_window_put(w, BERTH_TEXT("--"));
    berth_window_put(w, boundary_text(m));
    berth_window_put(w, BERTH_TEXT("--\r\n"));
}

/* Everything of the present piece but a file's data. */
static void put_piece(struct berth_window *w, const struct berth_multipart *m)
{
    if (m->part == m->part_count)
        put_closing(w, m);
    else if (m->piece == PIECE_HEAD)
        put_part_head(w, m, &m->parts[m->part]);
    else if (m->piece == PIECE_DATA)
        berth_window_put(w, m->parts[m->part].value);
    else
        berth_window_put(w, BERTH_TEXT("\r\n"));
}

static void next_piece(struct berth_multipart *m)
{
    m->offset = 0;
    if (m->part < m->part_count && m->piece < PIECE_END) {
        m->piece++;
        return;
    }
    m->piece = PIECE_HEAD;
    m->part++; /* beyond part_count: the body has ended */
}

static const struct berth_source *file_at(const struct berth_multipart *m)
{
    return m->part < m->part_count && m->piece == PIECE_DATA ? m->parts[m->part].file : NULL;
}

/* Data of a file, whose length must be what it said, or the closing boundary would be elsewhere than
 * announced. */
static ptrdiff_t read_file(struct berth_multipart *m, const struct berth_source *file, void *buf, size_t cap)
{
    ptrdiff_t count = file->read(file->ctx, buf, cap);
    if (count < 0)
        return count;
    m->offset += (uint64_t)count;
    bool known = file->length != BERTH_LENGTH_UNKNOWN;
    if ((size_t)count > cap || (known && (count == 0 ? m->offset != file->length : m->offset > file->length)))
        return BERTH_E_IO;
    if (count == 0)
        next_piece(m);
    return count;
}

static ptrdiff_t multipart_read(void *ctx, void *buf, size_t cap)
{
    struct berth_multipart *m = ctx;
    char *out = buf;
    size_t len = 0;
    while (len < cap && m->part <= m->part_count) {
        const struct berth_source *file = file_at(m);
        if (file != NULL) {
            ptrdiff_t count = read_file(m, file, out + len, cap - len);
            if (count < 0)
                return count == BERTH_E_WOULD_BLOCK && len > 0 ? (ptrdiff_t)len : count;
            len += (size_t)count;
            continue;
        }
        struct berth_window w = {out + len, cap - len, 0, m->offset, 0};
        put_piece(&w, m);
        len += w.len;
        m->offset += w.len;
        if (m->offset == w.total)
            next_piece(m);
    }
    return (ptrdiff_t)len;
}

static enum berth_status multipart_rewind(void *ctx)
{
    struct berth_multipart *m = ctx;
    m->part = 0;
    m->piece = PIECE_HEAD;
    m->offset = 0;
    for (size_t i = 0; i < m->part_count; i++)
        if (m->parts[i].file != NULL)
            BERTH_TRY(m->parts[i].file->rewind(m->parts[i].file->ctx));
    return BERTH_OK;
}

static bool has_control(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return true;
    return false;
}

static bool is_part(const struct berth_multipart_part *part)
{
    if (part->name.len == 0 || has_control(part->name))
        return false;
    if (part->file == NULL)
        return true;
    return part->file->read != NULL && part->file_name.len > 0 && !has_control(part->file_name) &&
           !has_control(part->content_type);
}

/* The body's length: that of the text, and of the files where it is known. */
static uint64_t total_length(const struct berth_multipart *m)
{
    struct berth_window w = {NULL, 0, 0, 0, 0};
    uint64_t files = 0;
    for (size_t i = 0; i < m->part_count; i++) {
        const struct berth_source *file = m->parts[i].file;
        put_part_head(&w, m, &m->parts[i]);
        if (file == NULL)
            berth_window_put(&w, m->parts[i].value);
        else if (file->length == BERTH_LENGTH_UNKNOWN || file->length > UINT64_MAX - files)
            return BERTH_LENGTH_UNKNOWN;
        else
            files += file->length;
        berth_window_put(&w, BERTH_TEXT("\r\n"));
    }
    put_closing(&w, m);
    return w.total < UINT64_MAX - files ? w.total + files : BERTH_LENGTH_UNKNOWN;
}

enum berth_status berth_multipart_begin(struct berth_multipart *m, const struct berth_multipart_part *parts,
                                        size_t part_count, struct berth_source *out_source)
{
    bool rewinds = true;
    m->parts = parts;
    m->part_count = part_count;
    m->part = 0;
    m->piece = PIECE_HEAD;
    m->offset = 0;
    for (size_t i = 0; i < part_count; i++) {
        if (!is_part(&parts[i]))
            return BERTH_E_ARGUMENT;
        if (parts[i].file != NULL && parts[i].file->rewind == NULL)
            rewinds = false;
    }
    *out_source =
        (struct berth_source){m, multipart_read, rewinds ? multipart_rewind : NULL, total_length(m)};
    return BERTH_OK;
}

enum berth_status berth_multipart_init(struct berth_multipart *m, const struct berth_multipart_part *parts,
                                       size_t part_count, const struct berth_rand *rand,
                                       struct berth_source *out_source)
{
    unsigned char random[BOUNDARY_RANDOM];
    struct berth_writer w;
    BERTH_TRY(rand->fill(rand->ctx, random, sizeof random));
    berth_writer_init(&w, m->boundary, sizeof m->boundary);
    berth_put_string(&w, boundary_prefix);
    berth_put_hex(&w, random, sizeof random);
    BERTH_TRY(berth_writer_terminate(&w));
    return berth_multipart_begin(m, parts, part_count, out_source);
}

void berth_put_multipart_type(struct berth_writer *w, const struct berth_multipart *m)
{
    berth_put_string(w, "multipart/form-data; boundary=");
    berth_put_string(w, m->boundary);
}
