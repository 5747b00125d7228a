/* Receiving: interim answers, the final head and what follows from it, the body. */
#include "http/exchange.h"

#include <string.h>

#include "berth/number.h"

/* Of a body that nobody wants, what is read so that the connection can be used again. */
#define SKIP_MAX 65536

static const struct berth_text nothing = {NULL, 0};

void berth_receive_reset(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    x->rx_pos = x->rx_len = x->head_len = 0;
    x->scanned = 0;
    x->head_ready = false;
    x->answered = false;
    x->body_len = 0;
    berth_head_scan_init(&x->scan, false);
}

/* What the end of the connection means while a head is due. */
static enum berth_status head_broke(struct berth_http *http, ptrdiff_t received)
{
    const struct berth_exchange *x = berth_exchange_of(http);
    if (x->send_failed != BERTH_OK)
        return (enum berth_status)x->send_failed; /* its reason was set */
    if (received < 0)
        return berth_exchange_net_fail(http, (enum berth_status)received,
                                       "the connection broke before the answer");
    if (x->rx_len > 0)
        return berth_exchange_fail(http, BERTH_E_TRUNCATED,
                                   "the server closed the connection in the response head", nothing);
    return berth_exchange_fail(http, BERTH_E_CLOSED, "the server closed the connection without an answer",
                               nothing);
}

static enum berth_status receive_more(struct berth_http *http, size_t cap, uint32_t wait_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_net *net = http->config.net;
    if (x->rx_len >= cap)
        return berth_exchange_fail(http, BERTH_E_SPACE, "a response head larger than the buffer", nothing);
    ptrdiff_t count = net->recv(net->ctx, berth_exchange_buffer(http) + x->rx_len, cap - x->rx_len, wait_ms);
    if (count == BERTH_E_WOULD_BLOCK)
        return berth_exchange_blocked(http);
    if (count <= 0)
        return head_broke(http, count);
    x->rx_len += (size_t)count;
    x->heard = true;
    x->answered = true;
    return BERTH_OK;
}

/* A whole head is there: an interim one is dropped, and the scan begins again. */
static enum berth_status take_head(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    char *buf = berth_exchange_buffer(http);
    const char *why = NULL;
    bool head_method = berth_text_equal(x->request.method, BERTH_TEXT("HEAD"));
    enum berth_status status =
        berth_head_parse(berth_text_make(buf, x->scanned), head_method, &x->head, &x->facts, &why);
    if (status != BERTH_OK)
        return berth_exchange_fail(http, status, why, nothing);
    if (x->head.status == 101)
        return berth_exchange_fail(http, BERTH_E_PROTOCOL, "101 Switching Protocols, unasked", nothing);
    if (x->head.status >= 200) {
        x->head_len = x->rx_pos = x->scanned;
        x->head_ready = true;
        return BERTH_OK;
    }
    berth_trace(http, "< ", berth_text_make(buf + 9, 3), " ", x->head.reason, false);
    memmove(buf, buf + x->scanned, x->rx_len - x->scanned);
    x->rx_len -= x->scanned;
    x->scanned = 0;
    berth_head_scan_init(&x->scan, false);
    if (!x->await_continue)
        return BERTH_OK;
    x->await_continue = false;
    x->phase_end_ms = BERTH_NEVER_MS;
    return BERTH_E_WOULD_BLOCK; /* for the body to go out first */
}

enum berth_status berth_receive_head(struct berth_http *http, size_t cap, uint32_t wait_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    while (!x->head_ready) {
        size_t used = 0;
        const char *why = NULL;
        enum berth_status status = berth_head_scan(&x->scan, berth_exchange_buffer(http) + x->scanned,
                                                   x->rx_len - x->scanned, &used, &why);
        if (status == BERTH_E_PROTOCOL)
            return berth_exchange_fail(http, status, why, nothing);
        x->scanned += used;
        if (status == BERTH_OK) {
            BERTH_TRY(take_head(http));
            continue;
        }
        BERTH_TRY(receive_more(http, cap, wait_ms));
        wait_ms = 0; /* the time is used up, or data was there */
    }
    return BERTH_OK;
}

static void note_retry_after(struct berth_http *http, const struct berth_exchange *x)
{
    struct berth_text value = berth_http_head_find(&x->head, BERTH_TEXT("Retry-After"));
    const struct berth_clock *clock = http->config.clock;
    if (value.ptr != NULL)
        http->result.has_retry_after = berth_parse_retry_after(value, clock->civil_s(clock->ctx),
                                                               &http->result.retry_after_ms) == BERTH_OK;
}

static void trace_answer(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    struct berth_text fields = x->head.fields;
    struct berth_text name;
    struct berth_text value;
    if (http->config.trace == NULL)
        return;
    berth_trace(http, "< ", berth_text_make(berth_exchange_buffer(http) + 9, 3), " ", x->head.reason, false);
    while (berth_head_next_field(&fields, &name, &value))
        berth_trace(http, "< ", name, ": ", value, berth_trace_is_secret(name));
}

