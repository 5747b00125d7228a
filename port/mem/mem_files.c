/* Files in memory, with crashes. */
#include "berth/port_mem.h"

#include <string.h>

enum { MODE_LOCK = 100 };

static struct berth_mem_entry *find_entry(struct berth_mem_files *f, const char *path)
{
    for (size_t i = 0; i < BERTH_MEM_FILES; i++) {
        struct berth_mem_entry *e = &f->entries[i];
        if (e->path[0] && !e->temporary && berth_text_equal(berth_text_of(e->path), berth_text_of(path)))
            return e;
    }
    return NULL;
}

static bool has_parent(struct berth_mem_files *f, const char *path)
{
    char parent[BERTH_MEM_PATH_CAP];
    size_t cut = strlen(path);
    while (cut > 0 && path[cut - 1] != '/')
        cut--;
    if (cut <= 1)
        return true;
    memcpy(parent, path, cut - 1);
    parent[cut - 1] = 0;
    if (berth_text_equal(berth_text_of(parent), BERTH_TEXT(".")) ||
        berth_text_equal(berth_text_of(parent), BERTH_TEXT("/tmp")))
        return true;
    const struct berth_mem_entry *e = find_entry(f, parent);
    return e && e->folder;
}

/* As on a real system, what is open stays as it is after its name was taken away. */
static bool is_open(const struct berth_mem_files *f, size_t entry)
{
    for (size_t i = 0; i < BERTH_MEM_OPEN; i++) {
        if (f->open[i].entry == entry + 1)
            return true;
    }
    return false;
}

/* A fresh entry named PATH, or a status. */
static enum berth_status make_entry(struct berth_mem_files *f, const char *path,
                                    struct berth_mem_entry **out_entry)
{
    size_t len = strlen(path);
    if (len == 0 || !has_parent(f, path))
        return BERTH_E_NO_FILE;
    for (size_t i = 0; i < BERTH_MEM_FILES; i++) {
        struct berth_mem_entry *e = &f->entries[i];
        if (e->path[0] || is_open(f, i))
            continue;
        memset(e, 0, offsetof(struct berth_mem_entry, bytes));
        memcpy(e->path, path, len + 1);
        *out_entry = e;
        return BERTH_OK;
    }
    return BERTH_E_DISK_FULL;
}

/* Every call with a path begins here. */
static enum berth_status begin(struct berth_mem_files *f, const char *path)
{
    if (!path || strlen(path) >= BERTH_MEM_PATH_CAP)
        return BERTH_E_ARGUMENT;
    return berth_mem_fault(f->faults, BERTH_E_IO);
}

static struct berth_mem_open *find_open(struct berth_mem_files *f, berth_file file)
{
    if (file < 0 || file >= BERTH_MEM_OPEN || f->open[file].entry == 0)
        return NULL;
    return &f->open[file];
}

static struct berth_mem_entry *entry_of(struct berth_mem_files *f, const struct berth_mem_open *open)
{
    return &f->entries[open->entry - 1];
}

static berth_file hand_out(struct berth_mem_files *f, const struct berth_mem_entry *entry, unsigned mode)
{
    for (berth_file i = 0; i < BERTH_MEM_OPEN; i++) {
        if (f->open[i].entry)
            continue;
        f->open[i] = (struct berth_mem_open){(size_t)(entry - f->entries) + 1, (uint8_t)mode, false, 0};
        return i;
    }
    return BERTH_E_SPACE;
}

static bool has_room(const struct berth_mem_files *f)
{
    return berth_mem_files_open_count(f) < BERTH_MEM_OPEN;
}

static berth_file mem_open(void *ctx, const char *path, enum berth_file_mode mode, unsigned permissions)
{
    struct berth_mem_files *f = ctx;
    (void)permissions;
    BERTH_TRY(begin(f, path));
    if (!has_room(f))
        return BERTH_E_SPACE;
    struct berth_mem_entry *entry = find_entry(f, path);
    if (entry && entry->folder)
        return BERTH_E_IO;
    if (entry && mode == BERTH_FILE_NEW)
        return BERTH_E_EXISTS;
    if (!entry && mode == BERTH_FILE_READ)
        return BERTH_E_NO_FILE;
    bool replace = mode == BERTH_FILE_REPLACE || mode == BERTH_FILE_REWRITE;
    if (!entry || replace) {
        BERTH_TRY(make_entry(f, path, &entry));
        entry->temporary = replace;
    }
    return hand_out(f, entry, mode);
}

