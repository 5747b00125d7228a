/* users_config.yaml: reading users, and writing one of them with every other byte kept. */
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

#define USERS 16

static char memory_room[65536];
static struct berth_writer memory;
static struct berth_config_note note;
static struct berth_user users[USERS];
static size_t count;

static enum berth_status read_users(const char *bytes, size_t len)
{
    struct berth_config_input input = {{bytes, len}, &memory, NULL, NULL, &note};
    memset(&note, 0, sizeof note);
    berth_writer_init(&memory, memory_room, sizeof memory_room);
    return berth_users_config_read(&input, users, USERS, &count);
}

static void must(enum berth_status status, const char *document)
{
    if (status != BERTH_OK)
        fail_msg("%s at %u:%u, %s: %s\n%s", berth_status_name(status), (unsigned)note.line,
                 (unsigned)note.column, note.field, note.reason, document);
}

static void assert_text(struct berth_text text, const char *want)
{
    if (want == NULL ? text.ptr != NULL : !berth_text_equal(text, berth_text_of(want)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)text.len, text.ptr, want);
}

/* ---- Reading ---- */

static void test_read(void **state)
{
    static const char DOCUMENT[] = "m1:\n"
                                   "  password: 0000\n"
                                   "  forward_port: 10001\n"
                                   "  image: null\n"
                                   "  extra_command: ~\n"
                                   "  volume_work_dir: /mnt/Users/m1\n"
                                   "  volume_dataset_dir: /mnt/Dataset\n"
                                   "  volume_backup_dir: /mnt/Backup/m1\n"
                                   "m2: # two\n"
                                   "  password: 'it''s'\n"
                                   "M1:\n"
                                   "  extra_command: echo \"hi,\n"
                                   "    there\"\n"
                                   "  password: \"a\\\n"
                                   "    \\ b\"\n";
    (void)state;
    must(read_users(DOCUMENT, sizeof DOCUMENT - 1), DOCUMENT);
    assert_int_equal(count, 2);
    assert_text(users[0].id, "m1"); /* the first place, the last values */
    assert_text(users[0].password, "a b");
    assert_text(users[0].extra_command, "echo \"hi, there\"");
    assert_int_equal(users[0].forward_port, 0);
    assert_text(users[0].volume_work_dir, NULL);
    assert_text(users[1].password, "it's");
    assert_text(users[1].image, NULL);
    must(read_users(DOCUMENT, (size_t)(strstr(DOCUMENT, "m2") - DOCUMENT)), DOCUMENT);
    assert_text(users[0].password, "0000"); /* a text, not the number 0 */
    assert_int_equal(users[0].forward_port, 10001);
    assert_text(users[0].image, NULL);
    assert_text(users[0].volume_backup_dir, "/mnt/Backup/m1");
}

