/* berth book: what is wanted, from when to when, with which options; and the commit. The dialogue goes back
 * and forth, hence a table of steps. */
#include "book.h"

#include "schedule_command.h"

#include <string.h>

/* In the order of the wire page, 5.2. */
enum step {
    STEP_WANT,
    STEP_START,
    STEP_END,
    STEP_CHECK,
    STEP_PORT,
    STEP_IMAGE,
    STEP_COMMAND,
    STEP_PASSWORD,
    STEP_KEEP,
    STEP_PORT_CHECK,
    STEP_COMMIT,
    STEP_OVER /* b->code says how */
};

static enum step end_with(struct book *b, int code)
{
    b->code = code;
    return STEP_OVER;
}

static enum step again(struct book *b, const char *text, enum step step)
{
    book_say(b, COLOUR_RED, text);
    return step;
}

static bool has_options(const struct book *b)
{
    return args_given(&b->app->args, OPT_USE_OPTIONS);
}

static void keep_text(struct berth_text text, char *room, size_t cap, struct berth_text *out)
{
    size_t len = text.len < cap ? text.len : cap;
    if (len > 0)
        memcpy(room, text.ptr, len);
    *out = berth_text_make(len > 0 ? room : NULL, len);
}

/* ---- Q2: what ---- */

static enum step step_want(struct book *b)
{
    const struct berth_capacity limit = berth_capability_limits(&b->folder->capability, b->id)->capacity;
    char line[160];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, BOOK_S4);
    berth_put_cpus(&w, limit.cpus_nano);
    berth_put_string(&w, " memory=");
    berth_put_i64(&w, limit.memory_gb);
    berth_put_string(&w, " gpus=");
    berth_put_i64(&w, limit.gpus);
    if (berth_writer_terminate(&w) == BERTH_OK)
        book_say(b, COLOUR_NONE, line);
    int code = book_ask(b, BOOK_S5);
    if (code != BOOK_GO)
        return end_with(b, code);
    switch (berth_booking_want(b->answer, &limit, &b->want)) {
    case BERTH_REFUSAL_NONE:
        return STEP_START;
    case BERTH_REFUSAL_WANT_HIGH:
        return again(b, BOOK_S6, STEP_WANT);
    default:
        return again(b, BOOK_S7, STEP_WANT);
    }
}

/* ---- Q3: when ---- */

/* Whether the user holds nothing that touches the window; says so otherwise. */
static enum step own_time(struct book *b, int64_t end_s, enum step next, enum step back)
{
    if (!berth_booking_own_overlap(&b->folder->schedule, b->user, b->start_s, end_s, NULL))
        return next;
    book_say(b, COLOUR_RED, BOOK_S7);
    return again(b, BOOK_T6, back);
}

static enum step step_start(struct book *b)
{
    int code = book_ask(b, BOOK_S8);
    if (code != BOOK_GO)
        return end_with(b, code);
    if (berth_booking_start(b->answer, folder_now(b->folder), &b->start_s, &b->starts_now) !=
        BERTH_REFUSAL_NONE)
        return again(b, BOOK_S7, STEP_START);
    return own_time(b, b->start_s, STEP_END, STEP_START);
}

static enum step step_end(struct book *b)
{
    int code = book_ask(b, BOOK_S9);
    if (code != BOOK_GO)
        return end_with(b, code);
    if (berth_booking_end(b->answer, b->start_s, &b->end_s) != BERTH_REFUSAL_NONE)
        return again(b, BOOK_S7, STEP_END);
    return own_time(b, b->end_s, STEP_CHECK, STEP_END);
}

/* ---- Whether it fits ---- */

/* What is asked for, as of now: "now" is the unit that has come meanwhile. */
static void fill_request(struct book *b, struct berth_request *request)
{
    folder_request(b->folder, b->user, request);
    int64_t unit_s = berth_schedule_floor(request->now_s);
    if (b->starts_now && unit_s > b->start_s && unit_s < b->end_s)
        b->start_s = unit_s;
    request->start_s = b->start_s;
    request->end_s = b->end_s;
    request->starts_now = b->starts_now;
    request->want = b->want;
}

