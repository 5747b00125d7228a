/* OpenPAI job documents: the shapes of their structs (the wire page's section 3.1 and 3.3). */
#include "berth/openpai_job_fields.h"

#include "platform/shape.h"

#define ROW BERTH_ROW
#define OBJECT BERTH_ROW_OBJECT
#define SHAPE BERTH_SHAPE
#define REQUIRED BERTH_FIELD_REQUIRED

static const struct berth_field v2_auth_fields[] = {
    ROW(berth_openpai_v2_auth, username, "username", TEXT, 0),
    ROW(berth_openpai_v2_auth, password, "password", TEXT, 0),
    ROW(berth_openpai_v2_auth, registry_uri, "registryuri", TEXT, 0),
};
const struct berth_shape berth_openpai_v2_auth_shape = SHAPE("auth", berth_openpai_v2_auth, v2_auth_fields);

static const struct berth_field v2_prerequisite_fields[] = {
    ROW(berth_openpai_v2_prerequisite, name, "name", TEXT, REQUIRED),
    ROW(berth_openpai_v2_prerequisite, type, "type", TEXT, REQUIRED),
    ROW(berth_openpai_v2_prerequisite, protocol_version, "protocolVersion", RAW, 0),
    ROW(berth_openpai_v2_prerequisite, version, "version", RAW, 0),
    ROW(berth_openpai_v2_prerequisite, contributor, "contributor", TEXT, 0),
    ROW(berth_openpai_v2_prerequisite, description, "description", TEXT, 0),
    ROW(berth_openpai_v2_prerequisite, uri, "uri", RAW, 0),
    OBJECT(berth_openpai_v2_prerequisite, auth, "auth", berth_openpai_v2_auth_shape, 0),
    ROW(berth_openpai_v2_prerequisite, plugin, "plugin", TEXT, 0),
    ROW(berth_openpai_v2_prerequisite, require, "require", LIST, 0),
    ROW(berth_openpai_v2_prerequisite, callbacks, "callbacks", LIST, 0),
    ROW(berth_openpai_v2_prerequisite, failure_policy, "failurePolicy", TEXT, 0),
};
const struct berth_shape berth_openpai_v2_prerequisite_shape =
    SHAPE("prerequisite", berth_openpai_v2_prerequisite, v2_prerequisite_fields);

static const struct berth_field v2_callback_fields[] = {
    ROW(berth_openpai_v2_callback, event, "event", TEXT, 0),
    ROW(berth_openpai_v2_callback, commands, "commands", LIST, 0),
};
const struct berth_shape berth_openpai_v2_callback_shape =
    SHAPE("callback", berth_openpai_v2_callback, v2_callback_fields);

static const struct berth_field v2_resource_fields[] = {
    ROW(berth_openpai_v2_resource, cpu, "cpu", I64, REQUIRED),
    ROW(berth_openpai_v2_resource, memory_mb, "memoryMB", I64, REQUIRED),
    ROW(berth_openpai_v2_resource, gpu, "gpu", I64, REQUIRED),
    ROW(berth_openpai_v2_resource, ports, "ports", MAP, 0),
};
const struct berth_shape berth_openpai_v2_resource_shape =
    SHAPE("resource", berth_openpai_v2_resource, v2_resource_fields);

static const struct berth_field v2_completion_fields[] = {
    ROW(berth_openpai_v2_completion, min_failed, "minFailedInstances", I64, 0),
    ROW(berth_openpai_v2_completion, min_succeeded, "minSucceededInstances", I64, 0),
};
const struct berth_shape berth_openpai_v2_completion_shape =
    SHAPE("completion", berth_openpai_v2_completion, v2_completion_fields);

static const struct berth_field v2_container_fields[] = {
    ROW(berth_openpai_v2_container, shm_mb, "shmMB", I64, 0),
    ROW(berth_openpai_v2_container, infiniband, "infiniband", BOOL, 0),
};
const struct berth_shape berth_openpai_v2_container_shape =
    SHAPE("container", berth_openpai_v2_container, v2_container_fields);

