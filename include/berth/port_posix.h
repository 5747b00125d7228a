/* The ports for POSIX systems (Linux first): sockets with a resolver of its own, clocks, entropy, files,
 * processes, signals. Nothing here allocates: each port is a struct of the caller, and a port's functions
 * touch nothing else. A struct may be moved only while nothing is open in it. */
#ifndef BERTH_PORT_POSIX_H
#define BERTH_PORT_POSIX_H

#include "berth/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Signals. A program that wants to end cleanly catches them here; every wait of the ports below that is given
 * this struct ends as soon as one has come. There can be one such struct at a time in a process, because a
 * signal handler has no argument: the write end of the pipe and the number live in the port's only writable
 * statics. */
struct berth_posix_signals {
    int read_fd; /* readable while a signal is unacknowledged */
    int write_fd;
};

/* Catches SIGTERM, SIGINT and SIGHUP from now on and ignores SIGPIPE. BERTH_E_STATE when another struct does
 * so already, BERTH_E_IO when the system has no pipe left. */
enum berth_status berth_posix_signals_begin(struct berth_posix_signals *signals) BERTH_MUST_CHECK;
/* The last signal's number that was not acknowledged; 0 when there is none. */
int berth_posix_signals_pending(const struct berth_posix_signals *signals);
/* Forgets the pending signal, so that waits work again (for the clean-up's own requests). */
void berth_posix_signals_acknowledge(struct berth_posix_signals *signals);
/* Gives the signals their default action back. */
void berth_posix_signals_end(struct berth_posix_signals *signals);

/* Waiting for several things in one thread. */
struct berth_posix_poll_item {
    int fd;         /* negative: left out */
    unsigned want;  /* bits of enum berth_want */
    unsigned ready; /* out: the bits that are possible now; both when the peer has hung up */
};

/* The most items of one call. */
#define BERTH_POSIX_POLL_CAP 64

/* Waits until an item is ready or wait_ms are over. SIGNALS may be NULL. The number of ready items, 0 when
 * the time is over, BERTH_E_CANCELLED when a signal is pending, BERTH_E_SPACE above BERTH_POSIX_POLL_CAP
 * items, BERTH_E_IO when the system refuses. */
ptrdiff_t berth_posix_poll(struct berth_posix_poll_item *items, size_t count, uint32_t wait_ms,
                           const struct berth_posix_signals *signals);

/* Clocks: CLOCK_MONOTONIC and CLOCK_REALTIME. SIGNALS may be NULL; else sleep_ms ends when one is pending,
 * also one that came before. The struct lives as long as the port. */
struct berth_clock berth_posix_clock(const struct berth_posix_signals *signals);

/* Local time. */

/* Bytes of the largest time zone file that is read. */
#define BERTH_POSIX_ZONE_CAP 16384

/* Its fields are the port's own. */
struct berth_posix_zone_change { /* when daylight saving time begins, or ends */
    uint8_t kind;                /* 'M', 'J', or 'n' as POSIX.1 writes the rules of TZ */
    uint8_t month, week;         /* M: 1 to 12, 1 to 5 */
    uint16_t day;                /* M: 0 (Sunday) to 6; J: 1 to 365; n: 0 to 365 */
    int32_t time_s;
};
struct berth_posix_zone_rule {
    bool set;
    bool saves; /* has daylight saving time */
    int32_t standard_s, saving_s;
    struct berth_posix_zone_change begin, end;
};
struct berth_posix_zone {
    size_t time_size; /* of an instant in the file: 4 or 8 */
    size_t times, types, kinds;
    size_t time_count, kind_count;
    struct berth_posix_zone_rule rule; /* behind the last instant */
    char reason[256];
    size_t reason_len;
    uint8_t file[BERTH_POSIX_ZONE_CAP];
};

