/* What the monitor does for one row: close, expire, start. One row, one commit; docker never under the lock.
 */
#include "monitor.h"

#include "files.h"

static struct berth_text id_of(const struct monitor *m, size_t row)
{
    return m->rows[row].user_id;
}

static void docker_trouble(struct monitor *m, size_t row, enum event_level level, const char *what,
                           const struct docker_answer *answer)
{
    m->docker_failed = true;
    event(&m->events, level, level == EVENT_ERROR ? SIGN_ERROR : SIGN_WARNING, id_of(m, row), what,
          answer->why);
}

/* "the row of 2030-01-07 06:00:00" and WHAT. */
static const char *sentence(const struct monitor *m, size_t row, const char *what, char *buf, size_t size)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    berth_put_string(&w, "the row of ");
    if (berth_put_civil(&w, m->rows[row].start_s) != BERTH_OK)
        berth_put_string(&w, "?");
    berth_put_string(&w, what);
    return berth_writer_terminate(&w) == BERTH_OK ? buf : what;
}

/* Moves the row under the data lock, by its name in files read anew. */
static bool commit(struct monitor *m, size_t row, enum berth_stage to)
{
    static const char *const moved[] = {"", " is in use", " is over"};
    struct folder *f = m->folder;
    char text[128];
    if (m->dry_run) {
        m->rows[row].stage = to;
        return true;
    }
    int code = folder_begin(f);
    enum berth_status status = BERTH_E_LOCKED;
    if (code == 0) {
        status = f->store.move(f->store.ctx, id_of(m, row), m->rows[row].start_s, m->rows[row].stage, to);
        if (status != BERTH_OK)
            (void)folder_fail(f, status, sentence(m, row, " was not moved", text, sizeof text));
        folder_end(f);
    }
    if (status != BERTH_OK) {
        m->files_failed = true;
        event(&m->events, EVENT_ERROR, SIGN_UPDATE, id_of(m, row),
              sentence(m, row, " stays where it was", text, sizeof text), BERTH_TEXT(""));
        return false;
    }
    m->rows[row].stage = to;
    event(&m->events, EVENT_INFO, NULL, id_of(m, row), sentence(m, row, moved[to], text, sizeof text),
          BERTH_TEXT(""));
    return true;
}

bool monitor_take_row(struct monitor *m, size_t row)
{
    const struct folder *f = m->folder;
    const struct berth_booking *booking = &f->schedule.rows[row];
    const struct berth_user *user = folder_user_config(f, id_of(m, row));
    struct container_job *job = &m->job;
    job_init(job, &m->docker, &m->events, f);
    if (user != NULL)
        job_take_user(job, user);
    job->container.user_id = id_of(m, row);
    job->container.start_s = booking->start_s;
    job->container.cpus_nano = booking->cpus_nano;
    job->container.memory_gb = booking->memory_gb;
    job->container.gpus = booking->gpus;
    job->container.port = booking->port;
    job->container.image = f->rows[row].image;
    job->container.extra_command = f->rows[row].extra_command;
    return user != NULL;
}

/* ---- closing: wire page 4.3 ------------------------------------------------------------------- */

static bool step(struct monitor *m, size_t row, const char *const *before, const char *const *behind,
                 uint32_t limit_ms, const char *trouble, bool must)
{
    struct docker_answer answer;
    docker_begin(&m->docker, before);
    berth_argv_add(&m->docker.argv, id_of(m, row));
    if (behind != NULL)
        berth_argv_add_all(&m->docker.argv, behind);
    job_docker(&m->job, BERTH_TEXT(""), limit_ms, &answer);
    if (answer.end == DOCKER_DONE || (must && answer.absent))
        return true;
    docker_trouble(m, row, must ? EVENT_ERROR : EVENT_WARNING, trouble, &answer);
    return !must && answer.end != DOCKER_INTERRUPTED;
}

void monitor_close(struct monitor *m, size_t row)
{
    static const char *const exec[] = {"exec", NULL};
    static const char *const script[] = {"python3", "/root/Backup/.container_backup.py", NULL};
    static const char *const stop[] = {"container", "stop", NULL}, *const rm[] = {"container", "rm", NULL};
    (void)monitor_take_row(m, row);
    if (!step(m, row, exec, script, BACKUP_LIMIT_MS, "its backup failed", false) ||
        !step(m, row, stop, NULL, STOP_LIMIT_MS, "the container was not stopped", false) ||
        !step(m, row, rm, NULL, REMOVE_LIMIT_MS, "the container was not removed", true))
        return;
    if (!m->dry_run)
        event(&m->events, EVENT_INFO, NULL, id_of(m, row), "the container is removed", BERTH_TEXT(""));
    (void)commit(m, row, BERTH_STAGE_USED);
}

