/* OpenPAI protocol v2: what the members say to each other (the wire page's 3.1 and 3.2). */
#include "platform/openpai_job.h"

static const struct berth_text name_member = BERTH_TEXT_INIT("name");
static const struct berth_text type_member = BERTH_TEXT_INIT("type");
static const struct berth_text roles_member = BERTH_TEXT_INIT("taskRoles");

static void tell_reference(struct berth_openpai_report *r, struct berth_json_cursor at, bool name,
                           bool warning, const char *before, struct berth_text what, const char *after)
{
    const struct berth_openpai_job_place place = {.at = at, .name = name};
    const struct berth_openpai_saying saying = {before, what, after};
    berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_REFERENCE, warning, &saying);
}

/* ---- Prerequisites ---------------------------------------------------------------------------- */

struct berth_json_cursor berth_openpai_find_prerequisite(struct berth_json_cursor root,
                                                         struct berth_text name, struct berth_text type)
{
    static const struct berth_json_cursor none = {NULL, 0};
    struct berth_json_cursor list = berth_json_find(root, BERTH_TEXT("prerequisites"));
    if (berth_json_type_of(list) != BERTH_JSON_ARRAY || name.ptr == NULL)
        return none;
    struct berth_json_cursor at = berth_json_enter(list);
    while (at.json != NULL &&
           !(berth_text_equal(berth_openpai_member_text(at, name_member), name) &&
             (type.ptr == NULL || berth_text_equal(berth_openpai_member_text(at, type_member), type))))
        at = berth_json_next(at);
    return at;
}

/* Where a password may be written by mistake: registries, parameters, and the cluster list that an old SDK
 * sends along. */
static void check_passwords(struct berth_openpai_report *r, struct berth_json_cursor root)
{
    static const char what[] = "everybody who may see the job reads it: put it into secrets, and "
                               "<% $secrets.NAME %> here";
    struct berth_json_cursor list = berth_json_find(root, BERTH_TEXT("prerequisites"));
    struct berth_json_cursor clusters =
        berth_json_find(berth_json_find(root, BERTH_TEXT("extras")), BERTH_TEXT("__clusters__"));
    if (berth_json_type_of(list) == BERTH_JSON_ARRAY)
        for (struct berth_json_cursor at = berth_json_enter(list); at.json != NULL; at = berth_json_next(at))
            berth_openpai_check_passwords(r, berth_json_find(at, BERTH_TEXT("auth")), what);
    berth_openpai_check_passwords(r, berth_json_find(root, BERTH_TEXT("parameters")), what);
    for (struct berth_json_cursor at = berth_json_enter(clusters); at.json != NULL; at = berth_json_next(at))
        berth_openpai_check_passwords(r, at, "everybody who may see the job reads it: leave it out");
}

static void check_prerequisites(struct berth_openpai_report *r, struct berth_json_cursor root)
{
    struct berth_json_cursor list = berth_json_find(root, BERTH_TEXT("prerequisites"));
    if (berth_json_type_of(list) != BERTH_JSON_ARRAY)
        return;
    berth_openpai_check_twins(r, list, BERTH_OPENPAI_TWINS_TYPED, false,
                              "another prerequisite of this type has this name");
}

/* ---- Task roles ------------------------------------------------------------------------------- */

/* Members of a role that name a prerequisite, and of which type. */
static const struct {
    struct berth_text member;
    struct berth_text type;
} SELECTIONS[] = {
    {BERTH_TEXT_INIT("dockerImage"), BERTH_TEXT_INIT("dockerimage")},
    {BERTH_TEXT_INIT("script"), BERTH_TEXT_INIT("script")},
    {BERTH_TEXT_INIT("output"), BERTH_TEXT_INIT("output")},
    {BERTH_TEXT_INIT("data"), BERTH_TEXT_INIT("data")},
};

static void check_selections(struct berth_openpai_report *r, struct berth_json_cursor root,
                             struct berth_json_cursor role)
{
    static const char *const missing[] = {
        "no prerequisite of the type dockerimage is called ",
        "no prerequisite of the type script is called ",
        "no prerequisite of the type output is called ",
        "no prerequisite of the type data is called ",
    };
    static const struct berth_text any = {NULL, 0};
    for (size_t i = 0; i < sizeof SELECTIONS / sizeof SELECTIONS[0]; i++) {
        struct berth_json_cursor at = berth_json_find(role, SELECTIONS[i].member);
        struct berth_text name = berth_openpai_text_of(at);
        if (name.ptr != NULL && berth_openpai_find_prerequisite(root, name, SELECTIONS[i].type).json == NULL)
            tell_reference(r, at, false, false, missing[i], name, NULL);
    }
    struct berth_json_cursor list = berth_json_find(role, BERTH_TEXT("prerequisites"));
    if (berth_json_type_of(list) != BERTH_JSON_ARRAY)
        return;
    for (struct berth_json_cursor at = berth_json_enter(list); at.json != NULL; at = berth_json_next(at)) {
        struct berth_text name = berth_openpai_text_of(at);
        if (name.ptr != NULL && berth_openpai_find_prerequisite(root, name, any).json == NULL)
            tell_reference(r, at, false, false, "no prerequisite is called ", name, NULL);
    }
}

