/* Following links by hand, so that the place they lead to is known before docker mounts it; copying a
 * template. */
#define _DEFAULT_SOURCE
#include "container_paths.h"

#include "files.h"

#include "berth/port_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 };

/* A walk from "/": what is behind it, what is before it. */
struct walk {
    char done[CONTAINER_PATH]; /* absolute, without a last slash; "" is the root */
    size_t done_len;
    char rest[2 * CONTAINER_PATH];
    unsigned links;
};

/* REST becomes PATH, then a slash, then what was left of it from AFTER on. */
static bool put_before(struct walk *w, struct berth_text path, const char *after)
{
    size_t after_len = strlen(after);
    if (path.len + 1 + after_len >= sizeof w->rest)
        return false;
    memmove(w->rest + path.len + 1, after, after_len + 1);
    memcpy(w->rest, path.ptr, path.len);
    w->rest[path.len] = '/';
    return true;
}

static void climb(struct walk *w)
{
    while (w->done_len > 0 && w->done[w->done_len - 1] != '/')
        w->done_len--;
    if (w->done_len > 0)
        w->done_len--;
    w->done[w->done_len] = '\0';
}

static bool descend(struct walk *w, struct berth_text part)
{
    if (w->done_len + 1 + part.len >= sizeof w->done)
        return false;
    w->done[w->done_len++] = '/';
    memcpy(w->done + w->done_len, part.ptr, part.len);
    w->done_len += part.len;
    w->done[w->done_len] = '\0';
    return true;
}

/* The walk stands on a link: goes on where it leads, then AFTER. */
static bool follow(struct walk *w, const char *after)
{
    char target[CONTAINER_PATH];
    ssize_t len = readlink(w->done, target, sizeof target);
    if (len <= 0 || (size_t)len == sizeof target || ++w->links > LINKS_MAX) {
        errno = ELOOP;
        return false;
    }
    if (target[0] == '/')
        w->done_len = 0;
    else
        climb(w);
    w->done[w->done_len] = '\0';
    return put_before(w, berth_text_make(target, (size_t)len), after);
}

/* Goes to the end of w->rest. */
static enum path_place walk_on(struct walk *w)
{
    errno = ENAMETOOLONG;
    for (;;) {
        struct stat info;
        const char *at = w->rest + strspn(w->rest, "/");
        size_t len = strcspn(at, "/");
        struct berth_text part = berth_text_make(at, len);
        if (len == 0)
            return PATH_INSIDE;
        if (berth_text_equal(part, BERTH_TEXT(".."))) {
            climb(w);
        } else if (!berth_text_equal(part, BERTH_TEXT("."))) {
            if (!descend(w, part))
                return PATH_ERROR;
            if (lstat(w->done, &info) != 0)
                return errno == ENOENT || errno == ENOTDIR ? PATH_ABSENT : PATH_ERROR;
            if (S_ISLNK(info.st_mode)) {
                if (!follow(w, at + len))
                    return PATH_ERROR;
                continue;
            }
        }
        memmove(w->rest, at + len, strlen(at + len) + 1);
    }
}

static bool begin(struct walk *w, struct berth_text path)
{
    w->done_len = w->links = 0;
    w->done[0] = w->rest[0] = '\0';
    return put_before(w, path, "");
}

enum path_place path_below(struct berth_text root, struct berth_text relative, char *out,
                           struct berth_text *out_relative)
{
    struct walk w;
    char real_root[CONTAINER_PATH];
    if (!begin(&w, root))
        return PATH_ERROR;
    enum path_place place = walk_on(&w);
    if (place != PATH_INSIDE)
        return place;
    size_t root_len = w.done_len;
    memcpy(real_root, w.done, root_len);
    if (!put_before(&w, relative, ""))
        return PATH_ERROR;
    place = walk_on(&w);
    if (place != PATH_INSIDE)
        return place;
    if (w.done_len <= root_len + 1 || memcmp(w.done, real_root, root_len) != 0 || w.done[root_len] != '/')
        return PATH_OUTSIDE;
    size_t len = w.done_len - root_len - 1;
    memcpy(out, w.done + root_len + 1, len + 1);
    *out_relative = berth_text_make(out, len);
    return PATH_INSIDE;
}

enum path_place path_folder(struct berth_text path)
{
    struct stat info;
    char name[CONTAINER_PATH];
    if (path.len >= sizeof name)
        return PATH_ERROR;
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    if (stat(name, &info) != 0)
        return errno == ENOENT ? PATH_ABSENT : PATH_ERROR;
    if (S_ISDIR(info.st_mode))
        return PATH_INSIDE;
    errno = ENOTDIR;
    return PATH_ERROR;
}

/* ---- copying ---------------------------------------------------------------------------------- */

