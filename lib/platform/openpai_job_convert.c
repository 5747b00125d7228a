/* OpenPAI config v1 to protocol v2 (the wire page's 3.4). */
#include "platform/openpai_job.h"

struct conversion {
    struct berth_openpai_report report;
    struct berth_writer *out;
    struct berth_json_cursor root;
    struct berth_text auth[3]; /* registry, user, password */
    bool has_auth;
};

/* v1's folders: the type of v2's prerequisite, which is also the role's member, and the variable. */
static const struct {
    struct berth_text member;
    struct berth_text type;
    const char *variable;
    bool list; /* its uri */
} FOLDERS[] = {
    {BERTH_TEXT_INIT("dataDir"), BERTH_TEXT_INIT("data"), "PAI_DATA_DIR", true},
    {BERTH_TEXT_INIT("outputDir"), BERTH_TEXT_INIT("output"), "PAI_OUTPUT_DIR", false},
    {BERTH_TEXT_INIT("codeDir"), BERTH_TEXT_INIT("script"), "PAI_CODE_DIR", false},
};
enum { FOLDER_COUNT = sizeof FOLDERS / sizeof FOLDERS[0] };

static struct berth_text folder_of(const struct conversion *c, size_t i)
{
    return berth_openpai_member_text(c->root, FOLDERS[i].member);
}

static void put(struct conversion *c, const char *string)
{
    berth_put_string(c->out, string);
}

/* A text of the document, as JSON. */
static void put_raw(struct conversion *c, struct berth_text raw)
{
    berth_put_char(c->out, '"');
    berth_openpai_put(c->out, raw, BERTH_OPENPAI_RAW);
    berth_put_char(c->out, '"');
}

static void put_number(struct conversion *c, const char *name, int64_t value)
{
    put(c, name);
    berth_put_i64(c->out, value);
}

static void warn(struct conversion *c, struct berth_json_cursor at, const char *what)
{
    berth_openpai_warn(&c->report, at, BERTH_OPENPAI_RULE_CONVERSION, what);
}

static void error(struct conversion *c, struct berth_json_cursor at, const char *what)
{
    berth_openpai_error(&c->report, at, BERTH_OPENPAI_RULE_CONVERSION, what);
}

/* ---- What cannot be converted ----------------------------------------------------------------- */

static void read_auth_file(struct conversion *c, struct berth_text contents)
{
    struct berth_json_cursor at = berth_json_find(c->root, BERTH_TEXT("authFile"));
    struct berth_text rest = berth_text_trim(contents), line;
    size_t lines = 0;
    if (berth_openpai_text_of(at).len == 0)
        return;
    if (contents.ptr == NULL) {
        error(c, at, "the contents of this file are needed: its registry, user and password");
        return;
    }
    for (; berth_text_split(&rest, '\n', &line); lines++)
        if (lines < 3)
            c->auth[lines] = berth_text_trim(line);
    c->has_auth = lines == 3 && c->auth[0].len > 0 && c->auth[1].len > 0 && c->auth[2].len > 0 &&
                  berth_text_is_utf8(contents, NULL);
    if (!c->has_auth)
        error(c, at, "such a file has three lines: registry, user, password");
}

static void check_texts(struct conversion *c, struct berth_json_cursor roles)
{
    static const struct berth_text begin = BERTH_TEXT_INIT("<%");
    for (struct berth_json_cursor role = berth_json_enter(roles); role.json != NULL;
         role = berth_json_next(role)) {
        struct berth_json_cursor command = berth_json_find(role, BERTH_TEXT("command"));
        if (berth_text_find(berth_openpai_text_of(command), begin) != SIZE_MAX)
            warn(c, command, "has \"<%\", which v2 may take for a reference");
    }
}

