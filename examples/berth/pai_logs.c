/* berth pai job logs, berth pai output peek: what tasks write. */
#include "commands.h"
#include "files.h"
#include "pai.h"

#include <string.h>

enum { LOG_PATH_MAX = 2048, FOLLOW_MS = 2000, ROLE_MAX = 256 };

/* Which task's logs. */
struct log_target {
    struct pai_job job;
    struct berth_text role; /* asked for; empty: the only or first one */
    int64_t index;
    int64_t attempt;         /* of the task; -1: the latest */
    char path[LOG_PATH_MAX]; /* container_log */
    char found_role[ROLE_MAX];
    size_t found_role_len;
    bool found, ended;
    int32_t state;
};

static struct log_target target;

/* Whether a task's role (normalised by Kubernetes servers) is the one that was asked for. */
static bool is_role(struct berth_text key, struct berth_text asked)
{
    char a[ROLE_MAX], b[ROLE_MAX];
    struct berth_writer x, y;
    if (berth_text_equal(key, asked))
        return true;
    berth_writer_init(&x, a, sizeof a);
    berth_writer_init(&y, b, sizeof b);
    berth_openpai_put_role(&x, key);
    berth_openpai_put_role(&y, asked);
    return berth_writer_text(&x).len > 0 && berth_text_equal(berth_writer_text(&x), berth_writer_text(&y));
}

static enum berth_status on_task(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct log_target *t = ctx;
    if (structure == NULL)
        return BERTH_OK;
    if (element->level == 1) {
        const struct berth_openpai_job *job = structure;
        t->state = job->status.state.value;
        t->ended = berth_openpai_is_terminal(t->state);
    }
    const struct berth_openpai_task *task = structure;
    if (element->level != 3 || t->found || task->index != t->index ||
        (t->role.len > 0 && !is_role(task->role, t->role)))
        return BERTH_OK;
    if (task->container_log.len >= sizeof t->path || task->role.len > sizeof t->found_role)
        return BERTH_OK;
    memcpy(t->path, task->container_log.ptr, task->container_log.len);
    t->path[task->container_log.len] = '\0';
    memcpy(t->found_role, task->role.ptr, task->role.len);
    t->found_role_len = task->role.len;
    t->found = task->container_log.len > 0;
    return BERTH_OK;
}

/* Looks at the job: where the task's logs are, and whether it has ended. */
static int look(struct app *app)
{
    bool had = target.found;
    target.found = false;
    int code = pai_run(berth_openpai_jobs_get(&pai.request, &pai.client, target.job.user, target.job.name,
                                              on_task, &target));
    if (code != 0)
        return code;
    if (target.found && target.attempt >= 0) { /* an earlier attempt of the task */
        struct berth_writer w;
        berth_writer_init(&w, target.path, sizeof target.path);
        berth_openpai_put_log_path(&w, target.job.user, target.job.name, 0,
                                   berth_text_make(target.found_role, target.found_role_len), target.index,
                                   target.attempt);
        if (berth_writer_terminate(&w) != BERTH_OK)
            return fail(app, EXIT_USAGE, "the job's name is too long", NULL);
    }
    if (target.found || had || args_given(&app->args, OPT_FOLLOW))
        return 0;
    return fail(app, EXIT_REFUSED, "there is no such task",
                target.role.len > 0 ? "see 'berth pai job list JOB' for its roles and tasks"
                                    : "it has not started yet");
}

/* ---- one log ---------------------------------------------------------------------------------- */

struct log_sink {
    struct output *output;
    const struct berth_sink *inner;
    uint64_t written;
};

static enum berth_status sink_write(void *ctx, const void *bytes, size_t len)
{
    struct log_sink *s = ctx;
    s->written += len;
    return s->inner->write(s->inner->ctx, bytes, len);
}

static enum berth_status sink_restart(void *ctx)
{
    struct log_sink *s = ctx;
    s->written = 0;
    return s->inner->restart(s->inner->ctx);
}

/* Everything of the log from AT on; *AT moves. */
static enum berth_status fetch(struct berth_text name, bool tail, uint64_t *at, struct log_sink *s)
{
    struct berth_sink sink = {s, sink_write, s->inner->restart != NULL && *at == 0 ? sink_restart : NULL};
    s->written = 0;
    enum berth_status status = pai_ask(berth_openpai_logs_get(
        &pai.request, &pai.client, berth_text_of(target.path), name, tail, *at, &sink));
    *at += s->written;
    return status;
}

static void sleep_a_while(uint32_t ms)
{
    program_clock()->sleep_ms(program_clock()->ctx, ms);
}

