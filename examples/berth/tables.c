/* The command line's tables: every option and every command, once. Help, man page and completion are made
 * from them. */
#include "commands.h"

#include "options.h"

const struct option option_table[OPT_COUNT] = {
    {OPT_HOST, "host", 0, "URL", GROUP_MLCYCLE, false, "MLCYCLE_HOST",
     "the server's base URL, with its /api: https://ml.example:5001/api"},
    {OPT_CACERT, "cacert", 0, "FILE|DIR", GROUP_SERVER, false, NULL,
     "trust these certificates (PEM) instead of the system's"},
    {OPT_CRL, "crl", 0, "FILE", GROUP_SERVER, false, NULL,
     "refuse certificates that this list (PEM or DER) revokes"},
    {OPT_CERT, "cert", 0, "FILE", GROUP_SERVER, false, NULL, "client certificate (PEM), its chain after it"},
    {OPT_KEY, "key", 0, "FILE", GROUP_SERVER, false, NULL, "the client certificate's private key (PEM)"},
    {OPT_PIN, "pin", 0, "SHA256", GROUP_SERVER, true, NULL,
     "accept only the server certificate with this fingerprint (openssl x509 -fingerprint -sha256); without "
     "--cacert it is all that is needed; "
     "may be repeated"},
    {OPT_PROXY, "proxy", 0, "URL", GROUP_SERVER, false, NULL,
     "go through this HTTP proxy, '' for none (default: http_proxy, https_proxy and no_proxy of the "
     "environment)"},
    {OPT_TIMEOUT, "timeout", 0, "SECONDS", GROUP_SERVER, false, NULL,
     "longest time for one request with all its retries (default: what suits the operation)"},
    {OPT_RETRIES, "retries", 0, "N", GROUP_SERVER, false, NULL,
     "repeat a request that failed at most N times, where that is safe (default 2)"},
    {OPT_INSECURE, "dangerously-skip-verification", 0, NULL, GROUP_SERVER, false, NULL,
     "accept any server certificate: whoever sits in between can read and change everything"},
    {OPT_VERBOSE, "verbose", 'v', NULL, GROUP_SERVER, false, NULL,
     "show the exchange on standard error, secrets hidden"},
    {OPT_JSON, "json", 0, NULL, GROUP_OUTPUT, false, NULL,
     "one JSON object a line, with the platform's own names"},
    {OPT_QUIET, "quiet", 'q', NULL, GROUP_OUTPUT, false, NULL, "no progress and no remarks; errors still"},
    {OPT_HELP, "help", 'h', NULL, GROUP_ALL, false, NULL, "this help"},
    {OPT_VERSION, "version", 0, NULL, GROUP_ALL, false, NULL, "the version"},
    {OPT_NAME, "name", 0, "NAME", 0, false, NULL, "display name (needed)"},
    {OPT_GIT, "git", 0, "URL", 0, false, NULL, "the project's git repository (needed)"},
    {OPT_INITIATOR, "initiator", 0, "manual|git|data", 0, false, NULL,
     "what the job is said to be started by (default manual)"},
    {OPT_WAIT, "wait", 0, "SECONDS", 0, false, NULL, "longest wait for work (default: the server's, 180)"},
    {OPT_OUTPUT, "output", 'o', "FILE", 0, false, NULL,
     "write to FILE, which appears only when it is complete; - is standard output (needed)"},
    {OPT_JOB, "job", 0, "JOB", 0, false, "MLCYCLE_JOB", "the job's id"},
    {OPT_PROJECT, "project", 0, "PROJECT", 0, false, "MLCYCLE_PROJECT", "the project's id"},
    {OPT_FILENAME, "filename", 0, "NAME", 0, false, NULL,
     "name the file is stored under, unique in its job (default: FILE's own)"},
    {OPT_TYPE, "type", 0, "metrics|logs|model", 0, false, NULL, "what the file holds (default metrics)"},
    {OPT_ONCE, "once", 0, NULL, 0, false, NULL,
     "handle what is pending, then end: 0 all handled, 1 nothing was pending"},
    {OPT_RUNNER, "runner", 0, "process|docker", 0, false, "BERTH_RUNNER",
     "process (default): run the command directly; docker: in a container of the step's image"},
    {OPT_DOCKER, "docker", 0, "PROGRAM", 0, false, "BERTH_DOCKER",
     "the container command (default docker, else podman)"},
    {OPT_GPUS, "gpus", 0, "LIST|N|all", 0, false, "MLCYCLE_VISIBLE_GPUS",
     "the worker's GPUs: a list such as 0,2-3, or how many from 0 up; default: those of the machine"},
    {OPT_GPUS_PER_STEP, "gpus-per-step", 0, "N", 0, false, NULL,
     "GPUs for a step that does not say how many (default: all to one step at a time)"},
    {OPT_WORKDIR, "workdir", 0, "DIR", 0, false, "MLCYCLE_WORKDIR",
     "where clones, logs and the state file live (default /tmp/mlcycle)"},
    {OPT_LOG_LIMIT, "log-limit", 0, "BYTES", 0, false, NULL,
     "longest log that is kept of a step; the middle is cut out, with a mark (default 64 MiB)"},
    {OPT_STEP_TIMEOUT, "step-timeout", 0, "SECONDS", 0, false, NULL,
     "stop a step that runs longer (default: never)"},
    {OPT_GRACE, "grace", 0, "SECONDS", 0, false, NULL,
     "time between SIGTERM and SIGKILL for a step (default 10)"},
    {OPT_RUNTIME, "runtime", 0, "NAME", 0, false, "MLCYCLE_RUNTIME",
     "docker: the engine's runtime for containers, such as nvidia (default: the engine's own)"},
    {OPT_VOLUME, "volume", 0, "NAME", 0, false, "MLCYCLE_VOLUME",
     "docker: the named volume that backs the work folder, for a worker that is itself in a container; "
     "mounted whole at /app"},
    {OPT_SOLE, "sole-worker", 0, NULL, 0, false, NULL,
     "no other worker asks this server: a claim whose answer was lost is taken as won when the step is in "
     "progress"},
    {OPT_PASS_ENV, "pass-env", 0, "NAME,...", 0, false, "BERTH_PASS_ENV",
     "process: variables of the worker's environment that steps get too, beside PATH, HOME, LANG and such"},
};

