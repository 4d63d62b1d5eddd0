// SPDX-License-Identifier: MIT
/* Who accepts. */
#ifndef LISTENERS_H
#define LISTENERS_H

#include "worker.h"

/* --accept each: returns the listener of the i-th worker, non-blocking, or ends the program. The
 * first worker gets a duplicate of the listener that there is, so that it and the main thread can
 * each close their own. For every other worker one more listener is opened at the same address, and
 * the kernel divides the clients among them: socket(7), SO_REUSEPORT. The first is bound without
 * that option, so that a second server is refused. Set after bind(2), it lets our own listeners
 * join.
 *
 * unix:PATH and fd:N have no SO_REUSEPORT. There all workers share one listener. */
int listener_for_worker(int first, long i);

/* --accept one: accepts clients, and gives them to the workers in turn. A worker whose inbox is
 * full is passed over. If all are, or if accepting fails, begins a back-off. */
void accept_for_workers(int listener, struct backoff *backoff, struct worker *workers);

#endif
