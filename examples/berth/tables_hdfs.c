/* The commands `berth hdfs ...`. */
#include "commands.h"
#include "tables.h"

#define HDFS (GROUP_HDFS | GROUP_SERVER | GROUP_OUTPUT)

static const struct option options[] = {
    {OPT_ROOT, "root", NULL, "URL", GROUP_HDFS, true, "BERTH_HDFS_ROOT",
     "the cluster: http://NAMENODE:9870, or a gateway such as https://pai.example/webhdfs; given more than "
     "once (in the variable with commas between): an active NameNode and its standbys"},
    {OPT_USER, "user", NULL, "NAME", GROUP_HDFS, false, "HADOOP_USER_NAME",
     "the user's name (default: whom the server takes for one)"},
    {OPT_DELEGATION_FILE, "delegation-token-file", NULL, "FILE", GROUP_HDFS, false, NULL,
     "a delegation token, instead of a user; read again when it has expired"},
    {OPT_DO_AS, "do-as", NULL, "NAME", GROUP_HDFS, false, NULL,
     "on behalf of this user; the server has to allow it"},
    {OPT_DATANODE, "datanode", NULL, "FROM=URL", GROUP_HDFS, true, NULL,
     "where a DataNode is to be found from here: FROM is its HOST, HOST:PORT or *; in URL, {host} and {port} "
     "stand for its own: '*=https://gateway/a/{host}:{port}'"},
    {OPT_RECURSIVE, "recursive", "-r", NULL, 0, false, NULL, "directories too, with all below them"},
    {OPT_OVERWRITE, "overwrite", "-f --force", NULL, 0, false, NULL,
     "replace files that exist, merge into directories"},
    {OPT_MODE, "mode", NULL, "OCTAL", 0, false, NULL,
     "the directory's permissions (default: the server's, 755)"},
    {OPT_OFFSET, "offset", NULL, "BYTES", 0, false, NULL, "begin here (K, M and G stand for powers of 1024)"},
    {OPT_LENGTH, "length", "-c --bytes", "BYTES", 0, false, NULL,
     "so many bytes and no more (default: all; tail: 16K)"},
    {OPT_OUTPUT, "output", "-o", "FILE", 0, false, NULL,
     "write the token to this file, which only its owner can read"},
    {OPT_RENEWER, "renewer", NULL, "NAME", 0, false, NULL, "who may renew the token (default: its owner)"},
};

/* What the help of transfers says of the two sides. */
#define WHOLE "A file appears under its name when it is whole, or not at all. "

static const struct command commands[] = {
    {"hdfs ls", "PATH...", 1, 255, HDFS, NULL, hdfs_ls, "list directories",
     "In the server's order, as it comes: a directory may be of any size. Exit code 8: not a directory."},
    {"hdfs stat", "PATH...", 1, 255, HDFS, NULL, hdfs_stat, "show a file or directory", NULL},
    {"hdfs du", "PATH...", 1, 255, HDFS, NULL, hdfs_du, "sum up a tree: bytes, files, directories, quotas",
     "The server walks the whole tree: on a big one this takes time."},
    {"hdfs checksum", "PATH...", 1, 255, HDFS, NULL, hdfs_checksum, "print files' checksums",
     "Equal ones mean equal content; different ones say nothing when block sizes differ."},
    {"hdfs home", "", 0, 0, HDFS, NULL, hdfs_home, "print the user's own directory", NULL},
    {"hdfs get", "REMOTE [LOCAL]", 1, 2, HDFS, OPTIONS(OPT_RECURSIVE, OPT_OVERWRITE), hdfs_get,
     "download a file, or a directory (--recursive)",
     "LOCAL is the new name, or a folder to put it into (default: the current one); - is standard "
     "output. " WHOLE "What breaks off is continued, from another DataNode, unless the file has changed. "
     "Symbolic links are left "
     "out; a name that could lead out of the folder ends the command. Exit code 8: LOCAL exists (without "
     "--overwrite), or REMOTE is a directory (without --recursive)."},
    {"hdfs put", "LOCAL REMOTE", 2, 2, HDFS, OPTIONS(OPT_RECURSIVE, OPT_OVERWRITE), hdfs_put,
     "upload a file, or a folder (--recursive)",
     "REMOTE is the new path, or a directory to put it into; - is standard input. " WHOLE
     "It is written under a temporary name (NAME.tmp-...), measured and renamed; the temporary name is "
     "removed "
     "when something fails. Exit code 8: REMOTE exists (without --overwrite), or LOCAL is a folder (without "
     "--recursive)."},
    {"hdfs append", "LOCAL REMOTE", 2, 2, HDFS, NULL, hdfs_append, "add a file's data to one that exists",
     "Never repeated by itself: data could come twice. - is standard input."},
    {"hdfs cat", "PATH...", 1, 255, HDFS, OPTIONS(OPT_OFFSET, OPT_LENGTH), hdfs_cat, "print files", NULL},
    {"hdfs tail", "PATH", 1, 1, HDFS, OPTIONS(OPT_LENGTH), hdfs_tail, "print a file's end", NULL},
    {"hdfs rm", "PATH...", 1, 255, HDFS, OPTIONS(OPT_RECURSIVE), hdfs_rm,
     "delete files, empty directories, or trees (--recursive)",
     "Exit code 1: there was nothing under one of the names. The root is never deleted."},
    {"hdfs mkdir", "PATH...", 1, 255, HDFS, OPTIONS(OPT_MODE), hdfs_mkdir,
     "make directories, with those above them", "One that is there already is fine."},
    {"hdfs mv", "FROM TO", 2, 2, HDFS, OPTIONS(OPT_OVERWRITE), hdfs_mv, "rename, or move into a directory",
     "Exit code 4: there is no FROM; 8: TO is taken (without --overwrite), its directory is missing, or lies "
     "in "
     "FROM."},
    {"hdfs chmod", "OCTAL PATH", 2, 2, HDFS, NULL, hdfs_chmod, "set permissions", NULL},
    {"hdfs truncate", "PATH BYTES", 2, 2, HDFS, NULL, hdfs_truncate, "cut a file to a length", NULL},
    {"hdfs concat", "PATH SOURCE...", 2, 255, HDFS, NULL, hdfs_concat,
     "move the content of files to the end of another", "The server has rules about block sizes for it."},
    {"hdfs token get", "", 0, 0, HDFS, OPTIONS(OPT_OUTPUT, OPT_RENEWER), hdfs_token_get,
     "get a delegation token (-o)", "Most servers want Kerberos for this, which berth does not speak."},
    {"hdfs token renew", "", 0, 0, HDFS, NULL, hdfs_token_renew,
     "renew the token of --delegation-token-file; prints its new end", NULL},
    {"hdfs token cancel", "", 0, 0, HDFS, NULL, hdfs_token_cancel,
     "make the token of --delegation-token-file invalid", NULL},
};

const struct family family_hdfs = {"files in a WebHDFS cluster", options, COUNT(options), commands,
                                   COUNT(commands)};
