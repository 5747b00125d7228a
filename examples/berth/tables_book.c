/* The command `berth book`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_USER_ID, "user-id", "-id -std-id --student-id", "TEXT", 0, false, NULL, "user's account."},
    {OPT_USE_OPTIONS, "use-options", "-use-opt", NULL, 0, false, NULL, "use extra options."},
    {OPT_LIST_SCHEDULE, "list-schedule", "-ls", NULL, 0, false, NULL, "list schedule that already booking."},
    {OPT_RESTART, "restart-container", "-rst", NULL, 0, false, NULL,
     "ask the monitor to restart one's container"},
};

static const struct command commands[] = {
    {"book", "", 0, 0, GROUP_HOST, OPTIONS(OPT_USER_ID, OPT_USE_OPTIONS, OPT_LIST_SCHEDULE, OPT_RESTART),
     book_run, "book CPUs, memory and GPUs of the host",
     "Asks for what it needs, on a terminal or from a pipe, one answer a line: account, password, 'cpus "
     "memory "
     "gpus', start and end. A start is 'YYYY MM DD hh mm', now, or days and weeks from now such as '1-week "
     "2-day'; "
     "an end the same, counted from the start. With -use-opt also port, image, command and password. -ls "
     "needs no "
     "password and leaves commands out. Exit code 1: refused, or no more input; 3: a file, the lock or the "
     "configuration (docs/booking.md)."},
};

const struct family family_book = {NULL, options, COUNT(options), commands, COUNT(commands)};
