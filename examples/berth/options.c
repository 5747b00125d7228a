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

bool command_takes(const struct command *command, const struct option *option)
{
    if (((command->groups | GROUP_ALL) & option->groups) != 0)
        return true;
    for (const unsigned char *id = command->options; id != NULL && *id != OPT_COUNT; id++) {
        if (*id == option->id)
            return true;
    }
    return false;
}

bool command_starts(const char *words, const char *const *given, size_t count)
{
    struct berth_text rest = berth_text_of(words);
    for (size_t i = 0; i < count; i++) {
        struct berth_text word;
        if (!berth_text_split(&rest, ' ', &word) || !berth_text_equal(word, berth_text_of(given[i])))
            return false;
    }
    return true;
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
    args->command = NULL;
    args->command_words = 0;
    for (size_t i = 0; i < command_count; i++) {
        size_t count = words_in(command_table[i].words);
        if (count > args->command_words && count <= args->word_count &&
            command_starts(command_table[i].words, args->words, count)) {
            args->command = &command_table[i];
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

/* Whether the command that the words so far name takes OPTION, or any that may come of them. */
static bool may_take(const struct args *args, const struct option *option)
{
    if (args->command != NULL)
        return command_takes(args->command, option);
    for (size_t i = 0; i < command_count; i++) {
        if (command_starts(command_table[i].words, args->words, args->word_count) &&
            command_takes(&command_table[i], option))
            return true;
    }
    return false;
}

/* The option of this name (or letter, where NAME is empty): the one that fits the words so far, else the
 * first. */
static const struct option *find_option(const struct args *args, struct berth_text name, char letter)
{
    const struct option *first = NULL;
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option *option = &option_table[i];
        if (name.len > 0 ? !berth_text_equal(name, berth_text_of(option->name)) : option->letter != letter)
            continue;
        if (may_take(args, option))
            return option;
        if (first == NULL)
            first = option;
    }
    return first;
}

static bool unknown_option(struct berth_text word, struct berth_text name, char *message, size_t size)
{
    struct nearest near = {.wrong = name};
    for (size_t i = 0; i < OPT_COUNT; i++)
        nearest_try(&near, berth_text_of(option_table[i].name));
    if (near.best.len == 0 || !berth_text_starts(word, BERTH_TEXT("--")))
        return complain(message, size, "unknown option ", word, "; see 'berth help'");
    struct berth_writer w;
    berth_writer_init(&w, message, size);
    berth_put_string(&w, "unknown option --");
    berth_put_text(&w, name);
    berth_put_string(&w, "; did you mean --");
    berth_put_text(&w, near.best);
    berth_put_string(&w, "?");
    return berth_writer_terminate(&w) != BERTH_OK;
}

static bool set_option(struct args *args, const struct option *option, const char *value, char *message,
                       size_t size)
{
    args->value[option->id] = value;
    if (!option->repeated)
        return true;
    if (args->multi_count == MULTI_MAX)
        return complain(message, size, "too many of --", berth_text_of(option->name), "");
    args->multi[args->multi_count].id = option->id;
    args->multi[args->multi_count++].value = value;
    return true;
}

/* One option at argv[*at]; *at moves on when its value stands in the next argument. */
static bool take_option(struct args *args, int argc, char **argv, int *at, char *message, size_t size)
{
    const char *word = argv[*at];
    struct berth_text name;
    const char *value = NULL;
    const struct option *option;
    if (word[1] == '-') {
        struct berth_text rest = berth_text_of(word + 2);
        if (berth_text_split(&rest, '=', &name) && rest.ptr != NULL)
            value = rest.ptr;
        option = name.len > 0 ? find_option(args, name, 0) : NULL;
    } else {
        name = berth_text_of(word);
        option = find_option(args, BERTH_TEXT(""), word[1]);
        if (option != NULL && word[2] != '\0') {
            if (option->value == NULL)
                return complain(message, size, "write the options of ", name, " one by one");
            value = word + 2;
        }
    }
    if (option == NULL)
        return unknown_option(berth_text_of(word), name, message, size);
    if (option->value == NULL && value != NULL)
        return complain(message, size, "--", berth_text_of(option->name), " takes no value");
    if (option->value == NULL)
        value = "";
    if (value == NULL && *at + 1 < argc)
        value = argv[++*at];
    if (value == NULL)
        return complain(message, size, "--", berth_text_of(option->name), " needs a value");
    return set_option(args, option, value, message, size);
}

/* What a step's environment can say in place of a command's first arguments. */
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
    if (i == sizeof contexts / sizeof contexts[0])
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
        if (args_given(args, (enum option_id)i) && !command_takes(args->command, &option_table[i])) {
            struct berth_writer w;
            berth_writer_init(&w, message, size);
            berth_put_string(&w, "--");
            berth_put_string(&w, option_table[i].name);
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
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const char *name = option_table[i].env;
        const char *value = name != NULL ? getenv(name) : NULL;
        if (value != NULL && value[0] != '\0' && args->value[i] == NULL &&
            command_takes(args->command, &option_table[i])) {
            args->value[i] = value;
            args->from_env[i] = true;
        }
    }
}

bool args_parse(struct args *args, int argc, char **argv, char *message, size_t message_size)
{
    memset(args, 0, sizeof *args);
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (strcmp(argv[i], "--") == 0) {
                options_end = true;
            } else if (!take_option(args, argc, argv, &i, message, message_size)) {
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
