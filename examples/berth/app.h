/* What every command of the program shares: options, output, exit codes, errors. */
#ifndef BERTH_PROGRAM_APP_H
#define BERTH_PROGRAM_APP_H

#include "berth/berth.h"

#include "options.h"
#include "out.h"

/* Documented in docs/errors.md and the man page; stable. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_NO = 1, /* the answer is no */
    EXIT_USAGE = 2,
    EXIT_NETWORK = 3,
    EXIT_REFUSED = 4, /* by the server */
    EXIT_BAD_DATA = 5,
    EXIT_SPACE = 6,
    EXIT_TIMEOUT = 7,
    EXIT_CONFLICT = 8,
    EXIT_INTERRUPTED = 130
};

struct app {
    struct args args;
    struct out out; /* standard output: results only */
    struct out err; /* standard error: errors, progress, the exchange */
    bool json;
    bool quiet;
};

enum exit_code exit_code_of(enum berth_status status);

/* "berth: COMMAND: WHAT: DETAIL" on standard error, one line, made safe for a terminal; DETAIL may be NULL.
 * Returns CODE. */
int fail(struct app *app, enum exit_code code, const char *what, const char *detail);
int fail_text(struct app *app, enum exit_code code, const char *what, struct berth_text detail);

/* "PATH:LINE:COLUMN: REASON" of a document that is not what it should be; EXIT_BAD_DATA. */
int fail_at(struct app *app, const char *path, uint32_t line, uint32_t column, const char *reason);

/* Reports that standard output could not be written (a closed pipe says nothing: 141, as if by SIGPIPE). */
int fail_output(struct app *app);

#endif
