/* The mlcycle worker: one thread that waits for steps and runs several side by side. */
#ifndef BERTH_PROGRAM_WORKER_H
#define BERTH_PROGRAM_WORKER_H

#include "session.h"
#include "worker_log.h"

/* Steps at once. Each may hold one child process and one connection. */
#define WORKER_SLOTS 8
#define WORKER_PATH_MAX 700
#define WORKER_ARGV_MAX 1024
#define WORKER_ENV_MAX 512

enum phase {
    PHASE_FREE,
    PHASE_CLAIM,
    PHASE_LOOK, /* get the job: repository, docker configuration, state */
    PHASE_CLONE,
    PHASE_COMMIT,    /* log what was cloned */
    PHASE_BOOTSTRAP, /* step 0: pipeline.yml becomes steps */
    PHASE_ADDED,     /* after a lost answer: were they added? */
    PHASE_BUILD,     /* docker: build the image */
    PHASE_RUN,
    PHASE_SWEEP,       /* docker: remove the container */
    PHASE_SWEEP_IMAGE, /* docker: remove what was built */
    PHASE_METRICS,
    PHASE_UPLOAD,
    PHASE_FINISH,
    PHASE_CHECK, /* after "wrong state": has an earlier try got through? */
    PHASE_CLEAN,
    PHASE_COUNT
};

/* What a slot waits for. */
enum work { WORK_NONE, WORK_CALL, WORK_CHILD };

/* What is kept of a step in the state file, so that the next life can bring it to an end. */
struct step_record {
    uint32_t present;
    struct berth_guid job;
    int32_t step;
    struct berth_text phase; /* "claiming", "running", "reporting", "cleaning" */
    bool failed;
    struct berth_text token;   /* names folder, container and processes */
    struct berth_time claimed; /* when the claim was sent, by our clock */
};

struct slot {
    struct worker *worker;
    enum phase phase;
    enum work work;
    uint64_t wait_until_ms; /* a pause before the phase is tried again */
    unsigned tries;
    struct berth_guid job, project;
    int32_t step;
    char token[33];
    bool claim_sent;  /* the record must outlive us from here on */
    bool owned;       /* the claim was won */
    bool restored;    /* from a previous life */
    bool failed;      /* the verdict */
    bool built;       /* an image of ours is there */
    bool stopping;    /* TERM was sent to the child */
    bool killed;      /* and KILL */
    bool output_over; /* the child closed its output */
    bool found;       /* LOOK saw the step */
    bool has_docker;
    const char *unusable; /* what of it cannot be used, in words; NULL: nothing */
    unsigned appends;     /* tries of adding steps */
    int32_t seen_state;
    int32_t seen_last; /* the highest number of the job's steps */
    struct berth_time seen_start;
    struct berth_time claimed;
    uint64_t gpus; /* bits */
    uint64_t child_since_ms, stop_since_ms;
    berth_child child;
    char folder[WORKER_PATH_MAX];
    char repository[1024];
    char image[512];
    char command[4096];
    char context[512], dockerfile[512];
    struct step_log log;
    struct session session;
    struct berth_call call;
    struct berth_mlcycle_upload upload;
    char log_name[32];
    /* argument and environment arrays of the child that is being started */
    const char *argv[WORKER_ARGV_MAX];
    const char *env[WORKER_ENV_MAX];
    char strings[16384];
};

enum runner { RUNNER_PROCESS, RUNNER_DOCKER };

struct worker {
    struct app *app;
    struct berth_posix_proc proc_state;
    struct berth_proc proc;
    struct session poll; /* the long poll's own connection */
    struct berth_call poll_call;
    bool polling;
    uint64_t poll_again_ms;
    unsigned poll_failures;
    bool poll_found;         /* the last list had something that could be started */
    bool poll_blocked;       /* ... or something that will be startable later */
    unsigned poll_idle;      /* lists in a row with nothing that could be started */
    unsigned claim_failures; /* in a row, and the last one's status */
    enum berth_status claim_status;
    uint64_t claim_again_ms;        /* claims failed: no poll before */
    enum berth_status state_status; /* of the last try to record a claim */
    struct slot slots[WORKER_SLOTS];
    enum runner runner;
    const char *docker, *runtime, *volume, *pass_env;
    const char *workdir;
    char state_path[WORKER_PATH_MAX], lock_path[WORKER_PATH_MAX];
    berth_file lock;
    uint64_t gpus;          /* all of the worker's */
    bool gpus_unnumbered;   /* "all" without known numbers: one bit stands for all of them */
    uint32_t gpus_per_step; /* UINT32_MAX: all */
    uint64_t log_limit;
    uint32_t step_timeout_ms, grace_ms;
    bool once, sole;
    bool stopping; /* a signal came: finish or hand back */
    int signal;
    uint64_t handled;
    enum berth_status once_status;       /* --once: of the last poll ... */
    uint64_t poll_handled, once_handled; /* ... and how many had been handled when it began */
    uint64_t stop_since_ms;
    bool leaving; /* stopped, and not waiting for the server any longer: the next life reports */
};

