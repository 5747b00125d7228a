/* hdfs_list ROOT USER PATH: lists a WebHDFS directory of any size, in fixed memory and without TLS. */
#include <stdio.h>

#include "berth/port_posix.h"
#include "berth/webhdfs.h"

static struct berth_posix_net sockets;
static struct berth_http http;
static struct berth_webhdfs fs;
static struct berth_call call;
static char buffer[BERTH_HTTP_BUFFER_DEFAULT];
static char work[BERTH_WEBHDFS_WORK_MIN];

static enum berth_status print_entry(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_webhdfs_entry *entry = structure;
    unsigned *count = ctx;
    if (entry == NULL) {
        printf("(an entry that takes %zu bytes of memory)\n", element->needed);
        return BERTH_OK;
    }
    printf("%.*s %lld %.*s\n", (int)entry->type.text.len, entry->type.text.ptr, (long long)entry->length,
           (int)entry->name.len, entry->name.ptr);
    ++*count;
    return BERTH_OK;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: hdfs_list http://NAMENODE:9870 USER PATH\n");
        return 2;
    }
    const char *reason = "";
    unsigned count = 0;
    struct berth_clock clock = berth_posix_clock(NULL);
    struct berth_rand rand = berth_posix_rand();
    struct berth_net net = berth_posix_net_init(&sockets, NULL);
    struct berth_http_config http_config = {
        .net = &net, .clock = &clock, .rand = &rand, .buffer = buffer, .buffer_size = sizeof buffer};
    struct berth_text root = berth_text_of(argv[1]);
    struct berth_webhdfs_config config = {.http = &http,
                                          .roots = &root,
                                          .root_count = 1,
                                          .user = berth_text_of(argv[2]),
                                          .work = work,
                                          .work_size = sizeof work};
    if (berth_http_init(&http, &http_config) != BERTH_OK ||
        berth_webhdfs_init(&fs, &config, &reason) != BERTH_OK) {
        fprintf(stderr, "hdfs_list: %s\n", reason);
        return 1;
    }
    enum berth_status status =
        berth_webhdfs_list(&call, &fs, berth_text_of(argv[3]), BERTH_TEXT(""), print_entry, &count);
    if (status == BERTH_OK)
        status = berth_call_run(&call, 0);
    berth_http_close(&http);
    printf("%u entries\n", count);
    if (status != BERTH_OK)
        fprintf(stderr, "hdfs_list: %s\n",
                call.result.message[0] != '\0' ? call.result.message : berth_status_name(status));
    return status == BERTH_OK ? 0 : 1;
}
