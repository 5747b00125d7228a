/* RIME: the body that starts a stress test: the caller's configuration between two pieces of our own, its
 * members byte for byte (wire 2.4). */
#include <string.h>

#include "data/json_member.h"
#include "platform/rime.h"

static bool has_member(struct berth_text object, const char *camel, const char *snake)
{
    struct berth_text raw;
    return berth_json_find_member(object, berth_text_of(camel), &raw) ||
           berth_json_find_member(object, berth_text_of(snake), &raw);
}

static void put_json_text(struct berth_writer *w, struct berth_text text)
{
    struct berth_json_writer json;
    berth_json_writer_init(&json, w);
    berth_json_put_text(&json, text);
}

/* {"name":...,"pullSecret":{"name":...}} */
static void put_image(struct berth_writer *w, struct berth_text image, struct berth_text pull_secret)
{
    berth_put_string(w, "{\"name\":");
    put_json_text(w, image);
    if (pull_secret.len > 0) {
        berth_put_string(w, ",\"pullSecret\":{\"name\":");
        put_json_text(w, pull_secret);
        berth_put_char(w, '}');
    }
    berth_put_char(w, '}');
}

/* How a byte stands in a JSON string; its length. */
static size_t escape_byte(char c, char out[8])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = c;
        return 2;
    }
    if (byte >= 0x20) {
        out[0] = c;
        return 1;
    }
    memcpy(out, "\\u00", 4);
    out[4] = digits[byte >> 4];
    out[5] = digits[byte & 15];
    return 6;
}

static ptrdiff_t read_body(void *ctx, void *buf, size_t cap)
{
    struct berth_rime_body *body = ctx;
    char *out = buf;
    size_t len = 0;
    while (len < cap) {
        if (body->carry_at < body->carry_len) {
            out[len++] = body->carry[body->carry_at++];
            continue;
        }
        if (body->piece == 3)
            break;
        struct berth_text piece = body->pieces[body->piece];
        if (body->at == piece.len) {
            body->piece++;
            body->at = 0;
        } else if (body->escape && body->piece == 1) {
            body->carry_len = (uint8_t)escape_byte(piece.ptr[body->at++], body->carry);
            body->carry_at = 0;
        } else {
            size_t some = piece.len - body->at < cap - len ? piece.len - body->at : cap - len;
            memcpy(out + len, piece.ptr + body->at, some);
            len += some;
            body->at += some;
        }
    }
    return (ptrdiff_t)len;
}

static enum berth_status rewind_body(void *ctx)
{
    struct berth_rime_body *body = ctx;
    body->piece = body->at = 0;
    body->carry_at = body->carry_len = 0;
    return BERTH_OK;
}

static uint64_t length_of(const struct berth_rime_body *body)
{
    uint64_t length = 0;
    char out[8];
    for (size_t i = 0; i < 3; i++)
        length += body->pieces[i].len;
    for (size_t i = 0; body->escape && i < body->pieces[1].len; i++)
        length += escape_byte(body->pieces[1].ptr[i], out) - 1;
    return length;
}

static enum berth_status check(const struct berth_rime_request *request, struct berth_text config,
                               struct berth_text image, struct berth_text pull_secret)
{
    size_t most = request->rime->config.config_max != 0 ? request->rime->config.config_max : 1048576;
    if (config.len > most)
        return BERTH_E_SPACE;
    if (config.len == 0 || config.ptr[0] != '{' || berth_json_check(config, NULL) != BERTH_OK ||
        (image.len == 0 && pull_secret.len > 0) || !berth_text_is_utf8(image, NULL) ||
        !berth_text_is_utf8(pull_secret, NULL))
        return BERTH_E_ARGUMENT;
    if (request->rime->dialect.image_in_run_time && image.len > 0 &&
        has_member(config, "runTimeInfo", "run_time_info"))
        return BERTH_E_ARGUMENT;
    return BERTH_OK;
}

/* Behind the configuration: the image inside it, or beside it. */
static void put_tail(struct berth_rime_body *body, struct berth_writer *w,
                     const struct berth_rime_dialect *dialect, struct berth_text image,
                     struct berth_text pull_secret)
{
    bool inside = dialect->image_in_run_time && !dialect->config_as_string && image.len > 0;
    if (inside) {
        struct berth_text open = berth_text_slice(body->pieces[1], 0, body->pieces[1].len - 1);
        bool empty = berth_text_trim(berth_text_slice(open, 1, open.len)).len == 0;
        body->pieces[1] = open;
        berth_put_string(w, empty ? "" : ",");
        berth_put_string(w, "\"runTimeInfo\":{\"customImage\":{\"customImage\":");
        put_image(w, image, pull_secret);
        berth_put_string(w, "}}}");
    } else {
        berth_put_string(w, dialect->config_as_string ? "\"" : "");
        berth_put_string(w, image.len > 0 ? ",\"testingImage\":" : "");
        if (image.len > 0)
            put_image(w, image, pull_secret);
    }
    berth_put_char(w, '}');
}

enum berth_status berth_rime_body_init(struct berth_rime_request *request, struct berth_text config,
                                       struct berth_text project, struct berth_text image,
                                       struct berth_text pull_secret, struct berth_source *out_source)
{
    struct berth_rime_body *body = &request->body;
    const struct berth_rime_dialect *dialect = &request->rime->dialect;
    struct berth_writer head, tail;
    config = berth_text_trim(config);
    BERTH_TRY(check(request, config, image, pull_secret));
    if (!dialect->config_as_string)
        request->result.config_suspect =
            !has_member(config, "modelId", "model_id") && !has_member(config, "dataInfo", "data_info");
    berth_writer_init(&head, body->head, sizeof body->head);
    berth_writer_init(&tail, body->tail, sizeof body->tail);
    berth_put_char(&head, '{');
    if (project.len > 0 && berth_text_find(dialect->start_path, BERTH_TEXT("%p")) == SIZE_MAX) {
        berth_put_string(&head, "\"projectId\":");
        put_json_text(&head, project);
        berth_put_char(&head, ',');
    }
    berth_put_string(&head, dialect->config_as_string ? "\"testRunConfig\":\"" : "\"testRunConfig\":");
    body->escape = dialect->config_as_string;
    body->pieces[1] = config;
    put_tail(body, &tail, dialect, image, pull_secret);
    BERTH_TRY(berth_writer_status(&head));
    BERTH_TRY(berth_writer_status(&tail));
    body->pieces[0] = berth_writer_text(&head);
    body->pieces[2] = berth_writer_text(&tail);
    *out_source = (struct berth_source){body, read_body, rewind_body, length_of(body)};
    return BERTH_OK;
}
