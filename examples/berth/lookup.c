/* Looking commands and options up in the families' tables. */
#include "options.h"

#include <string.h>

const struct command *command_at(size_t index)
{
    for (size_t i = 0; i < family_count; i++) {
        if (index < family_table[i]->command_count)
            return &family_table[i]->commands[index];
        index -= family_table[i]->command_count;
    }
    return NULL;
}

static struct berth_text first_word(const char *words)
{
    struct berth_text rest = berth_text_of(words), word = BERTH_TEXT("");
    (void)berth_text_split(&rest, ' ', &word);
    return word;
}

const struct family *family_of(const char *word)
{
    for (size_t i = 0; i < family_count; i++) {
        for (size_t j = 0; j < family_table[i]->command_count; j++) {
            if (berth_text_equal(first_word(family_table[i]->commands[j].words), berth_text_of(word)))
                return family_table[i];
        }
    }
    return NULL;
}

const struct family *command_family(const struct command *command)
{
    for (size_t i = 0; i < family_count; i++) {
        for (size_t j = 0; j < family_table[i]->command_count; j++) {
            if (command == &family_table[i]->commands[j])
                return family_table[i];
        }
    }
    return NULL;
}

const struct option *option_at(const struct family *family, size_t index)
{
    size_t own = family != NULL ? family->option_count : 0;
    if (index < own)
        return &family->options[index];
    return index - own < common_option_count ? &common_options[index - own] : NULL;
}

static bool lists(const struct command *command, enum option_id id)
{
    for (const uint8_t *listed = command->options; listed != NULL && *listed != OPT_NONE; listed++) {
        if (*listed == id)
            return true;
    }
    return false;
}

bool family_means(const struct family *family, const struct option *option)
{
    const struct option *row;
    size_t i = 0;
    while ((row = option_at(family, i)) != NULL && row->id != option->id)
        i++;
    return row == option;
}

static bool takes(const struct family *family, const struct command *command, const struct option *option)
{
    return (((command->groups | GROUP_ALL) & option->groups) != 0 || lists(command, option->id)) &&
           family_means(family, option);
}

bool command_takes(const struct command *command, const struct option *option)
{
    return takes(command_family(command), command, option);
}

const struct option *command_option(const struct command *command, size_t index)
{
    const struct family *family = command_family(command);
    const struct option *option;
    for (size_t i = 0; (option = option_at(family, i)) != NULL; i++) {
        if (takes(family, command, option) && index-- == 0)
            return option;
    }
    return NULL;
}

const struct option *option_of(const struct command *command, enum option_id id)
{
    const struct family *family = command_family(command);
    const struct option *option;
    size_t i = 0;
    while ((option = option_at(family, i)) != NULL && option->id != id)
        i++;
    return option;
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

/* ---- spellings -------------------------------------------------------------------------------- */

static struct spelling spelling_of(struct berth_text word)
{
    bool doubled = berth_text_starts(word, BERTH_TEXT("--"));
    size_t dashes = doubled ? 2 : 1;
    return (struct spelling){doubled ? "--" : "-", berth_text_slice(word, dashes, word.len)};
}

/* The spelling at INDEX of those in option->also that have two dashes (DOUBLED) or one. */
static bool other_spelling(const struct option *option, bool doubled, size_t index, struct spelling *out)
{
    struct berth_text rest = berth_text_of(option->also), word;
    while (option->also != NULL && berth_text_split(&rest, ' ', &word)) {
        *out = spelling_of(word);
        if ((out->dashes[1] == '-') == doubled && index-- == 0)
            return true;
    }
    return false;
}

bool option_spelling(const struct option *option, size_t index, struct spelling *out)
{
    size_t singles = 0;
    if (other_spelling(option, false, index, out))
        return true;
    while (other_spelling(option, false, singles, out))
        singles++;
    *out = (struct spelling){"--", berth_text_of(option->name)};
    return index == singles || other_spelling(option, true, index - singles - 1, out);
}

static bool spells(struct berth_text word, const struct option *option)
{
    struct spelling given = spelling_of(word), known;
    for (size_t i = 0; option_spelling(option, i, &known); i++) {
        if (given.dashes[1] == known.dashes[1] && berth_text_equal(given.name, known.name))
            return true;
    }
    return false;
}

static const struct option *find_among(const struct option *options, size_t count, struct berth_text word,
                                       size_t *index)
{
    for (size_t i = 0; i < count; i++) {
        if (spells(word, &options[i]) && (*index)-- == 0)
            return &options[i];
    }
    return NULL;
}

const struct option *find_option(const struct family *family, struct berth_text word, size_t index)
{
    const struct option *found = NULL;
    if (family != NULL)
        found = find_among(family->options, family->option_count, word, &index);
    if (found == NULL)
        found = find_among(common_options, common_option_count, word, &index);
    for (size_t i = 0; found == NULL && i < family_count; i++) {
        if (family_table[i] != family)
            found = find_among(family_table[i]->options, family_table[i]->option_count, word, &index);
    }
    return found;
}
