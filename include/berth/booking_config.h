/* The three configuration files of a shared GPU host: where things are, what the host and its users may have,
 * who the users are.
 *
 * They are YAML, held to a subset that the programs which share them agree on: one document without "---",
 * block mappings and lists up to 4 levels, {} and [] alone in brackets, plain and quoted scalars, no block
 * text, no anchors or tags, no tab in indentation, no empty line inside a text. Of a key that comes twice the
 * last value counts. Values are typed by their field: a text field takes plain 0000 as it stands; a number is
 * written without quotes; null, ~ and nothing are none. */
#ifndef BERTH_BOOKING_CONFIG_H
#define BERTH_BOOKING_CONFIG_H

#include "berth/schedule.h"
#include "berth/text.h"
#include "berth/yaml.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where and why a file was refused, or what a warning is about. TEXT is in the memory that the call was
 * given, or static. */
struct berth_config_note {
    uint32_t line, column; /* from 1; 0: the file as a whole */
    const char *field;     /* "max_default_capability.cpus"; "" for the file */
    const char *reason;
};
/* Called for what is odd but no error: unknown keys, values above the host's that were cut to it. */
typedef void (*berth_config_warning_fn)(void *ctx, const struct berth_config_note *note);

/* Texts of a configuration point into the document where it has them as they are, otherwise into MEMORY.
 * Everything lives as long as both. */
struct berth_config_input {
    struct berth_text document;
    struct berth_writer *memory; /* BERTH_E_SPACE when it is full: memory->len is then what would be enough */
    berth_config_warning_fn warn; /* may be NULL */
    void *warn_ctx;
    struct berth_config_note *note; /* out, of an error; may be NULL */
};
/* Room that is always enough for the texts of a document of that length: an escape may stand for half as many
 * bytes again ("\\L" for three). */
#define BERTH_CONFIG_MEMORY(document_len) ((document_len) + (document_len) / 2 + 256)

/* ---- host_deploy.yaml ------------------------------------------------------------------------- */

#define BERTH_IMAGES_MAX 256

struct berth_host_config {
    struct berth_text volume_work_dir, volume_dataset_dir, volume_backup_dir; /* absolute */
    struct berth_text users_config_yaml, capability_config_yaml;              /* below the project root */
    struct berth_text images[BERTH_IMAGES_MAX];
    size_t image_count;
    bool host_pids; /* pass --pid=host to containers; ours, default false */
};

/* BERTH_E_SYNTAX and BERTH_E_UTF8 (no YAML, or none of the subset), BERTH_E_DEPTH, BERTH_E_TYPE,
 * BERTH_E_MISSING, BERTH_E_RANGE (a relative folder, an absolute or climbing file, too many images, a NUL
 * character), BERTH_E_SPACE. The list of images may be empty. */
enum berth_status berth_host_config_read(const struct berth_config_input *input,
                                         struct berth_host_config *out_config) BERTH_MUST_CHECK;

/* ---- capability_config.yaml ------------------------------------------------------------------- */

struct berth_limits {
    struct berth_capacity capacity;
    int64_t backup_space_mb, work_space_mb; /* GB * 1000, so that 0.5 GB is exact */
};

/* An id with limits of its own; members that the file leaves out are the default's. */
struct berth_custom_limits {
    struct berth_text user_id;
    struct berth_limits limits;
};

struct berth_capability_config {
    struct berth_limits max; /* of the host */
    /* The share of memory that is RAM, exactly: ram / (ram + swap_size) and such; above 0, at most 1. */
    int64_t shm_rate_num, shm_rate_den;
    struct berth_limits standard; /* max_default_capability */
    struct berth_text *allowed;   /* the caller's memory: lower case, in the order of the file */
    size_t allowed_count, allowed_cap;
    struct berth_custom_limits *custom; /* the caller's memory */
    size_t custom_count, custom_cap;
};

/* Evaluates a text over ram and swap_size as an exact fraction in lowest terms, *out_den > 0 (wire page 1.3):
 *
 *     expression = term { ("+" | "-") term }
 *     term       = factor { ("*" | "/" | "//") factor }
 *     factor     = ("+" | "-") factor | digits["."digits] | "ram" | "swap_size" | "(" expression ")"
 *
 * "//" divides to the next lower whole number. BERTH_E_SYNTAX, BERTH_E_DEPTH (more than 16 brackets),
 * BERTH_E_RANGE (division by zero, or a fraction that 64 bits do not hold); *out_offset (may be NULL) is
 * where. */
enum berth_status berth_capability_expression(struct berth_text expression, int64_t ram, int64_t swap_size,
                                              int64_t *out_num, int64_t *out_den,
                                              size_t *out_offset) BERTH_MUST_CHECK;
/* allowed, allowed_cap, custom and custom_cap are set by the caller before. Blocks and keys may come in any
 * order. In the limits of users "max" is the host's value. BERTH_E_SPACE when a memory is too small (the
 * counts say how much is needed), otherwise as berth_host_config_read(); BERTH_E_RANGE also for an id that
 * cannot be one. */
enum berth_status berth_capability_config_read(const struct berth_config_input *input,
                                               struct berth_capability_config *config) BERTH_MUST_CHECK;
/* A user's limits: own, else the default; cut to the host's (with a warning when reading). USER_ID in lower
 * case. */
const struct berth_limits *berth_capability_limits(const struct berth_capability_config *config,
                                                   struct berth_text user_id);
bool berth_capability_allows(const struct berth_capability_config *config, struct berth_text user_id);

/* ---- users_config.yaml ------------------------------------------------------------------------ */

struct berth_user {
    struct berth_text id;            /* lower case */
    struct berth_text password;      /* as stored: plain, or "$6$..."; absent: nobody can log in */
    uint16_t forward_port;           /* 0: none */
    struct berth_text image;         /* absent: the default image */
    struct berth_text extra_command; /* absent: none */
    struct berth_text volume_work_dir, volume_dataset_dir, volume_backup_dir; /* absent: none */
};

/* The users, one per id, with the values of its last entry, in the order of the first. USERS is memory for
 * CAP of them: BERTH_E_SPACE when there are more, with *out_count a number that is enough. A key that no user
 * has is BERTH_E_SYNTAX; other errors as berth_capability_config_read(). */
enum berth_status berth_users_config_read(const struct berth_config_input *input, struct berth_user *users,
                                          size_t cap, size_t *out_count) BERTH_MUST_CHECK;
/* Puts DOCUMENT with USER's block written anew where its first one stands, or added at the end; further
 * blocks of the same id go, every other byte stays, and so do the comments inside the block. The document's
 * line ends and its first indentation are kept to. OUT must not lie over the document. BERTH_E_SYNTAX,
 * BERTH_E_TYPE and others as reading, for the document's structure (NOTE may be NULL); BERTH_E_RANGE for
 * values that no reader would take back; BERTH_E_SPACE with the need in out->len. */
enum berth_status berth_users_config_put(struct berth_writer *out, struct berth_text document,
                                         const struct berth_user *user,
                                         struct berth_config_note *note) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
