/* OpenPAI job documents, field by field: structs, and the shapes that read and write them
 * (berth_fields_decode(), berth_json_list_decode(), berth_fields_encode()). */
#ifndef BERTH_OPENPAI_JOB_FIELDS_H
#define BERTH_OPENPAI_JOB_FIELDS_H

#include "berth/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In each struct bit i of present says that row i of its shape was there, or is to be written; the *_HAS_
 * constants are those bits. Texts and lists point into the JSON that was decoded, or are the caller's. RAW
 * members are any value as JSON. What a struct does not have is skipped when it is read: to keep it, work on
 * the document itself (berth/openpai_job.h). Which values are right is said by
 * berth_openpai_document_check(). */

/* ---- Protocol v2 ----------------------------------------------------------------------------- */

/* Of a dockerimage. */
struct berth_openpai_v2_auth {
    uint32_t present;
    struct berth_text username;
    struct berth_text password; /* "<% $secrets.x %>" */
    struct berth_text registry_uri;
};
enum {
    BERTH_OPENPAI_V2_AUTH_HAS_USERNAME = 1 << 0,
    BERTH_OPENPAI_V2_AUTH_HAS_PASSWORD = 1 << 1,
    BERTH_OPENPAI_V2_AUTH_HAS_REGISTRY_URI = 1 << 2
};
extern const struct berth_shape berth_openpai_v2_auth_shape;

/* An element of prerequisites. */
struct berth_openpai_v2_prerequisite {
    uint32_t present;
    struct berth_text name;
    struct berth_text type;             /* dockerimage, script, output or data */
    struct berth_text protocol_version; /* JSON */
    struct berth_text version;          /* JSON: text or number */
    struct berth_text contributor;
    struct berth_text description;
    struct berth_text uri;             /* JSON: a text; of data an array of texts */
    struct berth_openpai_v2_auth auth; /* dockerimage */
    struct berth_text plugin;          /* script, output, data */
    struct berth_json_list require;    /* list of texts; the same */
    struct berth_json_list callbacks;  /* list of v2_callback; with the plugin cmd */
    struct berth_text failure_policy;  /* ignore or fail */
};
enum {
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_NAME = 1 << 0,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_TYPE = 1 << 1,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_PROTOCOL_VERSION = 1 << 2,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_VERSION = 1 << 3,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_CONTRIBUTOR = 1 << 4,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_DESCRIPTION = 1 << 5,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_URI = 1 << 6,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_AUTH = 1 << 7,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_PLUGIN = 1 << 8,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_REQUIRE = 1 << 9,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_CALLBACKS = 1 << 10,
    BERTH_OPENPAI_V2_PREREQUISITE_HAS_FAILURE_POLICY = 1 << 11
};
extern const struct berth_shape berth_openpai_v2_prerequisite_shape;

/* Of the plugin com.microsoft.pai.runtimeplugin.cmd. */
struct berth_openpai_v2_callback {
    uint32_t present;
    struct berth_text event;         /* taskStarts or taskSucceeds */
    struct berth_json_list commands; /* list of texts */
};
enum { BERTH_OPENPAI_V2_CALLBACK_HAS_EVENT = 1 << 0, BERTH_OPENPAI_V2_CALLBACK_HAS_COMMANDS = 1 << 1 };
extern const struct berth_shape berth_openpai_v2_callback_shape;

/* resourcePerInstance. */
struct berth_openpai_v2_resource {
    uint32_t present;
    int64_t cpu;
    int64_t memory_mb;
    int64_t gpu;
    struct berth_json_list ports; /* map: label to number */
};
enum {
    BERTH_OPENPAI_V2_RESOURCE_HAS_CPU = 1 << 0,
    BERTH_OPENPAI_V2_RESOURCE_HAS_MEMORY_MB = 1 << 1,
    BERTH_OPENPAI_V2_RESOURCE_HAS_GPU = 1 << 2,
    BERTH_OPENPAI_V2_RESOURCE_HAS_PORTS = 1 << 3
};
extern const struct berth_shape berth_openpai_v2_resource_shape;

