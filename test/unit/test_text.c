/* Text views, the bounded writer, status names, GUIDs, memory sources and sinks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "berth/guid.h"
#include "berth/io.h"
#include "berth/text.h"
#include "guard.h"
#include "seed.h"

#define T(literal) BERTH_TEXT(literal)

static void views(void **state)
{
    (void)state;
    assert_true(berth_text_of(NULL).ptr == NULL && berth_text_of(NULL).len == 0);
    assert_int_equal(berth_text_of("abc").len, 3);
    assert_true(berth_text_equal(berth_text_slice(T("abcdef"), 2, 4), T("cd")));
    assert_true(berth_text_equal(berth_text_slice(T("abcdef"), 4, 99), T("ef")));
    assert_int_equal(berth_text_slice(T("abc"), 7, 2).len, 0);
    assert_int_equal(berth_text_slice((struct berth_text){NULL, 0}, 0, 5).len, 0);
    assert_true(berth_text_equal(T(""), (struct berth_text){NULL, 0}));
    assert_false(berth_text_equal(T("a"), T("b")));
    assert_false(berth_text_equal(T("a"), T("ab")));
    assert_true(berth_text_equal_nocase(T("Content-TYPE[@"), T("content-type[@")));
    assert_false(berth_text_equal_nocase(T("["), T("{")));
    assert_false(berth_text_equal_nocase(T("\xC3\x84"), T("\xC3\xA4")));
    assert_true(berth_text_compare(T("a"), T("ab")) < 0);
    assert_true(berth_text_compare(T("b"), T("ab")) > 0);
    assert_true(berth_text_compare(T("\x80"), T("a")) > 0);
    assert_int_equal(berth_text_compare(T("ab"), T("ab")), 0);
    assert_true(berth_text_starts(T("https://x"), T("https:")));
    assert_false(berth_text_starts(T("h"), T("https:")));
    assert_true(berth_text_ends(T("a.json"), T(".json")));
    assert_false(berth_text_ends(T("json"), T(".json")));
    assert_true(berth_text_equal_secret(T("tok"), T("tok")));
    assert_false(berth_text_equal_secret(T("tok"), T("toK")));
    assert_false(berth_text_equal_secret(T("tok"), T("toke")));
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(berth_text_find_byte(T("a=b"), '='), 1);
    assert_true(berth_text_find_byte(T("ab"), '=') == SIZE_MAX);
    assert_true(berth_text_find_byte((struct berth_text){NULL, 0}, '=') == SIZE_MAX);
    assert_int_equal(berth_text_find(T("aaab"), T("aab")), 1);
    assert_int_equal(berth_text_find(T("abab"), T("")), 0);
    assert_true(berth_text_find(T("ab"), T("abc")) == SIZE_MAX);
    assert_true(berth_text_find(T("aXbXc"), T("Xd")) == SIZE_MAX);
    assert_int_equal(berth_text_find(T("xxab"), T("ab")), 2);
    assert_true(berth_text_equal(berth_text_trim(T(" \t\r\na b \n")), T("a b")));
    assert_int_equal(berth_text_trim(T(" \n")).len, 0);

    struct berth_text rest = T("a,,b,"), part;
    static const char *const parts[] = {"a", "", "b", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_true(berth_text_split(&rest, ',', &part));
        assert_true(berth_text_equal(part, berth_text_of(parts[i])));
    }
    assert_false(berth_text_split(&rest, ',', &part));
}

static void utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bad_at; /* -1 = good */
    } cases[] = {
        {"", -1},
        {"plain", -1},
        {"\x7F", -1},
        {"\xC2\x80", -1},
        {"\xDF\xBF", -1},
        {"\xE0\xA0\x80", -1},
        {"\xED\x9F\xBF", -1},
        {"\xEE\x80\x80", -1},
        {"\xEF\xBF\xBF", -1},
        {"\xF0\x90\x80\x80", -1},
        {"\xF4\x8F\xBF\xBF", -1},
        {"\x80", 0},
        {"a\xBF", 1},
        {"\xC0\x80", 0},
        {"\xC1\xBF", 0},
        {"\xC2", 0},
        {"\xC2"
         "a",
         0},
        {"\xE0\x9F\xBF", 0},
        {"\xED\xA0\x80", 0},
        {"\xE2\x82", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF4\x90\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"\xFF", 0},
        {"12345678901234567890\xE2\x82\xAC"
         "abcdefgh\xFE",
         31},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct berth_text text = berth_text_of(cases[i].text);
        char *copy = guard_copy(text.ptr, text.len);
        size_t offset = SIZE_MAX;
        bool good = berth_text_is_utf8(berth_text_make(copy, text.len), &offset);
        assert_int_equal(good, cases[i].bad_at < 0);
        if (!good)
            assert_int_equal(offset, cases[i].bad_at);
        guard_free(copy);
    }
    assert_false(berth_text_is_utf8(T("\xFF"), NULL));
}

