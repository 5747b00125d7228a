/* Which clusters there are, and the tokens kept for them. */
#define _DEFAULT_SOURCE
#include "pai_files.h"

#include "files.h"
#include "pai_submit.h"

#include <string.h>

static char document[PAI_FILE_MAX]; /* a file as it will be */

/* ---- clusters.json ---- */

/* What a job's environment has instead of the file: PAI_SDK_CLIENT_PAI_URI and its like. */
static int clusters_of_environment(struct app *app, struct pai_file *file)
{
    struct berth_openpai_env env;
    struct berth_writer text;
    struct berth_json_writer w;
    int code = pai_environment(app, &env);
    if (code != 0 || env.pai_uri.len == 0)
        return code;
    const struct berth_openpai_change members[] = {
        {BERTH_TEXT("pai_uri"), env.pai_uri, false},
        {BERTH_TEXT("rest_server_uri"), env.rest_server_uri, false},
        {BERTH_TEXT("user"), env.user, false},
        {BERTH_TEXT("hdfs_web_uri"), env.hdfs_web_uri, false},
        {BERTH_TEXT("token"), env.token, false}};
    berth_writer_init(&text, file->text, sizeof file->text);
    berth_json_writer_init(&w, &text);
    berth_openpai_put_cluster(&file->content, &w, BERTH_TEXT("environment"), members,
                              sizeof members / sizeof members[0]);
    if (berth_json_done(&w) != BERTH_OK ||
        berth_openpai_file_read(&file->content, berth_writer_text(&text), file->tokens, sizeof file->tokens,
                                file->room, sizeof file->room, NULL) != BERTH_OK)
        return fail(app, EXIT_BAD_DATA, "PAI_SDK_CLIENT_PAI_URI", "cannot be used");
    return 0;
}

/* clusters.yaml, which still later SDKs have instead; it is only read. */
static int clusters_of_yaml(struct app *app, struct pai_file *file)
{
    char path[PAI_PATH_MAX], where[PAI_PATH_MAX + 32];
    struct berth_text yaml;
    struct berth_writer w;
    struct berth_yaml_error error = {0, 0, NULL};
    int code = pai_path(app, true, "clusters.yaml", path, sizeof path);
    if (code != 0)
        return code;
    enum berth_status status = read_whole(path, document, sizeof document, &yaml);
    if (status == BERTH_E_NO_FILE)
        return 0;
    if (status != BERTH_OK)
        return status == BERTH_E_SPACE ? fail(app, EXIT_SPACE, path, "larger than this program reads at once")
                                       : fail_file(app, status, path);
    memcpy(file->path, path, sizeof path);
    berth_writer_init(&w, file->text, sizeof file->text);
    status = berth_yaml_to_json(yaml, NULL, &w, &error);
    berth_wipe(document, sizeof document);
    if (status == BERTH_OK)
        status = berth_openpai_file_read(&file->content, berth_writer_text(&w), file->tokens,
                                         sizeof file->tokens, file->room, sizeof file->room, NULL);
    file->found = status == BERTH_OK;
    if (file->found)
        return 0;
    berth_writer_init(&w, where, sizeof where);
    berth_put_string(&w, path);
    if (error.line > 0) {
        berth_put_char(&w, ':');
        berth_put_u64(&w, error.line);
        berth_put_char(&w, ':');
        berth_put_u64(&w, error.column);
    }
    if (berth_writer_terminate(&w) != BERTH_OK)
        return EXIT_BAD_DATA;
    return fail(app, EXIT_BAD_DATA, where, error.reason != NULL ? error.reason : "a list of clusters is due");
}

int pai_clusters_load(struct app *app, struct pai_file *file, bool or_environment)
{
    int code = pai_path(app, true, "clusters.json", file->path, sizeof file->path);
    if (code == 0)
        code = pai_load(app, file, file->path);
    if (code == 0 && !file->found)
        code = clusters_of_yaml(app, file);
    return code == 0 && !file->found && or_environment ? clusters_of_environment(app, file) : code;
}

static void put_aliases(struct berth_writer *w, struct pai_file *file)
{
    struct berth_json_cursor at = {NULL, 0};
    struct berth_openpai_cluster cluster;
    for (bool first = true; berth_openpai_next_cluster(&file->content, &at, &cluster); first = false) {
        berth_put_string(w, first ? "" : ", ");
        berth_put_text(w, cluster.alias);
    }
}

/* An error that names the clusters there are. */
static int fail_known(struct app *app, struct pai_file *file, struct berth_text alias)
{
    char line[1024];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    if (alias.len > 0) {
        berth_put_string(&w, "there is no cluster ");
        berth_put_text(&w, alias);
    } else {
        berth_put_string(&w, "which cluster? give --alias, or choose one with 'berth pai cluster select'");
    }
    size_t len = w.len;
    berth_put_string(&w, "; known: ");
    size_t before = w.len;
    put_aliases(&w, file);
    bool fits = w.len < sizeof line && w.len > before;
    line[fits ? w.len : len < sizeof line ? len : 0] = '\0';
    return fail(app, EXIT_USAGE, line, NULL);
}

