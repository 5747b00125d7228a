/* Parsing the command line by the tables. */
#include "options.h"

#include "nearest.h"

#include "berth/text.h"

#include <stdlib.h>
#include <string.h>

const char *args_word(const struct args *args, size_t index)
{
    return index < args_count(args) ? args->words[args->command_words + index] : NULL;
}

size_t args_count(const struct args *args)
{
    return args->word_count - args->command_words;
}

bool args_given(const struct args *args, enum option_id id)
{
    return args->value[id] != NULL;
}

const char *args_option_name(const struct args *args, enum option_id id)
{
    const struct option *option = option_of(args->command, id);
    return option != NULL ? option->name : "";
}

static size_t words_in(const char *words)
{
    size_t count = 1;
    for (; *words != '\0'; words++)
        count += *words == ' ';
    return count;
}

static void match_command(struct args *args)
{
    const struct command *command;
    args->command = NULL;
    args->command_words = 0;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        size_t count = words_in(command->words);
        if (count > args->command_words && count <= args->word_count &&
            command_starts(command->words, args->words, count)) {
            args->command = command;
            args->command_words = count;
        }
    }
}

/* Whether everything behind the words so far is the command's. */
static bool takes_the_rest(const struct args *args)
{
    return args->command != NULL && args->word_count > args->command_words &&
           berth_text_ends(berth_text_of(args->command->arguments), BERTH_TEXT("CMD..."));
}

static bool complain(char *message, size_t size, const char *a, struct berth_text b, const char *c)
{
    struct berth_writer w;
    berth_writer_init(&w, message, size);
    berth_put_string(&w, a);
    berth_put_text(&w, b);
    berth_put_string(&w, c);
    if (berth_writer_terminate(&w) != BERTH_OK) { /* a very long argument: leave it out */
        berth_writer_init(&w, message, size);
        berth_put_string(&w, "an argument is too long");
        (void)!berth_writer_terminate(&w);
    }
    return false;
}

static void nearest_option(struct nearest *near, const struct family *family)
{
    const struct option *option;
    struct spelling spelling;
    for (size_t i = 0; (option = option_at(family, i)) != NULL; i++) {
        for (size_t j = 0; option_spelling(option, j, &spelling); j++) {
            if (spelling.dashes[1] == '-')
                nearest_try(near, spelling.name);
        }
    }
}

static bool unknown_option(const struct family *family, struct berth_text word, char *message, size_t size)
{
    struct nearest near = {.wrong = berth_text_slice(word, 2, word.len)};
    nearest_option(&near, family);
    for (size_t i = 0; family == NULL && i < family_count; i++)
        nearest_option(&near, family_table[i]);
    if (near.best.len == 0 || !berth_text_starts(word, BERTH_TEXT("--")))
        return complain(message, size, "unknown option ", word, "; see 'berth help'");
    struct berth_writer w;
    berth_writer_init(&w, message, size);
    berth_put_string(&w, "unknown option ");
    berth_put_text(&w, word);
    berth_put_string(&w, "; did you mean --");
    berth_put_text(&w, near.best);
    berth_put_string(&w, "?");
    return berth_writer_terminate(&w) != BERTH_OK;
}

static bool set_option(struct args *args, const struct option *option, const char *value, char *message,
                       size_t size)
{
    args->value[option->id] = value;
    args->option[option->id] = option;
    if (!option->repeated)
        return true;
    if (args->multi_count == MULTI_MAX)
        return complain(message, size, "too many of --", berth_text_of(option->name), "");
    args->multi[args->multi_count].id = option->id;
    args->multi[args->multi_count++].value = value;
    return true;
}

/* Whether the command that the words so far name takes OPTION, or any that may come of them. */
static bool may_take(const struct args *args, const struct option *option)
{
    const struct command *command;
    if (args->command != NULL)
        return command_takes(args->command, option);
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        if (command_starts(command->words, args->words, args->word_count) && command_takes(command, option))
            return true;
    }
    return false;
}

/* What WORD spells: the option that fits the words so far, else the first. */
static const struct option *meant_option(const struct args *args, const struct family *family,
                                         struct berth_text word)
{
    const struct option *option;
    for (size_t i = 0; (option = find_option(family, word, i)) != NULL; i++) {
        if (may_take(args, option))
            return option;
    }
    return find_option(family, word, 0);
}

/* An option as it was written: "--name", "--name=value", "-name", "-n" or "-nvalue". */
struct written {
    struct berth_text word;      /* up to the value */
    const char *value;           /* NULL: none in this argument */
    const struct option *option; /* NULL: unknown */
};

static struct written read_option(const struct args *args, const struct family *family, const char *argument)
{
    struct written w = {berth_text_of(argument), NULL, NULL};
    if (argument[1] == '-') {
        struct berth_text rest = w.word;
        if (berth_text_split(&rest, '=', &w.word) && rest.ptr != NULL)
            w.value = rest.ptr;
    }
    w.option = meant_option(args, family, w.word);
    if (w.option == NULL && argument[1] != '-' && argument[2] != '\0') {
        w.option = meant_option(args, family, berth_text_slice(w.word, 0, 2));
        if (w.option != NULL && family != NULL && !family_means(family, w.option))
            w.option = NULL; /* some other command's letter says nothing about a whole word */
        w.value = argument + 2;
    }
    return w;
}

