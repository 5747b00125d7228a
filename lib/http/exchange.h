/* The exchange's state and the pieces it is made of: one request and everything that happens until its
 * answer. */
#ifndef BERTH_LIB_HTTP_EXCHANGE_H
#define BERTH_LIB_HTTP_EXCHANGE_H

#include "http/body.h"
#include "http/head.h"

/* The longest host name with its final dot, and of what is remembered of a peer's words. */
#define BERTH_HOST_MAX 254
#define BERTH_ETAG_MAX 80
#define BERTH_CONTENT_TYPE_MAX 127
#define BERTH_REASON_MAX 320
#define BERTH_NEVER_MS UINT64_MAX

enum berth_phase {
    BERTH_PHASE_IDLE,
    BERTH_PHASE_PAUSE,       /* before a repeat */
    BERTH_PHASE_BEGIN,       /* a try: which connection? */
    BERTH_PHASE_CONNECT,     /* name and TCP */
    BERTH_PHASE_TUNNEL_SEND, /* CONNECT to a proxy */
    BERTH_PHASE_TUNNEL_HEAD, /* its answer */
    BERTH_PHASE_SECURE,      /* TLS */
    BERTH_PHASE_SEND,        /* request head and body */
    BERTH_PHASE_HEAD,        /* response head */
    BERTH_PHASE_BODY         /* response body */
};

/* What happens to a response's body. */
enum berth_body_use { BERTH_USE_DELIVER, BERTH_USE_ERROR, BERTH_USE_SKIP };

/* The connection that is open, and what it may be used again for. */
struct berth_connection {
    bool open;
    bool https;
    bool proxied; /* plain requests in absolute form: any origin */
    bool reused;  /* by the try under way */
    uint16_t port;
    uint16_t host_len;
    uint64_t idle_since_ms;
    char host[BERTH_HOST_MAX];
};

struct berth_exchange {
    struct berth_http_request request; /* method and body change with a 303 */
    struct berth_http_reader reader;
    struct berth_url url;   /* where the request goes now; views into the caller's URL or url_text */
    struct berth_url proxy; /* host empty: none for this request */
    struct berth_text proxy_user;
    struct berth_connection connection;

    uint64_t now_ms;
    uint64_t deadline_ms;
    uint64_t step_end_ms;
    uint64_t phase_end_ms; /* of connecting, a pause, waiting for 100 Continue */
    uint64_t heard_ms;     /* when the peer last took or sent a byte */

    /* Sending: [tx_pos, tx_end) of the buffer waits to go out. */
    uint64_t head_put;  /* bytes of the request head put there so far */
    uint64_t body_read; /* bytes that the source gave */
    size_t tx_pos, tx_end, tx_body;
    /* Receiving: [rx_pos, rx_len) was not read yet; while sending only the buffer's first part is used. */
    size_t rx_pos, rx_len, head_len;
    struct berth_head_scan scan;
    size_t scanned;
    struct berth_http_head head;
    struct berth_head_facts facts;
    struct berth_body body;
    uint64_t body_len; /* received, framing removed, whatever its use */

    uint64_t range_from;  /* the first byte asked for in this try; 0 = all */
    uint64_t range_start; /* of the whole, the first byte that was delivered */
    int send_failed;      /* enum berth_status of a send that failed before an answer was there */
    unsigned fills;       /* of the send region, to look for an early answer from time to time */

    uint8_t phase;         /* enum berth_phase */
    uint8_t use;           /* enum berth_body_use */
    uint8_t want;          /* enum berth_want bits */
    uint8_t redirects;     /* followed */
    uint8_t tries;         /* begun */
    uint16_t url_text_len; /* of a redirect's target, 0 before the first */
    bool head_done;        /* the request head is in the send region or gone */
    bool body_done;        /* so is the request's body */
    bool source_touched;   /* since it was at its start */
    bool source_waits;     /* it had nothing ready */
    bool await_continue;   /* the body waits for 100 Continue */
    bool head_ready;       /* a final response head is in the buffer */
    bool abandoned;        /* the request was not sent to its end */
    bool answered;         /* a byte of the answer arrived in this try */
    bool reached;          /* a byte of the request was sent in this try */
    bool fresh;            /* this try wants a new connection */
    bool keep;             /* the connection outlives the response */
    bool redirecting;      /* the response under way is a redirect that is followed */
    bool upgraded;         /* from http to https by a redirect */
    bool secrets_dropped;  /* another origin: no credentials */
    bool own_range;        /* the caller wrote a Range field */
    bool own_encoding;     /* the caller wrote an Accept-Encoding field */
    bool resumable;        /* the server can continue this body where it broke */
    bool if_range;         /* this try continues one */
    bool heard;            /* since the round began: heard_ms is due */
    bool ready;            /* step() stopped although there was more to do */
    bool ended;            /* by `end` */
    enum berth_status end; /* what step() returns then */

