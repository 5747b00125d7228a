/* RIME: projects, stress tests, their jobs, logs and results. Two dialects of its REST interface from one
 * table: V2 (2.0 and later) and V0 (0.18 to 0.20). Terms are the platform's own: project, stress test, job,
 * test run, test case. Section numbers name the parts of docs/rime.md. */
#ifndef BERTH_RIME_H
#define BERTH_RIME_H

#include "berth/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Dialects --------------------------------------------------------------------------------- */

enum berth_rime_dialect_id { BERTH_RIME_V2 = 0, BERTH_RIME_V0 = 1 };

/* What a server's dialect is made of. A row of the table is copied into the session, where any of it may be
 * changed between requests; texts live as long as the session. In paths %p stands for a project's id. */
struct berth_rime_dialect {
    struct berth_text root;        /* "/v1" */
    struct berth_text jobs_root;   /* "/v1"; "/v1-beta" for 2.0 beta */
    struct berth_text start_path;  /* without %p the project goes into the body */
    struct berth_text list_path;   /* jobs of a project; without %p it is asked for by objectId */
    struct berth_text auth_header; /* "rime-api-key" */
    bool config_as_string;         /* the test run's configuration travels as a JSON string */
    bool image_in_run_time;        /* ... and a custom image inside it; else beside it as testingImage */
    bool has_list_all;             /* GET jobs lists those of all projects; else it is tried first */
    bool has_logs;                 /* GET logs/ID */
    bool send_model_task;
};
/* NULL for an id that is not listed. */
const struct berth_rime_dialect *berth_rime_dialect_of(enum berth_rime_dialect_id id);
/* The dialect that a server of VERSION ("2.10.16", "0.19.1-rc2") speaks. BERTH_E_SYNTAX for what is no
 * version, BERTH_E_NOT_PROVIDED for one of another time: keep the configured choice then. */
enum berth_status berth_rime_dialect_for(struct berth_text version,
                                         enum berth_rime_dialect_id *out_id) BERTH_MUST_CHECK;

/* ---- Session ---------------------------------------------------------------------------------- */

#define BERTH_RIME_ADDRESS_MAX 512
#define BERTH_RIME_KEY_MAX 1024
/* Longest id that is taken or sent. */
#define BERTH_RIME_ID_MAX 128
/* Longest page token. */
#define BERTH_RIME_TOKEN_MAX 480
/* Least work memory; it must hold the URL and the longest job, project or test case without its metrics. 16
 * KB covers practice: a job with 100 test batches has 7 KB. */
#define BERTH_RIME_WORK_MIN 4096

struct berth_rime_config {
    struct berth_http *http; /* required */
    /* Required: "host", "host:port", "[v6]:port" or "https://host[:port][/prefix]"; https when nothing is
     * said. Host names may have underscores. */
    struct berth_text address;
    bool allow_plain;       /* take http:// too: the key then travels readable */
    struct berth_text key;  /* empty: none is sent; secret, lives as long as the session */
    bool bearer;            /* as "Authorization: Bearer": for a proxy of the site's own, never for RIME */
    struct berth_text root; /* empty: the dialect's */
    struct berth_text jobs_root;   /* empty: as root, when that is given, else the dialect's */
    struct berth_text auth_header; /* empty: the dialect's */
    enum berth_rime_dialect_id dialect;
    struct berth_text model_task;      /* V2: of projects that are created without one; may be empty */
    struct berth_text default_project; /* V2: of tests that are started without one; may be empty */
    void *work;                        /* required; BERTH_RIME_WORK_MIN bytes or more */
    size_t work_size;
    uint32_t page_size;    /* jobs and projects in one answer; 0 = 10, at most 100 */
    uint32_t page_max;     /* pages of one list; 0 = 100,000. The rest is left out and said to be */
    size_t config_max;     /* longest configuration of a test run; 0 = 1 MiB (what ingresses take) */
    uint8_t max_transient; /* failed polls in a row that waiting outlasts; 0 = 5, 255 = none */
};

