/* Signals as a flag and a pipe that ends waits. */
#include "posix.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* The only writable statics of the port: a handler is given nothing but the signal's number. */
static volatile sig_atomic_t pending_signal;
static volatile sig_atomic_t wake_fd = -1;

static const int caught[] = {SIGTERM, SIGINT, SIGHUP};

static void on_signal(int number)
{
    int saved = errno;
    pending_signal = number;
    char byte = (char)number;
    /* A full pipe is fine: then it is readable already. */
    ssize_t done = write((int)wake_fd, &byte, 1);
    (void)done;
    errno = saved;
}

static void set_action(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

/* Under nohup a hang-up is ignored, and stays so. */
static bool is_ignored(int number)
{
    struct sigaction action;
    return number == SIGHUP && sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

enum berth_status berth_posix_signals_begin(struct berth_posix_signals *signals)
{
    int ends[2];
    if (wake_fd >= 0)
        return BERTH_E_STATE;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return BERTH_E_IO;
    signals->read_fd = ends[0];
    signals->write_fd = ends[1];
    pending_signal = 0;
    wake_fd = ends[1];
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
        if (!is_ignored(caught[i]))
            set_action(caught[i], on_signal);
    set_action(SIGPIPE, SIG_IGN);
    return BERTH_OK;
}

int berth_posix_signals_pending(const struct berth_posix_signals *signals)
{
    (void)signals;
    return (int)pending_signal;
}

void berth_posix_signals_acknowledge(struct berth_posix_signals *signals)
{
    char bytes[64];
    pending_signal = 0;
    while (read(signals->read_fd, bytes, sizeof bytes) > 0) {
    }
}

void berth_posix_signals_end(struct berth_posix_signals *signals)
{
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
        if (!is_ignored(caught[i]))
            set_action(caught[i], SIG_DFL);
    set_action(SIGPIPE, SIG_DFL);
    wake_fd = -1;
    pending_signal = 0;
    berth_posix_close(&signals->read_fd);
    berth_posix_close(&signals->write_fd);
}
