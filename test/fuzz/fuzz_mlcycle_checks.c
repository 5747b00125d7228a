/* Any bytes as metrics, as steps and as a pipeline.yml: what passes is JSON that passes again, and memory of
 * any size gives the same or is said to be too small. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/mlcycle.h"

static char buf[1 << 17], small[1 << 17], copy[1 << 16];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_problem(enum berth_status status, const struct berth_mlcycle_problem *problem)
{
    struct berth_text text = berth_text_of(problem->text);
    if (status != BERTH_OK && (text.len == 0 || text.len >= sizeof problem->text))
        abort();
    if (status != BERTH_OK && !berth_text_is_utf8(text, NULL))
        abort();
}

static void try_pipeline(struct berth_text yaml, size_t cap)
{
    struct berth_mlcycle_problem problem;
    struct berth_text steps, again;
    size_t needed = 0;
    enum berth_status status =
        berth_mlcycle_pipeline_to_steps(yaml, buf, sizeof buf, &steps, &needed, &problem);
    check_problem(status, &problem);
    if (status != BERTH_OK)
        return;
    if (berth_json_check(steps, NULL) != BERTH_OK || steps.len > sizeof copy)
        abort();
    status = berth_mlcycle_pipeline_to_steps(yaml, small, cap, &again, NULL, &problem);
    if (status == BERTH_OK ? !berth_text_equal(steps, again) : status != BERTH_E_SPACE || cap >= needed)
        abort();
    memcpy(copy, steps.ptr, steps.len);
    if (berth_mlcycle_check_steps_json(copy, steps.len, &problem) != BERTH_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct berth_mlcycle_problem problem;
    if (size < 2 || size > 20000)
        return 0;
    struct berth_text text = berth_text_make((const char *)data + 2, size - 2);
    size_t cap = (size_t)data[0] << 4;
    switch (data[1] % 3) {
    case 0:
        try_pipeline(text, cap);
        break;
    case 1: {
        enum berth_status status = berth_mlcycle_check_metrics_json(text, &problem);
        check_problem(status, &problem);
        if (status == BERTH_OK && berth_json_check(text, NULL) != BERTH_OK)
            abort();
        break;
    }
    default:
        memcpy(copy, text.ptr, text.len);
        check_problem(berth_mlcycle_check_steps_json(copy, text.len, &problem), &problem);
    }
    return 0;
}