/* The zone that TZ (the environment's value; NULL: not set) means, with a leading colon or without: a file
 * below /usr/share/zoneinfo or with an absolute path, else a rule as of POSIX.1
 * ("CET-1CEST,M3.5.0,M10.5.0/3"). Not set means /etc/localtime, and UTC when there is none; empty means UTC.
 * Files are TZif of versions 1 to 4 (RFC 8536); leap seconds are left out, as in the system's clock. Z is UTC
 * after every error: BERTH_E_NO_FILE, BERTH_E_PERMISSION, BERTH_E_IO, BERTH_E_SYNTAX (a malformed file),
 * BERTH_E_SPACE (a file above BERTH_POSIX_ZONE_CAP); berth_posix_zone_reason() says why. */
enum berth_status berth_posix_zone_open(struct berth_posix_zone *z, const char *tz) BERTH_MUST_CHECK;
/* The same for a TZif file in memory, e.g. one that a device keeps; LEN bytes are copied. */
enum berth_status berth_posix_zone_read(struct berth_posix_zone *z, const void *bytes,
                                        size_t len) BERTH_MUST_CHECK;
/* The local civil time at UTC_S (seconds since 1970-01-01T00:00:00Z), as civil seconds. */
int64_t berth_posix_zone_civil(const struct berth_posix_zone *z, int64_t utc_s);
/* One line on the last failure: "TZ: no such time zone: Mars/Olympus"; empty when there was none. */
struct berth_text berth_posix_zone_reason(const struct berth_posix_zone *z);

/* The kernel's random numbers (getrandom; waits only in the first seconds of a machine's life). There is no
 * fallback: without them fill() answers BERTH_E_ENTROPY. */
struct berth_rand berth_posix_rand(void);

/* Sockets. */

/* Addresses of one name that are tried, two places of them kept for the other family; more are left out. */
#define BERTH_POSIX_ADDRESSES 8
/* Connection attempts under way at once. */
#define BERTH_POSIX_ATTEMPTS 4
/* Name servers of resolv.conf that are asked (as in glibc). */
#define BERTH_POSIX_NAME_SERVERS 3
/* Bytes of the search list; a domain that does not fit is left out. */
#define BERTH_POSIX_SEARCH_CAP 512
/* Bytes of one DNS answer over TCP that are looked at: enough for more addresses than are tried. */
#define BERTH_POSIX_ANSWER_CAP 2048
/* One line on the last failure: a name of 253 bytes, an address and words. */
#define BERTH_POSIX_REASON_CAP 448

struct berth_posix_net_config {
    /* May be NULL; else a wait of this net ends with BERTH_E_CANCELLED while a signal is pending. */
    const struct berth_posix_signals *signals;
    const char *hosts_path;  /* NULL = "/etc/hosts" */
    const char *resolv_path; /* NULL = "/etc/resolv.conf" */
    uint16_t dns_port;       /* 0 = 53 */
    uint8_t only_family;     /* 4 = IPv4 alone, 6 = IPv6 alone, 0 = both */
    bool no_keep_alive;      /* leave TCP keep-alive off */
    uint32_t resolve_ms;     /* longest time for a name, all servers and attempts; 0 = 20,000 */
    uint32_t connect_ms;     /* longest time for one address; 0 = 10,000 */
    uint32_t stagger_ms;     /* the next address is tried beside the last one after this time; 0 = 250 */
    uint32_t keep_idle_s;    /* silence before the first keep-alive probe; 0 = 60 */
};

/* Its fields are the port's own. */
struct berth_posix_address {
    uint8_t bytes[16]; /* IPv4: the first four */
    uint32_t zone;     /* IPv6 scope; 0 = none */
    uint8_t family;    /* 4 or 6 */
};

struct berth_posix_reason {
    char text[BERTH_POSIX_REASON_CAP];
    size_t len;
};

struct berth_posix_question {
    uint16_t id;
    uint16_t type;
    uint8_t state;
};

