/* What mlcycle's client checks by itself: metrics, steps, pipeline files, environment, error bodies. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <math.h>
#include <string.h>

#include "berth/mlcycle.h"
#include "guard.h"
#include "platform/call.h"
#include "platform/line.h"
#include "platform/mlcycle.h"
#include "seed.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define JOB "6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10"

static struct berth_text guarded(const char *text)
{
    return berth_text_make(guard_copy(text, strlen(text)), strlen(text));
}

static void drop(struct berth_text text)
{
    guard_free((void *)(uintptr_t)text.ptr);
}

static void assert_text(struct berth_text text, const char *expected)
{
    if (text.len != strlen(expected) || (text.len > 0 && memcmp(text.ptr, expected, text.len) != 0))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)text.len, text.ptr, expected);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

/* ---- Metrics ---------------------------------------------------------------------------------- */

static void metrics(void **state)
{
    static const struct {
        const char *json;
        enum berth_status status;
        unsigned offset;
        const char *says;
    } table[] = {
        {"{\"loss\":0.0625,\"epoch\":3}", BERTH_OK, 0, ""},
        {" { \"a\" : null , \"b\" : true, \"c\":\"x.y\", \"\\u00e9\":-0.5e-3, \"a$\":\"NaN\" } ", BERTH_OK, 0,
         ""},
        {"{\"i\":9223372036854775807,\"j\":-9223372036854775808}", BERTH_OK, 0, ""},
        {"{\"i\":9223372036854775808}", BERTH_E_RANGE, 5, "metric \"i\": a whole number beyond 64 bits"},
        {"{\"i\":1e400}", BERTH_E_RANGE, 5, "beyond the range"},
        {"{\"i\":1e30,\"j\":1.5E+20}", BERTH_OK, 0, ""},
        {"{}", BERTH_E_MISSING, 0, "no metrics"},
        {"{\"a.b\":1}", BERTH_E_ARGUMENT, 2, "metric \"a.b\": a name must not hold a '.'"},
        {"{\"a\\u002eb\":1}", BERTH_E_ARGUMENT, 2, "'.'"},
        {"{\"$x\":1}", BERTH_E_ARGUMENT, 2, "'$'"},
        {"{\"\\u0024x\":1}", BERTH_E_ARGUMENT, 2, "'$'"},
        {"{\"\":1}", BERTH_E_ARGUMENT, 2, "empty"},
        {"{\"a\\u0000\":1}", BERTH_E_ARGUMENT, 2, "NUL"},
        {"{\"\\ud800\":1}", BERTH_E_ARGUMENT, 2, "surrogate"},
        {"{\"ok\":1,\"h\":[1]}", BERTH_E_TYPE, 12, "metric \"h\": nested"},
        {"{\"h\":{}}", BERTH_E_TYPE, 5, "nested"},
        {"{\"h\":NaN}", BERTH_E_SYNTAX, 5, ""},
        {"[1]", BERTH_E_TYPE, 0, "an object is due"},
        {"3", BERTH_E_TYPE, 0, "an object is due"},
        {"{\"h\":1", BERTH_E_TRUNCATED, 6, ""},
        {"{\"h\":1}}", BERTH_E_SYNTAX, 7, ""},
        {"", BERTH_E_TRUNCATED, 0, ""},
        {"{\"h\":\"\xff\"}", BERTH_E_UTF8, 6, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_mlcycle_problem problem = {.text = ""};
        struct berth_text json = guarded(table[i].json);
        enum berth_status status = berth_mlcycle_check_metrics_json(json, &problem);
        if (status != table[i].status || (status != BERTH_OK && problem.offset != table[i].offset))
            fail_msg("%s: %s at %u, \"%s\"", table[i].json, berth_status_name(status),
                     (unsigned)problem.offset, problem.text);
        assert_has(problem.text, table[i].says);
        assert_int_equal(berth_mlcycle_check_metrics_json(json, NULL), status);
        drop(json);
    }
}

/* ---- Steps ------------------------------------------------------------------------------------ */

static void steps(void **state)
{
    static const struct {
        const char *json;
        enum berth_status status;
        const char *says;
    } table[] = {
        {"[{\"name\":\"Fit\",\"docker\":{\"image\":\"py:3\"}}]", BERTH_OK, ""},
        {"[{\"name\":\"Fit\",\"number\":\"x\",\"docker\":{\"buildConfiguration\":{\"dockerfile\":\"d\"}}}]",
         BERTH_OK, ""},
        {"[]", BERTH_E_MISSING, "there are no steps"},
        {"{}", BERTH_E_TYPE, "an array of steps is due"},
        {"[null]", BERTH_E_TYPE, "steps[0]: an object is due"},
        {"[{\"name\":\"a\",\"docker\":{\"image\":\"i\"}},{\"name\":\" \",\"docker\":{\"image\":\"i\"}}]",
         BERTH_E_MISSING, "steps[1].name: "},
        {"[{\"docker\":{\"image\":\"i\"}}]", BERTH_E_MISSING, "steps[0].name: "},
        {"[{\"name\":\"a\"}]", BERTH_E_MISSING, "steps[0].docker: "},
        {"[{\"name\":\"a\",\"docker\":null}]", BERTH_E_MISSING, "steps[0].docker: "},
        {"[{\"name\":\"a\",\"docker\":{}}]", BERTH_E_MISSING, "an image or a buildConfiguration"},
        {"[{\"name\":\"a\",\"docker\":{\"image\":\"\"}}]", BERTH_E_MISSING,
         "an image or a buildConfiguration"},
        {"[{\"name\":\"a\",\"docker\":{\"buildConfiguration\":{\"context\":\".\"}}}]", BERTH_E_MISSING,
         "steps[0].docker.buildConfiguration.dockerfile: "},
        {"[{\"name\":\"a\",\"docker\":{\"image\":\"i\",\"command\":[\"x\"]}}]", BERTH_E_TYPE,
         "steps[0].docker.command: a text is due"},
        {"[{\"name\":\"a\",\"docker\":{\"image\":\"i\",\"properties\":{\"a.b\":1}}}]", BERTH_E_ARGUMENT,
         "steps[0].docker.properties: a name must not hold"},
        {"[{\"name\":\"a\",\"docker\":{\"image\":\"i\",\"properties\":{\"a\":[]}}}]", BERTH_E_TYPE, "nested"},
        {"[{\"name\":\"a\",\"docker\":{\"image\":\"i\",\"properties\":{}}}]", BERTH_OK, ""},
        {"[{\"name\":\"a\",\"docker\":{\"image\":3}}]", BERTH_E_TYPE, "steps[0].docker.image: a text is due"},
        {"[{\"name\":\"a\",\"docker\":{\"buildConfiguration\":[]}}]", BERTH_E_TYPE,
         "steps[0].docker.buildConfiguration: an object is due"},
        {"[{\"name\":\"a\",\"docker\":{\"image\":\"i\"}}", BERTH_E_TRUNCATED, ""},
        {"[,]", BERTH_E_SYNTAX, ""},
        {"", BERTH_E_TRUNCATED, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_mlcycle_problem problem = {.text = ""};
        size_t len = strlen(table[i].json);
        char *json = guard_copy(table[i].json, len);
        enum berth_status status = berth_mlcycle_check_steps_json(json, len, &problem);
        if (status != table[i].status)
            fail_msg("%s: %s, \"%s\"", table[i].json, berth_status_name(status), problem.text);
        assert_has(problem.text, table[i].says);
        guard_free(json);
    }
}

/* ---- pipeline.yml ----------------------------------------------------------------------------- */

#define STEP "steps:\n- name: a\n  docker:\n"

static void pipelines(void **state)
{
    static const struct {
        const char *yaml;
        const char *json; /* NULL: refused */
        enum berth_status status;
        unsigned line, column;
        const char *says;
    } table[] = {
        {"# two steps; dashes level with the parent key, uneven indents\nsteps:\n- name: Daten holen\n  "
         "docker:\n    "
         "image: py:3\n    command: python get.py --since 2021-01-01\n- name: \"Fit: model\"\n  docker:\n    "
         "  "
         "buildConfiguration:\n          context: ./docker/\n          dockerfile: fit.dockerfile\n      "
         "command: >\n  "
         "      python fit.py\n        --lr 1e-3\nextra: ignored\n",
         "[{\"name\":\"Daten holen\",\"docker\":{\"image\":\"py:3\",\"command\":\"python get.py --since "
         "2021-01-01\"}},{\"name\":\"Fit: "
         "model\",\"docker\":{\"buildConfiguration\":{\"context\":\"./docker/"
         "\",\"dockerfile\":\"fit.dockerfile\"},\"command\":\"python fit.py --lr 1e-3\\n\"}}]",
         BERTH_OK, 0, 0, ""},
        {STEP "    image: 3\n    command: true\n",
         "[{\"name\":\"a\",\"docker\":{\"image\":\"3\",\"command\":\"true\"}}]", BERTH_OK, 0, 0, ""},
        {STEP "    image:\n    buildConfiguration: {dockerfile: d, properties: {cache: true}}\n    "
              "properties:\n      "
              "gpus: 2\n      note:\n",
         "[{\"name\":\"a\",\"docker\":{\"buildConfiguration\":{\"dockerfile\":\"d\",\"properties\":{"
         "\"cache\":\"true\"}},"
         "\"properties\":{\"gpus\":\"2\",\"note\":null}}}]",
         BERTH_OK, 0, 0, ""},
        {"---\r\nsteps: [{docker: {command: x, image: 'i'}, name: \"n\\u00e9\", id: 5}]\r\n",
         "[{\"name\":\"n\xc3\xa9\",\"docker\":{\"image\":\"i\",\"command\":\"x\"}}]", BERTH_OK, 0, 0, ""},
        {"", NULL, BERTH_E_MISSING, 0, 0, "the file is empty"},
        {"# nothing\n", NULL, BERTH_E_MISSING, 0, 0, "the file is empty"},
        {"a: 1\n", NULL, BERTH_E_MISSING, 1, 1, "there is no list 'steps'"},
        {"a: 1\nsteps:\nb: 2\n", NULL, BERTH_E_MISSING, 2, 1, "'steps' is empty"},
        {"a: 1\nsteps: []\n", NULL, BERTH_E_MISSING, 2, 8, "there are no steps"},
        {"steps: text\n", NULL, BERTH_E_TYPE, 1, 8, "'steps' must be a list"},
        {"steps:\n  a: 1\n", NULL, BERTH_E_TYPE, 2, 3, "'steps' must be a list"},
        {"- a\n", NULL, BERTH_E_TYPE, 1, 1, "must be a mapping"},
        {"text\n", NULL, BERTH_E_TYPE, 1, 1, "must be a mapping"},
        {"steps:\n- docker:\n    image: i\n", NULL, BERTH_E_MISSING, 2, 3, "steps[0].name: "},
        {"steps:\n- name: a\n- name: b\n", NULL, BERTH_E_MISSING, 2, 3, "steps[0].docker: "},
        {STEP "    command: x\n", NULL, BERTH_E_MISSING, 4, 5, "an image or a buildConfiguration"},
        {STEP "    image:\n", NULL, BERTH_E_MISSING, 4, 5, "an image or a buildConfiguration"},
        {STEP "    buildConfiguration:\n      context: .\n", NULL, BERTH_E_MISSING, 5, 7,
         "steps[0].docker.buildConfiguration.dockerfile: "},
        {STEP "    image: i\n    command: [a, b]\n", NULL, BERTH_E_TYPE, 5, 14,
         "steps[0].docker.command: a text is due"},
        {STEP "    image: i\n- name: b\n  docker:\n    image: i\n    command:\n    - a\n", NULL, BERTH_E_TYPE,
         9, 5, "steps[1].docker.command: a text is due"},
        {STEP "    image: i\n    properties:\n      a.b: 1\n", NULL, BERTH_E_ARGUMENT, 6, 7,
         "docker.properties"},
        {"steps:\n- text\n", NULL, BERTH_E_TYPE, 2, 3, "steps[0]: an object is due"},
        {"steps:\n-\n", NULL, BERTH_E_TYPE, 2, 2, "steps[0]: an object is due"},
        {"steps:\n\t- name: a\n", NULL, BERTH_E_SYNTAX, 2, 1, ""},
        {"steps:\n- name: \"a\n", NULL, BERTH_E_SYNTAX, 0, 0, ""},
        {"steps: &a []\n", NULL, BERTH_E_SYNTAX, 1, 8, ""},
        {"steps: []\n---\nsteps: []\n", NULL, BERTH_E_SYNTAX, 2, 1, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_mlcycle_problem problem = {.text = ""};
        struct berth_text yaml = guarded(table[i].yaml);
        struct berth_text json = {NULL, 0};
        char *buf = guard_new(2000);
        size_t needed = 0;
        enum berth_status status = berth_mlcycle_pipeline_to_steps(yaml, buf, 2000, &json, &needed, &problem);
        if (status != table[i].status || (table[i].line != 0 && problem.line != table[i].line) ||
            (table[i].column != 0 && problem.column != table[i].column))
            fail_msg("case %u: %s at %u:%u, \"%s\"", (unsigned)i, berth_status_name(status), problem.line,
                     problem.column, problem.text);
        assert_has(problem.text, table[i].says);
        if (status == BERTH_OK)
            assert_text(json, table[i].json);
        else
            assert_true(problem.text[0] != '\0');
        guard_free(buf);
        drop(yaml);
    }
}

/* Every size of memory: either it does not fit, or the result is the same; what was asked for is enough. */
static void pipeline_memory(void **state)
{
    static const char yaml[] = STEP "    command: \"a\\nb\"\n    image: i\n- docker: {command: c, image: j, "
                                    "x: [long, and, ignored]}\n  name: b\n";
    static const char json[] =
        "[{\"name\":\"a\",\"docker\":{\"image\":\"i\",\"command\":\"a\\nb\"}},{\"name\":\"b\","
        "\"docker\":{\"image\":\"j\",\"command\":\"c\"}}]";
    size_t fits = 0;
    size_t needed = 0;
    (void)state;
    for (size_t cap = 0; cap < 400; cap++) {
        struct berth_mlcycle_problem problem;
        struct berth_text out;
        char *buf = guard_new(cap);
        enum berth_status status =
            berth_mlcycle_pipeline_to_steps(berth_text_of(yaml), buf, cap, &out, &needed, &problem);
        if (status == BERTH_OK) {
            assert_text(out, json);
            fits = fits == 0 ? cap : fits;
        } else {
            assert_int_equal(status, BERTH_E_SPACE);
            assert_int_equal(fits, 0);
        }
        guard_free(buf);
    }
    assert_true(fits > 0 && fits <= needed && needed < 400);
}

/* ---- The environment -------------------------------------------------------------------------- */

static const char *lookup(void *ctx, const char *name)
{
    const char *const *pairs = ctx;
    for (; pairs[0] != NULL; pairs += 2)
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    return NULL;
}

static void environment(void **state)
{
    static const struct {
        const char *pairs[9];
        enum berth_status status;
        const char *variable;
        int32_t step; /* -1: none */
    } table[] = {
        {{"MLCYCLE_HOST", "https://ml.example:5001/api", "MLCYCLE_JOB", JOB, "MLCYCLE_STEP", "0", NULL},
         BERTH_OK,
         NULL,
         0},
        {{NULL}, BERTH_OK, NULL, -1},
        {{"MLCYCLE_HOST", "", "MLCYCLE_JOB", "", "MLCYCLE_STEP", "", NULL}, BERTH_OK, NULL, -1},
        {{"MLCYCLE_STEP", "2147483647", NULL}, BERTH_OK, NULL, 2147483647},
        {{"MLCYCLE_STEP", "2147483648", NULL}, BERTH_E_SYNTAX, "MLCYCLE_STEP", -1},
        {{"MLCYCLE_STEP", "-1", NULL}, BERTH_E_SYNTAX, "MLCYCLE_STEP", -1},
        {{"MLCYCLE_STEP", "1 ", NULL}, BERTH_E_SYNTAX, "MLCYCLE_STEP", -1},
        {{"MLCYCLE_STEP", "\xd9\xa1", NULL}, BERTH_E_SYNTAX, "MLCYCLE_STEP", -1},
        {{"MLCYCLE_JOB", "{" JOB "}", NULL}, BERTH_E_SYNTAX, "MLCYCLE_JOB", -1},
        {{"MLCYCLE_PROJECT", "00000000-0000-0000-0000-000000000000", NULL},
         BERTH_E_SYNTAX,
         "MLCYCLE_PROJECT",
         -1},
        {{"MLCYCLE_HOST", "ml.example/api", NULL}, BERTH_E_SYNTAX, "MLCYCLE_HOST", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_mlcycle_env env;
        const char *variable = "?";
        assert_int_equal(berth_mlcycle_from_env(&env, lookup, (void *)(uintptr_t)table[i].pairs, &variable),
                         table[i].status);
        if (table[i].variable == NULL)
            assert_null(variable);
        else
            assert_string_equal(variable, table[i].variable);
        if (table[i].status != BERTH_OK)
            continue;
        assert_int_equal(env.has_step, table[i].step >= 0);
        if (env.has_step)
            assert_int_equal(env.step, table[i].step);
    }
}

static void resolving(void **state)
{
    struct berth_mlcycle_env env = {.has_step = true, .step = 0};
    struct berth_mlcycle_step_id id = {.has_step = false};
    const char *missing = NULL;
    (void)state;
    assert_int_equal(berth_guid_parse(BERTH_TEXT(JOB), &env.job), BERTH_OK);
    assert_int_equal(berth_mlcycle_resolve_step(&env, &id, &missing), BERTH_OK);
    assert_true(id.has_step && id.step == 0 && berth_guid_equal(&id.job, &env.job));
    /* The same job given explicitly, in capitals: the step still is the environment's. */
    id = (struct berth_mlcycle_step_id){.has_step = false};
    assert_int_equal(berth_guid_parse(BERTH_TEXT("6F1C2A90-3B47-4D1E-9A55-0C7E8D4B2F10"), &id.job), BERTH_OK);
    assert_int_equal(berth_mlcycle_resolve_step(&env, &id, &missing), BERTH_OK);
    /* Another job: the step is not taken. */
    id = (struct berth_mlcycle_step_id){.has_step = false};
    assert_int_equal(berth_guid_parse(BERTH_TEXT("2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"), &id.job), BERTH_OK);
    assert_int_equal(berth_mlcycle_resolve_step(&env, &id, &missing), BERTH_E_MISSING);
    assert_string_equal(missing, "step");
    /* A step alone takes the environment's job; nothing at all lacks the job first. */
    id = (struct berth_mlcycle_step_id){.has_step = true, .step = 4};
    assert_int_equal(berth_mlcycle_resolve_step(&env, &id, &missing), BERTH_OK);
    assert_true(id.step == 4 && berth_guid_equal(&id.job, &env.job));
    env = (struct berth_mlcycle_env){.has_step = false};
    id = (struct berth_mlcycle_step_id){.has_step = false};
    assert_int_equal(berth_mlcycle_resolve_step(&env, &id, &missing), BERTH_E_MISSING);
    assert_string_equal(missing, "job");
}

/* ---- Error bodies ----------------------------------------------------------------------------- */

#define PROBLEM_TYPE "application/problem+json; charset=utf-8"
#define TEXT_TYPE "text/plain; charset=utf-8"

static const struct {
    int http_status;
    const char *type, *body;
    enum berth_mlcycle_operation_index operation;
    enum berth_status status;
    const char *words;
} answers[] = {
    {400, PROBLEM_TYPE,
     "{\"errors\":{\"id\":[\"The value 'abc' is not valid.\"]},\"title\":\"One or more validation errors "
     "occurred.\",\"status\":400,\"traceId\":\"0HLX1:00000002\"}",
     BERTH_MLCYCLE_JOBS_GET, BERTH_E_BAD_REQUEST, "The value 'abc' is not valid."},
    {400, PROBLEM_TYPE,
     "{\"errors\":{\"\":[\"A non-empty request body is required.\"]},\"title\":\"One or more validation "
     "errors "
     "occurred.\",\"status\":400,\"traceId\":\"0HLX1:00000003\"}",
     BERTH_MLCYCLE_WORKERS_ADD, BERTH_E_BAD_REQUEST, "A non-empty request body is required."},
    {404, PROBLEM_TYPE,
     "{\"type\":\"https://tools.ietf.org/html/rfc7231#section-6.5.4\",\"title\":\"Not "
     "Found\",\"status\":404,\"traceId\":\"0HLX1:00000004\"}",
     BERTH_MLCYCLE_JOBS_GET, BERTH_E_NOT_FOUND, "Not Found"},
    {404, TEXT_TYPE, "Step not found", BERTH_MLCYCLE_SCHEDULER_CLAIM, BERTH_E_NOT_FOUND, "Step not found"},
    {404, "application/json; charset=utf-8", "\"Job not found\"", BERTH_MLCYCLE_SCHEDULER_CLAIM,
     BERTH_E_NOT_FOUND, "Job not found"},
    {406, TEXT_TYPE, "Step is not scheduled", BERTH_MLCYCLE_SCHEDULER_CLAIM, BERTH_E_WRONG_STATE,
     "Step is not scheduled"},
    {409, TEXT_TYPE, "Filename already exists", BERTH_MLCYCLE_FRAGMENTS_UPLOAD, BERTH_E_CONFLICT,
     "Filename already exists"},
    {503, PROBLEM_TYPE, "{\"type\":\"about:blank\",\"status\":503}", BERTH_MLCYCLE_JOBS_TRIGGER, BERTH_E_BUSY,
     "the project has a job that is neither done nor failed"},
    {503, "text/html", "<html>...</html>", BERTH_MLCYCLE_JOBS_TRIGGER, BERTH_E_UNAVAILABLE, ""},
    {503, PROBLEM_TYPE, "{\"type\":\"about:blank\",\"status\":503}", BERTH_MLCYCLE_JOBS_GET,
     BERTH_E_UNAVAILABLE, ""},
    {500, "", "", BERTH_MLCYCLE_JOBS_GET, BERTH_E_SERVER, ""},
    {408, PROBLEM_TYPE, "{\"type\":\"about:blank\",\"status\":408}", BERTH_MLCYCLE_SCHEDULER_PENDING,
     BERTH_E_NO_WORK, ""},
    {504, "text/html", "<html>", BERTH_MLCYCLE_SCHEDULER_PENDING, BERTH_E_NO_WORK, ""},
    {408, "", "", BERTH_MLCYCLE_FRAGMENTS_UPLOAD, BERTH_E_UNAVAILABLE, ""},
    {504, "text/html", "<html>", BERTH_MLCYCLE_JOBS_GET, BERTH_E_UNAVAILABLE, ""},
    {502, "text/html", "<html>", BERTH_MLCYCLE_SCHEDULER_PENDING, BERTH_E_UNAVAILABLE, ""},
    {413, "text/html", "<html>", BERTH_MLCYCLE_FRAGMENTS_UPLOAD, BERTH_E_TOO_LARGE, ""},
    {405, "", "", BERTH_MLCYCLE_JOBS_TRIGGER, BERTH_E_BAD_REQUEST, ""},
    {411, "", "", BERTH_MLCYCLE_JOBS_TRIGGER, BERTH_E_BAD_REQUEST, ""},
    {418, TEXT_TYPE, "a\r\n\tb\x1b[31m\xff\xc2\x9b", BERTH_MLCYCLE_JOBS_GET, BERTH_E_BAD_REQUEST,
     "a b [31m???"},
    /* Bodies that cannot be read never fail. */
    {400, PROBLEM_TYPE, "{\"errors\":{\"id\":[\"cut", BERTH_MLCYCLE_JOBS_GET, BERTH_E_BAD_REQUEST, ""},
    {400, PROBLEM_TYPE, "{\"errors\":[],\"title\":\"T\"}", BERTH_MLCYCLE_JOBS_GET, BERTH_E_BAD_REQUEST, "T"},
    {400, PROBLEM_TYPE, "{\"errors\":{},\"title\":\"T\"}", BERTH_MLCYCLE_JOBS_GET, BERTH_E_BAD_REQUEST, "T"},
    {400, PROBLEM_TYPE, "{\"errors\":{\"a\":[]},\"title\":\"T\"}", BERTH_MLCYCLE_JOBS_GET,
     BERTH_E_BAD_REQUEST, "T"},
    {400, PROBLEM_TYPE, "{\"errors\":{\"a\":[5]},\"title\":\"T\"}", BERTH_MLCYCLE_JOBS_GET,
     BERTH_E_BAD_REQUEST, "T"},
    {400, PROBLEM_TYPE, "{\"errors\":{\"a\":\"direct \\u00e9\"}}", BERTH_MLCYCLE_JOBS_GET,
     BERTH_E_BAD_REQUEST, "direct \xc3\xa9"},
    {400, PROBLEM_TYPE, "{\"errors\":3,\"title\":7}", BERTH_MLCYCLE_JOBS_GET, BERTH_E_BAD_REQUEST, ""},
    {400, PROBLEM_TYPE, "{\"title\":\"\\ud800\"}", BERTH_MLCYCLE_JOBS_GET, BERTH_E_BAD_REQUEST, ""},
    {404, "application/json", "\"Job not", BERTH_MLCYCLE_JOBS_GET, BERTH_E_NOT_FOUND, ""},
    {404, "application/json", "\"", BERTH_MLCYCLE_JOBS_GET, BERTH_E_NOT_FOUND, ""},
    {404, "", "<html>", BERTH_MLCYCLE_JOBS_GET, BERTH_E_NOT_FOUND, ""},
    {404, TEXT_TYPE, "   ", BERTH_MLCYCLE_JOBS_GET, BERTH_E_NOT_FOUND, ""},
};

static enum berth_status judge(size_t i, struct berth_text body, char *words, size_t cap)
{
    struct berth_call call;
    struct berth_http_result result = {.http_status = answers[i].http_status,
                                       .error_body = body,
                                       .content_type = berth_text_of(answers[i].type)};
    struct berth_writer w;
    memset(&call, 0, sizeof call);
    memset(words, 0, cap);
    call.operation = answers[i].operation;
    berth_writer_init(&w, words, cap);
    return berth_mlcycle_judge(&call, &result, &w);
}

static void judging(void **state)
{
    char words[200];
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct berth_text body = guarded(answers[i].body);
        enum berth_status status = judge(i, body, words, sizeof words);
        if (status != answers[i].status || strcmp(words, answers[i].words) != 0)
            fail_msg("%d %s: %s, \"%s\"", answers[i].http_status, answers[i].body, berth_status_name(status),
                     words);
        /* Cut anywhere the body still cannot make it fail, and the status stays. */
        for (size_t len = 0; len < body.len; len++) {
            struct berth_text cut = berth_text_make(guard_copy(body.ptr, len), len);
            assert_int_equal(judge(i, cut, words, sizeof words), answers[i].status);
            drop(cut);
        }
        drop(body);
    }
}

/* ---- Lines ------------------------------------------------------------------------------------ */

static void lines(void **state)
{
    static const char text[] = "gr\xc3\xbc\xc3\x9f \x01\x02 e \xf0\x9f\x98\x80";
    (void)state;
    for (size_t cap = 0; cap < 24; cap++) {
        char *buf = guard_new(cap);
        struct berth_writer w;
        memset(buf, 0, cap);
        berth_writer_init(&w, buf, cap);
        berth_put_line(&w, berth_text_of(text));
        assert_true(cap == 0 ? w.len == 0 : w.len < cap);
        assert_true(berth_text_is_utf8(berth_text_make(buf, w.len), NULL));
        if (cap == 23)
            assert_text(berth_text_make(buf, w.len), "gr\xc3\xbc\xc3\x9f e \xf0\x9f\x98\x80");
        guard_free(buf);
    }
}

/* ---- Lists in a document ---------------------------------------------------------------------- */

static void metric_kinds(void **state)
{
    static const char map[] =
        "{\"loss\":1.5E-05,\"epoch\":12,\"acc\":1.0,\"best\":null,\"diverged\":\"NaN\",\"ok\":true,\"tag\":"
        "\"l\\u00e4uft\","
        "\"big\":9223372036854775807,\"huge\":9223372036854775808,\"deep\":{\"a\":[1]}}";
    static const enum berth_mlcycle_metric_kind kinds[] = {
        BERTH_MLCYCLE_METRIC_DOUBLE, BERTH_MLCYCLE_METRIC_I64,  BERTH_MLCYCLE_METRIC_DOUBLE,
        BERTH_MLCYCLE_METRIC_NULL,   BERTH_MLCYCLE_METRIC_TEXT, BERTH_MLCYCLE_METRIC_BOOL,
        BERTH_MLCYCLE_METRIC_TEXT,   BERTH_MLCYCLE_METRIC_I64,  BERTH_MLCYCLE_METRIC_DOUBLE,
        BERTH_MLCYCLE_METRIC_NESTED};
    char *bytes = guard_copy(map, sizeof map - 1);
    struct berth_json_list list = {bytes, sizeof map - 1, COUNT(kinds)};
    struct berth_mlcycle_metric metric;
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        assert_int_equal(berth_mlcycle_next_metric(&list, &metric), BERTH_OK);
        assert_int_equal(metric.kind, kinds[i]);
        if (i == 0)
            assert_true(metric.number == 1.5e-5);
        if (i == 6)
            assert_text(metric.text, "l\xc3\xa4uft");
        if (i == 7)
            assert_true(metric.i64 == INT64_MAX);
        if (i == 9)
            assert_text(metric.raw, "{\"a\":[1]}");
    }
    assert_int_equal(berth_mlcycle_next_metric(&list, &metric), BERTH_E_MISSING);
    guard_free(bytes);
}

/* Reading takes any JSON value (wire 2.7): one odd metric does not hide the others. */
static void odd_metrics(void **state)
{
    static const char map[] =
        "{\"a\":1e400,\"b\":-1E+999,\"c\":\"x\\ud800\\u0041\",\"d\":123456789012345678901234567890,"
        "\"e\":\"\\u0041\"}";
    char *bytes = guard_copy(map, sizeof map - 1);
    struct berth_json_list list = {bytes, sizeof map - 1, 5};
    struct berth_mlcycle_metric metric;
    (void)state;
    for (int sign = 1; sign >= -1; sign -= 2) {
        assert_int_equal(berth_mlcycle_next_metric(&list, &metric), BERTH_OK);
        assert_int_equal(metric.kind, BERTH_MLCYCLE_METRIC_DOUBLE);
        assert_true(metric.number == sign * (double)INFINITY);
        assert_text(metric.raw, sign > 0 ? "1e400" : "-1E+999");
    }
    assert_int_equal(berth_mlcycle_next_metric(&list, &metric), BERTH_OK);
    assert_int_equal(metric.kind, BERTH_MLCYCLE_METRIC_TEXT);
    assert_null(metric.text.ptr);
    assert_text(metric.raw, "\"x\\ud800\\u0041\"");
    assert_int_equal(berth_mlcycle_next_metric(&list, &metric), BERTH_OK);
    assert_int_equal(metric.kind, BERTH_MLCYCLE_METRIC_DOUBLE);
    assert_true(metric.number == 123456789012345678901234567890.0);
    assert_int_equal(berth_mlcycle_next_metric(&list, &metric), BERTH_OK);
    assert_text(metric.text, "A");
    assert_null(metric.raw.ptr);
    assert_int_equal(berth_mlcycle_next_metric(&list, &metric), BERTH_E_MISSING);
    guard_free(bytes);
}

static void member_numbers(void **state)
{
    int32_t value = -7;
    (void)state;
    assert_true(berth_mlcycle_find_i32(BERTH_TEXT("{\"a\":{\"number\":9},\"number\":3,\"f\":[]}"),
                                       BERTH_TEXT("number"), &value));
    assert_int_equal(value, 3);
    assert_true(berth_mlcycle_find_i32(BERTH_TEXT("{\"\\u006eumber\" : 5 }"), BERTH_TEXT("number"), &value));
    assert_int_equal(value, 5);
    assert_false(berth_mlcycle_find_i32(BERTH_TEXT("{\"a\":1,\"f\":[]}"), BERTH_TEXT("number"), &value));
    assert_false(berth_mlcycle_find_i32(BERTH_TEXT("{\"number\":\"5\"}"), BERTH_TEXT("number"), &value));
    assert_false(berth_mlcycle_find_i32(BERTH_TEXT(""), BERTH_TEXT("number"), &value));
    assert_int_equal(value, 5);
}

static void names(void **state)
{
    (void)state;
    assert_text(berth_mlcycle_state_name(21), "Scheduled");
    assert_text(berth_mlcycle_state_name(31), "Error");
    assert_text(berth_mlcycle_state_name(42), "");
    assert_text(berth_mlcycle_initiator_name(2), "Data");
    assert_text(berth_mlcycle_fragment_type_name(1), "BuildLogs");
    assert_text(berth_mlcycle_fragment_type_name(-1), "");
}

static void claims(void **state)
{
    struct berth_call_result reached = {.maybe_done = true};
    struct berth_call_result not_reached = {.maybe_done = false};
    (void)state;
    assert_int_equal(berth_mlcycle_claim_outcome(BERTH_OK, &not_reached), BERTH_MLCYCLE_CLAIM_WON);
    assert_int_equal(berth_mlcycle_claim_outcome(BERTH_E_WRONG_STATE, &not_reached),
                     BERTH_MLCYCLE_CLAIM_LOST);
    assert_int_equal(berth_mlcycle_claim_outcome(BERTH_E_NOT_FOUND, &not_reached), BERTH_MLCYCLE_CLAIM_GONE);
    assert_int_equal(berth_mlcycle_claim_outcome(BERTH_E_TIMEOUT, &not_reached), BERTH_MLCYCLE_CLAIM_FAILED);
    assert_int_equal(berth_mlcycle_claim_outcome(BERTH_E_TIMEOUT, &reached), BERTH_MLCYCLE_CLAIM_UNKNOWN);
    assert_int_equal(berth_mlcycle_claim_outcome(BERTH_E_UNAVAILABLE, &reached), BERTH_MLCYCLE_CLAIM_UNKNOWN);
    assert_int_equal(berth_mlcycle_claim_after(21), BERTH_MLCYCLE_CLAIM_FAILED);
    assert_int_equal(berth_mlcycle_claim_after(1), BERTH_MLCYCLE_CLAIM_LOST);
    assert_int_equal(berth_mlcycle_claim_after(2), BERTH_MLCYCLE_CLAIM_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics),         cmocka_unit_test(steps),          cmocka_unit_test(pipelines),
        cmocka_unit_test(pipeline_memory), cmocka_unit_test(environment),    cmocka_unit_test(resolving),
        cmocka_unit_test(judging),         cmocka_unit_test(lines),          cmocka_unit_test(metric_kinds),
        cmocka_unit_test(odd_metrics),     cmocka_unit_test(member_numbers), cmocka_unit_test(names),
        cmocka_unit_test(claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
