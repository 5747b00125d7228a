/* Repeating: what may be sent again after a failure or a "not now", and when. */
#include "http/exchange.h"

#define TRIES 3

static const struct berth_text idempotent_methods[] = {
    BERTH_TEXT_INIT("GET"), BERTH_TEXT_INIT("HEAD"),   BERTH_TEXT_INIT("OPTIONS"),
    BERTH_TEXT_INIT("PUT"), BERTH_TEXT_INIT("DELETE"),
};

bool berth_repeat_is_idempotent(struct berth_http *http)
{
    const struct berth_exchange *x = berth_exchange_of(http);
    for (size_t i = 0; i < sizeof idempotent_methods / sizeof idempotent_methods[0]; i++)
        if (berth_text_equal(x->request.method, idempotent_methods[i]))
            return true;
    return false;
}

/* Whether sending the request once more does no harm. */
static bool is_safe(struct berth_http *http)
{
    const struct berth_exchange *x = berth_exchange_of(http);
    switch (x->request.repeat) {
    case BERTH_HTTP_REPEAT_ALWAYS:
        return true;
    case BERTH_HTTP_REPEAT_BY_METHOD:
        return !x->reached || berth_repeat_is_idempotent(http);
    case BERTH_HTTP_REPEAT_NEVER:
        break;
    }
    return !x->reached;
}

/* Whether source and sink can take part in another try. */
static bool is_possible(struct berth_http *http)
{
    const struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_http_request *r = &x->request;
    const struct berth_sink *sink = x->reader.body;
    if (r->body != NULL && x->source_touched && r->body->rewind == NULL)
        return false;
    return http->result.received == 0 || sink == NULL || sink->restart != NULL || x->resumable;
}

/* Makes source and sink ready; a body that broke off is continued where the server allows it. */
static enum berth_status prepare(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_http_request *r = &x->request;
    const struct berth_sink *sink = x->reader.body;
    if (r->body != NULL && x->source_touched) {
        BERTH_TRY(r->body->rewind(r->body->ctx));
        x->source_touched = false;
    }
    x->body_read = 0;
    http->result.sent = 0;
    if (http->result.received == 0)
        return BERTH_OK;
    if (x->resumable) {
        x->range_from = x->range_start + http->result.received;
        x->if_range = true;
        return BERTH_OK;
    }
    http->result.received = 0;
    x->range_from = 0;
    x->if_range = false;
    return sink == NULL ? BERTH_OK : sink->restart(sink->ctx);
}

/* Failures of the transport, which another try may not meet. */
static bool is_passing(const struct berth_exchange *x, enum berth_status status)
{
    switch (status) {
    case BERTH_E_CONNECT:
    case BERTH_E_TIMEOUT:
    case BERTH_E_CLOSED:
    case BERTH_E_RESET:
    case BERTH_E_TRUNCATED:
        return true;
    case BERTH_E_TLS: /* a certificate is refused again, a connection that broke may not break again */
        return x->phase == BERTH_PHASE_SEND || x->phase == BERTH_PHASE_HEAD || x->phase == BERTH_PHASE_BODY;
    default:
        return false;
    }
}

static uint32_t random_number(const struct berth_http *http)
{
    uint32_t number = UINT32_MAX; /* without entropy the longest pause */
    const struct berth_rand *rand = http->config.rand;
    if (rand->fill(rand->ctx, &number, sizeof number) != BERTH_OK)
        number = UINT32_MAX;
    return number;
}

/* Whether another try may follow, and the pause before it fits. */
static bool may_pause(struct berth_http *http, uint64_t *out_end_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_clock *clock = http->config.clock;
    unsigned tries = x->request.tries != 0           ? x->request.tries
                     : http->config.retry.tries != 0 ? http->config.retry.tries
                                                     : TRIES;
    if (x->tries >= tries || !is_safe(http) || !is_possible(http))
        return false;
    uint32_t pause = berth_retry_pause_ms(&http->config.retry, x->tries + 1u, random_number(http));
    if (http->result.has_retry_after && http->result.retry_after_ms > pause)
        pause = http->result.retry_after_ms;
    x->now_ms = clock->monotonic_ms(clock->ctx); /* the failure may have been long in coming */
    *out_end_ms = x->now_ms + pause;
    return *out_end_ms < x->deadline_ms;
}

enum berth_status berth_repeat_after_failure(struct berth_http *http, enum berth_status status)
{
    struct berth_exchange *x = berth_exchange_of(http);
    uint64_t end_ms = 0;
    bool stale = x->connection.reused && !x->answered &&
                 (status == BERTH_E_CLOSED || status == BERTH_E_RESET || status == BERTH_E_TLS);
    bool again = is_passing(x, status);
    berth_exchange_close(http);
    if (!again)
        return status;
    if (stale && is_safe(http) && is_possible(http)) {
        BERTH_TRY(prepare(http));
        x->fresh = true;
        berth_exchange_enter(http, BERTH_PHASE_BEGIN, BERTH_NEVER_MS);
        return BERTH_OK;
    }
    if (!may_pause(http, &end_ms))
        return status;
    BERTH_TRY(prepare(http));
    berth_trace(http, "* trying again: ", http->result.reason, "", berth_text_make(NULL, 0), false);
    berth_exchange_enter(http, BERTH_PHASE_PAUSE, end_ms);
    return BERTH_OK;
}

static bool is_not_now(int http_status)
{
    return http_status == 429 || http_status == 502 || http_status == 503 || http_status == 504;
}

bool berth_repeat_after_answer(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    uint64_t end_ms = 0;
    if (!is_not_now(http->result.http_status) || x->request.no_status_retry || !may_pause(http, &end_ms) ||
        prepare(http) != BERTH_OK)
        return false;
    berth_trace(http, "* trying again", berth_text_make(NULL, 0), "", berth_text_make(NULL, 0), false);
    berth_exchange_enter(http, BERTH_PHASE_PAUSE, end_ms);
    return true;
}
