/* OpenPAI job documents: YAML or JSON read into the caller's memory. */
#include "platform/openpai_job.h"

#include <string.h>

#include "data/json_text.h"

/* ---- Reading ---------------------------------------------------------------------------------- */

/* The memory is [tokens][JSON]: the tokens are counted first, and their place serves for the names of YAML's
 * mappings before. */
struct reading {
    struct berth_text source;
    char *memory;
    size_t size;
    size_t needed;
    struct berth_yaml_error *error;
};

static enum berth_status fail_at(struct reading *in, uint64_t offset, const char *reason,
                                 enum berth_status status)
{
    in->error->line = 1;
    in->error->column = 1;
    for (uint64_t i = 0; i < offset && i < in->source.len; i++) {
        uint8_t c = (uint8_t)in->source.ptr[i];
        in->error->column += (c & 0xC0) != 0x80;
        if (c == '\n') {
            in->error->line++;
            in->error->column = 1;
        }
    }
    in->error->reason = reason;
    return status;
}

/* The values and names of TEXT. With KEYS a repeated name is an error. */
static enum berth_status count_tokens(struct berth_text text, struct berth_yaml_key *keys, size_t key_cap,
                                      size_t *out_count, struct berth_yaml_error *error)
{
    struct berth_yaml_reader r;
    struct berth_yaml_event event = {.type = BERTH_YAML_KEY};
    size_t count = 0;
    enum berth_status status = berth_yaml_reader_init(&r, text, keys, key_cap);
    while (status == BERTH_OK && event.type != BERTH_YAML_END) {
        status = berth_yaml_next(&r, &event);
        if (status != BERTH_OK)
            break;
        count += event.type == BERTH_YAML_MAPPING_START || event.type == BERTH_YAML_SEQUENCE_START ||
                 event.type == BERTH_YAML_KEY || event.type == BERTH_YAML_SCALAR;
        if (event.type == BERTH_YAML_KEY && event.repeated) {
            r.error.line = event.line;
            r.error.column = event.column;
            r.error.reason = "the same name twice in one mapping";
            status = BERTH_E_SYNTAX;
        }
    }
    *out_count = count;
    if (status != BERTH_OK)
        *error = r.error;
    return status;
}

/* Checked JSON without white space between its values, every text written in one way that YAML takes too. */
static enum berth_status put_canonical(struct reading *in, struct berth_writer *out)
{
    const char *p = in->source.ptr, *end = p + in->source.len;
    bool inside = false;
    while (p != end) {
        char bytes[BERTH_UTF8_MAX] = {*p};
        size_t len = 1, used = 1;
        if (inside && *p == '\\') {
            enum berth_status status = berth_json_escape(p, end, bytes, &len, &used);
            if (status != BERTH_OK)
                return fail_at(in, (uint64_t)(p - in->source.ptr), "half of a surrogate pair", BERTH_E_UTF8);
            berth_openpai_put(out, berth_text_make(bytes, len), BERTH_OPENPAI_INSIDE);
        } else if (inside && (uint8_t)*p >= 0x7F) {
            uint32_t unused;
            used = berth_text_character(berth_text_make(p, (size_t)(end - p)), &unused);
            berth_openpai_put(out, berth_text_make(p, used), BERTH_OPENPAI_INSIDE);
        } else if (inside || (uint8_t)*p > ' ') {
            inside = inside != (*p == '"');
            berth_put_char(out, *p);
        }
        p += used;
    }
    return BERTH_OK;
}

/* JSON: a server reads it as YAML, so that what YAML refuses is refused here too. */
static enum berth_status read_json(struct reading *in, size_t tokens, struct berth_writer *out)
{
    size_t count;
    BERTH_TRY(put_canonical(in, out));
    BERTH_TRY(berth_writer_status(out));
    struct berth_yaml_error error = {0};
    enum berth_status status =
        count_tokens(berth_writer_text(out), (struct berth_yaml_key *)(void *)in->memory,
                     tokens * BERTH_JSON_TOKEN_SIZE / sizeof(struct berth_yaml_key), &count, &error);
    if (status == BERTH_OK)
        return status;
    /* ERROR is about the compact text. */
    struct berth_openpai_locator at = {.source = in->source, .is_json = true};
    berth_openpai_locate(&at, count > 0 ? (uint32_t)count - 1 : 0);
    in->error->line = at.line;
    in->error->column = at.column;
    in->error->reason = error.reason;
    return status;
}

