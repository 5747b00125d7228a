/* Completion scripts, from the tables. */
#include "app.h"
#include "commands.h"

#include <string.h>

/* What an option or argument may be, by the way the tables spell it: "docker|process" are words, FILE and DIR
 * are files, everything else is up to the user. */
enum kind { KIND_OTHER, KIND_WORDS, KIND_FILES };

static enum kind kind_of(const char *value)
{
    struct berth_text text = berth_text_of(value);
    if (text.len > 0 && text.ptr[0] >= 'a' && text.ptr[0] <= 'z')
        return KIND_WORDS;
    return berth_text_find(text, BERTH_TEXT("FILE")) != SIZE_MAX ||
                   berth_text_find(text, BERTH_TEXT("DIR")) != SIZE_MAX
               ? KIND_FILES
               : KIND_OTHER;
}

/* "docker process" of "docker|process". */
static void words_of(struct out *o, const char *value)
{
    struct berth_text rest = berth_text_of(value), word;
    for (bool first = true; berth_text_split(&rest, '|', &word); first = false) {
        out_string(o, first ? "" : " ");
        out_text(o, word);
    }
}

static void options_of(struct out *o, const struct command *command)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (!command_takes(command, &option_table[i]))
            continue;
        out_string(o, " --");
        out_string(o, option_table[i].name);
    }
}

/* ---- beginnings of commands: "mlcycle", "mlcycle jobs" ---- */

/* Whether command INDEX is the first whose words begin with its own first LEN bytes (a whole number of
 * words, and more behind them). */
static bool is_first_beginning(size_t index, size_t len)
{
    for (size_t i = 0; i < index; i++) {
        const char *words = command_table[i].words;
        if (strlen(words) > len && words[len] == ' ' && strncmp(words, command_table[index].words, len) == 0)
            return false;
    }
    return true;
}

/* The next beginning of command INDEX that no earlier command has, longer than LEN bytes; 0 at the end. */
static size_t next_beginning(size_t index, size_t len)
{
    const char *words = command_table[index].words;
    while (words[len] != '\0') {
        len++;
        if (words[len] == ' ' && is_first_beginning(index, len))
            return len;
    }
    return 0;
}

static bool same_next_word(const char *a, const char *b, size_t from)
{
    size_t i = from;
    while (a[i] == b[i] && a[i] != '\0' && a[i] != ' ')
        i++;
    return (a[i] == '\0' || a[i] == ' ') && (b[i] == '\0' || b[i] == ' ');
}

/* The words after the first LEN bytes (0, or a beginning) of command INDEX's words, each once. */
static void next_words(struct out *o, size_t index, size_t len)
{
    size_t from = len == 0 ? 0 : len + 1;
    for (size_t i = 0; i < command_count; i++) {
        const char *words = command_table[i].words;
        if (strncmp(words, command_table[index].words, len) != 0 || (len > 0 && words[len] != ' '))
            continue;
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            const char *other = command_table[j].words;
            seen = strlen(other) >= from && strncmp(other, words, from) == 0 &&
                   same_next_word(other, words, from);
        }
        struct berth_text rest = berth_text_of(words + from), word;
        if (!seen && berth_text_split(&rest, ' ', &word)) {
            out_string(o, " ");
            out_text(o, word);
        }
    }
}

/* ---- bash and zsh: one function that works in both ---- */

/* Whether other commands know the option's name as a flag: nothing is then said of its value. */
static bool also_flag(const struct option *option)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (option_table[i].value == NULL && strcmp(option_table[i].name, option->name) == 0)
            return true;
    }
    return false;
}

/* A pattern of all options with a value (of KIND, or of every kind). */
static void valued_options(struct out *o, enum kind kind, bool every)
{
    bool any = false;
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option *option = &option_table[i];
        if (option->value == NULL || (!every && kind_of(option->value) != kind) || also_flag(option))
            continue;
        out_string(o, any ? "|--" : "--");
        out_string(o, option->name);
        any = true;
        if (option->letter != 0) {
            const char letter[] = {'|', '-', option->letter, '\0'};
            out_string(o, letter);
        }
    }
}

