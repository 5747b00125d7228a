/* What a slot does with one step: a table of phases, each a call to the server or a child process. */
#include "worker.h"

#include "files.h"

#include <string.h>

enum {
    REPORT_TRIES = 5, /* uploads and metrics; the verdict itself is reported without a limit */
    CLONE_LIMIT_MS = 900000,
    SWEEP_LIMIT_MS = 120000,
    PIPELINE_SIZE = 1 << 18,
    CLAIM_WINDOW_S = 200 /* longer than a claim can take: its timeout and the clocks' difference */
};

struct phase_row {
    void (*begin)(struct slot *slot);
    void (*called)(struct slot *slot, enum berth_status status);       /* a call ended */
    void (*exited)(struct slot *slot, struct berth_child_state state); /* a child ended */
    uint32_t limit_ms;                                                 /* of the child; 0: --step-timeout */
};
static const struct phase_row phases[PHASE_COUNT];

static void go(struct slot *slot, enum phase phase)
{
    slot->phase = phase;
    slot->tries = 0;
    slot->wait_until_ms = 0;
}

/* The phase again, after a pause. */
static void again(struct slot *slot)
{
    slot->tries++;
    slot->wait_until_ms = worker_now_ms() + worker_pause_ms(slot->tries);
}

static void run_call(struct slot *slot, enum berth_status described)
{
    if (described == BERTH_OK)
        described = berth_call_start(&slot->call, slot->session.timeout_ms);
    if (described == BERTH_OK || described == BERTH_E_WOULD_BLOCK)
        slot->work = WORK_CALL;
    else
        phases[slot->phase].called(slot, described);
}

static struct berth_text message_of(const struct slot *slot, enum berth_status status)
{
    const char *message = slot->call.result.message;
    return berth_text_of(message[0] != '\0' ? message : berth_status_name(status));
}

/* The network or the server is away: worth trying again. */
static bool is_passing(enum berth_status status)
{
    switch (status) {
    case BERTH_E_CLOSED:
    case BERTH_E_TIMEOUT:
    case BERTH_E_RESET:
    case BERTH_E_TLS:
    case BERTH_E_RESOLVE:
    case BERTH_E_CONNECT:
    case BERTH_E_PROTOCOL:
    case BERTH_E_TRUNCATED:
    case BERTH_E_SERVER:
    case BERTH_E_UNAVAILABLE:
    case BERTH_E_BUSY:
    case BERTH_E_CANCELLED:
        return true;
    default:
        return false;
    }
}

void slot_fail(struct slot *slot, const char *what, struct berth_text detail)
{
    slot->failed = true;
    log_line(&slot->log, what, detail);
    worker_say(slot->worker, slot, what, detail);
    bool container =
        slot->worker->runner == RUNNER_DOCKER && (slot->phase == PHASE_BUILD || slot->phase == PHASE_RUN);
    go(slot, container ? PHASE_SWEEP : PHASE_METRICS);
}

/* ---- claim ------------------------------------------------------------------------------------ */

static void leave(struct slot *slot)
{
    slot->claim_sent = false;
    session_close(&slot->session);
    go(slot, PHASE_FREE);
    (void)!state_save(slot->worker);
}

static void won(struct slot *slot)
{
    slot->owned = true;
    (void)!state_save(slot->worker);
    worker_say(slot->worker, slot, "claimed", BERTH_TEXT(""));
    const struct berth_files *files = program_files();
    enum berth_status status = files->make_folder(files->ctx, slot->folder, 0700);
    if (status == BERTH_OK || status == BERTH_E_EXISTS)
        status = log_open(&slot->log, slot->folder, slot->worker->log_limit);
    if (status == BERTH_OK) {
        go(slot, PHASE_LOOK);
        return;
    }
    slot->failed = true;
    worker_say(slot->worker, slot, "the work folder cannot be made",
               berth_text_of(berth_status_name(status)));
    go(slot, PHASE_FINISH);
}

static void claim_begin(struct slot *slot)
{
    if (slot->worker->stopping) {
        leave(slot);
        return;
    }
    slot->claim_sent = true;
    slot->claimed.seconds = program_clock()->civil_s(program_clock()->ctx);
    if (state_save(slot->worker) !=
        BERTH_OK) { /* without a record a crash would leave the step claimed for ever */
        slot->claim_sent = false;
        go(slot, PHASE_FREE);
        slot->worker->poll_again_ms = worker_now_ms() + 10000;
        return;
    }
    run_call(slot, berth_mlcycle_scheduler_claim(&slot->call, &slot->session.client, &slot->job, slot->step));
}

