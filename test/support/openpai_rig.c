/* OpenPAI's operations over the memory ports. */
#include "openpai_rig.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "platform/openpai.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define U BERTH_TEXT("mira.k")
#define J BERTH_TEXT("train_resnet_01")

/* ---- What is delivered, as text --------------------------------------------------------------- */

static void put_named(struct berth_writer *w, const char *what, struct berth_text name)
{
    if (name.ptr == NULL)
        return;
    berth_put_string(w, what);
    berth_put_text(w, name);
}

static void tell_structure(struct openpai_rig *o, const struct berth_json_element *element,
                           const struct berth_shape *shape, const void *structure)
{
    struct berth_json_writer json;
    berth_put_char(&o->told, ' ');
    if (element->json == NULL && structure == NULL) {
        berth_put_string(&o->told, "too large");
    } else if (shape != NULL) {
        size_t before = o->told.len;
        berth_json_writer_init(&json, &o->told);
        berth_fields_encode(shape, structure, &json);
        if (berth_json_done(&json) != BERTH_OK) {
            o->told.len = before;
            berth_put_string(&o->told, "cannot be encoded");
        }
    } else if (structure != NULL) {
        put_named(&o->told, "text ", *(const struct berth_text *)structure);
    } else {
        berth_put_bytes(&o->told, element->json, element->len);
    }
}

enum berth_status openpai_on_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct openpai_rig *o = ctx;
    const struct berth_call *call = &o->request.call;
    const struct berth_shape *shape =
        element->level == 1 ? call->shape : call->inner_shapes[element->level - 2];
    if (o->request.operation == BERTH_OPENPAI_LOGS_LIST)
        shape = &berth_openpai_log_shape;
    o->elements++;
    if (!o->quiet) {
        berth_put_char(&o->told, 'L');
        berth_put_u64(&o->told, element->level);
        put_named(&o->told, " ", element->name);
        put_named(&o->told, " of ", element->outer_name);
        tell_structure(o, element, shape, structure);
        berth_put_char(&o->told, '\n');
    }
    return o->elements == o->stop_after ? o->stop_with : BERTH_OK;
}

static enum berth_status on_bytes(void *ctx, const void *bytes, size_t len)
{
    struct openpai_rig *o = ctx;
    const char *p = bytes;
    if (!o->in_bytes)
        berth_put_string(&o->told, "bytes ");
    o->in_bytes = true;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\n')
            berth_put_string(&o->told, "\\n");
        else
            berth_put_char(&o->told, p[i]);
    }
    return BERTH_OK;
}

static void on_changed(void *ctx, const struct berth_openpai_account *account)
{
    struct openpai_rig *o = ctx;
    (void)account;
    o->changed++;
}

/* ---- Operations ------------------------------------------------------------------------------- */

#define OPERATION(name, call)                                                                                \
    static enum berth_status name(struct openpai_rig *o)                                                     \
    {                                                                                                        \
        return berth_openpai_##call;                                                                         \
    }
#define R &o->request, &o->pai
#define E openpai_on_element, o
#define LOG "/api/v2/jobs/mira.k~train_resnet_01/attempts/0/taskRoles/psserver/taskIndex/0/attempts/0/logs"
#define DOCUMENT "protocolVersion: 2\nname: demo\n"

static enum berth_status list(struct openpai_rig *o, const struct berth_openpai_filter *filter)
{
    return berth_openpai_jobs_list(R, filter, E);
}

static enum berth_status jobs_list_filtered(struct openpai_rig *o)
{
    static const struct berth_text users[] = {BERTH_TEXT_INIT("mira.k"), BERTH_TEXT_INIT("l\xc3\xa9 e&")};
    static const struct berth_text vcs[] = {BERTH_TEXT_INIT("vision")};
    static const struct berth_text states[] = {BERTH_TEXT_INIT("FAILED"), BERTH_TEXT_INIT("WAITING")};
    static const struct berth_text with[] = {BERTH_TEXT_INIT("nightly"), BERTH_TEXT_INIT("\xe6\xa8\x99")};
    static const struct berth_text without[] = {BERTH_TEXT_INIT("old")};
    static const struct berth_text priorities[] = {BERTH_TEXT_INIT("prod"), BERTH_TEXT_INIT("default")};
    const struct berth_openpai_filter filter = {
        .usernames = {users, 2},
        .vcs = {vcs, 1},
        .states = {states, 2},
        .tags_contain = {with, 2},
        .tags_not_contain = {without, 1},
        .priorities = {priorities, 2},
        .keyword = BERTH_TEXT_INIT("r_s%t"),
        .order = BERTH_OPENPAI_BY_SUBMISSION_TIME,
        .ascending = true,
        .offset = 3,
        .page_rows = 100,
        .seen = o->seen,
        .seen_size = sizeof o->seen,
    };
    return list(o, &filter);
}

