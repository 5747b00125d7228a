/* What a check finds, and where in the document that is. */
#include "platform/openpai_job.h"

#include <string.h>

#include "platform/line.h"

/* ---- Places in the source --------------------------------------------------------------------- */

static bool begins_token(char c)
{
    return (uint8_t)c > ' ' && c != ',' && c != ':' && c != ']' && c != '}';
}

/* Where the token of checked JSON at P ends; a container's is its bracket. */
static const char *token_end(const char *p, const char *end)
{
    if (*p == '{' || *p == '[')
        return p + 1;
    if (*p != '"') {
        while (p != end && begins_token(*p))
            p++;
        return p;
    }
    for (p++; p != end && *p != '"'; p++)
        if (*p == '\\' && end - p >= 2)
            p++;
    return p != end ? p + 1 : p;
}

static void json_move(struct berth_openpai_locator *l, const char *to)
{
    for (; l->source.ptr + l->offset != to; l->offset++) {
        uint8_t c = (uint8_t)l->source.ptr[l->offset];
        l->column_next += (c & 0xC0) != 0x80;
        if (c == '\n') {
            l->line++;
            l->column_next = 1;
        }
    }
}

/* The next token of JSON. */
static bool json_next(struct berth_openpai_locator *l)
{
    const char *p = l->source.ptr + l->offset, *end = l->source.ptr + l->source.len;
    if (l->begun && p != end && begins_token(*p))
        p = token_end(p, end);
    while (p != end && !begins_token(*p))
        p++;
    json_move(l, p);
    l->column = l->column_next;
    return p != end;
}

static bool yaml_next(struct berth_openpai_locator *l)
{
    struct berth_yaml_event event;
    do {
        if (berth_yaml_next(&l->reader, &event) != BERTH_OK || event.type == BERTH_YAML_END)
            return false;
    } while (event.type == BERTH_YAML_MAPPING_END || event.type == BERTH_YAML_SEQUENCE_END);
    l->line = event.line;
    l->column = event.column;
    return true;
}

void berth_openpai_locate(struct berth_openpai_locator *l, uint32_t token)
{
    bool more = true;
    if (!l->begun || token + 1 < l->next) {
        l->begun = false;
        l->next = 0;
        l->offset = 0;
        l->line = l->column = l->column_next = 1;
        more = l->is_json || berth_yaml_reader_init(&l->reader, l->source, NULL, 0) == BERTH_OK;
    }
    while (more && l->next <= token) {
        more = l->is_json ? json_next(l) : yaml_next(l);
        l->begun = true;
        l->next++;
    }
}

/* ---- Paths ------------------------------------------------------------------------------------ */

enum { SEGMENT_MAX = 64 };

static bool is_plain(struct berth_text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
              c == '-' || c == '$'))
            return false;
    }
    return name.len > 0;
}

/* Where a long NAME, as it stands in JSON, may be cut: not inside a character or an escape. */
static size_t cut_at(struct berth_text name)
{
    size_t cut = 0, i = 0;
    while (i < name.len && i <= SEGMENT_MAX - 3) {
        cut = i;
        uint32_t unused;
        size_t len = name.ptr[i] == '\\' ? (i + 1 < name.len && name.ptr[i + 1] == 'u' ? 6 : 2)
                                         : berth_text_character(berth_text_slice(name, i, name.len), &unused);
        i += len > 0 ? len : 1;
    }
    return cut;
}

static void put_segment(struct berth_writer *w, struct berth_text name)
{
    bool plain = is_plain(name);
    bool cut = name.len > SEGMENT_MAX;
    if (!plain)
        berth_put_string(w, "[\"");
    else if (w->len > 0)
        berth_put_char(w, '.');
    berth_put_text(w, cut ? berth_text_slice(name, 0, cut_at(name)) : name);
    if (cut)
        berth_put_string(w, "...");
    if (!plain)
        berth_put_string(w, "\"]");
}

/* The child of PARENT that TOKEN lies in, the last one that begins before it: from *STEP on, when that is a
 * child of PARENT before it. False: it has none. */
static bool take_step(struct berth_openpai_step *step, bool known, struct berth_json_cursor parent,
                      uint32_t token)
{
    if (!known || step->child > token) {
        struct berth_json_cursor first = berth_json_enter(parent);
        step->child = first.token;
        step->next = berth_json_next(first).token;
        step->index = 0;
    }
    for (; step->next != 0 && step->next <= token; step->index++) {
        struct berth_json_cursor next = {parent.json, step->next};
        step->child = step->next;
        step->next = berth_json_next(next).token;
    }
    return step->child != 0;
}

/* From the root down. Findings come mostly in order, so that the way to the last one is a good beginning. */
static void put_path(struct berth_openpai_report *r, struct berth_writer *w, uint32_t token)
{
    struct berth_json_cursor at = berth_openpai_root(r->document);
    bool known = true;
    size_t level = 0, had = r->step_count;
    for (; at.token < token && level < BERTH_OPENPAI_STEPS; level++) {
        struct berth_openpai_step *step = &r->steps[level];
        uint32_t before = step->child;
        bool object = berth_json_type_of(at) == BERTH_JSON_OBJECT;
        known = known && level < had;
        if (!take_step(step, known, at, token))
            break;
        known = known && step->child == before;
        struct berth_json_cursor child = {at.json, step->child};
        if (w->cap - w->len < 2 * SEGMENT_MAX) { /* one for this, one for a member that lacks */
            berth_put_string(w, "...");
            level++;
            break;
        }
        if (object) {
            put_segment(w, berth_json_name(child));
        } else {
            berth_put_char(w, '[');
            berth_put_u64(w, step->index);
            berth_put_char(w, ']');
        }
        at = child;
    }
    r->step_count = level;
}

