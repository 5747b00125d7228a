/* OpenPAI's operations: each is a row of the operation table and its arguments. */
#include "platform/openpai.h"

#include <string.h>

#include "data/json_member.h"

#define TAG_MAX 512
#define PASSWORD_MIN 6
#define EXPIRATION_MIN_S 60
#define EXPIRATION_MAX_S 604800

/* ---- Arguments -------------------------------------------------------------------------------- */

/* A name that can stand in a path: no dot segment, nothing that no name has. */
static bool is_name(struct berth_text name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f || name.ptr[i] == '/')
            return false;
    return name.len > 0 && !berth_text_equal(name, BERTH_TEXT(".")) &&
           !berth_text_equal(name, BERTH_TEXT(".."));
}

/* '~' stands between user and job. */
static bool is_user(struct berth_text user)
{
    return is_name(user) && user.len <= BERTH_OPENPAI_USER_MAX && berth_text_find_byte(user, '~') == SIZE_MAX;
}

static bool is_sink(const struct berth_sink *sink)
{
    return sink != NULL && sink->write != NULL;
}

static void begin(struct berth_openpai_request *request, struct berth_openpai *pai,
                  enum berth_openpai_operation_index operation, berth_call_element_fn *on_element, void *ctx)
{
    memset(request, 0, sizeof *request);
    request->pai = pai;
    request->operation = operation;
    request->on_element = on_element;
    request->element_ctx = ctx;
}

static enum berth_status plain(struct berth_openpai_request *request, struct berth_openpai *pai,
                               enum berth_openpai_operation_index operation,
                               berth_call_element_fn *on_element, void *ctx)
{
    begin(request, pai, operation, on_element, ctx);
    return BERTH_OK;
}

/* Of one thing with a name. */
static enum berth_status named(struct berth_openpai_request *request, struct berth_openpai *pai,
                               enum berth_openpai_operation_index operation, struct berth_text name,
                               berth_call_element_fn *on_element, void *ctx)
{
    begin(request, pai, operation, on_element, ctx);
    request->arguments.name = name;
    return is_name(name) ? BERTH_OK : BERTH_E_ARGUMENT;
}

/* Of one job. */
static enum berth_status of_job(struct berth_openpai_request *request, struct berth_openpai *pai,
                                enum berth_openpai_operation_index operation, struct berth_text user,
                                struct berth_text job, berth_call_element_fn *on_element, void *ctx)
{
    begin(request, pai, operation, on_element, ctx);
    request->arguments.user = user;
    request->arguments.job = job;
    return (user.len == 0 || is_user(user)) && is_name(job) ? BERTH_OK : BERTH_E_ARGUMENT;
}

/* ---- Server and credentials ------------------------------------------------------------------- */

enum berth_status berth_openpai_open(struct berth_openpai_request *out_request, struct berth_openpai *pai)
{
    return plain(out_request, pai, BERTH_OPENPAI_OPEN, NULL, NULL);
}

enum berth_status berth_openpai_server_info(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_info,
                                            void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_INFO, on_info, ctx);
}

enum berth_status berth_openpai_authn_get(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, berth_call_element_fn *on_info,
                                          void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_AUTHN_INFO, on_info, ctx);
}

enum berth_status berth_openpai_login(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                      uint32_t expiration_s)
{
    begin(out_request, pai, BERTH_OPENPAI_LOGIN, NULL, NULL);
    out_request->arguments.number = expiration_s;
    if (expiration_s != 0 && (expiration_s < EXPIRATION_MIN_S || expiration_s > EXPIRATION_MAX_S))
        return BERTH_E_ARGUMENT;
    return pai->config.account != NULL ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_logout(struct berth_openpai_request *out_request, struct berth_openpai *pai)
{
    begin(out_request, pai, BERTH_OPENPAI_LOGOUT, NULL, NULL);
    return pai->config.account != NULL ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_tokens_list(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_token,
                                            void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_TOKENS_LIST, on_token, ctx);
}

enum berth_status berth_openpai_tokens_create(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai, berth_call_element_fn *on_token,
                                              void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_TOKENS_CREATE, on_token, ctx);
}

enum berth_status berth_openpai_tokens_revoke(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai, struct berth_text token)
{
    return named(out_request, pai, BERTH_OPENPAI_TOKENS_REVOKE, token, NULL, NULL);
}

