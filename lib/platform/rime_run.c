/* RIME: what a request's answers are taken for, and which exchange comes next. */
#include <string.h>

#include "platform/call_state.h"
#include "platform/rime.h"

#define SLICE_MS 250u
#define BACK_OFF_MAX_MS 60000u
#define PAGES_MAX 100000u

/* ---- Elements --------------------------------------------------------------------------------- */

static int64_t now_s(const struct berth_rime_request *request)
{
    const struct berth_clock *clock = request->rime->config.http->config.clock;
    return clock->civil_s(clock->ctx);
}

static void read_job(struct berth_rime_request *request, struct berth_text json)
{
    struct berth_text handle = berth_text_of(
        request->phase == BERTH_RIME_PHASE_JOB || request->phase == BERTH_RIME_PHASE_FULL_JOB ? request->id
                                                                                              : "");
    berth_rime_read_job(&request->job, json.ptr, json.len, handle, now_s(request));
}

/* A job of a list, if the filters let it pass. */
static enum berth_status take_job(struct berth_rime_request *request, struct berth_text json)
{
    read_job(request, json);
    bool wanted = request->filter == 0 || (request->filter & 1u << request->job.status) != 0;
    if (!request->job.is_stress_test || !wanted)
        return BERTH_OK;
    request->result.count++;
    if (request->on_job != NULL)
        request->stop = request->on_job(request->ctx, &request->job);
    return request->stop;
}

static enum berth_status take_project(struct berth_rime_request *request, struct berth_text json)
{
    if (!berth_rime_read_project(&request->project, json))
        return BERTH_OK;
    if (request->walking) {
        if (request->project_count < 10)
            memcpy(request->projects[request->project_count++], request->project.id, BERTH_RIME_ID_MAX + 1);
        else
            request->result.incomplete = true;
        return BERTH_OK;
    }
    request->result.count++;
    if (request->on_project != NULL)
        request->stop = request->on_project(request->ctx, &request->project);
    return request->stop;
}

static enum berth_status take_entry(struct berth_rime_request *request,
                                    const struct berth_json_element *element)
{
    struct berth_text json = berth_text_make(element->json, element->len);
    if (json.len == 0 || json.ptr[0] != '{')
        return BERTH_OK;
    if (request->phase == BERTH_RIME_PHASE_PROJECTS)
        return take_project(request, json);
    if (request->phase != BERTH_RIME_PHASE_CASES)
        return take_job(request, json);
    request->result.count++;
    return request->stop = berth_rime_put_case(request, element);
}

static void take_page(struct berth_rime_request *request, const struct berth_rime_members *m)
{
    request->has_more = berth_rime_is_true(m->at[BERTH_RIME_IN_HAS_MORE]);
    if (!berth_rime_copy_string(request->next_token, sizeof request->next_token,
                                m->at[BERTH_RIME_IN_NEXT_TOKEN]))
        request->next_token[0] = '\0';
    request->found = true;
}

static void take_document(struct berth_rime_request *request, struct berth_text json)
{
    struct berth_rime_members m;
    berth_rime_members_of(&berth_rime_envelope_shape, json, &m);
    struct berth_text job = m.at[BERTH_RIME_IN_JOB];
    switch (request->phase) {
    case BERTH_RIME_PHASE_CREATE:
    case BERTH_RIME_PHASE_PROJECT:
        request->found = berth_rime_read_project(&request->project, m.at[BERTH_RIME_IN_PROJECT]);
        break;
    case BERTH_RIME_PHASE_START:
    case BERTH_RIME_PHASE_JOB:
    case BERTH_RIME_PHASE_FULL_JOB:
        request->found = job.len > 0 && job.ptr[0] == '{';
        if (request->found)
            read_job(request, job);
        if (request->phase == BERTH_RIME_PHASE_START && request->job.id[0] == '\0')
            request->found = false;
        break;
    case BERTH_RIME_PHASE_TEST_RUN:
    case BERTH_RIME_PHASE_PROJECT_ID:
        berth_rime_copy_id(request->text,
                           m.at[request->phase == BERTH_RIME_PHASE_TEST_RUN ? BERTH_RIME_IN_TEST_RUN_ID
                                                                            : BERTH_RIME_IN_PROJECT_ID]);
        request->found = true;
        break;
    case BERTH_RIME_PHASE_INFO:
    case BERTH_RIME_PHASE_OLD_INFO:
        berth_rime_copy_id(request->text, m.at[BERTH_RIME_IN_VERSION].len > 0
                                              ? m.at[BERTH_RIME_IN_VERSION]
                                              : m.at[BERTH_RIME_IN_OLD_VERSION]);
        request->found = request->text[0] != '\0';
        break;
    default:
        take_page(request, &m);
        break;
    }
}