/* ---- Findings --------------------------------------------------------------------------------- */

static const char *const RULE_NAMES[BERTH_OPENPAI_RULE_COUNT_OF] = {
    [BERTH_OPENPAI_RULE_SIZE] = "size",
    [BERTH_OPENPAI_RULE_LINES] = "lines",
    [BERTH_OPENPAI_RULE_MEMBER] = "member",
    [BERTH_OPENPAI_RULE_MISSING] = "missing",
    [BERTH_OPENPAI_RULE_TYPE] = "type",
    [BERTH_OPENPAI_RULE_RANGE] = "range",
    [BERTH_OPENPAI_RULE_EMPTY] = "empty",
    [BERTH_OPENPAI_RULE_VALUE] = "value",
    [BERTH_OPENPAI_RULE_NAME] = "name",
    [BERTH_OPENPAI_RULE_DUPLICATE] = "duplicate",
    [BERTH_OPENPAI_RULE_COLLISION] = "collision",
    [BERTH_OPENPAI_RULE_REFERENCE] = "reference",
    [BERTH_OPENPAI_RULE_EXCLUSIVE] = "exclusive",
    [BERTH_OPENPAI_RULE_AFFINITY] = "affinity",
    [BERTH_OPENPAI_RULE_COUNT] = "count",
    [BERTH_OPENPAI_RULE_INSTANCES] = "instances",
    [BERTH_OPENPAI_RULE_NO_EFFECT] = "no-effect",
    [BERTH_OPENPAI_RULE_MASKED] = "masked",
    [BERTH_OPENPAI_RULE_SECRETS] = "secrets",
    [BERTH_OPENPAI_RULE_PASSWORD] = "password",
    [BERTH_OPENPAI_RULE_TEMPLATE] = "template",
    [BERTH_OPENPAI_RULE_SCALAR] = "scalar",
    [BERTH_OPENPAI_RULE_CONVERSION] = "conversion",
};

const char *berth_openpai_rule_name(enum berth_openpai_rule rule)
{
    return (unsigned)rule < BERTH_OPENPAI_RULE_COUNT_OF ? RULE_NAMES[rule] : "";
}

void berth_openpai_report_begin(struct berth_openpai_report *r, const struct berth_openpai_document *document,
                                struct berth_openpai_check *check)
{
    memset(r, 0, sizeof *r);
    r->document = document;
    r->check = check;
    r->locator.source = document->source;
    r->locator.is_json = document->is_json;
    check->errors = check->warnings = 0;
}

enum berth_status berth_openpai_report_end(const struct berth_openpai_report *r)
{
    if (r->status != BERTH_OK)
        return r->status;
    return r->check->errors > 0 ? BERTH_E_BAD_REQUEST : BERTH_OK;
}

void berth_openpai_tell(struct berth_openpai_report *r, const struct berth_openpai_job_place *place,
                        enum berth_openpai_rule rule, bool warning, const struct berth_openpai_saying *saying)
{
    char path[BERTH_OPENPAI_PATH_MAX], text[BERTH_OPENPAI_TEXT_MAX];
    struct berth_writer path_writer, text_writer;
    if (r->status != BERTH_OK)
        return;
    *(warning ? &r->check->warnings : &r->check->errors) += 1;
    if (r->check->finding == NULL)
        return;
    uint32_t token = place->at.json != NULL ? place->at.token : 0;
    berth_writer_init(&path_writer, path, sizeof path);
    put_path(r, &path_writer, token);
    if (place->missing.ptr != NULL)
        put_segment(&path_writer, place->missing);
    berth_writer_init(&text_writer, text, sizeof text);
    berth_put_line_string(&text_writer, saying->before);
    if (saying->name.ptr != NULL) {
        berth_put_line_string(&text_writer, "\"");
        berth_put_line(&text_writer, berth_text_slice(saying->name, 0, SEGMENT_MAX));
        berth_put_line_string(&text_writer, "\"");
    }
    if (saying->after != NULL)
        berth_put_line_string(&text_writer, saying->after);
    /* What lacks is due where its mapping has a name. */
    bool name = place->name || (place->missing.ptr != NULL && berth_json_name(place->at).ptr != NULL);
    berth_openpai_locate(&r->locator, name && token > 0 ? token - 1 : token);
    const struct berth_openpai_finding finding = {rule,
                                                  warning,
                                                  r->locator.line,
                                                  r->locator.column,
                                                  berth_writer_text(&path_writer),
                                                  berth_writer_text(&text_writer)};
    r->status = r->check->finding(r->check->ctx, &finding);
}

static void tell_value(struct berth_openpai_report *r, struct berth_json_cursor at,
                       enum berth_openpai_rule rule, bool warning, const char *what)
{
    const struct berth_openpai_job_place place = {.at = at};
    const struct berth_openpai_saying saying = {.before = what};
    berth_openpai_tell(r, &place, rule, warning, &saying);
}

void berth_openpai_error(struct berth_openpai_report *r, struct berth_json_cursor at,
                         enum berth_openpai_rule rule, const char *what)
{
    tell_value(r, at, rule, false, what);
}

void berth_openpai_warn(struct berth_openpai_report *r, struct berth_json_cursor at,
                        enum berth_openpai_rule rule, const char *what)
{
    tell_value(r, at, rule, true, what);
}
