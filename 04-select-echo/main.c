// SPDX-License-Identifier: MIT
/*
 * 04-select-echo: a server for many clients, in one process.
 *
 * Run:      build/04-select-echo            and in two more terminals:  build/say 9000
 * New:      select waits for all descriptors at once and says which are ready. Nothing else may
 *           block, so the sockets are non-blocking; and a client that does not read its answers is
 *           not read from until it does (client.c). Signals come as one more descriptor.
 * Limits:   each round looks at every descriptor, and none may reach FD_SETSIZE, 1024. Step 05
 *           uses epoll.
 *
 * The order within a round: first the clients that are here, so that one that leaves makes room for
 * another; then signals; and the listener last, if they have not closed it.
 */
#include "../common/backoff.h"
#include "../common/descriptors.h"
#include "../common/listener.h"
#include "../common/log.h"
#include "../common/options.h"
#include "../common/signals.h"
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>
#include <unistd.h>

/* Without stdin, stdout, stderr, the listener, and the two ends of the pipe for signals. */
#define CLIENTS_MAX (FD_SETSIZE - 6)

static int listener; /* -1: closed, because we are to stop */
static bool stop_now;
static struct client *clients[FD_SETSIZE]; /* by descriptor */
static long n_clients, max_clients = CLIENTS_MAX;
static fd_set want_read, want_write; /* what each client waits for */
static int highest; /* the highest descriptor so far: select(2) looks at all up to this one */
static struct backoff backoff;

static void set_interest(int fd, enum state state)
{
    FD_CLR(fd, &want_read);
    FD_CLR(fd, &want_write);
    if (state == READING)
        FD_SET(fd, &want_read);
    else if (state == WRITING)
        FD_SET(fd, &want_write);
    if (fd > highest)
        highest = fd;
}

static void add_client(int fd, const struct peer *peer)
{
    struct client *client = client_new(fd, peer);

    if (!client) {
        log_client(peer, errno);
        close(fd);
        return;
    }
    clients[fd] = client;
    n_clients++;
    set_interest(fd, client->state);
}

static void remove_client(struct client *client)
{
    set_interest(client->fd, DONE);
    clients[client->fd] = NULL;
    n_clients--;
    client_free(client);
    backoff_end(&backoff);
}

static void handle_clients(const fd_set *readable, const fd_set *writable)
{
    for (int fd = 0; fd <= highest; fd++) {
        struct client *client = clients[fd];
        if (!client || (!FD_ISSET(fd, readable) && !FD_ISSET(fd, writable)))
            continue;
        client_ready(client);
        if (client->state == DONE)
            remove_client(client);
        else
            set_interest(fd, client->state);
    }
}

/* All of them close the listener. QUIT then waits until the clients have left. */
static void handle_signals(void)
{
    for (int number; (number = signals_take()) != 0;) {
        listener_close(listener);
        listener = -1;
        if (number != SIGQUIT)
            stop_now = true;
    }
}

static void accept_one(void)
{
    struct peer peer;
    int fd = accept_nonblocking(listener, &peer);

    if (fd == -1)
        accept_failed(&backoff, errno);
    else
        add_client(fd, &peer);
}

int main(int argc, char *argv[])
{
    static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT, 0};
    long backlog = BACKLOG_DEFAULT;
    const struct option options[] = {
        OPTION_BACKLOG(&backlog), OPTION_MAX_CONNECTIONS(&max_clients, CLIENTS_MAX), {0}};
    const char *about = "Echoes what clients send, all served in one process, with select.\n";
    signal(SIGPIPE, SIG_IGN); /* or writing to a client that has left would kill us */
    struct address address = server_options(argc, argv, about, options);
    char text[ADDRESS_TEXT];

    lower_descriptor_limit(FD_SETSIZE); /* accept fails, rather than FD_SET past the end of a set */
    listener = listener_open_nonblocking(&address, backlog);
    int signals = signals_catch(stop_signals);
    if (listener >= FD_SETSIZE) /* fd:N may be any number */
        die("cannot watch %s: select(2) takes no descriptor past %d", address.text, FD_SETSIZE - 1);
    highest = listener > signals ? listener : signals;
    log_line("listening on %s", local_address(listener, text));

    while (!stop_now && (listener != -1 || n_clients > 0)) {
        fd_set readable = want_read, writable = want_write;
        int backoff_ms = backoff_left(&backoff); /* -1: there is none */
        struct timeval timeout = {.tv_usec = backoff_ms == -1 ? 0 : backoff_ms * 1000};
        FD_SET(signals, &readable);
        if (listener != -1 && n_clients < max_clients && backoff_ms == -1)
            FD_SET(listener, &readable);

        int n = select(highest + 1, &readable, &writable, NULL, backoff_ms == -1 ? NULL : &timeout);
        if (n == -1) {
            wait_failed(errno); /* or exits: backoff.h */
            continue;
        }
        handle_clients(&readable, &writable);
        if (FD_ISSET(signals, &readable))
            handle_signals();
        if (listener != -1 && FD_ISSET(listener, &readable))
            accept_one();
    }
    for (int fd = 0; fd <= highest; fd++)
        if (clients[fd]) {
            client_stop(clients[fd]);
            remove_client(clients[fd]);
        }
    log_line("server terminated");
    return 0;
}
