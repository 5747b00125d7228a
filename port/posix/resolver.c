/* From a name to addresses: literals, localhost, the hosts file, then name servers, one step at a time. */
#include "posix.h"

#include <sys/random.h>

#include "dns_message.h"

#define RESOLVE_MS 20000U
#define DNS_PORT 53U
/* A server that sends no end of strange datagrams does not keep a step going for ever. */
#define DATAGRAMS_PER_STEP 32
/* Without EDNS an answer over UDP has 512 bytes (RFC 1035 section 4.2.1); some servers send more. */
#define DATAGRAM_CAP 1472
/* Once one family has addresses the other's answer is waited for only so long: IPv6's after IPv4's as in RFC
 * 8305 section 3; IPv4's longer, because a machine without IPv6 needs it. */
#define SETTLE_FOR_AAAA_MS 50U
#define SETTLE_FOR_A_MS 1000U

enum question_state {
    QUESTION_OPEN,   /* to be asked of the present server */
    QUESTION_SENT,   /* asked over UDP */
    QUESTION_TCP,    /* to be asked again, or being asked, over TCP */
    QUESTION_FAILED, /* the present server has no answer */
    QUESTION_DONE
};

enum tcp_phase { TCP_CONNECTING, TCP_SENDING, TCP_READING };

void berth_posix_resolver_add(struct berth_posix_resolver *r, const struct berth_posix_address *address)
{
    for (size_t i = 0; i < r->address_count; i++) {
        const struct berth_posix_address *known = &r->addresses[i];
        if (known->family == address->family && known->zone == address->zone &&
            memcmp(known->bytes, address->bytes, sizeof known->bytes) == 0)
            return;
    }
    uint8_t only = r->config->only_family;
    size_t same = 0;
    for (size_t i = 0; i < r->address_count; i++)
        same += r->addresses[i].family == address->family;
    if (r->address_count < BERTH_POSIX_ADDRESSES && same < BERTH_POSIX_ADDRESSES - 2 &&
        (only == 0 || only == address->family))
        r->addresses[r->address_count++] = *address;
}

static enum berth_status fail(struct berth_posix_resolver *r, enum berth_status status, const char *words)
{
    struct berth_writer w;
    berth_writer_init(&w, r->reason->text, sizeof r->reason->text);
    berth_put_string(&w, words);
    if (status != BERTH_E_ARGUMENT)
        berth_put_text(&w, r->name);
    r->reason->len = berth_writer_text(&w).len;
    return status;
}

static bool label_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool berth_posix_name_ok(struct berth_text name)
{
    struct berth_text label = {NULL, 0};
    bool digits = true;
    if (name.len == 0 || name.len > 253)
        return false;
    while (berth_text_split(&name, '.', &label)) {
        if (label.len == 0 || label.len > 63)
            return false;
        digits = true;
        for (size_t i = 0; i < label.len; i++) {
            if (!label_byte(label.ptr[i]))
                return false;
            digits = digits && label.ptr[i] >= '0' && label.ptr[i] <= '9';
        }
    }
    return !digits;
}

/* RFC 6761 section 6.3: never asked of a name server. */
static bool is_localhost(struct berth_text name)
{
    struct berth_text local = BERTH_TEXT("localhost");
    if (name.len < local.len)
        return false;
    size_t at = name.len - local.len;
    return berth_text_equal_nocase(berth_text_slice(name, at, name.len), local) &&
           (at == 0 || name.ptr[at - 1] == '.');
}

static void add_loopback(struct berth_posix_resolver *r)
{
    static const struct berth_posix_address loopback[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0, 6},
        {{127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 4},
    };
    berth_posix_resolver_add(r, &loopback[0]);
    berth_posix_resolver_add(r, &loopback[1]);
}

/* ---- which names are asked ---- */

static void copy_query(struct berth_posix_resolver *r, struct berth_text domain)
{
    memcpy(r->query, r->name.ptr, r->name.len);
    r->query_len = r->name.len;
    if (domain.len == 0)
        return;
    r->query[r->query_len++] = '.';
    memcpy(r->query + r->query_len, domain.ptr, domain.len);
    r->query_len += domain.len;
}

