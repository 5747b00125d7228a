/* Reading a folder's names without a heap. */
#define _DEFAULT_SOURCE
#include "folder.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LENGTH_AT = 16, NAME_AT = 19 }; /* in the kernel's linux_dirent64 */

bool folder_open(struct folder *f, const char *path)
{
    f->at = f->len = 0;
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return f->fd >= 0;
}

const char *folder_next(struct folder *f)
{
    if (f->at == f->len) {
        long n = syscall(SYS_getdents64, f->fd, f->entries, sizeof f->entries);
        if (n <= 0)
            return NULL;
        f->at = 0;
        f->len = (size_t)n;
    }
    const char *entry = f->entries + f->at;
    uint16_t len;
    memcpy(&len, entry + LENGTH_AT, sizeof len);
    f->at += len;
    return entry + NAME_AT;
}

void folder_close(struct folder *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}
