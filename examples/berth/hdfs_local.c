/* The local side of transfers: what a path is, and a folder's names. */
#define _DEFAULT_SOURCE
#include "hdfs.h"

#include <errno.h>
#include <sys/stat.h>

static enum berth_status kind(void *ctx, const char *path, bool follow_link,
                              enum berth_webhdfs_local_kind *out_kind)
{
    struct stat info;
    (void)ctx;
    *out_kind = BERTH_WEBHDFS_LOCAL_NONE;
    if ((follow_link ? stat(path, &info) : lstat(path, &info)) != 0) {
        if (errno == ENOENT)
            return BERTH_OK;
        return errno == EACCES ? BERTH_E_PERMISSION : errno == ENOTDIR ? BERTH_E_NO_FILE : BERTH_E_IO;
    }
    *out_kind = S_ISREG(info.st_mode)   ? BERTH_WEBHDFS_LOCAL_FILE
                : S_ISDIR(info.st_mode) ? BERTH_WEBHDFS_LOCAL_FOLDER
                : S_ISLNK(info.st_mode) ? BERTH_WEBHDFS_LOCAL_LINK
                                        : BERTH_WEBHDFS_LOCAL_OTHER;
    return BERTH_OK;
}

static enum berth_status open_folder(void *ctx, const char *path)
{
    return berth_posix_folder_open(ctx, path);
}

static const char *next_name(void *ctx, enum berth_status *out_status)
{
    return berth_posix_folder_next(ctx, out_status);
}

static void close_folder(void *ctx)
{
    berth_posix_folder_close(ctx);
}

const struct berth_webhdfs_local *hdfs_local(void)
{
    static struct berth_posix_folder folder;
    static const struct berth_webhdfs_local local = {&folder, kind, open_folder, next_name, close_folder};
    return &local;
}
