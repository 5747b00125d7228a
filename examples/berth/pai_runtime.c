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

bool pai_in_job(void)
{
    static const char *const names[] = {"PAI_CONTAINER_ID", "PAI_CURRENT_TASK_ROLE_NAME",
                                        "PAI_FRAMEWORK_NAME", "FC_POD_UID"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return true;
    }
    return false;
}

/* ---- one command ------------------------------------------------------------------------------ */

static struct berth_posix_proc proc_state;
static struct berth_proc proc;

struct happening {
    const char *event; /* start, main, end, exception */
    int failure;       /* the exit code of what failed, or 0 */
};

/* The environment, and PAI_RUNTIME_EVENT, PAI_RUNTIME_EXIT_CODE. */
static const char *const *environment_of(const struct happening *h)
{
    static const char *env[ENV_MAX];
    static char event[64], code[64];
    struct berth_writer w;
    size_t count = 0;
    berth_writer_init(&w, event, sizeof event);
    berth_put_string(&w, "PAI_RUNTIME_EVENT=");
    berth_put_string(&w, h->event);
    if (berth_writer_terminate(&w) == BERTH_OK)
        env[count++] = event;
    berth_writer_init(&w, code, sizeof code);
    berth_put_string(&w, "PAI_RUNTIME_EXIT_CODE=");
    berth_put_i64(&w, h->failure);
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

static int run_words(struct app *app, const char *const *argv, const struct happening *h)
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

static int run_text(struct app *app, const char *text, const struct happening *h)
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

/* Every handler of one event in the order they were given, or backwards. The first failure ends a start;
 * after that and at an end all are run. */
static int run_handlers(struct app *app, enum option_id id, const char *event, int failure, bool backwards,
                        bool all)
{
    const struct args *args = &app->args;
    struct happening h = {event, failure};
    int worst = 0;
    for (size_t i = 0; i < args->multi_count; i++) {
        size_t at = backwards ? args->multi_count - 1 - i : i;
        if (args->multi[at].id != id)
            continue;
        int code = run_text(app, args->multi[at].value, &h);
        if (worst == 0)
            worst = code;
        if (code != 0 && !all)
            break;
    }
    return worst;
}

static int run_main(struct app *app)
{
    static const char *argv[WORDS_MAX + 1];
    struct happening h = {"main", 0};
    size_t count = args_count(&app->args);
    for (size_t i = 0; i < count; i++)
        argv[i] = args_word(&app->args, i);
    argv[count] = NULL;
    return run_words(app, argv, &h);
}

/* The folder's content goes to the job's output folder in the cluster's storage. */
static int save_output(struct app *app, const char *folder)
{
    char path[2048];
    const char *output = getenv("PAI_SDK_JOB_OUTPUT_DIR"), *workspace = getenv("PAI_SDK_JOB_WORKSPACE");
    struct berth_text name = berth_text_of(getenv("PAI_JOB_NAME")), user = BERTH_TEXT("");
    struct berth_writer w;
    int code = 0;
    if (berth_text_find_byte(name, '~') != SIZE_MAX)
        (void)berth_text_split(&name, '~', &user);
    berth_writer_init(&w, path, sizeof path);
    if (output != NULL && output[0] != '\0') {
        berth_put_string(&w, output);
        if (berth_writer_terminate(&w) != BERTH_OK)
            return fail(app, EXIT_USAGE, "PAI_SDK_JOB_OUTPUT_DIR", "is too long");
    } else if (workspace != NULL && workspace[0] != '\0' && name.len > 0) {
        code = pai_job_path(app, berth_text_of(workspace), false, name, "output", path, sizeof path);
    } else {
        return fail(app, EXIT_USAGE, "where does the output go?",
                    "the job has neither PAI_SDK_JOB_OUTPUT_DIR nor PAI_SDK_JOB_WORKSPACE");
    }
    if (code == 0)
        code = pai_choose_cluster(app);
    if (code == 0)
        code = pai_hdfs_open(app);
    if (code != 0)
        return code;
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
    const char *folder = app->args.value[OPT_OUTPUT_FOLDER];
    struct berth_posix_proc_config config;
    memset(&config, 0, sizeof config);
    config.end_with_parent = true;
    program_catch_signals();
    proc = berth_posix_proc_init(&proc_state, &config);
    if (!pai_in_job() && !args_given(&app->args, OPT_ALWAYS))
        return run_main(app);
    int code = folder != NULL ? make_output(app, folder) : 0;
    if (code != 0)
        return code;
    int failure = run_handlers(app, OPT_ON_START, "start", 0, false, false);
    if (failure == 0)
        failure = run_main(app);
    if (failure != 0)
        (void)run_handlers(app, OPT_ON_EXCEPTION, "exception", failure, false, true);
    int last = run_handlers(app, OPT_ON_END, "end", failure, true, true);
    int saved = folder != NULL ? save_output(app, folder) : 0;
    if (failure != 0)
        return failure;
    return last != 0 ? last : saved;
}