/* A number may be null, as if absent; -1 is never. */
struct berth_openpai_v2_completion {
    uint32_t present;
    int64_t min_failed;
    int64_t min_succeeded;
};
enum {
    BERTH_OPENPAI_V2_COMPLETION_HAS_MIN_FAILED = 1 << 0,
    BERTH_OPENPAI_V2_COMPLETION_HAS_MIN_SUCCEEDED = 1 << 1
};
extern const struct berth_shape berth_openpai_v2_completion_shape;

/* extraContainerOptions. */
struct berth_openpai_v2_container {
    uint32_t present;
    int64_t shm_mb; /* 512 when absent */
    bool infiniband;
};
enum { BERTH_OPENPAI_V2_CONTAINER_HAS_SHM_MB = 1 << 0, BERTH_OPENPAI_V2_CONTAINER_HAS_INFINIBAND = 1 << 1 };
extern const struct berth_shape berth_openpai_v2_container_shape;

/* A value of taskRoles. */
struct berth_openpai_v2_role {
    uint32_t present;
    struct berth_text docker_image; /* a prerequisite's name */
    struct berth_openpai_v2_resource resource;
    struct berth_json_list commands; /* list of texts */
    int64_t instances;
    struct berth_openpai_v2_completion completion;
    int64_t task_retry_count;
    struct berth_json_list prerequisites; /* list of texts */
    struct berth_text data;               /* a prerequisite's name */
    struct berth_text output;             /* the same */
    struct berth_text script;             /* the same */
    struct berth_openpai_v2_container container;
    struct berth_text protocol_version; /* JSON */
};
enum {
    BERTH_OPENPAI_V2_ROLE_HAS_DOCKER_IMAGE = 1 << 0,
    BERTH_OPENPAI_V2_ROLE_HAS_RESOURCE = 1 << 1,
    BERTH_OPENPAI_V2_ROLE_HAS_COMMANDS = 1 << 2,
    BERTH_OPENPAI_V2_ROLE_HAS_INSTANCES = 1 << 3,
    BERTH_OPENPAI_V2_ROLE_HAS_COMPLETION = 1 << 4,
    BERTH_OPENPAI_V2_ROLE_HAS_TASK_RETRY_COUNT = 1 << 5,
    BERTH_OPENPAI_V2_ROLE_HAS_PREREQUISITES = 1 << 6,
    BERTH_OPENPAI_V2_ROLE_HAS_DATA = 1 << 7,
    BERTH_OPENPAI_V2_ROLE_HAS_OUTPUT = 1 << 8,
    BERTH_OPENPAI_V2_ROLE_HAS_SCRIPT = 1 << 9,
    BERTH_OPENPAI_V2_ROLE_HAS_CONTAINER = 1 << 10,
    BERTH_OPENPAI_V2_ROLE_HAS_PROTOCOL_VERSION = 1 << 11
};
extern const struct berth_shape berth_openpai_v2_role_shape;

/* An element of deployments. */
struct berth_openpai_v2_deployment {
    uint32_t present;
    struct berth_text name;
    struct berth_json_list task_roles; /* map: role to v2_deployment_role */
};
enum { BERTH_OPENPAI_V2_DEPLOYMENT_HAS_NAME = 1 << 0, BERTH_OPENPAI_V2_DEPLOYMENT_HAS_TASK_ROLES = 1 << 1 };
extern const struct berth_shape berth_openpai_v2_deployment_shape;

struct berth_openpai_v2_deployment_role {
    uint32_t present;
    struct berth_json_list pre_commands;  /* list of texts */
    struct berth_json_list post_commands; /* list of texts */
};
enum {
    BERTH_OPENPAI_V2_DEPLOYMENT_ROLE_HAS_PRE_COMMANDS = 1 << 0,
    BERTH_OPENPAI_V2_DEPLOYMENT_ROLE_HAS_POST_COMMANDS = 1 << 1
};
extern const struct berth_shape berth_openpai_v2_deployment_role_shape;

