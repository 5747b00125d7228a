/* The posix port's child processes: how they start, talk, end and are cleaned up. */
#define _GNU_SOURCE 1
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "berth/port_posix.h"

static struct berth_posix_proc posix;
static struct berth_proc proc;
static int fds_before;

static int count_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int setup(void **state)
{
    (void)state;
    fds_before = count_fds();
    proc = berth_posix_proc_init(&posix, NULL);
    return 0;
}

/* After every test: no descriptor more, no child left. */
static int teardown(void **state)
{
    (void)state;
    assert_int_equal(count_fds(), fds_before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return 0;
}

static berth_child spawn_shell(const char *script, bool capture)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct berth_spawn spawn = {.argv = argv, .capture = capture};
    berth_child child = proc.spawn(proc.ctx, &spawn);
    assert_true(child >= 0);
    return child;
}

static struct berth_child_state wait_end(berth_child child)
{
    struct berth_child_state state = {BERTH_CHILD_RUNNING, 0};
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(proc.state(proc.ctx, child, &state), BERTH_OK);
        if (state.end != BERTH_CHILD_RUNNING)
            return state;
        usleep(5000);
    }
    fail_msg("the child does not end");
    return state;
}

/* All of the captured output as a string. */
static size_t read_all(berth_child child, char *buf, size_t cap)
{
    size_t len = 0;
    for (;;) {
        ptrdiff_t got = proc.read(proc.ctx, child, buf + len, cap - 1 - len, 5000);
        assert_true(got >= 0);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    buf[len] = 0;
    return len;
}

static void exit_codes(void **state)
{
    (void)state;
    static const int codes[] = {0, 1, 42, 127, 255};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char script[16];
        snprintf(script, sizeof script, "exit %d", codes[i]);
        berth_child child = spawn_shell(script, false);
        struct berth_child_state end = wait_end(child);
        assert_int_equal(end.end, BERTH_CHILD_EXITED);
        assert_int_equal(end.code, codes[i]);
        /* The same again: looking does not use it up. */
        end = wait_end(child);
        assert_int_equal(end.code, codes[i]);
        proc.release(proc.ctx, child);
        proc.release(proc.ctx, child);
        assert_int_equal(proc.state(proc.ctx, child, &end), BERTH_E_ARGUMENT);
    }
    berth_child child = spawn_shell("kill -9 $$", false);
    struct berth_child_state end = wait_end(child);
    assert_int_equal(end.end, BERTH_CHILD_SIGNALLED);
    assert_int_equal(end.code, 9);
    proc.release(proc.ctx, child);
}

static void captures_both_outputs(void **state)
{
    (void)state;
    char buf[256];
    berth_child child = spawn_shell("echo out; echo err >&2; cat; echo end", true);
    read_all(child, buf, sizeof buf);
    assert_string_equal(buf, "out\nerr\nend\n");
    assert_int_equal(wait_end(child).code, 0);
    proc.release(proc.ctx, child);
    child = spawn_shell("echo lost", false);
    assert_int_equal(proc.read(proc.ctx, child, buf, sizeof buf, 1000), 0);
    wait_end(child);
    proc.release(proc.ctx, child);
}

static void keeps_the_outputs_apart(void **state)
{
    (void)state;
    char buf[256];
    const char *argv[] = {"sh", "-c", "echo out; echo err >&2; sleep 0.1; echo more", NULL};
    struct berth_spawn spawn = {.argv = argv, .capture = true, .separate = true};
    berth_child child = proc.spawn(proc.ctx, &spawn);
    assert_true(child >= 0);
    assert_true(berth_posix_proc_errors_fd(&posix, child) > 2);
    assert_true(berth_posix_proc_errors_fd(&posix, child) != berth_posix_proc_output_fd(&posix, child));
    read_all(child, buf, sizeof buf);
    assert_string_equal(buf, "out\nmore\n");
    assert_int_equal(proc.read_errors(proc.ctx, child, buf, sizeof buf, 1000), 4);
    assert_memory_equal(buf, "err\n", 4);
    assert_int_equal(proc.read_errors(proc.ctx, child, buf, sizeof buf, 1000), 0);
    wait_end(child);
    proc.release(proc.ctx, child);
    assert_int_equal(proc.read_errors(proc.ctx, child, buf, sizeof buf, 0), BERTH_E_ARGUMENT);
    child = spawn_shell("echo both >&2", true);
    assert_int_equal(berth_posix_proc_errors_fd(&posix, child), -1);
    assert_int_equal(proc.read_errors(proc.ctx, child, buf, sizeof buf, 0), 0);
    read_all(child, buf, sizeof buf);
    assert_string_equal(buf, "both\n");
    wait_end(child);
    proc.release(proc.ctx, child);
}