static void claim_called(struct slot *slot, enum berth_status status)
{
    switch (berth_mlcycle_claim_outcome(status, &slot->call.result)) {
    case BERTH_MLCYCLE_CLAIM_WON:
        won(slot);
        break;
    case BERTH_MLCYCLE_CLAIM_LOST:
    case BERTH_MLCYCLE_CLAIM_GONE:
        worker_say(slot->worker, slot, "somebody else has it", BERTH_TEXT(""));
        leave(slot);
        break;
    case BERTH_MLCYCLE_CLAIM_FAILED:
        worker_say(slot->worker, slot, "the claim failed", message_of(slot, status));
        leave(slot);
        slot->worker->poll_again_ms = worker_now_ms() + worker_pause_ms(++slot->worker->poll_failures);
        break;
    case BERTH_MLCYCLE_CLAIM_UNKNOWN:
        worker_say(slot->worker, slot, "whether the claim got through is not known",
                   message_of(slot, status));
        go(slot, PHASE_LOOK);
        break;
    }
}

/* ---- look ------------------------------------------------------------------------------------- */

static void keep(char *to, size_t cap, struct berth_text value)
{
    struct berth_writer w;
    berth_writer_init(&w, to, cap);
    berth_put_text(&w, value);
    if (berth_writer_terminate(&w) != BERTH_OK || memchr(to, '\0', value.len) != NULL)
        to[0] = '\0'; /* too long or with a NUL byte: the same as absent, and said so when it is needed */
}

static void keep_step(struct slot *slot, const struct berth_mlcycle_step *step)
{
    const struct berth_mlcycle_docker *docker = &step->docker;
    slot->found = true;
    slot->seen_state = step->state.value;
    slot->seen_start = step->start;
    slot->has_docker = (step->present & BERTH_MLCYCLE_STEP_HAS_DOCKER) != 0;
    slot->has_build = (docker->present & BERTH_MLCYCLE_DOCKER_HAS_BUILD) != 0;
    keep(slot->name, sizeof slot->name, step->name);
    keep(slot->image, sizeof slot->image, docker->image);
    keep(slot->command, sizeof slot->command, docker->command);
    keep(slot->context, sizeof slot->context, docker->build.context);
    keep(slot->dockerfile, sizeof slot->dockerfile, docker->build.dockerfile);
}

static enum berth_status look_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct slot *slot = ctx;
    const struct berth_mlcycle_job *job = structure;
    const struct berth_mlcycle_step *step = structure;
    if (structure == NULL)
        return BERTH_OK;
    if (element->level == 2 && step->number == slot->step)
        keep_step(slot, step);
    if (element->level == 1) {
        keep(slot->repository, sizeof slot->repository, job->project.git_repository);
        if (berth_guid_is_set(&job->project.id))
            slot->project = job->project.id;
    }
    return BERTH_OK;
}

static void look_begin(struct slot *slot)
{
    slot->found = false;
    slot->repository[0] = '\0';
    run_call(slot, berth_mlcycle_jobs_get(&slot->call, &slot->session.client, &slot->job,
                                          BERTH_MLCYCLE_EACH_STEP, look_element, slot));
}

/* A claim of a previous life that nobody heard the answer of: ours, when the step was claimed while it was
 * under way. */
static bool claimed_by_us(const struct slot *slot)
{
    int64_t after = slot->seen_start.seconds - slot->claimed.seconds;
    return slot->seen_state == BERTH_MLCYCLE_IN_PROGRESS &&
           (slot->worker->sole || (slot->restored && after >= -CLAIM_WINDOW_S && after <= CLAIM_WINDOW_S));
}

