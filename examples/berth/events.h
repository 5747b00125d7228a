/* What happens to containers, told line by line: to the monitor's log, or to a person. */
#ifndef BERTH_PROGRAM_EVENTS_H
#define BERTH_PROGRAM_EVENTS_H

#include "berth/text.h"

enum event_level { EVENT_INFO, EVENT_WARNING, EVENT_ERROR };

/* The signs of wire page 1.7. */
#define SIGN_SPACE "SpaceWarning"
#define SIGN_GPUS "GPUDuplicateWarning"
#define SIGN_WARNING "ContainerWarning"
#define SIGN_ERROR "ContainerError"
#define SIGN_UPDATE "UpdateError"

/* SIGN is NULL for EVENT_INFO. */
typedef void (*event_fn)(void *ctx, enum event_level level, const char *sign, struct berth_text message);
struct events {
    event_fn say;
    void *ctx;
};

/* "WHO: WHAT: DETAIL"; an empty DETAIL is left out. */
void event(const struct events *events, enum event_level level, const char *sign, struct berth_text who,
           const char *what, struct berth_text detail);

#endif
