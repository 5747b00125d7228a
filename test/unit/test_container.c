/* Containers of booked rows: docker's arguments, the user's own mounts, exact memory and space, the plan of a
 * tick. Vectors of wire/aivc.md 4. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/booking.h"
#include "berth/container.h"

#include "guard.h"
#include "seed.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { START = 1893996000 }; /* 2030-01-07 06:00:00 */

/* ---- argument lists --------------------------------------------------------------------------- */

static struct berth_container usual(void)
{
    struct berth_container c;
    memset(&c, 0, sizeof c);
    c.user_id = BERTH_TEXT("m1");
    c.start_s = START;
    c.cpus_nano = INT64_C(8000000000);
    c.memory_gb = 32;
    c.shm_rate_num = 3;
    c.shm_rate_den = 4;
    c.gpus = 3;
    c.port = 10001;
    c.work_dir = BERTH_TEXT("/mnt/Users/m1");
    c.backup_dir = BERTH_TEXT("/mnt/Backup/m1");
    c.dataset_dir = BERTH_TEXT("/mnt/Dataset");
    return c;
}

static void assert_run(const struct berth_container *c, const char *const *expected)
{
    char text[4096];
    const char *items[64];
    struct berth_argv argv;
    berth_argv_init(&argv, text, sizeof text, items, COUNT(items));
    assert_int_equal(berth_container_check(c), BERTH_CONTAINER_GOOD);
    berth_container_run(&argv, c);
    assert_int_equal(berth_argv_finish(&argv), BERTH_OK);
    for (size_t i = 0; expected[i] != NULL; i++) {
        assert_non_null(items[i]);
        assert_string_equal(items[i], expected[i]);
        assert_null(expected[i + 1] == NULL ? items[i + 1] : NULL);
    }
}

static void run_of_a_row(void **state)
{
    (void)state;
    struct berth_container c = usual();
    static const char *const plain[] = {"docker",
                                        "run",
                                        "-dit",
                                        "--restart=always",
                                        "--label",
                                        "aivc.row=m1|2030-01-07 06:00:00",
                                        "--cpus=8.0",
                                        "--memory=24G",
                                        "--memory-swap=32G",
                                        "--shm-size=8G",
                                        "--gpus",
                                        "\"device=0,1\"",
                                        "--name=m1",
                                        "-p",
                                        "10001:22",
                                        "-v",
                                        "/mnt/Users/m1:/root/Work",
                                        "-v",
                                        "/mnt/Backup/m1:/root/Backup",
                                        "-v",
                                        "/mnt/Dataset:/root/Dataset:ro",
                                        "-e",
                                        "LOGO=A I V C",
                                        BERTH_DEFAULT_IMAGE,
                                        NULL};
    assert_run(&c, plain);
}

static void run_with_everything(void **state)
{
    (void)state;
    struct berth_container c = usual();
    static const struct berth_mount mounts[] = {
        {BERTH_TEXT_INIT(".default/.ssh"), BERTH_TEXT_INIT("/root/.ssh")},
        {BERTH_TEXT_INIT("a b"), BERTH_TEXT_INIT("/x y")}};
    c.docker = "/opt/podman";
    c.start_s = BERTH_CONTAINER_NO_ROW;
    c.cpus_nano = INT64_C(24500000000);
    c.memory_gb = 1;
    c.gpus = 0;
    c.mounts = mounts;
    c.mount_count = 2;
    c.image = BERTH_TEXT("repo/image:tag");
    c.extra_command = BERTH_TEXT("echo \"$HOME\"; --privileged 'x'\n-v /:/host");
    c.host_pids = c.display = c.plain_password = true;
    static const char *const all[] = {"/opt/podman",
                                      "run",
                                      "-dit",
                                      "--restart=always",
                                      "--label",
                                      "aivc.row=m1|manual",
                                      "--pid=host",
                                      "--cpus=24.5",
                                      "--memory=1G",
                                      "--memory-swap=1G",
                                      "--gpus",
                                      "\"device=none\"",
                                      "--name=m1",
                                      "-p",
                                      "10001:22",
                                      "-v",
                                      "/mnt/Users/m1:/root/Work",
                                      "-v",
                                      "/mnt/Backup/m1:/root/Backup",
                                      "-v",
                                      "/mnt/Dataset:/root/Dataset:ro",
                                      "-v",
                                      "/mnt/Backup/m1/.default/.ssh:/root/.ssh",
                                      "-v",
                                      "/mnt/Backup/m1/a b:/x y",
                                      "-e",
                                      "DISPLAY",
                                      "-e",
                                      "LOGO=A I V C",
                                      "-e",
                                      "PASSWORD",
                                      "repo/image:tag",
                                      "bash",
                                      "-c",
                                      "echo \"$HOME\"; --privileged 'x'\n-v /:/host",
                                      NULL};
    assert_run(&c, all);
}

