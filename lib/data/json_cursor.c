/* Random access to a whole document: jsmn's tokens, and a cursor over them. */
#define JSMN_STATIC
#define JSMN_PARENT_LINKS
#define JSMN_STRICT
#include <jsmn.h>

#include <limits.h>

#include "data/json_run.h"
#include "data/json_text.h"

_Static_assert(sizeof(jsmntok_t) == BERTH_JSON_TOKEN_SIZE, "the public size of a token is right");
_Static_assert(_Alignof(jsmntok_t) <= _Alignof(int64_t), "the public alignment of tokens is right");

/* jsmn in strict mode wants something behind a number, true, false or null; a document can be only that. */
static bool is_lone_primitive(struct berth_text document, size_t *out_start, size_t *out_end)
{
    struct berth_text value = berth_text_trim(document);
    *out_start = (size_t)(value.ptr - document.ptr);
    *out_end = *out_start + value.len;
    return value.ptr[0] != '"' && value.ptr[0] != '[' && value.ptr[0] != '{';
}

/* The document is known to be valid: jsmn can only run out of tokens. */
static int tokenize(struct berth_text document, jsmntok_t *tokens, size_t cap)
{
    size_t start, end;
    if (is_lone_primitive(document, &start, &end)) {
        jsmntok_t token = {.type = JSMN_PRIMITIVE, .start = (int)start, .end = (int)end, .parent = -1};
        if (tokens != NULL && cap == 0)
            return JSMN_ERROR_NOMEM;
        if (tokens != NULL)
            tokens[0] = token;
        return 1;
    }
    jsmn_parser parser;
    jsmn_init(&parser);
    return jsmn_parse(&parser, document.ptr, document.len, tokens, (unsigned)(cap < INT_MAX ? cap : INT_MAX));
}

enum berth_status berth_json_parse(struct berth_json *out_json, struct berth_text document, void *tokens,
                                   size_t tokens_size, size_t *out_needed, struct berth_json_error *out_error)
{
    if (tokens == NULL || (uintptr_t)tokens % _Alignof(jsmntok_t) != 0)
        return BERTH_E_ARGUMENT;
    if (document.len >= INT_MAX)
        return BERTH_E_RANGE;
    BERTH_TRY(berth_json_check(document, out_error));
    size_t cap = tokens_size / BERTH_JSON_TOKEN_SIZE;
    int count = tokenize(document, tokens, cap);
    enum berth_status status = count >= 0 ? BERTH_OK : BERTH_E_SPACE;
    if (status == BERTH_E_SPACE)
        count = tokenize(document, NULL, 0);
    if (count < 0)
        return BERTH_E_SYNTAX;
    if (out_needed != NULL)
        *out_needed = (size_t)count * BERTH_JSON_TOKEN_SIZE;
    if (status == BERTH_OK) {
        out_json->document = document;
        out_json->tokens = tokens;
        out_json->token_cap = cap;
        out_json->token_count = (size_t)count;
    }
    return status;
}

static const struct berth_json_cursor none = {NULL, 0};

static const jsmntok_t *token_of(struct berth_json_cursor at)
{
    return at.json == NULL ? NULL : (const jsmntok_t *)at.json->tokens + at.token;
}

static struct berth_json_cursor cursor_at(const struct berth_json *json, size_t token)
{
    struct berth_json_cursor at = {json, (uint32_t)token};
    return token < json->token_count ? at : none;
}

struct berth_json_cursor berth_json_root(const struct berth_json *json)
{
    return cursor_at(json, 0);
}

enum berth_json_type berth_json_type_of(struct berth_json_cursor at)
{
    const jsmntok_t *token = token_of(at);
    if (token == NULL)
        return BERTH_JSON_NONE;
    if (token->type == JSMN_OBJECT)
        return BERTH_JSON_OBJECT;
    if (token->type == JSMN_ARRAY)
        return BERTH_JSON_ARRAY;
    if (token->type == JSMN_STRING)
        return BERTH_JSON_TEXT;
    char first = at.json->document.ptr[token->start];
    return first == 'n'                   ? BERTH_JSON_NULL
           : first == 't' || first == 'f' ? BERTH_JSON_BOOL
                                          : BERTH_JSON_NUMBER;
}

struct berth_text berth_json_raw(struct berth_json_cursor at)
{
    const jsmntok_t *token = token_of(at);
    if (token == NULL)
        return berth_text_make(NULL, 0);
    return berth_text_make(at.json->document.ptr + token->start, (size_t)(token->end - token->start));
}

