/* What is checked before anything is sent: metrics, property maps, steps (wire 1.2, 2.7, 4.4). */
#include "platform/mlcycle.h"

#include <string.h>

#include "data/json_scan.h"
#include "data/json_text.h"
#include "platform/line.h"

bool berth_mlcycle_is_blank(struct berth_text text)
{
    return berth_text_trim(text).len == 0;
}

/* ---- Problems --------------------------------------------------------------------------------- */

static void begin_problem(struct berth_writer *w, struct berth_mlcycle_problem *problem)
{
    memset(problem, 0, sizeof *problem);
    berth_writer_init(w, problem->text, sizeof problem->text);
}

enum berth_status berth_mlcycle_say(struct berth_mlcycle_problem *out_problem,
                                    const struct berth_mlcycle_place *place, const char *what,
                                    enum berth_status status)
{
    struct berth_writer w;
    if (out_problem == NULL)
        return status;
    begin_problem(&w, out_problem);
    if (place != NULL && place->index != SIZE_MAX) {
        berth_put_line_string(&w, "steps[");
        berth_put_line_u64(&w, place->index);
        berth_put_line_string(&w, "]");
        for (size_t i = 0; i < sizeof place->path / sizeof place->path[0] && place->path[i].ptr != NULL;
             i++) {
            berth_put_line_string(&w, ".");
            berth_put_line(&w, place->path[i]);
        }
        berth_put_line_string(&w, ": ");
    }
    berth_put_line_string(&w, what);
    return status;
}

/* ---- Maps of scalars -------------------------------------------------------------------------- */

/* What is wrong with a map, and where. */
struct map_fault {
    const char *what;
    struct berth_text key; /* as it stands in the JSON; absent: the map itself */
    uint64_t offset;
    enum berth_status status;
};

/* Why the server's database would refuse this member name (inside of a JSON string), or NULL. */
static const char *key_fault(struct berth_text raw)
{
    const char *p = raw.ptr;
    const char *end = raw.ptr + raw.len;
    bool first = true;
    if (raw.len == 0)
        return "a name must not be empty";
    for (; p != end; first = false) {
        char bytes[BERTH_UTF8_MAX] = {*p};
        size_t len = 1;
        size_t used = 1;
        if (*p == '\\' && berth_json_escape(p, end, bytes, &len, &used) != BERTH_OK)
            return "a name that is no text (a lone surrogate)";
        if (first && bytes[0] == '$')
            return "a name must not begin with '$'";
        if (bytes[0] == '.')
            return "a name must not hold a '.'";
        if (bytes[0] == '\0')
            return "a name must not hold a NUL";
        p += used;
    }
    return NULL;
}

static const char *number_fault(struct berth_text number)
{
    int64_t whole;
    double value;
    bool is_whole = berth_text_find_byte(number, '.') == SIZE_MAX &&
                    berth_text_find_byte(number, 'e') == SIZE_MAX &&
                    berth_text_find_byte(number, 'E') == SIZE_MAX;
    if (is_whole)
        return berth_parse_i64(number, &whole) == BERTH_OK ? NULL : "a whole number beyond 64 bits";
    return berth_parse_double(number, &value) == BERTH_OK ? NULL : "a number beyond the range of a double";
}

