/* berth schedule check and next: does it fit, and when does it. */
#include <string.h>

#include "commands.h"
#include "gpu_wishes.h"
#include "schedule_command.h"

#include "berth/booking.h"

static const char *const reasons[BERTH_VERDICT_COUNT] = {
    "it fits",
    "such a booking cannot be asked for",
    "a start lies on :00 or :30, ahead of now and within 14 days; an end after it, within 14 days of it",
    "below 1 CPU or 1 GB, or above the user's limits",
    "the user holds a booking that overlaps or touches",
    "not enough CPUs",
    "not enough memory",
    "too few GPUs are free for the whole time",
    "the port is another user's"};

/* ---- the request ------------------------------------------------------------------------------ */

static int need(struct app *app, enum option_id id)
{
    char what[64];
    struct berth_writer w;
    if (args_given(&app->args, id))
        return 0;
    berth_writer_init(&w, what, sizeof what);
    berth_put_string(&w, "--");
    berth_put_string(&w, args_option_name(&app->args, id));
    berth_put_string(&w, " is needed");
    return fail(app, EXIT_USAGE, berth_writer_terminate(&w) == BERTH_OK ? what : "an option is needed", NULL);
}

static int read_want(struct app *app, struct berth_capacity *want)
{
    const struct args *args = &app->args;
    int64_t gpus = 0;
    int code = need(app, OPT_CPUS);
    code = code == 0 ? need(app, OPT_MEMORY) : code;
    code = code == 0 ? need(app, OPT_GPUS) : code;
    if (code != 0)
        return code;
    if (berth_booking_cpus(berth_text_of(args->value[OPT_CPUS]), &want->cpus_nano) != BERTH_REFUSAL_NONE)
        return fail(app, EXIT_USAGE, "--cpus is a number such as 4 or 2.5", args->value[OPT_CPUS]);
    if (berth_booking_count(berth_text_of(args->value[OPT_MEMORY]), &want->memory_gb) != BERTH_REFUSAL_NONE)
        return fail(app, EXIT_USAGE, "--memory is a whole number of GB", args->value[OPT_MEMORY]);
    if (berth_booking_count(berth_text_of(args->value[OPT_GPUS]), &gpus) != BERTH_REFUSAL_NONE ||
        gpus > INT32_MAX)
        return fail(app, EXIT_USAGE, "--gpus is a whole number", args->value[OPT_GPUS]);
    want->gpus = (int32_t)gpus;
    return 0;
}

static int read_port(struct app *app, const struct folder *f, struct berth_request *request)
{
    int64_t port;
    const char *value = app->args.value[OPT_PORT];
    if (value == NULL) { /* the one that the user would get */
        const struct berth_user *user = folder_user_config(f, folder_user_id(f, request->user));
        request->port = user != NULL ? user->forward_port : 0;
        return 0;
    }
    if (berth_booking_count(berth_text_of(value), &port) != BERTH_REFUSAL_NONE || port < BERTH_PORT_FIRST ||
        port > BERTH_PORT_LAST)
        return fail(app, EXIT_USAGE, "--port is 10001 to 11000", value);
    request->port = (uint16_t)port;
    return 0;
}

static int read_neighbourhood(struct app *app, struct berth_request *request)
{
    int64_t units;
    const char *value = app->args.value[OPT_NEIGHBOURHOOD];
    request->neighbourhood = BERTH_SCHEDULE_NEIGHBOURHOOD;
    if (value == NULL)
        return 0;
    if (berth_booking_count(berth_text_of(value), &units) != BERTH_REFUSAL_NONE || units > UINT32_MAX)
        return fail(app, EXIT_USAGE, "--neighbourhood is a whole number of half hours", value);
    request->neighbourhood = (uint32_t)units;
    return 0;
}

/* Another choice than the GPUs that are used least. */
static int read_wishes(struct app *app, struct berth_request *request)
{
    static struct gpu_wishes wishes;
    const struct args *args = &app->args;
    if (!args_given(args, OPT_POLICY) && !args_given(args, OPT_LINKS) && !args_given(args, OPT_REQUIRE) &&
        !args_given(args, OPT_SICK))
        return 0;
    int code = wishes_read(app, false, &wishes);
    code = code == 0 ? wishes_check(app, &wishes, berth_gpu_mask((unsigned)request->host.gpus)) : code;
    request->choose = &wishes.question;
    return code;
}

