/* Running mlcycle's calls: what is repeated, what is not known after a failure, how long is waited,
 * redirects. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "mlcycle_rig.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define EMPTY_200 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define EMPTY_500 "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"
#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define LIST_200 JSON_HEAD "Content-Length: 2\r\n\r\n[]"
#define TEXT_406                                                                                             \
    "HTTP/1.1 406 X\r\nContent-Type: text/plain\r\nContent-Length: 23\r\n\r\nStep is not in progress"
#define FRAGMENT                                                                                             \
    "{\"jobId\":\"" MLCYCLE_J "\",\"stepNumber\":3,\"created\":\"2021-03-04T05:06:59Z\",\"name\":\"n\","     \
    "\"filename\":\"f\",\"type\":2,\"id\":\"" MLCYCLE_F "\"}"
#define FRAGMENT_200 JSON_HEAD "Content-Length: 175\r\n\r\n" FRAGMENT
#define ASKED RIG_AWAIT("\r\n\r\n")

static struct mlcycle_rig m;

static enum berth_status run_script(const char *operation, const struct berth_mem_step *steps, size_t count,
                                    uint32_t timeout_ms)
{
    mlcycle_reset(&m, 4000);
    m.rig.mem_clock.now_ms = 1000;
    rig_script(&m.rig, steps, count);
    assert_int_equal(mlcycle_find(operation)->describe(&m), BERTH_OK);
    return berth_call_run(&m.call, timeout_ms);
}

static unsigned requests(void)
{
    struct berth_text sent = rig_sent(&m.rig);
    unsigned count = 0;
    for (size_t at; (at = berth_text_find(sent, BERTH_TEXT(" HTTP/1.1\r\n"))) != SIZE_MAX; count++)
        sent = berth_text_slice(sent, at + 11, sent.len);
    return count;
}

static int setup(void **state)
{
    (void)state;
    mlcycle_open(&m, 4000);
    m.rig.config.retry.tries = 3;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mlcycle_close(&m);
    return 0;
}

/* ---- What is repeated ------------------------------------------------------------------------- */

/* 408, 502, 503 and 504 are answers: nothing below repeats them. */
static void answers_are_not_repeated(void **state)
{
    static const struct berth_mem_step steps[] = {
        ASKED, RIG_BYTES("HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")};
    (void)state;
    assert_int_equal(run_script("jobs_list", steps, COUNT(steps), 0), BERTH_E_UNAVAILABLE);
    assert_int_equal(requests(), 1);
    assert_true(m.call.result.has_retry_after);
    assert_int_equal(m.call.result.retry_after_ms, 7000);
    assert_int_equal(m.call.result.http_status, 503);
}

static void a_get_is_repeated(void **state)
{
    static const struct berth_mem_step steps[] = {ASKED, RIG_ACT(BERTH_MEM_RESET), RIG_ACT(BERTH_MEM_NEXT),
                                                  ASKED, RIG_BYTES(LIST_200)};
    (void)state;
    assert_int_equal(run_script("jobs_list", steps, COUNT(steps), 0), BERTH_OK);
    assert_int_equal(requests(), 2);
}

/* A list is repeated only while nothing of it was delivered. */
static void a_list_is_not_told_twice(void **state)
{
    static const struct berth_mem_step before[] = {
        ASKED,
        RIG_BYTES(JSON_HEAD "Content-Length: 200\r\n\r\n[{\"name\":"),
        RIG_ACT(BERTH_MEM_RESET),
        RIG_ACT(BERTH_MEM_NEXT),
        ASKED,
        RIG_BYTES(LIST_200)};
    static const struct berth_mem_step after[] = {
        ASKED,
        RIG_BYTES(JSON_HEAD "Content-Length: 200\r\n\r\n[{\"name\":\"a\",\"id\":\"" MLCYCLE_W "\"},"),
        RIG_ACT(BERTH_MEM_RESET),
        RIG_ACT(BERTH_MEM_NEXT),
        ASKED,
        RIG_BYTES(LIST_200)};
    (void)state;
    assert_int_equal(run_script("workers_list", before, COUNT(before), 0), BERTH_OK);
    assert_int_equal(m.call.result.element_count, 0);
    assert_int_equal(run_script("workers_list", after, COUNT(after), 0), BERTH_E_RESET);
    assert_int_equal(m.call.result.element_count, 1);
    assert_int_equal(requests(), 1);
    assert_false(m.call.result.maybe_done);
}

