/* Calls: runs what a platform described, and says in one line what came of it. */
#include "platform/call.h"

#include <stddef.h>
#include <string.h>

#include "platform/line.h"

/* "multipart/form-data; boundary=" and the boundary. */
#define TYPE_MAX (32 + BERTH_MULTIPART_BOUNDARY_SIZE)
/* Less memory for elements than this is a mistake. */
#define ELEMENT_MIN 16
/* The longest wait of one step when running to the end. */
#define STEP_MS 60000
/* A sleep of so many ms or more shows on the clock. */
#define SLEEP_SEEN_MS 5

struct state {
    char type_text[TYPE_MAX]; /* of a multipart body; outlives a run */
    struct berth_memory_source memory;
    struct berth_source body;
    struct berth_http_request request;
    struct berth_http_reader reader;
    struct berth_sink sink;
    struct berth_json_stream stream;
    void *structure;
    size_t structure_size;
    struct berth_text url;
    struct berth_text where; /* the URL without its query */
    bool streaming;          /* the body goes to the stream */
    bool whole;              /* a document that is one element was read to its end */
    bool head_seen;
    bool holds;                /* the deadline is the end of a long poll's hold */
    bool reported;             /* result.message says what failed */
    bool begun;                /* the document's first byte was seen */
    bool wrapped;              /* it is an array that stands for an object */
    uint16_t before;           /* bytes that the stream was fed before the document's own */
    struct berth_sink errors;  /* takes the whole body of an answer that is none */
    struct berth_writer error; /* ... as far as it fits the memory for elements */

    /* What lasts over all exchanges of the call. */
    uint64_t deadline_ms;
    uint64_t pause_end_ms; /* of the pause before the next exchange */
    uint64_t received, sent, skipped_count;
    bool pausing;
    enum berth_status failed; /* what the exchange before the pause came to */
};
_Static_assert(sizeof(struct state) <= sizeof(((struct berth_call *)0)->private_state),
               "a call's state must fit");

static struct state *state_of(struct berth_call *call)
{
    return (struct state *)(void *)call->private_state;
}

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
    struct state *state = state_of(call);
    struct berth_writer w;
    berth_writer_init(&w, state->type_text, sizeof state->type_text);
    berth_put_multipart_type(&w, m);
    call->has_body = true;
    call->body = source;
}

/* ---- What happened, in one line --------------------------------------------------------------- */

static const struct {
    int from, to;
    enum berth_status status;
    const char *hint;
} meanings[] = {
    {300, 399, BERTH_E_REDIRECT, "a redirect that is not followed: use the address that it names"},
    {401, 401, BERTH_E_UNAUTHORIZED, "the server wants (other) credentials"},
    {403, 403, BERTH_E_FORBIDDEN, "these credentials do not allow it"},
    {404, 404, BERTH_E_NOT_FOUND, "there is no such thing; check the id and the base URL"},
    {405, 405, BERTH_E_BAD_REQUEST, "the server does not do this here; check the base URL"},
    {406, 406, BERTH_E_WRONG_STATE, "its state does not allow this now"},
    {408, 408, BERTH_E_UNAVAILABLE, "the server stopped waiting for the request; try again"},
    {409, 409, BERTH_E_CONFLICT, "the name or place is taken"},
    {413, 413, BERTH_E_TOO_LARGE, "too large for the server or a proxy before it"},
    {429, 429, BERTH_E_UNAVAILABLE, "too many requests; try again later"},
    {400, 499, BERTH_E_BAD_REQUEST, "the server calls the request wrong"},
    {502, 504, BERTH_E_UNAVAILABLE, "the server is away; try again later"},
    {500, 599, BERTH_E_SERVER, "the server failed; its own log says why"},
    {0, INT32_MAX, BERTH_E_PROTOCOL, "not an answer that was expected"},
};

static size_t meaning_of(int http_status)
{
    size_t i = 0;
    while (http_status < meanings[i].from || http_status > meanings[i].to)
        i++;
    return i;
}

enum berth_status berth_call_status_of(int http_status)
{
    return meanings[meaning_of(http_status)].status;
}