int pai_choose(struct app *app, struct pai_file *file, struct berth_openpai_cluster *out)
{
    struct berth_text alias = pai_option(app, OPT_ALIAS, "cluster-alias");
    enum berth_status status = berth_openpai_choose_cluster(&file->content, alias, out);
    if (status == BERTH_E_MISSING)
        return fail(app, EXIT_USAGE, file->path, "no cluster is defined; see 'berth help pai cluster add'");
    if (status != BERTH_OK)
        return fail_known(app, file, alias);
    if (out->pai_uri.len > 0)
        return 0;
    return fail_text(app, EXIT_BAD_DATA, "the cluster has no pai_uri", out->alias);
}

/* Writes what was put into `document`. */
static int store_document(struct app *app, const char *path, const struct berth_json_writer *w)
{
    enum berth_status status = berth_json_done(w);
    int code = status == BERTH_OK ? pai_store(app, path, berth_writer_text(w->out))
                                  : fail(app, exit_code_of(status), path, berth_status_name(status));
    berth_wipe(document, sizeof document);
    return code;
}

int pai_clusters_store(struct app *app, struct pai_file *file, struct berth_text alias,
                       const struct berth_openpai_change *changes, size_t count)
{
    struct berth_writer text;
    struct berth_json_writer w;
    if (berth_text_ends(berth_text_of(file->path), BERTH_TEXT(".yaml")))
        return fail(
            app, EXIT_USAGE, file->path,
            "berth only reads it; 'berth yaml to-json' makes a clusters.json of it, which takes its place");
    berth_writer_init(&text, document, sizeof document);
    berth_json_writer_init(&w, &text);
    berth_openpai_put_cluster(&file->content, &w, alias, changes, count);
    return store_document(app, file->path, &w);
}

/* ---- defaults.json ---- */

static struct pai_file defaults;
static bool defaults_loaded;

int pai_defaults_load(struct app *app, struct pai_file **out_file)
{
    int code = 0;
    if (!defaults_loaded) {
        code = pai_path(app, false, "defaults.json", defaults.path, sizeof defaults.path);
        if (code == 0)
            code = pai_load(app, &defaults, defaults.path);
    }
    defaults_loaded = code == 0;
    *out_file = &defaults;
    return code;
}

struct berth_text pai_default(struct app *app, const char *name)
{
    struct pai_file *file;
    if (pai_defaults_load(app, &file) != 0)
        return BERTH_TEXT("");
    return berth_openpai_file_member(&file->content, berth_json_root(&file->content.json),
                                     berth_text_of(name));
}

struct berth_text pai_option(struct app *app, enum option_id id, const char *name)
{
    if (args_given(&app->args, id))
        return berth_text_of(app->args.value[id]);
    return pai_default(app, name);
}

int pai_defaults_store(struct app *app, const struct berth_openpai_change *changes, size_t count)
{
    struct pai_file *file;
    struct berth_writer text;
    struct berth_json_writer w;
    int code = pai_defaults_load(app, &file);
    if (code != 0)
        return code;
    berth_writer_init(&text, document, sizeof document);
    berth_json_writer_init(&w, &text);
    berth_openpai_put_changed(&file->content, &w, berth_json_root(&file->content.json), changes, count);
    if (berth_json_done(&w) != BERTH_OK)
        return fail(app, EXIT_USAGE, "the default cannot be written", berth_status_name(berth_json_done(&w)));
    code = store_document(app, file->path, &w);
    defaults_loaded = false;
    return code;
}

/* ---- tokens.json: {"ALIAS": {"pai_uri": ..., "user": ..., "token": ...}} ---- */

static struct pai_file tokens;

static int load_tokens(struct app *app)
{
    int code = pai_path(app, true, "tokens.json", tokens.path, sizeof tokens.path);
    return code == 0 ? pai_load(app, &tokens, tokens.path) : code;
}

int pai_token_load(struct app *app, const struct berth_openpai_cluster *cluster, char *buf, size_t size)
{
    buf[0] = '\0';
    int code = load_tokens(app);
    if (code != 0)
        return code;
    struct berth_text token = berth_openpai_kept_token(&tokens.content, cluster);
    if (token.len == 0 || token.len >= size)
        return 0;
    memcpy(buf, token.ptr, token.len);
    buf[token.len] = '\0';
    return 0;
}

static int write_tokens(struct app *app, const struct berth_openpai_cluster *cluster, struct berth_text token)
{
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, document, sizeof document);
    berth_json_writer_init(&w, &text);
    berth_openpai_put_token(&tokens.content, &w, cluster, token);
    return store_document(app, tokens.path, &w);
}

int pai_token_store(struct app *app, const struct berth_openpai_cluster *cluster, struct berth_text token)
{
    char path[PAI_PATH_MAX];
    const struct berth_files *files = program_files();
    int code = load_tokens(app);
    if (code != 0 || (token.len == 0 && !tokens.found))
        return code;
    code = pai_path(app, true, "tokens.lock", path, sizeof path);
    if (code == 0)
        code = pai_make_folder(app, path);
    if (code != 0)
        return code;
    berth_file lock = files->lock(files->ctx, path, 5000); /* another berth may be writing its own */
    code = load_tokens(app);
    if (code == 0)
        code = write_tokens(app, cluster, token);
    if (lock >= 0)
        files->unlock(files->ctx, lock);
    return code;
}
