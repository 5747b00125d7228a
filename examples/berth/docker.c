/* Running docker: its two outputs are read while it runs, and its time is bounded. */
#define _DEFAULT_SOURCE
#include "docker.h"

#include "files.h"
#include "session.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { TERM_GRACE_MS = 2000, LOOK_MS = 100 };

static const struct berth_text password_name = BERTH_TEXT_INIT("PASSWORD=");

int docker_init(struct docker *d, struct app *app)
{
    const struct args *args = &app->args;
    memset(d, 0, sizeof *d);
    d->program = args_given(args, OPT_DOCKER) ? args->value[OPT_DOCKER] : "docker";
    d->longest_ms = UINT32_MAX;
    if (args_given(args, OPT_TIMEOUT) && parse_seconds(args->value[OPT_TIMEOUT], &d->longest_ms) != BERTH_OK)
        return fail(app, EXIT_USAGE, "--timeout", "takes seconds, such as 30 or 2.5");
    program_catch_signals();
    const struct berth_posix_proc_config config = {.signals = program_signals()};
    d->proc = berth_posix_proc_init(&d->state, &config);
    return 0;
}

void docker_begin_program(struct docker *d, const char *program, const char *const *words)
{
    berth_argv_init(&d->argv, d->text, sizeof d->text, d->items, DOCKER_ITEMS);
    if (program != NULL)
        berth_argv_add(&d->argv, berth_text_of(program));
    if (words != NULL)
        berth_argv_add_all(&d->argv, words);
}

void docker_begin(struct docker *d, const char *const *words)
{
    docker_begin_program(d, d->program, words);
}

bool docker_set_password(struct docker *d, struct berth_text password)
{
    if (password.len > BERTH_PASSWORD_MAX || berth_text_find_byte(password, '\0') != SIZE_MAX)
        return false;
    memcpy(d->password, password_name.ptr, password_name.len);
    memcpy(d->password + password_name.len, password.ptr, password.len);
    d->password[password_name.len + password.len] = '\0';
    return true;
}

void docker_show(struct docker *d, struct out *o)
{
    struct berth_writer w;
    static char line[2 * DOCKER_TEXT];
    berth_writer_init(&w, line, sizeof line);
    berth_wipe(d->password, sizeof d->password);
    if (berth_argv_finish(&d->argv) != BERTH_OK)
        return;
    berth_argv_put_line(&w, d->items);
    out_safe(o, berth_writer_text(&w));
    out_string(o, "\n");
}

/* ---- one child -------------------------------------------------------------------------------- */

/* The environment without a PASSWORD of our own, and with the child's when it has one. */
static bool make_environment(struct docker *d)
{
    size_t count = 0;
    for (char **e = environ; *e != NULL; e++) {
        if (berth_text_starts(berth_text_of(*e), password_name))
            continue;
        if (count + 2 >= DOCKER_ENV)
            return false;
        d->env[count++] = *e;
    }
    if (d->password[0] != '\0')
        d->env[count++] = d->password;
    d->env[count] = NULL;
    return true;
}

/* The beginning of a stream is kept, the rest is read and dropped. */
struct kept {
    char *buf;
    size_t cap, len;
    bool over;
};

static void keep(struct kept *k, const char *bytes, size_t len)
{
    size_t room = k->cap - k->len;
    if (len > room)
        len = room;
    memcpy(k->buf + k->len, bytes, len);
    k->len += len;
}

/* What is there now of both streams. */
static void take_output(struct docker *d, berth_child child, struct kept *out, struct kept *err)
{
    char room[4096];
    for (int i = 0; i < 2; i++) {
        struct kept *k = i == 0 ? out : err;
        ptrdiff_t n = 1;
        for (int turn = 0; turn < 64 && n > 0; turn++) {
            n = i == 0 ? d->proc.read(d->proc.ctx, child, room, sizeof room, 0)
                       : d->proc.read_errors(d->proc.ctx, child, room, sizeof room, 0);
            if (n > 0)
                keep(k, room, (size_t)n);
        }
        k->over = k->over || (n <= 0 && n != BERTH_E_WOULD_BLOCK);
    }
    berth_wipe(room, sizeof room);
}

/* Waits until the child says something or ends, at most WAIT_MS. */
static void wait_for(const struct docker *d, berth_child child, const struct kept *out,
                     const struct kept *err, uint32_t wait_ms)
{
    int end_fd = berth_posix_proc_end_fd(&d->state, child);
    struct berth_posix_poll_item items[] = {
        {out->over ? -1 : berth_posix_proc_output_fd(&d->state, child), BERTH_WANT_READ, 0},
        {err->over ? -1 : berth_posix_proc_errors_fd(&d->state, child), BERTH_WANT_READ, 0},
        {end_fd, BERTH_WANT_READ, 0}};
    if (end_fd < 0 && wait_ms > LOOK_MS)
        wait_ms = LOOK_MS;
    (void)berth_posix_poll(items, sizeof items / sizeof items[0], wait_ms, program_signals());
}

static uint64_t now_ms(void)
{
    const struct berth_clock *clock = program_clock();
    return clock->monotonic_ms(clock->ctx);
}

