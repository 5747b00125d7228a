/* berth schedule show --svg: a picture of the schedule for a wall. */
#include <string.h>

#include "files.h"
#include "schedule_command.h"

/* Lengths are hundredths of a pixel. */
enum {
    PX = 100,
    PAGE_WIDTH = 1600 * PX,
    MARGIN = 48 * PX,
    GUTTER = 84 * PX, /* names of GPUs */
    PLOT_LEFT = MARGIN + GUTTER,
    PLOT_WIDTH = PAGE_WIDTH - MARGIN - PLOT_LEFT,
    PLOT_TOP = 176 * PX,
    LANES_HEIGHT = 880 * PX, /* what all lanes share, within their bounds */
    LANE_MIN = 22 * PX,
    LANE_MAX = 64 * PX,
    BOX_GAP = 3 * PX,
    LEGEND_COLUMN = 292 * PX,
    LEGEND_LINE = 26 * PX,
    LEGEND_COLUMNS = 5,
    LEGEND_MAX = 400, /* users that are listed */
    DAY_S = 86400,
    NAME_MAX_BYTES = 64 /* of a name that is written out */
};

/* A document on its way into a sink; one element is put at a time. */
struct pen {
    struct berth_sink sink;
    struct berth_writer w;
    char buf[8192];
    enum berth_status status;
};

struct picture {
    struct pen *pen;
    struct app *app;
    const struct folder *folder;
    const struct schedule_order *order;
    int64_t from_s, to_s, now_s;
    unsigned gpus;
    int64_t lane, height; /* of a lane, of all lanes */
    uint32_t users[FOLDER_IDS];
    size_t user_count;
};

/* ---- putting ---------------------------------------------------------------------------------- */

/* Sends what was put on its way. An element that does not fit is the program's own mistake. */
static void pen_flush(struct pen *pen)
{
    if (pen->status == BERTH_OK)
        pen->status = berth_writer_status(&pen->w);
    if (pen->status == BERTH_OK && pen->w.len > 0)
        pen->status = pen->sink.write(pen->sink.ctx, pen->buf, pen->w.len);
    berth_writer_init(&pen->w, pen->buf, sizeof pen->buf);
}

static void put(struct pen *pen, const char *text)
{
    berth_put_string(&pen->w, text);
}

/* NAME="number". */
static void put_length(struct pen *pen, const char *name, int64_t hundredths)
{
    put(pen, " ");
    put(pen, name);
    put(pen, "=\"");
    berth_put_decimal(&pen->w, hundredths, 2);
    put(pen, "\"");
}

/* Any bytes as text of XML: markup is escaped, what XML cannot hold becomes '?'. */
static void put_escaped(struct pen *pen, struct berth_text text)
{
    while (text.len > 0) {
        uint32_t code;
        size_t len = berth_text_character(text, &code);
        bool plain = len > 0 && code >= 0x20 && !(code >= 0x7F && code < 0xA0) && code != 0xFFFE &&
                     code != 0xFFFF && !(code >= 0x202A && code <= 0x202E) &&
                     !(code >= 0x2066 && code <= 0x2069);
        len = len > 0 ? len : 1;
        if (!plain)
            put(pen, "?");
        else if (code == '&')
            put(pen, "&amp;");
        else if (code == '<')
            put(pen, "&lt;");
        else if (code == '>')
            put(pen, "&gt;");
        else if (code == '"')
            put(pen, "&quot;");
        else if (code == '\'')
            put(pen, "&#39;");
        else
            berth_put_bytes(&pen->w, text.ptr, len);
        text = berth_text_slice(text, len, text.len);
    }
}

/* TEXT as far as CHARACTERS of it, "…" for the rest. */
static void put_cut(struct pen *pen, struct berth_text text, size_t characters)
{
    size_t at = 0, count = 0;
    while (at < text.len && count < characters && at < NAME_MAX_BYTES) {
        uint32_t code;
        size_t len = berth_text_character(berth_text_slice(text, at, text.len), &code);
        at += len > 0 ? len : 1;
        count++;
    }
    put_escaped(pen, berth_text_slice(text, 0, at));
    if (at < text.len)
        put(pen, "\xE2\x80\xA6");
}

