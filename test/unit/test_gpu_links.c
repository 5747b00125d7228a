/* Links of GPUs out of matrices, JSON and places; lists of GPUs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "berth/gpu_links.h"
#include "guard.h"
#include "seed.h"

static uint16_t scores[BERTH_GPU_PAIRS(BERTH_GPU_MAX)];
static struct berth_gpu_links links;
static struct berth_gpu_links_error error;

/* Reads a copy that ends at a forbidden page. */
static enum berth_status read_bytes(const void *bytes, size_t len)
{
    char *copy = guard_copy(bytes, len);
    enum berth_status status =
        berth_gpu_links_read(copy, len, scores, sizeof scores / sizeof *scores, &links, &error);
    guard_free(copy);
    return status;
}

static enum berth_status read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

/* The pairs below the diagonal, line by line: "1:0=200 2:0=10 ...". */
static void assert_scores(const char *expected)
{
    char told[40000];
    struct berth_writer w;
    berth_writer_init(&w, told, sizeof told);
    for (unsigned a = 1; a < links.gpus; a++)
        for (unsigned b = 0; b < a; b++) {
            if (w.len > 0)
                berth_put_char(&w, ' ');
            berth_put_u64(&w, berth_gpu_pair_score(&links, a, b));
        }
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(told, expected);
}

/* ---- matrices --------------------------------------------------------------------------------- */

#define UNDERLINE "\033[4m"
#define PLAIN "\033[0m"

static const struct {
    const char *what, *text, *scores;
    unsigned gpus;
} matrices[] = {
    {"two boards with NVLink, network cards, underlined header, tabs",
     UNDERLINE "\tGPU0\tGPU1\tGPU2\tGPU3\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID" PLAIN "\n"
               "GPU0\t X \tNV12\tSYS\tSYS\tPXB\tSYS\t0-31\t0\t\tN/A\n"
               "GPU1\tNV12\t X \tSYS\tSYS\tPXB\tSYS\t0-31\t0\t\tN/A\n"
               "GPU2\tSYS\tSYS\t X \tNV12\tSYS\tPIX\t32-63\t1\t\tN/A\n"
               "GPU3\tSYS\tSYS\tNV12\t X \tSYS\tPIX\t32-63\t1\t\tN/A\n"
               "NIC0\tPXB\tPXB\tSYS\tSYS\t X \tSYS\t\t\t\t\n"
               "NIC1\tSYS\tSYS\tPIX\tPIX\tSYS\t X \t\t\t\t\n"
               "\nLegend:\n\n  X    = Self\n  SYS  = across sockets\n  NV#  = # NVLinks\n\nNIC Legend:\n\n"
               "  NIC0: mlx5_0\n  NIC1: mlx5_1\n\n",
     "1200 10 10 10 10 1200", 4},
    {"one GPU", "\tGPU0\tCPU Affinity\tNUMA Affinity\nGPU0\t X \t0-15\t\tN/A\n", "", 1},
    {"old names, pasted with blanks, no last line end",
     "        GPU0    GPU1    GPU2    GPU3    mlx4_0  CPU Affinity\n"
     "GPU0     X      PSB     PHB     SOC     PHB     0-7,16-23\n"
     "GPU1    PSB      X      PHB     SOC     PHB     0-7,16-23\n"
     "GPU2    PHB     PHB      X      SOC     PIX     0-7,16-23\n"
     "GPU3    SOC     SOC     SOC      X      SOC     8-15,24-31",
     "60 30 30 10 10 10", 4},
    {"carriage returns and a prompt before it",
     "$ nvidia-smi topo -m\r\n\tGPU0\tGPU1\r\nGPU0\t X \tNODE\r\nGPU1\tNODE\t X \r\n", "20", 2},
    {"a byte order mark", "\xEF\xBB\xBF\tGPU0\tGPU1\nGPU0\tX\tPXB\nGPU1\tPXB\tX\n", "40", 2},
    {"trimmed at the front", "GPU0 GPU1\nGPU0 X PXB\nGPU1 PXB X\n", "40", 2},
    {"lower half alone", "\tGPU0\tGPU1\tGPU2\nGPU0\tX\t\t\nGPU1\tPIX\tX\t\nGPU2\tPIX\tNV1\tX\n", "50 50 100",
     3},
    {"columns from the last GPU to the first, a line less",
     "GPU2 GPU1 GPU0\nGPU2 X NV2 SYS\nGPU1 NV2 X PHB\n", "30 10 200", 3},
    {"cells that are missing at the end", "GPU0 GPU1 GPU2\nGPU0 X PIX SYS\nGPU1 PIX X SYS\nGPU2 SYS\n",
     "50 10 10", 3},
    {"the halves differ", "\tGPU0\tGPU1\nGPU0\tX\tNV4\nGPU1\tNV2\tX\n", "200", 2},
    {"the halves differ in kind", "\tGPU0\tGPU1\nGPU0\tX\tNV4\nGPU1\tPHB\tX\n", "30", 2},
    {"N/A says nothing", "\tGPU0\tGPU1\tGPU2\nGPU0\tX\tN/A\tPIX\nGPU1\tN/A\tX\tN/A\nGPU2\tN/A\tSYS\tX\n",
     "0 50 10", 3},
    {"numbers with gaps, any order", "\tGPU3\tGPU1\nGPU1\tPIX\tX\nGPU3\tX\tPIX\n", "0 0 0 0 50 0", 4},
    {"a card between the GPUs",
     "\tGPU0\thfi1_0\tGPU1\nGPU0\tX\tSYS\tPXB\nhfi1_0\tSYS\tX\tSYS\nGPU1\tPXB\tSYS\tX\n", "40", 2},
    {"each line underlined for itself",
     "\t" UNDERLINE "GPU0" PLAIN "\t" UNDERLINE "GPU1" PLAIN "\n" UNDERLINE "GPU0" PLAIN
     "\tX\tNV3\nGPU1\tNV3\tX\n",
     "300", 2},
};