/* A session with one server. The caller's; what the configuration points to lives as long as it. */
struct berth_rime {
    struct berth_rime_dialect dialect; /* may be changed between requests */
    struct berth_rime_config config;   /* private from here on */
    struct berth_client client;
    char base[BERTH_RIME_ADDRESS_MAX + 16];
    char authorization[BERTH_RIME_KEY_MAX + 8];
};

/* Checks everything; nothing is sent. BERTH_E_ARGUMENT, BERTH_E_SYNTAX for address, roots, key and header
 * name; *out_reason (may be NULL) is static text. */
enum berth_status berth_rime_init(struct berth_rime *rime, const struct berth_rime_config *config,
                                  const char **out_reason) BERTH_MUST_CHECK;
/* Overwrites what the session remembers of the key. */
void berth_rime_close(struct berth_rime *rime);

/* ---- Data ------------------------------------------------------------------------------------- */

enum berth_rime_status {
    BERTH_RIME_UNKNOWN_STATUS = 0,
    BERTH_RIME_PENDING = 1,
    BERTH_RIME_RUNNING = 2,
    BERTH_RIME_FAILING = 3, /* failed or cancelled: see the job's flag */
    BERTH_RIME_SUCCEEDED = 4
};
/* "PENDING", "RUNNING", "FAILING", "SUCCEEDED", "UNKNOWN_JOB_STATUS". */
struct berth_text berth_rime_status_name(enum berth_rime_status status);
/* A filter's name, exactly as above, as its bit (1 << status). BERTH_E_ARGUMENT for another text. */
enum berth_status berth_rime_parse_filter(struct berth_text name, unsigned *out_bit) BERTH_MUST_CHECK;
bool berth_rime_is_terminal(enum berth_rime_status status); /* SUCCEEDED and FAILING */

/* Texts of a job are NUL-terminated UTF-8, cut between characters when they are longer. */
#define BERTH_RIME_ERROR_MAX 1024
#define BERTH_RIME_LINK_MAX 2047
struct berth_rime_job {
    /* The five of the job's dict. */
    char name[BERTH_RIME_ID_MAX + 1]; /* the server's name for it, its id, or the id that was asked for */
    bool is_stress_test;              /* type: MODEL_STRESS_TEST, else UNKNOWN_JOB_TYPE */
    enum berth_rime_status status;
    int64_t start_time_s;  /* 0: not started */
    double running_time_s; /* never negative, always finite */

    char id[BERTH_RIME_ID_MAX + 1]; /* for all further requests; empty when the server gave none */
    char raw_status[32];            /* the server's own word or number, JOB_STATUS_ included */
    bool cancelled, cancel_requested, has_start;
    int64_t creation_time_s, completion_time_s; /* 0: not said */
    /* Test batches; total 0: not known. */
    uint32_t progress_done, progress_total;
    char test_run_id[BERTH_RIME_ID_MAX + 1];
    char project_id[BERTH_RIME_ID_MAX + 1];
    char error[BERTH_RIME_ERROR_MAX + 1];
    char log_link[BERTH_RIME_LINK_MAX + 1]; /* secret (a signed URL); empty: none, expired or too long */
};
/* "MODEL_STRESS_TEST" or "UNKNOWN_JOB_TYPE". */
struct berth_text berth_rime_type_name(const struct berth_rime_job *job);
/* The dict: exactly name, type, status, start_time_secs, running_time_secs, numbers as numbers. */
void berth_rime_put_dict(struct berth_json_writer *w, const struct berth_rime_job *job);
/* Reads a job out of an answer's object (LEN bytes of checked JSON, left as it is). HANDLE is the id that was
 * asked for. NOW_S as of the clock (0: none): a log's link that has expired is left out. Whatever is absent,
 * null, unknown or of another type than it should be is "not set". */
