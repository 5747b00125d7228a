/* The happy shapes of the mlcycle wire page (section 6.1: V1 to V15), read by one table for the three
 * spellings of a job: whole, as a list's elements in any pieces, and written again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/json.h"
#include "fixture.h"
#include "seed.h"

#define T(literal) BERTH_TEXT(literal)

struct build {
    uint32_t present;
    struct berth_text context, dockerfile;
    struct berth_json_list properties;
};

struct docker {
    uint32_t present;
    struct berth_text image, command;
    struct build build;
    struct berth_json_list properties;
};

struct step {
    uint32_t present;
    struct berth_text name;
    int32_t number;
    struct berth_enum state;
    struct berth_time start, end;
    struct docker docker;
    struct berth_json_list metrics, fragments;
};

struct project {
    uint32_t present;
    struct berth_text name, git;
    struct berth_guid id;
};

struct job {
    uint32_t present;
    struct berth_guid id, project_id;
    struct berth_time created, finished;
    struct berth_enum state, initiator;
    struct project project;
    struct berth_json_list steps;
    struct step step;
};

struct fragment {
    uint32_t present;
    struct berth_guid id, job;
    int32_t step;
    struct berth_time created;
    struct berth_text name, filename;
    struct berth_enum type;
};

#define ROW(type_, name_, struct_, member_)                                                                  \
    .name = BERTH_TEXT_INIT(name_), .type = BERTH_FIELD_##type_, .offset = offsetof(struct struct_, member_)
#define SHAPE(struct_)                                                                                       \
    static const struct berth_shape struct_##_shape = {                                                      \
        #struct_, struct_##_fields, sizeof struct_##_fields / sizeof struct_##_fields[0],                    \
        sizeof(struct struct_), offsetof(struct struct_, present)}
#define REQUIRED .flags = BERTH_FIELD_REQUIRED

static const struct berth_field build_fields[] = {{ROW(TEXT, "context", build, context)},
                                                  {ROW(TEXT, "dockerfile", build, dockerfile)},
                                                  {ROW(MAP, "properties", build, properties)}};
SHAPE(build);
static const struct berth_field docker_fields[] = {
    {ROW(TEXT, "image", docker, image)},
    {ROW(OBJECT, "buildConfiguration", docker, build), .shape = &build_shape},
    {ROW(TEXT, "command", docker, command)},
    {ROW(MAP, "properties", docker, properties)}};
SHAPE(docker);
static const struct berth_field step_fields[] = {
    {ROW(TEXT, "name", step, name)},      {ROW(I32, "number", step, number)},
    {ROW(TIME, "start", step, start)},    {ROW(TIME, "end", step, end)},
    {ROW(ENUM, "state", step, state)},    {ROW(OBJECT, "docker", step, docker), .shape = &docker_shape},
    {ROW(MAP, "metrics", step, metrics)}, {ROW(LIST, "fragments", step, fragments)}};
SHAPE(step);
static const struct berth_field project_fields[] = {{ROW(TEXT, "name", project, name), REQUIRED},
                                                    {ROW(TEXT, "gitRepository", project, git)},
                                                    {ROW(GUID, "id", project, id), REQUIRED}};
SHAPE(project);
static const struct berth_field job_fields[] = {
    {ROW(GUID, "id", job, id)},
    {ROW(GUID, "jobId", job, id)},
    {ROW(GUID, "projectId", job, project_id)},
    {ROW(TIME, "created", job, created), REQUIRED},
    {ROW(TIME, "finished", job, finished)},
    {ROW(ENUM, "state", job, state)},
    {ROW(ENUM, "initiator", job, initiator)},
    {ROW(OBJECT, "project", job, project), .shape = &project_shape},
    {ROW(LIST, "steps", job, steps)},
    {ROW(OBJECT, "step", job, step), .shape = &step_shape}};
SHAPE(job);
static const struct berth_field fragment_fields[] = {
    {ROW(GUID, "id", fragment, id), REQUIRED}, {ROW(GUID, "jobId", fragment, job)},
    {ROW(I32, "stepNumber", fragment, step)},  {ROW(TIME, "created", fragment, created), REQUIRED},
    {ROW(TEXT, "name", fragment, name)},       {ROW(TEXT, "filename", fragment, filename)},
    {ROW(ENUM, "type", fragment, type)}};
SHAPE(fragment);

enum {
    JOB_ID = 1 << 0,
    JOB_JOBID = 1 << 1,
    JOB_PROJECTID = 1 << 2,
    JOB_FINISHED = 1 << 4,
    JOB_STATE = 1 << 5,
    JOB_PROJECT = 1 << 7,
    JOB_STEPS = 1 << 8,
    JOB_STEP = 1 << 9
};
enum {
    STEP_NAME = 1 << 0,
    STEP_START = 1 << 2,
    STEP_END = 1 << 3,
    STEP_STATE = 1 << 4,
    STEP_DOCKER = 1 << 5,
    STEP_METRICS = 1 << 6,
    STEP_FRAGMENTS = 1 << 7
};

#define J "6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10"
#define P "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"
#define F "a7d3e5f1-0b29-4c88-93e4-1f2d3c4b5a69"

#define assert_text(text_, string_) assert_true(berth_text_equal(text_, berth_text_of(string_)))

static char *document;
static size_t document_len;

static void load(unsigned number)
{
    char path[80];
    snprintf(path, sizeof path, "test/wire/json/mlcycle/v%02u.json", number);
    free(document);
    document = (char *)fixture_load(path, &document_len);
}

/* ---- Lists as streams ------------------------------------------------------------------------- */

