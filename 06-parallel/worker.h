// SPDX-License-Identifier: MIT
/*
 * A worker: the event loop of step 05 in a thread of its own, with its own clients and, for
 * --accept each, its own listener. Workers share the counter, what stands below under `shared`, and
 * with --accept one the main thread adds to their clients.
 */
#ifndef WORKER_H
#define WORKER_H

#include "client.h"
#include "protocol.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Set before the first worker starts, then only read. */
extern struct settings {
    const struct protocol *protocol;
    long max_connections;
    long accepts;              /* in one round, at most */
    long work;                 /* microseconds */
    unsigned write_timeout_ms; /* 0: the kernel's own */
    enum on_error { ERROR_RAISE, ERROR_IGNORE, ERROR_LOG } on_error;
    bool share_listener; /* all watch the same one, and a client shall wake one of them, not all */
    int look_ms; /* how often they look whether one that was woken did not come; -1: never */
} settings;

enum stop { STOP_NOT, STOP_WHEN_EMPTY, STOP_NOW };

extern struct shared {
    atomic_long connections; /* in all workers */
    atomic_int running;      /* workers that have not ended */
    _Atomic enum stop stop;
    atomic_bool acceptor_waits; /* with --accept one: in a back-off, until a client leaves */
    atomic_bool dropping;       /* accept, and close at once */
    atomic_bool failed;         /* a client's error, with --on-handler-error raise */
} shared;

struct worker {
    _Alignas(64) pthread_t thread; /* a cache line of its own: what one writes slows no other */
    int epoll;
    int wake;     /* eventfd(2): shared.stop has changed */
    int listener; /* -1: none, or closed */
    bool watched; /* the listener is in epoll */
    char *request, *space;
    size_t request_max;
    _Atomic uint64_t accepted, bytes; /* atomic, because the main thread reports them */
    pthread_mutex_t lock; /* of the list: with --accept one, another thread adds to it */
    struct client *clients;
};

/* Starts a worker. listener is taken over; -1: it gets its clients from worker_accept(). What goes
 * wrong ends the program. */
void worker_start(struct worker *worker, int listener);

/* Makes a worker look at shared.stop. Any thread. */
void worker_wake(struct worker *worker);

/* Waits until the worker has ended, and frees what it had. */
void worker_join(struct worker *worker);

/* Accepts a client for a worker, which need not be the caller. Returns false if there was none or
 * no room for one; then the caller's listener may have to be left alone: backoff_left(). */
bool worker_accept(struct worker *worker, int listener);

/* A client's I/O or set-up has failed. Logs it, unless --on-handler-error says `ignore`; `raise`:
 * the server takes no more clients, and ends with status 1 when those that are here have left. */
void worker_client_failed(const struct peer *peer, int error);

#endif
