/* TLS round any other berth_net, by mbedTLS 2.28 or 3.6. No mbedTLS header is needed to use it.
 *
 * Trust is closed by default: a connection is secure only when the server's chain ends at one of the given
 * roots, is valid today, is not revoked by the given lists, and names the peer in its subjectAltName (a
 * common name alone does not count, RFC 9525). TLS 1.2 with forward secrecy and an AEAD cipher is what is
 * offered; nothing older is accepted.
 *
 * All memory of mbedTLS comes from one or more arenas that the caller owns. mbedTLS calls its allocator
 * without a context, so the port keeps one pointer to the object at work: one for each thread on Linux, one
 * for the program elsewhere (there, use TLS from one thread). It is set during a call and restored after it.
 */
#ifndef BERTH_PORT_MBEDTLS_H
#define BERTH_PORT_MBEDTLS_H

#include "berth/io.h"
#include "berth/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An arena that serves one connection at a time with Debian's mbedTLS (two record buffers of 16 KB, chains of
 * RSA 4096, a client certificate, an 8 KB CRL). docs/memory.md has the measured needs, also of small builds.
 */
#define BERTH_MBEDTLS_ARENA_CAP 81920
/* A session slot for a server certificate of 2 KB and a ticket of 1 KB. */
#define BERTH_MBEDTLS_SESSION_CAP 4096
/* Longest reason, in bytes. */
#define BERTH_MBEDTLS_REASON_CAP 320

/* Memory for mbedTLS; the members are read-only for callers. Every block is wiped when it is freed. */
struct berth_mbedtls_arena {
    unsigned char *base;
    size_t cap;
    size_t used;       /* bytes in blocks now, headers included */
    size_t high_water; /* the arena that would have been enough so far */
    size_t refused;    /* the last request that did not fit, 0 = none */
    unsigned char *first_free;
};

/* Makes an arena of CAP bytes at BUF, which belong to it as long as it is used. The bytes before the first
 * aligned one are lost. */
void berth_mbedtls_arena_init(struct berth_mbedtls_arena *arena, void *buf, size_t cap);
/* How large an arena would have been enough for everything since init, in bytes. */
size_t berth_mbedtls_arena_high_water(const struct berth_mbedtls_arena *arena);

/* The SHA-256 of a whole certificate in DER form, as `openssl x509 -fingerprint -sha256` prints it. */
struct berth_mbedtls_pin {
    uint8_t sha256[32];
};
/* 64 hexadecimal digits in either case, with or without a colon between each two. BERTH_E_SYNTAX otherwise.
 */
enum berth_status berth_mbedtls_parse_pin(struct berth_text text,
                                          struct berth_mbedtls_pin *out_pin) BERTH_MUST_CHECK;

/* Everything here, and what it points to, belongs to the caller and stays as it is while the object is used.
 */
struct berth_mbedtls_config {
    struct berth_net *inner;           /* what TLS is spoken over */
    const struct berth_clock *clock;   /* certificates' dates and the waiting */
    const struct berth_rand *rand;     /* used as it is, for keys */
    struct berth_mbedtls_arena *arena; /* may be shared by objects of one thread */

    /* Trusted certificates: a PEM bundle (text between the blocks is skipped) or DER certificates one after
     * the other. Only the roots that a server's chain asks for are loaded, one handshake long, so a bundle of
     * any size costs no more arena than the largest root in it. roots_source serves the same purpose from
     * where it is not in memory (it must rewind, never says WOULD_BLOCK, and is read by init() and once per
     * full handshake). Both may be given. */
    struct berth_text roots;
    const struct berth_source *roots_source;
    /* Certificate revocation lists, PEM or DER. When given, there must be one of the server certificate's
     * issuer, in force today; the lists are copied into the arena during the handshake. */
    struct berth_text crls;
    /* What to show when the server asks: a certificate (with its chain after it) and its key, PEM or DER; the
     * key may be encrypted PEM: the older form with AES, with mbedTLS 3.6 also PKCS#8. Both or neither. */
    struct berth_text client_cert;
    struct berth_text client_key;
    struct berth_text key_password;
    /* The server's own certificate must be one of these. With roots: in addition to everything else. Without
     * roots: instead of the chain and the name (a self-signed certificate that is known), its dates still
     * count. */
    const struct berth_mbedtls_pin *pins;
    size_t pin_count;
    /* Where the last session is kept for a quicker second connection to the same name; NULL = none. Holds
     * secrets; init() and forget_session() wipe it. A session that does not fit is not kept. */
    void *session;
    size_t session_cap;
    /* Ask the server for records of at most so many bytes (RFC 6066): 512, 1024, 2048 or 4096; 0 = only
     * when mbedTLS was built with smaller buffers. Only OpenSSL's kind of servers obey; Go's do not. */
    uint16_t max_fragment;
};

/* The object; the members are private. */
struct berth_mbedtls {
    struct berth_mbedtls_config config;
    struct berth_mbedtls_state *state; /* in the arena from secure() to close() */
    int phase;
    bool skip_verification;
    enum berth_status failure;
    uint64_t until_ms;
    size_t longest_root;
    size_t unsent;
    size_t reason_len;
    char reason[BERTH_MBEDTLS_REASON_CAP];
};

/* Copies CONFIG and looks at what it names; uses the arena, and gives all of it back. TLS is a new object, or
 * one whose connection was closed. BERTH_E_ARGUMENT (a
 * missing part, an odd max_fragment, a certificate without its key or a key that is not the certificate's),
 * BERTH_E_SYNTAX (roots, lists, certificate, key or its password), BERTH_E_SPACE (the arena), or the
 * roots_source's error; berth_mbedtls_reason() says more. */
enum berth_status berth_mbedtls_init(struct berth_mbedtls *tls,
                                     const struct berth_mbedtls_config *config) BERTH_MUST_CHECK;
/* The net that has secure(). Before secure() everything passes through to the inner net (a proxy's CONNECT);
 * from the first secure() until close() no byte of the caller's passes but through a verified session. A
 * failure of TLS stays until close(). Beside port.h's list secure() can return BERTH_E_SPACE (the arena) and
 * BERTH_E_ENTROPY. recv() and send() return BERTH_E_STATE while secure() has not finished. After send()
 * returned WOULD_BLOCK the same bytes must be offered again. TLS must outlive the net. */
struct berth_net berth_mbedtls_net(struct berth_mbedtls *tls);
/* The last failure in one line, as the net's reason(). */
struct berth_text berth_mbedtls_reason(const struct berth_mbedtls *tls);
/* Puts "TLSv1.2 SUITE" of the open session, with ", resumed" when it was; nothing when there is none. */
void berth_mbedtls_put_session(struct berth_writer *w, const struct berth_mbedtls *tls);
/* Whether the open session was resumed. */
bool berth_mbedtls_resumed(const struct berth_mbedtls *tls);
/* Wipes the kept session. */
void berth_mbedtls_forget_session(struct berth_mbedtls *tls);
/* From now on ANY server is accepted, whoever it is: roots, names, dates, lists and pins are not looked at
 * and the connection is open to whoever stands in between. For test benches. Only init() undoes it. */
void berth_mbedtls_dangerously_skip_verification(struct berth_mbedtls *tls);

/* SHA-512 crypt by mbedTLS's SHA-512: needs no arena, no state and no heap, wipes what it computes. With an
 * mbedTLS that was built without SHA-512 hash() answers BERTH_E_NOT_PROVIDED. */
struct berth_crypt berth_mbedtls_crypt(void);

#ifdef __cplusplus
}
#endif
#endif
