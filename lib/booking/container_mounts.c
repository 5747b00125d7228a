/* The pairs of backup.yaml: read, and judged one by one. The file is the user's own. */
#include "berth/container.h"

#include <string.h>

const char *berth_mount_fault_text(enum berth_mount_fault fault)
{
    static const char *const texts[] = {"nothing is wrong",
                                        "it is no pair of texts",
                                        "the backup side is empty",
                                        "the backup side is absolute",
                                        "the backup side has '..'",
                                        "a colon",
                                        "a control character",
                                        "the container side is not absolute, has '..', or is '/'",
                                        "the container side is mounted already"};
    return (unsigned)fault < sizeof texts / sizeof texts[0] ? texts[fault] : "?";
}

static bool has_control(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return true;
    }
    return false;
}

/* What a path's parts, "" and "." left out, come to. */
struct parts {
    size_t count;
    bool climbs;
};

static struct parts parts_of(struct berth_text path)
{
    struct parts parts = {0, false};
    struct berth_text part;
    while (berth_text_split(&path, '/', &part)) {
        if (berth_text_equal(part, BERTH_TEXT("..")))
            parts.climbs = true;
        else if (part.len > 0 && !berth_text_equal(part, BERTH_TEXT(".")))
            parts.count++;
    }
    return parts;
}

enum berth_mount_fault berth_mount_check(const struct berth_mount *mount)
{
    struct berth_text relative = mount->relative, container = mount->container;
    if (has_control(relative) || has_control(container))
        return BERTH_MOUNT_CONTROL;
    if (berth_text_find_byte(relative, ':') != SIZE_MAX || berth_text_find_byte(container, ':') != SIZE_MAX)
        return BERTH_MOUNT_COLON;
    if (relative.len > 0 && relative.ptr[0] == '/')
        return BERTH_MOUNT_ABSOLUTE;
    struct parts backup = parts_of(relative), inside = parts_of(container);
    if (backup.climbs)
        return BERTH_MOUNT_CLIMBS;
    if (backup.count == 0)
        return BERTH_MOUNT_EMPTY;
    if (container.len == 0 || container.ptr[0] != '/' || inside.climbs || inside.count == 0)
        return BERTH_MOUNT_CONTAINER;
    return BERTH_MOUNT_GOOD;
}

/* ---- the file --------------------------------------------------------------------------------- */

struct mounts_reader {
    struct berth_yaml_reader yaml;
    struct berth_writer *memory;
    struct berth_mounts *out;
    berth_mount_bad_fn bad;
    void *bad_ctx;
};

/* The next part of PATH that means something; false at its end. */
static bool next_part(struct berth_text *path, struct berth_text *out_part)
{
    while (berth_text_split(path, '/', out_part)) {
        if (out_part->len > 0 && !berth_text_equal(*out_part, BERTH_TEXT(".")))
            return true;
    }
    return false;
}

/* The same place, whatever slashes and dots the paths are written with. */
static bool same_path(struct berth_text a, struct berth_text b)
{
    struct berth_text left, right;
    for (;;) {
        bool more = next_part(&a, &left);
        if (more != next_part(&b, &right))
            return false;
        if (!more)
            return true;
        if (!berth_text_equal(left, right))
            return false;
    }
}

static bool is_taken(const struct berth_mounts *mounts, struct berth_text container)
{
    static const struct berth_text fixed[] = {BERTH_TEXT_INIT("/root/Work"), BERTH_TEXT_INIT("/root/Backup"),
                                              BERTH_TEXT_INIT("/root/Dataset")};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (same_path(container, fixed[i]))
            return true;
    }
    for (size_t i = 0; i < mounts->count; i++) {
        if (same_path(container, mounts->items[i].container))
            return true;
    }
    return false;
}

static enum berth_status take_pair(struct mounts_reader *r, uint32_t line, const struct berth_mount *mount,
                                   bool is_pair)
{
    enum berth_mount_fault fault = is_pair ? berth_mount_check(mount) : BERTH_MOUNT_PAIR;
    if (fault == BERTH_MOUNT_GOOD && is_taken(r->out, mount->container))
        fault = BERTH_MOUNT_TAKEN;
    if (fault != BERTH_MOUNT_GOOD) {
        if (r->bad != NULL)
            r->bad(r->bad_ctx, line, fault);
        return BERTH_OK;
    }
    if (r->out->count == BERTH_MOUNTS_MAX)
        return BERTH_E_SPACE;
    r->out->items[r->out->count++] = *mount;
    return BERTH_OK;
}

