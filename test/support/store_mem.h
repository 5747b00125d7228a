/* A store in memory with versions and no locks, as a key-value server with compare-and-swap would be: any
 * number of handles share one state, and a change on a state that moved on is BERTH_E_CONFLICT. */
#ifndef TEST_STORE_MEM_H
#define TEST_STORE_MEM_H

#include "berth/store.h"

#define STORE_MEM_ROWS 256
#define STORE_MEM_TEXT 128
#define STORE_MEM_DOCUMENT 4096

struct store_mem_row {
    enum berth_stage stage;
    uint64_t since; /* order of arrival at the stage */
    struct berth_record record;
    char texts[3][STORE_MEM_TEXT];
};

struct store_mem {
    uint64_t version, arrivals;
    struct store_mem_row rows[STORE_MEM_ROWS];
    size_t count;
    char users[STORE_MEM_DOCUMENT], notices[STORE_MEM_DOCUMENT];
    size_t users_len, notices_len;
    bool has_users;
};

struct store_mem_handle {
    struct store_mem *state;
    uint64_t version;
    bool begun;
};
struct berth_store store_mem_init(struct store_mem_handle *handle, struct store_mem *state);

#endif