static void a_claim_is_not_repeated(void **state)
{
    static const struct berth_mem_step lost_answer[] = {ASKED, RIG_ACT(BERTH_MEM_CLOSE)};
    static const struct berth_mem_step refused[] = {RIG_AMOUNT(BERTH_MEM_REFUSE, BERTH_E_CONNECT)};
    static const struct berth_mem_step later[] = {RIG_AMOUNT(BERTH_MEM_REFUSE, BERTH_E_CONNECT),
                                                  RIG_ACT(BERTH_MEM_NEXT), ASKED, RIG_BYTES(EMPTY_200)};
    static const struct berth_mem_step server[] = {ASKED, RIG_BYTES(EMPTY_500)};
    (void)state;
    enum berth_status status = run_script("claim", lost_answer, COUNT(lost_answer), 0);
    assert_int_equal(berth_mlcycle_claim_outcome(status, &m.call.result), BERTH_MLCYCLE_CLAIM_UNKNOWN);
    assert_int_equal(requests(), 1);
    status = run_script("claim", refused, COUNT(refused), 60000);
    assert_int_equal(berth_mlcycle_claim_outcome(status, &m.call.result), BERTH_MLCYCLE_CLAIM_FAILED);
    assert_int_equal(requests(), 0);
    status = run_script("claim", later, COUNT(later), 0);
    assert_int_equal(berth_mlcycle_claim_outcome(status, &m.call.result), BERTH_MLCYCLE_CLAIM_WON);
    status = run_script("claim", server, COUNT(server), 0);
    assert_int_equal(berth_mlcycle_claim_outcome(status, &m.call.result), BERTH_MLCYCLE_CLAIM_UNKNOWN);
    assert_int_equal(requests(), 1);
}

/* A repeated complete that is refused may have come through before. */
static void a_repeated_complete(void **state)
{
    static const struct berth_mem_step twice[] = {ASKED, RIG_ACT(BERTH_MEM_RESET), RIG_ACT(BERTH_MEM_NEXT),
                                                  ASKED, RIG_BYTES(TEXT_406)};
    static const struct berth_mem_step once[] = {ASKED, RIG_BYTES(TEXT_406)};
    (void)state;
    assert_int_equal(run_script("complete", twice, COUNT(twice), 0), BERTH_E_WRONG_STATE);
    assert_true(m.call.result.maybe_done);
    assert_int_equal(requests(), 2);
    assert_int_equal(run_script("complete", once, COUNT(once), 0), BERTH_E_WRONG_STATE);
    assert_false(m.call.result.maybe_done);
}

static void an_upload_is_rewound(void **state)
{
    static const struct berth_mem_step steps[] = {RIG_AWAIT("line two"), RIG_ACT(BERTH_MEM_RESET),
                                                  RIG_ACT(BERTH_MEM_NEXT), RIG_AWAIT("--\r\n"),
                                                  RIG_BYTES(FRAGMENT_200)};
    (void)state;
    assert_int_equal(run_script("upload", steps, COUNT(steps), 0), BERTH_OK);
    assert_int_equal(requests(), 2);
    struct berth_text sent = rig_sent(&m.rig);
    assert_true(berth_text_ends(sent, BERTH_TEXT("--\r\n")));
    /* Without a way back it is not repeated, and may have come through. */
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, steps, COUNT(steps));
    assert_int_equal(mlcycle_find("upload")->describe(&m), BERTH_OK);
    m.call.body.rewind = NULL;
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_RESET);
    assert_true(m.call.result.maybe_done);
    assert_int_equal(requests(), 1);
}

