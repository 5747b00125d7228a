/* berth pai cluster, berth pai default: without a network. */
#include "commands.h"
#include "pai_files.h"
#include "secret.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { PASSWORD_MAX = 512 };

static struct pai_file clusters;

/* ---- cluster ---- */

static const struct berth_text secrets[] = {BERTH_TEXT_INIT("passwd"), BERTH_TEXT_INIT("password"),
                                            BERTH_TEXT_INIT("token")};
enum { SECRET_COUNT = sizeof secrets / sizeof secrets[0] };

/* The entry as one line of JSON, with its alias and without its secrets. */
static enum berth_status put_entry(struct out *out, const struct berth_openpai_cluster *cluster)
{
    static char text[PAI_FILE_MAX];
    static const struct berth_text stars = BERTH_TEXT_INIT("******");
    struct berth_openpai_change changes[1 + SECRET_COUNT];
    struct berth_writer writer;
    struct berth_json_writer w;
    size_t count = 0;
    changes[count++] = (struct berth_openpai_change){BERTH_TEXT("cluster_alias"), cluster->alias, false};
    for (size_t i = 0; i < SECRET_COUNT; i++) { /* each, however often the entry has it */
        if (berth_json_type_of(berth_json_find(cluster->entry, secrets[i])) != BERTH_JSON_NONE)
            changes[count++] = (struct berth_openpai_change){secrets[i], stars, false};
    }
    berth_writer_init(&writer, text, sizeof text);
    berth_json_writer_init(&w, &writer);
    berth_openpai_put_changed(&clusters.content, &w, cluster->entry, changes, count);
    BERTH_TRY(berth_json_done(&w));
    out_bytes(out, text, json_compact(text, writer.len, text));
    out_string(out, "\n");
    return BERTH_OK;
}

static void show_cluster(struct app *app, struct table *table, const struct berth_openpai_cluster *cluster,
                         struct berth_text chosen)
{
    const struct berth_text cells[] = {
        cluster->alias,   berth_text_equal(cluster->alias, chosen) ? BERTH_TEXT("yes") : BERTH_TEXT(""),
        cluster->user,    cluster->password.len > 0 ? BERTH_TEXT("******") : BERTH_TEXT(""),
        cluster->pai_uri,
    };
    (void)app;
    table_row(table, cells);
}

int pai_cluster_list(struct app *app)
{
    static const struct column columns[] = {{"ALIAS", 16, false},
                                            {"DEFAULT", 7, false},
                                            {"USER", 12, false},
                                            {"PASSWORD", 8, false},
                                            {"PAI URI", 0, false}};
    struct table table;
    struct berth_openpai_cluster cluster;
    struct berth_json_cursor at = {NULL, 0};
    const char *only = app->args.value[OPT_ALIAS];
    size_t shown = 0;
    int code = pai_clusters_load(app, &clusters, true);
    if (code != 0)
        return code;
    struct berth_text chosen = pai_default(app, "cluster-alias");
    table_init(&table, &app->out, columns, 5);
    while (berth_openpai_next_cluster(&clusters.content, &at, &cluster)) {
        if (only != NULL && !berth_text_equal(cluster.alias, berth_text_of(only)))
            continue;
        shown++;
        if (args_given(&app->args, OPT_NAME)) {
            out_safe(&app->out, cluster.alias);
            out_string(&app->out, "\n");
        } else if (!app->json) {
            show_cluster(app, &table, &cluster, chosen);
        } else if (put_entry(&app->out, &cluster) != BERTH_OK) {
            return fail(app, EXIT_BAD_DATA, clusters.path, "a text in it is not UTF-8");
        }
    }
    if (only != NULL && shown == 0)
        return pai_choose(app, &clusters, &cluster); /* says which there are */
    return EXIT_DONE;
}

