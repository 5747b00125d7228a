/* URLs: what is accepted, what is refused, references, percent encoding, address literals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/url.h"
#include "guard.h"
#include "http/address.h"
#include "http/chars.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct berth_text guarded(const char *text)
{
    return berth_text_make(guard_copy(text, strlen(text)), strlen(text));
}

static void assert_text(struct berth_text text, const char *expected)
{
    if (text.len != strlen(expected) || (text.len > 0 && memcmp(text.ptr, expected, text.len) != 0))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)text.len, text.ptr, expected);
}

static void accepts(void **state)
{
    static const struct {
        const char *text;
        bool https;
        const char *host;
        unsigned port;
        const char *path, *query; /* NULL: absent */
        const char *origin;
    } table[] = {
        {"http://a", false, "a", 80, "", NULL, "http://a"},
        {"http://a/", false, "a", 80, "/", NULL, "http://a"},
        {"HTTPS://Ml.Example:5001/api", true, "Ml.Example", 5001, "/api", NULL, "https://Ml.Example:5001"},
        {"https://a:443/x", true, "a", 443, "/x", NULL, "https://a"},
        {"https://a:80", true, "a", 80, "", NULL, "https://a:80"},
        {"http://a:443", false, "a", 443, "", NULL, "http://a:443"},
        {"http://a:", false, "a", 80, "", NULL, "http://a"},
        {"http://a:/p", false, "a", 80, "/p", NULL, "http://a"},
        {"http://a:65535", false, "a", 65535, "", NULL, "http://a:65535"},
        {"http://a?q", false, "a", 80, "", "q", "http://a"},
        {"http://a?", false, "a", 80, "", "", "http://a"},
        {"http://a/?x=/y?z", false, "a", 80, "/", "x=/y?z", "http://a"},
        {"http://a#f", false, "a", 80, "", NULL, "http://a"},
        {"http://a/b?c#d?e/f", false, "a", 80, "/b", "c", "http://a"},
        {"http://[::1]:8443/x", false, "::1", 8443, "/x", NULL, "http://[::1]:8443"},
        {"https://[2001:db8::1]", true, "2001:db8::1", 443, "", NULL, "https://[2001:db8::1]"},
        {"https://[::ffff:192.0.2.1]/", true, "::ffff:192.0.2.1", 443, "/", NULL,
         "https://[::ffff:192.0.2.1]"},
        {"http://192.0.2.1:8080/a//b", false, "192.0.2.1", 8080, "/a//b", NULL, "http://192.0.2.1:8080"},
        {"http://gpu_node-1.local./", false, "gpu_node-1.local.", 80, "/", NULL, "http://gpu_node-1.local."},
        {"http://1.example/%41%ff", false, "1.example", 80, "/%41%ff", NULL, "http://1.example"},
        {"http://a/|{}\"<>^`\\", false, "a", 80, "/|{}\"<>^`\\", NULL, "http://a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_text text = guarded(table[i].text);
        struct berth_url url;
        char buf[300];
        struct berth_writer w;
        const char *reason = "";

        assert_int_equal(berth_url_parse(text, &url, &reason), BERTH_OK);
        assert_null(reason);
        assert_int_equal(url.https, table[i].https);
        assert_text(url.host, table[i].host);
        assert_int_equal(url.host_is_ipv6, strchr(table[i].host, ':') != NULL);
        assert_int_equal(url.port, table[i].port);
        assert_text(url.path, table[i].path);
        assert_int_equal(url.query.ptr == NULL, table[i].query == NULL);
        if (table[i].query != NULL)
            assert_text(url.query, table[i].query);
        berth_writer_init(&w, buf, sizeof buf);
        berth_put_url_origin(&w, &url);
        assert_text(berth_writer_text(&w), table[i].origin);
        guard_free((void *)(uintptr_t)text.ptr);
    }
}

