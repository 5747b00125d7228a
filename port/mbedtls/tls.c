/* TLS as a net round another: the handshake, and bytes through it. */
#include "arena.h"
#include "inner.h"

#include <string.h>

/* Forward secrecy and an AEAD, nothing else; mbedTLS leaves out what it was built without. ChaCha20 first: in
 * mbedTLS it is the quickest one, also beside a processor's AES instructions. */
static const int suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};

/* The longest record that a server may send (RFC 5246 section 6.2.1). */
#define RECORD_MAX 16384
/* What mbedTLS calls one that is longer than its buffer. */
#define RECORD_TOO_LONG MBEDTLS_ERR_SSL_BAD_INPUT_DATA
/* Calls into mbedTLS in a row that bring neither bytes nor waiting. */
#define IDLE_MAX 64
/* Bytes from the server in one handshake, and for one recv() that has not brought a byte yet. mbedTLS goes on
 * as long as warnings come, so a flood of them would be a wait without end; real ones need a fraction of
 * this. */
#define HANDSHAKE_BYTES_MAX 262144
#define RECV_BYTES_MAX 65536

/* ---- between mbedTLS and the inner net ---------------------------------------------------------------- */

static uint32_t time_left(const struct berth_mbedtls *tls)
{
    const struct berth_clock *clock = tls->config.clock;
    uint64_t now;

    if (tls->until_ms == 0)
        return 0;
    now = clock->monotonic_ms(clock->ctx);
    if (now >= tls->until_ms)
        return 0;
    return tls->until_ms - now > UINT32_MAX ? UINT32_MAX : (uint32_t)(tls->until_ms - now);
}

/* Starts one call: at most WAIT_MS from now; 0 never asks the clock. */
static void start_waiting(struct berth_mbedtls *tls, uint32_t wait_ms)
{
    const struct berth_clock *clock = tls->config.clock;

    tls->until_ms = wait_ms == 0 ? 0 : clock->monotonic_ms(clock->ctx) + wait_ms;
}

static int failed_inside(struct berth_mbedtls *tls, ptrdiff_t code, int would_block)
{
    if (code == BERTH_E_WOULD_BLOCK || code == BERTH_E_CANCELLED) {
        tls->state->blocked = (enum berth_status)code;
        return would_block;
    }
    tls->state->inner_failure = (enum berth_status)code;
    return MBEDTLS_ERR_NET_CONN_RESET;
}

