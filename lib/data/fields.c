/* Field tables: structs out of JSON. Decoding walks the checked text itself, once and without tokens: jsmn's
 * pass alone takes about as long as this whole decoding (make bench: bench_json) and wants memory for its
 * tokens. jsmn serves the cursor. */
#include "data/json_text.h"
#include "data/json_walk.h"

/* One shape that is being read. */
struct frame {
    const struct berth_shape *shape;
    char *out, *begin;
    uint32_t present;
    uint8_t next; /* the field after the one that was found last: the likely next one */
};

struct decoder {
    char *p;
    const char *end;
    const char *at; /* where what is being read begins */
    unsigned depth;
    const char *reason;
    const struct berth_field *field; /* that is being read */
    struct berth_json_list known;    /* a list or map whose end is known, or absent */
    struct frame frames[BERTH_FIELDS_DEPTH_MAX];
};

static enum berth_status fail(struct decoder *d, enum berth_status status, const char *reason)
{
    d->reason = reason;
    return status;
}

static enum berth_status malformed(struct decoder *d)
{
    return fail(d, BERTH_E_SYNTAX, "not JSON");
}

/* A string: *OUT_TEXT is its inside, and *OUT_ESCAPES says whether it has to be unescaped. */
static enum berth_status take_string(struct decoder *d, struct berth_text *out_text, bool *out_escapes)
{
    if (d->p == d->end || *d->p != '"')
        return fail(d, BERTH_E_TYPE, "a text is due");
    char *first = d->p + 1, *last = berth_json_close_quote(first, d->end, out_escapes);
    if (last == d->end)
        return malformed(d);
    d->p = last + 1;
    *out_text = (struct berth_text){first, (size_t)(last - first)};
    return BERTH_OK;
}

static enum berth_status take_text(struct decoder *d, struct berth_text *out_text)
{
    bool escapes;
    char *first = d->p + 1;
    BERTH_TRY(take_string(d, out_text, &escapes));
    if (!escapes)
        return BERTH_OK;
    enum berth_status status = berth_json_unescape_in_place(first, out_text->len, out_text);
    return status == BERTH_OK ? status : fail(d, status, "a text with a lone surrogate");
}

static enum berth_status take_number(struct decoder *d, struct berth_text *out_number)
{
    char *first = d->p;
    if (d->p == d->end || (*d->p != '-' && !berth_json_is_digit(*d->p)))
        return fail(d, BERTH_E_TYPE, "a number is due");
    while (d->p != d->end && (berth_json_is_digit(*d->p) || *d->p == '-' || *d->p == '+' || *d->p == '.' ||
                              *d->p == 'e' || *d->p == 'E'))
        d->p++;
    *out_number = berth_text_make(first, (size_t)(d->p - first));
    return BERTH_OK;
}

static enum berth_status number_status(struct decoder *d, enum berth_status status)
{
    if (status == BERTH_E_TYPE)
        return fail(d, status, "an integer is due");
    if (status == BERTH_E_RANGE)
        return fail(d, status, "the number is out of range");
    return status == BERTH_OK ? status : malformed(d);
}

#define QUICK_DIGITS 18 /* that always fit an int64_t */

static enum berth_status take_i64(struct decoder *d, int64_t *out_value)
{
    struct berth_text number;
    char *p = d->p;
    int64_t value = 0;
    for (; p != d->end && berth_json_is_digit(*p) && p - d->p < QUICK_DIGITS; p++)
        value = value * 10 + (*p - '0');
    if (p != d->p && p != d->end && !berth_json_is_digit(*p) && *p != '.' && (*p | 0x20) != 'e') {
        *out_value = value;
        d->p = p;
        return BERTH_OK;
    }
    BERTH_TRY(take_number(d, &number));
    return number_status(d, berth_json_number_i64(number, out_value));
}

static enum berth_status take_i32(struct decoder *d, int32_t *out_value)
{
    int64_t value = 0;
    BERTH_TRY(take_i64(d, &value));
    if (value < INT32_MIN || value > INT32_MAX)
        return number_status(d, BERTH_E_RANGE);
    *out_value = (int32_t)value;
    return BERTH_OK;
}

