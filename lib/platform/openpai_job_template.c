/* OpenPAI protocol v2: what <% $parameters.a.b[0] %> stands for. */
#include "platform/openpai_job.h"

static const struct berth_text beginning = BERTH_TEXT_INIT("<%");
static const struct berth_text ending = BERTH_TEXT_INIT("%>");

static bool is_name_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Cuts ".name" or "[n]", which mean the same, off the front of PATH. */
static bool next_step(struct berth_text *path, struct berth_text *out_name)
{
    bool bracket = berth_text_starts(*path, BERTH_TEXT("["));
    size_t to = 1;
    if (!bracket && !berth_text_starts(*path, BERTH_TEXT(".")))
        return false;
    while (to < path->len && is_name_byte(path->ptr[to]))
        to++;
    *out_name = berth_text_slice(*path, 1, to);
    if (bracket && (to == path->len || path->ptr[to] != ']'))
        return false;
    *path = berth_text_slice(*path, to + bracket, path->len);
    return out_name->len > 0;
}

/* "parameters", "secrets", or what ROLE selects by "script", "output" or "data". */
static struct berth_json_cursor root_of(struct berth_json_cursor root, struct berth_json_cursor role,
                                        struct berth_text name)
{
    static const struct berth_json_cursor none = {NULL, 0};
    if (berth_text_equal(name, BERTH_TEXT("parameters")) || berth_text_equal(name, BERTH_TEXT("secrets")))
        return berth_json_find(root, name);
    if (berth_text_equal(name, BERTH_TEXT("script")) || berth_text_equal(name, BERTH_TEXT("output")) ||
        berth_text_equal(name, BERTH_TEXT("data")))
        return berth_openpai_find_prerequisite(root, berth_openpai_member_text(role, name), name);
    return none;
}

/* Whether REFERENCE ("$parameters.a.b[0]") stands for something. What is no reference stands for itself. */
static bool resolves(struct berth_json_cursor root, struct berth_json_cursor role,
                     struct berth_text reference)
{
    size_t to = 1;
    struct berth_text name;
    uint64_t index;
    if (!berth_text_starts(reference, BERTH_TEXT("$")))
        return true;
    while (to < reference.len && is_name_byte(reference.ptr[to]))
        to++;
    struct berth_json_cursor at = root_of(root, role, berth_text_slice(reference, 1, to));
    reference = berth_text_slice(reference, to, reference.len);
    /* Secrets that the server hid are known to it alone. */
    if (!berth_openpai_has_form(berth_openpai_text_of(at), BERTH_OPENPAI_FORM_SECRETS))
        return true;
    while (at.json != NULL && reference.len > 0) {
        if (!next_step(&reference, &name))
            return false;
        if (berth_json_type_of(at) != BERTH_JSON_ARRAY)
            at = berth_json_find(at, name);
        else if (berth_parse_u64(name, &index) == BERTH_OK && index < SIZE_MAX)
            at = berth_json_at(at, (size_t)index);
        else
            return false;
    }
    return at.json != NULL;
}

static void check_text(struct berth_openpai_report *r, struct berth_json_cursor at,
                       struct berth_json_cursor role)
{
    struct berth_json_cursor root = berth_openpai_root(r->document);
    struct berth_text rest = berth_openpai_text_of(at);
    const struct berth_openpai_job_place place = {.at = at};
    for (;;) {
        size_t from = berth_text_find(rest, beginning);
        if (from == SIZE_MAX)
            return;
        rest = berth_text_slice(rest, from + beginning.len, rest.len);
        size_t to = berth_text_find(rest, ending);
        if (to == SIZE_MAX)
            return;
        struct berth_text reference = berth_text_trim(berth_text_slice(rest, 0, to));
        rest = berth_text_slice(rest, to + ending.len, rest.len);
        if (resolves(root, role, reference))
            continue;
        const struct berth_openpai_saying saying = {"there is no ", reference,
                                                    ": the command gets it as it stands"};
        berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_TEMPLATE, true, &saying);
    }
}

void berth_openpai_check_templates(struct berth_openpai_report *r, struct berth_json_cursor commands,
                                   struct berth_json_cursor role)
{
    if (berth_json_type_of(commands) != BERTH_JSON_ARRAY)
        return;
    for (struct berth_json_cursor at = berth_json_enter(commands); at.json != NULL; at = berth_json_next(at))
        check_text(r, at, role);
}
