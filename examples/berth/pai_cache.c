/* berth pai job create, task, abort: a job that is put together step by step. */
#include "pai_cache.h"

#include "commands.h"
#include "files.h"

#include <string.h>

static struct pai_cache cache;

int pai_check_job_name(struct app *app, struct berth_text name)
{
    bool good = name.len > 0 && name.len <= 255 && name.ptr[0] != '.';
    for (size_t i = 0; good && i < name.len; i++) {
        char c = name.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
    }
    return good
               ? 0
               : fail_text(app, EXIT_USAGE,
                           "a job's name has letters, digits, '-', '_' and '.' and begins with no dot", name);
}

int pai_cache_name(struct app *app, struct berth_text *out)
{
    *out = pai_option(app, OPT_JOB, "job-name");
    if (out->len == 0)
        return fail(app, EXIT_USAGE, "which job?", "give --job-name NAME, or create one first");
    return pai_check_job_name(app, *out);
}

int pai_cache_path(struct app *app, struct berth_text job, const char *file, char *buf, size_t size)
{
    char name[320];
    struct berth_writer w;
    berth_writer_init(&w, name, sizeof name);
    berth_put_string(&w, "jobs/");
    berth_put_text(&w, job);
    if (file[0] != '\0') {
        berth_put_char(&w, '/');
        berth_put_string(&w, file);
    }
    if (berth_writer_terminate(&w) != BERTH_OK)
        return fail(app, EXIT_USAGE, "the job's name is too long", NULL);
    return pai_path(app, false, name, buf, size);
}

int pai_make_folders(struct app *app, const char *path)
{
    char part[PAI_PATH_MAX + 1];
    size_t len = strlen(path);
    for (size_t i = 1; i < len && i < PAI_PATH_MAX; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i + 1); /* pai_make_folder() takes the last part for a file */
        part[i + 1] = '\0';
        int code = pai_make_folder(app, part);
        if (code != 0)
            return code;
    }
    return 0;
}

int pai_cache_load(struct app *app, struct berth_text job, struct pai_cache *c)
{
    char path[PAI_PATH_MAX], where[PAI_PATH_MAX + 64];
    struct berth_text text;
    struct berth_decode_error error;
    struct berth_writer w;
    int code = pai_cache_path(app, job, "cache.json", path, sizeof path);
    if (code != 0)
        return code;
    memset(&error, 0, sizeof error);
    enum berth_status status = read_whole(path, c->json, sizeof c->json, &text);
    if (status == BERTH_E_NO_FILE)
        return EXIT_NO;
    if (status != BERTH_OK)
        return status == BERTH_E_SPACE ? fail(app, EXIT_SPACE, path, "larger than this program reads at once")
                                       : fail_file(app, status, path);
    status = berth_openpai_cache_read(c->json, text.len, c->roles, PAI_ROLES_MAX, c->texts, PAI_TEXTS_MAX,
                                      &c->spec, &error);
    if (status == BERTH_OK)
        return 0;
    berth_writer_init(&w, where, sizeof where);
    berth_put_string(&w, path);
    if (error.member.len > 0) {
        berth_put_string(&w, ": ");
        berth_put_text(&w, error.member);
    }
    if (berth_writer_terminate(&w) != BERTH_OK)
        return EXIT_BAD_DATA;
    return fail(app, exit_code_of(status), where,
                error.at.reason != NULL ? error.at.reason : berth_status_name(status));
}

int pai_cache_store(struct app *app, const struct pai_cache *c)
{
    static char document[PAI_CACHE_MAX];
    char path[PAI_PATH_MAX] = "";
    struct berth_writer w;
    berth_writer_init(&w, document, sizeof document);
    enum berth_status status = berth_openpai_cache_write(&c->spec, &w);
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), "the job cannot be kept", berth_status_name(status));
    int code = pai_cache_path(app, c->spec.job_name, "cache.json", path, sizeof path);
    if (code == 0)
        code = pai_make_folders(app, path);
    return code == 0 ? pai_store(app, path, berth_writer_text(&w)) : code;
}

/* Every value of a repeated option, behind those that are there already. */
static int take_list(struct app *app, enum option_id id, struct berth_text *items, size_t cap,
                     const struct berth_text **list, size_t *count)
{
    const struct args *args = &app->args;
    size_t n = 0;
    if (!args_given(args, id))
        return 0;
    for (size_t i = 0; i < args->multi_count; i++) {
        if (args->multi[i].id != id)
            continue;
        if (n == cap)
            return fail(app, EXIT_USAGE, args_option_name(args, id), "too many of them");
        items[n++] = berth_text_of(args->multi[i].value);
    }
    *list = items;
    *count = n;
    return 0;
}

static int check_sources(struct app *app, const struct berth_openpai_spec *spec)
{
    for (size_t i = 0; i < spec->source_count; i++) {
        if (!berth_openpai_source_is_inside(spec->sources[i]))
            return fail_text(app, EXIT_USAGE,
                             "a source lies inside the working folder (no '/' in front, no ..)",
                             spec->sources[i]);
    }
    return 0;
}

