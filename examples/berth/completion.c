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

static bool is_letter(const struct spelling *spelling)
{
    return spelling->name.len == 1;
}

static void put_spelling(struct out *o, const char *before, const struct spelling *spelling)
{
    out_string(o, before);
    out_string(o, spelling->dashes);
    out_text(o, spelling->name);
}

static void options_of(struct out *o, const struct command *command)
{
    const struct option *option;
    struct spelling spelling;
    for (size_t i = 0; (option = command_option(command, i)) != NULL; i++) {
        for (size_t j = 0; option_spelling(option, j, &spelling); j++) {
            if (!is_letter(&spelling))
                put_spelling(o, " ", &spelling);
        }
    }
}

/* The first word at INDEX of those that a family's commands begin with; false past the end. */
static bool family_word(const struct family *family, size_t index, struct berth_text *out_word)
{
    struct berth_text last = BERTH_TEXT("");
    for (size_t i = 0; i < family->command_count; i++) {
        struct berth_text rest = berth_text_of(family->commands[i].words);
        (void)berth_text_split(&rest, ' ', out_word);
        if (!berth_text_equal(*out_word, last) && index-- == 0)
            return true;
        last = *out_word;
    }
    return false;
}

/* ---- beginnings of commands: "mlcycle", "mlcycle jobs" ---- */

/* Whether command INDEX is the first whose words begin with its own first LEN bytes (a whole number of
 * words, and more behind them). */
static bool is_first_beginning(size_t index, size_t len)
{
    for (size_t i = 0; i < index; i++) {
        const char *words = command_at(i)->words;
        if (strlen(words) > len && words[len] == ' ' && strncmp(words, command_at(index)->words, len) == 0)
            return false;
    }
    return true;
}

