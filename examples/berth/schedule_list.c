/* berth schedule list and stats: who holds what, and who used how much. */
#include <string.h>

#include "commands.h"
#include "schedule_command.h"
#include "table.h"

static const char *const stages[BERTH_STAGE_COUNT] = {"booking", "using", "used"};

/* Tells the rows that cannot be read, after what could be shown; 0 or an exit code (reported). */
static int finish(struct app *app, struct folder *f)
{
    out_flush(&app->out);
    return folder_refuse_bad_rows(f);
}

/* ---- list ------------------------------------------------------------------------------------- */

static void print_row_json(struct out *out, const struct folder *f, size_t i)
{
    static char line[4 * 16384]; /* a row of a file takes at most 8 KiB */
    const struct berth_booking *row = &f->schedule.rows[i];
    const struct folder_row *more = &f->rows[i];
    struct berth_writer buffer;
    struct berth_json_writer w;
    berth_writer_init(&buffer, line, sizeof line);
    berth_json_writer_init(&w, &buffer);
    berth_json_begin_object(&w);
    schedule_put_time(&w, "start", row->start_s);
    schedule_put_time(&w, "end", row->end_s);
    schedule_put_text(&w, "user_id", more->user_id);
    schedule_put_cpus(&w, "cpus", row->cpus_nano);
    berth_json_put_name(&w, BERTH_TEXT("memory"));
    berth_json_put_i64(&w, row->memory_gb);
    schedule_put_gpus(&w, "gpus", row->gpus);
    berth_json_put_name(&w, BERTH_TEXT("forward_port"));
    berth_json_put_u64(&w, row->port);
    schedule_put_text(&w, "image", more->image);
    schedule_put_text(&w, "stage", berth_text_of(stages[more->stage]));
    berth_json_end_object(&w);
    out_text(out, berth_writer_text(&buffer));
    out_string(out, "\n");
}

/* The columns of a row; the last has no width of its own. */
enum { COLUMNS = 9, COLUMN_STAGE = 7 };

struct row_cells {
    struct berth_text cells[COLUMNS];
    char start[SCHEDULE_TIME_CAP], end[SCHEDULE_TIME_CAP], cpus[32], memory[24], gpus[256], port[24];
};

static void make_cells(struct row_cells *c, const struct folder *f, size_t i)
{
    const struct berth_booking *row = &f->schedule.rows[i];
    const struct folder_row *more = &f->rows[i];
    struct berth_writer w[4];
    berth_writer_init(&w[0], c->cpus, sizeof c->cpus);
    berth_put_cpus(&w[0], row->cpus_nano);
    berth_writer_init(&w[1], c->memory, sizeof c->memory);
    berth_put_i64(&w[1], row->memory_gb);
    berth_writer_init(&w[2], c->gpus, sizeof c->gpus);
    if (row->gpus == 0)
        berth_put_char(&w[2], '-');
    berth_gpu_put(&w[2], row->gpus);
    berth_writer_init(&w[3], c->port, sizeof c->port);
    berth_put_u64(&w[3], row->port);
    c->cells[0] = schedule_time_text(c->start, row->start_s, false);
    c->cells[1] = schedule_time_text(c->end, row->end_s, false);
    c->cells[2] = more->user_id;
    for (size_t k = 0; k < 4; k++)
        c->cells[3 + k] = berth_writer_text(&w[k]);
    c->cells[COLUMN_STAGE] = berth_text_of(stages[more->stage]);
    c->cells[COLUMN_STAGE + 1] = more->image.ptr != NULL ? more->image : BERTH_TEXT("-");
}

/* A column is as wide as its widest cell, so that eighty columns are enough for most lists; what is wider
 * than this pushes its own row alone. */
enum { FITTED_MAX = 20 };

static void widen(struct column *columns, const struct row_cells *c)
{
    for (size_t k = 0; k + 1 < COLUMNS; k++) {
        unsigned width = text_columns(c->cells[k]);
        if (width > columns[k].width && width <= FITTED_MAX)
            columns[k].width = width;
    }
}

