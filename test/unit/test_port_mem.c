/* The memory and null ports: the tests' own tools have to be right. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/port_mem.h"
#include "berth/port_null.h"

#define TEXT(t) BERTH_TEXT_INIT(t)

static const struct berth_endpoint to = {TEXT("peer.example"), 80, {NULL, 0}};

static void a_scripted_exchange(void **state)
{
    (void)state;
    static const struct berth_mem_step steps[] = {
        {BERTH_MEM_AWAIT, TEXT("GET"), 0},
        {BERTH_MEM_BYTES, TEXT("hello"), 0},
        {BERTH_MEM_STALL, {NULL, 0}, 500},
        {BERTH_MEM_BYTES, TEXT("world"), 0},
        {BERTH_MEM_CLOSE, {NULL, 0}, 0},
        {BERTH_MEM_NEXT, {NULL, 0}, 0},
        {BERTH_MEM_REFUSE, {NULL, 0}, BERTH_E_TIMEOUT},
        {BERTH_MEM_NEXT, {NULL, 0}, 0},
        {BERTH_MEM_RESET, {NULL, 0}, 0},
    };
    char out[64];
    char buf[64];
    struct berth_mem_clock clock = {.civil_start_s = 1000};
    struct berth_mem_net mem = {.steps = steps,
                                .step_count = sizeof steps / sizeof steps[0],
                                .clock = &clock,
                                .out = out,
                                .out_cap = sizeof out,
                                .recv_piece = 3};
    struct berth_net net = berth_mem_net_init(&mem, false);
    struct berth_clock c = berth_mem_clock_init(&clock);
    assert_null(net.secure);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_OK);
    assert_string_equal(mem.host, "peer.example");
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 100), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.want(net.ctx), BERTH_WANT_READ);
    assert_int_equal(clock.now_ms, 100);
    assert_int_equal(net.send(net.ctx, "GE", 2, 0), 2);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.send(net.ctx, "T", 1, 0), 1);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 0), 3);
    assert_int_equal(net.recv(net.ctx, buf + 3, sizeof buf - 3, 0), 2);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 100), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.recv(net.ctx, buf + 5, sizeof buf - 5, 1000), 3);
    assert_int_equal(c.monotonic_ms(c.ctx), 600);
    assert_int_equal(net.recv(net.ctx, buf + 8, 1, 0), 1);
    assert_int_equal(net.recv(net.ctx, buf + 9, 8, 0), 1);
    assert_memory_equal(buf, "helloworld", 10);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 0), 0);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 0), 0);
    net.close(net.ctx);
    net.close(net.ctx);
    assert_int_equal(mem.closes, 1);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 0), BERTH_E_STATE);
    assert_int_equal(mem.broken_rules, 1);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_TIMEOUT);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_OK);
    assert_int_equal(net.send(net.ctx, "x", 1, 0), BERTH_E_RESET);
    assert_int_equal(net.recv(net.ctx, buf, sizeof buf, 0), BERTH_E_RESET);
    net.close(net.ctx);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_CONNECT);
    assert_int_equal(mem.connects, 2);
    assert_int_equal(mem.received, 10);
    assert_int_equal(mem.out_len, 3);
    c.sleep_ms(c.ctx, 2500);
    assert_int_equal(c.civil_s(c.ctx), 1003);
    assert_int_equal(clock.slept_ms, 2500);
}

static void blocking_and_pieces(void **state)
{
    (void)state;
    static const struct berth_mem_step steps[] = {{BERTH_MEM_STALL, {NULL, 0}, 2},
                                                  {BERTH_MEM_BYTES, TEXT("abcdef"), 0}};
    char out[4];
    char buf[8];
    struct berth_mem_net mem = {.steps = steps,
                                .step_count = 2,
                                .out = out,
                                .out_cap = sizeof out,
                                .send_piece = 2,
                                .block_between = true};
    struct berth_net net = berth_mem_net_init(&mem, true);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.want(net.ctx), BERTH_WANT_WRITE);
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_OK);
    assert_int_equal(net.secure(net.ctx, to.host, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.secure(net.ctx, to.host, 0), BERTH_OK);
    assert_string_equal(mem.secure_name, "peer.example");
    assert_int_equal(net.send(net.ctx, "12345", 5, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.send(net.ctx, "12345", 5, 0), 2);
    mem.block_between = false;
    assert_int_equal(net.send(net.ctx, "345", 3, 0), 2);
    assert_int_equal(net.send(net.ctx, "5", 1, 0), 1);
    assert_int_equal(mem.out_len, 5);
    assert_memory_equal(out, "1234", 4);
    assert_int_equal(net.recv(net.ctx, buf, 8, 10), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.recv(net.ctx, buf, 8, 10), BERTH_E_WOULD_BLOCK);
    mem.cut = true;
    mem.cut_after = 4;
    mem.cut_by = BERTH_E_TLS;
    assert_int_equal(net.recv(net.ctx, buf, 8, 10), 4);
    assert_int_equal(net.recv(net.ctx, buf, 8, 10), BERTH_E_TLS);
    mem.cut = false;
    assert_int_equal(net.recv(net.ctx, buf, 8, 10), 2);
    assert_int_equal(net.recv(net.ctx, buf, 8, 10), BERTH_E_WOULD_BLOCK);
    assert_int_equal(net.recv(net.ctx, buf, 0, 10), BERTH_E_STATE);
    assert_int_equal(mem.broken_rules, 1);
}

static void faults_are_counted_over_all_ports(void **state)
{
    (void)state;
    static struct berth_mem_files mem_files;
    struct berth_mem_faults faults = {0};
    struct berth_mem_rand mem_rand = {.script = TEXT("ab"), .faults = &faults};
    struct berth_mem_net mem_net = {.faults = &faults};
    struct berth_net net = berth_mem_net_init(&mem_net, false);
    struct berth_rand rand = berth_mem_rand_init(&mem_rand);
    struct berth_files files = berth_mem_files_init(&mem_files);
    char buf[4];
    mem_files.faults = &faults;
    faults.fail_at = 3;
    assert_int_equal(net.connect(net.ctx, &to, 0), BERTH_OK);
    assert_int_equal(rand.fill(rand.ctx, buf, 4), BERTH_OK);
    assert_memory_equal(buf, "ab", 2);
    assert_false(faults.tripped);
    assert_int_equal(files.open(files.ctx, "f", BERTH_FILE_NEW, 0600), BERTH_E_IO);
    assert_true(faults.tripped);
    assert_int_equal(files.open(files.ctx, "f", BERTH_FILE_NEW, 0600), 0);
    faults.for_good = true;
    assert_int_equal(net.send(net.ctx, "x", 1, 0), BERTH_E_RESET);
    assert_int_equal(rand.fill(rand.ctx, buf, 4), BERTH_E_ENTROPY);
    faults.status = BERTH_E_DISK_FULL;
    assert_int_equal(files.write(files.ctx, 0, "x", 1), BERTH_E_DISK_FULL);
    assert_int_equal(faults.calls, 7);
    faults.fail_at = 0;
    assert_int_equal(files.commit(files.ctx, 0), BERTH_E_IO);
    assert_int_equal(berth_mem_files_open_count(&mem_files), 0);
}

static enum berth_status put(struct berth_files *files, const char *path, enum berth_file_mode mode,
                             const char *text, bool commit)
{
    berth_file file = files->open(files->ctx, path, mode, 0600);
    if (file < 0)
        return (enum berth_status)file;
    enum berth_status status = files->write(files->ctx, file, text, strlen(text));
    if (status == BERTH_OK && commit)
        return files->commit(files->ctx, file);
    files->close(files->ctx, file);
    return status;
}

static void assert_text(const struct berth_mem_files *mem, const char *path, const char *expected)
{
    struct berth_text text = berth_mem_files_text(mem, path);
    if (!expected) {
        assert_null(text.ptr);
        return;
    }
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void files_and_crashes(void **state)
{
    (void)state;
    static struct berth_mem_files mem;
    struct berth_mem_clock clock = {0};
    struct berth_files files = berth_mem_files_init(&mem);
    static char big[BERTH_MEM_FILE_CAP + 1];
    char buf[8];
    uint64_t size;
    mem.clock = &clock;
    assert_int_equal(put(&files, "a", BERTH_FILE_REPLACE, "one", true), BERTH_OK);
    assert_int_equal(put(&files, "a", BERTH_FILE_REPLACE, "two", false), BERTH_OK);
    assert_text(&mem, "a", "one");
    assert_int_equal(put(&files, "a", BERTH_FILE_APPEND, ", two", true), BERTH_OK);
    assert_int_equal(put(&files, "a", BERTH_FILE_APPEND, ", lost", false), BERTH_OK);
    assert_text(&mem, "a", "one, two, lost");
    assert_int_equal(put(&files, "a", BERTH_FILE_NEW, "x", true), BERTH_E_EXISTS);
    assert_int_equal(put(&files, "b", BERTH_FILE_NEW, "x", false), BERTH_OK);
    assert_int_equal(put(&files, "d/c", BERTH_FILE_NEW, "x", true), BERTH_E_NO_FILE);
    assert_int_equal(files.make_folder(files.ctx, "d", 0700), BERTH_OK);
    assert_int_equal(put(&files, "d/c", BERTH_FILE_NEW, "x", true), BERTH_OK);
    berth_file lock = files.lock(files.ctx, "l", 0);
    assert_true(lock >= 0);
    assert_int_equal(files.lock(files.ctx, "l", 50), BERTH_E_LOCKED);
    assert_int_equal(clock.now_ms, 50);
    assert_true(files.open(files.ctx, "a", BERTH_FILE_REPLACE, 0600) >= 0);
    berth_mem_files_crash(&mem);
    assert_text(&mem, "a", "one, two");
    assert_text(&mem, "b", NULL);
    assert_text(&mem, "d/c", "x");
    assert_int_equal(berth_mem_files_count(&mem), 3);
    assert_true(files.lock(files.ctx, "l", 0) >= 0);
    berth_file file = files.open(files.ctx, "a", BERTH_FILE_READ, 0);
    assert_int_equal(files.size(files.ctx, file, &size), BERTH_OK);
    assert_int_equal(size, 8);
    assert_int_equal(files.seek(files.ctx, file, 5), BERTH_OK);
    assert_int_equal(put(&files, "a", BERTH_FILE_REPLACE, "new", true), BERTH_OK);
    assert_int_equal(files.read(files.ctx, file, buf, sizeof buf), 3);
    assert_memory_equal(buf, "two", 3);
    assert_int_equal(files.read(files.ctx, file, buf, sizeof buf), 0);
    files.close(files.ctx, file);
    assert_int_equal(files.rename(files.ctx, "a", "d/a"), BERTH_OK);
    assert_text(&mem, "d/a", "new");
    assert_int_equal(files.remove(files.ctx, "d"), BERTH_E_IO);
    assert_int_equal(files.remove_tree(files.ctx, "d"), BERTH_OK);
    assert_int_equal(files.remove_tree(files.ctx, "d"), BERTH_E_NO_FILE);
    assert_text(&mem, "d/a", NULL);
    file = files.open(files.ctx, "big", BERTH_FILE_REPLACE, 0600);
    assert_int_equal(files.write(files.ctx, file, big, sizeof big), BERTH_E_DISK_FULL);
    assert_int_equal(files.commit(files.ctx, file), BERTH_E_IO);
    assert_text(&mem, "big", NULL);
    assert_int_equal(berth_mem_files_put(&mem, "p", (struct berth_text)TEXT("put")), BERTH_OK);
    berth_mem_files_crash(&mem);
    assert_text(&mem, "p", "put");
}

static void nothing_is_provided(void **state)
{
    (void)state;
    struct berth_net net = berth_null_net();
    struct berth_files files = berth_null_files();
    struct berth_proc proc = berth_null_proc();
    struct berth_rand rand = berth_null_rand();
    struct berth_clock clock = berth_null_clock();
    const enum berth_status no = BERTH_E_NOT_PROVIDED;
    char buf[4] = "abc";
    struct berth_child_state child;
    struct berth_spawn spawn = {0};
    uint64_t size;
    assert_int_equal(net.connect(net.ctx, &to, 0), no);
    assert_int_equal(net.secure(net.ctx, to.host, 0), no);
    assert_int_equal(net.recv(net.ctx, buf, 4, 0), no);
    assert_int_equal(net.send(net.ctx, buf, 4, 0), no);
    assert_int_equal(net.want(net.ctx), 0);
    assert_true(net.reason(net.ctx).len > 0);
    net.close(net.ctx);
    assert_int_equal(rand.fill(rand.ctx, buf, 4), no);
    assert_string_equal(buf, "abc");
    assert_int_equal(clock.monotonic_ms(clock.ctx), 0);
    assert_int_equal(clock.civil_s(clock.ctx), 0);
    clock.sleep_ms(clock.ctx, 1000000);
    assert_int_equal(files.open(files.ctx, "x", BERTH_FILE_READ, 0), no);
    assert_int_equal(files.read(files.ctx, 0, buf, 4), no);
    assert_int_equal(files.write(files.ctx, 0, buf, 4), no);
    assert_int_equal(files.seek(files.ctx, 0, 0), no);
    assert_int_equal(files.size(files.ctx, 0, &size), no);
    assert_int_equal(files.commit(files.ctx, 0), no);
    assert_int_equal(files.remove(files.ctx, "x"), no);
    assert_int_equal(files.rename(files.ctx, "x", "y"), no);
    assert_int_equal(files.make_folder(files.ctx, "x", 0), no);
    assert_int_equal(files.remove_tree(files.ctx, "x"), no);
    assert_int_equal(files.lock(files.ctx, "x", 0), no);
    files.unlock(files.ctx, 0);
    files.close(files.ctx, 0);
    assert_int_equal(proc.spawn(proc.ctx, &spawn), no);
    assert_int_equal(proc.read(proc.ctx, 0, buf, 4, 0), no);
    assert_int_equal(proc.state(proc.ctx, 0, &child), no);
    assert_int_equal(proc.signal(proc.ctx, 0, 9), no);
    proc.release(proc.ctx, 0);
    assert_int_equal(proc.read_errors(proc.ctx, 0, buf, 4, 0), no);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scripted_exchange),
        cmocka_unit_test(blocking_and_pieces),
        cmocka_unit_test(faults_are_counted_over_all_ports),
        cmocka_unit_test(files_and_crashes),
        cmocka_unit_test(nothing_is_provided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
