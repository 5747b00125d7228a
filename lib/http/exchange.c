/* The exchange: its life from start() to the end, its time limits, and the steps between. */
#include "http/exchange.h"

#include <string.h>

/* Rounds that a step without time may make before it returns to its caller although more is ready. */
#define ROUNDS_MAX 64
#define SOURCE_MS 10
/* A sleep of so many ms or more shows on the clock. */
#define SLEEP_SEEN_MS 5

_Static_assert(sizeof(struct berth_exchange) <= sizeof(((struct berth_http *)0)->private_state),
               "private_state in berth/http.h is too small");

static const struct berth_text nothing = {NULL, 0};

struct berth_exchange *berth_exchange_of(struct berth_http *http)
{
    return (void *)http->private_state;
}

char *berth_exchange_buffer(struct berth_http *http)
{
    return http->config.buffer;
}

/* The first part stays free for an answer that comes early. */
size_t berth_exchange_send_start(const struct berth_http *http)
{
    size_t quarter = http->config.buffer_size / 4;
    return quarter < 512 ? 512 : quarter > 2048 ? 2048 : quarter;
}

static uint64_t idle_end_ms(const struct berth_http *http, const struct berth_exchange *x)
{
    bool counts =
        x->phase == BERTH_PHASE_SEND || x->phase == BERTH_PHASE_HEAD || x->phase == BERTH_PHASE_BODY;
    uint32_t bound = x->request.idle_timeout_ms;
    if (bound == 0)
        bound = http->config.idle_timeout_ms;
    return counts && bound != 0 ? x->heard_ms + bound : BERTH_NEVER_MS;
}

/* From NOW to the first of the limits. */
static uint32_t time_left(const struct berth_http *http, const struct berth_exchange *x, uint64_t now_ms)
{
    uint64_t end = idle_end_ms(http, x);
    if (x->deadline_ms < end)
        end = x->deadline_ms;
    if (x->phase_end_ms < end)
        end = x->phase_end_ms;
    uint64_t left = end > now_ms ? end - now_ms : 0;
    return left > INT32_MAX ? INT32_MAX : (uint32_t)left;
}

uint32_t berth_exchange_wait_ms(struct berth_http *http)
{
    const struct berth_exchange *x = berth_exchange_of(http);
    uint64_t step = x->step_end_ms > x->now_ms ? x->step_end_ms - x->now_ms : 0;
    uint32_t left = time_left(http, x, x->now_ms);
    return step < left ? (uint32_t)step : left;
}

enum berth_status berth_exchange_blocked(struct berth_http *http)
{
    const struct berth_net *net = http->config.net;
    struct berth_exchange *x = berth_exchange_of(http);
    x->want = (uint8_t)(x->want | net->want(net->ctx));
    return BERTH_E_WOULD_BLOCK;
}

/* ---- How it ends ---- */

static size_t add_cut(char *buf, size_t len, size_t cap, struct berth_text text)
{
    size_t count = text.len < cap - len ? text.len : cap - len;
    if (count > 0)
        memcpy(buf + len, text.ptr, count);
    return len + count;
}

enum berth_status berth_exchange_fail(struct berth_http *http, enum berth_status status, const char *what,
                                      struct berth_text detail)
{
    struct berth_exchange *x = berth_exchange_of(http);
    size_t len = add_cut(x->reason, 0, sizeof x->reason, berth_text_of(what));
    if (detail.len > 0) {
        len = add_cut(x->reason, len, sizeof x->reason, BERTH_TEXT(": "));
        len = add_cut(x->reason, len, sizeof x->reason, detail);
    }
    http->result.reason = berth_text_make(x->reason, len);
    return status;
}

enum berth_status berth_exchange_net_fail(struct berth_http *http, enum berth_status status, const char *what)
{
    const struct berth_net *net = http->config.net;
    struct berth_text words = net->reason == NULL ? nothing : net->reason(net->ctx);
    return berth_exchange_fail(http, status, what, words);
}

void berth_exchange_enter(struct berth_http *http, enum berth_phase phase, uint64_t end_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    x->phase = (uint8_t)phase;
    x->phase_end_ms = end_ms;
}

void berth_exchange_close(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    http->config.net->close(http->config.net->ctx);
    x->connection.open = false;
    x->connection.reused = false;
}