static int inner_send(void *ctx, const unsigned char *bytes, size_t len)
{
    struct berth_mbedtls *tls = ctx;
    struct berth_net *inner = tls->config.inner;
    ptrdiff_t sent = inner->send(inner->ctx, bytes, len, time_left(tls));

    return sent > 0 ? (int)sent : failed_inside(tls, sent, MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int inner_recv(void *ctx, unsigned char *buf, size_t cap)
{
    struct berth_mbedtls *tls = ctx;
    struct berth_net *inner = tls->config.inner;
    ptrdiff_t got;

    if (tls->state->budget == 0) {
        (void)berth_mbedtls_say(tls, BERTH_E_TLS, "the server sends TLS messages without end");
        return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
    }
    got = inner->recv(inner->ctx, buf, cap < tls->state->budget ? cap : tls->state->budget, time_left(tls));
    if (got < 0)
        return failed_inside(tls, got, MBEDTLS_ERR_SSL_WANT_READ);
    if (got == 0)
        tls->state->inner_closed = true;
    tls->state->budget -= (size_t)got;
    if (tls->phase == BERTH_MBEDTLS_HANDSHAKE)
        berth_mbedtls_watch_feed(&tls->state->watch, buf, (size_t)got);
    return (int)got;
}

static bool is_only_wait(int code)
{
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    if (code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return true;
#endif
    return code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE;
}

/* ---- setting up and taking down --------------------------------------------------------------- */

static void drop_state(struct berth_mbedtls *tls)
{
    struct berth_mbedtls_state *state = tls->state;

    if (state == NULL)
        return;
    mbedtls_ssl_free(&state->ssl);
    mbedtls_ssl_config_free(&state->conf);
    mbedtls_x509_crt_free(&state->cert);
    mbedtls_pk_free(&state->key);
    berth_mbedtls_free(state);
    tls->state = NULL;
}

static enum berth_status fail(struct berth_mbedtls *tls, enum berth_status status)
{
    tls->phase = BERTH_MBEDTLS_FAILED;
    tls->failure = status;
    return status;
}

static enum berth_status take_name(struct berth_mbedtls *tls, struct berth_text name)
{
    struct berth_mbedtls_state *state = tls->state;
    struct berth_writer w;

    state->address_len = berth_mbedtls_parse_address(name, state->address);
    if (state->address_len == 0 && !berth_mbedtls_is_dns_name(name)) {
        w = berth_mbedtls_begin_reason(tls);
        berth_put_string(&w, "not a name that a certificate can be for: '");
        berth_mbedtls_put_printable(&w, name, 64);
        berth_put_string(&w, "'");
        berth_mbedtls_end_reason(tls, &w);
        return BERTH_E_TLS;
    }
    if (state->address_len == 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    memcpy(state->name, name.ptr, name.len);
    return BERTH_OK;
}

static void limit_version(mbedtls_ssl_config *conf)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    static const int hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE};

    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_sig_hashes(conf, hashes);
#endif
}

/* A build whose buffers are smaller than TLS's records always asks, for the most that fits. */
static int ask_fragment(struct berth_mbedtls *tls)
{
#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)
    static const struct {
        uint16_t bytes;
        unsigned char code;
    } codes[] = {{4096, MBEDTLS_SSL_MAX_FRAG_LEN_4096},
                 {2048, MBEDTLS_SSL_MAX_FRAG_LEN_2048},
                 {1024, MBEDTLS_SSL_MAX_FRAG_LEN_1024},
                 {512, MBEDTLS_SSL_MAX_FRAG_LEN_512}};
    size_t most = tls->config.max_fragment, i;

    if (most == 0 && MBEDTLS_SSL_IN_CONTENT_LEN < RECORD_MAX)
        most = RECORD_MAX;
    if (most > MBEDTLS_SSL_IN_CONTENT_LEN)
        most = MBEDTLS_SSL_IN_CONTENT_LEN;
    if (most > MBEDTLS_SSL_OUT_CONTENT_LEN)
        most = MBEDTLS_SSL_OUT_CONTENT_LEN;
    for (i = 0; most > 0 && i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].bytes <= most)
            return mbedtls_ssl_conf_max_frag_len(&tls->state->conf, codes[i].code);
#endif
    (void)tls;
    return 0;
}

static int configure(struct berth_mbedtls *tls)
{
    struct berth_mbedtls_state *state = tls->state;
    int code = mbedtls_ssl_config_defaults(&state->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                           MBEDTLS_SSL_PRESET_DEFAULT);

    if (code != 0)
        return code;
    limit_version(&state->conf);
    mbedtls_ssl_conf_ciphersuites(&state->conf, suites);
    mbedtls_ssl_conf_rng(&state->conf, berth_mbedtls_random, tls);
    /* OPTIONAL, because mbedTLS is given no roots: verify() has them, and its refusal is final all the same.
     */
    mbedtls_ssl_conf_authmode(&state->conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_verify(&state->conf, berth_mbedtls_verify, tls);
#if defined(MBEDTLS_SSL_ALPN)
    state->alpn[0] = "http/1.1";
    code = mbedtls_ssl_conf_alpn_protocols(&state->conf, state->alpn);
#endif
    if (code == 0)
        code = ask_fragment(tls);
    if (code == 0 && tls->config.client_cert.len > 0)
        code = mbedtls_ssl_conf_own_cert(&state->conf, &state->cert, &state->key);
    if (code == 0)
        code = mbedtls_ssl_setup(&state->ssl, &state->conf);
    if (code == 0)
        code = mbedtls_ssl_set_hostname(&state->ssl, state->address_len == 0 ? state->name : NULL);
    mbedtls_ssl_set_bio(&state->ssl, tls, inner_send, inner_recv, NULL);
    return code;
}

static enum berth_status begin(struct berth_mbedtls *tls, struct berth_text name)
{
    const struct berth_clock *clock = tls->config.clock;
    struct berth_mbedtls_state *state;
    size_t used;
    int code;

    tls->config.arena->refused = 0;
    tls->reason_len = 0;
    if (!tls->skip_verification && clock->civil_s(clock->ctx) <= 0)
        return berth_mbedtls_say(tls, BERTH_E_TLS,
                                 "the time is not known, so the certificate's dates cannot be checked");
    state = berth_mbedtls_calloc(1, sizeof *state);
    if (state == NULL)
        return berth_mbedtls_say_space(tls);
    mbedtls_ssl_init(&state->ssl);
    mbedtls_ssl_config_init(&state->conf);
    mbedtls_x509_crt_init(&state->cert);
    mbedtls_pk_init(&state->key);
    tls->state = state;
    state->budget = HANDSHAKE_BYTES_MAX;
    BERTH_TRY(take_name(tls, name));
    BERTH_TRY(berth_mbedtls_load_client(tls, &state->cert, &state->key));
    used = tls->config.arena->used;
    code = configure(tls);
    if (code != 0)
        return berth_mbedtls_say_handshake(tls, code);
    if (tls->config.arena->used == used)
        return berth_mbedtls_say(
            tls, BERTH_E_NOT_PROVIDED,
            "this mbedTLS takes its memory from elsewhere than the arena: see docs/porting");
    if (!tls->skip_verification)
        berth_mbedtls_offer_session(tls);
    return BERTH_OK;
}

/* ---- the handshake ---------------------------------------------------------------------------- */

/* The last gate: nothing of the caller's passes before it. */
static enum berth_status finish(struct berth_mbedtls *tls)
{
    struct berth_mbedtls_state *state = tls->state;
    uint32_t flags = mbedtls_ssl_get_verify_result(&state->ssl);

    state->resumed = !state->checked && state->offered;
    if (!tls->skip_verification) {
        if (flags != 0)
            return berth_mbedtls_say_flags(tls, flags);
        if (!state->checked && !state->resumed)
            return berth_mbedtls_say(tls, BERTH_E_TLS, "the server showed no certificate");
        berth_mbedtls_keep_session(tls);
    }
    tls->phase = BERTH_MBEDTLS_OPEN;
    return BERTH_OK;
}

static enum berth_status shake(struct berth_mbedtls *tls)
{
    unsigned idle;
    int code = 0;

    for (idle = 0; idle < IDLE_MAX; idle++) {
        tls->state->blocked = BERTH_OK;
        code = mbedtls_ssl_handshake(&tls->state->ssl);
        if (code == 0)
            return finish(tls);
        if (!is_only_wait(code))
            return berth_mbedtls_say_handshake(tls, code);
        if (tls->state->blocked != BERTH_OK)
            return tls->state->blocked;
    }
    return berth_mbedtls_say(tls, BERTH_E_TLS, "the server sends TLS messages without end");
}

static enum berth_status secure(void *ctx, struct berth_text name, uint32_t wait_ms)
{
    struct berth_mbedtls *tls = ctx;
    struct berth_mbedtls *before;
    enum berth_status status = BERTH_OK;

    if (tls->phase == BERTH_MBEDTLS_FAILED)
        return tls->failure;
    if (tls->phase != BERTH_MBEDTLS_PLAIN && tls->phase != BERTH_MBEDTLS_HANDSHAKE)
        return BERTH_E_STATE;
    before = berth_mbedtls_enter(tls);
    start_waiting(tls, wait_ms);
    if (tls->phase == BERTH_MBEDTLS_PLAIN) {
        tls->phase = BERTH_MBEDTLS_HANDSHAKE;
        status = begin(tls, name);
    }
    if (status == BERTH_OK)
        status = shake(tls);
    if (status != BERTH_OK && status != BERTH_E_WOULD_BLOCK && status != BERTH_E_CANCELLED)
        status = fail(tls, status);
    berth_mbedtls_leave(before);
    return status;
}

/* ---- bytes ------------------------------------------------------------------------------------ */

static ptrdiff_t say_broken(struct berth_mbedtls *tls, int code, const char *doing)
{
    struct berth_writer w;

    if (tls->state->inner_failure != BERTH_OK)
        return fail(tls, berth_mbedtls_say(tls, tls->state->inner_failure, "the connection broke"));
    if (tls->config.arena->refused != 0)
        return fail(tls, berth_mbedtls_say_space(tls));
    if (tls->state->budget == 0)
        return fail(tls, BERTH_E_TLS); /* inner_recv() has said why */
    w = berth_mbedtls_begin_reason(tls);
    if (code == 0 || code == MBEDTLS_ERR_SSL_CONN_EOF) {
        berth_put_string(&w, "the connection ended without TLS's own close: what came may be cut short");
    } else if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        berth_put_string(&w, "the server ended the TLS session with a fatal alert");
    } else if (MBEDTLS_SSL_IN_CONTENT_LEN < RECORD_MAX && code == RECORD_TOO_LONG) {
        berth_put_string(&w, "the server's TLS record does not fit: this build takes ");
        berth_put_u64(&w, MBEDTLS_SSL_IN_CONTENT_LEN);
        berth_put_string(&w, " bytes (MBEDTLS_SSL_IN_CONTENT_LEN)");
    } else {
        berth_put_string(&w, doing);
        berth_put_string(&w, " over TLS failed (mbedTLS ");
        berth_mbedtls_put_code(&w, code);
        berth_put_string(&w, ")");
    }
    berth_mbedtls_end_reason(tls, &w);
    return fail(tls, BERTH_E_TLS);
}

static ptrdiff_t read_some(struct berth_mbedtls *tls, void *buf, size_t cap)
{
    unsigned idle;
    int code;

    tls->state->budget = RECV_BYTES_MAX;
    for (idle = 0; idle < IDLE_MAX; idle++) {
        tls->state->blocked = BERTH_OK;
        code = mbedtls_ssl_read(&tls->state->ssl, buf, cap);
        if (code > 0)
            return code;
        if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            tls->phase = BERTH_MBEDTLS_ENDED;
            return 0;
        }
        if (!is_only_wait(code))
            return say_broken(tls, code, "receiving");
        if (tls->state->blocked != BERTH_OK)
            return tls->state->blocked;
    }
    return fail(tls, berth_mbedtls_say(tls, BERTH_E_TLS, "the server sends TLS messages without end"));
}