size_t schedule_print_rows(struct app *app, const struct folder *f, int64_t from_s, int64_t to_s,
                           uint32_t user)
{
    struct column columns[COLUMNS] = {{"START", 16, false}, {"END", 16, false},  {"USER", 4, false},
                                      {"CPUS", 4, true},    {"GB", 2, true},     {"GPUS", 4, false},
                                      {"PORT", 5, true},    {"STAGE", 7, false}, {"IMAGE", 0, false}};
    static struct schedule_order order;
    static struct row_cells row;
    struct table table;
    size_t shown = 0;
    schedule_sort(f, from_s, to_s, &order);
    for (size_t k = 0; k < order.count; k++) {
        if (user != FOLDER_NO_USER && f->schedule.rows[order.rows[k]].user != user)
            continue;
        order.rows[shown++] = order.rows[k];
        if (app->json)
            continue;
        make_cells(&row, f, order.rows[k]);
        widen(columns, &row);
    }
    table_init(&table, &app->out, columns, COLUMNS);
    for (size_t k = 0; k < shown; k++) {
        size_t i = order.rows[k];
        if (app->json) {
            print_row_json(&app->out, f, i);
            continue;
        }
        make_cells(&row, f, i);
        table_row_coloured(&table, row.cells, COLUMN_STAGE,
                           f->rows[i].stage == BERTH_STAGE_USING ? COLOUR_GREEN : COLOUR_NONE);
    }
    if (shown == 0 && app->err.terminal && !app->quiet)
        out_string(&app->err, "(none)\n"); /* for who wonders at an empty screen */
    return shown;
}

int schedule_list(struct app *app)
{
    struct folder *f;
    uint32_t user;
    int code = schedule_open(app, false, &f);
    int64_t from_s = -BERTH_SCHEDULE_TIME_MAX, to_s = BERTH_SCHEDULE_TIME_MAX;
    code = code == 0 ? schedule_span(app, folder_now(f), &from_s, &to_s) : code;
    code = code == 0 ? schedule_user(app, f, &user) : code;
    if (code != 0)
        return code;
    (void)schedule_print_rows(app, f, from_s, to_s, user);
    return finish(app, f);
}

/* ---- stats ------------------------------------------------------------------------------------ */

struct use {
    uint64_t rows;
    uint64_t held_s; /* of all rows */
    uint64_t gpu_s;  /* times GPUs */
};

struct stats {
    struct folder *folder;
    int64_t from_s, to_s;
    uint32_t only_user; /* FOLDER_NO_USER: all */
    uint64_t gpu_s[BERTH_GPU_MAX];
    struct use users[FOLDER_IDS];
    struct use all;
    size_t bad_rows;
    struct folder_bad_row first_bad; /* of used.csv */
};

static enum berth_status count_row(void *ctx, const struct berth_store_row *row)
{
    struct stats *stats = ctx;
    const struct berth_record *record = row->record;
    if (row->fault != BERTH_ROW_GOOD) {
        if (row->stage == BERTH_STAGE_USED && stats->bad_rows++ == 0)
            stats->first_bad = (struct folder_bad_row){row->stage, row->line, row->fault};
        return BERTH_OK;
    }
    int64_t start_s = record->start_s > stats->from_s ? record->start_s : stats->from_s;
    int64_t end_s = record->end_s < stats->to_s ? record->end_s : stats->to_s;
    if (start_s >= end_s)
        return BERTH_OK;
    uint32_t user = folder_user_add(stats->folder, record->user_id);
    if (user >= FOLDER_IDS)
        return BERTH_E_SPACE;
    if (stats->only_user != FOLDER_NO_USER && user != stats->only_user)
        return BERTH_OK;
    uint64_t gpus = record->gpus & berth_gpu_mask((unsigned)stats->folder->capability.max.capacity.gpus);
    const uint64_t held_s = (uint64_t)(end_s - start_s), gpu_s = held_s * berth_gpu_count(gpus);
    struct use *uses[] = {&stats->users[user], &stats->all};
    for (size_t i = 0; i < 2; i++) {
        uses[i]->rows++;
        uses[i]->held_s += held_s;
        uses[i]->gpu_s += gpu_s;
    }
    for (unsigned g = 0; g < BERTH_GPU_MAX; g++)
        stats->gpu_s[g] += (gpus >> g & 1) != 0 ? held_s : 0;
    return BERTH_OK;
}

/* PART of WHOLE in tenths of a percent. */
static uint64_t permille(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (part / whole) * 1000 + (part % whole * 1000 + whole / 2) / whole;
}