/* A scalar's characters, in the document or in memory. */
static enum berth_status text_of(struct mounts_reader *r, const struct berth_yaml_event *scalar,
                                 struct berth_text *out)
{
    *out = scalar->text;
    if (scalar->text.ptr != NULL)
        return BERTH_OK;
    size_t from = r->memory->len;
    berth_yaml_put_text(r->memory, scalar);
    BERTH_TRY(berth_writer_status(r->memory));
    *out = berth_text_make(r->memory->buf + from, r->memory->len - from);
    return BERTH_OK;
}

/* One item of Dir or File: a sequence of two texts; anything else is no pair. */
static enum berth_status read_item(struct mounts_reader *r, const struct berth_yaml_event *item)
{
    struct berth_mount mount;
    struct berth_yaml_event event;
    size_t texts = 0;
    bool is_pair = item->type == BERTH_YAML_SEQUENCE_START;
    memset(&mount, 0, sizeof mount);
    if (!is_pair) {
        BERTH_TRY(berth_yaml_skip(&r->yaml, item, NULL));
        return take_pair(r, item->line, &mount, false);
    }
    for (;;) {
        BERTH_TRY(berth_yaml_next(&r->yaml, &event));
        if (event.type == BERTH_YAML_SEQUENCE_END)
            break;
        bool is_text = event.type == BERTH_YAML_SCALAR && !berth_yaml_is_null(&event);
        if (is_text && texts < 2)
            BERTH_TRY(text_of(r, &event, texts == 0 ? &mount.relative : &mount.container));
        else
            is_pair = false;
        texts++;
        BERTH_TRY(berth_yaml_skip(&r->yaml, &event, NULL));
    }
    return take_pair(r, item->line, &mount, is_pair && texts == 2);
}

static enum berth_status read_list(struct mounts_reader *r)
{
    struct berth_yaml_event event;
    BERTH_TRY(berth_yaml_next(&r->yaml, &event));
    if (event.type == BERTH_YAML_SCALAR && berth_yaml_is_null(&event))
        return BERTH_OK;
    if (event.type != BERTH_YAML_SEQUENCE_START) {
        r->yaml.error = (struct berth_yaml_error){event.line, event.column, "a list of pairs is due"};
        return BERTH_E_TYPE;
    }
    for (;;) {
        BERTH_TRY(berth_yaml_next(&r->yaml, &event));
        if (event.type == BERTH_YAML_SEQUENCE_END)
            return BERTH_OK;
        BERTH_TRY(read_item(r, &event));
    }
}

/* Where Dir and File stand; of a repeated key the last one counts. */
struct keys {
    size_t dir, file;
};

/* Goes over the top of the document: first to find the keys, then (KEYS given) to read their lists. */
static enum berth_status read_top(struct mounts_reader *r, struct keys *found, const struct keys *keys)
{
    struct berth_yaml_event event;
    BERTH_TRY(berth_yaml_next(&r->yaml, &event));
    if (event.type == BERTH_YAML_END || (event.type == BERTH_YAML_SCALAR && berth_yaml_is_null(&event)))
        return BERTH_OK;
    if (event.type != BERTH_YAML_MAPPING_START) {
        r->yaml.error = (struct berth_yaml_error){event.line, event.column, "Dir and File are due"};
        return BERTH_E_TYPE;
    }
    for (;;) {
        BERTH_TRY(berth_yaml_next(&r->yaml, &event));
        if (event.type != BERTH_YAML_KEY)
            break;
        if (berth_yaml_text_equal(&event, BERTH_TEXT("Dir")))
            found->dir = event.start;
        if (berth_yaml_text_equal(&event, BERTH_TEXT("File")))
            found->file = event.start;
        if (keys != NULL && (event.start == keys->dir || event.start == keys->file))
            BERTH_TRY(read_list(r));
        else
            BERTH_TRY(berth_yaml_skip(&r->yaml, &event, NULL));
    }
    return berth_yaml_next(&r->yaml, &event); /* nothing may follow */
}

static enum berth_status read_document(struct mounts_reader *r, struct berth_text document)
{
    struct keys keys = {SIZE_MAX, SIZE_MAX}, again;
    BERTH_TRY(berth_yaml_reader_init(&r->yaml, document, NULL, 0));
    BERTH_TRY(read_top(r, &keys, NULL));
    BERTH_TRY(berth_yaml_reader_init(&r->yaml, document, NULL, 0));
    return read_top(r, &again, &keys);
}

enum berth_status berth_mounts_read(struct berth_text document, struct berth_writer *memory,
                                    struct berth_mounts *out, berth_mount_bad_fn bad, void *bad_ctx,
                                    struct berth_yaml_error *out_error)
{
    struct mounts_reader r;
    memset(&r, 0, sizeof r);
    r.memory = memory;
    r.out = out;
    r.bad = bad;
    r.bad_ctx = bad_ctx;
    out->count = 0;
    enum berth_status status = read_document(&r, document);
    if (out_error != NULL)
        *out_error = r.yaml.error;
    return status;
}
