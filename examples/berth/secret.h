/* Passwords and tokens: from a file, from the environment, or asked for on the terminal. */
#ifndef BERTH_PROGRAM_SECRET_H
#define BERTH_PROGRAM_SECRET_H

#include "app.h"

/* Asks QUESTION on the terminal, without showing what is typed. BUF takes it NUL-terminated. 0, or an exit
 * code: it was interrupted, nothing was given, it is too long (reported). */
int secret_ask(struct app *app, const char *question, char *buf, size_t size);
/* The first line of PATH ("-": standard input). */
int secret_read(struct app *app, const char *path, char *buf, size_t size);
/* Whether there is a terminal to ask on. */
bool secret_can_ask(void);

#endif
