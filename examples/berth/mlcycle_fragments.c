/* berth mlcycle fragments: files of jobs. */
#include "commands.h"
#include "files.h"
#include "mlcycle_command.h"

#include <string.h>

/* Uploads this long are checked first: the server answers only after it has read the whole body (wire 1.5).
 */
enum { CHECK_FIRST = 1 << 20 };

int mlcycle_fragments_list(struct app *app)
{
    struct berth_guid job;
    int32_t step = 0;
    bool one_step = args_count(&app->args) == 2;
    int code = one_step ? mlcycle_job_step(app, &job, &step) : mlcycle_id_at(app, 0, &job);
    if (code == 0)
        code = mlcycle_open(app);
    if (code != 0)
        return code;
    enum berth_status status =
        one_step ? berth_mlcycle_fragments_list_step(&mlcycle_call, &mlcycle_session.client, &job, step,
                                                     view_element, &mlcycle_view)
                 : berth_mlcycle_fragments_list(&mlcycle_call, &mlcycle_session.client, &job, view_element,
                                                &mlcycle_view);
    return mlcycle_run(app, status, view_fragment);
}

/* ---- download --------------------------------------------------------------------------------- */

static int need_output(struct app *app)
{
    return args_given(&app->args, OPT_OUTPUT)
               ? 0
               : fail(app, EXIT_USAGE, "-o FILE", "is needed (- is standard output)");
}

/* Runs the download that DESCRIBE sets up, into -o. */
static int download(struct app *app, enum berth_status (*describe)(void *ctx, const struct berth_sink *sink),
                    void *ctx)
{
    struct output output;
    struct berth_sink sink;
    int code = output_open(&output, app, app->args.value[OPT_OUTPUT], &sink);
    if (code != 0)
        return code;
    enum berth_status status = describe(ctx, &sink);
    if (status == BERTH_OK)
        status = berth_call_run(&mlcycle_call, mlcycle_session.timeout_ms);
    session_close(&mlcycle_session);
    if (status == BERTH_OK)
        return output_commit(&output);
    output_discard(&output);
    return output.failure != BERTH_OK ? output_report(&output) : mlcycle_report(status);
}

static enum berth_status describe_get(void *ctx, const struct berth_sink *sink)
{
    return berth_mlcycle_fragments_get(&mlcycle_call, &mlcycle_session.client, ctx, sink);
}

int mlcycle_fragments_get(struct app *app)
{
    struct berth_guid id;
    int code = need_output(app);
    if (code == 0)
        code = mlcycle_id_at(app, 0, &id);
    if (code == 0)
        code = mlcycle_open(app);
    return code != 0 ? code : download(app, describe_get, &id);
}

struct by_name {
    bool project; /* id is a project's */
    struct berth_guid id;
    struct berth_text name;
    struct berth_guid found; /* the fragment, when the name cannot stand in a URL */
    struct berth_time newest;
};

static enum berth_status describe_by_name(void *ctx, const struct berth_sink *sink)
{
    struct by_name *by = ctx;
    if (berth_guid_is_set(&by->found))
        return berth_mlcycle_fragments_get(&mlcycle_call, &mlcycle_session.client, &by->found, sink);
    if (by->project)
        return berth_mlcycle_fragments_latest_by_project(&mlcycle_call, &mlcycle_session.client, &by->id,
                                                         by->name, sink);
    return berth_mlcycle_fragments_latest_by_job(&mlcycle_call, &mlcycle_session.client, &by->id, by->name,
                                                 sink);
}

static enum berth_status match_fragment(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct by_name *by = ctx;
    const struct berth_mlcycle_fragment *fragment = structure;
    if (element->json != NULL && berth_text_equal_nocase(fragment->filename, by->name))
        by->found = fragment->id;
    return BERTH_OK;
}

static enum berth_status match_newest(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct by_name *by = ctx;
    const struct berth_mlcycle_job *job = structure;
    if (element->level != 1 || element->json == NULL || job->state.value != BERTH_MLCYCLE_DONE ||
        !berth_guid_equal(&job->project.id, &by->id))
        return BERTH_OK;
    if (!berth_guid_is_set(&by->found) || berth_time_compare(job->created, by->newest) > 0) {
        by->newest = job->created;
        by->found = job->id;
    }
    return BERTH_OK;
}

