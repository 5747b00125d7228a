/* The JSON stream: paths, nested elements, elements that do not fit, any pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "berth/json.h"
#include "guard.h"
#include "json_random.h"
#include "seed.h"

#define LOG_MAX 200000

/* What a stream delivered, as text: "level#index@offset needed|element|outer\n". */
struct log {
    char text[LOG_MAX];
    struct berth_writer w;
    unsigned stop_after; /* elements; 0 = never */
    unsigned count;
};

static struct log logs[2];

static enum berth_status note(void *ctx, const struct berth_json_element *element)
{
    struct log *log = ctx;
    struct berth_writer *w = &log->w;
    berth_put_u64(w, element->level);
    berth_put_char(w, '#');
    berth_put_u64(w, element->index);
    berth_put_char(w, '@');
    berth_put_u64(w, element->offset);
    berth_put_char(w, ' ');
    if (element->json == NULL) {
        berth_put_u64(w, element->needed);
        assert_int_equal(element->len, 0);
    } else {
        berth_put_bytes(w, element->json, element->len);
        assert_int_equal(berth_json_check(berth_text_make(element->json, element->len), NULL), BERTH_OK);
        memset(element->json, 'X', element->len); /* it may be changed at will */
    }
    if (element->name.ptr != NULL) {
        berth_put_string(w, " named ");
        berth_put_text(w, element->name);
    }
    if (element->outer_name.ptr != NULL) {
        berth_put_string(w, " of ");
        berth_put_text(w, element->outer_name);
    }
    if (element->outer.ptr != NULL) {
        berth_put_string(w, " in ");
        berth_put_text(w, element->outer);
        assert_int_equal(berth_json_check(element->outer, NULL), BERTH_OK);
    }
    berth_put_char(w, '\n');
    return ++log->count == log->stop_after ? BERTH_E_CANCELLED : BERTH_OK;
}

/* Pieces of 1 ... LIMIT bytes, each at a forbidden page when LIMIT is small. */
static enum berth_status run(struct log *log, const char *path, const char *document, size_t len, size_t cap,
                             size_t limit, uint64_t *seed, struct berth_json_error *error)
{
    static struct guard pages;
    if (pages.base == NULL)
        guard_open(&pages, 100000);
    char *buf = guard_new(cap);
    struct berth_json_stream s;
    struct berth_json_stream_config config = {berth_text_of(path), buf, cap, note, log};
    berth_writer_init(&log->w, log->text, sizeof log->text);
    log->count = 0;
    enum berth_status status = berth_json_stream_init(&s, &config);
    for (size_t at = 0; at < len && status == BERTH_OK;) {
        size_t piece = limit == 1 ? 1 : 1 + seed_below(seed, limit);
        piece = piece < len - at ? piece : len - at;
        status = berth_json_stream_feed(&s, guard_put(&pages, document + at, piece), piece);
        at += piece;
    }
    if (status == BERTH_OK)
        status = berth_json_stream_end(&s);
    if (error != NULL)
        *error = s.error;
    assert_int_equal(status == BERTH_OK ? BERTH_OK : berth_json_stream_feed(&s, "1", 1),
                     status); /* it sticks */
    assert_int_equal(berth_writer_status(&log->w), BERTH_OK);
    guard_free(buf);
    return status;
}

static const char jobs[] =
    "[{\"id\":1,\"a\":{\"steps\":[9]},\"steps\":[{\"n\":1}, {\"n\":[2,3]}],\"z\":null},"
    " {\"id\":2,\"st\\u0065ps\":[7 , [] ,\"x\"]},{\"steps\":null},5,{},{\"steps\":[]}]";

