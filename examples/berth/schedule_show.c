/* berth schedule show: one lane for each GPU over time, on a terminal or as JSON. */
#include <string.h>

#include "commands.h"
#include "schedule_command.h"

enum {
    DAY_S = 86400,
    WIDTH_MIN = 20,
    WIDTH_MAX = 1000,
    DEFAULT_DAYS_MAX = 28,
    LABEL_MIN = 40 /* columns from which on lanes are called "GPU 0" rather than "0" */
};

/* What one cell of a lane shows. */
struct cell {
    uint32_t row;    /* UINT32_MAX: nobody's */
    int64_t share_s; /* of the cell's time, the most of any row */
    bool twice;      /* two rows hold the GPU at a time */
};

struct view {
    struct app *app;
    const struct folder *folder;
    const struct schedule_order *order;
    int64_t from_s, to_s, now_s;
    int64_t cell_s;
    unsigned width;
    unsigned label; /* columns before the lane */
    unsigned cells;
    unsigned gpus;
};

/* ---- characters ------------------------------------------------------------------------------- */

enum mark {
    FREE,
    MIDNIGHT,
    NOW,
    TWICE,
    ONE,
    OPEN,
    LINE,
    CLOSE,
    ONE_USED,
    OPEN_USED,
    LINE_USED,
    CLOSE_USED,
    MARKS
};
static const char *const marks[2][MARKS] = {
    {".", ":", "v", "!", "|", "[", "-", "]", "|", "[", "=", "]"},
    {"\xC2\xB7", "\xE2\x94\x8A", "\xE2\x96\xBC", "!", "\xE2\x94\x83", "\xE2\x94\xA3", "\xE2\x94\x81",
     "\xE2\x94\xAB", "\xE2\x95\x91", "\xE2\x95\xA0", "\xE2\x95\x90", "\xE2\x95\xA3"},
};

static void put_mark(const struct view *v, enum mark mark)
{
    out_string(&v->app->out, marks[v->app->out.utf8][mark]);
}

/* Users are told apart by colours, which come round again. */
static void user_colour(const struct view *v, uint32_t user)
{
    static const char *const codes[] = {"\033[36m", "\033[33m", "\033[35m", "\033[32m", "\033[34m",
                                        "\033[96m", "\033[93m", "\033[95m", "\033[92m", "\033[94m"};
    if (v->app->out.colour)
        out_string(&v->app->out, codes[user % (sizeof codes / sizeof codes[0])]);
}

/* ---- time and columns ------------------------------------------------------------------------- */

/* The cell that a time lies in; the times of a view make its end a cell too many. */
static unsigned cell_at(const struct view *v, int64_t seconds)
{
    return (unsigned)((seconds - v->from_s) / v->cell_s);
}

static int64_t midnight(int64_t seconds)
{
    int64_t into = seconds % DAY_S;
    return seconds - into - (into < 0 ? DAY_S : 0);
}

/* Whether a line stands in a cell where nothing else does: at midnights, with short days at Mondays only. */
static bool has_line(const struct view *v, unsigned cell)
{
    int64_t start_s = v->from_s + (int64_t)cell * v->cell_s, day_s = midnight(start_s + v->cell_s - 1);
    if (day_s < start_s || v->cell_s > 2 * DAY_S)
        return false;
    return v->cell_s * 4 <= DAY_S || berth_weekday(day_s) == 0 ||
           (v->cell_s > DAY_S && berth_weekday(day_s) == 1);
}

/* The shortest cell of the list with which the span fits into ROOM columns. */
static void choose_cells(struct view *v, unsigned room)
{
    static const int64_t lengths[] = {1800,      3600,       2 * 3600,   3 * 3600,   4 * 3600,
                                      6 * 3600,  8 * 3600,   12 * 3600,  DAY_S,      2 * DAY_S,
                                      7 * DAY_S, 14 * DAY_S, 28 * DAY_S, 91 * DAY_S, 364 * DAY_S};
    int64_t span_s = v->to_s - v->from_s;
    v->cell_s = lengths[0];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0] && (span_s + v->cell_s - 1) / v->cell_s > room;
         i++)
        v->cell_s = lengths[i];
    while ((span_s + v->cell_s - 1) / v->cell_s > room)
        v->cell_s *= 2;
    v->cells = (unsigned)((span_s + v->cell_s - 1) / v->cell_s);
}

