/* OpenPAI's data in the caller's hands: states, exit codes, lists, ports, names. */
#include "platform/openpai.h"

#include <string.h>

#include "data/json_member.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* ---- States ----------------------------------------------------------------------------------- */

enum outcome { BY_EXIT_CODE, RUNNING_OR_STOPPING, WAITING, RUNNING, G1_BY_EXIT_CODE, G1_TASK_BY_EXIT_CODE };

static const struct {
    struct berth_text name;
    enum outcome job, attempt;
} sub_states[] = {
    {BERTH_TEXT_INIT("AttemptCreationPending"), WAITING, WAITING},
    {BERTH_TEXT_INIT("AttemptCreationRequested"), WAITING, WAITING},
    {BERTH_TEXT_INIT("AttemptPreparing"), WAITING, WAITING},
    {BERTH_TEXT_INIT("AttemptRunning"), RUNNING, RUNNING},
    {BERTH_TEXT_INIT("AttemptDeletionPending"), RUNNING_OR_STOPPING, RUNNING_OR_STOPPING},
    {BERTH_TEXT_INIT("AttemptDeletionRequested"), RUNNING_OR_STOPPING, RUNNING_OR_STOPPING},
    {BERTH_TEXT_INIT("AttemptDeleting"), RUNNING_OR_STOPPING, RUNNING_OR_STOPPING},
    {BERTH_TEXT_INIT("AttemptCompleted"), RUNNING_OR_STOPPING, BY_EXIT_CODE},
    {BERTH_TEXT_INIT("Completed"), BY_EXIT_CODE, BY_EXIT_CODE},
    {BERTH_TEXT_INIT("FRAMEWORK_WAITING"), WAITING, WAITING},
    {BERTH_TEXT_INIT("APPLICATION_CREATED"), WAITING, WAITING},
    {BERTH_TEXT_INIT("APPLICATION_LAUNCHED"), WAITING, WAITING},
    {BERTH_TEXT_INIT("APPLICATION_WAITING"), WAITING, WAITING},
    {BERTH_TEXT_INIT("APPLICATION_RETRIEVING_DIAGNOSTICS"), WAITING, WAITING},
    {BERTH_TEXT_INIT("APPLICATION_COMPLETED"), WAITING, WAITING},
    {BERTH_TEXT_INIT("APPLICATION_RUNNING"), RUNNING, RUNNING},
    {BERTH_TEXT_INIT("FRAMEWORK_COMPLETED"), G1_BY_EXIT_CODE, G1_BY_EXIT_CODE},
    {BERTH_TEXT_INIT("TASK_COMPLETED"), G1_TASK_BY_EXIT_CODE, G1_TASK_BY_EXIT_CODE},
};

/* Exit codes by which servers mark what was stopped. */
#define STOP_REQUESTED (-210)
#define STOP_COMPLETED (-220)
#define G1_STOPPED (-7351)
#define G1_STOPPED_OLD 214 /* up to 0.12 */
#define G1_TASK_STOPPED (-7400)

enum berth_openpai_state berth_openpai_state_of(struct berth_text sub_state, const int64_t *exit_code,
                                                bool attempt)
{
    int64_t code = exit_code != NULL ? *exit_code : 1;
    bool stopped = exit_code != NULL && (code == STOP_REQUESTED || code == STOP_COMPLETED);
    enum berth_openpai_state by_code = code == 0 ? BERTH_OPENPAI_SUCCEEDED
                                       : stopped ? BERTH_OPENPAI_STOPPED
                                                 : BERTH_OPENPAI_FAILED;
    for (size_t i = 0; i < COUNT(sub_states); i++) {
        if (!berth_text_equal(sub_states[i].name, sub_state))
            continue;
        switch (attempt ? sub_states[i].attempt : sub_states[i].job) {
        case WAITING:
            return BERTH_OPENPAI_WAITING;
        case RUNNING:
            return BERTH_OPENPAI_RUNNING;
        case RUNNING_OR_STOPPING:
            return stopped ? BERTH_OPENPAI_STOPPING : BERTH_OPENPAI_RUNNING;
        case G1_BY_EXIT_CODE:
            return code == G1_STOPPED || code == G1_STOPPED_OLD ? BERTH_OPENPAI_STOPPED : by_code;
        case G1_TASK_BY_EXIT_CODE:
            return code == G1_TASK_STOPPED ? BERTH_OPENPAI_STOPPED : by_code;
        default:
            return by_code;
        }
    }
    return BERTH_OPENPAI_STATE_UNKNOWN;
}

