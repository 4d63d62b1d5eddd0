// SPDX-License-Identifier: MIT
/*
 * accept(2), and what a server does when it fails.
 *
 *   errno                          what it means                    what is done
 *   EINTR, ECONNABORTED            a signal; the client has gone    asked again at once
 *   EAGAIN                         nobody waits                     back to the wait
 *   EBADF EINVAL ENOTSOCK EFAULT   the listener is of no use        exit, status 1
 *   EMFILE ENFILE ENOBUFS ...      the system is out of something   logged (at most once a second);
 *                                                                   back-off
 *
 * Back-off means to leave the listener alone for 100 ms, or until a client of this thread leaves
 * and gives back what is missing. Without it the server would busy-loop: the client that could not
 * be accepted stays in the queue, and the listener is ready again at once.
 */
#ifndef ACCEPT_H
#define ACCEPT_H

#include "address.h"

#include <stdbool.h>

/* Accepts one client and takes down its address. A non-blocking descriptor is for event loops.
 * Returns the descriptor, which the caller owns, or -1 with errno: then call accept_back_off() or,
 * in an event loop, accept_failed(). */
int accept_client(int listener, bool nonblocking, struct peer *peer);

/* After a failure, in a server that blocks: does what the table says, and waits 100 ms; after
 * EAGAIN only until there is a client (whoever shares the listener as fd:N may have made it
 * non-blocking). A signal ends the wait. */
void accept_back_off(int listener, int error);

/* After a failure, in an event loop: does what the table says, and begins a back-off if one is
 * due. */
void accept_failed(int error);

/* After a failure of select(2), poll(2) or epoll_wait(2), in an event loop. EINTR: nothing, the
 * loop goes on. ENOMEM: it does, too, after 100 ms, and logs it (at most once a second). Else: ends
 * the program. */
void wait_failed(int error);

/* What is left of this thread's back-off, in ms, at least 1; -1: there is none. */
int backoff_left(void);

/* Begins a back-off for a reason that accept(2) knows nothing of. */
void backoff_begin(void);

/* Ends it: a client has left. */
void backoff_end(void);

/* Logs what ended a client: "client 127.0.0.1:40112: Connection reset by peer"; or, where clients
 * have made us log too much, counts it only: log.h. */
void log_client(const struct peer *peer, int error);

#endif