static enum berth_status take_u64(struct decoder *d, uint64_t *out_value)
{
    struct berth_text number;
    BERTH_TRY(take_number(d, &number));
    return number_status(d, berth_json_number_u64(number, out_value));
}

static enum berth_status take_double(struct decoder *d, double *out_value)
{
    struct berth_text number;
    BERTH_TRY(take_number(d, &number));
    return number_status(d, berth_parse_double(number, out_value));
}

static enum berth_status take_bool(struct decoder *d, bool *out_value)
{
    size_t left = (size_t)(d->end - d->p);
    if (left >= 4 && memcmp(d->p, "true", 4) == 0) {
        *out_value = true;
        d->p += 4;
    } else if (left >= 5 && memcmp(d->p, "false", 5) == 0) {
        *out_value = false;
        d->p += 5;
    } else {
        return fail(d, BERTH_E_TYPE, "true or false is due");
    }
    return BERTH_OK;
}

/* Whether a text of LEN bytes may stand at d->p: there is a quote where it would end. Saves looking for the
 * end of what nearly always has the same length; escapes or another quote before that are nothing a date or a
 * GUID has. */
static bool may_be_text(const struct decoder *d, size_t len)
{
    return (size_t)(d->end - d->p) > len + 1 && d->p[0] == '"' && d->p[len + 1] == '"';
}

#define GUID_LEN 36
static const uint8_t usual_time_lens[] = {sizeof "2021-03-04T05:06:07.089Z" - 1,
                                          sizeof "2021-03-04T05:06:07Z" - 1};

static enum berth_status take_time(struct decoder *d, struct berth_time *out_time)
{
    struct berth_text text;
    for (size_t i = 0; i < sizeof usual_time_lens; i++) {
        size_t len = usual_time_lens[i];
        if (may_be_text(d, len) &&
            berth_parse_rfc3339((struct berth_text){d->p + 1, len}, out_time) == BERTH_OK) {
            d->p += len + 2;
            return BERTH_OK;
        }
    }
    BERTH_TRY(take_text(d, &text));
    enum berth_status status = berth_parse_rfc3339(text, out_time);
    return status == BERTH_OK ? status : fail(d, status, "a date and time (RFC 3339) is due");
}

static enum berth_status take_guid(struct decoder *d, struct berth_guid *out_guid)
{
    struct berth_text text;
    if (may_be_text(d, GUID_LEN) &&
        berth_guid_parse((struct berth_text){d->p + 1, GUID_LEN}, out_guid) == BERTH_OK) {
        d->p += GUID_LEN + 2;
        return BERTH_OK;
    }
    BERTH_TRY(take_text(d, &text));
    enum berth_status status = berth_guid_parse(text, out_guid);
    return status == BERTH_OK ? status : fail(d, status, "a GUID is due");
}

static enum berth_status take_enum(struct decoder *d, const struct berth_field *field, struct berth_enum *out)
{
    out->text = berth_text_make(NULL, 0);
    if (*d->p != '"' || field->names == NULL)
        return take_i32(d, &out->value);
    BERTH_TRY(take_text(d, &out->text));
    out->value = BERTH_ENUM_UNKNOWN;
    for (size_t i = 0; i < field->name_count; i++)
        if (berth_text_equal(field->names[i].name, out->text))
            out->value = field->names[i].value;
    return BERTH_OK;
}

/* Behind the value at d->p, or NULL when there is none. */
static char *pass_value(const struct decoder *d, size_t *out_count)
{
    if (d->p != d->known.ptr)
        return berth_json_skip(d->p, d->end, out_count);
    *out_count = d->known.count;
    return d->p + d->known.len;
}

static enum berth_status take_list(struct decoder *d, char bracket, struct berth_json_list *out_list)
{
    char *first = d->p;
    if (*first != bracket)
        return fail(d, BERTH_E_TYPE, bracket == '[' ? "an array is due" : "an object is due");
    d->p = pass_value(d, &out_list->count);
    if (d->p == NULL)
        return malformed(d);
    out_list->ptr = first;
    out_list->len = (size_t)(d->p - first);
    return BERTH_OK;
}

