/* The old SDK's files: both forms of clusters.json, what is not ours stays, tokens belong to their server and
 * user. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/openpai_files.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define OBJECT                                                                                               \
    "{\"prod-cluster\":{\"pai_uri\":\"https://"                                                              \
    "pai.example.test\",\"user\":\"mira.k\",\"passwd\":\"s3cret-pw\",\""                                     \
    "hdfs_web_uri\":\"http://hdfs.example.test:50070\"},\"labor-k\\u00f6ln\":{\"pai_uri\":\"http://"         \
    "10.1.2.3:8080\","                                                                                       \
    "\"user\":\"lee\",\"passwd\":\"pw-pw-pw\",\"note\":{\"a\":[1,null,\"x\\n\"]}},\"odd\":5}"
#define LIST                                                                                                 \
    "[{\"cluster_alias\":\"a\",\"pai_uri\":\"http://"                                                        \
    "a\",\"user\":\"u\",\"password\":\"p\",\"token\":\"t\",\"storages\":[{"                                  \
    "\"storage_alias\":\"s1\",\"protocol\":\"webHDFS\",\"web_hdfs_uri\":\"http://s1\"},{\"alias\":\"s2\","   \
    "\"hdfs_web_uri\":\"http://"                                                                             \
    "s2\"}],\"default_storage_alias\":\"s2\"},\"x\",{\"alias\":\"b\",\"pai_uri\":\"http://b\"}]"

static struct berth_openpai_file file;
static int64_t tokens[2000];
static char strings[4000], out[8000];

static void read_file(const char *document)
{
    assert_int_equal(berth_openpai_file_read(&file, berth_text_of(document), tokens, sizeof tokens, strings,
                                             sizeof strings, NULL),
                     BERTH_OK);
}

static bool is(struct berth_text text, const char *expected)
{
    return berth_text_equal(text, berth_text_of(expected));
}

static void reading(void **state)
{
    struct berth_openpai_cluster c;
    struct berth_json_cursor at = {NULL, 0};
    (void)state;
    read_file(OBJECT);
    assert_true(berth_openpai_next_cluster(&file, &at, &c));
    assert_true(is(c.alias, "prod-cluster") && is(c.pai_uri, "https://pai.example.test") &&
                is(c.user, "mira.k"));
    assert_true(is(c.password, "s3cret-pw") && is(c.token, "") &&
                is(c.hdfs_web_uri, "http://hdfs.example.test:50070"));
    assert_true(berth_openpai_next_cluster(&file, &at, &c));
    assert_true(is(c.alias, "labor-k\xc3\xb6ln") && is(c.rest_server_uri, ""));
    assert_false(berth_openpai_next_cluster(&file, &at, &c)); /* what is no object is no cluster */

    at = (struct berth_json_cursor){NULL, 0};
    read_file(LIST);
    assert_true(berth_openpai_next_cluster(&file, &at, &c));
    assert_true(is(c.alias, "a") && is(c.password, "p") && is(c.token, "t") &&
                is(c.hdfs_web_uri, "http://s2"));
    assert_true(is(berth_openpai_storage_uri(&file, c.entry, BERTH_TEXT("s1")), "http://s1"));
    assert_true(is(berth_openpai_storage_uri(&file, c.entry, BERTH_TEXT("s3")), ""));
    assert_true(berth_openpai_next_cluster(&file, &at, &c));
    assert_true(is(c.alias, "b") && is(c.hdfs_web_uri, ""));
    assert_false(berth_openpai_next_cluster(&file, &at, &c));
}

static void choosing(void **state)
{
    struct berth_openpai_cluster c;
    (void)state;
    read_file(OBJECT);
    assert_int_equal(berth_openpai_choose_cluster(&file, BERTH_TEXT("labor-k\xc3\xb6ln"), &c), BERTH_OK);
    assert_true(is(c.user, "lee"));
    assert_int_equal(berth_openpai_choose_cluster(&file, BERTH_TEXT("prod"), &c), BERTH_E_NOT_FOUND);
    assert_int_equal(berth_openpai_choose_cluster(&file, BERTH_TEXT(""), &c), BERTH_E_ARGUMENT);
    read_file("{\"one\":{\"pai_uri\":\"x\"}}");
    assert_int_equal(berth_openpai_choose_cluster(&file, BERTH_TEXT(""), &c), BERTH_OK);
    assert_true(is(c.alias, "one"));
    read_file(" ");
    assert_int_equal(berth_openpai_choose_cluster(&file, BERTH_TEXT(""), &c), BERTH_E_MISSING);
}

