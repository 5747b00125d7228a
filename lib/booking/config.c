/* Configuration files: the YAML subset of wire page 1.1, and scalars by the type of their field. */
#include "booking/config.h"

#include <string.h>

#include "berth/booking.h"
#include "berth/number.h"

enum berth_status berth_config_fail(struct berth_config_reader *c, enum berth_status status,
                                    const struct berth_yaml_event *ev, const char *reason)
{
    struct berth_config_note *note = c->input->note;
    if (note != NULL)
        *note = (struct berth_config_note){ev == NULL ? 0 : ev->line, ev == NULL ? 0 : ev->column, c->field,
                                           reason};
    return status;
}

void berth_config_warn(struct berth_config_reader *c, const struct berth_yaml_event *ev, const char *reason)
{
    if (c->input->warn == NULL)
        return;
    struct berth_config_note note = {ev == NULL ? 0 : ev->line, ev == NULL ? 0 : ev->column, c->field,
                                     reason};
    c->input->warn(c->input->warn_ctx, &note);
}

/* The YAML reader's own failure. */
static enum berth_status fail_yaml(struct berth_config_reader *c, enum berth_status status)
{
    struct berth_yaml_event at = {0};
    at.line = c->yaml.error.line;
    at.column = c->yaml.error.column;
    return berth_config_fail(c, status, &at, c->yaml.error.reason);
}

/* ---- The subset ---- */

static bool is_space(char ch)
{
    return ch == ' ' || ch == '\t';
}

/* What no line may begin with, or NULL. LINE is without its LF. */
static const char *bad_line(struct berth_text line)
{
    size_t at = 0;
    while (at < line.len && line.ptr[at] == ' ')
        at++;
    bool tab = at < line.len && line.ptr[at] == '\t';
    while (at < line.len && is_space(line.ptr[at]))
        at++;
    if (tab && at < line.len && line.ptr[at] != '#' && line.ptr[at] != '\r')
        return "a tab in indentation";
    if (line.len < 3 || (line.len > 3 && !is_space(line.ptr[3]) && line.ptr[3] != '\r'))
        return NULL;
    struct berth_text head = berth_text_slice(line, 0, 3);
    if (berth_text_equal(head, BERTH_TEXT("---")) || berth_text_equal(head, BERTH_TEXT("...")))
        return "a document marker: these files are one document without --- and ...";
    return NULL;
}

enum berth_status berth_config_open(struct berth_config_reader *c, const struct berth_config_input *input)
{
    c->input = input;
    c->memory_start = input->memory == NULL ? 0 : input->memory->len;
    c->field = "";
    enum berth_status status = berth_yaml_reader_init(&c->yaml, input->document, NULL, 0);
    if (status != BERTH_OK)
        return fail_yaml(c, status);
    struct berth_text rest = input->document;
    struct berth_text line;
    if (berth_text_starts(rest, BERTH_TEXT("\xEF\xBB\xBF")))
        rest = berth_text_slice(rest, 3, rest.len);
    struct berth_yaml_event at = {0};
    at.column = 1;
    while (berth_text_split(&rest, '\n', &line)) {
        at.line++;
        const char *reason = bad_line(line);
        if (reason != NULL)
            return berth_config_fail(c, BERTH_E_SYNTAX, &at, reason);
    }
    return BERTH_OK;
}

/* Whether a text over several lines has an empty one. */
static bool has_empty_line(struct berth_text content)
{
    bool blank_line = false;
    for (size_t i = 0; i < content.len; i++) {
        char ch = content.ptr[i];
        if (ch == '\n' && blank_line)
            return true;
        if (ch == '\n')
            blank_line = true;
        else if (ch != '\r' && !is_space(ch))
            blank_line = false;
    }
    return false;
}

enum berth_status berth_config_next(struct berth_config_reader *c, struct berth_yaml_event *ev)
{
    enum berth_status status = berth_yaml_next(&c->yaml, ev);
    if (status != BERTH_OK)
        return fail_yaml(c, status);
    bool start = ev->type == BERTH_YAML_MAPPING_START || ev->type == BERTH_YAML_SEQUENCE_START;
    if (start && ev->depth >= BERTH_CONFIG_DEPTH)
        return berth_config_fail(c, BERTH_E_DEPTH, ev, "nested deeper than 4 levels");
    if (start && ev->style == BERTH_YAML_FLOW) {
        struct berth_text brackets = berth_text_slice(c->input->document, ev->start, ev->start + 2);
        if (!berth_text_equal(brackets, BERTH_TEXT("[]")) && !berth_text_equal(brackets, BERTH_TEXT("{}")))
            return berth_config_fail(c, BERTH_E_SYNTAX, ev,
                                     "a collection in brackets that is not just [] or {}: write it on lines");
    }
    if (ev->type != BERTH_YAML_KEY && ev->type != BERTH_YAML_SCALAR)
        return BERTH_OK;
    if (ev->style == BERTH_YAML_LITERAL || ev->style == BERTH_YAML_FOLDED)
        return berth_config_fail(c, BERTH_E_SYNTAX, ev,
                                 "block text (| and >) is not for these files: quote the text");
    if (ev->text.ptr == NULL && has_empty_line(ev->content))
        return berth_config_fail(c, BERTH_E_SYNTAX, ev, "an empty line inside a text");
    return BERTH_OK;
}

