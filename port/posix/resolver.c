/* From a name to addresses: literals, localhost, the hosts file, then name servers, one step at a time. */
#include "posix.h"

void berth_posix_resolver_add(struct berth_posix_resolver *r, const struct berth_posix_address *address)
{
    for (size_t i = 0; i < r->address_count; i++) {
        const struct berth_posix_address *known = &r->addresses[i];
        if (known->family == address->family && known->zone == address->zone &&
            memcmp(known->bytes, address->bytes, sizeof known->bytes) == 0)
            return;
    }
    uint8_t only = r->config->only_family;
    if (r->address_count < BERTH_POSIX_ADDRESSES && (only == 0 || only == address->family))
        r->addresses[r->address_count++] = *address;
}

static enum berth_status fail(struct berth_posix_resolver *r, enum berth_status status, const char *words)
{
    struct berth_writer w;
    berth_writer_init(&w, r->reason->text, sizeof r->reason->text);
    berth_put_string(&w, words);
    if (status != BERTH_E_ARGUMENT)
        berth_put_text(&w, r->name);
    r->reason->len = berth_writer_text(&w).len;
    return status;
}

static bool label_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool berth_posix_name_ok(struct berth_text name)
{
    struct berth_text label = {NULL, 0};
    bool digits = true;
    if (name.len == 0 || name.len > 253)
        return false;
    while (berth_text_split(&name, '.', &label)) {
        if (label.len == 0 || label.len > 63)
            return false;
        digits = true;
        for (size_t i = 0; i < label.len; i++) {
            if (!label_byte(label.ptr[i]))
                return false;
            digits = digits && label.ptr[i] >= '0' && label.ptr[i] <= '9';
        }
    }
    return !digits;
}

/* RFC 6761 section 6.3: never asked of a name server. */
static bool is_localhost(struct berth_text name)
{
    struct berth_text local = BERTH_TEXT("localhost");
    if (name.len < local.len)
        return false;
    size_t at = name.len - local.len;
    return berth_text_equal_nocase(berth_text_slice(name, at, name.len), local) &&
           (at == 0 || name.ptr[at - 1] == '.');
}

static void add_loopback(struct berth_posix_resolver *r)
{
    static const struct berth_posix_address loopback[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0, 6},
        {{127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 4},
    };
    berth_posix_resolver_add(r, &loopback[0]);
    berth_posix_resolver_add(r, &loopback[1]);
}

enum berth_status berth_posix_resolver_start(struct berth_posix_resolver *r,
                                             const struct berth_posix_net_config *config,
                                             struct berth_posix_reason *reason, struct berth_text name)
{
    struct berth_posix_address literal;
    berth_posix_resolver_stop(r);
    memset(r, 0, sizeof *r);
    r->udp_fd = r->tcp_fd = -1;
    r->config = config;
    r->reason = reason;
    r->absolute = name.len > 1 && name.ptr[name.len - 1] == '.';
    r->name = r->absolute ? berth_text_slice(name, 0, name.len - 1) : name;
    if (berth_posix_address_parse(name, &literal)) {
        berth_posix_resolver_add(r, &literal);
        return r->address_count ? BERTH_OK : fail(r, BERTH_E_RESOLVE, "an address of the family left out: ");
    }
    if (!berth_posix_name_ok(r->name))
        return fail(r, BERTH_E_ARGUMENT, "the host is neither an address nor a possible name");
    if (is_localhost(r->name)) {
        add_loopback(r);
        return BERTH_OK;
    }
    return fail(r, BERTH_E_RESOLVE, "no address for ");
}

enum berth_status berth_posix_resolver_step(struct berth_posix_resolver *r)
{
    return fail(r, BERTH_E_RESOLVE, "no address for ");
}

void berth_posix_resolver_stop(struct berth_posix_resolver *r)
{
    berth_posix_close(&r->udp_fd);
    berth_posix_close(&r->tcp_fd);
}

size_t berth_posix_resolver_items(const struct berth_posix_resolver *r,
                                  struct berth_posix_poll_item *out_items, uint64_t *deadline_ms)
{
    (void)r;
    (void)out_items;
    (void)deadline_ms;
    return 0;
}
