/* OpenPAI jobs: v1 to v2, builders, shell words, the old SDK's cache, notebooks. */
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
#include "json_random.h"
#include "seed.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define T(literal) BERTH_TEXT_INIT(literal)

static char memory[BERTH_OPENPAI_JOB_MEMORY];
static char buf[200000];

struct notes {
    char text[4000];
    size_t len;
};

static enum berth_status note(void *ctx, const struct berth_openpai_finding *finding)
{
    struct notes *n = ctx;
    n->len += (size_t)snprintf(n->text + n->len, sizeof n->text - n->len, "%c %s %.*s\n",
                               finding->warning ? 'W' : 'E', berth_openpai_rule_name(finding->rule),
                               (int)finding->path.len, finding->path.ptr);
    assert_true(n->len < sizeof n->text);
    return BERTH_OK;
}

static struct berth_openpai_document read_document(struct berth_text source)
{
    struct berth_openpai_document document;
    struct berth_yaml_error error;
    enum berth_status status =
        berth_openpai_document_read(&document, source, memory, sizeof memory, NULL, &error);
    if (status != BERTH_OK)
        fail_msg("%u:%u: %s in\n%.*s", (unsigned)error.line, (unsigned)error.column, error.reason,
                 (int)source.len, source.ptr);
    return document;
}

static void assert_text(struct berth_text text, const char *expected)
{
    if (!berth_text_equal(text, berth_text_of(expected)))
        fail_msg("\n%.*s\ninstead of\n%s", (int)text.len, text.ptr, expected);
}

/* Nothing is found in TEXT. */
static void assert_clean(struct berth_text text)
{
    struct notes n = {.len = 0};
    struct berth_openpai_check check = {.finding = note, .ctx = &n};
    struct berth_openpai_document document = read_document(text);
    enum berth_status status = berth_openpai_document_check(&document, &check);
    if (status != BERTH_OK || n.len > 0)
        fail_msg("%s in\n%.*s", n.text, (int)text.len, text.ptr);
    assert_true(berth_openpai_document_is_safe(&document));
}

/* ---- Conversion ------------------------------------------------------------------------------- */

static enum berth_status convert(struct berth_text source, struct berth_text auth_file, struct notes *n,
                                 struct berth_text *out_text)
{
    struct berth_openpai_document document = read_document(source);
    struct berth_openpai_conversion conversion = {.auth_file = auth_file, .check = {note, n, 0, 0}};
    struct berth_writer count = {0}, w;
    memset(n, 0, sizeof *n);
    enum berth_status status = berth_openpai_convert(&document, &conversion, &count);
    assert_true(status != BERTH_OK);
    memset(n, 0, sizeof *n);
    berth_writer_init(&w, buf, sizeof buf);
    status = berth_openpai_convert(&document, &conversion, &w);
    assert_int_equal(w.len, count.len);
    *out_text = berth_writer_text(&w);
    return status;
}

static void conversion(void **state)
{
    size_t len, expected_len;
    uint8_t *source = fixture_load("test/wire/openpai_job/full_v1.json", &len);
    uint8_t *expected = fixture_load("test/wire/openpai_job/full_v1.converted.yaml", &expected_len);
    struct notes n;
    struct berth_text text, auth = T("registry.example.test\r\nlee\r\np@ss: #1 \"\r\n");
    (void)state;
    assert_int_equal(convert(berth_text_make((char *)source, len), auth, &n, &text), BERTH_OK);
    assert_text(text, (char *)expected);
    assert_string_equal(n.text,
                        "W conversion jobName\nW conversion codeDir\nW conversion taskRoles[1].name\n");
    assert_clean(text);
    free(source);
    free(expected);
}

#define HEAD "{\"jobName\":\"j\",\"image\":\"i\","
#define ROLES "\"taskRoles\":[{\"name\":\"a\",\"command\":\"x\"}]}"

