/* RIME: the session, and its requests described as calls. */
#include "platform/rime.h"

#include <string.h>

#include "platform/call.h"

#define MODEL_TASK "MODEL_TASK_"
#define WAIT_MS 60000u

/* ---- The session ------------------------------------------------------------------------------ */

static bool is_path(struct berth_text path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '\\')
            return false;
    }
    return berth_text_find(path, BERTH_TEXT("..")) == SIZE_MAX;
}

static bool is_key(struct berth_text key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] >= 0x7f)
            return false;
    return key.len <= BERTH_RIME_KEY_MAX;
}

static bool is_header(struct berth_text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_')
            return false;
    }
    return name.len <= 64;
}

static const char *check_base(const struct berth_rime *rime, struct berth_text base)
{
    struct berth_url url;
    const char *reason = NULL;
    if (berth_url_parse(base, &url, &reason) != BERTH_OK)
        return reason;
    if (!url.https && !rime->config.allow_plain)
        return "http:// would send the key readable: it has to be allowed";
    return is_path(url.path) && url.query.ptr == NULL && berth_text_find_byte(base, '#') == SIZE_MAX
               ? NULL
               : "an address has no query, fragment, backslash or ..";
}

static enum berth_status put_base(struct berth_rime *rime, const char **out_reason)
{
    struct berth_text address = rime->config.address;
    bool has_scheme = berth_text_find(address, BERTH_TEXT("://")) != SIZE_MAX;
    struct berth_writer w;
    berth_writer_init(&w, rime->base, sizeof rime->base - 1);
    berth_put_string(&w, has_scheme ? "" : "https://");
    berth_put_text(&w, address);
    *out_reason = "an address is HOST, HOST:PORT or https://HOST[:PORT][/PREFIX]";
    if (address.len == 0 || address.len > BERTH_RIME_ADDRESS_MAX ||
        (!has_scheme && berth_text_find_byte(address, '/') != SIZE_MAX))
        return BERTH_E_SYNTAX;
    *out_reason = check_base(rime, berth_writer_text(&w));
    if (*out_reason != NULL)
        return BERTH_E_SYNTAX;
    return berth_client_init(&rime->client, rime->config.http, berth_writer_text(&w), rime->config.work,
                             rime->config.work_size, out_reason);
}

/* One slash in front, none behind. */
static bool take_root(struct berth_text *root, struct berth_text given)
{
    while (berth_text_ends(given, BERTH_TEXT("/")))
        given.len--;
    if (given.len == 0)
        return true;
    *root = given;
    return given.ptr[0] == '/' && !berth_text_starts(given, BERTH_TEXT("//")) && is_path(given);
}

static enum berth_status check(struct berth_rime *rime, const char **out_reason)
{
    const struct berth_rime_config *config = &rime->config;
    const struct berth_rime_dialect *dialect = berth_rime_dialect_of(config->dialect);
    *out_reason = NULL;
    if (config->http == NULL || config->work == NULL || config->work_size < BERTH_RIME_WORK_MIN)
        *out_reason = "a session needs HTTP and 4 KB of work memory";
    else if (dialect == NULL)
        *out_reason = "there is no such dialect";
    else if (config->page_size > 100)
        *out_reason = "a page has at most 100 entries";
    if (dialect == NULL || *out_reason != NULL)
        return BERTH_E_ARGUMENT;
    rime->dialect = *dialect;
    if (!take_root(&rime->dialect.root, config->root))
        *out_reason = "a root begins with one slash and has no query, fragment, backslash or ..";
    if (config->root.len > 0)
        rime->dialect.jobs_root = rime->dialect.root;
    if (!take_root(&rime->dialect.jobs_root, config->jobs_root))
        *out_reason = "the root of jobs begins with one slash and has no query, fragment, backslash or ..";
    if (!is_key(config->key))
        *out_reason = "an API key is at most 1024 visible ASCII characters";
    if (!is_header(config->auth_header))
        *out_reason = "a header's name has letters, digits and hyphens alone";
    if (config->default_project.len > 0 && !berth_rime_is_id(config->default_project))
        *out_reason = "the default project's id is none";
    return *out_reason == NULL ? put_base(rime, out_reason) : BERTH_E_SYNTAX;
}

