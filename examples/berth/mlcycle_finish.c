/* Reporting a step's end. */
#include "mlcycle_finish.h"

struct wanted_step {
    int32_t number;
    int32_t state;
    bool found;
};

static enum berth_status look(void *ctx, const struct berth_json_element *element, void *structure)
{
    struct wanted_step *wanted = ctx;
    const struct berth_mlcycle_step *step = structure;
    if (element->level == 2 && step != NULL && step->number == wanted->number) {
        wanted->found = true;
        wanted->state = step->state.value;
    }
    return BERTH_OK;
}

enum berth_status mlcycle_step_state(struct berth_call *call, struct berth_client *client,
                                     const struct berth_guid *job, int32_t step, uint32_t timeout_ms,
                                     int32_t *out_state)
{
    struct wanted_step wanted = {step, 0, false};
    BERTH_TRY(berth_mlcycle_jobs_get(call, client, job, BERTH_MLCYCLE_EACH_STEP, look, &wanted));
    enum berth_status status = berth_call_run(call, timeout_ms);
    if (status != BERTH_OK && !(status == BERTH_E_SPACE && wanted.found))
        return status;
    *out_state = wanted.state;
    return wanted.found ? BERTH_OK : BERTH_E_NOT_FOUND;
}

enum berth_status mlcycle_finish(struct berth_call *call, struct berth_client *client,
                                 const struct berth_guid *job, int32_t step, bool failed, uint32_t timeout_ms)
{
    int32_t wanted = failed ? BERTH_MLCYCLE_ERROR : BERTH_MLCYCLE_DONE, state = -1;
    BERTH_TRY(failed ? berth_mlcycle_scheduler_error(call, client, job, step)
                     : berth_mlcycle_scheduler_complete(call, client, job, step));
    enum berth_status status = berth_call_run(call, timeout_ms);
    if (status != BERTH_E_WRONG_STATE || client->http->result.tries < 2)
        return status;
    struct berth_call_result refused = call->result;
    if (mlcycle_step_state(call, client, job, step, timeout_ms, &state) == BERTH_OK && state == wanted)
        return BERTH_OK;
    call->result = refused;
    return status;
}