static bool is_number(char c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

/* The reading of one map. */
struct map_reader {
    const char *begin;
    struct berth_text key;
    const char *name;  /* where the member name under way begins */
    const char *value; /* where the member's value begins, a number; or NULL */
    size_t members;
    struct map_fault *fault;
};

static bool at_fault(struct map_reader *r, const char *what, const char *where, enum berth_status status)
{
    if (what == NULL)
        return false;
    r->fault->what = what;
    r->fault->key = r->key;
    r->fault->offset = (uint64_t)(where - r->begin);
    r->fault->status = status;
    return true;
}

/* One event of the scan; true when something is wrong. */
static bool map_event(struct map_reader *r, const struct berth_json_scan *s, const char *p)
{
    switch (s->event) {
    case BERTH_JSON_EVENT_ERROR:
        return at_fault(r, s->reason, p, s->status);
    case BERTH_JSON_EVENT_VALUE:
        r->value = is_number(*p) ? p : NULL;
        return at_fault(
            r, *p == '{' || *p == '[' ? "nested values make the whole job unreadable on the server" : NULL, p,
            BERTH_E_TYPE);
    case BERTH_JSON_EVENT_NAME:
        r->name = p;
        return false;
    case BERTH_JSON_EVENT_NAME_END:
        r->key = berth_text_make(r->name, (size_t)(p - 1 - r->name));
        r->members++;
        return at_fault(r, key_fault(r->key), r->name, BERTH_E_ARGUMENT);
    case BERTH_JSON_EVENT_END: {
        const char *number = r->value;
        r->value = NULL;
        return number != NULL && at_fault(r, number_fault(berth_text_make(number, (size_t)(p - number))),
                                          number, BERTH_E_RANGE);
    }
    default:
        return false;
    }
}

/* Whether JSON is an object of scalars under names that the server's database takes. */
static enum berth_status check_map(struct berth_text json, size_t *out_members, struct map_fault *out_fault)
{
    struct map_reader r = {.begin = json.ptr, .fault = out_fault};
    struct berth_json_scan s;
    const char *p = json.ptr;
    const char *end = json.ptr + json.len;
    struct berth_text trimmed = berth_text_trim(json);
    memset(out_fault, 0, sizeof *out_fault);
    if (trimmed.len > 0 && trimmed.ptr[0] != '{') {
        at_fault(&r, "an object is due", trimmed.ptr, BERTH_E_TYPE);
        return BERTH_E_TYPE;
    }
    berth_json_scan_init(&s, 1, 0);
    while (p != end) {
        p = berth_json_scan(&s, p, end);
        if (map_event(&r, &s, p))
            return out_fault->status;
    }
    *out_members = r.members;
    enum berth_status status = berth_json_scan_end(&s);
    at_fault(&r, s.reason, p, status);
    return status;
}

enum berth_status berth_mlcycle_check_metrics_json(struct berth_text json,
                                                   struct berth_mlcycle_problem *out_problem)
{
    struct map_fault fault;
    struct berth_writer w;
    size_t members = 0;
    enum berth_status status = check_map(json, &members, &fault);
    if (status == BERTH_OK && members == 0) {
        fault.what = "there are no metrics";
        status = BERTH_E_MISSING;
    }
    if (status == BERTH_OK || out_problem == NULL)
        return status;
    begin_problem(&w, out_problem);
    out_problem->offset = fault.offset;
    if (fault.key.ptr != NULL) {
        berth_put_line_string(&w, "metric \"");
        berth_put_line(&w, berth_text_slice(fault.key, 0, 60));
        berth_put_line_string(&w, "\": ");
    }
    berth_put_line_string(&w, fault.what);
    return status;
}

/* ---- Steps ------------------------------------------------------------------------------------ */

static const struct berth_text docker_member = BERTH_TEXT_INIT("docker");
static const struct berth_text build_member = BERTH_TEXT_INIT("buildConfiguration");

static void set_path(struct berth_mlcycle_place *place, struct berth_text a, struct berth_text b,
                     struct berth_text c)
{
    place->path[0] = a;
    place->path[1] = b;
    place->path[2] = c;
}

static enum berth_status check_properties(const struct berth_json_list *map,
                                          struct berth_mlcycle_place *place,
                                          struct berth_mlcycle_problem *out_problem)
{
    struct map_fault fault;
    size_t members = 0;
    enum berth_status status =
        map->ptr == NULL ? BERTH_OK : check_map(berth_text_make(map->ptr, map->len), &members, &fault);
    return status == BERTH_OK ? status : berth_mlcycle_say(out_problem, place, fault.what, status);
}

/* What a step needs so that a worker can run it. */
static enum berth_status check_step(const struct berth_mlcycle_step_input *step,
                                    struct berth_mlcycle_place *place,
                                    struct berth_mlcycle_problem *out_problem)
{
    static const struct berth_text none = {NULL, 0};
    const struct berth_mlcycle_docker *docker = &step->docker;
    const struct berth_mlcycle_build *build = &docker->build;
    set_path(place, BERTH_TEXT("name"), none, none);
    if (berth_mlcycle_is_blank(step->name))
        return berth_mlcycle_say(out_problem, place, "a step needs a name", BERTH_E_MISSING);
    set_path(place, docker_member, none, none);
    if ((step->present & BERTH_MLCYCLE_STEP_INPUT_HAS_DOCKER) == 0)
        return berth_mlcycle_say(out_problem, place, "a step needs its docker configuration",
                                 BERTH_E_MISSING);
    bool builds = (docker->present & BERTH_MLCYCLE_DOCKER_HAS_BUILD) != 0 || build->dockerfile.len > 0 ||
                  build->context.len > 0;
    if (berth_mlcycle_is_blank(docker->image) && !builds)
        return berth_mlcycle_say(out_problem, place, "an image or a buildConfiguration is needed",
                                 BERTH_E_MISSING);
    set_path(place, docker_member, build_member, BERTH_TEXT("dockerfile"));
    if (berth_mlcycle_is_blank(docker->image) && berth_mlcycle_is_blank(build->dockerfile))
        return berth_mlcycle_say(out_problem, place, "the name of the dockerfile is needed", BERTH_E_MISSING);
    set_path(place, docker_member, build_member, BERTH_TEXT("properties"));
    BERTH_TRY(check_properties(&build->properties, place, out_problem));
    set_path(place, docker_member, BERTH_TEXT("properties"), none);
    return check_properties(&docker->properties, place, out_problem);
}

static uint32_t bit_if(bool there, uint32_t bit)
{
    return there ? bit : 0;
}

/* The presence bits by what there is: an empty image counts as absent. */
static void set_present(struct berth_mlcycle_step_input *step)
{
    struct berth_mlcycle_docker *docker = &step->docker;
    struct berth_mlcycle_build *build = &docker->build;
    build->present = bit_if(build->context.len > 0, BERTH_MLCYCLE_BUILD_HAS_CONTEXT) |
                     bit_if(build->dockerfile.len > 0, BERTH_MLCYCLE_BUILD_HAS_DOCKERFILE) |
                     bit_if(build->properties.ptr != NULL, BERTH_MLCYCLE_BUILD_HAS_PROPERTIES);
    docker->present = bit_if(!berth_mlcycle_is_blank(docker->image), BERTH_MLCYCLE_DOCKER_HAS_IMAGE) |
                      bit_if(build->present != 0, BERTH_MLCYCLE_DOCKER_HAS_BUILD) |
                      bit_if(docker->command.len > 0, BERTH_MLCYCLE_DOCKER_HAS_COMMAND) |
                      bit_if(docker->properties.ptr != NULL, BERTH_MLCYCLE_DOCKER_HAS_PROPERTIES);
    step->present = BERTH_MLCYCLE_STEP_INPUT_HAS_NAME | BERTH_MLCYCLE_STEP_INPUT_HAS_DOCKER;
}

enum berth_status berth_mlcycle_put_step(struct berth_json_writer *w,
                                         const struct berth_mlcycle_step_input *step,
                                         struct berth_mlcycle_place *inout_place,
                                         struct berth_mlcycle_problem *out_problem)
{
    struct berth_mlcycle_step_input copy = *step;
    BERTH_TRY(check_step(step, inout_place, out_problem));
    set_present(&copy);
    berth_fields_encode(&berth_mlcycle_step_input_shape, &copy, w);
    return BERTH_OK;
}

/* Where in a step a decoder stopped. */
static enum berth_status say_decode_error(const struct berth_decode_error *error, uint64_t base,
                                          struct berth_mlcycle_place *place, enum berth_status status,
                                          struct berth_mlcycle_problem *out_problem)
{
    static const struct berth_text none = {NULL, 0};
    struct berth_text shape = berth_text_of(error->shape);
    bool in_docker = berth_text_equal(shape, BERTH_TEXT(BERTH_MLCYCLE_DOCKER_NAME));
    bool in_build = berth_text_equal(shape, BERTH_TEXT(BERTH_MLCYCLE_BUILD_NAME));
    if (in_build)
        set_path(place, docker_member, build_member, error->member);
    else if (in_docker)
        set_path(place, docker_member, error->member, none);
    else
        set_path(place, error->member, none, none);
    berth_mlcycle_say(out_problem, place, error->at.reason, status);
    if (out_problem != NULL)
        out_problem->offset = base + error->at.offset;
    return status;
}

/* An array, checked as JSON, as a list to walk. */
static enum berth_status open_array(char *json, size_t len, struct berth_json_list *out_list,
                                    struct berth_mlcycle_problem *out_problem)
{
    struct berth_json_error error = {0};
    enum berth_status status = berth_json_check(berth_text_make(json, len), &error);
    if (status != BERTH_OK) {
        berth_mlcycle_say(out_problem, NULL, error.reason, status);
        if (out_problem != NULL)
            out_problem->offset = error.offset;
        return status;
    }
    struct berth_text trimmed = berth_text_trim(berth_text_make(json, len));
    if (trimmed.ptr[0] != '[')
        return berth_mlcycle_say(out_problem, NULL, "an array of steps is due", BERTH_E_TYPE);
    out_list->ptr = json + (trimmed.ptr - json);
    out_list->len = trimmed.len;
    out_list->count = 0;
    return BERTH_OK;
}

static enum berth_status rewrite_step(struct berth_json_list *item, uint64_t base,
                                      struct berth_json_writer *w, struct berth_mlcycle_place *place,
                                      struct berth_mlcycle_problem *out_problem)
{
    struct berth_mlcycle_step_input step;
    struct berth_decode_error error = {0};
    enum berth_status status =
        berth_fields_decode_checked(&berth_mlcycle_step_input_shape, item->ptr, item->len, &step, &error);
    if (status != BERTH_OK)
        return say_decode_error(&error, base, place, status, out_problem);
    status = berth_mlcycle_put_step(w, &step, place, out_problem);
    if (status != BERTH_OK && out_problem != NULL)
        out_problem->offset = base;
    return status;
}

enum berth_status berth_mlcycle_rewrite_steps(char *json, size_t len, struct berth_writer *out, bool shared,
                                              struct berth_mlcycle_place *out_place,
                                              struct berth_mlcycle_problem *out_problem)
{
    static const char no_space[] = "the steps do not fit the memory for them";
    struct berth_writer counter = {0};
    struct berth_writer *to = out != NULL ? out : &counter;
    struct berth_json_writer w;
    struct berth_json_list list = {0};
    struct berth_json_list item = {0};
    enum berth_status status;
    out_place->index = SIZE_MAX;
    BERTH_TRY(open_array(json, len, &list, out_problem));
    berth_json_writer_init(&w, to);
    berth_json_begin_array(&w);
    for (size_t i = 0; (status = berth_json_list_next(&list, NULL, &item)) == BERTH_OK; i++) {
        memset(out_place, 0, sizeof *out_place);
        out_place->index = i;
        if (shared) /* up to what was not read yet */
            to->cap = (size_t)(item.ptr - to->buf);
        BERTH_TRY(rewrite_step(&item, (uint64_t)(item.ptr - json), &w, out_place, out_problem));
        if (out != NULL && berth_writer_status(to) != BERTH_OK)
            return berth_mlcycle_say(out_problem, NULL, no_space, BERTH_E_SPACE);
    }
    if (status != BERTH_E_MISSING)
        return berth_mlcycle_say(out_problem, NULL, "not JSON", status);
    if (shared)
        to->cap = (size_t)(json + len - to->buf);
    berth_json_end_array(&w);
    if (out_place->index == SIZE_MAX)
        return berth_mlcycle_say(out_problem, NULL, "there are no steps", BERTH_E_MISSING);
    status = berth_json_done(&w);
    if (status == BERTH_OK || (status == BERTH_E_SPACE && out == NULL))
        return BERTH_OK;
    out_place->index = SIZE_MAX;
    return berth_mlcycle_say(out_problem, NULL,
                             status == BERTH_E_SPACE ? no_space : "the steps cannot be written as JSON",
                             status);
}

enum berth_status berth_mlcycle_check_steps_json(char *json, size_t len,
                                                 struct berth_mlcycle_problem *out_problem)
{
    struct berth_mlcycle_place place;
    return berth_mlcycle_rewrite_steps(json, len, NULL, false, &place, out_problem);
}
