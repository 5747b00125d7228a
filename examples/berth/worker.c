/* berth worker: the loop that waits for steps and drives the slots, in one thread. */
#define _DEFAULT_SOURCE
#include "worker.h"

#include "commands.h"
#include "files.h"

#include <stdlib.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HOLD_MS = 45000,     /* a wake-up that the server loses costs no more than this (wire B6) */
    HOLD_ONCE_MS = 2000, /* long enough for a server that answers at once when there is work */
    BLOCKED_PAUSE_MS = 3000,
    LOST_PAUSE_MS = 200, /* doubled up to the former */
    ONCE_TRIES = 3,
    DETAIL_MAX = 600, /* a line of output fits a pipe's smallest room */
    SLOT_WORK = 131072,
    SLOT_HTTP = 16384,
    POLL_WORK = 65536,
    UNREPORTED_MS = 60000 /* after SIGTERM: for a server that is away */
};

static struct worker worker;

uint64_t worker_now_ms(void)
{
    return program_clock()->monotonic_ms(program_clock()->ctx);
}

uint32_t worker_pause_ms(unsigned tries)
{
    static const struct berth_retry_policy policy = {0, 1000, 60000};
    uint32_t random = 0;
    if (program_rand()->fill(program_rand()->ctx, &random, sizeof random) != BERTH_OK)
        random = UINT32_MAX;
    return berth_retry_pause_ms(&policy, tries + 1, random);
}

/* ---- telling ---------------------------------------------------------------------------------- */

static void put_json(struct berth_json_writer *w, const struct slot *slot, const char *what,
                     struct berth_text detail)
{
    berth_json_begin_object(w);
    berth_json_put_name(w, BERTH_TEXT("event"));
    berth_json_put_text(w, berth_text_of(what));
    if (slot != NULL) {
        berth_json_put_name(w, BERTH_TEXT("job"));
        berth_json_put_guid(w, &slot->job);
        berth_json_put_name(w, BERTH_TEXT("step"));
        berth_json_put_i64(w, slot->step);
    }
    if (detail.len > 0) {
        berth_json_put_name(w, BERTH_TEXT("detail"));
        berth_json_put_text(w, detail);
    }
    berth_json_end_object(w);
}

static void say_json(struct out *o, const struct slot *slot, const char *what, struct berth_text detail)
{
    char line[DETAIL_MAX * 6 + 400];
    struct berth_writer text;
    struct berth_json_writer w;
    for (unsigned tries = 0; tries < 2; tries++, detail.len = 0) { /* a path may be no UTF-8 */
        berth_writer_init(&text, line, sizeof line);
        berth_json_writer_init(&w, &text);
        put_json(&w, slot, what, detail);
        if (berth_json_done(&w) == BERTH_OK) {
            out_text(o, berth_writer_text(&text));
            out_string(o, "\n");
            return;
        }
    }
}

/* What fits a line, ending at a character's end. */
static struct berth_text shortened(struct berth_text detail)
{
    if (detail.len <= DETAIL_MAX)
        return detail;
    size_t len = DETAIL_MAX;
    while (len > 0 && ((unsigned char)detail.ptr[len] & 0xC0) == 0x80)
        len--;
    return berth_text_slice(detail, 0, len);
}

/* Perhaps nobody reads what is said: a full pipe must not stop the worker. */
static void flush_if_read(struct out *o)
{
    struct pollfd item = {.fd = o->fd, .events = POLLOUT};
    if (poll(&item, 1, 0) == 1)
        out_flush(o);
    o->len = 0;
}

void worker_say(struct worker *w, const struct slot *slot, const char *what, struct berth_text detail)
{
    struct out *o = &w->app->out;
    detail = shortened(detail);
    if (w->app->json) {
        say_json(o, slot, what, detail);
    } else if (!w->app->quiet) {
        if (slot != NULL) {
            out_text(o, berth_guid_text(&slot->job));
            out_string(o, "/");
            out_u64(o, (uint64_t)slot->step);
            out_string(o, " ");
        }
        out_string(o, what);
        if (detail.len > 0) {
            out_string(o, ": ");
            out_safe(o, detail);
        }
        out_string(o, "\n");
    }
    flush_if_read(o);
}