static void conversions(void **state)
{
    static const struct {
        const char *source;
        enum berth_status status;
        const char *notes;
        const char *has;
    } table[] = {
        {HEAD ROLES, BERTH_OK, "",
         "protocolVersion: 2\nname: \"j\"\ntype: \"job\"\njobRetryCount: 0\nprerequisites: "
         "[{\"name\":\"default\",\"type\":\"dockerimage\",\"uri\":\"i\"}]\ntaskRoles: "
         "{\"a\":{\"instances\":1,\"dockerImage\":\"default\",\"resourcePerInstance\":{\"cpu\":1,"
         "\"memoryMB\":"
         "100,\"gpu\":0},\"commands\":[\"x\"]}}\ndeployments: "
         "[{\"name\":\"default\",\"taskRoles\":{\"a\":{}}}]\ndefaults: "
         "{\"virtualCluster\":\"default\",\"deployment\":\"default\"}\n"},
        {HEAD "\"retryCount\":-2," ROLES, BERTH_E_BAD_REQUEST, "E conversion retryCount\n", NULL},
        {HEAD "\"authFile\":\"hdfs://x\"," ROLES, BERTH_E_BAD_REQUEST, "E conversion authFile\n", NULL},
        {HEAD "\"authFile\":\"\"," ROLES, BERTH_OK, "", NULL},
        {HEAD "\"gpuType\":\"P40\"," ROLES, BERTH_OK, "W conversion gpuType\n", NULL},
        {HEAD "\"killAllOnCompletedTaskNumber\":1," ROLES, BERTH_OK,
         "W conversion killAllOnCompletedTaskNumber\n", NULL},
        {HEAD "\"codeDir\":\"/c\"," ROLES, BERTH_OK, "W conversion codeDir\n",
         "\"preCommands\":[\"export PAI_CODE_DIR=\\\"/c\\\"\"]"},
        {HEAD "\"jobEnvs\":{\"A-B\":1}," ROLES, BERTH_E_BAD_REQUEST, "E conversion jobEnvs.A-B\n", NULL},
        {HEAD "\"jobEnvs\":{\"A\":1,\"B\":null,\"C\":\"\",\"D\":{\"x\":\"'\"},\"E\":\"\\n\\\"$\"}," ROLES,
         BERTH_OK, "",
         "\"preCommands\":[\"export A=1\",\"export C=''\",\"export "
         "D='{\\\"x\\\":\\\"'\\\\''\\\"}'\",\"export "
         "E='\\n\\\"$'\"]"},
        {HEAD "\"taskRoles\":[{\"name\":\"a.b\",\"command\":\"x\"},{\"name\":\"a_b\",\"command\":\"x\"}]}",
         BERTH_E_BAD_REQUEST, "E collision taskRoles[1]\nW conversion taskRoles[0].name\n", NULL},
        {HEAD "\"taskRoles\":[{\"name\":\"1a\",\"command\":\"x <% y %>\"}]}", BERTH_OK,
         "W conversion taskRoles[0].name\nW conversion taskRoles[0].command\n", "{\"_1a\":{"},
        {HEAD
         "\"taskRoles\":[{\"name\":\"a\",\"command\":\"x\",\"portList\":[{\"label\":\"p-1\",\"beginAt\":80},"
         "{\"label\":\"p_1\"}]}]}",
         BERTH_E_BAD_REQUEST,
         "W conversion taskRoles[0].portList[0].beginAt\nW conversion taskRoles[0].portList[0].label\nE "
         "conversion taskRoles[0].portList[1].label\n",
         NULL},
        {HEAD "\"taskRoles\":[{\"name\":\"a\",\"command\":\"x\",\"minSucceededTaskCount\":1,\"portList\":["
              "{\"label\":\"P\"},{\"label\":\"p\",\"portNumber\":3}]}]}",
         BERTH_OK, "", "\"completion\":{\"minSucceededInstances\":1}"},
    };
    struct notes n;
    struct berth_text text, none = {NULL, 0};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        enum berth_status status = convert(berth_text_of(table[i].source), none, &n, &text);
        if (status != table[i].status || strcmp(n.text, table[i].notes) != 0)
            fail_msg("%s: %s\n%s", table[i].source, berth_status_name(status), n.text);
        if (table[i].has != NULL && berth_text_find(text, berth_text_of(table[i].has)) == SIZE_MAX)
            fail_msg("%.*s\ndoes not have\n%s", (int)text.len, text.ptr, table[i].has);
        if (status == BERTH_OK && strstr(table[i].source, "<%") == NULL)
            assert_clean(text);
    }
    struct berth_text files[] = {T("a\nb"), T("a\nb\nc\nd"), T("a\n\nc\n"), T(""), T("a\nb\n\xff")};
    for (size_t i = 0; i < COUNT(files); i++)
        assert_int_equal(convert(BERTH_TEXT(HEAD "\"authFile\":\"f\"," ROLES), files[i], &n, &text),
                         BERTH_E_BAD_REQUEST);
    struct berth_openpai_document document = read_document(BERTH_TEXT("protocolVersion: 2\n"));
    struct berth_openpai_conversion conversion = {.auth_file = none};
    struct berth_writer w = {0};
    assert_int_equal(berth_openpai_convert(&document, &conversion, &w), BERTH_E_ARGUMENT);
}

