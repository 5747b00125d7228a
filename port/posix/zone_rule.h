/* The rules of TZ as POSIX.1 writes them, with RFC 8536's longer times. */
#ifndef BERTH_POSIX_ZONE_RULE_H
#define BERTH_POSIX_ZONE_RULE_H

#include "berth/port_posix.h"

/* Reads the whole of TEXT; false when it is no rule, and RULE is then as it was. */
bool berth_posix_zone_rule_read(struct berth_text text, struct berth_posix_zone_rule *rule);
/* Seconds that local time is ahead of UTC. */
int32_t berth_posix_zone_rule_offset(const struct berth_posix_zone_rule *rule, int64_t utc_s);

#endif