static ptrdiff_t mem_read(void *ctx, berth_file file, void *buf, size_t cap)
{
    struct berth_mem_files *f = ctx;
    struct berth_mem_open *open = find_open(f, file);
    if (!open || open->mode != BERTH_FILE_READ)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(berth_mem_fault(f->faults, BERTH_E_IO));
    const struct berth_mem_entry *entry = entry_of(f, open);
    size_t left = open->offset < entry->len ? entry->len - open->offset : 0;
    size_t len = left < cap ? left : cap;
    memcpy(buf, entry->bytes + open->offset, len);
    open->offset += len;
    return (ptrdiff_t)len;
}

static enum berth_status mem_write(void *ctx, berth_file file, const void *bytes, size_t len)
{
    struct berth_mem_files *f = ctx;
    struct berth_mem_open *open = find_open(f, file);
    if (!open || open->mode == BERTH_FILE_READ || open->mode == MODE_LOCK)
        return BERTH_E_ARGUMENT;
    struct berth_mem_entry *entry = entry_of(f, open);
    if (open->mode == BERTH_FILE_APPEND)
        open->offset = entry->len;
    enum berth_status status = berth_mem_fault(f->faults, BERTH_E_IO);
    if (status == BERTH_OK && (open->offset > BERTH_MEM_FILE_CAP || len > BERTH_MEM_FILE_CAP - open->offset))
        status = BERTH_E_DISK_FULL;
    if (status != BERTH_OK) {
        open->failed = true;
        return status;
    }
    if (open->offset > entry->len)
        memset(entry->bytes + entry->len, 0, open->offset - entry->len);
    if (len)
        memcpy(entry->bytes + open->offset, bytes, len);
    open->offset += len;
    if (entry->len < open->offset)
        entry->len = open->offset;
    return BERTH_OK;
}

static enum berth_status mem_seek(void *ctx, berth_file file, uint64_t offset)
{
    struct berth_mem_files *f = ctx;
    struct berth_mem_open *open = find_open(f, file);
    if (!open || offset > BERTH_MEM_FILE_CAP)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(berth_mem_fault(f->faults, BERTH_E_IO));
    open->offset = (size_t)offset;
    return BERTH_OK;
}

static enum berth_status mem_size(void *ctx, berth_file file, uint64_t *out_bytes)
{
    struct berth_mem_files *f = ctx;
    struct berth_mem_open *open = find_open(f, file);
    if (!open)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(berth_mem_fault(f->faults, BERTH_E_IO));
    *out_bytes = entry_of(f, open)->len;
    return BERTH_OK;
}

static void drop(struct berth_mem_files *f, struct berth_mem_open *open)
{
    struct berth_mem_entry *entry = entry_of(f, open);
    if (entry->temporary)
        entry->path[0] = 0;
    open->entry = 0;
}

static void mem_close(void *ctx, berth_file file)
{
    struct berth_mem_open *open = find_open(ctx, file);
    if (open)
        drop(ctx, open);
}

static enum berth_status mem_commit(void *ctx, berth_file file)
{
    struct berth_mem_files *f = ctx;
    struct berth_mem_open *open = find_open(f, file);
    if (!open || open->mode == MODE_LOCK)
        return BERTH_E_ARGUMENT;
    struct berth_mem_entry *entry = entry_of(f, open);
    enum berth_status status = berth_mem_fault(f->faults, BERTH_E_IO);
    struct berth_mem_entry *old = entry->temporary ? find_entry(f, entry->path) : NULL;
    if (status == BERTH_OK && (open->failed || (old && old->folder)))
        status = BERTH_E_IO;
    if (status == BERTH_OK) {
        if (old)
            old->path[0] = 0;
        entry->temporary = false;
        entry->durable = true;
        entry->durable_len = entry->len;
    }
    drop(f, open);
    return status;
}

static enum berth_status mem_remove(void *ctx, const char *path)
{
    struct berth_mem_files *f = ctx;
    BERTH_TRY(begin(f, path));
    struct berth_mem_entry *entry = find_entry(f, path);
    if (!entry)
        return BERTH_E_NO_FILE;
    if (entry->folder)
        return BERTH_E_IO;
    entry->path[0] = 0;
    return BERTH_OK;
}

static enum berth_status mem_rename(void *ctx, const char *from, const char *to)
{
    struct berth_mem_files *f = ctx;
    if (!to || strlen(to) >= BERTH_MEM_PATH_CAP)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(begin(f, from));
    struct berth_mem_entry *entry = find_entry(f, from);
    struct berth_mem_entry *old = find_entry(f, to);
    if (!entry || !has_parent(f, to))
        return BERTH_E_NO_FILE;
    if (entry->folder || (old && old->folder))
        return BERTH_E_IO;
    if (old && old != entry)
        old->path[0] = 0;
    memcpy(entry->path, to, strlen(to) + 1);
    return BERTH_OK;
}

