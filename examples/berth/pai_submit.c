/* berth pai job submit, fast: a finished document, or one made of what was collected. */
#define _DEFAULT_SOURCE
#include "pai_submit.h"

#include "commands.h"
#include "files.h"
#include "pai_cache.h"
#include "pai_documents.h"
#include "pai_hdfs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct pai_cache cache;
static char source_text[PAI_DOCUMENT_MAX]; /* a document as it was read or built */
static char sent_text[PAI_WRITTEN_MAX];    /* as it goes to the server */

/* ---- submitting ------------------------------------------------------------------------------- */

static int print_link(struct app *app, struct berth_text name)
{
    char link[1024], line[2048];
    struct berth_writer w, text;
    struct berth_json_writer json;
    berth_writer_init(&w, link, sizeof link);
    berth_openpai_put_job_link(&w, &pai.client, pai.cluster.user, name);
    if (!app->json) {
        out_safe(&app->out, berth_writer_text(&w));
        out_string(&app->out, "\n");
        return 0;
    }
    berth_writer_init(&text, line, sizeof line);
    berth_json_writer_init(&json, &text);
    berth_json_begin_object(&json);
    berth_json_put_name(&json, BERTH_TEXT("username"));
    berth_json_put_text(&json, pai.cluster.user);
    berth_json_put_name(&json, BERTH_TEXT("name"));
    berth_json_put_text(&json, name);
    berth_json_put_name(&json, BERTH_TEXT("link"));
    berth_json_put_text(&json, berth_writer_text(&w));
    berth_json_end_object(&json);
    if (berth_json_done(&json) != BERTH_OK)
        return fail(app, EXIT_SPACE, "the job's name is too long", NULL);
    out_text(&app->out, berth_writer_text(&text));
    out_string(&app->out, "\n");
    return 0;
}

int pai_refuse_inside(struct app *app)
{
    if (!pai_in_job() || args_given(&app->args, OPT_IN_JOB) || args_given(&app->args, OPT_PREVIEW))
        return 0;
    return fail(app, EXIT_USAGE, "this is inside a job", "--allow-in-job submits from here all the same");
}

/* The document's own name for the job, unescaped into BUF. */
static struct berth_text name_of(const struct berth_openpai_document *document, char *buf, size_t size)
{
    struct berth_writer w;
    struct berth_text member =
        document->protocol == BERTH_OPENPAI_V2 ? BERTH_TEXT("name") : BERTH_TEXT("jobName");
    berth_writer_init(&w, buf, size);
    if (berth_json_get_text(berth_json_find(berth_json_root(&document->json), member), &w) != BERTH_OK)
        return BERTH_TEXT("");
    return berth_writer_text(&w);
}

/* What is sent of DOCUMENT: itself when that is safe, else written anew; converted where the server needs it.
 */
static int sendable(struct app *app, const char *path, const struct berth_openpai_document *document,
                    struct berth_text *out)
{
    struct berth_writer w;
    berth_writer_init(&w, sent_text, sizeof sent_text);
    if (document->protocol == BERTH_OPENPAI_V1 && pai_wants_v2()) {
        int code = pai_convert_document(app, path, document, berth_text_make(NULL, 0), &w);
        *out = berth_writer_text(&w);
        return code;
    }
    *out = document->source;
    if (berth_openpai_document_is_safe(document))
        return 0;
    enum berth_status status = berth_openpai_document_write(document, &w);
    *out = berth_writer_text(&w);
    return status == BERTH_OK ? 0 : fail(app, exit_code_of(status), path, berth_status_name(status));
}

static int put_document(struct app *app, struct berth_text text)
{
    out_text(&app->out, text);
    if (text.len > 0 && text.ptr[text.len - 1] != '\n')
        out_string(&app->out, "\n");
    return EXIT_DONE;
}

