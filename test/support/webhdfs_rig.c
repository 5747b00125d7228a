/* WebHDFS over the memory ports. */
#include "webhdfs_rig.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"

#define WORK_SIZE 12288

void webhdfs_reset(struct webhdfs_rig *w)
{
    const char *reason = NULL;
    rig_configure(&w->rig);
    w->config.http = &w->rig.http;
    w->config.work = w->work;
    if (berth_webhdfs_init(&w->fs, &w->config, &reason) != BERTH_OK)
        abort();
    berth_writer_init(&w->told, w->text, sizeof w->text);
    w->step_count = 0;
}

void webhdfs_open(struct webhdfs_rig *w)
{
    memset(w, 0, sizeof *w);
    rig_open(&w->rig, 4096);
    w->work = guard_new(WORK_SIZE);
    w->roots[0] = BERTH_TEXT("http://nn.cluster.test:9870");
    w->roots[1] = BERTH_TEXT("http://standby.cluster.test:9870/");
    w->config.roots = w->roots;
    w->config.root_count = 1;
    w->config.work_size = WORK_SIZE;
    w->config.user = BERTH_TEXT("lee");
    w->config.retry.tries = 1;
    webhdfs_reset(w);
}

void webhdfs_close(struct webhdfs_rig *w)
{
    rig_close(&w->rig);
    guard_free(w->work);
}

static void step(struct webhdfs_rig *w, enum berth_mem_act act, struct berth_text bytes)
{
    if (w->step_count == sizeof w->steps / sizeof w->steps[0])
        abort();
    w->steps[w->step_count++] = (struct berth_mem_step){act, bytes, 0};
}

void webhdfs_answer(struct webhdfs_rig *w, const char *awaits, struct berth_text answer)
{
    step(w, BERTH_MEM_AWAIT, berth_text_of(awaits));
    step(w, BERTH_MEM_BYTES, answer);
}

void webhdfs_next(struct webhdfs_rig *w)
{
    step(w, BERTH_MEM_NEXT, BERTH_TEXT(""));
}

void webhdfs_go(struct webhdfs_rig *w)
{
    rig_script(&w->rig, w->steps, w->step_count);
}

/* ---- What is told ----------------------------------------------------------------------------- */

static void tell_i64(struct webhdfs_rig *w, const char *name, int64_t value)
{
    berth_put_string(&w->told, name);
    berth_put_i64(&w->told, value);
}

static void tell_text(struct webhdfs_rig *w, const char *name, struct berth_text value)
{
    if (value.len == 0)
        return;
    berth_put_string(&w->told, name);
    berth_put_text(&w->told, value);
}

static void tell_entry(struct webhdfs_rig *w, const struct berth_webhdfs_entry *entry)
{
    tell_text(w, "", entry->type.text);
    tell_text(w, " ", entry->name);
    tell_i64(w, " length=", entry->length);
    tell_i64(w, " mode=", (int64_t)entry->mode);
    tell_i64(w, " modified=", entry->modified_ms);
    tell_text(w, " owner=", entry->owner);
    tell_text(w, " symlink=", entry->symlink);
    tell_text(w, " ec=", entry->ec_policy);
    if ((entry->present & BERTH_WEBHDFS_ENTRY_HAS_CHILDREN) != 0)
        tell_i64(w, " children=", entry->children);
    berth_put_string(&w->told, entry->snapshot_enabled ? " snapshots\n" : "\n");
}

enum berth_status webhdfs_on_entry(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct webhdfs_rig *w = ctx;
    if (element->json == NULL)
        berth_put_string(&w->told, "too large\n");
    else
        tell_entry(w, structure);
    return BERTH_OK;
}

static enum berth_status write_bytes(void *ctx, const void *bytes, size_t len)
{
    struct webhdfs_rig *w = ctx;
    berth_put_bytes(&w->told, bytes, len);
    return BERTH_OK;
}

struct berth_sink webhdfs_sink(struct webhdfs_rig *w)
{
    return (struct berth_sink){w, write_bytes, NULL};
}

static void tell_answer(struct webhdfs_rig *w, const struct berth_webhdfs_answer *answer)
{
    if ((answer->present & 1) != 0)
        berth_put_string(&w->told, answer->boolean ? "true\n" : "false\n");
    if ((answer->present & 2) != 0)
        tell_i64(w, "number ", answer->number);
    tell_text(w, "path ", answer->path);
    tell_text(w, "token ", answer->token.url_string);
    if ((answer->present & 32) != 0)
        tell_entry(w, &answer->entry);
    if ((answer->present & 64) != 0) {
        tell_i64(w, "files=", answer->summary.file_count);
        tell_i64(w, " directories=", answer->summary.directory_count);
        tell_i64(w, " length=", answer->summary.length);
        tell_i64(w, " space=", answer->summary.space_consumed);
        tell_i64(w, " quota=", answer->summary.quota);
        tell_i64(w, " types=", (int64_t)answer->summary.type_quota.count);
    }
    if ((answer->present & 128) != 0) {
        tell_text(w, "", answer->checksum.algorithm);
        tell_text(w, " ", answer->checksum.bytes);
        tell_i64(w, " ", answer->checksum.length);
    }
}

const char *webhdfs_told(struct webhdfs_rig *w, enum berth_status status)
{
    if (status == BERTH_OK)
        tell_answer(w, &w->fs.answer);
    berth_put_string(&w->told, "= ");
    berth_put_string(&w->told, berth_status_name(status));
    tell_text(w, " ", berth_text_of(w->fs.exception));
    if (berth_writer_terminate(&w->told) != BERTH_OK)
        abort();
    return w->text;
}