/* What of the head outlives it. */
static void keep_result(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    struct berth_text type = berth_http_head_find(&x->head, BERTH_TEXT("Content-Type"));
    size_t count = type.len < sizeof x->content_type ? type.len : sizeof x->content_type;
    http->result.http_status = x->head.status;
    http->result.error_body = nothing;
    http->result.has_retry_after = false;
    if (count > 0)
        memcpy(x->content_type, type.ptr, count);
    http->result.content_type = type.ptr == NULL ? nothing : berth_text_make(x->content_type, count);
    note_retry_after(http, x);
}

/* "bytes 5-9/10" or "bytes 5-9/" followed by a star: the first and the last byte. */
static bool parse_content_range(struct berth_text value, uint64_t *out_first, uint64_t *out_last)
{
    if (!berth_text_equal_nocase(berth_text_slice(value, 0, 6), BERTH_TEXT("bytes ")))
        return false;
    value = berth_text_slice(value, 6, value.len);
    size_t dash = berth_text_find_byte(value, '-');
    size_t slash = berth_text_find_byte(value, '/');
    if (dash == SIZE_MAX || slash == SIZE_MAX || dash > slash)
        return false;
    struct berth_text total = berth_text_slice(value, slash + 1, value.len);
    uint64_t count = UINT64_MAX;
    return berth_parse_u64(berth_text_slice(value, 0, dash), out_first) == BERTH_OK &&
           berth_parse_u64(berth_text_slice(value, dash + 1, slash), out_last) == BERTH_OK &&
           *out_first <= *out_last &&
           (berth_text_equal(total, BERTH_TEXT("*")) ||
            (berth_parse_u64(total, &count) == BERTH_OK && *out_last < count));
}

/* 206 must be the range that was asked for; 200 instead of it begins again. */
static enum berth_status check_range(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    uint64_t first = 0;
    uint64_t last = 0;
    if (x->own_range || x->head.status / 100 != 2)
        return BERTH_OK;
    if (x->head.status == 206) {
        struct berth_text range = berth_http_head_find(&x->head, BERTH_TEXT("Content-Range"));
        if (x->range_from == 0 && x->request.partial_ok)
            return BERTH_OK;
        if (x->range_from == 0)
            return berth_exchange_fail(http, BERTH_E_PROTOCOL, "206 although no range was asked for",
                                       nothing);
        if (!parse_content_range(range, &first, &last) || first != x->range_from ||
            (x->head.has_length && x->head.length - 1 != last - first))
            return berth_exchange_fail(http, BERTH_E_PROTOCOL, "another range than was asked for", range);
        if (!x->if_range)
            x->range_start = first;
        return BERTH_OK;
    }
    x->range_start = 0;
    const struct berth_sink *sink = x->reader.body;
    if (x->range_from == 0 || sink == NULL)
        return BERTH_OK;
    if (sink->restart == NULL)
        return berth_exchange_fail(http, BERTH_E_PROTOCOL, "the server sends all of it instead of a range",
                                   nothing);
    http->result.received = 0;
    return sink->restart(sink->ctx);
}

/* Whether this body could be continued after a break: a strong validator, and a server that knows ranges. */
static void note_validator(struct berth_exchange *x)
{
    struct berth_text etag = berth_http_head_find(&x->head, BERTH_TEXT("ETag"));
    struct berth_text ranges = berth_http_head_find(&x->head, BERTH_TEXT("Accept-Ranges"));
    bool strong = etag.len > 2 && etag.len <= sizeof x->etag && etag.ptr[0] == '"';
    x->resumable = strong && !x->own_range && berth_text_equal(x->request.method, BERTH_TEXT("GET")) &&
                   (x->head.status == 206 || berth_text_equal_nocase(ranges, BERTH_TEXT("bytes")));
    x->etag_len = x->resumable ? (uint8_t)etag.len : 0;
    if (x->resumable)
        memcpy(x->etag, etag.ptr, etag.len);
}

/* A response that is for the caller. */
static enum berth_status accept_answer(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    bool success = x->head.status / 100 == 2;
    x->use = success ? BERTH_USE_DELIVER : BERTH_USE_ERROR;
    if (success && x->abandoned)
        return berth_exchange_fail(
            http, x->send_failed != BERTH_OK ? (enum berth_status)x->send_failed : BERTH_E_PROTOCOL,
            "the server answered before it had the whole request", nothing);
    if (x->if_range && x->head.status == 416) {
        x->resumable = false; /* broken off at the very end: only all of it again can tell */
        return berth_exchange_fail(http, BERTH_E_TRUNCATED, "the server cannot continue the body", nothing);
    }
    if (x->facts.encoding.len > 0 && !x->own_encoding && x->facts.framing != BERTH_FRAMING_NONE) {
        enum berth_status status = berth_exchange_fail(
            http, BERTH_E_PROTOCOL, "content coding that was not asked for", x->facts.encoding);
        if (success)
            return status;
        x->use = BERTH_USE_SKIP; /* the status says enough */
    }
    BERTH_TRY(check_range(http));
    if (success)
        note_validator(x);
    else if (x->reader.error_body != NULL && x->reader.error_body->restart != NULL)
        BERTH_TRY(x->reader.error_body->restart(x->reader.error_body->ctx));
    return x->reader.head == NULL ? BERTH_OK : x->reader.head(x->reader.ctx, &x->head);
}

