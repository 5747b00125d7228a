/* The posix port's sockets, clocks, entropy and signals against real sockets on this machine. */
#define _GNU_SOURCE 1
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "berth/port_posix.h"
#include "port/posix/posix.h"
#include "seed.h"

/* ---- helpers ---- */

/* A listener on a loopback address with a free port; -1 when the family is not to be had. */
static int listen_on(int family, int backlog, uint16_t *out_port)
{
    union berth_posix_sockaddr at;
    socklen_t len;
    memset(&at, 0, sizeof at);
    if (family == AF_INET) {
        at.v4.sin_family = AF_INET;
        at.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        len = sizeof at.v4;
    } else {
        at.v6.sin6_family = AF_INET6;
        at.v6.sin6_addr = in6addr_loopback;
        len = sizeof at.v6;
    }
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, &at.any, len) != 0 || listen(fd, backlog) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, &at.any, &len), 0);
    *out_port = ntohs(family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
    return fd;
}

static struct berth_endpoint endpoint(const char *host, uint16_t port)
{
    struct berth_endpoint to = {berth_text_of(host), port, {NULL, 0}};
    return to;
}

static void assert_reason(struct berth_net *net, const char *expected)
{
    struct berth_text reason = net->reason(net->ctx);
    if (!berth_text_equal(reason, berth_text_of(expected)))
        fail_msg("reason \"%.*s\", expected \"%s\"", (int)reason.len, reason.ptr, expected);
}

static void assert_reason_has(struct berth_net *net, const char *part)
{
    struct berth_text reason = net->reason(net->ctx);
    if (berth_text_find(reason, berth_text_of(part)) == SIZE_MAX)
        fail_msg("reason \"%.*s\" without \"%s\"", (int)reason.len, reason.ptr, part);
}

static int count_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

struct pair {
    struct berth_posix_net posix;
    struct berth_net net;
    int listener, peer;
    uint16_t port;
};

static void pair_open(struct pair *p, const struct berth_posix_net_config *config)
{
    p->listener = listen_on(AF_INET, 4, &p->port);
    assert_true(p->listener >= 0);
    p->net = berth_posix_net_init(&p->posix, config);
    struct berth_endpoint to = endpoint("127.0.0.1", p->port);
    assert_int_equal(p->net.connect(p->net.ctx, &to, 2000), BERTH_OK);
    p->peer = accept(p->listener, NULL, NULL);
    assert_true(p->peer >= 0);
}

static void pair_close(struct pair *p)
{
    p->net.close(p->net.ctx);
    p->net.close(p->net.ctx);
    if (p->peer >= 0)
        close(p->peer);
    close(p->listener);
}

/* ---- connecting ---- */

static void connects_and_talks(void **state)
{
    (void)state;
    struct pair p;
    char buf[64];
    int fds = count_fds();
    pair_open(&p, NULL);
    assert_int_equal(p.net.send(p.net.ctx, "hello", 5, 1000), 5);
    assert_int_equal(read(p.peer, buf, sizeof buf), 5);
    assert_memory_equal(buf, "hello", 5);
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(p.net.want(p.net.ctx), BERTH_WANT_READ);
    assert_int_equal(write(p.peer, "world", 5), 5);
    assert_int_equal(p.net.recv(p.net.ctx, buf, 3, 1000), 3);
    assert_int_equal(p.net.recv(p.net.ctx, buf + 3, sizeof buf - 3, 1000), 2);
    assert_memory_equal(buf, "world", 5);
    assert_int_equal(p.net.want(p.net.ctx), BERTH_WANT_NOTHING);
    close(p.peer);
    p.peer = -1;
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 1000), 0);
    pair_close(&p);
    assert_int_equal(count_fds(), fds);
}