/* The password of a cluster that is added, into BUF; empty when there shall be none. */
static int new_password(struct app *app, char *buf, size_t size)
{
    const struct args *args = &app->args;
    const char *given = args->value[OPT_PASSWD];
    buf[0] = '\0';
    if (args_given(args, OPT_PASSWD_FILE))
        return secret_read(app, args->value[OPT_PASSWD_FILE], buf, size);
    if (given == NULL)
        given = getenv("BERTH_PAI_PASSWORD");
    if (given != NULL && given[0] != '\0') {
        if (strlen(given) >= size)
            return fail(app, EXIT_USAGE, "the password is too long", NULL);
        memcpy(buf, given, strlen(given) + 1);
        if (args_given(args, OPT_PASSWD) && !app->quiet) {
            out_string(&app->err, "berth: warning: others on this machine can see --passwd in the list of "
                                  "processes; --passwd-file or BERTH_PAI_PASSWORD hide it\n");
            out_flush(&app->err);
        }
        return 0;
    }
    if (args_given(args, OPT_TOKEN_FILE))
        return 0;
    if (!secret_can_ask())
        return fail(app, EXIT_USAGE, "which password?",
                    "give --passwd-file FILE (- is standard input) or set BERTH_PAI_PASSWORD");
    return secret_ask(app, "password: ", buf, size);
}

static int keep_token(struct app *app, const struct berth_openpai_cluster *cluster)
{
    char token[BERTH_OPENPAI_TOKEN_MAX + 1];
    int code = secret_read(app, app->args.value[OPT_TOKEN_FILE], token, sizeof token);
    if (code == 0)
        code = pai_token_store(app, cluster, berth_text_of(token));
    berth_wipe(token, sizeof token);
    return code;
}

static int need(struct app *app, enum option_id id, const char *what)
{
    return args_given(&app->args, id) && app->args.value[id][0] != '\0'
               ? 0
               : fail(app, EXIT_USAGE, what, "is needed");
}

static int check_uri(struct app *app, enum option_id id)
{
    struct berth_url url;
    const char *reason = "", *text = app->args.value[id];
    char buf[1024];
    struct berth_writer w;
    if (text == NULL)
        return 0;
    berth_writer_init(&w, buf, sizeof buf);
    if (berth_text_find(berth_text_of(text), BERTH_TEXT("://")) == SIZE_MAX)
        berth_put_string(&w, "http://");
    berth_put_string(&w, text);
    if (berth_writer_status(&w) == BERTH_OK &&
        berth_url_parse(berth_writer_text(&w), &url, &reason) == BERTH_OK)
        return 0;
    return fail(app, EXIT_USAGE, text, reason);
}

int pai_cluster_add(struct app *app)
{
    static const struct {
        enum option_id id;
        const char *member;
    } members[] = {{OPT_PAI_URI, "pai_uri"},
                   {OPT_USER, "user"},
                   {OPT_HDFS_URI, "hdfs_web_uri"},
                   {OPT_REST_URI, "rest_server_uri"}};
    char password[PASSWORD_MAX];
    struct berth_openpai_change changes[sizeof members / sizeof members[0] + 1];
    struct berth_openpai_cluster cluster;
    size_t count = 0;
    int code = need(app, OPT_ALIAS, "--cluster-alias ALIAS");
    if (code == 0)
        code = need(app, OPT_PAI_URI, "--pai-uri URL");
    if (code == 0)
        code = need(app, OPT_USER, "--user NAME");
    for (size_t i = 0; code == 0 && i < sizeof members / sizeof members[0]; i++) {
        if (!args_given(&app->args, members[i].id))
            continue;
        if (members[i].id != OPT_USER)
            code = check_uri(app, members[i].id);
        changes[count++] = (struct berth_openpai_change){
            berth_text_of(members[i].member), berth_text_of(app->args.value[members[i].id]), false};
    }
    if (code == 0)
        code = pai_clusters_load(app, &clusters, false);
    if (code == 0)
        code = new_password(app, password, sizeof password);
    if (code != 0)
        return code;
    if (password[0] != '\0')
        changes[count++] =
            (struct berth_openpai_change){BERTH_TEXT("passwd"), berth_text_of(password), false};
    memset(&cluster, 0, sizeof cluster);
    cluster.alias = berth_text_of(app->args.value[OPT_ALIAS]);
    cluster.pai_uri = berth_text_of(app->args.value[OPT_PAI_URI]);
    cluster.user = berth_text_of(app->args.value[OPT_USER]);
    code = pai_clusters_store(app, &clusters, cluster.alias, changes, count);
    berth_wipe(password, sizeof password);
    if (code == 0 && args_given(&app->args, OPT_TOKEN_FILE))
        code = keep_token(app, &cluster);
    return code;
}

