/* Calls: runs what a platform described, one exchange after the other. */
#include "platform/call_state.h"

#include <stddef.h>
#include <string.h>

#include "platform/line.h"

/* Less memory for elements than this is a mistake. */
#define ELEMENT_MIN 16
/* The longest wait of one step when running to the end. */
#define STEP_MS 60000
/* A sleep of so many ms or more shows on the clock. */
#define SLEEP_SEEN_MS 5

/* ---- Describing ------------------------------------------------------------------------------- */

enum berth_status berth_client_init(struct berth_client *client, struct berth_http *http,
                                    struct berth_text base_url, void *work, size_t work_size,
                                    const char **out_reason)
{
    struct berth_url url = {0};
    const char *reason = NULL;
    enum berth_status status = BERTH_OK;
    memset(client, 0, sizeof *client);
    if (http == NULL || work == NULL || work_size == 0) {
        reason = "a client needs HTTP and work memory";
        status = BERTH_E_ARGUMENT;
    } else {
        status = berth_url_parse(base_url, &url, &reason);
    }
    if (status == BERTH_OK && (url.query.ptr != NULL || berth_text_find_byte(base_url, '#') != SIZE_MAX)) {
        reason = "a base URL has no query and no fragment";
        status = BERTH_E_SYNTAX;
    }
    if (out_reason != NULL)
        *out_reason = reason;
    if (status != BERTH_OK)
        return status;
    while (berth_text_ends(base_url, BERTH_TEXT("/")))
        base_url.len--;
    client->http = http;
    client->base_url = base_url;
    client->work = work;
    client->work_size = work_size;
    return BERTH_OK;
}

void berth_call_init(struct berth_call *call, struct berth_client *client)
{
    memset(call, 0, sizeof *call);
    call->client = client;
}

void berth_call_set_json(struct berth_call *call, size_t len)
{
    call->has_body = true;
    call->work_used = len;
    call->content_type = BERTH_TEXT("application/json");
}

void berth_call_set_multipart(struct berth_call *call, const struct berth_multipart *m,
                              struct berth_source source)
{
    struct berth_call_state *state = berth_call_state(call);
    struct berth_writer w;
    berth_writer_init(&w, state->type_text, sizeof state->type_text);
    berth_put_multipart_type(&w, m);
    call->has_body = true;
    call->body = source;
}

/* ---- Running ---------------------------------------------------------------------------------- */

/* Work memory: [body][URL][elements ...][struct]. */
static enum berth_status lay_out_work(struct berth_call *call)
{
    struct berth_call_state *state = berth_call_state(call);
    struct berth_client *client = call->client;
    struct berth_writer w;
    char *end = client->work + client->work_size;
    if (call->work_used > client->work_size)
        return BERTH_E_STATE;
    berth_writer_init(&w, client->work + call->work_used, client->work_size - call->work_used);
    berth_put_text(&w, client->base_url);
    berth_put_string(&w, call->target);
    state->url = berth_writer_text(&w);
    struct berth_text rest = state->url;
    if (!berth_text_split(&rest, '?', &state->where))
        state->where = state->url;
    size_t left = berth_writer_status(&w) == BERTH_OK ? (size_t)(end - (state->url.ptr + state->url.len)) : 0;
    size_t size = call->shape != NULL ? call->shape->size : 0;
    for (size_t i = 0; i < BERTH_JSON_STREAM_LEVELS - 1; i++)
        if (call->inner_shapes[i] != NULL && call->inner_shapes[i]->size > size)
            size = call->inner_shapes[i]->size;
    size_t unaligned = (uintptr_t)end % sizeof(uint64_t);
    size_t reserved = size + (sizeof(uint64_t) - size % sizeof(uint64_t)) % sizeof(uint64_t) + unaligned;
    bool needs_more = call->answer == BERTH_ANSWER_JSON && left < reserved + ELEMENT_MIN;
    if (left == 0 || needs_more)
        return berth_call_report(call, BERTH_E_SPACE, "the client's work memory is too small", NULL);
    state->structure = end - reserved;
    state->stream.config.buf = client->work + call->work_used + state->url.len;
    state->stream.config.cap = left - reserved;
    return BERTH_OK;
}

