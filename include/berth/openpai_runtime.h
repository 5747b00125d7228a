/* OpenPAI inside a job's container: what the environment says, and a program's course with handlers for its
 * start, its end and its failure. */
#ifndef BERTH_OPENPAI_RUNTIME_H
#define BERTH_OPENPAI_RUNTIME_H

#include "berth/number.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The environment -------------------------------------------------------------------------- */

/* How variables are read: as getenv, NULL when absent. An empty one counts as absent. */
typedef const char *berth_openpai_getenv_fn(void *ctx, const char *name);

/* Whether this is a job's container: the variable NAME is there, or (NULL) one of PAI_CONTAINER_ID (servers
 * on YARN alone set it), PAI_CURRENT_TASK_ROLE_NAME, PAI_FRAMEWORK_NAME and FC_POD_UID. */
bool berth_openpai_in_job(berth_openpai_getenv_fn *get, void *ctx, const char *name);

/* What a container is told; absent texts (ptr NULL) were not there. All are GET's own texts. */
struct berth_openpai_env {
    /* The cluster that the job was submitted to, when its submitter passed it on (PAI_SDK_CLIENT_...). No
     * password comes along; a token may have been passed by a secret. */
    struct berth_text pai_uri, rest_server_uri, user, hdfs_web_uri, token;
    /* The job: PAI_JOB_NAME is "user~job" (then both are there) or a job's name alone. */
    struct berth_text job_user, job;
    struct berth_text user_name;       /* PAI_USER_NAME, else PAI_USERNAME */
    struct berth_text virtual_cluster; /* PAI_VIRTUAL_CLUSTER */
    struct berth_text role;            /* PAI_CURRENT_TASK_ROLE_NAME, else FC_TASKROLE_NAME (normalised) */
    bool has_index;
    uint32_t index; /* of the task in its role */
    bool has_attempt;
    uint32_t attempt;          /* FC_FRAMEWORK_ATTEMPT_ID */
    struct berth_text pod_uid; /* FC_POD_UID */
    struct berth_text host_ip; /* PAI_CONTAINER_HOST_IP, else PAI_CURRENT_CONTAINER_IP */
    struct berth_text workspace, output_folder,
        code_folder; /* PAI_SDK_JOB_WORKSPACE, _OUTPUT_DIR, _CODE_DIR */
};
/* BERTH_E_SYNTAX for an index or attempt that is no number; *out_variable (may be NULL) names it. */
enum berth_status berth_openpai_env_read(struct berth_openpai_env *out_env, berth_openpai_getenv_fn *get,
                                         void *ctx, const char **out_variable) BERTH_MUST_CHECK;

/* Walks "NAME=value" strings for those that begin with PREFIX and '_' (PREFIX absent: PAI_SDK_CLIENT): the
 * rest of the name in lower case is put into BUF. BERTH_OK, BERTH_E_MISSING at the end, BERTH_E_SPACE.
 * *INOUT_INDEX begins with 0. */
enum berth_status berth_openpai_next_client_variable(const char *const *environment, struct berth_text prefix,
                                                     size_t *inout_index, char *buf, size_t cap,
                                                     struct berth_text *out_key,
                                                     struct berth_text *out_value) BERTH_MUST_CHECK;

/* Where task INDEX of ROLE (either spelling) is: its address (PAI_HOST_IP_role_index). BERTH_E_MISSING. */
enum berth_status berth_openpai_task_host(berth_openpai_getenv_fn *get, void *ctx, struct berth_text role,
                                          uint32_t index, struct berth_text *out_ip) BERTH_MUST_CHECK;
/* Its ports with LABEL: "34110,34117". BERTH_E_MISSING. */
enum berth_status berth_openpai_task_ports(berth_openpai_getenv_fn *get, void *ctx, struct berth_text role,
                                           uint32_t index, struct berth_text label,
                                           struct berth_text *out_ports) BERTH_MUST_CHECK;

/* The port that Kubernetes servers give a pod, so that it can be told before the task runs: number INDEX of
 * LABEL, within [start, end) (both 0: the default range from 15000 to 40000). BERTH_E_ARGUMENT for an empty
 * range. */
enum berth_status berth_openpai_predict_port(struct berth_text pod_uid, struct berth_text label,
                                             uint32_t index, uint32_t start, uint32_t end,
                                             uint32_t *out_port) BERTH_MUST_CHECK;
/* A job's debugId, which is its framework's name too: the MD5 of user~job in hexadecimal. */
void berth_openpai_put_debug_id(struct berth_writer *w, struct berth_text user, struct berth_text job);

/* ---- A program's course ----------------------------------------------------------------------- */

enum berth_openpai_moment {
    BERTH_OPENPAI_ON_START,
    BERTH_OPENPAI_ON_MAIN, /* what main itself is told */
    BERTH_OPENPAI_ON_END,
    BERTH_OPENPAI_ON_EXCEPTION
};

/* What a handler is told. */
struct berth_openpai_happening {
    enum berth_openpai_moment moment;
    enum berth_status failure; /* exception and end: what start or main failed with, or BERTH_OK */
};
typedef enum berth_status berth_openpai_handler_fn(void *ctx,
                                                   const struct berth_openpai_happening *happening);

struct berth_openpai_handler {
    enum berth_openpai_moment moment;
    berth_openpai_handler_fn *handle;
    void *ctx;
};

/* The caller's; the handlers' memory lives as long as it. */
struct berth_openpai_runtime {
    struct berth_openpai_handler *handlers;
    size_t handler_cap, handler_count;
    bool active; /* false: main alone is run; set by init(), may be changed */
};

/* ACTIVE: berth_openpai_in_job(), or what the program thinks. */
void berth_openpai_runtime_init(struct berth_openpai_runtime *runtime, struct berth_openpai_handler *handlers,
                                size_t handler_cap, bool active);
/* Adds a handler for START, END or EXCEPTION (another moment: BERTH_E_ARGUMENT). BERTH_E_SPACE when there are
 * too many. */
enum berth_status berth_openpai_runtime_on(struct berth_openpai_runtime *runtime,
                                           enum berth_openpai_moment moment, berth_openpai_handler_fn *handle,
                                           void *ctx) BERTH_MUST_CHECK;
/* Runs start's handlers in their order until one fails, then MAIN, then end's in the opposite order; these
 * all run, whatever came before. When start or main fails, exception's are told (all of them) before the
 * end's. Returns the failure of start or main; else the first one of the end's; else BERTH_OK. Without
 * handlers nothing but MAIN happens: a deployment's own commands before and after are run by the platform. */
enum berth_status berth_openpai_runtime_run(const struct berth_openpai_runtime *runtime,
                                            berth_openpai_handler_fn *main, void *ctx) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
