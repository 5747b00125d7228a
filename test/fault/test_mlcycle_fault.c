/* A worker's sequence - claim, upload, metrics, complete - with every call of a port failed in turn, once and
 * then for good: no outcome is ever said to be something that the server cannot confirm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mlcycle_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define EMPTY_200 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define FRAGMENT                                                                                             \
    "{\"jobId\":\"" MLCYCLE_J "\",\"stepNumber\":3,\"created\":\"2021-03-04T05:06:59Z\",\"name\":\"n\","     \
    "\"filename\":\"f\",\"type\":2,\"id\":\"" MLCYCLE_F "\"}"
#define JOB                                                                                                  \
    "{\"projectId\":\"" MLCYCLE_P "\",\"created\":\"2021-03-04T05:06:07Z\",\"initiator\":0,\"state\":1,"     \
    "\"steps\":[],\"id\":\"" MLCYCLE_J "\"}"

static struct mlcycle_rig m;

/* One call of the sequence: the peer's answer, and whether the request changes something that a repeat would
 * change again. */
static const struct {
    const char *operation;
    const char *awaits;
    const char *answer;
    unsigned elements;
} sequence[] = {
    {"claim", "/claim", EMPTY_200, 0},
    {"upload", "--\r\n", JSON_HEAD "Transfer-Encoding: chunked\r\n\r\naf\r\n" FRAGMENT "\r\n0\r\n\r\n", 1},
    {"add_metrics_json", "\"epoch\":3}",
     JSON_HEAD "Transfer-Encoding: chunked\r\n\r\na4\r\n" JOB "\r\n0\r\n\r\n", 1},
    {"complete", "/complete", EMPTY_200, 0},
};

static struct berth_mem_step steps[40];

/* What the peer does: the same on each of four connections, so that a repeat finds it again. */
static size_t script(size_t call)
{
    size_t count = 0;
    for (unsigned connection = 0; connection < 4; connection++) {
        if (connection > 0)
            steps[count++].act = BERTH_MEM_NEXT;
        steps[count++] = (struct berth_mem_step){BERTH_MEM_AWAIT, berth_text_of(sequence[call].awaits), 0};
        steps[count++] = (struct berth_mem_step){BERTH_MEM_BYTES, berth_text_of(sequence[call].answer), 0};
    }
    return count;
}

static unsigned whole_requests(size_t call)
{
    struct berth_text sent = rig_sent(&m.rig);
    struct berth_text awaits = berth_text_of(sequence[call].awaits);
    unsigned count = 0;
    for (size_t at; (at = berth_text_find(sent, awaits)) != SIZE_MAX; count++)
        sent = berth_text_slice(sent, at + awaits.len, sent.len);
    return count;
}

/* Runs one call with the port call number FAIL_AT failing; false when the run ended before that. */
static bool run_with_fault(size_t call, uint32_t fail_at, bool for_good, bool stepwise, unsigned tries)
{
    memset(steps, 0, sizeof steps);
    m.rig.config.retry.tries = (uint8_t)tries;
    memset(&m.rig.faults, 0, sizeof m.rig.faults);
    mlcycle_reset(&m, 4000);
    m.rig.mem.block_between = stepwise;
    rig_script(&m.rig, steps, script(call));
    m.rig.faults.fail_at = fail_at;
    m.rig.faults.for_good = for_good;
    enum berth_status status = mlcycle_find(sequence[call].operation)->describe(&m);
    if (status != BERTH_OK) {
        assert_int_equal(status, BERTH_E_ENTROPY); /* the boundary; nothing was sent */
        assert_int_equal(m.rig.mem.out_len, 0);
        return m.rig.faults.tripped;
    }
    status = mlcycle_run(&m, 0, stepwise);
    const struct berth_call_result *result = &m.call.result;
    unsigned reached = whole_requests(call);
    assert_int_equal(m.rig.mem.broken_rules, 0);
    assert_true(result->element_count <= sequence[call].elements);
    if (status == BERTH_OK) {
        assert_true(reached >= 1);
        assert_int_equal(result->element_count, sequence[call].elements);
        assert_false(result->maybe_done);
    } else {
        assert_true(m.rig.faults.tripped);
        assert_true(result->message[0] != '\0');
        assert_false(m.rig.mem.open);
        if (reached > 0)
            assert_true(result->maybe_done);
        if (m.rig.mem.out_len == 0)
            assert_false(result->maybe_done);
    }
    if (call == 0) {
        enum berth_mlcycle_claim claim = berth_mlcycle_claim_outcome(status, result);
        assert_true(reached <= 1);
        if (reached == 1)
            assert_true(claim == BERTH_MLCYCLE_CLAIM_WON || claim == BERTH_MLCYCLE_CLAIM_UNKNOWN);
        else
            assert_true(claim == BERTH_MLCYCLE_CLAIM_FAILED || claim == BERTH_MLCYCLE_CLAIM_UNKNOWN);
    }
    return m.rig.faults.tripped;
}

