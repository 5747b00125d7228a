/* OpenPAI job documents: each rule broken once is found, at its place, and nothing else is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth/openpai_job.h"
#include "fixture.h"
#include "guard.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char memory[BERTH_OPENPAI_JOB_MEMORY];

/* What was found: "E rule path\n" and "W rule path\n". */
struct found {
    const struct berth_openpai_document *document;
    char text[20000];
    size_t len;
    char last[500];
    uint32_t line, column;
    size_t stop_after;
    size_t count;
};

static enum berth_status note(void *ctx, const struct berth_openpai_finding *finding)
{
    struct found *f = ctx;
    struct berth_json_cursor at;
    struct berth_json_cursor root = berth_json_root(&f->document->json);
    f->len += (size_t)snprintf(f->text + f->len, sizeof f->text - f->len, "%c %s %.*s\n",
                               finding->warning ? 'W' : 'E', berth_openpai_rule_name(finding->rule),
                               (int)finding->path.len, finding->path.ptr);
    assert_true(f->len < sizeof f->text);
    snprintf(f->last, sizeof f->last, "%.*s", (int)finding->text.len, finding->text.ptr);
    assert_true(finding->text.len > 0 && finding->text.ptr[finding->text.len - 1] != '.');
    assert_true(finding->line >= 1 && finding->column >= 1);
    /* The path leads there, or to what the member lacks in. */
    enum berth_status status = berth_json_find_path(root, finding->path, &at);
    bool lacks = finding->rule == BERTH_OPENPAI_RULE_MISSING || finding->rule == BERTH_OPENPAI_RULE_INSTANCES;
    if (berth_text_find(finding->path, BERTH_TEXT("...")) == SIZE_MAX)
        assert_int_equal(status, lacks ? BERTH_E_MISSING : BERTH_OK);
    f->line = finding->line;
    f->column = finding->column;
    f->count++;
    return f->count == f->stop_after ? BERTH_E_CANCELLED : BERTH_OK;
}

static enum berth_status count_finding(void *ctx, const struct berth_openpai_finding *finding)
{
    (void)ctx;
    assert_true(finding->path.len > 0 && finding->line > 0);
    return BERTH_OK;
}

static enum berth_status check(const char *source, size_t len, struct found *f)
{
    struct berth_openpai_document document;
    struct berth_yaml_error error;
    char *copy = guard_copy(source, len);
    enum berth_status status = berth_openpai_document_read(&document, berth_text_make(copy, len), memory,
                                                           sizeof memory, NULL, &error);
    if (status != BERTH_OK)
        fail_msg("%u:%u: %s", (unsigned)error.line, (unsigned)error.column, error.reason);
    struct berth_openpai_check c = {note, f, 0, 0};
    f->document = &document;
    f->len = f->count = 0;
    f->text[0] = '\0';
    status = berth_openpai_document_check(&document, &c);
    struct berth_openpai_check silent = {0};
    if (f->stop_after == 0) {
        assert_int_equal(c.errors + c.warnings, f->count);
        assert_int_equal(status, c.errors > 0 ? BERTH_E_BAD_REQUEST : BERTH_OK);
        assert_int_equal(berth_openpai_document_check(&document, &silent), status);
        assert_int_equal(silent.errors, c.errors);
        assert_int_equal(silent.warnings, c.warnings);
    }
    guard_free(copy);
    return status;
}

/* SOURCE with the first FROM replaced by TO. */
static char *replace(const char *source, const char *from, const char *to)
{
    const char *at = strstr(source, from);
    if (at == NULL)
        fail_msg("\"%s\" is not in the document", from);
    char *out = malloc(strlen(source) + strlen(to) + 1);
    size_t before = (size_t)(at - source);
    memcpy(out, source, before);
    strcpy(out + before, to);
    strcat(out, at + strlen(from));
    return out;
}

struct mutation {
    const char *from;
    const char *to;
    const char *found;
};

static void mutate(const char *path, const struct mutation *table, size_t count)
{
    size_t len;
    char *source = (char *)fixture_load(path, &len);
    static struct found f;
    memset(&f, 0, sizeof f);
    check(source, len, &f);
    assert_string_equal(f.text, "");
    for (size_t i = 0; i < count; i++) {
        char *broken = replace(source, table[i].from, table[i].to);
        check(broken, strlen(broken), &f);
        if (strcmp(f.text, table[i].found) != 0)
            fail_msg("\"%s\" -> \"%s\": found\n%s(%s) instead of\n%s", table[i].from, table[i].to, f.text,
                     f.last, table[i].found);
        free(broken);
    }
    free(source);
}

