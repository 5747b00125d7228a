/* WebHDFS: the client, and its operations described as calls. */
#include "platform/webhdfs.h"

#include <string.h>

#include "platform/call.h"

static const struct berth_text absent = {NULL, 0};

/* ---- The client ------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The servers' own pattern: ^[A-Za-z_][A-Za-z0-9._-]*[$]?$ */
static bool is_user(struct berth_text user)
{
    if (user.len > 0 && user.ptr[user.len - 1] == '$')
        user.len--;
    for (size_t i = 0; i < user.len; i++) {
        char c = user.ptr[i];
        bool later = (c >= '0' && c <= '9') || c == '.' || c == '-';
        if (!is_letter(c) && (i == 0 || !later))
            return false;
    }
    return user.len > 0;
}

static const char *check_roots(const struct berth_webhdfs_config *config)
{
    struct berth_url url;
    const char *reason = NULL;
    for (size_t i = 0; i < config->root_count; i++) {
        if (berth_url_parse(config->roots[i], &url, &reason) != BERTH_OK)
            return reason;
        if (url.query.ptr != NULL || berth_text_find_byte(config->roots[i], '#') != SIZE_MAX)
            return "a root has no query and no fragment";
    }
    return NULL;
}

/* Each target must be a URL once its holes are filled. */
static const char *check_hosts(const struct berth_webhdfs_config *config)
{
    char text[BERTH_URL_MAX];
    struct berth_webhdfs_config one = {.host_count = 1};
    struct berth_webhdfs_host host;
    struct berth_writer w;
    struct berth_url url;
    for (size_t i = 0; i < config->host_count; i++) {
        host.from = BERTH_TEXT("*");
        host.to = config->hosts[i].to;
        one.hosts = &host;
        berth_writer_init(&w, text, sizeof text);
        if (config->hosts[i].from.len == 0 || !berth_webhdfs_map_host(&one, BERTH_TEXT("http://h:1/"), &w) ||
            berth_writer_status(&w) != BERTH_OK ||
            berth_url_parse(berth_writer_text(&w), &url, NULL) != BERTH_OK || url.query.ptr != NULL)
            return "a DataNode's place is written FROM=http://HOST:PORT";
    }
    return NULL;
}

static enum berth_status check(const struct berth_webhdfs_config *config, const char **out_reason)
{
    *out_reason = NULL;
    if (config->http == NULL || config->work == NULL || config->work_size < BERTH_WEBHDFS_WORK_MIN)
        *out_reason = "a client needs HTTP and 8 KB of work memory";
    else if (config->roots == NULL || config->root_count == 0 || config->root_count > BERTH_WEBHDFS_ROOTS_MAX)
        *out_reason = "a client needs 1 to 8 roots";
    else if (config->host_count > 0 && config->hosts == NULL)
        *out_reason = "the DataNodes' places are missing";
    else if (config->user.len > 0 && config->delegation.len > 0)
        *out_reason = "a user and a delegation token exclude each other: the token names its user";
    if (*out_reason != NULL)
        return BERTH_E_ARGUMENT;
    if ((config->user.len > 0 && !is_user(config->user)) ||
        (config->do_as.len > 0 && !is_user(config->do_as)))
        *out_reason = "a user's name begins with a letter and holds letters, digits and . _ - alone";
    else
        *out_reason = check_roots(config);
    if (*out_reason == NULL)
        *out_reason = check_hosts(config);
    return *out_reason == NULL ? BERTH_OK : BERTH_E_SYNTAX;
}

enum berth_status berth_webhdfs_init(struct berth_webhdfs *fs, const struct berth_webhdfs_config *config,
                                     const char **out_reason)
{
    const char *reason;
    enum berth_status status = check(config, &reason);
    memset(fs, 0, sizeof *fs);
    if (out_reason != NULL)
        *out_reason = reason;
    if (status != BERTH_OK)
        return status;
    fs->config = *config;
    fs->client.http = config->http;
    fs->client.work = config->work;
    fs->client.work_size = config->work_size;
    return BERTH_OK;
}

/* ---- The request to a root -------------------------------------------------------------------- */

static void put_text(struct berth_writer *w, const char *name, struct berth_text value)
{
    berth_put_char(w, '&');
    berth_put_string(w, name);
    berth_put_char(w, '=');
    berth_put_percent(w, value);
}

