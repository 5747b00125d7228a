/* A Jupyter notebook as a Python script. Each member of a cell passes by on its own, so that only sources
 * need memory. */
#include "berth/openpai_notebook.h"

#include <string.h>

#define PIECE 512

struct notebook {
    const struct berth_sink *script;
    enum berth_status failure; /* of the sink */
    struct berth_json_stream stream;
    unsigned depth; /* the level of a cell in the stream's path */
    size_t sheets;  /* worksheets that are over */
    size_t cells;
    char type; /* of the cell under way: c(ode), m(arkdown), h(eading), r(aw); 0: not known yet */
    bool has_source;
    struct berth_writer source, out;
    char piece[PIECE];
};

/* ---- Writing ---------------------------------------------------------------------------------- */

static void put_away(struct notebook *n)
{
    if (n->failure == BERTH_OK && n->out.len > 0)
        n->failure = n->script->write(n->script->ctx, n->piece, n->out.len);
    n->out.len = 0;
}

static void put(struct notebook *n, struct berth_text text)
{
    while (text.len > 0) {
        struct berth_text part = berth_text_slice(text, 0, n->out.cap - n->out.len);
        berth_put_text(&n->out, part);
        text = berth_text_slice(text, part.len, text.len);
        if (n->out.len == n->out.cap)
            put_away(n);
    }
}

static void put_string(struct notebook *n, const char *string)
{
    put(n, berth_text_of(string));
}

/* As a Python string. */
static void put_quoted(struct notebook *n, struct berth_text text)
{
    put_string(n, "'");
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
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

/* "CALL('NAME', 'REST'" of a magic's line; the bracket stays open. */
static void put_magic(struct notebook *n, const char *call, struct berth_text line)
{
    struct berth_text name = line;
    (void)berth_text_split(&line, ' ', &name);
    put_string(n, call);
    put_string(n, "(");
    put_quoted(n, name);
    put_string(n, ", ");
    put_quoted(n, berth_text_trim(line));
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void put_code_line(struct notebook *n, struct berth_text line)
{
    size_t indent = 0;
    while (indent < line.len && (line.ptr[indent] == ' ' || line.ptr[indent] == '\t'))
        indent++;
    struct berth_text rest = berth_text_slice(line, indent, line.len);
    bool magic = rest.len > 1 && rest.ptr[0] == '%' && is_letter(rest.ptr[1]); /* "% 3" goes on a formula */
    bool shell = rest.len > 1 && rest.ptr[0] == '!';
    put(n, berth_text_slice(line, 0, indent));
    if (magic) {
        put_magic(n, "get_ipython().run_line_magic", berth_text_slice(rest, 1, rest.len));
    } else if (shell) {
        put_string(n, "get_ipython().system(");
        put_quoted(n, berth_text_slice(rest, 1, rest.len));
    } else {
        put(n, rest);
    }
    put_string(n, magic || shell ? ")\n" : "\n");
}

static void put_code(struct notebook *n, struct berth_text source)
{
    struct berth_text line;
    if (berth_text_starts(source, BERTH_TEXT("%%"))) { /* the whole cell is the magic's */
        (void)berth_text_split(&source, '\n', &line);
        put_magic(n, "get_ipython().run_cell_magic", berth_text_slice(line, 2, line.len));
        put_string(n, ", ");
        put_quoted(n, source);
        put_string(n, ")\n");
        return;
    }
    while (berth_text_split(&source, '\n', &line))
        if (source.ptr != NULL || line.len > 0)
            put_code_line(n, line);
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

/* ---- Reading ---------------------------------------------------------------------------------- */

/* A text, or an array of texts that are joined. */
static enum berth_status take_source(struct notebook *n, struct berth_json_list json)
{
    struct berth_json_list item;
    enum berth_status status;
    n->source.len = 0;
    n->has_source = true;
    if (json.ptr[0] == '"')
        return berth_json_unescape(berth_text_make(json.ptr + 1, json.len - 2), &n->source);
    if (json.ptr[0] != '[')
        return BERTH_E_TYPE;
    while ((status = berth_json_list_next(&json, NULL, &item)) == BERTH_OK) {
        if (item.ptr[0] != '"')
            return BERTH_E_TYPE;
        BERTH_TRY(berth_json_unescape(berth_text_make(item.ptr + 1, item.len - 2), &n->source));
    }
    return status == BERTH_E_MISSING ? BERTH_OK : status;
}

static enum berth_status end_cell(struct notebook *n)
{
    struct berth_text source = berth_writer_text(&n->source);
    if (n->has_source && source.len > 0) {
        if (n->cells++ > 0)
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

/* A cell's member is one level below the cell, a worksheet (of the old format) one above. */
static enum berth_status on_element(void *ctx, const struct berth_json_element *element)
{
    struct notebook *n = ctx;
    bool is_source = berth_text_equal(element->name, BERTH_TEXT("source")) ||
                     berth_text_equal(element->name, BERTH_TEXT("input"));
    if (element->level < n->depth)
        n->sheets++;
    if (element->level < n->depth || n->sheets > 0)
        return BERTH_OK;
    if (element->level == n->depth)
        return end_cell(n);
    bool is_type = berth_text_equal(element->name, BERTH_TEXT("cell_type"));
    if (element->name.ptr == NULL || ((is_source || is_type) && element->json == NULL))
        return BERTH_E_SPACE;
    if (is_source)
        return take_source(n, (struct berth_json_list){element->json, element->len, 0});
    if (is_type && element->len > 2 && element->json[0] == '"')
        n->type = element->json[1];
    return BERTH_OK;
}

static enum berth_status read_all(struct notebook *n, const struct berth_source *notebook)
{
    char bytes[PIECE];
    ptrdiff_t len;
    while ((len = notebook->read(notebook->ctx, bytes, sizeof bytes)) > 0)
        BERTH_TRY(berth_json_stream_feed(&n->stream, bytes, (size_t)len));
    return len < 0 ? (enum berth_status)len : berth_json_stream_end(&n->stream);
}

static enum berth_status convert(struct notebook *n, const struct berth_source *notebook, bool old, char *buf,
                                 size_t cap)
{
    struct berth_json_stream_config config = {.buf = buf, .cap = cap, .element = on_element, .ctx = n};
    config.path = old ? BERTH_TEXT("worksheets[*].cells[*]{*}") : BERTH_TEXT("cells[*]{*}");
    n->depth = old ? 2 : 1;
    BERTH_TRY(berth_json_stream_init(&n->stream, &config));
    return read_all(n, notebook);
}

enum berth_status berth_openpai_notebook_script(const struct berth_source *notebook,
                                                const struct berth_sink *script, void *work, size_t work_size,
                                                struct berth_json_error *out_error)
{
    struct notebook n;
    size_t half = work_size / 2;
    memset(&n, 0, sizeof n);
    if (notebook->read == NULL || script->write == NULL || half == 0)
        return BERTH_E_ARGUMENT;
    n.script = script;
    berth_writer_init(&n.source, (char *)work + half, work_size - half);
    berth_writer_init(&n.out, n.piece, sizeof n.piece);
    put_string(&n, "#!/usr/bin/env python\n# coding: utf-8\n\n");
    enum berth_status status = convert(&n, notebook, false, work, half);
    if (status == BERTH_E_MISSING && notebook->rewind != NULL) {
        status = notebook->rewind(notebook->ctx);
        if (status == BERTH_OK)
            status = convert(&n, notebook, true, work, half);
    }
    put_away(&n);
    if (out_error != NULL)
        *out_error = n.stream.error;
    return status == BERTH_OK ? n.failure : status;
}
