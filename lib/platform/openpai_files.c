/* The old SDK's files: what they say, and written so that what is not ours stays. */
#include "berth/openpai_files.h"

#define INDENT 4

static const struct berth_json_cursor nothing = {NULL, 0};

static bool is_there(struct berth_json_cursor at)
{
    return berth_json_type_of(at) != BERTH_JSON_NONE;
}

/* ---- Reading ---------------------------------------------------------------------------------- */

enum berth_status berth_openpai_file_read(struct berth_openpai_file *out_file, struct berth_text document,
                                          void *tokens, size_t tokens_size, char *strings, size_t strings_cap,
                                          struct berth_json_error *out_error)
{
    if (berth_text_trim(document).len == 0)
        document = BERTH_TEXT("{}");
    berth_writer_init(&out_file->strings, strings, strings_cap);
    BERTH_TRY(berth_json_parse(&out_file->json, document, tokens, tokens_size, NULL, out_error));
    enum berth_json_type type = berth_json_type_of(berth_json_root(&out_file->json));
    if (type == BERTH_JSON_OBJECT || type == BERTH_JSON_ARRAY)
        return BERTH_OK;
    if (out_error != NULL)
        *out_error = (struct berth_json_error){0, "a JSON object is due"};
    return BERTH_E_TYPE;
}

/* What stands in quotes; absent when it is no text or there is no room. */
static struct berth_text unescape(struct berth_openpai_file *file, struct berth_text raw)
{
    struct berth_writer *strings = &file->strings, w;
    if (berth_text_find_byte(raw, '\\') == SIZE_MAX)
        return raw;
    berth_writer_init(&w, strings->buf + strings->len, strings->cap - strings->len);
    if (berth_json_unescape(raw, &w) != BERTH_OK)
        return berth_text_make(NULL, 0);
    strings->len += w.len;
    return berth_writer_text(&w);
}

struct berth_text berth_openpai_file_text(struct berth_openpai_file *file, struct berth_json_cursor at)
{
    enum berth_json_type type = berth_json_type_of(at);
    struct berth_text text = BERTH_TEXT("");
    if (type == BERTH_JSON_TEXT)
        text = unescape(file, berth_json_raw(at));
    else if (type != BERTH_JSON_NONE && type != BERTH_JSON_NULL)
        text = berth_json_raw(at);
    return text.ptr != NULL ? text : BERTH_TEXT("");
}

struct berth_text berth_openpai_file_member(struct berth_openpai_file *file, struct berth_json_cursor object,
                                            struct berth_text name)
{
    return berth_openpai_file_text(file, berth_json_find(object, name));
}

struct berth_text berth_openpai_file_name(struct berth_openpai_file *file, struct berth_json_cursor at)
{
    struct berth_text raw = berth_json_name(at), name = unescape(file, raw);
    return name.ptr != NULL ? name : raw;
}

/* ---- Writing ---------------------------------------------------------------------------------- */

/* A value as it stands: a text's quotes stand around its raw bytes. */
static void put_as_is(struct berth_json_writer *w, struct berth_json_cursor at)
{
    struct berth_text raw = berth_json_raw(at);
    if (berth_json_type_of(at) == BERTH_JSON_TEXT)
        raw = berth_text_make(raw.ptr - 1, raw.len + 2);
    berth_json_put_raw(w, raw);
}

static void put_change(struct berth_json_writer *w, const struct berth_openpai_change *change)
{
    if (change->text.ptr == NULL)
        return;
    berth_json_put_name(w, change->name);
    if (change->raw)
        berth_json_put_raw(w, change->text);
    else
        berth_json_put_text(w, change->text);
}

void berth_openpai_put_changed(struct berth_openpai_file *file, struct berth_json_writer *w,
                               struct berth_json_cursor object, const struct berth_openpai_change *changes,
                               size_t count)
{
    berth_json_begin_object(w);
    for (struct berth_json_cursor at = berth_json_enter(object); is_there(at); at = berth_json_next(at)) {
        size_t i = 0;
        while (i < count && !berth_json_raw_equal(berth_json_name(at), changes[i].name))
            i++;
        if (i < count) {
            put_change(w, &changes[i]);
            continue;
        }
        berth_json_put_name(w, berth_openpai_file_name(file, at));
        put_as_is(w, at);
    }
    for (size_t i = 0; i < count; i++)
        if (!is_there(berth_json_find(object, changes[i].name)))
            put_change(w, &changes[i]);
    berth_json_end_object(w);
}

static void new_line(struct berth_writer *w, size_t depth)
{
    berth_put_char(w, '\n');
    berth_put_repeat(w, ' ', depth * INDENT);
}

