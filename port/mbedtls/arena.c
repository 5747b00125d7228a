/* The arena: first fit in order of address, so that the highest byte ever used is the size that was needed.
 */
#include "arena.h"

#include <string.h>

/* A block starts with its size (header included, a multiple of GRAIN) whose lowest bit says "in use". Blocks
 * lie one after the other from base to base + cap; neighbours that are free are joined when space is sought.
 */
#define GRAIN (2 * sizeof(size_t))
#define IN_USE ((size_t)1)

static size_t head_of(const unsigned char *block)
{
    size_t head;

    memcpy(&head, block, sizeof head);
    return head;
}

static void set_head(unsigned char *block, size_t head)
{
    memcpy(block, &head, sizeof head);
}

void berth_mbedtls_arena_init(struct berth_mbedtls_arena *arena, void *buf, size_t cap)
{
    size_t skip = buf == NULL ? 0 : (size_t)((GRAIN - (uintptr_t)buf % GRAIN) % GRAIN);

    memset(arena, 0, sizeof *arena);
    if (buf == NULL || cap < skip + 2 * GRAIN)
        return;
    arena->base = (unsigned char *)buf + skip;
    arena->cap = (cap - skip) / GRAIN * GRAIN;
    arena->first_free = arena->base;
    set_head(arena->base, arena->cap);
}

size_t berth_mbedtls_arena_high_water(const struct berth_mbedtls_arena *arena)
{
    return arena->high_water;
}

/* Joins BLOCK, which is free, with the free ones behind it; its size. */
static size_t join(const struct berth_mbedtls_arena *arena, unsigned char *block)
{
    const unsigned char *end = arena->base + arena->cap;
    size_t size = head_of(block);

    while (block + size < end && (head_of(block + size) & IN_USE) == 0)
        size += head_of(block + size);
    set_head(block, size);
    return size;
}

static unsigned char *find(struct berth_mbedtls_arena *arena, size_t need)
{
    unsigned char *end = arena->base + arena->cap;
    unsigned char *block = arena->first_free;
    bool first = true;

    while (block < end) {
        size_t head = head_of(block);

        if ((head & IN_USE) == 0) {
            if (first)
                arena->first_free = block;
            first = false;
            head = join(arena, block);
            if (head >= need)
                return block;
        }
        block += head & ~IN_USE;
    }
    return NULL;
}

void *berth_mbedtls_arena_take(struct berth_mbedtls_arena *arena, size_t len)
{
    unsigned char *block;
    size_t need, size, reach;

    if (len > SIZE_MAX - 2 * GRAIN) {
        arena->refused = len;
        return NULL;
    }
    need = (len + GRAIN + GRAIN - 1) / GRAIN * GRAIN;
    block = arena->base == NULL ? NULL : find(arena, need);
    if (block == NULL) {
        arena->refused = len;
        return NULL;
    }
    size = head_of(block);
    if (size - need >= 2 * GRAIN)
        set_head(block + need, size - need);
    else
        need = size;
    set_head(block, need | IN_USE);
    arena->used += need;
    reach = (size_t)(block - arena->base) + need;
    if (reach > arena->high_water)
        arena->high_water = reach;
    memset(block + GRAIN, 0, need - GRAIN);
    return block + GRAIN;
}

void berth_mbedtls_arena_give(struct berth_mbedtls_arena *arena, void *bytes)
{
    unsigned char *block;
    size_t size;

    if (bytes == NULL)
        return;
    block = (unsigned char *)bytes - GRAIN;
    size = head_of(block) & ~IN_USE;
    berth_wipe(bytes, size - GRAIN);
    set_head(block, size);
    arena->used -= size;
    if (block < arena->first_free)
        arena->first_free = block;
}

size_t berth_mbedtls_arena_free(const struct berth_mbedtls_arena *arena)
{
    return arena->cap - arena->used;
}
