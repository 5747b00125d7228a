/* The files of OpenPAI's old SDK, read and written so that both can share them: clusters.json, defaults.json,
 * and berth's own tokens.json. Bytes in, bytes out: where they lie, and with which permissions (0600: there
 * are passwords in them), is the program's business. */
#ifndef BERTH_OPENPAI_FILES_H
#define BERTH_OPENPAI_FILES_H

#include "berth/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file's document; all memory is the caller's and lives as long as it. */
struct berth_openpai_file {
    struct berth_json json;      /* an object or an array */
    struct berth_writer strings; /* texts that had escapes */
};

/* Parses DOCUMENT; an empty one, as of a file that is not there, counts as {}. TOKENS as in
 * berth_json_parse(); STRINGS takes what has to be unescaped (a document's length always suffices). As
 * berth_json_parse(); BERTH_E_TYPE for what is neither object nor array. */
enum berth_status berth_openpai_file_read(struct berth_openpai_file *out_file, struct berth_text document,
                                          void *tokens, size_t tokens_size, char *strings, size_t strings_cap,
                                          struct berth_json_error *out_error) BERTH_MUST_CHECK;
/* A value's text: a JSON string unescaped, a number or boolean as it stands, empty for null, for nothing and
 * for a string that is no text. */
struct berth_text berth_openpai_file_text(struct berth_openpai_file *file, struct berth_json_cursor at);
/* The same of member NAME. */
struct berth_text berth_openpai_file_member(struct berth_openpai_file *file, struct berth_json_cursor object,
                                            struct berth_text name);
/* The name of the member that AT is, unescaped; absent when it is none. */
struct berth_text berth_openpai_file_name(struct berth_openpai_file *file, struct berth_json_cursor at);

/* What becomes of a member. */
struct berth_openpai_change {
    struct berth_text name;
    struct berth_text text; /* the value; absent (ptr NULL): the member goes away */
    bool raw;               /* text is JSON */
};
/* Writes OBJECT (NONE: an empty one) with the changes; what is not among them stays, in its place and as it
 * is, new members come last. defaults.json is written by this alone. */
void berth_openpai_put_changed(struct berth_openpai_file *file, struct berth_json_writer *w,
                               struct berth_json_cursor object, const struct berth_openpai_change *changes,
                               size_t count);
/* Puts compact JSON (checked before) as the old SDK writes it: four blanks a level, a line end behind it. */
void berth_openpai_put_indented(struct berth_writer *w, struct berth_text json);

/* ---- clusters.json ---------------------------------------------------------------------------- */

/* A cluster in either form of the file: {"ALIAS": {...}} or (later) [{"cluster_alias": "ALIAS", ...}]. Texts
 * that are not there are empty. */
struct berth_openpai_cluster {
    struct berth_text alias, pai_uri, rest_server_uri, user;
    struct berth_text password; /* "passwd" or "password" */
    struct berth_text token;
    struct berth_text hdfs_web_uri; /* or the default one of the later form's storages */
    struct berth_json_cursor entry;
};
/* Walks the clusters: start with a zeroed *INOUT_AT. False at the end. */
bool berth_openpai_next_cluster(struct berth_openpai_file *file, struct berth_json_cursor *inout_at,
                                struct berth_openpai_cluster *out_cluster);
/* By ALIAS, or (empty) the only one that there is. BERTH_E_MISSING: there is none at all; BERTH_E_NOT_FOUND:
 * none of this name; BERTH_E_ARGUMENT: several, and no alias. */
enum berth_status berth_openpai_choose_cluster(struct berth_openpai_file *file, struct berth_text alias,
                                               struct berth_openpai_cluster *out_cluster) BERTH_MUST_CHECK;
/* The address of ENTRY's storage WANTED (empty: the default one, else the first) by WebHDFS, or an empty
 * text. */
struct berth_text berth_openpai_storage_uri(struct berth_openpai_file *file, struct berth_json_cursor entry,
                                            struct berth_text wanted);
/* Writes the file, in the form that it has, with the cluster ALIAS changed or added, or (COUNT 0) left out.
 */
void berth_openpai_put_cluster(struct berth_openpai_file *file, struct berth_json_writer *w,
                               struct berth_text alias, const struct berth_openpai_change *changes,
                               size_t count);

/* ---- tokens.json: {"ALIAS": {"pai_uri": ..., "user": ..., "token": ...}} ---------------------------- */

/* The token kept for a cluster, or an empty text: one that was got elsewhere or by another user is not it. */
struct berth_text berth_openpai_kept_token(struct berth_openpai_file *file,
                                           const struct berth_openpai_cluster *cluster);
/* Writes the file with the cluster's token changed, or (empty) left out. */
void berth_openpai_put_token(struct berth_openpai_file *file, struct berth_json_writer *w,
                             const struct berth_openpai_cluster *cluster, struct berth_text token);

#ifdef __cplusplus
}
#endif
#endif
