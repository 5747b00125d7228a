/* Exit codes and the one-line errors. */
#include "app.h"

#include "files.h"

#include "berth/port_posix.h"

#include <errno.h>

enum exit_code exit_code_of(enum berth_status status)
{
    switch (status) {
    case BERTH_OK:
        return EXIT_DONE;
    case BERTH_E_NO_WORK:
        return EXIT_NO;
    case BERTH_E_ARGUMENT:
    case BERTH_E_STATE:
    case BERTH_E_NOT_PROVIDED:
        return EXIT_USAGE;
    case BERTH_E_CLOSED:
    case BERTH_E_WOULD_BLOCK:
    case BERTH_E_RESET:
    case BERTH_E_TLS:
    case BERTH_E_RESOLVE:
    case BERTH_E_CONNECT:
    case BERTH_E_UNAVAILABLE:
    case BERTH_E_ENTROPY:
        return EXIT_NETWORK;
    case BERTH_E_REDIRECT:
    case BERTH_E_BAD_REQUEST:
    case BERTH_E_UNAUTHORIZED:
    case BERTH_E_FORBIDDEN:
    case BERTH_E_NOT_FOUND:
    case BERTH_E_TOO_LARGE:
    case BERTH_E_SERVER:
        return EXIT_REFUSED;
    case BERTH_E_SPACE:
    case BERTH_E_DISK_FULL:
        return EXIT_SPACE;
    case BERTH_E_TIMEOUT:
        return EXIT_TIMEOUT;
    case BERTH_E_WRONG_STATE:
    case BERTH_E_CONFLICT:
    case BERTH_E_BUSY:
    case BERTH_E_EXISTS:
    case BERTH_E_LOCKED:
        return EXIT_CONFLICT;
    case BERTH_E_CANCELLED:
        return EXIT_INTERRUPTED;
    case BERTH_E_SYNTAX:
    case BERTH_E_TYPE:
    case BERTH_E_RANGE:
    case BERTH_E_MISSING:
    case BERTH_E_UTF8:
    case BERTH_E_DEPTH:
    case BERTH_E_PROTOCOL:
    case BERTH_E_TRUNCATED:
    case BERTH_E_IO:
    case BERTH_E_NO_FILE:
    case BERTH_E_PERMISSION:
        return EXIT_BAD_DATA;
    }
    return EXIT_BAD_DATA;
}

int fail_text(struct app *app, enum exit_code code, const char *what, struct berth_text detail)
{
    struct out *err = &app->err;
    out_flush(&app->out);
    out_string(err, "berth: ");
    if (app->args.command != NULL) {
        out_string(err, app->args.command->words);
        out_string(err, ": ");
    }
    out_safe(err, berth_text_of(what));
    if (detail.len > 0) {
        out_string(err, ": ");
        out_safe(err, detail);
    }
    out_string(err, "\n");
    out_flush(err);
    return (int)code;
}

int fail(struct app *app, enum exit_code code, const char *what, const char *detail)
{
    return fail_text(app, code, what, berth_text_of(detail));
}

int fail_at(struct app *app, const char *path, uint32_t line, uint32_t column, const char *reason)
{
    char where[1200];
    struct berth_writer w;
    berth_writer_init(&w, where, sizeof where);
    berth_put_string(&w, path);
    berth_put_char(&w, ':');
    berth_put_u64(&w, line);
    berth_put_char(&w, ':');
    berth_put_u64(&w, column);
    if (berth_writer_terminate(&w) != BERTH_OK)
        return fail(app, EXIT_BAD_DATA, reason, NULL);
    return fail(app, EXIT_BAD_DATA, where, reason);
}

int fail_output(struct app *app)
{
    if (app->out.error == EINTR)
        return 128 + program_signal();
    if (app->out.error == EPIPE)
        return 128 + 13;
    enum exit_code code = app->out.error == ENOSPC ? EXIT_SPACE : EXIT_BAD_DATA;
    return fail_text(app, code, "standard output", berth_posix_error_text(app->out.error));
}