static void each_port_call_fails(void **state)
{
    unsigned runs = 0;
    (void)state;
    mlcycle_open(&m, 4000);
    for (size_t call = 0; call < COUNT(sequence); call++)
        for (unsigned variant = 0; variant < 8; variant++) {
            uint32_t fail_at = 1;
            while (run_with_fault(call, fail_at, (variant & 1) != 0, (variant & 2) != 0,
                                  (variant & 4) != 0 ? 3 : 1))
                fail_at++;
            runs += fail_at;
            assert_true(fail_at > 3 && fail_at < 200);
        }
    print_message("%u runs\n", runs);
    mlcycle_close(&m);
}

/* The same over one kept connection that the server closes between the calls: only what is safe is repeated.
 */
static void stale_connections(void **state)
{
    (void)state;
    mlcycle_open(&m, 4000);
    m.rig.config.retry.tries = 1;
    for (size_t call = 0; call < COUNT(sequence); call++) {
        struct berth_mem_step kept[8];
        memset(kept, 0, sizeof kept);
        kept[0] = (struct berth_mem_step){BERTH_MEM_AWAIT, BERTH_TEXT("/workers"), 0};
        kept[1] =
            (struct berth_mem_step){BERTH_MEM_BYTES, BERTH_TEXT(JSON_HEAD "Content-Length: 2\r\n\r\n[]"), 0};
        kept[2] = (struct berth_mem_step){BERTH_MEM_AWAIT, BERTH_TEXT("POST"), 0};
        kept[3].act = BERTH_MEM_RESET;
        kept[4].act = BERTH_MEM_NEXT;
        kept[5] = (struct berth_mem_step){BERTH_MEM_AWAIT, berth_text_of(sequence[call].awaits), 0};
        kept[6] = (struct berth_mem_step){BERTH_MEM_BYTES, berth_text_of(sequence[call].answer), 0};
        mlcycle_reset(&m, 4000);
        rig_script(&m.rig, kept, 7);
        assert_int_equal(mlcycle_find("workers_list")->describe(&m), BERTH_OK);
        assert_int_equal(berth_call_run(&m.call, 0), BERTH_OK);
        assert_int_equal(mlcycle_find(sequence[call].operation)->describe(&m), BERTH_OK);
        enum berth_status status = berth_call_run(&m.call, 0);
        if (call == 0) {
            assert_int_equal(berth_mlcycle_claim_outcome(status, &m.call.result),
                             BERTH_MLCYCLE_CLAIM_UNKNOWN);
            assert_int_equal(m.rig.mem.connects, 1);
        } else {
            assert_int_equal(status, BERTH_OK);
            assert_int_equal(m.rig.mem.connects, 2);
        }
    }
    mlcycle_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_port_call_fails),
                                       cmocka_unit_test(stale_connections)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
