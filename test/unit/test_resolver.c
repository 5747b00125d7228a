/* The stub resolver against name servers that behave badly in every way that is known: a child process is
 * 127.0.0.1 to 127.0.0.3 over UDP and TCP, and what it does hangs on the first label of the name. */
#define _GNU_SOURCE 1
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "berth/port_posix.h"
#include "guard.h"
#include "port/posix/dns_message.h"
#include "port/posix/posix.h"
#include "seed.h"

#define SERVERS 3

/* ---- messages of the server ---- */

struct message {
    uint8_t bytes[8192];
    size_t len;
};

static void put16(struct message *m, unsigned value)
{
    m->bytes[m->len++] = (uint8_t)(value >> 8);
    m->bytes[m->len++] = (uint8_t)value;
}

static void put_name(struct message *m, const char *name)
{
    while (*name) {
        size_t label = strcspn(name, ".");
        m->bytes[m->len++] = (uint8_t)label;
        memcpy(m->bytes + m->len, name, label);
        m->len += label;
        name += label + (name[label] == '.');
    }
    m->bytes[m->len++] = 0;
}

/* The fixed part of a record whose owner has been put. */
static void put_record(struct message *m, unsigned type, size_t data_len)
{
    put16(m, type);
    put16(m, 1);
    put16(m, 0);
    put16(m, 60);
    put16(m, (unsigned)data_len);
}

static void count_answer(struct message *m)
{
    m->bytes[7]++;
}

/* OWNER NULL: the question's name by a pointer. */
static void put_a(struct message *m, const char *owner, uint32_t address)
{
    if (owner)
        put_name(m, owner);
    else
        put16(m, 0xC00C);
    put_record(m, 1, 4);
    put16(m, address >> 16);
    put16(m, address & 0xFFFFU);
    count_answer(m);
}

static void put_aaaa(struct message *m, unsigned last)
{
    put16(m, 0xC00C);
    put_record(m, 28, 16);
    put16(m, 0x2001);
    put16(m, 0xDB8);
    for (int i = 0; i < 5; i++)
        put16(m, 0);
    put16(m, last);
    count_answer(m);
}

static void put_cname(struct message *m, const char *owner, const char *target)
{
    struct message data = {{0}, 0};
    put_name(&data, target);
    put_name(m, owner);
    put_record(m, 5, data.len);
    memcpy(m->bytes + m->len, data.bytes, data.len);
    m->len += data.len;
    count_answer(m);
}

struct query {
    char name[256];
    char label[64];
    unsigned type;
    size_t len;
    const uint8_t *bytes;
};

static void parse_query(struct query *q, const uint8_t *bytes, size_t len)
{
    size_t at = 12;
    size_t out = 0;
    q->bytes = bytes;
    q->len = len;
    while (at < len && bytes[at]) {
        if (out)
            q->name[out++] = '.';
        memcpy(q->name + out, bytes + at + 1, bytes[at]);
        out += bytes[at];
        at += bytes[at] + 1U;
    }
    q->name[out] = 0;
    q->type = (unsigned)bytes[at + 1] << 8 | bytes[at + 2];
    snprintf(q->label, sizeof q->label, "%.*s", (int)strcspn(q->name, "."), q->name);
}

/* The question back with these flags. */
static void begin_reply(struct message *m, const struct query *q, unsigned flags)
{
    memcpy(m->bytes, q->bytes, q->len);
    m->len = q->len;
    m->bytes[2] = (uint8_t)(flags >> 8);
    m->bytes[3] = (uint8_t)flags;
}

#define OK_FLAGS 0x8180U

static void good_reply(struct message *m, const struct query *q, int server)
{
    begin_reply(m, q, OK_FLAGS);
    if (q->type == 1)
        put_a(m, NULL, 0x0A000000U + (uint32_t)server);
    else
        put_aaaa(m, (unsigned)server);
}

/* ---- what the server does ---- */

struct peer {
    int fd;
    struct sockaddr_in from;
    int server;
};

static void send_to(const struct peer *p, const struct message *m)
{
    (void)sendto(p->fd, m->bytes, m->len, 0, (const struct sockaddr *)&p->from, sizeof p->from);
}

static void reply_good(const struct peer *p, const struct query *q)
{
    struct message m;
    good_reply(&m, q, p->server);
    send_to(p, &m);
}

