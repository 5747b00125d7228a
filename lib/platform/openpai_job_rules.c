/* The rules for each member of OpenPAI's job documents, as tables (the wire page's 3.1 and 3.3). */
#include "platform/openpai_job.h"

#define NAME(wire) .name = BERTH_TEXT_INIT(wire)
#define TEXT .types = BERTH_OPENPAI_TEXT
#define INTEGER .types = BERTH_OPENPAI_INTEGER
#define BOOLEAN .types = BERTH_OPENPAI_BOOL
#define LIST(rows) .types = BERTH_OPENPAI_LIST, .each = &(rows)
#define MAP .types = BERTH_OPENPAI_MAP
#define MAP_OF(the_members) .types = BERTH_OPENPAI_MAP, .members = &(the_members)
#define AT_LEAST(number) .has_least = true, .least = (number)
#define REQUIRED .required = true
#define FILLED .filled = true
#define FORM(which) .form = BERTH_OPENPAI_FORM_##which
#define MEMBERS(table, policy)                                                                               \
    {                                                                                                        \
        .rows = (table), .count = (uint8_t)(sizeof(table) / sizeof(table)[0]),                               \
        .unknown = BERTH_OPENPAI_##policy                                                                    \
    }

/* ---- Common ----------------------------------------------------------------------------------- */

static const struct berth_openpai_row any_text = {TEXT};
static const struct berth_openpai_row count_of_ports = {INTEGER, AT_LEAST(0)};

/* ---- v2: prerequisites ------------------------------------------------------------------------ */

static const struct berth_openpai_row auth_rows[] = {
    {NAME("username"), TEXT},
    {NAME("password"), TEXT},
    {NAME("registryuri"), TEXT},
};
static const struct berth_openpai_members auth = MEMBERS(auth_rows, DOUBT);

static const struct berth_openpai_row callback_rows[] = {
    {NAME("event"), TEXT, REQUIRED, .words = "taskStarts|taskSucceeds"},
    {NAME("commands"), LIST(any_text), REQUIRED},
};
static const struct berth_openpai_members callback_members = MEMBERS(callback_rows, DOUBT);
static const struct berth_openpai_row callback = {MAP_OF(callback_members)};

#define PREREQUISITE                                                                                         \
    {NAME("name"), TEXT, REQUIRED, FILLED},                                                                  \
        {NAME("type"), TEXT, REQUIRED, .words = "dockerimage|script|output|data"},                           \
        {NAME("protocolVersion"), FORM(TWO)},                                                                \
        {NAME("version"), .types = BERTH_OPENPAI_TEXT | BERTH_OPENPAI_NUMBER}, {NAME("contributor"), TEXT},  \
    {                                                                                                        \
        NAME("description"), TEXT                                                                            \
    }
#define PLUGIN                                                                                               \
    {NAME("plugin"), TEXT}, {NAME("require"), LIST(any_text)}, {NAME("callbacks"), LIST(callback)},          \
    {                                                                                                        \
        NAME("failurePolicy"), TEXT, .words = "ignore|fail"                                                  \
    }

static const struct berth_openpai_row image_rows[] = {
    PREREQUISITE,
    {NAME("uri"), TEXT, REQUIRED, FILLED},
    {NAME("auth"), MAP_OF(auth)},
};
static const struct berth_openpai_row script_rows[] = {PREREQUISITE, {NAME("uri"), TEXT}, PLUGIN};
static const struct berth_openpai_row data_rows[] = {PREREQUISITE, {NAME("uri"), LIST(any_text)}, PLUGIN};
static const struct berth_openpai_row other_rows[] = {PREREQUISITE};
static const struct berth_openpai_members image = MEMBERS(image_rows, REFUSE);
static const struct berth_openpai_members script = MEMBERS(script_rows, KEEP);
static const struct berth_openpai_members data = MEMBERS(data_rows, KEEP);
static const struct berth_openpai_variant prerequisite_types[] = {
    {BERTH_TEXT_INIT("dockerimage"), &image},
    {BERTH_TEXT_INIT("script"), &script},
    {BERTH_TEXT_INIT("output"), &script},
    {BERTH_TEXT_INIT("data"), &data},
};
static const struct berth_openpai_members prerequisite_members = {
    .rows = other_rows,
    .count = sizeof other_rows / sizeof other_rows[0],
    .unknown = BERTH_OPENPAI_KEEP,
    .by = BERTH_TEXT_INIT("type"),
    .variants = prerequisite_types,
    .variant_count = sizeof prerequisite_types / sizeof prerequisite_types[0],
};
static const struct berth_openpai_row prerequisite = {MAP_OF(prerequisite_members)};

