/* TCP and unix sockets as a berth_net: connecting, one step at a time, and the bytes. */
#include "posix.h"

#include <netinet/tcp.h>
#include <sys/un.h>

enum phase { PHASE_IDLE, PHASE_RESOLVING, PHASE_CONNECTING, PHASE_UNIX, PHASE_CONNECTED };

#define CONNECT_MS 10000U
#define STAGGER_MS 250U
#define KEEP_IDLE_S 60U
#define KEEP_INTERVAL_S 15
#define KEEP_PROBES 4
/* A unix socket whose queue is full cannot be polled for: it is tried again after this time. */
#define UNIX_AGAIN_MS 10U

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

/* ---- reasons ---- */

static struct berth_writer reason_begin(struct berth_posix_net *n)
{
    struct berth_writer w;
    n->reason.len = 0;
    berth_writer_init(&w, n->reason.text, sizeof n->reason.text);
    return w;
}

static void reason_end(struct berth_posix_net *n, const struct berth_writer *w)
{
    n->reason.len = berth_writer_text(w).len;
}

static void put_error(struct berth_writer *w, int error)
{
    struct berth_text words = berth_posix_error_text(error);
    berth_put_text(w, words);
    if (berth_text_equal(words, berth_posix_error_text(-1))) {
        berth_put_char(w, ' ');
        berth_put_i64(w, error);
    }
}

/* "connection refused by 127.0.0.1:1". */
static void reason_peer(struct berth_posix_net *n, int error, const char *joint)
{
    struct berth_writer w = reason_begin(n);
    put_error(&w, error);
    berth_put_string(&w, joint);
    if (n->phase == PHASE_UNIX || n->resolver.address_count == 0)
        berth_put_string(&w, "the unix socket");
    else
        berth_posix_address_put_port(&w, &n->resolver.addresses[n->peer], n->port);
    reason_end(n, &w);
}

static enum berth_status refuse(struct berth_posix_net *n, enum berth_status status, const char *words)
{
    struct berth_writer w = reason_begin(n);
    berth_put_string(&w, words);
    reason_end(n, &w);
    return status;
}

/* ---- connecting ---- */

static const char *error_joint(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
        return " by ";
    case ETIMEDOUT:
        return ", no answer from ";
    default:
        return ": ";
    }
}

static void attempt_failed(struct berth_posix_net *n, size_t address, int error)
{
    n->peer = address;
    n->failure = error == ETIMEDOUT ? BERTH_E_TIMEOUT : BERTH_E_CONNECT;
    reason_peer(n, error, error_joint(error));
}

static void set_options(const struct berth_posix_net *n, int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (n->config.no_keep_alive)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
    int idle = (int)or_default(n->config.keep_idle_s, KEEP_IDLE_S);
    int interval = KEEP_INTERVAL_S;
    int probes = KEEP_PROBES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
#endif
}

static void close_attempts(struct berth_posix_net *n)
{
    for (size_t i = 0; i < BERTH_POSIX_ATTEMPTS; i++)
        berth_posix_close(&n->attempts[i].fd);
}

static enum berth_status connected(struct berth_posix_net *n, struct berth_posix_attempt *attempt)
{
    n->fd = attempt->fd;
    n->peer = attempt->address;
    attempt->fd = -1;
    close_attempts(n);
    if (n->phase == PHASE_CONNECTING)
        set_options(n, n->fd);
    n->phase = PHASE_CONNECTED;
    n->want = BERTH_WANT_NOTHING;
    n->reason.len = 0;
    return BERTH_OK;
}

/* Starts on ADDRESS in SLOT; true when it is under way. */
static bool attempt_start(struct berth_posix_net *n, struct berth_posix_attempt *slot, size_t address)
{
    union berth_posix_sockaddr to;
    const struct berth_posix_address *a = &n->resolver.addresses[address];
    socklen_t len = berth_posix_address_to_system(a, n->port, &to);
    n->tried++;
    slot->fd = berth_posix_socket(to.any.sa_family, SOCK_STREAM);
    slot->address = address;
    slot->until_ms = berth_posix_now_ms() + or_default(n->config.connect_ms, CONNECT_MS);
    if (slot->fd >= 0 && (connect(slot->fd, &to.any, len) == 0 || errno == EINPROGRESS || errno == EINTR))
        return true;
    attempt_failed(n, address, errno);
    berth_posix_close(&slot->fd);
    return false;
}

