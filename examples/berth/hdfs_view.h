/* How files, directories and sums look on the screen and as JSON lines. */
#ifndef BERTH_PROGRAM_HDFS_VIEW_H
#define BERTH_PROGRAM_HDFS_VIEW_H

#include "app.h"
#include "table.h"

/* Prints a listing's entries: as table rows, or with --json as they came, one a line. */
struct hdfs_view {
    struct app *app;
    struct berth_text last_name; /* of the path that is listed */
    size_t count;
    bool is_file; /* an entry without a name: a file was listed */
    bool held;    /* the only entry so far may be the file itself */
    struct berth_webhdfs_entry first;
    char kept[2048]; /* its texts */
    size_t kept_len;
    struct table table;
};
berth_call_element_fn hdfs_view_entry; /* ctx: struct hdfs_view */
/* Prints the entry that is held. */
void hdfs_view_held(struct hdfs_view *view);
void hdfs_view_stat(struct app *app, const struct berth_webhdfs_entry *entry, const char *path);
void hdfs_view_summary(struct app *app, const struct berth_webhdfs_summary *summary, const char *path);
/* STRUCTURE as one JSON line. */
void hdfs_view_json(struct app *app, const struct berth_shape *shape, const void *structure);
/* TEXT as a line, or with --json under NAME as the server has it, or under INNER in NAME. */
void hdfs_view_text(struct app *app, const char *name, const char *inner, struct berth_text text);

#endif