static const struct mutation V2[] = {
    /* members, at every level */
    {"type: job\n", "type: job\nextra: 1\n", "E member extra\n"},
    {"protocolVersion: 2\nname", "protocolversion: 2\nprotocolVersion: 2\nname",
     "E member protocolversion\n"},
    {"jobRetryCount: 1", "job.retry: 1", "E member [\"job.retry\"]\n"},
    {"    dockerImage: img", "    shmMB: 5\n    dockerImage: img", "E member taskRoles.worker.shmMB\n"},
    {"gpu: 1, ports", "gpus: 1, gpu: 1, ports", "E member taskRoles.worker.resourcePerInstance.gpus\n"},
    {"    uri: registry", "    branch: x\n    uri: registry", "E member prerequisites[0].branch\n"},
    {"      username: lee", "      user: lee\n      username: lee", "W member prerequisites[0].auth.user\n"},
    {"shmMB: 2048, inf", "shmMb: 1, shmMB: 2048, inf",
     "W member taskRoles.worker.extraContainerOptions.shmMb\n"},
    {"minFailedInstances: 1,", "minFailed: 1,", "W member taskRoles.worker.completion.minFailed\n"},
    {"  virtualCluster: vision", "  virtualcluster: vision", "W member defaults.virtualcluster\n"},
    {"{name: dev, taskRoles: {}}", "{name: dev, x: 1, taskRoles: {}}", "W member deployments[1].x\n"},
    {"preCommands: [\"true\"]", "preCommands: [\"true\"], commands: []",
     "W member deployments[0].taskRoles.ps_server.commands\n"},
    {"    jobPriorityClass: prod", "    priority: prod", "W member extras.hivedScheduler.priority\n"},
    {"skuNum: 1,", "sku: 1,", "W member extras.hivedScheduler.taskRoles.worker.sku\n"},
    {"mountPath: /data", "mount: /data", "W member extras.storages[0].mount\n"},
    {"sshbarrierTimeout", "sshTimeout",
     "W member extras[\"com.microsoft.pai.runtimeplugin\"][0].parameters.sshTimeout\n"},
    {"{running: true", "{started: true", "W member extras.jobStatusChangeNotification.started\n"},
    /* what is required */
    {"protocolVersion: 2\nname: full_job-1\n", "protocolVersion: 2\n", "E missing name\n"},
    {"type: job\n", "", "E missing type\n"},
    {"    dockerImage: img\n", "", "E missing taskRoles.worker.dockerImage\n"},
    {"    resourcePerInstance: {cpu: 1, memoryMB: 2048, gpu: 0}\n", "",
     "E missing taskRoles.ps_server.resourcePerInstance\n"},
    {"    commands: [\"sleep 1\"]\n", "", "E missing taskRoles.ps_server.commands\n"},
    {"cpu: 4, ", "", "E missing taskRoles.worker.resourcePerInstance.cpu\n"},
    {"memoryMB: 16384, ", "", "E missing taskRoles.worker.resourcePerInstance.memoryMB\n"},
    {", gpu: 0}", "}", "E missing taskRoles.ps_server.resourcePerInstance.gpu\n"},
    {"    instances: 2\n    completion: {minFailedInstances: 1, minSucceededInstances: -1}\n", "",
     "W instances taskRoles.worker.instances\n"},
    {"    uri: registry.example.test/lab/torch:2\n", "", "E missing prerequisites[0].uri\n"},
    {"{name: out, type: output", "{type: output",
     "E missing prerequisites[2].name\nE reference taskRoles.worker.output\nW template "
     "taskRoles.worker.commands[1]\n"},
    {"{name: dev, taskRoles: {}}", "{name: dev}", "E missing deployments[1].taskRoles\n"},
    {"{name: dev, taskRoles: {}}", "{taskRoles: {}}", "E missing deployments[1].name\n"},
    {", {name: scratch}", ", {mountPath: /s}", "E missing extras.storages[1].name\n"},
    {"{event: taskStarts, commands: [\"echo start\"]}", "{event: taskStarts}",
     "E missing prerequisites[1].callbacks[0].commands\n"},
    /* types */
    {"version: \"1.0\"", "version: [1]", "E type version\n"},
    {"contributor: mira.k", "contributor: 7", "E type contributor\n"},
    {"description: \"every member, once\"", "description: {a: b}", "E type description\n"},
    {"jobRetryCount: 1", "jobRetryCount: \"1\"", "E type jobRetryCount\n"},
    {"jobRetryCount: 1", "jobRetryCount: 1.5", "E type jobRetryCount\n"},
    {"cpu: 4,", "cpu: \"4\",", "E type taskRoles.worker.resourcePerInstance.cpu\n"},
    {"memoryMB: 16384,", "memoryMB: 16G,", "E type taskRoles.worker.resourcePerInstance.memoryMB\n"},
    {"gpu: 1, ports: {grpc: 2}", "gpu: null", "E type taskRoles.worker.resourcePerInstance.gpu\n"},
    {"{grpc: 2}", "{grpc: two}", "E type taskRoles.worker.resourcePerInstance.ports.grpc\n"},
    {"    instances: 1\n", "    instances: one\n", "E type taskRoles.ps_server.instances\n"},
    {"infiniband: true", "infiniband: 1", "E type taskRoles.worker.extraContainerOptions.infiniband\n"},
    {"commands: [\"sleep 1\"]", "commands: sleep 1", "E type taskRoles.ps_server.commands\n"},
    {"commands: [\"sleep 1\"]", "commands: [\"sleep 1\", 7]", "E type taskRoles.ps_server.commands[1]\n"},
    {"[prepare, sets]", "[prepare, 1]", "E type taskRoles.worker.prerequisites[1]\n"},
    {"uri: [\"hdfs://a\", \"hdfs://b\"]", "uri: \"hdfs://a\"",
     "E type prerequisites[3].uri\nW template taskRoles.worker.commands[0]\n"},
    {"uri: \"hdfs://out\"", "uri: [\"hdfs://out\"]", "E type prerequisites[2].uri\n"},
    {"gangAllocation: false", "gangAllocation: no",
     "E type extras.gangAllocation\nW no-effect taskRoles.worker.taskRetryCount\n"},
    {"gangReleaseEnable: true", "gangReleaseEnable: 1", "E type extras.hivedScheduler.gangReleaseEnable\n"},
    {"  tags: [nightly]", "  tags: nightly", "E type extras.tags\n"},
    {"parameters: {jobssh: true", "parameters: {jobssh: yes",
     "E type extras[\"com.microsoft.pai.runtimeplugin\"][0].parameters.jobssh\n"},
    {"succeeded: true", "succeeded: always", "E type extras.jobStatusChangeNotification.succeeded\n"},
    /* ranges */
    {"jobRetryCount: 1", "jobRetryCount: -1", "E range jobRetryCount\n"},
    {"    instances: 1\n", "    instances: 0\n",
     "E range taskRoles.ps_server.instances\nW count "
     "taskRoles.ps_server.completion.minSucceededInstances\n"},
    {"minSucceededInstances: -1", "minSucceededInstances: -2",
     "E range taskRoles.worker.completion.minSucceededInstances\n"},
    {"cpu: 4,", "cpu: -4,", "E range taskRoles.worker.resourcePerInstance.cpu\n"},
    {"cpu: 4,", "cpu: 99999999999999999999,", "E range taskRoles.worker.resourcePerInstance.cpu\n"},
    {"cpu: 4,", "cpu: 4.0,", ""},
    /* something must be in it */
    {"ports: {grpc: 2}", "ports: {}", "E empty taskRoles.worker.resourcePerInstance.ports\n"},
    {"commands: [\"sleep 1\"]", "commands: []", "E empty taskRoles.ps_server.commands\n"},
    {"preCommands: [\"true\"]", "preCommands: []",
     "E empty deployments[0].taskRoles.ps_server.preCommands\n"},
    {"postCommands: [\"echo <% $data.name %>\"]", "postCommands: []",
     "E empty deployments[0].taskRoles.worker.postCommands\n"},
    /* words */
    {"protocolVersion: 2\nname", "protocolVersion: 3\nname", "E value protocolVersion\n"},
    {"protocolVersion: 2\nname", "protocolVersion: \"2\"\nname", ""},
    {"type: job", "type: jobs", "E value type\n"},
    {"jobPriorityClass: prod", "jobPriorityClass: crit", "E value extras.hivedScheduler.jobPriorityClass\n"},
    {"type: output", "type: result",
     "E value prerequisites[2].type\nE reference taskRoles.worker.output\nW template "
     "taskRoles.worker.commands[1]\n"},
    {"failurePolicy: ignore", "failurePolicy: retry", "E value prerequisites[1].failurePolicy\n"},
    {"event: taskSucceeds", "event: taskFails", "E value prerequisites[1].callbacks[1].event\n"},
    /* names */
    {"name: full_job-1", "name: full.job", "E name name\n"},
    {"name: full_job-1", "name: lee~full", "E name name\n"},
    {"name: full_job-1", "name: \"\"", "E name name\n"},
    {"  ps_server:\n    protocolVersion", "  ps-server:\n    protocolVersion",
     "E name taskRoles.ps-server\nW reference deployments[0].taskRoles.ps_server\nE reference "
     "extras.hivedScheduler.taskRoles.ps_server\n"},
    {"{grpc: 2}", "{g-rpc: 2}", "E name taskRoles.worker.resourcePerInstance.ports.g-rpc\n"},
    /* duplicates, collisions */
    {"  - {name: out, type: output, uri: \"hdfs://out\"}",
     "  - {name: out, type: output, uri: \"hdfs://out\"}\n  - {name: out, type: output}",
     "E duplicate prerequisites[3].name\n"},
    {"  - {name: out, type: output, uri: \"hdfs://out\"}",
     "  - {name: out, type: output, uri: \"hdfs://out\"}\n  - {name: out, type: script}", ""},
    {"{name: dev,", "{name: prod,", "E duplicate deployments[1].name\n"},
    {"deployments:\n",
     "  Work_Er: {instances: 1, dockerImage: img, resourcePerInstance: {cpu: 1, memoryMB: 1, gpu: 0}, "
     "commands: [a]}\ndeployments:\n",
     "E collision taskRoles.Work_Er\n"},
    /* references */
    {"    dockerImage: img\n    prereq", "    dockerImage: sets\n    prereq",
     "E reference taskRoles.worker.dockerImage\n"},
    {"    data: sets", "    data: out",
     "E reference taskRoles.worker.data\nW template taskRoles.worker.commands[0]\nW template "
     "deployments[0].taskRoles.worker.postCommands[0]\n"},
    {"    output: out", "    output: nothing",
     "E reference taskRoles.worker.output\nW template taskRoles.worker.commands[1]\n"},
    {"    script: prepare", "    script: sets",
     "E reference taskRoles.worker.script\nW template taskRoles.worker.commands[1]\n"},
    {"[prepare, sets]", "[prepare, other]", "E reference taskRoles.worker.prerequisites[1]\n"},
    {"deployment: prod\n", "deployment: stage\n", "E reference defaults.deployment\n"},
    {"      worker: {preCommands", "      nobody: {preCommands",
     "W reference deployments[0].taskRoles.nobody\nW template "
     "deployments[0].taskRoles.nobody.postCommands[0]\n"},
    {"      worker: {skuType", "      nobody: {skuType",
     "E reference extras.hivedScheduler.taskRoles.nobody\n"},
    {"taskroles: [worker]", "taskroles: [worker, nobody]",
     "E reference extras[\"com.microsoft.pai.runtimeplugin\"][0].taskroles[1]\n"},
    /* HiveD */
    {"skuNum: 1, affinityGroupName: g1}", "pinnedCellId: c, affinityGroupName: g2}",
     "E exclusive extras.hivedScheduler.taskRoles.worker.pinnedCellId\n"},
    {"ps_server: {skuType: V100", "ps_server: {skuType: P40",
     "E affinity extras.hivedScheduler.taskRoles.ps_server.affinityGroupName\n"},
    {"ps_server: {skuType: V100", "ps_server: {pinnedCellId: V100",
     "E affinity extras.hivedScheduler.taskRoles.ps_server.affinityGroupName\n"},
    {"    taskRoles:\n      worker: {skuType: V100, skuNum: 1, affinityGroupName: g1}\n      ps_server: "
     "{skuType: V100, skuNumber: 1, affinityGroupName: g1}\n",
     "    taskRoles: {}\n", "E empty extras.hivedScheduler.taskRoles\n"},
    /* the rest */
    {"minFailedInstances: 1,", "minFailedInstances: 3,",
     "W count taskRoles.worker.completion.minFailedInstances\n"},
    {"gangAllocation: false", "gangAllocation: true", "W no-effect taskRoles.worker.taskRetryCount\n"},
    {"secrets:\n  reg: {pw: \"p@ss: #1\"}\n  list: [a]\n", "secrets: \"******\"\n", "E masked secrets\n"},
    {"secrets:\n  reg: {pw: \"p@ss: #1\"}\n  list: [a]\n", "secrets: other\n",
     "E type secrets\nW template taskRoles.worker.commands[1]\n"},
    {"secrets:\n", "\"secrets\":\n", "W secrets secrets\n"},
    {"secrets:\n", "secrets :\n", "W secrets secrets\n"},
    {"password: <% $secrets.reg.pw %>", "password: hunter2", "W password prerequisites[0].auth.password\n"},
    {"  lr: \"0.01\"", "  lr: \"0.01\"\n  API_TOKEN: abc", "W password parameters.API_TOKEN\n"},
    {"  lr: \"0.01\"", "  lr: \"0.01\"\n  Password: \"\"\n  token: 7\n  a_secret: <% $secrets.reg.pw %>", ""},
    {"  anything: {else: 1}", "  __clusters__: [{pai_uri: x, passwd: y}, {token: z}]",
     "W password extras.__clusters__[0].passwd\nW password extras.__clusters__[1].token\n"},
    {"<% $parameters.lr %>", "<% $parameters.rate %>", "W template taskRoles.worker.commands[0]\n"},
    {"sizes[1].deep", "sizes[2].deep", "W template taskRoles.worker.commands[0]\n"},
    {"$secrets.list[0]", "$secrets.list[1]", "W template taskRoles.worker.commands[1]\n"},
    {"$script.uri", "$scripts.uri", "W template taskRoles.worker.commands[1]\n"},
    {"  lr: \"0.01\"", "  lr: \"0.01\"\n  010: 1", "W scalar parameters.010\n"},
    {"  lr: \"0.01\"", "  lr: \"0.01\"\n  a: [1, 1_000]", "W scalar parameters.a[1]\n"},
    {"extras:\n", "extras: null\nextra:\n",
     "E type extras\nE member extra\nW no-effect taskRoles.worker.taskRetryCount\n"},
    {"  anything: {else: 1}", "  anything: null", ""},
};

