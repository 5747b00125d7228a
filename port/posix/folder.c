/* Reading a folder without a heap. */
#include "posix.h"

#include <fcntl.h>

#ifdef __linux__

#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's record; its name begins at offset 19 on every machine. */
struct entry {
    uint64_t inode;
    int64_t next;
    uint16_t len;
    uint8_t type;
    char name[1];
};

static bool is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

const char *berth_posix_next_entry(int folder, struct berth_posix_entries *entries, int *out_error)
{
    const char *name;
    do {
        if (entries->at == entries->len) {
            long got = syscall(SYS_getdents64, folder, entries->room.bytes, sizeof entries->room.bytes);
            *out_error = got < 0 ? errno : 0;
            entries->at = 0;
            entries->len = got < 0 ? 0 : (size_t)got;
            if (got <= 0)
                return NULL;
        }
        const char *record = entries->room.bytes + entries->at;
        uint16_t len;
        memcpy(&len, record + offsetof(struct entry, len), sizeof len);
        entries->at += len;
        name = record + offsetof(struct entry, name);
    } while (is_dots(name));
    return name;
}

#else

const char *berth_posix_next_entry(int folder, struct berth_posix_entries *entries, int *out_error)
{
    (void)folder, (void)entries;
    *out_error = ENOSYS;
    return NULL;
}

#endif

static enum berth_status status_of(int error_number)
{
    return error_number == ENOSYS ? BERTH_E_NOT_PROVIDED : berth_posix_file_status(error_number);
}

enum berth_status berth_posix_folder_open(struct berth_posix_folder *f, const char *path)
{
    f->entries.at = f->entries.len = 0;
#ifdef __linux__
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return f->fd >= 0 ? BERTH_OK : status_of(errno);
#else
    (void)path;
    f->fd = -1;
    return status_of(ENOSYS);
#endif
}

const char *berth_posix_folder_next(struct berth_posix_folder *f, enum berth_status *out_status)
{
    int error = 0;
    const char *name = berth_posix_next_entry(f->fd, &f->entries, &error);
    if (out_status != NULL)
        *out_status = status_of(error);
    return name;
}

void berth_posix_folder_close(struct berth_posix_folder *f)
{
    berth_posix_close(&f->fd);
}
