/* berth run-container: a maintainer starts a user's container, without a booking. */
#include "container_job.h"

#include "commands.h"
#include "prompt.h"

#include <string.h>

struct request {
    struct app *app;
    struct folder *folder;
    struct prompt prompt;
    struct container_job *job;
    char id[BERTH_USER_ID_MAX];
    char id_answer[PROMPT_LINE_MAX + 1], password[PROMPT_LINE_MAX + 1], port_answer[64];
    struct berth_text user_id, secret;
    char folders[2 * FOLDER_PATH];
    struct berth_user user; /* of somebody who has no entry yet */
};

static int refuse(const struct request *r, const char *what, const char *detail)
{
    return fail(r->app, (enum exit_code)HOST_REFUSED, what, detail);
}

/* ---- what is asked for ------------------------------------------------------------------------ */

/* The option's value, or an answer to QUESTION. */
static int want_text(struct request *r, enum option_id option, const char *question, bool hidden, char *buf,
                     size_t cap, struct berth_text *out)
{
    enum prompt_end end;
    if (args_given(&r->app->args, option)) {
        *out = berth_text_of(r->app->args.value[option]);
        return 0;
    }
    end = hidden ? prompt_secret(&r->prompt, question, buf, cap, out)
                 : prompt_ask(&r->prompt, question, buf, cap, out);
    if (end == PROMPT_LONG)
        return refuse(r, "the answer is too long", NULL);
    return end == PROMPT_ANSWER ? 0 : refuse(r, "no answer, nothing was started", NULL);
}

static int want_id(struct request *r)
{
    struct berth_text text;
    size_t len = 0;
    int code = want_text(r, OPT_USER_ID, "User id: ", false, r->id_answer, sizeof r->id_answer, &text);
    if (code != 0)
        return code;
    enum berth_refusal refusal = berth_booking_user_id(text, r->id, &len);
    if (refusal != BERTH_REFUSAL_NONE)
        return refuse(r, "the user id", berth_refusal_text(refusal));
    r->user_id = berth_text_make(r->id, len);
    return 0;
}

static int want_password(struct request *r)
{
    if (args_given(&r->app->args, OPT_PASSWORD)) {
        out_string(&r->app->err, "berth: run-container: -pw can be seen by others on this machine\n");
        out_flush(&r->app->err);
    }
    int code = want_text(r, OPT_PASSWORD, "Please enter the password: ", true, r->password,
                         sizeof r->password, &r->secret);
    if (code == 0 && r->secret.len == 0)
        return refuse(r, "the password is empty", NULL);
    if (code == 0 && r->secret.len > BERTH_PASSWORD_MAX)
        return refuse(r, "the password is too long", NULL);
    return code;
}

static int want_port(struct request *r)
{
    struct berth_text text;
    uint64_t port;
    int code =
        want_text(r, OPT_FORWARD_PORT, "Forward port: ", false, r->port_answer, sizeof r->port_answer, &text);
    if (code != 0)
        return code;
    if (berth_parse_u64(berth_text_trim(text), &port) != BERTH_OK || port < 1 || port > UINT16_MAX)
        return args_given(&r->app->args, OPT_FORWARD_PORT)
                   ? fail(r->app, EXIT_USAGE, "--forward-port", "takes a number from 1 to 65535")
                   : refuse(r, "the port", "a number from 1 to 65535 is due");
    r->job->container.port = (uint16_t)port;
    return 0;
}

static int read_gpus(struct request *r, struct berth_container *c)
{
    const char *value = r->app->args.value[OPT_GPUS];
    uint64_t count;
    if (value == NULL)
        return 0;
    if (berth_parse_u64(berth_text_of(value), &count) == BERTH_OK && count <= BERTH_GPU_MAX) {
        c->gpus = count == BERTH_GPU_MAX ? UINT64_MAX : (UINT64_C(1) << count) - 1;
        return 0;
    }
    if (berth_gpu_parse(berth_text_of(value), &c->gpus) == BERTH_OK)
        return 0;
    return fail(r->app, EXIT_USAGE, "--gpus", "takes a number, or a list such as 0,2");
}

/* The options with values that need no question. */
static int read_options(struct request *r)
{
    const struct args *args = &r->app->args;
    struct berth_container *c = &r->job->container;
    c->cpus_nano = INT64_C(8000000000);
    c->memory_gb = 32;
    if (args_given(args, OPT_CPUS) &&
        berth_booking_cpus(berth_text_of(args->value[OPT_CPUS]), &c->cpus_nano) != BERTH_REFUSAL_NONE)
        return fail(r->app, EXIT_USAGE, "--cpus", "takes a number such as 8 or 0.5");
    if (args_given(args, OPT_MEMORY) &&
        berth_booking_count(berth_text_of(args->value[OPT_MEMORY]), &c->memory_gb) != BERTH_REFUSAL_NONE)
        return fail(r->app, EXIT_USAGE, "--memory", "takes a whole number of GB");
    c->image = berth_text_of(args->value[OPT_IMAGE]);
    c->extra_command = berth_text_of(args->value[OPT_EXTRA_COMMAND]);
    return read_gpus(r, c);
}

/* ---- what stands against it ------------------------------------------------------------------- */

