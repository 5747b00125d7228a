/* The system's clocks. */
#include "posix.h"

#include <time.h>

static uint64_t clock_monotonic_ms(void *ctx)
{
    (void)ctx;
    return berth_posix_now_ms();
}

static int64_t clock_civil_s(void *ctx)
{
    (void)ctx;
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec;
}

static void clock_sleep_ms(void *ctx, uint32_t ms)
{
    const struct berth_posix_signals *signals = ctx;
    if (signals) {
        (void)berth_posix_wait(NULL, 0, berth_posix_now_ms() + ms, signals);
        return;
    }
    struct timespec time = {(time_t)(ms / 1000U), (long)(ms % 1000U) * 1000000L};
    (void)nanosleep(&time, NULL);
}

struct berth_clock berth_posix_clock(const struct berth_posix_signals *signals)
{
    /* The context is only read; the port's type has no const form. */
    union {
        const struct berth_posix_signals *in;
        void *out;
    } ctx = {signals};
    return (struct berth_clock){ctx.out, clock_monotonic_ms, clock_civil_s, clock_sleep_ms};
}