/* The status of an attempt under way: BERTH_OK, WOULD_BLOCK, or a failure (then its socket is closed). */
static enum berth_status attempt_check(struct berth_posix_net *n, struct berth_posix_attempt *attempt)
{
    struct pollfd one = {attempt->fd, POLLOUT, 0};
    int error = 0;
    socklen_t len = sizeof error;
    if (poll(&one, 1, 0) > 0) {
        if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
            error = errno;
        if (error == 0)
            return BERTH_OK;
    } else if (berth_posix_now_ms() < attempt->until_ms) {
        return BERTH_E_WOULD_BLOCK;
    } else {
        error = ETIMEDOUT;
    }
    attempt_failed(n, attempt->address, error);
    berth_posix_close(&attempt->fd);
    return n->failure;
}

/* The next address in a free slot when it is due; a failure makes the one after it due at once. */
static void start_due(struct berth_posix_net *n)
{
    for (size_t i = 0; i < BERTH_POSIX_ATTEMPTS; i++) {
        while (n->attempts[i].fd < 0 && n->next_address < n->resolver.address_count &&
               berth_posix_now_ms() >= n->next_start_ms) {
            if (attempt_start(n, &n->attempts[i], n->next_address++))
                n->next_start_ms = berth_posix_now_ms() + or_default(n->config.stagger_ms, STAGGER_MS);
        }
    }
}

static enum berth_status connect_failed(struct berth_posix_net *n)
{
    if (n->tried > 1) {
        struct berth_writer w = {n->reason.text, sizeof n->reason.text, n->reason.len};
        berth_put_string(&w, " (the last of ");
        berth_put_u64(&w, n->tried);
        berth_put_string(&w, " addresses)");
        reason_end(n, &w);
    }
    return n->failure;
}

static enum berth_status step_connecting(struct berth_posix_net *n)
{
    bool under_way = false;
    for (size_t i = 0; i < BERTH_POSIX_ATTEMPTS; i++) {
        struct berth_posix_attempt *attempt = &n->attempts[i];
        if (attempt->fd < 0)
            continue;
        enum berth_status status = attempt_check(n, attempt);
        if (status == BERTH_OK)
            return connected(n, attempt);
        if (status != BERTH_E_WOULD_BLOCK)
            n->next_start_ms = 0;
    }
    start_due(n);
    for (size_t i = 0; i < BERTH_POSIX_ATTEMPTS; i++)
        under_way = under_way || n->attempts[i].fd >= 0;
    return under_way ? BERTH_E_WOULD_BLOCK : connect_failed(n);
}

/* IPv6 and IPv4 in turn, beginning with the family of the first address. */
static void interleave(struct berth_posix_resolver *r)
{
    for (size_t i = 1; i < r->address_count; i++) {
        size_t other = i;
        while (other < r->address_count && r->addresses[other].family == r->addresses[i - 1].family)
            other++;
        if (other == r->address_count)
            return;
        struct berth_posix_address moved = r->addresses[other];
        memmove(&r->addresses[i + 1], &r->addresses[i], (other - i) * sizeof moved);
        r->addresses[i] = moved;
    }
}

static enum berth_status resolved(struct berth_posix_net *n, enum berth_status status)
{
    if (status != BERTH_OK)
        return status;
    interleave(&n->resolver);
    n->phase = PHASE_CONNECTING;
    return step_connecting(n);
}

static enum berth_status step_unix(struct berth_posix_net *n, const struct berth_endpoint *to)
{
    struct sockaddr_un name;
    struct berth_posix_attempt *attempt = &n->attempts[0];
    if (attempt->fd >= 0) {
        enum berth_status status = attempt_check(n, attempt);
        return status == BERTH_OK ? connected(n, attempt) : status;
    }
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    memcpy(name.sun_path, to->unix_path.ptr, to->unix_path.len);
    attempt->fd = berth_posix_socket(AF_UNIX, SOCK_STREAM);
    attempt->until_ms = n->next_start_ms;
    union {
        const struct sockaddr_un *un;
        const struct sockaddr *any;
    } at = {&name};
    if (attempt->fd >= 0) {
        if (connect(attempt->fd, at.any, sizeof name) == 0)
            return connected(n, attempt);
        if (errno == EINPROGRESS || errno == EINTR)
            return BERTH_E_WOULD_BLOCK;
    }
    int error = errno;
    berth_posix_close(&attempt->fd);
    if (error == EAGAIN && berth_posix_now_ms() < n->next_start_ms)
        return BERTH_E_WOULD_BLOCK;
    attempt_failed(n, 0, error == EAGAIN ? ETIMEDOUT : error);
    return n->failure;
}

