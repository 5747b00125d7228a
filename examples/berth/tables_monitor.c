/* The commands `berth monitor` and `berth run-container`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_ONCE, "once", NULL, NULL, 0, false, NULL, "one tick, for cron (default)"},
    {OPT_WATCH, "watch", NULL, NULL, 0, false, NULL,
     "stay, and do within seconds what bookings ask for: start now, restart a container"},
    {OPT_DRY_RUN, "dry-run", NULL, NULL, 0, false, NULL,
     "print the commands that a tick would run, and change nothing"},
    {OPT_DOCKER, "docker", NULL, "PROGRAM", 0, false, "BERTH_DOCKER",
     "the container command (default docker)"},
    {OPT_TIMEOUT, "timeout", NULL, "SECONDS", 0, false, NULL,
     "stop a command of docker or du after this time, where that is less than its own limit"},
    {OPT_USER_ID, "user-id", "-id", "ID", 0, false, NULL, "the user's id, which names the container"},
    {OPT_PASSWORD, "password", "-pw", "TEXT", 0, false, NULL,
     "the container's password; other users of this machine can see it here: better be asked"},
    {OPT_FORWARD_PORT, "forward-port", "-fp", "PORT", 0, false, NULL,
     "the host's port for the container's ssh"},
    {OPT_CPUS, "cpus", "-cpus", "N", 0, false, NULL, "CPUs, such as 8 or 0.5 (default 8)"},
    {OPT_MEMORY, "memory", "-mem", "GB", 0, false, NULL, "RAM and swap together (default 32)"},
    {OPT_GPUS, "gpus", "-gpus", "N|LIST", 0, false, NULL,
     "how many GPUs from 0 up, or a list such as 0,2 or 2-2 (default 0: none)"},
    {OPT_IMAGE, "image", "-im", "NAME:TAG", 0, false, NULL, "the image (default: the host's usual one)"},
    {OPT_EXTRA_COMMAND, "extra-command", "-e-cmd", "TEXT", 0, false, NULL,
     "what bash runs in the container (default: what the image does)"},
    {OPT_FORCE, "force", NULL, NULL, 0, false, NULL, "also with GPUs that a running container holds"},
};

static const struct command commands[] = {
    {"monitor", "", 0, 0, GROUP_HOST, OPTIONS(OPT_ONCE, OPT_WATCH, OPT_DRY_RUN, OPT_DOCKER, OPT_TIMEOUT),
     monitor_run, "start and stop the containers of the bookings whose time has come",
     "Run it from cron every half hour: */30 * * * * berth monitor --config DIR. It ends at once when "
     "another "
     "one is at work. What it does and what goes wrong is in jobs/monitor.log and on standard output. Exit "
     "codes: 0 done, 3 files, locks or configuration, 4 docker failed for somebody."},
    {"run-container", "", 0, 0, GROUP_HOST,
     OPTIONS(OPT_USER_ID, OPT_PASSWORD, OPT_FORWARD_PORT, OPT_CPUS, OPT_MEMORY, OPT_GPUS, OPT_IMAGE,
             OPT_EXTRA_COMMAND, OPT_FORCE, OPT_DOCKER, OPT_TIMEOUT),
     run_container_run, "start a user's container without a booking, as a maintainer",
     "Asks for what is not given. Only the host's own limits apply; nothing is written to the schedule. Exit "
     "codes: 0 done, 1 refused, 3 files or configuration, 4 docker failed."},
};

const struct family family_monitor = {NULL, options, COUNT(options), commands, COUNT(commands)};
