/* What people type: whatever it is, an answer; and what is accepted keeps the rules. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/booking.h"
#include "berth/password.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void try_times(struct berth_text text)
{
    const int64_t now = INT64_C(1893999030), unit = now - now % 1800;
    int64_t s = 0;
    bool is_now = false;
    if (berth_booking_start(text, now, &s, &is_now) == BERTH_REFUSAL_NONE) {
        must(s % 1800 == 0 && s <= unit + 14 * 86400);
        must(is_now ? s == unit : s > unit);
    }
    if (berth_booking_end(text, unit, &s) == BERTH_REFUSAL_NONE)
        must(s % 1800 == 0 && s > unit && s <= unit + 14 * 86400);
    if (berth_booking_time(text, now, now, &s, &is_now) == BERTH_REFUSAL_NONE)
        must(s % 1800 == 0 || !is_now);
}

static void try_numbers(struct berth_text text)
{
    static const struct berth_port_owner OWNERS[] = {{1, 10001}, {2, 10002}};
    const struct berth_capacity limit = {INT64_C(8500000000), 40, 4};
    struct berth_capacity want;
    int64_t value = 0;
    uint16_t port = 0;
    if (berth_booking_want(text, &limit, &want) == BERTH_REFUSAL_NONE) {
        must(want.cpus_nano >= 1000000000 && want.cpus_nano <= limit.cpus_nano);
        must(want.memory_gb >= 1 && want.memory_gb <= 40 && want.gpus >= 0 && want.gpus <= 4);
    }
    if (berth_booking_cpus(text, &value) == BERTH_REFUSAL_NONE ||
        berth_booking_count(text, &value) == BERTH_REFUSAL_NONE)
        must(value >= 0);
    if (berth_booking_port(text, 1, OWNERS, 2, &port) == BERTH_REFUSAL_NONE)
        must(port > 10000 && port <= 11000 && port != 10002);
}

static void try_texts(struct berth_text text)
{
    char id[BERTH_USER_ID_MAX], again[BERTH_USER_ID_MAX];
    size_t len, again_len;
    bool right = false;
    if (berth_booking_user_id(text, id, &len) == BERTH_REFUSAL_NONE) {
        must(len >= 2 && len <= BERTH_USER_ID_MAX);
        must(berth_booking_user_id(berth_text_make(id, len), again, &again_len) == BERTH_REFUSAL_NONE);
        must(again_len == len && memcmp(id, again, len) == 0);
    }
    if (berth_booking_command(text) == BERTH_REFUSAL_NONE)
        must(berth_text_is_utf8(text, NULL) && (text.len == 0 || !berth_rows_is_none(text)));
    if (berth_booking_password(text, text) == BERTH_REFUSAL_NONE)
        must(text.len >= 4 && text.len <= BERTH_PASSWORD_MAX && !berth_password_is_hash(text));
    if (berth_password_is_hash(text))
        must(berth_password_check(NULL, text, text, &right) != BERTH_OK || !right);
    else if (text.len > 0 && text.len <= BERTH_PASSWORD_MAX)
        must(berth_password_check(NULL, text, text, &right) == BERTH_OK && right);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    struct berth_text text = berth_text_make(copy, size);
    try_times(text);
    try_numbers(text);
    try_texts(text);
    free(copy);
    return 0;
}
