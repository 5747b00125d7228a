/* GUIDs: 8-4-4-4-12 hexadecimal digits. */
#ifndef BERTH_GUID_H
#define BERTH_GUID_H

#include "berth/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Canonical text: lower case, NUL-terminated. All zero bytes = absent. */
struct berth_guid {
    char text[37];
};

/* 36 characters, hexadecimal digits of either case and dashes; version and variant are not looked at. The nil
 * GUID is accepted here: see berth_guid_is_nil(). BERTH_E_SYNTAX otherwise. */
enum berth_status berth_guid_parse(struct berth_text text, struct berth_guid *out_guid) BERTH_MUST_CHECK;
bool berth_guid_is_nil(const struct berth_guid *guid);
/* False also when it was never set. */
bool berth_guid_is_set(const struct berth_guid *guid);
bool berth_guid_equal(const struct berth_guid *a, const struct berth_guid *b);
struct berth_text berth_guid_text(const struct berth_guid *guid);

#ifdef __cplusplus
}
#endif
#endif