struct berth_openpai_v2_defaults {
    uint32_t present;
    struct berth_text virtual_cluster;
    struct berth_text deployment;
};
enum {
    BERTH_OPENPAI_V2_DEFAULTS_HAS_VIRTUAL_CLUSTER = 1 << 0,
    BERTH_OPENPAI_V2_DEFAULTS_HAS_DEPLOYMENT = 1 << 1
};
extern const struct berth_shape berth_openpai_v2_defaults_shape;

/* A value of hivedScheduler.taskRoles. */
struct berth_openpai_v2_hived_role {
    uint32_t present;
    struct berth_text sku_type;
    int64_t sku_num;
    int64_t sku_number; /* a second spelling */
    struct berth_text pinned_cell_id;
    struct berth_text affinity_group_name;
};
enum {
    BERTH_OPENPAI_V2_HIVED_ROLE_HAS_SKU_TYPE = 1 << 0,
    BERTH_OPENPAI_V2_HIVED_ROLE_HAS_SKU_NUM = 1 << 1,
    BERTH_OPENPAI_V2_HIVED_ROLE_HAS_SKU_NUMBER = 1 << 2,
    BERTH_OPENPAI_V2_HIVED_ROLE_HAS_PINNED_CELL_ID = 1 << 3,
    BERTH_OPENPAI_V2_HIVED_ROLE_HAS_AFFINITY_GROUP_NAME = 1 << 4
};
extern const struct berth_shape berth_openpai_v2_hived_role_shape;

/* extras.hivedScheduler. */
struct berth_openpai_v2_hived {
    uint32_t present;
    struct berth_text job_priority_class; /* prod, test or oppo */
    struct berth_json_list task_roles;    /* map: role to v2_hived_role */
    bool gang_release_enable;
    bool lazy_preemption_enable;
    bool ignore_k8s_suggested_nodes;
};
enum {
    BERTH_OPENPAI_V2_HIVED_HAS_JOB_PRIORITY_CLASS = 1 << 0,
    BERTH_OPENPAI_V2_HIVED_HAS_TASK_ROLES = 1 << 1,
    BERTH_OPENPAI_V2_HIVED_HAS_GANG_RELEASE_ENABLE = 1 << 2,
    BERTH_OPENPAI_V2_HIVED_HAS_LAZY_PREEMPTION_ENABLE = 1 << 3,
    BERTH_OPENPAI_V2_HIVED_HAS_IGNORE_K8S_SUGGESTED_NODES = 1 << 4
};
extern const struct berth_shape berth_openpai_v2_hived_shape;

/* An element of extras.storages. */
struct berth_openpai_v2_storage {
    uint32_t present;
    struct berth_text name;
    struct berth_text mount_path; /* /mnt/NAME when absent */
};
enum { BERTH_OPENPAI_V2_STORAGE_HAS_NAME = 1 << 0, BERTH_OPENPAI_V2_STORAGE_HAS_MOUNT_PATH = 1 << 1 };
extern const struct berth_shape berth_openpai_v2_storage_shape;

/* An element of extras["com.microsoft.pai.runtimeplugin"]. */
struct berth_openpai_v2_plugin {
    uint32_t present;
    struct berth_text plugin;     /* ssh, cmd, git, teamwise_storage, tensorboard */
    struct berth_text parameters; /* JSON: by plugin: v2_ssh, v2_cmd, v2_teamwise ... */
    struct berth_text failure_policy;
    struct berth_json_list task_roles; /* list of texts */
};
enum {
    BERTH_OPENPAI_V2_PLUGIN_HAS_PLUGIN = 1 << 0,
    BERTH_OPENPAI_V2_PLUGIN_HAS_PARAMETERS = 1 << 1,
    BERTH_OPENPAI_V2_PLUGIN_HAS_FAILURE_POLICY = 1 << 2,
    BERTH_OPENPAI_V2_PLUGIN_HAS_TASK_ROLES = 1 << 3
};
extern const struct berth_shape berth_openpai_v2_plugin_shape;