static void sets_its_options(void **state)
{
    (void)state;
    struct pair p;
    int value = 0;
    socklen_t len = sizeof value;
    pair_open(&p, NULL);
    int fd = berth_posix_net_fd(&p.posix);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    assert_true(value);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len), 0);
    assert_true(value);
    pair_close(&p);
    assert_int_equal(berth_posix_net_fd(&p.posix), -1);
    struct berth_posix_net_config config = {.no_keep_alive = true};
    pair_open(&p, &config);
    fd = berth_posix_net_fd(&p.posix);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len), 0);
    assert_false(value);
    pair_close(&p);
}

static void a_refusal_names_the_address(void **state)
{
    (void)state;
    struct berth_posix_net posix;
    struct berth_net net = berth_posix_net_init(&posix, NULL);
    char expected[80];
    uint16_t port;
    int fds = count_fds();
    close(listen_on(AF_INET, 1, &port));
    struct berth_endpoint to = endpoint("127.0.0.1", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_E_CONNECT);
    snprintf(expected, sizeof expected, "connection refused by 127.0.0.1:%u", port);
    assert_reason(&net, expected);
    assert_int_equal(count_fds(), fds);
    /* Both addresses of localhost. */
    to = endpoint("localhost", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_E_CONNECT);
    assert_reason_has(&net, "(the last of 2 addresses)");
    assert_int_equal(count_fds(), fds);
}

static void ipv6_literal(void **state)
{
    (void)state;
    struct berth_posix_net posix;
    struct berth_net net = berth_posix_net_init(&posix, NULL);
    uint16_t port;
    char expected[80];
    int listener = listen_on(AF_INET6, 1, &port);
    if (listener < 0)
        skip();
    struct berth_endpoint to = endpoint("::1", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_OK);
    net.close(net.ctx);
    to = endpoint("::1%1", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_OK);
    net.close(net.ctx);
    close(listener);
    to = endpoint("::1", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_E_CONNECT);
    snprintf(expected, sizeof expected, "connection refused by [::1]:%u", port);
    assert_reason(&net, expected);
}

/* Only IPv4 listens: the IPv6 address of localhost fails first and the next is tried at once. */
static void falls_back_to_the_next_address(void **state)
{
    (void)state;
    struct berth_posix_net posix;
    struct berth_net net = berth_posix_net_init(&posix, NULL);
    uint16_t port;
    int listener = listen_on(AF_INET, 4, &port);
    uint64_t start = berth_posix_now_ms();
    struct berth_endpoint to = endpoint("some.localhost", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_OK);
    assert_true(berth_posix_now_ms() - start < 2000);
    net.close(net.ctx);
    to = endpoint("LOCALHOST.", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_OK);
    net.close(net.ctx);
    struct berth_posix_net_config only6 = {.only_family = 6};
    net = berth_posix_net_init(&posix, &only6);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_E_CONNECT);
    to = endpoint("127.0.0.1", port);
    assert_int_equal(net.connect(net.ctx, &to, 2000), BERTH_E_RESOLVE);
    close(listener);
}

/* A listener with a full queue does not answer: that is how "no answer" looks without a network. */
static int full_listener(uint16_t *out_port, int *fillers, size_t count)
{
    int listener = listen_on(AF_INET, 0, out_port);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*out_port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < count; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fillers[i], (struct sockaddr *)&at, sizeof at);
    }
    return listener;
}

static void silence_is_a_timeout(void **state)
{
    (void)state;
    struct berth_posix_net posix;
    struct berth_posix_net_config config = {.connect_ms = 200};
    struct berth_net net = berth_posix_net_init(&posix, &config);
    int fillers[4];
    uint16_t port;
    int listener = full_listener(&port, fillers, 4);
    struct berth_endpoint to = endpoint("127.0.0.1", port);
    /* First by steps that wait for nothing, then to the end. */
    uint64_t start = berth_posix_now_ms();
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.connect(net.ctx, &to, 50), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.want(net.ctx), BERTH_WANT_WRITE);
    struct berth_posix_poll_item items[BERTH_POSIX_NET_ITEMS];
    uint32_t wait_ms = 60000;
    assert_int_equal(berth_posix_net_items(&posix, items, &wait_ms), 1);
    assert_true(wait_ms <= 200);
    assert_int_equal(items[0].want, BERTH_WANT_WRITE);
    assert_int_equal(net.connect(net.ctx, &to, 5000), BERTH_E_TIMEOUT);
    uint64_t took = berth_posix_now_ms() - start;
    assert_in_range(took, 190, 4000);
    assert_reason_has(&net, "timed out, no answer from 127.0.0.1:");
    for (size_t i = 0; i < 4; i++)
        close(fillers[i]);
    close(listener);
}

