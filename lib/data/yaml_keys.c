/* YAML: the keys of all open mappings, so that a repeated one is seen: a stack with short hash chains. */
#include "data/yaml.h"

#define HEADS (sizeof((struct berth_yaml_reader *)NULL)->key_heads / sizeof(uint16_t))

/* FNV-1a over the characters, folded to 16 bits. */
static uint16_t tag_of(const struct berth_yaml_event *key)
{
    struct berth_yaml_decoder d;
    struct berth_text run;
    uint32_t hash = 2166136261u;
    berth_yaml_decode(&d, key);
    while (berth_yaml_decode_next(&d, &run))
        for (size_t i = 0; i < run.len; i++)
            hash = (hash ^ (unsigned char)run.ptr[i]) * 16777619u;
    return (uint16_t)(hash ^ hash >> 16);
}

/* Two scalars with the same characters, whatever their runs. */
static bool same_characters(const struct berth_yaml_event *a, const struct berth_yaml_event *b)
{
    struct berth_yaml_decoder da;
    struct berth_yaml_decoder db;
    struct berth_text ra = {NULL, 0};
    struct berth_text rb = {NULL, 0};
    berth_yaml_decode(&da, a);
    berth_yaml_decode(&db, b);
    for (;;) {
        bool more_a = ra.len > 0 || berth_yaml_decode_next(&da, &ra);
        bool more_b = rb.len > 0 || berth_yaml_decode_next(&db, &rb);
        if (!more_a || !more_b)
            return more_a == more_b;
        size_t common = ra.len < rb.len ? ra.len : rb.len;
        if (!berth_text_equal(berth_text_slice(ra, 0, common), berth_text_slice(rb, 0, common)))
            return false;
        ra = berth_text_slice(ra, common, ra.len);
        rb = berth_text_slice(rb, common, rb.len);
    }
}

struct berth_yaml_key *berth_yaml_keys_find(struct berth_yaml_reader *r, const struct berth_yaml_event *key)
{
    uint16_t tag = tag_of(key);
    uint32_t base = r->levels[r->depth - 1].key_base;
    bool flow = berth_yaml_in_flow(r);
    /* A chain goes from the newest key to the oldest: below BASE are other mappings' keys. */
    for (uint32_t i = r->key_heads[tag % HEADS]; i > base; i = r->keys[i - 1].next) {
        struct berth_yaml_key *candidate = &r->keys[i - 1];
        struct berth_yaml_event earlier = {0};
        if (candidate->tag != tag)
            continue;
        berth_yaml_key_read(r->document, candidate->first, flow, &earlier);
        if (same_characters(&earlier, key))
            return candidate;
    }
    return NULL;
}

enum berth_status berth_yaml_keys_push(struct berth_yaml_reader *r, const struct berth_yaml_event *key)
{
    if (r->key_count == r->key_cap)
        return berth_yaml_fail(r, BERTH_E_RANGE, (uint32_t)key->start,
                               "more keys in open mappings than the key memory holds");
    struct berth_yaml_key *entry = &r->keys[r->key_count++];
    entry->first = entry->last = (uint32_t)key->start;
    entry->last_line = key->line;
    entry->tag = tag_of(key);
    entry->next = r->key_heads[entry->tag % HEADS];
    r->key_heads[entry->tag % HEADS] = (uint16_t)r->key_count;
    return BERTH_OK;
}

void berth_yaml_keys_pop(struct berth_yaml_reader *r, uint32_t base)
{
    while (r->key_count > base) {
        const struct berth_yaml_key *entry = &r->keys[--r->key_count];
        r->key_heads[entry->tag % HEADS] = entry->next;
    }
}
