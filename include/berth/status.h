/* Status codes: the one answer type of every fallible call. */
#ifndef BERTH_STATUS_H
#define BERTH_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define BERTH_MUST_CHECK __attribute__((warn_unused_result))
#else
#define BERTH_MUST_CHECK
#endif

/* 0 is success, a negative value an error; functions that count return a positive count and share these
 * negative values. An HTTP status code is never a berth status: it is kept beside it (see berth/http.h). */
enum berth_status {
    BERTH_OK = 0,

    /* The call itself. */
    BERTH_E_ARGUMENT = -1, /* a parameter breaks the function's contract; nothing was done */
    BERTH_E_SPACE = -2,    /* it does not fit; what was needed is reported beside it; nothing is truncated */
    BERTH_E_STATE = -3,    /* called in a state that does not allow it */
    BERTH_E_NOT_PROVIDED = -4, /* this build or port has no such service */
    BERTH_E_CANCELLED = -5,    /* the caller's own callback asked to stop */

    /* Documents and values. */
    BERTH_E_SYNTAX = -10,  /* malformed; offset and reason are reported beside it */
    BERTH_E_TYPE = -11,    /* well formed, but not the type that is due */
    BERTH_E_RANGE = -12,   /* a number, date or length outside its range */
    BERTH_E_MISSING = -13, /* a required member or argument is absent */
    BERTH_E_UTF8 = -14,    /* text is not valid UTF-8 */
    BERTH_E_DEPTH = -15,   /* nested deeper than the stated bound */

    /* Transports: five different answers (plus how a connection failed to come about). */
    BERTH_E_CLOSED = -20,      /* the peer closed in an orderly way */
    BERTH_E_WOULD_BLOCK = -21, /* nothing can be done now without waiting */
    BERTH_E_TIMEOUT = -22,     /* the deadline passed */
    BERTH_E_RESET = -23,       /* the connection broke */
    BERTH_E_TLS = -24,         /* TLS refused: verification or protocol; the port has a one-line reason */
    BERTH_E_RESOLVE = -25,     /* the host name has no address */
    BERTH_E_CONNECT = -26,     /* no address accepted the connection */

    /* HTTP and what was served. */
    BERTH_E_PROTOCOL =
        -30, /* the peer broke the protocol, or the answer is not what this address should give */
    BERTH_E_TRUNCATED = -31, /* the message ended before its framing said so */
    BERTH_E_REDIRECT = -32,  /* a redirect that the policy does not follow */

    /* What the server answered, by meaning; the HTTP status and its message are kept beside it. */
    BERTH_E_BAD_REQUEST = -40,  /* the server calls the request wrong: do not repeat it */
    BERTH_E_UNAUTHORIZED = -41, /* credentials are missing or expired */
    BERTH_E_FORBIDDEN = -42,    /* credentials do not allow it */
    BERTH_E_NOT_FOUND = -43,    /* no such thing */
    BERTH_E_WRONG_STATE = -44,  /* the thing exists, but its state does not allow this */
    BERTH_E_CONFLICT = -45,     /* a name or place is taken */
    BERTH_E_BUSY = -46,         /* the server is occupied with another job of this kind */
    BERTH_E_TOO_LARGE = -47,    /* the server (or a proxy) refuses this size */
    BERTH_E_SERVER = -48,       /* the server failed */
    BERTH_E_UNAVAILABLE = -49,  /* the server or a proxy before it is away (502, 503, 504, 408) */
    BERTH_E_NO_WORK = -50,      /* a long poll ended and there was nothing to do */

    /* The machine. */
    BERTH_E_IO = -60,         /* a file operation failed; the port has the system's error number */
    BERTH_E_EXISTS = -61,     /* the file exists already */
    BERTH_E_NO_FILE = -62,    /* no such file or folder */
    BERTH_E_PERMISSION = -63, /* the system does not allow it */
    BERTH_E_DISK_FULL = -64,  /* no space left on the device */
    BERTH_E_LOCKED = -65,     /* another process holds the lock */
    BERTH_E_ENTROPY = -66     /* no random numbers to be had */
};

/* The constant's name without its prefix in lower case with blanks, e.g. "would block"; "unknown status" for
 * a value not listed above. Static text, never NULL. */
const char *berth_status_name(enum berth_status status);

/* Evaluates to the status of EXPR out of the enclosing function when it is an error. */
#define BERTH_TRY(expr)                                                                                      \
    do {                                                                                                     \
        enum berth_status berth_try_status_ = (expr);                                                        \
        if (berth_try_status_ != BERTH_OK)                                                                   \
            return berth_try_status_;                                                                        \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
