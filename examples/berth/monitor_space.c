/* Before a container is started: how full its user's folders are. */
#include "monitor.h"

#include "container_paths.h"

enum { DU_BACKUP_LIMIT_MS = 300000, DU_WORK_LIMIT_MS = 600000 };

enum measure { MEASURED, NOT_MEASURED, INTERRUPTED };

static enum measure measure(struct monitor *m, const char *what, struct berth_text folder, uint32_t limit_ms,
                            uint64_t *out_kib)
{
    static const char *const words[] = {"-sk", NULL};
    struct docker_answer answer;
    docker_begin_program(&m->docker, "du", words);
    berth_argv_add(&m->docker.argv, folder);
    job_docker(&m->job, BERTH_TEXT(""), limit_ms, &answer);
    if (answer.end == DOCKER_INTERRUPTED)
        return INTERRUPTED;
    if (m->dry_run)
        return NOT_MEASURED;
    /* du complains about what it may not read, and still adds the rest up. */
    if (answer.end != DOCKER_TIMEOUT && berth_space_parse(answer.output, out_kib) == BERTH_OK)
        return MEASURED;
    event(&m->events, EVENT_WARNING, SIGN_SPACE, m->job.container.user_id, what,
          answer.why.len > 0 ? answer.why : BERTH_TEXT("du printed no size"));
    return NOT_MEASURED;
}

static void put_excess(struct berth_writer *w, const char *folder, int64_t excess_mb)
{
    if (excess_mb == 0)
        return;
    berth_put_string(w, w->len > 0 ? ", " : "");
    berth_put_string(w, folder);
    berth_put_string(w, " by ");
    berth_put_decimal(w, excess_mb, 3);
    berth_put_string(w, " GB");
}

bool monitor_has_space(struct monitor *m, size_t row)
{
    const struct berth_limits *limits = berth_capability_limits(&m->folder->capability, m->rows[row].user_id);
    const struct berth_container *c = &m->job.container;
    uint64_t kib;
    int64_t backup_mb = 0, work_mb = 0;
    if (path_folder(c->backup_dir) == PATH_ABSENT || path_folder(c->work_dir) == PATH_ABSENT) {
        if (!m->dry_run)
            event(&m->events, EVENT_INFO, NULL, c->user_id,
                  "a folder is not there yet: its space is not checked", BERTH_TEXT(""));
        return true;
    }
    enum measure done = measure(m, "the backup folder's size is not known, it passes", c->backup_dir,
                                DU_BACKUP_LIMIT_MS, &kib);
    if (done == MEASURED)
        backup_mb = berth_space_excess_mb(kib, limits->backup_space_mb);
    if (done != INTERRUPTED)
        done =
            measure(m, "the work folder's size is not known, it passes", c->work_dir, DU_WORK_LIMIT_MS, &kib);
    if (done == INTERRUPTED)
        return false;
    if (done == MEASURED)
        work_mb = berth_space_excess_mb(kib, limits->work_space_mb);
    if (backup_mb == 0 && work_mb == 0)
        return true;
    char text[128];
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text);
    put_excess(&w, "the backup folder", backup_mb);
    put_excess(&w, "the work folder", work_mb);
    event(&m->events, EVENT_WARNING, SIGN_SPACE, c->user_id, "not started, over the limit",
          berth_writer_text(&w));
    return false;
}
