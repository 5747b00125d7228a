/* Request heads: what may be sent, and writing it piece by piece into a buffer of any size. */
#include "http/exchange.h"

#include "http/chars.h"
#include "http/window.h"

/* Where a head goes: a part of it to the buffer, or all of it to the trace. */
struct head_writer {
    struct berth_window window;
    struct berth_http *trace; /* NULL: to the buffer */
};

static void put(struct head_writer *w, struct berth_text text)
{
    berth_window_put(&w->window, text);
}

static void put_field(struct head_writer *w, struct berth_text name, struct berth_text value, bool secret)
{
    if (w->trace != NULL) {
        berth_trace(w->trace, "> ", name, ": ", value, secret || berth_trace_is_secret(name));
        return;
    }
    put(w, name);
    put(w, BERTH_TEXT(": "));
    put(w, value);
    put(w, BERTH_TEXT("\r\n"));
}

/* "bytes=123-", "123" */
static void put_number_field(struct head_writer *w, struct berth_text name, const char *before,
                             uint64_t number, const char *after)
{
    char text[40];
    struct berth_writer value;
    berth_writer_init(&value, text, sizeof text);
    berth_put_string(&value, before);
    berth_put_u64(&value, number);
    berth_put_string(&value, after);
    put_field(w, name, berth_writer_text(&value), false);
}

static struct berth_text host_text(const struct berth_url *url, char *buf, size_t cap)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    berth_put_url_host(&w, url);
    return berth_writer_text(&w);
}

#define HOST_TEXT_MAX (BERTH_HOST_MAX + 8) /* brackets or port */

/* Path and query, one behind the other in the URL's text. */
static struct berth_text path_and_query(const struct berth_url *url)
{
    const char *end =
        url->query.ptr != NULL ? url->query.ptr + url->query.len : url->path.ptr + url->path.len;
    return berth_text_make(url->path.ptr, (size_t)(end - url->path.ptr));
}

static void put_request_line(struct head_writer *w, struct berth_exchange *x, struct berth_text host)
{
    bool absolute = x->proxy.host.len > 0 && !x->url.https;
    struct berth_text target = path_and_query(&x->url);
    const char *slash = x->url.path.len == 0 ? "/" : "";
    if (w->trace != NULL) {
        berth_trace(w->trace, "> ", x->request.method, x->url.path.len == 0 ? " /" : " ", target,
                    x->request.secret_target);
        return;
    }
    put(w, x->request.method);
    put(w, BERTH_TEXT(" "));
    if (absolute) {
        put(w, BERTH_TEXT("http://"));
        put(w, host);
    }
    put(w, berth_text_of(slash));
    put(w, target);
    put(w, BERTH_TEXT(" HTTP/1.1\r\n"));
}

static bool has_field(const struct berth_http_request *request, struct berth_text name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (berth_text_equal_nocase(request->headers[i].name, name))
            return true;
    return false;
}

static void put_callers_fields(struct head_writer *w, const struct berth_exchange *x)
{
    for (size_t i = 0; i < x->request.header_count; i++) {
        const struct berth_http_header *field = &x->request.headers[i];
        bool secret = field->secret || berth_trace_is_secret(field->name);
        if (!secret || !x->secrets_dropped)
            put_field(w, field->name, field->value, secret);
    }
}

static bool has_body_by_method(struct berth_text method)
{
    return berth_text_equal(method, BERTH_TEXT("POST")) || berth_text_equal(method, BERTH_TEXT("PUT")) ||
           berth_text_equal(method, BERTH_TEXT("PATCH"));
}

static void put_body_fields(struct head_writer *w, const struct berth_exchange *x)
{
    const struct berth_http_request *r = &x->request;
    if (r->content_type.ptr != NULL && r->body != NULL)
        put_field(w, BERTH_TEXT("Content-Type"), r->content_type, false);
    if (r->body != NULL && r->body->length == BERTH_LENGTH_UNKNOWN)
        put_field(w, BERTH_TEXT("Transfer-Encoding"), BERTH_TEXT("chunked"), false);
    else if (r->body != NULL || has_body_by_method(r->method))
        put_number_field(w, BERTH_TEXT("Content-Length"), "", r->body != NULL ? r->body->length : 0, "");
    if (r->expect_continue && r->body != NULL && r->body->length > 0)
        put_field(w, BERTH_TEXT("Expect"), BERTH_TEXT("100-continue"), false);
}

static void put_proxy_credentials(struct head_writer *w, const struct berth_exchange *x)
{
    char text[BERTH_PROXY_CREDENTIALS_MAX];
    struct berth_writer value;
    if (x->proxy_user.len == 0)
        return;
    berth_writer_init(&value, text, sizeof text);
    berth_put_proxy_credentials(&value, x->proxy_user);
    put_field(w, BERTH_TEXT("Proxy-Authorization"), berth_writer_text(&value), true);
    berth_wipe(text, sizeof text);
}