static enum berth_status take_raw(struct decoder *d, struct berth_text *out_text)
{
    size_t count;
    char *first = d->p;
    d->p = pass_value(d, &count);
    if (d->p == NULL)
        return malformed(d);
    *out_text = berth_text_make(first, (size_t)(d->p - first));
    return BERTH_OK;
}

/* At the opening brace of an object for SHAPE. */
static enum berth_status enter(struct decoder *d, const struct berth_shape *shape, char *out)
{
    if (d->p == d->end || *d->p != '{')
        return fail(d, BERTH_E_TYPE, "an object is due");
    if (d->depth == BERTH_FIELDS_DEPTH_MAX)
        return fail(d, BERTH_E_ARGUMENT, "shapes are nested too deep");
    struct frame *frame = &d->frames[d->depth++];
    memset(out, 0, shape->size);
    frame->shape = shape;
    frame->out = out;
    frame->begin = d->p++;
    frame->present = 0;
    frame->next = 0;
    return BERTH_OK;
}

/* At the closing brace. */
static enum berth_status leave(struct decoder *d)
{
    const struct frame *frame = &d->frames[d->depth - 1];
    const struct berth_shape *shape = frame->shape;
    for (unsigned i = 0; i < shape->field_count; i++)
        if ((shape->fields[i].flags & BERTH_FIELD_REQUIRED) != 0 && (frame->present >> i & 1) == 0) {
            d->field = &shape->fields[i];
            d->at = frame->begin;
            return fail(d, BERTH_E_MISSING, "a required member is missing");
        }
    memcpy(frame->out + shape->present_offset, &frame->present, sizeof frame->present);
    d->p++;
    d->depth--;
    return BERTH_OK;
}

static enum berth_status take_value(struct decoder *d, const struct berth_field *field, char *frame_out)
{
    void *out = frame_out + field->offset;
    switch (field->type) {
    case BERTH_FIELD_TEXT:
        return take_text(d, out);
    case BERTH_FIELD_BOOL:
        return take_bool(d, out);
    case BERTH_FIELD_I32:
        return take_i32(d, out);
    case BERTH_FIELD_I64:
        return take_i64(d, out);
    case BERTH_FIELD_U64:
        return take_u64(d, out);
    case BERTH_FIELD_DOUBLE:
        return take_double(d, out);
    case BERTH_FIELD_TIME:
        return take_time(d, out);
    case BERTH_FIELD_GUID:
        return take_guid(d, out);
    case BERTH_FIELD_ENUM:
        return take_enum(d, field, out);
    case BERTH_FIELD_OBJECT:
        return enter(d, field->shape, out);
    case BERTH_FIELD_LIST:
        return take_list(d, '[', out);
    case BERTH_FIELD_MAP:
        return take_list(d, '{', out);
    case BERTH_FIELD_RAW:
        return take_raw(d, out);
    default:
        return fail(d, BERTH_E_ARGUMENT, "unknown field type in the table");
    }
}

/* Whether the text whose inside begins at P is NAME, which has nothing that needs an escape. */
static bool is_plain_name(const char *p, const char *end, struct berth_text name)
{
    return (size_t)(end - p) > name.len && p[name.len] == '"' && berth_json_same(p, name.ptr, name.len);
}

/* Passes a member's name at d->p; its field in *OUT_FIELD, or NULL. The likely one is tried first. */
static enum berth_status take_name(struct decoder *d, struct frame *frame,
                                   const struct berth_field **out_field)
{
    const struct berth_field *fields = frame->shape->fields;
    unsigned count = frame->shape->field_count, i = frame->next;
    struct berth_text name;
    bool escapes;
    *out_field = NULL;
    if (i < count && *d->p == '"' && is_plain_name(d->p + 1, d->end, fields[i].name)) {
        d->p += fields[i].name.len + 2;
        *out_field = &fields[i];
        frame->next = (uint8_t)(i + 1);
        return BERTH_OK;
    }
    BERTH_TRY(take_string(d, &name, &escapes));
    for (unsigned tried = 0; tried < count; tried++, i++) {
        i = i >= count ? 0 : i; /* what is not next most likely comes soon after it */
        struct berth_text due = fields[i].name;
        if (escapes ? berth_json_raw_equal(name, due)
                    : due.len == name.len && berth_json_same(due.ptr, name.ptr, due.len)) {
            *out_field = &fields[i];
            frame->next = (uint8_t)(i + 1);
            break;
        }
    }
    return BERTH_OK;
}