static enum berth_status jobs_list_limited(struct openpai_rig *o)
{
    const struct berth_openpai_filter filter = {.offset = 1, .limit = 2, .page_rows = 2};
    return list(o, &filter);
}

static enum berth_status jobs_list_keyword(struct openpai_rig *o)
{
    static const struct berth_text priorities[] = {BERTH_TEXT_INIT("default")};
    const struct berth_openpai_filter filter = {.keyword = BERTH_TEXT_INIT("ain_res"),
                                                .priorities = {priorities, 1}};
    return list(o, &filter);
}

static enum berth_status jobs_list_tags(struct openpai_rig *o)
{
    static const struct berth_text with[] = {BERTH_TEXT_INIT("nope"),
                                             BERTH_TEXT_INIT("\xe6\xa8\x99\xe7\xb1\xa4")};
    const struct berth_openpai_filter filter = {.tags_contain = {with, 2}};
    return list(o, &filter);
}

static enum berth_status jobs_list_paged(struct openpai_rig *o)
{
    const struct berth_openpai_filter filter = {.page_rows = 2, .seen = o->seen, .seen_size = sizeof o->seen};
    return list(o, &filter);
}

static enum berth_status jobs_list_by_name(struct openpai_rig *o)
{
    const struct berth_openpai_filter filter = {.order = BERTH_OPENPAI_BY_JOB_NAME};
    return list(o, &filter);
}

static enum berth_status submit(struct openpai_rig *o, int protocol, bool settle)
{
    o->document = berth_source_of_text(&o->memory, BERTH_TEXT(DOCUMENT));
    return berth_openpai_jobs_submit(R, protocol, U, BERTH_TEXT("demo"), &o->document, settle);
}

OPERATION(open, open(R))
OPERATION(info, server_info(R, E))
OPERATION(authn, authn_get(R, E))
OPERATION(login, login(R, 0))
OPERATION(login_short, login(R, 3600))
OPERATION(logout, logout(R))
OPERATION(tokens_list, tokens_list(R, E))
OPERATION(tokens_create, tokens_create(R, E))
OPERATION(tokens_revoke, tokens_revoke(R, BERTH_TEXT("aaa.bbb.ccc")))
OPERATION(tokens_check, tokens_check(R, E))
OPERATION(jobs_list, jobs_list(R, NULL, E))
OPERATION(jobs_get, jobs_get(R, U, J, E))
OPERATION(jobs_get_legacy, jobs_get(R, BERTH_TEXT(""), BERTH_TEXT("oldtimer"), E))
OPERATION(jobs_get_attempt, jobs_get_attempt(R, U, J, 2, E))
OPERATION(jobs_attempts, jobs_attempts(R, U, J, E))
OPERATION(jobs_attempt, jobs_attempt(R, U, J, 1, E))
OPERATION(jobs_health, jobs_attempts_health(R, U, J))
OPERATION(jobs_task, jobs_task(R, &(struct berth_openpai_place){U, J, 0, BERTH_TEXT("PS_Server"), 3}, E))
OPERATION(jobs_events, jobs_events(R, U, J, BERTH_TEXT("Warning"), E))
OPERATION(jobs_events_all, jobs_events(R, U, J, BERTH_TEXT(""), E))
OPERATION(jobs_config, jobs_config(R, U, J, false, &o->sink))
OPERATION(jobs_config_yaml, jobs_config(R, U, J, true, &o->sink))
OPERATION(jobs_ssh, jobs_ssh(R, U, J, E))
OPERATION(jobs_stop, jobs_stop(R, U, J))
OPERATION(jobs_start, jobs_start(R, U, J))
OPERATION(jobs_delete, jobs_delete(R, U, J))
OPERATION(tags_add, tags_add(R, U, J, BERTH_TEXT("gr\xc3\xb6\xc3\x9f\x65 \"1\"")))
OPERATION(tags_remove, tags_remove(R, U, J, BERTH_TEXT("nightly")))
OPERATION(logs_list, logs_list(R, BERTH_TEXT(LOG), false, E))
OPERATION(logs_list_tail, logs_list(R, BERTH_TEXT(LOG), true, E))
OPERATION(logs_list_old, logs_list(R, BERTH_TEXT("http://10.1.2.3:9103/log-manager/tail/x/"), false, E))
OPERATION(logs_get, logs_get(R, BERTH_TEXT(LOG), BERTH_TEXT("stderr"), false, 0, &o->sink))
OPERATION(logs_get_blob, logs_get(R, BERTH_TEXT(LOG), BERTH_TEXT("stdout"), false, 0, &o->sink))
OPERATION(logs_get_own, logs_get(R, BERTH_TEXT(LOG), BERTH_TEXT("all.1"), false, 0, &o->sink))
OPERATION(logs_get_tail, logs_get(R, BERTH_TEXT(LOG), BERTH_TEXT("stderr"), true, 0, &o->sink))
OPERATION(logs_get_from, logs_get(R, BERTH_TEXT(LOG), BERTH_TEXT("stderr"), false, 7, &o->sink))
OPERATION(logs_get_old, logs_get(R, BERTH_TEXT("/log-manager/10.1.2.3:9103/tail/x/"), BERTH_TEXT("stdout"),
                                 false, 0, &o->sink))
