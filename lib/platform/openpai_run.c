/* OpenPAI: one request from its start to its end. What the server is, a login, a look at the job, pages, a
 * log's own address and a second look after a doubtful answer are phases, each of one HTTP exchange. */
#include "platform/openpai.h"

#include <string.h>

#include "platform/call.h"

/* Everything but lists and downloads comes to its end in this time. */
#define TOGETHER_MS 180000
/* Between two looks for a job that was submitted, and how many there are. */
#define CONFIRM_MS 1500
#define CONFIRM_MAX 4
/* How far the server's clock may be behind ours. */
#define CLOCK_SKEW_MS 300000
/* A request that waits for another one's login looks so often whether it has come. */
#define WAIT_MS 20
/* The longest wait of one step when running to the end. */
#define STEP_MS 60000
/* Ends the call, but not the request: it waits for somebody else's login. */
#define WAITS BERTH_E_BUSY

static const struct berth_openpai_operation *operation_of(const struct berth_openpai_request *request)
{
    return &berth_openpai_operations[request->operation];
}

static uint64_t now_ms(const struct berth_openpai_request *request)
{
    const struct berth_clock *clock = request->pai->config.clock;
    return clock->monotonic_ms(clock->ctx);
}

static int64_t now_s(const struct berth_openpai_request *request)
{
    const struct berth_clock *clock = request->pai->config.clock;
    return clock->civil_s(clock->ctx);
}

/* ---- Which phase is due ----------------------------------------------------------------------- */

static bool needs_server(const struct berth_openpai_request *request)
{
    uint32_t operation = request->operation;
    return operation != BERTH_OPENPAI_HIVED_GET && !berth_openpai_work_of_const(request)->fresh &&
           (request->pai->server.generation == BERTH_OPENPAI_UNKNOWN);
}

static bool may_login(const struct berth_openpai_account *account)
{
    return account != NULL && account->password.len > 0 && account->user.len > 0 && !account->refused &&
           account->scheme == BERTH_OPENPAI_BEARER;
}

static bool wants_login(const struct berth_openpai_request *request)
{
    const struct berth_openpai_account *account = request->pai->config.account;
    const struct berth_openpai_operation *operation = operation_of(request);
    bool open = (operation->flags & BERTH_OPENPAI_NO_TOKEN) != 0 ||
                ((operation->flags & BERTH_OPENPAI_OPEN_READ) != 0 &&
                 !berth_openpai_is_since(&request->pai->server, 1, 0));
    if (berth_openpai_work_of_const(request)->logged_in || !may_login(account))
        return false;
    if (request->operation == BERTH_OPENPAI_LOGIN)
        return true;
    if (open || account->application)
        return false;
    return account->token[0] == '\0' || berth_openpai_account_expires(account, now_s(request));
}

/* Says which servers have the operation. */
static enum berth_status refuse_since(struct berth_openpai_request *request)
{
    const struct berth_openpai_operation *operation = operation_of(request);
    char text[80];
    struct berth_writer w;
    if (operation->path[1].ptr == NULL)
        return berth_openpai_say(request, BERTH_E_NOT_PROVIDED, "only servers on YARN have this");
    berth_writer_init(&w, text, sizeof text);
    berth_put_string(&w, "only servers since OpenPAI ");
    berth_put_u64(&w, operation->since_major);
    berth_put_char(&w, '.');
    berth_put_u64(&w, operation->since_minor);
    berth_put_string(&w, " have this");
    return berth_writer_terminate(&w) == BERTH_OK ? berth_openpai_say(request, BERTH_E_NOT_PROVIDED, text)
                                                  : BERTH_E_NOT_PROVIDED;
}