/* ---- Structure ---- */

enum berth_status berth_config_top(struct berth_config_reader *c, bool *out_empty)
{
    struct berth_yaml_event ev;
    BERTH_TRY(berth_config_next(c, &ev));
    *out_empty = ev.type == BERTH_YAML_END;
    if (!*out_empty && ev.type != BERTH_YAML_MAPPING_START)
        return berth_config_fail(c, BERTH_E_TYPE, &ev, "keys and values are due at the top of the file");
    return BERTH_OK;
}

enum berth_status berth_config_key(struct berth_config_reader *c, struct berth_yaml_event *ev, bool *out_end)
{
    BERTH_TRY(berth_config_next(c, ev));
    *out_end = ev->type != BERTH_YAML_KEY;
    struct berth_yaml_event behind;
    return *out_end && ev->depth == 0 ? berth_config_next(c, &behind) : BERTH_OK;
}

enum berth_status berth_config_skip(struct berth_config_reader *c)
{
    struct berth_yaml_event ev;
    BERTH_TRY(berth_config_next(c, &ev));
    uint8_t depth = ev.depth;
    bool open = ev.type != BERTH_YAML_SCALAR;
    while (open) {
        BERTH_TRY(berth_config_next(c, &ev));
        open = ev.depth > depth;
    }
    return BERTH_OK;
}

enum berth_status berth_config_scalar(struct berth_config_reader *c, struct berth_yaml_event *ev)
{
    BERTH_TRY(berth_config_next(c, ev));
    if (ev->type == BERTH_YAML_SCALAR)
        return BERTH_OK;
    return berth_config_fail(c, BERTH_E_TYPE, ev, "a single value is due here");
}

enum berth_status berth_config_collection(struct berth_config_reader *c, bool mapping, bool *out_none)
{
    struct berth_yaml_event ev;
    BERTH_TRY(berth_config_next(c, &ev));
    *out_none = berth_yaml_is_null(&ev);
    if (*out_none || ev.type == (mapping ? BERTH_YAML_MAPPING_START : BERTH_YAML_SEQUENCE_START))
        return BERTH_OK;
    return berth_config_fail(c, BERTH_E_TYPE, &ev,
                             mapping ? "keys and values are due here" : "a list (- ...) is due here");
}

/* ---- Values ---- */

/* Room in the input's memory, or BERTH_E_SPACE with what is enough for the whole document. */
static enum berth_status no_space(struct berth_config_reader *c, const struct berth_yaml_event *ev)
{
    if (c->input->memory != NULL)
        c->input->memory->len = c->memory_start + BERTH_CONFIG_MEMORY(c->input->document.len);
    return berth_config_fail(c, BERTH_E_SPACE, ev, "the memory for texts is too small");
}

enum berth_status berth_config_text(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                    struct berth_text *out)
{
    if (berth_yaml_is_null(scalar)) {
        *out = berth_text_make(NULL, 0);
        return BERTH_OK;
    }
    *out = scalar->text;
    if (scalar->text.ptr == NULL) {
        struct berth_writer *memory = c->input->memory;
        if (memory == NULL)
            return no_space(c, scalar);
        size_t start = memory->len;
        berth_yaml_put_text(memory, scalar);
        if (berth_writer_status(memory) != BERTH_OK)
            return no_space(c, scalar);
        /* A text that turns out empty is there all the same. */
        *out = memory->len > start ? berth_text_make(memory->buf + start, memory->len - start)
                                   : berth_text_make("", 0);
    }
    if (berth_text_find_byte(*out, '\0') != SIZE_MAX)
        return berth_config_fail(c, BERTH_E_RANGE, scalar, "a NUL character");
    return BERTH_OK;
}

