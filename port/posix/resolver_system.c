/* The C library's resolver, for builds that choose it (BERTH_POSIX_GETADDRINFO). */
#include "posix.h"

#ifdef BERTH_POSIX_GETADDRINFO

#include <netdb.h>

static void add(struct berth_posix_resolver *r, const struct addrinfo *info)
{
    struct berth_posix_address address;
    union berth_posix_sockaddr from;
    memset(&address, 0, sizeof address);
    if (info->ai_addrlen > sizeof from)
        return;
    memcpy(&from, info->ai_addr, info->ai_addrlen);
    if (info->ai_family == AF_INET) {
        address.family = 4;
        memcpy(address.bytes, &from.v4.sin_addr, 4);
    } else if (info->ai_family == AF_INET6) {
        address.family = 6;
        address.zone = from.v6.sin6_scope_id;
        memcpy(address.bytes, &from.v6.sin6_addr, 16);
    } else {
        return;
    }
    berth_posix_resolver_add(r, &address);
}

bool berth_posix_ask_system(struct berth_posix_resolver *r)
{
    struct addrinfo hints;
    struct addrinfo *first = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(r->query, NULL, &hints, &first) != 0)
        return false;
    for (const struct addrinfo *info = first; info; info = info->ai_next)
        add(r, info);
    freeaddrinfo(first);
    return r->address_count > 0;
}

#else

/* A C file has to hold something. */
extern const char berth_posix_no_system_resolver;

#endif
