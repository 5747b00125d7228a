/* The commands of `berth mlcycle`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_NAME, "name", NULL, "NAME", 0, false, NULL, "display name (needed)"},
    {OPT_GIT, "git", NULL, "URL", 0, false, NULL, "the project's git repository (needed)"},
    {OPT_INITIATOR, "initiator", NULL, "manual|git|data", 0, false, NULL,
     "what the job is said to be started by (default manual)"},
    {OPT_WAIT, "wait", NULL, "SECONDS", 0, false, NULL, "longest wait for work (default: the server's, 180)"},
    {OPT_OUTPUT, "output", "-o", "FILE", 0, false, NULL,
     "write to FILE, which appears only when it is complete; - is standard output (needed)"},
    {OPT_JOB, "job", NULL, "JOB", 0, false, "MLCYCLE_JOB", "the job's id"},
    {OPT_PROJECT, "project", NULL, "PROJECT", 0, false, "MLCYCLE_PROJECT", "the project's id"},
    {OPT_FILENAME, "filename", NULL, "NAME", 0, false, NULL,
     "name the file is stored under, unique in its job (default: FILE's own)"},
    {OPT_TYPE, "type", NULL, "metrics|logs|model", 0, false, NULL, "what the file holds (default metrics)"},
};

/* Told in the help of what can leave its first arguments to the environment (take_context in options.c). */
#define IN_A_STEP "JOB and STEP may be left out where MLCYCLE_JOB and MLCYCLE_STEP are set."

static const struct command commands[] = {
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
};

const struct family family_mlcycle = {"an mlcycle server", options, COUNT(options), commands,
                                      COUNT(commands)};