static void refuses(void **state)
{
    static const char *const table[][2] = {
        {"", "neither"},
        {"http:", "neither"},
        {"http:/", "neither"},
        {"http:/a", "neither"},
        {"ftp://a", "neither"},
        {"httpss://a", "neither"},
        {"//a/b", "neither"},
        {"/a/b", "neither"},
        {"http://", "no host"},
        {"http:///p", "no host"},
        {"http://:80", "no host"},
        {"http://?q", "no host"},
        {"http://u@a", "user name"},
        {"http://u:p@a/", "user name"},
        {"http://a@b@c", "user name"},
        {"http://a:0", "port"},
        {"http://a:65536", "port"},
        {"http://a:99999999999999999999999", "port"},
        {"http://a:8x", "port"},
        {"http://a:-1", "port"},
        {"http://a:+1", "port"},
        {"http://a:80:80", "port"},
        {"http://a b/", "blank"},
        {"http://a/b c", "blank"},
        {" http://a", "blank"},
        {"http://a/\r\nX: y", "control"},
        {"http://a/\t", "control"},
        {"http://a/\x7f", "control"},
        {"http://a/\x01", "control"},
        {"http://\xc3\xa4/", "ASCII"},
        {"http://a/\xff", "ASCII"},
        {"http://a/%", "escape"},
        {"http://a/%4", "escape"},
        {"http://a/%4g", "escape"},
        {"http://a/%g4", "escape"},
        {"http://a%41/", "host name"},
        {"http://a..b/", "host name"},
        {"http://.a/", "host name"},
        {"http://./", "host name"},
        {"http://a_!b/", "host name"},
        {"http://a\\b/", "host name"},
        {"http://256.1.1.1/", "IPv4"},
        {"http://1.2.3/", "IPv4"},
        {"http://1.2.3.4.5/", "IPv4"},
        {"http://1.2.3.4./", "IPv4"},
        {"http://01.2.3.4/", "IPv4"},
        {"http://2130706433/", "IPv4"},
        {"http://[::1/", "IPv6"},
        {"http://[::1]x/", "IPv6"},
        {"http://[]/", "IPv6"},
        {"http://[:]/", "IPv6"},
        {"http://[:::]/", "IPv6"},
        {"http://[1::2::3]/", "IPv6"},
        {"http://[1:2:3:4:5:6:7]/", "IPv6"},
        {"http://[1:2:3:4:5:6:7:8:9]/", "IPv6"},
        {"http://[1:2:3:4:5:6:7::8:9]/", "IPv6"},
        {"http://[12345::]/", "IPv6"},
        {"http://[g::]/", "IPv6"},
        {"http://[::1%25eth0]/", "IPv6"},
        {"http://[1:2:3:4:5:6:7:]/", "IPv6"},
        {"http://[::1.2.3]/", "IPv6"},
        {"http://[1:2:3:4:5:6:7:1.2.3.4]/", "IPv6"},
        {"http://[::1.2.3.4:5]/", "IPv6"},
        {"http://[192.0.2.1]/", "IPv6"},
        {"http://[::1]:0/", "port"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_text text = guarded(table[i][0]);
        struct berth_url url;
        const char *reason = NULL;

        assert_int_equal(berth_url_parse(text, &url, &reason), BERTH_E_SYNTAX);
        assert_int_equal(berth_url_parse(text, &url, NULL), BERTH_E_SYNTAX);
        assert_non_null(strstr(reason, table[i][1]));
        guard_free((void *)(uintptr_t)text.ptr);
    }
}

static void lengths(void **state)
{
    char text[BERTH_URL_MAX + 2] = "http://a/";
    struct berth_url url;
    (void)state;
    memset(text + 9, 'x', sizeof text - 9);
    assert_int_equal(berth_url_parse(berth_text_make(text, BERTH_URL_MAX), &url, NULL), BERTH_OK);
    assert_int_equal(berth_url_parse(berth_text_make(text, BERTH_URL_MAX + 1), &url, NULL), BERTH_E_SYNTAX);
    memset(text + 7, 'h', sizeof text - 7);
    assert_int_equal(berth_url_parse(berth_text_make(text, 7 + 254), &url, NULL), BERTH_OK);
    assert_int_equal(berth_url_parse(berth_text_make(text, 7 + 255), &url, NULL), BERTH_E_SYNTAX);
}

static void origins(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"http://a/x", "http://A:80/y?z", true},   {"http://a", "https://a", false},
        {"http://a:443", "https://a:443", false},  {"http://a:81", "http://a:82", false},
        {"https://a", "https://a:443", true},      {"http://a", "http://b", false},
        {"http://[::1]", "http://[::1]:80", true}, {"http://a.example", "http://a.example.", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_url a, b;
        assert_int_equal(berth_url_parse(berth_text_of(table[i].a), &a, NULL), BERTH_OK);
        assert_int_equal(berth_url_parse(berth_text_of(table[i].b), &b, NULL), BERTH_OK);
        assert_int_equal(berth_url_same_origin(&a, &b), table[i].same);
        assert_int_equal(berth_url_same_origin(&b, &a), table[i].same);
    }
}