static struct berth_text search_domain(const struct berth_posix_resolver *r, unsigned number)
{
    struct berth_text rest = {r->search, r->search_len};
    struct berth_text domain = {NULL, 0};
    for (unsigned i = 0; i <= number; i++)
        (void)berth_text_split(&rest, ' ', &domain);
    return domain;
}

static size_t count_dots(struct berth_text name)
{
    size_t dots = 0;
    for (size_t i = 0; i < name.len; i++)
        dots += name.ptr[i] == '.';
    return dots;
}

/* Puts the next name to ask into r->query: the name as it is comes first when it has enough dots, else last
 * (resolv.conf(5), ndots). False when there is none left. */
static bool next_candidate(struct berth_posix_resolver *r)
{
    bool first = r->absolute || count_dots(r->name) >= r->ndots;
    for (;;) {
        unsigned number = r->candidate++;
        unsigned searched = r->absolute ? 0 : (unsigned)r->search_count;
        if (number > searched)
            return false;
        if (first ? number == 0 : number == searched) {
            copy_query(r, (struct berth_text){NULL, 0});
            return true;
        }
        struct berth_text domain = search_domain(r, first ? number - 1 : number);
        if (r->name.len + 1 + domain.len <= 253) {
            copy_query(r, domain);
            return true;
        }
    }
}

/* ---- asking ---- */

static struct berth_text query_text(const struct berth_posix_resolver *r)
{
    return berth_text_make(r->query, r->query_len);
}

static const struct berth_posix_address *server(const struct berth_posix_resolver *r)
{
    return &r->servers[(r->first_server + r->turn) % r->server_count];
}

/* A socket connected to the present server, so that the kernel lets only its answers through; every one has a
 * fresh port. -1 and errno; a TCP one may still be connecting. */
static int server_socket(const struct berth_posix_resolver *r, int kind)
{
    union berth_posix_sockaddr to;
    uint16_t port = r->config->dns_port ? r->config->dns_port : DNS_PORT;
    socklen_t len = berth_posix_address_to_system(server(r), port, &to);
    int fd = berth_posix_socket(to.any.sa_family, kind);
    if (fd >= 0 && connect(fd, &to.any, len) != 0 && errno != EINPROGRESS && errno != EINTR)
        berth_posix_close(&fd);
    return fd;
}

/* Nobody listens there. */
static void refused(struct berth_posix_resolver *r)
{
    for (size_t i = 0; i < 2; i++) {
        if (r->questions[i].state == QUESTION_SENT)
            r->questions[i].state = QUESTION_FAILED;
    }
}

/* Asks the present server everything that is open. */
static void ask(struct berth_posix_resolver *r)
{
    r->asked = *server(r);
    uint8_t message[BERTH_DNS_QUERY_CAP];
    r->try_until_ms = berth_posix_now_ms() + r->timeout_ms;
    r->udp_fd = server_socket(r, SOCK_DGRAM);
    for (size_t i = 0; i < 2; i++) {
        struct berth_posix_question *q = &r->questions[i];
        if (q->state == QUESTION_DONE)
            continue;
        q->state = QUESTION_FAILED;
        if (r->udp_fd < 0 || getrandom(&q->id, sizeof q->id, 0) != (ssize_t)sizeof q->id)
            continue;
        size_t len = berth_dns_encode_query(q->id, query_text(r), q->type, message);
        if (send(r->udp_fd, message, len, 0) < 0 && errno != EAGAIN)
            refused(r); /* what came back for the question before */
        else
            q->state = QUESTION_SENT;
    }
}

static void begin_candidate(struct berth_posix_resolver *r)
{
    r->round = r->turn = 0;
    r->answered = false;
    r->settle_ms = BERTH_POSIX_NEVER;
    r->questions[0] = (struct berth_posix_question){0, BERTH_DNS_AAAA, QUESTION_OPEN};
    r->questions[1] = (struct berth_posix_question){0, BERTH_DNS_A, QUESTION_OPEN};
    if (r->config->only_family == 4 || (r->no_aaaa && r->config->only_family != 6))
        r->questions[0].state = QUESTION_DONE;
    if (r->config->only_family == 6)
        r->questions[1].state = QUESTION_DONE;
    ask(r);
}

/* ---- answers ---- */