/* When there would be room: a hint for people, beside the fixed texts. It is shown when no lock is held. */
static void find_room(struct book *b, const struct berth_request *asked)
{
    struct berth_request request = *asked;
    struct berth_fit fit;
    int64_t unit_s = berth_schedule_floor(request.now_s);
    request.start_s = unit_s + BERTH_SCHEDULE_UNIT_S;
    request.end_s = request.start_s + (asked->end_s - asked->start_s);
    request.starts_now = false;
    b->room_found = b->app->err.terminal &&
                    berth_schedule_next(&b->folder->schedule, &request, unit_s + BERTH_SCHEDULE_HORIZON_S,
                                        &b->room_s, &fit) == BERTH_OK &&
                    fit.verdict == BERTH_VERDICT_OK;
}

static void show_room(struct book *b)
{
    struct out *err = &b->app->err;
    char time[SCHEDULE_TIME_CAP];
    if (!b->room_found)
        return;
    b->room_found = false;
    out_flush(&b->app->out);
    out_string(err, "There is room for it from ");
    out_text(err, schedule_time_text(time, b->room_s, false));
    out_string(err, " on.\n");
    out_flush(err);
}

/* Says why not, and where the dialogue goes on. */
static enum step refuse(struct book *b, const struct berth_request *request, enum berth_verdict verdict)
{
    switch (verdict) {
    case BERTH_VERDICT_CPUS:
    case BERTH_VERDICT_MEMORY:
    case BERTH_VERDICT_GPUS:
        book_say(b, COLOUR_RED, BOOK_S11);
        find_room(b, request);
        return STEP_WANT;
    case BERTH_VERDICT_USERCAP: /* the limits have changed meanwhile */
        return again(b, BOOK_S6, STEP_WANT);
    case BERTH_VERDICT_OVERLAP:
        book_say(b, COLOUR_RED, BOOK_S7);
        return again(b, BOOK_T6, STEP_START);
    case BERTH_VERDICT_PORT:
        return again(b, BOOK_T10, STEP_PORT);
    default: /* the time has passed meanwhile */
        return again(b, BOOK_S7, STEP_START);
    }
}

/* With the rows as they are now, and a port unless it is 0. */
static enum step check(struct book *b, uint16_t port, struct berth_fit *out_fit, enum step next)
{
    struct berth_request request;
    int code = folder_load_rows(b->folder);
    if (code == 0)
        code = folder_refuse_bad_rows(b->folder);
    if (code != 0)
        return end_with(b, code);
    fill_request(b, &request);
    request.port = port;
    if (berth_schedule_check(&b->folder->schedule, &request, out_fit) != BERTH_OK)
        return end_with(b,
                        fail(b->app, (enum exit_code)HOST_FILES, "the host's capacity cannot be used", NULL));
    return out_fit->verdict == BERTH_VERDICT_OK ? next : refuse(b, &request, out_fit->verdict);
}

static enum step step_check(struct book *b)
{
    struct berth_fit fit;
    b->after_port = has_options(b) ? STEP_IMAGE : STEP_PORT_CHECK;
    return check(b, 0, &fit, has_options(b) ? STEP_PORT : STEP_PORT_CHECK);
}

/* ---- Q4: options ---- */

static uint16_t stored_port(const struct book *b)
{
    const struct berth_user *user = folder_user_config(b->folder, b->id);
    return user == NULL ? 0 : user->forward_port;
}