/* A name with '/' cannot be asked for (wire 0.5): the same answer from the lists. */
static int find_by_listing(struct app *app, struct by_name *by)
{
    enum berth_status status;
    if (by->project) {
        status = berth_mlcycle_jobs_list(&mlcycle_call, &mlcycle_session.client, BERTH_MLCYCLE_EACH_STEP,
                                         match_newest, by);
        int code = mlcycle_ask(app, status);
        if (code != 0)
            return code;
        if (!berth_guid_is_set(&by->found))
            return fail(app, EXIT_REFUSED, "the project has no finished job", NULL);
        by->id = by->found;
        memset(&by->found, 0, sizeof by->found);
    }
    status =
        berth_mlcycle_fragments_list(&mlcycle_call, &mlcycle_session.client, &by->id, match_fragment, by);
    int code = mlcycle_ask(app, status);
    if (code != 0)
        return code;
    return berth_guid_is_set(&by->found)
               ? 0
               : fail(app, EXIT_REFUSED, "the job has no file of this name", args_word(&app->args, 0));
}

int mlcycle_fragments_latest(struct app *app)
{
    struct by_name by;
    const struct args *args = &app->args;
    memset(&by, 0, sizeof by);
    by.name = berth_text_of(args_word(args, 0));
    if (by.name.len == 0 || berth_text_equal(by.name, BERTH_TEXT(".")) ||
        berth_text_equal(by.name, BERTH_TEXT("..")))
        return fail(app, EXIT_USAGE, "no file can have this name", args_word(args, 0));
    /* What was typed comes before what the environment says. */
    bool job = args_given(args, OPT_JOB), project = args_given(args, OPT_PROJECT);
    if (job && project && args->from_env[OPT_JOB] != args->from_env[OPT_PROJECT])
        *(args->from_env[OPT_JOB] ? &job : &project) = false;
    else if (job && project && args->from_env[OPT_JOB])
        project = false;
    if (job == project)
        return fail(app, EXIT_USAGE,
                    job ? "--job and --project exclude each other"
                        : "--job JOB or --project PROJECT is needed",
                    NULL);
    by.project = project;
    int code = need_output(app);
    if (code == 0)
        code = mlcycle_id(app, args->value[project ? OPT_PROJECT : OPT_JOB], &by.id);
    if (code == 0)
        code = mlcycle_open(app);
    if (code == 0 && berth_text_find_byte(by.name, '/') != SIZE_MAX)
        code = find_by_listing(app, &by);
    return code != 0 ? code : download(app, describe_by_name, &by);
}

/* ---- upload ----------------------------------------------------------------------------------- */

static int parse_type(struct app *app, int32_t *out_type)
{
    static const struct {
        const char *word;
        int32_t type;
    } types[] = {{"metrics", BERTH_MLCYCLE_METRICS},
                 {"0", BERTH_MLCYCLE_METRICS},
                 {"logs", BERTH_MLCYCLE_BUILD_LOGS},
                 {"1", BERTH_MLCYCLE_BUILD_LOGS},
                 {"buildlogs", BERTH_MLCYCLE_BUILD_LOGS},
                 {"model", BERTH_MLCYCLE_MODEL},
                 {"2", BERTH_MLCYCLE_MODEL}};
    *out_type = BERTH_MLCYCLE_METRICS;
    if (!args_given(&app->args, OPT_TYPE))
        return 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        *out_type = types[i].type;
        if (berth_text_equal_nocase(berth_text_of(app->args.value[OPT_TYPE]), berth_text_of(types[i].word)))
            return 0;
    }
    return fail(app, EXIT_USAGE, "--type", "metrics, logs or model");
}

