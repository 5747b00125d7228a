/* The command line: one table of options, one of commands; parsing, help, man page and completion all read
 * these. */
#ifndef BERTH_PROGRAM_OPTIONS_H
#define BERTH_PROGRAM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MAX 256
#define MULTI_MAX 32

/* Rows of the option table, in its order. */
enum option_id {
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
    OPT_COUNT
};

/* Which options a command takes: groups, and single ones. */
enum option_group {
    GROUP_ALL = 1,    /* every command */
    GROUP_OUTPUT = 2, /* --json, --quiet */
    GROUP_SERVER = 4, /* talks to a server */
    GROUP_MLCYCLE = 8 /* to an mlcycle server */
};

/* Two options may have the same name or letter when no command takes both. */
struct option {
    enum option_id id;
    const char *name;  /* without dashes */
    char letter;       /* 0: none */
    const char *value; /* NULL: a flag */
    unsigned groups;   /* 0: only where a command lists it */
    bool repeated;
    const char *env; /* environment variable that sets it, or NULL */
    const char *help;
};
extern const struct option option_table[OPT_COUNT];

struct app;

struct command {
    const char *words; /* "mlcycle jobs list" */
    /* "JOB STEP", for the usage line; "" for none. From the first of a command whose usage ends in "CMD..."
     * on, everything is an argument, also what looks like an option. */
    const char *arguments;
    unsigned least, most; /* arguments; most 255: any number */
    unsigned groups;
    const unsigned char *options; /* option ids beside the groups, OPT_COUNT ends them; NULL: none */
    int (*run)(struct app *app);
    const char *summary; /* one line */
    const char *details; /* paragraphs for the man page and `help COMMAND`, or NULL */
};
extern const struct command command_table[];
extern const size_t command_count;

struct args {
    const struct command *command;
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

/* Fills in ARGS. On a usage error the sentence is put in MESSAGE (NUL-terminated) and false returned. Without
 * a matching command args->command is NULL and word_count tells whether there were words at all. */
bool args_parse(struct args *args, int argc, char **argv, char *message, size_t message_size);

bool command_takes(const struct command *command, const struct option *option);
/* Whether WORDS starts with the first COUNT of the given words. */
bool command_starts(const char *words, const char *const *given, size_t count);

#endif