/* A member of the innermost shape: its name, the colon, and its value. */
static enum berth_status take_member(struct decoder *d)
{
    struct frame *frame = &d->frames[d->depth - 1];
    const struct berth_field *field;
    size_t count;
    if (d->p == d->end)
        return malformed(d);
    BERTH_TRY(take_name(d, frame, &field));
    d->p = berth_json_skip_space(d->p, d->end);
    if (d->p == d->end || *d->p != ':')
        return malformed(d);
    d->p = berth_json_skip_space(d->p + 1, d->end);
    if (d->p == d->end)
        return malformed(d);
    if (field == NULL) {
        char *after = pass_value(d, &count);
        if (after == NULL)
            return malformed(d);
        d->p = after;
        return BERTH_OK;
    }
    d->field = field;
    d->at = d->p;
    uint32_t bit = UINT32_C(1) << (field - frame->shape->fields);
    if (*d->p == 'n' && d->end - d->p >= 4) {
        frame->present &= ~bit;
        d->p += 4;
        return BERTH_OK;
    }
    frame->present |= bit;
    return take_value(d, field, frame->out);
}

/* The value at d->p, which is then behind it. */
static enum berth_status decode(struct decoder *d, const struct berth_shape *shape, void *out)
{
    BERTH_TRY(enter(d, shape, out));
    bool first = true; /* the innermost object's first member */
    while (d->depth > 0) {
        unsigned depth = d->depth;
        d->field = NULL;
        d->p = berth_json_skip_space(d->p, d->end);
        d->at = d->p;
        if (d->p != d->end && *d->p == '}') {
            BERTH_TRY(leave(d));
            first = false;
            continue;
        }
        if (!first && d->p != d->end && *d->p == ',')
            d->p = berth_json_skip_space(d->p + 1, d->end);
        else if (!first)
            return malformed(d);
        BERTH_TRY(take_member(d));
        first = d->depth > depth;
    }
    return BERTH_OK;
}

/* Decodes at FIRST; *OUT_AFTER is behind the value on success. KNOWN may be NULL. */
static enum berth_status decode_at(const struct berth_shape *shape, char *first, const char *end,
                                   const struct berth_json_list *known, void *out, char **out_after,
                                   struct berth_decode_error *out_error)
{
    struct decoder d;
    d.p = first;
    d.at = first;
    d.end = end;
    d.depth = 0;
    d.reason = NULL;
    d.field = NULL;
    d.known = known != NULL ? *known : (struct berth_json_list){NULL, 0, 0};
    d.p = berth_json_skip_space(first, end);
    enum berth_status status = decode(&d, shape, out);
    if (status == BERTH_OK) {
        *out_after = d.p;
    } else if (out_error != NULL) {
        out_error->at.offset = (uint64_t)(d.at - first);
        out_error->at.reason = d.reason;
        out_error->member = d.field == NULL ? berth_text_make(NULL, 0) : d.field->name;
        out_error->shape = d.depth == 0 ? shape->name : d.frames[d.depth - 1].shape->name;
    }
    return status;
}

enum berth_status berth_fields_decode_checked(const struct berth_shape *shape, char *json, size_t len,
                                              void *out, struct berth_decode_error *out_error)
{
    char *after;
    return decode_at(shape, json, json + len, NULL, out, &after, out_error);
}

