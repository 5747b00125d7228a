/* What the WebHDFS commands share: the cluster by the options, calls, transfers, and how they end. `berth pai
 * storage` uses these too. */
#ifndef BERTH_PROGRAM_HDFS_H
#define BERTH_PROGRAM_HDFS_H

#include "session.h"

/* One command runs in a process: its connection, cluster and call. */
extern struct session hdfs_session;
extern struct berth_webhdfs hdfs_fs;
extern struct berth_call hdfs_call;

/* Opens the cluster that CONFIG names (roots, user, token, places of DataNodes); the rest of CONFIG is filled
 * in. 0 or an exit code (reported), as all of these. */
int hdfs_open(struct app *app, struct berth_webhdfs_config *config);
/* The same by the options --root, --user, --delegation-token-file, --do-as, --datanode. */
int hdfs_open_by_options(struct app *app);
/* May be called without a cluster that is open. */
void hdfs_close(void);
int hdfs_close_with(int code); /* the same; returns CODE */

/* The exit code for a status of the cluster's: docs/webhdfs.md. */
enum exit_code hdfs_exit_code(enum berth_status status);
/* The command's word INDEX as a path of the cluster: 0, or an exit code (reported). */
int hdfs_path_at(struct app *app, size_t index, struct berth_text *out_path);
/* Runs hdfs_call, which was described with STATUS; reports what failed. */
int hdfs_run(struct app *app, enum berth_status status);
/* Reports CALL, which came to STATUS. */
int hdfs_report(struct app *app, const struct berth_call *call, enum berth_status status);

/* Storage by path, for any command: each on the open cluster. LOCAL "-" is standard input or output. */
int hdfs_list_path(struct app *app, const char *path);
int hdfs_stat_path(struct app *app, const char *path);
int hdfs_delete_path(struct app *app, const char *path, bool recursive);
int hdfs_put_path(struct app *app, const char *local, const char *remote, bool recursive, bool overwrite);
int hdfs_get_path(struct app *app, const char *remote, const char *local, bool recursive, bool overwrite);
/* From OFFSET on (or the last OFFSET bytes), at most LENGTH, to standard output. */
int hdfs_read_path(struct app *app, const char *remote, uint64_t offset, bool from_end, uint64_t length);

/* ---- hdfs_local.c */
/* The local side of transfers. */
const struct berth_webhdfs_local *hdfs_local(void);

#endif
