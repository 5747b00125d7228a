/* OpenPAI's data: what its REST interface answers, as structs. */
#ifndef BERTH_OPENPAI_DATA_H
#define BERTH_OPENPAI_DATA_H

#include "berth/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Jobs ------------------------------------------------------------------------------- */

/* In each struct, bit i of present says that row i of its shape was there and not null; the *_HAS_ constants
 * are those bits. Times are milliseconds since 1970. Texts live until the callback returns. */

enum berth_openpai_state {
    BERTH_OPENPAI_WAITING = 1,
    BERTH_OPENPAI_RUNNING,
    BERTH_OPENPAI_STOPPING,
    BERTH_OPENPAI_STOPPED,
    BERTH_OPENPAI_SUCCEEDED,
    BERTH_OPENPAI_FAILED,
    BERTH_OPENPAI_STATE_UNKNOWN, /* the wire's word UNKNOWN; other words are BERTH_ENUM_UNKNOWN */
    BERTH_OPENPAI_COMPLETING     /* one old client's */
};
/* STOPPED, SUCCEEDED or FAILED: it stays so. */
bool berth_openpai_is_terminal(int32_t state);
/* The wire's word, or an empty text. */
struct berth_text berth_openpai_state_name(int32_t state);
/* What a subState comes to (2.2) with the exit code of the latest attempt (absent: NULL); G1's own words for
 * jobs too. ATTEMPT: the state of the attempt instead of the job. */
enum berth_openpai_state berth_openpai_state_of(struct berth_text sub_state, const int64_t *exit_code,
                                                bool attempt);
/* A few words about an exit code (2.2), or an empty text for one that is not listed. */
struct berth_text berth_openpai_exit_phrase(int64_t exit_code);

struct berth_openpai_retries {
    uint32_t present;
    int64_t user, platform, resource;
};

/* A job in a list. */
struct berth_openpai_summary {
    uint32_t present;
    struct berth_text debug_id;
    struct berth_text name; /* without the user */
    struct berth_text username;
    struct berth_enum state; /* enum berth_openpai_state */
    struct berth_text sub_state;
    struct berth_text execution_type; /* START, STOP */
    struct berth_json_list tags;      /* of texts: berth_openpai_next_text() */
    int64_t retries;
    struct berth_openpai_retries retry_details;
    int64_t retry_delay_s;
    int64_t submission_ms, created_ms, launched_ms, completed_ms;
    int64_t exit_code;
    struct berth_text virtual_cluster;
    int64_t total_gpus, total_tasks, total_task_roles;
    struct berth_text priority;
    struct berth_text name_space; /* G1 */
    bool legacy;                  /* G1: a job without a user; address it with an empty user */
};
enum {
    BERTH_OPENPAI_SUMMARY_HAS_DEBUG_ID = 1 << 0,
    BERTH_OPENPAI_SUMMARY_HAS_NAME = 1 << 1,
    BERTH_OPENPAI_SUMMARY_HAS_USERNAME = 1 << 2,
    BERTH_OPENPAI_SUMMARY_HAS_STATE = 1 << 3,
    BERTH_OPENPAI_SUMMARY_HAS_SUB_STATE = 1 << 4,
    BERTH_OPENPAI_SUMMARY_HAS_EXECUTION_TYPE = 1 << 5,
    BERTH_OPENPAI_SUMMARY_HAS_TAGS = 1 << 6,
    BERTH_OPENPAI_SUMMARY_HAS_RETRIES = 1 << 7,
    BERTH_OPENPAI_SUMMARY_HAS_RETRY_DETAILS = 1 << 8,
    BERTH_OPENPAI_SUMMARY_HAS_RETRY_DELAY = 1 << 9,
    BERTH_OPENPAI_SUMMARY_HAS_SUBMISSION = 1 << 10,
    BERTH_OPENPAI_SUMMARY_HAS_CREATED = 1 << 11,
    BERTH_OPENPAI_SUMMARY_HAS_LAUNCHED = 1 << 12,
    BERTH_OPENPAI_SUMMARY_HAS_COMPLETED = 1 << 13,
    BERTH_OPENPAI_SUMMARY_HAS_EXIT_CODE = 1 << 14,
    BERTH_OPENPAI_SUMMARY_HAS_VIRTUAL_CLUSTER = 1 << 15,
    BERTH_OPENPAI_SUMMARY_HAS_TOTAL_GPUS = 1 << 16,
    BERTH_OPENPAI_SUMMARY_HAS_TOTAL_TASKS = 1 << 17,
    BERTH_OPENPAI_SUMMARY_HAS_TOTAL_TASK_ROLES = 1 << 18,
    BERTH_OPENPAI_SUMMARY_HAS_PRIORITY = 1 << 19,
    BERTH_OPENPAI_SUMMARY_HAS_NAME_SPACE = 1 << 20,
    BERTH_OPENPAI_SUMMARY_HAS_LEGACY = 1 << 21
};