static void put_number(struct berth_writer *w, const char *name, int64_t value)
{
    berth_put_char(w, '&');
    berth_put_string(w, name);
    berth_put_char(w, '=');
    berth_put_i64(w, value);
}

static void put_octal(struct berth_writer *w, uint32_t mode)
{
    berth_put_string(w, "&permission=");
    for (unsigned shift = 9; shift > 0; shift -= 3)
        if (mode >> shift != 0)
            berth_put_char(w, (char)('0' + (mode >> shift & 7)));
    berth_put_char(w, (char)('0' + (mode & 7)));
}

static void put_create(struct berth_writer *w, const struct berth_webhdfs *fs)
{
    const struct berth_webhdfs_create_options *o = &fs->run.request.create;
    bool overwrite = o->overwrite || fs->run.explicit_data;
    berth_put_string(w, overwrite ? "&overwrite=true" : "&overwrite=false");
    if (o->no_parents)
        berth_put_string(w, "&createparent=false");
    if (o->has_permission)
        put_octal(w, o->permission);
    if (o->block_size > 0)
        put_number(w, "blocksize", (int64_t)o->block_size);
    if (o->replication > 0)
        put_number(w, "replication", (int64_t)o->replication);
    if (o->buffer_size > 0)
        put_number(w, "buffersize", (int64_t)o->buffer_size);
}

static void put_sources(struct berth_writer *w, const struct berth_webhdfs_request *r)
{
    berth_put_string(w, "&sources=");
    for (size_t i = 0; i < r->source_count; i++) {
        if (i > 0)
            berth_put_char(w, ',');
        berth_put_webhdfs_path_value(w, r->sources[i]);
    }
}

static void put_tokens(struct berth_writer *w, const struct berth_webhdfs_request *r)
{
    static const char *const names[] = {"renewer", "kind", "service"};
    const struct berth_text values[] = {r->text, r->kind, r->service};
    for (size_t i = 0; i < 3; i++)
        if (values[i].len > 0)
            put_text(w, names[i], values[i]);
}

static void put_arguments(struct berth_writer *w, const struct berth_webhdfs *fs)
{
    const struct berth_webhdfs_request *r = &fs->run.request;
    switch (r->operation) {
    case BERTH_WEBHDFS_LIST_PAGE:
        if (fs->run.after_len > 0)
            put_text(w, "startAfter", berth_text_make(fs->run.after, fs->run.after_len));
        break;
    case BERTH_WEBHDFS_OPEN:
        if (r->offset > 0)
            put_number(w, "offset", (int64_t)r->offset);
        if (r->length != BERTH_LENGTH_UNKNOWN)
            put_number(w, "length", (int64_t)r->length);
        break;
    case BERTH_WEBHDFS_CREATE:
        put_create(w, fs);
        break;
    case BERTH_WEBHDFS_MKDIRS:
    case BERTH_WEBHDFS_SET_PERMISSION:
        if (r->permission != BERTH_WEBHDFS_DEFAULT_PERMISSION)
            put_octal(w, r->permission);
        break;
    case BERTH_WEBHDFS_RENAME:
        berth_put_string(w, "&destination=");
        berth_put_webhdfs_path_value(w, r->text);
        if (r->flag)
            berth_put_string(w, "&renameoptions=OVERWRITE");
        break;
    case BERTH_WEBHDFS_DELETE:
        berth_put_string(w, r->flag ? "&recursive=true" : "&recursive=false");
        break;
    case BERTH_WEBHDFS_SET_TIMES:
        put_number(w, "modificationtime", r->modified_ms);
        put_number(w, "accesstime", r->accessed_ms);
        break;
    case BERTH_WEBHDFS_TRUNCATE:
        put_number(w, "newlength", (int64_t)r->length);
        break;
    case BERTH_WEBHDFS_CONCAT:
        put_sources(w, r);
        break;
    case BERTH_WEBHDFS_GET_TOKEN:
        put_tokens(w, r);
        break;
    case BERTH_WEBHDFS_RENEW_TOKEN:
    case BERTH_WEBHDFS_CANCEL_TOKEN:
        put_text(w, "token", r->text);
        break;
    default:
        break;
    }
}

