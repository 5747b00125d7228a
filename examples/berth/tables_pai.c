/* The commands `berth pai ...`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_ALIAS, "alias", "-a --cluster-alias", "ALIAS", GROUP_PAI, false, "BERTH_PAI_ALIAS",
     "the cluster (default: the variable cluster-alias of 'berth pai default', or the only one there is)"},
    {OPT_AUTH_FILE, "auth-file", NULL, "FILE", 0, false, NULL,
     "what the file holds that a v1 document's authFile names: registry, user and password, a line each"},
    {OPT_AS_SENT, "as-sent", NULL, NULL, 0, false, NULL,
     "one line for each top-level member, as 'job submit' sends it"},
    {OPT_NAME, "name", NULL, NULL, 0, false, NULL, "names only, one a line"},
    {OPT_PAI_URI, "pai-uri", NULL, "URL", 0, false, NULL,
     "the cluster's address: https://pai.example; without a scheme http (needed)"},
    {OPT_REST_URI, "rest-server-uri", NULL, "URL", 0, false, NULL,
     "the REST server's own address (default: the cluster's, with /rest-server)"},
    {OPT_HDFS_URI, "hdfs-web-uri", "--web-hdfs-uri", "URL", 0, false, NULL,
     "the cluster's WebHDFS root: http://namenode:50070 or https://pai.example/webhdfs"},
    {OPT_USER, "user", NULL, "NAME", 0, false, NULL, "the user to log in as (needed)"},
    {OPT_PASSWD, "passwd", NULL, "PASSWORD", 0, false, NULL,
     "the password; others can see it in the list of processes: better --passwd-file, the variable "
     "BERTH_PAI_PASSWORD, or being asked"},
    {OPT_PASSWD_FILE, "passwd-file", NULL, "FILE", 0, false, NULL,
     "take the password from the file's first line; - is standard input"},
    {OPT_TOKEN_FILE, "token-file", NULL, "FILE", 0, false, NULL,
     "keep the token in the file's first line (an application token, or one of a cluster with OIDC); - is "
     "standard input"},
    {OPT_GENERATION, "generation", NULL, "1|2|3", GROUP_PAI_SERVER, false, NULL,
     "the server's generation, when it cannot be found out: 1 (0.8 to 0.14), 2 (0.15 to 1.0), 3 (1.1 and "
     "later)"},
    {OPT_JOB, "job-name", "-j", "JOB", 0, false, NULL, "the job's name (default: the variable job-name)"},
    {OPT_KEYWORD, "keyword", NULL, "TEXT", 0, false, NULL,
     "in the user's, the job's or the virtual cluster's name; case matters, % and _ are wildcards"},
    {OPT_USERNAME, "username", NULL, "USER", 0, true, NULL,
     "jobs of this user instead of the cluster's own; may be repeated"},
    {OPT_EVERYBODY, "all-users", NULL, NULL, 0, false, NULL, "everybody's jobs"},
    {OPT_VC, "vc", NULL, "VC", 0, true, NULL, "in this virtual cluster; may be repeated"},
    {OPT_STATE, "state", NULL, "STATE", 0, true, NULL,
     "WAITING, RUNNING, STOPPING, STOPPED, SUCCEEDED or FAILED; may be repeated"},
    {OPT_TAG, "tag", NULL, "TAG", 0, true, NULL, "with this tag; with several at least one of them"},
    {OPT_NO_TAG, "no-tag", NULL, "TAG", 0, true, NULL, "without this tag; may be repeated"},
    {OPT_PRIORITY, "priority", NULL, "oppo|test|prod|crit|default", 0, true, NULL,
     "of this priority; may be repeated"},
    {OPT_ORDER, "order", NULL, "FIELD,ASC|DESC", 0, false, NULL,
     "FIELD is jobName, submissionTime, username, vc, retries, totalTaskNumber, totalGpuNumber, state, "
     "completionTime or jobPriority (default submissionTime,DESC)"},
    {OPT_LIMIT, "limit", NULL, "N", 0, false, NULL, "at most N jobs"},
    {OPT_OFFSET, "offset", NULL, "N", 0, false, NULL, "leave out the first N jobs"},
    {OPT_CONFIG, "config", NULL, "FILE", 0, false, NULL,
     "submit this document (YAML or JSON, protocol v1 or v2); - is standard input"},
    {OPT_PREVIEW, "preview", NULL, NULL, 0, false, NULL,
     "print what would be submitted, for the server's generation, and submit nothing"},
    {OPT_IN_JOB, "allow-in-job", NULL, NULL, 0, false, NULL, "submit from inside a job too"},
    {OPT_IMAGE, "image", "-i", "IMAGE", 0, false, NULL, "the container image (default: the variable image)"},
    {OPT_PACKAGE, "package", "-p --pip --pip-installs", "PACKAGE", 0, true, NULL,
     "install this with pip before the command; may be repeated"},
    {OPT_SOURCE, "source", "-s --sources", "FILE", 0, true, NULL,
     "take this file of the working folder along; may be repeated. A command's own script goes along anyway"},
    {OPT_WORKSPACE, "workspace", "-w", "PATH", 0, false, NULL,
     "the folder of the cluster's storage that has a folder for each job (default: the variable workspace)"},
    {OPT_NO_INSTALL, "disable-sdk-install", "-d", NULL, 0, false, NULL,
     "do not install the old Python SDK in the container; berth never does"},
    {OPT_UPDATE, "update", "-u", NULL, 0, false, NULL, "change what is there already"},
    {OPT_NOT_DEFAULT, "dont-set-as-default", NULL, NULL, 0, false, NULL,
     "do not make it the variable job-name"},
    {OPT_ROLE, "task-role-name", "-t --task-role", "ROLE", 0, false, NULL, "the task role (default main)"},
    {OPT_INSTANCES, "instances", "-n --task-number", "N", 0, false, NULL, "tasks of the role (default 1)"},
    {OPT_CPU, "cpu", NULL, "N", 0, false, NULL, "CPUs for a task (default: the variable cpu, else 1)"},
    {OPT_GPU, "gpu", NULL, "N", 0, false, NULL, "GPUs for a task (default: the variable gpu, else 0)"},
    {OPT_MEM, "mem", "--memMB", "MB", 0, false, NULL,
     "memory for a task (default: the variable memMB, else 1024)"},
    {OPT_WAIT, "wait", NULL, "SECONDS", 0, false, NULL, "give up after this time (default 3600; 0: never)"},
    {OPT_INTERVAL, "interval", NULL, "SECONDS", 0, false, NULL, "ask this often (default 10; logs: 2)"},
    {OPT_INDEX, "index", NULL, "N", 0, false, NULL, "the task of the role, from 0 (default 0)"},
    {OPT_ATTEMPT, "attempt", NULL, "N", 0, false, NULL, "this attempt, from 0 (default: the latest)"},
    {OPT_STREAM, "stream", NULL, "NAME", 0, false, NULL,
     "stdout (default), stderr, all, or another log's name; '?' lists them"},
    {OPT_FOLLOW, "follow", "-f", NULL, 0, false, NULL, "go on until the job has ended"},
    {OPT_TAIL, "tail", NULL, NULL, 0, false, NULL, "the last 16 KB only"},
    {OPT_OUTPUT, "output", "-o", "FILE", 0, false, NULL, "write to FILE instead of standard output"},
    {OPT_TYPE, "type", NULL, "Warning|Normal", 0, false, NULL, "events of this type only"},
    {OPT_OVERWRITE, "overwrite", NULL, NULL, 0, false, NULL, "replace what is there"},
    {OPT_RECURSIVE, "recursive", "-r", NULL, 0, false, NULL, "folders too, with all that is in them"},
    {OPT_STORAGE_ALIAS, "storage-alias", NULL, "NAME", 0, false, NULL,
     "which of the cluster's storages (default: its hdfs_web_uri, or its default storage)"},
    {OPT_STDOUT, "stdout", NULL, NULL, 0, false, NULL, "standard output (default)"},
    {OPT_STDERR, "stderr", "--stdin", NULL, 0, false, NULL, "standard error"},
    {OPT_SAVE, "save", NULL, "FILE", 0, false, NULL, "save all of it instead of showing the last 16 KB"},
    {OPT_NODES, "nodes", NULL, NULL, 0, false, NULL, "the cluster's nodes and their GPUs instead"},
    {OPT_SKUS, "skus", NULL, NULL, 0, false, NULL, "the kinds of hardware (SKUs) instead"},
    {OPT_DEFAULTS, "default", NULL, NULL, 0, false, NULL, "those only that a job gets unasked"},
    {OPT_ON_START, "on-start", NULL, "COMMAND", 0, true, NULL,
     "run this before; if it fails, the command does not run. May be repeated"},
    {OPT_ON_END, "on-end", NULL, "COMMAND", 0, true, NULL,
     "run this after, also after a failure; of several the last one first"},
    {OPT_ON_EXCEPTION, "on-exception", NULL, "COMMAND", 0, true, NULL,
     "run this when the command, or one before it, has failed. May be repeated"},
    {OPT_ALWAYS, "always", NULL, NULL, 0, false, NULL, "do all this outside of jobs too"},
    {OPT_OUTPUT_FOLDER, "output-folder", NULL, "DIR", 0, false, NULL,
     "make this folder, and put what is in it at the end into the job's output folder in the cluster's "
     "storage"},
    {OPT_MODE, "mode", NULL, "script|silent|interactive", 0, false, NULL,
     "script (default): run the cells; silent: make an HTML page of the results in the container; "
     "interactive: "
     "serve the notebook and tell its address"},
};

/* What every command that asks a cluster takes. */
#define PAI (GROUP_PAI | GROUP_PAI_SERVER | GROUP_SERVER | GROUP_OUTPUT)
/* A cluster's files are not the REST server's. */
#define PAI_STORAGE (GROUP_PAI | GROUP_SERVER | GROUP_OUTPUT)

