/* pipeline.yml to the JSON that add_steps takes (wire 4.4): the YAML becomes JSON, the JSON is checked and
 * written anew, and a problem is then looked up in the YAML, for its line. */
#include "platform/mlcycle.h"

#include <string.h>

/* ---- Where in the YAML ------------------------------------------------------------------------ */

struct finder {
    struct berth_yaml_reader reader;
    struct berth_yaml_event at; /* the last event that was on the way */
};

/* In the mapping whose start was read: the value of NAME. */
static bool find_member(struct finder *f, struct berth_text name)
{
    struct berth_yaml_event key;
    if (f->at.type != BERTH_YAML_MAPPING_START)
        return false;
    while (berth_yaml_next(&f->reader, &key) == BERTH_OK && key.type == BERTH_YAML_KEY) {
        if (berth_yaml_text_equal(&key, name)) {
            f->at = key;
            struct berth_yaml_event value;
            if (berth_yaml_next(&f->reader, &value) != BERTH_OK)
                return false;
            if (value.type != BERTH_YAML_SCALAR || value.end > value.start)
                f->at = value;
            return true;
        }
        if (berth_yaml_skip(&f->reader, &key, NULL) != BERTH_OK)
            return false;
    }
    return false;
}

/* In the sequence whose start was read: element INDEX. */
static bool find_element(struct finder *f, size_t index)
{
    struct berth_yaml_event element;
    if (f->at.type != BERTH_YAML_SEQUENCE_START)
        return false;
    for (;; index--) {
        if (berth_yaml_next(&f->reader, &element) != BERTH_OK || element.type == BERTH_YAML_SEQUENCE_END)
            return false;
        if (index == 0)
            break;
        if (berth_yaml_skip(&f->reader, &element, NULL) != BERTH_OK)
            return false;
    }
    f->at = element;
    return true;
}

/* The line and column of PLACE, or of what encloses it as far as it is there. */
static void locate(struct berth_text yaml, const struct berth_mlcycle_place *place,
                   struct berth_mlcycle_problem *problem)
{
    struct finder f;
    if (problem == NULL || berth_yaml_reader_init(&f.reader, yaml, NULL, 0) != BERTH_OK ||
        berth_yaml_next(&f.reader, &f.at) != BERTH_OK || f.at.type == BERTH_YAML_END)
        return;
    bool more =
        find_member(&f, BERTH_TEXT("steps")) && place->index != SIZE_MAX && find_element(&f, place->index);
    for (size_t i = 0; more && i < sizeof place->path / sizeof place->path[0]; i++)
        more = place->path[i].ptr != NULL && find_member(&f, place->path[i]);
    problem->line = f.at.line;
    problem->column = f.at.column;
}

/* ---- Converting ------------------------------------------------------------------------------- */

static enum berth_status say_yaml(const struct berth_yaml_error *error, enum berth_status status,
                                  struct berth_mlcycle_problem *out_problem)
{
    if (status == BERTH_E_SPACE)
        return berth_mlcycle_say(out_problem, NULL, "the steps do not fit the memory for them", status);
    berth_mlcycle_say(out_problem, NULL, error->reason != NULL ? error->reason : "not YAML", status);
    if (out_problem != NULL) {
        out_problem->line = error->line;
        out_problem->column = error->column;
    }
    return status;
}

/* The document's `steps`, an array, or what is wrong. */
static enum berth_status find_steps(char *json, size_t len, struct berth_json_list *out_steps,
                                    struct berth_mlcycle_problem *out_problem)
{
    struct berth_json_list document = {json, len, 0};
    struct berth_json_list item;
    struct berth_text name;
    if (len == 4 && memcmp(json, "null", 4) == 0)
        return berth_mlcycle_say(out_problem, NULL, "the file is empty: it needs a list 'steps'",
                                 BERTH_E_MISSING);
    if (json[0] != '{')
        return berth_mlcycle_say(out_problem, NULL, "the file must be a mapping with a list 'steps'",
                                 BERTH_E_TYPE);
    enum berth_status status = berth_json_list_next(&document, &name, &item);
    while (status == BERTH_OK && !berth_text_equal(name, BERTH_TEXT("steps")))
        status = berth_json_list_next(&document, &name, &item);
    if (status != BERTH_OK || item.ptr[0] == 'n')
        return berth_mlcycle_say(out_problem, NULL,
                                 status == BERTH_OK ? "'steps' is empty" : "there is no list 'steps'",
                                 BERTH_E_MISSING);
    if (item.ptr[0] != '[')
        return berth_mlcycle_say(out_problem, NULL, "'steps' must be a list", BERTH_E_TYPE);
    *out_steps = item;
    return BERTH_OK;
}

enum berth_status berth_mlcycle_pipeline_to_steps(struct berth_text yaml, char *buf, size_t cap,
                                                  struct berth_text *out_steps_json, size_t *out_needed,
                                                  struct berth_mlcycle_problem *out_problem)
{
    const struct berth_yaml_options options = {.types = BERTH_YAML_ALL_TEXT};
    struct berth_mlcycle_place place = {.index = SIZE_MAX};
    struct berth_yaml_error error = {0};
    struct berth_json_list steps = {0};
    struct berth_writer w;
    size_t unused;
    if (out_needed == NULL)
        out_needed = &unused;
    berth_writer_init(&w, buf, cap);
    enum berth_status status = berth_yaml_to_json(yaml, &options, &w, &error);
    size_t len = w.len;
    *out_needed = len <= (SIZE_MAX - 2) / 2 ? 2 * len + 2 : SIZE_MAX; /* it is written beside itself */
    if (status != BERTH_OK)
        return say_yaml(&error, status, out_problem);
    char *json = memmove(buf + (cap - len), buf, len);
    status = find_steps(json, len, &steps, out_problem);
    if (status == BERTH_OK) {
        berth_writer_init(&w, buf, cap);
        status = berth_mlcycle_rewrite_steps(steps.ptr, steps.len, &w, true, &place, out_problem);
    }
    if (status == BERTH_OK)
        *out_steps_json = berth_writer_text(&w);
    else if (status != BERTH_E_SPACE)
        locate(yaml, &place, out_problem);
    return status;
}
