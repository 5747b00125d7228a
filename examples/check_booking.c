/* Asks a schedule whether a booking fits, and which GPUs it would get. Three rows are there; two GPUs are
 * asked for, from ten to noon. */
#include <stdio.h>

#include "berth/schedule.h"

#define HOUR INT64_C(3600)
#define CPUS(n) ((n)*INT64_C(1000000000))

int main(void)
{
    struct berth_civil day = {.year = 2030, .month = 1, .day = 8};
    int64_t midnight = 0;
    if (berth_civil_to_seconds(&day, &midnight) != BERTH_OK)
        return 1;
    struct berth_booking rows[8] = {
        {midnight + 8 * HOUR, midnight + 11 * HOUR, CPUS(4), 16, 0x1, 1, 10001, BERTH_BOOKING_USING},
        {midnight + 9 * HOUR, midnight + 18 * HOUR, CPUS(8), 32, 0x6, 2, 10002, 0},
        {midnight + 12 * HOUR, midnight + 14 * HOUR, CPUS(2), 8, 0x8, 3, 10003, 0},
    };
    struct berth_schedule_node index[8]; /* may be left out: then each question looks at every row */
    struct berth_schedule schedule;
    const struct berth_capacity host = {CPUS(16), 64, 6};
    struct berth_request request = {.start_s = midnight + 10 * HOUR,
                                    .end_s = midnight + 12 * HOUR,
                                    .now_s = midnight + 9 * HOUR,
                                    .want = {CPUS(4), 16, 2},
                                    .host = host,
                                    .limit = host,
                                    .user = 4,
                                    .port = 10004,
                                    .neighbourhood = BERTH_SCHEDULE_NEIGHBOURHOOD};
    struct berth_fit fit;
    if (berth_schedule_init(&schedule, rows, 3, 8, index, NULL) != BERTH_OK ||
        berth_schedule_check(&schedule, &request, &fit) != BERTH_OK)
        return 1;
    printf("%s", berth_verdict_name(fit.verdict));
    if (fit.verdict != BERTH_VERDICT_OK) {
        struct berth_civil at;
        if (berth_seconds_to_civil(fit.at_s, &at) == BERTH_OK)
            printf(" at %02u:%02u\n", at.hour, at.minute);
        return 1;
    }
    uint8_t ids[BERTH_GPU_MAX];
    unsigned count = berth_gpu_ids(fit.choice.gpus, ids);
    for (unsigned i = 0; i < count; i++)
        printf(" %u", ids[i]);
    printf("\n");
    return 0;
}
