/* How a WebHDFS call goes on: redirects, the data's way to a DataNode, pages of a listing, another try. */
#include "platform/webhdfs.h"

#include <string.h>

#include "berth/number.h"
#include "data/json_scan.h"
#include "platform/call_state.h"

#define HOPS_MAX 5
#define TRIES 10
#define BASE_MS 500
#define MAX_MS 15000

static const struct berth_webhdfs_operation *operation_of(const struct berth_webhdfs *fs)
{
    return &berth_webhdfs_operations[fs->run.request.operation];
}

/* ---- Heads ------------------------------------------------------------------------------------ */

static bool is_redirect(const struct berth_call *call, int status)
{
    bool see_other = status == 303 && berth_text_equal(call->method, BERTH_TEXT("GET"));
    return see_other || (status >= 300 && status <= 302) || status == 307 || status == 308;
}

/* The URL that the request under way went to: the runner put it behind the answer's place. */
static struct berth_text current_url(const struct berth_call *call)
{
    size_t len = call->client->base_url.len + berth_text_of(call->target).len;
    return berth_text_make(call->client->work + BERTH_WEBHDFS_ANSWER_CAP, len);
}

/* Keeps where a redirect leads to, absolute. */
static enum berth_status keep_location(struct berth_call *call, struct berth_text location)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    struct berth_url from;
    struct berth_writer w;
    berth_writer_init(&w, call->client->work, BERTH_URL_MAX);
    if (berth_url_parse(current_url(call), &from, NULL) != BERTH_OK || location.len == 0 ||
        berth_url_resolve(&from, location, &w) != BERTH_OK)
        return berth_call_report(call, BERTH_E_REDIRECT, "a redirect to something that is no URL", NULL);
    fs->run.captured = w.len;
    fs->run.redirected = true;
    return BERTH_OK;
}

enum berth_status berth_webhdfs_head(struct berth_call *call, const struct berth_http_head *head)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    struct berth_text location = berth_http_head_find(head, BERTH_TEXT("Location"));
    struct berth_text type = berth_http_head_find(head, BERTH_TEXT("Content-Type"));
    bool is_json = berth_http_media_type_is(type, BERTH_TEXT("application/json"));
    bool opens = fs->run.request.operation == BERTH_WEBHDFS_OPEN;
    bool asked = fs->config.no_redirect && fs->run.phase == BERTH_WEBHDFS_ASKING;
    fs->run.redirected = false;
    fs->run.captured = 0;
    fs->run.too_long = false;
    fs->run.capturing = !opens || (asked && is_json);
    fs->run.kerberos = berth_text_equal_nocase(
        berth_text_slice(berth_http_head_find(head, BERTH_TEXT("WWW-Authenticate")), 0, 9),
        BERTH_TEXT("Negotiate"));
    if (is_redirect(call, head->status) && location.ptr != NULL)
        return keep_location(call, location);
    return BERTH_OK;
}

/* ---- Bodies ----------------------------------------------------------------------------------- */

enum berth_status berth_webhdfs_sink_write(void *ctx, const void *bytes, size_t len)
{
    struct berth_call *call = ctx;
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    const struct berth_sink *sink = &fs->run.request.sink;
    if (!fs->run.capturing) {
        fs->run.delivered += len;
        return sink->write(sink->ctx, bytes, len);
    }
    if (len > BERTH_WEBHDFS_ANSWER_CAP - fs->run.captured) {
        fs->run.too_long = true;
        return BERTH_E_SPACE;
    }
    memcpy(call->client->work + fs->run.captured, bytes, len);
    fs->run.captured += len;
    return BERTH_OK;
}

ptrdiff_t berth_webhdfs_source_read(void *ctx, void *buf, size_t cap)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(ctx);
    const struct berth_source *source = &fs->run.request.source;
    fs->run.source_touched = true;
    return source->read(source->ctx, buf, cap);
}

