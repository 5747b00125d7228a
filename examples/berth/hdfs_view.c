/* How files, directories and sums look on the screen and as JSON lines. */
#include "hdfs_view.h"

#include <string.h>

/* "2021-03-04 05:06:07" in UTC. */
static struct berth_text when(int64_t ms, char *buf, size_t cap)
{
    struct berth_writer w;
    struct berth_time time = {ms / 1000, 0};
    berth_writer_init(&w, buf, cap);
    if (ms < 0 || berth_put_rfc3339(&w, time) != BERTH_OK || berth_writer_status(&w) != BERTH_OK)
        return BERTH_TEXT("?");
    buf[10] = ' ';
    return berth_text_make(buf, 19);
}

static struct berth_text number(int64_t value, char *buf, size_t cap)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, cap);
    berth_put_i64(&w, value);
    return berth_writer_text(&w);
}

/* "drwxr-xr-x", with t or T for the sticky bit; a '+' behind it tells of an access control list. */
static struct berth_text mode_text(const struct berth_webhdfs_entry *entry, char *buf)
{
    static const char letters[] = "rwxrwxrwx";
    size_t len = 10;
    switch (entry->type.value) {
    case BERTH_WEBHDFS_FILE:
        buf[0] = '-';
        break;
    case BERTH_WEBHDFS_DIRECTORY:
        buf[0] = 'd';
        break;
    default:
        buf[0] = entry->type.value == BERTH_WEBHDFS_SYMLINK ? 'l' : '?';
    }
    for (unsigned i = 0; i < 9; i++)
        buf[i + 1] = (entry->mode >> (8 - i) & 1) != 0 ? letters[i] : '-';
    if ((entry->mode & 01000) != 0)
        buf[9] = buf[9] == 'x' ? 't' : 'T';
    if (entry->acl)
        buf[len++] = '+';
    return berth_text_make(buf, len);
}

static void print_row(struct hdfs_view *view, const struct berth_webhdfs_entry *entry)
{
    static const struct column columns[] = {{"MODE", 10, false},           {"OWNER", 8, false},
                                            {"GROUP", 8, false},           {"SIZE", 12, true},
                                            {"MODIFIED (UTC)", 19, false}, {"NAME", 0, false}};
    char mode[12], size[24], time[40];
    const struct berth_text cells[] = {mode_text(entry, mode),
                                       entry->owner,
                                       entry->group,
                                       number(entry->length, size, sizeof size),
                                       when(entry->modified_ms, time, sizeof time),
                                       entry->name};
    if (view->table.out == NULL)
        table_init(&view->table, &view->app->out, columns, 6);
    table_row_coloured(&view->table, cells, 0,
                       entry->type.value == BERTH_WEBHDFS_DIRECTORY ? COLOUR_BOLD : COLOUR_NONE);
}

/* One line of JSON: begun, and printed. */
static char line[65536];

static void begin_json(struct berth_writer *w, struct berth_json_writer *json)
{
    berth_writer_init(w, line, sizeof line);
    berth_json_writer_init(json, w);
}

static void print_json(struct app *app, const struct berth_writer *w)
{
    out_text(&app->out, berth_writer_text(w));
    out_string(&app->out, "\n");
}

void hdfs_view_json(struct app *app, const struct berth_shape *shape, const void *structure)
{
    struct berth_writer w;
    struct berth_json_writer json;
    begin_json(&w, &json);
    berth_fields_encode(shape, structure, &json);
    print_json(app, &w);
}

void hdfs_view_text(struct app *app, const char *name, const char *inner, struct berth_text text)
{
    struct berth_writer w;
    struct berth_json_writer json;
    if (!app->json) {
        out_safe(&app->out, text);
        out_string(&app->out, "\n");
        return;
    }
    begin_json(&w, &json);
    berth_json_begin_object(&json);
    berth_json_put_name(&json, berth_text_of(name));
    if (inner != NULL) {
        berth_json_begin_object(&json);
        berth_json_put_name(&json, berth_text_of(inner));
    }
    berth_json_put_text(&json, text);
    if (inner != NULL)
        berth_json_end_object(&json);
    berth_json_end_object(&json);
    print_json(app, &w);
}

