/* What the commands of `berth schedule` share: the folder, times, users, rows in order. */
#include "schedule_command.h"

#include <string.h>

#include "berth/booking.h"

int schedule_open(struct app *app, bool needs_users, struct folder **out_folder)
{
    static struct folder folder;
    const struct folder_options options = {.path = app->args.value[OPT_CONFIG],
                                           .now = app->args.value[OPT_NOW],
                                           .code = EXIT_BAD_DATA,
                                           .users_optional = !needs_users};
    *out_folder = &folder;
    int code = folder_open(&folder, app, &options);
    return code == 0 ? folder_load_rows(&folder) : code;
}

/* "--start: REASON: VALUE"; EXIT_USAGE. */
static int refuse(struct app *app, enum option_id id, const char *reason)
{
    char what[200];
    struct berth_writer w;
    berth_writer_init(&w, what, sizeof what);
    berth_put_string(&w, "--");
    berth_put_string(&w, args_option_name(&app->args, id));
    berth_put_string(&w, ": ");
    berth_put_string(&w, reason);
    return fail(app, EXIT_USAGE, berth_writer_terminate(&w) == BERTH_OK ? what : reason, app->args.value[id]);
}

/* ---- times ------------------------------------------------------------------------------------ */

int schedule_time(struct app *app, enum option_id id, int64_t now_s, int64_t base_s, int64_t *out_s,
                  bool *out_is_now)
{
    struct berth_text text = berth_text_trim(berth_text_of(app->args.value[id]));
    bool is_now = false;
    enum berth_status status = berth_parse_civil(text, false, out_s);
    if (status == BERTH_E_RANGE)
        return refuse(app, id, berth_refusal_text(BERTH_REFUSAL_TIME_DATE));
    if (status != BERTH_OK) {
        enum berth_refusal refusal = berth_booking_time(text, now_s, base_s, out_s, &is_now);
        if (refusal != BERTH_REFUSAL_NONE)
            return refuse(app, id,
                          refusal == BERTH_REFUSAL_TIME_FORM
                              ? "a time is YYYY-MM-DD hh:mm, now, N-day or N-week"
                              : berth_refusal_text(refusal));
    }
    if (out_is_now != NULL)
        *out_is_now = is_now;
    return 0;
}

int schedule_span(struct app *app, int64_t now_s, int64_t *from_s, int64_t *to_s)
{
    int code = 0;
    int64_t unit_s = berth_schedule_floor(now_s);
    if (args_given(&app->args, OPT_FROM))
        code = schedule_time(app, OPT_FROM, now_s, unit_s, from_s, NULL);
    if (code == 0 && args_given(&app->args, OPT_TO))
        code = schedule_time(app, OPT_TO, now_s, args_given(&app->args, OPT_FROM) ? *from_s : unit_s, to_s,
                             NULL);
    if (code == 0 && *to_s <= *from_s)
        return fail(app, EXIT_USAGE, "the span is empty: --to is not after --from", NULL);
    return code;
}

static const struct {
    struct berth_text name;
    int64_t seconds;
} units[] = {
    {BERTH_TEXT_INIT("-minute"), 60}, {BERTH_TEXT_INIT("-hour"), 3600},
    {BERTH_TEXT_INIT("-day"), 86400}, {BERTH_TEXT_INIT("-week"), 7 * 86400},
    {BERTH_TEXT_INIT("m"), 60},       {BERTH_TEXT_INIT("h"), 3600},
    {BERTH_TEXT_INIT("d"), 86400},    {BERTH_TEXT_INIT("w"), 7 * 86400},
};

