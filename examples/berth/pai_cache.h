/* The jobs that `berth pai job create` and `task` collect: .openpai/jobs/JOB/cache.json. */
#ifndef BERTH_PROGRAM_PAI_CACHE_H
#define BERTH_PROGRAM_PAI_CACHE_H

#include "pai.h"

/* Most task roles of a job, words in all of its commands, sources and packages. */
#define PAI_ROLES_MAX 64
#define PAI_TEXTS_MAX 4096
#define PAI_CACHE_MAX (256 * 1024)

/* The job under construction; its spec is spec, whose roles and texts may be changed. */
struct pai_cache {
    struct berth_openpai_spec spec;
    struct berth_openpai_spec_role roles[PAI_ROLES_MAX];
    struct berth_text texts[PAI_TEXTS_MAX];
    struct berth_text sources[256], packages[64];
    char json[PAI_CACHE_MAX];
};

/* Whether NAME can be a job's name and a folder's. */
int pai_check_job_name(struct app *app, struct berth_text name);
/* ".openpai/jobs/JOB/FILE" into BUF. */
int pai_cache_path(struct app *app, struct berth_text job, const char *file, char *buf, size_t size);
/* Makes the folders that PATH lies in, from .openpai on. */
int pai_make_folders(struct app *app, const char *path);
/* EXIT_NO (not reported) when there is none. */
int pai_cache_load(struct app *app, struct berth_text job, struct pai_cache *cache);
int pai_cache_store(struct app *app, const struct pai_cache *cache);
/* Fills in what --image, --package, --source, --workspace ... say, and the defaults. */
int pai_cache_options(struct app *app, struct pai_cache *cache);
/* Adds the role that --task-role-name, --instances, --cpu, --gpu, --mem and the arguments from FIRST on
 * describe. */
int pai_cache_role(struct app *app, struct pai_cache *cache, bool update);
/* The job's name by --job-name or the default; absent: reported. */
int pai_cache_name(struct app *app, struct berth_text *out);

#endif
