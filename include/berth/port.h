/* Ports: what the library asks of the world. A port is data (function pointers and a context), so two can
 * live in one program. Ready-made ones: berth/port_posix.h, berth/port_mbedtls.h, berth/port_null.h,
 * berth/port_mem.h (for tests; port/mem is not part of the library).
 *
 * Waiting: every call that can wait takes wait_ms, the longest time it may take; 0 means "only what is ready
 * now". A call that could not finish in that time returns BERTH_E_WOULD_BLOCK and may be called again with
 * the same arguments; deadlines are kept by the caller (berth/http.h). A call that would have to wait may
 * also answer BERTH_E_CANCELLED, when the program has told its port to stop waiting (a signal,
 * berth/port_posix.h).
 */
#ifndef BERTH_PORT_H
#define BERTH_PORT_H

#include "berth/io.h"
#include "berth/text.h"
#include "berth/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a net waits for after BERTH_E_WOULD_BLOCK. */
enum berth_want { BERTH_WANT_NOTHING = 0, BERTH_WANT_READ = 1, BERTH_WANT_WRITE = 2 };

/* Where to connect to. The texts live until connect() has returned something else than BERTH_E_WOULD_BLOCK.
 */
struct berth_endpoint {
    struct berth_text host; /* name or address literal, an IPv6 one without brackets */
    uint16_t port;
    struct berth_text unix_path; /* not empty: a unix socket at this path; host and port are not used */
};

/* A byte stream to one peer at a time. Not thread safe; one net, one owner. */
struct berth_net {
    void *ctx;
    /* BERTH_OK when connected. Errors: WOULD_BLOCK, RESOLVE, CONNECT, TIMEOUT (the resolver's or the system's
     * own), ARGUMENT (not possible as an address), NOT_PROVIDED. */
    enum berth_status (*connect)(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms);
    /* Starts TLS on the open connection and checks the peer against NAME (DNS name, or address literal). NULL
     * in a net that has no TLS. BERTH_OK, WOULD_BLOCK, TLS, RESET, CLOSED, TIMEOUT. */
    enum berth_status (*secure)(void *ctx, struct berth_text name, uint32_t wait_ms);
    /* CAP is never 0. > 0: bytes received; 0: orderly close by the peer; WOULD_BLOCK, RESET, TLS (also: the
     * connection ended without TLS's own close). */
    ptrdiff_t (*recv)(void *ctx, void *buf, size_t cap, uint32_t wait_ms);
    /* LEN is never 0. > 0: bytes taken, perhaps fewer than LEN; WOULD_BLOCK, RESET, TLS. */
    ptrdiff_t (*send)(void *ctx, const void *bytes, size_t len, uint32_t wait_ms);
    /* Ends the connection if there is one; never waits, may be called at any time and twice. */
    void (*close)(void *ctx);
    /* Bits of enum berth_want: what the last WOULD_BLOCK waits for. */
    unsigned (*want)(void *ctx);
    /* One line on the last failure ("certificate expired 2024-05-01"), or an empty text. Valid until the next
     * call. */
    struct berth_text (*reason)(void *ctx);
};

struct berth_clock {
    void *ctx;
    /* Milliseconds since some moment; never goes back. */
    uint64_t (*monotonic_ms)(void *ctx);
    /* Seconds since 1970-01-01T00:00:00Z by the wall clock; a port without a calendar returns 0 (then
     * certificates' dates cannot be checked and TLS refuses them). */
    int64_t (*civil_s)(void *ctx);
    /* Returns after about MS milliseconds, earlier when a signal arrives. */
    void (*sleep_ms)(void *ctx, uint32_t ms);
};

struct berth_rand {
    void *ctx;
    /* Fills LEN bytes with numbers fit for keys. BERTH_E_ENTROPY when it cannot. */
    enum berth_status (*fill)(void *ctx, void *buf, size_t len);
};

/* Password hashes: SHA-512 crypt, as in /etc/shadow (berth/password.h). */
struct berth_crypt {
    void *ctx;
    /* The hash of PASSWORD with the parameters at the front of SETTING ("$6$[rounds=N$]SALT", 1,000 to
     * 999,999,999 rounds, a salt of at most 16 characters of ./0-9A-Za-z), as the whole "$6$..." text.
     * BERTH_E_SYNTAX for another setting, BERTH_E_SPACE, BERTH_E_NOT_PROVIDED. Takes time in proportion to
     * the rounds. */
    enum berth_status (*hash)(void *ctx, struct berth_text password, struct berth_text setting,
                              struct berth_writer *out);
};

/* Open files are small numbers that the port hands out; negative = an error status. */
typedef int berth_file;

