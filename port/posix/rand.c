/* The kernel's random numbers. */
#include "posix.h"

#include <sys/random.h>

static enum berth_status rand_fill(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    unsigned char *at = buf;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return BERTH_E_ENTROPY;
        at += got;
        len -= (size_t)got;
    }
    return BERTH_OK;
}

struct berth_rand berth_posix_rand(void)
{
    return (struct berth_rand){NULL, rand_fill};
}
