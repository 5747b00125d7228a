/* OpenPAI inside a job's container: the environment, ports, and a program's course with its handlers. */
#include "berth/openpai_runtime.h"

#include <string.h>

#include "base/md5.h"
#include "berth/openpai_data.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
/* The longest name of a variable that is made here: a role's and a label's name may have 255 bytes each. */
#define VARIABLE_MAX 600
#define PORT_START 15000
#define PORT_END 40000

/* ---- The environment -------------------------------------------------------------------------- */

static struct berth_text variable(berth_openpai_getenv_fn *get, void *ctx, const char *name)
{
    const char *value = get(ctx, name);
    return value == NULL || value[0] == '\0' ? berth_text_make(NULL, 0) : berth_text_of(value);
}

static struct berth_text either(berth_openpai_getenv_fn *get, void *ctx, const char *name, const char *other)
{
    struct berth_text value = variable(get, ctx, name);
    return value.ptr != NULL ? value : variable(get, ctx, other);
}

bool berth_openpai_in_job(berth_openpai_getenv_fn *get, void *ctx, const char *name)
{
    static const char *const names[] = {"PAI_CONTAINER_ID", "PAI_CURRENT_TASK_ROLE_NAME",
                                        "PAI_FRAMEWORK_NAME", "FC_POD_UID"};
    if (name != NULL)
        return variable(get, ctx, name).ptr != NULL;
    for (size_t i = 0; i < COUNT(names); i++)
        if (variable(get, ctx, names[i]).ptr != NULL)
            return true;
    return false;
}

static enum berth_status read_number(berth_openpai_getenv_fn *get, void *ctx, const char *const *names,
                                     bool *out_has, uint32_t *out_value, const char **out_variable)
{
    for (; *names != NULL; names++) {
        struct berth_text text = variable(get, ctx, *names);
        uint64_t number;
        if (text.ptr == NULL)
            continue;
        if (out_variable != NULL)
            *out_variable = *names;
        if (berth_parse_u64(text, &number) != BERTH_OK || number > UINT32_MAX)
            return BERTH_E_SYNTAX;
        *out_has = true;
        *out_value = (uint32_t)number;
        break;
    }
    if (out_variable != NULL)
        *out_variable = NULL;
    return BERTH_OK;
}

enum berth_status berth_openpai_env_read(struct berth_openpai_env *out_env, berth_openpai_getenv_fn *get,
                                         void *ctx, const char **out_variable)
{
    static const char *const index_names[] = {"PAI_CURRENT_TASK_ROLE_CURRENT_TASK_INDEX", "PAI_TASK_INDEX",
                                              "FC_TASK_INDEX", "PAI_TASK_ROLE_INDEX", NULL};
    static const char *const attempt_names[] = {"FC_FRAMEWORK_ATTEMPT_ID", NULL};
    struct berth_openpai_env *env = out_env;
    memset(env, 0, sizeof *env);
    env->pai_uri = variable(get, ctx, "PAI_SDK_CLIENT_PAI_URI");
    env->rest_server_uri = variable(get, ctx, "PAI_SDK_CLIENT_REST_SERVER_URI");
    env->user = variable(get, ctx, "PAI_SDK_CLIENT_USER");
    env->hdfs_web_uri = variable(get, ctx, "PAI_SDK_CLIENT_HDFS_WEB_URI");
    env->token = variable(get, ctx, "PAI_SDK_CLIENT_TOKEN");
    env->job = either(get, ctx, "PAI_JOB_NAME", "PAI_FRAMEWORK_NAME");
    if (berth_text_find_byte(env->job, '~') != SIZE_MAX)
        (void)berth_text_split(&env->job, '~', &env->job_user);
    env->user_name = either(get, ctx, "PAI_USER_NAME", "PAI_USERNAME");
    env->virtual_cluster = variable(get, ctx, "PAI_VIRTUAL_CLUSTER");
    env->role = either(get, ctx, "PAI_CURRENT_TASK_ROLE_NAME", "FC_TASKROLE_NAME");
    env->pod_uid = variable(get, ctx, "FC_POD_UID");
    env->host_ip = either(get, ctx, "PAI_CONTAINER_HOST_IP", "PAI_CURRENT_CONTAINER_IP");
    env->workspace = variable(get, ctx, "PAI_SDK_JOB_WORKSPACE");
    env->output_folder = variable(get, ctx, "PAI_SDK_JOB_OUTPUT_DIR");
    env->code_folder = variable(get, ctx, "PAI_SDK_JOB_CODE_DIR");
    BERTH_TRY(read_number(get, ctx, index_names, &env->has_index, &env->index, out_variable));
    return read_number(get, ctx, attempt_names, &env->has_attempt, &env->attempt, out_variable);
}

