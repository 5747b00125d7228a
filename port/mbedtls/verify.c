/* Whether the server is who it should be. mbedTLS calls verify() while it reads the server's certificates,
 * before any secret is agreed on; what is not good in every respect ends the handshake there. */
#include "inner.h"

#include <string.h>

/* What the certificates may be made of: SHA-2, RSA from 2048 bits, curves from 256 bits. */
static const mbedtls_x509_crt_profile profile = {
    MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) | MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
    0x0fffffff, /* any algorithm of public keys */
    MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) | MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1) | MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_BP256R1) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_BP384R1) | MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_BP512R1) |
        MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256K1),
    2048,
};

/* What one verification found. */
struct findings {
    uint32_t flags;
    const mbedtls_x509_crt *leaf;
    const mbedtls_x509_crt *expired; /* the certificate nearest to the server's own that is */
    const mbedtls_x509_crt *future;
    const mbedtls_x509_crt *revoked;
    const mbedtls_x509_crt *top;
    int64_t good_until_s;
    bool no_crl; /* lists were given, none by the issuer */
    bool pin_is_wrong;
    uint8_t sha256[32];
};

static int64_t seconds_of(const mbedtls_x509_time *t)
{
    struct berth_civil civil = {t->year,          (uint8_t)t->mon, (uint8_t)t->day,
                                (uint8_t)t->hour, (uint8_t)t->min, (uint8_t)t->sec};
    int64_t seconds;

    return berth_civil_to_seconds(&civil, &seconds) == BERTH_OK ? seconds : 0;
}

static struct berth_text text_of(const mbedtls_x509_buf *buf)
{
    return berth_text_make((const char *)buf->p, buf->len);
}

/* ---- saying it ---------------------------------------------------------------------------------------- */

static void put_quoted(struct berth_writer *w, struct berth_text text)
{
    berth_put_char(w, '\'');
    berth_mbedtls_put_printable(w, text, 64);
    berth_put_char(w, '\'');
}

/* The common name, else whatever comes last in NAME. */
static void put_name(struct berth_writer *w, const mbedtls_x509_name *name)
{
    const mbedtls_x509_name *best = NULL;

    for (; name != NULL; name = name->next) {
        if (name->val.p == NULL)
            continue;
        best = name;
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0)
            break;
    }
    put_quoted(w, best == NULL ? BERTH_TEXT("no name") : text_of(&best->val));
}

static void put_date(struct berth_writer *w, const mbedtls_x509_time *when)
{
    struct berth_time time = {when == NULL ? 0 : seconds_of(when), 0};

    if (when == NULL || berth_put_rfc3339(w, time) != BERTH_OK)
        berth_put_string(w, "at an unknown date");
}

/* At most four of the names that a certificate is for. */
static void put_alternatives(struct berth_writer *w, const mbedtls_x509_crt *crt)
{
    const mbedtls_x509_sequence *at;
    unsigned count = 0;

    for (at = &crt->subject_alt_names; at != NULL && at->buf.p != NULL; at = at->next) {
        unsigned type = (unsigned)at->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;

        if (type != MBEDTLS_X509_SAN_DNS_NAME && type != MBEDTLS_X509_SAN_IP_ADDRESS)
            continue;
        if (++count > 4) {
            berth_put_string(w, " and others");
            return;
        }
        berth_put_string(w, count == 1 ? "" : ", ");
        if (type == MBEDTLS_X509_SAN_DNS_NAME)
            berth_mbedtls_put_printable(w, text_of(&at->buf), 64);
        else
            berth_mbedtls_put_address(w, at->buf.p, at->buf.len);
    }
    if (count == 0) {
        berth_put_string(w, "no host (the subject ");
        put_name(w, &crt->subject);
        berth_put_string(w, " does not count, only subjectAltName)");
    }
}

static bool is_self_issued(const mbedtls_x509_crt *crt)
{
    return berth_text_equal(text_of(&crt->issuer_raw), text_of(&crt->subject_raw));
}

static void put_untrusted(struct berth_writer *w, const struct findings *f)
{
    if (is_self_issued(f->leaf)) {
        berth_put_string(w, "the server's certificate ");
        put_name(w, &f->leaf->subject);
        berth_put_string(w, " is self-signed and not among the trusted roots");
        return;
    }
    berth_put_string(w, "unknown issuer: no trusted root has signed for ");
    put_name(w, &f->top->issuer);
    if (f->leaf->next == NULL)
        berth_put_string(w, " (or the server left out its intermediate certificate)");
}