static enum berth_status put_target(struct berth_call *call, struct berth_webhdfs *fs)
{
    const struct berth_webhdfs_operation *operation = &berth_webhdfs_operations[fs->run.request.operation];
    const struct berth_webhdfs_config *config = &fs->config;
    struct berth_writer w;
    berth_writer_init(&w, call->target, sizeof call->target);
    berth_put_string(&w, "/webhdfs/v1");
    berth_put_webhdfs_path(&w, fs->run.request.path);
    berth_put_string(&w, "?op=");
    berth_put_text(&w, operation->name);
    if (config->delegation.len > 0)
        put_text(&w, "delegation", config->delegation);
    else if (config->user.len > 0)
        put_text(&w, "user.name", config->user);
    if (config->do_as.len > 0)
        put_text(&w, "doas", config->do_as);
    put_arguments(&w, fs);
    if (operation->data && fs->run.excluded[0] != '\0')
        put_text(&w, "excludedatanodes", berth_text_of(fs->run.excluded));
    if (operation->data && config->no_redirect && !fs->run.explicit_data)
        berth_put_string(&w, "&noredirect=true");
    if (fs->run.explicit_data)
        berth_put_string(&w, "&data=true");
    return berth_writer_terminate(&w);
}

/* How the answer to the request proper is read; a root's redirect is read the same way. */
static void set_answer(struct berth_call *call, const struct berth_webhdfs_operation *operation)
{
    call->attachment = true;
    if (operation->list.len > 0) {
        call->answer = BERTH_ANSWER_JSON;
        call->path = operation->list;
        call->shape = &berth_webhdfs_entry_shape;
        call->on_element = berth_webhdfs_on_entry;
        call->element_ctx = call;
        return;
    }
    call->answer = BERTH_ANSWER_BYTES;
    call->sink = (struct berth_sink){call, berth_webhdfs_sink_write, NULL};
}

enum berth_status berth_webhdfs_ask(struct berth_call *call)
{
    struct berth_webhdfs *fs = berth_webhdfs_of(call);
    const struct berth_webhdfs_operation *operation = &berth_webhdfs_operations[fs->run.request.operation];
    struct berth_text root = fs->config.roots[fs->root];
    while (berth_text_ends(root, BERTH_TEXT("/")))
        root.len--;
    fs->client.base_url = root;
    fs->run.phase = BERTH_WEBHDFS_ASKING;
    fs->run.datanode[0] = '\0';
    call->operation = fs->run.request.operation;
    call->method = operation->method;
    call->has_body = false;
    call->content_type = absent;
    call->idle_ms = operation->idle_ms;
    set_answer(call, operation);
    berth_webhdfs_set_fields(call, true);
    return put_target(call, fs);
}

/* ---- Describing ------------------------------------------------------------------------------- */

static enum berth_status describe(struct berth_call *call, struct berth_webhdfs *fs,
                                  const struct berth_webhdfs_request *request)
{
    const struct berth_webhdfs_operation *operation = &berth_webhdfs_operations[request->operation];
    BERTH_TRY(berth_webhdfs_check_path(request->path, NULL));
    memset(&fs->answer, 0, sizeof fs->answer);
    memset(fs->exception, 0, sizeof fs->exception);
    memset(&fs->run, 0, sizeof fs->run);
    fs->run.request = *request;
    berth_call_init(call, &fs->client);
    call->platform = fs;
    call->no_redirects = true;
    call->tries = 1; /* what is tried again is decided here, with another root */
    call->work_used = BERTH_WEBHDFS_ANSWER_CAP;
    bool safe = operation->safe || (operation->data && request->create.overwrite);
    call->repeat = safe ? BERTH_HTTP_REPEAT_ALWAYS : BERTH_HTTP_REPEAT_NEVER;
    call->judge = berth_webhdfs_judge;
    call->head = berth_webhdfs_head;
    call->next = berth_webhdfs_next;
    call->complete = berth_webhdfs_complete;
    if (request->operation == BERTH_WEBHDFS_LIST_PAGE)
        call->tap = berth_webhdfs_tap;
    return berth_webhdfs_ask(call);
}

static enum berth_status plain(struct berth_call *call, struct berth_webhdfs *fs,
                               enum berth_webhdfs_operation_index operation, struct berth_text path)
{
    return describe(call, fs, &(struct berth_webhdfs_request){.operation = operation, .path = path});
}

