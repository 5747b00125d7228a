/* mlcycle's operations over the memory ports, and what they deliver as text. */
#include "mlcycle_rig.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"

/* ---- What is delivered, as text --------------------------------------------------------------- */

static void put(struct berth_writer *w, const char *text)
{
    berth_put_string(w, text);
}

static void put_quoted(struct berth_writer *w, const char *before, struct berth_text text)
{
    put(w, before);
    if (text.ptr == NULL) {
        put(w, "-");
        return;
    }
    put(w, "\"");
    berth_put_text(w, text);
    put(w, "\"");
}

static void put_guid(struct berth_writer *w, const char *before, const struct berth_guid *guid)
{
    put(w, before);
    berth_put_text(w, berth_guid_text(guid));
}

static void put_time(struct berth_writer *w, const char *before, struct berth_time time)
{
    put(w, before);
    if (berth_put_rfc3339(w, time) != BERTH_OK)
        put(w, "?");
}

static void put_enum(struct berth_writer *w, struct berth_enum value, struct berth_text (*name)(int32_t))
{
    struct berth_text text = name(value.value);
    put(w, " ");
    if (text.len > 0)
        berth_put_text(w, text);
    else
        berth_put_i64(w, value.value);
}

static void tell_metrics(struct berth_writer *w, struct berth_json_list metrics)
{
    struct berth_mlcycle_metric metric;
    while (berth_mlcycle_next_metric(&metrics, &metric) == BERTH_OK) {
        put(w, "    metric ");
        berth_put_text(w, metric.key);
        put(w, " = ");
        switch (metric.kind) {
        case BERTH_MLCYCLE_METRIC_TEXT:
            put_quoted(w, "", metric.text);
            break;
        case BERTH_MLCYCLE_METRIC_I64:
            berth_put_i64(w, metric.i64);
            break;
        default:
            berth_put_text(w, metric.raw);
        }
        put(w, "\n");
    }
}

static void tell_fragment(struct berth_writer *w, const char *indent,
                          const struct berth_mlcycle_fragment *fragment)
{
    put(w, indent);
    put_guid(w, "fragment ", &fragment->id);
    put_guid(w, " of ", &fragment->job_id);
    put(w, "/");
    berth_put_i64(w, fragment->step_number);
    put_quoted(w, " ", fragment->name);
    put(w, " ");
    berth_put_text(w, fragment->filename);
    put_enum(w, fragment->type, berth_mlcycle_fragment_type_name);
    put_time(w, " created ", fragment->created);
    put(w, "\n");
}

static void tell_docker(struct berth_writer *w, const struct berth_mlcycle_docker *docker)
{
    if (docker->present == 0)
        put(w, " docker");
    if ((docker->present & BERTH_MLCYCLE_DOCKER_HAS_IMAGE) != 0)
        put_quoted(w, " image ", docker->image);
    if ((docker->present & BERTH_MLCYCLE_DOCKER_HAS_BUILD) != 0) {
        put_quoted(w, " build ", docker->build.context);
        put_quoted(w, " ", docker->build.dockerfile);
        if ((docker->build.present & BERTH_MLCYCLE_BUILD_HAS_PROPERTIES) != 0) {
            put(w, " ");
            berth_put_bytes(w, docker->build.properties.ptr, docker->build.properties.len);
        }
    }
    if ((docker->present & BERTH_MLCYCLE_DOCKER_HAS_COMMAND) != 0)
        put_quoted(w, " command ", docker->command);
    if ((docker->present & BERTH_MLCYCLE_DOCKER_HAS_PROPERTIES) != 0) {
        put(w, " properties ");
        berth_put_bytes(w, docker->properties.ptr, docker->properties.len);
    }
}

