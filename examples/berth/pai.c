/* What every `berth pai` command that asks a cluster does. */
#define _DEFAULT_SOURCE
#include "pai_hdfs.h"

#include "files.h"
#include "secret.h"

#include <stdlib.h>
#include <string.h>

struct pai pai;
static struct pai_file clusters;

int pai_choose_cluster(struct app *app)
{
    pai.app = app;
    int code = pai_clusters_load(app, &clusters, true);
    return code == 0 ? pai_choose(app, &clusters, &pai.cluster) : code;
}

/* A login brought a new token: the next command uses it. */
static void keep_token(void *ctx, const struct berth_openpai_account *account)
{
    (void)ctx;
    if (pai_token_store(pai.app, &pai.cluster, berth_text_of(account->token)) != 0)
        out_string(&pai.app->err, "berth: warning: this login is not kept; the next command logs in again\n");
}

static int take_token(struct app *app)
{
    char kept[BERTH_OPENPAI_TOKEN_MAX + 1];
    struct berth_text token = berth_text_of(getenv("BERTH_PAI_TOKEN"));
    if (token.len == 0)
        token = pai.cluster.token;
    bool from_file = token.len == 0;
    if (from_file) {
        int code = pai_token_load(app, &pai.cluster, kept, sizeof kept);
        if (code != 0)
            return code;
        token = berth_text_of(kept);
    }
    enum berth_status status = token.len > 0 ? berth_openpai_account_use(&pai.account, token) : BERTH_OK;
    berth_wipe(kept, sizeof kept);
    if (status == BERTH_OK || from_file) /* one that cannot be used is replaced by a login */
        return 0;
    return fail(app, EXIT_USAGE, "the token cannot be used", berth_status_name(status));
}

static int take_account(struct app *app)
{
    memset(&pai.account, 0, sizeof pai.account);
    pai.account.user = pai.cluster.user;
    pai.account.password = pai.cluster.password;
    if (pai.account.password.len == 0)
        pai.account.password = berth_text_of(getenv("BERTH_PAI_PASSWORD"));
    pai.account.changed = keep_token;
    return take_token(app);
}

static int take_generation(struct app *app, struct berth_openpai_server *server)
{
    const char *text = app->args.value[OPT_GENERATION];
    memset(server, 0, sizeof *server);
    if (text == NULL)
        return 0;
    if (text[0] < '1' || text[0] > '3' || text[1] != '\0')
        return fail(app, EXIT_USAGE, "--generation", "1, 2 or 3");
    server->generation = (enum berth_openpai_generation)(text[0] - '0');
    return 0;
}

/* The address with a scheme, for the connection; the client adds its own. */
static int open_session(struct app *app)
{
    static char uri[BERTH_OPENPAI_URI_MAX + 16];
    struct berth_writer w;
    struct berth_text text = pai.cluster.pai_uri;
    berth_writer_init(&w, uri, sizeof uri);
    if (berth_text_find(text, BERTH_TEXT("://")) == SIZE_MAX)
        berth_put_string(&w, "http://");
    while (text.len > 0 && text.ptr[text.len - 1] == '/')
        text.len--;
    berth_put_text(&w, text);
    if (berth_writer_terminate(&w) != BERTH_OK)
        return fail(app, EXIT_USAGE, "the cluster's address is too long", NULL);
    return session_open_only(&pai.session, app, uri);
}

int pai_open(struct app *app)
{
    struct berth_openpai_config config;
    const char *reason = "";
    memset(&config, 0, sizeof config);
    int code = pai_choose_cluster(app);
    if (code == 0)
        code = open_session(app);
    if (code == 0)
        code = take_account(app);
    if (code == 0)
        code = take_generation(app, &config.server);
    if (code != 0)
        return code;
    config.http = &pai.session.http;
    config.clock = program_clock();
    config.pai_uri = pai.cluster.pai_uri;
    config.rest_server_uri = pai.cluster.rest_server_uri;
    config.account = &pai.account;
    config.work = pai.session.client.work;
    config.work_size = pai.session.client.work_size;
    config.repeat_unavailable = true;
    enum berth_status status = berth_openpai_init(&pai.client, &config, &reason);
    return status == BERTH_OK ? 0 : fail(app, EXIT_USAGE, "the cluster's address cannot be used", reason);
}

struct pai_file *pai_cluster_file(void)
{
    return &clusters;
}