/* What the claim came to after all. */
static void resolve_claim(struct slot *slot)
{
    if (slot->found && claimed_by_us(slot)) {
        won(slot);
        if (slot->restored)
            slot_fail(slot, "the worker ended while it claimed this step", BERTH_TEXT(""));
        return;
    }
    if (slot->found && slot->seen_state == BERTH_MLCYCLE_SCHEDULED && !slot->restored &&
        !slot->worker->stopping) {
        go(slot, PHASE_CLAIM);
        return;
    }
    if (slot->found && slot->seen_state == BERTH_MLCYCLE_IN_PROGRESS)
        worker_say(
            slot->worker, slot,
            "in progress, and it cannot be told whose: if no worker has it, end it with 'berth mlcycle "
            "scheduler error'",
            BERTH_TEXT(""));
    leave(slot);
}

static void look_called(struct slot *slot, enum berth_status status)
{
    bool gone = status == BERTH_E_NOT_FOUND || (status == BERTH_OK && !slot->found);
    if (!gone && !slot->found && (is_passing(status) || !slot->owned)) {
        again(slot);
        return;
    }
    if (!slot->owned) {
        resolve_claim(slot);
        return;
    }
    if (gone)
        slot_fail(slot, "the job is gone", message_of(slot, status));
    else if (status != BERTH_OK && status != BERTH_E_SPACE)
        slot_fail(slot, "the job cannot be read", message_of(slot, status));
    else if (slot->repository[0] == '\0')
        slot_fail(slot, "the project was deleted, or its repository's address is too long", BERTH_TEXT(""));
    else
        go(slot, PHASE_CLONE);
}

/* ---- children --------------------------------------------------------------------------------- */

static void start(struct slot *slot, enum berth_status (*child)(struct slot *, const char **),
                  const char *what)
{
    const char *why = "it cannot be started";
    if (slot->worker->stopping)
        slot_fail(slot, "the worker is being stopped", BERTH_TEXT(""));
    else if (child(slot, &why) != BERTH_OK)
        slot_fail(slot, what, berth_text_of(why));
}

/* "exit status 3", "signal 9". */
static struct berth_text ending(struct berth_child_state state, char *buf, size_t cap)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    berth_put_string(&w, state.end == BERTH_CHILD_SIGNALLED ? "signal " : "exit status ");
    berth_put_i64(&w, state.code);
    return berth_writer_text(&w);
}

static bool succeeded(struct berth_child_state state)
{
    return state.end == BERTH_CHILD_EXITED && state.code == 0;
}

static void clone_begin(struct slot *slot)
{
    log_line(&slot->log, "cloning", berth_text_of(slot->repository));
    start(slot, run_clone, "git clone");
}

static void clone_exited(struct slot *slot, struct berth_child_state state)
{
    char buf[40];
    if (!succeeded(state))
        slot_fail(slot, "git clone failed", ending(state, buf, sizeof buf));
    else
        go(slot, PHASE_COMMIT);
}

static void commit_begin(struct slot *slot)
{
    const char *why;
    if (run_commit(slot, &why) != BERTH_OK)
        phases[PHASE_COMMIT].exited(slot, (struct berth_child_state){BERTH_CHILD_EXITED, 0});
}

static void commit_exited(struct slot *slot, struct berth_child_state state)
{
    (void)state; /* it only informs */
    if (slot->step == 0)
        go(slot, PHASE_BOOTSTRAP);
    else if (!slot->has_docker)
        slot_fail(slot, "the step has no docker configuration: nothing says what to run", BERTH_TEXT(""));
    else if (slot->worker->runner == RUNNER_PROCESS || slot->image[0] != '\0')
        go(slot, PHASE_RUN);
    else if (slot->has_build && slot->dockerfile[0] != '\0')
        go(slot, PHASE_BUILD);
    else
        slot_fail(slot, "the step has neither an image nor a dockerfile", BERTH_TEXT(""));
}

static void build_begin_phase(struct slot *slot)
{
    log_line(&slot->log, "building the image of", berth_text_of(slot->dockerfile));
    slot->built = true;
    start(slot, run_build, "the image cannot be built");
}

static void build_exited(struct slot *slot, struct berth_child_state state)
{
    char buf[40];
    if (!succeeded(state))
        slot_fail(slot, "the image cannot be built", ending(state, buf, sizeof buf));
    else
        go(slot, PHASE_RUN);
}

static void run_begin(struct slot *slot)
{
    log_line(&slot->log, "running",
             berth_text_of(slot->command[0] != '\0' ? slot->command : "(the image's own command)"));
    worker_say(slot->worker, slot, "running", berth_text_of(slot->command));
    start(slot, run_command, "the command cannot be started");
}

