/* The old SDK's files: reading, and writing so that what is not ours stays. */
#define _DEFAULT_SOURCE
#include "pai_files.h"

#include "files.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 512, INDENT = 4 };

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

/* "PATH:LINE:COLUMN: what is wrong". */
static int fail_place(struct app *app, const char *path, struct berth_text document, uint64_t offset,
                      const char *reason)
{
    char where[PAI_PATH_MAX + 32];
    struct berth_writer w;
    uint32_t line, column;
    text_place(document, offset, &line, &column);
    berth_writer_init(&w, where, sizeof where);
    berth_put_string(&w, path);
    berth_put_char(&w, ':');
    berth_put_u64(&w, line);
    berth_put_char(&w, ':');
    berth_put_u64(&w, column);
    return berth_writer_terminate(&w) == BERTH_OK ? fail(app, EXIT_BAD_DATA, where, reason) : EXIT_BAD_DATA;
}

int pai_load(struct app *app, struct pai_file *file, const char *path)
{
    struct berth_text text;
    struct berth_json_error error = {0, NULL};
    if (path != file->path) {
        size_t len = strlen(path);
        if (len >= sizeof file->path)
            return fail(app, EXIT_USAGE, path, "the path is too long");
        memcpy(file->path, path, len + 1);
    }
    file->found = false;
    berth_writer_init(&file->strings, file->room, sizeof file->room);
    enum berth_status status = read_whole(path, file->text, sizeof file->text, &text);
    if (status == BERTH_E_NO_FILE)
        text = BERTH_TEXT("{}");
    else if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "larger than this program reads at once");
    else if (status != BERTH_OK)
        return fail_file(app, status, path);
    file->found = status == BERTH_OK;
    if (berth_text_trim(text).len == 0)
        text = BERTH_TEXT("{}");
    status = berth_json_parse(&file->json, text, file->tokens, sizeof file->tokens, NULL, &error);
    enum berth_json_type type =
        status == BERTH_OK ? berth_json_type_of(berth_json_root(&file->json)) : BERTH_JSON_NONE;
    if (type == BERTH_JSON_OBJECT || type == BERTH_JSON_ARRAY)
        return 0;
    return fail_place(app, path, text, error.offset,
                      error.reason != NULL ? error.reason : "a JSON object is due");
}

struct berth_text pai_text(struct pai_file *file, struct berth_json_cursor at)
{
    struct berth_text raw = berth_json_raw(at);
    enum berth_json_type type = berth_json_type_of(at);
    if (type == BERTH_JSON_NONE || type == BERTH_JSON_NULL)
        return BERTH_TEXT("");
    if (type != BERTH_JSON_TEXT || berth_text_find_byte(raw, '\\') == SIZE_MAX)
        return raw;
    struct berth_writer w;
    struct berth_writer *strings = &file->strings;
    berth_writer_init(&w, strings->buf + strings->len, strings->cap - strings->len);
    if (berth_json_unescape(raw, &w) != BERTH_OK)
        return BERTH_TEXT("");
    strings->len += w.len;
    return berth_writer_text(&w);
}

struct berth_text pai_member(struct pai_file *file, struct berth_json_cursor object, const char *name)
{
    return pai_text(file, berth_json_find(object, berth_text_of(name)));
}

struct berth_text pai_name(struct pai_file *file, struct berth_json_cursor at)
{
    struct berth_text raw = berth_json_name(at);
    struct berth_writer w;
    struct berth_writer *strings = &file->strings;
    if (berth_text_find_byte(raw, '\\') == SIZE_MAX)
        return raw;
    berth_writer_init(&w, strings->buf + strings->len, strings->cap - strings->len);
    if (berth_json_unescape(raw, &w) != BERTH_OK)
        return raw;
    strings->len += w.len;
    return berth_writer_text(&w);
}