/* CRT is NULL only when mbedTLS says of nobody in particular what it found. */
static void put_about(struct berth_writer *w, const struct findings *f, const mbedtls_x509_crt *crt)
{
    if (crt == NULL || crt == f->leaf) {
        berth_put_string(w, "the server's certificate");
    } else {
        berth_put_string(w, "the issuer's certificate ");
        put_name(w, &crt->subject);
    }
}

static void put_finding(struct berth_writer *w, const struct berth_mbedtls *tls, const struct findings *f,
                        uint32_t flag)
{
    switch (flag) {
    case MBEDTLS_X509_BADCERT_REVOKED:
        put_about(w, f, f->revoked);
        berth_put_string(w, " is revoked by the given list");
        break;
    case MBEDTLS_X509_BADCERT_NOT_TRUSTED:
        put_untrusted(w, f);
        break;
    case MBEDTLS_X509_BADCERT_EXPIRED:
        put_about(w, f, f->expired);
        berth_put_string(w, " expired ");
        put_date(w, f->expired == NULL ? NULL : &f->expired->valid_to);
        break;
    case MBEDTLS_X509_BADCERT_FUTURE:
        put_about(w, f, f->future);
        berth_put_string(w, " is not valid before ");
        put_date(w, f->future == NULL ? NULL : &f->future->valid_from);
        berth_put_string(w, " (is this machine's clock right?)");
        break;
    case MBEDTLS_X509_BADCERT_CN_MISMATCH:
        berth_put_string(w, "wrong name: the certificate is not for ");
        put_quoted(w, berth_text_of(tls->state->name));
        berth_put_string(w, " but for ");
        put_alternatives(w, f->leaf);
        break;
    default:
        break;
    }
}

/* In the order of their use to the reader; a line of NULL is put_finding's. */
static const struct {
    uint32_t flag;
    const char *line;
} findings_by_use[] = {
    {MBEDTLS_X509_BADCERT_REVOKED, NULL},
    {MBEDTLS_X509_BADCERT_EXPIRED, NULL},
    {MBEDTLS_X509_BADCERT_FUTURE, NULL},
    {MBEDTLS_X509_BADCERT_NOT_TRUSTED, NULL},
    {MBEDTLS_X509_BADCERT_KEY_USAGE, "the certificate's key usage does not allow it for this"},
    {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE,
     "the certificate is not meant for a TLS server (extended key usage)"},
    {MBEDTLS_X509_BADCERT_NS_CERT_TYPE, "the certificate is not meant for a TLS server"},
    {MBEDTLS_X509_BADCERT_CN_MISMATCH, NULL},
    {MBEDTLS_X509_BADCERT_BAD_KEY, "a certificate's key is too weak (RSA below 2048 bits or a small curve)"},
    {MBEDTLS_X509_BADCERT_BAD_MD, "a certificate is signed with a weak hash (below SHA-256)"},
    {MBEDTLS_X509_BADCERT_BAD_PK, "a certificate has a kind of key that is not accepted"},
    {MBEDTLS_X509_BADCRL_EXPIRED, "the given revocation list has expired"},
    {MBEDTLS_X509_BADCRL_FUTURE, "the given revocation list is not valid yet"},
    {MBEDTLS_X509_BADCRL_NOT_TRUSTED, "the given revocation list is not signed by the issuer"},
    {MBEDTLS_X509_BADCRL_BAD_MD, "the given revocation list is signed with a weak hash"},
    {MBEDTLS_X509_BADCRL_BAD_PK, "the given revocation list is signed with a key that is not accepted"},
    {MBEDTLS_X509_BADCRL_BAD_KEY, "the given revocation list is signed with a weak key"},
};

