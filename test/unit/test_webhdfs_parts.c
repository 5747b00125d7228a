/* WebHDFS's parts: paths, names that are safe, places of DataNodes, a directory's names in little memory,
 * clients. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "platform/webhdfs.h"
#include "seed.h"
#include "webhdfs_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void paths(void **state)
{
    static const struct {
        const char *path, *url, *raw;
    } good[] = {
        {"/", "/", "/"},
        {"///", "/", "/"},
        {"/a", "/a", "/a"},
        {"//a///b//", "/a/b", "/a/b"},
        {"/a b+c%d", "/a%20b%2Bc%25d", "/a b+c%d"},
        {"/...", "/...", "/..."},
        {"/\xc3\xa4\xf0\x9f\x98\x80=@", "/%C3%A4%F0%9F%98%80=@", "/\xc3\xa4\xf0\x9f\x98\x80=@"},
        {"/\x01\x7f", "/%01%7F", "/\x01\x7f"},
    };
    static const char *const bad[] = {"",     "a",    "a/b",  "/a/../b", "/..",          "/.",
                                      "/a/.", "/a:b", "/x/:", "/\xff",   "/\xed\xa0\x80"};
    char buf[256];
    struct berth_writer w;
    const char *reason = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct berth_text path = berth_text_of(good[i].path);
        assert_int_equal(berth_webhdfs_check_path(path, &reason), BERTH_OK);
        assert_null(reason);
        berth_writer_init(&w, buf, sizeof buf);
        berth_put_webhdfs_path(&w, path);
        assert_true(berth_text_equal(berth_writer_text(&w), berth_text_of(good[i].url)));
        berth_writer_init(&w, buf, sizeof buf);
        berth_put_webhdfs_raw_path(&w, path);
        assert_true(berth_text_equal(berth_writer_text(&w), berth_text_of(good[i].raw)));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_true(berth_webhdfs_check_path(berth_text_of(bad[i]), &reason) != BERTH_OK);
        assert_non_null(reason);
    }
    assert_int_equal(berth_webhdfs_check_path(berth_text_make("/a\0b", 4), &reason), BERTH_E_ARGUMENT);
}

static void safe_names(void **state)
{
    static const char *const good[] = {"a", "...", ".hidden", "a b", "\xc3\xa4", "-", "~", "%2e%2e", "a:b"};
    static const char *const bad[] = {"",      ".",  "..",    "/",    "a/b",  "/etc",    "a\\b",
                                      "..\\x", "\n", "a\x1b", "\x7f", "\xff", "\xc0\xaf"};
    char name[BERTH_WEBHDFS_NAME_MAX + 1];
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(berth_webhdfs_name_is_safe(berth_text_of(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(berth_webhdfs_name_is_safe(berth_text_of(bad[i])));
    assert_false(berth_webhdfs_name_is_safe(berth_text_make("a\0b", 3)));
    memset(name, 'n', sizeof name);
    assert_true(berth_webhdfs_name_is_safe(berth_text_make(name, BERTH_WEBHDFS_NAME_MAX)));
    assert_false(berth_webhdfs_name_is_safe(berth_text_make(name, sizeof name)));
}

static void places(void **state)
{
    static const struct berth_webhdfs_host hosts[] = {
        {BERTH_TEXT_INIT("dn1:9864"), BERTH_TEXT_INIT("http://10.0.0.1:19864/")},
        {BERTH_TEXT_INIT("DN1"), BERTH_TEXT_INIT("https://gate/dn1/{port}")},
        {BERTH_TEXT_INIT("*"), BERTH_TEXT_INIT("https://gate/a/{host}:{port}")},
    };
    static const char *const table[][2] = {
        {"http://dn1:9864/x?y=%2F", "http://10.0.0.1:19864/x?y=%2F"},
        {"http://dn1:9865/x?y", "https://gate/dn1/9865/x?y"},
        {"https://dn2/x?y", "https://gate/a/dn2:443/x?y"},
    };
    struct berth_webhdfs_config config = {.hosts = hosts, .host_count = 3};
    char buf[256];
    struct berth_writer w;
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        berth_writer_init(&w, buf, sizeof buf);
        assert_true(berth_webhdfs_map_host(&config, berth_text_of(table[i][0]), &w));
        assert_true(berth_text_equal(berth_writer_text(&w), berth_text_of(table[i][1])));
    }
    config.host_count = 2;
    assert_false(berth_webhdfs_map_host(&config, BERTH_TEXT("http://dn2/x"), &w));
}

static void clients(void **state)
{
    struct webhdfs_rig *rig = calloc(1, sizeof *rig);
    struct berth_webhdfs_config config;
    const char *reason = NULL;
    (void)state;
    assert_non_null(rig);
    webhdfs_open(rig);
    static const char *const bad_users[] = {"1a", "a b", "$", "a$b", "-a", "a/b", "\xc3\xa4"};
    for (size_t i = 0; i < COUNT(bad_users); i++) {
        config = rig->config;
        config.user = berth_text_of(bad_users[i]);
        assert_int_equal(berth_webhdfs_init(&rig->fs, &config, &reason), BERTH_E_SYNTAX);
        assert_non_null(reason);
    }
    static const char *const good_users[] = {"lee", "_a.b-c", "svc$", "A1"};
    for (size_t i = 0; i < COUNT(good_users); i++) {
        config = rig->config;
        config.user = berth_text_of(good_users[i]);
        assert_int_equal(berth_webhdfs_init(&rig->fs, &config, &reason), BERTH_OK);
    }
    config = rig->config;
    config.delegation = BERTH_TEXT("T");
    assert_int_equal(berth_webhdfs_init(&rig->fs, &config, &reason), BERTH_E_ARGUMENT);
    config.user = BERTH_TEXT("");
    assert_int_equal(berth_webhdfs_init(&rig->fs, &config, &reason), BERTH_OK);
    assert_int_equal(
        berth_webhdfs_get_token(&rig->call, &rig->fs, BERTH_TEXT(""), BERTH_TEXT(""), BERTH_TEXT("")),
        BERTH_E_STATE);
    config.work_size = BERTH_WEBHDFS_WORK_MIN - 1;
    assert_int_equal(berth_webhdfs_init(&rig->fs, &config, NULL), BERTH_E_ARGUMENT);
    config = rig->config;
    config.root_count = 0;
    assert_int_equal(berth_webhdfs_init(&rig->fs, &config, &reason), BERTH_E_ARGUMENT);
    assert_int_equal(berth_webhdfs_init(&rig->fs, &rig->config, NULL), BERTH_OK);
    assert_int_equal(berth_webhdfs_delete(&rig->call, &rig->fs, BERTH_TEXT("//"), true), BERTH_E_ARGUMENT);
    assert_int_equal(berth_webhdfs_set_permission(&rig->call, &rig->fs, BERTH_TEXT("/a"), 02000),
                     BERTH_E_ARGUMENT);
    webhdfs_close(rig);
    free(rig);
}

/* ---- Names ------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in random order, into memory of random size, filled again and again from where it stopped: all of
 * them come, once, in order. */