OPERATION(logs_get_g1, logs_get(R, BERTH_TEXT("/yarn/10.1.2.3:8042/node/containerlogs/c_1/lee"),
                                BERTH_TEXT("stderr"), false, 0, &o->sink))
OPERATION(users_get, users_get(R, U, E))
OPERATION(users_list, users_list(R, E))
OPERATION(users_update,
          users_update(R, U, BERTH_OPENPAI_USER_EXTENSION, BERTH_TEXT("{\"extension\":{\"a\":[1,null]}}")))
OPERATION(users_groups, users_update(R, U, BERTH_OPENPAI_USER_GROUPS, BERTH_TEXT("{\"grouplist\":[\"a\"]}")))
OPERATION(users_me, users_update_me(R, BERTH_TEXT("{\"patch\":true,\"data\":{\"email\":\"a@b.c\"}}")))
OPERATION(users_password, users_set_password(R, U, BERTH_TEXT("s3cret-pw"), BERTH_TEXT("n\"w-pass")))
OPERATION(users_add, users_add(R, BERTH_TEXT("{\"username\":\"n\",\"password\":\"s3cret\"}")))
OPERATION(users_delete, users_delete(R, BERTH_TEXT("n")))
OPERATION(groups_get, groups_get(R, BERTH_TEXT("team a"), E))
OPERATION(groups_list, groups_list(R, E))
OPERATION(vcs_list, vcs_list(R, E))
OPERATION(vcs_get, vcs_get(R, BERTH_TEXT("default"), E))
OPERATION(nodes_list, nodes_list(R, E))
OPERATION(skus_list, skus_list(R, BERTH_TEXT(""), E))
OPERATION(skus_of, skus_list(R, BERTH_TEXT("vision"), E))
OPERATION(alerts_list, alerts_list(R, E))
OPERATION(k8s_nodes, k8s_nodes(R, E))
OPERATION(k8s_pods, k8s_pods(R, BERTH_TEXT("default"), E))
OPERATION(hived, hived_get(R, BERTH_TEXT("http://hived.example:30096//"),
                           BERTH_OPENPAI_HIVED_VIRTUAL_CLUSTERS, BERTH_TEXT("vc1"), &o->sink))
OPERATION(storages_list, storages_list(R, false, E))
OPERATION(storages_default, storages_list(R, true, E))
OPERATION(storages_get, storages_get(R, BERTH_TEXT("teamnfs"), E))
OPERATION(storage_configs, storage_configs(R, BERTH_TEXT(""), E))
OPERATION(storage_config, storage_configs(R, BERTH_TEXT("c1"), E))
OPERATION(storage_servers, storage_servers(R, BERTH_TEXT(""), E))

