/* One user's container: its backup folder, docker run, its password, and whose it is. The monitor and
 * run-container share this. */
#ifndef BERTH_PROGRAM_CONTAINER_JOB_H
#define BERTH_PROGRAM_CONTAINER_JOB_H

#include "booking_folder.h"
#include "docker.h"
#include "events.h"

/* Longest times for docker's commands, as in docs/monitor.md. */
enum {
    BACKUP_LIMIT_MS = 300000,
    STOP_LIMIT_MS = 120000,
    REMOVE_LIMIT_MS = 120000,
    RUN_LIMIT_MS = 600000, /* an image may have to be fetched */
    INSPECT_LIMIT_MS = 60000,
    START_LIMIT_MS = 120000,
    RESTART_LIMIT_MS = 120000,
    EXEC_LIMIT_MS = 60000
};

/* The longest backup.yaml that is read. */
#define JOB_DOCUMENT 65536

struct container_job {
    struct docker *docker;
    const struct events *events;
    const struct folder *folder;
    bool dry_run; /* only looks, and shows what it would do on OUT */
    struct out *out;
    struct berth_container container;
    struct berth_text password; /* a hash, or plain text; absent: none */
    /* private */
    struct berth_mounts mounts;
    char document[JOB_DOCUMENT], texts[JOB_DOCUMENT], places[JOB_DOCUMENT];
};

enum container_owner {
    OWNER_NONE,   /* there is no container of that name */
    OWNER_ROW,    /* it carries the row's label */
    OWNER_OTHER,  /* it does not */
    OWNER_UNKNOWN /* docker did not tell (reported) */
};

/* Fills in what the host's configuration says; the user's and the row's part is the caller's. */
void job_init(struct container_job *job, struct docker *docker, const struct events *events,
              const struct folder *folder);
/* The user's id, folders and stored password. */
void job_take_user(struct container_job *job, const struct berth_user *user);
/* Runs what docker_begin() and the rest have prepared, or shows it. */
void job_docker(struct container_job *job, struct berth_text input, uint32_t limit_ms,
                struct docker_answer *answer);
/* `docker WORDS... ID`. */
void job_command(struct container_job *job, const char *const *words, uint32_t limit_ms,
                 struct docker_answer *answer);
/* Whose container of this name there is. */
enum container_owner job_owner(struct container_job *job);
/* Makes the backup folder, or reads its backup.yaml: the container's mounts. False: it cannot be made
 * (reported). */
bool job_prepare_backup(struct container_job *job);
/* Checks everything and runs the container. A container that docker made and could not start is removed. What
 * came of it is reported. False also when docker could not be asked. */
bool job_run(struct container_job *job);
/* Gives a running container its user's hashed password and starts its ssh service; does nothing for other
 * passwords. Reported. */
bool job_apply_password(struct container_job *job);

#endif
