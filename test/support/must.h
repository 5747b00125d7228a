/* Assertions for support files: fuzz targets are linked with them too, and without cmocka. A failure says
 * where and ends the program. */
#ifndef TEST_MUST_H
#define TEST_MUST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(holds)                                                                                          \
    do {                                                                                                     \
        if (!(holds)) {                                                                                      \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #holds);                                               \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)
#define MUST_EQUAL(got, want)                                                                                \
    do {                                                                                                     \
        long long must_got_ = (long long)(got), must_want_ = (long long)(want);                              \
        if (must_got_ != must_want_) {                                                                       \
            printf("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, must_got_, must_want_);        \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)
#define MUST_READ(got, want)                                                                                 \
    do {                                                                                                     \
        if (strcmp(got, want) != 0) {                                                                        \
            printf("%s:%d: %s is\n%snot\n%s", __FILE__, __LINE__, #got, got, want);                          \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#endif