static const struct {
    int64_t code;
    struct berth_text phrase;
} exit_phrases[] = {
    {0, BERTH_TEXT_INIT("success")},
    {-210, BERTH_TEXT_INIT("stop requested")},
    {-220, BERTH_TEXT_INIT("ended by the completion policy or a stop")},
    {-230, BERTH_TEXT_INIT("task deleted")},
    {-1000, BERTH_TEXT_INIT("evicted from the node")},
    {-1001, BERTH_TEXT_INIT("node lost")},
    {-1100, BERTH_TEXT_INIT("the job could not be created")},
    {-1200, BERTH_TEXT_INIT("out of memory")},
    {130, BERTH_TEXT_INIT("interrupted (SIGINT)")},
    {131, BERTH_TEXT_INIT("quit (SIGQUIT)")},
    {137, BERTH_TEXT_INIT("killed (SIGKILL)")},
    {143, BERTH_TEXT_INIT("terminated (SIGTERM)")},
    {220, BERTH_TEXT_INIT("the user's command failed")},
    {250, BERTH_TEXT_INIT("waiting for the other tasks failed")},
    {251, BERTH_TEXT_INIT("the tasks did not come together in time")},
    {252, BERTH_TEXT_INIT("waiting for the other tasks failed for good")},
    {253, BERTH_TEXT_INIT("a port was taken")},
    {254, BERTH_TEXT_INIT("the image check failed")},
};

struct berth_text berth_openpai_exit_phrase(int64_t exit_code)
{
    for (size_t i = 0; i < COUNT(exit_phrases); i++)
        if (exit_phrases[i].code == exit_code)
            return exit_phrases[i].phrase;
    return BERTH_TEXT("");
}

/* ---- Lists ------------------------------------------------------------------------------------ */

enum berth_status berth_openpai_text_of_json(char *json, size_t len, struct berth_text *out_text)
{
    if (len < 2 || json[0] != '"')
        return BERTH_E_TYPE;
    return berth_json_unescape_in_place(json + 1, len - 2, out_text);
}

enum berth_status berth_openpai_next_text(struct berth_json_list *list, struct berth_text *out_text)
{
    struct berth_json_list item;
    BERTH_TRY(berth_json_list_next(list, NULL, &item));
    return berth_openpai_text_of_json(item.ptr, item.len, out_text);
}

enum berth_status berth_openpai_next_port(struct berth_json_list *ports, struct berth_text *out_label,
                                          struct berth_text *out_numbers)
{
    struct berth_json_list item;
    BERTH_TRY(berth_json_list_next(ports, out_label, &item));
    if (item.len > 0 && item.ptr[0] == '"')
        return berth_openpai_text_of_json(item.ptr, item.len, out_numbers);
    *out_numbers = berth_text_make(item.ptr, item.len);
    return item.len > 0 && item.ptr[0] >= '0' && item.ptr[0] <= '9' ? BERTH_OK : BERTH_E_TYPE;
}

enum berth_status berth_openpai_next_mount(struct berth_json_list *mounts,
                                           struct berth_openpai_mount *out_mount)
{
    return berth_json_list_decode(mounts, &berth_openpai_mount_shape, out_mount, NULL);
}

/* "34110,34117" or a number: the first one. */
static enum berth_status first_number(struct berth_text numbers, uint16_t *out_port)
{
    struct berth_text first;
    uint64_t port;
    if (!berth_text_split(&numbers, ',', &first) ||
        berth_parse_u64(berth_text_trim(first), &port) != BERTH_OK)
        return BERTH_E_SYNTAX;
    if (port == 0 || port > UINT16_MAX)
        return BERTH_E_RANGE;
    *out_port = (uint16_t)port;
    return BERTH_OK;
}

/* Reads the map as it stands, so that it can be walked afterwards: labels and numbers have no escapes, and
 * one that has is nobody's. */
enum berth_status berth_openpai_task_port(const struct berth_openpai_task *task, struct berth_text label,
                                          uint16_t *out_port)
{
    struct berth_text ports = berth_text_make(task->container_ports.ptr, task->container_ports.len), raw;
    if (!berth_json_find_member(ports, label, &raw))
        return BERTH_E_MISSING;
    bool quoted = raw.len > 2 && raw.ptr[0] == '"';
    return first_number(quoted ? berth_text_slice(raw, 1, raw.len - 1) : raw, out_port);
}