static void reply_flags(const struct peer *p, const struct query *q, unsigned flags)
{
    struct message m;
    begin_reply(&m, q, flags);
    send_to(p, &m);
}

static void reply_late(const struct peer *p, const struct query *q, unsigned ms)
{
    if (fork() == 0) {
        usleep(ms * 1000);
        reply_good(p, q);
        _exit(0);
    }
}

static void do_v4(const struct peer *p, const struct query *q)
{
    if (q->type == 1)
        reply_good(p, q);
    else
        reply_flags(p, q, OK_FLAGS);
}

static void do_v6(const struct peer *p, const struct query *q)
{
    if (q->type == 28)
        reply_good(p, q);
    else
        reply_flags(p, q, OK_FLAGS);
}

static void do_nodata(const struct peer *p, const struct query *q)
{
    reply_flags(p, q, OK_FLAGS);
}

/* IPv6's question is never answered. */
static void do_only4answered(const struct peer *p, const struct query *q)
{
    if (q->type == 1)
        reply_good(p, q);
}

static void do_slow4(const struct peer *p, const struct query *q)
{
    if (q->type == 1)
        reply_late(p, q, 300);
    else
        reply_good(p, q);
}

static void do_late(const struct peer *p, const struct query *q)
{
    /* IPv6 first, as it is waited for less. */
    reply_late(p, q, q->type == 1 ? 500 : 400);
}

/* This machine, a little late. */
static void do_home(const struct peer *p, const struct query *q)
{
    struct message m;
    begin_reply(&m, q, OK_FLAGS);
    if (q->type == 1)
        put_a(&m, NULL, INADDR_LOOPBACK);
    usleep(100000);
    send_to(p, &m);
}

static void do_silent(const struct peer *p, const struct query *q)
{
    (void)p;
    (void)q;
}

static void do_first_servfail(const struct peer *p, const struct query *q)
{
    if (p->server == 1)
        reply_flags(p, q, OK_FLAGS | 2);
    else
        reply_good(p, q);
}

static void do_first_broken(const struct peer *p, const struct query *q)
{
    struct message m;
    if (p->server != 1) {
        reply_good(p, q);
        return;
    }
    good_reply(&m, q, 1);
    m.len -= 3;
    send_to(p, &m);
}

static void do_servfail(const struct peer *p, const struct query *q)
{
    reply_flags(p, q, OK_FLAGS | 2);
}

static void do_refused(const struct peer *p, const struct query *q)
{
    reply_flags(p, q, OK_FLAGS | 5);
}

/* Before the answer: wrong id, wrong question, another type, a query, noise, an empty and a short datagram.
 */
static void do_noise(const struct peer *p, const struct query *q)
{
    struct message m;
    good_reply(&m, q, 66);
    m.bytes[0] ^= 0x5A;
    m.bytes[1] ^= 0xA5;
    send_to(p, &m);
    good_reply(&m, q, 66);
    m.bytes[13] ^= 1;
    send_to(p, &m);
    good_reply(&m, q, 66);
    m.bytes[q->len - 4] = 9;
    send_to(p, &m);
    good_reply(&m, q, 66);
    m.bytes[2] &= 0x7F;
    send_to(p, &m);
    m.len = 0;
    send_to(p, &m);
    m.len = 11;
    send_to(p, &m);
    for (size_t i = 2; i < 300; i++)
        m.bytes[i] = (uint8_t)(i * 7);
    m.len = 300;
    send_to(p, &m);
    reply_good(p, q);
}

static void do_wrong_id(const struct peer *p, const struct query *q)
{
    struct message m;
    good_reply(&m, q, 66);
    m.bytes[0] ^= 0x5A;
    send_to(p, &m);
}

static void do_alias(const struct peer *p, const struct query *q)
{
    struct message m;
    begin_reply(&m, q, OK_FLAGS);
    if (q->type == 1) {
        /* Out of order, and with a stranger's address in between. */
        put_cname(&m, "second.test", "THIRD.test");
        put_a(&m, "stranger.test", 0x01010101U);
        put_a(&m, "third.test", 0x0A000009U);
        put_cname(&m, q->name, "second.test");
    } else {
        put_cname(&m, q->name, "second.test");
    }
    send_to(p, &m);
}

