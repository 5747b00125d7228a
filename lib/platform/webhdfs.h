/* What WebHDFS's files share: the operation table, paths and queries, errors, the names of a directory. */
#ifndef BERTH_PLATFORM_WEBHDFS_H
#define BERTH_PLATFORM_WEBHDFS_H

#include "berth/webhdfs.h"

/* The first part of the work memory holds an answer, or the target of a redirect. */
#define BERTH_WEBHDFS_ANSWER_CAP 4096

enum berth_webhdfs_operation_index {
    BERTH_WEBHDFS_LIST_PAGE,
    BERTH_WEBHDFS_LIST_ALL,
    BERTH_WEBHDFS_STAT,
    BERTH_WEBHDFS_SUMMARIZE,
    BERTH_WEBHDFS_CHECKSUM,
    BERTH_WEBHDFS_HOME,
    BERTH_WEBHDFS_OPEN,
    BERTH_WEBHDFS_CREATE,
    BERTH_WEBHDFS_APPEND,
    BERTH_WEBHDFS_MKDIRS,
    BERTH_WEBHDFS_RENAME,
    BERTH_WEBHDFS_DELETE,
    BERTH_WEBHDFS_SET_PERMISSION,
    BERTH_WEBHDFS_SET_TIMES,
    BERTH_WEBHDFS_TRUNCATE,
    BERTH_WEBHDFS_CONCAT,
    BERTH_WEBHDFS_GET_TOKEN,
    BERTH_WEBHDFS_RENEW_TOKEN,
    BERTH_WEBHDFS_CANCEL_TOKEN,
    BERTH_WEBHDFS_OPERATION_COUNT
};

/* Members of struct berth_webhdfs_answer, as bits of its present. */
enum {
    BERTH_WEBHDFS_ANSWER_NOTHING = 0,
    BERTH_WEBHDFS_ANSWER_BOOLEAN = 1,
    BERTH_WEBHDFS_ANSWER_NUMBER = 2,
    BERTH_WEBHDFS_ANSWER_PATH = 4,
    BERTH_WEBHDFS_ANSWER_LOCATION = 8,
    BERTH_WEBHDFS_ANSWER_TOKEN = 16,
    BERTH_WEBHDFS_ANSWER_ENTRY = 32,
    BERTH_WEBHDFS_ANSWER_SUMMARY = 64,
    BERTH_WEBHDFS_ANSWER_CHECKSUM = 128
};

struct berth_webhdfs_operation {
    struct berth_text name; /* op=NAME */
    struct berth_text method;
    bool data;              /* a DataNode has it: the request proper goes there */
    bool safe;              /* repeating it does no harm */
    uint32_t has;           /* the member that its answer must have; 0: none */
    struct berth_text list; /* a listing: the path to its entries */
    uint32_t idle_ms;
};
extern const struct berth_webhdfs_operation berth_webhdfs_operations[BERTH_WEBHDFS_OPERATION_COUNT];
extern const struct berth_shape berth_webhdfs_answer_shape;

/* What an exception means. */
enum berth_webhdfs_refusal {
    BERTH_WEBHDFS_REFUSED, /* as its status says */
    BERTH_WEBHDFS_STANDBY, /* another root */
    BERTH_WEBHDFS_NOT_YET  /* the same later */
};
struct berth_webhdfs_exception {
    struct berth_text name;
    enum berth_status status;
    enum berth_webhdfs_refusal refusal;
};
/* The row of NAME, or the last one, which stands for every other. */
const struct berth_webhdfs_exception *berth_webhdfs_find_exception(struct berth_text name);

enum berth_webhdfs_phase { BERTH_WEBHDFS_ASKING, BERTH_WEBHDFS_AT_DATANODE };

static inline struct berth_webhdfs *berth_webhdfs_of(const struct berth_call *call)
{
    return call->platform;
}

/* ---- webhdfs_path.c */
/* A path as it stands in a URL: normalised, percent-encoded by HDFS's rules. */
void berth_put_webhdfs_path(struct berth_writer *w, struct berth_text path);
/* The same, raw. */
void berth_put_webhdfs_raw_path(struct berth_writer *w, struct berth_text path);
/* The same as a query's value. */
void berth_put_webhdfs_path_value(struct berth_writer *w, struct berth_text path);
bool berth_webhdfs_is_root(struct berth_text path);
/* Where URL is to be found by the host table: the URL put to OUT, false when no row is about its host. */
bool berth_webhdfs_map_host(const struct berth_webhdfs_config *config, struct berth_text url,
                            struct berth_writer *out);

/* ---- webhdfs.c */
/* The request to a root, from its beginning. */
enum berth_status berth_webhdfs_ask(struct berth_call *call);

/* ---- webhdfs_steps.c: the hooks of a call */
enum berth_status berth_webhdfs_head(struct berth_call *call, const struct berth_http_head *head);
void berth_webhdfs_tap(struct berth_call *call, const char *bytes, size_t len);
enum berth_status berth_webhdfs_next(struct berth_call *call, enum berth_status status,
                                     uint32_t *out_pause_ms);
enum berth_status berth_webhdfs_complete(const struct berth_call *call,
                                         const struct berth_json_element *element, void *structure,
                                         const char **out_reason);
enum berth_status berth_webhdfs_on_entry(void *ctx, const struct berth_json_element *element,
                                         void *structure);
enum berth_status berth_webhdfs_sink_write(void *ctx, const void *bytes, size_t len);
ptrdiff_t berth_webhdfs_source_read(void *ctx, void *buf, size_t cap);
enum berth_status berth_webhdfs_source_rewind(void *ctx);
/* Whether another try may follow after so many, and the pause before it. */
bool berth_webhdfs_may_try(const struct berth_webhdfs *fs, unsigned tries, uint32_t *out_pause_ms);
/* The fields of the request that is described. */
void berth_webhdfs_set_fields(struct berth_call *call, bool own_origin);

/* ---- webhdfs_judge.c */
enum berth_status berth_webhdfs_judge(const struct berth_call *call, const struct berth_http_result *result,
                                      struct berth_writer *out_message);

/* ---- webhdfs_names.c: as many of a directory's names as fit, the smallest first */
struct berth_webhdfs_name {
    int64_t length;
    int64_t modified_ms;
    uint8_t type; /* enum berth_webhdfs_type, or another number */
    uint8_t name_len;
};
/* Where records go: [start, end) of MEMORY, in the order of their names. */
struct berth_webhdfs_names {
    char *memory;
    size_t start, end, cap;
    size_t greatest; /* where the last record begins */
    bool dropped;    /* one did not fit: there are more names */
};
/* Puts NAME in its place; when room lacks, the greatest go. One that is there already stays. */
void berth_webhdfs_names_add(struct berth_webhdfs_names *names, struct berth_text name,
                             const struct berth_webhdfs_name *record);
/* The record at AT and its name. */
struct berth_text berth_webhdfs_names_at(const char *memory, size_t at,
                                         struct berth_webhdfs_name *out_record);
/* Bytes of a record with a name of LEN bytes. */
size_t berth_webhdfs_name_size(size_t len);

#endif
