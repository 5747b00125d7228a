/* OpenPAI: the REST interface of its three server generations as one. Terms are the platform's own: job, task
 * role, task, attempt, virtual cluster, SKU, storage. Job documents are in berth/openpai_job.h, the SDK's
 * files in berth/openpai_files.h, what runs inside a job's container in berth/openpai_runtime.h. Section
 * numbers name the parts of the interface as docs/openpai.md lists them. */
#ifndef BERTH_OPENPAI_H
#define BERTH_OPENPAI_H

#include "berth/call.h"
#include "berth/openpai_data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Account: who asks ------------------------------------------------------------------------ */

/* Longest token: portal tokens have some 250 bytes; one must fit into a URL to be revoked. */
#define BERTH_OPENPAI_TOKEN_MAX 1536
/* Longest user name that is sent. */
#define BERTH_OPENPAI_USER_MAX 255

enum berth_openpai_scheme {
    BERTH_OPENPAI_BEARER = 0,
    BERTH_OPENPAI_BASIC = 1 /* an application token as user and password; servers since 1.0 */
};

/* A user's credentials, shared by any number of sessions of one thread: when several find the token expired
 * at once, one logs in and the others wait for it. The caller's; zero-filled, then user and password set, or
 * berth_openpai_account_use(). The texts live as long as it; berth_openpai_account_wipe() ends it. */
struct berth_openpai_account {
    struct berth_text user;
    struct berth_text password; /* empty: none; then an expired token is reported instead of replaced */
    enum berth_openpai_scheme scheme;
    /* Called when a login brought a new token, so that it can be stored; may be NULL. */
    void (*changed)(void *ctx, const struct berth_openpai_account *account);
    void *ctx;

    char token[BERTH_OPENPAI_TOKEN_MAX + 1]; /* NUL-terminated; empty: none yet */
    int64_t expires_s;                       /* from the token itself; 0: it does not expire, or not known */
    bool application;                        /* an application token: never replaced by a login */
    bool refused; /* private: the server refused the password; no login is tried again until it is changed */
    unsigned serial;  /* private: counts tokens */
    void *logging_in; /* private: the request that is at it */
};

/* Takes over a token that was kept or that the user was given (OIDC, application tokens); its expiry is read
 * out of it. BERTH_E_SPACE when it is longer than BERTH_OPENPAI_TOKEN_MAX, BERTH_E_ARGUMENT when it is empty
 * or has bytes that no token has (it goes into a header). An opaque token is taken as it is. */
enum berth_status berth_openpai_account_use(struct berth_openpai_account *account,
                                            struct berth_text token) BERTH_MUST_CHECK;
/* A new password: a login is tried again. */
void berth_openpai_account_set_password(struct berth_openpai_account *account, struct berth_text password);
/* Forgets the token and overwrites it. */
void berth_openpai_account_wipe(struct berth_openpai_account *account);
/* Whether the token should be replaced at NOW_S (civil): within 60 s of its end, or past it. */
bool berth_openpai_account_expires(const struct berth_openpai_account *account, int64_t now_s);

/* Decodes the payload of a JSON web token into BUF, where the claims' texts then are; 3/4 of the token's
 * length suffices. BERTH_E_SYNTAX for what is no such token, BERTH_E_SPACE, or as berth_fields_decode(). */
enum berth_status berth_openpai_token_decode(struct berth_text token, char *buf, size_t cap,
                                             struct berth_openpai_claims *out_claims) BERTH_MUST_CHECK;

/* ---- Session: which server -------------------------------------------------------------------- */

