/* Stored passwords: telling hashes from plain text, comparing, and making new hashes. */
#include "berth/password.h"

static const char LETTERS[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

enum { SALT_MAX = 16, HASH_LEN = 86 };

static bool is_letters(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (berth_text_find_byte(berth_text_make(LETTERS, 64), text.ptr[i]) == SIZE_MAX)
            return false;
    return true;
}

static bool is_digits(struct berth_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

bool berth_password_is_hash(struct berth_text stored)
{
    static const struct berth_text ROUNDS = BERTH_TEXT_INIT("rounds=");
    struct berth_text salt;
    if (!berth_text_starts(stored, BERTH_TEXT("$6$")))
        return false;
    struct berth_text rest = berth_text_slice(stored, 3, stored.len);
    berth_text_split(&rest, '$', &salt);
    if (berth_text_starts(salt, ROUNDS)) {
        if (!is_digits(berth_text_slice(salt, ROUNDS.len, salt.len)) || !berth_text_split(&rest, '$', &salt))
            return false;
    }
    return salt.len <= SALT_MAX && is_letters(salt) && rest.len == HASH_LEN && is_letters(rest);
}

enum berth_status berth_password_check(const struct berth_crypt *crypt, struct berth_text stored,
                                       struct berth_text password, bool *out_right)
{
    char buf[BERTH_PASSWORD_HASH_MAX];
    struct berth_writer w;
    *out_right = false;
    if (stored.len == 0 || password.len > BERTH_PASSWORD_MAX)
        return BERTH_OK;
    if (!berth_password_is_hash(stored)) {
        *out_right = berth_text_equal_secret(stored, password);
        return BERTH_OK;
    }
    if (stored.len > BERTH_PASSWORD_HASH_MAX)
        return BERTH_OK; /* more rounds than there can be */
    if (crypt == NULL)
        return BERTH_E_NOT_PROVIDED;
    berth_writer_init(&w, buf, sizeof buf);
    enum berth_status status =
        crypt->hash(crypt->ctx, password, berth_text_slice(stored, 0, stored.len - HASH_LEN - 1), &w);
    if (status == BERTH_OK)
        *out_right = berth_text_equal_secret(berth_writer_text(&w), stored);
    berth_wipe(buf, sizeof buf);
    return status == BERTH_E_SYNTAX ? BERTH_OK : status; /* rounds that no hash has */
}

enum berth_status berth_password_hash(const struct berth_crypt *crypt, const struct berth_rand *rand,
                                      struct berth_text password, struct berth_writer *out)
{
    uint8_t random[SALT_MAX];
    char setting[3 + SALT_MAX];
    struct berth_writer w;
    if (password.len > BERTH_PASSWORD_MAX)
        return BERTH_E_RANGE;
    if (crypt == NULL)
        return BERTH_E_NOT_PROVIDED;
    BERTH_TRY(rand->fill(rand->ctx, random, sizeof random));
    berth_writer_init(&w, setting, sizeof setting);
    berth_put_string(&w, "$6$");
    for (size_t i = 0; i < SALT_MAX; i++)
        berth_put_char(&w, LETTERS[random[i] & 63]);
    return crypt->hash(crypt->ctx, password, berth_writer_text(&w), out);
}
