/* mlcycle: all 25 operations of its REST interface. Terms are the platform's own: worker, project, job, step,
 * fragment. */
#ifndef BERTH_MLCYCLE_H
#define BERTH_MLCYCLE_H

#include "berth/call.h"
#include "berth/guid.h"
#include "berth/json.h"
#include "berth/yaml.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Context ---------------------------------------------------------------------------------- */

/* What a step's container is told through its environment (MLCYCLE_HOST, _PROJECT, _JOB, _STEP). */
struct berth_mlcycle_env {
    struct berth_text host;
    struct berth_guid project; /* unset when absent */
    struct berth_guid job;
    bool has_step;
    int32_t step; /* 0 is a valid step */
};

/* Reads the four variables by GET (as getenv: NULL when absent; empty counts as absent). BERTH_E_SYNTAX for a
 * malformed id, step or host; *out_variable (may be NULL) names it. The host's text is GET's own. */
enum berth_status berth_mlcycle_from_env(struct berth_mlcycle_env *out_env,
                                         const char *(*get)(void *ctx, const char *name), void *ctx,
                                         const char **out_variable) BERTH_MUST_CHECK;

/* Resolves a step address: an explicit one, else the environment's. JOB unset and HAS_STEP false mean "not
 * given". A step of the environment is not taken when a different job was given. BERTH_E_MISSING when
 * something lacks. */
struct berth_mlcycle_step_id {
    struct berth_guid job;
    bool has_step;
    int32_t step;
};
enum berth_status berth_mlcycle_resolve_step(const struct berth_mlcycle_env *env,
                                             struct berth_mlcycle_step_id *inout_id,
                                             const char **out_missing) BERTH_MUST_CHECK;

/* ---- Data ------------------------------------------------------------------------------------- */

enum berth_mlcycle_state {
    BERTH_MLCYCLE_CREATED = 0,
    BERTH_MLCYCLE_IN_PROGRESS = 1,
    BERTH_MLCYCLE_DONE = 2,
    BERTH_MLCYCLE_SCHEDULED = 21,
    BERTH_MLCYCLE_ERROR = 31
};
enum berth_mlcycle_initiator { BERTH_MLCYCLE_MANUAL = 0, BERTH_MLCYCLE_GIT = 1, BERTH_MLCYCLE_DATA = 2 };
enum berth_mlcycle_fragment_type {
    BERTH_MLCYCLE_METRICS = 0,
    BERTH_MLCYCLE_BUILD_LOGS = 1,
    BERTH_MLCYCLE_MODEL = 2
};
/* "Created", "InProgress" ..., or an empty text for a number that is not listed. */
struct berth_text berth_mlcycle_state_name(int32_t state);
struct berth_text berth_mlcycle_initiator_name(int32_t initiator);
struct berth_text berth_mlcycle_fragment_type_name(int32_t type);

/* In each struct, bit i of present says that row i of its shape was there; the *_HAS_ constants are those
 * bits. */
