/* The backup folder of a user: made from the template, or what its backup.yaml mounts. All of it is the
 * user's own to change, also by links. */
#include "container_job.h"

#include "container_paths.h"
#include "worker_files.h"

#include <string.h>

static void warn(const struct container_job *job, const char *what, struct berth_text detail)
{
    event(job->events, EVENT_WARNING, SIGN_WARNING, job->container.user_id, what, detail);
}

static void note_bad(void *ctx, uint32_t line, enum berth_mount_fault fault)
{
    char text[160];
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text);
    berth_put_string(&w, "line ");
    berth_put_u64(&w, line);
    berth_put_string(&w, ": ");
    berth_put_string(&w, berth_mount_fault_text(fault));
    warn(ctx, "a pair of backup.yaml is left out", berth_writer_text(&w));
}

/* DIR of --config and what lies below it. */
static bool template_path(const struct container_job *job, char *path, size_t size)
{
    struct berth_writer w;
    const char *root = job->folder->options.path;
    berth_writer_init(&w, path, size);
    berth_put_string(&w, root != NULL && root[0] != '\0' ? root : ".");
    berth_put_string(&w, "/cfg/templates/Backup");
    return berth_writer_terminate(&w) == BERTH_OK;
}

static bool make_folder(struct container_job *job)
{
    char from[CONTAINER_PATH], to[CONTAINER_PATH];
    struct berth_text why = BERTH_TEXT("its path is too long");
    struct berth_writer w;
    berth_writer_init(&w, to, sizeof to);
    berth_put_text(&w, job->container.backup_dir);
    bool fits = berth_writer_terminate(&w) == BERTH_OK && template_path(job, from, sizeof from);
    if (job->dry_run)
        return true;
    if (fits && path_copy_folder(from, to, &why) == BERTH_OK)
        return true;
    event(job->events, EVENT_ERROR, SIGN_ERROR, job->container.user_id,
          "not started: the backup folder cannot be made from cfg/templates/Backup", why);
    return false;
}

/* Keeps the mounts whose backup side is there, under the name that no link can change any more. */
static void resolve_mounts(struct container_job *job)
{
    struct berth_writer places;
    struct berth_mounts *mounts = &job->mounts;
    size_t kept = 0;
    berth_writer_init(&places, job->places, sizeof job->places);
    for (size_t i = 0; i < mounts->count; i++) {
        char place[CONTAINER_PATH];
        struct berth_mount mount = mounts->items[i];
        enum path_place found = path_below(job->container.backup_dir, mount.relative, place, &mount.relative);
        if (found == PATH_ABSENT)
            continue;
        size_t from = places.len;
        if (found == PATH_INSIDE)
            berth_put_text(&places, mount.relative);
        if (found == PATH_OUTSIDE) {
            warn(job, "a pair of backup.yaml is left out: it leads out of the backup folder", mount.relative);
        } else if (found == PATH_ERROR || berth_writer_status(&places) != BERTH_OK) {
            warn(job, "a pair of backup.yaml is left out: it cannot be followed", mounts->items[i].relative);
        } else if (berth_mount_check(&mount) != BERTH_MOUNT_GOOD) {
            warn(job, "a pair of backup.yaml is left out: it leads to a place that cannot be mounted",
                 mounts->items[i].relative);
        } else {
            mount.relative = berth_text_make(job->places + from, places.len - from);
            mounts->items[kept++] = mount;
        }
    }
    mounts->count = kept;
}

static void read_mounts(struct container_job *job)
{
    char root[CONTAINER_PATH];
    struct berth_text document, why;
    struct berth_writer w, texts;
    struct berth_yaml_error error = {0, 0, NULL};
    berth_writer_init(&w, root, sizeof root);
    berth_put_text(&w, job->container.backup_dir);
    if (berth_writer_terminate(&w) != BERTH_OK)
        return;
    enum berth_status status =
        inside_read(root, "backup.yaml", job->document, sizeof job->document, &document, &why);
    if (status == BERTH_E_NO_FILE)
        return;
    if (status != BERTH_OK) {
        warn(job, "backup.yaml cannot be read, nothing of it is mounted", why);
        return;
    }
    berth_writer_init(&texts, job->texts, sizeof job->texts);
    status = berth_mounts_read(document, &texts, &job->mounts, note_bad, job, &error);
    if (status == BERTH_E_SPACE) {
        warn(job, "backup.yaml has more pairs than are mounted", BERTH_TEXT(""));
    } else if (status != BERTH_OK) {
        warn(job, "backup.yaml is malformed, nothing of it is mounted", berth_text_of(error.reason));
        job->mounts.count = 0;
    }
}

bool job_prepare_backup(struct container_job *job)
{
    job->mounts.count = 0;
    job->container.mounts = job->mounts.items;
    job->container.mount_count = 0;
    if (path_folder(job->container.backup_dir) == PATH_ABSENT)
        return make_folder(job);
    read_mounts(job);
    resolve_mounts(job);
    job->container.mount_count = job->mounts.count;
    return true;
}
