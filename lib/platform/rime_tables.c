/* RIME: dialects, exchanges and names as tables. */
#include "platform/rime.h"

#define T(text) BERTH_TEXT_INIT(text)

static const struct berth_rime_dialect dialects[] = {
    [BERTH_RIME_V2] = {.root = T("/v1"),
                       .jobs_root = T("/v1"),
                       .start_path = T("/stress-tests/%p"),
                       .list_path = T("/jobs/project/%p"),
                       .auth_header = T("rime-api-key"),
                       .image_in_run_time = true,
                       .send_model_task = true},
    [BERTH_RIME_V0] = {.root = T("/v1"),
                       .jobs_root = T("/v1"),
                       .start_path = T("/stress-tests"),
                       .list_path = T("/jobs"),
                       .auth_header = T("rime-api-key"),
                       .config_as_string = true,
                       .has_list_all = true,
                       .has_logs = true},
};

const struct berth_rime_exchange berth_rime_exchanges[BERTH_RIME_PHASE_COUNT] = {
    [BERTH_RIME_PHASE_CREATE] = {T("POST"), T("/projects"), T("[*]"), BERTH_HTTP_REPEAT_NEVER, 0},
    [BERTH_RIME_PHASE_PROJECT] = {T("GET"), T("/projects/%p"), T("[*]"), BERTH_HTTP_REPEAT_BY_METHOD, 0},
    [BERTH_RIME_PHASE_PROJECTS] = {T("GET"), T("/projects"), T("[*].projects[*]"),
                                   BERTH_HTTP_REPEAT_BY_METHOD, BERTH_RIME_PAGED},
    [BERTH_RIME_PHASE_START] = {T("POST"), {NULL, 0}, T("[*]"), BERTH_HTTP_REPEAT_NEVER, 0},
    [BERTH_RIME_PHASE_JOBS] = {T("GET"), T("/jobs"), T("[*].jobs[*]"), BERTH_HTTP_REPEAT_BY_METHOD,
                               BERTH_RIME_PAGED | BERTH_RIME_JOBS_ROOT},
    [BERTH_RIME_PHASE_PROJECT_JOBS] = {T("GET"),
                                       {NULL, 0},
                                       T("[*].jobs[*]"),
                                       BERTH_HTTP_REPEAT_BY_METHOD,
                                       BERTH_RIME_PAGED | BERTH_RIME_JOBS_ROOT},
    [BERTH_RIME_PHASE_JOB] = {T("GET"), T("/jobs/%j?view=JOB_VIEW_BASIC"), T("[*]"),
                              BERTH_HTTP_REPEAT_BY_METHOD, BERTH_RIME_JOBS_ROOT},
    [BERTH_RIME_PHASE_FULL_JOB] = {T("GET"), T("/jobs/%j?view=JOB_VIEW_FULL"), T("[*]"),
                                   BERTH_HTTP_REPEAT_BY_METHOD, BERTH_RIME_JOBS_ROOT},
    [BERTH_RIME_PHASE_LOG] = {T("GET"), T("/logs/%j"), {NULL, 0}, BERTH_HTTP_REPEAT_BY_METHOD, 0},
    [BERTH_RIME_PHASE_TEST_RUN] = {T("GET"), T("/jobs/%j/test-run-id"), T("[*]"), BERTH_HTTP_REPEAT_BY_METHOD,
                                   BERTH_RIME_JOBS_ROOT},
    [BERTH_RIME_PHASE_CASES] = {T("GET"), T("/test-cases"), T("[*].testCases[*].metrics(*)"),
                                BERTH_HTTP_REPEAT_BY_METHOD, BERTH_RIME_PAGED},
    [BERTH_RIME_PHASE_CANCEL] =
        {T("POST"), T("/jobs/cancel/%j"), {NULL, 0}, BERTH_HTTP_REPEAT_ALWAYS, BERTH_RIME_JOBS_ROOT},
    [BERTH_RIME_PHASE_PROJECT_ID] = {T("GET"), T("/jobs/%j/project-id"), T("[*]"),
                                     BERTH_HTTP_REPEAT_BY_METHOD, BERTH_RIME_JOBS_ROOT},
    [BERTH_RIME_PHASE_INFO] = {T("GET"), T("/rime-info"), T("[*]"), BERTH_HTTP_REPEAT_BY_METHOD, 0},
    [BERTH_RIME_PHASE_OLD_INFO] = {T("GET"), T("/version"), T("[*]"), BERTH_HTTP_REPEAT_BY_METHOD, 0},
};

const struct berth_rime_dialect *berth_rime_dialect_of(enum berth_rime_dialect_id id)
{
    return (unsigned)id < sizeof dialects / sizeof dialects[0] ? &dialects[id] : NULL;
}

static const struct berth_text status_names[] = {
    [BERTH_RIME_UNKNOWN_STATUS] = T("UNKNOWN_JOB_STATUS"),
    [BERTH_RIME_PENDING] = T("PENDING"),
    [BERTH_RIME_RUNNING] = T("RUNNING"),
    [BERTH_RIME_FAILING] = T("FAILING"),
    [BERTH_RIME_SUCCEEDED] = T("SUCCEEDED"),
};

struct berth_text berth_rime_status_name(enum berth_rime_status status)
{
    return status_names[(unsigned)status <= BERTH_RIME_SUCCEEDED ? status : BERTH_RIME_UNKNOWN_STATUS];
}

enum berth_status berth_rime_parse_filter(struct berth_text name, unsigned *out_bit)
{
    for (unsigned i = 0; i <= BERTH_RIME_SUCCEEDED; i++)
        if (berth_text_equal(name, status_names[i])) {
            *out_bit = 1u << i;
            return BERTH_OK;
        }
    return BERTH_E_ARGUMENT;
}

bool berth_rime_is_terminal(enum berth_rime_status status)
{
    return status == BERTH_RIME_FAILING || status == BERTH_RIME_SUCCEEDED;
}

bool berth_rime_is_value_error(enum berth_status status)
{
    static const enum berth_status others[] = {BERTH_OK,           BERTH_E_CANCELLED, BERTH_E_SPACE,
                                               BERTH_E_IO,         BERTH_E_EXISTS,    BERTH_E_NO_FILE,
                                               BERTH_E_PERMISSION, BERTH_E_DISK_FULL, BERTH_E_LOCKED};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (status == others[i])
            return false;
    return true;
}
