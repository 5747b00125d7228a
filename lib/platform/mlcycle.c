/* mlcycle's 25 operations: each is a row of the operation table and its arguments. */
#include "platform/mlcycle.h"

#include <string.h>

#include "platform/call.h"

#define FILENAME_MAX_LEN 255

static const struct berth_text absent = {NULL, 0};

/* ---- Building a call -------------------------------------------------------------------------- */

struct arguments {
    const struct berth_guid *id;
    int32_t number;
    struct berth_text name;
    berth_call_element_fn *on_element;
    void *ctx;
};

/* Fills one hole of a path. */
static enum berth_status put_hole(struct berth_writer *w, struct berth_text hole, const struct arguments *a)
{
    if (berth_text_equal(hole, BERTH_TEXT("id"))) {
        if (a->id == NULL || !berth_guid_is_set(a->id) || berth_guid_is_nil(a->id))
            return BERTH_E_ARGUMENT;
        berth_put_text(w, berth_guid_text(a->id));
    } else if (berth_text_equal(hole, BERTH_TEXT("number"))) {
        if (a->number < 0)
            return BERTH_E_ARGUMENT;
        berth_put_i64(w, a->number);
    } else {
        if (a->name.len == 0 || berth_text_find_byte(a->name, '/') != SIZE_MAX ||
            berth_text_equal(a->name, BERTH_TEXT(".")) || berth_text_equal(a->name, BERTH_TEXT("..")))
            return BERTH_E_ARGUMENT;
        berth_put_percent(w, a->name);
    }
    return BERTH_OK;
}

static enum berth_status put_path(struct berth_writer *w, struct berth_text path, const struct arguments *a)
{
    while (path.len > 0) {
        size_t open = berth_text_find_byte(path, '{');
        size_t close = berth_text_find_byte(path, '}');
        berth_put_text(w, berth_text_slice(path, 0, open));
        if (open == SIZE_MAX)
            break;
        BERTH_TRY(put_hole(w, berth_text_slice(path, open + 1, close), a));
        path = berth_text_slice(path, close + 1, path.len);
    }
    return berth_writer_status(w);
}

/* What the three wire shapes of a job leave out (wire 2.2). */
static enum berth_status complete_job(const struct berth_call *call, struct berth_mlcycle_job *job,
                                      const char **out_reason)
{
    uint32_t ids = BERTH_MLCYCLE_JOB_HAS_ID | BERTH_MLCYCLE_JOB_HAS_JOB_ID;
    uint32_t steps = BERTH_MLCYCLE_JOB_HAS_STEPS | BERTH_MLCYCLE_JOB_HAS_STEP;
    if (call->operation == BERTH_MLCYCLE_SCHEDULER_PENDING)
        steps = BERTH_MLCYCLE_JOB_HAS_STEP;
    else
        ids |= BERTH_MLCYCLE_JOB_HAS_STATE;
    if ((job->present & (BERTH_MLCYCLE_JOB_HAS_ID | BERTH_MLCYCLE_JOB_HAS_JOB_ID)) == 0)
        *out_reason = "its id is missing";
    else if ((job->present & steps) == 0)
        *out_reason = "its steps are missing";
    else if ((ids & BERTH_MLCYCLE_JOB_HAS_STATE) != 0 && (job->present & BERTH_MLCYCLE_JOB_HAS_STATE) == 0)
        *out_reason = "its state is missing";
    else {
        if ((job->present & BERTH_MLCYCLE_JOB_HAS_PROJECT_ID) == 0)
            job->project_id = job->project.id;
        return BERTH_OK;
    }
    return BERTH_E_MISSING;
}

/* In a job's document a fragment does not say where it belongs: the job is the one that was asked for, the
 * step the one that it stands in, whose number may not have been read yet. */
static void complete_fragment(const struct berth_call *call, const struct berth_json_element *element,
                              struct berth_mlcycle_fragment *fragment)
{
    static const size_t id_at = sizeof "/jobs/" - 1;
    struct berth_text id = berth_text_make(call->target + id_at, sizeof fragment->job_id.text - 1);
    if (call->operation != BERTH_MLCYCLE_JOBS_GET || berth_guid_parse(id, &fragment->job_id) != BERTH_OK ||
        !berth_mlcycle_find_i32(element->outer, BERTH_TEXT("number"), &fragment->step_number))
        fragment->step_number = -1;
}