static void v2(void **state)
{
    (void)state;
    mutate("test/wire/openpai_job/full.yaml", V2, COUNT(V2));
}

static void v1(void **state)
{
    static const struct mutation table[] = {
        {"\"image\":", "\"extra\": 1, \"image\":", "E member extra\n"},
        {"\"taskNumber\": 2", "\"tasknumber\": 2, \"taskNumber\": 2", "E member taskRoles[0].tasknumber\n"},
        {"{\"label\": \"web\"}", "{\"label\": \"web\", \"x\": 1}", "E member taskRoles[0].portList[1].x\n"},
        {"\"jobName\": \"full.job-v1\",", "", "E missing jobName\n"},
        {"\"image\": \"example/torch:2\",", "", "E missing image\n"},
        {"\"name\": \"main\", ", "", "E missing taskRoles[0].name\n"},
        {", \"command\": \"sleep 1\"", "", "E missing taskRoles[1].command\n"},
        {"{\"label\": \"web\"}", "{}", "E missing taskRoles[0].portList[1].label\n"},
        {"\"full.job-v1\"", "\"full job\"", "E name jobName\n"},
        {"\"full.job-v1\"", "\"\"", "E name jobName\n"},
        {"\"ps.2\"", "\"ps-2\"", "E name taskRoles[1].name\n"},
        {"\"ps.2\"", "\"~.2_\"", ""},
        {"\"ps.2\"", "\"main\"", "E duplicate taskRoles[1].name\n"},
        {"\"example/torch:2\"", "\"\"", "E empty image\n"},
        {"\"vision\"", "7", "E type virtualCluster\n"},
        {"\"retryCount\": 2", "\"retryCount\": -2", ""},
        {"\"retryCount\": 2", "\"retryCount\": -3", "E range retryCount\n"},
        {"\"retryCount\": 2", "\"retryCount\": 2, \"killAllOnCompletedTaskNumber\": 1",
         "W no-effect killAllOnCompletedTaskNumber\n"},
        {"\"cpuNumber\": 4", "\"cpuNumber\": 0", "E range taskRoles[0].cpuNumber\n"},
        {"\"gpuNumber\": 1", "\"gpuNumber\": -1", "E range taskRoles[0].gpuNumber\n"},
        {"\"shmMB\": 128", "\"shmMB\": 8193", "E range taskRoles[0].shmMB\n"},
        {"\"name\": \"ps.2\", ", "\"name\": \"ps.2\", \"shmMB\": 101, ", "E range taskRoles[1].shmMB\n"},
        {"\"name\": \"ps.2\", ", "\"name\": \"ps.2\", \"memoryMB\": 63, ", "E range taskRoles[1].memoryMB\n"},
        {"\"portNumber\": 2", "\"portNumber\": 0", "E range taskRoles[0].portList[0].portNumber\n"},
        {"\"minFailedTaskCount\": 1", "\"minFailedTaskCount\": 0",
         "E range taskRoles[0].minFailedTaskCount\n"},
        {"\"minFailedTaskCount\": 1", "\"minFailedTaskCount\": 3",
         "E count taskRoles[0].minFailedTaskCount\n"},
        {"\"minSucceededTaskCount\": 2", "\"minSucceededTaskCount\": 3",
         "E count taskRoles[0].minSucceededTaskCount\n"},
        {"\"jobEnvs\": {", "\"jobEnvs\": [], \"x\": {", "E type jobEnvs\nE member x\n"},
        {"\"extras\": {\"any\": \"thing\"}", "\"extras\": null", "E type extras\n"},
        {"\"jobEnvs\": {", "\"jobEnvs\": {\"DB_PASSWORD\": \"x\", ", "W password jobEnvs.DB_PASSWORD\n"},
        {"\"sleep 1\"", "\"\"", "E empty taskRoles[1].command\n"},
        {"\"sleep 1\"", "[\"sleep\"]", "E type taskRoles[1].command\n"},
    };
    (void)state;
    mutate("test/wire/openpai_job/full_v1.json", table, COUNT(table));
}