void berth_rime_read_job(struct berth_rime_job *out_job, const char *json, size_t len,
                         struct berth_text handle, int64_t now_s);

struct berth_rime_project {
    char id[BERTH_RIME_ID_MAX + 1];
    char name[512];
    char description[2048];
};

/* ---- Requests --------------------------------------------------------------------------------- */

enum berth_rime_event_kind {
    BERTH_RIME_STARTED,           /* verbose: the job was found; see its start time */
    BERTH_RIME_POLL,              /* verbose: it was looked at again */
    BERTH_RIME_CANCEL_REQUESTED,  /* verbose, once */
    BERTH_RIME_UNKNOWN_STATUS_IS, /* once: job->raw_status */
    BERTH_RIME_RETRY,         /* a look at the job failed; text says why, pause_ms how long until the next */
    BERTH_RIME_LOG_TEXT,      /* a piece of the log, UTF-8; never a part of a character */
    BERTH_RIME_LOG_ERROR,     /* the log ended early, or there was none to be had: text says why */
    BERTH_RIME_ERROR_MESSAGE, /* the job's own words about its failure */
    BERTH_RIME_LOG_LINK,      /* where the log of a failed job is; secret, expires */
    BERTH_RIME_LOGS_UNAVAILABLE /* this server keeps none */
};
struct berth_rime_event {
    enum berth_rime_event_kind kind;
    const struct berth_rime_job *job; /* NULL while a log is read by itself */
    struct berth_text text;
    uint32_t pause_ms;
};
/* Another status than BERTH_OK ends the request with it. */
typedef enum berth_status berth_rime_event_fn(void *ctx, const struct berth_rime_event *event);
typedef enum berth_status berth_rime_job_fn(void *ctx, const struct berth_rime_job *job);
typedef enum berth_status berth_rime_project_fn(void *ctx, const struct berth_rime_project *project);

/* What a request came to, beside its status. */
struct berth_rime_result {
    int http_status;                      /* of the last answer; 0: none */
    int32_t grpc_code;                    /* of an error's body; -1: none */
    char message[BERTH_CALL_MESSAGE_MAX]; /* one line, NUL-terminated */
    bool has_retry_after;
    uint32_t retry_after_ms;
    bool maybe_done;     /* a start or create failed, but the server may have carried it out: list */
    bool incomplete;     /* a list broke off: the page limit, or page tokens that lead nowhere */
    bool config_suspect; /* V2 start: neither modelId nor dataInfo; the server drops what it does not know */
    uint64_t count;      /* jobs or projects delivered; rows written */
    uint64_t skipped_count; /* those that did not fit the work memory */
    size_t skipped_needed;
};

/* Private: what reads a log's lines. */
struct berth_rime_log {
    uint64_t objects; /* one bit a level */
    uint32_t high, unit;
    int32_t code;
    uint8_t depth, hex_left, branch, member, key_len;
    bool in_text, is_key, need_key, escape, failed, broken;
    uint16_t error_len, out_len;
    char key[8];
    char error[160];
    char out[256];
};
/* Private: the body that starts a test, written as it is sent. */
struct berth_rime_body {
    struct berth_text pieces[3];
    size_t piece, at;
    bool escape; /* the middle one goes into a JSON string */
    uint8_t carry_at, carry_len;
    char carry[8];
    char head[BERTH_RIME_ID_MAX * 6 + 64];
    char tail[1200];
};

/* A request: filled in by the functions below, then run. The caller's, and stays where it is while it runs.
 * One at a time in a session. `result`, `job` and `project` are for reading, the rest is private. */
struct berth_rime_request {
    struct berth_rime_result result;
    struct berth_rime_job job;         /* of start, status, csv and while listing */
    struct berth_rime_project project; /* of project_create, project_get and while listing */
    char text[BERTH_RIME_ID_MAX + 1];  /* of server_version, test_run_of and project_of: the answer */