/* userssh. */
struct berth_openpai_v2_ssh_key {
    uint32_t present;
    struct berth_text type;  /* custom */
    struct berth_text value; /* the public key */
};
enum { BERTH_OPENPAI_V2_SSH_KEY_HAS_TYPE = 1 << 0, BERTH_OPENPAI_V2_SSH_KEY_HAS_VALUE = 1 << 1 };
extern const struct berth_shape berth_openpai_v2_ssh_key_shape;

/* Parameters of the plugin ssh. */
struct berth_openpai_v2_ssh {
    uint32_t present;
    bool job_ssh;
    bool barrier;
    int64_t barrier_timeout; /* seconds */
    struct berth_openpai_v2_ssh_key user;
};
enum {
    BERTH_OPENPAI_V2_SSH_HAS_JOB_SSH = 1 << 0,
    BERTH_OPENPAI_V2_SSH_HAS_BARRIER = 1 << 1,
    BERTH_OPENPAI_V2_SSH_HAS_BARRIER_TIMEOUT = 1 << 2,
    BERTH_OPENPAI_V2_SSH_HAS_USER = 1 << 3
};
extern const struct berth_shape berth_openpai_v2_ssh_shape;

/* Parameters of the plugin cmd. */
struct berth_openpai_v2_cmd {
    uint32_t present;
    struct berth_json_list pre_commands;  /* list of texts */
    struct berth_json_list post_commands; /* list of texts */
    struct berth_json_list callbacks;     /* list of v2_callback */
};
enum {
    BERTH_OPENPAI_V2_CMD_HAS_PRE_COMMANDS = 1 << 0,
    BERTH_OPENPAI_V2_CMD_HAS_POST_COMMANDS = 1 << 1,
    BERTH_OPENPAI_V2_CMD_HAS_CALLBACKS = 1 << 2
};
extern const struct berth_shape berth_openpai_v2_cmd_shape;

/* Parameters of the plugin teamwise_storage. */
struct berth_openpai_v2_teamwise {
    uint32_t present;
    struct berth_json_list storage_config_names; /* list of texts */
};
enum { BERTH_OPENPAI_V2_TEAMWISE_HAS_STORAGE_CONFIG_NAMES = 1 << 0 };
extern const struct berth_shape berth_openpai_v2_teamwise_shape;

/* extras.jobStatusChangeNotification. */
struct berth_openpai_v2_notification {
    uint32_t present;
    bool running;
    bool succeeded;
    bool stopped;
    bool failed;
    bool retried;
};
enum {
    BERTH_OPENPAI_V2_NOTIFICATION_HAS_RUNNING = 1 << 0,
    BERTH_OPENPAI_V2_NOTIFICATION_HAS_SUCCEEDED = 1 << 1,
    BERTH_OPENPAI_V2_NOTIFICATION_HAS_STOPPED = 1 << 2,
    BERTH_OPENPAI_V2_NOTIFICATION_HAS_FAILED = 1 << 3,
    BERTH_OPENPAI_V2_NOTIFICATION_HAS_RETRIED = 1 << 4
};
extern const struct berth_shape berth_openpai_v2_notification_shape;

