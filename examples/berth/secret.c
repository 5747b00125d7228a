/* Passwords and tokens. */
#define _DEFAULT_SOURCE
#include "secret.h"

#include "files.h"

#include "berth/port_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

bool secret_can_ask(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    close(fd);
    return isatty(STDIN_FILENO) == 1 || isatty(STDERR_FILENO) == 1;
}

/* One line; 0, or an exit code. */
static int read_line(struct app *app, int fd, char *buf, size_t size)
{
    size_t len = 0;
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno == EINTR && program_signal() == 0)
            continue;
        if (program_signal() != 0)
            return 128 + program_signal();
        if (n < 0)
            return fail_text(app, EXIT_USAGE, "the terminal cannot be read", berth_posix_error_text(errno));
        if (n == 0 && len == 0)
            return fail(app, EXIT_USAGE, "nothing was given", NULL);
        if (n == 0 || c == '\n')
            break;
        if (len + 1 >= size)
            return fail(app, EXIT_USAGE, "what was given is too long", NULL);
        buf[len++] = c;
    }
    buf[len] = '\0';
    return 0;
}

static void show(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

int secret_ask(struct app *app, const char *prompt, char *buf, size_t size)
{
    struct termios before, hidden;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            close(fd);
        return fail(app, EXIT_USAGE, prompt, "there is no terminal to ask on");
    }
    program_catch_signals(); /* the echo must come back, whatever happens */
    out_flush(&app->out);
    out_flush(&app->err);
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    (void)tcsetattr(fd, TCSAFLUSH, &hidden);
    show(fd, prompt);
    show(fd, ": ");
    int code = read_line(app, fd, buf, size);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    show(fd, "\n");
    close(fd);
    if (code == 0 && buf[0] == '\0')
        code = fail(app, EXIT_USAGE, "nothing was given", NULL);
    if (code != 0)
        berth_wipe(buf, size);
    return code;
}

int secret_read(struct app *app, const char *path, char *buf, size_t size)
{
    struct berth_text text, line;
    char room[8192];
    int code = load_file(app, path, room, sizeof room, &text);
    if (code != 0)
        return code;
    struct berth_text rest = text;
    if (!berth_text_split(&rest, '\n', &line))
        line = BERTH_TEXT("");
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        code = fail(app, EXIT_USAGE, path, "is empty; the first line is what counts");
    else if (line.len >= size || memchr(line.ptr, '\0', line.len) != NULL)
        code = fail(app, EXIT_USAGE, path, "the first line is too long, or no text");
    else
        memcpy(buf, line.ptr, line.len);
    if (code == 0)
        buf[line.len] = '\0';
    berth_wipe(room, sizeof room);
    return code;
}