int pai_submit_document(struct app *app, const char *path, const struct berth_openpai_document *document)
{
    char buf[512];
    struct berth_text text, name;
    struct berth_memory_source memory;
    struct berth_openpai_document converted;
    int code = sendable(app, path, document, &text);
    if (code != 0)
        return code;
    if (args_given(&app->args, OPT_PREVIEW))
        return put_document(app, text);
    int protocol = document->protocol == BERTH_OPENPAI_V2 || pai_wants_v2() ? 2 : 1;
    if (protocol == 2 && document->protocol == BERTH_OPENPAI_V1) { /* its name may have changed */
        code = pai_read_document(app, path, text, &converted);
        document = &converted;
    }
    if (code != 0)
        return code;
    name = name_of(document, buf, sizeof buf);
    struct berth_source source = berth_source_of_text(&memory, text);
    code = pai_run(berth_openpai_jobs_submit(&pai.request, &pai.client, protocol, pai.cluster.user, name,
                                             &source, true));
    return code == 0 ? print_link(app, name) : code;
}

static int submit_file(struct app *app, const char *path)
{
    struct berth_text text;
    struct berth_openpai_document document;
    int code = load_file(app, path, source_text, sizeof source_text, &text);
    if (code == 0)
        code = pai_read_document(app, path, text, &document);
    if (code == 0)
        code = pai_check_document(app, path, &document);
    if (code == 0)
        code = pai_open(app);
    if (code == 0)
        code = pai_probe();
    if (code == 0)
        code = pai_submit_document(app, path, &document);
    pai_close();
    return code;
}

/* ---- what was collected ----------------------------------------------------------------------- */

static bool is_local_file(struct berth_text path)
{
    char name[1024];
    struct stat info;
    if (path.len == 0 || path.len >= sizeof name || !berth_openpai_source_is_inside(path))
        return false;
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    return stat(name, &info) == 0 && S_ISREG(info.st_mode);
}

static bool is_interpreter(struct berth_text word)
{
    static const char *const names[] = {"python", "python3", "shell", "sh", "bash", "ksh", "csh", "perl"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (berth_text_equal(word, berth_text_of(names[i])))
            return true;
    }
    return false;
}

static int add_source(struct app *app, struct berth_openpai_spec *spec, struct berth_text path)
{
    for (size_t i = 0; i < spec->source_count; i++) {
        if (berth_text_equal(spec->sources[i], path))
            return 0;
    }
    if (spec->source_count == sizeof cache.sources / sizeof cache.sources[0])
        return fail(app, EXIT_USAGE, "too many sources", NULL);
    if (spec->sources != cache.sources && spec->source_count > 0)
        memmove(cache.sources, spec->sources, spec->source_count * sizeof *spec->sources);
    cache.sources[spec->source_count++] = path;
    spec->sources = cache.sources;
    return 0;
}

/* A command's own script goes along: its first word, or the one behind an interpreter. */
static int find_sources(struct app *app, struct berth_openpai_spec *spec)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < spec->role_count; i++) {
        const struct berth_openpai_spec_role *role = &spec->roles[i];
        if (role->argc > 0 && is_local_file(role->argv[0]))
            code = add_source(app, spec, role->argv[0]);
        else if (role->argc > 1 && is_interpreter(role->argv[0]) && is_local_file(role->argv[1]))
            code = add_source(app, spec, role->argv[1]);
    }
    return code;
}

/* The cluster's members that go with a job. */
static void take_client(struct berth_openpai_spec *spec)
{
    static struct berth_openpai_pair pairs[4];
    size_t count = 0;
    pairs[count++] = (struct berth_openpai_pair){BERTH_TEXT("pai_uri"), pai.cluster.pai_uri};
    pairs[count++] = (struct berth_openpai_pair){BERTH_TEXT("user"), pai.cluster.user};
    if (pai.cluster.hdfs_web_uri.len > 0)
        pairs[count++] = (struct berth_openpai_pair){BERTH_TEXT("hdfs_web_uri"), pai.cluster.hdfs_web_uri};
    if (pai.cluster.rest_server_uri.len > 0)
        pairs[count++] =
            (struct berth_openpai_pair){BERTH_TEXT("rest_server_uri"), pai.cluster.rest_server_uri};
    spec->client = pairs;
    spec->client_count = count;
}

