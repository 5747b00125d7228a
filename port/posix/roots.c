/* Trusted certificates from a file, or from all the files of a folder, as a source. */
#include "posix.h"

#include "berth/number.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_certificate(struct berth_text name)
{
    return berth_text_ends(name, BERTH_TEXT(".pem")) || berth_text_ends(name, BERTH_TEXT(".crt")) ||
           berth_text_ends(name, BERTH_TEXT(".cer"));
}

/* A name that `openssl rehash` makes, such as 4042bcee.0. */
static bool is_hash(struct berth_text name)
{
    uint64_t ignored;
    return name.len > 9 && name.ptr[8] == '.' &&
           berth_parse_hex_u64(berth_text_slice(name, 0, 8), &ignored) == BERTH_OK &&
           berth_parse_u64(berth_text_slice(name, 9, name.len), &ignored) == BERTH_OK;
}

/* Whether the file counts: not when it is a link to one in the same folder that counts already. */
static bool counts(int folder, const char *name)
{
    char target[256];
    if (is_certificate(berth_text_of(name)))
        return true;
    if (!is_hash(berth_text_of(name)))
        return false;
    ssize_t len = readlinkat(folder, name, target, sizeof target);
    struct berth_text to = berth_text_make(target, len < 0 ? 0 : (size_t)len);
    return !is_certificate(to) || berth_text_find_byte(to, '/') != SIZE_MAX;
}

/* Opens the folder's next file; false at its end (*out_status OK) or on an error. */
static bool open_next(struct berth_posix_roots *r, enum berth_status *out_status)
{
    const char *name;
    while ((name = berth_posix_folder_next(&r->folder, out_status)) != NULL) {
        if (counts(r->folder.fd, name))
            r->file_fd = openat(r->folder.fd, name, O_RDONLY | O_CLOEXEC);
        if (r->file_fd >= 0)
            return true;
    }
    return false;
}

static ptrdiff_t roots_read(void *ctx, void *buf, size_t cap)
{
    struct berth_posix_roots *r = ctx;
    enum berth_status status = BERTH_OK;
    if (r->file_fd < 0 && (!r->is_folder || !open_next(r, &status)))
        return status;
    ssize_t got;
    do {
        got = read(r->file_fd, buf, cap);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        return got;
    int error = got < 0 ? errno : 0;
    berth_posix_close(&r->file_fd);
    if (error != 0 || !r->is_folder)
        return berth_posix_file_status(error);
    *(char *)buf = '\n'; /* so that a file without a last line end does not touch the next one */
    return 1;
}

static enum berth_status roots_rewind(void *ctx)
{
    struct berth_posix_roots *r = ctx;
    berth_posix_roots_close(r);
    if (r->is_folder)
        return berth_posix_folder_open(&r->folder, r->path);
    r->file_fd = open(r->path, O_RDONLY | O_CLOEXEC);
    return r->file_fd >= 0 ? BERTH_OK : berth_posix_file_status(errno);
}

enum berth_status berth_posix_roots_open(struct berth_posix_roots *r, const char *path,
                                         struct berth_source *out_source)
{
    struct stat info;
    memset(r, 0, sizeof *r);
    r->path = path;
    r->folder.fd = r->file_fd = -1;
    if (stat(path, &info) != 0)
        return berth_posix_file_status(errno);
    r->is_folder = S_ISDIR(info.st_mode);
    *out_source = (struct berth_source){r, roots_read, roots_rewind, BERTH_LENGTH_UNKNOWN};
    return roots_rewind(r);
}

void berth_posix_roots_close(struct berth_posix_roots *r)
{
    berth_posix_close(&r->file_fd);
    berth_posix_folder_close(&r->folder);
}
