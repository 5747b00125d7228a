/* Claiming a step, and looking at its job: whose is it, and what does it say? */
#include "worker_phase.h"

#include "files.h"

#include <string.h>
#include <sys/stat.h>

enum { CLAIM_WINDOW_S = 200 /* longer than a claim can take: its timeout and the clocks' difference */ };

void claim_leave(struct slot *slot)
{
    slot->claim_sent = false;
    session_close(&slot->session);
    phase_go(slot, PHASE_FREE);
    (void)!state_save(slot->worker);
}

/* FOLDER/app is all that a container sees; users other than root may write their metrics there. */
static enum berth_status make_slot_folders(struct slot *slot)
{
    const struct berth_files *files = program_files();
    char app[WORKER_PATH_MAX];
    struct berth_writer w;
    berth_writer_init(&w, app, sizeof app);
    berth_put_string(&w, slot->folder);
    berth_put_string(&w, "/app");
    BERTH_TRY(berth_writer_terminate(&w));
    enum berth_status status = files->make_folder(files->ctx, slot->folder, 0700);
    if (status != BERTH_OK && status != BERTH_E_EXISTS)
        return status;
    status = files->make_folder(files->ctx, app, 0700);
    if (status == BERTH_OK && slot->worker->runner == RUNNER_DOCKER && chmod(app, 0777) != 0)
        status = BERTH_E_IO;
    return status == BERTH_E_EXISTS ? BERTH_OK : status;
}

static void won(struct slot *slot)
{
    slot->owned = true;
    slot->worker->claim_failures = 0;
    (void)!state_save(slot->worker);
    worker_say(slot->worker, slot, "claimed", BERTH_TEXT(""));
    enum berth_status status = make_slot_folders(slot);
    if (status == BERTH_OK) {
        log_open(&slot->log, slot->folder, slot->worker->log_limit);
        phase_go(slot, PHASE_LOOK);
        return;
    }
    slot->failed = true;
    worker_say(slot->worker, slot, "the work folder cannot be made",
               berth_text_of(berth_status_name(status)));
    phase_go(slot, PHASE_FINISH);
}

void claim_begin(struct slot *slot)
{
    struct worker *worker = slot->worker;
    if (worker->stopping) {
        claim_leave(slot);
        return;
    }
    slot->claim_sent = true;
    slot->claimed.seconds = program_clock()->civil_s(program_clock()->ctx);
    worker->state_status = state_save(worker);
    if (worker->state_status !=
        BERTH_OK) { /* without a record a crash would leave the step claimed for ever */
        slot->claim_sent = false;
        phase_go(slot, PHASE_FREE);
        worker_hold_off(worker, worker->state_status);
        return;
    }
    phase_call(slot,
               berth_mlcycle_scheduler_claim(&slot->call, &slot->session.client, &slot->job, slot->step));
}

void claim_called(struct slot *slot, enum berth_status status)
{
    switch (berth_mlcycle_claim_outcome(status, &slot->call.result)) {
    case BERTH_MLCYCLE_CLAIM_WON:
        won(slot);
        break;
    case BERTH_MLCYCLE_CLAIM_LOST:
    case BERTH_MLCYCLE_CLAIM_GONE:
        slot->worker->claim_failures = 0;
        worker_say(slot->worker, slot, "somebody else has it", BERTH_TEXT(""));
        claim_leave(slot);
        break;
    case BERTH_MLCYCLE_CLAIM_FAILED:
        worker_say(slot->worker, slot, "the claim failed", phase_message(slot, status));
        claim_leave(slot);
        worker_hold_off(slot->worker, status);
        break;
    case BERTH_MLCYCLE_CLAIM_UNKNOWN:
        worker_say(slot->worker, slot, "whether the claim got through is not known",
                   phase_message(slot, status));
        phase_go(slot, PHASE_LOOK);
        break;
    }
}

/* ---- look -------------------------------------------------------------------------------------- */

static void keep(struct slot *slot, char *to, size_t cap, struct berth_text value, const char *what)
{
    struct berth_writer w;
    berth_writer_init(&w, to, cap);
    berth_put_text(&w, value);
    if (berth_writer_terminate(&w) == BERTH_OK && strlen(to) == value.len)
        return;
    to[0] = '\0';
    slot->unusable = what;
}

