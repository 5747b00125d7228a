/* A notebook's cells as a script: files round the library's conversion. */
#include "pai_notebook.h"

#include "berth/openpai_notebook.h"
#include "files.h"

/* Holds a cell's source of 1 MB twice. */
static char work[2 << 20];

struct script {
    berth_file from, to;
    enum berth_status failure; /* of a file */
};

static ptrdiff_t read_notebook(void *ctx, void *buf, size_t cap)
{
    struct script *script = ctx;
    const struct berth_files *files = program_files();
    ptrdiff_t len = files->read(files->ctx, script->from, buf, cap);
    if (len < 0)
        script->failure = (enum berth_status)len;
    return len;
}

static enum berth_status rewind_notebook(void *ctx)
{
    const struct script *script = ctx;
    const struct berth_files *files = program_files();
    return files->seek(files->ctx, script->from, 0);
}

static enum berth_status write_script(void *ctx, const void *bytes, size_t len)
{
    struct script *script = ctx;
    const struct berth_files *files = program_files();
    return script->failure = files->write(files->ctx, script->to, bytes, len);
}

static int report(struct app *app, const char *path, enum berth_status status,
                  const struct berth_json_error *error)
{
    if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "a cell's source is larger than 1 MB");
    if (status == BERTH_E_MISSING || status == BERTH_E_TYPE)
        return fail(app, EXIT_BAD_DATA, path, "is no notebook: it has no cells");
    return fail(app, EXIT_BAD_DATA, path, error->reason != NULL ? error->reason : berth_status_name(status));
}

int pai_notebook_script(struct app *app, const char *path, const char *to)
{
    const struct berth_files *files = program_files();
    struct script script = {-1, -1, BERTH_OK};
    struct berth_json_error error = {0, NULL};
    struct berth_source notebook = {&script, read_notebook, rewind_notebook, BERTH_LENGTH_UNKNOWN};
    struct berth_sink sink = {&script, write_script, NULL};
    script.from = files->open(files->ctx, path, BERTH_FILE_READ, 0);
    if (script.from < 0)
        return fail_file(app, (enum berth_status)script.from, path);
    script.to = files->open(files->ctx, to, BERTH_FILE_REPLACE, 0600);
    enum berth_status status = BERTH_OK;
    if (script.to >= 0)
        status = berth_openpai_notebook_script(&notebook, &sink, work, sizeof work, &error);
    files->close(files->ctx, script.from);
    if (script.to < 0)
        return fail_file(app, (enum berth_status)script.to, to);
    if (status == BERTH_OK) {
        status = files->commit(files->ctx, script.to);
        return status == BERTH_OK ? 0 : fail_file(app, status, to);
    }
    files->close(files->ctx, script.to);
    return script.failure != BERTH_OK ? fail_file(app, script.failure, path)
                                      : report(app, path, status, &error);
}
