/* A notebook's cells as a script. */
#include "pai_notebook.h"

#include "files.h"
#include "pai_files.h"

#include <string.h>

enum { SOURCE_MAX = 1 << 20, PIECE = 16384 };

/* What is known of the cell under way: its members come one by one. */
struct notebook {
    struct app *app;
    berth_file to;
    enum berth_status failure; /* of writing */
    char type;                 /* c(ode), m(arkdown), h(eading), r(aw); 0: not known */
    bool has_source, too_large;
    size_t cells;
    struct berth_writer source, out;
    char source_room[SOURCE_MAX], out_room[PIECE * 4];
};

static struct notebook notebook;

/* ---- writing ---------------------------------------------------------------------------------- */

static void flush(struct notebook *n)
{
    const struct berth_files *files = program_files();
    if (n->failure == BERTH_OK && n->out.len > 0)
        n->failure = files->write(files->ctx, n->to, n->out.buf, n->out.len);
    n->out.len = 0;
}

static void put(struct notebook *n, struct berth_text text)
{
    while (text.len > 0) {
        size_t room = n->out.cap - n->out.len, part = text.len < room ? text.len : room;
        berth_put_bytes(&n->out, text.ptr, part);
        text = berth_text_slice(text, part, text.len);
        if (n->out.len == n->out.cap)
            flush(n);
    }
}

static void put_string(struct notebook *n, const char *string)
{
    put(n, berth_text_of(string));
}

/* A Python string. */
static void put_quoted(struct notebook *n, struct berth_text text)
{
    put_string(n, "'");
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (c == '\n')
            put_string(n, "\\n");
        else if (c == '\r')
            put_string(n, "\\r");
        else if (c == '\'' || c == '\\')
            put(n, berth_text_make(c == '\'' ? "\\'" : "\\\\", 2));
        else
            put(n, berth_text_make(&c, 1));
    }
    put_string(n, "'");
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* "NAME REST" of a magic. */
static void put_magic(struct notebook *n, const char *call, struct berth_text line)
{
    struct berth_text name;
    if (!berth_text_split(&line, ' ', &name))
        name = line;
    put_string(n, call);
    put_string(n, "(");
    put_quoted(n, name);
    put_string(n, ", ");
    put_quoted(n, berth_text_trim(line));
}

static void put_code_line(struct notebook *n, struct berth_text line)
{
    size_t indent = 0;
    while (indent < line.len && (line.ptr[indent] == ' ' || line.ptr[indent] == '\t'))
        indent++;
    struct berth_text rest = berth_text_slice(line, indent, line.len);
    if (rest.len > 1 && rest.ptr[0] == '%' && is_letter(rest.ptr[1])) {
        put(n, berth_text_slice(line, 0, indent));
        put_magic(n, "get_ipython().run_line_magic", berth_text_slice(rest, 1, rest.len));
        put_string(n, ")\n");
    } else if (rest.len > 1 && rest.ptr[0] == '!') {
        put(n, berth_text_slice(line, 0, indent));
        put_string(n, "get_ipython().system(");
        put_quoted(n, berth_text_slice(rest, 1, rest.len));
        put_string(n, ")\n");
    } else {
        put(n, line);
        put_string(n, "\n");
    }
}

static void put_code(struct notebook *n, struct berth_text source)
{
    struct berth_text line;
    if (berth_text_starts(source, BERTH_TEXT("%%"))) { /* the whole cell is the magic's */
        (void)berth_text_split(&source, '\n', &line);
        put_magic(n, "get_ipython().run_cell_magic", berth_text_slice(line, 2, line.len));
        put_string(n, ", ");
        put_quoted(n, source.ptr != NULL ? source : BERTH_TEXT(""));
        put_string(n, ")\n");
        return;
    }
    while (berth_text_split(&source, '\n', &line)) {
        if (source.ptr != NULL || line.len > 0)
            put_code_line(n, line);
    }
}

