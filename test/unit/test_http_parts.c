/* Pauses between tries, Retry-After, NO_PROXY, media types. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "berth/http.h"
#include "http/exchange.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void pauses(void **state)
{
    static const struct {
        struct berth_retry_policy policy;
        unsigned try_number;
        uint32_t most;
    } table[] = {
        {{0, 0, 0}, 2, 500},
        {{0, 0, 0}, 3, 1000},
        {{0, 0, 0}, 4, 2000},
        {{0, 0, 0}, 8, 32000},
        {{0, 0, 0}, 9, 60000},
        {{0, 0, 0}, 255, 60000},
        {{0, 0, 0}, UINT32_MAX, 60000},
        {{0, 100, 1000}, 2, 100},
        {{0, 100, 1000}, 5, 800},
        {{0, 100, 1000}, 6, 1000},
        {{0, 5000, 1000}, 2, 1000},
        {{0, 1, UINT32_MAX}, 100, UINT32_MAX},
        {{0, UINT32_MAX, UINT32_MAX}, 3, UINT32_MAX},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct berth_retry_policy *p = &table[i].policy;
        assert_int_equal(berth_retry_pause_ms(p, table[i].try_number, 0), 0);
        assert_int_equal(berth_retry_pause_ms(p, table[i].try_number, UINT32_MAX), table[i].most);
        uint32_t half = berth_retry_pause_ms(p, table[i].try_number, UINT32_C(1) << 31);
        assert_in_range(half, table[i].most / 2, table[i].most / 2 + 1);
    }
}

static void retry_after(void **state)
{
    static const int64_t now = 1700000000; /* Tue, 14 Nov 2023 22:13:20 GMT */
    static const struct {
        const char *value;
        int64_t now_s;
        enum berth_status status;
        uint32_t ms;
    } table[] = {
        {"0", now, BERTH_OK, 0},
        {"1", now, BERTH_OK, 1000},
        {" 120 ", 0, BERTH_OK, 120000},
        {"4294967", now, BERTH_OK, 4294967000u},
        {"4294968", now, BERTH_OK, UINT32_MAX},
        {"99999999999999999999999999", now, BERTH_OK, UINT32_MAX},
        {"Tue, 14 Nov 2023 22:13:50 GMT", now, BERTH_OK, 30000},
        {"Tuesday, 14-Nov-23 22:13:50 GMT", now, BERTH_OK, 30000},
        {"Tue Nov 14 22:13:50 2023", now, BERTH_OK, 30000},
        {"Tue, 14 Nov 2023 22:13:20 GMT", now, BERTH_OK, 0},
        {"Tue, 14 Nov 2023 22:13:19 GMT", now, BERTH_OK, 0},
        {"Thu, 01 Jan 1970 00:00:00 GMT", now, BERTH_OK, 0},
        {"Fri, 14 Nov 2025 22:13:20 GMT", now, BERTH_OK, UINT32_MAX},
        {"Tue, 14 Nov 2023 22:13:50 GMT", 0, BERTH_E_RANGE, 0},
        {"", now, BERTH_E_SYNTAX, 0},
        {"-1", now, BERTH_E_SYNTAX, 0},
        {"1.5", now, BERTH_E_SYNTAX, 0},
        {"soon", now, BERTH_E_SYNTAX, 0},
        {"Tue, 14 Nov 2023 22:13:50", now, BERTH_E_SYNTAX, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        uint32_t ms = 7;
        assert_int_equal(berth_parse_retry_after(berth_text_of(table[i].value), table[i].now_s, &ms),
                         table[i].status);
        assert_int_equal(ms, table[i].status == BERTH_OK ? table[i].ms : 7);
    }
}