static void check_ports(struct conversion *c, struct berth_json_cursor list)
{
    for (struct berth_json_cursor at = berth_json_enter(list); at.json != NULL; at = berth_json_next(at)) {
        struct berth_json_cursor begin = berth_json_find(at, BERTH_TEXT("beginAt"));
        struct berth_json_cursor label = berth_json_find(at, BERTH_TEXT("label"));
        if (berth_openpai_member_number(at, BERTH_TEXT("beginAt"), 0) != 0)
            warn(c, begin, "is lost: v2 has no fixed ports");
        if (!berth_openpai_has_form(berth_openpai_text_of(label), BERTH_OPENPAI_FORM_ROLE_V2))
            warn(c, label, "becomes an identifier: other characters become '_'");
        for (struct berth_json_cursor other = berth_json_enter(list); other.token < at.token;
             other = berth_json_next(other))
            if (berth_openpai_same_identifier(berth_openpai_member_text(other, BERTH_TEXT("label")),
                                              berth_openpai_text_of(label)))
                error(c, label, "two ports of one name: v2 has a mapping of them");
    }
}

static void check_role(struct conversion *c, struct berth_json_cursor role)
{
    struct berth_json_cursor name = berth_json_find(role, BERTH_TEXT("name"));
    if (!berth_openpai_has_form(berth_openpai_text_of(name), BERTH_OPENPAI_FORM_ROLE_V2))
        warn(c, name, "becomes an identifier: other characters become '_'");
    check_ports(c, berth_json_find(role, BERTH_TEXT("portList")));
}

static void check_variables(struct conversion *c)
{
    struct berth_json_cursor map = berth_json_find(c->root, BERTH_TEXT("jobEnvs"));
    for (struct berth_json_cursor at = berth_json_enter(map); at.json != NULL; at = berth_json_next(at))
        if (!berth_openpai_is_variable(berth_json_name(at)))
            error(c, at, "a shell cannot export a variable of this name");
}

static void check_document(struct conversion *c)
{
    struct berth_json_cursor name = berth_json_find(c->root, BERTH_TEXT("jobName"));
    struct berth_json_cursor retries = berth_json_find(c->root, BERTH_TEXT("retryCount"));
    struct berth_json_cursor gpu = berth_json_find(c->root, BERTH_TEXT("gpuType"));
    struct berth_json_cursor kill = berth_json_find(c->root, BERTH_TEXT("killAllOnCompletedTaskNumber"));
    struct berth_json_cursor roles = berth_json_find(c->root, BERTH_TEXT("taskRoles"));
    struct berth_text is = berth_openpai_text_of(name);
    if (is.len > BERTH_OPENPAI_JOB_NAME_MAX)
        error(c, name, "is longer than the 255 characters of v2");
    else if (!berth_openpai_has_form(is, BERTH_OPENPAI_FORM_JOB_V2))
        warn(c, name, "changes: what v2 does not allow in a name becomes '_'");
    if (berth_openpai_member_number(c->root, BERTH_TEXT("retryCount"), 0) < 0)
        error(c, retries, "v2 has no negative retry count");
    if (berth_openpai_text_of(gpu).len > 0)
        warn(c, gpu, "is lost: v2 chooses GPUs by extras.hivedScheduler");
    if (kill.json != NULL)
        warn(c, kill, "is lost: v2 has no such member");
    if (folder_of(c, 2).len > 0)
        warn(c, berth_json_find(c->root, FOLDERS[2].member),
             "v2 does not copy it into the container: the command has to");
    check_variables(c);
    if (berth_json_type_of(roles) != BERTH_JSON_ARRAY)
        return;
    berth_openpai_check_twins(&c->report, roles, BERTH_OPENPAI_TWINS_ROLES, false,
                              BERTH_OPENPAI_ROLES_COLLIDE);
    for (struct berth_json_cursor at = berth_json_enter(roles); at.json != NULL; at = berth_json_next(at))
        check_role(c, at);
    check_texts(c, roles);
}

/* ---- Writing ---------------------------------------------------------------------------------- */

