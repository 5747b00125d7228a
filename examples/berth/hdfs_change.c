/* berth hdfs rm, mkdir, mv, chmod, truncate, concat, token: changes that move no data. */
#include "commands.h"
#include "files.h"
#include "hdfs.h"
#include "hdfs_view.h"

#include <string.h>

/* ---- Names ------------------------------------------------------------------------------------ */

int hdfs_delete_path(struct app *app, const char *path, bool recursive)
{
    enum berth_status status = berth_webhdfs_delete(&hdfs_call, &hdfs_fs, berth_text_of(path), recursive);
    if (status == BERTH_E_ARGUMENT && berth_webhdfs_check_path(berth_text_of(path), NULL) == BERTH_OK)
        return fail(app, EXIT_USAGE, path, "the root of the file system is not deleted");
    if (status == BERTH_OK)
        status = berth_call_run(&hdfs_call, hdfs_session.timeout_ms);
    else
        return hdfs_run(app, status);
    if (status == BERTH_E_NO_FILE)
        return fail(app, EXIT_NO, path, "there was nothing to delete");
    if (status == BERTH_E_WRONG_STATE && !recursive)
        return fail(app, EXIT_CONFLICT, path, "is a directory with something in it: that takes --recursive");
    return hdfs_report(app, &hdfs_call, status);
}

int hdfs_rm(struct app *app)
{
    struct berth_text path;
    int code = 0, worst = 0;
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++)
        code = hdfs_path_at(app, i, &path);
    if (code == 0)
        code = hdfs_open_by_options(app);
    if (code != 0)
        return hdfs_close_with(code);
    /* What is not there does not keep the others. */
    for (size_t i = 0; worst <= EXIT_NO && i < args_count(&app->args); i++) {
        code = hdfs_delete_path(app, args_word(&app->args, i), args_given(&app->args, OPT_RECURSIVE));
        worst = code != 0 ? code : worst;
    }
    return hdfs_close_with(worst);
}

static int mode_of(struct app *app, const char *text, uint32_t *out_mode)
{
    uint32_t mode = 0;
    struct berth_text digits = berth_text_of(text);
    bool fits = digits.len > 0 && digits.len < 6;
    for (size_t i = 0; i < digits.len && fits; i++) {
        fits = digits.ptr[i] >= '0' && digits.ptr[i] <= '7';
        mode = mode << 3 | (uint32_t)(digits.ptr[i] & 7);
    }
    *out_mode = mode;
    return fits && mode <= 01777 ? 0 : fail(app, EXIT_USAGE, text, "is no mode: octal, 0 to 1777");
}

int hdfs_mkdir(struct app *app)
{
    struct berth_text path;
    uint32_t mode = BERTH_WEBHDFS_DEFAULT_PERMISSION;
    int code = 0;
    if (args_given(&app->args, OPT_MODE))
        code = mode_of(app, app->args.value[OPT_MODE], &mode);
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++)
        code = hdfs_path_at(app, i, &path);
    if (code == 0)
        code = hdfs_open_by_options(app);
    for (size_t i = 0; code == 0 && i < args_count(&app->args); i++)
        code = hdfs_run(
            app, berth_webhdfs_mkdirs(&hdfs_call, &hdfs_fs, berth_text_of(args_word(&app->args, i)), mode));
    return hdfs_close_with(code);
}

/* The server's answer is only yes or no: which of the four reasons it was can be looked up. */
static int explain_rename(struct app *app, struct berth_text from, struct berth_text to)
{
    enum berth_status status = berth_webhdfs_stat(&hdfs_call, &hdfs_fs, from);
    if (status == BERTH_OK)
        status = berth_call_run(&hdfs_call, hdfs_session.timeout_ms);
    if (status == BERTH_E_NOT_FOUND)
        return fail_text(app, EXIT_REFUSED, "there is no such file or directory", from);
    status = berth_webhdfs_stat(&hdfs_call, &hdfs_fs, to);
    if (status == BERTH_OK)
        status = berth_call_run(&hdfs_call, hdfs_session.timeout_ms);
    if (status == BERTH_OK)
        return fail_text(app, EXIT_CONFLICT, "the name is taken; --overwrite replaces a file", to);
    return fail_text(app, EXIT_CONFLICT,
                     "not renamed: the destination's folder is missing, or lies in what is moved", to);
}

int hdfs_mv(struct app *app)
{
    struct berth_text from;
    struct berth_text to;
    bool overwrite = args_given(&app->args, OPT_OVERWRITE);
    int code = hdfs_path_at(app, 0, &from);
    if (code == 0)
        code = hdfs_path_at(app, 1, &to);
    if (code == 0)
        code = hdfs_open_by_options(app);
    if (code != 0)
        return hdfs_close_with(code);
    enum berth_status status = berth_webhdfs_rename(&hdfs_call, &hdfs_fs, from, to, overwrite);
    if (status == BERTH_E_ARGUMENT)
        return hdfs_close_with(fail_text(app, EXIT_USAGE, "the root of the file system is not moved", from));
    if (status != BERTH_OK)
        return hdfs_close_with(hdfs_run(app, status));
    status = berth_call_run(&hdfs_call, hdfs_session.timeout_ms);
    bool unexplained = status == BERTH_E_WRONG_STATE && hdfs_fs.exception[0] == '\0';
    return hdfs_close_with(unexplained ? explain_rename(app, from, to)
                                       : hdfs_report(app, &hdfs_call, status));
}