/* Why a container or a job ended (2.2). */
struct berth_openpai_exit {
    uint32_t present;
    int64_t code;
    struct berth_text phrase, issuer, causer;
    struct berth_text type;     /* USER_SUCCESS, USER_FAILURE, PLATFORM_FAILURE ... */
    struct berth_text stage;    /* SUBMITTING ... COMPLETING */
    struct berth_text behavior; /* TRANSIENT, PERMANENT ... */
    struct berth_text reaction; /* ALWAYS_RETRY, NEVER_RETRY ... */
    struct berth_text reason;
    struct berth_json_list repro, solution; /* of texts */
};
enum {
    BERTH_OPENPAI_EXIT_HAS_CODE = 1 << 0,
    BERTH_OPENPAI_EXIT_HAS_PHRASE = 1 << 1,
    BERTH_OPENPAI_EXIT_HAS_ISSUER = 1 << 2,
    BERTH_OPENPAI_EXIT_HAS_CAUSER = 1 << 3,
    BERTH_OPENPAI_EXIT_HAS_TYPE = 1 << 4,
    BERTH_OPENPAI_EXIT_HAS_STAGE = 1 << 5,
    BERTH_OPENPAI_EXIT_HAS_BEHAVIOR = 1 << 6,
    BERTH_OPENPAI_EXIT_HAS_REACTION = 1 << 7,
    BERTH_OPENPAI_EXIT_HAS_REASON = 1 << 8,
    BERTH_OPENPAI_EXIT_HAS_REPRO = 1 << 9,
    BERTH_OPENPAI_EXIT_HAS_SOLUTION = 1 << 10
};

/* appExitMessages: each is JSON, a quoted text or an object. */
struct berth_openpai_exit_messages {
    uint32_t present;
    struct berth_text container, runtime, launcher;
};