/* ---- Places and sentences --------------------------------------------------------------------- */

static void places(void **state)
{
    static const struct {
        const char *source;
        uint32_t line, column; /* of the last finding */
        const char *says;
    } table[] = {
        {"protocolVersion: 2\nname: \xc3\xa9x\ntype: job\ntaskRoles: {}\n", 4, 12, "must have something"},
        {"protocolVersion: 2\ntype: job\ntaskRoles:\n  w: {instances: \"1\", dockerImage: i,\n    commands: "
         "[x], resourcePerInstance: {cpu: 1,\n      memoryMB: 1, gpu: 1}}\nprerequisites: [{name: i, type: "
         "dockerimage, uri: u}]\nname: n\n",
         4, 18, "must be a whole number, without quotes"},
        {"# c\nprotocolVersion: 2\n\nname: 7\ntype: job\ntaskRoles: {w: {instances: 1, dockerImage: i, "
         "commands: [x], resourcePerInstance: {cpu: 1, memoryMB: 1, gpu: 1}}}\nprerequisites:\n- name: i\n  "
         "uri: u\n  type: dockerimage\n",
         4, 7, "must be a text, in quotes"},
        {"{\n \"protocolVersion\": 2,\n \"name\": \"n\", \"type\":\n\t\"job\", \"prerequisites\": "
         "[{\"name\": "
         "\"i\", \"type\": \"dockerimage\", \"uri\": \"u\"}],\n \"taskRoles\": {\"w\": {\"instances\": 1, "
         "\"dockerImage\": \"i\", \"commands\": [\"\xc3\xa9\\\"\", 5]\n , \"resourcePerInstance\":\n"
         "{\"cpu\": 1, \"memoryMB\": 1, \"gpu\": 1}}}}",
         5, 78, "must be a text, in quotes"},
        {"{\"jobName\":\"j\",\"image\":\"i\",\"taskRoles\":[{\"name\":\"a\",\"command\":\"x\",\n"
         "\"TaskNumber\":1}]}",
         2, 1, "there is no such member; it is written \"taskNumber\""},
        {"{\"jobName\":\"j\",\"image\":\"i\",\n\"taskRoles\":[\n {\"name\":\"a\"}]}", 3, 2, "is missing"},
    };
    (void)state;
    static struct found f;
    memset(&f, 0, sizeof f);
    for (size_t i = 0; i < COUNT(table); i++) {
        check(table[i].source, strlen(table[i].source), &f);
        if (f.line != table[i].line || f.column != table[i].column ||
            strncmp(f.last, table[i].says, strlen(table[i].says)) != 0)
            fail_msg("%s\n%s%u:%u: %s", table[i].source, f.text, (unsigned)f.line, (unsigned)f.column,
                     f.last);
    }
}

