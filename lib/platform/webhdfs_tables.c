/* WebHDFS's tables: shapes, operations, exceptions (the wire page's sections 3, 5 and 7). */
#include "platform/webhdfs.h"

#include "platform/shape.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define REQUIRED BERTH_FIELD_REQUIRED

/* ---- Shapes: the order of rows is the order of the header's *_HAS_ bits -------------------------- */

static const struct berth_enum_name type_names[] = {
    {BERTH_TEXT_INIT("FILE"), BERTH_WEBHDFS_FILE},
    {BERTH_TEXT_INIT("DIRECTORY"), BERTH_WEBHDFS_DIRECTORY},
    {BERTH_TEXT_INIT("SYMLINK"), BERTH_WEBHDFS_SYMLINK},
};

static const struct berth_field entry_fields[] = {
    BERTH_ROW(berth_webhdfs_entry, name, "pathSuffix", TEXT, REQUIRED),
    {.name = BERTH_TEXT_INIT("type"),
     .type = BERTH_FIELD_ENUM,
     .flags = REQUIRED | BERTH_FIELD_AS_TEXT,
     .offset = offsetof(struct berth_webhdfs_entry, type),
     .names = type_names,
     .name_count = (uint8_t)COUNT(type_names)},
    BERTH_ROW(berth_webhdfs_entry, length, "length", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_entry, permission, "permission", TEXT, REQUIRED),
    BERTH_ROW(berth_webhdfs_entry, modified_ms, "modificationTime", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_entry, owner, "owner", TEXT, 0),
    BERTH_ROW(berth_webhdfs_entry, group, "group", TEXT, 0),
    BERTH_ROW(berth_webhdfs_entry, accessed_ms, "accessTime", I64, 0),
    BERTH_ROW(berth_webhdfs_entry, block_size, "blockSize", I64, 0),
    BERTH_ROW(berth_webhdfs_entry, replication, "replication", I64, 0),
    BERTH_ROW(berth_webhdfs_entry, file_id, "fileId", I64, 0),
    BERTH_ROW(berth_webhdfs_entry, children, "childrenNum", I64, 0),
    BERTH_ROW(berth_webhdfs_entry, storage_policy, "storagePolicy", I64, 0),
    BERTH_ROW(berth_webhdfs_entry, symlink, "symlink", TEXT, 0),
    BERTH_ROW(berth_webhdfs_entry, ec_policy, "ecPolicy", TEXT, 0),
    BERTH_ROW(berth_webhdfs_entry, acl, "aclBit", BOOL, 0),
    BERTH_ROW(berth_webhdfs_entry, encrypted, "encBit", BOOL, 0),
    BERTH_ROW(berth_webhdfs_entry, erasure_coded, "ecBit", BOOL, 0),
    BERTH_ROW(berth_webhdfs_entry, snapshot_enabled, "snapshotEnabled", BOOL, 0),
};
const struct berth_shape berth_webhdfs_entry_shape = BERTH_SHAPE("entry", berth_webhdfs_entry, entry_fields);

static const struct berth_field summary_fields[] = {
    BERTH_ROW(berth_webhdfs_summary, directory_count, "directoryCount", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_summary, file_count, "fileCount", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_summary, length, "length", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_summary, space_consumed, "spaceConsumed", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_summary, quota, "quota", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_summary, space_quota, "spaceQuota", I64, REQUIRED),
    BERTH_ROW(berth_webhdfs_summary, ec_policy, "ecPolicy", TEXT, 0),
    BERTH_ROW(berth_webhdfs_summary, type_quota, "typeQuota", MAP, 0),
};
const struct berth_shape berth_webhdfs_summary_shape =
    BERTH_SHAPE("summary", berth_webhdfs_summary, summary_fields);

static const struct berth_field checksum_fields[] = {
    BERTH_ROW(berth_webhdfs_checksum, algorithm, "algorithm", TEXT, REQUIRED),
    BERTH_ROW(berth_webhdfs_checksum, bytes, "bytes", TEXT, REQUIRED),
    BERTH_ROW(berth_webhdfs_checksum, length, "length", I64, REQUIRED),
};
const struct berth_shape berth_webhdfs_checksum_shape =
    BERTH_SHAPE("checksum", berth_webhdfs_checksum, checksum_fields);

