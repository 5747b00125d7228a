/* Local time without libc's own, which allocates: TZif files and the rules of TZ. */
#include "posix.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zone_rule.h"

#define LOCALTIME "/etc/localtime"
#define ZONE_FOLDER "/usr/share/zoneinfo/"

/* ---- TZif (RFC 8536) ---- */

enum { HEADER = 44, KIND_SIZE = 6 };

/* Counts of a header, in its order. */
enum { UT_COUNT, STD_COUNT, LEAP_COUNT, TIME_COUNT, KIND_COUNT, CHAR_COUNT, COUNTS };

struct header {
    uint8_t version;
    uint32_t count[COUNTS];
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t instant(const struct berth_posix_zone *z, size_t i)
{
    const uint8_t *p = z->file + z->times + i * z->time_size;
    if (z->time_size == 4)
        return (int32_t)be32(p);
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static int32_t kind_offset(const struct berth_posix_zone *z, size_t kind)
{
    return (int32_t)be32(z->file + z->kinds + kind * KIND_SIZE);
}

static bool read_header(const uint8_t *p, size_t len, struct header *out)
{
    if (len < HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    out->version = p[4];
    for (size_t i = 0; i < COUNTS; i++) {
        out->count[i] = be32(p + 20 + 4 * i);
        if (out->count[i] > BERTH_POSIX_ZONE_CAP)
            return false;
    }
    return true;
}

/* Bytes of the block behind a header, with instants of TIME_SIZE bytes. */
static size_t block_size(const struct header *h, size_t time_size)
{
    return h->count[TIME_COUNT] * (time_size + 1) + (size_t)h->count[KIND_COUNT] * KIND_SIZE +
           h->count[CHAR_COUNT] + h->count[LEAP_COUNT] * (time_size + 4) + h->count[STD_COUNT] +
           h->count[UT_COUNT];
}

/* Takes the block at OFFSET into use when everything in it is as it should be. */
static bool use_block(struct berth_posix_zone *z, const struct header *h, size_t offset, size_t time_size)
{
    z->time_size = time_size;
    z->time_count = h->count[TIME_COUNT];
    z->kind_count = h->count[KIND_COUNT];
    z->times = offset;
    z->types = z->times + z->time_count * time_size;
    z->kinds = z->types + z->time_count;
    if (z->kind_count == 0 || z->kind_count > 256)
        return false;
    for (size_t i = 0; i < z->time_count; i++)
        if (z->file[z->types + i] >= z->kind_count || (i > 0 && instant(z, i) <= instant(z, i - 1)))
            return false;
    for (size_t i = 0; i < z->kind_count; i++)
        if (kind_offset(z, i) < -89999 || kind_offset(z, i) > 93599)
            return false;
    return true;
}

/* The text between the two line feeds at the end. */
static bool use_footer(struct berth_posix_zone *z, size_t offset, size_t len)
{
    const char *text = (const char *)z->file + offset;
    if (len < 2 || text[0] != '\n')
        return false;
    const char *end = memchr(text + 1, '\n', len - 1);
    if (end == NULL)
        return false;
    struct berth_text rule = berth_text_make(text + 1, (size_t)(end - text) - 1);
    return rule.len == 0 || berth_posix_zone_rule_read(rule, &z->rule);
}

static bool read_file(struct berth_posix_zone *z, size_t len)
{
    struct header h;
    if (!read_header(z->file, len, &h) || block_size(&h, 4) > len - HEADER)
        return false;
    if (h.version == 0)
        return use_block(z, &h, HEADER, 4);
    size_t second = HEADER + block_size(&h, 4);
    if (!read_header(z->file + second, len - second, &h) || block_size(&h, 8) > len - second - HEADER)
        return false;
    size_t footer = second + HEADER + block_size(&h, 8);
    return use_block(z, &h, second + HEADER, 8) && use_footer(z, footer, len - footer);
}

/* ---- What is asked ---- */

static void set_utc(struct berth_posix_zone *z)
{
    z->time_count = z->kind_count = 0;
    z->rule = (struct berth_posix_zone_rule){0};
}

static enum berth_status refuse(struct berth_posix_zone *z, enum berth_status status, const char *what,
                                struct berth_text detail)
{
    struct berth_writer w;
    berth_writer_init(&w, z->reason, sizeof z->reason);
    berth_put_string(&w, what);
    if (detail.len > 0) {
        berth_put_string(&w, ": ");
        berth_put_text(&w, detail);
    }
    z->reason_len = berth_writer_text(&w).len;
    if (z->reason_len == 0) { /* the detail was too long */
        berth_writer_init(&w, z->reason, sizeof z->reason);
        berth_put_string(&w, what);
        z->reason_len = w.len;
    }
    set_utc(z);
    return status;
}

/* z->file holds LEN bytes. */
static enum berth_status use_file(struct berth_posix_zone *z, size_t len, struct berth_text name)
{
    set_utc(z);
    if (read_file(z, len))
        return BERTH_OK;
    return refuse(z, BERTH_E_SYNTAX, "not a time zone file, or a damaged one", name);
}

enum berth_status berth_posix_zone_read(struct berth_posix_zone *z, const void *bytes, size_t len)
{
    z->reason_len = 0;
    if (len > sizeof z->file)
        return refuse(z, BERTH_E_SPACE, "a time zone file of more than 16 KiB", berth_text_make(NULL, 0));
    memcpy(z->file, bytes, len);
    return use_file(z, len, berth_text_make(NULL, 0));
}

/* Reads FD up to its end, or one byte more than fits; -1 and errno. */
static ptrdiff_t read_all(int fd, uint8_t *buf, size_t cap)
{
    size_t len = 0;
    for (;;) {
        uint8_t more;
        ssize_t n = len < cap ? read(fd, buf + len, cap - len) : read(fd, &more, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -1 : (ptrdiff_t)len;
        len += (size_t)n;
        if (len > cap)
            return (ptrdiff_t)len;
    }
}

/* The same for the regular file at PATH. */
static ptrdiff_t load(struct berth_posix_zone *z, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ptrdiff_t len = -1;
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        errno = ENOENT;
    else
        len = read_all(fd, z->file, sizeof z->file);
    berth_posix_close(&fd);
    return len;
}

static enum berth_status open_file(struct berth_posix_zone *z, const char *path, struct berth_text name)
{
    ptrdiff_t len = load(z, path);
    if (len < 0)
        return refuse(z, berth_posix_file_status(errno), "no such time zone", name);
    if ((size_t)len > sizeof z->file)
        return refuse(z, BERTH_E_SPACE, "a time zone file of more than 16 KiB", name);
    return use_file(z, (size_t)len, name);
}

enum berth_status berth_posix_zone_open(struct berth_posix_zone *z, const char *tz)
{
    char path[PATH_MAX];
    struct berth_writer w;
    struct berth_text name = berth_text_of(tz);
    set_utc(z);
    z->reason_len = 0;
    if (tz == NULL) {
        enum berth_status status = open_file(z, LOCALTIME, BERTH_TEXT(LOCALTIME));
        if (status == BERTH_E_NO_FILE)
            z->reason_len = 0; /* a system that has set no zone has UTC */
        return status == BERTH_E_NO_FILE ? BERTH_OK : status;
    }
    if (name.len > 0 && name.ptr[0] == ':')
        name = berth_text_slice(name, 1, name.len);
    if (name.len == 0)
        return BERTH_OK;
    berth_writer_init(&w, path, sizeof path);
    if (name.ptr[0] != '/')
        berth_put_string(&w, ZONE_FOLDER);
    berth_put_text(&w, name);
    enum berth_status status = BERTH_E_NO_FILE; /* a path too long for one */
    if (berth_writer_terminate(&w) == BERTH_OK)
        status = open_file(z, path, name);
    /* A file comes first: of EST5EDT it knows more than the rule. */
    if (status != BERTH_E_NO_FILE)
        return status;
    if (berth_posix_zone_rule_read(name, &z->rule)) {
        z->reason_len = 0;
        return BERTH_OK;
    }
    return refuse(z, BERTH_E_NO_FILE, "TZ: no such time zone, and no rule", name);
}

struct berth_text berth_posix_zone_reason(const struct berth_posix_zone *z)
{
    return berth_text_make(z->reason, z->reason_len);
}

int64_t berth_posix_zone_civil(const struct berth_posix_zone *z, int64_t utc_s)
{
    size_t low = 0, high = z->time_count;
    while (low < high) { /* how many instants are not after it */
        size_t middle = low + (high - low) / 2;
        if (instant(z, middle) <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == z->time_count && z->rule.set)
        return utc_s + berth_posix_zone_rule_offset(&z->rule, utc_s);
    if (z->kind_count == 0)
        return utc_s;
    return utc_s + kind_offset(z, low == 0 ? 0 : z->file[z->types + low - 1]);
}
