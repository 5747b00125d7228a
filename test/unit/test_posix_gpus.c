/* The machine's GPUs out of folders that look like sysfs and the driver's. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "berth/gpu_links.h"
#include "berth/port_posix.h"

static char root[64];
static struct berth_posix_gpu gpus[BERTH_POSIX_GPUS];
static size_t count;

static void make_folders(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(path, 0755);
        *at = '/';
    }
}

static void put_file(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    make_folders(full);
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A device as Linux shows it: its folder below the bridges, and a link to that in the list of devices. */
static void put_device(const char *bridges, const char *address, const char *class, const char *vendor,
                       int numa)
{
    char path[512], text[32], target[512];
    snprintf(path, sizeof path, "/sys/devices/%s/%s/class", bridges, address);
    snprintf(text, sizeof text, "%s\n", class);
    put_file(path, text);
    snprintf(path, sizeof path, "/sys/devices/%s/%s/vendor", bridges, address);
    snprintf(text, sizeof text, "%s\n", vendor);
    put_file(path, text);
    snprintf(path, sizeof path, "/sys/devices/%s/%s/numa_node", bridges, address);
    snprintf(text, sizeof text, "%d\n", numa);
    put_file(path, text);
    snprintf(path, sizeof path, "%s/sys/bus/pci/devices/%s", root, address);
    make_folders(path);
    snprintf(target, sizeof target, "../../../devices/%s/%s", bridges, address);
    assert_int_equal(symlink(target, path), 0);
}

static void put_information(const char *address, int minor, const char *more)
{
    char path[512], text[512];
    snprintf(path, sizeof path, "/proc/driver/nvidia/gpus/%s/information", address);
    snprintf(text, sizeof text,
             "Model: \t\t NVIDIA Test GPU %d\nIRQ:   \t\t 12%d\nGPU UUID: \t "
             "GPU-00000000-1111-2222-3333-44444444444%d\n"
             "Bus Location: \t %s\nDevice Minor: \t %d\n%s",
             minor, minor, minor, address, minor, more);
    put_file(path, text);
}

static enum berth_status find(size_t cap)
{
    memset(gpus, 0xA5, sizeof gpus);
    return berth_posix_gpus_find(root, gpus, cap, &count);
}

static int begin(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/berth-gpus-XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    struct berth_posix_files files;
    struct berth_files port = berth_posix_files_init(&files);
    return port.remove_tree(port.ctx, root) == BERTH_OK ? 0 : -1;
}

static void test_none(void **state)
{
    (void)state;
    assert_int_equal(find(64), BERTH_OK);
    assert_int_equal(count, 0);
    put_device("pci0000:00", "0000:00:02.0", "0x030000", "0x8086", -1); /* somebody else's */
    put_device("pci0000:00", "0000:00:1f.0", "0x060100", "0x8086", -1);
    put_device("pci0000:00/0000:00:01.0", "0000:01:00.1", "0x040300", "0x10de", -1); /* its sound */
    assert_int_equal(find(64), BERTH_OK);
    assert_int_equal(count, 0);
    assert_int_equal(berth_posix_gpus_find(root, NULL, 0, &count), BERTH_OK);
}

static void test_without_driver(void **state)
{
    (void)state;
    put_device("pci0000:80/0000:80:01.0", "0000:81:00.0", "0x030200", "0x10de", 1);
    put_device("pci0000:00/0000:00:01.0", "0000:01:00.0", "0x030000", "0x10de", 0);
    put_device("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0", "10000:e1:00.0", "0x030200", "0x10de",
               -1);
    put_device("pci0000:80/0000:80:01.0", "0000:81:00.4", "0x030200", "0x10de", 1);
    put_file("/sys/devices/pci0000:80/0000:80:01.0/0000:81:00.4/physfn", ""); /* a virtual function */
    assert_int_equal(find(64), BERTH_OK);
    assert_int_equal(count, 3);
    assert_string_equal(gpus[0].address, "0000:01:00.0");
    assert_string_equal(gpus[0].path, "pci0000:00/0000:00:01.0/0000:01:00.0");
    assert_true(gpus[0].numa_node == 0 && gpus[0].minor == -1 && gpus[0].model[0] == 0 &&
                gpus[0].uuid[0] == 0);
    assert_string_equal(gpus[1].address, "0000:81:00.0");
    assert_int_equal(gpus[1].numa_node, 1);
    assert_string_equal(gpus[2].path, "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0");
    assert_int_equal(gpus[2].numa_node, -1);
    assert_int_equal(find(2), BERTH_E_SPACE);
    assert_int_equal(count, 3);
    assert_string_equal(gpus[1].address, "0000:81:00.0");
    assert_int_equal((unsigned char)gpus[2].address[0], 0xA5);
    assert_int_equal(find(0), BERTH_E_SPACE);
}

