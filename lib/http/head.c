/* Response heads (RFC 9112 sections 4 to 6): strict; a lenient reader and a proxy could disagree on where a
 * message ends. */
#include "http/head.h"

#include "berth/number.h"
#include "http/chars.h"

enum state { STATUS_LINE, REASON, LINE_LF, LINE_START, NAME, VALUE, END_LF };

void berth_head_scan_init(struct berth_head_scan *scan, bool trailer)
{
    scan->state = trailer ? LINE_START : STATUS_LINE;
    scan->trailer = trailer;
    scan->step = 0;
    scan->fields = 0;
}

/* "HTTP/1.x ddd" up to the blank or the line's end; many servers leave out the blank before an empty reason.
 */
static const char *status_line_byte(struct berth_head_scan *scan, char c)
{
    /* 'd': a digit */
    static const char pattern[] = "HTTP/1.d ddd";
    unsigned at = scan->step;
    if (at == sizeof pattern - 1) {
        if (c == ' ')
            scan->state = REASON;
        else if (c == '\r')
            scan->state = LINE_LF;
        else
            return "malformed status line";
        return NULL;
    }
    if (pattern[at] == 'd' ? !berth_is_digit(c) : c != pattern[at])
        return at < 5   ? "not an HTTP response"
               : at < 8 ? "an HTTP version other than 1"
                        : "malformed status line";
    if (at == 9 && (c < '1' || c > '5'))
        return "a status code outside 100 to 599";
    scan->step++;
    return NULL;
}

static const char *line_start_byte(struct berth_head_scan *scan, char c)
{
    if (c == '\r') {
        scan->state = END_LF;
        return NULL;
    }
    if (c == ' ' || c == '\t')
        return "a folded header field";
    if (!berth_is_token_char(c))
        return c == '\n' ? "a bare line feed" : "malformed header field name";
    if (scan->fields == BERTH_HTTP_FIELDS_MAX)
        return "more than 100 header fields";
    scan->fields++;
    scan->state = NAME;
    return NULL;
}

static const char *value_byte(struct berth_head_scan *scan, char c)
{
    if (c == '\r')
        scan->state = LINE_LF;
    else if (!berth_is_field_byte(c))
        return c == '\n' ? "a bare line feed" : "a control character in the head";
    return NULL;
}

static const char *scan_byte(struct berth_head_scan *scan, char c)
{
    switch ((enum state)scan->state) {
    case STATUS_LINE:
        return status_line_byte(scan, c);
    case REASON:
    case VALUE:
        return value_byte(scan, c);
    case LINE_START:
        return line_start_byte(scan, c);
    case NAME:
        if (c == ':')
            scan->state = VALUE;
        else if (!berth_is_token_char(c))
            return "malformed header field name";
        return NULL;
    case LINE_LF:
    case END_LF:
        break;
    }
    scan->state = LINE_START;
    return c == '\n' ? NULL : "a bare carriage return";
}

enum berth_status berth_head_scan(struct berth_head_scan *scan, const char *bytes, size_t len,
                                  size_t *out_used, const char **out_reason)
{
    for (size_t i = 0; i < len; i++) {
        bool end = scan->state == END_LF;
        *out_reason = scan_byte(scan, bytes[i]);
        if (*out_reason != NULL)
            return BERTH_E_PROTOCOL;
        if (end) {
            *out_used = i + 1;
            return BERTH_OK;
        }
    }
    *out_used = len;
    return BERTH_E_WOULD_BLOCK;
}

bool berth_head_next_field(struct berth_text *fields, struct berth_text *out_name,
                           struct berth_text *out_value)
{
    size_t end = berth_text_find(*fields, BERTH_TEXT("\r\n"));
    size_t colon = berth_text_find_byte(*fields, ':');
    if (end == SIZE_MAX || colon == SIZE_MAX || colon > end)
        return false;
    *out_name = berth_text_slice(*fields, 0, colon);
    *out_value = berth_text_trim(berth_text_slice(*fields, colon + 1, end));
    *fields = berth_text_slice(*fields, end + 2, fields->len);
    return true;
}

struct berth_text berth_http_head_find(const struct berth_http_head *head, struct berth_text name)
{
    struct berth_text fields = head->fields;
    struct berth_text field;
    struct berth_text value;
    while (berth_head_next_field(&fields, &field, &value))
        if (berth_text_equal_nocase(field, name))
            return value;
    return berth_text_make(NULL, 0);
}