enum berth_openpai_generation {
    BERTH_OPENPAI_UNKNOWN = 0,
    BERTH_OPENPAI_G1 = 1, /* 0.8 to 0.14: YARN, jobs by /api/v1, reading needs no token */
    BERTH_OPENPAI_G2 = 2, /* 0.15 to 1.0: YARN or Kubernetes */
    BERTH_OPENPAI_G3 = 3  /* 1.1 and later: Kubernetes, /api/v2 alone */
};
enum berth_openpai_scheduler {
    BERTH_OPENPAI_SCHEDULER_UNKNOWN = 0,
    BERTH_OPENPAI_YARN = 1,
    BERTH_OPENPAI_K8S = 2
};
enum berth_openpai_authn {
    BERTH_OPENPAI_AUTHN_UNKNOWN = 0,
    BERTH_OPENPAI_AUTHN_BASIC = 1,
    BERTH_OPENPAI_AUTHN_OIDC = 2 /* a browser's login: a token has to be given */
};
/* What is known of a server. Found out once by asking it, then to be kept by the caller as long as he likes:
 * plain data. A zeroed one is found out; one with a generation alone is the manual override. */
struct berth_openpai_server {
    enum berth_openpai_generation generation;
    enum berth_openpai_scheduler scheduler;
    enum berth_openpai_authn authn;
    uint16_t major, minor; /* version; 0.0: the server does not say */
};

/* Longest base address; the rest of BERTH_URL_MAX is for paths and queries. */
#define BERTH_OPENPAI_URI_MAX 512

struct berth_openpai_config {
    struct berth_http *http;         /* required; one connection, one request at a time */
    const struct berth_clock *clock; /* required: expiry, pauses */
    /* Required: "https://pai.example", without a scheme http; a port is kept, trailing slashes do not count.
     */
    struct berth_text pai_uri;
    struct berth_text rest_server_uri;     /* absent: pai_uri + "/rest-server"; "http://host:9186" directly */
    struct berth_openpai_account *account; /* NULL: without credentials */
    struct berth_openpai_server server;    /* zero: found out with the first request */
    /* For request bodies and for the elements of answers; one element must fit: 16 KB covers practice, a job
     * whose diagnostics have 64 KB needs that much more. */
    void *work;
    size_t work_size;
    bool
        repeat_unavailable; /* as in struct berth_client: what is safe is repeated after 429, 502, 503, 504 */
};

/* A session with one server. The caller's; what the configuration points to lives as long as it. `server` may
 * be read after any request; the rest is private. */
struct berth_openpai {
    struct berth_openpai_server server;
    struct berth_client client;
    struct berth_openpai_config config;
    char pai_uri[BERTH_OPENPAI_URI_MAX + 8]; /* with its scheme, NUL-terminated */
    char rest_uri[BERTH_OPENPAI_URI_MAX + 20];
    char authorization[BERTH_OPENPAI_TOKEN_MAX * 4 / 3 + BERTH_OPENPAI_USER_MAX * 4 / 3 + 16];
    bool asked; /* the server itself was asked what it is */
};

/* Checks addresses and memory: BERTH_E_ARGUMENT, BERTH_E_SYNTAX, BERTH_E_SPACE; *out_reason (may be NULL) is
 * static text. Nothing is sent. */
enum berth_status berth_openpai_init(struct berth_openpai *pai, const struct berth_openpai_config *config,
                                     const char **out_reason) BERTH_MUST_CHECK;
/* Overwrites what the session remembers of credentials. */
void berth_openpai_close(struct berth_openpai *pai);
/* "https://pai.example/job-detail.html?username=...&jobName=..." for people. */
void berth_openpai_put_job_link(struct berth_writer *w, const struct berth_openpai *pai,
                                struct berth_text user, struct berth_text job);

/* ---- Errors ----------------------------------------------------------------------------------- */