/* Whether this server has the operation at all. */
static enum berth_status check_server(struct berth_openpai_request *request)
{
    const struct berth_openpai_operation *operation = operation_of(request);
    const struct berth_openpai_server *server = &request->pai->server;
    bool is_v2 = berth_openpai_uses_v2(server, (enum berth_openpai_domain)operation->domain);
    bool has_since = operation->since_major != 0 || operation->since_minor != 0;
    if (operation->method.ptr == NULL || server->generation == BERTH_OPENPAI_UNKNOWN)
        return BERTH_OK;
    if (request->operation == BERTH_OPENPAI_JOBS_SUBMIT_V1 && server->scheduler == BERTH_OPENPAI_K8S)
        return berth_openpai_say(request, BERTH_E_NOT_PROVIDED,
                                 "this server takes job documents of protocol 2 alone: convert it");
    if (operation->path[is_v2].ptr == NULL ||
        (has_since && !berth_openpai_is_since(server, operation->since_major, operation->since_minor)))
        return refuse_since(request);
    if (request->operation == BERTH_OPENPAI_JOBS_SSH && server->scheduler == BERTH_OPENPAI_K8S)
        return berth_openpai_say(request, BERTH_E_NOT_PROVIDED,
                                 "servers on Kubernetes do not say this: see the tasks' addresses and ports");
    if (operation->path[is_v2].len > 0 && request->arguments.user.len == 0 && is_v2 &&
        berth_text_find(operation->path[1], BERTH_TEXT("{user}")) != SIZE_MAX)
        return berth_openpai_say(request, BERTH_E_ARGUMENT, "this server wants the job's user");
    return BERTH_OK;
}

static enum berth_status login_refused(struct berth_openpai_request *request)
{
    const struct berth_openpai_account *account = request->pai->config.account;
    if (account != NULL && account->refused)
        return berth_openpai_say(request, BERTH_E_UNAUTHORIZED,
                                 "the server refused this user and password before");
    return berth_openpai_say(request, BERTH_E_UNAUTHORIZED, "a login needs a user and a password");
}

/* Once the server is known and the login, if any, is over. BERTH_E_WOULD_BLOCK: describe the phase. */
static enum berth_status plan_main(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    uint32_t operation = request->operation;
    if (operation == BERTH_OPENPAI_LOGIN && !work->logged_in)
        return login_refused(request);
    if (operation == BERTH_OPENPAI_OPEN || operation == BERTH_OPENPAI_LOGIN)
        return BERTH_OK;
    if (work->resumes) {
        work->resumes = false;
        work->phase = work->resume_phase;
        return BERTH_E_WOULD_BLOCK;
    }
    BERTH_TRY(check_server(request));
    work->phase = BERTH_OPENPAI_PHASE_MAIN;
    if ((operation_of(request)->flags & BERTH_OPENPAI_LOOK) != 0 && !work->saw_job)
        work->phase = BERTH_OPENPAI_PHASE_LOOK;
    if (operation == BERTH_OPENPAI_LOGS_GET && !berth_openpai_log_is_list(request->arguments.name)) {
        work->phase = BERTH_OPENPAI_PHASE_LINK;
        BERTH_TRY(berth_openpai_old_link(request));
    }
    if (operation == BERTH_OPENPAI_LOGS_LIST && !berth_openpai_log_is_list(request->arguments.name))
        return berth_openpai_logs_tell(request);
    return BERTH_E_WOULD_BLOCK;
}

/* The phase that comes first, from what is known. */
static enum berth_status plan(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_account *account = request->pai->config.account;
    if (needs_server(request)) {
        work->phase = BERTH_OPENPAI_PHASE_INFO;
        return BERTH_E_WOULD_BLOCK;
    }
    if (!wants_login(request))
        return plan_main(request);
    if (request->pai->server.authn == BERTH_OPENPAI_AUTHN_OIDC)
        return berth_openpai_say(request, BERTH_E_UNAUTHORIZED,
                                 "this server logs people in by a browser (OIDC): give a token from there");
    if (account->logging_in != NULL && account->logging_in != request) {
        work->phase = BERTH_OPENPAI_PHASE_WAIT;
        return WAITS;
    }
    account->logging_in = request;
    work->phase = BERTH_OPENPAI_PHASE_LOGIN;
    return BERTH_E_WOULD_BLOCK;
}

/* Plans and describes. BERTH_E_WOULD_BLOCK: the exchange is ready to begin. */
static enum berth_status prepare(struct berth_openpai_request *request)
{
    enum berth_status status = plan(request);
    if (status != BERTH_E_WOULD_BLOCK)
        return status;
    status = berth_openpai_describe(request);
    return status == BERTH_OK ? BERTH_E_WOULD_BLOCK : status;
}

static enum berth_status describe_phase(struct berth_openpai_request *request, uint8_t phase)
{
    berth_openpai_work_of(request)->phase = phase;
    enum berth_status status = berth_openpai_describe(request);
    return status == BERTH_OK ? BERTH_E_WOULD_BLOCK : status;
}

