/* mlcycle's tables: enums, shapes, operations (the wire page's sections 1 and 2). */
#include "platform/mlcycle.h"

#include <stddef.h>

#include "platform/shape.h"

#define COUNT(table) (uint8_t)(sizeof(table) / sizeof(table)[0])
#define ROW BERTH_ROW
#define OBJECT(struct_name, member, wire, shape) BERTH_ROW_OBJECT(struct_name, member, wire, shape, 0)
#define SHAPE BERTH_SHAPE
#define REQUIRED BERTH_FIELD_REQUIRED

/* ---- Enums ------------------------------------------------------------------------------------ */

static const struct berth_enum_name state_names[] = {
    {BERTH_TEXT_INIT("Created"), BERTH_MLCYCLE_CREATED},
    {BERTH_TEXT_INIT("InProgress"), BERTH_MLCYCLE_IN_PROGRESS},
    {BERTH_TEXT_INIT("Done"), BERTH_MLCYCLE_DONE},
    {BERTH_TEXT_INIT("Scheduled"), BERTH_MLCYCLE_SCHEDULED},
    {BERTH_TEXT_INIT("Error"), BERTH_MLCYCLE_ERROR},
};
static const struct berth_enum_name initiator_names[] = {
    {BERTH_TEXT_INIT("Manual"), BERTH_MLCYCLE_MANUAL},
    {BERTH_TEXT_INIT("Git"), BERTH_MLCYCLE_GIT},
    {BERTH_TEXT_INIT("Data"), BERTH_MLCYCLE_DATA},
};
static const struct berth_enum_name type_names[] = {
    {BERTH_TEXT_INIT("Metrics"), BERTH_MLCYCLE_METRICS},
    {BERTH_TEXT_INIT("BuildLogs"), BERTH_MLCYCLE_BUILD_LOGS},
    {BERTH_TEXT_INIT("Model"), BERTH_MLCYCLE_MODEL},
};

static struct berth_text name_of(const struct berth_enum_name *names, size_t count, int32_t value)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].value == value)
            return names[i].name;
    return BERTH_TEXT("");
}

struct berth_text berth_mlcycle_state_name(int32_t state)
{
    return name_of(state_names, COUNT(state_names), state);
}

struct berth_text berth_mlcycle_initiator_name(int32_t initiator)
{
    return name_of(initiator_names, COUNT(initiator_names), initiator);
}

struct berth_text berth_mlcycle_fragment_type_name(int32_t type)
{
    return name_of(type_names, COUNT(type_names), type);
}

/* ---- Shapes ---------------------------------------------------------------------------------------------
 * The order of rows is the order of the header's *_HAS_ bits. Required is what the server always sends. */

static const struct berth_field worker_fields[] = {
    ROW(berth_mlcycle_worker, name, "name", TEXT, REQUIRED),
    ROW(berth_mlcycle_worker, id, "id", GUID, REQUIRED),
};
const struct berth_shape berth_mlcycle_worker_shape = SHAPE("worker", berth_mlcycle_worker, worker_fields);

static const struct berth_field project_fields[] = {
    ROW(berth_mlcycle_project, name, "name", TEXT, REQUIRED),
    ROW(berth_mlcycle_project, git_repository, "gitRepository", TEXT, REQUIRED),
    ROW(berth_mlcycle_project, id, "id", GUID, REQUIRED),
};
const struct berth_shape berth_mlcycle_project_shape =
    SHAPE("project", berth_mlcycle_project, project_fields);

static const struct berth_field build_fields[] = {
    ROW(berth_mlcycle_build, context, "context", TEXT, 0),
    ROW(berth_mlcycle_build, dockerfile, "dockerfile", TEXT, 0),
    ROW(berth_mlcycle_build, properties, "properties", MAP, 0),
};
static const struct berth_shape build_shape =
    SHAPE(BERTH_MLCYCLE_BUILD_NAME, berth_mlcycle_build, build_fields);

static const struct berth_field docker_fields[] = {
    ROW(berth_mlcycle_docker, image, "image", TEXT, 0),
    OBJECT(berth_mlcycle_docker, build, "buildConfiguration", build_shape),
    ROW(berth_mlcycle_docker, command, "command", TEXT, 0),
    ROW(berth_mlcycle_docker, properties, "properties", MAP, 0),
};
static const struct berth_shape docker_shape =
    SHAPE(BERTH_MLCYCLE_DOCKER_NAME, berth_mlcycle_docker, docker_fields);