static void test_matrices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
        enum berth_status status = read_text(matrices[i].text);
        if (status != BERTH_OK)
            fail_msg("%s: line %u column %u: %s", matrices[i].what, error.line, error.column, error.reason);
        assert_int_equal(links.gpus, matrices[i].gpus);
        assert_scores(matrices[i].scores);
    }
}

static const struct {
    const char *text;
    enum berth_status status;
    uint32_t line, column;
    const char *reason;
} refusals[] = {
    {"", BERTH_E_MISSING, 1, 1, "no line that begins"},
    {"\nnothing\n", BERTH_E_MISSING, 1, 1, "no line that begins"},
    {"No devices were found\n", BERTH_E_MISSING, 1, 1, "no line that begins"},
    {"\tGPU0\tGPU1\nGPU0\tX\tNV\nGPU1\tX\tX\n", BERTH_E_SYNTAX, 2, 8, "not a link"},
    {"\tGPU0\tGPU1\nGPU0\tX\tNV0\n", BERTH_E_SYNTAX, 2, 8, "not a link"},
    {"\tGPU0\tGPU1\nGPU0\tX\tNV256\n", BERTH_E_RANGE, 2, 8, "more than 255"},
    {"\tGPU0\tGPU1\nGPU0\tX\tpix\n", BERTH_E_SYNTAX, 2, 8, "not a link"},
    {"\tGPU0\tGPU1\nGPU0\tX\tOK\n", BERTH_E_SYNTAX, 2, 8, "not a link"},
    {"\tGPU0\tGPU1\nGPU0\tX\tX\n", BERTH_E_SYNTAX, 2, 8, "X stands where"},
    {"\tGPU0\tGPU1\nGPU0\tPIX\tX\n", BERTH_E_SYNTAX, 2, 6, "X is due"},
    {"GPU0 GPU1\nGPU0 X 0-15\n", BERTH_E_SYNTAX, 2, 8, "not a link"},
    {"\tGPU0\tGPU0\n", BERTH_E_SYNTAX, 1, 7, "two columns"},
    {"\tGPU0\tGPU1\nGPU0\tX\tPIX\nGPU0\tX\tPIX\n", BERTH_E_SYNTAX, 3, 1, "two lines"},
    {"\tGPU0\tGPU1\nGPU2\tX\tPIX\n", BERTH_E_RANGE, 2, 1, "without a column"},
    {"\tGPU0\tGPU64\n", BERTH_E_RANGE, 1, 7, "0 to 63"},
    {"\tGPU0\tGPU99999999999999999999\n", BERTH_E_MISSING, 0, 0, NULL},
    {"GPU0\tX\tPIX\nGPU1\tPIX\tX\n", BERTH_E_SYNTAX, 1, 6, "column names is missing"},
    {"GPU0\tNV4\tX\n", BERTH_E_SYNTAX, 1, 6, "column names is missing"},
    {"\n\tGPU0\tGPU1\tGPU2\nGPU0\tX\tPIX\t\nGPU1\tPIX\tX\t\nGPU2\t\t\tX", BERTH_E_MISSING, 2, 2,
     "nothing is said"},
    {"\tGPU0\tGPU1\n\xC3\xA4\xC3\xB6\nGPU0\tX\t\xE4\xB8\xAD\tz\n", BERTH_E_SYNTAX, 3, 8, "not a link"},
    {"\xC3\xA4 GPU0\n", BERTH_E_MISSING, 1, 1, "no line that begins"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        enum berth_status status = read_text(refusals[i].text);
        if (refusals[i].reason == NULL) { /* a name that is no GPU's: a column of something else */
            assert_int_equal(status, BERTH_OK);
            continue;
        }
        if (status != refusals[i].status || error.line != refusals[i].line ||
            error.column != refusals[i].column || strstr(error.reason, refusals[i].reason) == NULL)
            fail_msg("\"%s\": %s, line %u, column %u, %s", refusals[i].text, berth_status_name(status),
                     error.line, error.column, error.reason != NULL ? error.reason : "-");
    }
}

