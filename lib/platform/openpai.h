/* What OpenPAI's files share: the operation table, a request's state, shapes nobody else needs. */
#ifndef BERTH_PLATFORM_OPENPAI_H
#define BERTH_PLATFORM_OPENPAI_H

#include "berth/openpai.h"

enum berth_openpai_operation_index {
    BERTH_OPENPAI_OPEN, /* no request of its own */
    BERTH_OPENPAI_INFO,
    BERTH_OPENPAI_AUTHN_INFO,
    BERTH_OPENPAI_LOGIN, /* no request of its own: the login that any request may need */
    BERTH_OPENPAI_LOGOUT,
    BERTH_OPENPAI_TOKENS_LIST,
    BERTH_OPENPAI_TOKENS_CREATE,
    BERTH_OPENPAI_TOKENS_REVOKE,
    BERTH_OPENPAI_TOKENS_CHECK,
    BERTH_OPENPAI_JOBS_LIST,
    BERTH_OPENPAI_JOBS_GET,
    BERTH_OPENPAI_JOBS_GET_ATTEMPT,
    BERTH_OPENPAI_JOBS_ATTEMPTS,
    BERTH_OPENPAI_JOBS_ATTEMPT,
    BERTH_OPENPAI_JOBS_ATTEMPTS_HEALTH,
    BERTH_OPENPAI_JOBS_TASK,
    BERTH_OPENPAI_JOBS_EVENTS,
    BERTH_OPENPAI_JOBS_CONFIG,
    BERTH_OPENPAI_JOBS_SSH,
    BERTH_OPENPAI_JOBS_SUBMIT_V1,
    BERTH_OPENPAI_JOBS_SUBMIT_V2,
    BERTH_OPENPAI_JOBS_STOP,
    BERTH_OPENPAI_JOBS_START,
    BERTH_OPENPAI_JOBS_DELETE,
    BERTH_OPENPAI_TAGS_ADD,
    BERTH_OPENPAI_TAGS_REMOVE,
    BERTH_OPENPAI_LOGS_LIST,
    BERTH_OPENPAI_LOGS_GET,
    BERTH_OPENPAI_USERS_GET,
    BERTH_OPENPAI_USERS_LIST,
    BERTH_OPENPAI_USERS_UPDATE,
    BERTH_OPENPAI_USERS_UPDATE_ME,
    BERTH_OPENPAI_USERS_SET_PASSWORD,
    BERTH_OPENPAI_USERS_ADD,
    BERTH_OPENPAI_USERS_DELETE,
    BERTH_OPENPAI_GROUPS_GET,
    BERTH_OPENPAI_GROUPS_LIST,
    BERTH_OPENPAI_VCS_LIST,
    BERTH_OPENPAI_VCS_GET,
    BERTH_OPENPAI_NODES_LIST,
    BERTH_OPENPAI_SKUS_LIST,
    BERTH_OPENPAI_ALERTS_LIST,
    BERTH_OPENPAI_K8S_NODES,
    BERTH_OPENPAI_K8S_PODS,
    BERTH_OPENPAI_HIVED_GET,
    BERTH_OPENPAI_STORAGES_LIST,
    BERTH_OPENPAI_STORAGES_GET,
    BERTH_OPENPAI_STORAGE_CONFIGS,
    BERTH_OPENPAI_STORAGE_SERVERS,
    BERTH_OPENPAI_OPERATION_COUNT
};

/* Which of the two interfaces a server has an operation in. */
enum berth_openpai_domain {
    BERTH_OPENPAI_OF_JOBS, /* v2 on Kubernetes since 1.0, else v1 */
    BERTH_OPENPAI_OF_REST, /* v2 since 1.0, else v1 */
    BERTH_OPENPAI_ANYWHERE /* one path for all */
};

enum berth_openpai_body {
    BERTH_OPENPAI_NO_BODY,
    BERTH_OPENPAI_BODY_JSON,     /* arguments.body */
    BERTH_OPENPAI_BODY_VALUE,    /* {"value":arguments.body} */
    BERTH_OPENPAI_BODY_PASSWORD, /* arguments.body and more: the old and the new one */
    BERTH_OPENPAI_BODY_DOCUMENT  /* the request's source */
};

/* Flags of an operation. */
#define BERTH_OPENPAI_NO_TOKEN 1  /* never wants one */
#define BERTH_OPENPAI_OPEN_READ 2 /* wants none before 1.0 */
#define BERTH_OPENPAI_ENDLESS 4   /* takes as long as it takes */
#define BERTH_OPENPAI_ONCE 8      /* must not be sent twice */
#define BERTH_OPENPAI_LOOK 16     /* looks at the job's state first */
#define BERTH_OPENPAI_BYTES 32    /* the answer goes to the sink */
#define BERTH_OPENPAI_SECRET 64   /* its path holds a token */

