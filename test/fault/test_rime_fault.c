/* RIME with every call of a port failed in turn, once and then for good: a start is never sent twice, nothing
 * is said to have happened that did not; and waiting, with clocks that jump and callers who give up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rime_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define J "application/json"
#define JOB(status)                                                                                          \
    "{\"job\":{\"jobId\":\"b\",\"jobType\":\"JOB_TYPE_MODEL_STRESS_TEST\",\"status\":\"" status "\"}}"

static struct rime_rig r;

static void answer(const char *awaits, const char *body)
{
    rime_answer(&r, awaits, 200, J, berth_text_of(body));
}

static bool ended_well(const char *told)
{
    size_t len = strlen(told);
    return len >= 2 && strcmp(told + len - 2, "ok") == 0;
}

static void every_call(void **state)
{
    static const char *const operations[] = {"start", "list", "csv", "cancel", "create"};
    (void)state;
    rime_open(&r);
    for (size_t i = 0; i < COUNT(operations); i++)
        for (unsigned for_good = 0; for_good < 2; for_good++)
            for (uint32_t at = 1;; at++) {
                memset(&r.rig.faults, 0, sizeof r.rig.faults);
                rime_reset(&r);
                if (i == 0)
                    answer("1.50}}", JOB("JOB_STATUS_REQUESTED"));
                if (i == 1)
                    answer("\r\n\r\n", "{\"jobs\":[],\"nextPageToken\":\"t\",\"hasMore\":true}");
                if (i == 1)
                    answer("pageToken=t", "{}");
                if (i == 2)
                    answer("\r\n\r\n", "{\"job\":{\"status\":\"SUCCEEDED\",\"jobData\":{\"stress\":{"
                                       "\"testRunId\":\"t\"}}}}");
                if (i == 2)
                    answer("test-cases", "{\"testCases\":[{}]}");
                if (i == 3)
                    answer("\r\n\r\n", "{}");
                if (i == 4)
                    answer("\"}", "{\"project\":{\"id\":\"p\"}}");
                enum berth_status described = rime_describe(&r, operations[i]);
                r.rig.faults.fail_at = at;
                r.rig.faults.for_good = for_good != 0;
                bool well = ended_well(rime_run(&r, described));
                assert_int_equal(r.rig.mem.broken_rules, 0);
                if (i == 0 || i == 4)
                    assert_true(rig_times_sent(&r.rig, "POST /") <= 1);
                if (!r.rig.faults.tripped) {
                    assert_true(well);
                    break;
                }
                if (i == 0 && !well && rig_was_sent(&r.rig, "1.50}}"))
                    assert_true(r.request.result.maybe_done);
            }
    memset(&r.rig.faults, 0, sizeof r.rig.faults);
    rime_close(&r);
}

/* A poll that fails is tried again; so many in a row end it; a terminal state ends it without a sleep. */
static void waiting(void **state)
{
    (void)state;
    rime_open(&r);
    for (unsigned failures = 0; failures < 8; failures++) {
        rime_reset(&r);
        uint64_t slept = r.rig.mem_clock.slept_ms;
        answer("\r\n\r\n", JOB("JOB_STATUS_RUNNING"));
        for (unsigned i = 0; i < failures; i++)
            rime_answer(&r, "\r\n\r\n", 503, "text/html", BERTH_TEXT("<html>"));
        answer("\r\n\r\n", JOB("JOB_STATUS_CANCELLED"));
        const char *told = rime_run(&r, rime_describe(&r, "wait"));
        assert_true(ended_well(told) == (failures <= 5));
        static const uint64_t pauses[] = {5000, 10000, 20000, 40000, 80000, 140000, 140000, 140000};
        assert_int_equal(r.rig.mem_clock.slept_ms - slept, pauses[failures]);
        assert_int_equal(r.request.job.cancelled, failures <= 5);
    }
    rime_reset(&r);
    answer("\r\n\r\n", JOB("JOB_STATUS_PAUSED"));
    rime_answer(&r, "\r\n\r\n", 404, J, BERTH_TEXT("{}"));
    assert_string_equal(rime_run(&r, rime_describe(&r, "wait")), "unknown JOB_STATUS_PAUSED\nnot found");
    rime_close(&r);
}

/* Each look at the clock jumps a day ahead: waiting still ends with the job, and within a deadline. */
static void jumping_clock(void **state)
{
    (void)state;
    rime_open(&r);
    r.rig.mem_clock.tick_ms = 7000;
    rime_reset(&r);
    answer("\r\n\r\n", JOB("JOB_STATUS_RUNNING"));
    answer("\r\n\r\n", JOB("JOB_STATUS_SUCCEEDED"));
    const char *told = rime_run(&r, rime_describe(&r, "wait"));
    assert_true(ended_well(told) || strcmp(told, "timeout") == 0);
    r.rig.mem_clock.tick_ms = 0;
    rime_reset(&r);
    answer("\r\n\r\n", JOB("JOB_STATUS_RUNNING"));
    rig_script(&r.rig, r.steps, r.step_count);
    assert_int_equal(rime_describe(&r, "wait"), BERTH_OK);
    assert_int_equal(berth_rime_run(&r.request, 3000, NULL, NULL), BERTH_E_TIMEOUT);
    assert_int_equal(r.request.job.status, BERTH_RIME_RUNNING);
    rime_close(&r);
}

static void cancelled_while_waiting(void **state)
{
    (void)state;
    rime_open(&r);
    for (uint32_t at = 1; at < 12; at++) {
        rime_reset(&r);
        r.cancel_at = at;
        answer("\r\n\r\n", JOB("JOB_STATUS_RUNNING"));
        answer("\r\n\r\n", JOB("JOB_STATUS_SUCCEEDED"));
        uint64_t slept = r.rig.mem_clock.slept_ms;
        const char *told = rime_run(&r, rime_describe(&r, "wait"));
        assert_non_null(strstr(told, "cancelled"));
        assert_true(r.rig.mem_clock.slept_ms - slept <= 250 * at);
    }
    r.cancel_at = 0;
    rime_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_call), cmocka_unit_test(waiting),
                                       cmocka_unit_test(jumping_clock),
                                       cmocka_unit_test(cancelled_while_waiting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