struct copy {
    char from[CONTAINER_PATH], to[CONTAINER_PATH];
    size_t from_len[PATH_LEVELS], to_len[PATH_LEVELS];
    struct berth_posix_folder folders[PATH_LEVELS];
    int level;
};

static bool append(char *path, size_t len, const char *name)
{
    size_t name_len = strlen(name);
    if (len + 1 + name_len >= CONTAINER_PATH)
        return false;
    path[len] = '/';
    memcpy(path + len + 1, name, name_len + 1);
    return true;
}

static enum berth_status enter(struct copy *c, unsigned permissions)
{
    const struct berth_files *files = program_files();
    if (c->level + 1 == PATH_LEVELS)
        return BERTH_E_DEPTH;
    BERTH_TRY(files->make_folder(files->ctx, c->to, permissions));
    BERTH_TRY(berth_posix_folder_open(&c->folders[c->level + 1], c->from));
    c->level++;
    c->from_len[c->level] = strlen(c->from);
    c->to_len[c->level] = strlen(c->to);
    return BERTH_OK;
}

static enum berth_status copy_file(const struct copy *c, unsigned permissions)
{
    const struct berth_files *files = program_files();
    char room[8192];
    ptrdiff_t n = 0;
    berth_file from = files->open(files->ctx, c->from, BERTH_FILE_READ, 0);
    if (from < 0)
        return (enum berth_status)from;
    berth_file to = files->open(files->ctx, c->to, BERTH_FILE_NEW, permissions);
    enum berth_status status = to < 0 ? (enum berth_status)to : BERTH_OK;
    while (status == BERTH_OK && (n = files->read(files->ctx, from, room, sizeof room)) > 0)
        status = files->write(files->ctx, to, room, (size_t)n);
    if (status == BERTH_OK && n < 0)
        status = (enum berth_status)n;
    files->close(files->ctx, from);
    if (to >= 0 && status == BERTH_OK)
        return files->commit(files->ctx, to);
    if (to >= 0)
        files->close(files->ctx, to);
    return status;
}

static enum berth_status copy_link(const struct copy *c)
{
    char target[CONTAINER_PATH];
    ssize_t len = readlink(c->from, target, sizeof target - 1);
    if (len < 0)
        return BERTH_E_IO;
    target[len] = '\0';
    return symlink(target, c->to) == 0 ? BERTH_OK : BERTH_E_IO;
}

static enum berth_status copy_entry(struct copy *c, const char *name)
{
    struct stat info;
    if (!append(c->from, c->from_len[c->level], name) || !append(c->to, c->to_len[c->level], name))
        return BERTH_E_RANGE;
    if (lstat(c->from, &info) != 0)
        return BERTH_E_IO;
    if (S_ISDIR(info.st_mode))
        return enter(c, info.st_mode & 0777);
    if (S_ISLNK(info.st_mode))
        return copy_link(c);
    return S_ISREG(info.st_mode) ? copy_file(c, info.st_mode & 0777) : BERTH_OK;
}

static enum berth_status copy_all(struct copy *c)
{
    enum berth_status status = enter(c, 0755);
    while (status == BERTH_OK && c->level >= 0) {
        const char *name = berth_posix_folder_next(&c->folders[c->level], &status);
        if (name != NULL)
            status = copy_entry(c, name);
        else if (status == BERTH_OK)
            berth_posix_folder_close(&c->folders[c->level--]);
    }
    while (c->level >= 0)
        berth_posix_folder_close(&c->folders[c->level--]);
    return status;
}

enum berth_status path_copy_folder(const char *from, const char *to, struct berth_text *out_why)
{
    static struct copy c;
    static const char mark[] = ".berth-new";
    const struct berth_files *files = program_files();
    char made[CONTAINER_PATH];
    struct berth_writer w;
    berth_writer_init(&w, made, sizeof made);
    berth_put_string(&w, to);
    while (w.len > 1 && w.len <= sizeof made && made[w.len - 1] == '/')
        w.len--;
    berth_put_string(&w, mark);
    if (berth_writer_terminate(&w) != BERTH_OK || strlen(from) >= sizeof c.from) {
        *out_why = BERTH_TEXT("its path is too long");
        return BERTH_E_RANGE;
    }
    memcpy(c.from, from, strlen(from) + 1);
    memcpy(c.to, made, strlen(made) + 1);
    c.level = -1;
    enum berth_status status = files->remove_tree(files->ctx, made);
    if (status == BERTH_OK || status == BERTH_E_NO_FILE)
        status = make_folders(made, 0755);
    if (status == BERTH_OK)
        status = files->remove_tree(files->ctx, made); /* made for the folders above it */
    if (status == BERTH_OK)
        status = copy_all(&c);
    if (status == BERTH_OK)
        status = files->rename(files->ctx, made, to);
    if (status != BERTH_OK) {
        (void)!files->remove_tree(files->ctx, made);
        *out_why = berth_text_of(berth_status_name(status));
    }
    return status;
}
