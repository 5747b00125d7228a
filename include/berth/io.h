/* Sources and sinks: where a body comes from and where it goes to. */
#ifndef BERTH_IO_H
#define BERTH_IO_H

#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BERTH_LENGTH_UNKNOWN UINT64_MAX

/* Where bytes come from. The struct and its ctx belong to the caller and live as long as the operation. */
struct berth_source {
    void *ctx;
    /* Puts up to CAP (never 0) bytes at BUF: their number; 0 = the end; a negative berth_status, where
     * BERTH_E_WOULD_BLOCK means "ask again later". */
    ptrdiff_t (*read)(void *ctx, void *buf, size_t cap);
    /* Starts again at the first byte; NULL when it cannot (then the body is sent at most once: no redirect,
     * no retry after the first byte). */
    enum berth_status (*rewind)(void *ctx);
    /* Total bytes, or BERTH_LENGTH_UNKNOWN (sent chunked). A source that yields another number is BERTH_E_IO.
     */
    uint64_t length;
};

/* Where bytes go to. */
struct berth_sink {
    void *ctx;
    /* Takes all LEN (never 0) bytes or fails; a failure ends the operation with that status. */
    enum berth_status (*write)(void *ctx, const void *bytes, size_t len);
    /* Forgets everything written so far, because the operation starts again; NULL when it cannot (then
     * nothing is repeated once a byte was written). */
    enum berth_status (*restart)(void *ctx);
};

/* A source over memory: MEMORY keeps the place. Rewindable. */
struct berth_memory_source {
    struct berth_text bytes;
    size_t offset;
};
struct berth_source berth_source_of_text(struct berth_memory_source *memory, struct berth_text bytes);

/* A sink into a writer. Restartable; a write that does not fit fails with BERTH_E_SPACE. */
struct berth_sink berth_sink_of_writer(struct berth_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
