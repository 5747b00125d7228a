/* What the parts of a WebHDFS transfer share. */
#ifndef BERTH_PLATFORM_WEBHDFS_TRANSFER_H
#define BERTH_PLATFORM_WEBHDFS_TRANSFER_H

#include "platform/webhdfs.h"

struct berth_webhdfs_transfer;

enum berth_webhdfs_transfer_kind {
    BERTH_WEBHDFS_UPLOADS,
    BERTH_WEBHDFS_UPLOADS_SOURCE,
    BERTH_WEBHDFS_DOWNLOADS,
    BERTH_WEBHDFS_READS
};

/* The call under way, by what its end leads to. */
enum berth_webhdfs_transfer_phase {
    BERTH_WEBHDFS_AT_START,
    BERTH_WEBHDFS_UP_LOOKS,        /* what the remote path is */
    BERTH_WEBHDFS_UP_LOOKS_INSIDE, /* what it is in that directory */
    BERTH_WEBHDFS_UP_LOOKS_CHILD,  /* the same of a file in a tree that is merged */
    BERTH_WEBHDFS_UP_MAKES_FOLDER,
    BERTH_WEBHDFS_UP_CREATES,
    BERTH_WEBHDFS_UP_MEASURES, /* the file under its temporary name */
    BERTH_WEBHDFS_UP_RENAMES,
    BERTH_WEBHDFS_UP_LOOKS_FOR_TEMPORARY, /* after a rename without an answer */
    BERTH_WEBHDFS_UP_REMOVES_OLD,         /* on a server that does not replace */
    BERTH_WEBHDFS_UP_RENAMES_PLAIN,
    BERTH_WEBHDFS_UP_CHECKS, /* the file under its name */
    BERTH_WEBHDFS_DOWN_LOOKS,
    BERTH_WEBHDFS_DOWN_LISTS,
    BERTH_WEBHDFS_DOWN_OPENS,
    BERTH_WEBHDFS_DOWN_PAUSES,
    BERTH_WEBHDFS_DOWN_LOOKS_AGAIN, /* before it goes on with a file */
    BERTH_WEBHDFS_WALKS,            /* no call: on with the next name of the tree */
    BERTH_WEBHDFS_CLEANS
};

/* In all functions below BERTH_E_WOULD_BLOCK says that the transfer goes on. */

/* ---- webhdfs_transfer.c */
/* Starts t->call, which was described with DESCRIBED; its end is PHASE's. */
enum berth_status berth_webhdfs_begin(struct berth_webhdfs_transfer *t, enum berth_status described,
                                      enum berth_webhdfs_transfer_phase phase);
/* The transfer has failed, and the message is there: what is half-done goes. */
enum berth_status berth_webhdfs_fail(struct berth_webhdfs_transfer *t, enum berth_status status);
/* The same with WHAT about PATH as the message. */
enum berth_status berth_webhdfs_fail_at(struct berth_webhdfs_transfer *t, enum berth_status status,
                                        const char *path, const char *what);
/* The same in words for STATUS. */
enum berth_status berth_webhdfs_fail_local(struct berth_webhdfs_transfer *t, enum berth_status status);
void berth_webhdfs_tell(struct berth_webhdfs_transfer *t, enum berth_webhdfs_event_kind kind, uint64_t done,
                        uint64_t length);
/* PATH (of BERTH_WEBHDFS_PATH_CAP bytes) = its first LEN bytes, '/' and NAME. BERTH_E_SPACE. */
enum berth_status berth_webhdfs_join(char *path, size_t len, struct berth_text name);
/* The last name of PATH, slashes at its end aside. */
struct berth_text berth_webhdfs_last_name(struct berth_text path);
/* Closes the local file without keeping it. */
void berth_webhdfs_close_file(struct berth_webhdfs_transfer *t);
enum berth_status berth_webhdfs_kind_of(struct berth_webhdfs_transfer *t, bool follow,
                                        enum berth_webhdfs_local_kind *out_kind);
/* A file is whole and has its name. */
enum berth_status berth_webhdfs_file_done(struct berth_webhdfs_transfer *t);
/* All is done. */
enum berth_status berth_webhdfs_done(struct berth_webhdfs_transfer *t);
/* The next step goes on with the tree. */
enum berth_status berth_webhdfs_walk_on(struct berth_webhdfs_transfer *t);

/* ---- webhdfs_upload.c: each takes up where a call has ended with STATUS */
enum berth_status berth_webhdfs_upload_start(struct berth_webhdfs_transfer *t);
enum berth_status berth_webhdfs_upload_on(struct berth_webhdfs_transfer *t, enum berth_status status);
/* The file at t->local to t->remote, which is free (or may be replaced). */
enum berth_status berth_webhdfs_upload_file(struct berth_webhdfs_transfer *t);

/* ---- webhdfs_download.c */
enum berth_status berth_webhdfs_download_on(struct berth_webhdfs_transfer *t, enum berth_status status);
/* The file at t->remote, t->size bytes long, to t->local. */
enum berth_status berth_webhdfs_download_file(struct berth_webhdfs_transfer *t);
/* The local folder at t->local is made, or is there. */
enum berth_status berth_webhdfs_make_folder(struct berth_webhdfs_transfer *t);

/* ---- webhdfs_tree.c */
/* The directory at t->local and t->remote, which is there on both sides: into it. */
enum berth_status berth_webhdfs_enter(struct berth_webhdfs_transfer *t);
/* On with the next name of the tree. */
enum berth_status berth_webhdfs_walk(struct berth_webhdfs_transfer *t);
/* A listing has ended. */
enum berth_status berth_webhdfs_listed(struct berth_webhdfs_transfer *t, enum berth_status status);

#endif