/* What to do about a failure that the server has no words for. */
static const char *advice(enum berth_status status)
{
    switch (status) {
    case BERTH_E_RESOLVE:
        return "check the host's name and the name server";
    case BERTH_E_CONNECT:
        return "check the address and whether the server runs";
    case BERTH_E_TIMEOUT:
        return "try again, or allow more time";
    case BERTH_E_CLOSED:
    case BERTH_E_RESET:
    case BERTH_E_TRUNCATED:
        return "try again";
    case BERTH_E_TLS:
        return "check the server's certificate and the trusted ones";
    default:
        return NULL;
    }
}

/* "WHAT (METHOD URL, HTTP 404)": WHAT is in the message already. */
static void put_where(struct berth_call *call, struct berth_writer *w)
{
    const struct state *state = state_of(call);
    struct berth_text where = state->where;
    berth_put_line_string(w, " (");
    berth_put_line(w, call->method);
    berth_put_line_string(w, " ");
    if (call->secret_target)
        where = call->client->base_url;
    berth_put_line(w, where);
    if (call->result.http_status != 0) {
        berth_put_line_string(w, ", HTTP ");
        berth_put_line_u64(w, (uint64_t)call->result.http_status);
    }
    berth_put_line_string(w, ")");
}

static void begin_message(struct berth_call *call, struct berth_writer *w)
{
    memset(call->result.message, 0, sizeof call->result.message);
    berth_writer_init(w, call->result.message, sizeof call->result.message);
    state_of(call)->reported = true;
}

/* Keeps WHAT (and DETAIL behind a colon) as the call's message. Returns STATUS. */
static enum berth_status report(struct berth_call *call, enum berth_status status, const char *what,
                                const char *detail)
{
    struct berth_writer w;
    begin_message(call, &w);
    berth_put_line_string(&w, what);
    if (detail != NULL) {
        berth_put_line_string(&w, ": ");
        berth_put_line_string(&w, detail);
    }
    put_where(call, &w);
    return status;
}

static enum berth_status report_failure(struct berth_call *call, enum berth_status status,
                                        struct berth_text reason)
{
    struct berth_writer w;
    const char *what_to_do = advice(status);
    begin_message(call, &w);
    if (reason.len > 0)
        berth_put_line(&w, reason);
    else
        berth_put_line_string(&w, berth_status_name(status));
    if (what_to_do != NULL) {
        berth_put_line_string(&w, "; ");
        berth_put_line_string(&w, what_to_do);
    }
    put_where(call, &w);
    return status;
}

/* ---- Elements --------------------------------------------------------------------------------- */

static const struct berth_shape *shape_of(const struct berth_call *call, unsigned level)
{
    return level == 1 ? call->shape : call->inner_shapes[level - 2];
}

/* "job 17, member created: a date and time is due (byte 1234)" */
static enum berth_status report_element(struct berth_call *call, const struct berth_json_element *element,
                                        const struct berth_decode_error *error, const char *reason)
{
    struct berth_writer w;
    const struct berth_shape *shape = shape_of(call, element->level);
    begin_message(call, &w);
    berth_put_line_string(&w, shape != NULL ? shape->name : "element");
    berth_put_line_string(&w, " ");
    berth_put_line_u64(&w, element->index);
    if (error != NULL && error->member.ptr != NULL) {
        berth_put_line_string(&w, ", member ");
        berth_put_line(&w, error->member);
    }
    berth_put_line_string(&w, ": ");
    berth_put_line_string(&w, reason != NULL ? reason : "it cannot be decoded");
    berth_put_line_string(&w, " (byte ");
    berth_put_line_u64(&w, element->offset + (error != NULL ? error->at.offset : 0));
    berth_put_line_string(&w, ")");
    put_where(call, &w);
    return BERTH_E_PROTOCOL;
}

static void count_skipped(struct berth_call *call, size_t needed)
{
    const struct state *state = state_of(call);
    size_t beside = call->client->work_size - state->stream.config.cap;
    needed = needed > SIZE_MAX - beside ? SIZE_MAX : needed + beside;
    call->result.skipped_count++;
    if (needed > call->result.skipped_needed)
        call->result.skipped_needed = needed;
}