int hdfs_chmod(struct app *app)
{
    struct berth_text path;
    uint32_t mode = 0;
    int code = mode_of(app, args_word(&app->args, 0), &mode);
    if (code == 0)
        code = hdfs_path_at(app, 1, &path);
    if (code == 0)
        code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_run(app, berth_webhdfs_set_permission(&hdfs_call, &hdfs_fs, path, mode));
    return hdfs_close_with(code);
}

/* ---- Lengths ---------------------------------------------------------------------------------- */

int hdfs_truncate(struct app *app)
{
    struct berth_text path;
    uint64_t length = 0;
    int code = hdfs_path_at(app, 0, &path);
    const char *word = args_word(&app->args, 1);
    if (code == 0 && (berth_parse_u64(berth_text_of(word), &length) != BERTH_OK || length > INT64_MAX))
        code = fail(app, EXIT_USAGE, word, "is no number of bytes");
    if (code == 0)
        code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_run(app, berth_webhdfs_truncate(&hdfs_call, &hdfs_fs, path, length));
    if (code == 0 && !hdfs_fs.answer.boolean && !app->quiet)
        out_string(&app->err,
                   "berth: the server still recovers the last block; the file is cut in a moment\n");
    return hdfs_close_with(code);
}

int hdfs_concat(struct app *app)
{
    static struct berth_text sources[WORDS_MAX];
    struct berth_text path;
    size_t count = args_count(&app->args) - 1;
    int code = hdfs_path_at(app, 0, &path);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = hdfs_path_at(app, i + 1, &sources[i]);
    if (code == 0)
        code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_run(app, berth_webhdfs_concat(&hdfs_call, &hdfs_fs, path, sources, count));
    return hdfs_close_with(code);
}

/* ---- Delegation tokens ------------------------------------------------------------------------ */

int hdfs_token_get(struct app *app)
{
    struct berth_text renewer = berth_text_of(app->args.value[OPT_RENEWER]);
    const char *path = app->args.value[OPT_OUTPUT];
    static char line[BERTH_WEBHDFS_WORK_MIN]; /* longer than any answer */
    struct berth_writer w;
    if (args_given(&app->args, OPT_DELEGATION_FILE))
        return fail(app, EXIT_USAGE, "a delegation token gives no other token", NULL);
    int code = hdfs_open_by_options(app);
    if (code == 0)
        code = hdfs_run(
            app, berth_webhdfs_get_token(&hdfs_call, &hdfs_fs, renewer, BERTH_TEXT(""), BERTH_TEXT("")));
    if (code != 0)
        return hdfs_close_with(code);
    struct berth_text token = hdfs_fs.answer.token.url_string;
    if (path == NULL || strcmp(path, "-") == 0) {
        hdfs_view_text(app, "Token", "urlString", token);
        return hdfs_close_with(0);
    }
    berth_writer_init(&w, line, sizeof line);
    berth_put_text(&w, token);
    berth_put_char(&w, '\n');
    enum berth_status status = write_whole(path, berth_writer_text(&w));
    berth_wipe(line, sizeof line);
    return hdfs_close_with(status == BERTH_OK ? 0 : fail_file(app, status, path));
}

/* The token in the file, which is also what the server is shown. */
static int token_of(struct app *app, struct berth_text *out_token)
{
    if (!args_given(&app->args, OPT_DELEGATION_FILE))
        return fail(app, EXIT_USAGE, "--delegation-token-file FILE", "is needed: it holds the token");
    int code = hdfs_open_by_options(app);
    *out_token = hdfs_fs.config.delegation;
    return code;
}

int hdfs_token_renew(struct app *app)
{
    struct berth_text token = {NULL, 0};
    char text[40];
    struct berth_writer w;
    int code = token_of(app, &token);
    if (code == 0)
        code = hdfs_run(app, berth_webhdfs_renew_token(&hdfs_call, &hdfs_fs, token));
    if (code == 0) {
        struct berth_time end = {hdfs_fs.answer.number / 1000, 0};
        berth_writer_init(&w, text, sizeof text);
        if (app->json) {
            berth_put_string(&w, "{\"long\":");
            berth_put_i64(&w, hdfs_fs.answer.number);
            berth_put_string(&w, "}");
        } else if (berth_put_rfc3339(&w, end) != BERTH_OK) {
            berth_put_i64(&w, hdfs_fs.answer.number);
        }
        out_text(&app->out, berth_writer_text(&w));
        out_string(&app->out, "\n");
    }
    return hdfs_close_with(code);
}

int hdfs_token_cancel(struct app *app)
{
    struct berth_text token = {NULL, 0};
    int code = token_of(app, &token);
    if (code == 0)
        code = hdfs_run(app, berth_webhdfs_cancel_token(&hdfs_call, &hdfs_fs, token));
    return hdfs_close_with(code);
}
