/* The store over real files, its process killed: at every single system call of every change (before it,
 * after it, in the middle of a write), and by SIGKILL at random moments of a busy life. Then the next process
 * recovers: each row exactly once, what was acknowledged is there. */
#define _GNU_SOURCE
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
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "berth/port_posix.h"
#include "seed.h"
#include "store_state.h"
#include "store_suite.h"

#define KEYS 512
#define KILLED 77
#define UNTOUCHED 78 /* there were not that many calls */

/* ---- System calls that end the process -------------------------------------------------------- */

/* The port's calls come here before they go to the system: names in a program come before libc's. */
enum cut { CUT_BEFORE, CUT_AFTER, CUT_WITHIN, CUT_FAIL };
static int calls, kill_at; /* 0: never */
static enum cut cut;
static int fail_errno; /* of CUT_FAIL: the call has no effect (but for close) and the process goes on */

static bool due(void)
{
    calls++;
    if (kill_at != calls)
        return false;
    if (cut == CUT_BEFORE)
        _exit(KILLED);
    return true;
}

static bool fails(bool hit)
{
    return hit && cut == CUT_FAIL;
}

static long ended(bool hit, long result)
{
    if (fails(hit))
        result = -fail_errno;
    else if (hit)
        _exit(KILLED);
    if (result < 0)
        errno = (int)-result;
    return result < 0 ? -1 : result;
}

static long call(long result)
{
    return result < 0 ? -(long)errno : result;
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    unsigned mode = flags & O_CREAT ? va_arg(list, unsigned) : 0;
    va_end(list);
    bool hit = due();
    return (int)ended(hit, fails(hit) ? -1 : call(syscall(SYS_openat, folder, path, flags, mode)));
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    bool hit = due();
    if (hit && cut == CUT_WITHIN)
        len /= 2;
    return ended(hit, fails(hit) ? -1 : call(syscall(SYS_write, fd, bytes, len)));
}

int fsync(int fd)
{
    bool hit = due();
    return (int)ended(hit, fails(hit) ? -1 : call(syscall(SYS_fsync, fd)));
}

int close(int fd)
{
    bool hit = due();
    return (int)ended(hit, call(syscall(SYS_close, fd)));
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    bool hit = due();
    return (int)ended(hit,
                      fails(hit) ? -1 : call(syscall(SYS_renameat2, from_folder, from, to_folder, to, 0)));
}

int unlinkat(int folder, const char *path, int flags)
{
    bool hit = due();
    return (int)ended(hit, fails(hit) ? -1 : call(syscall(SYS_unlinkat, folder, path, flags)));
}

int fchmod(int fd, mode_t mode)
{
    bool hit = due();
    return (int)ended(hit, fails(hit) ? -1 : call(syscall(SYS_fchmod, fd, mode)));
}

int fchown(int fd, uid_t owner, gid_t group)
{
    bool hit = due();
#ifdef SYS_fchown32 /* SYS_fchown of 32-bit systems is the one for 16-bit numbers */
    return (int)ended(hit, fails(hit) ? -1 : call(syscall(SYS_fchown32, fd, owner, group)));
#else
    return (int)ended(hit, fails(hit) ? -1 : call(syscall(SYS_fchown, fd, owner, group)));
#endif
}

int flock(int fd, int operation)
{
    bool hit = due();
    return (int)ended(hit, fails(hit) ? -1 : call(syscall(SYS_flock, fd, operation)));
}

/* ---- A folder --------------------------------------------------------------------------------- */

static char folder[64], jobs[80], users[80];

