// SPDX-License-Identifier: MIT
/* The places for clients: --max-connections is for all workers together. */
#ifndef PLACES_H
#define PLACES_H

#include "../common/backoff.h"

#include <stdbool.h>

/* Accepts a client if there is a place for it. Returns its descriptor, or -1, perhaps with a
 * back-off begun. While clients are dropped (operator.h), does that, and returns -1. */
int accept_if_room(int listener, struct backoff *backoff, struct peer *peer);

/* A client has left: its place is free again. */
void client_left(void);

long places_taken(void);

/* What is left of the back-off: backoff_left(). The main thread, with --accept one, is woken when a
 * client leaves. A worker's back-off ends when a client of its own leaves; a place that another
 * worker's client gives back it may find 100 ms later. A worker that shares its listener begins one
 * by itself while there is no place. */
int acceptor_backoff(struct backoff *backoff);
int worker_backoff(struct backoff *backoff);

/* fd:N (settings.h, look_ms): is a worker to look for clients, though it was not told of any? n is
 * how many events it had. */
bool time_to_look(struct backoff *look, int n);

#endif