enum berth_status berth_webhdfs_list(struct berth_call *out_call, struct berth_webhdfs *fs,
                                     struct berth_text path, struct berth_text after,
                                     berth_call_element_fn *on_entry, void *ctx)
{
    bool all = fs->no_batch[fs->root];
    if (after.len > BERTH_WEBHDFS_NAME_MAX)
        return BERTH_E_ARGUMENT;
    BERTH_TRY(describe(
        out_call, fs,
        &(struct berth_webhdfs_request){.operation = all ? BERTH_WEBHDFS_LIST_ALL : BERTH_WEBHDFS_LIST_PAGE,
                                        .path = path,
                                        .on_entry = on_entry,
                                        .ctx = ctx}));
    if (after.len == 0 || all)
        return BERTH_OK;
    memcpy(fs->run.after, after.ptr, after.len);
    fs->run.after_len = after.len;
    return berth_webhdfs_ask(out_call);
}

enum berth_status berth_webhdfs_stat(struct berth_call *out_call, struct berth_webhdfs *fs,
                                     struct berth_text path)
{
    return plain(out_call, fs, BERTH_WEBHDFS_STAT, path);
}

enum berth_status berth_webhdfs_summarize(struct berth_call *out_call, struct berth_webhdfs *fs,
                                          struct berth_text path)
{
    return plain(out_call, fs, BERTH_WEBHDFS_SUMMARIZE, path);
}

enum berth_status berth_webhdfs_get_checksum(struct berth_call *out_call, struct berth_webhdfs *fs,
                                             struct berth_text path)
{
    return plain(out_call, fs, BERTH_WEBHDFS_CHECKSUM, path);
}

enum berth_status berth_webhdfs_home(struct berth_call *out_call, struct berth_webhdfs *fs)
{
    return plain(out_call, fs, BERTH_WEBHDFS_HOME, BERTH_TEXT("/"));
}

enum berth_status berth_webhdfs_open(struct berth_call *out_call, struct berth_webhdfs *fs,
                                     struct berth_text path, uint64_t offset, uint64_t length,
                                     const struct berth_sink *sink)
{
    if (sink == NULL || sink->write == NULL || offset > INT64_MAX ||
        (length > INT64_MAX && length != BERTH_LENGTH_UNKNOWN))
        return BERTH_E_ARGUMENT;
    return describe(out_call, fs,
                    &(struct berth_webhdfs_request){.operation = BERTH_WEBHDFS_OPEN,
                                                    .path = path,
                                                    .offset = offset,
                                                    .length = length,
                                                    .sink = *sink});
}

enum berth_status berth_webhdfs_create(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path,
                                       const struct berth_webhdfs_create_options *options,
                                       const struct berth_source *source)
{
    struct berth_webhdfs_request request = {.operation = BERTH_WEBHDFS_CREATE, .path = path};
    if (source == NULL || source->read == NULL || berth_webhdfs_is_root(path))
        return BERTH_E_ARGUMENT;
    if (options != NULL)
        request.create = *options;
    if ((request.create.has_permission && request.create.permission > 01777) ||
        request.create.block_size > INT64_MAX)
        return BERTH_E_ARGUMENT;
    request.source = *source;
    return describe(out_call, fs, &request);
}

enum berth_status berth_webhdfs_append(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, const struct berth_source *source)
{
    if (source == NULL || source->read == NULL)
        return BERTH_E_ARGUMENT;
    return describe(
        out_call, fs,
        &(struct berth_webhdfs_request){.operation = BERTH_WEBHDFS_APPEND, .path = path, .source = *source});
}

enum berth_status berth_webhdfs_mkdirs(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, uint32_t permission)
{
    if (permission > 01777 && permission != BERTH_WEBHDFS_DEFAULT_PERMISSION)
        return BERTH_E_ARGUMENT;
    return describe(out_call, fs,
                    &(struct berth_webhdfs_request){
                        .operation = BERTH_WEBHDFS_MKDIRS, .path = path, .permission = permission});
}

