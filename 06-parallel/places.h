// SPDX-License-Identifier: MIT
/* The places for clients: --max-connections is for all workers together. */
#ifndef PLACES_H
#define PLACES_H

#include "../common/backoff.h"

/* Accepts clients, at most so many, while there are places for them, and calls take() with each.
 * When it cannot, it may begin a back-off. While clients are dropped (operator.h), does that
 * instead. */
void accept_clients(int listener, struct backoff *backoff, long most,
                    void (*take)(int fd, const struct peer *peer));

/* A client has left: its place is free again. */
void client_left(void);

long places_taken(void);

/* What is left of the back-off: backoff_left(). The main thread, with --accept one, is woken when a
 * client leaves, and ends its back-off. A worker's back-off ends when a client of its own leaves; a
 * place that is given back by another worker it may find 100 ms later. A worker that shares its
 * listener begins one by itself while there is no place. */
int acceptor_backoff(struct backoff *backoff);
int worker_backoff(struct backoff *backoff);

#endif
