/* OpenPAI: tokens and accounts, what is refused before anything is sent, lists of any length in fixed memory,
 * logins that are shared, and what is made of the data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "guard.h"
#include "openpai_rig.h"
#include "seed.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
/* The wire page's token of mira.k: issued 1700000000, expires 1700604800. */
#define PAGE_TOKEN                                                                                           \
    "eyJhbGciOiJIUzI1NiJ9."                                                                                  \
    "eyJ1c2VybmFtZSI6Im1pcmEuayIsImFwcGxpY2F0aW9uIjpmYWxzZSwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDA2MDQ4MDB9."  \
    "c2ln"

static struct openpai_rig o;

/* ---- Tokens ----------------------------------------------------------------------------------- */

static void base64(void **state)
{
    static const struct {
        const char *text, *bytes;
        enum berth_status status;
    } table[] = {
        {"", "", BERTH_OK},
        {"Zg==", "f", BERTH_OK},
        {"Zg", "f", BERTH_OK},
        {"Zm8=", "fo", BERTH_OK},
        {"Zm9vYg", "foob", BERTH_OK},
        {"_-8", "\xff\xef", BERTH_OK},
        {"/+8=", "\xff\xef", BERTH_OK},
        {"Z", "", BERTH_E_SYNTAX},
        {"Zg=", "f", BERTH_OK},
        {"Zm9vY", "", BERTH_E_SYNTAX},
        {"Zm 9", "", BERTH_E_SYNTAX},
        {"Zm9v=Zm9v", "", BERTH_E_SYNTAX},
        {"Zg===", "", BERTH_E_SYNTAX},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char buf[32];
        struct berth_writer w;
        berth_writer_init(&w, buf, sizeof buf);
        enum berth_status status = berth_put_base64_decoded(&w, berth_text_of(table[i].text));
        if (status != table[i].status ||
            (status == BERTH_OK && !berth_text_equal(berth_writer_text(&w), berth_text_of(table[i].bytes))))
            fail_msg("%s", table[i].text);
    }
    uint64_t seed = seed_start("base64");
    for (size_t len = 0; len < 200; len++) {
        char bytes[200], text[280], back[200];
        struct berth_writer w, v;
        seed_bytes(&seed, bytes, len);
        berth_writer_init(&w, text, sizeof text);
        berth_put_base64(&w, bytes, len);
        assert_int_equal(w.len, (len + 2) / 3 * 4);
        berth_writer_init(&v, back, len);
        assert_int_equal(berth_put_base64_decoded(&v, berth_writer_text(&w)), BERTH_OK);
        assert_int_equal(v.len, len);
        assert_memory_equal(back, bytes, len);
    }
}

static void tokens(void **state)
{
    struct berth_openpai_claims claims;
    struct berth_openpai_account account;
    char buf[200], long_token[BERTH_OPENPAI_TOKEN_MAX + 2];
    (void)state;
    struct berth_text token = BERTH_TEXT(PAGE_TOKEN);
    assert_int_equal(berth_openpai_token_decode(token, buf, sizeof buf, &claims), BERTH_OK);
    assert_true(berth_text_equal(claims.username, BERTH_TEXT("mira.k")));
    assert_int_equal(claims.expires_s, 1700604800);
    assert_int_equal(claims.issued_s, 1700000000);
    assert_false(claims.application);
    assert_int_equal(claims.present, BERTH_OPENPAI_CLAIMS_HAS_USERNAME |
                                         BERTH_OPENPAI_CLAIMS_HAS_APPLICATION |
                                         BERTH_OPENPAI_CLAIMS_HAS_ISSUED | BERTH_OPENPAI_CLAIMS_HAS_EXPIRES);
    assert_int_equal(berth_openpai_token_decode(token, buf, 10, &claims), BERTH_E_SPACE);
    static const char *const bad[] = {"",          "a",        "a.b",    "a..c",   "a.e30",
                                      "a.e30.c.d", "a.!!!!.c", "a.e3.c", "a.W10.c"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (berth_openpai_token_decode(berth_text_of(bad[i]), buf, sizeof buf, &claims) == BERTH_OK)
            fail_msg("%s", bad[i]);
    for (size_t len = 0; len < token.len; len++) /* cut anywhere but in the signature: none */
        if (berth_text_find(berth_text_slice(token, 0, len), BERTH_TEXT("B9.")) == SIZE_MAX)
            assert_int_not_equal(
                berth_openpai_token_decode(berth_text_slice(token, 0, len), buf, sizeof buf, &claims),
                BERTH_OK);

    memset(&account, 0, sizeof account);
    assert_int_equal(berth_openpai_account_use(&account, token), BERTH_OK);
    assert_string_equal(account.token, PAGE_TOKEN);
    assert_false(berth_openpai_account_expires(&account, 1700604740));
    assert_true(berth_openpai_account_expires(&account, 1700604741));
    unsigned serial = account.serial;
    assert_int_equal(berth_openpai_account_use(&account, BERTH_TEXT("opaque")), BERTH_OK);
    assert_int_not_equal(account.serial, serial);
    assert_false(berth_openpai_account_expires(&account, INT64_MAX));
    assert_int_equal(berth_openpai_account_use(&account, BERTH_TEXT("")), BERTH_E_ARGUMENT);
    assert_int_equal(berth_openpai_account_use(&account, BERTH_TEXT("a\r\nX: y")), BERTH_E_ARGUMENT);
    assert_int_equal(berth_openpai_account_use(&account, BERTH_TEXT("a b")), BERTH_E_ARGUMENT);
    memset(long_token, 'x', sizeof long_token);
    assert_int_equal(
        berth_openpai_account_use(&account, berth_text_make(long_token, BERTH_OPENPAI_TOKEN_MAX + 1)),
        BERTH_E_SPACE);
    assert_string_equal(account.token, "opaque"); /* a refused one changes nothing */
    assert_int_equal(
        berth_openpai_account_use(&account, berth_text_make(long_token, BERTH_OPENPAI_TOKEN_MAX)), BERTH_OK);
    berth_openpai_account_wipe(&account);
    for (size_t i = 0; i < sizeof account.token; i++)
        assert_int_equal(account.token[i], 0);
}

/* ---- Addresses -------------------------------------------------------------------------------- */

static void addresses(void **state)
{
    static const struct {
        const char *pai, *rest;
        enum berth_status status;
        const char *pai_uri, *rest_uri;
    } table[] = {
        {"pai.example", "", BERTH_OK, "http://pai.example", "http://pai.example/rest-server"},
        {"https://pai.example:8443///", "", BERTH_OK, "https://pai.example:8443",
         "https://pai.example:8443/rest-server"},
        {"10.1.2.3:8080", "", BERTH_OK, "http://10.1.2.3:8080", "http://10.1.2.3:8080/rest-server"},
        {"http://h", "http://h:9186/", BERTH_OK, "http://h", "http://h:9186"},
        {"http://h", "h:9186", BERTH_OK, "http://h", "http://h:9186"},
        {"http://[::1]:80", "", BERTH_OK, "http://[::1]:80", "http://[::1]:80/rest-server"},
        {"ftp://h", "", BERTH_E_SYNTAX, "", ""},
        {"http://u:p@h", "", BERTH_E_SYNTAX, "", ""},
        {"http://h?x", "", BERTH_E_SYNTAX, "", ""},
        {"http://h#x", "", BERTH_E_SYNTAX, "", ""},
        {"http://h", "http://h?x", BERTH_E_SYNTAX, "", ""},
        {"http://", "", BERTH_E_SYNTAX, "", ""},
        {"", "", BERTH_E_ARGUMENT, "", ""},
    };
    static struct berth_openpai pai;
    char long_uri[600], link[200];
    struct berth_writer w;
    (void)state;
    openpai_open(&o, 1000);
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *reason = "";
        struct berth_openpai_config config = o.config;
        config.pai_uri = berth_text_of(table[i].pai);
        config.rest_server_uri = berth_text_of(table[i].rest);
        assert_int_equal(berth_openpai_init(&pai, &config, &reason), table[i].status);
        if (table[i].status != BERTH_OK) {
            assert_non_null(reason);
            continue;
        }
        assert_null(reason);
        assert_string_equal(pai.pai_uri, table[i].pai_uri);
        assert_string_equal(pai.rest_uri, table[i].rest_uri);
    }
    struct berth_openpai_config config = o.config;
    memset(long_uri, 'a', sizeof long_uri);
    config.pai_uri = berth_text_make(long_uri, sizeof long_uri);
    assert_int_equal(berth_openpai_init(&pai, &config, NULL), BERTH_E_SPACE);
    berth_writer_init(&w, link, sizeof link);
    berth_openpai_put_job_link(&w, &o.pai, BERTH_TEXT("l\xc3\xa9"), BERTH_TEXT("a&b"));
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(link, "https://pai.example:8443/job-detail.html?username=l%C3%A9&jobName=a%26b");
    openpai_close(&o);
}

