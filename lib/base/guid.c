/* GUIDs. */
#include "berth/guid.h"

#include <string.h>

#define GUID_LEN 36

enum berth_status berth_guid_parse(struct berth_text text, struct berth_guid *out_guid)
{
    struct berth_guid guid;
    if (text.len != GUID_LEN)
        return BERTH_E_SYNTAX;
    for (size_t i = 0; i < GUID_LEN; i++) {
        char c = text.ptr[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return BERTH_E_SYNTAX;
        guid.text[i] = dash ? c : (char)(c | 0x20); /* digits have this bit already */
    }
    guid.text[GUID_LEN] = '\0';
    *out_guid = guid;
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
