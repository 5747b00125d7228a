/* Numbers in text, against the host's conversions. */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "berth/json.h"
#include "berth/number.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void try_double(struct berth_text text, const char *string)
{
    double value;
    enum berth_status status = berth_parse_double(text, &value);
    bool json = berth_json_check(text, NULL) == BERTH_OK && text.ptr[text.len - 1] >= '0' &&
                text.ptr[text.len - 1] <= '9' &&
                (text.ptr[0] == '-' || (text.ptr[0] >= '0' && text.ptr[0] <= '9'));
    must((status != BERTH_E_SYNTAX) == json);
    if (status == BERTH_OK)
        must(same(value, strtod(string, NULL)));
    else if (status == BERTH_E_RANGE)
        must(isinf(strtod(string, NULL)));
}

static void try_integers(struct berth_text text, const char *string)
{
    int64_t value;
    uint64_t magnitude;
    errno = 0;
    if (berth_parse_i64(text, &value) == BERTH_OK)
        must(value == strtoll(string, NULL, 10) && errno == 0);
    if (berth_parse_u64(text, &magnitude) == BERTH_OK)
        must(magnitude == strtoull(string, NULL, 10) && errno == 0);
    for (unsigned scale = 0; scale <= 18; scale += 3)
        if (berth_parse_decimal(text, scale, &value) == BERTH_OK) {
            char buf[40];
            struct berth_writer w;
            int64_t back;
            berth_writer_init(&w, buf, sizeof buf);
            berth_put_decimal(&w, value, scale);
            must(berth_parse_decimal(berth_writer_text(&w), scale, &back) == BERTH_OK && back == value);
        }
}

static void try_bits(const uint8_t *data)
{
    double value, back;
    char buf[40];
    struct berth_writer w;
    memcpy(&value, data, sizeof value);
    berth_writer_init(&w, buf, sizeof buf);
    berth_put_double(&w, value);
    if (isfinite(value))
        must(berth_parse_double(berth_writer_text(&w), &back) == BERTH_OK && same(value, back));
    else
        must(berth_text_equal(berth_writer_text(&w), BERTH_TEXT("null")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char string[4096];
    if (size == 0 || size >= sizeof string)
        return 0;
    memcpy(string, data, size);
    string[size] = '\0';
    struct berth_text text = {string, size};
    try_double(text, string);
    try_integers(text, string);
    if (size >= sizeof(double))
        try_bits(data);
    return 0;
}