static void names(void **state)
{
    static const struct {
        const char *name, *identifier, *job;
    } table[] = {
        {"a", "a", "a"}, {"a-b.c~d", "a_b_c_d", "a-b_c_d"},      {"7x", "_7x", "7x"},        {"_", "_", "_"},
        {"", "", ""},    {"Gr\xc3\xb6\xc3\x9f", "Gr__", "Gr__"}, {"a b/c", "a_b_c", "a_b_c"}};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_writer w;
        berth_writer_init(&w, buf, sizeof buf);
        berth_openpai_put_identifier(&w, berth_text_of(table[i].name));
        assert_text(berth_writer_text(&w), table[i].identifier);
        berth_writer_init(&w, buf, sizeof buf);
        berth_openpai_put_job_name(&w, berth_text_of(table[i].name));
        assert_text(berth_writer_text(&w), table[i].job);
    }
}

/* ---- Building --------------------------------------------------------------------------------- */

static const struct berth_text argv[] = {T("python"), T("test.py"), T("Alice B")};
static const struct berth_text sources[] = {T("test.py"), T("lib/a.py")};
static const struct berth_text packages[] = {T("simplejson"), T("torch>=2")};
static const struct berth_openpai_pair client[] = {{T("pai_uri"), T("http://pai.example.test")},
                                                   {T("user"), T("lee")},
                                                   {T("passwd"), T("NEVER")},
                                                   {T("Token"), T("NEVER")},
                                                   {T("hdfs-web.uri"), T("")}};

static struct berth_openpai_spec demo(const struct berth_openpai_spec_role *role)
{
    const struct berth_openpai_spec spec = {.job_name = T("demo_v1"),
                                            .image = T("example/torch:2"),
                                            .workspace = T("/ws"),
                                            .sources = sources,
                                            .source_count = 1,
                                            .packages = packages,
                                            .package_count = 1,
                                            .roles = role,
                                            .role_count = 1,
                                            .client = client,
                                            .client_count = COUNT(client)};
    return spec;
}