/* Every capacity below the need fails, says the need, and writes nowhere else. */
static void need_is_told(void **state)
{
    (void)state;
    struct berth_container c = usual();
    struct berth_argv argv;
    berth_argv_init(&argv, NULL, 0, NULL, 0);
    berth_container_run(&argv, &c);
    assert_int_equal(berth_argv_finish(&argv), BERTH_E_SPACE);
    size_t text_need = argv.text.len, item_need = argv.count + 1;
    assert_int_equal(item_need, 25);
    for (size_t less = 0; less <= text_need; less++) {
        char *text = guard_new(text_need - less);
        const char **items = guard_new(item_need * sizeof *items);
        berth_argv_init(&argv, text, text_need - less, items, item_need);
        berth_container_run(&argv, &c);
        assert_int_equal(berth_argv_finish(&argv), less == 0 ? BERTH_OK : BERTH_E_SPACE);
        assert_int_equal(argv.text.len, text_need);
        assert_int_equal(argv.count + 1, item_need);
        guard_free(text);
        guard_free(items);
    }
    for (size_t count = 0; count < item_need; count++) {
        char *text = guard_new(text_need);
        const char **items = guard_new(count * sizeof *items);
        berth_argv_init(&argv, text, text_need, items, count);
        berth_container_run(&argv, &c);
        assert_int_equal(berth_argv_finish(&argv), BERTH_E_SPACE);
        guard_free(text);
        guard_free(items);
    }
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    char text[64];
    const char *items[4];
    struct berth_argv argv;
    berth_argv_init(&argv, text, sizeof text, items, COUNT(items));
    berth_argv_add(&argv, BERTH_TEXT("a\0b"));
    assert_int_equal(berth_argv_finish(&argv), BERTH_E_RANGE);
    struct berth_container c = usual();
    c.extra_command = BERTH_TEXT("x\0y");
    assert_int_equal(berth_container_check(&c), BERTH_CONTAINER_COMMAND);
}

static void line_for_people(void **state)
{
    (void)state;
    char buf[256];
    struct berth_writer w;
    static const char *const items[] = {"docker", "--gpus", "\"device=0,1\"", "",
                                        "it's",   "a b\n",  "LOGO=x",         NULL};
    berth_writer_init(&w, buf, sizeof buf);
    berth_argv_put_line(&w, items);
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(buf, "docker --gpus '\"device=0,1\"' '' 'it'\\''s' 'a b?' LOGO=x");
}

static void what_docker_must_not_get(void **state)
{
    (void)state;
    struct berth_container c;
    static const char *const ids[] = {"", "a", "A1", "-m1", "../m1", "m1/x", "now", "booking", "m 1", "m1\n"};
    for (size_t i = 0; i < COUNT(ids); i++) {
        c = usual();
        c.user_id = berth_text_of(ids[i]);
        assert_int_equal(berth_container_check(&c), BERTH_CONTAINER_USER);
    }
    static const char *const folders[] = {"", "mnt", "/mnt:/host", "/mnt\n", "/a\x7f"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        for (int which = 0; which < 3; which++) {
            c = usual();
            *(which == 0   ? &c.work_dir
              : which == 1 ? &c.backup_dir
                           : &c.dataset_dir) = berth_text_of(folders[i]);
            assert_int_equal(berth_container_check(&c), BERTH_CONTAINER_FOLDER);
        }
    }
    static const char *const images[] = {"--privileged", "-v", "a b", "x\ty", "x\n"};
    for (size_t i = 0; i < COUNT(images); i++) {
        c = usual();
        c.image = berth_text_of(images[i]);
        assert_int_equal(berth_container_check(&c), BERTH_CONTAINER_IMAGE);
    }
    c = usual();
    c.cpus_nano = 0; /* docker: as many as there are */
    assert_int_equal(berth_container_check(&c), BERTH_CONTAINER_CPUS);
    c = usual();
    c.memory_gb = 0; /* docker: as much as there is */
    assert_int_equal(berth_container_check(&c), BERTH_CONTAINER_MEMORY);
    c = usual();
    c.port = 0;
    assert_int_equal(berth_container_check(&c), BERTH_CONTAINER_PORT);
    for (int fault = 0; fault <= BERTH_CONTAINER_COMMAND; fault++)
        assert_true(strlen(berth_container_fault_text((enum berth_container_fault)fault)) > 5);
}