static enum berth_status read_yaml(struct reading *in, size_t tokens, struct berth_writer *out)
{
    const struct berth_yaml_options options = {.keys = (struct berth_yaml_key *)(void *)in->memory,
                                               .key_cap = tokens * BERTH_JSON_TOKEN_SIZE /
                                                          sizeof(struct berth_yaml_key)};
    return berth_yaml_to_json(in->source, &options, out, in->error);
}

static bool looks_like_json(struct berth_text source)
{
    struct berth_text text = berth_text_trim(source);
    return text.len > 0 && text.ptr[0] == '{' && berth_json_check(source, NULL) == BERTH_OK;
}

/* A token of JSON takes one byte at least, and a comma, colon or bracket goes with it. */
static enum berth_status count_source(struct reading *in, bool is_json, size_t *out_count)
{
    uint64_t no_tokens[1] = {0};
    struct berth_json json;
    if (!is_json)
        return count_tokens(in->source, NULL, 0, out_count, in->error);
    size_t bytes = 0;
    enum berth_status status = berth_json_parse(&json, in->source, no_tokens, 0, &bytes, NULL);
    *out_count = bytes / BERTH_JSON_TOKEN_SIZE;
    return status == BERTH_E_SPACE ? BERTH_OK : status;
}

static enum berth_status read(struct reading *in, struct berth_openpai_document *document)
{
    struct berth_writer out;
    size_t tokens = 0;
    document->is_json = looks_like_json(in->source);
    BERTH_TRY(count_source(in, document->is_json, &tokens));
    size_t tokens_size = (tokens + 1) * BERTH_JSON_TOKEN_SIZE; /* an empty document is one null */
    in->needed += tokens_size;
    if (tokens_size > in->size)
        return BERTH_E_SPACE;
    berth_writer_init(&out, in->memory + tokens_size, in->size - tokens_size);
    enum berth_status status = document->is_json ? read_json(in, tokens, &out) : read_yaml(in, tokens, &out);
    in->needed += out.len;
    BERTH_TRY(status);
    BERTH_TRY(
        berth_json_parse(&document->json, berth_writer_text(&out), in->memory, tokens_size, NULL, NULL));
    if (berth_json_type_of(berth_openpai_root(document)) != BERTH_JSON_OBJECT)
        return fail_at(in, 0, "a job document is a mapping", BERTH_E_TYPE);
    return BERTH_OK;
}

enum berth_status berth_openpai_document_read(struct berth_openpai_document *out_document,
                                              struct berth_text source, void *memory, size_t memory_size,
                                              size_t *out_needed, struct berth_yaml_error *out_error)
{
    struct berth_yaml_error unused = {0, 0, NULL};
    size_t skip = (size_t)(-(uintptr_t)memory % _Alignof(int64_t));
    struct reading in = {.source = source, .error = out_error != NULL ? out_error : &unused};
    memset(out_document, 0, sizeof *out_document);
    memset(in.error, 0, sizeof *in.error);
    out_document->source = source;
    in.needed = _Alignof(int64_t) - 1;
    if (memory != NULL && memory_size > skip) {
        in.memory = (char *)memory + skip;
        in.size = memory_size - skip;
    }
    enum berth_status status = read(&in, out_document);
    if (out_needed != NULL)
        *out_needed = in.needed;
    BERTH_TRY(status);
    bool has = berth_json_find(berth_openpai_root(out_document), BERTH_TEXT("protocolVersion")).json != NULL;
    out_document->protocol = has ? BERTH_OPENPAI_V2 : BERTH_OPENPAI_V1;
    return BERTH_OK;
}

/* ---- Values ----------------------------------------------------------------------------------- */

struct berth_json_cursor berth_openpai_root(const struct berth_openpai_document *document)
{
    return berth_json_root(&document->json);
}

struct berth_text berth_openpai_text_of(struct berth_json_cursor at)
{
    return berth_json_type_of(at) == BERTH_JSON_TEXT ? berth_json_raw(at) : berth_text_make(NULL, 0);
}

struct berth_text berth_openpai_member_text(struct berth_json_cursor object, struct berth_text name)
{
    return berth_openpai_text_of(berth_json_find(object, name));
}

int64_t berth_openpai_member_number(struct berth_json_cursor object, struct berth_text name,
                                    int64_t otherwise)
{
    int64_t value = 0;
    return berth_json_get_i64(berth_json_find(object, name), &value) == BERTH_OK ? value : otherwise;
}

bool berth_openpai_is_bool(struct berth_json_cursor at, bool value)
{
    bool is = false;
    return berth_json_get_bool(at, &is) == BERTH_OK && is == value;
}
