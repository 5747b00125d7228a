/* multipart/form-data bodies: the exact bytes, in pieces of every size, lengths, refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "berth/port_mem.h"
#include "guard.h"
#include "http/multipart.h"

#define R3_BOUNDARY "----mlc0123456789abcdef01234567"

/* mlcycle.md 6.4, R3. The bytes' SHA-256 is 115743f1a907311132aee8b4fcfaaf6727e070231989d9aa5cf54093d521691b.
 */
#define R3_BEFORE                                                                                            \
    "--" R3_BOUNDARY "\r\nContent-Disposition: form-data; name=\"Name\"\r\n\r\nConsole Log\r\n"              \
    "--" R3_BOUNDARY "\r\nContent-Disposition: form-data; name=\"Filename\"\r\n\r\n3_console.log\r\n"        \
    "--" R3_BOUNDARY "\r\nContent-Disposition: form-data; name=\"Type\"\r\n\r\n1\r\n"                        \
    "--" R3_BOUNDARY "\r\nContent-Disposition: form-data; name=\"BinaryData\"; filename=\"3_console.log\""   \
    "\r\nContent-Type: application/octet-stream\r\n\r\n"
#define R3_FILE "line one\nline two\n"
#define R3_AFTER "\r\n--" R3_BOUNDARY "--\r\n"

struct upload {
    struct berth_memory_source memory;
    struct berth_source file;
    struct berth_multipart_part parts[4];
    struct berth_multipart m;
    struct berth_source source;
};

static void make_r3(struct upload *u, const char *content)
{
    memset(u, 0, sizeof *u);
    u->file = berth_source_of_text(&u->memory, berth_text_of(content));
    u->parts[0] =
        (struct berth_multipart_part){.name = BERTH_TEXT("Name"), .value = BERTH_TEXT("Console Log")};
    u->parts[1] =
        (struct berth_multipart_part){.name = BERTH_TEXT("Filename"), .value = BERTH_TEXT("3_console.log")};
    u->parts[2] = (struct berth_multipart_part){.name = BERTH_TEXT("Type"), .value = BERTH_TEXT("1")};
    u->parts[3] = (struct berth_multipart_part){
        .name = BERTH_TEXT("BinaryData"), .file = &u->file, .file_name = BERTH_TEXT("3_console.log")};
    strcpy(u->m.boundary, R3_BOUNDARY);
    assert_int_equal(berth_multipart_begin(&u->m, u->parts, 4, &u->source), BERTH_OK);
}

static void read_in_pieces(struct upload *u, size_t piece, const char *expected, size_t expected_len)
{
    char all[2048];
    size_t len = 0;
    for (;;) {
        char *buf = guard_new(piece);
        ptrdiff_t count = u->source.read(u->source.ctx, buf, piece);
        assert_in_range(count, 0, piece);
        memcpy(all + len, buf, (size_t)count);
        guard_free(buf);
        if (count == 0)
            break;
        len += (size_t)count;
        assert_true(len <= expected_len);
    }
    assert_int_equal(len, expected_len);
    assert_memory_equal(all, expected, len);
    assert_int_equal(u->source.read(u->source.ctx, all, piece), 0);
}

static void r3_exactly(void **state)
{
    static const char expected[] = R3_BEFORE R3_FILE R3_AFTER;
    struct upload u;
    (void)state;
    make_r3(&u, R3_FILE);
    assert_int_equal(sizeof expected - 1, 492);
    assert_int_equal(u.source.length, 492);
    static const size_t pieces[] = {1, 2, 3, 5, 17, 31, 64, 127, 491, 492, 493, 1024};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        read_in_pieces(&u, pieces[i], expected, sizeof expected - 1);
        assert_int_equal(u.source.rewind(u.source.ctx), BERTH_OK);
    }
    char type[100];
    struct berth_writer w;
    berth_writer_init(&w, type, sizeof type);
    berth_put_multipart_type(&w, &u.m);
    assert_int_equal(w.len, strlen("multipart/form-data; boundary=" R3_BOUNDARY));
    assert_memory_equal(type, "multipart/form-data; boundary=" R3_BOUNDARY, w.len);
}

static void r3_with_an_empty_file(void **state)
{
    static const char expected[] = R3_BEFORE R3_AFTER;
    struct upload u;
    (void)state;
    make_r3(&u, "");
    assert_int_equal(sizeof expected - 1, 474);
    assert_int_equal(u.source.length, 474);
    read_in_pieces(&u, 7, expected, sizeof expected - 1);
}

static void no_parts(void **state)
{
    struct upload u;
    (void)state;
    make_r3(&u, "");
    assert_int_equal(berth_multipart_begin(&u.m, NULL, 0, &u.source), BERTH_OK);
    read_in_pieces(&u, 3, "--" R3_BOUNDARY "--\r\n", 37);
    assert_int_equal(u.source.length, 37);
}

