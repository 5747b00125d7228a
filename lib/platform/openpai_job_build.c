/* OpenPAI jobs built from a command, resources and an image: config v1 and protocol v2 (the wire page's 4.3).
 */
#include "platform/openpai_job.h"

struct build {
    const struct berth_openpai_spec *spec;
    struct berth_writer *out;
    bool any; /* something was put into the list or mapping that is open */
};

static const struct berth_text main_role = BERTH_TEXT_INIT("main");
enum { DEFAULT_MEMORY_MB = 1024 };

static void put(struct build *b, const char *string)
{
    berth_put_string(b->out, string);
}

static void put_inside(struct build *b, struct berth_text text)
{
    berth_openpai_put(b->out, text, BERTH_OPENPAI_INSIDE);
}

static void put_text(struct build *b, const char *name, struct berth_text text)
{
    put(b, name);
    berth_openpai_put_text(b->out, text);
}

static void put_number(struct build *b, const char *name, int64_t value)
{
    put(b, name);
    berth_put_i64(b->out, value);
}

static void comma(struct build *b)
{
    if (b->any)
        put(b, ",");
    b->any = true;
}

static int64_t or_default(int64_t value, int64_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static struct berth_text name_of(const struct berth_openpai_spec_role *role)
{
    return role->name.len > 0 ? role->name : main_role;
}

/* ---- What is needed --------------------------------------------------------------------------- */

static bool are_utf8(const struct berth_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!berth_text_is_utf8(texts[i], NULL))
            return false;
    return true;
}

static bool pairs_are_utf8(const struct berth_openpai_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!berth_text_is_utf8(pairs[i].name, NULL) || !berth_text_is_utf8(pairs[i].value, NULL))
            return false;
    return true;
}

static enum berth_status check_characters(const struct berth_openpai_spec *spec)
{
    const struct berth_text texts[] = {spec->job_name,  spec->image,           spec->alias,
                                       spec->workspace, spec->install_command, spec->description,
                                       spec->registry,  spec->virtual_cluster, spec->registry_user,
                                       spec->priority,  spec->registry_secret};
    bool good =
        are_utf8(texts, sizeof texts / sizeof texts[0]) && are_utf8(spec->sources, spec->source_count) &&
        are_utf8(spec->packages, spec->package_count) && are_utf8(spec->prepare, spec->prepare_count) &&
        are_utf8(spec->tags, spec->tag_count) && are_utf8(spec->storages, spec->storage_count) &&
        pairs_are_utf8(spec->client, spec->client_count) && pairs_are_utf8(spec->env, spec->env_count) &&
        pairs_are_utf8(spec->secrets, spec->secret_count);
    for (size_t i = 0; good && i < spec->role_count; i++) {
        const struct berth_openpai_spec_role *role = &spec->roles[i];
        good = berth_text_is_utf8(role->name, NULL) && are_utf8(role->argv, role->argc);
        for (size_t k = 0; good && k < role->port_count; k++)
            good = berth_text_is_utf8(role->ports[k].label, NULL);
    }
    return good ? BERTH_OK : BERTH_E_UTF8;
}

static enum berth_status check_spec(const struct berth_openpai_spec *spec)
{
    if (spec->job_name.len == 0 || spec->image.len == 0 || spec->role_count == 0)
        return BERTH_E_MISSING;
    for (size_t i = 0; i < spec->role_count; i++)
        if (spec->roles[i].argc == 0 || spec->roles[i].argv[0].len == 0)
            return BERTH_E_MISSING;
    for (size_t i = 0; i < spec->source_count; i++)
        if (!berth_openpai_source_is_inside(spec->sources[i]))
            return BERTH_E_ARGUMENT;
    for (size_t i = 0; i < spec->env_count; i++)
        if (!berth_openpai_is_variable(spec->env[i].name))
            return BERTH_E_ARGUMENT;
    return check_characters(spec);
}

/* ---- Variables -------------------------------------------------------------------------------- */

/* How a variable is written: a member of an object, or a shell line in a list. */
enum variables { AS_MEMBERS, AS_EXPORTS };

static void put_upper(struct build *b, struct berth_text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool small = c >= 'a' && c <= 'z';
        bool kept = small || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        berth_put_char(b->out, !kept ? '_' : small ? (char)(c - 'a' + 'A') : c);
    }
}