/* jobStatus (2.4). */
struct berth_openpai_status {
    uint32_t present;
    struct berth_text username;
    struct berth_enum state;
    struct berth_text sub_state, execution_type, virtual_cluster;
    int64_t retries;
    struct berth_openpai_retries retry_details;
    int64_t retry_delay_s;
    int64_t submission_ms, created_ms, launched_ms, completed_ms;
    int64_t attempt_id;
    struct berth_enum attempt_state;
    struct berth_text app_id;
    double app_progress; /* 0 to 1 */
    struct berth_text app_tracking_url;
    int64_t app_created_ms, app_launched_ms, app_completed_ms;
    int64_t exit_code;
    struct berth_openpai_exit exit_spec;
    struct berth_text exit_diagnostics; /* several lines, may be long */
    struct berth_openpai_exit_messages exit_messages;
    struct berth_text exit_trigger_message, exit_trigger_task_role;
    int64_t exit_trigger_task_index;
    struct berth_text exit_type;
    struct berth_text name; /* G1: user~job */
};
enum {
    BERTH_OPENPAI_STATUS_HAS_USERNAME = 1 << 0,
    BERTH_OPENPAI_STATUS_HAS_STATE = 1 << 1,
    BERTH_OPENPAI_STATUS_HAS_SUB_STATE = 1 << 2,
    BERTH_OPENPAI_STATUS_HAS_EXECUTION_TYPE = 1 << 3,
    BERTH_OPENPAI_STATUS_HAS_VIRTUAL_CLUSTER = 1 << 4,
    BERTH_OPENPAI_STATUS_HAS_RETRIES = 1 << 5,
    BERTH_OPENPAI_STATUS_HAS_RETRY_DETAILS = 1 << 6,
    BERTH_OPENPAI_STATUS_HAS_RETRY_DELAY = 1 << 7,
    BERTH_OPENPAI_STATUS_HAS_SUBMISSION = 1 << 8,
    BERTH_OPENPAI_STATUS_HAS_CREATED = 1 << 9,
    BERTH_OPENPAI_STATUS_HAS_LAUNCHED = 1 << 10,
    BERTH_OPENPAI_STATUS_HAS_COMPLETED = 1 << 11,
    BERTH_OPENPAI_STATUS_HAS_ATTEMPT_ID = 1 << 12,
    BERTH_OPENPAI_STATUS_HAS_ATTEMPT_STATE = 1 << 13,
    BERTH_OPENPAI_STATUS_HAS_APP_ID = 1 << 14,
    BERTH_OPENPAI_STATUS_HAS_APP_PROGRESS = 1 << 15,
    BERTH_OPENPAI_STATUS_HAS_APP_TRACKING_URL = 1 << 16,
    BERTH_OPENPAI_STATUS_HAS_APP_CREATED = 1 << 17,
    BERTH_OPENPAI_STATUS_HAS_APP_LAUNCHED = 1 << 18,
    BERTH_OPENPAI_STATUS_HAS_APP_COMPLETED = 1 << 19,
    BERTH_OPENPAI_STATUS_HAS_EXIT_CODE = 1 << 20,
    BERTH_OPENPAI_STATUS_HAS_EXIT_SPEC = 1 << 21,
    BERTH_OPENPAI_STATUS_HAS_EXIT_DIAGNOSTICS = 1 << 22,
    BERTH_OPENPAI_STATUS_HAS_EXIT_MESSAGES = 1 << 23,
    BERTH_OPENPAI_STATUS_HAS_EXIT_TRIGGER_MESSAGE = 1 << 24,
    BERTH_OPENPAI_STATUS_HAS_EXIT_TRIGGER_TASK_ROLE = 1 << 25,
    BERTH_OPENPAI_STATUS_HAS_EXIT_TRIGGER_TASK_INDEX = 1 << 26,
    BERTH_OPENPAI_STATUS_HAS_EXIT_TYPE = 1 << 27,
    BERTH_OPENPAI_STATUS_HAS_NAME = 1 << 28
};

/* A job in detail; its tasks are delivered one by one before it. */
struct berth_openpai_job {
    uint32_t present;
    struct berth_text debug_id;
    struct berth_text name;
    struct berth_json_list tags;
    struct berth_openpai_status status;
    struct berth_text priority; /* normally absent here: take it from the list */
};
enum {
    BERTH_OPENPAI_JOB_HAS_DEBUG_ID = 1,
    BERTH_OPENPAI_JOB_HAS_NAME = 2,
    BERTH_OPENPAI_JOB_HAS_TAGS = 4,
    BERTH_OPENPAI_JOB_HAS_STATUS = 8,
    BERTH_OPENPAI_JOB_HAS_PRIORITY = 16
};

struct berth_openpai_role {
    uint32_t present;
    struct berth_text key;    /* in taskRoles: on Kubernetes the normalised name */
    struct berth_text status; /* taskRoleStatus, JSON: {"name": ...} */
};

struct berth_openpai_hived {
    uint32_t present;
    struct berth_text affinity_group;
    bool lazy_preempted;
    struct berth_text lazy_preemption_status; /* JSON */
};

