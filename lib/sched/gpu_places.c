/* How GPUs reach each other, from where they sit on PCIe. */
#include "berth/gpu_links.h"

/* "0000:01:00.0" without its function. */
static struct berth_text device_of(struct berth_text component)
{
    for (size_t i = component.len; i-- > 0;)
        if (component.ptr[i] == '.')
            return berth_text_slice(component, 0, i);
    return component;
}

static size_t components(struct berth_text path)
{
    struct berth_text part;
    size_t count = 0;
    while (berth_text_split(&path, '/', &part))
        count++;
    return count;
}

enum berth_gpu_path berth_gpu_path_between(const struct berth_gpu_place *a, const struct berth_gpu_place *b)
{
    struct berth_text rest_a = a->path, rest_b = b->path, part_a = {NULL, 0}, part_b = {NULL, 0};
    size_t shared = 0, deep_a = components(rest_a), deep_b = components(rest_b);
    if (rest_a.len == 0 || rest_b.len == 0 || berth_text_equal(rest_a, rest_b))
        return BERTH_GPU_PATH_NONE;
    while (berth_text_split(&rest_a, '/', &part_a) && berth_text_split(&rest_b, '/', &part_b) &&
           berth_text_equal(part_a, part_b))
        shared++;
    if (shared == 0)
        return a->numa_node == b->numa_node || (a->numa_node < 0 && b->numa_node < 0) ? BERTH_GPU_PATH_NODE
                                                                                      : BERTH_GPU_PATH_SYS;
    if (shared == 1)
        return BERTH_GPU_PATH_PHB;
    /* What is left on either side: the device, and the bridges above it up to the one that both have. */
    size_t below_a = deep_a - shared, below_b = deep_b - shared;
    if (below_a == 1 && below_b == 1 && berth_text_equal(device_of(part_a), device_of(part_b)))
        return BERTH_GPU_PATH_PSB;
    return below_a <= 2 && below_b <= 2 ? BERTH_GPU_PATH_PIX : BERTH_GPU_PATH_PXB;
}

enum berth_status berth_gpu_links_from_places(const struct berth_gpu_place *places, unsigned count,
                                              uint16_t *scores, struct berth_gpu_links *out_links)
{
    BERTH_TRY(berth_gpu_links_init(out_links, scores, count));
    for (unsigned a = 1; a < count; a++)
        for (unsigned b = 0; b < a; b++)
            BERTH_TRY(
                berth_gpu_links_set(out_links, a, b, berth_gpu_path_between(&places[a], &places[b]), 0));
    return BERTH_OK;
}
