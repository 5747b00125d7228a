/* DNS messages: a question to bytes, an answer's bytes to addresses. */
#include "dns_message.h"

#include <string.h>

#define HEADER_LEN 12U
#define CLASS_IN 1U
#define TYPE_CNAME 5U
/* Aliases that are followed. */
#define ALIASES 16

/* Header flags (RFC 1035 section 4.1.1). */
#define FLAG_QR 0x8000U
#define FLAG_OPCODE 0x7800U
#define FLAG_TC 0x0200U
#define FLAG_RD 0x0100U
#define FLAG_RCODE 0x000FU
#define RCODE_NO_NAME 3U

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

size_t berth_dns_encode_query(uint16_t id, struct berth_text name, uint16_t type, uint8_t *out)
{
    size_t len = HEADER_LEN;
    struct berth_text label;
    memset(out, 0, HEADER_LEN);
    put_u16(out, id);
    put_u16(out + 2, FLAG_RD);
    put_u16(out + 4, 1);
    while (berth_text_split(&name, '.', &label)) {
        out[len++] = (uint8_t)label.len;
        memcpy(out + len, label.ptr, label.len);
        len += label.len;
    }
    out[len++] = 0;
    put_u16(out + len, type);
    put_u16(out + len + 2, CLASS_IN);
    return len + 4;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *message;
    size_t len;
    size_t at;
};

/* A name as text: labels and dots. A dot within a label becomes 0xFF, which no name that we ask for has. */
struct name {
    char text[254];
    size_t len;
};

static void put_label(struct name *out, size_t at, const uint8_t *label, size_t len)
{
    if (at)
        out->text[at++] = '.';
    for (size_t i = 0; i < len; i++)
        out->text[at + i] = (char)(label[i] == '.' ? 0xFF : label[i]);
}

/* Reads the name at r->at and goes behind it. Compression pointers (RFC 1035 section 4.1.4) must point before
 * the place where the present run of labels began, so that they cannot loop. */
static bool read_name(struct reader *r, struct name *out)
{
    size_t at = r->at;
    size_t start = at;
    size_t len = 0;
    bool jumped = false;
    for (;;) {
        if (at >= r->len)
            return false;
        unsigned octet = r->message[at];
        if (octet >= 0xC0U) {
            if (r->len - at < 2)
                return false;
            size_t target = get_u16(r->message + at) & 0x3FFFU;
            if (!jumped)
                r->at = at + 2;
            if (target >= start || target < HEADER_LEN)
                return false;
            jumped = true;
            at = start = target;
            continue;
        }
        if (octet > 63 || r->len - at - 1 < octet)
            return false;
        if (octet == 0)
            break;
        if (len + octet + (len > 0) > 253)
            return false;
        put_label(out, len, r->message + at + 1, octet);
        len += octet + (len > 0);
        at += octet + 1;
    }
    if (!jumped)
        r->at = at + 1;
    out->len = len;
    return true;
}

static bool same_name(const struct name *a, struct berth_text b)
{
    return berth_text_equal_nocase(berth_text_make(a->text, a->len), b);
}

/* A resource record; data is at reader.at - data_len when it was read. */
struct record {
    struct name owner;
    unsigned type, class;
    size_t data, data_len;
};

static bool read_record(struct reader *r, struct record *out)
{
    if (!read_name(r, &out->owner) || r->len - r->at < 10)
        return false;
    const uint8_t *fixed = r->message + r->at;
    out->type = get_u16(fixed);
    out->class = get_u16(fixed + 2);
    out->data_len = get_u16(fixed + 8);
    out->data = r->at + 10;
    if (r->len - out->data < out->data_len)
        return false;
    r->at = out->data + out->data_len;
    return true;
}

static void add_address(const struct reader *r, const struct record *record, struct berth_dns_answer *answer)
{
    bool v4 = record->type == BERTH_DNS_A;
    size_t len = v4 ? 4 : 16;
    if (record->data_len != len || answer->count >= answer->cap)
        return;
    struct berth_posix_address *address = &answer->addresses[answer->count++];
    memset(address, 0, sizeof *address);
    memcpy(address->bytes, r->message + record->data, len);
    address->family = v4 ? 4 : 6;
}

enum pass { PASS_BROKEN, PASS_END, PASS_ALIAS };

/* Goes through the answers once: takes the addresses of *name, or, when it is an alias, puts what it stands
 * for in its place. */
static enum pass read_answers(struct reader r, unsigned count, bool partial, uint16_t type, struct name *name,
                              struct berth_dns_answer *answer)
{
    struct record record;
    struct name alias = {{0}, 0};
    bool has_alias = false;
    for (unsigned i = 0; i < count; i++) {
        if (!read_record(&r, &record)) {
            if (!partial)
                return PASS_BROKEN;
            break;
        }
        if (record.class != CLASS_IN || !same_name(&record.owner, berth_text_make(name->text, name->len)))
            continue;
        if (record.type == type)
            add_address(&r, &record, answer);
        if (record.type == TYPE_CNAME && !has_alias) {
            struct reader data = {r.message, r.len, record.data};
            if (!read_name(&data, &alias) || data.at != record.data + record.data_len)
                return PASS_BROKEN;
            has_alias = true;
        }
    }
    if (answer->count > 0 || !has_alias)
        return PASS_END;
    *name = alias;
    return PASS_ALIAS;
}

/* Whether the message answers our question; then r is behind the question. */
static bool is_ours(struct reader *r, uint16_t id, struct berth_text name, uint16_t type)
{
    struct name asked;
    if (r->len < HEADER_LEN)
        return false;
    unsigned flags = get_u16(r->message + 2);
    if (get_u16(r->message) != id || !(flags & FLAG_QR) || (flags & FLAG_OPCODE) ||
        get_u16(r->message + 4) != 1)
        return false;
    r->at = HEADER_LEN;
    if (!read_name(r, &asked) || !same_name(&asked, name) || r->len - r->at < 4)
        return false;
    const uint8_t *fixed = r->message + r->at;
    r->at += 4;
    return get_u16(fixed) == type && get_u16(fixed + 2) == CLASS_IN;
}

enum berth_dns_result berth_dns_decode(const uint8_t *message, size_t len, uint16_t id,
                                       struct berth_text name, uint16_t type, bool partial,
                                       struct berth_dns_answer *answer)
{
    struct reader r = {message, len, 0};
    struct name current;
    answer->count = 0;
    if (name.len > sizeof current.text - 1 || !is_ours(&r, id, name, type))
        return BERTH_DNS_NOT_OURS;
    unsigned flags = get_u16(message + 2);
    unsigned count = get_u16(message + 6);
    if ((flags & FLAG_RCODE) == RCODE_NO_NAME)
        return BERTH_DNS_NO_NAME;
    if (flags & FLAG_RCODE)
        return BERTH_DNS_FAILED;
    if ((flags & FLAG_TC) && !partial)
        return BERTH_DNS_CUT;
    memcpy(current.text, name.ptr, name.len);
    current.len = name.len;
    for (int i = 0; i < ALIASES; i++) {
        enum pass pass = read_answers(r, count, partial, type, &current, answer);
        if (pass == PASS_BROKEN) {
            answer->count = 0;
            return BERTH_DNS_BROKEN;
        }
        if (pass == PASS_END)
            return answer->count ? BERTH_DNS_ADDRESSES : BERTH_DNS_NO_DATA;
    }
    return BERTH_DNS_BROKEN;
}