static void do_circle(const struct peer *p, const struct query *q)
{
    struct message m;
    begin_reply(&m, q, OK_FLAGS);
    put_cname(&m, q->name, "other.test");
    put_cname(&m, "other.test", q->name);
    send_to(p, &m);
}

/* A name that is a pointer to itself. */
static void do_pointer(const struct peer *p, const struct query *q)
{
    struct message m;
    begin_reply(&m, q, OK_FLAGS);
    put16(&m, 0xC000U | (unsigned)m.len);
    put_record(&m, 1, 4);
    put16(&m, 0x0A00);
    put16(&m, 0x0001);
    count_answer(&m);
    send_to(p, &m);
}

static void do_cut(const struct peer *p, const struct query *q)
{
    reply_flags(p, q, OK_FLAGS | 0x0200);
}

static void do_many(const struct peer *p, const struct query *q)
{
    struct message m;
    begin_reply(&m, q, OK_FLAGS);
    for (unsigned i = 0; i < 20; i++) {
        if (q->type == 1)
            put_a(&m, NULL, 0x0A000100U + i);
        else
            put_aaaa(&m, i);
    }
    send_to(p, &m);
}

static const struct {
    const char *label;
    void (*reply)(const struct peer *p, const struct query *q);
} behaviours[] = {
    {"both", reply_good},
    {"v4", do_v4},
    {"v6", do_v6},
    {"nodata", do_nodata},
    {"only4answered", do_only4answered},
    {"slow4", do_slow4},
    {"late", do_late},
    {"home", do_home},
    {"silent", do_silent},
    {"first-servfail", do_first_servfail},
    {"first-broken", do_first_broken},
    {"servfail", do_servfail},
    {"refused", do_refused},
    {"noise", do_noise},
    {"wrong-id", do_wrong_id},
    {"alias", do_alias},
    {"circle", do_circle},
    {"pointer", do_pointer},
    {"cut", do_cut},
    {"cut-huge", do_cut},
    {"cut-close", do_cut},
    {"cut-hang", do_cut},
    {"cut-slow", do_cut},
    {"cut-again", do_cut},
    {"cut-wrong", do_cut},
    {"many", do_many},
};

static void answer_udp(const struct peer *p, const uint8_t *bytes, size_t len)
{
    struct query q;
    parse_query(&q, bytes, len);
    bool found = !strstr(q.name, ".absent");
    for (size_t i = 0; found && i < sizeof behaviours / sizeof behaviours[0]; i++) {
        if (strcasecmp(behaviours[i].label, q.label) == 0) {
            behaviours[i].reply(p, &q);
            return;
        }
    }
    reply_flags(p, &q, OK_FLAGS | 3);
}

static void write_all(int fd, const uint8_t *bytes, size_t len, size_t piece)
{
    while (len > 0) {
        size_t part = piece && piece < len ? piece : len;
        if (write(fd, bytes, part) != (ssize_t)part)
            return;
        bytes += part;
        len -= part;
        if (piece)
            usleep(300);
    }
}

static void answer_tcp(int fd, int server)
{
    uint8_t bytes[600];
    struct message m;
    struct query q;
    size_t len = 0;
    while (len < 2 || len < 2 + ((size_t)bytes[0] << 8 | bytes[1])) {
        ssize_t got = read(fd, bytes + len, sizeof bytes - len);
        if (got <= 0)
            return;
        len += (size_t)got;
    }
    parse_query(&q, bytes + 2, len - 2);
    good_reply(&m, &q, 50 + server);
    if (strcmp(q.label, "cut-close") == 0)
        return;
    if (strcmp(q.label, "cut-hang") == 0 && server == 1) {
        pause();
        return;
    }
    if (strcmp(q.label, "cut-again") == 0)
        m.bytes[2] |= 2;
    if (strcmp(q.label, "cut-wrong") == 0)
        m.bytes[0] ^= 1;
    if (strcmp(q.label, "cut-huge") == 0) {
        for (unsigned i = 0; i < 250; i++) {
            if (q.type == 1)
                put_a(&m, NULL, 0x0A000200U + i);
            else
                put_aaaa(&m, 0x200 + i);
        }
    }
    uint8_t prefix[2] = {(uint8_t)(m.len >> 8), (uint8_t)m.len};
    size_t piece = strcmp(q.label, "cut-slow") == 0 ? 1 : 0;
    write_all(fd, prefix, 2, piece);
    write_all(fd, m.bytes, m.len, piece);
}

