/* WebHDFS: Hadoop's file system over HTTP. Every operation of its interface as a call, and transfers of files
 * and trees that leave nothing half-done. Terms are Hadoop's own: NameNode, DataNode, root, delegation token.
 */
#ifndef BERTH_WEBHDFS_H
#define BERTH_WEBHDFS_H

#include "berth/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A cluster -------------------------------------------------------------------------------- */

/* Roots (an active NameNode and its standbys) that are tried in turn. */
#define BERTH_WEBHDFS_ROOTS_MAX 8
/* Longest name of a file in bytes: HDFS's own limit. */
#define BERTH_WEBHDFS_NAME_MAX 255
/* Work memory: an answer or a redirect's target (4 KB), a URL (2 KB), and the rest for one entry of a listing
 * (a name of 255 bytes, all of them escaped, takes 1.5 KB). */
#define BERTH_WEBHDFS_WORK_MIN 8192
/* Longest name of an exception that is kept, with its NUL. */
#define BERTH_WEBHDFS_EXCEPTION_MAX 64

/* Where a DataNode is to be found instead of where its cluster says (its names are often the cluster's own).
 */
struct berth_webhdfs_host {
    struct berth_text from; /* "dn-7.cluster" (every port), "dn-7.cluster:9864", or "*" (every host) */
    /* What takes the place of scheme, host and port: "http://10.0.0.7:19864". A path may follow, and {host}
     * and {port} stand for the old ones: "https://gateway/a/{host}:{port}". */
    struct berth_text to;
};

/* Texts and tables live as long as the struct berth_webhdfs. */
struct berth_webhdfs_config {
    struct berth_http *http; /* required */
    /* Required: "http://namenode:9870", "https://pai.example/webhdfs"; "/webhdfs/v1" is appended. One answers
     * as active; another is tried when it does not answer or says that it is a standby, and kept then. */
    const struct berth_text *roots;
    size_t root_count;
    void *work; /* required; BERTH_WEBHDFS_WORK_MIN bytes or more, 16 KB for comfort */
    size_t work_size;
    struct berth_text user;          /* user.name; empty: the server's default user */
    struct berth_text delegation;    /* a delegation token, then no user.name is sent; secret */
    struct berth_text do_as;         /* on behalf of this user (the server has to allow it); empty: none */
    struct berth_text authorization; /* an Authorization field for the root's own origin (gateways); empty:
                                        none; secret */
    const struct berth_webhdfs_host *hosts;
    size_t host_count;
    /* All zero: 10 tries, 500 ms doubling up to 15 s. One policy for everything that may be tried again: see
     * the operations. */
    struct berth_retry_policy retry;
    bool no_redirect;     /* ask for the DataNode's address as JSON instead of a redirect */
    bool allow_downgrade; /* follow from https to http too; the token then travels readable */
    /* Called when the server says that the delegation token has expired: another token, or another status
     * than BERTH_OK when there is none. May be NULL. */
    enum berth_status (*renew)(void *ctx, struct berth_text *out_delegation);
    void *renew_ctx;
};

enum berth_webhdfs_type { BERTH_WEBHDFS_FILE = 0, BERTH_WEBHDFS_DIRECTORY = 1, BERTH_WEBHDFS_SYMLINK = 2 };

/* A file, directory or link. In each struct here bit i of present says that row i of its shape was there; the
 * *_HAS_ constants are those bits. Texts are the server's own words: a name can hold anything. */