/* The `code` of an error body. */
enum berth_openpai_code {
    BERTH_OPENPAI_CODE_NONE = 0, /* the server gave none (parsers, gateways, rate limits) */
    BERTH_OPENPAI_CODE_UNKNOWN,  /* one that is not listed here: see its text */
    BERTH_OPENPAI_NO_API,
    BERTH_OPENPAI_UNAUTHORIZED_USER,
    BERTH_OPENPAI_FORBIDDEN_USER,
    BERTH_OPENPAI_FORBIDDEN_KEY,
    BERTH_OPENPAI_INVALID_PARAMETERS,
    BERTH_OPENPAI_INVALID_PROTOCOL,
    BERTH_OPENPAI_INVALID_AUTH_FILE,
    BERTH_OPENPAI_NO_USER,
    BERTH_OPENPAI_INCORRECT_PASSWORD,
    BERTH_OPENPAI_NO_GROUP,
    BERTH_OPENPAI_NO_JOB,
    BERTH_OPENPAI_NO_JOB_CONFIG,
    BERTH_OPENPAI_NO_JOB_SSH_INFO,
    BERTH_OPENPAI_NO_TASK_LOG,
    BERTH_OPENPAI_NO_TAG,
    BERTH_OPENPAI_NO_STORAGE,
    BERTH_OPENPAI_NO_VIRTUAL_CLUSTER,
    BERTH_OPENPAI_CONFLICT_JOB,
    BERTH_OPENPAI_CONFLICT_USER,
    BERTH_OPENPAI_CONFLICT_VC,
    BERTH_OPENPAI_NOT_IMPLEMENTED,
    BERTH_OPENPAI_BAD_CONFIGURATION,
    BERTH_OPENPAI_NO_ENOUGH_QUOTA,
    BERTH_OPENPAI_READ_ONLY_JOB,
    BERTH_OPENPAI_READ_ONLY_VC,
    BERTH_OPENPAI_REMOVE_RUNNING_VC,
    BERTH_OPENPAI_REMOVE_ADMIN,
    BERTH_OPENPAI_NO_SUPPORTED_LOG_SERVER,
    BERTH_OPENPAI_UNKNOWN_ERROR
};
#define BERTH_OPENPAI_CODE_MAX 63

/* What a request came to, beside its status. */
struct berth_openpai_result {
    int http_status;                      /* of the last answer; 0: none */
    char message[BERTH_CALL_MESSAGE_MAX]; /* one line, NUL-terminated: the server's words, or what went wrong
                                           */
    enum berth_openpai_code code;
    char code_text[BERTH_OPENPAI_CODE_MAX + 1]; /* as the server spelled it, cut when it is longer */
    bool has_retry_after;
    uint32_t retry_after_ms;
    bool maybe_done; /* as in struct berth_call_result */
    /* The whole error body (JSON, text, HTML or nothing), as far as it fits the work memory: valid until the
     * session's next request. */
    struct berth_text error_body;
    uint64_t element_count; /* elements delivered to the callback, over all pages */
    uint64_t skipped_count; /* elements that did not fit the work memory */
    size_t skipped_needed;  /* the most work memory that one of them wanted */
    uint64_t received;      /* body bytes of all answers */
    /* Rate limit, when the server said so (1.0+). */
    bool has_rate;
    uint32_t rate_limit, rate_remaining;
    int64_t rate_reset_s; /* civil */
    /* Lists of jobs. */
    bool has_total;
    uint64_t total_count;    /* jobs that the server counts, its foreign rows included */
    uint64_t repeated_count; /* rows that came twice and were left out */
    uint64_t filtered_count; /* rows that the server should not have sent, or cannot filter itself */
    bool incomplete;         /* fewer different jobs came than were counted */
    /* Stop and start: the job was finished already; nothing was sent. */
    bool already_finished;
    /* Submission: the POST failed, but the job is there. */
    bool found_after_failure;
    bool is_json; /* config: the document is JSON text (else YAML) */
};

/* Walks the violations in result->error_body after BERTH_OPENPAI_INVALID_PROTOCOL: BERTH_E_MISSING at the end
 * and when the message is plain text instead. BUF takes the list itself (unescaped; BERTH_E_SPACE: no place).
 * START with a zeroed *inout_list. */
enum berth_status
berth_openpai_next_violation(const struct berth_openpai_result *result, char *buf, size_t cap,
                             struct berth_json_list *inout_list,
                             struct berth_openpai_violation *out_violation) BERTH_MUST_CHECK;

/* ---- Requests --------------------------------------------------------------------------------- */

struct berth_openpai_request;

