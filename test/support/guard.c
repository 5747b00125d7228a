/* Buffers that end at a forbidden page. */
#define _GNU_SOURCE
#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GUARD_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GUARD_ASAN 1
#endif
#if defined(GUARD_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, len) ((void)(address), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(address, len) ((void)(address), (void)(len))
#endif

static struct guard open_buffers[64];

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "guard: %s\n", what);
    abort();
}

void guard_open(struct guard *guard, size_t cap)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usable = (cap / page + 1) * page;

    guard->mapped_len = usable + page;
    guard->base = mmap(NULL, guard->mapped_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard->base == MAP_FAILED)
        die("no memory");
    guard->end = guard->base + usable;
    if (mprotect(guard->end, page, PROT_NONE) != 0)
        die("the page cannot be forbidden");
}

uint8_t *guard_place(struct guard *guard, size_t len)
{
    size_t cap = (size_t)(guard->end - guard->base);

    if (len > cap)
        die("longer than the buffer was opened for");
    ASAN_UNPOISON_MEMORY_REGION(guard->base, cap);
    memset(guard->end - len, 0xA5, len);
    ASAN_POISON_MEMORY_REGION(guard->base, cap - len);
    return guard->end - len;
}

const uint8_t *guard_put(struct guard *guard, const void *bytes, size_t len)
{
    uint8_t *place = guard_place(guard, len);

    if (len > 0)
        memcpy(place, bytes, len);
    return place;
}

void guard_close(struct guard *guard)
{
    ASAN_UNPOISON_MEMORY_REGION(guard->base, (size_t)(guard->end - guard->base));
    munmap(guard->base, guard->mapped_len);
    memset(guard, 0, sizeof *guard);
}

void *guard_new(size_t len)
{
    for (size_t i = 0; i < sizeof open_buffers / sizeof open_buffers[0]; i++) {
        if (open_buffers[i].base == NULL) {
            guard_open(&open_buffers[i], len);
            return guard_place(&open_buffers[i], len);
        }
    }
    die("more than 64 buffers at a time");
}

void *guard_copy(const void *bytes, size_t len)
{
    void *buffer = guard_new(len);

    if (len > 0)
        memcpy(buffer, bytes, len);
    return buffer;
}

void guard_free(void *buffer)
{
    uintptr_t at = (uintptr_t)buffer;

    for (size_t i = 0; i < sizeof open_buffers / sizeof open_buffers[0]; i++) {
        struct guard *guard = &open_buffers[i];
        if (guard->base != NULL && at >= (uintptr_t)guard->base && at <= (uintptr_t)guard->end) {
            guard_close(guard);
            return;
        }
    }
    die("this buffer is not one of ours");
}
