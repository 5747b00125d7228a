/* berth pai notebook: a notebook as a job. */
#include "commands.h"
#include "files.h"
#include "pai_cache.h"
#include "pai_notebook.h"
#include "pai_submit.h"

#include <string.h>

enum { INTERVAL_MS = 3000, TOKEN_BYTES = 24 };

static struct pai_cache cache;
static struct berth_openpai_port port = {BERTH_TEXT_INIT(BERTH_OPENPAI_NOTEBOOK_PORT), 1};
static char token[2 * TOKEN_BYTES + 1];

static int take_mode(struct app *app, enum berth_openpai_notebook_mode *out)
{
    static const char *const names[] = {"script", "silent", "interactive"};
    const char *text = app->args.value[OPT_MODE];
    *out = BERTH_OPENPAI_NOTEBOOK_SCRIPT;
    for (int i = 0; text != NULL && i < 3; i++) {
        *out = (enum berth_openpai_notebook_mode)i;
        if (strcmp(text, names[i]) == 0)
            return 0;
    }
    return text == NULL ? 0 : fail(app, EXIT_USAGE, "--mode", "script, silent or interactive");
}

/* --job-name, or the notebook's name and random digits. */
static int take_name(struct app *app, const char *path, struct berth_text *out)
{
    static char name[BERTH_OPENPAI_JOB_NAME_MAX + 1];
    uint8_t random[16];
    struct berth_writer w;
    if (args_given(&app->args, OPT_JOB)) {
        *out = berth_text_of(app->args.value[OPT_JOB]);
        return pai_check_job_name(app, *out);
    }
    if (program_rand()->fill(program_rand()->ctx, random, sizeof random) != BERTH_OK)
        return fail(app, EXIT_NETWORK, "the system gives no random numbers", NULL);
    berth_writer_init(&w, name, sizeof name);
    berth_openpai_put_notebook_name(&w, berth_text_of(path), random);
    *out = berth_writer_text(&w);
    return 0;
}

static int make_token(struct app *app)
{
    uint8_t random[TOKEN_BYTES];
    struct berth_writer w;
    if (program_rand()->fill(program_rand()->ctx, random, sizeof random) != BERTH_OK)
        return fail(app, EXIT_NETWORK, "the system gives no random numbers", NULL);
    berth_writer_init(&w, token, sizeof token);
    berth_put_hex(&w, random, sizeof random);
    return berth_writer_terminate(&w) == BERTH_OK ? 0 : EXIT_SPACE;
}

/* The file that travels: BASE.py, made of the cells, or the notebook itself. */
static int make_source(struct app *app, const char *path, enum berth_openpai_notebook_mode mode,
                       struct berth_text *out)
{
    static char name[320], local[PAI_PATH_MAX];
    struct berth_writer w;
    struct berth_text base = berth_openpai_notebook_base(berth_text_of(path));
    berth_writer_init(&w, name, sizeof name);
    berth_put_text(&w, base);
    berth_put_string(&w, mode == BERTH_OPENPAI_NOTEBOOK_SCRIPT ? ".py" : ".ipynb");
    if (base.len == 0 || berth_writer_terminate(&w) != BERTH_OK)
        return fail(app, EXIT_USAGE, path, "has no name that a file can have");
    *out = berth_text_of(name);
    if (mode != BERTH_OPENPAI_NOTEBOOK_SCRIPT) {
        pai_made_source(*out, berth_text_of(path));
        return 0;
    }
    int code = pai_cache_path(app, cache.spec.job_name, name, local, sizeof local);
    if (code == 0)
        code = pai_make_folders(app, local);
    if (code == 0)
        code = pai_notebook_script(app, path, local);
    pai_made_source(*out, berth_text_of(local));
    return code;
}

/* The role that runs it; what --source and --package say is there already. */
static int make_role(struct app *app, const char *path, enum berth_openpai_notebook_mode mode,
                     struct berth_text source)
{
    static char command[1024];
    static struct berth_text argv[1];
    struct berth_openpai_spec *spec = &cache.spec;
    struct berth_writer w;
    int code = pai_cache_role(app, &cache, true);
    if (code != 0)
        return code;
    berth_writer_init(&w, command, sizeof command);
    enum berth_status status =
        berth_openpai_put_notebook_command(&w, mode, berth_text_of(path), berth_text_of(token));
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), path, "the notebook's name cannot be used");
    argv[0] = berth_writer_text(&w);
    cache.roles[0].argv = argv;
    cache.roles[0].argc = 1;
    if (mode == BERTH_OPENPAI_NOTEBOOK_INTERACTIVE) {
        cache.roles[0].ports = &port;
        cache.roles[0].port_count = 1;
    }
    if (spec->source_count == sizeof cache.sources / sizeof cache.sources[0])
        return fail(app, EXIT_USAGE, "too many sources", NULL);
    cache.sources[spec->source_count++] = source;
    spec->sources = cache.sources;
    return 0;
}

