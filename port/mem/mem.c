/* The memory ports' faults, clock and random numbers. */
#include "berth/port_mem.h"

enum berth_status berth_mem_fault(struct berth_mem_faults *faults, enum berth_status own)
{
    if (!faults)
        return BERTH_OK;
    faults->calls++;
    bool fails = faults->fail_at &&
                 (faults->calls == faults->fail_at || (faults->for_good && faults->calls > faults->fail_at));
    if (!fails)
        return BERTH_OK;
    faults->tripped = true;
    return faults->status ? faults->status : own;
}

static uint64_t mem_monotonic_ms(void *ctx)
{
    struct berth_mem_clock *clock = ctx;
    clock->now_ms += clock->tick_ms;
    return clock->now_ms;
}

static int64_t mem_civil_s(void *ctx)
{
    const struct berth_mem_clock *clock = ctx;
    return clock->civil_start_s + (int64_t)(clock->now_ms / 1000U);
}

static void mem_sleep_ms(void *ctx, uint32_t ms)
{
    struct berth_mem_clock *clock = ctx;
    clock->now_ms += ms;
    clock->slept_ms += ms;
    clock->sleeps++;
}

struct berth_clock berth_mem_clock_init(struct berth_mem_clock *clock)
{
    return (struct berth_clock){clock, mem_monotonic_ms, mem_civil_s, mem_sleep_ms};
}

static uint8_t next_byte(struct berth_mem_rand *rand)
{
    if (rand->script.len > 0) {
        uint8_t byte = (uint8_t)rand->script.ptr[0];
        rand->script = berth_text_slice(rand->script, 1, rand->script.len);
        return byte;
    }
    /* splitmix64 */
    rand->seed += 0x9E3779B97F4A7C15U;
    uint64_t mixed = rand->seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
    return (uint8_t)(mixed >> 56);
}

static enum berth_status mem_fill(void *ctx, void *buf, size_t len)
{
    struct berth_mem_rand *rand = ctx;
    uint8_t *out = buf;
    BERTH_TRY(berth_mem_fault(rand->faults, BERTH_E_ENTROPY));
    for (size_t i = 0; i < len; i++)
        out[i] = next_byte(rand);
    return BERTH_OK;
}

struct berth_rand berth_mem_rand_init(struct berth_mem_rand *rand)
{
    return (struct berth_rand){rand, mem_fill};
}
