/* OpenPAI's longer requests - finding out, logging in, listing, submitting, stopping, reading a log - with
 * every call of a port failed in turn, once and then for good: nothing is said to have happened that did not,
 * a submission is never sent twice, and no login stays open. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "openpai_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
#define INFO                                                                                                 \
    JSON "68\r\n\r\n{\"version\":\"1.8.0\",\"launcherType\":\"k8s\",\"authnMethod\":\"basic\",\"n\":1}"
#define LOGIN JSON "17\r\n\r\n{\"token\":\"n.e.w\"}"
#define LIST JSON "51\r\n\r\n{\"totalCount\":2,\"data\":[{\"name\":\"a\"},{\"name\":\"b\"}]}"
#define JOB JSON "63\r\n\r\n{\"name\":\"demo\",\"jobStatus\":{\"state\":\"RUNNING\"},\"taskRoles\":{}} "
#define DONE "HTTP/1.1 202 X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
#define LOGS JSON "48\r\n\r\n{\"locations\":[{\"name\":\"stderr\",\"uri\":\"/l/a?b\"}]}"
#define LOG "HTTP/1.1 200 X\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ntext"

static struct openpai_rig o;

static const struct {
    const char *operation;
    const char *once; /* what must not be sent twice */
    enum openpai_credentials credentials;
    struct {
        const char *awaits, *answer;
    } steps[4];
    unsigned elements;
} sequence[] = {
    {"jobs_list", NULL, OPENPAI_WITH_PASSWORD, {{"/info", INFO}, {"%26", LOGIN}, {"/jobs?", LIST}}, 2},
    {"submit_settle",
     "POST /rest-server/api/v2/jobs",
     OPENPAI_WITH_TOKEN,
     {{"/info", INFO}, {"name: demo\n", DONE}, {"mira.k~demo", JOB}},
     0},
    {"jobs_stop",
     NULL,
     OPENPAI_WITH_TOKEN,
     {{"/info", INFO}, {"GET /rest-server/api/v2/jobs/", JOB}, {"STOP\"}", DONE}},
     0},
    {"logs_get", NULL, OPENPAI_WITH_TOKEN, {{"/info", INFO}, {"/logs", LOGS}, {"/l/a?b", LOG}}, 0},
};

static struct berth_mem_step steps[64];

/* The server answers each request on whatever connection it comes: after a break the rest goes on on the
 * next. */
static size_t script(size_t call)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT(sequence[call].steps) && sequence[call].steps[i].awaits != NULL; i++) {
        steps[count++] =
            (struct berth_mem_step){BERTH_MEM_AWAIT, berth_text_of(sequence[call].steps[i].awaits), 0};
        steps[count++] =
            (struct berth_mem_step){BERTH_MEM_BYTES, berth_text_of(sequence[call].steps[i].answer), 0};
    }
    return count;
}

static bool run_with_fault(size_t call, uint32_t fail_at, bool for_good, bool stepwise, unsigned tries)
{
    memset(steps, 0, sizeof steps);
    memset(&o.rig.faults, 0, sizeof o.rig.faults);
    o.rig.config.retry.tries = (uint8_t)tries;
    o.credentials = sequence[call].credentials;
    openpai_server(&o, "unknown");
    openpai_reset(&o);
    o.rig.mem.block_between = stepwise;
    rig_script(&o.rig, steps, script(call));
    assert_int_equal(openpai_find(sequence[call].operation)->describe(&o), BERTH_OK);
    o.rig.faults.fail_at = fail_at;
    o.rig.faults.for_good = for_good;
    enum berth_status status = openpai_run(&o, 100000, stepwise);
    const struct berth_openpai_result *result = &o.request.result;
    assert_int_equal(o.rig.mem.broken_rules, 0);
    assert_null(o.account.logging_in);
    assert_true(result->element_count <= sequence[call].elements);
    if (sequence[call].once != NULL)
        assert_true(rig_times_sent(&o.rig, sequence[call].once) <= 1);
    if (status == BERTH_OK) {
        assert_int_equal(result->element_count, sequence[call].elements);
        assert_false(result->maybe_done);
    } else {
        assert_true(o.rig.faults.tripped);
        assert_true(result->message[0] != '\0');
        /* What was sent whole and may have been carried out is not called undone. */
        if (sequence[call].once != NULL && rig_was_sent(&o.rig, "name: demo\n"))
            assert_true(result->maybe_done);
    }
    return o.rig.faults.tripped;
}

static void each_port_call_fails(void **state)
{
    unsigned runs = 0;
    (void)state;
    openpai_open(&o, 4000);
    for (size_t call = 0; call < COUNT(sequence); call++)
        for (unsigned variant = 0; variant < 8; variant++) {
            uint32_t fail_at = 1;
            while (run_with_fault(call, fail_at, (variant & 1) != 0, (variant & 2) != 0,
                                  (variant & 4) != 0 ? 3 : 1))
                fail_at++;
            runs += fail_at;
            assert_true(fail_at > 5 && fail_at < 300);
        }
    print_message("%u runs\n", runs);
    openpai_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_port_call_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
