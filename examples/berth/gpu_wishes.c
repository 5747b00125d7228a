/* How GPUs are to be chosen, as options say it; the machine's GPUs and their links. */
#include "gpu_wishes.h"

#include "files.h"

enum {
    LINKS_SIZE = 1 << 20, /* a matrix of 64 GPUs with all its network cards takes some 100 KiB */
    GROUP_SCORE = BERTH_GPU_PATH_PHB
};

/* ---- the machine ------------------------------------------------------------------------------ */

int machine_find(struct app *app, bool needed, const struct machine **out_machine)
{
    static struct machine machine;
    const char *root = app->args.value[OPT_SYSTEM];
    enum berth_status status = berth_posix_gpus_find(root, machine.gpus, BERTH_POSIX_GPUS, &machine.count);
    *out_machine = &machine;
    if (status != BERTH_OK && !needed)
        machine.count = 0;
    else if (status == BERTH_E_SPACE)
        return fail(app, EXIT_SPACE, "this machine has more GPUs, or deeper bridges, than berth handles",
                    root);
    else if (status != BERTH_OK)
        return fail(app, exit_code_of(status), "the system's list of PCIe devices",
                    berth_status_name(status));
    return 0;
}

/* ---- links ------------------------------------------------------------------------------------ */

static uint16_t scores[BERTH_GPU_PAIRS(BERTH_GPU_MAX)];

static int links_of_machine(struct app *app, const struct machine *machine, struct berth_gpu_links *links)
{
    static struct berth_gpu_place places[BERTH_POSIX_GPUS];
    for (size_t i = 0; i < machine->count; i++)
        places[i] =
            (struct berth_gpu_place){berth_text_of(machine->gpus[i].path), machine->gpus[i].numa_node};
    enum berth_status status = berth_gpu_links_from_places(places, (unsigned)machine->count, scores, links);
    return status == BERTH_OK
               ? 0
               : fail(app, exit_code_of(status), "the GPUs' places", berth_status_name(status));
}

int links_load(struct app *app, bool needed, struct berth_gpu_links *links)
{
    static char document[LINKS_SIZE];
    const char *path = app->args.value[OPT_LINKS];
    struct berth_gpu_links_error error;
    struct berth_text text;
    int code;
    if (path == NULL) {
        const struct machine *machine;
        code = machine_find(app, needed, &machine);
        return code == 0 ? links_of_machine(app, machine, links) : code;
    }
    code = load_file(app, path, document, sizeof document, &text);
    if (code != 0)
        return code;
    enum berth_status status =
        berth_gpu_links_read(document, text.len, scores, sizeof scores / sizeof scores[0], links, &error);
    if (status != BERTH_OK)
        return fail_at(app, path, error.line, error.column,
                       error.reason != NULL ? error.reason : berth_status_name(status));
    return 0;
}

/* ---- wishes ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum berth_gpu_policy policy;
} policies[] = {{"fewest", BERTH_GPU_FEWEST},
                {"packed", BERTH_GPU_PACKED},
                {"spread", BERTH_GPU_SPREAD},
                {"topology", BERTH_GPU_TOPOLOGY}};

int wishes_list(struct app *app, enum option_id id, const char *value, uint64_t *gpus)
{
    char what[64];
    struct berth_writer w;
    if (value == NULL || berth_gpu_parse(berth_text_of(value), gpus) == BERTH_OK)
        return 0;
    berth_writer_init(&w, what, sizeof what);
    berth_put_string(&w, "--");
    berth_put_string(&w, args_option_name(&app->args, id));
    berth_put_string(&w, " is a list of ids from 0 to 63 such as 0-3,6");
    return berth_writer_terminate(&w) == BERTH_OK ? fail(app, EXIT_USAGE, what, value) : EXIT_USAGE;
}

static int read_policy(struct app *app, enum berth_gpu_policy *policy)
{
    const char *name = app->args.value[OPT_POLICY];
    *policy = args_given(&app->args, OPT_LINKS) ? BERTH_GPU_TOPOLOGY : BERTH_GPU_FEWEST;
    if (name == NULL)
        return 0;
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        if (berth_text_equal(berth_text_of(name), berth_text_of(policies[i].name))) {
            *policy = policies[i].policy;
            return 0;
        }
    }
    return fail(app, EXIT_USAGE, "--policy is fewest, packed, spread or topology", name);
}

static int read_groups(struct app *app, struct gpu_wishes *a)
{
    const struct args *args = &app->args;
    uint64_t seen = 0;
    for (size_t i = 0; i < args->multi_count; i++) {
        if (args->multi[i].id != OPT_GROUP)
            continue;
        uint64_t *group = &a->groups[a->question.group_count];
        int code = wishes_list(app, OPT_GROUP, args->multi[i].value, group);
        if (code != 0)
            return code;
        if ((*group & seen) != 0)
            return fail(app, EXIT_USAGE, "two of --group share a GPU", args->multi[i].value);
        seen |= *group;
        a->question.group_count++;
    }
    if (a->question.group_count == 0 && a->links.gpus > 0)
        a->question.group_count = berth_gpu_groups(&a->links, GROUP_SCORE, a->groups);
    a->question.groups = a->groups;
    return 0;
}

int wishes_check(struct app *app, const struct gpu_wishes *wishes, uint64_t gpus)
{
    char text[256];
    struct berth_writer w;
    uint64_t unknown = (gpus | wishes->question.required) & ~berth_gpu_mask(wishes->links.gpus);
    if (!args_given(&app->args, OPT_LINKS) || unknown == 0)
        return 0;
    berth_writer_init(&w, text, sizeof text);
    berth_gpu_put(&w, unknown);
    return fail_text(app, EXIT_USAGE, "--links says nothing of these GPUs", berth_writer_text(&w));
}

int wishes_read(struct app *app, bool links_needed, struct gpu_wishes *wishes)
{
    const struct args *args = &app->args;
    *wishes = (struct gpu_wishes){.links = {NULL, 0}};
    int code = read_policy(app, &wishes->question.policy);
    code = code == 0 ? wishes_list(app, OPT_REQUIRE, args->value[OPT_REQUIRE], &wishes->question.required)
                     : code;
    code = code == 0 ? wishes_list(app, OPT_SICK, args->value[OPT_SICK], &wishes->question.sick) : code;
    code = code == 0 ? links_load(app, links_needed, &wishes->links) : code;
    wishes->question.links = &wishes->links;
    return code == 0 ? read_groups(app, wishes) : code;
}
