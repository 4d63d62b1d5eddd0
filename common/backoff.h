// SPDX-License-Identifier: MIT
/*
 * Back-off, for event loops: after a failure that may last, a loop leaves its listener alone for
 * 100 ms, or until one of its clients leaves and gives back what had run out. The loop goes on for
 * the other clients; it only waits with a timeout. See accept.h for the reason.
 */
#ifndef BACKOFF_H
#define BACKOFF_H

#include "accept.h"

/* A loop's back-off. All zero: none. */
struct backoff {
    long long until; /* ms, of CLOCK_MONOTONIC */
};

void backoff_begin(struct backoff *backoff);
void backoff_end(struct backoff *backoff);

/* How long it still lasts, in ms, at least 1. -1: there is none; which is also how poll(2) and
 * epoll_wait(2) are told to wait without a timeout. */
int backoff_left(struct backoff *backoff);

/* accept has failed: does what the table in accept.h says, with a back-off for the pause. */
void accept_failed(struct backoff *backoff, int error);

/* select, poll or epoll_wait has failed. EINTR: nothing, the loop goes on. ENOMEM: logged, at most
 * once a second; the loop goes on after 100 ms. Anything else ends the program. */
void wait_failed(int error);

#endif
