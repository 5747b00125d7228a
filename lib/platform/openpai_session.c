/* OpenPAI's sessions: addresses, what a server is, and the header that names the account. */
#include "platform/openpai.h"

#include <string.h>

#include "base/base64.h"

/* ---- Addresses -------------------------------------------------------------------------------- */

static bool has_scheme(struct berth_text uri)
{
    return berth_text_find(uri, BERTH_TEXT("://")) != SIZE_MAX;
}

/* URI with a scheme, without slashes at its end, and SUFFIX. */
static enum berth_status put_uri(char *buf, size_t cap, struct berth_text uri, const char *suffix)
{
    struct berth_writer w;
    while (berth_text_ends(uri, BERTH_TEXT("/")) && !berth_text_ends(uri, BERTH_TEXT("://")))
        uri.len--;
    if (uri.len > BERTH_OPENPAI_URI_MAX)
        return BERTH_E_SPACE;
    berth_writer_init(&w, buf, cap);
    if (!has_scheme(uri))
        berth_put_string(&w, "http://");
    berth_put_text(&w, uri);
    berth_put_string(&w, suffix);
    return berth_writer_terminate(&w);
}

static enum berth_status put_uris(struct berth_openpai *pai, const char **out_reason)
{
    const struct berth_openpai_config *config = &pai->config;
    bool own = config->rest_server_uri.len > 0;
    struct berth_url url;
    *out_reason = "an address is too long";
    BERTH_TRY(put_uri(pai->pai_uri, sizeof pai->pai_uri, config->pai_uri, ""));
    BERTH_TRY(put_uri(pai->rest_uri, sizeof pai->rest_uri, own ? config->rest_server_uri : config->pai_uri,
                      own ? "" : "/rest-server"));
    BERTH_TRY(berth_url_parse(berth_text_of(pai->pai_uri), &url, out_reason));
    if (url.query.ptr != NULL || berth_text_find_byte(config->pai_uri, '#') != SIZE_MAX) {
        *out_reason = "an address has no query and no fragment";
        return BERTH_E_SYNTAX;
    }
    return BERTH_OK;
}

enum berth_status berth_openpai_init(struct berth_openpai *pai, const struct berth_openpai_config *config,
                                     const char **out_reason)
{
    const char *reason = "a session needs HTTP, a clock, an address and work memory";
    enum berth_status status = BERTH_E_ARGUMENT;
    memset(pai, 0, sizeof *pai);
    pai->config = *config;
    pai->server = config->server;
    if (config->http != NULL && config->clock != NULL && config->pai_uri.len > 0)
        status = put_uris(pai, &reason);
    if (status == BERTH_OK)
        status = berth_client_init(&pai->client, config->http, berth_text_of(pai->rest_uri), config->work,
                                   config->work_size, &reason);
    if (out_reason != NULL)
        *out_reason = status == BERTH_OK ? NULL : reason;
    pai->client.repeat_unavailable = config->repeat_unavailable;
    return status;
}

void berth_openpai_close(struct berth_openpai *pai)
{
    berth_wipe(pai->authorization, sizeof pai->authorization);
    if (pai->client.work != NULL)
        berth_wipe(pai->client.work, pai->client.work_size);
}

void berth_openpai_put_job_link(struct berth_writer *w, const struct berth_openpai *pai,
                                struct berth_text user, struct berth_text job)
{
    berth_put_string(w, pai->pai_uri);
    berth_put_string(w, "/job-detail.html?username=");
    berth_put_percent(w, user);
    berth_put_string(w, "&jobName=");
    berth_put_percent(w, job);
}

/* ---- What the server is ----------------------------------------------------------------------- */

bool berth_openpai_is_since(const struct berth_openpai_server *server, unsigned major, unsigned minor)
{
    /* The first and the last version of each generation: what lies between depends on the server. */
    static const struct {
        unsigned major, minor;
    } newest[] = {{99, 0}, {0, 14}, {1, 0}, {99, 0}};
    if (server->major != 0 || server->minor != 0)
        return server->major > major || (server->major == major && server->minor >= minor);
    if ((unsigned)server->generation >= sizeof newest / sizeof newest[0])
        return true;
    return newest[server->generation].major > major ||
           (newest[server->generation].major == major && newest[server->generation].minor >= minor);
}

