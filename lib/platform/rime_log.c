/* RIME: a log as it arrives: lines {"result":{"chunk":"text"}}, of any length, and perhaps a last line
 * {"error":{...}}. Nothing is kept but a piece of text. */
#include <string.h>

#include "platform/rime.h"

enum { BRANCH_RESULT = 1, BRANCH_ERROR = 2 };
enum { MEMBER_CHUNK = 1, MEMBER_MESSAGE = 2, MEMBER_CODE = 3 };

enum berth_status berth_rime_tell(struct berth_rime_request *request, enum berth_rime_event_kind kind,
                                  struct berth_text text, uint32_t pause_ms)
{
    struct berth_rime_event event = {kind, request->job.name[0] != '\0' ? &request->job : NULL, text,
                                     pause_ms};
    if (request->on_event != NULL && request->stop == BERTH_OK)
        request->stop = request->on_event(request->ctx, &event);
    return request->stop;
}

/* What was gathered, with bytes that are no UTF-8 replaced. */
static enum berth_status flush(struct berth_rime_request *request)
{
    struct berth_rime_log *log = &request->log;
    struct berth_text rest = berth_text_make(log->out, log->out_len);
    enum berth_status status = BERTH_OK;
    log->out_len = 0;
    while (rest.len > 0 && status == BERTH_OK) {
        size_t bad = rest.len;
        (void)berth_text_is_utf8(rest, &bad);
        if (bad > 0)
            status = berth_rime_tell(request, BERTH_RIME_LOG_TEXT, berth_text_slice(rest, 0, bad), 0);
        if (bad < rest.len && status == BERTH_OK)
            status = berth_rime_tell(request, BERTH_RIME_LOG_TEXT, BERTH_TEXT("\xEF\xBF\xBD"), 0);
        rest = berth_text_slice(rest, bad + 1, rest.len);
    }
    return status;
}

static enum berth_status put_byte(struct berth_rime_request *request, char c)
{
    struct berth_rime_log *log = &request->log;
    bool begins = ((unsigned char)c & 0xC0) != 0x80;
    if (log->is_key) {
        if (log->key_len < sizeof log->key)
            log->key[log->key_len] = c;
        log->key_len = log->key_len < UINT8_MAX ? (uint8_t)(log->key_len + 1) : UINT8_MAX;
    } else if (log->branch == BRANCH_RESULT && log->member == MEMBER_CHUNK && log->depth == 2) {
        if (log->out_len == sizeof log->out || (begins && log->out_len > sizeof log->out - 4))
            BERTH_TRY(flush(request));
        log->out[log->out_len++] = c;
    } else if (log->branch == BRANCH_ERROR && log->member == MEMBER_MESSAGE && log->depth == 2 &&
               log->error_len < sizeof log->error - 1) {
        log->error[log->error_len++] = c;
    }
    return BERTH_OK;
}

static enum berth_status put_code(struct berth_rime_request *request, uint32_t code)
{
    char bytes[4];
    struct berth_writer w;
    berth_writer_init(&w, bytes, sizeof bytes);
    berth_rime_put_character(&w, code);
    for (size_t i = 0; i < w.len; i++)
        BERTH_TRY(put_byte(request, bytes[i]));
    return BERTH_OK;
}

/* A \u escape is whole: halves of pairs wait for each other. */
static enum berth_status take_unit(struct berth_rime_request *request, uint32_t unit)
{
    struct berth_rime_log *log = &request->log;
    uint32_t high = log->high;
    log->high = 0;
    if (high != 0 && unit >= 0xDC00 && unit < 0xE000)
        return put_code(request, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
    if (high != 0)
        BERTH_TRY(put_code(request, high));
    if (unit >= 0xD800 && unit < 0xDC00) {
        log->high = unit;
        return BERTH_OK;
    }
    return put_code(request, unit);
}

static enum berth_status take_hex(struct berth_rime_request *request, char c)
{
    struct berth_rime_log *log = &request->log;
    uint64_t digit;
    if (berth_parse_hex_u64(berth_text_make(&c, 1), &digit) != BERTH_OK)
        return BERTH_E_PROTOCOL;
    log->unit = log->unit << 4 | (uint32_t)digit;
    return --log->hex_left > 0 ? BERTH_OK : take_unit(request, log->unit);
}

static void end_key(struct berth_rime_log *log)
{
    struct berth_text key = berth_text_make(log->key, log->key_len);
    log->is_key = false;
    if (log->key_len > sizeof log->key)
        key.len = 0;
    if (log->depth == 1)
        log->branch = berth_text_equal(key, BERTH_TEXT("result"))  ? BRANCH_RESULT
                      : berth_text_equal(key, BERTH_TEXT("error")) ? BRANCH_ERROR
                                                                   : 0;
    else if (log->depth == 2)
        log->member = berth_text_equal(key, BERTH_TEXT("chunk"))     ? MEMBER_CHUNK
                      : berth_text_equal(key, BERTH_TEXT("message")) ? MEMBER_MESSAGE
                      : berth_text_equal(key, BERTH_TEXT("code"))    ? MEMBER_CODE
                                                                     : 0;
    log->failed = log->failed || (log->depth == 1 && log->branch == BRANCH_ERROR);
}

static enum berth_status take_escape(struct berth_rime_request *request, char c)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    struct berth_rime_log *log = &request->log;
    const char *found = memchr(names, c, sizeof names - 1);
    log->escape = false;
    if (c == 'u') {
        log->unit = 0;
        log->hex_left = 4;
        return BERTH_OK;
    }
    return found != NULL ? take_unit(request, (unsigned char)values[found - names]) : BERTH_E_PROTOCOL;
}

