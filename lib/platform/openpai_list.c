/* OpenPAI: all jobs as one stream. Pages of servers since 1.2, the whole array of older ones, filters that a
 * server does not know applied here, rows that come twice left out and those that were missed asked for. */
#include "platform/openpai.h"

#include <string.h>

/* Later pages are larger when there are many jobs: servers count the requests. */
#define PAGE_LARGE 5000
#define PAGE_PART 20
/* How often a list is gone through again for rows that moved between its pages. */
#define PASSES_MAX 3
/* How often a page is waited for after 429, and how long when the server does not say. */
#define PAUSES_MAX 10
#define PAUSE_MS 5000

/* ---- Which jobs came -------------------------------------------------------------------------- */

static void seen_start(struct berth_openpai_seen *seen, void *memory, size_t size)
{
    seen->slots = memory;
    seen->half = size / sizeof(uint64_t) / 2;
    seen->used = 0;
    seen->filling = 0;
    seen->forgot = false;
    memset(memory, 0, seen->half * 2 * sizeof(uint64_t));
}

/* Where KEY is in a half, or where it would go; half is not full. */
static uint64_t *seen_slot(const struct berth_openpai_seen *seen, unsigned half, uint64_t key)
{
    uint64_t *slots = seen->slots + half * seen->half;
    size_t i = (size_t)(key % seen->half);
    while (slots[i] != 0 && slots[i] != key)
        i = i + 1 == seen->half ? 0 : i + 1;
    return &slots[i];
}

/* Whether KEY (never 0) is new; it is remembered. */
static bool seen_add(struct berth_openpai_seen *seen, uint64_t key)
{
    if (*seen_slot(seen, 0, key) == key || *seen_slot(seen, 1, key) == key)
        return false;
    if (seen->used >= seen->half - seen->half / 4) { /* a quarter stays free, so that looking ends soon */
        seen->filling ^= 1;
        uint64_t *slots = seen->slots + seen->filling * seen->half;
        for (size_t i = 0; i < seen->half; i++)
            seen->forgot = seen->forgot || slots[i] != 0;
        memset(slots, 0, seen->half * sizeof *slots);
        seen->used = 0;
    }
    *seen_slot(seen, seen->filling, key) = key;
    seen->used++;
    return true;
}

/* What tells a job from all others (FNV-1a of user~name). */
static uint64_t key_of(const struct berth_openpai_summary *job)
{
    const struct berth_text parts[] = {job->username, BERTH_TEXT_INIT("~"), job->name};
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t part = 0; part < 3; part++)
        for (size_t i = 0; i < parts[part].len; i++)
            hash = (hash ^ (unsigned char)parts[part].ptr[i]) * UINT64_C(1099511628211);
    return hash != 0 ? hash : 1;
}

/* ---- The query -------------------------------------------------------------------------------- */

/* A comma cannot be escaped, and an empty value selects nothing. */
static bool are_names(const struct berth_openpai_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].len == 0 || berth_text_find_byte(names->items[i], ',') != SIZE_MAX)
            return false;
    return true;
}

enum berth_status berth_openpai_check_filter(const struct berth_openpai_filter *filter)
{
    bool ok = are_names(&filter->usernames) && are_names(&filter->vcs) && are_names(&filter->states) &&
              are_names(&filter->tags_contain) && are_names(&filter->tags_not_contain) &&
              are_names(&filter->priorities) && filter->page_rows <= BERTH_OPENPAI_PAGE_MAX &&
              (unsigned)filter->order <= BERTH_OPENPAI_BY_JOB_PRIORITY;
    if (filter->seen != NULL &&
        (filter->seen_size < 8 * sizeof(uint64_t) || (uintptr_t)filter->seen % sizeof(uint64_t) != 0))
        return BERTH_E_ARGUMENT;
    return ok ? BERTH_OK : BERTH_E_ARGUMENT;
}

static void put_name(struct berth_writer *w, const char *name)
{
    bool first =
        berth_text_find_byte(berth_text_make(w->buf, w->len < w->cap ? w->len : w->cap), '?') == SIZE_MAX;
    berth_put_char(w, first ? '?' : '&');
    berth_put_string(w, name);
    berth_put_char(w, '=');
}

static void put_names(struct berth_writer *w, const char *name, const struct berth_openpai_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (i == 0)
            put_name(w, name);
        else
            berth_put_char(w, ',');
        berth_put_percent(w, names->items[i]);
    }
}

static void put_number(struct berth_writer *w, const char *name, uint64_t number)
{
    put_name(w, name);
    berth_put_u64(w, number);
}

