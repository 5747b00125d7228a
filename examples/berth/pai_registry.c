/* berth pai cluster info, vc, users, groups, storages, token. */
#include "commands.h"
#include "pai.h"
#include "secret.h"

#include <string.h>

/* ---- cluster info ----------------------------------------------------------------------------- */

static const char *generation_word(enum berth_openpai_generation generation)
{
    static const char *const words[] = {"unknown", "1 (0.8 to 0.14)", "2 (0.15 to 1.0)", "3 (1.1 and later)"};
    return (unsigned)generation < 4 ? words[generation] : words[0];
}

static const char *scheduler_word(enum berth_openpai_scheduler scheduler)
{
    static const char *const words[] = {"unknown", "yarn", "k8s"};
    return (unsigned)scheduler < 3 ? words[scheduler] : words[0];
}

static const char *authn_word(enum berth_openpai_authn authn)
{
    static const char *const words[] = {"unknown", "basic", "OIDC"};
    return (unsigned)authn < 3 ? words[authn] : words[0];
}

static struct berth_text version_of(const struct berth_openpai_server *server, char *buf, size_t size)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    if (server->major == 0 && server->minor == 0)
        return BERTH_TEXT("");
    berth_put_u64(&w, server->major);
    berth_put_char(&w, '.');
    berth_put_u64(&w, server->minor);
    return berth_writer_text(&w);
}

static void put_member(struct berth_json_writer *w, const char *name, struct berth_text value)
{
    berth_json_put_name(w, berth_text_of(name));
    if (value.len > 0)
        berth_json_put_text(w, value);
    else
        berth_json_put_null(w);
}

static int print_info(struct app *app)
{
    const struct berth_openpai_server *server = &pai.client.server;
    char buf[32], line[2048];
    struct berth_text version = version_of(server, buf, sizeof buf);
    struct out *o = &app->out;
    if (!app->json) {
        record_line(o, "CLUSTER", pai.cluster.alias);
        record_line(o, "PAI URI", pai.cluster.pai_uri);
        record_line(o, "USER", pai.cluster.user);
        record_line(o, "GENERATION", berth_text_of(generation_word(server->generation)));
        record_line(o, "VERSION", version.len > 0 ? version : BERTH_TEXT("not told"));
        record_line(o, "SCHEDULER", berth_text_of(scheduler_word(server->scheduler)));
        record_line(o, "LOGIN", berth_text_of(authn_word(server->authn)));
        return EXIT_DONE;
    }
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, line, sizeof line);
    berth_json_writer_init(&w, &text);
    berth_json_begin_object(&w);
    put_member(&w, "cluster_alias", pai.cluster.alias);
    put_member(&w, "pai_uri", pai.cluster.pai_uri);
    put_member(&w, "user", pai.cluster.user);
    berth_json_put_name(&w, BERTH_TEXT("generation"));
    berth_json_put_i64(&w, (int64_t)server->generation);
    put_member(&w, "version", version);
    put_member(&w, "launcherType", berth_text_of(scheduler_word(server->scheduler)));
    put_member(&w, "authnMethod", berth_text_of(authn_word(server->authn)));
    berth_json_end_object(&w);
    if (berth_json_done(&w) != BERTH_OK)
        return fail(app, EXIT_SPACE, "the cluster's names are too long", NULL);
    out_text(o, berth_writer_text(&text));
    out_string(o, "\n");
    return EXIT_DONE;
}

int pai_cluster_info(struct app *app)
{
    if (args_count(&app->args) > 0)
        app->args.value[OPT_ALIAS] = args_word(&app->args, 0);
    int code = pai_open(app);
    if (code == 0)
        code = pai_probe();
    pai_close();
    return code == 0 ? print_info(app) : code;
}

/* ---- virtual clusters ------------------------------------------------------------------------- */

/* A number without needless digits; "-" for what the server does not say. */
static struct berth_text amount(double value, char *buf, size_t size)
{
    struct berth_writer w;
    int64_t tenths = value < 1e15 ? (int64_t)(value * 10 + 0.5) : 0;
    if (value < 0)
        return BERTH_TEXT("-");
    berth_writer_init(&w, buf, size);
    berth_put_i64(&w, tenths / 10);
    if (tenths % 10 != 0) {
        berth_put_char(&w, '.');
        berth_put_i64(&w, tenths % 10);
    }
    return berth_writer_text(&w);
}