/* Texts in a filter; none of them may be empty or have a comma (the server could not tell). */
struct berth_openpai_names {
    const struct berth_text *items;
    size_t count;
};

enum berth_openpai_order {
    BERTH_OPENPAI_ORDER_NONE = 0, /* the server's: newest submission first */
    BERTH_OPENPAI_BY_JOB_NAME,
    BERTH_OPENPAI_BY_SUBMISSION_TIME,
    BERTH_OPENPAI_BY_USERNAME,
    BERTH_OPENPAI_BY_VC,
    BERTH_OPENPAI_BY_RETRIES,
    BERTH_OPENPAI_BY_TOTAL_TASK_NUMBER,
    BERTH_OPENPAI_BY_TOTAL_GPU_NUMBER,
    BERTH_OPENPAI_BY_STATE,
    BERTH_OPENPAI_BY_COMPLETION_TIME,
    BERTH_OPENPAI_BY_JOB_PRIORITY
};
/* "jobName", "submissionTime" ...: the wire's words; an order's own, or ORDER_NONE for an unknown word. */
enum berth_openpai_order berth_openpai_order_of(struct berth_text field);

/* Rows asked for at once; the server's maximum is 50,000. A page is streamed, so this costs no memory. */
#define BERTH_OPENPAI_PAGE_DEFAULT 500
#define BERTH_OPENPAI_PAGE_MAX 50000

/* Which jobs (2.3). Zero-filled: all of them. Everything works with every generation: what a server cannot
 * filter or page is filtered and paged here, only the order of a server before 1.2 is fixed (newest first).
 */
struct berth_openpai_filter {
    struct berth_openpai_names usernames;
    struct berth_openpai_names vcs;
    struct berth_openpai_names states;
    struct berth_openpai_names tags_contain;     /* has at least one */
    struct berth_openpai_names tags_not_contain; /* has none */
    struct berth_openpai_names priorities;       /* oppo, test, prod, crit, default (none set) */
    struct berth_text keyword; /* in user name, job name or VC; case matters, % and _ are wildcards */
    enum berth_openpai_order order;
    bool ascending;
    uint64_t offset;    /* leaves out so many */
    uint64_t limit;     /* at most so many; 0: all */
    uint32_t page_rows; /* 0: BERTH_OPENPAI_PAGE_DEFAULT */
    /* Remembers which jobs came, so that those that move between pages come once and those that were missed
     * are asked for again: aligned for uint64_t, 16 bytes a job for a complete memory; less remembers the
     * last ones; NULL: some 30. Lives until the request has ended. */
    void *seen;
    size_t seen_size;
};

/* What a request is about: private, described here so that its size is known. */
struct berth_openpai_arguments {
    struct berth_text user, job, name, role, body, more;
    int64_t attempt, task, task_attempt;
    uint32_t number;
    bool flag;
    struct berth_openpai_filter filter;
};

/* One operation on the platform, as a value: plain data that an operation's function fills in; the caller's,
 * at one place until it has ended; may be run again after that. It becomes one or more HTTP exchanges:
 * finding out what the server is, logging in, the operation itself, its pages, a repeat after 401. */
struct berth_openpai_request {
    struct berth_openpai_result result; /* to be read after the end */
    struct berth_openpai *pai;
    uint32_t operation; /* private, as the rest */
    struct berth_openpai_arguments arguments;
    berth_call_element_fn *on_element;
    void *element_ctx;
    struct berth_source source;
    struct berth_sink sink;
    uint64_t range_from;
    struct berth_call call;
    uint64_t private_state[420]; /* phases, paging, an address of a log */
};

