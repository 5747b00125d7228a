/* What OpenPAI's error answers mean, and the words in them. The status decides; the body is advice, may be
 * JSON with or without a code, a list of violations inside a text, plain text, HTML, "null" or nothing. */
#include "platform/openpai.h"

#include <string.h>

#include "data/json_member.h"
#include "platform/call.h"
#include "platform/line.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
/* So much of a message is looked at: more than a line takes. */
#define WORDS_MAX 600

/* ---- Codes ------------------------------------------------------------------------------------ */

/* MEANING: the call's status, where it is not what the HTTP status says. */
static const struct {
    struct berth_text name;
    enum berth_openpai_code code;
    enum berth_status meaning;
} codes[] = {
    {BERTH_TEXT_INIT("NoApiError"), BERTH_OPENPAI_NO_API, BERTH_E_NOT_PROVIDED},
    {BERTH_TEXT_INIT("UnauthorizedUserError"), BERTH_OPENPAI_UNAUTHORIZED_USER, BERTH_OK},
    {BERTH_TEXT_INIT("ForbiddenUserError"), BERTH_OPENPAI_FORBIDDEN_USER, BERTH_OK},
    {BERTH_TEXT_INIT("ForbiddenKeyError"), BERTH_OPENPAI_FORBIDDEN_KEY, BERTH_OK},
    {BERTH_TEXT_INIT("InvalidParametersError"), BERTH_OPENPAI_INVALID_PARAMETERS, BERTH_OK},
    {BERTH_TEXT_INIT("InvalidProtocolError"), BERTH_OPENPAI_INVALID_PROTOCOL, BERTH_OK},
    {BERTH_TEXT_INIT("InvalidAuthFileError"), BERTH_OPENPAI_INVALID_AUTH_FILE, BERTH_OK},
    {BERTH_TEXT_INIT("NoUserError"), BERTH_OPENPAI_NO_USER, BERTH_E_NOT_FOUND},
    {BERTH_TEXT_INIT("IncorrectPasswordError"), BERTH_OPENPAI_INCORRECT_PASSWORD, BERTH_E_UNAUTHORIZED},
    {BERTH_TEXT_INIT("NoGroupError"), BERTH_OPENPAI_NO_GROUP, BERTH_E_NOT_FOUND},
    {BERTH_TEXT_INIT("NoJobError"), BERTH_OPENPAI_NO_JOB, BERTH_OK},
    {BERTH_TEXT_INIT("NoJobConfigError"), BERTH_OPENPAI_NO_JOB_CONFIG, BERTH_OK},
    {BERTH_TEXT_INIT("NoJobSshInfoError"), BERTH_OPENPAI_NO_JOB_SSH_INFO, BERTH_OK},
    {BERTH_TEXT_INIT("NoTaskLogError"), BERTH_OPENPAI_NO_TASK_LOG, BERTH_OK},
    {BERTH_TEXT_INIT("NoTagError"), BERTH_OPENPAI_NO_TAG, BERTH_OK},
    {BERTH_TEXT_INIT("NoStorageError"), BERTH_OPENPAI_NO_STORAGE, BERTH_OK},
    {BERTH_TEXT_INIT("NoVirtualClusterError"), BERTH_OPENPAI_NO_VIRTUAL_CLUSTER, BERTH_E_NOT_FOUND},
    {BERTH_TEXT_INIT("ConflictJobError"), BERTH_OPENPAI_CONFLICT_JOB, BERTH_OK},
    {BERTH_TEXT_INIT("ConflictUserError"), BERTH_OPENPAI_CONFLICT_USER, BERTH_OK},
    {BERTH_TEXT_INIT("ConflictVcError"), BERTH_OPENPAI_CONFLICT_VC, BERTH_OK},
    {BERTH_TEXT_INIT("NotImplementedError"), BERTH_OPENPAI_NOT_IMPLEMENTED, BERTH_E_NOT_PROVIDED},
    {BERTH_TEXT_INIT("BadConfigurationError"), BERTH_OPENPAI_BAD_CONFIGURATION, BERTH_OK},
    {BERTH_TEXT_INIT("NoEnoughQuotaError"), BERTH_OPENPAI_NO_ENOUGH_QUOTA, BERTH_OK},
    {BERTH_TEXT_INIT("ReadOnlyJobError"), BERTH_OPENPAI_READ_ONLY_JOB, BERTH_OK},
    {BERTH_TEXT_INIT("ReadOnlyVcError"), BERTH_OPENPAI_READ_ONLY_VC, BERTH_OK},
    {BERTH_TEXT_INIT("RemoveRunningVcError"), BERTH_OPENPAI_REMOVE_RUNNING_VC, BERTH_OK},
    {BERTH_TEXT_INIT("RemoveAdminError"), BERTH_OPENPAI_REMOVE_ADMIN, BERTH_OK},
    {BERTH_TEXT_INIT("NoSupportedLogServer"), BERTH_OPENPAI_NO_SUPPORTED_LOG_SERVER, BERTH_OK},
    {BERTH_TEXT_INIT("UnknownError"), BERTH_OPENPAI_UNKNOWN_ERROR, BERTH_OK},
};