static const struct berth_field v2_role_fields[] = {
    ROW(berth_openpai_v2_role, docker_image, "dockerImage", TEXT, REQUIRED),
    OBJECT(berth_openpai_v2_role, resource, "resourcePerInstance", berth_openpai_v2_resource_shape, REQUIRED),
    ROW(berth_openpai_v2_role, commands, "commands", LIST, REQUIRED),
    ROW(berth_openpai_v2_role, instances, "instances", I64, 0),
    OBJECT(berth_openpai_v2_role, completion, "completion", berth_openpai_v2_completion_shape, 0),
    ROW(berth_openpai_v2_role, task_retry_count, "taskRetryCount", I64, 0),
    ROW(berth_openpai_v2_role, prerequisites, "prerequisites", LIST, 0),
    ROW(berth_openpai_v2_role, data, "data", TEXT, 0),
    ROW(berth_openpai_v2_role, output, "output", TEXT, 0),
    ROW(berth_openpai_v2_role, script, "script", TEXT, 0),
    OBJECT(berth_openpai_v2_role, container, "extraContainerOptions", berth_openpai_v2_container_shape, 0),
    ROW(berth_openpai_v2_role, protocol_version, "protocolVersion", RAW, 0),
};
const struct berth_shape berth_openpai_v2_role_shape = SHAPE("role", berth_openpai_v2_role, v2_role_fields);

static const struct berth_field v2_deployment_fields[] = {
    ROW(berth_openpai_v2_deployment, name, "name", TEXT, REQUIRED),
    ROW(berth_openpai_v2_deployment, task_roles, "taskRoles", MAP, REQUIRED),
};
const struct berth_shape berth_openpai_v2_deployment_shape =
    SHAPE("deployment", berth_openpai_v2_deployment, v2_deployment_fields);

static const struct berth_field v2_deployment_role_fields[] = {
    ROW(berth_openpai_v2_deployment_role, pre_commands, "preCommands", LIST, 0),
    ROW(berth_openpai_v2_deployment_role, post_commands, "postCommands", LIST, 0),
};
const struct berth_shape berth_openpai_v2_deployment_role_shape =
    SHAPE("deployment role", berth_openpai_v2_deployment_role, v2_deployment_role_fields);

static const struct berth_field v2_defaults_fields[] = {
    ROW(berth_openpai_v2_defaults, virtual_cluster, "virtualCluster", TEXT, 0),
    ROW(berth_openpai_v2_defaults, deployment, "deployment", TEXT, 0),
};
const struct berth_shape berth_openpai_v2_defaults_shape =
    SHAPE("defaults", berth_openpai_v2_defaults, v2_defaults_fields);

static const struct berth_field v2_hived_role_fields[] = {
    ROW(berth_openpai_v2_hived_role, sku_type, "skuType", TEXT, 0),
    ROW(berth_openpai_v2_hived_role, sku_num, "skuNum", I64, 0),
    ROW(berth_openpai_v2_hived_role, sku_number, "skuNumber", I64, 0),
    ROW(berth_openpai_v2_hived_role, pinned_cell_id, "pinnedCellId", TEXT, 0),
    ROW(berth_openpai_v2_hived_role, affinity_group_name, "affinityGroupName", TEXT, 0),
};
const struct berth_shape berth_openpai_v2_hived_role_shape =
    SHAPE("hived role", berth_openpai_v2_hived_role, v2_hived_role_fields);

static const struct berth_field v2_hived_fields[] = {
    ROW(berth_openpai_v2_hived, job_priority_class, "jobPriorityClass", TEXT, 0),
    ROW(berth_openpai_v2_hived, task_roles, "taskRoles", MAP, 0),
    ROW(berth_openpai_v2_hived, gang_release_enable, "gangReleaseEnable", BOOL, 0),
    ROW(berth_openpai_v2_hived, lazy_preemption_enable, "lazyPreemptionEnable", BOOL, 0),
    ROW(berth_openpai_v2_hived, ignore_k8s_suggested_nodes, "ignoreK8sSuggestedNodes", BOOL, 0),
};
const struct berth_shape berth_openpai_v2_hived_shape =
    SHAPE("hived", berth_openpai_v2_hived, v2_hived_fields);

static const struct berth_field v2_storage_fields[] = {
    ROW(berth_openpai_v2_storage, name, "name", TEXT, REQUIRED),
    ROW(berth_openpai_v2_storage, mount_path, "mountPath", TEXT, 0),
};
const struct berth_shape berth_openpai_v2_storage_shape =
    SHAPE("storage", berth_openpai_v2_storage, v2_storage_fields);

