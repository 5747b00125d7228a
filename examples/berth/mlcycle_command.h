/* What every mlcycle command does: read its arguments, open the session, run one call, print. */
#ifndef BERTH_PROGRAM_MLCYCLE_COMMAND_H
#define BERTH_PROGRAM_MLCYCLE_COMMAND_H

#include "mlcycle_view.h"
#include "session.h"

/* One command runs in a process: its session, its call and what prints it. */
extern struct session mlcycle_session;
extern struct berth_call mlcycle_call;
extern struct view mlcycle_view;

/* Opens the session, to --host; 0 or an exit code (reported), as all of these. */
int mlcycle_open(struct app *app);
/* Runs the call, which was described with STATUS, prints its elements by PRINT (NULL: none come) and closes
 * the session. */
int mlcycle_run(struct app *app, enum berth_status status, view_print_fn *print);
/* The same without closing and with the call's own element function. */
int mlcycle_ask(struct app *app, enum berth_status status);
/* Reports what the call came to; the exit code. */
int mlcycle_report(enum berth_status status);
int mlcycle_id(struct app *app, const char *text, struct berth_guid *out_id);
/* The argument at INDEX as an id. */
int mlcycle_id_at(struct app *app, size_t index, struct berth_guid *out_id);
int mlcycle_step_at(struct app *app, size_t index, int32_t *out_step);
/* JOB STEP at the front of the arguments. */
int mlcycle_job_step(struct app *app, struct berth_guid *out_job, int32_t *out_step);
/* An option that the command cannot do without, not blank. */
int mlcycle_need(struct app *app, enum option_id id, struct berth_text *out_text);

#endif
