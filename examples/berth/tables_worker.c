/* The command `berth worker`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_ONCE, "once", NULL, NULL, 0, false, NULL,
     "handle what is pending, then end: 0 all handled, 1 nothing was pending"},
    {OPT_RUNNER, "runner", NULL, "process|docker", 0, false, "BERTH_RUNNER",
     "process (default): run the command directly; docker: in a container of the step's image"},
    {OPT_DOCKER, "docker", NULL, "PROGRAM", 0, false, "BERTH_DOCKER",
     "the container command (default docker, else podman)"},
    {OPT_GPUS, "gpus", NULL, "LIST|N|all", 0, false, "MLCYCLE_VISIBLE_GPUS",
     "the worker's GPUs: a list such as 0,2-3, or how many from 0 up; default: those of the machine"},
    {OPT_GPUS_PER_STEP, "gpus-per-step", NULL, "N", 0, false, NULL,
     "GPUs for a step that does not say how many (default: all to one step at a time)"},
    {OPT_WORKDIR, "workdir", NULL, "DIR", 0, false, "MLCYCLE_WORKDIR",
     "where clones, logs and the state file live (default /tmp/mlcycle)"},
    {OPT_LOG_LIMIT, "log-limit", NULL, "BYTES", 0, false, NULL,
     "longest log that is kept of a step; the middle is cut out, with a mark (default 64 MiB)"},
    {OPT_STEP_TIMEOUT, "step-timeout", NULL, "SECONDS", 0, false, NULL,
     "stop a step that runs longer (default: never)"},
    {OPT_GRACE, "grace", NULL, "SECONDS", 0, false, NULL,
     "time between SIGTERM and SIGKILL for a step (default 10)"},
    {OPT_RUNTIME, "runtime", NULL, "NAME", 0, false, "MLCYCLE_RUNTIME",
     "docker: the engine's runtime for containers, such as nvidia (default: the engine's own)"},
    {OPT_VOLUME, "volume", NULL, "NAME", 0, false, "MLCYCLE_VOLUME",
     "docker: the named volume that backs the work folder, for a worker that is itself in a container; "
     "mounted whole at /app"},
    {OPT_SOLE, "sole-worker", NULL, NULL, 0, false, NULL,
     "no other worker asks this server: a claim whose answer was lost is taken as won when the step is in "
     "progress"},
    {OPT_PASS_ENV, "pass-env", NULL, "NAME,...", 0, false, "BERTH_PASS_ENV",
     "process: variables of the worker's environment that steps get too, beside PATH, HOME, LANG and such"},
};

static const struct command commands[] = {
    {"worker", "", 0, 0, MLCYCLE,
     OPTIONS(OPT_ONCE, OPT_RUNNER, OPT_DOCKER, OPT_GPUS, OPT_GPUS_PER_STEP, OPT_WORKDIR, OPT_LOG_LIMIT,
             OPT_STEP_TIMEOUT, OPT_GRACE, OPT_RUNTIME, OPT_VOLUME, OPT_SOLE, OPT_PASS_ENV),
     worker_run, "run the steps of an mlcycle server's jobs",
     "Waits for steps, claims one, clones its project, runs it, uploads its log and the metrics that it "
     "wrote as a flat JSON object to "
     "the file $BERTH_METRICS, and reports it as done or failed. A state file in the work folder makes sure "
     "that after a crash nothing is "
     "run twice and no step stays claimed: a step that was under way is reported as failed. SIGTERM stops "
     "the running steps, reports "
     "them as failed and ends."},
};

const struct family family_worker = {NULL, options, COUNT(options), commands, COUNT(commands)};
