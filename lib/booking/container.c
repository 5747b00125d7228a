/* The arguments of `docker run` for a booked row, and what docker says. */
#include "berth/container.h"

#include "berth/booking.h"

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Whether TEXT has one of the bytes in OTHERS or a control character. */
static bool has_bytes(struct berth_text text, const char *others)
{
    struct berth_text set = berth_text_of(others);
    for (size_t i = 0; i < text.len; i++) {
        if (is_control(text.ptr[i]) || berth_text_find_byte(set, text.ptr[i]) != SIZE_MAX)
            return true;
    }
    return false;
}

enum berth_status berth_container_put_label(struct berth_writer *w, struct berth_text user_id,
                                            int64_t start_s)
{
    struct berth_writer nothing = {0};
    BERTH_TRY(berth_put_civil(&nothing, start_s));
    berth_put_text(w, user_id);
    berth_put_char(w, '|');
    return berth_put_civil(w, start_s);
}

const char *berth_container_fault_text(enum berth_container_fault fault)
{
    static const char *const texts[] = {
        "nothing is wrong",
        "the user id cannot name a container",
        "cpus are not above 0",
        "memory is below 1 GB",
        "there is no port",
        "a host folder is missing, not absolute, or has a colon or a control character",
        "the image's name begins with '-', or has a blank or a control character",
        "the extra command has a NUL byte"};
    return (unsigned)fault < sizeof texts / sizeof texts[0] ? texts[fault] : "?";
}

bool berth_container_is_name(struct berth_text id)
{
    char lower[BERTH_USER_ID_MAX];
    size_t len = 0;
    if (berth_booking_user_id(id, lower, &len) != BERTH_REFUSAL_NONE)
        return false;
    return berth_text_equal(id, berth_text_make(lower, len));
}

static bool is_folder(struct berth_text path)
{
    return path.len > 0 && path.ptr[0] == '/' && !has_bytes(path, ":");
}

static bool is_image(struct berth_text image)
{
    return image.len == 0 || (image.ptr[0] != '-' && !has_bytes(image, " "));
}

enum berth_container_fault berth_container_check(const struct berth_container *c)
{
    int64_t ram_gb, shm_gb;
    if (!berth_container_is_name(c->user_id))
        return BERTH_CONTAINER_USER;
    if (c->cpus_nano <= 0)
        return BERTH_CONTAINER_CPUS;
    if (berth_container_memory(c->memory_gb, c->shm_rate_num, c->shm_rate_den, &ram_gb, &shm_gb) != BERTH_OK)
        return BERTH_CONTAINER_MEMORY;
    if (c->port == 0)
        return BERTH_CONTAINER_PORT;
    if (!is_folder(c->work_dir) || !is_folder(c->backup_dir) || !is_folder(c->dataset_dir))
        return BERTH_CONTAINER_FOLDER;
    if (!is_image(c->image))
        return BERTH_CONTAINER_IMAGE;
    if (berth_text_find_byte(c->extra_command, '\0') != SIZE_MAX)
        return BERTH_CONTAINER_COMMAND;
    return BERTH_CONTAINER_GOOD;
}

/* ---- docker run, in the order of wire page 4.4 ------------------------------------------------ */

static void put_label(struct berth_argv *argv, const struct berth_container *c)
{
    berth_argv_add(argv, BERTH_TEXT("--label"));
    struct berth_writer *w = berth_argv_open(argv);
    berth_put_string(w, BERTH_CONTAINER_LABEL "=");
    /* A start that no file can hold has no text either: the label then names the user alone. */
    if (c->start_s == BERTH_CONTAINER_NO_ROW ||
        berth_container_put_label(w, c->user_id, c->start_s) != BERTH_OK) {
        berth_put_text(w, c->user_id);
        berth_put_string(w, "|manual");
    }
    berth_argv_close(argv);
}

static void put_gigabytes(struct berth_argv *argv, const char *option, int64_t gb)
{
    struct berth_writer *w = berth_argv_open(argv);
    berth_put_string(w, option);
    berth_put_i64(w, gb);
    berth_put_char(w, 'G');
    berth_argv_close(argv);
}

static void put_shares(struct berth_argv *argv, const struct berth_container *c)
{
    int64_t ram_gb = c->memory_gb, shm_gb = 0;
    struct berth_writer *w = berth_argv_open(argv);
    berth_put_string(w, "--cpus=");
    berth_put_cpus(w, c->cpus_nano);
    berth_argv_close(argv);
    (void)!berth_container_memory(c->memory_gb, c->shm_rate_num, c->shm_rate_den, &ram_gb, &shm_gb);
    put_gigabytes(argv, "--memory=", ram_gb);
    put_gigabytes(argv, "--memory-swap=", c->memory_gb);
    if (shm_gb > 0)
        put_gigabytes(argv, "--shm-size=", shm_gb);
}

