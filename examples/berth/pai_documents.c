/* berth pai job check and convert: job documents without a server. */
#include "pai_documents.h"

#include "commands.h"
#include "files.h"

#include <string.h>

static uint64_t document_memory[2 * BERTH_OPENPAI_JOB_MEMORY / sizeof(uint64_t)];

/* ---- Findings --------------------------------------------------------------------------------- */

struct findings {
    struct app *app;
    const char *path;
    bool result; /* what is found is what was asked for, not an error of the command */
};

/* "FILE:LINE:COLUMN: " */
static void put_place(struct out *out, const char *path, const struct berth_openpai_finding *finding)
{
    out_safe(out, berth_text_of(path));
    out_string(out, ":");
    out_u64(out, finding->line);
    out_string(out, ":");
    out_u64(out, finding->column);
    out_string(out, ": ");
}

static void put_sentence(struct out *out, const struct berth_openpai_finding *finding)
{
    if (finding->path.len > 0) {
        out_safe(out, finding->path);
        out_string(out, ": ");
    }
    out_safe(out, finding->text);
    out_string(out, "\n");
}

static void put_member(struct berth_json_writer *w, const char *name, struct berth_text text)
{
    berth_json_put_name(w, berth_text_of(name));
    if (berth_text_is_utf8(text, NULL))
        berth_json_put_text(w, text);
    else
        berth_json_put_null(w);
}

/* One object a line. A place of a thousand bytes may be written with six bytes each. */
static void print_json(struct findings *f, const struct berth_openpai_finding *finding)
{
    static char line[40000];
    struct berth_writer text;
    struct berth_json_writer w;
    berth_writer_init(&text, line, sizeof line);
    berth_json_writer_init(&w, &text);
    berth_json_begin_object(&w);
    put_member(&w, "file", berth_text_of(f->path));
    berth_json_put_name(&w, BERTH_TEXT("line"));
    berth_json_put_u64(&w, finding->line);
    berth_json_put_name(&w, BERTH_TEXT("column"));
    berth_json_put_u64(&w, finding->column);
    put_member(&w, "severity", finding->warning ? BERTH_TEXT("warning") : BERTH_TEXT("error"));
    put_member(&w, "rule", berth_text_of(berth_openpai_rule_name(finding->rule)));
    put_member(&w, "path", finding->path);
    put_member(&w, "text", finding->text);
    berth_json_end_object(&w);
    if (berth_json_done(&w) != BERTH_OK)
        return;
    out_text(&f->app->out, berth_writer_text(&text));
    out_string(&f->app->out, "\n");
}

static void print_result(struct findings *f, const struct berth_openpai_finding *finding)
{
    struct out *out = &f->app->out;
    put_place(out, f->path, finding);
    out_colour(out, finding->warning ? COLOUR_YELLOW : COLOUR_RED);
    out_string(out, finding->warning ? "warning" : "error");
    out_colour(out, COLOUR_NONE);
    out_string(out, ": ");
    put_sentence(out, finding);
}

static void print_error(struct findings *f, const struct berth_openpai_finding *finding)
{
    struct out *err = &f->app->err;
    out_flush(&f->app->out);
    out_string(err, "berth: ");
    out_string(err, f->app->args.command->words);
    out_string(err, ": ");
    put_place(err, f->path, finding);
    if (finding->warning)
        out_string(err, "warning: ");
    put_sentence(err, finding);
    out_flush(err);
}

static enum berth_status print_finding(void *ctx, const struct berth_openpai_finding *finding)
{
    struct findings *f = ctx;
    if (finding->warning && f->app->quiet)
        return BERTH_OK;
    if (!f->result)
        print_error(f, finding);
    else if (f->app->json)
        print_json(f, finding);
    else
        print_result(f, finding);
    return f->app->out.failed ? BERTH_E_CANCELLED : BERTH_OK;
}

/* The exit code of a check; a failed output is reported at the program's end. */
static int check_code(struct app *app, const char *path, enum berth_status status)
{
    if (status == BERTH_OK || status == BERTH_E_CANCELLED)
        return 0;
    return status == BERTH_E_BAD_REQUEST ? EXIT_BAD_DATA
                                         : fail(app, exit_code_of(status), path, berth_status_name(status));
}

static int check(struct app *app, const char *path, const struct berth_openpai_document *document,
                 bool result)
{
    struct findings findings = {app, path, result};
    struct berth_openpai_check c = {print_finding, &findings, 0, 0};
    return check_code(app, path, berth_openpai_document_check(document, &c));
}

int pai_check_document(struct app *app, const char *path, const struct berth_openpai_document *document)
{
    return check(app, path, document, false);
}