struct berth_openpai_operation {
    struct berth_text method;
    /* v1 and v2; absent: has none. Holes: {user} {job} {path} ("/user/NAME" or nothing) {name} {role}
     * {attempt} {task} {number} {part} {text} (as it is); what follows a '?' is put by the operation. */
    struct berth_text path[2];
    struct berth_text
        stream; /* path of the elements; absent: the answer is thrown away or goes to the sink */
    const struct berth_shape *shapes[3];
    uint8_t levels; /* bits: elements of which levels are the caller's; bit 0 = level 1 */
    uint8_t domain; /* enum berth_openpai_domain */
    uint8_t body;   /* enum berth_openpai_body */
    uint8_t flags;
    uint8_t since_major, since_minor; /* of the server; 0.0 = all */
};
extern const struct berth_openpai_operation berth_openpai_operations[BERTH_OPENPAI_OPERATION_COUNT];

/* What a request is at. */
enum berth_openpai_phase {
    BERTH_OPENPAI_PHASE_INFO, /* is it 1.0 or later? */
    BERTH_OPENPAI_PHASE_ROOT, /* an earlier one? */
    BERTH_OPENPAI_PHASE_LOGIN,
    BERTH_OPENPAI_PHASE_WAIT,    /* somebody else logs in */
    BERTH_OPENPAI_PHASE_LOOK,    /* at the job's state */
    BERTH_OPENPAI_PHASE_MAIN,    /* the operation itself */
    BERTH_OPENPAI_PHASE_LINK,    /* a log's own address */
    BERTH_OPENPAI_PHASE_CONFIRM, /* did a submission come through? */
    BERTH_OPENPAI_PHASE_SETTLE   /* can a submitted job be seen yet? */
};

/* Which jobs came, in the caller's memory: two halves, of which the older one is forgotten when the newer is
 * full. */
struct berth_openpai_seen {
    uint64_t *slots;
    size_t half; /* slots of each */
    size_t used; /* of the half that is being filled */
    unsigned filling;
    bool forgot; /* not all that came are remembered */
};
#define BERTH_OPENPAI_SEEN_SMALL 64

/* A request's private state. */
struct berth_openpai_work {
    struct berth_client link_client;
    uint64_t page_offset, page_rows; /* asked for */
    uint64_t distinct, pass_start;   /* different jobs so far; when the pass began */
    uint64_t to_skip;                /* of a server that cannot page */
    uint64_t received;
    int64_t begun_s;
    int64_t seen_created_ms;
    struct berth_openpai_seen seen;
    uint64_t seen_small[BERTH_OPENPAI_SEEN_SMALL];
    enum berth_status failed; /* what a submission failed with, or what the end will be */
    int32_t state;            /* of the job that was looked at */
    unsigned serial;          /* of the token that was sent */
    uint64_t deadline_ms;
    uint8_t phase, confirms, passes, pauses;
    uint8_t resume_phase; /* after a login in the middle */
    uint8_t levels;       /* elements of which levels are the caller's */
    bool resumes;
    bool fresh;        /* the server was asked what it is */
    bool logged_in;    /* in this request */
    bool looked_again; /* after a 500 */
    bool kept;         /* the result has the message to keep */
    bool enough;       /* the limit was reached */
    bool bare;         /* the list is an array alone */
    bool bare_known;
    bool is_page;  /* the answer is HTML */
    bool relisted; /* a log's address was fetched a second time */
    bool partial;  /* old log: HTML text is to be taken out */
    bool saw_job;
    bool finished; /* by finish_status, without an exchange */
    bool sniffed;  /* the document's form is known */
    enum berth_status finish_status;
    uint8_t html_state, html_len; /* of the reader of G1's log pages */
    bool html_named;              /* a tag's name is over */
    char html_word[12];
    char link[BERTH_URL_MAX]; /* a log's address, absolute; empty: none yet */
};
_Static_assert(sizeof(struct berth_openpai_work) <=
                   sizeof(((struct berth_openpai_request *)0)->private_state),
               "a request's state must fit");

static inline const struct berth_openpai_work *
berth_openpai_work_of_const(const struct berth_openpai_request *request)
{
    return (const struct berth_openpai_work *)(const void *)request->private_state;
}
static inline struct berth_openpai_work *berth_openpai_work_of(struct berth_openpai_request *request)
{
    return (struct berth_openpai_work *)(void *)request->private_state;
}

/* A page of jobs without the jobs. */
struct berth_openpai_page {
    uint32_t present;
    uint64_t total_count;
};

extern const struct berth_shape berth_openpai_page_shape;
extern const struct berth_shape berth_openpai_info_shape;
extern const struct berth_shape berth_openpai_authn_info_shape;
extern const struct berth_shape berth_openpai_token_shape;
extern const struct berth_shape berth_openpai_claims_shape;
extern const struct berth_shape berth_openpai_ssh_container_shape;
extern const struct berth_shape berth_openpai_ssh_shape;
extern const struct berth_shape berth_openpai_mount_shape;
extern const struct berth_shape berth_openpai_storage_config_shape;
extern const struct berth_shape berth_openpai_storage_server_shape;
extern const struct berth_shape berth_openpai_violation_shape;

