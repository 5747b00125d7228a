/* What loads a window: one walk that sums, and the instants when the sum alone cannot decide. */
#include "sched/load.h"
#include "sched/tree.h"

int64_t berth_load_add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static bool earlier(const struct berth_schedule *s, size_t a, size_t b)
{
    if (b == SIZE_MAX)
        return true;
    int64_t start_a = s->rows[a].start_s, start_b = s->rows[b].start_s;
    return start_a < start_b || (start_a == start_b && a < b);
}

void berth_load_gather(struct berth_load *load, const struct berth_schedule *s,
                       const struct berth_request *request)
{
    load->schedule = s;
    load->request = request;
    load->count = 0;
    load->cpus_nano = request->want.cpus_nano;
    load->memory_gb = request->want.memory_gb;
    load->gpus = 0;
    load->own_row = load->port_row = SIZE_MAX;
    /* One second more on both sides: a user's own rows may not even touch the window. */
    struct berth_schedule_walk walk;
    berth_schedule_walk_start(&walk, s, request->start_s - 1, request->end_s + 1, request->now_s);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
        const struct berth_booking *row = &s->rows[i];
        if (row->user == request->user && row->end_s >= request->start_s && earlier(s, i, load->own_row))
            load->own_row = i;
        if (row->start_s >= request->end_s ||
            berth_booking_effective_end(row, request->now_s) <= request->start_s)
            continue;
        if (row->user != request->user && row->port == request->port && row->port != 0 &&
            earlier(s, i, load->port_row))
            load->port_row = i;
        if (load->count < BERTH_LOAD_KEPT)
            load->kept[load->count] = i;
        load->count++;
        load->cpus_nano = berth_load_add(load->cpus_nano, row->cpus_nano);
        load->memory_gb = berth_load_add(load->memory_gb, row->memory_gb);
        load->gpus |= row->gpus;
    }
}

static void keep_least(int64_t *least, int64_t value)
{
    *least = value < *least ? value : *least;
}

void berth_load_sum(const struct berth_load *load, int64_t at_s, int64_t *out_cpus_nano,
                    int64_t *out_memory_gb)
{
    const struct berth_request *request = load->request;
    const struct berth_schedule *s = load->schedule;
    int64_t cpus = request->want.cpus_nano, memory = request->want.memory_gb;
    if (load->count <= BERTH_LOAD_KEPT) {
        for (size_t k = 0; k < load->count; k++) {
            const struct berth_booking *row = &s->rows[load->kept[k]];
            if (row->start_s <= at_s && berth_booking_effective_end(row, request->now_s) > at_s) {
                cpus = berth_load_add(cpus, row->cpus_nano);
                memory = berth_load_add(memory, row->memory_gb);
            }
        }
    } else {
        struct berth_schedule_walk walk;
        berth_schedule_walk_start(&walk, s, at_s, at_s + 1, request->now_s);
        for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;) {
            cpus = berth_load_add(cpus, s->rows[i].cpus_nano);
            memory = berth_load_add(memory, s->rows[i].memory_gb);
        }
    }
    *out_cpus_nano = cpus;
    *out_memory_gb = memory;
}

/* Looks at one instant of the window. */
static void look_at(const struct berth_load *load, int64_t at_s, int64_t *cpus_s, int64_t *memory_s)
{
    int64_t cpus_nano, memory_gb;
    berth_load_sum(load, at_s, &cpus_nano, &memory_gb);
    if (cpus_nano > load->request->host.cpus_nano)
        keep_least(cpus_s, at_s);
    if (memory_gb > load->request->host.memory_gb)
        keep_least(memory_s, at_s);
}