/* Until the child has ended: DONE, or why it was stopped. */
static enum docker_end attend(struct docker *d, berth_child child, uint32_t limit_ms, struct kept *out,
                              struct kept *err, struct berth_child_state *state)
{
    uint64_t until_ms = now_ms() + limit_ms;
    enum docker_end end = DOCKER_DONE;
    for (;;) {
        take_output(d, child, out, err);
        if (d->proc.state(d->proc.ctx, child, state) != BERTH_OK)
            return DOCKER_FAILED;
        if (state->end != BERTH_CHILD_RUNNING) {
            take_output(d, child, out, err);
            return end;
        }
        uint64_t now = now_ms();
        bool stop = now >= until_ms || (program_signal() != 0 && end == DOCKER_DONE);
        if (stop && end != DOCKER_DONE)
            return end; /* its grace is over: release() kills it */
        if (stop) {
            end = program_signal() != 0 ? DOCKER_INTERRUPTED : DOCKER_TIMEOUT;
            (void)d->proc.signal(d->proc.ctx, child, SIGTERM);
            until_ms = now + TERM_GRACE_MS;
        }
        if (end == DOCKER_INTERRUPTED) /* the signal would end every wait at once */
            (void)usleep(LOOK_MS * 1000 / 4);
        else
            wait_for(d, child, out, err, (uint32_t)(until_ms > now ? until_ms - now : 0));
    }
}

/* ---- the answer ------------------------------------------------------------------------------- */

/* The first line that is not blank; docker's remarks ("WARNING: IPv4 forwarding is disabled") stand in front
 * of the reason and count only when there is nothing else. */
static struct berth_text first_line(struct berth_text text)
{
    struct berth_text rest = text, line, first = BERTH_TEXT("");
    while (berth_text_split(&rest, '\n', &line)) {
        line = berth_text_trim(line);
        if (line.len > 0 && !berth_text_starts(line, BERTH_TEXT("WARNING:")))
            return line;
        if (first.len == 0)
            first = line;
    }
    return first;
}

static void say(struct docker_answer *a, const char *what, uint64_t number, const char *unit)
{
    struct berth_writer w;
    berth_writer_init(&w, a->why_text, sizeof a->why_text);
    berth_put_string(&w, what);
    if (unit != NULL) {
        berth_put_u64(&w, number);
        berth_put_string(&w, unit);
    }
    a->why = berth_writer_text(&w);
}

static void fail_to_start(const struct docker *d, struct docker_answer *a, berth_child status)
{
    const char *why = status == BERTH_E_NO_FILE
                          ? "no such program"
                          : berth_posix_error_text(berth_posix_proc_errno(&d->state)).ptr;
    struct berth_writer w;
    a->end = DOCKER_FAILED;
    berth_writer_init(&w, a->why_text, sizeof a->why_text);
    berth_put_string(&w, d->items[0]);
    berth_put_string(&w, " cannot be started: ");
    berth_put_string(&w, why);
    a->why = berth_writer_text(&w);
}

static void judge(struct docker_answer *a, const struct berth_child_state *state, struct berth_text errors,
                  uint32_t limit_ms)
{
    if (a->end == DOCKER_TIMEOUT) {
        struct berth_writer w;
        berth_writer_init(&w, a->why_text, sizeof a->why_text);
        berth_put_string(&w, "it took longer than ");
        berth_put_decimal(&w, limit_ms, 3);
        berth_put_string(&w, " s");
        a->why = berth_writer_text(&w);
    } else if (a->end == DOCKER_INTERRUPTED) {
        say(a, "interrupted", 0, NULL);
    } else if (state->end != BERTH_CHILD_EXITED || state->code != 0) {
        a->end = DOCKER_FAILED;
        a->absent = berth_container_is_absent(errors);
        a->why = berth_text_slice(first_line(errors), 0, sizeof a->why_text);
        memcpy(a->why_text, a->why.ptr, a->why.len);
        a->why.ptr = a->why_text;
        if (a->why.len == 0 && state->end == BERTH_CHILD_EXITED)
            say(a, "exit status ", (uint64_t)state->code, "");
        else if (a->why.len == 0)
            say(a, "ended by signal ", (uint64_t)state->code, "");
    }
}

void docker_run(struct docker *d, struct berth_text input, uint32_t limit_ms, struct docker_answer *answer)
{
    char errors[2048];
    struct kept out = {answer->output_text, sizeof answer->output_text, 0, false};
    struct kept err = {errors, sizeof errors, 0, false};
    struct berth_child_state state = {BERTH_CHILD_RUNNING, 0};
    const struct berth_spawn spawn = {
        .argv = d->items, .env = d->env, .capture = true, .separate = true, .input = input};
    answer->end = DOCKER_FAILED;
    answer->absent = false;
    answer->output = answer->why = BERTH_TEXT("");
    if (berth_argv_finish(&d->argv) != BERTH_OK || !make_environment(d)) {
        say(answer, "the arguments or the environment are too long", 0, NULL);
        return;
    }
    if (limit_ms > d->longest_ms)
        limit_ms = d->longest_ms;
    berth_child child = d->proc.spawn(d->proc.ctx, &spawn);
    if (child < 0) {
        fail_to_start(d, answer, child);
    } else {
        answer->end = attend(d, child, limit_ms, &out, &err, &state);
        d->proc.release(d->proc.ctx, child);
        answer->output = berth_text_make(out.buf, out.len);
        judge(answer, &state, berth_text_make(err.buf, err.len), limit_ms);
    }
    berth_wipe(d->password, sizeof d->password);
}
