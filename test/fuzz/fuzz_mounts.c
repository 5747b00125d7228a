/* backup.yaml, a file that its hostile user writes: what is accepted is safe to give to docker, whatever it
 * is. */
#include <stdlib.h>
#include <string.h>

#include "berth/container.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool has(struct berth_text text, const char *word)
{
    return berth_text_find(text, berth_text_of(word)) != SIZE_MAX;
}

static bool has_control(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

static bool is_inside(struct berth_text text, const char *from, size_t len)
{
    return text.len <= len && text.ptr >= from && text.ptr + text.len <= from + len;
}

/* By other means than the library's own: a whole path with slashes round it. */
static bool climbs(struct berth_text path)
{
    char buf[4096];
    struct berth_writer w;
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_char(&w, '/');
    berth_put_text(&w, path);
    berth_put_char(&w, '/');
    return berth_writer_status(&w) == BERTH_OK && has(berth_writer_text(&w), "/../");
}

static void look(const struct berth_mount *m)
{
    must(m->relative.len > 0 && m->relative.ptr[0] != '/');
    must(m->container.len > 1 && m->container.ptr[0] == '/');
    must(!has(m->relative, ":") && !has(m->container, ":"));
    must(!has_control(m->relative) && !has_control(m->container));
    must(!climbs(m->relative) && !climbs(m->container));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char texts[8192];
    struct berth_mounts mounts;
    struct berth_writer memory;
    struct berth_yaml_error error;
    /* A copy of the exact size, so that a read beyond it is seen. */
    char *copy = malloc(size == 0 ? 1 : size);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    berth_writer_init(&memory, texts, sizeof texts);
    enum berth_status status =
        berth_mounts_read(berth_text_make(copy, size), &memory, &mounts, NULL, NULL, &error);
    must(status == BERTH_OK || status == BERTH_E_SPACE || error.reason != NULL);
    must(mounts.count <= BERTH_MOUNTS_MAX);
    for (size_t i = 0; i < mounts.count; i++) {
        look(&mounts.items[i]);
        must(is_inside(mounts.items[i].relative, copy, size) ||
             is_inside(mounts.items[i].relative, texts, sizeof texts));
    }
    free(copy);
    return 0;
}