static void begin_variable(struct build *b, enum variables how)
{
    comma(b);
    put(b, how == AS_MEMBERS ? "\"" : "\"export ");
}

static void put_value(struct build *b, enum variables how, struct berth_text value)
{
    if (how == AS_MEMBERS) {
        put_text(b, "\":", value);
        return;
    }
    put(b, "=");
    berth_openpai_write_word(b->out, value, BERTH_OPENPAI_INSIDE);
    put(b, "\"");
}

static bool is_secret_member(struct berth_text name)
{
    static const struct berth_text secret[] = {BERTH_TEXT_INIT("passwd"), BERTH_TEXT_INIT("password"),
                                               BERTH_TEXT_INIT("token"), BERTH_TEXT_INIT("storages")};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        if (berth_text_equal_nocase(name, secret[i]))
            return true;
    return false;
}

/* A folder of the job: WORKSPACE/JOB/LAST. */
static void put_job_folder(struct build *b, enum variables how, const char *variable, const char *last)
{
    begin_variable(b, how);
    put(b, variable);
    put(b, how == AS_MEMBERS ? "\":\"" : "='");
    /* A quote in it cannot stand in a shell's single quotes as it is; in JSON it can. */
    struct berth_text rest = b->spec->workspace, part;
    for (bool first = true; berth_text_split(&rest, '\'', &part); first = false) {
        if (!first)
            put(b, how == AS_MEMBERS ? "'" : "'\\\\''");
        put_inside(b, part);
    }
    put(b, "/");
    put_inside(b, b->spec->job_name);
    put(b, last);
    put(b, how == AS_MEMBERS ? "\"" : "'\"");
}

static void put_variables(struct build *b, enum variables how)
{
    const struct berth_openpai_spec *spec = b->spec;
    if (spec->workspace.len > 0) {
        begin_variable(b, how);
        put(b, "PAI_SDK_JOB_WORKSPACE");
        put_value(b, how, spec->workspace);
        put_job_folder(b, how, "PAI_SDK_JOB_OUTPUT_DIR", "/output");
        if (spec->source_count > 0)
            put_job_folder(b, how, "PAI_SDK_JOB_CODE_DIR", "/code");
    }
    for (size_t i = 0; i < spec->client_count; i++) {
        const struct berth_openpai_pair *pair = &spec->client[i];
        if (pair->value.len == 0 || is_secret_member(pair->name))
            continue;
        begin_variable(b, how);
        put(b, "PAI_SDK_CLIENT_");
        put_upper(b, pair->name);
        put_value(b, how, pair->value);
    }
    for (size_t i = 0; i < spec->env_count; i++) {
        begin_variable(b, how);
        berth_put_text(b->out, spec->env[i].name);
        put_value(b, how, spec->env[i].value);
    }
}

static bool has_variables(const struct berth_openpai_spec *spec)
{
    for (size_t i = 0; i < spec->client_count; i++)
        if (spec->client[i].value.len > 0 && !is_secret_member(spec->client[i].name))
            return true;
    return spec->workspace.len > 0 || spec->env_count > 0;
}

/* ---- Commands --------------------------------------------------------------------------------- */

/* Shell lines that install what the job needs: each behind BETWEEN but the first. */
static void put_installs(struct build *b, const char *begin, const char *end, const char *between)
{
    const struct berth_openpai_spec *spec = b->spec;
    for (size_t i = 0; i < spec->package_count; i++) {
        put(b, b->any ? between : begin);
        b->any = true;
        put(b, "pip install -U ");
        berth_openpai_write_word(b->out, spec->packages[i], BERTH_OPENPAI_INSIDE);
        put(b, end);
    }
    if (spec->install_command.len > 0 && !spec->no_install) {
        put(b, b->any ? between : begin);
        b->any = true;
        put_inside(b, spec->install_command);
        put(b, end);
    }
}

/* `cd code` and the role's own command. */
static void put_command(struct build *b, const struct berth_openpai_spec_role *role, bool code)
{
    if (code)
        put(b, "cd code && ");
    berth_openpai_write_command(b->out, role->argv, role->argc, BERTH_OPENPAI_INSIDE);
}

/* ---- v1 --------------------------------------------------------------------------------------- */

static void put_v1_ports(struct build *b, const struct berth_openpai_spec_role *role)
{
    if (role->port_count == 0)
        return;
    put(b, ",\"portList\":[");
    for (size_t i = 0; i < role->port_count; i++) {
        put_text(b, i > 0 ? ",{\"label\":" : "{\"label\":", role->ports[i].label);
        put_number(b, ",\"portNumber\":", or_default(role->ports[i].count, 1));
        put(b, "}");
    }
    put(b, "]");
}

