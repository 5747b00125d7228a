/* The memory ports, for tests: a scripted peer, a clock that moves when it is told, numbers and files in the
 * caller's structs, and one counter of faults for all of them. Everything is deterministic. Fields that are
 * not marked "out" are the test's to set, also between calls; zero-filled means the plain behaviour. */
#ifndef BERTH_PORT_MEM_H
#define BERTH_PORT_MEM_H

#include "berth/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Faults: the Nth fallible call of any port that shares this struct fails. To fail every call in turn, run
 * with fail_at = 1, 2, 3 ... until a run ends with tripped false. */
struct berth_mem_faults {
    uint32_t fail_at;         /* 1 = the first call; 0 = none */
    bool for_good;            /* every later call too */
    enum berth_status status; /* what it answers; 0 = the call's own: CONNECT, TLS, RESET, ENTROPY, IO */
    uint32_t calls;           /* out: fallible calls so far */
    bool tripped;             /* out: a call was made to fail */
};

/* Counts a call; BERTH_OK, or what it has to answer (OWN where faults.status is 0). FAULTS may be NULL. */
enum berth_status berth_mem_fault(struct berth_mem_faults *faults, enum berth_status own);

/* A clock that stands still but for sleep_ms() and the waits of the memory ports. */
struct berth_mem_clock {
    uint64_t now_ms;
    int64_t civil_start_s; /* civil time when now_ms is 0 */
    uint32_t tick_ms;      /* each look at the clock moves it by this much */
    uint64_t slept_ms;     /* out: sum of sleep_ms() */
    uint32_t sleeps;       /* out: calls of sleep_ms() */
};
struct berth_clock berth_mem_clock_init(struct berth_mem_clock *clock);

/* Random numbers: the bytes of SCRIPT first, then a sequence that SEED determines. */
struct berth_mem_rand {
    struct berth_text script;
    uint64_t seed;
    struct berth_mem_faults *faults;
};
struct berth_rand berth_mem_rand_init(struct berth_mem_rand *rand);

/* What the peer does next. */
enum berth_mem_act {
    BERTH_MEM_BYTES,  /* sends `bytes` */
    BERTH_MEM_STALL,  /* is silent for `amount` ms of the clock, or, without a clock, for `amount` calls */
    BERTH_MEM_AWAIT,  /* is silent until `bytes` have been sent to it (in one piece or in several) */
    BERTH_MEM_CLOSE,  /* closes in an orderly way, for good */
    BERTH_MEM_RESET,  /* resets, for good */
    BERTH_MEM_TLS,    /* breaks TLS, for good */
    BERTH_MEM_REFUSE, /* first of a connection: connect() answers `amount`, a (negative) berth_status */
    BERTH_MEM_NEXT    /* what follows is for the next connection */
};

struct berth_mem_step {
    enum berth_mem_act act;
    struct berth_text bytes;
    int32_t amount;
};

#define BERTH_MEM_NAME_CAP 256

struct berth_mem_net {
    const struct berth_mem_step *steps; /* at their end the peer is silent */
    size_t step_count;
    struct berth_mem_faults *faults;
    struct berth_mem_clock *clock; /* waits move it; NULL = they take no time */
    char *out;                     /* what is sent to the peer is kept here, as much as fits */
    size_t out_cap;
    size_t recv_piece;               /* most bytes of one recv(); 0 = no limit */
    size_t send_piece;               /* most bytes that one send() takes; 0 = no limit */
    uint64_t split_seed;             /* not 0: pieces are of random lengths from 1 to the limit (or 64) */
    bool block_between;              /* every second connect, secure, recv and send would block first */
    bool cut;                        /* the connection ends once cut_after bytes were received ... */
    uint64_t cut_after;              /* ... counted over all connections ... */
    enum berth_status cut_by;        /* ... with this; 0 = an orderly close */
    bool send_after_close;           /* send() still takes bytes when the peer has closed or reset */
    enum berth_status secure_status; /* what secure() answers; 0 = BERTH_OK */

    /* out */
    size_t out_len;        /* bytes sent to the peer, also those that did not fit */
    uint64_t received;     /* bytes handed to recv() */
    uint32_t connects;     /* connections that came about */
    uint32_t closes;       /* close() of an open connection */
    uint32_t secures;      /* secure() that succeeded */
    uint32_t broken_rules; /* calls against berth/port.h: not connected, length 0 ... */
    bool open;
    struct berth_endpoint last; /* of connect(); its texts are in host and path */
    char host[BERTH_MEM_NAME_CAP], path[BERTH_MEM_NAME_CAP];
    char secure_name[BERTH_MEM_NAME_CAP]; /* of secure(), NUL-terminated */

    /* The port's own. */
    size_t step, offset, seen;
    uint64_t stall_until_ms;
    int32_t stall_calls;
    bool stalled, blocked;
    bool connect_turn, secure_turn, recv_turn, send_turn;
    unsigned want;
};

/* A net whose secure() exists when WITH_TLS. NET is not cleared: fill it, then call this. */
struct berth_net berth_mem_net_init(struct berth_mem_net *net, bool with_tls);

/* Files. */
#define BERTH_MEM_FILES 24
#define BERTH_MEM_FILE_CAP 16384
#define BERTH_MEM_PATH_CAP 160
#define BERTH_MEM_OPEN 12

struct berth_mem_entry {
    char path[BERTH_MEM_PATH_CAP]; /* empty: free */
    bool folder;
    bool temporary; /* written by BERTH_FILE_REPLACE or REWRITE; path is the name it will take */
    bool durable;   /* survives a crash */
    size_t len;
    size_t durable_len;
    uint8_t bytes[BERTH_MEM_FILE_CAP];
};

struct berth_mem_open {
    size_t entry; /* index + 1; 0: free */
    uint8_t mode;
    bool failed;
    size_t offset;
};

/* A folder in memory. Parents must exist (make_folder), but for ".", "/" and "/tmp". A file that does not fit
 * is BERTH_E_DISK_FULL; so is one file too many. */
struct berth_mem_files {
    struct berth_mem_faults *faults;
    struct berth_mem_clock *clock; /* waiting for a lock moves it */
    struct berth_mem_entry entries[BERTH_MEM_FILES];
    struct berth_mem_open open[BERTH_MEM_OPEN];
};
struct berth_files berth_mem_files_init(struct berth_mem_files *files);

/* The power fails: open files and locks are gone, and so is everything that was not committed. */
void berth_mem_files_crash(struct berth_mem_files *files);
/* What a file holds now; absent (ptr NULL) when there is none. Valid until the next change. */
struct berth_text berth_mem_files_text(const struct berth_mem_files *files, const char *path);
/* Makes or replaces a durable file. BERTH_E_DISK_FULL. */
enum berth_status berth_mem_files_put(struct berth_mem_files *files, const char *path,
                                      struct berth_text bytes) BERTH_MUST_CHECK;
/* Files and folders there are (temporary ones too), and files and locks that are open. */
size_t berth_mem_files_count(const struct berth_mem_files *files);
size_t berth_mem_files_open_count(const struct berth_mem_files *files);

#ifdef __cplusplus
}
#endif
#endif
