// SPDX-License-Identifier: MIT
/*
 * libev: echo with libev, tuned. libev tells what is ready and no more, so reading and writing are
 * plain: into one static buffer, and from it at once. EV_WRITE is asked for only while an answer is
 * owed, and the client is not read from meanwhile.
 *
 * Run:      build/bench/libev PORT
 *
 * libev has no listeners; ours sets TCP_NODELAY, as for our servers.
 */
#define _GNU_SOURCE /* accept4 */
#include "../../common/descriptors.h"
#include "../../common/io.h"
#include "../../common/listener.h"
#include "../../common/options.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client {
    ev_io io; /* first, so that its address is the client's */
    char *owed;
    size_t length, sent;
};

static char scratch[64 * 1024];

static void leave(struct ev_loop *loop, struct client *client)
{
    ev_io_stop(loop, &client->io);
    close(client->io.fd);
    free(client->owed);
    free(client);
}

static void wait_for(struct ev_loop *loop, struct client *client, int events)
{
    ev_io_stop(loop, &client->io);
    ev_io_set(&client->io, client->io.fd, events);
    ev_io_start(loop, &client->io);
}

static void write_owed(struct ev_loop *loop, struct client *client)
{
    ssize_t n = write(client->io.fd, client->owed + client->sent, client->length - client->sent);

    if (n == -1 && !would_block(errno)) {
        leave(loop, client);
    } else if (n > 0 && (client->sent += (size_t)n) == client->length) {
        free(client->owed);
        client->owed = NULL;
        wait_for(loop, client, EV_READ);
    }
}

static void echo(struct ev_loop *loop, struct client *client)
{
    ssize_t n = read(client->io.fd, scratch, sizeof scratch);
    ssize_t sent = n > 0 ? write(client->io.fd, scratch, (size_t)n) : 0;

    if (n == 0 || ((n == -1 || sent == -1) && !would_block(errno))) {
        leave(loop, client);
    } else if (sent < n) {
        size_t skip = sent > 0 ? (size_t)sent : 0;
        client->length = (size_t)n - skip;
        client->sent = 0;
        client->owed = malloc(client->length);
        if (!client->owed) {
            leave(loop, client);
            return;
        }
        memcpy(client->owed, scratch + skip, client->length);
        wait_for(loop, client, EV_WRITE);
    }
}

static void on_ready(struct ev_loop *loop, ev_io *io, int events)
{
    struct client *client = (struct client *)io;

    (void)events;
    if (client->owed)
        write_owed(loop, client);
    else
        echo(loop, client);
}

static void on_connection(struct ev_loop *loop, ev_io *listener, int events)
{
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK);
    struct client *client = fd != -1 ? calloc(1, sizeof *client) : NULL;

    (void)events;
    if (!client) {
        if (fd != -1)
            close(fd);
        return;
    }
    ev_io_init(&client->io, on_ready, fd, EV_READ);
    ev_io_start(loop, &client->io);
}

int main(int argc, char *argv[])
{
    struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL);
    ev_io watcher;

    signal(SIGPIPE, SIG_IGN);
    struct address address = server_options(argc, argv, "Echoes, with libev.\n", NULL);
    char text[ADDRESS_TEXT];
    raise_descriptor_limit();
    int listener = listener_open_nonblocking(&address, 4096);
    if (!loop)
        die("cannot set up libev");
    ev_io_init(&watcher, on_connection, listener, EV_READ);
    ev_io_start(loop, &watcher);
    log_line("listening on %s", local_address(listener, text));
    return ev_run(loop, 0);
}