enum berth_status berth_rime_on_element(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_rime_request *request = ctx;
    (void)structure;
    if (element->level == 3) { /* a metric: of no interest, whatever its size */
        if (element->json == NULL)
            request->call.result.skipped_count--;
        return BERTH_OK;
    }
    if (element->json == NULL)
        return BERTH_OK;
    if (element->level == 2)
        return take_entry(request, element);
    if (element->json[0] == '{')
        take_document(request, berth_text_make(element->json, element->len));
    return BERTH_OK;
}

/* ---- Lists ------------------------------------------------------------------------------------ */

static enum berth_status again(struct berth_rime_request *request, enum berth_rime_phase phase)
{
    enum berth_status status = berth_rime_describe(request, phase);
    return status == BERTH_OK
               ? BERTH_E_WOULD_BLOCK
               : berth_call_report(&request->call, status, "the next page's address is too long", NULL);
}

/* Whether another page is to be had; its token is then in place. */
static bool next_page(struct berth_rime_request *request)
{
    uint32_t most = request->rime->config.page_max != 0 ? request->rime->config.page_max : PAGES_MAX;
    request->pages++;
    if (!request->has_more)
        return false;
    if (request->next_token[0] == '\0' ||
        berth_text_equal(berth_text_of(request->next_token), berth_text_of(request->token)) ||
        request->pages >= most) {
        request->result.incomplete = true;
        return false;
    }
    memcpy(request->token, request->next_token, sizeof request->token);
    request->later_page = true;
    return true;
}

static void first_page(struct berth_rime_request *request)
{
    request->token[0] = '\0';
    request->later_page = false;
}

/* From project to project, and from one page of them to the next. */
static enum berth_status walk(struct berth_rime_request *request, enum berth_status status)
{
    if (request->phase == BERTH_RIME_PHASE_PROJECTS) {
        bool more = next_page(request);
        request->outer_more = more;
        memcpy(request->outer_token, request->token, sizeof request->outer_token);
        request->project_at = 0;
    }
    if (request->project_at < request->project_count) {
        memcpy(request->id, request->projects[request->project_at++], sizeof request->id);
        first_page(request);
        return again(request, BERTH_RIME_PHASE_PROJECT_JOBS);
    }
    if (!request->outer_more)
        return status;
    memcpy(request->token, request->outer_token, sizeof request->token);
    request->project_count = 0;
    return again(request, BERTH_RIME_PHASE_PROJECTS);
}

/* A page of jobs failed: what an older or newer server wants instead. */
static enum berth_status retry_list(struct berth_rime_request *request, enum berth_status status)
{
    bool sent_filter = request->filter != 0 && !request->drop_filter &&
                       (request->filter & 1u << BERTH_RIME_UNKNOWN_STATUS) == 0;
    if (status == BERTH_E_BAD_REQUEST && request->call.result.http_status == 400 && sent_filter &&
        !request->later_page && request->phase != BERTH_RIME_PHASE_PROJECTS) {
        request->drop_filter = true;
        return again(request, (enum berth_rime_phase)request->phase);
    }
    if (request->phase == BERTH_RIME_PHASE_JOBS && !request->rime->dialect.has_list_all &&
        !request->later_page && (status == BERTH_E_NOT_FOUND || status == BERTH_E_NOT_PROVIDED)) {
        request->walking = true;
        return again(request, BERTH_RIME_PHASE_PROJECTS);
    }
    if (request->walking && request->phase == BERTH_RIME_PHASE_PROJECT_JOBS && status == BERTH_E_NOT_FOUND)
        return walk(request, BERTH_OK); /* deleted since it was listed */
    return status;
}

static enum berth_status after_list(struct berth_rime_request *request, enum berth_status status)
{
    if (status != BERTH_OK && status != BERTH_E_SPACE)
        return request->operation == BERTH_RIME_JOBS_LIST ? retry_list(request, status) : status;
    if (!request->found)
        return status != BERTH_OK
                   ? status
                   : berth_call_report(&request->call, BERTH_E_PROTOCOL, "the answer is no list", NULL);
    if (request->operation == BERTH_RIME_CHECK_KEY)
        return status;
    if (request->walking && request->phase == BERTH_RIME_PHASE_PROJECTS)
        return walk(request, status);
    if (next_page(request))
        return again(request, (enum berth_rime_phase)request->phase);
    return request->walking ? walk(request, status) : status;
}

/* ---- Waiting ---------------------------------------------------------------------------------- */

static bool passes(enum berth_status status)
{
    switch (status) {
    case BERTH_E_UNAVAILABLE:
    case BERTH_E_CONNECT:
    case BERTH_E_RESOLVE:
    case BERTH_E_RESET:
    case BERTH_E_CLOSED:
    case BERTH_E_TRUNCATED:
    case BERTH_E_TIMEOUT:
        return true;
    default:
        return false;
    }
}

