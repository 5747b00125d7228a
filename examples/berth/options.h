/* The command line: families of options and commands; parsing, help, man page and completion all read
 * these. */
#ifndef BERTH_PROGRAM_OPTIONS_H
#define BERTH_PROGRAM_OPTIONS_H

#include "berth/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MAX 256
#define MULTI_MAX 32

/* The options' ids: what the code asks for. How an option is spelt and told may differ between families. */
enum option_id {
    OPT_NONE, /* ends a command's list */
    OPT_HOST,
    OPT_CACERT,
    OPT_CRL,
    OPT_CERT,
    OPT_KEY,
    OPT_PIN,
    OPT_PROXY,
    OPT_TIMEOUT,
    OPT_RETRIES,
    OPT_INSECURE,
    OPT_VERBOSE,
    OPT_JSON,
    OPT_QUIET,
    OPT_HELP,
    OPT_VERSION,
    OPT_NAME,
    OPT_GIT,
    OPT_INITIATOR,
    OPT_WAIT,
    OPT_OUTPUT,
    OPT_JOB,
    OPT_PROJECT,
    OPT_FILENAME,
    OPT_TYPE,
    OPT_ONCE,
    OPT_RUNNER,
    OPT_DOCKER,
    OPT_GPUS,
    OPT_GPUS_PER_STEP,
    OPT_WORKDIR,
    OPT_LOG_LIMIT,
    OPT_STEP_TIMEOUT,
    OPT_GRACE,
    OPT_RUNTIME,
    OPT_VOLUME,
    OPT_SOLE,
    OPT_PASS_ENV,
    OPT_FREE,
    OPT_NUMBER,
    OPT_POLICY,
    OPT_LINKS,
    OPT_REQUIRE,
    OPT_SICK,
    OPT_GROUP,
    OPT_SYSTEM,
    OPT_ALIAS, /* berth pai */
    OPT_AUTH_FILE,
    OPT_AS_SENT,
    OPT_PAI_URI,
    OPT_REST_URI,
    OPT_HDFS_URI,
    OPT_USER,
    OPT_PASSWD,
    OPT_PASSWD_FILE,
    OPT_TOKEN_FILE,
    OPT_GENERATION,
    OPT_KEYWORD,
    OPT_USERNAME,
    OPT_EVERYBODY,
    OPT_VC,
    OPT_STATE,
    OPT_TAG,
    OPT_NO_TAG,
    OPT_PRIORITY,
    OPT_ORDER,
    OPT_LIMIT,
    OPT_OFFSET,
    OPT_CONFIG,
    OPT_PREVIEW,
    OPT_IN_JOB,
    OPT_IMAGE,
    OPT_PACKAGE,
    OPT_SOURCE,
    OPT_WORKSPACE,
    OPT_NO_INSTALL,
    OPT_UPDATE,
    OPT_NOT_DEFAULT,
    OPT_ROLE,
    OPT_INSTANCES,
    OPT_CPU,
    OPT_GPU,
    OPT_MEM,
    OPT_INTERVAL,
    OPT_INDEX,
    OPT_ATTEMPT,
    OPT_STREAM,
    OPT_FOLLOW,
    OPT_TAIL,
    OPT_OVERWRITE,
    OPT_STDOUT,
    OPT_STDERR,
    OPT_SAVE,
    OPT_RECURSIVE,
    OPT_STORAGE_ALIAS,
    OPT_NODES,
    OPT_SKUS,
    OPT_DEFAULTS,
    OPT_ON_START,
    OPT_ON_END,
    OPT_ON_EXCEPTION,
    OPT_ALWAYS,
    OPT_OUTPUT_FOLDER,
    OPT_MODE,
    OPT_NOW, /* berth book, monitor, run-container, schedule */
    OPT_USER_ID,
    OPT_WATCH,
    OPT_DRY_RUN,
    OPT_PASSWORD,
    OPT_FORWARD_PORT,
    OPT_CPUS,
    OPT_MEMORY,
    OPT_EXTRA_COMMAND,
    OPT_FORCE,
    OPT_ROOT, /* berth hdfs */
    OPT_DELEGATION_FILE,
    OPT_DO_AS,
    OPT_DATANODE,
    OPT_LENGTH,
    OPT_RENEWER,
    OPT_START,
    OPT_END,
    OPT_FROM,
    OPT_TO,
    OPT_PORT,
    OPT_NEIGHBOURHOOD,
    OPT_WIDTH,
    OPT_SVG,
    OPT_TITLE,
    OPT_USE_OPTIONS, /* berth book */
    OPT_LIST_SCHEDULE,
    OPT_RESTART,
    OPT_COUNT
};
_Static_assert(OPT_COUNT <= UINT8_MAX, "ids are kept in bytes");