static enum step step_port(struct book *b)
{
    char line[100];
    struct berth_writer w;
    uint16_t stored = stored_port(b);
    enum step next = (enum step)b->after_port;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, BOOK_S12);
    if (stored != 0)
        berth_put_u64(&w, stored);
    else
        berth_put_string(&w, "None");
    berth_put_string(&w, BOOK_S12_END);
    int code = berth_writer_terminate(&w) == BERTH_OK ? book_ask(b, line) : HOST_FILES;
    if (code != BOOK_GO)
        return end_with(b, code);
    if (b->answer.len == 0 && stored != 0) {
        b->port = stored;
        return next;
    }
    if (berth_booking_port(b->answer, b->user, b->folder->owners, b->folder->owner_count, &b->port) !=
        BERTH_REFUSAL_NONE)
        return again(b, BOOK_T7, STEP_PORT);
    return next;
}

static enum step step_image(struct book *b)
{
    const struct berth_host_config *host = &b->folder->host;
    const struct berth_user *user = folder_user_config(b->folder, b->id);
    struct out *out = &b->app->out;
    char line[BOOK_IMAGE_MAX + 100];
    struct berth_writer w;
    for (size_t i = 0; i < host->image_count; i++) {
        out_colour(out, COLOUR_GREEN);
        out_safe(out, host->images[i]);
        out_colour(out, COLOUR_NONE);
        out_string(out, "\n");
    }
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, BOOK_S13);
    berth_put_text(&w, user != NULL && user->image.ptr != NULL && user->image.len <= BOOK_IMAGE_MAX
                           ? user->image
                           : BERTH_TEXT(BERTH_DEFAULT_IMAGE));
    berth_put_string(&w, BOOK_S12_END);
    int code = berth_writer_terminate(&w) == BERTH_OK ? book_ask(b, line) : HOST_FILES;
    if (code != BOOK_GO)
        return end_with(b, code);
    if (berth_booking_image(b->answer, host) != BERTH_REFUSAL_NONE || b->answer.len > BOOK_IMAGE_MAX)
        return again(b, BOOK_T8, STEP_IMAGE);
    keep_text(b->answer, b->image_room, sizeof b->image_room, &b->image);
    return STEP_COMMAND;
}

static enum step step_command(struct book *b)
{
    int code = book_ask(b, BOOK_S14);
    if (code != BOOK_GO)
        return end_with(b, code);
    if (berth_booking_command(b->answer) != BERTH_REFUSAL_NONE || b->answer.len > BOOK_COMMAND_MAX)
        return again(b, BOOK_S7, STEP_COMMAND);
    keep_text(b->answer, b->command_room, sizeof b->command_room, &b->command);
    return STEP_PASSWORD;
}

static enum step step_password(struct book *b)
{
    bool yes = false, stored = false;
    int code = book_ask_yes(b, BOOK_S15, &yes);
    if (code == BOOK_GO && yes)
        code = book_change_password(b, &stored);
    if (code != BOOK_GO)
        return end_with(b, code);
    return yes && !stored ? STEP_PASSWORD : STEP_KEEP;
}

static enum step step_keep(struct book *b)
{
    bool yes = false, taken = false;
    int code = book_ask_yes(b, BOOK_T9, &yes);
    if (code == BOOK_GO && yes)
        code = book_keep_options(b, &taken);
    if (code != BOOK_GO)
        return end_with(b, code);
    /* The port alone may be asked for again. */
    b->after_port = taken ? STEP_KEEP : STEP_PORT_CHECK;
    return taken ? again(b, BOOK_T7, STEP_PORT) : STEP_PORT_CHECK;
}

/* ---- The end ---- */

static enum step step_port_check(struct book *b)
{
    struct berth_fit fit;
    if (b->port == 0)
        return again(b, BOOK_T7, STEP_PORT);
    return check(b, b->port, &fit, STEP_COMMIT);
}