/* Runs REQUEST to its end, at most TIMEOUT_MS over all of its exchanges (0: 60 s of silence, and 3 minutes
 * altogether for everything but lists and downloads). BERTH_OK, or
 *   transport: RESOLVE, CONNECT, CLOSED, RESET, TLS, TIMEOUT, PROTOCOL, TRUNCATED, REDIRECT;
 *   UNAUTHORIZED: no or expired credentials, and the password (if any) did not help; OIDC without a token;
 *   FORBIDDEN, NOT_FOUND (also an unknown user or group), CONFLICT, BAD_REQUEST, TOO_LARGE, SERVER,
 *   UNAVAILABLE (429 too: see retry_after_ms), WRONG_STATE;
 *   NOT_PROVIDED: this server's generation has no such operation, result.message says which has;
 *   SPACE: elements were too large for the work memory (all others were delivered); the callback's own.
 * result has the details in every case. A change that may have been carried out although it failed is marked
 * maybe_done, and never repeated blindly. */
enum berth_status berth_openpai_run(struct berth_openpai_request *request,
                                    uint32_t timeout_ms) BERTH_MUST_CHECK;
/* The same in steps: start, then step until it returns something else than BERTH_E_WOULD_BLOCK. */
enum berth_status berth_openpai_start(struct berth_openpai_request *request,
                                      uint32_t timeout_ms) BERTH_MUST_CHECK;
enum berth_status berth_openpai_step(struct berth_openpai_request *request,
                                     uint32_t wait_ms) BERTH_MUST_CHECK;
/* As berth_http_want(). */
unsigned berth_openpai_want(const struct berth_openpai_request *request, uint32_t *out_wait_ms);
void berth_openpai_cancel(struct berth_openpai_request *request);

/* ---- Operations ------------------------------------------------------------------------------- */

/* Each function describes one operation in *OUT_REQUEST; nothing is sent until it is run. Texts that are
 * passed are used until the request has ended. BERTH_E_ARGUMENT for what no server takes: an empty name, a
 * user name or job with '/' or '~' ... ON_X receives each element: the struct named in the comment (NULL when
 * one did not fit the work memory); it may be NULL. */
/* Finds out what the server is (pai->server) and logs in, if there are credentials. */
enum berth_status berth_openpai_open(struct berth_openpai_request *out_request,
                                     struct berth_openpai *pai) BERTH_MUST_CHECK;
