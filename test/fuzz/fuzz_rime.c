/* Any bytes as the bodies of a RIME server's answers: the first byte chooses operation and dialect, the rest
 * are up to four answers, parted by 0x1E. Whole and in pieces must come to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rime_rig.h"

static struct rime_rig r;
static char first[65536];

static const char *run(const uint8_t *data, size_t size, uint64_t split)
{
    static const char *const operations[] = {"create", "get", "projects", "start", "list",
                                             "all",    "csv", "verbose",  "logs",  "version"};
    struct berth_text rest = berth_text_make((const char *)data + 1, size - 1), part;
    r.config.dialect = (data[0] & 0x80) != 0 ? BERTH_RIME_V0 : BERTH_RIME_V2;
    rime_reset(&r);
    r.rig.mem.split_seed = split;
    for (unsigned i = 0; i < 4 && berth_text_split(&rest, '\x1e', &part); i++)
        rime_answer(&r, "\r\n\r\n", 200, "application/json", part);
    return rime_run(&r, rime_describe(&r, operations[(data[0] & 0x7f) % 10]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 8192)
        return 0;
    rime_open(&r);
    strcpy(first, run(data, size, 0));
    if (strcmp(first, run(data, size, 77)) != 0)
        abort();
    rime_close(&r);
    return 0;
}
