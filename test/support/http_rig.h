/* An HTTP client on the memory ports, and what came of an exchange as text: for the tests of lib/http. */
#ifndef TEST_HTTP_RIG_H
#define TEST_HTTP_RIG_H

#include "berth/http.h"
#include "berth/port_mem.h"

#define RIG_OUT_CAP 262144
#define RIG_EVENTS_CAP 65536

struct rig {
    struct berth_mem_faults faults;
    struct berth_mem_clock mem_clock;
    struct berth_mem_rand mem_rand;
    struct berth_mem_net mem;
    struct berth_clock clock;
    struct berth_rand rand;
    struct berth_net net;
    struct berth_http_config config;
    struct berth_http http;
    char *buffer; /* ends at a forbidden page */

    char out[RIG_OUT_CAP]; /* what was sent */
    /* "head 200 OK", "body ...", "restart", one line each; the pieces of a body are joined. */
    char events[RIG_EVENTS_CAP];
    struct berth_writer written;
    bool in_body;
    bool no_restart;             /* the sink cannot start again */
    uint64_t sink_fails_at;      /* the sink fails once it has so many bytes; 0 = never */
    enum berth_status head_says; /* what the head callback answers */
    uint64_t sunk;               /* bytes in the sink */
    struct berth_sink sink;
    struct berth_http_reader reader;
    char trace[RIG_EVENTS_CAP];
    struct berth_writer traced;
};

/* A client with a buffer of BUFFER_SIZE, TLS possible, one try, no connection yet. */
void rig_open(struct rig *rig, size_t buffer_size);
/* Takes over what was changed in rig->config; the connection is forgotten. */
void rig_configure(struct rig *rig);
void rig_close(struct rig *rig);

/* What the peer does; all of the record of earlier traffic is cleared. */
void rig_script(struct rig *rig, const struct berth_mem_step *steps, size_t count);
/* Runs to the end: blocking, or (STEPWISE) in steps without waiting. */
enum berth_status rig_run(struct rig *rig, const struct berth_http_request *request, uint32_t timeout_ms,
                          bool stepwise);
/* rig_configure(), rig_script() and rig_run(), once in steps and once blocking from the same moment (and from
 * the start of the request's body, when it rewinds). The test ends when the two differ in anything. */
enum berth_status rig_play(struct rig *rig, const struct berth_mem_step *steps, size_t count,
                           const struct berth_http_request *request);
struct berth_http_request rig_request(const char *method, const char *url);
/* What was sent since the script was set. */
struct berth_text rig_sent(const struct rig *rig);
bool rig_was_sent(const struct rig *rig, const char *text);
size_t rig_times_sent(const struct rig *rig, const char *text);
const char *rig_events(struct rig *rig);
const char *rig_trace(struct rig *rig);

#define RIG_BYTES(text)                                                                                      \
    {                                                                                                        \
        BERTH_MEM_BYTES, BERTH_TEXT_INIT(text), 0                                                            \
    }
#define RIG_AWAIT(text)                                                                                      \
    {                                                                                                        \
        BERTH_MEM_AWAIT, BERTH_TEXT_INIT(text), 0                                                            \
    }
#define RIG_ACT(act)                                                                                         \
    {                                                                                                        \
        act, {NULL, 0}, 0                                                                                    \
    }
#define RIG_AMOUNT(act, amount)                                                                              \
    {                                                                                                        \
        act, {NULL, 0}, amount                                                                               \
    }

#endif