/* The single options of a command. */
#define OPTIONS(...)                                                                                         \
    (const unsigned char[])                                                                                  \
    {                                                                                                        \
        __VA_ARGS__, OPT_COUNT                                                                               \
    }

#define MLCYCLE (GROUP_MLCYCLE | GROUP_SERVER | GROUP_OUTPUT)

/* Told in the help of what can leave its first arguments to the environment (take_context in options.c). */
#define IN_A_STEP "JOB and STEP may be left out where MLCYCLE_JOB and MLCYCLE_STEP are set."

const struct command command_table[] = {
    {"mlcycle projects list", "", 0, 0, MLCYCLE, NULL, mlcycle_projects_list, "list the projects", NULL},
    {"mlcycle projects get", "ID", 1, 1, MLCYCLE, NULL, mlcycle_projects_get, "show a project", NULL},
    {"mlcycle projects add", "", 0, 0, MLCYCLE, OPTIONS(OPT_NAME, OPT_GIT), mlcycle_projects_add,
     "add a project (--name, --git)", "Names need not be unique: adding twice makes two projects."},
    {"mlcycle projects update", "ID", 1, 1, MLCYCLE, OPTIONS(OPT_NAME, OPT_GIT), mlcycle_projects_update,
     "replace a project's name and repository (--name, --git)",
     "The server answers the same for an id that does not exist; nothing is stored then."},
    {"mlcycle projects delete", "ID", 1, 1, MLCYCLE, NULL, mlcycle_projects_delete,
     "delete a project; its jobs stay", "The server answers the same for an id that does not exist."},
    {"mlcycle workers list", "", 0, 0, MLCYCLE, NULL, mlcycle_workers_list, "list the registered workers",
     "The registry is bookkeeping only: workers do not register themselves."},
    {"mlcycle workers get", "ID", 1, 1, MLCYCLE, NULL, mlcycle_workers_get, "show a worker", NULL},
    {"mlcycle workers add", "", 0, 0, MLCYCLE, OPTIONS(OPT_NAME), mlcycle_workers_add,
     "add a worker (--name)", "Names need not be unique: adding twice makes two workers."},
    {"mlcycle workers update", "ID", 1, 1, MLCYCLE, OPTIONS(OPT_NAME), mlcycle_workers_update,
     "rename a worker (--name)",
     "The server answers the same for an id that does not exist; nothing is stored then."},
    {"mlcycle workers delete", "ID", 1, 1, MLCYCLE, NULL, mlcycle_workers_delete, "delete a worker",
     "The server answers the same for an id that does not exist."},
    {"mlcycle jobs list", "", 0, 0, MLCYCLE, NULL, mlcycle_jobs_list, "list all jobs",
     "In the server's order, as they arrive."},
    {"mlcycle jobs get", "ID", 1, 1, MLCYCLE, NULL, mlcycle_jobs_get,
     "show a job, its steps, metrics and files", NULL},
    {"mlcycle jobs trigger", "PROJECT", 1, 1, MLCYCLE, OPTIONS(OPT_INITIATOR), mlcycle_jobs_trigger,
     "start a new job of a project",
     "PROJECT may be left out where MLCYCLE_PROJECT is set. Exit code 8: the project has a job that is not "
     "finished."},
    {"mlcycle jobs add-steps", "JOB FILE", 2, 2, MLCYCLE, NULL, mlcycle_jobs_add_steps,
     "append the steps of a JSON file or a pipeline.yml to a job in progress",
     "FILE ends in .json (an array of steps, or an object with \"steps\") or .yml/.yaml (a pipeline); - is "
     "standard input, where "
     "the first character tells. Each step needs a name and an image or a dockerfile; only name and docker "
     "are sent. JOB may be left out where MLCYCLE_JOB is set."},
    {"mlcycle jobs add-metrics", "JOB STEP KEY=VALUE...", 3, 255, MLCYCLE, NULL, mlcycle_jobs_add_metrics,
     "merge metrics into a running step",
     "A VALUE that is a JSON number, true, false, null or a quoted JSON string is sent as that, everything "
     "else as text. Keys "
     "are not empty, hold no '.' and do not start with '$'. " IN_A_STEP},
    {"mlcycle scheduler pending", "", 0, 0, MLCYCLE, OPTIONS(OPT_WAIT), mlcycle_scheduler_pending,
     "wait for steps that are due", "Exit code 1: there is none."},
    {"mlcycle scheduler claim", "JOB STEP", 2, 2, MLCYCLE, NULL, mlcycle_scheduler_claim, "claim a step",
     "Exit code 8: somebody else has it, or it is not due. " IN_A_STEP},
    {"mlcycle scheduler complete", "JOB STEP", 2, 2, MLCYCLE, NULL, mlcycle_scheduler_complete,
     "report a claimed step as done", IN_A_STEP},
    {"mlcycle scheduler error", "JOB STEP", 2, 2, MLCYCLE, NULL, mlcycle_scheduler_error,
     "report a claimed step as failed", IN_A_STEP},
    {"mlcycle fragments list", "JOB [STEP]", 1, 2, MLCYCLE, NULL, mlcycle_fragments_list,
     "list the files of a job or a step",
     "An unknown job has no files. JOB may be left out where MLCYCLE_JOB is set."},
    {"mlcycle fragments get", "ID", 1, 1, MLCYCLE, OPTIONS(OPT_OUTPUT), mlcycle_fragments_get,
     "download a file (-o)", NULL},
    {"mlcycle fragments latest", "NAME", 1, 1, MLCYCLE, OPTIONS(OPT_OUTPUT, OPT_JOB, OPT_PROJECT),
     mlcycle_fragments_latest,
     "download a file by its name (-o), of --job, or of the newest finished job of --project",
     "NAME is the stored file name, any case."},
    {"mlcycle fragments upload", "JOB STEP FILE", 3, 3, MLCYCLE, OPTIONS(OPT_NAME, OPT_FILENAME, OPT_TYPE),
     mlcycle_fragments_upload, "upload a file to a step in progress (--name)",
     "FILE - is standard input; --filename is then needed. " IN_A_STEP},
    {"json check", "FILE", 1, 1, GROUP_OUTPUT, NULL, json_check,
     "whether a file is JSON (RFC 8259); - is standard input",
     "Exit code 5: it is not; line and column are told."},
    {"json get", "FILE PATH", 2, 2, GROUP_OUTPUT, NULL, json_get,
     "print the value at a path such as steps[0].docker.image",
     "A text is printed as its characters (with --json as JSON), everything else as JSON. Exit code 1: there "
     "is no such value."},
    {"yaml check", "FILE", 1, 1, GROUP_OUTPUT, NULL, yaml_check,
     "whether a file is in the YAML that berth reads", "Exit code 5: it is not; line and column are told."},
    {"yaml to-json", "FILE", 1, 1, GROUP_OUTPUT, NULL, yaml_to_json, "print a YAML file as JSON",
     "Plain scalars are typed by the YAML 1.2 core schema."},
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
    {"version", "", 0, 0, GROUP_OUTPUT, NULL, version_run, "print the version", NULL},
    {"help", "[COMMAND...]", 0, 4, 0, NULL, help_run, "help on a command", NULL},
    {"completion", "bash|zsh|fish", 1, 1, 0, NULL, completion_run, "print a completion script for a shell",
     "For bash: source <(berth completion bash)"},
    {"man", "", 0, 0, 0, NULL, man_run, "print the manual page (roff)", "To read it: berth man | man -l -"},
};
const size_t command_count = sizeof command_table / sizeof command_table[0];