/* Until the job has ended and nothing more came. What is not there yet is waited for. */
static int follow(struct app *app, struct berth_text name, struct log_sink *s)
{
    uint64_t at = 0;
    uint32_t interval_ms = FOLLOW_MS;
    if (args_given(&app->args, OPT_INTERVAL) &&
        parse_seconds(app->args.value[OPT_INTERVAL], &interval_ms) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--interval", "seconds, such as 2 or 0.5");
    for (bool waiting = false;;) {
        bool ended = target.ended; /* before the log is read: what is written until then is in it */
        enum berth_status status = target.found ? fetch(name, false, &at, s) : BERTH_E_NOT_FOUND;
        uint32_t pause_ms = interval_ms;
        if (status == BERTH_E_UNAVAILABLE && pai.request.result.has_retry_after)
            pause_ms = pai.request.result.retry_after_ms;
        else if (status != BERTH_OK && (status != BERTH_E_NOT_FOUND || ended))
            return target.found ? pai_report(status)
                                : fail(app, EXIT_REFUSED, "the job ended without such a task", NULL);
        out_flush(&app->out);
        if (ended && status == BERTH_OK)
            return EXIT_DONE;
        if (status == BERTH_E_NOT_FOUND && !waiting && app->err.terminal && !app->quiet) {
            out_string(&app->err, "waiting for the task to start\n");
            out_flush(&app->err);
            waiting = true;
        }
        sleep_a_while(pause_ms);
        if (program_signal() != 0)
            return 128 + program_signal();
        int code = look(app);
        if (code != 0)
            return code;
    }
}

static int read_log(struct app *app, struct berth_text name, const char *path)
{
    struct output output;
    struct berth_sink inner;
    uint64_t at = 0;
    bool tail = args_given(&app->args, OPT_TAIL);
    int code = output_open(&output, app, path, &inner);
    if (code != 0)
        return code;
    struct log_sink s = {&output, &inner, 0};
    if (args_given(&app->args, OPT_FOLLOW)) {
        output.progress.on = false;
        code = follow(app, name, &s);
    } else {
        code = pai_report(fetch(name, tail, &at, &s));
    }
    if (output.failure != BERTH_OK)
        code = output_report(&output);
    if (code == 0 || (args_given(&app->args, OPT_FOLLOW) && code == 128 + program_signal()))
        code = code == 0 ? output_commit(&output) : (output_commit(&output), code);
    else
        output_discard(&output);
    return code;
}

/* ---- the list of logs ------------------------------------------------------------------------- */

static void print_log(struct pai_view *view, void *structure)
{
    const struct berth_openpai_log *log = structure;
    (void)view;
    out_safe(&pai.app->out, log->name);
    out_string(&pai.app->out, "\n");
}

/* The addresses have secrets in them and are good for minutes only. */
static enum berth_status on_log(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_openpai_log *log = structure;
    if (log != NULL)
        log->present &= 1; /* the name */
    return pai_element(ctx, element, structure);
}

static int list_logs(void)
{
    struct pai_view *view = pai_show(print_log, &berth_openpai_log_shape);
    return pai_run(
        berth_openpai_logs_list(&pai.request, &pai.client, berth_text_of(target.path), false, on_log, view));
}

static int take_target(struct app *app)
{
    memset(&target, 0, sizeof target);
    target.role = berth_text_of(app->args.value[OPT_ROLE]);
    int code = pai_number_option(app, OPT_INDEX, 0, &target.index);
    if (code == 0)
        code = pai_number_option(app, OPT_ATTEMPT, -1, &target.attempt);
    if (code == 0 && args_given(&app->args, OPT_FOLLOW) && args_given(&app->args, OPT_TAIL))
        code = fail(app, EXIT_USAGE, "--tail", "goes without --follow");
    if (code == 0)
        code = pai_open(app);
    if (code == 0)
        code = pai_job_argument(app, &target.job);
    return code == 0 ? look(app) : code;
}

int pai_job_logs(struct app *app)
{
    const char *name = app->args.value[OPT_STREAM], *path = app->args.value[OPT_OUTPUT];
    int code = take_target(app);
    if (code == 0)
        code = name != NULL && strcmp(name, "?") == 0
                   ? list_logs()
                   : read_log(app, berth_text_of(name != NULL ? name : "stdout"), path != NULL ? path : "-");
    pai_close();
    return code;
}

/* The last 16 KB, as the old SDK meant it; --save takes all of it. */
int pai_output_peek(struct app *app)
{
    const char *path = app->args.value[OPT_SAVE];
    bool err = args_given(&app->args, OPT_STDERR);
    if (err && args_given(&app->args, OPT_STDOUT))
        return fail(app, EXIT_USAGE, "--stdout and --stderr", "one of them at a time");
    if (path == NULL)
        app->args.value[OPT_TAIL] = "";
    int code = take_target(app);
    if (code == 0)
        code = read_log(app, err ? BERTH_TEXT("stderr") : BERTH_TEXT("stdout"), path != NULL ? path : "-");
    pai_close();
    return code;
}
