/* OpenPAI job documents: protocol v2 and config v1 read, checked before a server does, built, converted, and
 * written so that secrets stay hidden. No network here: berth/openpai.h submits. */
#ifndef BERTH_OPENPAI_JOB_H
#define BERTH_OPENPAI_JOB_H

#include "berth/json.h"
#include "berth/yaml.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A server's limit for a request body (100 KiB); more is 413. */
#define BERTH_OPENPAI_JOB_SIZE_MAX 102400
/* A job's name in protocol v2 has at most this many characters. */
#define BERTH_OPENPAI_JOB_NAME_MAX 255
/* Jobs of so many lines are known to hang in WAITING. */
#define BERTH_OPENPAI_JOB_LINES_MAX 1000
/* Memory that is enough for any document within the limit: YAML's shortest forms ("{a,b}") have one token a
 * byte, and their JSON less than five bytes for one. A usual document takes three to four times its size. */
#define BERTH_OPENPAI_JOB_MEMORY ((BERTH_JSON_TOKEN_SIZE + 5) * BERTH_OPENPAI_JOB_SIZE_MAX + 128)

/* ---- Documents -------------------------------------------------------------------------------- */

enum berth_openpai_protocol { BERTH_OPENPAI_V1 = 1, BERTH_OPENPAI_V2 = 2 };

/* A document that was read: its source, and the same as compact JSON. The caller's; source and memory live as
 * long as it. Members are for reading. */
struct berth_openpai_document {
    enum berth_openpai_protocol protocol; /* v2 has a member protocolVersion */
    bool is_json;                         /* the source is JSON (which is YAML as well) */
    struct berth_text source;
    struct berth_json json; /* berth_json_root(&document->json) is the document: an object */
};

/* Reads SOURCE, YAML or JSON, into MEMORY (any alignment). BERTH_E_SPACE: MEMORY is too small, *OUT_NEEDED
 * (may be NULL; set on success too) would do for this step: after another BERTH_E_SPACE it is larger.
 * BERTH_E_TYPE: not a mapping. BERTH_E_SYNTAX, BERTH_E_UTF8, BERTH_E_DEPTH, BERTH_E_RANGE as
 * berth_yaml_to_json(); a repeated name is BERTH_E_SYNTAX (a server answers 500 to it). OUT_ERROR (may be
 * NULL) then says where and why. */
enum berth_status berth_openpai_document_read(struct berth_openpai_document *out_document,
                                              struct berth_text source, void *memory, size_t memory_size,
                                              size_t *out_needed,
                                              struct berth_yaml_error *out_error) BERTH_MUST_CHECK;

/* ---- Check ------------------------------------------------------------------------------------ */

/* What can be wrong; docs/openpai-jobs.md explains each. The names of berth_openpai_rule_name() are stable.
 */
enum berth_openpai_rule {
    BERTH_OPENPAI_RULE_SIZE,       /* the document is larger than a server takes; nothing else is checked */
    BERTH_OPENPAI_RULE_LINES,      /* so long that jobs are known to hang */
    BERTH_OPENPAI_RULE_MEMBER,     /* a member that does not exist there */
    BERTH_OPENPAI_RULE_MISSING,    /* a required member is absent */
    BERTH_OPENPAI_RULE_TYPE,       /* a value of another type is due */
    BERTH_OPENPAI_RULE_RANGE,      /* a number out of its range */
    BERTH_OPENPAI_RULE_EMPTY,      /* something must be in it, or it must be left out */
    BERTH_OPENPAI_RULE_VALUE,      /* not one of the words that are known */
    BERTH_OPENPAI_RULE_NAME,       /* characters that a name may not have, or too many */
    BERTH_OPENPAI_RULE_DUPLICATE,  /* two of one name */
    BERTH_OPENPAI_RULE_COLLISION,  /* two task roles that the server takes for one */
    BERTH_OPENPAI_RULE_REFERENCE,  /* names something that the document does not have */
    BERTH_OPENPAI_RULE_EXCLUSIVE,  /* two members that exclude each other */
    BERTH_OPENPAI_RULE_AFFINITY,   /* members of an affinity group that want different hardware */
    BERTH_OPENPAI_RULE_COUNT,      /* a completion count beyond the number of instances */
    BERTH_OPENPAI_RULE_INSTANCES,  /* left out although a server fails without */
    BERTH_OPENPAI_RULE_NO_EFFECT,  /* a member that does nothing there */
    BERTH_OPENPAI_RULE_MASKED,     /* "******": the secrets that a server hid */
    BERTH_OPENPAI_RULE_SECRETS,    /* sent as it stands, the server would not hide the secrets */
    BERTH_OPENPAI_RULE_PASSWORD,   /* a password where everybody can read it */
    BERTH_OPENPAI_RULE_TEMPLATE,   /* <% ... %> that stands for nothing */
    BERTH_OPENPAI_RULE_SCALAR,     /* text without quotes that a server reads as something else */
    BERTH_OPENPAI_RULE_CONVERSION, /* v1 to v2: has no counterpart, or becomes something else */
    BERTH_OPENPAI_RULE_COUNT_OF
};
/* "size", "lines" ...; "" for a number that is not listed. */
const char *berth_openpai_rule_name(enum berth_openpai_rule rule);

