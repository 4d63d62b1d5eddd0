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
#include <string.h>
#include <time.h>

int accept_client(int listener, struct peer *peer)
{
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    int client;

    while ((client = accept(listener, (struct sockaddr *)&at, &length)) == -1)
        if (errno != EINTR && errno != ECONNABORTED)
            return -1;
#ifndef SOCK_NONBLOCK
    set_blocking(client); /* where it inherits O_NONBLOCK from a listener that is shared */
#endif
    peer_set(peer, &at, length);
    return client;
}

#ifdef SOCK_NONBLOCK /* one call instead of three */
int accept_nonblocking(int listener, struct peer *peer)
{
    struct sockaddr_storage at;
    socklen_t length = sizeof at;
    int client;

    while ((client = accept4(listener, (struct sockaddr *)&at, &length, SOCK_NONBLOCK)) == -1)
        if (errno != EINTR && errno != ECONNABORTED)
            return -1;
    peer_set(peer, &at, length);
    return client;
}
#else
int accept_nonblocking(int listener, struct peer *peer)
{
    int client = accept_client(listener, peer);
    if (client != -1)
        set_nonblocking(client);
    return client;
}
#endif

void accept_log(int error)
{
    if (error == EBADF || error == EINVAL || error == ENOTSOCK || error == EFAULT)
        die("cannot accept: %s", strerror(error));
    log_seldom("cannot accept: %s", strerror(error));
}

void accept_pause_or_die(int listener, int error)
{
    /* EAGAIN, from a blocking accept: another process that shares the listener, as fd:N, has made
     * it non-blocking. With -1 instead of a descriptor poll(2) just waits. */
    struct pollfd ready = {.fd = error == EAGAIN ? listener : -1, .events = POLLIN};
    const struct timespec pause = {.tv_nsec = BACKOFF_MS * 1000000};

    if (error != EAGAIN)
        accept_log(error);
    if (poll(&ready, 1, BACKOFF_MS) == -1 && errno != EINTR)
        nanosleep(&pause, NULL);
}