static void put_text_open(struct pen *pen, const char *class, int64_t x, int64_t y)
{
    put(pen, "<text class=\"");
    put(pen, class);
    put(pen, "\"");
    put_length(pen, "x", x);
    put_length(pen, "y", y);
    put(pen, ">");
}

static void put_text_line(struct pen *pen, const char *class, int64_t x, int64_t y, struct berth_text text)
{
    put_text_open(pen, class, x, y);
    put_escaped(pen, text);
    put(pen, "</text>\n");
}

static void put_rect_open(struct pen *pen, const char *class, int64_t x, int64_t y, int64_t width,
                          int64_t height)
{
    put(pen, "<rect class=\"");
    put(pen, class);
    put(pen, "\"");
    put_length(pen, "x", x);
    put_length(pen, "y", y);
    put_length(pen, "width", width);
    put_length(pen, "height", height);
}

static void put_rule(struct pen *pen, const char *class, int64_t x1, int64_t y1, int64_t x2, int64_t y2)
{
    put(pen, "<line class=\"");
    put(pen, class);
    put(pen, "\"");
    put_length(pen, "x1", x1);
    put_length(pen, "y1", y1);
    put_length(pen, "x2", x2);
    put_length(pen, "y2", y2);
    put(pen, "/>\n");
}

/* ---- colours ---------------------------------------------------------------------------------- */

/* Far enough from each other and from the red of warnings; more users than colours get mixtures. */
static const uint32_t palette[] = {0x4e79a7, 0xf2a541, 0x59a14f, 0xb07aa1, 0x76b7b2, 0xedc948,
                                   0x9c755f, 0x5b5ea6, 0xff9da7, 0x1f7a8c, 0xa0cbe8, 0x8cd17d,
                                   0xd4a6c8, 0x7a8b2f, 0xbab0ac, 0xd37295, 0x3d5a80, 0xffbe7d};

static uint32_t user_colour(size_t index)
{
    enum { COLOURS = sizeof palette / sizeof palette[0] };
    if (index < COLOURS)
        return palette[index];
    uint32_t a = palette[index % COLOURS], b = palette[(index * 7 + index / COLOURS * 5 + 3) % COLOURS];
    return ((a & 0xfefefe) >> 1) + ((b & 0xfefefe) >> 1);
}

/* Whether dark letters read better on a colour than white ones. */
static bool is_light(uint32_t colour)
{
    return 299 * (colour >> 16 & 255) + 587 * (colour >> 8 & 255) + 114 * (colour & 255) > 132000;
}

static void put_colour(struct pen *pen, const char *name, uint32_t colour)
{
    const uint8_t bytes[] = {(uint8_t)(colour >> 16), (uint8_t)(colour >> 8), (uint8_t)colour};
    put(pen, " ");
    put(pen, name);
    put(pen, "=\"#");
    berth_put_hex(&pen->w, bytes, sizeof bytes);
    put(pen, "\"");
}

/* The users who have a row in the picture, by id: the same user keeps a colour while nobody comes or goes. */
static void collect_users(struct picture *p)
{
    const struct folder *f = p->folder;
    static bool seen[FOLDER_IDS];
    memset(seen, 0, sizeof seen);
    for (size_t k = 0; k < p->order->count; k++) {
        uint32_t user = f->schedule.rows[p->order->rows[k]].user;
        if (user >= FOLDER_IDS || seen[user])
            continue;
        seen[user] = true;
        size_t at = p->user_count++;
        while (at > 0 &&
               berth_text_compare(folder_user_id(f, user), folder_user_id(f, p->users[at - 1])) < 0) {
            p->users[at] = p->users[at - 1];
            at--;
        }
        p->users[at] = user;
    }
}

static uint32_t colour_of(const struct picture *p, uint32_t user)
{
    for (size_t i = 0; i < p->user_count; i++)
        if (p->users[i] == user)
            return user_colour(i);
    return 0x888888;
}

/* ---- time ------------------------------------------------------------------------------------- */

