/* The watcher: what `berth book` leaves in monitor_exec is done within seconds. */
#define _DEFAULT_SOURCE
#include "monitor.h"

#include "files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file's size is looked at often, the data lock taken seldom. */
enum { LOOK_PAUSE_MS = 500, TAKE_PAUSE_MS = 5000, FAIL_PAUSE_MS = 300000, UNKNOWN_SHOWN = 16 };

static const char *notices_path(const struct monitor *m, char *buf, size_t size)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    berth_put_string(&w, m->folder->jobs);
    berth_put_string(&w, "/monitor_exec");
    return berth_writer_terminate(&w) == BERTH_OK ? buf : "";
}

static bool has_notices(const struct monitor *m)
{
    char path[FOLDER_PATH + 16];
    struct stat info;
    return stat(notices_path(m, path, sizeof path), &info) == 0 && info.st_size > 0;
}

/* More lines than anybody needs: without them the next ones are heard again. */
static void drop_notices(struct monitor *m)
{
    char path[FOLDER_PATH + 16];
    if (truncate(notices_path(m, path, sizeof path), 0) == 0)
        event(&m->events, EVENT_WARNING, SIGN_WARNING, BERTH_TEXT("monitor_exec"), "its lines are dropped",
              BERTH_TEXT(""));
}

/* All lines, which are then gone from the file; false when that failed (reported). */
static bool take_notices(struct monitor *m, struct berth_text *out_lines)
{
    struct folder *f = m->folder;
    struct berth_writer w;
    berth_writer_init(&w, m->notices, sizeof m->notices);
    if (folder_begin(f) != 0)
        return false;
    enum berth_status status = f->store.take_notices(f->store.ctx, &w);
    if (status != BERTH_OK)
        (void)folder_fail(f, status, "monitor_exec was not read");
    if (status == BERTH_E_SPACE)
        drop_notices(m);
    folder_end(f);
    *out_lines = berth_writer_text(&w);
    return status == BERTH_OK;
}

/* The user's row in use; SIZE_MAX: none. */
static size_t using_row(const struct monitor *m, struct berth_text id)
{
    for (size_t i = 0; berth_container_is_name(id) && i < m->row_count; i++) {
        if (m->rows[i].stage == BERTH_STAGE_USING && berth_text_equal(m->rows[i].user_id, id))
            return i;
    }
    return SIZE_MAX;
}

static void restart(struct monitor *m, size_t row)
{
    static const char *const words[] = {"restart", NULL};
    struct docker_answer answer;
    struct berth_text id = m->rows[row].user_id;
    (void)monitor_take_row(m, row);
    job_command(&m->job, words, RESTART_LIMIT_MS, &answer);
    if (answer.end != DOCKER_DONE) {
        event(&m->events, EVENT_ERROR, SIGN_ERROR, id, "the container was not restarted", answer.why);
        return;
    }
    event(&m->events, EVENT_INFO, NULL, id, "the container is restarted", BERTH_TEXT(""));
    monitor_apply(m, row);
}

/* Each notice once, in the order in which they came; true when one asks for a tick. */
static bool handle(struct monitor *m, struct berth_text lines)
{
    struct berth_text line;
    bool tick = false;
    unsigned unknown = 0;
    memset(m->seen, 0, sizeof m->seen);
    while (berth_text_split(&lines, '\n', &line) && program_signal() == 0) {
        line = berth_text_trim(line);
        if (line.len == 0)
            continue;
        if (berth_text_equal(line, BERTH_TEXT("now"))) {
            tick = true;
            continue;
        }
        uint32_t user = folder_user_number(m->folder, line);
        if (user < FOLDER_IDS && m->seen[user])
            continue;
        if (user < FOLDER_IDS)
            m->seen[user] = true;
        size_t row = user < FOLDER_IDS ? using_row(m, folder_user_id(m->folder, user)) : SIZE_MAX;
        if (row != SIZE_MAX)
            restart(m, row);
        else if (unknown++ < UNKNOWN_SHOWN)
            event(&m->events, EVENT_WARNING, SIGN_WARNING, BERTH_TEXT("monitor_exec"),
                  "nothing is done for a line that names no running container",
                  berth_text_slice(line, 0, 80));
    }
    if (unknown > UNKNOWN_SHOWN)
        event(&m->events, EVENT_WARNING, SIGN_WARNING, BERTH_TEXT("monitor_exec"),
              "more such lines are not told", BERTH_TEXT(""));
    return tick;
}

int monitor_watch(struct monitor *m)
{
    const struct berth_clock *clock = program_clock();
    uint64_t take_ms = 0;
    uint32_t pause_ms = TAKE_PAUSE_MS;
    bool tick_due = false;
    while (program_signal() == 0) {
        struct berth_text lines;
        if (clock->monotonic_ms(clock->ctx) >= take_ms && has_notices(m)) {
            /* While the files cannot be read the lines stay where they are; that is said more and more
             * seldom. */
            bool done = monitor_load(m) == 0 && take_notices(m, &lines) && monitor_load(m) == 0;
            if (done)
                tick_due = handle(m, lines) || tick_due;
            pause_ms = done ? TAKE_PAUSE_MS : pause_ms < FAIL_PAUSE_MS / 2 ? 2 * pause_ms : FAIL_PAUSE_MS;
            take_ms = clock->monotonic_ms(clock->ctx) + pause_ms;
        }
        if (tick_due && program_signal() == 0)
            tick_due = monitor_tick(m) == MONITOR_BUSY;
        clock->sleep_ms(clock->ctx, LOOK_PAUSE_MS);
    }
    return 128 + program_signal();
}
