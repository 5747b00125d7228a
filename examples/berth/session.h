/* A connection to a platform's server, made from the common options. */
#ifndef BERTH_PROGRAM_SESSION_H
#define BERTH_PROGRAM_SESSION_H

#include "app.h"

#include "berth/port_mbedtls.h"
#include "berth/port_posix.h"

/* Largest job (or other element) that is read at once; a larger one is reported with its size. Memory that is
 * never touched costs nothing. */
#define SESSION_WORK_SIZE (1u << 20)

struct session {
    struct app *app;
    struct berth_posix_net socket;
    struct berth_net plain;
    struct berth_mbedtls tls;
    struct berth_mbedtls_arena arena;
    uint8_t resumption[BERTH_MBEDTLS_SESSION_CAP]; /* of the last connection, for a quicker next one */
    struct berth_net net;
    struct berth_http http;
    struct berth_client client;
    uint32_t timeout_ms; /* 0: the platform's advice */
};

/* Sets up SESSION for BASE_URL with WORK memory; several can live side by side. 0, or an exit code
 * (reported). Nothing is sent yet. */
struct session_memory {
    char *work;
    size_t work_size;
    void *arena;
    size_t arena_size;
    void *http_buffer;
    size_t http_buffer_size;
    bool steady; /* signals do not end its waits: the caller never waits in it */
};
int session_open(struct session *s, struct app *app, const char *base_url,
                 const struct session_memory *memory);
/* The same with the program's own static memory: one session at a time. */
int session_open_only(struct session *s, struct app *app, const char *base_url);
void session_close(struct session *s);

/* Reports what a call came to; the exit code for its status. */
int session_report(struct session *s, const struct berth_call *call, enum berth_status status);
/* The same for what is no call: MESSAGE is one line, MAYBE_DONE as in struct berth_call_result. */
int session_report_message(struct session *s, const char *message, bool maybe_done, enum berth_status status);

/* "12.5" seconds as ms, at least 1, at most 49 days. */
enum berth_status parse_seconds(const char *text, uint32_t *out_ms) BERTH_MUST_CHECK;

#endif