static void test_read_values(void **state)
{
    static const struct {
        const char *line;
        enum berth_status status;
        const char *password; /* when it is read */
    } ROWS[] = {
        {"password: 0123", BERTH_OK, "0123"},
        {"password: 1:30", BERTH_OK, "1:30"},
        {"password: on", BERTH_OK, "on"},
        {"password: 'null'", BERTH_OK, "null"},
        {"password: null", BERTH_OK, NULL},
        {"password: Null", BERTH_OK, NULL},
        {"password: NULL", BERTH_OK, NULL},
        {"password: ~", BERTH_OK, NULL},
        {"password: # none", BERTH_OK, NULL},
        {"password: a#b", BERTH_OK, "a#b"},
        {"password: a #b", BERTH_OK, "a"},
        {"password: ''", BERTH_OK, ""},
        {"password: \"\"", BERTH_OK, ""},
        {"password: \"\\\\ \\\" \\/ \\a\\b\\t\\n\\v\\f\\r\\e \\x41 \\u00e9 \\U0001F600\"", BERTH_OK,
         "\\ \" / \a\b\t\n\v\f\r\x1b A \xc3\xa9 \xf0\x9f\x98\x80"},
        {"password: \"\\0\"", BERTH_E_RANGE, NULL},
        {"password: \"\\q\"", BERTH_E_SYNTAX, NULL},
        {"password: \"\\ud800\"", BERTH_E_UTF8, NULL},
        {"password: \xff", BERTH_E_UTF8, NULL},
        {"password: 'x", BERTH_E_SYNTAX, NULL},
        {"password: a: b", BERTH_E_SYNTAX, NULL},
        {"password: [a]", BERTH_E_SYNTAX, NULL},
        {"password: []", BERTH_E_TYPE, NULL},
        {"password:\n  - x", BERTH_E_TYPE, NULL},
        {"password: a\n\n    b", BERTH_E_SYNTAX, NULL},
        {"password: a\n    b", BERTH_OK, "a b"},
        {"password: 'a\n\n    b'", BERTH_E_SYNTAX, NULL},
        {"password: $6$salt$hash", BERTH_OK, "$6$salt$hash"},
        {"forward_port: 65535", BERTH_OK, NULL},
        {"forward_port: 65536", BERTH_E_RANGE, NULL},
        {"forward_port: 0", BERTH_E_RANGE, NULL},
        {"forward_port: -1", BERTH_E_RANGE, NULL},
        {"forward_port: 1.5", BERTH_E_RANGE, NULL},
        {"forward_port: '10001'", BERTH_E_TYPE, NULL},
        {"forward_port: ssh", BERTH_E_TYPE, NULL},
        {"forward_port: null", BERTH_OK, NULL},
        {"forward_port:", BERTH_OK, NULL},
        {"volume_work_dir: relative", BERTH_E_RANGE, NULL},
        {"volume_work_dir: null", BERTH_OK, NULL},
        {"colour: blue", BERTH_E_SYNTAX, NULL},
        {"password: a\n  password: b", BERTH_OK, "b"},
        {"'password': a", BERTH_OK, "a"},
        {"\"passwor\\x64\": a", BERTH_OK, "a"},
    };
    char text[512];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        snprintf(text, sizeof text, "m1:\n  %s\n", ROWS[i].line);
        size_t len = strlen(text);
        const char *copy = guard_copy(text, len);
        enum berth_status status = read_users(copy, len);
        if (status != ROWS[i].status)
            fail_msg("%s: %s", ROWS[i].line, berth_status_name(status));
        if (status == BERTH_OK)
            assert_text(users[0].password, ROWS[i].password);
        else
            assert_true(note.line == 2 || note.line == 3 || note.line == 4);
        guard_free((void *)(uintptr_t)copy);
    }
}