/* The element's struct, decoded and completed; NULL in *OUT_STRUCTURE without a shape. */
static enum berth_status decode_element(struct berth_call *call, const struct berth_json_element *element,
                                        void **out_structure)
{
    struct berth_decode_error error = {0};
    const struct berth_shape *shape = shape_of(call, element->level);
    const char *reason = NULL;
    *out_structure = NULL;
    if (shape == NULL)
        return BERTH_OK;
    *out_structure = state_of(call)->structure;
    if (berth_json_element_decode(element, shape, *out_structure, &error) != BERTH_OK)
        return report_element(call, element, &error, error.at.reason);
    if (call->complete != NULL && call->complete(call, element, *out_structure, &reason) != BERTH_OK)
        return report_element(call, element, NULL, reason);
    return BERTH_OK;
}

static enum berth_status take_element(void *ctx, const struct berth_json_element *from_stream)
{
    struct berth_call *call = ctx;
    struct state *state = state_of(call);
    struct berth_json_element element = *from_stream;
    void *structure = NULL;
    if (call->single) {
        element.offset -= element.offset < state->before ? element.offset : state->before;
        if (element.level == 1 && element.index > 0)
            return report(call, BERTH_E_PROTOCOL, "the answer is more than one JSON value", NULL);
    }
    state->whole = state->whole || element.level == 1;
    state->sink.restart = NULL; /* the caller would see this element twice */
    if (element.json == NULL)
        count_skipped(call, element.needed);
    else
        BERTH_TRY(decode_element(call, &element, &structure));
    if (element.json != NULL)
        call->result.element_count++;
    if (call->on_element == NULL)
        return BERTH_OK;
    enum berth_status status = call->on_element(call->element_ctx, &element, structure);
    if (status != BERTH_OK)
        report(call, status, "stopped by the caller", berth_status_name(status));
    return status;
}

/* ---- The answer's body ------------------------------------------------------------------------ */

static enum berth_status stream_failed(struct berth_call *call, enum berth_status status)
{
    struct state *state = state_of(call);
    struct berth_writer w;
    if (state->reported || status == BERTH_OK)
        return status;
    begin_message(call, &w);
    bool cut = status == BERTH_E_TRUNCATED;
    berth_put_line_string(&w,
                          cut ? "the answer's JSON is cut off" : "the answer is not the JSON that is due");
    if (state->stream.error.reason != NULL) {
        berth_put_line_string(&w, ": ");
        berth_put_line_string(&w, state->stream.error.reason);
    }
    berth_put_line_string(&w, " (byte ");
    uint64_t at = state->stream.error.offset;
    berth_put_line_u64(&w, at - (at < state->before ? at : state->before));
    berth_put_line_string(&w, ")");
    put_where(call, &w);
    return cut ? status : BERTH_E_PROTOCOL;
}

/* What stands before the document, so that the path fits it. */
static enum berth_status feed_before(struct state *state, struct berth_text text)
{
    state->before = (uint16_t)(state->before + text.len);
    return berth_json_stream_feed(&state->stream, text.ptr, text.len);
}

static enum berth_status start_stream(struct berth_call *call)
{
    struct state *state = state_of(call);
    struct berth_json_stream_config config = state->stream.config;
    BERTH_TRY(berth_json_stream_init(&state->stream, &config));
    if (call->tap != NULL)
        call->tap(call, NULL, 0);
    state->begun = false;
    state->wrapped = false;
    state->before = 0;
    return call->single ? feed_before(state, BERTH_TEXT("[")) : BERTH_OK;
}