/* "4/20", "-" when nothing is known. */
static struct berth_text free_of(double available, double total, bool known, char *buf, size_t size)
{
    char digits[32];
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    if (!known || available < 0)
        return BERTH_TEXT("-");
    berth_put_text(&w, amount(available, digits, sizeof digits));
    berth_put_char(&w, '/');
    berth_put_text(&w, amount(total, digits, sizeof digits));
    return berth_writer_text(&w);
}

static void print_vc(struct pai_view *view, void *structure)
{
    static const struct column columns[] = {{"VC", 12, false},       {"USED %", 6, true},
                                            {"FREE GPUS", 11, true}, {"FREE CPUS", 11, true},
                                            {"FREE MB", 15, true},   {"STATUS", 0, false}};
    const struct berth_openpai_vc *vc = structure;
    struct berth_openpai_resources left;
    char used[32], gpus[80], cpus[80], memory[80];
    bool known = (vc->present & BERTH_OPENPAI_VC_HAS_TOTAL) != 0;
    berth_openpai_vc_free(vc, &left);
    struct berth_text status = vc->status.len > 0 ? vc->status
                               : vc->dedicated    ? BERTH_TEXT("dedicated")
                                                  : BERTH_TEXT("");
    const struct berth_text cells[] = {
        vc->name,
        amount(vc->used_capacity, used, sizeof used),
        free_of(left.gpu, vc->total.gpu, known, gpus, sizeof gpus),
        free_of(left.cpu, vc->total.cpu, known, cpus, sizeof cpus),
        free_of(left.memory_mb, vc->total.memory_mb, known, memory, sizeof memory),
        status};
    table_row(pai_table(view, columns, 6), cells);
}

/* Names are in the map's keys: they are put in front of the object's own members. */
static enum berth_status put_named(const struct berth_shape *shape, struct berth_text name,
                                   const void *structure)
{
    char head[1024];
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, head, sizeof head);
    berth_json_writer_init(&w, &text);
    berth_json_put_text(&w, name);
    BERTH_TRY(berth_json_done(&w));
    out_string(&pai.app->out, "{\"name\":");
    out_text(&pai.app->out, berth_writer_text(&text));
    out_string(&pai.app->out, ",");
    BERTH_TRY(pai_put_json_part(shape, structure, true, false));
    out_string(&pai.app->out, "\n");
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

static enum berth_status on_vc(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_openpai_vc *vc = structure;
    if (vc == NULL || !pai.app->json)
        return pai_element(ctx, element, structure);
    pai_view.count++;
    return put_named(&berth_openpai_vc_shape, vc->name, vc);
}

static enum berth_status on_node(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_openpai_node *node = structure;
    if (node == NULL || !pai.app->json)
        return pai_element(ctx, element, structure);
    pai_view.count++;
    return put_named(&berth_openpai_node_shape, node->name, node);
}

static enum berth_status on_sku(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_openpai_sku *sku = structure;
    if (sku == NULL || !pai.app->json)
        return pai_element(ctx, element, structure);
    pai_view.count++;
    return put_named(&berth_openpai_sku_shape, sku->name, sku);
}

static void print_node(struct pai_view *view, void *structure)
{
    static const struct column columns[] = {
        {"GPUS", 6, true}, {"USED", 6, true}, {"FREE", 6, true}, {"NODE", 0, false}};
    const struct berth_openpai_node *node = structure;
    char total[32], used[32], available[32];
    const struct berth_text cells[] = {amount(node->gpu_total, total, sizeof total),
                                       amount(node->gpu_used, used, sizeof used),
                                       amount(node->gpu_available, available, sizeof available), node->name};
    table_row(pai_table(view, columns, 4), cells);
}

static void print_sku(struct pai_view *view, void *structure)
{
    static const struct column columns[] = {
        {"GPUS", 6, true}, {"CPUS", 6, true}, {"MB", 9, true}, {"SKU", 0, false}};
    const struct berth_openpai_sku *sku = structure;
    char gpus[32], cpus[32], memory[32];
    const struct berth_text cells[] = {amount(sku->gpu, gpus, sizeof gpus),
                                       amount(sku->cpu, cpus, sizeof cpus),
                                       amount(sku->memory_mb, memory, sizeof memory), sku->name};
    table_row(pai_table(view, columns, 4), cells);
}