static void check_completion(struct berth_openpai_report *r, struct berth_json_cursor role)
{
    static const struct berth_text counts[] = {BERTH_TEXT_INIT("minFailedInstances"),
                                               BERTH_TEXT_INIT("minSucceededInstances")};
    struct berth_json_cursor completion = berth_json_find(role, BERTH_TEXT("completion"));
    int64_t instances = berth_openpai_member_number(role, BERTH_TEXT("instances"), 1);
    for (size_t i = 0; i < 2; i++)
        if (berth_openpai_member_number(completion, counts[i], 0) > instances)
            berth_openpai_warn(r, berth_json_find(completion, counts[i]), BERTH_OPENPAI_RULE_COUNT,
                               "is more than the role has instances: it never comes to that");
}

static void check_role(struct berth_openpai_report *r, struct berth_json_cursor root,
                       struct berth_json_cursor role)
{
    static const struct berth_openpai_saying no_instances = {
        .before = "is missing: a server fails without it (berth writes 1)"};
    const struct berth_openpai_job_place place = {.at = role, .missing = BERTH_TEXT("instances")};
    struct berth_json_cursor extras = berth_json_find(root, BERTH_TEXT("extras"));
    struct berth_json_cursor retries = berth_json_find(role, BERTH_TEXT("taskRetryCount"));
    if (berth_json_type_of(role) != BERTH_JSON_OBJECT)
        return;
    if (berth_json_find(role, BERTH_TEXT("instances")).json == NULL)
        berth_openpai_tell(r, &place, BERTH_OPENPAI_RULE_INSTANCES, true, &no_instances);
    if (berth_openpai_member_number(role, BERTH_TEXT("taskRetryCount"), 0) != 0 &&
        !berth_openpai_is_bool(berth_json_find(extras, BERTH_TEXT("gangAllocation")), false))
        berth_openpai_warn(r, retries, BERTH_OPENPAI_RULE_NO_EFFECT,
                           "has an effect only with extras.gangAllocation: false");
    check_selections(r, root, role);
    check_completion(r, role);
    berth_openpai_check_templates(r, berth_json_find(role, BERTH_TEXT("commands")), role);
}

/* ---- Deployments ------------------------------------------------------------------------------ */

static bool has_deployment(struct berth_json_cursor list, struct berth_text name)
{
    if (berth_json_type_of(list) != BERTH_JSON_ARRAY)
        return false;
    for (struct berth_json_cursor at = berth_json_enter(list); at.json != NULL; at = berth_json_next(at))
        if (berth_text_equal(berth_openpai_member_text(at, name_member), name))
            return true;
    return false;
}

static void check_deployment(struct berth_openpai_report *r, struct berth_json_cursor roles,
                             struct berth_json_cursor deployment)
{
    struct berth_json_cursor map = berth_json_find(deployment, roles_member);
    if (berth_json_type_of(map) != BERTH_JSON_OBJECT)
        return;
    for (struct berth_json_cursor at = berth_json_enter(map); at.json != NULL; at = berth_json_next(at)) {
        struct berth_json_cursor role = berth_json_find(roles, berth_json_name(at));
        if (role.json == NULL)
            tell_reference(r, at, true, true, "no role is called ", berth_json_name(at),
                           ": these commands never run");
        berth_openpai_check_templates(r, berth_json_find(at, BERTH_TEXT("preCommands")), role);
        berth_openpai_check_templates(r, berth_json_find(at, BERTH_TEXT("postCommands")), role);
    }
}

static void check_deployments(struct berth_openpai_report *r, struct berth_json_cursor root)
{
    struct berth_json_cursor list = berth_json_find(root, BERTH_TEXT("deployments"));
    struct berth_json_cursor roles = berth_json_find(root, roles_member);
    struct berth_json_cursor defaults = berth_json_find(root, BERTH_TEXT("defaults"));
    struct berth_json_cursor active = berth_json_find(defaults, BERTH_TEXT("deployment"));
    struct berth_text name = berth_openpai_text_of(active);
    if (name.ptr != NULL && !has_deployment(list, name))
        tell_reference(r, active, false, false, "no deployment is called ", name, NULL);
    if (berth_json_type_of(list) != BERTH_JSON_ARRAY)
        return;
    berth_openpai_check_twins(r, list, BERTH_OPENPAI_TWINS_NAMED, false, "another deployment has this name");
    for (struct berth_json_cursor at = berth_json_enter(list); at.json != NULL; at = berth_json_next(at))
        check_deployment(r, roles, at);
}

void berth_openpai_check_v2(struct berth_openpai_report *r)
{
    struct berth_json_cursor root = berth_openpai_root(r->document);
    struct berth_json_cursor roles = berth_json_find(root, roles_member);
    check_prerequisites(r, root);
    check_passwords(r, root);
    if (berth_json_type_of(roles) == BERTH_JSON_OBJECT) {
        berth_openpai_check_twins(r, roles, BERTH_OPENPAI_TWINS_ROLES, false, BERTH_OPENPAI_ROLES_COLLIDE);
        for (struct berth_json_cursor at = berth_json_enter(roles); at.json != NULL; at = berth_json_next(at))
            check_role(r, root, at);
    }
    check_deployments(r, root);
}