static void a_callback_ends_the_check(void **state)
{
    static struct found f;
    const char *source = "protocolVersion: 2\na: 1\nb: 1\n";
    (void)state;
    memset(&f, 0, sizeof f);
    check(source, strlen(source), &f);
    size_t all = f.count;
    assert_true(all >= 5);
    for (size_t i = 1; i <= all; i++) {
        f.stop_after = i;
        assert_int_equal(check(source, strlen(source), &f), BERTH_E_CANCELLED);
        assert_int_equal(f.count, i);
    }
}

static void long_names_are_cut(void **state)
{
    char source[2000];
    char name[400];
    static struct found f;
    (void)state;
    memset(&f, 0, sizeof f);
    memset(name, 'n', sizeof name);
    snprintf(source, sizeof source, "protocolVersion: 2\n%.*s: 1\n\"\\u00e9%.*s\\n\": 1\n", 300, name, 62,
             name);
    check(source, strlen(source), &f);
    assert_non_null(strstr(f.text, "nnn...\n"));
    assert_non_null(strstr(f.text, "[\"\xc3\xa9nnn"));
    assert_non_null(strstr(f.text, "n...\"]\n"));
}

/* ---- Reading ---------------------------------------------------------------------------------- */

static void refusals(void **state)
{
    static const struct {
        const char *source;
        enum berth_status status;
        uint32_t line, column;
        const char *says;
    } table[] = {
        {"", BERTH_E_TYPE, 1, 1, "mapping"},
        {"[1]", BERTH_E_TYPE, 1, 1, "mapping"},
        {"text", BERTH_E_TYPE, 1, 1, "mapping"},
        {"a: 1\na: 2\n", BERTH_E_SYNTAX, 2, 1, ""},
        {"{\"a\":1,\n\t\"b\":2, \"a\":3}", BERTH_E_SYNTAX, 2, 9, "twice"},
        {"{\"a\":1, \"\\u0061\":3}", BERTH_E_SYNTAX, 1, 9, "twice"},
        {"{\"a\":\"\\ud800\"}", BERTH_E_UTF8, 1, 7, "surrogate"},
        {"{\"a\":\"\xff\"}", BERTH_E_UTF8, 1, 7, ""},
        {"a: &x 1\n", BERTH_E_SYNTAX, 1, 4, ""},
        {"a: \"\x01\"\n", BERTH_E_SYNTAX, 1, 5, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_openpai_document document;
        struct berth_yaml_error error;
        size_t len = strlen(table[i].source);
        char *copy = guard_copy(table[i].source, len);
        enum berth_status status = berth_openpai_document_read(&document, berth_text_make(copy, len), memory,
                                                               sizeof memory, NULL, &error);
        if (status != table[i].status || error.line != table[i].line || error.column != table[i].column ||
            strstr(error.reason, table[i].says) == NULL)
            fail_msg("%s: %s at %u:%u: %s", table[i].source, berth_status_name(status), (unsigned)error.line,
                     (unsigned)error.column, error.reason);
        guard_free(copy);
    }
}

static void memory_of_any_size(void **state)
{
    static const char *const paths[] = {"test/wire/openpai_job/full.yaml",
                                        "test/wire/openpai_job/full_v1.json"};
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        size_t len, needed = 0, more = 0;
        uint8_t *source = fixture_load(paths[i], &len);
        struct berth_text text = berth_text_make((char *)source, len);
        struct berth_openpai_document document;
        assert_int_equal(berth_openpai_document_read(&document, text, NULL, 0, &needed, NULL), BERTH_E_SPACE);
        assert_int_equal(berth_openpai_document_read(&document, text, memory, needed, &more, NULL),
                         BERTH_E_SPACE);
        assert_true(more > needed);
        assert_true(more < 5 * len);
        for (size_t size = 0; size <= more; size += size + 3 < more ? 97 : 1) {
            char *given = guard_new(size);
            enum berth_status status =
                berth_openpai_document_read(&document, text, given, size, &needed, NULL);
            assert_true(status == BERTH_OK || status == BERTH_E_SPACE);
            if (size >= more)
                assert_int_equal(status, BERTH_OK);
            guard_free(given);
        }
        free(source);
    }
}