static enum berth_status complete(const struct berth_call *call, const struct berth_json_element *element,
                                  void *structure, const char **out_reason)
{
    if (element->level == 1 && call->shape == &berth_mlcycle_job_shape)
        return complete_job(call, structure, out_reason);
    if (element->level == 3)
        complete_fragment(call, element, structure);
    return BERTH_OK;
}

/* Describes operation INDEX. The client's work memory is left alone. */
static enum berth_status describe(struct berth_call *call, struct berth_client *client,
                                  enum berth_mlcycle_operation_index index, const struct arguments *a)
{
    const struct berth_mlcycle_operation *operation = &berth_mlcycle_operations[index];
    struct berth_writer target;
    berth_call_init(call, client);
    call->operation = index;
    call->method = operation->method;
    call->repeat = operation->repeat;
    call->timeout_ms = operation->timeout_ms;
    call->idle_ms = operation->idle_ms;
    call->shape = operation->shape;
    call->judge = berth_mlcycle_judge;
    call->complete = complete;
    call->on_element = a->on_element;
    call->element_ctx = a->ctx;
    call->path = BERTH_TEXT("[*]");
    call->single = operation->answer == BERTH_MLCYCLE_ONE;
    call->attachment = true;
    call->answer = operation->answer == BERTH_MLCYCLE_NOTHING ? BERTH_ANSWER_NONE
                   : operation->answer == BERTH_MLCYCLE_FILE  ? BERTH_ANSWER_BYTES
                                                              : BERTH_ANSWER_JSON;
    berth_writer_init(&target, call->target, sizeof call->target);
    BERTH_TRY(put_path(&target, operation->path, a));
    return berth_writer_terminate(&target);
}

/* ---- Workers and projects --------------------------------------------------------------------- */

static enum berth_status plain(struct berth_call *call, struct berth_client *client,
                               enum berth_mlcycle_operation_index index, const struct berth_guid *id,
                               berth_call_element_fn *on_element, void *ctx)
{
    return describe(call, client, index, &(struct arguments){.id = id, .on_element = on_element, .ctx = ctx});
}

/* Add and update: the whole thing is sent, without an id. */
static enum berth_status named(struct berth_call *call, struct berth_client *client,
                               enum berth_mlcycle_operation_index index, const struct berth_guid *id,
                               struct berth_text name, const struct berth_text *git_repository,
                               berth_call_element_fn *on_element, void *ctx)
{
    struct berth_mlcycle_project body;
    struct berth_json_writer json;
    struct berth_writer w;
    if (berth_text_trim(name).len == 0 ||
        (git_repository != NULL && berth_text_trim(*git_repository).len == 0))
        return BERTH_E_ARGUMENT;
    BERTH_TRY(plain(call, client, index, id, on_element, ctx));
    memset(&body, 0, sizeof body);
    body.present = git_repository != NULL ? 3 : 1;
    body.name = name;
    body.git_repository = git_repository != NULL ? *git_repository : absent;
    berth_writer_init(&w, client->work, client->work_size);
    berth_json_writer_init(&json, &w);
    berth_fields_encode(&berth_mlcycle_named_shape, &body, &json);
    BERTH_TRY(berth_json_done(&json));
    berth_call_set_json(call, w.len);
    return BERTH_OK;
}

enum berth_status berth_mlcycle_workers_list(struct berth_call *out_call, struct berth_client *client,
                                             berth_call_element_fn *on_worker, void *ctx)
{
    return plain(out_call, client, BERTH_MLCYCLE_WORKERS_LIST, NULL, on_worker, ctx);
}

enum berth_status berth_mlcycle_workers_get(struct berth_call *out_call, struct berth_client *client,
                                            const struct berth_guid *id, berth_call_element_fn *on_worker,
                                            void *ctx)
{
    return plain(out_call, client, BERTH_MLCYCLE_WORKERS_GET, id, on_worker, ctx);
}

enum berth_status berth_mlcycle_workers_add(struct berth_call *out_call, struct berth_client *client,
                                            struct berth_text name, berth_call_element_fn *on_worker,
                                            void *ctx)
{
    return named(out_call, client, BERTH_MLCYCLE_WORKERS_ADD, NULL, name, NULL, on_worker, ctx);
}

enum berth_status berth_mlcycle_workers_update(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *id, struct berth_text name,
                                               berth_call_element_fn *on_worker, void *ctx)
{
    return named(out_call, client, BERTH_MLCYCLE_WORKERS_UPDATE, id, name, NULL, on_worker, ctx);
}

