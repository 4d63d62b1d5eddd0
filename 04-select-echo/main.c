// SPDX-License-Identifier: MIT
/*
 * 04-select-echo: a server for many clients, in one process.
 *
 * Run:      build/04-select-echo            and in two more terminals:  build/say 9000
 * New:      select waits for all descriptors at once and says which are ready. Nothing else may
 *           block, so the sockets are non-blocking; and a client that does not take its answers is
 *           not read from until it does (client.c). Signals come as one more descriptor.
 * Limits:   each round looks at every descriptor, and none may reach FD_SETSIZE, 1024. Step 05
 *           uses epoll.
 *
 * The order within a round: first the clients that are here, so that one that leaves makes room for
 * another; then signals; and the listener last, if they have not closed it.
 */
#include "../common/accept.h"
#include "../common/io.h"
#include "../common/listener.h"
#include "../common/options.h"
#include "../common/signals.h"
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

#define CLIENTS_MAX (FD_SETSIZE - 6) /* less stdin, stdout, stderr, the listener, and a pipe */

static struct client *clients[FD_SETSIZE]; /* by descriptor */
static long n_clients, max = CLIENTS_MAX;
static fd_set for_read, for_write; /* what each client waits for */
static int highest;                /* the highest descriptor watched so far: select(2) */

static void wait_for(int fd, enum waits waits)
{
    FD_CLR(fd, &for_read);
    FD_CLR(fd, &for_write);
    if (waits == FOR_READ)
        FD_SET(fd, &for_read);
    else if (waits == FOR_WRITE)
        FD_SET(fd, &for_write);
}

static void leave(int fd, void (*farewell)(struct client *))
{
    wait_for(fd, FOR_NOTHING);
    farewell(clients[fd]);
    clients[fd] = NULL;
    n_clients--;
    backoff_end();
}

static void enter(int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client) {
        log_client(peer, errno);
        close(fd);
        return;
    }
    clients[fd] = client;
    n_clients++;
    if (fd > highest)
        highest = fd;
    wait_for(fd, FOR_READ);
}

static void turns(const fd_set *readable, const fd_set *writable)
{
    for (int fd = 0; fd <= highest; fd++) {
        if (!clients[fd] || (!FD_ISSET(fd, readable) && !FD_ISSET(fd, writable)))
            continue;
        enum waits waits = client_turn(clients[fd]);
        if (waits == FOR_NOTHING)
            leave(fd, client_free);
        else
            wait_for(fd, waits);
    }
}

static void accept_one(int listener)
{
    struct peer peer;
    int fd = accept_client(listener, true, &peer);

    if (fd == -1)
        accept_failed(errno);
    else
        enter(fd, &peer);
}

int main(int argc, char *argv[])
{
    static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT, 0};
    long backlog = BACKLOG_DEFAULT;
    const struct option options[] = {
        OPTION_BACKLOG(&backlog), OPTION_MAX_CONNECTIONS(&max, CLIENTS_MAX), {0}};
    const char *about = "Echoes what clients send, all served in one process, with select.\n";
    signal(SIGPIPE, SIG_IGN); /* writing to a client that has gone: EPIPE, not our death */
    struct address address = server_options(argc, argv, about, options);
    bool stop_now = false;

    lower_descriptor_limit(FD_SETSIZE); /* accept fails, rather than FD_SET past the end of a set */
    int listener = listener_open(&address, backlog, true);
    int signals = signals_catch(stop_signals);
    if (listener >= FD_SETSIZE) /* fd:N */
        die("cannot watch %s: select(2) takes no descriptor past %d", address.text, FD_SETSIZE - 1);
    highest = listener > signals ? listener : signals;
    listener_announce(listener);

    while (!stop_now && (listener != -1 || n_clients > 0)) {
        fd_set readable = for_read, writable = for_write;
        int backoff = backoff_left();
        struct timeval timeout = {.tv_usec = backoff * 1000};
        FD_SET(signals, &readable);
        if (listener != -1 && n_clients < max && backoff == -1)
            FD_SET(listener, &readable);

        int n = select(highest + 1, &readable, &writable, NULL, backoff == -1 ? NULL : &timeout);
        if (n == -1) {
            wait_failed(errno); /* or exits: accept.h */
            continue;
        }
        turns(&readable, &writable);
        for (int signal; FD_ISSET(signals, &readable) && (signal = signals_take()) != 0;) {
            stop_now |= signal != SIGQUIT;
            listener_close(listener);
            listener = -1;
        }
        if (listener != -1 && FD_ISSET(listener, &readable))
            accept_one(listener);
    }
    for (int fd = 0; fd <= highest; fd++)
        if (clients[fd])
            leave(fd, client_stop);
    log_line("server terminated");
    return 0;
}