/* The exchange begins anew, or another one begins. */
enum berth_status berth_webhdfs_source_rewind(void *ctx)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(ctx);
    const struct berth_source *source = &fs->run.request.source;
    BERTH_TRY(source->rewind(source->ctx));
    fs->run.source_touched = false;
    return BERTH_OK;
}

/* Every change carries the field that a server with a CSRF filter wants to see. Credentials are for the root
 * alone: a redirect's target has its own. */
void berth_webhdfs_set_fields(struct berth_call *call, bool own_origin)
{
    const struct berth_webhdfs_config *config = &berth_webhdfs_of(call)->config;
    call->header_count = 0;
    if (!berth_text_equal(call->method, BERTH_TEXT("GET")))
        call->headers[call->header_count++] =
            (struct berth_http_header){BERTH_TEXT("X-XSRF-HEADER"), BERTH_TEXT("berth"), false};
    if (own_origin && config->authorization.len > 0)
        call->headers[call->header_count++] =
            (struct berth_http_header){BERTH_TEXT("Authorization"), config->authorization, true};
}

/* ---- Entries and pages ------------------------------------------------------------------------ */

static bool read_mode(struct berth_text permission, unsigned *out_mode)
{
    unsigned mode = 0;
    for (size_t i = 0; i < permission.len; i++) {
        if (permission.ptr[i] < '0' || permission.ptr[i] > '7' || mode > 0777)
            return false;
        mode = mode << 3 | (unsigned)(permission.ptr[i] - '0');
    }
    *out_mode = mode;
    return permission.len > 0;
}

static enum berth_status complete_entry(struct berth_webhdfs_entry *entry, const char **out_reason)
{
    if (entry->length < 0)
        *out_reason = "its length is negative";
    else if (!read_mode(entry->permission, &entry->mode))
        *out_reason = "its permission is no octal number";
    else
        return BERTH_OK;
    return BERTH_E_RANGE;
}

/* A page that begins before where it should would never end. */
static enum berth_status check_progress(const struct berth_webhdfs *fs, struct berth_text name,
                                        const char **out_reason)
{
    if (!fs->run.paged || berth_text_compare(name, berth_text_make(fs->run.after, fs->run.after_len)) > 0)
        return BERTH_OK;
    *out_reason = "the server repeats names that it sent before";
    return BERTH_E_PROTOCOL;
}

enum berth_status berth_webhdfs_complete(const struct berth_call *call,
                                         const struct berth_json_element *element, void *structure,
                                         const char **out_reason)
{
    struct berth_webhdfs_entry *entry = structure;
    (void)element;
    BERTH_TRY(complete_entry(entry, out_reason));
    return check_progress(berth_webhdfs_of(call), entry->name, out_reason);
}

enum berth_status berth_webhdfs_on_entry(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(ctx);
    const struct berth_webhdfs_entry *entry = structure;
    fs->run.tries = 0;
    fs->run.roots_tried = 0;
    fs->run.too_long = entry == NULL || entry->name.len > BERTH_WEBHDFS_NAME_MAX;
    if (!fs->run.too_long) {
        memcpy(fs->run.after, entry->name.ptr, entry->name.len);
        fs->run.after_len = entry->name.len;
    }
    berth_call_element_fn *on_entry = fs->run.request.on_entry;
    return on_entry == NULL ? BERTH_OK : on_entry(fs->run.request.ctx, element, structure);
}

/* remainingEntries stands beside the entries, which are all that the stream keeps. */
enum { MEMBER_NONE, MEMBER_NAME, MEMBER_MATCHES, MEMBER_VALUE };
#define MEMBERS_DEPTH 2

static void add_member(struct berth_webhdfs_run *run, const char *bytes, size_t len)
{
    if (len > sizeof run->member - run->member_len)
        run->member_state = MEMBER_NONE; /* longer than what is looked for */
    if (run->member_state == MEMBER_NONE || run->member_state == MEMBER_MATCHES)
        return;
    memcpy(run->member + run->member_len, bytes, len);
    run->member_len += len;
}

