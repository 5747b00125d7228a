/* Sources and sinks over memory. */
#include "berth/io.h"

#include <string.h>

static ptrdiff_t memory_read(void *ctx, void *buf, size_t cap)
{
    struct berth_memory_source *memory = ctx;
    size_t left = memory->bytes.len - memory->offset;
    size_t count = left < cap ? left : cap;
    if (count > 0)
        memcpy(buf, memory->bytes.ptr + memory->offset, count);
    memory->offset += count;
    return (ptrdiff_t)count;
}

static enum berth_status memory_rewind(void *ctx)
{
    struct berth_memory_source *memory = ctx;
    memory->offset = 0;
    return BERTH_OK;
}

struct berth_source berth_source_of_text(struct berth_memory_source *memory, struct berth_text bytes)
{
    memory->bytes = bytes;
    memory->offset = 0;
    struct berth_source source = {memory, memory_read, memory_rewind, bytes.len};
    return source;
}

static enum berth_status writer_write(void *ctx, const void *bytes, size_t len)
{
    struct berth_writer *writer = ctx;
    berth_put_bytes(writer, bytes, len);
    return berth_writer_status(writer);
}

static enum berth_status writer_restart(void *ctx)
{
    struct berth_writer *writer = ctx;
    writer->len = 0;
    return BERTH_OK;
}

struct berth_sink berth_sink_of_writer(struct berth_writer *writer)
{
    struct berth_sink sink = {writer, writer_write, writer_restart};
    return sink;
}