struct berth_openpai_finding {
    enum berth_openpai_rule rule;
    bool warning;    /* the server takes it; otherwise it refuses it, or fails */
    uint32_t line;   /* in the source, from 1 */
    uint32_t column; /* from 1, in characters */
    /* Where: "taskRoles.worker.resourcePerInstance.cpu", as berth_json_find_path() takes it, unless it is so
     * long that names in it are cut with "..."; empty: the document. Of a missing member: its own path. */
    struct berth_text path;
    struct berth_text text; /* what is wrong and what is due, one line without a full stop */
};

/* Who is told. */
struct berth_openpai_check {
    /* Called for each finding; its texts are valid until it returns. Another status than BERTH_OK ends the
     * check with it. May be NULL: only counted. */
    enum berth_status (*finding)(void *ctx, const struct berth_openpai_finding *finding);
    void *ctx;
    size_t errors; /* counted here */
    size_t warnings;
};

/* Checks DOCUMENT against every rule of its protocol (v2: the wire page's 3.1 and 3.2, v1: 3.3) and reports
 * all findings, those of the structure first. BERTH_OK also with warnings; BERTH_E_BAD_REQUEST: there were
 * errors; the callback's own status. */
enum berth_status berth_openpai_document_check(const struct berth_openpai_document *document,
                                               struct berth_openpai_check *inout_check) BERTH_MUST_CHECK;

/* ---- Emission --------------------------------------------------------------------------------- */

/* Whether the source may be sent as it stands: the server hides its secrets (an unquoted key `secrets:` in
 * the first column of a block mapping, and no quoted or indented top-level key behind it), each role says its
 * instances, every plain scalar means the same to the server, nothing in it is unprintable to YAML, it has
 * fewer than BERTH_OPENPAI_JOB_LINES_MAX lines; and v1 is JSON. Then comments and layout are kept. */
bool berth_openpai_document_is_safe(const struct berth_openpai_document *document);

/* Writes what is to be sent. v2: one line a top-level member, its name unquoted in the first column, its
 * value compact JSON; `instances: 1` is added where it lacks. v1: compact JSON. Nothing is checked.
 * BERTH_E_SPACE (need in out->len). */
enum berth_status berth_openpai_document_write(const struct berth_openpai_document *document,
                                               struct berth_writer *out) BERTH_MUST_CHECK;

/* The same for v2 that is at hand as JSON (an object, not checked further than that). BERTH_E_TYPE for no
 * object, BERTH_E_ARGUMENT for a member name that cannot stand without quotes, otherwise as
 * berth_json_check(). */
enum berth_status berth_openpai_emit_v2(struct berth_text json, struct berth_writer *out) BERTH_MUST_CHECK;

/* ---- Conversion ------------------------------------------------------------------------------- */

struct berth_openpai_conversion {
    /* The three lines (registry, user, password) of the file that v1's authFile names; a document with an
     * authFile cannot be converted without. Absent: not at hand. */
    struct berth_text auth_file;
    struct berth_openpai_check check; /* is told what is lost (warnings), and what cannot be converted */
};