static const struct {
    const char *path, *document;
    size_t cap;
    enum berth_status status;
    const char *log;
} cases[] = {
    {"", " [1] ", 10, BERTH_OK, "1#0@1 [1]\n"},
    {"", "17", 10, BERTH_OK, "1#0@0 17\n"},
    {"", "[1,2,3]", 6, BERTH_OK, "1#0@0 7\n"},
    {"[*]", "[]", 10, BERTH_OK, ""},
    {"[*]", " [ ] ", 10, BERTH_OK, ""},
    {"[*]", "[1, \"a,]\" ,{\"b\":[2]},[3]]", 10, BERTH_OK,
     "1#0@1 1\n1#1@4 \"a,]\"\n1#2@11 {\"b\":[2]}\n1#3@21 [3]\n"},
    {"[*]", "[12345,1234567890,123]", 5, BERTH_OK, "1#0@1 12345\n1#1@7 10\n1#2@18 123\n"},
    {"[*][*]", "[[1,2],[],[[3]]]", 20, BERTH_OK,
     "2#0@2 1 in []\n2#1@4 2 in []\n1#0@1 []\n1#1@7 []\n2#0@11 [3] in []\n1#2@10 []\n"},
    {"jobs[*]", "{\"n\":[1],\"jobs\":[1,2],\"x\":{\"jobs\":[3]}}", 10, BERTH_OK, "1#0@17 1\n1#1@19 2\n"},
    {"jobs[*]", "{\"jobs\":[1],\"jobs\":[2]}", 10, BERTH_OK, "1#0@9 1\n1#0@20 2\n"},
    {"a.b.c[*]", "{\"a\":{\"x\":[0],\"b\":{\"c\":[1]}},\"c\":[2],\"b\":{\"c\":[3]}}", 10, BERTH_OK,
     "1#0@24 1\n"},
    {"FileStatuses.FileStatus[*]", "{\"FileStatuses\":{\"FileStatus\":[{\"l\":1}]}}", 10, BERTH_OK,
     "1#0@31 {\"l\":1}\n"},
    {"\xC3\xA9[*]", "{\"\\u00E9\":[1],\"\xC3\xA9\":[2],\"e\":[3]}", 10, BERTH_OK, "1#0@11 1\n1#0@20 2\n"},
    {"[*].steps[*]", jobs, 60, BERTH_OK,
     "2#0@36 {\"n\":1} in {\"id\":1,\"a\":{\"steps\":[9]},\"steps\":[]}\n"
     "2#1@45 {\"n\":[2,3]} in {\"id\":1,\"a\":{\"steps\":[9]},\"steps\":[]}\n"
     "1#0@1 {\"id\":1,\"a\":{\"steps\":[9]},\"steps\":[],\"z\":null}\n"
     "2#0@91 7 in {\"id\":2,\"st\\u0065ps\":[]}\n2#1@95 [] in {\"id\":2,\"st\\u0065ps\":[]}\n"
     "2#2@99 \"x\" in {\"id\":2,\"st\\u0065ps\":[]}\n1#1@69 {\"id\":2,\"st\\u0065ps\":[]}\n"
     "1#2@105 {\"steps\":null}\n1#3@120 5\n1#4@122 {}\n1#5@125 {\"steps\":[]}\n"},
    /* The first job does not fit, nor do its steps behind it; everything else does. */
    {"[*].steps[*]", jobs, 30, BERTH_OK,
     "2#0@36 44\n2#1@45 48\n1#0@1 46\n2#0@91 7 in {\"id\":2,\"st\\u0065ps\":[]}\n"
     "2#1@95 [] in {\"id\":2,\"st\\u0065ps\":[]}\n2#2@99 \"x\" in {\"id\":2,\"st\\u0065ps\":[]}\n"
     "1#1@69 {\"id\":2,\"st\\u0065ps\":[]}\n1#2@105 {\"steps\":null}\n1#3@120 5\n1#4@122 {}\n1#5@125 "
     "{\"steps\":[]}\n"},
    {"[*].a.b[*].c[*]", "[{\"a\":{\"x\":0,\"b\":[{\"c\":[1,2],\"d\":3}],\"y\":4}}]", 80, BERTH_OK,
     "3#0@24 1 in {\"c\":[]}\n3#1@26 2 in {\"c\":[]}\n2#0@18 {\"c\":[],\"d\":3} in "
     "{\"a\":{\"x\":0,\"b\":[]}}\n"
     "1#0@1 {\"a\":{\"x\":0,\"b\":[],\"y\":4}}\n"},
    /* Members of an object. */
    {"{*}", "{}", 10, BERTH_OK, ""},
    {"{*}", "{\"a\":1, \"b\\u0063\\\"\" : [2],\"\":{\"a\":3},\"\\ud800\":null}", 20, BERTH_OK,
     "1#0@5 1 named a\n1#1@22 [2] named bc\"\n1#2@29 {\"a\":3} named \n1#3@46 null named \\ud800\n"},
    {"vc{*}", "{\"a\":{\"vc\":1},\"vc\":{\"x\":{\"vc\":{}},\"y\":5},\"b\":{}}", 30, BERTH_OK,
     "1#0@24 {\"vc\":{}} named x\n1#1@38 5 named y\n"},
    {"[*].r{*}.t[*]",
     "[{\"i\":1,\"r\":{\"a\\n\":{\"u\":0,\"t\":[1,{}],\"v\":2},\"b\":{\"t\":[3]},\"c\":7},\"z\":[]},{}]", 60,
     BERTH_OK,
     "3#0@31 1 of a\n in {\"u\":0,\"t\":[]}\n3#1@33 {} of a\n in {\"u\":0,\"t\":[]}\n"
     "2#0@19 {\"u\":0,\"t\":[],\"v\":2} named a\n in {\"i\":1,\"r\":{}}\n3#0@54 3 of b in {\"t\":[]}\n"
     "2#1@48 {\"t\":[]} named b in {\"i\":1,\"r\":{}}\n2#2@62 7 named c in {\"i\":1,\"r\":{}}\n"
     "1#0@1 {\"i\":1,\"r\":{},\"z\":[]}\n1#1@73 {}\n"},
    {"{*}", "{\"abcdef\":123}", 9, BERTH_OK, "1#0@10 123 named abcdef\n"},
    {"{*}", "{\"abcdef\":123,\"a\":1}", 8, BERTH_OK, "1#0@10 9 named abcdef\n1#1@18 1 named a\n"},
    {"{*}", "{\"abcdef\":123,\"a\":1}", 5, BERTH_OK, "1#0@10 9\n1#1@18 1 named a\n"},
    {"{*}", "[]", 10, BERTH_E_TYPE, ""},
    {"{*}", "5", 10, BERTH_E_TYPE, ""},
    {"a{*}", "{\"a\":[]}", 10, BERTH_E_TYPE, ""},
    /* Either. */
    {"(*)", "[1]", 10, BERTH_OK, "1#0@1 1\n"},
    {"(*)", "{\"a\":1}", 10, BERTH_OK, "1#0@5 1 named a\n"},
    {"[*].t(*)", "[{\"t\":{},\"a\":1},{\"t\":[\"x\"]},{\"t\":{\"k\":2}}]", 40, BERTH_OK,
     "1#0@1 {\"t\":{},\"a\":1}\n2#0@22 \"x\" in {\"t\":[]}\n1#1@16 {\"t\":[]}\n"
     "2#0@38 2 named k in {\"t\":{}}\n1#2@28 {\"t\":{}}\n"},
    {"(*)", "5", 10, BERTH_E_TYPE, ""},
    {"[*]", "{}", 10, BERTH_E_TYPE, ""},
    {"[*]", "null", 10, BERTH_E_TYPE, ""},
    {"[*]", "\"x\"", 10, BERTH_E_TYPE, ""},
    {"jobs[*]", "[]", 10, BERTH_E_TYPE, ""},
    {"jobs[*]", "{\"jobs\":{}}", 10, BERTH_E_TYPE, ""},
    {"jobs[*]", "{\"jobs\":null}", 10, BERTH_E_MISSING, ""},
    {"jobs[*]", "{\"job\":[1]}", 10, BERTH_E_MISSING, ""},
    {"a.b[*]", "{\"a\":5}", 10, BERTH_E_TYPE, ""},
    {"[*].steps[*]", "[{\"steps\":5}]", 30, BERTH_E_TYPE, ""},
    {"[*][*]", "[5]", 30, BERTH_E_TYPE, ""},
    {"[*]", "[1,2", 10, BERTH_E_TRUNCATED, "1#0@1 1\n"},
    {"[*]", "[1,2}", 10, BERTH_E_SYNTAX, "1#0@1 1\n1#1@3 2\n"},
    {"[*]", "[1] x", 10, BERTH_E_SYNTAX, "1#0@1 1\n"},
    {"[*]", "", 10, BERTH_E_TRUNCATED, ""},
    {"[*]", "x", 10, BERTH_E_SYNTAX, ""},
    {"jobs[*]", "{\"x\":\"\xFF\",\"jobs\":[]}", 10, BERTH_E_UTF8, ""},
    {"a[*]", "{\"a\\ud800\":[1],\"\\ud800\":[2]}", 10, BERTH_E_MISSING, ""},
};

