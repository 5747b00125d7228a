/* Transfers between a WebHDFS cluster and local files: the machine, its ends, and what both directions share.
 */
#include "platform/webhdfs_transfer.h"

#include <string.h>

#include "platform/line.h"

/* How long removing a temporary name may take after a failure. */
#define CLEAN_MS 10000
#define STEP_MS 60000
/* A sleep of so many ms or more shows on the clock. */
#define SLEEP_SEEN_MS 5

static uint64_t now_ms(const struct berth_webhdfs_transfer *t)
{
    const struct berth_clock *clock = t->config.fs->config.http->config.clock;
    return clock->monotonic_ms(clock->ctx);
}

/* ---- What both directions share --------------------------------------------------------------- */

void berth_webhdfs_tell(struct berth_webhdfs_transfer *t, enum berth_webhdfs_event_kind kind, uint64_t done,
                        uint64_t length)
{
    struct berth_webhdfs_event event = {.kind = kind,
                                        .local = berth_text_of(t->local),
                                        .remote = berth_text_of(t->remote),
                                        .done = done,
                                        .length = length};
    if (t->config.on_event != NULL)
        t->config.on_event(t->config.event_ctx, &event);
}

enum berth_status berth_webhdfs_join(char *path, size_t len, struct berth_text name)
{
    struct berth_writer w;
    berth_writer_init(&w, path, BERTH_WEBHDFS_PATH_CAP);
    w.len = len;
    if (len == 0 || path[len - 1] != '/')
        berth_put_char(&w, '/');
    berth_put_text(&w, name);
    return berth_writer_terminate(&w);
}

struct berth_text berth_webhdfs_last_name(struct berth_text path)
{
    while (path.len > 0 && path.ptr[path.len - 1] == '/')
        path.len--;
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return berth_text_slice(path, at, path.len);
}

void berth_webhdfs_close_file(struct berth_webhdfs_transfer *t)
{
    if (t->file >= 0)
        t->config.files->close(t->config.files->ctx, t->file);
    t->file = -1;
}

enum berth_status berth_webhdfs_kind_of(struct berth_webhdfs_transfer *t, bool follow,
                                        enum berth_webhdfs_local_kind *out_kind)
{
    const struct berth_webhdfs_local *local = t->config.local;
    return local->kind(local->ctx, t->local, follow, out_kind);
}

/* ---- Its ends --------------------------------------------------------------------------------- */

static const char *words_for(enum berth_status status)
{
    switch (status) {
    case BERTH_E_NO_FILE:
        return "no such file or folder";
    case BERTH_E_EXISTS:
        return "it exists already";
    case BERTH_E_PERMISSION:
        return "the system does not allow it";
    case BERTH_E_DISK_FULL:
        return "no space left on the device";
    case BERTH_E_SPACE:
        return "the path is too long";
    case BERTH_E_IO:
        return "it cannot be read or written";
    default:
        return berth_status_name(status);
    }
}

static enum berth_status end(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    t->ended = true;
    t->status = status;
    return status;
}

/* The old file is gone, or may be, and the new one whole: what is under the temporary name can be all that
 * there is. */
static void keep_whole(struct berth_webhdfs_transfer *t)
{
    struct berth_writer w;
    if (!t->old_removed || t->leftover[0] == '\0')
        return;
    memset(t->call.result.message, 0, sizeof t->call.result.message);
    berth_writer_init(&w, t->call.result.message, sizeof t->call.result.message);
    berth_put_line_string(&w, t->leftover);
    berth_put_line_string(&w, ": the new file is here, whole; the old one is or may be deleted, and renaming "
                              "this failed");
    t->leftover[0] = '\0';
}

enum berth_status berth_webhdfs_fail(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    berth_webhdfs_close_file(t);
    keep_whole(t);
    t->failure = t->call.result;
    t->status = status;
    if (t->leftover[0] == '\0' || status == BERTH_E_CANCELLED)
        return end(t, status);
    /* What cannot be removed is told; the first failure is what counts. */
    t->phase = BERTH_WEBHDFS_CLEANS;
    if (berth_webhdfs_delete(&t->call, t->config.fs, berth_text_of(t->leftover), false) == BERTH_OK &&
        berth_call_start(&t->call, CLEAN_MS) == BERTH_OK) {
        t->calling = true;
        return BERTH_E_WOULD_BLOCK;
    }
    t->call.result = t->failure;
    return end(t, status);
}

