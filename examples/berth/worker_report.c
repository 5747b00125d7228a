/* Reporting a step: its metrics, its log, its verdict. */
#include "worker_phase.h"

#include "files.h"
#include "worker_files.h"

#include <string.h>

enum { METRICS_SIZE = 65536 };

/* The step is over: its GPUs are another's, and the next life must know how it ended. */
static void work_is_over(struct slot *slot)
{
    (void)!state_save(slot->worker);
    slot->gpus = 0;
    worker_ask_again(slot->worker);
}

static void skip_metrics(struct slot *slot, struct berth_text why)
{
    log_line(&slot->log, "the metrics were not sent", why);
    phase_go(slot, PHASE_UPLOAD);
}

void metrics_begin(struct slot *slot)
{
    static char document[METRICS_SIZE];
    char root[WORKER_PATH_MAX + 16];
    struct berth_text json, why;
    struct berth_mlcycle_problem problem;
    memset(&problem, 0, sizeof problem);
    if (slot->tries == 0)
        work_is_over(slot);
    enum berth_status status =
        inside_read(slot_path(slot, "/app", root), "metrics.json", document, sizeof document, &json, &why);
    if (status == BERTH_E_NO_FILE || (status == BERTH_OK && berth_text_trim(json).len == 0)) {
        phase_go(slot, PHASE_UPLOAD);
        return;
    }
    if (status != BERTH_OK) {
        skip_metrics(slot, status == BERTH_E_SPACE ? BERTH_TEXT("the file is longer than 65536 bytes") : why);
        return;
    }
    status = berth_mlcycle_jobs_add_metrics_json(&slot->call, &slot->session.client, &slot->job, slot->step,
                                                 json, NULL, NULL, &problem);
    if (status == BERTH_OK)
        phase_call(slot, BERTH_OK);
    else
        skip_metrics(slot, berth_text_of(problem.text[0] != '\0' ? problem.text : berth_status_name(status)));
}

void metrics_called(struct slot *slot, enum berth_status status)
{
    if (phase_is_passing(status) && slot->tries < PHASE_TRIES) {
        phase_again(slot);
        return;
    }
    if (status != BERTH_OK && status != BERTH_E_SPACE)
        log_line(&slot->log, "the metrics were not taken", phase_message(slot, status));
    phase_go(slot, PHASE_UPLOAD);
}

void upload_begin(struct slot *slot)
{
    struct berth_writer w;
    berth_writer_init(&w, slot->log_name, sizeof slot->log_name);
    berth_put_i64(&w, slot->step);
    berth_put_string(&w, "_console.log");
    memset(&slot->upload, 0, sizeof slot->upload);
    slot->upload.name = BERTH_TEXT("Console Log");
    slot->upload.filename = berth_writer_text(&w);
    slot->upload.type = BERTH_MLCYCLE_BUILD_LOGS;
    slot->upload.rand = program_rand();
    log_source(&slot->log, &slot->upload.file);
    phase_call(slot, berth_mlcycle_fragments_upload(&slot->call, &slot->session.client, &slot->job,
                                                    slot->step, &slot->upload, NULL, NULL));
}

/* The log's fate never changes the verdict (wire 4.3). A conflict means that it is there already. */
void upload_called(struct slot *slot, enum berth_status status)
{
    log_source_close(&slot->log);
    if (phase_is_passing(status) && slot->tries < PHASE_TRIES) {
        phase_again(slot);
        return;
    }
    if (status != BERTH_OK && status != BERTH_E_CONFLICT && status != BERTH_E_SPACE)
        worker_say(slot->worker, slot, "the log was not taken", phase_message(slot, status));
    phase_go(slot, PHASE_FINISH);
}

void finish_begin(struct slot *slot)
{
    phase_call(slot, slot->failed ? berth_mlcycle_scheduler_error(&slot->call, &slot->session.client,
                                                                  &slot->job, slot->step)
                                  : berth_mlcycle_scheduler_complete(&slot->call, &slot->session.client,
                                                                     &slot->job, slot->step));
}

static void say_reported(const struct slot *slot, struct berth_text detail)
{
    worker_say(slot->worker, slot, slot->failed ? "reported as failed" : "reported as done", detail);
}

void finish_called(struct slot *slot, enum berth_status status)
{
    if (status == BERTH_E_WRONG_STATE) {
        phase_go(slot, PHASE_CHECK);
    } else if (status == BERTH_OK || status == BERTH_E_NOT_FOUND) {
        say_reported(slot, status == BERTH_OK ? BERTH_TEXT("") : BERTH_TEXT("the job is gone"));
        phase_go(slot, PHASE_CLEAN);
    } else {
        if (slot->tries == 0)
            worker_say(slot->worker, slot, "the end cannot be reported yet", phase_message(slot, status));
        phase_again(slot);
    }
}

/* The server said "wrong state": has an earlier try got through? */
void check_called(struct slot *slot, enum berth_status status)
{
    int32_t wanted = slot->failed ? BERTH_MLCYCLE_ERROR : BERTH_MLCYCLE_DONE;
    bool known =
        status == BERTH_OK || status == BERTH_E_NOT_FOUND || (status == BERTH_E_SPACE && slot->found);
    if (!known) {
        phase_again(slot);
        return;
    }
    if (slot->found && slot->seen_state == BERTH_MLCYCLE_IN_PROGRESS) { /* it contradicts itself */
        unsigned tries = slot->tries;
        phase_go(slot, PHASE_FINISH);
        slot->tries = tries + 1;
        phase_again(slot);
        return;
    }
    if (slot->found && slot->seen_state == wanted)
        say_reported(slot, BERTH_TEXT(""));
    else
        worker_say(slot->worker, slot, "the step is not ours any more: its end was not reported",
                   BERTH_TEXT(""));
    phase_go(slot, PHASE_CLEAN);
}

void clean_begin(struct slot *slot)
{
    const struct berth_files *files = program_files();
    log_close(&slot->log);
    (void)!state_save(slot->worker);
    enum berth_status status = files->remove_tree(files->ctx, slot->folder);
    if (status != BERTH_OK && status != BERTH_E_NO_FILE)
        worker_say(slot->worker, slot, "the work folder cannot be removed", berth_text_of(slot->folder));
    slot->worker->handled++;
    worker_ask_again(slot->worker);
    claim_leave(slot);
}
