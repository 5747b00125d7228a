/* Trees: every name below a directory, in order, with as little memory as the caller has to give. */
#include "platform/webhdfs_transfer.h"

#include <string.h>

#include "platform/line.h"

/* A directory gets at least this much memory for names; less, and those above give theirs back. */
#define ROOM_MIN 640

static struct berth_webhdfs_level *level_of(struct berth_webhdfs_transfer *t)
{
    return &t->levels[t->depth];
}

/* Where the name behind a path of LEN bytes begins. */
static size_t name_at(const char *path, size_t len)
{
    return len > 0 && path[len - 1] == '/' ? len : len + 1;
}

/* The name that was taken last of the directory. */
static struct berth_text last_name(struct berth_webhdfs_transfer *t)
{
    const struct berth_webhdfs_level *level = level_of(t);
    return berth_text_make(t->remote + name_at(t->remote, level->remote_len), level->last_len);
}

/* ---- Into directories ------------------------------------------------------------------------- */

/* All memory for names goes to the directory at hand; those above read theirs again. */
static void give_back(struct berth_webhdfs_transfer *t)
{
    for (size_t i = 0; i < t->depth; i++) {
        struct berth_webhdfs_level *level = &t->levels[i];
        level->more = level->more || level->at < level->end;
        level->start = level->end = level->at = 0;
    }
    level_of(t)->start = level_of(t)->end = level_of(t)->at = 0;
}

enum berth_status berth_webhdfs_enter(struct berth_webhdfs_transfer *t)
{
    bool is_first = t->levels[0].remote_len == 0;
    uint32_t start = is_first ? 0 : level_of(t)->end;
    if (!is_first && ++t->depth > BERTH_WEBHDFS_DEPTH_MAX)
        return berth_webhdfs_fail_at(t, BERTH_E_DEPTH, t->remote, "directories are nested too deep");
    struct berth_webhdfs_level *level = level_of(t);
    memset(level, 0, sizeof *level);
    level->remote_len = (uint16_t)berth_text_of(t->remote).len;
    level->local_len = (uint16_t)berth_text_of(t->local).len;
    level->start = level->end = level->at = start;
    level->more = true;
    if (t->config.names_size - start < ROOM_MIN)
        give_back(t);
    return berth_webhdfs_walk_on(t);
}

/* ---- Names ------------------------------------------------------------------------------------ */

static struct berth_webhdfs_names names_of(struct berth_webhdfs_transfer *t)
{
    struct berth_webhdfs_level *level = level_of(t);
    return (struct berth_webhdfs_names){.memory = t->config.names,
                                        .start = level->start,
                                        .end = level->end,
                                        .greatest = level->greatest,
                                        .cap = t->config.names_size < UINT32_MAX ? t->config.names_size
                                                                                 : UINT32_MAX,
                                        .dropped = level->more};
}

static void add_name(struct berth_webhdfs_transfer *t, struct berth_text name,
                     const struct berth_webhdfs_name *record)
{
    struct berth_webhdfs_level *level = level_of(t);
    struct berth_webhdfs_names names = names_of(t);
    if (level->last_len > 0 && berth_text_compare(name, last_name(t)) <= 0)
        return; /* was taken already */
    berth_webhdfs_names_add(&names, name, record);
    level->end = (uint32_t)names.end;
    level->more = names.dropped;
    level->greatest = (uint32_t)names.greatest;
}

static enum berth_status on_entry(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_webhdfs_transfer *t = ctx;
    const struct berth_webhdfs_entry *entry = structure;
    const struct berth_webhdfs *fs = t->config.fs;
    (void)element;
    if (entry == NULL)
        return BERTH_OK; /* too large: the call says so at its end */
    if (!berth_webhdfs_name_is_safe(entry->name)) {
        struct berth_writer w;
        t->unsafe = true;
        memset(t->failure.message, 0, sizeof t->failure.message);
        berth_writer_init(&w, t->failure.message, sizeof t->failure.message);
        berth_put_line_string(&w, "the server lists a name that cannot be a file's here: \"");
        berth_put_line(&w, berth_text_slice(entry->name, 0, BERTH_WEBHDFS_NAME_MAX));
        berth_put_line_string(&w, "\" in ");
        berth_put_line(&w, berth_text_make(t->remote, level_of(t)->remote_len));
        return BERTH_E_PROTOCOL;
    }
    struct berth_webhdfs_name record = {.length = entry->length,
                                        .modified_ms = entry->modified_ms,
                                        .type = entry->type.value >= 0 && entry->type.value <= 2
                                                    ? (uint8_t)entry->type.value
                                                    : (uint8_t)BERTH_WEBHDFS_SYMLINK};
    add_name(t, entry->name, &record);
    /* Pages come in order: what is left out can only be followed by more of the same. */
    t->dropped = level_of(t)->more && fs->run.paged;
    return t->dropped ? BERTH_E_CANCELLED : BERTH_OK;
}

static enum berth_status fill_remote(struct berth_webhdfs_transfer *t)
{
    struct berth_webhdfs_level *level = level_of(t);
    struct berth_text path = berth_text_make(t->remote, level->remote_len);
    t->dropped = t->unsafe = false;
    return berth_webhdfs_begin(t, berth_webhdfs_list(&t->call, t->config.fs, path, last_name(t), on_entry, t),
                               BERTH_WEBHDFS_DOWN_LISTS);
}