enum berth_status berth_rime_init(struct berth_rime *rime, const struct berth_rime_config *config,
                                  const char **out_reason)
{
    const char *reason;
    struct berth_writer w;
    memset(rime, 0, sizeof *rime);
    rime->config = *config;
    enum berth_status status = check(rime, &reason);
    if (out_reason != NULL)
        *out_reason = status == BERTH_OK ? NULL : reason;
    if (status != BERTH_OK)
        return status;
    if (config->auth_header.len > 0)
        rime->dialect.auth_header = config->auth_header;
    if (config->bearer)
        rime->dialect.auth_header = BERTH_TEXT("Authorization");
    berth_writer_init(&w, rime->authorization, sizeof rime->authorization - 1);
    berth_put_string(&w, config->bearer && config->key.len > 0 ? "Bearer " : "");
    berth_put_text(&w, config->key);
    rime->client.repeat_unavailable = true;
    return berth_writer_status(&w);
}

void berth_rime_close(struct berth_rime *rime)
{
    berth_wipe(rime->authorization, sizeof rime->authorization);
}

enum berth_status berth_rime_dialect_for(struct berth_text version, enum berth_rime_dialect_id *out_id)
{
    struct berth_text rest = version, major_text, minor_text = {NULL, 0};
    uint64_t major, minor;
    if (!berth_text_split(&rest, '.', &major_text) || !berth_text_split(&rest, '.', &minor_text) ||
        berth_parse_u64(major_text, &major) != BERTH_OK)
        return BERTH_E_SYNTAX;
    for (size_t i = 0; i < minor_text.len; i++)
        if (minor_text.ptr[i] < '0' || minor_text.ptr[i] > '9')
            minor_text.len = i;
    if (berth_parse_u64(minor_text, &minor) != BERTH_OK)
        return BERTH_E_SYNTAX;
    if (major < 2 && (major != 0 || minor < 18 || minor > 20))
        return BERTH_E_NOT_PROVIDED;
    *out_id = major >= 2 ? BERTH_RIME_V2 : BERTH_RIME_V0;
    return BERTH_OK;
}

/* ---- One exchange ----------------------------------------------------------------------------- */

bool berth_rime_is_id(struct berth_text id)
{
    if (id.len == 0 || id.len > BERTH_RIME_ID_MAX || berth_text_equal(id, BERTH_TEXT(".")) ||
        berth_text_equal(id, BERTH_TEXT("..")))
        return false;
    for (size_t i = 0; i < id.len; i++)
        if ((unsigned char)id.ptr[i] < ' ' || id.ptr[i] == 0x7f || memchr("/?#%\\", id.ptr[i], 5) != NULL)
            return false;
    return true;
}

static void put_path(struct berth_writer *w, struct berth_text path, struct berth_text id)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '%' && i + 1 < path.len) {
            berth_put_percent(w, id);
            i++;
        } else {
            berth_put_char(w, path.ptr[i]);
        }
    }
}

static void put_filters(struct berth_writer *w, const struct berth_rime_request *request)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {
        {1u << BERTH_RIME_PENDING, "PENDING"},   {1u << BERTH_RIME_PENDING, "REQUESTED"},
        {1u << BERTH_RIME_RUNNING, "RUNNING"},   {1u << BERTH_RIME_FAILING, "FAILED"},
        {1u << BERTH_RIME_FAILING, "CANCELLED"}, {1u << BERTH_RIME_SUCCEEDED, "SUCCEEDED"},
    };
    bool unknown = (request->filter & 1u << BERTH_RIME_UNKNOWN_STATUS) != 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && !unknown && !request->drop_filter; i++)
        if ((request->filter & words[i].bit) != 0) {
            berth_put_string(w, "firstPageQuery.selectedStatuses=JOB_STATUS_");
            berth_put_string(w, words[i].word);
            berth_put_char(w, '&');
        }
    berth_put_string(w, "firstPageQuery.selectedTypes=JOB_TYPE_MODEL_STRESS_TEST&");
}

static void put_query(struct berth_writer *w, const struct berth_rime_request *request, bool asks_project)
{
    const struct berth_rime_config *config = &request->rime->config;
    bool jobs = request->phase == BERTH_RIME_PHASE_JOBS || request->phase == BERTH_RIME_PHASE_PROJECT_JOBS;
    uint32_t size = config->page_size != 0 ? config->page_size : 10;
    berth_put_char(w, '?');
    if (request->token[0] != '\0') {
        berth_put_string(w, "pageToken=");
        berth_put_percent(w, berth_text_of(request->token));
        berth_put_char(w, '&');
    } else if (jobs) {
        if (asks_project) {
            berth_put_string(w, "firstPageQuery.objectId=");
            berth_put_percent(w, berth_text_of(request->id));
            berth_put_char(w, '&');
        }
        put_filters(w, request);
    } else if (request->phase == BERTH_RIME_PHASE_CASES) {
        berth_put_string(w, "listTestCasesQuery.testRunId=");
        berth_put_percent(w, berth_text_of(request->job.test_run_id));
        berth_put_char(w, '&');
    }
    if (request->operation == BERTH_RIME_CHECK_KEY)
        size = 1;
    else if (request->walking && !jobs && size > 10)
        size = 10;
    berth_put_string(w, "pageSize=");
    berth_put_u64(w, size);
    berth_put_string(w, jobs ? "&view=JOB_VIEW_BASIC" : "");
}

