/* A connection to a server, made from the common options. */
#include "session.h"

#include "files.h"
#include "trust.h"

#include <stdlib.h>
#include <string.h>

enum berth_status parse_seconds(const char *text, uint32_t *out_ms)
{
    int64_t ms = 0;
    BERTH_TRY(berth_parse_decimal(berth_text_of(text), 3, &ms));
    if (ms < 1 || ms > INT32_MAX)
        return BERTH_E_RANGE;
    *out_ms = (uint32_t)ms;
    return BERTH_OK;
}

static void say(struct app *app, struct berth_text line)
{
    out_safe(&app->err, line);
    out_string(&app->err, "\n");
    out_flush(&app->err);
}

/* A line of the exchange; the one about TLS is followed by what was agreed on. */
static void trace(void *ctx, struct berth_text line)
{
    struct session *s = ctx;
    char text[128];
    struct berth_writer w;
    say(s->app, line);
    if (!berth_text_starts(line, BERTH_TEXT("* TLS ")))
        return;
    berth_writer_init(&w, text, sizeof text);
    berth_put_string(&w, "* ");
    berth_mbedtls_put_session(&w, &s->tls);
    say(s->app, berth_writer_text(&w));
}

/* The first variable that is set; the program's own options come before these. */
static struct berth_text environment(const char *lower, const char *upper)
{
    const char *value = getenv(lower);
    if (value == NULL || value[0] == '\0')
        value = upper != NULL ? getenv(upper) : NULL;
    return value != NULL && value[0] != '\0' ? berth_text_of(value) : BERTH_TEXT("");
}

static void set_proxies(const struct app *app, struct berth_http_config *config)
{
    if (args_given(&app->args, OPT_PROXY)) {
        config->http_proxy = config->https_proxy = berth_text_of(app->args.value[OPT_PROXY]);
        return;
    }
    config->http_proxy =
        environment("http_proxy", NULL); /* HTTP_PROXY can be set by a CGI request's header */
    config->https_proxy = environment("https_proxy", "HTTPS_PROXY");
    config->no_proxy = environment("no_proxy", "NO_PROXY");
}

static int set_limits(struct session *s, struct berth_http_config *config)
{
    const struct args *args = &s->app->args;
    uint64_t retries = 0;
    if (args_given(args, OPT_TIMEOUT) && parse_seconds(args->value[OPT_TIMEOUT], &s->timeout_ms) != BERTH_OK)
        return fail(s->app, EXIT_USAGE, "--timeout takes seconds, such as 30 or 2.5", NULL);
    if (args_given(args, OPT_RETRIES)) {
        if (berth_parse_u64(berth_text_of(args->value[OPT_RETRIES]), &retries) != BERTH_OK || retries > 100)
            return fail(s->app, EXIT_USAGE, "--retries takes a number from 0 to 100", NULL);
        config->retry.tries = (uint8_t)(retries + 1);
    }
    return 0;
}

static int open_tls(struct session *s, bool https, const struct session_memory *memory)
{
    struct berth_mbedtls_config config;
    memset(&config, 0, sizeof config);
    int code = trust_load(s->app, https, &config);
    if (code != 0)
        return code;
    berth_mbedtls_arena_init(&s->arena, memory->arena, memory->arena_size);
    config.inner = &s->plain;
    config.clock = program_clock();
    config.rand = program_rand();
    config.arena = &s->arena;
    config.session = s->resumption;
    config.session_cap = sizeof s->resumption;
    enum berth_status status = berth_mbedtls_init(&s->tls, &config);
    if (status != BERTH_OK)
        return fail_text(s->app, exit_code_of(status), "TLS cannot be set up", berth_mbedtls_reason(&s->tls));
    if (args_given(&s->app->args, OPT_INSECURE)) {
        berth_mbedtls_dangerously_skip_verification(&s->tls);
        if (https && !s->app->quiet)
            say(s->app, BERTH_TEXT("berth: warning: the server's certificate is not checked: anybody may "
                                   "read and change this"));
    }
    s->net = berth_mbedtls_net(&s->tls);
    return 0;
}

