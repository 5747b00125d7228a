/* The commands of `berth schedule`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_CPUS, "cpus", NULL, "N", 0, false, NULL, "CPUs, such as 4 or 2.5 (needed)"},
    {OPT_MEMORY, "memory", NULL, "GB", 0, false, NULL, "memory with swap in GB (needed)"},
    {OPT_GPUS, "gpus", NULL, "N", 0, false, NULL, "how many GPUs (needed)"},
    {OPT_START, "start", NULL, "T", 0, false, NULL,
     "'YYYY-MM-DD hh:mm', 'YYYY MM DD hh mm', now, N-day, N-week (check: needed; next: default now)"},
    {OPT_END, "end", NULL, "T", 0, false, NULL,
     "a time as for --start; N-day and N-week count from the start (needed, or --length)"},
    {OPT_LENGTH, "length", NULL, "D", 0, false, NULL,
     "hh:mm, or N-hour, N-day, N-week, which add up: '1-day 12-hour'"},
    {OPT_USER, "user", NULL, "ID", 0, false, NULL,
     "whose booking (default: somebody without limits of his own)"},
    {OPT_PORT, "port", NULL, "PORT", 0, false, NULL,
     "the forwarded port, 10001 to 11000 (default: the one that --user has in the configuration)"},
    {OPT_NEIGHBOURHOOD, "neighbourhood", NULL, "N", 0, false, NULL,
     "GPUs that are booked least within N half hours of the window come first; 0: the lowest ids (default "
     "672, 14 days)"},
    {OPT_POLICY, "policy", NULL, "fewest|packed|spread|topology", 0, false, NULL,
     "how to choose among the GPUs that are free (default: topology with --links, else fewest): see 'berth "
     "help gpu "
     "assign'"},
    {OPT_LINKS, "links", NULL, "FILE", 0, false, NULL,
     "how the GPUs are linked, as for 'berth gpu assign'; - is standard input (default: this machine's "
     "PCIe)"},
    {OPT_REQUIRE, "require", NULL, "LIST", 0, false, NULL, "GPUs that must be among the chosen ones"},
    {OPT_SICK, "sick", NULL, "LIST", 0, false, NULL, "GPUs that are never taken"},
    {OPT_FROM, "from", NULL, "T", 0, false, NULL,
     "from this time on: 'YYYY-MM-DD hh:mm', 'YYYY MM DD hh mm', now, N-day, N-week"},
    {OPT_TO, "to", NULL, "T", 0, false, NULL, "up to this time; N-day and N-week count from --from"},
    {OPT_WIDTH, "width", NULL, "N", 0, false, NULL,
     "columns to draw in, 20 to 1000 (default: the terminal's, else 80)"},
    {OPT_SVG, "svg", NULL, "FILE", 0, false, NULL,
     "draw a picture (SVG) into FILE instead; - is standard output"},
    {OPT_TITLE, "title", NULL, "TEXT", 0, false, NULL, "the picture's title (default: GPU schedule)"},
};

#define REQUEST                                                                                              \
    OPT_CPUS, OPT_MEMORY, OPT_GPUS, OPT_START, OPT_LENGTH, OPT_USER, OPT_PORT, OPT_NEIGHBOURHOOD,            \
        OPT_POLICY, OPT_LINKS, OPT_REQUIRE, OPT_SICK
#define HOST (GROUP_HOST | GROUP_OUTPUT)

static const struct command commands[] = {
    {"schedule check", "", 0, 0, HOST, OPTIONS(REQUEST, OPT_END), schedule_check,
     "whether a booking fits, and which GPUs it gets",
     "Prints OK and the GPUs, or the first reason why not: E_WINDOW (not on :00 or :30, not ahead, beyond 14 "
     "days), E_USERCAP, E_OVERLAP (the user holds a booking that overlaps or touches), E_CPUS, E_MEMORY (the "
     "first instant at which there is not enough), E_GPUS (too few are free for the whole time), E_PORT; and "
     "then the earliest start at which it fits. With --json {\"verdict\":\"OK\",\"gpus\":[0,2]} or "
     "{\"verdict\":\"E_GPUS\",\"at\":\"2030-01-07 09:00:00\",...}. Exit code 1: it does not fit; 5: a file "
     "cannot be read, or one of its rows."},
    {"schedule next", "", 0, 0, HOST, OPTIONS(REQUEST), schedule_next,
     "the earliest start at which a booking of --length fits",
     "At or after --start and at most 14 days ahead. With --json "
     "{\"verdict\":\"OK\",\"start\":...,\"end\":...,\"gpus\":[...]}. Exit code 1: there is none; the verdict "
     "is the one of the first start that was tried."},
    {"schedule show", "", 0, 0, HOST, OPTIONS(OPT_FROM, OPT_TO, OPT_WIDTH, OPT_SVG, OPT_TITLE), schedule_show,
     "draw the schedule, one lane for each GPU",
     "From today to the end of the last booking, at most 28 days, unless --from and --to say otherwise. Exit "
     "code 5: a row of the files cannot be read; the others are drawn."},
    {"schedule list", "", 0, 0, HOST, OPTIONS(OPT_FROM, OPT_TO, OPT_USER), schedule_list,
     "list the bookings, by start",
     "Extra commands are left out, as they may hold secrets. Exit code 5: a row of the files cannot be read; "
     "the others are listed."},
    {"schedule stats", "", 0, 0, HOST, OPTIONS(OPT_FROM, OPT_TO, OPT_USER), schedule_stats,
     "how much each GPU is booked, and by whom",
     "Bookings that are over, running and to come, between --from (default 14 days ago) and --to (default 14 "
     "days ahead). A GPU that is booked twice at a time counts twice. With --json one object."},
};

const struct family family_schedule = {"the GPU schedule of a shared host", options, COUNT(options), commands,
                                       COUNT(commands)};