static void put_headers(struct berth_call *call, const struct berth_rime *rime)
{
    struct berth_text value = berth_text_of(rime->authorization);
    call->headers[0] =
        (struct berth_http_header){BERTH_TEXT("Accept"), BERTH_TEXT("application/json"), false};
    call->headers[1] = (struct berth_http_header){rime->dialect.auth_header, value, true};
    call->header_count = value.len > 0 ? 2 : 1;
}

static void set_answer(struct berth_rime_request *request, const struct berth_rime_exchange *exchange)
{
    struct berth_call *call = &request->call;
    if (request->phase == BERTH_RIME_PHASE_LOG) {
        call->answer = BERTH_ANSWER_BYTES;
        call->sink = berth_rime_log_sink(request);
        berth_rime_log_begin(request);
    } else if (exchange->answer.ptr != NULL) {
        call->answer = BERTH_ANSWER_JSON;
        call->path = exchange->answer;
        call->single = true;
        call->on_element = berth_rime_on_element;
        call->element_ctx = request;
    } else {
        call->answer = BERTH_ANSWER_NONE;
    }
}

enum berth_status berth_rime_describe(struct berth_rime_request *request, enum berth_rime_phase phase)
{
    const struct berth_rime_exchange *exchange = &berth_rime_exchanges[phase];
    const struct berth_rime_dialect *dialect = &request->rime->dialect;
    struct berth_call *call = &request->call;
    struct berth_text path = exchange->path;
    struct berth_writer w;
    if (phase == BERTH_RIME_PHASE_START)
        path = dialect->start_path;
    else if (phase == BERTH_RIME_PHASE_PROJECT_JOBS)
        path = dialect->list_path;
    request->phase = (uint8_t)phase;
    request->found = false;
    request->sign_in = false;
    berth_writer_init(&w, call->target, sizeof call->target - 1);
    berth_put_text(&w, (exchange->flags & BERTH_RIME_JOBS_ROOT) != 0 ? dialect->jobs_root : dialect->root);
    put_path(&w, path, berth_text_of(request->id));
    if ((exchange->flags & BERTH_RIME_PAGED) != 0)
        put_query(&w, request,
                  berth_text_find(path, BERTH_TEXT("%p")) == SIZE_MAX &&
                      phase == BERTH_RIME_PHASE_PROJECT_JOBS);
    BERTH_TRY(berth_writer_status(&w));
    BERTH_TRY(berth_writer_terminate(&w));
    call->method = exchange->method;
    call->repeat = exchange->repeat;
    call->tries = request->wait && request->started ? 1 : 0;
    set_answer(request, exchange);
    return BERTH_OK;
}

static enum berth_status open_request(struct berth_rime_request *request, struct berth_rime *rime,
                                      enum berth_rime_operation operation, struct berth_text id,
                                      bool needs_id)
{
    memset(request, 0, sizeof *request);
    request->rime = rime;
    request->operation = (uint8_t)operation;
    request->result.grpc_code = -1;
    if ((needs_id || id.len > 0) && !berth_rime_is_id(id))
        return BERTH_E_ARGUMENT;
    if (id.len > 0)
        memcpy(request->id, id.ptr, id.len);
    berth_call_init(&request->call, &rime->client);
    struct berth_call *call = &request->call;
    call->no_redirects = true;
    call->idle_ms = WAIT_MS;
    call->timeout_ms = WAIT_MS;
    call->judge = berth_rime_judge;
    call->head = berth_rime_head;
    call->next = berth_rime_next;
    call->platform = request;
    put_headers(call, rime);
    return BERTH_OK;
}

static const struct berth_text absent = {NULL, 0};

/* ---- Projects --------------------------------------------------------------------------------- */

static bool is_task(struct berth_text task)
{
    for (size_t i = 0; i < task.len; i++)
        if ((task.ptr[i] < 'A' || task.ptr[i] > 'Z') && task.ptr[i] != '_')
            return false;
    return task.len == 0 || berth_text_starts(task, BERTH_TEXT(MODEL_TASK));
}

