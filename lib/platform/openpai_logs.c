/* OpenPAI's logs and documents on their way: addresses that last for minutes, older servers' pages, forms. */
#include "platform/openpai.h"

#include <string.h>

/* ---- Addresses -------------------------------------------------------------------------------- */

bool berth_openpai_log_is_list(struct berth_text container_log)
{
    return berth_text_starts(container_log, BERTH_TEXT("/api/v2/jobs/")) &&
           berth_text_ends(container_log, BERTH_TEXT("/logs"));
}

void berth_openpai_put_log_path(struct berth_writer *w, struct berth_text user, struct berth_text job,
                                int64_t attempt, struct berth_text role, int64_t task, int64_t task_attempt)
{
    berth_put_string(w, "/api/v2/jobs/");
    berth_put_percent(w, user);
    berth_put_char(w, '~');
    berth_put_percent(w, job);
    berth_put_string(w, "/attempts/");
    berth_put_i64(w, attempt);
    berth_put_string(w, "/taskRoles/");
    berth_openpai_put_role(w, role);
    berth_put_string(w, "/taskIndex/");
    berth_put_i64(w, task);
    berth_put_string(w, "/attempts/");
    berth_put_i64(w, task_attempt);
    berth_put_string(w, "/logs");
}

/* Addresses are relative to the cluster's own, not to the REST server's. */
enum berth_status berth_openpai_set_link(struct berth_openpai_request *request, struct berth_text uri)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_url base, url;
    struct berth_writer w;
    const char *reason;
    BERTH_TRY(berth_url_parse(berth_text_of(request->pai->pai_uri), &base, &reason));
    berth_writer_init(&w, work->link, sizeof work->link);
    enum berth_status status = berth_url_resolve(&base, uri, &w);
    if (status == BERTH_OK)
        status = berth_writer_terminate(&w);
    if (status == BERTH_OK)
        status = berth_url_parse(berth_writer_text(&w), &url, &reason);
    if (status == BERTH_OK && url.path.len > 0)
        return BERTH_OK;
    work->link[0] = '\0';
    return berth_openpai_say(request, BERTH_E_PROTOCOL, "the server's address of the log is none");
}

bool berth_openpai_link_is_own(struct berth_openpai_request *request)
{
    const struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_url base, url;
    return berth_url_parse(berth_text_of(request->pai->pai_uri), &base, NULL) == BERTH_OK &&
           berth_url_parse(berth_text_of(work->link), &url, NULL) == BERTH_OK &&
           berth_url_same_origin(&base, &url) && berth_text_starts(url.path, BERTH_TEXT("/rest-server/"));
}

enum berth_status berth_openpai_log_found(struct berth_openpai_request *request,
                                          const struct berth_openpai_log *log)
{
    if (log == NULL || !berth_text_equal(log->name, request->arguments.role))
        return BERTH_OK;
    return berth_openpai_set_link(request, log->uri);
}

/* ---- Older servers ---------------------------------------------------------------------------- */

static const struct berth_text old_names[] = {BERTH_TEXT_INIT("stdout"), BERTH_TEXT_INIT("stderr"),
                                              BERTH_TEXT_INIT("all")};

/* The address of log NAME below CONTAINER_LOG; G1's is a page that shows it from some byte on. */
static void put_old_link(struct berth_writer *w, const struct berth_openpai_request *request,
                         struct berth_text name)
{
    struct berth_text folder = request->arguments.name;
    berth_put_text(w, folder);
    if (!berth_text_ends(folder, BERTH_TEXT("/")))
        berth_put_char(w, '/');
    berth_put_string(w, "user.pai.");
    berth_put_text(w, name);
    if (berth_text_find(folder, BERTH_TEXT("/log-manager/")) == SIZE_MAX)
        berth_put_string(w, "/?start=0");
}