enum berth_status berth_mlcycle_workers_delete(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *id)
{
    return plain(out_call, client, BERTH_MLCYCLE_WORKERS_DELETE, id, NULL, NULL);
}

enum berth_status berth_mlcycle_projects_list(struct berth_call *out_call, struct berth_client *client,
                                              berth_call_element_fn *on_project, void *ctx)
{
    return plain(out_call, client, BERTH_MLCYCLE_PROJECTS_LIST, NULL, on_project, ctx);
}

enum berth_status berth_mlcycle_projects_get(struct berth_call *out_call, struct berth_client *client,
                                             const struct berth_guid *id, berth_call_element_fn *on_project,
                                             void *ctx)
{
    return plain(out_call, client, BERTH_MLCYCLE_PROJECTS_GET, id, on_project, ctx);
}

enum berth_status berth_mlcycle_projects_add(struct berth_call *out_call, struct berth_client *client,
                                             struct berth_text name, struct berth_text git_repository,
                                             berth_call_element_fn *on_project, void *ctx)
{
    return named(out_call, client, BERTH_MLCYCLE_PROJECTS_ADD, NULL, name, &git_repository, on_project, ctx);
}

enum berth_status berth_mlcycle_projects_update(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *id, struct berth_text name,
                                                struct berth_text git_repository,
                                                berth_call_element_fn *on_project, void *ctx)
{
    return named(out_call, client, BERTH_MLCYCLE_PROJECTS_UPDATE, id, name, &git_repository, on_project, ctx);
}

enum berth_status berth_mlcycle_projects_delete(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *id)
{
    return plain(out_call, client, BERTH_MLCYCLE_PROJECTS_DELETE, id, NULL, NULL);
}

/* ---- Jobs ------------------------------------------------------------------------------------- */

static enum berth_status jobs(struct berth_call *call, struct berth_client *client,
                              enum berth_mlcycle_operation_index index, const struct berth_guid *id,
                              enum berth_mlcycle_detail detail, berth_call_element_fn *on_job, void *ctx)
{
    BERTH_TRY(plain(call, client, index, id, on_job, ctx));
    if (detail == BERTH_MLCYCLE_WHOLE_JOBS)
        return BERTH_OK;
    call->path = detail == BERTH_MLCYCLE_EACH_STEP ? BERTH_TEXT("[*].steps[*]")
                                                   : BERTH_TEXT("[*].steps[*].fragments[*]");
    call->inner_shapes[0] = &berth_mlcycle_step_shape;
    if (detail != BERTH_MLCYCLE_EACH_STEP)
        call->inner_shapes[1] = &berth_mlcycle_fragment_shape;
    return BERTH_OK;
}

enum berth_status berth_mlcycle_jobs_list(struct berth_call *out_call, struct berth_client *client,
                                          enum berth_mlcycle_detail detail, berth_call_element_fn *on_job,
                                          void *ctx)
{
    return jobs(out_call, client, BERTH_MLCYCLE_JOBS_LIST, NULL, detail, on_job, ctx);
}

enum berth_status berth_mlcycle_jobs_get(struct berth_call *out_call, struct berth_client *client,
                                         const struct berth_guid *id, enum berth_mlcycle_detail detail,
                                         berth_call_element_fn *on_job, void *ctx)
{
    return jobs(out_call, client, BERTH_MLCYCLE_JOBS_GET, id, detail, on_job, ctx);
}

enum berth_status berth_mlcycle_jobs_trigger(struct berth_call *out_call, struct berth_client *client,
                                             const struct berth_guid *project, int32_t initiator,
                                             berth_call_element_fn *on_job, void *ctx)
{
    struct berth_writer w;
    if (initiator < BERTH_MLCYCLE_MANUAL || initiator > BERTH_MLCYCLE_DATA)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(plain(out_call, client, BERTH_MLCYCLE_JOBS_TRIGGER, project, on_job, ctx));
    if (initiator == BERTH_MLCYCLE_MANUAL)
        return BERTH_OK;
    berth_writer_init(&w, out_call->target, sizeof out_call->target);
    w.len = berth_text_of(out_call->target).len;
    berth_put_string(&w, "?initiator=");
    berth_put_i64(&w, initiator);
    return berth_writer_terminate(&w);
}