static void reset(struct berth_posix_net *n)
{
    close_attempts(n);
    berth_posix_resolver_stop(&n->resolver);
    berth_posix_close(&n->fd);
    n->phase = PHASE_IDLE;
    n->want = BERTH_WANT_NOTHING;
    n->next_address = n->tried = n->peer = 0;
    n->next_start_ms = 0;
    n->failure = BERTH_E_CONNECT;
}

static enum berth_status begin(struct berth_posix_net *n, const struct berth_endpoint *to)
{
    struct sockaddr_un name;
    reset(n);
    n->reason.len = 0;
    n->resolver.address_count = 0;
    n->port = to->port;
    if (to->unix_path.len > 0) {
        if (to->unix_path.len >= sizeof name.sun_path || memchr(to->unix_path.ptr, 0, to->unix_path.len))
            return refuse(n, BERTH_E_ARGUMENT, "the unix socket's path is too long for the system");
        n->phase = PHASE_UNIX;
        n->next_start_ms = berth_posix_now_ms() + or_default(n->config.connect_ms, CONNECT_MS);
        return step_unix(n, to);
    }
    if (to->port == 0)
        return refuse(n, BERTH_E_ARGUMENT, "port 0 cannot be connected to");
    n->phase = PHASE_RESOLVING;
    return resolved(n, berth_posix_resolver_start(&n->resolver, &n->config, &n->reason, to->host));
}

static enum berth_status connect_step(struct berth_posix_net *n, const struct berth_endpoint *to)
{
    switch (n->phase) {
    case PHASE_RESOLVING:
        return resolved(n, berth_posix_resolver_step(&n->resolver));
    case PHASE_CONNECTING:
        return step_connecting(n);
    case PHASE_UNIX:
        return step_unix(n, to);
    default:
        return begin(n, to);
    }
}

/* ---- waiting ---- */

static size_t wait_items(const struct berth_posix_net *n, struct berth_posix_poll_item *items,
                         uint64_t *deadline_ms)
{
    size_t count = 0;
    if (n->phase == PHASE_CONNECTED) {
        items[0] = (struct berth_posix_poll_item){n->fd, n->want, 0};
        return n->want != BERTH_WANT_NOTHING;
    }
    if (n->phase == PHASE_RESOLVING)
        return berth_posix_resolver_items(&n->resolver, items, deadline_ms);
    for (size_t i = 0; i < BERTH_POSIX_ATTEMPTS; i++) {
        if (n->attempts[i].fd < 0)
            continue;
        items[count++] = (struct berth_posix_poll_item){n->attempts[i].fd, BERTH_WANT_WRITE, 0};
        if (n->attempts[i].until_ms < *deadline_ms)
            *deadline_ms = n->attempts[i].until_ms;
    }
    uint64_t again = BERTH_POSIX_NEVER;
    if (n->phase == PHASE_UNIX && count == 0)
        again = berth_posix_now_ms() + UNIX_AGAIN_MS;
    if (n->phase == PHASE_CONNECTING && n->next_address < n->resolver.address_count &&
        count < BERTH_POSIX_ATTEMPTS)
        again = n->next_start_ms;
    if (again < *deadline_ms)
        *deadline_ms = again;
    return count;
}

/* Whether there is time left to go on: BERTH_OK, WOULD_BLOCK or CANCELLED. */
static enum berth_status wait_connecting(struct berth_posix_net *n, uint64_t deadline_ms)
{
    struct berth_posix_poll_item items[BERTH_POSIX_NET_ITEMS];
    struct pollfd fds[BERTH_POSIX_NET_ITEMS];
    uint64_t until_ms = deadline_ms;
    size_t count = wait_items(n, items, &until_ms);
    n->want = BERTH_WANT_NOTHING;
    for (size_t i = 0; i < count; i++) {
        fds[i] = (struct pollfd){items[i].fd, berth_posix_events(items[i].want), 0};
        n->want |= items[i].want;
    }
    if (berth_posix_now_ms() >= deadline_ms)
        return BERTH_E_WOULD_BLOCK;
    int got = berth_posix_wait(fds, count, until_ms, n->config.signals);
    return got == BERTH_E_CANCELLED ? BERTH_E_CANCELLED : BERTH_OK;
}

