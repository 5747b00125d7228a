/* What every mlcycle command does. */
#include "mlcycle_command.h"

struct session mlcycle_session;
struct berth_call mlcycle_call;
struct view mlcycle_view;

int mlcycle_open(struct app *app)
{
    if (!args_given(&app->args, OPT_HOST))
        return fail(app, EXIT_USAGE, "which server? give --host https://SERVER/api or set MLCYCLE_HOST",
                    NULL);
    return session_open_only(&mlcycle_session, app, app->args.value[OPT_HOST]);
}

int mlcycle_report(enum berth_status status)
{
    view_explain(&mlcycle_view, &mlcycle_call);
    return session_report(&mlcycle_session, &mlcycle_call, status);
}

int mlcycle_ask(struct app *app, enum berth_status status)
{
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), "the request cannot be made", berth_status_name(status));
    return mlcycle_report(berth_call_run(&mlcycle_call, mlcycle_session.timeout_ms));
}

int mlcycle_run(struct app *app, enum berth_status status, view_print_fn *print)
{
    if (status == BERTH_OK && print != NULL)
        view_call(&mlcycle_view, app, &mlcycle_call, print);
    int code = mlcycle_ask(app, status);
    session_close(&mlcycle_session);
    if (code == 0 && print != NULL && mlcycle_view.count == 0 && !app->json && !app->quiet &&
        app->err.terminal)
        out_string(&app->err, "(none)\n"); /* for who wonders at an empty screen */
    return code;
}

int mlcycle_id(struct app *app, const char *text, struct berth_guid *out_id)
{
    if (berth_guid_parse(berth_text_of(text), out_id) == BERTH_OK && !berth_guid_is_nil(out_id))
        return 0;
    return fail(app, EXIT_USAGE, text, "not an id; ids look like 6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10");
}

int mlcycle_id_at(struct app *app, size_t index, struct berth_guid *out_id)
{
    return mlcycle_id(app, args_word(&app->args, index), out_id);
}

int mlcycle_step_at(struct app *app, size_t index, int32_t *out_step)
{
    const char *text = args_word(&app->args, index);
    if (berth_parse_i32(berth_text_of(text), out_step) == BERTH_OK && *out_step >= 0)
        return 0;
    return fail(app, EXIT_USAGE, text, "not a step number (0, 1, 2 ...)");
}

int mlcycle_job_step(struct app *app, struct berth_guid *out_job, int32_t *out_step)
{
    int code = mlcycle_id_at(app, 0, out_job);
    return code != 0 ? code : mlcycle_step_at(app, 1, out_step);
}

int mlcycle_need(struct app *app, enum option_id id, struct berth_text *out_text)
{
    *out_text = berth_text_of(app->args.value[id]);
    if (berth_text_trim(*out_text).len > 0)
        return 0;
    char what[64];
    struct berth_writer w;
    berth_writer_init(&w, what, sizeof what);
    berth_put_string(&w, "--");
    berth_put_string(&w, args_option_name(&app->args, id));
    berth_put_char(&w, ' ');
    berth_put_string(&w, option_of(app->args.command, id)->value);
    return berth_writer_terminate(&w) == BERTH_OK ? fail(app, EXIT_USAGE, what, "is needed, and not blank")
                                                  : EXIT_USAGE;
}