enum berth_status berth_mlcycle_jobs_add_steps(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *job,
                                               const struct berth_mlcycle_step *steps, size_t step_count,
                                               berth_call_element_fn *on_job, void *ctx)
{
    struct berth_json_writer json;
    struct berth_writer w;
    BERTH_TRY(plain(out_call, client, BERTH_MLCYCLE_JOBS_ADD_STEPS, job, on_job, ctx));
    if (steps == NULL || step_count == 0)
        return BERTH_E_ARGUMENT;
    berth_writer_init(&w, client->work, client->work_size);
    berth_json_writer_init(&json, &w);
    berth_json_begin_array(&json);
    for (size_t i = 0; i < step_count; i++) {
        struct berth_mlcycle_place place = {.index = i};
        struct berth_mlcycle_step_input input = {.present = BERTH_MLCYCLE_STEP_INPUT_HAS_NAME |
                                                            BERTH_MLCYCLE_STEP_INPUT_HAS_DOCKER,
                                                 .name = steps[i].name,
                                                 .docker = steps[i].docker};
        if (berth_mlcycle_put_step(&json, &input, &place, NULL) != BERTH_OK)
            return BERTH_E_ARGUMENT;
    }
    berth_json_end_array(&json);
    BERTH_TRY(berth_json_done(&json));
    berth_call_set_json(out_call, w.len);
    return BERTH_OK;
}

enum berth_status berth_mlcycle_jobs_add_steps_json(struct berth_call *out_call, struct berth_client *client,
                                                    const struct berth_guid *job, char *json, size_t len,
                                                    berth_call_element_fn *on_job, void *ctx,
                                                    struct berth_mlcycle_problem *out_problem)
{
    struct berth_mlcycle_place place;
    struct berth_writer w;
    enum berth_status status = plain(out_call, client, BERTH_MLCYCLE_JOBS_ADD_STEPS, job, on_job, ctx);
    if (status != BERTH_OK)
        return berth_mlcycle_say(out_problem, NULL, "the job's id is not set", status);
    berth_writer_init(&w, client->work, client->work_size);
    BERTH_TRY(berth_mlcycle_rewrite_steps(json, len, &w, false, &place, out_problem));
    berth_call_set_json(out_call, w.len);
    return BERTH_OK;
}

static enum berth_status add_metrics(struct berth_call *call, struct berth_client *client,
                                     const struct berth_guid *job, int32_t step,
                                     berth_call_element_fn *on_job, void *ctx)
{
    return describe(call, client, BERTH_MLCYCLE_JOBS_ADD_METRICS,
                    &(struct arguments){.id = job, .number = step, .on_element = on_job, .ctx = ctx});
}

/* A whole number keeps its ".0": without it the server would store an integer. */
static void put_double(struct berth_json_writer *json, double number)
{
    char digits[40];
    struct berth_writer w;
    if (!(number - number == 0)) {
        berth_json_put_double(json, number); /* NaN or infinite: refused there */
        return;
    }
    berth_writer_init(&w, digits, sizeof digits);
    berth_put_double(&w, number);
    struct berth_text text = berth_writer_text(&w);
    if (berth_text_find_byte(text, '.') == SIZE_MAX && berth_text_find_byte(text, 'e') == SIZE_MAX)
        berth_put_string(&w, ".0");
    berth_json_put_raw(json, berth_writer_text(&w));
}

static void put_metric(struct berth_json_writer *json, const struct berth_mlcycle_metric *metric)
{
    berth_json_put_name(json, metric->key);
    switch (metric->kind) {
    case BERTH_MLCYCLE_METRIC_NULL:
        berth_json_put_null(json);
        break;
    case BERTH_MLCYCLE_METRIC_BOOL:
        berth_json_put_bool(json, metric->boolean);
        break;
    case BERTH_MLCYCLE_METRIC_I64:
        berth_json_put_i64(json, metric->i64);
        break;
    case BERTH_MLCYCLE_METRIC_DOUBLE:
        put_double(json, metric->number);
        break;
    case BERTH_MLCYCLE_METRIC_TEXT:
        berth_json_put_text(json, metric->text);
        break;
    default:
        json->status = json->status == BERTH_OK ? BERTH_E_ARGUMENT : json->status;
    }
}

