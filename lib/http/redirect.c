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
    if (http->config.redirects_max == REDIRECTS_NONE || x->request.no_redirects)
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

/* Where the new URL can be made while the old one is still needed: the first time that is the caller's, then
 * it is in x->url_text itself, and the rest of that or of the buffer must do. */
static struct berth_writer room_for_url(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    struct berth_writer room;
    size_t text_left = sizeof x->url_text - x->url_text_len;
    size_t buffer_left = http->config.buffer_size - x->rx_len;
    if (text_left >= buffer_left || x->url_text_len == 0)
        berth_writer_init(&room, x->url_text + x->url_text_len, text_left);
    else
        berth_writer_init(&room, berth_exchange_buffer(http) + x->rx_len, buffer_left);
    return room;
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
    struct berth_writer w = room_for_url(http);
    struct berth_text location = berth_http_head_find(&x->head, BERTH_TEXT("Location"));
    struct berth_url to;
    enum berth_status status = berth_url_resolve(&x->url, location, &w);
    if (status == BERTH_E_SPACE)
        return refuse(http, "a redirect to a URL that is too long");
    struct berth_text text = berth_writer_text(&w);
    if (location.len == 0 || status != BERTH_OK || berth_url_parse(text, &to, NULL) != BERTH_OK)
        return refuse(http, "a redirect to something that is no http or https URL");
    const char *why = check_policy(http, x, &to);
    if (why != NULL)
        return refuse(http, why);
    x->redirects++;
    x->upgraded = x->upgraded || (!x->url.https && to.https);
    x->secrets_dropped = x->secrets_dropped || !berth_url_same_origin(&x->url, &to);
    x->redirecting = true;
    berth_trace(http, "* redirected to ", text, "", berth_text_make(NULL, 0), false);
    memmove(x->url_text, text.ptr, text.len);
    x->url_text_len = (uint16_t)text.len;
    status = berth_url_parse(berth_text_make(x->url_text, text.len), &x->url, NULL);
    return status == BERTH_OK ? next_request(http) : status;
}