/* ---- the server's process ---- */

static int udp[SERVERS], tcp[SERVERS];
static uint16_t dns_port;
static pid_t server_pid;
static char folder[] = "/tmp/berth-resolver-XXXXXX";
static char hosts_path[64], resolv_path[64];

static _Noreturn void serve(void)
{
    signal(SIGCHLD, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        struct pollfd fds[2 * SERVERS];
        for (int i = 0; i < SERVERS; i++) {
            fds[i] = (struct pollfd){udp[i], POLLIN, 0};
            fds[SERVERS + i] = (struct pollfd){tcp[i], POLLIN, 0};
        }
        poll(fds, 2 * SERVERS, -1);
        for (int i = 0; i < SERVERS; i++) {
            uint8_t bytes[600];
            struct peer p = {udp[i], {0}, i + 1};
            socklen_t len = sizeof p.from;
            if (fds[i].revents) {
                ssize_t got = recvfrom(udp[i], bytes, sizeof bytes, 0, (struct sockaddr *)&p.from, &len);
                if (got > 12)
                    answer_udp(&p, bytes, (size_t)got);
            }
            if (fds[SERVERS + i].revents) {
                int fd = accept(tcp[i], NULL, NULL);
                if (fork() == 0) {
                    prctl(PR_SET_PDEATHSIG, SIGKILL);
                    answer_tcp(fd, i + 1);
                    _exit(0);
                }
                close(fd);
            }
        }
    }
}

static bool bind_all(uint16_t port)
{
    for (int i = 0; i < SERVERS; i++) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i);
        udp[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        tcp[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(udp[i], (struct sockaddr *)&at, sizeof at) != 0 ||
            bind(tcp[i], (struct sockaddr *)&at, sizeof at) != 0 || listen(tcp[i], 8) != 0)
            return false;
    }
    return true;
}

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int start_server(void **state)
{
    (void)state;
    uint64_t seed = seed_start("resolver");
    for (int tries = 0; tries < 50 && !dns_port; tries++) {
        uint16_t port = (uint16_t)(20000 + seed_below(&seed, 10000));
        if (bind_all(port))
            dns_port = port;
    }
    assert_true(dns_port);
    assert_non_null(mkdtemp(folder));
    snprintf(hosts_path, sizeof hosts_path, "%s/hosts", folder);
    snprintf(resolv_path, sizeof resolv_path, "%s/resolv.conf", folder);
    server_pid = fork();
    if (server_pid == 0)
        serve();
    for (int i = 0; i < SERVERS; i++) {
        close(udp[i]);
        close(tcp[i]);
    }
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    kill(server_pid, SIGKILL);
    waitpid(server_pid, NULL, 0);
    unlink(hosts_path);
    unlink(resolv_path);
    rmdir(folder);
    return 0;
}

static int plain_files(void **state)
{
    (void)state;
    put_file(hosts_path, "");
    put_file(resolv_path, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    return 0;
}

/* ---- asking ---- */

static struct berth_posix_net_config config;
static struct berth_posix_resolver resolver = {.udp_fd = -1, .tcp_fd = -1};
static struct berth_posix_reason reason;
static uint64_t took_ms;

static enum berth_status resolve(const char *name)
{
    uint64_t start = berth_posix_now_ms();
    config.hosts_path = hosts_path;
    config.resolv_path = resolv_path;
    config.dns_port = dns_port;
    reason.len = 0;
    enum berth_status status = berth_posix_resolver_start(&resolver, &config, &reason, berth_text_of(name));
    while (status == BERTH_E_WOULD_BLOCK) {
        struct berth_posix_poll_item items[2];
        uint64_t deadline_ms = berth_posix_now_ms() + 60000;
        size_t count = berth_posix_resolver_items(&resolver, items, &deadline_ms);
        uint64_t now = berth_posix_now_ms();
        assert_true(count > 0 || deadline_ms <= now + 1);
        assert_true(
            berth_posix_poll(items, count, deadline_ms > now ? (uint32_t)(deadline_ms - now) : 0, NULL) >= 0);
        status = berth_posix_resolver_step(&resolver);
    }
    took_ms = berth_posix_now_ms() - start;
    assert_int_equal(resolver.udp_fd, -1);
    assert_int_equal(resolver.tcp_fd, -1);
    return status;
}

/* The addresses as "a b c". */
static const char *found(void)
{
    static char text[512];
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text);
    for (size_t i = 0; i < resolver.address_count; i++) {
        if (i)
            berth_put_char(&w, ' ');
        berth_posix_address_put(&w, &resolver.addresses[i]);
    }
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    return text;
}