enum berth_status berth_mlcycle_jobs_add_metrics(struct berth_call *out_call, struct berth_client *client,
                                                 const struct berth_guid *job, int32_t step,
                                                 const struct berth_mlcycle_metric *metrics,
                                                 size_t metric_count, berth_call_element_fn *on_job,
                                                 void *ctx)
{
    struct berth_json_writer json;
    struct berth_writer w;
    BERTH_TRY(add_metrics(out_call, client, job, step, on_job, ctx));
    if (metrics == NULL)
        return BERTH_E_ARGUMENT;
    berth_writer_init(&w, client->work, client->work_size);
    berth_json_writer_init(&json, &w);
    berth_json_begin_object(&json);
    for (size_t i = 0; i < metric_count; i++)
        put_metric(&json, &metrics[i]);
    berth_json_end_object(&json);
    BERTH_TRY(berth_json_done(&json));
    BERTH_TRY(berth_mlcycle_check_metrics_json(berth_writer_text(&w), NULL));
    berth_call_set_json(out_call, w.len);
    return BERTH_OK;
}

enum berth_status berth_mlcycle_jobs_add_metrics_json(struct berth_call *out_call,
                                                      struct berth_client *client,
                                                      const struct berth_guid *job, int32_t step,
                                                      struct berth_text json, berth_call_element_fn *on_job,
                                                      void *ctx, struct berth_mlcycle_problem *out_problem)
{
    struct berth_writer w;
    enum berth_status status = add_metrics(out_call, client, job, step, on_job, ctx);
    if (status != BERTH_OK)
        return berth_mlcycle_say(out_problem, NULL, "the job's id is not set, or the step is negative",
                                 status);
    BERTH_TRY(berth_mlcycle_check_metrics_json(json, out_problem));
    berth_writer_init(&w, client->work, client->work_size);
    berth_put_text(&w, json);
    if (berth_writer_status(&w) != BERTH_OK)
        return berth_mlcycle_say(out_problem, NULL, "the metrics do not fit the work memory", BERTH_E_SPACE);
    berth_call_set_json(out_call, w.len);
    return BERTH_OK;
}

/* ---- Scheduler -------------------------------------------------------------------------------- */

enum berth_status berth_mlcycle_scheduler_pending(struct berth_call *out_call, struct berth_client *client,
                                                  uint32_t hold_ms, berth_call_element_fn *on_job, void *ctx)
{
    BERTH_TRY(plain(out_call, client, BERTH_MLCYCLE_SCHEDULER_PENDING, NULL, on_job, ctx));
    out_call->hold_ms = hold_ms;
    out_call->waits_for_work = true;
    return BERTH_OK;
}

static enum berth_status step_change(struct berth_call *call, struct berth_client *client,
                                     enum berth_mlcycle_operation_index index, const struct berth_guid *job,
                                     int32_t step)
{
    return describe(call, client, index, &(struct arguments){.id = job, .number = step});
}

enum berth_status berth_mlcycle_scheduler_claim(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *job, int32_t step)
{
    return step_change(out_call, client, BERTH_MLCYCLE_SCHEDULER_CLAIM, job, step);
}

enum berth_status berth_mlcycle_scheduler_complete(struct berth_call *out_call, struct berth_client *client,
                                                   const struct berth_guid *job, int32_t step)
{
    return step_change(out_call, client, BERTH_MLCYCLE_SCHEDULER_COMPLETE, job, step);
}

enum berth_status berth_mlcycle_scheduler_error(struct berth_call *out_call, struct berth_client *client,
                                                const struct berth_guid *job, int32_t step)
{
    return step_change(out_call, client, BERTH_MLCYCLE_SCHEDULER_ERROR, job, step);
}

enum berth_mlcycle_claim berth_mlcycle_claim_outcome(enum berth_status status,
                                                     const struct berth_call_result *result)
{
    if (status == BERTH_OK)
        return BERTH_MLCYCLE_CLAIM_WON;
    if (status == BERTH_E_WRONG_STATE)
        return BERTH_MLCYCLE_CLAIM_LOST;
    if (status == BERTH_E_NOT_FOUND)
        return BERTH_MLCYCLE_CLAIM_GONE;
    return result->maybe_done ? BERTH_MLCYCLE_CLAIM_UNKNOWN : BERTH_MLCYCLE_CLAIM_FAILED;
}

enum berth_mlcycle_claim berth_mlcycle_claim_after(int32_t step_state)
{
    return step_state == BERTH_MLCYCLE_SCHEDULED ? BERTH_MLCYCLE_CLAIM_FAILED : BERTH_MLCYCLE_CLAIM_LOST;
}

/* ---- Fragments -------------------------------------------------------------------------------- */