static enum berth_status cleaned(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    if (status == BERTH_OK || status == BERTH_E_NO_FILE)
        t->leftover[0] = '\0';
    t->call.result = t->failure;
    return end(t, t->status);
}

enum berth_status berth_webhdfs_fail_at(struct berth_webhdfs_transfer *t, enum berth_status status,
                                        const char *path, const char *what)
{
    struct berth_writer w;
    memset(t->call.result.message, 0, sizeof t->call.result.message);
    berth_writer_init(&w, t->call.result.message, sizeof t->call.result.message);
    berth_put_line_string(&w, path);
    berth_put_line_string(&w, path[0] != '\0' ? ": " : "");
    berth_put_line_string(&w, what);
    return berth_webhdfs_fail(t, status);
}

enum berth_status berth_webhdfs_fail_local(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    return berth_webhdfs_fail_at(t, status, t->local, words_for(status));
}

enum berth_status berth_webhdfs_done(struct berth_webhdfs_transfer *t)
{
    return end(t, BERTH_OK);
}

enum berth_status berth_webhdfs_walk_on(struct berth_webhdfs_transfer *t)
{
    t->phase = BERTH_WEBHDFS_WALKS;
    return BERTH_E_WOULD_BLOCK;
}

enum berth_status berth_webhdfs_file_done(struct berth_webhdfs_transfer *t)
{
    t->file_count++;
    t->byte_count += t->done;
    t->leftover[0] = '\0';
    berth_webhdfs_tell(t, BERTH_WEBHDFS_END, t->done, t->done);
    return t->tree ? berth_webhdfs_walk_on(t) : end(t, BERTH_OK);
}

/* ---- Running ---------------------------------------------------------------------------------- */

enum berth_status berth_webhdfs_begin(struct berth_webhdfs_transfer *t, enum berth_status described,
                                      enum berth_webhdfs_transfer_phase phase)
{
    uint64_t now = now_ms(t);
    uint64_t left = t->end_ms - now;
    if (described != BERTH_OK)
        return berth_webhdfs_fail_at(t, described, t->remote,
                                     described == BERTH_E_SPACE ? "the URL would be too long"
                                                                : "it cannot be asked for");
    if (now >= t->end_ms)
        return berth_webhdfs_fail_at(t, BERTH_E_TIMEOUT, t->remote, "the deadline passed");
    t->phase = (uint8_t)phase;
    enum berth_status status = berth_call_start(&t->call, t->end_ms == UINT64_MAX ? 0
                                                          : left > UINT32_MAX     ? UINT32_MAX
                                                                                  : (uint32_t)left);
    if (status != BERTH_OK)
        return berth_webhdfs_fail(t, status);
    t->calling = true;
    return BERTH_E_WOULD_BLOCK;
}

static enum berth_status start(struct berth_webhdfs_transfer *t)
{
    if (t->kind == BERTH_WEBHDFS_UPLOADS || t->kind == BERTH_WEBHDFS_UPLOADS_SOURCE)
        return berth_webhdfs_upload_start(t);
    return berth_webhdfs_begin(t, berth_webhdfs_stat(&t->call, t->config.fs, berth_text_of(t->remote)),
                               BERTH_WEBHDFS_DOWN_LOOKS);
}

/* The call has ended, or the pause is over. */
static enum berth_status go_on(struct berth_webhdfs_transfer *t, enum berth_status status)
{
    if (t->phase == BERTH_WEBHDFS_AT_START)
        return start(t);
    if (t->phase == BERTH_WEBHDFS_CLEANS)
        return cleaned(t, status);
    if (t->phase == BERTH_WEBHDFS_WALKS)
        return berth_webhdfs_walk(t);
    if (t->phase == BERTH_WEBHDFS_DOWN_LISTS)
        return berth_webhdfs_listed(t, status);
    return t->phase < BERTH_WEBHDFS_DOWN_LOOKS ? berth_webhdfs_upload_on(t, status)
                                               : berth_webhdfs_download_on(t, status);
}

static enum berth_status pause(struct berth_webhdfs_transfer *t, uint64_t now, uint32_t wait_ms)
{
    const struct berth_clock *clock = t->config.fs->config.http->config.clock;
    uint64_t left = t->pause_end_ms - now;
    if (left < wait_ms)
        wait_ms = (uint32_t)left;
    if (wait_ms == 0)
        return BERTH_E_WOULD_BLOCK;
    clock->sleep_ms(clock->ctx, wait_ms);
    return wait_ms >= SLEEP_SEEN_MS && now_ms(t) == now ? BERTH_E_CANCELLED : BERTH_E_WOULD_BLOCK;
}

