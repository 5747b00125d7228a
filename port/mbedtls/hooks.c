/* What mbedTLS calls instead of libc. Debian's archives are made to call these names by objcopy, MBEDTLS_DIR
 * builds by their configuration header. */
#include "arena.h"
#include "inner.h"

#include <string.h>

#include "berth/time.h"

/* The one writable static of this port: mbedTLS's allocator and clock have no context of their own. */
#if defined(__linux__)
#define PER_THREAD _Thread_local
#else
#define PER_THREAD
#endif
static PER_THREAD struct berth_mbedtls *at_work;

struct berth_mbedtls *berth_mbedtls_enter(struct berth_mbedtls *tls)
{
    struct berth_mbedtls *before = at_work;

    at_work = tls;
    return before;
}

void berth_mbedtls_leave(struct berth_mbedtls *before)
{
    at_work = before;
}

void *berth_mbedtls_calloc(size_t count, size_t len)
{
    if (at_work == NULL)
        return NULL;
    if (len != 0 && count > SIZE_MAX / len)
        return berth_mbedtls_arena_take(at_work->config.arena, SIZE_MAX);
    return berth_mbedtls_arena_take(at_work->config.arena, count * len);
}

void berth_mbedtls_free(void *bytes)
{
    if (at_work != NULL)
        berth_mbedtls_arena_give(at_work->config.arena, bytes);
}

time_t berth_mbedtls_time(time_t *out)
{
    const struct berth_clock *clock = at_work == NULL ? NULL : at_work->config.clock;
    time_t now = clock == NULL ? 0 : (time_t)clock->civil_s(clock->ctx);

    if (out != NULL)
        *out = now;
    return now;
}

struct tm *berth_mbedtls_gmtime_r(const time_t *when, struct tm *out)
{
    struct berth_civil civil;

    if (berth_seconds_to_civil((int64_t)*when, &civil) != BERTH_OK)
        return NULL;
    memset(out, 0, sizeof *out);
    out->tm_year = (int)civil.year - 1900;
    out->tm_mon = civil.month - 1;
    out->tm_mday = civil.day;
    out->tm_hour = civil.hour;
    out->tm_min = civil.minute;
    out->tm_sec = civil.second;
    return out;
}

int berth_mbedtls_random(void *ctx, unsigned char *out, size_t len)
{
    struct berth_mbedtls *tls = ctx;
    const struct berth_rand *rand = tls->config.rand;

    if (len == 0 || rand->fill(rand->ctx, out, len) == BERTH_OK)
        return 0;
    if (tls->state != NULL)
        tls->state->no_entropy = true;
    return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

#if defined(MBEDTLS_PLATFORM_GMTIME_R_ALT)
struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *when, struct tm *out)
{
    return berth_mbedtls_gmtime_r(when, out);
}
#endif

#if defined(MBEDTLS_PLATFORM_MS_TIME_ALT) && MBEDTLS_VERSION_NUMBER >= 0x03000000
mbedtls_ms_time_t mbedtls_ms_time(void)
{
    const struct berth_clock *clock = at_work == NULL ? NULL : at_work->config.clock;

    return clock == NULL ? 0 : (mbedtls_ms_time_t)clock->monotonic_ms(clock->ctx);
}
#endif