static void assert_found(const char *name, const char *expected)
{
    enum berth_status status = resolve(name);
    if (status != BERTH_OK)
        fail_msg("%s: %s (%.*s)", name, berth_status_name(status), (int)reason.len, reason.text);
    assert_string_equal(found(), expected);
}

static void assert_not_found(const char *name, enum berth_status expected, const char *words)
{
    enum berth_status status = resolve(name);
    if (status != expected)
        fail_msg("%s: %s %s", name, berth_status_name(status), found());
    if (berth_text_find(berth_text_make(reason.text, reason.len), berth_text_of(words)) == SIZE_MAX)
        fail_msg("%s: \"%.*s\" without \"%s\"", name, (int)reason.len, reason.text, words);
}

/* ---- tests ---- */

static void answers(void **state)
{
    (void)state;
    assert_found("both.test", "2001:db8::1 10.0.0.1");
    assert_found("BOTH.Test.", "2001:db8::1 10.0.0.1");
    assert_found("v4.test", "10.0.0.1");
    assert_found("v6.test", "2001:db8::1");
    assert_not_found("nodata.test", BERTH_E_RESOLVE, "no address for nodata.test");
    assert_not_found("unknown.test", BERTH_E_RESOLVE, "no such host: unknown.test");
    assert_not_found("servfail.test", BERTH_E_RESOLVE, "the name servers have no answer for servfail.test");
    assert_not_found("refused.test", BERTH_E_RESOLVE, "the name servers have no answer for refused.test");
    assert_true(took_ms < 950);
    assert_found("alias.test", "10.0.0.9");
    /* Six of each family at most, so that neither starves the other. */
    assert_int_equal(resolve("many.test"), BERTH_OK);
    assert_int_equal(resolver.address_count, BERTH_POSIX_ADDRESSES);
    assert_int_equal(resolver.addresses[0].family, 6);
    config.only_family = 4;
    assert_found("both.test", "10.0.0.1");
    assert_not_found("v6.test", BERTH_E_RESOLVE, "no address");
    config.only_family = 6;
    assert_found("both.test", "2001:db8::1");
    config.only_family = 0;
    put_file(resolv_path, "nameserver 127.0.0.1\noptions no-aaaa\n");
    assert_found("both.test", "10.0.0.1");
}

static void one_family_does_not_hold_up_the_other(void **state)
{
    (void)state;
    assert_found("only4answered.test", "10.0.0.1");
    assert_in_range(took_ms, 40, 950);
    assert_found("slow4.test", "2001:db8::1 10.0.0.1");
    assert_in_range(took_ms, 290, 990);
}

static void strange_answers(void **state)
{
    (void)state;
    assert_found("noise.test", "2001:db8::1 10.0.0.1");
    config.resolve_ms = 200;
    assert_not_found("wrong-id.test", BERTH_E_TIMEOUT, "no answer from a name server for wrong-id.test");
    assert_in_range(took_ms, 190, 900);
    config.resolve_ms = 0;
    assert_not_found("circle.test", BERTH_E_RESOLVE, "no answer");
    assert_not_found("pointer.test", BERTH_E_RESOLVE, "no answer");
    assert_true(took_ms < 950);
}

