/* What the readers of links share. */
#ifndef SCHED_GPU_LINKS_H
#define SCHED_GPU_LINKS_H

#include "berth/gpu_links.h"
#include "berth/json.h"

/* The names of paths; SOC is the old one of SYS and stands last. */
#define BERTH_GPU_PATH_NAMES 7
extern const struct berth_enum_name berth_gpu_path_names[BERTH_GPU_PATH_NAMES];

enum berth_status berth_gpu_links_read_json(char *json, size_t len, uint16_t *scores, size_t score_cap,
                                            struct berth_gpu_links *out_links,
                                            struct berth_gpu_links_error *error);
enum berth_status berth_gpu_links_read_matrix(struct berth_text text, uint16_t *scores, size_t score_cap,
                                              struct berth_gpu_links *out_links,
                                              struct berth_gpu_links_error *error);
/* Every pair of a host with GPUS GPUs scores 0; BERTH_E_SPACE when SCORES has no room for them. */
enum berth_status berth_gpu_links_begin(struct berth_gpu_links *out_links, uint16_t *scores, size_t score_cap,
                                        unsigned gpus);
/* Fills ERROR in for the byte at AT of TEXT; returns STATUS. */
enum berth_status berth_gpu_links_refuse(struct berth_gpu_links_error *error, struct berth_text text,
                                         size_t at, enum berth_status status, const char *reason);

#endif
