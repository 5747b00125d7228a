/* RIME: what its error answers mean, and the words in them (wire 1.4). */
#include <string.h>

#include "platform/call.h"
#include "platform/line.h"
#include "platform/rime.h"

/* gRPC codes by number, for statuses that say nothing more exact themselves (400 and 500). */
static const enum berth_status by_code[] = {
    [1] = BERTH_E_UNAVAILABLE,   [2] = BERTH_E_SERVER,       [3] = BERTH_E_BAD_REQUEST,
    [4] = BERTH_E_UNAVAILABLE,   [5] = BERTH_E_NOT_FOUND,    [6] = BERTH_E_CONFLICT,
    [7] = BERTH_E_FORBIDDEN,     [8] = BERTH_E_UNAVAILABLE,  [9] = BERTH_E_BAD_REQUEST,
    [10] = BERTH_E_CONFLICT,     [11] = BERTH_E_BAD_REQUEST, [12] = BERTH_E_NOT_PROVIDED,
    [13] = BERTH_E_SERVER,       [14] = BERTH_E_UNAVAILABLE, [15] = BERTH_E_SERVER,
    [16] = BERTH_E_UNAUTHORIZED,
};

static enum berth_status meaning_of(int http_status, int32_t code, bool sign_in)
{
    if (http_status / 100 == 3)
        return sign_in ? BERTH_E_UNAUTHORIZED : BERTH_E_PROTOCOL;
    if (http_status == 405 || http_status == 501)
        return BERTH_E_NOT_PROVIDED;
    if (http_status == 499)
        return BERTH_E_UNAVAILABLE;
    const int32_t codes = (int32_t)(sizeof by_code / sizeof by_code[0]);
    if ((http_status == 400 || http_status == 500) && code > 0 && code < codes)
        return by_code[code];
    return berth_call_status_of(http_status);
}

enum berth_status berth_rime_judge(const struct berth_call *call, const struct berth_http_result *result,
                                   struct berth_writer *out_message)
{
    struct berth_rime_request *request = call->platform;
    struct berth_rime_members members;
    struct berth_text body = berth_text_trim(berth_call_error_body(call));
    char message[BERTH_CALL_MESSAGE_MAX];
    int32_t code;
    memset(&members, 0, sizeof members);
    request->result.grpc_code = -1;
    if (body.len > 0 && body.ptr[0] == '{' && berth_json_check(body, NULL) == BERTH_OK)
        berth_rime_members_of(&berth_rime_envelope_shape, body, &members);
    if (berth_parse_i32(members.at[BERTH_RIME_IN_CODE], &code) == BERTH_OK)
        request->result.grpc_code = code;
    (void)berth_rime_copy_string(message, sizeof message, members.at[BERTH_RIME_IN_MESSAGE]);
    if (message[0] == '\0')
        (void)berth_rime_copy_string(message, sizeof message, members.at[BERTH_RIME_IN_ERROR]);
    if (message[0] == '\0' && request->sign_in)
        berth_put_line_string(out_message, "the server wants a sign-in: the API key is missing or not taken");
    berth_put_line_string(out_message, message);
    return meaning_of(result->http_status, request->result.grpc_code, request->sign_in);
}

enum berth_status berth_rime_head(struct berth_call *call, const struct berth_http_head *head)
{
    static const char *const words[] = {"sign-in", "signin", "sign_in", "login", "log-in"};
    struct berth_rime_request *request = call->platform;
    struct berth_text to = berth_http_head_find(head, BERTH_TEXT("Location"));
    struct berth_text type = berth_http_head_find(head, BERTH_TEXT("Content-Type"));
    for (size_t i = 0; i < sizeof words / sizeof words[0] && head->status / 100 == 3; i++)
        request->sign_in = request->sign_in || berth_text_find(to, berth_text_of(words[i])) != SIZE_MAX;
    bool page = berth_http_media_type_is(type, BERTH_TEXT("text/html"));
    bool wrong = page || (request->phase == BERTH_RIME_PHASE_LOG &&
                          !berth_http_media_type_is(type, BERTH_TEXT("application/json")));
    return head->status / 100 == 2 && call->answer != BERTH_ANSWER_JSON && wrong ? BERTH_E_PROTOCOL
                                                                                 : BERTH_OK;
}
