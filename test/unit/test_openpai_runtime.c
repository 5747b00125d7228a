/* OpenPAI inside a container: the environment, predicted ports, and the order of a program's course. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/md5.h"
#include "berth/openpai_runtime.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- MD5 -------------------------------------------------------------------------------------- */

static void md5(void **state)
{
    static const struct {
        const char *text, *hash;
    } table[] = {
        /* RFC 1321, A.5 */
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
         "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        for (size_t split = 0; split <= strlen(table[i].text); split++) {
            struct berth_text text = berth_text_of(table[i].text);
            unsigned char hash[BERTH_MD5_SIZE];
            char hex[40];
            struct berth_writer w;
            struct berth_md5 m;
            berth_md5_init(&m);
            berth_md5_add(&m, berth_text_slice(text, 0, split));
            berth_md5_add(&m, berth_text_slice(text, split, text.len));
            berth_md5_end(&m, hash);
            berth_writer_init(&w, hex, sizeof hex);
            berth_put_hex(&w, hash, sizeof hash);
            assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
            assert_string_equal(hex, table[i].hash);
        }
}

static void predicted(void **state)
{
    static const struct {
        const char *uid, *label;
        uint32_t index, start, end, port;
    } table[] = {
        {"d41f0c1e-0000-4000-8000-00000000aa01", "ssh", 0, 0, 0, 34986},
        {"d41f0c1e-0000-4000-8000-00000000aa01", "http", 0, 15000, 40000, 33800},
        {"x", "grpc", 1, 0, 0, 24804},
        {"x", "grpc", 1, 1, 2, 1},
        {"", "", 4294967295u, 1, 65536, 19381},
    };
    char id[40];
    struct berth_writer w;
    uint32_t port;
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(berth_openpai_predict_port(berth_text_of(table[i].uid),
                                                    berth_text_of(table[i].label), table[i].index,
                                                    table[i].start, table[i].end, &port),
                         BERTH_OK);
        assert_int_equal(port, table[i].port);
    }
    assert_int_equal(berth_openpai_predict_port(BERTH_TEXT("x"), BERTH_TEXT("y"), 0, 5, 5, &port),
                     BERTH_E_ARGUMENT);
    assert_int_equal(berth_openpai_predict_port(BERTH_TEXT("x"), BERTH_TEXT("y"), 0, 6, 5, &port),
                     BERTH_E_ARGUMENT);
    berth_writer_init(&w, id, sizeof id);
    berth_openpai_put_debug_id(&w, BERTH_TEXT("mira.k"), BERTH_TEXT("train_resnet_01"));
    assert_int_equal(berth_writer_terminate(&w), BERTH_OK);
    assert_string_equal(id, "31ab211c53e1dd60907534ac97ee87d2");
}

/* ---- The environment -------------------------------------------------------------------------- */

/* An environment as "NAME=value" strings, NULL-terminated. */
static const char *get(void *ctx, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *at = ctx; *at != NULL; at++)
        if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
            return *at + len + 1;
    return NULL;
}

static bool is(struct berth_text text, const char *expected)
{
    return expected == NULL ? text.ptr == NULL : berth_text_equal(text, berth_text_of(expected));
}

static void containers(void **state)
{
    const char *none[] = {"PATH=/bin", "PAI_CONTAINER_ID=", NULL};
    const char *yarn[] = {"PAI_CONTAINER_ID=container_1", NULL};
    const char *k8s[] = {"FC_POD_UID=d41f", NULL};
    const char *mine[] = {"MY_ID=1", NULL};
    (void)state;
    assert_false(berth_openpai_in_job(get, none, NULL));
    assert_true(berth_openpai_in_job(get, yarn, NULL));
    assert_true(berth_openpai_in_job(get, k8s, NULL));
    assert_false(berth_openpai_in_job(get, mine, NULL));
    assert_true(berth_openpai_in_job(get, mine, "MY_ID"));
    assert_false(berth_openpai_in_job(get, yarn, "MY_ID"));
}