/* ---- options ---------------------------------------------------------------------------------- */

static int read_seconds(struct app *app, enum option_id id, uint32_t *out_ms)
{
    if (!args_given(&app->args, id) || parse_seconds(app->args.value[id], out_ms) == BERTH_OK)
        return 0;
    return fail(app, EXIT_USAGE, args_option_name(&app->args, id), "takes seconds, such as 30 or 2.5");
}

static int read_number(struct app *app, enum option_id id, uint64_t most, uint64_t *out_value)
{
    if (!args_given(&app->args, id))
        return 0;
    if (berth_parse_u64(berth_text_of(app->args.value[id]), out_value) == BERTH_OK && *out_value <= most)
        return 0;
    return fail(app, EXIT_USAGE, args_option_name(&app->args, id), "takes a whole number");
}

static int read_gpus(struct app *app)
{
    const struct args *args = &app->args;
    uint64_t per_step = UINT32_MAX;
    int code = read_number(app, OPT_GPUS_PER_STEP, 64, &per_step);
    worker.gpus_per_step = (uint32_t)per_step;
    worker.gpus = gpus_of_machine();
    if (code == 0 && args_given(args, OPT_GPUS) &&
        !gpus_parse(args->value[OPT_GPUS], !args->from_env[OPT_GPUS], &worker.gpus, &worker.gpus_unnumbered))
        return fail(app, EXIT_USAGE,
                    "--gpus takes a list such as 0,2-3 (ids 0 to 63), a number of GPUs, or all",
                    args->value[OPT_GPUS]);
    return code;
}

