/* The WebHDFS cluster by the options, and how its calls end. */
#include "hdfs.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>

struct session hdfs_session;
struct berth_webhdfs hdfs_fs;
struct berth_call hdfs_call;

enum { DEFAULT_TRIES = 3, TOKEN_MAX = 1024, HOSTS_MAX = 16 };

static char token_text[2][TOKEN_MAX]; /* the one in use, and one read anew */
static unsigned token_at;
static bool opened;

enum exit_code hdfs_exit_code(enum berth_status status)
{
    switch (status) {
    case BERTH_E_TYPE: /* a directory where a file is due */
        return EXIT_CONFLICT;
    case BERTH_E_UTF8:
    case BERTH_E_ARGUMENT:
        return EXIT_USAGE;
    default:
        return exit_code_of(status);
    }
}

int hdfs_report(struct app *app, const struct berth_call *call, enum berth_status status)
{
    if (status == BERTH_E_TYPE || status == BERTH_E_UTF8)
        return fail(app, hdfs_exit_code(status), call->result.message, NULL);
    return session_report(&hdfs_session, call, status);
}

int hdfs_path_at(struct app *app, size_t index, struct berth_text *out_path)
{
    const char *reason = NULL;
    const char *word = args_word(&app->args, index);
    *out_path = berth_text_of(word);
    return berth_webhdfs_check_path(*out_path, &reason) == BERTH_OK ? 0 : fail(app, EXIT_USAGE, word, reason);
}

int hdfs_run(struct app *app, enum berth_status status)
{
    if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, "the path is too long for a URL", NULL);
    if (status != BERTH_OK)
        return fail(app, hdfs_exit_code(status), "the request cannot be made", berth_status_name(status));
    return hdfs_report(app, &hdfs_call, berth_call_run(&hdfs_call, hdfs_session.timeout_ms));
}

/* ---- The token -------------------------------------------------------------------------------- */

static int read_token(struct app *app, struct berth_text *out_token)
{
    char *buf = token_text[token_at ^ 1];
    const char *path = app->args.value[OPT_DELEGATION_FILE];
    struct berth_text text;
    int code = load_file(app, path, buf, TOKEN_MAX, &text);
    if (code != 0)
        return code;
    *out_token = berth_text_trim(text);
    if (out_token->len == 0)
        return fail(app, EXIT_USAGE, path, "holds no delegation token");
    token_at ^= 1;
    return 0;
}

/* The token has expired: somebody may have put another one into the file. */
static enum berth_status renew(void *ctx, struct berth_text *out_token)
{
    struct app *app = ctx;
    struct berth_text old = hdfs_fs.config.delegation;
    char *buf = token_text[token_at ^ 1];
    struct berth_text text;
    BERTH_TRY(read_whole(app->args.value[OPT_DELEGATION_FILE], buf, TOKEN_MAX, &text));
    *out_token = berth_text_trim(text);
    if (berth_text_equal_secret(old, *out_token))
        return BERTH_E_UNAUTHORIZED;
    token_at ^= 1;
    return BERTH_OK;
}

/* ---- Opening ---------------------------------------------------------------------------------- */

/* The URL by which the connection decides whether it needs certificates to trust. */
static const char *most_demanding(const struct berth_webhdfs_config *config)
{
    static char root[BERTH_URL_MAX];
    struct berth_text text = config->roots[0];
    for (size_t i = 0; i < config->root_count; i++)
        if (berth_text_starts(config->roots[i], BERTH_TEXT("https:")))
            text = config->roots[i];
    if (text.len >= sizeof root)
        text.len = sizeof root - 1;
    memcpy(root, text.ptr, text.len);
    root[text.len] = '\0';
    return root;
}

int hdfs_open(struct app *app, struct berth_webhdfs_config *config)
{
    const char *reason = NULL;
    int code = session_open_only(&hdfs_session, app, most_demanding(config));
    if (code != 0)
        return code;
    opened = true;
    config->http = &hdfs_session.http;
    config->work = hdfs_session.client.work;
    config->work_size = hdfs_session.client.work_size;
    config->retry = hdfs_session.http.config.retry;
    if (config->retry.tries == 0)
        config->retry.tries = DEFAULT_TRIES;
    if (berth_webhdfs_init(&hdfs_fs, config, &reason) != BERTH_OK)
        return fail(app, EXIT_USAGE, "the cluster cannot be used", reason);
    return 0;
}

void hdfs_close(void)
{
    if (opened)
        session_close(&hdfs_session);
    opened = false;
    berth_wipe(token_text, sizeof token_text);
}

int hdfs_close_with(int code)
{
    hdfs_close();
    return code;
}

static size_t take_roots(struct app *app, struct berth_text *roots)
{
    const struct args *args = &app->args;
    struct berth_text rest = berth_text_of(args->value[OPT_ROOT]);
    struct berth_text root;
    size_t count = 0;
    for (size_t i = 0; i < args->multi_count; i++)
        if (args->multi[i].id == OPT_ROOT && count <= BERTH_WEBHDFS_ROOTS_MAX)
            roots[count++] = berth_text_of(args->multi[i].value);
    /* The environment has one variable for all of them. */
    while (count == 0 || (args->from_env[OPT_ROOT] && rest.ptr != NULL)) {
        if (!berth_text_split(&rest, ',', &root) || count > BERTH_WEBHDFS_ROOTS_MAX)
            break;
        roots[count++] = berth_text_trim(root);
    }
    return count;
}

static int take_hosts(struct app *app, struct berth_webhdfs_host *hosts, size_t *out_count)
{
    const struct args *args = &app->args;
    *out_count = 0;
    for (size_t i = 0; i < args->multi_count; i++) {
        struct berth_text text = berth_text_of(args->multi[i].value);
        size_t equals = berth_text_find_byte(text, '=');
        if (args->multi[i].id != OPT_DATANODE)
            continue;
        if (equals == SIZE_MAX || *out_count == HOSTS_MAX)
            return fail(app, EXIT_USAGE, "--datanode takes FROM=URL, such as dn1:9864=http://10.0.0.7:9864",
                        NULL);
        hosts[*out_count].from = berth_text_slice(text, 0, equals);
        hosts[*out_count].to = berth_text_slice(text, equals + 1, text.len);
        ++*out_count;
    }
    return 0;
}

int hdfs_open_by_options(struct app *app)
{
    static struct berth_text roots[BERTH_WEBHDFS_ROOTS_MAX + 1];
    static struct berth_webhdfs_host hosts[HOSTS_MAX];
    struct berth_webhdfs_config config;
    const struct args *args = &app->args;
    memset(&config, 0, sizeof config);
    if (!args_given(args, OPT_ROOT))
        return fail(app, EXIT_USAGE, "which cluster? give --root http://NAMENODE:9870 or set BERTH_HDFS_ROOT",
                    NULL);
    config.roots = roots;
    config.root_count = take_roots(app, roots);
    config.hosts = hosts;
    int code = take_hosts(app, hosts, &config.host_count);
    if (code != 0)
        return code;
    config.do_as = berth_text_of(args->value[OPT_DO_AS]);
    bool token = args_given(args, OPT_DELEGATION_FILE);
    if (token && args_given(args, OPT_USER) && !args->from_env[OPT_USER])
        return fail(app, EXIT_USAGE, "--user and --delegation-token-file exclude each other",
                    "the token names its user");
    if (!token) {
        config.user = berth_text_of(args->value[OPT_USER]);
        return hdfs_open(app, &config);
    }
    config.renew = renew;
    config.renew_ctx = app;
    code = read_token(app, &config.delegation);
    return code != 0 ? code : hdfs_open(app, &config);
}