struct reference {
    const char *reference, *expected;
};

static void check_references(const char *base, const struct reference *table, size_t count)
{
    struct berth_url url;
    assert_int_equal(berth_url_parse(berth_text_of(base), &url, NULL), BERTH_OK);
    for (size_t i = 0; i < count; i++) {
        struct berth_text reference = guarded(table[i].reference);
        char *buf = guard_new(strlen(table[i].expected));
        struct berth_writer w;

        berth_writer_init(&w, buf, strlen(table[i].expected));
        assert_int_equal(berth_url_resolve(&url, reference, &w), BERTH_OK);
        assert_text(berth_writer_text(&w), table[i].expected);
        if (w.cap > 0) {
            berth_writer_init(&w, buf, strlen(table[i].expected) - 1);
            assert_int_equal(berth_url_resolve(&url, reference, &w), BERTH_E_SPACE);
            assert_int_equal(w.len, strlen(table[i].expected));
        }
        guard_free(buf);
        guard_free((void *)(uintptr_t)reference.ptr);
    }
}

/* RFC 3986 sections 5.4.1 and 5.4.2. */
static void resolves_as_the_rfc(void **state)
{
    static const struct reference table[] = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"http:g", "http:g"},
    };
    static const struct reference more[] = {
        {"https://x:1/y/../z?q#f", "https://x:1/z?q#f"},
        {"//x/../..//y", "http://x//y"},
        {"//x?y", "http://x?y"},
        {"/a//../b", "http://a/a/b"},
        {"/a/b/c/../../../d", "http://a/d"},
        {"/a/b/c/./../../g", "http://a/a/g"},
        {"mid/content=5/../6", "http://a/b/c/mid/6"},
        {"/..", "http://a/"},
        {"/.", "http://a/"},
        {"gr\xc3\xb6\xc3\x9f"
         "e?\xff",
         "http://a/b/c/gr%C3%B6%C3%9Fe?%FF"},
        {"?", "http://a/b/c/d;p?"},
        {"1:2", "http://a/b/c/1:2"},
    };
    (void)state;
    check_references("http://a/b/c/d;p?q", table, COUNT(table));
    check_references("http://a/b/c/d;p?q", more, COUNT(more));
}

static void resolves_against_other_bases(void **state)
{
    static const struct reference bare[] = {
        {"g", "https://h:8443/g"}, {"", "https://h:8443"},       {"?x", "https://h:8443?x"},
        {"..", "https://h:8443/"}, {"../g", "https://h:8443/g"}, {"//k", "https://k"},
    };
    static const struct reference folder[] = {
        {"g", "http://[::1]/x/g"},
        {".", "http://[::1]/x/"},
        {"..", "http://[::1]/"},
        {"", "http://[::1]/x/"},
    };
    (void)state;
    check_references("https://h:8443", bare, COUNT(bare));
    check_references("http://[::1]/x/", folder, COUNT(folder));
}