/* Writes the v1 DOCUMENT as a v2 document in the emission form: what servers do, and what they leave to the
 * client: role names become identifiers, '.' and '~' in the job's name '_', empty ports are left out, values
 * of jobEnvs are quoted for the shell. DOCUMENT should have passed the check; what is not in it has v1's
 * defaults. BERTH_E_ARGUMENT: v2 already. BERTH_E_BAD_REQUEST: there were errors (a negative retryCount,
 * roles whose new names collide, an authFile without its contents, names that a shell cannot export); OUT
 * then has no meaning. BERTH_E_SPACE (need in out->len); the callback's own status. */
enum berth_status berth_openpai_convert(const struct berth_openpai_document *document,
                                        struct berth_openpai_conversion *inout_conversion,
                                        struct berth_writer *out) BERTH_MUST_CHECK;

/* A name as an identifier ([a-zA-Z_][a-zA-Z0-9_]*): other characters become '_', a digit in front gets one
 * before it. For task roles. */
void berth_openpai_put_identifier(struct berth_writer *w, struct berth_text name);
/* A name with characters of A-Z a-z 0-9 _ - only, others become '_'. For jobs. */
void berth_openpai_put_job_name(struct berth_writer *w, struct berth_text name);
/* Whether a server takes two role names for one: lower case, letters and digits only. */
bool berth_openpai_roles_collide(struct berth_text a, struct berth_text b);

/* ---- Building --------------------------------------------------------------------------------- */

struct berth_openpai_pair {
    struct berth_text name;
    struct berth_text value;
};

struct berth_openpai_port {
    struct berth_text label;
    int64_t count;
};

/* A task role of a job that is built. Zero numbers mean the default in brackets. */
struct berth_openpai_spec_role {
    struct berth_text name;        /* absent: "main" */
    int64_t task_number;           /* 1 */
    int64_t cpu;                   /* 1 */
    int64_t gpu;                   /* 0 */
    int64_t memory_mb;             /* 1024 */
    int64_t shm_mb;                /* the server's default */
    const struct berth_text *argv; /* the command; each is quoted for the shell. One alone is shell text */
    size_t argc;
    const struct berth_openpai_port *ports;
    size_t port_count;
    int64_t min_failed;    /* the server's default */
    int64_t min_succeeded; /* the server's default */
};

/* A job that is built: what `job create`, `job task` and `job fast` collect. Absent and zero: left out. All
 * texts and arrays are the caller's. */
struct berth_openpai_spec {
    struct berth_text job_name;
    struct berth_text image;
    struct berth_text alias; /* of the cluster; cache only */
    struct berth_text workspace;
    const struct berth_text *sources; /* relative paths, no ".." */
    size_t source_count;
    const struct berth_text *packages; /* for pip */
    size_t package_count;
    bool no_install;                   /* disable_sdk_install */
    struct berth_text install_command; /* run after pip unless no_install; absent: none */
    const struct berth_openpai_spec_role *roles;
    size_t role_count;
    /* The cluster's members (pai_uri, user, hdfs_web_uri ...) become PAI_SDK_CLIENT_<NAME>, those with an
     * empty value are left out, and what holds a password or token ("passwd", "password", "token",
     * "storages") never goes with a job. */
    const struct berth_openpai_pair *client;
    size_t client_count;
    const struct berth_openpai_pair *env; /* further variables */
    size_t env_count;
    struct berth_text virtual_cluster;
    int64_t retry_count;

    /* v2 only. */
    struct berth_text description;
    const struct berth_openpai_pair *secrets;
    size_t secret_count;
    struct berth_text registry; /* of the image, with a user and the name of a secret */
    struct berth_text registry_user;
    struct berth_text registry_secret;
    const struct berth_text
        *prepare; /* shell lines that run first, such as berth_openpai_put_source() makes */
    size_t prepare_count;
    const struct berth_text *tags;
    size_t tag_count;
    struct berth_text priority; /* jobPriorityClass: prod, test, oppo */
    const struct berth_text *storages;
    size_t storage_count;
};

