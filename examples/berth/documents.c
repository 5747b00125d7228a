/* berth json and berth yaml: documents checked, looked into, converted. */
#include "app.h"
#include "commands.h"
#include "files.h"

enum {
    DOCUMENT_SIZE = 4 << 20, /* untouched memory costs nothing */
    TOKENS_SIZE = 4 * DOCUMENT_SIZE
};
static char document[DOCUMENT_SIZE];

static int fail_json(struct app *app, const char *path, struct berth_text text, enum berth_status status,
                     const struct berth_json_error *error)
{
    uint32_t line, column;
    text_place(text, error->offset, &line, &column);
    return fail_at(app, path, line, column,
                   error->reason != NULL ? error->reason : berth_status_name(status));
}

/* Line and column so far of a document that goes by in pieces. */
struct place {
    uint32_t line, column;
    uint64_t offset;
};

static void place_move(struct place *place, struct berth_text piece, uint64_t to)
{
    uint32_t line, column;
    if (to < place->offset) /* it began in the piece before */
        return;
    text_place(piece, to - place->offset, &line, &column);
    place->column = line > 1 ? column : place->column + column - 1;
    place->line += line - 1;
    place->offset = to;
}

static enum berth_status ignore_element(void *ctx, const struct berth_json_element *element)
{
    (void)ctx, (void)element;
    return BERTH_OK;
}

/* Any length: nothing of the document is kept. */
int json_check(struct app *app)
{
    static char piece[65536], kept[64];
    static struct berth_json_stream stream;
    const struct berth_json_stream_config config = {{NULL, 0}, kept, sizeof kept, ignore_element, NULL};
    const char *path = args_word(&app->args, 0);
    struct berth_source source;
    struct place place = {1, 1, 0};
    struct input in;
    int code = input_open(&in, app, path, &source);
    if (code != 0)
        return code;
    in.progress.on = false;
    enum berth_status status = berth_json_stream_init(&stream, &config);
    ptrdiff_t n = 0;
    while (status == BERTH_OK && (n = source.read(source.ctx, piece, sizeof piece)) > 0) {
        status = berth_json_stream_feed(&stream, piece, (size_t)n);
        uint64_t to = status == BERTH_OK ? place.offset + (uint64_t)n : stream.error.offset;
        place_move(&place, berth_text_make(piece, (size_t)n), to);
    }
    input_close(&in);
    if (n < 0)
        return fail_file(app, (enum berth_status)n, path);
    if (status == BERTH_OK)
        status = berth_json_stream_end(&stream);
    if (status == BERTH_OK)
        return EXIT_DONE;
    return fail_at(app, path, place.line, place.column,
                   stream.error.reason != NULL ? stream.error.reason : berth_status_name(status));
}

/* The value at AT: a text as its characters, everything else as it stands in the document; with --json always
 * JSON, on one line. */
static int print_value(struct app *app, struct berth_json_cursor at)
{
    struct berth_text raw = berth_json_raw(at);
    bool text = berth_json_type_of(at) == BERTH_JSON_TEXT;
    if (text && !app->json) {
        struct berth_text plain;
        if (berth_json_unescape_in_place(document + (raw.ptr - document), raw.len, &plain) != BERTH_OK)
            return fail(app, EXIT_BAD_DATA, "the text has half of a surrogate pair; --json shows it as it is",
                        NULL);
        raw = plain;
    }
    if (text && app->json)
        raw = berth_text_make(raw.ptr - 1, raw.len + 2);
    if (app->json)
        raw.len = json_compact(raw.ptr, raw.len, document + (raw.ptr - document));
    out_text(&app->out, raw);
    out_string(&app->out, "\n");
    return EXIT_DONE;
}

int json_get(struct app *app)
{
    static uint64_t tokens[TOKENS_SIZE / sizeof(uint64_t)];
    struct berth_text text;
    struct berth_json json;
    struct berth_json_error error = {0, NULL};
    struct berth_json_cursor at;
    const char *path = args_word(&app->args, 0), *steps = args_word(&app->args, 1);
    int code = load_file(app, path, document, sizeof document, &text);
    if (code != 0)
        return code;
    enum berth_status status = berth_json_parse(&json, text, tokens, sizeof tokens, NULL, &error);
    if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "has more values than this program holds");
    if (status != BERTH_OK)
        return fail_json(app, path, text, status, &error);
    status = berth_json_find_path(berth_json_root(&json), berth_text_of(steps), &at);
    if (status == BERTH_E_MISSING)
        return app->quiet ? EXIT_NO : fail(app, EXIT_NO, "no such value", steps);
    if (status != BERTH_OK)
        return fail(app, EXIT_USAGE,
                    "not a path; write names and [index] joined by dots, such as steps[0].name", steps);
    return print_value(app, at);
}

/* ---- YAML ------------------------------------------------------------------------------------- */

static int convert(struct app *app, struct berth_writer *out)
{
    struct berth_text text;
    struct berth_yaml_error error = {0, 0, NULL};
    const char *path = args_word(&app->args, 0);
    int code = load_file(app, path, document, sizeof document, &text);
    if (code != 0)
        return code;
    static struct berth_yaml_key keys[UINT16_MAX];
    const struct berth_yaml_options options = {.keys = keys, .key_cap = UINT16_MAX};
    enum berth_status status = berth_yaml_to_json(text, &options, out, &error);
    if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "becomes more JSON than this program holds");
    if (status != BERTH_OK)
        return fail_at(app, path, error.line, error.column,
                       error.reason != NULL ? error.reason : berth_status_name(status));
    return EXIT_DONE;
}

static char converted[DOCUMENT_SIZE];

int yaml_check(struct app *app)
{
    struct berth_writer out;
    berth_writer_init(&out, converted, sizeof converted);
    return convert(app, &out);
}

int yaml_to_json(struct app *app)
{
    struct berth_writer out;
    berth_writer_init(&out, converted, sizeof converted);
    int code = convert(app, &out);
    if (code != 0)
        return code;
    out_text(&app->out, berth_writer_text(&out));
    out_string(&app->out, "\n");
    return EXIT_DONE;
}

int yaml_from_json(struct app *app)
{
    struct berth_text text;
    struct berth_writer out;
    struct berth_json_error error = {0, NULL};
    const char *path = args_word(&app->args, 0);
    int code = load_file(app, path, document, sizeof document, &text);
    if (code != 0)
        return code;
    enum berth_status status = berth_json_check(text, &error);
    if (status != BERTH_OK)
        return fail_json(app, path, text, status, &error);
    berth_writer_init(&out, converted, sizeof converted);
    status = berth_yaml_from_json(text, &out);
    if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, path, "becomes more YAML than this program holds");
    if (status != BERTH_OK)
        return fail(app, EXIT_BAD_DATA, path,
                    status == BERTH_E_DEPTH  ? "is nested deeper than 32 levels"
                    : status == BERTH_E_UTF8 ? "has half of a surrogate pair"
                                             : "has a name of a kilobyte or more");
    out_text(&app->out, berth_writer_text(&out));
    return EXIT_DONE;
}
