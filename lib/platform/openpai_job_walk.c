/* OpenPAI job documents held against the tables of rules, value by value. */
#include "platform/openpai_job.h"

#include "platform/line.h"

/* Levels of the tables: the document, extras, plugins, one, its parameters, callbacks, one, commands. */
enum { LEVELS_MAX = 12 };

struct frame {
    const struct berth_openpai_members *members; /* of a map with known members */
    const struct berth_openpai_row *each;        /* of a list, or of a map's values */
    uint8_t names;
    struct berth_json_cursor child; /* the next one */
};

/* ---- Forms ------------------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* TEXT is not empty and has letters, digits and characters of MORE only. */
static bool has_only(struct berth_text text, const char *more)
{
    struct berth_text allowed = berth_text_of(more);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!is_letter(c) && !is_digit(c) && berth_text_find_byte(allowed, c) == SIZE_MAX)
            return false;
    }
    return text.len > 0;
}

bool berth_openpai_has_form(struct berth_text text, enum berth_openpai_form form)
{
    switch (form) {
    case BERTH_OPENPAI_FORM_JOB_V1:
        return has_only(text, "-._");
    case BERTH_OPENPAI_FORM_JOB_V2:
        return has_only(text, "-_") && text.len <= BERTH_OPENPAI_JOB_NAME_MAX;
    case BERTH_OPENPAI_FORM_ROLE_V1:
        return has_only(text, "._~");
    case BERTH_OPENPAI_FORM_ROLE_V2:
        return has_only(text, "_") && !is_digit(text.ptr[0]);
    case BERTH_OPENPAI_FORM_TWO:
        return berth_text_equal(text, BERTH_TEXT("2"));
    case BERTH_OPENPAI_FORM_SECRETS:
        return !berth_text_equal(text, BERTH_TEXT("******"));
    default:
        return true;
    }
}

static const char *form_due(enum berth_openpai_form form)
{
    switch (form) {
    case BERTH_OPENPAI_FORM_JOB_V1:
        return "a name has letters, digits, '-', '.' and '_' only, and one of them at least";
    case BERTH_OPENPAI_FORM_JOB_V2:
        return "a name has letters, digits, '-' and '_' only, and 1 to 255 of them";
    case BERTH_OPENPAI_FORM_ROLE_V1:
        return "a name has letters, digits, '.', '_' and '~' only, and one of them at least";
    default:
        return "a name has letters, digits and '_' only, and no digit in front";
    }
}

/* ---- One value -------------------------------------------------------------------------------- */

static unsigned type_bits(struct berth_json_cursor at)
{
    int64_t whole;
    switch (berth_json_type_of(at)) {
    case BERTH_JSON_TEXT:
        return BERTH_OPENPAI_TEXT;
    case BERTH_JSON_NUMBER:
        return berth_json_get_i64(at, &whole) == BERTH_E_TYPE ? BERTH_OPENPAI_NUMBER
                                                              : BERTH_OPENPAI_NUMBER | BERTH_OPENPAI_INTEGER;
    case BERTH_JSON_BOOL:
        return BERTH_OPENPAI_BOOL;
    case BERTH_JSON_ARRAY:
        return BERTH_OPENPAI_LIST;
    case BERTH_JSON_OBJECT:
        return BERTH_OPENPAI_MAP;
    default:
        return BERTH_OPENPAI_NULL;
    }
}

static const struct {
    uint8_t type;
    const char *due;
} TYPE_NAMES[] = {
    {BERTH_OPENPAI_TEXT, "a text"},     {BERTH_OPENPAI_INTEGER, "a whole number"},
    {BERTH_OPENPAI_NUMBER, "a number"}, {BERTH_OPENPAI_BOOL, "true or false"},
    {BERTH_OPENPAI_LIST, "a list"},     {BERTH_OPENPAI_MAP, "a mapping"},
    {BERTH_OPENPAI_NULL, "null"},
};