enum berth_status berth_rime_project_create(struct berth_rime_request *request, struct berth_rime *rime,
                                            struct berth_text name, struct berth_text description,
                                            struct berth_text model_task)
{
    struct berth_writer w;
    struct berth_json_writer json;
    BERTH_TRY(open_request(request, rime, BERTH_RIME_PROJECT_CREATE, absent, false));
    if (model_task.len == 0)
        model_task = rime->config.model_task;
    if (name.len == 0 || !is_task(model_task))
        return BERTH_E_ARGUMENT;
    berth_writer_init(&w, rime->client.work, rime->client.work_size);
    berth_json_writer_init(&json, &w);
    berth_json_begin_object(&json);
    berth_json_put_name(&json, BERTH_TEXT("name"));
    berth_json_put_text(&json, name);
    berth_json_put_name(&json, BERTH_TEXT("description"));
    berth_json_put_text(&json, description);
    if (rime->dialect.send_model_task && model_task.len > 0) {
        berth_json_put_name(&json, BERTH_TEXT("modelTask"));
        berth_json_put_text(&json, model_task);
    }
    berth_json_end_object(&json);
    enum berth_status status = berth_json_done(&json);
    if (status != BERTH_OK)
        return status == BERTH_E_SPACE ? status : BERTH_E_ARGUMENT;
    berth_call_set_json(&request->call, w.len);
    return berth_rime_describe(request, BERTH_RIME_PHASE_CREATE);
}

enum berth_status berth_rime_project_get(struct berth_rime_request *request, struct berth_rime *rime,
                                         struct berth_text id)
{
    BERTH_TRY(open_request(request, rime, BERTH_RIME_PROJECT_GET, id, true));
    return berth_rime_describe(request, BERTH_RIME_PHASE_PROJECT);
}

enum berth_status berth_rime_project_list(struct berth_rime_request *request, struct berth_rime *rime,
                                          berth_rime_project_fn *on_project, void *ctx)
{
    BERTH_TRY(open_request(request, rime, BERTH_RIME_PROJECT_LIST, absent, false));
    request->on_project = on_project;
    request->ctx = ctx;
    request->call.timeout_ms = 0;
    return berth_rime_describe(request, BERTH_RIME_PHASE_PROJECTS);
}

enum berth_status berth_rime_check_key(struct berth_rime_request *request, struct berth_rime *rime)
{
    BERTH_TRY(open_request(request, rime, BERTH_RIME_CHECK_KEY, absent, false));
    return berth_rime_describe(request, BERTH_RIME_PHASE_PROJECTS);
}

/* ---- Jobs ------------------------------------------------------------------------------------- */

enum berth_status berth_rime_start(struct berth_rime_request *request, struct berth_rime *rime,
                                   struct berth_text config, struct berth_text project,
                                   struct berth_text image, struct berth_text pull_secret)
{
    bool in_path = berth_text_find(rime->dialect.start_path, BERTH_TEXT("%p")) != SIZE_MAX;
    if (project.len == 0)
        project = rime->config.default_project;
    BERTH_TRY(open_request(request, rime, BERTH_RIME_START, project, in_path));
    BERTH_TRY(berth_rime_body_init(request, config, project, image, pull_secret, &request->call.body));
    request->call.has_body = true;
    request->call.content_type = BERTH_TEXT("application/json");
    return berth_rime_describe(request, BERTH_RIME_PHASE_START);
}

enum berth_status berth_rime_jobs_list(struct berth_rime_request *request, struct berth_rime *rime,
                                       struct berth_text project, unsigned filter, berth_rime_job_fn *on_job,
                                       void *ctx)
{
    BERTH_TRY(open_request(request, rime, BERTH_RIME_JOBS_LIST, project, false));
    if (filter >> (BERTH_RIME_SUCCEEDED + 1) != 0)
        return BERTH_E_ARGUMENT;
    request->filter = filter;
    request->on_job = on_job;
    request->ctx = ctx;
    request->call.timeout_ms = 0;
    return berth_rime_describe(request,
                               project.len > 0 ? BERTH_RIME_PHASE_PROJECT_JOBS : BERTH_RIME_PHASE_JOBS);
}

