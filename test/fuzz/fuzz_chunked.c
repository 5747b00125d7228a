/* Any bytes as a body: whole and in pieces it comes to the same. The first byte chooses the framing, the
 * second the pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/body.h"

struct outcome {
    enum berth_status status;
    uint64_t hash;
    uint64_t count;
    size_t used;
};

static struct outcome run(const char *bytes, size_t len, unsigned choice, size_t piece)
{
    struct berth_body body;
    struct outcome o = {BERTH_E_WOULD_BLOCK, 0, 0, 0};
    static const enum berth_framing framings[4] = {BERTH_FRAMING_CHUNKED, BERTH_FRAMING_CHUNKED,
                                                   BERTH_FRAMING_LENGTH, BERTH_FRAMING_CLOSE};
    berth_body_init(&body, framings[choice & 3], choice);
    while (o.used < len && o.status == BERTH_E_WOULD_BLOCK) {
        size_t count = len - o.used < piece ? len - o.used : piece;
        size_t used = 0;
        struct berth_text data;
        const char *why = NULL;
        o.status = berth_body_read(&body, bytes + o.used, count, &used, &data, &why);
        if (o.status == BERTH_E_PROTOCOL && why == NULL)
            abort();
        if (used > count || data.len > used || (used == 0 && o.status == BERTH_E_WOULD_BLOCK))
            abort();
        o.used += used;
        o.count += data.len;
        for (size_t i = 0; i < data.len; i++)
            o.hash = (o.hash ^ (unsigned char)data.ptr[i]) * 0x100000001b3U;
    }
    if (o.status == BERTH_E_PROTOCOL)
        o.used = 0; /* where exactly depends on the pieces */
    if (o.status == BERTH_OK && !berth_body_may_close(&body))
        abort();
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 2;
    struct outcome whole = run(bytes, size - 2, data[0], size);
    struct outcome pieces = run(bytes, size - 2, data[0], 1 + data[1] % 16u);
    if (whole.status != pieces.status || whole.hash != pieces.hash || whole.count != pieces.count ||
        whole.used != pieces.used)
        abort();
    return 0;
}
