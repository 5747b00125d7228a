/* OpenPAI: the one HTTP exchange that a request is at, out of its operation's row and its arguments. */
#include "platform/openpai.h"

#include <stddef.h>
#include <string.h>

#include "platform/call.h"
#include "platform/line.h"

/* The longest silence of a server: it may never answer a login when its store of users is down. */
#define SILENCE_MS 60000

enum berth_status berth_openpai_say(struct berth_openpai_request *request, enum berth_status status,
                                    const char *what)
{
    struct berth_writer w;
    memset(request->result.message, 0, sizeof request->result.message);
    berth_writer_init(&w, request->result.message, sizeof request->result.message);
    berth_put_line_string(&w, what);
    berth_openpai_work_of(request)->kept = true;
    return status;
}

/* ---- Paths ------------------------------------------------------------------------------------ */

static const struct berth_text user_parts[] = {
    [BERTH_OPENPAI_USER_EXTENSION] = BERTH_TEXT_INIT("extension"),
    [BERTH_OPENPAI_USER_VIRTUAL_CLUSTERS] = BERTH_TEXT_INIT("virtualcluster"),
    [BERTH_OPENPAI_USER_EMAIL] = BERTH_TEXT_INIT("email"),
    [BERTH_OPENPAI_USER_ADMIN] = BERTH_TEXT_INIT("admin"),
    [BERTH_OPENPAI_USER_GROUP] = BERTH_TEXT_INIT("group"),
    [BERTH_OPENPAI_USER_GROUPS] = BERTH_TEXT_INIT("grouplist"),
};

static void put_hole(struct berth_writer *w, struct berth_text hole, const struct berth_openpai_arguments *a)
{
    if (berth_text_equal(hole, BERTH_TEXT("user"))) {
        berth_put_percent(w, a->user);
    } else if (berth_text_equal(hole, BERTH_TEXT("job"))) {
        berth_put_percent(w, a->job);
    } else if (berth_text_equal(hole, BERTH_TEXT("path"))) {
        if (a->user.len > 0) {
            berth_put_string(w, "/user/");
            berth_put_percent(w, a->user);
        }
    } else if (berth_text_equal(hole, BERTH_TEXT("name"))) {
        berth_put_percent(w, a->name);
    } else if (berth_text_equal(hole, BERTH_TEXT("role"))) {
        berth_openpai_put_role(w, a->role);
    } else if (berth_text_equal(hole, BERTH_TEXT("attempt"))) {
        berth_put_i64(w, a->attempt);
    } else if (berth_text_equal(hole, BERTH_TEXT("task"))) {
        berth_put_i64(w, a->task);
    } else if (berth_text_equal(hole, BERTH_TEXT("part"))) {
        berth_put_text(w, user_parts[a->number]);
    } else {
        berth_put_text(w, a->name);
    }
}

static void put_path(struct berth_writer *w, struct berth_text path, const struct berth_openpai_arguments *a)
{
    while (path.len > 0) {
        size_t open = berth_text_find_byte(path, '{');
        size_t close = berth_text_find_byte(path, '}');
        berth_put_text(w, berth_text_slice(path, 0, open));
        if (open == SIZE_MAX)
            break;
        put_hole(w, berth_text_slice(path, open + 1, close), a);
        path = berth_text_slice(path, close + 1, path.len);
    }
}

static void put_parameter(struct berth_writer *w, const char *name, struct berth_text value)
{
    if (value.len == 0)
        return;
    berth_put_char(w, '?');
    berth_put_string(w, name);
    berth_put_char(w, '=');
    berth_put_percent(w, value);
}

