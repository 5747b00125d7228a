/* How mlcycle's workers, projects, jobs, steps and files look on the screen and as JSON lines. */
#include "mlcycle_view.h"

#include "table.h"

#include <string.h>

/* ---- JSON ------------------------------------------------------------------------------------- */

/* "step 2, member number: an integer is due". */
static enum berth_status note(struct view *view, const char *what, size_t index,
                              const struct berth_decode_error *error)
{
    struct berth_writer w;
    berth_writer_init(&w, view->problem, sizeof view->problem);
    berth_put_string(&w, what);
    berth_put_char(&w, ' ');
    berth_put_u64(&w, index);
    if (error->member.ptr != NULL) {
        berth_put_string(&w, ", member ");
        berth_put_text(&w, error->member);
    }
    berth_put_string(&w, ": ");
    berth_put_string(&w, error->at.reason != NULL ? error->at.reason : "cannot be read");
    if (berth_writer_terminate(&w) != BERTH_OK)
        view->problem[0] = '\0';
    return BERTH_E_PROTOCOL;
}

/* A step's files and metrics. */
static enum berth_status check_step(struct view *view, size_t index, const struct berth_guid *job,
                                    struct berth_mlcycle_step *step)
{
    struct berth_mlcycle_fragment fragment;
    struct berth_mlcycle_metric metric;
    struct berth_decode_error error;
    enum berth_status status;
    memset(&error, 0, sizeof error);
    do
        status = berth_mlcycle_next_fragment(&step->fragments, job, step->number, &fragment, &error);
    while (status == BERTH_OK);
    if (status != BERTH_E_MISSING)
        return note(view, "files of step", index, &error);
    memset(&error, 0, sizeof error);
    do
        status = berth_mlcycle_next_metric(&step->metrics, &metric);
    while (status == BERTH_OK);
    return status == BERTH_E_MISSING ? BERTH_OK : note(view, "metrics of step", index, &error);
}

/* A job's steps are decoded as they are walked, and changed by that: STEPS is walked before anything is
 * printed, so that a job is printed whole or not at all. */
static enum berth_status check_steps(struct view *view, const struct berth_guid *job,
                                     struct berth_json_list steps)
{
    struct berth_mlcycle_step step;
    struct berth_decode_error error;
    memset(&error, 0, sizeof error);
    for (size_t i = 0;; i++) {
        enum berth_status status = berth_mlcycle_next_step(&steps, &step, &error);
        if (status == BERTH_E_MISSING)
            return BERTH_OK;
        if (status != BERTH_OK)
            return note(view, "step", i, &error);
        BERTH_TRY(check_step(view, i, job, &step));
    }
}

static char scratch[SESSION_WORK_SIZE];

/* The same on a copy. */
static enum berth_status check_job(struct view *view, const struct berth_mlcycle_job *job)
{
    struct berth_json_list steps = job->steps;
    if (steps.len == 0 || steps.len > sizeof scratch)
        return BERTH_OK;
    memcpy(scratch, steps.ptr, steps.len);
    steps.ptr = scratch;
    return check_steps(view, &job->id, steps);
}

static bool is_wanted(const struct view *view, const void *structure)
{
    const struct berth_mlcycle_fragment *fragment = structure;
    return view->only_filename.ptr == NULL ||
           berth_text_equal_nocase(fragment->filename, view->only_filename);
}

/* The call leaves the element as it came; what it would have checked is checked here, behind a copy. */
static enum berth_status print_json(struct view *view, const struct berth_json_element *element)
{
    struct berth_call *call = view->call;
    struct berth_decode_error error;
    const char *reason = NULL;
    memset(&error, 0, sizeof error);
    size_t len = json_compact(element->json, element->len, scratch);
    if (berth_fields_decode_checked(view->shape, element->json, element->len, &view->element, &error) !=
        BERTH_OK)
        return note(view, view->shape->name, element->index, &error);
    call->shape = view->shape;
    if (call->complete != NULL && call->complete(call, element, &view->element, &reason) != BERTH_OK) {
        error.at.reason = reason;
        return note(view, view->shape->name, element->index, &error);
    }
    call->shape = NULL;
    if (!is_wanted(view, &view->element))
        return BERTH_OK;
    view->count++;
    if (view->shape == &berth_mlcycle_job_shape)
        BERTH_TRY(check_steps(view, &view->element.job.id, view->element.job.steps));
    out_bytes(&view->app->out, scratch, len);
    out_string(&view->app->out, "\n");
    return view->app->out.failed ? BERTH_E_IO : BERTH_OK;
}