bool berth_http_media_type_is(struct berth_text content_type, struct berth_text type)
{
    size_t end = berth_text_find_byte(content_type, ';');
    return berth_text_equal_nocase(berth_text_trim(berth_text_slice(content_type, 0, end)), type);
}

/* What the framing fields said so far. */
struct framing_fields {
    struct berth_http_head *head;
    struct berth_head_facts *facts;
    bool transfer_encoding;
    bool close;
    bool keep;
};

/* One number, or the same one repeated (RFC 9110 section 8.6). */
static const char *content_length(struct framing_fields *f, struct berth_text value)
{
    struct berth_text part;
    uint64_t length = 0;
    while (berth_text_split(&value, ',', &part)) {
        if (berth_parse_u64(berth_text_trim(part), &length) != BERTH_OK || length == BERTH_LENGTH_UNKNOWN)
            return "malformed Content-Length";
        if (f->head->has_length && length != f->head->length)
            return "two different Content-Length values";
        f->head->has_length = true;
        f->head->length = length;
    }
    return NULL;
}

static const char *transfer_encoding(struct framing_fields *f, struct berth_text value)
{
    if (f->transfer_encoding || !berth_text_equal_nocase(value, BERTH_TEXT("chunked")))
        return "a Transfer-Encoding other than chunked";
    f->transfer_encoding = true;
    return NULL;
}

static void connection(struct framing_fields *f, struct berth_text value)
{
    struct berth_text part;
    while (berth_text_split(&value, ',', &part)) {
        part = berth_text_trim(part);
        if (berth_text_equal_nocase(part, BERTH_TEXT("close")))
            f->close = true;
        if (berth_text_equal_nocase(part, BERTH_TEXT("keep-alive")))
            f->keep = true;
    }
}

static const char *framing_field(struct framing_fields *f, struct berth_text name, struct berth_text value)
{
    if (berth_text_equal_nocase(name, BERTH_TEXT("content-length")))
        return content_length(f, value);
    if (berth_text_equal_nocase(name, BERTH_TEXT("transfer-encoding")))
        return transfer_encoding(f, value);
    if (berth_text_equal_nocase(name, BERTH_TEXT("connection")))
        connection(f, value);
    if (berth_text_equal_nocase(name, BERTH_TEXT("content-encoding")) && value.len > 0 &&
        !berth_text_equal_nocase(value, BERTH_TEXT("identity")))
        f->facts->encoding = value;
    return NULL;
}

/* RFC 9112 section 6.3. */
static enum berth_framing body_framing(const struct berth_http_head *head, bool head_method)
{
    if (head_method || head->status < 200 || head->status == 204 || head->status == 304)
        return BERTH_FRAMING_NONE;
    if (head->chunked)
        return BERTH_FRAMING_CHUNKED;
    if (!head->has_length)
        return BERTH_FRAMING_CLOSE;
    return head->length > 0 ? BERTH_FRAMING_LENGTH : BERTH_FRAMING_NONE;
}

enum berth_status berth_head_parse(struct berth_text head_bytes, bool head_method,
                                   struct berth_http_head *out_head, struct berth_head_facts *out_facts,
                                   const char **out_reason)
{
    struct framing_fields f = {out_head, out_facts, false, false, false};
    struct berth_text name;
    struct berth_text value;
    *out_head = (struct berth_http_head){0};
    *out_facts = (struct berth_head_facts){0};
    const char *p = head_bytes.ptr;
    size_t line_end = berth_text_find(head_bytes, BERTH_TEXT("\r\n"));
    bool version_0 = p[7] == '0';
    out_head->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    out_head->reason = berth_text_slice(head_bytes, 13, line_end);
    out_head->fields = berth_text_slice(head_bytes, line_end + 2, head_bytes.len - 2);
    struct berth_text fields = out_head->fields;
    *out_reason = NULL;
    while (*out_reason == NULL && berth_head_next_field(&fields, &name, &value))
        *out_reason = framing_field(&f, name, value);
    if (*out_reason == NULL && f.transfer_encoding && out_head->has_length)
        *out_reason = "both Content-Length and Transfer-Encoding";
    if (*out_reason == NULL && f.transfer_encoding && version_0)
        *out_reason = "Transfer-Encoding in an HTTP/1.0 response";
    if (*out_reason != NULL)
        return BERTH_E_PROTOCOL;
    out_head->chunked = f.transfer_encoding;
    out_facts->framing = body_framing(out_head, head_method);
    out_facts->keep_alive = out_facts->framing != BERTH_FRAMING_CLOSE && !f.close && (!version_0 || f.keep);
    return BERTH_OK;
}