static void see_event(struct berth_webhdfs_run *run)
{
    struct berth_text text = berth_text_make(run->member, run->member_len);
    switch (run->scan.event) {
    case BERTH_JSON_EVENT_NAME:
        run->member_state = MEMBER_NAME;
        break;
    case BERTH_JSON_EVENT_NAME_END:
        run->member_state =
            run->member_state == MEMBER_NAME && berth_text_equal(text, BERTH_TEXT("remainingEntries\""))
                ? MEMBER_MATCHES
                : MEMBER_NONE;
        break;
    case BERTH_JSON_EVENT_VALUE:
        if (run->member_state != MEMBER_MATCHES)
            return;
        run->member_state = MEMBER_VALUE;
        break;
    case BERTH_JSON_EVENT_END:
        if (run->member_state == MEMBER_VALUE && berth_parse_i64(text, &run->remaining) != BERTH_OK)
            run->remaining = -1;
        run->member_state = MEMBER_NONE;
        break;
    default:
        return;
    }
    run->member_len = 0;
}

void berth_webhdfs_tap(struct berth_call *call, const char *bytes, size_t len)
{
    struct berth_webhdfs_run *run = &berth_webhdfs_of(call)->run;
    const char *p = bytes;
    const char *end = bytes + len;
    if (len == 0) {
        berth_json_scan_init(&run->scan, MEMBERS_DEPTH, 0);
        run->remaining = -1;
        run->member_state = MEMBER_NONE;
        run->page_start = call->result.element_count;
        return;
    }
    while (p != end && run->scan.event != BERTH_JSON_EVENT_ERROR) {
        const char *from = p;
        p = berth_json_scan(&run->scan, p, end);
        add_member(run, from, (size_t)(p - from));
        see_event(run);
    }
}

static enum berth_status next_page(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    if (fs->run.remaining < 0)
        return berth_call_report(call, BERTH_E_PROTOCOL, "the page does not say how many entries remain",
                                 NULL);
    if (fs->run.remaining == 0)
        return BERTH_OK;
    if (call->result.element_count == fs->run.page_start)
        return berth_call_report(call, BERTH_E_PROTOCOL, "an empty page, although entries remain", NULL);
    if (fs->run.too_long)
        return berth_call_report(call, BERTH_E_SPACE, "the name after which the listing goes on is too long",
                                 NULL);
    fs->run.paged = true;
    fs->run.hops = 0;
    BERTH_TRY(berth_webhdfs_ask(call));
    return BERTH_E_WOULD_BLOCK;
}

/* ---- To the DataNode -------------------------------------------------------------------------- */

/* The DataNode's name, for leaving it out later; a gateway of /a/HOST:PORT/ hides it in the path. */
static void keep_datanode(struct berth_webhdfs_run *run, const struct berth_url *url)
{
    struct berth_text host = url->host;
    size_t at = berth_text_find(url->path, BERTH_TEXT("/a/"));
    if (at != SIZE_MAX) {
        struct berth_text rest = berth_text_slice(url->path, at + 3, url->path.len);
        size_t colon = berth_text_find_byte(rest, ':');
        if (colon != SIZE_MAX && berth_text_find_byte(rest, '/') > colon)
            host = berth_text_slice(rest, 0, colon);
    }
    run->datanode[0] = '\0';
    if (host.len < sizeof run->datanode) {
        memcpy(run->datanode, host.ptr, host.len);
        run->datanode[host.len] = '\0';
    }
}

static void exclude_datanode(struct berth_webhdfs_run *run)
{
    struct berth_writer w;
    size_t len = berth_text_of(run->excluded).len;
    if (run->datanode[0] == '\0')
        return;
    berth_writer_init(&w, run->excluded + len, sizeof run->excluded - len);
    if (len > 0)
        berth_put_char(&w, ',');
    berth_put_string(&w, run->datanode);
    if (berth_writer_terminate(&w) != BERTH_OK)
        run->excluded[len] = '\0'; /* so many have failed: it is not them */
    run->datanode[0] = '\0';
}

