/* WebHDFS on the wire: the page's payloads whole, byte by byte, in random pieces and cut at every byte; its
 * traces; the exact requests of every operation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "seed.h"
#include "webhdfs_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define PATH BERTH_TEXT("/user/lee/a b.bin")

static struct webhdfs_rig w;
static char answer[8192];

/* ---- The page's payloads ---------------------------------------------------------------------- */

static enum berth_status list(void)
{
    return berth_webhdfs_list(&w.call, &w.fs, BERTH_TEXT("/user/lee"), BERTH_TEXT(""), webhdfs_on_entry, &w);
}

static enum berth_status list_all(void)
{
    w.fs.no_batch[0] = true;
    return list();
}

static enum berth_status stat_it(void)
{
    return berth_webhdfs_stat(&w.call, &w.fs, PATH);
}

static enum berth_status summarize(void)
{
    return berth_webhdfs_summarize(&w.call, &w.fs, PATH);
}

static enum berth_status checksum(void)
{
    return berth_webhdfs_get_checksum(&w.call, &w.fs, PATH);
}

static enum berth_status delete_it(void)
{
    return berth_webhdfs_delete(&w.call, &w.fs, PATH, false);
}

static enum berth_status rename_it(void)
{
    return berth_webhdfs_rename(&w.call, &w.fs, PATH, BERTH_TEXT("/b"), false);
}

static enum berth_status truncate_it(void)
{
    return berth_webhdfs_truncate(&w.call, &w.fs, PATH, 1);
}

static enum berth_status mkdirs(void)
{
    return berth_webhdfs_mkdirs(&w.call, &w.fs, PATH, BERTH_WEBHDFS_DEFAULT_PERMISSION);
}

static enum berth_status home(void)
{
    return berth_webhdfs_home(&w.call, &w.fs);
}

static enum berth_status get_token(void)
{
    return berth_webhdfs_get_token(&w.call, &w.fs, BERTH_TEXT("yarn"), BERTH_TEXT(""), BERTH_TEXT(""));
}

static enum berth_status get_token_of_kind(void)
{
    return berth_webhdfs_get_token(&w.call, &w.fs, BERTH_TEXT(""), BERTH_TEXT("A B"), BERTH_TEXT("ha:9870"));
}

static enum berth_status renew_token(void)
{
    return berth_webhdfs_renew_token(&w.call, &w.fs, BERTH_TEXT("T+/="));
}

#define OK_200 "200 OK"
#define EXCEPTION(name, message)                                                                             \
    "{\"RemoteException\":{\"exception\":\"" name "\",\"javaClassName\":\"x." name "\",\"message\":" message \
    "}}"