static const char *const weekdays[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const months[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t midnight(int64_t seconds)
{
    int64_t into = seconds % DAY_S;
    return seconds - into - (into < 0 ? DAY_S : 0);
}

/* Where a time stands, at the plot's edge when it lies outside. */
static int64_t x_of(const struct picture *p, int64_t seconds)
{
    seconds = seconds < p->from_s ? p->from_s : seconds > p->to_s ? p->to_s : seconds;
    return PLOT_LEFT + (seconds - p->from_s) * PLOT_WIDTH / (p->to_s - p->from_s);
}

static int64_t width_of(const struct picture *p, int64_t seconds)
{
    return seconds * PLOT_WIDTH / (p->to_s - p->from_s);
}

/* "Mon 7 Jan", with MONTH and WEEKDAY or without; "2030" behind with YEAR. */
static void put_date(struct berth_writer *w, int64_t seconds, bool weekday, bool month, bool year)
{
    struct berth_civil civil;
    if (berth_seconds_to_civil(seconds, &civil) != BERTH_OK)
        return;
    if (weekday) {
        berth_put_string(w, weekdays[berth_weekday(seconds)]);
        berth_put_char(w, ' ');
    }
    berth_put_u64(w, civil.day);
    if (month) {
        berth_put_char(w, ' ');
        berth_put_string(w, months[civil.month - 1]);
    }
    if (year) {
        berth_put_char(w, ' ');
        berth_put_u64(w, (uint64_t)civil.year);
    }
}

static void put_clock(struct berth_writer *w, int64_t seconds)
{
    int64_t into = seconds - midnight(seconds);
    berth_put_u64_padded(w, (uint64_t)(into / 3600), 2);
    berth_put_char(w, ':');
    berth_put_u64_padded(w, (uint64_t)(into % 3600 / 60), 2);
}

/* ---- background and axis ---------------------------------------------------------------------- */

static void draw_days(const struct picture *p)
{
    struct pen *pen = p->pen;
    int64_t day = width_of(p, DAY_S);
    /* With long spans only every seventh day, or fewer, is drawn. */
    int64_t step_s = DAY_S;
    while (width_of(p, step_s) < 14 * PX)
        step_s *= step_s == DAY_S ? 7 : 2;
    for (int64_t at_s = midnight(p->from_s); at_s < p->to_s; at_s += step_s) {
        int64_t x = x_of(p, at_s), width = x_of(p, at_s + step_s) - x;
        char buf[48];
        struct berth_writer w;
        if (step_s == DAY_S && berth_weekday(at_s) >= 5) {
            put_rect_open(pen, "weekend", x, PLOT_TOP - 34 * PX, width, p->height + 34 * PX);
            put(pen, "/>\n");
        }
        if (at_s > p->from_s)
            put_rule(pen, "day", x, PLOT_TOP - 34 * PX, x, PLOT_TOP + p->height);
        berth_writer_init(&w, buf, sizeof buf);
        put_date(&w, at_s, step_s == DAY_S && day >= 52 * PX, day >= 84 * PX || step_s > DAY_S,
                 step_s >= 28 * DAY_S);
        if (width >= (day >= 84 * PX ? 84 : day >= 52 * PX ? 50 : 14) * PX)
            put_text_line(pen, berth_weekday(at_s) >= 5 && step_s == DAY_S ? "date free" : "date",
                          x + width / 2, PLOT_TOP - 20 * PX, berth_writer_text(&w));
        pen_flush(pen);
    }
}

static void draw_hours(const struct picture *p)
{
    static const int64_t steps_s[] = {1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600};
    struct pen *pen = p->pen;
    int64_t step_s = 0;
    for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0] && step_s == 0; i++)
        if (width_of(p, steps_s[i]) >= (i == 0 ? 44 : 26) * PX)
            step_s = steps_s[i];
    if (step_s == 0)
        return;
    for (int64_t at_s = midnight(p->from_s); at_s < p->to_s; at_s += step_s) {
        char buf[8];
        struct berth_writer w;
        if (at_s <= p->from_s)
            continue;
        bool is_midnight = midnight(at_s) == at_s;
        if (!is_midnight)
            put_rule(pen, "hour", x_of(p, at_s), PLOT_TOP, x_of(p, at_s), PLOT_TOP + p->height);
        berth_writer_init(&w, buf, sizeof buf);
        put_clock(&w, at_s);
        struct berth_text text = berth_writer_text(&w);
        if (step_s >= 3600)
            text.len = 2;
        put_text_line(pen, "clock", x_of(p, at_s), PLOT_TOP - 5 * PX, text);
        pen_flush(pen);
    }
}