/* ---- Words ------------------------------------------------------------------------------------ */

/* The characters of the JSON string RAW (its end may be missing) as far as CAP allows. */
static struct berth_text unescape(struct berth_text raw, char *buf, size_t cap)
{
    struct berth_text text;
    size_t len = 0;
    if (raw.len < 1 || raw.ptr[0] != '"')
        return berth_text_make(NULL, 0);
    for (size_t i = 1; i < raw.len && raw.ptr[i] != '"';) {
        size_t step = raw.ptr[i] != '\\' ? 1 : i + 1 < raw.len && raw.ptr[i + 1] == 'u' ? 6 : 2;
        bool is_pair = step == 6 && i + 7 < raw.len && (raw.ptr[i + 2] | 0x20) == 'd' &&
                       raw.ptr[i + 6] == '\\' && raw.ptr[i + 7] == 'u';
        step = is_pair ? 12 : step;
        if (step > raw.len - i || step > cap - len)
            break;
        memcpy(buf + len, raw.ptr + i, step);
        len += step;
        i += step;
    }
    if (berth_json_unescape_in_place(buf, len, &text) != BERTH_OK)
        return berth_text_make(NULL, 0);
    return text;
}

static struct berth_text member_text(struct berth_text object, struct berth_text name, char *buf, size_t cap)
{
    struct berth_text raw;
    if (!berth_json_find_member(object, name, &raw))
        return berth_text_make(NULL, 0);
    return unescape(raw, buf, cap);
}

/* A list of violations as a line: the first of them. */
static void put_violations(struct berth_writer *w, struct berth_text list)
{
    char where[120], what[240];
    struct berth_text first = berth_text_slice(list, 1, list.len);
    struct berth_text path = member_text(first, BERTH_TEXT("dataPath"), where, sizeof where);
    struct berth_text message = member_text(first, BERTH_TEXT("message"), what, sizeof what);
    bool more = berth_text_find(list, BERTH_TEXT("},{")) != SIZE_MAX;
    if (path.len == 0 && message.len == 0) {
        berth_put_line(w, list);
        return;
    }
    berth_put_line_string(w, "the job document: ");
    berth_put_line(w, path);
    berth_put_line_string(w, path.len > 0 ? ": " : "");
    berth_put_line(w, message);
    if (more)
        berth_put_line_string(w, ", and more");
}

static void put_message(struct berth_writer *w, struct berth_text body)
{
    char words[WORDS_MAX];
    struct berth_text message = member_text(body, BERTH_TEXT("message"), words, sizeof words);
    if (message.len == 0)
        message = member_text(body, BERTH_TEXT("error"), words, sizeof words);
    if (message.len > 1 && message.ptr[0] == '[' && message.ptr[1] == '{')
        put_violations(w, message);
    else
        berth_put_line(w, message);
}

