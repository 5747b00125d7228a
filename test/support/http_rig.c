/* An HTTP client on the memory ports. */
#include "http_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"

/* Steps that an exchange may take before it counts as hung. */
#define STEPS_MAX 2000000

static void put_escaped(struct berth_writer *w, struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\r' || c == '\n' || c == '\t' || c == '\\') {
            berth_put_char(w, '\\');
            berth_put_char(w, c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : '\\');
        } else if (c >= ' ' && c < 0x7f) {
            berth_put_char(w, c);
        } else {
            berth_put_string(w, "\\x");
            berth_put_hex(w, &c, 1);
        }
    }
}

static void end_body(struct rig *rig)
{
    if (rig->in_body)
        berth_put_char(&rig->written, '\n');
    rig->in_body = false;
}

static enum berth_status on_head(void *ctx, const struct berth_http_head *head)
{
    struct rig *rig = ctx;
    struct berth_writer *w = &rig->written;
    end_body(rig);
    berth_put_string(w, "head ");
    berth_put_i64(w, head->status);
    berth_put_char(w, ' ');
    put_escaped(w, head->reason);
    if (head->has_length) {
        berth_put_string(w, ", length ");
        berth_put_u64(w, head->length);
    }
    berth_put_string(w, head->chunked ? ", chunked\n" : "\n");
    return rig->head_says;
}

static enum berth_status on_write(void *ctx, const void *bytes, size_t len)
{
    struct rig *rig = ctx;
    if (rig->sink_fails_at > 0 && rig->sunk + len >= rig->sink_fails_at)
        return BERTH_E_DISK_FULL;
    if (!rig->in_body)
        berth_put_string(&rig->written, "body ");
    rig->in_body = true;
    rig->sunk += len;
    put_escaped(&rig->written, berth_text_make(bytes, len));
    return BERTH_OK;
}

static enum berth_status on_restart(void *ctx)
{
    struct rig *rig = ctx;
    end_body(rig);
    rig->sunk = 0;
    berth_put_string(&rig->written, "restart\n");
    return BERTH_OK;
}

static void on_trace(void *ctx, struct berth_text line)
{
    struct rig *rig = ctx;
    berth_put_text(&rig->traced, line);
    berth_put_char(&rig->traced, '\n');
}

void rig_configure(struct rig *rig)
{
    rig->mem.open = false;
    if (berth_http_init(&rig->http, &rig->config) != BERTH_OK)
        abort();
}

void rig_open(struct rig *rig, size_t buffer_size)
{
    memset(rig, 0, sizeof *rig);
    rig->mem_clock.civil_start_s = 1700000000;
    rig->mem.clock = &rig->mem_clock;
    rig->mem.faults = &rig->faults;
    rig->mem.out = rig->out;
    rig->mem.out_cap = sizeof rig->out;
    rig->mem_rand.faults = &rig->faults;
    rig->mem_rand.seed = 1;
    rig->clock = berth_mem_clock_init(&rig->mem_clock);
    rig->rand = berth_mem_rand_init(&rig->mem_rand);
    rig->net = berth_mem_net_init(&rig->mem, true);
    rig->buffer = guard_new(buffer_size);
    rig->config.net = &rig->net;
    rig->config.clock = &rig->clock;
    rig->config.rand = &rig->rand;
    rig->config.buffer = rig->buffer;
    rig->config.buffer_size = buffer_size;
    rig->config.retry.tries = 1;
    rig->config.trace = on_trace;
    rig->config.trace_ctx = rig;
    rig_configure(rig);
}

void rig_close(struct rig *rig)
{
    berth_http_close(&rig->http);
    guard_free(rig->buffer);
}

void rig_script(struct rig *rig, const struct berth_mem_step *steps, size_t count)
{
    rig->mem.steps = steps;
    rig->mem.step_count = count;
    rig->mem.step = rig->mem.offset = rig->mem.seen = 0;
    rig->mem.stalled = false;
    rig->mem.out_len = 0;
    rig->mem.received = 0;
    rig->mem.connects = rig->mem.closes = rig->mem.secures = 0;
}

