/* The command line's tables: the options that many commands share, and the families of commands. Help, man
 * page and completion are made from them. A new family: a file tables_NAME.c with its options (ids in
 * options.h) and commands (functions in commands.h), a line in tables.h, and a line in family_table here. */
#include "tables.h"

const struct option common_options[] = {
    {OPT_HOST, "host", NULL, "URL", GROUP_MLCYCLE, false, "MLCYCLE_HOST",
     "the server's base URL, with its /api: https://ml.example:5001/api"},
    {OPT_CACERT, "cacert", NULL, "FILE|DIR", GROUP_SERVER, false, NULL,
     "trust these certificates (PEM) instead of the system's"},
    {OPT_CRL, "crl", NULL, "FILE", GROUP_SERVER, false, NULL,
     "refuse certificates that this list (PEM or DER) revokes"},
    {OPT_CERT, "cert", NULL, "FILE", GROUP_SERVER, false, NULL,
     "client certificate (PEM), its chain after it"},
    {OPT_KEY, "key", NULL, "FILE", GROUP_SERVER, false, NULL, "the client certificate's private key (PEM)"},
    {OPT_PIN, "pin", NULL, "SHA256", GROUP_SERVER, true, NULL,
     "accept only the server certificate with this fingerprint (openssl x509 -fingerprint -sha256); without "
     "--cacert it is all that is needed; "
     "may be repeated"},
    {OPT_PROXY, "proxy", NULL, "URL", GROUP_SERVER, false, NULL,
     "go through this HTTP proxy, '' for none (default: http_proxy, https_proxy and no_proxy of the "
     "environment)"},
    {OPT_TIMEOUT, "timeout", NULL, "SECONDS", GROUP_SERVER, false, NULL,
     "longest time for one request with all its retries (default: what suits the operation)"},
    {OPT_RETRIES, "retries", NULL, "N", GROUP_SERVER, false, NULL,
     "repeat a request that failed at most N times, where that is safe (default 2)"},
    {OPT_INSECURE, "dangerously-skip-verification", NULL, NULL, GROUP_SERVER, false, NULL,
     "accept any server certificate: whoever sits in between can read and change everything"},
    {OPT_VERBOSE, "verbose", "-v", NULL, GROUP_SERVER, false, NULL,
     "show the exchange on standard error, secrets hidden"},
    {OPT_CONFIG, "config", NULL, "DIR", GROUP_HOST, false, "BERTH_CONFIG",
     "the host's folder, which holds cfg/ and jobs/ (default: the current one)"},
    {OPT_NOW, "now", NULL, "TIME", GROUP_HOST, false, NULL,
     "take 'YYYY-MM-DD hh:mm[:ss]' for the time of day instead of the clock's (local time)"},
    {OPT_JSON, "json", NULL, NULL, GROUP_OUTPUT, false, NULL,
     "one JSON object a line, with the platform's own names"},
    {OPT_QUIET, "quiet", "-q", NULL, GROUP_OUTPUT, false, NULL, "no progress and no remarks; errors still"},
    {OPT_HELP, "help", "-h", NULL, GROUP_ALL, false, NULL, "this help"},
    {OPT_VERSION, "version", NULL, NULL, GROUP_ALL, false, NULL, "the version"},
};
const size_t common_option_count = COUNT(common_options);

const struct family *const family_table[] = {
    &family_mlcycle,  &family_json, &family_worker, &family_book, &family_monitor,
    &family_schedule, &family_gpu,  &family_pai,    &family_hdfs, &family_program,
};
const size_t family_count = COUNT(family_table);

const struct group_title group_table[] = {
    {GROUP_ALL, "Every command"},
    {GROUP_OUTPUT, "Commands that print results"},
    {GROUP_SERVER, "Commands that talk to a server"},
    {GROUP_MLCYCLE, "Commands that talk to an mlcycle server"},
    {GROUP_PAI, "Commands that choose an OpenPAI cluster"},
    {GROUP_HDFS, "Commands that talk to a WebHDFS cluster"},
    {GROUP_PAI_SERVER, "Commands that ask an OpenPAI server"},
    {GROUP_HOST, "Commands that are about a shared GPU host"},
};
const size_t group_count = COUNT(group_table);
