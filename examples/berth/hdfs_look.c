/* berth hdfs ls, stat, du, checksum, home: what is there. */
#include "commands.h"
#include "hdfs.h"
#include "hdfs_view.h"

#include <string.h>

static int not_a_directory(struct app *app, const char *path)
{
    return fail(app, EXIT_CONFLICT, path, "is not a directory; 'berth hdfs stat' shows it");
}

static struct berth_text last_name(const char *path)
{
    struct berth_text text = berth_text_of(path);
    while (berth_text_ends(text, BERTH_TEXT("/")))
        text.len--;
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != '/')
        at--;
    return berth_text_slice(text, at, text.len);
}

int hdfs_list_path(struct app *app, const char *path)
{
    static struct hdfs_view view;
    memset(&view, 0, sizeof view);
    view.app = app;
    view.last_name = last_name(path);
    int code = hdfs_run(app, berth_webhdfs_list(&hdfs_call, &hdfs_fs, berth_text_of(path), BERTH_TEXT(""),
                                                hdfs_view_entry, &view));
    if (code != 0)
        return code;
    if (view.held) {
        code = hdfs_run(app, berth_webhdfs_stat(&hdfs_call, &hdfs_fs, berth_text_of(path)));
        if (code != 0)
            return code;
        view.is_file = hdfs_fs.answer.entry.type.value != BERTH_WEBHDFS_DIRECTORY;
    }
    if (view.is_file)
        return not_a_directory(app, path);
    hdfs_view_held(&view);
    if (view.count == 0 && !app->json && !app->quiet && app->err.terminal)
        out_string(&app->err, "(none)\n"); /* for who wonders at an empty screen */
    return 0;
}

int hdfs_stat_path(struct app *app, const char *path)
{
    int code = hdfs_run(app, berth_webhdfs_stat(&hdfs_call, &hdfs_fs, berth_text_of(path)));
    if (code == 0)
        hdfs_view_stat(app, &hdfs_fs.answer.entry, path);
    return code;
}

/* Looks at all arguments, opens the cluster, does WHAT for each argument until one fails, and closes. */
static int for_each(struct app *app, int (*what)(struct app *app, const char *path))
{
    struct berth_text path;
    int code = 0;
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++)
        code = hdfs_path_at(app, i, &path);
    if (code == 0)
        code = hdfs_open_by_options(app);
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++) {
        if (i > 0 && !app->json)
            out_string(&app->out, "\n");
        code = what(app, args_word(&app->args, i));
    }
    return hdfs_close_with(code);
}

int hdfs_ls(struct app *app)
{
    return for_each(app, hdfs_list_path);
}

int hdfs_stat(struct app *app)
{
    return for_each(app, hdfs_stat_path);
}

static int sum_up(struct app *app, const char *path)
{
    int code = hdfs_run(app, berth_webhdfs_summarize(&hdfs_call, &hdfs_fs, berth_text_of(path)));
    if (code == 0)
        hdfs_view_summary(app, &hdfs_fs.answer.summary, path);
    return code;
}

int hdfs_du(struct app *app)
{
    return for_each(app, sum_up);
}

static int show_checksum(struct app *app, const char *path)
{
    const struct berth_webhdfs_checksum *sum = &hdfs_fs.answer.checksum;
    int code = hdfs_run(app, berth_webhdfs_get_checksum(&hdfs_call, &hdfs_fs, berth_text_of(path)));
    if (code != 0)
        return code;
    if (app->json) {
        hdfs_view_json(app, &berth_webhdfs_checksum_shape, sum);
        return 0;
    }
    out_safe(&app->out, sum->algorithm);
    out_string(&app->out, " ");
    out_safe(&app->out, sum->bytes);
    out_string(&app->out, "\n");
    return 0;
}

int hdfs_checksum(struct app *app)
{
    return for_each(app, show_checksum);
}

int hdfs_home(struct app *app)
{
    int code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_run(app, berth_webhdfs_home(&hdfs_call, &hdfs_fs));
    if (code == 0)
        hdfs_view_text(app, "Path", NULL, hdfs_fs.answer.path);
    return hdfs_close_with(code);
}
