/* Does a request fit: the verdicts in their order, and the choice of GPUs over the window's neighbourhood. */
#include "sched/load.h"

#define NANO INT64_C(1000000000)

const char *berth_verdict_name(enum berth_verdict verdict)
{
    static const char *const names[BERTH_VERDICT_COUNT] = {
        "OK", "E_ARG", "E_WINDOW", "E_USERCAP", "E_OVERLAP", "E_CPUS", "E_MEMORY", "E_GPUS", "E_PORT"};
    return (unsigned)verdict < BERTH_VERDICT_COUNT ? names[verdict] : "?";
}

enum berth_status berth_load_choose(const struct berth_schedule *s, const struct berth_request *request,
                                    struct berth_fit *fit)
{
    uint64_t usage_s[BERTH_GPU_MAX];
    struct berth_gpu_question question = {0};
    if (request->choose != NULL)
        question = *request->choose;
    question.free = fit->free_gpus;
    question.count = (unsigned)request->want.gpus;
    question.usage_s = NULL;
    bool all_needed = berth_gpu_count(fit->free_gpus) == question.count;
    if (question.policy == BERTH_GPU_FEWEST && request->neighbourhood > 0 && question.count > 0 &&
        !all_needed) {
        /* Rows count up to their own end here, overdue or not. */
        int64_t reach_s = (int64_t)request->neighbourhood * BERTH_SCHEDULE_UNIT_S;
        berth_schedule_gpu_use(s, fit->free_gpus, request->start_s - reach_s, request->end_s + reach_s,
                               usage_s);
        question.usage_s = usage_s;
    }
    return berth_gpu_choose(&question, &fit->choice);
}

static bool window_is_good(const struct berth_request *r)
{
    int64_t unit = berth_schedule_floor(r->now_s);
    bool start_is_good = r->starts_now ? r->start_s == unit
                                       : r->start_s > unit && r->start_s <= unit + BERTH_SCHEDULE_HORIZON_S;
    return start_is_good && r->end_s > r->start_s && r->end_s <= r->start_s + BERTH_SCHEDULE_HORIZON_S &&
           r->start_s == berth_schedule_floor(r->start_s) && r->end_s == berth_schedule_floor(r->end_s);
}

bool berth_load_is_within_limits(const struct berth_request *request)
{
    const struct berth_capacity *want = &request->want, *limit = &request->limit;
    return want->cpus_nano >= NANO && want->cpus_nano <= limit->cpus_nano && want->memory_gb >= 1 &&
           want->memory_gb <= limit->memory_gb && want->gpus <= limit->gpus;
}

void berth_load_start_fit(const struct berth_request *request, struct berth_fit *fit)
{
    *fit = (struct berth_fit){.verdict = BERTH_VERDICT_OK, .at_s = request->start_s, .row = SIZE_MAX};
}

enum berth_status berth_schedule_check(const struct berth_schedule *schedule,
                                       const struct berth_request *request, struct berth_fit *out_fit)
{
    berth_load_start_fit(request, out_fit);
    if (!berth_load_is_asked(request))
        out_fit->verdict = BERTH_VERDICT_ARG;
    else if (!window_is_good(request))
        out_fit->verdict = BERTH_VERDICT_WINDOW;
    else if (!berth_load_is_within_limits(request))
        out_fit->verdict = BERTH_VERDICT_USERCAP;
    if (out_fit->verdict != BERTH_VERDICT_OK)
        return BERTH_OK;
    struct berth_load load;
    berth_load_gather(&load, schedule, request);
    berth_load_judge_user(&load, out_fit);
    return out_fit->verdict == BERTH_VERDICT_OK ? berth_load_choose(schedule, request, out_fit) : BERTH_OK;
}

enum berth_status berth_schedule_fits(const struct berth_schedule *schedule,
                                      const struct berth_request *request, struct berth_fit *out_fit)
{
    berth_load_start_fit(request, out_fit);
    if (!berth_load_is_asked(request) || request->start_s >= request->end_s || request->want.cpus_nano < 0 ||
        request->want.memory_gb < 0) {
        out_fit->verdict = BERTH_VERDICT_ARG;
        return BERTH_OK;
    }
    struct berth_load load;
    berth_load_gather(&load, schedule, request);
    berth_load_judge(&load, out_fit);
    return out_fit->verdict == BERTH_VERDICT_OK ? berth_load_choose(schedule, request, out_fit) : BERTH_OK;
}
