/* Certificates, lists, pins and keys. */
#define _DEFAULT_SOURCE
#include "trust.h"

#include "files.h"
#include "folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALL_FILE = 65536 }; /* a chain, a key, a list */

/* The root certificates as one source: a file, or each file of a folder after the other. */
struct roots {
    const char *path;
    bool is_folder;
    struct folder folder;
    int file; /* -1: none open */
};
static struct roots roots;
static struct berth_source roots_source;
static char crl_text[SMALL_FILE], cert_text[SMALL_FILE], key_text[SMALL_FILE];
static struct berth_mbedtls_pin pins[MULTI_MAX];

static bool is_certificate_file(struct berth_text name)
{
    return berth_text_ends(name, BERTH_TEXT(".pem")) || berth_text_ends(name, BERTH_TEXT(".crt")) ||
           berth_text_ends(name, BERTH_TEXT(".cer"));
}

/* Opens the next certificate file of the folder; false at the end. */
static bool open_next(struct roots *r)
{
    const char *name;
    while ((name = folder_next(&r->folder)) != NULL) {
        if (is_certificate_file(berth_text_of(name)))
            r->file = openat(r->folder.fd, name, O_RDONLY | O_CLOEXEC);
        if (r->file >= 0)
            return true;
    }
    return false;
}

static ptrdiff_t roots_read(void *ctx, void *buf, size_t cap)
{
    struct roots *r = ctx;
    for (;;) {
        if (r->file < 0 && (!r->is_folder || !open_next(r)))
            return 0;
        ssize_t n = read(r->file, buf, cap);
        if (n > 0)
            return n;
        close(r->file);
        r->file = -1;
        if (n < 0)
            return BERTH_E_IO;
        if (!r->is_folder)
            return 0;
        *(char *)buf = '\n'; /* so that a file without a last line end does not touch the next one */
        return 1;
    }
}

static enum berth_status roots_rewind(void *ctx)
{
    struct roots *r = ctx;
    if (r->file >= 0)
        close(r->file);
    r->file = -1;
    folder_close(&r->folder);
    if (r->is_folder)
        return folder_open(&r->folder, r->path) ? BERTH_OK : BERTH_E_IO;
    r->file = open(r->path, O_RDONLY | O_CLOEXEC);
    return r->file >= 0 ? BERTH_OK : BERTH_E_IO;
}

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
    struct stat info;
    if (stat(path, &info) != 0)
        return fail(app, EXIT_BAD_DATA, path, "no such file or folder of certificates");
    roots.path = path;
    roots.is_folder = S_ISDIR(info.st_mode);
    roots.file = roots.folder.fd = -1;
    roots_source.ctx = &roots;
    roots_source.read = roots_read;
    roots_source.rewind = roots_rewind;
    roots_source.length = BERTH_LENGTH_UNKNOWN;
    if (roots_rewind(&roots) != BERTH_OK)
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
        if (berth_mbedtls_parse_pin(berth_text_of(args->multi[i].value), &pins[config->pin_count++]) !=
            BERTH_OK)
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