/* ---- the axis --------------------------------------------------------------------------------- */

static const char *const weekdays[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* "Mon 01-07", "01-07" or "07", the longest that ROOM holds with a blank behind it; "" when none does. */
static struct berth_text day_text(char buf[16], int64_t day_s, unsigned room)
{
    struct berth_civil civil;
    struct berth_writer w;
    berth_writer_init(&w, buf, 16);
    if (berth_seconds_to_civil(day_s, &civil) != BERTH_OK || room < 3)
        return BERTH_TEXT("");
    if (room > 9) {
        berth_put_string(&w, weekdays[berth_weekday(day_s)]);
        berth_put_char(&w, ' ');
    }
    if (room > 5) {
        berth_put_u64_padded(&w, civil.month, 2);
        berth_put_char(&w, '-');
    }
    berth_put_u64_padded(&w, civil.day, 2);
    return berth_writer_text(&w);
}

static void put_at(struct out *out, unsigned *at, unsigned column, struct berth_text text)
{
    if (text.len == 0 || column < *at)
        return;
    out_repeat(out, ' ', column - *at);
    out_text(out, text);
    *at = column + (unsigned)text.len;
}

/* Days between two that have a label: what an "01-07" needs, or at least a "07". */
static int64_t days_apart(const struct view *v)
{
    int64_t days = 1, short_form = v->cell_s * 3;
    while (days * DAY_S < short_form)
        days = days == 1 ? 2 : days == 2 ? 7 : days * 2;
    return days;
}

static void print_days(const struct view *v)
{
    struct out *out = &v->app->out;
    unsigned at = 0;
    int64_t step_s = days_apart(v) * DAY_S;
    out_repeat(out, ' ', v->label);
    out_colour(out, COLOUR_BOLD);
    for (int64_t day_s = midnight(v->from_s); day_s < v->to_s; day_s += step_s) {
        char buf[16];
        unsigned column = day_s <= v->from_s ? 0 : cell_at(v, day_s);
        int64_t next_s = day_s + step_s < v->to_s ? day_s + step_s : v->to_s + v->cell_s;
        unsigned next = cell_at(v, next_s);
        put_at(out, &at, column, day_text(buf, day_s, next > column ? next - column : 0));
    }
    out_colour(out, COLOUR_NONE);
    out_string(out, "\n");
}

static void print_hours(const struct view *v)
{
    static const int64_t steps[] = {3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600};
    struct out *out = &v->app->out;
    unsigned at = 0;
    int64_t step_s = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && step_s == 0; i++)
        if (steps[i] >= 3 * v->cell_s)
            step_s = steps[i];
    if (step_s == 0)
        return;
    out_repeat(out, ' ', v->label);
    out_colour(out, COLOUR_DIM);
    for (int64_t hour_s = midnight(v->from_s); hour_s < v->to_s; hour_s += step_s) {
        char buf[8];
        struct berth_writer w;
        if (hour_s < v->from_s)
            continue;
        berth_writer_init(&w, buf, sizeof buf);
        berth_put_u64_padded(&w, (uint64_t)((hour_s - midnight(hour_s)) / 3600), 2);
        if (cell_at(v, hour_s) + 2 <= v->cells)
            put_at(out, &at, cell_at(v, hour_s), berth_writer_text(&w));
    }
    out_colour(out, COLOUR_NONE);
    out_string(out, "\n");
}

static void print_now(const struct view *v)
{
    struct out *out = &v->app->out;
    char time[SCHEDULE_TIME_CAP];
    if (v->now_s < v->from_s || v->now_s >= v->to_s)
        return;
    struct berth_text text = schedule_time_text(time, v->now_s - (v->now_s % 60), false);
    unsigned column = cell_at(v, v->now_s), length = (unsigned)text.len + 5;
    bool left = column + 1 + length > v->cells && column >= length;
    bool room = left || column + 1 + length <= v->cells;
    out_repeat(out, ' ', v->label + (left ? column - length : column));
    out_colour(out, COLOUR_YELLOW);
    if (left) {
        out_string(out, "now ");
        out_text(out, text);
        out_string(out, " ");
    }
    put_mark(v, NOW);
    if (room && !left) {
        out_string(out, " now ");
        out_text(out, text);
    }
    out_colour(out, COLOUR_NONE);
    out_string(out, "\n");
}

