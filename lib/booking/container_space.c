/* Memory and disk space of a container, computed exactly. */
#include "berth/container.h"

#include "berth/number.h"

enum { NANO = 1000000000 };

/* A * B / C and its remainder for A >= 0, 0 < B <= C, bit by bit: the product itself may need 126 bits, the
 * quotient is at most A. */
static uint64_t share(uint64_t a, uint64_t b, uint64_t c, uint64_t *out_rest)
{
    uint64_t quotient = 0, rest = 0;
    for (unsigned bit = 63; bit-- > 0;) {
        quotient *= 2;
        rest *= 2;
        if (rest >= c) {
            rest -= c;
            quotient++;
        }
        if ((a >> bit & 1) == 0)
            continue;
        rest += b;
        if (rest >= c) {
            rest -= c;
            quotient++;
        }
    }
    *out_rest = rest;
    return quotient;
}

enum berth_status berth_container_memory(int64_t memory_gb, int64_t rate_num, int64_t rate_den,
                                         int64_t *out_ram_gb, int64_t *out_shm_gb)
{
    uint64_t rest;
    if (memory_gb < 1 || rate_num < 1 || rate_den < rate_num)
        return BERTH_E_RANGE;
    uint64_t ram_gb = share((uint64_t)memory_gb, (uint64_t)rate_num, (uint64_t)rate_den, &rest);
    /* ceil(x - 1e-9) is above floor(x) when rest / den > 1e-9. */
    if (rest > (uint64_t)rate_den / NANO)
        ram_gb++;
    if (ram_gb == 0)
        ram_gb = 1;
    *out_ram_gb = (int64_t)ram_gb;
    *out_shm_gb = memory_gb - (int64_t)ram_gb;
    return BERTH_OK;
}

#define KIB_MAX (UINT64_C(1) << 53)

enum berth_status berth_space_parse(struct berth_text du, uint64_t *out_kib)
{
    size_t digits = 0;
    while (digits < du.len && du.ptr[digits] >= '0' && du.ptr[digits] <= '9')
        digits++;
    if (digits == 0 || digits == du.len || (du.ptr[digits] != '\t' && du.ptr[digits] != ' '))
        return BERTH_E_SYNTAX;
    uint64_t kib;
    BERTH_TRY(berth_parse_u64(berth_text_slice(du, 0, digits), &kib));
    if (kib > KIB_MAX)
        return BERTH_E_RANGE;
    *out_kib = kib;
    return BERTH_OK;
}

int64_t berth_space_used_mb(uint64_t kib)
{
    const uint64_t unit = UINT64_C(1) << 20; /* KiB of a GB */
    uint64_t part = (kib % unit) * 100;
    uint64_t hundredths = part / unit, rest = part % unit;
    if (rest * 2 > unit || (rest * 2 == unit && hundredths % 2 == 1))
        hundredths++;
    return (int64_t)((kib / unit * 100 + hundredths) * 10);
}

int64_t berth_space_excess_mb(uint64_t kib, int64_t limit_mb)
{
    int64_t used_mb = berth_space_used_mb(kib);
    return used_mb > limit_mb ? used_mb - limit_mb : 0;
}