static void tell_step(struct berth_writer *w, const char *what, const struct berth_guid *job,
                      const struct berth_mlcycle_step *step)
{
    struct berth_json_list fragments = step->fragments;
    struct berth_mlcycle_fragment fragment;
    put(w, what);
    berth_put_i64(w, step->number);
    put_quoted(w, " ", step->name);
    if ((step->present & BERTH_MLCYCLE_STEP_HAS_START) != 0)
        put_time(w, " start ", step->start);
    if ((step->present & BERTH_MLCYCLE_STEP_HAS_END) != 0)
        put_time(w, " end ", step->end);
    if ((step->present & BERTH_MLCYCLE_STEP_HAS_STATE) != 0)
        put_enum(w, step->state, berth_mlcycle_state_name);
    if ((step->present & BERTH_MLCYCLE_STEP_HAS_DOCKER) != 0)
        tell_docker(w, &step->docker);
    put(w, "\n");
    while (job != NULL &&
           berth_mlcycle_next_fragment(&fragments, job, step->number, &fragment, NULL) == BERTH_OK)
        tell_fragment(w, "    ", &fragment);
    tell_metrics(w, step->metrics);
}

static void tell_job(struct berth_writer *w, const struct berth_mlcycle_job *job)
{
    struct berth_json_list steps = job->steps;
    struct berth_mlcycle_step step;
    enum berth_status status;
    put_guid(w, "job ", &job->id);
    put_time(w, " created ", job->created);
    if ((job->present & BERTH_MLCYCLE_JOB_HAS_FINISHED) != 0)
        put_time(w, " finished ", job->finished);
    if ((job->present & BERTH_MLCYCLE_JOB_HAS_STATE) != 0)
        put_enum(w, job->state, berth_mlcycle_state_name);
    put_enum(w, job->initiator, berth_mlcycle_initiator_name);
    put(w, "\n");
    if (berth_guid_is_set(&job->project_id)) {
        put_guid(w, "  project ", &job->project_id);
        if ((job->present & BERTH_MLCYCLE_JOB_HAS_PROJECT) != 0) {
            put_quoted(w, " ", job->project.name);
            put(w, " ");
            berth_put_text(w, job->project.git_repository);
        }
        put(w, "\n");
    }
    if ((job->present & BERTH_MLCYCLE_JOB_HAS_STEP) != 0)
        tell_step(w, "  due ", &job->id, &job->step);
    while ((status = berth_mlcycle_next_step(&steps, &step, NULL)) == BERTH_OK)
        tell_step(w, "  step ", &job->id, &step);
    if (status != BERTH_E_MISSING)
        put(w, "  a step that cannot be decoded\n");
}

static enum berth_status on_job(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct mlcycle_rig *m = ctx;
    if (structure == NULL)
        put(&m->told, "skipped\n");
    else if (element->level == 1)
        tell_job(&m->told, structure);
    else if (element->level == 2)
        tell_step(&m->told, "step ", NULL, structure);
    else
        tell_fragment(&m->told, "", structure);
    return BERTH_OK;
}

static enum berth_status on_worker(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct mlcycle_rig *m = ctx;
    const struct berth_mlcycle_worker *worker = structure;
    (void)element;
    put_quoted(&m->told, "worker ", worker->name);
    put_guid(&m->told, " ", &worker->id);
    put(&m->told, "\n");
    return BERTH_OK;
}

static enum berth_status on_project(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct mlcycle_rig *m = ctx;
    const struct berth_mlcycle_project *project = structure;
    (void)element;
    put_quoted(&m->told, "project ", project->name);
    put(&m->told, " ");
    berth_put_text(&m->told, project->git_repository);
    put_guid(&m->told, " ", &project->id);
    put(&m->told, "\n");
    return BERTH_OK;
}

static enum berth_status on_fragment(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct mlcycle_rig *m = ctx;
    (void)element;
    tell_fragment(&m->told, "", structure);
    return BERTH_OK;
}

static enum berth_status on_bytes(void *ctx, const void *bytes, size_t len)
{
    struct mlcycle_rig *m = ctx;
    const char *p = bytes;
    if (!m->in_bytes)
        put(&m->told, "bytes ");
    m->in_bytes = true;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\n')
            put(&m->told, "\\n");
        else
            berth_put_char(&m->told, p[i]);
    }
    return BERTH_OK;
}

