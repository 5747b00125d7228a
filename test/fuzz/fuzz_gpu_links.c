/* Links of GPUs: whatever comes in, it is a table within its bounds or a refusal with a place. */
#include <stdlib.h>
#include <string.h>

#include "berth/gpu_links.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What was read says the same when it is written as JSON and read again. */
static void read_again(const struct berth_gpu_links *links)
{
    static char json[64 * 64 * 64];
    uint16_t scores[BERTH_GPU_PAIRS(BERTH_GPU_MAX)];
    struct berth_gpu_links again;
    struct berth_writer w;
    bool any = false;
    berth_writer_init(&w, json, sizeof json);
    berth_put_string(&w, "{\"gpus\":");
    berth_put_u64(&w, links->gpus);
    berth_put_string(&w, ",\"links\":[");
    for (unsigned a = 0; a < links->gpus; a++)
        for (unsigned b = 0; b < a; b++) {
            unsigned nvlinks;
            enum berth_gpu_path path = berth_gpu_pair_path(links, a, b, &nvlinks);
            must(nvlinks <= 255 && (path == BERTH_GPU_PATH_NONE || berth_gpu_path_name(path)[0] != '\0'));
            berth_put_string(&w, any ? ",{\"a\":" : "{\"a\":");
            any = true;
            berth_put_u64(&w, a);
            berth_put_string(&w, ",\"b\":");
            berth_put_u64(&w, b);
            berth_put_string(&w, ",\"nvlink\":");
            berth_put_u64(&w, nvlinks);
            if (path != BERTH_GPU_PATH_NONE) {
                berth_put_string(&w, ",\"pcie\":\"");
                berth_put_string(&w, berth_gpu_path_name(path));
                berth_put_char(&w, '"');
            }
            berth_put_char(&w, '}');
        }
    berth_put_string(&w, "]}");
    must(berth_writer_status(&w) == BERTH_OK);
    must(berth_gpu_links_read(json, w.len, scores, BERTH_GPU_PAIRS(BERTH_GPU_MAX), &again, NULL) == BERTH_OK);
    must(again.gpus == links->gpus);
    must(links->gpus < 2 ||
         memcmp(scores, links->scores, BERTH_GPU_PAIRS(links->gpus) * sizeof *scores) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint16_t scores[BERTH_GPU_PAIRS(BERTH_GPU_MAX)];
    struct berth_gpu_links links;
    struct berth_gpu_links_error error;
    uint64_t gpus;
    /* A copy of the exact size, so that a read beyond it is seen. */
    char *copy = malloc(size == 0 ? 1 : size);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    if (berth_gpu_parse(berth_text_make(copy, size), &gpus) == BERTH_OK) {
        char list[256];
        uint64_t again;
        struct berth_writer w;
        berth_writer_init(&w, list, sizeof list);
        berth_gpu_put(&w, gpus);
        must(berth_gpu_parse(berth_writer_text(&w), &again) == BERTH_OK && again == gpus);
    }
    if (berth_gpu_links_read(copy, size, scores, BERTH_GPU_PAIRS(BERTH_GPU_MAX), &links, &error) == BERTH_OK)
        read_again(&links);
    else
        must(error.line > 0 && error.column > 0 && error.reason != NULL);
    free(copy);
    return 0;
}
