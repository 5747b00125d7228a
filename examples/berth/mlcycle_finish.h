/* Reporting a step's end, whatever the network does meanwhile. */
#ifndef BERTH_PROGRAM_MLCYCLE_FINISH_H
#define BERTH_PROGRAM_MLCYCLE_FINISH_H

#include "berth/berth.h"

/* Runs complete (or error, when FAILED). A "wrong state" after the request was repeated may mean that an
 * earlier try got through: the job is looked at, and a step that is in the wanted state is a success. */
enum berth_status mlcycle_finish(struct berth_call *call, struct berth_client *client,
                                 const struct berth_guid *job, int32_t step, bool failed,
                                 uint32_t timeout_ms) BERTH_MUST_CHECK;

/* The state of one step now. BERTH_E_NOT_FOUND when the job has no such step. */
enum berth_status mlcycle_step_state(struct berth_call *call, struct berth_client *client,
                                     const struct berth_guid *job, int32_t step, uint32_t timeout_ms,
                                     int32_t *out_state) BERTH_MUST_CHECK;

#endif