enum berth_status berth_openpai_old_link(struct berth_openpai_request *request)
{
    struct berth_text name = request->arguments.role;
    struct berth_client *client = &request->pai->client;
    struct berth_writer w;
    bool is_known = false;
    for (size_t i = 0; i < sizeof old_names / sizeof old_names[0]; i++)
        is_known = is_known || berth_text_equal(old_names[i], name);
    if (!is_known)
        return berth_openpai_say(request, BERTH_E_NOT_FOUND,
                                 "servers before OpenPAI 1.4 have the logs stdout, stderr and all");
    berth_writer_init(&w, client->work, client->work_size);
    put_old_link(&w, request, name);
    if (berth_writer_status(&w) != BERTH_OK)
        return berth_openpai_say(request, BERTH_E_SPACE, "the log's address does not fit the work memory");
    BERTH_TRY(berth_openpai_set_link(request, berth_writer_text(&w)));
    berth_openpai_work_of(request)->partial = true;
    return BERTH_OK;
}

enum berth_status berth_openpai_logs_tell(struct berth_openpai_request *request)
{
    struct berth_client *client = &request->pai->client;
    for (size_t i = 0; i < sizeof old_names / sizeof old_names[0]; i++) {
        struct berth_json_element element = {.level = 2, .index = i};
        struct berth_openpai_log log = {.present = 3, .name = old_names[i]};
        struct berth_writer w;
        berth_writer_init(&w, client->work, client->work_size);
        put_old_link(&w, request, old_names[i]);
        if (berth_writer_status(&w) != BERTH_OK)
            return berth_openpai_say(request, BERTH_E_SPACE,
                                     "the log's address does not fit the work memory");
        log.uri = berth_writer_text(&w);
        request->result.element_count++;
        if (request->on_element != NULL)
            BERTH_TRY(request->on_element(request->element_ctx, &element, &log));
    }
    return BERTH_OK;
}

/* ---- G1's pages ------------------------------------------------------------------------------- */

/* The text stands in a <pre>, with the usual five entities and numbers. */
enum html_state { HTML_OUTSIDE, HTML_TAG, HTML_TEXT, HTML_TEXT_TAG, HTML_ENTITY };

static const struct {
    struct berth_text name;
    char c;
} entities[] = {
    {BERTH_TEXT_INIT("lt"), '<'},   {BERTH_TEXT_INIT("gt"), '>'},    {BERTH_TEXT_INIT("amp"), '&'},
    {BERTH_TEXT_INIT("quot"), '"'}, {BERTH_TEXT_INIT("apos"), '\''}, {BERTH_TEXT_INIT("nbsp"), ' '},
};

struct page {
    struct berth_openpai_request *request;
    struct berth_writer out; /* text on its way to the sink */
    enum berth_status status;
    char text[256];
};

static void flush_page(struct page *page)
{
    const struct berth_sink *sink = &page->request->sink;
    if (page->out.len > 0 && page->status == BERTH_OK)
        page->status = sink->write(sink->ctx, page->text, page->out.len);
    page->out.len = 0;
}

static void put_out(struct page *page, const char *bytes, size_t len)
{
    if (len > sizeof page->text - page->out.len)
        flush_page(page);
    berth_put_bytes(&page->out, bytes, len);
}

static void put_code(struct page *page, uint32_t code)
{
    char utf8[4];
    size_t len = 1;
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) || code == 0)
        code = 0xFFFD;
    if (code < 0x80) {
        utf8[0] = (char)code;
    } else if (code < 0x800) {
        utf8[0] = (char)(0xC0 | code >> 6);
        utf8[1] = (char)(0x80 | (code & 63));
        len = 2;
    } else if (code < 0x10000) {
        utf8[0] = (char)(0xE0 | code >> 12);
        utf8[1] = (char)(0x80 | (code >> 6 & 63));
        utf8[2] = (char)(0x80 | (code & 63));
        len = 3;
    } else {
        utf8[0] = (char)(0xF0 | code >> 18);
        utf8[1] = (char)(0x80 | (code >> 12 & 63));
        utf8[2] = (char)(0x80 | (code >> 6 & 63));
        utf8[3] = (char)(0x80 | (code & 63));
        len = 4;
    }
    put_out(page, utf8, len);
}