enum berth_status berth_config_number(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                      unsigned scale, int64_t low, int64_t high, int64_t *out)
{
    if (scalar->style != BERTH_YAML_PLAIN)
        return berth_config_fail(c, BERTH_E_TYPE, scalar, "a number is due here, without quotes");
    switch (scalar->text.ptr == NULL ? BERTH_E_SYNTAX : berth_parse_decimal(scalar->text, scale, out)) {
    case BERTH_OK:
        break;
    case BERTH_E_RANGE:
        return berth_config_fail(c, BERTH_E_RANGE, scalar,
                                 scale == 0 ? "not a whole number, or too large"
                                            : "too many digits behind the dot, or too large");
    default:
        return berth_config_fail(c, BERTH_E_TYPE, scalar, "a number is due here: digits, or digits.digits");
    }
    if (*out < low)
        return berth_config_fail(c, BERTH_E_RANGE, scalar, "too small");
    if (*out > high)
        return berth_config_fail(c, BERTH_E_RANGE, scalar, "too large");
    return BERTH_OK;
}

enum berth_status berth_config_user_id(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                       struct berth_text *out)
{
    char id[BERTH_USER_ID_MAX];
    size_t len = 0;
    struct berth_text text;
    BERTH_TRY(berth_config_text(c, scalar, &text));
    enum berth_refusal refusal = berth_booking_user_id(text, id, &len);
    if (refusal != BERTH_REFUSAL_NONE)
        return berth_config_fail(c, BERTH_E_RANGE, scalar, berth_refusal_text(refusal));
    *out = berth_text_trim(text);
    if (len == out->len && memcmp(id, out->ptr, len) == 0)
        return BERTH_OK;
    struct berth_writer *memory = c->input->memory;
    if (memory == NULL)
        return no_space(c, scalar);
    size_t start = memory->len;
    berth_put_bytes(memory, id, len);
    if (berth_writer_status(memory) != BERTH_OK)
        return no_space(c, scalar);
    *out = berth_text_make(memory->buf + start, len);
    return BERTH_OK;
}

/* ---- Fields ---- */

size_t berth_config_find(const struct berth_config_field *fields, size_t count,
                         const struct berth_yaml_event *key)
{
    size_t i = 0;
    while (i < count && !berth_yaml_text_equal(key, berth_text_of(fields[i].key)))
        i++;
    return i;
}

const char *berth_config_bad_path(struct berth_text path, uint8_t kind)
{
    struct berth_text rest = path;
    struct berth_text part;
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.ptr[i] < 0x20 || path.ptr[i] == 0x7F)
            return "a control character in a path";
    if (kind == BERTH_CONFIG_PATH)
        return path.len > 0 && path.ptr[0] == '/' ? NULL : "an absolute path is due here (/...)";
    if (path.len == 0 || path.ptr[0] == '/')
        return "a path below the project's folder is due here, not an absolute one";
    while (berth_text_split(&rest, '/', &part))
        if (berth_text_equal(part, BERTH_TEXT("..")))
            return "a path that climbs out of the project's folder (..)";
    return NULL;
}

static enum berth_status read_bool(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                   bool *out)
{
    *out = berth_yaml_text_equal(scalar, BERTH_TEXT("true"));
    if (scalar->style == BERTH_YAML_PLAIN && (*out || berth_yaml_text_equal(scalar, BERTH_TEXT("false"))))
        return BERTH_OK;
    return berth_config_fail(c, BERTH_E_TYPE, scalar, "true or false is due here");
}

static enum berth_status read_port(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                   uint16_t *out)
{
    int64_t port = 0;
    if (!berth_yaml_is_null(scalar))
        BERTH_TRY(berth_config_number(c, scalar, 0, 1, 65535, &port));
    *out = (uint16_t)port;
    return BERTH_OK;
}

enum berth_status berth_config_value(struct berth_config_reader *c, const struct berth_config_field *field,
                                     void *out)
{
    struct berth_yaml_event ev;
    struct berth_text text;
    unsigned char *member = (unsigned char *)out + field->offset;
    c->field = field->path;
    BERTH_TRY(berth_config_scalar(c, &ev));
    if (field->required && berth_yaml_is_null(&ev))
        return berth_config_fail(c, BERTH_E_MISSING, &ev, "a value is due here");
    if (field->kind == BERTH_CONFIG_PORT)
        return read_port(c, &ev, (uint16_t *)(void *)member);
    if (field->kind == BERTH_CONFIG_BOOL)
        return read_bool(c, &ev, (bool *)member);
    BERTH_TRY(berth_config_text(c, &ev, &text));
    const char *reason = field->kind == BERTH_CONFIG_TEXT || text.ptr == NULL
                             ? NULL
                             : berth_config_bad_path(text, field->kind);
    if (reason != NULL)
        return berth_config_fail(c, BERTH_E_RANGE, &ev, reason);
    memcpy(member, &text, sizeof text);
    return BERTH_OK;
}
