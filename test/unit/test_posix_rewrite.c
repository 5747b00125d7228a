/* BERTH_FILE_REWRITE on a real system: owner and permissions, links, what a crash left, what is no file. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "berth/port_posix.h"

static struct berth_posix_files posix;
static struct berth_files files;
static char folder[64];

static const char *in(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, 512, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    files = berth_posix_files_init(&posix);
    snprintf(folder, sizeof folder, "/tmp/berth-rewrite-XXXXXX");
    (void)umask(022);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return files.remove_tree(files.ctx, folder) == BERTH_OK ? 0 : -1;
}

static void put(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(in(name), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(in(name), mode), 0);
}

static void assert_holds(const char *name, const char *text)
{
    char buf[64] = {0};
    FILE *f = fopen(in(name), "r");
    assert_non_null(f);
    (void)fread(buf, 1, sizeof buf - 1, f);
    assert_int_equal(fclose(f), 0);
    assert_string_equal(buf, text);
}

static struct stat look(const char *name)
{
    struct stat info;
    assert_int_equal(lstat(in(name), &info), 0);
    return info;
}

static bool is_there(const char *name)
{
    struct stat info;
    return lstat(in(name), &info) == 0;
}

static enum berth_status rewrite(const char *name, const char *text, unsigned permissions)
{
    berth_file file = files.open(files.ctx, in(name), BERTH_FILE_REWRITE, permissions);
    if (file < 0)
        return (enum berth_status)file;
    assert_int_equal(files.write(files.ctx, file, text, strlen(text)), BERTH_OK);
    return files.commit(files.ctx, file);
}

static void test_permissions(void **state)
{
    (void)state;
    static const struct {
        mode_t old;
        unsigned most;
        mode_t mode; /* afterwards */
    } CASES[] = {{0640, 0666, 0640}, {0644, 0666, 0644}, {0664, 0666, 0664}, {0600, 0666, 0600},
                 {0644, 0600, 0600}, {0400, 0600, 0400}, {0666, 0600, 0600}, {04755, 0666, 0644}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        put("a", "old", CASES[i].old);
        ino_t before = look("a").st_ino;
        assert_int_equal(rewrite("a", "new", CASES[i].most), BERTH_OK);
        assert_holds("a", "new");
        assert_int_equal(look("a").st_mode & 07777, CASES[i].mode);
        assert_true(look("a").st_ino != before);
        assert_int_equal(unlink(in("a")), 0);
    }
    assert_int_equal(rewrite("b", "new", 0666), BERTH_OK);
    assert_int_equal(look("b").st_mode & 07777, 0644); /* a new one: less the mask */
    assert_false(is_there(".b.new"));
}

/* While it is written nobody else sees into it. */
static void test_secret_while_written(void **state)
{
    (void)state;
    put("a", "old", 0600);
    berth_file file = files.open(files.ctx, in("a"), BERTH_FILE_REWRITE, 0666);
    assert_true(file >= 0);
    assert_int_equal(look(".a.new").st_mode & 07777, 0600);
    files.close(files.ctx, file);
    assert_false(is_there(".a.new"));
    assert_holds("a", "old");
}

static void test_owner(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    put("a", "old", 0660);
    assert_int_equal(chown(in("a"), 1234, 2345), 0);
    assert_int_equal(rewrite("a", "new", 0666), BERTH_OK);
    assert_int_equal(look("a").st_uid, 1234);
    assert_int_equal(look("a").st_gid, 2345);
    assert_int_equal(look("a").st_mode & 07777, 0660);
    /* Who may not give files away becomes the owner; what the old group might do goes. */
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(seteuid(4321), 0);
    enum berth_status status = rewrite("a", "newer", 0666);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, BERTH_OK);
    assert_int_equal(look("a").st_uid, 4321);
    assert_int_equal(look("a").st_mode & 07777, 0600);
    assert_holds("a", "newer");
}

