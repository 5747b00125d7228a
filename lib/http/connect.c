/* Which connection a try uses, and how a new one comes about: TCP, proxy tunnel, TLS. */
#include "http/exchange.h"

#include <string.h>

#define CONNECT_TIMEOUT_MS 10000
/* A kept connection that was idle for longer is not trusted with a request that must not be sent twice:
 * servers close idle connections after 5 s and more, and a close that crosses the request cannot be told from
 * a lost one. */
#define TRUSTED_IDLE_MS 4000

static bool is_plain_proxied(const struct berth_exchange *x)
{
    return x->proxy.host.len > 0 && !x->url.https;
}

bool berth_connect_serves(struct berth_http *http)
{
    const struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_connection *c = &x->connection;
    if (!c->open || c->proxied != is_plain_proxied(x))
        return false;
    return c->proxied || (c->https == x->url.https && c->port == x->url.port &&
                          berth_text_equal_nocase(berth_text_make(c->host, c->host_len), x->url.host));
}

static void remember_connection(struct berth_exchange *x)
{
    struct berth_connection *c = &x->connection;
    x->fresh = false;
    c->open = true;
    c->reused = false;
    c->https = x->url.https;
    c->proxied = is_plain_proxied(x);
    c->port = x->url.port;
    c->host_len = (uint16_t)x->url.host.len;
    memcpy(c->host, x->url.host.ptr, x->url.host.len);
}

/* Whether nothing has come over the idle connection, not even its end. */
static bool is_quiet(struct berth_http *http)
{
    const struct berth_net *net = http->config.net;
    return net->recv(net->ctx, berth_exchange_buffer(http), http->config.buffer_size, 0) ==
           BERTH_E_WOULD_BLOCK;
}

static bool may_reuse(struct berth_http *http)
{
    const struct berth_exchange *x = berth_exchange_of(http);
    bool careful = x->request.repeat == BERTH_HTTP_REPEAT_NEVER ||
                   (x->request.repeat == BERTH_HTTP_REPEAT_BY_METHOD && !berth_repeat_is_idempotent(http));
    if (x->fresh || !berth_connect_serves(http))
        return false;
    if (careful && x->now_ms - x->connection.idle_since_ms > TRUSTED_IDLE_MS)
        return false;
    return is_quiet(http);
}

/* The proxy for the URL, into x->proxy. */
static enum berth_status choose_proxy(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_http_config *config = &http->config;
    struct berth_text text = x->url.https ? config->https_proxy : config->http_proxy;
    x->proxy = (struct berth_url){0};
    if (text.len == 0 || config->unix_path.len > 0 || berth_proxy_excluded(config->no_proxy, &x->url))
        return BERTH_OK;
    /* init() has checked it */
    return berth_proxy_parse(text, &x->proxy, &x->proxy_user) ? BERTH_OK : BERTH_E_ARGUMENT;
}

static void begin_sending(struct berth_http *http)
{
    berth_send_reset(http);
    berth_receive_reset(http);
    berth_exchange_enter(http, BERTH_PHASE_SEND, BERTH_NEVER_MS);
}

enum berth_status berth_connect_begin(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    uint32_t bound = http->config.connect_timeout_ms;
    x->reached = false;
    BERTH_TRY(choose_proxy(http));
    if (may_reuse(http)) {
        x->connection.reused = true;
        begin_sending(http);
        return BERTH_OK;
    }
    berth_exchange_close(http);
    if (x->url.https && http->config.net->secure == NULL)
        return berth_exchange_fail(http, BERTH_E_NOT_PROVIDED, "https needs a net with TLS",
                                   berth_text_make(NULL, 0));
    berth_exchange_enter(http, BERTH_PHASE_CONNECT, x->now_ms + (bound != 0 ? bound : CONNECT_TIMEOUT_MS));
    return BERTH_OK;
}

static enum berth_status after_secure(struct berth_http *http)
{
    remember_connection(berth_exchange_of(http));
    begin_sending(http);
    return BERTH_OK;
}

enum berth_status berth_connect_open(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_net *net = http->config.net;
    const struct berth_url *to = x->proxy.host.len > 0 ? &x->proxy : &x->url;
    struct berth_endpoint endpoint = {to->host, to->port, http->config.unix_path};
    enum berth_status status = net->connect(net->ctx, &endpoint, berth_exchange_wait_ms(http));
    if (status == BERTH_E_WOULD_BLOCK)
        return berth_exchange_blocked(http);
    if (status != BERTH_OK)
        return berth_exchange_net_fail(
            http, status, x->proxy.host.len > 0 ? "cannot connect to the proxy" : "cannot connect");
    berth_trace(http, "* connected to ", to->host, "", berth_text_make(NULL, 0), false);
    if (!x->url.https)
        return after_secure(http);
    if (x->proxy.host.len == 0) {
        x->phase = BERTH_PHASE_SECURE;
        return BERTH_OK;
    }
    berth_send_reset(http);
    berth_receive_reset(http);
    x->phase = BERTH_PHASE_TUNNEL_SEND;
    return BERTH_OK;
}

enum berth_status berth_connect_tunnel_send(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    if (x->tx_pos < x->tx_end)
        return berth_send_some(http, berth_exchange_wait_ms(http));
    if (!x->head_done) {
        x->tx_pos = x->tx_end = berth_exchange_send_start(http);
        berth_request_fill_head(http, true);
    } else {
        x->phase = BERTH_PHASE_TUNNEL_HEAD;
    }
    return BERTH_OK;
}

enum berth_status berth_connect_tunnel_head(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    BERTH_TRY(berth_receive_head(http, http->config.buffer_size, berth_exchange_wait_ms(http)));
    if (x->head.status / 100 != 2) {
        char text[4] = {(char)('0' + x->head.status / 100), (char)('0' + x->head.status / 10 % 10),
                        (char)('0' + x->head.status % 10), 0};
        return berth_exchange_fail(http, BERTH_E_CONNECT, "the proxy refused the tunnel",
                                   berth_text_of(text));
    }
    if (x->rx_len > x->head_len)
        return berth_exchange_fail(http, BERTH_E_PROTOCOL, "bytes behind the proxy's answer",
                                   berth_text_make(NULL, 0));
    x->phase = BERTH_PHASE_SECURE;
    return BERTH_OK;
}

enum berth_status berth_connect_secure(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_net *net = http->config.net;
    enum berth_status status = net->secure(net->ctx, x->url.host, berth_exchange_wait_ms(http));
    if (status == BERTH_E_WOULD_BLOCK)
        return berth_exchange_blocked(http);
    if (status != BERTH_OK)
        return berth_exchange_net_fail(http, status, "cannot start TLS");
    berth_trace(http, "* TLS with ", x->url.host, "", berth_text_make(NULL, 0), false);
    return after_secure(http);
}
