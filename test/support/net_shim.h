/* A net between a port and the real one: cuts what passes into small pieces, blocks, fails or ends at a
 * chosen call, and keeps what was sent. */
#ifndef TEST_NET_SHIM_H
#define TEST_NET_SHIM_H

#include "berth/port.h"

#define NET_SHIM_KEPT 65536

struct net_shim {
    struct berth_net *real;
    size_t recv_max, send_max; /* bytes of one call; 0 = no limit */
    bool hesitate;             /* every call blocks once before it works */
    size_t fail_at;            /* the number of the recv or send call (from 1) that goes wrong; 0 = none */
    enum berth_status failure; /* how; BERTH_OK = the connection ends (send: reset) */
    bool once;                 /* later calls work again; else they go wrong too */

    const uint8_t *script; /* not NULL: there is no peer; recv() brings these bytes, then the end */
    size_t script_len, script_at;
    bool flood; /* recv() brings warning alerts without end */

    size_t calls;
    bool hesitated;   /* the last call did */
    bool was_late[2]; /* recv, send: its last call did */
    uint8_t sent[NET_SHIM_KEPT];
    size_t sent_len;
    uint8_t got[NET_SHIM_KEPT];
    size_t got_len;
};

struct berth_net net_shim_init(struct net_shim *shim, struct berth_net *real);
/* How many TLS records of TYPE lie in BYTES (whole records from the first byte on), and the longest of any.
 */
size_t net_shim_records(const uint8_t *bytes, size_t len, uint8_t type, size_t *out_longest);

#endif
