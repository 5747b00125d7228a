/* Bodies: of fixed length, chunked (RFC 9112 section 7.1), until the connection closes. */
#include "http/body.h"

#include "http/chars.h"

/* Longest chunk line with its extensions, and all trailers together. */
#define LINE_MAX_LEN 4096

enum state { SIZE_FIRST, SIZE, EXTENSION_BLANK, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILERS, ENDED };

void berth_body_init(struct berth_body *body, enum berth_framing framing, uint64_t length)
{
    body->framing = (uint8_t)framing;
    body->state = framing == BERTH_FRAMING_CHUNKED ? SIZE_FIRST : DATA;
    body->line_len = 0;
    body->left = framing == BERTH_FRAMING_LENGTH ? length : 0;
    if (framing == BERTH_FRAMING_NONE || (framing == BERTH_FRAMING_LENGTH && length == 0))
        body->state = ENDED;
    berth_head_scan_init(&body->trailers, true);
}

bool berth_body_may_close(const struct berth_body *body)
{
    return body->state == ENDED || body->framing == BERTH_FRAMING_CLOSE;
}

static const char *size_byte(struct berth_body *body, char c)
{
    int digit = berth_hex_value(c);
    if (digit >= 0) {
        if (body->left >> 60 != 0)
            return "a chunk size beyond 64 bits";
        body->left = body->left << 4 | (unsigned)digit;
        body->state = SIZE;
    } else if (body->state == SIZE_FIRST) {
        return "a malformed chunk size";
    } else if (c == '\r') {
        body->state = SIZE_LF;
    } else if (c == ';') {
        body->state = EXTENSION;
    } else if (c == ' ' || c == '\t') {
        body->state = EXTENSION_BLANK;
    } else {
        return c == '\n' ? "a bare line feed" : "a malformed chunk size";
    }
    return NULL;
}

static const char *extension_byte(struct berth_body *body, char c)
{
    if (body->state == EXTENSION_BLANK) {
        if (c == ';')
            body->state = EXTENSION;
        else if (c != ' ' && c != '\t')
            return "a malformed chunk size";
        return NULL;
    }
    if (c == '\r')
        body->state = SIZE_LF;
    else if (!berth_is_field_byte(c))
        return c == '\n' ? "a bare line feed" : "a control character in a chunk extension";
    return NULL;
}

/* One byte of a chunk's line or of the line end behind its data. */
static const char *frame_byte(struct berth_body *body, char c)
{
    switch ((enum state)body->state) {
    case SIZE_FIRST:
    case SIZE:
        return size_byte(body, c);
    case EXTENSION_BLANK:
    case EXTENSION:
        return extension_byte(body, c);
    case SIZE_LF:
        body->line_len = 0;
        body->state = body->left > 0 ? DATA : TRAILERS;
        return c == '\n' ? NULL : "a bare carriage return";
    case DATA_CR:
        body->state = DATA_LF;
        return c == '\r' ? NULL : "a chunk longer than its size";
    case DATA_LF:
        body->state = SIZE_FIRST;
        return c == '\n' ? NULL : "a bare carriage return";
    case DATA:
    case TRAILERS:
    case ENDED:
        break;
    }
    return NULL;
}

static const char *count_line(struct berth_body *body, size_t len)
{
    if (len > LINE_MAX_LEN - (size_t)body->line_len)
        return "a chunk line or trailers longer than 4096 bytes";
    body->line_len = (uint16_t)(body->line_len + len);
    return NULL;
}

/* Everything of a chunked body but the data. */
static enum berth_status read_frame(struct berth_body *body, const char *bytes, size_t len, size_t *used,
                                    const char **out_reason)
{
    while (*used < len && body->state != DATA && body->state != TRAILERS) {
        *out_reason = count_line(body, 1);
        if (*out_reason == NULL)
            *out_reason = frame_byte(body, bytes[(*used)++]);
        if (*out_reason != NULL)
            return BERTH_E_PROTOCOL;
    }
    if (body->state != TRAILERS || *used == len)
        return BERTH_E_WOULD_BLOCK;
    size_t count = 0;
    enum berth_status status =
        berth_head_scan(&body->trailers, bytes + *used, len - *used, &count, out_reason);
    if (status == BERTH_E_PROTOCOL)
        return status;
    *used += count;
    *out_reason = count_line(body, count);
    if (*out_reason != NULL)
        return BERTH_E_PROTOCOL;
    if (status == BERTH_OK)
        body->state = ENDED;
    return status;
}

enum berth_status berth_body_read(struct berth_body *body, const char *bytes, size_t len, size_t *out_used,
                                  struct berth_text *out_data, const char **out_reason)
{
    size_t used = 0;
    size_t count = len;
    enum berth_status status = BERTH_E_WOULD_BLOCK;
    *out_data = berth_text_make(NULL, 0);
    *out_used = 0;
    if (body->state != DATA && body->state != ENDED) {
        status = read_frame(body, bytes, len, &used, out_reason);
        if (status == BERTH_E_PROTOCOL)
            return status;
    }
    if (body->state == DATA && used < len) {
        count = len - used;
        if (body->framing != BERTH_FRAMING_CLOSE) {
            if (count > body->left)
                count = (size_t)body->left;
            body->left -= count;
        }
        *out_data = berth_text_make(bytes + used, count);
        used += count;
        if (body->framing == BERTH_FRAMING_CHUNKED && body->left == 0)
            body->state = DATA_CR;
        if (body->framing == BERTH_FRAMING_LENGTH && body->left == 0)
            body->state = ENDED;
    }
    *out_used = used;
    return body->state == ENDED ? BERTH_OK : BERTH_E_WOULD_BLOCK;
}