/* A source whose bytes lie elsewhere: a notebook's script. */
static struct berth_openpai_pair made_source;

void pai_made_source(struct berth_text name, struct berth_text path)
{
    made_source = (struct berth_openpai_pair){name, path};
}

static struct berth_text pai_source_file(struct berth_text source)
{
    return made_source.name.len > 0 && berth_text_equal(source, made_source.name) ? made_source.value
                                                                                  : source;
}

/* Each source as a shell line that makes it, for servers whose jobs have no common storage. */
static int inline_sources(struct app *app, struct berth_openpai_spec *spec)
{
    static char lines[2 * BERTH_OPENPAI_JOB_SIZE_MAX], bytes[BERTH_OPENPAI_JOB_SIZE_MAX];
    static struct berth_text prepare[256];
    size_t used = 0;
    for (size_t i = 0; i < spec->source_count; i++) {
        char path[1024];
        struct berth_text text, local = pai_source_file(spec->sources[i]);
        struct berth_writer w;
        if (local.len >= sizeof path)
            return fail_text(app, EXIT_USAGE, "the path is too long", spec->sources[i]);
        memcpy(path, local.ptr, local.len);
        path[local.len] = '\0';
        int code = load_file(app, path, bytes, sizeof bytes, &text);
        if (code != 0)
            return code;
        berth_writer_init(&w, lines + used, sizeof lines - used);
        enum berth_status status = berth_openpai_put_source(&w, spec->sources[i], text);
        if (status != BERTH_OK)
            return fail(app, exit_code_of(status), path,
                        status == BERTH_E_SPACE ? "the sources are too large to travel in the job's document"
                                                : berth_status_name(status));
        prepare[i] = berth_writer_text(&w);
        used += w.len;
    }
    spec->prepare = prepare;
    spec->prepare_count = spec->source_count;
    return 0;
}

/* "<workspace>/<job>/code" gets the sources. */
static int upload_sources(struct app *app, const struct berth_openpai_spec *spec)
{
    char folder[1024], remote[2048], local[1024];
    if (spec->source_count == 0)
        return 0;
    if (spec->workspace.len == 0)
        return fail(app, EXIT_USAGE, "the job's sources need a place in the cluster's storage",
                    "give --workspace, or set the default workspace");
    int code = pai_job_path(app, spec->workspace, false, spec->job_name, "code", folder, sizeof folder);
    if (code == 0)
        code = pai_hdfs_open(app);
    for (size_t i = 0; code == 0 && i < spec->source_count; i++) {
        struct berth_writer w, v;
        berth_writer_init(&v, local, sizeof local);
        berth_put_text(&v, pai_source_file(spec->sources[i]));
        berth_writer_init(&w, remote, sizeof remote);
        berth_put_string(&w, folder);
        berth_put_char(&w, '/');
        berth_put_text(&w, spec->sources[i]);
        if (berth_writer_terminate(&v) != BERTH_OK || berth_writer_terminate(&w) != BERTH_OK)
            code = fail_text(app, EXIT_USAGE, "the path is too long", spec->sources[i]);
        else
            code = hdfs_put_path(app, local, remote, false, true);
    }
    hdfs_close();
    return code == 0 ? pai_back(app) : code;
}

static int build(struct app *app, struct berth_openpai_spec *spec, struct berth_text *out)
{
    struct berth_writer w;
    bool v2 = pai_wants_v2();
    take_client(spec);
    int code = find_sources(app, spec);
    if (code == 0 && v2)
        code = inline_sources(app, spec);
    if (code != 0)
        return code;
    berth_writer_init(&w, source_text, sizeof source_text);
    enum berth_status status = v2 ? berth_openpai_build_v2(spec, &w) : berth_openpai_build_v1(spec, &w);
    *out = berth_writer_text(&w);
    if (status == BERTH_OK)
        return 0;
    if (status == BERTH_E_MISSING && spec->role_count == 0)
        return fail(app, EXIT_USAGE, "the job has no task role yet", "'berth pai job task' adds one");
    if (status == BERTH_E_MISSING)
        return fail(app, EXIT_USAGE, "the job lacks its name, image or a command", NULL);
    return fail(app, exit_code_of(status), "the job cannot be written", berth_status_name(status));
}