static void hands_over_the_input(void **state)
{
    (void)state;
    static char given[BERTH_SPAWN_INPUT + 1], got[BERTH_SPAWN_INPUT + 2];
    static const size_t lengths[] = {1, 23, BERTH_SPAWN_INPUT - 1, BERTH_SPAWN_INPUT};
    const char *argv[] = {"sh", "-c", "sleep 0.05; cat", NULL};
    memset(given, 'x', sizeof given);
    given[0] = '\0'; /* no byte is special */
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct berth_spawn spawn = {
            .argv = argv, .capture = true, .input = berth_text_make(given, lengths[i])};
        berth_child child = proc.spawn(proc.ctx, &spawn);
        assert_true(child >= 0);
        assert_int_equal(read_all(child, got, sizeof got), lengths[i]);
        assert_memory_equal(got, given, lengths[i]);
        assert_int_equal(wait_end(child).code, 0);
        proc.release(proc.ctx, child);
    }
    struct berth_spawn spawn = {.argv = argv, .input = berth_text_make(given, sizeof given)};
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_SPACE);
    /* A child that does not read it is no error, nor is one that cannot be started. */
    const char *deaf[] = {"true", NULL}, *absent[] = {"/no/such/program", NULL};
    spawn = (struct berth_spawn){.argv = deaf, .input = BERTH_TEXT("secret")};
    berth_child child = proc.spawn(proc.ctx, &spawn);
    assert_true(child >= 0);
    assert_int_equal(wait_end(child).code, 0);
    proc.release(proc.ctx, child);
    spawn.argv = absent;
    spawn.capture = spawn.separate = true;
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_NO_FILE);
}

static void large_output(void **state)
{
    (void)state;
    static char buf[65536];
    size_t total = 0;
    berth_child child = spawn_shell("head -c 5000000 /dev/zero", true);
    /* Nothing is lost when nobody reads for a while. */
    usleep(50000);
    for (;;) {
        ptrdiff_t got = proc.read(proc.ctx, child, buf, sizeof buf, 5000);
        assert_true(got >= 0);
        if (got == 0)
            break;
        total += (size_t)got;
    }
    assert_int_equal(total, 5000000);
    wait_end(child);
    proc.release(proc.ctx, child);
}

static void reading_waits_as_told(void **state)
{
    (void)state;
    char buf[16];
    berth_child child = spawn_shell("sleep 0.3; echo x; sleep 10", true);
    assert_int_equal(proc.read(proc.ctx, child, buf, sizeof buf, 0), BERTH_E_WOULD_BLOCK);
    assert_int_equal(proc.read(proc.ctx, child, buf, sizeof buf, 20), BERTH_E_WOULD_BLOCK);
    struct berth_posix_poll_item items[] = {
        {berth_posix_proc_output_fd(&posix, child), BERTH_WANT_READ, 0},
        {berth_posix_proc_end_fd(&posix, child), BERTH_WANT_READ, 0},
    };
    assert_int_equal(berth_posix_poll(items, 2, 5000, NULL), 1);
    assert_int_equal(items[0].ready, BERTH_WANT_READ);
    assert_int_equal(proc.read(proc.ctx, child, buf, sizeof buf, 0), 2);
    assert_int_equal(proc.signal(proc.ctx, child, SIGTERM), BERTH_OK);
    if (items[1].fd >= 0) {
        assert_int_equal(berth_posix_poll(items + 1, 1, 5000, NULL), 1);
        struct berth_child_state end;
        assert_int_equal(proc.state(proc.ctx, child, &end), BERTH_OK);
        assert_int_equal(end.end, BERTH_CHILD_SIGNALLED);
        assert_int_equal(end.code, SIGTERM);
    }
    proc.release(proc.ctx, child);
    assert_int_equal(berth_posix_proc_output_fd(&posix, child), -1);
    assert_int_equal(berth_posix_proc_pid(&posix, child), 0);
}

