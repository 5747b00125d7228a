/* One member of an object, without tokens and without its other members. */
#ifndef BERTH_DATA_JSON_MEMBER_H
#define BERTH_DATA_JSON_MEMBER_H

#include "berth/json.h"

/* The JSON of the first member NAME of OBJECT, which stays as it is; its end may be missing, then that of the
 * value may be too. False when there is none before the object's end, or before it stops being JSON. */
bool berth_json_find_member(struct berth_text object, struct berth_text name, struct berth_text *out_raw);

#endif
