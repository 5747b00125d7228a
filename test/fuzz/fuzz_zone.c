/* Time zone files and the rules of TZ: any bytes give a zone, or a reason and UTC. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/port_posix.h"
#include "port/posix/zone_rule.h"

static struct berth_posix_zone zone;

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t MOMENTS[] = {INT64_MIN / 2, -4000000000, -1,         0,
                                      951782400,     1700000000,  4102444800, INT64_MAX / 2};
    struct berth_posix_zone_rule rule;
    enum berth_status status = berth_posix_zone_read(&zone, data, size);
    must((status == BERTH_OK) == (berth_posix_zone_reason(&zone).len == 0));
    for (size_t i = 0; i < sizeof MOMENTS / sizeof MOMENTS[0]; i++) {
        int64_t ahead = berth_posix_zone_civil(&zone, MOMENTS[i]) - MOMENTS[i];
        must(status == BERTH_OK ? ahead >= -90000 && ahead <= 93600 : ahead == 0);
    }
    memset(&rule, 0, sizeof rule);
    if (!berth_posix_zone_rule_read(berth_text_make((const char *)data, size), &rule))
        return 0;
    for (size_t i = 0; i < sizeof MOMENTS / sizeof MOMENTS[0]; i++) {
        int32_t ahead = berth_posix_zone_rule_offset(&rule, MOMENTS[i]);
        must(ahead == rule.standard_s || (rule.saves && ahead == rule.saving_s));
    }
    return 0;
}
