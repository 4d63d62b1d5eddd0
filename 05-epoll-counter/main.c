// SPDX-License-Identifier: MIT
/*
 * 05-epoll-counter: a counter for many clients, in one process, not limited by FD_SETSIZE.
 *
 * Run:      build/05-epoll-counter          and in two more terminals:  build/say 9000
 *           with the lines  inc  and  read
 * New:      epoll keeps the list of descriptors in the kernel and says only which are ready, so the
 *           silent ones cost nothing. And the clients share something, a counter (counter.c), which
 *           needs no lock because one thread serves all of them.
 * Limits:   one thread is one core, however many the machine has. Step 06 runs a loop on each.
 *
 * Serving one client ends no other: a later event of the same round may point to it. After the
 * clients come signals; and the listener last, when clients that leave have made room.
 */
#ifndef __linux__
#error "epoll is Linux's: on another system compile this step in a Linux container"
#endif
#include "../common/backoff.h"
#include "../common/limits.h"
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

static int epoll, listener, signals; /* descriptors; listener is -1 when it is closed */
static struct client *clients;       /* all of them, a list */
static long n_clients, max, accepts = 1;
static struct backoff backoff;

/* epoll gives `data` back with each event. For a client this is its struct. For the two other
 * descriptors it is the address of the variable above: no client can be there. */
static int set_interest(int operation, int fd, void *data, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = data};
    return epoll_ctl(epoll, operation, fd, &event);
}

static void add_client(int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client || set_interest(EPOLL_CTL_ADD, fd, client, EPOLLIN) == -1) {
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

/* Off epoll before it is closed: while any other process has the socket open, and be it ps or lsof
 * for the instant in which it looks, close(2) would leave it in epoll: epoll(7). */
static void remove_client(struct client *client)
{
    set_interest(EPOLL_CTL_DEL, client->fd, NULL, 0);
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
        set_interest(EPOLL_CTL_MOD, client->fd, client,
                     client->state == WRITING ? EPOLLOUT : EPOLLIN) == -1) {
        log_client(&client->peer, errno);
        client->state = DONE;
    }
    if (client->state == DONE)
        remove_client(client);
}

/* Has epoll look at the listener, or not: in a back-off and when there are clients enough. Returns
 * the timeout for epoll_wait: what is left of the back-off, in ms, or -1. */
static int update_listener(void)
{
    static bool is_in_epoll;
    int pause = backoff_left(&backoff);
    bool accepting = pause == -1 && n_clients < max;

    if (listener == -1 || accepting == is_in_epoll)
        return pause;
    if (set_interest(accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener, &listener, EPOLLIN) ==
        -1) {
        accept_failed(&backoff, errno);
        return backoff_left(&backoff);
    }
    is_in_epoll = accepting;
    return pause;
}

static void close_listener(void)
{
    if (listener == -1)
        return;
    set_interest(EPOLL_CTL_DEL, listener, NULL, 0);
    listener_close(listener);
    listener = -1;
}

static void accept_some(void)
{
    struct peer peer;

    for (long i = 0; i < accepts && n_clients < max; i++) {
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
                                     OPTION_MAX_CONNECTIONS(&max, CONNECTIONS_MAX),
                                     OPTION_ACCEPTS(&accepts),
                                     {0}};
    const char *about = "Counts for its clients, all served in one process, with epoll.\n"
                        "A line `inc` increments the counter, `read` reads it.\n";
    struct epoll_event events[EVENTS_MAX];
    char text[ADDRESS_TEXT];
    bool stop_now = false;

    max = default_connections();
    signal(SIGPIPE, SIG_IGN); /* or writing to a client that has left would kill us */
    struct address address = server_options(argc, argv, about, options);
    listener = listener_open_nonblocking(&address, backlog);
    signals = signals_catch(stop_signals);
    epoll = epoll_create1(0);
    if (epoll == -1 || set_interest(EPOLL_CTL_ADD, signals, &signals, EPOLLIN) == -1)
        die("cannot set up epoll: %s", strerror(errno));
    log_line("listening on %s", local_address(listener, text));

    while (!stop_now && (listener != -1 || n_clients > 0)) {
        bool signals_ready = false, listener_ready = false;

        int timeout = update_listener();
        int n = epoll_wait(epoll, events, EVENTS_MAX, timeout);
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
        for (int signal; signals_ready && (signal = signals_take()) != 0;) {
            stop_now |= signal != SIGQUIT;
            close_listener();
        }
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
