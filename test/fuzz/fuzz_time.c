/* Dates: what is read is written, and reads the same again. */
#include <stdint.h>
#include <stdlib.h>

#include "berth/time.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct berth_text text = {(const char *)data, size};
    struct berth_time time, again;
    struct berth_civil civil;
    int64_t seconds, back;
    char buf[40];
    struct berth_writer w;
    if (berth_parse_rfc3339(text, &time) == BERTH_OK) {
        berth_writer_init(&w, buf, sizeof buf);
        if (berth_put_rfc3339(&w, time) == BERTH_OK) {
            must(berth_parse_rfc3339(berth_writer_text(&w), &again) == BERTH_OK);
            must(berth_time_compare(time, again) == 0 && time.nanos <= 999999999);
        }
    }
    if (berth_parse_http_date(text, (int64_t)size * 40000000, &seconds) == BERTH_OK) {
        must(berth_seconds_to_civil(seconds, &civil) == BERTH_OK);
        must(berth_civil_to_seconds(&civil, &back) == BERTH_OK && back == seconds);
        must(berth_weekday(seconds) <= 6);
    }
    return 0;
}