int pai_back(struct app *app)
{
    return open_session(app);
}

void pai_close(void)
{
    session_close(&pai.session);
    berth_openpai_close(&pai.client);
    berth_openpai_account_wipe(&pai.account);
}

/* A person can be asked for the password that is missing. */
static bool ask_password(void)
{
    static char password[512];
    char prompt[320];
    struct berth_writer w;
    if (pai.account.password.len > 0 || pai.account.user.len == 0 || pai.account.application ||
        !secret_can_ask())
        return false;
    berth_writer_init(&w, prompt, sizeof prompt);
    berth_put_string(&w, "password of ");
    berth_put_text(&w, pai.account.user);
    berth_put_string(&w, " at ");
    berth_put_text(&w, pai.cluster.alias);
    berth_put_string(&w, ": ");
    if (berth_writer_terminate(&w) != BERTH_OK || secret_ask(pai.app, prompt, password, sizeof password) != 0)
        return false;
    berth_openpai_account_set_password(&pai.account, berth_text_of(password));
    return true;
}

enum berth_status pai_ask(enum berth_status described)
{
    memset(&pai.request.result.message, 0, sizeof pai.request.result.message);
    if (described != BERTH_OK)
        return described;
    enum berth_status status = berth_openpai_run(&pai.request, pai.session.timeout_ms);
    if (status == BERTH_E_UNAUTHORIZED && pai.request.result.element_count == 0 && ask_password())
        status = berth_openpai_run(&pai.request, pai.session.timeout_ms);
    return status;
}

int pai_report(enum berth_status status)
{
    const struct berth_openpai_result *result = &pai.request.result;
    char line[BERTH_CALL_MESSAGE_MAX + 192];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    const char *otherwise =
        status == BERTH_E_ARGUMENT
            ? "a name that no server takes (empty, too long, or with characters it must not have)"
            : berth_status_name(status);
    berth_put_string(&w, result->message[0] != '\0' ? result->message : otherwise);
    if (status == BERTH_E_UNAUTHORIZED && pai.account.password.len == 0)
        berth_put_string(&w, "; a password is asked for on a terminal, or comes from BERTH_PAI_PASSWORD");
    (void)!berth_writer_terminate(&w);
    if (status == BERTH_E_NOT_PROVIDED) /* by this server */
        return fail(pai.app, EXIT_REFUSED, line, NULL);
    return session_report_message(&pai.session, line, result->maybe_done, status);
}

int pai_run(enum berth_status described)
{
    return pai_report(pai_ask(described));
}

int pai_probe(void)
{
    return pai_run(berth_openpai_open(&pai.request, &pai.client));
}

bool pai_wants_v2(void)
{
    const struct berth_openpai_server *server = &pai.client.server;
    return server->generation == BERTH_OPENPAI_G3 ||
           (server->generation == BERTH_OPENPAI_G2 && server->scheduler == BERTH_OPENPAI_K8S);
}

int pai_job_of(struct app *app, const char *text, struct pai_job *out)
{
    struct berth_text rest = berth_text_of(text), first;
    if (rest.len == 0 || !berth_text_split(&rest, '~', &first))
        return fail(app, EXIT_USAGE, "which job?", "a name, or USER~NAME of another user's");
    *out = (struct pai_job){pai.cluster.user, first};
    if (rest.ptr != NULL)
        *out = (struct pai_job){first, rest};
    /* "~NAME": the first generation has jobs without a user */
    if ((out->user.len > 0 || rest.ptr != NULL) && out->name.len > 0)
        return 0;
    return fail(app, EXIT_USAGE, text, "a job is written NAME, or USER~NAME of another user's");
}

int pai_job_option(struct app *app, struct pai_job *out)
{
    static char name[512];
    struct berth_text text = pai_option(app, OPT_JOB, "job-name");
    if (text.len == 0)
        return fail(app, EXIT_USAGE, "which job?",
                    "give its name, or --job-name, or set the default job-name");
    if (text.len >= sizeof name)
        return fail(app, EXIT_USAGE, "the job's name is too long", NULL);
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    return pai_job_of(app, name, out);
}

int pai_job_argument(struct app *app, struct pai_job *out)
{
    const char *word = args_word(&app->args, 0);
    return word != NULL ? pai_job_of(app, word, out) : pai_job_option(app, out);
}