/* Loads rise only at the window's start and where a row starts. */
void berth_load_peaks(const struct berth_load *load, int64_t *out_cpus_s, int64_t *out_memory_s)
{
    const struct berth_request *request = load->request;
    const struct berth_booking *rows = load->schedule->rows;
    *out_cpus_s = *out_memory_s = INT64_MAX;
    if (load->cpus_nano <= request->host.cpus_nano && load->memory_gb <= request->host.memory_gb)
        return;
    look_at(load, request->start_s, out_cpus_s, out_memory_s);
    if (load->count <= BERTH_LOAD_KEPT) {
        for (size_t k = 0; k < load->count; k++)
            if (rows[load->kept[k]].start_s > request->start_s)
                look_at(load, rows[load->kept[k]].start_s, out_cpus_s, out_memory_s);
        return;
    }
    struct berth_schedule_walk walk;
    berth_schedule_walk_start(&walk, load->schedule, request->start_s, request->end_s, request->now_s);
    for (size_t i; (i = berth_schedule_walk_next(&walk)) != SIZE_MAX;)
        if (rows[i].start_s > request->start_s && rows[i].start_s < *out_cpus_s)
            look_at(load, rows[i].start_s, out_cpus_s, out_memory_s);
}

static bool capacity_is_good(const struct berth_capacity *c)
{
    return c->cpus_nano >= 0 && c->cpus_nano < INT64_MAX && c->memory_gb >= 0 && c->memory_gb < INT64_MAX &&
           c->gpus >= 0 && c->gpus <= BERTH_GPU_MAX;
}

bool berth_load_is_asked(const struct berth_request *request)
{
    return request->want.gpus >= 0 && capacity_is_good(&request->host) && capacity_is_good(&request->limit) &&
           berth_row_time_is_good(request->start_s) && berth_row_time_is_good(request->end_s) &&
           berth_row_time_is_good(request->now_s);
}

static bool port_is_set_for_another(const struct berth_request *request)
{
    for (size_t i = 0; i < request->owner_count; i++)
        if (request->owners[i].port == request->port && request->owners[i].user != request->user)
            return true;
    return false;
}

static void refuse(const struct berth_load *load, enum berth_verdict verdict, size_t row,
                   struct berth_fit *out_fit)
{
    out_fit->verdict = verdict;
    out_fit->row = row;
    if (row != SIZE_MAX)
        out_fit->at_s = load->schedule->rows[row].start_s;
}

void berth_load_judge(const struct berth_load *load, struct berth_fit *out_fit)
{
    const struct berth_request *request = load->request;
    int64_t cpus_s, memory_s;
    berth_load_peaks(load, &cpus_s, &memory_s);
    if (cpus_s != INT64_MAX || memory_s != INT64_MAX) {
        out_fit->verdict = cpus_s != INT64_MAX ? BERTH_VERDICT_CPUS : BERTH_VERDICT_MEMORY;
        out_fit->at_s = cpus_s != INT64_MAX ? cpus_s : memory_s;
        return;
    }
    const struct berth_gpu_question *choose = request->choose;
    uint64_t required = choose != NULL ? choose->required : 0;
    uint64_t sick = choose != NULL ? choose->sick : 0;
    unsigned count = (unsigned)request->want.gpus;
    out_fit->free_gpus = berth_gpu_mask((unsigned)request->host.gpus) & ~load->gpus;
    uint64_t usable = out_fit->free_gpus & ~sick;
    if (berth_gpu_count(usable) < count || (required & ~usable) != 0 || berth_gpu_count(required) > count) {
        out_fit->verdict = BERTH_VERDICT_GPUS;
        return;
    }
    if (request->port != 0 && port_is_set_for_another(request))
        refuse(load, BERTH_VERDICT_PORT, SIZE_MAX, out_fit);
    else if (load->port_row != SIZE_MAX)
        refuse(load, BERTH_VERDICT_PORT, load->port_row, out_fit);
}

void berth_load_judge_user(const struct berth_load *load, struct berth_fit *out_fit)
{
    if (load->own_row != SIZE_MAX)
        refuse(load, BERTH_VERDICT_OVERLAP, load->own_row, out_fit);
    else
        berth_load_judge(load, out_fit);
}