/* ---- Operations ------------------------------------------------------------------------------- */

static const struct berth_guid job_id = {MLCYCLE_J};
static const struct berth_guid project_id = {MLCYCLE_P};
static const struct berth_guid worker_id = {MLCYCLE_W};
static const struct berth_guid fragment_id = {MLCYCLE_F};

#define OPERATION(name, call)                                                                                \
    static enum berth_status name(struct mlcycle_rig *m)                                                     \
    {                                                                                                        \
        return berth_mlcycle_##call;                                                                         \
    }
#define C &m->call, &m->client

OPERATION(workers_list, workers_list(C, on_worker, m))
OPERATION(workers_get, workers_get(C, &worker_id, on_worker, m))
OPERATION(workers_add, workers_add(C, BERTH_TEXT("gpu-\"a\""), on_worker, m))
OPERATION(workers_update, workers_update(C, &worker_id, BERTH_TEXT("b"), on_worker, m))
OPERATION(workers_delete, workers_delete(C, &worker_id))
OPERATION(projects_list, projects_list(C, on_project, m))
OPERATION(projects_get, projects_get(C, &project_id, on_project, m))
OPERATION(projects_add, projects_add(C, BERTH_TEXT("n"), BERTH_TEXT("git@g:x.git"), on_project, m))
OPERATION(projects_update, projects_update(C, &project_id, BERTH_TEXT("n"), BERTH_TEXT("r"), on_project, m))
OPERATION(projects_delete, projects_delete(C, &project_id))
OPERATION(jobs_list, jobs_list(C, BERTH_MLCYCLE_WHOLE_JOBS, on_job, m))
OPERATION(jobs_list_steps, jobs_list(C, BERTH_MLCYCLE_EACH_STEP, on_job, m))
OPERATION(jobs_get, jobs_get(C, &job_id, BERTH_MLCYCLE_WHOLE_JOBS, on_job, m))
OPERATION(jobs_get_steps, jobs_get(C, &job_id, BERTH_MLCYCLE_EACH_STEP, on_job, m))
OPERATION(jobs_get_fragments, jobs_get(C, &job_id, BERTH_MLCYCLE_EACH_FRAGMENT, on_job, m))
OPERATION(jobs_trigger, jobs_trigger(C, &project_id, 0, on_job, m))
OPERATION(jobs_trigger_data, jobs_trigger(C, &project_id, 2, on_job, m))
OPERATION(pending, scheduler_pending(C, 0, on_job, m))
OPERATION(claim, scheduler_claim(C, &job_id, 0))
OPERATION(complete, scheduler_complete(C, &job_id, 0))
OPERATION(fail, scheduler_error(C, &job_id, 2147483647))
OPERATION(fragments_list, fragments_list(C, &job_id, on_fragment, m))
OPERATION(fragments_list_step, fragments_list_step(C, &job_id, 0, on_fragment, m))
OPERATION(fragments_get, fragments_get(C, &fragment_id, &m->sink))
OPERATION(latest_by_job, fragments_latest_by_job(C, &job_id,
                                                 BERTH_TEXT("Gr\xc3\xb6\xc3\x9f"
                                                            "e 1#.csv"),
                                                 &m->sink))
OPERATION(latest_by_project, fragments_latest_by_project(C, &project_id, BERTH_TEXT("a+b%?.~_-"), &m->sink))

static enum berth_status add_steps(struct mlcycle_rig *m)
{
    struct berth_mlcycle_step steps[2];
    memset(steps, 0, sizeof steps);
    steps[0].name = BERTH_TEXT("Fit");
    steps[0].number = 7; /* not sent, as everything but name and docker */
    steps[0].present = 0xff;
    steps[0].docker.build.context = BERTH_TEXT("./docker/");
    steps[0].docker.build.dockerfile = BERTH_TEXT("fit.dockerfile");
    steps[0].docker.command = BERTH_TEXT("python fit.py");
    steps[1].name = BERTH_TEXT("Report");
    steps[1].docker.image = BERTH_TEXT("py:3");
    return berth_mlcycle_jobs_add_steps(C, &job_id, steps, 2, on_job, m);
}