static void quotes(void **state)
{
    static const char expected[] =
        "--" R3_BOUNDARY "\r\nContent-Disposition: form-data; name=\"%22a%22%22b%22\"; "
        "filename=\"Gr\xc3\xb6\xc3\x9f"
        "e %22\\;x\"\r\nContent-Type: text/plain\r\n\r\nz"
        "\r\n--" R3_BOUNDARY "--\r\n";
    struct upload u;
    (void)state;
    make_r3(&u, "z");
    u.parts[3].name = BERTH_TEXT("\"a\"\"b\"");
    u.parts[3].file_name = BERTH_TEXT("Gr\xc3\xb6\xc3\x9f"
                                      "e \"\\;x");
    u.parts[3].content_type = BERTH_TEXT("text/plain");
    assert_int_equal(berth_multipart_begin(&u.m, u.parts + 3, 1, &u.source), BERTH_OK);
    assert_int_equal(u.source.length, sizeof expected - 1);
    read_in_pieces(&u, 4, expected, sizeof expected - 1);
}

static void refusals(void **state)
{
    static const struct berth_text bad[] = {
        BERTH_TEXT_INIT(""),       BERTH_TEXT_INIT("a\r\nb"), BERTH_TEXT_INIT("a\nb"),
        BERTH_TEXT_INIT("a\rb"),   BERTH_TEXT_INIT("a\0b"),   BERTH_TEXT_INIT("\t"),
        BERTH_TEXT_INIT("a\x1b["), BERTH_TEXT_INIT("\x7f"),
    };
    struct upload u;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_r3(&u, "x");
        u.parts[0].name = bad[i];
        assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_E_ARGUMENT);
        make_r3(&u, "x");
        u.parts[3].name = bad[i];
        assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_E_ARGUMENT);
        make_r3(&u, "x");
        u.parts[3].file_name = bad[i];
        assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_E_ARGUMENT);
        if (i == 0)
            continue;
        make_r3(&u, "x");
        u.parts[3].content_type = bad[i];
        assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_E_ARGUMENT);
    }
}

static void lengths(void **state)
{
    struct upload u;
    char buf[1024];
    (void)state;
    make_r3(&u, "x");
    u.file.length = BERTH_LENGTH_UNKNOWN;
    assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_OK);
    assert_true(u.source.length == BERTH_LENGTH_UNKNOWN);
    u.file.length = UINT64_MAX - 5;
    assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_OK);
    assert_true(u.source.length == BERTH_LENGTH_UNKNOWN);
    u.file.length = UINT64_C(1) << 40;
    assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_OK);
    assert_true(u.source.length == (UINT64_C(1) << 40) + 474);
    /* Files that are not as long as they said. */
    static const uint64_t said[] = {0, 1, 17, 19, 20};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        make_r3(&u, R3_FILE);
        u.file.length = said[i];
        assert_int_equal(u.source.read(u.source.ctx, buf, sizeof buf), BERTH_E_IO);
    }
}

static ptrdiff_t failing_read(void *ctx, void *buf, size_t cap)
{
    int *calls = ctx;
    if (cap > 0 && (*calls)++ == 0) {
        memcpy(buf, "a", 1);
        return 1;
    }
    return BERTH_E_PERMISSION;
}

static void a_file_that_fails(void **state)
{
    struct upload u;
    int calls = 0;
    char buf[1024];
    (void)state;
    make_r3(&u, "");
    u.file = (struct berth_source){&calls, failing_read, NULL, BERTH_LENGTH_UNKNOWN};
    assert_int_equal(berth_multipart_begin(&u.m, u.parts, 4, &u.source), BERTH_OK);
    assert_null(u.source.rewind);
    assert_int_equal(u.source.read(u.source.ctx, buf, sizeof buf), BERTH_E_PERMISSION);
}

static void boundaries_are_random(void **state)
{
    struct berth_mem_faults faults = {0};
    struct berth_mem_rand mem = {
        .script = BERTH_TEXT("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\xfe\xff"),
        .faults = &faults};
    struct berth_rand rand = berth_mem_rand_init(&mem);
    struct upload u;
    char first[BERTH_MULTIPART_BOUNDARY_SIZE];
    (void)state;
    make_r3(&u, "x");
    assert_int_equal(berth_multipart_init(&u.m, u.parts, 4, &rand, &u.source), BERTH_OK);
    assert_string_equal(u.m.boundary, "----berth-000102030405060708090a0b0c0dfeff");
    assert_int_equal(u.source.length, 475 + 5 * (strlen(u.m.boundary) - strlen(R3_BOUNDARY)));
    strcpy(first, u.m.boundary);
    assert_int_equal(berth_multipart_init(&u.m, u.parts, 4, &rand, &u.source), BERTH_OK);
    assert_string_not_equal(u.m.boundary, first);
    faults.fail_at = faults.calls + 1;
    assert_int_equal(berth_multipart_init(&u.m, u.parts, 4, &rand, &u.source), BERTH_E_ENTROPY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r3_exactly),

        cmocka_unit_test(r3_with_an_empty_file),
        cmocka_unit_test(no_parts),
        cmocka_unit_test(quotes),
        cmocka_unit_test(refusals),
        cmocka_unit_test(lengths),
        cmocka_unit_test(a_file_that_fails),
        cmocka_unit_test(boundaries_are_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