/* Members that mean something; others are free. */
struct berth_openpai_v2_extras {
    uint32_t present;
    struct berth_text submit_from;
    bool gang_allocation; /* true when absent */
    struct berth_openpai_v2_hived hived;
    struct berth_json_list storages; /* list of v2_storage; empty: the user's own */
    struct berth_json_list plugins;  /* list of v2_plugin */
    struct berth_openpai_v2_notification notification;
    struct berth_json_list tags; /* list of texts; an older SDK's */
};
enum {
    BERTH_OPENPAI_V2_EXTRAS_HAS_SUBMIT_FROM = 1 << 0,
    BERTH_OPENPAI_V2_EXTRAS_HAS_GANG_ALLOCATION = 1 << 1,
    BERTH_OPENPAI_V2_EXTRAS_HAS_HIVED = 1 << 2,
    BERTH_OPENPAI_V2_EXTRAS_HAS_STORAGES = 1 << 3,
    BERTH_OPENPAI_V2_EXTRAS_HAS_PLUGINS = 1 << 4,
    BERTH_OPENPAI_V2_EXTRAS_HAS_NOTIFICATION = 1 << 5,
    BERTH_OPENPAI_V2_EXTRAS_HAS_TAGS = 1 << 6
};
extern const struct berth_shape berth_openpai_v2_extras_shape;

/* The document. */
struct berth_openpai_v2_job {
    uint32_t present;
    struct berth_text protocol_version; /* JSON: 2 or "2" */
    struct berth_text name;
    struct berth_text type;    /* job */
    struct berth_text version; /* JSON: text or number */
    struct berth_text contributor;
    struct berth_text description;
    struct berth_json_list prerequisites; /* list of v2_prerequisite */
    struct berth_json_list parameters;    /* map */
    struct berth_text secrets;            /* JSON: an object; "******" as read from a server */
    int64_t job_retry_count;
    struct berth_json_list task_roles;  /* map: name to v2_role */
    struct berth_json_list deployments; /* list of v2_deployment */
    struct berth_openpai_v2_defaults defaults;
    struct berth_openpai_v2_extras extras;
};
enum {
    BERTH_OPENPAI_V2_JOB_HAS_PROTOCOL_VERSION = 1 << 0,
    BERTH_OPENPAI_V2_JOB_HAS_NAME = 1 << 1,
    BERTH_OPENPAI_V2_JOB_HAS_TYPE = 1 << 2,
    BERTH_OPENPAI_V2_JOB_HAS_VERSION = 1 << 3,
    BERTH_OPENPAI_V2_JOB_HAS_CONTRIBUTOR = 1 << 4,
    BERTH_OPENPAI_V2_JOB_HAS_DESCRIPTION = 1 << 5,
    BERTH_OPENPAI_V2_JOB_HAS_PREREQUISITES = 1 << 6,
    BERTH_OPENPAI_V2_JOB_HAS_PARAMETERS = 1 << 7,
    BERTH_OPENPAI_V2_JOB_HAS_SECRETS = 1 << 8,
    BERTH_OPENPAI_V2_JOB_HAS_JOB_RETRY_COUNT = 1 << 9,
    BERTH_OPENPAI_V2_JOB_HAS_TASK_ROLES = 1 << 10,
    BERTH_OPENPAI_V2_JOB_HAS_DEPLOYMENTS = 1 << 11,
    BERTH_OPENPAI_V2_JOB_HAS_DEFAULTS = 1 << 12,
    BERTH_OPENPAI_V2_JOB_HAS_EXTRAS = 1 << 13
};
extern const struct berth_shape berth_openpai_v2_job_shape;

/* ---- Config v1 ------------------------------------------------------------------------------- */

/* An element of portList. */
struct berth_openpai_v1_port {
    uint32_t present;
    struct berth_text label;
    int64_t begin_at;    /* 0 when absent: any */
    int64_t port_number; /* 1 */
};
enum {
    BERTH_OPENPAI_V1_PORT_HAS_LABEL = 1 << 0,
    BERTH_OPENPAI_V1_PORT_HAS_BEGIN_AT = 1 << 1,
    BERTH_OPENPAI_V1_PORT_HAS_PORT_NUMBER = 1 << 2
};
extern const struct berth_shape berth_openpai_v1_port_shape;