/* Wire 1.6, operation by operation: the answer is lost, and a repeat is sent or not. */
static void repeat_rules(void **state)
{
    static const char *const never[] = {"workers_add", "projects_add",   "jobs_trigger", "jobs_trigger_data",
                                        "add_steps",   "add_steps_json", "claim"};
    struct berth_mem_step steps[] = {RIG_AWAIT(" HTTP/1.1\r\n"), RIG_ACT(BERTH_MEM_RESET),
                                     RIG_ACT(BERTH_MEM_NEXT), RIG_AWAIT(" HTTP/1.1\r\n"),
                                     RIG_BYTES(EMPTY_500)};
    (void)state;
    for (size_t i = 0; i < mlcycle_operation_count; i++) {
        const char *name = mlcycle_operations[i].name;
        bool repeats = true;
        for (size_t k = 0; k < COUNT(never); k++)
            repeats = repeats && strcmp(name, never[k]) != 0;
        bool is_upload = strcmp(name, "upload") == 0;
        steps[0].bytes = steps[3].bytes = is_upload ? BERTH_TEXT("--\r\n") : BERTH_TEXT(" HTTP/1.1\r\n");
        enum berth_status status = run_script(name, steps, COUNT(steps), 0);
        if (requests() != (repeats ? 2 : 1) || status != (repeats ? BERTH_E_SERVER : BERTH_E_RESET))
            fail_msg("%s: %s after %u requests", name, berth_status_name(status), requests());
        assert_int_equal(m.call.result.maybe_done, !berth_text_equal(m.call.method, BERTH_TEXT("GET")));
    }
}

/* A client may ask for repeats of what is safe while the server is away. */
static void unavailable(void **state)
{
    static const struct berth_mem_step steps[] = {
        ASKED, RIG_BYTES("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"), ASKED, RIG_BYTES(LIST_200)};
    static const char *const once[] = {"pending", "claim", "jobs_trigger"};
    (void)state;
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, steps, COUNT(steps));
    m.client.repeat_unavailable = true;
    assert_int_equal(mlcycle_find("jobs_list")->describe(&m), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_OK);
    assert_int_equal(requests(), 2);
    for (size_t i = 0; i < COUNT(once); i++) {
        mlcycle_reset(&m, 4000);
        rig_script(&m.rig, steps, COUNT(steps));
        m.client.repeat_unavailable = true;
        assert_int_equal(mlcycle_find(once[i])->describe(&m), BERTH_OK);
        assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_UNAVAILABLE);
        assert_int_equal(requests(), 1);
    }
}

/* ---- How long --------------------------------------------------------------------------------- */

static void holds(void **state)
{
    static const struct berth_mem_step silent[] = {ASKED, RIG_AMOUNT(BERTH_MEM_STALL, 2000000000)};
    static const struct berth_mem_step half[] = {ASKED, RIG_BYTES(JSON_HEAD "Content-Length: 200\r\n\r\n["),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 2000000000)};
    static const struct berth_mem_step late[] = {ASKED, RIG_AMOUNT(BERTH_MEM_STALL, 180000),
                                                 RIG_BYTES(LIST_200)};
    (void)state;
    m.rig.config.retry.tries = 1;
    m.rig.config.idle_timeout_ms = 60000; /* of the client: not for a long poll */
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, silent, COUNT(silent));
    assert_int_equal(berth_mlcycle_scheduler_pending(&m.call, &m.client, 30000, NULL, NULL), BERTH_OK);
    uint64_t start = m.rig.mem_clock.now_ms;
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_NO_WORK);
    assert_int_equal(m.rig.mem_clock.now_ms - start, 30000);
    assert_false(m.rig.mem.open);
    assert_false(m.call.result.maybe_done);
    /* The caller's own deadline comes first: that is no answer. */
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, silent, COUNT(silent));
    assert_int_equal(berth_mlcycle_scheduler_pending(&m.call, &m.client, 30000, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 20000), BERTH_E_TIMEOUT);
    /* An answer that broke off is no answer either. */
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, half, COUNT(half));
    assert_int_equal(berth_mlcycle_scheduler_pending(&m.call, &m.client, 30000, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_TIMEOUT);
    /* Without a hold the server's 180 s are waited for. */
    assert_int_equal(run_script("pending", late, COUNT(late), 0), BERTH_E_NO_WORK);
    assert_int_equal(m.call.result.http_status, 200);
    /* A server that cannot be reached is not "no work". */
    static const struct berth_mem_step away[] = {RIG_AMOUNT(BERTH_MEM_REFUSE, BERTH_E_CONNECT)};
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, away, COUNT(away));
    assert_int_equal(berth_mlcycle_scheduler_pending(&m.call, &m.client, 30000, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_CONNECT);
    /* Nor is one that does not answer the handshake. */
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, silent, COUNT(silent));
    m.rig.mem_clock.tick_ms = 1;
    m.rig.mem.secure_status = BERTH_E_WOULD_BLOCK;
    assert_int_equal(berth_mlcycle_scheduler_pending(&m.call, &m.client, 5000, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_TIMEOUT);
    assert_int_equal(m.rig.mem.out_len, 0);
    m.rig.mem.secure_status = BERTH_OK;
    m.rig.mem_clock.tick_ms = 0;
}

