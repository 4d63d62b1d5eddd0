// SPDX-License-Identifier: MIT
/*
 * accept(2), and what a server does when it fails.
 *
 *   errno                          what it means                      what we do
 *   EINTR, ECONNABORTED            a signal; this client has left     ask again at once
 *   EAGAIN                         the queue is empty                 wait for a client
 *   EBADF EINVAL ENOTSOCK EFAULT   our own mistake, and it stays      exit, status 1
 *   EMFILE ENFILE ENOBUFS ...      something has run out, or another  log it, at most once a
 *                                  failure that may pass              second; pause for 100 ms
 *
 * Without the pause the server would busy-loop: the client that could not be accepted stays in the
 * queue, so accept does not block, and fails again at once.
 */
#ifndef ACCEPT_H
#define ACCEPT_H

#include "peer.h"

/* Accepts one client and notes its address. Returns a blocking descriptor, which the caller owns,
 * or -1 with errno: then call accept_pause_or_die(). */
int accept_client(int listener, struct peer *peer);

/* The same for event loops: the descriptor is non-blocking. See backoff.h for a failure. */
int accept_nonblocking(int listener, struct peer *peer);

/* After a failure, in a server that blocks: does what the table says. A signal ends the pause. */
void accept_pause_or_die(int listener, int error);

/* Those lines of the table that end in an exit or in a log line. Returns in the second case. */
void accept_log(int error);

#define BACKOFF_MS 100

#endif
