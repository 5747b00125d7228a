/* OpenPAI job documents checked: the whole, and what v1's members say to each other. */
#include "platform/openpai_job.h"

enum berth_status berth_openpai_document_check(const struct berth_openpai_document *document,
                                               struct berth_openpai_check *inout_check)
{
    struct berth_openpai_report r;
    berth_openpai_report_begin(&r, document, inout_check);
    if (document->source.len > BERTH_OPENPAI_JOB_SIZE_MAX) {
        berth_openpai_error(&r, berth_openpai_root(document), BERTH_OPENPAI_RULE_SIZE,
                            "is larger than a server takes: 102400 bytes");
        return berth_openpai_report_end(&r);
    }
    bool v2 = document->protocol == BERTH_OPENPAI_V2;
    berth_openpai_walk(&r, v2 ? &berth_openpai_rules_v2 : &berth_openpai_rules_v1);
    if (v2) {
        berth_openpai_check_v2(&r);
        berth_openpai_check_hived(&r);
    } else {
        berth_openpai_check_v1(&r);
    }
    berth_openpai_check_source(&r);
    return berth_openpai_report_end(&r);
}

/* ---- Names of roles --------------------------------------------------------------------------- */

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

/* The same for two names that collide (FNV-1a). */
static uint32_t name_hash(struct berth_text name)
{
    uint32_t hash = 2166136261u;
    size_t at = 0;
    for (char c = next_kept(name, &at); c != 0; c = next_kept(name, &at))
        hash = (hash ^ (uint8_t)c) * 16777619u;
    return hash;
}

static struct berth_text role_name(struct berth_json_cursor role)
{
    struct berth_text name = berth_json_name(role);
    return name.ptr != NULL ? name : berth_openpai_member_text(role, BERTH_TEXT("name"));
}

/* The first role before ROLE whose name collides with ROLE's. */
static struct berth_text earlier_role(struct berth_json_cursor roles, struct berth_json_cursor role)
{
    struct berth_text name = role_name(role);
    for (struct berth_json_cursor at = berth_json_enter(roles); at.token < role.token;
         at = berth_json_next(at)) {
        struct berth_text other = role_name(at);
        if (other.ptr != NULL && berth_openpai_roles_collide(other, name))
            return other;
    }
    return berth_text_make(NULL, 0);
}

void berth_openpai_check_collisions(struct berth_openpai_report *r, struct berth_json_cursor roles,
                                    bool warning)
{
    /* Two names of one hash set the same bit: most documents are done after one pass. */
    uint32_t seen[64] = {0};
    for (struct berth_json_cursor role = berth_json_enter(roles); role.json != NULL;
         role = berth_json_next(role)) {
        struct berth_text name = role_name(role);
        uint32_t hash = name_hash(name) % (64 * 32);
        bool again = (seen[hash / 32] >> hash % 32 & 1) != 0;
        seen[hash / 32] |= UINT32_C(1) << hash % 32;
        struct berth_text other =
            again && name.ptr != NULL ? earlier_role(roles, role) : berth_text_make(NULL, 0);
        if (other.ptr == NULL)
            continue;
        const struct berth_openpai_place place = {.at = role, .name = true};
        const struct berth_openpai_saying saying = {"a server takes it for the role ", other,
                                                    ": only letters, without case, and digits count"};
        berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_COLLISION, warning, &saying);
    }
}

/* ---- v1 --------------------------------------------------------------------------------------- */

static void check_count(struct berth_openpai_report *r, struct berth_json_cursor role, struct berth_text name,
                        int64_t tasks)
{
    if (berth_openpai_member_number(role, name, 0) > tasks)
        berth_openpai_error(r, berth_json_find(role, name), BERTH_OPENPAI_RULE_COUNT,
                            "must not be more than taskNumber");
}

static void check_role(struct berth_openpai_report *r, struct berth_json_cursor roles,
                       struct berth_json_cursor role)
{
    int64_t tasks = berth_openpai_member_number(role, BERTH_TEXT("taskNumber"), 1);
    struct berth_json_cursor shm = berth_json_find(role, BERTH_TEXT("shmMB"));
    struct berth_json_cursor name = berth_json_find(role, BERTH_TEXT("name"));
    struct berth_text is = berth_openpai_text_of(name);
    check_count(r, role, BERTH_TEXT("minFailedTaskCount"), tasks);
    check_count(r, role, BERTH_TEXT("minSucceededTaskCount"), tasks);
    if (berth_openpai_member_number(role, BERTH_TEXT("shmMB"), 64) >
        berth_openpai_member_number(role, BERTH_TEXT("memoryMB"), 100))
        berth_openpai_error(r, shm.json != NULL ? shm : berth_json_find(role, BERTH_TEXT("memoryMB")),
                            BERTH_OPENPAI_RULE_RANGE,
                            "shmMB (64 when absent) must not be more than memoryMB (100 when absent)");
    for (struct berth_json_cursor at = berth_json_enter(roles);
         is.ptr != NULL && at.json != NULL && at.token < role.token; at = berth_json_next(at))
        if (berth_text_equal(berth_openpai_member_text(at, BERTH_TEXT("name")), is)) {
            berth_openpai_error(r, name, BERTH_OPENPAI_RULE_DUPLICATE, "another role has this name");
            return;
        }
}

void berth_openpai_check_v1(struct berth_openpai_report *r)
{
    struct berth_json_cursor root = berth_openpai_root(r->document);
    struct berth_json_cursor roles = berth_json_find(root, BERTH_TEXT("taskRoles"));
    struct berth_json_cursor obsolete = berth_json_find(root, BERTH_TEXT("killAllOnCompletedTaskNumber"));
    if (berth_json_type_of(roles) == BERTH_JSON_ARRAY)
        for (struct berth_json_cursor role = berth_json_enter(roles); role.json != NULL;
             role = berth_json_next(role))
            check_role(r, roles, role);
    if (obsolete.json != NULL)
        berth_openpai_warn(r, obsolete, BERTH_OPENPAI_RULE_NO_EFFECT,
                           "is obsolete: use minFailedTaskCount and minSucceededTaskCount");
}
