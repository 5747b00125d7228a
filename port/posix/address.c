/* Address literals, socket addresses, sockets. */
#include "posix.h"

#include <fcntl.h>
#include <net/if.h>
#include <unistd.h>

#include "berth/number.h"

static bool parse_v4(struct berth_text text, uint8_t *out)
{
    size_t parts = 0;
    struct berth_text part;
    while (berth_text_split(&text, '.', &part)) {
        uint64_t value;
        bool leading_zero = part.len > 1 && part.ptr[0] == '0';
        if (parts == 4 || part.len > 3 || leading_zero || berth_parse_u64(part, &value) != BERTH_OK ||
            value > 255)
            return false;
        out[parts++] = (uint8_t)value;
    }
    return parts == 4;
}

/* Groups of TEXT into OUT; their number in bytes, or -1. An IPv4 tail is allowed when it is the address's. */
static int parse_groups(struct berth_text text, bool tail_allowed, uint8_t *out, int room)
{
    int used = 0;
    struct berth_text group;
    if (text.len == 0)
        return 0;
    while (berth_text_split(&text, ':', &group)) {
        uint64_t value;
        if (tail_allowed && text.ptr == NULL && berth_text_find_byte(group, '.') != SIZE_MAX) {
            if (used + 4 > room || !parse_v4(group, out + used))
                return -1;
            return used + 4;
        }
        if (group.len == 0 || group.len > 4 || used + 2 > room ||
            berth_parse_hex_u64(group, &value) != BERTH_OK)
            return -1;
        out[used++] = (uint8_t)(value >> 8);
        out[used++] = (uint8_t)value;
    }
    return used;
}

static bool parse_v6(struct berth_text text, uint8_t *out)
{
    uint8_t tail[16];
    size_t gap = berth_text_find(text, BERTH_TEXT("::"));
    memset(out, 0, 16);
    if (gap == SIZE_MAX)
        return parse_groups(text, true, out, 16) == 16;
    /* "::" stands for at least one group of zeros (RFC 5952 section 4.2.2 writes it for two or more). */
    int before = parse_groups(berth_text_slice(text, 0, gap), false, out, 14);
    if (before < 0)
        return false;
    int after = parse_groups(berth_text_slice(text, gap + 2, text.len), true, tail, 14 - before);
    if (after < 0)
        return false;
    memcpy(out + 16 - after, tail, (size_t)after);
    return true;
}

static bool parse_zone(struct berth_text zone, uint32_t *out)
{
    char name[IF_NAMESIZE];
    uint64_t number;
    if (berth_parse_u64(zone, &number) == BERTH_OK && number <= UINT32_MAX) {
        *out = (uint32_t)number;
        return number > 0;
    }
    if (zone.len == 0 || zone.len >= sizeof name || memchr(zone.ptr, 0, zone.len))
        return false;
    memcpy(name, zone.ptr, zone.len);
    name[zone.len] = 0;
    *out = if_nametoindex(name);
    return *out > 0;
}

bool berth_posix_address_parse(struct berth_text text, struct berth_posix_address *out)
{
    memset(out, 0, sizeof *out);
    if (text.len == 0)
        return false;
    if (berth_text_find_byte(text, ':') == SIZE_MAX) {
        out->family = 4;
        return parse_v4(text, out->bytes);
    }
    out->family = 6;
    size_t percent = berth_text_find_byte(text, '%');
    if (percent == SIZE_MAX)
        return parse_v6(text, out->bytes);
    return parse_v6(berth_text_slice(text, 0, percent), out->bytes) &&
           parse_zone(berth_text_slice(text, percent + 1, text.len), &out->zone);
}

static void put_v4(struct berth_writer *w, const uint8_t *bytes)
{
    for (int i = 0; i < 4; i++) {
        if (i)
            berth_put_char(w, '.');
        berth_put_u64(w, bytes[i]);
    }
}

static void put_group(struct berth_writer *w, unsigned group)
{
    static const char digits[] = "0123456789abcdef";
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = (group >> shift) & 15U;
        started = started || digit || shift == 0;
        if (started)
            berth_put_char(w, digits[digit]);
    }
}

/* The longest run of zero groups, the first of equals, at least two (RFC 5952 section 4.2). */
static void zero_run(const unsigned *groups, int *out_start, int *out_end)
{
    *out_start = *out_end = -1;
    for (int i = 0; i < 8;) {
        int j = i;
        while (j < 8 && groups[j] == 0)
            j++;
        if (j - i > 1 && j - i > *out_end - *out_start) {
            *out_start = i;
            *out_end = j;
        }
        i = j > i ? j : i + 1;
    }
}

static void put_v6(struct berth_writer *w, const uint8_t *bytes)
{
    unsigned groups[8];
    int start;
    int end;
    for (int i = 0; i < 8; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    zero_run(groups, &start, &end);
    for (int i = 0; i < 8; i++) {
        if (i == start) {
            berth_put_string(w, "::");
            i = end - 1;
            continue;
        }
        if (i && i != end)
            berth_put_char(w, ':');
        put_group(w, groups[i]);
    }
}

void berth_posix_address_put(struct berth_writer *w, const struct berth_posix_address *address)
{
    if (address->family == 4)
        put_v4(w, address->bytes);
    else
        put_v6(w, address->bytes);
}

void berth_posix_address_put_port(struct berth_writer *w, const struct berth_posix_address *address,
                                  uint16_t port)
{
    if (address->family == 6)
        berth_put_char(w, '[');
    berth_posix_address_put(w, address);
    berth_put_string(w, address->family == 6 ? "]:" : ":");
    berth_put_u64(w, port);
}

socklen_t berth_posix_address_to_system(const struct berth_posix_address *address, uint16_t port,
                                        union berth_posix_sockaddr *out)
{
    memset(out, 0, sizeof *out);
    if (address->family == 4) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        memcpy(&out->v4.sin_addr, address->bytes, 4);
        return sizeof out->v4;
    }
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    out->v6.sin6_scope_id = address->zone;
    memcpy(&out->v6.sin6_addr, address->bytes, 16);
    return sizeof out->v6;
}

int berth_posix_socket(int domain, int kind)
{
    int fd = socket(domain, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#ifdef SO_NOSIGPIPE
    int on = 1;
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    return fd;
}

void berth_posix_close(int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = saved;
}