enum berth_file_mode {
    BERTH_FILE_READ = 0,
    BERTH_FILE_REPLACE = 1, /* written under a temporary name beside it; takes the name at commit() */
    BERTH_FILE_APPEND = 2,  /* created when absent; every write goes to the end */
    BERTH_FILE_NEW = 3,     /* fails with BERTH_E_EXISTS when there is one */
    /* As REPLACE, for one writer at a time (who holds a lock): the temporary name is always the same, so that
     * what a crash left there is taken over by the next one. Owner and permissions of the file that is
     * replaced are kept, but never wider than PERMISSIONS; a symbolic link stays, what it leads to is
     * replaced (BERTH_E_PERMISSION when that is nothing). */
    BERTH_FILE_REWRITE = 4
};

/* Files. Paths are NUL-terminated. Errors, where nothing else is said: NO_FILE, EXISTS, PERMISSION,
 * DISK_FULL, IO. */
struct berth_files {
    void *ctx;
    /* PERMISSIONS as in chmod (0600), for a file that is created. A negative result is a berth_status. */
    berth_file (*open)(void *ctx, const char *path, enum berth_file_mode mode, unsigned permissions);
    ptrdiff_t (*read)(void *ctx, berth_file file, void *buf, size_t cap);
    /* All of it or an error. */
    enum berth_status (*write)(void *ctx, berth_file file, const void *bytes, size_t len);
    enum berth_status (*seek)(void *ctx, berth_file file, uint64_t offset);
    enum berth_status (*size)(void *ctx, berth_file file, uint64_t *out_bytes);
    /* For BERTH_FILE_REPLACE and REWRITE: flushes the file, gives it its name, flushes the folder, closes.
     * For the others: flushes and closes. After an error the old file is as it was and the temporary one is
     * gone. */
    enum berth_status (*commit)(void *ctx, berth_file file);
    /* Closes without keeping what BERTH_FILE_REPLACE or REWRITE wrote. */
    void (*close)(void *ctx, berth_file file);
    enum berth_status (*remove)(void *ctx, const char *path);
    enum berth_status (*rename)(void *ctx, const char *from, const char *to);
    enum berth_status (*make_folder)(void *ctx, const char *path, unsigned permissions);
    /* Removes a folder with everything below it; follows no symbolic link and leaves no file system. */
    enum berth_status (*remove_tree)(void *ctx, const char *path);
    /* An exclusive advisory lock on PATH (created when absent), waiting at most wait_ms: BERTH_E_LOCKED after
     * that. The lock ends with unlock() or the process. */
    berth_file (*lock)(void *ctx, const char *path, uint32_t wait_ms);
    void (*unlock)(void *ctx, berth_file lock);
};

/* A child process that the port looks after; negative = an error status. */
typedef int berth_child;

struct berth_spawn {
    const char *const
        *argv; /* NULL-terminated; argv[0] is searched for in PATH when it has no slash; no shell */
    const char *const *env; /* NULL-terminated "NAME=value"; NULL = the parent's */
    const char *folder;     /* working folder; NULL = the parent's */
    bool capture;  /* standard output and error of the child come to read(); else they go nowhere ... */
    bool inherit;  /* ... or, with this, to the parent's */
    bool separate; /* with capture: standard error comes to read_errors() instead */
    /* Standard input of the child, then its end; absent: the end at once. At most BERTH_SPAWN_INPUT bytes
     * (else BERTH_E_SPACE). Handed over whole before spawn() returns; the port keeps no copy. */
    struct berth_text input;
};
/* What every system takes into an empty pipe without a reader. */
#define BERTH_SPAWN_INPUT 4096

enum berth_child_end {
    BERTH_CHILD_RUNNING = 0,
    BERTH_CHILD_EXITED = 1,   /* code = exit status 0..255 */
    BERTH_CHILD_SIGNALLED = 2 /* code = the signal's number */
};

struct berth_child_state {
    enum berth_child_end end;
    int code;
};

/* Processes. Each child is the leader of a process group of its own. */
struct berth_proc {
    void *ctx;
    /* BERTH_E_NO_FILE when the program is not found, PERMISSION, IO, SPACE (too many children, a long
     * input). */
    berth_child (*spawn)(void *ctx, const struct berth_spawn *spawn);
    /* Captured output: > 0 bytes; 0 = the end; WOULD_BLOCK. */
    ptrdiff_t (*read)(void *ctx, berth_child child, void *buf, size_t cap, uint32_t wait_ms);
    enum berth_status (*state)(void *ctx, berth_child child, struct berth_child_state *out_state);
    /* Sends a signal (15 = TERM, 9 = KILL ...) to the whole group. */
    enum berth_status (*signal)(void *ctx, berth_child child, int number);
    /* Forgets the child (kills its group first when it still runs) and frees its place. */
    void (*release)(void *ctx, berth_child child);
    /* As read(), for standard error that is captured separately. Who captures both reads both in turn: a
     * child waits while a pipe is full. */
    ptrdiff_t (*read_errors)(void *ctx, berth_child child, void *buf, size_t cap, uint32_t wait_ms);
};

#ifdef __cplusplus
}
#endif
#endif