/* What an operation's path goes on with. */
static enum berth_status put_rest(struct berth_openpai_request *request, struct berth_writer *w)
{
    const struct berth_openpai_arguments *a = &request->arguments;
    switch (request->operation) {
    case BERTH_OPENPAI_JOBS_LIST:
        return berth_openpai_put_query(request, w);
    case BERTH_OPENPAI_JOBS_EVENTS:
        put_parameter(w, "type", a->name);
        break;
    case BERTH_OPENPAI_SKUS_LIST:
        put_parameter(w, "vc", a->name);
        break;
    case BERTH_OPENPAI_K8S_PODS:
        put_parameter(w, "namespace", a->name);
        break;
    case BERTH_OPENPAI_STORAGES_LIST:
        put_parameter(w, "default", a->flag ? BERTH_TEXT("true") : BERTH_TEXT(""));
        break;
    case BERTH_OPENPAI_LOGS_LIST:
    case BERTH_OPENPAI_LOGS_GET:
        put_parameter(w, "tail-mode", a->flag ? BERTH_TEXT("true") : BERTH_TEXT(""));
        break;
    case BERTH_OPENPAI_STORAGE_CONFIGS:
    case BERTH_OPENPAI_STORAGE_SERVERS:
        if (a->name.len > 0) {
            berth_put_char(w, '/');
            berth_put_percent(w, a->name);
        }
        break;
    default:
        break;
    }
    return BERTH_OK;
}

/* ---- Bodies ----------------------------------------------------------------------------------- */

static enum berth_status put_json_body(struct berth_openpai_request *request,
                                       const struct berth_openpai_operation *operation)
{
    const struct berth_openpai_arguments *a = &request->arguments;
    struct berth_client *client = &request->pai->client;
    struct berth_json_writer json;
    struct berth_writer w;
    berth_writer_init(&w, client->work, client->work_size);
    berth_json_writer_init(&json, &w);
    if (operation->body == BERTH_OPENPAI_BODY_JSON) {
        berth_json_put_raw(&json, a->body);
    } else {
        bool password = operation->body == BERTH_OPENPAI_BODY_PASSWORD;
        berth_json_begin_object(&json);
        berth_json_put_name(&json, password ? BERTH_TEXT("oldPassword") : BERTH_TEXT("value"));
        berth_json_put_text(&json, a->body);
        if (password) {
            berth_json_put_name(&json, BERTH_TEXT("newPassword"));
            berth_json_put_text(&json, a->more);
        }
        berth_json_end_object(&json);
    }
    enum berth_status status = berth_json_done(&json);
    if (status == BERTH_OK)
        berth_call_set_json(&request->call, w.len);
    return status == BERTH_E_SPACE
               ? berth_openpai_say(request, status, "the request's body does not fit the work memory")
               : status;
}

static enum berth_status put_body(struct berth_openpai_request *request,
                                  const struct berth_openpai_operation *operation)
{
    struct berth_call *call = &request->call;
    if (operation->body == BERTH_OPENPAI_NO_BODY)
        return BERTH_OK;
    if (operation->body != BERTH_OPENPAI_BODY_DOCUMENT)
        return put_json_body(request, operation);
    call->has_body = true;
    call->body = request->source;
    bool is_v1 = request->operation == BERTH_OPENPAI_JOBS_SUBMIT_V1;
    call->content_type = is_v1 ? BERTH_TEXT("application/json") : BERTH_TEXT("text/yaml");
    return call->body.rewind != NULL ? call->body.rewind(call->body.ctx) : BERTH_OK;
}

/* ---- Phases ----------------------------------------------------------------------------------- */

/* As new, but for what lasts over all exchanges. */
static void clear(struct berth_openpai_request *request)
{
    struct berth_call *call = &request->call;
    berth_call_element_fn *on_element = call->on_element;
    memset(call, 0, offsetof(struct berth_call, result));
    call->client = &request->pai->client;
    call->on_element = on_element;
    call->element_ctx = request;
    call->platform = request;
    call->judge = berth_openpai_judge;
    call->head = berth_openpai_head;
    call->next = berth_openpai_next;
    call->complete = berth_openpai_complete;
    call->method = BERTH_TEXT("GET");
    call->idle_ms = SILENCE_MS;
    berth_openpai_work_of(request)->is_page = false;
    if (!berth_openpai_work_of(request)->kept) {
        request->result.code = BERTH_OPENPAI_CODE_NONE;
        request->result.code_text[0] = '\0';
        request->result.error_body = berth_text_make(NULL, 0);
    }
}

static void read_elements(struct berth_call *call, struct berth_text stream,
                          const struct berth_shape *const shapes[3])
{
    call->answer = BERTH_ANSWER_JSON;
    call->single = true;
    call->path = stream;
    call->shape = shapes[0];
    call->inner_shapes[0] = shapes[1];
    call->inner_shapes[1] = shapes[2];
}