    char etag[BERTH_ETAG_MAX]; /* of the body that is being delivered, a strong one */
    uint8_t etag_len;
    char content_type[BERTH_CONTENT_TYPE_MAX];
    char reason[BERTH_REASON_MAX];
    char error_body[BERTH_HTTP_ERROR_BODY_MAX];
    char url_text[BERTH_URL_MAX]; /* a redirect's target */
};

struct berth_exchange *berth_exchange_of(struct berth_http *http);

/* The buffer, and where the part for sending begins. */
char *berth_exchange_buffer(struct berth_http *http);
size_t berth_exchange_send_start(const struct berth_http *http);
/* How long the next call of the net may wait. */
uint32_t berth_exchange_wait_ms(struct berth_http *http);
/* result.reason = WHAT, followed by ": DETAIL" when there is one; cut when it is long. Returns STATUS. */
enum berth_status berth_exchange_fail(struct berth_http *http, enum berth_status status, const char *what,
                                      struct berth_text detail);
/* The same with the net's own words as detail. */
enum berth_status berth_exchange_net_fail(struct berth_http *http, enum berth_status status,
                                          const char *what);
/* The exchange ends: step() returns STATUS. */
enum berth_status berth_exchange_end(struct berth_http *http, enum berth_status status);
void berth_exchange_enter(struct berth_http *http, enum berth_phase phase, uint64_t end_ms);
void berth_exchange_close(struct berth_http *http);
/* Remembers what the net waits for; returns BERTH_E_WOULD_BLOCK. */
enum berth_status berth_exchange_blocked(struct berth_http *http);

/* ---- connect.c */
enum berth_status berth_connect_begin(struct berth_http *http);
enum berth_status berth_connect_open(struct berth_http *http);
enum berth_status berth_connect_tunnel_send(struct berth_http *http);
enum berth_status berth_connect_tunnel_head(struct berth_http *http);
enum berth_status berth_connect_secure(struct berth_http *http);
/* Whether the open connection serves the exchange's URL. */
bool berth_connect_serves(struct berth_http *http);

/* ---- request.c */
/* Why the request cannot be sent, or NULL. Fills x->url and the facts about the caller's fields. */
const char *berth_request_check(struct berth_http *http);
/* Puts the next bytes of the request head (or of CONNECT) into the send region. */
void berth_request_fill_head(struct berth_http *http, bool tunnel);

/* ---- send.c */
void berth_send_reset(struct berth_http *http);
enum berth_status berth_send(struct berth_http *http);
/* Sends what is in the send region: BERTH_OK when something went out. */
enum berth_status berth_send_some(struct berth_http *http, uint32_t wait_ms);

/* ---- receive.c */
void berth_receive_reset(struct berth_http *http);
/* Reads until a final response head is in the first CAP bytes of the buffer (x->head, x->facts). */
enum berth_status berth_receive_head(struct berth_http *http, size_t cap, uint32_t wait_ms);
enum berth_status berth_receive_answer(struct berth_http *http);
enum berth_status berth_receive_body(struct berth_http *http);

/* ---- repeat.c */
bool berth_repeat_is_idempotent(struct berth_http *http);
/* After a failed try: BERTH_OK when another one is on its way, else STATUS. */
enum berth_status berth_repeat_after_failure(struct berth_http *http, enum berth_status status);
/* After a whole response: whether another try is on its way. */
bool berth_repeat_after_answer(struct berth_http *http);

/* ---- redirect.c */
bool berth_redirect_wanted(const struct berth_http *http);
/* Points the exchange at the new URL. BERTH_E_REDIRECT when the policy does not allow it. */
enum berth_status berth_redirect_follow(struct berth_http *http);

/* ---- proxy.c */
/* "[http://][user[:password]@]host[:port]"; *out_user as it is in TEXT. False for anything else. */
bool berth_proxy_parse(struct berth_text text, struct berth_url *out_proxy, struct berth_text *out_user);
/* Puts "Basic ..." (RFC 7617); at most this long. */
#define BERTH_PROXY_CREDENTIALS_MAX 168
void berth_put_proxy_credentials(struct berth_writer *w, struct berth_text user);
/* Whether NO_PROXY names the URL's host. */
bool berth_proxy_excluded(struct berth_text no_proxy, const struct berth_url *url);

/* ---- trace.c */
/* One line for people, when somebody listens: MARK A BETWEEN B. Credentials in a URL's query are hidden, and
 * all of B with HIDE. */
void berth_trace(struct berth_http *http, const char *mark, struct berth_text a, const char *between,
                 struct berth_text b, bool hide);
/* Whether a field of this name holds credentials. */
bool berth_trace_is_secret(struct berth_text field_name);

#endif