static void sizes(void **state)
{
    static char source[BERTH_OPENPAI_JOB_SIZE_MAX + 100];
    static struct found f;
    static const char head[] = "protocolVersion: 2\nname: n\ntype: job\nprerequisites: [{name: i, type: "
                               "dockerimage, uri: u}]\ntaskRoles: {w: {instances: 1, dockerImage: i, "
                               "commands: [x], resourcePerInstance: {cpu: 1, memoryMB: 1, gpu: 1}}}\n";
    (void)state;
    memset(&f, 0, sizeof f);
    size_t len = strlen(head);
    memcpy(source, head, len);
    source[len] = '#';
    memset(source + len + 1, 'x', sizeof source - len - 1);
    check(source, BERTH_OPENPAI_JOB_SIZE_MAX, &f);
    assert_string_equal(f.text, "");
    check(source, BERTH_OPENPAI_JOB_SIZE_MAX + 1, &f);
    assert_string_equal(f.text, "E size \n");
    memset(source + len, '\n', 1000);
    check(source, len + 999 - 5, &f);
    assert_string_equal(f.text, "");
    check(source, len + 1000 - 5, &f);
    assert_string_equal(f.text, "W lines \n");
    /* Small as it stands, but it cannot be sent so. */
    len = (size_t)snprintf(source, sizeof source, "%sdescription: \"", head);
    while (len + 4 < 60000)
        len += (size_t)snprintf(source + len, 5, "\\a");
    len += (size_t)snprintf(source + len, 20, "\"\n");
    check(source, len, &f);
    assert_string_equal(f.text, "");
    char *without = replace(source, "instances: 1, ", "");
    check(without, strlen(without), &f);
    assert_string_equal(f.text, "W instances taskRoles.w.instances\nE size \n");
    free(without);
}

