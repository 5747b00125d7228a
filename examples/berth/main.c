/* berth: the command line. */
#define _DEFAULT_SOURCE
#include "app.h"
#include "commands.h"
#include "help.h"
#include "trust.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static int run(struct app *app, int argc, char **argv)
{
    char message[512];
    struct args *args = &app->args;
    if (!args_parse(args, argc, argv, message, sizeof message))
        return fail(app, EXIT_USAGE, message, NULL);
    app->json = args_given(args, OPT_JSON);
    app->quiet = args_given(args, OPT_QUIET);
    if (args->command == NULL) {
        if (args_given(args, OPT_VERSION))
            return version_run(app);
        return help_unmatched(app);
    }
    if (args_given(args, OPT_HELP))
        return help_command(app, args->command);
    return args->command->run(app);
}

int main(int argc, char **argv)
{
    static struct app app;
    signal(SIGXFSZ, SIG_IGN); /* the write then fails, like one to a full disk */
    out_init(&app.out, STDOUT_FILENO);
    out_init(&app.err, STDERR_FILENO);
    int code = run(&app, argc, argv);
    trust_forget();
    out_flush(&app.out);
    out_flush(&app.err);
    if (app.out.failed && code == EXIT_DONE)
        return fail_output(&app);
    return code;
}
