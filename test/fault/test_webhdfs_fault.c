/* An upload and a download with every call of a port failed in turn, once and then for good: what is said to
 * be done is done, nothing half-done is left, and nothing hangs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "webhdfs_rig.h"

#define STATUS(body_length, body)                                                                            \
    WEBHDFS_JSON "Content-Length: " body_length "\r\n\r\n{\"FileStatus\":{\"length\":" body                  \
                 ",\"modificationTime\":1,\"pathSuffix\":\"\",\"permission\":\"644\",\"type\":\"FILE\"}}"
#define IS_FILE STATUS("97", "5")
#define IS_NOTHING                                                                                           \
    "HTTP/1.1 404 X\r\nContent-Type: application/json\r\nContent-Length: 71\r\n\r\n"                         \
    "{\"RemoteException\":{\"exception\":\"FileNotFoundException\",\"message\":\"x\"}}"
#define YES WEBHDFS_JSON "Content-Length: 16\r\n\r\n{\"boolean\":true}"
#define TO_DATANODE "HTTP/1.1 307 X\r\nLocation: http://dn:9864/x?op=Y\r\nContent-Length: 0\r\n\r\n"
#define STORED                                                                                               \
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define DATA                                                                                                 \
    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\nConnection: "         \
    "close\r\n\r\nhello"

static struct webhdfs_rig w;
static struct berth_mem_files mem_files;
static struct berth_files files;
static struct berth_webhdfs_transfer transfer;

static enum berth_status kind(void *ctx, const char *path, bool follow,
                              enum berth_webhdfs_local_kind *out_kind)
{
    (void)ctx, (void)follow;
    enum berth_status status = berth_mem_fault(&w.rig.faults, BERTH_E_IO);
    *out_kind = berth_mem_files_text(&mem_files, path).ptr != NULL ? BERTH_WEBHDFS_LOCAL_FILE
                                                                   : BERTH_WEBHDFS_LOCAL_NONE;
    return status;
}

static const struct berth_webhdfs_local local = {NULL, kind, NULL, NULL, NULL};

static void answer(const char *awaits, const char *text)
{
    webhdfs_answer(&w, awaits, berth_text_of(text));
}

/* The peer: a healthy cluster; what is asked out of turn waits for ever. */
static void script(bool upload)
{
    if (upload) {
        answer("op=GETFILESTATUS", IS_NOTHING);
        answer("op=CREATE", TO_DATANODE);
        webhdfs_next(&w);
        answer("hello", STORED);
        webhdfs_next(&w);
        answer("op=GETFILESTATUS", IS_FILE);
        answer("op=RENAME", YES);
        answer("op=GETFILESTATUS", IS_FILE);
    } else {
        answer("op=GETFILESTATUS", IS_FILE);
        answer("op=OPEN", TO_DATANODE);
        webhdfs_next(&w);
        answer("op=Y", DATA);
    }
    webhdfs_next(&w);
    answer("op=DELETE", YES);
}

static void check(bool upload, enum berth_status status)
{
    struct berth_text there = berth_mem_files_text(&mem_files, "/tmp/out");
    bool renamed = rig_was_sent(&w.rig, "op=RENAME");
    assert_int_equal(w.rig.mem.broken_rules, 0);
    assert_int_equal(berth_mem_files_open_count(&mem_files), 0);
    if (status == BERTH_OK) {
        assert_int_equal(transfer.file_count, 1);
        assert_int_equal(transfer.byte_count, 5);
        assert_string_equal(transfer.leftover, "");
        assert_true(upload ? renamed : berth_text_equal(there, BERTH_TEXT("hello")));
        return;
    }
    assert_true(w.rig.faults.tripped);
    assert_true(transfer.call.result.message[0] != '\0');
    assert_int_equal(transfer.file_count, 0);
    if (!upload)
        assert_true(there.ptr == NULL);
    /* A temporary name that may exist is told, or it was asked to go. */
    if (upload && rig_was_sent(&w.rig, "hello") && transfer.leftover[0] == '\0')
        assert_true(rig_was_sent(&w.rig, "op=DELETE") || renamed);
}

/* Whether the fault was met. */
static bool run(bool upload, uint32_t fail_at, bool for_good, bool stepwise, unsigned tries)
{
    struct berth_webhdfs_transfer_config config = {.files = &files, .local = &local};
    w.rig.faults = (struct berth_mem_faults){.fail_at = 0};
    w.config.retry.tries = (uint8_t)tries;
    webhdfs_reset(&w);
    memset(&mem_files, 0, sizeof mem_files);
    mem_files.faults = &w.rig.faults;
    files = berth_mem_files_init(&mem_files);
    assert_int_equal(berth_mem_files_put(&mem_files, "/tmp/in", BERTH_TEXT("hello")), BERTH_OK);
    script(upload);
    webhdfs_go(&w);
    config.fs = &w.fs;
    enum berth_status status =
        upload ? berth_webhdfs_upload(&transfer, &config, "/tmp/in", BERTH_TEXT("/user/lee/x"))
               : berth_webhdfs_download(&transfer, &config, BERTH_TEXT("/user/lee/x"), "/tmp/out");
    assert_int_equal(status, BERTH_OK);
    w.rig.faults = (struct berth_mem_faults){.fail_at = fail_at, .for_good = for_good};
    if (stepwise) {
        assert_int_equal(berth_webhdfs_transfer_start(&transfer, 300000), BERTH_OK);
        for (unsigned steps = 0; (status = berth_webhdfs_transfer_step(&transfer, 0)) == BERTH_E_WOULD_BLOCK;
             steps++) {
            uint32_t wait_ms = 0;
            (void)berth_webhdfs_transfer_want(&transfer, &wait_ms);
            w.rig.mem_clock.now_ms += wait_ms < 100 ? wait_ms : 100;
            assert_true(steps < 100000);
        }
    } else {
        status = berth_webhdfs_transfer_run(&transfer, 300000);
    }
    bool tripped = w.rig.faults.tripped;
    check(upload, status);
    w.rig.faults = (struct berth_mem_faults){.fail_at = 0};
    return tripped;
}

