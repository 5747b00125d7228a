/* Any bytes as the bodies of an OpenPAI server's answers: the first byte chooses the operation, the second
 * the server and the credentials, the third the work memory; the rest are up to four answers, parted by 0x1E,
 * each with a byte for its status and content type before its body. Whole and in pieces must come to the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openpai_rig.h"

#define REPLIES_MAX 4
#define INPUT_MAX 16384

static struct openpai_rig o;
static char heads[REPLIES_MAX][200];
static struct berth_mem_step steps[3 * REPLIES_MAX];

static void put_head(char *head, size_t cap, uint8_t choice, size_t len, struct berth_text *out_head)
{
    static const int statuses[] = {200, 202, 206, 400, 401, 403, 404, 409,
                                   413, 416, 429, 500, 502, 200, 200, 200};
    static const char *const types[] = {"application/json", "text/html", "text/plain; charset=utf-8",
                                        "text/yaml"};
    int status = statuses[choice & 15];
    struct berth_writer w;
    berth_writer_init(&w, head, cap);
    berth_put_string(&w, "HTTP/1.1 ");
    berth_put_i64(&w, status);
    berth_put_string(&w, " X\r\nContent-Type: ");
    berth_put_string(&w, types[choice >> 4 & 3]);
    if (status == 206)
        berth_put_string(&w, "\r\nContent-Range: bytes 7-70000/70001");
    berth_put_string(&w, "\r\nX-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 7\r\nContent-Length: ");
    berth_put_u64(&w, len);
    berth_put_string(&w, "\r\n\r\n");
    *out_head = berth_writer_text(&w);
}

/* What the peer does; the number of steps. */
static size_t script(struct berth_text rest)
{
    size_t count = 0;
    memset(steps, 0, sizeof steps);
    for (unsigned i = 0; i < REPLIES_MAX && rest.ptr != NULL; i++) {
        struct berth_text part;
        if (!berth_text_split(&rest, '\x1e', &part) || part.len == 0)
            break;
        struct berth_text body = berth_text_slice(part, 1, part.len), head;
        put_head(heads[i], sizeof heads[i], (uint8_t)part.ptr[0], body.len, &head);
        steps[count++] = (struct berth_mem_step){BERTH_MEM_AWAIT, BERTH_TEXT("\r\n\r\n"), 0};
        steps[count++] = (struct berth_mem_step){BERTH_MEM_BYTES, head, 0};
        if (body.len > 0)
            steps[count++] = (struct berth_mem_step){BERTH_MEM_BYTES, body, 0};
    }
    return count;
}

static enum berth_status run(const uint8_t *data, size_t size, uint64_t split, bool stepwise)
{
    static const char *const servers[] = {"g3",     "1.2", "1.0",     "1.0-yarn",
                                          "g2-k8s", "g1",  "unknown", "unknown"};
    openpai_server(&o, servers[data[1] & 7]);
    o.credentials = (enum openpai_credentials)(data[1] >> 3 & 3);
    o.work_size = 600 + (size_t)data[2] * 40;
    o.rig.mem_clock.now_ms = 0;
    openpai_reset(&o);
    rig_script(&o.rig, steps, script(berth_text_make((const char *)data + 3, size - 3)));
    o.rig.mem.split_seed = split;
    o.rig.mem.send_piece = split != 0 ? 65536 : 0;
    enum berth_status status = openpai_operations[data[0] % openpai_operation_count].describe(&o);
    if (status != BERTH_OK)
        return status; /* a login without an account */
    status = openpai_run(&o, 60000, stepwise);
    if (o.rig.mem.broken_rules != 0 || o.account.logging_in != NULL ||
        (status != BERTH_OK && o.request.result.message[0] == '\0') ||
        !berth_text_is_utf8(berth_text_of(o.request.result.message), NULL) ||
        strlen(o.request.result.code_text) > BERTH_OPENPAI_CODE_MAX)
        abort();
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char whole[sizeof o.text];
    if (size < 4 || size > INPUT_MAX)
        return 0;
    if (o.work == NULL)
        openpai_open(&o, 1000);
    enum berth_status status = run(data, size, 0, false);
    strcpy(whole, openpai_told(&o, status));
    if (run(data, size, size | 1, false) != status || strcmp(whole, openpai_told(&o, status)) != 0)
        abort();
    return 0;
}