/* The request proper, with the data. */
static enum berth_status to_datanode(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    const struct berth_source *source = &fs->run.request.source;
    fs->run.phase = BERTH_WEBHDFS_AT_DATANODE;
    if (source->read == NULL)
        return BERTH_OK;
    if (fs->run.source_touched) {
        if (source->rewind == NULL)
            return berth_call_report(call, BERTH_E_REDIRECT, "a redirect, but the data cannot be read again",
                                     NULL);
        BERTH_TRY(berth_webhdfs_source_rewind(call));
    }
    call->has_body = true;
    call->content_type = BERTH_TEXT("application/octet-stream");
    call->body.ctx = call;
    call->body.read = berth_webhdfs_source_read;
    call->body.rewind = source->rewind != NULL ? berth_webhdfs_source_rewind : NULL;
    call->body.length = source->length;
    return BERTH_OK;
}

/* Whether the root itself has moved: everything but scheme, host and port is the same. */
static bool is_moved_root(const struct berth_call *call, const struct berth_url *from,
                          const struct berth_url *to)
{
    return berth_webhdfs_of(call)->run.phase == BERTH_WEBHDFS_ASKING &&
           berth_text_equal(from->path, to->path) && berth_text_equal(from->query, to->query);
}

/* Goes to the LEN bytes of URL at the start of work memory. */
static enum berth_status follow(struct berth_call *call, size_t len)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    struct berth_text text = berth_text_make(call->client->work, len);
    struct berth_url from;
    struct berth_url root;
    struct berth_url to;
    struct berth_writer w;
    if (++fs->run.hops > HOPS_MAX)
        return berth_call_report(call, BERTH_E_REDIRECT, "too many redirects", NULL);
    if (berth_url_parse(text, &to, NULL) != BERTH_OK ||
        berth_url_parse(current_url(call), &from, NULL) != BERTH_OK ||
        berth_url_parse(fs->config.roots[fs->root], &root, NULL) != BERTH_OK)
        return berth_call_report(call, BERTH_E_REDIRECT, "a redirect to something that is no URL", NULL);
    bool moved = is_moved_root(call, &from, &to);
    bool own_origin = berth_url_same_origin(&root, &to);
    if (!moved)
        keep_datanode(&fs->run, &to);
    berth_writer_init(&w, call->target, sizeof call->target);
    if (moved || !berth_webhdfs_map_host(&fs->config, text, &w)) {
        if (from.https && !to.https && !fs->config.allow_downgrade)
            return berth_call_report(call, BERTH_E_REDIRECT, "a redirect from https to http", NULL);
        berth_put_text(&w, text);
    }
    if (berth_writer_terminate(&w) != BERTH_OK)
        return berth_call_report(call, BERTH_E_REDIRECT, "a redirect to a URL that is too long", NULL);
    fs->client.base_url = BERTH_TEXT("");
    berth_webhdfs_set_fields(call, own_origin);
    if (!moved && operation_of(fs)->data)
        BERTH_TRY(to_datanode(call));
    return BERTH_E_WOULD_BLOCK;
}

/* ---- What was answered ------------------------------------------------------------------------ */

static enum berth_status decode(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    struct berth_webhdfs_answer *answer = &fs->answer;
    struct berth_decode_error error = {0};
    const char *reason = NULL;
    memset(answer, 0, sizeof *answer);
    if (berth_text_trim(berth_text_make(call->client->work, fs->run.captured)).len == 0)
        return BERTH_OK;
    if (berth_fields_decode(&berth_webhdfs_answer_shape, call->client->work, fs->run.captured, answer,
                            &error) != BERTH_OK)
        return berth_call_report(call, BERTH_E_PROTOCOL, "the answer is not the JSON that is due",
                                 error.at.reason);
    if ((answer->present & BERTH_WEBHDFS_ANSWER_ENTRY) != 0 &&
        complete_entry(&answer->entry, &reason) != BERTH_OK)
        return berth_call_report(call, BERTH_E_PROTOCOL, "the answer cannot be used", reason);
    return BERTH_OK;
}