/* ---- worker_step.c: what a slot does ---- */

/* A slot that has nothing to do, or NULL. */
struct slot *slot_free(struct worker *worker);
/* Goes on with a slot as far as it can without waiting. */
void slot_advance(struct slot *slot);
/* Takes a free slot for a step of the pending list and begins to claim it with these GPUs. */
void slot_begin(struct slot *slot, const struct berth_mlcycle_job *job, uint64_t gpus);
/* Takes a free slot for a record of a previous life. */
void slot_restore(struct slot *slot, const struct step_record *record);
/* Ends the running command of a slot: TERM now, KILL after the grace period. */
void slot_stop(struct slot *slot, const char *why);
/* The path of NAME in the slot's folder; PATH has WORKER_PATH_MAX + 16 bytes. */
const char *slot_path(const struct slot *slot, const char *name, char *path);
/* Ends the slot's present phase as failed, for the log and the server. */
void slot_fail(struct slot *slot, const char *what, struct berth_text detail);

/* ---- worker_run.c: children ---- */

/* Starts the child of the slot's phase. BERTH_OK, or the reason in *out_why. */
enum berth_status run_clone(struct slot *slot, const char **out_why);
enum berth_status run_commit(struct slot *slot, const char **out_why);
enum berth_status run_build(struct slot *slot, const char **out_why);
enum berth_status run_command(struct slot *slot, const char **out_why);
enum berth_status run_sweep(struct slot *slot, const char **out_why);
enum berth_status run_sweep_image(struct slot *slot, const char **out_why);

/* ---- worker_state.c: the state file ---- */

/* Writes the records of all slots whose claim was, or is about to be, sent. A failure is also said. */
enum berth_status state_save(struct worker *worker);
/* Fills slots from the state file of a previous life; 0 or an exit code (reported). */
int state_load(struct worker *worker);
/* Kills what a previous life left running under TOKEN. */
void state_kill_orphans(const char *token);
/* Removes what a killed worker left half-written in the work folder. */
void state_sweep(const struct worker *worker);

/* ---- worker_gpus.c: which GPUs ---- */

/* "0,2-3", "all", or with COUNTED a number N for 0..N-1. False when malformed. *out_unnumbered: all, but
 * which they are is not known here; bit 0 stands for them. */
bool gpus_parse(const char *text, bool counted, uint64_t *out_gpus, bool *out_unnumbered);
/* The GPUs that the machine has (device files). */
uint64_t gpus_of_machine(void);
/* What a step asks for: *out_count GPUs; false when its properties.gpus cannot be read. */
bool gpus_wanted(const struct worker *worker, const struct berth_mlcycle_step *step, uint32_t *out_count);
/* COUNT free ones, the lowest first. False when there are too few now. */
bool gpus_choose(const struct worker *worker, uint32_t count, uint64_t *out_gpus);
/* "0,2,3" */
void gpus_put(struct berth_writer *w, uint64_t gpus);

/* ---- worker.c ---- */

/* A line about what happens, on standard output: "JOB/STEP WHAT: DETAIL", or an object with --json. SLOT may
 * be NULL. */
void worker_say(struct worker *worker, const struct slot *slot, const char *what, struct berth_text detail);
uint64_t worker_now_ms(void);
/* The pause before try number TRIES + 1. */
uint32_t worker_pause_ms(unsigned tries);
/* Something came free: polls soon, unless the server is away. */
void worker_ask_again(struct worker *worker);
/* A claim could not be made: no poll for a while, longer each time. */
void worker_hold_off(struct worker *worker, enum berth_status why);

#endif