static void patience(void **state)
{
    static const struct berth_mem_step silent[] = {ASKED, RIG_AMOUNT(BERTH_MEM_STALL, 2000000000)};
    static const struct berth_mem_step slow[] = {ASKED,
                                                 RIG_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 59000),
                                                 RIG_BYTES("a"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 59000),
                                                 RIG_BYTES("b"),
                                                 RIG_AMOUNT(BERTH_MEM_STALL, 59000),
                                                 RIG_BYTES("c")};
    static const struct berth_mem_step spooling[] = {
        RIG_AWAIT("--\r\n"), RIG_AMOUNT(BERTH_MEM_STALL, 1190000), RIG_BYTES(FRAGMENT_200)};
    static const struct {
        const char *operation;
        uint64_t ms;
    } table[] = {{"jobs_list", 65000},
                 {"claim", 65000},
                 {"pending", 200000},
                 {"fragments_get", 60000},
                 {"upload", 1200000}};
    (void)state;
    m.rig.config.retry.tries = 1;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(run_script(table[i].operation, silent, COUNT(silent), 0), BERTH_E_TIMEOUT);
        assert_int_equal(m.rig.mem_clock.now_ms - 1000, table[i].ms);
    }
    assert_int_equal(run_script("fragments_get", slow, COUNT(slow), 0), BERTH_OK);
    assert_int_equal(run_script("upload", spooling, COUNT(spooling), 0), BERTH_OK);
    /* The caller's deadline counts for these too. */
    assert_int_equal(run_script("fragments_get", slow, COUNT(slow), 100000), BERTH_E_TIMEOUT);
    assert_int_equal(run_script("upload", spooling, COUNT(spooling), 100000), BERTH_E_TIMEOUT);
    assert_true(m.call.result.maybe_done);
}

/* ---- Redirects -------------------------------------------------------------------------------- */

static enum berth_status redirected(const char *operation, const struct berth_mem_step *steps, size_t count)
{
    mlcycle_reset(&m, 4000);
    assert_int_equal(berth_client_init(&m.client, &m.rig.http, BERTH_TEXT("http://ml.example:5000/api"),
                                       m.work, 4000, NULL),
                     BERTH_OK);
    rig_script(&m.rig, steps, count);
    assert_int_equal(mlcycle_find(operation)->describe(&m), BERTH_OK);
    return berth_call_run(&m.call, 0);
}

#define MOVED(to) "HTTP/1.1 307 X\r\nContent-Length: 0\r\nConnection: close\r\nLocation: " to "\r\n\r\n"