static enum berth_status submit_2(struct openpai_rig *o)
{
    return submit(o, 2, false);
}

static enum berth_status submit_settle(struct openpai_rig *o)
{
    return submit(o, 2, true);
}

static enum berth_status submit_1(struct openpai_rig *o)
{
    return submit(o, 1, false);
}

#define ROW(name)                                                                                            \
    {                                                                                                        \
#name, name                                                                                          \
    }
const struct openpai_operation openpai_operations[] = {
    ROW(open),
    ROW(info),
    ROW(authn),
    ROW(login),
    ROW(login_short),
    ROW(logout),
    ROW(tokens_list),
    ROW(tokens_create),
    ROW(tokens_revoke),
    ROW(tokens_check),
    ROW(jobs_list),
    ROW(jobs_list_filtered),
    ROW(jobs_list_limited),
    ROW(jobs_list_keyword),
    ROW(jobs_list_tags),
    ROW(jobs_list_paged),
    ROW(jobs_list_by_name),
    ROW(jobs_get),
    ROW(jobs_get_legacy),
    ROW(jobs_get_attempt),
    ROW(jobs_attempts),
    ROW(jobs_attempt),
    ROW(jobs_health),
    ROW(jobs_task),
    ROW(jobs_events),
    ROW(jobs_events_all),
    ROW(jobs_config),
    ROW(jobs_config_yaml),
    ROW(jobs_ssh),
    ROW(submit_1),
    ROW(submit_2),
    ROW(submit_settle),
    ROW(jobs_stop),
    ROW(jobs_start),
    ROW(jobs_delete),
    ROW(tags_add),
    ROW(tags_remove),
    ROW(logs_list),
    ROW(logs_list_tail),
    ROW(logs_list_old),
    ROW(logs_get),
    ROW(logs_get_blob),
    ROW(logs_get_own),
    ROW(logs_get_tail),
    ROW(logs_get_from),
    ROW(logs_get_old),
    ROW(logs_get_g1),
    ROW(users_get),
    ROW(users_list),
    ROW(users_update),
    ROW(users_groups),
    ROW(users_me),
    ROW(users_password),
    ROW(users_add),
    ROW(users_delete),
    ROW(groups_get),
    ROW(groups_list),
    ROW(vcs_list),
    ROW(vcs_get),
    ROW(nodes_list),
    ROW(skus_list),
    ROW(skus_of),
    ROW(alerts_list),
    ROW(k8s_nodes),
    ROW(k8s_pods),
    ROW(hived),
    ROW(storages_list),
    ROW(storages_default),
    ROW(storages_get),
    ROW(storage_configs),
    ROW(storage_config),
    ROW(storage_servers),
};
const size_t openpai_operation_count = COUNT(openpai_operations);

const struct openpai_operation *openpai_find(const char *name)
{
    for (size_t i = 0; i < openpai_operation_count; i++)
        if (strcmp(openpai_operations[i].name, name) == 0)
            return &openpai_operations[i];
    abort();
}

/* ---- Sessions --------------------------------------------------------------------------------- */

