/* Calls: the answer's body, to the platform's elements or the caller's sink. */
#include "platform/call_state.h"

#include <string.h>

#include "platform/line.h"

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
    berth_call_begin_message(call, &w);
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
    berth_call_put_where(call, &w);
    return BERTH_E_PROTOCOL;
}

static void count_skipped(struct berth_call *call, size_t needed)
{
    const struct berth_call_state *state = berth_call_state(call);
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
    *out_structure = berth_call_state(call)->structure;
    if (berth_json_element_decode(element, shape, *out_structure, &error) != BERTH_OK)
        return report_element(call, element, &error, error.at.reason);
    if (call->complete != NULL && call->complete(call, element, *out_structure, &reason) != BERTH_OK)
        return report_element(call, element, NULL, reason);
    return BERTH_OK;
}

static enum berth_status take_element(void *ctx, const struct berth_json_element *from_stream)
{
    struct berth_call *call = ctx;
    struct berth_call_state *state = berth_call_state(call);
    struct berth_json_element element = *from_stream;
    void *structure = NULL;
    if (call->single) {
        element.offset -= element.offset < state->before ? element.offset : state->before;
        if (element.level == 1 && element.index > 0)
            return berth_call_report(call, BERTH_E_PROTOCOL, "the answer is more than one JSON value", NULL);
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
        berth_call_report(call, status, "stopped by the caller", berth_status_name(status));
    return status;
}

/* ---- The answer's body ------------------------------------------------------------------------ */

static enum berth_status stream_failed(struct berth_call *call, enum berth_status status)
{
    struct berth_call_state *state = berth_call_state(call);
    struct berth_writer w;
    if (state->reported || status == BERTH_OK)
        return status;
    berth_call_begin_message(call, &w);
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
    berth_call_put_where(call, &w);
    return cut ? status : BERTH_E_PROTOCOL;
}

/* What stands before the document, so that the path fits it. */
static enum berth_status feed_before(struct berth_call_state *state, struct berth_text text)
{
    state->before = (uint16_t)(state->before + text.len);
    return berth_json_stream_feed(&state->stream, text.ptr, text.len);
}

static enum berth_status start_stream(struct berth_call *call)
{
    struct berth_call_state *state = berth_call_state(call);
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
    struct berth_call_state *state = berth_call_state(call);
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
    struct berth_call_state *state = berth_call_state(call);
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
    call->result.skipped_count = berth_call_state(call)->skipped_count;
    return start_stream(call);
}

static enum berth_status write_bytes(void *ctx, const void *bytes, size_t len)
{
    struct berth_call *call = ctx;
    enum berth_status status = call->sink.write(call->sink.ctx, bytes, len);
    if (status != BERTH_OK)
        berth_call_report(call, status, "what was received could not be written", berth_status_name(status));
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
    berth_call_state(call)->head_seen = true;
    call->result.http_status = head->status;
    if (call->head != NULL) {
        enum berth_status status = call->head(call, head);
        if (status != BERTH_OK)
            return berth_call_state(call)->reported
                       ? status
                       : berth_call_report(call, status, berth_status_name(status), NULL);
    }
    if (head->status < 200 || head->status > 299)
        return BERTH_OK;
    if (call->answer == BERTH_ANSWER_JSON && !is_page && !is_json(type))
        return berth_call_report(call, BERTH_E_PROTOCOL,
                                 type.ptr == NULL ? "the answer has no content type where JSON is due"
                                                  : "the answer is not JSON by its content type",
                                 NULL);
    if (call->answer == BERTH_ANSWER_BYTES && call->attachment)
        is_page = is_page && berth_http_head_find(head, BERTH_TEXT("Content-Disposition")).ptr == NULL;
    else if (call->answer == BERTH_ANSWER_BYTES)
        is_page = false;
    return is_page ? berth_call_report(call, BERTH_E_PROTOCOL, wrong, NULL) : BERTH_OK;
}

/* An error's body goes where elements would: what does not fit is left out. */
static enum berth_status write_error(void *ctx, const void *bytes, size_t len)
{
    struct berth_writer *w = &berth_call_state(ctx)->error;
    size_t room = w->cap - w->len;
    berth_put_bytes(w, bytes, len < room ? len : room);
    return BERTH_OK;
}

static enum berth_status restart_error(void *ctx)
{
    berth_call_state(ctx)->error.len = 0;
    return BERTH_OK;
}

enum berth_status berth_call_open_answer(struct berth_call *call)
{
    struct berth_call_state *state = berth_call_state(call);
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

static enum berth_status skipped(struct berth_call *call)
{
    struct berth_writer w;
    berth_call_begin_message(call, &w);
    berth_put_line_u64(&w, call->result.skipped_count);
    berth_put_line_string(&w, " too large for the work memory and left out: ");
    berth_put_line_u64(&w, call->result.skipped_needed);
    berth_put_line_string(&w, " bytes of it are needed");
    berth_call_put_where(call, &w);
    return BERTH_E_SPACE;
}

/* The bracket behind a document that is one element: when it does not fit there, the document was not at its
 * end.
 */
static enum berth_status close_bracket(struct berth_call *call)
{
    struct berth_call_state *state = berth_call_state(call);
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
enum berth_status berth_call_accept(struct berth_call *call)
{
    struct berth_call_state *state = berth_call_state(call);
    const struct berth_call_result *result = &call->result;
    if (call->answer != BERTH_ANSWER_JSON)
        return BERTH_OK;
    if (call->single)
        BERTH_TRY(close_bracket(call));
    BERTH_TRY(stream_failed(call, berth_json_stream_end(&state->stream)));
    if (result->skipped_count > 0)
        return skipped(call);
    if (call->waits_for_work && result->element_count == 0)
        return berth_call_report(call, BERTH_E_NO_WORK, "nothing to do", NULL);
    if (call->single && !state->whole)
        return berth_call_report(call, BERTH_E_TRUNCATED, "the answer is empty", NULL);
    if (call->list_due && state->stream.found < 2)
        return berth_call_report(call, BERTH_E_PROTOCOL, "the answer does not have the list that is due",
                                 NULL);
    return BERTH_OK;
}