enum berth_status view_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct view *view = ctx;
    if (element->json == NULL) /* too large: reported at the end, with the size */
        return BERTH_OK;
    if (view->app->json)
        return print_json(view, element);
    if (!is_wanted(view, structure))
        return BERTH_OK;
    view->count++;
    if (view->shape == &berth_mlcycle_job_shape)
        BERTH_TRY(check_job(view, structure));
    view->print(view, structure);
    return view->app->out.failed ? BERTH_E_IO : BERTH_OK;
}

void view_explain(const struct view *view, struct berth_call *call)
{
    if (view->problem[0] != '\0')
        memcpy(call->result.message, view->problem, sizeof view->problem);
}

void view_call(struct view *view, struct app *app, struct berth_call *call, view_print_fn *print)
{
    memset(view, 0, sizeof *view);
    view->app = app;
    view->call = call;
    view->print = print;
    view->shape = call->shape;
    call->on_element = view_element;
    call->element_ctx = view;
    if (app->json)
        call->shape = NULL; /* the element is wanted as it came; print_json() checks it */
}

/* ---- words ------------------------------------------------------------------------------------ */

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

/* ---- workers, projects ------------------------------------------------------------------------ */

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

/* ---- jobs ------------------------------------------------------------------------------------- */

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

/* Further facts on a step stand below it: "    metrics  ..."; what does not fit goes on in the next line. */
enum { FACT_INDENT = 13 };

/* Makes room for COLUMNS more in a line that is at *AT, after two blanks or in the next line. */
static void fact_space(struct out *o, unsigned *at, unsigned columns)
{
    bool first = *at == FACT_INDENT;
    if (!first && o->width > 0 && *at + 2 + columns > o->width) {
        out_string(o, "\n");
        out_repeat(o, ' ', FACT_INDENT);
        *at = FACT_INDENT;
    } else if (!first) {
        out_string(o, "  ");
        *at += 2;
    }
    *at += columns;
}

static void view_metrics(struct out *o, struct berth_json_list metrics)
{
    struct berth_mlcycle_metric metric;
    unsigned at = FACT_INDENT;
    bool any = false;
    while (berth_mlcycle_next_metric(&metrics, &metric) == BERTH_OK) {
        struct berth_text value = metric.text.ptr != NULL ? metric.text : metric.raw;
        if (!any)
            out_string(o, "    metrics  ");
        any = true;
        fact_space(o, &at, text_columns(metric.key) + 1 + text_columns(value));
        out_safe(o, metric.key);
        out_string(o, "=");
        out_safe(o, value);
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
        char buf[16];
        unsigned at = FACT_INDENT;
        struct berth_text type = word_of(fragment.type, berth_mlcycle_fragment_type_name, buf, sizeof buf);
        struct berth_text id = berth_guid_text(&fragment.id);
        out_string(o, "    file     ");
        fact_space(o, &at, text_columns(fragment.filename));
        out_safe(o, fragment.filename);
        fact_space(o, &at, text_columns(fragment.name) + text_columns(type) + 4);
        out_string(o, "(");
        out_safe(o, fragment.name);
        out_string(o, ", ");
        out_text(o, type);
        out_string(o, ")");
        fact_space(o, &at, text_columns(id));
        out_text(o, id);
        out_string(o, "\n");
    }
}

/* What the step runs in: its image, or what that is built from. */
static void view_image(struct out *o, const struct berth_mlcycle_docker *docker)
{
    if (docker->image.len > 0) {
        out_string(o, "    image    ");
        out_safe(o, docker->image);
        out_string(o, "\n");
    } else if (docker->build.dockerfile.len > 0) {
        out_string(o, "    build    ");
        out_safe(o, docker->build.dockerfile);
        if (docker->build.context.len > 0) {
            out_string(o, " in ");
            out_safe(o, docker->build.context);
        }
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
                                       step->name, berth_text_trim(step->docker.command)};
    table_row_coloured(table_of(view, columns, 5), cells, 1, state_colour(step->state.value));
    view_image(&view->app->out, &step->docker);
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