enum berth_status berth_exchange_end(struct berth_http *http, enum berth_status status)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (status != BERTH_OK)
        berth_exchange_close(http);
    berth_exchange_enter(http, BERTH_PHASE_IDLE, BERTH_NEVER_MS);
    x->ended = true;
    x->end = status;
    return BERTH_OK;
}

/* ---- Steps ---- */

/* A sleep that ends at once will go on doing so: a signal waits for the program. */
static enum berth_status sleep_some(struct berth_http *http, uint32_t wait_ms)
{
    const struct berth_clock *clock = http->config.clock;
    uint64_t before = clock->monotonic_ms(clock->ctx);
    if (wait_ms == 0)
        return BERTH_E_WOULD_BLOCK;
    clock->sleep_ms(clock->ctx, wait_ms);
    if (wait_ms >= SLEEP_SEEN_MS && clock->monotonic_ms(clock->ctx) == before)
        return berth_exchange_fail(http, BERTH_E_CANCELLED, "interrupted in the pause before another try",
                                   nothing);
    return BERTH_E_WOULD_BLOCK;
}

static enum berth_status pause(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (x->now_ms < x->phase_end_ms)
        return sleep_some(http, berth_exchange_wait_ms(http));
    x->tries++;
    berth_exchange_enter(http, BERTH_PHASE_BEGIN, BERTH_NEVER_MS);
    return BERTH_OK;
}

/* A try begins: nothing of an earlier answer is left. */
static enum berth_status begin(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    http->result.tries = x->tries;
    http->result.http_status = 0;
    http->result.error_body = nothing;
    http->result.content_type = nothing;
    http->result.has_retry_after = false;
    http->result.reason = nothing;
    x->redirecting = false;
    return berth_connect_begin(http);
}

static enum berth_status (*const phases[])(struct berth_http *http) = {
    [BERTH_PHASE_PAUSE] = pause,
    [BERTH_PHASE_BEGIN] = begin,
    [BERTH_PHASE_CONNECT] = berth_connect_open,
    [BERTH_PHASE_TUNNEL_SEND] = berth_connect_tunnel_send,
    [BERTH_PHASE_TUNNEL_HEAD] = berth_connect_tunnel_head,
    [BERTH_PHASE_SECURE] = berth_connect_secure,
    [BERTH_PHASE_SEND] = berth_send,
    [BERTH_PHASE_HEAD] = berth_receive_answer,
    [BERTH_PHASE_BODY] = berth_receive_body,
};

static enum berth_status check_time(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    bool connecting = x->phase >= BERTH_PHASE_CONNECT && x->phase <= BERTH_PHASE_SECURE;
    if (connecting && x->now_ms >= x->phase_end_ms)
        return berth_exchange_fail(http, BERTH_E_TIMEOUT, "connecting took too long", x->url.host);
    if (x->phase == BERTH_PHASE_HEAD && x->now_ms >= x->phase_end_ms)
        return (enum berth_status)x->send_failed; /* no last words; the reason was set */
    if (x->now_ms >= idle_end_ms(http, x))
        return berth_exchange_fail(http, BERTH_E_TIMEOUT, "the server was silent for too long", nothing);
    return BERTH_OK;
}

static enum berth_status round_once(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_clock *clock = http->config.clock;
    x->now_ms = clock->monotonic_ms(clock->ctx);
    x->want = BERTH_WANT_NOTHING;
    if (x->heard)
        x->heard_ms = x->now_ms;
    x->heard = false;
    if (x->now_ms >= x->deadline_ms)
        return berth_exchange_end(http,
                                  berth_exchange_fail(http, BERTH_E_TIMEOUT, "the deadline passed", nothing));
    enum berth_status status = check_time(http);
    if (status == BERTH_OK)
        status = phases[x->phase](http);
    if (status == BERTH_OK || status == BERTH_E_WOULD_BLOCK)
        return status;
    status = berth_repeat_after_failure(http, status);
    return status == BERTH_OK ? BERTH_OK : berth_exchange_end(http, status);
}

