/* The best-connected set of GPUs: every set when they are few, a greedy search with exchanges above that. */
#include "sched/gpu.h"

/* GPUs to choose from, numbered 0 to count-1 by ascending id. */
struct field {
    const struct berth_gpu_links *links;
    uint8_t ids[BERTH_GPU_MAX];
    uint32_t base[BERTH_GPU_MAX]; /* what each adds by its links to the required ones */
    unsigned count;
};

static uint32_t score_of(const struct field *f, unsigned a, unsigned b)
{
    return berth_gpu_pair_score(f->links, f->ids[a], f->ids[b]);
}

/* Partial sets of up to COUNT out of N: whether they are at most BERTH_GPU_EXACT_STEPS. */
static bool is_small(unsigned n, unsigned count)
{
    uint64_t sets = 1, sum = 0;
    for (unsigned k = 1; k <= count && sum <= BERTH_GPU_EXACT_STEPS; k++) {
        sets = sets * (n - k + 1) / k;
        sum += sets;
    }
    return sum <= BERTH_GPU_EXACT_STEPS;
}

/* All sets in the order of their ascending ids, so that the first of equals stays. at[] is the set as far as
 * it goes, sums[k] the score of its first k. */
static uint64_t best_of_all(const struct field *f, unsigned count)
{
    unsigned at[BERTH_GPU_MAX] = {0}, depth = 0;
    uint32_t sums[BERTH_GPU_MAX + 1] = {0}, best_score = 0;
    uint64_t best = 0;
    for (unsigned next = 0;;) {
        if (next > f->count - (count - depth)) { /* too few are left: one level up, and on from there */
            if (depth == 0)
                return best;
            next = at[--depth] + 1;
            continue;
        }
        uint32_t sum = sums[depth] + f->base[next];
        for (unsigned k = 0; k < depth; k++)
            sum += score_of(f, next, at[k]);
        at[depth] = next;
        if (depth + 1 < count) {
            sums[++depth] = sum;
            next++;
            continue;
        }
        if (best == 0 || sum > best_score) {
            best_score = sum;
            best = 0;
            for (unsigned k = 0; k < count; k++)
                best |= UINT64_C(1) << f->ids[at[k]];
        }
        next++;
    }
}

/* A set that grows, and what each GPU of the field shares with it. */
struct growing {
    bool in[BERTH_GPU_MAX];
    uint32_t gain[BERTH_GPU_MAX];
    uint32_t score;
};

static void take(const struct field *f, struct growing *set, unsigned n)
{
    set->in[n] = true;
    set->score += set->gain[n];
    for (unsigned i = 0; i < f->count; i++)
        set->gain[i] += score_of(f, i, n);
}

static void give_back(const struct field *f, struct growing *set, unsigned n)
{
    set->in[n] = false;
    set->score -= set->gain[n];
    for (unsigned i = 0; i < f->count; i++)
        set->gain[i] -= score_of(f, i, n);
}

/* The single exchange that adds most; false when none adds anything. */
static bool exchange(const struct field *f, struct growing *set)
{
    int64_t most = 0;
    unsigned out = 0, in = 0;
    for (unsigned a = 0; a < f->count; a++) {
        if (!set->in[a])
            continue;
        for (unsigned b = 0; b < f->count; b++) {
            if (set->in[b])
                continue;
            int64_t adds = (int64_t)set->gain[b] - score_of(f, a, b) - set->gain[a];
            if (adds > most) {
                most = adds;
                out = a;
                in = b;
            }
        }
    }
    if (most == 0)
        return false;
    give_back(f, set, out);
    take(f, set, in);
    return true;
}

static void grow(const struct field *f, unsigned count, struct growing *set)
{
    for (unsigned size = 1; size < count; size++) {
        unsigned best = BERTH_GPU_MAX;
        for (unsigned i = 0; i < f->count; i++)
            if (!set->in[i] && (best == BERTH_GPU_MAX || set->gain[i] > set->gain[best]))
                best = i;
        if (best == BERTH_GPU_MAX)
            break;
        take(f, set, best);
    }
    for (unsigned i = 0; i < BERTH_GPU_EXCHANGES && exchange(f, set); i++) {
    }
}

static uint64_t best_grown(const struct field *f, unsigned count)
{
    uint64_t best = 0;
    uint32_t best_score = 0;
    for (unsigned first = 0; first < f->count; first++) {
        struct growing set = {.score = 0};
        for (unsigned i = 0; i < f->count; i++)
            set.gain[i] = f->base[i];
        take(f, &set, first);
        grow(f, count, &set);
        uint64_t gpus = 0;
        for (unsigned i = 0; i < f->count; i++)
            if (set.in[i])
                gpus |= UINT64_C(1) << f->ids[i];
        if (best == 0 || set.score > best_score ||
            (set.score == best_score && berth_gpu_comes_first(gpus, best))) {
            best = gpus;
            best_score = set.score;
        }
    }
    return best;
}

uint64_t berth_gpu_best_set(const struct berth_gpu_links *links, uint64_t free, uint64_t required,
                            unsigned count, enum berth_gpu_how *out_how)
{
    struct field f = {.links = links};
    *out_how = BERTH_GPU_EXACT;
    f.count = berth_gpu_ids(free, f.ids);
    if (count == 0 || count == f.count)
        return count == 0 ? 0 : free;
    for (unsigned i = 0; i < f.count; i++)
        for (unsigned r = 0; r < BERTH_GPU_MAX; r++)
            if ((required >> r & 1) != 0)
                f.base[i] += berth_gpu_pair_score(links, f.ids[i], r);
    if (is_small(f.count, count))
        return best_of_all(&f, count);
    *out_how = BERTH_GPU_HEURISTIC;
    return best_grown(&f, count);
}