struct berth_mlcycle_worker {
    uint32_t present;
    struct berth_text name;
    struct berth_guid id;
};
struct berth_mlcycle_project {
    uint32_t present;
    struct berth_text name;
    struct berth_text git_repository;
    struct berth_guid id;
};
struct berth_mlcycle_build {
    uint32_t present;
    struct berth_text context;
    struct berth_text dockerfile;
    struct berth_json_list properties; /* map */
};
struct berth_mlcycle_docker {
    uint32_t present;
    struct berth_text image;
    struct berth_mlcycle_build build; /* buildConfiguration */
    struct berth_text command;
    struct berth_json_list properties; /* map */
};
enum {
    BERTH_MLCYCLE_BUILD_HAS_CONTEXT = 1,
    BERTH_MLCYCLE_BUILD_HAS_DOCKERFILE = 2,
    BERTH_MLCYCLE_BUILD_HAS_PROPERTIES = 4,
    BERTH_MLCYCLE_DOCKER_HAS_IMAGE = 1,
    BERTH_MLCYCLE_DOCKER_HAS_BUILD = 2,
    BERTH_MLCYCLE_DOCKER_HAS_COMMAND = 4,
    BERTH_MLCYCLE_DOCKER_HAS_PROPERTIES = 8
};
struct berth_mlcycle_step {
    uint32_t present;
    struct berth_text name;
    int32_t number;
    struct berth_time start;
    struct berth_time end;
    struct berth_enum state;
    struct berth_mlcycle_docker docker;
    struct berth_json_list metrics;   /* map */
    struct berth_json_list fragments; /* of struct berth_mlcycle_fragment */
};
enum {
    BERTH_MLCYCLE_STEP_HAS_NAME = 1,
    BERTH_MLCYCLE_STEP_HAS_NUMBER = 2,
    BERTH_MLCYCLE_STEP_HAS_START = 4,
    BERTH_MLCYCLE_STEP_HAS_END = 8,
    BERTH_MLCYCLE_STEP_HAS_STATE = 16,
    BERTH_MLCYCLE_STEP_HAS_DOCKER = 32,
    BERTH_MLCYCLE_STEP_HAS_METRICS = 64,
    BERTH_MLCYCLE_STEP_HAS_FRAGMENTS = 128
};
/* All three wire shapes of a job in one: `id` from id or jobId, `project_id` from projectId or project.id. */
struct berth_mlcycle_job {
    uint32_t present;
    struct berth_guid id;
    struct berth_time created;
    struct berth_time finished;
    struct berth_enum state;
    struct berth_enum initiator;
    struct berth_mlcycle_project project;
    struct berth_guid project_id;
    struct berth_json_list steps;   /* of struct berth_mlcycle_step; empty when steps are streamed */
    struct berth_mlcycle_step step; /* pending list: the one step that is due */
};
enum {
    BERTH_MLCYCLE_JOB_HAS_ID = 1,
    BERTH_MLCYCLE_JOB_HAS_JOB_ID = 2,
    BERTH_MLCYCLE_JOB_HAS_CREATED = 4,
    BERTH_MLCYCLE_JOB_HAS_FINISHED = 8,
    BERTH_MLCYCLE_JOB_HAS_STATE = 16,
    BERTH_MLCYCLE_JOB_HAS_INITIATOR = 32,
    BERTH_MLCYCLE_JOB_HAS_PROJECT = 64,
    BERTH_MLCYCLE_JOB_HAS_PROJECT_ID = 128,
    BERTH_MLCYCLE_JOB_HAS_STEPS = 256,
    BERTH_MLCYCLE_JOB_HAS_STEP = 512
};
/* In a step's list, job_id and step_number are absent on the wire and filled in by
 * berth_mlcycle_next_fragment(). */
struct berth_mlcycle_fragment {
    uint32_t present;
    struct berth_guid job_id;
    int32_t step_number;
    struct berth_time created;
    struct berth_text name;
    struct berth_text filename;
    struct berth_enum type;
    struct berth_guid id;
};

extern const struct berth_shape berth_mlcycle_worker_shape;
extern const struct berth_shape berth_mlcycle_project_shape;
extern const struct berth_shape berth_mlcycle_job_shape;
extern const struct berth_shape berth_mlcycle_step_shape;
extern const struct berth_shape berth_mlcycle_fragment_shape;

/* Walk a job's steps and a step's fragments: BERTH_OK, BERTH_E_MISSING at the end, or as
 * berth_fields_decode(). */
enum berth_status berth_mlcycle_next_step(struct berth_json_list *steps, struct berth_mlcycle_step *out_step,
                                          struct berth_decode_error *out_error) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_next_fragment(struct berth_json_list *fragments, const struct berth_guid *job,
                                              int32_t step_number,
                                              struct berth_mlcycle_fragment *out_fragment,
                                              struct berth_decode_error *out_error) BERTH_MUST_CHECK;

