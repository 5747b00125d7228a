/* Any bytes as a token, as the body of a refused document, as lists and maps of the data: nothing is read
 * beyond them, and what comes out is text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/openpai.h"
#include "berth/openpai_files.h"

static void check(struct berth_text text)
{
    if (text.len > 0 && !berth_text_is_utf8(text, NULL))
        abort();
}

static void token(struct berth_text text)
{
    static struct berth_openpai_account account;
    static char buf[2000];
    struct berth_openpai_claims claims;
    if (berth_openpai_token_decode(text, buf, sizeof buf, &claims) == BERTH_OK)
        check(claims.username);
    if (berth_openpai_account_use(&account, text) == BERTH_OK && strlen(account.token) != text.len)
        abort();
}

static void violations(struct berth_text text)
{
    static struct berth_openpai_result result;
    static char buf[8192];
    struct berth_openpai_violation violation;
    struct berth_json_list list = {NULL, 0, 0};
    result.error_body = text;
    for (unsigned count = 0;
         berth_openpai_next_violation(&result, buf, text.len % sizeof buf, &list, &violation) == BERTH_OK;
         count++) {
        check(violation.message);
        check(violation.data_path);
        if (count > text.len)
            abort();
    }
}

static void lists(struct berth_text text)
{
    static char copy[8192];
    struct berth_text item, label;
    struct berth_openpai_task task;
    struct berth_openpai_mount mount;
    uint16_t port;
    if (text.len > sizeof copy || berth_json_check(text, NULL) != BERTH_OK)
        return;
    memset(&task, 0, sizeof task);
    memcpy(copy, text.ptr, text.len);
    task.container_ports = (struct berth_json_list){copy, text.len, 0};
    if (berth_openpai_task_port(&task, BERTH_TEXT("ssh"), &port) == BERTH_OK && port == 0)
        abort();
    if (memcmp(copy, text.ptr, text.len) != 0)
        abort();
    if (text.ptr[0] == '{') {
        struct berth_json_list ports = task.container_ports;
        while (berth_openpai_next_port(&ports, &label, &item) == BERTH_OK)
            check(label);
    } else if (text.ptr[0] == '[') {
        struct berth_json_list list = task.container_ports;
        while (berth_openpai_next_text(&list, &item) == BERTH_OK)
            check(item);
        memcpy(copy, text.ptr, text.len);
        list = task.container_ports;
        while (berth_openpai_next_mount(&list, &mount) == BERTH_OK)
            check(mount.path);
    }
}

/* A file that is written with a change and read again has the change and no other. */
static void files(struct berth_text text)
{
    static int64_t tokens[6000], again_tokens[8000];
    static char strings[8192], again_strings[20000], out[20000];
    static const struct berth_openpai_change change = {BERTH_TEXT_INIT("user"), BERTH_TEXT_INIT("lee"),
                                                       false};
    struct berth_openpai_file file, again;
    struct berth_openpai_cluster cluster, other;
    struct berth_json_cursor at = {NULL, 0};
    struct berth_json_writer json;
    struct berth_writer w;
    size_t count = 0;
    if (text.len > 4000 || berth_openpai_file_read(&file, text, tokens, sizeof tokens, strings,
                                                   sizeof strings, NULL) != BERTH_OK)
        return;
    while (berth_openpai_next_cluster(&file, &at, &cluster) && count++ < 4)
        check(cluster.pai_uri);
    berth_writer_init(&w, out, sizeof out);
    berth_json_writer_init(&json, &w);
    berth_openpai_put_cluster(&file, &json, BERTH_TEXT("c"), &change, 1);
    if (berth_json_done(&json) != BERTH_OK)
        return; /* a name that is no text cannot be written */
    if (berth_openpai_file_read(&again, berth_writer_text(&w), again_tokens, sizeof again_tokens,
                                again_strings, sizeof again_strings, NULL) != BERTH_OK ||
        berth_openpai_choose_cluster(&again, BERTH_TEXT("c"), &other) != BERTH_OK ||
        !berth_text_equal(other.user, BERTH_TEXT("lee")))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct berth_text text = berth_text_make((const char *)data, size);
    if (size == 0)
        return 0;
    token(text);
    violations(text);
    lists(text);
    files(text);
    (void)berth_openpai_order_of(text);
    (void)berth_openpai_state_of(text, NULL, (data[0] & 1) != 0);
    return 0;
}