static void draw_lanes(const struct picture *p)
{
    struct pen *pen = p->pen;
    for (unsigned g = 0; g <= p->gpus; g++) {
        int64_t y = PLOT_TOP + (int64_t)g * p->lane;
        char buf[16];
        struct berth_writer w;
        put_rule(pen, g == 0 || g == p->gpus ? "edge" : "lane", MARGIN, y, PAGE_WIDTH - MARGIN, y);
        if (g == p->gpus)
            break;
        berth_writer_init(&w, buf, sizeof buf);
        berth_put_string(&w, "GPU ");
        berth_put_u64(&w, g);
        put_text_line(pen, "gpu", MARGIN + 6 * PX, y + p->lane / 2 + 5 * PX, berth_writer_text(&w));
        pen_flush(pen);
    }
}

static void draw_now(const struct picture *p)
{
    char buf[16];
    struct berth_writer w;
    struct pen *pen = p->pen;
    if (p->now_s < p->from_s || p->now_s >= p->to_s)
        return;
    int64_t x = x_of(p, p->now_s), middle = x;
    enum { HALF = 42 * PX };
    middle = middle < PLOT_LEFT + HALF ? PLOT_LEFT + HALF : middle;
    middle = middle > PAGE_WIDTH - MARGIN - HALF ? PAGE_WIDTH - MARGIN - HALF : middle;
    put_rule(pen, "now", x, PLOT_TOP - 36 * PX, x, PLOT_TOP + p->height + 4 * PX);
    put_rect_open(pen, "nowbox", middle - HALF, PLOT_TOP - 58 * PX, 2 * HALF, 22 * PX);
    put(pen, " rx=\"11\"/>\n");
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_string(&w, "now ");
    put_clock(&w, p->now_s);
    put_text_line(pen, "nowtext", middle, PLOT_TOP - 42 * PX, berth_writer_text(&w));
    pen_flush(pen);
}

/* ---- boxes ------------------------------------------------------------------------------------ */

/* The tooltip: everything about the booking. */
static void put_tip(const struct picture *p, uint32_t number)
{
    const struct berth_booking *row = &p->folder->schedule.rows[number];
    struct pen *pen = p->pen;
    char time[SCHEDULE_TIME_CAP];
    put(pen, "<title>");
    put_cut(pen, p->folder->rows[number].user_id, NAME_MAX_BYTES);
    put(pen, ": ");
    berth_put_text(&pen->w, schedule_time_text(time, row->start_s, false));
    put(pen, " to ");
    berth_put_text(&pen->w, schedule_time_text(time, row->end_s, false));
    put(pen, ", GPUs ");
    schedule_put_ids(&pen->w, row->gpus);
    put(pen, ", ");
    berth_put_cpus(&pen->w, row->cpus_nano);
    put(pen, " CPUs, ");
    berth_put_i64(&pen->w, row->memory_gb);
    put(pen, " GB</title>");
}

/* "Mon 08:00 - Tue 12:00, 8.0 CPUs, 32 GB": what the second line of a large box says. */
static struct berth_text detail_text(char *buf, size_t size, const struct berth_booking *row, bool with_share)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    bool one_day = midnight(row->start_s) == midnight(row->end_s - 1);
    if (!one_day) {
        berth_put_string(&w, weekdays[berth_weekday(row->start_s)]);
        berth_put_char(&w, ' ');
    }
    put_clock(&w, row->start_s);
    berth_put_string(&w, " - ");
    if (!one_day) {
        berth_put_string(&w, weekdays[berth_weekday(row->end_s)]);
        berth_put_char(&w, ' ');
    }
    put_clock(&w, row->end_s);
    if (with_share) {
        berth_put_string(&w, ", ");
        berth_put_cpus(&w, row->cpus_nano);
        berth_put_string(&w, " CPUs, ");
        berth_put_i64(&w, row->memory_gb);
        berth_put_string(&w, " GB");
    }
    return berth_writer_text(&w);
}