static void test_read_documents(void **state)
{
    static const struct {
        const char *document;
        enum berth_status status;
        size_t count;
    } ROWS[] = {
        {"", BERTH_OK, 0},
        {"{}", BERTH_OK, 0},
        {"{}\n", BERTH_OK, 0},
        {"# nobody yet\n\n", BERTH_OK, 0},
        {"\xEF\xBB\xBF", BERTH_OK, 0},
        {"\xEF\xBB\xBFm1: {}", BERTH_OK, 1},
        {"m1: {}\nm2: {}\r\nM2: {}\n", BERTH_OK, 2},
        {"  m1: {}\n  m2: {}\n", BERTH_OK, 2},
        {"m1:\n", BERTH_E_TYPE, 0},
        {"m1: x\n", BERTH_E_TYPE, 0},
        {"m1: []\n", BERTH_E_TYPE, 0},
        {"- m1\n", BERTH_E_TYPE, 0},
        {"null\n", BERTH_E_TYPE, 0},
        {"[]\n", BERTH_E_TYPE, 0},
        {"{m1: {}}\n", BERTH_E_SYNTAX, 0},
        {"now: {}\n", BERTH_E_RANGE, 0},
        {"x: {}\n", BERTH_E_RANGE, 0},
        {"~: {}\n", BERTH_E_RANGE, 0},
        {"m1: {}\n---\n", BERTH_E_SYNTAX, 0},
        {"m1: {}\n m2: {}\n", BERTH_E_SYNTAX, 0},
        {"{}\nm1: {}\n", BERTH_E_SYNTAX, 0},
        {"{} m1: {}\n", BERTH_E_SYNTAX, 0},
        {"  m1: {}\nm2: {}\n", BERTH_E_SYNTAX, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        enum berth_status status = read_users(ROWS[i].document, strlen(ROWS[i].document));
        if (status != ROWS[i].status || (status == BERTH_OK && count != ROWS[i].count))
            fail_msg("row %zu: %s, %zu users", i, berth_status_name(status), count);
    }
}

static void test_read_space(void **state)
{
    static const char DOCUMENT[] = "m1: {}\nm2: {}\nm3: {}\nm1: {}\n";
    struct berth_config_input input = {{DOCUMENT, sizeof DOCUMENT - 1}, NULL, NULL, NULL, NULL};
    (void)state;
    assert_int_equal(berth_users_config_read(&input, users, 2, &count), BERTH_E_SPACE);
    assert_int_equal(count, 3);
    assert_int_equal(berth_users_config_read(&input, users, count, &count), BERTH_OK);
    assert_int_equal(berth_users_config_read(&input, NULL, 0, &count), BERTH_E_SPACE);
    input.document = BERTH_TEXT("M1: {}\n"); /* its id must be copied */
    assert_int_equal(berth_users_config_read(&input, users, 2, &count), BERTH_E_SPACE);
}

/* ---- Writing: exact bytes ---- */

static char put_room[65536];

static enum berth_status put(const char *document, size_t len, const struct berth_user *user,
                             const char **out)
{
    struct berth_writer w;
    memset(&note, 0, sizeof note);
    berth_writer_init(&w, put_room, sizeof put_room - 1);
    enum berth_status status = berth_users_config_put(&w, berth_text_make(document, len), user, &note);
    put_room[status == BERTH_OK ? w.len : 0] = '\0';
    *out = put_room;
    return status;
}

#define BLOCK(port, tail)                                                                                    \
    "m1:\n  password: 'pw'\n  forward_port: " port "\n  image: null\n  extra_command: null\n"                \
    "  volume_work_dir: /w/m1\n  volume_dataset_dir: /d\n  volume_backup_dir: /b/m1" tail

static const struct berth_user M1 = {
    BERTH_TEXT_INIT("m1"), BERTH_TEXT_INIT("pw"),    10001, {NULL, 0}, {NULL, 0}, BERTH_TEXT_INIT("/w/m1"),
    BERTH_TEXT_INIT("/d"), BERTH_TEXT_INIT("/b/m1"),
};

static void test_put(void **state)
{
    static const struct {
        const char *document, *want;
    } ROWS[] = {
        {"", BLOCK("10001", "\n")},
        {"{}", BLOCK("10001", "\n")},
        {"{}\n", BLOCK("10001", "\n")},
        {"# a\n{} # b\n# c", "# a\n" BLOCK("10001", " # b\n# c\n")},
        {"# nobody\n", "# nobody\n\n" BLOCK("10001", "\n")},
        {"\xEF\xBB\xBF", "\xEF\xBB\xBF" BLOCK("10001", "\n")},
        {"m2: {}", "m2: {}\n\n" BLOCK("10001", "\n")},
        {"m2: {}\n\n", "m2: {}\n\n" BLOCK("10001", "\n")},
        {"m2: {}\n# end\n", "m2: {}\n# end\n\n" BLOCK("10001", "\n")},
        {BLOCK("7", "\n"), BLOCK("10001", "\n")},
        {BLOCK("7", ""), BLOCK("10001", "\n")},
        {BLOCK("10001", "\n"), BLOCK("10001", "\n")},
        {BLOCK("7", " # last\n\n\nm2: {}\n# x"), BLOCK("10001", " # last\n\n\nm2: {}\n# x\n")},
        {"m1: {}\nm2: {}\n", BLOCK("10001", "\nm2: {}\n")},
        {"m1: {} # why\n", BLOCK("10001", " # why\n")},
        /* a second and a third block go, with their lines */
        {"m1: {}\n\nm2: {}\n\nm1:\n  password: old\n\nm3: {}\nM1: {}\n",
         BLOCK("10001", "\n\nm2: {}\n\n\nm3: {}\n")},
        {"m1: {}\nm2: {}\nm1: {} # stays\n", BLOCK("10001", "\nm2: {}\n # stays\n")},
        {"m2: {}\nm1: {}\nm1: {}", "m2: {}\n" BLOCK("10001", "\n")},
    };
    const char *out;
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        must(put(ROWS[i].document, strlen(ROWS[i].document), &M1, &out), ROWS[i].document);
        assert_string_equal(out, ROWS[i].want);
    }
}

