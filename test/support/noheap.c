/* An allocator that aborts once main has begun. Linked into build/noheap/berth, the program that runs the
 * whole program suite: whoever asks for heap memory ends it with a line that says so. What libc itself asks
 * for before main comes from a small fixed pool. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define POOL_CAP 65536

static alignas(16) unsigned char pool[POOL_CAP];
static size_t pool_used;
static int main_has_begun;

void *malloc(size_t len);
void *calloc(size_t count, size_t len);
void *realloc(void *old, size_t len);
void free(void *block);
void *memalign(size_t alignment, size_t len);
void *aligned_alloc(size_t alignment, size_t len);
int posix_memalign(void **out, size_t alignment, size_t len);
void *valloc(size_t len);
void *pvalloc(size_t len);
size_t malloc_usable_size(void *block);

/* Constructors run in order of priority and this one is the last, just before main. */
__attribute__((constructor(65535))) static void begin(void)
{
    main_has_begun = 1;
}

static _Noreturn void refuse(const char *who)
{
    static const char what[] = "noheap: heap use after main began: ";

    if (write(2, what, sizeof what - 1) >= 0 && write(2, who, strlen(who)) >= 0 && write(2, "\n", 1) >= 0)
        _exit(134);
    _exit(135);
}

static void *take(const char *who, size_t alignment, size_t len)
{
    size_t start;

    if (main_has_begun)
        refuse(who);
    if (alignment < 16)
        alignment = 16;
    start = (pool_used + alignment - 1) / alignment * alignment;
    if (start > POOL_CAP || len > POOL_CAP - start)
        refuse("more than the pool before main");
    pool_used = start + len;
    return pool + start;
}

void *malloc(size_t len)
{
    return take("malloc", 16, len);
}

void *calloc(size_t count, size_t len)
{
    if (len != 0 && count > POOL_CAP / len)
        refuse("calloc");
    return take("calloc", 16, count * len); /* the pool is zero and never used twice */
}

void *realloc(void *old, size_t len)
{
    unsigned char *fresh = take("realloc", 16, len);

    if (old != NULL) {
        size_t behind = (size_t)(pool + POOL_CAP - (unsigned char *)old);
        memmove(fresh, old, len < behind ? len : behind);
    }
    return fresh;
}

void free(void *block)
{
    uintptr_t at = (uintptr_t)block;

    if (block != NULL && (at < (uintptr_t)pool || at >= (uintptr_t)(pool + POOL_CAP)))
        refuse("free");
}

void *memalign(size_t alignment, size_t len)
{
    return take("memalign", alignment, len);
}

void *aligned_alloc(size_t alignment, size_t len)
{
    return take("aligned_alloc", alignment, len);
}

int posix_memalign(void **out, size_t alignment, size_t len)
{
    *out = take("posix_memalign", alignment, len);
    return 0;
}

void *valloc(size_t len)
{
    return take("valloc", 4096, len);
}

void *pvalloc(size_t len)
{
    return take("pvalloc", 4096, (len + 4095) / 4096 * 4096);
}

size_t malloc_usable_size(void *block)
{
    (void)block;
    return 0;
}