static struct berth_text tenths_text(char *buf, size_t size, uint64_t tenths, const char *unit)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    berth_put_u64(&w, tenths / 10);
    berth_put_char(&w, '.');
    berth_put_u64(&w, tenths % 10);
    berth_put_string(&w, unit);
    return berth_writer_text(&w);
}

static struct berth_text hours_text(char *buf, size_t size, uint64_t seconds)
{
    return tenths_text(buf, size, (seconds + 180) / 360, " h");
}

static void print_gpus(struct app *app, const struct stats *stats, unsigned gpus)
{
    static const struct column columns[] = {
        {"GPU", 3, true}, {"BOOKED", 10, true}, {"SHARE", 7, true}, {"", 0, false}};
    uint64_t span_s = (uint64_t)(stats->to_s - stats->from_s);
    struct table table;
    char id[8], hours[32], share[32], bar[128];
    table_init(&table, &app->out, columns, app->out.width == 0 || app->out.width >= 50 ? 4 : 3);
    for (unsigned g = 0; g < gpus; g++) {
        struct berth_writer number, line;
        uint64_t mille = permille(stats->gpu_s[g], span_s);
        berth_writer_init(&number, id, sizeof id);
        berth_put_u64(&number, g);
        berth_writer_init(&line, bar, sizeof bar);
        for (uint64_t at = 50; at <= mille + 25 && at <= 1000; at += 50)
            berth_put_string(&line, app->out.utf8 ? "\xE2\x96\x88" : "#");
        const struct berth_text cells[] = {
            berth_writer_text(&number), hours_text(hours, sizeof hours, stats->gpu_s[g]),
            tenths_text(share, sizeof share, mille, " %"), berth_writer_text(&line)};
        table_row(&table, cells);
    }
}

/* The numbers of the users who have something, those with the most GPU time first. */
static size_t rank_users(const struct stats *stats, uint32_t *users)
{
    size_t count = 0;
    for (uint32_t user = 0; user < FOLDER_IDS; user++) {
        if (stats->users[user].rows == 0)
            continue;
        size_t at = count++;
        for (; at > 0 && stats->users[users[at - 1]].gpu_s < stats->users[user].gpu_s; at--)
            users[at] = users[at - 1];
        users[at] = user;
    }
    return count;
}

static void print_users(struct app *app, const struct stats *stats)
{
    static const struct column columns[] = {{"BOOKINGS", 8, true},
                                            {"HELD", 10, true},
                                            {"ON GPUS", 10, true},
                                            {"SHARE", 7, true},
                                            {"USER", 0, false}};
    static uint32_t users[FOLDER_IDS];
    struct table table;
    char rows[24], held[32], gpus[32], share[32];
    size_t count = rank_users(stats, users);
    table_init(&table, &app->out, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < count; i++) {
        const struct use *use = &stats->users[users[i]];
        struct berth_writer w;
        berth_writer_init(&w, rows, sizeof rows);
        berth_put_u64(&w, use->rows);
        const struct berth_text cells[] = {
            berth_writer_text(&w), hours_text(held, sizeof held, use->held_s),
            hours_text(gpus, sizeof gpus, use->gpu_s),
            tenths_text(share, sizeof share, permille(use->gpu_s, stats->all.gpu_s), " %"),
            folder_user_id(stats->folder, users[i])};
        table_row(&table, cells);
    }
}

static void print_text(struct app *app, const struct stats *stats, unsigned gpus)
{
    struct out *out = &app->out;
    char time[SCHEDULE_TIME_CAP], share[32];
    uint64_t span_s = (uint64_t)(stats->to_s - stats->from_s);
    out_text(out, schedule_time_text(time, stats->from_s, false));
    out_string(out, " to ");
    out_text(out, schedule_time_text(time, stats->to_s, false));
    out_string(out, "\n\n");
    print_gpus(app, stats, gpus);
    if (gpus > 0) {
        out_text(out, tenths_text(share, sizeof share, permille(stats->all.gpu_s, span_s * gpus), " %"));
        out_string(out, " of all GPU time is booked\n");
    }
    if (stats->all.rows > 0) {
        out_string(out, "\n");
        print_users(app, stats);
    }
}