/* Comments inside the block, line ends, indentation and another order. */
static void test_put_comments(void **state)
{
    static const char DOCUMENT[] = "  m0: {}\r\n"
                                   "\r\n"
                                   "  'm1': # head\r\n"
                                   "      # before the image\r\n"
                                   "      image: x # old\r\n"
                                   "\r\n"
                                   "      password: # between\r\n"
                                   "        'secret' # why\r\n"
                                   "# at the margin\r\n"
                                   "      forward_port:   # none\r\n"
                                   "      extra_command: 'a\r\n"
                                   "         b'\r\n"
                                   "  # behind\r\n"
                                   "  m2:\r\n"
                                   "    password: m1\r\n";
    static const char WANT[] = "  m0: {}\r\n"
                               "\r\n"
                               "  m1: # head\r\n"
                               "\r\n"
                               "    # between\r\n"
                               "    password: 'pw' # why\r\n"
                               "# at the margin\r\n"
                               "    forward_port: 10001   # none\r\n"
                               "      # before the image\r\n"
                               "    image: null # old\r\n"
                               "    extra_command: null\r\n"
                               "    volume_work_dir: /w/m1\r\n"
                               "    volume_dataset_dir: /d\r\n"
                               "    volume_backup_dir: /b/m1\r\n"
                               "  # behind\r\n"
                               "  m2:\r\n"
                               "    password: m1\r\n";
    const char *out;
    (void)state;
    must(put(DOCUMENT, sizeof DOCUMENT - 1, &M1, &out), DOCUMENT);
    assert_string_equal(out, WANT);
}