    struct berth_rime *rime;
    struct berth_call call;
    uint8_t operation, phase, project_count, project_at;
    bool drop_filter, verbose, wait, found, started, told_unknown, told_cancel, sign_in, has_more, outer_more;
    bool walking, later_page;
    uint8_t failures;
    uint32_t poll_ms;
    unsigned filter;
    uint32_t pages;
    char id[BERTH_RIME_ID_MAX + 1];
    char token[BERTH_RIME_TOKEN_MAX + 1], next_token[BERTH_RIME_TOKEN_MAX + 1];
    char outer_token[BERTH_RIME_TOKEN_MAX + 1]; /* of projects, while their jobs are listed */
    char projects[10][BERTH_RIME_ID_MAX + 1];
    enum berth_status stop; /* what a callback said */
    berth_rime_event_fn *on_event;
    berth_rime_job_fn *on_job;
    berth_rime_project_fn *on_project;
    void *ctx;
    struct berth_sink sink;
    struct berth_rime_log log;
    struct berth_rime_body body;
};

/* Each describes one request; nothing is sent until it is run. BERTH_E_ARGUMENT for an id that is empty,
 * longer than BERTH_RIME_ID_MAX, "." or "..", or holds / ? # % \ or control characters. Texts that are passed
 * live until the request has ended. */

/* request->project. NAME is not empty; MODEL_TASK ("MODEL_TASK_REGRESSION" ...) may be: then the session's,
 * for V2 alone. Never repeated. BERTH_E_CONFLICT: the name is taken. */
enum berth_status berth_rime_project_create(struct berth_rime_request *request, struct berth_rime *rime,
                                            struct berth_text name, struct berth_text description,
                                            struct berth_text model_task) BERTH_MUST_CHECK;
enum berth_status berth_rime_project_get(struct berth_rime_request *request, struct berth_rime *rime,
                                         struct berth_text id) BERTH_MUST_CHECK;
/* The server's order. */
enum berth_status berth_rime_project_list(struct berth_rime_request *request, struct berth_rime *rime,
                                          berth_rime_project_fn *on_project, void *ctx) BERTH_MUST_CHECK;

/* request->job. CONFIG is one JSON object; its members are sent byte for byte. PROJECT empty: V2 takes the
 * session's default project (BERTH_E_ARGUMENT without one), V0 the server's. IMAGE empty: the cluster's own;
 * PULL_SECRET (may be empty) goes with it. BERTH_E_ARGUMENT for a configuration that is no object, a pull
 * secret without an image, or (V2) an image beside runTimeInfo; BERTH_E_SPACE beyond config_max. Asks for
 * nothing else first. Never repeated once a byte was sent: see result.maybe_done. */
enum berth_status berth_rime_start(struct berth_rime_request *request, struct berth_rime *rime,
                                   struct berth_text config, struct berth_text project,
                                   struct berth_text image, struct berth_text pull_secret) BERTH_MUST_CHECK;
/* Stress tests of PROJECT (empty: of all). FILTER: bits of berth_rime_parse_filter(), any of which a job may
 * have; 0: no filter. The filters are checked here again, whatever the server makes of them. */
enum berth_status berth_rime_jobs_list(struct berth_rime_request *request, struct berth_rime *rime,
                                       struct berth_text project, unsigned filter, berth_rime_job_fn *on_job,
                                       void *ctx) BERTH_MUST_CHECK;

struct berth_rime_status_options {
    bool verbose;                  /* events, and the log when the job has ended */
    bool wait;                     /* until the job has ended */
    double poll_s;                 /* 0 = 5; else 0.1 to 86,400, checked also without wait */
    berth_rime_event_fn *on_event; /* may be NULL */
    void *ctx;
};
/* request->job, also after a failure the last that is known. Waiting outlasts failures of single looks; it
 * has no end but run's. OPTIONS may be NULL. */