struct berth_posix_resolver {
    const struct berth_posix_net_config *config;
    struct berth_posix_reason *reason;
    struct berth_text name; /* the caller's, without a last dot */
    struct berth_posix_address addresses[BERTH_POSIX_ADDRESSES];
    size_t address_count;
    struct berth_posix_address servers[BERTH_POSIX_NAME_SERVERS];
    size_t server_count;
    struct berth_posix_address asked;    /* the last one */
    char search[BERTH_POSIX_SEARCH_CAP]; /* domains, each followed by a blank */
    size_t search_len, search_count;
    char query[256]; /* the name that is being asked */
    size_t query_len;
    struct berth_posix_question questions[2];
    uint64_t give_up_ms, try_until_ms;
    uint64_t settle_ms; /* UINT64_MAX, or: what was found by then is enough */
    uint32_t timeout_ms;
    unsigned ndots, attempts;
    unsigned candidate, round, turn, first_server; /* where in the search list and the servers it is */
    int udp_fd, tcp_fd;
    bool absolute, rotate, no_aaaa;
    bool answered; /* a server said something about this candidate */
    bool exists;   /* a candidate's name exists, without an address */
    bool failed;   /* for a candidate no server had an answer */
    uint8_t tcp_phase, tcp_question;
    size_t tcp_at, tcp_len;
    uint8_t tcp[2 + BERTH_POSIX_ANSWER_CAP];
};

struct berth_posix_attempt {
    int fd;
    size_t address;
    uint64_t until_ms;
};

struct berth_posix_net {
    struct berth_posix_net_config config;
    int fd;
    unsigned phase;
    unsigned want;
    uint16_t port;
    size_t peer, next_address, tried;
    uint64_t next_start_ms;
    enum berth_status failure;
    struct berth_posix_attempt attempts[BERTH_POSIX_ATTEMPTS];
    struct berth_posix_resolver resolver;
    struct berth_posix_reason reason;
};

/* A net over TCP and unix sockets. CONFIG may be NULL (all defaults) and is copied; the texts and the signals
 * it points to live as long as the net. N lives as long as the net is used.
 *
 * Beyond berth/port.h: connect() on an open connection ends that first. connect() goes through the name's
 * addresses, IPv6 and IPv4 in turn, the next one when the last has failed or stagger_ms after it, up to
 * BERTH_POSIX_ATTEMPTS at once; the first that answers is kept (RFC 8305 without its history). recv() and
 * send() without a connection are BERTH_E_STATE. All three are BERTH_E_CANCELLED when they would have to wait
 * and a signal is pending; the connection is left as it is, a connect() under way is given up.
 *
 * Names: "localhost" and what ends in ".localhost" is this machine (RFC 6761); then the hosts file; then the
 * name servers of resolv.conf (nameserver, search, domain; options ndots, timeout, attempts, rotate,
 * no-aaaa). Built with BERTH_POSIX_GETADDRINFO, the C library is asked instead of name servers: that blocks,
 * whatever wait_ms says, and uses the heap. */
struct berth_net berth_posix_net_init(struct berth_posix_net *n, const struct berth_posix_net_config *config);

/* The connected socket, or -1. It stays the net's own. */
int berth_posix_net_fd(const struct berth_posix_net *n);

/* The most items that one net waits for. */
#define BERTH_POSIX_NET_ITEMS BERTH_POSIX_ATTEMPTS

/* For berth_posix_poll(): what this net waits for after BERTH_E_WOULD_BLOCK. Puts up to BERTH_POSIX_NET_ITEMS
 * items at OUT_ITEMS and returns their number; lowers *wait_ms to the time after which the net is to be
 * called again even when none is ready (name servers and addresses are tried in turn). */
size_t berth_posix_net_items(const struct berth_posix_net *n, struct berth_posix_poll_item *out_items,
                             uint32_t *wait_ms);

/* Files. */

/* Files and locks open at once; one more is BERTH_E_SPACE. */
#define BERTH_POSIX_FILES 16

/* Its fields are the port's own. */
struct berth_posix_file {
    int fd;     /* -1: free */
    int folder; /* where it lies, -1 = not needed */
    uint8_t mode;
    bool direct; /* a device or pipe: written as it is */
    bool failed; /* a write failed: nothing to commit */
    enum berth_status status;
    char name[256];
    char temporary[256];
};

struct berth_posix_files {
    struct berth_posix_file files[BERTH_POSIX_FILES];
    int error_number;
};