static void absent_containers(void **state)
{
    (void)state;
    static const char *const absent[] = {
        "Error response from daemon: No such container: m1\n", "Error: No such container: m1",
        "Error: No such object: m1", "Error: no container with name or ID \"m1\" found: no such container"};
    static const char *const other[] = {"", "Cannot connect to the Docker daemon", "no such",
                                        "such container"};
    for (size_t i = 0; i < COUNT(absent); i++)
        assert_true(berth_container_is_absent(berth_text_of(absent[i])));
    for (size_t i = 0; i < COUNT(other); i++)
        assert_false(berth_container_is_absent(berth_text_of(other[i])));
}

/* ---- memory and space ------------------------------------------------------------------------- */

static void memory_split(void **state)
{
    (void)state;
    static const struct {
        int64_t memory, num, den, ram, shm;
    } cases[] = {
        {32, 3, 4, 24, 8},
        {10, 3, 4, 8, 2},
        {1, 3, 4, 1, 0},
        {79, 30, 158, 15, 64}, /* 16 in doubles */
        {79, 15, 79, 15, 64},
        {40, 1, 1, 40, 0},
        {1, 1, 1000000, 1, 0},
        {2, 1, 2000000001, 1, 1},          /* 1e-9 and less above 0: still something */
        {3, 1000000001, 3000000000, 1, 2}, /* 1 + 1e-9 */
        {3, 1000000002, 3000000000, 2, 1}, /* 1 + 2e-9 */
        {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, 0},
        {INT64_MAX, INT64_MAX - 1, INT64_MAX, INT64_MAX - 1, 1},
        {INT64_MAX, 1, 2, INT64_MAX / 2 + 1, INT64_MAX / 2},
    };
    int64_t ram, shm;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(berth_container_memory(cases[i].memory, cases[i].num, cases[i].den, &ram, &shm),
                         BERTH_OK);
        assert_int_equal(ram, cases[i].ram);
        assert_int_equal(shm, cases[i].shm);
    }
    assert_int_equal(berth_container_memory(0, 1, 2, &ram, &shm), BERTH_E_RANGE);
    assert_int_equal(berth_container_memory(4, 0, 2, &ram, &shm), BERTH_E_RANGE);
    assert_int_equal(berth_container_memory(4, 3, 2, &ram, &shm), BERTH_E_RANGE);
    assert_int_equal(berth_container_memory(4, -1, -2, &ram, &shm), BERTH_E_RANGE);
}

/* Against ceil(x) by plain integers: with small denominators the 1e-9 never matters. */
static void memory_split_by_chance(void **state)
{
    (void)state;
    uint64_t seed = seed_start("memory split");
    for (int i = 0; i < 20000; i++) {
        int64_t ram_gb = 1 + (int64_t)seed_below(&seed, 4096), swap = (int64_t)seed_below(&seed, 4096);
        int64_t memory = 1 + (int64_t)seed_below(&seed, 8192), ram, shm;
        assert_int_equal(berth_container_memory(memory, ram_gb, ram_gb + swap, &ram, &shm), BERTH_OK);
        assert_int_equal(ram, (memory * ram_gb + ram_gb + swap - 1) / (ram_gb + swap));
        assert_int_equal(ram + shm, memory);
    }
}