/* The server's own words, in one line; nothing when the body has none. */
static void put_words(struct berth_writer *w, struct berth_text body)
{
    if (body.len == 0 || berth_text_equal(body, BERTH_TEXT("null")) || body.ptr[0] == '<')
        return;
    if (body.ptr[0] == '{')
        put_message(w, body);
    else if (body.ptr[0] != '[')
        berth_put_line(w, body); /* a rate limit's text comes as text/html, but is none */
}

static void take_code(struct berth_openpai_result *result, struct berth_text body, enum berth_status *meaning)
{
    char name[BERTH_OPENPAI_CODE_MAX + 1];
    *meaning = BERTH_OK;
    struct berth_text text = {NULL, 0};
    if (body.len > 0 && body.ptr[0] == '{') {
        text = member_text(body, BERTH_TEXT("code"), name, BERTH_OPENPAI_CODE_MAX);
        if (text.len == 0)
            text = member_text(body, BERTH_TEXT("error"), name, BERTH_OPENPAI_CODE_MAX);
    }
    result->code = text.len > 0 ? BERTH_OPENPAI_CODE_UNKNOWN : BERTH_OPENPAI_CODE_NONE;
    memset(result->code_text, 0, sizeof result->code_text);
    if (text.len > 0)
        memcpy(result->code_text, text.ptr, text.len);
    for (size_t i = 0; i < COUNT(codes); i++)
        if (berth_text_equal(codes[i].name, text)) {
            result->code = codes[i].code;
            *meaning = codes[i].meaning;
        }
}

/* ---- Judgement -------------------------------------------------------------------------------- */

/* What the server's words leave out. */
static const char *addition(const struct berth_openpai_request *request, int http_status,
                            enum berth_openpai_code code)
{
    bool submits = request->operation == BERTH_OPENPAI_JOBS_SUBMIT_V1 ||
                   request->operation == BERTH_OPENPAI_JOBS_SUBMIT_V2;
    const struct berth_openpai_account *account = request->pai->config.account;
    if (berth_openpai_work_of_const(request)->phase == BERTH_OPENPAI_PHASE_LINK)
        return http_status == 403   ? "; the log's address is no longer good: ask for it again"
               : http_status == 404 ? "; the log is gone"
                                    : NULL;
    if (http_status == 401 && (account == NULL || account->token[0] == '\0'))
        return "; it wants a token: log in, or give one";
    if (http_status == 401)
        return "; the token is expired or revoked: log in again";
    if (submits && code == BERTH_OPENPAI_FORBIDDEN_USER)
        return "; or there is no such virtual cluster";
    if (request->operation == BERTH_OPENPAI_TOKENS_REVOKE && http_status == 500)
        return "; it may be no token, or one that has expired anyway";
    if (submits && http_status == 500 && code == BERTH_OPENPAI_CODE_NONE)
        return "; the document may be no YAML for it: check it, and do not just repeat it";
    return NULL;
}

static enum berth_status meaning_of(const struct berth_openpai_request *request, int http_status,
                                    enum berth_openpai_code code, enum berth_status by_code)
{
    const struct berth_openpai_work *work = berth_openpai_work_of_const(request);
    if (work->phase == BERTH_OPENPAI_PHASE_LOGIN && code == BERTH_OPENPAI_NO_USER)
        return BERTH_E_UNAUTHORIZED;
    if (work->phase != BERTH_OPENPAI_PHASE_LOGIN && code == BERTH_OPENPAI_INCORRECT_PASSWORD)
        return BERTH_E_FORBIDDEN; /* of a change of password: the session is as good as before */
    if (code == BERTH_OPENPAI_NO_JOB_SSH_INFO && request->pai->server.scheduler == BERTH_OPENPAI_K8S)
        return BERTH_E_NOT_PROVIDED;
    if (request->operation == BERTH_OPENPAI_JOBS_ATTEMPTS_HEALTH && http_status == 501)
        return BERTH_E_NOT_PROVIDED;
    return by_code != BERTH_OK ? by_code : berth_call_status_of(http_status);
}

