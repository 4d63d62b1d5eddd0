// SPDX-License-Identifier: MIT
/*
 * A worker: the event loop of step 05 in a thread of its own. Its clients are its own as well: no
 * other thread reads or changes them. With --accept one the main thread gives it clients by a pipe,
 * its inbox.
 */
#ifndef WORKER_H
#define WORKER_H

#include "../common/backoff.h"
#include "client.h"

#include <pthread.h>
#include <stdatomic.h>

struct worker {
    pthread_t thread;
    int inbox[2]; /* --accept one: the main thread writes to [1], the worker reads from [0] */
    int epoll_fd;
    int listener; /* -1: there is none, or it is closed */
    bool listener_in_epoll;
    struct client *clients;                           /* all of them, a list */
    struct backoff backoff, look;                     /* look: see places.h */
    _Atomic uint64_t accepted, bytes;                 /* the main thread reports them */
    char request[ECHO_REQUEST_MAX], space[SPACE_MAX]; /* nothing stays in them between two calls */
};

extern _Thread_local struct worker *self; /* each thread has its own: its worker */
extern atomic_int n_running;              /* workers that have not ended */

/* All workers watch these; nothing is ever written to them. When the main thread closes
 * finish_pipe[1] they take no more clients, and end when those that they have have left. When it
 * closes stop_pipe[1] they end at once. */
extern int finish_pipe[2], stop_pipe[2];

/* Starts a worker, all zero so far. It owns the listener; -1: none. A failure ends the program. */
void worker_start(struct worker *worker, int listener);

/* Gives it a client; threads share descriptors, so the number is enough. Waits for room. */
void worker_give(struct worker *worker, int fd, const struct peer *peer);

/* Waits until it has ended. */
void worker_join(struct worker *worker);

#endif