static void run_exited(struct slot *slot, struct berth_child_state state)
{
    char buf[40];
    struct berth_text end = ending(state, buf, sizeof buf);
    slot->failed = !succeeded(state) || slot->stopping;
    log_line(&slot->log, slot->stopping ? "the command was stopped" : "the command ended", end);
    worker_say(slot->worker, slot, slot->stopping ? "stopped" : "ended", end);
    go(slot, slot->worker->runner == RUNNER_DOCKER ? PHASE_SWEEP : PHASE_METRICS);
}

static void sweep_begin(struct slot *slot)
{
    const char *why;
    if (run_sweep(slot, &why) != BERTH_OK)
        go(slot, PHASE_SWEEP_IMAGE);
}

static void sweep_exited(struct slot *slot, struct berth_child_state state)
{
    (void)state;
    go(slot, PHASE_SWEEP_IMAGE);
}

static void sweep_image_begin(struct slot *slot)
{
    const char *why;
    if (!slot->built || run_sweep_image(slot, &why) != BERTH_OK)
        go(slot, PHASE_METRICS);
}

static void sweep_image_exited(struct slot *slot, struct berth_child_state state)
{
    (void)state;
    go(slot, PHASE_METRICS);
}

/* ---- bootstrap -------------------------------------------------------------------------------- */

static enum berth_status in_folder(const struct slot *slot, const char *name, char *path, size_t cap)
{
    struct berth_writer w;
    berth_writer_init(&w, path, cap);
    berth_put_string(&w, slot->folder);
    berth_put_string(&w, name);
    return berth_writer_terminate(&w);
}

static void bootstrap_begin(struct slot *slot)
{
    static char document[PIPELINE_SIZE], converted[PIPELINE_SIZE];
    char path[WORKER_PATH_MAX + 32];
    struct berth_text yaml, steps;
    struct berth_mlcycle_problem problem;
    memset(&problem, 0, sizeof problem);
    enum berth_status status = in_folder(slot, "/repo/pipeline.yml", path, sizeof path);
    if (status == BERTH_OK)
        status = read_whole(path, document, sizeof document, &yaml);
    if (status != BERTH_OK) {
        slot_fail(slot, "pipeline.yml at the repository's root cannot be read",
                  berth_text_of(berth_status_name(status)));
        return;
    }
    status = berth_mlcycle_pipeline_to_steps(yaml, converted, sizeof converted, &steps, NULL, &problem);
    if (status == BERTH_OK) {
        memmove(converted, steps.ptr, steps.len);
        status = berth_mlcycle_jobs_add_steps_json(&slot->call, &slot->session.client, &slot->job, converted,
                                                   steps.len, NULL, NULL, &problem);
    }
    if (status == BERTH_OK) {
        run_call(slot, BERTH_OK);
        return;
    }
    char where[256];
    struct berth_writer w;
    berth_writer_init(&w, where, sizeof where);
    if (problem.line > 0) {
        berth_put_string(&w, "line ");
        berth_put_u64(&w, problem.line);
        berth_put_string(&w, ", column ");
        berth_put_u64(&w, problem.column);
        berth_put_string(&w, ": ");
    }
    berth_put_string(&w, problem.text[0] != '\0' ? problem.text : berth_status_name(status));
    slot_fail(slot, "pipeline.yml", berth_writer_text(&w));
}

static void bootstrap_called(struct slot *slot, enum berth_status status)
{
    if (status == BERTH_OK || status == BERTH_E_SPACE) {
        log_line(&slot->log, "the pipeline's steps were added to the job", BERTH_TEXT(""));
        go(slot, PHASE_METRICS);
    } else if (is_passing(status) && !slot->call.result.maybe_done && slot->tries < REPORT_TRIES) {
        again(slot);
    } else { /* appending twice would run every step twice: rather fail than repeat blindly */
        slot_fail(slot, "the steps cannot be added", message_of(slot, status));
    }
}

/* ---- report ----------------------------------------------------------------------------------- */

