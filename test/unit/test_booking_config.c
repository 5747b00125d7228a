/* host_deploy.yaml and capability_config.yaml: the subset, the types, the limits, the expressions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/booking_config.h"
#include "guard.h"
#include "seed.h"

/* The figures of the maintainers' template (wire page 1.3). */
static const char TEMPLATE[] = "# capability\n"
                               "max:\n"
                               "  cpus: 62\n"
                               "  ram: 30\n"
                               "  swap_size: 10\n"
                               "  gpus: 1\n"
                               "  shm_rate: ram / (ram + swap_size)\n"
                               "  memory: ram + swap_size\n"
                               "  backup_space: 200\n"
                               "  work_space: 500\n"
                               "\n"
                               "allow_userIDs:\n"
                               "- m1\n"
                               "-\n"
                               "- M.2  # lower case\n"
                               "\n"
                               "max_default_capability:\n"
                               "  cpus: 8\n"
                               "  memory: 32\n"
                               "  gpus: 1\n"
                               "  backup_space: 50\n"
                               "  work_space: 200\n"
                               "\n"
                               "max_custom_capability:\n"
                               "  m1:\n"
                               "    cpus: max\n"
                               "    memory: 64\n"
                               "    work_space: 0.5\n"
                               "  m3: {}\n";

static const char HOST[] = "volume_work_dir: /mnt/Users\n"
                           "volume_dataset_dir: /mnt/Dataset\n"
                           "volume_backup_dir: \"/mnt/Backup\"\n"
                           "users_config_yaml: cfg/users_config.yaml\n"
                           "capability_config_yaml: 'cfg/capability_config.yaml'\n"
                           "images:\n"
                           "- rober5566a/aivc-server:latest\n"
                           "- nvcr.io/nvidia/pytorch:24.01-py3\n"
                           "-\n";

static char memory_room[65536];
static struct berth_writer memory;
static struct berth_config_note note;
static unsigned warnings;
static char warned[256];
static struct berth_text allowed[8];
static struct berth_custom_limits custom[8];
static struct berth_capability_config cap;
static struct berth_host_config host;

static void on_warning(void *ctx, const struct berth_config_note *n)
{
    (void)ctx;
    warnings++;
    snprintf(warned, sizeof warned, "%u:%u %s: %s", (unsigned)n->line, (unsigned)n->column, n->field,
             n->reason);
}

static struct berth_config_input input_of(const char *bytes, size_t len)
{
    berth_writer_init(&memory, memory_room, sizeof memory_room);
    warnings = 0;
    memset(&note, 0, sizeof note);
    struct berth_config_input input = {{bytes, len}, &memory, on_warning, NULL, &note};
    return input;
}

static enum berth_status read_cap(const char *bytes, size_t len)
{
    struct berth_config_input input = input_of(bytes, len);
    memset(&cap, 0, sizeof cap);
    cap.allowed = allowed;
    cap.allowed_cap = 8;
    cap.custom = custom;
    cap.custom_cap = 8;
    return berth_capability_config_read(&input, &cap);
}

static enum berth_status read_host(const char *bytes, size_t len)
{
    struct berth_config_input input = input_of(bytes, len);
    return berth_host_config_read(&input, &host);
}

static void must(enum berth_status status)
{
    if (status != BERTH_OK)
        fail_msg("%s at %u:%u, %s: %s", berth_status_name(status), (unsigned)note.line, (unsigned)note.column,
                 note.field, note.reason);
}