/* ---- Elements --------------------------------------------------------------------------------- */

enum berth_status berth_openpai_complete(const struct berth_call *call,
                                         const struct berth_json_element *element, void *structure,
                                         const char **out_reason)
{
    const struct berth_shape *shape =
        element->level == 1 ? call->shape : call->inner_shapes[element->level - 2];
    const struct berth_openpai_request *request = call->platform;
    (void)out_reason;
    if (shape == &berth_openpai_task_shape)
        ((struct berth_openpai_task *)structure)->role = element->outer_name;
    else if (shape == &berth_openpai_role_shape)
        ((struct berth_openpai_role *)structure)->key = element->name;
    else if (shape == &berth_openpai_vc_shape)
        ((struct berth_openpai_vc *)structure)->name =
            element->level == 1 ? request->arguments.name : element->name;
    else if (shape == &berth_openpai_node_shape)
        ((struct berth_openpai_node *)structure)->name = element->name;
    else if (shape == &berth_openpai_sku_shape)
        ((struct berth_openpai_sku *)structure)->name = element->name;
    else if (shape == &berth_openpai_user_shape)
        return berth_openpai_complete_user(element, structure);
    return BERTH_OK;
}

/* A login's answer. */
static enum berth_status take_token(struct berth_openpai_request *request, const void *structure)
{
    struct berth_openpai_account *account = request->pai->config.account;
    const struct berth_openpai_token *token = structure;
    if (token == NULL)
        return BERTH_E_SPACE;
    BERTH_TRY(berth_openpai_account_use(account, token->token));
    account->refused = false;
    if (account->changed != NULL)
        account->changed(account->ctx, account);
    return BERTH_OK;
}

/* A job's detail, for its state and when it was made. */
static void take_look(struct berth_openpai_request *request, const struct berth_json_element *element,
                      const void *structure)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    const struct berth_openpai_job *job = structure;
    if (element->level != 1 || job == NULL)
        return;
    work->saw_job = true;
    work->state = (job->status.present & BERTH_OPENPAI_STATUS_HAS_STATE) != 0 ? job->status.state.value : 0;
    work->seen_created_ms = 0;
    if ((job->status.present & BERTH_OPENPAI_STATUS_HAS_SUBMISSION) != 0)
        work->seen_created_ms = job->status.submission_ms;
    else if ((job->status.present & BERTH_OPENPAI_STATUS_HAS_CREATED) != 0)
        work->seen_created_ms = job->status.created_ms;
}

static enum berth_status to_caller(struct berth_openpai_request *request,
                                   const struct berth_json_element *element, void *structure)
{
    if ((berth_openpai_work_of(request)->levels >> (element->level - 1) & 1) == 0)
        return BERTH_OK;
    request->result.element_count += element->json != NULL;
    return request->on_element == NULL ? BERTH_OK
                                       : request->on_element(request->element_ctx, element, structure);
}

static enum berth_status main_element(struct berth_openpai_request *request,
                                      const struct berth_json_element *element, void *structure)
{
    struct berth_text token;
    switch (request->operation) {
    case BERTH_OPENPAI_JOBS_LIST:
        return berth_openpai_list_row(request, element, structure);
    case BERTH_OPENPAI_LOGS_GET:
        return element->level == 2 ? berth_openpai_log_found(request, structure) : BERTH_OK;
    case BERTH_OPENPAI_TOKENS_LIST:
        if (element->level != 2 || element->json == NULL)
            break;
        if (berth_openpai_text_of_json(element->json, element->len, &token) != BERTH_OK)
            return BERTH_OK; /* of another server than is known: what is no text is no token */
        return to_caller(request, element, &token);
    default:
        break;
    }
    return to_caller(request, element, structure);
}

enum berth_status berth_openpai_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_openpai_request *request = ctx;
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    switch (work->phase) {
    case BERTH_OPENPAI_PHASE_INFO:
    case BERTH_OPENPAI_PHASE_ROOT:
        if (structure != NULL)
            berth_openpai_take_info(&request->pai->server, structure,
                                    work->phase == BERTH_OPENPAI_PHASE_ROOT);
        return BERTH_OK;
    case BERTH_OPENPAI_PHASE_LOGIN:
        return take_token(request, structure);
    case BERTH_OPENPAI_PHASE_LOOK:
    case BERTH_OPENPAI_PHASE_CONFIRM:
    case BERTH_OPENPAI_PHASE_SETTLE:
        take_look(request, element, structure);
        return BERTH_OK;
    default:
        return main_element(request, element, structure);
    }
}