static const struct payload {
    enum berth_status (*describe)(void);
    const char *status, *body;
    const char *told;
    bool is_scalar; /* cutting it can leave a whole document only at its very end */
} payloads[] = {
    {list_all, OK_200,
     "{\"FileStatuses\":{\"FileStatus\":[\n"
     "{\"accessTime\":1700000000123,\"blockSize\":134217728,\"childrenNum\":0,\"fileId\":16401,\"group\":"
     "\"users\",\"length\":20480,\"modificationTime\":1700000000456,\"owner\":\"lee\",\"pathSuffix\":\"train "
     "log.txt\",\"permission\":\"640\",\"replication\":3,\"storagePolicy\":0,\"type\":\"FILE\"},\n"
     "{\"accessTime\":0,\"blockSize\":0,\"childrenNum\":2,\"fileId\":16402,\"group\":\"users\",\"length\":0,"
     "\"modificationTime\":1700000100000,\"owner\":\"lee\",\"pathSuffix\":\"gr\xc3\xb6\xc3\x9f"
     "e=XL\",\"permission\":\"1777\",\"replication\":0,\"storagePolicy\":0,\"type\":\"DIRECTORY\","
     "\"snapshotEnabled\":true,\"futureKey\":{\"a\":[1,null]}},\n"
     "{\"accessTime\":0,\"blockSize\":0,\"group\":\"users\",\"length\":0,\"modificationTime\":1,\"owner\":"
     "\"lee\",\"pathSuffix\":\"ln\",\"permission\":\"777\",\"replication\":0,\"symlink\":\"/user/lee/t\","
     "\"type\":\"SYMLINK\"}]}}",
     "FILE train log.txt length=20480 mode=416 modified=1700000000456 owner=lee children=0\n"
     "DIRECTORY gr\xc3\xb6\xc3\x9f"
     "e=XL length=0 mode=1023 modified=1700000100000 owner=lee children=2 snapshots\n"
     "SYMLINK ln length=0 mode=511 modified=1 owner=lee symlink=/user/lee/t\n= ok",
     false},
    {list_all, OK_200, "{\"FileStatuses\":{\"FileStatus\":[\n\n]}}", "= ok", false},
    {list_all, OK_200,
     "{\"FileStatuses\":{\"FileStatus\":[{\"accessTime\":1,\"blockSize\":1048576,\"group\":\"g\",\"length\":"
     "9223372036854775807,\"modificationTime\":2,\"owner\":\"o\",\"pathSuffix\":\"\",\"permission\":\"0\","
     "\"replication\":1,\"type\":\"FILE\"}]}}",
     "FILE length=9223372036854775807 mode=0 modified=2 owner=o\n= ok", false},
    {list, OK_200,
     "{\"DirectoryListing\":{\"partialListing\":{\"FileStatuses\":{\"FileStatus\":[]}},\"remainingEntries\":"
     "0}}",
     "= ok", false},
    {list, OK_200,
     "{\"DirectoryListing\":{\"remainingEntries\" : 0,\"x\":[{\"remainingEntries\":7}],\"partialListing\":{"
     "\"FileStatuses\":{\"FileStatus\":[{\"length\":0,\"modificationTime\":3,\"pathSuffix\":\"a+b%c\","
     "\"permission\":\"755\",\"type\":\"DIRECTORY\"}]}}}}",
     "DIRECTORY a+b%c length=0 mode=493 modified=3\n= ok", false},
    {stat_it, OK_200,
     "{\"FileStatus\":{\"accessTime\":0,\"blockSize\":0,\"childrenNum\":3,\"ecPolicy\":\"RS-6-3-1024k\","
     "\"fileId\":16386,\"group\":\"users\",\"length\":0,\"modificationTime\":1700000000000,\"owner\":\"lee\","
     "\"pathSuffix\":\"\",\"permission\":\"755\",\"replication\":0,\"storagePolicy\":0,\"type\":"
     "\"DIRECTORY\"}}",
     "DIRECTORY length=0 mode=493 modified=1700000000000 owner=lee ec=RS-6-3-1024k children=3\n= ok", true},
    {summarize, OK_200,
     "{\"ContentSummary\":{\"directoryCount\":3,\"fileCount\":12,\"length\":987654321,\"quota\":-1,"
     "\"spaceConsumed\":2962962963,\"spaceQuota\":-1,\"typeQuota\":{\"SSD\":{\"consumed\":10,\"quota\":1000}}"
     "}}",
     "files=12 directories=3 length=987654321 space=2962962963 quota=-1 types=1= ok", true},
    {checksum, OK_200,
     "{\"FileChecksum\":{\"algorithm\":\"MD5-of-1MD5-of-512CRC32C\",\"bytes\":"
     "\"0000020000000000000000013f2a9c0d7715e84b60a1c2d3e4f50617\",\"length\":28}}",
     "MD5-of-1MD5-of-512CRC32C 0000020000000000000000013f2a9c0d7715e84b60a1c2d3e4f50617 28= ok", true},
    {delete_it, OK_200, "{\"boolean\":true}", "true\n= ok", true},
    {delete_it, OK_200, "{\"boolean\":false}", "= no file", true},
    {rename_it, OK_200, "{\"boolean\":false}", "= wrong state", true},
    {truncate_it, OK_200, "{\"boolean\":false}", "false\n= ok", true},
    {mkdirs, OK_200, "{\"boolean\":true,\"more\":[{}]}", "true\n= ok", true},
    {home, OK_200, "{\"Path\":\"/user/lee\"}", "path /user/lee= ok", true},
    {get_token, OK_200, "{\"Token\":{\"urlString\":\"HAAEcm9vdA\"}}", "token HAAEcm9vdA= ok", true},
    {renew_token, OK_200, "{\"long\":1320962673997}", "number 1320962673997= ok", true},
    {mkdirs, "403 Forbidden",
     EXCEPTION("FileAlreadyExistsException",
               "\"/user/lee/a b.bin is taken\\n\\tat first.frame(Sample.java:1)\\n\\tat "
               "second.frame(Sample.java:2)\""),
     "= conflict FileAlreadyExistsException", false},
    {mkdirs, "403 Forbidden", EXCEPTION("StandbyException", "\"standby node\""),
     "= unavailable StandbyException", false},
    {mkdirs, "500 X", EXCEPTION("NullPointerException", "null"), "= server NullPointerException", false},
};