/* .openpai/jobs/JOB/config.json (or .yaml) keeps what was submitted. */
static int keep_config(struct app *app, const struct berth_openpai_spec *spec, struct berth_text text)
{
    char path[PAI_PATH_MAX];
    int code = pai_cache_path(app, spec->job_name, pai_wants_v2() ? "config.yaml" : "config.json", path,
                              sizeof path);
    if (code == 0)
        code = pai_make_folders(app, path);
    if (code != 0)
        return code;
    enum berth_status status = write_whole(path, text);
    return status == BERTH_OK ? 0 : fail_file(app, status, path);
}

int pai_submit_spec(struct app *app, struct berth_openpai_spec *spec)
{
    struct berth_text text;
    struct berth_openpai_document document;
    memset(&document, 0, sizeof document);
    bool preview = args_given(&app->args, OPT_PREVIEW);
    int code = pai_probe();
    if (code == 0)
        code = build(app, spec, &text);
    if (code == 0)
        code = pai_read_document(app, "the job", text, &document);
    if (code == 0)
        code = pai_check_document(app, "the job", &document);
    if (code == 0 && !preview)
        code = keep_config(app, spec, text);
    if (code == 0 && !preview && !pai_wants_v2())
        code = upload_sources(app, spec);
    return code == 0 ? pai_submit_document(app, "the job", &document) : code;
}

/* Once submitted, a job is no default any more. */
static int forget_default(struct app *app, struct berth_text name)
{
    struct berth_openpai_change change = {BERTH_TEXT("job-name"), {NULL, 0}, false};
    if (args_given(&app->args, OPT_PREVIEW) || !berth_text_equal(pai_default(app, "job-name"), name))
        return 0;
    return pai_defaults_store(app, &change, 1);
}

int pai_job_submit(struct app *app)
{
    struct berth_text name;
    int code = pai_refuse_inside(app);
    if (code != 0)
        return code;
    if (args_given(&app->args, OPT_CONFIG))
        return submit_file(app, app->args.value[OPT_CONFIG]);
    code = pai_cache_name(app, &name);
    if (code == 0)
        code = pai_cache_load(app, name, &cache);
    if (code == EXIT_NO)
        return fail_text(
            app, EXIT_USAGE,
            "there is no such job here; 'berth pai job create' makes one, --config takes a document", name);
    if (code != 0)
        return code;
    static char alias[256];
    if (cache.spec.alias.len > 0 && cache.spec.alias.len < sizeof alias &&
        !args_given(&app->args, OPT_ALIAS)) {
        memcpy(alias, cache.spec.alias.ptr, cache.spec.alias.len);
        app->args.value[OPT_ALIAS] = alias;
    }
    code = pai_open(app);
    if (code == 0)
        code = pai_submit_spec(app, &cache.spec);
    pai_close();
    return code == 0 ? forget_default(app, name) : code;
}

int pai_job_fast(struct app *app)
{
    if (!args_given(&app->args, OPT_JOB))
        return fail(app, EXIT_USAGE, "--job-name NAME", "is needed");
    cache.spec.job_name = berth_text_of(app->args.value[OPT_JOB]);
    int code = pai_refuse_inside(app);
    if (code == 0)
        code = pai_check_job_name(app, cache.spec.job_name);
    if (code == 0)
        code = pai_cache_options(app, &cache);
    if (code == 0)
        code = pai_cache_role(app, &cache, false);
    if (code == 0)
        code = pai_open(app);
    if (code == 0 && !args_given(&app->args, OPT_PREVIEW))
        code = pai_cache_store(app, &cache);
    if (code == 0)
        code = pai_submit_spec(app, &cache.spec);
    pai_close();
    return code;
}
