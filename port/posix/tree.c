/* Removing a folder with everything below it, without a heap, a deep stack or a way out of the folder. */
#include "posix.h"

#ifdef __linux__

#include <fcntl.h>
#include <stdio.h> /* declares renameat() */
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Open folders at once. What lies deeper is moved up to the top of the tree and found there again. */
#define DEPTH 24
/* A folder that looks empty and is not: given up after entering it so often. */
#define IDLE_LIMIT 200

/* openat2's argument (Linux 5.6), which not every C library has a header for. */
struct open_below {
    uint64_t flags, mode, resolve;
};
#define RESOLVE_NOT_OVER_MOUNTS 0x01U
#define RESOLVE_NOT_THROUGH_LINKS 0x04U

struct tree {
    int folders[DEPTH];
    size_t depth;  /* folders that are open */
    size_t idle;   /* folders entered since something was removed */
    dev_t device;  /* the top's */
    bool moved_up; /* the top must be read again */
    struct berth_posix_entries entries;
};

/* A folder below PARENT, neither through a link nor over a mount point: descriptor, or -1 and errno. */
static int open_below(int parent, const char *name, dev_t device)
{
    struct stat info;
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = -1;
#ifdef SYS_openat2
    struct open_below how = {(unsigned)flags, 0, RESOLVE_NOT_OVER_MOUNTS | RESOLVE_NOT_THROUGH_LINKS};
    fd = (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return fd;
#endif
    fd = openat(parent, name, flags);
    if (fd >= 0 && (fstat(fd, &info) != 0 || info.st_dev != device)) {
        (void)close(fd);
        errno = EXDEV;
        return -1;
    }
    return fd;
}

/* A read-only folder of our own is made writable, once. */
static int unlink_at(int folder, const char *name, int flags)
{
    struct stat info;
    if (unlinkat(folder, name, flags) == 0)
        return 0;
    if (errno != EACCES)
        return errno;
    if (fstat(folder, &info) != 0 || fchmod(folder, info.st_mode | S_IRWXU) != 0)
        return EACCES;
    return unlinkat(folder, name, flags) == 0 ? 0 : errno;
}

static int move_up(struct tree *t, int folder, const char *name)
{
    uint8_t random[8];
    char fresh[32];
    struct berth_writer w;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return EIO;
    berth_writer_init(&w, fresh, sizeof fresh);
    berth_put_string(&w, ".berth-");
    berth_put_hex(&w, random, sizeof random);
    if (berth_writer_terminate(&w) != BERTH_OK)
        return EIO;
    t->moved_up = true;
    return renameat(folder, name, t->folders[0], fresh) == 0 ? 0 : errno;
}

/* Removes one entry of the innermost folder, or opens it as the next innermost one. */
static int take_entry(struct tree *t, const char *name, bool *out_deeper)
{
    int folder = t->folders[t->depth - 1];
    int error = unlink_at(folder, name, 0);
    /* Linux says EISDIR for a folder, POSIX EPERM. */
    if (error == 0)
        t->idle = 0;
    if (error == 0 || error == ENOENT)
        return 0;
    if (error != EISDIR && error != EPERM)
        return error;
    int as_folder = unlink_at(folder, name, AT_REMOVEDIR);
    if (as_folder == 0)
        t->idle = 0;
    if (as_folder == 0 || as_folder == ENOENT)
        return 0;
    if (as_folder == ENOTDIR)
        return error;
    if (as_folder == EBUSY) /* a mount point */
        return EXDEV;
    if (as_folder != ENOTEMPTY && as_folder != EEXIST)
        return as_folder;
    if (t->depth == DEPTH)
        return move_up(t, folder, name);
    int fd = open_below(folder, name, t->device);
    if (fd < 0)
        return errno;
    t->folders[t->depth++] = fd;
    if (++t->idle > IDLE_LIMIT)
        return ENOTEMPTY;
    *out_deeper = true;
    return 0;
}

/* Reads the innermost folder from its beginning and removes what it finds, up to the first folder that has to
 * be entered. */
static int empty_folder(struct tree *t, bool *out_deeper)
{
    int folder = t->folders[t->depth - 1];
    const char *name;
    int error = 0;
    if (lseek(folder, 0, SEEK_SET) < 0)
        return errno;
    t->entries.at = t->entries.len = 0;
    while ((name = berth_posix_next_entry(folder, &t->entries, &error)) != NULL) {
        error = take_entry(t, name, out_deeper);
        if (error || *out_deeper)
            break;
    }
    return error;
}

/* The folders below the top are emptied depth first; each one, once read to its end, is left again and its
 * parent, read anew, removes it. */
static int empty_tree(struct tree *t)
{
    while (t->depth > 0) {
        bool deeper = false;
        if (t->depth == 1)
            t->moved_up = false;
        int error = empty_folder(t, &deeper);
        if (error)
            return error;
        if (deeper || (t->depth == 1 && t->moved_up))
            continue;
        berth_posix_close(&t->folders[--t->depth]);
    }
    return 0;
}

int berth_posix_remove_tree(const char *path)
{
    struct tree t;
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno;
    if (!S_ISDIR(info.st_mode))
        return unlink(path) == 0 ? 0 : errno;
    t.folders[0] = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (t.folders[0] < 0)
        return errno;
    t.depth = 1;
    t.idle = 0;
    t.moved_up = false;
    int error = fstat(t.folders[0], &info) == 0 ? 0 : errno;
    t.device = info.st_dev;
    if (!error)
        error = empty_tree(&t);
    while (t.depth > 0)
        berth_posix_close(&t.folders[--t.depth]);
    if (!error && rmdir(path) != 0)
        error = errno;
    return error;
}

#else

int berth_posix_remove_tree(const char *path)
{
    (void)path;
    return ENOSYS;
}

#endif