int pai_cache_options(struct app *app, struct pai_cache *c)
{
    struct berth_openpai_spec *spec = &c->spec;
    struct berth_text image = pai_option(app, OPT_IMAGE, "image");
    struct berth_text workspace = pai_option(app, OPT_WORKSPACE, "workspace");
    struct berth_text alias = pai_option(app, OPT_ALIAS, "cluster-alias");
    if (image.len > 0 && (spec->image.len == 0 || args_given(&app->args, OPT_IMAGE)))
        spec->image = image;
    if (workspace.len > 0 && (spec->workspace.len == 0 || args_given(&app->args, OPT_WORKSPACE)))
        spec->workspace = workspace;
    if (alias.len > 0)
        spec->alias = alias;
    if (args_given(&app->args, OPT_NO_INSTALL))
        spec->no_install = true;
    if (spec->image.len == 0)
        return fail(app, EXIT_USAGE, "which image?", "give --image, or set the default image");
    int code = take_list(app, OPT_PACKAGE, c->packages, 64, &spec->packages, &spec->package_count);
    if (code == 0)
        code = take_list(app, OPT_SOURCE, c->sources, 256, &spec->sources, &spec->source_count);
    return code == 0 ? check_sources(app, spec) : code;
}

/* A number of the option, of the default NAME, or 0. */
static int take_amount(struct app *app, enum option_id id, const char *name, int64_t *out)
{
    struct berth_text text = pai_option(app, id, name);
    *out = 0;
    if (text.len == 0 || (berth_parse_i64(text, out) == BERTH_OK && *out >= 0))
        return 0;
    return fail_text(app, EXIT_USAGE, name, text);
}

int pai_cache_role(struct app *app, struct pai_cache *c, bool update)
{
    static struct berth_text argv[WORDS_MAX];
    struct berth_openpai_spec *spec = &c->spec;
    struct berth_openpai_spec_role role;
    memset(&role, 0, sizeof role);
    role.name =
        args_given(&app->args, OPT_ROLE) ? berth_text_of(app->args.value[OPT_ROLE]) : BERTH_TEXT("main");
    int code = take_amount(app, OPT_INSTANCES, "instances", &role.task_number);
    if (code == 0)
        code = take_amount(app, OPT_CPU, "cpu", &role.cpu);
    if (code == 0)
        code = take_amount(app, OPT_GPU, "gpu", &role.gpu);
    if (code == 0)
        code = take_amount(app, OPT_MEM, "memMB", &role.memory_mb);
    if (code != 0)
        return code;
    for (size_t i = 0; i < args_count(&app->args); i++)
        argv[role.argc++] = berth_text_of(args_word(&app->args, i));
    role.argv = argv;
    size_t at = 0;
    while (at < spec->role_count && !berth_text_equal(c->roles[at].name, role.name))
        at++;
    if (at < spec->role_count && !update)
        return fail_text(app, EXIT_CONFLICT, "the job has this role already (--update replaces it)",
                         role.name);
    if (at == PAI_ROLES_MAX)
        return fail(app, EXIT_USAGE, "too many task roles", NULL);
    for (size_t i = 0; i < spec->role_count; i++) {
        if (i != at && berth_openpai_roles_collide(c->roles[i].name, role.name))
            return fail_text(app, EXIT_CONFLICT,
                             "servers take this role for another one of the job, as they read "
                             "letters and digits alone",
                             role.name);
    }
    c->roles[at] = role;
    spec->roles = c->roles;
    if (at == spec->role_count)
        spec->role_count++;
    return 0;
}

int pai_job_create(struct app *app)
{
    struct berth_text name;
    bool update = args_given(&app->args, OPT_UPDATE);
    if (!args_given(&app->args, OPT_JOB))
        return fail(app, EXIT_USAGE, "--job-name NAME", "is needed");
    int code = pai_cache_name(app, &name);
    if (code == 0) {
        code = pai_cache_load(app, name, &cache);
        if (code == 0 && !update)
            return fail_text(app, EXIT_CONFLICT, "there is such a job already (--update changes it)", name);
        if (code == EXIT_NO)
            code = 0;
    }
    cache.spec.job_name = name;
    if (code == 0)
        code = pai_cache_options(app, &cache);
    if (code == 0)
        code = pai_cache_store(app, &cache);
    struct berth_openpai_change change = {BERTH_TEXT("job-name"), name, false};
    return code == 0 && !args_given(&app->args, OPT_NOT_DEFAULT) ? pai_defaults_store(app, &change, 1) : code;
}

int pai_job_task(struct app *app)
{
    struct berth_text name;
    int code = pai_cache_name(app, &name);
    if (code == 0)
        code = pai_cache_load(app, name, &cache);
    if (code == EXIT_NO)
        return fail_text(app, EXIT_USAGE, "there is no such job here; 'berth pai job create' makes one",
                         name);
    if (code == 0)
        code = pai_cache_role(app, &cache, args_given(&app->args, OPT_UPDATE));
    return code == 0 ? pai_cache_store(app, &cache) : code;
}

int pai_job_abort(struct app *app)
{
    char path[PAI_PATH_MAX];
    struct berth_text name = berth_text_of(args_word(&app->args, 0));
    const struct berth_files *files = program_files();
    int code = name.len > 0 ? pai_check_job_name(app, name) : pai_cache_name(app, &name);
    if (code == 0)
        code = pai_cache_path(app, name, "", path, sizeof path);
    if (code != 0)
        return code;
    enum berth_status status = files->remove_tree(files->ctx, path);
    if (status == BERTH_E_NO_FILE)
        return fail_text(app, EXIT_NO, "there is no such job here", name);
    if (status != BERTH_OK)
        return fail_file(app, status, path);
    struct berth_openpai_change change = {BERTH_TEXT("job-name"), {NULL, 0}, false};
    return berth_text_equal(pai_default(app, "job-name"), name) ? pai_defaults_store(app, &change, 1) : 0;
}