static void open_request(struct berth_call *call)
{
    struct berth_call_state *state = berth_call_state(call);
    struct berth_http_request *request = &state->request;
    memset(request, 0, sizeof *request);
    request->method = call->method;
    request->url = state->url;
    request->headers = call->headers;
    request->header_count = call->header_count;
    request->content_type = call->content_type;
    request->repeat = call->repeat;
    /* To a long poll 504 is an answer; what must not be sent twice is not repeated after any. */
    request->no_status_retry =
        !call->client->repeat_unavailable || call->waits_for_work || call->repeat == BERTH_HTTP_REPEAT_NEVER;
    request->idle_timeout_ms = call->idle_ms;
    request->tries = call->tries;
    request->no_redirects = call->no_redirects;
    request->secret_target = call->secret_target;
    request->partial_ok = call->partial_ok;
    request->range_from = call->range_from;
    if (!call->has_body)
        return;
    if (call->content_type.ptr == NULL)
        request->content_type = berth_text_of(state->type_text);
    state->body =
        call->body.read != NULL
            ? call->body
            : berth_source_of_text(&state->memory, berth_text_make(call->client->work, call->work_used));
    request->body = &state->body;
}

static uint64_t now_ms(const struct berth_call *call)
{
    const struct berth_clock *clock = call->client->http->config.clock;
    return clock->monotonic_ms(clock->ctx);
}

/* Begins one exchange, which must end within TIMEOUT_MS (0: no end). */
static enum berth_status begin(struct berth_call *call, uint32_t timeout_ms)
{
    struct berth_call_state *state = berth_call_state(call);
    memset(&state->memory, 0,
           offsetof(struct berth_call_state, deadline_ms) - offsetof(struct berth_call_state, memory));
    memset(call->result.message, 0, sizeof call->result.message);
    BERTH_TRY(lay_out_work(call));
    enum berth_status status = berth_call_open_answer(call);
    if (status != BERTH_OK)
        return berth_call_report(call, status, "the call is not described rightly", NULL);
    open_request(call);
    state->holds = call->hold_ms != 0 && (timeout_ms == 0 || call->hold_ms < timeout_ms);
    status = berth_http_start(call->client->http, &state->request, &state->reader,
                              state->holds ? call->hold_ms : timeout_ms);
    return status == BERTH_OK ? status
                              : berth_call_report_failure(call, status, call->client->http->result.reason);
}

enum berth_status berth_call_start(struct berth_call *call, uint32_t timeout_ms)
{
    struct berth_call_state *state = berth_call_state(call);
    memset(&call->result, 0, sizeof call->result);
    memset(&state->memory, 0, sizeof *state - offsetof(struct berth_call_state, memory));
    if (timeout_ms == 0)
        timeout_ms = call->timeout_ms;
    state->deadline_ms = timeout_ms != 0 ? now_ms(call) + timeout_ms : UINT64_MAX;
    return begin(call, timeout_ms);
}

struct berth_text berth_call_error_body(const struct berth_call *call)
{
    const struct berth_call_state *state = (const void *)call->private_state;
    return berth_writer_text(&state->error);
}

static enum berth_status judge(struct berth_call *call, const struct berth_http_result *http)
{
    struct berth_writer w;
    berth_call_begin_message(call, &w);
    enum berth_status status =
        call->judge != NULL ? call->judge(call, http, &w) : berth_call_status_of(http->http_status);
    if (w.len == 0)
        berth_put_line_string(&w, status == BERTH_E_NO_WORK ? "nothing to do"
                                                            : berth_call_hint_of(http->http_status));
    berth_call_put_where(call, &w);
    return status;
}

/* A failed call that changes something: can the server have carried it out? Only a refusal says no, and not
 * even that when an earlier try may have come through. */
static bool may_be_done(const struct berth_call *call, const struct berth_http_result *http,
                        enum berth_status status)
{
    if (berth_text_equal(call->method, BERTH_TEXT("GET")) ||
        berth_text_equal(call->method, BERTH_TEXT("HEAD")))
        return false;
    if (http->http_status == 0 || (http->tries > 1 && call->repeat != BERTH_HTTP_REPEAT_NEVER))
        return http->maybe_reached;
    return http->http_status / 100 == 2 || (http->http_status >= 500 && status != BERTH_E_BUSY);
}

static enum berth_status finish(struct berth_call *call, enum berth_status status)
{
    struct berth_call_state *state = berth_call_state(call);
    const struct berth_http_result *http = &call->client->http->result;
    call->result.http_status = http->http_status;
    call->result.has_retry_after = http->has_retry_after;
    call->result.retry_after_ms = http->retry_after_ms;
    call->result.received = state->received + http->received;
    call->result.sent = state->sent + http->sent;
    if (status == BERTH_OK)
        status = http->http_status / 100 == 2 ? berth_call_accept(call) : judge(call, http);
    else if (status == BERTH_E_TIMEOUT && state->holds && http->maybe_reached && !state->head_seen)
        status = berth_call_report(call, BERTH_E_NO_WORK, "nothing to do", NULL);
    else if (!state->reported)
        berth_call_report_failure(call, status, http->reason);
    call->result.maybe_done = status != BERTH_OK && may_be_done(call, http, status);
    return status;
}