static enum berth_status add_steps_json(struct mlcycle_rig *m)
{
    static const char json[] = " [ {\"number\":1,\"docker\":{\"command\":\"python "
                               "fit.py\",\"buildConfiguration\":{\"dockerfile\":\"fit.dock\\u0065rfile\","
                               "\"context\":\"./docker/"
                               "\"},\"image\":null},\"name\":\"Fit\",\"id\":3},\n{\"name\":\"Report\","
                               "\"docker\":{\"image\":\"py:3\","
                               "\"command\":\"\"}}] ";
    char *copy = guard_copy(json, sizeof json - 1);
    enum berth_status status =
        berth_mlcycle_jobs_add_steps_json(C, &job_id, copy, sizeof json - 1, on_job, m, NULL);
    guard_free(copy);
    return status;
}

static enum berth_status add_metrics(struct mlcycle_rig *m)
{
    struct berth_mlcycle_metric metrics[] = {
        {.key = BERTH_TEXT("loss"), .kind = BERTH_MLCYCLE_METRIC_DOUBLE, .number = 0.0625},
        {.key = BERTH_TEXT("epoch"), .kind = BERTH_MLCYCLE_METRIC_I64, .i64 = 3},
        {.key = BERTH_TEXT("acc"), .kind = BERTH_MLCYCLE_METRIC_DOUBLE, .number = 1},
        {.key = BERTH_TEXT("lr"), .kind = BERTH_MLCYCLE_METRIC_DOUBLE, .number = -1e300},
        {.key = BERTH_TEXT("best"), .kind = BERTH_MLCYCLE_METRIC_NULL},
        {.key = BERTH_TEXT("ok"), .kind = BERTH_MLCYCLE_METRIC_BOOL, .boolean = true},
        {.key = BERTH_TEXT("tag"), .kind = BERTH_MLCYCLE_METRIC_TEXT, .text = BERTH_TEXT("l\xc3\xa4uft")},
    };
    return berth_mlcycle_jobs_add_metrics(C, &job_id, 1, metrics, sizeof metrics / sizeof metrics[0], on_job,
                                          m);
}

OPERATION(add_metrics_json,
          jobs_add_metrics_json(C, &job_id, 1, BERTH_TEXT("{\"loss\":0.0625,\"epoch\":3}"), on_job, m, NULL))

static enum berth_status upload(struct mlcycle_rig *m)
{
    memset(&m->upload, 0, sizeof m->upload);
    m->upload.name = BERTH_TEXT("Console Log");
    m->upload.filename = BERTH_TEXT("3_console.log");
    m->upload.type = BERTH_MLCYCLE_BUILD_LOGS;
    m->upload.file = berth_source_of_text(&m->file, BERTH_TEXT("line one\nline two\n"));
    m->upload.rand = &m->rig.rand;
    return berth_mlcycle_fragments_upload(C, &job_id, 3, &m->upload, on_fragment, m);
}

#define NO_BODY MLCYCLE_HEAD "\r\n"
#define EMPTY_BODY MLCYCLE_HEAD "Content-Length: 0\r\n\r\n"
#define JSON_BODY(length, body)                                                                              \
    MLCYCLE_HEAD "Content-Type: application/json\r\nContent-Length: " length "\r\n\r\n" body
#define V8                                                                                                   \
    "[{\"name\":\"Fit\",\"docker\":{\"buildConfiguration\":{\"context\":\"./docker/\",\"dockerfile\":\"fit." \
    "dockerfile\"},\"command\":\"python fit.py\"}},{\"name\":\"Report\",\"docker\":{\"image\":\"py:3\"}}]"

