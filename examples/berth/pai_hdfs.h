/* The chosen cluster's storage by WebHDFS, for `berth pai storage`, `output`, `runtime` and the sources of
 * jobs. */
#ifndef BERTH_PROGRAM_PAI_HDFS_H
#define BERTH_PROGRAM_PAI_HDFS_H

#include "hdfs.h"
#include "pai.h"

/* Opens it (--storage-alias chooses among several); pai_choose_cluster() went before. 0 or an exit code
 * (reported). The program has memory for one connection: that of pai.session is closed, and pai_back() opens
 * it again. */
int pai_hdfs_open(struct app *app);
int pai_back(struct app *app);
/* WORKSPACE/JOB/PART into BUF (without INFIX), or WORKSPACE/jobs/JOB/PART. */
int pai_job_path(struct app *app, struct berth_text workspace, bool infix, struct berth_text job,
                 const char *part, char *buf, size_t size);
/* Every file and folder in the local FOLDER into REMOTE, which is made; what is there is replaced. */
int pai_upload_children(struct app *app, const char *folder, const char *remote);

#endif
