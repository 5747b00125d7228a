/* How fast JSON is read: a list of 20,000 mlcycle jobs of five steps, from memory, on one core. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "berth/json.h"

#define JOBS 20000
#define STEPS 5
#define BYTES_MAX ((size_t)40 << 20)
#define ROUNDS 5
#define PIECE 16384 /* what a TLS record brings at most */

struct step {
    uint32_t present;
    struct berth_text name;
    int32_t number;
    struct berth_enum state;
    struct berth_time start, end;
    struct berth_text image, command;
    struct docker {
        uint32_t present;
        struct berth_text image, command;
    } docker;
    struct berth_json_list metrics;
};

struct job {
    uint32_t present;
    struct berth_guid id;
    struct berth_time created, finished;
    struct berth_enum state, initiator;
    struct project {
        uint32_t present;
        struct berth_text name, git;
        struct berth_guid id;
    } project;
    struct berth_json_list steps;
};

#define FIELD(type_, name_, struct_, member_, shape_)                                                        \
    {                                                                                                        \
        BERTH_TEXT_INIT(name_), BERTH_FIELD_##type_, 0, offsetof(struct struct_, member_), shape_, NULL, 0   \
    }
#define SHAPE(struct_, fields_)                                                                              \
    {                                                                                                        \
#struct_, fields_,                                                                                   \
            sizeof(fields_) / sizeof(fields_)[0], sizeof(struct struct_), offsetof(struct struct_, present)  \
    }

static const struct berth_field docker_fields[] = {FIELD(TEXT, "image", docker, image, NULL),
                                                   FIELD(TEXT, "command", docker, command, NULL)};
static const struct berth_shape docker_shape = SHAPE(docker, docker_fields);
static const struct berth_field step_fields[] = {
    FIELD(TEXT, "name", step, name, NULL),     FIELD(I32, "number", step, number, NULL),
    FIELD(TIME, "start", step, start, NULL),   FIELD(TIME, "end", step, end, NULL),
    FIELD(ENUM, "state", step, state, NULL),   FIELD(OBJECT, "docker", step, docker, &docker_shape),
    FIELD(MAP, "metrics", step, metrics, NULL)};
static const struct berth_shape step_shape = SHAPE(step, step_fields);
static const struct berth_field project_fields[] = {FIELD(TEXT, "name", project, name, NULL),
                                                    FIELD(TEXT, "gitRepository", project, git, NULL),
                                                    FIELD(GUID, "id", project, id, NULL)};
static const struct berth_shape project_shape = SHAPE(project, project_fields);
static const struct berth_field job_fields[] = {FIELD(GUID, "id", job, id, NULL),
                                                FIELD(TIME, "created", job, created, NULL),
                                                FIELD(TIME, "finished", job, finished, NULL),
                                                FIELD(ENUM, "state", job, state, NULL),
                                                FIELD(ENUM, "initiator", job, initiator, NULL),
                                                FIELD(OBJECT, "project", job, project, &project_shape),
                                                FIELD(LIST, "steps", job, steps, NULL)};
static const struct berth_shape job_shape = SHAPE(job, job_fields);

/* ---- The data --------------------------------------------------------------------------------- */

static uint32_t random_state = 1;