/* The first address is silent: the second is tried beside it after the stagger, and wins. */
static void silence_does_not_hold_up_the_next_address(void **state)
{
    (void)state;
    struct berth_posix_net posix;
    char hosts[] = "/tmp/berth-hosts-XXXXXX";
    struct berth_posix_net_config config = {.hosts_path = hosts, .stagger_ms = 100};
    int fillers[4];
    uint16_t port;
    int fds = count_fds();
    int silent = full_listener(&port, fillers, 4);
    int good = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    assert_int_equal(bind(good, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(good, 4), 0);
    int file = mkstemp(hosts);
    assert_true(dprintf(file, "127.0.0.1 twice.test\n127.0.0.2 twice.test\n") > 0);
    close(file);
    struct berth_net net = berth_posix_net_init(&posix, &config);
    struct berth_endpoint to = endpoint("twice.test", port);
    uint64_t start = berth_posix_now_ms();
    assert_int_equal(net.connect(net.ctx, &to, 5000), BERTH_OK);
    assert_in_range(berth_posix_now_ms() - start, 90, 4000);
    socklen_t len = sizeof at;
    assert_int_equal(getpeername(berth_posix_net_fd(&posix), (struct sockaddr *)&at, &len), 0);
    assert_int_equal(ntohl(at.sin_addr.s_addr), INADDR_LOOPBACK + 1);
    net.close(net.ctx);
    for (size_t i = 0; i < 4; i++)
        close(fillers[i]);
    close(silent);
    close(good);
    unlink(hosts);
    assert_int_equal(count_fds(), fds);
}

static void no_descriptors_left(void **state)
{
    (void)state;
    struct berth_posix_net posix;
    struct berth_net net = berth_posix_net_init(&posix, NULL);
    int taken[64];
    int count = 0;
    uint16_t port;
    struct rlimit before;
    int listener = listen_on(AF_INET, 4, &port);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = {32, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    while ((taken[count] = dup(listener)) >= 0)
        count++;
    struct berth_endpoint to = endpoint("127.0.0.1", port);
    enum berth_status status = net.connect(net.ctx, &to, 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    while (count > 0)
        close(taken[--count]);
    assert_int_equal(status, BERTH_E_CONNECT);
    assert_reason_has(&net, "too many open files: 127.0.0.1:");
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_OK);
    net.close(net.ctx);
    close(listener);
}

static void what_is_no_address(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "",
        " ",
        "a b",
        "300.1.1.1",
        "1.2.3",
        "127.0.0.01",
        "::g",
        ":::",
        "1::2::3",
        "[::1]",
        "a..b",
        "-\n",
        "12345::",
        "1:2:3:4:5:6:7",
        "::1%",
        "::1%nosuch",
        "1.2.3.4.5",
        "exa/mple",
        ".",
        ".a",
        "1:2:3:4:5:6:7:8:9",
        "::1.2.3",
        "1:2:3:4:5:6:7::8:9",
    };
    struct berth_posix_net posix;
    struct berth_net net = berth_posix_net_init(&posix, NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        struct berth_endpoint to = endpoint(hosts[i], 80);
        if (net.connect(net.ctx, &to, 0) != BERTH_E_ARGUMENT)
            fail_msg("\"%s\" was taken", hosts[i]);
        assert_reason_has(&net, "neither");
    }
    char long_label[65];
    memset(long_label, 'a', 64);
    long_label[64] = 0;
    struct berth_endpoint to = endpoint(long_label, 80);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_ARGUMENT);
    char long_name[256];
    for (size_t i = 0; i < 255; i++)
        long_name[i] = i % 50 == 49 ? '.' : 'x';
    long_name[254] = 0;
    to = endpoint(long_name, 80);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_ARGUMENT);
    to = endpoint("127.0.0.1", 0);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_ARGUMENT);
}

