/* The word that was meant. */
#ifndef NEAREST_H
#define NEAREST_H

#include "berth/text.h"

/* The best of several words for one that is wrong. Begin with {.wrong = TEXT}. */
struct nearest {
    struct berth_text wrong;
    struct berth_text best; /* empty: nothing is near enough */
    unsigned best_changes;
};

/* Considers CANDIDATE: a few letters too many, too few, changed or swapped are near. */
void nearest_try(struct nearest *n, struct berth_text candidate);

#endif