struct berth_webhdfs_entry {
    uint32_t present;
    struct berth_text name; /* in a listing the child's, else empty */
    struct berth_enum type;
    int64_t length; /* never negative; 0 for directories */
    struct berth_text permission;
    int64_t modified_ms; /* since 1970 */
    struct berth_text owner, group;
    int64_t accessed_ms; /* 0 for directories */
    int64_t block_size;
    int64_t replication;
    int64_t file_id;
    int64_t children;
    int64_t storage_policy;
    struct berth_text symlink; /* a link's target */
    struct berth_text ec_policy;
    bool acl, encrypted, erasure_coded, snapshot_enabled;
    unsigned mode; /* permission as a number, 0 to 01777 */
};
enum {
    BERTH_WEBHDFS_ENTRY_HAS_OWNER = 1 << 5,
    BERTH_WEBHDFS_ENTRY_HAS_GROUP = 1 << 6,
    BERTH_WEBHDFS_ENTRY_HAS_ACCESSED = 1 << 7,
    BERTH_WEBHDFS_ENTRY_HAS_BLOCK_SIZE = 1 << 8,
    BERTH_WEBHDFS_ENTRY_HAS_REPLICATION = 1 << 9,
    BERTH_WEBHDFS_ENTRY_HAS_FILE_ID = 1 << 10,
    BERTH_WEBHDFS_ENTRY_HAS_CHILDREN = 1 << 11
};

struct berth_webhdfs_summary {
    uint32_t present;
    int64_t directory_count, file_count;
    int64_t length;                    /* bytes in files */
    int64_t space_consumed;            /* with replicas */
    int64_t quota, space_quota;        /* -1: none */
    struct berth_text ec_policy;       /* may be absent */
    struct berth_json_list type_quota; /* map: "SSD" -> {"consumed", "quota"}; may be empty */
};

/* Equal checksums mean equal content; unequal ones say nothing when block or checksum sizes differ. */
struct berth_webhdfs_checksum {
    uint32_t present;
    struct berth_text algorithm; /* "MD5-of-262144MD5-of-512CRC32C" */
    struct berth_text bytes;     /* 2 * length hexadecimal digits */
    int64_t length;
};

struct berth_webhdfs_token {
    uint32_t present;
    struct berth_text url_string; /* secret */
};

/* What an operation that is not a listing answered: the member of that operation. */
struct berth_webhdfs_answer {
    uint32_t present;
    bool boolean;
    int64_t number;         /* renew_token: when it expires, ms since 1970 */
    struct berth_text path; /* home */
    struct berth_text location;
    struct berth_webhdfs_token token;
    struct berth_webhdfs_entry entry;
    struct berth_webhdfs_summary summary;
    struct berth_webhdfs_checksum checksum;
};

extern const struct berth_shape berth_webhdfs_entry_shape;
extern const struct berth_shape berth_webhdfs_summary_shape;
extern const struct berth_shape berth_webhdfs_checksum_shape;

/* What is asked for when a file is created; zero-filled: the server's defaults. */
struct berth_webhdfs_create_options {
    bool overwrite;       /* replace a file that exists */
    bool no_parents;      /* parent directories must exist (createparent=false) */
    bool has_permission;  /* else 644 */
    unsigned permission;  /* 0 to 01777 */
    uint64_t block_size;  /* 0: the cluster's */
    unsigned replication; /* 0: the cluster's */
    uint32_t buffer_size; /* of the server; 0: its own */
};

/* Private: the arguments of the operation that was described last. */
struct berth_webhdfs_request {
    uint32_t operation;
    struct berth_text path;
    struct berth_text text, kind, service;
    const struct berth_text *sources;
    size_t source_count;
    uint64_t offset, length;
    int64_t modified_ms, accessed_ms;
    uint32_t permission;
    bool flag;
    struct berth_webhdfs_create_options create;
    struct berth_source source;
    struct berth_sink sink;
    berth_call_element_fn *on_entry;
    void *ctx;
};

