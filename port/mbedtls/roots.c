/* Certificates, lists and keys that the caller gave: checked once, loaded one handshake long. */
#include "arena.h"
#include "blocks.h"
#include "inner.h"

#include <string.h>

static const char cert_label[] = "CERTIFICATE";

/* What is done with each document that a walk finds. */
struct visit {
    struct berth_mbedtls *tls;
    const mbedtls_x509_crt *chain; /* only roots that may have issued one of these; NULL = all */
    mbedtls_x509_crt *certs;       /* where they go; NULL = they are only looked at */
    mbedtls_x509_crl *crls;
    size_t longest;
    uint64_t count;
};

static bool is_wanted(const struct visit *visit, struct berth_text subject)
{
    const mbedtls_x509_crt *crt;

    if (visit->chain == NULL)
        return true;
    for (crt = visit->chain; crt != NULL; crt = crt->next)
        if (berth_mbedtls_names_alike(berth_text_make((const char *)crt->issuer_raw.p, crt->issuer_raw.len),
                                      subject))
            return true;
    return false;
}

/* A document that mbedTLS cannot read (an odd root in a large bundle) is no error as long as nobody needs it.
 */
static int visit_document(struct visit *visit, const struct berth_mbedtls_blocks *b)
{
    struct berth_text subject;

    visit->count++;
    if (b->der_len > visit->longest)
        visit->longest = b->der_len;
    if (b->der_len > b->der_cap)
        return 0;
    if (visit->crls != NULL)
        return mbedtls_x509_crl_parse_der(visit->crls, b->der, b->der_len);
    if (visit->certs == NULL || !berth_mbedtls_cert_subject(b->der, b->der_len, &subject) ||
        !is_wanted(visit, subject))
        return 0;
    return mbedtls_x509_crt_parse_der(visit->certs, b->der, b->der_len);
}

static enum berth_status say_bad(struct berth_mbedtls *tls, const char *what,
                                 const struct berth_mbedtls_blocks *b, uint64_t count, int code)
{
    struct berth_writer w = berth_mbedtls_begin_reason(tls);

    berth_put_string(&w, what);
    berth_put_string(&w, " number ");
    berth_put_u64(&w, count);
    berth_put_string(&w, ", before byte ");
    berth_put_u64(&w, b->offset);
    berth_put_string(&w, ": ");
    if (code != 0) {
        berth_put_string(&w, "mbedTLS cannot read it (");
        berth_mbedtls_put_code(&w, code);
        berth_put_string(&w, ")");
    } else {
        berth_put_string(&w, b->what);
    }
    berth_mbedtls_end_reason(tls, &w);
    return BERTH_E_SYNTAX;
}

static enum berth_status walk_piece(struct visit *visit, struct berth_mbedtls_blocks *b,
                                    struct berth_text piece, const char *what)
{
    int found, code;

    while ((found = berth_mbedtls_blocks_next(b, &piece)) > 0) {
        code = visit_document(visit, b);
        if (visit->tls->config.arena->refused != 0)
            return berth_mbedtls_say_space(visit->tls);
        if (code < 0 && visit->chain == NULL)
            return say_bad(visit->tls, what, b, visit->count, code);
    }
    return found < 0 ? say_bad(visit->tls, what, b, visit->count + 1, 0) : BERTH_OK;
}

static enum berth_status walk_text(struct visit *visit, struct berth_mbedtls_blocks *b,
                                   struct berth_text text, const char *what)
{
    BERTH_TRY(walk_piece(visit, b, text, what));
    if (berth_mbedtls_blocks_end(b) != BERTH_OK)
        return say_bad(visit->tls, what, b, visit->count + 1, 0);
    return BERTH_OK;
}