/* Documents made to be slow: thousands of findings, deep and wide, take no time in proportion to their
 * square. */
static void hostile_sizes(void **state)
{
    static const struct {
        const char *begin, *again, *end;
        size_t least; /* findings */
    } table[] = {
        {"protocolVersion: 2\nparameters: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: [", "010,",
         "]}}}}}}}}}}}}\n", 20000},
        {"protocolVersion: 2\nx: [", "a:,", "]\n", 1}, /* the most tokens a byte */
        {"protocolVersion: 2\ndeployments: [", "{name: d},", "]\n", 15000},
        {"protocolVersion: 2\nprerequisites: [", "{name: p, type: data},", "]\n", 4000},
        {"protocolVersion: 2\ntaskRoles: {w: {commands: [", "\"<%$x%>\",", "]}}\n", 9000},
    };
    static char source[BERTH_OPENPAI_JOB_SIZE_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        size_t len = strlen(table[i].begin), unit = strlen(table[i].again);
        memcpy(source, table[i].begin, len);
        while (len + unit + 100 < sizeof source) {
            memcpy(source + len, table[i].again, unit);
            len += unit;
        }
        memcpy(source + len, table[i].end, strlen(table[i].end));
        len += strlen(table[i].end);
        struct berth_openpai_document document;
        struct berth_openpai_check check = {count_finding, NULL, 0, 0};
        assert_int_equal(berth_openpai_document_read(&document, berth_text_make(source, len), memory,
                                                     sizeof memory, NULL, NULL),
                         BERTH_OK);
        (void)!berth_openpai_document_check(&document, &check);
        assert_true(check.errors + check.warnings >= table[i].least);
    }
}

