/* Choosing GPUs: which of the free ones, by use, by group or by how they are linked. Pure: no clock, no
 * files. */
#ifndef BERTH_GPU_H
#define BERTH_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "berth/status.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* GPU ids are 0 to 63; a set of GPUs of one host is a mask: bit i = GPU i. */
#define BERTH_GPU_MAX 64

/* The mask of the ids 0 to COUNT-1 (COUNT at most 64, more counts as 64). */
uint64_t berth_gpu_mask(unsigned count);
/* GPUs in the set. */
unsigned berth_gpu_count(uint64_t gpus);
/* The ids of the set, ascending, into OUT_IDS (room for 64); their number. */
unsigned berth_gpu_ids(uint64_t gpus, uint8_t *out_ids);
/* "0-3,6" as a set; ids may repeat, blanks may stand around the parts, an empty text is the empty set.
 * BERTH_E_SYNTAX for anything else, BERTH_E_RANGE for an id above 63 or a range that runs backwards. */
enum berth_status berth_gpu_parse(struct berth_text list, uint64_t *out_gpus) BERTH_MUST_CHECK;
/* The set as such a list, ranges of three and more joined: "0-3,6,7". */
void berth_gpu_put(struct berth_writer *w, uint64_t gpus);

/* ---- Links ------------------------------------------------------------------------------------ */

/* How two GPUs reach each other over PCIe, from far to near, as `nvidia-smi topo -m` names it; the value is
 * what the pair scores. */
enum berth_gpu_path {
    BERTH_GPU_PATH_NONE = 0, /* not known */
    BERTH_GPU_PATH_SYS = 10, /* across the interconnect of NUMA nodes */
    BERTH_GPU_PATH_NODE = 20,
    BERTH_GPU_PATH_PHB = 30,
    BERTH_GPU_PATH_PXB = 40,
    BERTH_GPU_PATH_PIX = 50,
    BERTH_GPU_PATH_PSB = 60 /* on one board */
};
/* What each NVLink between two GPUs adds to the pair's score. */
#define BERTH_GPU_NVLINK_SCORE 100

/* Pairs of a host with GPUS GPUs: the entries that its link table needs (2016 at most). */
#define BERTH_GPU_PAIRS(gpus) ((size_t)(gpus) * ((size_t)(gpus)-1) / 2)

/* The scores of all pairs, in the caller's memory; one entry serves both directions. */
struct berth_gpu_links {
    uint16_t *scores; /* BERTH_GPU_PAIRS(gpus) of them */
    unsigned gpus;    /* GPUs of the host */
};

/* Every pair scores 0. BERTH_E_ARGUMENT for more than 64 GPUs, or no memory for two or more. */
enum berth_status berth_gpu_links_init(struct berth_gpu_links *links, uint16_t *scores,
                                       unsigned gpus) BERTH_MUST_CHECK;
/* States the link of two different GPUs, in either order. Stated again (a matrix has each pair twice) the
 * weaker statement counts, except that NONE with no NVLink states nothing. At most 255 NVLinks.
 * BERTH_E_ARGUMENT for ids outside the host, a GPU and itself, more NVLinks. */
enum berth_status berth_gpu_links_set(struct berth_gpu_links *links, unsigned a, unsigned b,
                                      enum berth_gpu_path path, unsigned nvlinks) BERTH_MUST_CHECK;
/* The pair's score; 0 for a GPU and itself, for ids outside the table and for LINKS NULL. */
uint32_t berth_gpu_pair_score(const struct berth_gpu_links *links, unsigned a, unsigned b);
/* The sum over the pairs of a set. */
uint32_t berth_gpu_set_score(const struct berth_gpu_links *links, uint64_t gpus);
/* GPUs that reach each other in steps that score MIN_SCORE or more make a group. Writes a mask for each into
 * OUT_GROUPS (room for 64), the group with the lowest id first; their number. */
unsigned berth_gpu_groups(const struct berth_gpu_links *links, uint32_t min_score, uint64_t *out_groups);

/* ---- Choosing --------------------------------------------------------------------------------- */

enum berth_gpu_policy {
    /* The smallest by (usage, id): wire page 3.4. */
    BERTH_GPU_FEWEST = 0,
    /* Leaves the largest whole groups free: of all choices the one whose untouched groups, listed by size
     * from the largest, are the greatest list. GPUs of groups that are in use already go first, those with
     * the fewest free ones before others, then the smallest of the groups that must be broken. */
    BERTH_GPU_PACKED = 1,
    /* One after the other from the group with the fewest GPUs in use, whether by others or by this choice. */
    BERTH_GPU_SPREAD = 2,
    /* The set with the greatest score. Exact while at most BERTH_GPU_EXACT_STEPS partial sets have to be
     * looked at, which holds for every count out of 16 free GPUs; above that a heuristic: from every GPU in
     * turn the one that adds most is taken until the count is reached, then single GPUs are exchanged while
     * that adds (at most BERTH_GPU_EXCHANGES times); the best of these sets. */
    BERTH_GPU_TOPOLOGY = 3
};
/* 2^16: the subsets of 16 GPUs. */
#define BERTH_GPU_EXACT_STEPS 65536u
#define BERTH_GPU_EXCHANGES 64u

enum berth_gpu_how { BERTH_GPU_EXACT = 0, BERTH_GPU_HEURISTIC = 1 };

/* Zero-filled apart from free and count: the lowest free ids. */
struct berth_gpu_question {
    uint64_t free;     /* GPUs that may be taken */
    uint64_t required; /* must be in the answer; a subset of the free and healthy ones */
    uint64_t sick;     /* never taken */
    unsigned count;    /* GPUs in the answer, the required ones included */
    enum berth_gpu_policy policy;
    const uint64_t *usage_s;             /* FEWEST: 64 entries, or NULL = all alike */
    const struct berth_gpu_links *links; /* TOPOLOGY and the score; NULL = all pairs score 0 */
    /* PACKED and SPREAD: disjoint masks; a GPU in none is a group by itself. At most 64. */
    const uint64_t *groups;
    size_t group_count;
};

struct berth_gpu_choice {
    uint64_t gpus;
    uint64_t skipped; /* free but sick */
    uint32_t score;   /* of the set, by the links */
    enum berth_gpu_how how;
};

/* Chooses by the policy. Deterministic: among equals the set whose ascending ids come first. (The heuristic
 * keeps this rule among the sets that it looks at.) BERTH_E_MISSING when fewer than count healthy GPUs are
 * free, or a required one is not free, is sick, or there are more of them than count; out_choice->skipped is
 * then set all the same. BERTH_E_ARGUMENT for an unknown policy, more than 64 groups, groups that share a
 * GPU. Stack: 1.3 KB. */
enum berth_status berth_gpu_choose(const struct berth_gpu_question *question,
                                   struct berth_gpu_choice *out_choice) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