/* The cluster that the argument (or --alias) names. */
static int named_cluster(struct app *app, struct berth_openpai_cluster *out)
{
    if (args_count(&app->args) > 0)
        app->args.value[OPT_ALIAS] = args_word(&app->args, 0);
    int code = need(app, OPT_ALIAS, "ALIAS");
    if (code == 0)
        code = pai_clusters_load(app, &clusters, false);
    return code == 0 ? pai_choose(app, &clusters, out) : code;
}

int pai_cluster_delete(struct app *app)
{
    struct berth_openpai_cluster cluster;
    int code = named_cluster(app, &cluster);
    if (code == 0)
        code = pai_token_store(app, &cluster, BERTH_TEXT(""));
    return code == 0 ? pai_clusters_store(app, &clusters, cluster.alias, NULL, 0) : code;
}

int pai_cluster_select(struct app *app)
{
    struct berth_openpai_cluster cluster;
    int code = named_cluster(app, &cluster);
    struct berth_openpai_change change = {BERTH_TEXT("cluster-alias"), cluster.alias, false};
    return code == 0 ? pai_defaults_store(app, &change, 1) : code;
}

/* ---- default ---- */

int pai_default_list(struct app *app)
{
    static const struct column columns[] = {{"VARIABLE", 16, false}, {"VALUE", 0, false}};
    struct table table;
    struct pai_file *file;
    int code = pai_defaults_load(app, &file);
    if (code != 0)
        return code;
    if (app->json) {
        struct berth_text all = berth_json_raw(berth_json_root(&file->content.json));
        out_bytes(&app->out, file->room, json_compact(all.ptr, all.len, file->room));
        out_string(&app->out, "\n");
        return EXIT_DONE;
    }
    table_init(&table, &app->out, columns, 2);
    for (struct berth_json_cursor at = berth_json_enter(berth_json_root(&file->content.json));
         berth_json_type_of(at) != BERTH_JSON_NONE; at = berth_json_next(at)) {
        const struct berth_text cells[] = {berth_openpai_file_name(&file->content, at),
                                           berth_openpai_file_text(&file->content, at)};
        table_row(&table, cells);
    }
    return EXIT_DONE;
}

int pai_default_add(struct app *app)
{
    struct berth_openpai_change changes[64];
    size_t count = args_count(&app->args);
    if (count > 64)
        return fail(app, EXIT_USAGE, "at most 64 variables at once", NULL);
    for (size_t i = 0; i < count; i++) {
        struct berth_text value = berth_text_of(args_word(&app->args, i)), name;
        if (!berth_text_split(&value, '=', &name) || value.ptr == NULL || name.len == 0)
            return fail(app, EXIT_USAGE, args_word(&app->args, i), "a default is written VARIABLE=VALUE");
        changes[i] = (struct berth_openpai_change){name, value, false};
    }
    return pai_defaults_store(app, changes, count);
}

int pai_default_remove(struct app *app)
{
    struct berth_openpai_change changes[64];
    struct pai_file *file;
    size_t count = args_count(&app->args);
    if (count > 64)
        return fail(app, EXIT_USAGE, "at most 64 variables at once", NULL);
    int code = pai_defaults_load(app, &file);
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct berth_text name = berth_text_of(args_word(&app->args, i));
        if (berth_json_type_of(berth_json_find(berth_json_root(&file->content.json), name)) ==
            BERTH_JSON_NONE)
            return fail_text(app, EXIT_NO, "there is no such default", name);
        changes[i] = (struct berth_openpai_change){name, {NULL, 0}, false};
    }
    return code == 0 ? pai_defaults_store(app, changes, count) : code;
}