/* Writes the job as config v1 (JSON), or as protocol v2 (emission form). In v1 codeDir is set, and the
 * command begins with `cd code`, when there are a workspace and sources; in v2 `cd code` when there are
 * sources: `prepare` has to make the folder. Variables are exported in v2 by preCommands of a deployment, and
 * kept in `parameters`. BERTH_E_MISSING: no name, image, role or command; BERTH_E_ARGUMENT: a source that
 * leaves its folder or a variable that is no identifier; BERTH_E_UTF8; BERTH_E_SPACE (need in out->len). What
 * a server says to the values, berth_openpai_document_check() tells. */
enum berth_status berth_openpai_build_v1(const struct berth_openpai_spec *spec,
                                         struct berth_writer *out) BERTH_MUST_CHECK;
enum berth_status berth_openpai_build_v2(const struct berth_openpai_spec *spec,
                                         struct berth_writer *out) BERTH_MUST_CHECK;

/* TEXT as one word of a POSIX shell: as it is when nothing in it is special, else in single quotes. */
void berth_openpai_put_word(struct berth_writer *w, struct berth_text text);
/* A command: its words quoted and joined by blanks; one alone is put as it is. */
void berth_openpai_put_command(struct berth_writer *w, const struct berth_text *argv, size_t argc);
/* Whether PATH stays inside its folder: relative, without "..", not empty. */
bool berth_openpai_source_is_inside(struct berth_text path);
/* A shell line that makes the file code/PATH out of BYTES, for platforms without a shared storage; it needs
 * `base64` in the image and takes 4/3 of the bytes. BERTH_E_ARGUMENT: PATH leaves its folder. */
enum berth_status berth_openpai_put_source(struct berth_writer *w, struct berth_text path,
                                           struct berth_text bytes) BERTH_MUST_CHECK;

/* The old SDK's cache of a job under construction (.openpai/jobs/<job>/cache.json): an array of one
 * "job-spec" and its "task-role"s. Reads it in place; the spec points into JSON, ROLES and TEXTS (argument
 * vectors, sources, packages). BERTH_E_SPACE: more roles or texts than fit. BERTH_E_MISSING: no job-spec.
 * Errors as berth_fields_decode(). */
enum berth_status berth_openpai_cache_read(char *json, size_t len, struct berth_openpai_spec_role *roles,
                                           size_t role_cap, struct berth_text *texts, size_t text_cap,
                                           struct berth_openpai_spec *out_spec,
                                           struct berth_decode_error *out_error) BERTH_MUST_CHECK;
/* BERTH_E_UTF8, BERTH_E_SPACE (need in out->len). */
enum berth_status berth_openpai_cache_write(const struct berth_openpai_spec *spec,
                                            struct berth_writer *out) BERTH_MUST_CHECK;

/* ---- Notebooks -------------------------------------------------------------------------------- */

enum berth_openpai_notebook_mode {
    BERTH_OPENPAI_NOTEBOOK_SCRIPT,     /* the notebook as a script, run by ipython */
    BERTH_OPENPAI_NOTEBOOK_SILENT,     /* executed to HTML in the container */
    BERTH_OPENPAI_NOTEBOOK_INTERACTIVE /* served at the port with the label "jupyter" */
};
#define BERTH_OPENPAI_NOTEBOOK_PORT "jupyter"

/* PATH's last part without ".ipynb". */
struct berth_text berth_openpai_notebook_base(struct berth_text path);
/* The job's name: the base, with what the name rule forbids replaced and cut so that all fits, '_' and the 16
 * random bytes as 32 hexadecimal digits. */
void berth_openpai_put_notebook_name(struct berth_writer *w, struct berth_text path,
                                     const uint8_t random[16]);
/* The shell command that runs the notebook at PATH, whose folder's files lie in the current folder (as after
 * `cd code`). SCRIPT runs BASE.py. SILENT leaves BASE.html in the current folder. INTERACTIVE serves the
 * folder at the port's own number; TOKEN (its URL's secret) has letters and digits only, else
 * BERTH_E_ARGUMENT. */
enum berth_status berth_openpai_put_notebook_command(struct berth_writer *w,
                                                     enum berth_openpai_notebook_mode mode,
                                                     struct berth_text path,
                                                     struct berth_text token) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
