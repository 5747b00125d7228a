/* berth pai job stop, start, wait, tag, events, attempts. */
#include "commands.h"
#include "files.h"
#include "pai.h"

#include <string.h>

/* ---- stop, start ------------------------------------------------------------------------------ */

static void remark(struct app *app, const char *what, struct berth_text name)
{
    if (app->quiet)
        return;
    out_flush(&app->out);
    out_safe(&app->err, name);
    out_string(&app->err, ": ");
    out_string(&app->err, what);
    out_string(&app->err, "\n");
    out_flush(&app->err);
}

typedef enum berth_status control_fn(struct berth_openpai_request *request, struct berth_openpai *client,
                                     struct berth_text user, struct berth_text job);

static int control(struct app *app, control_fn *change, const char *done)
{
    struct pai_job job = {BERTH_TEXT_INIT(""), BERTH_TEXT_INIT("")};
    int code = pai_open(app), worst = 0;
    if (code == 0 && args_count(&app->args) == 0)
        code = pai_job_argument(app, &job);
    size_t count = args_count(&app->args) > 0 ? args_count(&app->args) : 1;
    for (size_t i = 0; code == 0 && i < count; i++) {
        if (args_count(&app->args) > 0)
            code = pai_job_of(app, args_word(&app->args, i), &job);
        if (code != 0)
            break;
        int one = pai_run(change(&pai.request, &pai.client, job.user, job.name));
        if (one == 0 && pai.request.result.already_finished)
            remark(app, "has already finished", job.name);
        else if (one == 0 && app->err.terminal)
            remark(app, done, job.name);
        worst = worst == 0 ? one : worst;
        if (program_signal() != 0)
            break;
    }
    pai_close();
    return code != 0 ? code : worst;
}

int pai_job_stop(struct app *app)
{
    return control(app, berth_openpai_jobs_stop, "asked to stop");
}

int pai_job_start(struct app *app)
{
    return control(app, berth_openpai_jobs_start, "asked to start");
}

/* ---- wait ------------------------------------------------------------------------------------- */

enum { WAIT_INTERVAL_MS = 10000, WAIT_TOTAL_MS = 3600 * 1000, JOBS_MAX = 64 };

struct waited {
    struct pai_job job;
    int32_t state;
    char word[32]; /* as the server sent it */
    bool known, ended;
    int64_t exit_code, launched_ms, completed_ms;
    size_t running, tasks;
};

static struct waited waited[JOBS_MAX];

static enum berth_status on_wait(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct waited *w = ctx;
    if (structure == NULL)
        return BERTH_OK;
    if (element->level == 3) {
        const struct berth_openpai_task *task = structure;
        w->tasks++;
        w->running += task->state.value == BERTH_OPENPAI_RUNNING;
    } else if (element->level == 1) {
        const struct berth_openpai_job *job = structure;
        struct berth_text word = pai_state(job->status.state);
        size_t len = word.len < sizeof w->word ? word.len : sizeof w->word - 1;
        memcpy(w->word, word.ptr, len);
        w->word[len] = '\0';
        w->known = true;
        w->state = job->status.state.value;
        w->ended = berth_openpai_is_terminal(w->state);
        w->exit_code = job->status.exit_code;
        w->launched_ms = job->status.launched_ms;
        w->completed_ms = job->status.completed_ms;
    }
    return BERTH_OK;
}

static void print_waited(struct app *app, const struct waited *w)
{
    struct out *o = &app->out;
    char line[1024];
    struct berth_writer text;
    struct berth_json_writer json;
    if (!app->json) {
        out_safe(o, w->job.name);
        out_string(o, " ");
        out_colour(o, pai_colour(w->state));
        out_safe(o, berth_text_of(w->word));
        out_colour(o, COLOUR_NONE);
        out_string(o, "\n");
        out_flush(o);
        return;
    }
    berth_writer_init(&text, line, sizeof line);
    berth_json_writer_init(&json, &text);
    berth_json_begin_object(&json);
    berth_json_put_name(&json, BERTH_TEXT("username"));
    berth_json_put_text(&json, w->job.user);
    berth_json_put_name(&json, BERTH_TEXT("name"));
    berth_json_put_text(&json, w->job.name);
    berth_json_put_name(&json, BERTH_TEXT("state"));
    berth_json_put_text(&json, berth_text_of(w->word));
    if (w->ended) {
        berth_json_put_name(&json, BERTH_TEXT("appExitCode"));
        berth_json_put_i64(&json, w->exit_code);
    }
    berth_json_end_object(&json);
    if (berth_json_done(&json) == BERTH_OK) {
        out_text(o, berth_writer_text(&text));
        out_string(o, "\n");
    }
    out_flush(o);
}

