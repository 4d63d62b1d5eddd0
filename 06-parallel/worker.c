// SPDX-License-Identifier: MIT
/*
 * worker.c: see worker.h
 *
 * The loop of step 05; what was static there is in `self`. Two pipes replace the signals; with
 * --accept one a third replaces the listener. Skip at first: client_failed, limit_write_time,
 * worker_backoff, time_to_look.
 */
#include "worker.h"

#include "../common/io.h"
#include "../common/log.h"
#include "../common/signals.h"
#include "operator.h"
#include "places.h"
#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_MAX 256 /* taken in one round */

/* What is written to an inbox: a client. */
struct message {
    int fd;
    struct peer peer;
};

int finish_pipe[2], stop_pipe[2];
_Thread_local struct worker *self;
atomic_int n_running;

/* epoll gives `data` back with each event. For a client this is its struct; for the listener and
 * the pipes it is the address of the variable. */
static int change_epoll(int operation, int fd, void *data, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    return epoll_ctl(self->epoll_fd, operation, fd, &event);
}

static void add_client(int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client || change_epoll(EPOLL_CTL_ADD, fd, client, EPOLLIN) == -1) {
        client_failed(peer, errno);
        close(fd);
        free(client);
        client_left(); /* gives its place back */
        return;
    }
    client->next = self->clients;
    if (self->clients)
        self->clients->previous = client;
    self->clients = client;
    self->accepted++;
}

/* First out of epoll. While another process that looks at our descriptors (lsof, ss -p) has the
 * socket open, close(2) leaves it in epoll, and an event would point to memory that is free:
 * epoll(7). */
static void remove_client(struct client *client)
{
    change_epoll(EPOLL_CTL_DEL, client->fd, NULL, 0);
    limit_write_time(client->fd, client->state, DONE);
    if (client->next)
        client->next->previous = client->previous;
    if (client->previous)
        client->previous->next = client->next;
    else
        self->clients = client->next;
    client_free(client);
    client_left();
    backoff_end(&self->backoff);
}

/* EPOLLHUP and EPOLLERR come unasked, and need nothing of their own: read or write says what has
 * happened. */
static void handle_client(struct client *client)
{
    enum state before = client->state;

    client_ready(client);
    if (client->state != before && client->state != DONE &&
        change_epoll(EPOLL_CTL_MOD, client->fd, client,
                     client->state == WRITING ? EPOLLOUT : EPOLLIN) == -1) {
        client_failed(&client->peer, errno);
        client->state = DONE;
    }
    limit_write_time(client->fd, before, client->state);
    if (client->state == DONE)
        remove_client(client);
}

/* The listener is in epoll except during a back-off. Returns the timeout for epoll_wait. */
static int update_listener(void)
{
    int timeout = worker_backoff(&self->backoff);
    bool accepting = timeout == -1;

    if (self->listener == -1)
        return -1;
    if (accepting != self->listener_in_epoll) {
        if (change_epoll(accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, self->listener, &self->listener,
                         settings.listener_events) == -1) {
            accept_failed(&self->backoff, errno);
            return backoff_left(&self->backoff);
        }
        self->listener_in_epoll = accepting;
    }
    return accepting ? settings.look_ms : timeout;
}

static void close_listener(void)
{
    if (self->listener == -1)
        return;
    change_epoll(EPOLL_CTL_DEL, self->listener, NULL, 0);
    close(self->listener);
    self->listener = -1;
}

static bool accept_one(void)
{
    struct peer peer;
    int fd = accept_if_room(self->listener, &self->backoff, &peer);

    if (fd != -1)
        add_client(fd, &peer);
    return fd != -1;
}

/* Messages of at most PIPE_BUF bytes are neither mixed nor split (pipe(7)), and all have one size:
 * so each read takes one of them. */
static void read_inbox(void)
{
    struct message message;
    ssize_t n;

    while ((n = read(self->inbox[0], &message, sizeof message)) > 0)
        add_client(message.fd, &message.peer);
    if (n == -1 && !would_block(errno))
        die("cannot read from a pipe: %s", strerror(errno));
}

static void *run_worker(void *worker)
{
    struct epoll_event events[EVENTS_MAX];
    bool finishing = false, stopping = false;

    self = worker;
    while (!stopping && (!finishing || self->clients)) {
        bool inbox_ready = false, finish_ready = false;
        int timeout = update_listener();
        int n = epoll_wait(self->epoll_fd, events, EVENTS_MAX, timeout);
        if (n == -1)
            wait_failed(errno); /* or exits: backoff.h */
        bool listener_ready = time_to_look(&self->look, n);
        long accepts = listener_ready ? EVENTS_MAX : settings.accepts;
        for (int i = 0; i < n; i++) {
            void *data = events[i].data.ptr;
            if (data == &stop_pipe)
                stopping = true;
            else if (data == &finish_pipe)
                finish_ready = true;
            else if (data == &self->inbox)
                inbox_ready = true;
            else if (data == &self->listener)
                listener_ready = true;
            else
                handle_client(data);
        }
        if (settings.one_accepts && (inbox_ready || finish_ready || stopping))
            read_inbox(); /* also when told to end: it may hold clients */
        if (finish_ready) {
            finishing = true;
            change_epoll(EPOLL_CTL_DEL, finish_pipe[0], NULL, 0);
            close_listener();
        }
        while (listener_ready && self->listener != -1 && accepts-- > 0)
            listener_ready = accept_one();
    }
    close_listener();
    while (self->clients) {
        client_stop(self->clients);
        remove_client(self->clients);
    }
    n_running--;
    signals_wake(); /* the main thread waits for the last of us */
    return NULL;
}

void worker_start(struct worker *worker, int listener)
{
    self = worker; /* of the main thread, for change_epoll() */
    worker->listener = listener;
    worker->epoll_fd = epoll_create1(0);
    if (worker->epoll_fd == -1 ||
        change_epoll(EPOLL_CTL_ADD, finish_pipe[0], &finish_pipe, EPOLLIN) == -1 ||
        change_epoll(EPOLL_CTL_ADD, stop_pipe[0], &stop_pipe, EPOLLIN) == -1 ||
        (settings.one_accepts &&
         (pipe(worker->inbox) == -1 || set_nonblocking(worker->inbox[0]) == -1 ||
          change_epoll(EPOLL_CTL_ADD, worker->inbox[0], &worker->inbox, EPOLLIN) == -1)))
        die("cannot set up a worker: %s", strerror(errno));
    n_running++;
    int error = pthread_create(&worker->thread, NULL, run_worker, worker);
    if (error != 0)
        die("cannot start a worker: %s", strerror(error));
}

void worker_give(struct worker *worker, int fd, const struct peer *peer)
{
    const struct message message = {.fd = fd, .peer = *peer};
    if (write_all(worker->inbox[1], &message, sizeof message) == -1)
        die("cannot write to a pipe: %s", strerror(errno));
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
    close(worker->epoll_fd);
}