static enum berth_status set_target(struct berth_call *call, const char *target)
{
    struct berth_writer w;
    berth_writer_init(&w, call->target, sizeof call->target);
    berth_put_string(&w, target);
    return berth_writer_terminate(&w);
}

static void add_header(struct berth_call *call, struct berth_text name, struct berth_text value, bool secret)
{
    if (value.ptr != NULL)
        call->headers[call->header_count++] =
            (struct berth_http_header){.name = name, .value = value, .secret = secret};
}

static void add_token(struct berth_openpai_request *request)
{
    struct berth_openpai *pai = request->pai;
    add_header(&request->call, BERTH_TEXT("Authorization"), berth_openpai_authorization(pai), true);
    berth_openpai_work_of(request)->serial = pai->config.account != NULL ? pai->config.account->serial : 0;
}

static enum berth_status describe_info(struct berth_openpai_request *request, const char *target)
{
    const struct berth_shape *const shapes[3] = {&berth_openpai_info_shape, NULL, NULL};
    read_elements(&request->call, BERTH_TEXT("[*]"), shapes);
    return set_target(&request->call, target);
}

/* By form: the only way that the published interface has, and every server takes. */
static enum berth_status describe_login(struct berth_openpai_request *request)
{
    const struct berth_shape *const shapes[3] = {&berth_openpai_token_shape, NULL, NULL};
    const struct berth_openpai *pai = request->pai;
    const struct berth_openpai_account *account = pai->config.account;
    struct berth_call *call = &request->call;
    struct berth_writer w;
    bool is_v2 = berth_openpai_uses_v2(&pai->server, BERTH_OPENPAI_OF_REST);
    berth_writer_init(&w, call->client->work, call->client->work_size);
    berth_put_string(&w, "username=");
    berth_put_percent(&w, account->user);
    berth_put_string(&w, "&password=");
    berth_put_percent(&w, account->password);
    if (request->operation == BERTH_OPENPAI_LOGIN && request->arguments.number != 0) {
        berth_put_string(&w, "&expiration=");
        berth_put_u64(&w, request->arguments.number);
    }
    if (berth_writer_status(&w) != BERTH_OK)
        return berth_openpai_say(request, BERTH_E_SPACE, "the login does not fit the work memory");
    read_elements(call, BERTH_TEXT("[*]"), shapes);
    call->method = BERTH_TEXT("POST");
    call->repeat = BERTH_HTTP_REPEAT_ALWAYS;
    berth_call_set_json(call, w.len);
    call->content_type = BERTH_TEXT("application/x-www-form-urlencoded");
    return set_target(call, is_v2 ? "/api/v2/authn/basic/login" : "/api/v1/token");
}

/* The job in detail, for its state alone. */
static enum berth_status describe_look(struct berth_openpai_request *request)
{
    static const struct berth_openpai_operation *const get =
        &berth_openpai_operations[BERTH_OPENPAI_JOBS_GET];
    const struct berth_shape *const shapes[3] = {get->shapes[0], NULL, NULL};
    bool is_v2 = berth_openpai_uses_v2(&request->pai->server, BERTH_OPENPAI_OF_JOBS);
    struct berth_writer w;
    read_elements(&request->call, get->stream, shapes);
    berth_writer_init(&w, request->call.target, sizeof request->call.target);
    put_path(&w, get->path[is_v2], &request->arguments);
    add_token(request);
    return berth_writer_terminate(&w);
}

/* A log's own address: a client of its own, whose base is the address's origin. */
static enum berth_status describe_link(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_call *call = &request->call;
    struct berth_url url;
    BERTH_TRY(berth_url_parse(berth_text_of(work->link), &url, NULL));
    work->link_client = request->pai->client;
    work->link_client.base_url = berth_text_make(work->link, (size_t)(url.path.ptr - work->link));
    call->client = &work->link_client;
    call->answer = BERTH_ANSWER_BYTES;
    call->sink = (struct berth_sink){request, berth_openpai_write_page,
                                     request->sink.restart != NULL ? berth_openpai_restart_page : NULL};
    call->partial_ok = request->arguments.flag;
    call->range_from = request->range_from;
    if (berth_openpai_link_is_own(request))
        add_token(request);
    return set_target(call, url.path.ptr);
}