/* Writes what a host would print, in one of the forms; every pair scores as expected afterwards. */
static void test_random_matrices(void **state)
{
    (void)state;
    static const char *const names[] = {"SYS", "NODE", "PHB", "PXB", "PIX", "PSB", "NV1", "NV12", "NV18"};
    static const uint16_t values[] = {10, 20, 30, 40, 50, 60, 100, 1200, 1800};
    static uint8_t kind[64][64];
    static char text[64 * 64 * 16];
    uint64_t random = seed_start("gpu matrices");
    for (unsigned round = 0; round < 200; round++) {
        unsigned n = 1 + (unsigned)(seed_next(&random) % (round == 0 ? 64 : 16));
        n = round == 0 ? 64 : n;
        bool tabs = seed_next(&random) % 2 == 0, crlf = seed_next(&random) % 2 == 0;
        struct berth_writer w;
        berth_writer_init(&w, text, sizeof text);
        for (unsigned i = 0; i < n; i++) {
            berth_put_string(&w, tabs ? "\tGPU" : "  GPU");
            berth_put_u64(&w, i);
        }
        berth_put_string(&w, tabs ? "\tCPU Affinity" : " CPU Affinity");
        for (unsigned a = 0; a < n; a++) {
            berth_put_string(&w, crlf ? "\r\nGPU" : "\nGPU");
            berth_put_u64(&w, a);
            for (unsigned b = 0; b < n; b++) {
                kind[a][b] = b < a ? kind[b][a] : (uint8_t)(seed_next(&random) % 9);
                berth_put_string(&w, tabs ? "\t" : "   ");
                berth_put_string(&w, a == b ? "X" : names[kind[a][b]]);
            }
            berth_put_string(&w, tabs ? "\t0-7" : " 0-7");
        }
        assert_int_equal(berth_writer_status(&w), BERTH_OK);
        assert_int_equal(read_bytes(text, w.len), BERTH_OK);
        assert_int_equal(links.gpus, n);
        for (unsigned a = 0; a < n; a++)
            for (unsigned b = 0; b < n; b++)
                assert_int_equal(berth_gpu_pair_score(&links, a, b), a == b ? 0 : values[kind[a][b]]);
    }
}