#define ITEMS_MAX 4

struct items {
    const struct berth_shape *shape;
    void *structs;
    size_t count;
    char texts[ITEMS_MAX][4096];
};

static enum berth_status keep(void *ctx, const struct berth_json_element *element)
{
    struct items *items = ctx;
    assert_non_null(element->json);
    assert_true(items->count < ITEMS_MAX && element->len <= sizeof items->texts[0]);
    char *copy = items->texts[items->count];
    memcpy(copy, element->json, element->len);
    char *out = (char *)items->structs + items->count++ * items->shape->size;
    return berth_fields_decode_checked(items->shape, copy, element->len, out, NULL);
}

/* Reads the loaded list in pieces of 1 ... LIMIT bytes. */
static void read_list(struct items *items, const struct berth_shape *shape, void *structs, size_t limit)
{
    static uint64_t seed;
    char buf[4096];
    struct berth_json_stream s;
    struct berth_json_stream_config config = {T("[*]"), buf, sizeof buf, keep, items};
    if (seed == 0)
        seed = seed_start("read_list");
    items->shape = shape;
    items->structs = structs;
    items->count = 0;
    assert_int_equal(berth_json_stream_init(&s, &config), BERTH_OK);
    for (size_t at = 0; at < document_len;) {
        size_t piece = 1 + seed_below(&seed, limit);
        piece = piece < document_len - at ? piece : document_len - at;
        assert_int_equal(berth_json_stream_feed(&s, document + at, piece), BERTH_OK);
        at += piece;
    }
    assert_int_equal(berth_json_stream_end(&s), BERTH_OK);
}

static struct items items;

static void v01_v02_workers(void **state)
{
    (void)state;
    struct project workers[ITEMS_MAX];
    load(1);
    read_list(&items, &project_shape, workers, 1);
    assert_int_equal(items.count, 0);
    for (size_t limit = 1; limit < 300; limit = limit * 2 + 1) {
        load(2);
        read_list(&items, &project_shape, workers, limit);
        assert_int_equal(items.count, 2);
        assert_text(workers[0].name, "gpu-node-a");
        assert_string_equal(workers[0].id.text, "c0ffee00-1234-4abc-8def-0123456789ab");
        assert_text(workers[1].name, "Rechner S\xC3\xBC"
                                     "d \xE2\x84\x96"
                                     "2");
    }
}