static enum berth_status net_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    struct berth_posix_net *n = ctx;
    uint64_t deadline_ms = berth_posix_now_ms() + wait_ms;
    enum berth_status status;
    for (;;) {
        status = connect_step(n, to);
        if (status != BERTH_E_WOULD_BLOCK)
            break;
        status = wait_connecting(n, deadline_ms);
        if (status == BERTH_E_WOULD_BLOCK)
            return status;
        if (status == BERTH_E_CANCELLED) {
            (void)refuse(n, status, "stopped by a signal");
            break;
        }
    }
    if (status != BERTH_OK)
        reset(n);
    return status;
}

/* ---- bytes ---- */

/* After a call that returned -1: BERTH_OK to try again, or the answer. */
static enum berth_status again(struct berth_posix_net *n, unsigned want, uint64_t deadline_ms)
{
    if (errno == EINTR)
        return BERTH_OK;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
        n->want = BERTH_WANT_NOTHING;
        reason_peer(n, errno, error_joint(errno));
        return BERTH_E_RESET;
    }
    n->want = want;
    if (berth_posix_now_ms() >= deadline_ms)
        return BERTH_E_WOULD_BLOCK;
    int got = berth_posix_wait_fd(n->fd, want, deadline_ms, n->config.signals);
    if (got == BERTH_E_CANCELLED)
        return refuse(n, BERTH_E_CANCELLED, "stopped by a signal");
    return got == 0 ? BERTH_E_WOULD_BLOCK : BERTH_OK;
}

static ptrdiff_t net_recv(void *ctx, void *buf, size_t cap, uint32_t wait_ms)
{
    struct berth_posix_net *n = ctx;
    if (n->fd < 0)
        return refuse(n, BERTH_E_STATE, "not connected");
    uint64_t deadline_ms = wait_ms ? berth_posix_now_ms() + wait_ms : 0;
    for (;;) {
        ssize_t got = recv(n->fd, buf, cap > INT_MAX ? INT_MAX : cap, 0);
        if (got >= 0) {
            n->want = BERTH_WANT_NOTHING;
            return (ptrdiff_t)got;
        }
        enum berth_status status = again(n, BERTH_WANT_READ, deadline_ms);
        if (status != BERTH_OK)
            return status;
    }
}

static ptrdiff_t net_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    struct berth_posix_net *n = ctx;
    if (n->fd < 0)
        return refuse(n, BERTH_E_STATE, "not connected");
    uint64_t deadline_ms = wait_ms ? berth_posix_now_ms() + wait_ms : 0;
    for (;;) {
        ssize_t sent = send(n->fd, bytes, len > INT_MAX ? INT_MAX : len, MSG_NOSIGNAL);
        if (sent > 0) {
            n->want = BERTH_WANT_NOTHING;
            return (ptrdiff_t)sent;
        }
        if (sent == 0)
            errno = EAGAIN;
        enum berth_status status = again(n, BERTH_WANT_WRITE, deadline_ms);
        if (status != BERTH_OK)
            return status;
    }
}

static void net_close(void *ctx)
{
    reset(ctx);
}

static unsigned net_want(void *ctx)
{
    const struct berth_posix_net *n = ctx;
    return n->want;
}

static struct berth_text net_reason(void *ctx)
{
    const struct berth_posix_net *n = ctx;
    return berth_text_make(n->reason.text, n->reason.len);
}

struct berth_net berth_posix_net_init(struct berth_posix_net *n, const struct berth_posix_net_config *config)
{
    memset(n, 0, sizeof *n);
    if (config)
        n->config = *config;
    n->fd = n->resolver.udp_fd = n->resolver.tcp_fd = -1;
    for (size_t i = 0; i < BERTH_POSIX_ATTEMPTS; i++)
        n->attempts[i].fd = -1;
    return (struct berth_net){n, net_connect, NULL, net_recv, net_send, net_close, net_want, net_reason};
}

int berth_posix_net_fd(const struct berth_posix_net *n)
{
    return n->fd;
}

size_t berth_posix_net_items(const struct berth_posix_net *n, struct berth_posix_poll_item *out_items,
                             uint32_t *wait_ms)
{
    uint64_t now = berth_posix_now_ms();
    uint64_t deadline_ms = now + *wait_ms;
    size_t count = n->phase == PHASE_IDLE ? 0 : wait_items(n, out_items, &deadline_ms);
    *wait_ms = deadline_ms <= now ? 0 : (uint32_t)(deadline_ms - now);
    return count;
}
