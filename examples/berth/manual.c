/* The manual page, from the tables. */
#include "app.h"
#include "commands.h"

/* Roff gives '-', '\', and a dot or quote at the start of a line a meaning of their own. */
static void roff_text(struct out *o, struct berth_text text)
{
    if (text.len > 0 && (text.ptr[0] == '.' || text.ptr[0] == '\''))
        out_string(o, "\\&");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '-')
            out_string(o, "\\-");
        else if (text.ptr[i] == '\\')
            out_string(o, "\\e");
        else
            out_bytes(o, text.ptr + i, 1);
    }
}

static void roff(struct out *o, const char *text)
{
    roff_text(o, berth_text_of(text));
}

static void heading(struct out *o, const char *kind, const char *title)
{
    out_string(o, kind);
    out_string(o, " \"");
    roff(o, title);
    out_string(o, "\"\n");
}

static void option(struct out *o, const struct option *option)
{
    struct spelling spelling;
    out_string(o, ".TP\n\\fB");
    for (size_t i = 0; option_spelling(option, i, &spelling); i++) {
        out_string(o, i > 0 ? "\\fR, \\fB" : "");
        roff(o, spelling.dashes);
        roff_text(o, spelling.name);
    }
    out_string(o, "\\fR");
    if (option->value != NULL) {
        out_string(o, " \\fI");
        roff(o, option->value);
        out_string(o, "\\fR");
    }
    out_string(o, "\n");
    roff(o, option->help);
    if (option->env != NULL) {
        out_string(o, " (environment: ");
        roff(o, option->env);
        out_string(o, ")");
    }
    out_string(o, "\n");
}

static void command(struct out *o, const struct command *command)
{
    heading(o, ".SS", command->words);
    out_string(o, "\\fBberth ");
    roff(o, command->words);
    out_string(o, "\\fR [OPTIONS]");
    if (command->arguments[0] != '\0') {
        out_string(o, " \\fI");
        roff(o, command->arguments);
        out_string(o, "\\fR");
    }
    out_string(o, "\n.PP\n");
    roff(o, command->summary);
    out_string(o, "\n");
    if (command->details != NULL) {
        out_string(o, ".PP\n");
        roff(o, command->details);
        out_string(o, "\n");
    }
    const struct option *row;
    for (size_t i = 0; (row = command_option(command, i)) != NULL; i++) {
        if (row->groups == 0)
            option(o, row);
    }
}

static void options_among(struct out *o, const struct option *options, size_t count, unsigned group)
{
    for (size_t i = 0; i < count; i++) {
        if ((options[i].groups & group) != 0)
            option(o, &options[i]);
    }
}

static void options_of_group(struct out *o, const struct group_title *group)
{
    heading(o, ".SS", group->title);
    options_among(o, common_options, common_option_count, group->group);
    for (size_t i = 0; i < family_count; i++)
        options_among(o, family_table[i]->options, family_table[i]->option_count, group->group);
}

static const struct {
    const char *code, *meaning;
} exit_codes[] = {
    {"0", "done"},
    {"1", "the answer is no: no work is due, there is no such value"},
    {"2", "wrong usage"},
    {"3", "the network: no connection, TLS refused, the server or its proxy is away (502, 503, 504)"},
    {"4", "the server refused: not found, bad request, too large, its own failure"},
    {"5", "bad data: a file or an answer that is malformed or ends too early, a file that cannot be read"},
    {"6", "no space: a full disk, something larger than this program holds"},
    {"7", "the time was up"},
    {"8", "conflict: wrong state, name taken, the project is busy"},
    {"130", "interrupted; in general 128 and the signal's number"},
};

static const struct {
    const char *line, *meaning;
} examples[] = {
    {"export MLCYCLE_HOST=https://ml.example:5001/api", "once, for all that follows"},
    {"berth mlcycle jobs list --json | grep '\"state\":31'", "the jobs that failed, one a line"},
    {"berth mlcycle jobs trigger 2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381", "start a job of a project"},
    {"berth mlcycle fragments latest 1_console.log --job $MLCYCLE_JOB -o log", "fetch a step's log"},
    {"tar c model | berth mlcycle fragments upload - --name Model --filename model.tar --type model",
     "upload what a command writes, within a step"},
    {"berth pai job fast -j hello -i ubuntu:22.04 echo hello && berth pai job wait hello && berth pai job "
     "logs hello",
     "run a command on an OpenPAI cluster and see what it said"},
    {"berth worker --runner process --once", "run what is pending here, without containers"},
};

int man_run(struct app *app)
{
    struct out *o = &app->out;
    out_string(o,
               ".TH BERTH 1 \"" BERTH_VERSION_DATE "\" \"berth " BERTH_VERSION
               "\" \"User Commands\"\n.SH NAME\nberth \\- talk to GPU job platforms and "
               "run their work\n.SH SYNOPSIS\n\\fBberth\\fR COMMAND [OPTIONS] [ARGUMENTS]\n.SH DESCRIPTION\n"
               "One static program without a heap. Results go to standard output, everything else to "
               "standard error; every error "
               "is one line.\n.SH COMMANDS\n");
    const struct command *row;
    for (size_t i = 0; (row = command_at(i)) != NULL; i++)
        command(o, row);
    heading(o, ".SH", "COMMON OPTIONS");
    for (size_t i = 0; i < group_count; i++)
        options_of_group(o, &group_table[i]);
    heading(o, ".SH", "EXAMPLES");
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        out_string(o, ".TP\n\\fB");
        roff(o, examples[i].line);
        out_string(o, "\\fR\n");
        roff(o, examples[i].meaning);
        out_string(o, "\n");
    }
    heading(o, ".SH", "EXIT STATUS");
    for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++) {
        out_string(o, ".TP\n\\fB");
        out_string(o, exit_codes[i].code);
        out_string(o, "\\fR\n");
        roff(o, exit_codes[i].meaning);
        out_string(o, "\n");
    }
    heading(o, ".SH", "ENVIRONMENT");
    out_string(o, "http_proxy, https_proxy, no_proxy: as usual. NO_COLOR: no colours. COLUMNS: the "
                  "terminal's width. MLCYCLE_JOB, MLCYCLE_STEP, MLCYCLE_PROJECT: inside a step, stand for "
                  "arguments of these names that are left out. An option's own variable is named with it. "
                  "BERTH_PAI_PASSWORD, BERTH_PAI_TOKEN: the password and the token for an OpenPAI cluster. "
                  "An option comes before its variable.\n");
    return EXIT_DONE;
}