#define JOB_DEFAULT                                                                                          \
    "JOB may be left out where the variable job-name is set ('berth pai default'); USER~JOB is another "     \
    "user's. "

static const struct command commands[] = {
    {"pai cluster list", "", 0, 0, GROUP_PAI | GROUP_OUTPUT, OPTIONS(OPT_NAME), pai_cluster_list,
     "list the clusters of ~/.openpai/clusters.json", "Passwords and tokens are shown as ******."},
    {"pai cluster add", "", 0, 0, GROUP_PAI | GROUP_OUTPUT,
     OPTIONS(OPT_PAI_URI, OPT_USER, OPT_PASSWD, OPT_PASSWD_FILE, OPT_TOKEN_FILE, OPT_HDFS_URI, OPT_REST_URI),
     pai_cluster_add, "add a cluster, or change it (--cluster-alias, --pai-uri, --user)",
     "The password comes from --passwd-file, from the variable BERTH_PAI_PASSWORD, or is asked for on the "
     "terminal. It is kept in ~/.openpai/clusters.json, which only its owner can read; tokens are kept in "
     "~/.openpai/tokens.json. With --token-file no password is needed."},
    {"pai cluster delete", "[ALIAS]", 0, 1, GROUP_PAI | GROUP_OUTPUT, NULL, pai_cluster_delete,
     "forget a cluster and its token", NULL},
    {"pai cluster select", "[ALIAS]", 0, 1, GROUP_PAI | GROUP_OUTPUT, NULL, pai_cluster_select,
     "make a cluster the default of this working folder",
     "Sets the variable cluster-alias in .openpai/defaults.json."},
    {"pai cluster info", "[ALIAS]", 0, 1, PAI, NULL, pai_cluster_info,
     "show what a cluster's server is, and log in", NULL},
    {"pai default add", "VARIABLE=VALUE...", 1, 64, GROUP_OUTPUT, NULL, pai_default_add,
     "set defaults of this working folder",
     "They are kept in .openpai/defaults.json. Used are cluster-alias, workspace, image, job-name, cpu, gpu "
     "and memMB, each in place of the option of that name."},
    {"pai default set", "VARIABLE=VALUE...", 1, 64, GROUP_OUTPUT, NULL, pai_default_add, "the same as add",
     NULL},
    {"pai default list", "", 0, 0, GROUP_OUTPUT, NULL, pai_default_list,
     "list the defaults of this working folder", NULL},
    {"pai default remove", "VARIABLE...", 1, 64, GROUP_OUTPUT, NULL, pai_default_remove, "remove defaults",
     "Exit code 1: there is no such default; nothing is removed then."},
    {"pai default delete", "VARIABLE...", 1, 64, GROUP_OUTPUT, NULL, pai_default_remove, "the same as remove",
     NULL},
    {"pai default unset", "VARIABLE...", 1, 64, GROUP_OUTPUT, NULL, pai_default_remove, "the same as remove",
     NULL},
    {"pai job list", "[JOB [config|ssh]]", 0, 2, PAI,
     OPTIONS(OPT_NAME, OPT_KEYWORD, OPT_USERNAME, OPT_EVERYBODY, OPT_VC, OPT_STATE, OPT_TAG, OPT_NO_TAG,
             OPT_PRIORITY, OPT_ORDER, OPT_LIMIT, OPT_OFFSET),
     pai_job_list, "list the user's jobs; or show one, its configuration, or how to reach its containers",
     "Any number of jobs passes through, newest first. What the server cannot filter is filtered here. A "
     "job's "
     "tasks come before the job itself. JOB is the name, or USER~JOB of another user's."},
    {"pai job submit", "", 0, 0, PAI, OPTIONS(OPT_JOB, OPT_CONFIG, OPT_PREVIEW, OPT_IN_JOB, OPT_WORKSPACE),
     pai_job_submit, "submit a document (--config), or the job that create and task have put together",
     "The document is checked before anything is sent (exit code 5). Secrets are written so that the server "
     "hides them. A document in protocol v1 is converted for servers that know v2 alone. Exit code 8: the "
     "name "
     "is taken, for ever."},
    {"pai job create", "", 0, 0, GROUP_PAI | GROUP_OUTPUT,
     OPTIONS(OPT_JOB, OPT_IMAGE, OPT_PACKAGE, OPT_SOURCE, OPT_WORKSPACE, OPT_NO_INSTALL, OPT_UPDATE,
             OPT_NOT_DEFAULT),
     pai_job_create, "begin a job (--job-name, --image); it is kept in .openpai/jobs/JOB",
     "Exit code 8: there is such a job already; --update changes it."},
    {"pai job task", "CMD...", 1, 255, GROUP_OUTPUT,
     OPTIONS(OPT_ROLE, OPT_JOB, OPT_INSTANCES, OPT_GPU, OPT_CPU, OPT_MEM, OPT_UPDATE), pai_job_task,
     "add a task role to a job that was begun",
     "Everything after the options is the command. Several words are quoted for the shell where they need "
     "it; "
     "one alone is taken as shell text. Exit code 8: the job has this role already; --update replaces it."},
    {"pai job fast", "CMD...", 1, 255, PAI,
     OPTIONS(OPT_JOB, OPT_IMAGE, OPT_PACKAGE, OPT_SOURCE, OPT_WORKSPACE, OPT_NO_INSTALL, OPT_ROLE,
             OPT_INSTANCES, OPT_GPU, OPT_CPU, OPT_MEM, OPT_PREVIEW, OPT_IN_JOB),
     pai_job_fast, "create, task and submit at once (--job-name, --image)", NULL},
    {"pai job abort", "[JOB]", 0, 1, GROUP_OUTPUT, OPTIONS(OPT_JOB), pai_job_abort,
     "forget a job that was begun and not submitted", "Exit code 1: there is none."},
    {"pai job check", "FILE", 1, 1, GROUP_OUTPUT, NULL, pai_job_check,
     "say what a server would refuse in a job document (v1 or v2, YAML or JSON)",
     "FILE - is standard input. All findings, one a line: FILE:LINE:COLUMN: error|warning: MEMBER: what is "
     "wrong. An error is refused by a server, or makes it fail; a warning is not, but seldom what is meant. "
     "--quiet leaves the warnings out. Exit code 5: there are errors."},
    {"pai job convert", "FILE", 1, 1, GROUP_OUTPUT, OPTIONS(OPT_AUTH_FILE, OPT_AS_SENT), pai_job_convert,
     "print a job document (v1 or v2, YAML or JSON) as protocol v2 in YAML",
     "A v1 document is converted; what is lost is said. Servers hide the secrets of what is printed. With "
     "--json the document is one JSON object. FILE - is standard input. Exit code 5: there are errors in it; "
     "nothing is printed then."},
    {"pai job stop", "[JOB...]", 0, 255, PAI, OPTIONS(OPT_JOB), pai_job_stop, "stop jobs",
     JOB_DEFAULT
     "The state changes some time later: see 'berth pai job wait'. A job that has finished is left "
     "alone."},
    {"pai job start", "[JOB...]", 0, 255, PAI, OPTIONS(OPT_JOB), pai_job_start,
     "take back the stop of jobs that have not finished",
     JOB_DEFAULT "Exit code 8: a job that has finished cannot be started; submit it under another name."},
    {"pai job wait", "[JOB...]", 0, 64, PAI, OPTIONS(OPT_JOB, OPT_WAIT, OPT_INTERVAL), pai_job_wait,
     "wait until jobs have ended",
     JOB_DEFAULT
     "Exit codes: 0 all succeeded, 1 one failed or was stopped, 7 the time is over. With --json one line "
     "for each change of a state."},
    {"pai job logs", "[JOB]", 0, 1, PAI,
     OPTIONS(OPT_JOB, OPT_ROLE, OPT_INDEX, OPT_ATTEMPT, OPT_STREAM, OPT_FOLLOW, OPT_TAIL, OPT_INTERVAL,
             OPT_OUTPUT),
     pai_job_logs, "print what a task writes", JOB_DEFAULT},
    {"pai job events", "[JOB]", 0, 1, PAI, OPTIONS(OPT_JOB, OPT_TYPE), pai_job_events,
     "list a job's events, newest first", JOB_DEFAULT "Servers since 1.3."},
    {"pai job attempts", "[JOB]", 0, 1, PAI, OPTIONS(OPT_JOB, OPT_ATTEMPT, OPT_ROLE, OPT_INDEX),
     pai_job_attempts, "list the attempts of a job, or (--task-role-name) of one task",
     JOB_DEFAULT "With --task-role-name, --attempt is the job's (default 0)."},
    {"pai job tag add", "JOB TAG", 2, 2, PAI, NULL, pai_job_tag_add, "add a tag to a job",
     "Servers since 1.3."},
    {"pai job tag remove", "JOB TAG", 2, 2, PAI, NULL, pai_job_tag_remove, "remove a tag from a job",
     "Servers since 1.3. Exit code 4: the job has no such tag."},
    {"pai output list", "", 0, 0, PAI_STORAGE, OPTIONS(OPT_JOB, OPT_WORKSPACE, OPT_STORAGE_ALIAS),
     pai_output_list, "list a job's output folder, WORKSPACE/JOB/output",
     "WORKSPACE/jobs/JOB/output is looked into too."},
    {"pai output download", "NAME...", 1, 255, PAI_STORAGE,
     OPTIONS(OPT_JOB, OPT_WORKSPACE, OPT_OVERWRITE, OPT_RECURSIVE, OPT_STORAGE_ALIAS), pai_output_download,
     "download from a job's output folder into the working folder", NULL},
    {"pai output peek", "[JOB]", 0, 1, PAI,
     OPTIONS(OPT_JOB, OPT_STDOUT, OPT_STDERR, OPT_SAVE, OPT_ROLE, OPT_INDEX), pai_output_peek,
     "show the end of what a task has written", JOB_DEFAULT},
    {"pai storage list", "REMOTE", 1, 1, PAI_STORAGE, OPTIONS(OPT_STORAGE_ALIAS), pai_storage_list,
     "list a folder of the cluster's storage", NULL},
    {"pai storage status", "REMOTE", 1, 1, PAI_STORAGE, OPTIONS(OPT_STORAGE_ALIAS), pai_storage_status,
     "show a file or folder of the cluster's storage", NULL},
    {"pai storage delete", "REMOTE", 1, 1, PAI_STORAGE, OPTIONS(OPT_RECURSIVE, OPT_STORAGE_ALIAS),
     pai_storage_delete, "delete from the cluster's storage", "Exit code 1: there is nothing."},
    {"pai storage upload", "FILE REMOTE", 2, 2, PAI_STORAGE,
     OPTIONS(OPT_OVERWRITE, OPT_RECURSIVE, OPT_STORAGE_ALIAS), pai_storage_upload,
     "upload to the cluster's storage",
     "It is written under another name first, and renamed when it is whole. Into REMOTE when that is a "
     "folder."},
    {"pai storage download", "REMOTE FILE", 2, 2, PAI_STORAGE,
     OPTIONS(OPT_OVERWRITE, OPT_RECURSIVE, OPT_STORAGE_ALIAS), pai_storage_download,
     "download from the cluster's storage", "Into FILE when that is a folder."},
    {"pai token list", "", 0, 0, PAI, NULL, pai_token_list, "list the user's tokens", "Servers since 0.16."},
    {"pai token create", "", 0, 0, PAI, NULL, pai_token_create,
     "make an application token, which does not expire", "Servers since 0.16."},
    {"pai token revoke", "TOKEN", 1, 1, PAI, NULL, pai_token_revoke, "make a token invalid",
     "TOKEN - is read from standard input, as others can see arguments. Two logins in one second have one "
     "token."},
    {"pai vc list", "[VC]", 0, 1, PAI, OPTIONS(OPT_NODES, OPT_SKUS), pai_vc_list,
     "list the virtual clusters and what is free in them", NULL},
    {"pai users list", "", 0, 0, PAI, NULL, pai_users_list, "list the users", NULL},
    {"pai users get", "NAME", 1, 1, PAI, NULL, pai_users_get, "show a user", NULL},
    {"pai groups list", "", 0, 0, PAI, NULL, pai_groups_list, "list the groups", NULL},
    {"pai groups get", "NAME", 1, 1, PAI, NULL, pai_groups_get, "show a group", NULL},
    {"pai storages list", "", 0, 0, PAI, OPTIONS(OPT_DEFAULTS), pai_storages_list,
     "list the storages that jobs can mount", NULL},
    {"pai storages get", "NAME", 1, 1, PAI, NULL, pai_storages_get, "show a storage",
     "Keys and passwords in it are left out."},
    {"pai runtime", "CMD...", 1, 255, GROUP_PAI | GROUP_SERVER | GROUP_OUTPUT,
     OPTIONS(OPT_ON_START, OPT_ON_END, OPT_ON_EXCEPTION, OPT_ALWAYS, OPT_OUTPUT_FOLDER), pai_runtime,
     "run a command inside a job, with others before, after and on failure",
     "Written 'berth pai runtime [OPTIONS] -- CMD...'. Outside of a job only the command runs, unless "
     "--always. "
     "The commands of --on-start and its like are split into words as a shell does, without a shell; "
     "PAI_RUNTIME_EVENT (start, main, end, exception) and PAI_RUNTIME_EXIT_CODE tell them what happened. The "
     "exit "
     "code is that of what failed first. Signals go on to the command."},
    {"pai notebook", "FILE", 1, 1, PAI,
     OPTIONS(OPT_JOB, OPT_IMAGE, OPT_PACKAGE, OPT_SOURCE, OPT_WORKSPACE, OPT_CPU, OPT_GPU, OPT_MEM, OPT_MODE,
             OPT_PREVIEW, OPT_IN_JOB),
     pai_notebook, "submit a notebook (.ipynb) as a job (--image)",
     "Its cells become a script: text as comments, magics as calls of IPython. The job's name is the "
     "notebook's with "
     "random digits, unless --job-name."},
};

const struct family family_pai = {"an OpenPAI cluster", options, COUNT(options), commands, COUNT(commands)};