static const struct berth_field step_fields[] = {
    ROW(berth_mlcycle_step, name, "name", TEXT, 0),
    ROW(berth_mlcycle_step, number, "number", I32, REQUIRED),
    ROW(berth_mlcycle_step, start, "start", TIME, 0),
    ROW(berth_mlcycle_step, end, "end", TIME, 0),
    ROW(berth_mlcycle_step, state, "state", ENUM, 0),
    OBJECT(berth_mlcycle_step, docker, "docker", docker_shape),
    ROW(berth_mlcycle_step, metrics, "metrics", MAP, 0),
    ROW(berth_mlcycle_step, fragments, "fragments", LIST, 0),
};
const struct berth_shape berth_mlcycle_step_shape = SHAPE("step", berth_mlcycle_step, step_fields);

static const struct berth_field job_fields[] = {
    ROW(berth_mlcycle_job, id, "id", GUID, 0),
    ROW(berth_mlcycle_job, id, "jobId", GUID, 0),
    ROW(berth_mlcycle_job, created, "created", TIME, REQUIRED),
    ROW(berth_mlcycle_job, finished, "finished", TIME, 0),
    ROW(berth_mlcycle_job, state, "state", ENUM, 0),
    ROW(berth_mlcycle_job, initiator, "initiator", ENUM, REQUIRED),
    OBJECT(berth_mlcycle_job, project, "project", berth_mlcycle_project_shape),
    ROW(berth_mlcycle_job, project_id, "projectId", GUID, 0),
    ROW(berth_mlcycle_job, steps, "steps", LIST, 0),
    OBJECT(berth_mlcycle_job, step, "step", berth_mlcycle_step_shape),
};
const struct berth_shape berth_mlcycle_job_shape = SHAPE("job", berth_mlcycle_job, job_fields);

static const struct berth_field fragment_fields[] = {
    ROW(berth_mlcycle_fragment, job_id, "jobId", GUID, 0),
    ROW(berth_mlcycle_fragment, step_number, "stepNumber", I32, 0),
    ROW(berth_mlcycle_fragment, created, "created", TIME, REQUIRED),
    ROW(berth_mlcycle_fragment, name, "name", TEXT, REQUIRED),
    ROW(berth_mlcycle_fragment, filename, "filename", TEXT, REQUIRED),
    ROW(berth_mlcycle_fragment, type, "type", ENUM, REQUIRED),
    ROW(berth_mlcycle_fragment, id, "id", GUID, REQUIRED),
};
const struct berth_shape berth_mlcycle_fragment_shape =
    SHAPE("fragment", berth_mlcycle_fragment, fragment_fields);

/* What a request says about a worker and a project: never an id. */
static const struct berth_field named_fields[] = {
    ROW(berth_mlcycle_project, name, "name", TEXT, 0),
    ROW(berth_mlcycle_project, git_repository, "gitRepository", TEXT, 0),
};
const struct berth_shape berth_mlcycle_named_shape = SHAPE("body", berth_mlcycle_project, named_fields);

static const struct berth_field step_input_fields[] = {
    ROW(berth_mlcycle_step_input, name, "name", TEXT, 0),
    OBJECT(berth_mlcycle_step_input, docker, "docker", docker_shape),
};
const struct berth_shape berth_mlcycle_step_input_shape =
    SHAPE(BERTH_MLCYCLE_STEP_INPUT_NAME, berth_mlcycle_step_input, step_input_fields);

/* ---- Operations -----------------------------------------------------------------------------------------
 * Times (wire 0.8): JSON calls 65 s; the long poll more than the server's 180 s and less than a proxy's 300
 * s; files have no end but a longest silence: 60 s for a download, 20 min for an upload, whose answer comes
 * after the server has stored it. */

#define JSON_MS 65000
#define POLL_MS 200000
#define DOWNLOAD_IDLE_MS 60000
#define UPLOAD_IDLE_MS 1200000

#define GET(where, what, of)                                                                                 \
    {                                                                                                        \
        .method = BERTH_TEXT_INIT("GET"), .path = BERTH_TEXT_INIT(where), .timeout_ms = JSON_MS,             \
        .answer = BERTH_MLCYCLE_##what, .shape = (of)                                                        \
    }
#define CHANGE(verb, where, again, what, of)                                                                 \
    {                                                                                                        \
        .method = BERTH_TEXT_INIT(verb), .path = BERTH_TEXT_INIT(where),                                     \
        .repeat = BERTH_HTTP_REPEAT_##again, .timeout_ms = JSON_MS, .answer = BERTH_MLCYCLE_##what,          \
        .shape = (of)                                                                                        \
    }
#define DOWNLOAD(where)                                                                                      \
    {                                                                                                        \
        .method = BERTH_TEXT_INIT("GET"), .path = BERTH_TEXT_INIT(where), .idle_ms = DOWNLOAD_IDLE_MS,       \
        .answer = BERTH_MLCYCLE_FILE                                                                         \
    }

