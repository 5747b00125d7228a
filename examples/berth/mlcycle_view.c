/* How mlcycle's workers, projects, jobs, steps and files look on the screen and as JSON lines. */
#include "mlcycle_view.h"

#include "table.h"

#include <string.h>

/* ---- JSON
 * ------------------------------------------------------------------------------------------------------ */

static enum berth_status print_json(struct view *view, const struct berth_json_element *element)
{
    static char line[SESSION_WORK_SIZE];
    struct berth_decode_error error;
    size_t len = json_compact(element->json, element->len, line);
    enum berth_status status =
        berth_fields_decode(view->shape, element->json, element->len, &view->element, &error);
    if (status != BERTH_OK)
        return BERTH_E_PROTOCOL;
    out_bytes(&view->app->out, line, len);
    out_string(&view->app->out, "\n");
    return view->app->out.failed ? BERTH_E_IO : BERTH_OK;
}

enum berth_status view_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct view *view = ctx;
    if (element->json == NULL) /* too large: reported at the end, with the size */
        return BERTH_OK;
    view->count++;
    if (view->app->json)
        return print_json(view, element);
    view->print(view, structure);
    return view->app->out.failed ? BERTH_E_IO : BERTH_OK;
}

void view_call(struct view *view, struct app *app, struct berth_call *call, view_print_fn *print)
{
    memset(view, 0, sizeof *view);
    view->app = app;
    view->print = print;
    view->shape = call->shape;
    call->on_element = view_element;
    call->element_ctx = view;
    if (app->json)
        call->shape = NULL; /* the element is wanted as it came; print_json() checks it */
}

/* ---- words
 * ----------------------------------------------------------------------------------------------------- */

/* The platform's word for an enum's number, or the number in TEXT's bytes. */
static struct berth_text word_of(struct berth_enum e, struct berth_text (*name)(int32_t), char *buf,
                                 size_t cap)
{
    struct berth_text known = name(e.value);
    if (known.len > 0)
        return known;
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    berth_put_i64(&w, e.value);
    return berth_writer_text(&w);
}

/* "2021-03-04 05:06:07", in UTC. */
static struct berth_text when(struct berth_time time, char *buf, size_t cap)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    time.nanos = 0;
    if (berth_put_rfc3339(&w, time) != BERTH_OK || berth_writer_status(&w) != BERTH_OK)
        return BERTH_TEXT("?");
    buf[10] = ' ';
    return berth_text_make(buf, 19);
}

static enum colour state_colour(int32_t state)
{
    switch (state) {
    case BERTH_MLCYCLE_DONE:
        return COLOUR_GREEN;
    case BERTH_MLCYCLE_ERROR:
        return COLOUR_RED;
    case BERTH_MLCYCLE_IN_PROGRESS:
        return COLOUR_YELLOW;
    default:
        return COLOUR_NONE;
    }
}

static struct berth_text number(uint64_t value, char *buf, size_t cap)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    berth_put_u64(&w, value);
    return berth_writer_text(&w);
}

static struct table *table_of(struct view *view, const struct column *columns, size_t count)
{
    if (view->table.out == NULL)
        table_init(&view->table, &view->app->out, columns, count);
    return &view->table;
}

/* ---- workers, projects
 * ----------------------------------------------------------------------------------------- */

void view_worker(struct view *view, void *structure)
{
    static const struct column columns[] = {{"ID", 36, false}, {"NAME", 0, false}};
    const struct berth_mlcycle_worker *worker = structure;
    const struct berth_text cells[] = {berth_guid_text(&worker->id), worker->name};
    table_row(table_of(view, columns, 2), cells);
}

void view_project(struct view *view, void *structure)
{
    static const struct column columns[] = {
        {"ID", 36, false}, {"NAME", 20, false}, {"GIT REPOSITORY", 0, false}};
    const struct berth_mlcycle_project *project = structure;
    const struct berth_text cells[] = {berth_guid_text(&project->id), project->name, project->git_repository};
    table_row(table_of(view, columns, 3), cells);
}

/* ---- jobs
 * ------------------------------------------------------------------------------------------------------ */

/* "2/5": steps that are done, of all. */
static struct berth_text done_of(struct berth_json_list steps, char *buf, size_t cap)
{
    size_t done = 0, all = 0;
    struct berth_mlcycle_step step;
    while (berth_mlcycle_next_step(&steps, &step, NULL) == BERTH_OK) {
        all++;
        done += step.state.value == BERTH_MLCYCLE_DONE;
    }
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    berth_put_u64(&w, done);
    berth_put_char(&w, '/');
    berth_put_u64(&w, all);
    return berth_writer_text(&w);
}

static struct berth_text project_of(const struct berth_mlcycle_job *job)
{
    if ((job->present & BERTH_MLCYCLE_JOB_HAS_PROJECT) != 0)
        return job->project.name;
    if (berth_guid_is_set(&job->project_id))
        return berth_guid_text(&job->project_id);
    return BERTH_TEXT("(deleted)");
}

void view_job_row(struct view *view, void *structure)
{
    static const struct column columns[] = {{"ID", 36, false},
                                            {"STATE", 10, false},
                                            {"STEPS", 5, true},
                                            {"CREATED (UTC)", 19, false},
                                            {"PROJECT", 0, false}};
    const struct berth_mlcycle_job *job = structure;
    char state[16], steps[48], created[40];
    const struct berth_text cells[] = {berth_guid_text(&job->id),
                                       word_of(job->state, berth_mlcycle_state_name, state, sizeof state),
                                       done_of(job->steps, steps, sizeof steps),
                                       when(job->created, created, sizeof created), project_of(job)};
    table_row_coloured(table_of(view, columns, 5), cells, 1, state_colour(job->state.value));
}