static void put_v1_role(struct build *b, const struct berth_openpai_spec_role *role)
{
    const struct berth_openpai_spec *spec = b->spec;
    put_text(b, "{\"name\":", name_of(role));
    put_number(b, ",\"taskNumber\":", or_default(role->task_number, 1));
    put_number(b, ",\"cpuNumber\":", or_default(role->cpu, 1));
    put_number(b, ",\"gpuNumber\":", role->gpu);
    put_number(b, ",\"memoryMB\":", or_default(role->memory_mb, DEFAULT_MEMORY_MB));
    if (role->shm_mb != 0)
        put_number(b, ",\"shmMB\":", role->shm_mb);
    put_v1_ports(b, role);
    if (role->min_failed != 0)
        put_number(b, ",\"minFailedTaskCount\":", role->min_failed);
    if (role->min_succeeded != 0)
        put_number(b, ",\"minSucceededTaskCount\":", role->min_succeeded);
    put(b, ",\"command\":\"");
    b->any = false;
    put_installs(b, "", "", " && ");
    if (b->any)
        put(b, " && ");
    put_command(b, role, spec->workspace.len > 0 && spec->source_count > 0);
    put(b, "\"}");
}

enum berth_status berth_openpai_build_v1(const struct berth_openpai_spec *spec, struct berth_writer *out)
{
    struct build b = {spec, out, false};
    BERTH_TRY(check_spec(spec));
    put_text(&b, "{\"jobName\":", spec->job_name);
    put_text(&b, ",\"image\":", spec->image);
    put(&b, ",\"codeDir\":\"");
    if (spec->workspace.len > 0 && spec->source_count > 0) {
        put(&b, "$PAI_DEFAULT_FS_URI");
        put_inside(&b, spec->workspace);
        put(&b, "/");
        put_inside(&b, spec->job_name);
        put(&b, "/code");
    }
    put(&b, "\",\"dataDir\":\"\",\"outputDir\":\"\"");
    put_text(&b, ",\"virtualCluster\":",
             spec->virtual_cluster.len > 0 ? spec->virtual_cluster : BERTH_TEXT("default"));
    put_number(&b, ",\"retryCount\":", spec->retry_count);
    put(&b, ",\"jobEnvs\":{");
    put_variables(&b, AS_MEMBERS);
    put(&b, "},\"taskRoles\":[");
    for (size_t i = 0; i < spec->role_count; i++) {
        put(&b, i > 0 ? "," : "");
        put_v1_role(&b, &spec->roles[i]);
    }
    put(&b, "]}");
    return berth_writer_status(out);
}

/* ---- v2 --------------------------------------------------------------------------------------- */

static void put_prerequisites(struct build *b)
{
    const struct berth_openpai_spec *spec = b->spec;
    put_text(b, "prerequisites: [{\"name\":\"image\",\"type\":\"dockerimage\",\"uri\":", spec->image);
    if (spec->registry_secret.len > 0) {
        put_text(b, ",\"auth\":{\"username\":", spec->registry_user);
        put(b, ",\"password\":\"<% $secrets.");
        put_inside(b, spec->registry_secret);
        put_text(b, " %>\",\"registryuri\":", spec->registry);
        put(b, "}");
    }
    put(b, "}]\n");
}

static void put_secrets(struct build *b)
{
    const struct berth_openpai_spec *spec = b->spec;
    if (spec->secret_count == 0)
        return;
    put(b, "secrets: {");
    b->any = false;
    for (size_t i = 0; i < spec->secret_count; i++) {
        comma(b);
        berth_openpai_put_text(b->out, spec->secrets[i].name);
        put_text(b, ":", spec->secrets[i].value);
    }
    put(b, "}\n");
}

