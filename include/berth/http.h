/* An HTTP/1.1 client (RFC 9110, 9112) as a state machine over a net port: it owns no socket, no clock and no
 * memory. */
#ifndef BERTH_HTTP_H
#define BERTH_HTTP_H

#include "berth/io.h"
#include "berth/port.h"
#include "berth/text.h"
#include "berth/url.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Buffer that holds a whole response head, at other times body bytes on their way: a 255-byte non-ASCII file
 * name costs about 1.1 KB in Content-Disposition, so 4 KB is right for every platform here. Larger is faster
 * for downloads. */
#define BERTH_HTTP_BUFFER_MIN 1024
#define BERTH_HTTP_BUFFER_DEFAULT 4096
/* Fields of a response head beyond which it is refused (BERTH_E_PROTOCOL). */
#define BERTH_HTTP_FIELDS_MAX 100
/* What is kept of an error body, so that the server's own words can be shown. */
#define BERTH_HTTP_ERROR_BODY_MAX 1024

struct berth_http_header {
    struct berth_text name;
    struct berth_text value;
    bool secret; /* credentials: never sent to another origin by a redirect, hidden in the trace */
};

enum berth_http_repeat {
    BERTH_HTTP_REPEAT_BY_METHOD =
        0, /* GET, HEAD, OPTIONS, PUT and DELETE may be repeated (RFC 9110 section 9.2.2) */
    /* Only when no byte of the request was sent. A connection that was idle for more than 4 s is then not
     * used again either (nor for other requests that may not be repeated): its close could cross the request.
     */
    BERTH_HTTP_REPEAT_NEVER = 1,
    BERTH_HTTP_REPEAT_ALWAYS = 2 /* the platform says that repeating does no harm */
};

/* A request. It is copied; everything it points to lives until the exchange has ended. */
struct berth_http_request {
    struct berth_text method; /* a token: "GET" */
    struct berth_text url;    /* absolute; see berth/url.h */
    /* Further header fields. Names must be tokens, values without control characters (BERTH_E_ARGUMENT: no
     * injection). Host, Content-Length, Transfer-Encoding, Connection and Expect are written by the exchange
     * and refused here. */
    const struct berth_http_header *headers;
    size_t header_count;
    struct berth_text content_type; /* absent: none */
    /* NULL: no body; then POST, PUT and PATCH say Content-Length: 0. Of unknown length: sent chunked. */
    const struct berth_source *body;
    enum berth_http_repeat repeat;
    bool expect_continue; /* ask before sending a body that is not empty; goes ahead after 1 s without an
                             answer */
    bool no_status_retry; /* 429, 502, 503 and 504 are answers like any other: they mean something to the
                             platform, which decides itself whether to try again */
    /* > 0, GET only: only the bytes from here on (Range: bytes=N-). 206 must begin just there
     * (BERTH_E_PROTOCOL); 200 instead restarts the sink and sends all of it (BERTH_E_PROTOCOL when the sink
     * cannot restart); 416 is an answer like any other. To continue a download that an earlier exchange left
     * unfinished: range_from = what the sink has, and the ETag of then in an If-Range field, so that a file
     * that changed comes whole. */
    uint64_t range_from;
    uint32_t idle_timeout_ms; /* as in the configuration, for this request alone; 0 = the configuration's */
    uint8_t tries;            /* the same for the retry policy's tries */
    bool no_redirects;        /* a redirect is an answer like any other: the platform follows it, or not */
    bool secret_target;       /* the URL's path holds credentials: the trace hides it */
    bool partial_ok; /* 206 is taken although no range was asked for (a server that sends the tail) */
};

/* The head of a response; views into the exchange's buffer. */
struct berth_http_head {
    int status;               /* 100 to 599 */
    struct berth_text reason; /* reason phrase, may be empty */
    struct berth_text fields; /* the raw header block */
    bool has_length;
    uint64_t length; /* of the body, when has_length */
    bool chunked;
};
/* The value of the first field NAME (any case), trimmed; absent when there is none. */
struct berth_text berth_http_head_find(const struct berth_http_head *head, struct berth_text name);
/* Whether a Content-Type value names TYPE ("application/json"), parameters aside, any case. */
bool berth_http_media_type_is(struct berth_text content_type, struct berth_text type);

