/* A scripted peer in memory. */
#include "berth/port_mem.h"

#include <string.h>

#define RANDOM_PIECE 64U

/* ---- pieces and waits ---- */

static size_t piece(struct berth_mem_net *n, size_t limit, size_t len)
{
    if (n->split_seed) {
        n->split_seed = n->split_seed * 6364136223846793005U + 1442695040888963407U;
        limit = 1 + (size_t)((n->split_seed >> 33) % (limit ? limit : RANDOM_PIECE));
    }
    return limit && limit < len ? limit : len;
}

/* Nothing happens for as long as the caller is willing to wait. */
static enum berth_status block(struct berth_mem_net *n, unsigned want, uint32_t wait_ms)
{
    if (n->clock)
        n->clock->now_ms += wait_ms;
    n->want = want;
    return BERTH_E_WOULD_BLOCK;
}

/* With block_between: whether this call is one of those that block first. Each kind of call has its own turn,
 * so that a recv() between two send()s changes nothing for them. */
static bool blocks_now(struct berth_mem_net *n, bool *turn)
{
    *turn = n->block_between && !*turn;
    n->blocked = *turn;
    return *turn;
}

/* ---- connecting ---- */

static void copy_name(char *to, struct berth_text from)
{
    size_t len = from.len < BERTH_MEM_NAME_CAP ? from.len : BERTH_MEM_NAME_CAP - 1;
    if (len)
        memcpy(to, from.ptr, len);
    to[len] = 0;
}

/* The first step of the connection that comes after the CONNECTS that there were. */
static size_t find_section(const struct berth_mem_net *n)
{
    size_t step = n->step;
    if (n->connects == 0 && step == 0)
        return 0;
    while (step < n->step_count && n->steps[step].act != BERTH_MEM_NEXT)
        step++;
    return step < n->step_count ? step + 1 : n->step_count + 1;
}

static enum berth_status mem_connect(void *ctx, const struct berth_endpoint *to, uint32_t wait_ms)
{
    struct berth_mem_net *n = ctx;
    n->want = BERTH_WANT_NOTHING;
    copy_name(n->host, to->host);
    copy_name(n->path, to->unix_path);
    n->last.host = berth_text_of(n->host);
    n->last.port = to->port;
    n->last.unix_path = berth_text_of(n->path);
    n->broken_rules += n->open;
    BERTH_TRY(berth_mem_fault(n->faults, BERTH_E_CONNECT));
    if (blocks_now(n, &n->connect_turn))
        return block(n, BERTH_WANT_WRITE, wait_ms);
    size_t step = find_section(n);
    if (step > n->step_count)
        return BERTH_E_CONNECT;
    n->step = step;
    n->offset = n->seen = 0;
    n->stalled = false;
    if (step < n->step_count && n->steps[step].act == BERTH_MEM_REFUSE) {
        n->step++;
        return (enum berth_status)n->steps[step].amount;
    }
    n->connects++;
    n->open = true;
    n->seen = n->out_len;
    return BERTH_OK;
}

static enum berth_status mem_secure(void *ctx, struct berth_text name, uint32_t wait_ms)
{
    struct berth_mem_net *n = ctx;
    copy_name(n->secure_name, name);
    if (!n->open) {
        n->broken_rules++;
        return BERTH_E_STATE;
    }
    BERTH_TRY(berth_mem_fault(n->faults, BERTH_E_TLS));
    if (blocks_now(n, &n->secure_turn))
        return block(n, BERTH_WANT_READ, wait_ms);
    n->want = BERTH_WANT_NOTHING;
    n->secures += n->secure_status == BERTH_OK;
    return n->secure_status;
}

/* ---- receiving ---- */

/* Whether TEXT has been sent since the last await (or the connection's start); then looks on behind it. */
static bool was_sent(struct berth_mem_net *n, struct berth_text text)
{
    size_t kept = n->out_len < n->out_cap ? n->out_len : n->out_cap;
    struct berth_text sent = {n->out, kept};
    size_t from = n->seen < kept ? n->seen : kept;
    size_t at = berth_text_find(berth_text_slice(sent, from, kept), text);
    if (at == SIZE_MAX)
        return false;
    n->seen = from + at + text.len;
    return true;
}

/* True when the stall is over. */
static bool stall_over(struct berth_mem_net *n, int32_t amount, uint32_t wait_ms)
{
    if (!n->stalled) {
        n->stalled = true;
        n->stall_calls = 0;
        n->stall_until_ms = n->clock ? n->clock->now_ms + (uint64_t)amount : 0;
    }
    if (!n->clock)
        return n->stall_calls++ >= amount;
    if (n->clock->now_ms + wait_ms < n->stall_until_ms)
        return false;
    if (n->clock->now_ms < n->stall_until_ms)
        n->clock->now_ms = n->stall_until_ms;
    return true;
}