static ptrdiff_t net_recv(void *ctx, void *buf, size_t cap, uint32_t wait_ms)
{
    struct berth_mbedtls *tls = ctx;
    struct berth_mbedtls *before;
    ptrdiff_t got;

    switch (tls->phase) {
    case BERTH_MBEDTLS_PLAIN:
        return tls->config.inner->recv(tls->config.inner->ctx, buf, cap, wait_ms);
    case BERTH_MBEDTLS_ENDED:
        return 0;
    case BERTH_MBEDTLS_FAILED:
        return tls->failure;
    case BERTH_MBEDTLS_OPEN:
        break;
    default:
        return BERTH_E_STATE;
    }
    before = berth_mbedtls_enter(tls);
    start_waiting(tls, wait_ms);
    got = read_some(tls, buf, cap);
    berth_mbedtls_leave(before);
    return got;
}

/* mbedTLS encrypts a record at once and may then have to wait with it; until it is out, that record's bytes
 * must be offered again. */
static ptrdiff_t write_some(struct berth_mbedtls *tls, const void *bytes, size_t len)
{
    int code;

    if (tls->unsent > len) {
        (void)berth_mbedtls_say(tls, BERTH_E_STATE, "fewer bytes are offered than before WOULD_BLOCK");
        return BERTH_E_STATE;
    }
    if (tls->unsent > 0)
        len = tls->unsent;
    tls->state->blocked = BERTH_OK;
    code = mbedtls_ssl_write(&tls->state->ssl, bytes, len);
    if (code > 0) {
        tls->unsent = 0;
        return code;
    }
    if (!is_only_wait(code))
        return say_broken(tls, code, "sending");
    tls->unsent = len;
    return tls->state->blocked != BERTH_OK ? tls->state->blocked : BERTH_E_WOULD_BLOCK;
}