static void metrics_begin(struct slot *slot)
{
    static char document[65536];
    char path[WORKER_PATH_MAX + 32];
    struct berth_text json;
    struct berth_mlcycle_problem problem;
    memset(&problem, 0, sizeof problem);
    if (slot->tries == 0)
        (void)!state_save(slot->worker);
    enum berth_status status = in_folder(slot, "/metrics.json", path, sizeof path);
    if (status == BERTH_OK)
        status = read_whole(path, document, sizeof document, &json);
    if (status == BERTH_E_NO_FILE || (status == BERTH_OK && berth_text_trim(json).len == 0)) {
        go(slot, PHASE_UPLOAD);
        return;
    }
    if (status == BERTH_OK)
        status = berth_mlcycle_jobs_add_metrics_json(&slot->call, &slot->session.client, &slot->job,
                                                     slot->step, json, NULL, NULL, &problem);
    if (status == BERTH_OK) {
        run_call(slot, BERTH_OK);
        return;
    }
    log_line(&slot->log, "the metrics were not sent",
             berth_text_of(problem.text[0] != '\0' ? problem.text : berth_status_name(status)));
    go(slot, PHASE_UPLOAD);
}

static void metrics_called(struct slot *slot, enum berth_status status)
{
    if (is_passing(status) && slot->tries < REPORT_TRIES) {
        again(slot);
        return;
    }
    if (status != BERTH_OK && status != BERTH_E_SPACE)
        log_line(&slot->log, "the metrics were not taken", message_of(slot, status));
    go(slot, PHASE_UPLOAD);
}

static void upload_begin(struct slot *slot)
{
    static char filename[WORKER_SLOTS][40];
    char *own = filename[slot - slot->worker->slots];
    struct berth_writer w;
    berth_writer_init(&w, own, sizeof filename[0]);
    berth_put_i64(&w, slot->step);
    berth_put_string(&w, "_console.log");
    memset(&slot->upload, 0, sizeof slot->upload);
    slot->upload.name = BERTH_TEXT("Console Log");
    slot->upload.filename = berth_writer_text(&w);
    slot->upload.type = BERTH_MLCYCLE_BUILD_LOGS;
    slot->upload.rand = program_rand();
    if (log_source(&slot->log, &slot->upload.file) != BERTH_OK) {
        go(slot, PHASE_FINISH);
        return;
    }
    run_call(slot, berth_mlcycle_fragments_upload(&slot->call, &slot->session.client, &slot->job, slot->step,
                                                  &slot->upload, NULL, NULL));
}

/* The log's fate never changes the verdict (wire 4.3). A conflict means that it is there already. */
static void upload_called(struct slot *slot, enum berth_status status)
{
    log_source_close(&slot->log);
    if (is_passing(status) && slot->tries < REPORT_TRIES) {
        again(slot);
        return;
    }
    if (status != BERTH_OK && status != BERTH_E_CONFLICT && status != BERTH_E_SPACE)
        worker_say(slot->worker, slot, "the log was not taken", message_of(slot, status));
    go(slot, PHASE_FINISH);
}

static void finish_begin(struct slot *slot)
{
    run_call(slot, slot->failed ? berth_mlcycle_scheduler_error(&slot->call, &slot->session.client,
                                                                &slot->job, slot->step)
                                : berth_mlcycle_scheduler_complete(&slot->call, &slot->session.client,
                                                                   &slot->job, slot->step));
}

static void finish_called(struct slot *slot, enum berth_status status)
{
    if (status == BERTH_E_WRONG_STATE) {
        go(slot, PHASE_CHECK);
    } else if (status == BERTH_OK || status == BERTH_E_NOT_FOUND) {
        struct berth_text detail = status == BERTH_OK ? BERTH_TEXT("") : BERTH_TEXT("the job is gone");
        worker_say(slot->worker, slot, slot->failed ? "reported as failed" : "reported as done", detail);
        go(slot, PHASE_CLEAN);
    } else {
        if (slot->tries == 0)
            worker_say(slot->worker, slot, "the end cannot be reported yet", message_of(slot, status));
        again(slot);
    }
}

