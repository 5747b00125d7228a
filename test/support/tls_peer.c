/* Certificates and servers for the TLS tests, by python3 and openssl. */
#define _GNU_SOURCE
#include "tls_peer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define FILES_MAX 64

static char folder[64];
static pid_t owner;
static struct {
    char name[64];
    uint8_t *bytes;
} files[FILES_MAX];

static void die(const char *what)
{
    perror(what);
    abort();
}

static void remove_all(void)
{
    char command[128];
    size_t i;

    if (getpid() != owner)
        return;
    for (i = 0; i < FILES_MAX; i++)
        free(files[i].bytes);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", folder);
}

const char *tls_certs(void)
{
    char command[256];

    if (folder[0] != '\0')
        return folder;
    strcpy(folder, "build/tls-certs-XXXXXX");
    if (mkdtemp(folder) == NULL)
        die("mkdtemp");
    owner = getpid();
    atexit(remove_all);
    snprintf(command, sizeof command, "python3 test/peers/certs.py '%s' >/dev/null", folder);
    if (system(command) != 0)
        die(command);
    return folder;
}

const char *tls_path(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", tls_certs(), name);
    return path;
}

const char *tls_file(const char *name)
{
    size_t i, len;

    for (i = 0; i < FILES_MAX && files[i].bytes != NULL; i++)
        if (strcmp(files[i].name, name) == 0)
            return (const char *)files[i].bytes;
    if (i == FILES_MAX)
        die("too many files");
    snprintf(files[i].name, sizeof files[i].name, "%s", name);
    files[i].bytes = fixture_load(tls_path(name), &len);
    return (const char *)files[i].bytes;
}

const char *tls_fingerprint(const char *name)
{
    static char line[160];
    char command[256];
    FILE *f;

    snprintf(command, sizeof command, "openssl x509 -noout -fingerprint -sha256 -in '%s/%s.pem'", tls_certs(),
             name);
    f = popen(command, "r");
    if (f == NULL || fgets(line, sizeof line, f) == NULL || pclose(f) != 0 || strchr(line, '=') == NULL)
        die(command);
    line[strcspn(line, "\n")] = '\0';
    return strchr(line, '=') + 1;
}

/* The port out of the line "ACCEPT 127.0.0.1:PORT". */
static uint16_t read_port(int fd)
{
    char text[1024];
    size_t len = 0;

    while (len < sizeof text - 1 && read(fd, text + len, 1) == 1) {
        char *accept_at;

        text[++len] = '\0';
        accept_at = strstr(text, "ACCEPT ");
        if (text[len - 1] == '\n' && accept_at != NULL && strrchr(accept_at, ':') != NULL)
            return (uint16_t)atoi(strrchr(accept_at, ':') + 1);
    }
    fprintf(stderr, "the server said: %s\n", text);
    abort();
}

static struct tls_peer start(const char *command)
{
    struct tls_peer peer;
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        die("pipe");
    peer.pid = fork();
    if (peer.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(out[1], 2);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    peer.in_fd = in[1];
    peer.out_fd = out[0];
    peer.port = read_port(peer.out_fd);
    return peer;
}

struct tls_peer tls_serve(const char *cert, const char *more)
{
    char words[2048];
    const char *at;
    size_t len;

    len = (size_t)snprintf(
        words, sizeof words,
        "cd '%s' && exec openssl s_server -accept 127.0.0.1:0 -cert %s.pem -cert_chain %s.pem "
        "-key %s.key %s ",
        tls_certs(), cert, cert, cert, strstr(more, "-WWW") == NULL ? "-www" : "");
    for (at = more; *at != '\0' && len < sizeof words; at++)
        len += (size_t)snprintf(words + len, sizeof words - len, *at == '@' ? "." : "%.1s", at);
    return start(words);
}

struct tls_peer tls_serve_echo(const char *cert, unsigned cut_at)
{
    char words[512];
    int len = snprintf(words, sizeof words, "exec python3 test/peers/tls_echo.py '%s/%s.pem' '%s/%s.key'",
                       tls_certs(), cert, folder, cert);

    if (cut_at > 0)
        snprintf(words + len, sizeof words - (size_t)len, " %u", cut_at);
    return start(words);
}

struct tls_peer tls_serve_plain(void)
{
    return start(
        "exec python3 -c 'import socket\n"
        "s = socket.create_server((\"127.0.0.1\", 0))\n"
        "print(\"ACCEPT 127.0.0.1:%d\" % s.getsockname()[1], flush=True)\n"
        "while True:\n"
        "  c = s.accept()[0]; c.recv(999); c.sendall(b\"HTTP/1.1 400 Bad Request\\r\\n\\r\\n\"); c.close()'");
}

void tls_stop(struct tls_peer *peer)
{
    kill(peer->pid, SIGKILL);
    waitpid(peer->pid, NULL, 0);
    close(peer->in_fd);
    close(peer->out_fd);
}