/* At the document's first byte: an array gets the object round it that the path leads through. */
static enum berth_status begin_document(struct berth_call *call, const char *bytes, size_t len)
{
    struct state *state = state_of(call);
    size_t i = 0;
    while (i < len && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n'))
        i++;
    if (i == len)
        return BERTH_OK;
    state->begun = true;
    state->wrapped = bytes[i] == '[' && call->array_member.ptr != NULL;
    if (!state->wrapped)
        return BERTH_OK;
    BERTH_TRY(feed_before(state, BERTH_TEXT("{\"")));
    BERTH_TRY(feed_before(state, call->array_member));
    return feed_before(state, BERTH_TEXT("\":"));
}

static enum berth_status write_stream(void *ctx, const void *bytes, size_t len)
{
    struct berth_call *call = ctx;
    struct state *state = state_of(call);
    enum berth_status status = BERTH_OK;
    if (call->tap != NULL)
        call->tap(call, bytes, len);
    if (!state->begun)
        status = begin_document(call, bytes, len);
    if (status == BERTH_OK)
        status = berth_json_stream_feed(&state->stream, bytes, len);
    return stream_failed(call, status);
}

static enum berth_status restart_stream(void *ctx)
{
    struct berth_call *call = ctx;
    call->result.skipped_count = state_of(call)->skipped_count;
    return start_stream(call);
}

static enum berth_status write_bytes(void *ctx, const void *bytes, size_t len)
{
    struct berth_call *call = ctx;
    enum berth_status status = call->sink.write(call->sink.ctx, bytes, len);
    if (status != BERTH_OK)
        report(call, status, "what was received could not be written", berth_status_name(status));
    return status;
}

static enum berth_status restart_bytes(void *ctx)
{
    struct berth_call *call = ctx;
    return call->sink.restart(call->sink.ctx);
}

static bool is_json(struct berth_text type)
{
    struct berth_text rest = type;
    struct berth_text media;
    if (!berth_text_split(&rest, ';', &media))
        return false;
    return berth_http_media_type_is(type, BERTH_TEXT("application/json")) ||
           berth_http_media_type_is(type, BERTH_TEXT("text/json")) ||
           berth_text_ends(berth_text_trim(media), BERTH_TEXT("+json"));
}

/* A web page where an answer is due: a proxy or another server, not the platform. */
static enum berth_status check_head(void *ctx, const struct berth_http_head *head)
{
    static const char wrong[] =
        "a web page came instead of the answer: is the base URL right (does it lack /api)?";
    struct berth_call *call = ctx;
    struct berth_text type = berth_http_head_find(head, BERTH_TEXT("Content-Type"));
    bool is_page = berth_http_media_type_is(type, BERTH_TEXT("text/html"));
    state_of(call)->head_seen = true;
    call->result.http_status = head->status;
    if (call->head != NULL) {
        enum berth_status status = call->head(call, head);
        if (status != BERTH_OK)
            return state_of(call)->reported ? status : report(call, status, berth_status_name(status), NULL);
    }
    if (head->status < 200 || head->status > 299)
        return BERTH_OK;
    if (call->answer == BERTH_ANSWER_JSON && !is_page && !is_json(type))
        return report(call, BERTH_E_PROTOCOL,
                      type.ptr == NULL ? "the answer has no content type where JSON is due"
                                       : "the answer is not JSON by its content type",
                      NULL);
    if (call->answer == BERTH_ANSWER_BYTES && call->attachment)
        is_page = is_page && berth_http_head_find(head, BERTH_TEXT("Content-Disposition")).ptr == NULL;
    else if (call->answer == BERTH_ANSWER_BYTES)
        is_page = false;
    return is_page ? report(call, BERTH_E_PROTOCOL, wrong, NULL) : BERTH_OK;
}

/* ---- Running ---------------------------------------------------------------------------------- */

/* Work memory: [body][URL][elements ...][struct]. */
static enum berth_status lay_out_work(struct berth_call *call)
{
    struct state *state = state_of(call);
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
        return report(call, BERTH_E_SPACE, "the client's work memory is too small", NULL);
    state->structure = end - reserved;
    state->stream.config.buf = client->work + call->work_used + state->url.len;
    state->stream.config.cap = left - reserved;
    return BERTH_OK;
}

/* An error's body goes where elements would: what does not fit is left out. */
static enum berth_status write_error(void *ctx, const void *bytes, size_t len)
{
    struct berth_writer *w = &state_of(ctx)->error;
    size_t room = w->cap - w->len;
    berth_put_bytes(w, bytes, len < room ? len : room);
    return BERTH_OK;
}

static enum berth_status restart_error(void *ctx)
{
    state_of(ctx)->error.len = 0;
    return BERTH_OK;
}

static enum berth_status open_answer(struct berth_call *call)
{
    struct state *state = state_of(call);
    state->reader.ctx = call;
    state->reader.head = check_head;
    state->reader.error_body = &state->errors;
    state->errors = (struct berth_sink){call, write_error, restart_error};
    berth_writer_init(&state->error, state->stream.config.buf, state->stream.config.cap);
    state->reader.body = call->answer == BERTH_ANSWER_NONE ? NULL : &state->sink;
    state->sink.ctx = call;
    if (call->answer == BERTH_ANSWER_BYTES) {
        state->sink.write = write_bytes;
        state->sink.restart = call->sink.restart != NULL ? restart_bytes : NULL;
    } else if (call->answer == BERTH_ANSWER_JSON) {
        state->sink.write = write_stream;
        state->sink.restart = restart_stream;
        state->stream.config.path = call->path;
        state->stream.config.element = take_element;
        state->stream.config.ctx = call;
        return start_stream(call);
    }
    return BERTH_OK;
}

static void open_request(struct berth_call *call)
{
    struct state *state = state_of(call);
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
    struct state *state = state_of(call);
    memset(&state->memory, 0, offsetof(struct state, deadline_ms) - offsetof(struct state, memory));
    memset(call->result.message, 0, sizeof call->result.message);
    BERTH_TRY(lay_out_work(call));
    enum berth_status status = open_answer(call);
    if (status != BERTH_OK)
        return report(call, status, "the call is not described rightly", NULL);
    open_request(call);
    state->holds = call->hold_ms != 0 && (timeout_ms == 0 || call->hold_ms < timeout_ms);
    status = berth_http_start(call->client->http, &state->request, &state->reader,
                              state->holds ? call->hold_ms : timeout_ms);
    return status == BERTH_OK ? status : report_failure(call, status, call->client->http->result.reason);
}

enum berth_status berth_call_start(struct berth_call *call, uint32_t timeout_ms)
{
    struct state *state = state_of(call);
    memset(&call->result, 0, sizeof call->result);
    memset(&state->memory, 0, sizeof *state - offsetof(struct state, memory));
    if (timeout_ms == 0)
        timeout_ms = call->timeout_ms;
    state->deadline_ms = timeout_ms != 0 ? now_ms(call) + timeout_ms : UINT64_MAX;
    return begin(call, timeout_ms);
}

struct berth_text berth_call_error_body(const struct berth_call *call)
{
    const struct state *state = (const void *)call->private_state;
    return berth_writer_text(&state->error);
}

static enum berth_status judge(struct berth_call *call, const struct berth_http_result *http)
{
    struct berth_writer w;
    begin_message(call, &w);
    enum berth_status status =
        call->judge != NULL ? call->judge(call, http, &w) : berth_call_status_of(http->http_status);
    if (w.len == 0)
        berth_put_line_string(&w, status == BERTH_E_NO_WORK ? "nothing to do"
                                                            : meanings[meaning_of(http->http_status)].hint);
    put_where(call, &w);
    return status;
}

static enum berth_status skipped(struct berth_call *call)
{
    struct berth_writer w;
    begin_message(call, &w);
    berth_put_line_u64(&w, call->result.skipped_count);
    berth_put_line_string(&w, " too large for the work memory and left out: ");
    berth_put_line_u64(&w, call->result.skipped_needed);
    berth_put_line_string(&w, " bytes of it are needed");
    put_where(call, &w);
    return BERTH_E_SPACE;
}

/* The bracket behind a document that is one element: when it does not fit there, the document was not at its
 * end.
 */
static enum berth_status close_bracket(struct berth_call *call)
{
    struct state *state = state_of(call);
    enum berth_status status = BERTH_OK;
    if (state->wrapped)
        status = berth_json_stream_feed(&state->stream, "}", 1);
    if (status == BERTH_OK)
        status = berth_json_stream_feed(&state->stream, "]", 1);
    if (status == BERTH_OK || state->reported || state->whole)
        return stream_failed(call, status);
    state->stream.error.reason = "the document ends too early";
    return stream_failed(call, BERTH_E_TRUNCATED);
}

/* A whole 2xx response is there. */
static enum berth_status accept(struct berth_call *call)
{
    struct state *state = state_of(call);
    const struct berth_call_result *result = &call->result;
    if (call->answer != BERTH_ANSWER_JSON)
        return BERTH_OK;
    if (call->single)
        BERTH_TRY(close_bracket(call));
    BERTH_TRY(stream_failed(call, berth_json_stream_end(&state->stream)));
    if (result->skipped_count > 0)
        return skipped(call);
    if (call->waits_for_work && result->element_count == 0)
        return report(call, BERTH_E_NO_WORK, "nothing to do", NULL);
    if (call->single && !state->whole)
        return report(call, BERTH_E_TRUNCATED, "the answer is empty", NULL);
    return BERTH_OK;
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
    struct state *state = state_of(call);
    const struct berth_http_result *http = &call->client->http->result;
    call->result.http_status = http->http_status;
    call->result.has_retry_after = http->has_retry_after;
    call->result.retry_after_ms = http->retry_after_ms;
    call->result.received = state->received + http->received;
    call->result.sent = state->sent + http->sent;
    if (status == BERTH_OK)
        status = http->http_status / 100 == 2 ? accept(call) : judge(call, http);
    else if (status == BERTH_E_TIMEOUT && state->holds && http->maybe_reached && !state->head_seen)
        status = report(call, BERTH_E_NO_WORK, "nothing to do", NULL);
    else if (!state->reported)
        report_failure(call, status, http->reason);
    call->result.maybe_done = status != BERTH_OK && may_be_done(call, http, status);
    return status;
}

/* ---- One exchange after the other ------------------------------------------------------------- */

/* The exchange came to STATUS: the platform may want another one. */
static enum berth_status go_on(struct berth_call *call, enum berth_status status)
{
    struct state *state = state_of(call);
    uint32_t pause_ms = 0;
    enum berth_status next = call->next != NULL ? call->next(call, status, &pause_ms) : status;
    if (next != BERTH_E_WOULD_BLOCK)
        return next;
    uint64_t now = now_ms(call);
    if (now >= state->deadline_ms || pause_ms >= state->deadline_ms - now)
        return status != BERTH_OK ? status : report(call, BERTH_E_TIMEOUT, "the deadline passed", NULL);
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
    const struct state *state = state_of(call);
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
    struct state *state = state_of(call);
    uint64_t now = now_ms(call);
    uint64_t left = state->deadline_ms - now;
    state->pausing = false;
    if (now >= state->deadline_ms)
        return state->failed != BERTH_OK ? state->failed
                                         : report(call, BERTH_E_TIMEOUT, "the deadline passed", NULL);
    bool endless = state->deadline_ms == UINT64_MAX;
    return begin(call, endless ? 0 : left > UINT32_MAX ? UINT32_MAX : (uint32_t)left);
}

enum berth_status berth_call_step(struct berth_call *call, uint32_t wait_ms)
{
    struct state *state = state_of(call);
    if (state->pausing) {
        uint64_t now = now_ms(call);
        if (now < state->pause_end_ms) {
            enum berth_status status = pause(call, now, wait_ms);
            return status == BERTH_E_CANCELLED
                       ? report(call, status, "interrupted in the pause before another try", NULL)
                       : status;
        }
        BERTH_TRY(after_pause(call));
    }
    enum berth_status status = berth_http_step(call->client->http, wait_ms);
    return status == BERTH_E_WOULD_BLOCK ? status : go_on(call, finish(call, status));
}

unsigned berth_call_want(const struct berth_call *call, uint32_t *out_wait_ms)
{
    const struct state *state = (const void *)call->private_state;
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
    state_of(call)->pausing = false;
    berth_http_cancel(call->client->http);
}