/* About how wide a character of the bold font is, in hundredths of its size; rather too much than too little.
 */
static int64_t character_width(uint32_t code)
{
    static const struct {
        const char *characters;
        int64_t width;
    } widths[] = {{"ijlI.,:;|!'", 40}, {"frt-_()[] ", 54}, {"mwMWOQ@%&", 108}, {"ABCDEFGHJKLNPRSTUVXYZ", 84}};
    if (code >= 0x7F)
        return 108;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        if (memchr(widths[i].characters, (int)code, strlen(widths[i].characters)) != NULL)
            return widths[i].width;
    return 74;
}

/* The characters of TEXT that fit into ROOM at SIZE; all of them, or as many as leave room for "…". */
static size_t characters_in(struct berth_text text, int64_t size, int64_t room, bool *out_all)
{
    int64_t used = 0, dots = size * 108 / 100;
    size_t count = 0, fit = 0;
    while (text.len > 0 && count < NAME_MAX_BYTES) {
        uint32_t code = 0;
        size_t len = berth_text_character(text, &code);
        used += character_width(len > 0 ? code : '?') * size / 100;
        if (used > room)
            break;
        count++;
        if (used + dots <= room)
            fit = count;
        text = berth_text_slice(text, len > 0 ? len : 1, text.len);
    }
    *out_all = text.len == 0;
    return *out_all ? count : fit;
}

/* A name that has no room lengthwise may have it upwards. */
static void put_upright(struct pen *pen, struct berth_text id, int64_t width, int64_t height)
{
    enum { SIZE = 12 * PX, PAD = 6 * PX };
    bool all;
    size_t count = characters_in(id, SIZE, height - 2 * PAD, &all);
    if (width < SIZE + 2 * PX || count < 3)
        return;
    put(pen, "<text class=\"upright\" transform=\"translate(");
    berth_put_decimal(&pen->w, width / 2 + SIZE * 36 / 100, 2);
    put(pen, " ");
    berth_put_decimal(&pen->w, height / 2, 2);
    put(pen, ") rotate(-90)\">");
    put_cut(pen, id, count);
    put(pen, "</text>\n");
}

/* The words of a box WIDTH wide and HEIGHT high, in coordinates of its own; what does not fit is left out. */
static void put_words(const struct picture *p, uint32_t number, int64_t width, int64_t height)
{
    enum { PAD = 7 * PX, LARGE = 14 * PX, SMALL = 11 * PX, DETAIL_EM = 7 * PX };
    struct pen *pen = p->pen;
    const struct berth_booking *row = &p->folder->schedule.rows[number];
    struct berth_text id = p->folder->rows[number].user_id, detail;
    char buf[128];
    bool all, all_small;
    size_t count = characters_in(id, LARGE, width - 2 * PAD, &all);
    size_t small = characters_in(id, SMALL, width - PAD, &all_small);
    detail = detail_text(buf, sizeof buf, row, true);
    if ((int64_t)detail.len * DETAIL_EM > width - 2 * PAD)
        detail = detail_text(buf, sizeof buf, row, false);
    bool two = (int64_t)detail.len * DETAIL_EM <= width - 2 * PAD && height >= 36 * PX;
    if (height < 15 * PX)
        return;
    if (!all && !all_small && (height > width || count < 3)) {
        put_upright(pen, id, width, height);
        return;
    }
    bool large = all || !all_small;
    put_text_open(pen, large ? "name" : "small", large ? PAD : PAD / 2,
                  height / 2 + (two ? -2 * PX : 5 * PX));
    put_cut(pen, id, large ? count : small);
    put(pen, "</text>\n");
    if (two)
        put_text_line(pen, "detail", PAD, height / 2 + 13 * PX, detail);
}