static void v03_project(void **state)
{
    (void)state;
    struct project project;
    load(3);
    assert_int_equal(berth_fields_decode(&project_shape, document, document_len, &project, NULL), BERTH_OK);
    assert_text(project.name, "Vorhersage \"\xCE\xB2\" \xE2\x80\xA8x");
    assert_text(project.git, "https://git.example/team/pipe-\xCE\xB2.git");
    assert_string_equal(project.id.text, P);
}

static void v04_jobs(void **state)
{
    (void)state;
    struct job jobs[ITEMS_MAX];
    struct step step;
    for (size_t limit = 1; limit < 2000; limit = limit * 3 + 1) {
        load(4);
        read_list(&items, &job_shape, jobs, limit);
        assert_int_equal(items.count, 3);
        assert_string_equal(jobs[0].id.text, J);
        assert_true(jobs[0].finished.seconds == 1614834540 && jobs[0].state.value == 2);
        assert_text(jobs[0].project.name, "forecast");
        assert_int_equal(jobs[0].steps.count, 2);
        assert_int_equal(berth_json_list_decode(&jobs[0].steps, &step_shape, &step, NULL), BERTH_OK);
        assert_true(step.number == 0 && step.start.nanos == 100000000 && (step.present & STEP_DOCKER) == 0);
        assert_int_equal(berth_json_list_decode(&jobs[0].steps, &step_shape, &step, NULL), BERTH_OK);
        assert_text(step.docker.command, "python fit.py");
        assert_int_equal(step.metrics.count, 1);
        /* Running: not finished, its step not ended. */
        assert_int_equal(jobs[1].present & JOB_FINISHED, 0);
        assert_int_equal(berth_json_list_decode(&jobs[1].steps, &step_shape, &step, NULL), BERTH_OK);
        assert_int_equal(step.present & (STEP_START | STEP_END), STEP_START);
        /* Its project was deleted. */
        assert_int_equal(jobs[2].present & JOB_PROJECT, 0);
        assert_true(jobs[2].state.value == 31 && jobs[2].initiator.value == 2);
    }
}

static void v05_metrics(struct berth_json_list *metrics)
{
    static const struct {
        const char *name, *json;
        enum berth_json_type type;
    } due[] = {{"loss", "1.5E-05", BERTH_JSON_NUMBER},
               {"epoch", "12", BERTH_JSON_NUMBER},
               {"acc", "1.0", BERTH_JSON_NUMBER},
               {"best", "null", BERTH_JSON_NULL},
               {"diverged", "\"NaN\"", BERTH_JSON_TEXT},
               {"ok", "true", BERTH_JSON_BOOL},
               {"tag", "\"l\xC3\xA4uft\"", BERTH_JSON_TEXT},
               {"big", "9223372036854775807", BERTH_JSON_NUMBER}};
    struct berth_text name;
    struct berth_json_list item;
    assert_int_equal(metrics->count, 8);
    for (size_t i = 0; i < 8; i++) {
        struct berth_json json;
        int64_t token[(BERTH_JSON_TOKEN_SIZE + 7) / 8], integer = 0;
        double number = 0;
        assert_int_equal(berth_json_list_next(metrics, &name, &item), BERTH_OK);
        assert_text(name, due[i].name);
        struct berth_text text = berth_text_make(item.ptr, item.len);
        assert_text(text, due[i].json);
        assert_int_equal(berth_json_parse(&json, text, token, sizeof token, NULL, NULL), BERTH_OK);
        assert_int_equal(berth_json_type_of(berth_json_root(&json)), due[i].type);
        if (i == 0)
            assert_true(berth_json_get_double(berth_json_root(&json), &number) == BERTH_OK &&
                        number == 1.5e-5);
        if (i == 7)
            assert_true(berth_json_get_i64(berth_json_root(&json), &integer) == BERTH_OK &&
                        integer == INT64_MAX);
    }
    assert_int_equal(berth_json_list_next(metrics, &name, &item), BERTH_E_MISSING);
}