static void test_what_a_crash_left(void **state)
{
    (void)state;
    put("a", "old", 0644);
    put("outside", "mine", 0644);
    put(".a.new", "half of what was", 0666);
    assert_int_equal(rewrite("a", "new", 0666), BERTH_OK);
    assert_holds("a", "new");
    assert_false(is_there(".a.new"));
    assert_int_equal(symlink("outside", in(".a.new")), 0); /* a trap */
    assert_int_equal(rewrite("a", "newer", 0666), BERTH_OK);
    assert_holds("a", "newer");
    assert_holds("outside", "mine");
    assert_int_equal(mkdir(in(".a.new"), 0755), 0);
    assert_int_equal(rewrite("a", "newest", 0666), BERTH_E_IO);
    assert_holds("a", "newer");
    assert_int_equal(rmdir(in(".a.new")), 0);
}

static void test_links(void **state)
{
    (void)state;
    char buf[256], absolute[256];
    assert_int_equal(mkdir(in("elsewhere"), 0755), 0);
    put("elsewhere/real", "old", 0640);
    snprintf(absolute, sizeof absolute, "%s/elsewhere/second", folder);
    assert_int_equal(symlink(absolute, in("first")), 0);
    assert_int_equal(symlink("../elsewhere/real", in("elsewhere/second")), 0);
    assert_int_equal(rewrite("first", "new", 0666), BERTH_OK);
    assert_holds("elsewhere/real", "new");
    assert_true(S_ISLNK(look("first").st_mode) && S_ISLNK(look("elsewhere/second").st_mode));
    assert_true(S_ISREG(look("elsewhere/real").st_mode));
    assert_int_equal(look("elsewhere/real").st_mode & 07777, 0640);
    assert_false(is_there(".first.new") || is_there("elsewhere/.real.new"));
    /* A folder behind a link is a folder. */
    assert_int_equal(symlink("elsewhere", in("jobs")), 0);
    assert_int_equal(rewrite("jobs/real", "newer", 0666), BERTH_OK);
    assert_holds("elsewhere/real", "newer");
    /* What leads nowhere is neither absent nor writable. */
    assert_int_equal(symlink("nowhere", in("dangling")), 0);
    assert_int_equal(rewrite("dangling", "new", 0666), BERTH_E_PERMISSION);
    assert_int_equal(berth_posix_files_errno(&posix), ELOOP);
    assert_int_equal(files.open(files.ctx, in("dangling"), BERTH_FILE_READ, 0), BERTH_E_PERMISSION);
    assert_int_equal(symlink("no/such", in("dangling2")), 0);
    assert_int_equal(rewrite("dangling2", "new", 0666), BERTH_E_PERMISSION);
    assert_int_equal(symlink("circle", in("circle")), 0);
    assert_int_equal(rewrite("circle", "new", 0666), BERTH_E_PERMISSION);
    assert_true(readlink(in("circle"), buf, sizeof buf) > 0);
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in("d"), 0755), 0);
    assert_int_equal(mkfifo(in("pipe"), 0644), 0);
    assert_int_equal(rewrite("d", "x", 0666), BERTH_E_IO);
    assert_int_equal(rewrite("pipe", "x", 0666), BERTH_E_IO);
    assert_int_equal(rewrite("no/such", "x", 0666), BERTH_E_NO_FILE);
    assert_int_equal(files.open(files.ctx, "/dev/null", BERTH_FILE_REWRITE, 0666), BERTH_E_IO);
    char name[260];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    assert_int_equal(rewrite(name, "x", 0666), BERTH_E_IO); /* no room for the temporary name */
    name[250] = 0;
    assert_int_equal(rewrite(name, "x", 0666), BERTH_OK);
}

static void test_failures(void **state)
{
    (void)state;
    put("a", "old", 0644);
    berth_file file = files.open(files.ctx, in("a"), BERTH_FILE_REWRITE, 0666);
    assert_int_equal(unlink(in(".a.new")), 0); /* somebody took it away */
    assert_int_equal(files.commit(files.ctx, file), BERTH_E_NO_FILE);
    assert_holds("a", "old");
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(seteuid(4321), 0);
    enum berth_status status = rewrite("a", "new", 0666);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, BERTH_E_PERMISSION);
    assert_holds("a", "old");
    assert_false(is_there(".a.new"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_permissions, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_secret_while_written, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_owner, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_what_a_crash_left, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_links, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_what_is_no_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_failures, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
