/* berth pai runtime: a command inside a job's container, with what is to happen before, after and on failure.
 */
#define _DEFAULT_SOURCE
#include "commands.h"
#include "files.h"
#include "pai_hdfs.h"
#include "pai_submit.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

enum { ENV_MAX = 1024, WORDS_CAP = 128, HANDLERS_MAX = MULTI_MAX, POLL_MS = 100 };

static const char *get_variable(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

bool pai_in_job(void)
{
    return berth_openpai_in_job(get_variable, NULL, NULL);
}

int pai_environment(struct app *app, struct berth_openpai_env *out_env)
{
    const char *variable = NULL;
    if (berth_openpai_env_read(out_env, get_variable, NULL, &variable) == BERTH_OK)
        return 0;
    return fail(app, EXIT_BAD_DATA, variable, "is no number");
}

/* ---- one command ------------------------------------------------------------------------------ */

static struct berth_posix_proc proc_state;
static struct berth_proc proc;

static int failure_code; /* the exit code of what failed first, or 0 */

/* The environment, and PAI_RUNTIME_EVENT, PAI_RUNTIME_EXIT_CODE. */
static const char *const *environment_of(const struct berth_openpai_happening *h)
{
    static const char *const words[] = {"start", "main", "end", "exception"};
    static const char *env[ENV_MAX];
    static char event[64], code[64];
    struct berth_writer w;
    size_t count = 0;
    berth_writer_init(&w, event, sizeof event);
    berth_put_string(&w, "PAI_RUNTIME_EVENT=");
    berth_put_string(&w, words[h->moment]);
    if (berth_writer_terminate(&w) == BERTH_OK)
        env[count++] = event;
    berth_writer_init(&w, code, sizeof code);
    berth_put_string(&w, "PAI_RUNTIME_EXIT_CODE=");
    berth_put_i64(&w, failure_code);
    if (berth_writer_terminate(&w) == BERTH_OK)
        env[count++] = code;
    for (char **at = environ; *at != NULL && count + 1 < ENV_MAX; at++) {
        if (strncmp(*at, "PAI_RUNTIME_", 12) != 0)
            env[count++] = *at;
    }
    env[count] = NULL;
    return env;
}

/* Waits for the child; signals go on to its whole group. */
static int wait_child(berth_child child)
{
    struct berth_child_state state;
    struct berth_posix_poll_item item = {berth_posix_proc_end_fd(&proc_state, child), BERTH_WANT_READ, 0};
    for (;;) {
        if (proc.state(proc.ctx, child, &state) != BERTH_OK)
            return EXIT_BAD_DATA;
        if (state.end == BERTH_CHILD_EXITED)
            return state.code;
        if (state.end == BERTH_CHILD_SIGNALLED)
            return 128 + state.code;
        if (program_signal() != 0) {
            (void)proc.signal(proc.ctx, child, program_signal());
            program_signal_acknowledge();
        }
        (void)berth_posix_poll(&item, 1, item.fd >= 0 ? 60000 : POLL_MS, program_signals());
    }
}

static int run_words(struct app *app, const char *const *argv, const struct berth_openpai_happening *h)
{
    struct berth_spawn spawn;
    memset(&spawn, 0, sizeof spawn);
    spawn.argv = argv;
    spawn.env = environment_of(h);
    spawn.inherit = true;
    out_flush(&app->out);
    out_flush(&app->err);
    berth_child child = proc.spawn(proc.ctx, &spawn);
    if (child < 0) {
        fail_text(app, EXIT_BAD_DATA, argv[0], berth_posix_error_text(berth_posix_proc_errno(&proc_state)));
        return (enum berth_status)child == BERTH_E_NO_FILE ? 127 : 126; /* as a shell says it */
    }
    int code = wait_child(child);
    proc.release(proc.ctx, child);
    return code;
}

static int run_text(struct app *app, const char *text, const struct berth_openpai_happening *h)
{
    static char buf[8192];
    static const char *words[WORDS_CAP];
    size_t count = 0;
    enum berth_status status = split_words(berth_text_of(text), buf, sizeof buf, words, WORDS_CAP, &count);
    if (status != BERTH_OK || count == 0)
        return fail(app, EXIT_USAGE, text, "cannot be taken apart into words");
    return run_words(app, words, h);
}

/* ---- the order of things ---------------------------------------------------------------------- */

struct command_text {
    struct app *app;
    const char *text;
};

/* Of start and main the first failure counts; of the end's handlers, when nothing failed before. */
static enum berth_status came_to(int code)
{
    if (failure_code == 0)
        failure_code = code;
    return code == 0 ? BERTH_OK : BERTH_E_STATE;
}

static enum berth_status on_moment(void *ctx, const struct berth_openpai_happening *h)
{
    const struct command_text *command = ctx;
    return came_to(run_text(command->app, command->text, h));
}

static enum berth_status on_main(void *ctx, const struct berth_openpai_happening *h)
{
    static const char *argv[WORDS_MAX + 1];
    struct app *app = ctx;
    size_t count = args_count(&app->args);
    for (size_t i = 0; i < count; i++)
        argv[i] = args_word(&app->args, i);
    argv[count] = NULL;
    return came_to(run_words(app, argv, h));
}

/* The commands of --on-start and its like as handlers, in the order they were given. */
static void add_handlers(struct app *app, struct berth_openpai_runtime *runtime)
{
    static const struct {
        enum option_id id;
        enum berth_openpai_moment moment;
    } moments[] = {{OPT_ON_START, BERTH_OPENPAI_ON_START},
                   {OPT_ON_END, BERTH_OPENPAI_ON_END},
                   {OPT_ON_EXCEPTION, BERTH_OPENPAI_ON_EXCEPTION}};
    static struct command_text commands[HANDLERS_MAX];
    const struct args *args = &app->args;
    for (size_t i = 0; i < args->multi_count; i++) {
        commands[i] = (struct command_text){app, args->multi[i].value};
        for (size_t j = 0; j < sizeof moments / sizeof moments[0]; j++) {
            if (args->multi[i].id == moments[j].id)
                (void)!berth_openpai_runtime_on(runtime, moments[j].moment, on_moment, &commands[i]);
        }
    }
}

/* The folder's content goes to the job's output folder in the cluster's storage. */
static int save_output(struct app *app, const char *folder)
{
    char path[2048];
    struct berth_openpai_env env;
    struct berth_writer w;
    int code = pai_environment(app, &env);
    if (code != 0)
        return code;
    berth_writer_init(&w, path, sizeof path);
    if (env.output_folder.len > 0) {
        berth_put_text(&w, env.output_folder);
        if (berth_writer_terminate(&w) != BERTH_OK)
            return fail(app, EXIT_USAGE, "PAI_SDK_JOB_OUTPUT_DIR", "is too long");
    } else if (env.workspace.len > 0 && env.job.len > 0) {
        code = pai_job_path(app, env.workspace, false, env.job, "output", path, sizeof path);
    } else {
        return fail(app, EXIT_USAGE, "where does the output go?",
                    "the job has neither PAI_SDK_JOB_OUTPUT_DIR nor PAI_SDK_JOB_WORKSPACE");
    }
    if (code == 0)
        code = pai_choose_cluster(app);
    if (code == 0)
        code = pai_hdfs_open(app);
    if (code == 0)
        code = pai_upload_children(app, folder, path);
    hdfs_close();
    return code;
}

static int make_output(struct app *app, const char *folder)
{
    const struct berth_files *files = program_files();
    enum berth_status status = files->make_folder(files->ctx, folder, 0777);
    if (status != BERTH_OK && status != BERTH_E_EXISTS)
        return fail_file(app, status, folder);
    return 0;
}

int pai_runtime(struct app *app)
{
    static struct berth_openpai_handler handlers[HANDLERS_MAX];
    struct berth_openpai_runtime runtime;
    struct berth_posix_proc_config config;
    const char *folder = app->args.value[OPT_OUTPUT_FOLDER];
    memset(&config, 0, sizeof config);
    config.end_with_parent = true;
    program_catch_signals();
    proc = berth_posix_proc_init(&proc_state, &config);
    berth_openpai_runtime_init(&runtime, handlers, HANDLERS_MAX,
                               pai_in_job() || args_given(&app->args, OPT_ALWAYS));
    add_handlers(app, &runtime);
    if (!runtime.active)
        folder = NULL;
    int code = folder != NULL ? make_output(app, folder) : 0;
    if (code != 0)
        return code;
    bool failed = berth_openpai_runtime_run(&runtime, on_main, app) != BERTH_OK;
    int saved = folder != NULL ? save_output(app, folder) : 0;
    return failed ? failure_code : saved;
}