/* One option at argv[*at]; *at moves on when its value stands in the next argument. */
static bool take_option(struct args *args, const struct family *family, int argc, char **argv, int *at,
                        char *message, size_t size)
{
    struct written w = read_option(args, family, argv[*at]);
    const struct option *option = w.option;
    if (option == NULL)
        return unknown_option(family, w.word, message, size);
    if (option->value == NULL && w.value != NULL && argv[*at][1] != '-')
        return complain(message, size, "write the options of ", w.word, " one by one");
    if (option->value == NULL && w.value != NULL)
        return complain(message, size, "--", berth_text_of(option->name), " takes no value");
    if (option->value == NULL)
        w.value = "";
    if (w.value == NULL && *at + 1 < argc)
        w.value = argv[++*at];
    if (w.value == NULL)
        return complain(message, size, "--", berth_text_of(option->name), " needs a value");
    return set_option(args, option, w.value, message, size);
}

static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

/* The family of the first word that is no option and no option's value: it says what the options mean. */
static const struct family *find_family(const struct args *empty, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && is_option(argv[i]); i++) {
        struct written w = read_option(empty, NULL, argv[i]);
        if (strcmp(argv[i], "--") == 0)
            return NULL;
        if (w.option != NULL && w.option->value != NULL && w.value == NULL)
            i++;
    }
    return i < argc ? family_of(argv[i]) : NULL;
}

/* What a step's environment can say in place of an mlcycle command's first arguments. */
static const struct {
    const char *arguments; /* how the command's own begin */
    const char *env[2];
} contexts[] = {
    {"JOB STEP", {"MLCYCLE_JOB", "MLCYCLE_STEP"}},
    {"JOB", {"MLCYCLE_JOB"}},
    {"PROJECT", {"MLCYCLE_PROJECT"}},
};

/* Whether the first COUNT arguments were left out. Where any number may follow, they are KEY=VALUE. */
static bool left_out(const struct args *args, size_t count)
{
    size_t given = args_count(args);
    if (args->command->most - args->command->least <= 1)
        return given + count == args->command->least;
    return given > 0 && berth_text_find_byte(berth_text_of(args_word(args, 0)), '=') != SIZE_MAX;
}

/* Puts the environment's job, step or project before the arguments when the command line has none: all of
 * them or nothing, so that a step never goes with another job. */
static void take_context(struct args *args)
{
    const char *values[2] = {NULL, NULL};
    size_t count = 0, i = 0;
    while (i < sizeof contexts / sizeof contexts[0] &&
           !berth_text_starts(berth_text_of(args->command->arguments), berth_text_of(contexts[i].arguments)))
        i++;
    if (i == sizeof contexts / sizeof contexts[0] || (args->command->groups & GROUP_MLCYCLE) == 0)
        return;
    for (; count < 2 && contexts[i].env[count] != NULL; count++) {
        values[count] = getenv(contexts[i].env[count]);
        if (values[count] == NULL || values[count][0] == '\0')
            return;
    }
    if (!left_out(args, count) || args->word_count + count > WORDS_MAX)
        return;
    const char **front = args->words + args->command_words;
    memmove(front + count, front, args_count(args) * sizeof *front);
    memcpy(front, values, count * sizeof *front);
    args->word_count += count;
}

static bool check_command(const struct args *args, char *message, size_t size)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option *option = args->option[i];
        if (option != NULL && !command_takes(args->command, option)) {
            struct berth_writer w;
            berth_writer_init(&w, message, size);
            berth_put_string(&w, "--");
            berth_put_string(&w, option->name);
            berth_put_string(&w, " means nothing here; see 'berth help ");
            berth_put_string(&w, args->command->words);
            berth_put_string(&w, "'");
            return berth_writer_terminate(&w) != BERTH_OK;
        }
    }
    if (args_given(args, OPT_HELP))
        return true;
    struct berth_text usage = berth_text_of(args->command->arguments);
    if (args_count(args) < args->command->least)
        return complain(message, size, "too few arguments; it takes: ", usage, "");
    if (args_count(args) > args->command->most && usage.len == 0)
        return complain(message, size,
                        "too many arguments, it takes none: ", berth_text_of(args_word(args, 0)), "");
    if (args_count(args) > args->command->most)
        return complain(message, size, "too many arguments; it takes: ", usage, "");
    return true;
}

static void take_environment(struct args *args)
{
    const struct option *option;
    for (size_t i = 0; (option = command_option(args->command, i)) != NULL; i++) {
        const char *value = option->env != NULL ? getenv(option->env) : NULL;
        if (value != NULL && value[0] != '\0' && args->value[option->id] == NULL) {
            args->value[option->id] = value;
            args->from_env[option->id] = true;
        }
    }
}

bool args_parse(struct args *args, int argc, char **argv, char *message, size_t message_size)
{
    memset(args, 0, sizeof *args);
    const struct family *family = find_family(args, argc, argv);
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        if (!options_end && is_option(argv[i])) {
            if (strcmp(argv[i], "--") == 0) {
                options_end = true;
            } else if (!take_option(args, family, argc, argv, &i, message, message_size)) {
                return false;
            }
        } else if (args->word_count == WORDS_MAX) {
            return complain(message, message_size, "too many arguments", BERTH_TEXT(""), "");
        } else {
            args->words[args->word_count++] = argv[i];
            if (!options_end)
                match_command(args);
            options_end = options_end || takes_the_rest(args);
        }
    }
    if (args->command == NULL)
        return true;
    take_context(args);
    if (!check_command(args, message, message_size))
        return false;
    take_environment(args);
    return true;
}
