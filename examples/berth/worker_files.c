/* Files that steps can lay hands on. */
#define _DEFAULT_SOURCE
#include "worker_files.h"

#include "berth/port_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEADY = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, NAME_CAP = 256 };

/* FD when it is of the kind that is wanted; else it is closed: -1 and errno. */
static int of_kind(int fd, bool folder)
{
    struct stat info;
    if (fd < 0)
        return -1;
    if (fstat(fd, &info) == 0 && (folder ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode)))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

int plain_open(const char *path, int flags)
{
    return of_kind(open(path, flags | STEADY, 0600), false);
}

uint64_t plain_size(int fd)
{
    struct stat info;
    return fd >= 0 && fstat(fd, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
}

/* The next step of a walk: NAME in the folder FD, which is closed. */
static int walk(int fd, struct berth_text name, int flags)
{
    char part[NAME_CAP];
    int next = -1;
    int error = EINVAL;
    if (name.len < sizeof part && !berth_text_equal(name, BERTH_TEXT(".."))) {
        memcpy(part, name.ptr, name.len);
        part[name.len] = '\0';
        next = openat(fd, part, O_RDONLY | STEADY | flags);
        error = errno;
    }
    close(fd);
    errno = error;
    return next;
}

int inside_open(const char *root, const char *relative, bool folder)
{
    struct berth_text rest = berth_text_of(relative), part;
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (relative[0] == '/' && fd >= 0) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    while (fd >= 0 && berth_text_split(&rest, '/', &part)) {
        bool last = rest.len == 0;
        if (part.len > 0 && !berth_text_equal(part, BERTH_TEXT(".")))
            fd = walk(fd, part, last ? 0 : O_DIRECTORY);
    }
    return of_kind(fd, folder);
}

/* Reads until the end or one byte more than CAP. */
static ptrdiff_t read_all(int fd, char *buf, size_t cap)
{
    size_t len = 0;
    for (;;) {
        char extra;
        ssize_t n = len < cap ? read(fd, buf + len, cap - len) : read(fd, &extra, 1);
        if (n == 0)
            return (ptrdiff_t)len;
        if (n > 0 && len == cap)
            return BERTH_E_SPACE;
        if (n > 0)
            len += (size_t)n;
        else if (errno != EINTR)
            return BERTH_E_IO;
    }
}

enum berth_status inside_read(const char *root, const char *relative, char *buf, size_t cap,
                              struct berth_text *out_text, struct berth_text *out_why)
{
    int fd = inside_open(root, relative, false);
    if (fd < 0) {
        bool absent = errno == ENOENT;
        *out_why = errno == ELOOP || errno == ENOTDIR || errno == EINVAL
                       ? BERTH_TEXT("it is a link, or no file")
                       : berth_posix_error_text(errno);
        return absent ? BERTH_E_NO_FILE : BERTH_E_IO;
    }
    ptrdiff_t len = read_all(fd, buf, cap);
    if (len == BERTH_E_SPACE)
        *out_why = BERTH_TEXT("the file is too long");
    else if (len < 0)
        *out_why = berth_posix_error_text(errno);
    close(fd);
    *out_text = berth_text_make(buf, len > 0 ? (size_t)len : 0);
    return len < 0 ? (enum berth_status)len : BERTH_OK;
}