static void what_cannot_be_started(void **state)
{
    (void)state;
    char folder[] = "/tmp/berth-proc-XXXXXX";
    char file[64];
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/plain", folder);
    close(open(file, O_CREAT | O_WRONLY, 0644));
    const char *none[] = {NULL};
    const char *empty[] = {"", NULL};
    const char *absent[] = {"no-such-program-anywhere", NULL};
    const char *absent_path[] = {"/no/such/program", NULL};
    const char *not_executable[] = {file, NULL};
    const char *sh[] = {"sh", "-c", "exit 0", NULL};
    struct berth_spawn spawn = {.argv = none, .capture = true};
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_ARGUMENT);
    spawn.argv = empty;
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_NO_FILE);
    spawn.argv = absent;
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_NO_FILE);
    spawn.argv = absent_path;
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_NO_FILE);
    assert_int_equal(berth_posix_proc_errno(&posix), ENOENT);
    spawn.argv = not_executable;
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_PERMISSION);
    spawn.argv = sh;
    spawn.folder = "/no/such/folder";
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_NO_FILE);
    /* Found in a folder of PATH that may not be used, and nowhere else. */
    const char *env[] = {"PATH=:/nowhere:", NULL};
    spawn.folder = NULL;
    spawn.env = env;
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_NO_FILE);
    chmod(file, 0755);
    const char *text[] = {file, NULL};
    spawn.argv = text;
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_IO);
    assert_int_equal(berth_posix_proc_errno(&posix), ENOEXEC);
    unlink(file);
    rmdir(folder);
}

static void environment_folder_and_path(void **state)
{
    (void)state;
    char folder[] = "/tmp/berth-proc-XXXXXX";
    char file[64];
    char path[96];
    char buf[256];
    char expected[128];
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/own-tool", folder);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
    assert_int_equal(write(fd, "#!/bin/sh\necho $X; pwd; echo $HOME.\n", 36), 36);
    close(fd);
    snprintf(path, sizeof path, "PATH=/nowhere:%s", folder);
    const char *argv[] = {"own-tool", NULL};
    const char *env[] = {"X=seen", path, NULL};
    struct berth_spawn spawn = {.argv = argv, .env = env, .folder = folder, .capture = true};
    berth_child child = proc.spawn(proc.ctx, &spawn);
    assert_true(child >= 0);
    read_all(child, buf, sizeof buf);
    snprintf(expected, sizeof expected, "seen\n%s\n.\n", folder);
    assert_string_equal(buf, expected);
    proc.release(proc.ctx, child);
    unlink(file);
    rmdir(folder);
}

/* Signals are at their defaults, nothing else is open, the child leads its own group. */
static void starts_clean(void **state)
{
    (void)state;
    char buf[1024];
    sigset_t usr1;
    sigset_t before;
    int leak = open("/dev/null", O_RDONLY);
    signal(SIGUSR2, SIG_IGN);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, &before);
    berth_child child = spawn_shell(
        "ls /proc/self/fd | tr '\\n' ' '; grep -E 'Sig(Blk|Ign)' /proc/self/status | "
        /* Signal 32 is libc's own: nobody may set it, and make (posix_spawn) leaves it ignored. */
        "sed 's/8\\(.......\\)$/0\\1/'; "
        "cut -d' ' -f5 /proc/$$/stat",
        true);
    read_all(child, buf, sizeof buf);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR2, SIG_DFL);
    close(leak);
    char expected[256];
    /* 3 is ls reading the folder. */
    snprintf(expected, sizeof expected, "0 1 2 3 SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n%d\n",
             berth_posix_proc_pid(&posix, child));
    assert_string_equal(buf, expected);
    proc.release(proc.ctx, child);
}

