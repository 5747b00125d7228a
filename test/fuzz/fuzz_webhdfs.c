/* Any bytes as the body of a WebHDFS answer: read by the operation that the first byte chooses, whole and in
 * pieces alike; with the top bit of the first byte an error body is judged. Names that pass for safe hold no
 * way out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/port_mem.h"
#include "berth/webhdfs.h"

struct outcome {
    enum berth_status status;
    uint64_t hash, elements, skipped;
    int64_t number;
    char exception[BERTH_WEBHDFS_EXCEPTION_MAX];
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

static enum berth_status on_entry(void *ctx, const struct berth_json_element *element, void *structure)
{
    const struct berth_webhdfs_entry *entry = structure;
    uint64_t *hash = ctx;
    add(hash, &element->index, sizeof element->index);
    if (entry == NULL)
        return BERTH_OK;
    add_text(hash, entry->name);
    add_text(hash, entry->owner);
    add_text(hash, entry->symlink);
    add(hash, &entry->length, sizeof entry->length);
    add(hash, &entry->mode, sizeof entry->mode);
    if (entry->length < 0 || entry->mode > 07777)
        abort();
    if (berth_webhdfs_name_is_safe(entry->name))
        for (size_t i = 0; i < entry->name.len; i++)
            if (entry->name.ptr[i] == '/' || entry->name.ptr[i] == '\\' || entry->name.ptr[i] == '\0')
                abort();
    return BERTH_OK;
}

static enum berth_status describe(struct berth_call *call, struct berth_webhdfs *fs, unsigned choice,
                                  uint64_t *hash)
{
    struct berth_text path = BERTH_TEXT("/user/lee/x");
    switch (choice % 8) {
    case 0:
        return berth_webhdfs_list(call, fs, path, BERTH_TEXT(""), on_entry, hash);
    case 1:
        fs->no_batch[0] = true;
        return berth_webhdfs_list(call, fs, path, BERTH_TEXT(""), on_entry, hash);
    case 2:
        return berth_webhdfs_stat(call, fs, path);
    case 3:
        return berth_webhdfs_summarize(call, fs, path);
    case 4:
        return berth_webhdfs_get_checksum(call, fs, path);
    case 5:
        return berth_webhdfs_delete(call, fs, path, false);
    case 6:
        return berth_webhdfs_home(call, fs);
    default:
        return berth_webhdfs_renew_token(call, fs, BERTH_TEXT("T"));
    }
}

static size_t put_head(char *head, size_t cap, unsigned choice, size_t len)
{
    static const int codes[] = {400, 401, 403, 500};
    struct berth_writer w;
    berth_writer_init(&w, head, cap);
    berth_put_string(&w, "HTTP/1.1 ");
    berth_put_i64(&w, (choice & 0x80) != 0 ? codes[choice >> 5 & 3] : 200);
    berth_put_string(&w, " X\r\nContent-Type: application/json\r\nContent-Length: ");
    berth_put_u64(&w, len);
    berth_put_string(&w, "\r\nConnection: close\r\n\r\n");
    return w.len;
}

static void run(struct outcome *o, unsigned choice, struct berth_text body, uint64_t split)
{
    static struct berth_http http;
    static struct berth_webhdfs fs;
    static struct berth_call call;
    static char out[4096], buffer[1024], work[BERTH_WEBHDFS_WORK_MIN], head[200];
    static const struct berth_text root = BERTH_TEXT_INIT("http://h:1");
    struct berth_mem_step steps[4] = {
        {BERTH_MEM_AWAIT, BERTH_TEXT_INIT("\r\n\r\n"), 0},
        {BERTH_MEM_BYTES, {head, put_head(head, sizeof head, choice, body.len)}, 0},
        {BERTH_MEM_BYTES, body, 0},
        {BERTH_MEM_CLOSE, {NULL, 0}, 0}};
    struct berth_mem_clock mem_clock = {.civil_start_s = 1700000000};
    struct berth_mem_rand mem_rand = {.seed = 1};
    struct berth_mem_net mem = {.steps = steps,
                                .step_count = 4,
                                .clock = &mem_clock,
                                .out = out,
                                .out_cap = sizeof out,
                                .split_seed = split};
    struct berth_net net = berth_mem_net_init(&mem, true);
    struct berth_clock clock = berth_mem_clock_init(&mem_clock);
    struct berth_rand rand = berth_mem_rand_init(&mem_rand);
    struct berth_http_config http_config = {
        .net = &net, .clock = &clock, .rand = &rand, .buffer = buffer, .buffer_size = sizeof buffer};
    struct berth_webhdfs_config config = {
        .http = &http, .roots = &root, .root_count = 1, .work = work, .work_size = sizeof work};
    memset(o, 0, sizeof *o);
    config.retry.tries = 1;
    if (berth_http_init(&http, &http_config) != BERTH_OK ||
        berth_webhdfs_init(&fs, &config, NULL) != BERTH_OK ||
        describe(&call, &fs, choice, &o->hash) != BERTH_OK)
        abort();
    o->status = berth_call_run(&call, 1000);
    o->elements = call.result.element_count;
    o->skipped = call.result.skipped_count;
    if (o->status == BERTH_OK) {
        o->number = fs.answer.number;
        add_text(&o->hash, fs.answer.path);
        add_text(&o->hash, fs.answer.checksum.bytes);
        add(&o->hash, &fs.answer.entry.length, sizeof fs.answer.entry.length);
    }
    memcpy(o->exception, fs.exception, sizeof o->exception);
    memcpy(o->message, call.result.message, sizeof o->message);
    if (mem.broken_rules != 0 || (o->status != BERTH_OK && o->message[0] == '\0') ||
        !berth_text_is_utf8(berth_text_of(o->message), NULL) ||
        !berth_text_is_utf8(berth_text_of(o->exception), NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, pieces;
    if (size < 1)
        return 0;
    struct berth_text body = berth_text_make((const char *)data + 1, size - 1);
    run(&whole, data[0], body, 0);
    run(&pieces, data[0], body, size | 1);
    if (memcmp(&whole, &pieces, sizeof whole) != 0)
        abort();
    if ((data[0] & 0x80) != 0 && whole.status == BERTH_OK)
        abort();
    return 0;
}