/* In the order of enum berth_mlcycle_operation_index. */
const struct berth_mlcycle_operation berth_mlcycle_operations[BERTH_MLCYCLE_OPERATION_COUNT] = {
    [BERTH_MLCYCLE_WORKERS_LIST] = GET("/workers", LIST, &berth_mlcycle_worker_shape),
    [BERTH_MLCYCLE_WORKERS_GET] = GET("/workers/{id}", ONE, &berth_mlcycle_worker_shape),
    [BERTH_MLCYCLE_WORKERS_ADD] = CHANGE("POST", "/workers", NEVER, ONE, &berth_mlcycle_worker_shape),
    [BERTH_MLCYCLE_WORKERS_UPDATE] = CHANGE("PUT", "/workers/{id}", ALWAYS, ONE, &berth_mlcycle_worker_shape),
    [BERTH_MLCYCLE_WORKERS_DELETE] = CHANGE("DELETE", "/workers/{id}", ALWAYS, NOTHING, NULL),
    [BERTH_MLCYCLE_PROJECTS_LIST] = GET("/projects", LIST, &berth_mlcycle_project_shape),
    [BERTH_MLCYCLE_PROJECTS_GET] = GET("/projects/{id}", ONE, &berth_mlcycle_project_shape),
    [BERTH_MLCYCLE_PROJECTS_ADD] = CHANGE("POST", "/projects", NEVER, ONE, &berth_mlcycle_project_shape),
    [BERTH_MLCYCLE_PROJECTS_UPDATE] =
        CHANGE("PUT", "/projects/{id}", ALWAYS, ONE, &berth_mlcycle_project_shape),
    [BERTH_MLCYCLE_PROJECTS_DELETE] = CHANGE("DELETE", "/projects/{id}", ALWAYS, NOTHING, NULL),
    [BERTH_MLCYCLE_JOBS_LIST] = GET("/jobs", LIST, &berth_mlcycle_job_shape),
    [BERTH_MLCYCLE_JOBS_GET] = GET("/jobs/{id}", ONE, &berth_mlcycle_job_shape),
    [BERTH_MLCYCLE_JOBS_ADD_STEPS] = CHANGE("POST", "/jobs/{id}/steps", NEVER, ONE, &berth_mlcycle_job_shape),
    [BERTH_MLCYCLE_JOBS_ADD_METRICS] =
        CHANGE("POST", "/jobs/{id}/step/{number}/metrics", ALWAYS, ONE, &berth_mlcycle_job_shape),
    [BERTH_MLCYCLE_JOBS_TRIGGER] =
        CHANGE("POST", "/jobs/project/{id}/trigger", NEVER, ONE, &berth_mlcycle_job_shape),
    [BERTH_MLCYCLE_SCHEDULER_PENDING] = {.method = BERTH_TEXT_INIT("GET"),
                                         .path = BERTH_TEXT_INIT("/scheduler"),
                                         .timeout_ms = POLL_MS,
                                         .idle_ms = POLL_MS,
                                         .answer = BERTH_MLCYCLE_LIST,
                                         .shape = &berth_mlcycle_job_shape},
    [BERTH_MLCYCLE_SCHEDULER_CLAIM] =
        CHANGE("POST", "/scheduler/{id}/step/{number}/claim", NEVER, NOTHING, NULL),
    [BERTH_MLCYCLE_SCHEDULER_COMPLETE] =
        CHANGE("POST", "/scheduler/{id}/step/{number}/complete", ALWAYS, NOTHING, NULL),
    [BERTH_MLCYCLE_SCHEDULER_ERROR] =
        CHANGE("POST", "/scheduler/{id}/step/{number}/error", ALWAYS, NOTHING, NULL),
    [BERTH_MLCYCLE_FRAGMENTS_LIST] = GET("/fragments/job/{id}", LIST, &berth_mlcycle_fragment_shape),
    [BERTH_MLCYCLE_FRAGMENTS_LIST_STEP] =
        GET("/fragments/job/{id}/step/{number}", LIST, &berth_mlcycle_fragment_shape),
    [BERTH_MLCYCLE_FRAGMENTS_GET] = DOWNLOAD("/fragments/{id}"),
    [BERTH_MLCYCLE_FRAGMENTS_LATEST_BY_JOB] = DOWNLOAD("/fragments/job/{id}/name/{name}"),
    [BERTH_MLCYCLE_FRAGMENTS_LATEST_BY_PROJECT] = DOWNLOAD("/fragments/project/{id}/name/{name}"),
    [BERTH_MLCYCLE_FRAGMENTS_UPLOAD] = {.method = BERTH_TEXT_INIT("POST"),
                                        .path = BERTH_TEXT_INIT("/fragments/job/{id}/step/{number}"),
                                        .repeat = BERTH_HTTP_REPEAT_ALWAYS,
                                        .idle_ms = UPLOAD_IDLE_MS,
                                        .answer = BERTH_MLCYCLE_ONE,
                                        .shape = &berth_mlcycle_fragment_shape},
};