static ptrdiff_t net_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    struct berth_mbedtls *tls = ctx;
    struct berth_mbedtls *before;
    ptrdiff_t sent;

    switch (tls->phase) {
    case BERTH_MBEDTLS_PLAIN:
        return tls->config.inner->send(tls->config.inner->ctx, bytes, len, wait_ms);
    case BERTH_MBEDTLS_FAILED:
        return tls->failure;
    case BERTH_MBEDTLS_OPEN:
    case BERTH_MBEDTLS_ENDED:
        break;
    default:
        return BERTH_E_STATE;
    }
    before = berth_mbedtls_enter(tls);
    start_waiting(tls, wait_ms);
    sent = write_some(tls, bytes, len);
    berth_mbedtls_leave(before);
    return sent;
}

/* ---- the rest of the net ---------------------------------------------------------------------- */

static void net_close(void *ctx)
{
    struct berth_mbedtls *tls = ctx;
    struct berth_mbedtls *before = berth_mbedtls_enter(tls);

    tls->until_ms = 0;
    if (tls->phase == BERTH_MBEDTLS_OPEN || tls->phase == BERTH_MBEDTLS_ENDED)
        (void)mbedtls_ssl_close_notify(&tls->state->ssl);
    drop_state(tls);
    berth_mbedtls_leave(before);
    tls->phase = BERTH_MBEDTLS_PLAIN;
    tls->failure = BERTH_OK;
    tls->unsent = 0;
    tls->config.inner->close(tls->config.inner->ctx);
}

