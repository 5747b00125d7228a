/* Waiting with poll, and the monotonic clock under it. */
#include "posix.h"

#include <time.h>

uint64_t berth_posix_now_ms(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

short berth_posix_events(unsigned want)
{
    unsigned events = 0;
    if (want & BERTH_WANT_READ)
        events |= POLLIN;
    if (want & BERTH_WANT_WRITE)
        events |= POLLOUT;
    return (short)events;
}

static int remaining(uint64_t deadline_ms)
{
    if (deadline_ms == BERTH_POSIX_NEVER)
        return -1;
    uint64_t now = berth_posix_now_ms();
    if (deadline_ms <= now)
        return 0;
    return deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
}

int berth_posix_wait(struct pollfd *fds, size_t count, uint64_t deadline_ms,
                     const struct berth_posix_signals *signals)
{
    struct pollfd all[BERTH_POSIX_POLL_CAP + 1];
    if (count > BERTH_POSIX_POLL_CAP)
        return BERTH_E_SPACE;
    if (count)
        memcpy(all, fds, count * sizeof fds[0]);
    size_t total = count;
    if (signals)
        all[total++] = (struct pollfd){signals->read_fd, POLLIN, 0};
    for (;;) {
        int wait_ms = remaining(deadline_ms);
        int ready = poll(all, (nfds_t)total, wait_ms);
        if (signals && berth_posix_signals_pending(signals))
            return BERTH_E_CANCELLED;
        if (ready < 0 && errno != EINTR)
            return BERTH_E_IO;
        if (ready > 0) {
            if (count)
                memcpy(fds, all, count * sizeof fds[0]);
            return ready;
        }
        if (ready == 0 && remaining(deadline_ms) == 0)
            return 0;
    }
}

int berth_posix_wait_fd(int fd, unsigned want, uint64_t deadline_ms,
                        const struct berth_posix_signals *signals)
{
    struct pollfd one = {fd, berth_posix_events(want), 0};
    return berth_posix_wait(&one, 1, deadline_ms, signals);
}

ptrdiff_t berth_posix_poll(struct berth_posix_poll_item *items, size_t count, uint32_t wait_ms,
                           const struct berth_posix_signals *signals)
{
    struct pollfd fds[BERTH_POSIX_POLL_CAP];
    if (count > BERTH_POSIX_POLL_CAP)
        return BERTH_E_SPACE;
    for (size_t i = 0; i < count; i++) {
        fds[i] = (struct pollfd){items[i].fd, berth_posix_events(items[i].want), 0};
        items[i].ready = 0;
    }
    int got = berth_posix_wait(fds, count, berth_posix_now_ms() + wait_ms, signals);
    if (got <= 0)
        return got;
    ptrdiff_t ready = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned events = (unsigned)fds[i].revents;
        if (events & (POLLERR | POLLHUP | POLLNVAL))
            items[i].ready = BERTH_WANT_READ | BERTH_WANT_WRITE;
        if (events & POLLIN)
            items[i].ready |= BERTH_WANT_READ;
        if (events & POLLOUT)
            items[i].ready |= BERTH_WANT_WRITE;
        ready += items[i].ready != 0;
    }
    return ready;
}