/* One metric or property as it is read: any JSON value. */
enum berth_mlcycle_metric_kind {
    BERTH_MLCYCLE_METRIC_NULL,
    BERTH_MLCYCLE_METRIC_BOOL,
    BERTH_MLCYCLE_METRIC_I64, /* written without fraction and exponent, and fits */
    BERTH_MLCYCLE_METRIC_DOUBLE,
    BERTH_MLCYCLE_METRIC_TEXT,
    BERTH_MLCYCLE_METRIC_NESTED /* read only: an array or object, as JSON in raw */
};
struct berth_mlcycle_metric {
    struct berth_text key;
    enum berth_mlcycle_metric_kind kind;
    bool boolean;
    int64_t i64;
    double number;          /* also set for I64; read: an infinity for what is beyond a double's range */
    struct berth_text text; /* unescaped in place; absent when it is no text (half of a surrogate pair) */
    struct berth_text raw;  /* read only: the value's JSON; absent when text is there */
};
/* BERTH_E_MISSING at the end; BERTH_E_UTF8 for a name, and BERTH_E_SYNTAX, as berth_json_list_next(). The
 * list is walked once. */
enum berth_status berth_mlcycle_next_metric(struct berth_json_list *metrics,
                                            struct berth_mlcycle_metric *out_metric) BERTH_MUST_CHECK;

/* ---- Checks before anything is sent ----------------------------------------------------------- */

/* One line about what is wrong, and where in the input (offset for JSON, line and column for YAML; 0 = not
 * known). */
struct berth_mlcycle_problem {
    char text[160];
    uint64_t offset;
    uint32_t line, column;
};

/* All of these: BERTH_E_SYNTAX, UTF8, DEPTH, TRUNCATED for what is not JSON (or YAML), BERTH_E_TYPE for a
 * value of the wrong kind, BERTH_E_MISSING for what lacks, BERTH_E_RANGE for a number, BERTH_E_ARGUMENT for a
 * name that the server's database refuses. OUT_PROBLEM may be NULL. */

/* Metrics that are safe to send (wire 2.7): at least one, scalars only, keys not empty, without '.', not
 * starting with '$', numbers finite and, when whole, within int64. */
enum berth_status
berth_mlcycle_check_metrics_json(struct berth_text json,
                                 struct berth_mlcycle_problem *out_problem) BERTH_MUST_CHECK;
/* Steps that can run (wire 1.2, 4.4): an array of at least one; each with a name, and an image or a
 * dockerfile; property keys as metric keys. Other members are ignored. JSON is changed in place (unescaping).
 */
enum berth_status berth_mlcycle_check_steps_json(char *json, size_t len,
                                                 struct berth_mlcycle_problem *out_problem) BERTH_MUST_CHECK;
/* A pipeline.yml (wire 4.4) as the JSON array of its steps, name and docker only, ready for add_steps:
 * written into BUF. Every scalar is its literal text, those of properties too. BERTH_E_SPACE: *out_needed
 * (may be NULL) bytes would do. */
enum berth_status berth_mlcycle_pipeline_to_steps(struct berth_text yaml, char *buf, size_t cap,
                                                  struct berth_text *out_steps_json, size_t *out_needed,
                                                  struct berth_mlcycle_problem *out_problem) BERTH_MUST_CHECK;

/* ---- The 25 operations ------------------------------------------------------------------------ */

/* Each function describes one call in *OUT_CALL (berth/call.h); nothing is sent until it is run. Texts and
 * structs that are passed are used until the call has ended, unless they are copied into the client's work
 * memory, as all JSON bodies are. BERTH_E_ARGUMENT for a nil or unset id, a negative step, an empty (or
 * blank) name; BERTH_E_SPACE when a body does not fit the work memory. ON_X receives each element: the struct
 * named in the comment. Run errors beside the transport's: see docs/errors.md; by HTTP status: 400
 * BAD_REQUEST, 404 NOT_FOUND, 406 WRONG_STATE, 409 CONFLICT, 413 TOO_LARGE, 500 SERVER, 502/503/504/408
 * UNAVAILABLE; 200 with another content type than JSON: PROTOCOL (wrong base URL). */

/* struct berth_mlcycle_worker. A retried add can create duplicates (names are not unique), so it is never
 * repeated blindly. update and delete succeed for ids that do not exist (wire B1). */
