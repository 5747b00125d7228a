/* mlcycle's operations over the memory ports, and what they deliver as text. */
#ifndef TEST_MLCYCLE_RIG_H
#define TEST_MLCYCLE_RIG_H

#include "berth/mlcycle.h"
#include "http_rig.h"

#define MLCYCLE_J "6f1c2a90-3b47-4d1e-9a55-0c7e8d4b2f10"
#define MLCYCLE_P "2d9b7e14-8c03-4f6a-b1d2-57e0a4c9f381"
#define MLCYCLE_W "c0ffee00-1234-4abc-8def-0123456789ab"
#define MLCYCLE_F "a7d3e5f1-0b29-4c88-93e4-1f2d3c4b5a69"
#define MLCYCLE_BASE "https://ml.example:5001/api"
#define MLCYCLE_HEAD "Host: ml.example:5001\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"

struct mlcycle_rig {
    struct rig rig;
    struct berth_client client;
    struct berth_call call;
    char *work; /* ends at a forbidden page */
    char text[65536];
    struct berth_writer told; /* what was delivered, one line each */
    bool in_bytes;
    struct berth_mlcycle_upload upload;
    struct berth_memory_source file;
    struct berth_sink sink;
};

void mlcycle_open(struct mlcycle_rig *m, size_t work_size);
/* Another work memory, everything else as new. */
void mlcycle_reset(struct mlcycle_rig *m, size_t work_size);
void mlcycle_close(struct mlcycle_rig *m);

/* An operation with the wire page's ids, and the request that it must send. */
struct mlcycle_operation {
    const char *name;
    enum berth_status (*describe)(struct mlcycle_rig *m);
    const char *request; /* head and body; NULL: as the one before */
};
extern const struct mlcycle_operation mlcycle_operations[];
extern const size_t mlcycle_operation_count;
const struct mlcycle_operation *mlcycle_find(const char *name);

/* Runs the described call: blocking, or in steps. */
enum berth_status mlcycle_run(struct mlcycle_rig *m, uint32_t timeout_ms, bool stepwise);
/* What was told, with a last line on the end. */
const char *mlcycle_told(struct mlcycle_rig *m, enum berth_status status);

#endif