static void put_change(struct berth_json_writer *w, const struct pai_change *change)
{
    if (change->text.ptr == NULL)
        return;
    berth_json_put_name(w, change->name);
    if (change->raw)
        berth_json_put_raw(w, change->text);
    else
        berth_json_put_text(w, change->text);
}

void pai_put_changed(struct pai_file *file, struct berth_json_writer *w, struct berth_json_cursor object,
                     const struct pai_change *changes, size_t count)
{
    berth_json_begin_object(w);
    for (struct berth_json_cursor at = berth_json_enter(object); berth_json_type_of(at) != BERTH_JSON_NONE;
         at = berth_json_next(at)) {
        size_t i = 0;
        while (i < count && !berth_json_raw_equal(berth_json_name(at), changes[i].name))
            i++;
        if (i < count) {
            put_change(w, &changes[i]);
            continue;
        }
        berth_json_put_name(w, pai_name(file, at));
        struct berth_text raw = berth_json_raw(at);
        if (berth_json_type_of(at) == BERTH_JSON_TEXT) /* its quotes stand around it */
            raw = berth_text_make(raw.ptr - 1, raw.len + 2);
        berth_json_put_raw(w, raw);
    }
    for (size_t i = 0; i < count; i++) {
        if (berth_json_type_of(berth_json_find(object, changes[i].name)) == BERTH_JSON_NONE)
            put_change(w, &changes[i]);
    }
    berth_json_end_object(w);
}

/* ---- writing ---------------------------------------------------------------------------------- */

static void new_line(struct berth_writer *w, size_t depth)
{
    berth_put_char(w, '\n');
    berth_put_repeat(w, ' ', depth * INDENT);
}

void pai_expand(struct berth_text json, struct berth_writer *w)
{
    size_t depth = 0;
    bool inside = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i], next = i + 1 < json.len ? json.ptr[i + 1] : '\0';
        if (inside || c == '"') {
            berth_put_char(w, c);
            if (inside && c == '\\' && next != '\0')
                berth_put_char(w, json.ptr[++i]);
            else if (c == '"')
                inside = !inside;
        } else if ((c == '{' && next == '}') || (c == '[' && next == ']')) {
            berth_put_char(w, c);
            berth_put_char(w, next);
            i++;
        } else if (c == '{' || c == '[') {
            berth_put_char(w, c);
            new_line(w, ++depth);
        } else if (c == '}' || c == ']') {
            new_line(w, --depth);
            berth_put_char(w, c);
        } else {
            berth_put_char(w, c);
            if (c == ',')
                new_line(w, depth);
            else if (c == ':')
                berth_put_char(w, ' ');
        }
    }
    berth_put_char(w, '\n');
}

int pai_store(struct app *app, const char *path, struct berth_text json)
{
    static char compact[PAI_FILE_MAX], text[PAI_FILE_MAX * 2];
    struct berth_writer w;
    const struct berth_files *files = program_files();
    if (json.len == 0 || json.len > sizeof compact)
        return fail(app, EXIT_SPACE, path, "larger than this program writes at once");
    berth_writer_init(&w, text, sizeof text);
    pai_expand(berth_text_make(compact, json_compact(json.ptr, json.len, compact)), &w);
    if (berth_writer_status(&w) != BERTH_OK)
        return fail(app, EXIT_SPACE, path, "larger than this program writes at once");
    int code = pai_make_folder(app, path);
    if (code != 0)
        return code;
    berth_file file = files->open(files->ctx, path, BERTH_FILE_REPLACE, 0600);
    if (file < 0)
        return fail_file(app, (enum berth_status)file, path);
    enum berth_status status = files->write(files->ctx, file, w.buf, w.len);
    if (status == BERTH_OK)
        status = files->commit(files->ctx, file);
    else
        files->close(files->ctx, file);
    berth_wipe(compact, sizeof compact);
    berth_wipe(text, sizeof text);
    return status == BERTH_OK ? 0 : fail_file(app, status, path);
}