/* ---- v2: task roles and deployments ----------------------------------------------------------- */

static const struct berth_openpai_row resource_rows[] = {
    {NAME("cpu"), INTEGER, REQUIRED, AT_LEAST(0)},
    {NAME("memoryMB"), INTEGER, REQUIRED, AT_LEAST(0)},
    {NAME("gpu"), INTEGER, REQUIRED, AT_LEAST(0)},
    {NAME("ports"), MAP, FILLED, .names = BERTH_OPENPAI_FORM_ROLE_V2, .each = &count_of_ports},
};
static const struct berth_openpai_members resource = MEMBERS(resource_rows, REFUSE);

static const struct berth_openpai_row completion_rows[] = {
    {NAME("minFailedInstances"), .types = BERTH_OPENPAI_INTEGER | BERTH_OPENPAI_NULL, AT_LEAST(-1)},
    {NAME("minSucceededInstances"), .types = BERTH_OPENPAI_INTEGER | BERTH_OPENPAI_NULL, AT_LEAST(-1)},
};
static const struct berth_openpai_members completion = MEMBERS(completion_rows, DOUBT);

static const struct berth_openpai_row container_rows[] = {
    {NAME("shmMB"), INTEGER, AT_LEAST(0)},
    {NAME("infiniband"), BOOLEAN},
};
static const struct berth_openpai_members container = MEMBERS(container_rows, DOUBT);

static const struct berth_openpai_row role_rows[] = {
    {NAME("dockerImage"), TEXT, REQUIRED},
    {NAME("resourcePerInstance"), MAP_OF(resource), REQUIRED},
    {NAME("commands"), LIST(any_text), REQUIRED, FILLED},
    {NAME("instances"), INTEGER, AT_LEAST(1)},
    {NAME("completion"), MAP_OF(completion)},
    {NAME("taskRetryCount"), INTEGER},
    {NAME("prerequisites"), LIST(any_text)},
    {NAME("data"), TEXT},
    {NAME("output"), TEXT},
    {NAME("script"), TEXT},
    {NAME("extraContainerOptions"), MAP_OF(container)},
    {NAME("protocolVersion"), FORM(TWO)},
};
static const struct berth_openpai_members role_members = MEMBERS(role_rows, REFUSE);
static const struct berth_openpai_row role = {MAP_OF(role_members)};

static const struct berth_openpai_row deployment_role_rows[] = {
    {NAME("preCommands"), LIST(any_text), FILLED},
    {NAME("postCommands"), LIST(any_text), FILLED},
};
static const struct berth_openpai_members deployment_role_members = MEMBERS(deployment_role_rows, DOUBT);
static const struct berth_openpai_row deployment_role = {MAP_OF(deployment_role_members)};

static const struct berth_openpai_row deployment_rows[] = {
    {NAME("name"), TEXT, REQUIRED, FILLED},
    {NAME("taskRoles"), MAP, REQUIRED, .each = &deployment_role},
};
static const struct berth_openpai_members deployment_members = MEMBERS(deployment_rows, DOUBT);
static const struct berth_openpai_row deployment = {MAP_OF(deployment_members)};

static const struct berth_openpai_row defaults_rows[] = {
    {NAME("virtualCluster"), TEXT},
    {NAME("deployment"), TEXT},
};
static const struct berth_openpai_members defaults = MEMBERS(defaults_rows, DOUBT);

/* ---- v2: extras ------------------------------------------------------------------------------- */

static const struct berth_openpai_row hived_role_rows[] = {
    {NAME("skuType"), TEXT},
    {NAME("skuNum"), INTEGER, AT_LEAST(0)},
    {NAME("skuNumber"), INTEGER, AT_LEAST(0)},
    {NAME("pinnedCellId"), TEXT},
    {NAME("affinityGroupName"), TEXT},
};
static const struct berth_openpai_members hived_role_members = MEMBERS(hived_role_rows, DOUBT);
static const struct berth_openpai_row hived_role = {MAP_OF(hived_role_members)};

static const struct berth_openpai_row hived_rows[] = {
    {NAME("jobPriorityClass"), TEXT, .words = "prod|test|oppo"},
    {NAME("taskRoles"), MAP, FILLED, .each = &hived_role},
    {NAME("gangReleaseEnable"), BOOLEAN},
    {NAME("lazyPreemptionEnable"), BOOLEAN},
    {NAME("ignoreK8sSuggestedNodes"), BOOLEAN},
};
static const struct berth_openpai_members hived = MEMBERS(hived_rows, DOUBT);

