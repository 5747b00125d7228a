/* What the hosts file and resolv.conf say about names and name servers. */
#include "posix.h"

#include <fcntl.h>
#include <unistd.h>

#include "berth/number.h"

/* The bounds that glibc has, too (resolv.conf(5)). */
#define NDOTS_MAX 15U
#define TIMEOUT_MAX_S 30U
#define ATTEMPTS_MAX 5U

/* A file as words and ends of lines; a comment ends the line. */
struct words {
    int fd;
    size_t at, len;
    size_t word_len; /* more than the word's size: too long to mean anything */
    char word[256];
    char buf[512];
};

enum found { FOUND_WORD, FOUND_LINE_END, FOUND_END };

static int next_char(struct words *w)
{
    while (w->at == w->len) {
        ssize_t got = read(w->fd, w->buf, sizeof w->buf);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        w->at = 0;
        w->len = (size_t)got;
    }
    return (unsigned char)w->buf[w->at++];
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static enum found next_word(struct words *w)
{
    int c;
    w->word_len = 0;
    do
        c = next_char(w);
    while (is_blank(c));
    if (c == '#' || c == ';') {
        while (c >= 0 && c != '\n')
            c = next_char(w);
    }
    if (c < 0)
        return FOUND_END;
    if (c == '\n')
        return FOUND_LINE_END;
    while (c >= 0 && c != '\n' && c != '#' && !is_blank(c)) {
        if (w->word_len < sizeof w->word)
            w->word[w->word_len] = (char)c;
        if (w->word_len <= sizeof w->word)
            w->word_len++;
        c = next_char(w);
    }
    if (c >= 0)
        w->at--;
    return FOUND_WORD;
}

/* The word; empty when it was too long. */
static struct berth_text word_text(const struct words *w)
{
    return berth_text_make(w->word, w->word_len <= sizeof w->word ? w->word_len : 0);
}

static bool open_words(struct words *w, const char *path, const char *otherwise)
{
    do
        w->fd = open(path ? path : otherwise, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (w->fd < 0 && errno == EINTR);
    w->at = w->len = 0;
    return w->fd >= 0;
}

/* ---- hosts ---- */

/* One line: an address, then names. False at the end of the file. */
static bool read_hosts_line(struct berth_posix_resolver *r, struct words *w)
{
    struct berth_posix_address address;
    bool good = false;
    bool first = true;
    for (;;) {
        enum found found = next_word(w);
        if (found != FOUND_WORD)
            return found == FOUND_LINE_END;
        if (first)
            good = berth_posix_address_parse(word_text(w), &address);
        else if (good && berth_text_equal_nocase(word_text(w), r->name))
            berth_posix_resolver_add(r, &address);
        first = false;
    }
}

void berth_posix_read_hosts(struct berth_posix_resolver *r)
{
    struct words w;
    if (!open_words(&w, r->config->hosts_path, "/etc/hosts"))
        return;
    while (read_hosts_line(r, &w)) {
    }
    berth_posix_close(&w.fd);
}

/* ---- resolv.conf ---- */

static void read_server(struct berth_posix_resolver *r, struct berth_text word)
{
    struct berth_posix_address address;
    if (r->server_count < BERTH_POSIX_NAME_SERVERS && berth_posix_address_parse(word, &address))
        r->servers[r->server_count++] = address;
}

static void read_domain(struct berth_posix_resolver *r, struct berth_text domain)
{
    if (domain.len > 1 && domain.ptr[domain.len - 1] == '.')
        domain.len--;
    if (!berth_posix_name_ok(domain) || domain.len + 1 > sizeof r->search - r->search_len)
        return;
    memcpy(r->search + r->search_len, domain.ptr, domain.len);
    r->search_len += domain.len;
    r->search[r->search_len++] = ' ';
    r->search_count++;
}

/* The number behind PREFIX, at most MAX. */
static bool option_number(struct berth_text option, struct berth_text prefix, unsigned max, unsigned *out)
{
    uint64_t value;
    if (!berth_text_starts(option, prefix) ||
        berth_parse_u64(berth_text_slice(option, prefix.len, option.len), &value) != BERTH_OK)
        return false;
    *out = value > max ? max : (unsigned)value;
    return true;
}

static void read_option(struct berth_posix_resolver *r, struct berth_text option)
{
    unsigned value;
    if (option_number(option, BERTH_TEXT("ndots:"), NDOTS_MAX, &value))
        r->ndots = value;
    else if (option_number(option, BERTH_TEXT("timeout:"), TIMEOUT_MAX_S, &value))
        r->timeout_ms = (value ? value : 1) * 1000U;
    else if (option_number(option, BERTH_TEXT("attempts:"), ATTEMPTS_MAX, &value))
        r->attempts = value ? value : 1;
    else if (berth_text_equal(option, BERTH_TEXT("rotate")))
        r->rotate = true;
    else if (berth_text_equal(option, BERTH_TEXT("no-aaaa")))
        r->no_aaaa = true;
}

enum keyword { KEYWORD_OTHER, KEYWORD_SERVER, KEYWORD_DOMAIN, KEYWORD_SEARCH, KEYWORD_OPTIONS };

static enum keyword keyword_of(struct berth_text word)
{
    static const struct berth_text names[] = {
        [KEYWORD_SERVER] = BERTH_TEXT_INIT("nameserver"),
        [KEYWORD_DOMAIN] = BERTH_TEXT_INIT("domain"),
        [KEYWORD_SEARCH] = BERTH_TEXT_INIT("search"),
        [KEYWORD_OPTIONS] = BERTH_TEXT_INIT("options"),
    };
    for (unsigned i = KEYWORD_SERVER; i <= KEYWORD_OPTIONS; i++) {
        if (berth_text_equal(word, names[i]))
            return (enum keyword)i;
    }
    return KEYWORD_OTHER;
}

/* The NUMBERth word behind the keyword, from 1. */
static void read_value(struct berth_posix_resolver *r, enum keyword keyword, unsigned number,
                       struct berth_text word)
{
    if (keyword == KEYWORD_SERVER && number == 1)
        read_server(r, word);
    if (keyword == KEYWORD_SEARCH || (keyword == KEYWORD_DOMAIN && number == 1))
        read_domain(r, word);
    if (keyword == KEYWORD_OPTIONS)
        read_option(r, word);
}

/* False at the end of the file. */
static bool read_resolv_line(struct berth_posix_resolver *r, struct words *w)
{
    enum keyword keyword = KEYWORD_OTHER;
    for (unsigned number = 0;; number++) {
        enum found found = next_word(w);
        if (found != FOUND_WORD)
            return found == FOUND_LINE_END;
        if (number > 0) {
            read_value(r, keyword, number, word_text(w));
            continue;
        }
        keyword = keyword_of(word_text(w));
        /* The last such line counts. */
        if (keyword == KEYWORD_SEARCH || keyword == KEYWORD_DOMAIN)
            r->search_len = r->search_count = 0;
    }
}

void berth_posix_read_resolv(struct berth_posix_resolver *r)
{
    struct words w;
    r->ndots = 1;
    r->timeout_ms = 5000;
    r->attempts = 2;
    if (open_words(&w, r->config->resolv_path, "/etc/resolv.conf")) {
        while (read_resolv_line(r, &w)) {
        }
        berth_posix_close(&w.fd);
    }
    if (r->server_count == 0) {
        /* As everywhere: the machine's own. */
        struct berth_posix_address local = {{127, 0, 0, 1}, 0, 4};
        r->servers[r->server_count++] = local;
    }
}