enum berth_status berth_mlcycle_fragments_list(struct berth_call *out_call, struct berth_client *client,
                                               const struct berth_guid *job,
                                               berth_call_element_fn *on_fragment, void *ctx)
{
    return plain(out_call, client, BERTH_MLCYCLE_FRAGMENTS_LIST, job, on_fragment, ctx);
}

enum berth_status berth_mlcycle_fragments_list_step(struct berth_call *out_call, struct berth_client *client,
                                                    const struct berth_guid *job, int32_t step,
                                                    berth_call_element_fn *on_fragment, void *ctx)
{
    return describe(out_call, client, BERTH_MLCYCLE_FRAGMENTS_LIST_STEP,
                    &(struct arguments){.id = job, .number = step, .on_element = on_fragment, .ctx = ctx});
}

static enum berth_status download(struct berth_call *call, struct berth_client *client,
                                  enum berth_mlcycle_operation_index index, const struct berth_guid *id,
                                  struct berth_text name, const struct berth_sink *sink)
{
    if (sink == NULL || sink->write == NULL)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(describe(call, client, index, &(struct arguments){.id = id, .name = name}));
    call->sink = *sink;
    return BERTH_OK;
}

enum berth_status berth_mlcycle_fragments_get(struct berth_call *out_call, struct berth_client *client,
                                              const struct berth_guid *id, const struct berth_sink *sink)
{
    return download(out_call, client, BERTH_MLCYCLE_FRAGMENTS_GET, id, absent, sink);
}

enum berth_status berth_mlcycle_fragments_latest_by_job(struct berth_call *out_call,
                                                        struct berth_client *client,
                                                        const struct berth_guid *job,
                                                        struct berth_text filename,
                                                        const struct berth_sink *sink)
{
    return download(out_call, client, BERTH_MLCYCLE_FRAGMENTS_LATEST_BY_JOB, job, filename, sink);
}

enum berth_status berth_mlcycle_fragments_latest_by_project(struct berth_call *out_call,
                                                            struct berth_client *client,
                                                            const struct berth_guid *project,
                                                            struct berth_text filename,
                                                            const struct berth_sink *sink)
{
    return download(out_call, client, BERTH_MLCYCLE_FRAGMENTS_LATEST_BY_PROJECT, project, filename, sink);
}

/* A name that the server stores and gives back (wire 1.5): a control character in it makes every later
 * download fail. */
static bool is_filename(struct berth_text name)
{
    if (name.len > FILENAME_MAX_LEN || berth_mlcycle_is_blank(name) || !berth_text_is_utf8(name, NULL))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f)
            return false;
    return true;
}

enum berth_status berth_mlcycle_fragments_upload(struct berth_call *out_call, struct berth_client *client,
                                                 const struct berth_guid *job, int32_t step,
                                                 struct berth_mlcycle_upload *upload,
                                                 berth_call_element_fn *on_fragment, void *ctx)
{
    struct berth_source source;
    struct berth_writer type;
    if (berth_mlcycle_is_blank(upload->name) || !berth_text_is_utf8(upload->name, NULL) ||
        !is_filename(upload->filename) || upload->type < BERTH_MLCYCLE_METRICS ||
        upload->type > BERTH_MLCYCLE_MODEL || upload->file.read == NULL || upload->rand == NULL)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(
        describe(out_call, client, BERTH_MLCYCLE_FRAGMENTS_UPLOAD,
                 &(struct arguments){.id = job, .number = step, .on_element = on_fragment, .ctx = ctx}));
    berth_writer_init(&type, upload->type_text, sizeof upload->type_text);
    berth_put_i64(&type, upload->type);
    memset(upload->parts, 0, sizeof upload->parts);
    upload->parts[0].name = BERTH_TEXT("Name");
    upload->parts[0].value = upload->name;
    upload->parts[1].name = BERTH_TEXT("Filename");
    upload->parts[1].value = upload->filename;
    upload->parts[2].name = BERTH_TEXT("Type");
    upload->parts[2].value = berth_writer_text(&type);
    upload->parts[3].name = BERTH_TEXT("BinaryData");
    upload->parts[3].file = &upload->file;
    upload->parts[3].file_name = upload->filename;
    BERTH_TRY(berth_multipart_init(&upload->multipart, upload->parts, 4, upload->rand, &source));
    berth_call_set_multipart(out_call, &upload->multipart, source);
    return BERTH_OK;
}
