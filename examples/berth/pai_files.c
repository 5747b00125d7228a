/* The old SDK's files: reading, and writing so that what is not ours stays. */
#define _DEFAULT_SOURCE
#include "pai_files.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>

int pai_path(struct app *app, bool home, const char *name, char *buf, size_t size)
{
    struct berth_writer w;
    const char *folder = home ? getenv("HOME") : NULL;
    buf[0] = '\0';
    if (home && (folder == NULL || folder[0] == '\0'))
        return fail(app, EXIT_USAGE, "HOME is not set", "it says where .openpai/ lies");
    berth_writer_init(&w, buf, size);
    if (home) {
        berth_put_string(&w, folder);
        berth_put_char(&w, '/');
    }
    berth_put_string(&w, ".openpai/");
    berth_put_string(&w, name);
    return berth_writer_terminate(&w) == BERTH_OK ? 0 : fail(app, EXIT_USAGE, name, "the path is too long");
}

int pai_make_folder(struct app *app, const char *path)
{
    char folder[PAI_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const struct berth_files *files = program_files();
    if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof folder)
        return 0;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    enum berth_status status = files->make_folder(files->ctx, folder, 0700);
    return status == BERTH_OK || status == BERTH_E_EXISTS ? 0 : fail_file(app, status, folder);
}

int pai_load(struct app *app, struct pai_file *file, const char *path)
{
    struct berth_text text;
    struct berth_json_error error = {0, NULL};
    uint32_t line, column;
    if (path != file->path) {
        size_t len = strlen(path);
        if (len >= sizeof file->path)
            return fail(app, EXIT_USAGE, path, "the path is too long");
        memcpy(file->path, path, len + 1);
    }
    file->found = false;
    enum berth_status status = read_whole(path, file->text, sizeof file->text, &text);
    if (status == BERTH_E_NO_FILE)
        text = BERTH_TEXT("{}");
    else if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "larger than this program reads at once");
    else if (status != BERTH_OK)
        return fail_file(app, status, path);
    file->found = status == BERTH_OK;
    status = berth_openpai_file_read(&file->content, text, file->tokens, sizeof file->tokens, file->room,
                                     sizeof file->room, &error);
    if (status == BERTH_OK)
        return 0;
    text_place(text, error.offset, &line, &column);
    return fail_at(app, path, line, column, error.reason != NULL ? error.reason : "a JSON object is due");
}

int pai_store(struct app *app, const char *path, struct berth_text json)
{
    static char compact[PAI_FILE_MAX], text[PAI_FILE_MAX * 2];
    struct berth_writer w;
    if (json.len == 0 || json.len > sizeof compact)
        return fail(app, EXIT_SPACE, path, "larger than this program writes at once");
    berth_writer_init(&w, text, sizeof text);
    berth_openpai_put_indented(&w, berth_text_make(compact, json_compact(json.ptr, json.len, compact)));
    if (berth_writer_status(&w) != BERTH_OK)
        return fail(app, EXIT_SPACE, path, "larger than this program writes at once");
    int code = pai_make_folder(app, path);
    if (code != 0)
        return code;
    enum berth_status status = write_whole(path, berth_writer_text(&w));
    berth_wipe(compact, sizeof compact);
    berth_wipe(text, sizeof text);
    return status == BERTH_OK ? 0 : fail_file(app, status, path);
}
