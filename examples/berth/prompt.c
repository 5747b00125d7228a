/* Questions: a line from a terminal or a pipe, hidden where it is a secret. */
#define _GNU_SOURCE
#include "prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* ---- Signals ---- */

/* A handler is given nothing but the number. */
static volatile sig_atomic_t came;

static void on_signal(int number)
{
    came = number;
}

/* Those that end a question, and the one that stops the program in the middle of a hidden one. */
static const int CAUGHT[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { CAUGHT_COUNT = sizeof CAUGHT / sizeof CAUGHT[0] };

/* While a question is open, the signals come only where it waits. */
struct watch {
    struct sigaction before[CAUGHT_COUNT];
    sigset_t mask;
    struct termios modes; /* of the terminal before */
    bool hidden;
};

static void catch_signals(struct watch *w, bool hidden)
{
    struct sigaction action;
    sigset_t blocked;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    came = 0;
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        sigaddset(&blocked, CAUGHT[i]);
    sigprocmask(SIG_BLOCK, &blocked, &w->mask);
    for (size_t i = 0; i < CAUGHT_COUNT; i++) {
        sigaction(CAUGHT[i], NULL, &w->before[i]);
        /* What is ignored (nohup, a shell's background) stays so. */
        if (w->before[i].sa_handler != SIG_IGN && (CAUGHT[i] != SIGTSTP || hidden))
            sigaction(CAUGHT[i], &action, NULL);
    }
}

static void release_signals(struct watch *w, bool ending)
{
    for (size_t i = 0; i < CAUGHT_COUNT; i++) {
        /* A terminal that goes away is the end of input and a signal or two: these must not change how the
         * program ends. */
        if (ending)
            w->before[i].sa_handler = SIG_IGN;
        sigaction(CAUGHT[i], &w->before[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &w->mask, NULL);
}

/* ---- The terminal ---- */

/* The line's end is shown, so that what follows stands on a line of its own. What was typed ahead counts. */
static void hide(struct prompt *p, struct watch *w)
{
    w->hidden = tcgetattr(p->fd, &w->modes) == 0;
    if (!w->hidden)
        return;
    struct termios modes = w->modes;
    modes.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    modes.c_lflag |= ICANON | ECHONL;
    (void)tcsetattr(p->fd, TCSADRAIN, &modes);
}

static void show(const struct prompt *p, struct watch *w)
{
    if (w->hidden)
        (void)tcsetattr(p->fd, TCSADRAIN, &w->modes);
    w->hidden = false;
}

/* Ctrl-Z at a hidden question: stops with the terminal as it was, and hides again when it goes on. */
static void stop(struct prompt *p, struct watch *w)
{
    sigset_t only;
    struct sigaction action;
    came = 0;
    show(p, w);
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &action, NULL);
    raise(SIGTSTP);
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &only, NULL); /* it stops here */
    sigprocmask(SIG_BLOCK, &only, NULL);
    action.sa_handler = on_signal;
    sigaction(SIGTSTP, &action, NULL);
    hide(p, w);
}

/* ---- Lines ---- */

/* More input into the buffer, which is used up. False at the end of input and when a signal ends the wait. */
static bool fill(struct prompt *p, struct watch *w, const char *question)
{
    for (;;) {
        struct pollfd wait = {p->fd, POLLIN, 0};
        int ready = came != 0 ? -1 : ppoll(&wait, 1, NULL, &w->mask);
        if (came == SIGTSTP && w->hidden) {
            stop(p, w);
            out_string(p->out, question);
            out_flush(p->out);
            continue;
        }
        if (came != 0)
            return false;
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t n = read(p->fd, p->buf, sizeof p->buf);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        p->at = 0;
        p->len = n > 0 ? (size_t)n : 0;
        return n > 0;
    }
}

/* A line out of the buffer into BUF. Bytes that were used are wiped: one of them may be a secret's. */
static enum prompt_end take_line(struct prompt *p, struct watch *w, const char *question, char *buf,
                                 size_t cap, struct berth_text *out_answer)
{
    size_t len = 0;
    bool any = false;
    for (;;) {
        if (p->at == p->len && !fill(p, w, question)) {
            if (came != 0)
                return PROMPT_INTERRUPTED;
            if (!any)
                return PROMPT_OVER;
            break;
        }
        any = true;
        char *from = p->buf + p->at;
        char *feed = memchr(from, '\n', p->len - p->at);
        size_t part = feed != NULL ? (size_t)(feed - from) : p->len - p->at;
        if (len <= cap && part <= cap - len)
            memcpy(buf + len, from, part);
        len += part;
        p->at += part + (feed != NULL);
        berth_wipe(from, part);
        if (feed != NULL)
            break;
    }
    if (len > cap)
        return PROMPT_LONG;
    if (len > 0 && buf[len - 1] == '\r')
        len--;
    *out_answer = berth_text_make(buf, len);
    return PROMPT_ANSWER;
}

static enum prompt_end ask(struct prompt *p, const char *question, bool hidden, char *buf, size_t cap,
                           struct berth_text *out_answer)
{
    struct watch w;
    w.hidden = false;
    *out_answer = berth_text_make(buf, 0);
    catch_signals(&w, hidden && isatty(p->fd) == 1);
    if (hidden)
        hide(p, &w);
    out_string(p->out, question);
    out_flush(p->out);
    enum prompt_end end = take_line(p, &w, question, buf, cap, out_answer);
    show(p, &w);
    bool ending = end == PROMPT_OVER || end == PROMPT_INTERRUPTED;
    release_signals(&w, ending);
    if (ending && p->out->terminal) {
        out_string(p->out, "\n");
        out_flush(p->out);
    }
    return end;
}

void prompt_init(struct prompt *p, struct out *out)
{
    p->out = out;
    p->fd = STDIN_FILENO;
    p->at = p->len = 0;
}

enum prompt_end prompt_ask(struct prompt *p, const char *question, char *buf, size_t cap,
                           struct berth_text *out_answer)
{
    return ask(p, question, false, buf, cap, out_answer);
}

enum prompt_end prompt_secret(struct prompt *p, const char *question, char *buf, size_t cap,
                              struct berth_text *out_answer)
{
    return ask(p, question, true, buf, cap, out_answer);
}

void prompt_end(struct prompt *p)
{
    berth_wipe(p->buf, sizeof p->buf);
    p->at = p->len = 0;
}