/* ---- Refusals --------------------------------------------------------------------------------- */

#define REFUSED(call) assert_int_equal(berth_openpai_##call, BERTH_E_ARGUMENT)

static void refusals(void **state)
{
    static const struct berth_text comma[] = {BERTH_TEXT_INIT("a,b")}, empty[] = {BERTH_TEXT_INIT("")};
    struct berth_openpai_request *r = &o.request;
    struct berth_openpai *pai = &o.pai;
    struct berth_text user = BERTH_TEXT("u"), job = BERTH_TEXT("j"), none = BERTH_TEXT("");
    char long_tag[513];
    struct berth_memory_source memory;
    struct berth_source document = berth_source_of_text(&memory, BERTH_TEXT("x"));
    (void)state;
    openpai_open(&o, 1000);
    memset(long_tag, 'x', sizeof long_tag);
    REFUSED(jobs_get(r, pai, BERTH_TEXT("a~b"), job, NULL, NULL));
    REFUSED(jobs_get(r, pai, BERTH_TEXT(".."), job, NULL, NULL));
    REFUSED(jobs_get(r, pai, user, none, NULL, NULL));
    REFUSED(jobs_get(r, pai, user, BERTH_TEXT("a/b"), NULL, NULL));
    REFUSED(jobs_get(r, pai, user, BERTH_TEXT("a\nb"), NULL, NULL));
    REFUSED(jobs_get_attempt(r, pai, user, job, -1, NULL, NULL));
    const struct berth_openpai_place no_role = {user, job, 0, BERTH_TEXT("_-"), 0};
    const struct berth_openpai_place no_task = {user, job, 0, BERTH_TEXT("a"), -1};
    REFUSED(jobs_task(r, pai, &no_role, NULL, NULL));
    REFUSED(jobs_task(r, pai, &no_task, NULL, NULL));
    REFUSED(jobs_events(r, pai, user, job, BERTH_TEXT("Error"), NULL, NULL));
    REFUSED(jobs_config(r, pai, user, job, false, NULL));
    REFUSED(tags_add(r, pai, user, job, none));
    REFUSED(tags_add(r, pai, user, job, BERTH_TEXT("a,b")));
    REFUSED(tags_add(r, pai, user, job, berth_text_make(long_tag, 513)));
    assert_int_equal(berth_openpai_tags_add(r, pai, user, job, berth_text_make(long_tag, 512)), BERTH_OK);
    REFUSED(logs_list(r, pai, BERTH_TEXT("/api/v2/jobs/x/logs?a=b"), false, NULL, NULL));
    REFUSED(logs_list(r, pai, none, false, NULL, NULL));
    REFUSED(logs_get(r, pai, BERTH_TEXT("/l"), none, false, 0, &o.sink));
    REFUSED(logs_get(r, pai, BERTH_TEXT("/l"), BERTH_TEXT("all"), true, 5, &o.sink));
    REFUSED(login(r, pai, 59));
    REFUSED(login(r, pai, 604801));
    REFUSED(users_set_password(r, pai, user, BERTH_TEXT("short"), BERTH_TEXT("longer")));
    REFUSED(users_set_password(r, pai, user, BERTH_TEXT("longer"), BERTH_TEXT("short")));
    REFUSED(users_get(r, pai, none, NULL, NULL));
    REFUSED(groups_get(r, pai, BERTH_TEXT("."), NULL, NULL));
    REFUSED(vcs_get(r, pai, BERTH_TEXT("a-b"), NULL, NULL));
    REFUSED(hived_get(r, pai, BERTH_TEXT("h"), BERTH_OPENPAI_HIVED_CLUSTER, none, &o.sink));
    REFUSED(
        hived_get(r, pai, BERTH_TEXT("http://h"), BERTH_OPENPAI_HIVED_CLUSTER, BERTH_TEXT("vc"), &o.sink));
    REFUSED(jobs_submit(r, pai, 3, user, job, &document, false));
    REFUSED(jobs_submit(r, pai, 2, none, job, &document, false));
    REFUSED(jobs_submit(r, pai, 2, user, job, NULL, false));
    document.length = BERTH_OPENPAI_DOCUMENT_MAX + 1;
    assert_int_equal(berth_openpai_jobs_submit(r, pai, 2, user, job, &document, false), BERTH_E_TOO_LARGE);
    document.length = BERTH_LENGTH_UNKNOWN;
    REFUSED(jobs_submit(r, pai, 2, user, job, &document, false));
    REFUSED(users_update_me(r, pai, BERTH_TEXT("{\"patch\":true,\"data\":{\"newPassw\\u006frd\":\"x\"}}")));
    assert_int_equal(berth_openpai_users_add(r, pai, BERTH_TEXT("[]")), BERTH_E_TYPE);
    assert_int_equal(berth_openpai_users_add(r, pai, BERTH_TEXT("{]")), BERTH_E_SYNTAX);

    struct berth_openpai_filter filter = {.vcs = {comma, 1}};
    REFUSED(jobs_list(r, pai, &filter, NULL, NULL));
    filter = (struct berth_openpai_filter){.states = {empty, 1}};
    REFUSED(jobs_list(r, pai, &filter, NULL, NULL));
    filter = (struct berth_openpai_filter){.page_rows = 50001};
    REFUSED(jobs_list(r, pai, &filter, NULL, NULL));
    filter = (struct berth_openpai_filter){.seen = o.seen, .seen_size = 63};
    REFUSED(jobs_list(r, pai, &filter, NULL, NULL));
    filter = (struct berth_openpai_filter){.seen = (char *)o.seen + 1, .seen_size = 640};
    REFUSED(jobs_list(r, pai, &filter, NULL, NULL));
    assert_int_equal(o.rig.mem.connects, 0);
    openpai_close(&o);
}

