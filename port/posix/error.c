/* The system's error numbers as words and as statuses. */
#include "posix.h"

static const struct {
    int number;
    struct berth_text words;
} words[] = {
    {EACCES, BERTH_TEXT_INIT("permission denied")},
    {EADDRNOTAVAIL, BERTH_TEXT_INIT("no such address here")},
    {EAFNOSUPPORT, BERTH_TEXT_INIT("address family not supported")},
    {EBADF, BERTH_TEXT_INIT("is not open")},
    {ECONNABORTED, BERTH_TEXT_INIT("connection aborted")},
    {ECONNREFUSED, BERTH_TEXT_INIT("connection refused")},
    {ECONNRESET, BERTH_TEXT_INIT("connection reset")},
    {EDQUOT, BERTH_TEXT_INIT("disk quota exceeded")},
    {EEXIST, BERTH_TEXT_INIT("exists already")},
    {EFBIG, BERTH_TEXT_INIT("file too large")},
    {EHOSTUNREACH, BERTH_TEXT_INIT("host unreachable")},
    {EINVAL, BERTH_TEXT_INIT("invalid argument")},
    {EIO, BERTH_TEXT_INIT("input/output error")},
    {EISDIR, BERTH_TEXT_INIT("is a folder")},
    {ELOOP, BERTH_TEXT_INIT("is a symbolic link, or too many of them")},
    {EMFILE, BERTH_TEXT_INIT("too many open files")},
    {ENAMETOOLONG, BERTH_TEXT_INIT("name too long")},
    {ENETDOWN, BERTH_TEXT_INIT("network down")},
    {ENETUNREACH, BERTH_TEXT_INIT("network unreachable")},
    {ENFILE, BERTH_TEXT_INIT("too many open files in the system")},
    {ENOBUFS, BERTH_TEXT_INIT("no buffer space")},
    {ENOENT, BERTH_TEXT_INIT("no such file or folder")},
    {ENOEXEC, BERTH_TEXT_INIT("not a program")},
    {ENOMEM, BERTH_TEXT_INIT("out of memory")},
    {ENOSPC, BERTH_TEXT_INIT("no space left on device")},
    {ENOTDIR, BERTH_TEXT_INIT("not a folder")},
    {ENOTEMPTY, BERTH_TEXT_INIT("folder not empty")},
    {EPERM, BERTH_TEXT_INIT("not permitted")},
    {EPIPE, BERTH_TEXT_INIT("connection closed by the other side")},
    {EPROTOTYPE, BERTH_TEXT_INIT("wrong kind of socket")},
    {EROFS, BERTH_TEXT_INIT("read-only file system")},
    {ETIMEDOUT, BERTH_TEXT_INIT("timed out")},
    {EXDEV, BERTH_TEXT_INIT("crosses file systems")},
};

struct berth_text berth_posix_error_text(int error_number)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].number == error_number)
            return words[i].words;
    }
    return BERTH_TEXT("system error");
}

enum berth_status berth_posix_file_status(int error_number)
{
    switch (error_number) {
    case 0:
        return BERTH_OK;
    case ENOENT:
    case ENOTDIR:
        return BERTH_E_NO_FILE;
    case EEXIST:
    case ENOTEMPTY:
        return BERTH_E_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case EXDEV:
    case ELOOP:
        return BERTH_E_PERMISSION;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return BERTH_E_DISK_FULL;
    default:
        return BERTH_E_IO;
    }
}