/* "2 jobs: 1 WAITING, 1 RUNNING 0:03:12 (3 of 4 tasks)" on a terminal's last line. */
static void show_state(struct app *app, size_t count, int64_t started_ms)
{
    struct out *err = &app->err;
    char line[256], span[48];
    struct berth_writer w;
    if (!err->terminal || app->quiet)
        return;
    size_t open = 0;
    const struct waited *shown = NULL;
    for (size_t i = 0; i < count; i++) {
        open += !waited[i].ended;
        if (!waited[i].ended && shown == NULL)
            shown = &waited[i];
    }
    berth_writer_init(&w, line, sizeof line);
    if (shown == NULL)
        return;
    berth_put_text(&w, shown->job.name);
    berth_put_char(&w, ' ');
    berth_put_string(&w, shown->known ? shown->word : "...");
    if (shown->tasks > 0) {
        berth_put_string(&w, ", ");
        berth_put_u64(&w, shown->running);
        berth_put_char(&w, '/');
        berth_put_u64(&w, shown->tasks);
        berth_put_string(&w, " tasks run");
    }
    if (open > 1) {
        berth_put_string(&w, ", and ");
        berth_put_u64(&w, open - 1);
        berth_put_string(&w, " more");
    }
    berth_put_string(&w, ", ");
    berth_put_text(&w, pai_span(pai_now_ms() - started_ms, span, sizeof span));
    struct berth_text text = berth_writer_text(&w);
    out_string(err, "\r");
    out_safe(err, text_fit(text, err->width > 1 ? err->width - 1 : 1));
    out_string(err, "\033[K");
    out_flush(err);
}

static void hide_state(struct app *app)
{
    if (app->err.terminal && !app->quiet) {
        out_string(&app->err, "\r\033[K");
        out_flush(&app->err);
    }
}

/* A job that was just submitted may not be found for a moment. */
enum { PATIENCE_MS = 10000, PATIENCE_STEP_MS = 1000 };
/* A server that answered before may be away so long, as gateways are when they restart. */
enum { AWAY_MS = 300000 };

/* Whether to ask again in a while, after STATUS; the last answer is AWAY_FOR_MS old. */
static bool bears(enum berth_status status, const struct waited *w, uint64_t away_for_ms,
                  uint32_t *inout_pause_ms)
{
    const struct berth_openpai_result *result = &pai.request.result;
    bool too_many = status == BERTH_E_UNAVAILABLE && (result->http_status == 429 || result->has_retry_after);
    bool away = status == BERTH_E_TIMEOUT || exit_code_of(status) == EXIT_NETWORK;
    if (!too_many && !(away && w->known && away_for_ms < AWAY_MS))
        return false;
    if (result->has_retry_after && result->retry_after_ms > *inout_pause_ms)
        *inout_pause_ms = result->retry_after_ms;
    return true;
}

static int ask_states(struct app *app, size_t count, uint64_t age_ms, uint64_t *inout_answer_ms,
                      uint32_t *out_pause_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct waited *w = &waited[i];
        char before[sizeof w->word];
        if (w->ended)
            continue;
        memcpy(before, w->word, sizeof before);
        w->tasks = w->running = 0;
        enum berth_status status =
            pai_ask(berth_openpai_jobs_get(&pai.request, &pai.client, w->job.user, w->job.name, on_wait, w));
        if (bears(status, w, age_ms - *inout_answer_ms, out_pause_ms))
            return 0;
        *inout_answer_ms = age_ms;
        if (status == BERTH_E_NOT_FOUND && !w->known && age_ms < PATIENCE_MS) {
            *out_pause_ms = PATIENCE_STEP_MS;
            continue;
        }
        if (status != BERTH_OK) {
            hide_state(app);
            return pai_report(status);
        }
        if (w->ended || (app->json && strcmp(before, w->word) != 0)) {
            hide_state(app);
            print_waited(app, w);
        }
    }
    return 0;
}

static bool all_ended(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!waited[i].ended)
            return false;
    }
    return true;
}

static int wait_all(struct app *app, size_t count, uint32_t interval_ms, uint32_t total_ms)
{
    const struct berth_clock *clock = program_clock();
    uint64_t start = clock->monotonic_ms(clock->ctx), answer_ms = 0; /* since the start */
    int64_t started = pai_now_ms();
    for (;;) {
        uint64_t now = clock->monotonic_ms(clock->ctx);
        uint32_t pause_ms = interval_ms;
        int code = ask_states(app, count, now - start, &answer_ms, &pause_ms);
        if (code != 0 || all_ended(count))
            return code;
        uint64_t next = clock->monotonic_ms(clock->ctx) + pause_ms;
        while ((now = clock->monotonic_ms(clock->ctx)) < next) {
            if (total_ms > 0 && now - start >= total_ms) {
                hide_state(app);
                return fail(app, EXIT_TIMEOUT, "the time is over", "the job goes on; --wait allows for more");
            }
            show_state(app, count, started);
            uint64_t left = next - now;
            clock->sleep_ms(clock->ctx, (uint32_t)(left < 1000 ? left : 1000));
            if (program_signal() != 0) {
                hide_state(app);
                return 128 + program_signal();
            }
        }
    }
}