static void found_addresses(struct berth_posix_resolver *r, const struct berth_dns_answer *answer,
                            unsigned type)
{
    uint32_t settle = type == BERTH_DNS_A ? SETTLE_FOR_AAAA_MS : SETTLE_FOR_A_MS;
    for (size_t i = 0; i < answer->count; i++)
        berth_posix_resolver_add(r, &answer->addresses[i]);
    if (berth_posix_now_ms() + settle < r->settle_ms)
        r->settle_ms = berth_posix_now_ms() + settle;
}

/* Takes MESSAGE as the answer to question Q, if it is that. */
static void take_answer(struct berth_posix_resolver *r, struct berth_posix_question *q,
                        const uint8_t *message, size_t len, bool over_tcp, bool partial)
{
    struct berth_posix_address addresses[BERTH_POSIX_ADDRESSES];
    struct berth_dns_answer answer = {addresses, BERTH_POSIX_ADDRESSES, 0};
    switch (berth_dns_decode(message, len, q->id, query_text(r), q->type, partial, &answer)) {
    case BERTH_DNS_ADDRESSES:
        found_addresses(r, &answer, q->type);
        q->state = QUESTION_DONE;
        break;
    case BERTH_DNS_NO_DATA:
        r->exists = true;
        q->state = QUESTION_DONE;
        break;
    case BERTH_DNS_NO_NAME:
        q->state = QUESTION_DONE;
        break;
    case BERTH_DNS_CUT:
        q->state = over_tcp ? QUESTION_FAILED : QUESTION_TCP;
        break;
    case BERTH_DNS_FAILED:
    case BERTH_DNS_BROKEN:
        q->state = QUESTION_FAILED;
        break;
    case BERTH_DNS_NOT_OURS:
        if (over_tcp)
            q->state = QUESTION_FAILED;
        return;
    }
    r->answered = true;
}

static void read_datagrams(struct berth_posix_resolver *r)
{
    uint8_t message[DATAGRAM_CAP];
    for (int i = 0; i < DATAGRAMS_PER_STEP && r->udp_fd >= 0; i++) {
        ssize_t got = recv(r->udp_fd, message, sizeof message, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                refused(r);
            return;
        }
        for (size_t k = 0; k < 2; k++) {
            if (r->questions[k].state == QUESTION_SENT)
                take_answer(r, &r->questions[k], message, (size_t)got, false, false);
        }
    }
}

/* ---- TCP ---- */

static void tcp_end(struct berth_posix_resolver *r, enum question_state state)
{
    berth_posix_close(&r->tcp_fd);
    if (r->questions[r->tcp_question].state == QUESTION_TCP)
        r->questions[r->tcp_question].state = (uint8_t)state;
}

/* Begins with the first question that needs it, unless one is under way. */
static void tcp_begin(struct berth_posix_resolver *r)
{
    for (uint8_t i = 0; i < 2 && r->tcp_fd < 0; i++) {
        struct berth_posix_question *q = &r->questions[i];
        if (q->state != QUESTION_TCP)
            continue;
        r->tcp_question = i;
        r->try_until_ms = berth_posix_now_ms() + r->timeout_ms;
        size_t len = berth_dns_encode_query(q->id, query_text(r), q->type, r->tcp + 2);
        r->tcp[0] = (uint8_t)(len >> 8);
        r->tcp[1] = (uint8_t)len;
        r->tcp_at = 0;
        r->tcp_len = len + 2;
        r->tcp_phase = TCP_CONNECTING;
        r->tcp_fd = server_socket(r, SOCK_STREAM);
        if (r->tcp_fd < 0)
            q->state = QUESTION_FAILED;
    }
}

