/* OpenPAI job documents: two of one name in a list or mapping. */
#include "platform/openpai_job.h"

/* Names that are looked for in one pass over those before them. */
enum { BLOCK = 64 };

struct block {
    enum berth_openpai_twins kind;
    const struct berth_json *json;
    size_t count;
    struct {
        uint32_t token;
        uint32_t twin; /* the first before it; 0: none */
        uint32_t hash;
    } items[BLOCK];
};

static struct berth_json_cursor cursor(const struct block *b, uint32_t token)
{
    struct berth_json_cursor at = {b->json, token};
    return at;
}

/* ---- Names of roles as a server compares them ------------------------------------------------- */

static bool is_kept(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The next letter (as a small one) or digit of TEXT from *AT on; 0 at the end. */
static char next_kept(struct berth_text text, size_t *at)
{
    while (*at < text.len && !is_kept(text.ptr[*at]))
        *at += 1;
    if (*at == text.len)
        return 0;
    char c = text.ptr[(*at)++];
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool berth_openpai_roles_collide(struct berth_text a, struct berth_text b)
{
    size_t i = 0, k = 0;
    char from_a, from_b;
    do {
        from_a = next_kept(a, &i);
        from_b = next_kept(b, &k);
    } while (from_a == from_b && from_a != 0);
    return from_a == from_b;
}

/* ---- Names ------------------------------------------------------------------------------------ */

/* The item's name in its mapping, or its member `name`; absent: it has none. */
static struct berth_text name_of(struct berth_json_cursor item)
{
    struct berth_text name = berth_json_name(item);
    return name.ptr != NULL ? name : berth_openpai_member_text(item, BERTH_TEXT("name"));
}

static struct berth_text type_of(const struct block *b, struct berth_json_cursor item)
{
    return b->kind == BERTH_OPENPAI_TWINS_TYPED ? berth_openpai_member_text(item, BERTH_TEXT("type"))
                                                : BERTH_TEXT("");
}

/* FNV-1a: the same for two names that are the same. */
static uint32_t hash_of(const struct block *b, struct berth_text name)
{
    uint32_t hash = 2166136261u;
    size_t at = 0;
    if (b->kind == BERTH_OPENPAI_TWINS_ROLES) {
        for (char c = next_kept(name, &at); c != 0; c = next_kept(name, &at))
            hash = (hash ^ (uint8_t)c) * 16777619u;
        return hash;
    }
    for (; at < name.len; at++)
        hash = (hash ^ (uint8_t)name.ptr[at]) * 16777619u;
    return hash;
}

static bool are_twins(const struct block *b, struct berth_json_cursor a, struct berth_json_cursor other)
{
    struct berth_text type = type_of(b, a);
    if (b->kind == BERTH_OPENPAI_TWINS_ROLES)
        return berth_openpai_roles_collide(name_of(a), name_of(other));
    return type.ptr != NULL && berth_text_equal(name_of(a), name_of(other)) &&
           berth_text_equal(type, type_of(b, other));
}

/* ---- The search ------------------------------------------------------------------------------- */

/* Takes the next items from *AT on. */
static void fill(struct block *b, struct berth_json_cursor *at)
{
    for (b->count = 0; b->count < BLOCK && at->json != NULL; *at = berth_json_next(*at)) {
        struct berth_text name = name_of(*at);
        if (name.ptr == NULL)
            continue;
        b->items[b->count].token = at->token;
        b->items[b->count].twin = 0;
        b->items[b->count++].hash = hash_of(b, name);
    }
}

/* Marks those of the block that have ITEM for their first twin. */
static void compare(struct block *b, struct berth_json_cursor item)
{
    struct berth_text name = name_of(item);
    if (name.ptr == NULL)
        return;
    uint32_t hash = hash_of(b, name);
    for (size_t i = 0; i < b->count; i++)
        if (b->items[i].hash == hash && b->items[i].twin == 0 && item.token < b->items[i].token &&
            are_twins(b, cursor(b, b->items[i].token), item))
            b->items[i].twin = item.token;
}

static void tell(struct berth_openpai_report *r, const struct block *b, size_t i, bool warning,
                 const char *what)
{
    struct berth_json_cursor at = cursor(b, b->items[i].token);
    if (b->kind != BERTH_OPENPAI_TWINS_ROLES) {
        berth_openpai_error(r, berth_json_find(at, BERTH_TEXT("name")), BERTH_OPENPAI_RULE_DUPLICATE, what);
        return;
    }
    const struct berth_openpai_job_place place = {.at = at, .name = true};
    const struct berth_openpai_saying saying = {what, name_of(cursor(b, b->items[i].twin)),
                                                ": only letters, without case, and digits count"};
    berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_COLLISION, warning, &saying);
}

void berth_openpai_check_twins(struct berth_openpai_report *r, struct berth_json_cursor items,
                               enum berth_openpai_twins kind, bool warning, const char *what)
{
    struct block b = {.kind = kind, .json = items.json};
    struct berth_json_cursor first = berth_json_enter(items), at = first;
    for (fill(&b, &at); b.count > 0; fill(&b, &at)) {
        uint32_t end = b.items[b.count - 1].token;
        for (struct berth_json_cursor item = first; item.token < end; item = berth_json_next(item))
            compare(&b, item);
        for (size_t i = 0; i < b.count; i++)
            if (b.items[i].twin != 0)
                tell(r, &b, i, warning, what);
    }
}
