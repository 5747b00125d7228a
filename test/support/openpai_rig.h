/* OpenPAI's operations over the memory ports: what is sent and what is delivered as text. */
#ifndef TEST_OPENPAI_RIG_H
#define TEST_OPENPAI_RIG_H

#include "berth/openpai.h"
#include "http_rig.h"

#define OPENPAI_TOKEN "tok.en.1"

enum openpai_credentials { OPENPAI_WITH_TOKEN, OPENPAI_WITH_PASSWORD, OPENPAI_WITH_BOTH, OPENPAI_WITHOUT };

struct openpai_rig {
    struct rig rig;
    struct berth_openpai pai;
    struct berth_openpai_account account;
    struct berth_openpai_config config;
    struct berth_openpai_request request;
    char *work; /* ends at a forbidden page */
    size_t work_size;
    enum openpai_credentials credentials;
    struct berth_openpai_server server;
    struct berth_text pai_uri;
    char text[262144];
    struct berth_writer told; /* what was delivered, one line each */
    char sent[65536];
    struct berth_writer requests; /* what was asked for, as openpai_requests() */
    size_t ends[16];              /* where each of the first requests ended in what was sent */
    size_t request_count;
    unsigned changed;    /* calls of the account's `changed` */
    unsigned stop_after; /* elements after which the callback stops; 0 = never */
    unsigned elements;
    enum berth_status stop_with;
    bool quiet; /* elements are counted, not told */
    bool in_bytes;
    struct berth_memory_source memory;
    struct berth_source document;
    struct berth_sink sink;
    uint64_t seen[256];
};

void openpai_open(struct openpai_rig *o, size_t work_size);
/* A new session and account, as the fields above say. */
void openpai_reset(struct openpai_rig *o);
void openpai_close(struct openpai_rig *o);
/* A server by name: "g3", "g2-k8s", "g2-yarn", "1.0", "1.2", "g1", "unknown", "oidc" ... */
void openpai_server(struct openpai_rig *o, const char *name);

struct openpai_operation {
    const char *name;
    enum berth_status (*describe)(struct openpai_rig *o);
};
extern const struct openpai_operation openpai_operations[];
extern const size_t openpai_operation_count;
const struct openpai_operation *openpai_find(const char *name);

/* Runs the described request: blocking, or in steps. */
enum berth_status openpai_run(struct openpai_rig *o, uint32_t timeout_ms, bool stepwise);
/* What was delivered, with a last line on the end. */
const char *openpai_told(struct openpai_rig *o, enum berth_status status);
/* What was sent, one line a request: "> GET /path +token type body". */
const char *openpai_requests(struct openpai_rig *o);
/* The callback that tells elements; ctx is the rig. */
enum berth_status openpai_on_element(void *ctx, const struct berth_json_element *element, void *structure);

#endif