static void builds_to_the_byte(void **state)
{
    const struct berth_openpai_spec_role role = {.argv = argv, .argc = COUNT(argv)};
    struct berth_openpai_spec spec = demo(&role);
    struct berth_writer w;
    (void)state;
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_build_v1(&spec, &w), BERTH_OK);
    assert_text(berth_writer_text(&w),
                "{\"jobName\":\"demo_v1\",\"image\":\"example/torch:2\",\"codeDir\":\"$PAI_DEFAULT_FS_URI/ws/"
                "demo_v1/code\",\"dataDir\":\"\",\"outputDir\":\"\",\"virtualCluster\":\"default\","
                "\"retryCount\":0,\"jobEnvs\":{\"PAI_SDK_JOB_WORKSPACE\":\"/ws\",\"PAI_SDK_JOB_OUTPUT_DIR\":"
                "\"/ws/demo_v1/output\",\"PAI_SDK_JOB_CODE_DIR\":\"/ws/demo_v1/code\","
                "\"PAI_SDK_CLIENT_PAI_URI\":\"http://pai.example.test\",\"PAI_SDK_CLIENT_USER\":\"lee\"},"
                "\"taskRoles\":[{\"name\":\"main\",\"taskNumber\":1,\"cpuNumber\":1,\"gpuNumber\":0,"
                "\"memoryMB\":1024,\"command\":\"pip install -U simplejson && cd code && python test.py "
                "'Alice B'\"}]}");
    assert_clean(berth_writer_text(&w));
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_OK);
    assert_text(
        berth_writer_text(&w),
        "protocolVersion: 2\nname: \"demo_v1\"\ntype: \"job\"\njobRetryCount: 0\nprerequisites: "
        "[{\"name\":\"image\",\"type\":\"dockerimage\",\"uri\":\"example/torch:2\"}]\nparameters: "
        "{\"PAI_SDK_JOB_WORKSPACE\":\"/ws\",\"PAI_SDK_JOB_OUTPUT_DIR\":\"/ws/demo_v1/output\","
        "\"PAI_SDK_JOB_CODE_DIR\":\"/ws/demo_v1/code\",\"PAI_SDK_CLIENT_PAI_URI\":\"http://"
        "pai.example.test\","
        "\"PAI_SDK_CLIENT_USER\":\"lee\"}\ntaskRoles: "
        "{\"main\":{\"instances\":1,\"dockerImage\":\"image\",\"resourcePerInstance\":{\"cpu\":1,"
        "\"memoryMB\":"
        "1024,\"gpu\":0},\"commands\":[\"cd code && python test.py 'Alice B'\"]}}\ndeployments: "
        "[{\"name\":\"default\",\"taskRoles\":{\"main\":{\"preCommands\":[\"export "
        "PAI_SDK_JOB_WORKSPACE=/ws\",\"export PAI_SDK_JOB_OUTPUT_DIR='/ws/demo_v1/output'\",\"export "
        "PAI_SDK_JOB_CODE_DIR='/ws/demo_v1/code'\",\"export "
        "PAI_SDK_CLIENT_PAI_URI=http://pai.example.test\",\"export PAI_SDK_CLIENT_USER=lee\",\"pip install "
        "-U "
        "simplejson\"]}}}]\ndefaults: {\"virtualCluster\":\"default\",\"deployment\":\"default\"}\nextras: "
        "{\"submitFrom\":\"berth\"}\n");
    assert_clean(berth_writer_text(&w));
    /* Without workspace and sources: the smallest. */
    const struct berth_text shell[] = {T("echo a && echo b")};
    const struct berth_openpai_spec_role small_role = {.argv = shell, .argc = 1};
    const struct berth_openpai_spec small = {
        .job_name = T("j"), .image = T("i"), .roles = &small_role, .role_count = 1};
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_build_v1(&small, &w), BERTH_OK);
    assert_true(berth_text_find(berth_writer_text(&w), BERTH_TEXT("\"command\":\"echo a && echo b\"")) !=
                SIZE_MAX);
    assert_clean(berth_writer_text(&w));
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_build_v2(&small, &w), BERTH_OK);
    assert_true(berth_text_find(berth_writer_text(&w), BERTH_TEXT("deployment")) == SIZE_MAX);
    assert_clean(berth_writer_text(&w));
}

