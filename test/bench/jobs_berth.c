/* Reads a job list with berth: `jobs_berth memory FILE` or `jobs_berth tls URL CAFILE`. */
/* link: -static */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <unistd.h>

#include "berth/mlcycle.h"
#include "berth/port_mbedtls.h"
#include "berth/port_posix.h"

#include "jobs.h"

#define PIECE 16384 /* what a TLS record brings at most */

static char work[16384]; /* one job at a time */

static enum berth_status add_job(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_mlcycle_job *job = structure;
    struct bench_job taken = {.id = berth_guid_text(&job->id),
                              .project_id = berth_guid_text(&job->project.id),
                              .project_name = job->project.name,
                              .git_repository = job->project.git_repository,
                              .created = job->created,
                              .finished = job->finished,
                              .state = job->state.value,
                              .initiator = job->initiator.value};
    struct berth_mlcycle_step step;
    enum berth_status status;
    (void)element;
    bench_add_job(ctx, &taken);
    while ((status = berth_mlcycle_next_step(&job->steps, &step, NULL)) == BERTH_OK) {
        struct bench_step one = {.name = step.name,
                                 .image = step.docker.image,
                                 .dockerfile = step.docker.build.dockerfile,
                                 .command = step.docker.command,
                                 .start = step.start,
                                 .end = step.end,
                                 .number = step.number,
                                 .state = step.state.value,
                                 .metric_count = step.metrics.count};
        bench_add_step(ctx, &one);
    }
    return status == BERTH_E_MISSING ? BERTH_OK : status;
}

/* ---- from memory ------------------------------------------------------------------------------ */

static enum berth_status decode_job(void *ctx, const struct berth_json_element *element)
{
    struct berth_mlcycle_job job;
    BERTH_TRY(berth_json_element_decode(element, &berth_mlcycle_job_shape, &job, NULL));
    return add_job(ctx, element, &job);
}

static void from_memory(const char *path)
{
    static char piece[PIECE];
    struct bench_sums sums = {0};
    struct berth_json_stream stream;
    struct berth_json_stream_config config = {BERTH_TEXT("[*]"), work, sizeof work, decode_job, &sums};
    uint64_t bytes = 0;
    ssize_t count;
    int file = open(path, O_RDONLY);
    if (file < 0)
        bench_fail("cannot open the job list");
    struct bench_watch begin = bench_now();
    enum berth_status status = berth_json_stream_init(&stream, &config);
    while (status == BERTH_OK && (count = read(file, piece, sizeof piece)) > 0) {
        status = berth_json_stream_feed(&stream, piece, (size_t)count);
        bytes += (size_t)count;
    }
    if (status == BERTH_OK)
        status = berth_json_stream_end(&stream);
    struct bench_watch end = bench_now();
    if (status != BERTH_OK)
        bench_fail(berth_status_name(status));
    bench_report(&sums, bytes, begin, end);
}

/* ---- over TLS --------------------------------------------------------------------------------- */

static struct berth_posix_net sockets;
static struct berth_mbedtls tls;
static struct berth_http http;
static struct berth_client client;
static struct berth_call call;
static unsigned char arena[BERTH_MBEDTLS_ARENA_CAP];
static char roots[16384];
static char buffer[16384];

static void over_tls(const char *url, const char *ca_file)
{
    struct bench_sums sums = {0};
    struct berth_clock clock = berth_posix_clock(NULL);
    struct berth_rand rand = berth_posix_rand();
    struct berth_net plain = berth_posix_net_init(&sockets, NULL);
    struct berth_mbedtls_arena memory;
    int file = open(ca_file, O_RDONLY);
    ssize_t count = file < 0 ? -1 : read(file, roots, sizeof roots);
    if (count < 0)
        bench_fail("cannot read the CA file");
    struct bench_watch begin = bench_now();
    berth_mbedtls_arena_init(&memory, arena, sizeof arena);
    struct berth_mbedtls_config tls_config = {.inner = &plain,
                                              .clock = &clock,
                                              .rand = &rand,
                                              .arena = &memory,
                                              .roots = berth_text_make(roots, (size_t)count)};
    if (berth_mbedtls_init(&tls, &tls_config) != BERTH_OK)
        bench_fail(tls.reason);
    struct berth_net net = berth_mbedtls_net(&tls);
    struct berth_http_config config = {
        .net = &net, .clock = &clock, .rand = &rand, .buffer = buffer, .buffer_size = sizeof buffer};
    enum berth_status status = berth_http_init(&http, &config);
    if (status == BERTH_OK)
        status = berth_client_init(&client, &http, berth_text_of(url), work, sizeof work, NULL);
    if (status == BERTH_OK)
        status = berth_mlcycle_jobs_list(&call, &client, BERTH_MLCYCLE_WHOLE_JOBS, add_job, &sums);
    if (status == BERTH_OK)
        status = berth_call_run(&call, 0);
    struct bench_watch end = bench_now();
    if (status != BERTH_OK)
        bench_fail(call.result.message[0] != '\0' ? call.result.message : berth_status_name(status));
    berth_http_close(&http);
    bench_report(&sums, call.result.received, begin, end);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "memory") == 0)
        from_memory(argv[2]);
    else if (argc == 4 && strcmp(argv[1], "tls") == 0)
        over_tls(argv[2], argv[3]);
    else
        bench_fail("usage: jobs_berth memory FILE | tls URL CAFILE");
    return 0;
}
