// SPDX-License-Identifier: MIT
/* Listening sockets: socket(2), bind(2), listen(2), and what else a server's door needs. */
#ifndef LISTENER_H
#define LISTENER_H

#include "address.h"

#include <stdbool.h>

#define BACKLOG_DEFAULT 64

/*
 * Opens a socket that listens on address, ready for accept(2). backlog is how many clients may be
 * connected without having been accepted: listen(2); the system may cut it (net.core.somaxconn). A
 * non-blocking descriptor is for event loops. Returns the descriptor, which the caller closes with
 * listener_close(). What goes wrong ends the program: die().
 *
 *  - HOST:PORT: bound with SO_REUSEADDR, so that a restarted server gets its port back at once,
 *    though old connections linger in TIME_WAIT: socket(7). A port that another server listens on
 *    stays in use. [::] means IPv6 only: ipv6(7).
 *  - unix:PATH: a socket that a dead server has left at PATH is replaced; nothing else ever is.
 *  - fd:N: must be a listening stream socket. Changed, for all who have it open, are O_NONBLOCK (so
 *    they should be of one kind, blocking or not), the options that connections inherit from our
 *    own listeners (below), and those that would break what we promise: SO_LINGER, SO_RCVLOWAT,
 *    SO_RCVTIMEO, SO_SNDTIMEO, TCP_CORK and TCP_USER_TIMEOUT are turned off.
 *
 * Connections accepted from a TCP listener inherit SO_KEEPALIVE (the system, not we, notices a peer
 * that vanished without a word), TCP_NODELAY (an answer is sent at once, also when the one before
 * has not been acknowledged yet) and SO_OOBINLINE (urgent data are bytes as any other): tcp(7).
 */
int listener_open(const struct address *address, long backlog, bool nonblocking);

/* Opens one more listener at the address of the first, which listener_open() has opened for TCP;
 * the system divides the clients among them: socket(7), SO_REUSEPORT. The first is bound without
 * that option, so that a second server is refused; set after bind(2), it lets our own siblings
 * join. Returns the descriptor, or ends the program. */
int listener_sibling(int first, long backlog, bool nonblocking);

/* Logs "listening on ADDRESS": from now on clients can connect. A test waits for this line. */
void listener_announce(int listener);

/* Closes a listener; if it is a unix socket we made, removes its path, unless another socket has
 * taken that place. -1: there is none, and nothing is done. Async-signal-safe. (The path is removed
 * by exit(3), too.) */
void listener_close(int listener);

#endif
