/* RIME on the wire: requests byte for byte, and each answer of the wire page whole, byte by byte, at random
 * splits and cut at each byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rime_rig.h"
#include "seed.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define J "application/json"
#define P1                                                                                                   \
    "{\"jobs\":[{\"jobId\":\"j-10\",\"jobType\":\"JOB_TYPE_MODEL_STRESS_TEST\",\"status\":"                  \
    "\"JOB_STATUS_RUNNING\",\"runningTimeSecs\":3},{\"jobId\":\"j-11\",\"jobType\":"                         \
    "\"JOB_TYPE_IMAGE_BUILDER\",\"status\":\"JOB_STATUS_RUNNING\"}],\"nextPageToken\":"                      \
    "\"b2Zmc2V0OjI+/w==\",\"hasMore\":true}"
#define P2                                                                                                   \
    "{\"jobs\":[{\"jobId\":\"j-12\",\"jobType\":\"JOB_TYPE_MODEL_STRESS_TEST\",\"status\":"                  \
    "\"JOB_STATUS_CANCELLED\"}],\"nextPageToken\":\"b2Zmc2V0OjI+/w==\",\"hasMore\":false}"
#define RUNNING                                                                                              \
    "{\"job\":{\"jobId\":\"b\",\"jobType\":\"JOB_TYPE_MODEL_STRESS_TEST\",\"status\":\"JOB_STATUS_"          \
    "RUNNING\","                                                                                             \
    "\"startTime\":\"2024-05-06T07:11:30.250Z\",\"runningTimeSecs\":83.75,\"cancellationRequested\":true,"   \
    "\"jobData\":{\"stress\":{\"projectId\":{\"uuid\":\"7\"},\"testRunId\":\"\",\"progress\":{\"testRun\":"  \
    "{\"testRunId\":\"\",\"testBatches\":[{\"type\":\"d\",\"status\":\"TEST_TASK_STATUS_COMPLETED\"},"       \
    "{\"type\":\"s\",\"status\":\"TEST_TASK_STATUS_RUNNING\"},{\"type\":\"i\"}]}}}},\"jobProgressStr\":"     \
    "\"i\"}}"
#define RUNNING_DICT                                                                                         \
    "{\"name\":\"b\",\"type\":\"MODEL_STRESS_TEST\",\"status\":\"RUNNING\",\"start_time_secs\":1714979490,"  \
    "\"running_time_secs\":83.75}\nok"
#define SUCCEEDED                                                                                            \
    "{\"job\":{\"jobId\":\"b\",\"jobType\":\"JOB_TYPE_MODEL_STRESS_TEST\",\"status\":"                       \
    "\"JOB_STATUS_SUCCEEDED\",\"startTime\":\"2024-05-06T07:11:30Z\",\"completionTime\":"                    \
    "\"2024-05-06T07:31:02.000000001Z\",\"runningTimeSecs\":1172,\"jobData\":{\"stress\":{\"projectId\":"    \
    "\"62f0aa19c3\",\"testRunId\":\"tr-5501\"}}}}"
#define SUCCEEDED_DICT                                                                                       \
    "{\"name\":\"b\",\"type\":\"MODEL_STRESS_TEST\",\"status\":\"SUCCEEDED\",\"start_time_secs\":"           \
    "1714979490,"                                                                                            \
    "\"running_time_secs\":1172}\nok"
#define FAILED                                                                                               \
    "{\"job\":{\"jobId\":\"j-2\",\"jobType\":\"JOB_TYPE_MODEL_STRESS_TEST\",\"status\":"                     \
    "\"JOB_STATUS_FAILED\",\"startTime\":\"2024-05-06T09:00:00+02:00\",\"runningTimeSecs\":\"4.5\","         \
    "\"archivedJobLogs\":{\"url\":{\"url\":\"https://blobs.example/logs/j-2?sig=a%2Fb&x=1\"},"               \
    "\"expirationTime\":\"2024-05-07T07:00:00Z\"},\"errorMsg\":\"col \\u201cy\\u201d missing "               \
    "\\u003ceval\\u003e\"}}"
#define DICT(name, type, status, start, running)                                                             \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"status\":\"" status "\",\"start_time_secs\":" start      \
    ",\"running_time_secs\":" running "}\nok"
#define CASES1                                                                                               \
    "{\"testCases\":[{\"testRunId\":\"tr\",\"testBatchType\":\"drift:psi\",\"features\":[\"age\"],"          \
    "\"status\":\"TEST_CASE_STATUS_PASS_UNSPECIFIED\",\"severity\":\"SEVERITY_PASS\",\"metrics\":"           \
    "[{\"metric\":\"psi\",\"floatValue\":0.031}],\"display\":null},{\"testBatchType\":\"subset:auc\","       \
    "\"features\":[\"city, zip\",\"Gr\xc3\xb6\xc3\x9f"                                                       \
    "e \\\"L\\\"\"],\"status\":\"TEST_CASE_STATUS_FAIL\"}],"                                                 \
    "\"nextPageToken\":\"t2\",\"hasMore\":true}"
#define CASES2                                                                                               \
    "{\"testCases\":[{\"testBatchType\":\"inputs:null\",\"features\":[],\"status\":"                         \
    "\"TEST_CASE_STATUS_SKIP\"},{\"testBatchType\":\"new:kind\",\"status\":\"TEST_CASE_STATUS_ODD\"},"       \
    "{\"testBatchType\":\"plain\",\"features\":null}],\"nextPageToken\":\"\",\"hasMore\":false}"
#define CSV                                                                                                  \
    "test_name,feature(s),status\r\ndrift:psi,age,PASS\r\nsubset:auc,\"city, zip,Gr\xc3\xb6\xc3\x9f"         \
    "e \"\"L\"\"\",FAIL\r\ninputs:null,,SKIP\r\nnew:kind,,TEST_CASE_STATUS_ODD\r\nplain,,PASS\r\n"
#define LOG                                                                                                  \
    "{\"result\":{\"chunk\":\"loading ref set \\u2026\\nrows=1200\\n\"}}\n{\"result\":{\"chunk\":\"\"}}\n"   \
    "{\"error\":{\"code\":14,\"message\":\"pod gone\",\"details\":[]}}\n"

struct one {
    const char *awaits;
    int status;
    const char *type, *body;
};
static const struct {
    const char *operation;
    bool v0;
    struct one answers[5];
    const char *told;
} cases[] = {
    {"create",
     false,
     {{"\"description\":\"\"}", 200, J,
       "{\"project\":{\"id\":{\"uuid\":\"7\"},\"name\":\"caf\\u00e9 "
       "\\ud83d\\ude80\",\"tags\":[]}}"}},
     "last caf\xc3\xa9 \xf0\x9f\x9a\x80\nok"},
    {"create",
     true,
     {{"\"description\":\"\"}", 200, J "; charset=utf-8",
       "{\"project\":{\"id\":\"62\",\"name\":\"a\\ud83d\"}}"}},
     "last a\xef\xbf\xbd\nok"},
    {"create", false, {{"}", 200, J, "{\"project\":{\"name\":\"x\"}}"}}, "protocol"},
    {"get",
     false,
     {{"/v1/projects/h ", 200, J,
       "{\"project\":{\"project\":{\"id\":{\"uuid\":\"7d\"},\"name\":\"alpha\","
       "\"description\":\"d\"},\"ownerDetails\":null}}"}},
     "last alpha\nok"},
    {"projects",
     false,
     {{"?pageSize=10 ", 200, J,
       "{\"projects\":[{\"project\":{\"id\":{\"uuid\":\"11\"},\"name\":\"alpha\"}}],"
       "\"nextPageToken\":\"cDI=\",\"hasMore\":true}"},
      {"?pageToken=cDI%3D&pageSize=10 ", 200, J,
       "{\"projects\":[],\"nextPageToken\":\"\",\"hasMore\":false}"}},
     "project 11\nname alpha\nlast alpha\nok"},
    {"projects",
     false,
     {{"?pageSize=10 ", 200, J, "{\"projects\":null,\"hasMore\":true,\"nextPageToken\":null}"}},
     "incomplete \nok"},
    {"start",
     false,
     {{"1.50}}", 200, J,
       "{\"job\":{\"jobId\":\"s-1\",\"jobType\":\"JOB_TYPE_MODEL_STRESS_TEST\",\"status\":"
       "\"JOB_STATUS_REQUESTED\",\"startTime\":null,\"runningTimeSecs\":0,\"archivedJobLogs\":null}}"}},
     DICT("s-1", "MODEL_STRESS_TEST", "PENDING", "0", "0")},
    {"start", false, {{"1.50}}", 200, J, "{\"job\":{}}"}}, "protocol"},
    {"list",
     false,
     {{"?firstPageQuery.selectedTypes=JOB_TYPE_MODEL_STRESS_TEST&pageSize=10&view=JOB_VIEW_BASIC ", 200, J,
       P1},
      {"?pageToken=b2Zmc2V0OjI%2B%2Fw%3D%3D&pageSize=10&view=JOB_VIEW_BASIC ", 200, J, P2}},
     "job j-10\njob j-12\n" DICT("j-12", "MODEL_STRESS_TEST", "FAILING", "0", "0")},
    {"list", false, {{"GET ", 200, J, "{}"}}, "ok"},
    {"list", false, {{"GET ", 200, J, "[]"}}, "protocol"},
    {"list", true, {{"GET /v1/jobs?firstPageQuery.objectId=h&", 200, J, "{\"jobs\":[]}"}}, "ok"},
    {"failing",
     false,
     {{"GET "
       "/v1/jobs/project/"
       "h?firstPageQuery.selectedStatuses=JOB_STATUS_RUNNING&firstPageQuery.selectedStatuses="
       "JOB_STATUS_FAILED&firstPageQuery.selectedStatuses=JOB_STATUS_CANCELLED&firstPageQuery.selectedTypes="
       "JOB_TYPE_MODEL_STRESS_TEST&pageSize=10&view=JOB_VIEW_BASIC ",
       400, J, "{\"code\":3}"},
      {"GET /v1/jobs/project/h?firstPageQuery.selectedTypes=", 200, J, "{\"jobs\":[]}"}},
     "ok"},
    {"all",
     false,
     {{"GET /v1/jobs?", 404, J, ""},
      {"/projects?pageSize=10 ", 200, J,
       "{\"projects\":[{\"project\":{\"id\":\"p1\"}},{\"project\":{\"id\":{\"uuid\":\"p2\"}}}]}"},
      {"/jobs/project/p1?", 404, J, "{\"code\":5}"},
      {"/jobs/project/p2?", 200, J, P2}},
     "job j-12\n" DICT("j-12", "MODEL_STRESS_TEST", "FAILING", "0", "0")},
    {"status", false, {{"GET /v1/jobs/h?view=JOB_VIEW_BASIC ", 200, J, RUNNING}}, RUNNING_DICT},
    {"status",
     false,
     {{"GET ", 200, J, FAILED}},
     DICT("j-2", "MODEL_STRESS_TEST", "FAILING", "1714978800", "4.5")},
    {"status",
     false,
     {{"GET ", 200, J,
       "{\"job\":{\"jobId\":\"j-3\",\"jobType\":\"JOB_TYPE_QUANTUM\",\"status\":"
       "\"JOB_STATUS_PAUSED\",\"runningTimeSecs\":\"NaN\",\"jobData\":{\"holographic\":{\"deep\":[[1,2],{"
       "\"x\":null}]}},"
       "\"futureField\":{\"a\":[true,false]}}}"}},
     DICT("j-3", "UNKNOWN_JOB_TYPE", "UNKNOWN_JOB_STATUS", "0", "0")},
    {"status",
     false,
     {{"GET ", 200, J, "{\"job\":{\"jobId\":\"j-4\",\"jobType\":9,\"status\":17}}"}},
     DICT("j-4", "UNKNOWN_JOB_TYPE", "UNKNOWN_JOB_STATUS", "0", "0")},
    {"status",
     false,
     {{"GET ", 200, J, "{\"job\":{}}"}},
     DICT("h", "UNKNOWN_JOB_TYPE", "UNKNOWN_JOB_STATUS", "0", "0")},
    {"status", false, {{"GET ", 200, J, "{\"job\":null}"}}, "protocol"},
    {"status",
     true,
     {{"GET ", 200, J,
       "{\"job\":{\"id\":\"5fe0\",\"name\":\"rime-st-abc12\",\"type\":\"MODEL_STRESS_TEST\","
       "\"status\":\"FAILING\",\"startTimeSecs\":\"1651234567\",\"runningTimeSecs\":61.02}}"}},
     DICT("rime-st-abc12", "MODEL_STRESS_TEST", "FAILING", "1651234567", "61.02")},
    {"verbose",
     false,
     {{"view=JOB_VIEW_FULL ", 200, J, FAILED}},
     "started \nerror col \xe2\x80\x9cy\xe2\x80\x9d missing <eval>\n"
     "link https://blobs.example/logs/j-2?sig=a%2Fb&x=1\n" DICT("j-2", "MODEL_STRESS_TEST", "FAILING",
                                                                "1714978800", "4.5")},
    {"verbose",
     true,
     {{"GET ", 200, J, SUCCEEDED}, {"/v1/logs/h ", 200, J, LOG}},
     "started \nloading ref set \xe2\x80\xa6\nrows=1200\nlog-error pod gone\n" SUCCEEDED_DICT},
    {"verbose",
     true,
     {{"GET ", 200, J, SUCCEEDED}, {"/v1/logs/h ", 404, J, ""}},
     "started \nno-logs \n" SUCCEEDED_DICT},
    {"logs",
     true,
     {{"/v1/logs/h ", 200, J, LOG}},
     "loading ref set \xe2\x80\xa6\nrows=1200\nlog-error pod gone\nserver"},
    {"logs", true, {{"/v1/logs/h ", 200, "text/html", "<html>"}}, NULL},
    {"csv",
     false,
     {{"GET ", 200, J, SUCCEEDED},
      {"/v1/test-cases?listTestCasesQuery.testRunId=tr-5501&pageSize=10 ", 200, J, CASES1},
      {"/v1/test-cases?pageToken=t2&pageSize=10 ", 200, J, CASES2}},
     CSV SUCCEEDED_DICT},
    {"csv", false, {{"GET ", 200, J, RUNNING}}, "wrong state"},
    {"csv",
     false,
     {{"GET ", 200, J, "{\"job\":{\"status\":\"JOB_STATUS_SUCCEEDED\"}}"},
      {"/v1/jobs/h/test-run-id ", 200, J, "{\"testRunId\":\"\"}"}},
     "wrong state"},
    {"cancel", false, {{"POST /v1/jobs/cancel/h ", 200, J, "{}"}}, "ok"},
    {"version",
     false,
     {{"/v1/rime-info ", 200, J, "{\"clusterInfoVersion\":\"2.10.16\",\"gracePeriodEndTime\":null}"}},
     "text 2.10.16\nok"},
    {"version",
     true,
     {{"/v1/rime-info ", 404, J, ""}, {"/v1/version ", 200, J, "{\"version\":\"0.18.2\"}"}},
     "text 0.18.2\nok"},
    {"status",
     false,
     {{"GET ", 404, J, "{\"code\":5,\"message\":\"project not found\",\"details\":[]}"}},
     "not found"},
    {"status", false, {{"GET ", 400, J, "{\"code\":3,\"message\":\"bad id\"}"}}, "bad request"},
    {"create", false, {{"}", 409, J, "{\"code\":6,\"message\":\"name in use\"}"}}, "conflict"},
    {"status", false, {{"GET ", 500, J, "{\"error\":\"boom\",\"code\":2}"}}, "server"},
    {"status", false, {{"GET ", 501, J, "{\"code\":12,\"message\":\"Method Not Allowed\"}"}}, "not provided"},
    {"status", false, {{"GET ", 429, J, "{\"code\":8}"}}, "unavailable"},
    {"status", false, {{"GET ", 401, "text/html", "<html><body>401</body></html>"}}, "unauthorized"},
    {"status", false, {{"GET ", 403, "text/html", "<html>"}}, "forbidden"},
    {"status", false, {{"GET ", 302, "text/html", ""}}, "unauthorized"},
    {"status", false, {{"GET ", 200, "text/html", "<html>page</html>"}}, "protocol"},
    {"cancel", false, {{"POST ", 200, "text/html", "<html>page</html>"}}, "protocol"},
    {"status", false, {{"GET ", 200, J, "{\"job\":{}} x"}}, "protocol"},
    {"status", false, {{"GET ", 503, "text/html", "<html>"}}, "unavailable"},
};

static struct rime_rig r;

static const char *play(size_t i)
{
    r.config.dialect = cases[i].v0 ? BERTH_RIME_V0 : BERTH_RIME_V2;
    rime_reset(&r);
    for (size_t k = 0; k < COUNT(cases[i].answers) && cases[i].answers[k].body != NULL; k++) {
        const struct one *a = &cases[i].answers[k];
        rime_answer(&r, a->awaits, a->status, a->type, berth_text_of(a->body));
    }
    return rime_run(&r, rime_describe(&r, cases[i].operation));
}

static void fixtures(void **state)
{
    uint64_t seed = seed_start("test_rime");
    (void)state;
    rime_open(&r);
    for (size_t i = 0; i < COUNT(cases); i++)
        for (unsigned way = 0; way < 6; way++) {
            r.rig.mem.recv_piece = way == 1 ? 1 : 0;
            r.rig.mem.split_seed = way > 1 ? seed_next(&seed) | 1 : 0;
            r.rig.mem.block_between = way == 5;
            const char *told = play(i);
            if (cases[i].told != NULL && strcmp(told, cases[i].told) != 0)
                fail_msg("case %zu (%s), way %u:\n%s\n(%s)\ninstead of\n%s", i, cases[i].operation, way, told,
                         r.request.result.message, cases[i].told);
            assert_int_equal(r.rig.mem.broken_rules, 0);
        }
    rime_close(&r);
}

/* A connection that ends early never makes a good answer of a part. */
static void cut_anywhere(void **state)
{
    (void)state;
    rime_open(&r);
    for (size_t i = 0; i < COUNT(cases); i++) {
        play(i);
        uint64_t whole = r.rig.mem.received;
        for (uint64_t at = 0; at < whole; at++) {
            r.rig.mem.cut = true;
            r.rig.mem.cut_after = at;
            const char *told = play(i);
            size_t len = strlen(told);
            bool verbose = strcmp(cases[i].operation, "verbose") == 0;
            if (!verbose && len >= 3 && strcmp(told + len - 3, "\nok") == 0)
                fail_msg("case %zu cut at %u: %s", i, (unsigned)at, told);
        }
        r.rig.mem.cut = false;
    }
    rime_close(&r);
}

