// SPDX-License-Identifier: MIT
/* listener.c: see listener.h */
#include "listener.h"

#include "inherited.h"
#include "io.h"
#include "log.h"
#include "unix_socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* As in step 01. */
static int open_tcp(const struct address *address, long backlog)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM}; /* TCP, a stream of bytes */
    struct addrinfo *list;
    const int on = 1;
    int listener = -1, best_error = 0;

    int error = getaddrinfo(address->host, address->port, &hints, &list);
    if (error != 0) /* it has error numbers of its own; EAI_SYSTEM means: see errno */
        die("cannot listen on %s: %s", address->text,
            error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
    for (struct addrinfo *at = list; at && listener == -1; at = at->ai_next) {
        listener = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        /* bind gives the socket our address, and listen makes the kernel queue clients for accept.
         * SO_REUSEADDR: old connections that linger in TIME_WAIT do not keep us from the port.
         * Three are for the client's socket, which inherits them: SO_KEEPALIVE, so that the kernel
         * notices a client that has vanished, after some two hours; SO_OOBINLINE, so that urgent
         * data are bytes like all others; TCP_NODELAY, so that a small answer is not held back.
         * IPV6_V6ONLY: [::] does not stand for all IPv4 addresses as well. socket(7), tcp(7) */
        if (listener == -1 ||
            setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
            setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1 ||
            setsockopt(listener, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) == -1 ||
            setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
            (at->ai_family == AF_INET6 &&
             setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == -1) ||
            bind(listener, at->ai_addr, at->ai_addrlen) == -1 ||
            listen(listener, (int)backlog) == -1) {
            best_error = more_telling_error(best_error, errno);
            if (listener != -1)
                close(listener);
            listener = -1;
            if (best_error == EADDRINUSE)
                break;
        }
    }
    freeaddrinfo(list);
    if (listener == -1)
        die("cannot listen on %s: %s", address->text, strerror(best_error));
    return listener;
}

static int open_any(const struct address *address, long backlog)
{
    switch (address->kind) {
    case ADDRESS_UNIX:
        return unix_socket_open(address, backlog);
    case ADDRESS_FD:
        return inherited_listener(address);
    case ADDRESS_INET:
        break;
    }
    return open_tcp(address, backlog);
}

int listener_open(const struct address *address, long backlog)
{
    int listener = open_any(address, backlog);
    if (set_blocking(listener) == -1)
        die("cannot listen on %s: %s", address->text, strerror(errno));
    return listener;
}

int listener_open_nonblocking(const struct address *address, long backlog)
{
    int listener = open_any(address, backlog);
    if (set_nonblocking(listener) == -1)
        die("cannot listen on %s: %s", address->text, strerror(errno));
    return listener;
}

void listener_close(int listener)
{
    if (listener == -1)
        return;
    unix_socket_remove(listener); /* first: while the socket is open no other gets its inode */
    close(listener);
}
