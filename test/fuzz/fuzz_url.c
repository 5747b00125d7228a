/* Any bytes as a URL, and, after a line feed, as a reference to be resolved against it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/url.h"

static void check_url(struct berth_text text, const struct berth_url *url)
{
    char buf[BERTH_URL_MAX + 32];
    struct berth_writer w;
    struct berth_url again;
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_url_origin(&w, url);
    berth_put_text(&w, url->path);
    if (url->query.ptr != NULL) {
        berth_put_char(&w, '?');
        berth_put_text(&w, url->query);
    }
    struct berth_text put = berth_writer_text(&w);
    if (put.ptr == NULL || url->host.len == 0 || url->port == 0 || text.len > BERTH_URL_MAX)
        abort();
    if (put.len > BERTH_URL_MAX)
        return;
    if (berth_url_parse(put, &again, NULL) != BERTH_OK || !berth_url_same_origin(url, &again) ||
        !berth_text_equal(url->path, again.path) || !berth_text_equal(url->query, again.query))
        abort();
}

static void check_reference(const struct berth_url *base, struct berth_text reference)
{
    static char buf[4 * BERTH_URL_MAX];
    struct berth_writer w;
    struct berth_url url;
    berth_writer_init(&w, buf, sizeof buf);
    if (berth_url_resolve(base, reference, &w) != BERTH_OK)
        return;
    struct berth_text text = berth_writer_text(&w);
    struct berth_writer count = {0};
    if (berth_url_resolve(base, reference, &count) != BERTH_E_SPACE || count.len != w.len)
        abort();
    if (berth_url_parse(text, &url, NULL) == BERTH_OK)
        check_url(text, &url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct berth_text rest = {(const char *)data, size};
    struct berth_text text;
    struct berth_url url;
    const char *why = NULL;
    char decoded[512];
    struct berth_writer w;
    if (!berth_text_split(&rest, '\n', &text))
        return 0;
    berth_writer_init(&w, decoded, sizeof decoded);
    if (berth_put_percent_decoded(&w, text) == BERTH_OK && w.len > text.len)
        abort();
    if (berth_url_parse(text, &url, &why) != BERTH_OK) {
        if (why == NULL)
            abort();
        return 0;
    }
    check_url(text, &url);
    if (rest.ptr != NULL)
        check_reference(&url, rest);
    return 0;
}