static void keep_step(struct slot *slot, const struct berth_mlcycle_step *step)
{
    const struct berth_mlcycle_docker *docker = &step->docker;
    uint32_t count;
    slot->found = true;
    slot->seen_state = step->state.value;
    slot->seen_start = step->start;
    slot->has_docker = (step->present & BERTH_MLCYCLE_STEP_HAS_DOCKER) != 0;
    if (!gpus_wanted(slot->worker, step, &count))
        slot->unusable = "docker.properties.gpus is no number of GPUs from 0 to 64, nor \"all\"";
    keep(slot, slot->image, sizeof slot->image, docker->image,
         "the step's image is longer than 511 bytes or holds a NUL byte");
    keep(slot, slot->command, sizeof slot->command, docker->command,
         "the step's command is longer than 4095 bytes or holds a NUL byte");
    keep(slot, slot->context, sizeof slot->context, docker->build.context,
         "the step's build context is longer than 511 bytes or holds a NUL byte");
    keep(slot, slot->dockerfile, sizeof slot->dockerfile, docker->build.dockerfile,
         "the step's dockerfile is longer than 511 bytes or holds a NUL byte");
}

static enum berth_status look_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct slot *slot = ctx;
    const struct berth_mlcycle_job *job = structure;
    const struct berth_mlcycle_step *step = structure;
    if (structure == NULL)
        return BERTH_OK;
    if (element->level == 2 && step->number > slot->seen_last)
        slot->seen_last = step->number;
    if (element->level == 2 && step->number == slot->step)
        keep_step(slot, step);
    if (element->level == 1) {
        keep(slot, slot->repository, sizeof slot->repository, job->project.git_repository,
             "the address of the project's repository is longer than 1023 bytes or holds a NUL byte");
        if (berth_guid_is_set(&job->project.id))
            slot->project = job->project.id;
    }
    return BERTH_OK;
}

void look_begin(struct slot *slot)
{
    slot->found = false;
    slot->seen_last = 0;
    slot->unusable = NULL;
    slot->repository[0] = '\0';
    phase_call(slot, berth_mlcycle_jobs_get(&slot->call, &slot->session.client, &slot->job,
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
        phase_go(slot, PHASE_CLAIM);
        return;
    }
    if (slot->found && slot->seen_state == BERTH_MLCYCLE_SCHEDULED && slot->restored && slot->tries < 2) {
        phase_again(slot); /* the old claim may still be under way */
        return;
    }
    if (slot->found && slot->seen_state == BERTH_MLCYCLE_IN_PROGRESS)
        worker_say(
            slot->worker, slot,
            "in progress, and it cannot be told whose: if no worker has it, end it with 'berth mlcycle "
            "scheduler error'",
            BERTH_TEXT(""));
    if (slot->restored)
        phase_go(slot, PHASE_CLEAN);
    else
        claim_leave(slot);
}

/* Whether the job is to be asked for again. A server that cannot show this one job must not keep the step. */
static bool look_again(const struct slot *slot, enum berth_status status)
{
    bool broken = status == BERTH_E_SERVER || status == BERTH_E_PROTOCOL;
    if (status == BERTH_OK || status == BERTH_E_NOT_FOUND || (status == BERTH_E_SPACE && slot->found))
        return false;
    if (slot->restored && !slot->owned)
        return true; /* it holds no GPUs, and nobody else would ever end its step */
    return phase_is_passing(status) && (!broken || slot->tries < PHASE_TRIES);
}

/* A page that answers everything with 200 is no claim. */
static bool is_somebody_else_s(const struct slot *slot)
{
    return slot->seen_state == BERTH_MLCYCLE_SCHEDULED || slot->seen_state == BERTH_MLCYCLE_DONE ||
           slot->seen_state == BERTH_MLCYCLE_ERROR;
}

void look_called(struct slot *slot, enum berth_status status)
{
    if (look_again(slot, status)) {
        phase_again(slot);
    } else if (!slot->owned && !slot->found && status != BERTH_OK && status != BERTH_E_NOT_FOUND) {
        worker_say(slot->worker, slot, "whether the claim got through cannot be found out",
                   phase_message(slot, status));
        claim_leave(slot);
        worker_hold_off(slot->worker, status);
    } else if (!slot->owned) {
        resolve_claim(slot);
    } else if (status != BERTH_OK && status != BERTH_E_SPACE && status != BERTH_E_NOT_FOUND) {
        slot_fail(slot, "the job cannot be read", phase_message(slot, status));
    } else if (!slot->found) {
        slot_fail(slot, "the job is gone", BERTH_TEXT(""));
    } else if (is_somebody_else_s(slot)) {
        worker_say(slot->worker, slot, "the claim was taken, but the step is not in progress",
                   BERTH_TEXT(""));
        phase_go(slot, PHASE_CLEAN);
        worker_hold_off(slot->worker, BERTH_E_PROTOCOL);
    } else if (slot->unusable != NULL) {
        slot_fail(slot, slot->unusable, BERTH_TEXT(""));
    } else if (slot->repository[0] == '\0') {
        slot_fail(slot, "the project was deleted", BERTH_TEXT(""));
    } else {
        phase_go(slot, PHASE_CLONE);
    }
}