static void test_put_values(void **state)
{
    static const struct {
        struct berth_text value;
        const char *as_text, *as_password;
    } ROWS[] = {
        {BERTH_TEXT_INIT("repo/image:tag"), "repo/image:tag", "'repo/image:tag'"},
        {{NULL, 0}, "null", "null"},
        {BERTH_TEXT_INIT(""), "''", "''"},
        {BERTH_TEXT_INIT("null"), "'null'", "'null'"},
        {BERTH_TEXT_INIT("Off"), "'Off'", "'Off'"},
        {BERTH_TEXT_INIT("nullable"), "nullable", "'nullable'"},
        {BERTH_TEXT_INIT("0123"), "'0123'", "'0123'"},
        {BERTH_TEXT_INIT("1:30"), "'1:30'", "'1:30'"},
        {BERTH_TEXT_INIT("-x"), "'-x'", "'-x'"},
        {BERTH_TEXT_INIT("it's"), "it's", "'it''s'"},
        {BERTH_TEXT_INIT("'x'"), "'''x'''", "'''x'''"},
        {BERTH_TEXT_INIT("echo \"hi, there\""), "echo \"hi, there\"", "'echo \"hi, there\"'"},
        {BERTH_TEXT_INIT("a: b"), "'a: b'", "'a: b'"},
        {BERTH_TEXT_INIT("a:b"), "a:b", "'a:b'"},
        {BERTH_TEXT_INIT("a:"), "'a:'", "'a:'"},
        {BERTH_TEXT_INIT("a #b"), "'a #b'", "'a #b'"},
        {BERTH_TEXT_INIT("a#b"), "a#b", "'a#b'"},
        {BERTH_TEXT_INIT(" a"), "' a'", "' a'"},
        {BERTH_TEXT_INIT("a "), "'a '", "'a '"},
        {BERTH_TEXT_INIT("{a}"), "'{a}'", "'{a}'"},
        {BERTH_TEXT_INIT("@a"), "'@a'", "'@a'"},
        {BERTH_TEXT_INIT("$6$salt$hash"), "'$6$salt$hash'", "'$6$salt$hash'"},
        {BERTH_TEXT_INIT("a\tb\n"), "\"a\\tb\\n\"", "\"a\\tb\\n\""},
        {BERTH_TEXT_INIT("a\\\"\x1b"), "\"a\\\\\\\"\\x1B\"", "\"a\\\\\\\"\\x1B\""},
        {BERTH_TEXT_INIT("\xc3\xa9"), "\"\\xE9\"", "'\xc3\xa9'"},
        {BERTH_TEXT_INIT("\xe4\xb8\xad\xf0\x9f\x98\x80"), "\"\\u4E2D\\U0001F600\"",
         "'\xe4\xb8\xad\xf0\x9f\x98\x80'"},
        {BERTH_TEXT_INIT("\xe2\x80\xa8"), "\"\\u2028\"", "\"\\u2028\""},
    };
    char want[256];
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct berth_user user = M1;
        const char *out;
        user.password = user.image = ROWS[i].value;
        must(put("", 0, &user, &out), "");
        snprintf(want, sizeof want, "m1:\n  password: %s\n  forward_port: 10001\n  image: %s\n",
                 ROWS[i].as_password, ROWS[i].as_text);
        if (strncmp(out, want, strlen(want)) != 0)
            fail_msg("row %zu: %s", i, out);
        char copy[1024];
        snprintf(copy, sizeof copy, "%s", out);
        must(read_users(copy, strlen(copy)), copy);
        assert_true(berth_text_equal(users[0].password, ROWS[i].value));
        assert_true(berth_text_equal(users[0].image, ROWS[i].value));
        assert_int_equal(users[0].image.ptr == NULL, ROWS[i].value.ptr == NULL);
    }
}

static void test_put_ids(void **state)
{
    static const char *const ROWS[][2] = {
        {"no", "'no':"}, {"0123", "'0123':"}, {"1e5", "'1e5':"}, {"m.1-_", "m.1-_:"}, {"true", "'true':"}};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct berth_user user = M1;
        const char *out;
        user.id = berth_text_of(ROWS[i][0]);
        must(put("", 0, &user, &out), "");
        assert_memory_equal(out, ROWS[i][1], strlen(ROWS[i][1]));
        must(put("x0: {}\n", 7, &user, &out), "");
    }
}