static void resolve_refuses(void **state)
{
    struct berth_url url;
    char long_reference[BERTH_URL_MAX + 1];
    struct berth_writer w = {0};
    (void)state;
    assert_int_equal(berth_url_parse(berth_text_of("http://a"), &url, NULL), BERTH_OK);
    assert_int_equal(berth_url_resolve(&url, BERTH_TEXT("a b"), &w), BERTH_E_SYNTAX);
    assert_int_equal(berth_url_resolve(&url, BERTH_TEXT("a\r\nb"), &w), BERTH_E_SYNTAX);
    assert_int_equal(berth_url_resolve(&url, BERTH_TEXT("\0"), &w), BERTH_E_SYNTAX);
    memset(long_reference, 'a', sizeof long_reference);
    assert_int_equal(berth_url_resolve(&url, berth_text_make(long_reference, sizeof long_reference), &w),
                     BERTH_E_SYNTAX);
}

static void percent(void **state)
{
    char buf[64];
    struct berth_writer w;
    (void)state;
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_percent(&w, berth_text_of("Gr\xc3\xb6\xc3\x9f"
                                        "e 1#.csv"));
    assert_text(berth_writer_text(&w), "Gr%C3%B6%C3%9Fe%201%23.csv");
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_percent(&w, BERTH_TEXT("AZaz09-._~\0/+%\x7f"));
    assert_text(berth_writer_text(&w), "AZaz09-._~%00%2F%2B%25%7F");
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_put_percent_decoded(&w, BERTH_TEXT("a+b%2Fc%C3%b6%00")), BERTH_OK);
    assert_memory_equal(buf, "a+b/c\xc3\xb6\0", 8);
    assert_int_equal(w.len, 8);
    static const char *const bad[] = {"%", "a%", "%4", "%x1", "%1x", "%%41"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct berth_text text = guarded(bad[i]);
        assert_int_equal(berth_put_percent_decoded(&w, text), BERTH_E_SYNTAX);
        guard_free((void *)(uintptr_t)text.ptr);
    }
}

static void every_byte_survives(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char byte = (char)c, encoded[3], decoded[3];
        struct berth_writer w;
        berth_writer_init(&w, encoded, sizeof encoded);
        berth_put_percent(&w, berth_text_make(&byte, 1));
        struct berth_text text = berth_writer_text(&w);
        berth_writer_init(&w, decoded, sizeof decoded);
        assert_int_equal(berth_put_percent_decoded(&w, text), BERTH_OK);
        assert_int_equal(w.len, 1);
        assert_memory_equal(decoded, &byte, 1);
    }
}

static void token_characters(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool expected =
            c != 0 && c < 128 &&
            (strchr("!#$%&'*+-.^_`|~", (int)c) != NULL || berth_is_alpha((char)c) || berth_is_digit((char)c));
        assert_int_equal(berth_is_token_char((char)c), expected);
    }
}

static void addresses(void **state)
{
    static const uint8_t loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t doc[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1};
    static const uint8_t full[16] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8};
    static const uint8_t gap[16] = {0, 1, 0, 2, 0, 3, 0, 0, 0, 5, 0, 6, 0, 7, 0, 8};
    struct berth_address a;
    (void)state;
    assert_true(berth_parse_address(BERTH_TEXT("[::1]"), &a));
    assert_int_equal(a.len, 16);
    assert_memory_equal(a.bytes, loopback, 16);
    assert_true(berth_parse_address(BERTH_TEXT("2001:DB8::192.0.2.1"), &a));
    assert_memory_equal(a.bytes, doc, 16);
    assert_true(berth_parse_address(BERTH_TEXT("1:2:3:4:5:6:7:8"), &a));
    assert_memory_equal(a.bytes, full, 16);
    assert_true(berth_parse_address(BERTH_TEXT("1:2:3::5:6:7:8"), &a));
    assert_memory_equal(a.bytes, gap, 16);
    assert_true(berth_parse_address(BERTH_TEXT("192.0.2.1"), &a));
    assert_int_equal(a.len, 4);
    assert_memory_equal(a.bytes, doc + 12, 4);
    assert_false(berth_parse_address(BERTH_TEXT(""), &a));
    assert_false(berth_parse_address(BERTH_TEXT("host"), &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(lengths),
        cmocka_unit_test(origins),
        cmocka_unit_test(resolves_as_the_rfc),
        cmocka_unit_test(resolves_against_other_bases),
        cmocka_unit_test(resolve_refuses),
        cmocka_unit_test(percent),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(token_characters),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