static void addresses_as_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"1.2.3.4", "1.2.3.4"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::0:1", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"::ffff:1.2.3.4", "::ffff:102:304"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct berth_posix_address address;
        char buf[64];
        struct berth_writer w;
        assert_true(berth_posix_address_parse(berth_text_of(cases[i][0]), &address));
        berth_writer_init(&w, buf, sizeof buf);
        berth_posix_address_put(&w, &address);
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_string_equal(buf, cases[i][1]);
    }
}

/* Against the system's own reader and writer, for random texts of the right alphabet. */
static void addresses_as_the_system_has_them(void **state)
{
    (void)state;
    static const char alphabet[] = "0:1.2:f:::25";
    uint64_t seed = seed_start("addresses");
    for (int run = 0; run < 200000; run++) {
        char text[24];
        char ours[64];
        char theirs[INET6_ADDRSTRLEN];
        struct berth_posix_address address;
        uint8_t bytes[16];
        size_t len = 1 + seed_below(&seed, 18);
        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[seed_below(&seed, sizeof alphabet - 1)];
        text[len] = 0;
        int family = strchr(text, ':') ? AF_INET6 : AF_INET;
        bool taken = berth_posix_address_parse(berth_text_of(text), &address);
        if (taken != (inet_pton(family, text, bytes) == 1))
            fail_msg("\"%s\" taken: %d", text, taken);
        if (!taken)
            continue;
        assert_memory_equal(bytes, address.bytes, family == AF_INET ? 4 : 16);
        struct berth_writer w;
        berth_writer_init(&w, ours, sizeof ours);
        berth_posix_address_put(&w, &address);
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_non_null(inet_ntop(family, bytes, theirs, sizeof theirs));
        if (!strchr(theirs, '.') || family == AF_INET)
            assert_string_equal(ours, theirs);
    }
}

static void unix_sockets(void **state)
{
    (void)state;
    char folder[] = "/tmp/berth-net-XXXXXX";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct berth_posix_net posix;
    struct berth_net net = berth_posix_net_init(&posix, NULL);
    char buf[8];
    assert_non_null(mkdtemp(folder));
    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
    struct berth_endpoint to = {{NULL, 0}, 0, berth_text_of(at.sun_path)};
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_E_CONNECT);
    assert_reason(&net, "no such file or folder: the unix socket");
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_E_CONNECT);
    assert_reason(&net, "connection refused by the unix socket");
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_OK);
    int peer = accept(listener, NULL, NULL);
    assert_int_equal(net.send(net.ctx, "x", 1, 100), 1);
    assert_int_equal(read(peer, buf, sizeof buf), 1);
    close(peer);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 100), 0);
    net.close(net.ctx);
    /* A full queue cannot be polled for; it ends as no answer. */
    struct berth_posix_net_config config = {.connect_ms = 100};
    struct berth_posix_net fillers[3];
    for (int i = 0; i < 3; i++) {
        struct berth_net filler = berth_posix_net_init(&fillers[i], NULL);
        enum berth_status filled = filler.connect(filler.ctx, &to, 0);
        assert_true(filled == BERTH_OK || filled == BERTH_E_WOULD_BLOCK);
    }
    net = berth_posix_net_init(&posix, &config);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_E_TIMEOUT);
    assert_reason(&net, "timed out, no answer from the unix socket");
    int waiting = accept(listener, NULL, NULL);
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_OK);
    net.close(net.ctx);
    close(waiting);
    for (int i = 0; i < 3; i++) {
        struct berth_net filler = {.ctx = &fillers[i], .close = net.close};
        filler.close(filler.ctx);
    }
    char path[200];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = 0;
    to.unix_path = berth_text_of(path);
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_E_ARGUMENT);
    close(listener);
    unlink(at.sun_path);
    rmdir(folder);
}

