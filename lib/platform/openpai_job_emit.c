/* OpenPAI job documents written so that a server hides their secrets (the wire page's 3.2). */
#include "platform/openpai_job.h"

#include "data/json_run.h"
#include "data/yaml.h"

/* ---- Members ---------------------------------------------------------------------------------- */

struct member {
    struct berth_text name; /* as it stands */
    struct berth_text value;
};

static const char *skip_space(const char *p, const char *end)
{
    while (p != end && (uint8_t)*p <= ' ')
        p++;
    return p;
}

/* Behind the text whose opening quote is at P. */
static const char *skip_text(const char *p, const char *end)
{
    p = berth_json_quote_end(p + 1, end);
    while (p != end && *p == '\\')
        p = end - p >= 2 ? berth_json_quote_end(p + 2, end) : end;
    return p != end ? p + 1 : p;
}

/* Behind the value that begins at P. */
static const char *skip_value(const char *p, const char *end)
{
    size_t depth = 0;
    while (p != end) {
        if (*p == '"') {
            p = skip_text(p, end);
            continue;
        }
        bool closing = *p == '}' || *p == ']';
        if (depth == 0 && (closing || *p == ',' || (uint8_t)*p <= ' '))
            break;
        depth += *p == '{' || *p == '[';
        depth -= closing;
        p++;
    }
    return p;
}

/* In checked JSON: the next member of the object whose inside P is in; false at its end. */
static bool next_member(const char **inout_p, const char *end, struct member *out)
{
    const char *p = skip_space(*inout_p, end);
    if (p != end && *p == ',')
        p = skip_space(p + 1, end);
    if (p == end || *p != '"')
        return false;
    const char *after = skip_text(p, end);
    out->name = berth_text_make(p + 1, (size_t)(after - p) - 2);
    p = skip_space(after, end);
    if (p != end) /* the colon */
        p = skip_space(p + 1, end);
    *inout_p = skip_value(p, end);
    out->value = berth_text_make(p, (size_t)(*inout_p - p));
    return true;
}

static bool has_member(struct berth_text object, struct berth_text name)
{
    struct member member;
    const char *p = object.ptr + 1, *end = object.ptr + object.len;
    while (next_member(&p, end, &member))
        if (berth_json_raw_equal(member.name, name))
            return true;
    return false;
}

static bool is_object(struct berth_text json)
{
    return json.len > 0 && json.ptr[0] == '{';
}

/* The roles, each with its instances. */
static void put_roles(struct berth_writer *out, struct berth_text roles)
{
    struct member role;
    const char *p = roles.ptr + 1, *end = roles.ptr + roles.len;
    const char *begun = "{";
    while (next_member(&p, end, &role)) {
        berth_put_string(out, begun);
        begun = ",";
        berth_yaml_put_json(out, berth_text_make(role.name.ptr - 1, role.name.len + 2), false);
        berth_put_char(out, ':');
        if (!is_object(role.value) || has_member(role.value, BERTH_TEXT("instances"))) {
            berth_yaml_put_json(out, role.value, false);
            continue;
        }
        struct berth_text rest = berth_text_trim(berth_text_slice(role.value, 1, role.value.len));
        berth_put_string(out, rest.len > 1 ? "{\"instances\":1," : "{\"instances\":1");
        berth_yaml_put_json(out, rest, false);
    }
    berth_put_string(out, begun[0] == '{' ? "{}" : "}");
}

void berth_openpai_put_member(struct berth_writer *out, struct berth_text name, struct berth_text json)
{
    berth_put_text(out, name);
    berth_put_string(out, ": ");
    if (is_object(json) && berth_text_equal(name, BERTH_TEXT("taskRoles")))
        put_roles(out, json);
    else
        berth_yaml_put_json(out, json, false);
    berth_put_char(out, '\n');
}

/* ---- Documents -------------------------------------------------------------------------------- */

/* A name that needs no quotes in YAML, and that the server's hiding knows for one. */
static bool is_bare(struct berth_text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.len > 0;
}

static enum berth_status put_document(struct berth_text json, struct berth_writer *out)
{
    struct berth_text text = berth_text_trim(json);
    struct member member;
    if (!is_object(text))
        return BERTH_E_TYPE;
    const char *p = text.ptr + 1, *end = text.ptr + text.len;
    while (next_member(&p, end, &member)) {
        if (!is_bare(member.name))
            return BERTH_E_ARGUMENT;
        berth_openpai_put_member(out, member.name, member.value);
    }
    return berth_writer_status(out);
}

enum berth_status berth_openpai_emit_v2(struct berth_text json, struct berth_writer *out)
{
    BERTH_TRY(berth_json_check(json, NULL));
    return put_document(json, out);
}

enum berth_status berth_openpai_document_write(const struct berth_openpai_document *document,
                                               struct berth_writer *out)
{
    if (document->protocol == BERTH_OPENPAI_V2)
        return put_document(document->json.document, out);
    berth_yaml_put_json(out, document->json.document, false);
    return berth_writer_status(out);
}