/* ---- Lists ------------------------------------------------------------------------------------ */

/* A server that answers what it is asked for: pages of TOTAL jobs, of which it hides every HIDES-th. */
struct server {
    struct berth_net net, inner;
    char request[4096];
    size_t request_len;
    char reply[65536];
    size_t reply_at, reply_len;
    uint64_t total, row, end; /* rows of the page under way */
    uint64_t hides;
    uint64_t shift_each; /* a new job arrives with each so many rows: later ones move one place back */
    uint64_t shifted;
    unsigned requests, limited;
    bool opened, chunk_end;
};

static struct server server;

static uint64_t parameter(const char *name)
{
    const char *at = strstr(server.request, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

static void put_row(struct berth_writer *w, uint64_t number, bool first)
{
    static const char filler[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    berth_put_string(w, first ? "" : ",");
    berth_put_string(w, "{\"debugId\":\"");
    berth_put_bytes(w, filler, 32);
    berth_put_string(w, "\",\"name\":\"job_");
    berth_put_u64(w, number);
    berth_put_string(
        w, "\",\"username\":\"mira.k\",\"state\":\"SUCCEEDED\",\"subState\":\"Completed\",\"executionType\":"
           "\"START\",\"tags\":[\"nightly\",\"gr\\u00f6\\u00dfe \\uD83D\\uDE80\"],\"retries\":0,"
           "\"submissionTime\":1700000000000,\"virtualCluster\":\"default\"}");
}

/* The next piece of the answer, one chunk. */
static void refill(void)
{
    struct berth_writer w, body;
    static char rows[32768];
    berth_writer_init(&w, server.reply, sizeof server.reply);
    berth_writer_init(&body, rows, sizeof rows);
    if (!server.opened) {
        berth_put_string(&w, HEAD "Transfer-Encoding: chunked\r\n\r\n");
        berth_put_string(&body, "{\"totalCount\":");
        berth_put_u64(&body, server.total + server.shifted);
        berth_put_string(&body, ",\"data\":[");
        server.opened = true;
        server.chunk_end = true; /* nothing was put yet: the next row is the first */
    }
    while (server.row < server.end && body.len < sizeof rows - 1000) {
        uint64_t number = server.row++;
        if (server.hides != 0 && number % server.hides == 0)
            continue;
        /* The newest first: those that arrived since stand before all others. */
        put_row(&body, server.total + server.shifted - 1 - number, server.chunk_end);
        server.chunk_end = false;
    }
    bool last = server.row >= server.end;
    if (last)
        berth_put_string(&body, "]}");
    char size[24];
    struct berth_writer digits;
    berth_writer_init(&digits, size, sizeof size);
    unsigned char bytes[4] = {0, 0, (unsigned char)(body.len >> 8), (unsigned char)body.len};
    berth_put_hex(&digits, bytes, sizeof bytes);
    berth_put_text(&w, berth_writer_text(&digits));
    berth_put_string(&w, "\r\n");
    berth_put_text(&w, berth_writer_text(&body));
    berth_put_string(&w, last ? "\r\n0\r\n\r\n" : "\r\n");
    assert_int_equal(berth_writer_status(&w), BERTH_OK);
    server.reply_len = w.len;
    server.reply_at = 0;
    if (last)
        server.end = UINT64_MAX;
}

static void answer(void)
{
    uint64_t offset = parameter("offset="), limit = parameter("limit=");
    server.requests++;
    if (server.limited > 0) {
        static const char wait[] =
            "HTTP/1.1 429 X\r\nContent-Type: text/html\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nwait";
        server.limited--;
        memcpy(server.reply, wait, sizeof wait - 1);
        server.reply_len = sizeof wait - 1;
        server.reply_at = 0;
        server.end = UINT64_MAX;
        return;
    }
    if (server.shift_each != 0 && offset / server.shift_each > server.shifted)
        server.shifted = offset / server.shift_each; /* jobs do not go away again */
    uint64_t total = server.total + server.shifted;
    server.row = offset < total ? offset : total;
    server.end = total - server.row < limit ? total : server.row + limit;
    server.opened = false;
    refill();
}

static ptrdiff_t server_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    (void)ctx;
    (void)wait_ms;
    assert_true(server.request_len + len < sizeof server.request);
    memcpy(server.request + server.request_len, bytes, len);
    server.request_len += len;
    server.request[server.request_len] = '\0';
    if (strstr(server.request, "\r\n\r\n") != NULL) {
        answer();
        server.request_len = 0;
    }
    return (ptrdiff_t)len;
}

static ptrdiff_t server_recv(void *ctx, void *buf, size_t cap, uint32_t wait_ms)
{
    (void)ctx;
    (void)wait_ms;
    if (server.reply_at == server.reply_len && server.end != UINT64_MAX)
        refill();
    size_t left = server.reply_len - server.reply_at;
    size_t count = left < cap ? left : cap;
    memcpy(buf, server.reply + server.reply_at, count);
    server.reply_at += count;
    return count > 0 ? (ptrdiff_t)count : BERTH_E_WOULD_BLOCK;
}

static enum berth_status server_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    (void)ctx;
    (void)to;
    (void)wait_ms;
    server.request_len = 0;
    return BERTH_OK;
}

static enum berth_status server_secure(void *ctx, struct berth_text name, uint32_t wait_ms)
{
    (void)ctx;
    (void)name;
    (void)wait_ms;
    return BERTH_OK;
}

static void server_close(void *ctx)
{
    (void)ctx;
}

static unsigned server_want(void *ctx)
{
    (void)ctx;
    return BERTH_WANT_READ;
}

static struct berth_text server_reason(void *ctx)
{
    (void)ctx;
    return berth_text_make(NULL, 0);
}

/* Which jobs came, by number. */
static uint8_t came[60000];

static enum berth_status on_row(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_openpai_summary *job = structure;
    struct berth_json_list tags = job->tags;
    struct berth_text tag;
    uint64_t number;
    (void)ctx;
    assert_int_equal(element->level, 2);
    assert_int_equal(berth_parse_u64(berth_text_slice(job->name, 4, job->name.len), &number), BERTH_OK);
    assert_true(number < sizeof came);
    came[number]++;
    assert_int_equal(berth_openpai_next_text(&tags, &tag), BERTH_OK);
    assert_true(berth_text_equal(tag, BERTH_TEXT("nightly")));
    assert_int_equal(berth_openpai_next_text(&tags, &tag), BERTH_OK);
    assert_true(berth_text_equal(tag, BERTH_TEXT("gr\xc3\xb6\xc3\x9f"
                                                 "e \xf0\x9f\x9a\x80")));
    assert_int_equal(berth_openpai_next_text(&tags, &tag), BERTH_E_MISSING);
    return BERTH_OK;
}

/* How many jobs came more than once, or (of the first TOTAL) not at all. */
static size_t wrong_rows(uint64_t total)
{
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof came; i++)
        wrong += came[i] > 1 || (i < total && came[i] == 0);
    return wrong;
}