static void expect_sent(const char *operation, bool v0, const char *sent)
{
    r.config.dialect = v0 ? BERTH_RIME_V0 : BERTH_RIME_V2;
    rime_reset(&r);
    rime_answer(&r, "\r\n\r\n", 400, J, BERTH_TEXT("{}"));
    assert_string_equal(rime_run(&r, rime_describe(&r, operation)), "bad request");
    r.rig.out[r.rig.mem.out_len] = '\0';
    assert_string_equal(r.rig.out, sent);
}

#define HEAD "Host: h.test\r\nAccept-Encoding: identity\r\nAccept: application/json\r\nrime-api-key: k\r\n"
static void requests(void **state)
{
    (void)state;
    rime_open(&r);
    expect_sent(
        "image", false,
        "POST /v1/stress-tests/h HTTP/1.1\r\n" HEAD
        "Content-Type: application/json\r\nContent-Length: 140\r\n\r\n"
        "{\"testRunConfig\":{\"modelId\":{\"uuid\":\"m\"},\"x\":1.50,\"runTimeInfo\":{\"customImage\":"
        "{\"customImage\":{\"name\":\"a/b:1\",\"pullSecret\":{\"name\":\"p\"}}}}}}");
    expect_sent("image", true,
                "POST /v1/stress-tests HTTP/1.1\r\n" HEAD
                "Content-Type: application/json\r\nContent-Length: 135\r\n\r\n"
                "{\"projectId\":\"h\",\"testRunConfig\":\"{\\\"modelId\\\":{\\\"uuid\\\":\\\"m\\\"},"
                "\\\"x\\\":1.50}\","
                "\"testingImage\":{\"name\":\"a/b:1\",\"pullSecret\":{\"name\":\"p\"}}}");
    expect_sent("cancel", false, "POST /v1/jobs/cancel/h HTTP/1.1\r\n" HEAD "Content-Length: 0\r\n\r\n");
    expect_sent("status", false, "GET /v1/jobs/h?view=JOB_VIEW_BASIC HTTP/1.1\r\n" HEAD "\r\n");
    rime_close(&r);
}