/* An entity's name was read; one that nobody knows stays as it is. */
static void end_entity(struct page *page, struct berth_text name, bool closed)
{
    uint64_t code;
    enum berth_status status = BERTH_E_SYNTAX;
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        if (closed && berth_text_equal(entities[i].name, name)) {
            put_out(page, &entities[i].c, 1);
            return;
        }
    if (closed && name.len > 1 && name.ptr[0] == '#')
        status = (name.ptr[1] | 0x20) == 'x' ? berth_parse_hex_u64(berth_text_slice(name, 2, name.len), &code)
                                             : berth_parse_u64(berth_text_slice(name, 1, name.len), &code);
    if (status == BERTH_OK) {
        put_code(page, code > UINT32_MAX ? UINT32_MAX : (uint32_t)code);
        return;
    }
    put_out(page, "&", 1);
    put_out(page, name.ptr, name.len);
    if (closed)
        put_out(page, ";", 1);
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '#' || c == '/';
}

/* One byte of text, or outside of any. */
static void take_plain(struct page *page, struct berth_openpai_work *work, char c)
{
    bool in_text = work->html_state == HTML_TEXT;
    work->html_len = 0;
    work->html_named = false;
    if (c == '<')
        work->html_state = in_text ? HTML_TEXT_TAG : HTML_TAG;
    else if (c == '&' && in_text)
        work->html_state = HTML_ENTITY;
    else if (in_text)
        put_out(page, &c, 1);
}

/* One byte inside of a tag: only its name matters, attributes pass by. */
static void take_tag(struct berth_openpai_work *work, char c)
{
    struct berth_text name = berth_text_make(work->html_word, work->html_len);
    bool opens = berth_text_equal_nocase(name, BERTH_TEXT("pre"));
    bool closes = berth_text_equal_nocase(name, BERTH_TEXT("/pre"));
    if (c == '>')
        work->html_state = (work->html_state == HTML_TEXT_TAG ? !closes : opens) ? HTML_TEXT : HTML_OUTSIDE;
    else if (is_word(c) && !work->html_named && work->html_len < sizeof work->html_word)
        work->html_word[work->html_len++] = c;
    else
        work->html_named = true;
}

static void take(struct page *page, struct berth_openpai_work *work, char c)
{
    if (work->html_state == HTML_TAG || work->html_state == HTML_TEXT_TAG) {
        take_tag(work, c);
        return;
    }
    if (work->html_state == HTML_ENTITY) {
        if (is_word(c) && work->html_len < sizeof work->html_word) {
            work->html_word[work->html_len++] = c;
            return;
        }
        work->html_state = HTML_TEXT;
        end_entity(page, berth_text_make(work->html_word, work->html_len), c == ';');
        if (c == ';')
            return;
    }
    take_plain(page, work, c);
}

enum berth_status berth_openpai_write_page(void *ctx, const void *bytes, size_t len)
{
    struct berth_openpai_request *request = ctx;
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    const char *p = bytes;
    struct page page;
    if (!work->partial || !work->is_page)
        return request->sink.write(request->sink.ctx, bytes, len);
    page.request = request;
    page.status = BERTH_OK;
    berth_writer_init(&page.out, page.text, sizeof page.text);
    for (size_t i = 0; i < len; i++)
        take(&page, work, p[i]);
    flush_page(&page);
    return page.status;
}

enum berth_status berth_openpai_restart_page(void *ctx)
{
    struct berth_openpai_request *request = ctx;
    berth_openpai_work_of(request)->html_state = HTML_OUTSIDE;
    return request->sink.restart(request->sink.ctx);
}

/* ---- Documents -------------------------------------------------------------------------------- */

enum berth_status berth_openpai_write_config(void *ctx, const void *bytes, size_t len)
{
    struct berth_openpai_request *request = ctx;
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    const char *p = bytes;
    for (size_t i = 0; i < len && !work->sniffed; i++) {
        work->sniffed = p[i] != ' ' && p[i] != '\t' && p[i] != '\r' && p[i] != '\n';
        request->result.is_json = p[i] == '{';
    }
    return request->sink.write(request->sink.ctx, bytes, len);
}

enum berth_status berth_openpai_restart_config(void *ctx)
{
    struct berth_openpai_request *request = ctx;
    berth_openpai_work_of(request)->sniffed = false;
    return request->sink.restart(request->sink.ctx);
}
