// SPDX-License-Identifier: MIT
/* Listening sockets: what step 01 has in its main.c, and the other kinds of address. */
#ifndef LISTENER_H
#define LISTENER_H

#include "address.h"

/*
 * Opens a socket that listens on address, ready for accept(2). backlog is how many
 * clients may be connected without having been accepted: listen(2); the kernel may cut it
 * (net.core.somaxconn). Returns the descriptor, which the caller closes with listener_close(). A
 * failure ends the program: die().
 *
 *  - HOST:PORT: bound with SO_REUSEADDR, so that a restarted server gets its port back at once,
 *    though old connections linger in TIME_WAIT: socket(7). A port that another server listens on
 *    stays in use. [::] means IPv6 only: ipv6(7). Connections inherit SO_KEEPALIVE (the kernel, not
 *    we, notices a peer that vanished without a word), TCP_NODELAY (an answer is sent at once, even
 *    if the one before has not been acknowledged yet) and SO_OOBINLINE (urgent data are bytes as
 *    any other): tcp(7).
 *  - unix:PATH: see unix_socket.h.
 *  - fd:N: see inherited.h.
 *
 * The listener of an event loop is non-blocking: another process may take the client that select or
 * epoll has told of.
 */
int listener_open(const struct address *address, long backlog);
int listener_open_nonblocking(const struct address *address, long backlog);

/* Closes a listener, and removes the path of a unix socket. With -1 it does nothing.
 * Async-signal-safe. */
void listener_close(int listener);

#endif