static bool is_in_path(const char *name)
{
    struct berth_text rest = berth_text_of(getenv("PATH")), folder;
    while (berth_text_split(&rest, ':', &folder)) {
        char path[1024];
        struct berth_writer w;
        berth_writer_init(&w, path, sizeof path);
        berth_put_text(&w, folder);
        berth_put_char(&w, '/');
        berth_put_string(&w, name);
        if (berth_writer_terminate(&w) == BERTH_OK && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* The first container command that PATH has. */
static const char *find_docker(void)
{
    return is_in_path("docker") ? "docker" : is_in_path("podman") ? "podman" : NULL;
}

static int read_runner(struct app *app)
{
    const struct args *args = &app->args;
    const char *kind = args_given(args, OPT_RUNNER) ? args->value[OPT_RUNNER] : "process";
    worker.runtime = args->value[OPT_RUNTIME];
    worker.volume = args->value[OPT_VOLUME];
    worker.pass_env = args_given(args, OPT_PASS_ENV) ? args->value[OPT_PASS_ENV] : "";
    worker.runner = strcmp(kind, "docker") == 0 ? RUNNER_DOCKER : RUNNER_PROCESS;
    if (worker.runner == RUNNER_PROCESS)
        return strcmp(kind, "process") == 0
                   ? 0
                   : fail(app, EXIT_USAGE, "--runner is process or docker, not", kind);
    worker.docker = args_given(args, OPT_DOCKER) ? args->value[OPT_DOCKER] : find_docker();
    return worker.docker != NULL
               ? 0
               : fail(app, EXIT_USAGE, "neither docker nor podman is in PATH; name one with --docker", NULL);
}

static int read_options(struct app *app)
{
    const struct args *args = &app->args;
    worker.app = app;
    worker.once = args_given(args, OPT_ONCE);
    worker.sole = args_given(args, OPT_SOLE);
    worker.workdir = args_given(args, OPT_WORKDIR) ? args->value[OPT_WORKDIR] : "/tmp/mlcycle";
    worker.log_limit = LOG_LIMIT_DEFAULT;
    worker.grace_ms = 10000;
    int code = read_number(app, OPT_LOG_LIMIT, INT64_MAX, &worker.log_limit);
    if (code == 0)
        code = read_seconds(app, OPT_STEP_TIMEOUT, &worker.step_timeout_ms);
    if (code == 0)
        code = read_seconds(app, OPT_GRACE, &worker.grace_ms);
    if (code == 0)
        code = read_gpus(app);
    if (code == 0)
        code = read_runner(app);
    if (code == 0 && !args_given(args, OPT_HOST))
        return fail(app, EXIT_USAGE, "which server? give --host https://SERVER/api or set MLCYCLE_HOST",
                    NULL);
    if (code == 0 && !is_in_path("git")) /* it would fail every step that it gets hold of */
        return fail(app, EXIT_USAGE, "git is not in PATH: each step's project is cloned with it", NULL);
    return code;
}

/* ---- setting up ------------------------------------------------------------------------------- */

/* Children get absolute paths, since they have another working folder. */
static int absolute_workdir(struct app *app)
{
    static char path[WORKER_PATH_MAX - 128];
    struct berth_writer w;
    berth_writer_init(&w, path, sizeof path);
    if (worker.workdir[0] != '/') {
        static char here[WORKER_PATH_MAX]; /* getcwd() may allocate */
        ssize_t len = readlink("/proc/self/cwd", here, sizeof here);
        if (len <= 0)
            return fail(app, EXIT_USAGE, "--workdir must begin with '/' here: /proc is not there", NULL);
        berth_put_bytes(&w, here, (size_t)len);
        berth_put_char(&w, '/');
    }
    berth_put_string(&w, worker.workdir);
    while (w.len > 1 && w.len <= w.cap && path[w.len - 1] == '/')
        w.len--;
    if (berth_writer_terminate(&w) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--workdir is too long", NULL);
    worker.workdir = path;
    return 0;
}

static void in_workdir(char *path, const char *name)
{
    struct berth_writer w;
    berth_writer_init(&w, path, WORKER_PATH_MAX);
    berth_put_string(&w, worker.workdir);
    berth_put_string(&w, name);
    (void)!berth_writer_terminate(&w); /* absolute_workdir() left room */
}

/* In a folder that others can write to, they could put words into the worker's mouth. */
static int check_workdir(struct app *app)
{
    struct stat info;
    if (stat(worker.workdir, &info) != 0 || !S_ISDIR(info.st_mode))
        return fail(app, EXIT_USAGE, worker.workdir, "is not a folder");
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return fail(app, EXIT_USAGE, worker.workdir,
                    "the work folder belongs to another user; name one of your own with --workdir");
    if ((info.st_mode & 0022) != 0)
        return fail(app, EXIT_USAGE, worker.workdir,
                    "the work folder can be written by others; take that away (chmod go-w) or name another "
                    "with --workdir");
    if (worker.runner == RUNNER_DOCKER && worker.volume == NULL && strchr(worker.workdir, ':') != NULL)
        return fail(app, EXIT_USAGE, worker.workdir, "a work folder for containers must not hold a ':'");
    return 0;
}

static int lock_workdir(struct app *app)
{
    const struct berth_files *files = program_files();
    int code = absolute_workdir(app);
    if (code != 0)
        return code;
    in_workdir(worker.state_path, "/worker.state");
    in_workdir(worker.lock_path, "/worker.lock");
    enum berth_status status = make_folders(worker.workdir, 0700);
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), worker.workdir, "the work folder cannot be made");
    code = check_workdir(app);
    if (code != 0)
        return code;
    worker.lock = files->lock(files->ctx, worker.lock_path, 0);
    if (worker.lock == BERTH_E_LOCKED)
        return fail(app, EXIT_CONFLICT, worker.workdir,
                    "another worker uses this folder; give each its own with --workdir");
    return worker.lock >= 0 ? 0
                            : fail(app, exit_code_of((enum berth_status)worker.lock), worker.workdir,
                                   "the work folder cannot be locked");
}

static int open_sessions(struct app *app)
{
    static char work[WORKER_SLOTS][SLOT_WORK], http[WORKER_SLOTS + 1][SLOT_HTTP], poll_work[POLL_WORK];
    static uint64_t arenas[WORKER_SLOTS + 1][BERTH_MBEDTLS_ARENA_CAP / sizeof(uint64_t)];
    const char *host = app->args.value[OPT_HOST];
    for (size_t i = 0; i <= WORKER_SLOTS; i++) {
        bool slot = i < WORKER_SLOTS;
        const struct session_memory memory = {slot ? work[i] : poll_work,
                                              slot ? SLOT_WORK : POLL_WORK,
                                              arenas[i],
                                              sizeof arenas[i],
                                              http[i],
                                              SLOT_HTTP,
                                              true};
        int code = session_open(slot ? &worker.slots[i].session : &worker.poll, app, host, &memory);
        if (code != 0)
            return code;
        if (slot)
            worker.slots[i].worker = &worker;
    }
    return 0;
}

/* ---- polling ---------------------------------------------------------------------------------- */

static bool is_ours(const struct berth_mlcycle_job *job)
{
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        const struct slot *slot = &worker.slots[i];
        if (slot->phase != PHASE_FREE && slot->step == job->step.number &&
            berth_guid_equal(&slot->job, &job->id))
            return true;
    }
    return false;
}

/* Without GPUs to tell steps apart, one command runs at a time. */
static bool alone(const struct berth_mlcycle_job *job)
{
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        const struct slot *slot = &worker.slots[i];
        bool unclaimed = slot->restored && !slot->owned;
        if (slot->phase != PHASE_FREE && slot->phase < PHASE_METRICS && !unclaimed && slot->step != 0 &&
            job->step.number != 0)
            return false;
    }
    return true;
}

