/* A store in memory, with versions and conflicts. */
#include "store_mem.h"

#include <string.h>

#include "booking/rows.h"

static enum berth_status mem_begin(void *ctx, uint32_t wait_ms)
{
    struct store_mem_handle *h = ctx;
    (void)wait_ms;
    if (h->begun)
        return BERTH_E_STATE;
    h->begun = true;
    h->version = h->state->version;
    return BERTH_OK;
}

static void mem_end(void *ctx)
{
    struct store_mem_handle *h = ctx;
    h->begun = false;
}

/* Whether a change may be made, or something read under begin() is still so. */
static enum berth_status check(const struct store_mem_handle *h, bool change)
{
    if (!h->begun)
        return change ? BERTH_E_STATE : BERTH_OK;
    return h->version == h->state->version ? BERTH_OK : BERTH_E_CONFLICT;
}

static enum berth_status changed(struct store_mem_handle *h)
{
    h->version = ++h->state->version;
    return BERTH_OK;
}

static enum berth_status mem_rows(void *ctx, unsigned stages, berth_store_row_fn each, void *each_ctx)
{
    struct store_mem_handle *h = ctx;
    BERTH_TRY(check(h, false));
    for (int stage = 0; stage < BERTH_STAGE_COUNT; stage++) {
        uint64_t after = 0;
        for (;;) { /* the next by arrival */
            const struct store_mem_row *next = NULL;
            for (size_t i = 0; i < h->state->count; i++) {
                const struct store_mem_row *row = &h->state->rows[i];
                if ((int)row->stage == stage && row->since > after && (!next || row->since < next->since))
                    next = row;
            }
            if (next == NULL || !(stages & 1u << stage))
                break;
            after = next->since;
            const struct berth_store_row out = {
                (enum berth_stage)stage, 0, BERTH_ROW_GOOD, &next->record, {NULL, 0}};
            BERTH_TRY(each(each_ctx, &out));
        }
    }
    return BERTH_OK;
}

static struct store_mem_row *find(struct store_mem *state, struct berth_text user_id, int64_t start_s)
{
    for (size_t i = 0; i < state->count; i++) {
        struct store_mem_row *row = &state->rows[i];
        if (row->record.start_s == start_s && berth_text_equal_nocase(row->record.user_id, user_id))
            return row;
    }
    return NULL;
}

static bool keep(struct berth_text *text, char *room)
{
    if (text->len > STORE_MEM_TEXT)
        return false;
    if (text->len == 0) {
        *text = berth_text_make(NULL, 0);
        return true;
    }
    memcpy(room, text->ptr, text->len);
    text->ptr = room;
    return true;
}

static enum berth_status mem_add(void *ctx, const struct berth_record *record)
{
    struct store_mem_handle *h = ctx;
    struct berth_writer count = {NULL, 0, 0};
    BERTH_TRY(check(h, true));
    if (berth_put_record(&count, record) == BERTH_E_RANGE)
        return BERTH_E_RANGE;
    if (find(h->state, record->user_id, record->start_s) != NULL)
        return BERTH_E_EXISTS;
    if (h->state->count == STORE_MEM_ROWS)
        return BERTH_E_SPACE;
    struct store_mem_row *row = &h->state->rows[h->state->count];
    memset(row, 0, sizeof *row);
    row->record = *record;
    if (!keep(&row->record.user_id, row->texts[0]) || !keep(&row->record.image, row->texts[1]) ||
        !keep(&row->record.extra_command, row->texts[2]))
        return BERTH_E_SPACE;
    row->since = ++h->state->arrivals;
    h->state->count++;
    return changed(h);
}

static enum berth_status mem_move(void *ctx, struct berth_text user_id, int64_t start_s,
                                  enum berth_stage from, enum berth_stage to)
{
    struct store_mem_handle *h = ctx;
    BERTH_TRY(check(h, true));
    if ((unsigned)to >= BERTH_STAGE_COUNT || (unsigned)from >= (unsigned)to)
        return BERTH_E_ARGUMENT;
    struct store_mem_row *row = find(h->state, user_id, start_s);
    if (row == NULL || row->stage != from)
        return BERTH_E_NOT_FOUND;
    row->stage = to;
    row->since = ++h->state->arrivals;
    return changed(h);
}

static enum berth_status mem_read_users(void *ctx, struct berth_writer *out)
{
    struct store_mem_handle *h = ctx;
    BERTH_TRY(check(h, false));
    if (!h->state->has_users)
        return BERTH_E_NO_FILE;
    berth_put_bytes(out, h->state->users, h->state->users_len);
    return berth_writer_status(out);
}

static enum berth_status mem_write_users(void *ctx, struct berth_text document)
{
    struct store_mem_handle *h = ctx;
    BERTH_TRY(check(h, true));
    if (document.len > STORE_MEM_DOCUMENT)
        return BERTH_E_SPACE;
    if (document.len > 0)
        memcpy(h->state->users, document.ptr, document.len);
    h->state->users_len = document.len;
    h->state->has_users = true;
    return changed(h);
}

static enum berth_status mem_notify(void *ctx, struct berth_text line)
{
    struct store_mem_handle *h = ctx;
    BERTH_TRY(check(h, true));
    if (line.len == 0 || !berth_rows_is_clean(line, false))
        return BERTH_E_ARGUMENT;
    if (line.len + 1 > STORE_MEM_DOCUMENT - h->state->notices_len)
        return BERTH_E_SPACE;
    memcpy(h->state->notices + h->state->notices_len, line.ptr, line.len);
    h->state->notices_len += line.len;
    h->state->notices[h->state->notices_len++] = '\n';
    return changed(h);
}

static enum berth_status mem_take_notices(void *ctx, struct berth_writer *out)
{
    struct store_mem_handle *h = ctx;
    BERTH_TRY(check(h, true));
    berth_put_bytes(out, h->state->notices, h->state->notices_len);
    BERTH_TRY(berth_writer_status(out));
    h->state->notices_len = 0;
    return changed(h);
}

static struct berth_text mem_reason(void *ctx)
{
    (void)ctx;
    return berth_text_make(NULL, 0);
}

struct berth_store store_mem_init(struct store_mem_handle *handle, struct store_mem *state)
{
    memset(handle, 0, sizeof *handle);
    handle->state = state;
    return (struct berth_store){
        .ctx = handle,
        .begin = mem_begin,
        .rows = mem_rows,
        .add = mem_add,
        .move = mem_move,
        .read_users = mem_read_users,
        .write_users = mem_write_users,
        .notify = mem_notify,
        .take_notices = mem_take_notices,
        .end = mem_end,
        .reason = mem_reason,
    };
}