bool berth_openpai_uses_v2(const struct berth_openpai_server *server, enum berth_openpai_domain domain)
{
    bool is_1_0 = server->generation == BERTH_OPENPAI_G3 || server->major >= 1;
    return is_1_0 && (domain != BERTH_OPENPAI_OF_JOBS || server->generation == BERTH_OPENPAI_G3 ||
                      server->scheduler == BERTH_OPENPAI_K8S);
}

/* "1.8.0", "v1.0.y": major and minor, or 0.0. */
static void take_version(struct berth_openpai_server *server, struct berth_text version)
{
    struct berth_text part;
    uint64_t numbers[2] = {0, 0};
    if (berth_text_starts(version, BERTH_TEXT("v")))
        version = berth_text_slice(version, 1, version.len);
    for (size_t i = 0; i < 2; i++)
        if (!berth_text_split(&version, '.', &part) || berth_parse_u64(part, &numbers[i]) != BERTH_OK ||
            numbers[i] > UINT16_MAX)
            return;
    server->major = (uint16_t)numbers[0];
    server->minor = (uint16_t)numbers[1];
}

void berth_openpai_take_info(struct berth_openpai_server *server, const struct berth_openpai_info *info,
                             bool old)
{
    memset(server, 0, sizeof *server);
    take_version(server, info->version);
    if (berth_text_equal_nocase(info->launcher_type, BERTH_TEXT("k8s")))
        server->scheduler = BERTH_OPENPAI_K8S;
    else if (berth_text_equal_nocase(info->launcher_type, BERTH_TEXT("yarn")))
        server->scheduler = BERTH_OPENPAI_YARN;
    if (berth_text_equal_nocase(info->authn_method, BERTH_TEXT("basic")))
        server->authn = BERTH_OPENPAI_AUTHN_BASIC;
    else if (berth_text_equal_nocase(info->authn_method, BERTH_TEXT("OIDC")))
        server->authn = BERTH_OPENPAI_AUTHN_OIDC;
    /* Who has /info is 1.0 at least; who says no version is taken for a newer one, unless it schedules by
     * YARN, which 1.0 was the last to do. */
    bool is_1_0 = server->major == 1 && server->minor == 0;
    bool says = server->major != 0 || server->minor != 0;
    if (old || is_1_0 || (!says && server->scheduler == BERTH_OPENPAI_YARN)) {
        server->generation = BERTH_OPENPAI_G2;
        if (!old && !says)
            server->major = 1;
    } else {
        server->generation = BERTH_OPENPAI_G3;
    }
}

/* ---- Credentials ------------------------------------------------------------------------------ */

/* "user:token" in base64, made in the place where it will be: what is read lies at the end of the buffer, and
 * three bytes are read before four are written. */
static void put_basic(struct berth_openpai *pai, struct berth_writer *w)
{
    const struct berth_openpai_account *account = pai->config.account;
    struct berth_text token = berth_text_of(account->token);
    struct berth_writer plain;
    size_t len = account->user.len + 1 + token.len;
    char *at = pai->authorization + sizeof pai->authorization - len;
    berth_writer_init(&plain, at, len);
    berth_put_text(&plain, account->user);
    berth_put_char(&plain, ':');
    berth_put_text(&plain, token);
    berth_put_string(w, "Basic ");
    berth_put_base64(w, at, len);
}

struct berth_text berth_openpai_authorization(struct berth_openpai *pai)
{
    const struct berth_openpai_account *account = pai->config.account;
    struct berth_writer w;
    if (account == NULL || account->token[0] == '\0')
        return berth_text_make(NULL, 0);
    berth_writer_init(&w, pai->authorization, sizeof pai->authorization);
    if (account->scheme == BERTH_OPENPAI_BASIC && account->user.len <= BERTH_OPENPAI_USER_MAX) {
        put_basic(pai, &w);
    } else {
        berth_put_string(&w, "Bearer ");
        berth_put_string(&w, account->token);
    }
    return berth_writer_text(&w);
}