void openpai_server(struct openpai_rig *o, const char *name)
{
    static const struct {
        const char *name;
        struct berth_openpai_server server;
    } servers[] = {
        {"g3", {BERTH_OPENPAI_G3, BERTH_OPENPAI_K8S, BERTH_OPENPAI_AUTHN_BASIC, 1, 8}},
        {"1.2", {BERTH_OPENPAI_G3, BERTH_OPENPAI_K8S, BERTH_OPENPAI_AUTHN_BASIC, 1, 2}},
        {"1.1", {BERTH_OPENPAI_G3, BERTH_OPENPAI_K8S, BERTH_OPENPAI_AUTHN_BASIC, 1, 1}},
        {"1.0", {BERTH_OPENPAI_G2, BERTH_OPENPAI_K8S, BERTH_OPENPAI_AUTHN_BASIC, 1, 0}},
        {"1.0-yarn", {BERTH_OPENPAI_G2, BERTH_OPENPAI_YARN, BERTH_OPENPAI_AUTHN_BASIC, 1, 0}},
        {"g2-k8s", {BERTH_OPENPAI_G2, BERTH_OPENPAI_K8S, BERTH_OPENPAI_AUTHN_BASIC, 0, 17}},
        {"g2-yarn", {BERTH_OPENPAI_G2, BERTH_OPENPAI_YARN, BERTH_OPENPAI_AUTHN_BASIC, 0, 15}},
        {"g1", {BERTH_OPENPAI_G1, BERTH_OPENPAI_YARN, BERTH_OPENPAI_AUTHN_BASIC, 0, 0}},
        {"oidc", {BERTH_OPENPAI_G3, BERTH_OPENPAI_K8S, BERTH_OPENPAI_AUTHN_OIDC, 1, 8}},
        {"unknown",
         {BERTH_OPENPAI_UNKNOWN, BERTH_OPENPAI_SCHEDULER_UNKNOWN, BERTH_OPENPAI_AUTHN_UNKNOWN, 0, 0}},
    };
    for (size_t i = 0; i < COUNT(servers); i++)
        if (strcmp(servers[i].name, name) == 0) {
            o->server = servers[i].server;
            return;
        }
    abort();
}

void openpai_reset(struct openpai_rig *o)
{
    bool has_password = o->credentials == OPENPAI_WITH_PASSWORD || o->credentials == OPENPAI_WITH_BOTH;
    bool has_token = o->credentials == OPENPAI_WITH_TOKEN || o->credentials == OPENPAI_WITH_BOTH;
    guard_free(o->work);
    o->work = guard_new(o->work_size);
    rig_configure(&o->rig);
    o->sink = (struct berth_sink){o, on_bytes, NULL};
    memset(&o->account, 0, sizeof o->account);
    o->account.user = BERTH_TEXT("mira.k");
    o->account.changed = on_changed;
    o->account.ctx = o;
    if (has_password)
        o->account.password = BERTH_TEXT("s3cret-pw &");
    if (has_token && berth_openpai_account_use(&o->account, BERTH_TEXT(OPENPAI_TOKEN)) != BERTH_OK)
        abort();
    o->config = (struct berth_openpai_config){
        .http = &o->rig.http,
        .clock = &o->rig.clock,
        .pai_uri = o->pai_uri,
        .account = o->credentials == OPENPAI_WITHOUT ? NULL : &o->account,
        .server = o->server,
        .work = o->work,
        .work_size = o->work_size,
    };
    if (berth_openpai_init(&o->pai, &o->config, NULL) != BERTH_OK)
        abort();
    berth_writer_init(&o->told, o->text, sizeof o->text);
    o->in_bytes = false;
    o->changed = 0;
    o->elements = 0;
}

void openpai_open(struct openpai_rig *o, size_t work_size)
{
    memset(o, 0, sizeof *o);
    rig_open(&o->rig, 4096);
    o->work = guard_new(1);
    o->work_size = work_size;
    o->pai_uri = BERTH_TEXT("https://pai.example:8443/");
    o->stop_with = BERTH_E_CANCELLED;
    openpai_server(o, "g3");
    openpai_reset(o);
}

void openpai_close(struct openpai_rig *o)
{
    rig_close(&o->rig);
    guard_free(o->work);
    o->work = NULL;
}

/* ---- Running ---------------------------------------------------------------------------------- */

enum berth_status openpai_run(struct openpai_rig *o, uint32_t timeout_ms, bool stepwise)
{
    if (!stepwise)
        return berth_openpai_run(&o->request, timeout_ms);
    enum berth_status status = berth_openpai_start(&o->request, timeout_ms);
    if (status != BERTH_OK)
        return status;
    for (unsigned steps = 0; (status = berth_openpai_step(&o->request, 0)) == BERTH_E_WOULD_BLOCK; steps++) {
        uint32_t wait_ms = 0;
        berth_openpai_want(&o->request, &wait_ms);
        if (!o->rig.mem.blocked)
            o->rig.mem_clock.now_ms += wait_ms < 10 ? wait_ms : 10;
        if (steps > 2000000)
            abort();
    }
    return status;
}