/* On an open connection it ends that first. */
static enum berth_status net_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    struct berth_mbedtls *tls = ctx;

    if (tls->phase != BERTH_MBEDTLS_PLAIN)
        net_close(tls);
    tls->reason_len = 0;
    return tls->config.inner->connect(tls->config.inner->ctx, to, wait_ms);
}

static unsigned net_want(void *ctx)
{
    const struct berth_mbedtls *tls = ctx;

    return tls->config.inner->want(tls->config.inner->ctx);
}

struct berth_text berth_mbedtls_reason(const struct berth_mbedtls *tls)
{
    struct berth_net *inner = tls->config.inner;

    if (tls->reason_len > 0)
        return berth_text_make(tls->reason, tls->reason_len);
    return inner == NULL || inner->reason == NULL ? berth_text_make("", 0) : inner->reason(inner->ctx);
}

static struct berth_text net_reason(void *ctx)
{
    return berth_mbedtls_reason(ctx);
}

struct berth_net berth_mbedtls_net(struct berth_mbedtls *tls)
{
    struct berth_net net = {tls, net_connect, secure, net_recv, net_send, net_close, net_want, net_reason};

    return net;
}

bool berth_mbedtls_resumed(const struct berth_mbedtls *tls)
{
    return tls->phase >= BERTH_MBEDTLS_OPEN && tls->state != NULL && tls->state->resumed;
}

void berth_mbedtls_put_session(struct berth_writer *w, const struct berth_mbedtls *tls)
{
    if (tls->state == NULL || (tls->phase != BERTH_MBEDTLS_OPEN && tls->phase != BERTH_MBEDTLS_ENDED))
        return;
    berth_put_string(w, mbedtls_ssl_get_version(&tls->state->ssl));
    berth_put_char(w, ' ');
    berth_put_string(w, mbedtls_ssl_get_ciphersuite(&tls->state->ssl));
    if (tls->state->resumed)
        berth_put_string(w, ", resumed");
}
