/* GUIDs. */
#include "berth/guid.h"

#include <string.h>

#define GUID_LEN 36
#define BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Bit 7 of each byte (all below 0x80) that is in LOW ... HIGH. */
static uint64_t in_range(uint64_t word, uint8_t low, uint8_t high)
{
    return (word + BYTES(0x80u - low)) & ~(word + BYTES(0x7Fu - high));
}

/* Eight characters at once: hexadecimal digits, made lower case? */
static bool lower_hex(char eight[8])
{
    uint64_t word;
    memcpy(&word, eight, sizeof word);
    uint64_t seven_bits = word & BYTES(0x7F);
    uint64_t lower = seven_bits | BYTES(0x20); /* digits have this bit already */
    uint64_t good = in_range(seven_bits, '0', '9') | in_range(lower, 'a', 'f');
    memcpy(eight, &lower, sizeof lower);
    return (good & ~word & BYTES(0x80)) == BYTES(0x80);
}

enum berth_status berth_guid_parse(struct berth_text text, struct berth_guid *out_guid)
{
    char digits[32];
    const char *p = text.ptr;
    if (text.len != GUID_LEN || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
        return BERTH_E_SYNTAX;
    memcpy(digits, p, 8);
    memcpy(digits + 8, p + 9, 4);
    memcpy(digits + 12, p + 14, 4);
    memcpy(digits + 16, p + 19, 4);
    memcpy(digits + 20, p + 24, 12);
    if (!lower_hex(digits) || !lower_hex(digits + 8) || !lower_hex(digits + 16) || !lower_hex(digits + 24))
        return BERTH_E_SYNTAX;
    char *out = out_guid->text;
    memcpy(out, digits, 8);
    memcpy(out + 9, digits + 8, 4);
    memcpy(out + 14, digits + 12, 4);
    memcpy(out + 19, digits + 16, 4);
    memcpy(out + 24, digits + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    out[GUID_LEN] = '\0';
    return BERTH_OK;
}

bool berth_guid_is_nil(const struct berth_guid *guid)
{
    return memcmp(guid->text, "00000000-0000-0000-0000-000000000000", GUID_LEN) == 0;
}

bool berth_guid_is_set(const struct berth_guid *guid)
{
    return guid->text[0] != '\0';
}

bool berth_guid_equal(const struct berth_guid *a, const struct berth_guid *b)
{
    return berth_text_equal(berth_guid_text(a), berth_guid_text(b));
}

struct berth_text berth_guid_text(const struct berth_guid *guid)
{
    return berth_text_make(guid->text, berth_guid_is_set(guid) ? GUID_LEN : 0);
}
