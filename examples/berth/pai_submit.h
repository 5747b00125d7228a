/* Checking and submitting job documents. */
#ifndef BERTH_PROGRAM_PAI_SUBMIT_H
#define BERTH_PROGRAM_PAI_SUBMIT_H

#include "pai.h"

/* Submits (or, with --preview, prints) to pai.client, whose server is known, and prints the job's link. */
int pai_submit_document(struct app *app, const char *path, const struct berth_openpai_document *document);
/* Builds SPEC as the server needs it, uploads its sources and submits it. */
int pai_submit_spec(struct app *app, struct berth_openpai_spec *spec);
/* The source NAME is the local file PATH. */
void pai_made_source(struct berth_text name, struct berth_text path);
/* Whether this process runs inside a job's container. */
bool pai_in_job(void);
/* What a job's environment says. */
int pai_environment(struct app *app, struct berth_openpai_env *out_env);
/* EXIT_USAGE inside a job, unless --allow-in-job. */
int pai_refuse_inside(struct app *app);

#endif