/* Where a response goes. */
struct berth_http_reader {
    void *ctx;
    /* The final response's head (no 1xx, no redirect that is followed), once for each try; may be NULL. The
     * views live until it returns. Another status than BERTH_OK ends the exchange with it. */
    enum berth_status (*head)(void *ctx, const struct berth_http_head *head);
    /* Takes the body of a 2xx response, framing removed; NULL: it is read and thrown away. Bodies of other
     * responses are kept, up to BERTH_HTTP_ERROR_BODY_MAX bytes, in the exchange; what is longer than 64 KB
     * is not read to its end. */
    const struct berth_sink *body;
    /* Takes the body of a response other than 2xx too, when the exchange's own place is too small; NULL: it
     * is not. Restarted when another answer's begins. */
    const struct berth_sink *error_body;
};

/* One line of what goes over the wire, for people: "> POST /api/x HTTP/1.1", "< 200 OK", "* connected ...";
 * secrets hidden. */
typedef void berth_http_trace(void *ctx, struct berth_text line);

/* How often and when to try again; all zero: 3 tries, 500 ms doubling up to 60 s.
 * Tried again: connections that did not come about, broke or were silent for too long (not: names without an
 * address, certificates), bodies that ended early, and 429, 502, 503 and 504; only when the request may be
 * repeated, its body can be read again, and the sink is empty or can restart. A pause is at least what
 * Retry-After says; one that would pass the deadline is not begun. A body that broke off is continued (Range
 * and If-Range) instead of begun again when the response had a strong ETag and Accept-Ranges: bytes; its last
 * head is then a 206. A kept connection that breaks before the first byte of an answer is replaced at once;
 * that is not one of the tries. */
struct berth_retry_policy {
    uint8_t tries;    /* including the first; 0 = 3; 1 = never repeat */
    uint32_t base_ms; /* 0 = 500 */
    uint32_t max_ms;  /* 0 = 60,000 */
};

struct berth_http_config {
    struct berth_net *net;           /* required; owns the one connection; https needs its secure() */
    const struct berth_clock *clock; /* required */
    const struct berth_rand *rand;   /* required: jitter, boundaries */
    void *buffer;                    /* required; BERTH_HTTP_BUFFER_MIN bytes or more */
    size_t buffer_size;
    struct berth_text user_agent; /* absent: none is sent */
    struct berth_text unix_path;  /* connect here instead of to the URL's host */
    /* "[http://][user:password@]host[:port]" (80) for http URLs (absolute form) and for https URLs (CONNECT);
     * empty: none. User and password are percent-encoded, together at most 120 bytes, and sent to the proxy
     * alone (Basic). */
    struct berth_text http_proxy;
    struct berth_text https_proxy;
    struct berth_text no_proxy;  /* comma list: host, .domain (also "domain"), address, address/bits, "*" */
    uint32_t connect_timeout_ms; /* name, TCP and TLS together; 0 = 10,000 */
    uint32_t idle_timeout_ms; /* longest time in which the peer neither takes a byte of the request nor sends
                                 one; 0 = no bound of its own */
    struct berth_retry_policy retry;
    /* Followed: 300, 301, 302, 303, 307 and 308 with a Location, with the same method and body (303: GET
     * without a body); never from https to http; secret fields, Authorization, Cookie and Proxy-Authorization
     * only within the first origin. 0 = 5; 255 = a redirect is an answer like any other. */
    uint8_t redirects_max;
    bool redirect_upgrade_only; /* follow only http to https on the same host name, once (mlcycle 0.1) */
    berth_http_trace *trace;    /* NULL: none */
    void *trace_ctx;
};

/* What an exchange came to. Views live until the next start. */
struct berth_http_result {
    int http_status;              /* of the final response; 0: there was none */
    struct berth_text error_body; /* of a response other than 2xx, at most BERTH_HTTP_ERROR_BODY_MAX bytes */
    struct berth_text content_type; /* of the final response; at most 127 bytes are kept */
    bool has_retry_after;
    uint32_t retry_after_ms; /* from a Retry-After field in either form */
    uint64_t received;       /* body bytes delivered */
    uint64_t sent;           /* body bytes sent */
    bool maybe_reached;      /* the request, or a part of it, may have reached the server */
    unsigned tries;          /* how many were begun */
    struct berth_text
        reason; /* one line about a failure: the net's own words or what was wrong with the peer's bytes */
};

/* The client: one connection, one exchange at a time, kept alive between exchanges to the same origin. The
 * caller's; members are private. */
struct berth_http {
    struct berth_http_config config;
    struct berth_http_result result;
    uint64_t private_state[560];
};

/* BERTH_E_ARGUMENT when something required is missing or the buffer is too small. */
enum berth_status berth_http_init(struct berth_http *http,
                                  const struct berth_http_config *config) BERTH_MUST_CHECK;

