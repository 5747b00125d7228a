/* Help, from the tables. */
#ifndef BERTH_PROGRAM_HELP_H
#define BERTH_PROGRAM_HELP_H

#include "app.h"

/* Help on one command. */
int help_command(struct app *app, const struct command *command);
/* For words that name no command: the list of what they could begin, or an error. */
int help_unmatched(struct app *app);

#endif