/* Beyond berth/port.h: BERTH_FILE_REPLACE over a symbolic link replaces the link; over a device, pipe or
 * terminal it writes to that directly. The temporary file is ".berth-" and 16 hexadecimal digits in the same
 * folder; one that a killed program left behind may be removed. BERTH_FILE_REWRITE's is ".NAME.new"; it
 * refuses what is no file, keeps the group's permissions only when it could keep the group, and the owner
 * only where the system lets it (root). Reading through a symbolic link that leads nowhere is
 * BERTH_E_PERMISSION, not BERTH_E_NO_FILE: something is there. ENOSPC, EDQUOT and EFBIG are
 * BERTH_E_DISK_FULL. remove_tree() removes a file or a link too, makes folders of the user's own writable
 * where it must, and fails with BERTH_E_PERMISSION at a mount point; it needs Linux (BERTH_E_NOT_PROVIDED
 * elsewhere: reading a folder without a heap has no portable call). F lives as long as the port. */
struct berth_files berth_posix_files_init(struct berth_posix_files *f);

/* errno of the last call that failed; 0 when none has. */
int berth_posix_files_errno(const struct berth_posix_files *f);

/* Words for an errno, e.g. "permission denied"; "system error" for one not in the port's table. Static. */
struct berth_text berth_posix_error_text(int error_number);

/* Folders. */

/* Bytes of a folder's entries that are read at once; one takes at most 280. */
#define BERTH_POSIX_ENTRIES_CAP 4096

/* Its fields are the port's own. */
struct berth_posix_entries {
    size_t at, len;
    union {
        uint64_t aligned;
        char bytes[BERTH_POSIX_ENTRIES_CAP];
    } room;
};
struct berth_posix_folder {
    int fd; /* -1: not open */
    struct berth_posix_entries entries;
};

/* Opens the folder at PATH for reading its names. BERTH_E_NO_FILE, BERTH_E_PERMISSION, BERTH_E_IO;
 * BERTH_E_NOT_PROVIDED on a system other than Linux (reading a folder without a heap has no portable call).
 */
enum berth_status berth_posix_folder_open(struct berth_posix_folder *f, const char *path) BERTH_MUST_CHECK;
/* The next name, "." and ".." left out, valid until the next call; NULL at the end and after an error, which
 * *out_status (may be NULL) tells apart. */
const char *berth_posix_folder_next(struct berth_posix_folder *f, enum berth_status *out_status);
/* May be called twice. */
void berth_posix_folder_close(struct berth_posix_folder *f);

/* Trusted certificates. */

/* Its fields are the port's own. */
struct berth_posix_roots {
    const char *path;
    int file_fd; /* -1: not open */
    bool is_folder;
    struct berth_posix_folder folder;
};

/* Certificates as roots_source of berth/port_mbedtls.h wants them: of a file, or of a folder's files one
 * after the other. In a folder those count whose names end in .pem, .crt or .cer, and the names that `openssl
 * rehash` makes (8 hexadecimal digits, a dot, a number) unless they are links to one of the first kind; what
 * cannot be opened is left out. R and PATH live as long as the source, which can rewind, has no known length
 * and never says WOULD_BLOCK. BERTH_E_NO_FILE, BERTH_E_PERMISSION, BERTH_E_IO; BERTH_E_NOT_PROVIDED for a
 * folder on a system other than Linux (reading one without a heap has no portable call). */
enum berth_status berth_posix_roots_open(struct berth_posix_roots *r, const char *path,
                                         struct berth_source *out_source) BERTH_MUST_CHECK;
/* Closes what is open; may be called twice. The source can be used again after its rewind. */
void berth_posix_roots_close(struct berth_posix_roots *r);

/* GPUs of the machine. */

/* The most that are told of: ids of GPUs are 0 to 63. */
#define BERTH_POSIX_GPUS 64
/* A host bridge and some 16 bridges and devices below it, 13 bytes each, and a NUL. */
#define BERTH_POSIX_GPU_PATH_CAP 232

