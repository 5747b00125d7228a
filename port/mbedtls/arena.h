/* The arena's inner side: taking and giving back. */
#ifndef BERTH_MBEDTLS_ARENA_H
#define BERTH_MBEDTLS_ARENA_H

#include "berth/port_mbedtls.h"

/* LEN zeroed bytes, aligned for two words; NULL when there is no room, which is then noted as refused. */
void *berth_mbedtls_arena_take(struct berth_mbedtls_arena *arena, size_t len);
/* Wipes and frees what take() gave; NULL is nothing. */
void berth_mbedtls_arena_give(struct berth_mbedtls_arena *arena, void *bytes);
/* Bytes not in use, in however many pieces. */
size_t berth_mbedtls_arena_free(const struct berth_mbedtls_arena *arena);

#endif
