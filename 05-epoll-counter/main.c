// SPDX-License-Identifier: MIT
/*
 * 05-epoll-counter: a counter for many clients, in one process, not limited by FD_SETSIZE.
 *
 * Run:      build/05-epoll-counter          and in two more terminals:  build/say 9000
 *           with the lines  inc  and  read
 * New:      epoll keeps the list of descriptors in the kernel and says only which are ready, so the
 *           silent ones cost nothing. And the clients share something, a counter (counter.c), which
 *           needs no lock because one thread gives all of them their turns.
 * Limits:   one thread is one core, however many the machine has. Step 06 runs a loop on each.
 *
 * In a turn a client ends no other: a later event of the same round may point to it. After the
 * turns come signals; and the listener last, when those who leave have made room.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this step in a Linux container"
#endif
#include "../common/accept.h"
#include "../common/listener.h"
#include "../common/options.h"
#include "../common/signals.h"
#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_MAX 256 /* taken in one round */

static int epoll, listener, signals; /* descriptors */
static struct client *clients;       /* all of them, a list */
static long n_clients, max;

static int watch(int operation, int fd, void *who, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = who};
    return epoll_ctl(epoll, operation, fd, &event);
}

/* Off epoll before it is closed: as long as anybody else has the socket open, be it for the instant
 * in which ps or lsof looks at it, close(2) would not end the watch: epoll(7). */
static void leave(struct client *client, void (*farewell)(struct client *))
{
    watch(EPOLL_CTL_DEL, client->fd, NULL, 0);
    if (client->next)
        client->next->previous = client->previous;
    if (client->previous)
        client->previous->next = client->next;
    else
        clients = client->next;
    n_clients--;
    farewell(client);
    backoff_end();
}

static void enter(int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client || watch(EPOLL_CTL_ADD, fd, client, EPOLLIN) == -1) {
        log_client(peer, errno);
        close(fd);
        free(client);
        return;
    }
    client->next = clients;
    if (client->next)
        client->next->previous = client;
    clients = client;
    n_clients++;
}

/* EPOLLHUP and EPOLLERR come unasked, and need nothing of their own: the read or write of the turn
 * says what has happened. */
static void turn(struct client *client)
{
    enum waits waits = client_turn(client);

    if (waits != FOR_NOTHING && waits != client->waits) {
        client->waits = waits;
        uint32_t events = waits == FOR_WRITE ? EPOLLOUT : EPOLLIN;
        if (watch(EPOLL_CTL_MOD, client->fd, client, events) == -1) {
            log_client(&client->peer, errno);
            waits = FOR_NOTHING;
        }
    }
    if (waits == FOR_NOTHING)
        leave(client, client_free);
}

/* Watches the listener, or leaves it alone during a back-off or when there are clients enough.
 * Returns how long to wait at most, in ms; -1: for ever. */
static int watch_listener(void)
{
    static bool watched;
    int backoff = backoff_left();
    bool on = backoff == -1 && n_clients < max;

    if (listener == -1 || on == watched)
        return backoff;
    if (watch(on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener, &listener, EPOLLIN) == -1) {
        accept_failed(errno);
        return backoff_left();
    }
    watched = on;
    return backoff;
}

static void close_listener(void)
{
    if (listener == -1)
        return;
    watch(EPOLL_CTL_DEL, listener, NULL, 0);
    listener_close(listener);
    listener = -1;
}

static void accept_some(long accepts)
{
    struct peer peer;

    for (; accepts > 0 && n_clients < max; accepts--) {
        int fd = accept_client(listener, true, &peer);
        if (fd == -1) {
            accept_failed(errno);
            return;
        }
        enter(fd, &peer);
    }
}

int main(int argc, char *argv[])
{
    static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT, 0};
    long backlog = BACKLOG_DEFAULT, accepts = 1;
    const struct option options[] = {OPTION_BACKLOG(&backlog),
                                     OPTION_MAX_CONNECTIONS(&max, CONNECTIONS_MAX),
                                     OPTION_ACCEPTS(&accepts),
                                     {0}};
    const char *about = "Counts for its clients, all served in one process, with epoll.\n"
                        "A line `inc` increments the counter, `read` reads it.\n";
    struct epoll_event events[EVENTS_MAX];
    bool stop_now = false;

    max = default_connections();
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
    struct address address = server_options(argc, argv, about, options);
    listener = listener_open(&address, backlog, true);
    signals = signals_catch(stop_signals);
    epoll = epoll_create1(0);
    if (epoll == -1 || watch(EPOLL_CTL_ADD, signals, &signals, EPOLLIN) == -1)
        die("cannot set up epoll: %s", strerror(errno));
    listener_announce(listener);

    while (!stop_now && (listener != -1 || n_clients > 0)) {
        bool signalled = false, listener_ready = false;

        int n = epoll_wait(epoll, events, EVENTS_MAX, watch_listener());
        if (n == -1)
            wait_failed(errno); /* or exits: accept.h */
        for (int i = 0; i < n; i++) {
            void *who = events[i].data.ptr;
            if (who == &signals)
                signalled = true;
            else if (who == &listener)
                listener_ready = true;
            else
                turn(who);
        }
        for (int signal; signalled && (signal = signals_take()) != 0;) {
            stop_now |= signal != SIGQUIT;
            close_listener();
        }
        if (listener_ready && listener != -1)
            accept_some(accepts);
    }
    while (clients)
        leave(clients, client_stop);
    log_line("counter=%" PRIu64, counter_value());
    log_line("server terminated");
    return 0;
}