static void check_called(struct slot *slot, enum berth_status status)
{
    if (status != BERTH_E_NOT_FOUND && !slot->found) {
        again(slot);
        return;
    }
    int32_t wanted = slot->failed ? BERTH_MLCYCLE_ERROR : BERTH_MLCYCLE_DONE;
    if (slot->found && slot->seen_state == wanted)
        worker_say(slot->worker, slot, slot->failed ? "reported as failed" : "reported as done",
                   BERTH_TEXT(""));
    else
        worker_say(slot->worker, slot, "the step is not ours any more: its end was not reported",
                   BERTH_TEXT(""));
    go(slot, PHASE_CLEAN);
}

static void clean_begin(struct slot *slot)
{
    const struct berth_files *files = program_files();
    log_close(&slot->log);
    (void)!state_save(slot->worker);
    enum berth_status status = files->remove_tree(files->ctx, slot->folder);
    if (status != BERTH_OK && status != BERTH_E_NO_FILE)
        worker_say(slot->worker, slot, "the work folder cannot be removed", berth_text_of(slot->folder));
    slot->worker->handled++;
    if (slot->worker->poll_failures == 0)
        slot->worker->poll_again_ms = 0; /* its GPUs are free now */
    leave(slot);
}

static const struct phase_row phases[PHASE_COUNT] = {
    [PHASE_CLAIM] = {claim_begin, claim_called, NULL, 0},
    [PHASE_LOOK] = {look_begin, look_called, NULL, 0},
    [PHASE_CLONE] = {clone_begin, NULL, clone_exited, CLONE_LIMIT_MS},
    [PHASE_COMMIT] = {commit_begin, NULL, commit_exited, SWEEP_LIMIT_MS},
    [PHASE_BOOTSTRAP] = {bootstrap_begin, bootstrap_called, NULL, 0},
    [PHASE_BUILD] = {build_begin_phase, NULL, build_exited, 0},
    [PHASE_RUN] = {run_begin, NULL, run_exited, 0},
    [PHASE_SWEEP] = {sweep_begin, NULL, sweep_exited, SWEEP_LIMIT_MS},
    [PHASE_SWEEP_IMAGE] = {sweep_image_begin, NULL, sweep_image_exited, SWEEP_LIMIT_MS},
    [PHASE_METRICS] = {metrics_begin, metrics_called, NULL, 0},
    [PHASE_UPLOAD] = {upload_begin, upload_called, NULL, 0},
    [PHASE_FINISH] = {finish_begin, finish_called, NULL, 0},
    [PHASE_CHECK] = {look_begin, check_called, NULL, 0},
    [PHASE_CLEAN] = {clean_begin, NULL, NULL, 0},
};

/* ---- driving ---------------------------------------------------------------------------------- */

static void read_output(struct slot *slot)
{
    static char piece[16384];
    const struct berth_proc *proc = &slot->worker->proc;
    ptrdiff_t n;
    for (unsigned rounds = 0;
         rounds < 64 && (n = proc->read(proc->ctx, slot->child, piece, sizeof piece, 0)) > 0; rounds++)
        log_write(&slot->log, piece, (size_t)n);
}

void slot_stop(struct slot *slot, const char *why)
{
    const struct berth_proc *proc = &slot->worker->proc;
    if (slot->work != WORK_CHILD || slot->stopping)
        return;
    log_line(&slot->log, why, BERTH_TEXT(""));
    slot->stopping = true;
    slot->stop_since_ms = worker_now_ms();
    (void)!proc->signal(proc->ctx, slot->child, 15);
}

static void enforce_limits(struct slot *slot)
{
    const struct berth_proc *proc = &slot->worker->proc;
    uint32_t limit_ms =
        phases[slot->phase].limit_ms != 0 ? phases[slot->phase].limit_ms : slot->worker->step_timeout_ms;
    uint64_t now = worker_now_ms();
    if (limit_ms != 0 && now - slot->child_since_ms >= limit_ms)
        slot_stop(slot, "the time limit is over");
    if (slot->stopping && !slot->killed && now - slot->stop_since_ms >= slot->worker->grace_ms) {
        slot->killed = true;
        (void)!proc->signal(proc->ctx, slot->child, 9);
    }
}