static int upload_names(struct app *app, const char *path, struct berth_mlcycle_upload *upload)
{
    int code = mlcycle_need(app, OPT_NAME, &upload->name);
    if (code == 0)
        code = parse_type(app, &upload->type);
    if (code != 0)
        return code;
    upload->filename = berth_text_of(app->args.value[OPT_FILENAME]);
    if (upload->filename.ptr == NULL && strcmp(path, "-") != 0) {
        const char *slash = strrchr(path, '/');
        upload->filename = berth_text_of(slash != NULL ? slash + 1 : path);
    }
    if (upload->filename.len == 0)
        return fail(app, EXIT_USAGE, "--filename NAME", "is needed");
    for (size_t i = 0; i < upload->filename.len; i++) {
        if ((unsigned char)upload->filename.ptr[i] < 0x20 || upload->filename.ptr[i] == 0x7F)
            return fail(app, EXIT_USAGE, "the file name holds control characters",
                        "choose another with --filename");
    }
    return upload->filename.len <= 255
               ? 0
               : fail(app, EXIT_USAGE, "the file name is longer than 255 bytes", NULL);
}

/* Whether the file name is taken in the job already: 0 no, an exit code otherwise. */
static int check_free(struct app *app, const struct berth_guid *job, struct berth_text filename)
{
    struct by_name by;
    memset(&by, 0, sizeof by);
    by.name = filename;
    enum berth_status status =
        berth_mlcycle_fragments_list(&mlcycle_call, &mlcycle_session.client, job, match_fragment, &by);
    int code = mlcycle_ask(app, status);
    if (code != 0)
        return code;
    return berth_guid_is_set(&by.found)
               ? fail_text(app, EXIT_CONFLICT,
                           "the job has a file of this name already; choose another with --filename",
                           filename)
               : 0;
}

/* A conflict after the upload was repeated: an earlier try may have stored it. The file is then shown. */
static bool stored_earlier(struct app *app, const struct berth_guid *job, int32_t step,
                           struct berth_text filename)
{
    if (berth_mlcycle_fragments_list_step(&mlcycle_call, &mlcycle_session.client, job, step, view_element,
                                          &mlcycle_view) != BERTH_OK)
        return false;
    view_call(&mlcycle_view, app, &mlcycle_call, view_fragment);
    mlcycle_view.only_filename = filename;
    return berth_call_run(&mlcycle_call, mlcycle_session.timeout_ms) == BERTH_OK && mlcycle_view.count > 0;
}

static int run_upload(struct app *app, const struct berth_guid *job, int32_t step,
                      struct berth_mlcycle_upload *upload)
{
    enum berth_status status = berth_mlcycle_fragments_upload(&mlcycle_call, &mlcycle_session.client, job,
                                                              step, upload, view_element, &mlcycle_view);
    if (status != BERTH_OK)
        return mlcycle_ask(app, status);
    view_call(&mlcycle_view, app, &mlcycle_call, view_fragment);
    status = berth_call_run(&mlcycle_call, mlcycle_session.timeout_ms);
    if (status == BERTH_E_CONFLICT && mlcycle_session.http.result.tries > 1) {
        struct berth_call_result refused = mlcycle_call.result;
        if (stored_earlier(app, job, step, upload->filename))
            return EXIT_DONE;
        mlcycle_call.result = refused;
    }
    return mlcycle_report(status);
}

int mlcycle_fragments_upload(struct app *app)
{
    static struct berth_mlcycle_upload upload;
    struct berth_guid job;
    int32_t step;
    struct input input;
    const char *path = args_word(&app->args, 2);
    int code = mlcycle_job_step(app, &job, &step);
    if (code == 0)
        code = upload_names(app, path, &upload);
    if (code == 0)
        code = mlcycle_open(app);
    if (code == 0)
        code = input_open(&input, app, path, &upload.file);
    if (code != 0)
        return code;
    upload.rand = program_rand();
    if (upload.file.length == BERTH_LENGTH_UNKNOWN || upload.file.length > CHECK_FIRST)
        code = check_free(app, &job, upload.filename);
    if (code == 0)
        code = run_upload(app, &job, step, &upload);
    input_close(&input);
    session_close(&mlcycle_session);
    return code;
}
