/* DNS answers: any bytes, as the answer to the question that their first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "port/posix/dns_message.h"
#include "port/posix/posix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct berth_dns_answer *answer, enum berth_dns_result result)
{
    if (answer->count > answer->cap || (result == BERTH_DNS_ADDRESSES) != (answer->count > 0))
        abort();
    for (size_t i = 0; i < answer->count; i++) {
        if (answer->addresses[i].family != 4 && answer->addresses[i].family != 6)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct berth_text names[] = {
        BERTH_TEXT_INIT("a.b"),
        BERTH_TEXT_INIT("alias.test"),
        BERTH_TEXT_INIT("both.test"),
        BERTH_TEXT_INIT("x"),
    };
    struct berth_posix_address addresses[4];
    if (size < 3)
        return 0;
    unsigned choice = data[0];
    struct berth_text name = names[choice & 3U];
    uint16_t type = choice & 4U ? BERTH_DNS_AAAA : BERTH_DNS_A;
    bool partial = (choice & 8U) != 0;
    uint16_t id = (uint16_t)(data[1] << 8 | data[2]);
    struct berth_dns_answer answer = {addresses, 1 + (choice >> 6), 0};
    enum berth_dns_result plain = berth_dns_decode(data + 1, size - 1, id, name, type, partial, &answer);
    check(&answer, plain);
    /* The same bytes behind a header and a question that fit, so that the records are reached at once. */
    uint8_t message[1500];
    size_t len = berth_dns_encode_query(id, name, type, message);
    size_t rest = size - 3 < sizeof message - len ? size - 3 : sizeof message - len;
    message[2] = 0x81;
    message[3] = 0x80;
    message[7] = (uint8_t)(1 + (choice >> 4));
    memcpy(message + len, data + 3, rest);
    check(&answer, berth_dns_decode(message, len + rest, id, name, type, partial, &answer));
    return 0;
}