static enum berth_status list_all(const struct berth_openpai_filter *filter, size_t work_size)
{
    static const struct berth_net net = {.connect = server_connect,
                                         .secure = server_secure,
                                         .recv = server_recv,
                                         .send = server_send,
                                         .close = server_close,
                                         .want = server_want,
                                         .reason = server_reason};
    o.rig.config.net = &server.net;
    server.net = net;
    o.work_size = work_size;
    openpai_reset(&o);
    memset(came, 0, sizeof came);
    server.requests = 0;
    server.shifted = 0;
    assert_int_equal(berth_openpai_jobs_list(&o.request, &o.pai, filter, on_row, NULL), BERTH_OK);
    return openpai_run(&o, 0, false);
}

static void fifty_thousand_jobs(void **state)
{
    const struct berth_openpai_result *result = &o.request.result;
    (void)state;
    openpai_open(&o, 2048);
    memset(&server, 0, sizeof server);
    server.total = 50000;
    assert_int_equal(list_all(NULL, 2048), BERTH_OK); /* 2 KB of work memory, a buffer of 4 KB */
    assert_int_equal(result->element_count, 50000);
    assert_int_equal(result->total_count, 50000);
    assert_int_equal(wrong_rows(50000), 0);
    assert_true(server.requests < 30); /* servers allow 60 a minute */

    const struct berth_openpai_filter paged = {.page_rows = 1000, .offset = 100, .limit = 2500};
    assert_int_equal(list_all(&paged, 2048), BERTH_OK);
    assert_int_equal(result->element_count, 2500);
    assert_int_equal(server.requests, 3);
    assert_int_equal(came[49899], 1);
    assert_int_equal(came[49900], 0);
    assert_int_equal(came[49899 - 2499], 1);
    assert_int_equal(came[49899 - 2500], 0);
    openpai_close(&o);
}

/* Others' jobs are counted, but not shown: short pages are no end, and nobody asks for them again and again.
 */
static void hidden_rows(void **state)
{
    const struct berth_openpai_filter filter = {.page_rows = 50};
    (void)state;
    openpai_open(&o, 2048);
    memset(&server, 0, sizeof server);
    server.total = 1000;
    server.hides = 3;
    assert_int_equal(list_all(&filter, 2048), BERTH_OK);
    assert_int_equal(o.request.result.element_count, 666);
    assert_int_equal(server.requests, 20);
    assert_false(o.request.result.incomplete);
    openpai_close(&o);
}

/* While the list is read new jobs arrive before it: rows come twice and are left out; the caller's memory
 * decides how far back that is noticed. */
static void moving_rows(void **state)
{
    static uint64_t memory[4096];
    (void)state;
    openpai_open(&o, 2048);
    for (unsigned variant = 0; variant < 3; variant++) {
        struct berth_openpai_filter filter = {.page_rows = 20};
        if (variant > 0) {
            filter.seen = memory;
            filter.seen_size = variant == 1 ? 1024 : sizeof memory;
        }
        memset(&server, 0, sizeof server);
        server.total = 1000;
        server.shift_each = 20; /* one with each page */
        assert_int_equal(list_all(&filter, 2048), BERTH_OK);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(came[i], 1);
        assert_true(o.request.result.repeated_count > 0);
        if (variant == 2) { /* with memory for all of them the new ones come too */
            assert_false(o.request.result.incomplete);
            assert_true(o.request.result.element_count > 1000);
        }
    }
    openpai_close(&o);
}

static void rate_limits(void **state)
{
    const struct berth_openpai_filter filter = {.page_rows = 100};
    (void)state;
    openpai_open(&o, 2048);
    memset(&server, 0, sizeof server);
    server.total = 250;
    server.limited = 1; /* at once: the caller's business */
    assert_int_equal(list_all(&filter, 2048), BERTH_E_UNAVAILABLE);
    assert_true(o.request.result.has_retry_after);
    assert_int_equal(o.request.result.retry_after_ms, 3000);
    openpai_close(&o);
}

/* ---- Details ---------------------------------------------------------------------------------- */

static size_t tasks_told;
static bool job_told;

static enum berth_status on_detail(void *ctx, const struct berth_json_element *element, void *structure)
{
    size_t diagnostics = *(size_t *)ctx;
    if (element->level == 3 && structure != NULL) {
        const struct berth_openpai_task *task = structure;
        assert_true(berth_text_equal(task->role, BERTH_TEXT("worker")));
        assert_int_equal(task->index, tasks_told);
        assert_int_equal(task->container_exit_code, -8000);
        tasks_told++;
    } else if (element->level == 1 && structure != NULL) {
        const struct berth_openpai_job *job = structure;
        assert_int_equal(job->name.len, 255);
        assert_int_equal(job->status.exit_diagnostics.len, diagnostics);
        job_told = true;
    }
    return BERTH_OK;
}

/* A job of TASKS tasks whose diagnostics have DIAGNOSTICS bytes; each task has the whole text of an exit. */
static enum berth_status get_detail(size_t tasks, size_t diagnostics, size_t work_size)
{
    static char wire[2000000], head[200];
    struct berth_writer w, h;
    berth_writer_init(&w, wire, sizeof wire);
    berth_put_string(&w, "{\"name\":\"");
    berth_put_repeat(&w, 'n', 255);
    berth_put_string(
        &w,
        "\",\"jobStatus\":{\"state\":\"FAILED\",\"completedTime\":1700000000000,\"appExitDiagnostics\":\"");
    for (size_t i = 0; i < diagnostics; i++)
        berth_put_string(&w, i % 80 == 79 ? "\\n" : "x");
    berth_put_string(&w, "\"},\"taskRoles\":{\"worker\":{\"taskStatuses\":[");
    for (size_t i = 0; i < tasks; i++) {
        berth_put_string(&w, i == 0 ? "{\"taskIndex\":" : ",{\"taskIndex\":");
        berth_put_u64(&w, i);
        berth_put_string(&w, ",\"taskState\":\"FAILED\",\"containerExitCode\":-8000,\"containerExitSpec\":{"
                             "\"code\":-8000,\"reason\":\"");
        berth_put_repeat(&w, 'r', 1200);
        berth_put_string(&w, "\",\"pattern\":{\"a\":[{\"b\":[1]}]}}}");
    }
    berth_put_string(&w, "]}}}");
    assert_int_equal(berth_writer_status(&w), BERTH_OK);
    berth_writer_init(&h, head, sizeof head);
    berth_put_string(&h, HEAD "Content-Length: ");
    berth_put_u64(&h, w.len);
    berth_put_string(&h, "\r\n\r\n");
    const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"),
                                           {BERTH_MEM_BYTES, berth_writer_text(&h), 0},
                                           {BERTH_MEM_BYTES, berth_writer_text(&w), 0}};
    o.work_size = work_size;
    openpai_reset(&o);
    rig_script(&o.rig, steps, 3);
    tasks_told = 0;
    job_told = false;
    assert_int_equal(
        berth_openpai_jobs_get(&o.request, &o.pai, BERTH_TEXT("u"), BERTH_TEXT("j"), on_detail, &diagnostics),
        BERTH_OK);
    return openpai_run(&o, 0, false);
}