/* The whole group dies, grandchildren included, also when the leader has ended before. */
static void ends_the_whole_group(void **state)
{
    (void)state;
    char buf[64];
    berth_child child = spawn_shell("sleep 100 & echo $!; wait", true);
    ptrdiff_t got = proc.read(proc.ctx, child, buf, sizeof buf - 1, 5000);
    assert_true(got > 0);
    buf[got] = 0;
    pid_t grandchild = (pid_t)strtol(buf, NULL, 10);
    assert_int_equal(proc.signal(proc.ctx, child, SIGTERM), BERTH_OK);
    assert_int_equal(proc.read(proc.ctx, child, buf, sizeof buf, 5000), 0);
    assert_int_equal(wait_end(child).code, SIGTERM);
    proc.release(proc.ctx, child);
    for (int i = 0; i < 200 && kill(grandchild, 0) == 0; i++) {
        char name[64];
        snprintf(name, sizeof name, "/proc/%d/stat", grandchild);
        FILE *f = fopen(name, "r");
        char kind = 0;
        if (f && fscanf(f, "%*d %*s %c", &kind) == 1 && kind == 'Z') {
            fclose(f);
            break;
        }
        if (f)
            fclose(f);
        assert_int_not_equal(i, 199);
        usleep(10000);
    }
    child = spawn_shell("sleep 100 & exit 3", true);
    assert_int_equal(wait_end(child).code, 3);
    assert_int_equal(proc.read(proc.ctx, child, buf, sizeof buf, 0), BERTH_E_WOULD_BLOCK);
    int out = dup(berth_posix_proc_output_fd(&posix, child));
    proc.release(proc.ctx, child);
    /* The pipe's last writer is gone. */
    struct berth_posix_poll_item item = {out, BERTH_WANT_READ, 0};
    assert_int_equal(berth_posix_poll(&item, 1, 5000, NULL), 1);
    assert_int_equal(read(out, buf, sizeof buf), 0);
    close(out);
}

static void a_bounded_number(void **state)
{
    (void)state;
    berth_child children[BERTH_POSIX_CHILDREN];
    const char *argv[] = {"sleep", "100", NULL};
    struct berth_spawn spawn = {.argv = argv};
    for (int i = 0; i < BERTH_POSIX_CHILDREN; i++) {
        children[i] = proc.spawn(proc.ctx, &spawn);
        assert_true(children[i] >= 0);
    }
    assert_int_equal(proc.spawn(proc.ctx, &spawn), BERTH_E_SPACE);
    proc.release(proc.ctx, children[3]);
    assert_int_equal(proc.spawn(proc.ctx, &spawn), children[3]);
    for (int i = 0; i < BERTH_POSIX_CHILDREN; i++)
        proc.release(proc.ctx, children[i]);
}

static void ends_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t middle = fork();
    if (middle == 0) {
        struct berth_posix_proc_config config = {.end_with_parent = true};
        struct berth_proc inner = berth_posix_proc_init(&posix, &config);
        const char *argv[] = {"sleep", "100", NULL};
        struct berth_spawn spawn = {.argv = argv, .inherit = true};
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        if (inner.spawn(inner.ctx, &spawn) < 0)
            _exit(1);
        raise(SIGKILL);
    }
    close(ends[1]);
    waitpid(middle, NULL, 0);
    /* The grandchild held the pipe as its standard output. */
    struct berth_posix_poll_item item = {ends[0], BERTH_WANT_READ, 0};
    assert_int_equal(berth_posix_poll(&item, 1, 5000, NULL), 1);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

/* A program whose own standard files are closed still starts children correctly. */
static void without_standard_files(void **state)
{
    (void)state;
    pid_t middle = fork();
    if (middle == 0) {
        char buf[32];
        close(0);
        close(1);
        close(2);
        const char *argv[] = {"sh", "-c", "echo out; echo err >&2; cat", NULL};
        struct berth_spawn spawn = {.argv = argv, .capture = true};
        berth_child child = proc.spawn(proc.ctx, &spawn);
        if (child < 0)
            _exit(1);
        size_t len = 0;
        ptrdiff_t got;
        while ((got = proc.read(proc.ctx, child, buf + len, sizeof buf - len, 5000)) > 0)
            len += (size_t)got;
        proc.release(proc.ctx, child);
        _exit(got == 0 && len == 8 && memcmp(buf, "out\nerr\n", 8) == 0 ? 0 : 2);
    }
    int status = 0;
    waitpid(middle, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exit_codes),
        TEST(captures_both_outputs),
        TEST(keeps_the_outputs_apart),
        TEST(hands_over_the_input),
        TEST(large_output),
        TEST(reading_waits_as_told),
        TEST(what_cannot_be_started),
        TEST(environment_folder_and_path),
        TEST(starts_clean),
        TEST(ends_the_whole_group),
        TEST(a_bounded_number),
        TEST(ends_with_its_parent),
        TEST(without_standard_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