int pai_job_wait(struct app *app)
{
    uint32_t interval_ms = WAIT_INTERVAL_MS, total_ms = WAIT_TOTAL_MS;
    const char *wait = app->args.value[OPT_WAIT];
    size_t count = args_count(&app->args) > 0 ? args_count(&app->args) : 1;
    if (args_given(&app->args, OPT_INTERVAL) &&
        parse_seconds(app->args.value[OPT_INTERVAL], &interval_ms) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--interval", "seconds, such as 10 or 0.5");
    if (wait != NULL && strcmp(wait, "0") == 0)
        total_ms = 0;
    else if (wait != NULL && parse_seconds(wait, &total_ms) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--wait", "seconds, 0 for no end");
    if (count > JOBS_MAX)
        return fail(app, EXIT_USAGE, "at most 64 jobs at once", NULL);
    int code = pai_open(app);
    if (code == 0 && args_count(&app->args) == 0)
        code = pai_job_argument(app, &waited[0].job);
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++)
        code = pai_job_of(app, args_word(&app->args, i), &waited[i].job);
    if (code == 0)
        code = wait_all(app, count, interval_ms, total_ms);
    pai_close();
    for (size_t i = 0; code == 0 && i < count; i++) {
        if (waited[i].state != BERTH_OPENPAI_SUCCEEDED)
            code = EXIT_NO;
    }
    return code;
}

/* ---- tags ------------------------------------------------------------------------------------- */

static int change_tag(struct app *app, bool add)
{
    struct pai_job job;
    struct berth_text tag = berth_text_of(args_word(&app->args, 1));
    int code = pai_open(app);
    if (code == 0)
        code = pai_job_of(app, args_word(&app->args, 0), &job);
    if (code == 0 && (tag.len == 0 || tag.len > 512 || berth_text_find_byte(tag, ',') != SIZE_MAX))
        code = fail(app, EXIT_USAGE, "a tag has 1 to 512 bytes and no comma", NULL);
    if (code != 0)
        return code;
    code = pai_run(add ? berth_openpai_tags_add(&pai.request, &pai.client, job.user, job.name, tag)
                       : berth_openpai_tags_remove(&pai.request, &pai.client, job.user, job.name, tag));
    pai_close();
    return code;
}

int pai_job_tag_add(struct app *app)
{
    return change_tag(app, true);
}

int pai_job_tag_remove(struct app *app)
{
    return change_tag(app, false);
}

/* ---- events ----------------------------------------------------------------------------------- */

static void print_event(struct pai_view *view, void *structure)
{
    static const struct column columns[] = {{"LAST (UTC)", 16, false}, {"TYPE", 7, false},
                                            {"COUNT", 5, true},        {"TASK", 14, false},
                                            {"REASON", 16, false},     {"MESSAGE", 0, false}};
    const struct berth_openpai_event *event = structure;
    char when[48], count[24], task[96];
    struct berth_writer w;
    berth_writer_init(&w, task, sizeof task);
    berth_put_text(&w, event->role);
    if ((event->present & BERTH_OPENPAI_EVENT_HAS_TASK_INDEX) != 0) {
        berth_put_char(&w, '/');
        berth_put_i64(&w, event->task_index);
    }
    const struct berth_text cells[] = {pai_when((event->present & BERTH_OPENPAI_EVENT_HAS_LAST_TIME) != 0,
                                                event->last_time.seconds * 1000, when, sizeof when),
                                       event->type,
                                       (event->present & BERTH_OPENPAI_EVENT_HAS_COUNT) != 0
                                           ? pai_number(event->count, count, sizeof count)
                                           : BERTH_TEXT(""),
                                       berth_writer_text(&w),
                                       event->reason,
                                       event->message};
    table_row(pai_table(view, columns, 6), cells);
}

int pai_job_events(struct app *app)
{
    struct pai_job job;
    struct berth_text type = berth_text_of(app->args.value[OPT_TYPE]);
    if (type.len > 0 && !berth_text_equal(type, BERTH_TEXT("Warning")) &&
        !berth_text_equal(type, BERTH_TEXT("Normal")))
        return fail(app, EXIT_USAGE, "--type", "Warning or Normal");
    int code = pai_open(app);
    if (code == 0)
        code = pai_job_argument(app, &job);
    if (code != 0)
        return code;
    struct pai_view *view = pai_show(print_event, &berth_openpai_event_shape);
    return pai_finish(
        berth_openpai_jobs_events(&pai.request, &pai.client, job.user, job.name, type, pai_element, view));
}

/* ---- attempts --------------------------------------------------------------------------------- */

static const struct column attempt_columns[] = {
    {"ATTEMPT", 7, true},           {"STATE", 9, false},     {"EXIT", 5, true}, {"STARTED (UTC)", 16, false},
    {"COMPLETED (UTC)", 16, false}, {"WHERE, WHY", 0, false}};

static void attempt_row(struct pai_view *view, int64_t index, struct berth_enum state, const int64_t *exit,
                        int64_t started_ms, int64_t completed_ms, struct berth_text why)
{
    char number[24], code[24], started[48], completed[48];
    const struct berth_text cells[] = {pai_number(index, number, sizeof number),
                                       pai_state(state),
                                       exit != NULL ? pai_number(*exit, code, sizeof code) : BERTH_TEXT(""),
                                       pai_when(started_ms > 0, started_ms, started, sizeof started),
                                       pai_when(completed_ms > 0, completed_ms, completed, sizeof completed),
                                       why};
    table_row_coloured(pai_table(view, attempt_columns, 6), cells, 1, pai_colour(state.value));
}

static void print_attempt(struct pai_view *view, void *structure)
{
    const struct berth_openpai_attempt *a = structure;
    bool ended = a->completed_ms > 0;
    attempt_row(view, a->index, a->state, ended ? &a->exit_code : NULL, a->started_ms, a->completed_ms,
                a->exit_phrase);
}

static enum berth_status on_task_attempt(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct pai_view *view = ctx;
    const struct berth_openpai_task *task = structure;
    if (task == NULL || element->level != 2)
        return BERTH_OK;
    view->count++;
    if (pai.app->json)
        return pai_put_json(&berth_openpai_task_shape, task);
    bool ended = (task->present & BERTH_OPENPAI_TASK_HAS_CONTAINER_EXIT_CODE) != 0;
    char why[512];
    struct berth_writer w;
    berth_writer_init(&w, why, sizeof why);
    berth_put_text(&w, task->container_node_name.len > 0 ? task->container_node_name : task->container_ip);
    if (task->container_exit_spec.phrase.len > 0) {
        berth_put_string(&w, w.len > 0 ? ", " : "");
        berth_put_text(&w, task->container_exit_spec.phrase);
    }
    attempt_row(view, task->attempt_id, task->attempt_state, ended ? &task->container_exit_code : NULL,
                task->attempt_launched_ms, task->attempt_completed_ms, berth_writer_text(&w));
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

int pai_number_option(struct app *app, enum option_id id, int64_t otherwise, int64_t *out)
{
    const char *text = app->args.value[id];
    *out = otherwise;
    if (text == NULL || (berth_parse_i64(berth_text_of(text), out) == BERTH_OK && *out >= 0))
        return 0;
    return fail(app, EXIT_USAGE, args_option_name(&app->args, id), "takes a whole number from 0");
}

int pai_job_attempts(struct app *app)
{
    struct pai_job job;
    int64_t attempt, index;
    struct berth_text role = berth_text_of(app->args.value[OPT_ROLE]);
    int code = pai_number_option(app, OPT_ATTEMPT, -1, &attempt);
    if (code == 0)
        code = pai_number_option(app, OPT_INDEX, 0, &index);
    if (code == 0 && role.len == 0 && args_given(&app->args, OPT_INDEX))
        code = fail(app, EXIT_USAGE, "--index", "goes with --task-role-name");
    if (code == 0)
        code = pai_open(app);
    if (code == 0)
        code = pai_job_argument(app, &job);
    if (code != 0)
        return code;
    struct pai_view *view = pai_show(print_attempt, &berth_openpai_attempt_shape);
    struct berth_openpai_place place = {job.user, job.name, attempt < 0 ? 0 : attempt, role, index};
    if (role.len > 0)
        return pai_finish(berth_openpai_jobs_task(&pai.request, &pai.client, &place, on_task_attempt, view));
    if (attempt >= 0)
        return pai_finish(berth_openpai_jobs_attempt(&pai.request, &pai.client, job.user, job.name, attempt,
                                                     pai_element, view));
    return pai_finish(
        berth_openpai_jobs_attempts(&pai.request, &pai.client, job.user, job.name, pai_element, view));
}