enum berth_status berth_receive_answer(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    BERTH_TRY(berth_receive_head(http, http->config.buffer_size, berth_exchange_wait_ms(http)));
    trace_answer(http);
    keep_result(http);
    x->keep = x->facts.keep_alive && !x->abandoned;
    berth_body_init(&x->body, x->facts.framing, x->head.length);
    if (berth_redirect_wanted(http)) {
        x->use = BERTH_USE_SKIP;
        BERTH_TRY(berth_redirect_follow(http));
        if (!x->keep || !berth_connect_serves(http))
            berth_exchange_close(http);
        berth_exchange_enter(http, x->connection.open ? BERTH_PHASE_BODY : BERTH_PHASE_BEGIN, BERTH_NEVER_MS);
        return BERTH_OK;
    }
    x->redirecting = false;
    berth_exchange_enter(http, BERTH_PHASE_BODY, BERTH_NEVER_MS);
    return accept_answer(http);
}

static enum berth_status use_data(struct berth_http *http, struct berth_text data)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_sink *sink = x->reader.body;
    x->body_len += data.len;
    if (x->use == BERTH_USE_DELIVER) {
        http->result.received += data.len;
        return sink == NULL ? BERTH_OK : sink->write(sink->ctx, data.ptr, data.len);
    }
    if (x->use == BERTH_USE_ERROR) {
        size_t have = http->result.error_body.len;
        size_t room = sizeof x->error_body - have;
        size_t count = data.len < room ? data.len : room;
        memcpy(x->error_body + have, data.ptr, count);
        http->result.error_body = berth_text_make(x->error_body, have + count);
        sink = x->reader.error_body;
        return sink == NULL ? BERTH_OK : sink->write(sink->ctx, data.ptr, data.len);
    }
    return BERTH_OK;
}

/* The response is complete, or nobody wants the rest of it. */
static enum berth_status finish_answer(struct berth_http *http, bool whole)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (!whole || !x->keep || x->rx_pos < x->rx_len)
        berth_exchange_close(http);
    x->connection.idle_since_ms = http->config.clock->monotonic_ms(http->config.clock->ctx);
    if (x->redirecting) {
        berth_exchange_enter(http, BERTH_PHASE_BEGIN, BERTH_NEVER_MS);
        return BERTH_OK;
    }
    return berth_repeat_after_answer(http) ? BERTH_OK : berth_exchange_end(http, BERTH_OK);
}

/* The connection ended while body bytes were due. */
static enum berth_status body_broke(struct berth_http *http, ptrdiff_t received)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (received == 0 && berth_body_may_close(&x->body))
        return finish_answer(http, false);
    /* A server that refused a request early breaks the connection; and of a redirect nobody wants the body.
     */
    if (x->redirecting || (x->abandoned && x->use != BERTH_USE_DELIVER))
        return finish_answer(http, false);
    if (received == 0)
        return berth_exchange_fail(http, BERTH_E_TRUNCATED,
                                   "the server closed the connection before the body's end", nothing);
    return berth_exchange_net_fail(http, (enum berth_status)received, "the connection broke in the body");
}

enum berth_status berth_receive_body(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_net *net = http->config.net;
    char *buf = berth_exchange_buffer(http);
    size_t used = 0;
    struct berth_text data;
    const char *why = NULL;
    enum berth_status status =
        berth_body_read(&x->body, buf + x->rx_pos, x->rx_len - x->rx_pos, &used, &data, &why);
    if (status == BERTH_E_PROTOCOL)
        return x->redirecting ? finish_answer(http, false) : berth_exchange_fail(http, status, why, nothing);
    x->rx_pos += used;
    if (data.len > 0)
        BERTH_TRY(use_data(http, data));
    if (status == BERTH_OK)
        return finish_answer(http, true);
    if (x->use != BERTH_USE_DELIVER && x->body_len > SKIP_MAX)
        return finish_answer(http, false);
    if (x->rx_pos < x->rx_len)
        return BERTH_OK;
    ptrdiff_t count = net->recv(net->ctx, buf, http->config.buffer_size, berth_exchange_wait_ms(http));
    if (count == BERTH_E_WOULD_BLOCK)
        return berth_exchange_blocked(http);
    if (count <= 0)
        return body_broke(http, count);
    x->rx_pos = 0;
    x->rx_len = (size_t)count;
    x->heard = true;
    return BERTH_OK;
}