enum berth_status berth_json_element_decode(const struct berth_json_element *element,
                                            const struct berth_shape *shape, void *out,
                                            struct berth_decode_error *out_error)
{
    char *after;
    if (element->json == NULL) {
        if (out_error != NULL)
            memset(out_error, 0, sizeof *out_error);
        return BERTH_E_SPACE;
    }
    return decode_at(shape, element->json, element->json + element->len, &element->longest, out, &after,
                     out_error);
}

enum berth_status berth_fields_decode(const struct berth_shape *shape, char *json, size_t len, void *out,
                                      struct berth_decode_error *out_error)
{
    struct berth_json_error error = {0, NULL};
    enum berth_status status = berth_json_check(berth_text_make(json, len), &error);
    if (status == BERTH_OK)
        return berth_fields_decode_checked(shape, json, len, out, out_error);
    if (out_error != NULL) {
        memset(out_error, 0, sizeof *out_error);
        out_error->at = error;
        out_error->shape = shape->name;
    }
    return status;
}

/* ---- Lists and maps --------------------------------------------------------------------------- */

static void shrink(struct berth_json_list *list, char *to)
{
    list->len -= (size_t)(to - list->ptr);
    list->ptr = to;
}

static enum berth_status list_broken(struct berth_json_list *list, enum berth_status status)
{
    memset(list, 0, sizeof *list);
    return status;
}

/* Goes to the next item's value; the list is at its opening bracket, a comma or its closing bracket. */
static enum berth_status list_advance(struct berth_json_list *list, struct berth_text *out_name)
{
    *out_name = berth_text_make(NULL, 0);
    if (list->len == 0)
        return BERTH_E_MISSING;
    const char *end = list->ptr + list->len;
    char *p = list->ptr;
    p = berth_json_skip_space(p + (*p == '[' || *p == '{' || *p == ','), end);
    if (p == end || *p == ']' || *p == '}')
        return list_broken(list, p == end ? BERTH_E_SYNTAX : BERTH_E_MISSING);
    shrink(list, p);
    bool escapes;
    char *close = *p == '"' ? berth_json_close_quote(p + 1, end, &escapes) : NULL;
    if (close == NULL || close == end)
        return close == NULL ? BERTH_OK : list_broken(list, BERTH_E_SYNTAX);
    char *colon = berth_json_skip_space(close + 1, end);
    if (colon == end || *colon != ':')
        return BERTH_OK;
    *out_name = berth_text_make(p + 1, (size_t)(close - (p + 1)));
    if (escapes) {
        enum berth_status status = berth_json_unescape_in_place(p + 1, out_name->len, out_name);
        if (status != BERTH_OK)
            return list_broken(list, status);
    }
    shrink(list, berth_json_skip_space(colon + 1, end));
    return list->len == 0 ? list_broken(list, BERTH_E_SYNTAX) : BERTH_OK;
}

/* The item ends at AFTER. */
static void list_pass(struct berth_json_list *list, char *after)
{
    shrink(list, berth_json_skip_space(after, list->ptr + list->len));
    list->count -= list->count > 0;
}

enum berth_status berth_json_list_next(struct berth_json_list *list, struct berth_text *out_name,
                                       struct berth_json_list *out_item)
{
    struct berth_text name;
    BERTH_TRY(list_advance(list, &name));
    char *first = list->ptr, *after = berth_json_skip(first, first + list->len, &out_item->count);
    if (after == NULL)
        return list_broken(list, BERTH_E_SYNTAX);
    out_item->ptr = first;
    out_item->len = (size_t)(after - first);
    if (out_name != NULL)
        *out_name = name;
    list_pass(list, after);
    return BERTH_OK;
}

enum berth_status berth_json_list_decode(struct berth_json_list *list, const struct berth_shape *shape,
                                         void *out, struct berth_decode_error *out_error)
{
    struct berth_text name;
    enum berth_status status = list_advance(list, &name);
    char *after;
    if (status == BERTH_OK)
        status = decode_at(shape, list->ptr, list->ptr + list->len, NULL, out, &after, out_error);
    else if (out_error != NULL)
        memset(out_error, 0, sizeof *out_error);
    if (status != BERTH_OK)
        return list_broken(list, status);
    list_pass(list, after);
    return BERTH_OK;
}
