/* Which GPUs a worker has, and which a step gets. */
#define _DEFAULT_SOURCE
#include "worker.h"

#include <string.h>
#include <unistd.h>

enum { GPUS_MAX = BERTH_GPU_MAX };

bool gpus_parse(const char *text, bool counted, uint64_t *out_gpus, bool *out_unnumbered)
{
    uint64_t count = 0;
    struct berth_text rest = berth_text_of(text), part;
    *out_gpus = 0;
    *out_unnumbered = berth_text_equal(rest, BERTH_TEXT("all"));
    if (*out_unnumbered) {
        *out_gpus = gpus_of_machine();
        *out_unnumbered = *out_gpus == 0;
        if (*out_unnumbered)
            *out_gpus = 1;
        return true;
    }
    if (counted && berth_parse_u64(rest, &count) == BERTH_OK) {
        *out_gpus = berth_gpu_mask(count < GPUS_MAX ? (unsigned)count : GPUS_MAX);
        return count <= GPUS_MAX;
    }
    while (berth_text_split(&rest, ',', &part)) {
        uint64_t some = 0;
        if (berth_gpu_parse(part, &some) != BERTH_OK)
            return false;
        *out_gpus |= some;
    }
    return *out_gpus != 0;
}

uint64_t gpus_of_machine(void)
{
    uint64_t gpus = 0;
    for (unsigned i = 0; i < GPUS_MAX; i++) {
        char path[32];
        struct berth_writer w;
        berth_writer_init(&w, path, sizeof path);
        berth_put_string(&w, "/dev/nvidia");
        berth_put_u64(&w, i);
        if (berth_writer_terminate(&w) == BERTH_OK && access(path, F_OK) == 0)
            gpus |= UINT64_C(1) << i;
    }
    return gpus;
}

/* A wish: a number, also as text or as 2.0, or "all". False when it is none of these. */
static bool read_wish(const struct berth_mlcycle_metric *property, unsigned all, uint64_t *out_count)
{
    struct berth_text text = property->text.ptr != NULL ? property->text : property->raw;
    if (berth_text_equal(text, BERTH_TEXT("all"))) {
        *out_count = all > 0 ? all : 1; /* a worker without any leaves it to others */
        return true;
    }
    if (property->kind != BERTH_MLCYCLE_METRIC_DOUBLE)
        return berth_parse_u64(text, out_count) == BERTH_OK && *out_count <= GPUS_MAX;
    for (*out_count = 0; *out_count <= GPUS_MAX; ++*out_count) {
        double left = property->number - (double)*out_count;
        if (!(left < 0) && !(left > 0))
            return true;
    }
    return false;
}

bool gpus_wanted(const struct worker *worker, const struct berth_mlcycle_step *step, uint32_t *out_count)
{
    struct berth_json_list properties = step->docker.properties;
    struct berth_mlcycle_metric property;
    unsigned all = berth_gpu_count(worker->gpus);
    uint64_t count = worker->gpus_per_step != UINT32_MAX ? worker->gpus_per_step : all;
    if (step->number == 0)
        count = 0; /* it only reads the pipeline */
    while (berth_mlcycle_next_metric(&properties, &property) == BERTH_OK) {
        if (berth_text_equal(property.key, BERTH_TEXT("gpus")) &&
            property.kind != BERTH_MLCYCLE_METRIC_NULL && !read_wish(&property, all, &count))
            return false;
    }
    if (worker->gpus_unnumbered && count > 1)
        count = 1; /* however many there are, it gets them all */
    *out_count = (uint32_t)count;
    return true;
}

bool gpus_choose(const struct worker *worker, uint32_t count, uint64_t *out_gpus)
{
    uint64_t free_gpus = worker->gpus;
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        if (worker->slots[i].phase != PHASE_FREE)
            free_gpus &= ~worker->slots[i].gpus;
    }
    *out_gpus = 0;
    for (; count > 0 && free_gpus != 0; count--) {
        uint64_t lowest_bit = free_gpus & (~free_gpus + 1);
        *out_gpus |= lowest_bit;
        free_gpus &= ~lowest_bit;
    }
    return count == 0;
}

void gpus_put(struct berth_writer *w, uint64_t gpus)
{
    bool any = false;
    for (unsigned i = 0; i < GPUS_MAX; i++) {
        if ((gpus >> i & 1) == 0)
            continue;
        if (any)
            berth_put_char(w, ',');
        any = true;
        berth_put_u64(w, i);
    }
}