static void deliveries(void **state)
{
    (void)state;
    uint64_t seed = seed_start("deliveries");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t limit = 1; limit < 100; limit += 1 + limit) {
            size_t len = strlen(cases[i].document);
            enum berth_status status =
                run(&logs[0], cases[i].path, cases[i].document, len, cases[i].cap, limit, &seed, NULL);
            struct berth_text got = berth_writer_text(&logs[0].w);
            if (status != cases[i].status || !berth_text_equal(got, berth_text_of(cases[i].log)))
                fail_msg("%s of %s, pieces of %zu: %s\n%.*s", cases[i].path, cases[i].document, limit,
                         berth_status_name(status), (int)got.len, got.ptr);
        }
}

static void bad_paths(void **state)
{
    (void)state;
    static const char *const bad[] = {"a",
                                      "a.b",
                                      "[*].a",
                                      "[]",
                                      "[0]",
                                      "[*",
                                      "{*",
                                      "{*]",
                                      "(*}",
                                      "{}",
                                      "a{",
                                      "*",
                                      ".a[*]",
                                      "a.[*]",
                                      "a..b[*]",
                                      "[*]a[*]",
                                      "[*].[*]",
                                      "[*][*][*][*][*]",
                                      "a.b.c.d.e.f.g.h.i.j.k.l[*]",
                                      "a[*]."};
    char buf[10];
    struct berth_json_stream s;
    struct berth_json_stream_config config = {BERTH_TEXT("[*]"), buf, sizeof buf, note, &logs[0]};
    assert_int_equal(berth_json_stream_init(&s, &config), BERTH_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.path = berth_text_of(bad[i]);
        if (berth_json_stream_init(&s, &config) != BERTH_E_ARGUMENT)
            fail_msg("%s", bad[i]);
    }
    config.path = BERTH_TEXT("a.b.c.d.e.f.g.h[*].i[*][*]");
    assert_int_equal(berth_json_stream_init(&s, &config), BERTH_OK);
    config.cap = 0;
    assert_int_equal(berth_json_stream_init(&s, &config), BERTH_E_ARGUMENT);
    config.cap = 10;
    config.buf = NULL;
    assert_int_equal(berth_json_stream_init(&s, &config), BERTH_E_ARGUMENT);
}

