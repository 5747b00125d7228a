/* berth mlcycle jobs and scheduler. */
#include "commands.h"
#include "files.h"
#include "mlcycle_command.h"
#include "mlcycle_finish.h"

#include <string.h>

enum { DOCUMENT_SIZE = 1 << 20 };

int mlcycle_jobs_list(struct app *app)
{
    int code = mlcycle_open(app);
    return code != 0
               ? code
               : mlcycle_run(app,
                             berth_mlcycle_jobs_list(&mlcycle_call, &mlcycle_session.client,
                                                     BERTH_MLCYCLE_WHOLE_JOBS, view_element, &mlcycle_view),
                             view_job_row);
}

int mlcycle_jobs_get(struct app *app)
{
    struct berth_guid id;
    int code = mlcycle_id_at(app, 0, &id);
    if (code == 0)
        code = mlcycle_open(app);
    return code != 0
               ? code
               : mlcycle_run(app,
                             berth_mlcycle_jobs_get(&mlcycle_call, &mlcycle_session.client, &id,
                                                    BERTH_MLCYCLE_WHOLE_JOBS, view_element, &mlcycle_view),
                             view_job);
}

static int parse_initiator(struct app *app, int32_t *out_initiator)
{
    const char *text = app->args.value[OPT_INITIATOR];
    *out_initiator = BERTH_MLCYCLE_MANUAL;
    for (int32_t i = BERTH_MLCYCLE_MANUAL; text != NULL && i <= BERTH_MLCYCLE_DATA; i++) {
        const char digit[] = {(char)('0' + i), '\0'};
        *out_initiator = i;
        if (berth_text_equal_nocase(berth_text_of(text), berth_mlcycle_initiator_name(i)) ||
            strcmp(text, digit) == 0)
            return 0;
    }
    return text == NULL ? 0 : fail(app, EXIT_USAGE, "--initiator", "manual, git or data");
}

int mlcycle_jobs_trigger(struct app *app)
{
    struct berth_guid project;
    int32_t initiator;
    int code = parse_initiator(app, &initiator);
    if (code == 0)
        code = mlcycle_id_at(app, 0, &project);
    if (code == 0)
        code = mlcycle_open(app);
    return code != 0
               ? code
               : mlcycle_run(app,
                             berth_mlcycle_jobs_trigger(&mlcycle_call, &mlcycle_session.client, &project,
                                                        initiator, view_element, &mlcycle_view),
                             view_job);
}

/* ---- add-steps -------------------------------------------------------------------------------- */

/* "FILE:LINE:COLUMN: what is wrong". */
static int fail_problem(struct app *app, const char *path, struct berth_text document,
                        const struct berth_mlcycle_problem *problem)
{
    char where[512];
    struct berth_writer w;
    uint32_t line = problem->line, column = problem->column;
    if (line == 0 && problem->offset > 0)
        text_place(document, problem->offset, &line, &column);
    berth_writer_init(&w, where, sizeof where);
    berth_put_string(&w, path);
    if (line > 0) {
        berth_put_char(&w, ':');
        berth_put_u64(&w, line);
        berth_put_char(&w, ':');
        berth_put_u64(&w, column);
    }
    return berth_writer_terminate(&w) == BERTH_OK ? fail(app, EXIT_BAD_DATA, where, problem->text)
                                                  : fail(app, EXIT_BAD_DATA, problem->text, NULL);
}

static bool is_yaml(const char *path, struct berth_text document)
{
    struct berth_text name = berth_text_of(path);
    if (berth_text_ends(name, BERTH_TEXT(".yml")) || berth_text_ends(name, BERTH_TEXT(".yaml")))
        return true;
    struct berth_text text = berth_text_trim(document);
    return !berth_text_ends(name, BERTH_TEXT(".json")) &&
           (text.len == 0 || (text.ptr[0] != '[' && text.ptr[0] != '{'));
}

/* The array of steps in a JSON document: the document, or its member "steps". */
static enum berth_status steps_of_json(struct berth_text document, struct berth_text *out_steps,
                                       struct berth_mlcycle_problem *problem)
{
    static uint64_t tokens[DOCUMENT_SIZE / 16];
    struct berth_json json;
    struct berth_json_error error = {0, NULL};
    enum berth_status status = berth_json_parse(&json, document, tokens, sizeof tokens, NULL, &error);
    memset(problem, 0, sizeof *problem);
    struct berth_writer w;
    berth_writer_init(&w, problem->text, sizeof problem->text - 1);
    if (status != BERTH_OK) {
        problem->offset = error.offset;
        berth_put_string(&w, error.reason != NULL ? error.reason : berth_status_name(status));
        return status;
    }
    struct berth_json_cursor steps = berth_json_root(&json);
    if (berth_json_type_of(steps) == BERTH_JSON_OBJECT)
        steps = berth_json_find(steps, BERTH_TEXT("steps"));
    if (berth_json_type_of(steps) != BERTH_JSON_ARRAY) {
        berth_put_string(&w, "an array of steps is due, or an object with a member \"steps\"");
        return BERTH_E_TYPE;
    }
    *out_steps = berth_json_raw(steps);
    return BERTH_OK;
}