/* True when the child has ended and its phase was told. */
static bool child_step(struct slot *slot)
{
    const struct berth_proc *proc = &slot->worker->proc;
    struct berth_child_state state;
    enforce_limits(slot);
    read_output(slot);
    if (proc->state(proc->ctx, slot->child, &state) != BERTH_OK || state.end == BERTH_CHILD_RUNNING)
        return false;
    read_output(slot);
    proc->release(proc->ctx, slot->child); /* what it left running in its group ends with it */
    slot->work = WORK_NONE;
    if (slot->stopping && slot->phase != PHASE_RUN && slot->worker->stopping)
        slot_fail(slot, "the worker is being stopped", BERTH_TEXT(""));
    else
        phases[slot->phase].exited(slot, state);
    return true;
}

void slot_advance(struct slot *slot)
{
    while (slot->phase != PHASE_FREE) {
        if (slot->work == WORK_NONE) {
            if (worker_now_ms() < slot->wait_until_ms)
                return;
            phases[slot->phase].begin(slot);
        } else if (slot->work == WORK_CALL) {
            enum berth_status status = berth_call_step(&slot->call, 0);
            if (status == BERTH_E_WOULD_BLOCK)
                return;
            slot->work = WORK_NONE;
            phases[slot->phase].called(slot, status);
        } else if (!child_step(slot)) {
            return;
        }
    }
}

/* ---- beginning -------------------------------------------------------------------------------- */

static void name_folder(struct slot *slot)
{
    struct berth_writer w;
    berth_writer_init(&w, slot->folder, sizeof slot->folder);
    berth_put_string(&w, slot->worker->workdir);
    berth_put_char(&w, '/');
    berth_put_text(&w, berth_guid_text(&slot->job));
    berth_put_char(&w, '-');
    berth_put_i64(&w, slot->step);
    berth_put_char(&w, '-');
    berth_put_string(&w, slot->token);
    (void)!berth_writer_terminate(&w); /* the work folder's length was checked at the start */
}

static void clear(struct slot *slot)
{
    slot->work = WORK_NONE;
    slot->claim_sent = slot->owned = slot->restored = slot->failed = slot->built = false;
    slot->stopping = slot->killed = slot->found = slot->has_docker = slot->has_build = false;
    slot->gpus = 0;
    slot->name[0] = slot->image[0] = slot->command[0] = slot->context[0] = slot->dockerfile[0] = '\0';
    memset(&slot->project, 0, sizeof slot->project);
    memset(&slot->log, 0, sizeof slot->log);
    slot->log.file = slot->log.reading = -1;
}

void slot_begin(struct slot *slot, const struct berth_mlcycle_job *job, uint64_t gpus)
{
    uint8_t random[16];
    struct berth_writer w;
    clear(slot);
    if (program_rand()->fill(program_rand()->ctx, random, sizeof random) != BERTH_OK)
        return;
    berth_writer_init(&w, slot->token, sizeof slot->token);
    berth_put_hex(&w, random, sizeof random);
    (void)!berth_writer_terminate(&w);
    slot->job = job->id;
    slot->project = job->project_id;
    slot->step = job->step.number;
    slot->gpus = gpus;
    name_folder(slot);
    go(slot, PHASE_CLAIM);
}

void slot_restore(struct slot *slot, const struct step_record *record)
{
    clear(slot);
    memcpy(slot->token, record->token.ptr, 32);
    slot->token[32] = '\0';
    slot->job = record->job;
    slot->step = record->step;
    slot->claimed = record->claimed;
    slot->claim_sent = slot->restored = true;
    name_folder(slot);
    state_kill_orphans(slot->token);
    if (berth_text_equal(record->phase, BERTH_TEXT("claiming"))) {
        go(slot, PHASE_LOOK);
        return;
    }
    slot->owned = true;
    if (berth_text_equal(record->phase, BERTH_TEXT("cleaning"))) {
        go(slot, PHASE_CLEAN);
        return;
    }
    bool opened = log_open(&slot->log, slot->folder, slot->worker->log_limit) == BERTH_OK;
    slot->log.cut = record->cut;
    slot->failed = record->failed;
    if (berth_text_equal(record->phase, BERTH_TEXT("running"))) {
        slot->built = slot->worker->runner == RUNNER_DOCKER;
        slot_fail(slot, "the worker ended while this step ran; it is not run again", BERTH_TEXT(""));
        go(slot, slot->worker->runner == RUNNER_DOCKER ? PHASE_SWEEP : PHASE_METRICS);
    } else {
        go(slot, opened ? PHASE_METRICS : PHASE_FINISH);
    }
}