/* Cut at every byte: truncated, and never an element more than before the cut. */
static void cuts(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t len = 0; len < sizeof jobs - 1; len++) {
        struct berth_json_error error;
        assert_int_equal(run(&logs[0], "[*].steps[*]", jobs, len, 60, 7, &seed, &error), BERTH_E_TRUNCATED);
        assert_int_equal(error.offset, len);
    }
}

static void callback_stops(void **state)
{
    (void)state;
    uint64_t seed = 1;
    logs[0].stop_after = 3;
    assert_int_equal(run(&logs[0], "[*].steps[*]", jobs, sizeof jobs - 1, 60, 7, &seed, NULL),
                     BERTH_E_CANCELLED);
    assert_int_equal(logs[0].count, 3);
    logs[0].stop_after = 0;
}

/* Every capacity: what fits is the same as with a large buffer, what does not names the size that would do.
 */
static void capacities(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (size_t cap = 1; cap <= 60; cap++) {
        assert_int_equal(run(&logs[0], "[*].steps[*]", jobs, sizeof jobs - 1, cap, 5, &seed, NULL), BERTH_OK);
        assert_int_equal(logs[0].count, 11);
    }
    const char *document = "[\"0123456789\",1]";
    for (size_t cap = 1; cap <= 13; cap++) {
        assert_int_equal(run(&logs[0], "[*]", document, strlen(document), cap, 5, &seed, NULL), BERTH_OK);
        struct berth_text due =
            cap < 12 ? BERTH_TEXT("1#0@1 12\n1#1@14 1\n") : BERTH_TEXT("1#0@1 \"0123456789\"\n1#1@14 1\n");
        assert_true(berth_text_equal(berth_writer_text(&logs[0].w), due));
    }
}