int pai_vc_list(struct app *app)
{
    struct berth_text vc = berth_text_of(args_word(&app->args, 0));
    bool nodes = args_given(&app->args, OPT_NODES), skus = args_given(&app->args, OPT_SKUS);
    if (nodes && (skus || vc.len > 0))
        return fail(app, EXIT_USAGE, "--nodes", "lists those of the whole cluster, and nothing else");
    int code = pai_open(app);
    if (code != 0)
        return code;
    if (nodes)
        return pai_finish(berth_openpai_nodes_list(&pai.request, &pai.client, on_node,
                                                   pai_show(print_node, &berth_openpai_node_shape)));
    if (skus)
        return pai_finish(berth_openpai_skus_list(&pai.request, &pai.client, vc, on_sku,
                                                  pai_show(print_sku, &berth_openpai_sku_shape)));
    struct pai_view *view = pai_show(print_vc, &berth_openpai_vc_shape);
    return pai_finish(vc.len > 0 ? berth_openpai_vcs_get(&pai.request, &pai.client, vc, on_vc, view)
                                 : berth_openpai_vcs_list(&pai.request, &pai.client, on_vc, view));
}

/* ---- users ------------------------------------------------------------------------------------ */

static void print_user(struct pai_view *view, void *structure)
{
    static const struct column columns[] = {
        {"USER", 16, false}, {"ADMIN", 5, false}, {"GROUPS", 20, false}, {"VCS", 0, false}};
    const struct berth_openpai_user *user = structure;
    char groups[512], vcs[1024];
    const struct berth_text cells[] = {user->username, user->admin ? BERTH_TEXT("yes") : BERTH_TEXT(""),
                                       pai_join(user->groups, groups, sizeof groups),
                                       user->virtual_cluster_list.len > 0
                                           ? user->virtual_cluster_list
                                           : pai_join(user->virtual_clusters, vcs, sizeof vcs)};
    table_row(pai_table(view, columns, 4), cells);
}

/* A user's extension holds keys and tokens: it is never shown. */
static enum berth_status on_user(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_openpai_user *user = structure;
    if (user != NULL)
        user->present &= ~(uint32_t)BERTH_OPENPAI_USER_HAS_EXTENSION;
    return pai_element(ctx, element, structure);
}

int pai_users_list(struct app *app)
{
    int code = pai_open(app);
    return code != 0 ? code
                     : pai_finish(berth_openpai_users_list(&pai.request, &pai.client, on_user,
                                                           pai_show(print_user, &berth_openpai_user_shape)));
}

int pai_users_get(struct app *app)
{
    int code = pai_open(app);
    return code != 0 ? code
                     : pai_finish(berth_openpai_users_get(&pai.request, &pai.client,
                                                          berth_text_of(args_word(&app->args, 0)), on_user,
                                                          pai_show(print_user, &berth_openpai_user_shape)));
}

/* ---- groups ----------------------------------------------------------------------------------- */

static void print_group(struct pai_view *view, void *structure)
{
    static const struct column columns[] = {
        {"GROUP", 16, false}, {"ADMIN", 5, false}, {"VCS", 20, false}, {"DESCRIPTION", 0, false}};
    const struct berth_openpai_group *group = structure;
    const struct berth_openpai_acls *acls = &group->extension.acls;
    char vcs[1024];
    const struct berth_text cells[] = {group->name, acls->admin ? BERTH_TEXT("yes") : BERTH_TEXT(""),
                                       pai_join(acls->virtual_clusters, vcs, sizeof vcs), group->description};
    table_row(pai_table(view, columns, 4), cells);
}

int pai_groups_list(struct app *app)
{
    int code = pai_open(app);
    return code != 0
               ? code
               : pai_finish(berth_openpai_groups_list(&pai.request, &pai.client, pai_element,
                                                      pai_show(print_group, &berth_openpai_group_shape)));
}