static void upgrades(void **state)
{
    static const struct berth_mem_step good[] = {ASKED, RIG_BYTES(MOVED("https://ml.example:5001/api/jobs")),
                                                 RIG_ACT(BERTH_MEM_NEXT), ASKED, RIG_BYTES(LIST_200)};
    static const struct berth_mem_step twice[] = {ASKED, RIG_BYTES(MOVED("https://ml.example:5001/api/jobs")),
                                                  RIG_ACT(BERTH_MEM_NEXT), ASKED,
                                                  RIG_BYTES(MOVED("https://ml.example:5001/api/jobs"))};
    static const struct berth_mem_step away[] = {ASKED, RIG_BYTES(MOVED("https://evil.example/api/jobs")),
                                                 RIG_ACT(BERTH_MEM_NEXT), ASKED, RIG_BYTES(LIST_200)};
    static const struct berth_mem_step same[] = {ASKED, RIG_BYTES(MOVED("http://ml.example:5001/api/jobs")),
                                                 RIG_ACT(BERTH_MEM_NEXT), ASKED, RIG_BYTES(LIST_200)};
    static const struct berth_mem_step upload[] = {
        RIG_AWAIT("--\r\n"),
        RIG_BYTES(MOVED("https://ml.example:5001/api/fragments/job/" MLCYCLE_J "/step/3")),
        RIG_ACT(BERTH_MEM_NEXT), RIG_AWAIT("--\r\n"), RIG_BYTES(FRAGMENT_200)};
    (void)state;
    assert_int_equal(redirected("jobs_list", good, COUNT(good)), BERTH_OK);
    assert_int_equal(m.rig.mem.secures, 1);
    assert_string_equal(m.rig.mem.secure_name, "ml.example");
    assert_int_equal(redirected("jobs_list", twice, COUNT(twice)), BERTH_E_REDIRECT);
    assert_int_equal(requests(), 2);
    assert_int_equal(redirected("jobs_list", away, COUNT(away)), BERTH_E_REDIRECT);
    assert_int_equal(requests(), 1);
    assert_int_equal(redirected("jobs_list", same, COUNT(same)), BERTH_E_REDIRECT);
    assert_int_equal(redirected("upload", upload, COUNT(upload)), BERTH_OK);
    assert_int_equal(requests(), 2);
    /* A change that was turned away was not made. */
    assert_int_equal(redirected("claim", away, COUNT(away)), BERTH_E_REDIRECT);
    assert_false(m.call.result.maybe_done);
}

/* ---- The caller ------------------------------------------------------------------------------- */

static enum berth_status stop(void *ctx, const struct berth_json_element *element, void *structure)
{
    unsigned *left = ctx;
    (void)element;
    (void)structure;
    return --*left == 0 ? BERTH_E_CANCELLED : BERTH_OK;
}

static enum berth_status full(void *ctx, const void *bytes, size_t len)
{
    (void)ctx;
    (void)bytes;
    (void)len;
    return BERTH_E_DISK_FULL;
}

#define WORKERS                                                                                              \
    "[{\"name\":\"a\",\"id\":\"" MLCYCLE_W "\"},{\"name\":\"b\",\"id\":\"" MLCYCLE_W "\"},{\"name\":\"c\","  \
    "\"id\":\"" MLCYCLE_W "\"}]"

