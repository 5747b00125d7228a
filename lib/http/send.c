/* Sending a request: head and body through the buffer's second part, an eye on an early answer. */
#include "http/exchange.h"

#include <string.h>

/* While body bytes cannot go out, how long to wait before looking whether an answer came in; and after how
 * many full regions to look even though they can. */
#define LOOK_MS 50
#define LOOK_FILLS 16
/* A source that has nothing ready is asked again after this. */
#define SOURCE_MS 10
#define CONTINUE_MS 1000
/* How long a peer that takes nothing more may take to say why. */
#define LAST_WORDS_MS 1000
/* "ffffffff\r\n" before a chunk's data, "\r\n" behind it. */
#define CHUNK_BEFORE 10
#define CHUNK_AFTER 2

void berth_send_reset(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    x->head_put = 0;
    x->heard = true;
    x->tx_pos = x->tx_end = x->tx_body = 0;
    x->head_done = x->body_done = false;
    x->await_continue = false;
    x->abandoned = false;
    x->send_failed = BERTH_OK;
    x->fills = 0;
}

enum berth_status berth_send_some(struct berth_http *http, uint32_t wait_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_net *net = http->config.net;
    ptrdiff_t sent =
        net->send(net->ctx, berth_exchange_buffer(http) + x->tx_pos, x->tx_end - x->tx_pos, wait_ms);
    if (sent == BERTH_E_WOULD_BLOCK)
        return berth_exchange_blocked(http);
    if (sent <= 0)
        return berth_exchange_net_fail(http, sent == 0 ? BERTH_E_RESET : (enum berth_status)sent,
                                       "the connection broke while sending");
    x->tx_pos += (size_t)sent;
    x->heard = true;
    if (x->phase == BERTH_PHASE_SEND) {
        x->reached = true;
        http->result.maybe_reached = true;
        if (x->tx_pos == x->tx_end) {
            http->result.sent += x->tx_body;
            x->tx_body = 0;
        }
    }
    return BERTH_OK;
}

/* Up to CAP bytes of the source at BUF; *out_count 0: it has ended, or source_waits. */
static enum berth_status read_source(struct berth_http *http, char *buf, size_t cap, size_t *out_count)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_source *source = x->request.body;
    x->source_touched = true;
    *out_count = 0;
    ptrdiff_t count = source->read(source->ctx, buf, cap);
    x->source_waits = count == BERTH_E_WOULD_BLOCK;
    if (x->source_waits)
        return BERTH_OK;
    if (count < 0)
        return berth_exchange_fail(http, (enum berth_status)count, "the request body cannot be read",
                                   berth_text_make(NULL, 0));
    x->body_read += (uint64_t)count;
    bool known = source->length != BERTH_LENGTH_UNKNOWN;
    if ((size_t)count > cap ||
        (known && (count == 0 ? x->body_read < source->length : x->body_read > source->length)))
        return berth_exchange_fail(http, BERTH_E_IO, "the request body has another length than it said",
                                   berth_text_make(NULL, 0));
    *out_count = (size_t)count;
    return BERTH_OK;
}

/* A body of known length: straight into the buffer. The source may offer more than is left, so that one that
 * grew is noticed before the server has the last piece. */
static enum berth_status fill_fixed(struct berth_http *http, char *buf, size_t room)
{
    struct berth_exchange *x = berth_exchange_of(http);
    size_t count = 0;
    BERTH_TRY(read_source(http, buf, room, &count));
    x->body_done = x->body_read == x->request.body->length;
    x->tx_end += count;
    x->tx_body += count;
    return BERTH_OK;
}

static enum berth_status fill_chunk(struct berth_http *http, char *buf, size_t room)
{
    static const char digits[] = "0123456789abcdef";
    struct berth_exchange *x = berth_exchange_of(http);
    size_t count = 0;
    BERTH_TRY(read_source(http, buf + CHUNK_BEFORE, room - CHUNK_BEFORE - CHUNK_AFTER, &count));
    if (x->source_waits)
        return BERTH_OK;
    for (unsigned i = 0; i < 8; i++)
        buf[i] = digits[(count >> (28 - 4 * i)) & 15];
    memcpy(buf + 8, "\r\n", 2);
    memcpy(buf + CHUNK_BEFORE + count, "\r\n", 2);
    x->body_done = count == 0;
    x->tx_end += CHUNK_BEFORE + count + CHUNK_AFTER;
    x->tx_body += count;
    /* Without the leading zeros when nothing waits before them. */
    size_t zeros = 0;
    while (zeros < 7 && buf[zeros] == '0')
        zeros++;
    if (buf == berth_exchange_buffer(http) + x->tx_pos) {
        x->tx_pos += zeros;
    } else {
        memmove(buf, buf + zeros, CHUNK_BEFORE + count + CHUNK_AFTER - zeros);
        x->tx_end -= zeros;
    }
    return BERTH_OK;
}