enum berth_status berth_rime_job_status(struct berth_rime_request *request, struct berth_rime *rime,
                                        struct berth_text id, const struct berth_rime_status_options *options)
{
    static const struct berth_rime_status_options defaults = {.poll_s = 5};
    const struct berth_rime_status_options *o = options != NULL ? options : &defaults;
    double poll_s = o->poll_s == 0 ? 5 : o->poll_s;
    BERTH_TRY(open_request(request, rime, BERTH_RIME_JOB_STATUS, id, true));
    if (!(poll_s >= 0.1 && poll_s <= 86400))
        return BERTH_E_ARGUMENT;
    request->poll_ms = (uint32_t)(poll_s * 1000);
    request->verbose = o->verbose;
    request->wait = o->wait;
    request->on_event = o->on_event;
    request->ctx = o->ctx;
    if (o->wait || o->verbose)
        request->call.timeout_ms = 0;
    return berth_rime_describe(request, o->verbose ? BERTH_RIME_PHASE_FULL_JOB : BERTH_RIME_PHASE_JOB);
}

enum berth_status berth_rime_job_logs(struct berth_rime_request *request, struct berth_rime *rime,
                                      struct berth_text id, berth_rime_event_fn *on_event, void *ctx)
{
    BERTH_TRY(open_request(request, rime, BERTH_RIME_JOB_LOGS, id, true));
    request->on_event = on_event;
    request->ctx = ctx;
    request->call.timeout_ms = 0;
    return berth_rime_describe(request,
                               rime->dialect.has_logs ? BERTH_RIME_PHASE_LOG : BERTH_RIME_PHASE_FULL_JOB);
}

/* A semantic version: three numbers, then perhaps "-" or "+" and more. */
static bool read_version(struct berth_text text, uint64_t out_numbers[3])
{
    for (size_t i = 0; i < 3; i++) {
        size_t len = 0;
        while (len < text.len && text.ptr[len] >= '0' && text.ptr[len] <= '9')
            len++;
        struct berth_text digits = berth_text_slice(text, 0, len);
        if (len == 0 || (len > 1 && text.ptr[0] == '0') ||
            berth_parse_u64(digits, &out_numbers[i]) != BERTH_OK)
            return false;
        text = berth_text_slice(text, len, text.len);
        if (i < 2 && (text.len == 0 || text.ptr[0] != '.'))
            return false;
        text = i < 2 ? berth_text_slice(text, 1, text.len) : text;
    }
    if (text.len == 0)
        return true;
    for (size_t i = 1; i < text.len; i++) {
        char c = text.ptr[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!word && c != '-' && c != '.' && c != '+')
            return false;
    }
    return text.len > 1 && (text.ptr[0] == '-' || text.ptr[0] == '+');
}

enum berth_status berth_rime_job_csv(struct berth_rime_request *request, struct berth_rime *rime,
                                     struct berth_text id, struct berth_text version,
                                     const struct berth_sink *sink)
{
    uint64_t v[3];
    BERTH_TRY(open_request(request, rime, BERTH_RIME_JOB_CSV, id, true));
    if (sink == NULL || (version.len > 0 && !read_version(version, v)))
        return BERTH_E_ARGUMENT;
    bool before = version.len > 0 && v[0] == 0 && v[1] == 12 && v[2] == 0 &&
                  berth_text_find_byte(version, '-') != SIZE_MAX;
    if (version.len > 0 && ((v[0] == 0 && v[1] < 12) || before))
        return BERTH_E_NOT_PROVIDED;
    request->sink = *sink;
    request->call.timeout_ms = 0;
    return berth_rime_describe(request, BERTH_RIME_PHASE_JOB);
}

#define SIMPLE(name, upper, exchange, needs)                                                                 \
    enum berth_status berth_rime_##name(struct berth_rime_request *request, struct berth_rime *rime,         \
                                        struct berth_text id)                                                \
    {                                                                                                        \
        BERTH_TRY(open_request(request, rime, upper, id, needs));                                            \
        return berth_rime_describe(request, exchange);                                                       \
    }
SIMPLE(job_cancel, BERTH_RIME_JOB_CANCEL, BERTH_RIME_PHASE_CANCEL, true)
SIMPLE(test_run_of, BERTH_RIME_TEST_RUN_OF, BERTH_RIME_PHASE_TEST_RUN, true)
SIMPLE(project_of, BERTH_RIME_PROJECT_OF, BERTH_RIME_PHASE_PROJECT_ID, true)

enum berth_status berth_rime_server_version(struct berth_rime_request *request, struct berth_rime *rime)
{
    BERTH_TRY(open_request(request, rime, BERTH_RIME_SERVER_VERSION, absent, false));
    return berth_rime_describe(request, BERTH_RIME_PHASE_INFO);
}