enum berth_status berth_openpai_put_query(struct berth_openpai_request *request, struct berth_writer *w)
{
    const struct berth_openpai_filter *f = &request->arguments.filter;
    const struct berth_openpai_server *server = &request->pai->server;
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    bool is_usual = f->order == BERTH_OPENPAI_ORDER_NONE ||
                    (f->order == BERTH_OPENPAI_BY_SUBMISSION_TIME && !f->ascending);
    put_names(w, "username", &f->usernames);
    if (!berth_openpai_uses_v2(server, BERTH_OPENPAI_OF_JOBS) || !berth_openpai_is_since(server, 1, 2)) {
        work->bare = true;
        return is_usual ? BERTH_OK
                        : berth_openpai_say(request, BERTH_E_NOT_PROVIDED,
                                            "servers before OpenPAI 1.2 list jobs newest first only");
    }
    put_names(w, "vc", &f->vcs);
    put_names(w, "state", &f->states);
    if (f->keyword.len > 0) {
        put_name(w, "keyword");
        berth_put_percent(w, f->keyword);
    }
    if (berth_openpai_is_since(server, 1, 3)) {
        put_names(w, "tagsContain", &f->tags_contain);
        put_names(w, "tagsNotContain", &f->tags_not_contain);
    }
    if (berth_openpai_is_since(server, 1, 8))
        put_names(w, "jobPriority", &f->priorities);
    if (f->order != BERTH_OPENPAI_ORDER_NONE) {
        put_name(w, "order");
        berth_put_text(w, berth_openpai_order_name(f->order));
        berth_put_string(w, f->ascending ? ",ASC" : ",DESC");
    }
    put_number(w, "offset", work->page_offset);
    put_number(w, "limit", work->page_rows);
    put_name(w, "withTotalCount");
    berth_put_string(w, "true");
    return BERTH_OK;
}

/* ---- Filters applied here --------------------------------------------------------------------- */

static bool is_among(const struct berth_openpai_names *names, struct berth_text text)
{
    for (size_t i = 0; i < names->count; i++)
        if (berth_text_equal(names->items[i], text))
            return true;
    return names->count == 0;
}

/* As SQL's LIKE does it anywhere in TEXT: '%' stands for anything, '_' for one character. No recursion: after
 * a '%' the first match is as good as any. */
static bool like(struct berth_text pattern, struct berth_text text)
{
    size_t p = 0, t = 0, star = 0, from = 0; /* after the last '%', and where it was tried from; at first the
                                                one that stands before the keyword */
    for (;;) {
        if (p == pattern.len)
            return true;
        if (pattern.ptr[p] == '%') {
            star = ++p;
            from = t;
            continue;
        }
        if (t == text.len)
            return false;
        uint32_t code;
        size_t len = berth_text_character(berth_text_slice(text, t, text.len), &code);
        len = len > 0 ? len : 1;
        if (pattern.ptr[p] == '_') {
            p++;
            t += len;
        } else if (pattern.ptr[p] == text.ptr[t]) {
            p++;
            t++;
        } else {
            p = star;
            t = ++from;
        }
    }
}

/* The job's tags are looked at as they stand, so that the caller can walk them. */
static bool has_tag(const struct berth_json_list *tags, const struct berth_openpai_names *names)
{
    struct berth_text rest = berth_text_make(tags->ptr, tags->len);
    while (rest.len > 0) {
        size_t quote = berth_text_find_byte(rest, '"');
        if (quote == SIZE_MAX)
            return false;
        size_t end = quote + 1;
        while (end < rest.len && rest.ptr[end] != '"')
            end += rest.ptr[end] == '\\' ? 2 : 1;
        struct berth_text raw = berth_text_slice(rest, quote + 1, end);
        for (size_t i = 0; i < names->count; i++)
            if (berth_json_raw_equal(raw, names->items[i]))
                return true;
        rest = berth_text_slice(rest, end + 1, rest.len);
    }
    return false;
}

static bool passes(const struct berth_openpai_request *request, const struct berth_openpai_summary *job)
{
    const struct berth_openpai_filter *f = &request->arguments.filter;
    struct berth_text priority = job->priority.len > 0 ? job->priority : BERTH_TEXT("default");
    if (f->keyword.len > 0 && !like(f->keyword, job->username) && !like(f->keyword, job->name) &&
        !like(f->keyword, job->virtual_cluster))
        return false;
    if (f->tags_contain.count > 0 && !has_tag(&job->tags, &f->tags_contain))
        return false;
    if (f->tags_not_contain.count > 0 && has_tag(&job->tags, &f->tags_not_contain))
        return false;
    return is_among(&f->usernames, job->username) && is_among(&f->vcs, job->virtual_cluster) &&
           is_among(&f->states, job->state.text) && is_among(&f->priorities, priority);
}

/* Whether the server's own filter is not enough: it is old, or it joins a keyword and the priority "default"
 * by OR. */
static bool filters_here(const struct berth_openpai_request *request)
{
    const struct berth_openpai_filter *f = &request->arguments.filter;
    const struct berth_openpai_server *server = &request->pai->server;
    return berth_openpai_work_of_const(request)->bare || (f->priorities.count > 0 && f->keyword.len > 0) ||
           (!berth_openpai_is_since(server, 1, 8) && f->priorities.count > 0) ||
           (!berth_openpai_is_since(server, 1, 3) && (f->tags_contain.count + f->tags_not_contain.count) > 0);
}

/* ---- Rows and pages --------------------------------------------------------------------------- */

static uint64_t rows_wanted(const struct berth_openpai_request *request, uint64_t most)
{
    const struct berth_openpai_filter *f = &request->arguments.filter;
    uint64_t left = f->limit - request->result.element_count;
    return f->limit != 0 && left < most && !filters_here(request) ? left : most;
}

