/* The old SDK's cache of an OpenPAI job under construction (the wire page's 4.3). */
#include "platform/openpai_job.h"

#include <string.h>

#include "platform/shape.h"

/* An element: a "job-spec" or a "task-role". */
struct entry {
    uint32_t present;
    struct berth_text type;
    struct berth_text job_name;
    struct berth_text workspace;
    struct berth_text image;
    struct berth_text alias;
    struct berth_json_list sources;
    struct berth_json_list packages;
    bool no_install;
    struct berth_text role_name;
    int64_t task_number;
    int64_t cpu;
    int64_t gpu;
    int64_t memory_mb;
    struct berth_json_list commands;
};

static const struct berth_field entry_fields[] = {
    BERTH_ROW(entry, type, "type", TEXT, BERTH_FIELD_REQUIRED),
    BERTH_ROW(entry, job_name, "job_name", TEXT, BERTH_FIELD_REQUIRED),
    BERTH_ROW(entry, workspace, "workspace", TEXT, 0),
    BERTH_ROW(entry, image, "image", TEXT, 0),
    BERTH_ROW(entry, alias, "alias", TEXT, 0),
    BERTH_ROW(entry, sources, "sources", LIST, 0),
    BERTH_ROW(entry, packages, "pip", LIST, 0),
    BERTH_ROW(entry, no_install, "disable_sdk_install", BOOL, 0),
    BERTH_ROW(entry, role_name, "task_role_name", TEXT, 0),
    BERTH_ROW(entry, task_number, "task_number", I64, 0),
    BERTH_ROW(entry, cpu, "cpu", I64, 0),
    BERTH_ROW(entry, gpu, "gpu", I64, 0),
    BERTH_ROW(entry, memory_mb, "mem", I64, 0),
    BERTH_ROW(entry, commands, "commands", LIST, 0),
};
static const struct berth_shape entry_shape = BERTH_SHAPE("cache entry", entry, entry_fields);

/* ---- Reading ---------------------------------------------------------------------------------- */

struct cache {
    struct berth_openpai_spec_role *roles;
    size_t role_cap;
    struct berth_text *texts;
    size_t text_cap;
    size_t text_count;
    struct berth_openpai_spec *spec;
    bool has_job;
};

/* The texts of LIST, behind those read so far. */
static enum berth_status read_texts(struct cache *c, struct berth_json_list list,
                                    const struct berth_text **out_texts, size_t *out_count)
{
    struct berth_json_list item;
    enum berth_status status = BERTH_E_MISSING;
    size_t first = c->text_count;
    if (list.ptr == NULL)
        return BERTH_OK;
    while ((status = berth_json_list_next(&list, NULL, &item)) == BERTH_OK) {
        if (item.len < 2 || item.ptr[0] != '"')
            return BERTH_E_TYPE;
        if (c->text_count == c->text_cap)
            return BERTH_E_SPACE;
        BERTH_TRY(berth_json_unescape_in_place(item.ptr + 1, item.len - 2, &c->texts[c->text_count]));
        c->text_count++;
    }
    *out_count = c->text_count - first;
    if (*out_count > 0)
        *out_texts = c->texts + first;
    return status == BERTH_E_MISSING ? BERTH_OK : status;
}

static enum berth_status read_job(struct cache *c, const struct entry *entry)
{
    struct berth_openpai_spec *spec = c->spec;
    c->has_job = true;
    spec->job_name = entry->job_name;
    spec->workspace = entry->workspace;
    spec->image = entry->image;
    spec->alias = entry->alias;
    spec->no_install = entry->no_install;
    BERTH_TRY(read_texts(c, entry->sources, &spec->sources, &spec->source_count));
    return read_texts(c, entry->packages, &spec->packages, &spec->package_count);
}

static enum berth_status read_role(struct cache *c, const struct entry *entry)
{
    if (c->spec->role_count == c->role_cap)
        return BERTH_E_SPACE;
    struct berth_openpai_spec_role *role = &c->roles[c->spec->role_count++];
    memset(role, 0, sizeof *role);
    role->name = entry->role_name;
    role->task_number = entry->task_number;
    role->cpu = entry->cpu;
    role->gpu = entry->gpu;
    role->memory_mb = entry->memory_mb;
    return read_texts(c, entry->commands, &role->argv, &role->argc);
}