/* A thousand tasks (1.3 MB) pass through 4 KB; diagnostics of 64 KB need that much more, and it is said how
 * much. */
static void large_details(void **state)
{
    (void)state;
    openpai_open(&o, 4096);
    assert_int_equal(get_detail(1000, 200, 4096), BERTH_OK);
    assert_int_equal(tasks_told, 1000);
    assert_true(job_told);
    assert_int_equal(get_detail(10, 65536, 16384), BERTH_E_SPACE);
    assert_false(job_told);
    size_t needed = o.request.result.skipped_needed;
    assert_int_equal(o.request.result.skipped_count, 12); /* the tasks, their role and the job */
    assert_true(needed > 65536 && needed < 72000);
    assert_int_equal(get_detail(10, 65536, needed), BERTH_OK);
    assert_int_equal(tasks_told, 10);
    assert_true(job_told);
    openpai_close(&o);
}

/* ---- Logins ----------------------------------------------------------------------------------- */

/* Sessions that share an account find its token expired at the same time: one logs in, the others wait. */
static void one_login_for_all(void **state)
{
    enum { SESSIONS = 4 };
    static struct openpai_rig rigs[SESSIONS];
    static char login[600];
    struct berth_writer w;
    unsigned logins = 0;
    (void)state;
    berth_writer_init(&w, login, sizeof login);
    berth_put_string(&w, HEAD "Connection: keep-alive\r\nContent-Length: ");
    berth_put_u64(&w, sizeof PAGE_TOKEN - 1 + 12);
    berth_put_string(&w, "\r\n\r\n{\"token\":\"" PAGE_TOKEN "\"}");
    const struct berth_mem_step with_login[] = {
        RIG_AWAIT("%26"),
        {BERTH_MEM_BYTES, berth_writer_text(&w), 0},
        RIG_AWAIT("Bearer " PAGE_TOKEN "\r\n\r\n"),
        RIG_BYTES(HEAD "Content-Length: 2\r\n\r\n[]"),
    };
    static const struct berth_mem_step without_login[] = {
        RIG_AWAIT("Bearer " PAGE_TOKEN "\r\n\r\n"),
        RIG_BYTES(HEAD "Content-Length: 2\r\n\r\n[]"),
    };
    struct berth_openpai_account *account = &rigs[0].account;
    for (unsigned i = 0; i < SESSIONS; i++) {
        openpai_open(&rigs[i], 4000);
        rigs[i].credentials = OPENPAI_WITH_PASSWORD;
        openpai_reset(&rigs[i]);
        rigs[i].pai.config.account = account;
        rigs[i].rig.mem.block_between = true;
        rig_script(&rigs[i].rig, i == 0 ? with_login : without_login, i == 0 ? 4 : 2);
        assert_int_equal(openpai_find("jobs_list")->describe(&rigs[i]), BERTH_OK);
        assert_int_equal(berth_openpai_start(&rigs[i].request, 30000), BERTH_OK);
    }
    enum berth_status ends[SESSIONS];
    for (unsigned i = 0; i < SESSIONS; i++)
        ends[i] = BERTH_E_WOULD_BLOCK;
    for (unsigned round = 0; round < 1000; round++)
        for (unsigned i = SESSIONS; i-- > 0;)
            if (ends[i] == BERTH_E_WOULD_BLOCK)
                ends[i] = berth_openpai_step(&rigs[i].request, 0);
    for (unsigned i = 0; i < SESSIONS; i++) {
        logins += (unsigned)rig_times_sent(&rigs[i].rig, "/login");
        assert_int_equal(ends[i], BERTH_OK);
    }
    assert_int_equal(logins, 1);
    assert_null(account->logging_in);
    for (unsigned i = 0; i < SESSIONS; i++)
        openpai_close(&rigs[i]);
}