/* ---- lanes ------------------------------------------------------------------------------------ */

/* Puts a row's time of [start_s, end_s) into the cells; the row with the greatest share has the cell. */
static void fill_row(const struct view *v, struct cell *cells, uint32_t row, int64_t start_s, int64_t end_s)
{
    start_s = start_s > v->from_s ? start_s : v->from_s;
    end_s = end_s < v->to_s ? end_s : v->to_s;
    for (int64_t at_s = start_s; at_s < end_s;) {
        unsigned i = cell_at(v, at_s);
        int64_t next_s = v->from_s + ((int64_t)i + 1) * v->cell_s, until_s = next_s < end_s ? next_s : end_s;
        if (until_s - at_s > cells[i].share_s) {
            cells[i].share_s = until_s - at_s;
            cells[i].row = row;
        }
        at_s = until_s;
    }
}

static void mark_twice(const struct view *v, struct cell *cells, int64_t start_s, int64_t end_s)
{
    start_s = start_s > v->from_s ? start_s : v->from_s;
    end_s = end_s < v->to_s ? end_s : v->to_s;
    for (; start_s < end_s; start_s = v->from_s + ((int64_t)cell_at(v, start_s) + 1) * v->cell_s)
        cells[cell_at(v, start_s)].twice = true;
}

static void fill_lane(const struct view *v, unsigned gpu, struct cell *cells)
{
    int64_t held_until_s = INT64_MIN;
    for (unsigned i = 0; i < v->cells; i++)
        cells[i] = (struct cell){.row = UINT32_MAX};
    for (size_t k = 0; k < v->order->count; k++) {
        uint32_t number = v->order->rows[k];
        const struct berth_booking *row = &v->folder->schedule.rows[number];
        if ((row->gpus >> gpu & 1) == 0)
            continue;
        int64_t end_s = berth_booking_effective_end(row, v->now_s);
        fill_row(v, cells, number, row->start_s, end_s);
        if (row->start_s < held_until_s)
            mark_twice(v, cells, row->start_s, end_s < held_until_s ? end_s : held_until_s);
        held_until_s = end_s > held_until_s ? end_s : held_until_s;
    }
}

/* A booking of LENGTH cells: its ends, and the user's id in between as far as it fits. */
static void print_run(const struct view *v, uint32_t number, unsigned length)
{
    struct out *out = &v->app->out;
    const struct folder_row *more = &v->folder->rows[number];
    unsigned used = more->stage == BERTH_STAGE_USING ? ONE_USED - ONE : 0;
    user_colour(v, v->folder->schedule.rows[number].user);
    if (length == 1) {
        put_mark(v, (enum mark)(ONE + used));
    } else {
        struct berth_text id = text_fit(more->user_id, length - 2);
        unsigned columns = text_columns(id);
        put_mark(v, (enum mark)(OPEN + used));
        if (columns > length - 2)
            columns = 0;
        else
            out_safe(out, id);
        for (unsigned i = columns; i < length - 2; i++)
            put_mark(v, (enum mark)(LINE + used));
        put_mark(v, (enum mark)(CLOSE + used));
    }
    out_colour(out, COLOUR_NONE);
}

static void print_lane(const struct view *v, unsigned gpu)
{
    static struct cell cells[WIDTH_MAX];
    struct out *out = &v->app->out;
    char id[16];
    struct berth_writer w;
    berth_writer_init(&w, id, sizeof id);
    berth_put_u64(&w, gpu);
    bool named = v->label >= 6;
    out_string(out, named ? "GPU " : "");
    out_repeat(out, ' ', v->label - (named ? 4 : 0) - 1 - w.len);
    out_text(out, berth_writer_text(&w));
    out_string(out, " ");
    fill_lane(v, gpu, cells);
    for (unsigned i = 0, end; i < v->cells; i = end) {
        end = i + 1;
        if (cells[i].twice) {
            out_colour(out, COLOUR_RED);
            put_mark(v, TWICE);
            out_colour(out, COLOUR_NONE);
        } else if (cells[i].row == UINT32_MAX) {
            out_colour(out, COLOUR_DIM);
            put_mark(v, has_line(v, i) ? MIDNIGHT : FREE);
            out_colour(out, COLOUR_NONE);
        } else {
            while (end < v->cells && cells[end].row == cells[i].row && !cells[end].twice)
                end++;
            print_run(v, cells[i].row, end - i);
        }
    }
    out_string(out, "\n");
}

