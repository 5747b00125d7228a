/* Calls: what came of one, in one line. */
#include "platform/call_state.h"

#include <string.h>

#include "platform/line.h"

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

const char *berth_call_hint_of(int http_status)
{
    return meanings[meaning_of(http_status)].hint;
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
void berth_call_put_where(struct berth_call *call, struct berth_writer *w)
{
    const struct berth_call_state *state = berth_call_state(call);
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

void berth_call_begin_message(struct berth_call *call, struct berth_writer *w)
{
    memset(call->result.message, 0, sizeof call->result.message);
    berth_writer_init(w, call->result.message, sizeof call->result.message);
    berth_call_state(call)->reported = true;
}

/* Keeps WHAT (and DETAIL behind a colon) as the call's message. Returns STATUS. */
enum berth_status berth_call_report(struct berth_call *call, enum berth_status status, const char *what,
                                    const char *detail)
{
    struct berth_writer w;
    berth_call_begin_message(call, &w);
    berth_put_line_string(&w, what);
    if (detail != NULL) {
        berth_put_line_string(&w, ": ");
        berth_put_line_string(&w, detail);
    }
    berth_call_put_where(call, &w);
    return status;
}

enum berth_status berth_call_report_failure(struct berth_call *call, enum berth_status status,
                                            struct berth_text reason)
{
    struct berth_writer w;
    const char *what_to_do = advice(status);
    berth_call_begin_message(call, &w);
    if (reason.len > 0)
        berth_put_line(&w, reason);
    else
        berth_put_line_string(&w, berth_status_name(status));
    if (what_to_do != NULL) {
        berth_put_line_string(&w, "; ");
        berth_put_line_string(&w, what_to_do);
    }
    berth_call_put_where(call, &w);
    return status;
}
