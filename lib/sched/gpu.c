/* Choosing GPUs: sets, links, and the policies by usage and by group. */
#include "sched/gpu.h"

uint64_t berth_gpu_mask(unsigned count)
{
    return count >= BERTH_GPU_MAX ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

unsigned berth_gpu_count(uint64_t gpus)
{
    gpus -= gpus >> 1 & UINT64_C(0x5555555555555555);
    gpus = (gpus & UINT64_C(0x3333333333333333)) + (gpus >> 2 & UINT64_C(0x3333333333333333));
    gpus = (gpus + (gpus >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (unsigned)(gpus * UINT64_C(0x0101010101010101) >> 56);
}

unsigned berth_gpu_ids(uint64_t gpus, uint8_t *out_ids)
{
    unsigned count = 0;
    for (unsigned g = 0; g < BERTH_GPU_MAX; g++)
        if ((gpus >> g & 1) != 0)
            out_ids[count++] = (uint8_t)g;
    return count;
}

static uint64_t lowest(uint64_t gpus)
{
    return gpus & (~gpus + 1);
}

/* The lowest COUNT ids of the set. */
static uint64_t lowest_ids(uint64_t gpus, unsigned count)
{
    uint64_t taken = 0;
    for (; count > 0 && gpus != 0; count--) {
        taken |= lowest(gpus);
        gpus &= gpus - 1;
    }
    return taken;
}

/* The lowest id that only one of them has decides. */
bool berth_gpu_comes_first(uint64_t a, uint64_t b)
{
    return (a & lowest(a ^ b)) != 0;
}

/* ---- links
 * --------------------------------------------------------------------------------------------------- */

static size_t pair_index(unsigned a, unsigned b)
{
    unsigned high = a > b ? a : b, low = a > b ? b : a;
    return BERTH_GPU_PAIRS(high) + low;
}

enum berth_status berth_gpu_links_init(struct berth_gpu_links *links, uint16_t *scores, unsigned gpus)
{
    if (gpus > BERTH_GPU_MAX || (gpus > 1 && scores == NULL))
        return BERTH_E_ARGUMENT;
    links->scores = scores;
    links->gpus = gpus;
    for (size_t i = 0; gpus > 1 && i < BERTH_GPU_PAIRS(gpus); i++)
        scores[i] = 0;
    return BERTH_OK;
}

enum berth_status berth_gpu_links_set(struct berth_gpu_links *links, unsigned a, unsigned b,
                                      enum berth_gpu_path path, unsigned nvlinks)
{
    if (a >= links->gpus || b >= links->gpus || a == b || nvlinks > 255)
        return BERTH_E_ARGUMENT;
    switch (path) {
    case BERTH_GPU_PATH_NONE:
    case BERTH_GPU_PATH_SYS:
    case BERTH_GPU_PATH_NODE:
    case BERTH_GPU_PATH_PHB:
    case BERTH_GPU_PATH_PXB:
    case BERTH_GPU_PATH_PIX:
    case BERTH_GPU_PATH_PSB:
        break;
    default:
        return BERTH_E_ARGUMENT;
    }
    uint16_t score = (uint16_t)((unsigned)path + nvlinks * BERTH_GPU_NVLINK_SCORE);
    uint16_t *entry = &links->scores[pair_index(a, b)];
    if (score != 0 && (*entry == 0 || score < *entry))
        *entry = score;
    return BERTH_OK;
}

uint32_t berth_gpu_pair_score(const struct berth_gpu_links *links, unsigned a, unsigned b)
{
    if (links == NULL || a == b || a >= links->gpus || b >= links->gpus)
        return 0;
    return links->scores[pair_index(a, b)];
}

uint32_t berth_gpu_set_score(const struct berth_gpu_links *links, uint64_t gpus)
{
    if (links == NULL)
        return 0;
    uint8_t ids[BERTH_GPU_MAX];
    unsigned count = berth_gpu_ids(gpus, ids);
    uint32_t score = 0;
    for (unsigned i = 1; i < count; i++)
        for (unsigned j = 0; j < i; j++)
            score += berth_gpu_pair_score(links, ids[i], ids[j]);
    return score;
}

unsigned berth_gpu_groups(const struct berth_gpu_links *links, uint32_t min_score, uint64_t *out_groups)
{
    unsigned count = 0;
    uint64_t left = berth_gpu_mask(links->gpus);
    while (left != 0) {
        uint64_t group = 0, edge = lowest(left);
        while (edge != 0) {
            group |= edge;
            left &= ~edge;
            uint64_t next = 0;
            for (unsigned a = 0; a < links->gpus; a++)
                for (unsigned b = 0; b < links->gpus; b++)
                    if ((edge >> a & 1) != 0 && (left >> b & 1) != 0 &&
                        berth_gpu_pair_score(links, a, b) >= min_score)
                        next |= UINT64_C(1) << b;
            edge = next;
        }
        out_groups[count++] = group;
    }
    return count;
}

/* ---- by usage
 * ------------------------------------------------------------------------------------------------ */

static uint64_t choose_fewest(const uint64_t *usage_s, uint64_t free, unsigned count)
{
    if (usage_s == NULL)
        return lowest_ids(free, count);
    uint64_t taken = 0;
    for (; count > 0; count--) {
        unsigned best = BERTH_GPU_MAX, g = 0;
        for (uint64_t left = free & ~taken; left != 0; left >>= 1, g++)
            if ((left & 1) != 0 && (best == BERTH_GPU_MAX || usage_s[g] < usage_s[best]))
                best = g;
        if (best == BERTH_GPU_MAX)
            break;
        taken |= UINT64_C(1) << best;
    }
    return taken;
}

/* ---- by group
 * ------------------------------------------------------------------------------------------------ */

/* The groups that have free GPUs, each GPU in exactly one. */
struct groups {
    uint64_t all[BERTH_GPU_MAX];  /* every GPU of the group */
    uint64_t free[BERTH_GPU_MAX]; /* those that may be taken */
    unsigned count;
};

static void add_group(struct groups *groups, uint64_t all, uint64_t free)
{
    if ((all & free) == 0)
        return;
    groups->all[groups->count] = all;
    groups->free[groups->count++] = all & free;
}

static void gather_groups(struct groups *groups, const struct berth_gpu_question *q, uint64_t free)
{
    uint64_t single = free;
    groups->count = 0;
    for (size_t i = 0; i < q->group_count; i++) {
        add_group(groups, q->groups[i], free);
        single &= ~q->groups[i];
    }
    for (; single != 0; single &= single - 1)
        add_group(groups, lowest(single), free);
}

/* Takes COUNT GPUs out of the groups of one kind (whole or partly used), those with the fewest free ones
 * first. Groups that are KEPT (one bit each) are left alone. */
static uint64_t take_smallest(const struct groups *groups, bool whole, uint64_t kept, unsigned *count)
{
    uint64_t taken = 0;
    while (*count > 0) {
        unsigned best = BERTH_GPU_MAX;
        for (unsigned i = 0; i < groups->count; i++) {
            uint64_t free = groups->free[i];
            if ((free == groups->all[i]) != whole || (kept >> i & 1) != 0 || (free & taken) != 0)
                continue;
            unsigned size = berth_gpu_count(free);
            unsigned best_size =
                best == BERTH_GPU_MAX ? BERTH_GPU_MAX + 1 : berth_gpu_count(groups->free[best]);
            if (size < best_size || (size == best_size && lowest(free) < lowest(groups->free[best])))
                best = i;
        }
        if (best == BERTH_GPU_MAX)
            break;
        uint64_t part = lowest_ids(groups->free[best], *count);
        taken |= part;
        *count -= berth_gpu_count(part);
    }
    return taken;
}

/* From the largest group down: it stays whole when what is left of the others is enough. Among groups of a
 * size the one with the highest ids stays. */
static uint64_t keep_largest(const struct groups *groups, unsigned need)
{
    unsigned available = 0;
    for (unsigned i = 0; i < groups->count; i++)
        if (groups->free[i] == groups->all[i])
            available += berth_gpu_count(groups->all[i]);
    uint64_t kept = 0, seen = 0;
    for (;;) {
        unsigned best = BERTH_GPU_MAX;
        for (unsigned i = 0; i < groups->count; i++) {
            uint64_t all = groups->all[i];
            if (groups->free[i] != all || (seen >> i & 1) != 0)
                continue;
            unsigned size = berth_gpu_count(all);
            unsigned best_size = best == BERTH_GPU_MAX ? 0 : berth_gpu_count(groups->all[best]);
            if (size > best_size || (size == best_size && lowest(all) > lowest(groups->all[best])))
                best = i;
        }
        if (best == BERTH_GPU_MAX)
            return kept;
        seen |= UINT64_C(1) << best;
        unsigned size = berth_gpu_count(groups->all[best]);
        if (available - size >= need) {
            available -= size;
            kept |= UINT64_C(1) << best;
        }
    }
}

static uint64_t choose_packed(const struct berth_gpu_question *q, uint64_t free, unsigned count)
{
    struct groups groups;
    gather_groups(&groups, q, free);
    uint64_t taken = take_smallest(&groups, false, 0, &count);
    if (count > 0)
        taken |= take_smallest(&groups, true, keep_largest(&groups, count), &count);
    return taken;
}

static uint64_t choose_spread(const struct berth_gpu_question *q, uint64_t free, unsigned count)
{
    struct groups groups;
    gather_groups(&groups, q, free);
    uint64_t taken = 0;
    for (; count > 0; count--) {
        unsigned best = BERTH_GPU_MAX, best_used = 0;
        uint64_t best_id = 0;
        for (unsigned i = 0; i < groups.count; i++) {
            uint64_t left = groups.free[i] & ~taken;
            unsigned used = berth_gpu_count(groups.all[i] & ~q->sick & ~left);
            if (left != 0 && (best == BERTH_GPU_MAX || used < best_used ||
                              (used == best_used && lowest(left) < best_id))) {
                best = i;
                best_used = used;
                best_id = lowest(left);
            }
        }
        taken |= best_id;
    }
    return taken;
}

/* ---- the question
 * -------------------------------------------------------------------------------------------- */

static bool groups_are_good(const struct berth_gpu_question *q)
{
    uint64_t seen = 0;
    if (q->group_count > BERTH_GPU_MAX)
        return false;
    for (size_t i = 0; i < q->group_count; i++) {
        if ((seen & q->groups[i]) != 0)
            return false;
        seen |= q->groups[i];
    }
    return true;
}

enum berth_status berth_gpu_choose(const struct berth_gpu_question *q, struct berth_gpu_choice *out_choice)
{
    *out_choice = (struct berth_gpu_choice){.skipped = q->free & q->sick};
    if ((unsigned)q->policy > BERTH_GPU_TOPOLOGY || !groups_are_good(q))
        return BERTH_E_ARGUMENT;
    uint64_t healthy = q->free & ~q->sick, free = healthy & ~q->required;
    unsigned required_count = berth_gpu_count(q->required);
    if ((q->required & ~healthy) != 0 || required_count > q->count || berth_gpu_count(healthy) < q->count)
        return BERTH_E_MISSING;
    unsigned count = q->count - required_count;
    uint64_t more = 0;
    switch (q->policy) {
    case BERTH_GPU_FEWEST:
        more = choose_fewest(q->usage_s, free, count);
        break;
    case BERTH_GPU_PACKED:
        more = choose_packed(q, free, count);
        break;
    case BERTH_GPU_SPREAD:
        more = choose_spread(q, free, count);
        break;
    case BERTH_GPU_TOPOLOGY:
        more = berth_gpu_best_set(q->links, free, q->required, count, &out_choice->how);
        break;
    }
    out_choice->gpus = q->required | more;
    out_choice->score = berth_gpu_set_score(q->links, out_choice->gpus);
    return BERTH_OK;
}
