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
    const struct pai_change members[] = {{BERTH_TEXT("pai_uri"), env.pai_uri, false},
                                         {BERTH_TEXT("rest_server_uri"), env.rest_server_uri, false},
                                         {BERTH_TEXT("user"), env.user, false},
                                         {BERTH_TEXT("hdfs_web_uri"), env.hdfs_web_uri, false},
                                         {BERTH_TEXT("token"), env.token, false}};
    berth_writer_init(&text, file->text, sizeof file->text);
    berth_json_writer_init(&w, &text);
    berth_json_begin_object(&w);
    berth_json_put_name(&w, BERTH_TEXT("environment"));
    pai_put_changed(file, &w, (struct berth_json_cursor){NULL, 0}, members,
                    sizeof members / sizeof members[0]);
    berth_json_end_object(&w);
    if (berth_json_done(&w) != BERTH_OK ||
        berth_json_parse(&file->json, berth_writer_text(&text), file->tokens, sizeof file->tokens, NULL,
                         NULL) != BERTH_OK)
        return fail(app, EXIT_BAD_DATA, "PAI_SDK_CLIENT_PAI_URI", "cannot be used");
    return 0;
}

int pai_clusters_load(struct app *app, struct pai_file *file)
{
    int code = pai_path(app, true, "clusters.json", file->path, sizeof file->path);
    if (code == 0)
        code = pai_load(app, file, file->path);
    return code == 0 && !file->found ? clusters_of_environment(app, file) : code;
}

/* The member under the first of two names that it goes by. */
static struct berth_text either(struct pai_file *file, struct berth_json_cursor object, const char *name,
                                const char *other)
{
    struct berth_text text = pai_member(file, object, name);
    return text.len > 0 ? text : pai_member(file, object, other);
}

struct berth_text pai_storage_uri(struct pai_file *file, struct berth_json_cursor entry,
                                  struct berth_text wanted)
{
    struct berth_text first = BERTH_TEXT("");
    bool any = wanted.len == 0;
    if (any)
        wanted = pai_member(file, entry, "default_storage_alias");
    for (struct berth_json_cursor at = berth_json_enter(berth_json_find(entry, BERTH_TEXT("storages")));
         berth_json_type_of(at) != BERTH_JSON_NONE; at = berth_json_next(at)) {
        struct berth_text uri = either(file, at, "web_hdfs_uri", "hdfs_web_uri");
        if (uri.len == 0)
            continue;
        if (wanted.len > 0 && berth_text_equal(either(file, at, "storage_alias", "alias"), wanted))
            return uri;
        if (first.len == 0)
            first = uri;
    }
    return any ? first : BERTH_TEXT("");
}

bool pai_clusters_next(struct pai_file *file, struct berth_json_cursor *at, struct pai_cluster *out)
{
    *at = at->json == NULL ? berth_json_enter(berth_json_root(&file->json)) : berth_json_next(*at);
    while (berth_json_type_of(*at) != BERTH_JSON_NONE && berth_json_type_of(*at) != BERTH_JSON_OBJECT)
        *at = berth_json_next(*at);
    if (berth_json_type_of(*at) == BERTH_JSON_NONE)
        return false;
    out->entry = *at;
    out->alias = pai_name(file, *at);
    if (out->alias.ptr == NULL)
        out->alias = either(file, *at, "cluster_alias", "alias");
    out->pai_uri = pai_member(file, *at, "pai_uri");
    out->rest_server_uri = pai_member(file, *at, "rest_server_uri");
    out->user = pai_member(file, *at, "user");
    out->password = either(file, *at, "passwd", "password");
    out->token = pai_member(file, *at, "token");
    out->hdfs_web_uri = pai_member(file, *at, "hdfs_web_uri");
    if (out->hdfs_web_uri.len == 0)
        out->hdfs_web_uri = pai_storage_uri(file, *at, BERTH_TEXT(""));
    return true;
}