const struct mlcycle_operation mlcycle_operations[] = {
    {"workers_list", workers_list, "GET /api/workers HTTP/1.1\r\n" NO_BODY},
    {"workers_get", workers_get, "GET /api/workers/" MLCYCLE_W " HTTP/1.1\r\n" NO_BODY},
    {"workers_add", workers_add,
     "POST /api/workers HTTP/1.1\r\n" JSON_BODY("20", "{\"name\":\"gpu-\\\"a\\\"\"}")},
    {"workers_update", workers_update,
     "PUT /api/workers/" MLCYCLE_W " HTTP/1.1\r\n" JSON_BODY("12", "{\"name\":\"b\"}")},
    {"workers_delete", workers_delete, "DELETE /api/workers/" MLCYCLE_W " HTTP/1.1\r\n" NO_BODY},
    {"projects_list", projects_list, "GET /api/projects HTTP/1.1\r\n" NO_BODY},
    {"projects_get", projects_get, "GET /api/projects/" MLCYCLE_P " HTTP/1.1\r\n" NO_BODY},
    {"projects_add", projects_add,
     "POST /api/projects HTTP/1.1\r\n" JSON_BODY("42", "{\"name\":\"n\",\"gitRepository\":\"git@g:x.git\"}")},
    {"projects_update", projects_update,
     "PUT /api/projects/" MLCYCLE_P
     " HTTP/1.1\r\n" JSON_BODY("32", "{\"name\":\"n\",\"gitRepository\":\"r\"}")},
    {"projects_delete", projects_delete, "DELETE /api/projects/" MLCYCLE_P " HTTP/1.1\r\n" NO_BODY},
    {"jobs_list", jobs_list, "GET /api/jobs HTTP/1.1\r\n" NO_BODY},
    {"jobs_list_steps", jobs_list_steps, "GET /api/jobs HTTP/1.1\r\n" NO_BODY},
    {"jobs_get", jobs_get, "GET /api/jobs/" MLCYCLE_J " HTTP/1.1\r\n" NO_BODY},
    {"jobs_get_steps", jobs_get_steps, "GET /api/jobs/" MLCYCLE_J " HTTP/1.1\r\n" NO_BODY},
    {"jobs_get_fragments", jobs_get_fragments, "GET /api/jobs/" MLCYCLE_J " HTTP/1.1\r\n" NO_BODY},
    {"jobs_trigger", jobs_trigger, "POST /api/jobs/project/" MLCYCLE_P "/trigger HTTP/1.1\r\n" EMPTY_BODY},
    {"jobs_trigger_data", jobs_trigger_data,
     "POST /api/jobs/project/" MLCYCLE_P "/trigger?initiator=2 HTTP/1.1\r\n" EMPTY_BODY},
    {"add_steps", add_steps, "POST /api/jobs/" MLCYCLE_J "/steps HTTP/1.1\r\n" JSON_BODY("172", V8)},
    {"add_steps_json", add_steps_json,
     "POST /api/jobs/" MLCYCLE_J "/steps HTTP/1.1\r\n" JSON_BODY("172", V8)},
    {"add_metrics", add_metrics,
     "POST /api/jobs/" MLCYCLE_J
     "/step/1/metrics HTTP/1.1\r\n" JSON_BODY("84", "{\"loss\":0.0625,\"epoch\":3,\"acc\":1.0,\"lr\":-1e300,"
                                                    "\"best\":null,\"ok\":true,\"tag\":\"l\xc3\xa4"
                                                    "uft\"}")},
    {"add_metrics_json", add_metrics_json,
     "POST /api/jobs/" MLCYCLE_J
     "/step/1/metrics HTTP/1.1\r\n" JSON_BODY("25", "{\"loss\":0.0625,\"epoch\":3}")},
    {"pending", pending, "GET /api/scheduler HTTP/1.1\r\n" NO_BODY},
    {"claim", claim, "POST /api/scheduler/" MLCYCLE_J "/step/0/claim HTTP/1.1\r\n" EMPTY_BODY},
    {"complete", complete, "POST /api/scheduler/" MLCYCLE_J "/step/0/complete HTTP/1.1\r\n" EMPTY_BODY},
    {"error", fail, "POST /api/scheduler/" MLCYCLE_J "/step/2147483647/error HTTP/1.1\r\n" EMPTY_BODY},
    {"fragments_list", fragments_list, "GET /api/fragments/job/" MLCYCLE_J " HTTP/1.1\r\n" NO_BODY},
    {"fragments_list_step", fragments_list_step,
     "GET /api/fragments/job/" MLCYCLE_J "/step/0 HTTP/1.1\r\n" NO_BODY},
    {"fragments_get", fragments_get, "GET /api/fragments/" MLCYCLE_F " HTTP/1.1\r\n" NO_BODY},
    {"latest_by_job", latest_by_job,
     "GET /api/fragments/job/" MLCYCLE_J "/name/Gr%C3%B6%C3%9Fe%201%23.csv HTTP/1.1\r\n" NO_BODY},
    {"latest_by_project", latest_by_project,
     "GET /api/fragments/project/" MLCYCLE_P "/name/a%2Bb%25%3F.~_- HTTP/1.1\r\n" NO_BODY},
    {"upload", upload, NULL}, /* its boundary is random */
};
const size_t mlcycle_operation_count = sizeof mlcycle_operations / sizeof mlcycle_operations[0];

