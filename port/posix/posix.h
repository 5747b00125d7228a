/* What the files of the posix port share. Included first: it chooses what the system's headers declare. */
#ifndef BERTH_POSIX_PRIVATE_H
#define BERTH_POSIX_PRIVATE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#ifndef _TIME_BITS /* glibc, 32 bits: dates past 2038 */
#define _TIME_BITS 64
#endif

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include "berth/port_posix.h"

/* wait.c */
#define BERTH_POSIX_NEVER UINT64_MAX
uint64_t berth_posix_now_ms(void);
/* Polls until one is ready (> 0), DEADLINE_MS by the monotonic clock (0), or, with SIGNALS, one is pending
 * (BERTH_E_CANCELLED). A refusal by the system is BERTH_E_IO. At most BERTH_POSIX_POLL_CAP. */
int berth_posix_wait(struct pollfd *fds, size_t count, uint64_t deadline_ms,
                     const struct berth_posix_signals *signals);
/* The same for one descriptor. */
int berth_posix_wait_fd(int fd, unsigned want, uint64_t deadline_ms,
                        const struct berth_posix_signals *signals);
short berth_posix_events(unsigned want);

/* address.c */
union berth_posix_sockaddr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};
/* An IPv4 literal of four decimal numbers, or an IPv6 one with an optional %zone (a number or an interface's
 * name). */
bool berth_posix_address_parse(struct berth_text text, struct berth_posix_address *out);
/* Without zone; IPv6 as RFC 5952. */
void berth_posix_address_put(struct berth_writer *w, const struct berth_posix_address *address);
/* With the port: "127.0.0.1:80", "[::1]:80". */
void berth_posix_address_put_port(struct berth_writer *w, const struct berth_posix_address *address,
                                  uint16_t port);
socklen_t berth_posix_address_to_system(const struct berth_posix_address *address, uint16_t port,
                                        union berth_posix_sockaddr *out);
/* A socket that does not block and is closed by exec; -1 and errno. KIND: SOCK_STREAM, SOCK_DGRAM. */
int berth_posix_socket(int domain, int kind);
/* Closes *fd unless it is -1, and makes it -1. errno is kept. */
void berth_posix_close(int *fd);

/* error.c */
enum berth_status berth_posix_file_status(int error_number);

/* folder.c: the names in an open folder, without a heap; ENOSYS where the system cannot. The next
 * entry's name, "." and ".." left out, up to the next call; NULL: the end (*out_error 0), or an errno. A
 * zeroed struct goes on where the descriptor stands. */
const char *berth_posix_next_entry(int folder, struct berth_posix_entries *entries, int *out_error);

/* tree.c: 0 or an errno; ENOSYS where the system cannot. */
int berth_posix_remove_tree(const char *path);

/* resolver.c: a name to addresses, one step at a time. NAME lives until the end. start() and step() return
 * BERTH_OK (resolver->addresses), WOULD_BLOCK, RESOLVE, TIMEOUT or ARGUMENT, the last three with a reason. */
enum berth_status berth_posix_resolver_start(struct berth_posix_resolver *r,
                                             const struct berth_posix_net_config *config,
                                             struct berth_posix_reason *reason, struct berth_text name);
enum berth_status berth_posix_resolver_step(struct berth_posix_resolver *r);
/* Closes what is open. */
void berth_posix_resolver_stop(struct berth_posix_resolver *r);
/* What it waits for: at most two items; lowers *deadline_ms. */
size_t berth_posix_resolver_items(const struct berth_posix_resolver *r,
                                  struct berth_posix_poll_item *out_items, uint64_t *deadline_ms);
/* A name that DNS can carry: labels of 1 to 63 letters, digits, '-' and '_', 253 bytes in all, the last label
 * not a number. A last dot is not part of it. */
bool berth_posix_name_ok(struct berth_text name);
/* Appends, unless it is there already or the place is full. */
void berth_posix_resolver_add(struct berth_posix_resolver *r, const struct berth_posix_address *address);

/* resolver_files.c: what hosts and resolv.conf say. A file that cannot be read says nothing. */
void berth_posix_read_hosts(struct berth_posix_resolver *r);
void berth_posix_read_resolv(struct berth_posix_resolver *r);

#ifdef BERTH_POSIX_GETADDRINFO
/* resolver_system.c: the C library's own resolver for r->query (NUL-terminated), which blocks and uses the
 * heap. False when there is no address. */
bool berth_posix_ask_system(struct berth_posix_resolver *r);
#endif

#endif