enum berth_status berth_rime_job_status(struct berth_rime_request *request, struct berth_rime *rime,
                                        struct berth_text id,
                                        const struct berth_rime_status_options *options) BERTH_MUST_CHECK;
/* The log as events LOG_TEXT (V0), or what V2 tells of a failed job instead. */
enum berth_status berth_rime_job_logs(struct berth_rime_request *request, struct berth_rime *rime,
                                      struct berth_text id, berth_rime_event_fn *on_event,
                                      void *ctx) BERTH_MUST_CHECK;
/* The results as CSV (RFC 4180, CRLF, UTF-8): test_name,feature(s),status; features are joined by ",", so
 * that those with a comma cannot be told apart. VERSION (empty: the newest) pins the columns:
 * BERTH_E_ARGUMENT when it is no semantic version, BERTH_E_NOT_PROVIDED below 0.12.0. BERTH_E_WRONG_STATE
 * when the job has not succeeded or its results are not there yet; then nothing was written. SINK gets rows
 * while they arrive: after a failure what it has is incomplete. */
enum berth_status berth_rime_job_csv(struct berth_rime_request *request, struct berth_rime *rime,
                                     struct berth_text id, struct berth_text version,
                                     const struct berth_sink *sink) BERTH_MUST_CHECK;
/* Asks for a job's end; it shows cancel_requested, later cancelled. Repeated like a GET. */
enum berth_status berth_rime_job_cancel(struct berth_rime_request *request, struct berth_rime *rime,
                                        struct berth_text id) BERTH_MUST_CHECK;
/* request->text. These two answer BERTH_E_WRONG_STATE when there is none yet. */
enum berth_status berth_rime_test_run_of(struct berth_rime_request *request, struct berth_rime *rime,
                                         struct berth_text id) BERTH_MUST_CHECK;
enum berth_status berth_rime_project_of(struct berth_rime_request *request, struct berth_rime *rime,
                                        struct berth_text id) BERTH_MUST_CHECK;
/* request->text. Says that the server is there, not that the key is good. */
enum berth_status berth_rime_server_version(struct berth_rime_request *request,
                                            struct berth_rime *rime) BERTH_MUST_CHECK;
/* Whether the key is taken: asks for one project. */
enum berth_status berth_rime_check_key(struct berth_rime_request *request,
                                       struct berth_rime *rime) BERTH_MUST_CHECK;

/* Runs REQUEST to its end, at most TIMEOUT_MS (0: 60 s for everything but waiting, lists, logs and results,
 * where only a server that is silent for 60 s ends it). CANCELLED (may be NULL) is asked at least every 250
 * ms: true ends it with BERTH_E_CANCELLED. By HTTP status: 400, 422 BAD_REQUEST, 401 and a redirect to a
 * sign-in page UNAUTHORIZED, 403 FORBIDDEN, 404 NOT_FOUND, 405 and 501 NOT_PROVIDED, 409 CONFLICT, 413
 * TOO_LARGE, 408, 429, 499, 502, 503 and 504 UNAVAILABLE, other 5xx SERVER; 200 with HTML, or JSON that lacks
 * what it must have: PROTOCOL. */
enum berth_status berth_rime_run(struct berth_rime_request *request, uint32_t timeout_ms,
                                 bool (*cancelled)(void *ctx), void *ctx) BERTH_MUST_CHECK;
/* The same in steps, as berth_call_start() and berth_call_step(). */
enum berth_status berth_rime_begin(struct berth_rime_request *request, uint32_t timeout_ms) BERTH_MUST_CHECK;
enum berth_status berth_rime_step(struct berth_rime_request *request, uint32_t wait_ms) BERTH_MUST_CHECK;
void berth_rime_cancel(struct berth_rime_request *request);
/* What the platform's own SDK reports as a value error: every failure but cancellation, local files and room.
 */
bool berth_rime_is_value_error(enum berth_status status);

#ifdef __cplusplus
}
#endif
#endif