static void test_put_refusals(void **state)
{
    const char *out;
    struct berth_user user = M1;
    struct berth_writer w;
    (void)state;
    user.id = BERTH_TEXT("M1");
    assert_int_equal(put("", 0, &user, &out), BERTH_E_RANGE);
    user.id = BERTH_TEXT("now");
    assert_int_equal(put("", 0, &user, &out), BERTH_E_RANGE);
    user = M1;
    user.password = berth_text_make("a\0b", 3);
    assert_int_equal(put("", 0, &user, &out), BERTH_E_RANGE);
    user.password = BERTH_TEXT("\xff");
    assert_int_equal(put("", 0, &user, &out), BERTH_E_RANGE);
    user = M1;
    user.volume_work_dir = BERTH_TEXT("w");
    assert_int_equal(put("", 0, &user, &out), BERTH_E_RANGE);
    assert_int_equal(put("m2: x\n", 6, &M1, &out), BERTH_E_TYPE);
    assert_int_equal(put("m2: {}\nm1: [", 12, &M1, &out), BERTH_E_SYNTAX);
    assert_int_equal(note.line, 2);
    assert_int_equal(put("m2:\n  foo: 1\n", 13, &M1, &out), BERTH_E_SYNTAX);
    char long_id[400] = "";
    snprintf(long_id, sizeof long_id, "\"\\x6d%0*d\": {}\n", 300, 0);
    assert_int_equal(put(long_id, strlen(long_id), &M1, &out), BERTH_E_RANGE);
    assert_int_equal(note.line, 1);
    /* the need, found by counting, is exactly enough */
    memset(&w, 0, sizeof w);
    assert_int_equal(berth_users_config_put(&w, BERTH_TEXT("# x\n"), &M1, NULL), BERTH_E_SPACE);
    char *room = guard_new(w.len);
    size_t need = w.len;
    berth_writer_init(&w, room, need - 1);
    assert_int_equal(berth_users_config_put(&w, BERTH_TEXT("# x\n"), &M1, NULL), BERTH_E_SPACE);
    assert_int_equal(w.len, need);
    berth_writer_init(&w, room, need);
    assert_int_equal(berth_users_config_put(&w, BERTH_TEXT("# x\n"), &M1, NULL), BERTH_OK);
    guard_free(room);
}

/* ---- Writing: any document ---- */

/* A random document. */
struct made {
    char text[16384];
    size_t len;
    struct {
        size_t from, to;
        bool who; /* a block of the user who will be written */
    } blocks[8];
    size_t block_count;
    struct {
        bool lost; /* it stands in a block that goes */
    } comments[1000];
    unsigned comment_count;
    bool losing;
    const char *line_end;
    uint64_t seed;
};

static void say(struct made *m, const char *text)
{
    size_t len = strlen(text);
    assert_true(m->len + len < sizeof m->text);
    memcpy(m->text + m->len, text, len + 1);
    m->len += len;
}

static bool chance(struct made *m, size_t one_in)
{
    return seed_below(&m->seed, one_in) == 0;
}

static void comment(struct made *m)
{
    char text[32];
    assert_true(m->comment_count < 1000);
    snprintf(text, sizeof text, "#c%u: 'x", m->comment_count);
    m->comments[m->comment_count++].lost = m->losing;
    say(m, text);
}

static void line_end(struct made *m)
{
    if (chance(m, 4)) {
        say(m, chance(m, 2) ? " " : "\t ");
        comment(m);
    } else if (chance(m, 8)) {
        say(m, "  ");
    }
    say(m, m->line_end);
}

static void lines_between(struct made *m)
{
    while (chance(m, 3)) {
        if (chance(m, 2)) {
            say(m, &"      "[seed_below(&m->seed, 7)]);
            comment(m);
        }
        say(m, m->line_end);
    }
}

static void value(struct made *m, size_t field, const char *indent)
{
    static const char *const TEXTS[] = {"abc",        "'a''b'",         "\"a\\tb\"",  "null",    "~",
                                        "",           "'x: # y'",       "a b  c",     "\"m1:\"", "0000",
                                        "it's #not:", "'two\n# lines'", "\"\\u00e9\""};
    static const char *const FOLDED[] = {"'a%s%s   b'", "a%s%s   b", "\"a\\%s%s   \\ b\""};
    char text[64];
    if (field == 1) {
        snprintf(text, sizeof text, "%zu", seed_below(&m->seed, 65535) + 1);
        say(m, chance(m, 5) ? "null" : text);
    } else if (field >= 4) {
        say(m, chance(m, 5) ? "" : chance(m, 2) ? "/mnt/x y" : "'/mnt/x'");
    } else if (chance(m, 6)) {
        snprintf(text, sizeof text, FOLDED[seed_below(&m->seed, 3)], m->line_end, indent);
        say(m, text);
    } else {
        size_t i = seed_below(&m->seed, sizeof TEXTS / sizeof TEXTS[0]);
        say(m, i == 10 || i == 11 ? "plain" : TEXTS[i]);
    }
}