static void test_with_driver(void **state)
{
    (void)state;
    static const char *const addresses[] = {"0000:3b:00.0", "0000:af:00.0", "0000:1a:00.0", "0000:d8:00.0",
                                            "0000:05:00.0"};
    for (size_t i = 0; i < 5; i++)
        put_device("pci0000:00/0000:00:01.0", addresses[i], "0x030200", "0x10de", (int)i % 2);
    put_information("0000:3b:00.0", 1, "GPU Excluded:\t No\n");
    put_information("0000:af:00.0", 2, "GPU Excluded:\t Yes\n");
    put_information("0000:1a:00.0", 0, "");
    put_file("/proc/driver/nvidia/gpus/0000:05:00.0/registry", ""); /* listed, nothing said of it */
    assert_int_equal(find(64), BERTH_OK);
    assert_int_equal(count, 3);
    assert_string_equal(gpus[0].address, "0000:05:00.0");
    assert_true(gpus[0].minor == -1 && gpus[0].model[0] == '\0');
    assert_string_equal(gpus[1].address, "0000:1a:00.0");
    assert_string_equal(gpus[1].model, "NVIDIA Test GPU 0");
    assert_string_equal(gpus[1].uuid, "GPU-00000000-1111-2222-3333-444444444440");
    assert_int_equal(gpus[1].minor, 0);
    assert_string_equal(gpus[2].address, "0000:3b:00.0");
    assert_int_equal(gpus[2].minor, 1);
}

static void test_links(void **state)
{
    (void)state;
    static const char *const bridges[] = {"pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:00.0",
                                          "pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0",
                                          "pci0000:00/0000:00:03.0", "pci0000:80/0000:80:01.0"};
    static const char *const addresses[] = {"0000:03:00.0", "0000:04:00.0", "0000:05:00.0", "0000:81:00.0"};
    struct berth_gpu_place places[4];
    struct berth_gpu_links links;
    uint16_t scores[BERTH_GPU_PAIRS(4)];
    for (size_t i = 0; i < 4; i++)
        put_device(bridges[i], addresses[i], "0x030200", "0x10de", i == 3);
    assert_int_equal(find(64), BERTH_OK);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 4; i++)
        places[i] = (struct berth_gpu_place){berth_text_of(gpus[i].path), gpus[i].numa_node};
    assert_int_equal(berth_gpu_links_from_places(places, 4, scores, &links), BERTH_OK);
    assert_int_equal(berth_gpu_pair_score(&links, 0, 1), BERTH_GPU_PATH_PIX);
    assert_int_equal(berth_gpu_pair_score(&links, 0, 2), BERTH_GPU_PATH_PHB);
    assert_int_equal(berth_gpu_pair_score(&links, 2, 3), BERTH_GPU_PATH_SYS);
}

static void test_hostile(void **state)
{
    (void)state;
    char path[512], long_bridges[400] = "pci0000:00";
    put_device("pci0000:00", "0000:00:05.0", "0x030200", "0x10de", 0);
    put_information("0000:00:05.0", 7, "Model: \t\t a\tb\x01\x7F\n");
    put_file("/sys/bus/pci/devices/not-a-device/vendor", "0x10de\n"); /* folders, not links; no class */
    put_file("/sys/bus/pci/devices/a-name-that-is-longer-than-any-address/vendor", "0x10de\n");
    put_file("/sys/bus/pci/devices/0000:00:06.0/vendor", "0x10de\n");
    put_file("/sys/bus/pci/devices/0000:00:06.0/class", "0x030000\n");
    put_file("/proc/driver/nvidia/gpus/0000:00:06.0/information",
             "Model\nDevice Minor: 99999999999\n: x\n\n");
    assert_int_equal(find(64), BERTH_OK);
    assert_int_equal(count, 2);
    assert_string_equal(gpus[0].model, "a b  ");
    assert_true(gpus[1].path[0] == '\0' && gpus[1].minor == -1);
    put_information("0000:00:05.0", 7,
                    "Model: 1234567890123456789012345678901234567890123456789012345678901234567890\n");
    assert_int_equal(find(64), BERTH_OK);
    assert_string_equal(gpus[0].model, "");
    while (strlen(long_bridges) < BERTH_POSIX_GPU_PATH_CAP)
        strcat(long_bridges, "/0000:00:01.0");
    put_device(long_bridges, "0000:07:00.0", "0x030200", "0x10de", 0);
    put_information("0000:07:00.0", 3, "");
    assert_int_equal(find(64), BERTH_E_SPACE);
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(berth_posix_gpus_find(path, gpus, 64, &count), BERTH_E_SPACE);
}

static void test_this_machine(void **state)
{
    (void)state;
    assert_int_equal(berth_posix_gpus_find(NULL, gpus, BERTH_POSIX_GPUS, &count), BERTH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, begin, end),
        cmocka_unit_test_setup_teardown(test_without_driver, begin, end),
        cmocka_unit_test_setup_teardown(test_with_driver, begin, end),
        cmocka_unit_test_setup_teardown(test_links, begin, end),
        cmocka_unit_test_setup_teardown(test_hostile, begin, end),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