/* The first finding in full; the others only when they are short. */
static void say_findings(struct berth_mbedtls *tls, const struct findings *f)
{
    struct berth_writer w = berth_mbedtls_begin_reason(tls);
    uint32_t left = f->flags;
    size_t i;

    for (i = 0; i < sizeof findings_by_use / sizeof findings_by_use[0]; i++) {
        uint32_t flag = findings_by_use[i].flag;

        if ((left & flag) == 0)
            continue;
        left &= ~flag;
        if (w.len > 0)
            berth_put_string(&w, "; also: ");
        if (findings_by_use[i].line != NULL)
            berth_put_string(&w, findings_by_use[i].line);
        else
            put_finding(&w, tls, f, flag);
    }
    if (f->no_crl) {
        berth_put_string(&w, w.len > 0 ? "; also: " : "");
        berth_put_string(&w, "no given revocation list is from the certificate's issuer ");
        put_name(&w, &f->leaf->issuer);
    }
    if (f->pin_is_wrong) {
        berth_put_string(&w, w.len > 0 ? "; also: " : "");
        berth_put_string(&w, "the certificate is not a pinned one, its SHA-256 is ");
        berth_mbedtls_put_fingerprint(&w, f->sha256);
    }
    if (w.len == 0) {
        berth_put_string(&w, "the certificate is not good (mbedTLS flags ");
        berth_put_u64(&w, left);
        berth_put_string(&w, ")");
    }
    berth_mbedtls_end_reason(tls, &w);
}

enum berth_status berth_mbedtls_say_flags(struct berth_mbedtls *tls, uint32_t flags)
{
    struct findings f = {.flags =
                             flags & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
                                      MBEDTLS_X509_BADCERT_NS_CERT_TYPE | MBEDTLS_X509_BADCERT_BAD_KEY)};

    say_findings(tls, &f);
    return BERTH_E_TLS;
}

/* ---- looking ---------------------------------------------------------------------------------- */