/* Fields in any order, each at most once. */
static void block(struct made *m, const char *indent)
{
    static const char *const FIELDS[] = {"password",         "forward_port",    "image",
                                         "extra_command",    "volume_work_dir", "volume_dataset_dir",
                                         "volume_backup_dir"};
    unsigned taken = 0;
    char inner[16];
    snprintf(inner, sizeof inner, "%s%s", indent, chance(m, 2) ? "  " : "    ");
    size_t fields = seed_below(&m->seed, 8);
    if (fields == 0) {
        say(m, ": {}");
        return;
    }
    say(m, chance(m, 6) ? " :" : ":");
    while (fields-- > 0) {
        size_t field = seed_below(&m->seed, 7);
        while ((taken >> field & 1) != 0)
            field = (field + 1) % 7;
        taken |= 1u << field;
        line_end(m);
        lines_between(m);
        say(m, inner);
        say(m, FIELDS[field]);
        say(m, ": ");
        value(m, field, inner);
    }
}

static void make_document(struct made *m, const char *who)
{
    static const char *const IDS[][2] = {{"m1", "m1"},     {"m2", "m2"}, {"m3", "'m3'"},
                                         {"m4", "\"m4\""}, {"m1", "M1"}, {"0123", "'0123'"}};
    const char *indent = chance(m, 5) ? "  " : "";
    bool seen = false;
    m->len = m->block_count = m->comment_count = 0;
    m->line_end = chance(m, 3) ? "\r\n" : "\n";
    m->text[0] = '\0';
    if (chance(m, 6))
        say(m, "\xEF\xBB\xBF");
    lines_between(m);
    for (size_t blocks = seed_below(&m->seed, 7); blocks > 0; blocks--) {
        size_t id = seed_below(&m->seed, 6);
        bool is_who = strcmp(IDS[id][0], who) == 0;
        say(m, indent);
        m->blocks[m->block_count].from = m->len;
        m->blocks[m->block_count].who = is_who;
        m->losing = is_who && seen;
        say(m, IDS[id][1]);
        block(m, indent);
        m->losing = false;
        m->blocks[m->block_count++].to = m->len;
        seen = seen || is_who;
        if (blocks == 1 && chance(m, 4))
            return; /* without a line break at the end */
        line_end(m);
        lines_between(m);
    }
}

static struct made made;

/* What stands around the one block of the user, or before the place of a new one, is there to the byte. */
static void check_around(const char *out)
{
    size_t first = SIZE_MAX, blocks = 0;
    for (size_t i = 0; i < made.block_count; i++) {
        if (made.blocks[i].who && blocks++ == 0)
            first = i;
    }
    size_t head = first == SIZE_MAX ? made.len : made.blocks[first].from;
    if (strncmp(out, made.text, head) != 0)
        fail_msg("before the block:\n%s\n---\n%s", made.text, out);
    if (blocks != 1)
        return;
    const char *tail = made.text + made.blocks[first].to;
    size_t tail_len = strlen(tail), out_len = strlen(out);
    if (tail_len == 0 || tail[tail_len - 1] != '\n')
        out_len -= strlen(made.line_end);
    if (out_len < tail_len || strncmp(out + out_len - tail_len, tail, tail_len) != 0)
        fail_msg("behind the block:\n%s\n---\n%s", made.text, out);
}