/* Who is given up while it logs in does not hold up the others. */
static void a_login_that_is_given_up(void **state)
{
    static struct openpai_rig first, second;
    static const struct berth_mem_step silent[] = {RIG_AWAIT("never")};
    (void)state;
    openpai_open(&first, 4000);
    openpai_open(&second, 4000);
    first.credentials = second.credentials = OPENPAI_WITH_PASSWORD;
    openpai_reset(&first);
    openpai_reset(&second);
    second.pai.config.account = &first.account;
    rig_script(&first.rig, silent, 1);
    rig_script(&second.rig, silent, 1);
    assert_int_equal(openpai_find("jobs_list")->describe(&first), BERTH_OK);
    assert_int_equal(openpai_find("jobs_list")->describe(&second), BERTH_OK);
    assert_int_equal(berth_openpai_start(&first.request, 30000), BERTH_OK);
    assert_int_equal(berth_openpai_start(&second.request, 30000), BERTH_OK);
    assert_int_equal(berth_openpai_step(&first.request, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(berth_openpai_step(&second.request, 10), BERTH_E_WOULD_BLOCK);
    assert_int_equal(second.rig.mem.connects, 0);
    uint32_t wait_ms = 0;
    assert_int_equal(berth_openpai_want(&second.request, &wait_ms), BERTH_WANT_NOTHING);
    assert_true(wait_ms > 0);
    berth_openpai_cancel(&first.request);
    assert_int_equal(berth_openpai_step(&first.request, 0), BERTH_E_CANCELLED);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(berth_openpai_step(&second.request, 10), BERTH_E_WOULD_BLOCK);
    assert_true(rig_was_sent(&second.rig, "/login"));
    berth_openpai_cancel(&second.request);
    assert_null(first.account.logging_in);
    openpai_close(&first);
    openpai_close(&second);
}

/* A refused password is not tried again, until there is another. */
static void a_refused_password(void **state)
{
    static const struct berth_mem_step refusal[] = {
        RIG_AWAIT("%26"),
        RIG_BYTES("HTTP/1.1 400 X\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n"
                  "{\"code\":\"IncorrectPasswordError\"}")};
    (void)state;
    openpai_open(&o, 4000);
    o.credentials = OPENPAI_WITH_PASSWORD;
    openpai_reset(&o);
    rig_script(&o.rig, refusal, 2);
    assert_int_equal(openpai_find("users_list")->describe(&o), BERTH_OK);
    assert_int_equal(openpai_run(&o, 0, false), BERTH_E_UNAUTHORIZED);
    assert_int_equal(o.request.result.code, BERTH_OPENPAI_INCORRECT_PASSWORD);
    assert_int_equal(openpai_find("login")->describe(&o), BERTH_OK);
    assert_int_equal(openpai_run(&o, 0, false), BERTH_E_UNAUTHORIZED);
    assert_int_equal(rig_times_sent(&o.rig, "/login"), 1);
    berth_openpai_account_set_password(&o.account, BERTH_TEXT("another &"));
    rig_script(&o.rig, refusal, 2);
    o.rig.mem.open = false;
    assert_int_equal(openpai_run(&o, 2000, false), BERTH_E_UNAUTHORIZED);
    assert_int_equal(rig_times_sent(&o.rig, "/login"), 1);
    /* Nothing of it stays in memory. */
    for (size_t i = 0; i + 7 <= o.work_size; i++)
        assert_memory_not_equal(o.work + i, "another", 7);
    openpai_close(&o);
}

/* An expired token is replaced before it is sent, and kept by who wants to. */
static void an_expired_token(void **state)
{
    static char login[600];
    struct berth_writer w;
    (void)state;
    openpai_open(&o, 4000);
    o.credentials = OPENPAI_WITH_PASSWORD;
    openpai_reset(&o);
    assert_int_equal(berth_openpai_account_use(&o.account, BERTH_TEXT(PAGE_TOKEN)), BERTH_OK);
    berth_writer_init(&w, login, sizeof login);
    berth_put_string(&w, HEAD "Content-Length: 17\r\n\r\n{\"token\":\"n.e.w\"}");
    const struct berth_mem_step steps[] = {RIG_AWAIT("%26"),
                                           {BERTH_MEM_BYTES, berth_writer_text(&w), 0},
                                           RIG_AWAIT("Bearer n.e.w\r\n"),
                                           RIG_BYTES(HEAD "Content-Length: 2\r\n\r\n[]")};
    o.rig.mem_clock.civil_start_s = 1700604790;
    rig_script(&o.rig, steps, 4);
    assert_int_equal(openpai_find("jobs_list")->describe(&o), BERTH_OK);
    assert_int_equal(openpai_run(&o, 0, false), BERTH_OK);
    assert_int_equal(o.changed, 1);
    assert_string_equal(o.account.token, "n.e.w");
    openpai_close(&o);
}

static void basic_credentials(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"),
                                                  RIG_BYTES(HEAD "Content-Length: 2\r\n\r\n[]")};
    char token[BERTH_OPENPAI_TOKEN_MAX], user[BERTH_OPENPAI_USER_MAX], expected[4000], plain[4000];
    struct berth_writer w, p;
    (void)state;
    openpai_open(&o, 4000);
    o.rig.config.buffer_size = 4096;
    memset(token, 't', sizeof token);
    memset(user, 'u', sizeof user);
    for (size_t len = 1; len <= sizeof token; len += len < 20 ? 1 : 379) {
        openpai_reset(&o);
        o.account.scheme = BERTH_OPENPAI_BASIC;
        o.account.user = berth_text_make(user, len % sizeof user + 1);
        assert_int_equal(berth_openpai_account_use(&o.account, berth_text_make(token, len)), BERTH_OK);
        rig_script(&o.rig, steps, 2);
        assert_int_equal(openpai_find("users_list")->describe(&o), BERTH_OK);
        assert_int_equal(openpai_run(&o, 0, false), BERTH_OK);
        berth_writer_init(&p, plain, sizeof plain);
        berth_put_text(&p, o.account.user);
        berth_put_char(&p, ':');
        berth_put_bytes(&p, token, len);
        berth_writer_init(&w, expected, sizeof expected);
        berth_put_string(&w, "Authorization: Basic ");
        berth_put_base64(&w, plain, p.len);
        berth_put_string(&w, "\r\n");
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_true(rig_was_sent(&o.rig, expected));
        assert_null(strstr(rig_trace(&o.rig), "dXV1")); /* the trace hides it */
    }
    openpai_close(&o);
}

/* A token in a path is in no trace and in no message. */
static void hidden_tokens(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("\r\n\r\n"),
                                                  RIG_BYTES("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")};
    (void)state;
    openpai_open(&o, 4000);
    berth_writer_init(&o.rig.traced, o.rig.trace, sizeof o.rig.trace - 1);
    rig_script(&o.rig, steps, 2);
    assert_int_equal(openpai_find("tokens_revoke")->describe(&o), BERTH_OK);
    assert_int_equal(openpai_run(&o, 0, false), BERTH_E_SERVER);
    assert_true(rig_was_sent(&o.rig, "aaa.bbb.ccc"));
    assert_null(strstr(o.rig.trace, "aaa"));
    assert_null(strstr(o.rig.trace, "tok.en"));
    assert_null(strstr(o.request.result.message, "aaa"));
    openpai_close(&o);
}

/* ---- Data ------------------------------------------------------------------------------------- */

