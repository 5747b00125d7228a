/* Bringing an interrupted move to its end: a row at two stages belongs to the later one. */
#include "booking/store.h"

#include <string.h>

/* ---- Names of rows, sorted -------------------------------------------------------------------- */

static uint64_t hash_name(struct berth_text user_id)
{
    uint64_t hash = BERTH_STORE_HASH_START;
    for (size_t i = 0; i < user_id.len; i++) {
        char c = user_id.ptr[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        hash = berth_store_hash(hash, &c, 1);
    }
    return hash;
}

static struct berth_store_key key_of(const struct berth_record *record, enum berth_stage stage)
{
    return (struct berth_store_key){hash_name(record->user_id), record->start_s, (uint32_t)stage, 0};
}

/* By hash, then start. */
static int compare(const struct berth_store_key *a, const struct berth_store_key *b)
{
    int by_hash = (a->hash > b->hash) - (a->hash < b->hash);
    return by_hash != 0 ? by_hash : (a->start_s > b->start_s) - (a->start_s < b->start_s);
}

static void sink(struct berth_store_key *keys, size_t at, size_t count)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            return;
        if (child + 1 < count && compare(&keys[child], &keys[child + 1]) < 0)
            child++;
        if (compare(&keys[at], &keys[child]) >= 0)
            return;
        struct berth_store_key swap = keys[at];
        keys[at] = keys[child];
        keys[child] = swap;
        at = child;
    }
}

static void sort(struct berth_store_key *keys, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sink(keys, i, count);
    for (size_t end = count; end > 1; end--) {
        struct berth_store_key swap = keys[0];
        keys[0] = keys[end - 1];
        keys[end - 1] = swap;
        sink(keys, 0, end - 1);
    }
}

/* The first key that is not before KEY. */
static size_t find(const struct berth_store_files *s, const struct berth_store_key *key)
{
    size_t low = 0, high = s->key_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&s->config.keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Marks those of the equal keys from FIRST on that are at a stage before STAGE. */
static void suspect(struct berth_store_files *s, size_t first, uint32_t stage, bool stages[])
{
    struct berth_store_key *keys = s->config.keys;
    for (size_t i = first; i < s->key_count && compare(&keys[i], &keys[first]) == 0; i++) {
        if (keys[i].stage >= stage)
            continue;
        keys[i].suspect = 1;
        stages[keys[i].stage] = true;
    }
}

/* Marks rows of BOOKING that USING has as well. */
static void suspect_started(struct berth_store_files *s, bool stages[])
{
    struct berth_store_key *keys = s->config.keys;
    for (size_t first = 0, end; first < s->key_count; first = end) {
        bool started = false;
        for (end = first; end < s->key_count && compare(&keys[end], &keys[first]) == 0; end++)
            started = started || keys[end].stage == BERTH_STAGE_USING;
        if (started)
            suspect(s, first, BERTH_STAGE_USING, stages);
    }
}

/* Marks rows of both that USED has as well, as this row of it says. */
static void suspect_used(struct berth_store_files *s, const struct berth_record *record, bool stages[])
{
    const struct berth_store_key key = key_of(record, BERTH_STAGE_USED);
    size_t first = find(s, &key);
    if (first < s->key_count && compare(&s->config.keys[first], &key) == 0)
        suspect(s, first, BERTH_STAGE_USED, stages);
}

/* ---- Reading ---------------------------------------------------------------------------------- */

static enum berth_status remember(struct berth_store_files *s, const struct berth_store_input *in)
{
    if (s->key_count == s->config.key_cap) {
        const char *path = berth_store_stage_path(s, in->stage);
        return path == NULL ? BERTH_E_SPACE
                            : berth_store_fail(s, BERTH_E_SPACE, path, in->row.line,
                                               "more rows than this program holds");
    }
    s->config.keys[s->key_count++] = key_of(&in->record, in->stage);
    return BERTH_OK;
}

/* Reads a stage's file: rows of the first two stages are remembered, those of the last looked up. */
static enum berth_status read_stage(struct berth_store_files *s, enum berth_stage stage, bool stages[])
{
    struct berth_store_input in;
    struct berth_store_seen seen = {0, 0, true};
    enum berth_status status = berth_store_open(s, &in, stage, s->window);
    while (status == BERTH_OK && (status = berth_store_next(s, &in)) == BERTH_OK && in.row.cell_count > 0) {
        if (in.fault != BERTH_ROW_GOOD) {
            seen.bad_rows++;
        } else if (stage == BERTH_STAGE_USED) {
            suspect_used(s, &in.record, stages);
        } else {
            status = remember(s, &in);
        }
    }
    berth_store_close(&in);
    seen.hash = in.hash;
    if (status == BERTH_OK)
        s->rows[stage] = seen;
    return status;
}

enum berth_status berth_store_recover(struct berth_store_files *s)
{
    static const struct berth_edit EDIT = {.kind = BERTH_EDIT_RECOVER};
    bool stages[BERTH_STAGE_COUNT] = {false};
    s->key_count = 0;
    BERTH_TRY(read_stage(s, BERTH_STAGE_BOOKING, stages));
    BERTH_TRY(read_stage(s, BERTH_STAGE_USING, stages));
    sort(s->config.keys, s->key_count);
    suspect_started(s, stages);
    BERTH_TRY(read_stage(s, BERTH_STAGE_USED, stages));
    /* Only earlier copies go, so that a second interruption takes nothing away. */
    for (int stage = BERTH_STAGE_USING; stage >= BERTH_STAGE_BOOKING; stage--)
        if (stages[stage])
            BERTH_TRY(berth_store_edit(s, (enum berth_stage)stage, &EDIT));
    return BERTH_OK;
}

/* Hashes may be equal by chance: before a row is dropped, the later one is looked at. */
enum berth_status berth_store_superseded(struct berth_store_files *s, enum berth_stage stage,
                                         const struct berth_record *record, bool *out_superseded)
{
    const struct berth_store_key key = key_of(record, stage);
    const struct berth_store_key *keys = s->config.keys;
    bool look = false;
    *out_superseded = false;
    for (size_t i = find(s, &key); !look && i < s->key_count && compare(&keys[i], &key) == 0; i++)
        look = (keys[i].stage == (uint32_t)stage && keys[i].suspect);
    for (unsigned later = (unsigned)stage + 1; look && !*out_superseded && later < BERTH_STAGE_COUNT; later++)
        BERTH_TRY(berth_store_contains(s, (enum berth_stage)later, record->user_id, record->start_s,
                                       out_superseded));
    return BERTH_OK;
}