static const struct berth_openpai_row storage_rows[] = {
    {NAME("name"), TEXT, REQUIRED, FILLED},
    {NAME("mountPath"), TEXT},
};
static const struct berth_openpai_members storage_members = MEMBERS(storage_rows, DOUBT);
static const struct berth_openpai_row storage = {MAP_OF(storage_members)};

static const struct berth_openpai_row ssh_key_rows[] = {
    {NAME("type"), TEXT, .words = "custom"},
    {NAME("value"), TEXT},
};
static const struct berth_openpai_members ssh_key = MEMBERS(ssh_key_rows, DOUBT);
static const struct berth_openpai_row ssh_rows[] = {
    {NAME("jobssh"), BOOLEAN, REQUIRED},
    {NAME("sshbarrier"), BOOLEAN},
    {NAME("sshbarrierTimeout"), INTEGER, AT_LEAST(0)},
    {NAME("userssh"), MAP_OF(ssh_key)},
};
static const struct berth_openpai_row cmd_rows[] = {
    {NAME("preCommands"), LIST(any_text)},
    {NAME("postCommands"), LIST(any_text)},
    {NAME("callbacks"), LIST(callback)},
};
static const struct berth_openpai_row teamwise_rows[] = {{NAME("storageConfigNames"), LIST(any_text)}};
static const struct berth_openpai_members ssh = MEMBERS(ssh_rows, DOUBT);
static const struct berth_openpai_members cmd = MEMBERS(cmd_rows, DOUBT);
static const struct berth_openpai_members teamwise = MEMBERS(teamwise_rows, DOUBT);

#define RUNTIME_PLUGIN(the_parameters)                                                                       \
    {                                                                                                        \
        {NAME("plugin"), TEXT, REQUIRED, FILLED}, the_parameters,                                            \
            {NAME("failurePolicy"), TEXT, .words = "ignore|fail"},                                           \
        {                                                                                                    \
            NAME("taskroles"), LIST(any_text)                                                                \
        }                                                                                                    \
    }
#define PARAMETERS(the_members)                                                                              \
    {                                                                                                        \
        NAME("parameters"), MAP_OF(the_members)                                                              \
    }
static const struct berth_openpai_row plugin_rows[] = RUNTIME_PLUGIN({NAME("parameters")});
static const struct berth_openpai_row ssh_plugin_rows[] = RUNTIME_PLUGIN(PARAMETERS(ssh));
static const struct berth_openpai_row cmd_plugin_rows[] = RUNTIME_PLUGIN(PARAMETERS(cmd));
static const struct berth_openpai_row teamwise_plugin_rows[] = RUNTIME_PLUGIN(PARAMETERS(teamwise));
static const struct berth_openpai_members ssh_plugin = MEMBERS(ssh_plugin_rows, DOUBT);
static const struct berth_openpai_members cmd_plugin = MEMBERS(cmd_plugin_rows, DOUBT);
static const struct berth_openpai_members teamwise_plugin = MEMBERS(teamwise_plugin_rows, DOUBT);
static const struct berth_openpai_variant plugins[] = {
    {BERTH_TEXT_INIT("ssh"), &ssh_plugin},
    {BERTH_TEXT_INIT("cmd"), &cmd_plugin},
    {BERTH_TEXT_INIT("teamwise_storage"), &teamwise_plugin},
};
static const struct berth_openpai_members plugin_members = {
    .rows = plugin_rows,
    .count = sizeof plugin_rows / sizeof plugin_rows[0],
    .unknown = BERTH_OPENPAI_DOUBT,
    .by = BERTH_TEXT_INIT("plugin"),
    .variants = plugins,
    .variant_count = sizeof plugins / sizeof plugins[0],
};
static const struct berth_openpai_row plugin = {MAP_OF(plugin_members)};

static const struct berth_openpai_row notification_rows[] = {
    {NAME("running"), BOOLEAN}, {NAME("succeeded"), BOOLEAN}, {NAME("stopped"), BOOLEAN},
    {NAME("failed"), BOOLEAN},  {NAME("retried"), BOOLEAN},
};
static const struct berth_openpai_members notification = MEMBERS(notification_rows, DOUBT);

