/* OpenPAI protocol v2: what extras say about the document's roles (HiveD, plugins). */
#include "platform/openpai_job.h"

static const struct berth_text sku_member = BERTH_TEXT_INIT("skuType");
static const struct berth_text cell_member = BERTH_TEXT_INIT("pinnedCellId");
static const struct berth_text group_member = BERTH_TEXT_INIT("affinityGroupName");

static void tell_no_role(struct berth_openpai_report *r, struct berth_json_cursor at, bool name,
                         struct berth_text role)
{
    const struct berth_openpai_job_place place = {.at = at, .name = name};
    const struct berth_openpai_saying saying = {"no role is called ", role, NULL};
    berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_REFERENCE, false, &saying);
}

/* The first one before ROLE that is in the same affinity group. */
static struct berth_json_cursor same_group(struct berth_json_cursor roles, struct berth_json_cursor role)
{
    struct berth_text group = berth_openpai_member_text(role, group_member);
    struct berth_json_cursor at = berth_json_enter(roles);
    while (at.token < role.token && !berth_text_equal(berth_openpai_member_text(at, group_member), group))
        at = berth_json_next(at);
    return at;
}

static void check_hived_role(struct berth_openpai_report *r, struct berth_json_cursor hived_roles,
                             struct berth_json_cursor roles, struct berth_json_cursor role)
{
    struct berth_text sku = berth_openpai_member_text(role, sku_member);
    struct berth_text cell = berth_openpai_member_text(role, cell_member);
    if (berth_json_find(roles, berth_json_name(role)).json == NULL)
        tell_no_role(r, role, true, berth_json_name(role));
    if (sku.ptr != NULL && cell.ptr != NULL)
        berth_openpai_error(r, berth_json_find(role, cell_member), BERTH_OPENPAI_RULE_EXCLUSIVE,
                            "skuType and pinnedCellId exclude each other");
    if (berth_openpai_member_text(role, group_member).ptr == NULL)
        return;
    struct berth_json_cursor first = same_group(hived_roles, role);
    if (!berth_text_equal(berth_openpai_member_text(first, sku_member), sku) ||
        !berth_text_equal(berth_openpai_member_text(first, cell_member), cell))
        berth_openpai_error(r, berth_json_find(role, group_member), BERTH_OPENPAI_RULE_AFFINITY,
                            "all roles of an affinity group have the same skuType or pinnedCellId");
}

static void check_plugin(struct berth_openpai_report *r, struct berth_json_cursor roles,
                         struct berth_json_cursor plugin)
{
    struct berth_json_cursor list = berth_json_find(plugin, BERTH_TEXT("taskroles"));
    if (berth_json_type_of(list) != BERTH_JSON_ARRAY)
        return;
    for (struct berth_json_cursor at = berth_json_enter(list); at.json != NULL; at = berth_json_next(at)) {
        struct berth_text name = berth_openpai_text_of(at);
        if (name.ptr != NULL && berth_json_find(roles, name).json == NULL)
            tell_no_role(r, at, false, name);
    }
}

void berth_openpai_check_hived(struct berth_openpai_report *r)
{
    struct berth_json_cursor root = berth_openpai_root(r->document);
    struct berth_json_cursor roles = berth_json_find(root, BERTH_TEXT("taskRoles"));
    struct berth_json_cursor extras = berth_json_find(root, BERTH_TEXT("extras"));
    struct berth_json_cursor hived =
        berth_json_find(berth_json_find(extras, BERTH_TEXT("hivedScheduler")), BERTH_TEXT("taskRoles"));
    struct berth_json_cursor plugins = berth_json_find(extras, BERTH_TEXT("com.microsoft.pai.runtimeplugin"));
    if (berth_json_type_of(hived) == BERTH_JSON_OBJECT)
        for (struct berth_json_cursor at = berth_json_enter(hived); at.json != NULL; at = berth_json_next(at))
            check_hived_role(r, hived, roles, at);
    if (berth_json_type_of(plugins) == BERTH_JSON_ARRAY)
        for (struct berth_json_cursor at = berth_json_enter(plugins); at.json != NULL;
             at = berth_json_next(at))
            check_plugin(r, roles, at);
}
