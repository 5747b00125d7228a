/* Any bytes as the body of an mlcycle answer: decoded by the operation that the first byte chooses, in as
 * much memory as the second one says, whole and in pieces alike; with the top bit of the first byte an error
 * body is judged. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/mlcycle.h"
#include "berth/port_mem.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct outcome {
    enum berth_status status;
    uint64_t hash, elements, skipped;
    char message[BERTH_CALL_MESSAGE_MAX];
};

static void add(uint64_t *hash, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++)
        *hash = (*hash ^ p[i]) * 0x100000001b3U;
}

static void add_text(uint64_t *hash, struct berth_text text)
{
    add(hash, text.ptr, text.len);
    if (text.len > 0 && !berth_text_is_utf8(text, NULL))
        abort();
}

static void add_step(uint64_t *hash, struct berth_mlcycle_step *step)
{
    static const struct berth_guid job = {"6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10"};
    struct berth_mlcycle_metric metric;
    struct berth_mlcycle_fragment fragment;
    add_text(hash, step->name);
    add_text(hash, step->docker.image);
    add_text(hash, step->docker.build.dockerfile);
    add_text(hash, step->docker.command);
    add(hash, &step->number, sizeof step->number);
    while (berth_mlcycle_next_metric(&step->metrics, &metric) == BERTH_OK) {
        add_text(hash, metric.key);
        add_text(hash, metric.text);
        add(hash, &metric.kind, sizeof metric.kind);
    }
    while (berth_mlcycle_next_fragment(&step->fragments, &job, step->number, &fragment, NULL) == BERTH_OK)
        add_text(hash, fragment.filename);
}

static enum berth_status on_job(void *ctx, const struct berth_json_element *element, void *structure)
{
    uint64_t *hash = ctx;
    struct berth_mlcycle_step step;
    if (structure == NULL)
        return BERTH_OK;
    if (element->level == 3) {
        const struct berth_mlcycle_fragment *fragment = structure;
        add_text(hash, fragment->name);
        add(hash, &fragment->step_number, sizeof fragment->step_number);
    } else if (element->level == 2) {
        add_step(hash, structure);
    } else {
        struct berth_mlcycle_job *job = structure;
        add_text(hash, berth_guid_text(&job->id));
        add_text(hash, job->project.name);
        while (berth_mlcycle_next_step(&job->steps, &step, NULL) == BERTH_OK)
            add_step(hash, &step);
        add_step(hash, &job->step);
    }
    return BERTH_OK;
}

static enum berth_status on_fragment(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_mlcycle_fragment *fragment = structure;
    add(ctx, &element->index, sizeof element->index);
    if (fragment != NULL)
        add_text(ctx, fragment->filename);
    return BERTH_OK;
}

static enum berth_status describe(struct berth_call *call, struct berth_client *client, unsigned choice,
                                  uint64_t *hash)
{
    static const struct berth_guid id = {"6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10"};
    switch (choice % 8) {
    case 0:
        return berth_mlcycle_jobs_list(call, client, BERTH_MLCYCLE_WHOLE_JOBS, on_job, hash);
    case 1:
        return berth_mlcycle_jobs_list(call, client, BERTH_MLCYCLE_EACH_STEP, on_job, hash);
    case 2:
        return berth_mlcycle_jobs_get(call, client, &id, BERTH_MLCYCLE_WHOLE_JOBS, on_job, hash);
    case 3:
        return berth_mlcycle_jobs_get(call, client, &id, BERTH_MLCYCLE_EACH_FRAGMENT, on_job, hash);
    case 4:
        return berth_mlcycle_scheduler_pending(call, client, 0, on_job, hash);
    case 5:
        return berth_mlcycle_fragments_list(call, client, &id, on_fragment, hash);
    case 6:
        return berth_mlcycle_jobs_trigger(call, client, &id, 0, on_job, hash);
    default:
        return berth_mlcycle_jobs_get(call, client, &id, BERTH_MLCYCLE_EACH_STEP, on_job, hash);
    }
}

/* The head before BODY: as choice says, of an answer or of an error. */
static size_t put_head(char *head, size_t cap, unsigned choice, size_t len)
{
    static const int codes[] = {400, 404, 408, 503};
    static const char *const types[] = {"application/problem+json", "text/plain; charset=utf-8"};
    bool error = (choice & 0x80) != 0;
    struct berth_writer w;
    berth_writer_init(&w, head, cap);
    berth_put_string(&w, "HTTP/1.1 ");
    berth_put_i64(&w, error ? codes[choice >> 5 & 3] : 200);
    berth_put_string(&w, " X\r\nContent-Type: ");
    berth_put_string(&w, !error ? "application/json" : types[choice >> 4 & 1]);
    berth_put_string(&w, "\r\nContent-Length: ");
    berth_put_u64(&w, len);
    berth_put_string(&w, "\r\n\r\n");
    return w.len;
}

static void run(struct outcome *o, unsigned choice, size_t work_size, struct berth_text body, uint64_t split)
{
    static struct berth_http http;
    static struct berth_client client;
    static struct berth_call call;
    static char out[4096], buffer[1024], work[16384], head[200];
    struct berth_mem_step steps[3] = {
        {BERTH_MEM_AWAIT, BERTH_TEXT_INIT("\r\n\r\n"), 0},
        {BERTH_MEM_BYTES, {head, put_head(head, sizeof head, choice, body.len)}, 0},
        {BERTH_MEM_BYTES, body, 0}};
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
    memset(o, 0, sizeof *o);
    config.retry.tries = 1;
    if (berth_http_init(&http, &config) != BERTH_OK ||
        berth_client_init(&client, &http, BERTH_TEXT("http://h/api"), work, work_size, NULL) != BERTH_OK ||
        describe(&call, &client, choice, &o->hash) != BERTH_OK)
        abort();
    o->status = berth_call_run(&call, 0);
    o->elements = call.result.element_count;
    o->skipped = call.result.skipped_count;
    memcpy(o->message, call.result.message, sizeof o->message);
    if (mem.broken_rules != 0 || (o->status != BERTH_OK && o->message[0] == '\0') ||
        !berth_text_is_utf8(berth_text_of(o->message), NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, pieces;
    if (size < 2)
        return 0;
    struct berth_text body = berth_text_make((const char *)data + 2, size - 2);
    size_t work_size = 800 + (size_t)data[1] * 60;
    run(&whole, data[0], work_size, body, 0);
    run(&pieces, data[0], work_size, body, size | 1);
    if (memcmp(&whole, &pieces, sizeof whole) != 0)
        abort();
    /* An answer that is cut off is never a success with as much in it. */
    if (whole.status == BERTH_OK && (data[0] & 0x80) == 0 && body.len > 0) {
        struct berth_text trimmed = berth_text_trim(body);
        run(&pieces, data[0], work_size,
            berth_text_make(body.ptr, (size_t)(trimmed.ptr + trimmed.len - 1 - body.ptr)), 3);
        if (pieces.status == BERTH_OK)
            abort();
    }
    return 0;
}