/* WHAT becomes of DOCUMENT when cluster ALIAS gets CHANGES. */
static void check_change(const char *document, const char *alias, const struct berth_openpai_change *changes,
                         size_t count, const char *expected)
{
    struct berth_writer w;
    struct berth_json_writer json;
    read_file(document);
    berth_writer_init(&w, out, sizeof out);
    berth_json_writer_init(&json, &w);
    berth_openpai_put_cluster(&file, &json, berth_text_of(alias), changes, count);
    assert_int_equal(berth_json_done(&json), BERTH_OK);
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(out, expected);
}

static void writing(void **state)
{
    static const struct berth_openpai_change changes[] = {
        {BERTH_TEXT_INIT("user"), BERTH_TEXT_INIT("n\"w"), false},
        {BERTH_TEXT_INIT("passwd"), {NULL, 0}, false},
        {BERTH_TEXT_INIT("x"), BERTH_TEXT_INIT("[1]"), true}};
    (void)state;
    check_change("{\"a\":{\"k\":1.50,\"user\":\"o\",\"passwd\":\"p\",\"t\":\"\\u00e9\\n\"},\"b\":[{}]}", "a",
                 changes, 3,
                 "{\"a\":{\"k\":1.50,\"user\":\"n\\\"w\",\"t\":\"\\u00e9\\n\",\"x\":[1]},\"b\":[{}]}");
    check_change("{\"a\":{\"k\":1}}", "c", changes, 3,
                 "{\"a\":{\"k\":1},\"c\":{\"user\":\"n\\\"w\",\"x\":[1]}}");
    check_change("{\"a\":{\"k\":1},\"b\":{}}", "a", NULL, 0, "{\"b\":{}}");
    check_change("{\"a\":{\"k\":1}}", "c", NULL, 0, "{\"a\":{\"k\":1}}");
    check_change("{\"a\":7}", "a", changes, 1, "{\"a\":{\"user\":\"n\\\"w\"}}");
    check_change("", "a", changes, 1, "{\"a\":{\"user\":\"n\\\"w\"}}");
    check_change("[{\"alias\":\"a\",\"k\":2},5,{\"cluster_alias\":\"b\"}]", "a", changes, 3,
                 "[{\"alias\":\"a\",\"k\":2,\"user\":\"n\\\"w\",\"x\":[1]},5,{\"cluster_alias\":\"b\"}]");
    check_change("[{\"alias\":\"a\"}]", "z\xc3\xb6", changes, 1,
                 "[{\"alias\":\"a\"},{\"cluster_alias\":\"z\xc3\xb6\",\"user\":\"n\\\"w\"}]");
    check_change("[{\"alias\":\"a\"},{\"alias\":\"b\"}]", "b", NULL, 0, "[{\"alias\":\"a\"}]");
}

static void kept_tokens(void **state)
{
    static const char document[] =
        "{\"a\":{\"pai_uri\":\"http://a\",\"user\":\"u\",\"token\":\"t.o.k\"},\"b\":{\"pai_uri\":\"http://"
        "b\",\"user\":\"u\"}}";
    struct berth_openpai_cluster c;
    struct berth_writer w;
    struct berth_json_writer json;
    (void)state;
    memset(&c, 0, sizeof c);
    c.alias = BERTH_TEXT("a");
    c.pai_uri = BERTH_TEXT("http://a");
    c.user = BERTH_TEXT("u");
    read_file(document);
    assert_true(is(berth_openpai_kept_token(&file, &c), "t.o.k"));
    c.user = BERTH_TEXT("v");
    assert_true(is(berth_openpai_kept_token(&file, &c), ""));
    c.user = BERTH_TEXT("u");
    c.pai_uri = BERTH_TEXT("http://evil");
    assert_true(is(berth_openpai_kept_token(&file, &c), ""));
    c.alias = BERTH_TEXT("zz");
    assert_true(is(berth_openpai_kept_token(&file, &c), ""));
    c.alias = BERTH_TEXT("b");
    c.pai_uri = BERTH_TEXT("http://b");
    for (unsigned put = 0; put < 2; put++) {
        read_file(document);
        berth_writer_init(&w, out, sizeof out);
        berth_json_writer_init(&json, &w);
        berth_openpai_put_token(&file, &json, &c, put ? BERTH_TEXT("new") : BERTH_TEXT(""));
        assert_int_equal(berth_json_done(&json), BERTH_OK);
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_string_equal(
            out,
            put ? "{\"a\":{\"pai_uri\":\"http://a\",\"user\":\"u\",\"token\":\"t.o.k\"},\"b\":{\"pai_uri\":"
                  "\"http://b\",\"user\":\"u\",\"token\":\"new\"}}"
                : "{\"a\":{\"pai_uri\":\"http://a\",\"user\":\"u\",\"token\":\"t.o.k\"}}");
    }
}