static struct berth_text seconds_between(struct berth_time from, struct berth_time to, char *buf, size_t cap)
{
    struct berth_writer w;
    int64_t ms = (to.seconds - from.seconds) * 1000 + ((int64_t)to.nanos - (int64_t)from.nanos) / 1000000;
    berth_writer_init(&w, buf, cap);
    berth_put_decimal(&w, ms / 100, 1);
    berth_put_string(&w, " s");
    return berth_writer_text(&w);
}

static void put_metric(struct out *o, const struct berth_mlcycle_metric *metric)
{
    out_safe(o, metric->key);
    out_string(o, "=");
    if (metric->kind == BERTH_MLCYCLE_METRIC_TEXT)
        out_safe(o, metric->text);
    else
        out_safe(o, metric->raw);
}

static void view_metrics(struct out *o, struct berth_json_list metrics)
{
    struct berth_mlcycle_metric metric;
    bool any = false;
    while (berth_mlcycle_next_metric(&metrics, &metric) == BERTH_OK) {
        out_string(o, any ? "  " : "    metrics  ");
        any = true;
        put_metric(o, &metric);
    }
    if (any)
        out_string(o, "\n");
}

static void view_step_files(struct out *o, const struct berth_guid *job,
                            const struct berth_mlcycle_step *step)
{
    struct berth_json_list fragments = step->fragments;
    struct berth_mlcycle_fragment fragment;
    while (berth_mlcycle_next_fragment(&fragments, job, step->number, &fragment, NULL) == BERTH_OK) {
        char type[16];
        out_string(o, "    file     ");
        out_safe(o, fragment.filename);
        out_string(o, "  (");
        out_safe(o, fragment.name);
        out_string(o, ", ");
        out_text(o, word_of(fragment.type, berth_mlcycle_fragment_type_name, type, sizeof type));
        out_string(o, ")  ");
        out_text(o, berth_guid_text(&fragment.id));
        out_string(o, "\n");
    }
}

static void view_step(struct view *view, const struct berth_guid *job, const struct berth_mlcycle_step *step)
{
    static const struct column columns[] = {{"STEP", 4, true},
                                            {"STATE", 10, false},
                                            {"TIME", 10, true},
                                            {"NAME", 20, false},
                                            {"COMMAND", 0, false}};
    char step_number[24], state[16], time[40];
    bool timed = (step->present & BERTH_MLCYCLE_STEP_HAS_START) != 0 &&
                 (step->present & BERTH_MLCYCLE_STEP_HAS_END) != 0;
    const struct berth_text cells[] = {number((uint64_t)step->number, step_number, sizeof step_number),
                                       word_of(step->state, berth_mlcycle_state_name, state, sizeof state),
                                       timed ? seconds_between(step->start, step->end, time, sizeof time)
                                             : BERTH_TEXT(""),
                                       step->name, step->docker.command};
    table_row_coloured(table_of(view, columns, 5), cells, 1, state_colour(step->state.value));
    view_metrics(&view->app->out, step->metrics);
    view_step_files(&view->app->out, job, step);
}

void view_job(struct view *view, void *structure)
{
    const struct berth_mlcycle_job *job = structure;
    struct out *o = &view->app->out;
    char buf[48];
    record_line(o, "JOB", berth_guid_text(&job->id));
    if ((job->present & BERTH_MLCYCLE_JOB_HAS_STATE) != 0)
        record_line(o, "STATE", word_of(job->state, berth_mlcycle_state_name, buf, sizeof buf));
    record_line(o, "STARTED BY", word_of(job->initiator, berth_mlcycle_initiator_name, buf, sizeof buf));
    record_line(o, "CREATED (UTC)", when(job->created, buf, sizeof buf));
    if ((job->present & BERTH_MLCYCLE_JOB_HAS_FINISHED) != 0)
        record_line(o, "FINISHED (UTC)", when(job->finished, buf, sizeof buf));
    record_line(o, "PROJECT", project_of(job));
    if ((job->present & BERTH_MLCYCLE_JOB_HAS_PROJECT) != 0)
        record_line(o, "REPOSITORY", job->project.git_repository);
    out_string(o, "\n");
    struct berth_json_list steps = job->steps;
    struct berth_mlcycle_step step;
    while (berth_mlcycle_next_step(&steps, &step, NULL) == BERTH_OK)
        view_step(view, &job->id, &step);
}

void view_pending(struct view *view, void *structure)
{
    static const struct column columns[] = {
        {"JOB", 36, false}, {"STEP", 4, true}, {"CREATED (UTC)", 19, false}, {"NAME", 0, false}};
    const struct berth_mlcycle_job *job = structure;
    char step[24], created[40];
    const struct berth_text cells[] = {berth_guid_text(&job->id),
                                       number((uint64_t)job->step.number, step, sizeof step),
                                       when(job->created, created, sizeof created), job->step.name};
    table_row(table_of(view, columns, 4), cells);
}

void view_fragment(struct view *view, void *structure)
{
    static const struct column columns[] = {{"ID", 36, false},
                                            {"STEP", 4, true},
                                            {"TYPE", 9, false},
                                            {"NAME", 16, false},
                                            {"FILE NAME", 0, false}};
    const struct berth_mlcycle_fragment *fragment = structure;
    char step[24], type[16];
    const struct berth_text cells[] = {
        berth_guid_text(&fragment->id), number((uint64_t)fragment->step_number, step, sizeof step),
        word_of(fragment->type, berth_mlcycle_fragment_type_name, type, sizeof type), fragment->name,
        fragment->filename};
    table_row(table_of(view, columns, 5), cells);
}