static void print(struct hdfs_view *view, const struct berth_webhdfs_entry *entry)
{
    if (view->app->json)
        hdfs_view_json(view->app, &berth_webhdfs_entry_shape, entry);
    else
        print_row(view, entry);
}

static struct berth_text keep(struct hdfs_view *view, struct berth_text text)
{
    size_t at = view->kept_len;
    size_t len = text.len < sizeof view->kept - at ? text.len : sizeof view->kept - at;
    if (len > 0)
        memcpy(view->kept + at, text.ptr, len);
    view->kept_len += len;
    return berth_text_make(view->kept + at, len);
}

/* HttpFS lists a file as one entry under the file's own name, which is what a directory with one file of the
 * directory's name looks like: it waits until that is clear. */
static void hold(struct hdfs_view *view, const struct berth_webhdfs_entry *entry)
{
    view->held = true;
    view->first = *entry;
    view->first.name = keep(view, entry->name);
    view->first.type.text = keep(view, entry->type.text);
    view->first.permission = keep(view, entry->permission);
    view->first.owner = keep(view, entry->owner);
    view->first.group = keep(view, entry->group);
    view->first.ec_policy = keep(view, entry->ec_policy);
    view->first.symlink = keep(view, entry->symlink);
}

void hdfs_view_held(struct hdfs_view *view)
{
    if (view->held)
        print(view, &view->first);
    view->held = false;
}

enum berth_status hdfs_view_entry(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct hdfs_view *view = ctx;
    const struct berth_webhdfs_entry *entry = structure;
    (void)element;
    if (entry == NULL)
        return BERTH_OK; /* too large: reported at the end, with the size */
    view->count++;
    if (entry->name.len == 0) {
        view->is_file = true;
    } else if (view->count == 1 && entry->type.value == BERTH_WEBHDFS_FILE &&
               berth_text_equal(entry->name, view->last_name)) {
        hold(view, entry);
    } else {
        hdfs_view_held(view);
        print(view, entry);
    }
    return view->app->out.failed ? BERTH_E_IO : BERTH_OK;
}

static void number_line(struct out *out, const char *title, int64_t value)
{
    char buf[24];
    record_line(out, title, number(value, buf, sizeof buf));
}

void hdfs_view_stat(struct app *app, const struct berth_webhdfs_entry *entry, const char *path)
{
    char mode[12], time[40];
    struct out *out = &app->out;
    if (app->json) {
        hdfs_view_json(app, &berth_webhdfs_entry_shape, entry);
        return;
    }
    record_line(out, "path", berth_text_of(path));
    record_line(out, "type", entry->type.text);
    record_line(out, "mode", mode_text(entry, mode));
    record_line(out, "owner", entry->owner);
    record_line(out, "group", entry->group);
    record_line(out, "modified", when(entry->modified_ms, time, sizeof time));
    if (entry->accessed_ms > 0)
        record_line(out, "accessed", when(entry->accessed_ms, time, sizeof time));
    if (entry->type.value == BERTH_WEBHDFS_FILE) {
        number_line(out, "size", entry->length);
        number_line(out, "block size", entry->block_size);
        number_line(out, "replication", entry->replication);
    }
    if ((entry->present & BERTH_WEBHDFS_ENTRY_HAS_CHILDREN) != 0 &&
        entry->type.value == BERTH_WEBHDFS_DIRECTORY)
        number_line(out, "children", entry->children);
    if (entry->symlink.len > 0)
        record_line(out, "target", entry->symlink);
    if (entry->ec_policy.len > 0)
        record_line(out, "erasure coding", entry->ec_policy);
}

void hdfs_view_summary(struct app *app, const struct berth_webhdfs_summary *summary, const char *path)
{
    struct out *out = &app->out;
    if (app->json) {
        hdfs_view_json(app, &berth_webhdfs_summary_shape, summary);
        return;
    }
    record_line(out, "path", berth_text_of(path));
    number_line(out, "bytes", summary->length);
    number_line(out, "with replicas", summary->space_consumed);
    number_line(out, "files", summary->file_count);
    number_line(out, "directories", summary->directory_count);
    if (summary->quota >= 0)
        number_line(out, "quota of names", summary->quota);
    if (summary->space_quota >= 0)
        number_line(out, "quota of bytes", summary->space_quota);
}