/* A task of a role (2.4), or one attempt of it (2.5: then there are attempt_* and container_* alone). */
struct berth_openpai_task {
    uint32_t present;
    struct berth_text role; /* the key of its role, filled in */
    int64_t index;
    struct berth_text uid;
    struct berth_enum state;
    struct berth_text container_id, container_ip, container_node_name;
    struct berth_json_list container_ports; /* map: berth_openpai_next_port() */
    int64_t container_gpus;                 /* bit mask; before 1.4 */
    struct berth_text container_log;        /* where its logs are: for berth_openpai_logs_of() */
    int64_t container_exit_code;
    struct berth_openpai_exit container_exit_spec;
    struct berth_text container_exit_diagnostics;
    int64_t retries, accountable_retries;
    int64_t created_ms, launched_ms, completed_ms;
    int64_t attempt_id;
    struct berth_enum attempt_state;
    int64_t attempt_created_ms, attempt_launched_ms, attempt_completed_ms;
    struct berth_openpai_hived hived;
};
enum {
    BERTH_OPENPAI_TASK_HAS_INDEX = 1 << 0,
    BERTH_OPENPAI_TASK_HAS_UID = 1 << 1,
    BERTH_OPENPAI_TASK_HAS_STATE = 1 << 2,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_ID = 1 << 3,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_IP = 1 << 4,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_NODE_NAME = 1 << 5,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_PORTS = 1 << 6,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_GPUS = 1 << 7,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_LOG = 1 << 8,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_EXIT_CODE = 1 << 9,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_EXIT_SPEC = 1 << 10,
    BERTH_OPENPAI_TASK_HAS_CONTAINER_EXIT_DIAGNOSTICS = 1 << 11,
    BERTH_OPENPAI_TASK_HAS_RETRIES = 1 << 12,
    BERTH_OPENPAI_TASK_HAS_ACCOUNTABLE_RETRIES = 1 << 13,
    BERTH_OPENPAI_TASK_HAS_CREATED = 1 << 14,
    BERTH_OPENPAI_TASK_HAS_LAUNCHED = 1 << 15,
    BERTH_OPENPAI_TASK_HAS_COMPLETED = 1 << 16,
    BERTH_OPENPAI_TASK_HAS_ATTEMPT_ID = 1 << 17,
    BERTH_OPENPAI_TASK_HAS_ATTEMPT_STATE = 1 << 18,
    BERTH_OPENPAI_TASK_HAS_ATTEMPT_CREATED = 1 << 19,
    BERTH_OPENPAI_TASK_HAS_ATTEMPT_LAUNCHED = 1 << 20,
    BERTH_OPENPAI_TASK_HAS_ATTEMPT_COMPLETED = 1 << 21,
    BERTH_OPENPAI_TASK_HAS_HIVED = 1 << 22
};

/* A task with its attempts (2.5); the attempts are delivered one by one before it. */
struct berth_openpai_task_history {
    uint32_t present;
    struct berth_text username, job_name;
    int64_t job_attempt_id;
    struct berth_text role;
    int64_t index;
    struct berth_text uid;
    struct berth_enum state;
    int64_t retries, accountable_retries;
    int64_t created_ms, launched_ms, completed_ms;
};

/* A job's attempt (2.5, job-attempts; history of 1.0 to 1.3 and deprecated later). */
struct berth_openpai_attempt {
    uint32_t present;
    struct berth_text job_name, framework_name, uid, user_name;
    struct berth_enum state;
    struct berth_text origin_state;
    int64_t index;
    int64_t job_started_ms, started_ms, completed_ms;
    int64_t exit_code;
    struct berth_text exit_phrase, exit_type;
    struct berth_text exit_diagnostics; /* JSON */
    int64_t total_gpus, total_tasks, total_task_roles;
    bool is_latest; /* means nothing when one attempt was asked for */
};