static void tell_type(struct berth_openpai_report *r, const struct berth_openpai_row *row,
                      struct berth_json_cursor at)
{
    char text[120];
    struct berth_writer w;
    bool first = true;
    double number;
    unsigned is = type_bits(at);
    berth_writer_init(&w, text, sizeof text);
    berth_put_line_string(&w, "must be ");
    for (size_t i = 0; i < sizeof TYPE_NAMES / sizeof TYPE_NAMES[0]; i++) {
        if ((row->types & TYPE_NAMES[i].type) == 0)
            continue;
        if (!first)
            berth_put_line_string(&w, " or ");
        berth_put_line_string(&w, TYPE_NAMES[i].due);
        first = false;
    }
    bool numbers = (row->types & (BERTH_OPENPAI_INTEGER | BERTH_OPENPAI_NUMBER)) != 0;
    if (is == BERTH_OPENPAI_TEXT && numbers && berth_parse_double(berth_json_raw(at), &number) == BERTH_OK)
        berth_put_line_string(&w, ", without quotes");
    if ((row->types & BERTH_OPENPAI_TEXT) != 0 &&
        (is & (BERTH_OPENPAI_NUMBER | BERTH_OPENPAI_BOOL | BERTH_OPENPAI_NULL)) != 0)
        berth_put_line_string(&w, ", in quotes");
    if (berth_writer_terminate(&w) == BERTH_OK)
        berth_openpai_error(r, at, BERTH_OPENPAI_RULE_TYPE, text);
}

static bool is_word(struct berth_text text, const char *words)
{
    struct berth_text rest = berth_text_of(words), word;
    while (berth_text_split(&rest, '|', &word))
        if (berth_text_equal(word, text))
            return true;
    return false;
}

static void check_text(struct berth_openpai_report *r, const struct berth_openpai_row *row,
                       struct berth_json_cursor at)
{
    struct berth_text text = berth_json_raw(at);
    const struct berth_openpai_job_place place = {.at = at};
    if (row->words != NULL && !is_word(text, row->words)) {
        const struct berth_openpai_saying saying = {"must be one of ", berth_text_of(row->words), NULL};
        berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_VALUE, false, &saying);
    } else if (row->filled && text.len == 0) {
        berth_openpai_error(r, at, BERTH_OPENPAI_RULE_EMPTY, "must not be empty");
    } else if (!berth_openpai_has_form(text, (enum berth_openpai_form)row->form)) {
        berth_openpai_error(r, at, BERTH_OPENPAI_RULE_NAME, form_due((enum berth_openpai_form)row->form));
    }
}

static void check_number(struct berth_openpai_report *r, const struct berth_openpai_row *row,
                         struct berth_json_cursor at)
{
    char text[60];
    struct berth_writer w;
    int64_t value = 0;
    enum berth_status status = berth_json_get_i64(at, &value);
    if ((row->types & BERTH_OPENPAI_INTEGER) != 0 && status == BERTH_E_RANGE) {
        berth_openpai_error(r, at, BERTH_OPENPAI_RULE_RANGE, "is beyond 64 bits");
        return;
    }
    if (!row->has_least || status != BERTH_OK || value >= row->least)
        return;
    berth_writer_init(&w, text, sizeof text);
    berth_put_string(&w, "must be at least ");
    berth_put_i64(&w, row->least);
    if (berth_writer_terminate(&w) == BERTH_OK)
        berth_openpai_error(r, at, BERTH_OPENPAI_RULE_RANGE, text);
}

/* A value that is not of the right type: whether something better can be said. */
static void check_wrong_type(struct berth_openpai_report *r, const struct berth_openpai_row *row,
                             struct berth_json_cursor at)
{
    if (row->form == BERTH_OPENPAI_FORM_SECRETS &&
        !berth_openpai_has_form(berth_json_raw(at), BERTH_OPENPAI_FORM_SECRETS))
        berth_openpai_error(r, at, BERTH_OPENPAI_RULE_MASKED,
                            "the server hid these secrets: give them anew, or leave them out");
    else
        tell_type(r, row, at);
}

/* One value without what is in it; true when that is to be looked at. */
static bool check_value(struct berth_openpai_report *r, const struct berth_openpai_row *row,
                        struct berth_json_cursor at)
{
    unsigned is = type_bits(at);
    if (row->form == BERTH_OPENPAI_FORM_TWO) {
        if (!berth_openpai_has_form(berth_json_raw(at), BERTH_OPENPAI_FORM_TWO))
            berth_openpai_error(r, at, BERTH_OPENPAI_RULE_VALUE, "must be 2");
        return false;
    }
    if (row->types != 0 && (row->types & is) == 0) {
        check_wrong_type(r, row, at);
        return false;
    }
    if (is == BERTH_OPENPAI_TEXT)
        check_text(r, row, at);
    else if ((is & BERTH_OPENPAI_NUMBER) != 0)
        check_number(r, row, at);
    else if (row->filled && berth_json_count(at) == 0)
        berth_openpai_error(r, at, BERTH_OPENPAI_RULE_EMPTY,
                            row->required ? "must have something in it"
                                          : "must have something in it, or be left out");
    return row->members != NULL || row->each != NULL;
}