/* ---- From phase to phase ---------------------------------------------------------------------- */

/* What the exchange came to is what the request will come to, whatever follows. */
static void keep_result(struct berth_openpai_request *request)
{
    const struct berth_call_result *from = &request->call.result;
    struct berth_openpai_result *to = &request->result;
    if (berth_openpai_work_of(request)->kept)
        return;
    to->http_status = from->http_status;
    memcpy(to->message, from->message, sizeof to->message);
    to->has_retry_after = from->has_retry_after;
    to->retry_after_ms = from->retry_after_ms;
    to->maybe_done = from->maybe_done;
    berth_openpai_work_of(request)->kept = true;
}

/* After GET /api/v2/info, and after GET /api/v1/ . */
static enum berth_status after_info(struct berth_openpai_request *request, enum berth_status status)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_server *server = &request->pai->server;
    int http = request->call.result.http_status;
    bool is_root = work->phase == BERTH_OPENPAI_PHASE_ROOT;
    if (status == BERTH_OK) {
        work->fresh = true;
        return prepare(request);
    }
    if (http / 100 != 2 && http != 400 && http != 404 && http != 405)
        return status; /* it says nothing about the server */
    if (!is_root)
        return describe_phase(request, BERTH_OPENPAI_PHASE_ROOT);
    if (http / 100 != 2 || !work->is_page)
        return berth_openpai_say(request, BERTH_E_NOT_FOUND,
                                 "no OpenPAI REST server answers there: check the cluster's address");
    memset(server, 0, sizeof *server); /* a page instead of an answer: the oldest generation */
    server->generation = BERTH_OPENPAI_G1;
    server->scheduler = BERTH_OPENPAI_YARN;
    server->authn = BERTH_OPENPAI_AUTHN_BASIC;
    work->fresh = true;
    return prepare(request);
}

static enum berth_status after_login(struct berth_openpai_request *request, enum berth_status status)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_account *account = request->pai->config.account;
    struct berth_openpai_server *server = &request->pai->server;
    account->logging_in = NULL;
    work->logged_in = true;
    berth_wipe(request->call.client->work, request->call.work_used);
    if (status == BERTH_OK)
        return prepare(request);
    if (request->result.code == BERTH_OPENPAI_NO_API) {
        server->authn = BERTH_OPENPAI_AUTHN_OIDC;
        return berth_openpai_say(request, BERTH_E_UNAUTHORIZED,
                                 "this server logs people in by a browser (OIDC): give a token from there");
    }
    if (status == BERTH_E_UNAUTHORIZED)
        account->refused = true; /* asking again and again locks accounts and helps nobody */
    return status;
}

/* After a look at the job that is to be stopped or started. */
static enum berth_status after_look(struct berth_openpai_request *request, enum berth_status status)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    if (!work->saw_job)
        return work->looked_again ? work->failed : status;
    if (berth_openpai_is_terminal(work->state)) {
        request->result.already_finished = true;
        if (request->operation == BERTH_OPENPAI_JOBS_STOP)
            return BERTH_OK;
        return berth_openpai_say(request, BERTH_E_WRONG_STATE,
                                 "a finished job cannot be started again: submit it under a new name");
    }
    return work->looked_again ? work->failed : describe_phase(request, BERTH_OPENPAI_PHASE_MAIN);
}

/* Whether a submission that failed with STATUS may have come through all the same. */
static bool is_doubtful(const struct berth_openpai_request *request, enum berth_status status)
{
    const struct berth_call_result *result = &request->call.result;
    if (status == BERTH_E_NOT_FOUND)
        return request->result.code == BERTH_OPENPAI_NO_JOB;
    return result->maybe_done &&
           (result->http_status == 0 || status == BERTH_E_UNAVAILABLE || status == BERTH_E_TRUNCATED);
}