int session_open(struct session *s, struct app *app, const char *base_url,
                 const struct session_memory *memory)
{
    struct berth_http_config config;
    struct berth_url url;
    const char *reason = "";
    memset(s, 0, sizeof *s);
    memset(&config, 0, sizeof config);
    s->app = app;
    if (berth_url_parse(berth_text_of(base_url), &url, &reason) != BERTH_OK)
        return fail(app, EXIT_USAGE, "the server's address cannot be used", reason);
    program_catch_signals();
    int code = set_limits(s, &config);
    if (code != 0)
        return code;
    struct berth_posix_net_config socket_config;
    memset(&socket_config, 0, sizeof socket_config);
    socket_config.signals = memory->steady ? NULL : program_signals();
    s->plain = berth_posix_net_init(&s->socket, &socket_config);
    code = open_tls(s, url.https, memory);
    if (code != 0)
        return code;
    set_proxies(app, &config);
    config.net = &s->net;
    config.clock = program_clock();
    config.rand = program_rand();
    config.buffer = memory->http_buffer;
    config.buffer_size = memory->http_buffer_size;
    config.redirect_upgrade_only = true;
    config.user_agent = BERTH_TEXT("berth/" BERTH_VERSION);
    if (args_given(&app->args, OPT_VERBOSE)) {
        config.trace = trace;
        config.trace_ctx = s;
    }
    enum berth_status status = berth_http_init(&s->http, &config);
    if (status != BERTH_OK && config.http_proxy.len + config.https_proxy.len > 0)
        return fail(app, EXIT_USAGE, "the proxy's address cannot be used",
                    "it is written http://HOST:PORT or http://USER:PASSWORD@HOST:PORT");
    if (status != BERTH_OK)
        return fail(app, exit_code_of(status), "the connection cannot be set up", berth_status_name(status));
    if (berth_client_init(&s->client, &s->http, berth_text_of(base_url), memory->work, memory->work_size,
                          &reason) != BERTH_OK)
        return fail(app, EXIT_USAGE, "the server's address cannot be used", reason);
    return 0;
}

int session_open_only(struct session *s, struct app *app, const char *base_url)
{
    static char work[SESSION_WORK_SIZE];
    static char http_buffer[32768];
    static uint64_t arena[BERTH_MBEDTLS_ARENA_CAP * 2 / sizeof(uint64_t)];
    const struct session_memory memory = {work,        sizeof work,        arena, sizeof arena,
                                          http_buffer, sizeof http_buffer, false};
    int code = session_open(s, app, base_url, &memory);
    s->client.repeat_unavailable = true;
    return code;
}

void session_close(struct session *s)
{
    if (s->http.config.net != NULL) /* it was opened */
        berth_http_close(&s->http);
}

/* Whether the certificate is refused for nothing but its issuer. */
static bool trust_may_help(const char *message)
{
    struct berth_text text = berth_text_of(message);
    return berth_text_find(text, BERTH_TEXT("unknown issuer")) != SIZE_MAX ||
           berth_text_find(text, BERTH_TEXT("self-signed")) != SIZE_MAX;
}

int session_report_message(struct session *s, const char *message, bool maybe_done, enum berth_status status)
{
    if (status == BERTH_OK)
        return 0;
    if (status == BERTH_E_CANCELLED && program_signal() != 0)
        return 128 + program_signal();
    if (s->app->out.failed)
        return fail_output(s->app);
    char line[BERTH_CALL_MESSAGE_MAX + 352];
    struct berth_writer w;
    berth_writer_init(&w, line, sizeof line);
    berth_put_string(&w, message[0] != '\0' ? message : berth_status_name(status));
    if (trust_may_help(message))
        berth_put_string(&w, "; --cacert FILE or --pin SHA256 name whom to trust");
    if (maybe_done)
        berth_put_string(&w, "; the server may have carried it out all the same: look before you repeat it");
    return fail(s->app, exit_code_of(status), berth_writer_terminate(&w) == BERTH_OK ? line : message, NULL);
}

int session_report(struct session *s, const struct berth_call *call, enum berth_status status)
{
    return session_report_message(s, call->result.message, call->result.maybe_done, status);
}