/* ---- interactive ------------------------------------------------------------------------------ */

struct running {
    bool runs, ended;
    char ip[64];
    uint16_t port;
};

static enum berth_status on_task(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct running *r = ctx;
    if (structure == NULL)
        return BERTH_OK;
    if (element->level == 1) {
        const struct berth_openpai_job *job = structure;
        r->ended = berth_openpai_is_terminal(job->status.state.value);
    }
    const struct berth_openpai_task *task = structure;
    if (element->level != 3 || task->state.value != BERTH_OPENPAI_RUNNING ||
        task->container_ip.len >= sizeof r->ip)
        return BERTH_OK;
    r->runs = berth_openpai_task_port(task, BERTH_TEXT(BERTH_OPENPAI_NOTEBOOK_PORT), &r->port) == BERTH_OK;
    memcpy(r->ip, task->container_ip.ptr, task->container_ip.len);
    r->ip[task->container_ip.len] = '\0';
    return BERTH_OK;
}

static int print_address(struct app *app, const struct running *r, const char *path)
{
    struct out *o = &app->out;
    struct berth_text base = berth_openpai_notebook_base(berth_text_of(path));
    out_string(o, app->json ? "{\"url\":\"http://" : "http://");
    out_safe(o, berth_text_of(r->ip));
    out_string(o, ":");
    out_u64(o, r->port);
    out_string(o, "/notebooks/");
    char room[1024];
    struct berth_writer w;
    berth_writer_init(&w, room, sizeof room);
    berth_put_percent(&w, base);
    out_text(o, berth_writer_text(&w));
    out_string(o, ".ipynb?token=");
    out_string(o, token);
    out_string(o, app->json ? "\"}\n" : "\n");
    return EXIT_DONE;
}

/* Until the notebook's server runs. */
static int wait_running(struct app *app, const char *path)
{
    for (;;) {
        struct running r;
        memset(&r, 0, sizeof r);
        int code = pai_run(berth_openpai_jobs_get(&pai.request, &pai.client, pai.cluster.user,
                                                  cache.spec.job_name, on_task, &r));
        if (code != 0)
            return code;
        if (r.runs)
            return print_address(app, &r, path);
        if (r.ended)
            return fail(app, EXIT_NO, "the job has ended", "see 'berth pai job logs'");
        program_clock()->sleep_ms(program_clock()->ctx, INTERVAL_MS);
        if (program_signal() != 0)
            return 128 + program_signal();
    }
}

int pai_notebook(struct app *app)
{
    static char workspace[512];
    enum berth_openpai_notebook_mode mode;
    struct berth_text source;
    const char *path = args_word(&app->args, 0);
    int code = take_mode(app, &mode);
    if (code == 0)
        code = pai_refuse_inside(app);
    if (code == 0)
        code = take_name(app, path, &cache.spec.job_name);
    if (code == 0)
        code = pai_cache_options(app, &cache);
    if (code == 0 && mode == BERTH_OPENPAI_NOTEBOOK_INTERACTIVE)
        code = make_token(app);
    if (code == 0)
        code = make_source(app, path, mode, &source);
    if (code == 0)
        code = make_role(app, path, mode, source);
    if (code == 0)
        code = pai_open(app);
    if (code == 0 && cache.spec.workspace.len == 0) {
        struct berth_writer w;
        berth_writer_init(&w, workspace, sizeof workspace);
        berth_put_string(&w, "/user/");
        berth_put_text(&w, pai.cluster.user);
        berth_put_string(&w, "/jobs");
        cache.spec.workspace = berth_writer_text(&w);
    }
    if (code == 0)
        code = pai_submit_spec(app, &cache.spec);
    if (code == 0 && mode == BERTH_OPENPAI_NOTEBOOK_INTERACTIVE && !args_given(&app->args, OPT_PREVIEW))
        code = wait_running(app, path);
    pai_close();
    return code;
}