static void names(void **state)
{
    enum { MANY = 300 };
    static char text[MANY][BERTH_WEBHDFS_NAME_MAX + 1];
    const char *sorted[MANY];
    uint64_t seed = seed_start("webhdfs names");
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        size_t count = seed_below(&seed, MANY);
        size_t size = 640 + seed_below(&seed, 4000);
        char *memory = guard_new(size);
        for (size_t i = 0; i < count; i++) {
            size_t len = 1 + seed_below(&seed, round % 3 == 0 ? BERTH_WEBHDFS_NAME_MAX : 6);
            for (size_t k = 0; k < len; k++)
                text[i][k] = (char)('a' + seed_below(&seed, 3));
            text[i][len] = '\0';
            sorted[i] = text[i];
        }
        qsort(sorted, count, sizeof sorted[0], by_name);
        const char *after = "";
        size_t at = 0;
        for (bool more = true; more;) {
            struct berth_webhdfs_names set = {.memory = memory, .cap = size};
            for (size_t i = 0; i < count; i++)
                if (strcmp(text[i], after) > 0) {
                    struct berth_webhdfs_name record = {.length = (int64_t)strlen(text[i])};
                    berth_webhdfs_names_add(&set, berth_text_of(text[i]), &record);
                }
            more = set.dropped;
            assert_true(!more || set.end > set.start);
            for (size_t offset = set.start; offset < set.end;) {
                struct berth_webhdfs_name record;
                struct berth_text name = berth_webhdfs_names_at(memory, offset, &record);
                while (at > 0 && at < count && strcmp(sorted[at], sorted[at - 1]) == 0)
                    at++; /* the same name twice counts once */
                assert_true(at < count);
                assert_true(berth_text_equal(name, berth_text_of(sorted[at])));
                assert_int_equal(record.length, name.len);
                after = sorted[at++];
                offset += berth_webhdfs_name_size(name.len);
            }
        }
        while (at > 0 && at < count && strcmp(sorted[at], sorted[at - 1]) == 0)
            at++;
        assert_int_equal(at, count);
        guard_free(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),   cmocka_unit_test(safe_names), cmocka_unit_test(places),
        cmocka_unit_test(clients), cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