/* Under the lock: everything is read and asked again, and the row written. */
static enum step commit(struct book *b)
{
    struct folder *f = b->folder;
    struct berth_fit fit;
    int code = folder_load_config(f);
    if (code != 0)
        return end_with(b, code);
    if (!berth_capability_allows(&f->capability, b->id) || folder_user_config(f, b->id) == NULL) {
        book_say(b, COLOUR_RED, BOOK_T2);
        return end_with(b, HOST_REFUSED);
    }
    enum step next = check(b, b->port, &fit, STEP_COMMIT);
    if (next != STEP_COMMIT)
        return next;
    const struct berth_record record = {
        .start_s = b->start_s,
        .end_s = b->end_s,
        .cpus_nano = b->want.cpus_nano,
        .memory_gb = b->want.memory_gb,
        .gpus = fit.choice.gpus,
        .user_id = b->id,
        .image = b->image,
        .extra_command = b->command,
        .port = b->port,
    };
    enum berth_status status = f->store.add(f->store.ctx, &record);
    if (status == BERTH_E_CONFLICT)
        return STEP_COMMIT; /* somebody was quicker: decide again */
    if (status != BERTH_OK)
        return end_with(b, folder_fail(f, status, "the booking was not made"));
    book_say(b, COLOUR_GREEN, BOOK_S10);
    /* The row stands; without this word the monitor starts it with its next tick. */
    if (b->start_s == berth_schedule_floor(folder_now(f))) {
        status = f->store.notify(f->store.ctx, BERTH_TEXT("now"));
        if (status != BERTH_OK)
            (void)folder_fail(f, status, "the booking is made, but the monitor could not be told");
    }
    return end_with(b, EXIT_DONE);
}

static enum step step_commit(struct book *b)
{
    int code = folder_begin(b->folder);
    if (code != 0)
        return end_with(b, code);
    enum step next = commit(b);
    folder_end(b->folder);
    return next;
}

/* The port, image and command of the user's entry. What a row cannot hold is refused, as half of it would be
 * another command; with -use-opt it is asked for anyway. */
static int take_stored(struct book *b, const struct berth_user *user)
{
    const struct {
        const char *field;
        struct berth_text text;
        size_t max;
    } fields[] = {{": image", user->image, BOOK_IMAGE_MAX},
                  {": extra_command", user->extra_command, BOOK_COMMAND_MAX}};
    char text[FOLDER_PATH + 128];
    struct berth_writer w;
    b->port = user->forward_port;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        bool none = fields[i].text.len > 0 && berth_rows_is_none(fields[i].text);
        if (has_options(b) || (fields[i].text.len <= fields[i].max && !none))
            continue;
        berth_writer_init(&w, text, sizeof text);
        berth_put_string(&w, b->folder->users_path);
        berth_put_string(&w, ": ");
        berth_put_text(&w, b->id);
        berth_put_string(&w, fields[i].field);
        berth_put_string(&w, none ? " is a word that means none in a row" : " is longer than a row holds");
        return berth_writer_terminate(&w) == BERTH_OK
                   ? fail(b->app, (enum exit_code)HOST_FILES, text, "mend it, or book with -use-opt")
                   : HOST_FILES;
    }
    keep_text(user->image, b->image_room, sizeof b->image_room, &b->image);
    keep_text(user->extra_command, b->command_room, sizeof b->command_room, &b->command);
    return BOOK_GO;
}

int book_make(struct book *b)
{
    static enum step (*const STEPS[])(struct book *) = {
        [STEP_WANT] = step_want,       [STEP_START] = step_start,
        [STEP_END] = step_end,         [STEP_CHECK] = step_check,
        [STEP_PORT] = step_port,       [STEP_IMAGE] = step_image,
        [STEP_COMMAND] = step_command, [STEP_PASSWORD] = step_password,
        [STEP_KEEP] = step_keep,       [STEP_PORT_CHECK] = step_port_check,
        [STEP_COMMIT] = step_commit,
    };
    const struct berth_user *user = folder_user_config(b->folder, b->id);
    int code = folder_load_rows(b->folder);
    if (code == 0)
        code = folder_refuse_bad_rows(b->folder);
    if (code != 0)
        return code;
    code = user != NULL ? take_stored(b, user) : BOOK_GO;
    if (code != BOOK_GO)
        return code;
    enum step step = STEP_WANT;
    while (step != STEP_OVER) {
        step = STEPS[step](b);
        show_room(b);
    }
    return b->code;
}
