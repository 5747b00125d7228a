/* The phases of a slot, for the files that make them up: each begins a call to the server or a child process
 * and goes on when that has ended. */
#ifndef BERTH_PROGRAM_WORKER_PHASE_H
#define BERTH_PROGRAM_WORKER_PHASE_H

#include "worker.h"

/* Tries of what has a limit: uploads, metrics, added steps, a job that the server cannot show. Their pauses
 * come to half a minute on average. The verdict itself is reported without a limit. */
#define PHASE_TRIES 6

/* ---- worker_step.c: what all phases use ---- */

void phase_go(struct slot *slot, enum phase phase);
/* The phase again, after a pause. */
void phase_again(struct slot *slot);
/* Starts the call that was described with this status. */
void phase_call(struct slot *slot, enum berth_status described);
/* The server's words for how the call ended, or the status's. */
struct berth_text phase_message(const struct slot *slot, enum berth_status status);
/* The network or the server is away: worth trying again. */
bool phase_is_passing(enum berth_status status);

/* ---- worker_claim.c ---- */

void claim_begin(struct slot *slot);
void claim_called(struct slot *slot, enum berth_status status);
void look_begin(struct slot *slot);
void look_called(struct slot *slot, enum berth_status status);
/* Frees the slot and forgets its step. */
void claim_leave(struct slot *slot);

/* ---- worker_work.c: clone, bootstrap, build, run ---- */

void clone_begin(struct slot *slot);
void clone_exited(struct slot *slot, struct berth_child_state state);
void commit_begin(struct slot *slot);
void commit_exited(struct slot *slot, struct berth_child_state state);
void bootstrap_begin(struct slot *slot);
void bootstrap_called(struct slot *slot, enum berth_status status);
void added_called(struct slot *slot, enum berth_status status);
void build_begin(struct slot *slot);
void build_exited(struct slot *slot, struct berth_child_state state);
void run_begin(struct slot *slot);
void run_exited(struct slot *slot, struct berth_child_state state);
void sweep_begin(struct slot *slot);
void sweep_exited(struct slot *slot, struct berth_child_state state);
void sweep_image_begin(struct slot *slot);
void sweep_image_exited(struct slot *slot, struct berth_child_state state);

/* ---- worker_report.c: metrics, log, verdict ---- */

void metrics_begin(struct slot *slot);
void metrics_called(struct slot *slot, enum berth_status status);
void upload_begin(struct slot *slot);
void upload_called(struct slot *slot, enum berth_status status);
void finish_begin(struct slot *slot);
void finish_called(struct slot *slot, enum berth_status status);
void check_called(struct slot *slot, enum berth_status status);
void clean_begin(struct slot *slot);

#endif