static void all_of_a_spec(void **state)
{
    static const struct berth_openpai_port ports[] = {{T("web"), 0}, {T("grpc"), 2}};
    static const struct berth_openpai_pair env[] = {{T("LR"), T("it's \"1e-3\" $x\n")}, {T("_a"), T("")}};
    static const struct berth_openpai_pair secrets[] = {{T("pw"), T("p: #\"'")}, {T("k"), T("\xc3\xa9")}};
    static const struct berth_text prepare[] = {T("mkdir -p code"), T("true # \"x\"")};
    static const struct berth_text tags[] = {T("nightly"), T("\xe6\xa8\x99")};
    static const struct berth_text storages[] = {T("teamnfs"), T("scratch")};
    const struct berth_openpai_spec_role roles[] = {
        {T("worker"), 4, 8, 2, 65536, 1024, argv, COUNT(argv), ports, COUNT(ports), 1, 4},
        {T("ps"), 0, 0, 0, 0, 0, argv, 2, ports, 1, -1, 0}};
    struct berth_openpai_spec spec = demo(roles);
    struct berth_writer w;
    (void)state;
    spec.role_count = 2;
    spec.source_count = spec.package_count = 2;
    spec.workspace = BERTH_TEXT("/w's \"x\"");
    spec.install_command = BERTH_TEXT("pip install \"sdk\"");
    spec.env = env;
    spec.env_count = COUNT(env);
    spec.virtual_cluster = BERTH_TEXT("vision");
    spec.retry_count = 3;
    spec.description = BERTH_TEXT("line\n\x7f");
    spec.secrets = secrets;
    spec.secret_count = COUNT(secrets);
    spec.registry = BERTH_TEXT("registry.example.test");
    spec.registry_user = BERTH_TEXT("lee");
    spec.registry_secret = BERTH_TEXT("pw");
    spec.prepare = prepare;
    spec.prepare_count = COUNT(prepare);
    spec.tags = tags;
    spec.tag_count = COUNT(tags);
    spec.priority = BERTH_TEXT("oppo");
    spec.storages = storages;
    spec.storage_count = COUNT(storages);
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_OK);
    size_t len;
    uint8_t *expected = fixture_load("test/wire/openpai_job/built_v2.yaml", &len);
    assert_text(berth_writer_text(&w), (char *)expected);
    free(expected);
    assert_clean(berth_writer_text(&w));
    assert_true(berth_text_find(berth_writer_text(&w), BERTH_TEXT("NEVER")) == SIZE_MAX);
    berth_writer_init(&w, buf, sizeof buf);
    struct berth_openpai_spec_role positive[2];
    memcpy(positive, roles, sizeof roles);
    positive[1].min_failed = 1; /* v1 has no "never" */
    spec.roles = positive;
    assert_int_equal(berth_openpai_build_v1(&spec, &w), BERTH_OK);
    assert_clean(berth_writer_text(&w));
    assert_true(berth_text_find(berth_writer_text(&w), BERTH_TEXT("NEVER")) == SIZE_MAX);
    /* What is built can be converted, and that is clean too. */
    static char v1[20000];
    struct berth_text text = berth_writer_text(&w), none = {NULL, 0};
    struct notes n;
    memcpy(v1, text.ptr, text.len);
    assert_int_equal(convert(berth_text_make(v1, text.len), none, &n, &text), BERTH_OK);
    assert_string_equal(n.text, "W conversion codeDir\n");
    assert_clean(text);
}