static void writer_is_all_or_nothing(void **state)
{
    (void)state;
    for (size_t cap = 0; cap <= 40; cap++) {
        char *buf = guard_new(cap);
        memset(buf, '#', cap);
        struct berth_writer w;
        berth_writer_init(&w, buf, cap);
        berth_put_string(&w, "abc");
        berth_put_u64(&w, UINT64_MAX);
        berth_put_i64(&w, -7);
        berth_put_u64_padded(&w, 42, 5);
        berth_put_hex(&w, "\x0F\xA0", 2);
        berth_put_repeat(&w, '=', 3);
        berth_put_char(&w, '!');
        berth_put_text(&w, (struct berth_text){NULL, 0});
        const char *all = "abc18446744073709551615-7000420fa0===!";
        assert_int_equal(w.len, strlen(all));
        assert_int_equal(berth_writer_status(&w), cap >= strlen(all) ? BERTH_OK : BERTH_E_SPACE);
        assert_int_equal(berth_writer_terminate(&w), cap > strlen(all) ? BERTH_OK : BERTH_E_SPACE);
        if (cap >= strlen(all))
            assert_true(berth_text_equal(berth_writer_text(&w), berth_text_of(all)));
        else
            assert_int_equal(berth_writer_text(&w).len, 0);
        /* What is there is a beginning of the whole, and nothing after it was touched. */
        size_t same = 0;
        while (same < cap && same < strlen(all) && buf[same] == all[same])
            same++;
        for (size_t i = same; cap <= strlen(all) && i < cap; i++)
            assert_int_equal(buf[i], '#');
        guard_free(buf);
    }
    struct berth_writer counting = {NULL, 0, 0};
    berth_put_i64(&counting, INT64_MIN);
    assert_int_equal(counting.len, 20);
    counting.len = SIZE_MAX - 1;
    berth_put_string(&counting, "abc");
    assert_true(counting.len == SIZE_MAX);
}

static void status_names(void **state)
{
    (void)state;
    assert_string_equal(berth_status_name(BERTH_OK), "ok");
    assert_string_equal(berth_status_name(BERTH_E_WOULD_BLOCK), "would block");
    assert_string_equal(berth_status_name(BERTH_E_ENTROPY), "entropy");
    assert_string_equal(berth_status_name((enum berth_status)77), "unknown status");
    for (int a = -80; a <= 0; a++)
        for (int b = a + 1; b <= 0; b++) {
            const char *name = berth_status_name((enum berth_status)a);
            if (strcmp(name, "unknown status") != 0)
                assert_string_not_equal(name, berth_status_name((enum berth_status)b));
        }
}