static int check_host(const struct request *r)
{
    const struct berth_capacity *max = &r->folder->capability.max.capacity;
    const struct berth_container *c = &r->job->container;
    uint64_t there = max->gpus >= BERTH_GPU_MAX ? UINT64_MAX : (UINT64_C(1) << max->gpus) - 1;
    if (c->cpus_nano > max->cpus_nano)
        return refuse(r, "more CPUs than the host has", NULL);
    if (c->memory_gb > max->memory_gb)
        return refuse(r, "more memory than the host has", NULL);
    if ((c->gpus & ~there) != 0)
        return refuse(r, "a GPU that the host does not have", NULL);
    return 0;
}

/* What docker would not get, before anything is made for it. */
static int check_container(struct request *r)
{
    r->job->container.user_id = r->user_id;
    enum berth_container_fault fault = berth_container_check(&r->job->container);
    const char *why = berth_container_fault_text(fault);
    if (fault == BERTH_CONTAINER_FOLDER)
        return fail(r->app, (enum exit_code)HOST_FILES, "not started", why);
    return fault == BERTH_CONTAINER_GOOD ? 0 : refuse(r, "not started", why);
}

static int check_held(struct request *r)
{
    struct folder *f = r->folder;
    if (args_given(&r->app->args, OPT_FORCE))
        return 0;
    int code = folder_load_rows(f);
    if (code == 0)
        code = folder_refuse_bad_rows(f);
    for (size_t i = 0; code == 0 && i < f->schedule.count; i++) {
        char who[BERTH_USER_ID_MAX + 1];
        if (f->rows[i].stage != BERTH_STAGE_USING || (f->schedule.rows[i].gpus & r->job->container.gpus) == 0)
            continue;
        struct berth_text id = berth_text_slice(f->rows[i].user_id, 0, sizeof who - 1);
        memcpy(who, id.ptr, id.len);
        who[id.len] = '\0';
        code = refuse(r, "a GPU is in use (--force takes it all the same) by", who);
    }
    return code;
}

/* Somebody without an entry gets the folders that a new user gets. */
static int take_user(struct request *r)
{
    const struct berth_user *user = folder_user_config(r->folder, r->user_id);
    const struct berth_host_config *host = &r->folder->host;
    struct berth_writer w;
    if (user != NULL) {
        job_take_user(r->job, user);
        return 0;
    }
    if (!berth_capability_allows(&r->folder->capability, r->user_id))
        return refuse(r, "the user is neither in allow_userIDs nor in users_config.yaml", NULL);
    berth_writer_init(&w, r->folders, sizeof r->folders);
    berth_put_text(&w, host->volume_work_dir);
    berth_put_char(&w, '/');
    berth_put_text(&w, r->user_id);
    size_t middle = w.len;
    berth_put_text(&w, host->volume_backup_dir);
    berth_put_char(&w, '/');
    berth_put_text(&w, r->user_id);
    if (berth_writer_status(&w) != BERTH_OK)
        return fail(r->app, (enum exit_code)HOST_FILES, "the host's folders are too long", NULL);
    r->user.id = r->user_id;
    r->user.volume_work_dir = berth_text_make(r->folders, middle);
    r->user.volume_backup_dir = berth_text_make(r->folders + middle, w.len - middle);
    r->user.volume_dataset_dir = host->volume_dataset_dir;
    job_take_user(r->job, &r->user);
    return 0;
}

/* ---- the command ------------------------------------------------------------------------------ */

static void say(void *ctx, enum event_level level, const char *sign, struct berth_text message)
{
    struct app *app = ctx;
    (void)sign;
    if (level == EVENT_INFO)
        return;
    out_string(&app->err, "berth: run-container: ");
    out_safe(&app->err, message);
    out_string(&app->err, "\n");
    out_flush(&app->err);
}

static int prepare(struct request *r)
{
    int code = want_id(r);
    if (code == 0)
        code = want_password(r);
    if (code == 0)
        code = want_port(r);
    if (code == 0)
        code = take_user(r);
    if (code == 0)
        code = check_host(r);
    if (code == 0)
        code = check_container(r);
    if (code == 0)
        code = check_held(r);
    return code;
}

static int start(struct request *r)
{
    struct container_job *job = r->job;
    job->password = r->secret;
    if (!job_prepare_backup(job))
        return HOST_FILES;
    if (!job_run(job) || !job_apply_password(job))
        return HOST_DOCKER;
    out_string(&r->app->out, "The container ");
    out_text(&r->app->out, r->user_id);
    out_string(&r->app->out, " is started.\n");
    return EXIT_DONE;
}

int run_container_run(struct app *app)
{
    static struct request request;
    static struct folder folder;
    static struct docker docker;
    static struct container_job job;
    const struct folder_options options = {
        app->args.value[OPT_CONFIG], app->args.value[OPT_NOW], (enum exit_code)HOST_FILES, NULL, NULL, false};
    const struct events events = {say, app};
    struct request *r = &request;
    int code = docker_init(&docker, app);
    if (code == 0)
        code = folder_open(&folder, app, &options);
    if (code != 0)
        return code;
    job_init(&job, &docker, &events, &folder);
    prompt_init(&r->prompt, &app->out);
    r->app = app;
    r->folder = &folder;
    r->job = &job;
    code = read_options(r);
    if (code == 0)
        code = prepare(r);
    if (code == 0)
        code = start(r);
    prompt_end(&r->prompt);
    folder_close(&folder);
    berth_wipe(r->password, sizeof r->password);
    return code;
}
