/* OpenPAI's data as tables: enums and the shapes of what its REST interface answers. The order of rows is the
 * order of the headers' *_HAS_ bits. Required is what every server sends and nothing works without. */
#include "platform/openpai.h"

#include "platform/shape.h"

#define COUNT(table) (uint8_t)(sizeof(table) / sizeof(table)[0])
#define ROW(struct_name, member, wire, kind) BERTH_ROW(berth_openpai_##struct_name, member, wire, kind, 0)
#define REQUIRED(struct_name, member, wire, kind)                                                            \
    BERTH_ROW(berth_openpai_##struct_name, member, wire, kind, BERTH_FIELD_REQUIRED)
#define OBJECT(struct_name, member, wire, the_shape)                                                         \
    BERTH_ROW_OBJECT(berth_openpai_##struct_name, member, wire, the_shape, 0)
#define STATE(struct_name, member, wire)                                                                     \
    {                                                                                                        \
        .name = BERTH_TEXT_INIT(wire), .type = BERTH_FIELD_ENUM, .flags = BERTH_FIELD_AS_TEXT,               \
        .names = state_names, .name_count = COUNT(state_names),                                              \
        .offset = offsetof(struct berth_openpai_##struct_name, member)                                       \
    }
#define SHAPE(label, struct_name, table) BERTH_SHAPE(label, berth_openpai_##struct_name, table)

/* ---- States ----------------------------------------------------------------------------------- */

static const struct berth_enum_name state_names[] = {
    {BERTH_TEXT_INIT("WAITING"), BERTH_OPENPAI_WAITING},
    {BERTH_TEXT_INIT("RUNNING"), BERTH_OPENPAI_RUNNING},
    {BERTH_TEXT_INIT("STOPPING"), BERTH_OPENPAI_STOPPING},
    {BERTH_TEXT_INIT("STOPPED"), BERTH_OPENPAI_STOPPED},
    {BERTH_TEXT_INIT("SUCCEEDED"), BERTH_OPENPAI_SUCCEEDED},
    {BERTH_TEXT_INIT("FAILED"), BERTH_OPENPAI_FAILED},
    {BERTH_TEXT_INIT("UNKNOWN"), BERTH_OPENPAI_STATE_UNKNOWN},
    {BERTH_TEXT_INIT("COMPLETING"), BERTH_OPENPAI_COMPLETING},
};

struct berth_text berth_openpai_state_name(int32_t state)
{
    for (size_t i = 0; i < COUNT(state_names); i++)
        if (state_names[i].value == state)
            return state_names[i].name;
    return BERTH_TEXT("");
}

bool berth_openpai_is_terminal(int32_t state)
{
    return state == BERTH_OPENPAI_STOPPED || state == BERTH_OPENPAI_SUCCEEDED ||
           state == BERTH_OPENPAI_FAILED;
}

/* ---- Jobs ------------------------------------------------------------------------------------- */

static const struct berth_field retries_fields[] = {
    ROW(retries, user, "user", I64),
    ROW(retries, platform, "platform", I64),
    ROW(retries, resource, "resource", I64),
};
static const struct berth_shape retries_shape = SHAPE("retryDetails", retries, retries_fields);

static const struct berth_field summary_fields[] = {
    ROW(summary, debug_id, "debugId", TEXT),
    REQUIRED(summary, name, "name", TEXT),
    ROW(summary, username, "username", TEXT),
    STATE(summary, state, "state"),
    ROW(summary, sub_state, "subState", TEXT),
    ROW(summary, execution_type, "executionType", TEXT),
    ROW(summary, tags, "tags", LIST),
    ROW(summary, retries, "retries", I64),
    OBJECT(summary, retry_details, "retryDetails", retries_shape),
    ROW(summary, retry_delay_s, "retryDelayTime", I64),
    ROW(summary, submission_ms, "submissionTime", I64),
    ROW(summary, created_ms, "createdTime", I64),
    ROW(summary, launched_ms, "launchedTime", I64),
    ROW(summary, completed_ms, "completedTime", I64),
    ROW(summary, exit_code, "appExitCode", I64),
    ROW(summary, virtual_cluster, "virtualCluster", TEXT),
    ROW(summary, total_gpus, "totalGpuNumber", I64),
    ROW(summary, total_tasks, "totalTaskNumber", I64),
    ROW(summary, total_task_roles, "totalTaskRoleNumber", I64),
    ROW(summary, priority, "jobPriority", TEXT),
    ROW(summary, name_space, "namespace", TEXT),
    ROW(summary, legacy, "legacy", BOOL),
};
const struct berth_shape berth_openpai_summary_shape = SHAPE("job", summary, summary_fields);

static const struct berth_field exit_fields[] = {
    ROW(exit, code, "code", I64),          ROW(exit, phrase, "phrase", TEXT),
    ROW(exit, issuer, "issuer", TEXT),     ROW(exit, causer, "causer", TEXT),
    ROW(exit, type, "type", TEXT),         ROW(exit, stage, "stage", TEXT),
    ROW(exit, behavior, "behavior", TEXT), ROW(exit, reaction, "reaction", TEXT),
    ROW(exit, reason, "reason", TEXT),     ROW(exit, repro, "repro", LIST),
    ROW(exit, solution, "solution", LIST),
};
static const struct berth_shape exit_shape = SHAPE("exit spec", exit, exit_fields);

static const struct berth_field exit_messages_fields[] = {
    ROW(exit_messages, container, "container", RAW),
    ROW(exit_messages, runtime, "runtime", RAW),
    ROW(exit_messages, launcher, "launcher", RAW),
};
static const struct berth_shape exit_messages_shape =
    SHAPE("appExitMessages", exit_messages, exit_messages_fields);

static const struct berth_field status_fields[] = {
    ROW(status, username, "username", TEXT),
    STATE(status, state, "state"),
    ROW(status, sub_state, "subState", TEXT),
    ROW(status, execution_type, "executionType", TEXT),
    ROW(status, virtual_cluster, "virtualCluster", TEXT),
    ROW(status, retries, "retries", I64),
    OBJECT(status, retry_details, "retryDetails", retries_shape),
    ROW(status, retry_delay_s, "retryDelayTime", I64),
    ROW(status, submission_ms, "submissionTime", I64),
    ROW(status, created_ms, "createdTime", I64),
    ROW(status, launched_ms, "launchedTime", I64),
    ROW(status, completed_ms, "completedTime", I64),
    ROW(status, attempt_id, "attemptId", I64),
    STATE(status, attempt_state, "attemptState"),
    ROW(status, app_id, "appId", TEXT),
    ROW(status, app_progress, "appProgress", DOUBLE),
    ROW(status, app_tracking_url, "appTrackingUrl", TEXT),
    ROW(status, app_created_ms, "appCreatedTime", I64),
    ROW(status, app_launched_ms, "appLaunchedTime", I64),
    ROW(status, app_completed_ms, "appCompletedTime", I64),
    ROW(status, exit_code, "appExitCode", I64),
    OBJECT(status, exit_spec, "appExitSpec", exit_shape),
    ROW(status, exit_diagnostics, "appExitDiagnostics", TEXT),
    OBJECT(status, exit_messages, "appExitMessages", exit_messages_shape),
    ROW(status, exit_trigger_message, "appExitTriggerMessage", TEXT),
    ROW(status, exit_trigger_task_role, "appExitTriggerTaskRoleName", TEXT),
    ROW(status, exit_trigger_task_index, "appExitTriggerTaskIndex", I64),
    ROW(status, exit_type, "appExitType", TEXT),
    ROW(status, name, "name", TEXT),
};
static const struct berth_shape status_shape = SHAPE("jobStatus", status, status_fields);

static const struct berth_field job_fields[] = {
    ROW(job, debug_id, "debugId", TEXT),
    REQUIRED(job, name, "name", TEXT),
    ROW(job, tags, "tags", LIST),
    OBJECT(job, status, "jobStatus", status_shape),
    ROW(job, priority, "jobPriority", TEXT),
};
const struct berth_shape berth_openpai_job_shape = SHAPE("job", job, job_fields);

static const struct berth_field role_fields[] = {
    ROW(role, status, "taskRoleStatus", RAW),
};
const struct berth_shape berth_openpai_role_shape = SHAPE("task role", role, role_fields);

static const struct berth_field hived_fields[] = {
    ROW(hived, affinity_group, "affinityGroupName", TEXT),
    ROW(hived, lazy_preempted, "lazyPreempted", BOOL),
    ROW(hived, lazy_preemption_status, "lazyPreemptionStatus", RAW),
};
static const struct berth_shape hived_shape = SHAPE("hived", hived, hived_fields);

static const struct berth_field task_fields[] = {
    ROW(task, index, "taskIndex", I64),
    ROW(task, uid, "taskUid", TEXT),
    STATE(task, state, "taskState"),
    ROW(task, container_id, "containerId", TEXT),
    ROW(task, container_ip, "containerIp", TEXT),
    ROW(task, container_node_name, "containerNodeName", TEXT),
    ROW(task, container_ports, "containerPorts", MAP),
    ROW(task, container_gpus, "containerGpus", I64),
    ROW(task, container_log, "containerLog", TEXT),
    ROW(task, container_exit_code, "containerExitCode", I64),
    OBJECT(task, container_exit_spec, "containerExitSpec", exit_shape),
    ROW(task, container_exit_diagnostics, "containerExitDiagnostics", TEXT),
    ROW(task, retries, "retries", I64),
    ROW(task, accountable_retries, "accountableRetries", I64),
    ROW(task, created_ms, "createdTime", I64),
    ROW(task, launched_ms, "launchedTime", I64),
    ROW(task, completed_ms, "completedTime", I64),
    ROW(task, attempt_id, "attemptId", I64),
    STATE(task, attempt_state, "attemptState"),
    ROW(task, attempt_created_ms, "currentAttemptCreatedTime", I64),
    ROW(task, attempt_launched_ms, "currentAttemptLaunchedTime", I64),
    ROW(task, attempt_completed_ms, "currentAttemptCompletedTime", I64),
    OBJECT(task, hived, "hived", hived_shape),
};
const struct berth_shape berth_openpai_task_shape = SHAPE("task", task, task_fields);

static const struct berth_field task_history_fields[] = {
    ROW(task_history, username, "username", TEXT),
    ROW(task_history, job_name, "jobName", TEXT),
    ROW(task_history, job_attempt_id, "jobAttemptId", I64),
    ROW(task_history, role, "taskRoleName", TEXT),
    ROW(task_history, index, "taskIndex", I64),
    ROW(task_history, uid, "taskUid", TEXT),
    STATE(task_history, state, "taskState"),
    ROW(task_history, retries, "retries", I64),
    ROW(task_history, accountable_retries, "accountableRetries", I64),
    ROW(task_history, created_ms, "createdTime", I64),
    ROW(task_history, launched_ms, "launchedTime", I64),
    ROW(task_history, completed_ms, "completedTime", I64),
};
const struct berth_shape berth_openpai_task_history_shape = SHAPE("task", task_history, task_history_fields);

static const struct berth_field attempt_fields[] = {
    ROW(attempt, job_name, "jobName", TEXT),
    ROW(attempt, framework_name, "frameworkName", TEXT),
    ROW(attempt, uid, "uid", TEXT),
    ROW(attempt, user_name, "userName", TEXT),
    STATE(attempt, state, "state"),
    ROW(attempt, origin_state, "originState", TEXT),
    ROW(attempt, index, "attemptIndex", I64),
    ROW(attempt, job_started_ms, "jobStartedTime", I64),
    ROW(attempt, started_ms, "attemptStartedTime", I64),
    ROW(attempt, completed_ms, "attemptCompletedTime", I64),
    ROW(attempt, exit_code, "exitCode", I64),
    ROW(attempt, exit_phrase, "exitPhrase", TEXT),
    ROW(attempt, exit_type, "exitType", TEXT),
    ROW(attempt, exit_diagnostics, "exitDiagnostics", RAW),
    ROW(attempt, total_gpus, "totalGpuNumber", I64),
    ROW(attempt, total_tasks, "totalTaskNumber", I64),
    ROW(attempt, total_task_roles, "totalTaskRoleNumber", I64),
    ROW(attempt, is_latest, "isLatest", BOOL),
};
const struct berth_shape berth_openpai_attempt_shape = SHAPE("attempt", attempt, attempt_fields);

static const struct berth_field event_fields[] = {
    ROW(event, uid, "uid", TEXT),
    ROW(event, framework_name, "frameworkName", TEXT),
    ROW(event, pod_uid, "podUid", TEXT),
    ROW(event, role, "taskroleName", TEXT),
    ROW(event, task_name, "taskName", TEXT),
    ROW(event, task_index, "taskIndex", I64),
    ROW(event, type, "type", TEXT),
    ROW(event, reason, "reason", TEXT),
    ROW(event, message, "message", TEXT),
    ROW(event, first_time, "firstTimestamp", TIME),
    ROW(event, last_time, "lastTimestamp", TIME),
    ROW(event, count, "count", I64),
    ROW(event, source_component, "sourceComponent", TEXT),
    ROW(event, source_host, "sourceHost", TEXT),
};
const struct berth_shape berth_openpai_event_shape = SHAPE("event", event, event_fields);

static const struct berth_field log_fields[] = {
    REQUIRED(log, name, "name", TEXT),
    REQUIRED(log, uri, "uri", TEXT),
};
const struct berth_shape berth_openpai_log_shape = SHAPE("log", log, log_fields);

static const struct berth_field ssh_container_fields[] = {
    ROW(ssh_container, id, "id", TEXT),
    ROW(ssh_container, ip, "sshIp", TEXT),
    ROW(ssh_container, port, "sshPort", TEXT),
};
const struct berth_shape berth_openpai_ssh_container_shape =
    SHAPE("container", ssh_container, ssh_container_fields);

static const struct berth_field ssh_key_fields[] = {
    ROW(ssh_key, folder_path, "folderPath", TEXT),
    ROW(ssh_key, public_key_file, "publicKeyFileName", TEXT),
    ROW(ssh_key, private_key_file, "privateKeyFileName", TEXT),
    ROW(ssh_key, private_key_link, "privateKeyDirectDownloadLink", TEXT),
};
static const struct berth_shape ssh_key_shape = SHAPE("keyPair", ssh_key, ssh_key_fields);
static const struct berth_field ssh_fields[] = {
    OBJECT(ssh, key, "keyPair", ssh_key_shape),
};
const struct berth_shape berth_openpai_ssh_shape = SHAPE("ssh", ssh, ssh_fields);

/* A page of jobs. */
static const struct berth_field page_fields[] = {
    ROW(page, total_count, "totalCount", U64),
};
const struct berth_shape berth_openpai_page_shape = SHAPE("list", page, page_fields);

/* ---- Accounts --------------------------------------------------------------------------------- */

static const struct berth_field info_fields[] = {
    ROW(info, name, "name", TEXT),
    ROW(info, version, "version", TEXT),
    ROW(info, launcher_type, "launcherType", TEXT),
    ROW(info, authn_method, "authnMethod", TEXT),
};
const struct berth_shape berth_openpai_info_shape = SHAPE("info", info, info_fields);

static const struct berth_field authn_info_fields[] = {
    ROW(authn_info, authn_type, "authn_type", TEXT),
    ROW(authn_info, login_uri, "loginURI", TEXT),
    ROW(authn_info, login_uri_method, "loginURIMethod", TEXT),
};
const struct berth_shape berth_openpai_authn_info_shape = SHAPE("authn info", authn_info, authn_info_fields);

static const struct berth_field token_fields[] = {
    REQUIRED(token, token, "token", TEXT),
    ROW(token, application, "application", BOOL),
};
const struct berth_shape berth_openpai_token_shape = SHAPE("token", token, token_fields);

static const struct berth_field claims_fields[] = {
    ROW(claims, username, "username", TEXT),
    ROW(claims, application, "application", BOOL),
    ROW(claims, job_specific, "jobSpecific", BOOL),
    ROW(claims, admin, "admin", BOOL),
    ROW(claims, framework_name, "encodedFrameworkName", TEXT),
    ROW(claims, issued_s, "iat", I64),
    ROW(claims, expires_s, "exp", I64),
};
const struct berth_shape berth_openpai_claims_shape = SHAPE("claims", claims, claims_fields);

static const struct berth_field user_fields[] = {
    ROW(user, username, "username", TEXT),
    ROW(user, groups, "grouplist", LIST),
    ROW(user, email, "email", TEXT),
    ROW(user, extension, "extension", RAW),
    ROW(user, admin, "admin", BOOL),
    ROW(user, virtual_cluster_raw, "virtualCluster", RAW),
    ROW(user, storages, "storageConfig", LIST),
};
const struct berth_shape berth_openpai_user_shape = SHAPE("user", user, user_fields);

static const struct berth_field acls_fields[] = {
    ROW(acls, admin, "admin", BOOL),
    ROW(acls, virtual_clusters, "virtualClusters", LIST),
    ROW(acls, storages, "storageConfigs", LIST),
};
static const struct berth_shape acls_shape = SHAPE("acls", acls, acls_fields);
static const struct berth_field group_extension_fields[] = {
    OBJECT(group_extension, acls, "acls", acls_shape),
};
static const struct berth_shape group_extension_shape =
    SHAPE("extension", group_extension, group_extension_fields);
static const struct berth_field group_fields[] = {
    ROW(group, name, "groupname", TEXT),
    ROW(group, description, "description", TEXT),
    ROW(group, external_name, "externalName", TEXT),
    OBJECT(group, extension, "extension", group_extension_shape),
};
const struct berth_shape berth_openpai_group_shape = SHAPE("group", group, group_fields);

/* ---- Clusters and storages -------------------------------------------------------------------- */

static const struct berth_field resources_fields[] = {
    ROW(resources, cpu, "vCores", DOUBLE),       ROW(resources, cpu, "cpu", DOUBLE),
    ROW(resources, memory_mb, "memory", DOUBLE), ROW(resources, gpu, "GPUs", DOUBLE),
    ROW(resources, gpu, "gpu", DOUBLE),
};
static const struct berth_shape resources_shape = SHAPE("resources", resources, resources_fields);

static const struct berth_field vc_fields[] = {
    ROW(vc, capacity, "capacity", DOUBLE),
    ROW(vc, used_capacity, "usedCapacity", DOUBLE),
    ROW(vc, max_capacity, "maxCapacity", DOUBLE),
    ROW(vc, dedicated, "dedicated", BOOL),
    OBJECT(vc, used, "resourcesUsed", resources_shape),
    OBJECT(vc, guaranteed, "resourcesGuaranteed", resources_shape),
    OBJECT(vc, total, "resourcesTotal", resources_shape),
    ROW(vc, active_jobs, "numActiveJobs", I64),
    ROW(vc, jobs, "numJobs", I64),
    ROW(vc, pending_jobs, "numPendingJobs", I64),
    ROW(vc, status, "status", TEXT),
    ROW(vc, nodes, "nodeList", LIST),
};
const struct berth_shape berth_openpai_vc_shape = SHAPE("virtual cluster", vc, vc_fields);

static const struct berth_field node_fields[] = {
    ROW(node, gpu_used, "gpuUsed", DOUBLE),
    ROW(node, gpu_available, "gpuAvailable", DOUBLE),
    ROW(node, gpu_total, "gpuTotal", DOUBLE),
};
const struct berth_shape berth_openpai_node_shape = SHAPE("node", node, node_fields);

static const struct berth_field sku_fields[] = {
    ROW(sku, cpu, "cpu", DOUBLE),
    ROW(sku, memory_mb, "memory", DOUBLE),
    ROW(sku, gpu, "gpu", DOUBLE),
};
const struct berth_shape berth_openpai_sku_shape = SHAPE("SKU", sku, sku_fields);

static const struct berth_field storage_fields[] = {
    REQUIRED(storage, name, "name", TEXT),
    ROW(storage, share, "share", BOOL),
    ROW(storage, volume_name, "volumeName", TEXT),
    ROW(storage, is_default, "default", BOOL),
    ROW(storage, type, "type", TEXT),
    ROW(storage, data, "data", RAW),
    ROW(storage, read_only, "readOnly", BOOL),
    ROW(storage, secret_name, "secretName", TEXT),
    ROW(storage, mount_options, "mountOptions", LIST),
};
const struct berth_shape berth_openpai_storage_shape = SHAPE("storage", storage, storage_fields);

static const struct berth_field storage_config_fields[] = {
    REQUIRED(storage_config, name, "name", TEXT),    ROW(storage_config, is_default, "default", BOOL),
    ROW(storage_config, gpn, "gpn", TEXT),           ROW(storage_config, servers, "servers", LIST),
    ROW(storage_config, mounts, "mountInfos", LIST),
};
const struct berth_shape berth_openpai_storage_config_shape =
    SHAPE("storage config", storage_config, storage_config_fields);

static const struct berth_field mount_fields[] = {
    ROW(mount, mount_point, "mountPoint", TEXT),
    ROW(mount, server, "server", TEXT),
    ROW(mount, path, "path", TEXT),
    ROW(mount, permission, "permission", TEXT),
};
const struct berth_shape berth_openpai_mount_shape = SHAPE("mount", mount, mount_fields);

static const struct berth_field storage_server_fields[] = {
    REQUIRED(storage_server, name, "spn", TEXT),
    ROW(storage_server, type, "type", TEXT),
    ROW(storage_server, data, "data", RAW),
    ROW(storage_server, extension, "extension", RAW),
};
const struct berth_shape berth_openpai_storage_server_shape =
    SHAPE("storage server", storage_server, storage_server_fields);

/* ---- Errors ----------------------------------------------------------------------------------- */

static const struct berth_field violation_fields[] = {
    ROW(violation, keyword, "keyword", TEXT),        ROW(violation, data_path, "dataPath", TEXT),
    ROW(violation, schema_path, "schemaPath", TEXT), ROW(violation, params, "params", RAW),
    ROW(violation, message, "message", TEXT),
};
const struct berth_shape berth_openpai_violation_shape = SHAPE("violation", violation, violation_fields);
