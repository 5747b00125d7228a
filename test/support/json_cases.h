/* The case files of test/wire/json: one document a line, "y<TAB>document" for JSON and
 * "n<TAB>status<TAB>offset<TAB>document" for what is refused and where. <41> stands for a byte, <3*ab> for
 * ababab. */
#ifndef TEST_JSON_CASES_H
#define TEST_JSON_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_CASE_MAX 600000

struct json_case {
    const char *file;
    unsigned line;
    bool valid;
    char status[16];
    uint64_t offset;
    const char *document; /* not terminated */
    size_t len;
};

/* Calls EACH for every case of every file; how many there were. */
size_t json_cases_each(void (*each)(void *ctx, const struct json_case *one), void *ctx);

#endif