enum berth_status berth_openpai_next_client_variable(const char *const *environment, struct berth_text prefix,
                                                     size_t *inout_index, char *buf, size_t cap,
                                                     struct berth_text *out_key, struct berth_text *out_value)
{
    if (prefix.ptr == NULL)
        prefix = BERTH_TEXT("PAI_SDK_CLIENT");
    while (environment[*inout_index] != NULL) {
        struct berth_text value = berth_text_of(environment[*inout_index]), name;
        struct berth_writer w;
        ++*inout_index;
        if (!berth_text_split(&value, '=', &name) || value.ptr == NULL || !berth_text_starts(name, prefix) ||
            name.len <= prefix.len + 1 || name.ptr[prefix.len] != '_')
            continue;
        berth_writer_init(&w, buf, cap);
        for (size_t i = prefix.len + 1; i < name.len; i++) {
            char c = name.ptr[i];
            berth_put_char(&w, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
        }
        *out_key = berth_writer_text(&w);
        *out_value = value;
        return berth_writer_status(&w);
    }
    return BERTH_E_MISSING;
}

/* The variable BEFORE role_index(_label), by the role's name as it is, and as Kubernetes servers spell it. */
static enum berth_status of_task(berth_openpai_getenv_fn *get, void *ctx, const char *before,
                                 struct berth_text role, uint32_t index, struct berth_text label,
                                 struct berth_text *out_value)
{
    char name[VARIABLE_MAX];
    for (unsigned normalised = 0; normalised < 2; normalised++) {
        struct berth_writer w;
        berth_writer_init(&w, name, sizeof name);
        berth_put_string(&w, before);
        if (normalised)
            berth_openpai_put_role(&w, role);
        else
            berth_put_text(&w, role);
        berth_put_char(&w, '_');
        berth_put_u64(&w, index);
        if (label.len > 0)
            berth_put_char(&w, '_');
        berth_put_text(&w, label);
        BERTH_TRY(berth_writer_terminate(&w));
        *out_value = variable(get, ctx, name);
        if (out_value->ptr != NULL)
            return BERTH_OK;
    }
    return BERTH_E_MISSING;
}

enum berth_status berth_openpai_task_host(berth_openpai_getenv_fn *get, void *ctx, struct berth_text role,
                                          uint32_t index, struct berth_text *out_ip)
{
    return of_task(get, ctx, "PAI_HOST_IP_", role, index, BERTH_TEXT(""), out_ip);
}

enum berth_status berth_openpai_task_ports(berth_openpai_getenv_fn *get, void *ctx, struct berth_text role,
                                           uint32_t index, struct berth_text label,
                                           struct berth_text *out_ports)
{
    return of_task(get, ctx, "PAI_PORT_LIST_", role, index, label, out_ports);
}

/* ---- Names and numbers ------------------------------------------------------------------------ */

/* Twelve hexadecimal digits of a hash, as the server adds them up: 48 bits. */
static uint64_t six_bytes(const unsigned char *bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 6; i++)
        value = value << 8 | bytes[i];
    return value;
}

