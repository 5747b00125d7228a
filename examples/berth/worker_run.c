/* The worker's children: git, the step's own command, the container engine. Arguments are arrays; no shell is
 * involved. */
#define _DEFAULT_SOURCE
#include "worker.h"

#include "words.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* Builds the arrays of one child in the slot's memory. */
struct builder {
    struct slot *slot;
    struct berth_writer strings;
    size_t argc, envc;
    bool full;
};

static void build_begin(struct builder *b, struct slot *slot)
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

/* The worker's own environment without what would lead a child astray. */
static void inherit(struct builder *b)
{
    static const char *const own[] = {"MLCYCLE_",
                                      "NVIDIA_VISIBLE_DEVICES=", "CUDA_VISIBLE_DEVICES=", "BERTH_", "GIT_"};
    for (char **e = environ; *e != NULL; e++) {
        bool skip = false;
        for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
            skip = skip || starts(*e, own[i]);
        if (!skip)
            add(b->slot->env, WORKER_ENV_MAX, &b->envc, *e, &b->full);
    }
}

static const char *gpu_list(struct builder *b)
{
    const struct slot *slot = b->slot;
    char text[256];
    struct berth_writer w;
    if (slot->worker->gpus_all_text && slot->worker->gpus == 0)
        return "all";
    berth_writer_init(&w, text, sizeof text);
    gpus_put(&w, slot->gpus);
    return berth_writer_terminate(&w) == BERTH_OK ? join(b, text, "") : "";
}

static bool has_gpus(const struct slot *slot)
{
    return slot->worker->gpus != 0 || slot->worker->gpus_all_text;
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
        set(b, "NVIDIA_VISIBLE_DEVICES=", slot->gpus != 0 || slot->worker->gpus == 0 ? gpu_list(b) : "void");
}

static enum berth_status spawn(struct builder *b, const char *folder, const char **out_why)
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
    what.capture = true;
    berth_child child = slot->worker->proc.spawn(slot->worker->proc.ctx, &what);
    if (child < 0) {
        *out_why = berth_posix_error_text(berth_posix_proc_errno(&slot->worker->proc_state)).ptr;
        if (child == BERTH_E_NO_FILE)
            *out_why = "no such program";
        return (enum berth_status)child;
    }
    slot->child = child;
    slot->work = WORK_CHILD;
    slot->stopping = slot->killed = false;
    slot->child_since_ms = worker_now_ms();
    return BERTH_OK;
}

/* ---- git -------------------------------------------------------------------------------------- */

/* Git must never wait for somebody to type. */
static void git_environment(struct builder *b)
{
    inherit(b);
    env(b, "GIT_TERMINAL_PROMPT=", "0");
    env(b, "GIT_ASKPASS=", "/bin/false");
    env(b, "GIT_SSH_COMMAND=", "ssh -o BatchMode=yes");
    env(b, "BERTH_TOKEN=", b->slot->token);
}

enum berth_status run_clone(struct slot *slot, const char **out_why)
{
    struct builder b;
    build_begin(&b, slot);
    git_environment(&b);
    arg(&b, "git");
    arg(&b, "clone");
    arg(&b, "--quiet");
    arg(&b, "--depth");
    arg(&b, "1");
    arg(&b, "--");
    arg(&b, slot->repository);
    arg(&b, join(&b, slot->folder, "/repo"));
    return spawn(&b, NULL, out_why);
}

enum berth_status run_commit(struct slot *slot, const char **out_why)
{
    struct builder b;
    build_begin(&b, slot);
    git_environment(&b);
    arg(&b, "git");
    arg(&b, "-C");
    arg(&b, join(&b, slot->folder, "/repo"));
    arg(&b, "--no-pager");
    arg(&b, "log");
    arg(&b, "-1");
    arg(&b, "--no-color");
    arg(&b, "--format=berth: commit %H%nberth: %cI %cn: %s");
    return spawn(&b, NULL, out_why);
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
    build_begin(&b, slot);
    inherit(&b);
    tell(&b, env, join(&b, slot->folder, "/metrics.json"));
    if (has_gpus(slot)) /* the container tool's variable means nothing to a bare process; CUDA's does */
        env(&b, "CUDA_VISIBLE_DEVICES=", slot->gpus != 0 || slot->worker->gpus == 0 ? gpu_list(&b) : "");
    env(&b, "BERTH_TOKEN=", slot->token);
    enum berth_status status = add_command(&b, out_why);
    if (status != BERTH_OK)
        return status;
    if (b.argc == 0) {
        *out_why = "the step has no command, which --runner process needs";
        return BERTH_E_MISSING;
    }
    return spawn(&b, join(&b, slot->folder, "/repo"), out_why);
}

/* ---- containers ------------------------------------------------------------------------------- */

static const char *container_name(struct builder *b)
{
    return join(b, "berth-", b->slot->token);
}

static void docker(struct builder *b, const char *verb)
{
    build_begin(b, b->slot);
    inherit(b);
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

/* A relative path that stays below the clone. */
static bool stays_inside(const char *path)
{
    struct berth_text rest = berth_text_of(path), part;
    if (path[0] == '/')
        return false;
    while (berth_text_split(&rest, '/', &part)) {
        if (berth_text_equal(part, BERTH_TEXT("..")))
            return false;
    }
    return true;
}

enum berth_status run_build(struct slot *slot, const char **out_why)
{
    struct builder b = {.slot = slot};
    if (!stays_inside(slot->context) || !stays_inside(slot->dockerfile)) {
        *out_why = "context and dockerfile must lie inside the repository";
        return BERTH_E_ARGUMENT;
    }
    docker(&b, "build");
    const char *context = join(&b, join(&b, slot->folder, "/repo/"), slot->context);
    arg(&b, "--force-rm");
    arg(&b, "--tag");
    arg(&b, join(&b, container_name(&b), ":step"));
    arg(&b, "--file");
    arg(&b, join(&b, join(&b, context, "/"), slot->dockerfile));
    arg(&b, "--");
    arg(&b, context);
    return spawn(&b, NULL, out_why);
}

static enum berth_status run_container(struct slot *slot, const char **out_why)
{
    const struct worker *worker = slot->worker;
    struct builder b = {.slot = slot};
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
        inside = join(&b, "/app", strrchr(slot->folder, '/'));
        arg(&b, join(&b, worker->volume, ":/app"));
    } else {
        arg(&b, join(&b, slot->folder, ":/app"));
    }
    arg(&b, "--workdir");
    arg(&b, join(&b, inside, "/repo"));
    tell(&b, container_env, join(&b, inside, "/metrics.json"));
    arg(&b, slot->image[0] != '\0' ? tagged(&b, slot->image) : join(&b, container_name(&b), ":step"));
    enum berth_status status = add_command(&b, out_why);
    return status == BERTH_OK ? spawn(&b, NULL, out_why) : status;
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
    return spawn(&b, NULL, out_why);
}

enum berth_status run_sweep_image(struct slot *slot, const char **out_why)
{
    struct builder b = {.slot = slot};
    docker(&b, "rmi");
    arg(&b, join(&b, container_name(&b), ":step"));
    return spawn(&b, NULL, out_why);
}