static enum berth_status walk_source(struct visit *visit, struct berth_mbedtls_blocks *b,
                                     const struct berth_source *source, const char *what)
{
    char piece[256];
    enum berth_status status;
    ptrdiff_t got;

    status = source->rewind == NULL ? BERTH_E_ARGUMENT : source->rewind(source->ctx);
    if (status != BERTH_OK)
        return berth_mbedtls_say(visit->tls, status, "the source of roots cannot be rewound");
    while ((got = source->read(source->ctx, piece, sizeof piece)) > 0)
        BERTH_TRY(walk_piece(visit, b, berth_text_make(piece, (size_t)got), what));
    if (got < 0)
        return berth_mbedtls_say(visit->tls, (enum berth_status)got, "the source of roots cannot be read");
    return walk_text(visit, b, berth_text_make(NULL, 0), what);
}

/* Walks over every root, with a buffer of CAP bytes for one at a time (0: lengths only). */
static enum berth_status walk_roots(struct visit *visit, uint8_t *der, size_t cap)
{
    const struct berth_mbedtls_config *config = &visit->tls->config;
    struct berth_mbedtls_blocks b;

    if (config->roots.len > 0) {
        berth_mbedtls_blocks_init(&b, cert_label, der, cap);
        BERTH_TRY(walk_text(visit, &b, config->roots, "root"));
    }
    if (config->roots_source != NULL) {
        berth_mbedtls_blocks_init(&b, cert_label, der, cap);
        BERTH_TRY(walk_source(visit, &b, config->roots_source, "root"));
    }
    return BERTH_OK;
}

enum berth_status berth_mbedtls_check_roots(struct berth_mbedtls *tls)
{
    struct visit visit = {.tls = tls};

    if (tls->config.roots.len == 0 && tls->config.roots_source == NULL)
        return BERTH_OK;
    BERTH_TRY(walk_roots(&visit, NULL, 0));
    if (visit.count == 0)
        return berth_mbedtls_say(tls, BERTH_E_SYNTAX, "there is no certificate in the given roots");
    tls->longest_root = visit.longest;
    return BERTH_OK;
}

enum berth_status berth_mbedtls_load_roots(struct berth_mbedtls *tls, const mbedtls_x509_crt *chain,
                                           mbedtls_x509_crt *out)
{
    struct visit visit = {.tls = tls, .chain = chain, .certs = out};
    enum berth_status status;
    uint8_t *der;

    if (tls->longest_root == 0)
        return BERTH_OK;
    der = berth_mbedtls_calloc(1, tls->longest_root);
    if (der == NULL)
        return berth_mbedtls_say_space(tls);
    status = walk_roots(&visit, der, tls->longest_root);
    berth_mbedtls_free(der);
    return status;
}

/* Every document of TEXT, which must hold at least one, to the lists of VISIT. */
static enum berth_status load_all(struct visit *visit, struct berth_text text, const char *label,
                                  const char *what)
{
    struct visit sizes = {.tls = visit->tls};
    struct berth_mbedtls_blocks b;
    enum berth_status status;
    uint8_t *der;

    berth_mbedtls_blocks_init(&b, label, NULL, 0);
    BERTH_TRY(walk_text(&sizes, &b, text, what));
    if (sizes.count == 0) {
        b.what = "there is none in what was given";
        return say_bad(visit->tls, what, &b, 1, 0);
    }
    der = berth_mbedtls_calloc(1, sizes.longest);
    if (der == NULL)
        return berth_mbedtls_say_space(visit->tls);
    berth_mbedtls_blocks_init(&b, label, der, sizes.longest);
    status = walk_text(visit, &b, text, what);
    berth_mbedtls_free(der);
    return status;
}

enum berth_status berth_mbedtls_load_crls(struct berth_mbedtls *tls, mbedtls_x509_crl *out)
{
    struct visit visit = {.tls = tls, .crls = out};

    if (tls->config.crls.len == 0)
        return BERTH_OK;
    return load_all(&visit, tls->config.crls, "X509 CRL", "revocation list");
}