int pai_groups_get(struct app *app)
{
    int code = pai_open(app);
    return code != 0
               ? code
               : pai_finish(berth_openpai_groups_get(&pai.request, &pai.client,
                                                     berth_text_of(args_word(&app->args, 0)), pai_element,
                                                     pai_show(print_group, &berth_openpai_group_shape)));
}

/* ---- storages --------------------------------------------------------------------------------- */

/* What names the place, in the order it is shown; everything else in a storage's data may be a secret. */
static const char *const places[] = {"server",      "address",  "path",     "shareName", "containerName",
                                     "accountName", "rootPath", "namenode", "port",      "username"};

/* The data's members that are no secrets, as JSON (BUF then has it) or as words. */
static struct berth_text place_of(struct berth_text data, bool as_json, char *buf, size_t size)
{
    static uint64_t tokens[4096];
    struct berth_json json;
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, buf, size);
    berth_json_writer_init(&w, &text);
    if (data.len == 0 || berth_json_parse(&json, data, tokens, sizeof tokens, NULL, NULL) != BERTH_OK)
        return as_json ? BERTH_TEXT("{}") : BERTH_TEXT("");
    if (as_json)
        berth_json_begin_object(&w);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct berth_json_cursor at = berth_json_find(berth_json_root(&json), berth_text_of(places[i]));
        enum berth_json_type type = berth_json_type_of(at);
        struct berth_text raw = berth_json_raw(at);
        if ((type != BERTH_JSON_TEXT && type != BERTH_JSON_NUMBER) || raw.len == 0)
            continue;
        if (as_json) {
            berth_json_put_name(&w, berth_text_of(places[i]));
            berth_json_put_raw(&w, type == BERTH_JSON_TEXT ? berth_text_make(raw.ptr - 1, raw.len + 2) : raw);
        } else {
            berth_put_string(&text, text.len == 0 ? "" : i == 2 ? ":" : " ");
            berth_put_text(&text, raw);
        }
    }
    if (as_json)
        berth_json_end_object(&w);
    return berth_writer_text(&text);
}

static void print_storage(struct pai_view *view, void *structure)
{
    static const struct column columns[] = {
        {"STORAGE", 16, false}, {"DEFAULT", 7, false}, {"TYPE", 10, false}, {"WHERE", 0, false}};
    const struct berth_openpai_storage *storage = structure;
    char place[1024];
    struct berth_text where = place_of(storage->data, false, place, sizeof place);
    const struct berth_text cells[] = {storage->name,
                                       storage->is_default ? BERTH_TEXT("yes") : BERTH_TEXT(""),
                                       storage->type, where.len > 0 ? where : storage->volume_name};
    table_row(pai_table(view, columns, 4), cells);
}

static enum berth_status on_storage(void *ctx, const struct berth_json_element *element, void *structure)
{
    static char safe[4096];
    struct berth_openpai_storage *storage = structure;
    if (storage != NULL && pai.app->json && storage->data.len > 0)
        storage->data = place_of(storage->data, true, safe, sizeof safe);
    return pai_element(ctx, element, structure);
}

int pai_storages_list(struct app *app)
{
    int code = pai_open(app);
    return code != 0 ? code
                     : pai_finish(berth_openpai_storages_list(
                           &pai.request, &pai.client, args_given(&app->args, OPT_DEFAULTS), on_storage,
                           pai_show(print_storage, &berth_openpai_storage_shape)));
}

int pai_storages_get(struct app *app)
{
    int code = pai_open(app);
    return code != 0 ? code
                     : pai_finish(berth_openpai_storages_get(
                           &pai.request, &pai.client, berth_text_of(args_word(&app->args, 0)), on_storage,
                           pai_show(print_storage, &berth_openpai_storage_shape)));
}

/* ---- tokens ----------------------------------------------------------------------------------- */