static void put_head(struct head_writer *w, struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    char buf[HOST_TEXT_MAX];
    struct berth_text host = host_text(&x->url, buf, sizeof buf);
    put_request_line(w, x, host);
    put_field(w, BERTH_TEXT("Host"), host, false);
    if (!has_field(&x->request, BERTH_TEXT("Accept")))
        put_field(w, BERTH_TEXT("Accept"), BERTH_TEXT("*/*"), false);
    if (!x->own_encoding)
        put_field(w, BERTH_TEXT("Accept-Encoding"), BERTH_TEXT("identity"), false);
    if (http->config.user_agent.len > 0 && !has_field(&x->request, BERTH_TEXT("User-Agent")))
        put_field(w, BERTH_TEXT("User-Agent"), http->config.user_agent, false);
    if (x->proxy.host.len > 0 && !x->url.https)
        put_proxy_credentials(w, x);
    put_callers_fields(w, x);
    if (x->range_from > 0)
        put_number_field(w, BERTH_TEXT("Range"), "bytes=", x->range_from, "-");
    if (x->if_range)
        put_field(w, BERTH_TEXT("If-Range"), berth_text_make(x->etag, x->etag_len), false);
    put_body_fields(w, x);
    put(w, BERTH_TEXT("\r\n"));
}

/* CONNECT has the port always (RFC 9110 section 9.3.6). */
static void put_tunnel_head(struct head_writer *w, struct berth_exchange *x)
{
    char buf[HOST_TEXT_MAX];
    struct berth_writer host;
    berth_writer_init(&host, buf, sizeof buf);
    berth_put_string(&host, x->url.host_is_ipv6 ? "[" : "");
    berth_put_text(&host, x->url.host);
    berth_put_string(&host, x->url.host_is_ipv6 ? "]:" : ":");
    berth_put_u64(&host, x->url.port);
    if (w->trace != NULL) {
        berth_trace(w->trace, "> ", BERTH_TEXT("CONNECT"), " ", berth_writer_text(&host), false);
    } else {
        put(w, BERTH_TEXT("CONNECT "));
        put(w, berth_writer_text(&host));
        put(w, BERTH_TEXT(" HTTP/1.1\r\n"));
    }
    put_field(w, BERTH_TEXT("Host"), berth_writer_text(&host), false);
    put_proxy_credentials(w, x);
    put(w, BERTH_TEXT("\r\n"));
}

static void make_head(struct head_writer *w, struct berth_http *http, bool tunnel)
{
    if (tunnel)
        put_tunnel_head(w, berth_exchange_of(http));
    else
        put_head(w, http);
}

void berth_request_fill_head(struct berth_http *http, bool tunnel)
{
    struct berth_exchange *x = berth_exchange_of(http);
    struct head_writer w = {0};
    if (x->head_put == 0 && http->config.trace != NULL) {
        w.trace = http;
        make_head(&w, http, tunnel);
        w = (struct head_writer){0};
    }
    w.window.buf = berth_exchange_buffer(http) + x->tx_end;
    w.window.cap = http->config.buffer_size - x->tx_end;
    w.window.skip = x->head_put;
    make_head(&w, http, tunnel);
    x->tx_end += w.window.len;
    x->head_put += w.window.len;
    x->head_done = x->head_put == w.window.total;
}

static const struct berth_text own_fields[] = {
    BERTH_TEXT_INIT("Host"),       BERTH_TEXT_INIT("Content-Length"), BERTH_TEXT_INIT("Transfer-Encoding"),
    BERTH_TEXT_INIT("Connection"), BERTH_TEXT_INIT("Expect"),
};

static bool is_field_value(struct berth_text value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!berth_is_field_byte(value.ptr[i]))
            return false;
    return true;
}

static const char *check_fields(const struct berth_http_request *r)
{
    if (r->header_count > 0 && r->headers == NULL)
        return "header fields are missing";
    for (size_t i = 0; i < r->header_count; i++) {
        if (!berth_is_token(r->headers[i].name))
            return "a header field name that is not a token";
        if (!is_field_value(r->headers[i].value))
            return "a control character in a header field value";
        for (size_t k = 0; k < sizeof own_fields / sizeof own_fields[0]; k++)
            if (berth_text_equal_nocase(r->headers[i].name, own_fields[k]))
                return "a header field that the exchange writes itself";
    }
    if (r->content_type.ptr != NULL && has_field(r, BERTH_TEXT("Content-Type")))
        return "Content-Type is given twice";
    return is_field_value(r->content_type) ? NULL : "a control character in the content type";
}

const char *berth_request_check(struct berth_http *http)
{
    struct berth_exchange *x = berth_exchange_of(http);
    const struct berth_http_request *r = &x->request;
    const char *reason = NULL;
    if (!berth_is_token(r->method))
        return "a method that is not a token";
    if (berth_text_equal(r->method, BERTH_TEXT("CONNECT")))
        return "CONNECT is not for requests";
    if (berth_url_parse(r->url, &x->url, &reason) != BERTH_OK)
        return reason;
    reason = check_fields(r);
    if (reason != NULL)
        return reason;
    x->own_range = has_field(r, BERTH_TEXT("Range"));
    x->own_encoding = has_field(r, BERTH_TEXT("Accept-Encoding"));
    if (r->range_from > 0 && (x->own_range || !berth_text_equal(r->method, BERTH_TEXT("GET"))))
        return "range_from is for GET without a Range field";
    if (r->body != NULL && r->body->read == NULL)
        return "a body without a read function";
    if (http->config.user_agent.len > 0 && !is_field_value(http->config.user_agent))
        return "a control character in the user agent";
    return NULL;
}
