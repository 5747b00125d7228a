/* The commands `berth pai ...`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_ALIAS, "alias", "-a --cluster-alias", "ALIAS", GROUP_PAI, false, "BERTH_PAI_ALIAS",
     "the cluster (default: the variable cluster-alias of 'berth pai default', or the only one there is)"},
    {OPT_AUTH_FILE, "auth-file", NULL, "FILE", 0, false, NULL,
     "what the file holds that a v1 document's authFile names: registry, user and password, a line each"},
    {OPT_NAME, "name", NULL, NULL, 0, false, NULL, "names only, one a line"},
    {OPT_PAI_URI, "pai-uri", NULL, "URL", 0, false, NULL,
     "the cluster's address: https://pai.example; without a scheme http (needed)"},
    {OPT_REST_URI, "rest-server-uri", NULL, "URL", 0, false, NULL,
     "the REST server's own address (default: the cluster's, with /rest-server)"},
    {OPT_HDFS_URI, "hdfs-web-uri", "--web-hdfs-uri", "URL", 0, false, NULL,
     "the cluster's WebHDFS root: http://namenode:50070 or https://pai.example/webhdfs"},
    {OPT_USER, "user", NULL, "NAME", 0, false, NULL, "the user to log in as (needed)"},
    {OPT_PASSWD, "passwd", NULL, "PASSWORD", 0, false, NULL,
     "the password; others can see it in the list of processes: better --passwd-file, the variable "
     "BERTH_PAI_PASSWORD, or being asked"},
    {OPT_PASSWD_FILE, "passwd-file", NULL, "FILE", 0, false, NULL,
     "take the password from the file's first line; - is standard input"},
    {OPT_TOKEN_FILE, "token-file", NULL, "FILE", 0, false, NULL,
     "keep the token in the file's first line (an application token, or one of a cluster with OIDC); - is "
     "standard input"},
};

/* What every command that asks a cluster takes. */
#define PAI (GROUP_PAI | GROUP_SERVER | GROUP_OUTPUT)

static const struct command commands[] = {
    {"pai job check", "FILE", 1, 1, GROUP_OUTPUT, NULL, pai_job_check,
     "say what a server would refuse in a job document (v1 or v2, YAML or JSON)",
     "FILE - is standard input. All findings, one a line: FILE:LINE:COLUMN: error|warning: MEMBER: what is "
     "wrong. An error is refused by a server, or makes it fail; a warning is not, but seldom what is meant. "
     "--quiet leaves the warnings out. Exit code 5: there are errors."},
    {"pai job convert", "FILE", 1, 1, GROUP_OUTPUT, OPTIONS(OPT_AUTH_FILE), pai_job_convert,
     "print a job document as protocol v2, in the form in which servers hide its secrets",
     "A v1 document is converted; what is lost is said. A v2 document is written anew. FILE - is standard "
     "input. Exit code 5: there are errors in it; nothing is printed then."},
    {"pai cluster list", "", 0, 0, GROUP_PAI | GROUP_OUTPUT, OPTIONS(OPT_NAME), pai_cluster_list,
     "list the clusters of ~/.openpai/clusters.json", "Passwords and tokens are shown as ******."},
    {"pai cluster add", "", 0, 0, GROUP_PAI,
     OPTIONS(OPT_PAI_URI, OPT_USER, OPT_PASSWD, OPT_PASSWD_FILE, OPT_TOKEN_FILE, OPT_HDFS_URI, OPT_REST_URI,
             OPT_QUIET),
     pai_cluster_add, "add a cluster, or change it (--cluster-alias, --pai-uri, --user)",
     "The password comes from --passwd-file, from the variable BERTH_PAI_PASSWORD, or is asked for on the "
     "terminal. It is kept in ~/.openpai/clusters.json, which only its owner can read; tokens are kept in "
     "~/.openpai/tokens.json. With --token-file no password is needed."},
    {"pai cluster delete", "[ALIAS]", 0, 1, GROUP_PAI, NULL, pai_cluster_delete,
     "forget a cluster and its token", NULL},
    {"pai cluster select", "[ALIAS]", 0, 1, GROUP_PAI, NULL, pai_cluster_select,
     "make a cluster the default of this working folder",
     "Sets the variable cluster-alias in .openpai/defaults.json."},
    {"pai default add", "VARIABLE=VALUE...", 1, 64, 0, NULL, pai_default_add,
     "set defaults of this working folder",
     "They are kept in .openpai/defaults.json. Used are cluster-alias, workspace, image, job-name, cpu, gpu "
     "and memMB, each in place of the option of that name."},
    {"pai default set", "VARIABLE=VALUE...", 1, 64, 0, NULL, pai_default_add, "the same as add", NULL},
    {"pai default list", "", 0, 0, GROUP_OUTPUT, NULL, pai_default_list,
     "list the defaults of this working folder", NULL},
    {"pai default remove", "VARIABLE...", 1, 64, 0, NULL, pai_default_remove, "remove defaults",
     "Exit code 1: there is no such default; nothing is removed then."},
    {"pai default delete", "VARIABLE...", 1, 64, 0, NULL, pai_default_remove, "the same as remove", NULL},
    {"pai default unset", "VARIABLE...", 1, 64, 0, NULL, pai_default_remove, "the same as remove", NULL},
};

const struct family family_pai = {options, COUNT(options), commands, COUNT(commands)};
