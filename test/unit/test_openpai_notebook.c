/* Notebooks as scripts: both formats, magics, huge outputs in little memory, any pieces, every failure. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/openpai_notebook.h"
#include "guard.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BEGIN "#!/usr/bin/env python\n# coding: utf-8\n\n"

/* A source that gives at most PIECE bytes at once and fails where it is told to. */
struct input {
    struct berth_text text;
    size_t at, piece, fail_at;
};

static ptrdiff_t read_input(void *ctx, void *buf, size_t cap)
{
    struct input *in = ctx;
    struct berth_text part = berth_text_slice(in->text, in->at, in->at + (cap < in->piece ? cap : in->piece));
    if (in->at >= in->fail_at)
        return BERTH_E_IO;
    if (part.len > 0)
        memcpy(buf, part.ptr, part.len);
    in->at += part.len;
    return (ptrdiff_t)part.len;
}

static enum berth_status rewind_input(void *ctx)
{
    ((struct input *)ctx)->at = 0;
    return BERTH_OK;
}

static char script[4096];

static enum berth_status convert(const char *json, size_t piece, size_t work_size,
                                 struct berth_json_error *error)
{
    struct input in = {berth_text_of(json), 0, piece, SIZE_MAX};
    struct berth_source source = {&in, read_input, rewind_input, BERTH_LENGTH_UNKNOWN};
    struct berth_writer w;
    char *work = guard_new(work_size);
    berth_writer_init(&w, script, sizeof script);
    struct berth_sink sink = berth_sink_of_writer(&w);
    enum berth_status status = berth_openpai_notebook_script(&source, &sink, work, work_size, error);
    guard_free(work);
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    return status;
}

static const struct {
    const char *json, *script;
    enum berth_status status;
} table[] = {
    {"{\"cells\":[]}", BEGIN, BERTH_OK},
    {"{\"cells\":[{\"cell_type\":\"code\",\"source\":\"a = 1\"},{\"cell_type\":\"code\",\"source\":[]},"
     "{\"cell_type\":\"markdown\",\"source\":[\"# "
     "T\\n\",\"\\n\",\"x\\n\"]},{\"source\":[\"b\\n\",\"\\n\",\"c\"],"
     "\"cell_type\":\"code\"}]}",
     BEGIN "a = 1\n\n# # T\n#\n# x\n\nb\n\nc\n", BERTH_OK},
    {"{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%matplotlib  inline\\n  !ls 'x' \\\\\\\\ \\u00e9\\nx "
     "= 5 \\\\\\n  % "
     "3\\n!\\n%\\n%time\"}]}",
     BEGIN "get_ipython().run_line_magic('matplotlib', 'inline')\n  get_ipython().system('ls \\'x\\' "
           "\\\\\\\\ \xc3\xa9')\n"
           "x = 5 \\\n  % 3\n!\n%\nget_ipython().run_line_magic('time', '')\n",
     BERTH_OK},
    {"{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%%bash -x\\necho "
     "'q'\\r\\n\"},{\"cell_type\":\"code\",\"source\":"
     "\"%%time\"}]}",
     BEGIN "get_ipython().run_cell_magic('bash', '-x', 'echo \\'q\\'\\r\\n')\n\n"
           "get_ipython().run_cell_magic('time', '', '')\n",
     BERTH_OK},
    {"{\"nbformat\":3,\"worksheets\":[{\"cells\":[{\"cell_type\":\"heading\",\"source\":\"H\"},{\"input\":["
     "\"a\"],"
     "\"cell_type\":\"code\",\"outputs\":[{}]}]},{\"cells\":[{\"cell_type\":\"code\",\"input\":\"second\"}]}]"
     "}",
     BEGIN "# H\n\na\n", BERTH_OK},
    {"{\"worksheets\":[]}", BEGIN, BERTH_OK},
    {"{\"cell\":[]}", BEGIN, BERTH_E_MISSING},
    {"[]", BEGIN, BERTH_E_TYPE},
    {"{\"cells\":{}}", BEGIN, BERTH_E_TYPE},
    {"{\"cells\":[{\"source\":5}]}", BEGIN, BERTH_E_TYPE},
    {"{\"cells\":[{\"source\":[5]}]}", BEGIN, BERTH_E_TYPE},
    {"{\"cells\":[{\"source\":\"\\ud800\"}]}", BEGIN, BERTH_E_UTF8},
    {"{\"cells\":[{\"source\":\"a\"}]", BEGIN "# a\n", BERTH_E_TRUNCATED},
    {"{\"cells\":[}", BEGIN, BERTH_E_SYNTAX},
    {"", BEGIN, BERTH_E_TRUNCATED},
};

static void conversions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        for (size_t piece = 1; piece < 600; piece += 1 + piece * 3) {
            struct berth_json_error error = {0, NULL};
            enum berth_status status = convert(table[i].json, piece, 400, &error);
            if (status != table[i].status || strcmp(script, table[i].script) != 0)
                fail_msg("%s, pieces of %zu: %s\n%s", table[i].json, piece, berth_status_name(status),
                         script);
            if (status == BERTH_E_SYNTAX)
                assert_non_null(error.reason);
        }
}

/* A picture of 2 MB passes through 200 bytes; a source that does not fit is said, whatever the memory. */
static void little_memory(void **state)
{
    static char json[2100000];
    struct berth_writer w;
    (void)state;
    berth_writer_init(&w, json, sizeof json);
    berth_put_string(&w, "{\"cells\":[{\"attachments\":{\"a\":{\"image/png\":\"");
    berth_put_repeat(&w, 'A', 2000000);
    berth_put_string(&w, "\"}},\"outputs\":[{\"x\":[\"");
    berth_put_repeat(&w, 'B', 10000);
    berth_put_string(&w, "\"]}],\"source\":\"print(1)\",\"cell_type\":\"code\"}]}");
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_int_equal(convert(json, 512, 200, NULL), BERTH_OK);
    assert_string_equal(script, BEGIN "print(1)\n");
    for (size_t size = 0; size < 200; size++) {
        enum berth_status status = convert(json, 512, size, NULL);
        assert_true(status == BERTH_OK || status == (size < 2 ? BERTH_E_ARGUMENT : BERTH_E_SPACE));
        assert_true(status != BERTH_OK || strcmp(script, BEGIN "print(1)\n") == 0);
    }
}

static enum berth_status full(void *ctx, const void *bytes, size_t len)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    return BERTH_E_DISK_FULL;
}

static void failures(void **state)
{
    static const char json[] = "{\"cells\":[{\"cell_type\":\"code\",\"source\":\"a\"}]}";
    char work[100];
    struct berth_sink sink = {NULL, full, NULL};
    (void)state;
    for (size_t fail_at = 0; fail_at <= sizeof json; fail_at++) {
        struct input in = {berth_text_of(json), 0, 1, fail_at};
        struct berth_source source = {&in, read_input, NULL, BERTH_LENGTH_UNKNOWN};
        enum berth_status status = berth_openpai_notebook_script(&source, &sink, work, sizeof work, NULL);
        assert_int_equal(status, fail_at <= sizeof json - 1 ? BERTH_E_IO : BERTH_E_DISK_FULL);
    }
    struct input in = {berth_text_of("{\"worksheets\":[]}"), 0, 100, SIZE_MAX};
    struct berth_source once = {&in, read_input, NULL, BERTH_LENGTH_UNKNOWN};
    assert_int_equal(berth_openpai_notebook_script(&once, &sink, work, sizeof work, NULL), BERTH_E_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(conversions), cmocka_unit_test(little_memory),
                                       cmocka_unit_test(failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