static void refused_specs(void **state)
{
    const struct berth_openpai_spec_role role = {.argv = argv, .argc = COUNT(argv)};
    const struct berth_openpai_spec_role no_command = {.argv = argv, .argc = 0};
    static const struct berth_text bad_sources[] = {T("/etc/passwd"), T("a/../b"), T(".."), T("")};
    static const struct berth_openpai_pair bad_env[] = {{T("A B"), T("x")}};
    static const struct berth_text bad_text[] = {T("\xff")};
    struct berth_writer w = {0};
    (void)state;
    struct berth_openpai_spec spec = demo(&role);
    spec.job_name.len = 0;
    assert_int_equal(berth_openpai_build_v1(&spec, &w), BERTH_E_MISSING);
    spec = demo(&role);
    spec.image.len = 0;
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_E_MISSING);
    spec = demo(&role);
    spec.role_count = 0;
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_E_MISSING);
    spec = demo(&no_command);
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_E_MISSING);
    for (size_t i = 0; i < COUNT(bad_sources); i++) {
        spec = demo(&role);
        spec.sources = &bad_sources[i];
        assert_int_equal(berth_openpai_build_v1(&spec, &w), BERTH_E_ARGUMENT);
    }
    spec = demo(&role);
    spec.env = bad_env;
    spec.env_count = 1;
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_E_ARGUMENT);
    spec = demo(&role);
    spec.tags = bad_text;
    spec.tag_count = 1;
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_E_UTF8);
    spec = demo(&role);
    assert_int_equal(berth_openpai_build_v2(&spec, &w), BERTH_E_SPACE);
    assert_true(w.len > 500);
}

/* Random texts everywhere: what is built is read again without an error, written the same, and hides its
 * secrets. */
static void random_specs(void **state)
{
    static char texts[40][100];
    static char again[200000];
    uint64_t seed = seed_start("openpai_job_build");
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct berth_text random[40];
        for (size_t k = 0; k < COUNT(random); k++)
            random[k] =
                berth_text_make(texts[k], json_random_string(&seed, texts[k], 1 + seed_below(&seed, 99)));
        const struct berth_openpai_pair secrets[] = {{T("a"), random[0]}, {T("b"), random[1]}};
        const struct berth_openpai_pair env[] = {{T("A"), random[2]}, {T("B"), random[3]}};
        const struct berth_openpai_spec_role role = {
            .argv = &random[4], .argc = 2 + seed_below(&seed, 8), .task_number = 2};
        struct berth_openpai_spec spec = demo(&role);
        spec.secrets = secrets;
        spec.env = env;
        spec.secret_count = spec.env_count = 2;
        spec.workspace = random[20];
        spec.packages = &random[21];
        spec.package_count = seed_below(&seed, 3);
        spec.description = random[24];
        spec.prepare = &random[25];
        spec.prepare_count = 2;
        if (random[4].len == 0)
            continue;
        struct berth_writer w, x;
        for (int v2 = 0; v2 < 2; v2++) {
            berth_writer_init(&w, buf, sizeof buf);
            enum berth_status status =
                v2 ? berth_openpai_build_v2(&spec, &w) : berth_openpai_build_v1(&spec, &w);
            assert_int_equal(status, BERTH_OK);
            struct berth_openpai_document document = read_document(berth_writer_text(&w));
            struct berth_openpai_check check = {.finding = NULL};
            assert_int_equal(berth_openpai_document_check(&document, &check), BERTH_OK);
            berth_writer_init(&x, again, sizeof again);
            assert_int_equal(berth_openpai_document_write(&document, &x), BERTH_OK);
            assert_true(berth_text_equal(berth_writer_text(&w), berth_writer_text(&x)));
        }
    }
}

/* ---- Shell ------------------------------------------------------------------------------------ */

static void words(void **state)
{
    static const struct {
        const char *text, *word;
    } table[] = {{"a", "a"},       {"", "''"},
                 {"a b", "'a b'"}, {"it's", "'it'\\''s'"},
                 {"'", "''\\'''"}, {"$HOME", "'$HOME'"},
                 {"a=b", "a=b"},   {"--lr=1e-3", "--lr=1e-3"},
                 {"*", "'*'"},     {"a\nb", "'a\nb'"},
                 {"~", "'~'"},     {"x/y.z@1:2,3%+", "x/y.z@1:2,3%+"},
                 {"\\", "'\\'"},   {"\xc3\xa9", "'\xc3\xa9'"}};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_writer w;
        berth_writer_init(&w, buf, sizeof buf);
        berth_openpai_put_word(&w, berth_text_of(table[i].text));
        assert_text(berth_writer_text(&w), table[i].word);
    }
    struct berth_writer w;
    berth_writer_init(&w, buf, sizeof buf);
    berth_openpai_put_command(&w, argv, COUNT(argv));
    assert_text(berth_writer_text(&w), "python test.py 'Alice B'");
}