static unsigned below(unsigned limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

static void put_guid(struct berth_writer *w)
{
    static const unsigned groups[] = {4, 2, 2, 2, 6};
    for (size_t g = 0; g < 5; g++) {
        if (g > 0)
            berth_put_char(w, '-');
        for (unsigned i = 0; i < groups[g]; i++) {
            unsigned char byte = (unsigned char)below(256);
            berth_put_hex(w, &byte, 1);
        }
    }
}

static void put_time(struct berth_writer *w, const char *name, int64_t seconds)
{
    struct berth_time time = {seconds, below(1000) * 1000000};
    berth_put_string(w, ",\"");
    berth_put_string(w, name);
    berth_put_string(w, "\":\"");
    if (berth_put_rfc3339(w, time) != BERTH_OK)
        abort();
    berth_put_char(w, '"');
}

static void put_step(struct berth_writer *w, unsigned number, int64_t *at)
{
    static const char *const names[] = {"Bootstrap", "Daten holen", "Fit: model", "Größe lernen", "Report"};
    berth_put_string(w, number == 0 ? "{\"name\":\"" : ",{\"name\":\"");
    berth_put_string(w, names[number]);
    berth_put_string(w, "\",\"number\":");
    berth_put_u64(w, number);
    put_time(w, "start", *at);
    *at += 1 + below(3000);
    put_time(w, "end", *at);
    berth_put_string(w, ",\"state\":2");
    if (number > 0) {
        berth_put_string(
            w, ",\"docker\":{\"image\":\"registry.example/team/py:3.8\",\"command\":\"python run.py "
               "--stage ");
        berth_put_u64(w, number);
        berth_put_string(w, " --lr 1e-3 --out \\\"model.h5\\\"\"},\"metrics\":{\"RMSE\":");
        berth_put_double(w, below(100000) / 65536.0);
        berth_put_string(w, ",\"epoch\":");
        berth_put_u64(w, below(200));
        berth_put_char(w, '}');
    }
    berth_put_char(w, '}');
}

static void put_job(struct berth_writer *w)
{
    int64_t at = 1600000000 + below(100000000);
    berth_put_string(w, "{\"id\":\"");
    put_guid(w);
    berth_put_char(w, '"');
    put_time(w, "created", at);
    put_time(w, "finished", at + 15000);
    berth_put_string(w, ",\"state\":2,\"initiator\":0,\"project\":{\"name\":\"forecast\",\"gitRepository\":"
                        "\"https://git.example/team/pipe.git\",\"id\":\"");
    put_guid(w);
    berth_put_string(w, "\"},\"steps\":[");
    for (unsigned i = 0; i < STEPS; i++)
        put_step(w, i, &at);
    berth_put_string(w, "]}");
}

static struct berth_text make_document(void)
{
    struct berth_writer w;
    berth_writer_init(&w, malloc(BYTES_MAX), BYTES_MAX);
    berth_put_char(&w, '[');
    for (unsigned i = 0; i < JOBS; i++) {
        if (i > 0)
            berth_put_char(&w, ',');
        put_job(&w);
    }
    berth_put_char(&w, ']');
    return berth_writer_text(&w);
}

/* ---- What is measured ------------------------------------------------------------------------- */

struct sums {
    uint64_t jobs, steps, seconds, bytes;
};

static void add_step(struct sums *sums, const struct step *step)
{
    sums->steps++;
    sums->seconds += (uint64_t)(step->end.seconds - step->start.seconds);
    sums->bytes += step->docker.command.len;
}

static enum berth_status count_element(void *ctx, const struct berth_json_element *element)
{
    struct sums *sums = ctx;
    sums->jobs++;
    sums->bytes += element->len;
    return BERTH_OK;
}

static enum berth_status decode_job(void *ctx, const struct berth_json_element *element)
{
    struct sums *sums = ctx;
    struct job job;
    struct step step;
    BERTH_TRY(berth_json_element_decode(element, &job_shape, &job, NULL));
    sums->jobs++;
    enum berth_status status;
    while ((status = berth_json_list_decode(&job.steps, &step_shape, &step, NULL)) == BERTH_OK)
        add_step(sums, &step);
    return status == BERTH_E_MISSING ? BERTH_OK : status;
}

static enum berth_status decode_level(void *ctx, const struct berth_json_element *element)
{
    struct sums *sums = ctx;
    if (element->level == 2) {
        struct step step;
        BERTH_TRY(berth_json_element_decode(element, &step_shape, &step, NULL));
        add_step(sums, &step);
    } else {
        struct job job;
        BERTH_TRY(berth_json_element_decode(element, &job_shape, &job, NULL));
        sums->jobs++;
    }
    return BERTH_OK;
}

static void stream(struct berth_text document, const char *path,
                   enum berth_status (*element)(void *, const struct berth_json_element *), struct sums *sums)
{
    static char buf[16384];
    struct berth_json_stream s;
    struct berth_json_stream_config config = {berth_text_of(path), buf, sizeof buf, element, sums};
    enum berth_status status = berth_json_stream_init(&s, &config);
    for (size_t at = 0; at < document.len && status == BERTH_OK; at += PIECE) {
        struct berth_text piece = berth_text_slice(document, at, at + PIECE);
        status = berth_json_stream_feed(&s, piece.ptr, piece.len);
    }
    if (status == BERTH_OK)
        status = berth_json_stream_end(&s);
    if (status != BERTH_OK) {
        fprintf(stderr, "stream: %s\n", berth_status_name(status));
        exit(1);
    }
}

static void run_check(struct berth_text document, struct sums *sums)
{
    sums->jobs = berth_json_check(document, NULL) == BERTH_OK;
}

static void run_tokens(struct berth_text document, struct sums *sums)
{
    static void *tokens;
    size_t size = (size_t)JOBS * 130 * BERTH_JSON_TOKEN_SIZE;
    struct berth_json json;
    if (tokens == NULL)
        tokens = malloc(size);
    if (berth_json_parse(&json, document, tokens, size, NULL, NULL) != BERTH_OK)
        abort();
    sums->jobs = json.token_count;
}

static void run_stream(struct berth_text document, struct sums *sums)
{
    stream(document, "[*]", count_element, sums);
}

static void run_jobs(struct berth_text document, struct sums *sums)
{
    stream(document, "[*]", decode_job, sums);
}

static void run_steps(struct berth_text document, struct sums *sums)
{
    stream(document, "[*].steps[*]", decode_level, sums);
}

/* The processor's time, so that what else runs on the machine counts little. */
static double now_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(struct berth_text document, struct sums *sums);
    } measures[] = {
        {"check", run_check},
        {"check + jsmn tokens", run_tokens},
        {"stream [*]", run_stream},
        {"stream [*] + field tables", run_jobs},
        {"stream [*].steps[*] + field tables", run_steps},
    };
    struct berth_text document = make_document();
    uint64_t total = 0; /* so that nothing that is measured can be left out */
    printf("Parts: a list of %d jobs of %d steps in memory, %.1f MB; processor time, best of %d rounds\n\n",
           JOBS, STEPS, (double)document.len / 1e6, ROUNDS);
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        double best = 1e9;
        struct sums sums;
        for (int round = 0; round < ROUNDS; round++) {
            memset(&sums, 0, sizeof sums);
            double begin = now_s();
            measures[i].run(document, &sums);
            double took = now_s() - begin;
            best = took < best ? took : best;
        }
        printf("  %-36s %5.0f MB/s\n", measures[i].name, (double)document.len / best / 1e6);
        total += sums.jobs + sums.steps + sums.seconds + sums.bytes;
    }
    return total == 0;
}