static void no_proxy(void **state)
{
    static const struct {
        const char *list, *url;
        bool excluded;
    } table[] = {
        {"", "http://a/", false},
        {"*", "http://a/", true},
        {"a", "http://a/", true},
        {"A", "http://a:8080/", true},
        {"b,a", "http://a/", true},
        {" b , a ", "http://a/", true},
        {"b,,c", "http://a/", false},
        {"example.com", "http://example.com/", true},
        {"example.com", "http://ml.example.com/", true},
        {"example.com", "http://a.b.example.com/", true},
        {"example.com", "http://myexample.com/", false},
        {"example.com", "http://example.com.evil/", false},
        {".example.com", "http://ml.example.com/", true},
        {".example.com", "http://example.com/", true},
        {"example.com.", "http://ml.example.com/", true},
        {"example.com", "http://ml.example.com./", true},
        {".", "http://a/", false},
        {"example.com:8080", "http://example.com:8080/", true},
        {"example.com:8080", "http://example.com/", false},
        {"example.com:x", "http://example.com/", false},
        {"10.1.2.3", "http://10.1.2.3/", true},
        {"10.1.2.3", "http://10.1.2.4/", false},
        {"10.0.0.0/8", "http://10.1.2.3/", true},
        {"10.0.0.0/8", "http://11.1.2.3/", false},
        {"10.1.2.0/23", "http://10.1.3.255/", true},
        {"10.1.2.0/23", "http://10.1.4.0/", false},
        {"10.1.2.3/32", "http://10.1.2.3/", true},
        {"10.1.2.3/33", "http://10.1.2.3/", false},
        {"0.0.0.0/0", "http://192.0.2.1/", true},
        {"0.0.0.0/0", "http://[::1]/", false},
        {"10.0.0.0/", "http://10.0.0.0/", false},
        {"10.0.0.0/x", "http://10.0.0.0/", false},
        {"::1", "http://[::1]/", true},
        {"[::1]", "http://[0:0:0:0:0:0:0:1]/", true},
        {"::1", "http://[::2]/", false},
        {"2001:db8::/32", "http://[2001:db8:1::5]/", true},
        {"2001:db8::/32", "http://[2001:db9::5]/", false},
        {"fe80::/10", "http://[febf::1]/", true},
        {"fe80::/10", "http://[fec0::1]/", false},
        {"::/129", "http://[::]/", false},
        {"1", "http://10.0.0.1/", false},
        {"10.0.0.1:80", "http://10.0.0.1/", true},
        {"10.0.0.1:81", "http://10.0.0.1/", false},
        {"10.0.0.0/8", "http://ten.example/", false},
        {"localhost,127.0.0.0/8,::1", "https://127.0.0.1:5001/api", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_url url;
        assert_int_equal(berth_url_parse(berth_text_of(table[i].url), &url, NULL), BERTH_OK);
        if (berth_proxy_excluded(berth_text_of(table[i].list), &url) != table[i].excluded)
            fail_msg("\"%s\" and %s", table[i].list, table[i].url);
    }
}

static void media_types(void **state)
{
    struct berth_text json = BERTH_TEXT("application/json");
    (void)state;
    assert_true(berth_http_media_type_is(BERTH_TEXT("application/json"), json));
    assert_true(berth_http_media_type_is(BERTH_TEXT("Application/JSON; charset=utf-8"), json));
    assert_true(berth_http_media_type_is(BERTH_TEXT("application/json ;charset=utf-8"), json));
    assert_false(berth_http_media_type_is(BERTH_TEXT("application/json5"), json));
    assert_false(berth_http_media_type_is(BERTH_TEXT("text/html"), json));
    assert_false(berth_http_media_type_is(BERTH_TEXT(""), json));
    assert_false(berth_http_media_type_is(berth_text_make(NULL, 0), json));
}

static void fields_are_found(void **state)
{
    struct berth_http_head head = {.fields = BERTH_TEXT("A: 1\r\nb:\t2 \r\nA: 3\r\nEmpty:\r\n")};
    (void)state;
    assert_true(berth_text_equal(berth_http_head_find(&head, BERTH_TEXT("a")), BERTH_TEXT("1")));
    assert_true(berth_text_equal(berth_http_head_find(&head, BERTH_TEXT("B")), BERTH_TEXT("2")));
    assert_non_null(berth_http_head_find(&head, BERTH_TEXT("empty")).ptr);
    assert_int_equal(berth_http_head_find(&head, BERTH_TEXT("empty")).len, 0);
    assert_null(berth_http_head_find(&head, BERTH_TEXT("c")).ptr);
    assert_null(berth_http_head_find(&head, BERTH_TEXT("")).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses),      cmocka_unit_test(retry_after),      cmocka_unit_test(no_proxy),
        cmocka_unit_test(media_types), cmocka_unit_test(fields_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