/* The quotes are part of the argument: docker reads it as CSV. */
static void put_gpus(struct berth_argv *argv, uint64_t gpus)
{
    berth_argv_add(argv, BERTH_TEXT("--gpus"));
    struct berth_writer *w = berth_argv_open(argv);
    berth_put_string(w, "\"device=");
    if (gpus == 0)
        berth_put_string(w, "none");
    for (unsigned id = 0, any = 0; id < BERTH_GPU_MAX; id++) {
        if ((gpus >> id & 1) == 0)
            continue;
        berth_put_string(w, any++ > 0 ? "," : "");
        berth_put_u64(w, id);
    }
    berth_put_char(w, '"');
    berth_argv_close(argv);
}

static void put_name(struct berth_argv *argv, const struct berth_container *c)
{
    struct berth_writer *w = berth_argv_open(argv);
    berth_put_string(w, "--name=");
    berth_put_text(w, c->user_id);
    berth_argv_close(argv);
    berth_argv_add(argv, BERTH_TEXT("-p"));
    w = berth_argv_open(argv);
    berth_put_u64(w, c->port);
    berth_put_string(w, ":22");
    berth_argv_close(argv);
}

/* "-v HOST[/BELOW]:INSIDE". */
static void put_mount(struct berth_argv *argv, struct berth_text host, struct berth_text below,
                      struct berth_text inside)
{
    berth_argv_add(argv, BERTH_TEXT("-v"));
    struct berth_writer *w = berth_argv_open(argv);
    berth_put_text(w, host);
    if (below.len > 0) {
        berth_put_char(w, '/');
        berth_put_text(w, below);
    }
    berth_put_char(w, ':');
    berth_put_text(w, inside);
    berth_argv_close(argv);
}

static void put_mounts(struct berth_argv *argv, const struct berth_container *c)
{
    const struct berth_text none = BERTH_TEXT("");
    put_mount(argv, c->work_dir, none, BERTH_TEXT("/root/Work"));
    put_mount(argv, c->backup_dir, none, BERTH_TEXT("/root/Backup"));
    put_mount(argv, c->dataset_dir, none, BERTH_TEXT("/root/Dataset:ro"));
    for (size_t i = 0; i < c->mount_count; i++)
        put_mount(argv, c->backup_dir, c->mounts[i].relative, c->mounts[i].container);
}

static void put_environment(struct berth_argv *argv, const struct berth_container *c)
{
    static const char *const display[] = {"-e", "DISPLAY", NULL};
    static const char *const logo[] = {"-e", "LOGO=A I V C", NULL};
    static const char *const password[] = {"-e", "PASSWORD", NULL};
    if (c->display)
        berth_argv_add_all(argv, display);
    berth_argv_add_all(argv, logo);
    if (c->plain_password)
        berth_argv_add_all(argv, password);
}

void berth_container_run(struct berth_argv *argv, const struct berth_container *c)
{
    static const char *const words[] = {"run", "-dit", "--restart=always", NULL};
    berth_argv_add(argv, berth_text_of(c->docker != NULL ? c->docker : "docker"));
    berth_argv_add_all(argv, words);
    put_label(argv, c);
    if (c->host_pids)
        berth_argv_add(argv, BERTH_TEXT("--pid=host"));
    put_shares(argv, c);
    put_gpus(argv, c->gpus);
    put_name(argv, c);
    put_mounts(argv, c);
    put_environment(argv, c);
    berth_argv_add(argv, c->image.len > 0 ? c->image : BERTH_TEXT(BERTH_DEFAULT_IMAGE));
    if (c->extra_command.len > 0) {
        berth_argv_add(argv, BERTH_TEXT("bash"));
        berth_argv_add(argv, BERTH_TEXT("-c"));
        berth_argv_add(argv, c->extra_command);
    }
}

/* ---- what docker says ------------------------------------------------------------------------- */

static bool has_words(struct berth_text text, struct berth_text words)
{
    for (size_t at = 0; at + words.len <= text.len; at++) {
        if (berth_text_equal_nocase(berth_text_slice(text, at, at + words.len), words))
            return true;
    }
    return false;
}

bool berth_container_is_absent(struct berth_text errors)
{
    return has_words(errors, BERTH_TEXT("no such container")) ||
           has_words(errors, BERTH_TEXT("no such object")) ||
           has_words(errors, BERTH_TEXT("no container with name or ID"));
}
