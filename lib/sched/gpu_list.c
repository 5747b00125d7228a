/* Sets of GPUs as text: "0-3,6". */
#include "berth/gpu.h"
#include "berth/number.h"

static enum berth_status parse_part(struct berth_text part, uint64_t *gpus)
{
    struct berth_text first = {NULL, 0}, rest = berth_text_trim(part);
    uint64_t from = 0, to = 0;
    (void)berth_text_split(&rest, '-', &first);
    BERTH_TRY(berth_parse_u64(berth_text_trim(first), &from));
    to = from;
    if (rest.ptr != NULL)
        BERTH_TRY(berth_parse_u64(berth_text_trim(rest), &to));
    if (from > to || to >= BERTH_GPU_MAX)
        return BERTH_E_RANGE;
    *gpus |= berth_gpu_mask((unsigned)to + 1) & ~berth_gpu_mask((unsigned)from);
    return BERTH_OK;
}

enum berth_status berth_gpu_parse(struct berth_text list, uint64_t *out_gpus)
{
    struct berth_text part;
    uint64_t gpus = 0;
    if (berth_text_trim(list).len > 0)
        while (berth_text_split(&list, ',', &part))
            BERTH_TRY(parse_part(part, &gpus));
    *out_gpus = gpus;
    return BERTH_OK;
}

void berth_gpu_put(struct berth_writer *w, uint64_t gpus)
{
    bool any = false;
    for (unsigned from = 0, to; from < BERTH_GPU_MAX; from = to + 1) {
        to = from;
        if ((gpus >> from & 1) == 0)
            continue;
        while (to + 1 < BERTH_GPU_MAX && (gpus >> (to + 1) & 1) != 0)
            to++;
        if (any)
            berth_put_char(w, ',');
        any = true;
        if (to == from + 1)
            to = from; /* two are listed one by one */
        berth_put_u64(w, from);
        if (to > from) {
            berth_put_char(w, '-');
            berth_put_u64(w, to);
        }
    }
}
