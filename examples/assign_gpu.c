/* Chooses four of the free GPUs so that they reach each other fastest. Eight GPUs on two boards, NVLink
 * within a board; GPU 1 is busy, GPU 6 reports errors, GPU 2 is wanted in any case. */
#include <stdio.h>

#include "berth/gpu.h"

int main(void)
{
    uint16_t scores[BERTH_GPU_PAIRS(8)];
    struct berth_gpu_links links;
    enum berth_status status = berth_gpu_links_init(&links, scores, 8);
    for (unsigned a = 0; a < 8 && status == BERTH_OK; a++)
        for (unsigned b = 0; b < a && status == BERTH_OK; b++)
            status = a / 4 == b / 4 ? berth_gpu_links_set(&links, a, b, BERTH_GPU_PATH_PIX, 2)
                                    : berth_gpu_links_set(&links, a, b, BERTH_GPU_PATH_SYS, 0);
    const struct berth_gpu_question question = {.free = berth_gpu_mask(8) & ~UINT64_C(0x02),
                                                .sick = 0x40,
                                                .required = 0x04,
                                                .count = 4,
                                                .policy = BERTH_GPU_TOPOLOGY,
                                                .links = &links};
    struct berth_gpu_choice choice;
    if (status == BERTH_OK)
        status = berth_gpu_choose(&question, &choice);
    if (status != BERTH_OK) {
        fprintf(stderr, "%s\n", berth_status_name(status));
        return 1;
    }
    uint8_t ids[BERTH_GPU_MAX];
    unsigned count = berth_gpu_ids(choice.gpus, ids);
    for (unsigned i = 0; i < count; i++)
        printf("%u ", ids[i]);
    printf("(score %u, %s)\n", (unsigned)choice.score, choice.how == BERTH_GPU_EXACT ? "exact" : "heuristic");
    return 0;
}
