// SPDX-License-Identifier: MIT
/*
 * accept(2), and what a server does when it fails.
 *
 *   errno                          what it means                    what is done
 *   EINTR, ECONNABORTED            a signal; the client has gone    asked again at once
 *   EAGAIN                         nobody waits                     back to the wait
 *   EBADF EINVAL ENOTSOCK EFAULT   the listener is of no use        exit, status 1
 *   EMFILE ENFILE ENOBUFS ...      the system is out of something   logged (at most once a second);
 *                                                                   the listener rests
 *
 * A listener must rest because the client stays in its queue: it is ready again at once, and a
 * server that only went on would turn in a circle at full speed. It rests until a client leaves
 * (and gives back what is missing) or 100 ms have passed.
 */
#ifndef ACCEPT_H
#define ACCEPT_H

#include "address.h"

#include <stdbool.h>

/* Accepts one client and takes down its address. A non-blocking descriptor is for event loops.
 * Returns the descriptor, which the caller owns, or -1 with errno: then call one of these two. */
int accept_client(int listener, bool nonblocking, struct peer *peer);

/* After a failure, in a server that blocks: does what the table says, and waits while the listener
 * rests. A signal ends that wait. */
void accept_wait(int error);

/* After a failure, in an event loop: does what the table says; a rest begins if one is due. Each
 * thread has its own listener and so its own rest. Returns true if a rest has begun. */
bool accept_failed(int error);

/* How long the loop may wait: what is left of the rest in ms, at least 1; -1 when there is none. */
int accept_rest(void);

/* Begins a rest, for a reason that accept(2) knows nothing of; ends it, because a client has left. */
void accept_rest_begin(void);
void accept_rest_over(void);

/* Logs what ended a client: "client 127.0.0.1:40112: Connection reset by peer". */
void log_client(const struct peer *peer, int error);

#endif