static void v05_job(void **state)
{
    (void)state;
    struct job job;
    struct step step;
    struct fragment fragment;
    load(5);
    assert_int_equal(berth_fields_decode(&job_shape, document, document_len, &job, NULL), BERTH_OK);
    assert_int_equal(job.steps.count, 3);
    assert_int_equal(berth_json_list_decode(&job.steps, &step_shape, &step, NULL), BERTH_OK);
    assert_int_equal(step.fragments.count, 1);
    assert_int_equal(berth_json_list_decode(&step.fragments, &fragment_shape, &fragment, NULL), BERTH_OK);
    assert_string_equal(fragment.id.text, F);
    assert_text(fragment.filename, "0_console.log");
    assert_true(fragment.type.value == 1 && fragment.created.nanos == 200000000 &&
                !berth_guid_is_set(&fragment.job));
    assert_int_equal(berth_json_list_decode(&job.steps, &step_shape, &step, NULL), BERTH_OK);
    assert_text(step.name, "Gr\xC3\xB6\xC3\x9F"
                           "e lernen");
    assert_text(step.docker.build.context, "./docker/");
    assert_text(step.docker.build.dockerfile, "fit.dockerfile");
    assert_true(step.docker.build.properties.count == 1 && step.docker.properties.count == 2);
    assert_int_equal(step.docker.present, 0xE);
    v05_metrics(&step.metrics);
    assert_int_equal(berth_json_list_decode(&job.steps, &step_shape, &step, NULL), BERTH_OK);
    assert_int_equal(step.present & (STEP_START | STEP_END | STEP_METRICS | STEP_FRAGMENTS), 0);
}

static void v06_v14_trigger(void **state)
{
    (void)state;
    static const unsigned numbers[] = {6, 14};
    for (size_t i = 0; i < 2; i++) {
        struct job job;
        struct step step;
        load(numbers[i]);
        assert_int_equal(berth_fields_decode(&job_shape, document, document_len, &job, NULL), BERTH_OK);
        assert_string_equal(job.id.text, J);
        assert_string_equal(job.project_id.text, P);
        assert_int_equal(job.present & (JOB_FINISHED | JOB_PROJECT | JOB_STATE | JOB_STEPS),
                         JOB_STATE | JOB_STEPS);
        assert_true(job.created.seconds == 1614834367 && job.created.nanos == 89123400 &&
                    job.state.value == 0);
        assert_int_equal(job.steps.count, 1);
        assert_int_equal(berth_json_list_decode(&job.steps, &step_shape, &step, NULL), BERTH_OK);
        assert_true(step.state.value == 21 && step.fragments.count == 0);
        assert_int_equal(step.present & (STEP_START | STEP_DOCKER | STEP_METRICS), 0);
        assert_int_equal(step.present & STEP_NAME, i == 0 ? STEP_NAME : 0);
    }
}

static void v07_v08_steps(void **state)
{
    (void)state;
    struct job job;
    struct step steps[4];
    load(7);
    assert_int_equal(berth_fields_decode(&job_shape, document, document_len, &job, NULL), BERTH_OK);
    assert_int_equal(job.steps.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(berth_json_list_decode(&job.steps, &step_shape, &steps[i], NULL), BERTH_OK);
    assert_text(steps[2].docker.command, "make pack");
    assert_int_equal(steps[2].docker.present, 1 << 2);
    assert_true((steps[3].present & STEP_NAME) == 0 && (steps[3].present & STEP_DOCKER) != 0 &&
                steps[3].docker.present == 0);

    /* V8 is what we send: written again it is the same bytes. */
    load(8);
    struct berth_json_list list = {document, document_len, 2};
    struct berth_text whole = {document, document_len};
    char buf[400];
    struct berth_writer out;
    struct berth_json_writer w;
    berth_writer_init(&out, buf, sizeof buf);
    berth_json_writer_init(&w, &out);
    berth_json_begin_array(&w);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(berth_json_list_decode(&list, &step_shape, &steps[i], NULL), BERTH_OK);
        berth_fields_encode(&step_shape, &steps[i], &w);
    }
    berth_json_end_array(&w);
    assert_int_equal(berth_json_done(&w), BERTH_OK);
    assert_true(berth_text_equal(berth_writer_text(&out), whole));
}