/* Cut anywhere a matrix is read or refused with a place, never more. */
static void test_cut_matrices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++)
        for (size_t len = 0; len < strlen(matrices[i].text); len++)
            if (read_bytes(matrices[i].text, len) != BERTH_OK)
                assert_true(error.line > 0 && error.column > 0 && error.reason != NULL);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum berth_status status;
    const char *scores; /* or a part of the reason */
    uint32_t line, column;
} documents[] = {
    {"{\"gpus\":3,\"links\":[{\"a\":0,\"b\":1,\"pcie\":\"PIX\",\"nvlink\":2},{\"a\":2,\"b\":1,\"pcie\":"
     "\"SYS\"}]}",
     BERTH_OK, "250 0 10", 0, 0},
    {" \n{\"links\":[{\"b\":1,\"a\":0,\"nvlink\":4}],\"gpus\":2}", BERTH_OK, "400", 0, 0},
    {"{\"gpus\":2,\"links\":[],\"host\":{\"links\":[1]}}", BERTH_OK, "0", 0, 0},
    {"{\"gpus\":2,\"links\":[{\"a\":0,\"b\":1},{\"a\":1,\"b\":0,\"pcie\":null,\"nvlink\":1,\"x\":[]}]}",
     BERTH_OK, "100", 0, 0},
    {"{\"gpus\":2,\"links\":[{\"a\":0,\"b\":1,\"pcie\":\"PIX\"},{\"a\":0,\"b\":1,\"pcie\":\"SYS\"}]}",
     BERTH_OK, "10", 0, 0},
    {"{\"gpus\":2,\"links\":[{\"a\":0,\"b\":1,\"pcie\":\"S\\u0059S\"}]}", BERTH_OK, "10", 0, 0},
    {"{\"gpus\":0,\"links\":[]}", BERTH_OK, "", 0, 0},
    {"{\"links\":[]}", BERTH_E_MISSING, "", 0, 0},
    {"{\"gpus\":2}", BERTH_E_MISSING, "", 0, 0},
    {"{\"gpus\":65,\"links\":[]}", BERTH_E_RANGE, "0 to 64", 1, 1},
    {"{\"gpus\":-1,\"links\":[]}", BERTH_E_RANGE, "0 to 64", 1, 1},
    {"{\"gpus\":2,\n \"links\":[\n  {\"a\":0,\"b\":2}]}", BERTH_E_RANGE, "does not have", 3, 3},
    {"{\"gpus\":2,\n \"links\":[\n  {\"a\":-1,\"b\":1}]}", BERTH_E_RANGE, "does not have", 3, 3},
    {"{\"gpus\":2,\"links\":[{\"a\":1,\"b\":1}]}", BERTH_E_RANGE, "and itself", 1, 20},
    {"{\"gpus\":2,\"links\":[{\"a\":0,\"b\":1,\"nvlink\":256}]}", BERTH_E_RANGE, "0 to 255", 1, 20},
    {"{\"gpus\":2,\"links\":[{\"a\":0,\"b\":1,\"pcie\":\"pix\"}]}", BERTH_E_RANGE, "one of", 1, 20},
    {"{\"gpus\":2,\"links\":[{\"a\":0,\"b\":1,\"pcie\":50}]}", BERTH_E_RANGE, "one of", 1, 20},
    {"{\"gpus\":2,\"links\":[{\"a\":0}]}", BERTH_E_MISSING, "", 0, 0},
    {"{\"gpus\":2,\"links\":[7]}", BERTH_E_TYPE, "", 0, 0},
    {"{\"gpus\":2,\"links\":{}}", BERTH_E_TYPE, "", 0, 0},
    {"{\"gpus\":2,\"links\":[{\"a\":0,\"b\":1,}]}", BERTH_E_SYNTAX, "", 0, 0},
    {"{\"gpus\":2,\"links\":[", BERTH_E_TRUNCATED, "", 0, 0},
    {"{\"gpus\":2.5,\"links\":[]}", BERTH_E_TYPE, "", 0, 0},
};

static void test_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        enum berth_status status = read_text(documents[i].text);
        if (status != documents[i].status)
            fail_msg("%s: %s, %s", documents[i].text, berth_status_name(status),
                     error.reason != NULL ? error.reason : "-");
        if (status == BERTH_OK) {
            assert_scores(documents[i].scores);
            continue;
        }
        assert_true(error.line > 0 && error.column > 0);
        assert_non_null(strstr(error.reason, documents[i].scores));
        if (documents[i].line > 0)
            assert_true(error.line == documents[i].line && error.column == documents[i].column);
    }
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        for (size_t len = 0; len < strlen(documents[i].text); len++)
            assert_int_not_equal(read_bytes(documents[i].text, len), BERTH_OK);
}

