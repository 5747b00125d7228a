/* Redirects: which are followed, and where to. */
#include "http/exchange.h"

#include <string.h>

#define REDIRECTS_MAX 5
#define REDIRECTS_NONE 255

static enum berth_status refuse(struct berth_http *http, const char *why)
{
    return berth_exchange_fail(http, BERTH_E_REDIRECT, why, berth_text_make(NULL, 0));
}

/* 300 too: some gateways answer it with a Location instead of 307. */
bool berth_redirect_wanted(const struct berth_http *http)
{
    const struct berth_exchange *x = (const void *)http->private_state;
    int status = x->head.status;
    if (http->config.redirects_max == REDIRECTS_NONE)
        return false;
    return ((status >= 300 && status <= 303) || status == 307 || status == 308) &&
           berth_http_head_find(&x->head, BERTH_TEXT("Location")).ptr != NULL;
}

/* The policy, given the new URL; NULL: it may be followed. */
static const char *check_policy(const struct berth_http *http, const struct berth_exchange *x,
                                const struct berth_url *to)
{
    unsigned most = http->config.redirects_max != 0 ? http->config.redirects_max : REDIRECTS_MAX;
    if (x->redirects >= most)
        return "too many redirects";
    if (x->url.https && !to->https)
        return "a redirect from https to http";
    if (http->config.redirect_upgrade_only &&
        (x->url.https || !to->https || x->upgraded || !berth_text_equal_nocase(x->url.host, to->host)))
        return "a redirect other than from http to https on the same host";
    return NULL;
}

/* The new URL in x->url_text; its length, 0 when it is none. A buffer of its own: the old URL may be there
 * too. */
static size_t resolve(struct berth_exchange *x)
{
    char text[BERTH_URL_MAX];
    struct berth_writer w;
    struct berth_text location = berth_http_head_find(&x->head, BERTH_TEXT("Location"));
    berth_writer_init(&w, text, sizeof text);
    if (location.len == 0 || berth_url_resolve(&x->url, location, &w) != BERTH_OK)
        return 0;
    memcpy(x->url_text, text, w.len);
    return w.len;
}

/* The method stays, but for 303, which asks for a GET of something else. */
static enum berth_status next_request(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    struct berth_http_request *r = &x->request;
    bool head_method = berth_text_equal(r->method, BERTH_TEXT("HEAD"));
    if (x->head.status == 303) {
        r->method = head_method ? r->method : BERTH_TEXT("GET");
        r->body = NULL;
        return BERTH_OK;
    }
    if (r->body == NULL || !x->source_touched)
        return BERTH_OK;
    if (r->body->rewind == NULL)
        return refuse(http, "a redirect, but the request body cannot be sent again");
    x->source_touched = false;
    x->body_read = 0;
    http->result.sent = 0;
    enum berth_status status = r->body->rewind(r->body->ctx);
    return status == BERTH_OK ? BERTH_OK
                              : berth_exchange_fail(http, status, "the request body cannot be read again",
                                                    berth_text_make(NULL, 0));
}

enum berth_status berth_redirect_follow(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    struct berth_url from = x->url;
    struct berth_url to;
    char host[BERTH_HOST_MAX];
    memcpy(host, from.host.ptr, from.host.len); /* the old URL's text is overwritten */
    from.host.ptr = host;
    size_t len = resolve(x);
    if (len == 0 || berth_url_parse(berth_text_make(x->url_text, len), &to, NULL) != BERTH_OK)
        return refuse(http, "a redirect to something that is no http or https URL");
    x->url.host = from.host;
    const char *why = check_policy(http, x, &to);
    x->url = to;
    if (why != NULL)
        return refuse(http, why);
    x->redirects++;
    x->upgraded = x->upgraded || (!from.https && to.https);
    x->secrets_dropped = x->secrets_dropped || !berth_url_same_origin(&from, &to);
    x->redirecting = true;
    berth_trace(http, "* redirected to ", berth_text_make(x->url_text, len), "", berth_text_make(NULL, 0),
                false);
    return next_request(http);
}