static void each_port_call_fails(void **state)
{
    unsigned runs = 0;
    (void)state;
    webhdfs_open(&w);
    for (unsigned variant = 0; variant < 16; variant++) {
        uint32_t fail_at = 1;
        while (run((variant & 1) != 0, fail_at, (variant & 2) != 0, (variant & 4) != 0,
                   (variant & 8) != 0 ? 3 : 1))
            fail_at++;
        runs += fail_at;
        assert_true(fail_at > 8 && fail_at < 200);
    }
    print_message("%u runs\n", runs);
    webhdfs_close(&w);
}

/* The connection ends after each byte that the client receives. */
static void cut_at_each_byte(void **state)
{
    (void)state;
    webhdfs_open(&w);
    for (unsigned upload = 0; upload < 2; upload++) {
        w.rig.mem.cut = false;
        assert_false(run(upload == 1, 0, false, false, 1));
        uint64_t all = w.rig.mem.received;
        assert_true(all > 300);
        for (uint64_t at = 0; at < all; at++) {
            struct berth_webhdfs_transfer_config config = {.files = &files, .local = &local};
            webhdfs_reset(&w);
            memset(&mem_files, 0, sizeof mem_files);
            files = berth_mem_files_init(&mem_files);
            assert_int_equal(berth_mem_files_put(&mem_files, "/tmp/in", BERTH_TEXT("hello")), BERTH_OK);
            script(upload == 1);
            webhdfs_go(&w);
            w.rig.mem.cut = true;
            w.rig.mem.cut_after = at;
            config.fs = &w.fs;
            assert_int_equal(
                upload == 1
                    ? berth_webhdfs_upload(&transfer, &config, "/tmp/in", BERTH_TEXT("/user/lee/x"))
                    : berth_webhdfs_download(&transfer, &config, BERTH_TEXT("/user/lee/x"), "/tmp/out"),
                BERTH_OK);
            assert_true(berth_webhdfs_transfer_run(&transfer, 300000) != BERTH_OK);
            assert_int_equal(berth_mem_files_open_count(&mem_files), 0);
            assert_true(berth_mem_files_text(&mem_files, "/tmp/out").ptr == NULL);
            assert_true(transfer.call.result.message[0] != '\0');
        }
        w.rig.mem.cut = false;
    }
    webhdfs_close(&w);
}

/* Given up while the server is asked to delete the old file: the new one may be the only one, and stays. */
static void cancelled_while_the_old_one_goes(void **state)
{
    struct berth_webhdfs_transfer_config config = {.files = &files, .local = &local, .overwrite = true};
    (void)state;
    webhdfs_open(&w);
    memset(&mem_files, 0, sizeof mem_files);
    files = berth_mem_files_init(&mem_files);
    assert_int_equal(berth_mem_files_put(&mem_files, "/tmp/in", BERTH_TEXT("hello")), BERTH_OK);
    answer("op=GETFILESTATUS", IS_FILE);
    answer("op=CREATE", TO_DATANODE);
    webhdfs_next(&w);
    answer("hello", STORED);
    webhdfs_next(&w);
    answer("op=GETFILESTATUS", IS_FILE);
    answer("op=RENAME", WEBHDFS_JSON "Content-Length: 17\r\n\r\n{\"boolean\":false}");
    webhdfs_go(&w);
    config.fs = &w.fs;
    assert_int_equal(berth_webhdfs_upload(&transfer, &config, "/tmp/in", BERTH_TEXT("/user/lee/x")),
                     BERTH_OK);
    assert_int_equal(berth_webhdfs_transfer_start(&transfer, 0), BERTH_OK);
    for (unsigned steps = 0; !rig_was_sent(&w.rig, "op=DELETE"); steps++) {
        assert_int_equal(berth_webhdfs_transfer_step(&transfer, 0), BERTH_E_WOULD_BLOCK);
        assert_true(steps < 1000);
    }
    berth_webhdfs_transfer_cancel(&transfer);
    assert_string_equal(transfer.leftover, ""); /* nothing is to be removed */
    assert_non_null(strstr(transfer.call.result.message, "/user/lee/x.tmp-"));
    assert_non_null(strstr(transfer.call.result.message, "whole"));
    webhdfs_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_port_call_fails),
                                       cmocka_unit_test(cut_at_each_byte),
                                       cmocka_unit_test(cancelled_while_the_old_one_goes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