/* Private: the call that was described last, and how far it is. */
struct berth_webhdfs_run {
    struct berth_webhdfs_request request;
    struct berth_json_scan scan; /* of a page, for its remainingEntries */
    int64_t remaining;           /* -1: not seen yet */
    char member[32];             /* the scan's name or number, as far as it was read */
    size_t member_len;
    char after[BERTH_WEBHDFS_NAME_MAX + 1]; /* the last name that was delivered */
    size_t after_len;
    uint64_t page_start;                       /* elements before this page */
    char datanode[BERTH_WEBHDFS_NAME_MAX + 1]; /* that the data goes to or comes from */
    char excluded[2 * BERTH_WEBHDFS_NAME_MAX]; /* DataNodes that failed, with commas */
    size_t captured;    /* bytes of an answer, or of a redirect's target, at the start of work memory */
    uint64_t delivered; /* bytes in the caller's sink */
    uint8_t phase, hops, tries, roots_tried, refusal, member_state;
    bool redirected, capturing, too_long, paged, renewed, maybe_done, source_touched, explicit_data, kerberos;
};

/* A cluster's client. The caller's; it is used by one call at a time, and describing a call ends what an
 * earlier one left. */
struct berth_webhdfs {
    struct berth_webhdfs_config config;
    struct berth_webhdfs_answer answer; /* of the last call; texts live until the next one is described */
    /* The short name of the exception that the last call was refused with ("AccessControlException"), or
     * empty. */
    char exception[BERTH_WEBHDFS_EXCEPTION_MAX];
    size_t root; /* index of the root that answered last */

    /* Private. */
    struct berth_client client;
    bool no_batch[BERTH_WEBHDFS_ROOTS_MAX]; /* roots without LISTSTATUS_BATCH */
    struct berth_webhdfs_run run;
};

/* BERTH_E_ARGUMENT when something required is missing, work memory is too small or both user and delegation
 * are given, BERTH_E_SYNTAX for a root or host that is no URL, or a user that no server takes; *out_reason
 * (may be NULL) is static text. */
enum berth_status berth_webhdfs_init(struct berth_webhdfs *fs, const struct berth_webhdfs_config *config,
                                     const char **out_reason) BERTH_MUST_CHECK;

/* Whether a PATH can be one: absolute, UTF-8, no ".", ".." or ':' in it, no NUL. Repeated and last slashes do
 * not count. BERTH_E_ARGUMENT, BERTH_E_UTF8; *out_reason (may be NULL) is static text. */
enum berth_status berth_webhdfs_check_path(struct berth_text path, const char **out_reason) BERTH_MUST_CHECK;

/* Whether a NAME out of a listing is one that may become a file's here: not empty, not "." or "..", at most
 * BERTH_WEBHDFS_NAME_MAX bytes, and without '/', '\' and control characters. */
bool berth_webhdfs_name_is_safe(struct berth_text name);

/* ---- The operations --------------------------------------------------------------------------- */

/* Each function describes one call in *OUT_CALL (berth/call.h), which may be several requests: another root
 * when one is a standby or away, a redirect to a DataNode, another DataNode, a listing's next page. All of
 * them are within the call's one deadline.
 *
 * Paths are raw, not percent-encoded (berth_webhdfs_check_path()). Texts, sources and sinks that are passed
 * are used until the call has ended. Describing: BERTH_E_ARGUMENT, BERTH_E_UTF8 (path), BERTH_E_SPACE (the
 * URL would be longer than BERTH_URL_MAX).
 *
 * Tried again, with pauses by config.retry, after a failure to connect, a broken connection, 502, 503, 504
 * and the exceptions StandbyException, RetriableException and SafeModeException: what reads, mkdirs,
 * set_permission, set_times, create with overwrite. Append, rename, delete, truncate, concat and the token
 * calls: only when the request was not sent, or one of these exceptions refused it.
 *
 * Run errors beside the transport's, by exception: BAD_REQUEST (IllegalArgument, InvalidPath,
 * UnsupportedOperation), UNAUTHORIZED (Security, Authorization, InvalidToken), FORBIDDEN (AccessControl),
 * NOT_FOUND (FileNotFound), CONFLICT (FileAlreadyExists), WRONG_STATE (PathIsNotEmptyDirectory,
 * ParentNotDirectory), UNAVAILABLE (Standby, Retriable, SafeMode), TOO_LARGE (NSQuotaExceeded,
 * DSQuotaExceeded), BUSY (AlreadyBeingCreated, RecoveryInProgress, LeaseExpired), SERVER (any other). Without
 * an exception by HTTP status. REDIRECT: too many, from https to http, or to no URL. */