/* 1: go on, 0: wait, -1: it has failed. */
static int tcp_send(struct berth_posix_resolver *r)
{
    ssize_t sent = send(r->tcp_fd, r->tcp + r->tcp_at, r->tcp_len - r->tcp_at, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOTCONN ? 0 : errno == EINTR ? 1 : -1;
    r->tcp_at += (size_t)sent;
    if (r->tcp_at == r->tcp_len) {
        r->tcp_phase = TCP_READING;
        r->tcp_at = 0;
        r->tcp_len = 2;
    }
    return 1;
}

static int tcp_read(struct berth_posix_resolver *r)
{
    ssize_t got = recv(r->tcp_fd, r->tcp + r->tcp_at, r->tcp_len - r->tcp_at, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : errno == EINTR ? 1 : -1;
    if (got == 0)
        return -1;
    r->tcp_at += (size_t)got;
    if (r->tcp_at < r->tcp_len)
        return 1;
    size_t whole = (size_t)r->tcp[0] << 8 | r->tcp[1];
    size_t looked_at = whole < BERTH_POSIX_ANSWER_CAP ? whole : BERTH_POSIX_ANSWER_CAP;
    if (r->tcp_at < 2 + looked_at) {
        r->tcp_len = 2 + looked_at;
        return 1;
    }
    take_answer(r, &r->questions[r->tcp_question], r->tcp + 2, looked_at, true, whole > looked_at);
    tcp_end(r, QUESTION_FAILED);
    return 0;
}

static void tcp_step(struct berth_posix_resolver *r)
{
    int error = 0;
    socklen_t len = sizeof error;
    int more = 1;
    if (r->tcp_phase == TCP_CONNECTING) {
        struct pollfd one = {r->tcp_fd, POLLOUT, 0};
        if (poll(&one, 1, 0) <= 0)
            return;
        if (getsockopt(r->tcp_fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error) {
            tcp_end(r, QUESTION_FAILED);
            return;
        }
        r->tcp_phase = TCP_SENDING;
    }
    while (more > 0)
        more = r->tcp_phase == TCP_SENDING ? tcp_send(r) : tcp_read(r);
    if (more < 0)
        tcp_end(r, QUESTION_FAILED);
}

/* ---- the course of things ---- */

/* What name servers said, an IPv6 address first when there is one. */
static enum berth_status succeed(struct berth_posix_resolver *r)
{
    size_t v6 = 0;
    while (v6 < r->address_count && r->addresses[v6].family != 6)
        v6++;
    if (v6 < r->address_count) {
        struct berth_posix_address first = r->addresses[v6];
        memmove(&r->addresses[1], &r->addresses[0], v6 * sizeof first);
        r->addresses[0] = first;
    }
    berth_posix_resolver_stop(r);
    return BERTH_OK;
}

static enum berth_status time_out(struct berth_posix_resolver *r)
{
    struct berth_writer w;
    berth_posix_resolver_stop(r);
    (void)fail(r, BERTH_E_TIMEOUT, "no answer from a name server for ");
    w = (struct berth_writer){r->reason->text, sizeof r->reason->text, r->reason->len};
    berth_put_string(&w, "; the last one asked was ");
    berth_posix_address_put(&w, &r->asked);
    r->reason->len = berth_writer_text(&w).len;
    return BERTH_E_TIMEOUT;
}

static enum berth_status next_name(struct berth_posix_resolver *r)
{
    berth_posix_resolver_stop(r);
    if (next_candidate(r)) {
        begin_candidate(r);
        return BERTH_E_WOULD_BLOCK;
    }
    if (r->failed)
        return fail(r, BERTH_E_RESOLVE, "the name servers have no answer for ");
    return fail(r, BERTH_E_RESOLVE, r->exists ? "no address for " : "no such host: ");
}

/* The next server, or the next round, or the next name. */
static enum berth_status next_try(struct berth_posix_resolver *r)
{
    bool silent = berth_posix_now_ms() >= r->try_until_ms;
    berth_posix_resolver_stop(r);
    if (++r->turn == r->server_count) {
        r->turn = 0;
        r->round++;
    }
    if (r->round < r->attempts) {
        ask(r);
        return BERTH_E_WOULD_BLOCK;
    }
    if (r->address_count)
        return succeed(r);
    r->failed = true;
    /* Nobody answers: other names would only take as long again. */
    return silent && !r->answered ? time_out(r) : next_name(r);
}

/* BERTH_E_STATE: there is more to do at once. */
static enum berth_status advance(struct berth_posix_resolver *r)
{
    unsigned waiting = 0;
    unsigned failed = 0;
    uint64_t now = berth_posix_now_ms();
    for (size_t i = 0; i < 2; i++) {
        waiting += r->questions[i].state == QUESTION_SENT || r->questions[i].state == QUESTION_TCP;
        failed += r->questions[i].state == QUESTION_FAILED;
    }
    if (r->address_count && (waiting + failed == 0 || now >= r->settle_ms))
        return succeed(r);
    if (now >= r->give_up_ms)
        return r->address_count ? succeed(r) : time_out(r);
    if (waiting + failed == 0)
        return next_name(r) == BERTH_E_WOULD_BLOCK ? BERTH_E_STATE : BERTH_E_RESOLVE;
    if (waiting && now < r->try_until_ms)
        return BERTH_E_WOULD_BLOCK;
    enum berth_status status = next_try(r);
    return status == BERTH_E_WOULD_BLOCK ? BERTH_E_STATE : status;
}

enum berth_status berth_posix_resolver_step(struct berth_posix_resolver *r)
{
    enum berth_status status;
    do {
        read_datagrams(r);
        tcp_begin(r);
        if (r->tcp_fd >= 0)
            tcp_step(r);
        tcp_begin(r);
        status = advance(r);
    } while (status == BERTH_E_STATE);
    return status;
}

static enum berth_status ask_servers(struct berth_posix_resolver *r)
{
    uint32_t first = 0;
    berth_posix_read_resolv(r);
    uint32_t limit = r->config->resolve_ms ? r->config->resolve_ms : RESOLVE_MS;
    r->give_up_ms = berth_posix_now_ms() + limit;
    if (r->rotate && getrandom(&first, sizeof first, 0) == (ssize_t)sizeof first)
        r->first_server = first % (unsigned)r->server_count;
    enum berth_status status = next_name(r);
    return status == BERTH_E_WOULD_BLOCK ? berth_posix_resolver_step(r) : status;
}

enum berth_status berth_posix_resolver_start(struct berth_posix_resolver *r,
                                             const struct berth_posix_net_config *config,
                                             struct berth_posix_reason *reason, struct berth_text name)
{
    struct berth_posix_address literal;
    berth_posix_resolver_stop(r);
    memset(r, 0, sizeof *r);
    r->udp_fd = r->tcp_fd = -1;
    r->config = config;
    r->reason = reason;
    r->absolute = name.len > 1 && name.ptr[name.len - 1] == '.';
    r->name = r->absolute ? berth_text_slice(name, 0, name.len - 1) : name;
    if (berth_posix_address_parse(name, &literal)) {
        berth_posix_resolver_add(r, &literal);
        return r->address_count ? BERTH_OK : fail(r, BERTH_E_RESOLVE, "an address of the family left out: ");
    }
    if (!berth_posix_name_ok(r->name))
        return fail(r, BERTH_E_ARGUMENT, "the host is neither an address nor a possible name");
    if (is_localhost(r->name))
        add_loopback(r);
    else
        berth_posix_read_hosts(r);
    if (r->address_count)
        return BERTH_OK;
#ifdef BERTH_POSIX_GETADDRINFO
    (void)ask_servers;
    copy_query(r, (struct berth_text){NULL, 0});
    r->query[r->query_len] = 0;
    return berth_posix_ask_system(r) ? BERTH_OK : fail(r, BERTH_E_RESOLVE, "no address for ");
#else
    return ask_servers(r);
#endif
}

void berth_posix_resolver_stop(struct berth_posix_resolver *r)
{
    berth_posix_close(&r->udp_fd);
    berth_posix_close(&r->tcp_fd);
}

size_t berth_posix_resolver_items(const struct berth_posix_resolver *r,
                                  struct berth_posix_poll_item *out_items, uint64_t *deadline_ms)
{
    const uint64_t times[] = {r->give_up_ms, r->try_until_ms, r->settle_ms};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        if (times[i] < *deadline_ms)
            *deadline_ms = times[i];
    }
    if (r->udp_fd >= 0)
        out_items[count++] = (struct berth_posix_poll_item){r->udp_fd, BERTH_WANT_READ, 0};
    if (r->tcp_fd >= 0) {
        unsigned want = r->tcp_phase == TCP_READING ? BERTH_WANT_READ : BERTH_WANT_WRITE;
        out_items[count++] = (struct berth_posix_poll_item){r->tcp_fd, want, 0};
    }
    return count;
}