static void put_prerequisites(struct conversion *c)
{
    put(c, "prerequisites: [{\"name\":\"default\",\"type\":\"dockerimage\",\"uri\":");
    put_raw(c, berth_openpai_member_text(c->root, BERTH_TEXT("image")));
    if (c->has_auth) {
        put(c, ",\"auth\":{\"username\":");
        berth_openpai_put_text(c->out, c->auth[1]);
        put(c, ",\"password\":\"<% $secrets.registry %>\",\"registryuri\":");
        berth_openpai_put_text(c->out, c->auth[0]);
        put(c, "}");
    }
    put(c, "}");
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (folder_of(c, i).len == 0)
            continue;
        put(c, ",{\"name\":\"default\",\"type\":\"");
        berth_put_text(c->out, FOLDERS[i].type);
        put(c, FOLDERS[i].list ? "\",\"uri\":[" : "\",\"uri\":");
        put_raw(c, folder_of(c, i));
        put(c, FOLDERS[i].list ? "]}" : "}");
    }
    put(c, "]\n");
}

static void put_ports(struct conversion *c, struct berth_json_cursor list)
{
    const char *begun = ",\"ports\":{\"";
    if (berth_json_count(list) == 0)
        return;
    for (struct berth_json_cursor at = berth_json_enter(list); at.json != NULL; at = berth_json_next(at)) {
        put(c, begun);
        berth_openpai_put_identifier(c->out, berth_openpai_member_text(at, BERTH_TEXT("label")));
        put_number(c, "\":", berth_openpai_member_number(at, BERTH_TEXT("portNumber"), 1));
        begun = ",\"";
    }
    put(c, "}");
}

/* A number of the role that need not be there. */
static bool put_if(struct conversion *c, struct berth_json_cursor role, struct berth_text member,
                   const char *name)
{
    int64_t value;
    if (berth_json_get_i64(berth_json_find(role, member), &value) != BERTH_OK)
        return false;
    put_number(c, name, value);
    return true;
}

static void put_completion(struct conversion *c, struct berth_json_cursor role)
{
    static const struct berth_text failed = BERTH_TEXT_INIT("minFailedTaskCount");
    static const struct berth_text succeeded = BERTH_TEXT_INIT("minSucceededTaskCount");
    bool any = put_if(c, role, failed, ",\"completion\":{\"minFailedInstances\":");
    any = put_if(c, role, succeeded,
                 any ? ",\"minSucceededInstances\":" : ",\"completion\":{\"minSucceededInstances\":") ||
          any;
    if (any)
        put(c, "}");
}

static void put_role(struct conversion *c, struct berth_json_cursor role)
{
    put_number(c, "{\"instances\":", berth_openpai_member_number(role, BERTH_TEXT("taskNumber"), 1));
    put_completion(c, role);
    put(c, ",\"dockerImage\":\"default\"");
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (folder_of(c, i).len == 0)
            continue;
        put(c, ",\"");
        berth_put_text(c->out, FOLDERS[i].type);
        put(c, "\":\"default\"");
    }
    put_number(c, ",\"resourcePerInstance\":{\"cpu\":",
               berth_openpai_member_number(role, BERTH_TEXT("cpuNumber"), 1));
    put_number(c, ",\"memoryMB\":", berth_openpai_member_number(role, BERTH_TEXT("memoryMB"), 100));
    put_number(c, ",\"gpu\":", berth_openpai_member_number(role, BERTH_TEXT("gpuNumber"), 0));
    put_ports(c, berth_json_find(role, BERTH_TEXT("portList")));
    put(c, "}");
    if (put_if(c, role, BERTH_TEXT("shmMB"), ",\"extraContainerOptions\":{\"shmMB\":"))
        put(c, "}");
    put(c, ",\"commands\":[");
    put_raw(c, berth_openpai_member_text(role, BERTH_TEXT("command")));
    put(c, "]}");
}

static void put_role_name(struct conversion *c, struct berth_json_cursor role)
{
    put(c, "\"");
    berth_openpai_put_identifier(c->out, berth_openpai_member_text(role, BERTH_TEXT("name")));
    put(c, "\":");
}

static void put_roles(struct conversion *c, struct berth_json_cursor roles)
{
    const char *begun = "taskRoles: {";
    for (struct berth_json_cursor at = berth_json_enter(roles); at.json != NULL; at = berth_json_next(at)) {
        put(c, begun);
        put_role_name(c, at);
        put_role(c, at);
        begun = ",";
    }
    put(c, "}\n");
}