/* The children of a directory, struct berth_webhdfs_entry each, of any number, in the server's order; those
 * that sort (by bytes) after AFTER when that is not empty. A server without LISTSTATUS_BATCH is asked for all
 * with LISTSTATUS and remembered; then, and where a gateway does not know pages, AFTER leaves none out. A
 * file lists as one entry, its name empty (or, by HttpFS, its own): ask berth_webhdfs_stat(). */
enum berth_status berth_webhdfs_list(struct berth_call *out_call, struct berth_webhdfs *fs,
                                     struct berth_text path, struct berth_text after,
                                     berth_call_element_fn *on_entry, void *ctx) BERTH_MUST_CHECK;
/* Into answer.entry. */
enum berth_status berth_webhdfs_stat(struct berth_call *out_call, struct berth_webhdfs *fs,
                                     struct berth_text path) BERTH_MUST_CHECK;
/* Into answer.summary. Slow on big trees. */
enum berth_status berth_webhdfs_summarize(struct berth_call *out_call, struct berth_webhdfs *fs,
                                          struct berth_text path) BERTH_MUST_CHECK;
/* Into answer.checksum. Files only. */
enum berth_status berth_webhdfs_get_checksum(struct berth_call *out_call, struct berth_webhdfs *fs,
                                             struct berth_text path) BERTH_MUST_CHECK;
/* The user's own directory, into answer.path. */
enum berth_status berth_webhdfs_home(struct berth_call *out_call, struct berth_webhdfs *fs) BERTH_MUST_CHECK;
/* A file's bytes from OFFSET on, at most LENGTH (BERTH_LENGTH_UNKNOWN: to its end). An offset at or past the
 * end is refused by the server (BERTH_E_SERVER). NOT_FOUND for a directory too. Begun again after a failure
 * only while the sink is empty or when it can restart; berth_webhdfs_read() continues where it broke. */
enum berth_status berth_webhdfs_open(struct berth_call *out_call, struct berth_webhdfs *fs,
                                     struct berth_text path, uint64_t offset, uint64_t length,
                                     const struct berth_sink *sink) BERTH_MUST_CHECK;
/* Makes a file of SOURCE, and its parents. OPTIONS may be NULL. CONFLICT when it exists (always for a
 * directory). A connection that breaks leaves a truncated file under PATH that looks like a whole one:
 * berth_webhdfs_upload() does not. */
enum berth_status berth_webhdfs_create(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path,
                                       const struct berth_webhdfs_create_options *options,
                                       const struct berth_source *source) BERTH_MUST_CHECK;
/* Adds SOURCE to a file that exists. Never sent twice: result.maybe_done. */
enum berth_status berth_webhdfs_append(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path,
                                       const struct berth_source *source) BERTH_MUST_CHECK;
/* As PERMISSION: the server's own default. */
#define BERTH_WEBHDFS_DEFAULT_PERMISSION UINT32_MAX
/* Makes a directory and its parents; one that is there is fine. */
enum berth_status berth_webhdfs_mkdirs(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, uint32_t permission) BERTH_MUST_CHECK;
/* With OVERWRITE a file (or empty directory) that has the name is replaced. Without it WRONG_STATE stands for
 * a source that is missing, a destination that exists or whose parent is missing, and a directory moved into
 * itself; and PATH moves into DESTINATION when that is a directory. A server without OVERWRITE ignores it
 * (then WRONG_STATE too) or says BAD_REQUEST. */
enum berth_status berth_webhdfs_rename(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, struct berth_text destination,
                                       bool overwrite) BERTH_MUST_CHECK;
