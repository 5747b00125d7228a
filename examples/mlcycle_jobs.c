/* mlcycle_jobs [CAFILE]: lists the jobs of the server at $MLCYCLE_HOST, however many there are, in fixed
 * memory. */
#include <stdio.h>
#include <stdlib.h>

#include "berth/mlcycle.h"
#include "berth/port_mbedtls.h"
#include "berth/port_posix.h"

static struct berth_posix_net sockets;
static struct berth_posix_files disk;
static struct berth_mbedtls tls;
static struct berth_http http;
static struct berth_client client;
static struct berth_call call;
static unsigned char arena[BERTH_MBEDTLS_ARENA_CAP];
static char roots[256 * 1024]; /* the certificates that are trusted, as they are in the file */
static char buffer[BERTH_HTTP_BUFFER_DEFAULT];
static char work[16 * 1024]; /* one job has to fit */

static enum berth_status print_job(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_mlcycle_job *job = structure;
    unsigned *count = ctx;
    if (job == NULL) {
        printf("(a job that takes %zu bytes of memory)\n", element->needed);
        return BERTH_OK;
    }
    struct berth_text state = berth_mlcycle_state_name(job->state.value);
    struct berth_json_list steps = job->steps;
    struct berth_mlcycle_step step;
    printf("%s  %.*s", job->id.text, (int)state.len, state.ptr);
    while (berth_mlcycle_next_step(&steps, &step, NULL) == BERTH_OK)
        printf("  %d:%.*s", (int)step.number, (int)step.name.len, step.name.ptr);
    printf("\n");
    ++*count;
    return BERTH_OK;
}

static size_t load_roots(const char *path)
{
    struct berth_files files = berth_posix_files_init(&disk);
    berth_file file = files.open(files.ctx, path, BERTH_FILE_READ, 0);
    ptrdiff_t len = file < 0 ? 0 : files.read(files.ctx, file, roots, sizeof roots);
    if (file >= 0)
        files.close(files.ctx, file);
    return len < 0 ? 0 : (size_t)len;
}

int main(int argc, char **argv)
{
    if (getenv("MLCYCLE_HOST") == NULL) {
        fprintf(stderr, "usage: MLCYCLE_HOST=https://SERVER/api mlcycle_jobs [CAFILE]\n");
        return 2;
    }
    const char *reason = "";
    unsigned count = 0;
    struct berth_clock clock = berth_posix_clock(NULL);
    struct berth_rand rand = berth_posix_rand();
    struct berth_net plain = berth_posix_net_init(&sockets, NULL);

    struct berth_mbedtls_arena memory;
    berth_mbedtls_arena_init(&memory, arena, sizeof arena);
    struct berth_mbedtls_config tls_config = {
        .inner = &plain, .clock = &clock, .rand = &rand, .arena = &memory};
    size_t roots_len = load_roots(argc > 1 ? argv[1] : "/etc/ssl/certs/ca-certificates.crt");
    tls_config.roots = berth_text_make(roots, roots_len);
    if (berth_mbedtls_init(&tls, &tls_config) != BERTH_OK) {
        struct berth_text why = berth_mbedtls_reason(&tls);
        fprintf(stderr, "mlcycle_jobs: %.*s\n", (int)why.len, why.ptr);
        return 1;
    }
    struct berth_net net = berth_mbedtls_net(&tls);

    struct berth_http_config config = {.net = &net, .clock = &clock, .rand = &rand};
    config.buffer = buffer;
    config.buffer_size = sizeof buffer;
    config.redirect_upgrade_only = true;
    struct berth_text base_url = berth_text_of(getenv("MLCYCLE_HOST"));
    if (berth_http_init(&http, &config) != BERTH_OK ||
        berth_client_init(&client, &http, base_url, work, sizeof work, &reason) != BERTH_OK) {
        fprintf(stderr, "mlcycle_jobs: MLCYCLE_HOST: %s\n", reason);
        return 1;
    }
    enum berth_status status =
        berth_mlcycle_jobs_list(&call, &client, BERTH_MLCYCLE_WHOLE_JOBS, print_job, &count);
    if (status == BERTH_OK)
        status = berth_call_run(&call, 0);
    berth_http_close(&http);
    printf("%u jobs\n", count);
    if (status != BERTH_OK)
        fprintf(stderr, "mlcycle_jobs: %s\n", call.result.message);
    return status == BERTH_OK ? 0 : 1;
}