static void states(void **state)
{
    static const struct {
        const char *sub_state;
        int64_t code; /* INT64_MAX: none */
        enum berth_openpai_state job, attempt;
    } table[] = {
        {"AttemptCreationPending", INT64_MAX, BERTH_OPENPAI_WAITING, BERTH_OPENPAI_WAITING},
        {"AttemptPreparing", INT64_MAX, BERTH_OPENPAI_WAITING, BERTH_OPENPAI_WAITING},
        {"AttemptRunning", INT64_MAX, BERTH_OPENPAI_RUNNING, BERTH_OPENPAI_RUNNING},
        {"AttemptDeleting", -210, BERTH_OPENPAI_STOPPING, BERTH_OPENPAI_STOPPING},
        {"AttemptDeletionPending", -220, BERTH_OPENPAI_STOPPING, BERTH_OPENPAI_STOPPING},
        {"AttemptDeletionRequested", 1, BERTH_OPENPAI_RUNNING, BERTH_OPENPAI_RUNNING},
        {"AttemptCompleted", -210, BERTH_OPENPAI_STOPPING, BERTH_OPENPAI_STOPPED},
        {"AttemptCompleted", 220, BERTH_OPENPAI_RUNNING, BERTH_OPENPAI_FAILED},
        {"AttemptCompleted", 0, BERTH_OPENPAI_RUNNING, BERTH_OPENPAI_SUCCEEDED},
        {"Completed", 0, BERTH_OPENPAI_SUCCEEDED, BERTH_OPENPAI_SUCCEEDED},
        {"Completed", -220, BERTH_OPENPAI_STOPPED, BERTH_OPENPAI_STOPPED},
        {"Completed", 1, BERTH_OPENPAI_FAILED, BERTH_OPENPAI_FAILED},
        {"FRAMEWORK_WAITING", INT64_MAX, BERTH_OPENPAI_WAITING, BERTH_OPENPAI_WAITING},
        {"APPLICATION_RUNNING", INT64_MAX, BERTH_OPENPAI_RUNNING, BERTH_OPENPAI_RUNNING},
        {"FRAMEWORK_COMPLETED", 0, BERTH_OPENPAI_SUCCEEDED, BERTH_OPENPAI_SUCCEEDED},
        {"FRAMEWORK_COMPLETED", -7351, BERTH_OPENPAI_STOPPED, BERTH_OPENPAI_STOPPED},
        {"FRAMEWORK_COMPLETED", 214, BERTH_OPENPAI_STOPPED, BERTH_OPENPAI_STOPPED},
        {"FRAMEWORK_COMPLETED", -7400, BERTH_OPENPAI_FAILED, BERTH_OPENPAI_FAILED},
        {"TASK_COMPLETED", -7400, BERTH_OPENPAI_STOPPED, BERTH_OPENPAI_STOPPED},
        {"", INT64_MAX, BERTH_OPENPAI_STATE_UNKNOWN, BERTH_OPENPAI_STATE_UNKNOWN},
        {"Else", 0, BERTH_OPENPAI_STATE_UNKNOWN, BERTH_OPENPAI_STATE_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const int64_t *code = table[i].code == INT64_MAX ? NULL : &table[i].code;
        struct berth_text sub = berth_text_of(table[i].sub_state);
        if (berth_openpai_state_of(sub, code, false) != table[i].job ||
            berth_openpai_state_of(sub, code, true) != table[i].attempt)
            fail_msg("%s %lld", table[i].sub_state, (long long)table[i].code);
    }
    static const char *const names[] = {"WAITING",   "RUNNING", "STOPPING", "STOPPED",
                                        "SUCCEEDED", "FAILED",  "UNKNOWN",  "COMPLETING"};
    for (int32_t i = 1; i <= 8; i++) {
        assert_true(berth_text_equal(berth_openpai_state_name(i), berth_text_of(names[i - 1])));
        assert_int_equal(berth_openpai_is_terminal(i), i >= 4 && i <= 6);
    }
    assert_int_equal(berth_openpai_state_name(99).len, 0);
    assert_false(berth_openpai_is_terminal(BERTH_ENUM_UNKNOWN));
    assert_true(berth_openpai_exit_phrase(137).len > 0);
    assert_int_equal(berth_openpai_exit_phrase(99).len, 0);
}

static void ports(void **state)
{
    static const struct {
        const char *ports, *label;
        enum berth_status status;
        unsigned port;
    } table[] = {
        {"{\"ssh\":\"34110\",\"http\":\"1,2\"}", "ssh", BERTH_OK, 34110},
        {"{\"ssh\":\"34110\",\"http\":\"1,2\"}", "http", BERTH_OK, 1},
        {"{\"ssh\":20511}", "ssh", BERTH_OK, 20511},
        {"{\"ssh\":\" 7 ,8\"}", "ssh", BERTH_OK, 7},
        {"{\"ssh\":\"34110\"}", "grpc", BERTH_E_MISSING, 0},
        {"{}", "ssh", BERTH_E_MISSING, 0},
        {"{\"ssh\":\"\"}", "ssh", BERTH_E_SYNTAX, 0},
        {"{\"ssh\":\"x\"}", "ssh", BERTH_E_SYNTAX, 0},
        {"{\"ssh\":\"0\"}", "ssh", BERTH_E_RANGE, 0},
        {"{\"ssh\":\"65536\"}", "ssh", BERTH_E_RANGE, 0},
        {"{\"ssh\":null}", "ssh", BERTH_E_SYNTAX, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        size_t len = strlen(table[i].ports);
        char *copy = guard_copy(table[i].ports, len);
        struct berth_openpai_task task;
        uint16_t port = 0;
        memset(&task, 0, sizeof task);
        task.container_ports = (struct berth_json_list){copy, len, 0};
        assert_int_equal(berth_openpai_task_port(&task, berth_text_of(table[i].label), &port),
                         table[i].status);
        assert_int_equal(port, table[i].port);
        assert_memory_equal(copy, table[i].ports, len);
        guard_free(copy);
    }
    char map[] = "{\"a\\n\":\"1,2\",\"b\":3,\"c\":null}";
    struct berth_json_list list = {map, sizeof map - 1, 0};
    struct berth_text label, numbers;
    assert_int_equal(berth_openpai_next_port(&list, &label, &numbers), BERTH_OK);
    assert_true(berth_text_equal(label, BERTH_TEXT("a\n")) && berth_text_equal(numbers, BERTH_TEXT("1,2")));
    assert_int_equal(berth_openpai_next_port(&list, &label, &numbers), BERTH_OK);
    assert_true(berth_text_equal(label, BERTH_TEXT("b")) && berth_text_equal(numbers, BERTH_TEXT("3")));
    assert_int_equal(berth_openpai_next_port(&list, &label, &numbers), BERTH_E_TYPE);
    struct berth_openpai_task none;
    uint16_t port;
    memset(&none, 0, sizeof none);
    assert_int_equal(berth_openpai_task_port(&none, BERTH_TEXT("ssh"), &port), BERTH_E_MISSING);
}

static const char *text(void (*put)(struct berth_writer *w, struct berth_text a), const char *in)
{
    static char buf[200];
    struct berth_writer w;
    berth_writer_init(&w, buf, sizeof buf);
    put(&w, berth_text_of(in));
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    return buf;
}

static void names(void **state)
{
    char path[200];
    struct berth_writer w;
    (void)state;
    assert_string_equal(text(berth_openpai_put_role, "PS_Server"), "psserver");
    assert_string_equal(text(berth_openpai_put_role, "a1-B2~\xc3\xa9"), "a1b2");
    berth_writer_init(&w, path, sizeof path);
    berth_openpai_put_storage_path(&w, BERTH_TEXT("/d/${PAI_USER_NAME}/x/${PAI_USER_NAME}${PAI_"),
                                   BERTH_TEXT("lee"));
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(path, "/d/lee/x/lee${PAI_");
    berth_writer_init(&w, path, sizeof path);
    berth_openpai_put_log_path(&w, BERTH_TEXT("u"), BERTH_TEXT("j"), 1, BERTH_TEXT("A_b"), 2, 3);
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(path, "/api/v2/jobs/u~j/attempts/1/taskRoles/ab/taskIndex/2/attempts/3/logs");
    assert_int_equal(berth_openpai_order_of(BERTH_TEXT("totalGpuNumber")), BERTH_OPENPAI_BY_TOTAL_GPU_NUMBER);
    assert_int_equal(berth_openpai_order_of(BERTH_TEXT("jobname")), BERTH_OPENPAI_ORDER_NONE);
}

static void free_resources(void **state)
{
    struct berth_openpai_vc vc;
    struct berth_openpai_resources left;
    (void)state;
    memset(&vc, 0, sizeof vc);
    berth_openpai_vc_free(&vc, &left);
    assert_true(left.cpu < 0 && left.memory_mb < 0 && left.gpu < 0); /* not known */
    vc.total.present = 31;
    vc.total.cpu = 8;
    vc.total.memory_mb = 100;
    vc.total.gpu = 6.5;
    berth_openpai_vc_free(&vc, &left);
    assert_true(left.cpu > 7.9 && left.cpu < 8.1);
    vc.used.present = 31;
    vc.used.cpu = 9; /* more than there is: none is free, not less than none */
    vc.used.gpu = 2;
    berth_openpai_vc_free(&vc, &left);
    assert_true(left.cpu > -0.1 && left.cpu < 0.1 && left.gpu > 4.4 && left.gpu < 4.6);
}

/* More violations than the HTTP client keeps of an error: the list comes whole. */
static void violations(void **state)
{
    static char body[6000], wire[8000];
    char buf[6000];
    struct berth_writer w;
    struct berth_openpai_violation violation;
    struct berth_json_list list = {NULL, 0, 0};
    unsigned count = 0;
    (void)state;
    openpai_open(&o, 16384);
    berth_writer_init(&w, body, sizeof body);
    berth_put_string(&w, "{\"code\":\"InvalidProtocolError\",\"stack\":[\"x\"],\"message\":\"[");
    for (unsigned i = 0; i < 30; i++) {
        berth_put_string(&w, i == 0 ? "" : ",");
        berth_put_string(&w, "{\\\"keyword\\\":\\\"type\\\",\\\"dataPath\\\":\\\".taskRoles.w\\\\u00e9");
        berth_put_u64(&w, i);
        berth_put_string(&w, "\\\",\\\"schemaPath\\\":\\\"#/x\\\",\\\"params\\\":{\\\"type\\\":\\\"a\\\"},"
                             "\\\"message\\\":\\\"should be \\\\\\\"a\\\\\\\"\\\"}");
    }
    berth_put_string(&w, "]\"}");
    struct berth_text text = berth_writer_text(&w);
    assert_true(text.len > 3000);
    berth_writer_init(&w, wire, sizeof wire);
    berth_put_string(&w, "HTTP/1.1 400 X\r\nContent-Type: application/json\r\nContent-Length: ");
    berth_put_u64(&w, text.len);
    berth_put_string(&w, "\r\n\r\n");
    berth_put_text(&w, text);
    const struct berth_mem_step steps[] = {RIG_AWAIT("demo\n"), {BERTH_MEM_BYTES, berth_writer_text(&w), 0}};
    rig_script(&o.rig, steps, 2);
    assert_int_equal(openpai_find("submit_2")->describe(&o), BERTH_OK);
    assert_int_equal(openpai_run(&o, 0, false), BERTH_E_BAD_REQUEST);
    assert_int_equal(o.request.result.code, BERTH_OPENPAI_INVALID_PROTOCOL);
    assert_non_null(strstr(o.request.result.message, ".taskRoles.w\xc3\xa9"
                                                     "0: should be \"a\", and more"));
    enum berth_status status;
    while ((status = berth_openpai_next_violation(&o.request.result, buf, sizeof buf, &list, &violation)) ==
           BERTH_OK) {
        assert_true(berth_text_equal(violation.keyword, BERTH_TEXT("type")));
        assert_true(berth_text_equal(violation.params, BERTH_TEXT("{\"type\":\"a\"}")));
        assert_true(berth_text_equal(violation.message, BERTH_TEXT("should be \"a\"")));
        count++;
    }
    assert_int_equal(status, BERTH_E_MISSING);
    assert_int_equal(count, 30);
    memset(&list, 0, sizeof list);
    assert_int_equal(berth_openpai_next_violation(&o.request.result, buf, 100, &list, &violation),
                     BERTH_E_SPACE);
    openpai_close(&o);
}

/* The callback stops a list, at the first row and later: its own status comes out, nothing else is asked for.
 */
static void callback_stops(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT("\r\n\r\n"),
        RIG_BYTES(HEAD
                  "Content-Length: 79\r\n\r\n{\"totalCount\":9,\"data\":[{\"name\":\"a\"},{\"name\":\"b\"},"
                  "{\"name\":\"c\"},{\"name\":\"d\"}]}")};
    static const enum berth_status ends[] = {BERTH_E_CANCELLED, BERTH_E_DISK_FULL, BERTH_E_UNAUTHORIZED,
                                             BERTH_E_BUSY, BERTH_E_PROTOCOL};
    (void)state;
    openpai_open(&o, 4000);
    for (size_t i = 0; i < COUNT(ends); i++)
        for (unsigned stop = 1; stop <= 4; stop++) {
            o.credentials = OPENPAI_WITH_BOTH;
            o.stop_with = ends[i];
            o.stop_after = stop;
            openpai_reset(&o);
            rig_script(&o.rig, steps, 2);
            assert_int_equal(openpai_find("jobs_list_paged")->describe(&o), BERTH_OK);
            assert_int_equal(openpai_run(&o, 0, false), ends[i]);
            assert_int_equal(o.elements, stop);
            assert_int_equal(rig_times_sent(&o.rig, "HTTP/1.1\r\n"), 1);
        }
    openpai_close(&o);
}

/* Every size of the work memory: too little is said, never overrun. */
static void little_memory(void **state)
{
    static const struct berth_mem_step steps[] = {
        RIG_AWAIT("\r\n\r\n"),
        RIG_BYTES(HEAD "Content-Length: 47\r\n\r\n{\"totalCount\":1,\"data\":[{\"name\":\"a\","
                       "\"tags\":[1]}]}")};
    (void)state;
    openpai_open(&o, 4000);
    for (size_t i = 0; i < openpai_operation_count; i++)
        for (size_t size = 1; size < 900; size += 1 + size / 8) {
            o.work_size = size;
            o.credentials = size % 2 ? OPENPAI_WITH_TOKEN : OPENPAI_WITH_PASSWORD;
            openpai_reset(&o);
            rig_script(&o.rig, steps, 2);
            assert_int_equal(openpai_operations[i].describe(&o), BERTH_OK);
            enum berth_status status = openpai_run(&o, 5000, false);
            if (status != BERTH_OK)
                assert_true(o.request.result.message[0] != '\0');
        }
    openpai_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64),
        cmocka_unit_test(tokens),
        cmocka_unit_test(addresses),
        cmocka_unit_test(refusals),
        cmocka_unit_test(fifty_thousand_jobs),
        cmocka_unit_test(hidden_rows),
        cmocka_unit_test(moving_rows),
        cmocka_unit_test(rate_limits),
        cmocka_unit_test(large_details),
        cmocka_unit_test(one_login_for_all),
        cmocka_unit_test(a_login_that_is_given_up),
        cmocka_unit_test(a_refused_password),
        cmocka_unit_test(an_expired_token),
        cmocka_unit_test(basic_credentials),
        cmocka_unit_test(hidden_tokens),
        cmocka_unit_test(states),
        cmocka_unit_test(ports),
        cmocka_unit_test(names),
        cmocka_unit_test(free_resources),
        cmocka_unit_test(violations),
        cmocka_unit_test(callback_stops),
        cmocka_unit_test(little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