static void test_room(void **state)
{
    (void)state;
    char matrix[] = "GPU0 GPU1 GPU2\nGPU0 X PIX SYS\nGPU1 PIX X SYS\nGPU2 SYS SYS X\n";
    char json[] = "{\"gpus\":3,\"links\":[]}", empty[] = "{\"gpus\":1,\"links\":[]}";
    uint16_t *few = guard_new(3 * sizeof *few);
    assert_int_equal(berth_gpu_links_read(matrix, strlen(matrix), few, 2, &links, NULL), BERTH_E_SPACE);
    assert_int_equal(links.gpus, 3);
    assert_int_equal(berth_gpu_links_read(json, strlen(json), few, 2, &links, NULL), BERTH_E_SPACE);
    assert_int_equal(links.gpus, 3);
    assert_int_equal(berth_gpu_links_read(matrix, strlen(matrix), few, 3, &links, NULL), BERTH_OK);
    assert_scores("50 10 10");
    assert_int_equal(berth_gpu_links_read(empty, strlen(empty), NULL, 0, &links, NULL), BERTH_OK);
    assert_int_equal(berth_gpu_links_read(empty, strlen(empty), NULL, 5, &links, NULL), BERTH_E_ARGUMENT);
    assert_int_equal(berth_gpu_links_read(NULL, 5, few, 3, &links, NULL), BERTH_E_ARGUMENT);
    guard_free(few);
}

/* ---- places ----------------------------------------------------------------------------------- */

static const struct {
    const char *a, *b;
    int numa_a, numa_b;
    enum berth_gpu_path path;
} pairs[] = {
    {"pci0000:00/0000:00:01.0/0000:01:00.0", "pci0000:00/0000:00:02.0/0000:02:00.0", 0, 0,
     BERTH_GPU_PATH_PHB},
    {"pci0000:00/0000:00:01.0/0000:01:00.0", "pci0000:80/0000:80:01.0/0000:81:00.0", 0, 1,
     BERTH_GPU_PATH_SYS},
    {"pci0000:00/0000:00:01.0/0000:01:00.0", "pci0000:20/0000:20:01.0/0000:21:00.0", 0, 0,
     BERTH_GPU_PATH_NODE},
    {"pci0000:00/0000:00:01.0/0000:01:00.0", "pci0000:20/0000:20:01.0/0000:21:00.0", -1, -1,
     BERTH_GPU_PATH_NODE},
    {"pci0000:00/0000:00:01.0/0000:01:00.0", "pci0000:20/0000:20:01.0/0000:21:00.0", -1, 0,
     BERTH_GPU_PATH_SYS},
    /* below one switch: its upstream port is shared, each has a downstream port of its own */
    {"pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0",
     "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/0000:04:00.0", 0, 0, BERTH_GPU_PATH_PIX},
    /* two switches below a third */
    {"pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0/0000:04:00.0/0000:05:00.0",
     "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/0000:06:00.0/0000:07:00.0/0000:08:00.0", 0, 0,
     BERTH_GPU_PATH_PXB},
    {"pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0/0000:03:00.0",
     "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/0000:06:00.0/0000:07:00.0/0000:08:00.0", 0, 0,
     BERTH_GPU_PATH_PXB},
    {"pci0000:00/0000:00:01.0/0000:01:00.0", "pci0000:00/0000:00:01.0/0000:01:00.1", 0, 0,
     BERTH_GPU_PATH_PSB},
    {"pci0000:00/0000:00:01.0/0000:01:00.0", "pci0000:00/0000:00:01.0/0000:01:01.0", 0, 0,
     BERTH_GPU_PATH_PIX},
    {"pci0000:00/0000:00:02.0", "pci0000:00/0000:00:03.0", 0, 0, BERTH_GPU_PATH_PHB},
    {"pci0000:00/0000:00:02.0", "pci0000:00/0000:00:02.0", 0, 0, BERTH_GPU_PATH_NONE},
    {"", "pci0000:00/0000:00:02.0", 0, 0, BERTH_GPU_PATH_NONE},
    {"pci10000:e0/10000:e0:06.0/10000:e1:00.0", "pci10000:e0/10000:e0:08.0/10000:e2:00.0", 0, 0,
     BERTH_GPU_PATH_PHB},
};

