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

/* ---- Passwords in plain sight ----------------------------------------------------------------- */

static bool ends_nocase(struct berth_text text, struct berth_text end)
{
    return text.len >= end.len &&
           berth_text_equal_nocase(berth_text_slice(text, text.len - end.len, text.len), end);
}

static bool is_secret_name(struct berth_text name)
{
    static const struct berth_text ends[] = {BERTH_TEXT_INIT("password"),   BERTH_TEXT_INIT("passwd"),
                                             BERTH_TEXT_INIT("token"),      BERTH_TEXT_INIT("secret"),
                                             BERTH_TEXT_INIT("secret_key"), BERTH_TEXT_INIT("api_key")};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_nocase(name, ends[i]))
            return true;
    return false;
}

void berth_openpai_check_passwords(struct berth_openpai_report *r, struct berth_json_cursor map,
                                   const char *what)
{
    if (berth_json_type_of(map) != BERTH_JSON_OBJECT)
        return;
    for (struct berth_json_cursor at = berth_json_enter(map); at.json != NULL; at = berth_json_next(at)) {
        struct berth_text text = berth_openpai_text_of(at);
        if (text.len > 0 && is_secret_name(berth_json_name(at)) &&
            berth_text_find(text, BERTH_TEXT("$secrets")) == SIZE_MAX)
            berth_openpai_warn(r, at, BERTH_OPENPAI_RULE_PASSWORD, what);
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

static void check_role(struct berth_openpai_report *r, struct berth_json_cursor role)
{
    int64_t tasks = berth_openpai_member_number(role, BERTH_TEXT("taskNumber"), 1);
    struct berth_json_cursor shm = berth_json_find(role, BERTH_TEXT("shmMB"));
    check_count(r, role, BERTH_TEXT("minFailedTaskCount"), tasks);
    check_count(r, role, BERTH_TEXT("minSucceededTaskCount"), tasks);
    if (berth_openpai_member_number(role, BERTH_TEXT("shmMB"), 64) >
        berth_openpai_member_number(role, BERTH_TEXT("memoryMB"), 100))
        berth_openpai_error(r, shm.json != NULL ? shm : berth_json_find(role, BERTH_TEXT("memoryMB")),
                            BERTH_OPENPAI_RULE_RANGE,
                            "shmMB (64 when absent) must not be more than memoryMB (100 when absent)");
}

void berth_openpai_check_v1(struct berth_openpai_report *r)
{
    struct berth_json_cursor root = berth_openpai_root(r->document);
    struct berth_json_cursor roles = berth_json_find(root, BERTH_TEXT("taskRoles"));
    struct berth_json_cursor obsolete = berth_json_find(root, BERTH_TEXT("killAllOnCompletedTaskNumber"));
    if (berth_json_type_of(roles) == BERTH_JSON_ARRAY) {
        berth_openpai_check_twins(r, roles, BERTH_OPENPAI_TWINS_NAMED, false, "another role has this name");
        for (struct berth_json_cursor role = berth_json_enter(roles); role.json != NULL;
             role = berth_json_next(role))
            check_role(r, role);
    }
    berth_openpai_check_passwords(r, berth_json_find(root, BERTH_TEXT("jobEnvs")),
                                  "everybody reads a job's variables: v1 has no secrets");
    if (obsolete.json != NULL)
        berth_openpai_warn(r, obsolete, BERTH_OPENPAI_RULE_NO_EFFECT,
                           "is obsolete: use minFailedTaskCount and minSucceededTaskCount");
}
