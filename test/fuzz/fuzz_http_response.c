/* Any bytes as an HTTP response: whole and in pieces the exchange comes to the same. The first byte chooses
 * the request, the next eight the pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/http.h"
#include "berth/port_mem.h"

struct outcome {
    enum berth_status status;
    int http_status;
    uint64_t hash;
    uint64_t received;
    size_t error_len;
};

static enum berth_status hash_write(void *ctx, const void *bytes, size_t len)
{
    uint64_t *hash = ctx;
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++)
        *hash = (*hash ^ p[i]) * 0x100000001b3U;
    return BERTH_OK;
}

static enum berth_status hash_restart(void *ctx)
{
    *(uint64_t *)ctx = 0;
    return BERTH_OK;
}

static struct outcome run(struct berth_text bytes, unsigned choice, uint64_t split)
{
    static struct berth_http http;
    static char out[4096], buffer[1024];
    struct berth_mem_step steps[3] = {
        {BERTH_MEM_AWAIT, BERTH_TEXT_INIT("\r\n\r\n"), 0},
        {BERTH_MEM_BYTES, bytes, 0},
        {choice & 1 ? BERTH_MEM_CLOSE : BERTH_MEM_RESET, {NULL, 0}, 0},
    };
    struct berth_mem_clock mem_clock = {.civil_start_s = 1700000000};
    struct berth_mem_rand mem_rand = {.seed = 1};
    struct berth_mem_net mem = {.steps = steps,
                                .step_count = 3,
                                .clock = &mem_clock,
                                .out = out,
                                .out_cap = sizeof out,
                                .split_seed = split};
    struct berth_net net = berth_mem_net_init(&mem, true);
    struct berth_clock clock = berth_mem_clock_init(&mem_clock);
    struct berth_rand rand = berth_mem_rand_init(&mem_rand);
    struct berth_http_config config = {
        .net = &net, .clock = &clock, .rand = &rand, .buffer = buffer, .buffer_size = sizeof buffer};
    struct outcome o = {0};
    struct berth_sink sink = {&o.hash, hash_write, choice & 2 ? hash_restart : NULL};
    struct berth_http_reader reader = {.body = &sink};
    struct berth_http_request request = {.method = choice & 4 ? BERTH_TEXT("HEAD") : BERTH_TEXT("GET"),
                                         .url = BERTH_TEXT("http://h/a/b?c")};
    config.retry.tries = 1;
    config.redirects_max = choice & 32 ? 3 : 255;
    request.range_from = (choice & 12) == 8 ? 4 : 0;
    mem.block_between = split != 0 && (choice & 16) != 0;
    if (berth_http_init(&http, &config) != BERTH_OK)
        abort();
    o.status = berth_http_start(&http, &request, &reader, 0);
    for (unsigned steps_made = 0; o.status == BERTH_OK; steps_made++) {
        o.status = berth_http_step(&http, 0);
        if (o.status != BERTH_E_WOULD_BLOCK)
            break;
        if (steps_made > 1000000)
            abort();
        o.status = BERTH_OK;
    }
    if (mem.broken_rules != 0)
        abort();
    o.http_status = http.result.http_status;
    o.received = http.result.received;
    o.error_len = http.result.error_body.len;
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t split = 0;
    if (size < 9)
        return 0;
    memcpy(&split, data + 1, 8);
    struct berth_text bytes = {(const char *)data + 9, size - 9};
    struct outcome whole = run(bytes, data[0], 0);
    struct outcome pieces = run(bytes, data[0], split | 1);
    /* Bytes behind a redirect come before or after the next request, and then mean something else. */
    if ((data[0] & 32) != 0)
        return 0;
    if (whole.status != pieces.status || whole.http_status != pieces.http_status ||
        whole.hash != pieces.hash || whole.received != pieces.received || whole.error_len != pieces.error_len)
        abort();
    return 0;
}
