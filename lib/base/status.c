/* Names of the status codes. */
#include "berth/status.h"

#include <stddef.h>

static const struct {
    enum berth_status status;
    const char *name;
} names[] = {
    {BERTH_OK, "ok"},
    {BERTH_E_ARGUMENT, "argument"},
    {BERTH_E_SPACE, "space"},
    {BERTH_E_STATE, "state"},
    {BERTH_E_NOT_PROVIDED, "not provided"},
    {BERTH_E_CANCELLED, "cancelled"},
    {BERTH_E_SYNTAX, "syntax"},
    {BERTH_E_TYPE, "type"},
    {BERTH_E_RANGE, "range"},
    {BERTH_E_MISSING, "missing"},
    {BERTH_E_UTF8, "utf8"},
    {BERTH_E_DEPTH, "depth"},
    {BERTH_E_CLOSED, "closed"},
    {BERTH_E_WOULD_BLOCK, "would block"},
    {BERTH_E_TIMEOUT, "timeout"},
    {BERTH_E_RESET, "reset"},
    {BERTH_E_TLS, "tls"},
    {BERTH_E_RESOLVE, "resolve"},
    {BERTH_E_CONNECT, "connect"},
    {BERTH_E_PROTOCOL, "protocol"},
    {BERTH_E_TRUNCATED, "truncated"},
    {BERTH_E_REDIRECT, "redirect"},
    {BERTH_E_BAD_REQUEST, "bad request"},
    {BERTH_E_UNAUTHORIZED, "unauthorized"},
    {BERTH_E_FORBIDDEN, "forbidden"},
    {BERTH_E_NOT_FOUND, "not found"},
    {BERTH_E_WRONG_STATE, "wrong state"},
    {BERTH_E_CONFLICT, "conflict"},
    {BERTH_E_BUSY, "busy"},
    {BERTH_E_TOO_LARGE, "too large"},
    {BERTH_E_SERVER, "server"},
    {BERTH_E_UNAVAILABLE, "unavailable"},
    {BERTH_E_NO_WORK, "no work"},
    {BERTH_E_IO, "io"},
    {BERTH_E_EXISTS, "exists"},
    {BERTH_E_NO_FILE, "no file"},
    {BERTH_E_PERMISSION, "permission"},
    {BERTH_E_DISK_FULL, "disk full"},
    {BERTH_E_LOCKED, "locked"},
    {BERTH_E_ENTROPY, "entropy"},
};

const char *berth_status_name(enum berth_status status)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].status == status)
            return names[i].name;
    return "unknown status";
}
