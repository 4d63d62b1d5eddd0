// SPDX-License-Identifier: MIT
/*
 * 05-epoll-counter: a counter for many clients, in one process, not limited by FD_SETSIZE.
 *
 * Run:      build/05-epoll-counter          and in two more terminals:  build/say 9000
 *           with the lines  inc  and  read
 * New:      epoll keeps the list of descriptors in the kernel and says only which are ready, so the
 *           silent ones cost no time. And the clients share something, a counter (counter.c), which
 *           needs no lock because one thread serves all of them. A client that has half-closed is
 *           still answered. Several clients may be accepted in one round.
 * Limits:   one thread is one core, however many the machine has. Step 06 runs a loop on each.
 *
 * epoll is level-triggered here (no EPOLLET): it reports a descriptor again as long as it is ready,
 * so one read for each event is enough. handle_client() may free only its own client: a later event
 * of the same round may point to any other. After the clients come signals; and the listener last,
 * when clients that leave have made room.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this step in a Linux container"
#endif
#include "../common/backoff.h"
#include "../common/descriptors.h"
#include "../common/listener.h"
#include "../common/log.h"
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

static int epoll_fd, signals;
static int listener; /* -1: closed, because we are to stop */
static bool stop_now;
static struct client *clients; /* all of them, a list */
static long n_clients, max_clients, accepts_per_round = 1;
static struct backoff backoff;

/* epoll gives `data` back with each event. For a client this is its struct; for the listener and
 * the signals it is the address of the variable above. */
static int change_epoll(int operation, int fd, void *data, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    return epoll_ctl(epoll_fd, operation, fd, &event);
}

static void add_client(int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client || change_epoll(EPOLL_CTL_ADD, fd, client, EPOLLIN) == -1) {
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

/* First out of epoll. While another process that looks at our descriptors (lsof, ss -p) has the
 * socket open, close(2) leaves it in epoll, and an event would point to memory that is free:
 * epoll(7). */
static void remove_client(struct client *client)
{
    change_epoll(EPOLL_CTL_DEL, client->fd, NULL, 0);
    if (client->next)
        client->next->previous = client->previous;
    if (client->previous)
        client->previous->next = client->next;
    else
        clients = client->next;
    n_clients--;
    client_free(client);
    backoff_end(&backoff);
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
        log_client(&client->peer, errno);
        client->state = DONE;
    }
    if (client->state == DONE)
        remove_client(client);
}

/* Takes the listener out of epoll during a back-off, and while there are clients enough; else puts
 * it in. Returns the timeout for epoll_wait: what is left of the back-off, in ms, or -1. */
static int update_listener(void)
{
    static bool is_in_epoll;
    int timeout = backoff_left(&backoff);
    bool accepting = timeout == -1 && n_clients < max_clients;

    if (listener == -1 || accepting == is_in_epoll)
        return timeout;
    if (change_epoll(accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener, &listener, EPOLLIN) ==
        -1) {
        accept_failed(&backoff, errno);
        return backoff_left(&backoff);
    }
    is_in_epoll = accepting;
    return timeout;
}

static void close_listener(void)
{
    if (listener == -1)
        return;
    change_epoll(EPOLL_CTL_DEL, listener, NULL, 0);
    listener_close(listener);
    listener = -1;
}

/* All of them close the listener. QUIT then waits until the clients have left. */
static void handle_signals(void)
{
    for (int number; (number = signals_take()) != 0;) {
        close_listener();
        if (number != SIGQUIT)
            stop_now = true;
    }
}

static void accept_some(void)
{
    struct peer peer;

    for (long i = 0; i < accepts_per_round && n_clients < max_clients; i++) {
        int fd = accept_nonblocking(listener, &peer);
        if (fd == -1) {
            accept_failed(&backoff, errno);
            return;
        }
        add_client(fd, &peer);
    }
}

int main(int argc, char *argv[])
{
    static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT, 0};
    long backlog = BACKLOG_DEFAULT;
    const struct option options[] = {OPTION_BACKLOG(&backlog),
                                     OPTION_MAX_CONNECTIONS(&max_clients, CONNECTIONS_MAX),
                                     OPTION_ACCEPTS(&accepts_per_round),
                                     {0}};
    const char *about = "Counts for its clients, all served in one process, with epoll.\n"
                        "A line `inc` increments the counter, `read` reads it.\n";
    struct epoll_event events[EVENTS_MAX];
    char text[ADDRESS_TEXT];

    max_clients = default_connections();
    signal(SIGPIPE, SIG_IGN); /* or writing to a client that has left would kill us */
    struct address address = server_options(argc, argv, about, options);
    listener = listener_open_nonblocking(&address, backlog);
    signals = signals_catch(stop_signals);
    epoll_fd = epoll_create1(0);
    if (epoll_fd == -1 || change_epoll(EPOLL_CTL_ADD, signals, &signals, EPOLLIN) == -1)
        die("cannot set up epoll: %s", strerror(errno));
    log_line("listening on %s", local_address(listener, text));

    while (!stop_now && (listener != -1 || n_clients > 0)) {
        bool signals_ready = false, listener_ready = false;

        int timeout = update_listener();
        int n = epoll_wait(epoll_fd, events, EVENTS_MAX, timeout);
        if (n == -1)
            wait_failed(errno); /* or exits: backoff.h */
        for (int i = 0; i < n; i++) {
            void *data = events[i].data.ptr;
            if (data == &signals)
                signals_ready = true;
            else if (data == &listener)
                listener_ready = true;
            else
                handle_client(data);
        }
        if (signals_ready)
            handle_signals();
        if (listener_ready && listener != -1)
            accept_some();
    }
    while (clients) {
        client_stop(clients);
        remove_client(clients);
    }
    log_line("counter=%" PRIu64, counter_value());
    log_line("server terminated");
    return 0;
}