static const struct berth_openpai_row extras_rows[] = {
    {NAME("submitFrom"), TEXT},
    {NAME("gangAllocation"), BOOLEAN},
    {NAME("hivedScheduler"), MAP_OF(hived)},
    {NAME("storages"), LIST(storage)},
    {NAME("com.microsoft.pai.runtimeplugin"), LIST(plugin)},
    {NAME("jobStatusChangeNotification"), MAP_OF(notification)},
    {NAME("tags"), LIST(any_text)},
};
static const struct berth_openpai_members extras = MEMBERS(extras_rows, KEEP);

/* ---- v2: the document ------------------------------------------------------------------------- */

static const struct berth_openpai_row v2_rows[] = {
    {NAME("protocolVersion"), FORM(TWO), REQUIRED},
    {NAME("name"), TEXT, REQUIRED, FORM(JOB_V2)},
    {NAME("type"), TEXT, REQUIRED, .words = "job"},
    {NAME("version"), .types = BERTH_OPENPAI_TEXT | BERTH_OPENPAI_NUMBER},
    {NAME("contributor"), TEXT},
    {NAME("description"), TEXT},
    {NAME("prerequisites"), LIST(prerequisite), FILLED},
    {NAME("parameters"), MAP},
    {NAME("secrets"), MAP, FORM(SECRETS)},
    {NAME("jobRetryCount"), INTEGER, AT_LEAST(0)},
    {NAME("taskRoles"), MAP, REQUIRED, FILLED, .names = BERTH_OPENPAI_FORM_ROLE_V2, .each = &role},
    {NAME("deployments"), LIST(deployment), FILLED},
    {NAME("defaults"), MAP_OF(defaults)},
    {NAME("extras"), MAP_OF(extras)},
};
static const struct berth_openpai_members v2_members = MEMBERS(v2_rows, REFUSE);
const struct berth_openpai_row berth_openpai_rules_v2 = {MAP_OF(v2_members)};

/* ---- v1 --------------------------------------------------------------------------------------- */

static const struct berth_openpai_row port_rows[] = {
    {NAME("label"), TEXT, REQUIRED, FILLED},
    {NAME("beginAt"), INTEGER, AT_LEAST(0)},
    {NAME("portNumber"), INTEGER, AT_LEAST(1)},
};
static const struct berth_openpai_members port_members = MEMBERS(port_rows, REFUSE);
static const struct berth_openpai_row port = {MAP_OF(port_members)};

static const struct berth_openpai_row v1_role_rows[] = {
    {NAME("name"), TEXT, REQUIRED, FORM(ROLE_V1)},
    {NAME("taskNumber"), INTEGER, AT_LEAST(1)},
    {NAME("cpuNumber"), INTEGER, AT_LEAST(1)},
    {NAME("memoryMB"), INTEGER, AT_LEAST(1)},
    {NAME("shmMB"), INTEGER, AT_LEAST(0)},
    {NAME("gpuNumber"), INTEGER, AT_LEAST(0)},
    {NAME("portList"), LIST(port)},
    {NAME("command"), TEXT, REQUIRED, FILLED},
    {NAME("minFailedTaskCount"), .types = BERTH_OPENPAI_INTEGER | BERTH_OPENPAI_NULL, AT_LEAST(1)},
    {NAME("minSucceededTaskCount"), .types = BERTH_OPENPAI_INTEGER | BERTH_OPENPAI_NULL, AT_LEAST(1)},
};
static const struct berth_openpai_members v1_role_members = MEMBERS(v1_role_rows, REFUSE);
static const struct berth_openpai_row v1_role = {MAP_OF(v1_role_members)};

static const struct berth_openpai_row v1_rows[] = {
    {NAME("jobName"), TEXT, REQUIRED, FORM(JOB_V1)},
    {NAME("image"), TEXT, REQUIRED, FILLED},
    {NAME("authFile"), TEXT},
    {NAME("dataDir"), TEXT},
    {NAME("outputDir"), TEXT},
    {NAME("codeDir"), TEXT},
    {NAME("virtualCluster"), TEXT},
    {NAME("gpuType"), TEXT},
    {NAME("retryCount"), INTEGER, AT_LEAST(-2)},
    {NAME("killAllOnCompletedTaskNumber"), INTEGER},
    {NAME("jobEnvs"), MAP},
    {NAME("extras"), MAP},
    {NAME("taskRoles"), LIST(v1_role), REQUIRED, FILLED},
};
static const struct berth_openpai_members v1_members = MEMBERS(v1_rows, REFUSE);
const struct berth_openpai_row berth_openpai_rules_v1 = {MAP_OF(v1_members)};