static enum berth_status on_pending(void *ctx, const struct berth_json_element *element, void *structure)
{
    (void)ctx;
    const struct berth_mlcycle_job *job = structure;
    uint32_t count = 0;
    uint64_t gpus = 0;
    if (element->json == NULL || is_ours(job))
        return BERTH_OK;
    struct slot *slot = slot_free(&worker);
    bool readable = gpus_wanted(&worker, &job->step, &count);
    if (!readable)
        count = 0; /* it is claimed all the same, so that it can be told what is wrong */
    if (count > berth_gpu_count(worker.gpus))
        return BERTH_OK; /* another worker may have as many */
    bool one_by_one = worker.gpus == 0 && worker.gpus_per_step == UINT32_MAX;
    if (slot == NULL || !gpus_choose(&worker, count, &gpus) || (one_by_one && !alone(job))) {
        worker.poll_blocked = true;
        return BERTH_OK;
    }
    worker.poll_found = true;
    slot_begin(slot, job, gpus);
    return BERTH_OK;
}

static bool busy(void)
{
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        if (worker.slots[i].phase != PHASE_FREE)
            return true;
    }
    return false;
}

static void poll_begin(void)
{
    uint32_t hold_ms = worker.once ? HOLD_ONCE_MS : HOLD_MS;
    worker.poll_found = worker.poll_blocked = false;
    worker.poll_handled = worker.handled;
    if (berth_mlcycle_scheduler_pending(&worker.poll_call, &worker.poll.client, hold_ms, on_pending, NULL) ==
            BERTH_OK &&
        berth_call_start(&worker.poll_call, worker.poll.timeout_ms) == BERTH_OK)
        worker.polling = true;
    else
        worker.poll_again_ms = worker_now_ms() + 1000;
}

void worker_ask_again(struct worker *w)
{
    if (w->poll_failures == 0)
        w->poll_again_ms = 0;
    w->poll_idle = 0;
}

void worker_hold_off(struct worker *w, enum berth_status why)
{
    w->claim_status = why;
    w->claim_again_ms = worker_now_ms() + worker_pause_ms(++w->claim_failures);
}

/* A list with nothing for us would come back at once as long as it holds anything. */
static uint32_t idle_pause_ms(void)
{
    uint32_t pause_ms = worker.poll_blocked ? BLOCKED_PAUSE_MS : LOST_PAUSE_MS;
    for (unsigned i = 0; i < worker.poll_idle && pause_ms < BLOCKED_PAUSE_MS; i++)
        pause_ms *= 2;
    worker.poll_idle++;
    return pause_ms < BLOCKED_PAUSE_MS ? pause_ms : BLOCKED_PAUSE_MS;
}

