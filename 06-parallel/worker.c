// SPDX-License-Identifier: MIT
/*
 * worker.c: see worker.h
 *
 * In a turn a client ends no other: a later event of the same round may point to it. After the
 * turns comes stopping; and the listener last, when those who leave have made room.
 */
#include "worker.h"

#include "../common/accept.h"
#include "../common/io.h"
#include "../common/log.h"
#include "../common/signals.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 256 /* taken in one round */

struct settings settings;
struct shared shared;

static int watch(struct worker *worker, int operation, int fd, void *who, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = who};
    return epoll_ctl(worker->epoll, operation, fd, &event);
}

void worker_client_failed(const struct peer *peer, int error)
{
    if (settings.on_error != ERROR_IGNORE)
        log_client(peer, error);
    if (settings.on_error == ERROR_RAISE) {
        shared.failed = true;
        signals_wake();
    }
}

/* How long what is owed may stay untaken: the kernel keeps the time, tcp(7). */
static void limit_waiting(const struct client *client, unsigned ms)
{
    setsockopt(client->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

/* Off epoll before it is closed: as long as anybody else has the socket open, be it for the instant
 * in which ps or lsof looks at it, close(2) would not end the watch: epoll(7). */
static void leave(struct worker *worker, struct client *client, void (*farewell)(struct client *))
{
    watch(worker, EPOLL_CTL_DEL, client->fd, NULL, 0);
    if (client->waits == FOR_WRITE)
        limit_waiting(client, 0); /* what the kernel has taken may take its time */
    pthread_mutex_lock(&worker->lock);
    if (client->next)
        client->next->previous = client->previous;
    if (client->previous)
        client->previous->next = client->next;
    else
        worker->clients = client->next;
    pthread_mutex_unlock(&worker->lock);
    farewell(client);
    shared.connections--;
    backoff_end();
    if (shared.acceptor_waits)
        signals_wake();
}

static void link_client(struct worker *worker, struct client *client)
{
    pthread_mutex_lock(&worker->lock);
    client->next = worker->clients;
    if (client->next)
        client->next->previous = client;
    worker->clients = client;
    pthread_mutex_unlock(&worker->lock);
}

static void enter(struct worker *worker, int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client) {
        worker_client_failed(peer, errno);
        close(fd);
        shared.connections--;
        return;
    }
    worker->accepted++;
    link_client(worker, client);
    /* Once epoll has the client, its worker may serve and free it before epoll_ctl returns. */
    if (watch(worker, EPOLL_CTL_ADD, fd, client, EPOLLIN) == -1) {
        worker_client_failed(peer, errno);
        leave(worker, client, client_free);
    }
}

bool worker_accept(struct worker *worker, int listener)
{
    struct peer peer;

    bool dropping = shared.dropping;
    /* A place is taken before accept, or two threads would accept for the last one. */
    if (!dropping && shared.connections++ >= settings.max_connections) {
        shared.connections--;
        backoff_begin();
        return false;
    }
    int fd = accept_client(listener, true, &peer);
    if (fd == -1)
        accept_failed(errno);
    else if (dropping)
        close(fd);
    else
        enter(worker, fd, &peer);
    if (fd == -1 && !dropping)
        shared.connections--;
    return fd != -1;
}

/* EPOLLHUP and EPOLLERR come unasked, and need nothing of their own: the read or write of the turn
 * says what has happened. */
static void turn(struct worker *worker, struct client *client)
{
    enum waits waits = client_turn(client, worker);

    if (waits != FOR_NOTHING && waits != client->waits) {
        client->waits = waits;
        uint32_t events = waits == FOR_WRITE ? EPOLLOUT : EPOLLIN;
        limit_waiting(client, waits == FOR_WRITE ? settings.write_timeout_ms : 0);
        if (watch(worker, EPOLL_CTL_MOD, client->fd, client, events) == -1) {
            worker_client_failed(&client->peer, errno);
            waits = FOR_NOTHING;
        }
    }
    if (waits == FOR_NOTHING)
        leave(worker, client, client_free);
}

/* Watches the listener, or leaves it alone during a back-off. Returns how long to wait at most, in
 * ms; -1: for ever. */
static int watch_listener(struct worker *worker)
{
    uint32_t events = settings.share_listener ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN;

    if (worker->listener == -1)
        return -1;
    /* A full one that watched would be woken for a client, and one that has room would be late. */
    if (settings.share_listener && !shared.dropping &&
        shared.connections >= settings.max_connections)
        backoff_begin();
    int backoff = backoff_left();
    bool on = backoff == -1;
    if (on != worker->watched) {
        if (watch(worker, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, worker->listener, &worker->listener,
                  events) == -1) {
            accept_failed(errno);
            return backoff_left();
        }
        worker->watched = on;
    }
    return on ? settings.look_ms : backoff;
}

static void close_listener(struct worker *worker)
{
    if (worker->listener == -1)
        return;
    watch(worker, EPOLL_CTL_DEL, worker->listener, NULL, 0);
    close(worker->listener);
    worker->listener = -1;
}

/* Nobody adds to the list any more when stop is set, so it may be looked at without the lock. */
static bool is_finished(const struct worker *worker)
{
    enum stop stop = shared.stop;
    return stop == STOP_NOW || (stop == STOP_WHEN_EMPTY && !worker->clients);
}

static void do_round(struct worker *worker)
{
    struct epoll_event events[EVENTS_MAX];
    eventfd_t value;

    int n = epoll_wait(worker->epoll, events, EVENTS_MAX, watch_listener(worker));
    if (n == -1)
        wait_failed(errno); /* or exits: accept.h */
    /* For a client the kernel wakes one process, which may be about to stop, full or suspended. So
     * look now and then whether there is somebody though nobody has told us: fd:N. */
    bool listener_ready = n == 0;
    long accepts = n == 0 ? EVENTS_MAX : settings.accepts;
    for (int i = 0; i < n; i++) {
        void *who = events[i].data.ptr;
        if (who == &worker->wake)
            eventfd_read(worker->wake, &value);
        else if (who == &worker->listener)
            listener_ready = true;
        else
            turn(worker, who);
    }
    if (shared.stop != STOP_NOT)
        close_listener(worker);
    if (listener_ready && worker->listener != -1)
        while (accepts-- > 0 && worker_accept(worker, worker->listener))
            ;
}

static void *run_worker(void *argument)
{
    struct worker *worker = argument;

    while (!is_finished(worker))
        do_round(worker);
    close_listener(worker);
    while (worker->clients)
        leave(worker, worker->clients, client_stop);
    shared.running--;
    signals_wake(); /* the main thread waits for the last of us */
    return NULL;
}

void worker_start(struct worker *worker, int listener)
{
    *worker = (struct worker){.listener = listener};
    pthread_mutex_init(&worker->lock, NULL);
    /* With --work a turn is kept short by its number of lines. */
    worker->request_max = settings.work > 0 ? 256 : settings.protocol->request_max;
    worker->request = malloc(worker->request_max);
    worker->space = malloc(settings.protocol->space + 1); /* or malloc(0) may return NULL */
    worker->epoll = epoll_create1(0);
    worker->wake = eventfd(0, EFD_NONBLOCK);
    if (!worker->request || !worker->space || worker->epoll == -1 || worker->wake == -1 ||
        watch(worker, EPOLL_CTL_ADD, worker->wake, &worker->wake, EPOLLIN) == -1)
        die("cannot set up a worker: %s", strerror(errno));
    shared.running++;
    int error = pthread_create(&worker->thread, NULL, run_worker, worker);
    if (error != 0)
        die("cannot start a worker: %s", strerror(error));
}

void worker_wake(struct worker *worker)
{
    while (eventfd_write(worker->wake, 1) == -1 && errno == EINTR)
        ;
}

void worker_join(struct worker *worker)
{
    pthread_join(worker->thread, NULL);
    close(worker->epoll);
    close(worker->wake);
    free(worker->request);
    free(worker->space);
}

static long long cpu_time_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

void do_work(void)
{
    if (settings.work > 0)
        for (long long end = cpu_time_us() + settings.work; cpu_time_us() < end;)
            ;
}
