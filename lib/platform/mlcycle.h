/* What mlcycle's files share: the operation table, the shapes of requests, checks. */
#ifndef BERTH_PLATFORM_MLCYCLE_H
#define BERTH_PLATFORM_MLCYCLE_H

#include "berth/mlcycle.h"

enum berth_mlcycle_operation_index {
    BERTH_MLCYCLE_WORKERS_LIST,
    BERTH_MLCYCLE_WORKERS_GET,
    BERTH_MLCYCLE_WORKERS_ADD,
    BERTH_MLCYCLE_WORKERS_UPDATE,
    BERTH_MLCYCLE_WORKERS_DELETE,
    BERTH_MLCYCLE_PROJECTS_LIST,
    BERTH_MLCYCLE_PROJECTS_GET,
    BERTH_MLCYCLE_PROJECTS_ADD,
    BERTH_MLCYCLE_PROJECTS_UPDATE,
    BERTH_MLCYCLE_PROJECTS_DELETE,
    BERTH_MLCYCLE_JOBS_LIST,
    BERTH_MLCYCLE_JOBS_GET,
    BERTH_MLCYCLE_JOBS_ADD_STEPS,
    BERTH_MLCYCLE_JOBS_ADD_METRICS,
    BERTH_MLCYCLE_JOBS_TRIGGER,
    BERTH_MLCYCLE_SCHEDULER_PENDING,
    BERTH_MLCYCLE_SCHEDULER_CLAIM,
    BERTH_MLCYCLE_SCHEDULER_COMPLETE,
    BERTH_MLCYCLE_SCHEDULER_ERROR,
    BERTH_MLCYCLE_FRAGMENTS_LIST,
    BERTH_MLCYCLE_FRAGMENTS_LIST_STEP,
    BERTH_MLCYCLE_FRAGMENTS_GET,
    BERTH_MLCYCLE_FRAGMENTS_LATEST_BY_JOB,
    BERTH_MLCYCLE_FRAGMENTS_LATEST_BY_PROJECT,
    BERTH_MLCYCLE_FRAGMENTS_UPLOAD,
    BERTH_MLCYCLE_OPERATION_COUNT
};

enum berth_mlcycle_answer_kind {
    BERTH_MLCYCLE_NOTHING, /* an empty body */
    BERTH_MLCYCLE_ONE,     /* one object */
    BERTH_MLCYCLE_LIST,    /* an array of objects */
    BERTH_MLCYCLE_FILE     /* bytes */
};

struct berth_mlcycle_operation {
    struct berth_text method;
    struct berth_text path; /* holes: {id} a GUID, {number} a step's number, {name} a file name */
    enum berth_http_repeat repeat;
    uint32_t timeout_ms; /* 0: no end, but idle_ms */
    uint32_t idle_ms;
    enum berth_mlcycle_answer_kind answer;
    const struct berth_shape *shape;
};
extern const struct berth_mlcycle_operation berth_mlcycle_operations[BERTH_MLCYCLE_OPERATION_COUNT];

/* A step as add_steps takes it. */
struct berth_mlcycle_step_input {
    uint32_t present;
    struct berth_text name;
    struct berth_mlcycle_docker docker;
};
enum { BERTH_MLCYCLE_STEP_INPUT_HAS_NAME = 1, BERTH_MLCYCLE_STEP_INPUT_HAS_DOCKER = 2 };
/* Shapes' names, by which an error in a document is placed. */
#define BERTH_MLCYCLE_STEP_INPUT_NAME "step"
#define BERTH_MLCYCLE_DOCKER_NAME "docker"
#define BERTH_MLCYCLE_BUILD_NAME "build"
extern const struct berth_shape berth_mlcycle_step_input_shape;
/* The body of add and update: struct berth_mlcycle_project; bit 0 of present = name, bit 1 = gitRepository.
 */
extern const struct berth_shape berth_mlcycle_named_shape;

/* Where in a list of steps something is wrong: steps[index].path; SIZE_MAX = in no step. */
struct berth_mlcycle_place {
    size_t index;
    struct berth_text path[3]; /* absent ones at the end */
};

/* ---- mlcycle_check.c */
/* Whether TEXT has nothing but blanks. */
bool berth_mlcycle_is_blank(struct berth_text text);
/* Writes STEP anew: what is empty counts as absent. Says in OUT_PROBLEM what is wrong with it, if so. */
enum berth_status berth_mlcycle_put_step(struct berth_json_writer *w,
                                         const struct berth_mlcycle_step_input *step,
                                         struct berth_mlcycle_place *inout_place,
                                         struct berth_mlcycle_problem *out_problem);
/* Reads the JSON array of steps (LEN bytes, changed in place) and writes it anew into OUT, which may lie
 * before it in the same memory when SHARED: no byte is written that was not read. OUT NULL: only checks. */
enum berth_status berth_mlcycle_rewrite_steps(char *json, size_t len, struct berth_writer *out, bool shared,
                                              struct berth_mlcycle_place *out_place,
                                              struct berth_mlcycle_problem *out_problem);
/* "steps[2].docker.image: WHAT" as the problem's text. Returns STATUS. */
enum berth_status berth_mlcycle_say(struct berth_mlcycle_problem *out_problem,
                                    const struct berth_mlcycle_place *place, const char *what,
                                    enum berth_status status);

/* ---- mlcycle_data.c */
/* The number that member NAME of OBJECT (JSON, left as it is) has, when there is one. */
bool berth_mlcycle_find_i32(struct berth_text object, struct berth_text name, int32_t *out_value);

/* ---- mlcycle_judge.c */
enum berth_status berth_mlcycle_judge(const struct berth_call *call, const struct berth_http_result *result,
                                      struct berth_writer *out_message);

#endif
