/* OpenPAI's operations as a table. Paths, methods and the versions they came with are the server's. */
#include "platform/openpai.h"

#define T BERTH_TEXT_INIT
/* Whose paths: both interfaces', one's, or the same for all. */
#define V1V2(old, new) .path = {T("/api/v1" old), T("/api/v2" new)}
#define V1(old) .path = {T("/api/v1" old), {NULL, 0}}
#define V2(new) .path = {{NULL, 0}, T("/api/v2" new)}
#define BOTH(all) .path = {T(all), T(all)}
/* How the answer is read: one object; each element of an array, of an object or of a list inside an object.
 * Level 1 is the document itself. */
#define ONE(of) .stream = T("[*]"), .shapes = {&(of)}, .levels = 1
#define EACH(where, of) .stream = T("[*]" where), .shapes = {NULL, &(of)}, .levels = 2
#define EACH_RAW(where) .stream = T("[*]" where), .levels = 2
#define DETAIL                                                                                               \
    .stream = T("[*].taskRoles{*}.taskStatuses[*]"), .levels = 7,                                            \
    .shapes = {&berth_openpai_job_shape, &berth_openpai_role_shape, &berth_openpai_task_shape}
#define GET .method = T("GET")
#define PUT .method = T("PUT")
#define POST .method = T("POST")
#define DELETE .method = T("DELETE")
#define SINCE(major, minor) .since_major = (major), .since_minor = (minor)
#define REST .domain = BERTH_OPENPAI_OF_REST
#define ANYWHERE .domain = BERTH_OPENPAI_ANYWHERE
#define FLAGS(set) .flags = (set)
#define BODY(what) .body = BERTH_OPENPAI_BODY_##what

#define NO_TOKEN BERTH_OPENPAI_NO_TOKEN
#define OPEN_READ BERTH_OPENPAI_OPEN_READ
#define ENDLESS BERTH_OPENPAI_ENDLESS
#define ONCE BERTH_OPENPAI_ONCE
#define LOOK BERTH_OPENPAI_LOOK
#define BYTES BERTH_OPENPAI_BYTES
#define SECRET BERTH_OPENPAI_SECRET

