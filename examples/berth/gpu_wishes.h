/* How GPUs are to be chosen, as options say it: for `berth gpu` and `berth schedule`. */
#ifndef BERTH_PROGRAM_GPU_WISHES_H
#define BERTH_PROGRAM_GPU_WISHES_H

#include "app.h"

#include "berth/port_posix.h"

/* The machine's GPUs, by --system or the kernel's own folders. */
struct machine {
    struct berth_posix_gpu gpus[BERTH_POSIX_GPUS];
    size_t count;
};
/* Finds them; 0 or an exit code (reported). Unless they are NEEDED, nothing known is none. */
int machine_find(struct app *app, bool needed, const struct machine **out_machine);

/* How GPUs are linked: out of --links, or of the machine as far as it is NEEDED; 0 or an exit code
 * (reported). The scores are the program's own memory. */
int links_load(struct app *app, bool needed, struct berth_gpu_links *links);

/* A question with everything but free and count, and the memory that it points to. */
struct gpu_wishes {
    struct berth_gpu_question question;
    struct berth_gpu_links links;
    uint64_t groups[BERTH_GPU_MAX];
};
/* Reads --policy, --require, --sick, --links and --group; 0 or an exit code (reported). */
int wishes_read(struct app *app, bool links_needed, struct gpu_wishes *wishes);
/* A list of GPUs of option ID; absent, *GPUS stays as it is. 0 or an exit code (reported). */
int wishes_list(struct app *app, enum option_id id, const char *value, uint64_t *gpus);
/* Refuses GPUs that the file of --links does not know. 0 or an exit code (reported). */
int wishes_check(struct app *app, const struct gpu_wishes *wishes, uint64_t gpus);

#endif