static enum berth_status fill_body(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_source *source = x->request.body;
    char *buf = berth_exchange_buffer(http) + x->tx_end;
    size_t room = http->config.buffer_size - x->tx_end;
    if (source == NULL || source->length == 0) {
        x->body_done = true;
        return BERTH_OK;
    }
    if (source->length != BERTH_LENGTH_UNKNOWN)
        return room > 0 ? fill_fixed(http, buf, room) : BERTH_OK;
    return room > CHUNK_BEFORE + CHUNK_AFTER ? fill_chunk(http, buf, room) : BERTH_OK;
}

/* What goes out next: the head, with the first of the body in one piece so that a small request is one
 * packet. */
static enum berth_status fill(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_http_request *r = &x->request;
    x->tx_pos = x->tx_end = berth_exchange_send_start(http);
    x->fills++;
    if (!x->head_done) {
        berth_request_fill_head(http, false);
        if (!x->head_done)
            return BERTH_OK;
        if (r->expect_continue && r->body != NULL && r->body->length > 0) {
            x->await_continue = true;
            return BERTH_OK;
        }
    }
    return x->body_done ? BERTH_OK : fill_body(http);
}

/* An answer that arrives before the request was sent: one that is not a success ends the sending; the
 * connection cannot be used again then. */
static enum berth_status look_for_answer(struct berth_http *http, uint32_t wait_ms)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (x->head_ready)
        return BERTH_E_WOULD_BLOCK;
    enum berth_status status = berth_receive_head(http, berth_exchange_send_start(http), wait_ms);
    if (status == BERTH_E_SPACE || (status == BERTH_OK && x->head.status >= 300)) {
        http->result.reason = berth_text_make(NULL, 0);
        x->abandoned = true;
        berth_exchange_enter(http, BERTH_PHASE_HEAD, BERTH_NEVER_MS);
        return BERTH_OK;
    }
    return status;
}

static enum berth_status wait_for_continue(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (x->phase_end_ms == BERTH_NEVER_MS)
        x->phase_end_ms = x->now_ms + CONTINUE_MS;
    if (x->now_ms >= x->phase_end_ms || x->head_ready) {
        x->await_continue = false;
        x->phase_end_ms = BERTH_NEVER_MS;
        return BERTH_OK;
    }
    enum berth_status status = look_for_answer(http, berth_exchange_wait_ms(http));
    return status == BERTH_E_WOULD_BLOCK && !x->await_continue ? BERTH_OK : status;
}

static uint32_t at_most(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static enum berth_status wait_for_source(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    uint32_t wait_ms = at_most(berth_exchange_wait_ms(http), SOURCE_MS);
    if (!x->head_ready)
        return look_for_answer(http, wait_ms);
    if (wait_ms > 0)
        http->config.clock->sleep_ms(http->config.clock->ctx, wait_ms);
    return BERTH_E_WOULD_BLOCK;
}

/* The connection broke while sending. The server may have said why before it closed. */
static enum berth_status send_broke(struct berth_http *http, enum berth_status status)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (!x->reached)
        return status;
    x->send_failed = status;
    x->abandoned = true;
    berth_exchange_enter(http, BERTH_PHASE_HEAD, x->now_ms + LAST_WORDS_MS);
    return BERTH_OK;
}

static enum berth_status send_region(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    uint32_t wait_ms = berth_exchange_wait_ms(http);
    bool more = x->request.body != NULL && !x->head_ready;
    enum berth_status status = berth_send_some(http, more ? at_most(wait_ms, LOOK_MS) : wait_ms);
    if (status == BERTH_OK)
        return BERTH_OK;
    if (status != BERTH_E_WOULD_BLOCK)
        return send_broke(http, status);
    if (!more)
        return status;
    return look_for_answer(http, 0);
}

enum berth_status berth_send(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (x->tx_pos < x->tx_end)
        return send_region(http);
    if (x->await_continue)
        return wait_for_continue(http);
    if (x->head_done && x->body_done) {
        x->phase = BERTH_PHASE_HEAD;
        return BERTH_OK;
    }
    if (x->fills > 0 && x->fills % LOOK_FILLS == 0) {
        enum berth_status status = look_for_answer(http, 0);
        if (status != BERTH_E_WOULD_BLOCK || x->phase != BERTH_PHASE_SEND)
            return status;
    }
    BERTH_TRY(fill(http));
    return x->source_waits && x->tx_pos == x->tx_end ? wait_for_source(http) : BERTH_OK;
}