static void test_places(void **state)
{
    (void)state;
    uint16_t two[1];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct berth_gpu_place places[2] = {{berth_text_of(pairs[i].a), pairs[i].numa_a},
                                                  {berth_text_of(pairs[i].b), pairs[i].numa_b}};
        assert_int_equal(berth_gpu_path_between(&places[0], &places[1]), pairs[i].path);
        assert_int_equal(berth_gpu_path_between(&places[1], &places[0]), pairs[i].path);
        assert_int_equal(berth_gpu_links_from_places(places, 2, two, &links), BERTH_OK);
        assert_int_equal(berth_gpu_pair_score(&links, 0, 1), pairs[i].path);
    }
    assert_int_equal(berth_gpu_links_from_places(NULL, 65, two, &links), BERTH_E_ARGUMENT);
    assert_int_equal(berth_gpu_links_from_places(NULL, 0, NULL, &links), BERTH_OK);
}

static void test_pair_path(void **state)
{
    (void)state;
    unsigned nvlinks;
    assert_int_equal(berth_gpu_links_init(&links, scores, 4), BERTH_OK);
    assert_int_equal(berth_gpu_links_set(&links, 0, 1, BERTH_GPU_PATH_PXB, 18), BERTH_OK);
    assert_int_equal(berth_gpu_links_set(&links, 2, 1, BERTH_GPU_PATH_NONE, 255), BERTH_OK);
    assert_int_equal(berth_gpu_pair_path(&links, 1, 0, &nvlinks), BERTH_GPU_PATH_PXB);
    assert_int_equal(nvlinks, 18);
    assert_int_equal(berth_gpu_pair_path(&links, 1, 2, &nvlinks), BERTH_GPU_PATH_NONE);
    assert_int_equal(nvlinks, 255);
    assert_int_equal(berth_gpu_pair_path(&links, 3, 9, &nvlinks), BERTH_GPU_PATH_NONE);
    assert_int_equal(nvlinks, 0);
    assert_string_equal(berth_gpu_path_name(BERTH_GPU_PATH_SYS), "SYS");
    assert_string_equal(berth_gpu_path_name(BERTH_GPU_PATH_PSB), "PSB");
    assert_string_equal(berth_gpu_path_name(BERTH_GPU_PATH_NONE), "");
}

/* ---- lists ------------------------------------------------------------------------------------ */

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *text, *again;
        uint64_t gpus;
    } good[] = {{"", "", 0},
                {"0", "0", 1},
                {"0-3,6", "0-3,6", 0x4F},
                {"6,0-3", "0-3,6", 0x4F},
                {" 1 , 2 - 4 ", "1-4", 0x1E},
                {"0,1", "0,1", 3},
                {"0-2", "0-2", 7},
                {"5,5,5-5", "5", 0x20},
                {"0-63", "0-63", UINT64_MAX},
                {"62,63", "62,63", UINT64_C(3) << 62},
                {"063", "63", UINT64_C(1) << 63}};
    char told[256];
    struct berth_writer w;
    uint64_t gpus;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(berth_gpu_parse(berth_text_of(good[i].text), &gpus), BERTH_OK);
        assert_true(gpus == good[i].gpus);
        berth_writer_init(&w, told, sizeof told);
        berth_gpu_put(&w, gpus);
        assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
        assert_string_equal(told, good[i].again);
    }
    static const char *const bad[] = {",",   "0,",  ",0",    "0,,1", "a",    "-",
                                      "-1",  "1-",  "3-1",   "64",   "0-64", "+1",
                                      "1.0", "0x1", "1-2-3", "1;2",  "[0]",  "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gpus = 7;
        assert_int_not_equal(berth_gpu_parse(berth_text_of(bad[i]), &gpus), BERTH_OK);
        assert_true(gpus == 7);
    }
    uint64_t random = seed_start("gpu lists");
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t set = seed_next(&random) & (i % 2 == 0 ? seed_next(&random) : UINT64_MAX);
        berth_writer_init(&w, told, sizeof told);
        berth_gpu_put(&w, set);
        assert_int_equal(berth_gpu_parse(berth_writer_text(&w), &gpus), BERTH_OK);
        assert_true(gpus == set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrices),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_random_matrices),
        cmocka_unit_test(test_cut_matrices),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_pair_path),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