static size_t counted;

static enum berth_status count_text(void *ctx, const struct berth_rime_event *event)
{
    (void)ctx;
    if (event->kind == BERTH_RIME_LOG_TEXT)
        counted += event->text.len;
    return BERTH_OK;
}

/* A chunk of a million characters, and metrics larger than the work memory: neither is ever whole in memory.
 */
static void large(void **state)
{
    static char body[1100000], text[70000];
    static const char head[] = "{\"result\":{\"chunk\":\"", tail[] = "\"}}";
    struct berth_writer w;
    (void)state;
    rime_open(&r);
    r.config.dialect = BERTH_RIME_V0;
    rime_reset(&r);
    berth_writer_init(&w, body, sizeof body);
    berth_put_string(&w, head);
    berth_put_repeat(&w, 'x', 1000000);
    berth_put_string(&w, tail);
    rime_answer(&r, "\r\n\r\n", 200, J, berth_writer_text(&w));
    rig_script(&r.rig, r.steps, r.step_count);
    assert_int_equal(berth_rime_job_logs(&r.request, &r.rime, BERTH_TEXT("h"), count_text, NULL), BERTH_OK);
    assert_int_equal(berth_rime_run(&r.request, 0, NULL, NULL), BERTH_OK);
    assert_int_equal(counted, 1000000);
    berth_writer_init(&w, text, sizeof text);
    berth_put_string(&w, "{\"testCases\":[{\"testBatchType\":\"a\",\"metrics\":[{\"m\":\"");
    berth_put_repeat(&w, 'x', 60000);
    berth_put_string(&w, "\"}],\"features\":[\"f\"],\"status\":\"TEST_CASE_STATUS_WARNING\"}]}");
    rime_reset(&r);
    rime_answer(&r, "\r\n\r\n", 200, J, berth_text_of(SUCCEEDED));
    rime_answer(&r, "\r\n\r\n", 200, J, berth_writer_text(&w));
    assert_string_equal(rime_run(&r, rime_describe(&r, "csv")),
                        "test_name,feature(s),status\r\na,f,WARNING\r\n" SUCCEEDED_DICT);
    rime_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(requests), cmocka_unit_test(fixtures),
                                       cmocka_unit_test(cut_anywhere), cmocka_unit_test(large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