/* Which options a command takes: groups, and single ones. */
enum option_group {
    GROUP_ALL = 1,         /* every command */
    GROUP_OUTPUT = 2,      /* --json, --quiet */
    GROUP_SERVER = 4,      /* talks to a server */
    GROUP_MLCYCLE = 8,     /* to an mlcycle server */
    GROUP_PAI = 16,        /* chooses an OpenPAI cluster */
    GROUP_HOST = 32,       /* about a shared GPU host: its folder with cfg/ and jobs/, and the time */
    GROUP_HDFS = 64,       /* to a WebHDFS cluster */
    GROUP_PAI_SERVER = 128 /* asks an OpenPAI cluster's REST server */
};

struct option {
    enum option_id id;
    const char *name;  /* without dashes; given as --NAME */
    const char *also;  /* more spellings, with their dashes and blanks between: "-o", "-id --user"; or NULL */
    const char *value; /* NULL: a flag */
    unsigned groups;   /* 0: only where a command lists it */
    bool repeated;
    const char *env; /* environment variable that sets it, or NULL */
    const char *help;
};

struct app;

struct command {
    const char *words; /* "mlcycle jobs list" */
    /* "JOB STEP", for the usage line; "" for none. From the first of a command whose usage ends in "CMD..."
     * on, everything is an argument, also what looks like an option. */
    const char *arguments;
    unsigned least, most; /* arguments; most 255: any number */
    unsigned groups;
    const uint8_t *options; /* ids beside the groups', OPT_NONE ends them; NULL: none */
    int (*run)(struct app *app);
    const char *summary; /* one line */
    const char *details; /* paragraphs for the man page and `help COMMAND`, or NULL */
};

/* Commands that begin with the same word (or a few words of one subject), and the options that only they
 * have. An id or a name is looked up here first, then in the common options. Two options of a family may
 * have the same spelling when no command takes both. */
struct family {
    const char *about; /* behind a word that several commands begin with, in the overview */
    const struct option *options;
    size_t option_count;
    const struct command *commands;
    size_t command_count;
};
extern const struct family *const family_table[];
extern const size_t family_count;
extern const struct option common_options[];
extern const size_t common_option_count;

/* The manual page's headings for options that stand in a group. */
struct group_title {
    unsigned group;
    const char *title;
};
extern const struct group_title group_table[];
extern const size_t group_count;

/* ---- looking rows up (lookup.c) ---- */

/* The command at INDEX, over all families in their order; NULL past the end. */
const struct command *command_at(size_t index);
/* The family whose commands begin with WORD; NULL: none. */
const struct family *family_of(const char *word);
const struct family *command_family(const struct command *command);
/* The options at INDEX that FAMILY knows, its own before the common ones; NULL past the end. FAMILY NULL:
 * the common ones only. */
const struct option *option_at(const struct family *family, size_t index);
/* Whether FAMILY's commands mean OPTION, and not a row of their own or none, by its id. */
bool family_means(const struct family *family, const struct option *option);
/* The option that COMMAND takes at INDEX, in the tables' order; NULL past the end. */
const struct option *command_option(const struct command *command, size_t index);
/* The row that ID means for COMMAND's family; NULL: it has none. */
const struct option *option_of(const struct command *command, enum option_id id);
bool command_takes(const struct command *command, const struct option *option);
/* Whether WORDS starts with the first COUNT of the given words. */
bool command_starts(const char *words, const char *const *given, size_t count);

/* The spelling of OPTION at INDEX: those with one dash, then --NAME, then the others; false past the end. */
struct spelling {
    const char *dashes; /* "-" or "--" */
    struct berth_text name;
};
bool option_spelling(const struct option *option, size_t index, struct spelling *out);
/* The option at INDEX that WORD (with its dashes, without "=VALUE") may mean: FAMILY's, a common one, then
 * other families'; NULL past the end. */
const struct option *find_option(const struct family *family, struct berth_text word, size_t index);

/* ---- the command line's arguments ---- */

struct args {
    const struct command *command;
    const struct option *option[OPT_COUNT]; /* the row it was given by */
    const char
        *value[OPT_COUNT]; /* the last one given, or the environment's; "" for a flag; NULL: not given */
    bool from_env[OPT_COUNT];
    struct {
        enum option_id id;
        const char *value;
    } multi[MULTI_MAX]; /* every one of the repeated ones, in order */
    size_t multi_count;
    const char *words[WORDS_MAX]; /* all that is not an option; the command's own words first */
    size_t word_count;
    size_t command_words; /* how many of them name the command */
};

/* The command's arguments behind its own words. */
const char *args_word(const struct args *args, size_t index); /* NULL past the end */
size_t args_count(const struct args *args);
bool args_given(const struct args *args, enum option_id id);
/* How the command's help calls an option that it takes: "gpus". */
const char *args_option_name(const struct args *args, enum option_id id);

/* Fills in ARGS. On a usage error the sentence is put in MESSAGE (NUL-terminated) and false returned. Without
 * a matching command args->command is NULL and word_count tells whether there were words at all. */
bool args_parse(struct args *args, int argc, char **argv, char *message, size_t message_size);

#endif