static const char *in(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static struct berth_text get(const char *name, char *buf, size_t cap)
{
    FILE *f = fopen(in(name), "r");
    assert_non_null(f);
    size_t len = fread(buf, 1, cap, f);
    assert_int_equal(fclose(f), 0);
    return berth_text_make(buf, len);
}

static struct berth_posix_files posix;
static struct berth_files files;
static struct berth_store_files store_state;
static struct berth_store_key keys[KEYS];

static struct berth_store open_store(void)
{
    files = berth_posix_files_init(&posix);
    const struct berth_store_files_config config = {&files, jobs, users, keys, KEYS};
    return berth_store_files_init(&store_state, &config);
}

static int make_folder(void **state)
{
    (void)state;
    /* in memory where that can be: thousands of flushes are due */
    snprintf(folder, sizeof folder, "%s/berth-kill-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(jobs, sizeof jobs, "%s/jobs", folder);
    snprintf(users, sizeof users, "%s/users.yaml", folder);
    assert_int_equal(mkdir(jobs, 0755), 0);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    files = berth_posix_files_init(&posix);
    return files.remove_tree(files.ctx, folder) == BERTH_OK ? 0 : -1;
}

/* ---- Every call ------------------------------------------------------------------------------- */

static void put_files(void)
{
    static const char *const NAMES[] = {"jobs/booking.csv", "jobs/using.csv", "jobs/used.csv"};
    char document[1024];
    for (int stage = 0; stage < BERTH_STAGE_COUNT; stage++) {
        store_state_document((enum berth_stage)stage, document);
        put(NAMES[stage], document);
    }
    put("users.yaml", "m1:\n");
    put("jobs/monitor_exec", "now\n");
}

/* Runs the change in a process of its own; its exit code: 0, 1 for a failure, KILLED, UNTOUCHED. */
static int run_cut(enum store_change change, int at, enum cut how)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct berth_store store = open_store();
        calls = 0;
        cut = how;
        kill_at = at;
        enum berth_status status = store_state_change(&store, change);
        kill_at = 0;
        _exit(calls < at ? UNTOUCHED : status == BERTH_OK ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static unsigned temporary_files(void)
{
    static const char *const NAMES[] = {"jobs/.booking.csv.new", "jobs/.using.csv.new", "jobs/.used.csv.new",
                                        "jobs/.monitor_exec.new", ".users.yaml.new"};
    unsigned count = 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        count += access(in(NAMES[i]), F_OK) == 0;
    return count;
}

static bool look(enum store_change change)
{
    char users_buf[64], notices_buf[64];
    struct berth_store store = open_store();
    assert_int_equal(store.begin(store.ctx, 1000), BERTH_OK); /* the dead one's lock is gone */
    bool changed = store_state_changed(&store, change, get("users.yaml", users_buf, sizeof users_buf),
                                       get("jobs/monitor_exec", notices_buf, sizeof notices_buf));
    store.end(store.ctx);
    return changed;
}

static void cut_change(enum store_change change, enum cut how)
{
    unsigned left = 0, done = 0, undone = 0;
    for (int at = 1;; at++) {
        put_files();
        int code = run_cut(change, at, how);
        left += temporary_files();
        bool changed = look(change);
        assert_true(code == UNTOUCHED || code == KILLED);
        done += changed;
        undone += !changed;
        if (code == UNTOUCHED) {
            assert_true(changed);
            break;
        }
        if (!changed) { /* what was left behind is taken over */
            assert_int_equal(run_cut(change, 0, how), 0);
            assert_true(look(change));
        }
        assert_int_equal(temporary_files() > 1, 0);
        put_files();
        assert_true(at < 500);
    }
    assert_true(left > 0 && done > 0 && undone > 5);
}

static void test_killed_before_each_call(void **state)
{
    (void)state;
    for (int change = 0; change < STORE_CHANGES; change++)
        cut_change((enum store_change)change, CUT_BEFORE);
}

static void test_killed_after_each_call(void **state)
{
    (void)state;
    for (int change = 0; change < STORE_CHANGES; change++)
        cut_change((enum store_change)change, CUT_AFTER);
}

static void test_killed_within_each_write(void **state)
{
    (void)state;
    cut_change(STORE_ADD, CUT_WITHIN);
    cut_change(STORE_EXPIRE, CUT_WITHIN);
    cut_change(STORE_NOTIFY, CUT_WITHIN);
}

/* A disk that fails, or is full, at one call: the change is there or not, and the next one finds all in
 * order. */
static void fail_change(enum store_change change)
{
    unsigned failed = 0;
    for (int at = 1;; at++) {
        fail_errno = at % 2 ? EIO : ENOSPC;
        put_files();
        int code = run_cut(change, at, CUT_FAIL);
        assert_true(code == 0 || code == 1 || code == UNTOUCHED);
        failed += code == 1;
        bool changed = look(change);
        if (code != 1)
            assert_true(changed);
        if (!changed) {
            assert_int_equal(run_cut(change, 0, CUT_FAIL), 0);
            assert_true(look(change));
        }
        if (code == UNTOUCHED)
            break;
        assert_true(at < 500);
    }
    assert_true(failed > 5);
}

static void test_each_call_fails(void **state)
{
    (void)state;
    for (int change = 0; change < STORE_CHANGES; change++)
        fail_change((enum store_change)change);
}

/* ---- Any moment ------------------------------------------------------------------------------- */

#define LIFE_ROWS 15

/* A busy process: rows are added and moved on, and each that is done is told to the parent. */
static void live(uint64_t seed, int tell)
{
    struct berth_store store = open_store();
    for (;;) {
        char text[16];
        unsigned number = 1 + (unsigned)seed_below(&seed, LIFE_ROWS - 1);
        int from = (int)seed_below(&seed, 3) - 1;
        const struct berth_record record = store_record(number, text);
        if (store.begin(store.ctx, 1000) != BERTH_OK)
            _exit(1);
        enum berth_status status = from < 0
                                       ? store.add(store.ctx, &record)
                                       : store.move(store.ctx, record.user_id, record.start_s,
                                                    (enum berth_stage)from, (enum berth_stage)(from + 1));
        const unsigned char done[2] = {(unsigned char)number, (unsigned char)(from + 1)};
        if (status == BERTH_OK)
            (void)write(tell, done, sizeof done);
        else if (status != BERTH_E_EXISTS && status != BERTH_E_NOT_FOUND)
            _exit(1);
        store.end(store.ctx);
    }
}

static void test_killed_at_any_moment(void **state)
{
    (void)state;
    uint64_t seed = seed_start("killed at any moment");
    int acknowledged[LIFE_ROWS];
    memset(acknowledged, -1, sizeof acknowledged);
    (void)unlink(in("jobs/booking.csv"));
    (void)unlink(in("jobs/using.csv"));
    (void)unlink(in("jobs/used.csv"));
    for (unsigned run = 0; run < 60; run++) {
        int pipe_fds[2], status = 0;
        assert_int_equal(pipe(pipe_fds), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            live(seed_next(&seed), pipe_fds[1]);
        (void)close(pipe_fds[1]);
        (void)usleep((unsigned)seed_below(&seed, 20000));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        unsigned char done[2];
        while (read(pipe_fds[0], done, sizeof done) == (ssize_t)sizeof done)
            acknowledged[done[0]] = done[1];
        (void)close(pipe_fds[0]);
        struct berth_store store = open_store();
        struct store_state seen;
        assert_int_equal(store.begin(store.ctx, 1000), BERTH_OK);
        store_state_read(&store, &seen); /* each once */
        for (unsigned i = 1; i < LIFE_ROWS; i++) {
            /* what was told has happened; one more step may have */
            assert_true(seen.stage[i] == acknowledged[i] || seen.stage[i] == acknowledged[i] + 1);
            acknowledged[i] = seen.stage[i];
        }
        store.end(store.ctx);
        unsigned over = 0;
        for (unsigned i = 1; i < LIFE_ROWS; i++)
            over += acknowledged[i] == BERTH_STAGE_USED;
        if (over > LIFE_ROWS / 2) {
            put("jobs/used.csv", "");
            for (unsigned i = 1; i < LIFE_ROWS; i++)
                acknowledged[i] = acknowledged[i] == BERTH_STAGE_USED ? -1 : acknowledged[i];
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_before_each_call, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_killed_after_each_call, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_killed_within_each_write, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_each_call_fails, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_killed_at_any_moment, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