static enum berth_status read_entries(struct cache *c, struct berth_json_list *list,
                                      struct berth_decode_error *error)
{
    struct entry entry;
    struct berth_json_list item;
    enum berth_status status;
    while ((status = berth_json_list_next(list, NULL, &item)) == BERTH_OK) {
        BERTH_TRY(berth_fields_decode_checked(&entry_shape, item.ptr, item.len, &entry, error));
        if (berth_text_equal(entry.type, BERTH_TEXT("job-spec")))
            BERTH_TRY(read_job(c, &entry));
        else if (berth_text_equal(entry.type, BERTH_TEXT("task-role")))
            BERTH_TRY(read_role(c, &entry));
    }
    if (status != BERTH_E_MISSING)
        return status;
    return c->has_job ? BERTH_OK : BERTH_E_MISSING;
}

enum berth_status berth_openpai_cache_read(char *json, size_t len, struct berth_openpai_spec_role *roles,
                                           size_t role_cap, struct berth_text *texts, size_t text_cap,
                                           struct berth_openpai_spec *out_spec,
                                           struct berth_decode_error *out_error)
{
    struct berth_decode_error unused = {{0, NULL}, {NULL, 0}, NULL};
    struct berth_decode_error *error = out_error != NULL ? out_error : &unused;
    struct cache c = {
        .roles = roles, .role_cap = role_cap, .texts = texts, .text_cap = text_cap, .spec = out_spec};
    memset(out_spec, 0, sizeof *out_spec);
    memset(error, 0, sizeof *error);
    out_spec->roles = roles;
    BERTH_TRY(berth_json_check(berth_text_make(json, len), &error->at));
    struct berth_text text = berth_text_trim(berth_text_make(json, len));
    if (text.ptr[0] != '[')
        return BERTH_E_TYPE;
    struct berth_json_list list = {json + (text.ptr - json), text.len, 0};
    return read_entries(&c, &list, error);
}

/* ---- Writing ---------------------------------------------------------------------------------- */

static void put_name(struct berth_json_writer *w, const char *name)
{
    berth_json_put_name(w, berth_text_of(name));
}

static void put_text(struct berth_json_writer *w, const char *name, struct berth_text text)
{
    put_name(w, name);
    berth_json_put_text(w, text);
}

/* A list, or null when there is nothing in it. */
static void put_texts(struct berth_json_writer *w, const char *name, const struct berth_text *texts,
                      size_t count)
{
    put_name(w, name);
    if (count == 0) {
        berth_json_put_null(w);
        return;
    }
    berth_json_begin_array(w);
    for (size_t i = 0; i < count; i++)
        berth_json_put_text(w, texts[i]);
    berth_json_end_array(w);
}

static void put_number(struct berth_json_writer *w, const char *name, int64_t value)
{
    put_name(w, name);
    berth_json_put_i64(w, value);
}

static void put_role(struct berth_json_writer *w, const struct berth_openpai_spec *spec,
                     const struct berth_openpai_spec_role *role)
{
    berth_json_begin_object(w);
    put_text(w, "type", BERTH_TEXT("task-role"));
    put_text(w, "job_name", spec->job_name);
    put_text(w, "task_role_name", role->name.len > 0 ? role->name : BERTH_TEXT("main"));
    put_number(w, "task_number", role->task_number != 0 ? role->task_number : 1);
    put_number(w, "cpu", role->cpu != 0 ? role->cpu : 1);
    put_number(w, "gpu", role->gpu);
    put_number(w, "mem", role->memory_mb != 0 ? role->memory_mb : 1024);
    put_texts(w, "commands", role->argv, role->argc);
    berth_json_end_object(w);
}

enum berth_status berth_openpai_cache_write(const struct berth_openpai_spec *spec, struct berth_writer *out)
{
    struct berth_json_writer w;
    berth_json_writer_init(&w, out);
    berth_json_begin_array(&w);
    berth_json_begin_object(&w);
    put_text(&w, "type", BERTH_TEXT("job-spec"));
    put_text(&w, "job_name", spec->job_name);
    put_name(&w, "workspace");
    if (spec->workspace.len > 0)
        berth_json_put_text(&w, spec->workspace);
    else
        berth_json_put_null(&w);
    put_text(&w, "protocol", BERTH_TEXT("1.0"));
    put_texts(&w, "sources", spec->sources, spec->source_count);
    put_text(&w, "image", spec->image);
    put_texts(&w, "pip", spec->packages, spec->package_count);
    put_name(&w, "disable_sdk_install");
    berth_json_put_bool(&w, spec->no_install);
    if (spec->alias.len > 0)
        put_text(&w, "alias", spec->alias);
    berth_json_end_object(&w);
    for (size_t i = 0; i < spec->role_count; i++)
        put_role(&w, spec, &spec->roles[i]);
    berth_json_end_array(&w);
    return berth_json_done(&w);
}