enum berth_status berth_openpai_predict_port(struct berth_text pod_uid, struct berth_text label,
                                             uint32_t index, uint32_t start, uint32_t end, uint32_t *out_port)
{
    unsigned char hash[BERTH_MD5_SIZE];
    char digits[10];
    struct berth_writer w;
    struct berth_md5 md5;
    if (start == 0 && end == 0) {
        start = PORT_START;
        end = PORT_END;
    }
    if (start >= end)
        return BERTH_E_ARGUMENT;
    berth_writer_init(&w, digits, sizeof digits);
    berth_put_u64(&w, index);
    const struct berth_text parts[] = {BERTH_TEXT_INIT("["),  pod_uid,
                                       BERTH_TEXT_INIT("]["), label,
                                       BERTH_TEXT_INIT("]["), berth_writer_text(&w),
                                       BERTH_TEXT_INIT("]")};
    berth_md5_init(&md5);
    for (size_t i = 0; i < COUNT(parts); i++)
        berth_md5_add(&md5, parts[i]);
    berth_md5_end(&md5, hash);
    /* The third part has the last eight digits alone. */
    uint64_t sum = six_bytes(hash) + six_bytes(hash + 6);
    sum += (uint64_t)hash[12] << 24 | (uint64_t)hash[13] << 16 | (uint64_t)hash[14] << 8 | hash[15];
    *out_port = (uint32_t)(sum % (end - start)) + start;
    return BERTH_OK;
}

void berth_openpai_put_debug_id(struct berth_writer *w, struct berth_text user, struct berth_text job)
{
    unsigned char hash[BERTH_MD5_SIZE];
    struct berth_md5 md5;
    berth_md5_init(&md5);
    berth_md5_add(&md5, user);
    berth_md5_add(&md5, BERTH_TEXT("~"));
    berth_md5_add(&md5, job);
    berth_md5_end(&md5, hash);
    berth_put_hex(w, hash, sizeof hash);
}

/* ---- A program's course ----------------------------------------------------------------------- */

void berth_openpai_runtime_init(struct berth_openpai_runtime *runtime, struct berth_openpai_handler *handlers,
                                size_t handler_cap, bool active)
{
    runtime->handlers = handlers;
    runtime->handler_cap = handler_cap;
    runtime->handler_count = 0;
    runtime->active = active;
}

enum berth_status berth_openpai_runtime_on(struct berth_openpai_runtime *runtime,
                                           enum berth_openpai_moment moment, berth_openpai_handler_fn *handle,
                                           void *ctx)
{
    bool is_moment = moment == BERTH_OPENPAI_ON_START || moment == BERTH_OPENPAI_ON_END ||
                     moment == BERTH_OPENPAI_ON_EXCEPTION;
    if (!is_moment || handle == NULL)
        return BERTH_E_ARGUMENT;
    if (runtime->handler_count == runtime->handler_cap)
        return BERTH_E_SPACE;
    runtime->handlers[runtime->handler_count++] = (struct berth_openpai_handler){moment, handle, ctx};
    return BERTH_OK;
}

/* Tells the handlers of an moment; the first failure. ALL: goes on after one. */
static enum berth_status tell(const struct berth_openpai_runtime *runtime, enum berth_openpai_moment moment,
                              enum berth_status failure, bool all)
{
    const struct berth_openpai_happening happening = {moment, failure};
    size_t count = runtime->handler_count;
    enum berth_status first = BERTH_OK;
    for (size_t i = 0; i < count && (all || first == BERTH_OK); i++) {
        const struct berth_openpai_handler *handler =
            &runtime->handlers[moment == BERTH_OPENPAI_ON_END ? count - 1 - i : i];
        if (handler->moment != moment)
            continue;
        enum berth_status status = handler->handle(handler->ctx, &happening);
        first = first == BERTH_OK ? status : first;
    }
    return first;
}

enum berth_status berth_openpai_runtime_run(const struct berth_openpai_runtime *runtime,
                                            berth_openpai_handler_fn *main, void *ctx)
{
    const struct berth_openpai_happening happening = {BERTH_OPENPAI_ON_MAIN, BERTH_OK};
    if (!runtime->active)
        return main(ctx, &happening);
    enum berth_status failure = tell(runtime, BERTH_OPENPAI_ON_START, BERTH_OK, false);
    if (failure == BERTH_OK)
        failure = main(ctx, &happening);
    if (failure != BERTH_OK)
        (void)tell(runtime, BERTH_OPENPAI_ON_EXCEPTION, failure, true);
    enum berth_status last = tell(runtime, BERTH_OPENPAI_ON_END, failure, true);
    return failure != BERTH_OK ? failure : last;
}