/* An answer of CONTENT with a head that frames it: 0 by its length, 1 in chunks of one piece, 2 to the close.
 */
static struct berth_text frame(const struct payload *p, struct berth_text content, unsigned framing)
{
    static const char digits[] = "0123456789abcdef";
    struct berth_writer out;
    berth_writer_init(&out, answer, sizeof answer);
    berth_put_string(&out, "HTTP/1.1 ");
    berth_put_string(&out, p->status);
    berth_put_string(&out, "\r\nContent-Type: application/json; charset=utf-8\r\n");
    if (framing == 0) {
        berth_put_string(&out, "Content-Length: ");
        berth_put_u64(&out, content.len);
    }
    berth_put_string(&out, framing == 0   ? "\r\n\r\n"
                           : framing == 1 ? "Transfer-Encoding: chunked\r\n\r\n"
                                          : "Connection: close\r\n\r\n");
    if (framing == 1 && content.len > 0) {
        for (unsigned shift = 12; shift > 0; shift -= 4)
            berth_put_char(&out, digits[content.len >> shift & 15]);
        berth_put_char(&out, digits[content.len & 15]);
        berth_put_string(&out, "\r\n");
    }
    berth_put_text(&out, content);
    if (framing == 1)
        berth_put_string(&out, content.len > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n");
    return berth_writer_text(&out);
}

static enum berth_status play(const struct payload *p, struct berth_text bytes, bool closes)
{
    webhdfs_reset(&w);
    webhdfs_answer(&w, "\r\n\r\n", bytes);
    if (closes)
        w.steps[w.step_count++].act = BERTH_MEM_CLOSE;
    webhdfs_go(&w);
    assert_int_equal(p->describe(), BERTH_OK);
    return berth_call_run(&w.call, 60000);
}

static void expect(const struct payload *p)
{
    struct berth_text body = berth_text_of(p->body);
    for (unsigned framing = 0; framing < 3; framing++) {
        enum berth_status status = play(p, frame(p, body, framing), true);
        assert_string_equal(webhdfs_told(&w, status), p->told);
        assert_int_equal(w.rig.mem.broken_rules, 0);
    }
}

static void payloads_whole_and_in_pieces(void **state)
{
    uint64_t seed = seed_start("webhdfs payloads");
    (void)state;
    webhdfs_open(&w);
    for (size_t i = 0; i < COUNT(payloads); i++) {
        w.rig.mem.recv_piece = 0;
        w.rig.mem.split_seed = 0;
        expect(&payloads[i]);
        w.rig.mem.recv_piece = 1;
        expect(&payloads[i]);
        w.rig.mem.recv_piece = 0;
        for (unsigned round = 0; round < 10; round++) {
            w.rig.mem.split_seed = seed_next(&seed) | 1;
            expect(&payloads[i]);
        }
        w.rig.mem.split_seed = 0;
    }
    webhdfs_close(&w);
}

/* A document that stops anywhere, in each framing, is never an answer (wire W5). */
static void payloads_cut(void **state)
{
    (void)state;
    webhdfs_open(&w);
    for (size_t i = 0; i < COUNT(payloads); i++) {
        const struct payload *p = &payloads[i];
        struct berth_text body = berth_text_of(p->body);
        if (strcmp(p->status, OK_200) != 0)
            continue; /* an exception that is cut: the next test */
        for (size_t cut = 0; cut < body.len; cut++)
            for (unsigned framing = 0; framing < 3; framing++) {
                enum berth_status status =
                    play(p, frame(p, berth_text_slice(body, 0, cut), framing), framing == 2);
                assert_true(status == BERTH_E_TRUNCATED || status == BERTH_E_PROTOCOL);
                assert_true(w.call.result.message[0] != '\0');
            }
        struct berth_text whole = frame(p, body, 0);
        for (size_t cut = 1; cut < whole.len; cut++) {
            w.rig.mem.cut = true;
            w.rig.mem.cut_after = cut;
            enum berth_status status = play(p, whole, false);
            assert_true(status == BERTH_E_TRUNCATED || status == BERTH_E_CLOSED);
        }
        w.rig.mem.cut = false;
    }
    webhdfs_close(&w);
}

/* Of an exception that is cut off what is there counts; the status is never a success. */
static void exceptions_cut(void **state)
{
    (void)state;
    webhdfs_open(&w);
    for (size_t i = 0; i < COUNT(payloads); i++) {
        const struct payload *p = &payloads[i];
        struct berth_text body = berth_text_of(p->body);
        if (strcmp(p->status, OK_200) == 0)
            continue;
        size_t known = berth_text_find(body, BERTH_TEXT("\",\"javaClassName")) + 1;
        for (size_t cut = 0; cut <= body.len; cut++) {
            enum berth_status status = play(p, frame(p, berth_text_slice(body, 0, cut), 0), false);
            assert_true(status < 0);
            const char *told = webhdfs_told(&w, status);
            if (cut > known)
                assert_string_equal(told, p->told);
            assert_true(berth_text_is_utf8(berth_text_of(w.call.result.message), NULL));
        }
    }
    webhdfs_close(&w);
}

/* ---- Pages ------------------------------------------------------------------------------------ */

#define PAGE(names, left)                                                                                    \
    "{\"DirectoryListing\":{\"partialListing\":{\"FileStatuses\":{\"FileStatus\":[" names                    \
    "]}},\"remainingEntries\":" left "}}"
#define NAMED(name)                                                                                          \
    "{\"length\":1,\"modificationTime\":1,\"pathSuffix\":\"" name "\",\"permission\":\"644\",\"type\":"      \
    "\"FILE\"}"

static struct berth_text page(const char *body, char *buf, size_t cap)
{
    struct berth_writer out;
    berth_writer_init(&out, buf, cap);
    berth_put_string(&out, WEBHDFS_JSON "Content-Length: ");
    berth_put_u64(&out, berth_text_of(body).len);
    berth_put_string(&out, "\r\n\r\n");
    berth_put_string(&out, body);
    return berth_writer_text(&out);
}

static void pages(void **state)
{
    char first[1024], second[1024], third[1024];
    (void)state;
    webhdfs_open(&w);
    for (size_t piece = 0; piece < 40; piece++) {
        webhdfs_reset(&w);
        w.rig.mem.recv_piece = piece;
        webhdfs_answer(&w, "\r\n\r\n",
                       page(PAGE(NAMED("a") "," NAMED("b \\u00e9&+"), "41234"), first, sizeof first));
        webhdfs_answer(&w, "startAfter=b%20%C3%A9%26%2B ",
                       page(PAGE(NAMED("c"), "1"), second, sizeof second));
        webhdfs_answer(&w, "startAfter=c ", page(PAGE(NAMED("d"), "0"), third, sizeof third));
        webhdfs_go(&w);
        assert_int_equal(list(), BERTH_OK);
        assert_string_equal(webhdfs_told(&w, berth_call_run(&w.call, 0)),
                            "FILE a length=1 mode=420 modified=1\nFILE b \xc3\xa9&+ length=1 mode=420 "
                            "modified=1\nFILE c length=1 mode=420 modified=1\nFILE d length=1 mode=420 "
                            "modified=1\n= ok");
        assert_int_equal(w.call.result.element_count, 4);
        assert_int_equal(w.rig.mem.connects, 1);
    }
    webhdfs_close(&w);
}

/* ---- Requests --------------------------------------------------------------------------------- */

static struct berth_memory_source memory;
static struct berth_source source;

static enum berth_status open_it(void)
{
    struct berth_sink sink = webhdfs_sink(&w);
    return berth_webhdfs_open(&w.call, &w.fs, PATH, 5, 10, &sink);
}

static enum berth_status create(void)
{
    source = berth_source_of_text(&memory, BERTH_TEXT("hello"));
    const struct berth_webhdfs_create_options options = {.overwrite = true,
                                                         .no_parents = true,
                                                         .has_permission = true,
                                                         .permission = 01755,
                                                         .block_size = 1048576,
                                                         .replication = 2,
                                                         .buffer_size = 4096};
    return berth_webhdfs_create(&w.call, &w.fs, PATH, &options, &source);
}

static enum berth_status append(void)
{
    source = berth_source_of_text(&memory, BERTH_TEXT("hello"));
    return berth_webhdfs_append(&w.call, &w.fs, PATH, &source);
}

static enum berth_status replace(void)
{
    return berth_webhdfs_rename(&w.call, &w.fs, PATH, BERTH_TEXT("//x/\xc3\xa9 +&/"), true);
}

static enum berth_status set_permission(void)
{
    return berth_webhdfs_set_permission(&w.call, &w.fs, PATH, 0);
}

static enum berth_status set_times(void)
{
    return berth_webhdfs_set_times(&w.call, &w.fs, PATH, 1700000000000, -1);
}

static enum berth_status concat(void)
{
    static const struct berth_text sources[] = {BERTH_TEXT_INIT("/a b"), BERTH_TEXT_INIT("/c+d")};
    return berth_webhdfs_concat(&w.call, &w.fs, PATH, sources, 2);
}

static enum berth_status delete_tree(void)
{
    return berth_webhdfs_delete(&w.call, &w.fs, BERTH_TEXT("/=@,!$'()*;:?#[]%"), true) == BERTH_E_ARGUMENT
               ? berth_webhdfs_delete(&w.call, &w.fs, BERTH_TEXT("/=@,!$'()*;?#[]%\\\"<>^`{}|~"), true)
               : BERTH_E_STATE;
}

static enum berth_status cancel_token(void)
{
    return berth_webhdfs_cancel_token(&w.call, &w.fs, BERTH_TEXT("T"));
}

static enum berth_status mkdirs_mode(void)
{
    return berth_webhdfs_mkdirs(&w.call, &w.fs, BERTH_TEXT("/"), 0755);
}

#define AT "/webhdfs/v1/user/lee/a%20b.bin?op="
#define WHO "&user.name=lee"
#define FIELDS " HTTP/1.1\r\nHost: nn.cluster.test:9870\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
#define CHANGES FIELDS "X-XSRF-HEADER: berth\r\n"
#define NO_BODY "Content-Length: 0\r\n\r\n"

static const struct {
    enum berth_status (*describe)(void);
    const char *request;
} requests[] = {
    {list, "GET /webhdfs/v1/user/lee?op=LISTSTATUS_BATCH" WHO FIELDS "\r\n"},
    {list_all, "GET /webhdfs/v1/user/lee?op=LISTSTATUS" WHO FIELDS "\r\n"},
    {stat_it, "GET " AT "GETFILESTATUS" WHO FIELDS "\r\n"},
    {summarize, "GET " AT "GETCONTENTSUMMARY" WHO FIELDS "\r\n"},
    {checksum, "GET " AT "GETFILECHECKSUM" WHO FIELDS "\r\n"},
    {home, "GET /webhdfs/v1/?op=GETHOMEDIRECTORY" WHO FIELDS "\r\n"},
    {open_it, "GET " AT "OPEN" WHO "&offset=5&length=10" FIELDS "\r\n"},
    {create, "PUT " AT "CREATE" WHO
             "&overwrite=true&createparent=false&permission=1755&blocksize=1048576&replication=2&buffersize="
             "4096" CHANGES NO_BODY},
    {append, "POST " AT "APPEND" WHO CHANGES NO_BODY},
    {mkdirs, "PUT " AT "MKDIRS" WHO CHANGES NO_BODY},
    {mkdirs_mode, "PUT /webhdfs/v1/?op=MKDIRS" WHO "&permission=755" CHANGES NO_BODY},
    {rename_it, "PUT " AT "RENAME" WHO "&destination=/b" CHANGES NO_BODY},
    {replace,
     "PUT " AT "RENAME" WHO "&destination=/x/%C3%A9%20%2B%26&renameoptions=OVERWRITE" CHANGES NO_BODY},
    {delete_it, "DELETE " AT "DELETE" WHO "&recursive=false" CHANGES "\r\n"},
    {delete_tree, "DELETE "
                  "/webhdfs/v1/=@,!$'()*%3B%3F%23%5B%5D%25%5C%22%3C%3E%5E%60%7B%7D%7C~?op=DELETE" WHO
                  "&recursive=true" CHANGES "\r\n"},
    {set_permission, "PUT " AT "SETPERMISSION" WHO "&permission=0" CHANGES NO_BODY},
    {set_times, "PUT " AT "SETTIMES" WHO "&modificationtime=1700000000000&accesstime=-1" CHANGES NO_BODY},
    {truncate_it, "POST " AT "TRUNCATE" WHO "&newlength=1" CHANGES NO_BODY},
    {concat, "POST " AT "CONCAT" WHO "&sources=/a%20b,/c%2Bd" CHANGES NO_BODY},
    {get_token, "GET /webhdfs/v1/?op=GETDELEGATIONTOKEN" WHO "&renewer=yarn" FIELDS "\r\n"},
    {get_token_of_kind,
     "GET /webhdfs/v1/?op=GETDELEGATIONTOKEN" WHO "&kind=A%20B&service=ha%3A9870" FIELDS "\r\n"},
    {renew_token, "PUT /webhdfs/v1/?op=RENEWDELEGATIONTOKEN" WHO "&token=T%2B%2F%3D" CHANGES NO_BODY},
    {cancel_token, "PUT /webhdfs/v1/?op=CANCELDELEGATIONTOKEN" WHO "&token=T" CHANGES NO_BODY},
};

static void exact_requests(void **state)
{
    (void)state;
    webhdfs_open(&w);
    for (size_t i = 0; i < COUNT(requests); i++) {
        webhdfs_reset(&w);
        webhdfs_answer(&w, "\r\n\r\n", BERTH_TEXT("HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n"));
        webhdfs_go(&w);
        w.fs.no_batch[0] = false;
        assert_int_equal(requests[i].describe(), BERTH_OK);
        assert_true(berth_call_run(&w.call, 60000) < 0);
        struct berth_text sent = rig_sent(&w.rig);
        struct berth_text due = berth_text_of(requests[i].request);
        assert_true(sent.len >= due.len);
        assert_memory_equal(sent.ptr, due.ptr, due.len);
    }
    webhdfs_close(&w);
}

/* ---- The page's traces ------------------------------------------------------------------------ */

#define LOCATION                                                                                             \
    "http://dn-07.cluster.test:9864" AT "CREATE" WHO "&namenoderpcaddress=nn.cluster.test:9000&overwrite="   \
    "true"
#define REDIRECT(status) "HTTP/1.1 " status "\r\nLocation: " LOCATION "\r\nContent-Length: 0\r\n\r\n"
#define CREATED                                                                                              \
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nLocation: "                                        \
    "hdfs://nn.cluster.test:9000/user/lee/a%20b.bin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define TAKEN                                                                                                \
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Type: application/json; "                \
    "charset=utf-8\r\nContent-Length: 94\r\nConnection: close\r\n\r\n"                                       \
    "{\"RemoteException\":{\"exception\":\"FileAlreadyExistsException\",\"message\":\"taken, no "            \
    "overwrite\"}}"

/* A source of unknown length: its data goes in chunks. */
static ptrdiff_t read_hello(void *ctx, void *buf, size_t cap)
{
    unsigned *turn = ctx;
    if ((*turn)++ > 0 || cap < 5)
        return 0;
    memcpy(buf, "hello", 5);
    return 5;
}

static enum berth_status upload(const char *redirect, const char *end)
{
    unsigned turn = 0;
    const struct berth_webhdfs_create_options options = {.overwrite = true};
    source = (struct berth_source){&turn, read_hello, NULL, BERTH_LENGTH_UNKNOWN};
    webhdfs_reset(&w);
    webhdfs_answer(&w, "\r\n\r\n", berth_text_of(redirect));
    webhdfs_next(&w);
    webhdfs_answer(&w, "0\r\n\r\n", berth_text_of(end));
    webhdfs_go(&w);
    assert_int_equal(berth_webhdfs_create(&w.call, &w.fs, PATH, &options, &source), BERTH_OK);
    return berth_call_run(&w.call, 60000);
}

static void traces(void **state)
{
    char json[1024];
    static const char second[] =
        "PUT " AT "CREATE" WHO "&namenoderpcaddress=nn.cluster.test:9000&overwrite=true"
        " HTTP/1.1\r\nHost: dn-07.cluster.test:9864\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
        "X-XSRF-HEADER: berth\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n";
    const char *redirects[] = {REDIRECT("307 Temporary Redirect"), REDIRECT("300 Multiple Choices"),
                               REDIRECT("302 Found"), json};
    (void)state;
    struct berth_text text = page("{\"Location\":\"" LOCATION "\"}", json, sizeof json - 1);
    json[text.len] = '\0';
    webhdfs_open(&w);
    for (size_t i = 0; i < COUNT(redirects); i++)
        for (size_t piece = 0; piece < 3; piece++) {
            w.rig.mem.recv_piece = piece;
            assert_int_equal(upload(redirects[i], CREATED), BERTH_OK);
            assert_true(rig_was_sent(&w.rig, second));
            assert_string_equal(w.rig.mem.host, "dn-07.cluster.test");
            assert_int_equal(w.rig.mem.last.port, 9864);
            assert_int_equal(upload(redirects[i], TAKEN), BERTH_E_CONFLICT);
            assert_string_equal(w.fs.exception, "FileAlreadyExistsException");
        }
    webhdfs_close(&w);
}

/* ---- Where the data is ------------------------------------------------------------------------- */

#define DATA                                                                                                 \
    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\nConnection: "         \
    "close\r\n\r\nhello"
#define AT_DATANODE "/webhdfs/v1/user/lee/f?op=OPEN&x=%2F+%20"
#define TO_DATANODE(status, where)                                                                           \
    "HTTP/1.1 " status " X\r\nLocation: " where AT_DATANODE "\r\nContent-Length: 0\r\n\r\n"

/* SECOND: the data comes over another connection, or (false) over the same or in the first answer. */
static enum berth_status read_file(const char *first, bool second)
{
    struct berth_sink sink = webhdfs_sink(&w);
    webhdfs_reset(&w);
    webhdfs_answer(&w, "\r\n\r\n", berth_text_of(first));
    if (second)
        webhdfs_next(&w);
    webhdfs_answer(&w, "\r\n\r\n", BERTH_TEXT(DATA));
    webhdfs_go(&w);
    assert_int_equal(
        berth_webhdfs_open(&w.call, &w.fs, BERTH_TEXT("/user/lee/f"), 0, BERTH_LENGTH_UNKNOWN, &sink),
        BERTH_OK);
    return berth_call_run(&w.call, 60000);
}

/* W7: the address is asked for as JSON, and whatever comes is taken. */
static void without_redirect(void **state)
{
    char json[1024];
    struct berth_text text =
        page("{\"Location\":\"http:\\/\\/dn:9864" AT_DATANODE "\"}", json, sizeof json - 1);
    (void)state;
    json[text.len] = '\0';
    webhdfs_open(&w);
    w.config.no_redirect = true;
    assert_string_equal(webhdfs_told(&w, read_file(json, true)), "hello= ok");
    assert_true(rig_was_sent(&w.rig, "op=OPEN&user.name=lee&noredirect=true HTTP"));
    assert_true(rig_was_sent(&w.rig, "GET " AT_DATANODE " HTTP/1.1\r\nHost: dn:9864\r\n"));
    assert_string_equal(webhdfs_told(&w, read_file(TO_DATANODE("307", "http://dn:9864"), true)), "hello= ok");
    assert_string_equal(webhdfs_told(&w, read_file(DATA, false)), "hello= ok");
    assert_int_equal(read_file(WEBHDFS_JSON "Content-Length: 2\r\n\r\n{}", false), BERTH_E_PROTOCOL);
    w.config.no_redirect = false;
    /* Not asked for, JSON is a file like any other. */
    assert_string_equal(webhdfs_told(&w, read_file(WEBHDFS_JSON "Content-Length: 2\r\n\r\n{}", false)),
                        "{}= ok");
    webhdfs_close(&w);
}

static void redirects(void **state)
{
    (void)state;
    webhdfs_open(&w);
    w.config.authorization = BERTH_TEXT("Bearer secret");
    assert_string_equal(webhdfs_told(&w, read_file(TO_DATANODE("307", "http://dn:9864"), true)), "hello= ok");
    assert_int_equal(rig_times_sent(&w.rig, "Authorization: Bearer secret"), 1);
    assert_string_equal(webhdfs_told(&w, read_file(TO_DATANODE("307", "http://nn.cluster.test:9870"), false)),
                        "hello= ok");
    assert_int_equal(rig_times_sent(&w.rig, "Authorization: Bearer secret"), 2);
    assert_string_equal(webhdfs_told(&w, read_file(TO_DATANODE("308", ""), false)),
                        "hello= ok"); /* relative */
    assert_int_equal(read_file(TO_DATANODE("307", "ftp://dn"), false), BERTH_E_REDIRECT);
    assert_int_equal(read_file("HTTP/1.1 307 X\r\nContent-Length: 0\r\n\r\n", false), BERTH_E_REDIRECT);
    w.roots[0] = BERTH_TEXT("https://nn.cluster.test:9871");
    assert_int_equal(read_file(TO_DATANODE("307", "http://dn:9864"), true), BERTH_E_REDIRECT);
    w.config.allow_downgrade = true;
    assert_string_equal(webhdfs_told(&w, read_file(TO_DATANODE("307", "http://dn:9864"), true)), "hello= ok");
    webhdfs_close(&w);
}

/* A root that has moved (http to https, most of all) is asked there; the data still goes to a DataNode alone.
 */
static void moved_root(void **state)
{
    static const char moved[] = "HTTP/1.1 301 X\r\nLocation: https://nn.cluster.test:9871" AT "CREATE" WHO
                                "&overwrite=true\r\nContent-Length: 0\r\n\r\n";
    const struct berth_webhdfs_create_options options = {.overwrite = true};
    (void)state;
    webhdfs_open(&w);
    source = berth_source_of_text(&memory, BERTH_TEXT("hello"));
    webhdfs_answer(&w, "\r\n\r\n", berth_text_of(moved));
    webhdfs_next(&w);
    webhdfs_answer(
        &w, NO_BODY,
        BERTH_TEXT("HTTP/1.1 307 X\r\nLocation: https://dn:9865/x?op=CREATE\r\nContent-Length: 0\r\n\r\n"));
    webhdfs_next(&w);
    webhdfs_answer(&w, "hello", BERTH_TEXT(CREATED));
    webhdfs_go(&w);
    assert_int_equal(berth_webhdfs_create(&w.call, &w.fs, PATH, &options, &source), BERTH_OK);
    assert_int_equal(berth_call_run(&w.call, 60000), BERTH_OK);
    assert_int_equal(w.rig.mem.secures, 2);
    assert_int_equal(rig_times_sent(&w.rig, "hello"), 1);
    webhdfs_close(&w);
}

/* A gateway that makes the file at once: the data follows explicitly, and replaces what is ours already. */
static void gateway_without_redirect(void **state)
{
    static const char *const answers[] = {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", WEBHDFS_EMPTY};
    (void)state;
    webhdfs_open(&w);
    for (size_t i = 0; i < COUNT(answers); i++) {
        webhdfs_reset(&w);
        source = berth_source_of_text(&memory, BERTH_TEXT("hello"));
        webhdfs_answer(&w, NO_BODY, berth_text_of(answers[i]));
        webhdfs_answer(&w, "hello",
                       BERTH_TEXT("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
                                  "16\r\n\r\n{\"Location\":\"x\"}"));
        webhdfs_go(&w);
        assert_int_equal(berth_webhdfs_create(&w.call, &w.fs, PATH, NULL, &source), BERTH_OK);
        assert_int_equal(berth_call_run(&w.call, 60000), BERTH_OK);
        assert_true(rig_was_sent(&w.rig, "&overwrite=false HTTP/1.1\r\n"));
        assert_true(rig_was_sent(&w.rig, "&overwrite=true&data=true HTTP/1.1\r\n"));
        assert_true(
            rig_was_sent(&w.rig, "Content-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\nhello"));
    }
    webhdfs_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_redirect),
        cmocka_unit_test(redirects),
        cmocka_unit_test(moved_root),
        cmocka_unit_test(gateway_without_redirect),
        cmocka_unit_test(payloads_whole_and_in_pieces),
        cmocka_unit_test(payloads_cut),
        cmocka_unit_test(exceptions_cut),
        cmocka_unit_test(pages),
        cmocka_unit_test(exact_requests),
        cmocka_unit_test(traces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