/* The next beginning of command INDEX that no earlier command has, longer than LEN bytes; 0 at the end. */
static size_t next_beginning(size_t index, size_t len)
{
    const char *words = command_at(index)->words;
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
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        const char *words = command->words;
        if (strncmp(words, command_at(index)->words, len) != 0 || (len > 0 && words[len] != ' '))
            continue;
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            const char *other = command_at(j)->words;
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

/* A list of options to make a pattern of, and what of it goes in. */
struct pattern {
    const struct option *options;
    size_t count;
    bool flags, values; /* options without, with a value */
    bool any_kind;      /* of values */
    enum kind kind;
};

static bool matches(const struct pattern *p, const struct option *option)
{
    if (option->value == NULL)
        return p->flags;
    return p->values && (p->any_kind || kind_of(option->value) == p->kind);
}

/* Every spelling with BEFORE in front, '|' between them. *ANY: whether a '|' is due; set when some came. */
static void put_pattern(struct out *o, const struct pattern *p, const char *before, struct berth_text word,
                        bool *any)
{
    struct spelling spelling;
    for (size_t i = 0; i < p->count; i++) {
        for (size_t j = 0; matches(p, &p->options[i]) && option_spelling(&p->options[i], j, &spelling); j++) {
            out_string(o, *any ? "|" : before);
            out_text(o, word);
            put_spelling(o, word.len > 0 ? ":" : "", &spelling);
            *any = true;
        }
    }
}

static struct pattern flags_of(const struct family *family)
{
    return (struct pattern){family->options, family->option_count, true, false, false, KIND_OTHER};
}

static struct pattern values_of(const struct family *family)
{
    return (struct pattern){family->options, family->option_count, false, true, true, KIND_OTHER};
}

static struct pattern common_values(void)
{
    return (struct pattern){common_options, common_option_count, false, true, true, KIND_OTHER};
}

/* Whether $word takes a value, by the command's first word. Before any word, each family's options count. */
static void value_tests(struct out *o)
{
    const struct berth_text none = BERTH_TEXT("");
    struct berth_text first;
    bool any = false;
    for (size_t i = 0; i < family_count; i++) {
        struct pattern values = values_of(family_table[i]), flags = flags_of(family_table[i]);
        for (size_t j = 0; values.count > 0 && family_word(family_table[i], j, &first); j++) {
            out_string(o, j > 0 ? "|" : "      ");
            out_text(o, first);
        }
        if (values.count == 0)
            continue;
        out_string(o, ") case $word in\n");
        any = false;
        put_pattern(o, &values, "        ", none, &any);
        out_string(o, any ? ") value=$word; continue ;;\n" : "");
        any = false;
        put_pattern(o, &flags, "        ", none, &any);
        out_string(o, any ? ") continue ;;\n" : "");
        out_string(o, "      esac ;;\n");
    }
    out_string(o, "      '') case $word in\n");
    any = false;
    for (size_t i = 0; i < family_count; i++) {
        struct pattern values = values_of(family_table[i]);
        put_pattern(o, &values, "        ", none, &any);
    }
    out_string(o, any ? ") value=$word; continue ;;\n      esac ;;\n" : "      esac ;;\n");
}

static void word_branches(struct out *o, const struct pattern *p, struct berth_text first)
{
    for (size_t i = 0; i < p->count; i++) {
        struct pattern one = {&p->options[i], 1, false, true, false, KIND_WORDS};
        bool any = false;
        put_pattern(o, &one, "    ", first, &any);
        if (!any)
            continue;
        out_string(o, ") offer='");
        words_of(o, p->options[i].value);
        out_string(o, "' ;;\n");
    }
}

static void kind_branch(struct out *o, const struct pattern *p, enum kind kind, struct berth_text first,
                        const char *then)
{
    struct pattern some = *p;
    bool any = false;
    some.any_kind = false;
    some.kind = kind;
    put_pattern(o, &some, "    ", first, &any);
    out_string(o, any ? then : "");
}

/* What may stand for the value of "FIRST:OPTION"; a family's own options before the common ones. */
static void value_branches(struct out *o)
{
    struct berth_text first;
    for (size_t i = 0; i < family_count; i++) {
        struct pattern values = values_of(family_table[i]);
        for (size_t j = 0; family_word(family_table[i], j, &first); j++) {
            word_branches(o, &values, first);
            kind_branch(o, &values, KIND_FILES, first, ") files=1 ;;\n");
            kind_branch(o, &values, KIND_OTHER, first, ") ;;\n");
        }
    }
    struct pattern common = common_values();
    word_branches(o, &common, BERTH_TEXT("*"));
    kind_branch(o, &common, KIND_FILES, BERTH_TEXT("*"), ") files=1 ;;\n");
}

static void command_branches(struct out *o)
{
    out_string(o, "    '') offer='");
    next_words(o, 0, 0);
    out_string(o, "' ;;\n");
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
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
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        out_string(o, i > 0 ? "|'" : "'");
        out_string(o, command->words);
        out_string(o, "'");
        for (size_t len = next_beginning(i, 0); len != 0; len = next_beginning(i, len)) {
            out_string(o, "|'");
            out_bytes(o, command->words, len);
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
                  "    case ${said%% *} in\n");
    value_tests(o);
    out_string(o, "    esac\n"
                  "    case $word in\n");
    struct pattern common = common_values();
    bool any = false;
    put_pattern(o, &common, "      ", BERTH_TEXT(""), &any);
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
                  "  case ${said%% *}:$value in\n");
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

/* __berth_valued FIRST OPTION: whether OPTION takes a value in the commands that begin with FIRST. */
static void fish_valued(struct out *o)
{
    const struct berth_text none = BERTH_TEXT("");
    struct berth_text first;
    bool any = false;
    out_string(o, "function __berth_valued\n"
                  "  switch \"$argv[1]\"\n");
    for (size_t i = 0; i < family_count; i++) {
        struct pattern values = values_of(family_table[i]), flags = flags_of(family_table[i]);
        if (values.count == 0)
            continue;
        out_string(o, "    case");
        for (size_t j = 0; family_word(family_table[i], j, &first); j++) {
            out_string(o, " ");
            out_text(o, first);
        }
        out_string(o, "\n");
        any = false;
        put_pattern(o, &values, "      string match -qr -- '^(", none, &any);
        out_string(o, any ? ")$' $argv[2]; and return 0\n" : "");
        any = false;
        put_pattern(o, &flags, "      string match -qr -- '^(", none, &any);
        out_string(o, any ? ")$' $argv[2]; and return 1\n" : "");
    }
    out_string(o, "    case ''\n");
    any = false;
    for (size_t i = 0; i < family_count; i++) {
        struct pattern values = values_of(family_table[i]);
        put_pattern(o, &values, "      string match -qr -- '^(", none, &any);
    }
    out_string(o, any ? ")$' $argv[2]; and return 0\n" : "");
    out_string(o, "  end\n");
    struct pattern common = common_values();
    any = false;
    put_pattern(o, &common, "  string match -qr -- '^(", none, &any);
    out_string(o, ")$' $argv[2]\n"
                  "end\n");
}

static void fish_functions(struct out *o)
{
    out_string(o, "# fish completion for berth\n");
    fish_valued(o);
    out_string(o, "function __berth_said\n"
                  "  set -l said\n"
                  "  set -l value\n"
                  "  set -l tokens (commandline -opc)\n"
                  "  set -e tokens[1]\n"
                  "  for word in $tokens\n"
                  "    if test -n \"$value\"\n"
                  "      set value\n"
                  "    else if __berth_valued \"$said[1]\" $word\n"
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

/* Fish knows -s X, --long and old-style -long options. */
static void fish_spellings(struct out *o, const struct option *option)
{
    struct spelling spelling;
    for (size_t i = 0; option_spelling(option, i, &spelling); i++) {
        bool doubled = spelling.dashes[1] == '-';
        out_string(o, doubled ? " -l " : is_letter(&spelling) ? " -s " : " -o ");
        out_text(o, spelling.name);
    }
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
    const struct option *option;
    for (size_t i = 0; (option = command_option(command, i)) != NULL; i++) {
        out_string(o, "complete -c berth -n '__berth_in ");
        out_string(o, command->words);
        out_string(o, "'");
        fish_spellings(o, option);
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
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
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