/* One box for GPUs that lie side by side. */
static void draw_box(const struct picture *p, uint32_t number, unsigned first, unsigned count)
{
    const struct berth_booking *row = &p->folder->schedule.rows[number];
    struct pen *pen = p->pen;
    uint32_t colour = colour_of(p, row->user);
    bool running = p->folder->rows[number].stage == BERTH_STAGE_USING;
    int64_t x = x_of(p, row->start_s), y = PLOT_TOP + (int64_t)first * p->lane + BOX_GAP;
    int64_t width = x_of(p, berth_booking_effective_end(row, p->now_s)) - x - PX;
    int64_t height = (int64_t)count * p->lane - 2 * BOX_GAP;
    width = width < 2 * PX ? 2 * PX : width;
    put(pen, "<svg"); /* a window of its own: nothing can stand out of it */
    put_length(pen, "x", x);
    put_length(pen, "y", y);
    put_length(pen, "width", width);
    put_length(pen, "height", height);
    put(pen, is_light(colour) ? " class=\"dark\">" : " class=\"white\">");
    put_tip(p, number);
    put_rect_open(pen, running ? "box running" : "box", PX, PX, width - 2 * PX > PX ? width - 2 * PX : PX,
                  height - 2 * PX);
    put_colour(pen, "fill", colour);
    put(pen, " rx=\"4\"/>\n");
    put_words(p, number, width, height);
    put(pen, "</svg>\n");
    pen_flush(pen);
}

static void draw_booking(const struct picture *p, uint32_t number)
{
    uint64_t gpus = p->folder->schedule.rows[number].gpus & berth_gpu_mask(p->gpus);
    for (unsigned g = 0, count; g < p->gpus; g += count) {
        count = 1;
        if ((gpus >> g & 1) == 0)
            continue;
        while (g + count < p->gpus && (gpus >> (g + count) & 1) != 0)
            count++;
        draw_box(p, number, g, count);
    }
}

/* Red stripes over the times at which two rows hold a GPU. */
static bool draw_twice(const struct picture *p, unsigned gpu)
{
    int64_t held_until_s = INT64_MIN;
    bool any = false;
    for (size_t k = 0; k < p->order->count; k++) {
        const struct berth_booking *row = &p->folder->schedule.rows[p->order->rows[k]];
        if ((row->gpus >> gpu & 1) == 0)
            continue;
        int64_t end_s = berth_booking_effective_end(row, p->now_s);
        if (row->start_s < held_until_s) {
            int64_t until_s = end_s < held_until_s ? end_s : held_until_s, x = x_of(p, row->start_s);
            put_rect_open(p->pen, "twice", x, PLOT_TOP + (int64_t)gpu * p->lane + BOX_GAP,
                          x_of(p, until_s) - x, p->lane - 2 * BOX_GAP);
            put(p->pen, "><title>held twice</title></rect>\n");
            pen_flush(p->pen);
            any = true;
        }
        held_until_s = end_s > held_until_s ? end_s : held_until_s;
    }
    return any;
}

/* ---- title and legend ------------------------------------------------------------------------- */

static const char head[] =
    "<style>\n"
    "text{font-family:'DejaVu Sans',Verdana,'Segoe UI',Arial,sans-serif;fill:#24313d}\n"
    ".title{font-size:34px;font-weight:bold}.subtitle{font-size:17px;fill:#5a6772}\n"
    ".date{font-size:13px;font-weight:bold;text-anchor:middle}.free{fill:#8a949d}\n"
    ".clock{font-size:10.5px;text-anchor:middle;fill:#7b8790}.gpu{font-size:14px;font-weight:bold}\n"
    ".weekend{fill:#eef1f4}.day{stroke:#aab4bd;stroke-width:1.2}.hour{stroke:#e3e8ec;stroke-width:.8}\n"
    ".lane{stroke:#d3dae0;stroke-width:1}.edge{stroke:#5a6772;stroke-width:1.5}\n"
    ".box{stroke:#24313d;stroke-opacity:.35;stroke-width:1}\n"
    ".running{stroke-opacity:1;stroke-width:2.4}\n"
    ".dark text{fill:#18222b}.white "
    "text{fill:#fff}.name{font-size:14px;font-weight:bold}.detail{font-size:11px}"
    ".small{font-size:11px;font-weight:bold}.upright{font-size:12px;font-weight:bold;text-anchor:middle}\n"
    ".twice{fill:url(#stripes);stroke:#c81e1e;stroke-width:1.5}\n"
    ".now{stroke:#c81e1e;stroke-width:2}.nowbox{fill:#c81e1e}\n"
    ".nowtext{font-size:12px;font-weight:bold;text-anchor:middle;fill:#fff}\n"
    ".user{font-size:14px}.hours{font-size:12px;fill:#5a6772}.foot{font-size:12.5px;fill:#5a6772}\n"
    "</style>\n"
    "<defs><pattern id=\"stripes\" width=\"9\" height=\"9\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"9\" height=\"9\" fill=\"#fff\" fill-opacity=\".35\"/>"
    "<rect width=\"4.5\" height=\"9\" fill=\"#c81e1e\"/></pattern></defs>\n";