struct berth_openpai_event {
    uint32_t present;
    struct berth_text uid, framework_name, pod_uid, role, task_name;
    int64_t task_index;
    struct berth_text type; /* Warning, Normal */
    struct berth_text reason, message;
    struct berth_time first_time, last_time;
    int64_t count;
    struct berth_text source_component, source_host;
};
enum {
    BERTH_OPENPAI_EVENT_HAS_UID = 1 << 0,
    BERTH_OPENPAI_EVENT_HAS_FRAMEWORK_NAME = 1 << 1,
    BERTH_OPENPAI_EVENT_HAS_POD_UID = 1 << 2,
    BERTH_OPENPAI_EVENT_HAS_ROLE = 1 << 3,
    BERTH_OPENPAI_EVENT_HAS_TASK_NAME = 1 << 4,
    BERTH_OPENPAI_EVENT_HAS_TASK_INDEX = 1 << 5,
    BERTH_OPENPAI_EVENT_HAS_TYPE = 1 << 6,
    BERTH_OPENPAI_EVENT_HAS_REASON = 1 << 7,
    BERTH_OPENPAI_EVENT_HAS_MESSAGE = 1 << 8,
    BERTH_OPENPAI_EVENT_HAS_FIRST_TIME = 1 << 9,
    BERTH_OPENPAI_EVENT_HAS_LAST_TIME = 1 << 10,
    BERTH_OPENPAI_EVENT_HAS_COUNT = 1 << 11,
    BERTH_OPENPAI_EVENT_HAS_SOURCE_COMPONENT = 1 << 12,
    BERTH_OPENPAI_EVENT_HAS_SOURCE_HOST = 1 << 13
};

/* One of a task's logs; the address is good for some minutes only. */
struct berth_openpai_log {
    uint32_t present;
    struct berth_text name; /* stdout, stderr, all, stdout.1, runtime.log ... */
    struct berth_text uri;
};

/* G1 and YARN: how to reach a job's containers. */
struct berth_openpai_ssh_container {
    uint32_t present;
    struct berth_text id, ip, port;
};
struct berth_openpai_ssh_key {
    uint32_t present;
    struct berth_text folder_path, public_key_file, private_key_file, private_key_link;
};
struct berth_openpai_ssh { /* the containers are delivered one by one before it */
    uint32_t present;
    struct berth_openpai_ssh_key key;
};

/* ---- Everything else -------------------------------------------------------------------- */

struct berth_openpai_info {
    uint32_t present;
    struct berth_text name, version, launcher_type, authn_method;
};
struct berth_openpai_authn_info {
    uint32_t present;
    struct berth_text authn_type, login_uri, login_uri_method;
};
struct berth_openpai_token {
    uint32_t present;
    struct berth_text token;
    bool application;
};

/* What a token says about itself ; it is read, not verified. */
struct berth_openpai_claims {
    uint32_t present;
    struct berth_text username;
    bool application;
    bool job_specific;
    bool admin;
    struct berth_text framework_name; /* encodedFrameworkName */
    int64_t issued_s;                 /* iat */
    int64_t expires_s;                /* exp; absent: it does not expire */
};
enum {
    BERTH_OPENPAI_CLAIMS_HAS_USERNAME = 1,
    BERTH_OPENPAI_CLAIMS_HAS_APPLICATION = 2,
    BERTH_OPENPAI_CLAIMS_HAS_JOB_SPECIFIC = 4,
    BERTH_OPENPAI_CLAIMS_HAS_ADMIN = 8,
    BERTH_OPENPAI_CLAIMS_HAS_FRAMEWORK_NAME = 16,
    BERTH_OPENPAI_CLAIMS_HAS_ISSUED = 32,
    BERTH_OPENPAI_CLAIMS_HAS_EXPIRES = 64
};

struct berth_openpai_user {
    uint32_t present;
    struct berth_text username;
    struct berth_json_list groups; /* of texts */
    struct berth_text email;
    struct berth_text extension; /* JSON; may hold keys and tokens: a secret */
    bool admin;
    struct berth_text virtual_cluster_raw;   /* private: JSON */
    struct berth_json_list storages;         /* storageConfig: of texts */
    struct berth_json_list virtual_clusters; /* of texts, when the server sent an array ... */
    struct berth_text virtual_cluster_list;  /* ... or (before 0.14) one text with commas */
};
enum {
    BERTH_OPENPAI_USER_HAS_USERNAME = 1,
    BERTH_OPENPAI_USER_HAS_GROUPS = 2,
    BERTH_OPENPAI_USER_HAS_EMAIL = 4,
    BERTH_OPENPAI_USER_HAS_EXTENSION = 8,
    BERTH_OPENPAI_USER_HAS_ADMIN = 16,
    BERTH_OPENPAI_USER_HAS_VIRTUAL_CLUSTER = 32,
    BERTH_OPENPAI_USER_HAS_STORAGES = 64
};

