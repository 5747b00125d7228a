/* Stored passwords: "$6$" hashes (SHA-512 crypt) and, from older files, plain text. */
#ifndef BERTH_PASSWORD_H
#define BERTH_PASSWORD_H

#include "berth/port.h"
#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "$6$rounds=999999999$" + 16 + "$" + 86. */
#define BERTH_PASSWORD_HASH_MAX 123
/* Rounds of new hashes: crypt's own default. */
#define BERTH_PASSWORD_ROUNDS 5000
/* The longest password that is hashed or compared, in bytes. */
#define BERTH_PASSWORD_MAX 512

/* Whether STORED matches the whole grammar of wire page 1.4; then it is never taken for plain text. */
bool berth_password_is_hash(struct berth_text stored);
/* Whether PASSWORD opens STORED; the comparison's time depends on lengths alone. What was computed is wiped.
 * False with BERTH_OK: it is another one, or too long; nothing opens a STORED that is empty or absent. For a
 * hash BERTH_E_NOT_PROVIDED when CRYPT is NULL or cannot compute one. */
enum berth_status berth_password_check(const struct berth_crypt *crypt, struct berth_text stored,
                                       struct berth_text password, bool *out_right) BERTH_MUST_CHECK;
/* A new hash of PASSWORD with a random salt of 16 characters into OUT. BERTH_E_ENTROPY, BERTH_E_SPACE,
 * BERTH_E_RANGE above BERTH_PASSWORD_MAX bytes, BERTH_E_NOT_PROVIDED as above. */
enum berth_status berth_password_hash(const struct berth_crypt *crypt, const struct berth_rand *rand,
                                      struct berth_text password, struct berth_writer *out) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