/* All but the times; WANT was read before. */
static int read_request(struct app *app, struct folder *f, const struct berth_capacity *want,
                        struct berth_request *request)
{
    uint32_t user;
    int code = schedule_user(app, f, &user);
    if (code != 0)
        return code;
    if (user != FOLDER_NO_USER && !app->quiet &&
        !berth_capability_allows(&f->capability, folder_user_id(f, user)))
        out_string(&app->err, "berth: warning: --user is not in allow_userIDs, and cannot book\n");
    folder_request(f, user, request);
    request->want = *want;
    code = read_port(app, f, request);
    code = code == 0 ? read_neighbourhood(app, request) : code;
    return code == 0 ? read_wishes(app, request) : code;
}

static int read_window(struct app *app, struct berth_request *request)
{
    int64_t length_s = 0;
    bool is_now;
    int code = schedule_time(app, OPT_START, request->now_s, berth_schedule_floor(request->now_s),
                             &request->start_s, &request->starts_now);
    if (code != 0)
        return code;
    if (args_given(&app->args, OPT_LENGTH)) {
        code = schedule_length(app, &length_s);
        request->end_s = request->start_s + length_s;
        return code;
    }
    code = schedule_time(app, OPT_END, request->now_s, request->start_s, &request->end_s, &is_now);
    return code == 0 && is_now ? fail(app, EXIT_USAGE, "--end cannot be now", NULL) : code;
}

/* ---- the answer ------------------------------------------------------------------------------- */

struct answer {
    const struct folder *folder;
    const struct berth_request *request; /* with the window that was asked for, or found */
    struct berth_fit fit;
    bool next_asked; /* whether next_s means something */
    int64_t next_s;  /* the earliest start that fits; INT64_MAX: none */
};

/* The earliest start at or after the request's within the next 14 days. */
static enum berth_status find_next(const struct folder *f, const struct berth_request *request,
                                   int64_t *out_s, struct berth_fit *out_fit)
{
    int64_t latest_s = berth_schedule_floor(request->now_s) + BERTH_SCHEDULE_HORIZON_S;
    return berth_schedule_next(&f->schedule, request, latest_s, out_s, out_fit);
}

/* What is left at the instant of a refusal; false when it was not about CPUs or memory. */
static bool left_over(const struct answer *a, struct berth_moment *held)
{
    return (a->fit.verdict == BERTH_VERDICT_CPUS || a->fit.verdict == BERTH_VERDICT_MEMORY) &&
           berth_schedule_moment(&a->folder->schedule, a->fit.at_s, a->request->now_s, held) == BERTH_OK;
}

static int64_t rest_of(int64_t all, int64_t held)
{
    return held > all ? 0 : all - held;
}

static void put_row(struct berth_json_writer *w, const struct folder *f, size_t row)
{
    berth_json_put_name(w, BERTH_TEXT("row"));
    berth_json_begin_object(w);
    schedule_put_text(w, "user_id", f->rows[row].user_id);
    schedule_put_time(w, "start", f->schedule.rows[row].start_s);
    schedule_put_time(w, "end", f->schedule.rows[row].end_s);
    schedule_put_gpus(w, "gpus", f->schedule.rows[row].gpus);
    berth_json_end_object(w);
}

static void put_refusal(struct berth_json_writer *w, const struct answer *a)
{
    struct berth_moment held;
    schedule_put_time(w, "at", a->fit.at_s);
    schedule_put_text(w, "reason", berth_text_of(reasons[a->fit.verdict]));
    if (left_over(a, &held)) {
        schedule_put_cpus(w, "free_cpus", rest_of(a->request->host.cpus_nano, held.cpus_nano));
        berth_json_put_name(w, BERTH_TEXT("free_memory"));
        berth_json_put_i64(w, rest_of(a->request->host.memory_gb, held.memory_gb));
    }
    if (a->fit.verdict == BERTH_VERDICT_GPUS)
        schedule_put_gpus(w, "free_gpus", a->fit.free_gpus);
    if (a->fit.row != SIZE_MAX)
        put_row(w, a->folder, a->fit.row);
    if (a->next_asked && a->next_s != INT64_MAX)
        schedule_put_time(w, "next", a->next_s);
    else if (a->next_asked) {
        berth_json_put_name(w, BERTH_TEXT("next"));
        berth_json_put_null(w);
    }
}