static enum berth_status check_checksum(struct berth_call *call, const struct berth_webhdfs_checksum *sum)
{
    bool fits = sum->length >= 0 && sum->bytes.len / 2 == (uint64_t)sum->length && sum->bytes.len % 2 == 0;
    for (size_t i = 0; i < sum->bytes.len; i++) {
        char c = sum->bytes.ptr[i];
        fits = fits && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
    }
    return fits ? BERTH_OK
                : berth_call_report(call, BERTH_E_PROTOCOL,
                                    "the checksum is not as many hexadecimal digits as it says", NULL);
}

/* What "boolean": false says. */
static enum berth_status check_boolean(struct berth_call *call)
{
    const struct berth_webhdfs *fs = berth_webhdfs_of(call);
    if (fs->answer.boolean)
        return BERTH_OK;
    switch (fs->run.request.operation) {
    case BERTH_WEBHDFS_DELETE:
        return berth_call_report(call, BERTH_E_NO_FILE, "there was nothing to delete", NULL);
    case BERTH_WEBHDFS_RENAME:
        return berth_call_report(call, BERTH_E_WRONG_STATE,
                                 "not renamed: the source is missing, the destination exists, its parent is "
                                 "missing, or it lies in the source",
                                 NULL);
    case BERTH_WEBHDFS_MKDIRS:
        return berth_call_report(call, BERTH_E_WRONG_STATE, "the directory was not made", NULL);
    default: /* truncate: soon */
        return BERTH_OK;
    }
}

static enum berth_status check_answer(struct berth_call *call)
{
    const struct berth_webhdfs *fs = berth_webhdfs_of(call);
    const struct berth_webhdfs_operation *operation = operation_of(fs);
    bool may_be_empty =
        fs->run.request.operation == BERTH_WEBHDFS_RENAME && fs->run.request.flag && fs->run.captured == 0;
    if (operation->has == BERTH_WEBHDFS_ANSWER_NOTHING || may_be_empty)
        return BERTH_OK;
    if ((fs->answer.present & operation->has) == 0)
        return fs->run.captured == 0 ? berth_call_report(call, BERTH_E_TRUNCATED, "the answer is empty", NULL)
                                     : berth_call_report(call, BERTH_E_PROTOCOL,
                                                         "the answer is not what this operation gives", NULL);
    if (operation->has == BERTH_WEBHDFS_ANSWER_CHECKSUM)
        return check_checksum(call, &fs->answer.checksum);
    return operation->has == BERTH_WEBHDFS_ANSWER_BOOLEAN ? check_boolean(call) : BERTH_OK;
}

/* The first answer about data was no redirect: another form of one, or a gateway that does all by itself. */
static enum berth_status after_asking(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    if ((fs->answer.present & BERTH_WEBHDFS_ANSWER_LOCATION) != 0) {
        struct berth_text location = fs->answer.location;
        if (location.len > BERTH_URL_MAX)
            return berth_call_report(call, BERTH_E_REDIRECT, "a redirect to a URL that is too long", NULL);
        memmove(call->client->work, location.ptr, location.len);
        return follow(call, location.len);
    }
    if (fs->run.request.source.read == NULL)
        return fs->run.capturing && fs->run.request.operation == BERTH_WEBHDFS_OPEN
                   ? berth_call_report(call, BERTH_E_PROTOCOL, "the answer does not say where the data is",
                                       NULL)
                   : BERTH_OK;
    /* Nothing or an empty file was made: now the data, explicitly. */
    fs->run.explicit_data = true;
    BERTH_TRY(berth_webhdfs_ask(call));
    BERTH_TRY(to_datanode(call));
    return BERTH_E_WOULD_BLOCK;
}