static enum berth_status after_failed_poll(struct berth_rime_request *request, enum berth_status status,
                                           uint32_t *out_pause_ms)
{
    uint8_t most = request->rime->config.max_transient;
    most = most == 0 ? 5 : most == 255 ? 0 : most;
    if (!request->wait || !request->started || !passes(status) || request->failures >= most)
        return status;
    uint64_t pause = (uint64_t)request->poll_ms << (request->failures < 20 ? request->failures : 20);
    request->failures++;
    if (pause > BACK_OFF_MAX_MS)
        pause = BACK_OFF_MAX_MS;
    if (request->call.result.has_retry_after && request->call.result.retry_after_ms > pause)
        pause = request->call.result.retry_after_ms;
    *out_pause_ms = (uint32_t)pause;
    enum berth_status told = berth_rime_tell(request, BERTH_RIME_RETRY,
                                             berth_text_of(request->call.result.message), *out_pause_ms);
    return told != BERTH_OK ? told : again(request, (enum berth_rime_phase)request->phase);
}

/* What a server without logs has instead. */
static enum berth_status tell_instead(struct berth_rime_request *request)
{
    const struct berth_rime_job *job = &request->job;
    const struct berth_text none = {NULL, 0};
    bool failed = job->status == BERTH_RIME_FAILING && !job->cancelled;
    if (job->error[0] != '\0')
        BERTH_TRY(berth_rime_tell(request, BERTH_RIME_ERROR_MESSAGE, berth_text_of(job->error), 0));
    if (failed && job->log_link[0] != '\0')
        return berth_rime_tell(request, BERTH_RIME_LOG_LINK, berth_text_of(job->log_link), 0);
    return failed && job->error[0] != '\0' ? BERTH_OK
                                           : berth_rime_tell(request, BERTH_RIME_LOGS_UNAVAILABLE, none, 0);
}

static enum berth_status tell_job(struct berth_rime_request *request)
{
    const struct berth_text none = {NULL, 0};
    const struct berth_rime_job *job = &request->job;
    if (job->status == BERTH_RIME_UNKNOWN_STATUS && !request->told_unknown) {
        request->told_unknown = true;
        BERTH_TRY(berth_rime_tell(request, BERTH_RIME_UNKNOWN_STATUS_IS, berth_text_of(job->raw_status), 0));
    }
    if (!request->verbose)
        return BERTH_OK;
    BERTH_TRY(berth_rime_tell(request, request->started ? BERTH_RIME_POLL : BERTH_RIME_STARTED, none, 0));
    if (!job->cancel_requested || request->told_cancel)
        return BERTH_OK;
    request->told_cancel = true;
    return berth_rime_tell(request, BERTH_RIME_CANCEL_REQUESTED, none, 0);
}

/* A log has ended, well or not: why. */
static enum berth_status after_log(struct berth_rime_request *request, enum berth_status status)
{
    const struct berth_text none = {NULL, 0};
    if (request->stop != BERTH_OK)
        return request->stop;
    bool broken = request->log.broken;
    if (status == BERTH_E_NOT_FOUND)
        return berth_rime_tell(request, BERTH_RIME_LOGS_UNAVAILABLE, none, 0);
    BERTH_TRY(berth_rime_log_end(request));
    if (request->operation == BERTH_RIME_JOB_LOGS)
        return status != BERTH_OK       ? status
               : request->log.failed    ? BERTH_E_SERVER
               : request->log.depth > 0 ? BERTH_E_TRUNCATED
                                        : BERTH_OK;
    if (status == BERTH_OK || broken)
        return BERTH_OK;
    return berth_rime_tell(request, BERTH_RIME_LOG_ERROR, berth_text_of(request->call.result.message), 0);
}

static enum berth_status after_status(struct berth_rime_request *request, enum berth_status status,
                                      uint32_t *out_pause_ms)
{
    if (request->phase == BERTH_RIME_PHASE_LOG)
        return after_log(request, status);
    if (status != BERTH_OK)
        return after_failed_poll(request, status, out_pause_ms);
    request->failures = 0;
    BERTH_TRY(tell_job(request));
    request->started = true;
    bool ended = berth_rime_is_terminal(request->job.status);
    if (!ended && request->wait) {
        *out_pause_ms = request->poll_ms;
        return again(request, (enum berth_rime_phase)request->phase);
    }
    if (!ended || !request->verbose)
        return BERTH_OK;
    return request->rime->dialect.has_logs ? again(request, BERTH_RIME_PHASE_LOG) : tell_instead(request);
}

/* ---- Results ---------------------------------------------------------------------------------- */

