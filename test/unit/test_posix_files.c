/* The posix port's files: what survives a kill, a full disk, a locked door. */
#define _GNU_SOURCE 1
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "berth/port_posix.h"

static struct berth_posix_files posix;
static struct berth_files files;
static char folder[64];
static int fds_before;

static int count_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* A path in the test's folder; four at a time. */
static const char *in(const char *name)
{
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int setup(void **state)
{
    (void)state;
    fds_before = count_fds();
    files = berth_posix_files_init(&posix);
    snprintf(folder, sizeof folder, "/tmp/berth-files-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(files.remove_tree(files.ctx, folder), BERTH_OK);
    assert_int_equal(access(folder, F_OK), -1);
    assert_int_equal(count_fds(), fds_before);
    return 0;
}

static enum berth_status put(const char *path, enum berth_file_mode mode, const char *text)
{
    berth_file file = files.open(files.ctx, path, mode, 0644);
    if (file < 0)
        return (enum berth_status)file;
    enum berth_status status = files.write(files.ctx, file, text, strlen(text));
    if (status != BERTH_OK) {
        files.close(files.ctx, file);
        return status;
    }
    return files.commit(files.ctx, file);
}

static void assert_holds(const char *path, const char *expected)
{
    char buf[256];
    size_t len = 0;
    ptrdiff_t got;
    berth_file file = files.open(files.ctx, path, BERTH_FILE_READ, 0);
    assert_true(file >= 0);
    while ((got = files.read(files.ctx, file, buf + len, 7)) > 0)
        len += (size_t)got;
    assert_int_equal(got, 0);
    buf[len] = 0;
    files.close(files.ctx, file);
    assert_string_equal(buf, expected);
}

static int entries(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static void reads_and_writes(void **state)
{
    (void)state;
    struct stat info;
    uint64_t size;
    char buf[8];
    assert_int_equal(put(in("a"), BERTH_FILE_REPLACE, "first"), BERTH_OK);
    assert_holds(in("a"), "first");
    assert_int_equal(put(in("a"), BERTH_FILE_REPLACE, "second"), BERTH_OK);
    assert_holds(in("a"), "second");
    assert_int_equal(put(in("a"), BERTH_FILE_APPEND, ", third"), BERTH_OK);
    assert_holds(in("a"), "second, third");
    assert_int_equal(put(in("b"), BERTH_FILE_APPEND, "new"), BERTH_OK);
    assert_int_equal(put(in("c"), BERTH_FILE_NEW, "new"), BERTH_OK);
    assert_int_equal(put(in("c"), BERTH_FILE_NEW, "again"), BERTH_E_EXISTS);
    assert_holds(in("c"), "new");
    assert_int_equal(entries(folder), 3);
    umask(022);
    berth_file file = files.open(files.ctx, in("secret"), BERTH_FILE_REPLACE, 0600);
    assert_int_equal(files.commit(files.ctx, file), BERTH_OK);
    assert_int_equal(stat(in("secret"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    file = files.open(files.ctx, in("a"), BERTH_FILE_READ, 0);
    assert_int_equal(files.size(files.ctx, file, &size), BERTH_OK);
    assert_int_equal(size, 13);
    assert_int_equal(files.seek(files.ctx, file, 8), BERTH_OK);
    assert_int_equal(files.read(files.ctx, file, buf, sizeof buf), 5);
    assert_memory_equal(buf, "third", 5);
    assert_int_equal(files.write(files.ctx, file, "x", 1), BERTH_E_IO);
    files.close(files.ctx, file);
    files.close(files.ctx, file);
    assert_int_equal(files.read(files.ctx, file, buf, sizeof buf), BERTH_E_ARGUMENT);
    assert_int_equal(files.commit(files.ctx, -1), BERTH_E_ARGUMENT);
    assert_int_equal(files.rename(files.ctx, in("a"), in("b")), BERTH_OK);
    assert_holds(in("b"), "second, third");
    assert_int_equal(files.remove(files.ctx, in("b")), BERTH_OK);
    assert_int_equal(files.remove(files.ctx, in("b")), BERTH_E_NO_FILE);
    assert_int_equal(berth_posix_files_errno(&posix), ENOENT);
    assert_int_equal(files.make_folder(files.ctx, in("d"), 0755), BERTH_OK);
    assert_int_equal(files.make_folder(files.ctx, in("d"), 0755), BERTH_E_EXISTS);
}

static void what_cannot_be_opened(void **state)
{
    (void)state;
    char long_name[300];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    for (int mode = BERTH_FILE_READ; mode <= BERTH_FILE_NEW; mode++) {
        enum berth_file_mode m = (enum berth_file_mode)mode;
        assert_int_equal(files.open(files.ctx, in("no/such"), m, 0644), BERTH_E_NO_FILE);
        assert_int_equal(files.open(files.ctx, "", m, 0644), BERTH_E_NO_FILE);
        assert_int_equal(files.open(files.ctx, in(long_name), m, 0644), BERTH_E_IO);
    }
    assert_int_equal(files.open(files.ctx, in("absent"), BERTH_FILE_READ, 0), BERTH_E_NO_FILE);
    assert_int_equal(files.open(files.ctx, folder, BERTH_FILE_REPLACE, 0644), BERTH_E_IO);
    assert_int_equal(files.open(files.ctx, NULL, BERTH_FILE_READ, 0), BERTH_E_ARGUMENT);
    berth_file open[BERTH_POSIX_FILES];
    for (int i = 0; i < BERTH_POSIX_FILES; i++) {
        open[i] = files.open(files.ctx, "/dev/null", BERTH_FILE_READ, 0);
        assert_true(open[i] >= 0);
    }
    assert_int_equal(files.open(files.ctx, "/dev/null", BERTH_FILE_READ, 0), BERTH_E_SPACE);
    assert_int_equal(files.lock(files.ctx, in("l"), 0), BERTH_E_SPACE);
    for (int i = 0; i < BERTH_POSIX_FILES; i++)
        files.close(files.ctx, open[i]);
    assert_int_equal(entries(folder), 0);
}

/* What was written is seen at commit and not before; close() leaves nothing. */
static void replacing_is_all_or_nothing(void **state)
{
    (void)state;
    assert_int_equal(put(in("a"), BERTH_FILE_REPLACE, "old"), BERTH_OK);
    berth_file file = files.open(files.ctx, in("a"), BERTH_FILE_REPLACE, 0644);
    assert_int_equal(files.write(files.ctx, file, "new", 3), BERTH_OK);
    assert_holds(in("a"), "old");
    assert_int_equal(entries(folder), 2);
    files.close(files.ctx, file);
    assert_holds(in("a"), "old");
    assert_int_equal(entries(folder), 1);
    /* The folder moves away under it: the name follows. */
    assert_int_equal(mkdir(in("x"), 0755), 0);
    file = files.open(files.ctx, in("x/f"), BERTH_FILE_REPLACE, 0644);
    assert_int_equal(rename(in("x"), in("y")), 0);
    assert_int_equal(files.commit(files.ctx, file), BERTH_OK);
    assert_int_equal(access(in("y/f"), F_OK), 0);
    /* Somebody makes a folder of that name meanwhile. */
    file = files.open(files.ctx, in("z"), BERTH_FILE_REPLACE, 0644);
    assert_int_equal(mkdir(in("z"), 0755), 0);
    assert_int_equal(files.commit(files.ctx, file), BERTH_E_IO);
    assert_int_equal(entries(folder), 3);
    /* Relative to the working folder, too. */
    char before[512];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(put("here", BERTH_FILE_REPLACE, "1"), BERTH_OK);
    assert_int_equal(chdir(before), 0);
    assert_holds(in("here"), "1");
}

static void killed_while_writing(void **state)
{
    (void)state;
    assert_int_equal(put(in("a"), BERTH_FILE_REPLACE, "old"), BERTH_OK);
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        berth_file file = files.open(files.ctx, in("a"), BERTH_FILE_REPLACE, 0644);
        for (int i = 0; i < 100; i++)
            (void)!files.write(files.ctx, file, "new and long", 12);
        (void)!write(ends[1], "x", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    assert_holds(in("a"), "old");
    assert_int_equal(put(in("a"), BERTH_FILE_REPLACE, "next"), BERTH_OK);
    assert_holds(in("a"), "next");
}

static void devices_and_links(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(put("/dev/null", BERTH_FILE_REPLACE, "gone"), BERTH_OK);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    assert_int_equal(put("/dev/full", BERTH_FILE_REPLACE, "x"), BERTH_E_DISK_FULL);
    assert_int_equal(put(in("real"), BERTH_FILE_REPLACE, "real"), BERTH_OK);
    assert_int_equal(symlink("real", in("link")), 0);
    assert_int_equal(put(in("link"), BERTH_FILE_REPLACE, "own"), BERTH_OK);
    assert_holds(in("real"), "real");
    assert_holds(in("link"), "own");
    assert_int_equal(symlink("nowhere", in("dangling")), 0);
    assert_int_equal(put(in("dangling"), BERTH_FILE_REPLACE, "own"), BERTH_OK);
    assert_int_equal(access(in("nowhere"), F_OK), -1);
}

/* Runs BODY in a child, because what it does to itself cannot be undone. */
static void in_child(int (*body)(void))
{
    pid_t child = fork();
    if (child == 0)
        _exit(body());
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int full_by_limit(void)
{
    struct rlimit limit = {10000, 10000};
    char block[4096];
    enum berth_status status = BERTH_OK;
    memset(block, 'b', sizeof block);
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 77;
    berth_file file = files.open(files.ctx, in("a"), BERTH_FILE_REPLACE, 0644);
    for (int i = 0; i < 4 && status == BERTH_OK; i++)
        status = files.write(files.ctx, file, block, sizeof block);
    if (status != BERTH_E_DISK_FULL)
        return 1;
    return files.commit(files.ctx, file) == BERTH_E_DISK_FULL ? 0 : 2;
}

static int full_by_device(void)
{
    char block[4096];
    enum berth_status status = BERTH_OK;
    memset(block, 'b', sizeof block);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mkdir(in("small"), 0755) != 0 || mount("tmpfs", in("small"), "tmpfs", 0, "size=64k") != 0)
        return 77;
    if (put(in("small/a"), BERTH_FILE_REPLACE, "old") != BERTH_OK)
        return 1;
    berth_file file = files.open(files.ctx, in("small/a"), BERTH_FILE_REPLACE, 0644);
    for (int i = 0; i < 40 && status == BERTH_OK; i++)
        status = files.write(files.ctx, file, block, sizeof block);
    if (status != BERTH_E_DISK_FULL)
        return 2;
    if (files.commit(files.ctx, file) != BERTH_E_DISK_FULL || entries(in("small")) != 1)
        return 3;
    /* A mount point stops the removal of a tree. */
    if (put(in("beside"), BERTH_FILE_NEW, "x") != BERTH_OK)
        return 4;
    if (files.remove_tree(files.ctx, folder) != BERTH_E_PERMISSION || access(in("small/a"), F_OK) != 0)
        return 5;
    if (umount(in("small")) != 0 || rmdir(in("small")) != 0)
        return 6;
    /* Of the same file system, too. */
    if (mkdir(in("top"), 0755) != 0 || mkdir(in("top/bound"), 0755) != 0 || mkdir(in("kept"), 0755) != 0 ||
        put(in("kept/f"), BERTH_FILE_NEW, "x") != BERTH_OK ||
        mount(in("kept"), in("top/bound"), NULL, MS_BIND, NULL) != 0)
        return 7;
    if (files.remove_tree(files.ctx, in("top")) != BERTH_E_PERMISSION)
        return 8;
    int there = access(in("kept/f"), F_OK);
    if (umount(in("top/bound")) != 0)
        return 9;
    return there == 0 ? 0 : 10;
}

static int read_only_folder(void)
{
    if (mkdir(in("ro"), 0755) != 0 || put(in("ro/a"), BERTH_FILE_NEW, "old") != BERTH_OK ||
        chmod(in("ro"), 0555) != 0 || chmod(folder, 0777) != 0)
        return 1;
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 77;
    if (put(in("ro/a"), BERTH_FILE_REPLACE, "new") != BERTH_E_PERMISSION)
        return 2;
    if (put(in("ro/n"), BERTH_FILE_NEW, "new") != BERTH_E_PERMISSION)
        return 3;
    /* A folder of its own that is read-only goes nevertheless. */
    if (mkdir(in("mine"), 0755) != 0 || put(in("mine/f"), BERTH_FILE_NEW, "x") != BERTH_OK ||
        chmod(in("mine"), 0555) != 0)
        return 4;
    if (files.remove_tree(files.ctx, in("mine")) != BERTH_OK)
        return 5;
    if (files.remove_tree(files.ctx, in("ro")) != BERTH_E_PERMISSION)
        return getuid() == 65534 ? 6 : 0;
    return 0;
}

static void full_disk(void **state)
{
    (void)state;
    in_child(full_by_limit);
    assert_int_equal(access(in("a"), F_OK), -1);
    assert_int_equal(entries(folder), 0);
}

static void full_device_and_mounts(void **state)
{
    (void)state;
    in_child(full_by_device);
}

static void permissions(void **state)
{
    (void)state;
    in_child(read_only_folder);
}

static void locks(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    berth_file lock = files.lock(files.ctx, in("lock"), 0);
    assert_true(lock >= 0);
    assert_int_equal(files.lock(files.ctx, in("lock"), 0), BERTH_E_LOCKED);
    files.unlock(files.ctx, lock);
    lock = files.lock(files.ctx, in("lock"), 0);
    assert_true(lock >= 0);
    files.unlock(files.ctx, lock);
    /* Held by another process: bounded waiting, and free when that one is killed. */
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        if (files.lock(files.ctx, in("lock"), 0) < 0)
            _exit(1);
        (void)!write(ends[1], "x", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(files.lock(files.ctx, in("lock"), 100), BERTH_E_LOCKED);
    pid_t killer = fork();
    if (killer == 0) {
        usleep(100000);
        kill(child, SIGKILL);
        _exit(0);
    }
    lock = files.lock(files.ctx, in("lock"), 5000);
    assert_true(lock >= 0);
    files.unlock(files.ctx, lock);
    waitpid(child, NULL, 0);
    waitpid(killer, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(files.lock(files.ctx, in("no/such"), 0), BERTH_E_NO_FILE);
    assert_int_equal(files.lock(files.ctx, folder, 0), BERTH_E_IO);
}

/* A tree much deeper than any path, wide, with links out of it. */
static void removes_trees(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in("t"), 0755), 0);
    assert_int_equal(mkdir(in("outside"), 0755), 0);
    assert_int_equal(put(in("outside/kept"), BERTH_FILE_NEW, "x"), BERTH_OK);
    int at = open(in("t"), O_RDONLY | O_DIRECTORY);
    for (int depth = 0; depth < 3000; depth++) {
        assert_int_equal(mkdirat(at, "a-folder-in-a-folder", 0755), 0);
        if (depth % 100 == 0) {
            close(openat(at, "file", O_CREAT | O_WRONLY, 0644));
            assert_int_equal(symlinkat(in("outside"), at, "link"), 0);
        }
        int next = openat(at, "a-folder-in-a-folder", O_RDONLY | O_DIRECTORY);
        close(at);
        at = next;
    }
    close(at);
    assert_int_equal(mkdir(in("t/wide"), 0755), 0);
    for (int i = 0; i < 2000; i++) {
        char name[64];
        snprintf(name, sizeof name, "t/wide/%s-%d", i % 3 ? "a-file-with-a-longer-name" : "d", i);
        if (i % 3 == 0) {
            assert_int_equal(mkdir(in(name), 0755), 0);
            snprintf(name, sizeof name, "t/wide/d-%d/f", i);
        }
        close(open(in(name), O_CREAT | O_WRONLY, 0644));
    }
    assert_int_equal(files.remove_tree(files.ctx, in("t")), BERTH_OK);
    assert_int_equal(access(in("t"), F_OK), -1);
    assert_holds(in("outside/kept"), "x");
    assert_int_equal(files.remove_tree(files.ctx, in("t")), BERTH_E_NO_FILE);
    /* A link to a folder is removed as a link. */
    assert_int_equal(symlink("outside", in("link")), 0);
    assert_int_equal(files.remove_tree(files.ctx, in("link")), BERTH_OK);
    assert_holds(in("outside/kept"), "x");
    assert_int_equal(files.remove_tree(files.ctx, in("outside/kept")), BERTH_OK);
}

/* Everything of SOURCE, CAP bytes at a time. */
static const char *all_of(const struct berth_source *source, size_t cap)
{
    static char text[4096];
    size_t len = 0;
    ptrdiff_t got;
    while ((got = source->read(source->ctx, text + len, cap)) > 0)
        len += (size_t)got;
    assert_int_equal(got, 0);
    text[len] = '\0';
    return text;
}

static void roots_of_a_file_and_a_folder(void **state)
{
    static struct berth_posix_roots roots;
    struct berth_source source;
    (void)state;
    assert_int_equal(mkdir(in("ca"), 0755), 0);
    assert_int_equal(put(in("ca/a.pem"), BERTH_FILE_NEW, "A"), BERTH_OK);
    assert_int_equal(berth_posix_roots_open(&roots, in("ca/a.pem"), &source), BERTH_OK);
    assert_true(source.length == BERTH_LENGTH_UNKNOWN);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(all_of(&source, 1), "A");
        assert_int_equal(source.rewind(source.ctx), BERTH_OK);
    }
    berth_posix_roots_close(&roots);
    berth_posix_roots_close(&roots);
    char path[512];
    snprintf(path, sizeof path, "%s", in("ca"));
    assert_int_equal(berth_posix_roots_open(&roots, path, &source), BERTH_OK);
    assert_string_equal(all_of(&source, 7), "A\n");
    /* Links that `openssl rehash` makes to a file that is there already count once; others count. */
    assert_int_equal(symlink("a.pem", in("ca/4042bcee.0")), 0);
    assert_int_equal(symlink("a.pem", in("ca/b.crt")), 0);
    assert_int_equal(put(in("ca/0123abcd.12"), BERTH_FILE_NEW, "A"), BERTH_OK);
    static const char *const others[] = {"ca/README",    "ca/0123abcd.r0", "ca/0123abcd.",
                                         "ca/0123abc.0", "ca/0123abcx.0",  "ca/pem"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(put(in(others[i]), BERTH_FILE_NEW, "no"), BERTH_OK);
    assert_int_equal(symlink("nowhere", in("ca/dangling.pem")), 0);
    assert_int_equal(source.rewind(source.ctx), BERTH_OK);
    assert_string_equal(all_of(&source, 1), "A\nA\nA\n");
    berth_posix_roots_close(&roots);
    assert_int_equal(berth_posix_roots_open(&roots, in("none"), &source), BERTH_E_NO_FILE);
    berth_posix_roots_close(&roots);
    /* A folder among them ends the reading: it is no certificate. */
    assert_int_equal(mkdir(in("ca/d.pem"), 0755), 0);
    assert_int_equal(berth_posix_roots_open(&roots, path, &source), BERTH_OK);
    char byte;
    ptrdiff_t got;
    while ((got = source.read(source.ctx, &byte, 1)) > 0)
        continue;
    assert_int_equal(got, BERTH_E_IO);
    berth_posix_roots_close(&roots);
}

static void reads_folders(void **state)
{
    static struct berth_posix_folder f;
    enum berth_status status = BERTH_E_IO;
    const char *name;
    char path[512];
    unsigned count = 0, lengths = 0;
    (void)state;
    for (unsigned i = 1; i <= 60; i++) { /* more than are read at once */
        snprintf(path, sizeof path, "%0200u", i);
        assert_int_equal(put(in(path), BERTH_FILE_NEW, ""), BERTH_OK);
    }
    assert_int_equal(berth_posix_folder_open(&f, folder), BERTH_OK);
    for (; (name = berth_posix_folder_next(&f, &status)) != NULL; count++)
        lengths += (unsigned)strlen(name);
    assert_int_equal(status, BERTH_OK);
    assert_int_equal(count, 60);
    assert_int_equal(lengths, 60 * 200);
    assert_null(berth_posix_folder_next(&f, NULL));
    berth_posix_folder_close(&f);
    berth_posix_folder_close(&f);
    assert_null(berth_posix_folder_next(&f, &status));
    assert_int_equal(status, BERTH_E_IO);
    assert_int_equal(berth_posix_folder_open(&f, in("none")), BERTH_E_NO_FILE);
    assert_int_equal(berth_posix_folder_open(&f, in(path)), BERTH_E_NO_FILE); /* a file */
    berth_posix_folder_close(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_and_writes),
        TEST(what_cannot_be_opened),
        TEST(replacing_is_all_or_nothing),
        TEST(killed_while_writing),
        TEST(devices_and_links),
        TEST(full_disk),
        TEST(full_device_and_mounts),
        TEST(permissions),
        TEST(locks),
        TEST(removes_trees),
        TEST(roots_of_a_file_and_a_folder),
        TEST(reads_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
