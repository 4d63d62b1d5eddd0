// SPDX-License-Identifier: MIT
/*
 * libevent: echo with libevent, the way its book does it: an evconnlistener, a bufferevent for each
 * client, and what is read moves from its input buffer to its output buffer without being copied.
 *
 * Run:      build/bench/libevent PORT
 *
 * Beyond the book's example, because the bytes must come back whole: at the end of file the client
 * is freed only when its output is written; and one that owes more than one read's worth is not
 * read from. libevent leaves TCP_NODELAY off, and sets SO_KEEPALIVE.
 */
#include "../../common/descriptors.h"
#include "../../common/io.h"
#include "../../common/listener.h"
#include "../../common/options.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define OWED_MAX (64 * 1024)

static void on_written(struct bufferevent *client, void *context);
static void on_event(struct bufferevent *client, short events, void *context);

static void on_read(struct bufferevent *client, void *context)
{
    struct evbuffer *output = bufferevent_get_output(client);

    (void)context;
    evbuffer_add_buffer(output, bufferevent_get_input(client));
    if (evbuffer_get_length(output) > OWED_MAX) {
        bufferevent_setcb(client, on_read, on_written, on_event, NULL);
        bufferevent_disable(client, EV_READ);
    }
}

/* All that was owed is written. */
static void on_written(struct bufferevent *client, void *context)
{
    (void)context;
    bufferevent_setcb(client, on_read, NULL, on_event, NULL);
    bufferevent_enable(client, EV_READ);
}

/* The same, after the end of file. */
static void on_last_written(struct bufferevent *client, void *context)
{
    (void)context;
    bufferevent_free(client);
}

static void on_event(struct bufferevent *client, short events, void *context)
{
    (void)context;
    if ((events & BEV_EVENT_EOF) && evbuffer_get_length(bufferevent_get_output(client)) > 0)
        bufferevent_setcb(client, NULL, on_last_written, on_event, NULL);
    else if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(client);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *at,
                          int length, void *context)
{
    struct event_base *base = evconnlistener_get_base(listener);
    struct bufferevent *client = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

    (void)at;
    (void)length;
    (void)context;
    if (!client) {
        evutil_closesocket(fd);
        return;
    }
    bufferevent_setcb(client, on_read, NULL, on_event, NULL);
    bufferevent_enable(client, EV_READ | EV_WRITE);
}

int main(int argc, char *argv[])
{
    signal(SIGPIPE, SIG_IGN);
    struct address address = server_options(argc, argv, "Echoes, with libevent.\n", NULL);
    char text[ADDRESS_TEXT];
    struct sockaddr_in at = {.sin_family = AF_INET};

    raise_descriptor_limit();
    at.sin_port = htons((in_port_t)atoi(address.port));
    evutil_inet_pton(AF_INET, address.host, &at.sin_addr);
    struct event_base *base = event_base_new();
    if (!base)
        die("cannot set up libevent");
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, on_connection, NULL, LEV_OPT_REUSEABLE, 4096, (struct sockaddr *)&at, sizeof at);
    if (!listener)
        die("cannot listen on %s: %s", address.text, strerror(errno));
    log_line("listening on %s", local_address(evconnlistener_get_fd(listener), text));
    return event_base_dispatch(base);
}