/* ---- Users ------------------------------------------------------------------------------------ */

enum berth_status berth_openpai_complete_user(const struct berth_json_element *element,
                                              struct berth_openpai_user *user)
{
    struct berth_text raw = user->virtual_cluster_raw;
    if (raw.len == 0)
        return BERTH_OK;
    char *at = element->json + (raw.ptr - element->json);
    if (at[0] == '[')
        user->virtual_clusters = (struct berth_json_list){at, raw.len, 0};
    else if (at[0] == '"')
        return berth_openpai_text_of_json(at, raw.len, &user->virtual_cluster_list);
    return BERTH_OK;
}

/* ---- Clusters --------------------------------------------------------------------------------- */

static double free_of(const struct berth_openpai_resources *used, const struct berth_openpai_resources *total,
                      uint32_t bits, double used_count, double total_count)
{
    if ((total->present & bits) == 0)
        return -1;
    double left = total_count - ((used->present & bits) != 0 ? used_count : 0);
    return left > 0 ? left : 0;
}

void berth_openpai_vc_free(const struct berth_openpai_vc *vc, struct berth_openpai_resources *out_free)
{
    const struct berth_openpai_resources *used = &vc->used, *total = &vc->total;
    out_free->present = total->present;
    out_free->cpu = free_of(used, total, BERTH_OPENPAI_RESOURCES_HAS_CPU, used->cpu, total->cpu);
    out_free->memory_mb =
        free_of(used, total, BERTH_OPENPAI_RESOURCES_HAS_MEMORY, used->memory_mb, total->memory_mb);
    out_free->gpu = free_of(used, total, BERTH_OPENPAI_RESOURCES_HAS_GPU, used->gpu, total->gpu);
}

/* ---- Names ------------------------------------------------------------------------------------ */

void berth_openpai_put_role(struct berth_writer *w, struct berth_text role)
{
    for (size_t i = 0; i < role.len; i++) {
        char c = role.ptr[i];
        if (c >= 'A' && c <= 'Z')
            berth_put_char(w, (char)(c | 0x20));
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            berth_put_char(w, c);
    }
}

void berth_openpai_put_storage_path(struct berth_writer *w, struct berth_text path, struct berth_text user)
{
    static const struct berth_text variable = BERTH_TEXT_INIT("${PAI_USER_NAME}");
    for (;;) {
        size_t at = berth_text_find(path, variable);
        berth_put_text(w, berth_text_slice(path, 0, at));
        if (at == SIZE_MAX)
            return;
        berth_put_text(w, user);
        path = berth_text_slice(path, at + variable.len, path.len);
    }
}

static const struct {
    struct berth_text field;
    enum berth_openpai_order order;
} orders[] = {
    {BERTH_TEXT_INIT("jobName"), BERTH_OPENPAI_BY_JOB_NAME},
    {BERTH_TEXT_INIT("submissionTime"), BERTH_OPENPAI_BY_SUBMISSION_TIME},
    {BERTH_TEXT_INIT("username"), BERTH_OPENPAI_BY_USERNAME},
    {BERTH_TEXT_INIT("vc"), BERTH_OPENPAI_BY_VC},
    {BERTH_TEXT_INIT("retries"), BERTH_OPENPAI_BY_RETRIES},
    {BERTH_TEXT_INIT("totalTaskNumber"), BERTH_OPENPAI_BY_TOTAL_TASK_NUMBER},
    {BERTH_TEXT_INIT("totalGpuNumber"), BERTH_OPENPAI_BY_TOTAL_GPU_NUMBER},
    {BERTH_TEXT_INIT("state"), BERTH_OPENPAI_BY_STATE},
    {BERTH_TEXT_INIT("completionTime"), BERTH_OPENPAI_BY_COMPLETION_TIME},
    {BERTH_TEXT_INIT("jobPriority"), BERTH_OPENPAI_BY_JOB_PRIORITY},
};

enum berth_openpai_order berth_openpai_order_of(struct berth_text field)
{
    for (size_t i = 0; i < COUNT(orders); i++)
        if (berth_text_equal(orders[i].field, field))
            return orders[i].order;
    return BERTH_OPENPAI_ORDER_NONE;
}

struct berth_text berth_openpai_order_name(enum berth_openpai_order order)
{
    for (size_t i = 0; i < COUNT(orders); i++)
        if (orders[i].order == order)
            return orders[i].field;
    return BERTH_TEXT("");
}
