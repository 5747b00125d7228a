/* openpai_jobs URI USER [STATE ...]: lists a user's jobs on an OpenPAI server of any generation, however many
 * there are, in fixed memory and without TLS. The password is in OPENPAI_PASSWORD. */
#include <stdio.h>
#include <stdlib.h>

#include "berth/openpai.h"
#include "berth/port_posix.h"

static struct berth_posix_net sockets;
static struct berth_http http;
static struct berth_openpai_account account;
static struct berth_openpai pai;
static struct berth_openpai_request request;
static char buffer[BERTH_HTTP_BUFFER_DEFAULT];
static char work[8 * 1024]; /* one job has to fit */
static uint64_t seen[8192]; /* 4,096 jobs are told apart although they move between pages */

static enum berth_status print_job(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_openpai_summary *job = structure;
    (void)ctx;
    if (job == NULL)
        printf("(a job that takes %zu bytes of memory)\n", element->needed);
    else
        printf("%.*s  %.*s  %.*s\n", (int)job->name.len, job->name.ptr, (int)job->state.text.len,
               job->state.text.ptr, (int)job->virtual_cluster.len, job->virtual_cluster.ptr);
    return BERTH_OK;
}

int main(int argc, char **argv)
{
    struct berth_text states[8];
    size_t state_count = 0;
    const char *reason = "";
    if (argc < 3 || argc > 11) {
        fprintf(stderr, "usage: OPENPAI_PASSWORD=... openpai_jobs http://SERVER USER [STATE ...]\n");
        return 2;
    }
    for (int i = 3; i < argc; i++)
        states[state_count++] = berth_text_of(argv[i]);
    struct berth_text user = berth_text_of(argv[2]);
    account.user = user;
    account.password = berth_text_of(getenv("OPENPAI_PASSWORD"));

    struct berth_clock clock = berth_posix_clock(NULL);
    struct berth_rand rand = berth_posix_rand();
    struct berth_net net = berth_posix_net_init(&sockets, NULL);
    struct berth_http_config http_config = {
        .net = &net, .clock = &clock, .rand = &rand, .buffer = buffer, .buffer_size = sizeof buffer};
    struct berth_openpai_config config = {.http = &http,
                                          .clock = &clock,
                                          .pai_uri = berth_text_of(argv[1]),
                                          .account = &account,
                                          .work = work,
                                          .work_size = sizeof work};
    struct berth_openpai_filter filter = {
        .usernames = {&user, 1}, .states = {states, state_count}, .seen = seen, .seen_size = sizeof seen};
    if (berth_http_init(&http, &http_config) != BERTH_OK ||
        berth_openpai_init(&pai, &config, &reason) != BERTH_OK) {
        fprintf(stderr, "openpai_jobs: %s: %s\n", argv[1], reason);
        return 1;
    }
    enum berth_status status = berth_openpai_jobs_list(&request, &pai, &filter, print_job, NULL);
    if (status == BERTH_OK)
        status = berth_openpai_run(&request, 0);
    printf("%llu jobs\n", (unsigned long long)request.result.element_count);
    if (status != BERTH_OK)
        fprintf(stderr, "openpai_jobs: %s\n",
                request.result.message[0] != '\0' ? request.result.message : berth_status_name(status));
    berth_http_close(&http);
    berth_openpai_account_wipe(&account);
    berth_openpai_close(&pai);
    return status == BERTH_OK ? 0 : 1;
}