static ptrdiff_t take_bytes(struct berth_mem_net *n, struct berth_text bytes, void *buf, size_t cap)
{
    size_t len = piece(n, n->recv_piece, bytes.len - n->offset);
    if (len > cap)
        len = cap;
    if (n->cut && n->received + len > n->cut_after)
        len = (size_t)(n->cut_after - n->received);
    memcpy(buf, bytes.ptr + n->offset, len);
    n->offset += len;
    n->received += len;
    n->want = BERTH_WANT_NOTHING;
    return (ptrdiff_t)len;
}

/* Carries out steps until one has an answer. */
static ptrdiff_t play(struct berth_mem_net *n, void *buf, size_t cap, uint32_t wait_ms)
{
    n->want = BERTH_WANT_NOTHING;
    for (; n->step < n->step_count; n->step++, n->offset = 0, n->stalled = false) {
        const struct berth_mem_step *step = &n->steps[n->step];
        switch (step->act) {
        case BERTH_MEM_BYTES:
            if (n->offset < step->bytes.len)
                return take_bytes(n, step->bytes, buf, cap);
            break;
        case BERTH_MEM_STALL:
            if (!stall_over(n, step->amount, wait_ms))
                return block(n, BERTH_WANT_READ, wait_ms);
            break;
        case BERTH_MEM_AWAIT:
            if (!was_sent(n, step->bytes))
                return block(n, BERTH_WANT_READ, wait_ms);
            break;
        case BERTH_MEM_CLOSE:
            return 0;
        case BERTH_MEM_RESET:
            return BERTH_E_RESET;
        case BERTH_MEM_TLS:
            return BERTH_E_TLS;
        case BERTH_MEM_REFUSE:
        case BERTH_MEM_NEXT:
            return block(n, BERTH_WANT_READ, wait_ms);
        }
    }
    return block(n, BERTH_WANT_READ, wait_ms);
}

static ptrdiff_t mem_recv(void *ctx, void *buf, size_t cap, uint32_t wait_ms)
{
    struct berth_mem_net *n = ctx;
    if (!n->open || cap == 0) {
        n->broken_rules++;
        return BERTH_E_STATE;
    }
    BERTH_TRY(berth_mem_fault(n->faults, BERTH_E_RESET));
    if (blocks_now(n, &n->recv_turn))
        return block(n, BERTH_WANT_READ, wait_ms);
    if (n->cut && n->received >= n->cut_after)
        return n->cut_by;
    return play(n, buf, cap, wait_ms);
}

/* ---- sending ---- */

static bool peer_is_gone(const struct berth_mem_net *n)
{
    if (n->send_after_close || n->step >= n->step_count)
        return false;
    return n->steps[n->step].act == BERTH_MEM_RESET;
}

static ptrdiff_t mem_send(void *ctx, const void *bytes, size_t len, uint32_t wait_ms)
{
    struct berth_mem_net *n = ctx;
    if (!n->open || len == 0) {
        n->broken_rules++;
        return BERTH_E_STATE;
    }
    BERTH_TRY(berth_mem_fault(n->faults, BERTH_E_RESET));
    if (blocks_now(n, &n->send_turn))
        return block(n, BERTH_WANT_WRITE, wait_ms);
    if (peer_is_gone(n))
        return BERTH_E_RESET;
    len = piece(n, n->send_piece, len);
    if (n->out_len < n->out_cap) {
        size_t room = n->out_cap - n->out_len;
        memcpy(n->out + n->out_len, bytes, len < room ? len : room);
    }
    n->out_len += len;
    n->want = BERTH_WANT_NOTHING;
    return (ptrdiff_t)len;
}

static void mem_close(void *ctx)
{
    struct berth_mem_net *n = ctx;
    n->closes += n->open;
    n->open = false;
    n->blocked = n->connect_turn = n->secure_turn = n->recv_turn = n->send_turn = false;
    n->want = BERTH_WANT_NOTHING;
}

static unsigned mem_want(void *ctx)
{
    const struct berth_mem_net *n = ctx;
    return n->want;
}

static struct berth_text mem_reason(void *ctx)
{
    (void)ctx;
    return BERTH_TEXT("scripted");
}

struct berth_net berth_mem_net_init(struct berth_mem_net *net, bool with_tls)
{
    return (struct berth_net){
        net, mem_connect, with_tls ? mem_secure : NULL, mem_recv, mem_send, mem_close, mem_want, mem_reason};
}