static void several_servers(void **state)
{
    (void)state;
    put_file(resolv_path, "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
    assert_found("first-servfail.test", "2001:db8::2 10.0.0.2");
    assert_true(took_ms < 950);
    assert_found("first-broken.test", "2001:db8::2 10.0.0.2");
    config.resolve_ms = 1100;
    assert_not_found("silent.test", BERTH_E_TIMEOUT, "the last one asked was 127.0.0.2");
    assert_in_range(took_ms, 1090, 3000);
    config.resolve_ms = 0;
    /* Nobody listens on the first: known at once. */
    put_file(resolv_path, "nameserver 127.0.0.9\nnameserver 127.0.0.3\noptions timeout:1 attempts:1\n");
    assert_found("both.test", "2001:db8::3 10.0.0.3");
    assert_true(took_ms < 950);
    put_file(resolv_path, "nameserver 127.0.0.9\noptions timeout:1 attempts:2\n");
    assert_not_found("both.test", BERTH_E_RESOLVE, "no answer");
    assert_true(took_ms < 950);
    /* A second round reaches what was late. */
    put_file(resolv_path, "nameserver 127.0.0.1\noptions timeout:1 attempts:2 rotate\n");
    assert_found("late.test", "2001:db8::1 10.0.0.1");
    config.resolve_ms = 200;
    assert_not_found("silent.test", BERTH_E_TIMEOUT, "no answer");
    assert_in_range(took_ms, 190, 900);
    config.resolve_ms = 0;
}

static void over_tcp(void **state)
{
    (void)state;
    assert_found("cut.test", "2001:db8::33 10.0.0.51");
    assert_found("cut-slow.test", "2001:db8::33 10.0.0.51");
    assert_not_found("cut-close.test", BERTH_E_RESOLVE, "no answer");
    assert_not_found("cut-again.test", BERTH_E_RESOLVE, "no answer");
    assert_not_found("cut-wrong.test", BERTH_E_RESOLVE, "no answer");
    /* Larger than the buffer: what is complete counts. */
    assert_int_equal(resolve("cut-huge.test"), BERTH_OK);
    assert_int_equal(resolver.address_count, BERTH_POSIX_ADDRESSES);
    put_file(resolv_path, "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1 attempts:1\n");
    assert_found("cut-hang.test", "2001:db8::34 10.0.0.52");
    assert_in_range(took_ms, 950, 4000);
}

static void search_lists(void **state)
{
    (void)state;
    put_file(resolv_path, "nameserver 127.0.0.1\nsearch a.absent. b.test\n");
    assert_found("both", "2001:db8::1 10.0.0.1");
    assert_string_equal((resolver.query[resolver.query_len] = 0, resolver.query), "both.b.test");
    assert_not_found("both.", BERTH_OK, "");
    assert_string_equal((resolver.query[resolver.query_len] = 0, resolver.query), "both");
    assert_not_found("unknown", BERTH_E_RESOLVE, "no such host: unknown");
    /* Enough dots: the name itself comes first. */
    assert_found("both.x", "2001:db8::1 10.0.0.1");
    assert_string_equal((resolver.query[resolver.query_len] = 0, resolver.query), "both.x");
    put_file(resolv_path,
             "options ndots:2\nsearch ignored.test\n domain b.test more\nnameserver 127.0.0.1 8.8.8.8\n");
    assert_found("both.x", "2001:db8::1 10.0.0.1");
    assert_string_equal((resolver.query[resolver.query_len] = 0, resolver.query), "both.x.b.test");
    assert_int_equal(resolver.server_count, 1);
    /* A domain without servers' answers does not end the search; silence does. */
    put_file(resolv_path, "nameserver 127.0.0.1\nsearch b.test\noptions ndots:5 timeout:1 attempts:1\n");
    assert_not_found("servfail", BERTH_E_RESOLVE, "no answer");
    assert_not_found("silent", BERTH_E_TIMEOUT, "no answer");
    assert_in_range(took_ms, 950, 1900);
}

static void resolv_conf(void **state)
{
    (void)state;
    put_file(resolv_path,
             "# comment\n; another\nnameserver\nnameserver nonsense\nnameserver 127.0.0.1 # here\r\n"
             "nameserver ::1\nnameserver fe80::1%1\nnameserver 127.0.0.2\n"
             "options ndots:99 timeout:0 attempts:0 rotate unknown:3 ndots:x\nsortlist 1.2.3.4\nsearch");
    memset(&resolver, 0, sizeof resolver);
    resolver.config = &config;
    config.resolv_path = resolv_path;
    berth_posix_read_resolv(&resolver);
    assert_int_equal(resolver.server_count, 3);
    assert_int_equal(resolver.servers[2].zone, 1);
    assert_int_equal(resolver.ndots, 15);
    assert_int_equal(resolver.timeout_ms, 1000);
    assert_int_equal(resolver.attempts, 1);
    assert_true(resolver.rotate);
    assert_int_equal(resolver.search_count, 0);
    /* A very long line, and no file at all. */
    FILE *f = fopen(resolv_path, "w");
    fputs("search", f);
    for (int i = 0; i < 300; i++)
        fprintf(f, " domain-%d.example", i);
    for (int i = 0; i < 300; i++)
        fputs("x", f);
    fputs(" last.example\nnameserver 127.0.0.3", f);
    fclose(f);
    memset(&resolver, 0, sizeof resolver);
    resolver.config = &config;
    berth_posix_read_resolv(&resolver);
    assert_int_equal(resolver.server_count, 1);
    assert_int_equal(resolver.servers[0].bytes[3], 3);
    assert_in_range(resolver.search_count, 20, 40);
    config.resolv_path = "/no/such/file";
    memset(&resolver, 0, sizeof resolver);
    resolver.config = &config;
    berth_posix_read_resolv(&resolver);
    assert_int_equal(resolver.server_count, 1);
    assert_int_equal(resolver.timeout_ms, 5000);
    assert_int_equal(resolver.attempts, 2);
    assert_int_equal(resolver.ndots, 1);
    resolver.udp_fd = resolver.tcp_fd = -1;
}

static void hosts_file(void **state)
{
    (void)state;
    put_file(hosts_path,
             "# 1.1.1.1 box\n127.0.0.1 localhost\n 10.1.2.3\tbox box.example # box2\nnonsense box\n"
             "fd00::5 BOX\n10.1.2.3 box\n\n10.9.9.9 last\n10.7.7.7 both.test");
    assert_found("box", "10.1.2.3 fd00::5");
    assert_found("box.example", "10.1.2.3");
    assert_found("LAST", "10.9.9.9");
    assert_found("both.test", "10.7.7.7");
    assert_not_found("box2", BERTH_E_RESOLVE, "no such host");
    assert_found("localhost", "::1 127.0.0.1");
    assert_found("a.b.LocalHost.", "::1 127.0.0.1");
    assert_found("192.0.2.7", "192.0.2.7");
    assert_found("fe80::1%1", "fe80::1");
    assert_int_equal(resolver.addresses[0].zone, 1);
    char name[300];
    memset(name, 'n', sizeof name);
    memcpy(name, "10.1.1.1 ", 9);
    strcpy(name + 280, " long");
    put_file(hosts_path, name);
    assert_found("long", "10.1.1.1");
}

/* Through the net, without waiting, to a listener of our own. */
static void connects_by_name(void **state)
{
    (void)state;
    struct berth_posix_net posix;
    struct berth_net net = berth_posix_net_init(&posix, &config);
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 2), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    struct berth_endpoint to = {BERTH_TEXT("home.test"), ntohs(at.sin_port), {NULL, 0}};
    int steps = 0;
    enum berth_status status;
    while ((status = net.connect(net.ctx, &to, 0)) == BERTH_E_WOULD_BLOCK) {
        struct berth_posix_poll_item items[BERTH_POSIX_NET_ITEMS];
        uint32_t wait_ms = 60000;
        size_t count = berth_posix_net_items(&posix, items, &wait_ms);
        assert_true(count > 0 && wait_ms < 60000);
        if (steps == 0)
            assert_int_equal(net.want(net.ctx), BERTH_WANT_READ);
        assert_true(berth_posix_poll(items, count, wait_ms, NULL) >= 0);
        assert_true(steps++ < 20);
    }
    assert_int_equal(status, BERTH_OK);
    assert_true(steps >= 2);
    net.close(net.ctx);
    put_file(hosts_path, "127.0.0.1 here.test\n");
    to.host = BERTH_TEXT("here.test");
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_OK);
    net.close(net.ctx);
    to.host = BERTH_TEXT("unknown.test");
    assert_int_equal(net.connect(net.ctx, &to, 1000), BERTH_E_RESOLVE);
    config.resolve_ms = 200;
    net = berth_posix_net_init(&posix, &config);
    config.resolve_ms = 0;
    to.host = BERTH_TEXT("silent.test");
    assert_int_equal(net.connect(net.ctx, &to, 50), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.connect(net.ctx, &to, 5000), BERTH_E_TIMEOUT);
    close(listener);
}

