/* A TLS client over the posix net, with its arena between forbidden pages. */
#ifndef TEST_TLS_CLIENT_H
#define TEST_TLS_CLIENT_H

#include "berth/port_mbedtls.h"
#include "berth/port_posix.h"

#include "net_shim.h"

struct tls_client {
    struct berth_posix_net posix;
    struct berth_net real;
    struct net_shim shim;
    struct berth_net inner;
    struct berth_clock clock; /* the system's, SHIFT_S later */
    int64_t shift_s;
    bool no_calendar;
    struct berth_rand rand; /* the system's; fails at its call number RAND_FAILS_AT (from 1) */
    size_t rand_calls, rand_fails_at;
    bool rand_is_fixed; /* the same numbers in every run */
    int64_t fixed_s;    /* not 0: the time stands still here */
    struct berth_mbedtls_arena arena;
    void *arena_bytes;
    struct berth_mbedtls_config config;
    struct berth_mbedtls tls;
    struct berth_net net;
    uint8_t session[BERTH_MBEDTLS_SESSION_CAP];
};

/* Everything at its default, with an arena of ARENA_CAP bytes; config may then be changed before init(). */
void tls_client_open(struct tls_client *c, size_t arena_cap);
/* The file NAME of the certificates' folder; "" = an empty text. */
struct berth_text tls_text(const char *name);
/* Frees the arena after checking that nothing is left in it. */
void tls_client_close(struct tls_client *c);
/* connect() to 127.0.0.1 and secure() as NAME. */
enum berth_status tls_client_secure(struct tls_client *c, uint16_t port, const char *name);
/* The same with wait_ms 0 all along; *out_steps calls were needed. */
enum berth_status tls_client_secure_by_steps(struct tls_client *c, uint16_t port, const char *name,
                                             size_t *out_steps);
/* GETs PATH and reads to the end: the bytes of the answer, or a negative status. */
ptrdiff_t tls_client_get(struct tls_client *c, const char *path, char *buf, size_t cap);
/* The reason as a string, kept until the next call. */
const char *tls_client_reason(const struct tls_client *c);

#endif
