/* berth hdfs get, put, cat, tail, append: data. */
#include "commands.h"
#include "files.h"
#include "hdfs.h"

#include <string.h>

enum { NAMES_SIZE = 256 * 1024, TAIL_BYTES = 16384, CLEAN_MS = 5000 };

static struct berth_webhdfs_transfer transfer;

/* ---- How it looks ----------------------------------------------------------------------------- */

struct watch {
    struct app *app;
    struct progress progress;
    const char *verb;
    bool under_way;
};

/* One line for a file or folder that is done, when asked for, or that is left out. */
static void say(struct app *app, const char *what, const struct berth_webhdfs_event *event)
{
    out_string(&app->err, what);
    out_safe(&app->err, event->local);
    out_string(&app->err, " <-> ");
    out_safe(&app->err, event->remote);
    out_string(&app->err, "\n");
    out_flush(&app->err);
}

static void on_event(void *ctx, const struct berth_webhdfs_event *event)
{
    struct watch *watch = ctx;
    struct progress *p = &watch->progress;
    switch (event->kind) {
    case BERTH_WEBHDFS_BEGIN:
        if (watch->under_way)
            progress_end(p);
        progress_begin(p, watch->app, watch->verb, event->length);
        watch->under_way = true;
        break;
    case BERTH_WEBHDFS_DATA:
        progress_add(p, event->done - p->done);
        break;
    case BERTH_WEBHDFS_AGAIN:
        p->done = event->done;
        break;
    case BERTH_WEBHDFS_END:
        progress_end(p);
        watch->under_way = false;
        break;
    case BERTH_WEBHDFS_SKIPPED:
        if (!watch->app->quiet)
            say(watch->app, "berth: left out, neither file nor directory: ", event);
        break;
    default:
        break;
    }
}

static void set_up(struct berth_webhdfs_transfer_config *config, struct watch *watch, struct app *app,
                   const char *verb)
{
    static uint64_t names[NAMES_SIZE / sizeof(uint64_t)];
    memset(config, 0, sizeof *config);
    memset(watch, 0, sizeof *watch);
    watch->app = app;
    watch->verb = verb;
    config->fs = &hdfs_fs;
    config->files = program_files();
    config->local = hdfs_local();
    config->names = names;
    config->names_size = sizeof names;
    config->on_event = on_event;
    config->event_ctx = watch;
}

/* ---- How it ends ------------------------------------------------------------------------------ */

/* Tidies up behind a signal, too. */
static void clean(struct app *app)
{
    if (transfer.leftover[0] == '\0')
        return;
    if (program_signal() != 0)
        program_signal_acknowledge();
    if (berth_webhdfs_transfer_clean(&transfer, CLEAN_MS) != BERTH_OK)
        (void)fail(app, EXIT_DONE, transfer.leftover,
                   "an unfinished file that could not be removed is left on the server");
}

static int report(struct app *app, enum berth_status status)
{
    if (status == BERTH_OK)
        return 0;
    int signal = status == BERTH_E_CANCELLED ? program_signal() : 0;
    clean(app);
    if (signal != 0)
        return 128 + signal;
    if (app->out.failed)
        return fail_output(app);
    switch (status) {
    case BERTH_E_TYPE:
    case BERTH_E_UTF8:
    case BERTH_E_NO_FILE:
    case BERTH_E_EXISTS:
    case BERTH_E_PERMISSION:
    case BERTH_E_DISK_FULL:
    case BERTH_E_IO:
        return fail(app, hdfs_exit_code(status), transfer.call.result.message, NULL);
    default:
        return session_report(&hdfs_session, &transfer.call, status);
    }
}

static int run(struct app *app, struct watch *watch, enum berth_status described)
{
    enum berth_status status = described;
    if (status == BERTH_OK)
        status = berth_webhdfs_transfer_run(&transfer, hdfs_session.timeout_ms);
    if (watch->under_way)
        progress_end(&watch->progress);
    return report(app, status);
}

/* {"target":"/user/lee/x","files":3,"directories":1,"bytes":123,"skipped":0} */
static void print_done(struct app *app)
{
    char line[BERTH_WEBHDFS_PATH_CAP * 6 + 160];
    struct berth_writer w;
    struct berth_json_writer json;
    if (!app->json)
        return;
    berth_writer_init(&w, line, sizeof line);
    berth_json_writer_init(&json, &w);
    berth_json_begin_object(&json);
    berth_json_put_name(&json, BERTH_TEXT("target"));
    berth_json_put_text(&json, berth_text_of(transfer.target));
    berth_json_put_name(&json, BERTH_TEXT("files"));
    berth_json_put_u64(&json, transfer.file_count);
    berth_json_put_name(&json, BERTH_TEXT("directories"));
    berth_json_put_u64(&json, transfer.folder_count);
    berth_json_put_name(&json, BERTH_TEXT("bytes"));
    berth_json_put_u64(&json, transfer.byte_count);
    berth_json_put_name(&json, BERTH_TEXT("skipped"));
    berth_json_put_u64(&json, transfer.skipped_count);
    berth_json_end_object(&json);
    out_text(&app->out, berth_writer_text(&w));
    out_string(&app->out, "\n");
}

/* ---- Files and trees -------------------------------------------------------------------------- */