static void poll_ended(enum berth_status status)
{
    uint64_t now = worker_now_ms();
    if (status == BERTH_OK || status == BERTH_E_NO_WORK || status == BERTH_E_SPACE) {
        if (worker.poll_failures > 1)
            worker_say(&worker, NULL, "the server answers again", BERTH_TEXT(""));
        worker.poll_failures = 0;
        worker.poll_again_ms = now;
        if (worker.poll_found || status == BERTH_E_NO_WORK)
            worker.poll_idle = 0;
        else
            worker.poll_again_ms = now + idle_pause_ms();
        return;
    }
    worker.poll_failures++;
    worker.poll_again_ms = now + worker_pause_ms(worker.poll_failures);
    if (worker.poll_failures == 1 && !worker.once) { /* with --once it is the command's own error */
        const char *message = worker.poll_call.result.message;
        worker_say(&worker, NULL, "the server cannot be asked for work",
                   berth_text_of(message[0] != '\0' ? message : berth_status_name(status)));
    }
}

static uint64_t poll_due_ms(void)
{
    return worker.poll_again_ms > worker.claim_again_ms ? worker.poll_again_ms : worker.claim_again_ms;
}

static void poll_advance(void)
{
    if (!worker.polling) {
        if (worker.stopping || slot_free(&worker) == NULL || worker_now_ms() < poll_due_ms())
            return;
        poll_begin();
    }
    while (worker.polling) {
        enum berth_status status = berth_call_step(&worker.poll_call, 0);
        if (status == BERTH_E_WOULD_BLOCK)
            return;
        worker.polling = false;
        poll_ended(status);
        bool for_others =
            (status == BERTH_OK || status == BERTH_E_SPACE) && !worker.poll_found && !worker.poll_blocked;
        worker.once_status = for_others && !busy() ? BERTH_E_NO_WORK : status;
        worker.once_handled = worker.poll_handled;
    }
}

/* ---- waiting ---------------------------------------------------------------------------------- */

struct waiting {
    struct berth_posix_poll_item items[BERTH_POSIX_POLL_CAP];
    size_t count;
    uint32_t wait_ms;
};

static void wait_for_session(struct waiting *w, const struct session *session)
{
    uint32_t wait_ms = 0;
    struct berth_posix_poll_item items[BERTH_POSIX_NET_ITEMS];
    unsigned want = berth_http_want(&session->http, &wait_ms);
    if (wait_ms < w->wait_ms)
        w->wait_ms = wait_ms;
    if (want == BERTH_WANT_NOTHING) /* a pause between two tries */
        return;
    size_t count = berth_posix_net_items(&session->socket, items, &w->wait_ms);
    for (size_t i = 0; i < count && w->count < BERTH_POSIX_POLL_CAP; i++) {
        if (items[i].want != 0 && session->net.want(session->net.ctx) != 0)
            items[i].want |= want;
        w->items[w->count++] = items[i];
    }
}

static void wait_for_fd(struct waiting *w, int fd)
{
    if (w->count < BERTH_POSIX_POLL_CAP && fd >= 0)
        w->items[w->count++] = (struct berth_posix_poll_item){fd, BERTH_WANT_READ, 0};
}

static void wait_until(struct waiting *w, uint64_t when_ms, uint64_t now)
{
    uint64_t left = when_ms > now ? when_ms - now : 0;
    if (left < w->wait_ms)
        w->wait_ms = (uint32_t)left;
}

static void wait_for_slot(struct waiting *w, const struct slot *slot, uint64_t now)
{
    if (slot->work == WORK_CALL) {
        wait_for_session(w, &slot->session);
    } else if (slot->work == WORK_CHILD) {
        int end = berth_posix_proc_end_fd(&worker.proc_state, slot->child);
        if (!slot->output_over) /* the end of it is always ready to be read */
            wait_for_fd(w, berth_posix_proc_output_fd(&worker.proc_state, slot->child));
        wait_for_fd(w, end);
        if (end < 0 || slot->stopping)
            wait_until(w, now + 100, now);
    } else if (slot->phase != PHASE_FREE) {
        wait_until(w, slot->wait_until_ms, now);
    }
}