static void value_branches(struct out *o)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (option_table[i].value == NULL || kind_of(option_table[i].value) != KIND_WORDS)
            continue;
        out_string(o, "    --");
        out_string(o, option_table[i].name);
        out_string(o, ") offer='");
        words_of(o, option_table[i].value);
        out_string(o, "' ;;\n");
    }
    out_string(o, "    ");
    valued_options(o, KIND_FILES, false);
    out_string(o, ") files=1 ;;\n");
}

static void command_branches(struct out *o)
{
    out_string(o, "    '') offer='");
    next_words(o, 0, 0);
    out_string(o, "' ;;\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_table[i];
        for (size_t len = next_beginning(i, 0); len != 0; len = next_beginning(i, len)) {
            out_string(o, "    '");
            out_bytes(o, command->words, len);
            out_string(o, "') offer='");
            next_words(o, i, len);
            out_string(o, "' ;;\n");
        }
        enum kind kind = kind_of(command->arguments);
        out_string(o, "    '");
        out_string(o, command->words);
        out_string(o, kind == KIND_FILES ? "') files=1 opts='" : "') opts='");
        options_of(o, command);
        if (kind == KIND_WORDS) {
            out_string(o, "' offer='");
            words_of(o, command->arguments);
        }
        out_string(o, "' ;;\n");
    }
}

static void known_words(struct out *o)
{
    for (size_t i = 0; i < command_count; i++) {
        out_string(o, i > 0 ? "|'" : "'");
        out_string(o, command_table[i].words);
        out_string(o, "'");
        for (size_t len = next_beginning(i, 0); len != 0; len = next_beginning(i, len)) {
            out_string(o, "|'");
            out_bytes(o, command_table[i].words, len);
            out_string(o, "'");
        }
    }
}

/* _berth_at WORD...: sets offer, files and opts to what may follow these words. */
static void at_function(struct out *o)
{
    out_string(o, "_berth_at() {\n"
                  "  local word value='' said='' helping=''\n"
                  "  offer='' files='' opts=' --help --version'\n"
                  "  for word; do\n"
                  "    if [ \"$value\" ]; then\n"
                  "      [ \"$word\" = '=' ] || value=''\n"
                  "      continue\n"
                  "    fi\n"
                  "    case $word in\n"
                  "      ");
    valued_options(o, KIND_OTHER, true);
    out_string(o, ") value=$word; continue ;;\n"
                  "      -*) continue ;;\n"
                  "      help) if [ -z \"$said\" ]; then helping=1; continue; fi ;;\n"
                  "    esac\n"
                  "    case \"${said:+$said }$word\" in\n"
                  "      ");
    known_words(o);
    out_string(o, ") said=\"${said:+$said }$word\" ;;\n"
                  "    esac\n"
                  "  done\n"
                  "  case $value in\n");
    value_branches(o);
    out_string(o, "  esac\n"
                  "  if [ \"$value\" ]; then opts=''; return; fi\n"
                  "  case $said in\n");
    command_branches(o);
    out_string(o, "  esac\n"
                  "  case $helping,$said in\n"
                  "    1,) ;;\n"
                  "    1,*) files='' opts='' ;;\n"
                  "  esac\n"
                  "}\n");
}

static void bash(struct out *o)
{
    out_string(o, "# bash completion for berth; source it, or put it where bash-completion looks\n");
    at_function(o);
    out_string(o, "_berth() {\n"
                  "  local cur=${COMP_WORDS[COMP_CWORD]} offer files opts IFS=$' \\t\\n'\n"
                  "  _berth_at \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"\n"
                  "  [ \"$cur\" = '=' ] && cur=''\n"
                  "  case $cur in -*) offer=$opts files='' ;; esac\n"
                  "  COMPREPLY=($(compgen -W \"$offer\" -- \"$cur\"))\n"
                  "  IFS=$'\\n'\n"
                  "  [ \"$files\" ] && COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
                  "  return 0\n"
                  "}\n"
                  "complete -o filenames -F _berth berth\n");
}

static void zsh(struct out *o)
{
    out_string(o, "#compdef berth\n"
                  "# zsh completion for berth; put it as _berth in a folder of fpath\n");
    at_function(o);
    out_string(o, "_berth() {\n"
                  "  local offer files opts\n"
                  "  _berth_at \"${(@)words[2,CURRENT-1]}\"\n"
                  "  case $PREFIX in -*) offer=$opts files='' ;; esac\n"
                  "  compadd -- ${=offer}\n"
                  "  [ \"$files\" ] && _files\n"
                  "  return 0\n"
                  "}\n"
                  "if [ \"$funcstack[1]\" = _berth ]; then _berth \"$@\"; else compdef _berth berth; fi\n");
}