/* ---- What a server reads otherwise ------------------------------------------------------------ */

static void scalars(void **state)
{
    /* As js-yaml 3.13 has it, which agrees with all that the wire page says of the servers' reader. */
    static const struct berth_text otherwise = BERTH_TEXT_INIT(
        "010|-010|089|08|00.5|01.5|012e3|0_1|1_000|1__0|1_0.5|1.5_0|1_e5|1_.5|0b11|-0b1|0o17|-0x1F|0x1_F|1:"
        "30|"
        "1:30:15|190:20:30|+1:30:00|1:2.5|01:30.5|1:30._5|+.5|-.5|.5_0|2021-01-31|2021-1-3 10:00:00|"
        "2021-01-31T10:00:00Z");
    static const struct berth_text same =
        BERTH_TEXT_INIT("0|10|1.0|1.|.5|0.5|1e3|-1.5e-3|0x1F|00|07|+07|0_|1_|_1|.5_|-.5_0|08_1|1e_5|1.0e1_0|"
                        "0b|0b12|0o8|+0o7|0x|"
                        "01:30|99:99|1:60|1::30|1:2:x|1:30.5_|2021-01|2021-1-31|2021-01-3x|2021-01-31T10:00|"
                        "20210131|yes|null|"
                        "1.2.3|10.0.0.1|a010|v1_0|12ab|1-2|1e3x|.|x");
    char source[400];
    static struct found f;
    (void)state;
    memset(&f, 0, sizeof f);
    for (int differs = 0; differs < 2; differs++) {
        struct berth_text rest = differs ? otherwise : same, text;
        while (berth_text_split(&rest, '|', &text)) {
            snprintf(
                source, sizeof source,
                "protocolVersion: 2\nname: n\ntype: job\ntaskRoles: {w: {instances: 1, dockerImage: i, "
                "commands: [x], resourcePerInstance: {cpu: 1, memoryMB: 1, gpu: 1}}}\nprerequisites: [{name: "
                "i, type: dockerimage, uri: u}]\nparameters:\n  p: %.*s\n",
                (int)text.len, text.ptr);
            check(source, strlen(source), &f);
            if (strcmp(f.text, differs ? "W scalar parameters.p\n" : "") != 0)
                fail_msg("%.*s: \"%s\"", (int)text.len, text.ptr, f.text);
        }
    }
}

static void names_of_roles(void **state)
{
    static const struct {
        const char *a, *b;
        bool collide;
    } table[] = {{"worker", "Worker", true},  {"ps_1", "ps1", true}, {"a_b_", "_AB", true},
                 {"ps1", "ps2", false},       {"a", "ab", false},    {"_", "__", true},
                 {"worker", "work_er", true}, {"", "_", true}};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(berth_openpai_roles_collide(berth_text_of(table[i].a), berth_text_of(table[i].b)),
                         table[i].collide);
        assert_int_equal(berth_openpai_roles_collide(berth_text_of(table[i].b), berth_text_of(table[i].a)),
                         table[i].collide);
    }
    for (int rule = 0; rule < BERTH_OPENPAI_RULE_COUNT_OF; rule++)
        assert_true(strlen(berth_openpai_rule_name((enum berth_openpai_rule)rule)) > 2);
    assert_string_equal(berth_openpai_rule_name(BERTH_OPENPAI_RULE_COUNT_OF), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v2),
        cmocka_unit_test(v1),
        cmocka_unit_test(places),
        cmocka_unit_test(a_callback_ends_the_check),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(refusals),
        cmocka_unit_test(memory_of_any_size),
        cmocka_unit_test(sizes),
        cmocka_unit_test(hostile_sizes),
        cmocka_unit_test(scalars),
        cmocka_unit_test(names_of_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
