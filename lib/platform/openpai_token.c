/* OpenPAI's accounts: tokens, what they say about themselves, and when one has to be replaced. */
#include "platform/openpai.h"

#include <string.h>

#include "base/base64.h"

/* A token is replaced so long before its end. */
#define RENEW_S 60
/* What a token says about itself has some 150 bytes; of one that says more the end is not known. */
#define PAYLOAD_MAX 768

enum berth_status berth_openpai_token_decode(struct berth_text token, char *buf, size_t cap,
                                             struct berth_openpai_claims *out_claims)
{
    struct berth_text rest = token, part, payload;
    struct berth_writer w;
    memset(out_claims, 0, sizeof *out_claims);
    bool is_token = berth_text_split(&rest, '.', &part) && berth_text_split(&rest, '.', &payload) &&
                    berth_text_split(&rest, '.', &part) && rest.ptr == NULL;
    if (!is_token || payload.len == 0)
        return BERTH_E_SYNTAX;
    berth_writer_init(&w, buf, cap);
    BERTH_TRY(berth_put_base64_decoded(&w, payload));
    BERTH_TRY(berth_writer_status(&w));
    return berth_fields_decode(&berth_openpai_claims_shape, buf, w.len, out_claims, NULL);
}

/* Visible ASCII alone: it becomes a header's value. */
static bool is_token_text(struct berth_text token)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~')
            return false;
    return token.len > 0;
}

enum berth_status berth_openpai_account_use(struct berth_openpai_account *account, struct berth_text token)
{
    char payload[PAYLOAD_MAX];
    struct berth_openpai_claims claims;
    if (!is_token_text(token))
        return BERTH_E_ARGUMENT;
    if (token.len > BERTH_OPENPAI_TOKEN_MAX)
        return BERTH_E_SPACE;
    memmove(account->token, token.ptr, token.len);
    memset(account->token + token.len, 0, sizeof account->token - token.len);
    account->serial++;
    account->expires_s = 0;
    account->application = false;
    if (berth_openpai_token_decode(token, payload, sizeof payload, &claims) == BERTH_OK) {
        account->expires_s = claims.expires_s;
        account->application = claims.application;
    }
    berth_wipe(payload, sizeof payload);
    return BERTH_OK;
}

void berth_openpai_account_set_password(struct berth_openpai_account *account, struct berth_text password)
{
    account->password = password;
    account->refused = false;
}

void berth_openpai_account_wipe(struct berth_openpai_account *account)
{
    berth_wipe(account->token, sizeof account->token);
    memset(account->token, 0, sizeof account->token);
    account->expires_s = 0;
    account->application = false;
    account->serial++;
}

bool berth_openpai_account_expires(const struct berth_openpai_account *account, int64_t now_s)
{
    return account->token[0] != '\0' && account->expires_s != 0 && now_s > account->expires_s - RENEW_S;
}