static enum berth_status succeeded(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    const struct berth_webhdfs_operation *operation = operation_of(fs);
    if (fs->run.request.operation == BERTH_WEBHDFS_LIST_PAGE)
        return next_page(call);
    if (operation->list.len > 0) {
        fs->no_batch[fs->root] = true; /* it was asked for only because pages are not known */
        return BERTH_OK;
    }
    bool sent = fs->run.request.source.read != NULL && fs->run.phase == BERTH_WEBHDFS_AT_DATANODE;
    if (fs->run.capturing && !sent)
        BERTH_TRY(decode(call));
    if (operation->data && fs->run.phase == BERTH_WEBHDFS_ASKING) {
        enum berth_status status = after_asking(call);
        if (status != BERTH_OK)
            return status;
    }
    return check_answer(call);
}

/* ---- Another try ------------------------------------------------------------------------------ */

/* The server was not there, or not ready. */
static bool is_passing(const struct berth_call *call, enum berth_status status)
{
    bool reached = call->client->http->result.maybe_reached;
    switch (status) {
    case BERTH_E_CONNECT:
    case BERTH_E_TIMEOUT:
    case BERTH_E_CLOSED:
    case BERTH_E_RESET:
    case BERTH_E_TRUNCATED:
        return true;
    case BERTH_E_TLS: /* a certificate is refused again, a connection that broke may not break again */
        return reached;
    case BERTH_E_UNAVAILABLE:
        return berth_webhdfs_of(call)->run.refusal != BERTH_WEBHDFS_REFUSED ||
               (call->result.http_status >= 502 && call->result.http_status <= 504);
    default:
        return false;
    }
}

/* Whether doing it again does no harm: it can be repeated, was not sent, or was refused undone. */
static bool is_harmless(const struct berth_call *call)
{
    const struct berth_webhdfs *fs = berth_webhdfs_of(call);
    bool asking = operation_of(fs)->data && fs->run.phase == BERTH_WEBHDFS_ASKING;
    return call->repeat == BERTH_HTTP_REPEAT_ALWAYS || asking || !call->client->http->result.maybe_reached ||
           fs->run.refusal != BERTH_WEBHDFS_REFUSED;
}

/* Makes source and sink ready for doing it again. False when they cannot be. */
static bool can_begin_again(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    const struct berth_webhdfs_request *r = &fs->run.request;
    if (fs->run.source_touched && (r->source.rewind == NULL || berth_webhdfs_source_rewind(call) != BERTH_OK))
        return false;
    if (fs->run.delivered > 0) {
        if (r->sink.restart == NULL || r->sink.restart(r->sink.ctx) != BERTH_OK)
            return false;
        fs->run.delivered = 0;
    }
    /* A listing goes on behind the last name, where there are pages. */
    if (call->result.element_count > 0) {
        if (r->operation != BERTH_WEBHDFS_LIST_PAGE || fs->run.too_long)
            return false;
        fs->run.paged = true;
    }
    return true;
}

bool berth_webhdfs_may_try(const struct berth_webhdfs *fs, unsigned tries, uint32_t *out_pause_ms)
{
    struct berth_retry_policy policy = fs->config.retry;
    const struct berth_rand *rand = fs->config.http->config.rand;
    uint32_t random = UINT32_MAX;
    policy.tries = policy.tries != 0 ? policy.tries : TRIES;
    policy.base_ms = policy.base_ms != 0 ? policy.base_ms : BASE_MS;
    policy.max_ms = policy.max_ms != 0 ? policy.max_ms : MAX_MS;
    if (tries >= policy.tries)
        return false;
    if (rand->fill(rand->ctx, &random, sizeof random) != BERTH_OK)
        random = UINT32_MAX; /* without entropy the longest pause */
    *out_pause_ms = berth_retry_pause_ms(&policy, tries + 1u, random);
    return true;
}