enum berth_status berth_webhdfs_transfer_step(struct berth_webhdfs_transfer *t, uint32_t wait_ms)
{
    enum berth_status status = BERTH_OK;
    if (t->ended)
        return t->status;
    if (t->calling) {
        status = berth_call_step(&t->call, wait_ms);
        if (status == BERTH_E_WOULD_BLOCK)
            return status;
        t->calling = false;
    } else if (t->phase == BERTH_WEBHDFS_DOWN_PAUSES) {
        uint64_t now = now_ms(t);
        if (now < t->pause_end_ms) {
            status = pause(t, now, wait_ms);
            return status == BERTH_E_CANCELLED
                       ? berth_webhdfs_fail_at(t, status, t->remote, "interrupted before another try")
                       : status;
        }
    }
    return go_on(t, status);
}

unsigned berth_webhdfs_transfer_want(const struct berth_webhdfs_transfer *t, uint32_t *out_wait_ms)
{
    uint64_t now = now_ms(t);
    uint64_t left = 0;
    if (t->calling)
        return berth_call_want(&t->call, out_wait_ms);
    if (t->phase == BERTH_WEBHDFS_DOWN_PAUSES && t->pause_end_ms > now)
        left = t->pause_end_ms - now;
    if (out_wait_ms != NULL)
        *out_wait_ms = left > INT32_MAX ? INT32_MAX : (uint32_t)left;
    return BERTH_WANT_NOTHING;
}

enum berth_status berth_webhdfs_transfer_start(struct berth_webhdfs_transfer *t, uint32_t timeout_ms)
{
    if (t->calling || t->ended || t->phase != BERTH_WEBHDFS_AT_START)
        return BERTH_E_STATE;
    t->end_ms = timeout_ms != 0 ? now_ms(t) + timeout_ms : UINT64_MAX;
    return BERTH_OK;
}

enum berth_status berth_webhdfs_transfer_run(struct berth_webhdfs_transfer *t, uint32_t timeout_ms)
{
    enum berth_status status = berth_webhdfs_transfer_start(t, timeout_ms);
    if (status != BERTH_OK)
        return status;
    do
        status = berth_webhdfs_transfer_step(t, STEP_MS);
    while (status == BERTH_E_WOULD_BLOCK);
    return status;
}

void berth_webhdfs_transfer_cancel(struct berth_webhdfs_transfer *t)
{
    if (t->ended)
        return;
    if (t->calling)
        berth_call_cancel(&t->call);
    t->old_removed = t->old_removed || (t->calling && t->phase == BERTH_WEBHDFS_UP_REMOVES_OLD);
    t->calling = false;
    berth_webhdfs_close_file(t);
    keep_whole(t);
    (void)end(t, BERTH_E_CANCELLED);
}

enum berth_status berth_webhdfs_transfer_clean(struct berth_webhdfs_transfer *t, uint32_t timeout_ms)
{
    struct berth_call_result result = t->call.result;
    if (!t->ended)
        return BERTH_E_STATE;
    if (t->leftover[0] == '\0')
        return BERTH_OK;
    enum berth_status status =
        berth_webhdfs_delete(&t->call, t->config.fs, berth_text_of(t->leftover), false);
    if (status == BERTH_OK)
        status = berth_call_run(&t->call, timeout_ms);
    t->call.result = result;
    if (status != BERTH_OK && status != BERTH_E_NO_FILE)
        return status;
    t->leftover[0] = '\0';
    return BERTH_OK;
}

/* ---- Describing ------------------------------------------------------------------------------- */

static enum berth_status refuse(struct berth_webhdfs_transfer *t, enum berth_status status, const char *why)
{
    struct berth_writer w;
    berth_writer_init(&w, t->call.result.message, sizeof t->call.result.message);
    berth_put_line_string(&w, why);
    return end(t, status);
}