enum berth_status berth_webhdfs_rename(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, struct berth_text destination, bool overwrite)
{
    BERTH_TRY(berth_webhdfs_check_path(destination, NULL));
    if (berth_webhdfs_is_root(path))
        return BERTH_E_ARGUMENT;
    return describe(
        out_call, fs,
        &(struct berth_webhdfs_request){
            .operation = BERTH_WEBHDFS_RENAME, .path = path, .text = destination, .flag = overwrite});
}

enum berth_status berth_webhdfs_delete(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, bool recursive)
{
    if (berth_webhdfs_is_root(path))
        return BERTH_E_ARGUMENT;
    return describe(
        out_call, fs,
        &(struct berth_webhdfs_request){.operation = BERTH_WEBHDFS_DELETE, .path = path, .flag = recursive});
}

enum berth_status berth_webhdfs_set_permission(struct berth_call *out_call, struct berth_webhdfs *fs,
                                               struct berth_text path, uint32_t permission)
{
    if (permission > 01777)
        return BERTH_E_ARGUMENT;
    return describe(out_call, fs,
                    &(struct berth_webhdfs_request){
                        .operation = BERTH_WEBHDFS_SET_PERMISSION, .path = path, .permission = permission});
}

enum berth_status berth_webhdfs_set_times(struct berth_call *out_call, struct berth_webhdfs *fs,
                                          struct berth_text path, int64_t modified_ms, int64_t accessed_ms)
{
    if (modified_ms < -1 || accessed_ms < -1)
        return BERTH_E_ARGUMENT;
    return describe(out_call, fs,
                    &(struct berth_webhdfs_request){.operation = BERTH_WEBHDFS_SET_TIMES,
                                                    .path = path,
                                                    .modified_ms = modified_ms,
                                                    .accessed_ms = accessed_ms});
}

enum berth_status berth_webhdfs_truncate(struct berth_call *out_call, struct berth_webhdfs *fs,
                                         struct berth_text path, uint64_t length)
{
    if (length > INT64_MAX)
        return BERTH_E_ARGUMENT;
    return describe(
        out_call, fs,
        &(struct berth_webhdfs_request){.operation = BERTH_WEBHDFS_TRUNCATE, .path = path, .length = length});
}

enum berth_status berth_webhdfs_concat(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, const struct berth_text *sources,
                                       size_t source_count)
{
    if (sources == NULL || source_count == 0)
        return BERTH_E_ARGUMENT;
    for (size_t i = 0; i < source_count; i++) {
        BERTH_TRY(berth_webhdfs_check_path(sources[i], NULL));
        if (berth_text_find_byte(sources[i], ',') != SIZE_MAX)
            return BERTH_E_ARGUMENT;
    }
    return describe(out_call, fs,
                    &(struct berth_webhdfs_request){.operation = BERTH_WEBHDFS_CONCAT,
                                                    .path = path,
                                                    .sources = sources,
                                                    .source_count = source_count});
}

enum berth_status berth_webhdfs_get_token(struct berth_call *out_call, struct berth_webhdfs *fs,
                                          struct berth_text renewer, struct berth_text kind,
                                          struct berth_text service)
{
    if (fs->config.delegation.len > 0)
        return BERTH_E_STATE;
    return describe(out_call, fs,
                    &(struct berth_webhdfs_request){.operation = BERTH_WEBHDFS_GET_TOKEN,
                                                    .path = BERTH_TEXT("/"),
                                                    .text = renewer,
                                                    .kind = kind,
                                                    .service = service});
}

static enum berth_status with_token(struct berth_call *call, struct berth_webhdfs *fs,
                                    enum berth_webhdfs_operation_index operation, struct berth_text token)
{
    if (token.len == 0)
        return BERTH_E_ARGUMENT;
    return describe(
        call, fs,
        &(struct berth_webhdfs_request){.operation = operation, .path = BERTH_TEXT("/"), .text = token});
}

enum berth_status berth_webhdfs_renew_token(struct berth_call *out_call, struct berth_webhdfs *fs,
                                            struct berth_text token)
{
    return with_token(out_call, fs, BERTH_WEBHDFS_RENEW_TOKEN, token);
}

enum berth_status berth_webhdfs_cancel_token(struct berth_call *out_call, struct berth_webhdfs *fs,
                                             struct berth_text token)
{
    return with_token(out_call, fs, BERTH_WEBHDFS_CANCEL_TOKEN, token);
}
