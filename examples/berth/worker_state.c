/* The worker's state file: what the next life must know when this one ends without notice. */
#define _DEFAULT_SOURCE
#include "worker.h"

#include "files.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* One record a slot, in a JSON array; a shape describes it for both directions. */
static const struct berth_field record_fields[] = {
    {BERTH_TEXT_INIT("job"), BERTH_FIELD_GUID, BERTH_FIELD_REQUIRED, offsetof(struct step_record, job), NULL,
     NULL, 0},
    {BERTH_TEXT_INIT("step"), BERTH_FIELD_I32, BERTH_FIELD_REQUIRED, offsetof(struct step_record, step), NULL,
     NULL, 0},
    {BERTH_TEXT_INIT("phase"), BERTH_FIELD_TEXT, BERTH_FIELD_REQUIRED, offsetof(struct step_record, phase),
     NULL, NULL, 0},
    {BERTH_TEXT_INIT("failed"), BERTH_FIELD_BOOL, BERTH_FIELD_REQUIRED, offsetof(struct step_record, failed),
     NULL, NULL, 0},
    {BERTH_TEXT_INIT("token"), BERTH_FIELD_TEXT, BERTH_FIELD_REQUIRED, offsetof(struct step_record, token),
     NULL, NULL, 0},
    {BERTH_TEXT_INIT("claimed"), BERTH_FIELD_TIME, BERTH_FIELD_REQUIRED,
     offsetof(struct step_record, claimed), NULL, NULL, 0},
};
static const struct berth_shape record_shape = {
    "step record", record_fields, sizeof record_fields / sizeof record_fields[0], sizeof(struct step_record),
    offsetof(struct step_record, present)};

enum { RECORD_SIZE = 512 };
static char text[RECORD_SIZE * WORKER_SLOTS];

static struct berth_text phase_word(const struct slot *slot)
{
    if (!slot->owned)
        return BERTH_TEXT("claiming");
    if (slot->phase == PHASE_CLEAN)
        return BERTH_TEXT("cleaning");
    return slot->phase >= PHASE_METRICS ? BERTH_TEXT("reporting") : BERTH_TEXT("running");
}

static void put_record(struct berth_json_writer *w, const struct slot *slot)
{
    struct step_record record;
    memset(&record, 0, sizeof record);
    record.present = UINT32_MAX;
    record.job = slot->job;
    record.step = slot->step;
    record.phase = phase_word(slot);
    record.failed = slot->failed;
    record.token = berth_text_of(slot->token);
    record.claimed = slot->claimed;
    berth_fields_encode(&record_shape, &record, w);
}

enum berth_status state_save(struct worker *worker)
{
    struct berth_writer out;
    struct berth_json_writer w;
    berth_writer_init(&out, text, sizeof text);
    berth_json_writer_init(&w, &out);
    berth_json_begin_array(&w);
    for (size_t i = 0; i < WORKER_SLOTS; i++) {
        if (worker->slots[i].phase != PHASE_FREE && worker->slots[i].claim_sent)
            put_record(&w, &worker->slots[i]);
    }
    berth_json_end_array(&w);
    enum berth_status status = berth_json_done(&w);
    if (status == BERTH_OK)
        status = write_whole(worker->state_path, berth_writer_text(&out));
    if (status != BERTH_OK)
        worker_say(worker, NULL, "the state file cannot be written",
                   berth_text_of(berth_status_name(status)));
    return status;
}

/* It becomes part of paths. */
static bool is_token(struct berth_text token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (!(token.ptr[i] >= '0' && token.ptr[i] <= '9') && !(token.ptr[i] >= 'a' && token.ptr[i] <= 'f'))
            return false;
    }
    return token.len == 32;
}

int state_load(struct worker *worker)
{
    struct berth_text document;
    struct berth_json_list list;
    struct step_record record;
    enum berth_status status = read_whole(worker->state_path, text, sizeof text, &document);
    if (status == BERTH_E_NO_FILE)
        return 0;
    if (status == BERTH_OK)
        status = berth_json_check(document, NULL);
    if (status != BERTH_OK)
        return fail(worker->app, EXIT_BAD_DATA, worker->state_path,
                    "cannot be read; look at the server's jobs in progress, then remove it");
    list.ptr = text;
    list.len = document.len;
    list.count = 0;
    while ((status = berth_json_list_decode(&list, &record_shape, &record, NULL)) == BERTH_OK) {
        struct slot *slot = slot_free(worker);
        if (slot == NULL || !is_token(record.token) || record.step < 0)
            return fail(worker->app, EXIT_BAD_DATA, worker->state_path, "is not a worker's state file");
        slot_restore(slot, &record);
    }
    return status == BERTH_E_MISSING
               ? 0
               : fail(worker->app, EXIT_BAD_DATA, worker->state_path, "is not a worker's state file");
}

/* ---- orphans ---------------------------------------------------------------------------------- */

/* Whether the environment of process PID names our token. Its text is read in overlapping pieces. */
static bool has_token(const char *pid, const char *token)
{
    char path[64], piece[4096];
    struct berth_writer w;
    berth_writer_init(&w, path, sizeof path);
    berth_put_string(&w, "/proc/");
    berth_put_string(&w, pid);
    berth_put_string(&w, "/environ");
    if (berth_writer_terminate(&w) != BERTH_OK)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t kept = 0;
    bool found = false;
    ssize_t n;
    while (!found && (n = read(fd, piece + kept, sizeof piece - kept)) > 0) {
        size_t len = kept + (size_t)n;
        found = berth_text_find(berth_text_make(piece, len), berth_text_of(token)) != SIZE_MAX;
        kept = len < 32 ? len : 32;
        memmove(piece, piece + len - kept, kept);
    }
    close(fd);
    return found;
}

/* One round over /proc; the number of processes that were killed. */
static unsigned kill_round(const char *token)
{
    struct berth_posix_folder proc;
    unsigned killed = 0;
    const char *name;
    if (berth_posix_folder_open(&proc, "/proc") != BERTH_OK)
        return 0;
    while ((name = berth_posix_folder_next(&proc, NULL)) != NULL) {
        int32_t pid = 0;
        if (berth_parse_i32(berth_text_of(name), &pid) != BERTH_OK || pid <= 1 || pid == getpid())
            continue;
        if (has_token(name, token) && kill(pid, SIGKILL) == 0)
            killed++;
    }
    berth_posix_folder_close(&proc);
    return killed;
}

void state_kill_orphans(const char *token)
{
    for (unsigned round = 0; round < 10 && kill_round(token) > 0; round++)
        program_clock()->sleep_ms(program_clock()->ctx, 20);
}

/* A worker that was killed while it wrote its state left the port's temporary file behind. */
void state_sweep(const struct worker *w)
{
    struct berth_posix_folder folder;
    const char *name;
    if (berth_posix_folder_open(&folder, w->workdir) != BERTH_OK)
        return;
    while ((name = berth_posix_folder_next(&folder, NULL)) != NULL) {
        if (berth_text_starts(berth_text_of(name), BERTH_TEXT(".berth-")))
            (void)unlinkat(folder.fd, name, 0);
    }
    berth_posix_folder_close(&folder);
}
