/* The kept session: in the caller's memory, for one name, as long as the chain that was verified is good. */
#include "inner.h"

#include <string.h>

#define MARK 0x62746c73u

/* At the start of the caller's memory; mbedTLS's own form of the session follows. */
struct slot {
    uint32_t mark;
    uint32_t session_len;
    int64_t good_until_s;
    char name[BERTH_MBEDTLS_NAME_MAX + 1];
};

static unsigned char *session_of(const struct berth_mbedtls *tls)
{
    return (unsigned char *)tls->config.session + sizeof(struct slot);
}

void berth_mbedtls_forget_session(struct berth_mbedtls *tls)
{
    if (tls->config.session != NULL && tls->config.session_cap > 0)
        berth_wipe(tls->config.session, tls->config.session_cap);
}

static bool read_slot(const struct berth_mbedtls *tls, struct slot *out)
{
    const struct berth_mbedtls_config *config = &tls->config;

    if (config->session == NULL || config->session_cap <= sizeof *out)
        return false;
    memcpy(out, config->session, sizeof *out);
    return out->mark == MARK && out->session_len <= config->session_cap - sizeof *out;
}

void berth_mbedtls_offer_session(struct berth_mbedtls *tls)
{
    const struct berth_clock *clock = tls->config.clock;
    mbedtls_ssl_session session;
    struct slot slot;

    if (!read_slot(tls, &slot) || strcmp(slot.name, tls->state->name) != 0 ||
        clock->civil_s(clock->ctx) >= slot.good_until_s)
        return;
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_session_load(&session, session_of(tls), slot.session_len) == 0 &&
        mbedtls_ssl_set_session(&tls->state->ssl, &session) == 0) {
        tls->state->offered = true;
        tls->state->good_until_s = slot.good_until_s;
    }
    mbedtls_ssl_session_free(&session);
    berth_mbedtls_forget_session(tls);
    tls->config.arena->refused = 0;
}

void berth_mbedtls_keep_session(struct berth_mbedtls *tls)
{
    const struct berth_mbedtls_config *config = &tls->config;
    struct slot slot = {.mark = MARK, .good_until_s = tls->state->good_until_s};
    mbedtls_ssl_session session;
    size_t len = 0;

    if (config->session == NULL || config->session_cap <= sizeof slot)
        return;
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_get_session(&tls->state->ssl, &session) == 0 &&
        mbedtls_ssl_session_save(&session, session_of(tls), config->session_cap - sizeof slot, &len) == 0) {
        slot.session_len = (uint32_t)len;
        memcpy(slot.name, tls->state->name, sizeof slot.name);
        memcpy(config->session, &slot, sizeof slot);
    } else {
        berth_mbedtls_forget_session(tls);
    }
    mbedtls_ssl_session_free(&session);
    config->arena->refused = 0; /* a session that is not kept is no failure */
}
