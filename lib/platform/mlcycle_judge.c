/* What mlcycle's error answers mean, and the words in them: five shapes of body (wire 0.6, 0.7). */
#include "platform/mlcycle.h"

#include <stddef.h>
#include <string.h>

#include "platform/call.h"
#include "platform/line.h"

/* A problem document (RFC 7807) as far as it says something to people. */
struct problem {
    uint32_t present;
    struct berth_text title;
    struct berth_text errors;
};

static const struct berth_field problem_fields[] = {
    {.name = BERTH_TEXT_INIT("title"), .type = BERTH_FIELD_TEXT, .offset = offsetof(struct problem, title)},
    {.name = BERTH_TEXT_INIT("errors"), .type = BERTH_FIELD_RAW, .offset = offsetof(struct problem, errors)},
};
static const struct berth_shape problem_shape = {.name = "problem",
                                                 .fields = problem_fields,
                                                 .field_count = 2,
                                                 .size = sizeof(struct problem),
                                                 .present_offset = offsetof(struct problem, present)};

/* The inside of the JSON string at LIST, unescaped; absent when it is none. */
static struct berth_text string_of(struct berth_json_list item)
{
    struct berth_text text = {NULL, 0};
    if (item.len < 2 || item.ptr[0] != '"' || item.ptr[item.len - 1] != '"')
        return text;
    if (berth_json_unescape_in_place(item.ptr + 1, item.len - 2, &text) != BERTH_OK)
        return berth_text_make(NULL, 0);
    return text;
}

/* The first text in {"field": ["text", ...], ...}. BODY is the memory that ERRORS is a view of. */
static struct berth_text first_error(char *body, struct berth_text errors)
{
    struct berth_json_list map = {body + (errors.ptr - body), errors.len, 0};
    struct berth_json_list texts;
    struct berth_json_list text;
    if (errors.len == 0 || errors.ptr[0] != '{' || berth_json_list_next(&map, NULL, &texts) != BERTH_OK)
        return berth_text_make(NULL, 0);
    if (texts.ptr[0] == '"')
        return string_of(texts);
    if (texts.ptr[0] != '[' || berth_json_list_next(&texts, NULL, &text) != BERTH_OK)
        return berth_text_make(NULL, 0);
    return string_of(text);
}

static void put_problem(struct berth_writer *w, char *body, size_t len)
{
    struct problem problem;
    if (berth_fields_decode(&problem_shape, body, len, &problem, NULL) != BERTH_OK)
        return;
    struct berth_text error =
        problem.errors.ptr != NULL ? first_error(body, problem.errors) : berth_text_make(NULL, 0);
    berth_put_line(w, error.len > 0 ? error : problem.title);
}

/* The server's own words, in one line; nothing when the body has none. */
static void put_words(struct berth_writer *w, const struct berth_http_result *result)
{
    char body[BERTH_HTTP_ERROR_BODY_MAX];
    struct berth_text text = berth_text_trim(result->error_body);
    if (text.len == 0 || text.len > sizeof body ||
        berth_http_media_type_is(result->content_type, BERTH_TEXT("text/html")))
        return;
    memcpy(body, text.ptr, text.len);
    if (body[0] == '{') {
        put_problem(w, body, text.len);
    } else if (body[0] == '"') {
        struct berth_json_list quoted = {body, text.len, 0};
        if (berth_json_check(text, NULL) == BERTH_OK)
            berth_put_line(w, string_of(quoted));
    } else if (berth_http_media_type_is(result->content_type, BERTH_TEXT("text/plain"))) {
        berth_put_line(w, text);
    }
}

enum berth_status berth_mlcycle_judge(const struct berth_call *call, const struct berth_http_result *result,
                                      struct berth_writer *out_message)
{
    bool is_problem = berth_http_media_type_is(result->content_type, BERTH_TEXT("application/problem+json"));
    put_words(out_message, result);
    if (call->operation == BERTH_MLCYCLE_JOBS_TRIGGER && result->http_status == 503 && is_problem) {
        if (out_message->len == 0)
            berth_put_line_string(out_message, "the project has a job that is neither done nor failed");
        return BERTH_E_BUSY;
    }
    if (call->operation == BERTH_MLCYCLE_SCHEDULER_PENDING &&
        (result->http_status == 408 || result->http_status == 504))
        return BERTH_E_NO_WORK;
    return berth_call_status_of(result->http_status);
}
