/* The host's bookings as a schedule: booking.csv and using.csv, row by row. */
#include "booking_folder.h"

#include <string.h>

/* Rows by name, to find one that is at two stages. More slots than rows. */
enum { TEXTS_SIZE = 8 << 20, SLOTS = 2 * FOLDER_ROWS, LINE_SIZE = 2 * FOLDER_PATH };

static struct berth_booking bookings[FOLDER_ROWS];
static struct berth_schedule_node nodes[FOLDER_ROWS];
static struct folder_row rows[FOLDER_ROWS];
static uint16_t slots[SLOTS]; /* row + 1; 0: free */
static char texts[TEXTS_SIZE];

struct loading {
    struct folder *f;
    struct berth_writer texts;
    size_t count;
    const char *reason; /* of a failure */
};

static size_t find_slot(uint32_t user, int64_t start_s)
{
    uint64_t hash = ((uint64_t)start_s ^ (uint64_t)user << 40) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = (size_t)(hash >> 40) % SLOTS;
    while (slots[slot] != 0 &&
           (bookings[slots[slot] - 1].user != user || bookings[slots[slot] - 1].start_s != start_s))
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* A copy that lives until the next load; absent stays absent. */
static struct berth_text keep(struct loading *loading, struct berth_text text)
{
    if (text.ptr == NULL)
        return text;
    size_t from = loading->texts.len;
    berth_put_text(&loading->texts, text);
    return berth_text_make(loading->texts.buf + from, text.len);
}

/* Which place the row takes: that of its copy at an earlier stage, or a new one. */
static size_t place_of(struct loading *loading, uint32_t user, const struct berth_store_row *row)
{
    size_t slot = find_slot(user, row->record->start_s);
    if (slots[slot] != 0 && rows[slots[slot] - 1].stage != row->stage)
        return slots[slot] - 1u;
    if (slots[slot] == 0 && loading->count < FOLDER_ROWS)
        slots[slot] = (uint16_t)(loading->count + 1);
    return loading->count++;
}

static enum berth_status take_row(void *ctx, const struct berth_store_row *row)
{
    struct loading *loading = ctx;
    struct folder *f = loading->f;
    if (row->fault != BERTH_ROW_GOOD) {
        if (f->bad_count < FOLDER_BAD_ROWS)
            f->bad[f->bad_count] = (struct folder_bad_row){row->stage, row->line, row->fault};
        f->bad_count++;
        return BERTH_OK;
    }
    const struct berth_record *record = row->record;
    uint32_t user = folder_user_add(f, record->user_id);
    loading->reason = "more different users than this program holds";
    if (user == FOLDER_NO_USER)
        return BERTH_E_SPACE;
    size_t place = place_of(loading, user, row);
    loading->reason = "more than 16384 rows in booking.csv and using.csv; take some away by hand";
    if (place >= FOLDER_ROWS)
        return BERTH_E_SPACE;
    uint8_t flags = row->stage == BERTH_STAGE_USING ? BERTH_BOOKING_USING : 0;
    bookings[place] =
        (struct berth_booking){record->start_s, record->end_s, record->cpus_nano, record->memory_gb,
                               record->gpus,    user,          record->port,      flags};
    rows[place] = (struct folder_row){row->stage, row->line, folder_user_id(f, user),
                                      keep(loading, record->image), keep(loading, record->extra_command)};
    loading->reason = "more text than this program holds";
    return berth_writer_status(&loading->texts);
}

/* Ids that the host does not have block nothing: that is worth a word. */
static void look_at_gpus(struct folder *f)
{
    int32_t count = f->capability.max.capacity.gpus;
    uint64_t host = count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    size_t strange = 0, first = 0;
    for (size_t i = f->schedule.count; i-- > 0;)
        if (bookings[i].gpus & ~host) {
            strange++;
            first = i;
        }
    if (strange == 0 || f->warned_gpus)
        return;
    char line[LINE_SIZE];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, f->jobs);
    berth_put_string(&w, rows[first].stage == BERTH_STAGE_USING ? "/using.csv line " : "/booking.csv line ");
    berth_put_u64(&w, rows[first].line);
    berth_put_string(&w, ": GPUs ");
    berth_put_gpu_list(&w, bookings[first].gpus & ~host);
    berth_put_string(&w, " are not this host's");
    if (strange > 1) {
        berth_put_string(&w, "; so it is in ");
        berth_put_u64(&w, strange);
        berth_put_string(&w, " rows");
    }
    f->warned_gpus = true;
    folder_say(f, FOLDER_WARNING, berth_writer_text(&w));
}

int folder_load_rows(struct folder *f)
{
    struct loading loading = {.f = f};
    int code = folder_look(f);
    if (code != 0)
        return code;
    memset(slots, 0, sizeof slots);
    berth_writer_init(&loading.texts, texts, sizeof texts);
    f->bad_count = 0;
    f->rows = rows;
    enum berth_status status =
        f->store.rows(f->store.ctx, 1u << BERTH_STAGE_BOOKING | 1u << BERTH_STAGE_USING, take_row, &loading);
    if (status == BERTH_E_SPACE && f->store.reason(f->store.ctx).len == 0) {
        char line[LINE_SIZE];
        struct berth_writer w;
        berth_writer_init(&w, line, sizeof line);
        berth_put_string(&w, f->jobs);
        berth_put_string(&w, ": ");
        berth_put_string(&w, loading.reason);
        folder_say(f, FOLDER_ERROR, berth_writer_text(&w));
        return (int)f->options.code;
    }
    if (status == BERTH_OK)
        status = berth_schedule_init(&f->schedule, bookings, loading.count, FOLDER_ROWS, nodes, NULL);
    if (status != BERTH_OK)
        return folder_fail(f, status, "the bookings are not known");
    look_at_gpus(f);
    return 0;
}

void folder_put_bad_row(struct berth_writer *w, const struct folder *f, const struct folder_bad_row *bad)
{
    static const char *const NAMES[BERTH_STAGE_COUNT] = {"/booking.csv", "/using.csv", "/used.csv"};
    berth_put_string(w, f->jobs);
    berth_put_string(w, NAMES[bad->stage]);
    berth_put_string(w, " line ");
    berth_put_u64(w, bad->line);
    berth_put_string(w, ": ");
    berth_put_string(w, berth_row_fault_text(bad->fault));
}

int folder_refuse_bad_rows(struct folder *f)
{
    char line[LINE_SIZE];
    struct berth_writer w;
    if (f->bad_count == 0)
        return 0;
    berth_writer_init(&w, line, sizeof line);
    folder_put_bad_row(&w, f, &f->bad[0]);
    if (f->bad_count > 1) {
        berth_put_string(&w, " (and ");
        berth_put_u64(&w, f->bad_count - 1);
        berth_put_string(&w, f->bad_count == 2 ? " more row)" : " more rows)");
    }
    berth_put_string(&w, "; mend the row by hand: nothing is decided without it");
    folder_say(f, FOLDER_ERROR, berth_writer_text(&w));
    return (int)f->options.code;
}
