/* Reads the case files of test/wire/json. */
#include "json_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static char document[JSON_CASE_MAX];
static size_t document_len;

static void put(const char *bytes, size_t len)
{
    if (len > sizeof document - document_len)
        abort();
    memcpy(document + document_len, bytes, len);
    document_len += len;
}

/* "<41>" or "<3*ab>" at P; behind it. */
static const char *put_bracket(const char *p, const char *end)
{
    const char *close = memchr(p, '>', (size_t)(end - p));
    const char *star = close == NULL ? NULL : memchr(p, '*', (size_t)(close - p));
    if (close == NULL)
        abort();
    if (star == NULL) {
        char byte = (char)strtoul(p + 1, NULL, 16);
        put(&byte, 1);
        return close + 1;
    }
    for (unsigned long count = strtoul(p + 1, NULL, 10); count > 0; count--)
        put(star + 1, (size_t)(close - star - 1));
    return close + 1;
}

static void expand(const char *p, const char *end)
{
    document_len = 0;
    while (p != end) {
        if (*p == '<') {
            p = put_bracket(p, end);
        } else {
            put(p++, 1);
        }
    }
}

struct reader {
    void (*each)(void *ctx, const struct json_case *one);
    void *ctx;
    size_t count;
};

static void read_line(struct reader *reader, struct json_case *one, const char *line, const char *end)
{
    const char *tab = line + 1;
    one->valid = line[0] == 'y';
    one->status[0] = '\0';
    if (*tab != '\t' || (line[0] != 'y' && line[0] != 'n'))
        abort();
    if (!one->valid) {
        int used = 0;
        unsigned long long offset;
        if (sscanf(tab, "\t%15[a-z0-9 ]\t%llu%n", one->status, &offset, &used) != 2)
            abort();
        one->offset = offset;
        tab += used;
    }
    expand(tab + 1, end);
    one->document = document;
    one->len = document_len;
    reader->each(reader->ctx, one);
    reader->count++;
}

static void read_file(void *ctx, const char *path, const uint8_t *bytes, size_t len)
{
    struct json_case one = {.file = path};
    const char *p = (const char *)bytes, *end = p + len;
    while (p != end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (stop == NULL)
            abort();
        one.line++;
        if (*p != '#' && stop != p)
            read_line(ctx, &one, p, stop);
        p = stop + 1;
    }
}

size_t json_cases_each(void (*each)(void *ctx, const struct json_case *one), void *ctx)
{
    struct reader reader = {each, ctx, 0};
    fixture_each("test/wire/json", ".txt", read_file, &reader);
    return reader.count;
}