static void put_comment(struct notebook *n, struct berth_text source)
{
    struct berth_text line;
    while (berth_text_split(&source, '\n', &line)) {
        if (source.ptr == NULL && line.len == 0)
            break;
        put_string(n, line.len > 0 ? "# " : "#");
        put(n, line);
        put_string(n, "\n");
    }
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* A text, or an array of texts that are joined. */
static enum berth_status take_source(struct notebook *n, struct berth_text json)
{
    if (json.len >= 2 && json.ptr[0] == '"')
        return berth_json_unescape(berth_text_slice(json, 1, json.len - 1), &n->source);
    struct berth_json_list list = {(char *)(uintptr_t)json.ptr, json.len, 0}, item;
    if (json.len == 0 || json.ptr[0] != '[')
        return BERTH_E_TYPE;
    for (;;) {
        enum berth_status status = berth_json_list_next(&list, NULL, &item);
        if (status != BERTH_OK)
            return status == BERTH_E_MISSING ? BERTH_OK : status;
        if (item.len < 2 || item.ptr[0] != '"')
            return BERTH_E_TYPE;
        BERTH_TRY(berth_json_unescape(berth_text_make(item.ptr + 1, item.len - 2), &n->source));
    }
}

static enum berth_status end_cell(struct notebook *n)
{
    struct berth_text source = berth_writer_text(&n->source);
    n->cells++;
    if (n->too_large)
        return BERTH_E_SPACE;
    if (n->has_source && source.len > 0) {
        if (n->cells > 1)
            put_string(n, "\n");
        if (n->type == 'c')
            put_code(n, source);
        else
            put_comment(n, source);
    }
    n->source.len = 0;
    n->type = 0;
    n->has_source = false;
    return n->failure;
}

/* Level DEPTH is a cell, the one below it a member of it. */
static enum berth_status on_part(struct notebook *n, const struct berth_json_element *element, unsigned depth)
{
    struct berth_text json = {element->json, element->len};
    if (element->level == depth)
        return end_cell(n);
    if (element->level != depth + 1)
        return BERTH_OK;
    bool source = berth_text_equal(element->name, BERTH_TEXT("source")) ||
                  berth_text_equal(element->name, BERTH_TEXT("input"));
    if (source && element->json == NULL) {
        n->too_large = true;
        return BERTH_OK;
    }
    if (source) {
        n->has_source = true;
        n->source.len = 0;
        return take_source(n, json);
    }
    if (berth_text_equal(element->name, BERTH_TEXT("cell_type")) && json.len > 2 && json.ptr[0] == '"')
        n->type = json.ptr[1];
    return BERTH_OK;
}

static enum berth_status on_cell(void *ctx, const struct berth_json_element *element)
{
    return on_part(ctx, element, 1);
}

/* The first worksheet only, as the format's own tools do. */
static enum berth_status on_sheet(void *ctx, const struct berth_json_element *element)
{
    return on_part(ctx, element, 2);
}

static enum berth_status read_notebook(struct notebook *n, const char *path, bool old,
                                       struct berth_json_error *out_error)
{
    static struct berth_json_stream stream;
    static char buf[SOURCE_MAX], piece[PIECE];
    const struct berth_files *files = program_files();
    struct berth_json_stream_config config;
    memset(&config, 0, sizeof config);
    config.path = old ? BERTH_TEXT("worksheets[*].cells[*]{*}") : BERTH_TEXT("cells[*]{*}");
    config.buf = buf;
    config.cap = sizeof buf;
    config.element = old ? on_sheet : on_cell;
    config.ctx = n;
    BERTH_TRY(berth_json_stream_init(&stream, &config));
    berth_file file = files->open(files->ctx, path, BERTH_FILE_READ, 0);
    if (file < 0)
        return (enum berth_status)file;
    enum berth_status status = BERTH_OK;
    ptrdiff_t len = 1;
    while (status == BERTH_OK && (len = files->read(files->ctx, file, piece, sizeof piece)) > 0)
        status = berth_json_stream_feed(&stream, piece, (size_t)len);
    files->close(files->ctx, file);
    if (status == BERTH_OK)
        status = len < 0 ? (enum berth_status)len : berth_json_stream_end(&stream);
    *out_error = stream.error;
    return status;
}

static int report(struct app *app, const char *path, enum berth_status status,
                  const struct berth_json_error *error)
{
    if (status == BERTH_E_NO_FILE || status == BERTH_E_PERMISSION || status == BERTH_E_IO)
        return fail_file(app, status, path);
    if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "a cell's source is larger than 1 MB");
    if (status == BERTH_E_MISSING || status == BERTH_E_TYPE)
        return fail(app, EXIT_BAD_DATA, path, "is no notebook: it has no cells");
    return fail(app, EXIT_BAD_DATA, path, error->reason != NULL ? error->reason : berth_status_name(status));
}

int pai_notebook_script(struct app *app, const char *path, const char *to)
{
    struct notebook *n = &notebook;
    const struct berth_files *files = program_files();
    struct berth_json_error error = {0, NULL};
    memset(n, 0, offsetof(struct notebook, source_room));
    n->app = app;
    berth_writer_init(&n->source, n->source_room, sizeof n->source_room);
    berth_writer_init(&n->out, n->out_room, sizeof n->out_room);
    n->to = files->open(files->ctx, to, BERTH_FILE_REPLACE, 0600);
    if (n->to < 0)
        return fail_file(app, (enum berth_status)n->to, to);
    put_string(n, "#!/usr/bin/env python\n# coding: utf-8\n\n");
    enum berth_status status = read_notebook(n, path, false, &error);
    if (status == BERTH_E_MISSING)
        status = read_notebook(n, path, true, &error);
    flush(n);
    if (status == BERTH_OK && n->failure == BERTH_OK) {
        status = files->commit(files->ctx, n->to);
        return status == BERTH_OK ? 0 : fail_file(app, status, to);
    }
    files->close(files->ctx, n->to);
    return n->failure != BERTH_OK ? fail_file(app, n->failure, to) : report(app, path, status, &error);
}