static enum berth_status begin_rows(struct berth_rime_request *request)
{
    if (request->job.test_run_id[0] == '\0')
        return berth_call_report(&request->call, BERTH_E_WRONG_STATE, "the job's results are not there yet",
                                 NULL);
    request->stop = berth_rime_put_header(request);
    return request->stop != BERTH_OK ? request->stop : again(request, BERTH_RIME_PHASE_CASES);
}

static enum berth_status after_csv(struct berth_rime_request *request, enum berth_status status)
{
    if (request->phase == BERTH_RIME_PHASE_CASES)
        return after_list(request, status);
    if (status != BERTH_OK)
        return status;
    if (request->phase == BERTH_RIME_PHASE_TEST_RUN) {
        memcpy(request->job.test_run_id, request->text, sizeof request->job.test_run_id);
        return begin_rows(request);
    }
    if (request->job.status != BERTH_RIME_SUCCEEDED)
        return berth_call_report(&request->call, BERTH_E_WRONG_STATE, "the job has not succeeded", NULL);
    return request->job.test_run_id[0] != '\0' ? begin_rows(request)
                                               : again(request, BERTH_RIME_PHASE_TEST_RUN);
}

/* ---- The request ------------------------------------------------------------------------------ */

static enum berth_status after_one(struct berth_rime_request *request, enum berth_status status)
{
    bool asks_id =
        request->operation == BERTH_RIME_TEST_RUN_OF || request->operation == BERTH_RIME_PROJECT_OF;
    if (request->phase == BERTH_RIME_PHASE_INFO && status == BERTH_E_NOT_FOUND &&
        request->rime->dialect.config_as_string)
        return again(request, BERTH_RIME_PHASE_OLD_INFO);
    if (status == BERTH_OK && asks_id && request->text[0] == '\0')
        return berth_call_report(&request->call, BERTH_E_WRONG_STATE, "there is none yet", NULL);
    return status;
}

enum berth_status berth_rime_next(struct berth_call *call, enum berth_status status, uint32_t *out_pause_ms)
{
    struct berth_rime_request *request = call->platform;
    *out_pause_ms = 0;
    if (request->stop != BERTH_OK)
        return request->stop;
    if (status == BERTH_OK && call->answer == BERTH_ANSWER_JSON && !request->found)
        status = berth_call_report(call, BERTH_E_PROTOCOL, "the answer lacks what it is asked for", NULL);
    switch (request->operation) {
    case BERTH_RIME_PROJECT_LIST:
    case BERTH_RIME_JOBS_LIST:
    case BERTH_RIME_CHECK_KEY:
        return after_list(request, status);
    case BERTH_RIME_JOB_STATUS:
        return after_status(request, status, out_pause_ms);
    case BERTH_RIME_JOB_LOGS:
        if (request->phase == BERTH_RIME_PHASE_LOG)
            return after_log(request, status);
        return status == BERTH_OK ? tell_instead(request) : status;
    case BERTH_RIME_JOB_CSV:
        return after_csv(request, status);
    default:
        return after_one(request, status);
    }
}

static enum berth_status report(struct berth_rime_request *request, enum berth_status status)
{
    const struct berth_call_result *from = &request->call.result;
    struct berth_rime_result *to = &request->result;
    if (status == BERTH_E_WOULD_BLOCK)
        return status;
    to->http_status = from->http_status;
    memcpy(to->message, from->message, sizeof to->message);
    to->has_retry_after = from->has_retry_after;
    to->retry_after_ms = from->retry_after_ms;
    to->maybe_done = status != BERTH_OK && from->http_status / 100 != 4 &&
                     (from->maybe_done || (from->http_status / 100 == 2 &&
                                           berth_text_equal(request->call.method, BERTH_TEXT("POST"))));
    to->skipped_count = from->skipped_count;
    to->skipped_needed = from->skipped_needed;
    return status;
}

enum berth_status berth_rime_begin(struct berth_rime_request *request, uint32_t timeout_ms)
{
    return report(request, berth_call_start(&request->call, timeout_ms));
}

enum berth_status berth_rime_step(struct berth_rime_request *request, uint32_t wait_ms)
{
    return report(request, berth_call_step(&request->call, wait_ms));
}

void berth_rime_cancel(struct berth_rime_request *request)
{
    berth_call_cancel(&request->call);
}

enum berth_status berth_rime_run(struct berth_rime_request *request, uint32_t timeout_ms,
                                 bool (*cancelled)(void *ctx), void *ctx)
{
    enum berth_status status = berth_rime_begin(request, timeout_ms);
    while (status == BERTH_OK) {
        if (cancelled != NULL && cancelled(ctx)) {
            berth_rime_cancel(request);
            return report(request, BERTH_E_CANCELLED);
        }
        enum berth_status step = berth_rime_step(request, cancelled != NULL ? SLICE_MS : BACK_OFF_MAX_MS);
        if (step != BERTH_E_WOULD_BLOCK)
            return step;
    }
    return status;
}