/* Standard input, a pipe or a device: no size, no second try. */
static int put_stream(struct app *app, const char *local, const char *remote, bool overwrite)
{
    struct berth_webhdfs_transfer_config config;
    struct berth_source source;
    struct watch watch;
    struct input input;
    set_up(&config, &watch, app, "upload");
    config.overwrite = overwrite;
    int code = input_open(&input, app, local, &source);
    if (code != 0)
        return code;
    config.on_event = NULL; /* the input shows how far it is */
    code =
        run(app, &watch,
            berth_webhdfs_upload_source(&transfer, &config, &source, BERTH_TEXT(""), berth_text_of(remote)));
    input_close(&input);
    if (code == 0)
        print_done(app);
    return code;
}

int hdfs_put_path(struct app *app, const char *local, const char *remote, bool recursive, bool overwrite)
{
    struct berth_webhdfs_transfer_config config;
    enum berth_webhdfs_local_kind kind = BERTH_WEBHDFS_LOCAL_NONE;
    struct watch watch;
    if (strcmp(local, "-") == 0 || (hdfs_local()->kind(hdfs_local()->ctx, local, true, &kind) == BERTH_OK &&
                                    kind == BERTH_WEBHDFS_LOCAL_OTHER))
        return put_stream(app, local, remote, overwrite);
    set_up(&config, &watch, app, "upload");
    config.recursive = recursive;
    config.overwrite = overwrite;
    int code = run(app, &watch, berth_webhdfs_upload(&transfer, &config, local, berth_text_of(remote)));
    if (code == 0)
        print_done(app);
    return code;
}

int hdfs_get_path(struct app *app, const char *remote, const char *local, bool recursive, bool overwrite)
{
    struct berth_webhdfs_transfer_config config;
    struct watch watch;
    if (strcmp(local, "-") == 0)
        return hdfs_read_path(app, remote, 0, false, BERTH_LENGTH_UNKNOWN);
    set_up(&config, &watch, app, "download");
    config.recursive = recursive;
    config.overwrite = overwrite;
    int code = run(app, &watch, berth_webhdfs_download(&transfer, &config, berth_text_of(remote), local));
    if (code == 0)
        print_done(app);
    return code;
}

static enum berth_status write_out(void *ctx, const void *bytes, size_t len)
{
    struct app *app = ctx;
    out_bytes(&app->out, bytes, len);
    return app->out.failed ? BERTH_E_IO : BERTH_OK;
}

int hdfs_read_path(struct app *app, const char *remote, uint64_t offset, bool from_end, uint64_t length)
{
    struct berth_webhdfs_transfer_config config;
    struct berth_sink sink = {app, write_out, NULL};
    struct watch watch;
    set_up(&config, &watch, app, "download");
    if (app->out.terminal)
        config.on_event = NULL;
    int code =
        run(app, &watch,
            berth_webhdfs_read(&transfer, &config, berth_text_of(remote), offset, from_end, length, &sink));
    return code;
}

/* ---- The commands ----------------------------------------------------------------------------- */

/* "12", "64K", "3M", "1G": bytes. */
static int bytes_of(struct app *app, enum option_id id, uint64_t *inout_bytes)
{
    struct berth_text text = berth_text_of(app->args.value[id]);
    static const char units[] = "KMG";
    unsigned shift = 0;
    if (text.ptr == NULL)
        return 0;
    for (unsigned i = 0; i < 3; i++)
        if (text.len > 1 && text.ptr[text.len - 1] == units[i])
            shift = 10 * (i + 1);
    text.len -= shift > 0;
    if (berth_parse_u64(text, inout_bytes) == BERTH_OK && *inout_bytes <= (uint64_t)INT64_MAX >> shift) {
        *inout_bytes <<= shift;
        return 0;
    }
    return fail(app, EXIT_USAGE, app->args.value[id], "is no number of bytes, such as 4096, 64K or 3M");
}

int hdfs_get(struct app *app)
{
    const struct args *args = &app->args;
    int code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_get_path(app, args_word(args, 0), args_count(args) > 1 ? args_word(args, 1) : ".",
                             args_given(args, OPT_RECURSIVE), args_given(args, OPT_OVERWRITE));
    return hdfs_close_with(code);
}

int hdfs_put(struct app *app)
{
    const struct args *args = &app->args;
    int code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_put_path(app, args_word(args, 0), args_word(args, 1), args_given(args, OPT_RECURSIVE),
                             args_given(args, OPT_OVERWRITE));
    return hdfs_close_with(code);
}

int hdfs_cat(struct app *app)
{
    uint64_t offset = 0;
    uint64_t length = BERTH_LENGTH_UNKNOWN;
    int code = bytes_of(app, OPT_OFFSET, &offset);
    if (code == 0)
        code = bytes_of(app, OPT_LENGTH, &length);
    if (code == 0)
        code = hdfs_open_by_options(app);
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++)
        code = hdfs_read_path(app, args_word(&app->args, i), offset, false, length);
    return hdfs_close_with(code);
}

int hdfs_tail(struct app *app)
{
    uint64_t bytes = TAIL_BYTES;
    int code = bytes_of(app, OPT_LENGTH, &bytes);
    if (code == 0)
        code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_read_path(app, args_word(&app->args, 0), bytes, true, BERTH_LENGTH_UNKNOWN);
    return hdfs_close_with(code);
}

int hdfs_append(struct app *app)
{
    struct berth_source source;
    struct input input;
    const char *local = args_word(&app->args, 0);
    struct berth_text path;
    int code = hdfs_path_at(app, 1, &path);
    if (code == 0)
        code = hdfs_open_by_options(app);
    if (code != 0)
        return hdfs_close_with(code);
    code = input_open(&input, app, local, &source);
    if (code != 0)
        return hdfs_close_with(code);
    code = hdfs_run(app, berth_webhdfs_append(&hdfs_call, &hdfs_fs, path, &source));
    input_close(&input);
    return hdfs_close_with(code);
}
