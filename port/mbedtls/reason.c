/* One clear line on what went wrong. */
#include "arena.h"
#include "inner.h"

#include <string.h>

struct berth_writer berth_mbedtls_begin_reason(struct berth_mbedtls *tls)
{
    struct berth_writer w;

    tls->reason_len = 0;
    memset(tls->reason, 0, sizeof tls->reason);
    berth_writer_init(&w, tls->reason, sizeof tls->reason - 1);
    return w;
}

/* A put that does not fit writes nothing and stops all later ones: what is there then ends at the first zero.
 */
void berth_mbedtls_end_reason(struct berth_mbedtls *tls, struct berth_writer *w)
{
    tls->reason_len = berth_writer_status(w) == BERTH_OK ? w->len : strlen(tls->reason);
}

enum berth_status berth_mbedtls_say(struct berth_mbedtls *tls, enum berth_status status, const char *line)
{
    struct berth_writer w = berth_mbedtls_begin_reason(tls);

    berth_put_string(&w, line);
    berth_mbedtls_end_reason(tls, &w);
    return status;
}

enum berth_status berth_mbedtls_say_space(struct berth_mbedtls *tls)
{
    const struct berth_mbedtls_arena *arena = tls->config.arena;
    struct berth_writer w = berth_mbedtls_begin_reason(tls);

    berth_put_string(&w, "the TLS arena is too small: ");
    berth_put_u64(&w, arena->refused);
    berth_put_string(&w, " more bytes wanted, ");
    berth_put_u64(&w, berth_mbedtls_arena_free(arena));
    berth_put_string(&w, " of ");
    berth_put_u64(&w, arena->cap);
    berth_put_string(&w, " free");
    berth_mbedtls_end_reason(tls, &w);
    return BERTH_E_SPACE;
}

void berth_mbedtls_put_code(struct berth_writer *w, int code)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned value = code < 0 ? (unsigned)-code : (unsigned)code;
    int shift = value > 0xffff ? 28 : 12;

    berth_put_string(w, code < 0 ? "-0x" : "0x");
    for (; shift >= 0; shift -= 4)
        berth_put_char(w, digits[value >> shift & 15]);
}

void berth_mbedtls_put_fingerprint(struct berth_writer *w, const uint8_t sha256[32])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i;

    for (i = 0; i < 32; i++) {
        if (i > 0)
            berth_put_char(w, ':');
        berth_put_char(w, digits[sha256[i] >> 4]);
        berth_put_char(w, digits[sha256[i] & 15]);
    }
}

/* RFC 5246 section 7.2, RFC 6066, RFC 7301: what the server says of us. */
static const struct {
    uint8_t code;
    const char *line;
} alerts[] = {
    {10, "the server did not expect our message (unexpected_message)"},
    {20, "the server could not read a record (bad_record_mac)"},
    {41, "the server requires a client certificate"},
    {42, "the server refused the client certificate (bad_certificate)"},
    {43, "the server refused the client certificate (unsupported_certificate)"},
    {44, "the server refused the client certificate: revoked"},
    {45, "the server refused the client certificate: expired"},
    {46, "the server refused the client certificate (certificate_unknown)"},
    {48, "the server refused the client certificate: unknown issuer (unknown_ca)"},
    {49, "the server denied access (access_denied)"},
    {51, "the server could not check our signature (decrypt_error)"},
    {70, "the server does not offer TLS 1.2 (protocol_version); it may offer only TLS 1.3, or only older "
         "versions"},
    {71, "the server calls the offered ciphers too weak (insufficient_security)"},
    {80, "the server failed (internal_error)"},
    {112, "the server does not know this name (unrecognized_name)"},
    {116, "the server requires a client certificate"},
    {120, "the server does not speak http/1.1 (no_application_protocol)"},
};

