/* The commands that are about the program itself. */
#include "commands.h"
#include "tables.h"

static const struct command commands[] = {
    {"version", "", 0, 0, GROUP_OUTPUT, NULL, version_run, "print the version", NULL},
    {"help", "[COMMAND...]", 0, 4, 0, NULL, help_run, "help on a command", NULL},
    {"completion", "bash|zsh|fish", 1, 1, 0, NULL, completion_run, "print a completion script for a shell",
     "For bash: source <(berth completion bash)"},
    {"man", "", 0, 0, 0, NULL, man_run, "print the manual page (roff)", "To read it: berth man | man -l -"},
};

const struct family family_program = {NULL, NULL, 0, commands, COUNT(commands)};
