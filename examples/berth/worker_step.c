/* What a slot does with one step: a table of phases, each a call to the server or a child process, and what
 * drives it. */
#include "worker_phase.h"

#include "files.h"

#include <string.h>

enum { CLONE_LIMIT_MS = 900000, SWEEP_LIMIT_MS = 120000, READ_ROUNDS = 64 };

struct phase_row {
    void (*begin)(struct slot *slot);
    void (*called)(struct slot *slot, enum berth_status status);       /* a call ended */
    void (*exited)(struct slot *slot, struct berth_child_state state); /* a child ended */
    uint32_t limit_ms;                                                 /* of the child; 0: --step-timeout */
};

static const struct phase_row phases[PHASE_COUNT] = {
    [PHASE_CLAIM] = {claim_begin, claim_called, NULL, 0},
    [PHASE_LOOK] = {look_begin, look_called, NULL, 0},
    [PHASE_CLONE] = {clone_begin, NULL, clone_exited, CLONE_LIMIT_MS},
    [PHASE_COMMIT] = {commit_begin, NULL, commit_exited, SWEEP_LIMIT_MS},
    [PHASE_BOOTSTRAP] = {bootstrap_begin, bootstrap_called, NULL, 0},
    [PHASE_ADDED] = {look_begin, added_called, NULL, 0},
    [PHASE_BUILD] = {build_begin, NULL, build_exited, 0},
    [PHASE_RUN] = {run_begin, NULL, run_exited, 0},
    [PHASE_SWEEP] = {sweep_begin, NULL, sweep_exited, SWEEP_LIMIT_MS},
    [PHASE_SWEEP_IMAGE] = {sweep_image_begin, NULL, sweep_image_exited, SWEEP_LIMIT_MS},
    [PHASE_METRICS] = {metrics_begin, metrics_called, NULL, 0},
    [PHASE_UPLOAD] = {upload_begin, upload_called, NULL, 0},
    [PHASE_FINISH] = {finish_begin, finish_called, NULL, 0},
    [PHASE_CHECK] = {look_begin, check_called, NULL, 0},
    [PHASE_CLEAN] = {clean_begin, NULL, NULL, 0},
};

void phase_go(struct slot *slot, enum phase phase)
{
    slot->phase = phase;
    slot->tries = 0;
    slot->wait_until_ms = 0;
}

void phase_again(struct slot *slot)
{
    slot->tries++;
    slot->wait_until_ms = worker_now_ms() + worker_pause_ms(slot->tries);
}

void phase_call(struct slot *slot, enum berth_status described)
{
    if (described == BERTH_OK)
        described = berth_call_start(&slot->call, slot->session.timeout_ms);
    if (described == BERTH_OK || described == BERTH_E_WOULD_BLOCK)
        slot->work = WORK_CALL;
    else
        phases[slot->phase].called(slot, described);
}

struct berth_text phase_message(const struct slot *slot, enum berth_status status)
{
    const char *message = slot->call.result.message;
    return berth_text_of(message[0] != '\0' ? message : berth_status_name(status));
}

bool phase_is_passing(enum berth_status status)
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
    phase_go(slot, container ? PHASE_SWEEP : PHASE_METRICS);
}

/* ---- driving ---------------------------------------------------------------------------------- */

/* What the child has printed, up to a share that leaves the other slots their turn. */
static void read_output(struct slot *slot)
{
    static char piece[16384];
    const struct berth_proc *proc = &slot->worker->proc;
    ptrdiff_t n = 1;
    for (unsigned rounds = 0; rounds < READ_ROUNDS && n > 0 && !slot->output_over; rounds++) {
        n = proc->read(proc->ctx, slot->child, piece, sizeof piece, 0);
        if (n > 0)
            log_write(&slot->log, piece, (size_t)n);
        slot->output_over = n == 0;
    }
}

void slot_stop(struct slot *slot, const char *why)
{
    const struct berth_proc *proc = &slot->worker->proc;
    if (slot->work != WORK_CHILD || slot->stopping)
        return;
    bool sweeping = slot->phase == PHASE_SWEEP || slot->phase == PHASE_SWEEP_IMAGE;
    if (sweeping && slot->worker->stopping && slot->worker->grace_ms > 0)
        return; /* it is the way to the end, and has a limit of its own */
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
    if (slot->stopping && slot->phase < PHASE_RUN && slot->worker->stopping)
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

const char *slot_path(const struct slot *slot, const char *name, char *path)
{
    struct berth_writer w;
    berth_writer_init(&w, path, WORKER_PATH_MAX + 16);
    berth_put_string(&w, slot->folder);
    berth_put_string(&w, name);
    (void)!berth_writer_terminate(&w); /* names are short */
    return path;
}

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

struct slot *slot_free(struct worker *worker)
{
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        if (worker->slots[i].phase == PHASE_FREE)
            return &worker->slots[i];
    }
    return NULL;
}

static void clear(struct slot *slot)
{
    slot->work = WORK_NONE;
    slot->claim_sent = slot->owned = slot->restored = slot->failed = slot->built = false;
    slot->stopping = slot->killed = slot->found = slot->has_docker = false;
    slot->gpus = 0;
    slot->appends = 0;
    slot->unusable = NULL;
    slot->image[0] = slot->command[0] = slot->context[0] = slot->dockerfile[0] = '\0';
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
    phase_go(slot, PHASE_CLAIM);
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
        phase_go(slot, PHASE_LOOK);
        return;
    }
    slot->owned = true;
    if (berth_text_equal(record->phase, BERTH_TEXT("cleaning"))) {
        phase_go(slot, PHASE_CLEAN);
        return;
    }
    (void)program_files()->make_folder(program_files()->ctx, slot->folder,
                                       0700); /* for the log's last words */
    log_open(&slot->log, slot->folder, slot->worker->log_limit);
    slot->failed = record->failed;
    if (!berth_text_equal(record->phase, BERTH_TEXT("running"))) {
        phase_go(slot, PHASE_METRICS);
        return;
    }
    slot->built = slot->worker->runner == RUNNER_DOCKER;
    slot->phase = PHASE_RUN;
    slot_fail(slot, "the worker ended while this step ran; it is not run again", BERTH_TEXT(""));
}