/* ---- Maps ------------------------------------------------------------------------------------- */

static const struct berth_openpai_members *variant_of(const struct berth_openpai_members *members,
                                                      struct berth_json_cursor map)
{
    if (members->variant_count == 0)
        return members;
    struct berth_text by = berth_openpai_member_text(map, members->by);
    for (size_t i = 0; i < members->variant_count; i++)
        if (berth_text_equal(members->variants[i].text, by))
            return members->variants[i].members;
    return members;
}

static void check_missing(struct berth_openpai_report *r, const struct berth_openpai_members *members,
                          struct berth_json_cursor map)
{
    static const struct berth_openpai_saying saying = {.before = "is missing"};
    for (size_t i = 0; i < members->count; i++) {
        const struct berth_openpai_row *row = &members->rows[i];
        if (!row->required || berth_json_find(map, row->name).json != NULL)
            continue;
        const struct berth_openpai_job_place place = {.at = map, .missing = row->name};
        berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_MISSING, false, &saying);
    }
}

static const struct berth_openpai_row *find_row(const struct berth_openpai_members *members,
                                                struct berth_text name)
{
    for (size_t i = 0; i < members->count; i++)
        if (berth_text_equal(members->rows[i].name, name))
            return &members->rows[i];
    return NULL;
}

static void tell_unknown(struct berth_openpai_report *r, const struct berth_openpai_members *members,
                         struct berth_json_cursor at)
{
    struct berth_openpai_saying saying = {.before = "there is no such member"};
    const struct berth_openpai_job_place place = {.at = at, .name = true};
    for (size_t i = 0; i < members->count; i++)
        if (berth_text_equal_nocase(members->rows[i].name, berth_json_name(at))) {
            saying.before = "there is no such member; it is written ";
            saying.name = members->rows[i].name;
        }
    berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_MEMBER, members->unknown == BERTH_OPENPAI_DOUBT,
                       &saying);
}

/* ---- The walk --------------------------------------------------------------------------------- */

/* The rules for CHILD, the next one of FRAME; NULL: none. */
static const struct berth_openpai_row *row_for(struct berth_openpai_report *r, const struct frame *frame,
                                               struct berth_json_cursor child)
{
    if (frame->members != NULL) {
        const struct berth_openpai_row *row = find_row(frame->members, berth_json_name(child));
        if (row == NULL && frame->members->unknown != BERTH_OPENPAI_KEEP)
            tell_unknown(r, frame->members, child);
        return row;
    }
    if (frame->names != BERTH_OPENPAI_FORM_ANY &&
        !berth_openpai_has_form(berth_json_name(child), (enum berth_openpai_form)frame->names)) {
        const struct berth_openpai_job_place place = {.at = child, .name = true};
        const struct berth_openpai_saying saying = {.before =
                                                        form_due((enum berth_openpai_form)frame->names)};
        berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_NAME, false, &saying);
    }
    return frame->each;
}

static struct frame enter(struct berth_openpai_report *r, const struct berth_openpai_row *row,
                          struct berth_json_cursor at)
{
    struct frame frame = {.each = row->each, .names = row->names, .child = berth_json_enter(at)};
    if (row->members != NULL) {
        frame.members = variant_of(row->members, at);
        check_missing(r, frame.members, at);
    }
    return frame;
}

void berth_openpai_walk(struct berth_openpai_report *r, const struct berth_openpai_row *rules)
{
    struct frame frames[LEVELS_MAX];
    size_t depth = 1;
    frames[0] = enter(r, rules, berth_openpai_root(r->document));
    while (depth > 0 && r->status == BERTH_OK) {
        struct frame *frame = &frames[depth - 1];
        struct berth_json_cursor child = frame->child;
        if (child.json == NULL) {
            depth--;
            continue;
        }
        frame->child = berth_json_next(child);
        const struct berth_openpai_row *row = row_for(r, frame, child);
        if (row != NULL && check_value(r, row, child) && depth < LEVELS_MAX)
            frames[depth++] = enter(r, row, child);
    }
}