static void space(void **state)
{
    (void)state;
    static const struct {
        uint64_t kib;
        int64_t used_mb;
    } cases[] = {
        {0, 0},
        {1, 0},
        {5242, 0},
        {5243, 10},
        {1048576, 1000},
        {1053818, 1000},
        {1053819, 1010},
        {52428800, 50000},
        {131072, 120}, /* 0.125: half to even */
        {393216, 380}, /* 0.375: half to even */
        {UINT64_C(1) << 53, INT64_C(8589934592000)},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(berth_space_used_mb(cases[i].kib), cases[i].used_mb);
    assert_int_equal(berth_space_excess_mb(52428800, 50000), 0);
    assert_int_equal(berth_space_excess_mb(52428800, 49990), 10);
    assert_int_equal(berth_space_excess_mb(52433920, 50000), 0);  /* 50.00488 */
    assert_int_equal(berth_space_excess_mb(52434176, 50000), 10); /* 50.00513 */
    assert_int_equal(berth_space_excess_mb(524288, 500), 0);
    uint64_t kib;
    assert_int_equal(berth_space_parse(BERTH_TEXT("123\t/mnt/Users/m1\n"), &kib), BERTH_OK);
    assert_int_equal(kib, 123);
    assert_int_equal(berth_space_parse(BERTH_TEXT("9007199254740992 x"), &kib), BERTH_OK);
    static const char *const wrong[] = {"", "12", "x", "-1\t/", " 1\t/", "1x\t/", "\t/", "1,5\t/"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(berth_space_parse(berth_text_of(wrong[i]), &kib), BERTH_E_SYNTAX);
    assert_int_equal(berth_space_parse(BERTH_TEXT("9007199254740993\t/"), &kib), BERTH_E_RANGE);
    assert_int_equal(berth_space_parse(BERTH_TEXT("99999999999999999999\t/"), &kib), BERTH_E_RANGE);
}

/* ---- backup.yaml ------------------------------------------------------------------------------ */

static struct {
    size_t count;
    uint32_t line;
    enum berth_mount_fault fault;
} bad;

static void note_bad(void *ctx, uint32_t line, enum berth_mount_fault fault)
{
    (void)ctx;
    bad.count++;
    bad.line = line;
    bad.fault = fault;
}

static char texts[4096];

static enum berth_status read_mounts(struct berth_text document, struct berth_mounts *out,
                                     struct berth_yaml_error *error)
{
    struct berth_writer memory;
    memset(&bad, 0, sizeof bad);
    berth_writer_init(&memory, texts, sizeof texts);
    return berth_mounts_read(document, &memory, out, note_bad, NULL, error);
}

static const char template_file[] = "Dir: # folders\n"
                                    "  - - .default/.pyenv\n"
                                    "    - /root/.pyenv\n"
                                    "  - - \".default/ssh\"\n"
                                    "    - /etc/ssh\n"
                                    "\n"
                                    "Other: {}\n"
                                    "File:\n"
                                    "- - .default/.zshrc\n"
                                    "  - '/root/.zshrc'\n";

static void mounts_of_the_template(void **state)
{
    (void)state;
    struct berth_mounts mounts;
    assert_int_equal(read_mounts(berth_text_of(template_file), &mounts, NULL), BERTH_OK);
    assert_int_equal(bad.count, 0);
    assert_int_equal(mounts.count, 3);
    assert_true(berth_text_equal(mounts.items[0].relative, BERTH_TEXT(".default/.pyenv")));
    assert_true(berth_text_equal(mounts.items[0].container, BERTH_TEXT("/root/.pyenv")));
    assert_true(berth_text_equal(mounts.items[1].relative, BERTH_TEXT(".default/ssh")));
    assert_true(berth_text_equal(mounts.items[2].container, BERTH_TEXT("/root/.zshrc")));
    static const char *const none[] = {"", "# nothing\n", "{}", "Dir:\nFile: []\n", "Dir: ~\n", "Else: 1\n"};
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_int_equal(read_mounts(berth_text_of(none[i]), &mounts, NULL), BERTH_OK);
        assert_int_equal(mounts.count + bad.count, 0);
    }
    /* The last of two lists of one name counts. */
    assert_int_equal(
        read_mounts(BERTH_TEXT("Dir: [[a, /a]]\nFile: [[b, /b]]\nDir: [[c, /c]]\n"), &mounts, NULL),
        BERTH_OK);
    assert_int_equal(mounts.count, 2);
    assert_true(berth_text_equal(mounts.items[0].relative, BERTH_TEXT("b")));
    assert_true(berth_text_equal(mounts.items[1].relative, BERTH_TEXT("c")));
}

static void hostile_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *pair;
        enum berth_mount_fault fault;
    } cases[] = {
        {"[a, /a]", BERTH_MOUNT_GOOD},
        {"[a/./b/, /a//b/.]", BERTH_MOUNT_GOOD},
        {"[..a, /a..]", BERTH_MOUNT_GOOD},
        {"[../../etc, /etc]", BERTH_MOUNT_CLIMBS},
        {"[a/.., /a]", BERTH_MOUNT_CLIMBS},
        {"[.., /a]", BERTH_MOUNT_CLIMBS},
        {"[/etc, /etc]", BERTH_MOUNT_ABSOLUTE},
        {"[//etc, /etc]", BERTH_MOUNT_ABSOLUTE},
        {"['', /a]", BERTH_MOUNT_EMPTY},
        {"[., /a]", BERTH_MOUNT_EMPTY},
        {"[./, /a]", BERTH_MOUNT_EMPTY},
        {"['a:/b', /a]", BERTH_MOUNT_COLON},
        {"[a, '/a:rw']", BERTH_MOUNT_COLON},
        {"[a, '/a:/host:rw']", BERTH_MOUNT_COLON},
        {"[\"a\\n\", /a]", BERTH_MOUNT_CONTROL},
        {"[a, \"/a\\0\"]", BERTH_MOUNT_CONTROL},
        {"[\"a\\x7f\", /a]", BERTH_MOUNT_CONTROL},
        {"[a, root]", BERTH_MOUNT_CONTAINER},
        {"[a, '']", BERTH_MOUNT_CONTAINER},
        {"[a, /]", BERTH_MOUNT_CONTAINER},
        {"[a, /.]", BERTH_MOUNT_CONTAINER},
        {"[a, /a/../..]", BERTH_MOUNT_CONTAINER},
        {"[a, /root/Work]", BERTH_MOUNT_TAKEN},
        {"[a, /root//Backup/]", BERTH_MOUNT_TAKEN},
        {"[a, /root/./Dataset]", BERTH_MOUNT_TAKEN},
        {"[a]", BERTH_MOUNT_PAIR},
        {"[]", BERTH_MOUNT_PAIR},
        {"[a, /a, ro]", BERTH_MOUNT_PAIR},
        {"[[a], /a]", BERTH_MOUNT_PAIR},
        {"[a, {b: /a}]", BERTH_MOUNT_PAIR},
        {"[a, ~]", BERTH_MOUNT_PAIR},
        {"[null, /a]", BERTH_MOUNT_PAIR},
        {"a", BERTH_MOUNT_PAIR},
        {"{a: /a}", BERTH_MOUNT_PAIR},
    };
    struct berth_mounts mounts;
    char document[128];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct berth_writer w;
        berth_writer_init(&w, document, sizeof document);
        berth_put_string(&w, "File:\n- [first, /first]\n- ");
        berth_put_string(&w, cases[i].pair);
        berth_put_string(&w, "\n- [last, /last]\n");
        assert_int_equal(read_mounts(berth_writer_text(&w), &mounts, NULL), BERTH_OK);
        bool good = cases[i].fault == BERTH_MOUNT_GOOD;
        assert_int_equal(mounts.count, good ? 3 : 2);
        assert_int_equal(bad.count, good ? 0 : 1);
        assert_int_equal(bad.fault, cases[i].fault);
        assert_int_equal(bad.line, good ? 0 : 3);
    }
    assert_int_equal(read_mounts(BERTH_TEXT("Dir: [[a, /x], [b, /x/], [c, //x]]"), &mounts, NULL), BERTH_OK);
    assert_int_equal(mounts.count, 1);
    assert_int_equal(bad.count, 2);
    assert_int_equal(bad.fault, BERTH_MOUNT_TAKEN);
    for (int fault = 0; fault <= BERTH_MOUNT_TAKEN; fault++)
        assert_true(strlen(berth_mount_fault_text((enum berth_mount_fault)fault)) > 5);
}