/* ---- Reading and converting ------------------------------------------------------------------- */

int pai_read_document(struct app *app, const char *path, struct berth_text text,
                      struct berth_openpai_document *out)
{
    struct berth_yaml_error error = {0, 0, NULL};
    char where[1200];
    struct berth_writer w;
    enum berth_status status =
        berth_openpai_document_read(out, text, document_memory, sizeof document_memory, NULL, &error);
    if (status == BERTH_OK)
        return 0;
    const char *reason = error.reason != NULL ? error.reason : berth_status_name(status);
    berth_writer_init(&w, where, sizeof where);
    berth_put_string(&w, path);
    berth_put_char(&w, ':');
    berth_put_u64(&w, error.line);
    berth_put_char(&w, ':');
    berth_put_u64(&w, error.column);
    if (status == BERTH_E_SPACE || error.line == 0 || berth_writer_terminate(&w) != BERTH_OK)
        return fail(app, exit_code_of(status), path, reason);
    return fail(app, exit_code_of(status), where, reason);
}

int pai_convert_document(struct app *app, const char *path, const struct berth_openpai_document *document,
                         struct berth_text auth_file, struct berth_writer *out)
{
    struct findings findings = {app, path, false};
    struct berth_openpai_conversion conversion = {auth_file, {print_finding, &findings, 0, 0}};
    return check_code(app, path, berth_openpai_convert(document, &conversion, out));
}

/* ---- Commands --------------------------------------------------------------------------------- */

static int load_document(struct app *app, const char *path, struct berth_openpai_document *out)
{
    static char source[PAI_DOCUMENT_MAX];
    struct berth_text text;
    int code = load_file(app, path, source, sizeof source, &text);
    return code != 0 ? code : pai_read_document(app, path, text, out);
}

int pai_job_check(struct app *app)
{
    const char *path = args_word(&app->args, 0);
    struct berth_openpai_document document;
    int code = load_document(app, path, &document);
    return code != 0 ? code : check(app, path, &document, true);
}

/* What v1's authFile holds: it is a secret. */
static int load_auth_file(struct app *app, char *buf, size_t size, struct berth_text *out)
{
    const char *path = app->args.value[OPT_AUTH_FILE];
    *out = berth_text_make(NULL, 0);
    return path == NULL ? 0 : load_file(app, path, buf, size, out);
}

/* The document in the form that is sent, converted when it is v1, into OUT. */
static int convert(struct app *app, const char *path, struct berth_openpai_document *document,
                   struct berth_writer *out)
{
    char auth[4096];
    struct berth_text auth_file;
    int code = pai_check_document(app, path, document);
    if (code != 0)
        return code;
    if (document->protocol == BERTH_OPENPAI_V2) {
        enum berth_status status = berth_openpai_document_write(document, out);
        return status == BERTH_OK ? 0 : fail(app, exit_code_of(status), path, berth_status_name(status));
    }
    code = load_auth_file(app, auth, sizeof auth, &auth_file);
    if (code == 0)
        code = pai_convert_document(app, path, document, auth_file, out);
    berth_wipe(auth, sizeof auth);
    /* What was free in v1 means something now. */
    if (code == 0)
        code = pai_read_document(app, "the converted document", berth_writer_text(out), document);
    return code != 0 ? code : pai_check_document(app, "the converted document", document);
}

/* The document that is written, in the form that was asked for. */
static int print_document(struct app *app, const char *path, struct berth_text written)
{
    static char block[PAI_WRITTEN_MAX];
    struct berth_openpai_document document;
    struct berth_writer w;
    if (args_given(&app->args, OPT_AS_SENT)) {
        out_text(&app->out, written);
        return EXIT_DONE;
    }
    int code = pai_read_document(app, path, written, &document);
    if (code != 0)
        return code;
    if (app->json) {
        out_text(&app->out, document.json.document);
        out_string(&app->out, "\n");
        return EXIT_DONE;
    }
    berth_writer_init(&w, block, sizeof block);
    enum berth_status status = berth_yaml_from_json(document.json.document, &w);
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), path, berth_status_name(status));
    out_text(&app->out, berth_writer_text(&w));
    return EXIT_DONE;
}

int pai_job_convert(struct app *app)
{
    static char written[PAI_WRITTEN_MAX];
    const char *path = args_word(&app->args, 0);
    struct berth_openpai_document document;
    struct berth_writer w;
    berth_writer_init(&w, written, sizeof written);
    int code = load_document(app, path, &document);
    if (code == 0)
        code = convert(app, path, &document, &w);
    return code != 0 ? code : print_document(app, path, berth_writer_text(&w));
}
