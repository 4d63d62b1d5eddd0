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

#define REST_MS 100
#define LOG_MS 1000

static _Thread_local long long rest_until; /* in now_ms(); 0: no rest */

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int accept_client(int listener, bool nonblocking, struct peer *peer)
{
    for (;;) {
        socklen_t length = sizeof peer->at;
#ifdef SOCK_NONBLOCK
        int fd = accept4(listener, &peer->at.any, &length, nonblocking ? SOCK_NONBLOCK : 0);
#else
        int fd = accept(listener, &peer->at.any, &length);
        if (fd != -1)
            set_nonblocking(fd, nonblocking);
#endif
        if (fd != -1 || (errno != EINTR && errno != ECONNABORTED))
            return fd;
    }
}

void accept_rest_begin(void)
{
    rest_until = now_ms() + REST_MS;
}

bool accept_failed(int error)
{
    static _Atomic long long next_log; /* one for all threads */

    if (error == EAGAIN || error == EWOULDBLOCK)
        return false;
    if (error == EBADF || error == EINVAL || error == ENOTSOCK || error == EFAULT)
        die("cannot accept: %s", strerror(error));
    long long now = now_ms(), due = next_log;
    if (now >= due && atomic_compare_exchange_strong(&next_log, &due, now + LOG_MS))
        log_line("cannot accept: %s", strerror(error));
    accept_rest_begin();
    return true;
}

void accept_wait(int error)
{
    if (accept_failed(error))
        poll(NULL, 0, REST_MS);
}

int accept_rest(void)
{
    if (rest_until == 0)
        return -1;
    long long left = rest_until - now_ms();
    if (left > 0)
        return (int)left;
    rest_until = 0;
    return -1;
}

void accept_rest_over(void)
{
    rest_until = 0;
}

void log_client(const struct peer *peer, int error)
{
    char text[ADDRESS_TEXT];
    address_format(&peer->at.any, sizeof peer->at, text);
    log_line("client %s: %s", text, strerror(error));
}