/* ---- fish ---- */

/* Fish escapes ' and \ inside single quotes. */
static void fish_text(struct out *o, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            out_string(o, "\\");
        out_bytes(o, text, 1);
    }
}

static void fish_functions(struct out *o)
{
    out_string(o, "# fish completion for berth\n"
                  "function __berth_said\n"
                  "  set -l said\n"
                  "  set -l value\n"
                  "  set -l tokens (commandline -opc)\n"
                  "  set -e tokens[1]\n"
                  "  for word in $tokens\n"
                  "    if test -n \"$value\"\n"
                  "      set value\n"
                  "    else if string match -qr -- '^(");
    valued_options(o, KIND_OTHER, true);
    out_string(o, ")$' $word\n"
                  "      set value $word\n"
                  "    else if not string match -q -- '-*' $word\n"
                  "      test -z \"$said\" -a $word = help; or set -a said $word\n"
                  "    end\n"
                  "  end\n"
                  "  echo \"$said\"\n"
                  "end\n"
                  "function __berth_at\n"
                  "  test (__berth_said) = \"$argv\"\n"
                  "end\n"
                  "function __berth_in\n"
                  "  string match -q -- \"$argv *\" (__berth_said)' '\n"
                  "end\n"
                  "complete -c berth -f\n");
}

/* WORD, the first LEN bytes of command words behind the last blank, offered behind the words before it. */
static void fish_word(struct out *o, const char *words, size_t len, const char *summary)
{
    size_t start = len;
    while (start > 0 && words[start - 1] != ' ')
        start--;
    out_string(o, "complete -c berth -n '__berth_at ");
    out_bytes(o, words, start > 0 ? start - 1 : 0);
    out_string(o, "' -a ");
    out_bytes(o, words + start, len - start);
    if (summary != NULL) {
        out_string(o, " -d '");
        fish_text(o, summary);
        out_string(o, "'");
    }
    out_string(o, "\n");
}

static void fish_value(struct out *o, enum kind kind, const char *value)
{
    out_string(o, kind == KIND_FILES ? " -r -F" : " -x");
    if (kind != KIND_WORDS)
        return;
    out_string(o, " -a '");
    words_of(o, value);
    out_string(o, "'");
}

static void fish_command(struct out *o, const struct command *command)
{
    enum kind kind = kind_of(command->arguments);
    if (kind != KIND_OTHER) {
        out_string(o, "complete -c berth -n '__berth_in ");
        out_string(o, command->words);
        out_string(o, "'");
        if (kind == KIND_FILES) {
            out_string(o, " -F");
        } else {
            out_string(o, " -a '");
            words_of(o, command->arguments);
            out_string(o, "'");
        }
        out_string(o, "\n");
    }
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option *option = &option_table[i];
        if (!command_takes(command, option))
            continue;
        out_string(o, "complete -c berth -n '__berth_in ");
        out_string(o, command->words);
        out_string(o, "' -l ");
        out_string(o, option->name);
        if (option->letter != 0) {
            const char letter[] = {' ', '-', 's', ' ', option->letter, '\0'};
            out_string(o, letter);
        }
        if (option->value != NULL)
            fish_value(o, kind_of(option->value), option->value);
        out_string(o, " -d '");
        fish_text(o, option->help);
        out_string(o, "'\n");
    }
}

static void fish(struct out *o)
{
    fish_functions(o);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_table[i];
        for (size_t len = next_beginning(i, 0); len != 0; len = next_beginning(i, len))
            fish_word(o, command->words, len, NULL);
        fish_word(o, command->words, strlen(command->words), command->summary);
        fish_command(o, command);
    }
}

int completion_run(struct app *app)
{
    const char *shell = args_word(&app->args, 0);
    if (strcmp(shell, "bash") == 0)
        bash(&app->out);
    else if (strcmp(shell, "zsh") == 0)
        zsh(&app->out);
    else if (strcmp(shell, "fish") == 0)
        fish(&app->out);
    else
        return fail(app, EXIT_USAGE, "scripts are for bash, zsh and fish", NULL);
    return EXIT_DONE;
}