static enum berth_status take_text(struct berth_rime_request *request, char c)
{
    struct berth_rime_log *log = &request->log;
    if (log->hex_left > 0)
        return take_hex(request, c);
    if (log->escape)
        return take_escape(request, c);
    if (c == '\\') {
        log->escape = true;
        return BERTH_OK;
    }
    if (log->high != 0) {
        uint32_t high = log->high;
        log->high = 0;
        BERTH_TRY(put_code(request, high));
    }
    if ((unsigned char)c < ' ')
        return BERTH_E_PROTOCOL;
    if (c != '"')
        return put_byte(request, c);
    log->in_text = false;
    if (log->is_key)
        end_key(log);
    return BERTH_OK;
}

static enum berth_status take_bracket(struct berth_rime_log *log, char c)
{
    uint64_t bit = (uint64_t)1 << log->depth;
    if (c == '{' || c == '[') {
        if (log->depth == BERTH_JSON_DEPTH_MAX - 1)
            return BERTH_E_PROTOCOL;
        log->objects = c == '{' ? log->objects | bit << 1 : log->objects & ~(bit << 1);
        log->depth++;
        log->need_key = c == '{';
        log->member = log->depth <= 2 ? 0 : log->member;
        return BERTH_OK;
    }
    if (log->depth == 0 || ((log->objects & bit) != 0) != (c == '}'))
        return BERTH_E_PROTOCOL;
    log->depth--;
    log->need_key = false;
    return BERTH_OK;
}

static enum berth_status take(struct berth_rime_request *request, char c)
{
    struct berth_rime_log *log = &request->log;
    if (log->in_text)
        return take_text(request, c);
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return BERTH_OK;
    if (log->depth == 0 && c != '{')
        return BERTH_E_PROTOCOL;
    if (c == '{' || c == '[' || c == '}' || c == ']')
        return take_bracket(log, c);
    if (c == '"') {
        log->in_text = true;
        log->is_key = log->need_key;
        log->need_key = false;
        log->key_len = 0;
    } else if (c == ',') {
        log->need_key = (log->objects >> log->depth & 1) != 0;
    } else if (c >= '0' && c <= '9' && log->depth == 2 && log->branch == BRANCH_ERROR &&
               log->member == MEMBER_CODE && log->code < 10000) {
        log->code = (log->code > 0 ? log->code : 0) * 10 + (c - '0');
    }
    return BERTH_OK;
}

static enum berth_status write_log(void *ctx, const void *bytes, size_t len)
{
    struct berth_rime_request *request = ctx;
    const char *chars = bytes;
    for (size_t i = 0; i < len; i++) {
        enum berth_status status = take(request, chars[i]);
        if (status != BERTH_OK) {
            request->log.broken = true;
            return status;
        }
    }
    return BERTH_OK;
}

void berth_rime_log_begin(struct berth_rime_request *request)
{
    memset(&request->log, 0, sizeof request->log);
    request->log.code = -1;
}

struct berth_sink berth_rime_log_sink(struct berth_rime_request *request)
{
    return (struct berth_sink){request, write_log, NULL};
}

enum berth_status berth_rime_log_end(struct berth_rime_request *request)
{
    struct berth_rime_log *log = &request->log;
    struct berth_text why = berth_text_make(log->error, log->error_len);
    size_t end = why.len;
    BERTH_TRY(flush(request));
    if (log->failed && !berth_text_is_utf8(why, &end))
        why.len = end;
    if (log->failed)
        return berth_rime_tell(request, BERTH_RIME_LOG_ERROR,
                               why.len > 0 ? why : BERTH_TEXT("the server broke off the log"), 0);
    if (log->broken)
        return berth_rime_tell(request, BERTH_RIME_LOG_ERROR, BERTH_TEXT("the log is not what is due"), 0);
    return log->depth > 0
               ? berth_rime_tell(request, BERTH_RIME_LOG_ERROR, BERTH_TEXT("the log is cut off"), 0)
               : BERTH_OK;
}