/* ---- openpai_session.c */
/* Whether the server is at least this version; of one that does not say, what its generation may be. */
bool berth_openpai_is_since(const struct berth_openpai_server *server, unsigned major, unsigned minor);
/* Whether the operations of DOMAIN are reached by v2. */
bool berth_openpai_uses_v2(const struct berth_openpai_server *server, enum berth_openpai_domain domain);
/* What an answer to GET /api/v2/info, or (OLD) /api/v1/, says about the server. */
void berth_openpai_take_info(struct berth_openpai_server *server, const struct berth_openpai_info *info,
                             bool old);
/* The header that names the account; absent: no token. The text is in the session. */
struct berth_text berth_openpai_authorization(struct berth_openpai *pai);

/* ---- openpai_describe.c */
/* Makes the exchange of the phase that the request is in. A refusal's words go to result.message. */
enum berth_status berth_openpai_describe(struct berth_openpai_request *request);
/* ---- openpai_run.c */
enum berth_status berth_openpai_element(void *ctx, const struct berth_json_element *element, void *structure);
/* The call's hooks, in openpai_run.c: the next exchange, what elements lack, the elements themselves. */
enum berth_status berth_openpai_next(struct berth_call *call, enum berth_status status,
                                     uint32_t *out_pause_ms);
enum berth_status berth_openpai_complete(const struct berth_call *call,
                                         const struct berth_json_element *element, void *structure,
                                         const char **out_reason);
/* "WHAT" as the result's message. Returns STATUS. */
enum berth_status berth_openpai_say(struct berth_openpai_request *request, enum berth_status status,
                                    const char *what);

/* ---- openpai_data.c */
/* The JSON text of LEN bytes at JSON, unescaped in place. BERTH_E_TYPE for another value. */
enum berth_status berth_openpai_text_of_json(char *json, size_t len, struct berth_text *out_text);
/* The wire's word for an order. */
struct berth_text berth_openpai_order_name(enum berth_openpai_order order);
/* A user's virtual clusters, in whatever form they came. */
enum berth_status berth_openpai_complete_user(const struct berth_json_element *element,
                                              struct berth_openpai_user *user);

/* ---- openpai_list.c */
enum berth_status berth_openpai_check_filter(const struct berth_openpai_filter *filter);
void berth_openpai_list_start(struct berth_openpai_request *request);
/* Puts "?username=...". */
enum berth_status berth_openpai_put_query(struct berth_openpai_request *request, struct berth_writer *w);
/* A row of the list; BERTH_E_CANCELLED when the limit is reached. */
enum berth_status berth_openpai_list_row(struct berth_openpai_request *request,
                                         const struct berth_json_element *element, void *structure);
/* Sees whether the list is an array alone. */
void berth_openpai_list_tap(struct berth_call *call, const char *bytes, size_t len);
/* After a page: BERTH_E_WOULD_BLOCK when there is another to ask for. */
enum berth_status berth_openpai_list_next(struct berth_openpai_request *request, enum berth_status status,
                                          uint32_t *out_pause_ms);

/* ---- openpai_logs.c */
/* Whether CONTAINER_LOG is the address of a list of logs (1.4+). */
bool berth_openpai_log_is_list(struct berth_text container_log);
/* Tells stdout, stderr and all of an older server's log to the caller. */
enum berth_status berth_openpai_logs_tell(struct berth_openpai_request *request);
/* A log in the list: is it the one that is wanted? */
enum berth_status berth_openpai_log_found(struct berth_openpai_request *request,
                                          const struct berth_openpai_log *log);
/* Takes over the address of the log that is wanted. */
enum berth_status berth_openpai_set_link(struct berth_openpai_request *request, struct berth_text uri);
/* The address of an older server's log. */
enum berth_status berth_openpai_old_link(struct berth_openpai_request *request);
/* Whether it is the REST server itself that it leads to. */
bool berth_openpai_link_is_own(struct berth_openpai_request *request);
/* A sink that takes the text out of G1's pages; ctx is the request. */
enum berth_status berth_openpai_write_page(void *ctx, const void *bytes, size_t len);
enum berth_status berth_openpai_restart_page(void *ctx);
/* A sink that sees in which form a document comes; ctx is the request. */
enum berth_status berth_openpai_write_config(void *ctx, const void *bytes, size_t len);
enum berth_status berth_openpai_restart_config(void *ctx);

/* ---- openpai_judge.c */
enum berth_status berth_openpai_judge(const struct berth_call *call, const struct berth_http_result *result,
                                      struct berth_writer *out_message);
/* Rate limits out of an answer's head. */
enum berth_status berth_openpai_head(struct berth_call *call, const struct berth_http_head *head);

#endif
