/* SHA-512 crypt ("$6$"): Ulrich Drepper's specification, "Unix crypt using SHA-256 and SHA-512" of 2008. */
#include "inner.h"

#include "berth/number.h"

#include <mbedtls/sha512.h>

#if defined(MBEDTLS_SHA512_C)

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#define STARTS mbedtls_sha512_starts
#define UPDATE mbedtls_sha512_update
#define FINISH mbedtls_sha512_finish
#else
#define STARTS mbedtls_sha512_starts_ret
#define UPDATE mbedtls_sha512_update_ret
#define FINISH mbedtls_sha512_finish_ret
#endif

enum { DIGEST = 64, SALT_MAX = 16, ROUNDS_DEFAULT = 5000, ROUNDS_LEAST = 1000, ROUNDS_MOST = 999999999 };

static const char LETTERS[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct setting {
    uint32_t rounds;
    bool rounds_given;
    struct berth_text salt;
};

/* "$6$[rounds=N$]SALT", with or without a "$" and more behind it. */
static bool read_setting(struct berth_text text, struct setting *out)
{
    static const struct berth_text ROUNDS = BERTH_TEXT_INIT("rounds=");
    struct berth_text rest = berth_text_slice(text, 3, text.len);
    uint64_t rounds = ROUNDS_DEFAULT;
    if (!berth_text_starts(text, BERTH_TEXT("$6$")))
        return false;
    (void)berth_text_split(&rest, '$', &out->salt);
    out->rounds_given = berth_text_starts(out->salt, ROUNDS);
    if (out->rounds_given &&
        (berth_parse_u64(berth_text_slice(out->salt, ROUNDS.len, out->salt.len), &rounds) != BERTH_OK ||
         rounds < ROUNDS_LEAST || rounds > ROUNDS_MOST || !berth_text_split(&rest, '$', &out->salt)))
        return false;
    out->rounds = (uint32_t)rounds;
    for (size_t i = 0; i < out->salt.len; i++)
        if (berth_text_find_byte(berth_text_make(LETTERS, 64), out->salt.ptr[i]) == SIZE_MAX)
            return false;
    return out->salt.len <= SALT_MAX;
}

/* ---- Digests. mbedTLS's functions can fail only in builds with hardware of their own: FAILED sticks. ----
 */

struct digest {
    mbedtls_sha512_context sha;
    bool failed;
};

static void begin(struct digest *d)
{
    d->failed = STARTS(&d->sha, 0) != 0 || d->failed;
}

static void add(struct digest *d, const void *bytes, size_t len)
{
    if (len > 0)
        d->failed = UPDATE(&d->sha, bytes, len) != 0 || d->failed;
}

static void add_text(struct digest *d, struct berth_text text)
{
    add(d, text.ptr, text.len);
}

/* LEN bytes of DIGEST over and over. */
static void add_repeated(struct digest *d, const uint8_t digest[DIGEST], size_t len)
{
    for (; len > DIGEST; len -= DIGEST)
        add(d, digest, DIGEST);
    add(d, digest, len);
}

static void finish(struct digest *d, uint8_t out[DIGEST])
{
    d->failed = FINISH(&d->sha, out) != 0 || d->failed;
}

/* ---- The steps of the specification ---- */

struct work {
    struct digest d;
    uint8_t a[DIGEST], b[DIGEST]; /* the results so far */
    uint8_t p[DIGEST], s[DIGEST]; /* of the password, of the salt */
};

/* Steps 1 to 20. */
static void first_digests(struct work *w, struct berth_text password, struct berth_text salt)
{
    begin(&w->d);
    add_text(&w->d, password);
    add_text(&w->d, salt);
    add_text(&w->d, password);
    finish(&w->d, w->b);
    begin(&w->d);
    add_text(&w->d, password);
    add_text(&w->d, salt);
    add_repeated(&w->d, w->b, password.len);
    for (size_t bits = password.len; bits > 0; bits >>= 1) {
        if ((bits & 1) != 0)
            add(&w->d, w->b, DIGEST);
        else
            add_text(&w->d, password);
    }
    finish(&w->d, w->a);
    begin(&w->d);
    for (size_t i = 0; i < password.len; i++)
        add_text(&w->d, password);
    finish(&w->d, w->p);
    begin(&w->d);
    for (unsigned i = 0; i < 16u + w->a[0]; i++)
        add_text(&w->d, salt);
    finish(&w->d, w->s);
}

/* Step 21. */
static void run_rounds(struct work *w, uint32_t rounds, size_t password_len, size_t salt_len)
{
    for (uint32_t i = 0; i < rounds && !w->d.failed; i++) {
        begin(&w->d);
        if ((i & 1) != 0)
            add_repeated(&w->d, w->p, password_len);
        else
            add(&w->d, w->a, DIGEST);
        if (i % 3 != 0)
            add_repeated(&w->d, w->s, salt_len);
        if (i % 7 != 0)
            add_repeated(&w->d, w->p, password_len);
        if ((i & 1) != 0)
            add(&w->d, w->a, DIGEST);
        else
            add_repeated(&w->d, w->p, password_len);
        finish(&w->d, w->a);
    }
}

/* Step 22: three bytes at a time as four letters, lowest bits first; which bytes, turns with each group. */
static void put_digest(struct berth_writer *out, const uint8_t a[DIGEST])
{
    unsigned first = 0, second = 21, third = 42;
    for (unsigned group = 0; group < 22; group++) {
        bool last = group == 21;
        uint32_t bits = last ? a[63] : (uint32_t)a[first] << 16 | (uint32_t)a[second] << 8 | a[third];
        for (unsigned i = 0; i < (last ? 2u : 4u); i++, bits >>= 6)
            berth_put_char(out, LETTERS[bits & 63]);
        unsigned next = first + 1;
        first = second + 1;
        second = third + 1;
        third = next;
    }
}

static enum berth_status crypt_hash(void *ctx, struct berth_text password, struct berth_text setting,
                                    struct berth_writer *out)
{
    struct setting s;
    struct work w;
    (void)ctx;
    if (!read_setting(setting, &s))
        return BERTH_E_SYNTAX;
    mbedtls_sha512_init(&w.d.sha);
    w.d.failed = false;
    first_digests(&w, password, s.salt);
    run_rounds(&w, s.rounds, password.len, s.salt.len);
    bool failed = w.d.failed;
    berth_put_string(out, "$6$");
    if (s.rounds_given) {
        berth_put_string(out, "rounds=");
        berth_put_u64(out, s.rounds);
        berth_put_char(out, '$');
    }
    berth_put_text(out, s.salt);
    berth_put_char(out, '$');
    put_digest(out, w.a);
    mbedtls_sha512_free(&w.d.sha);
    berth_wipe(&w, sizeof w);
    return failed ? BERTH_E_NOT_PROVIDED : berth_writer_status(out);
}

#else

static enum berth_status crypt_hash(void *ctx, struct berth_text password, struct berth_text setting,
                                    struct berth_writer *out)
{
    (void)ctx;
    (void)password;
    (void)setting;
    (void)out;
    return BERTH_E_NOT_PROVIDED;
}

#endif

struct berth_crypt berth_mbedtls_crypt(void)
{
    return (struct berth_crypt){NULL, crypt_hash};
}