/* ---- One exchange after the other ------------------------------------------------------------- */

/* The exchange came to STATUS: the platform may want another one. */
static enum berth_status go_on(struct berth_call *call, enum berth_status status)
{
    struct berth_call_state *state = berth_call_state(call);
    uint32_t pause_ms = 0;
    enum berth_status next = call->next != NULL ? call->next(call, status, &pause_ms) : status;
    if (next != BERTH_E_WOULD_BLOCK)
        return next;
    uint64_t now = now_ms(call);
    if (now >= state->deadline_ms || pause_ms >= state->deadline_ms - now)
        return status != BERTH_OK ? status
                                  : berth_call_report(call, BERTH_E_TIMEOUT, "the deadline passed", NULL);
    state->received = call->result.received;
    state->sent = call->result.sent;
    state->skipped_count = call->result.skipped_count;
    state->failed = status;
    state->pausing = true;
    state->pause_end_ms = now + pause_ms;
    return BERTH_E_WOULD_BLOCK;
}

/* A sleep that does not move the clock was ended by a signal, which waits for the program. */
static enum berth_status pause(struct berth_call *call, uint64_t now, uint32_t wait_ms)
{
    const struct berth_call_state *state = berth_call_state(call);
    const struct berth_clock *clock = call->client->http->config.clock;
    uint64_t left = state->pause_end_ms - now;
    if (left < wait_ms)
        wait_ms = (uint32_t)left;
    if (wait_ms == 0)
        return BERTH_E_WOULD_BLOCK;
    clock->sleep_ms(clock->ctx, wait_ms);
    return wait_ms >= SLEEP_SEEN_MS && now_ms(call) == now ? BERTH_E_CANCELLED : BERTH_E_WOULD_BLOCK;
}

static enum berth_status after_pause(struct berth_call *call)
{
    struct berth_call_state *state = berth_call_state(call);
    uint64_t now = now_ms(call);
    uint64_t left = state->deadline_ms - now;
    state->pausing = false;
    if (now >= state->deadline_ms)
        return state->failed != BERTH_OK
                   ? state->failed
                   : berth_call_report(call, BERTH_E_TIMEOUT, "the deadline passed", NULL);
    bool endless = state->deadline_ms == UINT64_MAX;
    return begin(call, endless ? 0 : left > UINT32_MAX ? UINT32_MAX : (uint32_t)left);
}

enum berth_status berth_call_step(struct berth_call *call, uint32_t wait_ms)
{
    struct berth_call_state *state = berth_call_state(call);
    if (state->pausing) {
        uint64_t now = now_ms(call);
        if (now < state->pause_end_ms) {
            enum berth_status status = pause(call, now, wait_ms);
            return status == BERTH_E_CANCELLED
                       ? berth_call_report(call, status, "interrupted in the pause before another try", NULL)
                       : status;
        }
        BERTH_TRY(after_pause(call));
    }
    enum berth_status status = berth_http_step(call->client->http, wait_ms);
    return status == BERTH_E_WOULD_BLOCK ? status : go_on(call, finish(call, status));
}

unsigned berth_call_want(const struct berth_call *call, uint32_t *out_wait_ms)
{
    const struct berth_call_state *state = (const void *)call->private_state;
    uint64_t now = now_ms(call);
    if (!state->pausing)
        return berth_http_want(call->client->http, out_wait_ms);
    uint64_t left = state->pause_end_ms > now ? state->pause_end_ms - now : 0;
    if (out_wait_ms != NULL)
        *out_wait_ms = left > INT32_MAX ? INT32_MAX : (uint32_t)left;
    return BERTH_WANT_NOTHING;
}

enum berth_status berth_call_run(struct berth_call *call, uint32_t timeout_ms)
{
    enum berth_status status = berth_call_start(call, timeout_ms);
    if (status != BERTH_OK)
        return status;
    do
        status = berth_call_step(call, STEP_MS);
    while (status == BERTH_E_WOULD_BLOCK);
    return status;
}

void berth_call_cancel(struct berth_call *call)
{
    berth_call_state(call)->pausing = false;
    berth_http_cancel(call->client->http);
}