/* "2-day", "12h", "36:30"; seconds, or 0 for anything else. */
static int64_t length_of(struct berth_text part)
{
    uint64_t number, minutes;
    struct berth_text hours = {NULL, 0}, rest = part;
    if (berth_text_find_byte(part, ':') != SIZE_MAX) {
        if (berth_text_split(&rest, ':', &hours) && berth_parse_u64(hours, &number) == BERTH_OK &&
            rest.len == 2 && berth_parse_u64(rest, &minutes) == BERTH_OK && minutes < 60 && number < 10000)
            return (int64_t)(number * 3600 + minutes * 60);
        return 0;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (berth_text_ends(part, units[i].name) &&
            berth_parse_u64(berth_text_slice(part, 0, part.len - units[i].name.len), &number) == BERTH_OK &&
            number < 100000)
            return (int64_t)number * units[i].seconds;
    return 0;
}

int schedule_length(struct app *app, int64_t *out_s)
{
    struct berth_text part, rest = berth_text_of(app->args.value[OPT_LENGTH]);
    int64_t sum_s = 0;
    while (berth_text_split(&rest, ' ', &part)) {
        int64_t length_s = length_of(part);
        if (part.len > 0 && length_s == 0)
            return refuse(app, OPT_LENGTH, "a length is hh:mm, N-hour, N-day or N-week");
        sum_s += length_s;
    }
    if (sum_s <= 0 || sum_s % BERTH_SCHEDULE_UNIT_S != 0 || sum_s > 400 * (int64_t)86400)
        return refuse(app, OPT_LENGTH, "a length is one or more half hours");
    *out_s = sum_s;
    return 0;
}

/* ---- users and rows --------------------------------------------------------------------------- */

int schedule_user(struct app *app, struct folder *f, uint32_t *out_user)
{
    char id[BERTH_USER_ID_MAX];
    size_t len;
    const char *value = app->args.value[OPT_USER];
    *out_user = FOLDER_NO_USER;
    if (value == NULL)
        return 0;
    enum berth_refusal refusal = berth_booking_user_id(berth_text_of(value), id, &len);
    if (refusal != BERTH_REFUSAL_NONE)
        return refuse(app, OPT_USER, berth_refusal_text(refusal));
    *out_user = folder_user_add(f, berth_text_make(id, len));
    return *out_user == FOLDER_NO_USER ? fail(app, EXIT_SPACE, "more users than this program holds", NULL)
                                       : 0;
}

static bool comes_first(const struct folder *f, uint32_t a, uint32_t b)
{
    const struct berth_booking *row_a = &f->schedule.rows[a], *row_b = &f->schedule.rows[b];
    if (row_a->start_s != row_b->start_s)
        return row_a->start_s < row_b->start_s;
    int order = berth_text_compare(f->rows[a].user_id, f->rows[b].user_id);
    return order < 0 || (order == 0 && a < b);
}

/* Lets the row at ROOT sink to its place in the heap of the first COUNT. */
static void sink(const struct folder *f, uint32_t *rows, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && comes_first(f, rows[child], rows[child + 1]))
            child++;
        if (!comes_first(f, rows[root], rows[child]))
            return;
        uint32_t row = rows[root];
        rows[root] = rows[child];
        rows[child] = row;
    }
}

void schedule_sort(const struct folder *f, int64_t from_s, int64_t to_s, struct schedule_order *order)
{
    struct berth_schedule_walk walk;
    order->count = 0;
    berth_schedule_walk_start(&walk, &f->schedule, from_s, to_s, folder_now(f));
    for (size_t i; order->count < FOLDER_ROWS && (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;)
        order->rows[order->count++] = (uint32_t)i;
    for (size_t i = order->count / 2; i-- > 0;)
        sink(f, order->rows, i, order->count);
    for (size_t end = order->count; end-- > 1;) {
        uint32_t last = order->rows[end];
        order->rows[end] = order->rows[0];
        order->rows[0] = last;
        sink(f, order->rows, 0, end);
    }
}

/* ---- parts of what is shown ------------------------------------------------------------------- */

struct berth_text schedule_time_text(char buf[SCHEDULE_TIME_CAP], int64_t seconds, bool with_seconds)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, SCHEDULE_TIME_CAP);
    if (berth_put_civil(&w, seconds) != BERTH_OK)
        return BERTH_TEXT("?");
    struct berth_text text = berth_writer_text(&w);
    if (!with_seconds && berth_text_ends(text, BERTH_TEXT(":00")))
        text.len -= 3;
    return text;
}

void schedule_put_time(struct berth_json_writer *w, const char *name, int64_t seconds)
{
    char buf[SCHEDULE_TIME_CAP];
    berth_json_put_name(w, berth_text_of(name));
    berth_json_put_text(w, schedule_time_text(buf, seconds, true));
}

void schedule_put_gpus(struct berth_json_writer *w, const char *name, uint64_t gpus)
{
    uint8_t ids[BERTH_GPU_MAX];
    unsigned count = berth_gpu_ids(gpus, ids);
    berth_json_put_name(w, berth_text_of(name));
    berth_json_begin_array(w);
    for (unsigned i = 0; i < count; i++)
        berth_json_put_u64(w, ids[i]);
    berth_json_end_array(w);
}

void schedule_put_cpus(struct berth_json_writer *w, const char *name, int64_t nano)
{
    char buf[32];
    struct berth_writer cpus;
    berth_writer_init(&cpus, buf, sizeof buf);
    berth_put_decimal(&cpus, nano, 9);
    berth_json_put_name(w, berth_text_of(name));
    berth_json_put_raw(w, berth_writer_text(&cpus));
}

void schedule_put_text(struct berth_json_writer *w, const char *name, struct berth_text text)
{
    berth_json_put_name(w, berth_text_of(name));
    if (text.ptr == NULL || !berth_text_is_utf8(text, NULL))
        berth_json_put_null(w);
    else
        berth_json_put_text(w, text);
}

void schedule_put_ids(struct berth_writer *w, uint64_t gpus)
{
    uint8_t ids[BERTH_GPU_MAX];
    unsigned count = berth_gpu_ids(gpus, ids);
    if (count == 0)
        berth_put_string(w, "none");
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            berth_put_char(w, ',');
        berth_put_u64(w, ids[i]);
    }
}