enum berth_status berth_openpai_tokens_check(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, berth_call_element_fn *on_claims,
                                             void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_TOKENS_CHECK, on_claims, ctx);
}

/* ---- Jobs ------------------------------------------------------------------------------------- */

enum berth_status berth_openpai_jobs_list(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai,
                                          const struct berth_openpai_filter *filter,
                                          berth_call_element_fn *on_job, void *ctx)
{
    begin(out_request, pai, BERTH_OPENPAI_JOBS_LIST, on_job, ctx);
    if (filter != NULL)
        out_request->arguments.filter = *filter;
    return berth_openpai_check_filter(&out_request->arguments.filter);
}

enum berth_status berth_openpai_jobs_get(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text user, struct berth_text job,
                                         berth_call_element_fn *on_job, void *ctx)
{
    return of_job(out_request, pai, BERTH_OPENPAI_JOBS_GET, user, job, on_job, ctx);
}

static enum berth_status of_attempt(struct berth_openpai_request *request, struct berth_openpai *pai,
                                    enum berth_openpai_operation_index operation, struct berth_text user,
                                    struct berth_text job, int64_t attempt, berth_call_element_fn *on_element,
                                    void *ctx)
{
    BERTH_TRY(of_job(request, pai, operation, user, job, on_element, ctx));
    request->arguments.attempt = attempt;
    return attempt >= 0 ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_jobs_get_attempt(struct berth_openpai_request *out_request,
                                                 struct berth_openpai *pai, struct berth_text user,
                                                 struct berth_text job, int64_t attempt,
                                                 berth_call_element_fn *on_job, void *ctx)
{
    return of_attempt(out_request, pai, BERTH_OPENPAI_JOBS_GET_ATTEMPT, user, job, attempt, on_job, ctx);
}

enum berth_status berth_openpai_jobs_attempts(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai, struct berth_text user,
                                              struct berth_text job, berth_call_element_fn *on_attempt,
                                              void *ctx)
{
    return of_job(out_request, pai, BERTH_OPENPAI_JOBS_ATTEMPTS, user, job, on_attempt, ctx);
}

enum berth_status berth_openpai_jobs_attempt(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, struct berth_text user,
                                             struct berth_text job, int64_t attempt,
                                             berth_call_element_fn *on_attempt, void *ctx)
{
    return of_attempt(out_request, pai, BERTH_OPENPAI_JOBS_ATTEMPT, user, job, attempt, on_attempt, ctx);
}

enum berth_status berth_openpai_jobs_attempts_health(struct berth_openpai_request *out_request,
                                                     struct berth_openpai *pai, struct berth_text user,
                                                     struct berth_text job)
{
    return of_job(out_request, pai, BERTH_OPENPAI_JOBS_ATTEMPTS_HEALTH, user, job, NULL, NULL);
}

enum berth_status berth_openpai_jobs_task(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, const struct berth_openpai_place *place,
                                          berth_call_element_fn *on_task, void *ctx)
{
    struct berth_writer normalised = {0};
    BERTH_TRY(of_attempt(out_request, pai, BERTH_OPENPAI_JOBS_TASK, place->user, place->job, place->attempt,
                         on_task, ctx));
    out_request->arguments.role = place->role;
    out_request->arguments.task = place->task;
    berth_openpai_put_role(&normalised, place->role);
    return place->task >= 0 && normalised.len > 0 ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_jobs_events(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job, struct berth_text type,
                                            berth_call_element_fn *on_event, void *ctx)
{
    BERTH_TRY(of_job(out_request, pai, BERTH_OPENPAI_JOBS_EVENTS, user, job, on_event, ctx));
    out_request->arguments.name = type;
    return type.len == 0 || berth_text_equal(type, BERTH_TEXT("Warning")) ||
                   berth_text_equal(type, BERTH_TEXT("Normal"))
               ? BERTH_OK
               : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_jobs_config(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job, bool want_yaml,
                                            const struct berth_sink *sink)
{
    BERTH_TRY(of_job(out_request, pai, BERTH_OPENPAI_JOBS_CONFIG, user, job, NULL, NULL));
    if (!is_sink(sink))
        return BERTH_E_ARGUMENT;
    out_request->arguments.flag = want_yaml;
    out_request->sink = *sink;
    return BERTH_OK;
}

enum berth_status berth_openpai_jobs_ssh(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text user, struct berth_text job,
                                         berth_call_element_fn *on_ssh, void *ctx)
{
    return of_job(out_request, pai, BERTH_OPENPAI_JOBS_SSH, user, job, on_ssh, ctx);
}

enum berth_status berth_openpai_jobs_submit(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, int protocol, struct berth_text user,
                                            struct berth_text job, const struct berth_source *document,
                                            bool settle)
{
    if (protocol != 1 && protocol != 2)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(of_job(out_request, pai,
                     protocol == 1 ? BERTH_OPENPAI_JOBS_SUBMIT_V1 : BERTH_OPENPAI_JOBS_SUBMIT_V2, user, job,
                     NULL, NULL));
    if (document == NULL || document->read == NULL || document->rewind == NULL ||
        document->length == BERTH_LENGTH_UNKNOWN || !is_user(user))
        return BERTH_E_ARGUMENT;
    if (document->length > BERTH_OPENPAI_DOCUMENT_MAX)
        return BERTH_E_TOO_LARGE;
    out_request->source = *document;
    out_request->arguments.flag = settle;
    return BERTH_OK;
}

static enum berth_status change(struct berth_openpai_request *request, struct berth_openpai *pai,
                                enum berth_openpai_operation_index operation, struct berth_text user,
                                struct berth_text job, struct berth_text value)
{
    BERTH_TRY(of_job(request, pai, operation, user, job, NULL, NULL));
    request->arguments.body = value;
    return BERTH_OK;
}

enum berth_status berth_openpai_jobs_stop(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text user,
                                          struct berth_text job)
{
    return change(out_request, pai, BERTH_OPENPAI_JOBS_STOP, user, job, BERTH_TEXT("STOP"));
}

enum berth_status berth_openpai_jobs_start(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, struct berth_text user,
                                           struct berth_text job)
{
    return change(out_request, pai, BERTH_OPENPAI_JOBS_START, user, job, BERTH_TEXT("START"));
}

enum berth_status berth_openpai_jobs_delete(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job)
{
    return of_job(out_request, pai, BERTH_OPENPAI_JOBS_DELETE, user, job, NULL, NULL);
}

static enum berth_status tag_change(struct berth_openpai_request *request, struct berth_openpai *pai,
                                    enum berth_openpai_operation_index operation, struct berth_text user,
                                    struct berth_text job, struct berth_text tag)
{
    if (tag.len == 0 || tag.len > TAG_MAX || berth_text_find_byte(tag, ',') != SIZE_MAX)
        return BERTH_E_ARGUMENT;
    return change(request, pai, operation, user, job, tag);
}

enum berth_status berth_openpai_tags_add(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text user, struct berth_text job, struct berth_text tag)
{
    return tag_change(out_request, pai, BERTH_OPENPAI_TAGS_ADD, user, job, tag);
}

enum berth_status berth_openpai_tags_remove(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job, struct berth_text tag)
{
    return tag_change(out_request, pai, BERTH_OPENPAI_TAGS_REMOVE, user, job, tag);
}

/* ---- Logs ------------------------------------------------------------------------------------- */

/* A path of the REST interface without a query, or an address below which there are logs. */
static bool is_container_log(struct berth_text log)
{
    for (size_t i = 0; i < log.len; i++)
        if (log.ptr[i] <= ' ' || log.ptr[i] > '~' || log.ptr[i] == '?' || log.ptr[i] == '#')
            return false;
    return log.len > 0;
}

enum berth_status berth_openpai_logs_list(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text container_log,
                                          bool tail, berth_call_element_fn *on_log, void *ctx)
{
    begin(out_request, pai, BERTH_OPENPAI_LOGS_LIST, on_log, ctx);
    out_request->arguments.name = container_log;
    out_request->arguments.flag = tail;
    return is_container_log(container_log) ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_logs_get(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text container_log, struct berth_text name, bool tail,
                                         uint64_t from, const struct berth_sink *sink)
{
    BERTH_TRY(berth_openpai_logs_list(out_request, pai, container_log, tail, NULL, NULL));
    out_request->operation = BERTH_OPENPAI_LOGS_GET;
    if (!is_sink(sink) || name.len == 0 || (tail && from > 0))
        return BERTH_E_ARGUMENT;
    out_request->arguments.role = name;
    out_request->range_from = from;
    out_request->sink = *sink;
    return BERTH_OK;
}

/* ---- Users and groups ------------------------------------------------------------------------- */

static enum berth_status of_user(struct berth_openpai_request *request, struct berth_openpai *pai,
                                 enum berth_openpai_operation_index operation, struct berth_text user,
                                 berth_call_element_fn *on_element, void *ctx)
{
    begin(request, pai, operation, on_element, ctx);
    request->arguments.user = user;
    return is_user(user) ? BERTH_OK : BERTH_E_ARGUMENT;
}

/* BODY is one JSON object. */
static enum berth_status set_body(struct berth_openpai_request *request, struct berth_text body)
{
    request->arguments.body = body;
    BERTH_TRY(berth_json_check(body, NULL));
    return berth_text_trim(body).ptr[0] == '{' ? BERTH_OK : BERTH_E_TYPE;
}

enum berth_status berth_openpai_users_get(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text user,
                                          berth_call_element_fn *on_user, void *ctx)
{
    return of_user(out_request, pai, BERTH_OPENPAI_USERS_GET, user, on_user, ctx);
}

enum berth_status berth_openpai_users_list(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, berth_call_element_fn *on_user,
                                           void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_USERS_LIST, on_user, ctx);
}

enum berth_status berth_openpai_users_update(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, struct berth_text user,
                                             enum berth_openpai_user_part part, struct berth_text body)
{
    BERTH_TRY(of_user(out_request, pai, BERTH_OPENPAI_USERS_UPDATE, user, NULL, NULL));
    if ((unsigned)part > BERTH_OPENPAI_USER_GROUPS)
        return BERTH_E_ARGUMENT;
    out_request->arguments.number = part;
    return set_body(out_request, body);
}

enum berth_status berth_openpai_users_update_me(struct berth_openpai_request *out_request,
                                                struct berth_openpai *pai, struct berth_text body)
{
    struct berth_text data, password;
    begin(out_request, pai, BERTH_OPENPAI_USERS_UPDATE_ME, NULL, NULL);
    BERTH_TRY(set_body(out_request, body));
    /* Servers say that they changed the password, and do not. */
    return berth_json_find_member(body, BERTH_TEXT("data"), &data) &&
                   berth_json_find_member(data, BERTH_TEXT("newPassword"), &password)
               ? BERTH_E_ARGUMENT
               : BERTH_OK;
}

enum berth_status berth_openpai_users_set_password(struct berth_openpai_request *out_request,
                                                   struct berth_openpai *pai, struct berth_text user,
                                                   struct berth_text old_password,
                                                   struct berth_text new_password)
{
    BERTH_TRY(of_user(out_request, pai, BERTH_OPENPAI_USERS_SET_PASSWORD, user, NULL, NULL));
    out_request->arguments.body = old_password;
    out_request->arguments.more = new_password;
    return old_password.len >= PASSWORD_MIN && new_password.len >= PASSWORD_MIN ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_users_add(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text body)
{
    begin(out_request, pai, BERTH_OPENPAI_USERS_ADD, NULL, NULL);
    return set_body(out_request, body);
}

enum berth_status berth_openpai_users_delete(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, struct berth_text user)
{
    return of_user(out_request, pai, BERTH_OPENPAI_USERS_DELETE, user, NULL, NULL);
}

enum berth_status berth_openpai_groups_get(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, struct berth_text group,
                                           berth_call_element_fn *on_group, void *ctx)
{
    return named(out_request, pai, BERTH_OPENPAI_GROUPS_GET, group, on_group, ctx);
}

enum berth_status berth_openpai_groups_list(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_group,
                                            void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_GROUPS_LIST, on_group, ctx);
}

/* ---- Clusters --------------------------------------------------------------------------------- */

enum berth_status berth_openpai_vcs_list(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         berth_call_element_fn *on_vc, void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_VCS_LIST, on_vc, ctx);
}

static bool is_vc(struct berth_text vc)
{
    for (size_t i = 0; i < vc.len; i++) {
        char c = vc.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return vc.len > 0;
}

enum berth_status berth_openpai_vcs_get(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                        struct berth_text vc, berth_call_element_fn *on_vc, void *ctx)
{
    BERTH_TRY(named(out_request, pai, BERTH_OPENPAI_VCS_GET, vc, on_vc, ctx));
    return is_vc(vc) ? BERTH_OK : BERTH_E_ARGUMENT;
}

enum berth_status berth_openpai_nodes_list(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, berth_call_element_fn *on_node,
                                           void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_NODES_LIST, on_node, ctx);
}

/* NAME may be empty. */
static enum berth_status maybe_named(struct berth_openpai_request *request, struct berth_openpai *pai,
                                     enum berth_openpai_operation_index operation, struct berth_text name,
                                     berth_call_element_fn *on_element, void *ctx)
{
    return name.len == 0 ? plain(request, pai, operation, on_element, ctx)
                         : named(request, pai, operation, name, on_element, ctx);
}

enum berth_status berth_openpai_skus_list(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text vc,
                                          berth_call_element_fn *on_sku, void *ctx)
{
    return maybe_named(out_request, pai, BERTH_OPENPAI_SKUS_LIST, vc, on_sku, ctx);
}

enum berth_status berth_openpai_alerts_list(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_alert,
                                            void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_ALERTS_LIST, on_alert, ctx);
}

enum berth_status berth_openpai_k8s_nodes(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, berth_call_element_fn *on_node,
                                          void *ctx)
{
    return plain(out_request, pai, BERTH_OPENPAI_K8S_NODES, on_node, ctx);
}

enum berth_status berth_openpai_k8s_pods(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text name_space, berth_call_element_fn *on_pod,
                                         void *ctx)
{
    return maybe_named(out_request, pai, BERTH_OPENPAI_K8S_PODS, name_space, on_pod, ctx);
}

enum berth_status berth_openpai_hived_get(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text base_url,
                                          enum berth_openpai_hived_part part, struct berth_text name,
                                          const struct berth_sink *sink)
{
    static const struct berth_text paths[] = {
        [BERTH_OPENPAI_HIVED_CLUSTER] = BERTH_TEXT_INIT("/v1/inspect/clusterstatus"),
        [BERTH_OPENPAI_HIVED_PHYSICAL_CLUSTER] = BERTH_TEXT_INIT("/v1/inspect/clusterstatus/physicalcluster"),
        [BERTH_OPENPAI_HIVED_VIRTUAL_CLUSTERS] =
            BERTH_TEXT_INIT("/v1/inspect/clusterstatus/virtualclusters/"),
        [BERTH_OPENPAI_HIVED_AFFINITY_GROUPS] = BERTH_TEXT_INIT("/v1/inspect/affinitygroups/"),
    };
    struct berth_url url;
    begin(out_request, pai, BERTH_OPENPAI_HIVED_GET, NULL, NULL);
    if (!is_sink(sink) || (unsigned)part > BERTH_OPENPAI_HIVED_AFFINITY_GROUPS ||
        berth_url_parse(base_url, &url, NULL) != BERTH_OK || url.query.ptr != NULL ||
        (name.len > 0 && (part != BERTH_OPENPAI_HIVED_VIRTUAL_CLUSTERS || !is_vc(name))))
        return BERTH_E_ARGUMENT;
    while (berth_text_ends(base_url, BERTH_TEXT("/")))
        base_url.len--;
    out_request->arguments.name = paths[part];
    out_request->arguments.job = name;
    out_request->arguments.more = base_url;
    out_request->sink = *sink;
    return BERTH_OK;
}

/* ---- Storages --------------------------------------------------------------------------------- */

enum berth_status berth_openpai_storages_list(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai, bool defaults,
                                              berth_call_element_fn *on_storage, void *ctx)
{
    begin(out_request, pai, BERTH_OPENPAI_STORAGES_LIST, on_storage, ctx);
    out_request->arguments.flag = defaults;
    return BERTH_OK;
}

enum berth_status berth_openpai_storages_get(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, struct berth_text name,
                                             berth_call_element_fn *on_storage, void *ctx)
{
    return named(out_request, pai, BERTH_OPENPAI_STORAGES_GET, name, on_storage, ctx);
}

enum berth_status berth_openpai_storage_configs(struct berth_openpai_request *out_request,
                                                struct berth_openpai *pai, struct berth_text name,
                                                berth_call_element_fn *on_config, void *ctx)
{
    return maybe_named(out_request, pai, BERTH_OPENPAI_STORAGE_CONFIGS, name, on_config, ctx);
}

enum berth_status berth_openpai_storage_servers(struct berth_openpai_request *out_request,
                                                struct berth_openpai *pai, struct berth_text name,
                                                berth_call_element_fn *on_server, void *ctx)
{
    return maybe_named(out_request, pai, BERTH_OPENPAI_STORAGE_SERVERS, name, on_server, ctx);
}
