/* Certificates, lists, pins and keys. */
#define _DEFAULT_SOURCE
#include "trust.h"

#include "files.h"

#include "berth/port_posix.h"

#include <unistd.h>

enum { SMALL_FILE = 65536 }; /* a chain, a key, a list */

static struct berth_posix_roots roots;
static struct berth_source roots_source;
static char crl_text[SMALL_FILE], cert_text[SMALL_FILE], key_text[SMALL_FILE];
static struct berth_mbedtls_pin pins[MULTI_MAX];

/* Where systems keep their certificates. */
static const char *system_roots(void)
{
    static const char *const paths[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                        "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    }
    return NULL;
}

static int load_roots(struct app *app, const char *path, struct berth_mbedtls_config *config)
{
    enum berth_status status = berth_posix_roots_open(&roots, path, &roots_source);
    if (status == BERTH_E_NO_FILE)
        return fail(app, EXIT_BAD_DATA, path, "no such file or folder of certificates");
    if (status != BERTH_OK)
        return fail(app, EXIT_BAD_DATA, path, "cannot be read");
    config->roots_source = &roots_source;
    return 0;
}

static int load_pins(struct app *app, struct berth_mbedtls_config *config)
{
    const struct args *args = &app->args;
    for (size_t i = 0; i < args->multi_count; i++) {
        if (args->multi[i].id != OPT_PIN)
            continue;
        struct berth_text pin = berth_text_of(args->multi[i].value);
        size_t equals = berth_text_find_byte(pin, '='); /* openssl's line begins "sha256 Fingerprint=" */
        pin = berth_text_slice(pin, equals == SIZE_MAX ? 0 : equals + 1, pin.len);
        if (berth_mbedtls_parse_pin(pin, &pins[config->pin_count++]) != BERTH_OK)
            return fail(
                app, EXIT_USAGE,
                "--pin takes 64 hexadecimal digits, as 'openssl x509 -fingerprint -sha256' prints them",
                NULL);
    }
    config->pins = pins;
    return 0;
}

int trust_load(struct app *app, bool https, struct berth_mbedtls_config *config)
{
    const struct args *args = &app->args;
    int code = load_pins(app, config);
    if (code == 0 && args_given(args, OPT_CRL))
        code = load_file(app, args->value[OPT_CRL], crl_text, sizeof crl_text, &config->crls);
    if (code == 0 && args_given(args, OPT_CERT) != args_given(args, OPT_KEY))
        return fail(app, EXIT_USAGE, "--cert and --key go together", NULL);
    if (code == 0 && args_given(args, OPT_CERT))
        code = load_file(app, args->value[OPT_CERT], cert_text, sizeof cert_text, &config->client_cert);
    if (code == 0 && args_given(args, OPT_KEY))
        code = load_file(app, args->value[OPT_KEY], key_text, sizeof key_text, &config->client_key);
    if (code != 0)
        return code;
    if (args_given(args, OPT_CACERT))
        return load_roots(app, args->value[OPT_CACERT], config);
    if (config->pin_count > 0 || args_given(args, OPT_INSECURE)) /* a pin alone vouches for the server */
        return 0;
    if (system_roots() != NULL)
        return load_roots(app, system_roots(), config);
    if (https)
        return fail(app, EXIT_USAGE,
                    "this system has no certificates to trust: name some with --cacert, or a --pin", NULL);
    return 0;
}

void trust_forget(void)
{
    berth_wipe(key_text, sizeof key_text);
}