enum berth_status berth_openpai_judge(const struct berth_call *call, const struct berth_http_result *result,
                                      struct berth_writer *out_message)
{
    struct berth_openpai_request *request = call->platform;
    struct berth_openpai_result scratch, *out = &request->result;
    struct berth_text body = berth_call_error_body(call);
    struct berth_text trimmed = berth_text_trim(body);
    enum berth_status by_code;
    if (berth_openpai_work_of(request)->kept) {
        scratch.code = BERTH_OPENPAI_CODE_NONE; /* a second look: the first answer's words stay */
        out = &scratch;
    } else {
        out->error_body = body;
    }
    take_code(out, trimmed, &by_code);
    put_words(out_message, trimmed);
    const char *more = addition(request, result->http_status, out->code);
    if (out_message->len > 0 && more != NULL)
        berth_put_line_string(out_message, more);
    else if (more != NULL)
        berth_put_line_string(out_message, more + 2);
    return meaning_of(request, result->http_status, out->code, by_code);
}

enum berth_status berth_openpai_head(struct berth_call *call, const struct berth_http_head *head)
{
    struct berth_openpai_request *request = call->platform;
    struct berth_openpai_result *result = &request->result;
    struct berth_text type = berth_http_head_find(head, BERTH_TEXT("Content-Type"));
    struct berth_text limit = berth_http_head_find(head, BERTH_TEXT("X-RateLimit-Limit"));
    struct berth_text remaining = berth_http_head_find(head, BERTH_TEXT("X-RateLimit-Remaining"));
    struct berth_text reset = berth_http_head_find(head, BERTH_TEXT("X-RateLimit-Reset"));
    uint64_t number;
    berth_openpai_work_of(request)->is_page = berth_http_media_type_is(type, BERTH_TEXT("text/html"));
    if (limit.ptr == NULL || berth_parse_u64(limit, &number) != BERTH_OK)
        return BERTH_OK;
    result->has_rate = true;
    result->rate_limit = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    if (berth_parse_u64(remaining, &number) == BERTH_OK)
        result->rate_remaining = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    if (berth_parse_i64(reset, &result->rate_reset_s) != BERTH_OK)
        result->rate_reset_s = 0;
    return BERTH_OK;
}

/* ---- Violations ------------------------------------------------------------------------------- */

enum berth_status berth_openpai_next_violation(const struct berth_openpai_result *result, char *buf,
                                               size_t cap, struct berth_json_list *inout_list,
                                               struct berth_openpai_violation *out_violation)
{
    struct berth_text raw;
    struct berth_writer w;
    memset(out_violation, 0, sizeof *out_violation);
    if (inout_list->ptr == NULL) {
        struct berth_text body = berth_text_trim(result->error_body);
        if (body.len == 0 || body.ptr[0] != '{' ||
            !berth_json_find_member(body, BERTH_TEXT("message"), &raw) || raw.len < 2 || raw.ptr[0] != '"' ||
            raw.ptr[raw.len - 1] != '"')
            return BERTH_E_MISSING;
        berth_writer_init(&w, buf, cap);
        BERTH_TRY(berth_json_unescape(berth_text_slice(raw, 1, raw.len - 1), &w));
        if (w.len == 0 || buf[0] != '[' || berth_json_check(berth_writer_text(&w), NULL) != BERTH_OK)
            return BERTH_E_MISSING;
        inout_list->ptr = buf;
        inout_list->len = w.len;
    }
    return berth_json_list_decode(inout_list, &berth_openpai_violation_shape, out_violation, NULL);
}
