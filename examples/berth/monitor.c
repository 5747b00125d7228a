/* berth monitor: the command. */
#include "monitor.h"

#include "commands.h"
#include "files.h"

/* What the folder has to say goes to the log when it is an error and the log is known; remarks on the
 * configuration would be repeated there with every tick, so they go to standard error. */
static void say(void *ctx, enum folder_level level, struct berth_text line)
{
    struct monitor *m = ctx;
    if (level == FOLDER_ERROR && !m->dry_run && m->log.path[0] != '\0') {
        monitor_log_say(&m->log, EVENT_ERROR, SIGN_UPDATE, line);
        return;
    }
    out_string(&m->app->err, "berth: monitor: ");
    out_safe(&m->app->err, line);
    out_string(&m->app->err, "\n");
    out_flush(&m->app->err);
}

static int check_options(struct app *app)
{
    bool watch = args_given(&app->args, OPT_WATCH);
    if (watch && args_given(&app->args, OPT_ONCE))
        return fail(app, EXIT_USAGE, "--once and --watch", "one of them");
    if (watch && args_given(&app->args, OPT_DRY_RUN))
        return fail(app, EXIT_USAGE, "--dry-run", "goes with one tick, not with --watch");
    return 0;
}

int monitor_run(struct app *app)
{
    static struct monitor monitor;
    static struct folder folder;
    struct monitor *m = &monitor;
    const struct folder_options options = {
        app->args.value[OPT_CONFIG], app->args.value[OPT_NOW], (enum exit_code)HOST_FILES, say, m, false};
    int code = check_options(app);
    if (code != 0)
        return code;
    m->app = app;
    m->folder = &folder;
    m->dry_run = args_given(&app->args, OPT_DRY_RUN);
    m->events = (struct events){monitor_log_say, &m->log};
    m->job.dry_run = m->dry_run;
    m->job.out = &app->out;
    code = docker_init(&m->docker, app);
    if (code == 0)
        code = folder_open(&folder, app, &options);
    if (code != 0)
        return code;
    monitor_log_init(&m->log, app, &folder);
    code = args_given(&app->args, OPT_WATCH) ? monitor_watch(m) : monitor_tick(m);
    folder_close(&folder);
    return code == MONITOR_BUSY ? EXIT_DONE : code;
}