/* BERTH_E_NO_FILE when nothing was there. The root is refused (BERTH_E_ARGUMENT). */
enum berth_status berth_webhdfs_delete(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, bool recursive) BERTH_MUST_CHECK;
/* PERMISSION: 0 to 01777. */
enum berth_status berth_webhdfs_set_permission(struct berth_call *out_call, struct berth_webhdfs *fs,
                                               struct berth_text path, uint32_t permission) BERTH_MUST_CHECK;
/* In ms since 1970; -1 leaves one as it is. */
enum berth_status berth_webhdfs_set_times(struct berth_call *out_call, struct berth_webhdfs *fs,
                                          struct berth_text path, int64_t modified_ms,
                                          int64_t accessed_ms) BERTH_MUST_CHECK;
/* Cuts a file to LENGTH bytes. answer.boolean false: done when the server has recovered the last block, a
 * matter of seconds. */
enum berth_status berth_webhdfs_truncate(struct berth_call *out_call, struct berth_webhdfs *fs,
                                         struct berth_text path, uint64_t length) BERTH_MUST_CHECK;
/* Moves the content of SOURCES to the end of PATH, in that order. No path may hold a comma
 * (BERTH_E_ARGUMENT). */
enum berth_status berth_webhdfs_concat(struct berth_call *out_call, struct berth_webhdfs *fs,
                                       struct berth_text path, const struct berth_text *sources,
                                       size_t source_count) BERTH_MUST_CHECK;
/* A delegation token into answer.token (most servers want Kerberos for it, or a gateway's authorization).
 * RENEWER, KIND and SERVICE may be empty. BERTH_E_STATE with config.delegation: a token gives no token. */
enum berth_status berth_webhdfs_get_token(struct berth_call *out_call, struct berth_webhdfs *fs,
                                          struct berth_text renewer, struct berth_text kind,
                                          struct berth_text service) BERTH_MUST_CHECK;
/* Its new end into answer.number. */
enum berth_status berth_webhdfs_renew_token(struct berth_call *out_call, struct berth_webhdfs *fs,
                                            struct berth_text token) BERTH_MUST_CHECK;
enum berth_status berth_webhdfs_cancel_token(struct berth_call *out_call, struct berth_webhdfs *fs,
                                             struct berth_text token) BERTH_MUST_CHECK;

/* ---- Transfers -------------------------------------------------------------------------------- */

/* Directories below the one that is transferred. */
#define BERTH_WEBHDFS_DEPTH_MAX 64
/* Longest path on either side, with its NUL; longer is BERTH_E_SPACE. */
#define BERTH_WEBHDFS_PATH_CAP 2048
/* Memory for names in a recursive transfer: a directory with more than fit is read again from where it
 * stopped. */
#define BERTH_WEBHDFS_NAMES_MIN 1024

enum berth_webhdfs_local_kind {
    BERTH_WEBHDFS_LOCAL_NONE = 0, /* nothing there */
    BERTH_WEBHDFS_LOCAL_FILE = 1,
    BERTH_WEBHDFS_LOCAL_FOLDER = 2,
    BERTH_WEBHDFS_LOCAL_LINK = 3, /* a symbolic link, when it is not to be followed */
    BERTH_WEBHDFS_LOCAL_OTHER = 4 /* a device, a pipe ... */
};

/* What berth/port.h's files do not tell of the local side. One folder is open at a time. */
struct berth_webhdfs_local {
    void *ctx;
    enum berth_status (*kind)(void *ctx, const char *path, bool follow_link,
                              enum berth_webhdfs_local_kind *out_kind);
    /* Reading a folder's names, in any order, "." and ".." left out; only for recursive uploads (may be NULL
     * without). next() answers NULL at the end and after an error, which *out_status tells apart. */
    enum berth_status (*open)(void *ctx, const char *path);
    const char *(*next)(void *ctx, enum berth_status *out_status);
    void (*close)(void *ctx);
};

