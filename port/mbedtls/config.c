/* The configuration: taken over and looked at before the first connection. */
#include "inner.h"

#include <string.h>

static const char *what_is_missing(const struct berth_mbedtls_config *config)
{
    if (config->inner == NULL)
        return "no inner net";
    if (config->clock == NULL || config->clock->civil_s == NULL || config->clock->monotonic_ms == NULL)
        return "no clock";
    if (config->rand == NULL || config->rand->fill == NULL)
        return "no source of random numbers";
    if (config->arena == NULL)
        return "no arena";
    if ((config->client_cert.len > 0) != (config->client_key.len > 0))
        return "a client certificate needs its key, and a key its certificate";
    if (config->pin_count > 0 && config->pins == NULL)
        return "no pins";
    if (config->max_fragment != 0 && config->max_fragment != 512 && config->max_fragment != 1024 &&
        config->max_fragment != 2048 && config->max_fragment != 4096)
        return "max_fragment is none of 0, 512, 1024, 2048 and 4096";
    return NULL;
}

/* Loads what a handshake would load, and drops it again. */
static enum berth_status try_all(struct berth_mbedtls *tls)
{
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    mbedtls_x509_crl crls;
    enum berth_status status;

    mbedtls_x509_crt_init(&cert);
    mbedtls_pk_init(&key);
    mbedtls_x509_crl_init(&crls);
    status = berth_mbedtls_check_roots(tls);
    if (status == BERTH_OK)
        status = berth_mbedtls_load_crls(tls, &crls);
    mbedtls_x509_crl_free(&crls);
    if (status == BERTH_OK)
        status = berth_mbedtls_load_client(tls, &cert, &key);
    mbedtls_pk_free(&key);
    mbedtls_x509_crt_free(&cert);
    return status;
}

enum berth_status berth_mbedtls_init(struct berth_mbedtls *tls, const struct berth_mbedtls_config *config)
{
    const char *missing = what_is_missing(config);
    struct berth_mbedtls *before;
    enum berth_status status;

    memset(tls, 0, sizeof *tls);
    if (missing != NULL)
        return berth_mbedtls_say(tls, BERTH_E_ARGUMENT, missing);
    tls->config = *config;
    tls->config.arena->refused = 0;
    berth_mbedtls_forget_session(tls);
    before = berth_mbedtls_enter(tls);
    status = try_all(tls);
    berth_mbedtls_leave(before);
    return status;
}

void berth_mbedtls_dangerously_skip_verification(struct berth_mbedtls *tls)
{
    tls->skip_verification = true;
    berth_mbedtls_forget_session(tls);
}

enum berth_status berth_mbedtls_parse_pin(struct berth_text text, struct berth_mbedtls_pin *out_pin)
{
    size_t step = text.len == 64 ? 2 : 3;
    size_t i;

    if (text.len != 64 && text.len != 95)
        return BERTH_E_SYNTAX;
    for (i = 0; i < 32; i++) {
        const char *at = text.ptr + i * step;

        if (berth_mbedtls_hex_digit(at[0]) < 0 || berth_mbedtls_hex_digit(at[1]) < 0 ||
            (step == 3 && i < 31 && at[2] != ':'))
            return BERTH_E_SYNTAX;
        out_pin->sha256[i] = (uint8_t)(berth_mbedtls_hex_digit(at[0]) << 4 | berth_mbedtls_hex_digit(at[1]));
    }
    return BERTH_OK;
}
