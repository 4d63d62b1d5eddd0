// SPDX-License-Identifier: MIT
/* accept.c: see accept.h */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4, where there is one */
#endif
#include "accept.h"

#include "io.h"
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BACKOFF_MS 100
#define LOG_MS 1000

static _Thread_local long long backoff_until; /* in now_ms(); 0: none */

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int accept_client(int listener, bool nonblocking, struct peer *peer)
{
    for (;;) {
        struct sockaddr_storage at;
        socklen_t length = sizeof at;
#ifdef SOCK_NONBLOCK
        int fd =
            accept4(listener, (struct sockaddr *)&at, &length, nonblocking ? SOCK_NONBLOCK : 0);
#else
        int fd = accept(listener, (struct sockaddr *)&at, &length);
        if (fd != -1)
            set_nonblocking(fd, nonblocking);
#endif
        if (fd != -1) {
            peer->length = (unsigned char)length;
            memcpy(peer->at, &at, length < sizeof peer->at ? length : sizeof peer->at);
        }
        if (fd != -1 || (errno != EINTR && errno != ECONNABORTED))
            return fd;
    }
}

/* At most once a second, whichever thread it is. */
static void log_shortage(const char *what, int error)
{
    static _Atomic long long next_log;
    long long now = now_ms(), due = next_log;

    if (now >= due && atomic_compare_exchange_strong(&next_log, &due, now + LOG_MS))
        log_line("cannot %s: %s", what, strerror(error));
}

void accept_failed(int error)
{
    if (error == EAGAIN)
        return;
    if (error == EBADF || error == EINVAL || error == ENOTSOCK || error == EFAULT)
        die("cannot accept: %s", strerror(error));
    log_shortage("accept", error);
    backoff_begin();
}

static void pause_for_a_moment(void)
{
    const struct timespec pause = {.tv_nsec = BACKOFF_MS * 1000000};
    nanosleep(&pause, NULL);
}

void accept_back_off(int listener, int error)
{
    struct pollfd ready = {.fd = error == EAGAIN ? listener : -1, .events = POLLIN};

    accept_failed(error);
    if (poll(&ready, 1, BACKOFF_MS) == -1 && errno != EINTR)
        pause_for_a_moment();
}

void wait_failed(int error)
{
    if (error == EINTR)
        return;
    if (error != ENOMEM)
        die("cannot wait: %s", strerror(error));
    log_shortage("wait", error);
    pause_for_a_moment();
}

int backoff_left(void)
{
    if (backoff_until == 0)
        return -1;
    long long left = backoff_until - now_ms();
    if (left > 0)
        return (int)left;
    backoff_until = 0;
    return -1;
}

void backoff_begin(void)
{
    backoff_until = now_ms() + BACKOFF_MS;
}

void backoff_end(void)
{
    backoff_until = 0;
}

void log_client(const struct peer *peer, int error)
{
    char text[PEER_TEXT];

    if (log_has_room())
        log_line("client %s: %s", peer_format(peer, text), strerror(error));
}
