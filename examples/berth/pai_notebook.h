/* A notebook's cells as a script. */
#ifndef BERTH_PROGRAM_PAI_NOTEBOOK_H
#define BERTH_PROGRAM_PAI_NOTEBOOK_H

#include "app.h"

/* Writes the notebook at PATH (nbformat 3 or 4) as a Python script to TO: code cells in order, text as
 * comments, magics as calls of IPython. Outputs and attachments of any size are passed over; one cell's
 * source has at most 1 MB. 0 or an exit code (reported). */
int pai_notebook_script(struct app *app, const char *path, const char *to);

#endif
