/* The runner's own state in a call, and what its parts share: call.c runs, call_answer.c reads the answer,
 * call_report.c says in one line what came of it. */
#ifndef BERTH_PLATFORM_CALL_STATE_H
#define BERTH_PLATFORM_CALL_STATE_H

#include "platform/call.h"

/* "multipart/form-data; boundary=" and the boundary. */
#define BERTH_CALL_TYPE_MAX (32 + BERTH_MULTIPART_BOUNDARY_SIZE)

struct berth_call_state {
    char type_text[BERTH_CALL_TYPE_MAX]; /* of a multipart body; outlives a run */
    struct berth_memory_source memory;
    struct berth_source body;
    struct berth_http_request request;
    struct berth_http_reader reader;
    struct berth_sink sink;
    struct berth_json_stream stream;
    void *structure;
    size_t structure_size;
    struct berth_text url;
    struct berth_text where; /* the URL without its query */
    bool streaming;          /* the body goes to the stream */
    bool whole;              /* a document that is one element was read to its end */
    bool head_seen;
    bool holds;                /* the deadline is the end of a long poll's hold */
    bool reported;             /* result.message says what failed */
    bool begun;                /* the document's first byte was seen */
    bool wrapped;              /* it is an array that stands for an object */
    uint16_t before;           /* bytes that the stream was fed before the document's own */
    struct berth_sink errors;  /* takes the whole body of an answer that is none */
    struct berth_writer error; /* ... as far as it fits the memory for elements */

    /* What lasts over all exchanges of the call. */
    uint64_t deadline_ms;
    uint64_t pause_end_ms; /* of the pause before the next exchange */
    uint64_t received, sent, skipped_count;
    bool pausing;
    enum berth_status failed; /* what the exchange before the pause came to */
};
_Static_assert(sizeof(struct berth_call_state) <= sizeof(((struct berth_call *)0)->private_state),
               "a call's state must fit");

static inline struct berth_call_state *berth_call_state(struct berth_call *call)
{
    return (struct berth_call_state *)(void *)call->private_state;
}

/* What an HTTP status means to a person, where the server has no words of its own. */
const char *berth_call_hint_of(int http_status);
/* Begins the call's message anew; the parts of a message are put with platform/line.h. */
void berth_call_begin_message(struct berth_call *call, struct berth_writer *w);
/* " (METHOD URL, HTTP 404)" behind what the message says. */
void berth_call_put_where(struct berth_call *call, struct berth_writer *w);
/* Keeps WHAT (and DETAIL behind a colon, unless NULL) as the call's message. Returns STATUS. */
enum berth_status berth_call_report(struct berth_call *call, enum berth_status status, const char *what,
                                    const char *detail);
/* The same in the words of a lower layer (REASON may be empty), with what to do about it. */
enum berth_status berth_call_report_failure(struct berth_call *call, enum berth_status status,
                                            struct berth_text reason);

/* Lets the answer come to the call's stream or sink; the memory for elements is laid out. */
enum berth_status berth_call_open_answer(struct berth_call *call);
/* A 2xx answer has ended: what it came to. */
enum berth_status berth_call_accept(struct berth_call *call);

#endif