/* What the table cannot say. */
static enum berth_status adapt(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_call *call = &request->call;
    switch (request->operation) {
    case BERTH_OPENPAI_JOBS_LIST:
        call->array_member = BERTH_TEXT("data");
        call->tap = berth_openpai_list_tap;
        break;
    case BERTH_OPENPAI_JOBS_CONFIG:
        if (request->arguments.flag)
            add_header(call, BERTH_TEXT("Accept"), BERTH_TEXT("text/yaml"), false);
        call->sink.ctx = request;
        call->sink.write = berth_openpai_write_config;
        if (request->sink.restart != NULL)
            call->sink.restart = berth_openpai_restart_config;
        break;
    case BERTH_OPENPAI_STORAGE_CONFIGS:
    case BERTH_OPENPAI_STORAGE_SERVERS:
        /* All of them are an array, one by name may be an object alone: it then stands in one. */
        if (request->arguments.name.len > 0) {
            call->path = BERTH_TEXT("[*]");
            call->shape = call->inner_shapes[0];
            call->inner_shapes[0] = NULL;
            call->list_due = false;
            work->levels = 1;
        }
        break;
    case BERTH_OPENPAI_HIVED_GET:
        work->link_client = request->pai->client;
        work->link_client.base_url = request->arguments.more;
        call->client = &work->link_client;
        break;
    default:
        break;
    }
    return BERTH_OK;
}

static enum berth_status describe_main(struct berth_openpai_request *request)
{
    const struct berth_openpai_operation *operation = &berth_openpai_operations[request->operation];
    const struct berth_openpai_server *server = &request->pai->server;
    struct berth_call *call = &request->call;
    struct berth_writer w;
    bool is_v2 = berth_openpai_uses_v2(server, (enum berth_openpai_domain)operation->domain);
    call->operation = request->operation;
    berth_openpai_work_of(request)->levels = operation->levels;
    call->method = operation->method;
    call->secret_target = (operation->flags & BERTH_OPENPAI_SECRET) != 0;
    if ((operation->flags & BERTH_OPENPAI_ONCE) != 0)
        call->repeat = BERTH_HTTP_REPEAT_NEVER;
    if (operation->stream.ptr != NULL)
        read_elements(call, operation->stream, operation->shapes);
    /* A list is what is asked for; but a job may be without tasks. */
    call->list_due = (operation->levels & 6) == 2;
    if ((operation->flags & BERTH_OPENPAI_BYTES) != 0) {
        call->answer = BERTH_ANSWER_BYTES;
        call->sink = request->sink;
    }
    berth_writer_init(&w, call->target, sizeof call->target);
    put_path(&w, operation->path[is_v2], &request->arguments);
    BERTH_TRY(put_rest(request, &w));
    if (berth_writer_terminate(&w) != BERTH_OK)
        return berth_openpai_say(request, BERTH_E_SPACE, "the request's names are too long for a URL");
    BERTH_TRY(adapt(request));
    if ((operation->flags & BERTH_OPENPAI_NO_TOKEN) == 0)
        add_token(request);
    return put_body(request, operation);
}

enum berth_status berth_openpai_describe(struct berth_openpai_request *request)
{
    const struct berth_openpai_work *work = berth_openpai_work_of(request);
    clear(request);
    switch (work->phase) {
    case BERTH_OPENPAI_PHASE_INFO:
        return describe_info(request, "/api/v2/info");
    case BERTH_OPENPAI_PHASE_ROOT:
        return describe_info(request, "/api/v1/");
    case BERTH_OPENPAI_PHASE_LOGIN:
        return describe_login(request);
    case BERTH_OPENPAI_PHASE_LOOK:
    case BERTH_OPENPAI_PHASE_CONFIRM:
    case BERTH_OPENPAI_PHASE_SETTLE:
        return describe_look(request);
    case BERTH_OPENPAI_PHASE_LINK:
        return describe_link(request);
    default:
        return describe_main(request);
    }
}