static enum berth_status mem_make_folder(void *ctx, const char *path, unsigned permissions)
{
    struct berth_mem_files *f = ctx;
    struct berth_mem_entry *entry;
    (void)permissions;
    BERTH_TRY(begin(f, path));
    if (find_entry(f, path))
        return BERTH_E_EXISTS;
    BERTH_TRY(make_entry(f, path, &entry));
    entry->folder = entry->durable = true;
    return BERTH_OK;
}

static enum berth_status mem_remove_tree(void *ctx, const char *path)
{
    struct berth_mem_files *f = ctx;
    size_t len;
    BERTH_TRY(begin(f, path));
    len = strlen(path);
    if (!find_entry(f, path))
        return BERTH_E_NO_FILE;
    for (size_t i = 0; i < BERTH_MEM_FILES; i++) {
        char *name = f->entries[i].path;
        if (berth_text_starts(berth_text_of(name), berth_text_make(path, len)) &&
            (name[len] == 0 || name[len] == '/'))
            name[0] = 0;
    }
    return BERTH_OK;
}

static berth_file mem_lock(void *ctx, const char *path, uint32_t wait_ms)
{
    struct berth_mem_files *f = ctx;
    BERTH_TRY(begin(f, path));
    if (!has_room(f))
        return BERTH_E_SPACE;
    struct berth_mem_entry *entry = find_entry(f, path);
    if (!entry)
        BERTH_TRY(make_entry(f, path, &entry));
    for (size_t i = 0; i < BERTH_MEM_OPEN; i++) {
        if (f->open[i].entry && f->open[i].mode == MODE_LOCK && entry_of(f, &f->open[i]) == entry) {
            if (f->clock)
                f->clock->now_ms += wait_ms;
            return BERTH_E_LOCKED;
        }
    }
    return hand_out(f, entry, MODE_LOCK);
}

struct berth_files berth_mem_files_init(struct berth_mem_files *files)
{
    return (struct berth_files){
        .ctx = files,
        .open = mem_open,
        .read = mem_read,
        .write = mem_write,
        .seek = mem_seek,
        .size = mem_size,
        .commit = mem_commit,
        .close = mem_close,
        .remove = mem_remove,
        .rename = mem_rename,
        .make_folder = mem_make_folder,
        .remove_tree = mem_remove_tree,
        .lock = mem_lock,
        .unlock = mem_close,
    };
}

void berth_mem_files_crash(struct berth_mem_files *files)
{
    for (size_t i = 0; i < BERTH_MEM_OPEN; i++)
        files->open[i].entry = 0;
    for (size_t i = 0; i < BERTH_MEM_FILES; i++) {
        struct berth_mem_entry *e = &files->entries[i];
        if (e->temporary || !e->durable)
            e->path[0] = 0;
        e->len = e->durable_len;
    }
}

struct berth_text berth_mem_files_text(const struct berth_mem_files *files, const char *path)
{
    for (size_t i = 0; i < BERTH_MEM_FILES; i++) {
        const struct berth_mem_entry *e = &files->entries[i];
        if (e->path[0] && !e->temporary && !e->folder &&
            berth_text_equal(berth_text_of(e->path), berth_text_of(path)))
            return (struct berth_text){(const char *)e->bytes, e->len};
    }
    return (struct berth_text){NULL, 0};
}

enum berth_status berth_mem_files_put(struct berth_mem_files *files, const char *path,
                                      struct berth_text bytes)
{
    struct berth_mem_entry *entry = find_entry(files, path);
    if (bytes.len > BERTH_MEM_FILE_CAP || strlen(path) >= BERTH_MEM_PATH_CAP)
        return BERTH_E_DISK_FULL;
    if (!entry)
        BERTH_TRY(make_entry(files, path, &entry));
    if (bytes.len)
        memcpy(entry->bytes, bytes.ptr, bytes.len);
    entry->len = entry->durable_len = bytes.len;
    entry->durable = true;
    return BERTH_OK;
}

size_t berth_mem_files_count(const struct berth_mem_files *files)
{
    size_t count = 0;
    for (size_t i = 0; i < BERTH_MEM_FILES; i++)
        count += files->entries[i].path[0] != 0;
    return count;
}

size_t berth_mem_files_open_count(const struct berth_mem_files *files)
{
    size_t count = 0;
    for (size_t i = 0; i < BERTH_MEM_OPEN; i++)
        count += files->open[i].entry != 0;
    return count;
}