void berth_openpai_put_indented(struct berth_writer *w, struct berth_text json)
{
    size_t depth = 0;
    bool inside = false; /* of a string */
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i], next = i + 1 < json.len ? json.ptr[i + 1] : '\0';
        if (inside || c == '"') {
            berth_put_char(w, c);
            if (inside && c == '\\' && next != '\0')
                berth_put_char(w, json.ptr[++i]);
            else if (c == '"')
                inside = !inside;
        } else if ((c == '{' && next == '}') || (c == '[' && next == ']')) {
            berth_put_char(w, c);
            berth_put_char(w, next);
            i++;
        } else if (c == '{' || c == '[') {
            berth_put_char(w, c);
            new_line(w, ++depth);
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            new_line(w, depth);
            berth_put_char(w, c);
        } else {
            berth_put_char(w, c);
            if (c == ',')
                new_line(w, depth);
            else if (c == ':')
                berth_put_char(w, ' ');
        }
    }
    berth_put_char(w, '\n');
}

/* ---- Clusters --------------------------------------------------------------------------------- */

/* The member under the first of two names that it goes by. */
static struct berth_text either(struct berth_openpai_file *file, struct berth_json_cursor object,
                                struct berth_text name, struct berth_text other)
{
    struct berth_text text = berth_openpai_file_member(file, object, name);
    return text.len > 0 ? text : berth_openpai_file_member(file, object, other);
}

struct berth_text berth_openpai_storage_uri(struct berth_openpai_file *file, struct berth_json_cursor entry,
                                            struct berth_text wanted)
{
    struct berth_text first = BERTH_TEXT("");
    bool any = wanted.len == 0;
    struct berth_json_cursor at = berth_json_enter(berth_json_find(entry, BERTH_TEXT("storages")));
    if (any)
        wanted = berth_openpai_file_member(file, entry, BERTH_TEXT("default_storage_alias"));
    for (; is_there(at); at = berth_json_next(at)) {
        struct berth_text uri = either(file, at, BERTH_TEXT("web_hdfs_uri"), BERTH_TEXT("hdfs_web_uri"));
        if (uri.len == 0)
            continue;
        struct berth_text alias = either(file, at, BERTH_TEXT("storage_alias"), BERTH_TEXT("alias"));
        if (wanted.len > 0 && berth_text_equal(alias, wanted))
            return uri;
        first = first.len > 0 ? first : uri;
    }
    return any ? first : BERTH_TEXT("");
}

bool berth_openpai_next_cluster(struct berth_openpai_file *file, struct berth_json_cursor *inout_at,
                                struct berth_openpai_cluster *out_cluster)
{
    struct berth_openpai_cluster *c = out_cluster;
    struct berth_json_cursor at =
        inout_at->json == NULL ? berth_json_enter(berth_json_root(&file->json)) : berth_json_next(*inout_at);
    while (is_there(at) && berth_json_type_of(at) != BERTH_JSON_OBJECT)
        at = berth_json_next(at);
    *inout_at = at;
    if (!is_there(at))
        return false;
    c->entry = at;
    c->alias = berth_openpai_file_name(file, at);
    if (c->alias.ptr == NULL)
        c->alias = either(file, at, BERTH_TEXT("cluster_alias"), BERTH_TEXT("alias"));
    c->pai_uri = berth_openpai_file_member(file, at, BERTH_TEXT("pai_uri"));
    c->rest_server_uri = berth_openpai_file_member(file, at, BERTH_TEXT("rest_server_uri"));
    c->user = berth_openpai_file_member(file, at, BERTH_TEXT("user"));
    c->password = either(file, at, BERTH_TEXT("passwd"), BERTH_TEXT("password"));
    c->token = berth_openpai_file_member(file, at, BERTH_TEXT("token"));
    c->hdfs_web_uri = berth_openpai_file_member(file, at, BERTH_TEXT("hdfs_web_uri"));
    if (c->hdfs_web_uri.len == 0)
        c->hdfs_web_uri = berth_openpai_storage_uri(file, at, BERTH_TEXT(""));
    return true;
}

enum berth_status berth_openpai_choose_cluster(struct berth_openpai_file *file, struct berth_text alias,
                                               struct berth_openpai_cluster *out_cluster)
{
    struct berth_openpai_cluster other;
    struct berth_json_cursor at = nothing;
    if (!berth_openpai_next_cluster(file, &at, out_cluster))
        return BERTH_E_MISSING;
    if (alias.len == 0)
        return berth_openpai_next_cluster(file, &at, &other) ? BERTH_E_ARGUMENT : BERTH_OK;
    do {
        if (berth_text_equal(out_cluster->alias, alias))
            return BERTH_OK;
    } while (berth_openpai_next_cluster(file, &at, out_cluster));
    return BERTH_E_NOT_FOUND;
}