static void environment(void **state)
{
    const char *k8s[] = {"PAI_JOB_NAME=mira.k~train~1",
                         "PAI_USER_NAME=mira.k",
                         "PAI_VIRTUAL_CLUSTER=vision",
                         "PAI_CURRENT_TASK_ROLE_NAME=PS_Server",
                         "PAI_CURRENT_TASK_ROLE_CURRENT_TASK_INDEX=3",
                         "FC_FRAMEWORK_ATTEMPT_ID=0",
                         "FC_POD_UID=d41f",
                         "PAI_CONTAINER_HOST_IP=10.0.0.1",
                         "PAI_SDK_CLIENT_PAI_URI=http://pai.example",
                         "PAI_SDK_CLIENT_USER=mira.k",
                         "PAI_SDK_CLIENT_HDFS_WEB_URI=",
                         "PAI_SDK_JOB_OUTPUT_DIR=/ws/j/output",
                         "PAI_HOST_IP_psserver_3=10.0.0.1",
                         "PAI_HOST_IP_worker_0=10.0.0.2",
                         "PAI_PORT_LIST_worker_0_grpc=15003,39990",
                         NULL};
    const char *g1[] = {"PAI_JOB_NAME=demo", "PAI_USERNAME=lee", "PAI_TASK_ROLE_INDEX=0", NULL};
    const char *odd[] = {"PAI_TASK_INDEX=x", NULL};
    const char *large[] = {"FC_FRAMEWORK_ATTEMPT_ID=4294967296", NULL};
    struct berth_openpai_env env;
    struct berth_text text;
    const char *name = "";
    (void)state;
    assert_int_equal(berth_openpai_env_read(&env, get, k8s, &name), BERTH_OK);
    assert_null(name);
    assert_true(is(env.job_user, "mira.k") && is(env.job, "train~1") && is(env.user_name, "mira.k"));
    assert_true(is(env.virtual_cluster, "vision") && is(env.role, "PS_Server") && is(env.pod_uid, "d41f"));
    assert_true(env.has_index && env.index == 3 && env.has_attempt && env.attempt == 0);
    assert_true(is(env.pai_uri, "http://pai.example") && is(env.hdfs_web_uri, NULL) && is(env.token, NULL));
    assert_true(is(env.output_folder, "/ws/j/output") && is(env.workspace, NULL) &&
                is(env.host_ip, "10.0.0.1"));

    assert_int_equal(berth_openpai_task_host(get, k8s, BERTH_TEXT("PS_Server"), 3, &text), BERTH_OK);
    assert_true(is(text, "10.0.0.1"));
    assert_int_equal(berth_openpai_task_host(get, k8s, BERTH_TEXT("PS_Server"), 4, &text), BERTH_E_MISSING);
    assert_int_equal(berth_openpai_task_ports(get, k8s, BERTH_TEXT("worker"), 0, BERTH_TEXT("grpc"), &text),
                     BERTH_OK);
    assert_true(is(text, "15003,39990"));

    assert_int_equal(berth_openpai_env_read(&env, get, g1, NULL), BERTH_OK);
    assert_true(is(env.job_user, NULL) && is(env.job, "demo") && is(env.user_name, "lee"));
    assert_true(env.has_index && env.index == 0 && !env.has_attempt);
    assert_int_equal(berth_openpai_env_read(&env, get, odd, &name), BERTH_E_SYNTAX);
    assert_string_equal(name, "PAI_TASK_INDEX");
    assert_int_equal(berth_openpai_env_read(&env, get, large, &name), BERTH_E_SYNTAX);
    assert_string_equal(name, "FC_FRAMEWORK_ATTEMPT_ID");
}