/* ---- bytes ---- */

static void a_reset_is_a_reset(void **state)
{
    (void)state;
    struct pair p;
    char buf[16];
    struct linger hard = {1, 0};
    pair_open(&p, NULL);
    assert_int_equal(setsockopt(p.peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    close(p.peer);
    p.peer = -1;
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 1000), BERTH_E_RESET);
    assert_reason_has(&p.net, "connection reset by 127.0.0.1:");
    /* No SIGPIPE either. */
    assert_int_equal(p.net.send(p.net.ctx, "x", 1, 1000), BERTH_E_RESET);
    p.net.close(p.net.ctx);
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 1000), BERTH_E_STATE);
    assert_int_equal(p.net.send(p.net.ctx, "x", 1, 1000), BERTH_E_STATE);
    pair_close(&p);
}

static void a_full_pipe_would_block(void **state)
{
    (void)state;
    struct pair p;
    static char block[65536];
    size_t sent = 0;
    ptrdiff_t got;
    pair_open(&p, NULL);
    while ((got = p.net.send(p.net.ctx, block, sizeof block, 0)) > 0)
        sent += (size_t)got;
    assert_int_equal(got, BERTH_E_WOULD_BLOCK);
    assert_int_equal(p.net.want(p.net.ctx), BERTH_WANT_WRITE);
    uint64_t start = berth_posix_now_ms();
    assert_int_equal(p.net.send(p.net.ctx, block, sizeof block, 60), BERTH_E_WOULD_BLOCK);
    assert_in_range(berth_posix_now_ms() - start, 55, 5000);
    while (sent > 0) {
        ssize_t n = read(p.peer, block, sizeof block);
        assert_true(n > 0);
        sent -= (size_t)n;
    }
    assert_true(p.net.send(p.net.ctx, block, 10, 1000) == 10);
    pair_close(&p);
}

static void several_at_once(void **state)
{
    (void)state;
    struct pair a;
    struct pair b;
    char buf[4];
    pair_open(&a, NULL);
    pair_open(&b, NULL);
    assert_int_equal(a.net.recv(a.net.ctx, buf, sizeof buf, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(b.net.recv(b.net.ctx, buf, sizeof buf, 0), BERTH_E_WOULD_BLOCK);
    struct berth_posix_poll_item items[2 * BERTH_POSIX_NET_ITEMS];
    uint32_t wait_ms = 100;
    size_t count = berth_posix_net_items(&a.posix, items, &wait_ms);
    count += berth_posix_net_items(&b.posix, items + count, &wait_ms);
    assert_int_equal(count, 2);
    assert_int_equal(berth_posix_poll(items, count, 20, NULL), 0);
    assert_int_equal(write(b.peer, "x", 1), 1);
    assert_int_equal(berth_posix_poll(items, count, wait_ms, NULL), 1);
    assert_int_equal(items[0].ready, 0);
    assert_int_equal(items[1].ready, BERTH_WANT_READ);
    close(a.peer);
    a.peer = -1;
    assert_int_equal(berth_posix_poll(items, count, wait_ms, NULL), 2);
    assert_int_equal(berth_posix_poll(items, BERTH_POSIX_POLL_CAP + 1, 0, NULL), BERTH_E_SPACE);
    pair_close(&a);
    pair_close(&b);
}

/* ---- signals, clock, entropy ---- */

static void signals_end_waits(void **state)
{
    (void)state;
    struct berth_posix_signals signals;
    struct berth_posix_signals second;
    struct pair p;
    char buf[4];
    assert_int_equal(berth_posix_signals_begin(&signals), BERTH_OK);
    assert_int_equal(berth_posix_signals_begin(&second), BERTH_E_STATE);
    assert_int_equal(berth_posix_signals_pending(&signals), 0);
    struct berth_posix_net_config config = {.signals = &signals};
    struct berth_clock clock = berth_posix_clock(&signals);
    pair_open(&p, &config);
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        kill(getppid(), SIGTERM);
        _exit(0);
    }
    uint64_t start = clock.monotonic_ms(clock.ctx);
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 10000), BERTH_E_CANCELLED);
    assert_reason(&p.net, "stopped by a signal");
    assert_true(clock.monotonic_ms(clock.ctx) - start < 5000);
    assert_int_equal(berth_posix_signals_pending(&signals), SIGTERM);
    /* Still pending: no wait begins, but what is ready is had. */
    clock.sleep_ms(clock.ctx, 10000);
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 10000), BERTH_E_CANCELLED);
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(p.net.send(p.net.ctx, "x", 1, 10000), 1);
    assert_int_equal(berth_posix_poll(NULL, 0, 10000, &signals), BERTH_E_CANCELLED);
    assert_true(clock.monotonic_ms(clock.ctx) - start < 5000);
    berth_posix_signals_acknowledge(&signals);
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 30), BERTH_E_WOULD_BLOCK);
    waitpid(child, NULL, 0);
    berth_posix_signals_end(&signals);
    pair_close(&p);
}

