/* HDFS's paths and names: what can be one, how it stands in a URL; and where DataNodes are to be found. */
#include "platform/webhdfs.h"

#include "berth/number.h"

static bool is_dots(struct berth_text part)
{
    return berth_text_equal(part, BERTH_TEXT(".")) || berth_text_equal(part, BERTH_TEXT(".."));
}

enum berth_status berth_webhdfs_check_path(struct berth_text path, const char **out_reason)
{
    const char *reason = NULL;
    enum berth_status status = BERTH_E_ARGUMENT;
    struct berth_text rest = path;
    struct berth_text part;
    if (path.len == 0 || path.ptr[0] != '/')
        reason = "a path begins with /";
    else if (berth_text_find_byte(path, '\0') != SIZE_MAX)
        reason = "a path has no NUL in it";
    while (reason == NULL && berth_text_split(&rest, '/', &part)) {
        if (is_dots(part))
            reason = "a path has no . and .. in it";
        else if (berth_text_find_byte(part, ':') != SIZE_MAX)
            reason = "HDFS has no names with a colon";
    }
    if (reason == NULL && !berth_text_is_utf8(path, NULL)) {
        reason = "a path is UTF-8";
        status = BERTH_E_UTF8;
    }
    if (out_reason != NULL)
        *out_reason = reason;
    return reason == NULL ? BERTH_OK : status;
}

bool berth_webhdfs_name_is_safe(struct berth_text name)
{
    if (name.len == 0 || name.len > BERTH_WEBHDFS_NAME_MAX || is_dots(name))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return false;
    }
    return berth_text_is_utf8(name, NULL);
}

bool berth_webhdfs_is_root(struct berth_text path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] != '/')
            return false;
    return true;
}

/* Bytes that stay as they are in a path. '=' among them: some servers do not decode %3D there. */
static bool is_raw(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           berth_text_find_byte(BERTH_TEXT("-._~=@,!$'()*"), c) != SIZE_MAX;
}

enum encoding { RAW, IN_PATH, IN_QUERY };

static void put_byte(struct berth_writer *w, struct berth_text byte, enum encoding encoding)
{
    if (encoding == RAW || (encoding == IN_PATH && is_raw(byte.ptr[0])))
        berth_put_text(w, byte);
    else
        berth_put_percent(w, byte);
}

static void put_path(struct berth_writer *w, struct berth_text path, enum encoding encoding)
{
    struct berth_text part;
    bool any = false;
    while (berth_text_split(&path, '/', &part)) {
        if (part.len == 0)
            continue;
        any = true;
        berth_put_char(w, '/');
        for (size_t i = 0; i < part.len; i++)
            put_byte(w, berth_text_slice(part, i, i + 1), encoding);
    }
    if (!any)
        berth_put_char(w, '/');
}

void berth_put_webhdfs_path(struct berth_writer *w, struct berth_text path)
{
    put_path(w, path, IN_PATH);
}

void berth_put_webhdfs_raw_path(struct berth_writer *w, struct berth_text path)
{
    put_path(w, path, RAW);
}

void berth_put_webhdfs_path_value(struct berth_writer *w, struct berth_text path)
{
    put_path(w, path, IN_QUERY);
}

/* ---- DataNodes elsewhere ---------------------------------------------------------------------- */

/* Whether FROM, "host", "host:port" or "*", is about URL. */
static bool is_about(struct berth_text from, const struct berth_url *url)
{
    uint64_t port = 0;
    if (berth_text_equal(from, BERTH_TEXT("*")))
        return true;
    if (berth_text_equal_nocase(from, url->host))
        return true;
    if (from.len <= url->host.len + 1 || from.ptr[url->host.len] != ':')
        return false;
    return berth_text_equal_nocase(berth_text_slice(from, 0, url->host.len), url->host) &&
           berth_parse_u64(berth_text_slice(from, url->host.len + 1, from.len), &port) == BERTH_OK &&
           port == url->port;
}

static void put_place(struct berth_writer *w, struct berth_text to, const struct berth_url *url)
{
    while (to.len > 0) {
        if (berth_text_starts(to, BERTH_TEXT("{host}"))) {
            berth_put_text(w, url->host);
            to = berth_text_slice(to, 6, to.len);
        } else if (berth_text_starts(to, BERTH_TEXT("{port}"))) {
            berth_put_u64(w, url->port);
            to = berth_text_slice(to, 6, to.len);
        } else {
            berth_put_char(w, to.ptr[0]);
            to = berth_text_slice(to, 1, to.len);
        }
    }
}

bool berth_webhdfs_map_host(const struct berth_webhdfs_config *config, struct berth_text text,
                            struct berth_writer *out)
{
    struct berth_url url;
    if (berth_url_parse(text, &url, NULL) != BERTH_OK)
        return false;
    for (size_t i = 0; i < config->host_count; i++) {
        if (!is_about(config->hosts[i].from, &url))
            continue;
        struct berth_text to = config->hosts[i].to;
        while (berth_text_ends(to, BERTH_TEXT("/")))
            to.len--;
        put_place(out, to, &url);
        berth_put_text(out, berth_text_make(url.path.ptr, (size_t)(text.ptr + text.len - url.path.ptr)));
        return true;
    }
    return false;
}
