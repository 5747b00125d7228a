/* Files: reading, atomic replacement, appending, locks. */
#include "posix.h"

#include <fcntl.h>
#include <stdio.h> /* declares rename() */
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two looks at a lock that somebody else holds. */
#define LOCK_POLL_MS 20U

enum { MODE_LOCK = 100 };

static enum berth_status failed(struct berth_posix_files *f, int error)
{
    f->error_number = error;
    return berth_posix_file_status(error);
}

static struct berth_posix_file *find(struct berth_posix_files *f, berth_file file)
{
    if (file < 0 || file >= BERTH_POSIX_FILES || f->files[file].fd < 0)
        return NULL;
    return &f->files[file];
}

static berth_file free_slot(struct berth_posix_files *f)
{
    for (berth_file i = 0; i < BERTH_POSIX_FILES; i++) {
        if (f->files[i].fd < 0) {
            memset(&f->files[i], 0, sizeof f->files[i]);
            f->files[i].fd = f->files[i].folder = -1;
            return i;
        }
    }
    return BERTH_E_SPACE;
}

static int open_at(int folder, const char *name, int flags, mode_t permissions)
{
    int fd;
    do
        fd = openat(folder, name, flags | O_CLOEXEC | O_NOCTTY, permissions);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Opens the folder that PATH (from the folder FROM) lies in, and copies its last part. 0, or errno. */
static int open_folder(struct berth_posix_file *file, int from, const char *path)
{
    char folder[PATH_MAX];
    size_t len = strlen(path);
    size_t cut = len;
    while (cut > 0 && path[cut - 1] != '/')
        cut--;
    if (cut == len)
        return len ? EISDIR : ENOENT;
    if (len - cut >= sizeof file->name || cut >= sizeof folder)
        return ENAMETOOLONG;
    memcpy(file->name, path + cut, len - cut + 1);
    memcpy(folder, path, cut);
    folder[cut] = 0;
    file->folder = open_at(from, cut ? folder : ".", O_RDONLY | O_DIRECTORY, 0);
    return file->folder < 0 ? errno : 0;
}

static int name_temporary(struct berth_posix_file *file)
{
    uint8_t random[8];
    struct berth_writer w;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return EIO;
    berth_writer_init(&w, file->temporary, sizeof file->temporary);
    berth_put_string(&w, ".berth-");
    berth_put_hex(&w, random, sizeof random);
    return berth_writer_terminate(&w) == BERTH_OK ? 0 : EIO;
}

/* What must not be replaced by a file: a device, a pipe. 0 = absent or a file or a link to one; else errno,
 * or -1 when it is to be written directly. */
static int look_at_target(const struct berth_posix_file *file)
{
    struct stat info;
    if (fstatat(file->folder, file->name, &info, 0) != 0)
        return errno == ENOENT || errno == ELOOP ? 0 : errno;
    if (S_ISREG(info.st_mode))
        return 0;
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    return -1;
}

static int open_replace(struct berth_posix_file *file, unsigned permissions)
{
    int error = look_at_target(file);
    if (error > 0)
        return error;
    if (error < 0) {
        file->direct = true;
        file->fd = open_at(file->folder, file->name, O_WRONLY, 0);
        return file->fd < 0 ? errno : 0;
    }
    for (int tries = 0; tries < 16; tries++) {
        error = name_temporary(file);
        if (error)
            return error;
        file->fd = open_at(file->folder, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                           (mode_t)permissions);
        if (file->fd >= 0)
            return 0;
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

/* Goes on from a symbolic link to what it leads to, and that may be one too. 0, or errno. */
static int follow_links(struct berth_posix_file *file)
{
    char target[PATH_MAX];
    for (int links = 0; links < 16; links++) {
        ssize_t len = readlinkat(file->folder, file->name, target, sizeof target - 1);
        if (len < 0 && (errno == EINVAL || (errno == ENOENT && links == 0)))
            return 0; /* no link; or nothing there */
        if (len < 0)
            return errno == ENOENT ? ELOOP : errno;
        target[len] = 0;
        int from = file->folder;
        int error = open_folder(file, from, target);
        (void)close(from);
        if (error)
            return error == ENOENT ? ELOOP : error;
    }
    return ELOOP;
}

/* Gives the new file what INFO, of the old one, has; PERMISSIONS are the most. 0, or errno. */
static int keep_owner(const struct berth_posix_file *file, const struct stat *info, unsigned permissions)
{
    mode_t mode = info->st_mode & (mode_t)permissions & 0777;
    bool kept =
        fchown(file->fd, info->st_uid, info->st_gid) == 0 || fchown(file->fd, (uid_t)-1, info->st_gid) == 0;
    if (!kept) /* what the old group might do is not for another one */
        mode &= ~(mode_t)070;
    return fchmod(file->fd, mode) == 0 ? 0 : errno;
}

static int open_rewrite(struct berth_posix_file *file, unsigned permissions)
{
    struct stat info;
    struct berth_writer w;
    int error = follow_links(file);
    if (error)
        return error;
    bool there = fstatat(file->folder, file->name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && errno != ENOENT)
        return errno;
    if (there && !S_ISREG(info.st_mode))
        return S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    berth_writer_init(&w, file->temporary, sizeof file->temporary);
    berth_put_char(&w, '.');
    berth_put_string(&w, file->name);
    berth_put_string(&w, ".new");
    if (berth_writer_terminate(&w) != BERTH_OK)
        return ENAMETOOLONG;
    if (unlinkat(file->folder, file->temporary, 0) != 0 && errno != ENOENT)
        return errno;
    /* Nobody else sees into it before it is known who may. */
    file->fd = open_at(file->folder, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                       there ? 0600 : (mode_t)permissions);
    if (file->fd < 0)
        return errno;
    error = there ? keep_owner(file, &info, permissions) : 0;
    if (error) {
        (void)unlinkat(file->folder, file->temporary, 0);
        berth_posix_close(&file->fd);
    }
    return error;
}

/* A link that leads nowhere is not the same as nothing. */
static int open_error(const char *path, int error)
{
    struct stat info;
    bool link = error == ENOENT && lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
    return link ? ELOOP : error;
}

static int open_mode(struct berth_posix_file *file, const char *path, enum berth_file_mode mode,
                     unsigned permissions)
{
    static const int flags[] = {
        [BERTH_FILE_READ] = O_RDONLY,
        [BERTH_FILE_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
        [BERTH_FILE_NEW] = O_WRONLY | O_CREAT | O_EXCL,
    };
    if (mode != BERTH_FILE_READ) {
        int error = open_folder(file, AT_FDCWD, path);
        if (error)
            return error;
    }
    if (mode == BERTH_FILE_REPLACE)
        return open_replace(file, permissions);
    if (mode == BERTH_FILE_REWRITE)
        return open_rewrite(file, permissions);
    file->fd = open_at(AT_FDCWD, path, flags[mode], (mode_t)permissions);
    return file->fd < 0 ? open_error(path, errno) : 0;
}

static bool has_temporary(const struct berth_posix_file *file)
{
    return (file->mode == BERTH_FILE_REPLACE && !file->direct) || file->mode == BERTH_FILE_REWRITE;
}

static berth_file files_open(void *ctx, const char *path, enum berth_file_mode mode, unsigned permissions)
{
    struct berth_posix_files *f = ctx;
    if (!path || (unsigned)mode > BERTH_FILE_REWRITE)
        return BERTH_E_ARGUMENT;
    berth_file slot = free_slot(f);
    if (slot < 0)
        return slot;
    struct berth_posix_file *file = &f->files[slot];
    file->mode = (uint8_t)mode;
    int error = open_mode(file, path, mode, permissions);
    if (error) {
        berth_posix_close(&file->folder);
        return failed(f, error);
    }
    return slot;
}

static ptrdiff_t files_read(void *ctx, berth_file number, void *buf, size_t cap)
{
    struct berth_posix_files *f = ctx;
    struct berth_posix_file *file = find(f, number);
    if (!file)
        return BERTH_E_ARGUMENT;
    ssize_t got;
    do
        got = read(file->fd, buf, cap > INT_MAX ? INT_MAX : cap);
    while (got < 0 && errno == EINTR);
    return got < 0 ? failed(f, errno) : (ptrdiff_t)got;
}

static enum berth_status files_write(void *ctx, berth_file number, const void *bytes, size_t len)
{
    struct berth_posix_files *f = ctx;
    struct berth_posix_file *file = find(f, number);
    const char *at = bytes;
    if (!file)
        return BERTH_E_ARGUMENT;
    while (len > 0) {
        ssize_t put = write(file->fd, at, len > INT_MAX ? INT_MAX : len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            file->failed = true;
            file->status = failed(f, put < 0 ? errno : EIO);
            return file->status;
        }
        at += put;
        len -= (size_t)put;
    }
    return BERTH_OK;
}

static enum berth_status files_seek(void *ctx, berth_file number, uint64_t offset)
{
    struct berth_posix_files *f = ctx;
    struct berth_posix_file *file = find(f, number);
    if (!file || offset > INT64_MAX)
        return BERTH_E_ARGUMENT;
    return lseek(file->fd, (off_t)offset, SEEK_SET) < 0 ? failed(f, errno) : BERTH_OK;
}

static enum berth_status files_size(void *ctx, berth_file number, uint64_t *out_bytes)
{
    struct berth_posix_files *f = ctx;
    struct berth_posix_file *file = find(f, number);
    struct stat info;
    if (!file)
        return BERTH_E_ARGUMENT;
    if (fstat(file->fd, &info) != 0)
        return failed(f, errno);
    *out_bytes = (uint64_t)info.st_size;
    return BERTH_OK;
}

/* fsync, where the thing has one: 0 or errno. */
static int flush(int fd)
{
    int done;
    do
        done = fsync(fd);
    while (done != 0 && errno == EINTR);
    return done == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP ? 0 : errno;
}

static void files_close(void *ctx, berth_file number)
{
    struct berth_posix_file *file = find(ctx, number);
    if (!file)
        return;
    if (has_temporary(file))
        (void)unlinkat(file->folder, file->temporary, 0);
    berth_posix_close(&file->fd);
    berth_posix_close(&file->folder);
}

/* close() may report what write() did not (NFS, quotas). */
static int close_checked(struct berth_posix_file *file)
{
    int fd = file->fd;
    file->fd = -1;
    return close(fd) == 0 || errno == EINTR ? 0 : errno;
}

static int commit(struct berth_posix_file *file)
{
    int error = flush(file->fd);
    bool replace = has_temporary(file);
    int close_error = close_checked(file);
    if (!error)
        error = close_error;
    if (!error && replace && renameat(file->folder, file->temporary, file->folder, file->name) != 0)
        error = errno;
    if (error && replace)
        (void)unlinkat(file->folder, file->temporary, 0);
    if (!error && file->folder >= 0 && !file->direct)
        error = flush(file->folder);
    berth_posix_close(&file->folder);
    return error;
}

static enum berth_status files_commit(void *ctx, berth_file number)
{
    struct berth_posix_files *f = ctx;
    struct berth_posix_file *file = find(f, number);
    if (!file)
        return BERTH_E_ARGUMENT;
    if (file->failed) {
        enum berth_status status = file->status;
        files_close(f, number);
        return status;
    }
    if (file->mode == BERTH_FILE_READ) {
        files_close(f, number);
        return BERTH_OK;
    }
    int error = commit(file);
    return error ? failed(f, error) : BERTH_OK;
}

static enum berth_status files_remove(void *ctx, const char *path)
{
    return unlink(path) == 0 ? BERTH_OK : failed(ctx, errno);
}

static enum berth_status files_rename(void *ctx, const char *from, const char *to)
{
    return rename(from, to) == 0 ? BERTH_OK : failed(ctx, errno);
}

static enum berth_status files_make_folder(void *ctx, const char *path, unsigned permissions)
{
    return mkdir(path, (mode_t)permissions) == 0 ? BERTH_OK : failed(ctx, errno);
}

static enum berth_status files_remove_tree(void *ctx, const char *path)
{
    int error = berth_posix_remove_tree(path);
    return error == ENOSYS ? BERTH_E_NOT_PROVIDED : error ? failed(ctx, error) : BERTH_OK;
}

/* Whether FD is still what PATH names: the lock's file may have been removed while we waited for it. */
static bool same_file(int fd, const char *path)
{
    struct stat mine;
    struct stat named;
    return fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

/* 0, EWOULDBLOCK after the wait, or errno. */
static int take_lock(struct berth_posix_file *file, const char *path, uint32_t wait_ms)
{
    uint64_t deadline_ms = berth_posix_now_ms() + wait_ms;
    for (;;) {
        if (file->fd < 0)
            file->fd = open_at(AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
        if (file->fd < 0)
            return errno;
        if (flock(file->fd, LOCK_EX | LOCK_NB) == 0) {
            if (same_file(file->fd, path))
                return 0;
            berth_posix_close(&file->fd);
            continue;
        }
        if (errno == EINTR)
            continue;
        uint64_t now = berth_posix_now_ms();
        if (errno != EWOULDBLOCK || now >= deadline_ms)
            return errno;
        uint64_t next = now + LOCK_POLL_MS;
        (void)poll(NULL, 0, (int)((next < deadline_ms ? next : deadline_ms) - now));
    }
}

static berth_file files_lock(void *ctx, const char *path, uint32_t wait_ms)
{
    struct berth_posix_files *f = ctx;
    berth_file slot = free_slot(f);
    if (slot < 0)
        return slot;
    struct berth_posix_file *file = &f->files[slot];
    file->mode = MODE_LOCK;
    int error = take_lock(file, path, wait_ms);
    if (!error)
        return slot;
    berth_posix_close(&file->fd);
    enum berth_status status = failed(f, error);
    return error == EWOULDBLOCK ? BERTH_E_LOCKED : status;
}

static void files_unlock(void *ctx, berth_file lock)
{
    struct berth_posix_file *file = find(ctx, lock);
    if (file && file->mode == MODE_LOCK)
        berth_posix_close(&file->fd);
}

struct berth_files berth_posix_files_init(struct berth_posix_files *f)
{
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < BERTH_POSIX_FILES; i++)
        f->files[i].fd = f->files[i].folder = -1;
    return (struct berth_files){
        .ctx = f,
        .open = files_open,
        .read = files_read,
        .write = files_write,
        .seek = files_seek,
        .size = files_size,
        .commit = files_commit,
        .close = files_close,
        .remove = files_remove,
        .rename = files_rename,
        .make_folder = files_make_folder,
        .remove_tree = files_remove_tree,
        .lock = files_lock,
        .unlock = files_unlock,
    };
}

int berth_posix_files_errno(const struct berth_posix_files *f)
{
    return f->error_number;
}
