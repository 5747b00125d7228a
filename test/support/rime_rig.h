/* RIME over the memory ports: a scripted peer, and what came of a request as text. */
#ifndef TEST_RIME_RIG_H
#define TEST_RIME_RIG_H

#include "berth/rime.h"
#include "http_rig.h"

#define RIME_WORK 8192

struct rime_rig {
    struct rig rig;
    struct berth_rime rime;
    struct berth_rime_config config; /* to be changed before rime_reset() */
    struct berth_rime_request request;
    char *work; /* ends at a forbidden page */
    char text[65536];
    struct berth_writer told;
    struct berth_sink sink;
    char heads[16][160];
    struct berth_mem_step steps[64];
    size_t step_count;
    uint32_t looks, cancel_at; /* of the cancel callback */
};

/* A session with https://h.test, key k, one try. */
void rime_open(struct rime_rig *r);
void rime_reset(struct rime_rig *r);
void rime_close(struct rime_rig *r);
/* The peer waits for AWAITS and answers with HTTP STATUS, TYPE and BODY. */
void rime_answer(struct rime_rig *r, const char *awaits, int status, const char *type,
                 struct berth_text body);
/* Describes the operation of that name. */
enum berth_status rime_describe(struct rime_rig *r, const char *operation);
/* Runs it; what was told, then the status' name. */
const char *rime_run(struct rime_rig *r, enum berth_status described);

#endif
