/* How the GPUs of a host are linked: read from what `nvidia-smi topo -m` prints or from JSON, or worked out
 * from where the devices sit on PCIe. Pure: the bytes come from the caller. */
#ifndef BERTH_GPU_LINKS_H
#define BERTH_GPU_LINKS_H

#include "berth/gpu.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where reading stopped: line and column from 1 (columns in characters), and static text that says why. */
struct berth_gpu_links_error {
    uint32_t line, column;
    const char *reason;
};

/* The most columns of a matrix that are looked at: GPUs, network cards and the like. */
#define BERTH_GPU_LINKS_COLUMNS 192

/* Reads TEXT (LEN bytes, the caller's; JSON is changed in place) into OUT_LINKS, whose scores are SCORES:
 * room for SCORE_CAP entries, BERTH_GPU_PAIRS(BERTH_GPU_MAX) for any host. What begins with '{' is JSON,
 * everything else a matrix.
 *
 * JSON: {"gpus":8,"links":[{"a":0,"b":1,"pcie":"PIX","nvlink":2},...]}. gpus, links, a and b are needed; a
 * pair that is not listed scores 0; unknown members are skipped.
 *
 * The matrix of `nvidia-smi topo -m`: a line of column names that begins with a GPU, a line for each GPU.
 * Cells stand between tabs or blanks; terminal escapes, lines before the matrix, lines and columns of other
 * devices, affinities and the legend are passed over. X stands on the diagonal and only there; SYS (SOC in
 * old versions), NODE, PHB, PXB, PIX, PSB; NV2 is two NVLinks, and nothing is said of the path then; N/A says
 * nothing. A cell may be missing when the other half of the matrix has it.
 *
 * Where both halves (or two links of the JSON) differ the weaker statement counts. BERTH_E_SYNTAX,
 * BERTH_E_RANGE (an id above 63, one outside the host, more than 255 NVLinks), BERTH_E_MISSING (no matrix, a
 * pair of which nothing is said, a member that is needed), BERTH_E_TYPE and the like for JSON, each with
 * OUT_ERROR (may be NULL) filled in; BERTH_E_SPACE when the scores do not fit (out_links->gpus then says for
 * how many GPUs); BERTH_E_ARGUMENT without scores. Stack: 1.8 KB. */
enum berth_status berth_gpu_links_read(char *text, size_t len, uint16_t *scores, size_t score_cap,
                                       struct berth_gpu_links *out_links,
                                       struct berth_gpu_links_error *out_error) BERTH_MUST_CHECK;

/* The path and the NVLinks that a pair's score is made of; (NONE, 0) as for berth_gpu_pair_score(). */
enum berth_gpu_path berth_gpu_pair_path(const struct berth_gpu_links *links, unsigned a, unsigned b,
                                        unsigned *out_nvlinks);
/* "SYS", "NODE" ... as in the matrix; "" for NONE and other values. Static. */
const char *berth_gpu_path_name(enum berth_gpu_path path);

/* Where a GPU sits: the PCIe host bridge and each bridge down to the device, as Linux names the device's
 * folder, e.g. "pci0000:00/0000:00:01.0/0000:01:00.0", and its NUMA node, negative when not known. */
struct berth_gpu_place {
    struct berth_text path;
    int numa_node;
};
/* How two GPUs reach each other: PSB for functions of one device; PIX when at most one switch lies between
 * them, PXB when more do; PHB below one host bridge; else NODE on one NUMA node (or when neither node is
 * known) and SYS on two. NONE when a path is empty, or for a device and itself. */
enum berth_gpu_path berth_gpu_path_between(const struct berth_gpu_place *a, const struct berth_gpu_place *b);
/* All pairs of COUNT GPUs, in the order of their ids, into SCORES (BERTH_GPU_PAIRS(COUNT) entries). NVLinks
 * are not known from places. BERTH_E_ARGUMENT as berth_gpu_links_init(). */
enum berth_status berth_gpu_links_from_places(const struct berth_gpu_place *places, unsigned count,
                                              uint16_t *scores,
                                              struct berth_gpu_links *out_links) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