const struct mlcycle_operation *mlcycle_find(const char *name)
{
    for (size_t i = 0; i < mlcycle_operation_count; i++)
        if (strcmp(mlcycle_operations[i].name, name) == 0)
            return &mlcycle_operations[i];
    abort();
}

/* ---- Running ---------------------------------------------------------------------------------- */

void mlcycle_reset(struct mlcycle_rig *m, size_t work_size)
{
    guard_free(m->work);
    m->work = guard_new(work_size);
    rig_configure(&m->rig);
    m->sink = (struct berth_sink){m, on_bytes, NULL};
    if (berth_client_init(&m->client, &m->rig.http, BERTH_TEXT(MLCYCLE_BASE "//"), m->work, work_size,
                          NULL) != BERTH_OK)
        abort();
    berth_writer_init(&m->told, m->text, sizeof m->text);
    m->in_bytes = false;
}

void mlcycle_open(struct mlcycle_rig *m, size_t work_size)
{
    memset(m, 0, sizeof *m);
    rig_open(&m->rig, 4096);
    m->rig.config.redirect_upgrade_only = true;
    m->work = guard_new(1);
    mlcycle_reset(m, work_size);
}

void mlcycle_close(struct mlcycle_rig *m)
{
    rig_close(&m->rig);
    guard_free(m->work);
    m->work = NULL;
}

enum berth_status mlcycle_run(struct mlcycle_rig *m, uint32_t timeout_ms, bool stepwise)
{
    if (!stepwise)
        return berth_call_run(&m->call, timeout_ms);
    enum berth_status status = berth_call_start(&m->call, timeout_ms);
    if (status != BERTH_OK)
        return status;
    for (unsigned steps = 0; (status = berth_call_step(&m->call, 0)) == BERTH_E_WOULD_BLOCK; steps++) {
        uint32_t wait_ms = 0;
        berth_http_want(&m->rig.http, &wait_ms);
        if (!m->rig.mem.blocked)
            m->rig.mem_clock.now_ms += wait_ms < 10 ? wait_ms : 10;
        if (steps > 2000000)
            abort();
    }
    return status;
}

const char *mlcycle_told(struct mlcycle_rig *m, enum berth_status status)
{
    if (m->in_bytes)
        put(&m->told, "\n");
    put(&m->told, "end ");
    put(&m->told, berth_status_name(status));
    if (m->call.result.maybe_done)
        put(&m->told, ", maybe done");
    if (status != BERTH_OK) {
        put(&m->told, ": ");
        put(&m->told, m->call.result.message);
    }
    put(&m->told, "\n");
    if (berth_writer_terminate(&m->told) != BERTH_OK)
        abort();
    return m->text;
}
