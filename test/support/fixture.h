/* Files that tests read, named from the repository's root (where the tests run). A missing file ends the
 * test. */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

/* The whole file, with a zero byte after it that OUT_LEN does not count. Give it back with free(). */
uint8_t *fixture_load(const char *path, size_t *out_len);

/* Calls EACH for every file of FOLDER whose name ends with SUFFIX ("" = all), in order of name; how many
 * there were. BYTES is valid during the call. */
size_t fixture_each(const char *folder, const char *suffix,
                    void (*each)(void *ctx, const char *path, const uint8_t *bytes, size_t len), void *ctx);

#endif