static void assert_text(struct berth_text text, const char *want)
{
    if (!berth_text_equal(text, berth_text_of(want)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.len, text.ptr, want);
}

/* ---- Expressions ---- */

static void test_expressions(void **state)
{
    static const struct {
        const char *text;
        enum berth_status status;
        int64_t num, den; /* status OK; otherwise num is the offset */
    } ROWS[] = {
        {"ram / (ram + swap_size)", BERTH_OK, 3, 4},
        {"ram + swap_size", BERTH_OK, 40, 1},
        {"40", BERTH_OK, 40, 1},
        {"0.75", BERTH_OK, 3, 4},
        {" ( ram )\t", BERTH_OK, 30, 1},
        {"1 + 2 * 3 - 4 / 2", BERTH_OK, 5, 1},
        {"2 * -3", BERTH_OK, -6, 1},
        {"-ram", BERTH_OK, -30, 1},
        {"--+-1", BERTH_OK, -1, 1},
        {"- (1 - 3)", BERTH_OK, 2, 1},
        {"7 // 2", BERTH_OK, 3, 1},
        {"-7 // 2", BERTH_OK, -4, 1},
        {"7//-2*2", BERTH_OK, -8, 1},
        {"6//2", BERTH_OK, 3, 1},
        {"1/3 + 1/6", BERTH_OK, 1, 2},
        {"8 / 4 / 2", BERTH_OK, 1, 1},
        {"8 / (4 / 2)", BERTH_OK, 4, 1},
        {"10 - 3 - 2", BERTH_OK, 5, 1},
        {"ram*0.9//1", BERTH_OK, 27, 1},
        {"0", BERTH_OK, 0, 1},
        {"((((((((((((((((1))))))))))))))))", BERTH_OK, 1, 1},
        {"9223372036854775807", BERTH_OK, INT64_MAX, 1},
        {"9223372036854775807 - 9223372036854775807", BERTH_OK, 0, 1},
        {"4611686018427387904 * 2 / 2", BERTH_E_RANGE, 23, 0},
        {"9223372036854775807 + 1", BERTH_E_RANGE, 23, 0},
        {"9223372036854775808", BERTH_E_RANGE, 0, 0},
        {"1 / 0", BERTH_E_RANGE, 5, 0},
        {"1 // (ram - 30)", BERTH_E_RANGE, 14, 0},
        {"(((((((((((((((((1)))))))))))))))))", BERTH_E_DEPTH, 16, 0},
        {"", BERTH_E_SYNTAX, 0, 0},
        {"ram +", BERTH_E_SYNTAX, 5, 0},
        {"(ram", BERTH_E_SYNTAX, 4, 0},
        {"ram)", BERTH_E_SYNTAX, 3, 0},
        {"()", BERTH_E_SYNTAX, 1, 0},
        {"ram swap_size", BERTH_E_SYNTAX, 4, 0},
        {"rams", BERTH_E_SYNTAX, 0, 0},
        {"RAM", BERTH_E_SYNTAX, 0, 0},
        {"2 ** 3", BERTH_E_SYNTAX, 3, 0},
        {"2 % 3", BERTH_E_SYNTAX, 2, 0},
        {"ram / / 2", BERTH_E_SYNTAX, 6, 0},
        {"2ram", BERTH_E_SYNTAX, 1, 0},
        {".5", BERTH_E_SYNTAX, 0, 0},
        {"5.", BERTH_E_SYNTAX, 0, 0},
        {"1e3", BERTH_E_SYNTAX, 1, 0},
        {"1_0", BERTH_E_SYNTAX, 1, 0},
        {"__import__('os').system('x')", BERTH_E_SYNTAX, 0, 0},
        {"ram; 1", BERTH_E_SYNTAX, 3, 0},
        {"0.0000000000000000001", BERTH_E_RANGE, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        int64_t num = 77, den = 77;
        size_t offset = 77;
        size_t len = strlen(ROWS[i].text);
        const char *text = guard_copy(ROWS[i].text, len);
        enum berth_status status =
            berth_capability_expression(berth_text_make(text, len), 30, 10, &num, &den, &offset);
        if (status != ROWS[i].status)
            fail_msg("\"%s\": %s", ROWS[i].text, berth_status_name(status));
        if (status == BERTH_OK && (num != ROWS[i].num || den != ROWS[i].den))
            fail_msg("\"%s\": %lld/%lld", ROWS[i].text, (long long)num, (long long)den);
        if (status != BERTH_OK && (offset != (size_t)ROWS[i].num || num != 77))
            fail_msg("\"%s\": offset %zu", ROWS[i].text, offset);
        guard_free((void *)(uintptr_t)text);
    }
}

/* An expression of random shape and its value in doubles, which small numbers do not strain. */
struct maker {
    char text[512];
    size_t len;
    uint64_t seed;
};

static double make_sum(struct maker *m, unsigned depth);

static void say(struct maker *m, const char *s)
{
    size_t n = strlen(s);
    memcpy(m->text + m->len, s, n + 1);
    m->len += n;
}

static double make_factor(struct maker *m, unsigned depth)
{
    char digits[8];
    switch (seed_below(&m->seed, depth == 0 ? 4 : 6)) {
    case 0:
        say(m, "ram");
        return 30;
    case 1:
        say(m, " swap_size ");
        return 10;
    case 4: {
        say(m, "(");
        double value = make_sum(m, depth - 1);
        say(m, " )");
        return value;
    }
    case 5:
        say(m, "-");
        return -make_factor(m, depth - 1);
    default: {
        unsigned n = (unsigned)seed_below(&m->seed, 9) + 1;
        snprintf(digits, sizeof digits, "%u", n);
        say(m, digits);
        return n;
    }
    }
}

static double make_term(struct maker *m, unsigned depth)
{
    double value = make_factor(m, depth);
    while (seed_below(&m->seed, 3) == 0 && m->len < 60) {
        bool times = seed_below(&m->seed, 2) == 0;
        say(m, times ? "*" : " / ");
        double factor = make_factor(m, depth);
        value = times ? value * factor : value / factor;
    }
    return value;
}

static double make_sum(struct maker *m, unsigned depth)
{
    double value = make_term(m, depth);
    while (seed_below(&m->seed, 3) == 0 && m->len < 60) {
        bool plus = seed_below(&m->seed, 2) == 0;
        say(m, plus ? " + " : "-");
        double term = make_term(m, depth);
        value = plus ? value + term : value - term;
    }
    return value;
}

static void test_random_expressions(void **state)
{
    struct maker m;
    unsigned compared = 0;
    (void)state;
    m.seed = seed_start("expressions");
    for (unsigned round = 0; round < 20000; round++) {
        int64_t num, den;
        m.len = 0;
        double want = make_sum(&m, 3);
        enum berth_status status =
            berth_capability_expression(berth_text_make(m.text, m.len), 30, 10, &num, &den, NULL);
        if (status == BERTH_E_RANGE)
            continue; /* a division by zero, or long products */
        if (status != BERTH_OK)
            fail_msg("\"%s\": %s", m.text, berth_status_name(status));
        double got = (double)num / (double)den;
        double off = got > want ? got - want : want - got;
        double size = want < 0 ? -want : want;
        if (off > 1e-9 * (size + 1))
            fail_msg("\"%s\": %lld/%lld, not %.17g", m.text, (long long)num, (long long)den, want);
        compared++;
    }
    assert_true(compared > 10000);
}

/* ---- capability_config.yaml ---- */

static void test_template(void **state)
{
    (void)state;
    must(read_cap(TEMPLATE, sizeof TEMPLATE - 1));
    assert_int_equal(cap.max.capacity.cpus_nano, INT64_C(62000000000));
    assert_int_equal(cap.max.capacity.memory_gb, 40);
    assert_int_equal(cap.max.capacity.gpus, 1);
    assert_int_equal(cap.shm_rate_num, 3);
    assert_int_equal(cap.shm_rate_den, 4);
    assert_int_equal(cap.max.backup_space_mb, 200000);
    assert_int_equal(cap.max.work_space_mb, 500000);
    assert_int_equal(cap.standard.capacity.cpus_nano, INT64_C(8000000000));
    assert_int_equal(cap.standard.capacity.memory_gb, 32);
    assert_int_equal(cap.allowed_count, 2);
    assert_text(cap.allowed[0], "m1");
    assert_text(cap.allowed[1], "m.2");
    assert_int_equal(cap.custom_count, 2);
    const struct berth_limits *m1 = berth_capability_limits(&cap, BERTH_TEXT("m1"));
    assert_int_equal(m1->capacity.cpus_nano, INT64_C(62000000000)); /* max */
    assert_int_equal(m1->capacity.memory_gb, 40);                   /* 64 is more than the host has */
    assert_int_equal(m1->capacity.gpus, 1);                         /* left out */
    assert_int_equal(m1->work_space_mb, 500);
    assert_int_equal(warnings, 1);
    assert_string_equal(warned, "27:13 max_custom_capability.memory: more than the host has: cut to that");
    assert_int_equal(berth_capability_limits(&cap, BERTH_TEXT("m3"))->capacity.memory_gb, 32);
    assert_ptr_equal(berth_capability_limits(&cap, BERTH_TEXT("m2")), &cap.standard);
    assert_true(berth_capability_allows(&cap, BERTH_TEXT("m.2")));
    assert_false(berth_capability_allows(&cap, BERTH_TEXT("M.2")));
    assert_false(berth_capability_allows(&cap, BERTH_TEXT("m3")));
}

/* TEMPLATE with OLD replaced by NEW (once). */
static const char *edited(const char *text, const char *old, const char *fresh)
{
    static char out[8192];
    const char *at = strstr(text, old);
    assert_non_null(at);
    snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, fresh, at + strlen(old));
    return out;
}

struct edit {
    const char *old, *fresh;
    enum berth_status status;
    const char *field;
    unsigned line;
};

static void check_edits(const char *text, enum berth_status (*read)(const char *, size_t),
                        const struct edit *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *document = edited(text, rows[i].old, rows[i].fresh);
        enum berth_status status = read(document, strlen(document));
        if (status != rows[i].status ||
            (status != BERTH_OK && (strcmp(note.field, rows[i].field) != 0 || note.line != rows[i].line)))
            fail_msg("row %zu \"%s\": %s at %u, %s: %s", i, rows[i].fresh, berth_status_name(status),
                     (unsigned)note.line, note.field, note.reason == NULL ? "" : note.reason);
    }
}