enum berth_status berth_mlcycle_workers_list(struct berth_call *out_call, struct berth_client *client,
                                             berth_call_element_fn *on_worker, void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_workers_get(struct berth_call *out_call, struct berth_client *client,
                                            const struct berth_guid *id, berth_call_element_fn *on_worker,
                                            void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_workers_add(struct berth_call *out_call, struct berth_client *client,
                                            struct berth_text name, berth_call_element_fn *on_worker,
                                            void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_workers_update(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *id, struct berth_text name,
                                               berth_call_element_fn *on_worker, void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_workers_delete(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *id) BERTH_MUST_CHECK;

/* struct berth_mlcycle_project. */
enum berth_status berth_mlcycle_projects_list(struct berth_call *out_call, struct berth_client *client,
                                              berth_call_element_fn *on_project, void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_projects_get(struct berth_call *out_call, struct berth_client *client,
                                             const struct berth_guid *id, berth_call_element_fn *on_project,
                                             void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_projects_add(struct berth_call *out_call, struct berth_client *client,
                                             struct berth_text name, struct berth_text git_repository,
                                             berth_call_element_fn *on_project, void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_projects_update(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *id, struct berth_text name,
                                                struct berth_text git_repository,
                                                berth_call_element_fn *on_project,
                                                void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_projects_delete(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *id) BERTH_MUST_CHECK;

/* struct berth_mlcycle_job. How much of a job has to fit the work memory at once. */
enum berth_mlcycle_detail {
    BERTH_MLCYCLE_WHOLE_JOBS = 0, /* a job with its steps: walk job->steps */
    BERTH_MLCYCLE_EACH_STEP =
        1, /* element level 2: each struct berth_mlcycle_step first, then its job (level 1) without steps */
    BERTH_MLCYCLE_EACH_FRAGMENT = 2 /* level 3: each fragment, then its step, then its job; of a fragment
                                       job_id and step_number (-1: not known yet) are filled in by jobs_get */
};
enum berth_status berth_mlcycle_jobs_list(struct berth_call *out_call, struct berth_client *client,
                                          enum berth_mlcycle_detail detail, berth_call_element_fn *on_job,
                                          void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_jobs_get(struct berth_call *out_call, struct berth_client *client,
                                         const struct berth_guid *id, enum berth_mlcycle_detail detail,
                                         berth_call_element_fn *on_job, void *ctx) BERTH_MUST_CHECK;
/* INITIATOR: enum berth_mlcycle_initiator; 0 is not sent. 503 with a problem document: BERTH_E_BUSY (an
 * active job exists). Never repeated blindly. */
enum berth_status berth_mlcycle_jobs_trigger(struct berth_call *out_call, struct berth_client *client,
                                             const struct berth_guid *project, int32_t initiator,
                                             berth_call_element_fn *on_job, void *ctx) BERTH_MUST_CHECK;
/* STEPS: name and docker of each are sent, nothing else. Never repeated blindly. */
enum berth_status berth_mlcycle_jobs_add_steps(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *job,
                                               const struct berth_mlcycle_step *steps, size_t step_count,
                                               berth_call_element_fn *on_job, void *ctx) BERTH_MUST_CHECK;
/* The same from a JSON array (checked as berth_mlcycle_check_steps_json(), then written anew). */
enum berth_status
berth_mlcycle_jobs_add_steps_json(struct berth_call *out_call, struct berth_client *client,
                                  const struct berth_guid *job, char *json, size_t len,
                                  berth_call_element_fn *on_job, void *ctx,
                                  struct berth_mlcycle_problem *out_problem) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_jobs_add_metrics(struct berth_call *out_call, struct berth_client *client,
                                                 const struct berth_guid *job, int32_t step,
                                                 const struct berth_mlcycle_metric *metrics,
                                                 size_t metric_count, berth_call_element_fn *on_job,
                                                 void *ctx) BERTH_MUST_CHECK;
enum berth_status
berth_mlcycle_jobs_add_metrics_json(struct berth_call *out_call, struct berth_client *client,
                                    const struct berth_guid *job, int32_t step, struct berth_text json,
                                    berth_call_element_fn *on_job, void *ctx,
                                    struct berth_mlcycle_problem *out_problem) BERTH_MUST_CHECK;

/* struct berth_mlcycle_job with `step`. Waits up to 180 s on the server: BERTH_E_NO_WORK for 408, 504 or an
 * empty list. HOLD_MS: longest wait that this call is for (0 = the server's); when it passes, the call is
 * given up, which is harmless: BERTH_E_NO_WORK. */
enum berth_status berth_mlcycle_scheduler_pending(struct berth_call *out_call, struct berth_client *client,
                                                  uint32_t hold_ms, berth_call_element_fn *on_job,
                                                  void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_scheduler_claim(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *job, int32_t step) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_scheduler_complete(struct berth_call *out_call, struct berth_client *client,
                                                   const struct berth_guid *job,
                                                   int32_t step) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_scheduler_error(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *job, int32_t step) BERTH_MUST_CHECK;

/* What a claim came to, from the status of its run and its result. */
enum berth_mlcycle_claim {
    BERTH_MLCYCLE_CLAIM_WON,    /* the step is ours */
    BERTH_MLCYCLE_CLAIM_LOST,   /* somebody else has it, or it is not due: poll again at once */
    BERTH_MLCYCLE_CLAIM_GONE,   /* job or step do not exist */
    BERTH_MLCYCLE_CLAIM_FAILED, /* the request did not reach the server: try again later */
    BERTH_MLCYCLE_CLAIM_UNKNOWN /* it may have been carried out: get the job and ask
                                   berth_mlcycle_claim_after() */
};
enum berth_mlcycle_claim berth_mlcycle_claim_outcome(enum berth_status status,
                                                     const struct berth_call_result *result);
/* After UNKNOWN, from the step's state now: FAILED = still scheduled, claim again; LOST = in progress (claims
 * are anonymous, so ownership cannot be proved) or finished. */
enum berth_mlcycle_claim berth_mlcycle_claim_after(int32_t step_state);

/* struct berth_mlcycle_fragment. An unknown job or step gives an empty list. */
enum berth_status berth_mlcycle_fragments_list(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *job,
                                               berth_call_element_fn *on_fragment,
                                               void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_fragments_list_step(struct berth_call *out_call, struct berth_client *client,
                                                    const struct berth_guid *job, int32_t step,
                                                    berth_call_element_fn *on_fragment,
                                                    void *ctx) BERTH_MUST_CHECK;
/* Downloads: the file's bytes go to SINK (copied). The server tells no size and knows no ranges. By name:
 * BERTH_E_ARGUMENT for a name with '/' and for "." and ".." (not addressable, wire 0.5): list and download by
 * id. */
enum berth_status berth_mlcycle_fragments_get(struct berth_call *out_call, struct berth_client *client,
                                              const struct berth_guid *id,
                                              const struct berth_sink *sink) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_fragments_latest_by_job(struct berth_call *out_call,
                                                        struct berth_client *client,
                                                        const struct berth_guid *job,
                                                        struct berth_text filename,
                                                        const struct berth_sink *sink) BERTH_MUST_CHECK;
enum berth_status berth_mlcycle_fragments_latest_by_project(struct berth_call *out_call,
                                                            struct berth_client *client,
                                                            const struct berth_guid *project,
                                                            struct berth_text filename,
                                                            const struct berth_sink *sink) BERTH_MUST_CHECK;
/* What to upload. The step must be in progress; FILENAME is unique in the job, any case. */
struct berth_mlcycle_upload {
    struct berth_text name;     /* display name */
    struct berth_text filename; /* storage name: 1 to 255 bytes, no control characters */
    int32_t type;               /* enum berth_mlcycle_fragment_type */
    struct berth_source file;
    const struct berth_rand *rand;
    struct berth_multipart multipart; /* private */
    struct berth_multipart_part parts[4];
    char type_text[12];
};
/* Repeatable when the source can rewind. BERTH_E_CONFLICT: the file name is taken (after a repeat: list the
 * step's fragments; when it is there, it is done). */
enum berth_status berth_mlcycle_fragments_upload(struct berth_call *out_call, struct berth_client *client,
                                                 const struct berth_guid *job, int32_t step,
                                                 struct berth_mlcycle_upload *upload,
                                                 berth_call_element_fn *on_fragment,
                                                 void *ctx) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
