/* Parts made of any bytes, divided by line feeds: the length that is announced is the length that comes, in
 * pieces of any size. The first byte is the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/multipart.h"

#define PARTS 6

struct parts {
    struct berth_multipart_part part[PARTS];
    struct berth_memory_source memory[PARTS];
    struct berth_source file[PARTS];
    size_t count;
};

static void make_parts(struct parts *p, struct berth_text text)
{
    struct berth_text line;
    memset(p, 0, sizeof *p);
    while (p->count < PARTS && berth_text_split(&text, '\n', &line)) {
        struct berth_multipart_part *part = &p->part[p->count];
        struct berth_text name;
        (void)berth_text_split(&line, '=', &name);
        part->name = name;
        part->value = line;
        if (name.len % 2 == 1) {
            p->file[p->count] = berth_source_of_text(&p->memory[p->count], line);
            part->file = &p->file[p->count];
            part->file_name = name;
        }
        p->count++;
    }
}

static uint64_t read_all(const struct berth_source *source, size_t piece, uint64_t *out_hash)
{
    char buf[256];
    uint64_t count = 0;
    *out_hash = 0;
    for (;;) {
        ptrdiff_t got = source->read(source->ctx, buf, piece);
        if (got < 0 || (size_t)got > piece)
            abort();
        if (got == 0)
            return count;
        count += (uint64_t)got;
        for (ptrdiff_t i = 0; i < got; i++)
            *out_hash = (*out_hash ^ (unsigned char)buf[i]) * 0x100000001b3U;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct parts parts;
    struct berth_multipart m;
    struct berth_source source;
    uint64_t whole = 0;
    uint64_t pieces = 0;
    if (size < 1)
        return 0;
    make_parts(&parts, berth_text_make((const char *)data + 1, size - 1));
    strcpy(m.boundary, "----fuzz");
    if (berth_multipart_begin(&m, parts.part, parts.count, &source) != BERTH_OK)
        return 0;
    if (read_all(&source, 256, &whole) != source.length || source.rewind(source.ctx) != BERTH_OK ||
        read_all(&source, 1 + data[0] % 64u, &pieces) != source.length || whole != pieces)
        abort();
    return 0;
}