struct berth_openpai_acls {
    uint32_t present;
    bool admin;
    struct berth_json_list virtual_clusters, storages; /* of texts */
};
struct berth_openpai_group_extension {
    uint32_t present;
    struct berth_openpai_acls acls;
};
struct berth_openpai_group {
    uint32_t present;
    struct berth_text name, description, external_name;
    struct berth_openpai_group_extension extension;
};

/* cpu or vCores, memory in MB, gpu or GPUs; G1 has fractions. */
struct berth_openpai_resources {
    uint32_t present;
    double cpu, memory_mb, gpu;
};
enum {
    BERTH_OPENPAI_RESOURCES_HAS_CPU = 1 | 2, /* either name */
    BERTH_OPENPAI_RESOURCES_HAS_MEMORY = 4,
    BERTH_OPENPAI_RESOURCES_HAS_GPU = 8 | 16
};
struct berth_openpai_vc {
    uint32_t present;
    struct berth_text name;                       /* filled in */
    double capacity, used_capacity, max_capacity; /* percent of the GPUs */
    bool dedicated;
    struct berth_openpai_resources used, guaranteed, total;
    int64_t active_jobs, jobs, pending_jobs; /* G1, as the rest */
    struct berth_text status;                /* RUNNING, STOPPED, DRAINING */
    struct berth_json_list nodes;            /* of texts */
};
enum {
    BERTH_OPENPAI_VC_HAS_CAPACITY = 1 << 0,
    BERTH_OPENPAI_VC_HAS_USED_CAPACITY = 1 << 1,
    BERTH_OPENPAI_VC_HAS_MAX_CAPACITY = 1 << 2,
    BERTH_OPENPAI_VC_HAS_DEDICATED = 1 << 3,
    BERTH_OPENPAI_VC_HAS_USED = 1 << 4,
    BERTH_OPENPAI_VC_HAS_GUARANTEED = 1 << 5,
    BERTH_OPENPAI_VC_HAS_TOTAL = 1 << 6,
    BERTH_OPENPAI_VC_HAS_ACTIVE_JOBS = 1 << 7,
    BERTH_OPENPAI_VC_HAS_JOBS = 1 << 8,
    BERTH_OPENPAI_VC_HAS_PENDING_JOBS = 1 << 9,
    BERTH_OPENPAI_VC_HAS_STATUS = 1 << 10,
    BERTH_OPENPAI_VC_HAS_NODES = 1 << 11
};
/* What is free: max(0, total - used), or -1 where the server does not say. */
void berth_openpai_vc_free(const struct berth_openpai_vc *vc, struct berth_openpai_resources *out_free);

struct berth_openpai_node {
    uint32_t present;
    struct berth_text name; /* filled in */
    double gpu_used, gpu_available, gpu_total;
};
struct berth_openpai_sku {
    uint32_t present;
    struct berth_text name; /* filled in */
    double cpu, memory_mb, gpu;
};

