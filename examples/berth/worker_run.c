/* The worker's children: git, the step's own command, the container engine. Arguments are arrays; no shell is
 * involved. */
#define _DEFAULT_SOURCE
#include "worker.h"

#include "worker_files.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Builds the arrays of one child in the slot's memory. */
struct builder {
    struct slot *slot;
    struct berth_writer strings;
    size_t argc, envc;
    bool full;
};

static void builder_init(struct builder *b, struct slot *slot)
{
    memset(b, 0, sizeof *b);
    b->slot = slot;
    berth_writer_init(&b->strings, slot->strings, sizeof slot->strings);
    slot->argv[0] = NULL;
    slot->env[0] = NULL;
}

static void add(const char **array, size_t cap, size_t *count, const char *value, bool *full)
{
    if (*count + 1 >= cap) {
        *full = true;
        return;
    }
    array[(*count)++] = value;
    array[*count] = NULL;
}

static void arg(struct builder *b, const char *value)
{
    add(b->slot->argv, WORKER_ARGV_MAX, &b->argc, value, &b->full);
}

/* Strings that are put together: A and B joined. */
static const char *join(struct builder *b, const char *a, const char *c)
{
    const char *start = b->slot->strings + b->strings.len;
    berth_put_string(&b->strings, a);
    berth_put_string(&b->strings, c);
    berth_put_char(&b->strings, '\0');
    if (berth_writer_status(&b->strings) != BERTH_OK) {
        b->full = true;
        return "";
    }
    return start;
}

static void env(struct builder *b, const char *name_and_sign, const char *value)
{
    add(b->slot->env, WORKER_ENV_MAX, &b->envc, join(b, name_and_sign, value), &b->full);
}

