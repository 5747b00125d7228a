/* What WebHDFS's error answers mean: RemoteException, and what stands in its place. */
#include "platform/webhdfs.h"

#include <string.h>

#include "data/json_scan.h"
#include "platform/call.h"
#include "platform/line.h"

/* Of an error body only so much is kept as the memory for elements takes, and a stack trace can be longer:
 * the document may stop anywhere. */
struct words {
    struct berth_text exception; /* insides of JSON strings, absent when not there */
    struct berth_text message;
};

/* The depth of the members of {"RemoteException":{...}}. */
#define MEMBERS_DEPTH 2

static void take(struct words *words, struct berth_text name, struct berth_text value)
{
    if (value.len == 0 || value.ptr[0] != '"')
        return;
    bool closed = value.len > 1 && value.ptr[value.len - 1] == '"';
    value = berth_text_slice(value, 1, closed ? value.len - 1 : value.len);
    if (berth_json_raw_equal(name, BERTH_TEXT("exception")) && closed)
        words->exception = value;
    if (berth_json_raw_equal(name, BERTH_TEXT("message")))
        words->message = value;
}

static struct words find_words(struct berth_text body)
{
    struct words words = {{NULL, 0}, {NULL, 0}};
    struct berth_json_scan s;
    struct berth_text name = {NULL, 0};
    const char *p = body.ptr;
    const char *end = body.ptr + body.len;
    const char *begin = NULL;
    bool in_value = false;
    berth_json_scan_init(&s, MEMBERS_DEPTH, 0);
    while (p != end) {
        p = berth_json_scan(&s, p, end);
        if (s.event == BERTH_JSON_EVENT_NAME || s.event == BERTH_JSON_EVENT_VALUE)
            begin = p;
        if (s.event == BERTH_JSON_EVENT_NAME_END)
            name = berth_text_make(begin, (size_t)(p - 1 - begin));
        in_value = s.event == BERTH_JSON_EVENT_VALUE || (in_value && s.event == BERTH_JSON_EVENT_NONE);
        if (s.event == BERTH_JSON_EVENT_END && begin != NULL) {
            take(&words, name, berth_text_make(begin, (size_t)(p - begin)));
            begin = NULL; /* the next end is that of the object around it */
        }
        if (s.event == BERTH_JSON_EVENT_ERROR)
            return words;
    }
    if (in_value && begin != NULL)
        take(&words, name, berth_text_make(begin, (size_t)(end - begin)));
    return words;
}

/* RAW unescaped into BUF up to the first line's end. What cannot be unescaped, an escape that was cut off
 * first of all, ends it. */
static struct berth_text first_line(struct berth_text raw, char *buf, size_t cap)
{
    struct berth_writer w;
    enum berth_status status;
    raw = berth_text_slice(raw, 0, cap);
    do {
        berth_writer_init(&w, buf, cap);
        status = berth_json_unescape(raw, &w);
        if (status != BERTH_OK) {
            size_t at = raw.len;
            while (at > 0 && raw.ptr[at - 1] != '\\')
                at--;
            raw.len = at > 0 ? at - 1 : 0;
        }
    } while (status != BERTH_OK && raw.len > 0);
    struct berth_text text = berth_text_trim(berth_writer_text(&w));
    size_t line_end = berth_text_find_byte(text, '\n');
    return berth_text_trim(berth_text_slice(text, 0, line_end));
}

/* "AccessControlException", of "org.apache...AccessControlException" too. */
static void keep_exception(struct berth_webhdfs *fs, struct berth_text raw)
{
    struct berth_writer w;
    size_t at = raw.len;
    while (at > 0 && raw.ptr[at - 1] != '.' && raw.ptr[at - 1] != '$')
        at--;
    berth_writer_init(&w, fs->exception, sizeof fs->exception);
    berth_put_line(&w, berth_text_slice(raw, at, raw.len));
}

/* Old releases say so in a SecurityException. */
static bool is_standby(struct berth_text exception, struct berth_text message)
{
    return berth_text_equal(exception, BERTH_TEXT("SecurityException")) &&
           berth_text_ends(message, BERTH_TEXT("StandbyException"));
}

static enum berth_status judge_exception(const struct berth_call *call, struct berth_text message,
                                         struct berth_writer *out_message)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    struct berth_text exception = berth_text_of(fs->exception);
    const struct berth_webhdfs_exception *row = berth_webhdfs_find_exception(exception);
    if (is_standby(exception, message))
        row = berth_webhdfs_find_exception(BERTH_TEXT("StandbyException"));
    fs->run.refusal = (uint8_t)row->refusal;
    berth_put_line(out_message, exception);
    if (message.len > 0) {
        berth_put_line_string(out_message, ": ");
        berth_put_line(out_message, message);
    }
    return row->status;
}

enum berth_status berth_webhdfs_judge(const struct berth_call *call, const struct berth_http_result *result,
                                      struct berth_writer *out_message)
{
    char text[BERTH_HTTP_ERROR_BODY_MAX];
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    struct words words = find_words(berth_text_trim(berth_call_error_body(call)));
    memset(fs->exception, 0, sizeof fs->exception);
    fs->run.refusal = BERTH_WEBHDFS_REFUSED;
    if (words.exception.len > 0) {
        keep_exception(fs, words.exception);
        return judge_exception(call, first_line(words.message, text, sizeof text), out_message);
    }
    if (result->http_status == 401 && fs->run.kerberos)
        berth_put_line_string(out_message, "the server wants Kerberos, which berth does not speak: use a "
                                           "delegation token");
    return berth_call_status_of(result->http_status);
}
