/* mlcycle's data in the caller's hands: the environment, steps, fragments and metrics one by one. */
#include "platform/mlcycle.h"

#include <string.h>

#include "berth/url.h"
#include "data/json_member.h"

/* ---- The environment -------------------------------------------------------------------------- */

static struct berth_text variable(const char *(*get)(void *ctx, const char *name), void *ctx,
                                  const char *name, const char **out_name)
{
    if (out_name != NULL)
        *out_name = name;
    return berth_text_of(get(ctx, name));
}

static bool is_digits(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

static enum berth_status parse_id(struct berth_text text, struct berth_guid *out_guid)
{
    if (text.len == 0)
        return BERTH_OK;
    if (berth_guid_parse(text, out_guid) != BERTH_OK || berth_guid_is_nil(out_guid))
        return BERTH_E_SYNTAX;
    return BERTH_OK;
}

enum berth_status berth_mlcycle_from_env(struct berth_mlcycle_env *out_env,
                                         const char *(*get)(void *ctx, const char *name), void *ctx,
                                         const char **out_variable)
{
    struct berth_url url;
    memset(out_env, 0, sizeof *out_env);
    struct berth_text host = variable(get, ctx, "MLCYCLE_HOST", out_variable);
    if (host.len > 0) {
        if (berth_url_parse(host, &url, NULL) != BERTH_OK)
            return BERTH_E_SYNTAX;
        out_env->host = host;
    }
    BERTH_TRY(parse_id(variable(get, ctx, "MLCYCLE_PROJECT", out_variable), &out_env->project));
    BERTH_TRY(parse_id(variable(get, ctx, "MLCYCLE_JOB", out_variable), &out_env->job));
    struct berth_text step = variable(get, ctx, "MLCYCLE_STEP", out_variable);
    if (step.len > 0) {
        if (!is_digits(step) || berth_parse_i32(step, &out_env->step) != BERTH_OK)
            return BERTH_E_SYNTAX;
        out_env->has_step = true;
    }
    if (out_variable != NULL)
        *out_variable = NULL;
    return BERTH_OK;
}

enum berth_status berth_mlcycle_resolve_step(const struct berth_mlcycle_env *env,
                                             struct berth_mlcycle_step_id *inout_id, const char **out_missing)
{
    const char *missing = NULL;
    bool same_job = !berth_guid_is_set(&inout_id->job) || berth_guid_equal(&inout_id->job, &env->job);
    if (!berth_guid_is_set(&inout_id->job))
        inout_id->job = env->job;
    if (!inout_id->has_step && env->has_step && same_job) {
        inout_id->has_step = true;
        inout_id->step = env->step;
    }
    if (!berth_guid_is_set(&inout_id->job))
        missing = "job";
    else if (!inout_id->has_step)
        missing = "step";
    if (out_missing != NULL)
        *out_missing = missing;
    return missing == NULL ? BERTH_OK : BERTH_E_MISSING;
}

/* ---- Lists ------------------------------------------------------------------------------------ */

enum berth_status berth_mlcycle_next_step(struct berth_json_list *steps, struct berth_mlcycle_step *out_step,
                                          struct berth_decode_error *out_error)
{
    return berth_json_list_decode(steps, &berth_mlcycle_step_shape, out_step, out_error);
}

enum berth_status berth_mlcycle_next_fragment(struct berth_json_list *fragments, const struct berth_guid *job,
                                              int32_t step_number,
                                              struct berth_mlcycle_fragment *out_fragment,
                                              struct berth_decode_error *out_error)
{
    BERTH_TRY(berth_json_list_decode(fragments, &berth_mlcycle_fragment_shape, out_fragment, out_error));
    if (!berth_guid_is_set(&out_fragment->job_id)) {
        out_fragment->job_id = *job;
        out_fragment->step_number = step_number;
    }
    return BERTH_OK;
}

bool berth_mlcycle_find_i32(struct berth_text object, struct berth_text name, int32_t *out_value)
{
    struct berth_text raw;
    return berth_json_find_member(object, name, &raw) && berth_parse_i32(raw, out_value) == BERTH_OK;
}

/* Beyond the range of a double a number is an infinity. */
static double overflow(struct berth_text number)
{
    uint64_t bits = number.ptr[0] == '-' ? UINT64_C(0xFFF0000000000000) : UINT64_C(0x7FF0000000000000);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static enum berth_status read_number(struct berth_text raw, struct berth_mlcycle_metric *metric)
{
    bool is_whole = true;
    for (size_t i = 0; i < raw.len; i++)
        is_whole = is_whole && raw.ptr[i] != '.' && raw.ptr[i] != 'e' && raw.ptr[i] != 'E';
    metric->kind = is_whole && berth_parse_i64(raw, &metric->i64) == BERTH_OK ? BERTH_MLCYCLE_METRIC_I64
                                                                              : BERTH_MLCYCLE_METRIC_DOUBLE;
    enum berth_status status = berth_parse_double(raw, &metric->number);
    if (status != BERTH_E_RANGE)
        return status;
    metric->number = overflow(raw);
    return BERTH_OK;
}

/* Half of a surrogate pair is JSON, but no text: then the raw value is all there is. */
static enum berth_status read_text(struct berth_json_list item, struct berth_mlcycle_metric *metric)
{
    struct berth_writer count = {0};
    enum berth_status status = berth_json_unescape(berth_text_make(item.ptr + 1, item.len - 2), &count);
    if (status == BERTH_E_UTF8)
        return BERTH_OK;
    metric->raw = berth_text_make(NULL, 0);
    return berth_json_unescape_in_place(item.ptr + 1, item.len - 2, &metric->text);
}

enum berth_status berth_mlcycle_next_metric(struct berth_json_list *metrics,
                                            struct berth_mlcycle_metric *out_metric)
{
    struct berth_json_list item;
    memset(out_metric, 0, sizeof *out_metric);
    BERTH_TRY(berth_json_list_next(metrics, &out_metric->key, &item));
    out_metric->raw = berth_text_make(item.ptr, item.len);
    switch (item.ptr[0]) {
    case 'n':
        out_metric->kind = BERTH_MLCYCLE_METRIC_NULL;
        return BERTH_OK;
    case 't':
    case 'f':
        out_metric->kind = BERTH_MLCYCLE_METRIC_BOOL;
        out_metric->boolean = item.ptr[0] == 't';
        return BERTH_OK;
    case '{':
    case '[':
        out_metric->kind = BERTH_MLCYCLE_METRIC_NESTED;
        return BERTH_OK;
    case '"':
        out_metric->kind = BERTH_MLCYCLE_METRIC_TEXT;
        return read_text(item, out_metric);
    default:
        return read_number(out_metric->raw, out_metric);
    }
}