enum berth_status berth_http_step(struct berth_http *http, uint32_t wait_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_clock *clock = http->config.clock;
    if (x->phase == BERTH_PHASE_IDLE)
        return BERTH_E_STATE;
    x->step_end_ms = clock->monotonic_ms(clock->ctx) + wait_ms;
    x->ready = false;
    for (unsigned rounds = 0;; rounds++) {
        enum berth_status status = round_once(http);
        if (x->ended)
            return x->end;
        if (status == BERTH_OK && (rounds < ROUNDS_MAX || x->now_ms < x->step_end_ms))
            continue;
        x->ready = status == BERTH_OK;
        if (clock->monotonic_ms(clock->ctx) >= x->step_end_ms)
            return BERTH_E_WOULD_BLOCK;
    }
}

unsigned berth_http_want(const struct berth_http *http, uint32_t *out_wait_ms)
{
    const struct berth_exchange *x = (const void *)http->private_state;
    const struct berth_clock *clock = http->config.clock;
    uint32_t left = 0;
    if (x->phase != BERTH_PHASE_IDLE && !x->ready)
        left = time_left(http, x, clock->monotonic_ms(clock->ctx));
    if (x->source_waits && x->phase == BERTH_PHASE_SEND && left > SOURCE_MS)
        left = SOURCE_MS;
    if (out_wait_ms != NULL)
        *out_wait_ms = left;
    return x->phase == BERTH_PHASE_IDLE ? BERTH_WANT_NOTHING : x->want;
}

/* ---- Its begin ---- */

static bool is_proxy(struct berth_text text)
{
    struct berth_url url;
    struct berth_text user;
    return text.len == 0 || berth_proxy_parse(text, &url, &user);
}

enum berth_status berth_http_init(struct berth_http *http, const struct berth_http_config *config)
{
    const struct berth_net *net = config->net;
    if (net == NULL || net->connect == NULL || net->recv == NULL || net->send == NULL || net->close == NULL ||
        net->want == NULL)
        return BERTH_E_ARGUMENT;
    if (config->clock == NULL || config->rand == NULL || config->buffer == NULL ||
        config->buffer_size < BERTH_HTTP_BUFFER_MIN)
        return BERTH_E_ARGUMENT;
    if (!is_proxy(config->http_proxy) || !is_proxy(config->https_proxy))
        return BERTH_E_ARGUMENT;
    memset(http, 0, sizeof *http);
    http->config = *config;
    return BERTH_OK;
}

enum berth_status berth_http_start(struct berth_http *http, const struct berth_http_request *request,
                                   const struct berth_http_reader *reader, uint32_t timeout_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_clock *clock = http->config.clock;
    if (x->phase != BERTH_PHASE_IDLE)
        return BERTH_E_STATE;
    struct berth_connection connection = x->connection;
    memset(x, 0, offsetof(struct berth_exchange, etag));
    memset(&http->result, 0, sizeof http->result);
    x->connection = connection;
    x->request = *request;
    if (reader != NULL)
        x->reader = *reader;
    x->range_from = request->range_from;
    x->etag_len = 0;
    const char *why = berth_request_check(http);
    if (why != NULL)
        return berth_exchange_fail(http, BERTH_E_ARGUMENT, why, nothing);
    x->now_ms = clock->monotonic_ms(clock->ctx);
    x->deadline_ms = timeout_ms != 0 ? x->now_ms + timeout_ms : BERTH_NEVER_MS;
    x->tries = 1;
    x->ready = true;
    berth_exchange_enter(http, BERTH_PHASE_BEGIN, BERTH_NEVER_MS);
    return BERTH_OK;
}

enum berth_status berth_http_run(struct berth_http *http, const struct berth_http_request *request,
                                 const struct berth_http_reader *reader, uint32_t timeout_ms)
{
    enum berth_status status = berth_http_start(http, request, reader, timeout_ms);
    if (status != BERTH_OK)
        return status;
    do {
        status = berth_http_step(http, INT32_MAX);
    } while (status == BERTH_E_WOULD_BLOCK);
    return status;
}

void berth_http_cancel(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (x->phase == BERTH_PHASE_IDLE)
        return;
    berth_exchange_close(http);
    berth_exchange_enter(http, BERTH_PHASE_IDLE, BERTH_NEVER_MS);
}

/* What was sent and received may have held credentials. */
void berth_http_close(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    berth_http_cancel(http);
    berth_exchange_close(http);
    berth_wipe(http->config.buffer, http->config.buffer_size);
    berth_wipe(x->url_text, sizeof x->url_text);
}