static void put_v2_role(struct build *b, const struct berth_openpai_spec_role *role)
{
    put_number(b, "{\"instances\":", or_default(role->task_number, 1));
    if (role->min_failed != 0 || role->min_succeeded != 0) {
        put(b, ",\"completion\":{");
        if (role->min_failed != 0)
            put_number(b, "\"minFailedInstances\":", role->min_failed);
        if (role->min_succeeded != 0)
            put_number(b,
                       role->min_failed != 0 ? ",\"minSucceededInstances\":" : "\"minSucceededInstances\":",
                       role->min_succeeded);
        put(b, "}");
    }
    put_number(b, ",\"dockerImage\":\"image\",\"resourcePerInstance\":{\"cpu\":", or_default(role->cpu, 1));
    put_number(b, ",\"memoryMB\":", or_default(role->memory_mb, DEFAULT_MEMORY_MB));
    put_number(b, ",\"gpu\":", role->gpu);
    for (size_t i = 0; i < role->port_count; i++) {
        put_text(b, i > 0 ? "," : ",\"ports\":{", role->ports[i].label);
        put_number(b, ":", or_default(role->ports[i].count, 1));
    }
    put(b, role->port_count > 0 ? "}}" : "}");
    if (role->shm_mb != 0) {
        put_number(b, ",\"extraContainerOptions\":{\"shmMB\":", role->shm_mb);
        put(b, "}");
    }
    put(b, ",\"commands\":[\"");
    put_command(b, role, b->spec->source_count > 0);
    put(b, "\"]}");
}

static bool has_deployment(const struct berth_openpai_spec *spec)
{
    return has_variables(spec) || spec->package_count > 0 || spec->prepare_count > 0 ||
           (spec->install_command.len > 0 && !spec->no_install);
}

static void put_deployment(struct build *b)
{
    const struct berth_openpai_spec *spec = b->spec;
    put(b, "deployments: [{\"name\":\"default\",\"taskRoles\":{");
    for (size_t i = 0; i < spec->role_count; i++) {
        put_text(b, i > 0 ? "," : "", name_of(&spec->roles[i]));
        put(b, ":{\"preCommands\":[");
        b->any = false;
        put_variables(b, AS_EXPORTS);
        for (size_t k = 0; k < spec->prepare_count; k++) {
            comma(b);
            berth_openpai_put_text(b->out, spec->prepare[k]);
        }
        put_installs(b, "\"", "\"", ",\"");
        put(b, "]}");
    }
    put(b, "}}]\n");
}

static void put_extras(struct build *b)
{
    const struct berth_openpai_spec *spec = b->spec;
    put(b, "extras: {\"submitFrom\":\"berth\"");
    if (spec->priority.len > 0) {
        put_text(b, ",\"hivedScheduler\":{\"jobPriorityClass\":", spec->priority);
        put(b, "}");
    }
    for (size_t i = 0; i < spec->storage_count; i++) {
        put_text(b, i > 0 ? ",{\"name\":" : ",\"storages\":[{\"name\":", spec->storages[i]);
        put(b, "}");
    }
    put(b, spec->storage_count > 0 ? "]" : "");
    for (size_t i = 0; i < spec->tag_count; i++)
        put_text(b, i > 0 ? "," : ",\"tags\":[", spec->tags[i]);
    put(b, spec->tag_count > 0 ? "]}\n" : "}\n");
}

enum berth_status berth_openpai_build_v2(const struct berth_openpai_spec *spec, struct berth_writer *out)
{
    struct build b = {spec, out, false};
    BERTH_TRY(check_spec(spec));
    put_text(&b, "protocolVersion: 2\nname: ", spec->job_name);
    put(&b, "\ntype: \"job\"\n");
    if (spec->description.len > 0) {
        put_text(&b, "description: ", spec->description);
        put(&b, "\n");
    }
    put_number(&b, "jobRetryCount: ", spec->retry_count);
    put(&b, "\n");
    put_prerequisites(&b);
    if (has_variables(spec)) {
        put(&b, "parameters: {");
        put_variables(&b, AS_MEMBERS);
        put(&b, "}\n");
    }
    put_secrets(&b);
    for (size_t i = 0; i < spec->role_count; i++) {
        put_text(&b, i > 0 ? "," : "taskRoles: {", name_of(&spec->roles[i]));
        put(&b, ":");
        put_v2_role(&b, &spec->roles[i]);
    }
    put(&b, "}\n");
    if (has_deployment(spec))
        put_deployment(&b);
    put_text(&b, "defaults: {\"virtualCluster\":",
             spec->virtual_cluster.len > 0 ? spec->virtual_cluster : BERTH_TEXT("default"));
    put(&b, has_deployment(spec) ? ",\"deployment\":\"default\"}\n" : "}\n");
    put_extras(&b);
    return berth_writer_status(out);
}