/* Random documents: pieces do not matter; and the elements are those that the cursor finds. */
static void random_documents(void **state)
{
    (void)state;
    static char document[60000], whole[60100];
    static int64_t tokens[30000];
    static const char *const paths[] = {"[*]",  "[*].a[*]",  "[*][*]",  "[*].name[*].a[*]",
                                        "a[*]", "a.name[*]", "",        "(*)(*)(*)(*)",
                                        "{*}",  "[*]{*}",    "(*).a(*)"};
    uint64_t seed = seed_start("random_documents");
    for (int round = 0; round < 1500; round++) {
        size_t len = json_random_text(&seed, document, sizeof document, 1 + (unsigned)seed_below(&seed, 60));
        const char *path = paths[seed_below(&seed, sizeof paths / sizeof paths[0])];
        size_t cap = 1 + seed_below(&seed, 400);
        struct berth_json_error one = {0, NULL}, other = {0, NULL};
        enum berth_status status = run(&logs[0], path, document, len, cap, 60000, &seed, &one);
        assert_int_equal(run(&logs[1], path, document, len, cap, 1 + seed_below(&seed, 9), &seed, &other),
                         status);
        assert_true(one.offset == other.offset);
        assert_true(berth_text_equal(berth_writer_text(&logs[0].w), berth_writer_text(&logs[1].w)));

        struct berth_writer w;
        berth_writer_init(&w, whole, sizeof whole);
        berth_put_string(&w, "[0,");
        berth_put_bytes(&w, document, len);
        berth_put_string(&w, "]");
        assert_int_equal(run(&logs[0], "[*]", whole, w.len, sizeof document, 500, &seed, NULL), BERTH_OK);
        struct berth_json json;
        assert_int_equal(berth_json_parse(&json, berth_writer_text(&w), tokens, sizeof tokens, NULL, NULL),
                         BERTH_OK);
        struct berth_json_cursor at = berth_json_at(berth_json_root(&json), 1);
        struct berth_text raw = berth_json_raw(at);
        bool quoted = berth_json_type_of(at) == BERTH_JSON_TEXT;
        raw = berth_text_make(raw.ptr - quoted, raw.len + 2 * quoted);
        struct berth_text log = berth_writer_text(&logs[0].w);
        log = berth_text_slice(log, berth_text_find_byte(log, '\n') + 1, log.len - 1);
        log = berth_text_slice(log, berth_text_find_byte(log, ' ') + 1, log.len);
        assert_true(berth_text_equal(log, raw));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(deliveries), cmocka_unit_test(bad_paths),
                                       cmocka_unit_test(cuts),       cmocka_unit_test(callback_stops),
                                       cmocka_unit_test(capacities), cmocka_unit_test(random_documents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