static const struct berth_field token_fields[] = {
    BERTH_ROW(berth_webhdfs_token, url_string, "urlString", TEXT, REQUIRED),
};
static const struct berth_shape token_shape = BERTH_SHAPE("token", berth_webhdfs_token, token_fields);

/* Whatever an answer may be; rows in the order of the private header's bits. */
static const struct berth_field answer_fields[] = {
    BERTH_ROW(berth_webhdfs_answer, boolean, "boolean", BOOL, 0),
    BERTH_ROW(berth_webhdfs_answer, number, "long", I64, 0),
    BERTH_ROW(berth_webhdfs_answer, path, "Path", TEXT, 0),
    BERTH_ROW(berth_webhdfs_answer, location, "Location", TEXT, 0),
    BERTH_ROW_OBJECT(berth_webhdfs_answer, token, "Token", token_shape, 0),
    BERTH_ROW_OBJECT(berth_webhdfs_answer, entry, "FileStatus", berth_webhdfs_entry_shape, 0),
    BERTH_ROW_OBJECT(berth_webhdfs_answer, summary, "ContentSummary", berth_webhdfs_summary_shape, 0),
    BERTH_ROW_OBJECT(berth_webhdfs_answer, checksum, "FileChecksum", berth_webhdfs_checksum_shape, 0),
};
const struct berth_shape berth_webhdfs_answer_shape =
    BERTH_SHAPE("answer", berth_webhdfs_answer, answer_fields);

/* ---- Operations ---------------------------------------------------------------------------------
 * A summary walks the whole tree before it answers; a gateway may hold a whole upload back before a DataNode
 * sees it. Everything else answers, or goes on, within a minute. */

#define IDLE_MS 60000
#define SLOW_MS 600000
#define OP(wire, verb, is_data, is_safe, member)                                                             \
    {                                                                                                        \
        .name = BERTH_TEXT_INIT(wire), .method = BERTH_TEXT_INIT(verb), .data = (is_data),                   \
        .safe = (is_safe), .has = BERTH_WEBHDFS_ANSWER_##member, .idle_ms = IDLE_MS                          \
    }