static enum berth_status after_submit(struct berth_openpai_request *request, enum berth_status status,
                                      uint32_t *out_pause_ms)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    work->failed = status;
    if (status == BERTH_OK && request->arguments.flag)
        return describe_phase(request, BERTH_OPENPAI_PHASE_SETTLE);
    if (!is_doubtful(request, status))
        return status;
    keep_result(request);
    *out_pause_ms = CONFIRM_MS;
    return describe_phase(request, BERTH_OPENPAI_PHASE_CONFIRM);
}

/* After a look for the job that was submitted. */
static enum berth_status after_confirm(struct berth_openpai_request *request, uint32_t *out_pause_ms)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    bool settles = work->phase == BERTH_OPENPAI_PHASE_SETTLE;
    if (work->saw_job) {
        bool is_older = work->seen_created_ms != 0 && work->begun_s != 0 &&
                        work->seen_created_ms < work->begun_s * 1000 - CLOCK_SKEW_MS;
        if (is_older && !settles)
            return work->failed; /* somebody else's, or an earlier one */
        request->result.found_after_failure = !settles;
        return BERTH_OK;
    }
    if (++work->confirms >= CONFIRM_MAX)
        return settles ? BERTH_OK : work->failed;
    *out_pause_ms = CONFIRM_MS;
    return describe_phase(request, work->phase);
}

/* Of logs: the address that was found, or another look for one. */
static enum berth_status after_log(struct berth_openpai_request *request, enum berth_status status)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    bool listed = berth_openpai_log_is_list(request->arguments.name);
    int http = request->call.result.http_status;
    if (work->phase == BERTH_OPENPAI_PHASE_MAIN) {
        if (status != BERTH_OK)
            return status;
        if (work->link[0] == '\0')
            return berth_openpai_say(request, BERTH_E_NOT_FOUND, "the task has no log of this name");
        return describe_phase(request, BERTH_OPENPAI_PHASE_LINK);
    }
    if (http == 416 && request->range_from > 0)
        return BERTH_OK; /* nothing more yet */
    if (http == 403 && listed && !work->relisted) {
        work->relisted = true; /* the address was good for some minutes only */
        work->link[0] = '\0';
        return describe_phase(request, BERTH_OPENPAI_PHASE_MAIN);
    }
    return status;
}

/* After the operation's own exchange. */
static enum berth_status after_main(struct berth_openpai_request *request, enum berth_status status,
                                    uint32_t *out_pause_ms)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    uint32_t operation = request->operation;
    if (operation == BERTH_OPENPAI_JOBS_LIST)
        return berth_openpai_list_next(request, status, out_pause_ms);
    if (operation == BERTH_OPENPAI_JOBS_SUBMIT_V1 || operation == BERTH_OPENPAI_JOBS_SUBMIT_V2)
        return after_submit(request, status, out_pause_ms);
    if (operation == BERTH_OPENPAI_LOGS_GET)
        return after_log(request, status);
    if (operation == BERTH_OPENPAI_LOGOUT && status == BERTH_OK)
        berth_openpai_account_wipe(request->pai->config.account);
    if ((operation_of(request)->flags & BERTH_OPENPAI_LOOK) != 0 && status == BERTH_E_SERVER &&
        !work->looked_again) {
        /* What a server answers whose controller has forgotten a finished job. */
        work->looked_again = true;
        work->saw_job = false;
        work->failed = status;
        keep_result(request);
        return describe_phase(request, BERTH_OPENPAI_PHASE_LOOK);
    }
    return status;
}

/* 401: another token came in the meantime, or one can be had. BERTH_OK: no. */
static enum berth_status after_401(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_account *account = request->pai->config.account;
    bool had_token = work->phase == BERTH_OPENPAI_PHASE_MAIN || work->phase == BERTH_OPENPAI_PHASE_LOOK ||
                     work->phase == BERTH_OPENPAI_PHASE_CONFIRM || work->phase == BERTH_OPENPAI_PHASE_SETTLE;
    if (!had_token || account == NULL || account->application || work->logged_in || !may_login(account) ||
        (operation_of(request)->flags & BERTH_OPENPAI_NO_TOKEN) != 0)
        return BERTH_OK;
    work->resumes = true;
    work->resume_phase = work->phase;
    if (account->serial != work->serial) {
        work->logged_in = true;
        return prepare(request);
    }
    account->token[0] = '\0'; /* so that a login is due */
    return prepare(request);
}

