/* Field tables: JSON out of structs. */
#include "berth/json.h"

#include <string.h>

/* One shape that is being written. */
struct frame {
    const struct berth_shape *shape;
    const char *in;
    uint32_t present;
    unsigned next;
};

static void put_enum(const struct berth_field *field, const struct berth_enum *value,
                     struct berth_json_writer *w)
{
    bool as_text = (field->flags & BERTH_FIELD_AS_TEXT) != 0;
    if (!as_text && value->value != BERTH_ENUM_UNKNOWN) {
        berth_json_put_i64(w, value->value);
        return;
    }
    for (size_t i = 0; i < field->name_count; i++)
        if (as_text && field->names[i].value == value->value) {
            berth_json_put_text(w, field->names[i].name);
            return;
        }
    if (value->text.ptr != NULL)
        berth_json_put_text(w, value->text);
    else if (w->status == BERTH_OK)
        w->status = BERTH_E_RANGE;
}

static void put_list(const struct berth_json_list *list, const char *empty, struct berth_json_writer *w)
{
    berth_json_put_raw(w, list->ptr == NULL ? berth_text_of(empty) : berth_text_make(list->ptr, list->len));
}

static void put_value(const struct berth_field *field, const void *in, struct berth_json_writer *w)
{
    switch (field->type) {
    case BERTH_FIELD_TEXT:
        berth_json_put_text(w, *(const struct berth_text *)in);
        break;
    case BERTH_FIELD_BOOL:
        berth_json_put_bool(w, *(const bool *)in);
        break;
    case BERTH_FIELD_I32:
        berth_json_put_i64(w, *(const int32_t *)in);
        break;
    case BERTH_FIELD_I64:
        berth_json_put_i64(w, *(const int64_t *)in);
        break;
    case BERTH_FIELD_U64:
        berth_json_put_u64(w, *(const uint64_t *)in);
        break;
    case BERTH_FIELD_DOUBLE:
        berth_json_put_double(w, *(const double *)in);
        break;
    case BERTH_FIELD_TIME:
        berth_json_put_time(w, *(const struct berth_time *)in);
        break;
    case BERTH_FIELD_GUID:
        berth_json_put_guid(w, in);
        break;
    case BERTH_FIELD_ENUM:
        put_enum(field, in, w);
        break;
    case BERTH_FIELD_LIST:
        put_list(in, "[]", w);
        break;
    case BERTH_FIELD_MAP:
        put_list(in, "{}", w);
        break;
    case BERTH_FIELD_RAW:
        berth_json_put_raw(w, *(const struct berth_text *)in);
        break;
    default:
        if (w->status == BERTH_OK)
            w->status = BERTH_E_ARGUMENT;
    }
}

static void enter(struct frame *frame, const struct berth_shape *shape, const char *in,
                  struct berth_json_writer *w)
{
    frame->shape = shape;
    frame->in = in;
    frame->next = 0;
    memcpy(&frame->present, in + shape->present_offset, sizeof frame->present);
    berth_json_begin_object(w);
}

void berth_fields_encode(const struct berth_shape *shape, const void *in, struct berth_json_writer *w)
{
    struct frame frames[BERTH_FIELDS_DEPTH_MAX];
    unsigned depth = 1;
    enter(&frames[0], shape, in, w);
    while (depth > 0 && w->status == BERTH_OK) {
        struct frame *frame = &frames[depth - 1];
        if (frame->next == frame->shape->field_count) {
            berth_json_end_object(w);
            depth--;
            continue;
        }
        unsigned i = frame->next++;
        const struct berth_field *field = &frame->shape->fields[i];
        if ((frame->present >> i & 1) == 0)
            continue;
        berth_json_put_name(w, field->name);
        if (field->type != BERTH_FIELD_OBJECT)
            put_value(field, frame->in + field->offset, w);
        else if (depth < BERTH_FIELDS_DEPTH_MAX)
            enter(&frames[depth++], field->shape, frame->in + field->offset, w);
        else
            w->status = BERTH_E_ARGUMENT;
    }
}
