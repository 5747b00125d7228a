/* The files of booking as events: the YAML reader held to the subset that all their programs share (wire page
 * 1.1), typed by field. For every configuration file and for backup.yaml. */
#ifndef BERTH_BOOKING_CONFIG_PRIVATE_H
#define BERTH_BOOKING_CONFIG_PRIVATE_H

#include "berth/booking_config.h"

/* Collections inside one another. */
#define BERTH_CONFIG_DEPTH 4

struct berth_config_reader {
    struct berth_yaml_reader yaml;
    const struct berth_config_input *input;
    size_t memory_start; /* length of input->memory before */
    const char *field;   /* what is being read, for notes: static */
};

/* Begins to read the document of INPUT, which lives as long as C. BERTH_E_SYNTAX for a marker ("---", "..."),
 * a tab in indentation and what berth_yaml_reader_init() refuses. */
enum berth_status berth_config_open(struct berth_config_reader *c,
                                    const struct berth_config_input *input) BERTH_MUST_CHECK;
/* The next event. BERTH_E_SYNTAX also for block text, a collection in brackets that is not empty, an empty
 * line inside a text; BERTH_E_DEPTH. */
enum berth_status berth_config_next(struct berth_config_reader *c, struct berth_yaml_event *ev);
/* The document's top mapping: *out_empty for a document of nothing but comments, which is one without keys.
 */
enum berth_status berth_config_top(struct berth_config_reader *c, bool *out_empty);
/* The next key of the innermost mapping into EV; a mapping's end is *out_end. Behind the top one nothing may
 * follow but comments. */
enum berth_status berth_config_key(struct berth_config_reader *c, struct berth_yaml_event *ev, bool *out_end);
/* Passes the value of the key that was read last. */
enum berth_status berth_config_skip(struct berth_config_reader *c);

/* One kind of value. */
enum berth_config_kind {
    BERTH_CONFIG_TEXT,   /* struct berth_text; absent when null */
    BERTH_CONFIG_PATH,   /* the same, an absolute path */
    BERTH_CONFIG_FILE,   /* the same, a path below a folder: neither absolute nor climbing */
    BERTH_CONFIG_PORT,   /* uint16_t, 0 when null, else 1 to 65535 */
    BERTH_CONFIG_BOOL,   /* bool: true or false, plain */
    BERTH_CONFIG_OPENED, /* read by the caller */
};

struct berth_config_field {
    const char *key;
    const char *path; /* for notes */
    uint16_t offset;  /* in the struct */
    uint8_t kind;     /* enum berth_config_kind */
    bool required;    /* neither missing nor null */
};

/* Reads the value of the key that was read last into the member at OUT that FIELD describes. */
enum berth_status berth_config_value(struct berth_config_reader *c, const struct berth_config_field *field,
                                     void *out);
/* Why PATH is none of KIND (BERTH_CONFIG_PATH, BERTH_CONFIG_FILE), or NULL. */
const char *berth_config_bad_path(struct berth_text path, uint8_t kind);
/* The field of that key in a table; COUNT when there is none. */
size_t berth_config_find(const struct berth_config_field *fields, size_t count,
                         const struct berth_yaml_event *key);

/* A scalar's characters, in the document or copied into the input's memory. Absent for null. */
enum berth_status berth_config_text(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                    struct berth_text *out);
/* "[+-]?digits[.digits]" without quotes, times 10^SCALE, from LOW to HIGH. */
enum berth_status berth_config_number(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                      unsigned scale, int64_t low, int64_t high, int64_t *out);
/* A user id in lower case, copied when it has to be; judged by berth_booking_user_id()'s rules. */
enum berth_status berth_config_user_id(struct berth_config_reader *c, const struct berth_yaml_event *scalar,
                                       struct berth_text *out);

/* Fills in the note, with EV's place (NULL: the file as a whole) and the field that is being read. Returns
 * STATUS. */
enum berth_status berth_config_fail(struct berth_config_reader *c, enum berth_status status,
                                    const struct berth_yaml_event *ev, const char *reason);
void berth_config_warn(struct berth_config_reader *c, const struct berth_yaml_event *ev, const char *reason);
/* A scalar is due; anything else is BERTH_E_TYPE. */
enum berth_status berth_config_scalar(struct berth_config_reader *c, struct berth_yaml_event *ev);
/* Whether the mapping or sequence that is due is there: *out_none for null. */
enum berth_status berth_config_collection(struct berth_config_reader *c, bool mapping, bool *out_none);

#endif