int mlcycle_jobs_add_steps(struct app *app)
{
    static char document[DOCUMENT_SIZE], converted[DOCUMENT_SIZE];
    struct berth_mlcycle_problem problem;
    struct berth_guid job;
    struct berth_text text, steps;
    const char *path = args_word(&app->args, 1);
    int code = mlcycle_id_at(app, 0, &job);
    if (code == 0)
        code = load_file(app, path, document, sizeof document, &text);
    if (code != 0)
        return code;
    enum berth_status status;
    if (is_yaml(path, text))
        status = berth_mlcycle_pipeline_to_steps(text, converted, sizeof converted, &steps, NULL, &problem);
    else
        status = steps_of_json(text, &steps, &problem);
    if (status != BERTH_OK)
        return fail_problem(app, path, text, &problem);
    code = mlcycle_open(app);
    if (code != 0)
        return code;
    memmove(converted, steps.ptr, steps.len);
    status = berth_mlcycle_jobs_add_steps_json(&mlcycle_call, &mlcycle_session.client, &job, converted,
                                               steps.len, view_element, &mlcycle_view, &problem);
    if (status != BERTH_OK && problem.offset > 0 && !is_yaml(path, text))
        problem.offset += (uint64_t)(steps.ptr - text.ptr);
    if (status != BERTH_OK && problem.text[0] != '\0')
        return fail_problem(app, path, text, &problem);
    return mlcycle_run(app, status, view_job);
}

/* ---- add-metrics ------------------------------------------------------------------------------ */

/* KEY=VALUE as a member; a value that is a JSON scalar stays one, everything else is text. */
static bool put_metric(struct berth_json_writer *w, struct berth_text pair)
{
    struct berth_text key;
    if (!berth_text_split(&pair, '=', &key) || pair.ptr == NULL)
        return false;
    berth_json_put_name(w, key);
    bool scalar =
        pair.len > 0 && pair.ptr[0] != '{' && pair.ptr[0] != '[' && berth_json_check(pair, NULL) == BERTH_OK;
    if (scalar)
        berth_json_put_raw(w, berth_text_trim(pair));
    else
        berth_json_put_text(w, pair);
    return true;
}

int mlcycle_jobs_add_metrics(struct app *app)
{
    static char document[65536];
    struct berth_writer text;
    struct berth_json_writer w;
    struct berth_mlcycle_problem problem;
    struct berth_guid job;
    int32_t step;
    int code = mlcycle_job_step(app, &job, &step);
    if (code != 0)
        return code;
    berth_writer_init(&text, document, sizeof document);
    berth_json_writer_init(&w, &text);
    berth_json_begin_object(&w);
    for (size_t i = 2; i < args_count(&app->args); i++) {
        if (!put_metric(&w, berth_text_of(args_word(&app->args, i))))
            return fail(app, EXIT_USAGE, args_word(&app->args, i), "a metric is written KEY=VALUE");
    }
    berth_json_end_object(&w);
    enum berth_status status = berth_json_done(&w);
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), "the metrics cannot be written as JSON",
                    berth_status_name(status));
    if (berth_mlcycle_check_metrics_json(berth_writer_text(&text), &problem) != BERTH_OK)
        return fail(app, EXIT_USAGE, problem.text, NULL);
    code = mlcycle_open(app);
    if (code != 0)
        return code;
    status =
        berth_mlcycle_jobs_add_metrics_json(&mlcycle_call, &mlcycle_session.client, &job, step,
                                            berth_writer_text(&text), view_element, &mlcycle_view, &problem);
    return mlcycle_run(app, status, view_job);
}

/* ---- scheduler -------------------------------------------------------------------------------- */

int mlcycle_scheduler_pending(struct app *app)
{
    uint32_t hold_ms = 0;
    if (args_given(&app->args, OPT_WAIT) && parse_seconds(app->args.value[OPT_WAIT], &hold_ms) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--wait", "seconds, such as 30 or 2.5");
    int code = mlcycle_open(app);
    if (code != 0)
        return code;
    enum berth_status status = berth_mlcycle_scheduler_pending(&mlcycle_call, &mlcycle_session.client,
                                                               hold_ms, view_element, &mlcycle_view);
    if (status != BERTH_OK)
        return mlcycle_run(app, status, NULL);
    view_call(&mlcycle_view, app, &mlcycle_call, view_pending);
    status = berth_call_run(&mlcycle_call, mlcycle_session.timeout_ms);
    session_close(&mlcycle_session);
    if (status != BERTH_E_NO_WORK)
        return mlcycle_report(status);
    if (!app->quiet && app->err.terminal)
        fail(app, EXIT_NO, "no step is due", NULL);
    return EXIT_NO;
}

int mlcycle_scheduler_claim(struct app *app)
{
    struct berth_guid job;
    int32_t step;
    int code = mlcycle_job_step(app, &job, &step);
    if (code == 0)
        code = mlcycle_open(app);
    return code != 0
               ? code
               : mlcycle_run(
                     app, berth_mlcycle_scheduler_claim(&mlcycle_call, &mlcycle_session.client, &job, step),
                     NULL);
}

static int report(struct app *app, bool failed)
{
    struct berth_guid job;
    int32_t step;
    int code = mlcycle_job_step(app, &job, &step);
    if (code == 0)
        code = mlcycle_open(app);
    if (code != 0)
        return code;
    enum berth_status status = mlcycle_finish(&mlcycle_call, &mlcycle_session.client, &job, step, failed,
                                              mlcycle_session.timeout_ms);
    session_close(&mlcycle_session);
    return mlcycle_report(status);
}

int mlcycle_scheduler_complete(struct app *app)
{
    return report(app, false);
}

int mlcycle_scheduler_error(struct app *app)
{
    return report(app, true);
}