/* An element of taskRoles. */
struct berth_openpai_v1_role {
    uint32_t present;
    struct berth_text name;
    int64_t task_number;              /* 1 */
    int64_t cpu_number;               /* 1 */
    int64_t gpu_number;               /* 0 */
    int64_t memory_mb;                /* 100 */
    int64_t shm_mb;                   /* 64 */
    struct berth_json_list port_list; /* list of v1_port */
    int64_t min_failed_task_count;    /* 1; null as if absent */
    int64_t min_succeeded_task_count; /* null as if absent */
    struct berth_text command;
};
enum {
    BERTH_OPENPAI_V1_ROLE_HAS_NAME = 1 << 0,
    BERTH_OPENPAI_V1_ROLE_HAS_TASK_NUMBER = 1 << 1,
    BERTH_OPENPAI_V1_ROLE_HAS_CPU_NUMBER = 1 << 2,
    BERTH_OPENPAI_V1_ROLE_HAS_GPU_NUMBER = 1 << 3,
    BERTH_OPENPAI_V1_ROLE_HAS_MEMORY_MB = 1 << 4,
    BERTH_OPENPAI_V1_ROLE_HAS_SHM_MB = 1 << 5,
    BERTH_OPENPAI_V1_ROLE_HAS_PORT_LIST = 1 << 6,
    BERTH_OPENPAI_V1_ROLE_HAS_MIN_FAILED_TASK_COUNT = 1 << 7,
    BERTH_OPENPAI_V1_ROLE_HAS_MIN_SUCCEEDED_TASK_COUNT = 1 << 8,
    BERTH_OPENPAI_V1_ROLE_HAS_COMMAND = 1 << 9
};
extern const struct berth_shape berth_openpai_v1_role_shape;

/* The document. */
struct berth_openpai_v1_job {
    uint32_t present;
    struct berth_text job_name;
    struct berth_text image;
    struct berth_text auth_file;
    struct berth_text data_dir;
    struct berth_text output_dir;
    struct berth_text code_dir;
    struct berth_text virtual_cluster;         /* default */
    struct berth_text gpu_type;                /* any */
    int64_t retry_count;                       /* 0 */
    int64_t kill_all_on_completed_task_number; /* obsolete */
    struct berth_json_list job_envs;           /* map */
    struct berth_json_list extras;             /* map */
    struct berth_json_list task_roles;         /* list of v1_role */
};
enum {
    BERTH_OPENPAI_V1_JOB_HAS_JOB_NAME = 1 << 0,
    BERTH_OPENPAI_V1_JOB_HAS_IMAGE = 1 << 1,
    BERTH_OPENPAI_V1_JOB_HAS_AUTH_FILE = 1 << 2,
    BERTH_OPENPAI_V1_JOB_HAS_DATA_DIR = 1 << 3,
    BERTH_OPENPAI_V1_JOB_HAS_OUTPUT_DIR = 1 << 4,
    BERTH_OPENPAI_V1_JOB_HAS_CODE_DIR = 1 << 5,
    BERTH_OPENPAI_V1_JOB_HAS_VIRTUAL_CLUSTER = 1 << 6,
    BERTH_OPENPAI_V1_JOB_HAS_GPU_TYPE = 1 << 7,
    BERTH_OPENPAI_V1_JOB_HAS_RETRY_COUNT = 1 << 8,
    BERTH_OPENPAI_V1_JOB_HAS_KILL_ALL_ON_COMPLETED_TASK_NUMBER = 1 << 9,
    BERTH_OPENPAI_V1_JOB_HAS_JOB_ENVS = 1 << 10,
    BERTH_OPENPAI_V1_JOB_HAS_EXTRAS = 1 << 11,
    BERTH_OPENPAI_V1_JOB_HAS_TASK_ROLES = 1 << 12
};
extern const struct berth_shape berth_openpai_v1_job_shape;

#ifdef __cplusplus
}
#endif
#endif