/* Texts are NUL-terminated, "" when not known. */
struct berth_posix_gpu {
    char address[16];                    /* on PCIe, "0000:01:00.0" (domains of more than 4 digits too) */
    char path[BERTH_POSIX_GPU_PATH_CAP]; /* "pci0000:00/0000:00:01.0/0000:01:00.0" */
    int numa_node;                       /* -1: not known, or the machine has one node */
    int minor;                           /* of /dev/nvidiaN; -1: not known */
    char model[64];                      /* "NVIDIA A100-SXM4-40GB" */
    char uuid[48];                       /* "GPU-" and a UUID */
};

/* The NVIDIA GPUs in the order of their addresses on PCIe, which is the order of their ids (nvidia-smi's):
 * display controllers of vendor 10de in ROOT/sys/bus/pci/devices; virtual functions do not count. Where the
 * driver is loaded only those count that it lists in ROOT/proc/driver/nvidia/gpus and has not excluded;
 * model, uuid and minor come from there. ROOT NULL is "". Needs no right but to read these folders, no tool
 * and no heap. No GPU at all is BERTH_OK and 0; also without such folders. BERTH_E_SPACE for more than CAP
 * (then *out_count is how many there are, the first CAP of which are filled in) or a path that does not fit;
 * BERTH_E_PERMISSION, BERTH_E_IO; BERTH_E_NOT_PROVIDED on a system other than Linux. Stack: 12 KB. */
enum berth_status berth_posix_gpus_find(const char *root, struct berth_posix_gpu *out_gpus, size_t cap,
                                        size_t *out_count) BERTH_MUST_CHECK;

/* Processes. */

/* Children at once; one more is BERTH_E_SPACE. */
#define BERTH_POSIX_CHILDREN 16

struct berth_posix_proc_config {
    /* May be NULL; else a wait for output ends with BERTH_E_CANCELLED while a signal is pending. */
    const struct berth_posix_signals *signals;
    /* Linux: the kernel kills the child (not its descendants) when the thread that started it ends for
     * whatever reason. */
    bool end_with_parent;
};

/* Its fields are the port's own. */
struct berth_posix_child {
    int pid;    /* 0: free */
    int out_fd; /* captured output, -1 = none */
    int err_fd; /* standard error that is captured separately, -1 = none */
    int end_fd; /* pidfd, -1 = none */
    bool ended;
    bool dying; /* released, killed, not yet reaped */
    struct berth_child_state state;
};

struct berth_posix_proc {
    struct berth_posix_proc_config config;
    struct berth_posix_child children[BERTH_POSIX_CHILDREN];
    int error_number;
};

/* CONFIG may be NULL and is copied. P lives as long as the port.
 *
 * Beyond berth/port.h: PATH is the child's own (spawn.env) when it has one, else the parent's; its empty
 * elements are skipped. A relative argv[0] with a slash starts at spawn.folder. A child starts with default
 * signal actions, an empty signal mask and no open files but 0, 1 and 2. An ended child keeps its pid (as a
 * zombie) until release(), so that signal() can never hit a stranger. Only children of this port are waited
 * for. spawn() gives SIGCHLD its default action when it is ignored. */
struct berth_proc berth_posix_proc_init(struct berth_posix_proc *p,
                                        const struct berth_posix_proc_config *config);

/* For berth_posix_poll(): readable when there is captured output or its end; -1 when there is none. */
int berth_posix_proc_output_fd(const struct berth_posix_proc *p, berth_child child);
/* The same for standard error that is captured separately. */
int berth_posix_proc_errors_fd(const struct berth_posix_proc *p, berth_child child);
/* Readable when the child has ended (Linux 5.3); -1 when the system has no such thing: ask state() from time
 * to time. */
int berth_posix_proc_end_fd(const struct berth_posix_proc *p, berth_child child);
/* The child's process id, which is its group's too; 0 for a number that is no child. */
int berth_posix_proc_pid(const struct berth_posix_proc *p, berth_child child);
/* errno of the last spawn() that failed; 0 when none has. */
int berth_posix_proc_errno(const struct berth_posix_proc *p);

#ifdef __cplusplus
}
#endif
#endif
