/* What every store has to do, whatever it keeps its rows in. */
#ifndef TEST_STORE_SUITE_H
#define TEST_STORE_SUITE_H

#include "berth/store.h"

/* Two handles on one store, as two programs have them. */
struct store_rig {
    struct berth_store one, other;
    void (*reset)(void *ctx); /* empties the store; both handles stay good */
    void *ctx;
    bool locks; /* begin() keeps the other one out */
};

/* Runs all of it; what does not hold ends the program. */
void store_suite(const struct store_rig *rig);

/* A record that is easy to tell: user "u<NUMBER>", start at hour NUMBER. TEXT keeps the id. */
struct berth_record store_record(unsigned number, char text[16]);

/* What a store holds, as text: a line "STAGE USER START" for each row, '!' and the bytes for a bad one. */
enum berth_status store_show(const struct berth_store *store, unsigned stages, struct berth_writer *w);
#define STORE_ALL_STAGES 7u

#endif