static enum berth_status fill_local(struct berth_webhdfs_transfer *t)
{
    const struct berth_webhdfs_local *local = t->config.local;
    const struct berth_webhdfs_name record = {0};
    const char *name;
    t->local[level_of(t)->local_len] = '\0';
    enum berth_status status = local->open(local->ctx, t->local);
    if (status != BERTH_OK)
        return berth_webhdfs_fail_local(t, status);
    while ((name = local->next(local->ctx, &status)) != NULL) {
        struct berth_text text = berth_text_of(name);
        if (text.len > BERTH_WEBHDFS_NAME_MAX || berth_text_find_byte(text, ':') != SIZE_MAX ||
            !berth_text_is_utf8(text, NULL)) {
            local->close(local->ctx);
            return berth_webhdfs_fail_at(t, BERTH_E_ARGUMENT, name, "HDFS takes no such name");
        }
        add_name(t, text, &record);
    }
    local->close(local->ctx);
    return status == BERTH_OK ? berth_webhdfs_walk_on(t) : berth_webhdfs_fail_local(t, status);
}

static enum berth_status fill(struct berth_webhdfs_transfer *t)
{
    struct berth_webhdfs_level *level = level_of(t);
    level->end = level->at = level->start;
    level->more = false;
    level->greatest = level->start;
    return t->kind == BERTH_WEBHDFS_DOWNLOADS ? fill_remote(t) : fill_local(t);
}

enum berth_status berth_webhdfs_listed(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    if (status == BERTH_E_PROTOCOL && t->unsafe)
        memcpy(t->call.result.message, t->failure.message, sizeof t->failure.message);
    if (status == BERTH_E_CANCELLED && t->dropped)
        status = BERTH_OK;
    return status == BERTH_OK ? berth_webhdfs_walk_on(t) : berth_webhdfs_fail(t, status);
}

/* ---- One name after the other ----------------------------------------------------------------- */

static enum berth_status skip(struct berth_webhdfs_transfer *t)
{
    t->skipped_count++;
    berth_webhdfs_tell(t, BERTH_WEBHDFS_SKIPPED, 0, 0);
    return BERTH_OK;
}

static enum berth_status take_remote(struct berth_webhdfs_transfer *t,
                                     const struct berth_webhdfs_name *record)
{
    enum berth_status status;
    switch (record->type) {
    case BERTH_WEBHDFS_FILE:
        t->size = record->length;
        t->modified_ms = record->modified_ms;
        return berth_webhdfs_download_file(t);
    case BERTH_WEBHDFS_DIRECTORY:
        status = berth_webhdfs_make_folder(t);
        return status == BERTH_OK ? berth_webhdfs_enter(t) : berth_webhdfs_fail_local(t, status);
    default:
        return skip(t);
    }
}

static enum berth_status take_local(struct berth_webhdfs_transfer *t)
{
    enum berth_webhdfs_local_kind kind = BERTH_WEBHDFS_LOCAL_NONE;
    enum berth_status status = berth_webhdfs_kind_of(t, false, &kind);
    if (status != BERTH_OK)
        return berth_webhdfs_fail_local(t, status);
    struct berth_text path = berth_text_of(t->remote);
    switch (kind) {
    case BERTH_WEBHDFS_LOCAL_FILE:
        return t->fresh ? berth_webhdfs_upload_file(t)
                        : berth_webhdfs_begin(t, berth_webhdfs_stat(&t->call, t->config.fs, path),
                                              BERTH_WEBHDFS_UP_LOOKS_CHILD);
    case BERTH_WEBHDFS_LOCAL_FOLDER:
        return berth_webhdfs_begin(
            t, berth_webhdfs_mkdirs(&t->call, t->config.fs, path, BERTH_WEBHDFS_DEFAULT_PERMISSION),
            BERTH_WEBHDFS_UP_MAKES_FOLDER);
    default: /* a link, a device; or gone meanwhile */
        return skip(t);
    }
}

/* The next name of the directory at hand: BERTH_OK when it is skipped. */
static enum berth_status take(struct berth_webhdfs_transfer *t)
{
    struct berth_webhdfs_level *level = level_of(t);
    struct berth_webhdfs_name record;
    struct berth_text name = berth_webhdfs_names_at(t->config.names, level->at, &record);
    level->at += (uint32_t)berth_webhdfs_name_size(name.len);
    level->last_len = (uint16_t)name.len;
    if (berth_webhdfs_join(t->remote, level->remote_len, name) != BERTH_OK ||
        berth_webhdfs_join(t->local, level->local_len, name) != BERTH_OK)
        return berth_webhdfs_fail_at(t, BERTH_E_SPACE, t->target, "a path below it is too long");
    return t->kind == BERTH_WEBHDFS_DOWNLOADS ? take_remote(t, &record) : take_local(t);
}

enum berth_status berth_webhdfs_walk(struct berth_webhdfs_transfer *t)
{
    for (;;) {
        struct berth_webhdfs_level *level = level_of(t);
        enum berth_status status = BERTH_OK;
        if (level->at < level->end)
            status = take(t);
        else if (level->more)
            return fill(t);
        else if (t->depth == 0)
            return berth_webhdfs_done(t);
        else
            t->depth--;
        if (status != BERTH_OK)
            return status;
    }
}