static void tell_flags(struct berth_writer *w, const struct berth_openpai_result *r)
{
    if (r->code != BERTH_OPENPAI_CODE_NONE)
        put_named(w, ", code ", berth_text_of(r->code_text));
    if (r->maybe_done)
        berth_put_string(w, ", maybe done");
    if (r->already_finished)
        berth_put_string(w, ", already finished");
    if (r->found_after_failure)
        berth_put_string(w, ", found after failure");
    if (r->is_json)
        berth_put_string(w, ", JSON");
    if (r->has_total) {
        berth_put_string(w, ", total ");
        berth_put_u64(w, r->total_count);
    }
    if (r->repeated_count > 0) {
        berth_put_string(w, ", repeated ");
        berth_put_u64(w, r->repeated_count);
    }
    if (r->filtered_count > 0) {
        berth_put_string(w, ", filtered ");
        berth_put_u64(w, r->filtered_count);
    }
    if (r->incomplete)
        berth_put_string(w, ", incomplete");
    if (r->has_retry_after) {
        berth_put_string(w, ", retry after ");
        berth_put_u64(w, r->retry_after_ms);
    }
}

const char *openpai_told(struct openpai_rig *o, enum berth_status status)
{
    if (o->in_bytes)
        berth_put_char(&o->told, '\n');
    berth_put_string(&o->told, "end ");
    berth_put_string(&o->told, berth_status_name(status));
    tell_flags(&o->told, &o->request.result);
    if (status != BERTH_OK) {
        berth_put_string(&o->told, ": ");
        berth_put_string(&o->told, o->request.result.message);
    }
    berth_put_char(&o->told, '\n');
    if (berth_writer_terminate(&o->told) != BERTH_OK)
        abort();
    return o->text;
}

static struct berth_text header(struct berth_text head, const char *name)
{
    struct berth_text line;
    size_t len = strlen(name);
    while (berth_text_split(&head, '\n', &line))
        if (line.len > len && berth_text_equal(berth_text_slice(line, 0, len), berth_text_of(name)))
            return berth_text_trim(berth_text_slice(line, len, line.len));
    return berth_text_make(NULL, 0);
}

const char *openpai_requests(struct openpai_rig *o)
{
    struct berth_text sent = rig_sent(&o->rig);
    const char *begin = sent.ptr;
    berth_writer_init(&o->requests, o->sent, sizeof o->sent);
    o->request_count = 0;
    for (size_t end; (end = berth_text_find(sent, BERTH_TEXT("\r\n\r\n"))) != SIZE_MAX;) {
        struct berth_text head = berth_text_slice(sent, 0, end);
        struct berth_text authorization = header(head, "Authorization:");
        uint64_t length = 0;
        if (header(head, "Content-Length:").ptr != NULL &&
            berth_parse_u64(header(head, "Content-Length:"), &length) != BERTH_OK)
            abort();
        berth_put_string(&o->requests, "> ");
        berth_put_text(&o->requests,
                       berth_text_slice(head, 0, berth_text_find(head, BERTH_TEXT(" HTTP/1.1"))));
        put_named(&o->requests, " +", authorization);
        put_named(&o->requests, " range ", header(head, "Range:"));
        put_named(&o->requests, " type ", header(head, "Content-Type:"));
        if (!berth_text_equal(header(head, "Accept:"), BERTH_TEXT("*/*")))
            put_named(&o->requests, " accept ", header(head, "Accept:"));
        if (!berth_text_equal(header(head, "Host:"), BERTH_TEXT("pai.example:8443")))
            put_named(&o->requests, " host ", header(head, "Host:"));
        struct berth_text body = berth_text_slice(sent, end + 4, end + 4 + (size_t)length);
        berth_put_string(&o->requests, body.len > 0 ? " " : "");
        for (size_t i = 0; i < body.len; i++) {
            if (body.ptr[i] == '\n')
                berth_put_string(&o->requests, "\\n");
            else
                berth_put_char(&o->requests, body.ptr[i]);
        }
        berth_put_char(&o->requests, '\n');
        sent = berth_text_slice(sent, end + 4 + (size_t)length, sent.len);
        if (o->request_count < COUNT(o->ends))
            o->ends[o->request_count] = (size_t)(sent.ptr - begin);
        o->request_count++;
    }
    if (berth_writer_terminate(&o->requests) != BERTH_OK)
        abort();
    return o->sent;
}
