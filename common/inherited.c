// SPDX-License-Identifier: MIT
/* inherited.c: see inherited.h */
#include "inherited.h"

#include "log.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

/* Connections inherit the options of their listener, and the program that opened this one may have
 * set some that break our promises: a close(2) that waits or resets, a limit of time for a client,
 * a byte that is held back or passed over. An option that this kind of socket lacks needs no
 * change. */
static void reset_options(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_RCVLOWAT, 1},       {SOL_SOCKET, SO_OOBINLINE, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},      {IPPROTO_TCP, TCP_NODELAY, 1},
#ifdef TCP_CORK
        {IPPROTO_TCP, TCP_CORK, 0},
#endif
#ifdef TCP_USER_TIMEOUT
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 0},
#endif
    };
    const struct linger off = {.l_onoff = 0};
    const struct timeval none = {0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

int inherited_listener(const struct address *address)
{
    int listens = 0, type = 0;
    socklen_t length = sizeof(int);

    if (getsockopt(address->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == -1 ||
        getsockopt(address->fd, SOL_SOCKET, SO_TYPE, &type, &length) == -1)
        die("cannot listen on %s: %s", address->text, strerror(errno));
    if (!listens || type != SOCK_STREAM)
        die("cannot listen on %s: not a listening stream socket", address->text);
    reset_options(address->fd);
    return address->fd;
}