size_t berth_json_count(struct berth_json_cursor at)
{
    const jsmntok_t *token = token_of(at);
    if (token == NULL || (token->type != JSMN_OBJECT && token->type != JSMN_ARRAY))
        return 0;
    return (size_t)token->size;
}

struct berth_json_cursor berth_json_enter(struct berth_json_cursor at)
{
    if (berth_json_count(at) == 0)
        return none;
    /* The first child of an object is a name, and its value follows it. */
    return cursor_at(at.json, (size_t)at.token + 1 + (token_of(at)->type == JSMN_OBJECT));
}

/* The token of the name whose value AT is, or NULL. */
static const jsmntok_t *name_of(struct berth_json_cursor at)
{
    const jsmntok_t *token = token_of(at);
    if (token == NULL || token->parent < 0)
        return NULL;
    const jsmntok_t *parent = (const jsmntok_t *)at.json->tokens + token->parent;
    return parent->type == JSMN_STRING ? parent : NULL;
}

struct berth_json_cursor berth_json_next(struct berth_json_cursor at)
{
    const jsmntok_t *token = token_of(at), *name = name_of(at);
    if (token == NULL || token->parent < 0)
        return none;
    int container = name != NULL ? name->parent : token->parent;
    /* Everything inside AT begins before its end. */
    const jsmntok_t *all = at.json->tokens;
    size_t next = (size_t)at.token + 1;
    if (token->size > 0)
        while (next < at.json->token_count && all[next].start < token->end)
            next++;
    if (next >= at.json->token_count || all[next].parent != container)
        return none;
    return cursor_at(at.json, next + (name != NULL));
}

struct berth_text berth_json_name(struct berth_json_cursor at)
{
    const jsmntok_t *name = name_of(at);
    if (name == NULL)
        return berth_text_make(NULL, 0);
    return berth_text_make(at.json->document.ptr + name->start, (size_t)(name->end - name->start));
}

/* A member by its name, plain or as the inside of a JSON string. */
static struct berth_json_cursor find_member(struct berth_json_cursor object, struct berth_text name,
                                            bool (*same)(struct berth_text raw, struct berth_text name))
{
    struct berth_json_cursor found = none;
    if (berth_json_type_of(object) != BERTH_JSON_OBJECT)
        return none;
    for (struct berth_json_cursor at = berth_json_enter(object); at.json != NULL; at = berth_json_next(at))
        if (same(berth_json_name(at), name))
            found = at;
    return found;
}

struct berth_json_cursor berth_json_find(struct berth_json_cursor object, struct berth_text name)
{
    return find_member(object, name, berth_json_raw_equal);
}

struct berth_json_cursor berth_json_at(struct berth_json_cursor array, size_t index)
{
    if (berth_json_type_of(array) != BERTH_JSON_ARRAY || index >= berth_json_count(array))
        return none;
    struct berth_json_cursor at = berth_json_enter(array);
    while (index-- > 0)
        at = berth_json_next(at);
    return at;
}

static bool is_name_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || berth_json_is_digit(c) || c == '_' ||
           c == '-' || c == '$';
}

/* "[12]" or "[\"name\"]" at the front of *PATH. */
static enum berth_status step_bracket(struct berth_text *path, struct berth_json_cursor *at)
{
    const char *end = path->ptr + path->len, *p = path->ptr + 1;
    uint64_t index = 0;
    if (p != end && *p == '"') {
        const char *close = berth_json_quote_end(++p, end);
        while (close != end && *close == '\\' && end - close >= 2)
            close = berth_json_quote_end(close + 2, end);
        if (end - close < 2 || close[0] != '"' || close[1] != ']')
            return BERTH_E_ARGUMENT;
        struct berth_text quoted = berth_text_make(p - 1, (size_t)(close + 1 - (p - 1)));
        if (berth_json_check(quoted, NULL) != BERTH_OK)
            return BERTH_E_ARGUMENT;
        *at = find_member(*at, berth_text_slice(quoted, 1, quoted.len - 1), berth_json_raw_same);
        p = close + 1;
    } else {
        const char *first = p;
        while (p != end && berth_json_is_digit(*p))
            p++;
        enum berth_status status = berth_parse_u64(berth_text_make(first, (size_t)(p - first)), &index);
        if (status == BERTH_E_SYNTAX || p == end || *p != ']')
            return BERTH_E_ARGUMENT;
        *at = berth_json_at(*at, status == BERTH_OK && index < SIZE_MAX ? (size_t)index : SIZE_MAX);
    }
    *path = berth_text_slice(*path, (size_t)(p + 1 - path->ptr), path->len);
    return BERTH_OK;
}

