/* berth pai storage and output: a cluster's files. */
#include "commands.h"
#include "pai_hdfs.h"

#include <string.h>

int pai_hdfs_open(struct app *app)
{
    static struct berth_text root;
    static char uri[1024];
    struct berth_webhdfs_config config;
    struct berth_writer w;
    struct berth_text alias = berth_text_of(app->args.value[OPT_STORAGE_ALIAS]);
    root = pai.cluster.hdfs_web_uri;
    if (alias.len > 0)
        root = berth_openpai_storage_uri(&pai_cluster_file()->content, pai.cluster.entry, alias);
    if (root.len == 0 && alias.len > 0)
        return fail_text(app, EXIT_USAGE, "the cluster has no such storage", alias);
    if (root.len == 0)
        return fail(
            app, EXIT_USAGE, "the cluster has no hdfs_web_uri",
            "berth reaches its files by WebHDFS alone: 'berth pai cluster add --hdfs-web-uri URL' names it");
    berth_writer_init(&w, uri, sizeof uri);
    if (berth_text_find(root, BERTH_TEXT("://")) == SIZE_MAX)
        berth_put_string(&w, "http://");
    berth_put_text(&w, root);
    root = berth_writer_text(&w);
    memset(&config, 0, sizeof config);
    config.roots = &root;
    config.root_count = 1;
    config.user = pai.cluster.user;
    session_close(&pai.session);
    return hdfs_open(app, &config);
}

/* For a command whose word REMOTE is a path there. */
static int open_storage(struct app *app, size_t remote)
{
    struct berth_text path;
    int code = hdfs_path_at(app, remote, &path);
    if (code == 0)
        code = pai_choose_cluster(app);
    return code == 0 ? pai_hdfs_open(app) : code;
}

int pai_storage_list(struct app *app)
{
    int code = open_storage(app, 0);
    if (code == 0)
        code = hdfs_list_path(app, args_word(&app->args, 0));
    hdfs_close();
    return code;
}

int pai_storage_status(struct app *app)
{
    int code = open_storage(app, 0);
    if (code == 0)
        code = hdfs_stat_path(app, args_word(&app->args, 0));
    hdfs_close();
    return code;
}

int pai_storage_delete(struct app *app)
{
    int code = open_storage(app, 0);
    if (code == 0)
        code = hdfs_delete_path(app, args_word(&app->args, 0), args_given(&app->args, OPT_RECURSIVE));
    hdfs_close();
    return code;
}

int pai_storage_upload(struct app *app)
{
    const struct args *args = &app->args;
    int code = open_storage(app, 1);
    if (code == 0)
        code = hdfs_put_path(app, args_word(args, 0), args_word(args, 1), args_given(args, OPT_RECURSIVE),
                             args_given(args, OPT_OVERWRITE));
    hdfs_close();
    return code;
}

int pai_storage_download(struct app *app)
{
    const struct args *args = &app->args;
    int code = open_storage(app, 0);
    if (code == 0)
        code = hdfs_get_path(app, args_word(args, 0), args_word(args, 1), args_given(args, OPT_RECURSIVE),
                             args_given(args, OPT_OVERWRITE));
    hdfs_close();
    return code;
}

int pai_upload_children(struct app *app, const char *folder, const char *remote)
{
    struct berth_posix_folder names;
    enum berth_status status =
        berth_webhdfs_mkdirs(&hdfs_call, &hdfs_fs, berth_text_of(remote), BERTH_WEBHDFS_DEFAULT_PERMISSION);
    int code = hdfs_run(app, status);
    if (code != 0)
        return code;
    status = berth_posix_folder_open(&names, folder);
    for (const char *name;
         status == BERTH_OK && code == 0 && (name = berth_posix_folder_next(&names, &status)) != NULL;) {
        char local[4096], target[4096];
        struct berth_writer v, w;
        berth_writer_init(&v, local, sizeof local);
        berth_put_string(&v, folder);
        berth_put_char(&v, '/');
        berth_put_string(&v, name);
        berth_writer_init(&w, target, sizeof target);
        berth_put_string(&w, remote);
        if (berth_writer_terminate(&v) != BERTH_OK || berth_writer_terminate(&w) != BERTH_OK)
            code = fail(app, EXIT_USAGE, name, "the path is too long");
        else
            code = hdfs_put_path(app, local, target, true, true);
    }
    berth_posix_folder_close(&names);
    return status == BERTH_OK ? code : fail(app, exit_code_of(status), folder, berth_status_name(status));
}

/* ---- output ----------------------------------------------------------------------------------- */

int pai_job_path(struct app *app, struct berth_text workspace, bool infix, struct berth_text job,
                 const char *part, char *buf, size_t size)
{
    struct berth_writer w;
    berth_writer_init(&w, buf, size);
    while (workspace.len > 1 && workspace.ptr[workspace.len - 1] == '/')
        workspace.len--;
    berth_put_text(&w, workspace);
    berth_put_string(&w, infix ? "/jobs/" : "/");
    berth_put_text(&w, job);
    berth_put_char(&w, '/');
    berth_put_string(&w, part);
    return berth_writer_terminate(&w) == BERTH_OK ? 0 : fail(app, EXIT_USAGE, "the path is too long", NULL);
}

/* Where the job's output lies: the first of the two layouts that is there, into BUF. */
static int find_output(struct app *app, char *buf, size_t size)
{
    struct pai_job job = {BERTH_TEXT_INIT(""), BERTH_TEXT_INIT("")};
    struct berth_text workspace = pai_option(app, OPT_WORKSPACE, "workspace");
    int code = pai_choose_cluster(app);
    if (code == 0 && workspace.len == 0)
        code = fail(app, EXIT_USAGE, "which workspace?", "give --workspace, or set the default workspace");
    if (code == 0)
        code = pai_job_option(app, &job);
    if (code == 0)
        code = pai_hdfs_open(app);
    for (int infix = 0; code == 0 && infix < 2; infix++) {
        code = pai_job_path(app, workspace, infix == 1, job.name, "output", buf, size);
        if (code != 0)
            return code;
        enum berth_status status = berth_webhdfs_stat(&hdfs_call, &hdfs_fs, berth_text_of(buf));
        if (status == BERTH_OK)
            status = berth_call_run(&hdfs_call, hdfs_session.timeout_ms);
        if (status == BERTH_OK)
            return 0;
        if (status != BERTH_E_NOT_FOUND)
            return hdfs_report(app, &hdfs_call, status);
    }
    return code != 0 ? code : fail_text(app, EXIT_REFUSED, "the job has no output folder", job.name);
}

int pai_output_list(struct app *app)
{
    char path[2048];
    int code = find_output(app, path, sizeof path);
    if (code == 0)
        code = hdfs_list_path(app, path);
    hdfs_close();
    return code;
}

int pai_output_download(struct app *app)
{
    char folder[2048], path[4096];
    int code = find_output(app, folder, sizeof folder);
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++) {
        struct berth_writer w;
        berth_writer_init(&w, path, sizeof path);
        berth_put_string(&w, folder);
        berth_put_char(&w, '/');
        berth_put_string(&w, args_word(&app->args, i));
        if (berth_writer_terminate(&w) != BERTH_OK)
            code = fail(app, EXIT_USAGE, args_word(&app->args, i), "the path is too long");
        else
            code = hdfs_get_path(app, path, ".", args_given(&app->args, OPT_RECURSIVE),
                                 args_given(&app->args, OPT_OVERWRITE));
    }
    hdfs_close();
    return code;
}