static void client_variables(void **state)
{
    const char *vars[] = {"PATH=/bin",
                          "PAI_SDK_CLIENT_PAI_URI=http://h?a=b",
                          "PAI_SDK_CLIENT_=x",
                          "PAI_SDK_CLIENTX=y",
                          "PAI_SDK_CLIENT_USER=",
                          "MY_User_2=z",
                          "PAI_SDK_CLIENT_A",
                          NULL};
    struct berth_text key, value, none = {NULL, 0};
    char buf[16];
    size_t index = 0;
    (void)state;
    assert_int_equal(berth_openpai_next_client_variable(vars, none, &index, buf, sizeof buf, &key, &value),
                     BERTH_OK);
    assert_true(is(key, "pai_uri") && is(value, "http://h?a=b"));
    assert_int_equal(berth_openpai_next_client_variable(vars, none, &index, buf, sizeof buf, &key, &value),
                     BERTH_OK);
    assert_true(is(key, "user") && value.len == 0);
    assert_int_equal(berth_openpai_next_client_variable(vars, none, &index, buf, sizeof buf, &key, &value),
                     BERTH_E_MISSING);
    index = 0;
    assert_int_equal(
        berth_openpai_next_client_variable(vars, BERTH_TEXT("MY"), &index, buf, sizeof buf, &key, &value),
        BERTH_OK);
    assert_true(is(key, "user_2") && is(value, "z"));
    index = 0;
    assert_int_equal(berth_openpai_next_client_variable(vars, none, &index, buf, 3, &key, &value),
                     BERTH_E_SPACE);
}

/* ---- A program's course ----------------------------------------------------------------------- */

static char course[200];

/* Each handler is a letter, and what it answers. */
struct part {
    char letter;
    enum berth_status status;
};

static enum berth_status handle(void *ctx, const struct berth_openpai_happening *happening)
{
    static const char *const moments[] = {"start", "main", "end", "exception"};
    const struct part *part = ctx;
    size_t len = strlen(course);
    course[len] = part->letter;
    course[len + 1] = '\0';
    strcat(course, moments[happening->moment]);
    if (happening->failure != BERTH_OK)
        strcat(course, "!");
    strcat(course, " ");
    return part->status;
}

static void courses(void **state)
{
    static const struct {
        bool active;
        enum berth_status a, b, main, x, y, e;
        enum berth_status result;
        const char *course;
    } table[] = {
        {true, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK,
         "astart bstart mmain yend xend "},
        {false, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, "mmain "},
        {false, BERTH_OK, BERTH_OK, BERTH_E_IO, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_E_IO, "mmain "},
        {true, BERTH_E_IO, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_E_IO,
         "astart eexception! yend! xend! "},
        {true, BERTH_OK, BERTH_OK, BERTH_E_BUSY, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_E_BUSY,
         "astart bstart mmain eexception! yend! xend! "},
        {true, BERTH_OK, BERTH_OK, BERTH_E_BUSY, BERTH_E_IO, BERTH_E_TLS, BERTH_E_SPACE, BERTH_E_BUSY,
         "astart bstart mmain eexception! yend! xend! "},
        {true, BERTH_OK, BERTH_OK, BERTH_OK, BERTH_E_IO, BERTH_E_TLS, BERTH_OK, BERTH_E_TLS,
         "astart bstart mmain yend xend "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct part a = {'a', table[i].a}, b = {'b', table[i].b}, m = {'m', table[i].main},
                    x = {'x', table[i].x}, y = {'y', table[i].y}, e = {'e', table[i].e};
        struct berth_openpai_handler memory[5];
        struct berth_openpai_runtime runtime;
        berth_openpai_runtime_init(&runtime, memory, COUNT(memory), table[i].active);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_END, handle, &x), BERTH_OK);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_START, handle, &a), BERTH_OK);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_EXCEPTION, handle, &e),
                         BERTH_OK);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_START, handle, &b), BERTH_OK);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_END, handle, &y), BERTH_OK);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_END, handle, &y), BERTH_E_SPACE);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_MAIN, handle, &y),
                         BERTH_E_ARGUMENT);
        assert_int_equal(berth_openpai_runtime_on(&runtime, BERTH_OPENPAI_ON_END, NULL, NULL),
                         BERTH_E_ARGUMENT);
        course[0] = '\0';
        assert_int_equal(berth_openpai_runtime_run(&runtime, handle, &m), table[i].result);
        assert_string_equal(course, table[i].course);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5),         cmocka_unit_test(predicted),        cmocka_unit_test(containers),
        cmocka_unit_test(environment), cmocka_unit_test(client_variables), cmocka_unit_test(courses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