enum berth_webhdfs_event_kind {
    BERTH_WEBHDFS_FOLDER = 0,  /* a directory was made, or was there already */
    BERTH_WEBHDFS_BEGIN = 1,   /* a file begins (again); length is its size or BERTH_LENGTH_UNKNOWN */
    BERTH_WEBHDFS_DATA = 2,    /* done of length bytes are there */
    BERTH_WEBHDFS_END = 3,     /* the file is whole and has its name */
    BERTH_WEBHDFS_SKIPPED = 4, /* a symbolic link, device or pipe in a tree */
    BERTH_WEBHDFS_AGAIN = 5    /* the transfer broke and is tried again */
};
/* Texts are valid until the function returns. */
struct berth_webhdfs_event {
    enum berth_webhdfs_event_kind kind;
    struct berth_text local, remote;
    uint64_t done, length;
};
typedef void berth_webhdfs_event_fn(void *ctx, const struct berth_webhdfs_event *event);

/* All pointers live as long as the transfer. */
struct berth_webhdfs_transfer_config {
    struct berth_webhdfs *fs;                /* required; used by nothing else meanwhile */
    const struct berth_files *files;         /* required for upload() and download() */
    const struct berth_webhdfs_local *local; /* the same */
    bool recursive;                          /* a directory is taken with all below it; else BERTH_E_TYPE */
    bool overwrite;                          /* replace files that exist; merge into directories */
    void *names; /* recursive: BERTH_WEBHDFS_NAMES_MIN bytes or more; 64 KB hold about 1000 names */
    size_t names_size;
    berth_webhdfs_event_fn *on_event; /* may be NULL */
    void *event_ctx;
};

/* Private: a directory on the way down. */
struct berth_webhdfs_level {
    uint16_t remote_len, local_len; /* of the directory's path */
    uint16_t last_len;              /* of the name that was taken last, which stands behind it */
    bool more;                      /* there are names that did not fit */
    uint32_t start, end, at;        /* its names, in the names memory */
    uint32_t greatest;              /* where the last of them begins */
};

/* One transfer: a machine like a call. The caller's; it stays where it is while it runs. */
struct berth_webhdfs_transfer {
    struct berth_webhdfs_transfer_config config;
    /* call.result.message: what went wrong, in one line. */
    struct berth_call call;
    /* The path that the file or directory has at the end, NUL-terminated: where an upload went to, or the
     * local one of a download. */
    char target[BERTH_WEBHDFS_PATH_CAP];
    uint64_t file_count, folder_count, byte_count, skipped_count; /* finished ones */
    /* A temporary name that may be left on the server, because removing it failed too; or empty. */
    char leftover[BERTH_WEBHDFS_PATH_CAP];

    /* Private. */
    char remote[BERTH_WEBHDFS_PATH_CAP];
    char local[BERTH_WEBHDFS_PATH_CAP];
    char name[BERTH_WEBHDFS_NAME_MAX + 1];     /* that it gets inside a directory */
    char datanode[BERTH_WEBHDFS_NAME_MAX + 1]; /* that broke off */
    struct berth_webhdfs_level levels[BERTH_WEBHDFS_DEPTH_MAX + 1];
    size_t depth;
    struct berth_source source;
    struct berth_sink sink;
    berth_file file;
    uint64_t offset, length, done, mark; /* of the file under way; done when the try began */
    uint64_t end_ms, pause_end_ms;
    int64_t size, modified_ms;
    struct berth_call_result failure;
    enum berth_status status;
    uint8_t phase, kind, tries;
    bool into, tree, fresh, from_end, direct, calling, dropped, unsafe, excess, unwritten, old_removed, ended;
};