/* A share as a JSON number with three decimals: 0.125. */
static void out_share(struct out *out, uint64_t part, uint64_t whole)
{
    char buf[32];
    struct berth_writer w;
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_decimal(&w, (int64_t)permille(part, whole), 3);
    out_text(out, berth_writer_text(&w));
}

static void out_member(struct out *out, const char *name, uint64_t value)
{
    out_string(out, name);
    out_u64(out, value);
}

static void print_user_json(struct out *out, const struct stats *stats, uint32_t user)
{
    static char buf[16384 * 4];
    struct berth_writer buffer;
    struct berth_json_writer w;
    struct berth_text id = folder_user_id(stats->folder, user);
    berth_writer_init(&buffer, buf, sizeof buf);
    berth_json_writer_init(&w, &buffer);
    if (berth_text_is_utf8(id, NULL))
        berth_json_put_text(&w, id);
    else
        berth_json_put_null(&w);
    out_string(out, "{\"user_id\":");
    out_text(out, berth_writer_text(&buffer));
    out_member(out, ",\"rows\":", stats->users[user].rows);
    out_member(out, ",\"held_s\":", stats->users[user].held_s);
    out_member(out, ",\"gpu_s\":", stats->users[user].gpu_s);
    out_string(out, ",\"share\":");
    out_share(out, stats->users[user].gpu_s, stats->all.gpu_s);
    out_string(out, "}");
}

static void print_json(struct app *app, const struct stats *stats, unsigned gpus)
{
    struct out *out = &app->out;
    char time[SCHEDULE_TIME_CAP];
    uint64_t span_s = (uint64_t)(stats->to_s - stats->from_s);
    bool any = false;
    out_string(out, "{\"from\":\"");
    out_text(out, schedule_time_text(time, stats->from_s, true));
    out_string(out, "\",\"to\":\"");
    out_text(out, schedule_time_text(time, stats->to_s, true));
    out_member(out, "\",\"span_s\":", span_s);
    out_string(out, ",\"gpus\":[");
    for (unsigned g = 0; g < gpus; g++) {
        out_string(out, g > 0 ? "," : "");
        out_member(out, "{\"gpu\":", g);
        out_member(out, ",\"booked_s\":", stats->gpu_s[g]);
        out_string(out, ",\"share\":");
        out_share(out, stats->gpu_s[g], span_s);
        out_string(out, "}");
    }
    out_string(out, "],\"users\":[");
    for (uint32_t user = 0; user < FOLDER_IDS; user++) {
        if (stats->users[user].rows == 0)
            continue;
        out_string(out, any ? "," : "");
        any = true;
        print_user_json(out, stats, user);
    }
    out_string(out, "]}\n");
}

/* After the figures: the first row of used.csv that cannot be read; the other two files have their own words.
 */
static int finish_stats(struct app *app, struct stats *stats)
{
    char text[512];
    struct berth_writer w;
    int code = finish(app, stats->folder);
    if (code != 0 || stats->bad_rows == 0)
        return code;
    berth_writer_init(&w, text, sizeof text);
    folder_put_bad_row(&w, stats->folder, &stats->first_bad);
    return fail_text(app, EXIT_BAD_DATA, "left out", berth_writer_text(&w));
}

int schedule_stats(struct app *app)
{
    static struct stats stats;
    struct folder *f;
    int code = schedule_open(app, false, &f);
    if (code != 0)
        return code;
    int64_t unit_s = berth_schedule_floor(folder_now(f));
    stats.folder = f;
    stats.from_s = unit_s - BERTH_SCHEDULE_HORIZON_S;
    stats.to_s = unit_s + BERTH_SCHEDULE_HORIZON_S;
    code = schedule_span(app, folder_now(f), &stats.from_s, &stats.to_s);
    code = code == 0 ? schedule_user(app, f, &stats.only_user) : code;
    if (code != 0)
        return code;
    const unsigned all = 1u << BERTH_STAGE_BOOKING | 1u << BERTH_STAGE_USING | 1u << BERTH_STAGE_USED;
    enum berth_status status = f->store.rows(f->store.ctx, all, count_row, &stats);
    if (status != BERTH_OK)
        return folder_fail(f, status, "the bookings were not counted");
    unsigned gpus = (unsigned)f->capability.max.capacity.gpus;
    if (app->json)
        print_json(app, &stats, gpus);
    else
        print_text(app, &stats, gpus);
    return finish_stats(app, &stats);
}
