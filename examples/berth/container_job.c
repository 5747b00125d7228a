/* Starting one container as wire page 4.4 has it. */
#include "container_job.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>

void job_init(struct container_job *job, struct docker *docker, const struct events *events,
              const struct folder *folder)
{
    const char *display = getenv("DISPLAY");
    memset(&job->container, 0, sizeof job->container);
    job->docker = docker;
    job->events = events;
    job->folder = folder;
    job->password = berth_text_of(NULL);
    job->container.docker = docker->program;
    job->container.start_s = BERTH_CONTAINER_NO_ROW;
    job->container.shm_rate_num = folder->capability.shm_rate_num;
    job->container.shm_rate_den = folder->capability.shm_rate_den;
    job->container.host_pids = folder->host.host_pids;
    job->container.display = display != NULL && display[0] != '\0';
}

void job_take_user(struct container_job *job, const struct berth_user *user)
{
    job->container.user_id = user->id;
    job->container.work_dir = user->volume_work_dir;
    job->container.dataset_dir = user->volume_dataset_dir;
    job->container.backup_dir = user->volume_backup_dir;
    job->password = user->password;
}

void job_docker(struct container_job *job, struct berth_text input, uint32_t limit_ms,
                struct docker_answer *answer)
{
    if (!job->dry_run) {
        docker_run(job->docker, input, limit_ms, answer);
        return;
    }
    docker_show(job->docker, job->out);
    answer->end = DOCKER_DONE;
    answer->absent = false;
    answer->output = answer->why = BERTH_TEXT("");
}

void job_command(struct container_job *job, const char *const *words, uint32_t limit_ms,
                 struct docker_answer *answer)
{
    docker_begin(job->docker, words);
    berth_argv_add(&job->docker->argv, job->container.user_id);
    job_docker(job, BERTH_TEXT(""), limit_ms, answer);
}

static void complain(const struct container_job *job, enum event_level level, const char *sign,
                     const char *what, struct berth_text detail)
{
    event(job->events, level, sign, job->container.user_id, what, detail);
}

enum container_owner job_owner(struct container_job *job)
{
    static const char format[] = BERTH_CONTAINER_FORMAT;
    static const char *const words[] = {"container", "inspect", "--format", format, NULL};
    struct docker_answer answer;
    char label[128];
    struct berth_writer w;
    berth_writer_init(&w, label, sizeof label);
    if (berth_container_put_label(&w, job->container.user_id, job->container.start_s) != BERTH_OK)
        berth_writer_init(&w, label, 0);
    job_command(job, words, INSPECT_LIMIT_MS, &answer);
    if (job->dry_run || (answer.end == DOCKER_FAILED && answer.absent))
        return OWNER_NONE;
    if (answer.end != DOCKER_DONE) {
        complain(job, EVENT_ERROR, SIGN_ERROR, "docker does not tell whether there is a container",
                 answer.why);
        return OWNER_UNKNOWN;
    }
    return w.len > 0 && berth_text_equal(berth_text_trim(answer.output), berth_writer_text(&w)) ? OWNER_ROW
                                                                                                : OWNER_OTHER;
}

/* ---- running ---------------------------------------------------------------------------------- */

/* What failed to start may be left behind under the row's name and label; the next look would take it for a
 * container that runs. One that does run, docker does not remove. */
static void clear_away(struct container_job *job)
{
    static const char *const words[] = {"container", "rm", NULL};
    struct docker_answer answer;
    if (job_owner(job) == OWNER_ROW)
        job_command(job, words, REMOVE_LIMIT_MS, &answer);
}

bool job_run(struct container_job *job)
{
    struct docker_answer answer;
    bool hashed = berth_password_is_hash(job->password);
    job->container.plain_password = job->password.len > 0 && !hashed;
    enum berth_container_fault fault = berth_container_check(&job->container);
    if (fault != BERTH_CONTAINER_GOOD) {
        complain(job, EVENT_ERROR, SIGN_ERROR, "not started",
                 berth_text_of(berth_container_fault_text(fault)));
        return false;
    }
    if (job->container.plain_password && !docker_set_password(job->docker, job->password)) {
        complain(job, EVENT_ERROR, SIGN_ERROR, "not started", BERTH_TEXT("its password is too long"));
        return false;
    }
    docker_begin_program(job->docker, NULL, NULL);
    berth_container_run(&job->docker->argv, &job->container);
    job_docker(job, BERTH_TEXT(""), RUN_LIMIT_MS, &answer);
    if (answer.end == DOCKER_DONE)
        return true;
    complain(job, EVENT_ERROR, SIGN_ERROR, "the container was not started", answer.why);
    if (answer.end != DOCKER_INTERRUPTED)
        clear_away(job);
    return false;
}

bool job_apply_password(struct container_job *job)
{
    static const char *const change[] = {"exec", "-i", NULL}, *const changer[] = {"chpasswd", "-e", NULL};
    static const char *const exec[] = {"exec", NULL}, *const ssh[] = {"service", "ssh", "start", NULL};
    struct docker_answer answer;
    char line[BERTH_PASSWORD_HASH_MAX + 8];
    struct berth_writer w;
    if (!berth_password_is_hash(job->password))
        return true;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, "root:");
    berth_put_text(&w, job->password);
    berth_put_char(&w, '\n');
    docker_begin(job->docker, change);
    berth_argv_add(&job->docker->argv, job->container.user_id);
    berth_argv_add_all(&job->docker->argv, changer);
    job_docker(job, berth_writer_text(&w), EXEC_LIMIT_MS, &answer);
    berth_wipe(line, sizeof line);
    if (answer.end != DOCKER_DONE) {
        complain(job, EVENT_WARNING, SIGN_WARNING, "its password was not set", answer.why);
        return false;
    }
    docker_begin(job->docker, exec);
    berth_argv_add(&job->docker->argv, job->container.user_id);
    berth_argv_add_all(&job->docker->argv, ssh);
    job_docker(job, BERTH_TEXT(""), EXEC_LIMIT_MS, &answer);
    if (answer.end != DOCKER_DONE)
        complain(job, EVENT_WARNING, SIGN_WARNING, "its ssh service was not started", answer.why);
    return answer.end == DOCKER_DONE;
}