struct berth_openpai_storage {
    uint32_t present;
    struct berth_text name;
    bool share;
    struct berth_text volume_name;
    bool is_default;        /* in lists */
    struct berth_text type; /* nfs, samba, azureFile, azureBlob, dshuttle, other, unknown */
    struct berth_text data; /* JSON by type; may hold passwords and keys: a secret */
    bool read_only;
    struct berth_text secret_name;
    struct berth_json_list mount_options; /* of texts */
};
enum {
    BERTH_OPENPAI_STORAGE_HAS_NAME = 1 << 0,
    BERTH_OPENPAI_STORAGE_HAS_SHARE = 1 << 1,
    BERTH_OPENPAI_STORAGE_HAS_VOLUME_NAME = 1 << 2,
    BERTH_OPENPAI_STORAGE_HAS_DEFAULT = 1 << 3,
    BERTH_OPENPAI_STORAGE_HAS_TYPE = 1 << 4,
    BERTH_OPENPAI_STORAGE_HAS_DATA = 1 << 5,
    BERTH_OPENPAI_STORAGE_HAS_READ_ONLY = 1 << 6,
    BERTH_OPENPAI_STORAGE_HAS_SECRET_NAME = 1 << 7,
    BERTH_OPENPAI_STORAGE_HAS_MOUNT_OPTIONS = 1 << 8
};
/* The deprecated pair (0.15 to 0.17): a configuration names mounts on servers. */
struct berth_openpai_storage_config {
    uint32_t present;
    struct berth_text name;
    bool is_default;
    struct berth_text gpn;
    struct berth_json_list servers; /* of texts */
    struct berth_json_list mounts;  /* of struct berth_openpai_mount */
};
struct berth_openpai_mount {
    uint32_t present;
    struct berth_text mount_point, server, path, permission;
};
struct berth_openpai_storage_server {
    uint32_t present;
    struct berth_text name;      /* spn */
    struct berth_text type;      /* nfs, samba, azurefile, azureblob, hdfs, other */
    struct berth_text data;      /* JSON: a secret */
    struct berth_text extension; /* JSON */
};

/* One entry of the list of violations in a refused job document (2.6). */
struct berth_openpai_violation {
    uint32_t present;
    struct berth_text keyword;   /* "pattern" */
    struct berth_text data_path; /* ".taskRoles" */
    struct berth_text schema_path;
    struct berth_text params; /* JSON */
    struct berth_text message;
};

/* Walks a list of texts (tags, groups ...): BERTH_OK, BERTH_E_MISSING at the end, BERTH_E_TYPE for what is no
 * text, BERTH_E_UTF8 for half of a surrogate pair. The text is unescaped in place; a list is walked once. */
enum berth_status berth_openpai_next_text(struct berth_json_list *list,
                                          struct berth_text *out_text) BERTH_MUST_CHECK;
/* Walks a task's ports: label, and its numbers "34110,34117" as the server sent them (a text or a number). */
enum berth_status berth_openpai_next_port(struct berth_json_list *ports, struct berth_text *out_label,
                                          struct berth_text *out_numbers) BERTH_MUST_CHECK;
/* Walks a storage configuration's mounts. */
enum berth_status berth_openpai_next_mount(struct berth_json_list *mounts,
                                           struct berth_openpai_mount *out_mount) BERTH_MUST_CHECK;
/* The first port with label LABEL ("ssh") of a task; the ports can be walked still. BERTH_E_MISSING. With
 * container_ip and the user root it is how to log in (2.5). */
enum berth_status berth_openpai_task_port(const struct berth_openpai_task *task, struct berth_text label,
                                          uint16_t *out_port) BERTH_MUST_CHECK;
/* Puts a role's name as Kubernetes servers spell it: lower-case letters and digits alone. */
void berth_openpai_put_role(struct berth_writer *w, struct berth_text role);
/* Puts a storage path with ${PAI_USER_NAME} replaced. */
void berth_openpai_put_storage_path(struct berth_writer *w, struct berth_text path, struct berth_text user);

extern const struct berth_shape berth_openpai_summary_shape;
extern const struct berth_shape berth_openpai_job_shape;
extern const struct berth_shape berth_openpai_role_shape;
extern const struct berth_shape berth_openpai_task_shape;
extern const struct berth_shape berth_openpai_task_history_shape;
extern const struct berth_shape berth_openpai_attempt_shape;
extern const struct berth_shape berth_openpai_event_shape;
extern const struct berth_shape berth_openpai_log_shape;
extern const struct berth_shape berth_openpai_user_shape;
extern const struct berth_shape berth_openpai_group_shape;
extern const struct berth_shape berth_openpai_vc_shape;
extern const struct berth_shape berth_openpai_node_shape;
extern const struct berth_shape berth_openpai_sku_shape;
extern const struct berth_shape berth_openpai_storage_shape;

#ifdef __cplusplus
}
#endif
#endif