static void put_aliases(struct berth_writer *w, struct pai_file *file)
{
    struct berth_json_cursor at = {NULL, 0};
    struct pai_cluster cluster;
    for (bool first = true; pai_clusters_next(file, &at, &cluster); first = false) {
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

static bool find_cluster(struct pai_file *file, struct berth_text alias, struct pai_cluster *out)
{
    struct berth_json_cursor at = {NULL, 0};
    while (pai_clusters_next(file, &at, out)) {
        if (berth_text_equal(out->alias, alias))
            return true;
    }
    return false;
}

int pai_choose(struct app *app, struct pai_file *file, struct pai_cluster *out)
{
    struct pai_cluster first;
    struct berth_json_cursor at = {NULL, 0};
    if (!pai_clusters_next(file, &at, &first))
        return fail(app, EXIT_USAGE, file->path, "no cluster is defined; see 'berth help pai cluster add'");
    struct berth_text alias = pai_option(app, OPT_ALIAS, "cluster-alias");
    bool alone = !pai_clusters_next(file, &at, out);
    if (alias.len > 0 ? !find_cluster(file, alias, out) : !alone)
        return fail_known(app, file, alias);
    if (alias.len == 0)
        *out = first;
    if (out->pai_uri.len > 0)
        return 0;
    return fail_text(app, EXIT_BAD_DATA, "the cluster has no pai_uri", out->alias);
}

/* One entry of the file's array, or the only new one. */
static void put_entry(struct pai_file *file, struct berth_json_writer *w, struct berth_json_cursor entry,
                      const struct pai_change *changes, size_t count)
{
    pai_put_changed(file, w, entry, changes, count);
}

/* The later form: an array whose entries know their alias. */
static void put_array(struct pai_file *file, struct berth_json_writer *w, struct berth_text alias,
                      const struct pai_change *changes, size_t count)
{
    struct pai_cluster cluster;
    struct berth_json_cursor at = {NULL, 0};
    struct pai_change all[16];
    bool there = false;
    all[0] = (struct pai_change){BERTH_TEXT("cluster_alias"), alias, false};
    if (count > 0)
        memcpy(all + 1, changes, count * sizeof *changes);
    berth_json_begin_array(w);
    while (pai_clusters_next(file, &at, &cluster)) {
        if (!berth_text_equal(cluster.alias, alias))
            berth_json_put_raw(w, berth_json_raw(cluster.entry));
        else if (count > 0)
            put_entry(file, w, cluster.entry, all, count + 1);
        there = there || berth_text_equal(cluster.alias, alias);
    }
    if (!there && count > 0)
        put_entry(file, w, (struct berth_json_cursor){NULL, 0}, all, count + 1);
    berth_json_end_array(w);
}

int pai_clusters_store(struct app *app, struct pai_file *file, struct berth_text alias,
                       const struct pai_change *changes, size_t count)
{
    static char entry[PAI_FILE_MAX];
    struct berth_writer text, inner;
    struct berth_json_writer w, v;
    berth_writer_init(&text, document, sizeof document);
    berth_json_writer_init(&w, &text);
    if (berth_json_type_of(berth_json_root(&file->json)) == BERTH_JSON_ARRAY) {
        put_array(file, &w, alias, changes, count);
    } else {
        struct pai_change whole = {alias, {NULL, 0}, true};
        if (count > 0) {
            berth_writer_init(&inner, entry, sizeof entry);
            berth_json_writer_init(&v, &inner);
            put_entry(file, &v, berth_json_find(berth_json_root(&file->json), alias), changes, count);
            if (berth_json_done(&v) != BERTH_OK)
                return fail(app, EXIT_USAGE, "the cluster cannot be written",
                            berth_status_name(berth_json_done(&v)));
            whole.text = berth_writer_text(&inner);
        }
        pai_put_changed(file, &w, berth_json_root(&file->json), &whole, 1);
    }
    enum berth_status status = berth_json_done(&w);
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), file->path, berth_status_name(status));
    int code = pai_store(app, file->path, berth_writer_text(&text));
    berth_wipe(document, sizeof document);
    berth_wipe(entry, sizeof entry);
    return code;
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
    return pai_member(file, berth_json_root(&file->json), name);
}

struct berth_text pai_option(struct app *app, enum option_id id, const char *name)
{
    if (args_given(&app->args, id))
        return berth_text_of(app->args.value[id]);
    return pai_default(app, name);
}

int pai_defaults_store(struct app *app, const struct pai_change *changes, size_t count)
{
    struct pai_file *file;
    struct berth_writer text;
    struct berth_json_writer w;
    int code = pai_defaults_load(app, &file);
    if (code != 0)
        return code;
    berth_writer_init(&text, document, sizeof document);
    berth_json_writer_init(&w, &text);
    pai_put_changed(file, &w, berth_json_root(&file->json), changes, count);
    enum berth_status status = berth_json_done(&w);
    if (status != BERTH_OK)
        return fail(app, EXIT_USAGE, "the default cannot be written", berth_status_name(status));
    code = pai_store(app, file->path, berth_writer_text(&text));
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

int pai_token_load(struct app *app, const struct pai_cluster *cluster, char *buf, size_t size)
{
    buf[0] = '\0';
    int code = load_tokens(app);
    if (code != 0)
        return code;
    struct berth_json_cursor entry = berth_json_find(berth_json_root(&tokens.json), cluster->alias);
    struct berth_text token = pai_member(&tokens, entry, "token");
    /* a token never goes to another server or speaks for another user */
    if (token.len == 0 || token.len >= size ||
        !berth_text_equal(pai_member(&tokens, entry, "pai_uri"), cluster->pai_uri) ||
        !berth_text_equal(pai_member(&tokens, entry, "user"), cluster->user))
        return 0;
    memcpy(buf, token.ptr, token.len);
    buf[token.len] = '\0';
    return 0;
}

static int write_tokens(struct app *app, const struct pai_cluster *cluster, struct berth_text token)
{
    char entry[8192];
    struct berth_writer inner, text;
    struct berth_json_writer v, w;
    struct pai_change change = {cluster->alias, {NULL, 0}, true};
    const struct pai_change members[] = {{BERTH_TEXT("pai_uri"), cluster->pai_uri, false},
                                         {BERTH_TEXT("user"), cluster->user, false},
                                         {BERTH_TEXT("token"), token, false}};
    berth_writer_init(&inner, entry, sizeof entry);
    berth_json_writer_init(&v, &inner);
    pai_put_changed(&tokens, &v, (struct berth_json_cursor){NULL, 0}, members, 3);
    if (token.len > 0 && berth_json_done(&v) == BERTH_OK)
        change.text = berth_writer_text(&inner);
    berth_writer_init(&text, document, sizeof document);
    berth_json_writer_init(&w, &text);
    pai_put_changed(&tokens, &w, berth_json_root(&tokens.json), &change, 1);
    enum berth_status status = berth_json_done(&w);
    int code = status == BERTH_OK ? pai_store(app, tokens.path, berth_writer_text(&text))
                                  : fail(app, exit_code_of(status), tokens.path, berth_status_name(status));
    berth_wipe(entry, sizeof entry);
    return code;
}

int pai_token_store(struct app *app, const struct pai_cluster *cluster, struct berth_text token)
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
