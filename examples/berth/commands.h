/* What the commands of the table call; each returns an exit code. */
#ifndef BERTH_PROGRAM_COMMANDS_H
#define BERTH_PROGRAM_COMMANDS_H

struct app;

int mlcycle_projects_list(struct app *app);
int mlcycle_projects_get(struct app *app);
int mlcycle_projects_add(struct app *app);
int mlcycle_projects_update(struct app *app);
int mlcycle_projects_delete(struct app *app);
int mlcycle_workers_list(struct app *app);
int mlcycle_workers_get(struct app *app);
int mlcycle_workers_add(struct app *app);
int mlcycle_workers_update(struct app *app);
int mlcycle_workers_delete(struct app *app);
int mlcycle_jobs_list(struct app *app);
int mlcycle_jobs_get(struct app *app);
int mlcycle_jobs_trigger(struct app *app);
int mlcycle_jobs_add_steps(struct app *app);
int mlcycle_jobs_add_metrics(struct app *app);
int mlcycle_scheduler_pending(struct app *app);
int mlcycle_scheduler_claim(struct app *app);
int mlcycle_scheduler_complete(struct app *app);
int mlcycle_scheduler_error(struct app *app);
int mlcycle_fragments_list(struct app *app);
int mlcycle_fragments_get(struct app *app);
int mlcycle_fragments_latest(struct app *app);
int mlcycle_fragments_upload(struct app *app);
int json_check(struct app *app);
int json_get(struct app *app);
int yaml_check(struct app *app);
int yaml_to_json(struct app *app);
int schedule_check(struct app *app);
int schedule_next(struct app *app);
int schedule_show(struct app *app);
int schedule_list(struct app *app);
int schedule_stats(struct app *app);
int gpu_list(struct app *app);
int gpu_links(struct app *app);
int gpu_assign(struct app *app);
int worker_run(struct app *app);
int monitor_run(struct app *app);
int run_container_run(struct app *app);
int pai_job_check(struct app *app);
int pai_job_convert(struct app *app);
int pai_cluster_list(struct app *app);
int pai_cluster_add(struct app *app);
int pai_cluster_delete(struct app *app);
int pai_cluster_select(struct app *app);
int pai_default_add(struct app *app);
int pai_default_list(struct app *app);
int pai_default_remove(struct app *app);
int hdfs_ls(struct app *app);
int hdfs_stat(struct app *app);
int hdfs_du(struct app *app);
int hdfs_checksum(struct app *app);
int hdfs_home(struct app *app);
int hdfs_get(struct app *app);
int hdfs_put(struct app *app);
int hdfs_append(struct app *app);
int hdfs_cat(struct app *app);
int hdfs_tail(struct app *app);
int hdfs_rm(struct app *app);
int hdfs_mkdir(struct app *app);
int hdfs_mv(struct app *app);
int hdfs_chmod(struct app *app);
int hdfs_truncate(struct app *app);
int hdfs_concat(struct app *app);
int hdfs_token_get(struct app *app);
int hdfs_token_renew(struct app *app);
int hdfs_token_cancel(struct app *app);
int version_run(struct app *app);
int help_run(struct app *app);
int completion_run(struct app *app);
int man_run(struct app *app);

#endif