static void v09_v10_pending(void **state)
{
    (void)state;
    struct job jobs[ITEMS_MAX];
    for (size_t limit = 1; limit < 1000; limit = limit * 3 + 1) {
        load(9);
        read_list(&items, &job_shape, jobs, limit);
        assert_int_equal(items.count, 2);
        assert_string_equal(jobs[0].id.text, J);
        assert_int_equal(jobs[0].present & (JOB_ID | JOB_JOBID | JOB_PROJECTID | JOB_STEP | JOB_STATE),
                         JOB_JOBID | JOB_PROJECTID | JOB_STEP);
        assert_text(jobs[0].step.name, "Bootstrap");
        assert_true(jobs[1].step.number == 3 && jobs[1].initiator.value == 2);
        assert_text(jobs[1].step.docker.build.dockerfile, "fit.dockerfile");
    }
}

static void v11_v12_v13_others(void **state)
{
    (void)state;
    struct berth_json json;
    int64_t tokens[20], status = 0;
    load(11);
    struct berth_text text = {document, document_len};
    assert_int_equal(berth_json_parse(&json, text, tokens, sizeof tokens, NULL, NULL), BERTH_OK);
    assert_int_equal(berth_json_get_i64(berth_json_find(berth_json_root(&json), T("status")), &status),
                     BERTH_OK);
    assert_int_equal(status, 408);
    struct fragment fragments[ITEMS_MAX];
    load(12);
    read_list(&items, &fragment_shape, fragments, 5);
    assert_int_equal(items.count, 1);
    assert_string_equal(fragments[0].job.text, J);
    assert_text(fragments[0].name, "Console Log");
    load(13);
    assert_int_equal(berth_fields_decode(&fragment_shape, document, document_len, &fragments[0], NULL),
                     BERTH_OK);
    assert_text(fragments[0].filename, "modell-gr\xC3\xB6\xC3\x9F"
                                       "e.h5");
    assert_true(fragments[0].step == 1 && fragments[0].type.value == 2 &&
                fragments[0].created.nanos == 123456700);
}

static void v15_and_wrong_types(void **state)
{
    (void)state;
    struct job job;
    struct step step;
    char unknown[] = "{\"created\":\"2020-01-01T00:00:00Z\",\"state\":42}", text[] = "{\"number\":\"0\"}",
         id[] = "{\"created\":\"2020-01-01T00:00:00Z\",\"id\":\"not-a-guid\"}", bare[] = "{\"state\":1}";
    assert_int_equal(berth_fields_decode(&job_shape, unknown, strlen(unknown), &job, NULL), BERTH_OK);
    assert_int_equal(job.state.value, 42);
    struct berth_decode_error error;
    assert_int_equal(berth_fields_decode(&step_shape, text, strlen(text), &step, &error), BERTH_E_TYPE);
    assert_text(error.member, "number");
    assert_int_equal(berth_fields_decode(&job_shape, id, strlen(id), &job, &error), BERTH_E_SYNTAX);
    assert_text(error.member, "id");
    assert_int_equal(berth_fields_decode(&job_shape, bare, strlen(bare), &job, &error), BERTH_E_MISSING);
    assert_text(error.member, "created");
}

static int unload(void **state)
{
    (void)state;
    free(document);
    document = NULL;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v01_v02_workers),
        cmocka_unit_test(v03_project),
        cmocka_unit_test(v04_jobs),
        cmocka_unit_test(v05_job),
        cmocka_unit_test(v06_v14_trigger),
        cmocka_unit_test(v07_v08_steps),
        cmocka_unit_test(v09_v10_pending),
        cmocka_unit_test(v11_v12_v13_others),
        cmocka_unit_test(v15_and_wrong_types),
    };
    return cmocka_run_group_tests(tests, NULL, unload);
}