/* ---- messages alone ---- */

static void a_query_as_bytes(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x12, 0x34, 1,   0,   0, 1,   0, 0, 0,  0, 0,
                                       0,    2,    'a', 'b', 1, 'c', 0, 0, 28, 0, 1};
    uint8_t bytes[BERTH_DNS_QUERY_CAP];
    assert_int_equal(berth_dns_encode_query(0x1234, BERTH_TEXT("ab.c"), BERTH_DNS_AAAA, bytes),
                     sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    char longest[254];
    for (size_t i = 0; i < 253; i++)
        longest[i] = i % 64 == 63 ? '.' : 'x';
    uint8_t *guarded = guard_new(BERTH_DNS_QUERY_CAP);
    assert_true(berth_posix_name_ok(berth_text_make(longest, 253)));
    assert_int_equal(berth_dns_encode_query(1, berth_text_make(longest, 253), 1, guarded),
                     BERTH_DNS_QUERY_CAP);
    guard_free(guarded);
}

/* Every prefix and every single changed byte of a good answer, at a forbidden page: never a wild read, and
 * cut short it is never taken for whole. */
static void answers_cut_and_changed(void **state)
{
    (void)state;
    struct message m;
    struct query q;
    struct berth_posix_address addresses[4];
    struct berth_dns_answer answer = {addresses, 4, 0};
    struct guard guard;
    struct berth_text name = BERTH_TEXT("alias.test");
    uint8_t bytes[BERTH_DNS_QUERY_CAP];
    size_t len = berth_dns_encode_query(7, name, 1, bytes);
    parse_query(&q, bytes, len);
    begin_reply(&m, &q, OK_FLAGS);
    put_cname(&m, "alias.test", "second.test");
    put_a(&m, "second.test", 0x0A000009U);
    guard_open(&guard, m.len);
    assert_int_equal(berth_dns_decode(guard_put(&guard, m.bytes, m.len), m.len, 7, name, 1, false, &answer),
                     BERTH_DNS_ADDRESSES);
    for (size_t cut = 0; cut < m.len; cut++) {
        const uint8_t *at = guard_put(&guard, m.bytes, cut);
        assert_int_not_equal(berth_dns_decode(at, cut, 7, name, 1, false, &answer), BERTH_DNS_ADDRESSES);
        enum berth_dns_result partial = berth_dns_decode(at, cut, 7, name, 1, true, &answer);
        assert_true(partial == BERTH_DNS_NOT_OURS || partial == BERTH_DNS_NO_DATA);
    }
    for (size_t i = 0; i < m.len; i++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t *at = guard_place(&guard, m.len);
            memcpy(at, m.bytes, m.len);
            at[i] = (uint8_t)value;
            (void)berth_dns_decode(at, m.len, 7, name, 1, value & 1, &answer);
            assert_true(answer.count <= 1);
        }
    }
    guard_close(&guard);
}

