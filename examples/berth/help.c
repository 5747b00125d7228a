/* Help, manual page and completion scripts, all from the tables. */
#include "help.h"

#include "commands.h"
#include "nearest.h"

#include <string.h>

enum {
    OPTION_WIDTH = 30,
    COMMAND_WIDTH = 34,
    FAMILY_WIDTH = 20,
    LEFT_INDENT = 6,
    ROOM_MIN = 10,
    SCREEN = 100,
    PAPER = 80
};

/* In a pipe it is most likely read by a pager on a screen of the usual width. */
static unsigned width_of(const struct out *o)
{
    if (o->columns == 0)
        return PAPER;
    return o->columns < SCREEN ? o->columns : SCREEN;
}

/* TEXT from column AT on, wrapped at the screen's width, continued at INDENT; with a line end. */
static void paragraph(struct out *o, struct berth_text text, unsigned at, unsigned indent)
{
    do {
        unsigned room = width_of(o) > at + ROOM_MIN ? width_of(o) - at : ROOM_MIN;
        struct berth_text part = text_fit(text, room);
        text = berth_text_slice(text, part.len, text.len);
        out_text(o, berth_text_trim(part));
        out_string(o, "\n");
        if (text.len > 0)
            out_repeat(o, ' ', indent);
        at = indent;
    } while (text.len > 0);
}

/* "  LEFT      TEXT", TEXT on the next line when LEFT is long. */
static void entry(struct out *o, struct berth_text left, const char *text, unsigned width)
{
    if (width > width_of(o) / 2)
        width = width_of(o) / 2;
    out_string(o, "  ");
    if (left.len + 3 > width) {
        paragraph(o, left, 2, LEFT_INDENT);
        out_repeat(o, ' ', width);
    } else {
        out_text(o, left);
        out_repeat(o, ' ', width - 2 - left.len);
    }
    paragraph(o, berth_text_of(text), width, width);
}

static void put_option(struct berth_writer *w, const struct option *option)
{
    struct spelling spelling;
    for (size_t i = 0; option_spelling(option, i, &spelling); i++) {
        berth_put_string(w, i > 0 ? ", " : "");
        berth_put_string(w, spelling.dashes);
        berth_put_text(w, spelling.name);
    }
    if (option->value != NULL) {
        berth_put_char(w, ' ');
        berth_put_string(w, option->value);
    }
}

static void option_entry(struct out *o, const struct option *option)
{
    char left[80], right[320];
    struct berth_writer w, text;
    berth_writer_init(&w, left, sizeof left);
    put_option(&w, option);
    berth_writer_init(&text, right, sizeof right);
    berth_put_string(&text, option->help);
    if (option->env != NULL) {
        berth_put_string(&text, " (environment: ");
        berth_put_string(&text, option->env);
        berth_put_string(&text, ")");
    }
    const char *help = berth_writer_terminate(&text) == BERTH_OK ? right : option->help;
    entry(o, berth_writer_text(&w), help, OPTION_WIDTH);
}

static void options_of(struct out *o, const struct command *command, bool common, const char *title)
{
    bool any = false;
    const struct option *option;
    for (size_t i = 0; (option = command_option(command, i)) != NULL; i++) {
        if ((option->groups != 0) != common)
            continue;
        if (!any) {
            out_string(o, "\n");
            out_colour(o, COLOUR_BOLD);
            out_string(o, title);
            out_colour(o, COLOUR_NONE);
            out_string(o, "\n");
        }
        any = true;
        option_entry(o, option);
    }
}

int help_command(struct app *app, const struct command *command)
{
    struct out *o = &app->out;
    char usage[160];
    struct berth_writer w;
    berth_writer_init(&w, usage, sizeof usage);
    berth_put_string(&w, "berth ");
    berth_put_string(&w, command->words);
    berth_put_string(&w, " [OPTIONS]");
    if (command->arguments[0] != '\0') {
        berth_put_char(&w, ' ');
        berth_put_string(&w, command->arguments);
    }
    paragraph(o, berth_writer_text(&w), 0, LEFT_INDENT);
    out_string(o, "\n  ");
    paragraph(o, berth_text_of(command->summary), 2, 2);
    if (command->details != NULL) {
        out_string(o, "\n  ");
        paragraph(o, berth_text_of(command->details), 2, 2);
    }
    options_of(o, command, false, "Options:");
    options_of(o, command, true, "Common options:");
    return EXIT_DONE;
}

/* "WORD ..." and what can follow it, for the commands from INDEX on that begin with the same word; the index
 * behind them. */
static size_t list_family(struct out *o, size_t index)
{
    const struct command *c = command_at(index);
    char left[96], right[320];
    struct berth_writer w, text;
    struct berth_text rest = berth_text_of(c->words), first, second, last = BERTH_TEXT("");
    const char *about = command_family(c)->about;
    (void)berth_text_split(&rest, ' ', &first);
    berth_writer_init(&w, left, sizeof left);
    berth_put_text(&w, first);
    berth_put_string(&w, " ...");
    berth_writer_init(&text, right, sizeof right);
    berth_put_string(&text, about != NULL ? about : "");
    for (; (c = command_at(index)) != NULL; index++) {
        struct berth_text word;
        rest = berth_text_of(c->words);
        (void)berth_text_split(&rest, ' ', &word);
        if (!berth_text_equal(word, first))
            break;
        if (!berth_text_split(&rest, ' ', &second) || berth_text_equal(second, last))
            continue;
        berth_put_string(&text, last.len == 0 ? ": " : ", ");
        berth_put_text(&text, second);
        last = second;
    }
    if (berth_writer_terminate(&text) == BERTH_OK)
        entry(o, berth_writer_text(&w), right, FAMILY_WIDTH);
    return index;
}