static void say_alert(struct berth_mbedtls *tls, const struct berth_mbedtls_watch *watch)
{
    struct berth_writer w;
    size_t i;

    if (watch->wants_client_cert && tls->config.client_cert.len == 0 &&
        (watch->alert_code == 40 || watch->alert_code == 42)) {
        (void)berth_mbedtls_say(tls, BERTH_E_TLS, "the server requires a client certificate");
        return;
    }
    if (watch->alert_code == 40) {
        (void)berth_mbedtls_say(
            tls, BERTH_E_TLS,
            watch->wants_client_cert
                ? "the server refused the client certificate (handshake_failure)"
                : "no protocol version or cipher suite in common with the server (handshake_failure): it may "
                  "offer nothing newer than TLS 1.1, or only weak ciphers");
        return;
    }
    for (i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
        if (alerts[i].code == watch->alert_code) {
            (void)berth_mbedtls_say(tls, BERTH_E_TLS, alerts[i].line);
            return;
        }
    w = berth_mbedtls_begin_reason(tls);
    berth_put_string(&w, "the server ended the handshake with TLS alert ");
    berth_put_u64(&w, watch->alert_code);
    berth_mbedtls_end_reason(tls, &w);
}

static void say_version(struct berth_mbedtls *tls, uint16_t version)
{
    struct berth_writer w = berth_mbedtls_begin_reason(tls);

    berth_put_string(&w, "the server chose ");
    if (version == 0x0300)
        berth_put_string(&w, "SSL 3.0");
    else if (version >> 8 == 3) {
        berth_put_string(&w, "TLS 1.");
        berth_put_u64(&w, (version & 0xffu) - 1u);
    } else
        berth_put_string(&w, "an unknown version");
    berth_put_string(&w, "; at least TLS 1.2 is required");
    berth_mbedtls_end_reason(tls, &w);
}

static void say_not_tls(struct berth_mbedtls *tls, const struct berth_mbedtls_watch *watch)
{
    struct berth_writer w = berth_mbedtls_begin_reason(tls);

    berth_put_string(&w, "the server does not speak TLS on this port (its answer begins \"");
    berth_mbedtls_put_printable(&w, berth_text_make((const char *)watch->first, watch->first_len), 4);
    berth_put_string(&w, "\")");
    berth_mbedtls_end_reason(tls, &w);
}

static void say_code(struct berth_mbedtls *tls, const char *line, int code)
{
    struct berth_writer w = berth_mbedtls_begin_reason(tls);

    berth_put_string(&w, line);
    berth_put_string(&w, " (mbedTLS ");
    berth_mbedtls_put_code(&w, code);
    berth_put_string(&w, ")");
    berth_mbedtls_end_reason(tls, &w);
}

enum berth_status berth_mbedtls_say_unchecked(struct berth_mbedtls *tls, int code)
{
    if (tls->config.arena->refused != 0)
        return berth_mbedtls_say_space(tls);
    say_code(tls, "the server's chain of certificates cannot be checked: too long, or malformed", code);
    return BERTH_E_TLS;
}

enum berth_status berth_mbedtls_say_handshake(struct berth_mbedtls *tls, int code)
{
    const struct berth_mbedtls_state *state = tls->state;
    const struct berth_mbedtls_watch *watch = &state->watch;

    if (tls->config.arena->refused != 0)
        return berth_mbedtls_say_space(tls);
    if (state->no_entropy)
        return berth_mbedtls_say(tls, BERTH_E_ENTROPY, "no random numbers for the TLS handshake");
    if (tls->reason_len > 0)
        return BERTH_E_TLS; /* verify() has said why */
    if (watch->not_tls)
        say_not_tls(tls, watch);
    else if (watch->alert)
        say_alert(tls, watch);
    else if (watch->server_hello && watch->version < 0x0303)
        say_version(tls, watch->version);
    else if ((state->inner_failure != BERTH_OK || state->inner_closed) && watch->wants_client_cert)
        (void)berth_mbedtls_say(
            tls, BERTH_E_TLS,
            tls->config.client_cert.len == 0
                ? "the server requires a client certificate: it broke the handshake off without one"
                : "the server broke the handshake off: it may not accept the client certificate");
    else if (state->inner_failure != BERTH_OK)
        return berth_mbedtls_say(tls, state->inner_failure, "the connection broke during the TLS handshake");
    else if (state->inner_closed)
        return berth_mbedtls_say(tls, BERTH_E_CLOSED,
                                 "the server closed the connection during the TLS handshake");
    else if (code == MBEDTLS_ERR_X509_FATAL_ERROR)
        return berth_mbedtls_say_unchecked(tls, code);
    else
        say_code(tls, "TLS handshake failed", code);
    return BERTH_E_TLS;
}
