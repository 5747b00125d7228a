/* How a platform's field tables are written: one row a member. */
#ifndef BERTH_PLATFORM_SHAPE_H
#define BERTH_PLATFORM_SHAPE_H

#include <stddef.h>

#include "berth/json.h"

/* KIND: TEXT, I64 ... of enum berth_field_type; FLAGS: BERTH_FIELD_REQUIRED ... or 0. */
#define BERTH_ROW(struct_name, member, wire, kind, row_flags)                                                \
    {                                                                                                        \
        .name = BERTH_TEXT_INIT(wire), .type = BERTH_FIELD_##kind, .flags = (row_flags),                     \
        .offset = offsetof(struct struct_name, member)                                                       \
    }
#define BERTH_ROW_OBJECT(struct_name, member, wire, the_shape, row_flags)                                    \
    {                                                                                                        \
        .name = BERTH_TEXT_INIT(wire), .type = BERTH_FIELD_OBJECT, .flags = (row_flags),                     \
        .shape = &(the_shape), .offset = offsetof(struct struct_name, member)                                \
    }
#define BERTH_SHAPE(label, struct_name, table)                                                               \
    {                                                                                                        \
        .name = (label), .fields = (table), .field_count = (uint8_t)(sizeof(table) / sizeof(table)[0]),      \
        .size = sizeof(struct struct_name), .present_offset = offsetof(struct struct_name, present)          \
    }

#endif