/* Called by mbedTLS for each certificate from the root down to the server's own, which comes last. */
static int note(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct findings *f = ctx;
    int64_t until_s = seconds_of(&crt->valid_to);

    (void)depth;
    if (until_s < f->good_until_s)
        f->good_until_s = until_s;
    if (*flags & MBEDTLS_X509_BADCERT_EXPIRED)
        f->expired = crt;
    if (*flags & MBEDTLS_X509_BADCERT_FUTURE)
        f->future = crt;
    if (*flags & MBEDTLS_X509_BADCERT_REVOKED)
        f->revoked = crt;
    if (*flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
        f->top = crt;
    f->flags |= *flags;
    return 0;
}

/* mbedTLS compares DNS names; 2.28 knows no addresses, so these are compared here for all versions. */
static bool has_address(const mbedtls_x509_crt *crt, const uint8_t *address, size_t len)
{
    const mbedtls_x509_sequence *at;

    for (at = &crt->subject_alt_names; at != NULL && at->buf.p != NULL; at = at->next)
        if (((unsigned)at->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == MBEDTLS_X509_SAN_IP_ADDRESS &&
            at->buf.len == len && memcmp(at->buf.p, address, len) == 0)
            return true;
    return false;
}

/* Without subjectAltName mbedTLS would compare the common name; RFC 9525 section 2 forbids that. */
static bool has_alternatives(const mbedtls_x509_crt *crt)
{
    return crt->subject_alt_names.buf.p != NULL;
}

static bool has_list_of(const mbedtls_x509_crl *list, const mbedtls_x509_crt *leaf)
{
    for (; list != NULL; list = list->next)
        if (list->version != 0 && berth_text_equal(text_of(&list->issuer_raw), text_of(&leaf->issuer_raw)))
            return true;
    return false;
}

/* The chain, the dates, the lists and the name, against ROOTS. After a failure of mbedTLS's own all its flags
 * are set and mean nothing. */
static enum berth_status check_with(struct berth_mbedtls *tls, struct findings *f, mbedtls_x509_crt *leaf,
                                    mbedtls_x509_crt *roots, mbedtls_x509_crl *lists)
{
    const struct berth_mbedtls_state *state = tls->state;
    uint32_t flags = 0;
    int code = mbedtls_x509_crt_verify_with_profile(
        leaf, roots->raw.p == NULL ? NULL : roots, tls->config.crls.len == 0 ? NULL : lists, &profile,
        state->address_len == 0 ? state->name : NULL, &flags, note, f);

    if (code != 0 && code != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        return berth_mbedtls_say_unchecked(tls, code);
    f->flags |= flags;
    if (state->address_len == 0 ? !has_alternatives(leaf)
                                : !has_address(leaf, state->address, state->address_len))
        f->flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    if (mbedtls_x509_crt_check_extended_key_usage(leaf, MBEDTLS_OID_SERVER_AUTH,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
        f->flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
    f->no_crl = tls->config.crls.len > 0 && !is_self_issued(leaf) && !has_list_of(lists, leaf);
    if (code == 0 && f->flags == 0 && !f->no_crl)
        return BERTH_OK;
    say_findings(tls, f);
    return BERTH_E_TLS;
}

static enum berth_status check_chain(struct berth_mbedtls *tls, struct findings *f, mbedtls_x509_crt *leaf)
{
    mbedtls_x509_crt roots;
    mbedtls_x509_crl lists;
    enum berth_status status;

    mbedtls_x509_crt_init(&roots);
    mbedtls_x509_crl_init(&lists);
    status = berth_mbedtls_load_roots(tls, leaf, &roots);
    if (status == BERTH_OK)
        status = berth_mbedtls_load_crls(tls, &lists);
    if (status == BERTH_OK)
        status = check_with(tls, f, leaf, &roots, &lists);
    mbedtls_x509_crl_free(&lists);
    mbedtls_x509_crt_free(&roots);
    return status;
}

static bool is_pinned(const struct berth_mbedtls *tls, const uint8_t sha256[32])
{
    size_t i;

    for (i = 0; i < tls->config.pin_count; i++)
        if (memcmp(tls->config.pins[i].sha256, sha256, 32) == 0)
            return true;
    return false;
}

/* Without roots the pin stands for chain and name; what is left are the dates. */
static void check_dates(struct findings *f, mbedtls_x509_crt *leaf)
{
    f->good_until_s = seconds_of(&leaf->valid_to);
    f->expired = f->future = leaf;
    if (mbedtls_x509_time_is_past(&leaf->valid_to))
        f->flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    if (mbedtls_x509_time_is_future(&leaf->valid_from))
        f->flags |= MBEDTLS_X509_BADCERT_FUTURE;
}

static enum berth_status check(struct berth_mbedtls *tls, mbedtls_x509_crt *leaf)
{
    const struct berth_mbedtls_config *config = &tls->config;
    bool has_roots = config->roots.len > 0 || config->roots_source != NULL;
    struct findings f = {.leaf = leaf, .top = leaf, .good_until_s = INT64_MAX};

    /* mbedTLS leaves out what it cannot read; then there is an empty certificate. */
    if (leaf->raw.p == NULL)
        return berth_mbedtls_say(
            tls, BERTH_E_TLS,
            "the server's certificate is made with an algorithm that this mbedTLS does not "
            "know (a weak hash?)");
    if (config->pin_count > 0) {
        const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

        if (sha256 == NULL || mbedtls_md(sha256, leaf->raw.p, leaf->raw.len, f.sha256) != 0)
            return berth_mbedtls_say(tls, BERTH_E_TLS, "the certificate's fingerprint cannot be computed");
        f.pin_is_wrong = !is_pinned(tls, f.sha256);
    }
    if (has_roots) {
        BERTH_TRY(check_chain(tls, &f, leaf));
    } else if (config->pin_count > 0) {
        check_dates(&f, leaf);
    } else {
        return berth_mbedtls_say(tls, BERTH_E_TLS, "no trusted roots and no pins are given");
    }
    if (f.pin_is_wrong || f.flags != 0) {
        say_findings(tls, &f);
        return BERTH_E_TLS;
    }
    tls->state->good_until_s = f.good_until_s;
    return BERTH_OK;
}

/* mbedTLS itself was given no roots, so what it found (FLAGS) is of no use and is cleared; at depth 0 the
 * whole verification is made here with the roots that fit the chain. After the handshake secure() insists on
 * state->checked, and on no flag that mbedTLS raised later. */
int berth_mbedtls_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct berth_mbedtls *tls = ctx;

    *flags = 0;
    if (depth != 0)
        return 0;
    tls->state->checked = false;
    if (!tls->skip_verification && check(tls, crt) != BERTH_OK)
        return MBEDTLS_ERR_X509_FATAL_ERROR;
    tls->state->checked = true;
    return 0;
}