/* ---- starting --------------------------------------------------------------------------------- */

static void hold(struct monitor *m, size_t row, enum event_level level, const char *sign, const char *what,
                 struct berth_text detail)
{
    if (m->dry_run) {
        out_string(&m->app->out, "# ");
        out_safe(&m->app->out, id_of(m, row));
        out_string(&m->app->out, ": ");
        out_string(&m->app->out, what);
        out_string(&m->app->out, "\n");
    } else {
        event(&m->events, level, sign, id_of(m, row), what, detail);
    }
}

void monitor_expire(struct monitor *m, size_t row)
{
    (void)monitor_take_row(m, row);
    enum container_owner owner = job_owner(&m->job);
    if (owner == OWNER_UNKNOWN) {
        m->docker_failed = true;
        return;
    }
    if (owner == OWNER_ROW) {
        if (commit(m, row, BERTH_STAGE_USING))
            monitor_close(m, row);
        return;
    }
    if (commit(m, row, BERTH_STAGE_USED))
        hold(m, row, EVENT_WARNING, SIGN_WARNING, "its time passed before a container could be started",
             BERTH_TEXT(""));
}

/* The row's own container is there: this program was killed before it could write so. It runs, unless docker
 * was cut short too: then it is started, or taken away and made anew in the next tick. */
static void adopt(struct monitor *m, size_t row)
{
    static const char *const start[] = {"container", "start", NULL}, *const rm[] = {"container", "rm", NULL};
    struct docker_answer answer;
    job_command(&m->job, start, START_LIMIT_MS, &answer);
    if (answer.end == DOCKER_DONE) {
        if (commit(m, row, BERTH_STAGE_USING))
            monitor_apply(m, row);
        return;
    }
    docker_trouble(m, row, EVENT_ERROR, "its container is there and does not start", &answer);
    if (answer.end == DOCKER_FAILED)
        job_command(&m->job, rm, REMOVE_LIMIT_MS, &answer);
}

/* Whether another row stands in the way. */
static bool is_held(struct monitor *m, size_t row, enum berth_monitor_hold which)
{
    size_t other;
    enum berth_monitor_hold found = berth_monitor_may_start(m->rows, m->row_count, row, &other);
    if (found == BERTH_MONITOR_FREE || found != which)
        return false;
    hold(m, row, EVENT_WARNING, SIGN_WARNING,
         found == BERTH_MONITOR_HELD_USER ? "not started: the container of their last booking is not closed"
                                          : "not started: one of its GPUs is still used by",
         found == BERTH_MONITOR_HELD_USER ? BERTH_TEXT("") : id_of(m, other));
    return true;
}

void monitor_start(struct monitor *m, size_t row)
{
    bool known = monitor_take_row(m, row);
    if (is_held(m, row, BERTH_MONITOR_HELD_USER))
        return;
    enum container_owner owner = job_owner(&m->job);
    if (owner == OWNER_UNKNOWN || owner == OWNER_OTHER)
        m->docker_failed = true;
    if (owner == OWNER_ROW)
        adopt(m, row);
    if (owner == OWNER_OTHER)
        hold(m, row, EVENT_ERROR, SIGN_ERROR,
             "not started: there is a container of that name that is not its own", BERTH_TEXT(""));
    if (owner != OWNER_NONE)
        return;
    if (!known) {
        hold(m, row, EVENT_ERROR, SIGN_ERROR, "not started: no entry in users_config.yaml", BERTH_TEXT(""));
        return;
    }
    if (is_held(m, row, BERTH_MONITOR_HELD_GPUS) || !monitor_has_space(m, row))
        return;
    if (!job_prepare_backup(&m->job)) {
        m->files_failed = true;
        return;
    }
    if (!job_run(&m->job)) {
        m->docker_failed = true;
        return;
    }
    if (!m->dry_run)
        event(&m->events, EVENT_INFO, NULL, id_of(m, row), "the container is started", BERTH_TEXT(""));
    if (commit(m, row, BERTH_STAGE_USING))
        monitor_apply(m, row);
}

void monitor_apply(struct monitor *m, size_t row)
{
    m->applied[row] = true;
    if (monitor_take_row(m, row) && !job_apply_password(&m->job))
        m->docker_failed = true;
}