/* Takes the next root, or after all of them a pause. False when the tries are used up. */
static bool move_on(struct berth_call *call, bool at_datanode, uint32_t *out_pause_ms)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    if (at_datanode) {
        exclude_datanode(&fs->run);
    } else {
        fs->root = (fs->root + 1) % fs->config.root_count;
        if (++fs->run.roots_tried < fs->config.root_count)
            return true;
        fs->run.roots_tried = 0;
    }
    if (!berth_webhdfs_may_try(fs, ++fs->run.tries, out_pause_ms))
        return false;
    if (call->result.has_retry_after && call->result.retry_after_ms > *out_pause_ms)
        *out_pause_ms = call->result.retry_after_ms;
    return true;
}

/* A listing's first page was refused: the server may not know pages. */
static bool lacks_pages(const struct berth_call *call, enum berth_status status)
{
    const struct berth_webhdfs *fs = berth_webhdfs_of(call);
    return fs->run.request.operation == BERTH_WEBHDFS_LIST_PAGE && status == BERTH_E_BAD_REQUEST &&
           call->result.http_status == 400 && call->result.element_count == 0;
}

static enum berth_status ask_again(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    fs->run.hops = 0;
    fs->run.explicit_data = false;
    BERTH_TRY(berth_webhdfs_ask(call));
    return BERTH_E_WOULD_BLOCK;
}

static enum berth_status renew_token(struct berth_call *call, enum berth_status status)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    struct berth_text token = {NULL, 0};
    fs->run.renewed = true;
    if (!can_begin_again(call) || fs->config.renew(fs->config.renew_ctx, &token) != BERTH_OK ||
        token.len == 0)
        return status;
    fs->config.delegation = token;
    return ask_again(call);
}

static enum berth_status failed(struct berth_call *call, enum berth_status status, uint32_t *out_pause_ms)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    bool at_datanode = fs->run.phase == BERTH_WEBHDFS_AT_DATANODE;
    fs->run.maybe_done = fs->run.maybe_done || call->result.maybe_done;
    if (fs->run.too_long && status == BERTH_E_SPACE && fs->run.capturing)
        return berth_call_report(call, status, "the answer is longer than 4096 bytes", NULL);
    if (lacks_pages(call, status)) {
        fs->run.request.operation = BERTH_WEBHDFS_LIST_ALL;
        call->tap = NULL;
        return ask_again(call);
    }
    if (status == BERTH_E_UNAUTHORIZED && fs->config.renew != NULL && fs->config.delegation.len > 0 &&
        !fs->run.renewed)
        return renew_token(call, status);
    if (status == BERTH_E_RESOLVE && at_datanode)
        return berth_call_report(call, status,
                                 "the DataNode's name has no address here: say where it is, or use a gateway",
                                 fs->run.datanode);
    bool more_roots = !at_datanode && fs->run.roots_tried + 1u < fs->config.root_count;
    if (!is_passing(call, status) && !(status == BERTH_E_RESOLVE && more_roots))
        return status;
    if (!is_harmless(call) || !can_begin_again(call) || !move_on(call, at_datanode, out_pause_ms))
        return status;
    return ask_again(call);
}

enum berth_status berth_webhdfs_next(struct berth_call *call, enum berth_status status,
                                     uint32_t *out_pause_ms)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    if (fs->run.redirected && call->result.http_status / 100 == 3)
        status = follow(call, fs->run.captured);
    else if (status == BERTH_OK || (status == BERTH_E_SPACE && call->result.skipped_count > 0))
        status = status == BERTH_OK || fs->run.remaining > 0 ? succeeded(call) : status;
    else
        status = failed(call, status, out_pause_ms);
    if (status != BERTH_OK && status != BERTH_E_WOULD_BLOCK && fs->run.maybe_done)
        call->result.maybe_done = true;
    return status;
}
