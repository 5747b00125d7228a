/* Calls: an operation of a platform as a value, and the one way to run them all. */
#ifndef BERTH_CALL_H
#define BERTH_CALL_H

#include "berth/http.h"
#include "berth/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A platform's server and the memory to talk to it. The caller's; the texts and memory live as long as it. */
struct berth_client {
    struct berth_http *http;
    struct berth_text base_url; /* "https://ml.example:5001/api"; trailing slashes do not count */
    /* For request bodies that are built (JSON) and for the elements of responses: an element that is longer
     * than what the request body leaves is reported as too large and skipped. 16 KB covers practice
     * (mlcycle.md 2.5). */
    char *work;
    size_t work_size;
    /* Requests that are safe to repeat are repeated after 429, 502, 503 and 504 too, by the HTTP client's
     * retry policy. Off, these are answers like any other; to a long poll and to what must not be sent twice
     * they always are. */
    bool repeat_unavailable;
};

/* Checks base URL and memory: BERTH_E_ARGUMENT, BERTH_E_SYNTAX; *out_reason (may be NULL) is static text. */
enum berth_status berth_client_init(struct berth_client *client, struct berth_http *http,
                                    struct berth_text base_url, void *work, size_t work_size,
                                    const char **out_reason) BERTH_MUST_CHECK;

/* Longest one-line message that is kept. */
#define BERTH_CALL_MESSAGE_MAX 512

/* What a call came to, beside its status. */
struct berth_call_result {
    int http_status;                      /* 0: no response */
    char message[BERTH_CALL_MESSAGE_MAX]; /* one line, NUL-terminated: the server's own words, or what went
                                             wrong where */
    bool has_retry_after;
    uint32_t retry_after_ms;
    /* The call failed, but the server may have carried it out; or it refused a repeated request, of which an
     * earlier try may have come through. */
    bool maybe_done;
    uint64_t element_count; /* elements delivered */
    uint64_t skipped_count; /* elements that did not fit the work memory */
    size_t skipped_needed;  /* the most work memory that one of them wanted */
    uint64_t received;      /* body bytes */
    uint64_t sent;
};

struct berth_call;

/* One element of a response, decoded. ELEMENT as in berth/json.h; STRUCTURE is the shape's struct (NULL
 * without a shape, or when the element did not fit). Valid until it returns. Another status than BERTH_OK
 * ends the call with it. */
typedef enum berth_status berth_call_element_fn(void *ctx, const struct berth_json_element *element,
                                                void *structure);

/* How a call's 2xx body is read. */
enum berth_call_answer {
    BERTH_ANSWER_NONE = 0, /* thrown away */
    BERTH_ANSWER_JSON = 1, /* elements at `path`, decoded by `shape` */
    BERTH_ANSWER_BYTES = 2 /* to the sink */
};

/* An operation ready to be run: plain data that a platform function fills in; may be run again after it
 * ended. It is the caller's and stays where it is while it runs. Members are read by the runner only. */
struct berth_call {
    struct berth_client *client;
    struct berth_text method;
    char target[BERTH_URL_MAX]; /* path and query behind the base URL, NUL-terminated */
    struct berth_text content_type;
    struct berth_source body;
    bool has_body;
    size_t work_used; /* of the client's work memory, by the body */
    enum berth_http_repeat repeat;
    /* The platform's advice for this operation: the deadline when the caller passes 0 (0 = none), the longest
     * silence of the server (0 = the HTTP client's), and how long a long poll is for (0 = until the
     * deadline). */
    uint32_t timeout_ms;
    uint32_t idle_ms;
    uint32_t hold_ms;
    struct berth_http_header headers[4];
    size_t header_count;
    uint64_t range_from;
    uint8_t tries;      /* as in the HTTP client's retry policy, for each exchange; 0 = the client's */
    bool no_redirects;  /* a redirect is an answer like any other */
    bool secret_target; /* the path holds credentials: neither message nor trace shows it */
    bool partial_ok;    /* 206 is taken although no range was asked for */

    enum berth_call_answer answer;
    struct berth_text path;                                               /* JSON: the stream's path */
    const struct berth_shape *shape;                                      /* JSON: of level 1 */
    const struct berth_shape *inner_shapes[BERTH_JSON_STREAM_LEVELS - 1]; /* of levels 2 ... */
    berth_call_element_fn *on_element;
    void *element_ctx;
    struct berth_sink sink; /* BYTES */
    bool single; /* JSON: the document is one element; path begins with a "[*]" that stands for it */
    /* JSON, single: a document that is an array counts as an object whose member of this (plain) name it is,
     * so that both shapes of a list are read by one path. */
    struct berth_text array_member;
    bool list_due;   /* JSON, single: a document without the list of the path's second star is no answer */
    bool attachment; /* BYTES: text/html without Content-Disposition is a web page, not the file */
    bool waits_for_work; /* JSON: no element, or hold_ms over, is BERTH_E_NO_WORK */
    uint32_t operation;  /* the platform's own number for it */
    /* Platform: checks and completes a decoded element before the callback sees it; may be NULL. A failure is
     * BERTH_E_PROTOCOL with *out_reason (static text). */
    enum berth_status (*complete)(const struct berth_call *call, const struct berth_json_element *element,
                                  void *structure, const char **out_reason);
    /* Platform: what a response other than the expected one means, and the server's words put in OUT_MESSAGE.
     */
    enum berth_status (*judge)(const struct berth_call *call, const struct berth_http_result *result,
                               struct berth_writer *out_message);
    /* Platform: sees the head of each answer before its body, and may change how that is read; may be NULL.
     * Another status than BERTH_OK ends the exchange with it. */
    enum berth_status (*head)(struct berth_call *call, const struct berth_http_head *head);
    /* Platform: sees each piece of a JSON answer before it is decoded; LEN 0: the document begins (anew). May
     * be NULL. */
    void (*tap)(struct berth_call *call, const char *bytes, size_t len);
    /* Platform: an exchange came to STATUS. Answers what the call comes to, or BERTH_E_WOULD_BLOCK: the call
     * was described anew for one exchange more, to begin after *out_pause_ms, within the same deadline. May
     * be NULL. */
    enum berth_status (*next)(struct berth_call *call, enum berth_status status, uint32_t *out_pause_ms);
    void *platform; /* Platform: its own */

    struct berth_call_result result;
    uint64_t private_state[256]; /* body source, content type text, stream, URL ... */
};

/* Runs CALL to its end, at most TIMEOUT_MS (0: the platform's advice). BERTH_OK, or what failed: transport,
 * protocol, the meaning of the server's answer (BERTH_E_NOT_FOUND ...), BERTH_E_SPACE when elements were
 * skipped (all others were delivered), or the callback's or sink's own status. call->result has the details
 * in every case. */
enum berth_status berth_call_run(struct berth_call *call, uint32_t timeout_ms) BERTH_MUST_CHECK;
/* The same in steps: start, then step until it returns something else than BERTH_E_WOULD_BLOCK; see
 * berth_http_step(). */
enum berth_status berth_call_start(struct berth_call *call, uint32_t timeout_ms) BERTH_MUST_CHECK;
enum berth_status berth_call_step(struct berth_call *call, uint32_t wait_ms) BERTH_MUST_CHECK;
/* What it waits for after BERTH_E_WOULD_BLOCK, as berth_http_want() says it; also in a pause between two of
 * its exchanges. */
unsigned berth_call_want(const struct berth_call *call, uint32_t *out_wait_ms);
void berth_call_cancel(struct berth_call *call);

#ifdef __cplusplus
}
#endif
#endif