static void print_json(struct app *app, const struct answer *a, bool with_window)
{
    char line[8192]; /* a user id of a file may be long */
    struct berth_writer buffer;
    struct berth_json_writer w;
    berth_writer_init(&buffer, line, sizeof line);
    berth_json_writer_init(&w, &buffer);
    berth_json_begin_object(&w);
    schedule_put_text(&w, "verdict", berth_text_of(berth_verdict_name(a->fit.verdict)));
    if (a->fit.verdict != BERTH_VERDICT_OK) {
        put_refusal(&w, a);
    } else {
        if (with_window) {
            schedule_put_time(&w, "start", a->request->start_s);
            schedule_put_time(&w, "end", a->request->end_s);
        }
        schedule_put_gpus(&w, "gpus", a->fit.choice.gpus);
        if (a->fit.choice.skipped != 0)
            schedule_put_gpus(&w, "skipped", a->fit.choice.skipped);
    }
    berth_json_end_object(&w);
    if (berth_json_done(&w) == BERTH_OK)
        out_text(&app->out, berth_writer_text(&buffer));
    else { /* then without the row */
        out_string(&app->out, "{\"verdict\":\"");
        out_string(&app->out, berth_verdict_name(a->fit.verdict));
        out_string(&app->out, "\"}");
    }
    out_string(&app->out, "\n");
}

static void print_detail(struct out *out, const struct answer *a)
{
    char text[256], time[SCHEDULE_TIME_CAP];
    struct berth_moment held;
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text);
    if (a->fit.verdict == BERTH_VERDICT_GPUS) {
        berth_put_string(&w, "; free: ");
        schedule_put_ids(&w, a->fit.free_gpus);
    } else if (a->fit.verdict == BERTH_VERDICT_USERCAP) {
        berth_put_string(&w, ": ");
        berth_put_cpus(&w, a->request->limit.cpus_nano);
        berth_put_string(&w, " CPUs, ");
        berth_put_i64(&w, a->request->limit.memory_gb);
        berth_put_string(&w, " GB, ");
        berth_put_i64(&w, a->request->limit.gpus);
        berth_put_string(&w, a->request->limit.gpus == 1 ? " GPU" : " GPUs");
    } else if (left_over(a, &held)) {
        berth_put_string(&w, " at ");
        berth_put_text(&w, schedule_time_text(time, a->fit.at_s, false));
        berth_put_string(&w, "; free then: ");
        if (a->fit.verdict == BERTH_VERDICT_CPUS)
            berth_put_cpus(&w, rest_of(a->request->host.cpus_nano, held.cpus_nano));
        else {
            berth_put_i64(&w, rest_of(a->request->host.memory_gb, held.memory_gb));
            berth_put_string(&w, " GB");
        }
    } else if (a->fit.row != SIZE_MAX) {
        const struct berth_booking *row = &a->folder->schedule.rows[a->fit.row];
        berth_put_string(&w, ": ");
        berth_put_text(&w, schedule_time_text(time, row->start_s, false));
        berth_put_string(&w, " to ");
        berth_put_text(&w, schedule_time_text(time, row->end_s, false));
    }
    out_text(out, berth_writer_text(&w));
    if (a->fit.row != SIZE_MAX && a->fit.verdict == BERTH_VERDICT_PORT) {
        out_string(out, " of ");
        out_safe(out, a->folder->rows[a->fit.row].user_id);
    }
}

