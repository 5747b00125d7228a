/* The commands of `berth json` and `berth yaml`. */
#include "commands.h"
#include "tables.h"

static const struct command commands[] = {
    {"json check", "FILE", 1, 1, GROUP_OUTPUT, NULL, json_check,
     "whether a file is JSON (RFC 8259); - is standard input",
     "Exit code 5: it is not; line and column are told."},
    {"json get", "FILE PATH", 2, 2, GROUP_OUTPUT, NULL, json_get,
     "print the value at a path such as steps[0].docker.image",
     "A text is printed as its characters (with --json as JSON), everything else as JSON. Exit code 1: there "
     "is no such value."},
    {"yaml check", "FILE", 1, 1, GROUP_OUTPUT, NULL, yaml_check,
     "whether a file is in the YAML that berth reads", "Exit code 5: it is not; line and column are told."},
    {"yaml to-json", "FILE", 1, 1, GROUP_OUTPUT, NULL, yaml_to_json, "print a YAML file as JSON",
     "Plain scalars are typed by the YAML 1.2 core schema."},
    {"yaml from-json", "FILE", 1, 1, GROUP_OUTPUT, NULL, yaml_from_json, "print a JSON file as YAML",
     "Block mappings and sequences; texts without quotes only where every reader of YAML takes them as "
     "texts. "
     "Exit code 5: it is no JSON, or deeper than berth's YAML."},
};

const struct family family_json = {"documents", NULL, 0, commands, COUNT(commands)};
