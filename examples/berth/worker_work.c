/* A step's work: clone, then step 0 turns pipeline.yml into steps, and others build an image or take one and
 * run. */
#include "worker_phase.h"

#include "worker_files.h"

#include <string.h>

enum { PIPELINE_SIZE = 1 << 18 };

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

void clone_begin(struct slot *slot)
{
    log_line(&slot->log, "cloning", berth_text_of(slot->repository));
    start(slot, run_clone, "git clone");
}

/* Goes on with NEXT when the child succeeded; else the step fails for what WHAT says. */
static void next_or_fail(struct slot *slot, struct berth_child_state state, enum phase next, const char *what)
{
    char buf[40];
    if (state.end == BERTH_CHILD_EXITED && state.code == 0)
        phase_go(slot, next);
    else
        slot_fail(slot, what, ending(state, buf, sizeof buf));
}

void clone_exited(struct slot *slot, struct berth_child_state state)
{
    next_or_fail(slot, state, PHASE_COMMIT, "git clone failed");
}

void commit_begin(struct slot *slot)
{
    const char *why;
    if (run_commit(slot, &why) != BERTH_OK)
        commit_exited(slot, (struct berth_child_state){BERTH_CHILD_EXITED, 0});
}

void commit_exited(struct slot *slot, struct berth_child_state state)
{
    (void)state; /* it only informs */
    if (slot->step == 0)
        phase_go(slot, PHASE_BOOTSTRAP);
    else if (!slot->has_docker)
        slot_fail(slot, "the step has no docker configuration: nothing says what to run", BERTH_TEXT(""));
    else if (slot->worker->runner == RUNNER_PROCESS || slot->image[0] != '\0')
        phase_go(slot, PHASE_RUN);
    else if (slot->dockerfile[0] != '\0')
        phase_go(slot, PHASE_BUILD);
    else
        slot_fail(slot, "the step has neither an image nor a dockerfile", BERTH_TEXT(""));
}

/* ---- bootstrap --------------------------------------------------------------------------------- */

static void fail_pipeline(struct slot *slot, const struct berth_mlcycle_problem *problem,
                          enum berth_status status)
{
    char where[256];
    struct berth_writer w;
    berth_writer_init(&w, where, sizeof where);
    if (problem->line > 0) {
        berth_put_string(&w, "line ");
        berth_put_u64(&w, problem->line);
        berth_put_string(&w, ", column ");
        berth_put_u64(&w, problem->column);
        berth_put_string(&w, ": ");
    }
    berth_put_string(&w, problem->text[0] != '\0' ? problem->text : berth_status_name(status));
    slot_fail(slot, "pipeline.yml", berth_writer_text(&w));
}

void bootstrap_begin(struct slot *slot)
{
    static char document[PIPELINE_SIZE], converted[PIPELINE_SIZE];
    char root[WORKER_PATH_MAX + 16];
    struct berth_text yaml, steps, why;
    struct berth_mlcycle_problem problem;
    memset(&problem, 0, sizeof problem);
    if (inside_read(slot_path(slot, "/app/repo", root), "pipeline.yml", document, sizeof document, &yaml,
                    &why) != BERTH_OK) {
        slot_fail(slot, "pipeline.yml at the repository's root cannot be read", why);
        return;
    }
    enum berth_status status =
        berth_mlcycle_pipeline_to_steps(yaml, converted, sizeof converted, &steps, NULL, &problem);
    if (status == BERTH_OK) {
        memmove(converted, steps.ptr, steps.len);
        status = berth_mlcycle_jobs_add_steps_json(&slot->call, &slot->session.client, &slot->job, converted,
                                                   steps.len, NULL, NULL, &problem);
    }
    if (status == BERTH_OK)
        phase_call(slot, BERTH_OK);
    else
        fail_pipeline(slot, &problem, status);
}

static void added(struct slot *slot)
{
    log_line(&slot->log, "the pipeline's steps were added to the job", BERTH_TEXT(""));
    phase_go(slot, PHASE_METRICS);
}

/* Adding twice would run every step twice: when the answer was lost the job is looked at first. */
void bootstrap_called(struct slot *slot, enum berth_status status)
{
    bool taken =
        slot->call.result.http_status / 100 == 2; /* the job that comes back may be too long for us */
    if (status == BERTH_OK || (status == BERTH_E_SPACE && taken)) {
        added(slot);
    } else if (!phase_is_passing(status) || ++slot->appends > PHASE_TRIES) {
        slot_fail(slot, "the steps cannot be added", phase_message(slot, status));
    } else {
        if (slot->call.result.maybe_done)
            phase_go(slot, PHASE_ADDED);
        slot->tries = slot->appends - 1;
        phase_again(slot);
    }
}

void added_called(struct slot *slot, enum berth_status status)
{
    if (slot->seen_last > slot->step)
        added(slot);
    else if (status == BERTH_OK && slot->found)
        phase_go(slot, PHASE_BOOTSTRAP);
    else if (status == BERTH_OK || status == BERTH_E_NOT_FOUND)
        slot_fail(slot, "the job is gone", BERTH_TEXT(""));
    else if (slot->tries < PHASE_TRIES || status == BERTH_E_CONNECT)
        phase_again(slot);
    else
        slot_fail(slot, "whether the steps were added is not known", phase_message(slot, status));
}

/* ---- build and run ----------------------------------------------------------------------------- */

void build_begin(struct slot *slot)
{
    log_line(&slot->log, "building the image of", berth_text_of(slot->dockerfile));
    slot->built = true;
    start(slot, run_build, "the image cannot be built");
}

void build_exited(struct slot *slot, struct berth_child_state state)
{
    next_or_fail(slot, state, PHASE_RUN, "the image cannot be built");
}

void run_begin(struct slot *slot)
{
    log_line(&slot->log, "running",
             berth_text_of(slot->command[0] != '\0' ? slot->command : "(the image's own command)"));
    worker_say(slot->worker, slot, "running", berth_text_of(slot->command));
    start(slot, run_command, "the command cannot be started");
}

void run_exited(struct slot *slot, struct berth_child_state state)
{
    char buf[40];
    struct berth_text end = ending(state, buf, sizeof buf);
    slot->failed = state.end != BERTH_CHILD_EXITED || state.code != 0 || slot->stopping;
    log_line(&slot->log, slot->stopping ? "the command was stopped" : "the command ended", end);
    worker_say(slot->worker, slot, slot->stopping ? "stopped" : "ended", end);
    if (slot->worker->runner == RUNNER_DOCKER) {
        phase_go(slot, PHASE_SWEEP);
        return;
    }
    state_kill_orphans(slot->token); /* what went into a session of its own would keep the GPUs */
    phase_go(slot, PHASE_METRICS);
}

void sweep_begin(struct slot *slot)
{
    const char *why;
    if (run_sweep(slot, &why) != BERTH_OK)
        phase_go(slot, PHASE_SWEEP_IMAGE);
}

void sweep_exited(struct slot *slot, struct berth_child_state state)
{
    (void)state;
    phase_go(slot, PHASE_SWEEP_IMAGE);
}

void sweep_image_begin(struct slot *slot)
{
    const char *why;
    if (!slot->built || run_sweep_image(slot, &why) != BERTH_OK)
        phase_go(slot, PHASE_METRICS);
}

void sweep_image_exited(struct slot *slot, struct berth_child_state state)
{
    (void)state;
    phase_go(slot, PHASE_METRICS);
}