static void print_text(struct app *app, const struct answer *a, bool with_window)
{
    struct out *out = &app->out;
    char text[512], time[SCHEDULE_TIME_CAP];
    struct berth_writer w;
    bool fits = a->fit.verdict == BERTH_VERDICT_OK;
    out_colour(out, fits ? COLOUR_GREEN : COLOUR_RED);
    out_string(out, berth_verdict_name(a->fit.verdict));
    out_colour(out, COLOUR_NONE);
    if (fits) {
        berth_writer_init(&w, text, sizeof text);
        if (with_window) {
            berth_put_string(&w, "  ");
            berth_put_text(&w, schedule_time_text(time, a->request->start_s, false));
            berth_put_string(&w, " to ");
            berth_put_text(&w, schedule_time_text(time, a->request->end_s, false));
        }
        berth_put_string(&w, "  GPUs ");
        schedule_put_ids(&w, a->fit.choice.gpus);
        if (a->fit.choice.skipped != 0) {
            berth_put_string(&w, "; free but sick: ");
            schedule_put_ids(&w, a->fit.choice.skipped);
        }
        out_text(out, berth_writer_text(&w));
    } else {
        out_string(out, "  ");
        out_string(out, reasons[a->fit.verdict]);
        print_detail(out, a);
    }
    out_string(out, "\n");
    if (a->next_asked) {
        out_string(out,
                   a->next_s != INT64_MAX ? "earliest start that fits: " : "no start fits within 14 days");
        if (a->next_s != INT64_MAX)
            out_text(out, schedule_time_text(time, a->next_s, false));
        out_string(out, "\n");
    }
}

static int print_answer(struct app *app, const struct answer *a, bool with_window)
{
    if (app->json)
        print_json(app, a, with_window);
    else
        print_text(app, a, with_window);
    return a->fit.verdict == BERTH_VERDICT_OK ? EXIT_DONE : EXIT_NO;
}

/* Opens the folder and reads the request but for its times. What the files cannot answer is not guessed: a
 * row that cannot be read may stand in the way. 0 or an exit code (reported). */
static int begin(struct app *app, struct folder **out_folder, struct berth_request *request)
{
    struct berth_capacity want = {0, 0, 0};
    int code = read_want(app, &want);
    code = code == 0 ? schedule_open(app, true, out_folder) : code;
    code = code == 0 ? folder_refuse_bad_rows(*out_folder) : code;
    return code == 0 ? read_request(app, *out_folder, &want, request) : code;
}

int schedule_check(struct app *app)
{
    struct folder *f;
    struct berth_request request;
    struct answer a = {.request = &request, .next_s = INT64_MAX};
    int code = need(app, OPT_START);
    if (code == 0 && args_given(&app->args, OPT_END) == args_given(&app->args, OPT_LENGTH))
        code = fail(app, EXIT_USAGE, "--end is needed, or --length", NULL);
    code = code == 0 ? begin(app, &f, &request) : code;
    code = code == 0 ? read_window(app, &request) : code;
    if (code != 0)
        return code;
    a.folder = f;
    enum berth_status status = berth_schedule_check(&f->schedule, &request, &a.fit);
    if (status == BERTH_OK && a.fit.verdict >= BERTH_VERDICT_OVERLAP) {
        struct berth_fit there;
        a.next_asked = true;
        status = find_next(f, &request, &a.next_s, &there);
        if (there.verdict != BERTH_VERDICT_OK)
            a.next_s = INT64_MAX;
    }
    return status == BERTH_OK ? print_answer(app, &a, false)
                              : fail(app, exit_code_of(status), "the question", berth_status_name(status));
}

int schedule_next(struct app *app)
{
    struct folder *f;
    struct berth_request request;
    struct answer a = {.request = &request};
    int64_t length_s = 0, start_s = 0;
    int code = need(app, OPT_LENGTH);
    code = code == 0 ? schedule_length(app, &length_s) : code;
    code = code == 0 ? begin(app, &f, &request) : code;
    if (code != 0)
        return code;
    int64_t unit_s = berth_schedule_floor(request.now_s);
    request.start_s = unit_s;
    if (args_given(&app->args, OPT_START))
        code = schedule_time(app, OPT_START, request.now_s, unit_s, &request.start_s, NULL);
    if (code != 0)
        return code;
    a.folder = f;
    request.end_s = request.start_s + length_s;
    a.fit = (struct berth_fit){.verdict = BERTH_VERDICT_WINDOW, .at_s = request.start_s, .row = SIZE_MAX};
    if (request.start_s < unit_s || request.start_s > unit_s + BERTH_SCHEDULE_HORIZON_S ||
        length_s > BERTH_SCHEDULE_HORIZON_S)
        return print_answer(app, &a, true);
    enum berth_status status = find_next(f, &request, &start_s, &a.fit);
    if (a.fit.verdict == BERTH_VERDICT_OK) {
        request.start_s = start_s;
        request.end_s = start_s + length_s;
    }
    return status == BERTH_OK ? print_answer(app, &a, true)
                              : fail(app, exit_code_of(status), "the question", berth_status_name(status));
}