/* ---- around the lanes ------------------------------------------------------------------------- */

static void print_legend(const struct view *v)
{
    static const struct {
        enum mark mark;
        const char *what;
    } items[] = {{LINE, "booked"}, {LINE_USED, "running"}, {FREE, "free"}, {TWICE, "held twice"}};
    struct out *out = &v->app->out;
    unsigned at = 0;
    out_colour(out, COLOUR_DIM);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        unsigned length = (unsigned)strlen(items[i].what) + 5;
        if (at > 0 && at + length > v->width) {
            out_string(out, "\n");
            at = 0;
        }
        out_string(out, at > 0 ? "   " : "");
        put_mark(v, items[i].mark);
        out_string(out, " ");
        out_string(out, items[i].what);
        at += length;
    }
    out_colour(out, COLOUR_NONE);
    out_string(out, "\n");
}

/* "NAME: ITEM, ITEM", or a line each where that is too wide. */
static void print_items(const struct view *v, const char *name, const struct berth_text *items, size_t count)
{
    struct out *out = &v->app->out;
    size_t length = strlen(name);
    for (size_t i = 0; i < count; i++)
        length += items[i].len + 2;
    bool wide = length <= v->width;
    out_string(out, name);
    out_string(out, ":");
    for (size_t i = 0; i < count; i++) {
        out_string(out, !wide ? "\n  " : i > 0 ? ", " : " ");
        out_text(out, items[i]);
    }
    out_string(out, "\n");
}

/* What lanes cannot show, and what is free now. */
static void print_rest(const struct view *v)
{
    const struct folder *f = v->folder;
    struct berth_free rest;
    char texts[4][32];
    struct berth_writer w[4];
    size_t without = 0;
    for (size_t k = 0; k < v->order->count; k++)
        without += (f->schedule.rows[v->order->rows[k]].gpus & berth_gpu_mask(v->gpus)) == 0;
    if (berth_schedule_free(&f->schedule, &f->capability.max.capacity, v->now_s, v->now_s + 1, v->now_s,
                            &rest) != BERTH_OK)
        return;
    for (size_t i = 0; i < 4; i++)
        berth_writer_init(&w[i], texts[i], sizeof texts[i]);
    berth_put_u64(&w[0], without);
    berth_put_u64(&w[1], berth_gpu_count(rest.gpus));
    berth_put_string(&w[1], " GPUs");
    berth_put_cpus(&w[2], rest.cpus_nano);
    berth_put_string(&w[2], " CPUs");
    berth_put_i64(&w[3], rest.memory_gb);
    berth_put_string(&w[3], " GB");
    const struct berth_text items[] = {berth_writer_text(&w[0]), berth_writer_text(&w[1]),
                                       berth_writer_text(&w[2]), berth_writer_text(&w[3])};
    if (without > 0)
        print_items(v, "without GPUs", items, 1);
    print_items(v, "free now", items + 1, 3);
}

