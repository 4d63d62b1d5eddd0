// SPDX-License-Identifier: MIT
/*
 * 05-epoll-counter: a counter for many clients, in one process, as many as it may have descriptors.
 *
 * Run:      build/05-epoll-counter            and in two more terminals:  build/say 9000
 *           with the lines  inc  and  read
 * New:      epoll keeps the list of descriptors in the system and says only which are ready, so the
 *           silent ones cost nothing. And the clients share something: a counter (counter.c), which
 *           needs no lock because one thread gives all of them their turns.
 * Wrong:    one thread is one core, however many the machine has. Step 06 runs a loop on each.
 *
 * Who may do what when: a turn closes only its own client, so that no event of the same batch
 * speaks of a client that is gone; a new client is accepted after the turns; stopping is done
 * between the batches.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this step in a Linux container"
#endif
#include "../common/accept.h"
#include "../common/io.h"
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

#define BATCH 256 /* events taken at a time */

static int epoll, listener, signals; /* descriptors */
static struct client *clients;       /* all of them, a list */
static long n_clients, max = 1000000;

static int watch(int operation, int fd, void *who, enum waits waits)
{
    struct epoll_event event = {.events = waits == FOR_WRITE ? EPOLLOUT : EPOLLIN, .data.ptr = who};
    return epoll_ctl(epoll, operation, fd, &event);
}

static void enter(int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client || watch(EPOLL_CTL_ADD, fd, client, FOR_READ) == -1) {
        log_client(peer, errno);
        close(fd);
        free(client);
        return;
    }
    client->next = clients;
    if (clients)
        clients->previous = client;
    clients = client;
    n_clients++;
}

static void leave(struct client *client, void (*farewell)(struct client *))
{
    if (client->next)
        client->next->previous = client->previous;
    if (client->previous)
        client->previous->next = client->next;
    else
        clients = client->next;
    n_clients--;
    farewell(client); /* closing the descriptor ends the watch */
    accept_rest_over();
}

/* EPOLLHUP and EPOLLERR come unasked, and need nothing of their own: the read or write of the turn
 * says what has happened. */
static void turn(struct client *client)
{
    enum waits waits = client_turn(client);

    if (waits != FOR_NOTHING && waits != client->waits) {
        client->waits = waits;
        if (watch(EPOLL_CTL_MOD, client->fd, client, waits) == -1) {
            log_client(&client->peer, errno);
            waits = FOR_NOTHING;
        }
    }
    if (waits == FOR_NOTHING)
        leave(client, client_free);
}

/* Watches the listener, or leaves it alone while it rests or there are clients enough. Returns how long
 * to wait at most, in ms; -1: for ever. */
static int watch_listener(void)
{
    static bool watched;
    int rest = accept_rest();
    bool on = rest == -1 && n_clients < max;

    if (listener == -1 || on == watched)
        return rest;
    if (watch(on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener, &listener, FOR_READ) == -1) {
        accept_failed(errno);
        return accept_rest();
    }
    watched = on;
    return rest;
}

static void accept_batch(long batch)
{
    struct peer peer;

    for (; batch > 0 && n_clients < max; batch--) {
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
    long backlog = BACKLOG_DEFAULT, batch = 1, descriptors = raise_descriptor_limit();
    const struct option options[] = {
        OPTION_BACKLOG(&backlog), OPTION_MAX_CONNECTIONS(&max, 1000000), OPTION_BATCH(&batch), {0}};
    const char *about = "Counts for its clients, all served in one process, with epoll.\n"
                        "A line `inc` increments the counter, `read` reads it.\n";
    struct epoll_event events[BATCH];
    bool stop_now = false;

    if (descriptors / 10 * 9 < max)
        max = descriptors / 10 * 9;
    struct address address = server_options(argc, argv, about, options);
    listener = listener_open(&address, backlog);
    signals = signals_catch(stop_signals);
    epoll = epoll_create1(0);
    if (epoll == -1 || set_nonblocking(listener, true) == -1 ||
        watch(EPOLL_CTL_ADD, signals, &signals, FOR_READ) == -1)
        die("cannot watch %s: %s", address.text, strerror(errno));
    listener_announce(listener);

    while (!stop_now && (listener != -1 || n_clients > 0)) {
        bool signalled = false, knocked = false;
        int n = epoll_wait(epoll, events, BATCH, watch_listener());
        if (n == -1 && errno != EINTR)
            die("cannot wait: %s", strerror(errno));
        for (int i = 0; i < n; i++) {
            void *who = events[i].data.ptr;
            if (who == &signals)
                signalled = true;
            else if (who == &listener)
                knocked = true;
            else
                turn(who);
        }
        if (signalled) {
            for (int signal; (signal = signals_take()) != 0;)
                stop_now |= signal != SIGQUIT;
            watch(EPOLL_CTL_DEL, listener, NULL,
                  FOR_READ);          /* closing ends no watch if others, too, */
            listener_close(listener); /* have the listener open */
            listener = -1;
        }
        if (knocked && listener != -1)
            accept_batch(batch);
    }
    while (clients)
        leave(clients, client_stop);
    log_line("counter=%" PRIu64, counter_value());
    log_line("server terminated");
    return 0;
}
