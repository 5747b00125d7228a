/* One tick: load and plan under the data lock, then row by row. */
#include "monitor.h"

#include "files.h"

#include <string.h>

static void report_bad_rows(struct monitor *m)
{
    size_t kept = m->folder->bad_count < FOLDER_BAD_ROWS ? m->folder->bad_count : FOLDER_BAD_ROWS;
    for (size_t i = 0; i < kept; i++) {
        char text[256];
        struct berth_writer w;
        berth_writer_init(&w, text, sizeof text);
        folder_put_bad_row(&w, m->folder, &m->folder->bad[i]);
        event(&m->events, EVENT_ERROR, SIGN_UPDATE, BERTH_TEXT("a row is left alone"), "it cannot be read",
              berth_writer_text(&w));
    }
    if (m->folder->bad_count > 0)
        m->files_failed = true;
}

/* GPUs that the host does not have block nothing. */
static uint64_t host_gpus(const struct folder *f)
{
    int32_t count = f->capability.max.capacity.gpus;
    return count >= BERTH_GPU_MAX ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

static void take_rows(struct monitor *m)
{
    const struct folder *f = m->folder;
    m->row_count = f->schedule.count;
    for (size_t i = 0; i < m->row_count; i++) {
        const struct berth_booking *booking = &f->schedule.rows[i];
        m->rows[i] = (struct berth_monitor_row){f->rows[i].stage, f->rows[i].user_id, booking->start_s,
                                                booking->end_s, booking->gpus & host_gpus(f)};
    }
    memset(m->applied, 0, sizeof m->applied);
}

int monitor_load(struct monitor *m)
{
    struct folder *f = m->folder;
    m->row_count = m->step_count = 0;
    int code = m->dry_run ? 0 : folder_begin(f); /* a dry run repairs nothing */
    if (code != 0)
        return code;
    code = folder_load_config(f);
    if (code == 0)
        code = folder_load_rows(f);
    folder_end(f);
    if (code != 0)
        return code;
    m->now_s = folder_now(f);
    take_rows(m);
    return 0;
}

/* A row that somebody wrote by hand can have any text for an id. */
static bool is_named(struct monitor *m, size_t row)
{
    if (berth_container_is_name(m->rows[row].user_id))
        return true;
    m->files_failed = true;
    event(&m->events, EVENT_ERROR, SIGN_ERROR, m->rows[row].user_id,
          "nothing is done for this row: its user id cannot name a container", BERTH_TEXT(""));
    return false;
}

static void do_steps(struct monitor *m)
{
    for (size_t i = 0; i < m->step_count && program_signal() == 0; i++) {
        size_t row = m->steps[i].row;
        if (!is_named(m, row))
            continue;
        if (m->steps[i].action == BERTH_MONITOR_CLOSE)
            monitor_close(m, row);
        else if (m->steps[i].action == BERTH_MONITOR_EXPIRE)
            monitor_expire(m, row);
        else
            monitor_start(m, row);
    }
}

/* The users who hold GPU, by id, as far as they fit. */
static void put_holders(struct monitor *m, struct berth_writer *w, unsigned gpu)
{
    struct berth_text last = BERTH_TEXT("");
    bool any = false;
    for (;;) {
        struct berth_text next = berth_text_of(NULL);
        for (size_t i = 0; i < m->row_count; i++) {
            const struct berth_monitor_row *row = &m->rows[i];
            if (row->stage == BERTH_STAGE_USING && (row->gpus >> gpu & 1) != 0 &&
                (!any || berth_text_compare(row->user_id, last) > 0) &&
                (next.ptr == NULL || berth_text_compare(row->user_id, next) < 0))
                next = row->user_id;
        }
        if (next.ptr == NULL || w->len + next.len + 2 > w->cap)
            return;
        berth_put_string(w, any ? ", " : "");
        berth_put_text(w, next);
        last = next;
        any = true;
    }
}

static void report_shared_gpus(struct monitor *m)
{
    uint64_t shared = berth_monitor_shared_gpus(m->rows, m->row_count);
    for (unsigned gpu = 0; gpu < BERTH_GPU_MAX; gpu++) {
        char who[24], holders[768];
        struct berth_writer w, list;
        if ((shared >> gpu & 1) == 0)
            continue;
        berth_writer_init(&w, who, sizeof who);
        berth_put_string(&w, "GPU ");
        berth_put_u64(&w, gpu);
        berth_writer_init(&list, holders, sizeof holders);
        put_holders(m, &list, gpu);
        event(&m->events, EVENT_WARNING, SIGN_GPUS, berth_writer_text(&w), "in use by more than one row",
              berth_writer_text(&list));
    }
}

static void apply_passwords(struct monitor *m)
{
    for (size_t i = 0; i < m->row_count && program_signal() == 0; i++) {
        if (m->rows[i].stage == BERTH_STAGE_USING && !m->applied[i] && m->rows[i].end_s > m->now_s &&
            berth_container_is_name(m->rows[i].user_id))
            monitor_apply(m, i);
    }
}

static int tick(struct monitor *m)
{
    m->docker_failed = m->files_failed = false;
    int code = monitor_load(m);
    if (code != 0)
        return code;
    report_bad_rows(m);
    m->step_count = berth_monitor_plan(m->rows, m->row_count, m->now_s, m->steps);
    do_steps(m);
    if (!m->dry_run)
        report_shared_gpus(m);
    apply_passwords(m);
    if (program_signal() != 0)
        return 128 + program_signal();
    if (m->files_failed)
        return HOST_FILES;
    return m->docker_failed ? HOST_DOCKER : EXIT_DONE;
}

int monitor_tick(struct monitor *m)
{
    const struct berth_files *files = program_files();
    char path[FOLDER_PATH + 16];
    struct berth_writer w;
    if (m->dry_run)
        return tick(m);
    berth_writer_init(&w, path, sizeof path);
    berth_put_string(&w, m->folder->jobs);
    berth_put_string(&w, "/.monitor.lock");
    if (berth_writer_terminate(&w) != BERTH_OK)
        return fail(m->app, (enum exit_code)HOST_FILES, "the folder's path is too long", NULL);
    berth_file lock = files->lock(files->ctx, path, 0);
    if (lock == BERTH_E_LOCKED)
        return MONITOR_BUSY;
    if (lock < 0) {
        (void)fail_file(m->app, (enum berth_status)lock, path);
        return HOST_FILES;
    }
    int code = tick(m);
    files->unlock(files->ctx, lock);
    return code;
}