/* A label that holds a dot is another name. */
static void a_dot_within_a_label(void **state)
{
    (void)state;
    struct message m;
    struct query q;
    struct berth_posix_address addresses[4];
    struct berth_dns_answer answer = {addresses, 4, 0};
    uint8_t bytes[BERTH_DNS_QUERY_CAP];
    parse_query(&q, bytes, berth_dns_encode_query(7, BERTH_TEXT("a.b"), 1, bytes));
    begin_reply(&m, &q, OK_FLAGS);
    memcpy(m.bytes + m.len, "\3a.b", 5);
    m.len += 5;
    put_record(&m, 1, 4);
    put16(&m, 0x0A00);
    put16(&m, 1);
    count_answer(&m);
    assert_int_equal(berth_dns_decode(m.bytes, m.len, 7, BERTH_TEXT("a.b"), 1, false, &answer),
                     BERTH_DNS_NO_DATA);
}

#define TEST(name) cmocka_unit_test_setup(name, plain_files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers),
        TEST(one_family_does_not_hold_up_the_other),
        TEST(strange_answers),
        TEST(several_servers),
        TEST(over_tcp),
        TEST(search_lists),
        TEST(resolv_conf),
        TEST(hosts_file),
        TEST(connects_by_name),
        TEST(a_query_as_bytes),
        TEST(answers_cut_and_changed),
        TEST(a_dot_within_a_label),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