void berth_openpai_list_start(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_filter *f = &request->arguments.filter;
    if (f->seen != NULL)
        seen_start(&work->seen, f->seen, f->seen_size);
    else
        seen_start(&work->seen, work->seen_small, sizeof work->seen_small);
    work->page_offset = f->offset;
    work->page_rows = rows_wanted(request, f->page_rows != 0 ? f->page_rows : BERTH_OPENPAI_PAGE_DEFAULT);
    work->to_skip = f->offset;
}

void berth_openpai_list_tap(struct berth_call *call, const char *bytes, size_t len)
{
    struct berth_openpai_work *work = berth_openpai_work_of(call->platform);
    if (len == 0)
        work->bare_known = false;
    for (size_t i = 0; i < len && !work->bare_known; i++)
        if (bytes[i] == '[' || bytes[i] == '{') {
            work->bare = bytes[i] == '[';
            work->bare_known = true;
        }
}

enum berth_status berth_openpai_list_row(struct berth_openpai_request *request,
                                         const struct berth_json_element *element, void *structure)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    struct berth_openpai_result *result = &request->result;
    const struct berth_openpai_filter *f = &request->arguments.filter;
    const struct berth_openpai_page *page = structure;
    if (element->level == 1) {
        if (page != NULL && page->present != 0) {
            result->has_total = true;
            result->total_count = page->total_count;
        }
        return BERTH_OK;
    }
    if (work->enough)
        return BERTH_OK;
    if (structure != NULL) {
        if (!seen_add(&work->seen, key_of(structure))) {
            result->repeated_count++;
            return BERTH_OK;
        }
        work->distinct++;
        if (filters_here(request) && !passes(request, structure)) {
            result->filtered_count++;
            return BERTH_OK;
        }
        if (work->bare && work->to_skip > 0) {
            work->to_skip--;
            return BERTH_OK;
        }
    }
    result->element_count += element->json != NULL;
    enum berth_status status = request->on_element == NULL
                                   ? BERTH_OK
                                   : request->on_element(request->element_ctx, element, structure);
    if (status == BERTH_OK && f->limit != 0 && result->element_count >= f->limit) {
        work->enough = true;
        return work->bare ? BERTH_E_CANCELLED : BERTH_OK; /* nobody needs the rest of a whole history */
    }
    return status;
}

/* Some rows came twice, so that others have not come: once more from the beginning, if all that came are
 * remembered. */
static bool wants_pass(struct berth_openpai_request *request)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    const struct berth_openpai_result *result = &request->result;
    const struct berth_openpai_filter *f = &request->arguments.filter;
    bool lacks = result->repeated_count > 0 &&
                 work->distinct + f->offset + request->call.result.skipped_count < result->total_count;
    request->result.incomplete = lacks;
    if (!lacks || work->seen.forgot || f->limit != 0 || work->distinct == work->pass_start ||
        work->passes >= PASSES_MAX)
        return false;
    work->passes++;
    work->pass_start = work->distinct;
    work->page_offset = f->offset;
    return true;
}

enum berth_status berth_openpai_list_next(struct berth_openpai_request *request, enum berth_status status,
                                          uint32_t *out_pause_ms)
{
    struct berth_openpai_work *work = berth_openpai_work_of(request);
    const struct berth_openpai_result *result = &request->result;
    const struct berth_call_result *call = &request->call.result;
    uint32_t fixed = request->arguments.filter.page_rows;
    if (work->enough && status == BERTH_E_CANCELLED)
        return call->skipped_count > 0 ? BERTH_E_SPACE : BERTH_OK;
    if (call->http_status == 429 && work->distinct > 0 && work->pauses++ < PAUSES_MAX) {
        *out_pause_ms = call->has_retry_after && call->retry_after_ms > 0 ? call->retry_after_ms : PAUSE_MS;
        status = berth_openpai_describe(request);
        return status == BERTH_OK ? BERTH_E_WOULD_BLOCK : status;
    }
    if (status != BERTH_OK && status != BERTH_E_SPACE)
        return status;
    if (work->bare || work->enough)
        return status;
    if (!result->has_total) /* where the pages end nobody knows */
        return status == BERTH_OK ? berth_openpai_say(request, BERTH_E_PROTOCOL,
                                                      "the list does not say how many jobs there are")
                                  : status;
    work->pauses = 0;
    work->page_offset += work->page_rows;
    uint64_t large = result->total_count / PAGE_PART;
    large = large > PAGE_LARGE ? PAGE_LARGE : large;
    uint64_t rows = fixed != 0                           ? fixed
                    : large > BERTH_OPENPAI_PAGE_DEFAULT ? large
                                                         : BERTH_OPENPAI_PAGE_DEFAULT;
    if (work->page_offset >= result->total_count && !wants_pass(request))
        return status;
    work->page_rows = rows_wanted(request, rows);
    enum berth_status described = berth_openpai_describe(request);
    return described == BERTH_OK ? BERTH_E_WOULD_BLOCK : described;
}