static void indented(void **state)
{
    static const struct {
        const char *json, *text;
    } table[] = {
        {"{}", "{}\n"},
        {"[]", "[]\n"},
        {"{\"a\":1,\"b\":[1,{\"c\":\"x,:{}[]\\\"\"}],\"d\":{},\"e\":[]}",
         "{\n    \"a\": 1,\n    \"b\": [\n        1,\n        {\n            \"c\": \"x,:{}[]\\\"\"\n        "
         "}\n    ],\n    "
         "\"d\": {},\n    \"e\": []\n}\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_writer w;
        berth_writer_init(&w, out, sizeof out);
        berth_openpai_put_indented(&w, berth_text_of(table[i].json));
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_string_equal(out, table[i].text);
    }
}

static void defaults(void **state)
{
    static const struct berth_openpai_change change = {BERTH_TEXT_INIT("memMB"), BERTH_TEXT_INIT("8192"),
                                                       false};
    struct berth_json_error error;
    struct berth_writer w;
    struct berth_json_writer json;
    (void)state;
    read_file("{\"cluster-alias\":\"prod-cluster\",\"memMB\":\"4096\",\"gpu\":2,\"debug\":true,\"none\":null,"
              "\"half\":\"\\ud800\"}");
    struct berth_json_cursor root = berth_json_root(&file.json);
    assert_true(is(berth_openpai_file_member(&file, root, BERTH_TEXT("cluster-alias")), "prod-cluster"));
    assert_true(is(berth_openpai_file_member(&file, root, BERTH_TEXT("gpu")), "2"));
    assert_true(is(berth_openpai_file_member(&file, root, BERTH_TEXT("debug")), "true"));
    assert_true(is(berth_openpai_file_member(&file, root, BERTH_TEXT("none")), ""));
    assert_true(is(berth_openpai_file_member(&file, root, BERTH_TEXT("half")), ""));
    assert_true(is(berth_openpai_file_member(&file, root, BERTH_TEXT("absent")), ""));
    berth_writer_init(&w, out, sizeof out);
    berth_json_writer_init(&json, &w);
    berth_openpai_put_changed(&file, &json, root, &change, 1);
    assert_int_equal(berth_json_done(&json), BERTH_OK);
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(
        out, "{\"cluster-alias\":\"prod-cluster\",\"memMB\":\"8192\",\"gpu\":2,\"debug\":true,\"none\":null,"
             "\"half\":\"\\ud800\"}");
    assert_int_equal(berth_openpai_file_read(&file, BERTH_TEXT("5"), tokens, sizeof tokens, strings,
                                             sizeof strings, &error),
                     BERTH_E_TYPE);
    assert_non_null(error.reason);
    assert_int_equal(berth_openpai_file_read(&file, BERTH_TEXT("{]"), tokens, sizeof tokens, strings,
                                             sizeof strings, &error),
                     BERTH_E_SYNTAX);
    assert_int_equal(
        berth_openpai_file_read(&file, BERTH_TEXT("[1,2,3]"), tokens, 40, strings, sizeof strings, &error),
        BERTH_E_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reading),  cmocka_unit_test(choosing),
                                       cmocka_unit_test(writing),  cmocka_unit_test(kept_tokens),
                                       cmocka_unit_test(indented), cmocka_unit_test(defaults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
