/* What RIME's files share: operations, phases, readers. */
#ifndef BERTH_PLATFORM_RIME_H
#define BERTH_PLATFORM_RIME_H

#include <string.h>

#include "berth/rime.h"

/* The bytes of a view of the answer's own memory, to be decoded in place. */
static inline char *berth_rime_bytes(struct berth_text json)
{
    char *bytes;
    memcpy(&bytes, &json.ptr, sizeof bytes);
    return bytes;
}

enum berth_rime_operation {
    BERTH_RIME_PROJECT_CREATE,
    BERTH_RIME_PROJECT_GET,
    BERTH_RIME_PROJECT_LIST,
    BERTH_RIME_START,
    BERTH_RIME_JOBS_LIST,
    BERTH_RIME_JOB_STATUS,
    BERTH_RIME_JOB_LOGS,
    BERTH_RIME_JOB_CSV,
    BERTH_RIME_JOB_CANCEL,
    BERTH_RIME_TEST_RUN_OF,
    BERTH_RIME_PROJECT_OF,
    BERTH_RIME_SERVER_VERSION,
    BERTH_RIME_CHECK_KEY
};

/* One exchange of a request. */
enum berth_rime_phase {
    BERTH_RIME_PHASE_CREATE,
    BERTH_RIME_PHASE_PROJECT,
    BERTH_RIME_PHASE_PROJECTS,
    BERTH_RIME_PHASE_START,
    BERTH_RIME_PHASE_JOBS,         /* of all projects, in one list */
    BERTH_RIME_PHASE_PROJECT_JOBS, /* of request->id */
    BERTH_RIME_PHASE_JOB,
    BERTH_RIME_PHASE_FULL_JOB,
    BERTH_RIME_PHASE_LOG,
    BERTH_RIME_PHASE_TEST_RUN,
    BERTH_RIME_PHASE_CASES,
    BERTH_RIME_PHASE_CANCEL,
    BERTH_RIME_PHASE_PROJECT_ID,
    BERTH_RIME_PHASE_INFO,
    BERTH_RIME_PHASE_OLD_INFO,
    BERTH_RIME_PHASE_COUNT
};
enum { BERTH_RIME_BARE = 0, BERTH_RIME_PAGED = 1, BERTH_RIME_JOBS_ROOT = 2, BERTH_RIME_ONE = 4 };
struct berth_rime_exchange {
    struct berth_text method;
    struct berth_text path;   /* %p: the project's id, %j: the job's; absent: the dialect's */
    struct berth_text answer; /* the stream's path; absent: thrown away */
    enum berth_http_repeat repeat;
    uint8_t flags;
};
extern const struct berth_rime_exchange berth_rime_exchanges[BERTH_RIME_PHASE_COUNT];

/* ---- rime_data.c */
#define BERTH_RIME_MEMBERS_MAX 20
/* Members by name, their JSON as it stands; null counts as absent. */
struct berth_rime_members {
    uint32_t present;
    struct berth_text at[BERTH_RIME_MEMBERS_MAX];
};
extern const struct berth_shape berth_rime_envelope_shape, berth_rime_case_shape;
enum { /* of the envelope */
       BERTH_RIME_IN_JOB,
       BERTH_RIME_IN_PROJECT,
       BERTH_RIME_IN_NEXT_TOKEN,
       BERTH_RIME_IN_HAS_MORE,
       BERTH_RIME_IN_TEST_RUN_ID,
       BERTH_RIME_IN_PROJECT_ID,
       BERTH_RIME_IN_VERSION,
       BERTH_RIME_IN_OLD_VERSION,
       BERTH_RIME_IN_CODE,
       BERTH_RIME_IN_MESSAGE,
       BERTH_RIME_IN_ERROR,
       BERTH_RIME_IN_COUNT
};
enum { BERTH_RIME_CASE_TYPE, BERTH_RIME_CASE_FEATURES, BERTH_RIME_CASE_STATUS, BERTH_RIME_CASE_COUNT };
/* The members of the object that JSON (checked) is; all absent when it is none. */
void berth_rime_members_of(const struct berth_shape *shape, struct berth_text json,
                           struct berth_rime_members *out);
/* Puts the characters of a JSON string, lone surrogates as U+FFFD; nothing for another value. */
void berth_rime_put_string(struct berth_writer *w, struct berth_text json);
/* Copies them into BUF, NUL-terminated; false when they had to be cut (between characters). */
bool berth_rime_copy_string(char *buf, size_t size, struct berth_text json);
/* An id in either form: "x" or {"uuid":"x"}; empty when it is none, or too long. */
void berth_rime_copy_id(char out_id[BERTH_RIME_ID_MAX + 1], struct berth_text json);
bool berth_rime_is_true(struct berth_text json);
/* Reads {id, name, description}, also one level deeper; false without an id. */
bool berth_rime_read_project(struct berth_rime_project *out_project, struct berth_text json);
/* A character, as UTF-8; a surrogate as U+FFFD. */
void berth_rime_put_character(struct berth_writer *w, uint32_t code);

/* ---- rime_body.c: the body that starts a test */
enum berth_status berth_rime_body_init(struct berth_rime_request *request, struct berth_text config,
                                       struct berth_text project, struct berth_text image,
                                       struct berth_text pull_secret, struct berth_source *out_source);

/* ---- rime_log.c: a log's lines, as they arrive */
void berth_rime_log_begin(struct berth_rime_request *request);
struct berth_sink berth_rime_log_sink(struct berth_rime_request *request);
/* Tells what is left, and why the log ended early, if it did. */
enum berth_status berth_rime_log_end(struct berth_rime_request *request);
enum berth_status berth_rime_tell(struct berth_rime_request *request, enum berth_rime_event_kind kind,
                                  struct berth_text text, uint32_t pause_ms);

/* ---- rime_case.c: a row of the result */
enum berth_status berth_rime_put_header(struct berth_rime_request *request);
enum berth_status berth_rime_put_case(struct berth_rime_request *request,
                                      const struct berth_json_element *element);

/* ---- rime.c */
/* Describes the exchange of PHASE in the request's call. BERTH_E_SPACE when its URL is too long. */
enum berth_status berth_rime_describe(struct berth_rime_request *request, enum berth_rime_phase phase);
bool berth_rime_is_id(struct berth_text id);

/* ---- rime_run.c, rime_judge.c */
enum berth_status berth_rime_on_element(void *ctx, const struct berth_json_element *element, void *structure);
enum berth_status berth_rime_next(struct berth_call *call, enum berth_status status, uint32_t *out_pause_ms);
enum berth_status berth_rime_judge(const struct berth_call *call, const struct berth_http_result *result,
                                   struct berth_writer *out_message);
enum berth_status berth_rime_head(struct berth_call *call, const struct berth_http_head *head);

#endif
