/* The commands of `berth gpu`. */
#include "commands.h"
#include "tables.h"

static const struct option options[] = {
    {OPT_FREE, "free", NULL, "LIST", 0, false, NULL,
     "GPUs that may be taken, such as 0-3,6 (default: all that --links knows, or this machine's)"},
    {OPT_NUMBER, "count", "-n", "N", 0, false, NULL, "how many are to be chosen (needed)"},
    {OPT_POLICY, "policy", NULL, "fewest|packed|spread|topology", 0, false, NULL,
     "how to choose: the lowest ids; so that the largest groups stay whole; over all groups; the best-linked "
     "set (default: topology with --links, else fewest)"},
    {OPT_LINKS, "links", NULL, "FILE", 0, false, NULL,
     "how the GPUs are linked: what 'nvidia-smi topo -m' prints, or JSON; - is standard input (default: this "
     "machine's PCIe)"},
    {OPT_REQUIRE, "require", NULL, "LIST", 0, false, NULL, "GPUs that must be among the chosen ones"},
    {OPT_SICK, "sick", NULL, "LIST", 0, false, NULL, "GPUs that are never taken"},
    {OPT_GROUP, "group", NULL, "LIST", 0, true, NULL,
     "packed, spread: GPUs that belong together; may be repeated (default: those that reach each other by "
     "NVLink or below one PCIe host bridge)"},
    {OPT_SYSTEM, "system", NULL, "DIR", 0, false, NULL,
     "look for the machine's GPUs in DIR/sys and DIR/proc (default: /sys and /proc)"},
};

static const struct command commands[] = {
    {"gpu list", "", 0, 0, GROUP_OUTPUT, OPTIONS(OPT_SYSTEM), gpu_list, "list the machine's NVIDIA GPUs",
     "As the kernel and the driver show them; ids are nvidia-smi's, the order of the addresses on PCIe. "
     "Without the driver's files there is no model and no UUID."},
    {"gpu links", "", 0, 0, GROUP_OUTPUT, OPTIONS(OPT_LINKS, OPT_SYSTEM), gpu_links,
     "show how the GPUs are linked",
     "A matrix as of 'nvidia-smi topo -m', of this machine's PCIe or out of --links. With --json what "
     "--links reads: {\"gpus\":8,\"links\":[{\"a\":0,\"b\":1,\"pcie\":\"PIX\",\"nvlink\":2},...]}. NVLinks "
     "are "
     "known to nvidia-smi only."},
    {"gpu assign", "", 0, 0, GROUP_OUTPUT,
     OPTIONS(OPT_FREE, OPT_NUMBER, OPT_POLICY, OPT_LINKS, OPT_REQUIRE, OPT_SICK, OPT_GROUP, OPT_SYSTEM),
     gpu_assign, "choose GPUs out of the free ones",
     "Prints their ids, ready for CUDA_VISIBLE_DEVICES. Of equal sets the one with the lowest ids is taken. "
     "A "
     "pair scores SYS 10, NODE 20, PHB 30, PXB 40, PIX 50, PSB 60, and 100 for each NVLink; a set the sum "
     "over "
     "its pairs. The best set is exact for any number out of 16 free GPUs and wherever at most 65,536 "
     "partial "
     "sets have to be looked at, else a stated heuristic (docs/gpu.md). With --json "
     "{\"gpus\":[0,2],\"score\":50,\"how\":\"exact\"}, and \"skipped\" with the free ones that are sick. "
     "Exit code "
     "1: there are not enough."},
};

const struct family family_gpu = {"the GPUs of this machine", options, COUNT(options), commands,
                                  COUNT(commands)};