static void test_capability_edits(void **state)
{
    static const struct edit ROWS[] = {
        /* blocks in another order, repeated, null, unknown */
        {"# capability", "max_custom_capability:\n  m4: {cpus: 1}", BERTH_E_SYNTAX, "max_custom_capability",
         2},
        {"# capability", "max_custom_capability:\n  m4:\n    cpus: 1\n", BERTH_OK, "", 0},
        {"max_custom_capability:", "max_custom_capability:\nother:", BERTH_OK, "", 0},
        {"# capability", "later: [x]\n", BERTH_E_SYNTAX, "", 1},
        {"# capability", "later: []\n", BERTH_OK, "", 0},
        {"max:\n", "maxi:\n", BERTH_E_MISSING, "max", 0},
        {"allow_userIDs:\n- m1\n-\n- M.2", "allow_userIDs:\n #", BERTH_OK, "", 0},
        {"allow_userIDs:\n- m1\n-\n- M.2", "allow_userIDs: []\n #", BERTH_OK, "", 0},
        {"allow_userIDs:\n- m1\n-\n- M.2", "allow_userIDs: {}\n #", BERTH_E_TYPE, "allow_userIDs", 12},
        {"allow_userIDs:\n- m1\n-\n- M.2", "allow: []\n #", BERTH_E_MISSING, "allow_userIDs", 0},
        {"- m1", "- - m1", BERTH_E_TYPE, "allow_userIDs", 13},
        {"- m1", "- m 1", BERTH_E_RANGE, "allow_userIDs", 13},
        {"- m1", "- m", BERTH_E_RANGE, "allow_userIDs", 13},
        {"- m1", "- now", BERTH_E_RANGE, "allow_userIDs", 13},
        {"- m1", "- Booking", BERTH_E_RANGE, "allow_userIDs", 13},
        {"- m1", "- _m1", BERTH_E_RANGE, "allow_userIDs", 13},
        {"- m1", "- 0123", BERTH_OK, "", 0},
        {"- m1", "- \"\\x6d1\"", BERTH_OK, "", 0},
        {"- m1", "- ../m1", BERTH_E_RANGE, "allow_userIDs", 13},
        /* numbers */
        {"cpus: 62", "cpus: 62.5", BERTH_OK, "", 0},
        {"cpus: 62", "cpus: +62", BERTH_OK, "", 0},
        {"cpus: 62", "cpus: -62", BERTH_E_RANGE, "max.cpus", 3},
        {"cpus: 62", "cpus: '62'", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: 6e1", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: 6_2", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: 62.", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: .5", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: 0x10", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: max", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: .nan", BERTH_E_TYPE, "max.cpus", 3},
        {"cpus: 62", "cpus: 99999999999", BERTH_E_RANGE, "max.cpus", 3},
        {"cpus: 62", "cpus:", BERTH_E_MISSING, "max.cpus", 0},
        {"  cpus: 62\n", "", BERTH_E_MISSING, "max.cpus", 0},
        {"cpus: 62", "cpus:\n    - 62", BERTH_E_TYPE, "max.cpus", 4},
        {"ram: 30", "ram: 30.5", BERTH_E_RANGE, "max.ram", 4},
        {"ram: 30", "ram: 30.0", BERTH_OK, "", 0},
        {"gpus: 1\n  shm", "gpus: 64\n  shm", BERTH_OK, "", 0},
        {"gpus: 1\n  shm", "gpus: 65\n  shm", BERTH_E_RANGE, "max.gpus", 6},
        {"gpus: 1\n  shm", "gpus: 0\n  shm", BERTH_OK, "", 0},
        /* expressions */
        {"ram / (ram + swap_size)", "1", BERTH_OK, "", 0},
        {"ram / (ram + swap_size)", "0", BERTH_E_RANGE, "max.shm_rate", 7},
        {"ram / (ram + swap_size)", "1.01", BERTH_E_RANGE, "max.shm_rate", 7},
        {"ram / (ram + swap_size)", "-1", BERTH_E_RANGE, "max.shm_rate", 7},
        {"ram / (ram + swap_size)", "ram / 0", BERTH_E_RANGE, "max.shm_rate", 7},
        {"ram / (ram + swap_size)", "open('x')", BERTH_E_SYNTAX, "max.shm_rate", 7},
        {"ram / (ram + swap_size)", "((((((((((((((((((1", BERTH_E_DEPTH, "max.shm_rate", 7},
        {"ram / (ram + swap_size)", "'ram / (ram + swap_size)'", BERTH_OK, "", 0},
        {"ram / (ram + swap_size)", "ram /\n    (ram + swap_size)", BERTH_OK, "", 0},
        {"memory: ram + swap_size", "memory: ram / 4", BERTH_E_RANGE, "max.memory", 8},
        {"memory: ram + swap_size", "memory: ram // 4", BERTH_OK, "", 0},
        {"memory: ram + swap_size", "memory: 0", BERTH_E_RANGE, "max.memory", 8},
        {"memory: ram + swap_size", "memory: 40", BERTH_OK, "", 0},
        {"memory: ram + swap_size", "memory:", BERTH_E_MISSING, "max.memory", 0},
        /* a user's limits */
        {"  memory: 32\n", "", BERTH_E_MISSING, "max_default_capability.memory", 0},
        {"  memory: 32\n", "  memory: max\n", BERTH_OK, "", 0},
        {"  memory: 32\n", "  memory: Max\n", BERTH_E_TYPE, "max_default_capability.memory", 19},
        {"  memory: 32\n", "  memory: 1e9\n", BERTH_E_TYPE, "max_default_capability.memory", 19},
        {"cpus: max", "cpus: \"12\"", BERTH_E_TYPE, "max_custom_capability.cpus", 26},
        {"cpus: max", "cpus: 'max'", BERTH_OK, "", 0},
        {"cpus: max", "cpus: null", BERTH_OK, "", 0},
        {"cpus: max", "cpus: maximum", BERTH_E_TYPE, "max_custom_capability.cpus", 26},
        {"cpus: max", "colour: 7", BERTH_OK, "", 0},
        {"work_space: 0.5", "work_space: 0.0005", BERTH_E_RANGE, "max_custom_capability.work_space", 28},
        {"  m1:\n", "  m 1:\n", BERTH_E_RANGE, "max_custom_capability", 25},
        {"m3: {}", "m3:", BERTH_OK, "", 0},
        {"m3: {}", "m3: x", BERTH_E_TYPE, "max_custom_capability", 29},
        {"  m1:\n    cpus: max\n    memory: 64\n    work_space: 0.5\n  m3: {}", "", BERTH_OK, "", 0},
        /* the subset */
        {"# capability", "---", BERTH_E_SYNTAX, "", 1},
        {"# capability", "%YAML 1.1", BERTH_E_SYNTAX, "", 1},
        {"# capability", "...", BERTH_E_SYNTAX, "", 1},
        {"  m3: {}\n", "  m3: {}\n...\n", BERTH_E_SYNTAX, "", 30},
        {"  m3: {}\n", "  m3: {}\n---\n", BERTH_E_SYNTAX, "", 30},
        {"cpus: 62", "cpus: &a 62", BERTH_E_SYNTAX, "max.cpus", 3},
        {"cpus: 62", "cpus: *a", BERTH_E_SYNTAX, "max.cpus", 3},
        {"cpus: 62", "cpus: !!int 62", BERTH_E_SYNTAX, "max.cpus", 3},
        {"cpus: 62", "<<: {}", BERTH_E_SYNTAX, "max", 3},
        {"cpus: 62", "cpus: |\n    62", BERTH_E_SYNTAX, "max.cpus", 3},
        {"cpus: 62", "cpus: >-\n    62", BERTH_E_SYNTAX, "max.cpus", 3},
        {"  cpus: 62", "\tcpus: 62", BERTH_E_SYNTAX, "", 3},
        {"  cpus: 62", "  \tcpus: 62", BERTH_E_SYNTAX, "", 3},
        {"  cpus: 62", "  \t# a comment\n  cpus: 62", BERTH_OK, "", 0},
        {"  cpus: 62", "\t\n  cpus: 62", BERTH_OK, "", 0},
        {"- m1", "- [m1]", BERTH_E_SYNTAX, "allow_userIDs", 13},
        {"- m1", "- {m1: 2}", BERTH_E_SYNTAX, "allow_userIDs", 13},
        {"memory: ram + swap_size", "memory: ram +\n\n    swap_size", BERTH_E_SYNTAX, "max.memory", 8},
    };
    (void)state;
    check_edits(TEMPLATE, read_cap, ROWS, sizeof ROWS / sizeof ROWS[0]);
}

static void test_repeated_blocks(void **state)
{
    char text[sizeof TEMPLATE + 128];
    (void)state;
    snprintf(text, sizeof text, "%smax_custom_capability:\n  m1:\n    cpus: 3\nallow_userIDs:\n  - zz\n",
             TEMPLATE);
    must(read_cap(text, strlen(text)));
    assert_int_equal(cap.custom_count, 1);
    assert_int_equal(cap.custom[0].limits.capacity.cpus_nano, INT64_C(3000000000));
    assert_int_equal(cap.custom[0].limits.capacity.memory_gb, 32);
    assert_int_equal(cap.allowed_count, 1);
    assert_text(cap.allowed[0], "zz");
}

static void test_capability_space(void **state)
{
    struct berth_config_input input = input_of(TEMPLATE, sizeof TEMPLATE - 1);
    (void)state;
    memset(&cap, 0, sizeof cap);
    cap.allowed = allowed;
    cap.custom = custom;
    cap.allowed_cap = 1;
    cap.custom_cap = 1;
    assert_int_equal(berth_capability_config_read(&input, &cap), BERTH_E_SPACE);
    assert_int_equal(cap.allowed_count, 2);
    assert_int_equal(cap.custom_count, 2);
    assert_true(berth_capability_allows(&cap, BERTH_TEXT("m1"))); /* asks no further than what is there */
    assert_false(berth_capability_allows(&cap, BERTH_TEXT("m.2")));
    berth_writer_init(&memory, memory_room, 2);
    cap.allowed_cap = cap.custom_cap = 8;
    assert_int_equal(berth_capability_config_read(&input, &cap), BERTH_E_SPACE);
    assert_int_equal(memory.len, BERTH_CONFIG_MEMORY(sizeof TEMPLATE - 1));
    input.memory = NULL;
    assert_int_equal(berth_capability_config_read(&input, &cap), BERTH_E_SPACE);
}

/* ---- host_deploy.yaml ---- */

static void test_host(void **state)
{
    (void)state;
    must(read_host(HOST, sizeof HOST - 1));
    assert_text(host.volume_work_dir, "/mnt/Users");
    assert_text(host.volume_backup_dir, "/mnt/Backup");
    assert_text(host.capability_config_yaml, "cfg/capability_config.yaml");
    assert_int_equal(host.image_count, 2);
    assert_text(host.images[1], "nvcr.io/nvidia/pytorch:24.01-py3");
    assert_false(host.host_pids);
    assert_int_equal(warnings, 0);
    const char *more = edited(HOST, "images:", "host_pids: true\ncolour:\n  deep:\n    - blue\nimages:");
    must(read_host(more, strlen(more)));
    assert_true(host.host_pids);
    assert_int_equal(warnings, 1);
    assert_string_equal(warned, "7:1 : an unknown key, which is ignored");
}

static void test_host_edits(void **state)
{
    static const struct edit ROWS[] = {
        {"/mnt/Users", "mnt/Users", BERTH_E_RANGE, "volume_work_dir", 1},
        {"/mnt/Users", "''", BERTH_E_RANGE, "volume_work_dir", 1},
        {"/mnt/Users", "~", BERTH_E_MISSING, "volume_work_dir", 1},
        {"/mnt/Users", "[]", BERTH_E_TYPE, "volume_work_dir", 1},
        {"/mnt/Users", "\"/mnt/\\x07\"", BERTH_E_RANGE, "volume_work_dir", 1},
        {"/mnt/Users", "\"/mnt/\\0\"", BERTH_E_RANGE, "volume_work_dir", 1},
        {"/mnt/Users", "\"/mnt/\\u00e9\"", BERTH_OK, "", 0},
        {"volume_work_dir", "volume_work", BERTH_E_MISSING, "volume_work_dir", 0},
        {"cfg/users_config.yaml", "/cfg/users_config.yaml", BERTH_E_RANGE, "users_config_yaml", 4},
        {"cfg/users_config.yaml", "cfg/../../x", BERTH_E_RANGE, "users_config_yaml", 4},
        {"cfg/users_config.yaml", "..", BERTH_E_RANGE, "users_config_yaml", 4},
        {"cfg/users_config.yaml", "cfg/..x", BERTH_OK, "", 0},
        {"- rober", "- - rober", BERTH_E_TYPE, "images", 7},
        {"images:", "other:", BERTH_E_MISSING, "images", 0},
        {"images:", "images: x\nother:", BERTH_E_TYPE, "images", 6},
        {"images:", "images:\nother:", BERTH_OK, "", 0},
        {"images:", "host_pids: yes\nimages:", BERTH_E_TYPE, "host_pids", 6},
        {"images:", "host_pids: 'true'\nimages:", BERTH_E_TYPE, "host_pids", 6},
        {"images:", "a:\n  b:\n    c:\n      d: 1\nimages:", BERTH_OK, "", 0},
        {"images:", "a:\n  b:\n    c:\n      d:\n        e: 1\nimages:", BERTH_E_DEPTH, "", 10},
        {"images:", "users_config_yaml: again.yaml\nimages:", BERTH_OK, "", 0},
        {"images:", "images", BERTH_E_SYNTAX, "", 6},
    };
    (void)state;
    check_edits(HOST, read_host, ROWS, sizeof ROWS / sizeof ROWS[0]);
    const char *again = edited(HOST, "images:", "users_config_yaml: again.yaml\nimages:");
    must(read_host(again, strlen(again)));
    assert_text(host.users_config_yaml, "again.yaml");
}

static void test_too_many_images(void **state)
{
    static char text[16384];
    int len = snprintf(text, sizeof text, "%s", HOST);
    (void)state;
    for (unsigned i = 2; i < BERTH_IMAGES_MAX; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "- image:%u\n", i);
    must(read_host(text, (size_t)len));
    assert_int_equal(host.image_count, BERTH_IMAGES_MAX);
    len += snprintf(text + len, sizeof text - (size_t)len, "- more\n");
    assert_int_equal(read_host(text, (size_t)len), BERTH_E_RANGE);
}

/* ---- Both ---- */

/* Every cut and every changed byte: an answer, and never a byte beyond the document. */
static void test_cuts(void **state)
{
    struct guard guard;
    (void)state;
    guard_open(&guard, 4096);
    for (size_t len = 0; len < sizeof TEMPLATE - 1; len++)
        (void)read_cap((const char *)guard_put(&guard, TEMPLATE, len), len);
    for (size_t len = 0; len < sizeof HOST - 1; len++)
        (void)read_host((const char *)guard_put(&guard, HOST, len), len);
    static const char MARKS[] = "\n :-#'\"{}[]\t0~m\\/()\x80";
    uint64_t seed = seed_start("configuration");
    for (unsigned round = 0; round < 20000; round++) {
        char copy[sizeof TEMPLATE];
        memcpy(copy, TEMPLATE, sizeof TEMPLATE);
        for (unsigned n = 0; n < 3; n++)
            copy[seed_below(&seed, sizeof TEMPLATE - 1)] = MARKS[seed_below(&seed, sizeof MARKS - 1)];
        if (read_cap((const char *)guard_put(&guard, copy, sizeof TEMPLATE - 1), sizeof TEMPLATE - 1) !=
            BERTH_OK)
            assert_non_null(note.reason);
    }
    guard_close(&guard);
}

static void test_line_ends(void **state)
{
    static char text[2 * sizeof TEMPLATE];
    size_t len = 3;
    (void)state;
    memcpy(text, "\xEF\xBB\xBF", 3);
    for (size_t i = 0; i < sizeof TEMPLATE - 1; i++) {
        if (TEMPLATE[i] == '\n')
            text[len++] = '\r';
        text[len++] = TEMPLATE[i];
    }
    must(read_cap(text, len));
    assert_int_equal(cap.max.capacity.memory_gb, 40);
    assert_int_equal(cap.allowed_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_random_expressions),
        cmocka_unit_test(test_template),
        cmocka_unit_test(test_capability_edits),
        cmocka_unit_test(test_repeated_blocks),
        cmocka_unit_test(test_capability_space),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_host_edits),
        cmocka_unit_test(test_too_many_images),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_line_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