/* Each begins a transfer, to be run or stepped. BERTH_E_ARGUMENT, BERTH_E_UTF8, BERTH_E_SPACE; the reason is
 * in call.result.message.
 *
 * upload(): LOCAL to REMOTE; into REMOTE, under LOCAL's last name, when that is a directory. A file is
 * written under a temporary name, its length checked, then renamed; on failure the temporary name is removed.
 * Names that HDFS does not take are BERTH_E_ARGUMENT. A tree: files and directories (empty ones too), links
 * and devices are skipped.
 *
 * download(): REMOTE to LOCAL; into LOCAL when that is a folder. A file takes its name when it is whole. One
 * that breaks off is continued after a look whether it is still the same. A tree: names that are not safe
 * (berth_webhdfs_name_is_safe()) are BERTH_E_PROTOCOL, links are skipped, no local link is written through.
 *
 * On a server that does not replace files the old one is deleted before the rename. When that then fails, the
 * new file stays under its temporary name, which the message tells.
 *
 * Without overwrite, what exists is BERTH_E_CONFLICT (remote) or BERTH_E_EXISTS (local) before any data
 * moves. A directory without recursive is BERTH_E_TYPE; what is missing BERTH_E_NOT_FOUND or
 * BERTH_E_NO_FILE. The first failure ends a tree; files that are finished stay. */
enum berth_status berth_webhdfs_upload(struct berth_webhdfs_transfer *t,
                                       const struct berth_webhdfs_transfer_config *config, const char *local,
                                       struct berth_text remote) BERTH_MUST_CHECK;
enum berth_status berth_webhdfs_download(struct berth_webhdfs_transfer *t,
                                         const struct berth_webhdfs_transfer_config *config,
                                         struct berth_text remote, const char *local) BERTH_MUST_CHECK;
/* upload() from a SOURCE; NAME takes the place of a local file's last name (empty: REMOTE must not be a
 * directory). */
enum berth_status berth_webhdfs_upload_source(struct berth_webhdfs_transfer *t,
                                              const struct berth_webhdfs_transfer_config *config,
                                              const struct berth_source *source, struct berth_text name,
                                              struct berth_text remote) BERTH_MUST_CHECK;
/* A file into a SINK: from OFFSET on (beyond the end: nothing), or, when FROM_END, the last OFFSET bytes; at
 * most LENGTH (BERTH_LENGTH_UNKNOWN: all that the file has at the beginning). It is continued where it
 * breaks; when the file has changed meanwhile, begun again if the sink can restart, else BERTH_E_WRONG_STATE.
 */
enum berth_status berth_webhdfs_read(struct berth_webhdfs_transfer *t,
                                     const struct berth_webhdfs_transfer_config *config,
                                     struct berth_text remote, uint64_t offset, bool from_end,
                                     uint64_t length, const struct berth_sink *sink) BERTH_MUST_CHECK;

/* Runs to the end, at most TIMEOUT_MS (0: no end but the operations' own): BERTH_OK, or what failed. */
enum berth_status berth_webhdfs_transfer_run(struct berth_webhdfs_transfer *t,
                                             uint32_t timeout_ms) BERTH_MUST_CHECK;
/* The same in steps; local files are read and written without regard to WAIT_MS. */
enum berth_status berth_webhdfs_transfer_start(struct berth_webhdfs_transfer *t,
                                               uint32_t timeout_ms) BERTH_MUST_CHECK;
enum berth_status berth_webhdfs_transfer_step(struct berth_webhdfs_transfer *t,
                                              uint32_t wait_ms) BERTH_MUST_CHECK;
unsigned berth_webhdfs_transfer_want(const struct berth_webhdfs_transfer *t, uint32_t *out_wait_ms);
/* Gives up: closes connection and files. The temporary name is in leftover. */
void berth_webhdfs_transfer_cancel(struct berth_webhdfs_transfer *t);
/* Removes what leftover names; nothing to do when it is empty. After a signal: acknowledge it first. */
enum berth_status berth_webhdfs_transfer_clean(struct berth_webhdfs_transfer *t,
                                               uint32_t timeout_ms) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