static enum berth_status describe(struct berth_webhdfs_transfer *t,
                                  const struct berth_webhdfs_transfer_config *config,
                                  enum berth_webhdfs_transfer_kind kind, struct berth_text remote,
                                  const char *local)
{
    struct berth_writer w;
    const char *reason = NULL;
    bool files = kind == BERTH_WEBHDFS_UPLOADS || kind == BERTH_WEBHDFS_DOWNLOADS;
    memset(t, 0, sizeof *t);
    t->config = *config;
    t->kind = (uint8_t)kind;
    t->file = -1;
    if (config->fs == NULL || (files && (config->files == NULL || config->local == NULL || local == NULL)))
        return refuse(t, BERTH_E_ARGUMENT, "a transfer needs a cluster, files and a local path");
    if (config->recursive && (config->names == NULL || config->names_size < BERTH_WEBHDFS_NAMES_MIN))
        return refuse(t, BERTH_E_ARGUMENT, "a recursive transfer needs memory for names");
    enum berth_status status = berth_webhdfs_check_path(remote, &reason);
    if (status != BERTH_OK)
        return refuse(t, status, reason);
    berth_writer_init(&w, t->remote, sizeof t->remote);
    berth_put_webhdfs_raw_path(&w, remote);
    if (berth_writer_terminate(&w) != BERTH_OK)
        return refuse(t, BERTH_E_SPACE, "the remote path is too long");
    berth_writer_init(&w, t->local, sizeof t->local);
    berth_put_string(&w, local != NULL ? local : "");
    if (berth_writer_terminate(&w) != BERTH_OK)
        return refuse(t, BERTH_E_SPACE, "the local path is too long");
    return BERTH_OK;
}

/* Slashes at the end say nothing. */
static void trim_local(struct berth_webhdfs_transfer *t)
{
    size_t len = berth_text_of(t->local).len;
    while (len > 1 && t->local[len - 1] == '/')
        t->local[--len] = '\0';
}

static enum berth_status keep_name(struct berth_webhdfs_transfer *t, struct berth_text name)
{
    struct berth_writer w;
    berth_writer_init(&w, t->name, sizeof t->name);
    berth_put_text(&w, name);
    return berth_writer_terminate(&w);
}

enum berth_status berth_webhdfs_upload(struct berth_webhdfs_transfer *t,
                                       const struct berth_webhdfs_transfer_config *config, const char *local,
                                       struct berth_text remote)
{
    BERTH_TRY(describe(t, config, BERTH_WEBHDFS_UPLOADS, remote, local));
    trim_local(t);
    if (config->recursive && (config->local->open == NULL || config->local->next == NULL))
        return refuse(t, BERTH_E_ARGUMENT, "a recursive upload needs a way to read folders");
    /* A name that is too long matters only when it is needed. */
    return keep_name(t, berth_webhdfs_last_name(berth_text_of(t->local))) == BERTH_OK
               ? BERTH_OK
               : keep_name(t, BERTH_TEXT(""));
}

enum berth_status berth_webhdfs_upload_source(struct berth_webhdfs_transfer *t,
                                              const struct berth_webhdfs_transfer_config *config,
                                              const struct berth_source *source, struct berth_text name,
                                              struct berth_text remote)
{
    BERTH_TRY(describe(t, config, BERTH_WEBHDFS_UPLOADS_SOURCE, remote, NULL));
    if (source == NULL || source->read == NULL || keep_name(t, name) != BERTH_OK)
        return refuse(t, BERTH_E_ARGUMENT, "an upload needs a source, and a name of at most 255 bytes");
    t->source = *source;
    return BERTH_OK;
}

enum berth_status berth_webhdfs_download(struct berth_webhdfs_transfer *t,
                                         const struct berth_webhdfs_transfer_config *config,
                                         struct berth_text remote, const char *local)
{
    BERTH_TRY(describe(t, config, BERTH_WEBHDFS_DOWNLOADS, remote, local));
    trim_local(t);
    return keep_name(t, berth_webhdfs_last_name(berth_text_of(t->remote)));
}

enum berth_status berth_webhdfs_read(struct berth_webhdfs_transfer *t,
                                     const struct berth_webhdfs_transfer_config *config,
                                     struct berth_text remote, uint64_t offset, bool from_end,
                                     uint64_t length, const struct berth_sink *sink)
{
    BERTH_TRY(describe(t, config, BERTH_WEBHDFS_READS, remote, NULL));
    if (sink == NULL || sink->write == NULL)
        return refuse(t, BERTH_E_ARGUMENT, "a sink is needed");
    t->sink = *sink;
    t->offset = offset;
    t->length = length;
    t->from_end = from_end;
    return BERTH_OK;
}