static void guids(void **state)
{
    (void)state;
    struct berth_guid a = {{0}}, b;
    assert_false(berth_guid_is_set(&a));
    assert_int_equal(berth_guid_text(&a).len, 0);
    assert_int_equal(berth_guid_parse(T("2D9B7E14-8c03-4f6a-b1d2-57E0A4C9F381"), &a), BERTH_OK);
    assert_string_equal(a.text, "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381");
    assert_int_equal(berth_guid_parse(T("2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"), &b), BERTH_OK);
    assert_true(berth_guid_equal(&a, &b) && berth_guid_is_set(&a) && !berth_guid_is_nil(&a));
    assert_int_equal(berth_guid_parse(T("00000000-0000-0000-0000-000000000000"), &b), BERTH_OK);
    assert_true(berth_guid_is_nil(&b) && berth_guid_is_set(&b) && !berth_guid_equal(&a, &b));
    static const char *const bad[] = {"",
                                      "not-a-guid",
                                      "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f38",
                                      "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f3811",
                                      "{d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381",
                                      "2d9b7e1408c03-4f6a-b1d2-57e0a4c9f381",
                                      "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f38g",
                                      "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f38-"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *copy = guard_copy(bad[i], strlen(bad[i]));
        assert_int_equal(berth_guid_parse(berth_text_make(copy, strlen(bad[i])), &a), BERTH_E_SYNTAX);
        guard_free(copy);
    }
    assert_string_equal(a.text, "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381");
}

static void sources_and_sinks(void **state)
{
    (void)state;
    struct berth_memory_source memory;
    struct berth_source source = berth_source_of_text(&memory, T("hello"));
    char buf[3];
    assert_int_equal(source.length, 5);
    assert_int_equal(source.read(source.ctx, buf, 3), 3);
    assert_int_equal(source.read(source.ctx, buf, 3), 2);
    assert_memory_equal(buf, "lo", 2);
    assert_int_equal(source.read(source.ctx, buf, 3), 0);
    assert_int_equal(source.rewind(source.ctx), BERTH_OK);
    assert_int_equal(source.read(source.ctx, buf, 1), 1);
    assert_int_equal(buf[0], 'h');

    struct berth_writer w;
    berth_writer_init(&w, buf, sizeof buf);
    struct berth_sink sink = berth_sink_of_writer(&w);
    assert_int_equal(sink.write(sink.ctx, "ab", 2), BERTH_OK);
    assert_int_equal(sink.write(sink.ctx, "cd", 2), BERTH_E_SPACE);
    assert_int_equal(sink.restart(sink.ctx), BERTH_OK);
    assert_int_equal(sink.write(sink.ctx, "xyz", 3), BERTH_OK);
    assert_true(berth_text_equal(berth_writer_text(&w), T("xyz")));
}

static void wiping(void **state)
{
    (void)state;
    char secret[9] = "password";
    berth_wipe(secret + 1, 6);
    assert_memory_equal(secret, "p\0\0\0\0\0\0d", 9);
}

static void characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        uint32_t code;
    } cases[] = {{"a", 1, 'a'},
                 {"\xC3\xA4x", 2, 0xE4},
                 {"\xE2\x82\xAC", 3, 0x20AC},
                 {"\xF0\x9F\x98\x80", 4, 0x1F600},
                 {"\xC3", 0, 0},
                 {"\x80", 0, 0},
                 {"\xED\xA0\x80", 0, 0},
                 {"\xC0\x80", 0, 0},
                 {"\xF4\x90\x80\x80", 0, 0},
                 {"", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t code = 1;
        assert_int_equal(berth_text_character(berth_text_of(cases[i].text), &code), cases[i].len);
        assert_int_equal(code, cases[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),
        cmocka_unit_test(views),
        cmocka_unit_test(finding),
        cmocka_unit_test(utf8),
        cmocka_unit_test(writer_is_all_or_nothing),
        cmocka_unit_test(status_names),
        cmocka_unit_test(guids),
        cmocka_unit_test(sources_and_sinks),
        cmocka_unit_test(wiping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