/* In the order of enum berth_openpai_operation_index. Without a domain: of jobs. */
const struct berth_openpai_operation berth_openpai_operations[BERTH_OPENPAI_OPERATION_COUNT] = {
    [BERTH_OPENPAI_OPEN] = {ANYWHERE},
    [BERTH_OPENPAI_INFO] = {GET, REST, V1V2("/", "/info"), ONE(berth_openpai_info_shape), FLAGS(NO_TOKEN)},
    [BERTH_OPENPAI_AUTHN_INFO] = {GET, REST, V1V2("/authn/info", "/authn/info"), SINCE(0, 14),
                                  ONE(berth_openpai_authn_info_shape), FLAGS(NO_TOKEN)},
    [BERTH_OPENPAI_LOGIN] = {ANYWHERE},
    [BERTH_OPENPAI_LOGOUT] = {DELETE, REST, V2("/authn/basic/logout"), SINCE(1, 0)},
    [BERTH_OPENPAI_TOKENS_LIST] = {GET, REST, V1V2("/token", "/tokens"), SINCE(0, 16),
                                   EACH_RAW(".tokens(*)")},
    [BERTH_OPENPAI_TOKENS_CREATE] = {POST, REST, V1V2("/token/application", "/tokens/application"),
                                     SINCE(0, 16), ONE(berth_openpai_token_shape), FLAGS(ONCE)},
    [BERTH_OPENPAI_TOKENS_REVOKE] = {DELETE, REST, V1V2("/token/{name}", "/tokens/{name}"), SINCE(0, 16),
                                     FLAGS(SECRET)},
    [BERTH_OPENPAI_TOKENS_CHECK] = {GET, REST, V2("/tokens/check"), SINCE(1, 8),
                                    ONE(berth_openpai_claims_shape)},

    [BERTH_OPENPAI_JOBS_LIST] = {GET, V1V2("/jobs", "/jobs"), .stream = T("[*].data[*]"),
                                 .shapes = {&berth_openpai_page_shape, &berth_openpai_summary_shape},
                                 .levels = 2, FLAGS(OPEN_READ | ENDLESS)},
    [BERTH_OPENPAI_JOBS_GET] = {GET, V1V2("{path}/jobs/{job}", "/jobs/{user}~{job}"), DETAIL,
                                FLAGS(OPEN_READ | ENDLESS)},
    [BERTH_OPENPAI_JOBS_GET_ATTEMPT] = {GET, V2("/jobs/{user}~{job}/attempts/{attempt}"), SINCE(1, 4), DETAIL,
                                        FLAGS(ENDLESS)},
    [BERTH_OPENPAI_JOBS_ATTEMPTS] =
        {GET, V1V2("{path}/jobs/{job}/job-attempts", "/jobs/{user}~{job}/job-attempts"),
         EACH("[*]", berth_openpai_attempt_shape), SINCE(0, 15), FLAGS(OPEN_READ | ENDLESS)},
    [BERTH_OPENPAI_JOBS_ATTEMPT] = {GET,
                                    V1V2("{path}/jobs/{job}/job-attempts/{attempt}",
                                         "/jobs/{user}~{job}/job-attempts/{attempt}"),
                                    ONE(berth_openpai_attempt_shape), SINCE(0, 15), FLAGS(OPEN_READ)},
    [BERTH_OPENPAI_JOBS_ATTEMPTS_HEALTH] = {GET,
                                            V1V2("{path}/jobs/{job}/job-attempts/healthz",
                                                 "/jobs/{user}~{job}/job-attempts/healthz"),
                                            SINCE(0, 15), FLAGS(OPEN_READ)},
    [BERTH_OPENPAI_JOBS_TASK] = {GET,
                                 V2("/jobs/{user}~{job}/attempts/{attempt}/taskRoles/{role}/taskIndex/"
                                    "{task}/attempts"),
                                 SINCE(1, 4), .stream = T("[*].attempts[*]"),
                                 .shapes = {&berth_openpai_task_history_shape, &berth_openpai_task_shape},
                                 .levels = 3, FLAGS(ENDLESS)},
    [BERTH_OPENPAI_JOBS_EVENTS] = {GET, V2("/jobs/{user}~{job}/events"), SINCE(1, 3),
                                   EACH(".data[*]", berth_openpai_event_shape), FLAGS(ENDLESS)},
    [BERTH_OPENPAI_JOBS_CONFIG] = {GET, V1V2("{path}/jobs/{job}/config", "/jobs/{user}~{job}/config"),
                                   FLAGS(OPEN_READ | BYTES)},
    [BERTH_OPENPAI_JOBS_SSH] = {GET, V1V2("{path}/jobs/{job}/ssh", "/jobs/{user}~{job}/ssh"),
                                .stream = T("[*].containers[*]"),
                                .shapes = {&berth_openpai_ssh_shape, &berth_openpai_ssh_container_shape},
                                .levels = 3, FLAGS(OPEN_READ)},
    [BERTH_OPENPAI_JOBS_SUBMIT_V1] = {POST, V1("/user/{user}/jobs"), BODY(DOCUMENT), FLAGS(ONCE)},
    [BERTH_OPENPAI_JOBS_SUBMIT_V2] = {POST, ANYWHERE, BOTH("/api/v2/jobs"), BODY(DOCUMENT), SINCE(0, 13),
                                      FLAGS(ONCE)},
    [BERTH_OPENPAI_JOBS_STOP] = {PUT,
                                 V1V2("{path}/jobs/{job}/executionType", "/jobs/{user}~{job}/executionType"),
                                 BODY(VALUE), FLAGS(LOOK)},
    [BERTH_OPENPAI_JOBS_START] = {PUT,
                                  V1V2("{path}/jobs/{job}/executionType", "/jobs/{user}~{job}/executionType"),
                                  BODY(VALUE), FLAGS(LOOK)},
    [BERTH_OPENPAI_JOBS_DELETE] = {DELETE, V1("{path}/jobs/{job}")},
    [BERTH_OPENPAI_TAGS_ADD] = {PUT, V2("/jobs/{user}~{job}/tag"), SINCE(1, 3), BODY(VALUE)},
    [BERTH_OPENPAI_TAGS_REMOVE] = {DELETE, V2("/jobs/{user}~{job}/tag"), SINCE(1, 3), BODY(VALUE)},
    [BERTH_OPENPAI_LOGS_LIST] = {GET, ANYWHERE, BOTH("{text}"),
                                 EACH(".locations[*]", berth_openpai_log_shape), FLAGS(OPEN_READ)},
    [BERTH_OPENPAI_LOGS_GET] = {GET, ANYWHERE, BOTH("{text}"), EACH(".locations[*]", berth_openpai_log_shape),
                                FLAGS(OPEN_READ | ENDLESS)},

    [BERTH_OPENPAI_USERS_GET] = {GET, REST, V1V2("/user/{user}", "/users/{user}"),
                                 ONE(berth_openpai_user_shape)},
    [BERTH_OPENPAI_USERS_LIST] = {GET, REST, V1V2("/user", "/users"), EACH("[*]", berth_openpai_user_shape),
                                  FLAGS(ENDLESS)},
    [BERTH_OPENPAI_USERS_UPDATE] = {PUT, REST, V2("/users/{user}/{part}"), SINCE(1, 0), BODY(JSON)},
    [BERTH_OPENPAI_USERS_UPDATE_ME] = {PUT, REST, V2("/users/me"), SINCE(1, 0), BODY(JSON)},
    [BERTH_OPENPAI_USERS_SET_PASSWORD] = {PUT, REST, V2("/users/{user}/password"), SINCE(1, 0),
                                          BODY(PASSWORD), FLAGS(ONCE)},
    [BERTH_OPENPAI_USERS_ADD] = {POST, REST, V2("/users"), SINCE(1, 0), BODY(JSON), FLAGS(ONCE)},
    [BERTH_OPENPAI_USERS_DELETE] = {DELETE, REST, V2("/users/{user}"), SINCE(1, 0)},
    [BERTH_OPENPAI_GROUPS_GET] = {GET, REST, V2("/groups/{name}"), SINCE(1, 0),
                                  ONE(berth_openpai_group_shape)},
    [BERTH_OPENPAI_GROUPS_LIST] = {GET, REST, V2("/groups"), SINCE(1, 0),
                                   EACH("[*]", berth_openpai_group_shape), FLAGS(ENDLESS)},

    [BERTH_OPENPAI_VCS_LIST] = {GET, V1V2("/virtual-clusters", "/virtual-clusters"),
                                EACH("{*}", berth_openpai_vc_shape), FLAGS(OPEN_READ)},
    [BERTH_OPENPAI_VCS_GET] = {GET, V1V2("/virtual-clusters/{name}", "/virtual-clusters/{name}"),
                               ONE(berth_openpai_vc_shape), FLAGS(OPEN_READ)},
    [BERTH_OPENPAI_NODES_LIST] = {GET, V1V2("/virtual-clusters?nodes", "/virtual-clusters?nodes"),
                                  SINCE(0, 15), EACH("{*}", berth_openpai_node_shape),
                                  FLAGS(OPEN_READ | ENDLESS)},
    [BERTH_OPENPAI_SKUS_LIST] = {GET, REST, V2("/cluster/sku-types"), SINCE(1, 0),
                                 EACH("{*}", berth_openpai_sku_shape)},
    [BERTH_OPENPAI_ALERTS_LIST] = {GET, REST, V2("/alerts"), SINCE(1, 8), EACH_RAW("[*]"), FLAGS(ENDLESS)},
    [BERTH_OPENPAI_K8S_NODES] = {GET, REST, V1V2("/kubernetes/nodes", "/kubernetes/nodes"), SINCE(0, 15),
                                 EACH_RAW(".items[*]"), FLAGS(ENDLESS)},
    [BERTH_OPENPAI_K8S_PODS] = {GET, REST, V1V2("/kubernetes/pods", "/kubernetes/pods"), SINCE(0, 15),
                                EACH_RAW(".items[*]"), FLAGS(ENDLESS)},
    [BERTH_OPENPAI_HIVED_GET] = {GET, ANYWHERE, BOTH("{text}{job}"), FLAGS(NO_TOKEN | BYTES)},

    [BERTH_OPENPAI_STORAGES_LIST] = {GET, REST, V2("/storages"), SINCE(1, 0),
                                     EACH(".storages[*]", berth_openpai_storage_shape)},
    [BERTH_OPENPAI_STORAGES_GET] = {GET, REST, V2("/storages/{name}"), SINCE(1, 0),
                                    ONE(berth_openpai_storage_shape)},
    [BERTH_OPENPAI_STORAGE_CONFIGS] = {GET, ANYWHERE, BOTH("/api/v2/storage/config"), SINCE(0, 15),
                                       EACH("[*]", berth_openpai_storage_config_shape)},
    [BERTH_OPENPAI_STORAGE_SERVERS] = {GET, ANYWHERE, BOTH("/api/v2/storage/server"), SINCE(0, 15),
                                       EACH("[*]", berth_openpai_storage_server_shape)},
};