static void stopped_by_the_caller(void **state)
{
    static const struct berth_mem_step steps[] = {
        ASKED, RIG_BYTES(JSON_HEAD "Connection: close\r\n\r\n" WORKERS), RIG_ACT(BERTH_MEM_CLOSE)};
    static const struct berth_mem_step file[] = {ASKED,
                                                 RIG_BYTES("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")};
    static const struct berth_guid id = {MLCYCLE_F};
    const struct berth_sink sink = {NULL, full, NULL};
    unsigned left = 2;
    (void)state;
    mlcycle_reset(&m, 4000);
    rig_script(&m.rig, steps, COUNT(steps));
    assert_int_equal(berth_mlcycle_workers_list(&m.call, &m.client, stop, &left), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_CANCELLED);
    assert_false(m.rig.mem.open);
    rig_script(&m.rig, file, COUNT(file));
    assert_int_equal(berth_mlcycle_fragments_get(&m.call, &m.client, &id, &sink), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_E_DISK_FULL);
    assert_non_null(strstr(m.call.result.message, "could not be written: disk full"));
    /* Nobody has to listen; and cancelling closes. */
    rig_script(&m.rig, steps, COUNT(steps));
    assert_int_equal(berth_mlcycle_workers_list(&m.call, &m.client, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_OK);
    assert_int_equal(m.call.result.element_count, 3);
    rig_script(&m.rig, steps, COUNT(steps));
    assert_int_equal(berth_call_start(&m.call, 0), BERTH_OK);
    assert_int_equal(berth_call_start(&m.call, 0), BERTH_E_STATE);
    berth_call_cancel(&m.call);
    assert_false(m.rig.mem.open);
    assert_int_equal(berth_call_run(&m.call, 0), BERTH_OK);
}

/* Every size of work memory: it works, it is too small for the call, or what did not fit is told and counted.
 */
static void work_sizes(void **state)
{
    static const struct berth_mem_step steps[] = {
        ASKED,
        RIG_BYTES(JSON_HEAD "Connection: close\r\n\r\n[{\"name\":\"a\",\"id\":\"" MLCYCLE_W
                            "\"},{\"name\":\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\"id\":\"" MLCYCLE_W "\"}]"),
        RIG_ACT(BERTH_MEM_CLOSE)};
    size_t needed = 0;
    unsigned too_small = 0;
    unsigned skipped = 0;
    (void)state;
    for (size_t size = 1; size < 400; size++) {
        mlcycle_reset(&m, size);
        rig_script(&m.rig, steps, COUNT(steps));
        assert_int_equal(berth_mlcycle_workers_list(&m.call, &m.client, NULL, NULL), BERTH_OK);
        enum berth_status status = berth_call_run(&m.call, 0);
        if (status == BERTH_OK) {
            assert_int_equal(m.call.result.element_count, 2);
            assert_true(needed > 0 && size >= needed && size < needed + 9);
            break;
        }
        assert_int_equal(status, BERTH_E_SPACE);
        if (m.rig.mem.connects == 0) {
            too_small++;
            assert_int_equal(m.call.result.skipped_count, 0);
            continue;
        }
        assert_int_equal(m.call.result.element_count + m.call.result.skipped_count, 2);
        needed = m.call.result.skipped_needed;
        assert_true(needed > size);
        skipped++;
    }
    assert_true(too_small > 20 && skipped > 20);
}

static void long_messages(void **state)
{
    static const struct berth_mem_step steps[] = {
        ASKED, RIG_BYTES("HTTP/1.1 400 X\r\nContent-Type: text/plain\r\nContent-Length: 600\r\n\r\n")};
    struct berth_mem_step all[3] = {steps[0], steps[1], {BERTH_MEM_BYTES, {NULL, 0}, 0}};
    char body[600];
    (void)state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = i % 3 == 2 ? '\n' : (char)(i % 3 == 0 ? '\xc3' : '\xa4');
    all[2].bytes = berth_text_make(body, sizeof body);
    assert_int_equal(run_script("jobs_list", all, 3, 0), BERTH_E_BAD_REQUEST);
    struct berth_text message = berth_text_of(m.call.result.message);
    assert_true(message.len < BERTH_CALL_MESSAGE_MAX && message.len > BERTH_CALL_MESSAGE_MAX - 4);
    assert_true(berth_text_is_utf8(message, NULL));
    assert_int_equal(berth_text_find_byte(message, '\n'), SIZE_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_are_not_repeated),
        TEST(a_get_is_repeated),
        TEST(a_list_is_not_told_twice),
        TEST(a_claim_is_not_repeated),
        TEST(a_repeated_complete),
        TEST(an_upload_is_rewound),
        TEST(repeat_rules),
        TEST(unavailable),
        TEST(holds),
        TEST(patience),
        TEST(upgrades),
        TEST(stopped_by_the_caller),
        TEST(work_sizes),
        TEST(long_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
