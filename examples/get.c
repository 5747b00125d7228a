/* get URL [CAFILE]: prints what is at URL. The smallest program: everything it uses is in static memory. */
#include <unistd.h>

#include "berth/http.h"
#include "berth/port_mbedtls.h"
#include "berth/port_posix.h"

static struct berth_posix_net sockets;
static struct berth_posix_files disk;
static struct berth_mbedtls tls;
static struct berth_http http;
static unsigned char arena[BERTH_MBEDTLS_ARENA_CAP];
static char roots[256 * 1024]; /* the certificates that are trusted, as they are in the file */
static char buffer[16 * 1024];

static enum berth_status print(void *ctx, const void *bytes, size_t len)
{
    const char *p = bytes;
    (void)ctx;
    while (len > 0) {
        ssize_t done = write(1, p, len);
        if (done <= 0)
            return BERTH_E_IO;
        p += done;
        len -= (size_t)done;
    }
    return BERTH_OK;
}

static int say(const char *what, struct berth_text why)
{
    char line[512];
    struct berth_writer w = {line, sizeof line, 0};
    berth_put_string(&w, what);
    berth_put_text(&w, why);
    berth_put_char(&w, '\n');
    return write(2, line, berth_writer_text(&w).len) < 0 ? 2 : 1;
}

int main(int argc, char **argv)
{
    const char *ca_file = argc > 2 ? argv[2] : "/etc/ssl/certs/ca-certificates.crt";
    if (argc < 2)
        return say("usage: get URL [CAFILE]", berth_text_of(NULL));
    struct berth_clock clock = berth_posix_clock(NULL);
    struct berth_rand rand = berth_posix_rand();
    struct berth_net plain = berth_posix_net_init(&sockets, NULL);
    struct berth_files files = berth_posix_files_init(&disk);
    berth_file file = files.open(files.ctx, ca_file, BERTH_FILE_READ, 0);
    ptrdiff_t count = file < 0 ? 0 : files.read(files.ctx, file, roots, sizeof roots);

    struct berth_mbedtls_arena memory;
    berth_mbedtls_arena_init(&memory, arena, sizeof arena);
    struct berth_mbedtls_config tls_config = {
        .inner = &plain, .clock = &clock, .rand = &rand, .arena = &memory};
    tls_config.roots = berth_text_make(roots, count > 0 ? (size_t)count : 0);
    if (berth_mbedtls_init(&tls, &tls_config) != BERTH_OK)
        return say("get: ", berth_mbedtls_reason(&tls));
    struct berth_net net = berth_mbedtls_net(&tls);

    struct berth_http_config config = {.net = &net, .clock = &clock, .rand = &rand};
    config.buffer = buffer;
    config.buffer_size = sizeof buffer;
    struct berth_sink out = {.write = print};
    struct berth_http_reader reader = {.body = &out};
    struct berth_http_request request = {.method = BERTH_TEXT("GET"), .url = berth_text_of(argv[1])};
    enum berth_status status = berth_http_init(&http, &config);
    if (status == BERTH_OK)
        status = berth_http_run(&http, &request, &reader, 60000);
    berth_http_close(&http);
    if (status != BERTH_OK)
        return say("get: ", http.result.reason);
    return http.result.http_status / 100 == 2 ? 0 : say("get: the server says ", http.result.error_body);
}