static const struct berth_field v2_plugin_fields[] = {
    ROW(berth_openpai_v2_plugin, plugin, "plugin", TEXT, REQUIRED),
    ROW(berth_openpai_v2_plugin, parameters, "parameters", RAW, 0),
    ROW(berth_openpai_v2_plugin, failure_policy, "failurePolicy", TEXT, 0),
    ROW(berth_openpai_v2_plugin, task_roles, "taskroles", LIST, 0),
};
const struct berth_shape berth_openpai_v2_plugin_shape =
    SHAPE("plugin", berth_openpai_v2_plugin, v2_plugin_fields);

static const struct berth_field v2_ssh_key_fields[] = {
    ROW(berth_openpai_v2_ssh_key, type, "type", TEXT, 0),
    ROW(berth_openpai_v2_ssh_key, value, "value", TEXT, 0),
};
const struct berth_shape berth_openpai_v2_ssh_key_shape =
    SHAPE("ssh key", berth_openpai_v2_ssh_key, v2_ssh_key_fields);

static const struct berth_field v2_ssh_fields[] = {
    ROW(berth_openpai_v2_ssh, job_ssh, "jobssh", BOOL, 0),
    ROW(berth_openpai_v2_ssh, barrier, "sshbarrier", BOOL, 0),
    ROW(berth_openpai_v2_ssh, barrier_timeout, "sshbarrierTimeout", I64, 0),
    OBJECT(berth_openpai_v2_ssh, user, "userssh", berth_openpai_v2_ssh_key_shape, 0),
};
const struct berth_shape berth_openpai_v2_ssh_shape = SHAPE("ssh", berth_openpai_v2_ssh, v2_ssh_fields);

static const struct berth_field v2_cmd_fields[] = {
    ROW(berth_openpai_v2_cmd, pre_commands, "preCommands", LIST, 0),
    ROW(berth_openpai_v2_cmd, post_commands, "postCommands", LIST, 0),
    ROW(berth_openpai_v2_cmd, callbacks, "callbacks", LIST, 0),
};
const struct berth_shape berth_openpai_v2_cmd_shape = SHAPE("cmd", berth_openpai_v2_cmd, v2_cmd_fields);

static const struct berth_field v2_teamwise_fields[] = {
    ROW(berth_openpai_v2_teamwise, storage_config_names, "storageConfigNames", LIST, 0),
};
const struct berth_shape berth_openpai_v2_teamwise_shape =
    SHAPE("teamwise storage", berth_openpai_v2_teamwise, v2_teamwise_fields);

static const struct berth_field v2_notification_fields[] = {
    ROW(berth_openpai_v2_notification, running, "running", BOOL, 0),
    ROW(berth_openpai_v2_notification, succeeded, "succeeded", BOOL, 0),
    ROW(berth_openpai_v2_notification, stopped, "stopped", BOOL, 0),
    ROW(berth_openpai_v2_notification, failed, "failed", BOOL, 0),
    ROW(berth_openpai_v2_notification, retried, "retried", BOOL, 0),
};
const struct berth_shape berth_openpai_v2_notification_shape =
    SHAPE("notification", berth_openpai_v2_notification, v2_notification_fields);

static const struct berth_field v2_extras_fields[] = {
    ROW(berth_openpai_v2_extras, submit_from, "submitFrom", TEXT, 0),
    ROW(berth_openpai_v2_extras, gang_allocation, "gangAllocation", BOOL, 0),
    OBJECT(berth_openpai_v2_extras, hived, "hivedScheduler", berth_openpai_v2_hived_shape, 0),
    ROW(berth_openpai_v2_extras, storages, "storages", LIST, 0),
    ROW(berth_openpai_v2_extras, plugins, "com.microsoft.pai.runtimeplugin", LIST, 0),
    OBJECT(berth_openpai_v2_extras, notification, "jobStatusChangeNotification",
           berth_openpai_v2_notification_shape, 0),
    ROW(berth_openpai_v2_extras, tags, "tags", LIST, 0),
};
const struct berth_shape berth_openpai_v2_extras_shape =
    SHAPE("extras", berth_openpai_v2_extras, v2_extras_fields);