static int parse_key(struct berth_mbedtls *tls, const unsigned char *bytes, size_t len,
                     mbedtls_pk_context *out)
{
    struct berth_text password = tls->config.key_password;
    const unsigned char *secret = password.len > 0 ? (const unsigned char *)password.ptr : NULL;

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_parse_key(out, bytes, len, secret, password.len, berth_mbedtls_random, tls);
#else
    return mbedtls_pk_parse_key(out, bytes, len, secret, password.len);
#endif
}

static int check_pair(struct berth_mbedtls *tls, const mbedtls_x509_crt *cert, const mbedtls_pk_context *key)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_check_pair(&cert->pk, key, berth_mbedtls_random, tls);
#else
    (void)tls;
    return mbedtls_pk_check_pair(&cert->pk, key);
#endif
}

static enum berth_status say_key(struct berth_mbedtls *tls, int code)
{
    struct berth_writer w;

    if (code == MBEDTLS_ERR_PK_PASSWORD_REQUIRED)
        return berth_mbedtls_say(tls, BERTH_E_SYNTAX, "the client key is encrypted and no password is given");
    /* One wrong password in 256 leaves the padding right and the key unreadable. */
    if (code == MBEDTLS_ERR_PK_PASSWORD_MISMATCH ||
        (tls->config.key_password.len > 0 && code != MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE &&
         code != MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE &&
         berth_text_find(tls->config.client_key, BERTH_TEXT("ENCRYPTED")) != SIZE_MAX))
        return berth_mbedtls_say(tls, BERTH_E_SYNTAX, "the client key's password is wrong");
    if (code == MBEDTLS_ERR_PKCS5_FEATURE_UNAVAILABLE || code == MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE)
        return berth_mbedtls_say(
            tls, BERTH_E_SYNTAX,
            "this mbedTLS does not know how the client key is encrypted; convert it with: "
            "openssl pkey -aes256 -traditional");
    w = berth_mbedtls_begin_reason(tls);
    berth_put_string(&w, "mbedTLS cannot read the client key (");
    berth_mbedtls_put_code(&w, code);
    berth_put_string(&w, ")");
    berth_mbedtls_end_reason(tls, &w);
    return BERTH_E_SYNTAX;
}

/* mbedTLS wants a NUL after PEM text, so the key is copied; the arena wipes the copy. */
static enum berth_status load_key(struct berth_mbedtls *tls, mbedtls_pk_context *out)
{
    struct berth_text key = tls->config.client_key;
    bool is_der = (unsigned char)key.ptr[0] == 0x30 && key.len > 1 && (unsigned char)key.ptr[1] >= 0x80;
    unsigned char *copy = berth_mbedtls_calloc(1, key.len + 1);
    int code;

    if (copy == NULL)
        return berth_mbedtls_say_space(tls);
    memcpy(copy, key.ptr, key.len);
    code = parse_key(tls, copy, is_der ? key.len : key.len + 1, out);
    berth_mbedtls_free(copy);
    if (code == 0)
        return BERTH_OK;
    if (tls->config.arena->refused != 0)
        return berth_mbedtls_say_space(tls);
    return say_key(tls, code);
}

enum berth_status berth_mbedtls_load_client(struct berth_mbedtls *tls, mbedtls_x509_crt *out_cert,
                                            mbedtls_pk_context *out_key)
{
    struct visit visit = {.tls = tls, .certs = out_cert};

    if (tls->config.client_cert.len == 0)
        return BERTH_OK;
    BERTH_TRY(load_all(&visit, tls->config.client_cert, cert_label, "client certificate"));
    BERTH_TRY(load_key(tls, out_key));
    if (check_pair(tls, out_cert, out_key) == 0)
        return BERTH_OK;
    if (tls->config.arena->refused != 0)
        return berth_mbedtls_say_space(tls);
    return berth_mbedtls_say(tls, BERTH_E_ARGUMENT,
                             "the client key does not belong to the client certificate");
}