/* Begins an exchange that must end within TIMEOUT_MS (one deadline for connecting, redirects, retries and the
 * whole body; 0 = no deadline). Nothing is sent yet. BERTH_E_ARGUMENT for a request that cannot be sent
 * (result.reason says why), BERTH_E_STATE when one is under way. */
enum berth_status berth_http_start(struct berth_http *http, const struct berth_http_request *request,
                                   const struct berth_http_reader *reader,
                                   uint32_t timeout_ms) BERTH_MUST_CHECK;
/* Does what can be done within WAIT_MS (0: without waiting). BERTH_E_WOULD_BLOCK: not finished, call again.
 * BERTH_OK: a whole response arrived, whatever its HTTP status (result.http_status); of a request body that
 * the server refused early (300 and above) the rest was not sent. Errors end the exchange and close the
 * connection: TIMEOUT (the deadline, or the idle bound), RESOLVE, CONNECT, RESET, CLOSED, TLS, PROTOCOL,
 * TRUNCATED, REDIRECT, CANCELLED (the port was interrupted by a signal), SPACE (a response head larger than
 * the buffer), the source's, sink's or head callback's own. A retried failure is not reported. */
enum berth_status berth_http_step(struct berth_http *http, uint32_t wait_ms) BERTH_MUST_CHECK;
/* After BERTH_E_WOULD_BLOCK: bits of enum berth_want that the net waits for (0 during a pause before a
 * retry), and the longest time in ms until step() must be called again anyway. */
unsigned berth_http_want(const struct berth_http *http, uint32_t *out_wait_ms);
/* start() and step() until the end. */
enum berth_status berth_http_run(struct berth_http *http, const struct berth_http_request *request,
                                 const struct berth_http_reader *reader,
                                 uint32_t timeout_ms) BERTH_MUST_CHECK;
/* Gives up an exchange that is under way and closes its connection; otherwise does nothing. */
void berth_http_cancel(struct berth_http *http);
/* Closes the connection. */
void berth_http_close(struct berth_http *http);

/* ---- Retry ------------------------------------------------------------------------------------ */

/* The pause before try number TRY (2 = the first repeat): uniform in [0, min(max, base * 2^(TRY-2))] by
 * RANDOM, a random number
 * ("full jitter"). */
uint32_t berth_retry_pause_ms(const struct berth_retry_policy *policy, unsigned try_number, uint32_t random);
/* A Retry-After value, seconds or HTTP date (RFC 9110 section 10.2.3), as ms from NOW_S (civil; 0 = unknown:
 * a date is then BERTH_E_RANGE). A date in the past is 0; more than 49 days is UINT32_MAX. */
enum berth_status berth_parse_retry_after(struct berth_text value, int64_t now_s,
                                          uint32_t *out_ms) BERTH_MUST_CHECK;

/* ---- multipart/form-data (RFC 7578) ----------------------------------------------------------- */

/* 128 random bits in hexadecimal behind a fixed prefix: the chance that a file's data holds it is negligible.
 */
#define BERTH_MULTIPART_BOUNDARY_SIZE 48

struct berth_multipart_part {
    struct berth_text name;
    struct berth_text value;         /* a text part, when file is NULL */
    const struct berth_source *file; /* a file part */
    struct berth_text file_name;     /* file part: not empty */
    struct berth_text content_type;  /* file part: absent = application/octet-stream */
};

/* A body made of parts, as a source. The caller's; the parts and what they point to live as long as it. */
struct berth_multipart {
    const struct berth_multipart_part *parts;
    size_t part_count;
    char boundary[BERTH_MULTIPART_BOUNDARY_SIZE];
    size_t part; /* place: which part, which piece of it, how far */
    unsigned piece;
    uint64_t offset;
};

/* Sets up a body with a random boundary. Part and file names with CR, LF, NUL or other control characters are
 * refused (BERTH_E_ARGUMENT); '"' is escaped as %22 (HTML standard). The source's length is exact when every
 * file's is known. Also the port's BERTH_E_ENTROPY. The source's read(): the file's own error, or BERTH_E_IO
 * when a file has another length than it said. */
enum berth_status berth_multipart_init(struct berth_multipart *m, const struct berth_multipart_part *parts,
                                       size_t part_count, const struct berth_rand *rand,
                                       struct berth_source *out_source) BERTH_MUST_CHECK;
/* "multipart/form-data; boundary=..." */
void berth_put_multipart_type(struct berth_writer *w, const struct berth_multipart *m);

#ifdef __cplusplus
}
#endif
#endif