enum berth_status berth_json_find_path(struct berth_json_cursor at, struct berth_text path,
                                       struct berth_json_cursor *out_at)
{
    bool first = true;
    while (path.len > 0) {
        if (path.ptr[0] == '[') {
            BERTH_TRY(step_bracket(&path, &at));
        } else {
            if (!first && path.ptr[0] != '.')
                return BERTH_E_ARGUMENT;
            size_t from = first ? 0 : 1, to = from;
            while (to < path.len && is_name_byte(path.ptr[to]))
                to++;
            if (to == from)
                return BERTH_E_ARGUMENT;
            at = berth_json_find(at, berth_text_slice(path, from, to));
            path = berth_text_slice(path, to, path.len);
        }
        first = false;
    }
    *out_at = at;
    return at.json == NULL ? BERTH_E_MISSING : BERTH_OK;
}

/* The raw bytes of a value that has to be of TYPE. */
static enum berth_status raw_of(struct berth_json_cursor at, enum berth_json_type type,
                                struct berth_text *out_raw)
{
    enum berth_json_type is = berth_json_type_of(at);
    *out_raw = berth_json_raw(at);
    return is == BERTH_JSON_NONE ? BERTH_E_MISSING : is != type ? BERTH_E_TYPE : BERTH_OK;
}

enum berth_status berth_json_get_i64(struct berth_json_cursor at, int64_t *out_value)
{
    struct berth_text raw;
    BERTH_TRY(raw_of(at, BERTH_JSON_NUMBER, &raw));
    return berth_json_number_i64(raw, out_value);
}

enum berth_status berth_json_get_u64(struct berth_json_cursor at, uint64_t *out_value)
{
    struct berth_text raw;
    BERTH_TRY(raw_of(at, BERTH_JSON_NUMBER, &raw));
    return berth_json_number_u64(raw, out_value);
}

enum berth_status berth_json_get_double(struct berth_json_cursor at, double *out_value)
{
    struct berth_text raw;
    BERTH_TRY(raw_of(at, BERTH_JSON_NUMBER, &raw));
    return berth_parse_double(raw, out_value);
}

enum berth_status berth_json_get_bool(struct berth_json_cursor at, bool *out_value)
{
    struct berth_text raw;
    BERTH_TRY(raw_of(at, BERTH_JSON_BOOL, &raw));
    *out_value = raw.ptr[0] == 't';
    return BERTH_OK;
}

enum berth_status berth_json_get_text(struct berth_json_cursor at, struct berth_writer *w)
{
    struct berth_text raw;
    BERTH_TRY(raw_of(at, BERTH_JSON_TEXT, &raw));
    return berth_json_unescape(raw, w);
}

enum berth_status berth_json_get_enum(struct berth_json_cursor at, const struct berth_enum_name *names,
                                      size_t name_count, struct berth_enum *out_value)
{
    int64_t number = 0;
    struct berth_enum value = {BERTH_ENUM_UNKNOWN, berth_json_raw(at)};
    if (berth_json_type_of(at) != BERTH_JSON_TEXT) {
        BERTH_TRY(berth_json_get_i64(at, &number));
        if (number < INT32_MIN || number > INT32_MAX)
            return BERTH_E_RANGE;
        value.value = (int32_t)number;
        value.text = berth_text_make(NULL, 0);
    } else {
        for (size_t i = 0; i < name_count; i++)
            if (berth_json_raw_equal(value.text, names[i].name))
                value.value = names[i].value;
    }
    *out_value = value;
    return BERTH_OK;
}

/* The characters of a short text in BUF; what does not fit is not what is asked for. */
static enum berth_status short_text(struct berth_json_cursor at, char *buf, size_t cap,
                                    struct berth_text *out_text)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    enum berth_status status = berth_json_get_text(at, &w);
    *out_text = berth_writer_text(&w);
    return status == BERTH_E_SPACE ? BERTH_E_SYNTAX : status;
}

enum berth_status berth_json_get_time(struct berth_json_cursor at, struct berth_time *out_time)
{
    char buf[40]; /* the longest has 35 */
    struct berth_text text;
    BERTH_TRY(short_text(at, buf, sizeof buf, &text));
    return berth_parse_rfc3339(text, out_time);
}

enum berth_status berth_json_get_guid(struct berth_json_cursor at, struct berth_guid *out_guid)
{
    char buf[40];
    struct berth_text text;
    BERTH_TRY(short_text(at, buf, sizeof buf, &text));
    return berth_guid_parse(text, out_guid);
}