enum berth_status rig_run(struct rig *rig, const struct berth_http_request *request, uint32_t timeout_ms,
                          bool stepwise)
{
    rig->sink = (struct berth_sink){rig, on_write, rig->no_restart ? NULL : on_restart};
    rig->reader = (struct berth_http_reader){.ctx = rig, .head = on_head, .body = &rig->sink};
    rig->in_body = false;
    rig->sunk = 0;
    berth_writer_init(&rig->written, rig->events, sizeof rig->events - 1);
    berth_writer_init(&rig->traced, rig->trace, sizeof rig->trace - 1);
    enum berth_status status = berth_http_start(&rig->http, request, &rig->reader, timeout_ms);
    for (size_t steps = 0; status == BERTH_OK; steps++) {
        status = berth_http_step(&rig->http, stepwise ? 0 : 60000);
        if (status != BERTH_E_WOULD_BLOCK)
            break;
        uint32_t wait_ms = 0;
        berth_http_want(&rig->http, &wait_ms);
        if (stepwise && !rig->mem.blocked)
            rig->mem_clock.now_ms += wait_ms < 10 ? wait_ms : 10;
        if (steps > STEPS_MAX)
            abort();
        status = BERTH_OK;
    }
    end_body(rig);
    return status;
}

struct berth_text rig_sent(const struct rig *rig)
{
    return berth_text_make(rig->out, rig->mem.out_len < RIG_OUT_CAP ? rig->mem.out_len : RIG_OUT_CAP);
}

const char *rig_events(struct rig *rig)
{
    if (rig->written.len > sizeof rig->events - 1)
        abort();
    rig->events[rig->written.len] = '\0';
    return rig->events;
}

const char *rig_trace(struct rig *rig)
{
    if (rig->traced.len > sizeof rig->trace - 1)
        abort();
    rig->trace[rig->traced.len] = '\0';
    return rig->trace;
}

bool rig_was_sent(const struct rig *rig, const char *text)
{
    return berth_text_find(rig_sent(rig), berth_text_of(text)) != SIZE_MAX;
}

size_t rig_times_sent(const struct rig *rig, const char *text)
{
    struct berth_text sent = rig_sent(rig);
    size_t count = 0;
    for (size_t at; (at = berth_text_find(sent, berth_text_of(text))) != SIZE_MAX; count++)
        sent = berth_text_slice(sent, at + 1, sent.len);
    return count;
}

struct berth_http_request rig_request(const char *method, const char *url)
{
    struct berth_http_request request = {0};
    request.method = berth_text_of(method);
    request.url = berth_text_of(url);
    return request;
}

static void rewind_body(const struct berth_http_request *request)
{
    if (request->body != NULL && request->body->rewind != NULL &&
        request->body->rewind(request->body->ctx) != BERTH_OK)
        abort();
}

enum berth_status rig_play(struct rig *rig, const struct berth_mem_step *steps, size_t count,
                           const struct berth_http_request *request)
{
    static char events[RIG_EVENTS_CAP], sent[RIG_OUT_CAP];
    uint64_t now = rig->mem_clock.now_ms;
    rewind_body(request);
    rig_configure(rig);
    rig_script(rig, steps, count);
    enum berth_status stepwise = rig_run(rig, request, 600000, true);
    struct berth_text out = rig_sent(rig);
    memcpy(sent, out.ptr, out.len);
    strcpy(events, rig_events(rig));
    rig->mem_clock.now_ms = now;
    rewind_body(request);
    rig_configure(rig);
    rig_script(rig, steps, count);
    enum berth_status blocking = rig_run(rig, request, 600000, false);
    if (blocking != stepwise || strcmp(rig_events(rig), events) != 0 ||
        !berth_text_equal(rig_sent(rig), berth_text_make(sent, out.len))) {
        fprintf(stderr, "in steps: %s, %zu bytes sent\n%sblocking: %s, %zu bytes sent\n%s",
                berth_status_name(stepwise), out.len, events, berth_status_name(blocking), rig_sent(rig).len,
                rig_events(rig));
        abort();
    }
    return blocking;
}