/* A cached opinion of the server that it does not share (it was upgraded). */
static bool should_ask_again(struct berth_openpai_request *request)
{
    const struct berth_openpai_work *work = berth_openpai_work_of(request);
    const struct berth_openpai_server *given = &request->pai->config.server;
    bool is_override = given->generation != BERTH_OPENPAI_UNKNOWN && given->scheduler == 0 &&
                       given->major == 0 && given->minor == 0 && given->authn == 0;
    return request->result.code == BERTH_OPENPAI_NO_API && !work->fresh && !request->pai->asked &&
           !is_override &&
           (work->phase == BERTH_OPENPAI_PHASE_MAIN || work->phase == BERTH_OPENPAI_PHASE_LOOK);
}

enum berth_status berth_openpai_next(struct berth_call *call, enum berth_status status,
                                     uint32_t *out_pause_ms)
{
    struct berth_openpai_request *request = call->platform;
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    if (status == BERTH_E_CANCELLED && !work->enough)
        return status;
    if (should_ask_again(request)) {
        memset(&request->pai->server, 0, sizeof request->pai->server);
        return prepare(request);
    }
    if (status == BERTH_E_UNAUTHORIZED && call->result.http_status == 401) {
        enum berth_status again = after_401(request);
        if (again != BERTH_OK)
            return again;
    }
    bool is_strange = status == BERTH_E_PROTOCOL && work->is_page && call->answer == BERTH_ANSWER_JSON;
    if (is_strange && work->phase != BERTH_OPENPAI_PHASE_INFO && work->phase != BERTH_OPENPAI_PHASE_ROOT)
        berth_openpai_say(request, status,
                          "a web page came instead of the answer: check the cluster's address");
    switch (work->phase) {
    case BERTH_OPENPAI_PHASE_INFO:
    case BERTH_OPENPAI_PHASE_ROOT:
        request->pai->asked = request->pai->asked || status == BERTH_OK;
        return after_info(request, status);
    case BERTH_OPENPAI_PHASE_LOGIN:
        return after_login(request, status);
    case BERTH_OPENPAI_PHASE_LOOK:
        work->saw_job = work->saw_job && (status == BERTH_OK || status == BERTH_E_SPACE);
        return after_look(request, status);
    case BERTH_OPENPAI_PHASE_CONFIRM:
    case BERTH_OPENPAI_PHASE_SETTLE:
        work->saw_job = work->saw_job && (status == BERTH_OK || status == BERTH_E_SPACE);
        return after_confirm(request, out_pause_ms);
    case BERTH_OPENPAI_PHASE_LINK:
        return after_log(request, status);
    default:
        return after_main(request, status, out_pause_ms);
    }
}

/* ---- The request's end ------------------------------------------------------------------------ */

static enum berth_status finish(struct berth_openpai_request *request, enum berth_status status)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_account *account = request->pai->config.account;
    struct berth_openpai_result *result = &request->result;
    bool said = work->kept;
    if (account != NULL && account->logging_in == request)
        account->logging_in = NULL;
    keep_result(request);
    if (work->phase == BERTH_OPENPAI_PHASE_LOGIN)
        result->maybe_done = false; /* the operation itself was not even begun */
    if (said && result->http_status == 0)
        result->http_status = request->call.result.http_status;
    if (request->call.client != NULL && request->call.work_used > 0)
        berth_wipe(request->pai->client.work, request->call.work_used); /* it may be a password */
    if (status == BERTH_OK) {
        memset(result->message, 0, sizeof result->message);
        result->maybe_done = false;
        result->code = BERTH_OPENPAI_CODE_NONE;
        result->code_text[0] = '\0';
    }
    result->skipped_count = request->call.result.skipped_count;
    result->skipped_needed = request->call.result.skipped_needed;
    result->received = work->received + request->call.result.received;
    work->finished = true;
    return status;
}

static uint32_t left_ms(const struct berth_openpai_request *request, uint64_t now)
{
    uint64_t deadline = berth_openpai_work_of_const(request)->deadline_ms;
    uint64_t left = deadline > now ? deadline - now : 0;
    return left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
}