/* Each command that stands for itself, and each word that several begin with. */
static void list_families(struct out *o)
{
    const struct command *c, *next;
    for (size_t i = 0; (c = command_at(i)) != NULL;) {
        struct berth_text rest = berth_text_of(c->words), first;
        (void)berth_text_split(&rest, ' ', &first);
        next = command_at(i + 1);
        if (rest.ptr != NULL && next != NULL && berth_text_starts(berth_text_of(next->words), first)) {
            i = list_family(o, i);
            continue;
        }
        entry(o, berth_text_of(c->words), c->summary, FAMILY_WIDTH);
        i++;
    }
}

static void list_commands(struct out *o, const char *const *words, size_t count)
{
    const struct command *c;
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        if (!command_starts(c->words, words, count))
            continue;
        char left[96];
        struct berth_writer w;
        berth_writer_init(&w, left, sizeof left);
        berth_put_string(&w, c->words);
        if (c->arguments[0] != '\0') {
            berth_put_char(&w, ' ');
            berth_put_string(&w, c->arguments);
        }
        entry(o, berth_writer_text(&w), c->summary, COMMAND_WIDTH);
    }
}

static bool any_command(const char *const *words, size_t count)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        if (command_starts(command->words, words, count))
            return true;
    }
    return false;
}

static const char exit_codes[] =
    "0 done, 1 the answer is no, 2 wrong usage, 3 network or TLS, 4 refused by the server, 5 bad data, "
    "6 no space, 7 timeout, 8 conflict, 130 interrupted (128 + the signal's number).";

static int overview(struct app *app)
{
    struct out *o = &app->out;
    paragraph(o,
              BERTH_TEXT("berth " BERTH_VERSION ": talks to GPU job platforms, runs their work, books GPUs."),
              0, 0);
    out_string(o, "\n");
    paragraph(o, BERTH_TEXT("berth COMMAND [OPTIONS] [ARGUMENTS]"), 0, LEFT_INDENT);
    out_string(o, "\n");
    list_families(o);
    out_string(o, "\n");
    paragraph(
        o,
        BERTH_TEXT("'berth help WORD' lists the commands that begin with a word, 'berth help COMMAND' tells "
                   "a command's options, 'berth man' tells all."),
        0, 0);
    out_string(o, "Exit codes:\n  ");
    paragraph(o, berth_text_of(exit_codes), 2, 2);
    return EXIT_DONE;
}

static const struct command *exact_command(const char *const *words, size_t count)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        struct berth_text rest = berth_text_of(command->words), word;
        size_t n = 0;
        while (berth_text_split(&rest, ' ', &word))
            n++;
        if (n == count && command_starts(command->words, words, count))
            return command;
    }
    return NULL;
}

/* The word that was perhaps meant by words[count], behind the known ones before it; empty: none is near. */
static struct berth_text meant(const char *const *words, size_t count)
{
    struct nearest near = {.wrong = berth_text_of(words[count])};
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        struct berth_text rest = berth_text_of(command->words), word = BERTH_TEXT("");
        if (!command_starts(command->words, words, count))
            continue;
        size_t at = 0;
        while (berth_text_split(&rest, ' ', &word) && at < count)
            at++;
        if (at == count)
            nearest_try(&near, word);
    }
    return near.best;
}

static int unknown(struct app *app, const char *const *words, size_t count)
{
    size_t known = count;
    while (known > 0 && !any_command(words, known))
        known--;
    char text[256];
    struct berth_writer w;
    berth_writer_init(&w, text, sizeof text);
    berth_put_string(&w, "unknown command '");
    for (size_t i = 0; i <= known && i < count; i++) {
        berth_put_string(&w, i > 0 ? " " : "");
        berth_put_string(&w, words[i]);
    }
    berth_put_string(&w, "'; see 'berth help");
    for (size_t i = 0; i < known; i++) {
        berth_put_char(&w, ' ');
        berth_put_string(&w, words[i]);
    }
    berth_put_string(&w, "'");
    struct berth_text better = known < count ? meant(words, known) : BERTH_TEXT("");
    if (better.len > 0) {
        berth_put_string(&w, "; did you mean '");
        berth_put_text(&w, better);
        berth_put_string(&w, "'?");
    }
    if (berth_writer_terminate(&w) != BERTH_OK)
        return fail(app, EXIT_USAGE, "unknown command; see 'berth help'", NULL);
    return fail(app, EXIT_USAGE, text, NULL);
}

static int help_words(struct app *app, const char *const *words, size_t count)
{
    const struct command *command = exact_command(words, count);
    if (command != NULL)
        return help_command(app, command);
    if (!any_command(words, count))
        return unknown(app, words, count);
    list_commands(&app->out, words, count);
    return EXIT_DONE;
}

int help_unmatched(struct app *app)
{
    const struct args *args = &app->args;
    bool asked = args_given(args, OPT_HELP);
    if (args->word_count == 0)
        return asked ? overview(app) : fail(app, EXIT_USAGE, "which command? see 'berth help'", NULL);
    if (!any_command(args->words, args->word_count))
        return unknown(app, args->words, args->word_count);
    if (asked)
        return help_words(app, args->words, args->word_count);
    fail(app, EXIT_USAGE, "the command is not complete; these begin so", NULL);
    list_commands(&app->err, args->words, args->word_count);
    return EXIT_USAGE;
}

int help_run(struct app *app)
{
    const struct args *args = &app->args;
    if (args_count(args) == 0)
        return overview(app);
    return help_words(app, args->words + args->command_words, args_count(args));
}

int version_run(struct app *app)
{
    out_string(&app->out, app->json ? "{\"version\":\"" BERTH_VERSION "\"}\n" : "berth " BERTH_VERSION "\n");
    return EXIT_DONE;
}