static void token_json(struct berth_text token, const struct berth_openpai_claims *claims)
{
    char line[BERTH_OPENPAI_TOKEN_MAX + 512];
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, line, sizeof line);
    berth_json_writer_init(&w, &text);
    berth_json_begin_object(&w);
    put_member(&w, "token", token);
    berth_json_put_name(&w, BERTH_TEXT("application"));
    berth_json_put_bool(&w, claims->application);
    if ((claims->present & BERTH_OPENPAI_CLAIMS_HAS_ISSUED) != 0) {
        berth_json_put_name(&w, BERTH_TEXT("iat"));
        berth_json_put_i64(&w, claims->issued_s);
    }
    if ((claims->present & BERTH_OPENPAI_CLAIMS_HAS_EXPIRES) != 0) {
        berth_json_put_name(&w, BERTH_TEXT("exp"));
        berth_json_put_i64(&w, claims->expires_s);
    }
    berth_json_end_object(&w);
    if (berth_json_done(&w) == BERTH_OK) {
        out_text(&pai.app->out, berth_writer_text(&text));
        out_string(&pai.app->out, "\n");
    }
    berth_wipe(line, sizeof line);
}

static enum berth_status on_token(void *ctx, const struct berth_json_element *element, void *structure)
{
    static const struct column columns[] = {
        {"KIND", 11, false}, {"ISSUED (UTC)", 16, false}, {"EXPIRES (UTC)", 16, false}, {"TOKEN", 0, false}};
    struct pai_view *view = ctx;
    const struct berth_text *token = structure;
    struct berth_openpai_claims claims;
    char buf[BERTH_OPENPAI_TOKEN_MAX], issued[48], expires[48];
    (void)element;
    if (token == NULL)
        return BERTH_OK;
    view->count++;
    if (berth_openpai_token_decode(*token, buf, sizeof buf, &claims) != BERTH_OK)
        memset(&claims, 0, sizeof claims);
    if (pai.app->json) {
        token_json(*token, &claims);
        return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
    }
    bool ends = (claims.present & BERTH_OPENPAI_CLAIMS_HAS_EXPIRES) != 0;
    const struct berth_text cells[] = {claims.application ? BERTH_TEXT("application") : BERTH_TEXT("login"),
                                       pai_when((claims.present & BERTH_OPENPAI_CLAIMS_HAS_ISSUED) != 0,
                                                claims.issued_s * 1000, issued, sizeof issued),
                                       ends ? pai_when(true, claims.expires_s * 1000, expires, sizeof expires)
                                            : BERTH_TEXT("never"),
                                       *token};
    table_row(pai_table(view, columns, 4), cells);
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

int pai_token_list(struct app *app)
{
    int code = pai_open(app);
    return code != 0 ? code
                     : pai_finish(berth_openpai_tokens_list(&pai.request, &pai.client, on_token,
                                                            pai_show(NULL, NULL)));
}

static enum berth_status on_new_token(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct pai_view *view = ctx;
    const struct berth_openpai_token *token = structure;
    (void)element;
    if (token == NULL)
        return BERTH_OK;
    view->count++;
    if (pai.app->json) {
        struct berth_openpai_claims claims;
        memset(&claims, 0, sizeof claims);
        claims.application = true;
        token_json(token->token, &claims);
    } else {
        out_safe(&pai.app->out, token->token);
        out_string(&pai.app->out, "\n");
    }
    return pai.app->out.failed ? BERTH_E_IO : BERTH_OK;
}

int pai_token_create(struct app *app)
{
    int code = pai_open(app);
    return code != 0 ? code
                     : pai_finish(berth_openpai_tokens_create(&pai.request, &pai.client, on_new_token,
                                                              pai_show(NULL, NULL)));
}

/* The token itself is a secret: "-" reads it from standard input. */
int pai_token_revoke(struct app *app)
{
    static char token[BERTH_OPENPAI_TOKEN_MAX + 1];
    const char *word = args_word(&app->args, 0);
    int code = 0;
    if (strcmp(word, "-") == 0)
        code = secret_read(app, word, token, sizeof token);
    else if (strlen(word) < sizeof token)
        memcpy(token, word, strlen(word) + 1);
    else
        code = fail(app, EXIT_USAGE, "the token is too long", NULL);
    if (code == 0)
        code = pai_open(app);
    if (code != 0)
        return code;
    bool own = strcmp(token, pai.account.token) == 0;
    code = pai_run(berth_openpai_tokens_revoke(&pai.request, &pai.client, berth_text_of(token)));
    if (code == 0 && own)
        code = pai_token_store(app, &pai.cluster, BERTH_TEXT(""));
    pai_close();
    berth_wipe(token, sizeof token);
    return code;
}