/* struct berth_openpai_info; without a token. */
enum berth_status berth_openpai_server_info(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_info,
                                            void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_authn_info; without a token. */
enum berth_status berth_openpai_authn_get(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, berth_call_element_fn *on_info,
                                          void *ctx) BERTH_MUST_CHECK;
/* A new token by user and password, whatever the account has. EXPIRATION_S: 60 to 604,800, 0 = the server's
 * (servers since 0.14 use their own in any case). */
enum berth_status berth_openpai_login(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                      uint32_t expiration_s) BERTH_MUST_CHECK;
/* Revokes the token in use and forgets it. Two logins of the same second share one token. */
enum berth_status berth_openpai_logout(struct berth_openpai_request *out_request,
                                       struct berth_openpai *pai) BERTH_MUST_CHECK;
/* STRUCTURE is a struct berth_text: a token. */
enum berth_status berth_openpai_tokens_list(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_token,
                                            void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_token: an application token, which does not expire. */
enum berth_status berth_openpai_tokens_create(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai, berth_call_element_fn *on_token,
                                              void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_openpai_tokens_revoke(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai,
                                              struct berth_text token) BERTH_MUST_CHECK;
/* struct berth_openpai_claims as the server reads them (1.8). */
enum berth_status berth_openpai_tokens_check(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, berth_call_element_fn *on_claims,
                                             void *ctx) BERTH_MUST_CHECK;

/* struct berth_openpai_summary, one after the other over all pages (an element's index counts within its
 * page). FILTER (may be NULL) is copied, what it points to is not. A rate limit (429) between two pages is
 * waited for, within the deadline; at the first page it is BERTH_E_UNAVAILABLE. */
enum berth_status berth_openpai_jobs_list(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai,
                                          const struct berth_openpai_filter *filter,
                                          berth_call_element_fn *on_job, void *ctx) BERTH_MUST_CHECK;
/* Level 3: each struct berth_openpai_task; level 2: its struct berth_openpai_role, when all of its tasks
 * came; level 1: the struct berth_openpai_job, last. So a job of any number of tasks passes through. USER
 * empty: G1's jobs without a user. */
enum berth_status berth_openpai_jobs_get(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text user, struct berth_text job,
                                         berth_call_element_fn *on_job, void *ctx) BERTH_MUST_CHECK;
/* The same for an earlier attempt, from 0 (1.4+). */
enum berth_status berth_openpai_jobs_get_attempt(struct berth_openpai_request *out_request,
                                                 struct berth_openpai *pai, struct berth_text user,
                                                 struct berth_text job, int64_t attempt,
                                                 berth_call_element_fn *on_job, void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_attempt: the latest first, then the older ones ascending. */
enum berth_status berth_openpai_jobs_attempts(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai, struct berth_text user,
                                              struct berth_text job, berth_call_element_fn *on_attempt,
                                              void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_attempt: one of them. */
enum berth_status berth_openpai_jobs_attempt(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, struct berth_text user,
                                             struct berth_text job, int64_t attempt,
                                             berth_call_element_fn *on_attempt, void *ctx) BERTH_MUST_CHECK;
/* Whether the server keeps a history of attempts: BERTH_OK or BERTH_E_NOT_PROVIDED. */
enum berth_status berth_openpai_jobs_attempts_health(struct berth_openpai_request *out_request,
                                                     struct berth_openpai *pai, struct berth_text user,
                                                     struct berth_text job) BERTH_MUST_CHECK;
/* One task of a job's attempt. */
struct berth_openpai_place {
    struct berth_text user, job;
    int64_t attempt;        /* of the job, from 0 */
    struct berth_text role; /* in either spelling */
    int64_t task;           /* its index in the role */
};
/* Level 2: each attempt of one task as struct berth_openpai_task, newest first; level 1: the struct
 * berth_openpai_task_history, last (1.4+). */
enum berth_status berth_openpai_jobs_task(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, const struct berth_openpai_place *place,
                                          berth_call_element_fn *on_task, void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_event, newest first (1.3+). TYPE: Warning, Normal, or empty for both. */
enum berth_status berth_openpai_jobs_events(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job, struct berth_text type,
                                            berth_call_element_fn *on_event, void *ctx) BERTH_MUST_CHECK;
/* The document as it was submitted (secrets masked) to SINK; result.is_json says in which form it came.
 * WANT_YAML: only servers on YARN can choose; Kubernetes servers send JSON in either case, which is YAML. */
enum berth_status berth_openpai_jobs_config(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job, bool want_yaml,
                                            const struct berth_sink *sink) BERTH_MUST_CHECK;
/* Level 2: each struct berth_openpai_ssh_container; level 1: the struct berth_openpai_ssh, last. Servers on
 * Kubernetes have none: BERTH_E_NOT_PROVIDED; there berth_openpai_task_port() says it. */
enum berth_status berth_openpai_jobs_ssh(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text user, struct berth_text job,
                                         berth_call_element_fn *on_ssh, void *ctx) BERTH_MUST_CHECK;

/* The most a server takes of a document. */
#define BERTH_OPENPAI_DOCUMENT_MAX 102400
/* Submits a job document. PROTOCOL 2: YAML (or JSON without secrets, see berth/openpai_job.h), sent as it is
 * to servers since 0.13; 1: a JSON configuration, for servers on YARN. JOB is its name, needed to look for
 * the job after an answer that cannot be trusted: after a 404, a timeout or a broken connection it is asked
 * for a few times, and found_after_failure set when it is there. BERTH_E_CONFLICT: the name is taken, for
 * ever. BERTH_E_TOO_LARGE beyond BERTH_OPENPAI_DOCUMENT_MAX, nothing is sent then. DOCUMENT is read from (it
 * must be able to rewind, and its length known). SETTLE: after success, asks until the job can be seen. */
enum berth_status berth_openpai_jobs_submit(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, int protocol, struct berth_text user,
                                            struct berth_text job, const struct berth_source *document,
                                            bool settle) BERTH_MUST_CHECK;
/* Looks at the state first: a finished job is left alone. stop: BERTH_OK, already_finished is set. start:
 * BERTH_E_WRONG_STATE (submit again under a new name). Both only ask for it; the state changes later. */
enum berth_status berth_openpai_jobs_stop(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text user,
                                          struct berth_text job) BERTH_MUST_CHECK;
enum berth_status berth_openpai_jobs_start(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, struct berth_text user,
                                           struct berth_text job) BERTH_MUST_CHECK;
/* G1: forgets a job. */
enum berth_status berth_openpai_jobs_delete(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job) BERTH_MUST_CHECK;
/* 1.3+. TAG: 1 to 512 bytes, no comma. Adding twice is no error; removing what is not there is NOT_FOUND. */
enum berth_status berth_openpai_tags_add(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text user, struct berth_text job,
                                         struct berth_text tag) BERTH_MUST_CHECK;
enum berth_status berth_openpai_tags_remove(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, struct berth_text user,
                                            struct berth_text job, struct berth_text tag) BERTH_MUST_CHECK;

/* Which log: a container_log of a task, or (server 1.4+) berth_openpai_put_log_path(). */
void berth_openpai_put_log_path(struct berth_writer *w, struct berth_text user, struct berth_text job,
                                int64_t attempt, struct berth_text role, int64_t task, int64_t task_attempt);
/* struct berth_openpai_log. TAIL: addresses that give the last 16 KB. Servers before 1.4 have no list:
 * stdout, stderr and all are told from CONTAINER_LOG. */
enum berth_status berth_openpai_logs_list(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text container_log,
                                          bool tail, berth_call_element_fn *on_log,
                                          void *ctx) BERTH_MUST_CHECK;
/* One log to SINK, by its name in the list: its short-lived address is fetched first, and once more when it
 * expired. FROM > 0 continues a log of which so much was read (BERTH_OK with nothing sunk when there is no
 * more). BERTH_E_NOT_FOUND: no such name, or gone. Of G1's pages the text is delivered. */
enum berth_status berth_openpai_logs_get(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text container_log, struct berth_text name, bool tail,
                                         uint64_t from, const struct berth_sink *sink) BERTH_MUST_CHECK;

/* struct berth_openpai_user. An unknown one is BERTH_E_NOT_FOUND (though the server says 400). */
enum berth_status berth_openpai_users_get(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text user,
                                          berth_call_element_fn *on_user, void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_openpai_users_list(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, berth_call_element_fn *on_user,
                                           void *ctx) BERTH_MUST_CHECK;
/* Changes of users (2.8); BODY is the JSON that the table there lists, copied into the work memory. */
enum berth_openpai_user_part {
    BERTH_OPENPAI_USER_EXTENSION,
    BERTH_OPENPAI_USER_VIRTUAL_CLUSTERS, /* admin, as the rest */
    BERTH_OPENPAI_USER_EMAIL,
    BERTH_OPENPAI_USER_ADMIN,
    BERTH_OPENPAI_USER_GROUP,
    BERTH_OPENPAI_USER_GROUPS
};
enum berth_status berth_openpai_users_update(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, struct berth_text user,
                                             enum berth_openpai_user_part part,
                                             struct berth_text body) BERTH_MUST_CHECK;
/* The caller's own record: {"patch":true,"data":{...}}. BERTH_E_ARGUMENT for a newPassword in it, which
 * servers confirm and ignore: a password is changed by the next function alone. */
enum berth_status berth_openpai_users_update_me(struct berth_openpai_request *out_request,
                                                struct berth_openpai *pai,
                                                struct berth_text body) BERTH_MUST_CHECK;
/* Both at least 6 bytes. */
enum berth_status berth_openpai_users_set_password(struct berth_openpai_request *out_request,
                                                   struct berth_openpai *pai, struct berth_text user,
                                                   struct berth_text old_password,
                                                   struct berth_text new_password) BERTH_MUST_CHECK;
enum berth_status berth_openpai_users_add(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text body) BERTH_MUST_CHECK;
enum berth_status berth_openpai_users_delete(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai,
                                             struct berth_text user) BERTH_MUST_CHECK;
/* struct berth_openpai_group; 1.0+. */
enum berth_status berth_openpai_groups_get(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, struct berth_text group,
                                           berth_call_element_fn *on_group, void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_openpai_groups_list(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_group,
                                            void *ctx) BERTH_MUST_CHECK;

/* struct berth_openpai_vc. */
enum berth_status berth_openpai_vcs_list(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         berth_call_element_fn *on_vc, void *ctx) BERTH_MUST_CHECK;
/* VC: letters, digits and '_'. */
enum berth_status berth_openpai_vcs_get(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                        struct berth_text vc, berth_call_element_fn *on_vc,
                                        void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_node. */
enum berth_status berth_openpai_nodes_list(struct berth_openpai_request *out_request,
                                           struct berth_openpai *pai, berth_call_element_fn *on_node,
                                           void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_sku; none without the HiveD scheduler. VC empty: all. 1.0+ */
enum berth_status berth_openpai_skus_list(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text vc,
                                          berth_call_element_fn *on_sku, void *ctx) BERTH_MUST_CHECK;
/* No struct: each alert is the element's JSON (1.8). */
enum berth_status berth_openpai_alerts_list(struct berth_openpai_request *out_request,
                                            struct berth_openpai *pai, berth_call_element_fn *on_alert,
                                            void *ctx) BERTH_MUST_CHECK;
/* No struct: each Kubernetes node or pod is the element's JSON; admin. NAME_SPACE empty: all. */
enum berth_status berth_openpai_k8s_nodes(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, berth_call_element_fn *on_node,
                                          void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_openpai_k8s_pods(struct berth_openpai_request *out_request, struct berth_openpai *pai,
                                         struct berth_text name_space, berth_call_element_fn *on_pod,
                                         void *ctx) BERTH_MUST_CHECK;
/* What the HiveD scheduler's own web service at BASE_URL says, as JSON, to SINK; without credentials. */
enum berth_openpai_hived_part {
    BERTH_OPENPAI_HIVED_CLUSTER,          /* physical and virtual clusters */
    BERTH_OPENPAI_HIVED_PHYSICAL_CLUSTER, /* cells */
    BERTH_OPENPAI_HIVED_VIRTUAL_CLUSTERS, /* with a name: one of them */
    BERTH_OPENPAI_HIVED_AFFINITY_GROUPS
};
enum berth_status berth_openpai_hived_get(struct berth_openpai_request *out_request,
                                          struct berth_openpai *pai, struct berth_text base_url,
                                          enum berth_openpai_hived_part part, struct berth_text name,
                                          const struct berth_sink *sink) BERTH_MUST_CHECK;

/* struct berth_openpai_storage; 1.0+. DEFAULTS: only those that a job gets unasked. */
enum berth_status berth_openpai_storages_list(struct berth_openpai_request *out_request,
                                              struct berth_openpai *pai, bool defaults,
                                              berth_call_element_fn *on_storage, void *ctx) BERTH_MUST_CHECK;
/* With type and data. */
enum berth_status berth_openpai_storages_get(struct berth_openpai_request *out_request,
                                             struct berth_openpai *pai, struct berth_text name,
                                             berth_call_element_fn *on_storage, void *ctx) BERTH_MUST_CHECK;
/* struct berth_openpai_storage_config and struct berth_openpai_storage_server; NAME empty: all. Deprecated,
 * 0.15+. */
enum berth_status berth_openpai_storage_configs(struct berth_openpai_request *out_request,
                                                struct berth_openpai *pai, struct berth_text name,
                                                berth_call_element_fn *on_config, void *ctx) BERTH_MUST_CHECK;
enum berth_status berth_openpai_storage_servers(struct berth_openpai_request *out_request,
                                                struct berth_openpai *pai, struct berth_text name,
                                                berth_call_element_fn *on_server, void *ctx) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