const struct berth_webhdfs_operation berth_webhdfs_operations[BERTH_WEBHDFS_OPERATION_COUNT] = {
    [BERTH_WEBHDFS_LIST_PAGE] = {.name = BERTH_TEXT_INIT("LISTSTATUS_BATCH"),
                                 .method = BERTH_TEXT_INIT("GET"),
                                 .safe = true,
                                 .list = BERTH_TEXT_INIT(
                                     "DirectoryListing.partialListing.FileStatuses.FileStatus[*]"),
                                 .idle_ms = IDLE_MS},
    [BERTH_WEBHDFS_LIST_ALL] = {.name = BERTH_TEXT_INIT("LISTSTATUS"),
                                .method = BERTH_TEXT_INIT("GET"),
                                .safe = true,
                                .list = BERTH_TEXT_INIT("FileStatuses.FileStatus[*]"),
                                .idle_ms = IDLE_MS},
    [BERTH_WEBHDFS_STAT] = OP("GETFILESTATUS", "GET", false, true, ENTRY),
    [BERTH_WEBHDFS_SUMMARIZE] = {.name = BERTH_TEXT_INIT("GETCONTENTSUMMARY"),
                                 .method = BERTH_TEXT_INIT("GET"),
                                 .safe = true,
                                 .has = BERTH_WEBHDFS_ANSWER_SUMMARY,
                                 .idle_ms = SLOW_MS},
    [BERTH_WEBHDFS_CHECKSUM] = OP("GETFILECHECKSUM", "GET", true, true, CHECKSUM),
    [BERTH_WEBHDFS_HOME] = OP("GETHOMEDIRECTORY", "GET", false, true, PATH),
    [BERTH_WEBHDFS_OPEN] = OP("OPEN", "GET", true, true, NOTHING),
    [BERTH_WEBHDFS_CREATE] = {.name = BERTH_TEXT_INIT("CREATE"),
                              .method = BERTH_TEXT_INIT("PUT"),
                              .data = true,
                              .idle_ms = SLOW_MS},
    [BERTH_WEBHDFS_APPEND] = {.name = BERTH_TEXT_INIT("APPEND"),
                              .method = BERTH_TEXT_INIT("POST"),
                              .data = true,
                              .idle_ms = SLOW_MS},
    [BERTH_WEBHDFS_MKDIRS] = OP("MKDIRS", "PUT", false, true, BOOLEAN),
    [BERTH_WEBHDFS_RENAME] = OP("RENAME", "PUT", false, false, BOOLEAN),
    [BERTH_WEBHDFS_DELETE] = OP("DELETE", "DELETE", false, false, BOOLEAN),
    [BERTH_WEBHDFS_SET_PERMISSION] = OP("SETPERMISSION", "PUT", false, true, NOTHING),
    [BERTH_WEBHDFS_SET_TIMES] = OP("SETTIMES", "PUT", false, true, NOTHING),
    [BERTH_WEBHDFS_TRUNCATE] = OP("TRUNCATE", "POST", false, false, BOOLEAN),
    [BERTH_WEBHDFS_CONCAT] = OP("CONCAT", "POST", false, false, NOTHING),
    [BERTH_WEBHDFS_GET_TOKEN] = OP("GETDELEGATIONTOKEN", "GET", false, false, TOKEN),
    [BERTH_WEBHDFS_RENEW_TOKEN] = OP("RENEWDELEGATIONTOKEN", "PUT", false, false, NUMBER),
    [BERTH_WEBHDFS_CANCEL_TOKEN] = OP("CANCELDELEGATIONTOKEN", "PUT", false, false, NOTHING),
};

/* ---- Exceptions ------------------------------------------------------------------------------- */

#define MEANS(short_name, what, kind)                                                                        \
    {                                                                                                        \
        BERTH_TEXT_INIT(short_name "Exception"), BERTH_E_##what, BERTH_WEBHDFS_##kind                        \
    }

static const struct berth_webhdfs_exception exceptions[] = {
    MEANS("IllegalArgument", BAD_REQUEST, REFUSED),
    MEANS("InvalidPath", BAD_REQUEST, REFUSED),
    MEANS("UnsupportedOperation", BAD_REQUEST, REFUSED),
    MEANS("Security", UNAUTHORIZED, REFUSED),
    MEANS("Authorization", UNAUTHORIZED, REFUSED),
    {BERTH_TEXT_INIT("InvalidToken"), BERTH_E_UNAUTHORIZED, BERTH_WEBHDFS_REFUSED},
    MEANS("AccessControl", FORBIDDEN, REFUSED),
    MEANS("FileNotFound", NOT_FOUND, REFUSED),
    MEANS("FileAlreadyExists", CONFLICT, REFUSED),
    MEANS("PathIsNotEmptyDirectory", WRONG_STATE, REFUSED),
    MEANS("ParentNotDirectory", WRONG_STATE, REFUSED),
    MEANS("Standby", UNAVAILABLE, STANDBY),
    MEANS("Retriable", UNAVAILABLE, NOT_YET),
    MEANS("SafeMode", UNAVAILABLE, NOT_YET),
    MEANS("NSQuotaExceeded", TOO_LARGE, REFUSED),
    MEANS("DSQuotaExceeded", TOO_LARGE, REFUSED),
    MEANS("AlreadyBeingCreated", BUSY, REFUSED),
    MEANS("RecoveryInProgress", BUSY, REFUSED),
    MEANS("LeaseExpired", BUSY, REFUSED),
    {BERTH_TEXT_INIT(""), BERTH_E_SERVER, BERTH_WEBHDFS_REFUSED},
};

const struct berth_webhdfs_exception *berth_webhdfs_find_exception(struct berth_text name)
{
    size_t i = 0;
    while (i + 1 < COUNT(exceptions) && !berth_text_equal(exceptions[i].name, name))
        i++;
    return &exceptions[i];
}
