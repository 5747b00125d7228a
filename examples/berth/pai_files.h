/* The files of the old Python SDK: ~/.openpai/clusters.json, ~/.openpai/tokens.json and
 * .openpai/defaults.json, read and written so that both programs can share them. */
#ifndef BERTH_PROGRAM_PAI_FILES_H
#define BERTH_PROGRAM_PAI_FILES_H

#include "app.h"

/* Largest such file. */
#define PAI_FILE_MAX 65536
#define PAI_PATH_MAX 4096

/* A JSON file, read whole. */
struct pai_file {
    char path[PAI_PATH_MAX];
    bool found;
    struct berth_json json; /* berth_json_root(&file->json): an object or array; NONE when not found */
    char text[PAI_FILE_MAX];
    uint64_t tokens[PAI_FILE_MAX / 2 * BERTH_JSON_TOKEN_SIZE / sizeof(uint64_t)];
    struct berth_writer strings; /* unescaped texts go here */
    char room[PAI_FILE_MAX];
};

/* What becomes of a member when an object is written anew. */
struct pai_change {
    struct berth_text name;
    struct berth_text text; /* the value; absent (ptr NULL): the member goes away */
    bool raw;               /* text is JSON */
};

/* Finds a folder for PATH's last part and makes it (0700). Only the last folder is made. */
int pai_make_folder(struct app *app, const char *path);
/* ".openpai/NAME" in the home folder (HOME_FOLDER) or the working folder, into BUF; 0 or an exit code. */
int pai_path(struct app *app, bool home, const char *name, char *buf, size_t size);
/* Reads PATH; a file that is not there is found == false and no error. What is no JSON object or array is
 * reported with its place. */
int pai_load(struct app *app, struct pai_file *file, const char *path);
/* A member's text, unescaped; a number or boolean as it stands; empty when it is absent or null. The text
 * lives as long as FILE. */
struct berth_text pai_member(struct pai_file *file, struct berth_json_cursor object, const char *name);
struct berth_text pai_text(struct pai_file *file, struct berth_json_cursor at);
/* The name of the member that AT is. */
struct berth_text pai_name(struct pai_file *file, struct berth_json_cursor at);
/* OBJECT (NONE: empty) with changes; members that are not in it come last. */
void pai_put_changed(struct pai_file *file, struct berth_json_writer *w, struct berth_json_cursor object,
                     const struct pai_change *changes, size_t count);
/* Compact JSON with each member and element on a line of its own, as json.dump(indent=4) writes it. */
void pai_expand(struct berth_text json, struct berth_writer *w);
/* Writes JSON, one member a line, so that PATH is either old or new; 0600, its folder 0700. */
int pai_store(struct app *app, const char *path, struct berth_text json);

/* ---- clusters ---- */

struct pai_cluster {
    struct berth_text alias, pai_uri, rest_server_uri, user, password, token, hdfs_web_uri;
    struct berth_json_cursor entry;
};

/* ~/.openpai/clusters.json, or what the environment of a job says when there is no such file. */
int pai_clusters_load(struct app *app, struct pai_file *file);
/* Walks the clusters: start with a zeroed *AT. */
bool pai_clusters_next(struct pai_file *file, struct berth_json_cursor *at, struct pai_cluster *out);
/* The later form of the file keeps storages in a list: the address of the one called WANTED (empty: the
 * default one, else the first by WebHDFS), or an empty text. */
struct berth_text pai_storage_uri(struct pai_file *file, struct berth_json_cursor entry,
                                  struct berth_text wanted);
/* By --alias, the default cluster-alias, or the only one there is; 0 or an exit code. */
int pai_choose(struct app *app, struct pai_file *file, struct pai_cluster *out);
/* Writes the file with the cluster ALIAS changed, added, or (COUNT 0) left out. */
int pai_clusters_store(struct app *app, struct pai_file *file, struct berth_text alias,
                       const struct pai_change *changes, size_t count);

/* ---- defaults ---- */

/* The default that the working folder keeps under NAME, or an empty text. Read once. */
struct berth_text pai_default(struct app *app, const char *name);
/* The option's value, else the default NAME, else empty. */
struct berth_text pai_option(struct app *app, enum option_id id, const char *name);
/* Changes some; 0 or an exit code. */
int pai_defaults_store(struct app *app, const struct pai_change *changes, size_t count);
/* The file itself, for listing. */
int pai_defaults_load(struct app *app, struct pai_file **out_file);

/* ---- tokens ---- */

/* The token kept for USER at PAI_URI: into BUF, empty when there is none. */
int pai_token_load(struct app *app, const struct pai_cluster *cluster, char *buf, size_t size);
/* Keeps it (an empty one: forgets). */
int pai_token_store(struct app *app, const struct pai_cluster *cluster, struct berth_text token);

#endif
