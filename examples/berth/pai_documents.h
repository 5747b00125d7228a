/* OpenPAI job documents: read, checked and converted, with what is found reported. */
#ifndef BERTH_PROGRAM_PAI_DOCUMENTS_H
#define BERTH_PROGRAM_PAI_DOCUMENTS_H

#include "app.h"

/* A document of twice the size that a server takes is still read, so that all is said about it. */
#define PAI_DOCUMENT_MAX (2 * BERTH_OPENPAI_JOB_SIZE_MAX)
/* What is written of one: JSON can be longer than the YAML it was. */
#define PAI_WRITTEN_MAX (6 * PAI_DOCUMENT_MAX)

/* Reads TEXT, which came from PATH; the memory is the program's own, for one document at a time. 0 or an exit
 * code (reported), as all of these. */
int pai_read_document(struct app *app, const char *path, struct berth_text text,
                      struct berth_openpai_document *out);
/* What is found goes to standard error, warnings unless --quiet. EXIT_BAD_DATA when there are errors. */
int pai_check_document(struct app *app, const char *path, const struct berth_openpai_document *document);
/* A v1 document as v2; AUTH_FILE as berth_openpai_convert() has it, may be absent. */
int pai_convert_document(struct app *app, const char *path, const struct berth_openpai_document *document,
                         struct berth_text auth_file, struct berth_writer *out);

#endif