static void inline_sources(void **state)
{
    static const struct {
        const char *path, *bytes, *line;
    } table[] = {
        {"a.py", "", "mkdir -p code/ && echo  | base64 -d >code/a.py"},
        {"a.py", "f", "mkdir -p code/ && echo Zg== | base64 -d >code/a.py"},
        {"d/a b.py", "fo", "mkdir -p code/d && echo Zm8= | base64 -d >code/'d/a b.py'"},
        {"d/e/a.py", "foobar\xff", "mkdir -p code/d/e && echo Zm9vYmFy/w== | base64 -d >code/d/e/a.py"}};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_writer w;
        berth_writer_init(&w, buf, sizeof buf);
        assert_int_equal(
            berth_openpai_put_source(&w, berth_text_of(table[i].path), berth_text_of(table[i].bytes)),
            BERTH_OK);
        assert_text(berth_writer_text(&w), table[i].line);
    }
    struct berth_writer w = {0};
    assert_int_equal(berth_openpai_put_source(&w, BERTH_TEXT("../a"), BERTH_TEXT("x")), BERTH_E_ARGUMENT);
    assert_int_equal(berth_openpai_put_source(&w, BERTH_TEXT("a"), BERTH_TEXT("x")), BERTH_E_SPACE);
    assert_false(berth_openpai_source_is_inside(berth_text_make("a\0b", 3)));
    assert_true(berth_openpai_source_is_inside(BERTH_TEXT("a..b/...")));
}

/* ---- Cache ------------------------------------------------------------------------------------ */

static void cache(void **state)
{
    size_t len;
    char *json = (char *)fixture_load("test/wire/openpai_job/cache.json", &len);
    char *copy = malloc(len);
    struct berth_openpai_spec_role roles[2];
    struct berth_text texts[8];
    struct berth_openpai_spec spec;
    struct berth_writer w;
    (void)state;
    memcpy(copy, json, len);
    assert_int_equal(berth_openpai_cache_read(copy, len, roles, 2, texts, 8, &spec, NULL), BERTH_OK);
    assert_int_equal(spec.role_count, 1);
    assert_int_equal(spec.source_count, 1);
    assert_text(spec.sources[0], "test.py");
    assert_int_equal(spec.roles[0].argc, 3);
    assert_text(spec.roles[0].argv[2], "Alice B");
    assert_int_equal(spec.roles[0].memory_mb, 1024);
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_cache_write(&spec, &w), BERTH_OK);
    while (len > 0 && json[len - 1] == '\n')
        json[--len] = '\0';
    assert_text(berth_writer_text(&w), json);
    for (size_t i = 0; i < 4; i++) {
        memcpy(copy, json, len);
        assert_int_equal(berth_openpai_cache_read(copy, len, roles, 1, texts, i, &spec, NULL), BERTH_E_SPACE);
    }
    memcpy(copy, json, len);
    assert_int_equal(berth_openpai_cache_read(copy, len, roles, 0, texts, 8, &spec, NULL), BERTH_E_SPACE);
    free(copy);
    free(json);
    static const struct {
        const char *json;
        enum berth_status status;
    } table[] = {
        {"[]", BERTH_E_MISSING},
        {"{}", BERTH_E_TYPE},
        {"[1]", BERTH_E_TYPE},
        {"[{\"type\":\"task-role\",\"job_name\":\"j\"}]", BERTH_E_MISSING},
        {"[{\"type\":\"job-spec\"}]", BERTH_E_MISSING},
        {"[{\"type\":\"job-spec\",\"job_name\":\"j\"},{\"type\":\"new\",\"job_name\":\"j\"}]", BERTH_OK},
        {"[{\"type\":\"job-spec\",\"job_name\":\"j\",\"sources\":[1]}]", BERTH_E_TYPE},
        {"[{\"type\":\"job-spec\",\"job_name\":\"j\",\"alias\":\"\\u00e9\",\"pip\":[\"a\\nb\"]}]", BERTH_OK},
        {"[", BERTH_E_TRUNCATED},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct berth_decode_error error;
        char *text = guard_copy(table[i].json, strlen(table[i].json));
        assert_int_equal(
            berth_openpai_cache_read(text, strlen(table[i].json), roles, 2, texts, 8, &spec, &error),
            table[i].status);
        guard_free(text);
    }
}