static void put_variable(struct conversion *c, struct berth_json_cursor at)
{
    enum berth_json_type type = berth_json_type_of(at);
    berth_put_text(c->out, berth_json_name(at));
    put(c, "=");
    berth_openpai_write_word(c->out, berth_json_raw(at),
                             type == BERTH_JSON_TEXT ? BERTH_OPENPAI_RAW : BERTH_OPENPAI_INSIDE);
    put(c, "\"");
}

/* The shell lines that give a role what v1 gave it. */
static void put_exports(struct conversion *c)
{
    const char *begun = "\"preCommands\":[\"export ";
    struct berth_json_cursor map = berth_json_find(c->root, BERTH_TEXT("jobEnvs"));
    bool any = false;
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (folder_of(c, i).len == 0)
            continue;
        put(c, any ? ",\"export " : begun);
        put(c, FOLDERS[i].variable);
        put(c, "=");
        berth_openpai_write_folder(c->out, folder_of(c, i));
        put(c, "\"");
        any = true;
    }
    for (struct berth_json_cursor at = berth_json_enter(map); at.json != NULL; at = berth_json_next(at)) {
        if (berth_json_type_of(at) == BERTH_JSON_NULL)
            continue;
        put(c, any ? ",\"export " : begun);
        put_variable(c, at);
        any = true;
    }
    if (any)
        put(c, "]");
}

static void put_deployment(struct conversion *c, struct berth_json_cursor roles)
{
    const char *begun = "deployments: [{\"name\":\"default\",\"taskRoles\":{";
    for (struct berth_json_cursor at = berth_json_enter(roles); at.json != NULL; at = berth_json_next(at)) {
        put(c, begun);
        put_role_name(c, at);
        put(c, "{");
        put_exports(c);
        put(c, "}");
        begun = ",";
    }
    put(c, "}}]\n");
}

static void put_map(struct conversion *c, const char *name, struct berth_text member)
{
    struct berth_json_cursor at = berth_json_find(c->root, member);
    if (berth_json_type_of(at) == BERTH_JSON_OBJECT)
        berth_openpai_put_member(c->out, berth_text_of(name), berth_json_raw(at));
}

static void put_document(struct conversion *c)
{
    struct berth_json_cursor roles = berth_json_find(c->root, BERTH_TEXT("taskRoles"));
    struct berth_text cluster = berth_openpai_member_text(c->root, BERTH_TEXT("virtualCluster"));
    put(c, "protocolVersion: 2\nname: \"");
    berth_openpai_put_job_name(c->out, berth_openpai_member_text(c->root, BERTH_TEXT("jobName")));
    put(c, "\"\ntype: \"job\"\n");
    put_number(c, "jobRetryCount: ", berth_openpai_member_number(c->root, BERTH_TEXT("retryCount"), 0));
    put(c, "\n");
    put_prerequisites(c);
    put_map(c, "parameters", BERTH_TEXT("jobEnvs"));
    if (c->has_auth) {
        put(c, "secrets: {\"registry\":");
        berth_openpai_put_text(c->out, c->auth[2]);
        put(c, "}\n");
    }
    put_roles(c, roles);
    put_deployment(c, roles);
    put(c, "defaults: {\"virtualCluster\":");
    put_raw(c, cluster.len > 0 ? cluster : BERTH_TEXT("default"));
    put(c, ",\"deployment\":\"default\"}\n");
    put_map(c, "extras", BERTH_TEXT("extras"));
}

enum berth_status berth_openpai_convert(const struct berth_openpai_document *document,
                                        struct berth_openpai_conversion *inout_conversion,
                                        struct berth_writer *out)
{
    struct conversion c = {.out = out, .root = berth_openpai_root(document)};
    if (document->protocol != BERTH_OPENPAI_V1)
        return BERTH_E_ARGUMENT;
    berth_openpai_report_begin(&c.report, document, &inout_conversion->check);
    read_auth_file(&c, inout_conversion->auth_file);
    check_document(&c);
    put_document(&c);
    BERTH_TRY(berth_openpai_report_end(&c.report));
    return berth_writer_status(out);
}