static void broken_files(void **state)
{
    (void)state;
    struct berth_mounts mounts;
    struct berth_yaml_error error;
    static const struct {
        const char *document;
        enum berth_status status;
        uint32_t line;
    } cases[] = {{"Dir: a\n", BERTH_E_TYPE, 1},
                 {"- a\n", BERTH_E_TYPE, 1},
                 {"x", BERTH_E_TYPE, 1},
                 {"File:\n- [a, /a]\nDir: {a: b}\n", BERTH_E_TYPE, 3},
                 {"Dir: [[a, /a]\n", BERTH_E_SYNTAX, 0},
                 {"Dir: &x [[a, /a]]\n", BERTH_E_SYNTAX, 1},
                 {"Dir: !!python/object []\n", BERTH_E_SYNTAX, 1},
                 {"\xff\n", BERTH_E_UTF8, 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(read_mounts(berth_text_of(cases[i].document), &mounts, &error), cases[i].status);
        assert_non_null(error.reason);
        if (cases[i].line > 0)
            assert_int_equal(error.line, cases[i].line);
    }
    /* One pair more than there is room for. */
    static char many[8192];
    struct berth_writer w;
    berth_writer_init(&w, many, sizeof many);
    berth_put_string(&w, "Dir:\n");
    for (unsigned i = 0; i <= BERTH_MOUNTS_MAX; i++) {
        assert_int_equal(read_mounts(berth_writer_text(&w), &mounts, NULL), BERTH_OK);
        assert_int_equal(mounts.count, i);
        berth_put_string(&w, "- [f");
        berth_put_u64(&w, i);
        berth_put_string(&w, ", /f");
        berth_put_u64(&w, i);
        berth_put_string(&w, "]\n");
    }
    assert_int_equal(read_mounts(berth_writer_text(&w), &mounts, NULL), BERTH_E_SPACE);
    assert_int_equal(mounts.count, BERTH_MOUNTS_MAX);
}

/* Cut anywhere and changed anywhere, a file gives good pairs or an error, and reads nothing beyond its end.
 */
static void mangled_files(void **state)
{
    (void)state;
    uint64_t seed = seed_start("backup.yaml");
    struct berth_mounts mounts;
    struct guard guard;
    char copy[sizeof template_file];
    size_t len = sizeof template_file - 1;
    guard_open(&guard, sizeof copy);
    for (int i = 0; i < 20000; i++) {
        memcpy(copy, template_file, len);
        for (uint64_t changes = seed_below(&seed, 4); changes > 0; changes--)
            copy[seed_below(&seed, len)] = "\n -:/.[]{}'\"a#\\\t,&"[seed_below(&seed, 19)];
        size_t cut = seed_below(&seed, len + 1);
        const uint8_t *bytes = guard_put(&guard, copy, cut);
        if (read_mounts(berth_text_make((const char *)bytes, cut), &mounts, NULL) != BERTH_OK)
            continue;
        for (size_t j = 0; j < mounts.count; j++)
            assert_int_equal(berth_mount_check(&mounts.items[j]), BERTH_MOUNT_GOOD);
    }
    guard_close(&guard);
}

/* ---- the plan --------------------------------------------------------------------------------- */

static struct berth_monitor_row row(enum berth_stage stage, const char *user, int64_t start_s, int64_t end_s,
                                    uint64_t gpus)
{
    return (struct berth_monitor_row){stage, berth_text_of(user), start_s, end_s, gpus};
}

static void what_is_due(void **state)
{
    (void)state;
    const struct berth_monitor_row rows[] = {
        row(BERTH_STAGE_BOOKING, "later", 101, 200, 0), row(BERTH_STAGE_BOOKING, "bb", 100, 200, 0),
        row(BERTH_STAGE_BOOKING, "aa", 100, 200, 0),    row(BERTH_STAGE_BOOKING, "over", 50, 100, 0),
        row(BERTH_STAGE_USING, "running", 50, 101, 0),  row(BERTH_STAGE_USING, "zz", 50, 100, 0),
        row(BERTH_STAGE_USING, "yy", 60, 100, 0),       row(BERTH_STAGE_USING, "first", 70, 99, 0),
        row(BERTH_STAGE_USED, "gone", 1, 2, 0),
    };
    static const struct berth_monitor_step expected[] = {{7, BERTH_MONITOR_CLOSE}, {6, BERTH_MONITOR_CLOSE},
                                                         {5, BERTH_MONITOR_CLOSE}, {3, BERTH_MONITOR_EXPIRE},
                                                         {2, BERTH_MONITOR_START}, {1, BERTH_MONITOR_START}};
    struct berth_monitor_step steps[COUNT(rows)];
    assert_int_equal(berth_monitor_plan(rows, COUNT(rows), 100, steps), COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_int_equal(steps[i].row, expected[i].row);
        assert_int_equal(steps[i].action, expected[i].action);
    }
    assert_int_equal(berth_monitor_plan(rows, 0, 100, steps), 0);
    assert_int_equal(berth_monitor_plan(rows, COUNT(rows), 40, steps), 0);
}

/* Every order of the rows gives the same steps, each in its place. */
static void plans_by_chance(void **state)
{
    (void)state;
    uint64_t seed = seed_start("plan");
    static const char *const users[] = {"aa", "ab", "b", "c1"};
    for (int round = 0; round < 2000; round++) {
        struct berth_monitor_row rows[24];
        struct berth_monitor_step steps[COUNT(rows)];
        size_t count = seed_below(&seed, COUNT(rows) + 1), due = 0;
        int64_t now_s = 20;
        for (size_t i = 0; i < count; i++) {
            int64_t start_s = (int64_t)seed_below(&seed, 30);
            rows[i] = row((enum berth_stage)seed_below(&seed, 3), users[seed_below(&seed, 4)], start_s,
                          start_s + 1 + (int64_t)seed_below(&seed, 20), 0);
            due += (rows[i].stage == BERTH_STAGE_BOOKING && start_s <= now_s) ||
                   (rows[i].stage == BERTH_STAGE_USING && rows[i].end_s <= now_s);
        }
        assert_int_equal(berth_monitor_plan(rows, count, now_s, steps), due);
        for (size_t i = 0; i + 1 < due; i++) {
            const struct berth_monitor_row *a = &rows[steps[i].row], *b = &rows[steps[i + 1].row];
            bool a_closes = steps[i].action == BERTH_MONITOR_CLOSE;
            bool b_closes = steps[i + 1].action == BERTH_MONITOR_CLOSE;
            assert_true(a_closes || !b_closes);
            if (a_closes != b_closes)
                continue;
            int64_t a_s = a_closes ? a->end_s : a->start_s, b_s = b_closes ? b->end_s : b->start_s;
            int users_order = berth_text_compare(a->user_id, b->user_id);
            assert_true(a_s < b_s || (a_s == b_s && (users_order < 0 ||
                                                     (users_order == 0 && steps[i].row < steps[i + 1].row))));
        }
    }
}

static void what_is_in_the_way(void **state)
{
    (void)state;
    struct berth_monitor_row rows[] = {
        row(BERTH_STAGE_USING, "aa", 1, 2, 1),   row(BERTH_STAGE_USING, "bb", 1, 2, 6),
        row(BERTH_STAGE_BOOKING, "cc", 1, 2, 4), row(BERTH_STAGE_BOOKING, "bb", 1, 2, 1),
        row(BERTH_STAGE_BOOKING, "dd", 1, 2, 8), row(BERTH_STAGE_USED, "dd", 1, 2, 8),
    };
    size_t other = 99;
    assert_int_equal(berth_monitor_may_start(rows, COUNT(rows), 2, &other), BERTH_MONITOR_HELD_GPUS);
    assert_int_equal(other, 1);
    assert_int_equal(berth_monitor_may_start(rows, COUNT(rows), 3, &other), BERTH_MONITOR_HELD_USER);
    assert_int_equal(other, 1);
    assert_int_equal(berth_monitor_may_start(rows, COUNT(rows), 4, &other), BERTH_MONITOR_FREE);
    assert_int_equal(berth_monitor_shared_gpus(rows, COUNT(rows)), 0);
    rows[2].stage = rows[3].stage = BERTH_STAGE_USING;
    assert_int_equal(berth_monitor_shared_gpus(rows, COUNT(rows)), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_of_a_row),
        cmocka_unit_test(run_with_everything),
        cmocka_unit_test(need_is_told),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(line_for_people),
        cmocka_unit_test(what_docker_must_not_get),
        cmocka_unit_test(absent_containers),
        cmocka_unit_test(memory_split),
        cmocka_unit_test(memory_split_by_chance),
        cmocka_unit_test(space),
        cmocka_unit_test(mounts_of_the_template),
        cmocka_unit_test(hostile_pairs),
        cmocka_unit_test(broken_files),
        cmocka_unit_test(mangled_files),
        cmocka_unit_test(what_is_due),
        cmocka_unit_test(plans_by_chance),
        cmocka_unit_test(what_is_in_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
