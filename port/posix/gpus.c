/* The GPUs of the machine, from what the kernel and NVIDIA's driver show in files. */
#include "posix.h"

#include <fcntl.h>
#include <unistd.h>

#include "berth/number.h"

/* The longest path of a file below ROOT that is read. */
#define PATH_CAP 512
/* The driver's "information" has some ten short lines; sysfs files have one. */
#define FILE_CAP 4096

#define DEVICES "/sys/bus/pci/devices"
#define DRIVER "/proc/driver/nvidia/gpus"

/* ---- files ------------------------------------------------------------------------------------ */

/* ROOT FOLDER [/DEVICE [/FILE]]; false when it does not fit. */
static bool join(char *path, const char *root, const char *folder, const char *device, const char *file)
{
    struct berth_writer w;
    berth_writer_init(&w, path, PATH_CAP);
    berth_put_string(&w, root);
    berth_put_string(&w, folder);
    if (device != NULL) {
        berth_put_char(&w, '/');
        berth_put_string(&w, device);
    }
    if (file != NULL) {
        berth_put_char(&w, '/');
        berth_put_string(&w, file);
    }
    return berth_writer_terminate(&w) == BERTH_OK;
}

/* The file's text as far as it fits, trimmed; absent when it cannot be read. */
static struct berth_text read_file(char *buf, const char *root, const char *folder, const char *device,
                                   const char *file)
{
    char path[PATH_CAP];
    size_t len = 0;
    ssize_t n = 0;
    if (!join(path, root, folder, device, file))
        return berth_text_make(NULL, 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return berth_text_make(NULL, 0);
    while (len < FILE_CAP && ((n = read(fd, buf + len, FILE_CAP - len)) > 0 || (n < 0 && errno == EINTR)))
        len += n > 0 ? (size_t)n : 0;
    berth_posix_close(&fd);
    return n < 0 ? berth_text_make(NULL, 0) : berth_text_trim(berth_text_make(buf, len));
}

/* A text for people and programs: what does not fit is left out whole, control characters are blanks. */
static void keep(char *out, size_t cap, struct berth_text text)
{
    struct berth_writer w;
    berth_writer_init(&w, out, cap);
    for (size_t i = 0; i < text.len; i++)
        berth_put_char(&w, (unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7F ? ' ' : text.ptr[i]);
    if (berth_writer_terminate(&w) != BERTH_OK)
        out[0] = '\0';
}

/* ---- one device ------------------------------------------------------------------------------- */

/* "0x030200": a display controller. */
static bool is_display(const char *root, const char *device)
{
    char buf[FILE_CAP];
    return berth_text_equal(read_file(buf, root, DEVICES, device, "vendor"), BERTH_TEXT("0x10de")) &&
           berth_text_starts(read_file(buf, root, DEVICES, device, "class"), BERTH_TEXT("0x03"));
}

static bool is_there(const char *root, const char *folder, const char *device, const char *file)
{
    char path[PATH_CAP];
    return join(path, root, folder, device, file) && access(path, F_OK) == 0;
}

/* Where the device's link in the list of devices leads to: the part from the host bridge on. */
static bool read_path(const char *root, struct berth_posix_gpu *gpu)
{
    char link[PATH_CAP], target[PATH_CAP];
    if (!join(link, root, DEVICES, gpu->address, NULL))
        return false;
    ssize_t len = readlink(link, target, sizeof target);
    if (len < 0 || (size_t)len == sizeof target)
        return len < 0 && errno == EINVAL; /* a folder, not a link: nothing is known */
    struct berth_text rest = berth_text_make(target, (size_t)len), part;
    while (berth_text_split(&rest, '/', &part)) {
        if (!berth_text_starts(part, BERTH_TEXT("pci")) || berth_text_find_byte(part, ':') == SIZE_MAX)
            continue;
        struct berth_text path = berth_text_make(part.ptr, (size_t)(target + len - part.ptr));
        if (path.len >= sizeof gpu->path)
            return false;
        memcpy(gpu->path, path.ptr, path.len);
        gpu->path[path.len] = '\0';
        return true;
    }
    return true;
}

static int read_number(struct berth_text text)
{
    int32_t number;
    return berth_parse_i32(text, &number) == BERTH_OK ? (int)number : -1;
}

/* "Model: \t NVIDIA ..." and so on. False: the driver leaves this GPU out. */
static bool read_information(const char *root, struct berth_posix_gpu *gpu)
{
    char buf[FILE_CAP];
    bool used = true;
    struct berth_text line, name, rest = read_file(buf, root, DRIVER, gpu->address, "information");
    while (berth_text_split(&rest, '\n', &line)) {
        if (!berth_text_split(&line, ':', &name) || line.ptr == NULL)
            continue;
        struct berth_text value = berth_text_trim(line);
        if (berth_text_equal(name, BERTH_TEXT("Model")))
            keep(gpu->model, sizeof gpu->model, value);
        else if (berth_text_equal(name, BERTH_TEXT("GPU UUID")))
            keep(gpu->uuid, sizeof gpu->uuid, value);
        else if (berth_text_equal(name, BERTH_TEXT("Device Minor")))
            gpu->minor = read_number(value);
        else if (berth_text_equal(name, BERTH_TEXT("GPU Excluded")))
            used = !berth_text_equal(value, BERTH_TEXT("Yes"));
    }
    return used;
}

/* Fills GPU in for a device; *out_is whether it is a GPU that counts. */
static enum berth_status look_at(const char *root, const char *device, bool driver,
                                 struct berth_posix_gpu *gpu, bool *out_is)
{
    char buf[FILE_CAP];
    *gpu = (struct berth_posix_gpu){.numa_node = -1, .minor = -1};
    *out_is = strlen(device) < sizeof gpu->address && is_display(root, device) &&
              !is_there(root, DEVICES, device, "physfn") && (!driver || is_there(root, DRIVER, device, NULL));
    if (!*out_is)
        return BERTH_OK;
    memcpy(gpu->address, device, strlen(device) + 1);
    *out_is = read_information(root, gpu);
    if (!*out_is)
        return BERTH_OK;
    gpu->numa_node = read_number(read_file(buf, root, DEVICES, device, "numa_node"));
    if (gpu->numa_node < 0)
        gpu->numa_node = -1;
    return read_path(root, gpu) ? BERTH_OK : BERTH_E_SPACE;
}

/* ---- all of them ------------------------------------------------------------------------------ */

/* Addresses compare as texts once their domains have as many digits. */
static bool comes_before(const struct berth_posix_gpu *a, const struct berth_posix_gpu *b)
{
    struct berth_text text_a = berth_text_of(a->address), text_b = berth_text_of(b->address);
    size_t domain_a = berth_text_find_byte(text_a, ':'), domain_b = berth_text_find_byte(text_b, ':');
    if (domain_a != domain_b)
        return domain_a < domain_b;
    return berth_text_compare(text_a, text_b) < 0;
}

/* Puts GPU where it belongs among the first COUNT; the last one drops out when all CAP places are taken. */
static void put_in_order(struct berth_posix_gpu *gpus, size_t count, size_t cap,
                         const struct berth_posix_gpu *gpu)
{
    size_t at = count < cap ? count : cap;
    while (at > 0 && comes_before(gpu, &gpus[at - 1])) {
        if (at < cap)
            gpus[at] = gpus[at - 1];
        at--;
    }
    if (at < cap)
        gpus[at] = *gpu;
}

enum berth_status berth_posix_gpus_find(const char *root, struct berth_posix_gpu *out_gpus, size_t cap,
                                        size_t *out_count)
{
    struct berth_posix_folder folder;
    char path[PATH_CAP];
    *out_count = 0;
    root = root != NULL ? root : "";
    if (!join(path, root, DEVICES, NULL, NULL))
        return BERTH_E_SPACE;
    enum berth_status status = berth_posix_folder_open(&folder, path);
    if (status != BERTH_OK)
        return status == BERTH_E_NO_FILE ? BERTH_OK : status;
    bool driver = is_there(root, DRIVER, NULL, NULL), is = false;
    struct berth_posix_gpu gpu;
    for (const char *name;
         status == BERTH_OK && (name = berth_posix_folder_next(&folder, &status)) != NULL;) {
        status = look_at(root, name, driver, &gpu, &is);
        if (status == BERTH_OK && is)
            put_in_order(out_gpus, (*out_count)++, cap, &gpu);
    }
    berth_posix_folder_close(&folder);
    return status == BERTH_OK && *out_count > cap ? BERTH_E_SPACE : status;
}
