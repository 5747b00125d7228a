/* RIME over the memory ports. */
#include "rime_rig.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"

#define CONFIG "{\"modelId\":{\"uuid\":\"m\"},\"x\":1.50}"

static void line(struct rime_rig *r, const char *kind, struct berth_text text)
{
    berth_put_string(&r->told, kind);
    berth_put_char(&r->told, ' ');
    berth_put_text(&r->told, text);
    berth_put_char(&r->told, '\n');
}

static enum berth_status on_job(void *ctx, const struct berth_rime_job *job)
{
    struct rime_rig *r = ctx;
    line(r, "job", berth_text_of(job->id));
    return BERTH_OK;
}

static enum berth_status on_project(void *ctx, const struct berth_rime_project *project)
{
    struct rime_rig *r = ctx;
    line(r, "project", berth_text_of(project->id));
    line(r, "name", berth_text_of(project->name));
    return BERTH_OK;
}

static enum berth_status on_event(void *ctx, const struct berth_rime_event *event)
{
    static const char *const names[] = {"started", "poll",   "cancel-requested", "unknown",
                                        "retry",   "",       "log-error",        "error",
                                        "link",    "no-logs"};
    struct rime_rig *r = ctx;
    if (event->kind == BERTH_RIME_LOG_TEXT)
        berth_put_text(&r->told, event->text);
    else
        line(r, names[event->kind], event->kind == BERTH_RIME_RETRY ? berth_text_make(NULL, 0) : event->text);
    return BERTH_OK;
}

static enum berth_status on_write(void *ctx, const void *bytes, size_t len)
{
    struct rime_rig *r = ctx;
    berth_put_bytes(&r->told, bytes, len);
    return BERTH_OK;
}

void rime_open(struct rime_rig *r)
{
    memset(r, 0, sizeof *r);
    rig_open(&r->rig, 2048);
    r->work = guard_new(RIME_WORK);
    r->config.http = &r->rig.http;
    r->config.address = BERTH_TEXT("h.test");
    r->config.key = BERTH_TEXT("k");
    r->config.work = r->work;
    r->config.work_size = RIME_WORK;
    rime_reset(r);
}

void rime_reset(struct rime_rig *r)
{
    const char *reason;
    rig_configure(&r->rig);
    r->step_count = 0;
    berth_writer_init(&r->told, r->text, sizeof r->text - 1);
    if (berth_rime_init(&r->rime, &r->config, &reason) != BERTH_OK)
        abort();
}

void rime_close(struct rime_rig *r)
{
    berth_rime_close(&r->rime);
    guard_free(r->work);
    rig_close(&r->rig);
}

void rime_answer(struct rime_rig *r, const char *awaits, int status, const char *type, struct berth_text body)
{
    struct berth_writer w;
    char *head = r->heads[r->step_count / 3];
    berth_writer_init(&w, head, sizeof r->heads[0]);
    berth_put_string(&w, "HTTP/1.1 ");
    berth_put_i64(&w, status);
    berth_put_string(&w, " X\r\nContent-Type: ");
    berth_put_string(&w, type);
    berth_put_string(&w, status / 100 == 3 ? "\r\nLocation: https://h.test/sign-in" : "");
    berth_put_string(&w, "\r\nContent-Length: ");
    berth_put_u64(&w, body.len);
    berth_put_string(&w, "\r\n\r\n");
    r->steps[r->step_count++] = (struct berth_mem_step){BERTH_MEM_AWAIT, berth_text_of(awaits), 0};
    r->steps[r->step_count++] = (struct berth_mem_step){BERTH_MEM_BYTES, berth_writer_text(&w), 0};
    r->steps[r->step_count++] = (struct berth_mem_step){BERTH_MEM_BYTES, body, 0};
}

#define IS(name) (strcmp(operation, name) == 0)
enum berth_status rime_describe(struct rime_rig *r, const char *operation)
{
    struct berth_rime_request *q = &r->request;
    struct berth_rime *s = &r->rime;
    const struct berth_text id = BERTH_TEXT_INIT("h"), none = {NULL, 0};
    struct berth_rime_status_options o = {.on_event = on_event, .ctx = r};
    r->sink = (struct berth_sink){r, on_write, NULL};
    if (IS("create"))
        return berth_rime_project_create(q, s, BERTH_TEXT("n"), BERTH_TEXT(""), none);
    if (IS("get"))
        return berth_rime_project_get(q, s, id);
    if (IS("projects"))
        return berth_rime_project_list(q, s, on_project, r);
    if (IS("start"))
        return berth_rime_start(q, s, BERTH_TEXT(CONFIG), id, none, none);
    if (IS("image"))
        return berth_rime_start(q, s, BERTH_TEXT(CONFIG), id, BERTH_TEXT("a/b:1"), BERTH_TEXT("p"));
    if (IS("list"))
        return berth_rime_jobs_list(q, s, id, 0, on_job, r);
    if (IS("failing"))
        return berth_rime_jobs_list(q, s, id, 1u << BERTH_RIME_RUNNING | 1u << BERTH_RIME_FAILING, on_job, r);
    if (IS("all"))
        return berth_rime_jobs_list(q, s, none, 0, on_job, r);
    if (IS("status"))
        return berth_rime_job_status(q, s, id, NULL);
    o.wait = IS("wait") || IS("wait-verbose");
    o.verbose = IS("verbose") || IS("wait-verbose");
    if (o.wait || o.verbose)
        return berth_rime_job_status(q, s, id, &o);
    if (IS("logs"))
        return berth_rime_job_logs(q, s, id, on_event, r);
    if (IS("csv"))
        return berth_rime_job_csv(q, s, id, none, &r->sink);
    if (IS("cancel"))
        return berth_rime_job_cancel(q, s, id);
    return berth_rime_server_version(q, s);
}

static void tell_end(struct rime_rig *r)
{
    struct berth_json_writer w;
    const struct berth_rime_request *q = &r->request;
    if (q->job.name[0] != '\0') {
        berth_json_writer_init(&w, &r->told);
        berth_rime_put_dict(&w, &q->job);
        berth_put_char(&r->told, '\n');
    }
    if (q->text[0] != '\0')
        line(r, "text", berth_text_of(q->text));
    if (q->project.name[0] != '\0')
        line(r, "last", berth_text_of(q->project.name));
    if (q->result.incomplete)
        line(r, "incomplete", berth_text_make(NULL, 0));
}

static bool cancelled(void *ctx)
{
    struct rime_rig *r = ctx;
    return r->cancel_at != 0 && ++r->looks >= r->cancel_at;
}

const char *rime_run(struct rime_rig *r, enum berth_status described)
{
    enum berth_status status = described;
    r->looks = 0;
    rig_script(&r->rig, r->steps, r->step_count);
    if (status == BERTH_OK)
        status = berth_rime_run(&r->request, 0, cancelled, r);
    if (status == BERTH_OK || r->cancel_at != 0)
        tell_end(r);
    berth_put_string(&r->told, berth_status_name(status));
    if (r->told.len >= sizeof r->text - 1)
        abort();
    r->text[r->told.len] = '\0';
    return r->text;
}