static const char *number(struct builder *b, uint64_t value)
{
    char digits[24];
    struct berth_writer w;
    berth_writer_init(&w, digits, sizeof digits);
    berth_put_u64(&w, value);
    return berth_writer_terminate(&w) == BERTH_OK ? join(b, digits, "") : "";
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Whether the variable ENTRY ("NAME=VALUE") is one of LIST; a name there that ends in '_' stands for all that
 * begin with it. */
static bool is_listed(const char *entry, const char *const *list)
{
    const char *sign = strchr(entry, '=');
    size_t len = sign != NULL ? (size_t)(sign - entry) : strlen(entry);
    for (; *list != NULL; list++) {
        size_t name_len = strlen(*list);
        bool prefix = (*list)[name_len - 1] == '_';
        if (prefix ? starts(entry, *list) : len == name_len && memcmp(entry, *list, len) == 0)
            return true;
    }
    return false;
}

/* The worker's own environment without what would lead git or a container engine astray. */
static void inherit(struct builder *b, const char *const *but)
{
    for (char **e = environ; *e != NULL; e++) {
        if (!is_listed(*e, but))
            add(b->slot->env, WORKER_ENV_MAX, &b->envc, *e, &b->full);
    }
}

/* Whether LIST, names between commas, holds the name of ENTRY. */
static bool is_passed(const char *list, const char *entry)
{
    struct berth_text rest = berth_text_of(list), name;
    const char *sign = strchr(entry, '=');
    while (sign != NULL && berth_text_split(&rest, ',', &name)) {
        if (berth_text_equal(berth_text_trim(name), berth_text_make(entry, (size_t)(sign - entry))))
            return true;
    }
    return false;
}

/* What a bare command needs, and what the operator names; nothing else: secrets of the worker's own
 * environment would end in the step's log. */
static void pass(struct builder *b)
{
    static const char *const needed[] = {
        "PATH",   "HOME", "USER",      "LOGNAME",   "SHELL",           "LANG", "LANGUAGE", "LC_", "TZ",
        "TMPDIR", "TERM", "CUDA_HOME", "CUDA_PATH", "LD_LIBRARY_PATH", NULL};
    for (char **e = environ; *e != NULL; e++) {
        if (is_listed(*e, needed) || is_passed(b->slot->worker->pass_env, *e))
            add(b->slot->env, WORKER_ENV_MAX, &b->envc, *e, &b->full);
    }
}

static bool has_gpus(const struct slot *slot)
{
    return slot->worker->gpus != 0;
}

/* The slot's GPUs, or what NONE says. */
static const char *gpu_list(struct builder *b, const char *none)
{
    char text[256];
    struct berth_writer w;
    if (b->slot->gpus == 0)
        return none;
    if (b->slot->worker->gpus_unnumbered)
        return "all";
    berth_writer_init(&w, text, sizeof text);
    gpus_put(&w, b->slot->gpus);
    return berth_writer_terminate(&w) == BERTH_OK ? join(b, text, "") : none;
}

/* What a step is told (wire 3), by SET: a process's environment or a container's arguments. */
static void tell(struct builder *b, void (*set)(struct builder *, const char *, const char *),
                 const char *metrics)
{
    const struct slot *slot = b->slot;
    set(b, "MLCYCLE_HOST=", slot->worker->app->args.value[OPT_HOST]);
    set(b, "MLCYCLE_PROJECT=", slot->project.text);
    set(b, "MLCYCLE_JOB=", slot->job.text);
    set(b, "MLCYCLE_STEP=", number(b, (uint64_t)slot->step));
    set(b, "BERTH_METRICS=", metrics);
    if (has_gpus(slot))
        set(b, "NVIDIA_VISIBLE_DEVICES=", gpu_list(b, "void"));
}

/* Starts the child in FOLDER (NULL: the worker's own). LOGGED: its output goes to the step's log. */
static enum berth_status spawn(struct builder *b, const char *folder, bool logged, const char **out_why)
{
    struct slot *slot = b->slot;
    struct berth_spawn what;
    if (b->full) {
        *out_why = "the command or its environment is too long";
        return BERTH_E_SPACE;
    }
    memset(&what, 0, sizeof what);
    what.argv = slot->argv;
    what.env = slot->env;
    what.folder = folder;
    what.capture = logged;
    berth_child child = slot->worker->proc.spawn(slot->worker->proc.ctx, &what);
    if (child < 0) {
        *out_why = berth_posix_error_text(berth_posix_proc_errno(&slot->worker->proc_state)).ptr;
        if (child == BERTH_E_NO_FILE)
            *out_why = "no such program";
        return (enum berth_status)child;
    }
    slot->child = child;
    slot->work = WORK_CHILD;
    slot->stopping = slot->killed = slot->output_over = false;
    slot->child_since_ms = worker_now_ms();
    return BERTH_OK;
}

/* ---- git -------------------------------------------------------------------------------------- */

/* Git must never wait for somebody to type, nor think that it is in another repository. The rest of the
 * operator's settings for it are kept. */
static void git_environment(struct builder *b)
{
    static const char *const but[] = {"MLCYCLE_",
                                      "BERTH_",
                                      "GIT_DIR",
                                      "GIT_WORK_TREE",
                                      "GIT_INDEX_FILE",
                                      "GIT_OBJECT_DIRECTORY",
                                      "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                      "GIT_COMMON_DIR",
                                      "GIT_NAMESPACE",
                                      "GIT_PREFIX",
                                      "GIT_TERMINAL_PROMPT",
                                      "GIT_ASKPASS",
                                      NULL};
    inherit(b, but);
    env(b, "GIT_TERMINAL_PROMPT=", "0");
    env(b, "GIT_ASKPASS=", "/bin/false");
    if (getenv("GIT_SSH_COMMAND") == NULL)
        env(b, "GIT_SSH_COMMAND=", "ssh -o BatchMode=yes");
    env(b, "BERTH_TOKEN=", b->slot->token);
}

enum berth_status run_clone(struct slot *slot, const char **out_why)
{
    struct builder b;
    builder_init(&b, slot);
    git_environment(&b);
    arg(&b, "git");
    arg(&b, "clone");
    arg(&b, "--quiet");
    arg(&b, "--depth");
    arg(&b, "1");
    arg(&b, "--");
    arg(&b, slot->repository);
    arg(&b, join(&b, slot->folder, "/app/repo"));
    return spawn(&b, NULL, true, out_why);
}

enum berth_status run_commit(struct slot *slot, const char **out_why)
{
    struct builder b;
    builder_init(&b, slot);
    git_environment(&b);
    arg(&b, "git");
    arg(&b, "-C");
    arg(&b, join(&b, slot->folder, "/app/repo"));
    arg(&b, "--no-pager");
    arg(&b, "log");
    arg(&b, "-1");
    arg(&b, "--no-color");
    arg(&b, "--format=berth: commit %H%nberth: %cI %cn: %s");
    return spawn(&b, NULL, true, out_why);
}

/* ---- the step's command ----------------------------------------------------------------------- */

/* Words of the command, behind what ARGV has already. */
static enum berth_status add_command(struct builder *b, const char **out_why)
{
    struct slot *slot = b->slot;
    size_t count = 0;
    char *at = slot->strings + b->strings.len;
    enum berth_status status =
        split_words(berth_text_of(slot->command), at, sizeof slot->strings - b->strings.len,
                    slot->argv + b->argc, WORKER_ARGV_MAX - b->argc, &count);
    if (status == BERTH_E_SYNTAX)
        *out_why = "the command has an open quote";
    else if (status != BERTH_OK)
        *out_why = "the command is too long";
    if (status != BERTH_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        b->strings.len += strlen(slot->argv[b->argc + i]) + 1;
    b->argc += count;
    return BERTH_OK;
}

static enum berth_status run_process(struct slot *slot, const char **out_why)
{
    struct builder b;
    builder_init(&b, slot);
    pass(&b);
    tell(&b, env, join(&b, slot->folder, "/app/metrics.json"));
    /* The container tool's variable means nothing to a bare process; CUDA's does, and absent it means all. */
    if (has_gpus(slot) && (slot->gpus == 0 || !slot->worker->gpus_unnumbered))
        env(&b, "CUDA_VISIBLE_DEVICES=", gpu_list(&b, ""));
    env(&b, "BERTH_TOKEN=", slot->token);
    enum berth_status status = add_command(&b, out_why);
    if (status != BERTH_OK)
        return status;
    if (b.argc == 0) {
        *out_why = "the step has no command, which --runner process needs";
        return BERTH_E_MISSING;
    }
    return spawn(&b, join(&b, slot->folder, "/app/repo"), true, out_why);
}

/* ---- containers ------------------------------------------------------------------------------- */

static const char *container_name(struct builder *b)
{
    return join(b, "berth-", b->slot->token);
}

static void docker(struct builder *b, const char *verb)
{
    static const char *const but[] = {"MLCYCLE_", "BERTH_", NULL};
    builder_init(b, b->slot);
    inherit(b, but);
    env(b, "BERTH_TOKEN=", b->slot->token);
    arg(b, b->slot->worker->docker);
    arg(b, verb);
}

static void container_env(struct builder *b, const char *name_and_sign, const char *value)
{
    arg(b, "--env");
    arg(b, join(b, name_and_sign, value));
}

/* An image without tag or digest means all its tags to some engines (wire W7). */
static const char *tagged(struct builder *b, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *last = slash != NULL ? slash + 1 : image;
    return strchr(last, ':') != NULL || strchr(last, '@') != NULL ? image : join(b, image, ":latest");
}

/* Whether the repository holds PATH, not by way of a link: the engine would follow it out. */
static bool is_inside(const char *root, const char *path, bool folder)
{
    int fd = inside_open(root, path, folder);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

enum berth_status run_build(struct slot *slot, const char **out_why)
{
    struct builder b = {.slot = slot};
    docker(&b, "build");
    const char *repo = join(&b, slot->folder, "/app/repo/");
    const char *context = join(&b, repo, slot->context);
    if (b.full || !is_inside(repo, slot->context, true) || !is_inside(context, slot->dockerfile, false)) {
        *out_why = "context and dockerfile must lie inside the repository, and not be links";
        return BERTH_E_ARGUMENT;
    }
    arg(&b, "--force-rm");
    arg(&b, "--tag");
    arg(&b, join(&b, container_name(&b), ":step"));
    arg(&b, "--file");
    arg(&b, join(&b, join(&b, context, "/"), slot->dockerfile));
    arg(&b, "--");
    arg(&b, context);
    return spawn(&b, NULL, true, out_why);
}

static enum berth_status run_container(struct slot *slot, const char **out_why)
{
    const struct worker *worker = slot->worker;
    struct builder b = {.slot = slot};
    if (slot->image[0] == '-') {
        *out_why = "the image's name must not begin with '-'";
        return BERTH_E_ARGUMENT;
    }
    docker(&b, "run");
    arg(&b, "--name");
    arg(&b, container_name(&b));
    if (worker->runtime != NULL) {
        arg(&b, "--runtime");
        arg(&b, worker->runtime);
    }
    const char *inside = "/app";
    arg(&b, "--volume");
    if (worker->volume != NULL) { /* the volume backs the work folder: all of it is mounted (wire 3) */
        inside = join(&b, join(&b, "/app", strrchr(slot->folder, '/')), "/app");
        arg(&b, join(&b, worker->volume, ":/app"));
    } else {
        arg(&b, join(&b, slot->folder, "/app:/app"));
    }
    arg(&b, "--workdir");
    arg(&b, join(&b, inside, "/repo"));
    tell(&b, container_env, join(&b, inside, "/metrics.json"));
    arg(&b, "--");
    arg(&b, slot->image[0] != '\0' ? tagged(&b, slot->image) : join(&b, container_name(&b), ":step"));
    enum berth_status status = add_command(&b, out_why);
    return status == BERTH_OK ? spawn(&b, NULL, true, out_why) : status;
}

enum berth_status run_command(struct slot *slot, const char **out_why)
{
    return slot->worker->runner == RUNNER_DOCKER ? run_container(slot, out_why) : run_process(slot, out_why);
}

enum berth_status run_sweep(struct slot *slot, const char **out_why)
{
    struct builder b = {.slot = slot};
    docker(&b, "rm");
    arg(&b, "--force");
    arg(&b, "--volumes");
    arg(&b, container_name(&b));
    return spawn(&b, NULL, false, out_why);
}

enum berth_status run_sweep_image(struct slot *slot, const char **out_why)
{
    struct builder b = {.slot = slot};
    docker(&b, "rmi");
    arg(&b, join(&b, container_name(&b), ":step"));
    return spawn(&b, NULL, false, out_why);
}