/* An entry of the later form knows its alias. */
static void put_listed(struct berth_openpai_file *file, struct berth_json_writer *w,
                       struct berth_json_cursor entry, struct berth_text alias,
                       const struct berth_openpai_change *changes, size_t count)
{
    if (is_there(entry)) {
        berth_openpai_put_changed(file, w, entry, changes, count);
        return;
    }
    berth_json_begin_object(w);
    berth_json_put_name(w, BERTH_TEXT("cluster_alias"));
    berth_json_put_text(w, alias);
    for (size_t i = 0; i < count; i++)
        put_change(w, &changes[i]);
    berth_json_end_object(w);
}

static void put_list(struct berth_openpai_file *file, struct berth_json_writer *w, struct berth_text alias,
                     const struct berth_openpai_change *changes, size_t count)
{
    struct berth_json_cursor at = berth_json_enter(berth_json_root(&file->json));
    bool there = false;
    berth_json_begin_array(w);
    for (; is_there(at); at = berth_json_next(at)) {
        struct berth_text own = either(file, at, BERTH_TEXT("cluster_alias"), BERTH_TEXT("alias"));
        bool is_it = berth_json_type_of(at) == BERTH_JSON_OBJECT && berth_text_equal(own, alias);
        if (!is_it)
            put_as_is(w, at);
        else if (count > 0)
            put_listed(file, w, at, alias, changes, count);
        there = there || is_it;
    }
    if (!there && count > 0)
        put_listed(file, w, nothing, alias, changes, count);
    berth_json_end_array(w);
}

/* The object with member ALIAS changed, added or (COUNT 0) left out; the others as they are. */
static void put_object(struct berth_openpai_file *file, struct berth_json_writer *w, struct berth_text alias,
                       const struct berth_openpai_change *changes, size_t count)
{
    struct berth_json_cursor root = berth_json_root(&file->json), at = berth_json_enter(root);
    bool there = false;
    berth_json_begin_object(w);
    for (; is_there(at); at = berth_json_next(at)) {
        bool is_it = berth_json_raw_equal(berth_json_name(at), alias);
        there = there || is_it;
        if (is_it && count == 0)
            continue;
        berth_json_put_name(w, berth_openpai_file_name(file, at));
        if (is_it) /* what is no object is replaced */
            berth_openpai_put_changed(file, w, berth_json_type_of(at) == BERTH_JSON_OBJECT ? at : nothing,
                                      changes, count);
        else
            put_as_is(w, at);
    }
    if (!there && count > 0) {
        berth_json_put_name(w, alias);
        berth_openpai_put_changed(file, w, nothing, changes, count);
    }
    berth_json_end_object(w);
}

void berth_openpai_put_cluster(struct berth_openpai_file *file, struct berth_json_writer *w,
                               struct berth_text alias, const struct berth_openpai_change *changes,
                               size_t count)
{
    if (berth_json_type_of(berth_json_root(&file->json)) == BERTH_JSON_ARRAY)
        put_list(file, w, alias, changes, count);
    else
        put_object(file, w, alias, changes, count);
}

/* ---- Tokens ----------------------------------------------------------------------------------- */

struct berth_text berth_openpai_kept_token(struct berth_openpai_file *file,
                                           const struct berth_openpai_cluster *cluster)
{
    struct berth_json_cursor entry = berth_json_find(berth_json_root(&file->json), cluster->alias);
    bool is_its =
        berth_text_equal(berth_openpai_file_member(file, entry, BERTH_TEXT("pai_uri")), cluster->pai_uri) &&
        berth_text_equal(berth_openpai_file_member(file, entry, BERTH_TEXT("user")), cluster->user);
    return is_its ? berth_openpai_file_member(file, entry, BERTH_TEXT("token")) : BERTH_TEXT("");
}

void berth_openpai_put_token(struct berth_openpai_file *file, struct berth_json_writer *w,
                             const struct berth_openpai_cluster *cluster, struct berth_text token)
{
    const struct berth_openpai_change members[] = {{BERTH_TEXT_INIT("pai_uri"), cluster->pai_uri, false},
                                                   {BERTH_TEXT_INIT("user"), cluster->user, false},
                                                   {BERTH_TEXT_INIT("token"), token, false}};
    put_object(file, w, cluster->alias, members, token.len > 0 ? 3 : 0);
}
