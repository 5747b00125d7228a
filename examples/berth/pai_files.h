/* The files of the old Python SDK: ~/.openpai/clusters.json, ~/.openpai/tokens.json and
 * .openpai/defaults.json, read and written so that both programs can share them. */
#ifndef BERTH_PROGRAM_PAI_FILES_H
#define BERTH_PROGRAM_PAI_FILES_H

#include "berth/openpai_files.h"

#include "app.h"

/* Largest such file. */
#define PAI_FILE_MAX 65536
#define PAI_PATH_MAX 4096

/* A JSON file, read whole. */
struct pai_file {
    char path[PAI_PATH_MAX];
    bool found;
    struct berth_openpai_file content;
    char text[PAI_FILE_MAX];
    uint64_t tokens[PAI_FILE_MAX / 2 * BERTH_JSON_TOKEN_SIZE / sizeof(uint64_t)];
    char room[PAI_FILE_MAX];
};

/* Finds a folder for PATH's last part and makes it (0700). Only the last folder is made. */
int pai_make_folder(struct app *app, const char *path);
/* ".openpai/NAME" in the home folder (HOME_FOLDER) or the working folder, into BUF; 0 or an exit code. */
int pai_path(struct app *app, bool home, const char *name, char *buf, size_t size);
/* Reads PATH; a file that is not there is found == false and no error. What is no JSON object or array is
 * reported with its place. */
int pai_load(struct app *app, struct pai_file *file, const char *path);
/* Writes JSON, one member a line, so that PATH is either old or new; 0600, its folder 0700. */
int pai_store(struct app *app, const char *path, struct berth_text json);

/* ---- clusters ---- */

/* ~/.openpai/clusters.json, else clusters.yaml; and (OR_ENVIRONMENT) what a job's environment says when there
 * is neither. */
int pai_clusters_load(struct app *app, struct pai_file *file, bool or_environment);
/* By --alias, the default cluster-alias, or the only one there is; 0 or an exit code. */
int pai_choose(struct app *app, struct pai_file *file, struct berth_openpai_cluster *out);
/* Writes the file with the cluster ALIAS changed, added, or (COUNT 0) left out. */
int pai_clusters_store(struct app *app, struct pai_file *file, struct berth_text alias,
                       const struct berth_openpai_change *changes, size_t count);

/* ---- defaults ---- */

/* The default that the working folder keeps under NAME, or an empty text. Read once. */
struct berth_text pai_default(struct app *app, const char *name);
/* The option's value, else the default NAME, else empty. */
struct berth_text pai_option(struct app *app, enum option_id id, const char *name);
/* Changes some; 0 or an exit code. */
int pai_defaults_store(struct app *app, const struct berth_openpai_change *changes, size_t count);
/* The file itself, for listing. */
int pai_defaults_load(struct app *app, struct pai_file **out_file);

/* ---- tokens ---- */

/* The token kept for USER at PAI_URI: into BUF, empty when there is none. */
int pai_token_load(struct app *app, const struct berth_openpai_cluster *cluster, char *buf, size_t size);
/* Keeps it (an empty one: forgets). */
int pai_token_store(struct app *app, const struct berth_openpai_cluster *cluster, struct berth_text token);

#endif