static void print_lanes(struct view *v)
{
    char widest[8];
    struct berth_writer w;
    berth_writer_init(&w, widest, sizeof widest);
    berth_put_u64(&w, v->gpus > 0 ? v->gpus - 1 : 0);
    v->label = (unsigned)w.len + 1 + (v->width >= LABEL_MIN ? 4 : 0);
    choose_cells(v, v->width - v->label);
    print_days(v);
    print_hours(v);
    print_now(v);
    for (unsigned g = 0; g < v->gpus; g++)
        print_lane(v, g);
    print_legend(v);
    print_rest(v);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static void print_booking_json(struct out *out, const struct folder *f, uint32_t number)
{
    static char line[4 * 16384]; /* an id of a file takes at most 8 KiB */
    struct berth_writer buffer;
    struct berth_json_writer w;
    berth_writer_init(&buffer, line, sizeof line);
    berth_json_writer_init(&w, &buffer);
    berth_json_begin_object(&w);
    schedule_put_text(&w, "user_id", f->rows[number].user_id);
    schedule_put_time(&w, "start", f->schedule.rows[number].start_s);
    schedule_put_time(&w, "end", f->schedule.rows[number].end_s);
    schedule_put_text(&w, "stage",
                      f->rows[number].stage == BERTH_STAGE_USING ? BERTH_TEXT("using")
                                                                 : BERTH_TEXT("booking"));
    berth_json_end_object(&w);
    out_text(out, berth_writer_text(&buffer));
}

static void print_lane_json(const struct view *v, unsigned gpu)
{
    struct out *out = &v->app->out;
    bool any = false;
    out_string(out, "{\"gpu\":");
    out_u64(out, gpu);
    out_string(out, ",\"bookings\":[");
    for (size_t k = 0; k < v->order->count; k++) {
        if ((v->folder->schedule.rows[v->order->rows[k]].gpus >> gpu & 1) == 0)
            continue;
        out_string(out, any ? "," : "");
        any = true;
        print_booking_json(out, v->folder, v->order->rows[k]);
    }
    out_string(out, "]}\n");
}

/* ---- the command ------------------------------------------------------------------------------ */

static int read_width(struct app *app, unsigned *out_width)
{
    uint64_t width;
    const char *value = app->args.value[OPT_WIDTH];
    *out_width = app->out.columns > 0 ? app->out.columns : 80;
    if (value != NULL) {
        if (berth_parse_u64(berth_text_of(value), &width) != BERTH_OK || width < WIDTH_MIN ||
            width > WIDTH_MAX)
            return fail(app, EXIT_USAGE, "--width is 20 to 1000", value);
        *out_width = (unsigned)width;
    }
    *out_width = *out_width < WIDTH_MIN ? WIDTH_MIN : *out_width > WIDTH_MAX ? WIDTH_MAX : *out_width;
    return 0;
}

/* From today's midnight to the one after the last booking, 28 days at most. */
static void default_span(const struct folder *f, int64_t now_s, int64_t *from_s, int64_t *to_s)
{
    int64_t last_s = now_s;
    for (size_t i = 0; i < f->schedule.count; i++)
        if (f->schedule.rows[i].end_s > last_s)
            last_s = f->schedule.rows[i].end_s;
    *from_s = midnight(now_s);
    *to_s = midnight(last_s - 1) + DAY_S;
    if (*to_s > *from_s + DEFAULT_DAYS_MAX * (int64_t)DAY_S)
        *to_s = *from_s + DEFAULT_DAYS_MAX * (int64_t)DAY_S;
}

int schedule_show(struct app *app)
{
    static struct schedule_order order;
    struct view v = {.app = app, .order = &order};
    struct folder *f;
    int code = read_width(app, &v.width);
    code = code == 0 ? schedule_open(app, false, &f) : code;
    if (code != 0)
        return code;
    v.folder = f;
    v.now_s = folder_now(f);
    v.gpus = (unsigned)f->capability.max.capacity.gpus;
    default_span(f, v.now_s, &v.from_s, &v.to_s);
    if (args_given(&app->args, OPT_FROM) && !args_given(&app->args, OPT_TO)) {
        code = schedule_time(app, OPT_FROM, v.now_s, berth_schedule_floor(v.now_s), &v.from_s, NULL);
        v.to_s = v.to_s > v.from_s ? v.to_s : v.from_s + DAY_S;
    }
    code = code == 0 ? schedule_span(app, v.now_s, &v.from_s, &v.to_s) : code;
    if (code != 0)
        return code;
    schedule_sort(f, v.from_s, v.to_s, &order);
    if (args_given(&app->args, OPT_SVG))
        code = schedule_draw_svg(app, f, v.from_s, v.to_s, &order);
    else if (!app->json)
        print_lanes(&v);
    else
        for (unsigned g = 0; g < v.gpus; g++)
            print_lane_json(&v, g);
    out_flush(&app->out);
    return code == 0 ? folder_refuse_bad_rows(f) : code;
}