/* ---- Notebooks -------------------------------------------------------------------------------- */

static void notebooks(void **state)
{
    static const uint8_t random[16] = {0, 1, 2, 3, 0xfe};
    static const struct {
        const char *path, *name, *script;
    } table[] = {
        {"work/My Notebook.ipynb", "My_Notebook_00010203fe0000000000000000000000",
         "ipython './My Notebook.py'"},
        {"a.b.ipynb", "a_b_00010203fe0000000000000000000000", "ipython ./a.b.py"},
        {"-x", "-x_00010203fe0000000000000000000000", "ipython ./-x.py"},
    };
    struct berth_writer w;
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        berth_writer_init(&w, buf, sizeof buf);
        berth_openpai_put_notebook_name(&w, berth_text_of(table[i].path), random);
        assert_text(berth_writer_text(&w), table[i].name);
        berth_writer_init(&w, buf, sizeof buf);
        assert_int_equal(berth_openpai_put_notebook_command(&w, BERTH_OPENPAI_NOTEBOOK_SCRIPT,
                                                            berth_text_of(table[i].path), BERTH_TEXT("")),
                         BERTH_OK);
        assert_text(berth_writer_text(&w), table[i].script);
    }
    char path[400];
    memset(path, 'n', sizeof path);
    berth_writer_init(&w, buf, sizeof buf);
    berth_openpai_put_notebook_name(&w, berth_text_make(path, sizeof path), random);
    assert_int_equal(w.len, BERTH_OPENPAI_JOB_NAME_MAX);
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_put_notebook_command(&w, BERTH_OPENPAI_NOTEBOOK_INTERACTIVE,
                                                        BERTH_TEXT("a.ipynb"), BERTH_TEXT("a b")),
                     BERTH_E_ARGUMENT);
    assert_int_equal(berth_openpai_put_notebook_command(&w, BERTH_OPENPAI_NOTEBOOK_INTERACTIVE,
                                                        BERTH_TEXT("a.ipynb"), BERTH_TEXT("abc123")),
                     BERTH_OK);
    assert_text(berth_writer_text(&w),
                "jupyter notebook --no-browser --allow-root --ip=0.0.0.0 "
                "--port=$PAI_CONTAINER_HOST_jupyter_PORT_LIST --NotebookApp.token=abc123");
    berth_writer_init(&w, buf, sizeof buf);
    assert_int_equal(berth_openpai_put_notebook_command(&w, BERTH_OPENPAI_NOTEBOOK_SILENT,
                                                        BERTH_TEXT("a.ipynb"), BERTH_TEXT("")),
                     BERTH_OK);
    assert_true(berth_text_ends(berth_writer_text(&w), BERTH_TEXT(" ./a.ipynb")));
    assert_int_equal(berth_openpai_put_notebook_command(&w, BERTH_OPENPAI_NOTEBOOK_SCRIPT,
                                                        BERTH_TEXT("d/.ipynb"), BERTH_TEXT("")),
                     BERTH_E_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversion),     cmocka_unit_test(conversions),
        cmocka_unit_test(names),          cmocka_unit_test(builds_to_the_byte),
        cmocka_unit_test(all_of_a_spec),  cmocka_unit_test(refused_specs),
        cmocka_unit_test(random_specs),   cmocka_unit_test(words),
        cmocka_unit_test(inline_sources), cmocka_unit_test(cache),
        cmocka_unit_test(notebooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
