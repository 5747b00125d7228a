/* Pauses between tries. */
#include "berth/http.h"

#include "berth/number.h"
#include "berth/time.h"

#define DEFAULT_BASE_MS 500
#define DEFAULT_MAX_MS 60000

uint32_t berth_retry_pause_ms(const struct berth_retry_policy *policy, unsigned try_number, uint32_t random)
{
    uint64_t most = policy->max_ms != 0 ? policy->max_ms : DEFAULT_MAX_MS;
    uint64_t pause = policy->base_ms != 0 ? policy->base_ms : DEFAULT_BASE_MS;
    for (unsigned i = 2; i < try_number && pause < most; i++)
        pause *= 2;
    if (pause > most)
        pause = most;
    return (uint32_t)((uint64_t)random * (pause + 1) >> 32);
}

enum berth_status berth_parse_retry_after(struct berth_text value, int64_t now_s, uint32_t *out_ms)
{
    uint64_t seconds = 0;
    int64_t date = 0;
    value = berth_text_trim(value);
    enum berth_status status = berth_parse_u64(value, &seconds);
    if (status == BERTH_E_RANGE)
        seconds = UINT64_MAX;
    if (status == BERTH_E_SYNTAX) {
        BERTH_TRY(berth_parse_http_date(value, now_s, &date));
        if (now_s == 0)
            return BERTH_E_RANGE;
        seconds = date > now_s ? (uint64_t)(date - now_s) : 0;
    }
    *out_ms = seconds > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)(seconds * 1000);
    return BERTH_OK;
}
