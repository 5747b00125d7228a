/* Reading a folder without a heap. */
#include "posix.h"

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
