/* A directory's names in memory of fixed size: as many as fit, the smallest first, whatever their order. */
#include "platform/webhdfs.h"

#include <string.h>

size_t berth_webhdfs_name_size(size_t len)
{
    return sizeof(struct berth_webhdfs_name) + len;
}

struct berth_text berth_webhdfs_names_at(const char *memory, size_t at, struct berth_webhdfs_name *out_record)
{
    memcpy(out_record, memory + at, sizeof *out_record);
    return berth_text_make(memory + at + sizeof *out_record, out_record->name_len);
}

/* Where NAME belongs; *OUT_THERE when it is there. */
static size_t place_of(const struct berth_webhdfs_names *names, struct berth_text name, bool *out_there)
{
    struct berth_webhdfs_name record;
    size_t at = names->start;
    if (names->end > names->start) {
        struct berth_text greatest = berth_webhdfs_names_at(names->memory, names->greatest, &record);
        if (berth_text_compare(name, greatest) > 0)
            at = names->end; /* most servers sort */
    }
    while (at < names->end) {
        int order = berth_text_compare(name, berth_webhdfs_names_at(names->memory, at, &record));
        *out_there = order == 0;
        if (order <= 0)
            return at;
        at += berth_webhdfs_name_size(record.name_len);
    }
    *out_there = false;
    return at;
}

static void find_greatest(struct berth_webhdfs_names *names)
{
    struct berth_webhdfs_name record;
    for (size_t at = names->start; at < names->end; at += berth_webhdfs_name_size(record.name_len)) {
        names->greatest = at;
        (void)berth_webhdfs_names_at(names->memory, at, &record);
    }
}

void berth_webhdfs_names_add(struct berth_webhdfs_names *names, struct berth_text name,
                             const struct berth_webhdfs_name *record)
{
    size_t size = berth_webhdfs_name_size(name.len);
    bool there = false;
    size_t at = place_of(names, name, &there);
    bool last = at == names->end;
    if (there)
        return;
    while (at < names->end && size > names->cap - names->end) {
        names->end = names->greatest;
        names->dropped = true;
        find_greatest(names);
    }
    /* Behind one that was left out none may stand. */
    if (size > names->cap - names->end || (last && names->dropped)) {
        names->dropped = true;
        return;
    }
    last = at == names->end;
    struct berth_webhdfs_name head = *record;
    head.name_len = (uint8_t)name.len;
    memmove(names->memory + at + size, names->memory + at, names->end - at);
    memcpy(names->memory + at, &head, sizeof head);
    memcpy(names->memory + at + sizeof head, name.ptr, name.len);
    names->end += size;
    names->greatest = last ? at : names->greatest + size;
}