static void wait_for_something(void)
{
    static struct waiting w;
    uint64_t now = worker_now_ms();
    w.count = 0;
    w.wait_ms = 1000;
    for (size_t i = 0; i < WORKER_SLOTS; i++)
        wait_for_slot(&w, &worker.slots[i], now);
    if (worker.polling)
        wait_for_session(&w, &worker.poll);
    else if (!worker.stopping && slot_free(&worker) != NULL)
        wait_until(&w, poll_due_ms(), now);
    (void)!berth_posix_poll(w.items, w.count, w.wait_ms, program_signals());
}

/* ---- the loop --------------------------------------------------------------------------------- */

static void take_signal(void)
{
    int number = program_signal();
    if (number == 0)
        return;
    program_signal_acknowledge();
    if (worker.stopping) { /* asked twice */
        worker.grace_ms = 0;
        worker.leaving = true;
    } else {
        worker_say(&worker, NULL, "stopping: running steps are ended and reported as failed", BERTH_TEXT(""));
        worker.stop_since_ms = worker_now_ms();
    }
    worker.stopping = true;
    worker.signal = number;
    if (worker.polling)
        berth_call_cancel(&worker.poll_call);
    worker.polling = false;
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        slot_stop(&worker.slots[i], "the worker is being stopped");
        worker.slots[i].wait_until_ms = 0; /* reports that wait get another try now */
    }
}

static bool any_child(void)
{
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        if (worker.slots[i].phase != PHASE_FREE && worker.slots[i].work == WORK_CHILD)
            return true;
    }
    return false;
}

/* With --once: a poll that began after the last step's end found nothing, or there is no going on. */
static bool nothing_left(void)
{
    if (!worker.once)
        return false;
    if (worker.state_status != BERTH_OK || worker.claim_failures >= ONCE_TRIES)
        return true;
    if (worker.poll_failures > 0 && worker.poll_failures < ONCE_TRIES)
        return false;
    return worker.once_handled == worker.handled && worker.once_status != BERTH_OK &&
           worker.once_status != BERTH_E_WOULD_BLOCK && worker.once_status != BERTH_E_SPACE;
}

static bool is_over(void)
{
    if (worker.stopping && worker_now_ms() - worker.stop_since_ms > worker.grace_ms + UNREPORTED_MS)
        worker.leaving = true;
    if (worker.leaving && !any_child())
        return true;
    return !busy() && !worker.polling && (worker.stopping || nothing_left());
}

static int verdict(struct app *app)
{
    if (worker.stopping && busy())
        fail(app, EXIT_NETWORK,
             "the server did not take every report; the next worker in this folder will send them", NULL);
    if (worker.stopping)
        return 128 + worker.signal;
    if (worker.state_status != BERTH_OK)
        return fail(app, exit_code_of(worker.state_status), worker.state_path,
                    "cannot be written, and without it no step is claimed");
    if (worker.claim_failures >= ONCE_TRIES)
        return fail(app, exit_code_of(worker.claim_status), "steps that are pending cannot be claimed",
                    berth_status_name(worker.claim_status));
    if (worker.once_status != BERTH_E_NO_WORK)
        return fail(app, exit_code_of(worker.once_status), "the server cannot be asked for work",
                    worker.poll_call.result.message);
    return worker.handled > 0 ? EXIT_DONE : EXIT_NO;
}

int worker_run(struct app *app)
{
    static const struct berth_posix_proc_config proc_config = {.end_with_parent = true};
    program_catch_signals();
    int code = read_options(app);
    if (code == 0)
        code = lock_workdir(app);
    if (code == 0)
        code = open_sessions(app);
    if (code == 0) {
        worker.proc = berth_posix_proc_init(&worker.proc_state, &proc_config);
        worker.once_status = BERTH_E_WOULD_BLOCK;
        state_sweep(&worker);
        code = state_load(&worker);
    }
    if (code != 0)
        return code;
    worker_say(&worker, NULL, "waiting for work from", berth_text_of(app->args.value[OPT_HOST]));
    while (!is_over()) {
        take_signal();
        for (size_t i = 0; i < WORKER_SLOTS; i++)
            slot_advance(&worker.slots[i]);
        poll_advance();
        if (!is_over())
            wait_for_something();
    }
    session_close(&worker.poll);
    program_files()->unlock(program_files()->ctx, worker.lock);
    return verdict(app);
}