static const struct berth_field v2_job_fields[] = {
    ROW(berth_openpai_v2_job, protocol_version, "protocolVersion", RAW, REQUIRED),
    ROW(berth_openpai_v2_job, name, "name", TEXT, REQUIRED),
    ROW(berth_openpai_v2_job, type, "type", TEXT, REQUIRED),
    ROW(berth_openpai_v2_job, version, "version", RAW, 0),
    ROW(berth_openpai_v2_job, contributor, "contributor", TEXT, 0),
    ROW(berth_openpai_v2_job, description, "description", TEXT, 0),
    ROW(berth_openpai_v2_job, prerequisites, "prerequisites", LIST, 0),
    ROW(berth_openpai_v2_job, parameters, "parameters", MAP, 0),
    ROW(berth_openpai_v2_job, secrets, "secrets", RAW, 0),
    ROW(berth_openpai_v2_job, job_retry_count, "jobRetryCount", I64, 0),
    ROW(berth_openpai_v2_job, task_roles, "taskRoles", MAP, REQUIRED),
    ROW(berth_openpai_v2_job, deployments, "deployments", LIST, 0),
    OBJECT(berth_openpai_v2_job, defaults, "defaults", berth_openpai_v2_defaults_shape, 0),
    OBJECT(berth_openpai_v2_job, extras, "extras", berth_openpai_v2_extras_shape, 0),
};
const struct berth_shape berth_openpai_v2_job_shape = SHAPE("job", berth_openpai_v2_job, v2_job_fields);

static const struct berth_field v1_port_fields[] = {
    ROW(berth_openpai_v1_port, label, "label", TEXT, REQUIRED),
    ROW(berth_openpai_v1_port, begin_at, "beginAt", I64, 0),
    ROW(berth_openpai_v1_port, port_number, "portNumber", I64, 0),
};
const struct berth_shape berth_openpai_v1_port_shape = SHAPE("port", berth_openpai_v1_port, v1_port_fields);

static const struct berth_field v1_role_fields[] = {
    ROW(berth_openpai_v1_role, name, "name", TEXT, REQUIRED),
    ROW(berth_openpai_v1_role, task_number, "taskNumber", I64, 0),
    ROW(berth_openpai_v1_role, cpu_number, "cpuNumber", I64, 0),
    ROW(berth_openpai_v1_role, gpu_number, "gpuNumber", I64, 0),
    ROW(berth_openpai_v1_role, memory_mb, "memoryMB", I64, 0),
    ROW(berth_openpai_v1_role, shm_mb, "shmMB", I64, 0),
    ROW(berth_openpai_v1_role, port_list, "portList", LIST, 0),
    ROW(berth_openpai_v1_role, min_failed_task_count, "minFailedTaskCount", I64, 0),
    ROW(berth_openpai_v1_role, min_succeeded_task_count, "minSucceededTaskCount", I64, 0),
    ROW(berth_openpai_v1_role, command, "command", TEXT, REQUIRED),
};
const struct berth_shape berth_openpai_v1_role_shape = SHAPE("role", berth_openpai_v1_role, v1_role_fields);

static const struct berth_field v1_job_fields[] = {
    ROW(berth_openpai_v1_job, job_name, "jobName", TEXT, REQUIRED),
    ROW(berth_openpai_v1_job, image, "image", TEXT, REQUIRED),
    ROW(berth_openpai_v1_job, auth_file, "authFile", TEXT, 0),
    ROW(berth_openpai_v1_job, data_dir, "dataDir", TEXT, 0),
    ROW(berth_openpai_v1_job, output_dir, "outputDir", TEXT, 0),
    ROW(berth_openpai_v1_job, code_dir, "codeDir", TEXT, 0),
    ROW(berth_openpai_v1_job, virtual_cluster, "virtualCluster", TEXT, 0),
    ROW(berth_openpai_v1_job, gpu_type, "gpuType", TEXT, 0),
    ROW(berth_openpai_v1_job, retry_count, "retryCount", I64, 0),
    ROW(berth_openpai_v1_job, kill_all_on_completed_task_number, "killAllOnCompletedTaskNumber", I64, 0),
    ROW(berth_openpai_v1_job, job_envs, "jobEnvs", MAP, 0),
    ROW(berth_openpai_v1_job, extras, "extras", MAP, 0),
    ROW(berth_openpai_v1_job, task_roles, "taskRoles", LIST, REQUIRED),
};
const struct berth_shape berth_openpai_v1_job_shape = SHAPE("job", berth_openpai_v1_job, v1_job_fields);