static size_t legend_count(const struct picture *p)
{
    return p->user_count > LEGEND_MAX ? LEGEND_MAX : p->user_count;
}

static void draw_title(const struct picture *p, int64_t page_height)
{
    struct pen *pen = p->pen;
    const struct berth_capacity *host = &p->folder->capability.max.capacity;
    const char *title = p->app->args.value[OPT_TITLE];
    char buf[64];
    struct berth_writer w;
    put(pen, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"");
    put_length(pen, "width", PAGE_WIDTH);
    put_length(pen, "height", page_height);
    put(pen, " viewBox=\"0 0 1600 ");
    berth_put_decimal(&pen->w, page_height, 2);
    put(pen, "\" font-size=\"14\">\n");
    put(pen, head);
    put(pen, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    put_text_open(pen, "title", MARGIN, 64 * PX);
    put_cut(pen, berth_text_of(title != NULL ? title : "GPU schedule"), NAME_MAX_BYTES);
    put(pen, "</text>\n");
    put_text_open(pen, "subtitle", MARGIN, 93 * PX);
    put_date(&pen->w, p->from_s, true, true, true);
    if (midnight(p->from_s) != midnight(p->to_s - 1)) {
        put(pen, " \xE2\x80\x93 ");
        put_date(&pen->w, p->to_s - 1, true, true, true);
    }
    put(pen, "  \xC2\xB7  ");
    berth_put_u64(&pen->w, p->gpus);
    put(pen, p->gpus == 1 ? " GPU, " : " GPUs, ");
    berth_put_decimal(&pen->w, host->cpus_nano, 9);
    put(pen, " CPUs, ");
    berth_put_i64(&pen->w, host->memory_gb);
    put(pen, " GB</text>\n");
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_string(&w, "as of ");
    put_date(&w, p->now_s, true, true, true);
    berth_put_string(&w, ", ");
    put_clock(&w, p->now_s);
    put(pen, "<text class=\"subtitle\" text-anchor=\"end\"");
    put_length(pen, "x", PAGE_WIDTH - MARGIN);
    put_length(pen, "y", 93 * PX);
    put(pen, ">");
    berth_put_text(&pen->w, berth_writer_text(&w));
    put(pen, "</text>\n");
    pen_flush(pen);
}

/* GPU hours of a user in the picture, in tenths. */
static uint64_t tenths_of_hours(const struct picture *p, uint32_t user)
{
    uint64_t sum_s = 0;
    for (size_t k = 0; k < p->order->count; k++) {
        const struct berth_booking *row = &p->folder->schedule.rows[p->order->rows[k]];
        int64_t start_s = row->start_s > p->from_s ? row->start_s : p->from_s;
        int64_t end_s = row->end_s < p->to_s ? row->end_s : p->to_s;
        if (row->user == user && end_s > start_s)
            sum_s += (uint64_t)(end_s - start_s) * berth_gpu_count(row->gpus & berth_gpu_mask(p->gpus));
    }
    return (sum_s + 180) / 360;
}

static void draw_user(const struct picture *p, size_t index, int64_t top)
{
    enum { LETTERS = 19 };
    struct pen *pen = p->pen;
    int64_t x = MARGIN + (int64_t)(index % LEGEND_COLUMNS) * LEGEND_COLUMN;
    int64_t y = top + (int64_t)(index / LEGEND_COLUMNS) * LEGEND_LINE;
    struct berth_text id = folder_user_id(p->folder, p->users[index]);
    uint64_t tenths = tenths_of_hours(p, p->users[index]);
    put_rect_open(pen, "box", x, y, 24 * PX, 16 * PX);
    put_colour(pen, "fill", user_colour(index));
    put(pen, " rx=\"3\"/>");
    put_text_open(pen, "user", x + 32 * PX, y + 13 * PX);
    put_cut(pen, id, text_columns(id) <= LETTERS ? LETTERS : LETTERS - 1);
    put(pen, " <tspan class=\"hours\">");
    berth_put_decimal(&pen->w, (int64_t)tenths, 1);
    put(pen, " h</tspan></text>\n");
    pen_flush(pen);
}

static void draw_foot(const struct picture *p, int64_t y, bool twice)
{
    struct pen *pen = p->pen;
    size_t without = 0;
    for (size_t k = 0; k < p->order->count; k++)
        without += (p->folder->schedule.rows[p->order->rows[k]].gpus & berth_gpu_mask(p->gpus)) == 0;
    put_text_open(pen, "foot", MARGIN, y);
    put(pen, "Bold outline: running. Hours are GPU hours in this picture.");
    if (twice)
        put(pen, " Red stripes: held twice.");
    if (without > 0) {
        put(pen, " Not drawn: ");
        berth_put_u64(&pen->w, without);
        put(pen, without == 1 ? " booking without GPUs." : " bookings without GPUs.");
    }
    if (p->user_count > LEGEND_MAX) {
        put(pen, " Not listed: ");
        berth_put_u64(&pen->w, p->user_count - LEGEND_MAX);
        put(pen, " more users.");
    }
    put(pen, "</text>\n");
}

static void draw(struct picture *p)
{
    collect_users(p);
    p->lane = p->gpus > 0 ? LANES_HEIGHT / (int64_t)p->gpus : 0;
    p->lane = p->lane < LANE_MIN ? LANE_MIN : p->lane > LANE_MAX ? LANE_MAX : p->lane;
    p->height = p->lane * (int64_t)p->gpus;
    int64_t legend = PLOT_TOP + p->height + 36 * PX;
    int64_t lines = ((int64_t)legend_count(p) + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
    int64_t foot = legend + lines * LEGEND_LINE + 22 * PX;
    bool twice = false;
    draw_title(p, foot + 34 * PX);
    draw_days(p);
    draw_hours(p);
    draw_lanes(p);
    for (size_t k = 0; k < p->order->count; k++)
        draw_booking(p, p->order->rows[k]);
    for (unsigned g = 0; g < p->gpus; g++)
        twice = draw_twice(p, g) || twice;
    draw_now(p);
    for (size_t i = 0; i < legend_count(p); i++)
        draw_user(p, i, legend);
    draw_foot(p, foot, twice);
    put(p->pen, "</svg>\n");
    pen_flush(p->pen);
}

int schedule_draw_svg(struct app *app, const struct folder *f, int64_t from_s, int64_t to_s,
                      const struct schedule_order *order)
{
    static struct pen pen;
    static struct picture picture;
    struct output file;
    int code = output_open(&file, app, app->args.value[OPT_SVG], &pen.sink);
    if (code != 0)
        return code;
    file.progress.on = false;
    pen.status = BERTH_OK;
    berth_writer_init(&pen.w, pen.buf, sizeof pen.buf);
    picture = (struct picture){
        .pen = &pen, .app = app, .folder = f, .order = order, .from_s = from_s, .to_s = to_s};
    picture.now_s = folder_now(f);
    picture.gpus = (unsigned)f->capability.max.capacity.gpus;
    draw(&picture);
    if (pen.status == BERTH_OK)
        return output_commit(&file);
    code = file.failure != BERTH_OK
               ? output_report(&file)
               : fail(app, exit_code_of(pen.status), "the picture", berth_status_name(pen.status));
    output_discard(&file);
    return code;
}
