/* Completion scripts, from the tables. */
#include "app.h"
#include "commands.h"

#include <string.h>

/* All options that COMMAND takes, each with AROUND's blanks: "--host --cacert ...". */
static void options_of(struct out *o, const struct command *command)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        if (!command_takes(command, &option_table[i]))
            continue;
        out_string(o, " --");
        out_string(o, option_table[i].name);
    }
}

/* The words that may follow each beginning of a command, as shell case branches: "mlcycle jobs") words="list
 * get ..." */
static bool first_with_beginning(size_t index, size_t len)
{
    for (size_t i = 0; i < index; i++) {
        const char *words = command_table[i].words;
        if (strlen(words) > len && words[len] == ' ' && strncmp(words, command_table[index].words, len) == 0)
            return false;
    }
    return true;
}

static bool same_next_word(const char *a, const char *b, size_t from)
{
    size_t i = from;
    while (a[i] == b[i] && a[i] != '\0' && a[i] != ' ')
        i++;
    return (a[i] == '\0' || a[i] == ' ') && (b[i] == '\0' || b[i] == ' ');
}

/* The words after the first LEN bytes (0, or a beginning that ends before a blank) of command INDEX's words.
 */
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
        if (seen)
            continue;
        struct berth_text rest = berth_text_of(words + from), word;
        if (berth_text_split(&rest, ' ', &word)) {
            out_string(o, " ");
            out_text(o, word);
        }
    }
}

static void branches(struct out *o, const char *indent)
{
    out_string(o, indent);
    out_string(o, "'') words='");
    next_words(o, 0, 0);
    out_string(o, "' ;;\n");
    for (size_t i = 0; i < command_count; i++) {
        const char *words = command_table[i].words;
        for (size_t len = 1; words[len] != '\0'; len++) {
            if (words[len] != ' ' || !first_with_beginning(i, len))
                continue;
            out_string(o, indent);
            out_string(o, "'");
            out_bytes(o, words, len);
            out_string(o, "') words='");
            next_words(o, i, len);
            out_string(o, "' ;;\n");
        }
        out_string(o, indent);
        out_string(o, "'");
        out_string(o, words);
        out_string(o, "') words='' opts='");
        options_of(o, &command_table[i]);
        out_string(o, "' ;;\n");
    }
}

static void bash(struct out *o)
{
    out_string(o, "# bash completion for berth; source it, or put it where bash-completion looks\n"
                  "_berth() {\n"
                  "  local cur=${COMP_WORDS[COMP_CWORD]} said='' word i words opts=''\n"
                  "  COMPREPLY=()\n"
                  "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "    word=${COMP_WORDS[i]}\n"
                  "    case $word in -*) continue ;; esac\n"
                  "    case \"${said:+$said }$word\" in\n      ");
    for (size_t i = 0; i < command_count; i++) {
        const char *words = command_table[i].words;
        out_string(o, i > 0 ? "|'" : "'");
        out_string(o, words);
        out_string(o, "'");
        for (size_t len = 1; words[len] != '\0'; len++) {
            if (words[len] != ' ' || !first_with_beginning(i, len))
                continue;
            out_string(o, "|'");
            out_bytes(o, words, len);
            out_string(o, "'");
        }
    }
    out_string(o, ") said=\"${said:+$said }$word\" ;;\n    esac\n  done\n  case $said in\n");
    branches(o, "    ");
    out_string(o, "  esac\n"
                  "  case $cur in\n"
                  "    -*) COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\")) ;;\n"
                  "    *) if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"));\n"
                  "       else COMPREPLY=($(compgen -f -- \"$cur\")); fi ;;\n"
                  "  esac\n"
                  "}\n"
                  "complete -o filenames -F _berth berth\n");
}

static void zsh(struct out *o)
{
    out_string(o, "#compdef berth\n"
                  "# zsh completion for berth, by way of zsh's support for bash's\n"
                  "autoload -U +X bashcompinit && bashcompinit\n");
    bash(o);
}

/* Fish escapes ' and \ inside single quotes. */
static void fish_text(struct out *o, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            out_string(o, "\\");
        out_bytes(o, text, 1);
    }
}

static void fish(struct out *o)
{
    out_string(o, "# fish completion for berth\n"
                  "function __berth_said\n"
                  "  set -l said (commandline -opc | string match -v -- '-*')\n"
                  "  string join ' ' $said[2..-1]\n"
                  "end\n"
                  "function __berth_at\n  test (__berth_said) = \"$argv\"\nend\n"
                  "function __berth_in\n  string match -q -- \"$argv*\" (__berth_said)\nend\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &command_table[i];
        const char *last = strrchr(c->words, ' ');
        size_t before = last != NULL ? (size_t)(last - c->words) : 0;
        out_string(o, "complete -c berth -f -n '__berth_at ");
        out_bytes(o, c->words, before);
        out_string(o, "' -a ");
        out_string(o, last != NULL ? last + 1 : c->words);
        out_string(o, " -d '");
        fish_text(o, c->summary);
        out_string(o, "'\n");
        for (size_t j = 0; j < OPT_COUNT; j++) {
            if (!command_takes(c, &option_table[j]))
                continue;
            out_string(o, "complete -c berth -n '__berth_in ");
            out_string(o, c->words);
            out_string(o, "' -l ");
            out_string(o, option_table[j].name);
            out_string(o, option_table[j].value != NULL ? " -r -d '" : " -d '");
            fish_text(o, option_table[j].help);
            out_string(o, "'\n");
        }
    }
    for (size_t i = 0; i < command_count; i++) {
        const char *words = command_table[i].words;
        for (size_t len = 1; words[len] != '\0'; len++) {
            if (words[len] != ' ' || !first_with_beginning(i, len))
                continue;
            const char *start = words + len;
            while (start > words && start[-1] != ' ')
                start--;
            out_string(o, "complete -c berth -f -n '__berth_at ");
            out_bytes(o, words, start > words ? (size_t)(start - words - 1) : 0);
            out_string(o, "' -a ");
            out_bytes(o, start, len - (size_t)(start - words));
            out_string(o, "\n");
        }
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
        return fail(app, EXIT_USAGE, "completion knows bash, zsh and fish", NULL);
    return EXIT_DONE;
}