/* Begins with whatever is due first. BERTH_E_WOULD_BLOCK: under way. */
static enum berth_status begin(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    uint64_t now = now_ms(request);
    enum berth_status status = prepare(request);
    if (status == WAITS && work->phase == BERTH_OPENPAI_PHASE_WAIT)
        return BERTH_E_WOULD_BLOCK;
    if (status != BERTH_E_WOULD_BLOCK)
        return status;
    bool endless = work->deadline_ms == UINT64_MAX;
    if (!endless && now >= work->deadline_ms)
        return berth_openpai_say(request, BERTH_E_TIMEOUT, "the deadline passed");
    status = berth_call_start(&request->call, endless ? 0 : left_ms(request, now));
    return status == BERTH_OK ? BERTH_E_WOULD_BLOCK : status;
}

enum berth_status berth_openpai_start(struct berth_openpai_request *request, uint32_t timeout_ms)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    bool endless = (operation_of(request)->flags & BERTH_OPENPAI_ENDLESS) != 0;
    memset(&request->result, 0, sizeof request->result);
    memset(&request->call, 0, sizeof request->call);
    memset(work, 0, sizeof *work);
    request->call.on_element = berth_openpai_element;
    request->call.client = &request->pai->client;
    if (timeout_ms == 0 && !endless)
        timeout_ms = TOGETHER_MS;
    work->deadline_ms = timeout_ms == 0 ? UINT64_MAX : now_ms(request) + timeout_ms;
    work->begun_s = now_s(request);
    if (request->operation == BERTH_OPENPAI_JOBS_LIST)
        berth_openpai_list_start(request);
    enum berth_status status = begin(request);
    if (status == BERTH_E_WOULD_BLOCK)
        return BERTH_OK;
    status = finish(request, status);
    work->finish_status = status;
    return status;
}

/* Somebody else logs in: looks again after a while. */
static enum berth_status wait_for_login(struct berth_openpai_request *request, uint32_t wait_ms)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    const struct berth_clock *clock = request->pai->config.clock;
    uint64_t now = now_ms(request);
    if (request->pai->config.account->logging_in == NULL) {
        work->logged_in = request->pai->config.account->token[0] != '\0';
        return begin(request);
    }
    if (now >= work->deadline_ms)
        return berth_openpai_say(request, BERTH_E_TIMEOUT, "the login that is under way took too long");
    if (wait_ms > WAIT_MS)
        wait_ms = WAIT_MS;
    if (wait_ms > 0)
        clock->sleep_ms(clock->ctx, wait_ms);
    return BERTH_E_WOULD_BLOCK;
}

enum berth_status berth_openpai_step(struct berth_openpai_request *request, uint32_t wait_ms)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    enum berth_status status;
    if (work->finished)
        return work->finish_status;
    if (work->phase == BERTH_OPENPAI_PHASE_WAIT)
        status = wait_for_login(request, wait_ms);
    else
        status = berth_call_step(&request->call, wait_ms);
    if (status == WAITS && work->phase == BERTH_OPENPAI_PHASE_WAIT) {
        work->received += request->call.result.received;
        return BERTH_E_WOULD_BLOCK;
    }
    if (status == BERTH_E_WOULD_BLOCK)
        return status;
    status = finish(request, status);
    work->finish_status = status;
    return status;
}

enum berth_status berth_openpai_run(struct berth_openpai_request *request, uint32_t timeout_ms)
{
    enum berth_status status = berth_openpai_start(request, timeout_ms);
    if (status != BERTH_OK || berth_openpai_work_of(request)->finished)
        return status;
    do
        status = berth_openpai_step(request, STEP_MS);
    while (status == BERTH_E_WOULD_BLOCK);
    return status;
}

unsigned berth_openpai_want(const struct berth_openpai_request *request, uint32_t *out_wait_ms)
{
    const struct berth_openpai_work *work = berth_openpai_work_of_const(request);
    if (work->phase != BERTH_OPENPAI_PHASE_WAIT && !work->finished)
        return berth_call_want(&request->call, out_wait_ms);
    if (out_wait_ms != NULL)
        *out_wait_ms = work->finished ? 0 : WAIT_MS;
    return BERTH_WANT_NOTHING;
}

void berth_openpai_cancel(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_account *account = request->pai->config.account;
    if (account != NULL && account->logging_in == request)
        account->logging_in = NULL;
    if (!work->finished && work->phase != BERTH_OPENPAI_PHASE_WAIT)
        berth_call_cancel(&request->call);
    work->finished = true;
    work->finish_status = BERTH_E_CANCELLED;
}
