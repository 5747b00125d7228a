/* What goes over the wire, as lines for people, without credentials. */
#include "http/exchange.h"

#include <string.h>

#define LINE_MAX_LEN 256

struct line {
    char bytes[LINE_MAX_LEN];
    size_t len;
};

static const struct berth_text secret_fields[] = {
    BERTH_TEXT_INIT("authorization"), BERTH_TEXT_INIT("proxy-authorization"), BERTH_TEXT_INIT("cookie"),
    BERTH_TEXT_INIT("set-cookie"),    BERTH_TEXT_INIT("x-api-key"),           BERTH_TEXT_INIT("x-auth-token"),
};

/* Query parameters that are credentials (WebHDFS delegation tokens, signed URLs of object stores). */
static const struct berth_text secret_parameters[] = {
    BERTH_TEXT_INIT("delegation"),
    BERTH_TEXT_INIT("token"),
    BERTH_TEXT_INIT("access_token"),
    BERTH_TEXT_INIT("signature"),
    BERTH_TEXT_INIT("sig"),
    BERTH_TEXT_INIT("password"),
    BERTH_TEXT_INIT("secret"),
    BERTH_TEXT_INIT("api_key"),
    BERTH_TEXT_INIT("key"),
    BERTH_TEXT_INIT("x-goog-signature"),
    BERTH_TEXT_INIT("x-goog-credential"),
    BERTH_TEXT_INIT("x-amz-signature"),
    BERTH_TEXT_INIT("x-amz-credential"),
    BERTH_TEXT_INIT("x-amz-security-token"),
};

static bool is_among(struct berth_text name, const struct berth_text *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (berth_text_equal_nocase(name, names[i]))
            return true;
    return false;
}

bool berth_trace_is_secret(struct berth_text field_name)
{
    return is_among(field_name, secret_fields, sizeof secret_fields / sizeof secret_fields[0]);
}

static void add(struct line *line, struct berth_text text)
{
    size_t room = LINE_MAX_LEN - line->len;
    size_t count = text.len < room ? text.len : room;
    if (count > 0)
        memcpy(line->bytes + line->len, text.ptr, count);
    line->len += count;
    if (count < text.len)
        memcpy(line->bytes + LINE_MAX_LEN - 3, "...", 3);
}

/* TEXT with the values of secret query parameters replaced. */
static void add_hidden(struct line *line, struct berth_text text)
{
    size_t start = 0; /* of what may be a parameter's name */
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '?' || c == '&' || c == ';')
            start = i + 1;
        if (c != '=' || !is_among(berth_text_slice(text, start, i), secret_parameters,
                                  sizeof secret_parameters / sizeof secret_parameters[0]))
            continue;
        add(line, berth_text_slice(text, done, i + 1));
        add(line, BERTH_TEXT("***"));
        while (i < text.len && text.ptr[i] != '&' && text.ptr[i] != '#' && text.ptr[i] != ' ')
            i++;
        done = i;
        start = i + 1;
    }
    add(line, berth_text_slice(text, done, text.len));
}

void berth_trace(struct berth_http *http, const char *mark, struct berth_text a, const char *between,
                 struct berth_text b, bool hide)
{
    struct line line;
    if (http->config.trace == NULL)
        return;
    line.len = 0;
    add(&line, berth_text_of(mark));
    add_hidden(&line, a);
    add(&line, berth_text_of(between));
    if (hide)
        add(&line, BERTH_TEXT("***"));
    else
        add_hidden(&line, b);
    http->config.trace(http->config.trace_ctx, berth_text_make(line.bytes, line.len));
}