/* Every other block, in order, to the byte; every comment outside blocks that go. */
static void check_kept(const char *out)
{
    const char *at = out;
    char text[2048];
    for (size_t i = 0; i < made.block_count; i++) {
        if (made.blocks[i].who)
            continue;
        size_t len = made.blocks[i].to - made.blocks[i].from;
        assert_true(len < sizeof text);
        memcpy(text, made.text + made.blocks[i].from, len);
        text[len] = '\0';
        at = strstr(at, text);
        if (at == NULL)
            fail_msg("lost: %s\n---\n%s\n---\n%s", text, made.text, out);
        at += len;
    }
    for (unsigned i = 0; i < made.comment_count; i++) {
        snprintf(text, sizeof text, "#c%u: 'x", i);
        if (!made.comments[i].lost && strstr(out, text) == NULL)
            fail_msg("lost: %s\n---\n%s\n---\n%s", text, made.text, out);
    }
}

static bool same_user(const struct berth_user *a, const struct berth_user *b)
{
    return berth_text_equal(a->id, b->id) && berth_text_equal(a->password, b->password) &&
           a->forward_port == b->forward_port && berth_text_equal(a->image, b->image) &&
           berth_text_equal(a->extra_command, b->extra_command) &&
           (a->password.ptr == NULL) == (b->password.ptr == NULL) &&
           (a->image.ptr == NULL) == (b->image.ptr == NULL) &&
           berth_text_equal(a->volume_work_dir, b->volume_work_dir) &&
           berth_text_equal(a->volume_dataset_dir, b->volume_dataset_dir) &&
           berth_text_equal(a->volume_backup_dir, b->volume_backup_dir);
}

static void test_put_random(void **state)
{
    static const char *const WHO[] = {"m1", "m2", "m3", "0123", "zz"};
    static const char *const TEXTS[] = {NULL, "", "x", "null", "it's", "a: #b", "\xc3\xa9\n", "12", "a b"};
    static struct berth_user before[USERS];
    static char before_room[65536], out[16384], again[16384];
    (void)state;
    made.seed = seed_start("users");
    for (unsigned round = 0; round < 5000; round++) {
        struct berth_user user = M1;
        const char *result;
        user.id = berth_text_of(WHO[seed_below(&made.seed, 5)]);
        user.password = berth_text_of(TEXTS[seed_below(&made.seed, 9)]);
        user.image = berth_text_of(TEXTS[seed_below(&made.seed, 9)]);
        user.extra_command = berth_text_of(TEXTS[seed_below(&made.seed, 9)]);
        user.forward_port = (uint16_t)seed_below(&made.seed, 3);
        if (chance(&made, 4))
            user.volume_dataset_dir = berth_text_make(NULL, 0);
        make_document(&made, user.id.ptr);
        size_t before_count = 0;
        struct berth_writer before_memory;
        struct berth_config_input input = {{made.text, made.len}, &before_memory, NULL, NULL, &note};
        berth_writer_init(&before_memory, before_room, sizeof before_room);
        must(berth_users_config_read(&input, before, USERS, &before_count), made.text);
        const char *copy = guard_copy(made.text, made.len);
        must(put(copy, made.len, &user, &result), made.text);
        guard_free((void *)(uintptr_t)copy);
        snprintf(out, sizeof out, "%s", result);
        check_around(out);
        check_kept(out);
        assert_true(out[strlen(out) - 1] == '\n');

        must(read_users(out, strlen(out)), out);
        size_t place = 0;
        while (place < before_count && !berth_text_equal(before[place].id, user.id))
            place++;
        assert_int_equal(count, before_count + (place == before_count));
        assert_true(same_user(&users[place], &user));
        for (size_t i = 0; i < before_count; i++)
            assert_true(i == place || same_user(&users[i], &before[i]));
        must(put(out, strlen(out), &user, &result), out);
        snprintf(again, sizeof again, "%s", result);
        assert_string_equal(again, out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_values),
        cmocka_unit_test(test_read_documents),
        cmocka_unit_test(test_read_space),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_put_comments),
        cmocka_unit_test(test_put_values),
        cmocka_unit_test(test_put_ids),
        cmocka_unit_test(test_put_refusals),
        cmocka_unit_test(test_put_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