/* Other signals do not shorten a wait and lose nothing. */
static void ignore_alarm(int number)
{
    (void)number;
}

static void interrupted_waits_go_on(void **state)
{
    (void)state;
    struct pair p;
    char buf[4];
    struct sigaction action = {.sa_handler = ignore_alarm};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    pair_open(&p, NULL);
    ualarm(10000, 10000);
    uint64_t start = berth_posix_now_ms();
    assert_int_equal(p.net.recv(p.net.ctx, buf, sizeof buf, 100), BERTH_E_WOULD_BLOCK);
    assert_in_range(berth_posix_now_ms() - start, 99, 5000);
    ualarm(0, 0);
    pair_close(&p);
}

static void clocks_and_entropy(void **state)
{
    (void)state;
    struct berth_clock clock = berth_posix_clock(NULL);
    struct berth_rand rand = berth_posix_rand();
    uint64_t start = clock.monotonic_ms(clock.ctx);
    clock.sleep_ms(clock.ctx, 30);
    assert_in_range(clock.monotonic_ms(clock.ctx) - start, 29, 5000);
    assert_true(clock.civil_s(clock.ctx) > 1700000000);
    uint8_t a[600];
    uint8_t b[600];
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    assert_int_equal(rand.fill(rand.ctx, a, sizeof a), BERTH_OK);
    assert_int_equal(rand.fill(rand.ctx, b, sizeof b), BERTH_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + 300, b + 300, 300);
    assert_int_equal(rand.fill(rand.ctx, NULL, 0), BERTH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_and_talks),
        cmocka_unit_test(sets_its_options),
        cmocka_unit_test(a_refusal_names_the_address),
        cmocka_unit_test(ipv6_literal),
        cmocka_unit_test(falls_back_to_the_next_address),
        cmocka_unit_test(silence_is_a_timeout),
        cmocka_unit_test(silence_does_not_hold_up_the_next_address),
        cmocka_unit_test(no_descriptors_left),
        cmocka_unit_test(what_is_no_address),
        cmocka_unit_test(addresses_as_text),
        cmocka_unit_test(addresses_as_the_system_has_them),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(a_reset_is_a_reset),
        cmocka_unit_test(a_full_pipe_would_block),
        cmocka_unit_test(several_at_once),
        cmocka_unit_test(signals_end_waits),
        cmocka_unit_test(interrupted_waits_go_on),
        cmocka_unit_test(clocks_and_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
