/* RIME's rules that need no server: addresses, ids, configurations, versions, dialects. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rime_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define T(text) BERTH_TEXT(text)

static struct rime_rig r;

static enum berth_status init(const char *address, const char *root, const char *key)
{
    r.config.address = berth_text_of(address);
    r.config.root = berth_text_of(root);
    r.config.key = berth_text_of(key);
    return berth_rime_init(&r.rime, &r.config, NULL);
}

static void addresses(void **state)
{
    static const char *const good[][2] = {{"my_vpc.rime.com", "https://my_vpc.rime.com"},
                                          {"rime", "https://rime"},
                                          {"h:8443", "https://h:8443"},
                                          {"[::1]:1", "https://[::1]:1"},
                                          {"https://gw.example/rime-eu/", "https://gw.example/rime-eu"}};
    static const char *const bad[] = {
        "",        "http://h", "h/x", "https://h/a?b", "https://h/#", "https://h/../x", "https://h/a b",
        "ftp://h", "u@h"};
    (void)state;
    rime_open(&r);
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(init(good[i][0], "", "k"), BERTH_OK);
        assert_true(berth_text_equal(r.rime.client.base_url, berth_text_of(good[i][1])));
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(init(bad[i], "", "k"), BERTH_E_SYNTAX);
    assert_int_equal(init("h", "v1", "k"), BERTH_E_SYNTAX);
    assert_int_equal(init("h", "/v1?x", "k"), BERTH_E_SYNTAX);
    assert_int_equal(init("h", "/v1", "k\r\nX: y"), BERTH_E_SYNTAX);
    r.config.allow_plain = true;
    assert_int_equal(init("http://127.0.0.1:1", "/v9/", ""), BERTH_OK);
    assert_true(berth_text_equal(r.rime.dialect.jobs_root, T("/v9")));
    rime_close(&r);
}

static enum berth_status start(const char *config, const char *image, const char *secret)
{
    return berth_rime_start(&r.request, &r.rime, berth_text_of(config), T("p"), berth_text_of(image),
                            berth_text_of(secret));
}

static void refusals(void **state)
{
    static const char *const ids[] = {"", ".", "..", "a/b", "a?b", "a#b", "a%b", "a\\b", "a\nb"};
    static const double polls[] = {0.09, 86401, -1, (double)(0.0f / 0.0f)};
    struct berth_rime_status_options o = {0};
    const struct berth_text none = {NULL, 0};
    struct berth_sink sink = {0};
    unsigned bit;
    (void)state;
    rime_open(&r);
    for (size_t i = 0; i < COUNT(ids); i++)
        assert_int_equal(berth_rime_job_cancel(&r.request, &r.rime, berth_text_of(ids[i])), BERTH_E_ARGUMENT);
    for (size_t i = 0; i < COUNT(polls); i++) {
        o.poll_s = polls[i];
        assert_int_equal(berth_rime_job_status(&r.request, &r.rime, T("j"), &o), BERTH_E_ARGUMENT);
    }
    assert_int_equal(start("[]", "", ""), BERTH_E_ARGUMENT);
    assert_int_equal(start("{\"a\":1,}", "", ""), BERTH_E_ARGUMENT);
    assert_int_equal(start("{}", "", "s"), BERTH_E_ARGUMENT);
    assert_int_equal(start("{\"runTimeInfo\":{}}", "i", ""), BERTH_E_ARGUMENT);
    assert_int_equal(start("{\"run_time_info\":{}}", "i", ""), BERTH_E_ARGUMENT);
    assert_int_equal(start("{\"runTimeInfo\":{}}", "", ""), BERTH_OK);
    assert_true(r.request.result.config_suspect);
    assert_int_equal(start("{\"data_info\":{}}", "", ""), BERTH_OK);
    assert_false(r.request.result.config_suspect);
    assert_int_equal(berth_rime_start(&r.request, &r.rime, T("{}"), none, none, none), BERTH_E_ARGUMENT);
    assert_int_equal(berth_rime_project_create(&r.request, &r.rime, none, none, none), BERTH_E_ARGUMENT);
    assert_int_equal(berth_rime_project_create(&r.request, &r.rime, T("n"), none, T("X")), BERTH_E_ARGUMENT);
    assert_int_equal(berth_rime_job_csv(&r.request, &r.rime, T("j"), T("1.2"), &sink), BERTH_E_ARGUMENT);
    assert_int_equal(berth_rime_job_csv(&r.request, &r.rime, T("j"), T("0.11.9"), &sink),
                     BERTH_E_NOT_PROVIDED);
    assert_int_equal(berth_rime_job_csv(&r.request, &r.rime, T("j"), T("0.12.0-rc1"), &sink),
                     BERTH_E_NOT_PROVIDED);
    assert_int_equal(berth_rime_job_csv(&r.request, &r.rime, T("j"), T("2.0.0+b"), &sink), BERTH_OK);
    assert_int_equal(berth_rime_parse_filter(T("pending"), &bit), BERTH_E_ARGUMENT);
    assert_int_equal(berth_rime_parse_filter(T("FAILING"), &bit), BERTH_OK);
    assert_int_equal(bit, 1u << BERTH_RIME_FAILING);
    r.config.config_max = 4;
    rime_reset(&r);
    assert_int_equal(start("{\"a\":1}", "", ""), BERTH_E_SPACE);
    rime_close(&r);
}

static void versions(void **state)
{
    enum berth_rime_dialect_id id;
    (void)state;
    assert_int_equal(berth_rime_dialect_for(T("2.10.16"), &id), BERTH_OK);
    assert_int_equal(id, BERTH_RIME_V2);
    assert_int_equal(berth_rime_dialect_for(T("0.19.1-rc2"), &id), BERTH_OK);
    assert_int_equal(id, BERTH_RIME_V0);
    assert_int_equal(berth_rime_dialect_for(T("0.16.0"), &id), BERTH_E_NOT_PROVIDED);
    assert_int_equal(berth_rime_dialect_for(T("x"), &id), BERTH_E_SYNTAX);
    assert_true(berth_rime_is_value_error(BERTH_E_NOT_FOUND));
    assert_false(berth_rime_is_value_error(BERTH_E_CANCELLED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(refusals),
                                       cmocka_unit_test(versions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
